package githubtest

import (
	"errors"
	"fmt"
)

// ghost is the account that GitHub shows where an author is gone.
const (
	ghostID    = 10137
	ghostLogin = "ghost"
)

// AddUser makes an account with an id that the caller chose (0: the next one) and a type ("User", "Bot").
func (g *GitHub) AddUser(login, kind string, id int64) (*User, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.users[lower(login)] != nil {
		return nil, fmt.Errorf("add %s: there is such an account", login)
	}
	for _, u := range g.users {
		if u.ID == id {
			return nil, fmt.Errorf("add %s: @%s has the id %d", login, u.Login, id)
		}
	}
	u := g.user(login, kind)
	if id != 0 {
		u.ID = id
		u.Email = noreply(u)
	}
	return u, nil
}

func noreply(u *User) string { return fmt.Sprintf("%d+%s@users.noreply.example.com", u.ID, u.Login) }

// Rename gives an account another login. Its id, and what belongs to it, stay. The old login is free.
func (u *User) Rename(login string) error {
	u.g.mu.Lock()
	defer u.g.mu.Unlock()
	if u.g.users[lower(login)] != nil {
		return fmt.Errorf("rename @%s: there is a @%s", u.Login, login)
	}
	delete(u.g.users, lower(u.Login))
	u.Login = login
	u.g.users[lower(login)] = u
	return nil
}

// Delete ends an account: its repositories are gone, it is nobody's member any more, its commits belong to nobody, its reviews have no
// author, and what else it wrote is the ghost's. Organisations that it was a member of say so.
func (u *User) Delete() {
	u.g.mu.Lock()
	defer u.g.mu.Unlock()
	for _, login := range sortedKeys(u.g.orgs) {
		if o := u.g.orgs[login]; o.members[u.ID] != nil {
			o.removeMember(u, u)
		}
	}
	for _, r := range u.g.sortedRepos() {
		delete(r.roles, u.ID)
		if r.owner == Account(u) {
			r.delete()
		}
	}
	delete(u.g.users, lower(u.Login))
	u.gone = true
}

// authorJSON shows who wrote a pull request, an issue or a comment: never nobody.
func (g *GitHub) authorJSON(u *User) any {
	if u != nil && u.gone {
		u = &User{g: g, ID: ghostID, Login: ghostLogin, Type: "User"}
	}
	return g.userJSON(u)
}

// RemoveMemberBy is RemoveMember by somebody else.
func (o *Org) RemoveMemberBy(by, u *User) {
	o.g.mu.Lock()
	defer o.g.mu.Unlock()
	o.removeMember(by, u)
}

func (o *Org) removeMember(by, u *User) {
	m := o.members[u.ID]
	for _, slug := range sortedKeys(o.teams) {
		o.teams[slug].remove(by, u)
	}
	delete(o.members, u.ID)
	if m != nil {
		o.g.emitOrg(o, "organization", "member_removed", by, obj{"organization": o.hookJSON(), "membership": obj{
			"url": o.g.APIURL() + "/orgs/" + o.Login + "/memberships/" + u.Login, "state": m.state, "role": m.role, "organization_url": o.g.APIURL() + "/orgs/" + o.Login, "user": o.g.userJSON(u)}})
	}
}

// NewTeam makes a team of a slug that is free, with an id that the caller chose (0: the next one), and the webhook.
func (o *Org) NewTeam(by *User, slug string, id int64, members ...*User) (*Team, error) {
	o.g.mu.Lock()
	defer o.g.mu.Unlock()
	if o.teams[slug] != nil {
		return nil, fmt.Errorf("make team %s: there is one", slug)
	}
	if id == 0 {
		id = o.g.id()
	}
	t := &Team{g: o.g, ID: id, Org: o, Slug: slug, members: map[int64]*membership{}}
	o.teams[slug] = t
	for _, u := range members {
		t.members[u.ID] = &membership{u, "member", "active"}
		if o.members[u.ID] == nil {
			o.members[u.ID] = &membership{u, "member", "active"}
		}
	}
	o.g.emitOrg(o, "team", "created", by, obj{"team": t.hookJSON(), "organization": o.hookJSON()})
	return t, nil
}

// Delete removes the team, with the webhook. Roles that it gave are gone.
func (t *Team) Delete(by *User) error {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	if t.Org.teams[t.Slug] != t {
		return errors.New("delete team " + t.Slug + ": it is gone already")
	}
	delete(t.Org.teams, t.Slug)
	for _, child := range t.Org.teams {
		if child.parent == t {
			child.parent = nil
		}
	}
	for _, r := range t.g.repos {
		delete(r.teamRoles, t.ID)
	}
	t.g.emitOrg(t.Org, "team", "deleted", by, obj{"team": t.hookJSON(), "organization": t.Org.hookJSON()})
	return nil
}

func (t *Team) hookJSON() obj {
	o := t.json()
	o["parent"], o["notification_setting"] = nil, "notifications_enabled"
	if t.parent != nil {
		o["parent"] = t.parent.json()
	}
	return o
}

// apiRoles are the roles as the API spells them in "permissions": what is left out is spelled as it is.
var apiRoles = map[string]string{"read": "pull", "write": "push"}

// ChangeRole is SetRole with the webhook that tells Apps of it.
func (r *Repo) ChangeRole(by, u *User, role string) {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	old := r.roles[u.ID]
	spelled := func(role string) string {
		if s := apiRoles[role]; s != "" {
			return s
		}
		return role
	}
	payload := obj{"member": r.g.userJSON(u)}
	switch {
	case old == role:
		return
	case role == "":
		delete(r.roles, u.ID)
		payload["action"] = "removed"
	case old == "":
		r.roles[u.ID] = role
		payload["action"], payload["changes"] = "added", obj{"permission": obj{"to": spelled(role)}}
	default:
		r.roles[u.ID] = role
		payload["action"], payload["changes"] = "edited", obj{"old_permission": obj{"from": spelled(old)}, "permission": obj{"from": spelled(old), "to": spelled(role)}}
	}
	r.g.emit(r, "member", payload["action"].(string), by, payload)
}

// webFlow is the account that GitHub's own commits have.
func (g *GitHub) webFlow() *User {
	u := g.user("web-flow", "User")
	u.ID, u.Email = 19864447, "noreply@github.com"
	return u
}

// SetBasePermission sets the role that members have in every repository of the organisation ("none", "read", ...). It is "read" at first.
func (o *Org) SetBasePermission(role string) {
	o.g.mu.Lock()
	defer o.g.mu.Unlock()
	o.base = role
}
