package model

import (
	"fmt"
	"slices"
	"strings"
)

// Audit holds the oracle against the check runs while everything is at rest: no webhook is on its way, and none that was lost is still missed.
func (w *World) Audit() []string {
	var out []string
	for _, p := range w.Pulls {
		if p.State != "open" {
			continue
		}
		green := w.Green(p)
		if miss := w.Missing(p, View{}); green && len(miss) > 0 {
			out = append(out, fmt.Sprintf("#%d is green, but: %s", p.Number, strings.Join(miss, "; ")))
		}
		if !green && CheckName(p.Base) != "" && len(w.Missing(p, View{Honest: true})) == 0 {
			out = append(out, fmt.Sprintf("#%d has all that it needs, and %s on %s says %q", p.Number, CheckName(p.Base), p.Head, w.Checks[[2]string{p.Head, CheckName(p.Base)}]))
		}
		if says := w.Checks[[2]string{p.Head, name(p.Base)}]; !w.config().governs(p.Base) && says != "" && says != "cancelled" {
			out = append(out, fmt.Sprintf("#%d goes into %s, which is not governed, and its check says %q", p.Number, p.Base, says)) // section 0
		}
		if green {
			w.Seen.Add("green")
		}
	}
	for _, g := range w.Groups {
		if miss := w.GroupMissing(g, View{}); g.Over == "" && w.Checks[[2]string{g.Head, name(g.Base)}] == "success" && len(miss) > 0 {
			out = append(out, fmt.Sprintf("the merge group of %v is green, but: %s", g.Numbers, strings.Join(miss, "; ")))
		}
	}
	return append(out, w.Shining()...)
}

// AuditContent is what must hold at every moment: what is green was read as it is by as many people as it needs.
func (w *World) AuditContent() []string {
	var out []string
	for _, p := range w.Pulls {
		if p.State == "open" && w.Green(p) && !w.came(p) {
			if miss := w.Unread(p); len(miss) > 0 {
				out = append(out, fmt.Sprintf("#%d is green, and nobody read it: %s", p.Number, strings.Join(miss, "; ")))
			}
		}
	}
	for _, at := range sortedChecks(w.Checks) {
		if says := w.Checks[at]; !valid(says) {
			out = append(out, fmt.Sprintf("%s on %s says %q", at[1], at[0], says))
		}
	}
	return out
}

// came says whether the head has come into the base already, as another pull request that the gate let pass. What was merged keeps its green, as
// evidence, so whoever puts the same commit up for the same branch finds it green until the webhook is worked off: it brings nothing new.
func (w *World) came(p *Pull) bool {
	return slices.ContainsFunc(w.Pulls, func(o *Pull) bool { return o.State == "merged" && o.Head == p.Head && o.Base == p.Base })
}
