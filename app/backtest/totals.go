package backtest

import (
	"cmp"
	"maps"
	"slices"
)

// add takes the changes over and adds them up.
func (r *Report) add(replays []*replay, rules []ruled) {
	r.Changes = []Change{}
	faults := map[string]bool{}
	var seconds []float64
	for _, p := range replays {
		if !p.done {
			continue
		}
		if p.cached {
			r.Timing.Cached++
		}
		for _, f := range p.faults {
			faults[f] = true
		}
		c := p.change
		if len(r.Only) > 0 {
			c.Findings = slices.DeleteFunc(slices.Clone(c.Findings), func(f Finding) bool { return !slices.Contains(r.Only, f.Rule) })
		}
		if c.Error == "" {
			seconds = append(seconds, c.Seconds)
		}
		r.Changes = append(r.Changes, c)
	}
	r.Problems = slices.Sorted(maps.Keys(faults))
	slices.Sort(seconds)
	r.Timing.P50, r.Timing.P95, r.Timing.Most = quantile(seconds, 50), quantile(seconds, 95), quantile(seconds, 100)

	policy := r.Policy != ""
	r.Total.Name = "all"
	authors, agents, repos := groups{}, groups{}, groups{}
	byRule := map[string]*RuleTotals{}
	for _, rule := range rules {
		if len(r.Only) == 0 || slices.Contains(r.Only, rule.ID) {
			byRule[rule.ID] = &RuleTotals{Rule: rule.ID, Rollout: rule.Rollout}
		}
	}
	failed := map[string]*Failed{}
	guards := map[[2]string]*Guard{}
	for i := range r.Changes {
		c := &r.Changes[i]
		r.Total.add(c, policy)
		repos.at(c.Repository).add(c, policy)
		if c.Author != "" {
			authors.at(string(c.Author)).add(c, policy)
		}
		for _, name := range c.Agents {
			agents.at(name).add(c, policy)
		}
		if c.Error != "" {
			f := failed[c.Error]
			if f == nil {
				f = &Failed{Why: c.Error}
				failed[c.Error] = f
			}
			if f.Changes++; len(f.Commits) < 5 {
				f.Commits = append(f.Commits, c.Repository+"@"+c.Commit)
			}
		}
		addRules(byRule, c, policy)
		addGuards(guards, c)
	}
	r.ByAuthor, r.ByAgent, r.ByRepository = authors.sorted(), agents.sorted(), repos.sorted()
	r.ByRule = []RuleTotals{}
	for _, id := range slices.Sorted(maps.Keys(byRule)) {
		r.ByRule = append(r.ByRule, *byRule[id])
	}
	for _, f := range failed {
		r.Failed = append(r.Failed, *f)
	}
	slices.SortFunc(r.Failed, func(a, b Failed) int { return cmp.Or(cmp.Compare(b.Changes, a.Changes), cmp.Compare(a.Why, b.Why)) })
	for _, g := range guards {
		r.ByGuard = append(r.ByGuard, *g)
	}
	slices.SortFunc(r.ByGuard, func(a, b Guard) int {
		return cmp.Or(cmp.Compare(b.Changes, a.Changes), cmp.Compare(b.Maybe, a.Maybe), cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Guard, b.Guard))
	})
}

// quantile gives the smallest value that percent of the sorted values do not exceed.
func quantile(sorted []float64, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max((len(sorted)*percent+99)/100-1, 0)]
}

// blocks says whether a finding would have stopped the merge. Under a policy an approval clears those that ask for a person.
func (f *Finding) blocks(policy bool) bool { return f.Blocking && !(policy && f.Approval) }

// add counts one change.
func (t *Totals) add(c *Change, policy bool) {
	if c.Error != "" {
		t.Failed++
		return
	}
	t.Changes++
	t.Lines += c.Lines
	with, commented, blocked, approval, may := false, false, false, false, false
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.Suppressed {
			continue
		}
		with = true
		t.Findings++
		if f.Comment {
			t.Comments++
			commented = true
		}
		if f.blocks(policy) {
			t.Blocking++
			blocked = true
		} else if f.Blocking {
			approval = true
		}
	}
	for _, a := range c.Asked {
		switch {
		case a.Approvals == 0:
		case a.Unless == "":
			approval = true
		default:
			may = true
		}
	}
	for _, one := range []struct {
		is   bool
		into *int
	}{{with, &t.With}, {commented, &t.Commented}, {blocked, &t.Blocked}, {approval, &t.Approval}, {may && !approval, &t.MayApproval}} {
		if one.is {
			*one.into++
		}
	}
}

// groups are totals by name.
type groups map[string]*Totals

func (g groups) at(name string) *Totals {
	if g[name] == nil {
		g[name] = &Totals{Name: name}
	}
	return g[name]
}

func (g groups) sorted() []Totals {
	out := []Totals{}
	for _, name := range slices.Sorted(maps.Keys(g)) {
		out = append(out, *g[name])
	}
	return out
}

func addRules(byRule map[string]*RuleTotals, c *Change, policy bool) {
	if c.Error != "" {
		return
	}
	seen, blocked := map[string]bool{}, map[string]bool{}
	for i := range c.Findings {
		f := &c.Findings[i]
		t := byRule[f.Rule]
		if t == nil {
			t = &RuleTotals{Rule: f.Rule}
			byRule[f.Rule] = t
		}
		if f.Suppressed {
			t.Suppressed++
			continue
		}
		t.Findings++
		if f.Comment {
			t.Comments++
		}
		if t.ByAuthor == nil {
			t.ByAuthor, t.ByRepo = map[Author]int{}, map[string]int{}
		}
		t.ByAuthor[c.Author]++
		t.ByRepo[c.Repository]++
		if !seen[f.Rule] {
			seen[f.Rule] = true
			t.Changes++
		}
		if f.blocks(policy) {
			t.Blocking++
			if !blocked[f.Rule] {
				blocked[f.Rule] = true
				t.Blocked++
			}
		}
	}
}

func addGuards(guards map[[2]string]*Guard, c *Change) {
	if c.Error != "" {
		return
	}
	for _, a := range c.Asked {
		id := [2]string{a.Origin, a.Guard}
		g := guards[id]
		if g == nil {
			g = &Guard{Guard: a.Guard, Origin: a.Origin}
			guards[id] = g
		}
		g.Most = max(g.Most, a.Approvals)
		if a.Unless == "" {
			g.Changes++
		} else {
			g.Maybe++
			g.Because = a.Unless
		}
	}
}
