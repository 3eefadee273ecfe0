package server_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/all"
	"github.com/reviewgate-app/reviewgate/rules"
)

// childConfig names the file with the configuration of a server that runs as a child of the test, to be killed.
const childConfig = "REVIEWGATE_TEST_SERVER"

// childFile is what a child is told: the parts of the configuration that differ between worlds.
type childFile struct {
	AppID                                 int64
	PrivateKey, Secret                    []byte
	GitHubURL, APIURL, Database, CacheDir string
	Sweep, Dead                           time.Duration
	Workers                               int
	Real                                  bool   // all checks, in the sandbox
	StopAt                                string // stand still at this point, for ever
}

// serveAsChild is the child's main. It prints its address, and a line when it stands still at the point that it was told.
func serveAsChild(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var told childFile
	if err := json.Unmarshal(data, &told); err != nil {
		return err
	}
	cfg := server.Config{
		Listen: "127.0.0.1:0", AppID: told.AppID, PrivateKey: told.PrivateKey, WebhookSecrets: [][]byte{told.Secret}, GitHubURL: told.GitHubURL, APIURL: told.APIURL,
		Database: told.Database, CacheDir: told.CacheDir, Sandbox: sandbox.Off, Workers: told.Workers, Version: "test", Sweep: told.Sweep, Dead: told.Dead,
		Checks: func([]*rules.Rule) ([]*checks.Check, error) { return []*checks.Check{flaw}, nil },
		Log:    zerolog.New(server.Redacting(os.Stderr)), Pace: &github.Pace{}, Confirm: -1,
		Reached: func(point string) {
			if point == told.StopAt {
				fmt.Println(point)
				select {} // until it is killed
			}
		},
	}
	if told.Real {
		cfg.Sandbox, cfg.Checks = sandbox.Auto, all.Checks
	}
	srv, err := server.New(cfg)
	if err != nil {
		return err
	}
	if err := srv.Start(context.Background()); err != nil {
		return err
	}
	fmt.Println(srv.Addr())
	_, err = io.Copy(io.Discard, os.Stdin) // until the test is gone, however it ended
	return err
}

// A child is a server in a process of its own.
type child struct {
	cmd     *exec.Cmd
	addr    string
	log     string
	reached chan struct{} // closed when it stands at its point
	dead    bool
}

// child starts one. change may change what it is told.
func (w *world) child(change func(*childFile)) *child {
	w.t.Helper()
	told := childFile{AppID: w.cfg.AppID, PrivateKey: w.cfg.PrivateKey, Secret: w.cfg.WebhookSecrets[0], GitHubURL: w.cfg.GitHubURL, APIURL: w.cfg.APIURL,
		Database: w.cfg.Database, CacheDir: w.cfg.CacheDir, Sweep: w.cfg.Sweep, Workers: 3}
	change(&told)
	data, err := json.Marshal(told)
	must(w.t, err)
	dir := w.t.TempDir()
	path := filepath.Join(dir, "config.json")
	must(w.t, os.WriteFile(path, data, 0o600))
	self, err := os.Executable()
	must(w.t, err)
	c := &child{log: filepath.Join(dir, "log"), reached: make(chan struct{})}
	log, err := os.Create(c.log)
	must(w.t, err)
	defer log.Close()
	c.cmd = exec.CommandContext(w.t.Context(), self)
	c.cmd.Env, c.cmd.Stderr = append(os.Environ(), childConfig+"="+path), log
	words, err := c.cmd.StdoutPipe()
	must(w.t, err)
	_, err = c.cmd.StdinPipe()
	must(w.t, err)
	must(w.t, c.cmd.Start())
	w.t.Cleanup(func() { c.kill() })
	lines := bufio.NewScanner(words)
	if !lines.Scan() {
		w.t.Fatalf("the server did not start: %s", c.tail())
	}
	c.addr = lines.Text()
	go func() {
		if lines.Scan() {
			close(c.reached)
		}
	}()
	return c
}

func (c *child) kill() {
	if !c.dead {
		c.dead = true
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait() // it says that it was killed
	}
}

// tail is the end of the child's log.
func (c *child) tail() string {
	data, _ := os.ReadFile(c.log)
	return string(data[max(0, len(data)-6000):])
}

