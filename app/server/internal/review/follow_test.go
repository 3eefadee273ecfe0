package review_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/checks"
)

func (w *world) Comments(context.Context, string, string, int) ([]github.PostedComment, error) {
	w.listed++
	return slices.Clone(w.comments), w.listErr
}

func (w *world) Edits(context.Context, review.Ref) (map[string]review.Edit, error) {
	return w.edits, nil
}

func (w *world) edit(d review.Deed) {
	for i := range w.comments {
		if w.comments[i].ID == d.GitHub.CommentID {
			w.comments[i].Text = strings.TrimSpace(d.GitHub.Body)
		}
	}
	w.edits[d.Slot] = review.Edit{Body: d.GitHub.Body, Done: true}
	first, _, _ := strings.Cut(d.GitHub.Body, "\n")
	w.say("comment %d: %s", d.GitHub.CommentID, first)
}

// told puts the comments of findings on GitHub, as one review.
func (w *world) told(reviewID int64, list ...checks.Finding) {
	for i := range list {
		f := &list[i]
		w.posted[f.Fingerprint] = true
		w.comments = append(w.comments, github.PostedComment{ID: int64(100 + len(w.comments)), ReviewID: reviewID, Path: f.Location.Path, Side: f.Location.Side, Line: f.Location.StartLine,
			Text: "There is **something**.", Fingerprint: string(f.Fingerprint), Trace: report.Trace(f)})
	}
}

// edited looks at the pull request, and answers what became of its comments.
func (w *world) edited() (out []string) {
	w.t.Helper()
	for _, s := range w.run(1) {
		if strings.HasPrefix(s, "comment ") {
			out = append(out, s)
		}
	}
	return out
}

func at(f checks.Finding, path string, line int, code string) checks.Finding {
	f.Location = checks.Location{Path: path, StartLine: line, EndLine: line, Snippet: code}
	return f
}

// newFollowWorld is a pull request that changes a.go and b.go, with one finding in a.go that has a comment. The comment's line is gone at head.
func newFollowWorld(t *testing.T) (*world, checks.Finding) {
	w := newWorld(t)
	w.result.Rules = []checks.RuleInfo{{ID: "go-sql", Title: "SQL from strings"}, {ID: "other", Title: "Another"}}
	w.changed = nil
	for _, path := range []string{"pay/a.go", "pay/b.go"} {
		w.changed = append(w.changed, &checks.File{Path: path, Status: checks.Modified, OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "old", Blob: "new"})
	}
	f := at(finding("f1", true), "pay/a.go", 3, "db.Query(a + b)")
	w.told(1, f)
	w.comments[0].Line = 0
	return w, f
}

const (
	fixed = "comment 100: ✅ Fixed in `h1`"
	gone  = "comment 100: ✅ No longer in this change, as of `h1`"
)

