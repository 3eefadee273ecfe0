package rulecheck_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/diff"
	"github.com/reviewgate-app/reviewgate/checks/rulecheck"
	"github.com/reviewgate-app/reviewgate/checks/syntax"
	"github.com/reviewgate-app/reviewgate/rules"
)

// tree is a side of a change in memory; a file whose content is "?" was not fetched.
type tree map[string]string

func (t tree) Open(path string) ([]byte, error) {
	data, ok := t[path]
	switch {
	case !ok:
		return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
	case data == "?":
		return nil, checks.ErrNotFetched
	}
	return []byte(data), nil
}

func (t tree) Paths() []string { return nil }

const evalRules = `rules:
  - id: no-eval
    message: eval runs $X
    fix: literal_eval($X)
    severity: ERROR
    languages: [python]
    pattern: eval($X)
    metadata:
      cwe: CWE-95
      confidence: HIGH
      category: security
      references: [https://example.com/eval]
      reviewgate: {title: Code from text, why: w, remedy: r}
  - id: in-tests-too
    message: exec
    severity: INFO
    languages: [python]
    pattern: exec(...)
    metadata: {reviewgate: {test-files: true, rollout: shadow}}
  - id: named-by-path
    message: run
    severity: WARNING
    languages: [python]
    pattern: run(...)
    paths: {include: ["*_test.py"]}
`

func newCheck(t *testing.T, text string) *checks.Check {
	t.Helper()
	rs, problems := rules.Parse(rules.Source{Name: "team/rules.yaml", Origin: rules.OriginRepository, Data: []byte(text)})
	check, more := rulecheck.New(rs)
	for _, p := range append(problems, more...) {
		t.Error(p)
	}
	return check
}

// run runs the check on one side and gives what it said, one line each.
func run(t *testing.T, check *checks.Check, change *checks.Change, side checks.Side) ([]string, error) {
	t.Helper()
	var said []string
	err := check.Run(context.Background(), &checks.Pass{
		Change: change,
		Side:   side,
		Report: func(f checks.Finding) {
			l := f.Location
			line := fmt.Sprintf("%s %s %d:%d-%d:%d %s: %s", l.Side, l.Path, l.StartLine, l.StartColumn, l.EndLine, l.EndColumn, f.RuleID, f.Message)
			if f.Fix != nil {
				line += " -> " + f.Fix.Text
			}
			said = append(said, line)
		},
		Unscanned: func(u checks.Unscanned) {
			said = append(said, fmt.Sprintf("unscanned %s %s %d: %s", u.Side, u.Path, u.Line, u.Reason))
		},
	})
	return said, err
}

func TestFiles(t *testing.T) {
	t.Parallel()
	const code = "x = 'ü'; eval(a)\nexec(b)\nrun(c)\n"
	change := &checks.Change{
		Base: tree{"old.py": "eval(old)\n", "gone.py": "eval(gone)\n"},
		Head: tree{"a.py": code, "a_test.py": code, "new.py": "eval(new)\n", "gen.py": code, "vendor/v.py": code, "big.py": code, "readme.md": "eval(a)\n"},
		Files: []*checks.File{
			{Path: "a.py", Status: checks.Added},
			{Path: "a_test.py", Status: checks.Added, Class: checks.ClassTest},
			{Path: "big.py", Status: checks.Added, Opaque: "52 MB, over the limit of 2 MB"},
			{Path: "gen.py", Status: checks.Added, Class: checks.ClassGenerated},
			{Path: "gone.py", Status: checks.Deleted},
			{Path: "new.py", OldPath: "old.py", Status: checks.Renamed},
			{Path: "readme.md", Status: checks.Added},
			{Path: "vendor/v.py", Status: checks.Added, Class: checks.ClassVendored},
		},
	}
	check := newCheck(t, evalRules)
	got, err := run(t, check, change, checks.Head)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"head a.py 1:10-1:17 no-eval: eval runs a -> literal_eval(a)",
		"head a.py 2:1-2:8 in-tests-too: exec",
		"head a_test.py 2:1-2:8 in-tests-too: exec",
		"head a_test.py 3:1-3:7 named-by-path: run",
		"head new.py 1:1-1:10 no-eval: eval runs new -> literal_eval(new)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("head: -want +got\n%s", diff)
	}
	got, err = run(t, check, change, checks.Base)
	if err != nil {
		t.Fatal(err)
	}
	want = []string{
		"base gone.py 1:1-1:11 no-eval: eval runs gone -> literal_eval(gone)",
		"base old.py 1:1-1:10 no-eval: eval runs old -> literal_eval(old)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("base: -want +got\n%s", diff)
	}
}

