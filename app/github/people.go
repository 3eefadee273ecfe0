package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// Bounds of what a policy may make us ask.
const (
	maxAsked     = 300 // users, teams and roles, each
	maxTeamPages = 20  // members of one team, in pages of 100
)

// People asks GitHub about exactly the accounts, teams and roles that the policy needs. Who or what GitHub does not know is absent from the
// answer; what it would not tell, or could not tell for a moment, is unknown, never "no". A *Temporary error comes with an answer in which
// something is unknown that GitHub may tell in a moment: decide without it, and ask again. Any other means that nothing can be said now: the
// context ended or a rate limit is in force.
func (c *Client) People(ctx context.Context, owner, repo string, wants gate.Wants) (gate.People, []gate.Unknown, error) {
	p := gate.People{Roles: map[int64]gate.Role{}, Users: map[string]gate.Person{}, Teams: map[string]gate.Team{}}
	if err := checkRepo(owner, repo); err != nil {
		return p, nil, fmt.Errorf("asking about people: %w", err)
	}
	var unknown []gate.Unknown
	var soon error
	// ask sorts the outcome of one question; stop is set if nothing more can be asked.
	ask := func(what string, err error) (stop error) {
		switch {
		case err == nil:
			return nil
		case mustStop(err):
			return fail("asking about "+what, err)
		}
		if soon == nil && temporary(err) {
			soon = fail("asking about "+what, err)
		}
		unknown = append(unknown, gate.Unknown{What: what, Reason: reason(fail("asking about "+what, err))})
		return nil
	}
	users, teams, roles := logins(wants.Users), sorted(wants.Teams), persons(wants.Roles)
	for _, list := range []struct {
		what string
		n    int
	}{{"the named users", len(users)}, {"the named teams", len(teams)}, {"the roles of people", len(roles)}} {
		if list.n > maxAsked {
			unknown = append(unknown, gate.Unknown{What: list.what, Reason: fmt.Sprintf("there are %d, more than the %d that are asked for", list.n, maxAsked)})
		}
	}
	// They are asked about at the same time, and the answers are sorted in order.
	users, teams, first := users[:min(len(users), maxAsked)], teams[:min(len(teams), maxAsked)], roles[:min(len(roles), 2*maxAsked)]
	accounts := sideBySide(users, func(login string) (gate.Person, error) { return c.user(ctx, login) })
	found := sideBySide(teams, func(name string) (*gate.Team, error) { return c.team(ctx, name, roles) })
	granted := sideBySide(first, func(who gate.Person) (gate.Role, error) { return c.role(ctx, owner, repo, who) })
	whoIs, teamIs, roleIs := accounts(), found(), granted()
	for i, a := range whoIs {
		if stop := ask("the account @"+users[i], a.err); stop != nil {
			return p, unknown, stop
		}
		if a.is.ID != 0 {
			p.Users[users[i]] = a.is
		}
	}
	for i, a := range teamIs {
		if stop := ask("the team @"+teams[i], a.err); stop != nil {
			return p, unknown, stop
		}
		if a.is != nil && a.err == nil {
			p.Teams[teams[i]] = *a.is
		}
	}
	// The role of a named user matters as much as that of a reviewer.
	var rest []gate.Person
	for _, login := range users {
		if who, ok := p.Users[login]; ok && !slices.ContainsFunc(first, func(r gate.Person) bool { return r.ID == who.ID }) {
			rest = append(rest, who)
		}
	}
	rest = persons(rest)
	also := sideBySide(rest, func(who gate.Person) (gate.Role, error) { return c.role(ctx, owner, repo, who) })
	for i, a := range append(roleIs, also()...) {
		who := slices.Concat(first, rest)[i]
		if stop := ask("the role of @"+who.Login, a.err); stop != nil {
			return p, unknown, stop
		}
		if a.err == nil {
			p.Roles[who.ID] = a.is
		}
	}
	return p, unknown, soon
}

// user reads an account by its login; nobody if there is none.
func (c *Client) user(ctx context.Context, login string) (gate.Person, error) {
	if !loginForm.MatchString(login) {
		return gate.Person{}, nil // no account can have that name
	}
	u, _, err := c.gh.Users.Get(ctx, url.PathEscape(login))
	if errors.Is(fail("", err), ErrNotFound) {
		return gate.Person{}, nil
	}
	if err != nil {
		return gate.Person{}, err
	}
	return person(u), nil
}

