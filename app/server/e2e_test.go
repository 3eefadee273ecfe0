package server_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// These scenarios run the real server against the contract-checked GitHub with real git. Each ends with the checks of newEmptyWorld:
// nothing was posted twice, no secret was logged, and GitHub would have taken every request.

// run is our check run on the head of a pull request.
func (w *world) run(p *githubtest.Pull, name string) githubtest.CheckRunInfo {
	for _, r := range w.repo.CheckRuns(p.Head()) {
		if r.Name == name && r.App == w.app.Slug {
			return r
		}
	}
	return githubtest.CheckRunInfo{}
}

// expect waits until the check run on the pull request's head has the conclusion, with the words in its title or summary.
func (w *world) expect(p *githubtest.Pull, conclusion string, words ...string) {
	w.t.Helper()
	w.expectNamed(p, "reviewgate", conclusion, words...)
}

func (w *world) expectNamed(p *githubtest.Pull, name, conclusion string, words ...string) {
	w.t.Helper()
	what := fmt.Sprintf("#%d: %s %s %q", p.Number, name, conclusion, words)
	w.until(what, func() bool { return says(w.run(p, name), conclusion, words) })
	ok, reasons := p.Mergeability(w.bob)
	if name == "reviewgate" && p.State() == "open" && ok != (conclusion == "success") && !strings.Contains(strings.Join(reasons, " "), "draft") {
		w.t.Errorf("%s: GitHub would merge it: %v %q", what, ok, reasons)
	}
}

func says(r githubtest.CheckRunInfo, conclusion string, words []string) bool {
	if r.Status != "completed" || r.Conclusion != conclusion {
		return false
	}
	for _, s := range words {
		// Either as it was sent, or as a reader sees it: what parts a name or a commit, so that GitHub makes no link of it, cannot be seen.
		if text := r.Title + "\n" + r.Summary; !strings.Contains(text, s) && !strings.Contains(strings.ReplaceAll(text, "<!-- -->", ""), s) {
			return false
		}
	}
	return true
}

// onlyDecides asserts that something leads to a decision by what is stored: without a scan and without git.
func (w *world) onlyDecides(act func()) {
	w.t.Helper()
	scans := w.scans.Load()
	git := w.hub.Fault(githubtest.Fault{Path: "/acme/**", Kind: githubtest.Slow})
	act()
	if n := w.scans.Load() - scans; n != 0 {
		w.t.Errorf("%d scans", n)
	}
	select {
	case <-git.Hit():
		w.t.Error("something was fetched")
	default:
	}
	w.hub.ClearFaults()
}

func (w *world) approve(p *githubtest.Pull, by *githubtest.User) githubtest.ReviewInfo {
	w.t.Helper()
	r, err := p.Approve(by)
	must(w.t, err)
	return r
}

// user makes a person with a role in the repository.
func (w *world) user(login, role string) *githubtest.User {
	u := w.hub.User(login)
	w.repo.SetRole(u, role)
	return u
}

// commit pushes to the default branch past its protection.
func (w *world) commit(files map[string]string) {
	w.t.Helper()
	w.repo.Unprotect("main")
	w.push("main", files)
	w.protect()
}

var pay = map[string]string{"pay/card.go": "package pay\n\n// better\n"}

func TestScenarios(t *testing.T) {
	t.Parallel()
	storetest.Each(t, scenarios)
}

func scenarios(t *testing.T, _ string) {
	for name, play := range map[string]func(w *world){
		"opened":                                   opened,
		"a push is scanned again":                  pushed,
		"an approval and its dismissal":            approvedAndDismissed,
		"a push after an approval":                 pushAfterApproval,
		"a request for changes":                    veto,
		"approvals that do not count":              notCounted,
		"code owners":                              codeOwners,
		"a team loses a member":                    teamMember,
		"a broken policy and its repair":           brokenPolicy,
		"the head brings a broken policy":          headBreaksPolicy,
		"the policy is weakened by the same pull":  weakenedPolicy,
		"draft and ready":                          draft,
		"another base and back":                    retarget,
		"a governed base other than the default":   governedBase,
		"closed and opened again":                  closeAndReopen,
		"a fork":                                   fork,
		"a force-push back to a green commit":      forcePushBack,
		"two pull requests with one head":          twoWithOneHead,
		"re-runs":                                  reruns,
		"an empty change":                          emptyChange,
		"a file leaves a guarded folder":           renameOut,
		"a file becomes a link":                    symlink,
		"a submodule moves":                        submodule,
		"300 commits":                              manyCommits,
		"5,000 files":                              manyFiles,
		"something that looks like a token":        tokenInChange,
		"an approval while nobody listened":        approvedWhileAway,
		"a dismissal while nobody listened":        dismissedWhileAway,
		"somebody else's check with our name":      foreignCheck,
		"GitHub does not answer for a moment":      doubt,
		"a team cannot be read for a moment":       teamUnreadable,
		"findings: fixed by a push, told once":     findings,
		"an approval right after another's change": approvalOfOldHead,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(newWorld(t))
		})
	}
}

func opened(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	if n := w.scans.Load(); n != 1 {
		w.t.Errorf("%d scans", n)
	}
}

func pushed(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	first := p.Head()
	w.push("topic", map[string]string{"README.md": "the shop\n"})
	w.says(first, "cancelled")
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	if n := w.scans.Load(); n != 2 {
		w.t.Errorf("%d scans", n)
	}
}

