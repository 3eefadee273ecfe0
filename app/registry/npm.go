package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// askNPM reads a packument: the document of a package that npm's registries answer with. It is asked for whole, because the short form leaves out when
// versions were released, and read in a stream, because it may have tens of megabytes.
func askNPM(ctx context.Context, c client, at address, name string) (a checks.Answer, err error) {
	err = c.get(ctx, at.join(strings.Replace(name, "/", "%2f", 1)), "application/json", func(r reply) error {
		if r.status != http.StatusOK {
			a.State = checks.Absent
			return nil
		}
		doc, err := readPackument(r.body)
		if err != nil || doc.name != name {
			return strange("a document of npm", err)
		}
		a = doc.answer()
		return nil
	})
	return a, err
}

type packument struct {
	name        string
	released    map[string]string // version -> time; also "created", "modified"
	versions    []string
	unpublished bool
}

func (p *packument) answer() checks.Answer {
	var first time.Time
	placeholder := 0
	for _, v := range p.versions {
		if strings.HasSuffix(v, "-security") { // what npm puts in the place of a package that it takes down
			placeholder++
		}
		// Of versions that are still there: the name may have been somebody else's before.
		if t, err := time.Parse(time.RFC3339, p.released[v]); err == nil && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	switch {
	case p.unpublished:
		return checks.Answer{State: checks.Removed, Why: "it was unpublished"}
	case len(p.versions) == 0:
		return checks.Answer{State: checks.Removed, Why: "it has no release"}
	case placeholder == len(p.versions):
		return checks.Answer{State: checks.Removed, Why: "only a placeholder is left of it"}
	}
	return checks.Answer{State: checks.Exists, First: day(first), Releases: len(p.versions)}
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func readPackument(r io.Reader) (*packument, error) {
	p := &packument{released: map[string]string{}}
	dec := json.NewDecoder(r)
	err := object(dec, func(key string) error {
		switch key {
		case "name":
			return dec.Decode(&p.name)
		case "versions":
			return object(dec, func(version string) error {
				p.versions = append(p.versions, version)
				return skip(dec)
			})
		case "time":
			return object(dec, func(key string) error {
				var raw json.RawMessage
				if err := dec.Decode(&raw); err != nil {
					return err
				}
				var s string
				if json.Unmarshal(raw, &s) == nil {
					p.released[key] = s
				}
				p.unpublished = p.unpublished || key == "unpublished"
				return nil
			})
		}
		return skip(dec)
	})
	return p, err
}

// object walks an object; each must consume the value of its key.
func object(dec *json.Decoder, each func(key string) error) error {
	if err := open(dec, '{'); err != nil {
		return err
	}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if err := each(key); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// list walks an array; each must consume one element.
func list(dec *json.Decoder, each func() error) error {
	if err := open(dec, '['); err != nil {
		return err
	}
	for dec.More() {
		if err := each(); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

func open(dec *json.Decoder, delim json.Delim) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	if token != delim {
		return fmt.Errorf("JSON: %v where %v should be", token, delim)
	}
	return nil
}

func skip(dec *json.Decoder) error {
	var raw json.RawMessage
	return dec.Decode(&raw)
}
