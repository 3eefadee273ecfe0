package server_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/quality"
)

// TestOutcome: an agent's change is blocked, corrected, approved and merged, then fixed and taken back. All of that is its outcome, through the real server, and git
// is looked at over the network.
func TestOutcome(t *testing.T) {
	t.Parallel()
	w := newTalkWorld(t)
	w.clock.forward(time.Hour)
	p := w.openCommit(githubtest.Commit{Branch: "topic", Message: "Total\n\nCo-authored-by: Claude Opus 4.5 <noreply@anthropic.com>", Files: map[string]string{"pay/card.go": "package pay\n\nfunc Total(items []int) int {\n\treturn len(items) // FLAW\n}\n"}}, githubtest.PullOptions{})
	w.expect(p, "failure")
	first := p.Head()
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "corrected", Branch: "topic", Files: map[string]string{"pay/card.go": "package pay\n\nfunc Total(items []int) int {\n\treturn len(items)\n}\n"}})
	must(t, err)
	w.expect(p, "action_required")
	w.clock.forward(2 * time.Hour)
	_, err = p.Approve(w.bob)
	must(t, err)
	w.says(p.Head(), "success")
	must(t, p.Merge(w.bob))
	w.idle()
	w.repo.Unprotect("main") // what comes after is pushed by hand
	merged := w.clock.now()
	_, err = w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "fix: the total adds the items up", Branch: "main", Date: merged.AddDate(0, 0, 2), Files: map[string]string{"pay/card.go": "package pay\n\nfunc Total(items []int) (n int) {\n\tfor _, i := range items {\n\t\tn += i\n\t}\n\treturn n\n}\n"}})
	must(t, err)
	_, err = w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "Take it back\n\nReverts #" + strconv.Itoa(p.Number), Branch: "main", Date: merged.AddDate(0, 0, 3), Files: map[string]string{"pay/card.go": "package pay\n"}})
	must(t, err)
	w.idle()
	w.clock.forward(24 * time.Hour)
	must(t, w.srv.Learn(t.Context()))
	o, err := w.srv.Outcome(t.Context(), w.repo.ID, p.Number)
	must(t, err)
	var path []gate.State
	for _, s := range o.Path {
		path = append(path, s.State)
	}
	if d := cmp.Diff([]gate.State{gate.Block, gate.Pending, gate.Pass}, path); d != "" || o.Path[0].Head != first {
		t.Error(d)
	}
	if o.Agent != "Claude Code" || o.Model != "Claude Opus 4.5" || o.Author != quality.Agent || o.State != quality.Merged || !o.Blocked || o.FirstPass == nil || *o.FirstPass || o.ToGreen == nil || *o.ToGreen != 1 || o.Pushes != 1 || o.Language() != "go" || o.Lines == 0 {
		t.Errorf("%+v", o)
	}
	if o.Opened.IsZero() || o.Merged.Before(o.Opened) || o.Review() <= 0 || o.Verdicts.Approvals != 1 || o.Judged.Rules == "" || o.Judged.Policy == "" {
		t.Errorf("times and verdicts: %+v", o)
	}
	if len(o.Findings) != 1 || o.Findings[0].Fate != quality.Fixed || !o.Findings[0].Told || !o.Findings[0].First || !o.Findings[0].Blocks {
		t.Errorf("findings: %+v", o.Findings)
	}
	if len(o.After) != 2 || o.After[0].Kind != quality.Fix || o.After[0].Places[0].String() != "pay/card.go:3-4" || o.After[1].Kind != quality.Reverted || w.clock.now().Sub(o.Followed) > time.Minute {
		t.Errorf("what came after: %+v, until %s", o.After, o.Followed)
	}
	// Nobody looks twice within a day.
	before := len(w.hub.Requests())
	must(t, w.srv.Learn(t.Context()))
	if n := len(w.hub.Requests()) - before; n != 0 {
		t.Errorf("%d requests for a second look", n)
	}
}
