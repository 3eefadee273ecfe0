package server_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// TestMetrics reads what a server that judged a pull request says of itself, as Prometheus does.
func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.cfg.Metrics = "127.0.0.1:0"
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.idle()
	text := w.get("http://" + w.srv.MetricsAddr() + "/metrics")
	for _, want := range []string{
		`reviewgate_webhook_deliveries_total{action="opened",event="pull_request",result="accepted"} 1`,
		`reviewgate_webhook_ack_seconds_count{code="202"} `,
		`reviewgate_job_runs_total{kind="pull",result="done"} `,
		`reviewgate_job_duration_seconds_count{kind="pull"} `,
		`reviewgate_scan_seconds_count 1`,
		`reviewgate_decisions_total{state="pending"} `,
		`reviewgate_jobs{state="available"} 0`,
		`reviewgate_bypasses_total 0`,
		`reviewgate_dead_letters{kind="deed"} 0`,
		`reviewgate_github_rate_remaining{installation="`,
		`reviewgate_database_up 1`,
		`reviewgate_build_info{role="all",version="test"} 1`,
		"process_resident_memory_bytes",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, "shop") || strings.Contains(text, p.Head()) {
		t.Error("the metrics name a repository or a commit")
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	// They are not answered where everybody can reach the webhooks.
	if r, err := http.Get("http://" + w.srv.Addr() + "/metrics"); err != nil || r.StatusCode != http.StatusNotFound {
		t.Errorf("on the public address: %v, %v", r.StatusCode, err)
	} else {
		must(t, r.Body.Close())
	}
}

func (w *world) get(address string) string {
	w.t.Helper()
	r, err := http.Get(address)
	must(w.t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	must(w.t, err)
	if r.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s", address, r.Status)
	}
	return string(body)
}
