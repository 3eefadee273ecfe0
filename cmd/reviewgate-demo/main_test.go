package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/play"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/checks/all"
)

// childConfig names the file with the configuration of a server that runs as a child of the test, to be killed.
const childConfig = "REVIEWGATE_TEST_SERVER"

func TestMain(m *testing.M) {
	if sandbox.IsWorker() {
		os.Exit(sandbox.Serve(func(in io.Reader, out io.Writer) error {
			return play.Work(in, out, func(in io.Reader, out io.Writer) error { return scan.Worker(in, out, all.Checks) })
		}))
	}
	if path := os.Getenv(childConfig); path != "" {
		if err := serveAsChild(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestStory plays the story over HTTP in one process and asserts every step.
func TestStory(t *testing.T) {
	t.Parallel()
	output := filepath.Join(t.TempDir(), "story.json")
	var out, log bytes.Buffer
	if err := run(t.Context(), options{once: true, output: output, listen: "127.0.0.1:0", verbose: true}, &out, &log); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out.String(), log.String())
	}
	data, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	if err := json.Unmarshal(data, &steps); err != nil {
		t.Fatal(err)
	}
	wants := []struct {
		step, conclusion, title string
		comments                int
		mergeable               bool
	}{
		{"opened", "failure", "Blocked by 1 finding", 2, false},
		{"bot-approves", "failure", "Blocked by 1 finding", 2, false},
		{"fixed", "action_required", "@acme/security", 2, false},
		{"sponsor-approves", "action_required", "@acme/security", 2, false},
		{"human-approves", "success", "", 2, true},
	}
	if len(steps) != len(wants) {
		t.Fatalf("%d steps, want %d", len(steps), len(wants))
	}
	for i, want := range wants {
		got := steps[i]
		if got.Step != want.step || got.Conclusion != want.conclusion || !strings.Contains(got.Title, want.title) || len(got.Comments) != want.comments || got.Mergeable != want.mergeable {
			t.Errorf("step %d: %+v\nwant %+v", i, got, want)
		}
		if want.mergeable != (got.Merge == "merged") {
			t.Errorf("step %s: the merge button says %q", got.Step, got.Merge)
		}
	}
	for _, secret := range []string{"ghs_", "PRIVATE KEY", "Bearer "} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds a secret: %s", secret)
		}
	}
}

// TestKill plays the story with the server in a process of its own, and kills it in every scene: while the worker judges, between the decision and
// its delivery, and between GitHub's acceptance and our commit. Whatever happens, each scene ends as it should, and nothing is there twice.
func TestKill(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"scan", "worker", "decided", "before-send", "accepted"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			w, err := newWorld(options{listen: "127.0.0.1:0"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := w.close(); err != nil {
					t.Error(err)
				}
			})
			if point == "worker" {
				w.slowHead() // enough to judge that the worker can be caught at it
			}
			child := startChild(ctx, t, w, point)
			if err := w.install(ctx, child.addr); err != nil {
				t.Fatal(err)
			}
			kills := 0
			for _, s := range w.scenes() {
				if err := s.act(); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
				if child.reachesBefore(ctx, w, s) {
					kills++
					child.kill(t)
					child = startChild(ctx, t, w, "")
					w.app.SetWebhook("http://"+child.addr+"/webhook", "")
					redeliver(ctx, t, w)
				}
				if err := w.settled(ctx, s.conclusion); err != nil {
					t.Fatalf("%s after %d kills: %v\n%s", s.name, kills, err, child.log.String())
				}
				step := w.observe(s.name, s.what)
				if err := w.tryMerge(&step, s.merge); err != nil {
					t.Fatalf("%s: %v", s.name, err)
				}
				assertOnce(t, w, s.name)
				// The next scene is killed again.
				child.kill(t)
				child = startChild(ctx, t, w, point)
				w.app.SetWebhook("http://"+child.addr+"/webhook", "")
			}
			if kills == 0 {
				t.Errorf("the server never reached %q", point)
			}
			t.Logf("killed %d times at %q", kills, point)
			child.kill(t)
		})
	}
}

// assertOnce: one check run on each head, one review of ours per head with comments, no comment twice.
func assertOnce(t *testing.T, w *world, scene string) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range w.pull.ReviewComments() {
		key := fmt.Sprint(c.Path, c.Line, c.Body)
		if seen[key] {
			t.Errorf("%s: a comment is there twice: %s:%d", scene, c.Path, c.Line)
		}
		seen[key] = true
	}
	reviews := map[string]int{}
	for _, r := range w.pull.Reviews() {
		if r.Author == w.app.Bot.Login {
			reviews[r.CommitID]++
		}
	}
	for sha, n := range reviews {
		if n > 1 {
			t.Errorf("%s: %d reviews on %s", scene, n, sha)
		}
	}
	runs := 0
	for _, run := range w.repo.AllCheckRuns(w.pull.Head()) {
		if run.Name == "reviewgate" {
			runs++
		}
	}
	if runs != 1 {
		t.Errorf("%s: %d check runs on the head", scene, runs)
	}
}

