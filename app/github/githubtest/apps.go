package githubtest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// AppOptions describe an App as its settings page does.
type AppOptions struct {
	Slug          string // "reviewgate"
	Name          string // empty: the slug
	Owner         Account
	WebhookURL    string            // empty: none yet, see SetWebhook
	WebhookSecret string            // empty: a random one
	Permissions   map[string]string // "contents": "read"; metadata:read is always there
	Events        []string          // subscribed; nil: every event that this package can send
}

// An App is a GitHub App.
type App struct {
	g             *GitHub
	ID            int64
	Slug, Name    string
	Bot           *User // "slug[bot]"
	owner         Account
	key           *rsa.PrivateKey
	keyPEM        []byte
	more          []*rsa.PrivateKey // that count, too; see NewKey
	clientID      string
	hookID        int64
	url, secret   string
	permissions   map[string]string
	events        []string
	installations []*Installation
	created       time.Time
	deliveries    []*delivery
	callback      string // where browsers may be sent back to; "": nowhere
}

// An Installation of an App on an account.
type Installation struct {
	g           *GitHub
	ID          int64
	App         *App
	account     Account
	permissions map[string]string
	all         bool
	repos       map[int64]*Repo // where not all
	suspended   time.Time
	suspendedBy *User
	created     time.Time
	removed     bool
}

// A token of a person (user set) or of an installation.
type token struct {
	user        *User
	inst        *Installation
	via         *App // that the person signed in with; nil: none
	permissions map[string]string
	repos       map[int64]bool // nil: all of the installation
	expires     time.Time
	used        int
	points      int // of the GraphQL API
}

// appKey is made once per process: RSA keys take a while to find, and no test looks for two different ones.
var appKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// allEvents are the events that this package sends to Apps that subscribe.
var allEvents = []string{"check_run", "check_suite", "issue_comment", "member", "membership", "merge_group", "organization", "pull_request", "pull_request_review", "push", "status", "team"}

// NewApp registers an App.
func (g *GitHub) NewApp(opt AppOptions) (*App, error) {
	if opt.Slug == "" || opt.Owner == nil {
		return nil, errors.New("register an App: slug and owner are needed")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.newApp(opt)
}

func (g *GitHub) newApp(opt AppOptions) (*App, error) {
	key, err := appKey()
	if err != nil {
		return nil, fmt.Errorf("make the key of App %s: %w", opt.Slug, err)
	}
	for _, a := range g.apps {
		if a.Slug == opt.Slug {
			return nil, fmt.Errorf("register an App: %s exists already", opt.Slug)
		}
	}
	a := &App{g: g, ID: g.id(), Slug: opt.Slug, Name: opt.Name, owner: opt.Owner, key: key, hookID: g.id(), url: opt.WebhookURL, secret: opt.WebhookSecret,
		permissions: map[string]string{"metadata": "read"}, events: opt.Events, created: g.now()}
	a.keyPEM = encodeKey(key)
	a.clientID = "Iv23li" + randomHex(7)
	if a.Name == "" {
		a.Name = a.Slug
	}
	if a.secret == "" {
		a.secret = randomHex(20)
	}
	if a.events == nil {
		a.events = allEvents
	}
	for k, v := range opt.Permissions {
		a.permissions[k] = v
	}
	a.Bot = g.user(opt.Slug+"[bot]", "Bot")
	a.Bot.app = a
	g.apps = append(g.apps, a)
	return a, nil
}

// PrivateKeyPEM is the key that signs the App's JWTs.
func (a *App) PrivateKeyPEM() []byte {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	return bytes.Clone(a.keyPEM)
}

func encodeKey(key *rsa.PrivateKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

// NewKey makes another private key, as the settings page does. Those before count until RevokeKeys.
func (a *App) NewKey() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make another key of App %s: %w", a.Slug, err)
	}
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	a.more = append(a.more, a.key)
	a.key, a.keyPEM = key, encodeKey(key)
	return bytes.Clone(a.keyPEM), nil
}

// RevokeKeys deletes every key but the newest.
func (a *App) RevokeKeys() {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	a.more = nil
}

// WebhookSecret is the secret that signs webhooks now.
func (a *App) WebhookSecret() string {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	return a.secret
}

// SetWebhook changes where webhooks go and how they are signed from now on. An empty secret keeps the old one.
func (a *App) SetWebhook(url, secret string) {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	a.url = url
	if secret != "" {
		a.secret = secret
	}
}

