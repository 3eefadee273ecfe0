package server_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// What people say in comments, and the facts that a policy may ask for beyond reviews: the real server against the contract-checked GitHub.

const waivable = policy + "waivers: {by: [\"@carol\"], expires: 72h}\n"

const reason = "Production is down, and bob is asleep"

// newTalkWorld is newWorld with a clock that can be moved on.
func newTalkWorld(t *testing.T) *world {
	c := new(clock)
	w := newBareWorld(t, "acme", "shop", githubtest.RepoOptions{}, c.now)
	w.clock = c
	w.alice, w.bob = w.hub.User("alice"), w.hub.User("bob")
	w.repo.SetRole(w.alice, "write")
	w.repo.SetRole(w.bob, "write")
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "begin", Branch: "main", Files: map[string]string{
		".github/reviewgate.yml": policy, "pay/card.go": "package pay\n", "README.md": "shop\n"}})
	must(t, err)
	w.protect()
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	return w
}

// say writes a comment.
func (w *world) say(p *githubtest.Pull, by *githubtest.User, body string) int64 {
	w.t.Helper()
	id, err := p.Comment(by, body)
	must(w.t, err)
	return id
}

// replies are our comments below a pull request.
func (w *world) replies(p *githubtest.Pull) (out []string) {
	for _, c := range p.Comments() {
		if c.Author == w.app.Bot.Login {
			out = append(out, c.Body)
		}
	}
	return out
}

// answered waits for a reply of ours with the words.
func (w *world) answered(p *githubtest.Pull, words ...string) {
	w.t.Helper()
	w.until(fmt.Sprintf("#%d: a reply with %q", p.Number, words), func() bool {
		for _, body := range w.replies(p) {
			all := true
			for _, s := range words {
				all = all && strings.Contains(body, s)
			}
			if all {
				return true
			}
		}
		return false
	})
}

// liked waits for our reaction to a comment.
func (w *world) liked(p *githubtest.Pull, comment int64) {
	w.t.Helper()
	w.until("a reaction", func() bool { return strings.Join(p.Reactions(comment), ",") == w.app.Bot.Login+" +1" })
}

// idle waits until every webhook was taken and every job is done.
func (w *world) idle() {
	w.t.Helper()
	must(w.t, w.hub.Settle(w.t.Context()))
	must(w.t, w.srv.Idle(w.t.Context()))
	must(w.t, w.hub.Settle(w.t.Context()))
	must(w.t, w.srv.Idle(w.t.Context()))
}

// asked counts the requests to a path, which ends with the given words.
func (w *world) asked(method, end string) (n int) {
	for _, r := range w.hub.Requests() {
		if path, _, _ := strings.Cut(r.Path, "?"); r.Method == method && strings.HasSuffix(path, end) {
			n++
		}
	}
	return n
}

func TestComments(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(w *world){
		"a waiver":                waiver,
		"a waiver of a finding":   waivedFinding,
		"a waiver dies on a push": waiverThenPush,
		"an edit":                 commentEdited,
		"the webhook of an edit or deletion is lost":  editLost,
		"the webhook of a comment is lost":            commentLost,
		"the webhook of a comment is late":            commentLate,
		"a comment on a pull request with one head":   siblingComment,
		"the comments cannot be read for a moment":    talkUnreadable,
		"nobody may waive, and nothing is asked":      quiet,
		"checklists":                                  checklists,
		"explain":                                     explain,
		"buttons":                                     buttons,
		"recheck":                                     recheck,
		"a false positive":                            falsePositive,
		"a command that does not exist":               unknownCommand,
		"strangers, bots and a flood":                 strangers,
		"the answer to a reply is lost":               replyLost,
		"a reply that GitHub does not take":           replyRefused,
		"a waiver in a merge queue":                   queuedWaiver,
		"commands of an agent's account":              agentCommands,
		"guards for forks":                            forkGuard,
		"guards for first-time authors":               firstTime,
		"an App is exempt":                            exemptApp,
		"who approves files that they did not change": byPath,
		"a review takes time":                         minReview,
		"who called an agent does not approve":        calledAgent,
		"a guard over a link":                         linkGuard,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(newTalkWorld(t))
		})
	}
}

