package report

import (
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// talked is a decision to which people have said something: one waiver counts and one does not, one checklist is attested and two are not.
func talked() *gate.Decision {
	items := []string{"Amounts are whole numbers of the smallest unit.", "A retry does not charge twice."}
	until := time.Date(2026, 1, 2, 15, 4, 0, 0, time.UTC)
	return &gate.Decision{
		State: gate.Pending, Title: "Needs the checklist payments to be attested for payments",
		Next: []string{`Look at what the checklist payments names, then write "/reviewgate attest payments" in a comment; anyone with write who took no part in the change can.`},
		Guards: []gate.GuardAnswer{
			{Name: "auth", Origin: "repository", Files: []string{"src/auth/login.go"}, Needed: 1, Approved: []string{}, May: []string{}, Holds: true, Waived: []string{"@carol"}, Because: "waived by @carol"},
			{Name: "payments", Origin: "repository", Files: []string{"src/pay/card.go"}, Needed: 1, Approved: []string{"bob"}, May: []string{}, Because: "needs the checklist payments to be attested",
				Checklists: []gate.ChecklistAnswer{{Name: "payments", Items: items, Because: "@bob saw 1a2b3c4; src/pay/card.go changed since"}, {Name: "release", Items: []string{"The notes are written."}, By: "bob", Because: "attested for what is there now"}}},
			{Name: "billing", Origin: "floor", Files: []string{"src/pay/card.go"}, Needed: 1, Approved: []string{"bob"}, May: []string{}, Because: "needs the checklist payments to be attested",
				Checklists: []gate.ChecklistAnswer{{Name: "payments", Items: items, Because: "nobody has attested it"}}},
		},
		Reviews: []gate.ReviewAnswer{{ReviewID: 1, Reviewer: gate.Person{ID: 2, Login: "bob", Type: "User"}, State: "APPROVED", Counts: true, Because: "approved 1a2b3c4"}},
		Waivers: []gate.WaiverAnswer{
			{CommentID: 5, By: gate.Person{ID: 3, Login: "carol", Type: "User"}, Rule: "auth", Reason: "Production is down, and bob is asleep", Until: until, Counts: true, Because: "holds until 2026-01-02 15:04 UTC"},
			{CommentID: 6, By: gate.Person{ID: 4, Login: "dave", Type: "User"}, Rule: "payments", Reason: "I say so, and that is enough", Because: "is not among those who may waive"},
		},
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	in := &Input{Tool: Tool{Name: "reviewgate"}, Repo: "acme/shop", Number: 7, Decision: talked()}
	golden(t, "talked/summary.golden", RenderCheckRun(in, "reviewgate").Summary)
	golden(t, "talked/explain.golden", RenderReply(in, "bob", nil, true))
	golden(t, "talked/results.golden", RenderReply(in, "dave", []Result{
		{Command: "waive payments", Because: "is not among those who may waive"}, {Command: "attest release", Done: true, Because: "attested by @bob"},
		{Command: "wave `auth`\n@everybody <b>", Because: "there is no such command"}}, false))
	golden(t, "talked/refusal.golden", RenderRefusal("eve"))
	long := RenderReply(in, "bob", []Result{{Command: strings.Repeat("x", 1<<20), Because: strings.Repeat("y", 1<<20)}}, true)
	if len(long) > 2*replyLimit {
		t.Errorf("%d bytes", len(long))
	}
}
