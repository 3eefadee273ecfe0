package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/all"
	"github.com/reviewgate-app/reviewgate/rules"
)

// flaw is a check that finds the word FLAW in changed files that had it not before. The server's tests are about the server, not about what looks.
var flaw = &checks.Check{
	Name: "test/flaw", Doc: "Finds flaws.", Scope: checks.Difference,
	Rules: []checks.RuleInfo{{ID: "flaw", Title: "A flaw", Severity: checks.High, Confidence: checks.Certain, Rollout: checks.RolloutBlock, Origin: "builtin"}},
	Run: func(_ context.Context, pass *checks.Pass) error {
		for _, f := range pass.Change.Files {
			if f.Opaque != "" || f.Status == checks.Deleted {
				continue
			}
			data, err := pass.Change.Head.Open(f.Path)
			if err != nil {
				return err
			}
			if was, ok := f.PathOn(checks.Base); ok {
				if old, err := pass.Change.Base.Open(was); err == nil && strings.Contains(string(old), "FLAW") {
					continue
				}
			}
			for i, line := range strings.Split(string(data), "\n") {
				if strings.Contains(line, "FLAW") {
					pass.Report(checks.Finding{RuleID: "flaw", Message: "There is a flaw.", Location: checks.Location{Path: f.Path, StartLine: i + 1, StartColumn: 1, EndLine: i + 1, EndColumn: 5}})
				}
			}
		}
		return nil
	},
}

const policy = `version: 1
guard:
  - {name: payments, paths: ["pay/**"], approvals: 1, from: ["@bob"]}
`

// A world is a GitHub with one repository, and the server.
type world struct {
	t          *testing.T
	hub        *githubtest.GitHub
	app        *githubtest.App
	repo       *githubtest.Repo
	alice, bob *githubtest.User
	cfg        server.Config
	srv        *server.Server
	org        *githubtest.Org
	inst       *githubtest.Installation
	pulls      []*githubtest.Pull // opened by the test
	log        *lines
	scans      atomic.Int64 // how often the worker was asked
	clock      *clock       // everybody's; nil: the real one

	mu      sync.Mutex
	changed chan struct{}
}

// lines is a log that many goroutines write and the test reads.
type lines struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	wrote func()
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.wrote()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// database names a new database: PostgreSQL's in a test that has it in its name, and everywhere if REVIEWGATE_TEST_DATABASE says so; else SQLite's.
func database(t testing.TB) string {
	kind := "sqlite"
	if k := os.Getenv("REVIEWGATE_TEST_DATABASE"); k != "" {
		kind = k
	}
	for _, k := range storetest.Kinds {
		if strings.Contains(t.Name()+"/", "/"+k+"/") {
			kind = k
		}
	}
	return storetest.Name(t, kind)
}

func TestMain(m *testing.M) {
	if sandbox.IsWorker() {
		os.Exit(sandbox.Serve(func(in io.Reader, out io.Writer) error { return scan.Worker(in, out, all.Checks) }))
	}
	if path := os.Getenv(childConfig); path != "" {
		fmt.Fprintln(os.Stderr, serveAsChild(path))
		os.Exit(1)
	}
	storetest.Main(m)
}

// newWorld makes a world in which the App is installed on everything.
func newWorld(t *testing.T) *world {
	w := newEmptyWorld(t)
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	return w
}

// newEmptyWorld makes a world in which the App's server does not run, and the App is not installed.
func newEmptyWorld(t *testing.T) *world {
	w := newBareWorld(t, "acme", "shop", githubtest.RepoOptions{}, nil)
	w.alice, w.bob = w.hub.User("alice"), w.hub.User("bob")
	w.repo.SetRole(w.alice, "write")
	w.repo.SetRole(w.bob, "write")
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "begin", Branch: "main", Files: map[string]string{
		".github/reviewgate.yml": policy, "pay/card.go": "package pay\n", "README.md": "shop\n"}})
	must(t, err)
	w.protect()
	return w
}

