package taint_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// TestCases runs testdata/<language>/*.txtar: the sections of a taint rule, `name.yaml`, and the sources that it is run on. Lines on which a
// finding begins end in a comment with the word HIT, all others must be silent. `HIT 2 3 5` also says which lines the data passes.
func TestCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	total := 0
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rule := ""
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".yaml") {
				rule = string(f.Data)
				continue
			}
			total++
			sections := rule
			t.Run(strings.TrimSuffix(strings.TrimPrefix(path, "testdata/"), ".txtar")+"/"+f.Name, func(t *testing.T) {
				t.Parallel()
				check(t, sections, f)
			})
		}
	}
	if total < 40 {
		t.Errorf("%d cases; there were 40 and more", total)
	}
}

// compile makes a set of one rule of its sections.
func compile(t testing.TB, sections, lang string) *engine.Set {
	t.Helper()
	text := "rules:\n- id: r\n  message: m\n  severity: ERROR\n  mode: taint\n  languages: [" + lang + "]\n  " + strings.ReplaceAll(strings.TrimSpace(sections), "\n", "\n  ") + "\n"
	rs, problems := rules.Parse(rules.Source{Name: "rule.yaml", Data: []byte(text)})
	set, more := engine.Compile(rs)
	for _, p := range append(problems, more...) {
		t.Error(p)
	}
	if len(set.Rules()) != 1 {
		t.Fatal("the rule does not run")
	}
	return set
}

func check(t *testing.T, sections string, f txtar.File) {
	t.Helper()
	spec := language.ForPath(f.Name)
	if spec == nil {
		t.Fatalf("no language for %s", f.Name)
	}
	res := compile(t, sections, spec.Name).Run(context.Background(), engine.File{Path: f.Name, Source: f.Data})
	for _, o := range res.Overruns {
		t.Errorf("overrun: %+v", o)
	}
	if res.Tree != nil {
		for _, e := range res.Tree.Errors {
			line, _ := res.Tree.Position(e.Start)
			t.Errorf("line %d of the source is not code", line)
		}
	}
	lines := language.NewLines(string(f.Data))
	ways := map[int][]string{}
	for _, m := range res.Matches {
		var way []string
		for _, s := range m.Way {
			way = append(way, strconv.Itoa(lines.Line(s.Start)))
		}
		at := lines.Line(m.Start)
		ways[at] = append(ways[at], strings.Join(slices.Compact(way), " "))
	}
	for i, text := range strings.Split(string(f.Data), "\n") {
		_, want, hit := strings.Cut(text, "HIT")
		want = strings.TrimSpace(want)
		switch got := ways[i+1]; {
		case hit && len(got) == 0:
			t.Errorf("line %d: no finding: %s", i+1, text)
		case !hit && len(got) > 0:
			t.Errorf("line %d: a finding by way of %s: %s", i+1, got, text)
		case want != "" && !slices.Contains(got, want):
			t.Errorf("line %d: the data goes %q, want %q: %s", i+1, got, want, text)
		}
	}
}

const plain = "pattern-sources: [{pattern: source(...)}]\npattern-sinks: [{pattern: sink(...)}]\n"

