package server_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// A pageWorld is one in which people sign in: alice writes, bob approves, mallory reads nothing, and root runs the server without reading anything.
type pageWorld struct {
	*world
	base          string // where the pages are
	mallory, root *githubtest.User
	ahead         atomic.Int64 // of the server's clock, nanoseconds
}

func newPageWorld(t *testing.T) *pageWorld {
	t.Helper()
	return pagesOn(t, newBareWorld(t, "acme", "shop", githubtest.RepoOptions{Private: true}, nil))
}

func pagesOn(t *testing.T, bare *world) *pageWorld {
	t.Helper()
	w := &pageWorld{world: bare}
	w.alice, w.bob, w.mallory, w.root = w.hub.User("alice"), w.hub.User("bob"), w.hub.User("mallory"), w.hub.User("root")
	w.repo.SetRole(w.alice, "write")
	w.repo.SetRole(w.bob, "write")
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "begin", Branch: "main", Files: map[string]string{
		".github/reviewgate.yml": policy, "pay/card.go": "package pay\n", "README.md": "shop\n"}})
	must(t, err)
	w.protect()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // a port that is free now
	must(t, err)
	w.cfg.Listen = l.Addr().String()
	must(t, l.Close())
	w.base = "http://" + w.cfg.Listen
	w.cfg.PublicURL, w.cfg.ClientID, w.cfg.ClientSecret, w.cfg.Admins = w.base, w.app.ClientID(), []byte(w.app.ClientSecret()), []string{"Root"}
	w.cfg.Now, w.cfg.Sweep = func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }, -1
	w.app.SetCallback(w.base + "/login/callback")
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	return w
}

// A visitor is somebody with a browser.
type visitor struct {
	w    *pageWorld
	http *http.Client
}

func (w *pageWorld) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	return &visitor{w, &http.Client{Jar: jar}}
}

// as is a visitor who has signed in.
func (w *pageWorld) as(u *githubtest.User) *visitor {
	w.t.Helper()
	v := w.visitor()
	w.hub.SignInAs(u)
	if status, body := v.get("/login/github"); status != http.StatusOK || !strings.Contains(body, "Signed in as <bdi>"+u.Login+"</bdi>") {
		w.t.Fatalf("%s is not signed in: %d %s", u.Login, status, body)
	}
	return v
}

