package server_test

import (
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// TestUnheld: where GitHub does not require the check, the check says so itself, and the log names the hole. It is asked once, not at every
// decision.
func TestUnheld(t *testing.T) {
	t.Parallel()
	t.Run("held", testHeld)
	t.Run("from anybody", testLoose)
	t.Run("not readable", testUnreadable)
}

const unheldNote = "GitHub does not require the check `reviewgate` from this App on `main`: `reviewgate doctor` says how."

func testHeld(t *testing.T) {
	w := newWorld(t)
	held := w.open("held", map[string]string{"pay/a.go": "package pay // a\n"})
	w.expect(held, "action_required")
	if run := w.run(held, "reviewgate"); strings.Contains(run.Summary, "does not require") {
		t.Errorf("it is required, and the summary says:\n%s", run.Summary)
	}
	reads := func() (n int) {
		for _, r := range w.hub.Requests() {
			if strings.HasPrefix(r.Path, "/repos/acme/shop/rules/branches/") {
				n++
			}
		}
		return n
	}
	w.open("again", map[string]string{"pay/b.go": "package pay // b\n"})
	w.until("two decisions", func() bool { return strings.Count(w.log.String(), `"message":"decided"`) >= 2 })
	if n := reads(); n != 1 {
		t.Errorf("what binds the branch was read %d times within the hour", n)
	}
}

func testLoose(t *testing.T) {
	w := newEmptyWorld(t)
	w.repo.Protect("main", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "reviewgate"}}, EnforceAdmins: true})
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	loose := w.open("loose", map[string]string{"pay/a.go": "package pay // a\n"})
	w.expect(loose, "action_required", unheldNote)
	if log := w.log.String(); !strings.Contains(log, `"hole":"check-from-anybody"`) {
		t.Errorf("the log does not name the hole:\n%s", log)
	}
}

// What cannot be read is not said to be missing.
func testUnreadable(t *testing.T) {
	w := newEmptyWorld(t)
	w.hub.Fault(githubtest.Fault{Method: "GET", Path: "/repos/acme/shop/rules/branches/main", Kind: githubtest.BadGateway, Count: -1})
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	unknown := w.open("unknown", map[string]string{"pay/a.go": "package pay // a\n"})
	w.expect(unknown, "action_required")
	if run := w.run(unknown, "reviewgate"); strings.Contains(run.Summary, "does not require") {
		t.Errorf("nothing could be read, and the summary says:\n%s", run.Summary)
	}
}
