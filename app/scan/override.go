package scan

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

// Overridden gives rules with the message that a policy says in place of theirs, as copies.
func Overridden(rs []*rules.Rule, overrides map[string]checks.Override) []*rules.Rule {
	for i, r := range rs {
		if o, ok := overrides[r.ID.Value]; ok && o.Message != "" {
			other := *r
			other.Message.Value = o.Message
			rs[i] = &other
		}
	}
	return rs
}

// apply puts the policy's words in place of a finding's. A finding that is less sure than its rule stays so: the policy speaks of the rule.
func (s *state) apply(f *found) {
	o, ok := s.in.Config.Overrides[f.RuleID]
	if !ok {
		return
	}
	f.Severity = o.SeverityOf(f.Severity)
	if own := f.rule.Confidence; f.Confidence >= f.asked { // f.asked is the rule's before the policy
		f.Confidence = own
	} else {
		f.Confidence = min(f.Confidence, own)
	}
	if o.Message != "" && !f.pattern {
		f.Message = o.Message
	}
}

// ValidGlob says whether a glob of an override can be read.
func ValidGlob(glob string) bool { return doublestar.ValidatePattern(anchored(glob)) }

// covers says whether the policy lets a rule speak of a file.
func (c *Config) covers(ruleID, path string) bool {
	o, ok := c.Overrides[ruleID]
	return !ok || (len(o.Include) == 0 || anyGlob(o.Include, path)) && !anyGlob(o.Exclude, path)
}

func anyGlob(globs []string, path string) bool {
	for _, g := range globs {
		g = anchored(g)
		if doublestar.MatchUnvalidated(g, path) || doublestar.MatchUnvalidated(g+"/**", path) {
			return true
		}
	}
	return false
}

// anchored is a glob as it is matched from the root.
func anchored(glob string) string {
	glob = strings.TrimSuffix(strings.TrimPrefix(glob, "./"), "/")
	if rooted, ok := strings.CutPrefix(glob, "/"); ok {
		return rooted
	}
	return "**/" + glob
}

// of gives a rule's description with what the policy says in place of it.
func (c *Config) of(info checks.RuleInfo) checks.RuleInfo {
	if o, ok := c.Overrides[info.ID]; ok {
		info.Severity, info.Confidence = o.SeverityOf(info.Severity), o.ConfidenceOf(info.Confidence)
	}
	return info
}
