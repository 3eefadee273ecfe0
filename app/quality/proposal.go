package quality

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A RulePrecision is what people made of what a rule told them.
type RulePrecision struct {
	RuleTally
	// Useful is the share of the findings that were told and decided about which led to a change of the code: fixed, of fixed, called wrong, waived and ignored.
	Useful Rate `json:"useful"`
	// Wrong is the share that somebody called wrong, of those that were told.
	Wrong Rate `json:"wrong"`
	// Rollout is how far the rule goes, as its findings show it.
	Rollout checks.Rollout `json:"rollout"`
	// Proposed is how far it should go; "": as far as now. Because is why, in one sentence.
	Proposed checks.Rollout `json:"proposed,omitempty"`
	Because  string         `json:"because,omitempty"`
}

// The bounds of proposals. An interval must lie on one side of them as a whole, so that a handful of findings moves no rule.
const (
	wrongMost   = 0.10 // a rule that blocks and is called wrong more often should only comment
	usefulLeast = 0.30 // one that comments and helps less often should be quiet
	usefulProof = 0.80 // one that comments and helps more often has earned to block,
	wrongProof  = 0.10 // if it is not called wrong more often than this
)

// Precision judges a rule by what became of its findings.
func (r *RuleTally) Precision() RulePrecision {
	p := RulePrecision{RuleTally: *r, Useful: Share(r.Fixed, r.Fixed+r.False+r.Waived+r.Ignored), Wrong: Share(r.False, r.Told), Rollout: checks.RolloutShadow}
	switch {
	case r.Blocking > 0:
		p.Rollout = checks.RolloutBlock
	case r.Told > 0:
		p.Rollout = checks.RolloutComment
	}
	share := func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }
	switch {
	case p.Useful.Small:
	case p.Rollout == checks.RolloutBlock && p.Wrong.Low > wrongMost:
		p.Proposed, p.Because = checks.RolloutComment, fmt.Sprintf("%d of %d were called wrong, at least %s: too many for a rule that blocks", r.False, r.Told, share(p.Wrong.Low))
	case p.Rollout != checks.RolloutShadow && p.Useful.High < usefulLeast:
		p.Proposed, p.Because = checks.RolloutShadow, fmt.Sprintf("%d of %d led to a fix, at most %s: people pass over it", r.Fixed, int(p.Useful.Of), share(p.Useful.High))
		if p.Rollout == checks.RolloutBlock {
			p.Proposed = checks.RolloutComment
		}
	case p.Rollout == checks.RolloutComment && p.Useful.Low > usefulProof && p.Wrong.High < wrongProof:
		p.Proposed, p.Because = checks.RolloutBlock, fmt.Sprintf("%d of %d led to a fix, at least %s, and at most %s are called wrong: it has earned to block", r.Fixed, int(p.Useful.Of), share(p.Useful.Low), share(p.Wrong.High))
	}
	return p
}

// Precisions judges rules; those with a proposal come first, then those that told most.
func Precisions(list []RuleTally) []RulePrecision {
	out := make([]RulePrecision, 0, len(list))
	for i := range list {
		out = append(out, list[i].Precision())
	}
	slices.SortStableFunc(out, func(a, b RulePrecision) int {
		rank := func(p *RulePrecision) int {
			if p.Proposed != "" {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(b.Told, a.Told), cmp.Compare(a.Rule, b.Rule))
	})
	return out
}
