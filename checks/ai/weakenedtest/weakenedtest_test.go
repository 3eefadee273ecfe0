package weakenedtest

import (
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

// A revert lowers what is said of the tests that it takes back. Its title alone does not: it has to take product code away, too.
func TestReverts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		title, product string
		want           checks.Severity
	}{
		{`Revert "Pages of nothing are empty (#12)"`, "    return items[:n]\n", checks.Info},
		{`pages: Revert "Pages of nothing are empty (#12)"`, "    return items[:n]\n", checks.Info},
		{`Revert "Pages of nothing are empty (#12)"`, "    if n <= 0:\n        return []\n    log(n)\n    return items[:n]\n", 0},
		{"Pages of nothing are reverted", "    return items[:n]\n", 0},
	} {
		archive, err := txtar.ParseFile("testdata/reverted.txtar")
		if err != nil {
			t.Fatal(err)
		}
		comment, _, _ := strings.Cut(string(archive.Comment), "\n")
		archive.Comment = []byte(comment + "\ntitle " + test.title + "\n")
		for i := range archive.Files {
			if archive.Files[i].Name == "head/app/pages.py" {
				archive.Files[i].Data = []byte("def page(items, n):\n" + test.product)
			}
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
		if len(found) != 1 || found[0].Severity != test.want {
			t.Errorf("%s: %+v", test.title, found)
		}
	}
}
