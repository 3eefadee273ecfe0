package main

import (
	"bytes"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/lint"
)

// What lint writes as SARIF is held to the schema of the standard, also for a problem of a whole file and for one that stands twice.
func TestLintSARIF(t *testing.T) {
	t.Parallel()
	problem := rules.Problem{File: "a b.yaml", Line: 3, Column: 5, RuleID: "r", Kind: rules.Advice, Message: "m", Code: lint.SlowRule}
	rep := &lint.Report{Problems: []rules.Problem{{File: "a.yaml", Kind: rules.Broken, Message: "not YAML"}, problem, problem, {File: "c.yaml", Line: 1, Column: 1, Kind: rules.Advice, Message: "of the loader"}}}
	var buf bytes.Buffer
	if err := report.FormatNamed("sarif").Write(&buf, lintReport(rep), report.Options{}); err != nil {
		t.Fatal(err)
	}
	log, err := sarif.FromString(buf.String(), sarif.WithStrictValidation())
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Validate(); err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for _, r := range log.Runs[0].Results {
		seen[r.PartialFingerprints["reviewgate/v1"]] = true
	}
	if len(seen) != len(rep.Problems) {
		t.Errorf("%d problems have %d fingerprints", len(rep.Problems), len(seen))
	}
}
