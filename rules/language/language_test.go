package language_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

var update = flag.Bool("update", false, "write the golden files")

// TestLowering compares the trees of the samples with testdata/*.golden: one sample per language, with all that the language file
// lowers.
func TestLowering(t *testing.T) {
	t.Parallel()
	samples, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(samples) < 5 {
		t.Fatal(samples, err)
	}
	for _, sample := range samples {
		name := strings.TrimSuffix(sample, ".txt")
		if of, _, _ := strings.Cut(filepath.Base(name), "."); language.Absent(of) {
			continue // a build without the tag
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(sample)
			if err != nil {
				t.Fatal(err)
			}
			tree, err := language.ForPath(name).Parse(name, src)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range tree.Errors {
				t.Errorf("an error in the sample at %q", tree.Source[e.Start:e.End])
			}
			checkTree(t, tree)
			golden := name + ".golden"
			got := tree.Dump()
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

// checkTree fails if the tree is not well formed: preorder, parents, ranges.
func checkTree(t testing.TB, tree *language.Tree) {
	t.Helper()
	if len(tree.Nodes) == 0 || tree.Nodes[0].Kind != language.File || tree.Nodes[0].Parent != language.None || int(tree.Nodes[0].Next) != len(tree.Nodes) {
		t.Fatal("no root, or not over all nodes")
	}
	for i := range tree.Nodes {
		id, n := language.ID(i), &tree.Nodes[i]
		if n.Next <= id || int(n.Next) > len(tree.Nodes) || n.Start > n.End || int(n.End) > len(tree.Source) {
			t.Fatalf("node %d is out of range: %+v", i, n)
		}
		if n.Parent >= id || i > 0 && (n.Parent < 0 || id >= tree.Nodes[n.Parent].Next || n.Next > tree.Nodes[n.Parent].Next) {
			t.Fatalf("node %d is outside of its parent: %+v", i, n)
		}
		if int(n.Kind) >= int(language.Ellipsis) {
			t.Fatalf("node %d has a kind that only patterns have: %v", i, n.Kind)
		}
	}
	for i, e := range tree.Errors {
		if e.Start > e.End || int(e.End) > len(tree.Source) {
			t.Fatalf("error %d: %+v", i, e)
		}
	}
}

func TestForNameAndPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, want string }{
		{"a/b.go", "go"}, {"b.py", "python"}, {"b.PY", "python"}, {"x.tsx", "typescript"}, {"x.ts", "typescript"}, {"x.jsx", "javascript"},
		{"x.mjs", "javascript"}, {"X.java", "java"}, {"x.rb", "ruby"}, {"x.pas", ""}, {"a/main.tf", "terraform"}, {"a.YML", "yaml"}, {"a.json", "json"}, {"run.sh", "bash"}, {"Dockerfile", "dockerfile"},
		{"b/Containerfile", "dockerfile"}, {"Dockerfile.prod", "dockerfile"}, {"web.dockerfile", "dockerfile"}, {"Dockerfiles", ""}, {"go", ""}, {".py", "python"}, {"", ""},
	} {
		got := ""
		if s := language.ForPath(c.path); s != nil {
			got = s.Name
		}
		if got != c.want {
			t.Errorf("ForPath(%q) = %q, want %q", c.path, got, c.want)
		}
	}
	for _, s := range language.All() {
		for _, name := range append([]string{s.Name, strings.ToUpper(s.Name)}, s.Aliases...) {
			if language.ForName(name) != s {
				t.Errorf("ForName(%q) is not %s", name, s.Name)
			}
		}
	}
	if language.ForName("cobol") != nil {
		t.Error("ForName(cobol) is a language")
	}
}

func TestSymbolAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, src, want string }{
		{"a.py", "x = @", ""},
		{"a.py", "class A:\n  def f(self):\n    @", "A.f"},
		{"a.py", "class A:\n  class B:\n    def f(self):\n      def g():\n        @", "A.B.f.g"},
		{"a.py", "def f():\n  return lambda: @", "f"},
		{"a.go", "package p\nfunc f() { @ }", "f"},
		{"a.go", "package p\nfunc (t *T) F() { go func() { @ }() }", "T.F"},
		{"a.go", "package p\nfunc (t T[K]) F() { @ }", "T.F"},
		{"a.go", "package p\ntype T struct { @ }", "T"},
		{"a.js", "const f = () => { @ }", "f"},
		{"a.js", "app.get('/', (a) => { @ })", ""},
		{"a.js", "class A { b() { [].map(x => @) } }", "A.b"},
		{"a.js", "module.exports = { run() { @ } }", "run"},
		{"a.js", "x = { run: function () { @ } }", "run"},
		{"a.ts", "namespace N { export class A { b(): void { @ } } }", "N.A.b"},
		{"A.java", "class A { A() { @ } }", "A.A"},
		{"A.java", "class A { Runnable r = () -> { @; }; interface B { default void m() { @; } } }", "A.r"},
		{"A.java", "class A { void f() { new B() { void g() { @; } }; } }", "A.f.g"},
	} {
		at := strings.IndexByte(c.src, '@')
		tree := parse(t, c.path, strings.ReplaceAll(c.src, "@", "y"))
		if got := tree.SymbolAt(uint32(at)); got != c.want {
			t.Errorf("%s: SymbolAt = %q, want %q", c.src, got, c.want)
		}
	}
}

