package match_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/match"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

func find(t testing.TB, lang, pat, src string, steps int) ([]match.Match, error) {
	t.Helper()
	spec := language.ForName(lang)
	p, err := pattern.Compile(spec, pat)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := spec.Parse("a"+spec.Extensions[0], []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return match.Find(p, tree, &match.Budget{Steps: steps})
}

// A pattern that runs out of steps or finds too much is an error, never a silence.
func TestBudget(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("a()\n", 400)
	if _, err := find(t, "python", "$A()\n...\n$B()\n...\n$C()\n...\nnever()", many, 100_000); !errors.Is(err, match.ErrBudget) {
		t.Errorf("statements: %v", err)
	}
	if _, err := find(t, "python", "f(..., $A, ..., $B, ..., $C, ..., 0)", "f("+strings.Repeat("a,", 2000)+")", 100_000); !errors.Is(err, match.ErrBudget) {
		t.Errorf("arguments: %v", err)
	}
	if _, err := find(t, "python", "{..., $A: 1, $B: 2, $C: 3, $D: 4, $E: 5, $F: 0, ...}", "x = {"+strings.Repeat("a: 1, ", 300)+"}", 100_000); !errors.Is(err, match.ErrBudget) {
		t.Errorf("members: %v", err)
	}
	if _, err := find(t, "python", "f(<... <... <... never ...> ...> ...>)", "f("+strings.Repeat("[", 200)+strings.Repeat("]", 200)+")", 100_000); !errors.Is(err, match.ErrBudget) {
		t.Errorf("deep: %v", err)
	}
	if _, err := find(t, "python", "$X", strings.Repeat("a\n", 150_000), 0); !errors.Is(err, match.ErrBudget) {
		t.Errorf("too many matches: %v", err)
	}
	if found, err := find(t, "python", "a()", many, 100_000); err != nil || len(found) != 400 {
		t.Errorf("an ordinary pattern: %d matches, %v", len(found), err)
	}
}

// The file's depth is not the matcher's.
func TestDeepFiles(t *testing.T) {
	t.Parallel()
	sum := "x = 'a'" + strings.Repeat(" + 'a'", 4_000)
	chain := "x" + strings.Repeat(".f()", 2_000) + ".end()"
	ifs := strings.Repeat("if (a) ", 500) + "b();"
	blocks := strings.Repeat("if (a) {", 500) + "b();" + strings.Repeat("}", 500)
	for _, c := range []struct {
		pat, src string
		want     int
	}{
		{"x = <... 'a' ...>", sum, 1},
		{"$X. ... .end()", chain, 1},
		{"b();", ifs, 1},
		{"f('...')", "f(" + sum[4:] + ")", 1},
		{"$X == $X", "(" + sum[4:] + ") == (" + sum[4:] + ")", 1},
		{"if ($X) { ... b(); }", ifs, 0}, // a statement without braces is no block
		{"if ($X) { ... b(); }", blocks, 500},
	} {
		found, err := find(t, "javascript", c.pat, c.src, 0)
		if err != nil {
			t.Errorf("%s: %v", c.pat, err)
			continue
		}
		lines := map[uint32]bool{}
		for _, m := range found {
			lines[m.Start] = true
		}
		if len(lines) != c.want {
			t.Errorf("%s: %d places, want %d", c.pat, len(lines), c.want)
		}
	}
}

// One budget serves many patterns and, one after the other, many files.
func TestBudgetIsReused(t *testing.T) {
	t.Parallel()
	spec := language.ForName("python")
	var b match.Budget
	for i, src := range []string{"import os as o\no.system(1)", "import os\no.system(1)", "import os as o\no.system(2)"} {
		tree, err := spec.Parse("a.py", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		p, err := pattern.Compile(spec, "os.system($X)")
		if err != nil {
			t.Fatal(err)
		}
		found, err := match.Find(p, tree, &b)
		if want := (i + 1) % 2; err != nil || len(found) != want {
			t.Errorf("file %d: %d matches, %v", i, len(found), err)
		}
	}
}

func TestBindings(t *testing.T) {
	t.Parallel()
	found, err := find(t, "python", "f($B, $A, $...C)", "f(1, x . y, 3, 4)", 0)
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	m := found[0]
	if got := describe(m.Bindings); got != "$...C=3, 4 $A=x . y $B=1" {
		t.Errorf("bindings %s", got)
	}
	a, ok := m.Bindings.Get("$A")
	if !ok || a.Start != 5 || a.End != 10 || a.Node == language.None {
		t.Errorf("$A = %+v", a)
	}
	if c, _ := m.Bindings.Get("$...C"); c.Node != language.None {
		t.Errorf("several nodes have one: %+v", c)
	}
	if _, ok := m.Bindings.Get("$Z"); ok {
		t.Error("$Z is bound")
	}
}

func FuzzFind(f *testing.F) {
	f.Add(0, "f($X, ...)", "f(a, b)")
	f.Add(1, "$X. ... .f();", "class A { void f() { a.b().f(); } }")
	f.Add(2, "const { $X } = $Y", "const { a } = b; f(`${a}`)")
	f.Add(3, "for $X in $Y:\n  ...\n  f($X)", "for a in b:\n  f(a)")
	f.Add(4, "class $C { ... $M(...) { ... } }", "class A { b() { } }")
	f.Add(3, "<... $X ...>", "a = {b: [c, *d]}")
	f.Fuzz(func(t *testing.T, lang int, pat, src string) {
		all := language.All()
		spec := all[uint(lang)%uint(len(all))]
		p, err := pattern.Compile(spec, pat)
		if err != nil {
			return
		}
		tree, err := spec.Parse("a"+spec.Extensions[0], []byte(src))
		if err != nil {
			return
		}
		found, err := match.Find(p, tree, &match.Budget{Steps: 50_000})
		if err != nil {
			if !errors.Is(err, match.ErrBudget) {
				t.Fatal(err)
			}
			return
		}
		for _, m := range found {
			if m.Start > m.End || int(m.End) > len(src) {
				t.Fatalf("out of range: %+v", m)
			}
			for _, b := range m.Bindings {
				if b.Start > b.End || int(b.End) > len(src) {
					t.Fatalf("out of range: %+v", b)
				}
			}
		}
		for _, w := range p.Words() {
			if len(found) > 0 && !strings.Contains(src, w) {
				t.Fatalf("the pattern %q asks for the word %q and matched without it in %q", pat, w, src)
			}
		}
	})
}

// sample writes code that looks like what people write, about size bytes of it.
func sample(lang string, size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		switch lang {
		case "go":
			if i == 0 {
				b.WriteString("package p\nimport \"os/exec\"\n")
			}
			fmt.Fprintf(&b, "// F%d does a thing.\nfunc (s *Server) F%d(ctx context.Context, name string) (*Result, error) {\n\tif name == \"\" {\n\t\treturn nil, errors.New(\"no name\")\n\t}\n\tcmd := exec.CommandContext(ctx, \"tool\", name, strconv.Itoa(%d))\n\tfor i, v := range s.items[name] {\n\t\ts.log.Info(\"item\", i, v.Title)\n\t}\n\treturn &Result{Name: name, Count: len(s.items)}, cmd.Run()\n}\n\n", i, i, i)
		case "python":
			if i == 0 {
				b.WriteString("import os\nfrom flask import request\n")
			}
			fmt.Fprintf(&b, "@app.route(\"/r%d\", methods=[\"GET\"])\ndef view%d(name, limit=%d):\n    \"\"\"Shows a thing.\"\"\"\n    rows = db.query(\"select * from t where n = ?\", name)\n    if not rows:\n        raise NotFound(f\"no {name}\")\n    for row in rows:\n        log.info(\"row %%s\", row.title)  # a comment\n    return {\"name\": name, \"rows\": [r.id for r in rows]}\n\n\n", i, i, i)
		case "javascript", "typescript":
			annotation := ""
			if lang == "typescript" {
				annotation = ": string"
			}
			fmt.Fprintf(&b, "app.get('/r%d', async (req, res) => {\n  const name%s = req.query.name;\n  if (!name) {\n    return res.status(400).json({ error: 'no name' });\n  }\n  const rows = await db.find({ name, limit: %d }).sort('id');\n  for (const row of rows) {\n    log.info(`row ${row.title}`); // a comment\n  }\n  res.json({ name, rows: rows.map((r) => r.id) });\n});\n\n", i, annotation, i)
		case "java":
			fmt.Fprintf(&b, "class C%d extends Base implements Filter {\n  private static final String NAME = \"n\";\n  @Override\n  public List<String> find(final String name, int limit) throws IOException {\n    if (name == null) {\n      throw new IllegalArgumentException(\"no name\");\n    }\n    List<String> out = new ArrayList<>();\n    for (Row row : db.query(\"select \" + name, limit)) {\n      out.add(row.getTitle()); // a comment\n    }\n    return out;\n  }\n}\n\n", i)
		}
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	for _, spec := range language.All() {
		src := []byte(sample(spec.Name, 1<<20))
		b.Run(spec.Name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				tree, err := spec.Parse("a"+spec.Extensions[0], src)
				if err != nil || len(tree.Errors) != 0 {
					b.Fatal(err, tree.Errors)
				}
			}
		})
	}
}

