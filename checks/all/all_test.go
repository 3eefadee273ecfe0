package all

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

// TestComplete compares the list with the folders: a check that is written and not listed would never run.
func TestComplete(t *testing.T) {
	t.Parallel()
	declares := regexp.MustCompile(`(?m)^var Check = &checks\.Check\{`)
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && declares.Match(data) {
			found++
			pkg := filepath.Base(filepath.Dir(path))
			if !slices.ContainsFunc(coded, func(c *checks.Check) bool {
				return strings.HasPrefix(c.Doc, "// Package "+pkg+" ")
			}) {
				t.Errorf("the check of %s is not listed in coded", filepath.Dir(path))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found != len(coded) {
		t.Errorf("%d checks are declared, %d are listed", found, len(coded))
	}
}

var (
	checkName = regexp.MustCompile(`^(ai|config|golang|quality|secrets|supply)/[a-z]+(-[a-z]+)*$|^rules$`)
	kebab     = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// TestCatalogue holds every check and rule to the forms of the list; what the pages need of them, TestEntries says.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	var builtin []*rules.Rule
	for _, src := range rules.Builtin() {
		parsed, problems := rules.Parse(src)
		if len(problems) > 0 {
			t.Errorf("%s: %v", src.Name, problems)
		}
		builtin = append(builtin, parsed...)
	}
	list, err := Checks(builtin)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(list, func(a, b *checks.Check) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the list is not sorted by name")
	}
	for _, c := range list {
		if !checkName.MatchString(c.Name) || c.Doc == "" || c.Run == nil || len(c.Rules) == 0 {
			t.Errorf("%s: needs a name of its room, a doc, rules and Run", c.Name)
		}
		for _, r := range c.Rules {
			if !kebab.MatchString(r.ID) {
				t.Errorf("%s: the id is not kebab case", r.ID)
			}
			if r.Severity == 0 || r.Confidence == 0 {
				t.Errorf("%s: needs severity and confidence: %+v", r.ID, r)
			}
			if strings.HasSuffix(r.Title, ".") || strings.Contains(r.Title, "\n") {
				t.Errorf("%s: a title is a few words: %q", r.ID, r.Title)
			}
		}
	}
}

// TestTakenID: a rule cannot pass for another one.
func TestTakenID(t *testing.T) {
	t.Parallel()
	rule := func(name, id string) *rules.Rule {
		rs, problems := rules.Parse(rules.Source{Name: name, Origin: rules.OriginFlag, Data: []byte(
			"rules:\n- id: " + id + "\n  message: m\n  severity: ERROR\n  languages: [python]\n  pattern: eval($X)\n")})
		if len(rs) != 1 {
			t.Fatalf("%s: %v", name, problems)
		}
		return rs[0]
	}
	list, err := Checks([]*rules.Rule{rule("a.yaml", "hidden-unicode"), rule("b.yaml", "mine"), rule("c.yaml", "mine")})
	var problems rules.CannotRun
	if !errors.As(err, &problems) || len(problems) != 2 || problems[0].File != "a.yaml" || problems[1].File != "c.yaml" {
		t.Fatalf("got %v, want problems with a.yaml and c.yaml", err)
	}
	if !slices.ContainsFunc(list, func(c *checks.Check) bool { return c.Name == "rules" && len(c.Rules) == 1 }) {
		t.Error("the rule with a free id does not run")
	}
}
