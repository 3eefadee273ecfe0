package server_test

import (
	"strings"
	"testing"

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