func approvedAndDismissed(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	var r githubtest.ReviewInfo
	w.onlyDecides(func() {
		r = w.approve(p, w.bob)
		w.expect(p, "success", "Approved: 1 guard holds")
	})
	w.onlyDecides(func() {
		must(w.t, p.Dismiss(w.alice, r.ID, "not yet"))
		w.expect(p, "action_required", "was dismissed")
	})
	w.onlyDecides(func() {
		w.approve(p, w.bob)
		w.expect(p, "success")
	})
}

func pushAfterApproval(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.approve(p, w.bob)
	w.expect(p, "success")
	w.push("topic", map[string]string{"README.md": "the shop\n"})
	w.expect(p, "success", "Approved") // what bob saw of pay/ is what is there
	w.push("topic", map[string]string{"pay/card.go": "package pay\n\n// worse\n"})
	w.expect(p, "action_required", "pay/card.go", "changed since")
}

func veto(w *world) {
	carol := w.user("carol", "write")
	p := w.open("topic", pay)
	w.approve(p, w.bob)
	w.expect(p, "success")
	_, err := p.Review(carol, githubtest.ReviewOptions{State: "CHANGES_REQUESTED", Body: "no"})
	must(w.t, err)
	w.expect(p, "action_required", "@carol asked for changes")
	// Somebody with write may dismiss it on GitHub, but its author may not approve this change.
	var id int64
	for _, r := range p.Reviews() {
		if r.State == "CHANGES_REQUESTED" {
			id = r.ID
		}
	}
	must(w.t, p.Dismiss(w.alice, id, "never mind"))
	w.expect(p, "action_required", "dismissed that, but")
	w.approve(p, carol)
	w.expect(p, "success")
}

// notCounted: bob is the only one who may approve, and takes part in each of these changes in another way.
func notCounted(w *world) {
	_, err := w.repo.Commit(githubtest.Commit{Author: w.bob, Branch: "earlier", Parents: []string{"main"}, Files: map[string]string{"x": "y"}}) // so that GitHub knows whose address it is
	must(w.t, err)
	w.repo.Unprotect("main")
	must(w.t, w.repo.Push(w.bob, "main", w.repo.SHA("earlier"), false))
	w.protect()
	agent, helper := w.hub.Bot("copilot-swe-agent"), w.hub.Bot("review-helper")
	w.repo.SetRole(agent, "write")
	w.repo.SetRole(helper, "write")
	committer := w.openCommit(githubtest.Commit{Branch: "committer", Committer: w.bob, Files: pay}, githubtest.PullOptions{})
	coAuthor := w.openCommit(githubtest.Commit{Branch: "co-author", Message: "change\n\nCo-authored-by: Bob <" + w.bob.Email + ">\n", Files: pay}, githubtest.PullOptions{})
	pusher := w.openCommit(githubtest.Commit{Branch: "pusher", Files: pay}, githubtest.PullOptions{})
	_, err = w.repo.Commit(githubtest.Commit{Author: w.alice, Pusher: w.bob, Branch: "pusher", Files: map[string]string{"README.md": "pushed\n"}})
	must(w.t, err)
	sponsored := w.openCommit(githubtest.Commit{Author: agent, Branch: "agent", Files: pay}, githubtest.PullOptions{})
	must(w.t, sponsored.Assign(w.bob, agent))
	bot := w.openCommit(githubtest.Commit{Branch: "bot", Files: pay}, githubtest.PullOptions{})
	own := w.openCommit(githubtest.Commit{Author: w.bob, Branch: "own", Files: pay}, githubtest.PullOptions{})
	if _, err := own.Approve(w.bob); err == nil {
		w.t.Error("GitHub let an author approve")
	}
	for _, p := range []*githubtest.Pull{committer, coAuthor, pusher, sponsored} {
		w.approve(p, w.bob)
	}
	w.approve(bot, helper)
	w.expect(committer, "action_required", "is the committer of commit")
	w.expect(coAuthor, "action_required", "is a co-author of commit")
	w.expect(pusher, "action_required", "pushed to the branch")
	w.expect(sponsored, "action_required", "set an agent to work here")
	w.expect(bot, "action_required", "is a bot")
	w.expect(own, "action_required", "nobody is left")
}

func codeOwners(w *world) {
	carol := w.user("carol", "write")
	w.org.Team("security", carol)
	w.commit(map[string]string{".github/CODEOWNERS": "pay/ @acme/security\n", ".github/reviewgate.yml": "version: 1\nguard:\n  - {name: payments, paths: [\"pay/**\"], approvals: 1, from: [codeowners]}\n"})
	p := w.open("topic", pay)
	w.expect(p, "action_required", "@acme/security")
	w.approve(p, w.bob)
	w.expect(p, "action_required", "may not approve payments")
	w.approve(p, carol)
	w.expect(p, "success")
}

func teamMember(w *world) {
	carol := w.user("carol", "write")
	team := w.org.Team("security", carol)
	w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, "@bob", "@acme/security", 1)})
	p := w.open("topic", pay)
	w.approve(p, carol)
	w.expect(p, "success")
	w.onlyDecides(func() {
		team.Remove(w.alice, carol)
		w.expect(p, "action_required", "Needs 1 approval from @acme/security")
	})
	w.onlyDecides(func() {
		team.Add(w.alice, carol, "active")
		w.expect(p, "success")
	})
}

