package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// Work answers the newest state of one pull request. want is the generation that it answers. It must be safe to run again.
//
// An error that has a method RetryAfter() time.Duration (a rate limit) puts the job off for that long, without counting as a try.
type Work func(ctx context.Context, k store.Key, want int64) error

// Options say how jobs run. Work and GiveUp are required.
type Options struct {
	Work Work
	// GiveUp is called when the last try failed: it tells the pull request that no answer could be found. If it fails too, the
	// next event or sweep starts again.
	GiveUp  func(ctx context.Context, k store.Key, want int64, cause error) error
	Log     *slog.Logger
	Workers int                              // jobs at a time; 0: 4
	Tries   int                              // 0: 10
	Pause   func(failed int) time.Duration   // before the next try, after so many failed ones; nil: Backoff
	Timeout time.Duration                    // of one job; 0: 10 minutes
	Stop    time.Duration                    // how long Stop lets running jobs finish; 0: 30 s
	Sweep   time.Duration                    // between looks for pull requests that the queue lost; 0: 5 minutes
	Done    func(k store.Key, result string) // after each run: "done", "again", "later", "failed", "gave up"; nil: nobody asks
}

// Backoff is the pause before the next try: 1 s, 2 s, 4 s and so on, at most 10 minutes.
func Backoff(failed int) time.Duration {
	if failed < 1 {
		failed = 1
	}
	return min(time.Duration(math.Pow(2, float64(min(failed, 30)-1)))*time.Second, 10*time.Minute)
}

// Jobs is the queue of one process.
type Jobs struct {
	store  *store.Store
	opt    Options
	client *river.Client[*sql.Tx]
	cancel context.CancelFunc
	sweeps sync.WaitGroup
}

type prSync struct {
	RepoID int64 `json:"repo_id" river:"unique"`
	Number int   `json:"number" river:"unique"`
}

// Kind is the name of the job in the queue.
func (prSync) Kind() string { return "pr_sync" }

// New migrates the queue's tables, gives back what a killed process left running, and makes a queue that is not started yet.
func New(ctx context.Context, st *store.Store, opt Options) (*Jobs, error) {
	if opt.Work == nil || opt.GiveUp == nil {
		return nil, errors.New("jobs: Work and GiveUp are required")
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Workers == 0 {
		opt.Workers = 4
	}
	if opt.Tries == 0 {
		opt.Tries = 10
	}
	if opt.Pause == nil {
		opt.Pause = Backoff
	}
	if opt.Timeout == 0 {
		opt.Timeout = 10 * time.Minute
	}
	if opt.Stop == 0 {
		opt.Stop = 30 * time.Second
	}
	if opt.Sweep == 0 {
		opt.Sweep = 5 * time.Minute
	}
	driver := riversqlite.New(st.Writer())
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: opt.Log})
	if err != nil {
		return nil, fmt.Errorf("preparing the queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("migrating the queue's tables: %w", err)
	}
	if err := st.ResetQueue(ctx); err != nil {
		return nil, err
	}
	j := &Jobs{store: st, opt: opt}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{jobs: j}); err != nil {
		return nil, fmt.Errorf("preparing the queue: %w", err)
	}
	j.client, err = river.NewClient(driver, &river.Config{
		FetchCooldown:        20 * time.Millisecond,
		FetchPollInterval:    time.Second,
		JobTimeout:           opt.Timeout,
		Logger:               opt.Log,
		MaxAttempts:          opt.Tries,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: opt.Workers}},
		RescueStuckJobsAfter: opt.Timeout + 2*time.Minute,
		RetryPolicy:          policy{opt.Pause},
		SoftStopTimeout:      opt.Stop,
		Workers:              workers,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the queue: %w", err)
	}
	return j, nil
}

// policy is River's view of Options.Pause.
type policy struct{ pause func(int) time.Duration }

func (p policy) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().UTC().Add(p.pause(len(job.Errors) + 1))
}

// Start begins to take jobs, and puts back those that the queue lost.
func (j *Jobs) Start(ctx context.Context) error {
	// Running jobs end by Stop, which gives them time, and not because the caller's context ended.
	ctx = context.WithoutCancel(ctx)
	if err := j.Sweep(ctx); err != nil {
		return err
	}
	if err := j.client.Start(ctx); err != nil {
		return fmt.Errorf("starting the queue: %w", err)
	}
	ctx, j.cancel = context.WithCancel(ctx)
	j.sweeps.Add(1)
	go j.sweep(ctx)
	return nil
}

