package vacuoustest

import (
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/checktest"
)

func TestScenarios(t *testing.T) {
	t.Parallel()
	checktest.Run(t, Check)
}

// A test of a constant that says in a sentence what it is there for is only listed.
func TestReasonedSeverity(t *testing.T) {
	t.Parallel()
	archive, err := txtar.ParseFile("testdata/reasoned.txtar")
	if err != nil {
		t.Fatal(err)
	}
	change, _, err := checktest.Change(archive)
	if err != nil {
		t.Fatal(err)
	}
	at := map[int]checks.Severity{}
	pass := &checks.Pass{Change: change, Report: func(f checks.Finding) { at[f.Location.StartLine] = f.Severity }, Unscanned: func(u checks.Unscanned) { t.Error(u) }}
	if err := Check.Run(t.Context(), pass); err != nil {
		t.Fatal(err)
	}
	if len(at) != 2 || at[1] != checks.Low || at[6] != 0 {
		t.Errorf("severities by line: %v, want low at 1 and the rule's own at 6", at)
	}
}
