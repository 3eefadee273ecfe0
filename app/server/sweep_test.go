package server_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/server"
)

// sweepingWorld is a world whose server sweeps all the time.
func sweepingWorld(t *testing.T) *world {
	w := newEmptyWorld(t)
	w.cfg.Sweep, w.cfg.Settled = 300*time.Millisecond, -1
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	return w
}

// vanish has the webhooks of an event never sent, and not even logged.
func (w *world) vanish(events ...string) {
	must(w.t, w.hub.Settle(w.t.Context()))
	for _, e := range events {
		w.hub.HookFault(githubtest.HookFault{Event: e, Kind: githubtest.Vanished, Count: -1})
	}
}

// swept counts the sweeps so far.
func (w *world) swept() int { return strings.Count(w.log.String(), `"message":"swept"`) }

// afterSweeps waits until some more sweeps have ended.
func (w *world) afterSweeps(n int) {
	w.t.Helper()
	from := w.swept()
	w.until(fmt.Sprint(n, " more sweeps"), func() bool { return w.swept() >= from+n })
}

// What is lost does not stay lost: each of these happens, and its webhooks are never sent.
func TestSweepLost(t *testing.T) {
	t.Parallel()
	events := []string{"pull_request", "pull_request_review", "push", "membership", "member", "organization", "team", "check_run", "check_suite", "issue_comment", "status"}
	green := func(w *world) (*githubtest.Pull, githubtest.ReviewInfo) {
		p := w.open("topic", pay)
		r := w.approve(p, w.bob)
		w.expect(p, "success")
		return p, r
	}
	for name, play := range map[string]func(w *world){
		"a push": func(w *world) {
			p, _ := green(w)
			w.vanish(events...)
			w.push("topic", map[string]string{"pay/card.go": "package pay\n\n// worse\n"})
			w.expect(p, "action_required", "changed since")
		},
		"a dismissal": func(w *world) {
			p, r := green(w)
			w.vanish(events...)
			must(w.t, p.Dismiss(w.alice, r.ID, "no"))
			w.expect(p, "action_required", "was dismissed")
		},
		"a request for changes": func(w *world) {
			p, _ := green(w)
			w.vanish(events...)
			_, err := p.Review(w.user("carol", "write"), githubtest.ReviewOptions{State: "CHANGES_REQUESTED", Body: "no"})
			must(w.t, err)
			w.expect(p, "action_required", "asked for changes")
		},
		"an approval, which then does not count": func(w *world) {
			p := w.open("topic", pay)
			w.expect(p, "action_required")
			w.vanish(events...)
			w.approve(p, w.bob)
			w.expect(p, "action_required", "was given while reviewgate was not listening")
		},
		"a retarget": func(w *world) {
			_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Branch: "play", Parents: []string{"main"}, Files: map[string]string{"x": "y"}})
			must(w.t, err)
			p, _ := green(w)
			w.vanish(events...)
			must(w.t, p.Retarget(w.alice, "play"))
			w.says(p.Head(), "cancelled")
		},
		"a close, and the reopening": func(w *world) {
			p, _ := green(w)
			w.vanish(events...)
			must(w.t, p.Close(w.alice))
			w.says(p.Head(), "cancelled")
			must(w.t, p.Reopen(w.alice))
			w.expect(p, "success")
		},
		"a draft": func(w *world) {
			p, _ := green(w)
			w.vanish(events...)
			must(w.t, p.SetDraft(w.alice, true))
			w.expect(p, "action_required", "Draft")
		},
		"a new pull request": func(w *world) {
			green(w)
			w.vanish(events...)
			w.expect(w.open("other", map[string]string{"pay/bill.go": "package pay\n"}), "action_required", "Needs 1 approval from @bob")
		},
		"a role": func(w *world) {
			p, _ := green(w)
			w.afterSweeps(3) // nothing else is left to be looked at
			w.vanish(events...)
			w.repo.SetRole(w.bob, "read")
			w.expect(p, "action_required")
		},
		"a policy": func(w *world) {
			p, _ := green(w)
			w.afterSweeps(3)
			w.vanish(events...)
			w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, "approvals: 1", "approvals: 2", 1)})
			w.expect(p, "action_required")
		},
		"our check run is gone over": func(w *world) {
			p, r := green(w)
			must(w.t, p.Dismiss(w.alice, r.ID, "no"))
			w.expect(p, "action_required")
			w.afterSweeps(3)
			w.vanish(events...)
			// Somebody who has the App's key sets it to success.
			app, err := github.New(github.Options{AppID: w.app.ID, PrivateKey: w.app.PrivateKeyPEM(), APIURL: w.hub.APIURL(), WebURL: w.hub.URL(), Pace: &github.Pace{}})
			must(w.t, err)
			run := w.run(p, "reviewgate")
			_, err = app.Installation(w.inst.ID).Deliver(w.t.Context(), github.Deed{Kind: github.SetCheck, Owner: "acme", Repo: "shop", Head: p.Head(), Key: "x", CheckRunID: run.ID,
				Check: &report.CheckRun{Name: "reviewgate", Status: "completed", Conclusion: "success", Title: "All good"}})
			must(w.t, err)
			w.expect(p, "action_required", "was dismissed")
		},
		"somebody else's check": func(w *world) {
			ci, err := w.hub.NewApp(githubtest.AppOptions{Slug: "ci", Owner: w.org, Permissions: map[string]string{"checks": "write"}})
			must(w.t, err)
			p := w.open("topic", pay)
			w.expect(p, "action_required")
			w.vanish(events...)
			app, err := github.New(github.Options{AppID: ci.ID, PrivateKey: ci.PrivateKeyPEM(), APIURL: w.hub.APIURL(), WebURL: w.hub.URL(), Pace: &github.Pace{}})
			must(w.t, err)
			_, err = app.Installation(ci.Install(w.org, w.alice).ID).Deliver(w.t.Context(), github.Deed{Kind: github.SetCheck, Owner: "acme", Repo: "shop", Head: p.Head(), Key: "x",
				Check: &report.CheckRun{Name: "reviewgate", Status: "completed", Conclusion: "success", Title: "All good"}})
			must(w.t, err)
			w.until("the audit line", func() bool { return strings.Contains(w.log.String(), "reports under the name of our check") })
			w.expect(p, "action_required", "not from this App", "`ci`")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(sweepingWorld(t))
		})
	}
}