func (v *visitor) do(method, address string, form url.Values, headers ...string) (*http.Response, string) {
	v.w.t.Helper()
	if !strings.HasPrefix(address, "http") {
		address = v.w.base + address
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(v.w.t.Context(), method, address, body)
	must(v.w.t, err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := v.http.Do(req)
	must(v.w.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	must(v.w.t, err)
	return resp, string(data)
}

func (v *visitor) get(address string) (int, string) {
	v.w.t.Helper()
	resp, body := v.do(http.MethodGet, address, nil)
	return resp.StatusCode, body
}

// stay does not follow redirects.
func (v *visitor) stay() *visitor {
	c := *v.http
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{v.w, &c}
}

func (v *visitor) cookie(name string) string {
	u, err := url.Parse(v.w.base)
	must(v.w.t, err)
	for _, c := range v.http.Jar.Cookies(u) {
		if c.Name == "reviewgate-"+name {
			return c.Value
		}
	}
	return ""
}

// signedIn says whether the visitor gets pages.
func (v *visitor) signedIn() bool {
	v.w.t.Helper()
	resp, _ := v.stay().do(http.MethodGet, "/pulls", nil)
	return resp.StatusCode == http.StatusOK
}

var formToken = regexp.MustCompile(`name="token" value="([0-9a-f]{64})"`)

func (v *visitor) token() string {
	v.w.t.Helper()
	_, body := v.get("/pulls")
	m := formToken.FindStringSubmatch(body)
	if m == nil {
		v.w.t.Fatalf("no form: %s", body)
	}
	return m[1]
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, _ string) {
		w := newPageWorld(t)
		p := w.open("topic", pay)
		w.expect(p, "action_required")
		page := fmt.Sprintf("/repositories/%d/pulls/%d", w.repo.ID, p.Number)

		stranger := w.visitor()
		if resp, _ := stranger.stay().do(http.MethodGet, page, nil); resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/login?to="+url.QueryEscape(page) {
			t.Errorf("%d %s", resp.StatusCode, resp.Header.Get("Location"))
		}
		if status, body := stranger.get(page); status != http.StatusOK || !strings.Contains(body, "/login/github?to="+url.QueryEscape(page)) {
			t.Errorf("%d %s", status, body)
		}
		if resp, _ := stranger.do(http.MethodGet, page, nil, "HX-Request", "true"); resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("HX-Refresh") != "true" {
			t.Errorf("a poll of nobody: %d", resp.StatusCode)
		}
		// The check's "Details" lead to the page.
		if r := w.run(p, "reviewgate"); r.DetailsURL != w.base+page {
			t.Errorf("details: %q", r.DetailsURL)
		}

		w.hub.SignInAs(w.alice)
		alice := w.visitor()
		status, body := alice.get("/login/github?to=" + url.QueryEscape(page))
		for _, want := range []string{"<bdi>Change</bdi>", "Signed in as <bdi>alice</bdi>", "Needs 1 approval from @bob for payments", "payments", "anyone", "pull_request", "action_required"} {
			if want != "anyone" && want != "action_required" && !strings.Contains(body, want) {
				t.Errorf("the page of the pull request lacks %q", want)
			}
		}
		if status != http.StatusOK || t.Failed() {
			t.Fatalf("%d %s", status, body)
		}
		if _, body := alice.get("/pulls"); !strings.Contains(body, page) || !strings.Contains(body, "waiting for people") {
			t.Error(body)
		}
		if _, body := alice.get("/repositories"); !strings.Contains(body, "acme/shop") || !strings.Contains(body, "1 guard") {
			t.Error(body)
		}
		if _, body := alice.get(fmt.Sprintf("/repositories/%d", w.repo.ID)); !strings.Contains(body, "1 approval from @bob") || !strings.Contains(body, "pay/**") {
			t.Error(body)
		}
		// Who is no administrator sees nothing of the server.
		if _, body := alice.get("/"); !strings.Contains(body, "<h1>Pull requests</h1>") {
			t.Error("the first page is not the list of pull requests")
		}
		root := w.as(w.root)
		if _, body := root.get("/"); !strings.Contains(body, "<h1>Overview</h1>") || !strings.Contains(body, "pull_request") || !strings.Contains(body, "reviewgate-") || !strings.Contains(body, "of 5000") && !strings.Contains(body, "No request was made") {
			t.Error(body)
		}
		if _, body := root.get(page); !strings.Contains(body, "<bdi>Change</bdi>") {
			t.Error("an administrator does not see everything")
		}
		// The token is kept, and cannot be read.
		dump, err := w.srv.Dump(t.Context())
		must(t, err)
		if !strings.Contains(dump, "sessions [") || strings.Contains(dump, "ghu_") || strings.Contains(dump, "ghr_") || strings.Contains(dump, alice.cookie("session")) {
			t.Error("the database holds what must not be in it, or no session")
		}

		// Signing out takes a form of ours.
		for name, c := range map[string]struct {
			token, origin string
			want          int
		}{
			"no token":       {"", w.base, http.StatusForbidden},
			"another's":      {root.token(), w.base, http.StatusForbidden},
			"another origin": {alice.token(), "http://evil.example.com", http.StatusForbidden},
			"no origin":      {alice.token(), "", http.StatusForbidden},
		} {
			headers := []string{}
			if c.origin != "" {
				headers = []string{"Origin", c.origin}
			}
			if resp, _ := alice.stay().do(http.MethodPost, "/logout", url.Values{"token": {c.token}}, headers...); resp.StatusCode != c.want || !alice.signedIn() {
				t.Errorf("%s: %d", name, resp.StatusCode)
			}
		}
		kept := alice.cookie("session")
		if resp, _ := alice.stay().do(http.MethodPost, "/logout", url.Values{"token": {alice.token()}}, "Origin", w.base, "Sec-Fetch-Site", "same-origin"); resp.StatusCode != http.StatusSeeOther || alice.cookie("session") != "" {
			t.Errorf("signing out: %d", resp.StatusCode)
		}
		if w.holds(kept) {
			t.Error("the session lives on after signing out")
		}
	})
}

