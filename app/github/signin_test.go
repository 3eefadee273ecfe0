package github_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

const callback = "http://127.0.0.1:1/login/callback"

func (w *world) signer(secret string) *github.SignIn {
	w.t.Helper()
	s, err := github.NewSignIn(github.Options{APIURL: w.hub.APIURL(), WebURL: w.hub.URL(), Pace: &github.Pace{}}, w.app.ClientID(), func() []byte { return []byte(secret) })
	must(w.t, err)
	w.app.SetCallback(callback)
	return s
}

// code is what GitHub gives the browser of somebody who signs in.
func (w *world) code(s *github.SignIn, u *githubtest.User, verifier string) string {
	w.t.Helper()
	w.hub.SignInAs(u)
	sum := sha256.Sum256([]byte(verifier))
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, s.AuthorizeURL("state", base64.RawURLEncoding.EncodeToString(sum[:]), callback), nil)
	must(w.t, err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	must(w.t, err)
	must(w.t, resp.Body.Close())
	back, err := url.Parse(resp.Header.Get("Location"))
	must(w.t, err)
	if back.Query().Get("state") != "state" {
		w.t.Fatalf("%d %s", resp.StatusCode, back)
	}
	return back.Query().Get("code")
}

// TestSignIn: what a person can read is what GitHub lets them read through the App, in every installation, to the last page.
func TestSignIn(t *testing.T) {
	w := newWorld(t)
	s := w.signer(w.app.ClientSecret())
	ctx := t.Context()
	want := []int64{w.shop.ID}
	for i := range 120 { // more than a page
		r, err := w.hub.NewRepo(w.acme, fmt.Sprint("r", i), githubtest.RepoOptions{Private: true})
		must(t, err)
		if i%2 == 0 {
			r.SetRole(w.dan, "read")
			want = append(want, r.ID)
		}
	}
	w.shop.SetRole(w.dan, "read")
	for _, name := range []string{"other", "suspended"} {
		org := w.hub.Org(name)
		r, err := w.hub.NewRepo(org, "lib", githubtest.RepoOptions{Private: true})
		must(t, err)
		r.SetRole(w.dan, "write")
		in := w.app.Install(org, w.alice)
		if name == "suspended" {
			in.Suspend(w.alice)
			continue
		}
		want = append(want, r.ID)
	}
	token, err := s.Exchange(ctx, w.code(s, w.dan, "v"), "v", callback)
	must(t, err)
	if token.Expires.IsZero() || !strings.HasPrefix(token.Token, "ghu_") {
		t.Errorf("expires %s", token.Expires)
	}
	seen, err := s.Visible(ctx, token.Token)
	must(t, err)
	slices.Sort(want)
	if seen.Login != "dan" || seen.ID != w.dan.ID || !slices.Equal(seen.Repos, want) {
		t.Errorf("%d repositories, want %d: %+v", len(seen.Repos), len(want), seen)
	}
	// An installation that is suspended while it is asked for takes nothing from the others.
	w.hub.Fault(githubtest.Fault{Path: fmt.Sprintf("/user/installations/%d/repositories", w.inst.ID), Kind: githubtest.BadGateway, Count: 100})
	var away *github.Temporary
	if _, err := s.Visible(ctx, token.Token); !errors.As(err, &away) {
		t.Errorf("GitHub is down for one installation: %v", err)
	}
	w.hub.ClearFaults()
	w.inst.Suspend(w.alice)
	if seen, err := s.Visible(ctx, token.Token); err != nil || len(seen.Repos) != 1 {
		t.Errorf("%+v %v", seen, err)
	}
	w.app.RevokeAuthorization(w.dan)
	var refused *github.Error
	if _, err := s.Visible(ctx, token.Token); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("a token that was withdrawn: %v", err)
	}
}

func TestSignInRefused(t *testing.T) {
	w := newWorld(t)
	s := w.signer(w.app.ClientSecret())
	ctx := t.Context()
	var refused *github.Error
	var away *github.Temporary
	if _, err := s.Exchange(ctx, w.code(s, w.alice, "v"), "another", callback); !errors.As(err, &refused) || !strings.Contains(err.Error(), "bad_verification_code") {
		t.Errorf("another verifier: %v", err)
	}
	wrong := w.signer("wrong")
	if _, err := wrong.Exchange(ctx, w.code(s, w.alice, "v"), "v", callback); !errors.As(err, &refused) || strings.Contains(err.Error(), "wrong") {
		t.Errorf("another secret: %v", err)
	}
	for _, kind := range []githubtest.FaultKind{githubtest.BadGateway, githubtest.Unavailable, githubtest.Secondary29} {
		w.hub.Fault(githubtest.Fault{Method: "POST", Path: "/login/oauth/access_token", Kind: kind})
		if _, err := s.Exchange(ctx, w.code(s, w.alice, "v"), "v", callback); !errors.As(err, &away) {
			t.Errorf("%v: %v", kind, err)
		}
	}
	if _, err := s.Visible(ctx, "two words"); err == nil {
		t.Error("a token with white space")
	}
	for _, bad := range []struct{ id, secret string }{{"", "s"}, {"i", ""}} {
		if _, err := github.NewSignIn(github.Options{WebURL: "https://github.com"}, bad.id, func() []byte { return []byte(bad.secret) }); err == nil {
			t.Errorf("%+v", bad)
		}
	}
}