// Only what a scan shows is told. want "" is: nothing.
func TestCommentsFollowTheirFindings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, f *checks.Finding)
		want   string
	}{
		"it is gone":                       {func(*world, *checks.Finding) {}, fixed},
		"it is gone, its line still shown": {func(w *world, _ *checks.Finding) { w.comments[0].Line = 3 }, fixed},
		"it is there":                      {func(w *world, f *checks.Finding) { w.result.Findings = []checks.Finding{*f} }, ""},
		"it is there, beyond the budget": {func(w *world, f *checks.Finding) {
			f.Comment = false
			w.result.Findings = []checks.Finding{*f}
		}, ""},
		"it is silenced": {func(w *world, f *checks.Finding) {
			f.Blocking, f.Suppression = false, &checks.Suppression{Reason: "it is a constant"}
			w.result.Findings = []checks.Finding{*f}
		}, ""},
		"base has it now": {func(w *world, f *checks.Finding) {
			f.Introduced, f.Blocking = false, false
			w.result.Findings = []checks.Finding{*f}
		}, gone},
		"its file is no longer changed": {func(w *world, _ *checks.Finding) { w.changed = w.changed[1:] }, gone},
		"its file is deleted": {func(w *world, _ *checks.Finding) {
			w.changed[0] = &checks.File{Path: "pay/a.go", Status: checks.Deleted, OldMode: checks.ModeFile, OldBlob: "old"}
		}, gone},
		"somebody answered":    {func(w *world, _ *checks.Finding) { w.comments[0].Answered = true }, ""},
		"it carries no trace":  {func(w *world, _ *checks.Finding) { w.comments[0].Trace = "" }, ""},
		"its rule did not run": {func(w *world, _ *checks.Finding) { w.result.Rules = w.result.Rules[1:] }, ""},
		"its rule cannot run": {func(w *world, _ *checks.Finding) {
			w.result.Problems = []scan.Problem{{File: "r.yaml", RuleID: "go-sql"}}
		}, ""},
		"another rule cannot run":              {func(w *world, _ *checks.Finding) { w.result.Problems = []scan.Problem{{File: "r.yaml", RuleID: "x"}} }, fixed},
		"a check failed":                       {func(w *world, _ *checks.Finding) { w.result.Checks[0].Status = scan.Failed }, ""},
		"its file could not be scanned":        {func(w *world, _ *checks.Finding) { w.result.Unscanned = []checks.Unscanned{{Path: "pay/a.go"}} }, ""},
		"a neighbour could not be scanned":     {func(w *world, _ *checks.Finding) { w.result.Unscanned = []checks.Unscanned{{Path: "pay/c.go"}} }, ""},
		"a far file could not be scanned":      {func(w *world, _ *checks.Finding) { w.result.Unscanned = []checks.Unscanned{{Path: "ui/c.go"}} }, fixed},
		"no decision about a scan can be made": {func(w *world, _ *checks.Finding) { w.scanErr = &github.Error{Status: 404} }, ""},
		"gone with its file, and one could not be scanned": {func(w *world, _ *checks.Finding) {
			w.changed, w.result.Unscanned = w.changed[1:], []checks.Unscanned{{Path: "ui/c.go"}}
		}, ""},
		"it moved to another file": {func(w *world, f *checks.Finding) {
			w.result.Findings = []checks.Finding{at(finding("f2", true), "pay/b.go", 9, "\t"+f.Location.Snippet)}
		}, ""},
		"it moved to another file, and has a comment there": {func(w *world, f *checks.Finding) {
			g := at(finding("f2", true), "pay/b.go", 9, f.Location.Snippet)
			w.told(2, g)
			w.result.Findings = []checks.Finding{g}
		}, ""},
		"its file was renamed and it was rewritten": {func(w *world, _ *checks.Finding) {
			w.changed = w.changed[1:]
			w.result.Findings = []checks.Finding{at(finding("f2", true), "pay/b.go", 9, "db.Query(x + y)")}
		}, ""},
		"another one like it was there before": {func(w *world, f *checks.Finding) {
			g := at(finding("f2", true), "pay/b.go", 9, f.Location.Snippet)
			w.told(1, g)
			w.result.Findings = []checks.Finding{g}
		}, fixed},
		"another one came": {func(w *world, _ *checks.Finding) {
			w.result.Findings = []checks.Finding{at(finding("f2", true), "pay/b.go", 9, "db.Query(x + y)")}
		}, fixed},
		"the function around it was renamed": {func(w *world, f *checks.Finding) {
			w.comments[0].Line = 4
			w.result.Findings = []checks.Finding{at(finding("f2", true), "pay/a.go", 4, "db.Query( a+b )")}
		}, ""},
		"it was told in the review's own text": {func(w *world, _ *checks.Finding) { w.comments = nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, f := newFollowWorld(t)
			c.change(w, &f)
			if got := strings.Join(w.edited(), "\n"); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// It returns, goes and returns: one comment says so, and looking again tells nothing and asks nothing.
func TestCommentIsRaisedAgain(t *testing.T) {
	t.Parallel()
	w, f := newFollowWorld(t)
	for i, want := range []string{"✅ Fixed in `h1`", "↩️ Back in `h2`", "✅ Fixed in `h3`", "↩️ Back in `h4`"} {
		head := fmt.Sprintf("h%d", i+1)
		w.pulls[1] = w.pull(1, head, alice)
		w.result.Findings = nil
		if i%2 == 1 {
			w.result.Findings = []checks.Finding{f}
		}
		if got := w.edited(); len(got) != 1 || got[0] != "comment 100: "+want {
			t.Errorf("%s: %q", head, got)
		}
		listed := w.listed
		if got := w.edited(); len(got) != 0 || w.listed != listed {
			t.Errorf("%s again: %q, listed %d times", head, got, w.listed-listed)
		}
	}
	if text := w.comments[0].Text; strings.Contains(text, "Fixed in") || !strings.Contains(text, "SQL is built from a string.") {
		t.Errorf("%s", text)
	}
	if len(w.comments) != 1 {
		t.Errorf("%d comments", len(w.comments))
	}
}

// A change that was planned and not made is taken back if it is no longer wanted.
func TestChangeOfACommentIsTakenBack(t *testing.T) {
	t.Parallel()
	w, f := newFollowWorld(t)
	slot := "comment/7/1/f1"
	w.edits[slot] = review.Edit{Body: report.RenderFixed("x", "h0")}
	w.pending = []review.Deed{{Slot: slot, GitHub: github.Deed{Kind: github.Edit, CommentID: 100, Body: w.edits[slot].Body}}}
	w.result.Findings = []checks.Finding{f}
	if got := w.edited(); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// No push makes us change more than a few comments at once, and what is left is not forgotten; nor is it if they cannot be listed.
func TestChangesOfCommentsAreBounded(t *testing.T) {
	t.Parallel()
	w, _ := newFollowWorld(t)
	for i := range 14 {
		w.told(1, at(finding(fmt.Sprintf("g%02d", i), true), "pay/a.go", 20+i, fmt.Sprintf("db.Query(%d)", i)))
	}
	w.listErr = errors.New("GitHub answered 502")
	if got := w.edited(); len(got) != 0 || w.again.IsZero() || w.last().State != "pass" {
		t.Errorf("%q, again %v, %+v", got, w.again, w.last())
	}
	w.listErr = nil
	for _, want := range []int{10, 5, 0} {
		if got := w.edited(); len(got) != want || w.again.IsZero() != (want < 10) {
			t.Errorf("%d changes, want %d; again %v", len(got), want, w.again)
		}
	}
}
