package quality_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/checks"
)

func TestProposals(t *testing.T) {
	t.Parallel()
	tally := func(rule string, fixed, waived, wrong, ignored int) quality.RuleTally {
		return quality.RuleTally{Rule: rule, Told: fixed + waived + wrong + ignored, Fixed: fixed, Waived: waived, False: wrong, Ignored: ignored}
	}
	got := map[string]string{}
	for _, p := range quality.Proposals([]quality.RuleTally{
		tally("blocks-and-is-wrong", 60, 0, 40, 0), tally("blocks-and-is-right", 95, 3, 2, 0), tally("blocks-seldom", 1, 0, 3, 0),
		tally("comments-and-is-wrong", 20, 0, 80, 0), tally("comments-to-nobody", 5, 0, 0, 95), tally("comments-and-proves-itself", 198, 0, 2, 20), tally("comments-so-so", 60, 0, 30, 10),
		{Told: 100, False: 100}, // all rules together
	}, map[string]checks.Rollout{"comments-and-is-wrong": "comment", "comments-to-nobody": "comment", "comments-and-proves-itself": "comment", "comments-so-so": "comment"}, quality.DefaultBounds) {
		got[p.Rule] = string(p.From) + " to " + string(p.To)
		if p.Because == "" {
			t.Errorf("%s: no reason", p.Rule)
		}
	}
	want := map[string]string{"blocks-and-is-wrong": "block to comment", "comments-and-is-wrong": "comment to shadow", "comments-to-nobody": "comment to shadow", "comments-and-proves-itself": "comment to block"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestSetRollout(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, was, want string }{
		{"a new file", "", "checks:\n  rollout:\n    no-eval: shadow\n"},
		{"no checks", "version: 1 # ours\nmode: enforce", "version: 1 # ours\nmode: enforce\nchecks:\n  rollout:\n    no-eval: shadow\n"},
		{"no rollout", "version: 1\nchecks:\n    # loud\n    severity: high\nguard: []\n", "version: 1\nchecks:\n    rollout:\n      no-eval: shadow\n    # loud\n    severity: high\nguard: []\n"},
		{"another rule", "checks:\n  rollout: # how far\n    # slow\n    other: off\n", "checks:\n  rollout: # how far\n    no-eval: shadow\n    # slow\n    other: off\n"},
		{"the rule", "checks:\n  rollout:\n    no-eval: \"block\" # since May\n    other: off\n", "checks:\n  rollout:\n    no-eval: shadow # since May\n    other: off\n"},
	} {
		got, err := quality.SetRollout([]byte(c.was), "no-eval", checks.RolloutShadow)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, string(got)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	for name, was := range map[string]string{"flow": "{version: 1}", "a flow below": "checks: {severity: high}", "broken": "a: [", "tabs": "checks:\n\ta: b\n", "aliases": "a: &x\n  no-eval: off\nchecks:\n  rollout: *x\n", "too large": strings.Repeat("#", 300<<10)} {
		if got, err := quality.SetRollout([]byte(was), "no-eval", checks.RolloutShadow); err == nil || !strings.Contains(err.Error(), "by hand") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// FuzzSetRollout: whatever the file, the edit is an error, or changes nothing but the one rollout and can be read back.
func FuzzSetRollout(f *testing.F) {
	f.Add("version: 1\nchecks:\n  rollout:\n    a: off\n", "no-eval")
	f.Add("checks:\n  severity: high\n", "a")
	f.Fuzz(func(t *testing.T, policy, rule string) {
		out, err := quality.SetRollout([]byte(policy), rule, checks.RolloutComment)
		if err != nil {
			return
		}
		again, err := quality.SetRollout(out, rule, checks.RolloutComment)
		if err != nil || string(again) != string(out) {
			t.Errorf("a second time: %q, %v; was %q", again, err, out)
		}
	})
}
