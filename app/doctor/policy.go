package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
)

// policy judges what the policy itself lets through.
func (x *exam) policy() {
	if x.unread(github.PartAll, "") != "" {
		return
	}
	page := x.page("/blob/" + x.Default + "/.github/reviewgate.yml")
	if why := x.unread(github.PartFloor, ""); why != "" {
		x.add(Finding{ID: "unread-floor", Level: Unknown, Title: "the organisation's floor could not be read: " + why,
			Effect: "what it guards was not looked at", Remedy: "Give the App's installation, or the token, access to the repository .github"})
	}
	if why := x.unread(github.PartPolicy, ""); why != "" {
		x.add(Finding{ID: "unread-policy", Level: Unknown, Title: "the policy could not be read: " + why, Effect: "which branches it governs and whom it names was not looked at", Remedy: "Grant Contents: read, or run doctor again"})
		return
	}
	switch {
	case x.Floor.Setting == "required" && !x.Floor.Present && x.unread(github.PartFloor, "") == "":
		x.add(Finding{ID: "floor-missing", Level: Warning, Title: "the server requires a floor, and the organisation has none",
			Effect: "nothing passes", Remedy: "Write reviewgate-floor.yml in the organisation's repository .github, or set floor (REVIEWGATE_FLOOR) to optional"})
	case x.Floor.Setting == "optional" && x.Floor.Present:
		x.add(Finding{ID: "floor-optional", Level: Note, Title: "the organisation has a floor, and the server's setting says that it may be missing",
			Effect: "the server remembers in its database that there was one; a new database does not", Remedy: "Set floor (REVIEWGATE_FLOOR) to required"})
	}
	p := x.Policy
	switch {
	case p == nil:
		x.add(Finding{ID: "policy-absent", Level: Hole, Title: "there is no policy", URL: page, Effect: "the check advises: it is green whatever is found, and nobody has to approve",
			Remedy: "Write .github/reviewgate.yml with the line \"mode: enforce\" and your guards; `reviewgate policy check` tells what is wrong with it"})
		return
	case len(p.FloorBroken) > 0:
		x.broken(p.FloorBroken, "floor")
	case len(p.Broken) > 0:
		x.broken(p.Broken, "policy")
	case p.Mode != gate.Enforce:
		x.add(Finding{ID: "policy-advisory", Level: Hole, Title: "the policy only advises", URL: page, Effect: "the check is green whatever is found, and nobody has to approve", Remedy: "Write \"mode: enforce\""})
	}
	var single []string
	for _, g := range p.Guards {
		if g.Origin != "built-in" && g.Need.Approvals == 1 {
			single = append(single, g.Name)
		}
	}
	if len(single) > 0 && p.Mode == gate.Enforce {
		x.add(Finding{ID: "one-approval", Level: Note, Title: "one approval is enough for " + clipped(single), URL: page,
			Effect: "GitHub cannot tell a person from an agent that was given that person's token; one such approval opens these guards", Remedy: "Use the tier critical (two people) for what must not depend on one token"})
	}
}

func (x *exam) broken(problems []gate.Problem, what string) {
	p := problems[0]
	place := p.File
	if p.Line > 0 {
		place += fmt.Sprintf(":%d", p.Line)
	}
	x.add(Finding{ID: what + "-broken", Level: Warning, Title: fmt.Sprintf("the %s is broken: %s: %s", what, place, p.Message), Effect: "every pull request waits until it is repaired",
		Remedy: p.Remedy + " `reviewgate policy check` lists everything"})
}

// people judges whether those whom guards name exist and can approve.
func (x *exam) people() {
	if x.Policy == nil {
		return
	}
	told := map[string]bool{}
	tell := func(f Finding) {
		if !told[f.Title] {
			told[f.Title] = true
			x.add(f)
		}
	}
	for _, u := range x.Unread {
		if u.Part == github.PartPeople {
			tell(Finding{ID: "unread-people", Level: Unknown, Title: u.Name + " could not be looked up: " + u.Reason, Effect: "a guard may name somebody who cannot approve", Remedy: "Grant Members: read, or run doctor with a member's token"})
		}
	}
	for _, g := range needs(x.Policy) {
		var can, names int
		open := len(g.Need.From) == 0 && len(g.Need.AnyOf) == 0 // anybody with write access
		for _, a := range slices.Concat(g.Need.From, slices.Concat(g.Need.AnyOf...)) {
			switch {
			case a.User != "":
				name := strings.ToLower(a.User)
				role, known := x.People.Users[name]
				switch {
				case x.unread(github.PartPeople, "@"+name) != "":
					open = true
				case !known:
					tell(Finding{ID: "guard-unknown-user", Level: Warning, Title: fmt.Sprintf("the guard %q names @%s, and GitHub knows no such account", g.Name, a.User),
						Effect: "they can never approve; whoever registers the name is one role away from it", Remedy: "Correct the name in the policy"})
				case !writes(role):
					names++
					tell(Finding{ID: "guard-no-write", Level: Warning, Title: fmt.Sprintf("the guard %q names @%s, who has the role %s here", g.Name, a.User, role),
						Effect: "their approval does not count", Remedy: "Give them write access, or name somebody else", URL: x.page("/settings/access")})
				default:
					names++
					can++
				}
			case a.Team != "":
				name := strings.ToLower(a.Team)
				team, known := x.People.Teams[name]
				switch {
				case x.unread(github.PartPeople, "@"+name) != "":
					open = true
				case !known:
					tell(Finding{ID: "guard-unknown-team", Level: Warning, Title: fmt.Sprintf("the guard %q names @%s, and there is no such team", g.Name, a.Team),
						Effect: "nobody can approve for it, and the changes wait", Remedy: "Correct the name in the policy"})
				case team.Writers == 0:
					names++
					tell(Finding{ID: "guard-no-write", Level: Warning, Title: fmt.Sprintf("the guard %q names @%s, and none of its %d members has write access here", g.Name, a.Team, team.Members),
						Effect: "their approvals do not count", Remedy: "Give the team write access", URL: x.page("/settings/access")})
				default:
					names++
					can += team.Writers
				}
			default: // a role or code owners: who that is depends on the change
				open = true
			}
		}
		if !open && names > 0 && can < g.Need.Approvals && can > 0 {
			tell(Finding{ID: "guard-too-few", Level: Warning, Title: fmt.Sprintf("the guard %q needs %d approvals, and %d of those it names can approve", g.Name, g.Need.Approvals, can),
				Effect: "its changes wait for ever", Remedy: "Name more people, or lower the number"})
		}
	}
}

func writes(role string) bool { return role == "write" || role == "maintain" || role == "admin" }

// needs lists the guards of a policy with its defaults as two more.
func needs(p *gate.Policy) []gate.Guard {
	out := slices.Clone(p.Guards)
	for _, d := range []struct {
		name string
		need *gate.Need
	}{{"default", p.Default}, {"default of the floor", p.FloorDefault}} {
		if d.need != nil {
			out = append(out, gate.Guard{Name: d.name, Need: *d.need})
		}
	}
	return out
}