// TestKill works on several pull requests at a time, and kills the server at random moments again and again; on PostgreSQL there are two servers, and
// at times it is every connection to the database that is cut. No webhook is sent again by hand: what fell into a gap the server has to find out itself.
// In the end every pull request that is open has the answer that it must have, everything was told once, and no head was ever green that must not be.
//
// REVIEWGATE_KILLS is the number of kills on each database (8), REVIEWGATE_SEED makes a run of the same actions. `make kills` has the long run.
func TestKill(t *testing.T) {
	t.Parallel()
	kills, seed := 8, uint64(time.Now().UnixNano())
	for name, set := range map[string]func(n uint64){"REVIEWGATE_KILLS": func(n uint64) { kills = int(n) }, "REVIEWGATE_SEED": func(n uint64) { seed = n }} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.ParseUint(text, 10, 63)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			set(n)
		}
	}
	storetest.Each(t, func(t *testing.T, kind string) {
		w := newEmptyWorld(t)
		w.cfg.Sweep = 2 * time.Second
		s := &storm{world: w, kind: kind, rnd: rand.New(rand.NewPCG(seed, 0)), green: map[string]bool{}, heads: map[string]*githubtest.Pull{}}
		t.Logf("seed %d", seed)
		s.begin()
		for range kills {
			for range 1 + s.rnd.IntN(3) {
				s.act()
			}
			s.kill()
			s.never()
		}
		s.end()
	})
}

// A storm is a world in which much happens, and servers die.
type storm struct {
	*world
	kind   string
	rnd    *rand.Rand
	tracks []*track
	all    []*child // the servers that live, and those that lived
	live   []*child
	green  map[string]bool             // heads that may be green at some time
	heads  map[string]*githubtest.Pull // every head that there was

	killed, cut, acts int
}

// A track is a pull request, and what has to become of it.
type track struct {
	p        *githubtest.Pull
	branch   string
	pay      string   // what it makes of the guarded file; "": nothing
	flaws    []string // files of it that have a flaw
	approved string   // what of the guarded file was approved
	review   int64
	touches  int
}

// wants is the conclusion that the check on the head must have.
func (k *track) wants() string {
	switch {
	case len(k.flaws) > 0:
		return "failure"
	case k.pay != "" && k.approved != k.pay:
		return "action_required"
	}
	return "success"
}

func (s *storm) begin() {
	servers := map[string]int{"sqlite": 1, "postgres": 2}[s.kind]
	for range servers {
		s.add()
	}
	s.app.SetWebhook("http://"+s.live[0].addr+"/webhook", "")
	s.inst = s.app.Install(s.org, s.alice)
	for range 4 {
		s.open()
	}
}

func (s *storm) add() {
	s.t.Helper()
	c := s.child(func(f *childFile) { f.Dead = time.Second })
	s.all, s.live = append(s.all, c), append(s.live, c)
}

func (s *storm) open() {
	n := len(s.tracks)
	k := &track{branch: fmt.Sprintf("topic-%d", n), pay: fmt.Sprintf("package pay // by %d\n", n)}
	k.p = s.world.open(k.branch, map[string]string{"pay/card.go": k.pay})
	s.tracks = append(s.tracks, k)
	s.note(k)
}

// note remembers which heads there were, and which of them may be green.
func (s *storm) note(k *track) {
	s.heads[k.p.Head()] = k.p
	if k.wants() == "success" {
		s.green[k.p.Head()] = true
	}
}

// act does what one of the people does, by chance.
func (s *storm) act() {
	s.t.Helper()
	s.acts++
	k := s.tracks[s.rnd.IntN(len(s.tracks))]
	k.touches++
	what := s.rnd.IntN(10)
	switch {
	case k.p.State() == "closed":
		must(s.t, k.p.Reopen(s.alice))
	case what == 0 && len(s.tracks) < 12:
		s.open()
	case what == 1:
		must(s.t, k.p.Close(s.alice))
	case what <= 4:
		r, err := k.p.Approve(s.bob)
		must(s.t, err)
		k.approved, k.review = k.pay, r.ID
	case what == 5 && k.approved != "":
		must(s.t, k.p.Dismiss(s.alice, k.review, "not yet"))
		k.approved = ""
	case what == 6:
		k.pay = fmt.Sprintf("package pay // by %s, %d\n", k.branch, k.touches)
		s.push(k.branch, map[string]string{"pay/card.go": k.pay})
	case what == 7 && len(k.flaws) == 0:
		name := fmt.Sprintf("flaw-%d.txt", k.touches)
		k.flaws = append(k.flaws, name)
		s.push(k.branch, map[string]string{name: "FLAW\n"})
	case len(k.flaws) > 0:
		s.push(k.branch, map[string]string{k.flaws[0]: "mended\n"})
		k.flaws = nil
	default:
		s.push(k.branch, map[string]string{"README.md": fmt.Sprintf("%s, %d\n", k.branch, k.touches)})
	}
	s.note(k)
}