func waiver(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	p := w.open("topic", pay)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	// Not by the author, not without a reason, not for too long.
	w.say(p, w.bob, "/reviewgate waive payments "+reason)
	w.answered(p, "@bob", "`waive payments` does not count: is not among those who may waive")
	w.say(p, carol, "/reviewgate waive payments now")
	w.answered(p, "@carol", "gives no reason of 15 characters or more")
	w.say(p, carol, "/reviewgate waive payment "+reason)
	w.answered(p, "there is nothing of that name to waive. What can be waived here: payments")
	w.say(p, carol, "/reviewgate waive payments "+reason+" for 100h")
	w.answered(p, "is for longer than the policy allows (72h)")
	w.expect(p, "action_required", "`bob` waives `payments`")
	var id int64
	w.onlyDecides(func() {
		id = w.say(p, carol, "Sorry, but:\n\n/reviewgate waive payments "+reason+" for 4h")
		w.expect(p, "success", "with a waiver", "waived by `@carol`", reason)
	})
	w.liked(p, id)
	must(w.t, p.EditComment(carol, id, ""))
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	w.idle()
	if n := len(w.replies(p)); n != 4 {
		w.t.Errorf("%d replies:\n%s", n, strings.Join(w.replies(p), "\n--\n"))
	}
}

func waivedFinding(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	p := w.open("topic", map[string]string{"a.go": "package a // FLAW\n"})
	w.expect(p, "failure", "Blocked by 1 finding")
	w.say(p, carol, "/reviewgate waive flaw "+reason)
	w.expect(p, "success", "with a waiver")
	w.push("topic", map[string]string{"b.go": "package b // FLAW\n"})
	w.expect(p, "failure", "Blocked by 1 finding") // the new one only
}

func waiverThenPush(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.say(p, carol, "/reviewgate waive payments "+reason)
	w.expect(p, "success")
	w.push("topic", map[string]string{"README.md": "the shop\n"})
	w.expect(p, "success")
	w.push("topic", map[string]string{"pay/card.go": "package pay // worse\n"})
	w.expect(p, "action_required", "pay/card.go changed since")
}

func commentEdited(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	id := w.say(p, carol, "/reviewgate waive payments "+reason)
	w.expect(p, "success")
	// Somebody with write edits it, and edits it back: its author does not say it any more.
	must(w.t, p.EditComment(w.alice, id, "/reviewgate waive payments "+reason+" for 48h"))
	w.expect(p, "action_required", "was edited; write it again")
	must(w.t, p.EditComment(w.alice, id, "/reviewgate waive payments "+reason))
	w.idle()
	w.expect(p, "action_required", "was edited; write it again")
	// A comment becomes a command: it never was one of its author's.
	other := w.say(p, carol, "I would rather not.")
	must(w.t, p.EditComment(w.alice, other, "/reviewgate waive payments "+reason))
	w.idle()
	w.expect(p, "action_required", "it saw is not known")
}

func editLost(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	for _, body := range []string{"", "I was wrong.", "/reviewgate waive payments I am somebody else and have another reason"} {
		p := w.open(fmt.Sprint("topic", len(body)), pay)
		w.expect(p, "action_required")
		id := w.say(p, carol, "/reviewgate waive payments "+reason)
		w.expect(p, "success")
		w.idle()
		w.hub.HookFault(githubtest.HookFault{Event: "issue_comment", Kind: githubtest.Lost})
		must(w.t, p.EditComment(w.alice, id, body))
		must(w.t, p.Edit(w.alice, "Change it", "for good")) // whatever makes it look again
		w.expect(p, "action_required")
	}
}

