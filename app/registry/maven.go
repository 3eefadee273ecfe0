package registry

import (
	"context"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// askMaven reads the metadata of an artifact. When its first version came says the date of that version's file.
func askMaven(ctx context.Context, c client, at address, name string) (a checks.Answer, err error) {
	group, artifact, _ := strings.Cut(name, ":")
	folder := append(strings.Split(group, "."), artifact)
	var metadata struct {
		Artifact string   `xml:"artifactId"`
		Versions []string `xml:"versioning>versions>version"`
	}
	err = c.get(ctx, at.join(append(folder[:len(folder):len(folder)], "maven-metadata.xml")...), "application/xml, text/xml", func(r reply) error {
		if r.status != http.StatusOK {
			a.State = checks.Absent
			return nil
		}
		err := xml.NewDecoder(r.body).Decode(&metadata)
		if err != nil || metadata.Artifact != artifact {
			return strange("metadata of Maven", err)
		}
		a.State, a.Releases = checks.Exists, len(metadata.Versions)
		return nil
	})
	if err != nil || len(metadata.Versions) == 0 || !versionForm.MatchString(metadata.Versions[0]) {
		return a, err
	}
	v := metadata.Versions[0]
	_ = c.do(ctx, http.MethodHead, at.join(append(folder[:len(folder):len(folder)], v, artifact+"-"+v+".pom")...), "*/*", "", func(r reply) error {
		if t, err := http.ParseTime(r.header.Get("Last-Modified")); err == nil && r.status == http.StatusOK {
			a.First = day(t)
		}
		return nil
	}) // its age is then not known
	return a, nil
}
