package review_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/source"
)

const waivePolicy = payPolicy + "waivers: {by: [\"@bob\"]}\n"

const why = "production is down and it is late"

// write puts a comment into the conversation; heard says that its webhook came while the pull request had the head.
func (w *world) write(number int, id int64, who gate.Person, body string, heard string) {
	now := time.Now().UTC().Truncate(time.Second)
	if w.talk == nil {
		w.talk, w.said = map[int][]github.Remark{}, map[int][]review.Said{}
	}
	w.talk[number] = append(w.talk[number], github.Remark{ID: id, Author: who, Body: body, Created: now, Updated: now})
	w.pulls[number].Remarks++
	if heard == "" {
		return
	}
	sum := sha256.Sum256([]byte(body))
	s := review.Said{Sender: who, Body: hex.EncodeToString(sum[:]), Received: now}
	s.LedgerEntry = gate.LedgerEntry{ReviewID: id, Reviewer: who.ID, Head: heard, BaseRef: "main", Base: "m0"}
	w.said[number] = append(w.said[number], s)
}

func (w *world) policy(text string) {
	w.files["m0"] = map[string]string{".github/reviewgate.yml": text}
}

func (w *world) last() *gate.Decision { return w.decision[len(w.decision)-1] }

// TestCommentsAreReadWhereTheyMatter: the list costs a request, so it is read only where something may follow from it.
func TestCommentsAreReadWhereTheyMatter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy, heard string
		remarks       int
		read          bool
	}{
		"nobody wrote anything":               {waivePolicy, "", 0, false},
		"no policy asks, and no command":      {payPolicy, "", 3, false},
		"somebody may waive":                  {waivePolicy, "", 3, true},
		"a command that cannot count is told": {payPolicy, "h1", 1, true},
	} {
		w := newWorld(t)
		w.policy(c.policy)
		for i := range c.remarks {
			w.write(1, int64(i+1), bob, "/reviewgate explain", c.heard)
		}
		if read := strings.Contains(strings.Join(w.run(1), ","), "talk 1"); read != c.read {
			t.Errorf("%s: read %v", name, read)
		}
	}
}

func TestCommentsThatCount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world)
		state  gate.State
		words  string
	}{
		"as it was":            {func(*world) {}, gate.Pass, "holds until"},
		"edited":               {func(w *world) { w.talk[1][0].Body += " " }, gate.Pending, "was edited"},
		"edited, as we heard":  {func(w *world) { w.said[1][0].Edited = true }, gate.Pending, "was edited"},
		"hidden or reacted to": {func(w *world) { w.talk[1][0].Updated = time.Now().Add(time.Hour) }, gate.Pass, "holds until"},
		"deleted":              {func(w *world) { w.talk[1] = nil }, gate.Pending, ""},
		"never heard":          {func(w *world) { w.said[1] = nil }, gate.Pending, "was not listening"},
		"no head was known":    {func(w *world) { w.said[1][0].Head = "" }, gate.Pending, "was not listening"},
		"of another account":   {func(w *world) { w.said[1][0].Reviewer = 99 }, gate.Pending, "was not listening"},
		"sent by another":      {func(w *world) { w.said[1][0].Sender = eve }, gate.Pending, "was not sent by the account"},
		"through an App":       {func(w *world) { w.talk[1][0].ViaApp = "relay" }, gate.Pending, "through the App relay"},
		"for a head that is gone": {func(w *world) {
			w.said[1][0].Head, w.ledgerErr = "h0", &source.Error{Kind: source.NotFound}
		}, gate.Pending, "was not listening"},
		"a list without end": {func(w *world) { w.talkCut = true }, gate.Error, ""},
		"not to be read":     {func(w *world) { w.talkErr = fmt.Errorf("reading: %w", github.ErrForbidden) }, gate.Error, ""},
	} {
		w := newWorld(t)
		w.policy(waivePolicy)
		w.write(1, 5, bob, "Well.\n\n/reviewgate waive payments "+why, "h1")
		c.change(w)
		w.run(1)
		d := w.last()
		text := ""
		for _, a := range d.Waivers {
			text += a.Because
		}
		if d.State != c.state || !strings.Contains(text, c.words) || c.words == "" && text != "" && c.state != gate.Error {
			t.Errorf("%s: %s, %q", name, d.State, text)
		}
		if len(w.facts.Comments) > 0 && strings.Contains(w.facts.Comments[0].Body, "Well") {
			t.Errorf("%s: more is kept than commands: %q", name, w.facts.Comments[0].Body)
		}
	}
}

// TestFloodOfComments: many commands of strangers neither grow the facts nor push out what a person says.
func TestFloodOfComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(waivePolicy)
	w.write(1, 5, bob, "/reviewgate waive payments "+why, "h1")
	for i := range 300 {
		w.write(1, int64(100+i), gate.Person{ID: int64(1000 + i%90), Login: fmt.Sprint("eve", i%90), Type: "User"}, "/reviewgate waive payments "+strings.Repeat("x", 60_000), "")
	}
	w.run(1)
	if n := len(w.facts.Comments); n != 1 || w.last().State != gate.Pass {
		t.Errorf("%d comments, %s", n, w.last().State)
	}
	w = newWorld(t)
	w.policy(waivePolicy)
	for i := range 3000 {
		w.write(1, int64(100+i), gate.Person{ID: int64(1000 + i%150), Login: fmt.Sprint("eve", i%150), Type: "User"}, "/reviewgate waive payments "+why, "")
	}
	w.run(1)
	if n := len(w.facts.Comments); n > 2000 {
		t.Errorf("%d comments", n)
	}
}

