package play_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/play"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

func TestMain(m *testing.M) {
	if sandbox.IsWorker() {
		os.Exit(sandbox.Serve(func(in io.Reader, out io.Writer) error {
			return play.Work(in, out, func(io.Reader, io.Writer) error { return nil })
		}))
	}
	os.Exit(m.Run())
}

const evalRule = `rules:
  - id: no-eval
    languages: [python]
    severity: ERROR
    message: eval of $X
    fix: parse($X)
    metadata: {cwe: CWE-95}
    patterns:
      - pattern: eval($X)
      - pattern-not: eval("...")
`

func question() *play.Question {
	return &play.Question{
		Sources: []rules.Source{{Name: "rule", Origin: rules.OriginFlag, Data: []byte(evalRule)}}, Path: "a.py",
		Code: []byte("# ruleid: no-eval\neval(a)\n# ok: no-eval\neval(b)\neval('c')\n"), From: 5, To: 5, Tree: true, Lint: true, Marks: true,
	}
}

// The worker gives the same answer as this process does.
func TestAsk(t *testing.T) {
	t.Parallel()
	here, err := play.Ask(t.Context(), question(), sandbox.Off)
	if err != nil {
		t.Fatal(err)
	}
	there, err := play.Ask(t.Context(), question(), sandbox.Auto)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(here)
	b, _ := json.Marshal(there)
	if diff := cmp.Diff(string(a), string(b)); diff != "" {
		t.Errorf("here -, in the worker +\n%s", diff)
	}
	if len(there.Matches) != 2 || there.Matches[0].Message != "eval of a" || *there.Matches[0].Fix != "parse(a)" || there.Matches[0].Line != 2 || there.Matches[0].EndColumn != 8 {
		t.Errorf("matches %+v", there.Matches)
	}
	if x := there.Explanations; len(x) != 1 || x[0].Matched || !strings.Contains(x[0].Reason, "pattern-not in line 10") {
		t.Errorf("explanations %+v", x)
	}
	if len(there.Tests) != 1 || cmp.Diff([]int{4}, there.Tests[0].Noise) != "" || len(there.Tests[0].Missed) > 0 {
		t.Errorf("tests %+v", there.Tests)
	}
	if len(there.Tree) < 10 || there.Tree[0].Kind != "File" || there.Language != "python" || len(there.Problems) > 0 {
		t.Errorf("%s: tree of %d, problems %v", there.Language, len(there.Tree), there.Problems)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*play.Question)
		holds  func(*play.Answer) bool
	}{
		"a rule that is no rule":     {func(q *play.Question) { q.Sources[0].Data = []byte("rules: [") }, func(a *play.Answer) bool { return len(a.Problems) == 1 && a.Problems[0].Stops() && len(a.Matches) == 0 }},
		"nothing at all":             {func(q *play.Question) { q.Sources, q.Code, q.Path = nil, nil, "" }, func(a *play.Answer) bool { return len(a.Rules) == 0 && len(a.Matches) == 0 }},
		"another language":           {func(q *play.Question) { q.Path = "a.go" }, func(a *play.Answer) bool { return a.Language == "go" && len(a.Matches) == 0 && len(a.Errors) > 0 }},
		"a file that cannot be read": {func(q *play.Question) { q.Code = []byte("eval(\xff(((\n") }, func(a *play.Answer) bool { return len(a.Errors) == 1 }},
		"only one rule":              {func(q *play.Question) { q.Builtin, q.Rule = true, "no-eval" }, func(a *play.Answer) bool { return cmp.Diff([]string{"no-eval"}, a.Rules) == "" }},
		"the built-in ones too":      {func(q *play.Question) { q.Builtin = true }, func(a *play.Answer) bool { return len(a.Rules) > 50 && len(a.Explanations) < 10 }},
		"a policy's message":         {func(q *play.Question) { q.Overrides = map[string]checks.Override{"no-eval": {Message: "no $X"}} }, func(a *play.Answer) bool { return a.Matches[0].Message == "no a" }},
		"advice":                     {func(q *play.Question) { q.Sources[0].Data = []byte(strings.Replace(evalRule, `"..."`, "...", 1)) }, func(a *play.Answer) bool { return len(a.Problems) == 1 && a.Problems[0].Code == "unreachable-branch" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := question()
			test.change(q)
			a, err := play.Ask(context.Background(), q, sandbox.Off)
			if err != nil || !test.holds(a) {
				data, _ := json.MarshalIndent(a, "", " ")
				t.Errorf("%v %s", err, data)
			}
		})
	}
}

// The page's input comes from whoever can reach it, and from files of strangers that are opened in it.
func FuzzAnswer(f *testing.F) {
	f.Add(evalRule, "a.py", "eval(a)\n", 1)
	f.Add("rules: [{id: a, languages: [generic], severity: INFO, message: m, pattern: 'a ... $B'}]", "x.txt", "a\xff b", 3)
	f.Fuzz(func(t *testing.T, rule, path, code string, line int) {
		q := &play.Question{Sources: []rules.Source{{Name: "rule", Origin: rules.OriginFlag, Data: []byte(rule)}}, Path: path, Code: []byte(code), From: line, To: line, Tree: true, Lint: true, Marks: true}
		a, err := play.Ask(t.Context(), q, sandbox.Off)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(a); err != nil {
			t.Fatal(err)
		}
	})
}
