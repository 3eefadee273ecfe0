package gate

import "slices"

// What a policy can ask for beyond the facts that every decision needs. A caller that has to ask GitHub or git for them asks only then.

// Hears says whether anything can follow from a comment: somebody may waive, or a guard has a checklist.
func (p *Policy) Hears() bool {
	return p.Waivers != nil || p.RepoWaivers != nil || slices.ContainsFunc(p.Guards, func(g Guard) bool { return len(g.Checklists) > 0 })
}

// ByPath says whether it matters who changed which paths: Facts.Pushed and Commit.Paths.
func (p *Policy) ByPath() bool { return byPath(p) }

// FirstTime says whether it matters if the author ever had a change merged.
func (p *Policy) FirstTime() bool {
	return slices.ContainsFunc(p.Guards, func(g Guard) bool { return g.When != nil && g.When.Author == AuthorFirstTime })
}

// ByApp says whether a change that an App signed may be exempt.
func (p *Policy) ByApp() bool {
	return slices.ContainsFunc(p.Exempt, func(e Exempt) bool { return e.App != "" })
}

// NotHuman says what keeps an account from being one of a person, by what GitHub says and by the policy's list of agents; empty if it is one.
func NotHuman(p *Policy, who Person) string {
	in := &involved{agents: map[string]bool{}}
	for _, login := range p.Agents.Accounts {
		in.agents[fold(login)] = true
	}
	return in.human(who)
}
