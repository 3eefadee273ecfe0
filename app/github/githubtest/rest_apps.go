package githubtest

import (
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// Handlers for Apps, installations, webhooks, people and teams. All run under the lock, after authorize.

func getApp(c *call) (*answer, *apiError) {
	o := c.actor.app.json()
	n := 0
	for _, i := range c.actor.app.installations {
		if !i.removed {
			n++
		}
	}
	o["installations_count"] = n
	return ok(o), nil
}

func (c *call) installations() []*Installation {
	var list []*Installation
	for _, i := range c.actor.app.installations {
		if !i.removed {
			list = append(list, i)
		}
	}
	return list
}

func listInstallations(c *call) (*answer, *apiError) {
	return ok(mapped(page(c, c.installations()), c.g.installationJSON)), nil
}

func (c *call) installation() (*Installation, *apiError) {
	for _, i := range c.installations() {
		if i.ID == c.id("installation_id") {
			return i, nil
		}
	}
	return nil, notFound()
}

func getInstallation(c *call) (*answer, *apiError) {
	i, e := c.installation()
	if e != nil {
		return nil, e
	}
	return ok(c.g.installationJSON(i)), nil
}

func getRepoInstallation(c *call) (*answer, *apiError) {
	for _, i := range c.installations() {
		if i.covers(c.repo) {
			return ok(c.g.installationJSON(i)), nil
		}
	}
	return nil, notFound()
}

func getAccountInstallation(c *call) (*answer, *apiError) {
	login := c.params["org"] + c.params["username"]
	for _, i := range c.installations() {
		if _, l, _ := i.account.account(); lower(l) == lower(login) {
			return ok(c.g.installationJSON(i)), nil
		}
	}
	return nil, notFound()
}

func createToken(c *call) (*answer, *apiError) {
	i, e := c.installation()
	if e != nil {
		return nil, e
	}
	if !i.suspended.IsZero() {
		return nil, forbidden("This installation has been suspended")
	}
	var scope map[int64]bool
	names, _ := c.body["repositories"].([]any)
	ids, _ := c.body["repository_ids"].([]any)
	if len(names)+len(ids) > 500 {
		return nil, invalidText("You can only request up to 500 repositories.")
	}
	if len(names)+len(ids) > 0 {
		scope = map[int64]bool{}
		for _, r := range i.covered() {
			for _, n := range names {
				if lower(fmt.Sprint(n)) == lower(r.Name) {
					scope[r.ID] = true
				}
			}
			for _, n := range ids {
				if f, ok := n.(float64); ok && int64(f) == r.ID {
					scope[r.ID] = true
				}
			}
		}
		if len(scope) < max(len(names), len(ids)) {
			return nil, invalidText("There is at least one repository that does not exist or is not accessible to the parent installation.")
		}
	}
	var permissions map[string]string
	if asked, given := c.body["permissions"].(obj); given && len(asked) > 0 {
		permissions = map[string]string{}
		for name, level := range asked {
			l, _ := level.(string)
			if levels[i.permissions[name]] < levels[l] {
				return nil, invalidText("The permissions requested are not granted to this installation.")
			}
			permissions[name] = l
		}
		permissions["metadata"] = "read" // always there
	}
	text, t := c.g.newToken(i, permissions, scope)
	have := permissions
	if have == nil {
		have = i.permissions
	}
	o := obj{"token": text, "expires_at": stamp(t.expires), "permissions": copyMap(have), "repository_selection": i.selection()}
	if scope != nil {
		o["repository_selection"] = "selected"
		list := []any{}
		for _, r := range i.covered() {
			if scope[r.ID] {
				list = append(list, r.inPull())
			}
		}
		o["repositories"] = list
	}
	return created(o), nil
}

func listInstallationRepos(c *call) (*answer, *apiError) {
	var list []*Repo
	for _, r := range c.actor.token.inst.covered() {
		if c.actor.token.sees(r) {
			list = append(list, r)
		}
	}
	selection := c.actor.token.inst.selection()
	if c.actor.token.repos != nil {
		selection = "selected"
	}
	return ok(obj{"total_count": len(list), "repository_selection": selection, "repositories": mapped(page(c, list), (*Repo).inPull)}), nil
}

func revokeToken(c *call) (*answer, *apiError) {
	delete(c.g.tokens, c.actor.text)
	return noContent(), nil
}

func getHookConfig(c *call) (*answer, *apiError) {
	return ok(obj{"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": c.actor.app.url}), nil
}

// listDeliveries pages by cursor, newest first.
func listDeliveries(c *call) (*answer, *apiError) {
	list := c.actor.app.newest()
	if s := c.query.Get("status"); s != "" {
		var kept []*delivery
		for _, d := range list {
			// "failure" means an answer of 400 and above: attempts without any answer are in neither list.
			if good := d.code >= 200 && d.code <= 399; d.code != 0 && good == (s == "success") {
				kept = append(kept, d)
			}
		}
		list = kept
	}
	if cursor, found := strings.CutPrefix(c.query.Get("cursor"), "v1_"); found {
		id, err := strconv.ParseInt(cursor, 10, 64)
		if err != nil {
			return nil, invalidText("Invalid cursor")
		}
		at := sort.Search(len(list), func(i int) bool { return list[i].id <= id })
		list = list[at:]
	} else if c.query.Get("cursor") != "" {
		return nil, invalidText("Invalid cursor")
	}
	per := 30
	if n, err := strconv.Atoi(c.query.Get("per_page")); err == nil && n > 0 {
		per = min(n, maxPage)
	}
	if len(list) > per {
		q := url.Values{"per_page": {strconv.Itoa(per)}, "cursor": {fmt.Sprintf("v1_%d", list[per].id)}}
		if s := c.query.Get("status"); s != "" {
			q.Set("status", s)
		}
		c.header.Set("Link", fmt.Sprintf("<%s/app/hook/deliveries?%s>; rel=\"next\"", c.g.APIURL(), q.Encode()))
		list = list[:per]
	}
	return ok(mapped(list, (*delivery).itemJSON)), nil
}

func (c *call) delivery() *delivery {
	for _, d := range c.actor.app.deliveries {
		if d.id == c.id("delivery_id") {
			return d
		}
	}
	return nil
}

func getDelivery(c *call) (*answer, *apiError) {
	d := c.delivery()
	if d == nil {
		return nil, notFound()
	}
	return ok(d.fullJSON()), nil
}

func redeliver(c *call) (*answer, *apiError) {
	d := c.delivery()
	if d == nil {
		return nil, notFound()
	}
	d.again()
	return &answer{status: 202, body: obj{}}, nil
}

func getRateLimit(c *call) (*answer, *apiError) {
	used := 0
	if c.actor.token != nil {
		used = c.actor.token.used
	}
	one := obj{"limit": hourly, "remaining": max(0, hourly-used), "used": used, "reset": c.g.reset()}
	search := obj{"limit": 30, "remaining": 30, "used": 0, "reset": c.g.reset()}
	return ok(obj{"resources": obj{"core": one, "search": search}, "rate": one}), nil
}

func renderMarkdown(c *call) (*answer, *apiError) {
	return &answer{status: 200, raw: []byte(markdownHTML(c.str("text"))), typ: "text/html; charset=utf-8"}, nil
}

func getSelf(c *call) (*answer, *apiError) { return ok(c.g.fullUserJSON(c.actor.user())), nil }

func getUser(c *call) (*answer, *apiError) {
	if login := c.params["username"]; login != "" {
		if u := c.g.users[lower(login)]; u != nil {
			return ok(c.g.fullUserJSON(u)), nil
		}
		if o := c.g.orgs[lower(login)]; o != nil {
			j := c.g.fullUserJSON(&User{g: c.g, ID: o.ID, Login: o.Login, Name: o.Login, Type: "Organization"})
			return ok(j), nil
		}
		return nil, notFound()
	}
	for _, u := range c.g.users {
		if u.ID == c.id("account_id") {
			return ok(c.g.fullUserJSON(u)), nil
		}
	}
	return nil, notFound()
}

// org finds the organisation of the path and checks that the actor may ask about its people.
func (c *call) org() (*Org, *apiError) {
	o := c.g.orgs[lower(c.params["org"])]
	if o == nil {
		return nil, notFound()
	}
	if c.route.permission == "" {
		return o, nil
	}
	t := c.actor.token
	switch {
	case t == nil:
		return nil, &apiError{status: 401, message: "Requires authentication"}
	case t.user != nil:
		if m := o.members[t.user.ID]; m == nil || m.state != "active" {
			return nil, notFound()
		}
	case t.inst.account != Account(o):
		return nil, notFound()
	case !t.may(c.route.permission):
		return nil, noPermission(c.route.permission)
	}
	return o, nil
}

func getOrg(c *call) (*answer, *apiError) {
	o, e := c.org()
	if e != nil {
		return nil, e
	}
	return ok(o.fullJSON()), nil
}

func getOrgMembership(c *call) (*answer, *apiError) {
	o, e := c.org()
	if e != nil {
		return nil, e
	}
	u := c.g.users[lower(c.params["username"])]
	if u == nil || o.members[u.ID] == nil {
		return nil, notFound()
	}
	m := o.members[u.ID]
	org := o.hookJSON()
	return ok(obj{"url": c.g.APIURL() + "/orgs/" + o.Login + "/memberships/" + u.Login, "state": m.state, "role": m.role, "organization_url": org["url"], "organization": org, "user": c.g.userJSON(u)}), nil
}

func listTeams(c *call) (*answer, *apiError) {
	o, e := c.org()
	if e != nil {
		return nil, e
	}
	var list []*Team
	for _, slug := range sortedKeys(o.teams) {
		list = append(list, o.teams[slug])
	}
	return ok(mapped(page(c, list), (*Team).listJSON)), nil
}

func (c *call) team() (*Team, *apiError) {
	o, e := c.org()
	if e != nil {
		return nil, e
	}
	t := o.teams[lower(c.params["team_slug"])]
	if t == nil {
		return nil, notFound()
	}
	return t, nil
}

func getTeam(c *call) (*answer, *apiError) {
	t, e := c.team()
	if e != nil {
		return nil, e
	}
	return ok(t.fullJSON()), nil
}

// listTeamMembers lists active members, those of child teams too.
func listTeamMembers(c *call) (*answer, *apiError) {
	t, e := c.team()
	if e != nil {
		return nil, e
	}
	var list []*membership
	for _, m := range t.all() {
		if role := c.query.Get("role"); m.state == "active" && (role == "" || role == "all" || role == m.role) {
			list = append(list, m)
		}
	}
	return ok(mapped(page(c, list), func(m *membership) obj { return c.g.userJSON(m.user).(obj) })), nil
}

func getTeamMembership(c *call) (*answer, *apiError) {
	t, e := c.team()
	if e != nil {
		return nil, e
	}
	for _, m := range t.all() {
		if lower(m.user.Login) == lower(c.params["username"]) {
			return ok(obj{"url": fmt.Sprintf("%s/organizations/%d/team/%d/memberships/%s", c.g.APIURL(), t.Org.ID, t.ID, m.user.Login), "role": m.role, "state": m.state}), nil
		}
	}
	return nil, notFound()
}