func commentLost(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.idle()
	w.hub.HookFault(githubtest.HookFault{Event: "issue_comment", Kind: githubtest.Lost})
	w.say(p, carol, "/reviewgate waive payments "+reason)
	must(w.t, p.Edit(w.alice, "Change it", "for good"))
	w.expect(p, "action_required", "was written while reviewgate was not listening", "write it again")
	// GitHub sends it after all: what was there when it was written is known.
	for _, d := range w.app.Deliveries() {
		if d.Event == "issue_comment" {
			must(w.t, w.app.Redeliver(d.ID))
		}
	}
	w.expect(p, "success")
}

// commentLate: the head that counts is the one that was there when the comment was written, not when we heard of it.
func commentLate(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.idle()
	w.hub.HookFault(githubtest.HookFault{Event: "issue_comment", Kind: githubtest.Lost})
	w.say(p, carol, "/reviewgate waive payments "+reason)
	w.clock.forward(2 * time.Second)
	w.push("topic", map[string]string{"pay/card.go": "package pay // slipped in\n"})
	w.idle()
	for _, d := range w.app.Deliveries() {
		if d.Event == "issue_comment" {
			must(w.t, w.app.Redeliver(d.ID))
		}
	}
	w.expect(p, "action_required", "`carol` waives `payments`", "pay/card.go changed since")
}

func siblingComment(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	must(w.t, w.repo.Push(w.alice, "copy", p.Head(), false))
	second, err := w.repo.OpenPull(w.alice, githubtest.PullOptions{Head: "copy", Base: "main", Title: "Copy"})
	must(w.t, err)
	w.pulls = append(w.pulls, second)
	w.idle()
	w.say(p, carol, "/reviewgate waive payments "+reason)
	w.expect(p, "success")
	must(w.t, second.Edit(w.alice, "The same", "again"))
	w.idle()
	w.expect(second, "success", "with a waiver")
	if n := len(w.replies(second)) + len(w.replies(p)); n != 0 {
		w.t.Errorf("%d replies", n)
	}
}

func talkUnreadable(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	id := w.say(p, carol, "/reviewgate waive payments "+reason)
	w.expect(p, "success")
	w.hub.Fault(githubtest.Fault{Method: "GET", Path: "/repos/acme/shop/issues/*/comments", Kind: githubtest.BadGateway, Count: 4})
	must(w.t, p.EditComment(carol, id, "I was wrong."))
	w.until("the check is in progress", func() bool { return w.run(p, "reviewgate").Status == "in_progress" })
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
}

// quiet: a repository where comments cannot change anything pays nothing for them, whatever people write.
func quiet(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.say(p, w.bob, "What is this for?")
	w.say(p, w.alice, "> /reviewgate explain\n\n`/reviewgate explain`")
	w.approve(p, w.bob)
	w.expect(p, "success")
	w.idle()
	if n := w.asked(http.MethodGet, "/comments"); n != 0 {
		w.t.Errorf("the comments were listed %d times", n)
	}
	w.say(p, w.bob, "/reviewgate waive payments "+reason)
	w.answered(p, "the policy lets nobody waive")
}

const listed = `version: 1
guard:
  - {name: payments, paths: ["pay/**"], approvals: 1, from: ["@bob"], checklist: [payments, release]}
checklist: {release: ["The notes are written."]}
`

