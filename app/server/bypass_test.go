package server_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// inServer are the entries of the catalogue that only a running server can show, by id and name. TestBypass runs them beside the files.
var inServer = map[string]map[string]func(*testing.T){
	"B36": {
		"a push while it is decided":               func(t *testing.T) { race(t, pushRace) },
		"a dismissal while it is decided":          func(t *testing.T) { race(t, dismissRace) },
		"a stricter policy while it is decided":    func(t *testing.T) { race(t, policyRace) },
		"nothing old stands while it is looked at": atOnce,
	},
	"B52": {"pages only read": pagesOnlyRead},
	"B70": {"GitHub is down": gitHubDown, "suspended and uninstalled": uninstalled, "the quota is spent": quotaSpent},
	"B71": {"the fork goes while it is open": forkGoes},
}

// A rival does something while an approval is being decided, after which the pull request must not be green.
type rival struct {
	before func(w *world)                     // makes it as it was at the start
	act    func(w *world, p *githubtest.Pull) // while the server waits for an answer
}

var (
	pushRace = rival{act: func(w *world, p *githubtest.Pull) {
		w.push("topic", map[string]string{"pay/card.go": "package pay\n\n// " + p.Head() + "\n"}) // other content each time
	}}
	dismissRace = rival{act: func(w *world, p *githubtest.Pull) {
		reviews := p.Reviews()
		must(w.t, p.Dismiss(w.alice, reviews[len(reviews)-1].ID, "no"))
	}}
	policyRace = rival{
		before: func(w *world) { w.commit(map[string]string{".github/reviewgate.yml": policy}) },
		act: func(w *world, _ *githubtest.Pull) {
			w.commit(map[string]string{".github/reviewgate.yml": strings.Replace(policy, "approvals: 1", "approvals: 2", 1)})
		},
	}
)

// race approves, holds the answer to the server's first request, then to its second and so on, and each time lets the rival act before
// the answer arrives. However they fall together, what stands in the end is what the newest facts say.
func race(t *testing.T, r rival) {
	w := newWorld(t)
	p := w.open("topic", pay)
	w.settle()
	for n := 1; ; n++ {
		if r.before != nil {
			r.before(w)
		}
		w.settle()
		held := w.hub.Fault(githubtest.Fault{Path: "/repos/acme/shop/**", Nth: n, Kind: githubtest.HoldAfter})
		w.approve(p, w.bob)
		idle := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		go func() {
			if err := w.hub.Settle(ctx); err != nil {
				idle <- err
				return
			}
			idle <- w.srv.Idle(ctx)
		}()
		select {
		case <-held.Hit():
		case err := <-idle: // a decision needs fewer requests
			cancel()
			must(t, err)
			if n < 5 {
				t.Errorf("a decision took %d requests", n-1)
			}
			w.hub.ClearFaults()
			w.expect(p, "success")
			return
		}
		head := p.Head()
		r.act(w, p)
		held.Release()
		must(t, <-idle)
		cancel()
		w.hub.ClearFaults()
		w.settle()
		if run := w.run(p, "reviewgate"); run.Conclusion != "action_required" {
			t.Errorf("request %d: %s %s", n, run.Conclusion, run.Title)
		}
		if ok, _ := p.Mergeability(nil); ok {
			t.Errorf("request %d: GitHub would merge it", n)
		}
		if head == p.Head() {
			continue
		}
		for _, run := range w.repo.CheckRuns(head) {
			if run.App == w.app.Slug && run.Conclusion != "cancelled" {
				t.Errorf("request %d: the old head is %s", n, run.Conclusion)
			}
		}
		// Green for the old head may be on its way when the push comes. The new one never has it, not for a moment.
		ours := fmt.Sprint("/check-runs/", w.run(p, "reviewgate").ID)
		for _, q := range w.hub.Requests() {
			if (strings.HasSuffix(q.Path, ours) || strings.Contains(q.Body, p.Head())) && strings.Contains(q.Body, `"conclusion":"success"`) {
				t.Errorf("request %d: green was told of the new head: %s %s", n, q.Method, q.Path)
			}
		}
	}
}

