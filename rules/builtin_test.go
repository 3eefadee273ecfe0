package rules_test

import (
	"context"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
	"github.com/reviewgate-app/reviewgate/rules/lint"
	"github.com/reviewgate-app/reviewgate/rules/ruletest"
)

// Every built-in rule finds what its fixtures say, and nothing else.
func TestBuiltinFixtures(t *testing.T) {
	t.Parallel()
	report, err := ruletest.Run(context.Background(), []string{"builtin"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Rules {
		if r.Status != ruletest.Passed {
			t.Errorf("%s: %s %s", r.ID, r.Status, r.Reason)
		}
		for _, f := range r.Fixtures {
			if len(f.Missed)+len(f.Noise) > 0 {
				t.Errorf("%s: missed lines %v, noise at lines %v", f.Path, f.Missed, f.Noise)
			}
		}
	}
	for _, p := range report.Problems {
		t.Error(p)
	}
}

// Every built-in rule is complete: it lies where its id and language say, has what the catalogue shows, and for each of its languages a
// fixture with hits and silences.
func TestBuiltinComplete(t *testing.T) {
	t.Parallel()
	report, err := ruletest.Run(context.Background(), []string{"builtin"})
	if err != nil {
		t.Fatal(err)
	}
	fixtures := map[string][]ruletest.Fixture{}
	for _, r := range report.Rules {
		fixtures[r.ID] = r.Fixtures
	}
	perLanguage := map[string]int{}
	for _, src := range rules.Builtin() {
		rs, _ := rules.Parse(src)
		if len(rs) != 1 {
			t.Errorf("%s: %d rules, want one in a file", src.Name, len(rs))
			continue
		}
		r := rs[0]
		folder := path.Base(path.Dir(src.Name))
		perLanguage[folder]++
		if want := "builtin/" + folder + "/" + r.ID.Value + ".yaml"; src.Name != want {
			t.Errorf("%s: want it at %s", src.Name, want)
		}
		if r.Languages[0].Value != folder {
			t.Errorf("%s: the first language is %s, want %s", src.Name, r.Languages[0].Value, folder)
		}
		if strings.ContainsAny(r.Message.Value, "\n") || len(r.Message.Value) > 300 {
			t.Errorf("%s: want a message of one or two sentences on one line, in at most 300 bytes", src.Name)
		}
		for _, l := range r.Languages {
			spec := language.ForName(l.Value)
			i := slices.IndexFunc(fixtures[r.ID.Value], func(f ruletest.Fixture) bool { return language.ForPath(f.Path) == spec })
			if i < 0 {
				t.Errorf("%s: no fixture for %s", src.Name, l.Value)
				continue
			}
			if f := fixtures[r.ID.Value][i]; len(f.Expected) < 3 || len(f.Silent) < 3 {
				t.Errorf("%s: %d hits and %d silences, want at least three of each", f.Path, len(f.Expected), len(f.Silent))
			}
		}
	}
	for _, name := range []string{"go", "java", "javascript", "python", "typescript"} {
		if perLanguage[name] < 3 {
			t.Errorf("%s has %d built-in rules, want at least three", name, perLanguage[name])
		}
	}
	rep, err := lint.Paths(t.Context(), []string{"builtin"}, rules.OriginBuiltin)
	if err != nil || rep.Skipped != 0 {
		t.Fatalf("lint: %+v: %v", rep, err)
	}
	for _, p := range rep.Problems {
		t.Error(p)
	}
}

// All built-in rules make one set: no id stands twice.
func TestBuiltinCompile(t *testing.T) {
	t.Parallel()
	rs, problems := rules.ParseAll(rules.Builtin())
	set, more := engine.Compile(rs)
	for _, p := range append(problems, more...) {
		t.Error(p)
	}
	if got, want := len(set.Rules()), len(rules.Builtin()); got != want || want == 0 {
		t.Errorf("%d rules of %d run", got, want)
	}
}

// What is told without reading the YAML is what the YAML says.
func TestBuiltinFor(t *testing.T) {
	t.Parallel()
	for _, name := range append(builtinNames(), "cobol") {
		var want, others []string
		for _, src := range rules.Builtin() {
			rs, _ := rules.Parse(src)
			for _, r := range rs {
				if slices.ContainsFunc(r.Languages, func(l rules.Text) bool { return l.Value == name }) {
					want = append(want, src.Name)
				} else {
					others = append(others, r.ID.Value)
				}
			}
		}
		sources, left := rules.BuiltinFor(func(language string) bool { return language == name })
		var got []string
		for _, src := range sources {
			got = append(got, src.Name)
		}
		if !slices.Equal(got, want) || !slices.Equal(left, others) || len(left) == 0 {
			t.Errorf("%s: %d files and %d others, want %d and %d", name, len(got), len(left), len(want), len(others))
		}
	}
}

// builtinNames are the languages of the built-in rules.
func builtinNames() []string {
	var all []string
	for _, src := range rules.Builtin() {
		rs, _ := rules.Parse(src)
		for _, r := range rs {
			for _, l := range r.Languages {
				all = append(all, l.Value)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