func checklists(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": listed})
	p := w.open("topic", pay)
	w.expect(p, "action_required", "☐ The notes are written.", "`/reviewgate attest release`")
	w.say(p, w.alice, "/reviewgate attest release")
	w.answered(p, "@alice", "`attest release` does not count: opened the pull request")
	w.approve(p, w.bob)
	w.expect(p, "action_required", "checklist")
	id := w.say(p, carol, "/reviewgate attest release\n/reviewgate attest payments")
	w.expect(p, "success", "☑ The notes are written.", "attested by `carol`")
	w.liked(p, id)
	w.say(p, carol, "/reviewgate attest authentication")
	w.answered(p, "no guard of this change waits for a checklist of that name; there is payments, release")
	w.push("topic", map[string]string{"pay/card.go": "package pay // more\n"})
	w.approve(p, w.bob)
	w.expect(p, "action_required", "☐ The notes are written.", "pay/card.go changed since")
	w.say(p, w.bob, "/reviewgate attest payments\n\n/reviewgate attest release")
	w.expect(p, "success", "attested by `bob`")
}

func explain(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.say(p, w.bob, "/reviewgate explain")
	w.answered(p, "Needs 1 approval from @<!-- -->bob for payments", "| ⏳ | `payments` | `pay/card.go` | 0 of 1 | `@bob` |")
	// Whatever comes again, it is answered once.
	for _, d := range w.app.Deliveries() {
		if d.Event == "issue_comment" {
			must(w.t, w.app.Redeliver(d.ID))
		}
	}
	must(w.t, p.Edit(w.alice, "Change it", "for good"))
	w.idle()
	w.stop()
	w.start()
	must(w.t, p.Edit(w.alice, "Change it", "for better"))
	w.idle()
	if n := len(w.replies(p)); n != 1 {
		w.t.Errorf("%d replies", n)
	}
}

// buttons are those of the check run's page: one looks again, the other explains, once for each press.
func buttons(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	press := func(button string) {
		w.t.Helper()
		must(w.t, w.repo.RequestAction(w.bob, w.run(p, "reviewgate").ID, button))
		w.idle()
	}
	press("explain")
	w.answered(p, "@bob:", "✅ `explain`: asked for on the page of the check", "Needs 1 approval from @<!-- -->bob for payments")
	for _, d := range w.app.Deliveries() {
		if d.Event == "check_run" {
			must(w.t, w.app.Redeliver(d.ID))
		}
	}
	w.idle()
	must(w.t, p.Edit(w.alice, "Change it", "for good"))
	w.idle()
	press("merge") // none of ours
	if n := len(w.replies(p)); n != 1 {
		w.t.Errorf("%d replies to one press", n)
	}
	press("explain")
	if n := len(w.replies(p)); n != 2 {
		w.t.Errorf("%d replies to two presses", n)
	}
	before := w.asked("PATCH", "check-runs/"+strconv.FormatInt(w.run(p, "reviewgate").ID, 10))
	press("recheck")
	if after := w.asked("PATCH", "check-runs/"+strconv.FormatInt(w.run(p, "reviewgate").ID, 10)); after == before {
		w.t.Error("the result was not told again")
	}
	w.expect(p, "action_required")
}

func recheck(w *world) {
	carol := w.user("carol", "write")
	team := w.org.Team("security", carol)
	w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, "@bob", "@acme/security", 1)})
	p := w.open("topic", pay)
	w.approve(p, carol)
	w.expect(p, "success")
	w.idle()
	w.hub.HookFault(githubtest.HookFault{Event: "membership", Kind: githubtest.Lost})
	team.Remove(w.alice, carol)
	id := w.say(p, w.alice, "/reviewgate recheck")
	w.expect(p, "action_required", "Needs 1 approval from @acme/security")
	w.liked(p, id)
	if n := len(w.replies(p)); n != 0 {
		w.t.Errorf("%d replies", n)
	}
}