func brokenPolicy(w *world) {
	maintainer := w.user("carol", "maintain")
	p := w.open("topic", map[string]string{"README.md": "the shop\n"})
	w.expect(p, "success")
	w.commit(map[string]string{".github/reviewgate.yml": "version: 1\nguards: []\n"})
	w.expect(p, "action_required", "Broken policy: .github/reviewgate.yml:2")
	mixed := w.open("mixed", map[string]string{".github/reviewgate.yml": policy, "README.md": "repaired\n"})
	w.expect(mixed, "action_required", "Broken policy")
	repair := w.open("repair", map[string]string{".github/reviewgate.yml": policy})
	w.expect(repair, "action_required", "a maintainer for control files")
	w.approve(repair, maintainer)
	w.expect(repair, "success")
	must(w.t, repair.Merge(maintainer))
	w.expect(p, "success")
	w.expect(mixed, "action_required", "control files") // it still brings a policy of its own
}

func headBreaksPolicy(w *world) {
	p := w.open("topic", map[string]string{".github/reviewgate.yml": "version: 1\nguards: []\n"})
	w.approve(p, w.user("carol", "maintain"))
	w.expect(p, "action_required", "This change breaks the policy: .github/reviewgate.yml:2", "guards")
}

func weakenedPolicy(w *world) {
	p := w.open("topic", map[string]string{".github/reviewgate.yml": "version: 1\n", "pay/card.go": "package pay\n\n// free\n"})
	w.expect(p, "action_required", "@bob", "control files", "and 1 more")
	w.approve(p, w.user("carol", "maintain"))
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	w.approve(p, w.bob)
	w.expect(p, "success")
}

func draft(w *world) {
	p := w.openCommit(githubtest.Commit{Branch: "topic", Files: map[string]string{"pay/card.go": "package pay\n\n// FLAW\n"}}, githubtest.PullOptions{Draft: true})
	w.expect(p, "failure") // drafts are scanned and told
	w.push("topic", pay)
	w.approve(p, w.bob)
	w.expect(p, "action_required", "Draft: waits until it is ready for review")
	w.onlyDecides(func() {
		must(w.t, p.SetDraft(w.alice, false))
		w.expect(p, "success")
	})
	must(w.t, p.SetDraft(w.alice, true))
	w.expect(p, "action_required", "Draft")
}

func retarget(w *world) {
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Branch: "play", Parents: []string{"main"}, Files: map[string]string{"x": "y"}})
	must(w.t, err)
	p := w.open("topic", pay)
	w.approve(p, w.bob)
	w.expect(p, "success")
	must(w.t, p.Retarget(w.alice, "play"))
	w.says(p.Head(), "cancelled")
	must(w.t, w.hub.Settle(w.t.Context()))
	if runs := w.repo.AllCheckRuns(p.Head()); len(runs) != 1 {
		w.t.Errorf("check runs while the base is not governed: %+v", runs)
	}
	must(w.t, p.Retarget(w.alice, "main"))
	w.expect(p, "success") // bob saw what is there
}

func governedBase(w *world) {
	w.commit(map[string]string{".github/reviewgate.yml": policy + "governed_branches: [\"~default\", \"release/*\"]\n"})
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Branch: "release/1", Parents: []string{"main"}, Files: map[string]string{"x": "y"}})
	must(w.t, err)
	p := w.openCommit(githubtest.Commit{Branch: "topic", Parents: []string{"release/1"}, Files: pay}, githubtest.PullOptions{Base: "release/1"})
	w.expectNamed(p, "reviewgate: release/1", "action_required", "Needs 1 approval from @bob for payments")
	w.approve(p, w.bob)
	w.expectNamed(p, "reviewgate: release/1", "success")
	if r := w.run(p, "reviewgate"); r.ID != 0 {
		w.t.Errorf("the bare check on another base: %+v", r)
	}
	// What was earned there does not count on the default branch, where the pull request changes more than bob saw.
	must(w.t, p.Retarget(w.alice, "main"))
	w.until("the check for the other base is cancelled", func() bool { return w.run(p, "reviewgate: release/1").Conclusion == "cancelled" })
	w.expect(p, "success")
}

func closeAndReopen(w *world) {
	carol := w.user("carol", "write")
	team := w.org.Team("security", carol)
	w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, "@bob", "@acme/security", 1)})
	p := w.open("topic", pay)
	w.approve(p, carol)
	w.expect(p, "success")
	must(w.t, p.Close(w.alice))
	w.says(p.Head(), "cancelled")
	team.Remove(w.alice, carol)
	must(w.t, p.Reopen(w.alice))
	w.expect(p, "action_required", "Needs 1 approval from @acme/security")
}

func fork(w *world) {
	eve := w.hub.User("eve")
	f, err := w.repo.Fork(eve)
	must(w.t, err)
	_, err = f.Commit(githubtest.Commit{Author: eve, Message: "change", Branch: "topic", Parents: []string{"main"}, Files: pay})
	must(w.t, err)
	p, err := w.repo.OpenPull(eve, githubtest.PullOptions{Head: "topic", HeadRepo: f, Base: "main", Title: "Change"})
	must(w.t, err)
	w.pulls = append(w.pulls, p)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	_, err = f.Commit(githubtest.Commit{Author: eve, Branch: "topic", Files: map[string]string{"README.md": "eve's\n"}})
	must(w.t, err)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	w.approve(p, w.bob)
	w.expect(p, "success")
	must(w.t, w.repo.Rerequest(w.bob, w.run(p, "reviewgate").ID)) // GitHub does not name a fork's pull requests in this event
	before := updates(w, w.run(p, "reviewgate").ID)
	w.until("the check run is told again", func() bool { return updates(w, w.run(p, "reviewgate").ID) > before })
	w.expect(p, "success")
}

