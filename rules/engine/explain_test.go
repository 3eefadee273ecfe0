package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
)

func explain(t *testing.T, rule, path, code string, line int) *engine.Explanation {
	t.Helper()
	rs, problems := rules.Parse(rules.Source{Name: "r.yaml", Origin: rules.OriginFlag, Data: []byte("rules:\n- id: r\n  message: m\n  severity: ERROR\n  languages: [python]\n" + rule)})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	x, problems := engine.Explain(t.Context(), rs[0], engine.File{Path: path, Source: []byte(code)}, line, line)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return x
}

// outline writes the steps one to a line: what, ranges in the file, those here, those gone with the reason.
func outline(steps []*engine.Step, indent string) []string {
	var out []string
	for _, s := range steps {
		line := fmt.Sprintf("%s%s %d", indent, s.What, s.Found)
		if s.Part != "" {
			line = fmt.Sprintf("%s%s: %s %d", indent, s.Part, s.What, s.Found)
		}
		for _, r := range s.Here {
			line += fmt.Sprintf(" %d:%d-%d:%d", r.Line, r.Column, r.EndLine, r.EndColumn)
			for _, b := range r.Bindings {
				line += fmt.Sprintf(" %s=%s", b.Name, b.Text)
			}
		}
		for _, g := range s.Gone {
			line += fmt.Sprintf(" [%d:%d gone: %s]", g.Line, g.Column, g.Why)
		}
		if s.Note != "" {
			line += " (" + s.Note + ")"
		}
		out = append(append(out, line), outline(s.Steps, indent+"  ")...)
	}
	return out
}

func TestExplain(t *testing.T) {
	t.Parallel()
	const formula = `  patterns:
  - pattern-either:
    - pattern: eval($X)
    - pattern: exec($X)
  - pattern-inside: |
      def $F(...):
        ...
  - pattern-not: eval("...")
  - metavariable-regex: {metavariable: $X, regex: req.*}
  - focus-metavariable: $X
`
	const code = `import os
def f():
    eval(request)
    eval("1")
    eval(name)
eval(request)
`
	for name, test := range map[string]struct {
		line   int
		reason string
		steps  []string
	}{
		"a match": {3, "it matches here", []string{
			"patterns 1 3:10-3:17 $F=f $X=request",
			"  pattern-either 4 3:5-3:18 $X=request",
			"    pattern 4 3:5-3:18 $X=request",
			`    pattern 0 (not looked for: the file does not hold "exec")`,
			"  pattern-inside 1 2:1-5:15 $F=f",
			"  all of these together 3 3:5-3:18 $F=f $X=request",
			"  pattern-not 2 3:5-3:18 $F=f $X=request",
			"  metavariable-regex 1 3:5-3:18 $F=f $X=request",
			"  focus-metavariable 1 3:10-3:17 $F=f $X=request",
		}},
		"an exclusion": {4, "pattern-not in line 13 of the rule took it out: taken out by the match in line 4", nil},
		"a condition":  {5, "metavariable-regex in line 14 of the rule took it out: $X is `name`, which the expression does not match from its beginning", nil},
		"nowhere near": {1, "pattern-either in line 7 of the rule matches nothing here", nil},
		"not inside":   {6, "nothing that pattern-inside in line 10 of the rule looks for is around this", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := explain(t, formula, "a.py", code, test.line)
			if x.Reason != test.reason || x.Matched != (test.reason == "it matches here") {
				t.Errorf("%v %q, want %q\n%s", x.Matched, x.Reason, test.reason, strings.Join(outline(x.Steps, ""), "\n"))
			}
			if diff := cmp.Diff(test.steps, outline(x.Steps, "")); test.steps != nil && diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if _, err := json.Marshal(x); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestExplainReasons(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule, path, code string
		line             int
		want             string
	}{
		"another language":       {"  pattern: f()\n", "a.go", "package a\n", 1, "the rule is for python, and a.go is go"},
		"no language":            {"  pattern: f()\n", "a.txt", "f()\n", 1, "the rule is for python, and a.txt is of no language that is known"},
		"no word":                {"  pattern: f($X)\n", "a.py", "g(1)\n", 1, `the file does not hold "f", so it is not even parsed for the rule`},
		"paths.exclude":          {"  pattern: f()\n  paths: {exclude: [tests]}\n", "tests/a.py", "f()\n", 1, `paths.exclude "tests" leaves out tests/a.py`},
		"paths.include":          {"  pattern: f()\n  paths: {include: [src, lib]}\n", "a.py", "f()\n", 1, "paths.include (src, lib) does not take in a.py"},
		"bindings that disagree": {"  patterns: [{pattern: f($X)}, {pattern-inside: 'g($X, ...)'}]\n", "a.py", "g(a, f(b))\n", 1, "its parts match here, and do not fit together: $X would have to be `b` in line 1 and `a` in line 1"},
		"a comparison":           {"  patterns: [{pattern: f($X)}, {metavariable-comparison: {metavariable: $X, comparison: $X > 10}}]\n", "a.py", "n = 5\nf(n)\n", 2, "metavariable-comparison in line 6 of the rule took it out: it does not hold: $X is 5 (`n`)"},
		"a comparison of code":   {"  patterns: [{pattern: f($X)}, {metavariable-comparison: {metavariable: $X, comparison: $X > 10}}]\n", "a.py", "f(n)\n", 1, "metavariable-comparison in line 6 of the rule took it out: it does not hold: $X is `n`, of which no constant is known"},
		"entropy":                {"  patterns: [{pattern: f($X)}, {metavariable-analysis: {metavariable: $X, analyzer: entropy}}]\n", "a.py", "f('abc')\n", 1, "metavariable-analysis in line 6 of the rule took it out: $X is `'abc'`, which does not look random"},
		"a type":                 {"  patterns: [{pattern: f($X)}, {metavariable-type: {metavariable: $X, type: int}}]\n", "a.py", "f(x)\n", 1, "metavariable-type in line 6 of the rule took it out: $X is `x`, whose type is not known to be int"},
		"a pattern inside":       {"  patterns: [{pattern: f($X)}, {metavariable-pattern: {metavariable: $X, pattern: g(...)}}]\n", "a.py", "f(h(1)); g(2)\n", 1, "metavariable-pattern in line 6 of the rule took it out: $X is `h(1)`, in which nothing matches"},
		"a match across lines":   {"  pattern: f(...)\n", "a.py", "f(\n  1,\n  2)\n", 2, "it matches here"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if x := explain(t, test.rule, test.path, test.code, test.line); x.Reason != test.want {
				t.Errorf("%q\nwant %q\n%s", x.Reason, test.want, strings.Join(outline(x.Steps, ""), "\n"))
			}
		})
	}
}

const flows = `  mode: taint
  pattern-sources: [{pattern: read()}]
  pattern-sinks: [{pattern: run($X)}]
  pattern-sanitizers: [{pattern: clean(...)}]
`

func TestExplainTaint(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code string
		line int
		want string
		way  int
	}{
		"a way":              {"def f():\n    x = read()\n    y = x\n    run(y)\n", 4, "it matches here", 4},
		"a sanitizer":        {"def f():\n    x = read()\n    y = clean(x)\n    run(y)\n", 4, "there is a sink here, and the sanitizer in line 3 stops the data", 0},
		"another variable":   {"def f(z):\n    x = read()\n    y = x\n    run(z)\n", 4, "there is a sink here, and no data of a source gets to it; it gets to line 2 and 3", 0},
		"another function":   {"def g():\n    return read()\ndef f():\n    run(g())\n", 4, "there is a sink here, and the data comes from another function: options: {taint_intrafile: true} follows it there", 0},
		"no sink":            {"def f():\n    x = read()\n    run(x)\n", 2, "there is no sink here", 0},
		"no source":          {"def f(x):\n    run(x)\n", 2, "there is a sink here, and no source in the file", 0},
		"a source elsewhere": {"def f(x):\n    read()\n    run(1)\n", 3, "there is a sink here, and no data of a source gets to it; it gets to line 2", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := explain(t, flows, "a.py", test.code, test.line)
			if x.Reason != test.want || len(x.Flow.Way) != test.way {
				t.Errorf("%q, way %v\nwant %q\n%s", x.Reason, x.Flow.Way, test.want, strings.Join(outline(x.Steps, ""), "\n"))
			}
		})
	}
}

