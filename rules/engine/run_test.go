package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

const head = "rules:\n  - id: r\n    message: m\n    severity: ERROR\n    languages: [python]\n"

// lines runs a set on a Python file and gives the lines at which matches begin.
func lines(t *testing.T, set *engine.Set, path, source string) []int {
	t.Helper()
	res := set.Run(context.Background(), engine.File{Path: path, Source: []byte(source)})
	for _, o := range res.Overruns {
		t.Errorf("overrun: %+v", o)
	}
	var out []int
	for _, m := range res.Matches {
		out = append(out, strings.Count(source[:m.Start], "\n")+1)
	}
	return out
}

func TestCompileProblems(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ rule, want string }{
		"a pattern that is no code": {
			head + "    pattern: |\n      f(1)\n      g(\n",
			"rule.yaml:8:",
		},
		"an expression that cannot be read": {
			head + "    pattern-regex: 'a(b'\n",
			"rule.yaml:6:21: r: the regular expression cannot be read: missing closing )",
		},
		"a condition that cannot be read": {
			head + "    patterns:\n      - pattern: f($X)\n      - metavariable-regex: {metavariable: $X, regex: '['}\n",
			"rule.yaml:8:56: r: the regular expression cannot be read: missing closing ]: `[)`",
		},
		"a glob that cannot be read": {
			head + "    pattern: f()\n    paths: {include: ['a[']}\n",
			"rule.yaml:7:23: r: the glob \"a[\" cannot be read: close every [ and {",
		},
		"a language that does not run": {
			strings.Replace(head, "[python]", "[cobol]", 1) + "    pattern: f()\n",
			"rule.yaml:5:17: r: cannot run yet: language \"cobol\"; rules run for bash, ",
		},
		"one language of two that does not run": {
			strings.Replace(head, "[python]", "[python, cobol]", 1) + "    pattern: f()\n",
			"rule.yaml:5:25: r: cannot run yet for language \"cobol\": the rule runs for its other languages only",
		},
	} {
		rs, problems := rules.Parse(rules.Source{Name: "rule.yaml", Data: []byte(test.rule)})
		if len(rs) != 1 || len(problems) != 0 {
			t.Fatalf("%s: Parse gave %d rules and %v", name, len(rs), problems)
		}
		set, problems := engine.Compile(rs)
		if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), test.want) {
			t.Errorf("%s: problems %v, want one that begins %q", name, problems, test.want)
			continue
		}
		if runs := len(set.Rules()) == 1; runs == problems[0].Stops() {
			t.Errorf("%s: the rule runs: %v, in spite of %s", name, runs, problems[0].Kind)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		paths, file string
		want        bool
	}{
		{"", "a/b.py", true},
		{"include: ['*.py']", "a/b.py", true},
		{"include: ['*_test.py']", "a/b.py", false},
		{"include: [a]", "a/b.py", true},
		{"include: [a/]", "x/a/b.py", true},
		{"include: [/a]", "x/a/b.py", false},
		{"include: [/a]", "a/x/b.py", true},
		{"include: ['a/**/b.py']", "x/a/c/d/b.py", true},
		{"include: ['./a/*.py']", "a/b.py", true},
		{"exclude: [tests]", "src/tests/b.py", false},
		{"exclude: [tests]", "src/mytests/b.py", true},
		{"exclude: ['*.{py,go}']", "b.py", false},
		{"include: [src], exclude: [src/gen]", "src/gen/b.py", false},
		{"include: [src], exclude: [src/gen]", "src/main/b.py", true},
	} {
		set := compile(t, head+"    pattern: f()\n    paths: {"+test.paths+"}\n")
		if got := len(lines(t, set, test.file, "f()\n")) == 1; got != test.want {
			t.Errorf("paths {%s} on %s: %v, want %v", test.paths, test.file, got, test.want)
		}
	}
}

func TestMessageAndFix(t *testing.T) {
	t.Parallel()
	set := compile(t, `
rules:
  - id: r
    message: "$F calls $X with $...REST, costs $5, and $UNKNOWN"
    fix: safe($X)
    severity: ERROR
    languages: [python]
    pattern: $F($X, $...REST)
`)
	long := strings.Repeat("ü", 300)
	res := set.Run(context.Background(), engine.File{Path: "a.py", Source: []byte("f(\"" + long + "\\\n\",  1,\n  2)\n")})
	if len(res.Matches) != 1 {
		t.Fatalf("%d matches, want 1", len(res.Matches))
	}
	m := res.Matches[0]
	if want := "f calls \"" + strings.Repeat("ü", 118) + "… with 1, 2, costs $5, and $UNKNOWN"; m.Message != want {
		t.Errorf("message\n%s\nwant\n%s", m.Message, want)
	}
	if want := "safe(\"" + long + "\\\n\")"; m.Fix == nil || *m.Fix != want {
		t.Errorf("fix %v, want %q", m.Fix, want)
	}
}