func forcePushBack(w *world) {
	carol := w.user("carol", "write")
	team := w.org.Team("security", carol)
	w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, "@bob", "@acme/security", 1)})
	p := w.open("topic", pay)
	w.approve(p, carol)
	w.expect(p, "success")
	green := p.Head()
	w.push("topic", map[string]string{"pay/card.go": "package pay\n\n// worse\n"})
	w.expect(p, "action_required")
	w.says(green, "cancelled")
	must(w.t, w.repo.Push(w.alice, "topic", green, true))
	w.expect(p, "success") // it is what carol saw
	w.push("topic", map[string]string{"pay/card.go": "package pay\n\n// worse still\n"})
	w.expect(p, "action_required")
	team.Remove(w.alice, carol)
	must(w.t, w.repo.Push(w.alice, "topic", green, true))
	w.expect(p, "action_required", "Needs 1 approval from @acme/security")
}

func twoWithOneHead(w *world) {
	carol := w.user("carol", "write")
	w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, `"@bob"`, `"@bob", "@carol"`, 1)})
	p := w.open("topic", pay)
	w.approve(p, w.bob)
	w.expect(p, "success")
	// bob opens the same commit from another branch: now he took part, and both share one check.
	must(w.t, w.repo.Push(w.bob, "copy", p.Head(), false))
	second, err := w.repo.OpenPull(w.bob, githubtest.PullOptions{Head: "copy", Base: "main", Title: "Copy"})
	must(w.t, err)
	w.pulls = append(w.pulls, second)
	w.expect(second, "action_required", "which has the same head")
	w.approve(second, carol)
	w.expect(p, "success")
	must(w.t, second.Close(w.bob))
	w.until("the closed one leaves the check to the other", func() bool { return says(w.run(p, "reviewgate"), "success", nil) })
	// Only bob's approval is left on the first one, and he is out of it again.
	w.expect(p, "success", "Approved")
}

func reruns(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	id := w.run(p, "reviewgate").ID
	for _, again := range []func(*githubtest.User, int64) error{w.repo.Rerequest, w.repo.RerequestSuite} {
		before := updates(w, id)
		w.onlyDecides(func() {
			must(w.t, again(w.alice, id))
			w.until("the check run is told again", func() bool { return updates(w, id) >= before+2 })
			w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
		})
	}
}

func emptyChange(w *world) {
	p := w.openCommit(githubtest.Commit{Branch: "topic", Message: "nothing"}, githubtest.PullOptions{})
	w.expect(p, "success", "Nothing needs an approval")
}

func renameOut(w *world) {
	p := w.openCommit(githubtest.Commit{Branch: "topic", Files: map[string]string{"free/card.go": "package pay\n"}, Delete: []string{"pay/card.go"}}, githubtest.PullOptions{})
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
}

func symlink(w *world) {
	p := w.openCommit(githubtest.Commit{Branch: "topic", Files: map[string]string{"README.md": "pay/card.go"}, Modes: map[string]string{"README.md": "120000"}}, githubtest.PullOptions{})
	w.expect(p, "action_required", "a maintainer", "symbolic links and submodules")
}

func submodule(w *world) {
	w.repo.Unprotect("main")
	sub := func(sha, branch string) githubtest.Commit {
		return githubtest.Commit{Author: w.alice, Branch: branch, Files: map[string]string{"lib": sha}, Modes: map[string]string{"lib": "160000"}}
	}
	_, err := w.repo.Commit(sub(strings.Repeat("1", 40), "main"))
	must(w.t, err)
	w.protect()
	p := w.openCommit(sub(strings.Repeat("2", 40), "topic"), githubtest.PullOptions{})
	w.expect(p, "action_required", "a maintainer", "symbolic links and submodules")
	w.approve(p, w.user("carol", "maintain"))
	w.expect(p, "success")
}

func manyCommits(w *world) {
	sha := w.repo.SHA("main")
	for i := range 299 {
		var err error
		sha, err = w.repo.Commit(githubtest.Commit{Author: w.alice, Message: fmt.Sprint("step ", i), Parents: []string{sha}, Files: map[string]string{"pay/card.go": fmt.Sprintf("package pay\n\n// %d\n", i)}})
		must(w.t, err)
	}
	p := w.openCommit(githubtest.Commit{Branch: "topic", Parents: []string{sha}, Files: pay}, githubtest.PullOptions{})
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	w.approve(p, w.bob)
	w.expect(p, "success")
}

func manyFiles(w *world) {
	files := map[string]string{}
	for i := range 5000 {
		files[fmt.Sprintf("a/%02d/%d.txt", i%50, i)] = fmt.Sprintln("file", i)
	}
	files["pay/zz.go"] = "package pay\n\n// FLAW\n" // past the 3,000 that the API lists
	p := w.open("topic", files)
	w.expect(p, "failure", "Blocked by 1 finding", "payments")
}

func tokenInChange(w *world) {
	token := "gh" + "p_0123456789abcdefghijklmnopqrstuvwxyz"
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "use " + token, Branch: token, Parents: []string{"main"}, Files: map[string]string{token + ".go": "package pay // FLAW " + token + "\n"}})
	must(w.t, err)
	p, err := w.repo.OpenPull(w.alice, githubtest.PullOptions{Head: token, Base: "main", Title: "Use " + token, Body: token})
	must(w.t, err)
	w.pulls = append(w.pulls, p)
	w.expect(p, "failure")
	w.until("a line of the log", func() bool { return strings.Contains(w.log.String(), `"message":"decided"`) })
}

