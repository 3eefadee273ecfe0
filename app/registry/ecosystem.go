package registry

import (
	"context"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/mod/module"

	"github.com/reviewgate-app/reviewgate/checks"
)

// An ecosystem is a world of packages with a protocol of its own.
type ecosystem struct {
	name       string // as OSV spells it
	everywhere string // a package that every whole registry has
	well       func(name string) bool
	ask        func(ctx context.Context, c client, at address, name string) (checks.Answer, error)
}

// ecosystems by their names.
var ecosystems = map[string]ecosystem{
	"npm":   {"npm", "lodash", npmName.MatchString, askNPM},
	"PyPI":  {"PyPI", "requests", pypiName.MatchString, askPyPI},
	"Go":    {"Go", "golang.org/x/text", func(name string) bool { return module.CheckPath(name) == nil }, askGo},
	"Maven": {"Maven", "junit:junit", mavenName.MatchString, askMaven},
}

var (
	npmName     = regexp.MustCompile(`^(@[a-z0-9~][a-z0-9._~-]{0,100}/)?[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,212}$`)
	pypiName    = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	mavenName   = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*:[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)
	versionForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+!~-]{0,199}$`)
)

// wellFormed holds a question to the form of its ecosystem: it becomes a part of an address.
func wellFormed(p checks.Package) bool {
	eco, ok := ecosystems[p.Ecosystem]
	return ok && len(p.Name) <= 214 && eco.well(p.Name) && (p.Version == "" || versionForm.MatchString(p.Version))
}

var separators = regexp.MustCompile(`[-_.]+`)

// pyName writes a name as PEP 503 compares it.
func pyName(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

// An address is where a registry answers. more is what comes after it in a list: a module proxy is left for the next one after any failure ('|'),
// or only where it does not have the module (',').
type address struct {
	url  *url.URL
	more byte
}

// String is what tells addresses apart, with what they carry.
func (a address) String() string { return a.url.String() }

// join adds elements to the address's path, each already escaped.
func (a address) join(elements ...string) *url.URL {
	u := *a.url
	raw := strings.TrimSuffix(u.EscapedPath(), "/") + "/" + strings.Join(elements, "/")
	path, err := url.PathUnescape(raw)
	if err != nil {
		path = raw
	}
	u.Path, u.RawPath = path, raw
	return &u
}