// newBareWorld makes one whose repository is empty, and where nobody is. Now is everybody's clock; nil: the real one.
func newBareWorld(t *testing.T, owner, name string, opt githubtest.RepoOptions, now func() time.Time) *world {
	w := &world{t: t, changed: make(chan struct{}), log: new(lines)}
	w.log.wrote = w.signal
	var err error
	w.hub = githubtest.Start(t, githubtest.Options{LongTokens: true, Now: now, TokenNow: time.Now, Log: func(string) { w.signal() }})
	w.org = w.hub.Org(owner)
	w.repo, err = w.hub.NewRepo(w.org, name, opt)
	must(t, err)
	w.app, err = w.hub.NewApp(githubtest.AppOptions{Slug: "reviewgate", Owner: w.org, Permissions: github.Permissions(github.ManifestOptions{})})
	must(t, err)
	dir := t.TempDir()
	w.cfg = server.Config{
		Listen: "127.0.0.1:0", AppID: w.app.ID, PrivateKey: w.app.PrivateKeyPEM(), WebhookSecrets: [][]byte{[]byte(w.app.WebhookSecret())},
		GitHubURL: w.hub.URL(), APIURL: w.hub.APIURL(), Database: database(t), CacheDir: filepath.Join(dir, "cache"), Sandbox: sandbox.Off, Workers: 2, Version: "test",
		Checks: func([]*rules.Rule) ([]*checks.Check, error) { return []*checks.Check{flaw}, nil },
		Log:    zerolog.New(server.Redacting(w.log)), Pace: &github.Pace{}, Confirm: -1, LogLevel: zerolog.DebugLevel, Now: now,
		Reached: func(point string) {
			if point == "scan" {
				w.scans.Add(1)
			}
		},
	}
	t.Cleanup(func() {
		if w.srv != nil {
			w.stop()
		}
		for _, p := range w.pulls {
			w.nothingTwice(p)
		}
		if s := w.log.String(); strings.Contains(s, "ghs_") || strings.Contains(s, "ghp_") || strings.Contains(s, "PRIVATE KEY") || strings.Contains(s, "Bearer ") {
			t.Error("the log holds a secret")
		}
		if t.Failed() {
			for line := range strings.Lines(w.log.String()) {
				if !strings.Contains(line, `"level":"debug"`) {
					t.Log(strings.TrimSpace(line))
				}
			}
		}
	})
	return w
}

// protect makes our check on the default branch required.
func (w *world) protect() {
	w.repo.Protect("main", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "reviewgate", App: w.app}}, EnforceAdmins: true})
}

func (w *world) signal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
}

// nothingTwice asserts that a pull request has one check run per commit and name, one review of ours per commit, and no comment twice.
func (w *world) nothingTwice(p *githubtest.Pull) {
	w.t.Helper()
	heads := map[string]bool{p.Head(): true}
	reviews := map[string]int{}
	for _, r := range p.Reviews() {
		heads[r.CommitID] = true
		if r.Author == w.app.Bot.Login {
			reviews[r.CommitID]++
		}
	}
	for sha, n := range reviews {
		if n > 1 {
			w.t.Errorf("#%d: %d reviews of ours on %s", p.Number, n, sha)
		}
	}
	for sha := range heads {
		runs := map[string]int{}
		for _, r := range w.repo.AllCheckRuns(sha) {
			if r.App != w.app.Slug {
				continue
			}
			if runs[r.Name]++; runs[r.Name] > 1 {
				w.t.Errorf("#%d: two check runs %q on %s", p.Number, r.Name, sha)
			}
		}
	}
	comments := map[string]bool{}
	for _, c := range p.ReviewComments() {
		if key := fmt.Sprint(c.Path, c.Line, c.Body); comments[key] {
			w.t.Errorf("#%d: a comment twice: %s", p.Number, key)
		} else {
			comments[key] = true
		}
	}
}

func (w *world) start() {
	w.t.Helper()
	must(w.t, w.tryStart())
}

func (w *world) tryStart() error {
	w.t.Helper()
	var err error
	w.srv, err = server.New(w.cfg)
	must(w.t, err)
	if err := w.srv.Start(w.t.Context()); err != nil {
		return err
	}
	w.app.SetWebhook("http://"+w.srv.Addr()+"/webhook", "")
	return nil
}

func (w *world) stop() {
	w.t.Helper()
	if err := w.srv.Stop(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) open(branch string, files map[string]string) *githubtest.Pull {
	w.t.Helper()
	return w.openCommit(githubtest.Commit{Branch: branch, Files: files}, githubtest.PullOptions{})
}

// openCommit pushes a commit of alice's on a new branch and opens a pull request for it; what is set is taken as it is.
func (w *world) openCommit(c githubtest.Commit, opt githubtest.PullOptions) *githubtest.Pull {
	w.t.Helper()
	if c.Author == nil {
		c.Author = w.alice
	}
	if c.Message == "" {
		c.Message = "change"
	}
	if c.Parents == nil {
		c.Parents = []string{"main"}
	}
	_, err := w.repo.Commit(c)
	must(w.t, err)
	opt.Head, opt.Title = c.Branch, "Change"
	if opt.Base == "" {
		opt.Base = "main"
	}
	p, err := w.repo.OpenPull(c.Author, opt)
	must(w.t, err)
	w.pulls = append(w.pulls, p)
	return p
}

// push adds a commit of alice's to a branch.
func (w *world) push(branch string, files map[string]string) {
	w.t.Helper()
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "more", Branch: branch, Files: files})
	must(w.t, err)
}