// Each of these has made an analysis of this kind take time or memory without end.
func TestLarge(t *testing.T) {
	t.Parallel()
	const n = 10_000
	numbered := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, strings.ReplaceAll(format, "%", "%[1]d"), i)
		}
		return b.String()
	}
	for name, test := range map[string]struct {
		path, source string
		want         int
	}{
		"statements":       {"a.py", "def f():\n    x0 = source()\n" + numbered("    y% = x0\n", n) + "    sink(y9999)\n", 1},
		"a chain":          {"a.py", "def f():\n    x = source()\n" + strings.Repeat("    x = x + 1\n", n) + "    sink(x)\n", 1},
		"branches":         {"a.py", "def f():\n    x = source()\n" + numbered("    if c%: y% = x\n", n) + "    sink(y9999)\n", 1},
		"loops":            {"a.py", "def f():\n    x = source()\n" + numbered("    while c%: y% = x\n", 3_000) + "    sink(y2999)\n", 1},
		"sources":          {"a.py", "def f():\n    x = []\n" + numbered("    x = [x, source()]\n", 3_000) + "    sink(x)\n", 1},
		"sinks":            {"a.py", "def f():\n    x = source()\n" + strings.Repeat("    sink(x)\n", 3_000), 3_000},
		"functions":        {"a.py", numbered("def f%(x):\n    y = source()\n    sink(y)\n", 3_000), 3_000},
		"members":          {"a.js", "x = source();\n" + strings.Repeat("x = {a: x};\n", 3_000) + "sink(x);\n", 1},
		"a path":           {"a.py", "def f():\n    x" + strings.Repeat(".a", 3_000) + " = source()\n    sink(x)\n", 1},
		"nested calls":     {"a.py", "def f():\n    x = source()\n    sink(" + strings.Repeat("g(", 800) + "x" + strings.Repeat(")", 800) + ")\n", 1},
		"nested lambdas":   {"a.js", "x = source();\n" + strings.Repeat("f(() => ", 300) + "sink(x)" + strings.Repeat(")", 300) + ";\n", -1},
		"nested loops":     {"a.js", "x = source();\n" + strings.Repeat("while (c) { a = b; b = x; ", 200) + "sink(a)" + strings.Repeat("}", 200) + "\n", -1},
		"nested branches":  {"a.js", "x = source();\n" + strings.Repeat("if (c) { y = x; ", 400) + "sink(y)" + strings.Repeat("}", 400) + "\n", 1},
		"a long operation": {"a.py", "def f():\n    x = source()\n    sink(" + strings.Repeat("1 + ", 2_000) + "x)\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := language.ForPath(test.path)
			for _, options := range []string{"", "options: {taint_intrafile: true}\n"} {
				res := compile(t, options+plain, spec.Name).Run(context.Background(), engine.File{Path: test.path, Source: []byte(test.source)})
				if len(res.Overruns) > 0 && test.want >= 0 {
					t.Errorf("%sgiven up: %v", options, res.Overruns)
				}
				if test.want >= 0 && len(res.Matches) != test.want {
					t.Errorf("%s%d findings, want %d", options, len(res.Matches), test.want)
				}
				for _, m := range res.Matches {
					if len(m.Way) > 60 {
						t.Errorf("a way of %d places", len(m.Way))
					}
				}
			}
		})
	}
}

// Functions that call each other without end are followed so far and no further.
func TestRecursion(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "def f%d(x):\n    f%d(x)\n    f%d(x)\n    return f%d(x)\n", i, (i+1)%40, (i+2)%40, (i+3)%40)
	}
	b.WriteString("sink(f0(source()))\n")
	res := compile(t, "options: {taint_intrafile: true}\n"+plain, "python").Run(context.Background(), engine.File{Path: "a.py", Source: []byte(b.String())})
	if len(res.Matches) != 1 || len(res.Overruns) > 0 {
		t.Errorf("%d findings and %v, want one finding", len(res.Matches), res.Overruns)
	}
}

func FuzzRun(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if spec := language.ForPath(file.Name); spec != nil {
				f.Add(spec.Name, string(file.Data))
			}
		}
	}
	const sections = `
pattern-sources: [{pattern: source(...), by-side-effect: true}, {pattern: $X.body, label: B, requires: __SOURCE__}, {pattern: begin(), control: true}]
pattern-sinks: [{pattern: sink(...)}, {pattern: "$X = $Y", requires: __SOURCE__ or B}]
pattern-sanitizers: [{pattern: clean($X), by-side-effect: true}]
pattern-propagators: [{pattern: $A.m($B), from: $B, to: $A}]
`
	sets := map[string][]*engine.Set{}
	for _, name := range []string{"go", "java", "javascript", "python", "typescript"} {
		if spec := language.ForName(name); spec != nil {
			sets[spec.Name] = []*engine.Set{compile(f, sections, spec.Name), compile(f, "options: {taint_intrafile: true}"+sections, spec.Name)}
		}
	}
	f.Fuzz(func(t *testing.T, lang, source string) {
		spec := language.ForName(lang)
		if spec == nil || len(sets[spec.Name]) == 0 || len(source) > 20_000 {
			return
		}
		for _, set := range sets[spec.Name] {
			file := engine.File{Path: "a" + spec.Extensions[0], Source: []byte(source)}
			first, second := set.Run(context.Background(), file), set.Run(context.Background(), file)
			if fmt.Sprint(first.Matches) != fmt.Sprint(second.Matches) && len(first.Overruns)+len(second.Overruns) == 0 {
				t.Error("two runs differ")
			}
			for _, m := range first.Matches {
				if len(m.Way) == 0 || m.End > uint32(len(source)) || m.Start > m.End {
					t.Errorf("a finding without a way or place: %+v", m)
				}
			}
		}
	})
}