// kill waits for a random part of a second or two, and kills one of the servers, or cuts all connections to the database.
func (s *storm) kill() {
	s.t.Helper()
	longest := map[string]int{"sqlite": 900, "postgres": 1800}[s.kind]
	select {
	case <-time.After(time.Duration(s.rnd.IntN(longest)) * time.Millisecond):
	case <-s.t.Context().Done():
		s.t.Fatal(s.t.Context().Err())
	}
	if s.kind == "postgres" && s.rnd.IntN(3) == 0 {
		s.cut++
		db, err := sql.Open("pgx", s.cfg.Database)
		must(s.t, err)
		defer db.Close()
		_, err = db.ExecContext(s.t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		must(s.t, err)
		return
	}
	s.killed++
	n := s.rnd.IntN(len(s.live))
	s.live[n].kill()
	s.live = append(s.live[:n], s.live[n+1:]...)
	s.add()
	s.app.SetWebhook("http://"+s.live[s.rnd.IntN(len(s.live))].addr+"/webhook", "")
}

// never asserts that no head is green that must not be, or has two check runs.
func (s *storm) never() {
	s.t.Helper()
	for sha := range s.heads {
		ours := 0
		for _, r := range s.repo.AllCheckRuns(sha) {
			if r.App != s.app.Slug {
				continue
			}
			if ours++; r.Conclusion == "success" && !s.green[sha] {
				s.t.Errorf("%s was green", sha)
			}
		}
		if ours > 1 {
			s.t.Errorf("%s has %d check runs", sha, ours)
		}
	}
}

func (s *storm) end() {
	s.t.Helper()
	s.t.Cleanup(func() {
		if s.t.Failed() {
			for _, c := range s.live {
				s.t.Log(c.tail())
			}
		}
	})
	must(s.t, s.hub.Settle(s.t.Context()))
	for _, k := range s.tracks {
		if k.p.State() != "open" {
			continue
		}
		s.until(fmt.Sprintf("#%d: %s", k.p.Number, k.wants()), func() bool {
			r := s.run(k.p, "reviewgate")
			return r.Status == "completed" && r.Conclusion == k.wants()
		})
	}
	s.until("everything is told", func() bool { return s.ask(`SELECT count(*) FROM outbox WHERE state = 'pending'`) == 0 })
	s.never()
	for _, c := range s.all {
		c.kill()
		data, err := os.ReadFile(c.log)
		must(s.t, err)
		if text := string(data); strings.Contains(text, "ghs_") || strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, "Bearer ") {
			s.t.Error("a log holds a secret")
		}
	}
	// What only a webhook says has arrived, each once.
	sent, again := map[string]bool{}, 0
	for _, d := range s.app.Deliveries() {
		if d.Redelivery {
			again++
		}
		if d.Event != "pull_request_review" && d.Event != "pull_request" || d.Action == "dismissed" || d.Action == "edited" {
			continue
		}
		if sent[d.GUID] {
			continue
		}
		sent[d.GUID] = true
		if n := s.ask(`SELECT count(*) FROM deliveries WHERE guid = '` + d.GUID + `'`); n != 1 {
			s.t.Errorf("%s %s is there %d times", d.Event, d.Action, n)
		}
	}
	s.t.Logf("%d servers killed, connections to the database cut %d times; %d actions on %d pull requests, %d heads; %d deliveries of them, %d sent again",
		s.killed, s.cut, s.acts, len(s.tracks), len(s.heads), len(sent), again)
}

// ask reads a number from the database.
func (s *storm) ask(query string) (n int) {
	s.t.Helper()
	driver := map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[s.kind]
	db, err := sql.Open(driver, s.cfg.Database)
	must(s.t, err)
	defer db.Close()
	must(s.t, db.QueryRowContext(s.t.Context(), query).Scan(&n))
	return n
}

// TestKillReplica kills one of two servers for good while it works on a pull request. The other one takes the work over within a minute.
func TestKillReplica(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.cfg.Database, w.cfg.Sweep = storetest.Postgres(t), -1
	first := w.child(func(f *childFile) { f.StopAt = "scan" })
	w.app.SetWebhook("http://"+first.addr+"/webhook", "")
	w.inst = w.app.Install(w.org, w.alice)
	p := w.open("topic", pay)
	select {
	case <-first.reached:
	case <-time.After(time.Minute):
		t.Fatalf("it was never at work: %s", first.tail())
	}
	second := w.child(func(*childFile) {})
	w.app.SetWebhook("http://"+second.addr+"/webhook", "")
	first.kill()
	start := time.Now()
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	took := time.Since(start)
	t.Logf("its work moved in %s", took.Round(100*time.Millisecond))
	if took > time.Minute {
		t.Errorf("its work moved in %s, over a minute", took)
	}
	w.approve(p, w.bob)
	w.expect(p, "success", "Approved: 1 guard holds")
}
