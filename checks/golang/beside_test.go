package golang

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/diff"
)

type listedTree struct{ tree }

func (t listedTree) Paths() []string {
	var out []string
	for p := range t.tree {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// TestBeside: what a file that did not change declares gives its types to one that did; the file itself is not judged, nor are tests, files of other
// platforms and packages.
func TestBeside(t *testing.T) {
	t.Parallel()
	head := tree{
		"p/a.go":         "package p\n\nimport \"database/sql\"\n\nfunc save(s *store) {\n\t_ = s.begin().Commit()\n\t_ = other.Commit()\n}\n\nvar _ *sql.Tx\n",
		"p/b.go":         "package p\n\nimport (\n\t\"database/sql\"\n\t\"os\"\n)\n\ntype store struct{ db *sql.DB }\n\nfunc (s *store) begin(\n) *sql.Tx {\n\tx := `\n}\n`\n\t_ = x\n\ttx, _ := s.db.Begin()\n\t_ = tx.Commit()\n\treturn tx\n}\n\nfunc unused(f *os.File) {\n}\n",
		"p/b_windows.go": "package p\n\nimport \"database/sql\"\n\nvar other *sql.Tx\n",
		"p/c_test.go":    "package p\n\nimport \"database/sql\"\n\nvar other *sql.Tx\n",
		"p/d.go":         "package q\n\nimport \"database/sql\"\n\nvar other *sql.Tx\n",
		"p/e.go":         "package p\n\nthis does not parse",
		"p/sub/f.go":     "package p\n\nimport \"database/sql\"\n\nvar other *sql.Tx\n",
	}
	run := func(head tree) string {
		c := &checks.Change{Base: tree{}, Head: listedTree{head}, Files: []*checks.File{{Path: "p/a.go", Status: checks.Added, Lines: diff.Lines(nil, []byte(head["p/a.go"]))}}}
		var out []string
		err := Check.Run(t.Context(), &checks.Pass{Change: c, Side: checks.Head, Unscanned: func(u checks.Unscanned) { t.Error(u) }, Report: func(f checks.Finding) {
			out = append(out, fmt.Sprintf("%s:%d %s", f.Location.Path, f.Location.StartLine, f.RuleID))
		}})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(out, ", ")
	}
	if got := run(head); got != "p/a.go:6 go-error-ignored" {
		t.Errorf("got %s", got)
	}
	if got := run(tree{"p/a.go": head["p/a.go"]}); got != "" {
		t.Errorf("alone: got %s", got)
	}
	near := Check.ReadsNear([]string{"p/a.go", "gone/x.go", "y.txt"}, listedTree{head}.Paths())
	if got := strings.Join(near, " "); got != "p/b.go p/b_windows.go p/d.go p/e.go" {
		t.Errorf("reads %s", got)
	}
}

// TestDeclarations: bodies are left out where that is sure.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"package p\n\nfunc f() int { return 1 }\n\nfunc g(\n\ta int,\n) error {\n\treturn nil\n}\n\nvar x = 1\n": "package p\n\nfunc f() int { return 1 }\n\nfunc g(\n\ta int,\n) error \n\nvar x = 1\n",
		"package p\n\nfunc f()\n": "package p\n\nfunc f()\n",
		"func f() {\n":            "func f() {\n",
		"":                        "",
	} {
		if got := string(declarations([]byte(text))); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