// Ping sends the ping event.
func (a *App) Ping() {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	a.ping()
}

func (a *App) ping() {
	a.g.enqueue(a, nil, "ping", "", 0, obj{"zen": "Half measures are as bad as nothing at all.", "hook_id": a.hookID, "hook": obj{
		"type": "App", "id": a.hookID, "name": "web", "active": true, "events": a.events, "app_id": a.ID,
		"config": obj{"content_type": "json", "insecure_ssl": "0", "url": a.url, "secret": "********"}, "updated_at": stamp(a.g.now()), "created_at": stamp(a.created),
		"deliveries_url": a.g.APIURL() + "/app/hook/deliveries"}})
}

// Install installs the App on an account, by somebody, with the App's permissions. Without repositories: on all of them.
func (a *App) Install(on Account, by *User, repos ...*Repo) *Installation {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	i := &Installation{g: a.g, ID: a.g.id(), App: a, account: on, permissions: map[string]string{}, all: len(repos) == 0, repos: map[int64]*Repo{}, created: a.g.now()}
	for k, v := range a.permissions {
		i.permissions[k] = v
	}
	for _, r := range repos {
		i.repos[r.ID] = r
	}
	a.installations = append(a.installations, i)
	i.emit("installation", "created", by, obj{"repositories": i.repoList(i.covered()), "requester": nil})
	return i
}

// SetPermission changes what the installation may do, as its owner does by not accepting new permissions. An empty level takes it away.
func (i *Installation) SetPermission(name, level string) {
	i.g.mu.Lock()
	defer i.g.mu.Unlock()
	if level == "" {
		delete(i.permissions, name)
		return
	}
	i.permissions[name] = level
}

// AddRepos gives the installation more repositories, with the webhook.
func (i *Installation) AddRepos(by *User, repos ...*Repo) {
	i.g.mu.Lock()
	defer i.g.mu.Unlock()
	for _, r := range repos {
		i.repos[r.ID] = r
	}
	i.emit("installation_repositories", "added", by, obj{"repository_selection": i.selection(), "repositories_added": i.repoList(repos), "repositories_removed": []any{}, "requester": nil})
}

// RemoveRepos takes repositories away, with the webhook. It needs an installation on selected repositories.
func (i *Installation) RemoveRepos(by *User, repos ...*Repo) {
	i.g.mu.Lock()
	defer i.g.mu.Unlock()
	for _, r := range repos {
		delete(i.repos, r.ID)
	}
	i.emit("installation_repositories", "removed", by, obj{"repository_selection": i.selection(), "repositories_added": []any{}, "repositories_removed": i.repoList(repos), "requester": nil})
}

// Suspend stops the installation: its tokens no longer work and it gets no events. Unsuspend undoes it.
func (i *Installation) Suspend(by *User) {
	i.g.mu.Lock()
	defer i.g.mu.Unlock()
	i.suspended, i.suspendedBy = i.g.now(), by
	i.emit("installation", "suspend", by, obj{})
}

// Unsuspend ends Suspend.
func (i *Installation) Unsuspend(by *User) {
	i.g.mu.Lock()
	defer i.g.mu.Unlock()
	i.suspended, i.suspendedBy = time.Time{}, nil
	i.emit("installation", "unsuspend", by, obj{})
}

// Uninstall removes the installation for good.
func (i *Installation) Uninstall(by *User) {
	i.g.mu.Lock()
	defer i.g.mu.Unlock()
	i.removed = true
	i.emit("installation", "deleted", by, obj{"repositories": i.repoList(i.covered())})
}

// emit sends an event about the installation itself: every App gets those of its own.
func (i *Installation) emit(event, action string, by *User, payload obj) {
	self := i.g.installationJSON(i)
	if event == "installation_repositories" {
		self["created_at"], self["updated_at"] = i.created.Unix(), i.created.Unix() // numbers, in this event only
	}
	payload["action"], payload["sender"], payload["installation"] = action, i.g.userJSON(by), self
	i.g.enqueue(i.App, i, event, action, 0, payload)
}

func (i *Installation) selection() string {
	if i.all {
		return "all"
	}
	return "selected"
}

// covers says whether a repository belongs to the installation.
func (i *Installation) covers(r *Repo) bool {
	if i.removed {
		return false
	}
	own, _, _ := i.account.account()
	id, _, _ := r.owner.account()
	return own == id && (i.all || i.repos[r.ID] != nil)
}