func TestSweepTeam(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.cfg.Sweep, w.cfg.Settled = 300*time.Millisecond, -1
	carol, dave := w.user("carol", "write"), w.user("dave", "write")
	team := w.org.Team("security", carol)
	w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, "@bob", "@acme/security", 1)})
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	p, other := w.open("topic", pay), w.open("other", map[string]string{"README.md": "the shop\n"})
	w.approve(p, carol)
	w.expect(p, "success")
	w.expect(other, "success")
	w.afterSweeps(4)
	w.vanish("membership", "team", "organization", "member")
	before := w.singly()
	team.Remove(w.alice, carol)
	w.expect(p, "action_required", "Needs 1 approval from @acme/security")
	team.Add(w.alice, carol, "active")
	w.expect(p, "success")
	// A member more changes nothing that was decided: nobody is asked anything but the sweep's questions.
	team.Add(w.alice, dave, "active")
	w.afterSweeps(3)
	if n := w.singly() - before; n > 60 {
		t.Errorf("%d requests beside the sweeps'", n)
	}
	w.expect(other, "success")
}

// singly counts the requests about single pull requests so far.
func (w *world) singly() (n int) {
	for _, r := range w.hub.Requests() {
		if strings.HasPrefix(r.Path, "/repos/acme/shop/pulls/") || strings.HasPrefix(r.Path, "/repos/acme/shop/issues/") {
			n++
		}
	}
	return n
}

// A push to the default branch that changes neither the policy nor anything of a pull request asks nothing about one.
func TestSweepBaseMoved(t *testing.T) {
	t.Parallel()
	w := sweepingWorld(t)
	var list []*githubtest.Pull
	for i := range 8 {
		p := w.open(fmt.Sprint("topic-", i), map[string]string{fmt.Sprintf("docs/%d.md", i): "text\n"})
		list = append(list, p)
	}
	for _, p := range list {
		w.expect(p, "success")
	}
	w.afterSweeps(12)
	asked := w.singly()
	w.commit(map[string]string{"elsewhere.txt": "moved\n"})
	w.afterSweeps(3)
	if n := w.singly() - asked; n != 0 {
		t.Errorf("%d requests about single pull requests", n)
	}
	// A stricter policy takes back what would not pass, before anything is asked, and leaves the rest.
	w.commit(map[string]string{".github/reviewgate.yml": policy + "  - {name: three, paths: [\"docs/3.md\"], approvals: 1, from: [\"@bob\"]}\n"})
	w.expect(list[3], "action_required", "Needs 1 approval from @bob for three")
	for i, p := range list {
		if i != 3 {
			w.expect(p, "success")
		}
	}
	if n := strings.Count(w.log.String(), `"taken_back":1`); n != 1 {
		t.Errorf("taken back %d times", n)
	}
	// What has some of a pull request's commits now is looked at again.
	w.repo.Unprotect("main")
	must(t, list[5].Merge(w.bob))
	w.protect()
	w.until("merged", func() bool { return list[5].State() == "merged" })
	w.afterSweeps(2)
}

