package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
)

// scrapeTime bounds what a scrape asks the database for.
const scrapeTime = 5 * time.Second

// The metrics of one server. Names follow prometheus.io/docs/practices/naming; no label names a repository, a pull request or a commit.
type metrics struct {
	all       *prometheus.Registry
	ack       *prometheus.HistogramVec
	runs      *prometheus.CounterVec
	took      *prometheus.HistogramVec
	scanned   prometheus.Histogram
	decisions *prometheus.CounterVec
	layers    *prometheus.GaugeVec
}

func newMetrics(version string, role Role) *metrics {
	m := &metrics{
		all: prometheus.NewRegistry(),
		ack: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "reviewgate_webhook_ack_seconds", Help: "Time from a webhook's arrival to its answer, by the answer's status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}, []string{"code"}),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "reviewgate_job_runs_total", Help: "Runs of jobs, by what they are about and how they ended."}, []string{"kind", "result"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "reviewgate_job_duration_seconds", Help: "Time that a run of a job took.",
			Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 600}}, []string{"kind"}),
		scanned: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "reviewgate_scan_seconds", Help: "Time that a scan in the worker took.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "reviewgate_decisions_total", Help: "Decisions that were made, by state."}, []string{"state"}),
		layers:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "reviewgate_sandbox_layer", Help: "1: the layer of the worker's sandbox holds; 0: it is missing."}, []string{"layer"}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "reviewgate_build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": version, "role": string(role)}})
	info.Set(1)
	m.begin()
	m.all.MustRegister(m.ack, m.runs, m.took, m.scanned, m.decisions, m.layers, info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// begin has counters stand at zero from the first scrape on: to Prometheus, one that is born with its first failure has not increased.
func (m *metrics) begin() {
	for _, code := range []string{"202", "401", "503"} {
		m.ack.WithLabelValues(code)
	}
	for _, k := range []store.Key{{Number: 1}, {Number: store.QueueNumber}, {Number: store.SweepNumber}} {
		for _, result := range []string{"done", "again", "later", "failed", "gave_up"} {
			m.runs.WithLabelValues(kindOf(k), result)
		}
	}
	for _, state := range []gate.State{gate.Pass, gate.Block, gate.Pending, gate.Error} {
		m.decisions.WithLabelValues(string(state))
	}
}

// kindOf says what a job is about.
func kindOf(k store.Key) string {
	switch k.Number {
	case store.QueueNumber:
		return "merge_queue"
	case store.SweepNumber:
		return "sweep"
	}
	return "pull"
}

// timed measures a job.
func (m *metrics) timed(k store.Key, work func() error) error {
	start := time.Now()
	defer func() { m.took.WithLabelValues(kindOf(k)).Observe(time.Since(start).Seconds()) }()
	return work()
}

// sandboxed says which layers hold.
func (m *metrics) sandboxed(l sandbox.Layers) {
	for _, name := range l.Held {
		m.layers.WithLabelValues(name).Set(1)
	}
	for _, why := range l.Missing {
		name, _, _ := strings.Cut(why, ":")
		m.layers.WithLabelValues(name).Set(0)
	}
}

// hook measures the answers to webhooks.
func (m *metrics) hook(next http.Handler) http.Handler {
	return promhttp.InstrumentHandlerDuration(m.ack, next)
}

// A state is what is asked for when somebody looks: the queue, what was delivered, what is left of GitHub's requests.
type state struct {
	s    *Server
	hook *webhook.Handler
}

var (
	descDeliveries = prometheus.NewDesc("reviewgate_webhook_deliveries_total", "Webhooks of GitHub, by event, action and what became of them.", []string{"event", "action", "result"}, nil)
	descJobs       = prometheus.NewDesc("reviewgate_jobs", "Jobs that are not finished, by state.", []string{"state"}, nil)
	descBypasses   = prometheus.NewDesc("reviewgate_bypasses_total", "What came onto a governed branch without our success.", nil, nil)
	descDead       = prometheus.NewDesc("reviewgate_dead_letters", "What gave up and waits for somebody to see to it, by kind.", []string{"kind"}, nil)
	descRemaining  = prometheus.NewDesc("reviewgate_github_rate_remaining", "Requests to GitHub that are left of the hour, by installation, as its last answer said.", []string{"installation"}, nil)
	descAlarms     = prometheus.NewDesc("reviewgate_quality_alarms", "Alarms on the quality of an agent's output, by state.", []string{"state"}, nil)
	descSecret     = prometheus.NewDesc("reviewgate_secret_file_ok", "1: what the file of the secret holds is in force; 0: it is broken, and what it held before is.", []string{"secret"}, nil)
	descDatabase   = prometheus.NewDesc("reviewgate_database_up", "1: the database answered this scrape.", nil, nil)
)

// Describe names the metrics.
func (state) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descDeliveries, descJobs, descBypasses, descDead, descRemaining, descAlarms, descSecret, descDatabase} {
		out <- d
	}
}

