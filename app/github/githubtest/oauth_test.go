package githubtest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

const callback = "http://127.0.0.1:1/login/callback"

// authorize sends a browser to GitHub, and gives what it is sent back with.
func (w *world) authorize(q url.Values) (status int, back url.Values) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.URL()+"/login/oauth/authorize?"+q.Encode(), nil)
	w.must(err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	w.must(err)
	w.must(resp.Body.Close())
	at, err := url.Parse(resp.Header.Get("Location"))
	w.must(err)
	return resp.StatusCode, at.Query()
}

func (w *world) exchange(form url.Values) (out map[string]any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.URL()+"/login/oauth/access_token", strings.NewReader(form.Encode()))
	w.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	w.must(err)
	w.must(json.NewDecoder(resp.Body).Decode(&out))
	w.must(resp.Body.Close())
	return out
}

// signIn gives the token of somebody who signed in with the App.
func (w *world) signIn(u *githubtest.User) string {
	w.t.Helper()
	w.app.SetCallback(callback)
	w.SignInAs(u)
	_, back := w.authorize(url.Values{"client_id": {w.app.ClientID()}, "redirect_uri": {callback}, "state": {"s"}})
	out := w.exchange(url.Values{"client_id": {w.app.ClientID()}, "client_secret": {w.app.ClientSecret()}, "code": {back.Get("code")}, "redirect_uri": {callback}})
	token, _ := out["access_token"].(string)
	if token == "" {
		w.t.Fatalf("no token: %v", out)
	}
	return token
}

// TestSignIn: a code is good once, for the App, the address and the verifier that it was asked for with, and a token shows what its person can read.
func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.app.SetCallback(callback)
	w.SignInAs(w.alice)
	sum := sha256.Sum256([]byte("verifier"))
	ask := url.Values{"client_id": {w.app.ClientID()}, "redirect_uri": {callback}, "state": {"s"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	with := func(in url.Values, name, value string) url.Values {
		out := url.Values{}
		for k, v := range in {
			out[k] = v
		}
		out.Set(name, value)
		return out
	}
	for _, bad := range []url.Values{with(ask, "client_id", "x"), with(ask, "redirect_uri", "http://evil.example.com/"), with(ask, "state", ""), with(ask, "code_challenge_method", "plain")} {
		if status, _ := w.authorize(bad); status != http.StatusNotFound {
			t.Errorf("%v: %d", bad, status)
		}
	}
	if n := len(w.TakeViolations()); n != 4 {
		t.Errorf("%d complaints", n)
	}
	form := url.Values{"client_id": {w.app.ClientID()}, "client_secret": {w.app.ClientSecret()}, "redirect_uri": {callback}, "code_verifier": {"verifier"}}
	for name, want := range map[string]string{"client_secret": "incorrect_client_credentials", "code_verifier": "bad_verification_code", "code": "bad_verification_code", "redirect_uri": "redirect_uri_mismatch"} {
		_, back := w.authorize(ask)
		if out := w.exchange(with(with(form, "code", back.Get("code")), name, "another")); out["error"] != want {
			t.Errorf("another %s: %v", name, out)
		}
		if name != "code" {
			if out := w.exchange(with(form, "code", back.Get("code"))); out["error"] != "bad_verification_code" {
				t.Errorf("the code after another %s: %v", name, out)
			}
		}
	}
	w.SignInAs(nil)
	if _, back := w.authorize(ask); back.Get("error") != "access_denied" || back.Get("state") != "s" {
		t.Errorf("%v", back)
	}
	for _, c := range []struct {
		u    *githubtest.User
		want int
	}{{w.alice, 1}, {w.mall, 0}} {
		client := w.client(http.DefaultTransport).WithAuthToken(w.signIn(c.u))
		if me := step(client.Users.Get(t.Context(), "")).ok(t, "self"); me.GetLogin() != c.u.Login {
			t.Error(me)
		}
		list := step(client.Apps.ListUserInstallations(t.Context(), nil)).ok(t, "installations")
		if len(list) != c.want {
			t.Errorf("%s: %d installations", c.u.Login, len(list))
		}
		for _, in := range list {
			if repos := step(client.Apps.ListUserRepos(t.Context(), in.GetID(), nil)).ok(t, "repositories"); len(repos.Repositories) == 0 {
				t.Error("no repositories")
			}
		}
		w.app.RevokeAuthorization(c.u)
		if _, _, err := client.Users.Get(t.Context(), ""); err == nil {
			t.Error("the token is good after it was withdrawn")
		}
	}
}