// holds says whether a session's id is good for pages.
func (w *pageWorld) holds(session string) bool {
	w.t.Helper()
	resp, _ := w.visitor().stay().do(http.MethodGet, "/pulls", nil, "Cookie", "reviewgate-session="+session)
	return resp.StatusCode == http.StatusOK
}

// TestSignInCannotBeForged tries what goes wrong with sign-ins elsewhere.
func TestSignInCannotBeForged(t *testing.T) {
	t.Parallel()
	w := newPageWorld(t)
	// begin goes to GitHub and comes back with the address of the callback, which is not opened yet.
	begin := func(v *visitor) string {
		w.hub.SignInAs(w.alice)
		resp, _ := v.stay().do(http.MethodGet, "/login/github?to=/repositories", nil)
		at := resp.Header.Get("Location")
		if !strings.HasPrefix(at, w.hub.URL()+"/login/oauth/authorize?") || !strings.Contains(at, "code_challenge_method=S256") {
			t.Fatal(at)
		}
		resp, _ = v.stay().do(http.MethodGet, at, nil)
		return resp.Header.Get("Location")
	}
	with := func(address, name, value string) string {
		u, err := url.Parse(address)
		must(t, err)
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	for name, try := range map[string]func(v *visitor) string{
		"another state":              func(v *visitor) string { return with(begin(v), "state", strings.Repeat("A", 43)) },
		"no state":                   func(v *visitor) string { return with(begin(v), "state", "") },
		"another browser":            func(*visitor) string { return begin(w.visitor()) },
		"a state of another sign-in": func(v *visitor) string { old := begin(v); begin(v); return old },
		"too late":                   func(v *visitor) string { at := begin(v); w.ahead.Add(int64(11 * time.Minute)); return at },
		"an invented code":           func(v *visitor) string { return with(begin(v), "code", "0123456789abcdef0123") },
		"a code for another's verifier": func(v *visitor) string {
			u, _ := url.Parse(begin(w.visitor()))
			return with(begin(v), "code", u.Query().Get("code"))
		},
		"no code": func(v *visitor) string { return with(begin(v), "code", "") },
	} {
		v := w.visitor()
		status, body := v.get(try(v))
		if status != http.StatusBadRequest || !strings.Contains(body, "<h1>Sign in</h1>") || v.signedIn() {
			t.Errorf("%s: %d %s", name, status, body)
		}
		w.ahead.Store(0)
	}
	// Once only.
	v := w.visitor()
	at := begin(v)
	if status, _ := v.get(at); status != http.StatusOK || !v.signedIn() {
		t.Fatalf("%d", status)
	}
	first := v.cookie("session")
	if status, _ := v.get(at); status != http.StatusBadRequest {
		t.Errorf("the same callback again: %d", status)
	}
	// What an attacker put into the browser before is not what the session is called then, and what was there ends.
	status, _ := v.get(begin(v))
	if second := v.cookie("session"); status != http.StatusOK || second == "" || second == first || w.holds(first) || !w.holds(second) {
		t.Errorf("%d: the session was fixed", status)
	}
	planted := w.visitor()
	u, err := url.Parse(w.base)
	must(t, err)
	planted.http.Jar.SetCookies(u, []*http.Cookie{{Name: "reviewgate-session", Value: "planted", Path: "/"}})
	if status, _ := planted.get(begin(planted)); status != http.StatusOK || planted.cookie("session") == "planted" || w.holds("planted") {
		t.Error("a planted session id is good")
	}
	// Who refuses at GitHub is told so.
	w.hub.SignInAs(nil)
	if status, body := w.visitor().get("/login/github"); status != http.StatusOK || !strings.Contains(body, "told not to sign you in") {
		t.Errorf("%d %s", status, body)
	}
	// Nobody is sent elsewhere after sign-in.
	w.hub.SignInAs(w.alice)
	for _, to := range []string{"https://evil.example.com/", "//evil.example.com/", `/\evil.example.com`, "javascript:alert(1)", "/login", "/%2f/evil.example.com", "\t//evil.example.com"} {
		resp, _ := w.visitor().do(http.MethodGet, "/login/github?"+url.Values{"to": {to}}.Encode(), nil)
		if got := resp.Request.URL; got.Host != u.Host || !slices.Contains([]string{"/pulls", "//evil.example.com"}, got.Path) {
			t.Errorf("%q leads to %s", to, got)
		}
	}
	// GitHub does not answer: nobody is signed in, and the page says so.
	w.hub.Fault(githubtest.Fault{Method: "POST", Path: "/login/oauth/access_token", Kind: githubtest.BadGateway})
	if status, body := w.visitor().get("/login/github"); status != http.StatusServiceUnavailable || !strings.Contains(body, "cannot be signed in now") {
		t.Errorf("%d %s", status, body)
	}
}

// TestSessionEnds: a session ends when it is old or idle, when GitHub takes the token no more, and when the person withdraws what they allowed.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	w := newPageWorld(t)
	idle, old := w.as(w.alice), w.as(w.alice)
	w.ahead.Store(int64(100 * time.Minute))
	if !old.signedIn() {
		t.Error("signed out after 100 minutes")
	}
	w.ahead.Store(int64(130 * time.Minute))
	if idle.signedIn() || !old.signedIn() {
		t.Error("idle for more than two hours")
	}
	for m := 200; m < 8*60; m += 60 {
		w.ahead.Store(int64(m) * int64(time.Minute))
		if !old.signedIn() {
			t.Errorf("signed out after %d minutes", m)
		}
	}
	w.ahead.Store(int64(8*time.Hour + time.Minute))
	if old.signedIn() {
		t.Error("signed in for more than eight hours")
	}
	w.ahead.Store(0)

	alice := w.as(w.alice)
	w.app.RevokeAuthorization(w.alice)
	must(t, w.hub.Settle(t.Context()))
	w.until("alice is signed out", func() bool { return !alice.signedIn() })

	alice = w.as(w.alice)
	w.stop() // nobody hears of it
	w.app.RevokeAuthorization(w.alice)
	w.start()
	if !alice.signedIn() {
		t.Error("a restart signs people out")
	}
	w.ahead.Store(int64(6 * time.Minute))
	if alice.signedIn() {
		t.Error("signed in with a token that GitHub does not take")
	}
	w.ahead.Store(0)
	if w.holds(alice.cookie("session")) {
		t.Error("the session comes back")
	}
}