// Collect asks for them.
func (st state) Collect(out chan<- prometheus.Metric) {
	for c, n := range st.hook.Counts() {
		out <- prometheus.MustNewConstMetric(descDeliveries, prometheus.CounterValue, float64(n), c.Event, c.Action, c.Result)
	}
	st.secrets(out)
	ctx, cancel := context.WithTimeout(st.s.ctx, scrapeTime)
	defer cancel()
	if err := st.database(ctx, out); err != nil {
		st.s.cfg.Log.Error().Err(err).Msg("measuring the database")
		out <- prometheus.MustNewConstMetric(descDatabase, prometheus.GaugeValue, 0)
		return
	}
	out <- prometheus.MustNewConstMetric(descDatabase, prometheus.GaugeValue, 1)
}

func (st state) secrets(out chan<- prometheus.Metric) {
	broken, _ := st.s.secrets.wrong()
	for name, path := range st.s.secrets.byName() {
		ok := 1.0
		if slices.Contains(broken, name) {
			ok = 0
		}
		if path != "" {
			out <- prometheus.MustNewConstMetric(descSecret, prometheus.GaugeValue, ok, name)
		}
	}
}

func (st state) database(ctx context.Context, out chan<- prometheus.Metric) error {
	depth, err := st.s.store.QueueDepth(ctx)
	if err != nil {
		return err
	}
	for _, name := range []string{"available", "pending", "retryable", "running", "scheduled"} {
		out <- prometheus.MustNewConstMetric(descJobs, prometheus.GaugeValue, float64(depth[name]), name)
	}
	bypasses, err := st.s.store.CountBypasses(ctx)
	if err != nil {
		return err
	}
	out <- prometheus.MustNewConstMetric(descBypasses, prometheus.CounterValue, float64(bypasses))
	open, ended, err := st.s.store.CountAlarms(ctx)
	if err != nil {
		return err
	}
	out <- prometheus.MustNewConstMetric(descAlarms, prometheus.GaugeValue, float64(open), "open")
	out <- prometheus.MustNewConstMetric(descAlarms, prometheus.GaugeValue, float64(ended), "ended")
	dead, err := st.s.store.CountDead(ctx)
	if err != nil {
		return err
	}
	for _, kind := range store.DeadKinds {
		out <- prometheus.MustNewConstMetric(descDead, prometheus.GaugeValue, float64(dead[kind]), kind)
	}
	list, err := st.s.store.Installations(ctx)
	if err != nil {
		return err
	}
	for _, id := range list {
		if q := st.s.app.Installation(id).Quota(); q.Limit > 0 {
			out <- prometheus.MustNewConstMetric(descRemaining, prometheus.GaugeValue, float64(q.Remaining), strconv.FormatInt(id, 10))
		}
	}
	return nil
}

// listenMetrics answers /metrics on an address of its own, because it is not for everybody who can reach the webhooks.
func (s *Server) listenMetrics(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Metrics)
	if err != nil {
		return fmt.Errorf("listening on %s (REVIEWGATE_METRICS): %w", s.cfg.Metrics, err)
	}
	s.metricsAddr = l.Addr().String()
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.all, promhttp.HandlerOpts{}))
	h := &http.Server{Handler: mux, ReadHeaderTimeout: closeTime, WriteTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(zerolog.NewSlogHandler(s.cfg.Log), slog.LevelWarn)}
	s.tasks.Go(func() {
		<-s.ctx.Done()
		_ = h.Close() // nobody waits for a last scrape
	})
	s.tasks.Go(func() {
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.cfg.Log.Error().Err(err).Msg("the listener of the metrics ended")
		}
	})
	return nil
}

// MetricsAddr is the address that metrics are answered on, "host:port"; "" where they are not.
func (s *Server) MetricsAddr() string { return s.metricsAddr }
