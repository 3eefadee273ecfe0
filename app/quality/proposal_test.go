package quality

import (
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
)

func TestPrecision(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		tally    RuleTally
		now      checks.Rollout
		proposed checks.Rollout
	}{
		{"nothing told", RuleTally{Findings: 500}, checks.RolloutShadow, ""},
		{"too few", RuleTally{Told: 9, Blocking: 9, False: 9}, checks.RolloutBlock, ""},
		{"blocks and is right", RuleTally{Told: 100, Blocking: 80, Fixed: 95, False: 2, Waived: 3}, checks.RolloutBlock, ""},
		{"blocks and is wrong", RuleTally{Told: 100, Blocking: 80, Fixed: 70, False: 25, Ignored: 5}, checks.RolloutBlock, checks.RolloutComment},
		{"blocks and is passed over", RuleTally{Told: 100, Blocking: 10, Fixed: 10, False: 5, Waived: 60, Ignored: 25}, checks.RolloutBlock, checks.RolloutComment},
		{"comments and is passed over", RuleTally{Told: 100, Fixed: 10, False: 5, Ignored: 85}, checks.RolloutComment, checks.RolloutShadow},
		{"comments and is middling", RuleTally{Told: 100, Fixed: 50, False: 5, Ignored: 45}, checks.RolloutComment, ""},
		{"comments and proves itself", RuleTally{Told: 200, Fixed: 190, False: 2, Ignored: 8}, checks.RolloutComment, checks.RolloutBlock},
		{"helps, and is called wrong too often to block", RuleTally{Told: 200, Fixed: 175, False: 25}, checks.RolloutComment, ""},
	} {
		p := c.tally.Precision()
		if p.Rollout != c.now || p.Proposed != c.proposed || (p.Because == "") != (c.proposed == "") {
			t.Errorf("%s: %s, proposed %q because %q; want %s, %q", c.name, p.Rollout, p.Proposed, p.Because, c.now, c.proposed)
		}
	}
	list := Precisions([]RuleTally{{Rule: "quiet"}, {Rule: "busy", Told: 50, Fixed: 40, Ignored: 10}, {Rule: "bad", Told: 40, Blocking: 40, False: 30, Fixed: 10}})
	if list[0].Rule != "bad" || list[1].Rule != "busy" || list[2].Rule != "quiet" {
		t.Errorf("order: %s, %s, %s", list[0].Rule, list[1].Rule, list[2].Rule)
	}
}
