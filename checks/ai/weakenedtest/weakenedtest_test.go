package weakenedtest

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}

// What is commented on is what is proven: a deleted test whose subject stays as it was, or is called by no test any more, or was changed and not
// cut. The others are listed; those of a revert only for whoever looks.
func TestDeletedSeverity(t *testing.T) {
	t.Parallel()
	const pages = `def page(items, n):
    if n <= 0:
        return []
    return items[:n]
`
	shorter, longer := "def page(items, n):\n    return items[:n]\n", strings.Replace(pages, "return items[:n]", "log(n)\n    return items[:n]", 1)
	const kept, test, fresh = "def test_page():\n    assert page([1, 2], 1) == [1]\n", "\ndef test_page_of_nothing():\n    assert page([1, 2], 0) == []\n    assert page([], 3) == []\n", "\ndef test_all():\n    assert page([1, 2], 9) == [1, 2]\n"
	for _, c := range []struct {
		name, title, product, tests string
		want                        checks.Severity
	}{
		{"nothing else changes", "", pages, kept, 0},
		{"nothing else changes, and nothing is tested", "", pages, "", 0},
		{"nothing else changes, and another test moves in", "", pages, kept + fresh, checks.Low},
		{"the function changes", "", longer, kept, 0},
		{"the function lost a case", "", shorter, kept, checks.Low},
		{"the function lost a case, and no test calls it", "", shorter, "", 0},
		{"another test came", "", longer, kept + fresh, checks.Low},
		{"a revert", `Revert "Pages of nothing are empty (#12)"`, shorter, kept, checks.Info},
		{"a revert of a part", `pages: Revert "Pages of nothing are empty (#12)"`, shorter, kept, checks.Info},
		{"a revert in name", `Revert "Pages of nothing are empty (#12)"`, longer, kept, 0},
	} {
		archive := &txtar.Archive{Files: []txtar.File{
			{Name: "base/app/pages.py", Data: []byte(pages)}, {Name: "base/tests/test_pages.py", Data: []byte(kept + test)},
			{Name: "head/app/pages.py", Data: []byte(c.product)}, {Name: "head/tests/test_pages.py", Data: []byte(c.tests)},
		}}
		if c.title != "" {
			archive.Comment = []byte("title " + c.title + "\n")
		}
		change, _, err := checktest.Change(archive)
		if err != nil {
			t.Fatal(err)
		}
		var found []checks.Finding
		pass := &checks.Pass{Change: change, Report: func(f checks.Finding) { found = append(found, f) }, Unscanned: func(u checks.Unscanned) { t.Error(u) }}
		if err := Check.Run(t.Context(), pass); err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 || slices.ContainsFunc(found, func(f checks.Finding) bool { return f.Severity != c.want }) {
			t.Errorf("%s: %+v", c.name, found)
		}
	}
}
