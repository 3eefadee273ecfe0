package matrix_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
	"github.com/reviewgate-app/reviewgate/rules/matrix"
)

var update = flag.Bool("update", false, "write docs/languages.md")

func rows(t *testing.T) []*matrix.Row {
	t.Helper()
	rows, err := matrix.Rows()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestCells runs the fixture of every cell that is claimed.
func TestCells(t *testing.T) {
	t.Parallel()
	for _, row := range rows(t) {
		for key, cell := range row.Cells {
			if cell.Tested() && row.Built() { // what a smaller build has not, the full one tests
				t.Run(row.Name+"/"+key, func(t *testing.T) {
					t.Parallel()
					testCell(t, row, cell)
				})
			}
		}
	}
}

var (
	mark    = regexp.MustCompile(`\b(HIT|MISS)\b`)
	onlyFor = regexp.MustCompile(`^\W*(HIT|MISS)\W*$`)
)

func testCell(t *testing.T, row *matrix.Row, cell matrix.Cell) {
	var want, misses []int
	for i, line := range strings.Split(cell.Code, "\n") {
		m := mark.FindString(line)
		at := i + 1
		if onlyFor.MatchString(line) {
			at++
		}
		switch m {
		case "HIT":
			want = append(want, at)
		case "MISS":
			misses = append(misses, at)
		}
	}
	if len(want) == 0 || len(misses) == 0 {
		t.Fatal("a cell needs a line marked HIT and one marked MISS")
	}
	body := cell.Rule
	if body == "" {
		quoted, err := json.Marshal(strings.TrimRight(cell.Pattern, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		body = "pattern: " + string(quoted) + "\n"
	}
	src := "rules:\n  - id: cell\n    message: m\n    severity: ERROR\n    languages: [" + row.Name + "]\n"
	for line := range strings.Lines(body) {
		src += "    " + line
	}
	rs, problems := rules.Parse(rules.Source{Name: "rule.yaml", Data: []byte(src)})
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, src)
	}
	set, problems := engine.Compile(rs)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	res := set.Run(context.Background(), engine.File{Path: row.File, Source: []byte(cell.Code)})
	for _, o := range res.Overruns {
		t.Error(o)
	}
	if res.Tree != nil && len(res.Tree.Errors) > 0 {
		t.Errorf("the code cannot be read:\n%s", res.Tree.Dump())
	}
	var got []int
	for _, m := range res.Matches {
		got = append(got, 1+bytes.Count([]byte(cell.Code[:m.Start]), []byte("\n")))
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		dump := ""
		if res.Tree != nil {
			dump = res.Tree.Dump()
		}
		t.Errorf("matches at lines %v, want %v\n%s%s", got, want, cell.Code, dump)
	}
	if cell.Fixed == "" {
		return
	}
	fixed := cell.Code
	for _, m := range slices.Backward(res.Matches) {
		if m.Fix == nil {
			t.Fatal("a match has no fix")
		}
		fixed = fixed[:m.Start] + *m.Fix + fixed[m.End:]
	}
	if diff := cmp.Diff(cell.Fixed, fixed); diff != "" {
		t.Errorf("the fixes make (-want +got):\n%s", diff)
	}
}

// TestEveryLanguageHasARow also holds the heads of the rows to what the build knows.
func TestEveryLanguageHasARow(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, row := range rows(t) {
		names[row.Name] = true
		spec := language.ForName(row.Name)
		switch {
		case spec == nil && row.Tag == "":
			t.Errorf("%s: the build has no such language, and the row names no tag", row.Name)
		case spec == nil:
		case spec.Name != row.Name:
			t.Errorf("%s.txtar should have the language's own name, %s", row.Name, spec.Name)
		case !spec.AnyFile && language.ForPath(row.File) != spec:
			t.Errorf("%s: %s is no file of the language", row.Name, row.File)
		}
	}
	for _, s := range language.All() {
		if !names[s.Name] {
			t.Errorf("%s has no row: write rules/matrix/languages/%s.txtar (see the package's doc)", s.Name, s.Name)
		}
	}
}

// TestPage holds docs/languages.md to the matrix.
func TestPage(t *testing.T) {
	t.Parallel()
	file := path.Join("..", "..", "docs", "languages.md")
	want := matrix.Page(rows(t))
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("docs/languages.md is stale: go test ./rules/matrix -run TestPage -update: %s", diff)
	}
}
