package gate

import (
	"regexp"
	"slices"
	"strings"
)

// What can be said of a change that was merged long ago and is known from git alone: there are no accounts but those in GitHub's private
// addresses, no reviews, no labels and no description.

var (
	mergedPull   = regexp.MustCompile(`^Merge pull request #\d+ from [^/\s]+/(\S+)`)
	mergedBranch = regexp.MustCompile(`^Merge (?:remote-tracking )?branch '(?:origin/)?([^']+)'`)
)

// FromGit makes facts of the commits of a change, the one that stands on the branch first, and of its files. Accounts are filled in where an
// address names one; who opened the pull request is known only where all commits have one author with such an address.
func FromGit(commits []Commit, files []FileChange, links []Link) *Facts {
	f := &Facts{State: "open", Files: files, Links: links}
	author, one := Person{}, true
	for _, c := range commits {
		who, ok := noreply(c.AuthorEmail)
		if ok {
			c.Author = &who
		}
		if by, ok := noreply(c.CommitterEmail); ok {
			c.Committer = &by
		}
		f.Commits = append(f.Commits, c)
		if len(c.Parents) > 1 && len(commits) > 1 {
			continue // who merged did not write it
		}
		if one = one && ok && (author == Person{} || author == who); one {
			author = who
		}
	}
	if one {
		f.Author = author
	}
	if len(commits) > 0 {
		title, _, _ := strings.Cut(commits[0].Message, "\n")
		for _, pattern := range []*regexp.Regexp{mergedPull, mergedBranch} {
			if m := pattern.FindStringSubmatch(title); m != nil && f.HeadRef == "" {
				f.HeadRef = m[1]
			}
		}
	}
	return f
}

// AgentsIn names the tools whose marks are found in the facts, sorted, and says whether the change is that of a bot which nobody sets to work by describing
// it: one that renews dependencies, say. Marks can be left out: none is no proof of a person.
func AgentsIn(p *Policy, f *Facts) (names []string, bot bool) {
	for _, m := range involve(p, f).marks {
		if m.Agent == f.Author.Login && f.Author.Type == "Bot" {
			bot = true // no tool of the table
			continue
		}
		names = append(names, m.Agent)
	}
	return slices.Compact(names), len(names) == 0 && (bot || f.Author.Type == "Bot")
}

// AskedFromGit says which guards would have asked for approvals, and which only may have, because their condition or an exemption rests on what git
// does not tell. Whether the approvals were given is not known.
func AskedFromGit(p *Policy, f *Facts) (sure, maybe []GuardAnswer) {
	in := involve(p, f)
	agent := len(in.marks) > 0
	known := *p
	known.Guards = slices.DeleteFunc(slices.Clone(p.Guards), func(g Guard) bool {
		w := g.When
		return w != nil && (w.Fork || w.Author != "" && w.Author != AuthorAny && !(w.Author == AuthorAgent && agent))
	})
	if p.ControlPlane == PlaneAgents {
		if known.ControlPlane = PlaneOff; agent {
			known.ControlPlane = PlaneRequired
		}
	}
	type guard struct{ name, origin string }
	asked := map[guard]bool{}
	d := &decider{p: p, f: f, in: in}
	for _, a := range WillNeed(&known, f.Files, f.Links) {
		if agent && a.Needed > 0 {
			a.Extra = p.Agents.ExtraApprovals
			a.Needed += a.Extra
		}
		if e := d.mayExempt(a.Origin); e != nil {
			a.Because += ", unless " + e.String()
			maybe = append(maybe, a)
		} else {
			sure = append(sure, a)
		}
		asked[guard{a.Name, a.Origin}] = true
	}
	for _, a := range WillNeed(p, f.Files, f.Links) {
		if !asked[guard{a.Name, a.Origin}] {
			maybe = append(maybe, a)
		}
	}
	return sure, maybe
}

// mayExempt gives the first exemption of an origin whose paths and size fit.
func (d *decider) mayExempt(origin string) *Exempt {
	for i := range d.p.Exempt {
		if e := &d.p.Exempt[i]; e.Origin == origin && d.covered(e) {
			return e
		}
	}
	return nil
}
