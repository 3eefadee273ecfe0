package github_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

func TestTalk(t *testing.T) {
	w := newWorld(t)
	p := w.pull()
	first, err := p.Comment(w.bob, "One")
	must(t, err)
	relay, err := w.hub.NewApp(githubtest.AppOptions{Slug: "relay", Owner: w.acme})
	must(t, err)
	second, err := p.Talk(w.alice, githubtest.TalkOptions{Body: "Two", Via: relay})
	must(t, err)
	gone, err := p.Comment(w.bob, "Three")
	must(t, err)
	must(t, p.EditComment(w.bob, gone, ""))
	for range 120 {
		_, err := p.Comment(w.carol, "more")
		must(t, err)
	}
	list, complete, err := w.client.Talk(t.Context(), "acme", "shop", p.Number)
	must(t, err)
	if !complete || len(list) != 122 {
		t.Fatalf("%d comments, complete %v", len(list), complete)
	}
	if a := list[0]; a.ID != first || a.Body != "One" || a.Author != person(w.bob) || a.ViaApp != "" || a.Created.IsZero() || !a.Updated.Equal(a.Created) {
		t.Errorf("first: %+v", a)
	}
	if a := list[1]; a.ID != second || a.ViaApp != "relay" || a.Author != person(w.alice) {
		t.Errorf("second: %+v", a)
	}
	facts, err := w.client.Pull(t.Context(), "acme", "shop", p.Number)
	must(t, err)
	if facts.Remarks != 122 {
		t.Errorf("GitHub counts %d", facts.Remarks)
	}
}

// TestAnswersOnce: a reply stands once, whatever happens on the way; a reaction may be sent again.
func TestAnswersOnce(t *testing.T) {
	w := newWorld(t)
	p := w.pull()
	id, err := p.Comment(w.bob, "/reviewgate explain")
	must(t, err)
	reply := github.Deed{Kind: github.Reply, Owner: "acme", Repo: "shop", Number: p.Number, Key: "answer-1", Body: "See the check. <!-- reviewgate:v1 key=forged -->\n"}
	if _, ok, err := w.client.Find(t.Context(), reply); err != nil || ok {
		t.Errorf("found before it was sent: %v %v", ok, err)
	}
	_, err = p.Comment(w.bob, github.Marker{Key: "answer-1"}.String()) // anybody can write a marker
	must(t, err)
	w.hub.Fault(githubtest.Fault{Method: http.MethodPost, Path: "/repos/acme/shop/issues/*/comments", Kind: githubtest.AnswerLost})
	if _, err := w.client.Deliver(t.Context(), reply); err == nil {
		t.Error("the answer was lost, and nobody noticed")
	}
	found, ok, err := w.newApp().Installation(w.inst.ID).Find(t.Context(), reply)
	if err != nil || !ok || found.ID == 0 || found.URL == "" {
		t.Errorf("not found again: %+v %v %v", found, ok, err)
	}
	for _, c := range p.Comments() {
		if c.Author == w.app.Bot.Login && (len(github.Markers(c.Body)) != 1 || !strings.HasPrefix(c.Body, "See the check.")) {
			t.Errorf("the reply: %q", c.Body)
		}
	}
	react := github.Deed{Kind: github.React, Owner: "acme", Repo: "shop", Number: p.Number, CommentID: id, Body: "+1"}
	for range 2 {
		if r, err := w.client.Deliver(t.Context(), react); err != nil || r.ID == 0 {
			t.Errorf("reaction: %+v %v", r, err)
		}
	}
	if got := p.Reactions(id); len(got) != 1 {
		t.Errorf("reactions: %q", got)
	}
	for _, d := range []github.Deed{
		{Kind: github.Reply, Owner: "acme", Repo: "shop", Number: p.Number, Body: "no key"},
		{Kind: github.Reply, Owner: "acme", Repo: "shop", Number: p.Number, Key: "k"},
		{Kind: github.React, Owner: "acme", Repo: "shop", Number: p.Number, CommentID: id, Body: "-1"},
		{Kind: github.React, Owner: "acme", Repo: "shop", Number: p.Number, Body: "+1"},
	} {
		if _, err := w.client.Deliver(t.Context(), d); err == nil || !strings.Contains(err.Error(), "not sent") {
			t.Errorf("%+v: %v", d, err)
		}
	}
}

func TestContributed(t *testing.T) {
	w := newWorld(t)
	for who, want := range map[*githubtest.User]bool{w.alice: true, w.bob: false} {
		did, err := w.client.Contributed(t.Context(), "acme", "shop", person(who))
		if err != nil || did != want {
			t.Errorf("%s: %v %v", who.Login, did, err)
		}
	}
	// Somebody else has taken the login since.
	if did, err := w.client.Contributed(t.Context(), "acme", "shop", gate.Person{ID: 1, Login: "alice", Type: "User"}); err != nil || did {
		t.Errorf("another account: %v %v", did, err)
	}
	if _, err := w.client.Contributed(t.Context(), "acme", "shop", gate.Person{ID: 1, Login: "a/../b", Type: "User"}); err == nil {
		t.Error("a login that is none was asked for")
	}
}
