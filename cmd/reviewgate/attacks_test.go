package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var attackForm = regexp.MustCompile("^\\| (.+?) +\\| (.+?) +\\| `([a-z0-9/_-]+)` ((?:Test|Fuzz)[A-Za-z0-9_]+)(?:/(.+?))? +\\|$")

// TestAttacks holds docs/attacks.md to the tests that it names: each is there, and so is the case behind the slash, as a text of its file.
func TestAttacks(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/attacks.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| attack |") {
			continue
		}
		m := attackForm.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no attack, what becomes of it, and test: %s", line)
			continue
		}
		n++
		if texts := textsOf(t, m[3], m[4]); texts == nil {
			t.Errorf("%s has no %s: %s", m[3], m[4], m[1])
		} else if m[5] != "" && !slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, m[5]) }) {
			t.Errorf("%s of %s has no case %q: %s", m[4], m[3], m[5], m[1])
		}
	}
	t.Logf("%d attacks", n)
	if n < 60 {
		t.Errorf("%d attacks, fewer than 60", n)
	}
}

// textsOf gives the texts in the file of a folder that declares a test; nil if none does.
func textsOf(t *testing.T, dir, name string) []string {
	t.Helper()
	files, err := filepath.Glob("../../" + dir + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(source), "func "+name+"(") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		texts := []string{""}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					texts = append(texts, s)
				}
			}
			return true
		})
		return texts
	}
	return nil
}