// What an explanation says of a match is what a run says: the two come from the same evaluation.
func TestExplainAgreesWithRun(t *testing.T) {
	t.Parallel()
	const code = "def f(a):\n    eval(a)\n    eval('x')\n    exec(b)\n    g(eval(c), a)\n"
	for _, rule := range []string{
		"  pattern: eval($X)\n",
		"  patterns: [{pattern: $F($X)}, {metavariable-regex: {metavariable: $F, regex: e.*}}, {metavariable-regex: {metavariable: $X, regex: '[a-b]'}}]\n",
		"  patterns: [{pattern: eval(...)}, {pattern-not-inside: g(...)}]\n",
		"  patterns: [{pattern-inside: 'g($A, ...)'}, {pattern: eval($X)}, {focus-metavariable: $X}]\n",
		"  pattern-regex: e[a-z]+\\(\n",
	} {
		rs, _ := rules.Parse(rules.Source{Name: "r.yaml", Data: []byte("rules:\n- id: r\n  message: m\n  severity: ERROR\n  languages: [python]\n" + rule)})
		set, _ := engine.Compile(rs)
		res := set.Run(t.Context(), engine.File{Path: "a.py", Source: []byte(code)})
		hit := map[int]bool{}
		for _, m := range res.Matches {
			hit[strings.Count(code[:m.Start], "\n")+1] = true
		}
		if len(hit) == 0 {
			t.Errorf("%s matches nothing", rule)
		}
		for line := 1; line <= 5; line++ {
			if x := explain(t, rule, "a.py", code, line); x.Matched != hit[line] {
				t.Errorf("%s line %d: explained as %v (%s), run says %v", rule, line, x.Matched, x.Reason, hit[line])
			}
		}
	}
}
