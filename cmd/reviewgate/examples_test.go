package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/config"
)

// worked plays a pull request through each of the three policies of docs/policy.md, as their readers would expect it.
var worked = map[string]struct{ pull, conclusions string }{
	"small team": {`
author: alice
people: {alice: write, bob: write, carol: write}
files: {src/payments/card.py: v0, docs/a.md: v0}
commits: [{sha: c1, message: "pay\n\nCo-authored-by: Claude <noreply@anthropic.com>\n", files: {src/payments/card.py: v1}, scan: {}}]
events:
  - review: {by: carol, state: approve}
  - review: {by: bob, state: approve}
  - push: {by: alice, commits: [{sha: c2, files: {src/payments/card.py: v2}}]}
  - comment: {by: alice, body: "/reviewgate waive src/payments/** Cards are declined, and bob is on a plane for 4h"}
  - {after: 5h, check: {why: time passes}}
`, "action_required action_required success action_required success action_required"},
	"regulated company": {`
author: alice
body: "Assisted-by: an agent"
people: {alice: write, bob: write, carol: write, dave: write, erin: write, lea: write}
teams: {acme/appsec: {id: 4411, members: [bob, carol]}, acme/platform: {id: 4420, members: [dave]}, acme/change-board: {id: 4433, members: [erin]}, acme/ledger: [lea, erin]}
files: {src/auth/login.go: v0, db/ledger/one.sql: v0, CODEOWNERS: "db/ @lea\n"}
commits: [{sha: c1, files: {src/auth/login.go: v1}, scan: {}}]
events:
  - review: {by: bob, state: approve}
  - review: {by: carol, state: approve}
  - comment: {by: carol, body: "/reviewgate attest authentication"}
  - review: {by: dave, state: approve}
  - team: {name: acme/appsec, id: 9, members: [bob, carol]}
`, "action_required action_required action_required action_required success action_required"},
	"open source": {`
author: mallory
fork: true
people: {mallory: read, alice: write, bob: write, mona: maintain, rita: read}
teams: {acme/legal: [rita]}
files: {internal/a.go: v0, docs/a.md: v0, LICENSE: v0, CODEOWNERS: "internal/ @alice\n"}
commits: [{sha: c1, author: mallory, email: noreply@anthropic.com, files: {internal/a.go: v1}, scan: {}}]
events:
  - review: {by: alice, state: approve}
  - review: {by: bob, state: approve}
  - text: {by: mallory, body: "Assisted-by: Claude Code"}
  - push: {by: mallory, commits: [{sha: c2, files: {LICENSE: v1}}]}
  - review: {by: alice, state: approve}
  - review: {by: bob, state: approve}
  - review: {by: rita, state: approve}
`, "action_required action_required action_required success action_required action_required action_required success"},
}

// TestWorkedPolicies loads and plays the three policies of docs/policy.md.
func TestWorkedPolicies(t *testing.T) {
	t.Parallel()
	named := map[string][]byte{}
	for _, kind := range []string{"policy", "floor"} {
		for _, block := range blocks(t, "docs/policy.md", "yaml", "# "+kind+": ") {
			name, _, _ := strings.Cut(strings.TrimPrefix(block, "# "), "\n")
			named[name] = []byte(block)
		}
	}
	if len(named) != len(worked)+1 {
		t.Fatalf("%d policies", len(named))
	}
	for name, w := range worked {
		policy, floor := named["policy: "+name], named["floor: "+name]
		in := config.Input{Repo: config.NewLayer("acme/shop", "", map[string][]byte{".github/reviewgate.yml": policy})}
		if floor != nil {
			in.Floor = config.NewFloor("acme/.github", "", map[string][]byte{"reviewgate-floor.yml": floor})
		}
		if e := config.Load(in); len(e.Policy.Broken)+len(e.Policy.FloorBroken)+len(e.Warnings) > 0 {
			t.Errorf("%s: %v %v %v", name, e.Policy.Broken, e.Policy.FloorBroken, e.Warnings)
		}
		r := play(t, policy, floor, []byte("version: 1\n"+w.pull))
		var got []string
		var told strings.Builder
		for i := range r.Steps {
			got = append(got, r.Steps[i].Conclusion)
			tell(&told, &r.Steps[i])
		}
		if !slices.Equal(got, strings.Fields(w.conclusions)) {
			t.Errorf("%s:\n got  %v\n want %s\n%s", name, got, w.conclusions, told.String())
		}
	}
}