func falsePositive(w *world) {
	p := w.open("topic", map[string]string{"a.go": "package a // FLAW\n"})
	w.expect(p, "failure")
	w.until("the comment on the line", func() bool { return len(p.ReviewComments()) == 1 })
	_, rest, _ := strings.Cut(p.ReviewComments()[0].Body, "/reviewgate false-positive ")
	mark, _, _ := strings.Cut(rest, " ")
	id := w.say(p, w.bob, "/reviewgate false-positive "+mark+" this is the name of a valley")
	w.liked(p, id)
	w.expect(p, "failure", "Blocked by 1 finding") // it changes no decision
	stored := func() int { return w.rows("false_positives", "flaw", "bob", "this is the name of a valley") }
	if n := stored(); n != 1 {
		w.t.Errorf("%d marks", n)
	}
	w.say(p, w.bob, "/reviewgate false-positive 00000000 it is not there")
	w.answered(p, "no finding of this change has that mark")
	w.say(p, w.bob, "/reviewgate false-positive "+mark)
	w.answered(p, "say in the same line why the finding is wrong")
	w.idle()
	if n := stored(); n != 1 {
		w.t.Errorf("%d marks", n)
	}
	must(w.t, p.EditComment(w.bob, id, ""))
	w.idle()
	if n := stored(); n != 0 {
		w.t.Errorf("%d marks after the comment is gone", n)
	}
}

// rows counts the rows of a table with the words.
func (w *world) rows(table string, words ...string) (n int) {
	w.t.Helper()
	dump, err := w.srv.Dump(w.t.Context())
	must(w.t, err)
	for line := range strings.Lines(dump) {
		all := strings.HasPrefix(line, table+" ")
		for _, s := range words {
			all = all && strings.Contains(line, s)
		}
		if all {
			n++
		}
	}
	return n
}

func unknownCommand(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.say(p, w.bob, "/reviewgate approve\n/reviewgate recheck")
	w.answered(p, "`approve` does not count: there is no such command; there are attest, explain, false-positive, recheck and waive", "✅ `recheck`")
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
}

func strangers(w *world) {
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	eve := w.hub.User("eve")
	for range 20 {
		w.say(p, eve, "/reviewgate explain")
		w.say(p, eve, "/reviewgate waive payments "+reason)
	}
	w.answered(p, "@eve, thank you, but commands count only from people with write access")
	w.say(p, w.hub.Bot("helper"), "/reviewgate explain")
	helper, err := w.hub.NewApp(githubtest.AppOptions{Slug: "relay", Owner: w.org})
	must(w.t, err)
	_, err = p.Talk(w.bob, githubtest.TalkOptions{Body: "/reviewgate explain", Via: helper})
	must(w.t, err)
	w.idle()
	if n := len(w.replies(p)); n != 1 {
		w.t.Errorf("%d replies to one stranger and machines:\n%s", n, strings.Join(w.replies(p), "\n--\n"))
	}
	for i := range 6 {
		w.say(p, w.hub.User(fmt.Sprint("mallory", i)), "/reviewgate recheck")
	}
	w.idle()
	if n := len(w.replies(p)); n != 3 {
		w.t.Errorf("%d replies to many strangers", n)
	}
	// They keep nobody else from being heard.
	w.say(p, w.bob, "/reviewgate explain")
	w.answered(p, "What the check says now")
}

func agentCommands(w *world) {
	helper := w.user("release-helper", "write")
	w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(waivable, "@carol", "@release-helper", 1) + "agents: {accounts: [\"release-helper\"]}\n"})
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.say(p, helper, "/reviewgate waive payments "+reason)
	w.expect(p, "action_required", "account (release-helper)")
	w.idle()
	if n := len(w.replies(p)); n != 0 {
		w.t.Errorf("%d replies to a machine", n)
	}
}

func replyLost(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.hub.Fault(githubtest.Fault{Method: "POST", Path: "/repos/acme/shop/issues/*/comments", Kind: githubtest.AnswerLost})
	w.say(p, w.bob, "/reviewgate explain")
	w.answered(p, "What the check says now")
	w.idle()
	must(w.t, p.Edit(w.alice, "Change it", "for good"))
	w.idle()
	if n := len(w.replies(p)); n != 1 {
		w.t.Errorf("%d replies", n)
	}
}

