package gate

import (
	"slices"
	"strings"
)

// Wants is what must be asked about accounts before Decide: everything that the guards covering a changed file name.
type Wants struct {
	Users []string // logins, lower case, sorted: resolve to an account, and ask its role too
	Teams []string // "org/slug", lower case, sorted: ask id and active members
	Roles []Person // accounts whose role in the repository is needed (reviewers, who dismissed a review, who wrote a command, where a policy exempts members who took part), by id
}

// Needs says what to ask for. Of f it reads everything but People and Scan.
func Needs(p *Policy, f *Facts) Wants {
	var w Wants
	f = split(f)
	c := newCover(p.Guards, f.Files, looks(f.Files), f.Links)
	owners, problems := ParseCodeowners("CODEOWNERS", f.Codeowners)
	if len(problems) > 0 {
		owners = &Codeowners{}
	}
	asked := map[int]bool{}
	for _, du := range c.duties(p, 0) {
		for _, name := range du.guard.Need.DistinctTeams {
			w.Teams = append(w.Teams, strings.ToLower(name))
		}
		for _, a := range slices.Concat(du.guard.Need.From, slices.Concat(du.guard.Need.AnyOf...)) {
			switch {
			case a.User != "":
				w.Users = append(w.Users, strings.ToLower(a.User))
			case a.Team != "":
				w.Teams = append(w.Teams, strings.ToLower(a.Team))
			case a.Codeowners:
				for _, i := range du.files {
					for _, rule := range owners.owners(f.Files[i].Path) {
						if asked[rule.Line] {
							continue
						}
						asked[rule.Line] = true
						for _, o := range rule.Owners {
							if o.User != "" {
								w.Users = append(w.Users, strings.ToLower(o.User))
							}
							if o.Team != "" {
								w.Teams = append(w.Teams, strings.ToLower(o.Team))
							}
						}
					}
				}
			}
		}
	}
	for _, sponsors := range []map[string]string{p.Agents.Sponsors, p.Agents.RepoSponsors} {
		for _, human := range sponsors {
			w.Users = append(w.Users, strings.ToLower(human))
		}
	}
	if slices.ContainsFunc(p.Exempt, func(e Exempt) bool { return e.Member }) {
		for _, took := range involve(p, f).list {
			w.Roles = append(w.Roles, took.Person)
		}
	}
	for i := range f.Comments {
		if len(Commands(f.Comments[i].Body)) == 0 {
			continue
		}
		w.Roles = append(w.Roles, f.Comments[i].Author)
		for _, waivers := range []*Waivers{p.Waivers, p.RepoWaivers} {
			if waivers == nil {
				continue
			}
			for _, a := range waivers.By {
				if a.User != "" {
					w.Users = append(w.Users, strings.ToLower(a.User))
				}
				if a.Team != "" {
					w.Teams = append(w.Teams, strings.ToLower(a.Team))
				}
			}
		}
	}
	for i := range f.Reviews {
		w.Roles = append(w.Roles, f.Reviews[i].Reviewer)
		if d := f.Reviews[i].Dismissal; d != nil {
			w.Roles = append(w.Roles, d.By)
		}
	}
	w.Users = uniqueSorted(w.Users)
	w.Teams = uniqueSorted(w.Teams)
	w.Roles = slices.DeleteFunc(w.Roles, func(who Person) bool { return who.ID == 0 })
	slices.SortStableFunc(w.Roles, func(a, b Person) int {
		if a.ID != b.ID {
			if a.ID < b.ID {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Login, b.Login)
	})
	w.Roles = slices.CompactFunc(w.Roles, func(a, b Person) bool { return a.ID == b.ID })
	return w
}
