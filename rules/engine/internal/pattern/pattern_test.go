package pattern_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// What matches is tested in package match; here: what is refused, where the error points, and which words a file must hold.

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang, src    string
		line, column int
		message      string
	}{
		{"python", "", 1, 1, "empty"},
		{"python", " \n ", 1, 1, "empty"},
		{"python", "foo(", 1, 4, "not code of python"},
		{"python", "x = 1\nfoo(]", 2, 1, "not code of python"},
		{"python", "foo($x)", 1, 5, "upper case"},
		{"python", "foo(<... x)", 1, 5, "not closed"},
		{"python", "foo('abc)", 1, 5, "not closed"},
		{"python", "a\x00b", 1, 2, "NUL"},
		{"python", `foo("=~/(/")`, 1, 1, "regular expression"},
		{"javascript", "function (", 1, 1, "not code of javascript"},
		{"javascript", "a /* b", 1, 3, "comment"},
		{"go", "func f( {", 1, 8, "not code of go"},
		{"java", "class { }", 1, 1, "not code of java"},
		{"python", strings.Repeat("(", 5000), 1, 1, ""},
		{"python", "f(" + strings.Repeat("...,", 600) + ")", 1, 1, "more than 500"},
		{"python", strings.Repeat("a", pattern.MaxSource+1), 1, 1, "bytes"},
		{"python", strings.Repeat("f(", 300) + strings.Repeat(")", 300), 1, 1, "deeper than"},
	} {
		p, err := pattern.Compile(language.ForName(c.lang), c.src)
		name := c.src[:min(len(c.src), 20)]
		if err == nil {
			t.Errorf("%s %q: compiled to %d roots", c.lang, name, len(p.Roots))
			continue
		}
		var e *pattern.Error
		if !errors.As(err, &e) {
			t.Errorf("%s %q: the error has no place: %v", c.lang, name, err)
			continue
		}
		if c.message != "" && (e.Line != c.line || e.Column != c.column) || !strings.Contains(e.Message, c.message) {
			t.Errorf("%s %q: %v, want %d:%d ...%s...", c.lang, name, err, c.line, c.column, c.message)
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, src, want string }{
		{"python", "os.system($X)", "os system"},
		{"python", `foo("bar", $X, key=1)`, "foo key"},
		{"python", "$X = ...", ""},
		{"python", "import a.b", "a b"},
		{"python", "from a import b", "a b"},
		{"python", "def $F(self, ...): ...", "self"},
		{"javascript", "$X = require('child_process')", "require"},
		{"javascript", "const $X = require('child_process')", ""}, // import $X from 'child_process' has no require
		{"javascript", "import { exec } from 'child_process'", "exec"},
		{"java", "(HttpServletRequest $R).getParameter(...)", "getParameter"},
		{"java", "new java.io.File($X)", "java io File"},
		{"go", "exec.Command($X, ...)", "exec Command"},
		{"go", "$X == nil", ""},
	} {
		p, err := pattern.Compile(language.ForName(c.lang), c.src)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		if got := p.Words(); !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%s: words %q, want %q", c.src, got, c.want)
		}
	}
}

func TestSequence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang, src string
		roots     int
		sequence  bool
	}{
		{"python", "foo()", 1, false},
		{"python", "foo()\nbar()", 2, true},
		{"python", "foo()\n...\nbar()", 3, true},
		{"python", "return $X", 1, false},
		{"javascript", "foo()", 1, false},
		{"javascript", "foo();", 1, true},
		{"javascript", "x = foo();", 1, true},
		{"javascript", "x = foo()", 1, false},
		{"javascript", "let x = foo();", 1, false},
		{"java", "foo()", 1, false},
		{"java", "foo();", 1, true},
		{"go", "foo()", 1, false},
		{"python", "...", 1, true},
	} {
		p, err := pattern.Compile(language.ForName(c.lang), c.src)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		if len(p.Roots) != c.roots || p.Sequence != c.sequence || p.String() != c.src {
			t.Errorf("%s %q: %d roots, sequence %v, text %q", c.lang, c.src, len(p.Roots), p.Sequence, p)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		"foo($X, ...)", "$X. ... .f()", "if ($X) { ... }", "<... $X ...>", "f\"...{$X}...\"", "`...${$X}...`", "def $F(..., $A=$B): ...", "(String $X).f()",
		"($X: T)", "@a(...)\nclass $C { ... }", "{ a: $X }", "catch ($E) { ... }", "=~/x/", "\"=~/x/\"", "$...A", "for (...) { ... }", "func ($R T) f() { ... }", "case 1:",
	} {
		for i := range language.All() {
			f.Add(i, s)
		}
	}
	f.Fuzz(func(t *testing.T, lang int, src string) {
		all := language.All()
		spec := all[uint(lang)%uint(len(all))]
		p, err := pattern.Compile(spec, src)
		if err != nil {
			var e *pattern.Error
			if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 || e.Line > 1+strings.Count(src, "\n") {
				t.Fatalf("%q: %v", src, err)
			}
			return
		}
		if len(p.Roots) == 0 {
			t.Fatalf("%q has no roots", src)
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	spec := language.ForName("java")
	for b.Loop() {
		if _, err := pattern.Compile(spec, "public $T $M(..., HttpServletRequest $R, ...) { ... $R.getParameter(...); ... }"); err != nil {
			b.Fatal(err)
		}
	}
}