// A file is parsed only if a rule can match in it, and once for all rules.
func TestParsedOnlyWhereNeeded(t *testing.T) {
	t.Parallel()
	set := compile(t, head+`    pattern-either:
      - pattern: eval($X)
      - patterns:
          - pattern: run($X)
          - pattern-inside: |
              import danger
              ...
  - id: s
    message: m
    severity: ERROR
    languages: [python]
    pattern: eval(...)
  - id: t
    message: m
    severity: ERROR
    languages: [python]
    pattern-regex: passw[o0]rd
`)
	for source, want := range map[string]int{
		"print(1)\n":                  0,
		"evaluate(1)\n":               0,
		"run(1)\n":                    0, // not without danger
		"import danger\nrun(1)\n":     1,
		"eval(1)\n":                   1,
		"password = 1\n":              0, // an expression needs no tree
		"# eval, only in a comment\n": 1,
	} {
		parsed := 0
		res := set.Run(context.Background(), engine.File{Path: "a.py", Source: []byte(source), Tree: func(spec *language.Spec) (*language.Tree, error) {
			parsed++
			return spec.Parse("a.py", []byte(source))
		}})
		if parsed != want || (res.Tree != nil) != (want == 1) {
			t.Errorf("%q was parsed %d times, want %d", source, parsed, want)
		}
	}
}

func TestOverruns(t *testing.T) {
	t.Parallel()
	two := head + "    pattern: f(...)\n  - id: other\n    message: m\n    severity: ERROR\n    languages: [python]\n    pattern: g(...)\n"

	t.Run("a file that is not parsed", func(t *testing.T) {
		t.Parallel()
		set := compile(t, two+"  - id: re\n    message: m\n    severity: ERROR\n    languages: [python]\n    pattern-regex: f\n")
		res := set.Run(context.Background(), engine.File{Path: "a.py", Source: []byte("f() + g()"), Tree: func(*language.Spec) (*language.Tree, error) {
			return nil, fmt.Errorf("too deep")
		}})
		want := []engine.Overrun{{Path: "a.py", Reason: "the file was not parsed: too deep"}}
		if diff := cmp.Diff(want, res.Overruns); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if len(res.Matches) != 1 {
			t.Errorf("%d matches, want that of the rule that needs no tree", len(res.Matches))
		}
	})
	t.Run("too many matches", func(t *testing.T) {
		t.Parallel()
		set := compile(t, two)
		res := set.Run(context.Background(), engine.File{Path: "a.py", Source: []byte(strings.Repeat("f()\n", 110_000) + "g()\n")})
		if len(res.Overruns) != 1 || res.Overruns[0].RuleID != "r" {
			t.Errorf("overruns %v, want one of rule r", res.Overruns)
		}
		if len(res.Matches) != 1 || res.Matches[0].Rule.ID.Value != "other" {
			t.Errorf("%d matches, want that of the other rule", len(res.Matches))
		}
	})
	t.Run("too much to compare", func(t *testing.T) {
		t.Parallel()
		set := compile(t, head+"    patterns:\n      - pattern: $X\n      - pattern: $Y\n")
		res := set.Run(context.Background(), engine.File{Path: "a.py", Source: []byte("x = " + strings.Repeat("[", 7_000) + strings.Repeat("]", 7_000) + "\n")})
		if len(res.Overruns) != 1 {
			t.Errorf("overruns %v, want one", res.Overruns)
		}
	})
	t.Run("an expression that backtracks without end", func(t *testing.T) {
		t.Parallel()
		set := compile(t, head+"    pattern-regex: (?!z)(x+x+)+y\n")
		res := set.Run(context.Background(), engine.File{Path: "a.py", Source: []byte(strings.Repeat("x", 5_000))})
		if len(res.Overruns) != 1 || !strings.Contains(res.Overruns[0].Reason, "took longer") {
			t.Errorf("overruns %v, want one by the clock", res.Overruns)
		}
	})
	t.Run("a cancelled run", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		res := compile(t, two).Run(ctx, engine.File{Path: "a.py", Source: []byte("f()\n")})
		if len(res.Matches) != 0 || len(res.Overruns) != 1 {
			t.Errorf("%d matches and %v, want none and one overrun", len(res.Matches), res.Overruns)
		}
	})
}

