package quality_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/checks"
)

func TestSheet(t *testing.T) {
	t.Parallel()
	finding := func(rule string, g quality.Group, s checks.Severity, fate quality.Fate) quality.Finding {
		return quality.Finding{Rule: rule, Group: g, Severity: s, Fate: fate}
	}
	o := &quality.Outcome{Lines: 850, Findings: []quality.Finding{
		finding("sql-from-strings", quality.Security, checks.High, quality.Ignored), finding("go-old-tls", quality.Security, checks.High, quality.False),
		finding("test-weakened", quality.Tests, checks.High, quality.Fixed), finding("error-swallowed", quality.Correctness, checks.Medium, quality.Standing), finding("error-swallowed", quality.Correctness, checks.Medium, quality.Standing),
	}}
	var got []string
	s := quality.DefaultRubric().Sheet(o)
	for _, one := range s.Scores {
		got = append(got, fmt.Sprintf("%s %d: %s", one.Criterion, one.Score, one.Because))
	}
	want := []string{"security 50: sql-from-strings", "honesty of tests 100: no finding", "supply chain 100: no finding", "maintainability 60: 2 error-swallowed", "size 50: 850 changed lines", "description kept 100: 0 findings on what the description says"}
	if d := cmp.Diff(want, got); d != "" || s.Total != 74 {
		t.Error(d, s.Total)
	}
	r := &quality.Rubric{Criteria: []quality.Criterion{{Name: "holds", Weight: 1, Fact: quality.FactReverted, None: 1}, {Name: "size", Weight: 1, Fact: quality.FactLines, Full: 1000, None: 1001}}}
	o.Merged, o.State = day0, quality.Merged
	if s := r.Sheet(o); !s.Scores[0].Unknown || s.Total != 100 {
		t.Errorf("what is not known counts: %+v", s)
	}
	o.Followed, o.After = day0.AddDate(0, 0, 31), []quality.After{{Kind: quality.Reverted, At: day0.Add(time.Hour)}}
	if s := r.Sheet(o); s.Scores[0].Unknown || s.Total != 50 {
		t.Errorf("%+v", s)
	}
	if s := r.Sheet(&quality.Outcome{}); s.Total != -1 {
		t.Errorf("a change of which nothing is known scores %d", s.Total)
	}
}

func TestAgree(t *testing.T) {
	t.Parallel()
	r := &quality.Rubric{Criteria: []quality.Criterion{{Name: "size", Weight: 1, Fact: quality.FactLines, Full: 0, None: 100}}}
	var list []quality.Outcome
	for i := range 12 {
		list = append(list, quality.Outcome{Lines: 1 + 8*i, Verdicts: quality.Verdicts{Sheet: map[string]quality.Judgement{"size": {People: 2, Sum: 2 * (90 - 8*i)}}}})
	}
	got := r.Agree(append(list, quality.Outcome{Lines: 5}))
	if d := cmp.Diff(quality.Agreement{Changes: 12, Correlation: 1, Difference: map[string]float64{"size": -9}}, got); d != "" {
		t.Error(d)
	}
	if got := r.Agree(list[:3]); !got.Small || got.Correlation != 0 {
		t.Errorf("%+v", got)
	}
}