func TestWitnessed(t *testing.T) {
	t.Parallel()
	bot, someone := gate.Person{ID: 50, Login: "dependabot[bot]", Type: "Bot"}, gate.Person{}
	open := review.Head{SHA: "h1", Opened: true, By: bot}
	for name, c := range map[string]struct {
		heads []review.Head
		want  bool
	}{
		"opened with it":             {[]review.Head{open}, true},
		"pushed":                     {[]review.Head{open, {SHA: "h2", Was: "h1", By: bot}}, true},
		"seen by a job as well":      {[]review.Head{open, {SHA: "h2", Was: "h1", By: bot}, {SHA: "h2", By: someone}}, true},
		"nothing is known":           {nil, false},
		"opened while we were away":  {[]review.Head{{SHA: "h2", Was: "h1", By: bot}}, false},
		"a push that we missed":      {[]review.Head{open, {SHA: "h2", By: someone}}, false},
		"one between that we missed": {[]review.Head{open, {SHA: "h3", Was: "hx", By: bot}}, false},
		"found by a job only":        {[]review.Head{{SHA: "h1", By: someone}}, false},
		"and back":                   {[]review.Head{open, {SHA: "h2", Was: "h1", By: bot}, {SHA: "h1", Was: "h2", By: bot}}, true},
	} {
		w := newWorld(t)
		w.policy(payPolicy + "exempt:\n  - {app: dependabot, paths: [\"src/pay/**\"], max_files: 2}\n")
		head := "h1"
		if n := len(c.heads); n > 0 {
			head = c.heads[n-1].SHA
		}
		w.pulls[1] = w.pull(1, head, bot)
		w.pulls[1].Facts.Commits = []gate.Commit{{SHA: head, Author: &bot, Committer: &gate.Person{ID: 60, Login: "web-flow", Type: "User"}, VerifiedApp: "dependabot"}}
		w.heads = c.heads
		w.run(1)
		if got := w.last().State == gate.Pass; got != c.want {
			t.Errorf("%s: %s: %s", name, w.last().State, w.last().Title)
		}
	}
}

// TestPathsAreAskedForWhereTheyMatter: they cost git processes.
func TestPathsAreAskedForWhereTheyMatter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(1)
	if w.facts.Commits[0].Paths != nil || w.facts.Pushed != nil {
		t.Errorf("paths that nobody asked for: %+v %v", w.facts.Commits, w.facts.Pushed)
	}
	w = newWorld(t)
	w.policy("version: 1\ntier: {sensitive: {approvals: 1, independence: path}}\nguard:\n  - {paths: [\"docs/**\"], tier: sensitive}\n")
	w.pushers[1] = []gate.Person{bob, eve}
	w.heads = []review.Head{{SHA: "h0", Opened: true, By: alice}, {SHA: "h1", Was: "h0", By: bob}}
	w.run(1)
	if diff := cmp.Diff([]string{"src/pay/card.go"}, w.facts.Commits[0].Paths); diff != "" {
		t.Errorf("of the commit (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[int64][]string{bob.ID: {"src/pay/card.go"}}, w.facts.Pushed); diff != "" { // eve's push is from before we looked
		t.Errorf("pushed (-want +got):\n%s", diff)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.people.Roles[bob.ID], w.people.Roles[eve.ID] = gate.RoleWrite, gate.RoleRead
	for i := range 60 {
		w.write(1, int64(10+i), bob, "/reviewgate explain", "h1")
	}
	w.write(1, 900, eve, "/reviewgate explain", "h1")
	if got := w.run(1); strings.Count(strings.Join(got, "\n"), "reply") > 33 {
		t.Errorf("%q", got)
	}
	w = newWorld(t)
	for i := range 11 {
		w.answers = append(w.answers, review.Answer{Number: 100 + i, Name: fmt.Sprintf("refusal/7/%d/9", 100+i)})
	}
	w.people.Roles[eve.ID] = gate.RoleRead
	w.write(1, 900, eve, "/reviewgate explain", "h1")
	if got := w.run(1); strings.Contains(strings.Join(got, "\n"), "reply") {
		t.Errorf("another refusal in the same repository: %q", got)
	}
}

// TestLinks: a guard over a link covers the file that it points to. Where the links cannot be told, nothing can.
func TestLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy("version: 1\nguard:\n  - {name: rules, paths: [\"conf/live\"], approvals: 1, from: [\"@bob\"]}\n")
	w.run(1)
	if d := w.last(); d.State != gate.Pass {
		t.Errorf("without links: %s", d.Title)
	}
	w = newWorld(t)
	w.policy("version: 1\nguard:\n  - {name: rules, paths: [\"conf/live\"], approvals: 1, from: [\"@bob\"]}\n")
	w.links = map[string]map[string][]byte{"m0": {"conf/live": []byte("../src/pay/card.go")}, "h1": {"conf/live": []byte("../src/pay/card.go"), "out": []byte("../../etc")}}
	w.run(1)
	w.run(1) // from the store
	if d := w.last(); d.State != gate.Pending || len(w.facts.Links) != 1 {
		t.Errorf("with a link: %s, %+v", d.Title, w.facts.Links)
	}
	w = newWorld(t)
	w.linksErr = &source.Error{Kind: source.Limit, What: "there are 3000"}
	w.run(1)
	if d := w.last(); d.State != gate.Error || !strings.Contains(d.Title, "where the symbolic links point to") {
		t.Errorf("too many: %s", d.Title)
	}
}