// replyRefused: whatever becomes of an answer, the check is set.
func replyRefused(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.hub.Fault(githubtest.Fault{Method: "POST", Path: "/repos/acme/shop/issues/*/comments", Kind: githubtest.BadGateway, Count: -1})
	w.say(p, w.bob, "/reviewgate explain")
	w.until("the warning", func() bool { return strings.Contains(w.log.String(), "a comment could not be answered") })
	w.approve(p, w.bob)
	w.expect(p, "success")
	for i := range 3 {
		must(w.t, p.Edit(w.alice, "Change it", fmt.Sprint("for good ", i)))
		w.idle()
	}
	w.expect(p, "success")
	if n := w.asked(http.MethodPost, fmt.Sprintf("/issues/%d/comments", p.Number)); n > 4 {
		w.t.Errorf("a reply was tried %d times", n)
	}
}

func queuedWaiver(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	files := map[string]string{"a.go": "package a // FLAW\n", "pay/card.go": "package pay // better\n"}
	p := w.open("topic", files)
	w.expect(p, "failure")
	flaw := w.say(p, carol, "/reviewgate waive flaw "+reason)
	w.say(p, carol, "/reviewgate waive payments "+reason)
	w.expect(p, "success")
	g := w.queue(p.Number, githubtest.Commit{Message: "Merge pull request #1 from acme/topic", Parents: []string{"main", p.Head()}, Files: files})
	w.expectGroup(g, "success", "Every pull request of the group passes: #1")
	must(w.t, p.EditComment(carol, flaw, ""))
	w.expectGroup(g, "failure", "#1 does not pass now")
}

func forkGuard(w *world) {
	w.commit(map[string]string{".github/reviewgate.yml": "version: 1\nguard:\n  - {name: forks, paths: [\"**\"], approvals: 1, from: [\"@bob\"], when: {fork: true}}\n"})
	inside := w.open("topic", map[string]string{"README.md": "the shop\n"})
	w.expect(inside, "success")
	eve := w.hub.User("eve")
	f, err := w.repo.Fork(eve)
	must(w.t, err)
	_, err = f.Commit(githubtest.Commit{Author: eve, Message: "change", Branch: "eve", Parents: []string{"main"}, Files: map[string]string{"README.md": "eve's\n"}})
	must(w.t, err)
	p, err := w.repo.OpenPull(eve, githubtest.PullOptions{Head: "eve", HeadRepo: f, Base: "main", Title: "Change"})
	must(w.t, err)
	w.pulls = append(w.pulls, p)
	w.expect(p, "action_required", "Needs 1 approval from @bob for forks")
}

func firstTime(w *world) {
	w.commit(map[string]string{".github/reviewgate.yml": "version: 1\nguard:\n  - {name: welcome, paths: [\"**\"], approvals: 1, from: [\"@bob\"], when: {author: first_time}}\n"})
	old := w.open("old", map[string]string{"README.md": "the shop\n"}) // alice is a collaborator, and began this repository
	w.expect(old, "success")
	carol := w.user("carol", "write") // a collaborator, too, and here for the first time
	p := w.openCommit(githubtest.Commit{Author: carol, Branch: "carol", Files: map[string]string{"README.md": "carol's\n"}}, githubtest.PullOptions{})
	w.expect(p, "action_required", "Needs 1 approval from @bob for welcome")
	w.approve(p, w.bob)
	w.expect(p, "success")
	must(w.t, p.Merge(w.bob))
	again := w.openCommit(githubtest.Commit{Author: carol, Branch: "again", Files: map[string]string{"new.txt": "carol's\n"}}, githubtest.PullOptions{})
	w.expect(again, "success")
}

const exempting = `version: 1
guard:
  - {name: modules, paths: ["go.mod", "go.sum"], approvals: 1, from: ["@bob"]}
exempt:
  - {app: dependabot, paths: ["go.sum", "go.mod"], max_files: 2}
`