// One set serves many goroutines, and gives each the same.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	rs, problems := rules.ParseAll(rules.Builtin())
	set, more := engine.Compile(rs)
	if len(problems)+len(more) > 0 {
		t.Fatal(problems, more)
	}
	source := []byte("import subprocess, requests\ndef f(u):\n    subprocess.run(f'git clone {u}', shell=True)\n    requests.get(u, verify=False)\n")
	want := set.Run(context.Background(), engine.File{Path: "a.py", Source: source})
	if len(want.Matches) < 2 {
		t.Fatalf("%d matches, want two or more", len(want.Matches))
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				got := set.Run(context.Background(), engine.File{Path: "a.py", Source: source})
				if !reflect.DeepEqual(want.Matches, got.Matches) {
					t.Error("another result")
				}
			}
		})
	}
	group.Wait()
}

func TestFilesOfNoLanguage(t *testing.T) {
	t.Parallel()
	set := compile(t, head+"    pattern-regex: .\n")
	for _, path := range []string{"README.md", "Makefile", "a.rb", ""} {
		if res := set.Run(context.Background(), engine.File{Path: path, Source: []byte("f()")}); len(res.Matches)+len(res.Overruns) > 0 {
			t.Errorf("%q: %+v", path, res)
		}
	}
}

func ExampleCompile() {
	rs, problems := rules.Parse(rules.Source{Name: "eval.yaml", Data: []byte(`
rules:
  - id: no-eval
    message: eval runs $CODE as a program
    severity: ERROR
    languages: [python]
    patterns:
      - pattern: eval($CODE)
      - pattern-not: eval("...")
`)})
	set, more := engine.Compile(rs)
	for _, p := range append(problems, more...) {
		fmt.Println(p)
	}
	res := set.Run(context.Background(), engine.File{Path: "app/views.py", Source: []byte("eval('1')\nx = eval(request.body)\n")})
	for _, m := range res.Matches {
		fmt.Printf("bytes %d to %d: %s: %s\n", m.Start, m.End, m.Rule.ID.Value, m.Message)
	}
	// Output:
	// bytes 14 to 32: no-eval: eval runs request.body as a program
}

func FuzzRegex(f *testing.F) {
	for _, seed := range []string{`a(?!b)`, `(?P<X>a)\Z`, `(?<=x)\1`, `[`, `\\Z`, `(?i)(?:a|b){2,3}$`, `a{1001}`} {
		f.Add(seed, "some text a b")
	}
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 50 || len(text) > 200 {
			return // a slow expression is bounded by the clock, which would only slow the search down
		}
		node := head + "    pattern-regex: |\n      " + strings.NewReplacer("\n", "", "\r", "", "\x00", "").Replace(expr) + "\n"
		rs, _ := rules.Parse(rules.Source{Name: "fuzz.yaml", Data: []byte(node)})
		set, _ := engine.Compile(rs)
		res := set.Run(context.Background(), engine.File{Path: "a.py", Source: []byte(text)})
		for _, m := range res.Matches {
			if m.Start > m.End || int(m.End) > len(text) {
				t.Fatalf("match %d to %d of %d bytes", m.Start, m.End, len(text))
			}
		}
	})
}

// Conditions are tried while a pattern is looked for: without that, a long file with many assignments and calls costs their product.
func TestConditionsAreTriedEarly(t *testing.T) {
	t.Parallel()
	set := compile(t, head+`    patterns:
      - pattern: |
          $TEXT = $COMMAND
          ...
          system($TEXT)
      - metavariable-regex: {metavariable: $COMMAND, regex: "f[\"']"}
      - focus-metavariable: $COMMAND
`)
	var b strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&b, "a%d = g(%d)\nsystem(b%d)\n", i, i, i)
	}
	b.WriteString("c = f'{x}'\nsystem(c)\n")
	if diff := cmp.Diff([]int{12001}, lines(t, set, "a.py", b.String())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// BenchmarkBuiltin runs the built-in rules on their own fixtures, in which every file has words and matches of several rules.
func BenchmarkBuiltin(b *testing.B) {
	rs, _ := rules.ParseAll(rules.Builtin())
	set, _ := engine.Compile(rs)
	names, err := filepath.Glob("../builtin/*/testdata/*")
	if err != nil || len(names) == 0 {
		b.Fatalf("no fixtures: %v", err)
	}
	var files []engine.File
	size := 0
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, engine.File{Path: filepath.ToSlash(name), Source: data})
		size += len(data)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		for _, f := range files {
			set.Run(context.Background(), f)
		}
	}
}