func approvedWhileAway(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.stop()
	w.hub.HookFault(githubtest.HookFault{Event: "pull_request_review", Kind: githubtest.Vanished}) // GitHub's log does not have it either
	w.approve(p, w.bob)
	must(w.t, w.hub.Settle(w.t.Context()))
	w.start()
	// The search at the start finds that something happened; what bob saw is not known.
	w.expect(p, "action_required", "was given while reviewgate was not listening")
	w.approve(p, w.bob)
	w.expect(p, "success")
}

func dismissedWhileAway(w *world) {
	p := w.open("topic", pay)
	other := w.open("other", map[string]string{"README.md": "the shop\n"})
	r := w.approve(p, w.bob)
	w.expect(p, "success")
	w.expect(other, "success")
	w.stop()
	must(w.t, p.Dismiss(w.alice, r.ID, "no"))
	must(w.t, other.Close(w.alice))
	must(w.t, w.hub.Settle(w.t.Context()))
	w.start()
	w.expect(p, "action_required", "was dismissed")
	w.says(other.Head(), "cancelled")
}

func foreignCheck(w *world) {
	ci, err := w.hub.NewApp(githubtest.AppOptions{Slug: "ci", Owner: w.org, Permissions: map[string]string{"checks": "write"}})
	must(w.t, err)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	app, err := github.New(github.Options{AppID: ci.ID, PrivateKey: ci.PrivateKeyPEM(), APIURL: w.hub.APIURL(), WebURL: w.hub.URL(), Pace: &github.Pace{}})
	must(w.t, err)
	_, err = app.Installation(ci.Install(w.org, w.alice).ID).Deliver(w.t.Context(), github.Deed{Kind: github.SetCheck, Owner: "acme", Repo: "shop", Head: p.Head(), Key: "x",
		Check: &report.CheckRun{Name: "reviewgate", Status: "completed", Conclusion: "success", Title: "All good"}})
	must(w.t, err)
	w.until("the audit line", func() bool {
		return strings.Contains(w.log.String(), `"audit":true`) && strings.Contains(w.log.String(), "reports under the name of our check")
	})
	w.expect(p, "action_required") // and GitHub does not take it for ours
}

func doubt(w *world) {
	p := w.open("topic", pay)
	r := w.approve(p, w.bob)
	w.expect(p, "success")
	// The dismissal arrives, and the reviews cannot be read: green is taken back at once, not when they can.
	w.hub.Fault(githubtest.Fault{Path: "/repos/acme/shop/pulls/*/reviews", Kind: githubtest.BadGateway, Count: 4})
	must(w.t, p.Dismiss(w.alice, r.ID, "no"))
	w.until("the check is in progress", func() bool { return w.run(p, "reviewgate").Status == "in_progress" })
	w.expect(p, "action_required", "was dismissed")
}

func teamUnreadable(w *world) {
	carol := w.user("carol", "write")
	w.org.Team("security", carol)
	w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, "@bob", "@acme/security", 1)})
	p := w.open("topic", pay)
	w.approve(p, carol)
	w.expect(p, "success")
	w.hub.Fault(githubtest.Fault{Path: "/orgs/acme/teams/security/members", Kind: githubtest.BadGateway, Count: 3})
	must(w.t, p.Edit(w.alice, "Change it", "for good"))
	w.until("it cannot be told", func() bool {
		return says(w.run(p, "reviewgate"), "action_required", []string{"the team @acme/security"})
	})
	w.expect(p, "success") // and nobody has to ask again
}

func findings(w *world) {
	p := w.open("topic", map[string]string{"a.go": "package a\n\n// FLAW\n", "b.go": "package a\n\n// FLAW\n"})
	w.expect(p, "failure", "Blocked by 2 findings")
	w.push("topic", map[string]string{"a.go": "package a\n"})
	w.expect(p, "failure", "Blocked by 1 finding")
	w.push("topic", map[string]string{"b.go": "package a\n"})
	w.expect(p, "success")
	if n := len(p.ReviewComments()); n != 2 {
		w.t.Errorf("%d comments", n)
	}
}

func approvalOfOldHead(w *world) {
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	old := p.Head()
	w.push("topic", map[string]string{"pay/card.go": "package pay\n\n// other\n"})
	// bob's page still showed the first head.
	_, err := p.Review(w.bob, githubtest.ReviewOptions{State: "APPROVED", CommitID: old})
	must(w.t, err)
	w.expect(p, "action_required", "saw "+old[:7], "changed since")
}

// The same, with the worlds that need to be set up in another way.

func TestFoundAtInstallation(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	before := w.open("topic", pay) // open before the App is there
	second, err := w.hub.NewRepo(w.org, "tools", githubtest.RepoOptions{})
	must(t, err)
	_, err = second.Commit(githubtest.Commit{Author: w.alice, Branch: "main", Files: map[string]string{"a": "b"}})
	must(t, err)
	_, err = second.Commit(githubtest.Commit{Author: w.alice, Branch: "topic", Parents: []string{"main"}, Files: map[string]string{"a": "c"}})
	must(t, err)
	there, err := second.OpenPull(w.alice, githubtest.PullOptions{Head: "topic", Title: "Change"})
	must(t, err)
	w.start()
	w.inst = w.app.Install(w.org, w.alice, w.repo)
	w.expect(before, "action_required", "Needs 1 approval from @bob for payments")
	if runs := second.AllCheckRuns(there.Head()); len(runs) != 0 {
		t.Errorf("a repository that is not covered: %+v", runs)
	}
	w.inst.AddRepos(w.alice, second)
	w.until("the added repository's pull request is judged", func() bool {
		runs := second.CheckRuns(there.Head())
		return len(runs) == 1 && runs[0].Conclusion == "success"
	})
	w.inst.RemoveRepos(w.alice, second)
	w.inst.Suspend(w.alice)
	during := w.open("during", pay)
	must(t, w.hub.Settle(t.Context()))
	w.inst.Unsuspend(w.alice)
	w.expect(during, "action_required", "Needs 1 approval from @bob for payments")
	w.expect(before, "action_required")
}

