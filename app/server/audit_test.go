package server_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

const reported = "came onto a governed branch without our success"

// reports counts what the log says to have gone around the gate.
func (w *world) reports() int { return strings.Count(w.log.String(), reported) }

// remarks counts our comments on a pull request that say so.
func (w *world) remarks(p *githubtest.Pull) (n int) {
	for _, c := range p.Comments() {
		if c.Author == w.app.Bot.Login && strings.Contains(c.Body, "Merged without the success of reviewgate") {
			n++
		}
	}
	return n
}

// mergeBy merges through the API, as somebody.
func (w *world) mergeBy(p *githubtest.Pull, by *githubtest.User, method string) {
	w.t.Helper()
	body := fmt.Sprintf(`{"merge_method":%q}`, method)
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPut, fmt.Sprintf("%s/repos/acme/shop/pulls/%d/merge", w.hub.APIURL(), p.Number), bytes.NewReader([]byte(body)))
	must(w.t, err)
	r.Header.Set("Authorization", "Bearer "+w.hub.UserToken(by))
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	must(w.t, err)
	text, err := io.ReadAll(resp.Body)
	must(w.t, err)
	must(w.t, resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("merge: %d %s", resp.StatusCode, text)
	}
}

// audited waits until the sweep has looked at where the default branch stands now, and asserts how often something was reported.
func (w *world) audited(want int) {
	w.t.Helper()
	must(w.t, w.hub.Settle(w.t.Context()))
	w.afterSweeps(3)
	if want > 0 {
		w.until(fmt.Sprint(want, " reports"), func() bool { return w.reports() >= want })
	}
	w.afterSweeps(2)
	if n := w.reports(); n != want {
		w.t.Errorf("%d reports, want %d", n, want)
	}
}

// What goes the ordinary way is never reported.
func TestAuditSilent(t *testing.T) {
	t.Parallel()
	ready := func(w *world) *githubtest.Pull {
		p := w.open("topic", pay)
		w.approve(p, w.bob)
		w.expect(p, "success")
		w.afterSweeps(2)
		return p
	}
	for name, play := range map[string]func(w *world){
		"a merge commit": func(w *world) { w.mergeBy(ready(w), w.bob, "merge") },
		"a squash":       func(w *world) { w.mergeBy(ready(w), w.bob, "squash") },
		"a rebase":       func(w *world) { w.mergeBy(ready(w), w.bob, "rebase") },
		"a rebase onto a branch that moved": func(w *world) {
			p := ready(w)
			w.mergeBy(w.other(), w.bob, "squash")
			w.expect(p, "success")
			w.mergeBy(p, w.bob, "rebase")
		},
		"a merge whose event is lost": func(w *world) {
			p := ready(w)
			w.vanish("pull_request", "push")
			w.mergeBy(p, w.bob, "merge")
		},
		"a merge queue": func(w *world) {
			p, q := ready(w), w.other()
			w.repo.Protect("main", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "reviewgate", App: w.app}}, EnforceAdmins: true, ViaRuleset: true, Ruleset: githubtest.RulesetLook{Queue: "ALLGREEN"}})
			must(w.t, w.repo.HoldQueue("main", true))
			must(w.t, p.Enqueue(w.bob))
			must(w.t, q.Enqueue(w.bob))
			must(w.t, w.repo.HoldQueue("main", false))
			w.until("merged by the queue", func() bool { return p.State() == "merged" && q.State() == "merged" })
		},
		"a branch that is made": func(w *world) {
			ready(w)
			w.commit(map[string]string{".github/reviewgate.yml": policy + "governed_branches: [\"~default\", \"release/*\"]\n"})
			w.audited(1) // that was a push around the gate
			w.log.buf.Reset()
			must(w.t, w.repo.Push(w.alice, "release/1", w.repo.SHA("main"), false))
		},
		"a branch that is not governed": func(w *world) {
			ready(w)
			_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Branch: "play", Parents: []string{"main"}, Files: map[string]string{"x": "y"}})
			must(w.t, err)
			w.afterSweeps(2)
			w.push("play", map[string]string{"x": "z"})
		},
		"a policy that only advises": func(w *world) {
			w.commit(map[string]string{".github/reviewgate.yml": "version: 1\nmode: advisory\n" + strings.TrimPrefix(policy, "version: 1\n")})
			w.open("left", map[string]string{"README.md": "the shop\n"}) // so that there is something to sweep
			p := w.open("topic", pay)
			w.until("it is decided", func() bool { return w.run(p, "reviewgate").Status == "completed" })
			w.repo.Unprotect("main")
			w.mergeBy(p, w.bob, "merge")
			w.push("main", map[string]string{"x": "y"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sweepingWorld(t)
			play(w)
			w.audited(0)
			for _, p := range w.pulls {
				if n := w.remarks(p); n != 0 {
					t.Errorf("#%d: %d comments", p.Number, n)
				}
			}
		})
	}
}

