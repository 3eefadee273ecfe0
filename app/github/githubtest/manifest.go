package githubtest

import (
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The App manifest flow: a page takes a manifest, somebody confirms, the App is there, and the browser is sent back with a code that can be
// exchanged once, within an hour, for the App's secrets.

// conversionLife is how long a code can be exchanged.
const conversionLife = time.Hour

// A conversion is what a code stands for.
type conversion struct {
	app *App
	at  time.Time
}

// manifest is what the page takes. Unknown keys are ignored by GitHub; here they are refused, because nobody means them.
type manifest struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	Hook struct {
		URL    string `json:"url"`
		Active *bool  `json:"active"`
	} `json:"hook_attributes"`
	Redirect    string            `json:"redirect_url"`
	Callbacks   []string          `json:"callback_urls"`
	SetupURL    string            `json:"setup_url"`
	Description string            `json:"description"`
	Public      bool              `json:"public"`
	Events      []string          `json:"default_events"`
	Permissions map[string]string `json:"default_permissions"`
	OAuth       bool              `json:"request_oauth_on_install"`
	OnUpdate    bool              `json:"setup_on_update"`
}

// needed says which permission an event needs. Those about an App's own installations are not subscribed to.
var needed = map[string]string{
	"branch_protection_rule": "administration", "check_run": "checks", "check_suite": "checks", "issue_comment": "issues", "member": "members", "membership": "members",
	"merge_group": "merge_queues", "organization": "members", "pull_request": "pull_requests", "pull_request_review": "pull_requests", "pull_request_review_comment": "pull_requests",
	"pull_request_review_thread": "pull_requests", "push": "contents", "repository": "metadata", "repository_ruleset": "administration", "status": "statuses", "team": "members",
}

var stateForm = regexp.MustCompile(`^[A-Za-z0-9_.~-]{0,500}$`)

// check says what is wrong with a manifest, in GitHub's manner.
func (m *manifest) check() []string {
	var bad []string
	say := func(wrong bool, what string) {
		if wrong {
			bad = append(bad, what)
		}
	}
	absolute := func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
	}
	say(m.Name == "" || len([]rune(m.Name)) > 34, "Name must be 1 to 34 characters")
	say(!absolute(m.URL), "Url must be a valid URL")
	say(!absolute(m.Redirect), "Redirect url must be a valid URL")
	say(len(m.Events) > 0 && !absolute(m.Hook.URL), "Hook url must be a valid URL")
	say(len(m.Callbacks) > 10, "Callback urls cannot be more than 10")
	for _, c := range m.Callbacks {
		say(!absolute(c), "Callback url must be a valid URL")
	}
	say(m.SetupURL != "" && !absolute(m.SetupURL), "Setup url must be a valid URL")
	for _, name := range sortedKeys(m.Permissions) {
		level := m.Permissions[name]
		say(level != "read" && level != "write" && level != "admin", "Default permission records level is not included in the list")
		say(!slices.Contains(permissionNames, name), "Default permission records resource is not included in the list")
	}
	for _, e := range m.Events {
		p, known := needed[e]
		switch {
		case !known:
			say(true, "Default events unsupported: "+e)
		case p != "metadata" && m.Permissions[p] == "":
			say(true, "Default events are not supported by permissions: "+e)
		}
	}
	return bad
}

// permissionNames are those that a manifest may ask for, as far as this package knows them.
var permissionNames = []string{"actions", "administration", "checks", "contents", "issues", "members", "merge_queues", "metadata", "organization_administration", "pull_requests", "single_file",
	"statuses", "workflows"}

var manifestPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Create GitHub App</title>
<h1>{{if .Problems}}Invalid GitHub App configuration{{else}}Create GitHub App for {{.Owner}}{{end}}</h1>
{{range .Problems}}<p>{{.}}</p>{{end}}
{{if not .Problems}}<form method="post" action="/settings/apps/manifest">
<input type="hidden" name="manifest" value="{{.Manifest}}"><input type="hidden" name="state" value="{{.State}}"><input type="hidden" name="owner" value="{{.Owner}}">
<p><label>GitHub App name <input name="name" value="{{.Name}}"></label>
<p><button id="create">Create GitHub App for {{.Owner}}</button></form>{{end}}`))

// manifestPath says whether a path belongs to the flow, and whose App it would be: "" for the one who is signed in.
func manifestPath(path string) (org string, ok bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case path == "/settings/apps/new", path == "/settings/apps/manifest":
		return "", true
	case len(parts) == 5 && parts[0] == "organizations" && strings.Join(parts[2:], "/") == "settings/apps/new":
		return parts[1], true
	}
	return "", false
}

func (g *GitHub) serveManifest(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "this page takes a manifest by POST", http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	org, _ := manifestPath(r.URL.Path)
	state := r.URL.Query().Get("state")
	confirmed := r.URL.Path == "/settings/apps/manifest"
	if confirmed {
		org, state = r.PostForm.Get("owner"), r.PostForm.Get("state")
	}
	owner := g.registrar(org)
	if owner == nil {
		http.NotFound(w, r) // as GitHub does for those who may not make Apps there
		return
	}
	var m manifest
	d := json.NewDecoder(strings.NewReader(r.PostForm.Get("manifest")))
	d.DisallowUnknownFields()
	problems := []string{}
	if err := d.Decode(&m); err != nil {
		problems = append(problems, "The manifest is not valid: "+err.Error())
	} else {
		if confirmed {
			m.Name = r.PostForm.Get("name")
		}
		problems = m.check()
	}
	if !stateForm.MatchString(state) {
		problems = append(problems, "The state is not valid")
	}
	slug := strings.Join(strings.FieldsFunc(lower(m.Name), func(c rune) bool { return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9') }), "-")
	for _, a := range g.apps {
		if a.Slug == slug {
			problems = append(problems, "Name is already taken")
		}
	}
	_, login, _ := owner.account()
	if !confirmed || len(problems) > 0 {
		status := http.StatusOK
		if len(problems) > 0 {
			status = http.StatusUnprocessableEntity
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_ = manifestPage.Execute(w, map[string]any{"Owner": login, "Problems": problems, "Manifest": r.PostForm.Get("manifest"), "State": state, "Name": m.Name}) // a reader who has gone
		return
	}
	a, err := g.newApp(AppOptions{Slug: slug, Name: m.Name, Owner: owner, WebhookURL: m.Hook.URL, Permissions: m.Permissions, Events: m.Events})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	code := randomHex(20)
	g.conversions[code] = conversion{a, g.now()}
	a.ping()
	back, _ := url.Parse(m.Redirect) // checked above
	q := back.Query()
	q.Set("code", code)
	if state != "" {
		q.Set("state", state)
	}
	back.RawQuery = q.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// registrar is the account whose App it would be: of the one who is signed in, or an organisation of theirs.
func (g *GitHub) registrar(org string) Account {
	switch u := g.visitor; {
	case u == nil:
		return nil
	case org == "" || lower(org) == lower(u.Login):
		return u
	default:
		o := g.orgs[lower(org)]
		if o == nil || o.members[u.ID] == nil || o.members[u.ID].role != "admin" {
			return nil
		}
		return o
	}
}

// convert exchanges a code.
func convert(c *call) (*answer, *apiError) {
	code := c.params["code"]
	held, known := c.g.conversions[code]
	delete(c.g.conversions, code)
	if !known || c.g.now().Sub(held.at) > conversionLife {
		return nil, notFound()
	}
	o := held.app.json()
	o["client_secret"], o["webhook_secret"], o["pem"] = randomHex(20), held.app.secret, string(held.app.keyPEM)
	return created(o), nil
}

// AppOf finds an App by its slug; nil: there is none.
func (g *GitHub) AppOf(slug string) *App {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range g.apps {
		if a.Slug == slug {
			return a
		}
	}
	return nil
}