func parse(t testing.TB, path, src string) *language.Tree {
	t.Helper()
	tree, err := language.ForPath(path).Parse(path, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	checkTree(t, tree)
	return tree
}

func TestPositions(t *testing.T) {
	t.Parallel()
	tree := parse(t, "a.py", "\ufeffx = 'é'\r\ny\r\n")
	for _, c := range []struct {
		offset       uint32
		line, column int
	}{{0, 1, 1}, {3, 1, 2}, {8, 1, 7}, {10, 1, 8}, {13, 2, 1}, {16, 3, 1}} {
		if line, column := tree.Position(c.offset); line != c.line || column != c.column {
			t.Errorf("Position(%d) = %d:%d, want %d:%d", c.offset, line, column, c.line, c.column)
		}
		if got := tree.Offset(c.line, c.column); got != c.offset {
			t.Errorf("Offset(%d, %d) = %d, want %d", c.line, c.column, got, c.offset)
		}
	}
	for _, c := range [][2]int{{0, 1}, {-1, -1}, {99, 1}, {1, 99}, {1, 0}} {
		if got := tree.Offset(c[0], c[1]); int(got) > len(tree.Source) {
			t.Errorf("Offset(%d, %d) = %d is outside", c[0], c[1], got)
		}
	}
}

// Odd bytes are read, not refused.
func TestOddSources(t *testing.T) {
	t.Parallel()
	for _, s := range language.All() {
		path := "a" + s.Extensions[0]
		for _, src := range []string{
			"", "\n", "\x00", "a\x00b", "\xff\xfe\xfd", "\ufeff", "\r\n\r\n", "\r", "/*", "\"", "'''", "`${", "f(", ")))", "\xef\xbb", "é", "#!/usr/bin/env x\n",
			strings.Repeat("a", 100_000), strings.Repeat("\n", 100_000), "\u2028", "🙂 = 1",
		} {
			tree := parse(t, path, src)
			if tree.Source != src {
				t.Errorf("%s: the source changed", s.Name)
			}
			tree.SymbolAt(0)
			tree.SymbolAt(uint32(len(src)))
			tree.Position(uint32(len(src)))
		}
	}
}

func TestBrokenSyntaxIsTold(t *testing.T) {
	t.Parallel()
	for path, src := range map[string]string{
		"a.go": "package p\nfunc f( {\n", "a.py": "def f(:\n  x\n", "a.js": "function ( {", "a.ts": "class { x: }", "A.java": "class A { void f( }",
	} {
		if tree := parse(t, path, src); len(tree.Errors) == 0 {
			t.Errorf("%s: no error told", path)
		}
	}
	// What is around a broken place is still read.
	tree := parse(t, "a.py", "def good():\n  f(1)\n\nx = = 2\n\ndef also():\n  g(2)\n")
	if len(tree.Errors) == 0 || tree.SymbolAt(uint32(strings.Index(tree.Source, "g(2)"))) != "also" {
		t.Errorf("the function after the error is lost:\n%s", tree.Dump())
	}
}

// Hostile sizes end in ErrLimit or a tree, in bounded memory, and never in a crash.
func TestLimits(t *testing.T) {
	t.Parallel()
	refused := func(name string, err error, want bool) {
		t.Helper()
		if got := errors.Is(err, language.ErrLimit); got != want {
			t.Errorf("%s: refused = %v, want %v (%v)", name, got, want, err)
		}
		if err != nil && !strings.Contains(err.Error(), "hostile") {
			t.Errorf("%s: the error does not name the file: %v", name, err)
		}
	}
	for _, s := range language.All() {
		path := "hostile" + s.Extensions[0]
		_, err := s.Parse(path, make([]byte, language.MaxSource+1))
		refused(s.Name+" size", err, true)
		for _, open := range []string{"(", "[", "{", "a(", "!"} {
			tree, err := s.Parse(path, []byte(strings.Repeat(open, 30_000)))
			if err != nil {
				refused(s.Name+" "+open, err, true)
				continue
			}
			checkTree(t, tree)
		}
		// Code on which the parser needs more than linear time.
		if _, err := s.Parse(path, []byte(strings.Repeat("f(function(){", 2_000))); err != nil {
			refused(s.Name+" callbacks", err, true)
		}
		closed := strings.Repeat("(", 20_000) + "1" + strings.Repeat(")", 20_000)
		if s.Name == "go" {
			closed = "package p\nvar x = " + closed
		} else if s.Name == "java" {
			closed = "class A { int x = " + closed + "; }"
		} else if s.Name == "json" || s.Name == "yaml" {
			closed = strings.NewReplacer("(", "[", ")", "]").Replace(closed)
		} else if s.Name == "php" {
			closed = "<?php $x = " + closed + ";"
		} else if s.Name == "solidity" {
			closed = "contract A { uint x = " + closed + "; }"
		} else if s.Name == "dockerfile" {
			closed = "RUN " + closed
		} else if s.Name == "html" {
			closed = strings.NewReplacer("(", "<b>", ")", "</b>").Replace(closed)
		}
		_, err = s.Parse(path, []byte(closed))
		refused(s.Name+" depth", err, true)
	}
	// A sum of some thousand strings is code that people generate.
	sum := "x = 'a'" + strings.Repeat(" + 'a'", 5_000)
	if tree := parse(t, "a.js", sum); len(tree.Errors) != 0 {
		t.Error("a long sum has errors")
	}
	// One declaration of many names repeats its type for each of them.
	many := "package p\ntype T struct { a" + strings.Repeat(", a", 30_000) + " map[" + strings.Repeat("[]map[", 500) + "int" + strings.Repeat("]int", 500) + "]int }"
	_, err := language.ForName("go").Parse("hostile.go", []byte(many))
	refused("repeated types", err, true)
}

func TestImportFormsAreTheSame(t *testing.T) {
	t.Parallel()
	shape := func(src string) string {
		tree := parse(t, "a.js", src)
		var b strings.Builder
		for c := range tree.Children(0) {
			b.WriteString(tree.Nodes[c].Kind.String())
			for k := range tree.Children(c) {
				if n := tree.Nodes[k]; n.Slot != language.SlotValue {
					b.WriteString(" " + n.Slot.String() + "=" + n.Kind.String() + n.Value)
				}
			}
		}
		return b.String()
	}
	same := func(a, b string) {
		t.Helper()
		if shape(a) != shape(b) {
			t.Errorf("%s is %s\n%s is %s", a, shape(a), b, shape(b))
		}
	}
	same(`import x from 'y'`, `const x = require("y")`)
	same(`import { default as x } from 'y'`, `const { default: x } = require('y')`)
	same(`import { a, b as c } from 'y'`, `const { a, b: c } = require('y')`)
}
