package rules

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden parts of testdata")

func TestProblems(t *testing.T) {
	t.Parallel()
	const file = "testdata/problems.txtar"
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		in, want := archive.Files[i], &archive.Files[i+1]
		rs, problems := Parse(Source{Name: in.Name, Origin: OriginFlag, Data: in.Data})
		var b strings.Builder
		for _, r := range rs {
			fmt.Fprintf(&b, "rule %s\n", r.ID.Value)
		}
		for _, p := range problems {
			fmt.Fprintf(&b, "%s [%s]\n", p, p.Kind)
			if p.File != in.Name || p.Message == "" {
				t.Errorf("%s: a problem without file or message: %+v", in.Name, p)
			}
		}
		if *update {
			want.Data = []byte(b.String())
			continue
		}
		if diff := cmp.Diff(string(want.Data), b.String()); diff != "" {
			t.Errorf("%s: -want +got\n%s", in.Name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A pattern's error is told at its place in the rule file, whatever the style of the scalar.
func TestTextAt(t *testing.T) {
	t.Parallel()
	src := "rules:\n  - id: r\n    message: m\n    severity: ERROR\n    languages: [python]\n    pattern-either:\n" +
		"      - pattern: plain(x)\n" + // line 7
		"      - pattern: \"quoted(x)\"\n" + // line 8
		"      - pattern: |\n          block(x)\n          second(x)\n" + // lines 9 to 11
		"      - pattern: |\n\n            after_a_blank(x)\n" + // lines 12 to 14
		"      - pattern: >-\n          folded(x)\n          second(x)\n" // lines 15 to 17
	rs, problems := Parse(Source{Name: "r.yaml", Data: []byte(src)})
	if len(rs) != 1 || len(problems) != 0 {
		t.Fatalf("Parse gave %d rules and %v", len(rs), problems)
	}
	children := rs[0].Formula.Children
	for _, test := range []struct {
		child, line, column int
		want                Pos
	}{
		{0, 1, 7, Pos{7, 24}},
		{1, 1, 8, Pos{8, 26}},
		{2, 1, 1, Pos{10, 11}},
		{2, 2, 8, Pos{11, 18}},
		{3, 2, 1, Pos{14, 13}},
		{4, 1, 1, Pos{15, 18}}, // folded: only the scalar itself
	} {
		if got := children[test.child].Text.At(test.line, test.column); got != test.want {
			t.Errorf("pattern %d, %d:%d is at %v, want %v", test.child, test.line, test.column, got, test.want)
		}
	}
}

// What a hostile repository can put into a rule file ends in a Problem, soon.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	bomb.WriteString("rules: *a11\n")

	// Each level of operators holds the one below it ten times.
	var operators strings.Builder
	operators.WriteString("x0: &x0 {pattern: f()}\n")
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&operators, "x%d: &x%d {pattern-either: [%s]}\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d, ", i-1), 10), ", "))
	}
	operators.WriteString("rules:\n  - id: r\n    message: m\n    severity: ERROR\n    languages: [go]\n    pattern-either: [*x29]\n")

	head := "rules:\n  - id: r\n    message: m\n    severity: ERROR\n    languages: [go]\n"
	for name, data := range map[string]string{
		"an alias bomb":             bomb.String(),
		"an alias bomb of patterns": operators.String(),
		"an alias to itself":        head + "    pattern-either: &e [{pattern-either: *e}]\n",
		"deep nesting":              head + "    pattern-either: " + strings.Repeat("[{pattern-either: ", 3000) + "x" + strings.Repeat("}]", 3000),
		"deep brackets":             strings.Repeat("[", 200_000),
		"a large file":              head + "    pattern: " + strings.Repeat("x", MaxFileSize),
		"invalid UTF-8":             head + "    pattern: \"\xff\xfe\"\n",
		"a null byte":               head + "    pattern: \"\x00\"\n",
		"UTF-16":                    "\xff\xfer\x00u\x00l\x00e\x00s\x00:\x00",
		"only a directive":          "%YAML 1.1\n",
		"a cut document":            "---\n...\n---\n",
	} {
		rs, problems := Parse(Source{Name: "hostile.yaml", Data: []byte(data)})
		if len(rs) != 0 || len(problems) == 0 {
			t.Errorf("%s: %d rules and %d problems, want none and some", name, len(rs), len(problems))
		}
		for _, p := range problems {
			if len(p.Message) > 2000 {
				t.Errorf("%s: a message of %d bytes", name, len(p.Message))
			}
		}
		if len(problems) > 1000 {
			t.Errorf("%s: %d problems", name, len(problems))
		}
	}
}

func FuzzParse(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/problems.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Data)
	}
	for _, src := range Builtin() {
		f.Add(src.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rs, problems := Parse(Source{Name: "fuzz.yaml", Data: data})
		for _, r := range rs {
			if r.ID.Value == "" || (r.Formula == nil) == (r.Taint == nil) || len(r.Languages) == 0 {
				t.Errorf("a rule without id, formula or language: %+v", r)
			}
			for _, p := range problems {
				if p.Stops() && p.RuleID == r.ID.Value && p.Line >= r.Pos.Line && p.Line == r.ID.Pos.Line {
					t.Errorf("rule %s runs in spite of %s", r.ID.Value, p)
				}
			}
		}
		if len(rs) == 0 && len(problems) == 0 && !strings.Contains(string(data), "rules") {
			t.Error("neither a rule nor a problem")
		}
	})
}

func TestLoadPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const good = "rules:\n  - {id: r, message: m, severity: ERROR, languages: [go], pattern: f()}\n"
	files := map[string]string{
		"b.yaml":             good,
		"a/one.yml":          good,
		"a/flow.yaml":        "{\"rules\": []}\n",
		"a/broken.yaml":      "rules:\n  - id: [\n", // its owner must hear of it
		"values.yaml":        "replicas: 3\n",
		"template.yaml":      "{{ if .Values.rules }}\n",
		"role.yaml":          "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules:\n  - verbs: [get]\n",
		"notes.txt":          good,
		".git/config.yaml":   good,
		"outside/kept.yaml":  good,
		"a/c/UPPER.YAML":     good,
		"a/c/empty.yaml":     "",
		"a/one.test.yml":     good,
		"b.test.yaml":        good,
		"b.test.fixed.yaml":  good,
		"b.fixed.test.yaml":  good,
		"single/values.yaml": "replicas: 3\n",
	}
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "b.yaml"), filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "outside"), filepath.Join(dir, "a", "linked")); err != nil {
		t.Fatal(err)
	}
	sources, skipped, err := LoadPath(dir, OriginFloor)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, src := range sources {
		rel, err := filepath.Rel(dir, src.Name)
		if err != nil || src.Origin != OriginFloor {
			t.Fatalf("source %s of origin %s: %v", src.Name, src.Origin, err)
		}
		got = append(got, filepath.ToSlash(rel))
	}
	want := []string{"a/broken.yaml", "a/c/UPPER.YAML", "a/flow.yaml", "a/one.yml", "b.yaml", "outside/kept.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sources: -want +got\n%s", diff)
	}
	if skipped != 10 { // values (2), template, role, empty, link.yaml, fixtures (4); a linked folder is no YAML file
		t.Errorf("skipped %d files, want 10", skipped)
	}

	for name, part := range map[string]string{
		"values.yaml":    `no "rules:" at the top level`,
		"a/broken.yaml":  "broken.yaml:",
		"a/c/empty.yaml": "the file is empty",
		"missing.yaml":   "no such file",
	} {
		_, _, err := LoadPath(filepath.Join(dir, filepath.FromSlash(name)), OriginFlag)
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("LoadPath(%s) gave %v, want an error with %q", name, err, part)
		}
	}
	if one, _, err := LoadPath(filepath.Join(dir, "b.yaml"), OriginFlag); err != nil || len(one) != 1 {
		t.Errorf("LoadPath of one file gave %d sources and %v", len(one), err)
	}
}

func TestParseAllRefusesAnIDTwice(t *testing.T) {
	t.Parallel()
	const file = "rules:\n  - {id: same, message: m, severity: ERROR, languages: [go], pattern: f()}\n"
	rs, problems := ParseAll([]Source{{Name: "one.yaml", Data: []byte(file)}, {Name: "two.yaml", Data: []byte(file)}})
	if len(rs) != 1 || rs[0].File != "one.yaml" {
		t.Errorf("rules: %v, want the one of one.yaml", rs)
	}
	want := "two.yaml:2:10: same: the id is taken by the rule at one.yaml:2: give this one another id"
	if len(problems) != 1 || problems[0].String() != want {
		t.Errorf("problems: %v, want %q", problems, want)
	}
}

func TestParseAllNamesRulesOfOneIDByTheirFolder(t *testing.T) {
	t.Parallel()
	const file = "rules:\n  - {id: same, message: m, severity: ERROR, languages: [go], pattern: f()}\n"
	source := func(name string, o Origin) Source { return Source{Name: name, Origin: o, Data: []byte(file)} }
	rs, problems := ParseAll([]Source{
		source("r/django/injection/a.yaml", OriginFlag), source("r/flask/injection/a.yaml", OriginFlag), source("r/pyramid/injection/a.yaml", OriginFlag),
		source("r/pyramid/injection/b.yaml", OriginRepository),
	})
	var ids []string
	for _, r := range rs {
		ids = append(ids, r.ID.Value)
	}
	if got, want := strings.Join(ids, " "), "same injection.same pyramid.injection.same"; got != want {
		t.Errorf("ids: %s, want %s", got, want)
	}
	if len(problems) != 3 || problems[0].Stops() || problems[1].Stops() || !problems[2].Stops() {
		t.Errorf("problems: %v, want two notes and a refusal", problems)
	}
}

func ExampleParse() {
	rs, problems := Parse(Source{Name: "team/eval.yaml", Data: []byte(`
rules:
  - id: no-eval
    message: eval runs $CODE as a program; use json.loads
    severity: ERROR
    languages: [python]
    pattern: eval($CODE)
  - id: no-exec
    message: exec runs text as a program
    severity: ERROR
    languages: [python]
    patern: exec(...)
`)})
	for _, r := range rs {
		fmt.Println("runs:", r.ID.Value)
	}
	for _, p := range problems {
		fmt.Println(p)
	}
	// Output:
	// runs: no-eval
	// team/eval.yaml:12:5: no-exec: unknown key "patern": did you mean "pattern"?
}
