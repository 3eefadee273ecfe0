package all

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/checktest"
	"github.com/reviewgate-app/reviewgate/rules"
)

// TestEntries holds every rule to what its page shows.
func TestEntries(t *testing.T) {
	t.Parallel()
	entries, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		lacks := func(missing bool, what string) {
			if missing {
				where := "its RuleInfo"
				if e.Check == "rules" {
					where = "metadata of its YAML file"
				}
				t.Errorf("%s (%s) lacks %s in %s", e.ID, e.Check, what, where)
			}
		}
		lacks(e.Title == "", "a title")
		lacks(e.Why == "", "why it matters")
		lacks(e.Remedy == "", "a remedy")
		lacks(len(e.References) == 0, "references")
		lacks(len(e.Tags) == 0, "tags")
		lacks(slices.Contains(e.Tags, "security") && len(e.CWE) == 0, "a CWE, as a security rule")
		lacks(e.Check == "rules" && len(e.Languages) == 0, "languages")
		if e.Check == "rules" {
			lacks(len(e.Wrong) == 0, "a wrong example (reviewgate.wrong)")
			lacks(len(e.Right) == 0, "a right example (reviewgate.right)")
		} else if len(e.Wrong) == 0 || len(e.Right) == 0 {
			t.Errorf("%s (%s) lacks examples: write %[1]s/wrong/PATH and %[1]s/right/PATH into examples.txtar beside the check, and embed it as Examples", e.ID, e.Check)
		}
		for _, x := range slices.Concat(e.Wrong, e.Right) {
			if n := strings.Count(x.Head, "\n"); n > 30 {
				t.Errorf("%s: the example %s has %d lines, want at most 30: what is not needed hides what is", e.ID, x.Path, n)
			}
			if strings.Contains(x.Head, "\t") && filepath.Ext(x.Path) != ".go" && filepath.Base(x.Path) != "Makefile" {
				t.Errorf("%s: the example %s is indented with tabs", e.ID, x.Path)
			}
		}
	}
}

// TestExamples runs the examples: the wrong one is found by its rule, and no rule says anything of the right one.
func TestExamples(t *testing.T) {
	t.Parallel()
	entries, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	parsed, _ := rules.ParseAll(rules.Builtin())
	list, err := Checks(parsed)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Run(e.ID, func(t *testing.T) {
			t.Parallel()
			needs := e.Check == "supply/known-vulnerable" || e.Check == "supply/unknown-package" // an index, or advisories, which no example has
			if len(e.Wrong) > 0 && !needs && !slices.ContainsFunc(findings(t, list, e.Wrong), func(f checks.Finding) bool { return f.RuleID == e.ID }) {
				t.Errorf("the wrong example is not found")
			}
			if len(e.Right) == 0 {
				return
			}
			for _, f := range findings(t, list, e.Right) {
				t.Errorf("the right example is reported: %s:%d: %s %s", f.Location.Path, f.Location.StartLine, f.RuleID, f.Message)
			}
		})
	}
}

// What the operator gives: an advisory, and a list of the known packages of one ecosystem, so that those of the others are not asked for.
const (
	advisories    = `{"id": "GHSA-35jh-r3h4-6jhm", "affected": [{"package": {"ecosystem": "npm", "name": "lodash"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "4.17.21"}]}]}]}`
	knownPackages = "Maven org.apache.pdfbox:pdfbox\n"
)

// findings runs all checks on an example.
func findings(t *testing.T, list []*checks.Check, example Example) []checks.Finding {
	t.Helper()
	var archive txtar.Archive
	said := ""
	for _, f := range example {
		if f.Path == "pull-request.txt" {
			said = f.Head
			continue
		}
		if f.Base != "" {
			archive.Files = append(archive.Files, txtar.File{Name: "base/" + f.Path, Data: []byte(f.Base)})
		}
		archive.Files = append(archive.Files, txtar.File{Name: "head/" + f.Path, Data: []byte(f.Head)})
	}
	change, _, err := checktest.Change(&archive)
	if err != nil {
		t.Fatal(err)
	}
	change.Text.Body = said
	change.Facts.Advisories, change.Facts.Packages = []byte(advisories), []byte(knownPackages)
	var mu sync.Mutex
	var out []checks.Finding
	for _, c := range list {
		pass := &checks.Pass{
			Change: change,
			Report: func(f checks.Finding) {
				mu.Lock()
				defer mu.Unlock()
				out = append(out, f)
			},
			Unscanned: func(u checks.Unscanned) { t.Errorf("%s:%d cannot be read: %s", u.Path, u.Line, u.Reason) },
		}
		if err := checktest.Search(context.Background(), c, pass); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		err := c.Run(context.Background(), pass)
		if err != nil && !errors.Is(err, checks.ErrSkipped) { // one that needs an index or advisories has none here
			t.Fatalf("%s: %v", c.Name, err)
		}
	}
	return out
}

var update = flag.Bool("update", false, "write docs/rules again")

// TestPages holds docs/rules to the code.
func TestPages(t *testing.T) {
	t.Parallel()
	entries, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	const folder = "../../docs/rules/"
	pages := map[string]string{"README.md": Index(entries)}
	for _, e := range entries {
		pages[e.ID+".md"] = e.Page()
	}
	if *update {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range pages {
			if err := os.WriteFile(folder+name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	const remedy = "run go generate ./checks/all"
	there, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range there {
		if pages[f.Name()] == "" {
			t.Errorf("docs/rules/%s is of no rule: %s", f.Name(), remedy)
		}
	}
	for name, text := range pages {
		if data, err := os.ReadFile(folder + name); err != nil {
			t.Errorf("docs/rules/%s is missing: %s", name, remedy)
		} else if string(data) != text {
			t.Errorf("docs/rules/%s is stale: %s", name, remedy)
		}
	}
}