// other opens a pull request that nothing stands against.
func (w *world) other() *githubtest.Pull {
	p := w.open("other", map[string]string{"README.md": "the shop\n"})
	w.expect(p, "success")
	return p
}

// What goes around the gate is told once: on the pull request, in the log and in the database.
func TestAuditTold(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(w *world) *githubtest.Pull{
		"an administrator merges what was not approved": func(w *world) *githubtest.Pull {
			p := w.open("topic", pay)
			w.expect(p, "action_required")
			w.repo.Unprotect("main")
			w.mergeBy(p, w.bob, "squash")
			return p
		},
		"its event is lost": func(w *world) *githubtest.Pull {
			p := w.open("topic", pay)
			w.expect(p, "action_required")
			w.vanish("pull_request", "push")
			w.repo.Unprotect("main")
			w.mergeBy(p, w.bob, "merge")
			return p
		},
		"a push that nobody judged is merged at once": func(w *world) *githubtest.Pull {
			p := w.open("topic", pay)
			w.approve(p, w.bob)
			w.expect(p, "success")
			w.stop()
			w.push("topic", map[string]string{"pay/card.go": "package pay\n\n// worse\n"})
			w.repo.Unprotect("main")
			w.mergeBy(p, w.bob, "merge")
			must(w.t, w.hub.Settle(w.t.Context()))
			w.start()
			return p
		},
		"it is merged here and pushed": func(w *world) *githubtest.Pull {
			p := w.open("topic", pay)
			w.expect(p, "action_required")
			w.repo.Unprotect("main")
			must(w.t, w.repo.Push(w.alice, "main", p.Head(), false))
			return p
		},
		"a direct push": func(w *world) *githubtest.Pull {
			w.other()
			w.afterSweeps(2)
			w.commit(map[string]string{"pay/card.go": "package pay // slipped in\n"})
			return nil
		},
		"a direct push whose event is lost": func(w *world) *githubtest.Pull {
			w.other()
			w.afterSweeps(2)
			w.vanish("push")
			w.commit(map[string]string{"pay/card.go": "package pay // slipped in\n"})
			return nil
		},
		"the branch is rewritten": func(w *world) *githubtest.Pull {
			w.other()
			w.afterSweeps(2)
			w.repo.Unprotect("main")
			_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Branch: "main", Parents: []string{}, Force: true, Files: map[string]string{".github/reviewgate.yml": policy, "README.md": "new\n"}})
			must(w.t, err)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sweepingWorld(t)
			p := play(w)
			w.audited(1)
			if p != nil {
				w.until("a comment", func() bool { return w.remarks(p) == 1 })
			}
			// A restart tells nothing again.
			w.stop()
			w.start()
			w.audited(1)
			if p != nil && w.remarks(p) != 1 {
				t.Errorf("%d comments", w.remarks(p))
			}
		})
	}
}

// Where the policy asks for it, an issue is opened, once; without the permission that takes, the log says so.
func TestAuditIssue(t *testing.T) {
	t.Parallel()
	for _, permission := range []string{"write", "read"} {
		t.Run(permission, func(t *testing.T) {
			t.Parallel()
			w := newEmptyWorld(t)
			w.cfg.Sweep, w.cfg.Settled = 300*time.Millisecond, -1
			w.commit(map[string]string{".github/reviewgate.yml": policy + "audit: {bypass_alert: issue}\n"})
			w.start()
			w.inst = w.app.Install(w.org, w.alice)
			w.inst.SetPermission("issues", permission)
			w.other()
			w.afterSweeps(2)
			w.hub.Fault(githubtest.Fault{Method: http.MethodPost, Path: "/repos/acme/shop/issues", Kind: githubtest.AnswerLost})
			w.commit(map[string]string{"pay/card.go": "package pay // slipped in\n"})
			w.audited(1)
			if permission == "read" {
				w.until("the log says what is missing", func() bool { return strings.Contains(w.log.String(), "has not granted") })
				return
			}
			w.until("an issue", func() bool { return len(w.repo.Issues()) > 0 })
			w.stop()
			w.start()
			w.afterSweeps(3)
			if list := w.repo.Issues(); len(list) != 1 || !strings.Contains(list[0].Body, "came without a merged pull request") || !strings.Contains(list[0].Title, "main at ") {
				t.Errorf("issues: %+v", list)
			}
		})
	}
}
