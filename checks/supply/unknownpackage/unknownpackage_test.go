package unknownpackage

import (
	"context"
	"errors"
	"os"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}

// TestSkipped: without a list the check says that it did not look, if there was something to look up.
func TestSkipped(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]bool{"testdata/unknown.txtar": true, "testdata/nothing_new.txtar": false} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		change, _, err := checktest.Change(txtar.Parse(data))
		if err != nil {
			t.Fatal(err)
		}
		change.Facts = checks.Facts{}
		err = Check.Run(context.Background(), &checks.Pass{Change: change, Report: func(f checks.Finding) { t.Errorf("%s: reported %q", file, f.Message) }})
		if errors.Is(err, checks.ErrSkipped) != want {
			t.Errorf("%s: got %v, skipped wanted: %v", file, err, want)
		}
	}
}
