package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/registry"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/server/internal/setup"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/trace"
	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

// Times of the server.
const (
	closeTime  = 10 * time.Second // for requests that are being answered when the server stops
	stopTime   = 30 * time.Second // for jobs that are running then
	pruneEvery = 24 * time.Hour
	turnsFor   = 4 // pull requests of one installation that have a job at a time, for each worker of a process
)

// A Server is one running App.
type Server struct {
	cfg    Config
	app    *github.App
	checks []*checks.Check

	store    *store.Store
	queue    *jobs.Jobs
	reviewer *review.Reviewer
	box      outbox
	// recovered is when GitHub's log of deliveries was last read.
	recovered time.Time
	http      *http.Server
	addr      string
	draining  atomic.Bool
	stopped   bool
	serving   chan error // the listener's end
	ctx       context.Context
	cancel    context.CancelFunc
	tasks     sync.WaitGroup
	bindings  bindings
	metrics   *metrics
	secrets   *secrets
	tracer    *trace.Tracer // nil: no traces are made
	notary    notary

	metricsAddr string
	layers      sandbox.Layers // of the worker, as they were tried at the start
}

// New checks the configuration and puts the server together. It opens nothing and asks nobody; Start does.
func New(cfg Config) (*Server, error) {
	if cfg.Checks == nil {
		return nil, errors.New("server: no checks were given")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Reached == nil {
		cfg.Reached = func(string) {}
	}
	if cfg.Confirm == 0 {
		cfg.Confirm = time.Minute
	}
	if cfg.Sweep == 0 {
		cfg.Sweep = sweepEvery
	}
	if cfg.Settled == 0 {
		cfg.Settled = settled
	}
	cfg.Keep.fill()
	if cfg.Role == "" {
		cfg.Role = All
	}
	if !slices.Contains([]Role{All, Web, Worker}, cfg.Role) {
		return nil, fmt.Errorf("the configuration of the server: the role %q is none of all, web, worker", cfg.Role)
	}
	if cfg.Role != All && !store.IsPostgres(cfg.Database) {
		return nil, fmt.Errorf("the configuration of the server: the role %q needs a database that processes can share; set database (REVIEWGATE_DATABASE) to the address of a PostgreSQL server, or leave the role out", cfg.Role)
	}
	if cfg.Version == "" {
		cfg.Version = "unknown"
	}
	if cfg.LoopbackPages && !loopback(cfg.Listen) {
		return nil, fmt.Errorf("the configuration of the server: the pages are to be served without sign-in, and %q can be reached from elsewhere", cfg.Listen)
	}
	cfg.Log = cfg.Log.Level(max(cfg.LogLevel, cfg.Log.GetLevel())).Hook(trace.Hook{})
	cfg.HTTP = traced(cfg.HTTP)
	s := &Server{serving: make(chan error, 1)}
	app, err := github.New(github.Options{Share: s.share, AppID: cfg.AppID, PrivateKey: cfg.PrivateKey, APIURL: cfg.APIURL, WebURL: cfg.GitHubURL, HTTP: cfg.HTTP, Now: cfg.Now, Pace: cfg.Pace, Log: cfg.Log})
	if err != nil {
		return nil, fmt.Errorf("the configuration of the server: %w", err)
	}
	// The coded checks; rules add none that look beyond the changed files.
	coded, err := cfg.Checks(nil)
	if err != nil {
		return nil, fmt.Errorf("listing the checks: %w", err)
	}
	notary, err := newNotary(cfg.RecordsKey, cfg.RecordsOldKeys)
	if err != nil {
		return nil, fmt.Errorf("the configuration of the server: %w", err)
	}
	s.cfg, s.app, s.notary, s.checks, s.metrics = cfg, app, notary, coded, newMetrics(cfg.Version, cfg.Role)
	s.secrets = newSecrets(&s.cfg, app)
	return s, nil
}

// share gives a write its moment among those of all processes. It is asked once the server has started.
func (s *Server) share(ctx context.Context, installation int64, p github.SharedPace) (time.Duration, bool, error) {
	return s.store.NextWrite(ctx, installation, store.Pace(p))
}

// Start opens the database, begins to take jobs, and listens. When it answers nil, Addr can be asked. ctx bounds the start; the server
// runs until Stop.
func (s *Server) Start(ctx context.Context) (err error) {
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	if s.cfg.Role != Web {
		if err := s.tryWorker(ctx); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(s.cfg.CacheDir, 0o700); err != nil {
		return fmt.Errorf("making the cache folder: %w", err)
	}
	if err := s.startTraces(ctx); err != nil {
		return err
	}
	if s.store, err = store.Open(ctx, s.cfg.Database); err != nil {
		return err
	}
	if err := s.tellSettings(ctx); err != nil {
		return err
	}
	logger := slog.New(zerolog.NewSlogHandler(s.cfg.Log))
	box := &jobs.Outbox{Store: s.store, Sender: tracedSender{sender{s.app, s.store, s.cfg.PublicURL}, s.tracer}, Log: logger, Now: s.cfg.Now,
		Reached: func(_ context.Context, point string, _ store.Deed) { s.cfg.Reached(point) }, Hold: s.hold}
	// The queue is made below: its work is the review, and the review puts work into it.
	wake := func(ctx context.Context, tx *store.Tx, k store.Key, at time.Time) error {
		return s.queue.Wake(ctx, tx, k, at.Sub(s.cfg.Now()), at)
	}
	s.box = outbox{box, wake}
	ask, lookUp := s.lookUps()
	s.reviewer = review.New(review.Options{
		GitHub: func(id int64) review.GitHub { return s.app.Installation(id) },
		Fetch:  s.fetch,
		Scan: func(ctx context.Context, in *scan.Input) (*scan.Result, error) {
			start := time.Now()
			defer func() { s.metrics.scanned.Observe(time.Since(start).Seconds()) }()
			return s.traceScan(ctx, in, func(ctx context.Context) (*scan.Result, error) {
				return scan.Run(ctx, in, s.cfg.Checks, scan.Options{Sandbox: s.cfg.Sandbox})
			})
		},
		Checks: s.checks, Ask: ask, LookUp: lookUp,
		Store: records{s.store, func(ctx context.Context, tx *store.Tx, keys []store.Key) error { return s.queue.Enqueue(ctx, tx, keys) }, s.cfg.Now, wake,
			func(state gate.State) { s.metrics.decisions.WithLabelValues(string(state)).Inc() }, s.cfg.Costs, s.tracer, s.signDecision},
		Outbox: s.box, Now: s.cfg.Now, Tool: report.Tool{Name: "reviewgate", Version: s.cfg.Version},
		FloorRequired: s.cfg.FloorRequired, Log: s.cfg.Log, Reached: s.cfg.Reached, Number: s.store.NextJudgement, Seen: s.seen, Merged: s.merged, Foreign: s.foreign, Unheld: s.unheld,
	})
	workers := s.cfg.Workers
	if s.cfg.Role == Web {
		workers = -1
	}
	queue, err := jobs.New(ctx, s.store, jobs.Options{
		Workers: workers, Window: turnsFor * s.cfg.Workers, Stop: stopTime, Dead: s.cfg.Dead,
		Log: slog.New(zerolog.NewSlogHandler(s.cfg.Log.Level(max(zerolog.WarnLevel, s.cfg.LogLevel)))), // the queue tells its whole life

		Begin: s.traceJob,
		Work: func(ctx context.Context, k store.Key, want int64) error {
			return s.metrics.timed(k, func() error { return s.work(ctx, k, want) })
		},
		Done: func(k store.Key, result string) {
			s.metrics.runs.WithLabelValues(kindOf(k), strings.ReplaceAll(result, " ", "_")).Inc()
		},
		GiveUp: func(ctx context.Context, k store.Key, want int64, cause error) error {
			ref, err := s.ref(ctx, k, want)
			if err != nil {
				return err
			}
			if k.Number == store.SweepNumber {
				s.cfg.Log.Error().Ctx(ctx).Int64("repo_id", k.RepoID).Str("error", github.Redact(cause.Error())).Msg("a sweep failed; the next one begins anew")
				return nil
			}
			if k.Number == store.QueueNumber {
				return s.reviewer.QueueGiveUp(ctx, ref, cause)
			}
			return s.reviewer.GiveUp(ctx, ref, cause)
		},
		Find: func(ctx context.Context, what jobs.Search) error { return s.limits(s.find(ctx, what)) },
	})
	if err != nil {
		return err
	}
	s.queue = queue
	hook, err := webhook.New(s.cfg.WebhookSecrets, s.cfg.AppID, s.inbox(), s.cfg.Log, s.cfg.Now)
	if err != nil {
		return err
	}
	s.secrets.attach(hook)
	hook.Begin = s.traceDelivery
	if err := s.rememberKeys(ctx); err != nil {
		return err
	}
	if err := s.hello(ctx); err != nil {
		return err
	}
	if err := queue.Start(ctx); err != nil {
		return err
	}
	s.tasks.Go(s.rereads)
	if s.cfg.Role != Web {
		s.tasks.Go(s.prune)
		s.tasks.Go(s.learn)
		s.tasks.Go(s.sweeps)
	}
	s.tasks.Go(s.beats)
	if err := s.metrics.all.Register(state{s, hook}); err != nil {
		return fmt.Errorf("preparing the metrics: %w", err)
	}
	if s.cfg.Metrics != "" {
		if err := s.listenMetrics(ctx); err != nil {
			return err
		}
	}
	return s.listen(ctx, hook)
}

func (s *Server) inbox() inbox { return inbox{s.store, s.queue, max(s.cfg.Confirm, 0)} }

// lookUps puts together who is asked for packages; nil, nil: nobody.
func (s *Server) lookUps() (ask func(context.Context, *scan.Input) ([]checks.Package, error), lookUp func(context.Context, []checks.Package, []string) checks.Facts) {
	cfg := s.cfg.Registry
	if !cfg.Given() {
		return nil, nil
	}
	cfg.CacheDir, cfg.Version, cfg.Now = filepath.Join(s.cfg.CacheDir, "registry"), s.cfg.Version, s.cfg.Now
	cfg.Tell = func(what string) {
		s.cfg.Log.Warn().Str("what", what).Msg("a package or its advisories could not be looked up")
	}
	r := registry.New(cfg)
	return func(ctx context.Context, in *scan.Input) ([]checks.Package, error) {
			return scan.Ask(ctx, in, s.cfg.Checks, scan.Options{Sandbox: s.cfg.Sandbox})
		}, func(ctx context.Context, asked []checks.Package, private []string) checks.Facts {
			return r.Facts(ctx, asked, private...)
		}
}

// work does the job of one key.
func (s *Server) work(ctx context.Context, k store.Key, want int64) error {
	ref, err := s.ref(ctx, k, want)
	if err != nil {
		return err
	}
	switch k.Number {
	case store.QueueNumber:
		return s.limits(s.reviewer.Queue(ctx, ref))
	case store.SweepNumber:
		return s.limits(s.sweep(ctx, ref))
	}
	if err := s.spare(ctx, ref); err != nil {
		return err
	}
	return s.limits(s.reviewer.Pull(ctx, ref))
}

// ref reads what a job is about. want is the generation that it answers.
func (s *Server) ref(ctx context.Context, k store.Key, want int64) (review.Ref, error) {
	p, err := s.store.Pull(ctx, k)
	ref := review.Ref{Installation: p.Repo.Installation, RepoID: k.RepoID, Owner: p.Repo.Owner, Name: p.Repo.Name, Number: k.Number, Generation: want, Forced: p.Forced > p.Done}
	if p.Asked > p.Done {
		ref.Asked, ref.Asker = p.Asked, p.Asker
	}
	return ref, err
}

// fetch gives every repository a cache folder of its own.
func (s *Server) fetch(ctx context.Context, repoID int64, opt source.FetchOptions) (*review.Fetched, error) {
	opt.Dir = filepath.Join(s.cfg.CacheDir, strconv.FormatInt(repoID, 10))
	ctx, span := s.tracer.Begin(ctx, "fetch", trace.Internal)
	defer span.End()
	snap, err := source.Fetch(ctx, opt)
	if err != nil {
		span.Fail(failure(err))
		return nil, err
	}
	span.Set(trace.Int("reviewgate.files", len(snap.Files)))
	return &review.Fetched{MergeBase: snap.MergeBase, Files: snap.Files, Git: snap}, nil
}

// tryWorker scans nothing, to find out at the start whether the worker can be started and how well it is locked in.
func (s *Server) tryWorker(ctx context.Context) error {
	r, err := scan.Run(ctx, &scan.Input{}, s.cfg.Checks, scan.Options{Sandbox: s.cfg.Sandbox})
	var refused *sandbox.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == sandbox.Refused:
		return fmt.Errorf("%w; run on a kernel with these layers, or set sandbox (REVIEWGATE_SANDBOX) to auto to work without them", err)
	case err != nil:
		return fmt.Errorf("trying the worker: %w", err)
	}
	s.metrics.sandboxed(r.Sandbox)
	s.layers = r.Sandbox
	level := s.cfg.Log.Info()
	if len(r.Sandbox.Missing) > 0 || s.cfg.Sandbox == sandbox.Off {
		level = s.cfg.Log.Warn()
	}
	level.Str("mode", r.Sandbox.Mode).Strs("held", r.Sandbox.Held).Strs("missing", r.Sandbox.Missing).Msg("sandbox of the worker")
	return nil
}

func (s *Server) listen(ctx context.Context, hook http.Handler) error {
	mux := http.NewServeMux()
	if s.cfg.Role != Worker {
		mux.Handle("/webhook", s.metrics.hook(hook))
	}
	if s.cfg.Role != Worker {
		mux.HandleFunc("GET /setup/installed", setup.Installed)
		mux.HandleFunc("GET /setup/style.css", setup.Style)
		mux.HandleFunc("GET /records/keys", s.recordKeys)
		pages, err := s.dashboard()
		if err != nil {
			return err
		}
		if pages != nil {
			mux.Handle("/", pages)
		}
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive\n") })
	mux.HandleFunc("GET /readyz", s.ready)
	s.http = &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(zerolog.NewSlogHandler(s.cfg.Log), slog.LevelWarn),
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		s.http = nil
		return fmt.Errorf("listening on %s (REVIEWGATE_LISTEN): %w", s.cfg.Listen, err)
	}
	s.addr = l.Addr().String()
	go func(h *http.Server) {
		err := h.Serve(l)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		} else {
			s.cfg.Log.Error().Err(err).Msg("the listener ended")
		}
		s.serving <- err
	}(s.http)
	s.cfg.Log.Info().Str("address", s.addr).Str("version", s.cfg.Version).Int64("app", s.cfg.AppID).Str("role", string(s.cfg.Role)).Str("replica", s.store.Replica()).Msg("listening")
	return nil
}