// covered lists the repositories of the installation by id.
func (i *Installation) covered() []*Repo {
	var list []*Repo
	for _, r := range i.g.repos {
		if i.covers(r) {
			list = append(list, r)
		}
	}
	sort.Slice(list, func(a, b int) bool { return list[a].ID < list[b].ID })
	return list
}

func (i *Installation) repoList(repos []*Repo) []any {
	list := []any{}
	for _, r := range repos {
		list = append(list, obj{"id": r.ID, "node_id": nodeID("Repository", r.ID), "name": r.Name, "full_name": r.FullName(), "private": r.private})
	}
	return list
}

// installationOn finds the App's installation that covers a repository.
func (a *App) installationOn(r *Repo) *Installation {
	for _, i := range a.installations {
		if i.covers(r) {
			return i
		}
	}
	return nil
}

// appOfJWT checks a JSON Web Token as GitHub does and returns its App.
func (g *GitHub) appOfJWT(text string) (*App, *apiError) {
	bad := func(message string) *apiError { return &apiError{status: 401, message: message} }
	var app *App
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	claims := jwt.MapClaims{}
	use := -1 // which of the App's keys: the newest, then those in more
	keyOf := func(*jwt.Token) (any, error) {
		iss := fmt.Sprint(claims["iss"])
		if f, ok := claims["iss"].(float64); ok {
			iss = strconv.FormatInt(int64(f), 10)
		}
		for _, a := range g.apps {
			if iss == strconv.FormatInt(a.ID, 10) || iss == a.clientID {
				app = a
				if use >= 0 {
					return &a.more[use].PublicKey, nil
				}
				return &a.key.PublicKey, nil
			}
		}
		return nil, errors.New("no such App")
	}
	_, err := parser.ParseWithClaims(text, claims, keyOf)
	for err != nil && app != nil && use+1 < len(app.more) {
		use++
		_, err = parser.ParseWithClaims(text, claims, keyOf)
	}
	if app == nil && err != nil {
		return nil, bad("Integration must generate a public key")
	}
	if err != nil {
		return nil, bad("A JSON web token could not be decoded")
	}
	now := g.opt.TokenNow()
	iat, hasIat := claims["iat"].(float64)
	exp, hasExp := claims["exp"].(float64)
	switch {
	case !hasIat:
		return nil, bad("Missing 'issued at' claim ('iat') in assertion")
	case !hasExp:
		return nil, bad("Missing 'expiration time' claim ('exp') in assertion")
	case int64(iat) > now.Unix()+60: // GitHub allows for a drifting clock
		return nil, bad("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	case int64(exp) > now.Add(10*time.Minute).Unix()+60:
		return nil, bad("'Expiration time' claim ('exp') is too far in the future")
	case int64(exp) <= now.Unix():
		return nil, bad("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	}
	return app, nil
}

// newToken makes an installation token. Nil repos or permissions: all of the installation.
func (g *GitHub) newToken(i *Installation, permissions map[string]string, repos map[int64]bool) (string, *token) {
	t := &token{inst: i, permissions: permissions, repos: repos, expires: g.opt.TokenNow().UTC().Truncate(time.Second).Add(time.Hour)}
	text := "ghs_" + randomHex(18)
	if g.opt.LongTokens {
		text = fmt.Sprintf("ghs_%d_%s.%s.%s", i.App.ID, randomHex(20), randomHex(100), randomHex(60))
	}
	g.tokens[text] = t
	return text, t
}

// levels orders permission levels.
var levels = map[string]int{"": 0, "read": 1, "write": 2, "admin": 3}

// may says whether a token's permissions hold one of the wanted "name:level" pairs, separated by "|".
func (t *token) may(want string) bool {
	for w := range strings.SplitSeq(want, "|") {
		name, level, _ := strings.Cut(w, ":")
		have := t.inst.permissions[name]
		if t.permissions != nil && levels[t.permissions[name]] < levels[have] {
			have = t.permissions[name]
		}
		if levels[have] >= levels[level] && level != "" {
			return true
		}
	}
	return false
}

// sees says whether a token's scope has the repository.
func (t *token) sees(r *Repo) bool {
	return t.inst.covers(r) && (t.repos == nil || t.repos[r.ID])
}