// everyPage lists the pages that are about the repository.
func (w *pageWorld) everyPage(number int) []string {
	return []string{fmt.Sprintf("/repositories/%d", w.repo.ID), fmt.Sprintf("/repositories/%d/pulls/%d", w.repo.ID, number), fmt.Sprintf("/pulls?repo=%d", w.repo.ID)}
}

// TestNobodySeesWhatGitHubHides: what somebody cannot read is as if it did not exist, to the byte.
func TestNobodySeesWhatGitHubHides(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, _ string) {
		w := newPageWorld(t)
		p := w.open("topic", pay)
		w.expect(p, "action_required")
		mallory, bob := w.as(w.mallory), w.as(w.bob)
		nowhere := []string{"/repositories/999999", "/repositories/999999/pulls/1", "/pulls?repo=999999", "/", "/dead-letters", "/audit"}
		token := formToken.ReplaceAllString
		hidden := func(v *visitor, what string) {
			t.Helper()
			_, absent := v.get(nowhere[0])
			for i, page := range w.everyPage(p.Number) {
				for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
					resp, body := v.do(http.MethodGet, page, nil, headers...)
					if resp.StatusCode != http.StatusNotFound || token(body, "") != token(absent, "") || strings.Contains(body, "acme") {
						t.Errorf("%s: %s: %d %s", what, page, resp.StatusCode, body)
					}
				}
				if resp, _ := v.do(http.MethodPost, page, url.Values{"token": {v.token()}}, "Origin", w.base); resp.StatusCode != http.StatusNotFound {
					t.Errorf("%s: POST %s: %d", what, page, resp.StatusCode)
				}
				if status, _ := v.get(nowhere[i]); status != http.StatusNotFound {
					t.Errorf("%s: %d", nowhere[i], status)
				}
			}
			for _, page := range []string{"/pulls", "/pulls?state=any", "/pulls?q=1", "/pulls?q=Change", "/repositories", "/repositories?q=acme"} {
				if status, body := v.get(page); status != http.StatusOK || strings.Contains(body, "acme") && !strings.Contains(page, "acme") || strings.Contains(body, "/pulls/") {
					t.Errorf("%s: %s: %d %s", what, page, status, body)
				}
			}
		}
		hidden(mallory, "mallory")
		for _, page := range w.everyPage(p.Number) {
			if status, _ := bob.get(page); status != http.StatusOK {
				t.Errorf("bob: %s: %d", page, status)
			}
			for _, odd := range []string{page + "/", strings.Replace(page, "/repositories/", "/repositories/+", 1), strings.Replace(page, "/pulls/", "/pulls/0", 1)} {
				if odd != page && !strings.Contains(odd, "?") {
					if status, _ := mallory.get(odd); status != http.StatusNotFound {
						t.Errorf("%s: %d", odd, status)
					}
				}
			}
		}
		// Lost access is noticed after five minutes at the latest; given access as well.
		w.repo.SetRole(w.bob, "")
		w.repo.SetRole(w.mallory, "read")
		w.ahead.Store(int64(5*time.Minute + time.Second))
		hidden(bob, "bob without his role")
		if status, _ := mallory.get(w.everyPage(p.Number)[1]); status != http.StatusOK {
			t.Errorf("mallory with a role: %d", status)
		}
		// While GitHub cannot be asked, nobody sees anything but who runs the server.
		root := w.as(w.root)
		w.ahead.Store(int64(11 * time.Minute))
		w.hub.Fault(githubtest.Fault{Path: "/user", Kind: githubtest.BadGateway, Count: 100})
		if status, body := mallory.get("/pulls"); status != http.StatusServiceUnavailable || strings.Contains(body, "acme") {
			t.Errorf("%d %s", status, body)
		}
		if status, _ := root.get("/"); status != http.StatusOK {
			t.Errorf("root: %d", status)
		}
		w.hub.ClearFaults()
		// The App is taken off the repository.
		w.inst.Uninstall(w.alice)
		must(t, w.hub.Settle(t.Context()))
		w.ahead.Store(int64(17 * time.Minute))
		hidden(mallory, "mallory without the App")
	})
}

