package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// A Report is what can be said of one layer by itself, without asking GitHub.
type Report struct {
	Problems []gate.Problem `json:"problems"` // errors and warnings, by file and place
	// Users and Teams are the names that only GitHub can confirm, as written, sorted: "@alice", "@acme/security".
	Users []string `json:"users"`
	Teams []string `json:"teams"`
}

// Errors counts the problems that break the policy.
func (r *Report) Errors() int {
	n := 0
	for _, p := range r.Problems {
		if !p.Warning {
			n++
		}
	}
	return n
}

// Check validates one layer as Load does for the version that a change brings, so that its owner reads the same words offline. tree lists the
// paths of the repository, to warn of globs that match none of them; nil: not looked at.
func Check(l *Layer, floor bool, tree []string) *Report {
	d, problems := l.validate(floor, nil)
	if !floor && l.Policy != nil && tree != nil {
		problems = append(problems, unmatched(l.PolicyPath, d, tree)...)
	}
	slices.SortStableFunc(problems, func(a, b gate.Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	r := &Report{Problems: slices.Compact(problems), Users: []string{}, Teams: []string{}}
	if r.Problems == nil {
		r.Problems = []gate.Problem{}
	}
	approver := func(a gate.Approver) {
		switch {
		case a.User != "":
			r.Users = append(r.Users, "@"+a.User)
		case a.Team != "":
			r.Teams = append(r.Teams, "@"+a.Team)
		}
	}
	for _, g := range d.needs() {
		for _, a := range slices.Concat(g.Need.From, slices.Concat(g.Need.AnyOf...)) {
			approver(a)
		}
	}
	if d.waivers != nil {
		for _, a := range d.waivers.By {
			approver(a)
		}
	}
	for _, human := range d.agents.Sponsors {
		r.Users = append(r.Users, "@"+human)
	}
	if usesOwners(d.needs()) {
		owners, _ := gate.ParseCodeowners(l.CodeownersPath, string(l.Codeowners))
		for _, rule := range owners.Rules {
			for _, o := range rule.Owners {
				approver(gate.Approver{User: o.User, Team: o.Team})
			}
		}
	}
	r.Users, r.Teams = names(r.Users), names(r.Teams)
	return r
}

// names sorts and drops what differs in case only.
func names(list []string) []string {
	slices.SortFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
	})
	return slices.CompactFunc(list, strings.EqualFold)
}