func BenchmarkFind(b *testing.B) {
	patterns := map[string][]string{
		"go":         {"exec.CommandContext(...)", "$X := $Y\n...\nreturn $Z", "&Result{..., Name: $N, ...}", "if $X == \"\" { ... }", "$X.Info(..., $V.Title)"},
		"python":     {"db.query(...)", "def $F(...):\n  ...\n  raise $E", "for $X in $Y:\n  ...\n  log.info(..., $X.title)", "f\"...{$X}...\"", "foo(<... $X.id ...>)"},
		"javascript": {"$RES.json({ error: $E })", "$X = $REQ.query.$P;\n...\n$RES.json(...);", "app.get(..., (req, res) => { ... })", "$DB. ... .sort($X)", "eval($X)"},
		"java":       {"(List $L).add(...)", "$DB.query(\"...\" + $X, ...)", "class $C implements Filter { ... }", "throw new $E(...);", "$T $M(..., String $X, ...) { ... }"},
	}
	patterns["typescript"] = patterns["javascript"]
	for _, spec := range language.All() {
		src := []byte(sample(spec.Name, 1<<20))
		tree, err := spec.Parse("a"+spec.Extensions[0], src)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(spec.Name, func(b *testing.B) {
			var ps []*pattern.Pattern
			for _, s := range patterns[spec.Name] {
				p, err := pattern.Compile(spec, s)
				if err != nil {
					b.Fatal(err)
				}
				ps = append(ps, p)
			}
			b.SetBytes(int64(len(src) * len(ps)))
			b.ReportAllocs()
			for b.Loop() {
				var budget match.Budget
				for _, p := range ps {
					if _, err := match.Find(p, tree, &budget); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