func (j *Jobs) sweep(ctx context.Context) {
	defer j.sweeps.Done()
	tick := time.NewTicker(j.opt.Sweep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := j.Sweep(ctx); err != nil && ctx.Err() == nil {
				j.opt.Log.Error("looking for lost jobs", "error", err)
			}
		}
	}
}

// Stop takes no more jobs, lets the running ones finish for Options.Stop, then interrupts them; they start again next time.
func (j *Jobs) Stop(ctx context.Context) error {
	if j.cancel == nil {
		return nil
	}
	j.cancel()
	j.sweeps.Wait()
	if err := j.client.Stop(ctx); err != nil {
		return fmt.Errorf("stopping the queue: %w", err)
	}
	return nil
}

// Enqueue inserts a job for each pull request, in the caller's transaction. One that has a job already keeps that one.
func (j *Jobs) Enqueue(ctx context.Context, tx *store.Tx, keys []store.Key) error {
	// What concerns many pull requests at once (a push to the default branch) does not hold up somebody who waits for one.
	priority := 1
	if len(keys) > 1 {
		priority = 2
	}
	params := make([]river.InsertManyParams, len(keys))
	for i, k := range keys {
		params[i] = river.InsertManyParams{
			Args: prSync{RepoID: k.RepoID, Number: k.Number},
			InsertOpts: &river.InsertOpts{Priority: priority, UniqueOpts: river.UniqueOpts{
				ByArgs: true,
				// Not completed: a pull request whose job is done gets a new one.
				ByState: []rivertype.JobState{
					rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
					rivertype.JobStateScheduled, rivertype.JobStateRetryable,
				},
			}},
		}
	}
	if _, err := j.client.InsertManyTx(ctx, tx.SQL(), params); err != nil {
		return fmt.Errorf("inserting %d jobs: %w", len(keys), err)
	}
	return nil
}

// Sweep gives a job to every pull request whose newest generation was not answered.
func (j *Jobs) Sweep(ctx context.Context) error {
	keys, err := j.store.Behind(ctx)
	if err != nil || len(keys) == 0 {
		return err
	}
	return j.store.Tx(ctx, func(tx *store.Tx) error { return j.Enqueue(ctx, tx, keys) })
}

type worker struct {
	river.WorkerDefaults[prSync]
	jobs *Jobs
}

// Work runs one job.
func (w *worker) Work(ctx context.Context, job *river.Job[prSync]) error {
	k := store.Key{RepoID: job.Args.RepoID, Number: job.Args.Number}
	result, err := w.jobs.run(ctx, k, job)
	if w.jobs.opt.Done != nil {
		w.jobs.opt.Done(k, result)
	}
	return err
}

func (j *Jobs) run(ctx context.Context, k store.Key, job *river.Job[prSync]) (result string, err error) {
	// The generation is read before anything is looked at: what is raised later is not answered by this run.
	p, err := j.store.Pull(ctx, k)
	if errors.Is(err, store.ErrNotFound) {
		return "done", river.JobCancel(err)
	}
	if err != nil {
		return "failed", err
	}
	if err := j.work(ctx, k, p.Want); err != nil {
		var limited interface{ RetryAfter() time.Duration }
		switch {
		case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
			return "later", river.JobSnooze(0) // we are being stopped
		case errors.As(err, &limited):
			j.opt.Log.Warn("putting a job off", "pull", k.String(), "for", limited.RetryAfter().String(), "error", err)
			return "later", river.JobSnooze(max(limited.RetryAfter(), time.Second))
		case job.Attempt < job.MaxAttempts:
			return "failed", err
		}
		j.opt.Log.Error("giving up", "pull", k.String(), "attempt", job.Attempt, "error", err)
		// The job's own time may be what ran out.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if told := j.opt.GiveUp(last, k, p.Want, err); told != nil {
			return "failed", errors.Join(err, fmt.Errorf("telling that there is no answer: %w", told))
		}
		result, ctx = "gave up", last
	}
	again := false
	err = j.store.Tx(ctx, func(tx *store.Tx) error {
		var err error
		if again, err = tx.Finish(ctx, k, p.Want); err != nil || again {
			return err
		}
		if _, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx.SQL(), job); err != nil {
			return fmt.Errorf("completing the job: %w", err)
		}
		return nil
	})
	switch {
	case err != nil:
		return "failed", err
	case again:
		return "again", river.JobSnooze(0)
	case result == "":
		result = "done"
	}
	return result, nil
}

// work turns a panic into an error, so that the last try's panic is told too.
func (j *Jobs) work(ctx context.Context, k store.Key, want int64) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the job panicked: %v\n%s", r, debug.Stack())
		}
	}()
	return j.opt.Work(ctx, k, want)
}