// atOnce: as soon as something happened that may take green away, and for as long as the server has not looked, no green stands.
func atOnce(t *testing.T) {
	w := newWorld(t)
	p := w.open("topic", pay)
	w.approve(p, w.bob)
	w.expect(p, "success")
	for _, step := range []struct {
		name        string
		before, act func()
	}{
		{"edited", func() {}, func() { must(t, p.Edit(w.alice, "Another title", "")) }},
		{"reopened", func() {
			must(t, p.Close(w.alice))
			w.says(p.Head(), "cancelled")
		}, func() { must(t, p.Reopen(w.alice)) }},
		{"a draft", func() {}, func() { must(t, p.SetDraft(w.alice, true)) }},
		{"ready", func() { w.expect(p, "action_required", "Draft") }, func() { must(t, p.SetDraft(w.alice, false)) }},
	} {
		step.before()
		// Reading the reviews fails until it is allowed again: nothing can be decided.
		w.hub.Fault(githubtest.Fault{Path: "/repos/acme/shop/pulls/*/reviews", Kind: githubtest.BadGateway, Count: -1})
		step.act()
		w.until(step.name+": green is taken back before anything else is known", func() bool { return w.run(p, "reviewgate").Conclusion != "success" })
		if ok, _ := p.Mergeability(nil); ok {
			t.Errorf("%s: GitHub would merge it", step.name)
		}
		w.hub.ClearFaults()
		if step.name != "a draft" {
			w.expect(p, "success")
		}
	}
}

// pagesOnlyRead gets every page of the server, found in its source: nothing changes in the database, and nothing is asked of GitHub, where
// everything is done that matters.
func pagesOnlyRead(t *testing.T) {
	w := newWorld(t)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.settle()
	paths := routes(t)
	if !slices.Contains(paths, "/healthz") || !slices.Contains(paths, "/webhook") {
		t.Fatalf("routes: %q", paths)
	}
	get(t, http.MethodGet, "http://"+w.srv.Addr()+"/readyz") // it tries whether the database takes writes, in a row of its own
	before, err := w.srv.Dump(t.Context())
	must(t, err)
	asked := writes(w)
	for _, path := range paths {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			get(t, method, "http://"+w.srv.Addr()+path+"?force=1")
		}
	}
	w.settle()
	after, err := w.srv.Dump(t.Context())
	must(t, err)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("reading changed the database (-before +after):\n%s", diff)
	}
	if n := writes(w); n != asked {
		t.Errorf("reading did %d things on GitHub", n-asked)
	}
	t.Logf("%d pages: %q", len(paths), paths)
}

func get(t *testing.T, method, url string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	must(t, err)
	resp, err := http.DefaultClient.Do(r)
	must(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	must(t, err)
	must(t, resp.Body.Close())
}

// writes counts the requests that change something on GitHub.
func writes(w *world) (n int) {
	for _, r := range w.hub.Requests() {
		if r.Method != http.MethodGet {
			n++
		}
	}
	return n
}

// routes reads from the source of the server which paths it answers, other than by a method that writes. A wildcard becomes 1.
func routes(t *testing.T) []string {
	found := map[string]bool{}
	wild := regexp.MustCompile(`\{[^}]*\}`)
	must(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 {
				return true
			}
			fun, ok := call.Fun.(*ast.SelectorExpr)
			lit, isText := call.Args[0].(*ast.BasicLit)
			if !ok || !isText || lit.Kind != token.STRING || fun.Sel.Name != "Handle" && fun.Sel.Name != "HandleFunc" {
				return true
			}
			pattern, err := strconv.Unquote(lit.Value)
			if err != nil {
				return true
			}
			method, at, both := strings.Cut(pattern, " ")
			if !both {
				method, at = http.MethodGet, pattern
			}
			if method == http.MethodGet {
				found[wild.ReplaceAllString(at, "1")] = true
			}
			return true
		})
		return nil
	}))
	return slices.Sorted(maps.Keys(found))
}

