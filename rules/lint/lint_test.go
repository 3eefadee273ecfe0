package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/lint"
)

const head = "rules:\n  - id: r\n    message: m\n    severity: ERROR\n    languages: [python]\n"

func TestSources(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule string
		want []string
	}{
		"nothing to say": {head + "    pattern: f($X)\n", nil},
		"what the loader says": {
			head + "    patern: f($X)\n",
			[]string{`r.yaml:6:5: r: unknown key "patern": did you mean "pattern"? [broken]`},
		},
		"a pattern that is no code": {
			head + "    patterns:\n      - pattern: |\n          f(1)\n          g((\n",
			[]string{"r.yaml:9:"},
		},
		"a metavariable in the message": {
			strings.Replace(head, "message: m", "message: $X, $Y and $Z cost $5", 1) + "    patterns:\n      - pattern: f($X)\n      - pattern-not: f($Y)\n",
			[]string{
				"r.yaml:3:14: r: the text uses $Y, which no pattern binds: it will stand there as it is [advice]",
				"r.yaml:3:14: r: the text uses $Z, which no pattern binds: it will stand there as it is [advice]",
			},
		},
		"metavariables in conditions and focus": {
			head + "    patterns:\n      - pattern: f($X)\n      - metavariable-regex: {metavariable: $Y, regex: a}\n      - focus-metavariable: $Z\n",
			[]string{
				"r.yaml:8:44: r: metavariable-regex uses $Y, which no pattern beside it binds: nothing can ever fulfil it; name a metavariable of a pattern [broken]",
				"r.yaml:9:29: r: focus-metavariable uses $Z, which no pattern beside it binds: nothing can ever fulfil it; name a metavariable of a pattern [broken]",
			},
		},
		"a condition inside an exclusion sees that exclusion's patterns, and no others": {
			head + "    patterns:\n      - pattern: f($X)\n      - pattern-not-inside:\n          patterns:\n            - pattern: g($Y)\n" +
				"            - metavariable-regex: {metavariable: $Y, regex: a}\n            - metavariable-regex: {metavariable: $X, regex: a}\n",
			[]string{"r.yaml:12:50: r: metavariable-regex uses $X, which no pattern beside it binds: nothing can ever fulfil it; name a metavariable of a pattern [broken]"},
		},
		"metavariables of every kind are bound": {
			strings.Replace(head, "message: m", "message: $A $...B $C $1", 1) + "    pattern-either:\n      - pattern: f($A, $...B)\n      - patterns:\n" +
				"          - pattern-inside: g($A)\n          - pattern-regex: (?P<C>x)(y)\n          - metavariable-regex: {metavariable: $2, regex: a}\n          - focus-metavariable: $C\n",
			nil,
		},
		"an id that stands twice": {
			head + "    pattern: f()\n  - {id: r, message: m, severity: INFO, languages: [go], pattern: g()}\n",
			[]string{"r.yaml:7:10: r: the id is taken by the rule at r.yaml:2: give this one another id [broken]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range lint.Sources([]rules.Source{{Name: "r.yaml", Origin: rules.OriginRepository, Data: []byte(test.rule)}}) {
				got = append(got, fmt.Sprintf("%s [%s]", p, p.Kind))
			}
			for i := range min(len(got), len(test.want)) { // a want that ends in a colon is a beginning: the rest is the grammar's
				if strings.HasSuffix(test.want[i], ":") && strings.HasPrefix(got[i], test.want[i]) {
					got[i] = test.want[i]
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestBuiltinRulesNeedTheirCatalogueEntry(t *testing.T) {
	t.Parallel()
	var got []string
	for _, p := range lint.Sources([]rules.Source{{Name: "r.yaml", Origin: rules.OriginBuiltin, Data: []byte(head + "    pattern: f()\n")}}) {
		if p.Stops() {
			t.Errorf("%s stops the rule", p)
		}
		got = append(got, strings.Fields(p.Message)[4])
	}
	want := []string{"metadata.category:", "metadata.confidence:", "metadata.cwe:", "metadata.references:", "metadata.reviewgate.remedy:", "metadata.reviewgate.title:", "metadata.reviewgate.why:"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPathsMissesFixtures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, data := range map[string]string{
		"r.yaml":        strings.Replace(head, "[python]", "[python, go]", 1) + "    pattern: f()\n",
		"r.py":          "# ruleid: r\nf()\n",
		"values.yaml":   "replicas: 3\n",
		"other.md":      "",
		"s.yaml":        strings.NewReplacer("id: r", "id: s", "[python]", "[js]").Replace(head) + "    pattern: f()\n",
		"testdata/s.js": "// ruleid: s\nf();\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	problems, skipped, err := lint.Paths([]string{dir}, rules.OriginFlag)
	if err != nil || skipped != 1 {
		t.Fatalf("skipped %d files: %v", skipped, err)
	}
	want := "r.yaml:5:25: r: no fixture for go: add r.go with ruleid: and ok: comments, in testdata beside the rule"
	if len(problems) != 1 || !strings.HasSuffix(problems[0].String(), want) || problems[0].Stops() {
		t.Errorf("problems %v, want one that ends %q", problems, want)
	}
	if _, _, err := lint.Paths([]string{filepath.Join(dir, "missing")}, rules.OriginFlag); err == nil {
		t.Error("a missing path is no error")
	}
}
