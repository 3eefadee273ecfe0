package github_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// made plays what a person does in the browser: the manifest goes to GitHub's page, its button is clicked, and GitHub sends the browser back.
func (w *world) made(org string, o github.ManifestOptions, state string) url.Values {
	w.t.Helper()
	manifest, err := github.Manifest(o)
	must(w.t, err)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	first, err := client.PostForm(w.hub.URL()+"/organizations/"+org+"/settings/apps/new?state="+state, url.Values{"manifest": {string(manifest)}})
	must(w.t, err)
	defer first.Body.Close()
	var page bytes.Buffer
	_, err = page.ReadFrom(first.Body)
	must(w.t, err)
	if first.StatusCode != http.StatusOK {
		w.t.Fatalf("%s\n%s", first.Status, page.String())
	}
	second, err := client.PostForm(w.hub.URL()+"/settings/apps/manifest", url.Values{"manifest": {string(manifest)}, "state": {state}, "owner": {org}, "name": {o.Name}})
	must(w.t, err)
	second.Body.Close()
	back, err := second.Location()
	if err != nil {
		w.t.Fatalf("%s: %v", second.Status, err)
	}
	if got := back.Scheme + "://" + back.Host + back.Path; got != o.Redirect {
		w.t.Errorf("sent back to %s", got)
	}
	return back.Query()
}

var manifestOptions = github.ManifestOptions{Name: "reviewgate acme", URL: "https://gate.example.com", Webhook: "https://gate.example.com/webhook",
	Redirect: "http://127.0.0.1:8080/setup/created", Callback: "https://gate.example.com/login/callback", Installed: "https://gate.example.com/setup/installed"}

func TestRegister(t *testing.T) {
	w := newWorld(t)
	w.acme.AddMember(w.alice, "admin")
	w.hub.SignInAs(w.alice)
	o := github.Options{APIURL: w.hub.APIURL(), WebURL: w.hub.URL(), Pace: &github.Pace{}}
	back := w.made("acme", manifestOptions, "abc")
	if back.Get("state") != "abc" {
		t.Errorf("state %q", back.Get("state"))
	}
	got, err := github.Register(t.Context(), o, back.Get("code"))
	must(t, err)
	app := w.hub.AppOf("reviewgate-acme")
	if got.ID != app.ID || got.Slug != "reviewgate-acme" || got.Owner != "acme" || got.WebhookSecret != app.WebhookSecret() || !bytes.Equal(got.PrivateKey, app.PrivateKeyPEM()) ||
		got.ClientID == "" || got.ClientSecret == "" || got.URL != w.hub.URL()+"/apps/reviewgate-acme" {
		t.Errorf("%+v", got)
	}
	_, err = github.Register(t.Context(), o, back.Get("code"))
	if !errors.Is(err, github.ErrNotFound) || strings.Contains(err.Error(), back.Get("code")) {
		t.Errorf("a code twice: %v", err)
	}
	if _, err = github.Register(t.Context(), o, "../app"); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("a code that is a path: %v", err)
	}
	ours, err := github.New(github.Options{AppID: got.ID, PrivateKey: got.PrivateKey, APIURL: w.hub.APIURL(), WebURL: w.hub.URL(), Pace: &github.Pace{}})
	must(t, err)
	self, ahead, known, err := ours.Self(t.Context())
	must(t, err)
	slices.Sort(self.Events)
	if diff := cmp.Diff(github.Self{ID: got.ID, Slug: "reviewgate-acme", Owner: "acme", URL: got.URL, Permissions: github.Permissions(github.ManifestOptions{}), Events: github.Events(github.ManifestOptions{})}, self); diff != "" {
		t.Error(diff)
	}
	if !known || ahead.Abs() > 5*time.Second {
		t.Errorf("ahead by %s, %t", ahead, known)
	}
	hook, err := ours.Hook(t.Context())
	must(t, err)
	if want := (github.Hook{URL: "https://gate.example.com/webhook", Type: "json"}); hook != want {
		t.Errorf("%+v", hook)
	}
	for _, v := range w.hub.Violations() {
		t.Error(v)
	}
}

// What GitHub gives only once is not lost to a moment's failure, and a refusal shows no code.
func TestRegisterFails(t *testing.T) {
	w := newWorld(t)
	w.acme.AddMember(w.alice, "admin")
	w.hub.SignInAs(w.alice)
	o := github.Options{APIURL: w.hub.APIURL(), WebURL: w.hub.URL(), Pace: &github.Pace{}}
	code := w.made("acme", manifestOptions, "")["code"][0]
	w.hub.Fault(githubtest.Fault{Path: "/app-manifests/*/conversions", Kind: githubtest.BadGateway})
	_, err := github.Register(t.Context(), o, code)
	var temporary *github.Temporary
	if !errors.As(err, &temporary) || strings.Contains(err.Error(), code) {
		t.Errorf("%v", err)
	}
	if _, err = github.Register(t.Context(), o, code); err != nil {
		t.Errorf("the second try: %v", err)
	}
	o.APIURL = "http://127.0.0.1:1"
	if _, err = github.Register(t.Context(), o, code); !errors.As(err, &temporary) || strings.Contains(err.Error(), code) {
		t.Errorf("nobody there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = github.Register(ctx, o, code); err == nil || strings.Contains(err.Error(), code) {
		t.Errorf("given up: %v", err)
	}
}

// A key is changed without a restart: what was asked for with the old one goes on, what comes is asked for with the new one.
func TestSetKey(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	token, err := w.client.Token(ctx, "acme", "shop")
	must(t, err)
	other, err := w.hub.NewApp(githubtest.AppOptions{Slug: "other", Owner: w.acme})
	must(t, err)
	theirs, err := other.NewKey()
	must(t, err)
	if err := w.ours.TryKey(ctx, theirs); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("another App's key: %v", err)
	}
	if err := w.ours.TryKey(ctx, []byte("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----")); err == nil || strings.Contains(err.Error(), "abc") {
		t.Errorf("no key: %v", err)
	}
	key, err := w.app.NewKey()
	must(t, err)
	must(t, w.ours.TryKey(ctx, key))
	must(t, w.ours.SetKey(key))
	w.app.RevokeKeys()
	if _, err := w.ours.Count(ctx); err != nil {
		t.Errorf("as the App: %v", err)
	}
	fresh, err := w.client.Token(ctx, "acme", "shop")
	if err != nil || fresh == token {
		t.Errorf("as the installation: %v", err)
	}
	if err := w.ours.SetKey([]byte("nothing")); err == nil {
		t.Error("a key that is none")
	}
	if _, err := w.ours.Count(ctx); err != nil {
		t.Errorf("the key before is in force: %v", err)
	}
}
