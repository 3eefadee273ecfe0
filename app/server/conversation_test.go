package server_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

// query is a check for the conversation: it finds queries that are put together from strings. It looks at each side by itself, as most checks do, so
// that its findings have names that stay.
var query = &checks.Check{
	Name: "test/query", Doc: "Finds queries put together from strings.", Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{ID: "sql-from-strings", Title: "SQL put together from strings", Why: "Whoever controls the value controls the query.", Remedy: "Pass the value as a parameter: `db.Query(sql, id)`.",
		Severity: checks.High, Confidence: checks.Certain, CWE: []string{"CWE-89"}, Rollout: checks.RolloutBlock, Origin: "builtin"}},
	Run: func(ctx context.Context, pass *checks.Pass) error {
		return pass.Texts(ctx, nil, func(_ *checks.File, name string, text []byte) {
			n := 0
			for line := range strings.Lines(string(text)) {
				n++
				if from := strings.Index(line, "db.Query("); from >= 0 && strings.Contains(line, `" + `) {
					pass.Report(checks.Finding{RuleID: "sql-from-strings", Message: "A value is joined into the text of a query.",
						Location: checks.Location{Path: name, StartLine: n, StartColumn: from + 1, EndLine: n, EndColumn: len(strings.TrimRight(line, "\n")) + 1}})
				}
			}
		})
	},
}

const (
	findOrder = `package orders

func Find(id string) Rows {
	return db.Query("SELECT * FROM orders WHERE id = " + id)
}
`
	listOrders = `package orders

func List(user string) Rows {
	return db.Query("SELECT * FROM orders WHERE owner = " + user)
}
`
)

var (
	fixedList = strings.ReplaceAll(listOrders, `" + user`, `?", user`)
	movedFind = strings.Replace(findOrder, "func Find", "// Rows are lines of a table.\ntype Rows = db.Rows\n\nfunc Find", 1)
)

// A conversation writes down what everybody who looks at a pull request sees of us, step by step.
type conversation struct {
	*world
	p     *githubtest.Pull
	page  strings.Builder
	seen  map[int64]githubtest.CommentInfo
	told  int // reviews
	edits int // changes of comments
}

// step does something, and writes down what we say to it.
func (c *conversation) step(title, what string, act func()) {
	c.t.Helper()
	act()
	c.settle()
	run := c.run(c.p, "reviewgate")
	fmt.Fprintf(&c.page, "\n## %s\n\n%s The head is `%s`.\n\nThe check: `%s`, %s.\n", title, what, c.p.Head()[:7], run.Conclusion, run.Title)
	said := false
	reviews := c.p.Reviews()
	for _, r := range reviews[c.told:] {
		if r.Author == c.app.Bot.Login {
			c.quote("A review", r.Body)
			said = true
		}
	}
	c.told = len(reviews)
	edited := 0
	for _, now := range c.p.ReviewComments() {
		was, known := c.seen[now.ID]
		c.seen[now.ID] = now
		place := fmt.Sprintf("`%s` (line %d)", now.Path, now.Line)
		if now.Line == 0 {
			place = fmt.Sprintf("`%s` (outdated)", now.Path)
		}
		switch {
		case now.ReplyTo != 0:
			if !known {
				c.quote("@"+now.Author+" answers on "+place, now.Body)
			}
			continue
		case !known:
			c.quote("A comment on "+place, now.Body)
		case was.Body != now.Body:
			c.quote("The comment on "+place+" now says", now.Body)
			edited++
		default:
			continue
		}
		said = true
	}
	if !said {
		c.page.WriteString("\nreviewgate says nothing, and changes nothing.\n")
	}
	if n := c.changes(); n-c.edits != edited {
		c.t.Errorf("%s: %d changes of comments were sent, %d are seen", title, n-c.edits, edited)
	}
	c.edits = c.changes()
}

func (c *conversation) quote(what, body string) {
	fmt.Fprintf(&c.page, "\n%s:\n\n", what)
	for line := range strings.Lines(strings.TrimSpace(body) + "\n") {
		c.page.WriteString(strings.TrimSpace("> "+strings.TrimRight(line, "\n")) + "\n")
	}
}

// changes counts the requests that change a comment on a line.
func (w *world) changes() (n int) {
	for _, r := range w.hub.Requests() {
		if r.Operation == "pulls/update-review-comment" && r.Status == http.StatusOK {
			n++
		}
	}
	return n
}