// gitHubDown: while GitHub does not answer, a new head gets no green, however long it takes.
func gitHubDown(t *testing.T) {
	w := newWorld(t)
	p := w.open("topic", pay)
	w.approve(p, w.bob)
	w.expect(p, "success")
	down := w.hub.Fault(githubtest.Fault{Path: "/repos/**", Kind: githubtest.BadGateway, Count: -1})
	w.push("topic", map[string]string{"README.md": "the shop\n"})
	select {
	case <-down.Hit():
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing was asked of GitHub")
	}
	must(t, w.hub.Settle(t.Context()))
	if ok, _ := p.Mergeability(nil); ok || w.run(p, "reviewgate").Conclusion == "success" {
		t.Errorf("green while nothing is known: %+v", w.run(p, "reviewgate"))
	}
	w.hub.ClearFaults()
	w.expect(p, "success") // what bob approved is what is there
}

// uninstalled: without us nobody says green.
func uninstalled(t *testing.T) {
	w := newWorld(t)
	p := w.open("topic", pay)
	w.approve(p, w.bob)
	w.expect(p, "success")
	w.inst.Suspend(w.alice)
	w.push("topic", map[string]string{"pay/card.go": "package pay\n\n// worse\n"})
	must(t, w.hub.Settle(t.Context()))
	if ok, _ := p.Mergeability(nil); ok || w.run(p, "reviewgate").ID != 0 {
		t.Errorf("while suspended: %v %+v", ok, w.run(p, "reviewgate"))
	}
	w.inst.Unsuspend(w.alice)
	w.expect(p, "action_required", "changed since")
	w.inst.Uninstall(w.alice)
	w.push("topic", map[string]string{"README.md": "the shop\n"})
	must(t, w.hub.Settle(t.Context()))
	if ok, reasons := p.Mergeability(nil); ok || !strings.Contains(strings.Join(reasons, " "), "is expected") {
		t.Errorf("without us: %v %q", ok, reasons)
	}
}

// quotaSpent: a rate limit puts the answer off; it does not make one.
func quotaSpent(t *testing.T) {
	for name, kind := range map[string]githubtest.FaultKind{"primary": githubtest.PrimaryLimit, "secondary": githubtest.SecondaryLimit} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.open("topic", pay)
			w.approve(p, w.bob)
			w.expect(p, "success")
			limited := w.hub.Fault(githubtest.Fault{Path: "/repos/**", Kind: kind, Delay: time.Second})
			w.push("topic", map[string]string{"pay/card.go": "package pay\n\n// worse\n"})
			select {
			case <-limited.Hit():
			case <-time.After(2 * time.Minute):
				t.Fatal("nothing was asked of GitHub")
			}
			if ok, _ := p.Mergeability(nil); ok {
				t.Error("GitHub would merge it")
			}
			w.expect(p, "action_required", "changed since")
		})
	}
}

// forkGoes: once the fork is deleted the pull request has no head repository; its commits are still at refs/pull/N/head.
func forkGoes(t *testing.T) {
	w := newWorld(t)
	eve := w.hub.User("eve")
	f, err := w.repo.Fork(eve)
	must(t, err)
	_, err = f.Commit(githubtest.Commit{Author: eve, Message: "change", Branch: "topic", Parents: []string{"main"}, Files: pay})
	must(t, err)
	p, err := w.repo.OpenPull(eve, githubtest.PullOptions{Head: "topic", HeadRepo: f, Base: "main", Title: "Change"})
	must(t, err)
	w.pulls = append(w.pulls, p)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	f.Delete()
	// The base moves: merge base and files have to be found again, without the fork.
	w.commit(map[string]string{"README.md": "the shop\n"})
	w.settle()
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	w.approve(p, w.bob)
	w.expect(p, "success")
}