// until waits for a condition, looking again after each request that GitHub answered and each line of the log.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			w.t.Fatalf("waited two minutes for: %s\n%s", what, w.checks())
		}
	}
}

// checks lists what the check runs on the heads of the test's pull requests say.
func (w *world) checks() string {
	var b strings.Builder
	for _, p := range w.pulls {
		for _, r := range w.repo.CheckRuns(p.Head()) {
			fmt.Fprintf(&b, "#%d %s: %s %s: %s\n%s\n", p.Number, r.Name, r.Status, r.Conclusion, r.Title, r.Summary)
		}
	}
	return b.String()
}

// says waits until the newest check run on the SHA says so.
func (w *world) says(sha, conclusion string) {
	w.t.Helper()
	w.until("check run "+conclusion+" on "+sha, func() bool {
		for _, r := range w.repo.CheckRuns(sha) {
			if r.Name == "reviewgate" && r.Conclusion == conclusion {
				return true
			}
		}
		return false
	})
}

func TestStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open("topic", map[string]string{"pay/card.go": "package pay\n\n// FLAW\n"})
	first := p.Head()
	w.says(first, "failure")
	if ok, _ := p.Mergeability(w.bob); ok {
		t.Error("it can be merged with a flaw")
	}
	if c := p.ReviewComments(); len(c) != 1 || c[0].Path != "pay/card.go" || c[0].Line != 3 {
		t.Errorf("comments: %+v", c)
	}
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "fix", Branch: "topic", Files: map[string]string{"pay/card.go": "package pay\n\n// fine\n"}})
	must(t, err)
	w.says(p.Head(), "action_required")
	w.says(first, "cancelled")
	review, err := p.Approve(w.bob)
	must(t, err)
	w.says(p.Head(), "success")
	must(t, p.Dismiss(w.alice, review.ID, "not yet"))
	w.says(p.Head(), "action_required")
	must(t, p.Close(w.alice))
	w.says(p.Head(), "cancelled")
	must(t, p.Reopen(w.alice))
	w.says(p.Head(), "action_required")
	_, err = p.Approve(w.bob)
	must(t, err)
	w.says(p.Head(), "success")
	must(t, p.Merge(w.bob))
	must(t, w.hub.Settle(t.Context()))
	if runs := w.repo.AllCheckRuns(p.Head()); len(runs) != 1 || runs[0].Conclusion != "success" {
		t.Errorf("check runs after the merge: %+v", runs)
	}
}

func TestRerunAndPolicyChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open("topic", map[string]string{"README.md": "the shop\n"})
	w.says(p.Head(), "success")
	run := w.repo.CheckRuns(p.Head())[0]
	before := updates(w, run.ID)
	must(t, w.repo.Rerequest(w.alice, run.ID))
	w.until("the check run is told again", func() bool { return updates(w, run.ID) >= before+2 })
	w.says(p.Head(), "success")
	w.repo.Unprotect("main")
	// A push to the default branch guards the file: the pull request is judged by the new policy.
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "guard it", Branch: "main", Files: map[string]string{
		".github/reviewgate.yml": policy + "  - {name: readme, paths: [\"README.md\"], approvals: 1, from: [\"@bob\"]}\n"}})
	must(t, err)
	w.says(p.Head(), "action_required")
}

// updates counts the changes of a check run.
func updates(w *world, id int64) (n int) {
	for _, r := range w.hub.Requests() {
		if r.Method == http.MethodPatch && strings.HasSuffix(r.Path, fmt.Sprint("/check-runs/", id)) && r.Status == http.StatusOK {
			n++
		}
	}
	return n
}

// Whatever goes wrong on the way, there is one check run and one review in the end.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]githubtest.Fault{
		"GitHub is down for a moment":       {{Path: "/repos/acme/shop/pulls/*", Kind: githubtest.BadGateway, Count: 2}},
		"the answer to a new check is lost": {{Method: "POST", Path: "/repos/acme/shop/check-runs", Kind: githubtest.AnswerLost}},
		"the answer to a review is lost":    {{Method: "POST", Path: "/repos/acme/shop/pulls/*/reviews", Kind: githubtest.AnswerLost}},
		"the answer to a review is cut":     {{Method: "POST", Path: "/repos/acme/shop/pulls/*/reviews", Kind: githubtest.Cut}},
		"the result is not taken":           {{Method: "PATCH", Path: "/repos/acme/shop/check-runs/*", Kind: githubtest.BadGateway}},
		"the answer to the result is lost":  {{Method: "PATCH", Path: "/repos/acme/shop/check-runs/*", Kind: githubtest.AnswerLost}},
		"a rate limit":                      {{Path: "/repos/acme/shop/pulls/*", Kind: githubtest.Secondary29, Delay: time.Second}},
		"git is down for a moment":          {{Path: "/acme/shop.git/**", Kind: githubtest.BadGateway}},
		"the answer to a review is lost and GitHub down": {
			{Method: "POST", Path: "/repos/acme/shop/pulls/*/reviews", Kind: githubtest.AnswerLost}, {Method: "GET", Path: "/repos/acme/shop/pulls/*/reviews", Nth: 3, Kind: githubtest.BadGateway}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, f := range faults {
				w.hub.Fault(f)
			}
			p := w.open("topic", map[string]string{"pay/card.go": "package pay\n\n// FLAW\n"})
			w.says(p.Head(), "failure")
			once(t, w, p)
		})
	}
}