// redeliver presses GitHub's button for every delivery that nobody took while the server was down.
func redeliver(ctx context.Context, t *testing.T, w *world) {
	t.Helper()
	if err := w.hub.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	taken := map[string]bool{}
	for _, d := range w.deliveries() {
		if d.Code/100 == 2 {
			taken[d.GUID] = true
		}
	}
	for _, d := range w.deliveries() {
		if !taken[d.GUID] && !d.Redelivery {
			taken[d.GUID] = true
			if err := w.app.Redeliver(d.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A child is the server in a process of its own.
type child struct {
	cmd     *exec.Cmd
	addr    string
	reached chan struct{} // closed when the child stands at its point
	log     *lockedBuffer
	killed  bool
}

// childFile is what the child is told: the parts of the configuration that differ between worlds.
type childFile struct {
	AppID                                 int64
	PrivateKey, Secret                    []byte
	GitHubURL, APIURL, Database, CacheDir string
	StopAt                                string // stand still at this point, once
}

func startChild(ctx context.Context, t *testing.T, w *world, stopAt string) *child {
	t.Helper()
	cfg := w.config()
	told, err := json.Marshal(childFile{
		AppID: cfg.AppID, PrivateKey: cfg.PrivateKey, Secret: cfg.WebhookSecrets[0], GitHubURL: cfg.GitHubURL, APIURL: cfg.APIURL,
		Database: cfg.Database, CacheDir: cfg.CacheDir, StopAt: stopAt,
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, told, 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{reached: make(chan struct{}), log: &lockedBuffer{}}
	c.cmd = exec.CommandContext(ctx, self)
	c.cmd.Env = append(os.Environ(), childConfig+"="+path)
	c.cmd.Stderr = c.log
	words, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.kill(t) })
	lines := bufio.NewScanner(words)
	if !lines.Scan() {
		t.Fatalf("the server did not start: %s", c.log.String())
	}
	c.addr = lines.Text()
	go func() {
		if lines.Scan() {
			close(c.reached)
		}
	}()
	if stopAt == "worker" {
		go c.watchForWorker()
	}
	return c
}

// watchForWorker stands in for a point: it ends when a worker runs below the child.
func (c *child) watchForWorker() {
	for c.cmd.ProcessState == nil {
		tasks, err := filepath.Glob("/proc/" + strconv.Itoa(c.cmd.Process.Pid) + "/task/*/children")
		if err != nil || len(tasks) == 0 {
			return
		}
		for _, task := range tasks {
			children, err := os.ReadFile(task)
			for pid := range strings.FieldsSeq(string(children)) {
				if args, _ := os.ReadFile("/proc/" + pid + "/cmdline"); err == nil && bytes.Contains(args, []byte("worker")) {
					close(c.reached)
					return
				}
			}
		}
	}
}

// reachesBefore tells which comes first: the child at its point, or the end of the scene.
func (c *child) reachesBefore(ctx context.Context, w *world, s scene) bool {
	done := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { done <- w.settled(ctx, s.conclusion) }()
	select {
	case <-c.reached:
		return true
	case <-done:
		return false
	}
}

func (c *child) kill(t *testing.T) {
	t.Helper()
	if c.killed {
		return
	}
	c.killed = true
	if err := c.cmd.Process.Kill(); err != nil {
		t.Errorf("killing the server: %v", err)
	}
	_ = c.cmd.Wait() // it says that it was killed
}

// serveAsChild is the child's main. It prints its address, and later a line when it stands still at the point that it was told.
func serveAsChild(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var told childFile
	if err := json.Unmarshal(data, &told); err != nil {
		return err
	}
	srv, err := server.New(server.Config{
		Listen: "127.0.0.1:0", AppID: told.AppID, PrivateKey: told.PrivateKey, WebhookSecrets: [][]byte{told.Secret}, GitHubURL: told.GitHubURL, APIURL: told.APIURL,
		Database: told.Database, CacheDir: told.CacheDir, Sandbox: sandbox.Auto, Workers: 2, Version: "test", Checks: all.Checks, Log: zerolog.New(os.Stderr), Pace: &github.Pace{},
		Reached: func(point string) {
			if point == told.StopAt {
				fmt.Println(point)
				select {} // until it is killed
			}
		},
	})
	if err != nil {
		return err
	}
	if err := srv.Start(context.Background()); err != nil {
		return err
	}
	fmt.Println(srv.Addr())
	select {}
}

// slowHead adds a file that takes the worker a while.
func (w *world) slowHead() {
	var b strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&b, "def f%d(a, b):\n    return [a + %d, b * %d]\n\n", i, i, i)
	}
	for _, state := range []string{"head", "fix"} {
		files := map[string]string{"shop/generated_prices.py": b.String()}
		for path, content := range w.files[state] {
			files[path] = content
		}
		w.files[state] = files
	}
}

// A lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.buf.String()
	return s[max(0, len(s)-8000):]
}
