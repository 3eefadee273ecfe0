package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/lint"
)

const head = "rules:\n  - id: r\n    message: m\n    severity: ERROR\n    languages: [python]\n    metadata: {category: correctness}\n"

func TestSources(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule string
		want []string
	}{
		"nothing to say": {head + "    pattern: f($X)\n", nil},
		"what the loader says": {
			head + "    patern: f($X)\n",
			[]string{`r.yaml:7:5: r: unknown key "patern": did you mean "pattern"? [broken]`},
		},
		"a pattern that is no code": {
			head + "    patterns:\n      - pattern: |\n          f(1)\n          g((\n",
			[]string{"r.yaml:10:"},
		},
		"a metavariable in the message": {
			strings.Replace(head, "message: m", "message: $X, $Y and $Z cost $5", 1) + "    patterns:\n      - pattern: f($X)\n      - pattern-not: f($Y, 1)\n",
			[]string{
				"r.yaml:3:18: r: the text uses $Y, which no pattern binds: it will stand there as it is [advice]",
				"r.yaml:3:25: r: the text uses $Z, which no pattern binds: it will stand there as it is [advice]",
			},
		},
		"metavariables in conditions and focus": {
			head + "    patterns:\n      - pattern: f($X)\n      - metavariable-regex: {metavariable: $Y, regex: a}\n      - focus-metavariable: $Z\n",
			[]string{
				"r.yaml:9:44: r: metavariable-regex uses $Y, which no pattern beside it binds: nothing can ever fulfil it; name a metavariable of a pattern [broken]",
				"r.yaml:10:29: r: focus-metavariable uses $Z, which no pattern beside it binds: nothing can ever fulfil it; name a metavariable of a pattern [broken]",
			},
		},
		"a condition inside an exclusion sees that exclusion's patterns, and no others": {
			head + "    patterns:\n      - pattern: f($X)\n      - pattern-not-inside:\n          patterns:\n            - pattern: g($Y)\n" +
				"            - metavariable-regex: {metavariable: $Y, regex: a}\n            - metavariable-regex: {metavariable: $X, regex: a}\n",
			[]string{"r.yaml:13:50: r: metavariable-regex uses $X, which no pattern beside it binds: nothing can ever fulfil it; name a metavariable of a pattern [broken]"},
		},
		"metavariables of every kind are bound": {
			strings.Replace(head, "message: m", "message: $A $...B $C $1", 1) + "    pattern-either:\n      - pattern: f($A, $...B)\n      - patterns:\n" +
				"          - pattern-inside: g($A)\n          - pattern-regex: (?P<C>x)(y)\n          - metavariable-regex: {metavariable: $2, regex: a}\n          - focus-metavariable: $C\n",
			nil,
		},
		"an id that stands twice": {
			head + "    pattern: f()\n  - {id: r, message: m, severity: INFO, languages: [go], pattern: g()}\n",
			[]string{"r.yaml:8:10: r: the id is taken by the rule at r.yaml:2: give this one another id [broken]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range lint.Sources(t.Context(), []rules.Source{{Name: "r.yaml", Origin: rules.OriginRepository, Data: []byte(test.rule)}}) {
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
	for _, p := range lint.Sources(t.Context(), []rules.Source{{Name: "r.yaml", Origin: rules.OriginBuiltin, Data: []byte(strings.Replace(head, "    metadata: {category: correctness}\n", "", 1) + "    pattern: f()\n")}}) {
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
	rep, err := lint.Paths(t.Context(), []string{dir}, rules.OriginFlag)
	if err != nil || rep.Skipped != 1 || rep.Files != 2 || rep.Rules != 2 {
		t.Fatalf("%+v: %v", rep, err)
	}
	problems := slices.DeleteFunc(rep.Problems, func(p rules.Problem) bool { return p.Code != lint.NoFixture })
	want := "r.yaml:5:25: r: no fixture for go: add r.go with ruleid: and ok: comments, in testdata beside the rule"
	if len(problems) != 1 || !strings.HasSuffix(problems[0].String(), want) || problems[0].Stops() {
		t.Errorf("problems %v, want one that ends %q", problems, want)
	}
	if _, err := lint.Paths(t.Context(), []string{filepath.Join(dir, "missing")}, rules.OriginFlag); err == nil {
		t.Error("a missing path is no error")
	}
}

// What a rule says can hardly be meant, each with a neighbour that looks like it and is fine.
func TestReach(t *testing.T) {
	t.Parallel()
	patterns := func(lines ...string) string {
		return "    patterns:\n      - " + strings.Join(lines, "\n      - ") + "\n"
	}
	either := func(lines ...string) string {
		return "    pattern-either:\n      - " + strings.Join(lines, "\n      - ") + "\n"
	}
	for name, test := range map[string]struct {
		rule string
		want []string // code and line
	}{
		"an exclusion takes out everything":                         {patterns("pattern: eval($X)", "pattern-not: eval(...)"), []string{"unreachable-branch 9"}},
		"one that says the same":                                    {patterns("pattern: eval(...)", "pattern-not: eval(...)"), []string{"unreachable-branch 9"}},
		"one of literals":                                           {patterns("pattern: eval($X)", `pattern-not: eval("...")`), nil},
		"one of other arguments":                                    {patterns("pattern: eval(...)", "pattern-not: eval($X)"), nil},
		"one that asks for two alike":                               {patterns("pattern: f($X, $Y)", "pattern-not: f($X, $X)"), nil},
		"one with other names":                                      {patterns("pattern: f($X, $Y)", "pattern-not: f($A, $B)"), []string{"unreachable-branch 9"}},
		"one around":                                                {patterns("pattern: eval($X)", "pattern-not-inside: eval(...)"), []string{"unreachable-branch 9"}},
		"one around that may be elsewhere":                          {patterns("pattern: eval($X)", "pattern-not-inside: safe(...)"), nil},
		"one with a condition":                                      {patterns("pattern: eval($X)", "pattern-not: {patterns: [{pattern: eval($X)}, {metavariable-regex: {metavariable: $X, regex: a}}]}"), nil},
		"a branch that is excluded":                                 {patterns("pattern-either: [{pattern: f($X)}, {pattern: g($X)}]", "pattern-not: f(...)"), []string{"unreachable-branch 8"}},
		"statements":                                                {patterns("pattern: |\n          $X = f()\n          ...\n          g($X)", "pattern-not: |\n          $X = f()\n          ...\n          h()\n          ...\n          g($X)"), nil},
		"two branches alike":                                        {either("pattern: f($X)", "pattern: f($X)"), []string{"duplicate-branch 9"}},
		"a branch that holds another":                               {either("pattern: f(1)", "pattern: f(...)"), []string{"duplicate-branch 8"}},
		"a branch that binds what the other does not":               {either("pattern: f($X)", "pattern: f(...)"), nil},
		"a branch that binds something else":                        {either("pattern: run($S.clean)", "pattern: run($S)"), nil},
		"branches of several functions":                             {either("pattern: f(...)", "pattern: g(...)"), nil},
		"an inside without room":                                    {patterns("pattern: eval($X)", "pattern-inside: import os"), []string{"unreachable-branch 9"}},
		"an inside with room":                                       {patterns("pattern: eval($X)", "pattern-inside: |\n          import os\n          ..."), nil},
		"an inside that holds it":                                   {patterns("pattern: eval($X)", "pattern-inside: print(eval(a))"), nil},
		"an inside of a constant":                                   {patterns(`pattern: '"..."'`, "pattern-inside: print(a)"), nil},
		"a branch that the condition beside it drops":               {patterns("pattern-either: [{pattern: f($X)}, {pattern: g($Y)}]", "metavariable-regex: {metavariable: $X, regex: a}"), []string{"unreachable-branch 8"}},
		"a branch without what another pattern binds":               {patterns("pattern-either: [{pattern: f($X)}, {pattern: g($Y)}]", "pattern-inside: h($X, ...)", "metavariable-regex: {metavariable: $X, regex: a}"), nil},
		"nothing to filter on":                                      {"    pattern: $X == $X\n", []string{"slow-rule 2"}},
		"an expression that can take for ever":                      {patterns("pattern: f($X)", `metavariable-regex: {metavariable: $X, regex: "(?!a)(b+)+c"}`), []string{"slow-regex 9"}},
		"an expression that looks ahead and repeats once":           {patterns("pattern: f($X)", `metavariable-regex: {metavariable: $X, regex: "(?!a)b+c"}`), nil},
		"repeated twice, without backtracking in the linear engine": {patterns("pattern: f($X)", `metavariable-regex: {metavariable: $X, regex: "(b+)+c"}`), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, p := range lint.Sources(t.Context(), []rules.Source{{Name: "r.yaml", Origin: rules.OriginRepository, Data: []byte(head + test.rule)}}) {
				if p.Stops() {
					t.Errorf("does not run: %s", p)
				}
				if lint.Codes()[p.Code] == "" {
					t.Errorf("the code %q says nothing", p.Code)
				}
				got = append(got, fmt.Sprintf("%s %d", p.Code, p.Line))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestCWE(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string]int{"{}": 1, "{category: security}": 1, "{category: correctness}": 0, "{cwe: CWE-89}": 0, `{cwe: ["CWE-89: SQL injection"]}`: 0} {
		rule := strings.Replace(head, "{category: correctness}", metadata, 1) + "    pattern: f()\n"
		got := lint.Sources(t.Context(), []rules.Source{{Name: "r.yaml", Origin: rules.OriginRepository, Data: []byte(rule)}})
		if len(got) != want || want > 0 && got[0].Code != lint.NoCWE {
			t.Errorf("%s: %v", metadata, got)
		}
	}
}

// The code around a trial, which some languages need, is no part of what a pattern finds.
func TestReachInOtherLanguages(t *testing.T) {
	t.Parallel()
	const java = "rules:\n  - id: r\n    message: m\n    severity: ERROR\n    languages: [java]\n    metadata: {category: correctness}\n    patterns:\n      - pattern: $T $X = 0;\n      - pattern-not-inside: %s\n"
	for around, want := range map[string]int{"'$R $F(...) { ... }'": 0, "$A $B = 0;": 1} {
		got := lint.Sources(t.Context(), []rules.Source{{Name: "r.yaml", Origin: rules.OriginRepository, Data: fmt.Appendf(nil, java, around)}})
		got = slices.DeleteFunc(got, func(p rules.Problem) bool { return p.Code != lint.UnreachableBranch })
		if len(got) != want {
			t.Errorf("%s: %v", around, got)
		}
	}
}