// While few requests are left, only what can take green away is done; the rest waits, and nothing becomes green by it.
func TestQuota(t *testing.T) {
	t.Parallel()
	w := sweepingWorld(t)
	green, red := w.open("green", pay), w.open("red", map[string]string{"pay/bill.go": "package pay\n"})
	r := w.approve(green, w.bob)
	w.expect(green, "success")
	w.expect(red, "action_required")
	w.hub.Spend(4500)
	w.afterSweeps(2) // so that it is known
	w.approve(red, w.bob)
	must(t, green.Dismiss(w.alice, r.ID, "no"))
	w.expect(green, "action_required", "was dismissed")
	w.until("a job waits", func() bool { return strings.Contains(w.log.String(), "less than a fifth") })
	w.expect(red, "action_required")
	w.hub.Spend(0)
}

// A limit that GitHub states is kept to, and the sweep goes on after it; GitHub that is down changes no check.
func TestSweepGitHubDown(t *testing.T) {
	t.Parallel()
	for _, kind := range []githubtest.FaultKind{githubtest.BadGateway, githubtest.Secondary29, githubtest.PrimaryLimit} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := sweepingWorld(t)
			p := w.open("topic", pay)
			r := w.approve(p, w.bob)
			w.expect(p, "success")
			f := w.hub.Fault(githubtest.Fault{Method: http.MethodPost, Path: "/graphql", Kind: kind, Count: 2, Delay: time.Second})
			select {
			case <-f.Hit():
			case <-time.After(2 * time.Minute):
				t.Fatal("no sweep")
			}
			w.vanish("pull_request_review")
			must(t, p.Dismiss(w.alice, r.ID, "no"))
			w.expect(p, "action_required", "was dismissed")
		})
	}
}

// A GitHub without the GraphQL API is asked for a list.
func TestSweepWithoutGraphQL(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.cfg.Sweep = 300 * time.Millisecond
	w.cfg.HTTP = &http.Client{Transport: withoutGraphQL{}}
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	p := w.open("topic", pay)
	r := w.approve(p, w.bob)
	w.expect(p, "success")
	w.vanish("pull_request_review")
	must(t, p.Dismiss(w.alice, r.ID, "no"))
	w.expect(p, "action_required", "was dismissed")
}

// withoutGraphQL is the way to an Enterprise Server that knows no GraphQL: it answers 404.
type withoutGraphQL struct{}

func (withoutGraphQL) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/graphql") {
		return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"message": "Not Found"}`)), Request: r}, nil
	}
	return http.DefaultTransport.RoundTrip(r)
}

// The server is away while a dismissal and an approval happen; GitHub's log of deliveries brings back both.
func TestRecovery(t *testing.T) {
	t.Parallel()
	w := sweepingWorld(t)
	p, q := w.open("topic", pay), w.open("other", map[string]string{"pay/bill.go": "package pay\n"})
	r := w.approve(p, w.bob)
	w.expect(p, "success")
	w.expect(q, "action_required")
	must(t, w.hub.Settle(t.Context()))
	w.stop()
	must(t, p.Dismiss(w.alice, r.ID, "no"))
	w.approve(q, w.bob)
	must(t, w.hub.Settle(t.Context()))
	w.start()
	w.expect(p, "action_required", "was dismissed")
	w.expect(q, "success") // what bob saw came back with the delivery
	again := 0
	guids := map[string]int{}
	for _, d := range w.app.Deliveries() {
		if d.Redelivery {
			again++
			guids[d.GUID]++
		}
	}
	if again == 0 {
		t.Error("nothing was sent again")
	}
	w.afterSweeps(4)
	for guid, n := range guids {
		if n != 1 {
			t.Errorf("%s was sent again %d times", guid, n)
		}
	}
}

func TestSweepConfig(t *testing.T) {
	t.Parallel()
	for value, bad := range map[string]bool{"5m": false, "1h": false, "10s": true, "often": true, "-1m": true, "48h": true} {
		_, err := server.LoadConfig("", []string{"REVIEWGATE_SWEEP=" + value})
		if got := err != nil && strings.Contains(err.Error(), "REVIEWGATE_SWEEP"); got != bad {
			t.Errorf("%s: %v", value, err)
		}
	}
}