// team reads a team and its active members. A member who reviewed is asked for by name as well: an invitation that is pending is no membership.
// It is nil if there is no such team.
func (c *Client) team(ctx context.Context, name string, reviewers []gate.Person) (*gate.Team, error) {
	org, slug, ok := strings.Cut(name, "/")
	if !ok || !validName(org) || !validName(slug) {
		return nil, nil // no team can have that name
	}
	team, _, err := c.gh.Teams.GetTeamBySlug(ctx, org, slug)
	if errors.Is(fail("", err), ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := &gate.Team{ID: team.GetID()}
	list, complete, err := pages(maxTeamPages, func(o *gh.ListOptions) ([]*gh.User, *gh.Response, error) {
		return c.gh.Teams.ListTeamMembersBySlug(ctx, org, slug, &gh.TeamListTeamMembersOptions{ListOptions: *o})
	})
	if err != nil {
		return nil, err
	}
	if !complete {
		return nil, fmt.Errorf("it has more than %d members", maxTeamPages*100)
	}
	var named []gate.Person
	seen := map[int64]bool{}
	for _, u := range list {
		who := person(u)
		if who.ID == 0 || seen[who.ID] {
			continue
		}
		seen[who.ID] = true
		if slices.ContainsFunc(reviewers, func(r gate.Person) bool { return r.ID == who.ID }) {
			named = append(named, who)
			continue
		}
		t.Members = append(t.Members, who)
	}
	for i, a := range sideBySide(named, func(who gate.Person) (bool, error) { return c.active(ctx, org, slug, who.Login) })() {
		if a.err != nil {
			return nil, a.err
		}
		if a.is {
			t.Members = append(t.Members, named[i])
		}
	}
	sort.Slice(t.Members, func(i, j int) bool { return t.Members[i].ID < t.Members[j].ID })
	return t, nil
}

func (c *Client) active(ctx context.Context, org, slug, login string) (bool, error) {
	m, _, err := c.gh.Teams.GetTeamMembershipBySlug(ctx, org, slug, url.PathEscape(login))
	if errors.Is(fail("", err), ErrNotFound) {
		return false, nil
	}
	return m.GetState() == "active", err
}

// role reads the role that an account has in a repository. The login is how GitHub is asked; the id says whether the answer is about the same
// account, because a login can be given up and taken by somebody else.
func (c *Client) role(ctx context.Context, owner, repo string, who gate.Person) (gate.Role, error) {
	if !loginForm.MatchString(who.Login) {
		return gate.RoleNone, nil
	}
	got, _, err := get[struct {
		Permission string `json:"permission"`
		RoleName   string `json:"role_name"`
		User       *struct {
			ID          int64           `json:"id"`
			Permissions map[string]bool `json:"permissions"`
		} `json:"user"`
	}](ctx, c.gh, fmt.Sprintf("repos/%s/%s/collaborators/%s/permission", owner, repo, url.PathEscape(who.Login)), nil)
	var e *Error
	if errors.As(fail("", err), &e) && e.Status == http.StatusNotFound {
		return gate.RoleNone, nil
	}
	if err != nil {
		return gate.RoleNone, err
	}
	if got.User == nil || got.User.ID != who.ID {
		return gate.RoleNone, nil
	}
	// "permission" knows four levels; the two in between are said elsewhere, and can only refine it.
	switch got.Permission {
	case "admin":
		return gate.RoleAdmin, nil
	case "write":
		if got.RoleName == "maintain" || got.User.Permissions["maintain"] {
			return gate.RoleMaintain, nil
		}
		return gate.RoleWrite, nil
	case "read":
		if got.RoleName == "triage" || got.User.Permissions["triage"] {
			return gate.RoleTriage, nil
		}
		return gate.RoleRead, nil
	case "none":
		return gate.RoleNone, nil
	}
	return gate.RoleNone, &Temporary{Reason: fmt.Sprintf("GitHub answered with the permission %q, which is not known", clip(got.Permission, 50))}
}

// sorted gives the names in lower case, each once, in order.
func sorted(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, strings.ToLower(n))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func logins(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, strings.TrimPrefix(n, "@"))
	}
	return sorted(out)
}

// persons keeps the accounts whose role can matter, each once, in order: only a person's account with an id counts anywhere.
func persons(list []gate.Person) []gate.Person {
	var out []gate.Person
	for _, who := range list {
		if who.ID > 0 && who.Type == "User" && !slices.ContainsFunc(out, func(p gate.Person) bool { return p.ID == who.ID }) {
			out = append(out, who)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}