func TestInfo(t *testing.T) {
	t.Parallel()
	check := newCheck(t, evalRules)
	want := checks.RuleInfo{
		ID: "no-eval", Title: "Code from text", Why: "w", Remedy: "r", Severity: checks.High, Confidence: checks.Certain, CWE: []string{"CWE-95"},
		References: []string{"https://example.com/eval"}, Tags: []string{"security"}, Languages: []string{"python"}, Origin: "team/rules.yaml",
	}
	if diff := cmp.Diff(want, check.Rules[0]); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	// Semgrep's INFO is low; a rule that says nothing of its confidence is not sure enough to block.
	if i := check.Rules[1]; i.Title != "in-tests-too" || i.Severity != checks.Low || i.Confidence != checks.Likely || i.Rollout != checks.RolloutShadow {
		t.Errorf("%+v", i)
	}
	if !strings.HasPrefix(check.Doc, "// Rules written as patterns.") {
		t.Errorf("doc begins %q", check.Doc[:40])
	}
}

func TestBuiltinRulesAreChecks(t *testing.T) {
	t.Parallel()
	rs, _ := rules.ParseAll(rules.Builtin())
	check, problems := rulecheck.New(rs)
	if len(problems) > 0 || len(check.Rules) != len(rules.Builtin()) {
		t.Errorf("%d rules, problems %v", len(check.Rules), problems)
	}
	for _, i := range check.Rules {
		if i.Origin != "builtin" || i.Severity < checks.Low || i.Title == i.ID || len(i.Tags) == 0 {
			t.Errorf("%+v", i)
		}
	}
}

// Broken syntax that the change touches is told; what was broken before, or in a file in which no rule could match, is not.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	const code = "def f(:\n    pass\n\n\nx = 1\neval(a)\n"
	file := &checks.File{Path: "a.py", Status: checks.Modified, Lines: &diff.Map{Hunks: []diff.Hunk{{BaseStart: 6, BaseCount: 1, HeadStart: 6, HeadCount: 1}}}}
	change := func() *checks.Change {
		return &checks.Change{Base: tree{"a.py": code}, Head: tree{"a.py": code}, Files: []*checks.File{file}}
	}
	check := newCheck(t, evalRules)
	got, err := run(t, check, change(), checks.Head)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || !strings.Contains(got[0], "no-eval") {
		t.Errorf("untouched: %q", got)
	}
	file.Lines = &diff.Map{Hunks: []diff.Hunk{{BaseStart: 1, BaseCount: 0, HeadStart: 1, HeadCount: 1}}}
	got, err = run(t, check, change(), checks.Head)
	if err != nil {
		t.Fatal(err)
	}
	if want := "unscanned head a.py 1: the syntax cannot be read here"; !slices.Contains(got, want) {
		t.Errorf("touched: %q, want %q among them", got, want)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	check := newCheck(t, evalRules)
	added := []*checks.File{{Path: "a.py", Status: checks.Added}}
	_, err := run(t, check, &checks.Change{Base: tree{}, Head: tree{"a.py": "?"}, Files: added}, checks.Head)
	if !errors.Is(err, checks.ErrNotFetched) || !strings.Contains(err.Error(), "a.py") {
		t.Errorf("a file that was not fetched: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = check.Run(ctx, &checks.Pass{Change: &checks.Change{Base: tree{}, Head: tree{"a.py": "eval(a)"}, Files: added}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run: %v", err)
	}
	got, err := run(t, check, &checks.Change{Base: tree{}, Head: tree{"a.py": strings.Repeat("eval(a)\n", 110_000)}, Files: added}, checks.Head)
	if err != nil || len(got) != 1 || !strings.HasPrefix(got[0], "unscanned head a.py 0: rule no-eval was given up: ") {
		t.Errorf("a rule that overran: %q, %v", got[:min(len(got), 3)], err)
	}
}

// The check parses nothing that another check has parsed.
func TestTreesAreShared(t *testing.T) {
	t.Parallel()
	change := &checks.Change{Base: tree{}, Head: tree{"a.py": "eval(a)\n"}, Files: []*checks.File{{Path: "a.py", Status: checks.Added}}}
	if _, err := syntax.Tree(change, checks.Head, "a.py"); err != nil {
		t.Fatal(err)
	}
	// A tree of another text under the same name: what is found must come from the tree that was there.
	change.Head = tree{"a.py": "eval(b)\n"}
	got, err := run(t, newCheck(t, evalRules), change, checks.Head)
	if err != nil || len(got) != 1 || !strings.Contains(got[0], "eval runs a") {
		t.Errorf("%q, %v", got, err)
	}
}