func once(t *testing.T, w *world, p *githubtest.Pull) {
	t.Helper()
	if runs := w.repo.AllCheckRuns(p.Head()); len(runs) != 1 || runs[0].Annotations != 1 {
		t.Errorf("check runs: %+v", runs)
	}
	if c := p.ReviewComments(); len(c) != 1 {
		t.Errorf("comments: %+v", c)
	}
}

func TestWebhooksLostDoubledHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hub.HookFault(githubtest.HookFault{Event: "pull_request", Kind: githubtest.Doubled})
	w.hub.HookFault(githubtest.HookFault{Event: "pull_request_review", Kind: githubtest.Lost})
	p := w.open("topic", map[string]string{"pay/card.go": "package pay\n\n// fine\n"})
	w.says(p.Head(), "action_required")
	_, err := p.Approve(w.bob)
	must(t, err)
	must(t, w.hub.Settle(t.Context()))
	var lost int64
	for _, d := range w.app.Deliveries() {
		if d.Event == "pull_request_review" {
			lost = d.ID
		}
	}
	must(t, w.app.Redeliver(lost))
	w.says(p.Head(), "success")
	if runs := w.repo.AllCheckRuns(p.Head()); len(runs) != 1 {
		t.Errorf("check runs: %+v", runs)
	}
}

// A server that was stopped in the middle of its work goes on with it, and what came while it was away is in the database or at GitHub.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.hub.Fault(githubtest.Fault{Method: "POST", Path: "/repos/acme/shop/pulls/*/reviews", Kind: githubtest.Slow, Delay: 200 * time.Millisecond})
	p := w.open("topic", map[string]string{"pay/card.go": "package pay\n\n// FLAW\n"})
	select {
	case <-held.Hit():
	case <-time.After(2 * time.Minute):
		t.Fatal("no review was posted")
	}
	w.stop()
	w.start()
	w.says(p.Head(), "failure")
	once(t, w, p)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string]string{"/healthz": "200 alive\n", "/readyz": "200 ready\n", "/webhook": "405 only POST is answered here\n", "/other": "404 404 page not found\n"} {
		resp, err := http.Get("http://" + w.srv.Addr() + path)
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		must(t, resp.Body.Close())
		if got := fmt.Sprintf("%d %s", resp.StatusCode, body); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	second := w.cfg
	srv, err := server.New(second)
	must(t, err)
	if err := srv.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second server on the same database: %v", err)
	}
	second.Database, second.Listen = filepath.Join(t.TempDir(), "x.db"), w.srv.Addr()
	srv, err = server.New(second)
	must(t, err)
	if err := srv.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "REVIEWGATE_LISTEN") {
		t.Errorf("a port that is taken: %v", err)
	}
	must(t, srv.Stop())
	// A failed start leaves nothing behind.
	second.Listen = "127.0.0.1:0"
	srv, err = server.New(second)
	must(t, err)
	must(t, srv.Start(t.Context()))
	must(t, srv.Stop())
	must(t, srv.Stop())
	for _, change := range []func(*server.Config){
		func(c *server.Config) { c.Checks = nil },
		func(c *server.Config) { c.PrivateKey = []byte("x") },
		func(c *server.Config) { c.AppID = 0 },
		func(c *server.Config) { c.APIURL = "nowhere" },
	} {
		bad := w.cfg
		change(&bad)
		if _, err := server.New(bad); err == nil {
			t.Error("a broken configuration was taken")
		}
	}
}

// The points at which a test may end the process come in this order.
func TestReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stop()
	points := make(chan string, 100)
	w.cfg.Reached = func(p string) { points <- p }
	w.start()
	p := w.open("topic", map[string]string{"pay/card.go": "package pay\n\n// FLAW\n"})
	w.says(p.Head(), "failure")
	var got []string
	for len(got) < 8 {
		select {
		case p := <-points:
			got = append(got, p)
		case <-time.After(2 * time.Minute):
			t.Fatalf("only %q", got)
		}
	}
	want := []string{"before-send", "accepted", "scan", "decided", "before-send", "accepted", "before-send", "accepted"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