func TestFoundAtStart(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.app.SetWebhook("http://"+"127.0.0.1:1"+"/webhook", "") // nobody is there yet
	w.inst = w.app.Install(w.org, w.alice)
	p := w.open("topic", pay)
	must(t, w.hub.Settle(t.Context()))
	w.start()
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	// The list of an App's installations is described by an older copy of the permissions than everything else.
	for _, v := range w.hub.TakeViolations() {
		if !strings.Contains(v.String(), "/permissions/merge_queues: property is not in the description") {
			t.Error(v)
		}
	}
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.cfg.AppID++
	w.app.SetWebhook("", "")
	srv, err := server.New(w.cfg)
	must(t, err)
	if err := srv.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "REVIEWGATE_APP_ID") {
		t.Errorf("error: %v", err)
	}
}

func TestPrivateRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	private, err := w.hub.NewRepo(w.org, "secret", githubtest.RepoOptions{Private: true})
	must(t, err)
	private.SetRole(w.alice, "write")
	private.SetRole(w.bob, "write")
	w.repo = private
	_, err = private.Commit(githubtest.Commit{Author: w.alice, Branch: "main", Files: map[string]string{".github/reviewgate.yml": policy, "pay/card.go": "package pay\n"}})
	must(t, err)
	w.protect()
	p := w.open("topic", pay)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	w.approve(p, w.bob)
	w.expect(p, "success")
}

// Without a permission that was asked for, what it is needed for is unknown; everything else goes on.
func TestMissingPermissions(t *testing.T) {
	t.Parallel()
	world := func(t *testing.T, permission string) (w *world, carol *githubtest.User) {
		w = newEmptyWorld(t)
		carol = w.user("carol", "write")
		w.org.Team("security", carol)
		w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, "@bob", "@acme/security", 1)})
		w.start()
		w.inst = w.app.Install(w.org, w.alice)
		w.inst.SetPermission(permission, "")
		return w, carol
	}
	t.Run("members", func(t *testing.T) {
		t.Parallel()
		w, carol := world(t, "members")
		p := w.open("topic", pay)
		w.expect(p, "action_required", "the team", "acme/security", "403")
		w.approve(p, carol)
		w.expect(p, "action_required", "403", "`carol` approved")
		// Its owner grants it, and somebody asks again.
		w.inst.SetPermission("members", "read")
		must(t, w.repo.Rerequest(w.alice, w.run(p, "reviewgate").ID))
		w.expect(p, "success")
	})
	t.Run("issues", func(t *testing.T) { // GitHub shows the events of pull requests to whoever may read pull requests
		t.Parallel()
		w, carol := world(t, "issues")
		p := w.open("topic", pay)
		w.expect(p, "action_required", "Needs 1 approval from @acme/security")
		w.approve(p, carol)
		w.expect(p, "success")
	})
}

const floorPolicy = "version: 1\nfloor: true\nguard:\n  - {name: docs, paths: [\"*.md\"], approvals: 1, from: [\"role:write\"]}\n"

func TestOrganisationFloor(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	dot, err := w.hub.NewRepo(w.org, ".github", githubtest.RepoOptions{Private: true})
	must(t, err)
	dot.SetRole(w.alice, "write")
	write := func(text string) {
		t.Helper()
		_, err := dot.Commit(githubtest.Commit{Author: w.alice, Branch: "main", Files: map[string]string{"reviewgate-floor.yml": text}})
		must(t, err)
	}
	write(floorPolicy)
	w.start()
	w.inst = w.app.Install(w.org, w.alice, w.repo, dot)
	p := w.open("topic", map[string]string{"README.md": "the shop\n"})
	w.expect(p, "action_required", "Needs 1 approval from anyone with write for docs")
	// A repository's file cannot take it away.
	w.commit(map[string]string{".github/reviewgate.yml": "version: 1\nmode: advisory\n"})
	w.approve(p, w.bob)
	w.expect(p, "success")
	// A push to the floor is for every pull request of the organisation.
	write(strings.Replace(floorPolicy, "approvals: 1", "approvals: 2", 1))
	w.expect(p, "action_required", "1 more approval")
	write("version: 1\nfloor: perhaps\n")
	w.expect(p, "action_required", "Broken floor")
	write(floorPolicy)
	w.expect(p, "success")
	// It cannot be read any more: that is not the same as having none.
	w.inst.RemoveRepos(w.alice, dot)
	w.expect(p, "action_required", "Broken floor", "acme/.github")
	w.inst.AddRepos(w.alice, dot)
	w.expect(p, "success")
	_, err = dot.Commit(githubtest.Commit{Author: w.alice, Branch: "main", Delete: []string{"reviewgate-floor.yml"}})
	must(t, err)
	w.expect(p, "action_required", "Broken floor", "there is no reviewgate-floor.yml")
}