func exemptApp(w *world) {
	w.commit(map[string]string{".github/reviewgate.yml": exempting})
	bot, err := w.hub.AddUser("dependabot[bot]", "Bot", 49699333)
	must(w.t, err)
	w.repo.SetRole(bot, "write")
	update := map[string]string{"go.sum": "example.com/a v1.2.4 h1:x\n"}
	p := w.openCommit(githubtest.Commit{Author: bot, Branch: "dependabot/a", Signed: true, Files: update}, githubtest.PullOptions{})
	w.expect(p, "success", "Approved")
	// A person pushes to its branch, also if we did not hear of it, and also in a commit that GitHub made and signed in its name.
	_, err = w.repo.Commit(githubtest.Commit{Author: w.alice, Branch: "dependabot/a", Message: "more", Files: map[string]string{"go.sum": "example.com/a v1.2.5 h1:y\n"}})
	must(w.t, err)
	w.expect(p, "action_required", "Needs 1 approval from @bob for modules")
	unsigned := w.openCommit(githubtest.Commit{Author: bot, Branch: "dependabot/b", Files: map[string]string{"go.sum": "example.com/b v1.2.4 h1:x\n"}}, githubtest.PullOptions{})
	w.expect(unsigned, "action_required", "Needs 1 approval from @bob for modules")
	forged := w.openCommit(githubtest.Commit{Author: bot, Committer: w.alice, Branch: "dependabot/c", Files: map[string]string{"go.sum": "example.com/c v1.2.4 h1:x\n"}}, githubtest.PullOptions{})
	w.expect(forged, "action_required", "Needs 1 approval from @bob for modules")
	squashed := w.openCommit(githubtest.Commit{Author: bot, Branch: "dependabot/d", Signed: true, Files: map[string]string{"go.sum": "example.com/d v1.2.4 h1:x\n"}}, githubtest.PullOptions{})
	w.expect(squashed, "success")
	w.idle()
	w.hub.HookFault(githubtest.HookFault{Event: "pull_request", Action: "synchronize", Kind: githubtest.Vanished})
	_, err = w.repo.Commit(githubtest.Commit{Author: bot, Pusher: w.alice, Branch: "dependabot/d", Signed: true, Message: "squashed", Files: map[string]string{"go.sum": "example.com/d v1.2.5 h1:y\n"}})
	must(w.t, err)
	must(w.t, squashed.Edit(w.alice, "Update d", "again"))
	w.expect(squashed, "action_required", "Needs 1 approval from @bob for modules")
	// Outside of its paths nothing is exempt.
	wide := w.openCommit(githubtest.Commit{Author: bot, Branch: "dependabot/e", Signed: true, Files: map[string]string{"go.sum": "example.com/e v1 h1:x\n", "main.go": "package main\n"}}, githubtest.PullOptions{})
	w.expect(wide, "action_required", "Needs 1 approval from @bob for modules")
}

const byPaths = `version: 1
tier: {sensitive: {approvals: 1, independence: path}}
guard:
  - {name: payments, paths: ["pay/**"], tier: sensitive, from: ["@bob"]}
`

func byPath(w *world) {
	w.commit(map[string]string{".github/reviewgate.yml": byPaths})
	p := w.open("topic", pay)
	_, err := w.repo.Commit(githubtest.Commit{Author: w.bob, Branch: "topic", Message: "a note", Files: map[string]string{"README.md": "bob's\n"}})
	must(w.t, err)
	w.approve(p, w.bob)
	w.expect(p, "success") // he changed nothing that the guard covers
	_, err = w.repo.Commit(githubtest.Commit{Author: w.alice, Pusher: w.bob, Branch: "topic", Message: "hers, pushed by him", Files: map[string]string{"pay/card.go": "package pay // more\n"}})
	must(w.t, err)
	w.approve(p, w.bob)
	w.expect(p, "action_required", "pushed to the branch")
}

