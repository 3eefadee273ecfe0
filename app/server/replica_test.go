package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// TestReplicaRoles has one process take webhooks and two take jobs, on one database.
func TestReplicaRoles(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.cfg.Database, w.cfg.Sweep = storetest.Postgres(t), -1
	var workers []*server.Server
	for range 2 {
		cfg := w.cfg
		cfg.Role, cfg.CacheDir = server.Worker, t.TempDir()
		srv, err := server.New(cfg)
		must(t, err)
		must(t, srv.Start(t.Context()))
		workers = append(workers, srv)
	}
	w.cfg.Role = server.Web
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	p := w.open("topic", pay)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	must(t, workers[0].Stop()) // the other one goes on
	w.approve(p, w.bob)
	w.expect(p, "success", "Approved: 1 guard holds")
	must(t, workers[1].Stop())

	// Nothing is done while no process takes jobs, and everything once one does.
	w.push("topic", map[string]string{"pay/card.go": "package pay // rewritten\n"})
	w.until("the push is written down", func() bool { return strings.Count(w.log.String(), `"action":"synchronize"`) > 0 })
	w.stop()
	w.cfg.Role = server.All
	w.start()
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
}

// TestReplicaRefused names what cannot be.
func TestReplicaRefused(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	for role, want := range map[server.Role]string{server.Web: "needs a database that processes can share", "both": "none of all, web, worker"} {
		cfg := w.cfg
		cfg.Role, cfg.Database = role, "reviewgate.db"
		if _, err := server.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", role, err)
		}
	}
}

// A writing transport notes when something is written for an installation.
type writing struct {
	mu *sync.Mutex
	at *[]time.Time
	by *[]int
	me int
}

func (w writing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "/access_tokens") && !strings.HasSuffix(r.URL.Path, "/graphql") && strings.Contains(r.URL.Path, "/repos/") {
		w.mu.Lock()
		*w.at, *w.by = append(*w.at, time.Now()), append(*w.by, w.me)
		w.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestReplicaPace: two processes together write no faster for an installation than one may.
func TestReplicaPace(t *testing.T) {
	t.Parallel()
	const gap = 700 * time.Millisecond
	w := newEmptyWorld(t)
	w.cfg.Database, w.cfg.Sweep, w.cfg.Pace, w.cfg.Workers = storetest.Postgres(t), -1, &github.Pace{Write: gap}, 1
	var mu sync.Mutex
	var at []time.Time
	var by []int
	for i := range 2 {
		cfg := w.cfg
		cfg.Role, cfg.CacheDir, cfg.HTTP = server.Worker, t.TempDir(), &http.Client{Transport: writing{&mu, &at, &by, i}}
		srv, err := server.New(cfg)
		must(t, err)
		must(t, srv.Start(t.Context()))
		defer func() { must(t, srv.Stop()) }()
	}
	w.cfg.Role = server.Web
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	var pulls []*githubtest.Pull
	for i := range 6 {
		pulls = append(pulls, w.open(fmt.Sprint("topic", i), map[string]string{"pay/card.go": fmt.Sprint("package pay // ", i)}))
	}
	for _, p := range pulls {
		w.expect(p, "action_required")
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Contains(by, 0) || !slices.Contains(by, 1) {
		t.Fatalf("one process did it all: %v", by)
	}
	took, least := at[len(at)-1].Sub(at[0]), time.Duration(len(at)-2)*gap
	t.Logf("%d writes by two processes in %v; at the pace of one at least %v", len(at), took, least)
	if took < least {
		t.Error("they write faster than one may")
	}
}