// TestAdminsOnly: the server's own pages are for those who run it.
func TestAdminsOnly(t *testing.T) {
	t.Parallel()
	w := newPageWorld(t)
	alice, root := w.as(w.alice), w.as(w.root)
	for _, page := range []string{"/dead-letters", "/audit"} {
		if status, _ := alice.get(page); status != http.StatusNotFound {
			t.Errorf("alice: %s: %d", page, status)
		}
		if resp, _ := alice.do(http.MethodPost, page, url.Values{"token": {alice.token()}, "do": {"drop"}, "kind": {"job"}, "id": {"1"}}, "Origin", w.base); resp.StatusCode != http.StatusNotFound {
			t.Errorf("alice: POST %s: %d", page, resp.StatusCode)
		}
	}
	if status, _ := root.get("/"); status != http.StatusOK {
		t.Error(status)
	}
	// Somebody who was given the login of an administrator is one; who gave it up is not.
	must(t, w.root.Rename("groot"))
	w.ahead.Store(int64(6 * time.Minute))
	if _, body := root.get("/"); strings.Contains(body, "<h1>Overview</h1>") {
		t.Error("who is not called so any more is still an administrator")
	}
}

// TestDeadLettersAndAudit: an administrator sees to what gave up, with a confirmation and a token, and the log tells who it was.
func TestDeadLettersAndAudit(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, _ string) {
		w := newPageWorld(t)
		for guid, body := range map[string]string{"bad": "{<b>", "good": `{"action":"created","installation":{"id":99},"repositories":[],"sender":{"id":1,"login":"alice","type":"User"}}`, "old": "{"} {
			must(t, w.srv.KeepUnreadable(t.Context(), guid, "installation", []byte(body)))
		}
		alice, root := w.as(w.alice), w.as(w.root)
		if _, body := root.get("/"); !strings.Contains(body, `<span class="n">3</span> dead letters`) {
			t.Error(body)
		}
		if status, body := root.get("/dead-letters?kind=delivery"); status != http.StatusOK || strings.Count(body, `class="card"`) != 3 || !strings.Contains(body, "Yes, try it again") {
			t.Errorf("%d %s", status, body)
		}
		if _, body := root.get("/dead-letters?kind=job"); !strings.Contains(body, "There are none.") {
			t.Error(body)
		}
		act := func(v *visitor, token, what, guid string) (int, string) {
			resp, body := v.do(http.MethodPost, "/dead-letters", url.Values{"token": {token}, "do": {what}, "kind": {"delivery"}, "id": {guid}}, "Origin", w.base)
			return resp.StatusCode, body
		}
		for name, c := range map[string]struct {
			v                 *visitor
			token, what, guid string
			status            int
			says              string
		}{
			"not an administrator": {alice, alice.token(), "drop", "old", http.StatusNotFound, "There is no such page"},
			"without a token":      {root, "", "drop", "old", http.StatusBadRequest, "too old"},
			"with another's":       {root, alice.token(), "drop", "old", http.StatusBadRequest, "too old"},
			"something else":       {root, root.token(), "burn", "old", http.StatusBadRequest, "does not say what to do"},
			"one that is not":      {root, root.token(), "drop", "none", http.StatusOK, "It was not there any more"},
			"still unreadable":     {root, root.token(), "retry", "bad", http.StatusBadRequest, "still cannot be read"},
			"tried again":          {root, root.token(), "retry", "good", http.StatusOK, "It is tried again."},
		} {
			if status, body := act(c.v, c.token, c.what, c.guid); status != c.status || !strings.Contains(body, c.says) {
				t.Errorf("%s: %d %s", name, status, body)
			}
		}
		if status, body := act(root, root.token(), "drop", "old"); status != http.StatusOK || !strings.Contains(body, "It was dropped.") || strings.Count(body, `class="card"`) != 1 {
			t.Errorf("%d %s", status, body)
		}
		_, body := root.get("/audit")
		for _, want := range []string{"sign-in", "dead letter retried", "dead letter dropped", "delivery old", "<bdi>root</bdi>"} {
			if !strings.Contains(body, want) {
				t.Errorf("the audit log lacks %q: %s", want, body)
			}
		}
		if _, body := root.get("/audit?kind=sign-in&actor=alice"); strings.Count(body, "<th scope=\"row\">") != 1 {
			t.Error(body)
		}
	})
}