// TestConversation holds what we say on a pull request through eight pushes to docs/played/conversation.md; -update writes it.
func TestConversation(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.cfg.Checks = func([]*rules.Rule) ([]*checks.Check, error) { return []*checks.Check{query}, nil }
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	c := &conversation{world: w, seen: map[int64]githubtest.CommentInfo{}}
	c.page.WriteString(`# One conversation, eight pushes

What reviewgate says on a pull request from its opening to the last fix: everything that it posts or changes, and nothing else. A comment is posted once. It is folded when a scan shows that its finding is gone, unfolded when
the finding returns, and left alone once somebody answered it. This page is written by a test, which plays the pull request through the real server with git and a GitHub made for tests.
`)
	commit := func(o githubtest.Commit) string {
		t.Helper()
		o.Author, o.Branch = w.alice, "orders"
		sha, err := w.repo.Commit(o)
		must(t, err)
		return sha
	}
	c.step("alice opens it", "Two new files, each with a query put together from strings.", func() {
		c.p = w.open("orders", map[string]string{"orders/find.go": findOrder, "orders/list.go": listOrders})
	})
	c.step("1. A fix", "alice mends `orders/list.go`.", func() { w.push("orders", map[string]string{"orders/list.go": fixedList}) })
	c.step("2. A rebase", "The default branch went on, and alice rebases: the same files, other commits.", func() {
		w.commit(map[string]string{"README.md": "the shop\n"})
		commit(githubtest.Commit{Message: "change, rebased", Parents: []string{"main"}, Force: true, Files: map[string]string{"orders/find.go": findOrder, "orders/list.go": fixedList}})
	})
	var moved string
	c.step("3. Lines move", "In `orders/find.go` three lines are put above the query.", func() {
		moved = commit(githubtest.Commit{Message: "name the type", Files: map[string]string{"orders/find.go": movedFind}})
	})
	c.step("4. A revert", "alice reverts her fix of `orders/list.go`.", func() { w.push("orders", map[string]string{"orders/list.go": listOrders}) })
	c.step("5. A rename", "`orders/find.go` becomes `orders/search.go`. What was said there is not fixed, so that comment stays as it is.", func() {
		commit(githubtest.Commit{Message: "rename", Files: map[string]string{"orders/search.go": movedFind}, Delete: []string{"orders/find.go"}})
	})
	c.step("6. A force-push back", "alice throws the revert and the rename away: the head is that of push 3 again.", func() {
		must(t, w.repo.Push(w.alice, "orders", moved, true))
	})
	c.step("7. A merge from the base", "alice merges the default branch, which has another new file.", func() {
		w.commit(map[string]string{"pay/bill.go": "package pay\n"})
		commit(githubtest.Commit{Message: "Merge branch 'main' into orders", Parents: []string{"orders", "main"}, Merge: true})
	})
	c.step("bob answers", "bob answers the comment on `orders/find.go`.", func() {
		_, err := c.p.Reply(w.bob, c.p.ReviewComments()[0].ID, "The router lets only numbers through, but better be safe.")
		must(t, err)
	})
	c.step("8. The last fix", "alice mends `orders/find.go`. bob's answer is about what the comment says, so it goes on saying that.", func() {
		w.push("orders", map[string]string{"orders/find.go": strings.Replace(movedFind, `" + id`, `?", id`, 1)})
	})
	const file = "../../docs/played/conversation.md"
	if *update {
		must(t, os.WriteFile(file, []byte(c.page.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(want), c.page.String()); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", file, diff)
	}
}

// Whatever goes wrong on the way of a change to a comment, it is made once in the end, and the check does not wait for it.
func TestCommentEditFaults(t *testing.T) {
	t.Parallel()
	const one = "/repos/acme/shop/pulls/comments/*"
	for name, fault := range map[string]githubtest.Fault{
		"none":                           {Path: "/nowhere"},
		"the answer is lost":             {Method: "PATCH", Path: one, Kind: githubtest.AnswerLost},
		"the answer is cut":              {Method: "PATCH", Path: one, Kind: githubtest.Cut},
		"it is not taken":                {Method: "PATCH", Path: one, Kind: githubtest.BadGateway},
		"the comments cannot be listed":  {Method: "GET", Path: "/repos/acme/shop/pulls/*/comments", Kind: githubtest.BadGateway, Count: 2},
		"the comments cannot be checked": {Method: "GET", Path: "/repos/acme/shop/pulls/*/comments", Nth: 2, Kind: githubtest.BadGateway},
		"a rate limit":                   {Method: "PATCH", Path: one, Kind: githubtest.Secondary29, Delay: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTalkWorld(t)
			p := w.open("topic", map[string]string{"a.go": "package a\n\n// FLAW\n"})
			w.expect(p, "failure")
			w.idle()
			w.hub.Fault(fault)
			w.push("topic", map[string]string{"a.go": "package a\n"})
			w.expect(p, "success")
			w.idle()
			head := p.Head()
			// A change that was not made waits; another look at the pull request makes it, if time has not.
			w.clock.forward(10 * time.Minute)
			must(t, p.Edit(w.alice, "Change it", "for good"))
			w.idle()
			must(t, p.Edit(w.alice, "Change it", "for good, really"))
			w.idle()
			w.until("the comment is folded", func() bool { return strings.HasPrefix(p.ReviewComments()[0].Body, "✅ Fixed in `"+head[:7]+"`\n") })
			w.idle()
			if list := p.ReviewComments(); len(list) != 1 || strings.Count(list[0].Body, "There is a flaw.") != 1 {
				t.Errorf("%+v", list)
			}
			if n := w.changes(); n > 1 {
				t.Errorf("%d changes", n)
			}
		})
	}
}

// A server that ends right after GitHub took a change does not make it again.
func TestCommentEditSurvivesARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open("topic", map[string]string{"a.go": "package a\n\n// FLAW\n"})
	w.expect(p, "failure")
	w.idle()
	held := w.hub.Fault(githubtest.Fault{Method: "PATCH", Path: "/repos/acme/shop/pulls/comments/*", Kind: githubtest.HoldAfter})
	w.push("topic", map[string]string{"a.go": "package a\n"})
	select {
	case <-held.Hit():
	case <-time.After(2 * time.Minute):
		t.Fatal("no comment was changed")
	}
	stopped := make(chan struct{})
	go func() {
		w.stop()
		close(stopped)
	}()
	held.Release()
	<-stopped
	w.start()
	w.expect(p, "success")
	w.idle()
	if list := p.ReviewComments(); len(list) != 1 || !strings.HasPrefix(list[0].Body, "✅ Fixed in ") || w.changes() != 1 {
		t.Errorf("%d changes: %+v", w.changes(), list)
	}
}
