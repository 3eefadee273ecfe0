package report

import (
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	t.Parallel()
	in := sample()
	f := &in.Scan.Findings[0]
	review := RenderReview(in, nil)
	was := strings.TrimSpace(review.Comments[0].Body)
	fixed := RenderFixed(was, strings.Repeat("ab", 20))
	back := RenderBack(in.Scan, f, strings.Repeat("cd", 20))
	again := RenderFixed(strings.TrimSpace(back), strings.Repeat("ef", 20))
	gone := RenderGone(was, strings.Repeat("ab", 20))
	golden(t, "decided/fold.golden", strings.Join([]string{fixed, back, again, gone}, "=== \n"))
	for body, want := range map[string]bool{was: false, fixed: true, back: false, again: true, gone: true} {
		if Folded(body) != want {
			t.Errorf("folded is not %v: %s", want, body)
		}
	}
	if trace := review.Comments[0].Trace; trace != Trace(f) || TraceRule(trace) != f.RuleID || TraceRule("no trace") != "" {
		t.Errorf("trace %q of %s", trace, f.RuleID)
	}
	moved := *f
	moved.Location.Path, moved.Location.StartLine, moved.Location.Snippet = "b.py", 40, "  "+strings.ReplaceAll(f.Location.Snippet, " ", "  ")
	if Trace(&moved) != Trace(f) {
		t.Error("indentation counts")
	}
	if huge := RenderFixed(strings.Repeat("long ", 20_000), "abc1234"); len(huge) > 3*bodyLimit {
		t.Errorf("%d bytes", len(huge))
	}
}