// TestPlayground: whoever is signed in can try a rule, and nobody else.
func TestPlayground(t *testing.T) {
	t.Parallel()
	w := newPageWorld(t)
	alice := w.as(w.alice)
	form := url.Values{"rule": {"rules:\n  - id: r\n    languages: [python]\n    severity: WARNING\n    message: m\n    pattern: eval($X)\n"}, "code": {"eval(x)\n"}, "path": {"a.py"}, "line": {"1"}}
	if status, body := alice.get("/play/"); status != http.StatusOK || !strings.Contains(body, "Try a rule") || !strings.Contains(body, `href="/"`) {
		t.Errorf("%d", status)
	}
	resp, body := alice.do(http.MethodPost, "/play/run", form, "Origin", w.base, "HX-Request", "true")
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, "1 match") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	for name, headers := range map[string][]string{"no origin": {"HX-Request", "true"}, "a form from elsewhere": {"Origin", w.base}, "another origin": {"Origin", "http://evil.example.com", "HX-Request", "true"}} {
		if resp, _ := alice.do(http.MethodPost, "/play/run", form, headers...); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	if resp, _ := alice.do(http.MethodPost, "/play/save", form, "Origin", w.base, "HX-Request", "true"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("something was saved: %d", resp.StatusCode)
	}
	if resp, _ := w.visitor().stay().do(http.MethodPost, "/play/run", form, "Origin", w.base, "HX-Request", "true"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody plays: %d", resp.StatusCode)
	}
}