// A fork that was deleted: GitHub says null for it, and keeps its commits.
func TestDeletedFork(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	eve := w.hub.User("eve")
	f, err := w.repo.Fork(eve)
	must(t, err)
	_, err = f.Commit(githubtest.Commit{Author: eve, Message: "change", Branch: "topic", Parents: []string{"main"}, Files: pay})
	must(t, err)
	p, err := w.repo.OpenPull(eve, githubtest.PullOptions{Head: "topic", HeadRepo: f, Base: "main", Title: "Change"})
	must(t, err)
	w.cfg.HTTP = &http.Client{Transport: withoutHead{}}
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	w.approve(p, w.bob)
	w.expect(p, "success")
}

// withoutHead answers what GitHub answers once the head's repository is gone.
type withoutHead struct{}

func (withoutHead) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(r.URL.Path, "/pulls/") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	var pull map[string]any
	if json.Unmarshal(body, &pull) == nil {
		if head, ok := pull["head"].(map[string]any); ok {
			head["repo"], head["user"] = nil, nil
			if body, err = json.Marshal(pull); err != nil {
				return nil, err
			}
		}
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

// hook sends a signed webhook of the kind that this package's GitHub cannot cause.
func (w *world) hook(event, guid string, payload map[string]any) {
	w.t.Helper()
	payload["installation"] = map[string]any{"id": w.inst.ID}
	payload["repository"] = map[string]any{"id": w.repo.ID, "name": w.repo.Name, "full_name": w.repo.FullName(), "default_branch": "main", "owner": map[string]any{"login": "acme"}}
	payload["sender"] = map[string]any{"id": w.alice.ID, "login": "alice", "type": "User"}
	body, err := json.Marshal(payload)
	must(w.t, err)
	mac := hmac.New(sha256.New, []byte(w.app.WebhookSecret()))
	mac.Write(body)
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+w.srv.Addr()+"/webhook", bytes.NewReader(body))
	must(w.t, err)
	for k, v := range map[string]string{"Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": guid, "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil))} {
		r.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(r)
	must(w.t, err)
	must(w.t, resp.Body.Close())
	if resp.StatusCode != http.StatusAccepted {
		w.t.Fatalf("the webhook was answered with %d", resp.StatusCode)
	}
}

// A group is a merge group as GitHub makes it: a commit on a branch of its own.
type group struct{ ref, head string }

// queue puts a commit on the branch of a merge group and asks for its checks.
func (w *world) queue(number int, c githubtest.Commit) group {
	w.t.Helper()
	g := group{ref: fmt.Sprintf("gh-readonly-queue/main/pr-%d-%s", number, w.repo.SHA("main"))}
	c.Author, c.Branch, c.Pusher = w.alice, g.ref, w.app.Bot
	var err error
	g.head, err = w.repo.Commit(c)
	must(w.t, err)
	w.groupEvent(g, "checks_requested", "")
	return g
}

func (w *world) groupEvent(g group, action, reason string) {
	w.t.Helper()
	w.hook("merge_group", fmt.Sprintf("%s-%s", action, g.head), map[string]any{"action": action, "reason": reason, "merge_group": map[string]any{
		"head_sha": g.head, "head_ref": "refs/heads/" + g.ref, "base_sha": w.repo.SHA("main"), "base_ref": "refs/heads/main"}})
}

func (w *world) expectGroup(g group, conclusion string, words ...string) {
	w.t.Helper()
	w.until(fmt.Sprintf("merge group %s %q", conclusion, words), func() bool {
		for _, r := range w.repo.CheckRuns(g.head) {
			if r.Name == "reviewgate" && says(r, conclusion, words) {
				return true
			}
		}
		return false
	})
	if n := len(w.repo.AllCheckRuns(g.head)); n != 1 {
		w.t.Errorf("%d check runs on the merge group", n)
	}
}

func TestMergeQueue(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(w *world){
		"one, merged": func(w *world) {
			p := w.open("topic", pay)
			w.approve(p, w.bob)
			w.expect(p, "success")
			g := w.queue(p.Number, githubtest.Commit{Message: "Merge pull request #1 from acme/topic", Parents: []string{"main", p.Head()}, Files: pay})
			w.expectGroup(g, "success", "Every pull request of the group passes: #1")
			// It is dismissed while it is queued.
			must(w.t, p.Dismiss(w.alice, p.Reviews()[0].ID, "wait"))
			w.expectGroup(g, "action_required", "#1 does not pass now", "Needs 1 approval from")
			w.approve(p, w.bob)
			w.expectGroup(g, "success")
			w.groupEvent(g, "destroyed", "invalidated")
			w.expectGroup(g, "cancelled")
		},
		"one, squashed": func(w *world) {
			p := w.open("topic", pay)
			w.approve(p, w.bob)
			w.expect(p, "success")
			w.expectGroup(w.queue(p.Number, githubtest.Commit{Message: "Change (#1)", Parents: []string{"main"}, Files: pay}), "success", "#1")
		},
		"not approved": func(w *world) {
			p := w.open("topic", pay)
			w.expect(p, "action_required")
			w.expectGroup(w.queue(p.Number, githubtest.Commit{Parents: []string{"main", p.Head()}, Files: pay}), "action_required", "#1 does not pass now")
		},
		"a flaw": func(w *world) {
			files := map[string]string{"a.go": "package a // FLAW\n"}
			p := w.open("topic", files)
			w.expect(p, "failure")
			w.expectGroup(w.queue(p.Number, githubtest.Commit{Parents: []string{"main", p.Head()}, Files: files}), "failure", "#1 does not pass now")
		},
		"more than the pull request": func(w *world) {
			p := w.open("topic", map[string]string{"README.md": "the shop\n"})
			w.expect(p, "success")
			w.expectGroup(w.queue(p.Number, githubtest.Commit{Parents: []string{"main", p.Head()}, Files: map[string]string{"README.md": "the shop\n", "pay/card.go": "package pay // slipped in\n"}}),
				"action_required", "the group holds more than its pull requests", "pay/card.go")
		},
		"other content in an unguarded file": func(w *world) {
			p := w.open("topic", map[string]string{"README.md": "the shop\n"})
			w.expect(p, "success")
			w.expectGroup(w.queue(p.Number, githubtest.Commit{Message: "Change (#1)", Parents: []string{"main"}, Files: map[string]string{"README.md": "another shop\n"}}), "action_required", "README.md")
		},
		"the base moved in the same file": func(w *world) {
			w.commit(map[string]string{"list.txt": "1\n2\n3\n4\n5\n6\n7\n"})
			p := w.open("topic", map[string]string{"list.txt": "one\n2\n3\n4\n5\n6\n7\n"})
			w.expect(p, "success")
			w.commit(map[string]string{"list.txt": "1\n2\n3\n4\n5\n6\nseven\n"})
			both := map[string]string{"list.txt": "one\n2\n3\n4\n5\n6\nseven\n"}
			// A merge that git makes again is proved; a squashed one is not.
			w.expectGroup(w.queue(p.Number, githubtest.Commit{Message: "Merge pull request #1 from acme/topic", Parents: []string{"main", p.Head()}, Files: both}), "success")
			w.repo.Unprotect("main")
			must(w.t, w.repo.DeleteBranch(w.alice, fmt.Sprintf("gh-readonly-queue/main/pr-1-%s", w.repo.SHA("main"))))
			w.expectGroup(w.queue(p.Number, githubtest.Commit{Message: "Change (#1)", Parents: []string{"main"}, Files: both}), "action_required", "list.txt")
		},
		"two in one group, one bad": func(w *world) {
			first := w.open("first", pay)
			w.approve(first, w.bob)
			w.expect(first, "success")
			second := w.open("second", map[string]string{"pay/bill.go": "package pay\n"})
			w.expect(second, "action_required")
			below, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "Merge pull request #1 from acme/first", Parents: []string{"main", first.Head()}, Files: pay})
			must(w.t, err)
			g := w.queue(second.Number, githubtest.Commit{Message: "Merge pull request #2 from acme/second", Parents: []string{below, second.Head()}, Files: map[string]string{"pay/bill.go": "package pay\n"}})
			w.expectGroup(g, "action_required", "#2 does not pass now")
			w.approve(second, w.bob)
			w.expectGroup(g, "success", "#1, #2")
			must(w.t, first.Dismiss(w.alice, first.Reviews()[0].ID, "wait"))
			w.expectGroup(g, "action_required", "#1 does not pass now")
		},
		"two approved changes to one guarded file": func(w *world) {
			w.commit(map[string]string{"pay/list.txt": "1\n2\n3\n4\n5\n6\n7\n"})
			first := w.open("first", map[string]string{"pay/list.txt": "one\n2\n3\n4\n5\n6\n7\n"})
			second := w.open("second", map[string]string{"pay/list.txt": "1\n2\n3\n4\n5\n6\nseven\n"})
			w.approve(first, w.bob)
			w.approve(second, w.bob)
			w.expect(first, "success")
			w.expect(second, "success")
			below, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "Merge pull request #1 from acme/first", Parents: []string{"main", first.Head()}, Files: map[string]string{"pay/list.txt": "one\n2\n3\n4\n5\n6\n7\n"}})
			must(w.t, err)
			g := w.queue(second.Number, githubtest.Commit{Message: "Merge pull request #2 from acme/second", Parents: []string{below, second.Head()}, Files: map[string]string{"pay/list.txt": "one\n2\n3\n4\n5\n6\nseven\n"}})
			w.expectGroup(g, "action_required", "the group holds more than its pull requests", "pay/list.txt") // nobody saw both together
		},
		"a group of nobody knows what": func(w *world) {
			sha, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Branch: "gh-readonly-queue/main/other", Parents: []string{"main"}, Files: pay})
			must(w.t, err)
			g := group{"gh-readonly-queue/main/other", sha}
			w.groupEvent(g, "checks_requested", "")
			w.expectGroup(g, "action_required", "which pull requests the group is made of")
		},
		"merged": func(w *world) {
			p := w.open("topic", pay)
			w.approve(p, w.bob)
			w.expect(p, "success")
			g := w.queue(p.Number, githubtest.Commit{Message: "Merge pull request #1 from acme/topic", Parents: []string{"main", p.Head()}, Files: pay})
			w.expectGroup(g, "success")
			w.repo.Unprotect("main")
			must(w.t, w.repo.Push(w.app.Bot, "main", g.head, false))
			must(w.t, w.repo.DeleteBranch(w.app.Bot, g.ref))
			w.groupEvent(g, "destroyed", "merged")
			other := w.open("other", map[string]string{"README.md": "later\n"})
			w.expect(other, "success")
			w.expectGroup(g, "success")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			must(t, w.hub.Settle(t.Context()))
			play(w)
		})
	}
}