// Addr is the address that the server listens on, "host:port".
func (s *Server) Addr() string { return s.addr }

// ready says whether the server can do its work: the database takes writes, the queue runs, and it is not about to stop.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		answer(w, http.StatusServiceUnavailable, "stopping\n")
		return
	}
	if err := s.store.Ready(r.Context()); err != nil {
		s.cfg.Log.Error().Err(err).Msg("not ready")
		answer(w, http.StatusServiceUnavailable, "the database cannot be written\n")
		return
	}
	_, wrong := s.secrets.wrong()
	answer(w, http.StatusOK, "ready\n"+wrong)
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// Whoever asked may be gone; there is nobody else to tell.
	_, _ = io.WriteString(w, text)
}

// prune drops what is too old, at the start and once a day.
func (s *Server) prune() {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		before := s.cfg.Keep.before(s.cfg.Now())
		if err := s.store.Prune(s.ctx, before); err != nil && s.ctx.Err() == nil {
			s.cfg.Log.Error().Err(err).Msg("dropping old rows")
		}
		if s.cfg.Keep.Audit > 0 {
			if _, err := s.store.PruneAudit(s.ctx, s.cfg.Now().Add(-s.cfg.Keep.Audit), s.cfg.Now()); err != nil && s.ctx.Err() == nil {
				s.cfg.Log.Error().Err(err).Msg("dropping old rows of the audit log")
			}
		}
		if err := pruneCache(s.cfg.CacheDir, before.Scans); err != nil {
			s.cfg.Log.Error().Err(err).Msg("emptying the cache folder")
		}
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// pruneCache removes the fetched repositories into which nothing was fetched since the time. They can be fetched again.
func pruneCache(dir string, before time.Time) error {
	repos, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range repos {
		path := filepath.Join(dir, r.Name())
		last, err := os.Stat(filepath.Join(path, "git", "objects", "pack"))
		if errors.Is(err, os.ErrNotExist) {
			last, err = os.Stat(path)
		}
		switch {
		case err != nil:
			errs = append(errs, err)
		case r.IsDir() && last.ModTime().Before(before):
			errs = append(errs, os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}

// Stop takes no more requests, lets requests and jobs that are running finish for a while, and closes the database. Jobs that did not
// finish start again next time. It may be called after a Start that failed.
func (s *Server) Stop() error {
	if s.cancel == nil || s.stopped {
		return nil
	}
	s.stopped = true
	s.draining.Store(true)
	ctx := context.WithoutCancel(s.ctx)
	var errs []error
	if s.http != nil {
		shut, cancel := context.WithTimeout(ctx, closeTime)
		if err := s.http.Shutdown(shut); err != nil {
			errs = append(errs, fmt.Errorf("closing the listener: %w", errors.Join(err, s.http.Close())))
		}
		cancel()
		errs = append(errs, <-s.serving)
	}
	if s.queue != nil {
		shut, cancel := context.WithTimeout(ctx, stopTime+closeTime)
		errs = append(errs, s.queue.Stop(shut))
		cancel()
	}
	s.cancel()
	s.tasks.Wait()
	shut, cancel := context.WithTimeout(ctx, closeTime)
	if err := s.tracer.Stop(shut); err != nil {
		s.cfg.Log.Warn().Err(err).Msg("the last traces are lost")
	}
	cancel()
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}