// TestPagesAreOff: without a client id there are no pages.
func TestPagesAreOff(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.start()
	for _, path := range []string{"/", "/login", "/pulls", "/assets/style.css", "/play/"} {
		resp, err := http.Get("http://" + w.srv.Addr() + path)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	open := w.cfg
	open.Listen, open.LoopbackPages = ":0", true
	if _, err := server.New(open); err == nil || !strings.Contains(err.Error(), "can be reached from elsewhere") {
		t.Error(err)
	}
}

// hostile are texts that strangers would like a page to take for its own.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "javascript:alert(1)", `'"--></style></script><svg onload=alert(1)>`, "{{.Token}}",
	"\u202etxt.exe\u202c", "zero\u200bwidth", "p\u0430ypal", "line\nbreak", strings.Repeat("W", 500),
}

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	w := newPageWorld(t)
	root := w.as(w.root)
	for i, text := range hostile {
		branch := fmt.Sprintf("topic-%d", i)
		path := "pay/" + strings.ReplaceAll(strings.ReplaceAll(text, "/", "∕"), "\n", " ")
		_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: text, Branch: branch, Parents: []string{"main"}, Files: map[string]string{path[:min(len(path), 200)]: "FLAW\n"}})
		must(t, err)
		p, err := w.repo.OpenPull(w.alice, githubtest.PullOptions{Title: text, Body: text, Head: branch, Base: "main"})
		must(t, err)
		w.pulls = append(w.pulls, p)
		w.says(p.Head(), "failure")
		for _, page := range append(w.everyPage(p.Number), "/", "/pulls?q="+url.QueryEscape(text), "/repositories?q="+url.QueryEscape(text)) {
			status, body := root.get(page)
			for _, bad := range []string{"<script>alert", "<img src=x", "<svg onload", `href="javascript:`, "\u202e", "\u200b", "p\u0430ypal"} {
				if strings.Contains(body, bad) {
					t.Errorf("%s with %q holds %q", page, text, bad)
				}
			}
			if status != http.StatusOK {
				t.Errorf("%s with %q: %d", page, text, status)
			}
		}
	}
	// Filters and cursors that nobody sends by hand.
	for _, page := range []string{"/pulls?after=1", "/pulls?after=a-b-c", "/pulls?repo=x", "/pulls?repo=-1", "/repositories/9223372036854775808", "/repositories/1/pulls/x"} {
		if status, _ := root.get(page); status != http.StatusNotFound {
			t.Errorf("%s: %d", page, status)
		}
	}
	for _, page := range []string{"/pulls?state=%00", "/pulls?decision=%27", "/pulls?q=%25_%5C", "/repositories?q=%00&after=%FF", "/pulls?q=99999999999999999999", "/pulls?after=-1--1--1"} {
		if status, body := root.get(page); status != http.StatusOK {
			t.Errorf("%s: %d %s", page, status, body)
		}
	}
}
