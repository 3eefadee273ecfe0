package githubtest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Sign-in through an App: the two addresses of GitHub's web flow, as its documentation "Generating a user access token for a GitHub App" has them. They are no part of the
// REST description.

// userTokenLife is how long a token of a person lives, as GitHub says by default.
const userTokenLife = 8 * time.Hour

// codeLife is how long a code is good.
const codeLife = 10 * time.Minute

// A grant is what a person allowed an App at the address for it, until its code is turned into a token.
type grant struct {
	app                 *App
	user                *User
	redirect, challenge string
	until               time.Time
}

// ClientID is what the App signs people in with.
func (a *App) ClientID() string { return a.clientID }

// ClientSecret belongs to it.
func (a *App) ClientSecret() string {
	sum := sha256.Sum256([]byte("secret of " + a.clientID))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:40]
}

// SetCallback sets the address that browsers may be sent back to; "": the App signs nobody in.
func (a *App) SetCallback(url string) {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	a.callback = url
}

// SignInAs says who sits before every browser from now on; nil: whoever it is refuses.
func (g *GitHub) SignInAs(u *User) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.visitor = u
}

// RevokeAuthorization ends what a person allowed an App, with the webhook that tells it. Their tokens are worth nothing any more.
func (a *App) RevokeAuthorization(u *User) {
	a.g.mu.Lock()
	defer a.g.mu.Unlock()
	for text, t := range a.g.tokens {
		if t.via == a && t.user == u {
			delete(a.g.tokens, text)
		}
	}
	a.g.enqueue(a, nil, "github_app_authorization", "revoked", 0, obj{"action": "revoked", "sender": a.g.userJSON(u)})
}

func (g *GitHub) serveOAuth(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/login/oauth/authorize" && r.Method == http.MethodGet:
		g.authorizeBrowser(w, r)
	case r.URL.Path == "/login/oauth/access_token" && r.Method == http.MethodPost:
		g.exchangeCode(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (g *GitHub) appOfClient(id string) *App {
	for _, a := range g.apps {
		if a.clientID == id {
			return a
		}
	}
	return nil
}

// authorizeBrowser answers a browser at once, as the person whom the test chose.
func (g *GitHub) authorizeBrowser(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	q := r.URL.Query()
	bad := func(message string) {
		g.violations = append(g.violations, Violation{Method: r.Method, Path: r.URL.Path, Where: "request", Message: message})
		http.Error(w, message, http.StatusNotFound)
	}
	app := g.appOfClient(q.Get("client_id"))
	switch {
	case app == nil:
		bad("no App has this client_id")
		return
	case app.callback == "" || q.Get("redirect_uri") != app.callback:
		bad("the redirect_uri is not associated with this application")
		return
	case q.Get("state") == "":
		bad("a sign-in without state can be forged")
		return
	case q.Get("code_challenge") != "" && q.Get("code_challenge_method") != "S256":
		bad("code_challenge_method must be S256")
		return
	}
	back, err := url.Parse(app.callback)
	if err != nil {
		bad(err.Error())
		return
	}
	answer := url.Values{"state": {q.Get("state")}}
	if g.visitor == nil {
		answer.Set("error", "access_denied")
		answer.Set("error_description", "The user has denied your application access.")
	} else {
		code := randomHex(10)
		g.grants[code] = grant{app, g.visitor, app.callback, q.Get("code_challenge"), g.opt.TokenNow().Add(codeLife)}
		answer.Set("code", code)
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// exchangeCode gives a token for a code, once. Refusals come with status 200, as GitHub's do.
func (g *GitHub) exchangeCode(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	fault := g.fault(r.Method, r.URL.Path)
	g.mu.Unlock()
	if fault != nil && g.before(w, r, fault) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if err := r.ParseForm(); err != nil || !strings.Contains(r.Header.Get("Accept"), "application/json") {
		g.violations = append(g.violations, Violation{Method: r.Method, Path: r.URL.Path, Where: "request", Message: "not a form that asks for JSON"})
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	if len(r.URL.RawQuery) > 0 {
		g.violations = append(g.violations, Violation{Method: r.Method, Path: r.URL.Path, Where: "request", Message: "a secret does not belong into an address"})
	}
	f := r.PostForm
	app, code := g.appOfClient(f.Get("client_id")), f.Get("code")
	given, known := g.grants[code]
	delete(g.grants, code) // whatever comes of it
	verifier := sha256.Sum256([]byte(f.Get("code_verifier")))
	var out obj
	switch {
	case app == nil || subtle.ConstantTimeCompare([]byte(f.Get("client_secret")), []byte(app.ClientSecret())) != 1:
		out = obj{"error": "incorrect_client_credentials", "error_description": "The client_id and/or client_secret passed are incorrect."}
	case !known || given.app != app || !g.opt.TokenNow().Before(given.until),
		given.challenge != "" && given.challenge != base64.RawURLEncoding.EncodeToString(verifier[:]):
		out = obj{"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."}
	case f.Get("redirect_uri") != given.redirect:
		out = obj{"error": "redirect_uri_mismatch", "error_description": "The redirect_uri MUST match the registered callback URL for this application."}
	default:
		text := "ghu_" + randomHex(18)
		g.tokens[text] = &token{user: given.user, via: app, expires: g.opt.TokenNow().Add(userTokenLife)}
		out = obj{"access_token": text, "token_type": "bearer", "scope": "", "expires_in": int(userTokenLife.Seconds()), "refresh_token": "ghr_" + randomHex(38), "refresh_token_expires_in": 15897600}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(out) // a client that has gone is its own business
}

// listUserInstallations lists the installations of the App that a person signed in with, where they can read something.
func listUserInstallations(c *call) (*answer, *apiError) {
	t := c.actor.token
	if t.via == nil {
		return nil, forbidden("You must authenticate with an access token authorized to a GitHub App in order to list installations")
	}
	var list []*Installation
	for _, i := range t.via.installations {
		if !i.removed && len(i.readableBy(t.user)) > 0 {
			list = append(list, i)
		}
	}
	return ok(obj{"total_count": len(list), "installations": mapped(page(c, list), c.g.installationJSON)}), nil
}

func listUserInstallationRepos(c *call) (*answer, *apiError) {
	t := c.actor.token
	if t.via == nil {
		return nil, forbidden("You must authenticate with an access token authorized to a GitHub App in order to list installations")
	}
	for _, i := range t.via.installations {
		if i.ID != c.id("installation_id") || i.removed {
			continue
		}
		if !i.suspended.IsZero() {
			return nil, forbidden("This installation has been suspended")
		}
		list := i.readableBy(t.user)
		return ok(obj{"total_count": len(list), "repositories": mapped(page(c, list), (*Repo).inPull)}), nil
	}
	return nil, notFound()
}

// readableBy lists what a person may read in an installation by a role of their own.
func (i *Installation) readableBy(u *User) []*Repo {
	var list []*Repo
	for _, r := range i.covered() {
		if r.can(u, "read") {
			list = append(list, r)
		}
	}
	return list
}
