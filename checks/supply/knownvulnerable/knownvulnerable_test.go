package knownvulnerable

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

// TestWithoutAdvisories: no advisories is skipped, and a broken file is a failure: neither is "nothing found".
func TestWithoutAdvisories(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/vulnerable.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for text, skipped := range map[string]bool{"": true, "{\"id\": ": false, "[1]": false} {
		change, _, err := checktest.Change(txtar.Parse(data))
		if err != nil {
			t.Fatal(err)
		}
		change.Facts.Advisories = []byte(text)
		err = Check.Run(context.Background(), &checks.Pass{Change: change, Report: func(f checks.Finding) { t.Errorf("reported %q", f.Message) }})
		if err == nil || errors.Is(err, checks.ErrSkipped) != skipped {
			t.Errorf("%q: got %v, skipped wanted: %v", text, err, skipped)
		}
	}
}

func FuzzAdvisories(f *testing.F) {
	f.Add([]byte(`{"id": "a", "affected": [{"package": {"ecosystem": "npm", "name": "b"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}]}]}`), "1.0")
	f.Fuzz(func(_ *testing.T, data []byte, version string) {
		list, err := readAdvisories(data)
		if err != nil {
			return
		}
		for _, of := range list {
			for _, a := range of {
				a.holds(version)
			}
		}
	})
}
