package quality_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// persons are words by which a field could name somebody. Verdicts count what reviewers said, and Judgement how many they were.
var persons = regexp.MustCompile(`(?i)login|user|reviewer$|approver|e-?mail|sponsor|pusher|committer|merged_?by|waived_?by|author_?name`)

// TestNoPersons holds every type of the package to what doc.go promises: machines, repositories and rules are compared, persons never.
func TestNoPersons(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.StructType)
			if !ok {
				return true
			}
			for _, f := range s.Fields.List {
				for _, name := range f.Names {
					fields++
					if persons.MatchString(name.Name) {
						t.Errorf("the field %s could name a person", name.Name)
					}
					if sel, ok := f.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Person" {
						t.Errorf("the field %s is a person", name.Name)
					}
				}
			}
			return true
		})
	}
	if fields < 50 {
		t.Errorf("only %d fields were looked at", fields)
	}
}
