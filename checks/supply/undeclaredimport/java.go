package undeclaredimport

import (
	"fmt"
	"path"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/known"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/stdlib"
)

type java struct {
	set   *manifest.Set
	own   map[string]bool // two leading parts of every package that has files here
	words map[string]bool // of the declared groups and artifacts
}

func newJava(set *manifest.Set, paths []string) *java {
	j := &java{set: set, own: map[string]bool{}, words: map[string]bool{}}
	for _, p := range paths {
		switch path.Ext(p) {
		case ".java", ".kt", ".groovy", ".scala", ".proto", ".thrift", ".avsc", ".wsdl", ".xsd", ".jte":
			// The folders of a package are the last of a path: every pair of neighbours may begin one.
			parts := strings.Split(path.Dir(p), "/")
			for i := range parts {
				if i+1 < len(parts) {
					j.own[parts[i]+"."+parts[i+1]] = true
				}
			}
			if len(parts) == 1 {
				j.own[parts[0]] = true
			}
		}
	}
	for _, f := range set.Of(manifest.Maven) {
		for _, d := range f.Deps {
			for _, w := range strings.FieldsFunc(strings.ToLower(d.Name), func(r rune) bool { return strings.ContainsRune(".:-_$", r) }) {
				j.words[w] = true
			}
			for w := range strings.FieldsFuncSeq(strings.ToLower(d.Name), func(r rune) bool { return r == '.' || r == ':' }) {
				j.words[squash(w)] = true // io.rest-assured is io.restassured
			}
		}
		for _, n := range f.Names {
			j.own[root(n)] = true
		}
	}
	return j
}

// root is the part of a package that its owner is told by: the first two names.
func root(pkg string) string {
	parts := strings.Split(pkg, ".")
	return strings.Join(parts[:min(2, len(parts))], ".")
}

func (j *java) known(_, module string) (string, bool) {
	pkg := strings.TrimSuffix(module, ".*")
	// Names of classes begin with a capital: what stands before is the package.
	parts := strings.Split(pkg, ".")
	for i, part := range parts {
		if part != "" && 'A' <= part[0] && part[0] <= 'Z' {
			parts = parts[:i]
			break
		}
	}
	pkg = strings.Join(parts, ".")
	r := root(pkg)
	if len(parts) < 2 || stdlib.Java(pkg) || j.own[r] || known.JavaRoot(pkg) {
		return "", false
	}
	return r, true
}

func (j *java) judge(file string, i *imported, name string) *verdict {
	above := j.set.Above(manifest.Maven, file)
	declares := 0
	for _, f := range above {
		declares += len(f.Deps)
	}
	if declares == 0 {
		return nil
	}
	for part := range strings.SplitSeq(strings.ToLower(i.module), ".") {
		switch part {
		case "com", "org", "net", "io", "java", "api", "util", "utils", "core", "common", "impl", "client", "model", "annotation", "annotations", "security", "web", "data", "de", "cn", "me", "dev", "edu", "nl", "uk", "co", "fr", "test", "spring", "maven", "json", "plugin":
			continue
		}
		if j.words[part] {
			return nil
		}
	}
	return &verdict{
		name: name, severity: checks.Medium, confidence: checks.Likely,
		message: fmt.Sprintf("nothing that %s declares has a name like `%s`. Look up which library has `%s`: declare it with a version if it is the right one, or use what the project has",
			above[0].Path, name, strings.TrimSuffix(i.module, ".*")),
	}
}
