package githubtest

// A User is a person or, with type Bot, the account of an App.
type User struct {
	g     *GitHub
	ID    int64
	Login string
	Type  string // "User", "Bot"
	// Name and Email are what commits carry. The e-mail belongs to this account: commits with it are shown as this user's.
	Name, Email string
	app         *App // of a Bot
	gone        bool // the account was deleted
}

// An Org is an organisation.
type Org struct {
	g       *GitHub
	ID      int64
	Login   string
	members map[int64]*membership
	teams   map[string]*Team // by slug
	base    string           // role of members in all repositories; empty: "read"
}

type membership struct {
	user  *User
	role  string // "admin", "member"; "maintainer", "member" in a team
	state string // "active", "pending"
}

// A Team of an organisation.
type Team struct {
	g       *GitHub
	ID      int64
	Org     *Org
	Slug    string
	parent  *Team
	members map[int64]*membership
}

// An Account owns repositories and installations: a *User or an *Org.
type Account interface {
	account() (id int64, login, kind string)
}

func (u *User) account() (int64, string, string) { return u.ID, u.Login, u.Type }
func (o *Org) account() (int64, string, string)  { return o.ID, o.Login, "Organization" }

// User returns the person of that login and makes them if there is none.
func (g *GitHub) User(login string) *User {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.user(login, "User")
}

// Bot is a User of type Bot that no App of this server stands behind; the login gets the ending "[bot]".
func (g *GitHub) Bot(name string) *User {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.user(name+"[bot]", "Bot")
}

func (g *GitHub) user(login, kind string) *User {
	if u := g.users[lower(login)]; u != nil {
		return u
	}
	u := &User{g: g, ID: g.id(), Login: login, Type: kind, Name: login}
	u.Email = noreply(u)
	g.users[lower(login)] = u
	return u
}

// Org returns the organisation of that login and makes it if there is none.
func (g *GitHub) Org(login string) *Org {
	g.mu.Lock()
	defer g.mu.Unlock()
	if o := g.orgs[lower(login)]; o != nil {
		return o
	}
	o := &Org{g: g, ID: g.id(), Login: login, members: map[int64]*membership{}, teams: map[string]*Team{}}
	g.orgs[lower(login)] = o
	return o
}

// AddMember makes somebody a member, with role "member" or "admin" (an owner).
func (o *Org) AddMember(u *User, role string) {
	o.g.mu.Lock()
	defer o.g.mu.Unlock()
	o.members[u.ID] = &membership{u, role, "active"}
}

// RemoveMember takes somebody out of the organisation and of its teams, by their own wish, with the webhooks.
func (o *Org) RemoveMember(u *User) {
	o.g.mu.Lock()
	defer o.g.mu.Unlock()
	o.removeMember(u, u)
}

// Team returns the team of that slug and makes it if there is none. The given members become active members of both, without a webhook.
func (o *Org) Team(slug string, members ...*User) *Team {
	o.g.mu.Lock()
	defer o.g.mu.Unlock()
	t := o.teams[slug]
	if t == nil {
		t = &Team{g: o.g, ID: o.g.id(), Org: o, Slug: slug, members: map[int64]*membership{}}
		o.teams[slug] = t
	}
	for _, u := range members {
		t.members[u.ID] = &membership{u, "member", "active"}
		if o.members[u.ID] == nil {
			o.members[u.ID] = &membership{u, "member", "active"}
		}
	}
	return t
}

// SetParent makes the team a child of another: its members count as members of the parent too.
func (t *Team) SetParent(parent *Team) {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	t.parent = parent
}

// Add puts somebody into the team, with the webhook. State is "active", or "pending" for someone who was invited and has not accepted.
func (t *Team) Add(by, u *User, state string) {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	t.members[u.ID] = &membership{u, "member", state}
	if state == "active" {
		if t.Org.members[u.ID] == nil {
			t.Org.members[u.ID] = &membership{u, "member", "active"}
		}
		t.g.emitOrg(t.Org, "membership", "added", by, obj{"scope": "team", "member": t.g.userJSON(u), "team": t.json(), "organization": t.Org.hookJSON()})
	}
}

// Remove takes somebody out of the team, with the webhook.
func (t *Team) Remove(by, u *User) {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	t.remove(by, u)
}

func (t *Team) remove(by, u *User) {
	if m := t.members[u.ID]; m != nil {
		delete(t.members, u.ID)
		if m.state == "active" {
			t.g.emitOrg(t.Org, "membership", "removed", by, obj{"scope": "team", "member": t.g.userJSON(u), "team": t.json(), "organization": t.Org.hookJSON()})
		}
	}
}

// all returns the memberships of the team and of its children, own ones first, each user once, by login.
func (t *Team) all() []*membership {
	seen := map[int64]*membership{}
	for id, m := range t.members {
		seen[id] = m
	}
	for _, child := range t.Org.teams {
		for p := child.parent; p != nil; p = p.parent {
			if p == t {
				for id, m := range child.members {
					if seen[id] == nil {
						seen[id] = m
					}
				}
			}
		}
	}
	byLogin := map[string]*membership{}
	for _, m := range seen {
		byLogin[lower(m.user.Login)] = m
	}
	var list []*membership
	for _, k := range sortedKeys(byLogin) {
		list = append(list, byLogin[k])
	}
	return list
}

// UserToken makes a token with which a person may do over HTTP whatever their role allows.
func (g *GitHub) UserToken(u *User) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := "ghp_" + randomHex(18)
	g.tokens[t] = &token{user: u}
	return t
}

// userByEmail finds whose commits carry an e-mail; nil: nobody's.
func (g *GitHub) userByEmail(email string) *User {
	for _, login := range sortedKeys(g.users) {
		if u := g.users[login]; email != "" && lower(u.Email) == lower(email) {
			return u
		}
	}
	return nil
}