func minReview(w *world) {
	w.commit(map[string]string{".github/reviewgate.yml": "version: 1\nguard:\n  - {name: payments, paths: [\"pay/**\"], approvals: 1, from: [\"@bob\"], min_review_seconds: 90}\n"})
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.approve(p, w.bob)
	w.expect(p, "action_required", "after the push, and 90 are asked for")
	w.clock.forward(2 * time.Minute)
	w.approve(p, w.bob)
	w.expect(p, "success")
}

func calledAgent(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, "\"@bob\"", "\"@bob\", \"@carol\"", 1)})
	agent := w.hub.Bot("copilot")
	w.repo.SetRole(agent, "write")
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	id := w.say(p, w.bob, "@copilot round it to whole numbers, please.")
	must(w.t, p.EditComment(w.bob, id, "")) // that is no way out
	w.clock.forward(2 * time.Second)
	_, err := w.repo.Commit(githubtest.Commit{Author: agent, Branch: "topic", Message: "round", Files: map[string]string{"pay/card.go": "package pay // rounded\n"}})
	must(w.t, err)
	w.say(p, carol, "Thank you, @copilot!")
	w.approve(p, w.bob)
	w.expect(p, "action_required", "called the agent @<!-- -->copilot before a push")
	w.approve(p, carol)
	w.until("carol counts", func() bool { return strings.Contains(w.run(p, "reviewgate").Summary, "`carol` approved: counts") })
}

func linkGuard(w *world) {
	w.repo.Unprotect("main")
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Branch: "main", Files: map[string]string{"conf/live": "../README.md", ".github/reviewgate.yml": strings.Replace(policy, "pay/**", "conf/**", 1)}, Modes: map[string]string{"conf/live": "120000"}})
	must(w.t, err)
	w.protect()
	p := w.open("topic", map[string]string{"README.md": "what conf/live says\n"})
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
}

// TestWaiverEnds: nobody has to do anything for a waiver to end.
func TestWaiverEnds(t *testing.T) {
	t.Parallel()
	w := newTalkWorld(t)
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.idle()
	// We hear of it three seconds before its end.
	w.hub.HookFault(githubtest.HookFault{Event: "issue_comment", Kind: githubtest.Lost})
	w.say(p, carol, "/reviewgate waive payments "+reason+" for 1h")
	must(t, w.hub.Settle(t.Context()))
	w.clock.forward(time.Hour - 3*time.Second)
	for _, d := range w.app.Deliveries() {
		if d.Event == "issue_comment" {
			must(t, w.app.Redeliver(d.ID))
		}
	}
	w.expect(p, "success", "with a waiver")
	w.expect(p, "action_required", "ended at")
}

// TestCommentRightAfterPush: whoever writes within a minute of a push may not have seen it, and GitHub does not say what their page showed.
func TestCommentRightAfterPush(t *testing.T) {
	t.Parallel()
	w := newTalkWorld(t)
	w.stop()
	w.cfg.Confirm = 0 // as it is where nobody says otherwise: a minute
	w.start()
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": waivable})
	files := map[string]string{"a.go": "package a // FLAW\n", "pay/card.go": "package pay // better\n"}
	p := w.open("topic", map[string]string{"README.md": "the shop\n"})
	w.expect(p, "success")
	w.clock.forward(5 * time.Minute)
	w.push("topic", files)
	w.expect(p, "failure", "Blocked by 1 finding")
	w.say(p, carol, "/reviewgate waive payments "+reason+"\n\n/reviewgate waive flaw "+reason)
	w.answered(p, "came within a minute of a push to pay/card.go", "came within a minute of a push to a.go; write it again to confirm")
	w.expect(p, "failure")
	w.clock.forward(2 * time.Minute)
	w.say(p, carol, "/reviewgate waive payments "+reason+"\n\n/reviewgate waive flaw "+reason)
	w.expect(p, "success", "with a waiver")
}
