package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// Work answers the newest state of one pull request. want is the generation that it answers. It must be safe to run again.
//
// An error that has a method RetryAfter() time.Duration (a rate limit) puts the job off for that long, without counting as a try.
type Work func(ctx context.Context, k store.Key, want int64) error

// A Search looks for open pull requests that have no job, because nobody has told us of them: they were there before the App was, or
// changed while it was away.
type Search struct {
	Installation int64 // 0: every installation of the App
	RepoID       int64 // 0: every repository of the installation that was never looked through
	All          bool  // with RepoID 0: every repository, looked through or not
}

// Options say how jobs run. Work, GiveUp and Find are required.
type Options struct {
	Work Work
	// Find does a search. It must be safe to run again. A search whose last try failed is a dead letter; the next start searches again.
	Find func(ctx context.Context, s Search) error
	// GiveUp is called when the last try failed: it tells the pull request that no answer could be found. If it fails too, the
	// next event or sweep starts again.
	GiveUp  func(ctx context.Context, k store.Key, want int64, cause error) error
	Log     *slog.Logger
	Workers int                              // jobs at a time; 0: 4; negative: none, this process only puts them in
	Window  int                              // pull requests of one installation that have a job at a time, the others wait in line; 0: four for each worker, at least 8
	Tries   int                              // 0: 10
	Pause   func(failed int) time.Duration   // before the next try, after so many failed ones; nil: Backoff
	Timeout time.Duration                    // of one job; 0: 10 minutes
	Poll    time.Duration                    // between looks for jobs that nothing announced: put off, or due by now; 0: 200 ms
	Stop    time.Duration                    // how long Stop lets running jobs finish; 0: 30 s
	Sweep   time.Duration                    // between looks for pull requests that the queue lost; 0: 5 minutes
	Dead    time.Duration                    // after which a process that is gone is taken for dead, and its jobs begin again; 0: 15 s
	Done    func(k store.Key, result string) // after each run: "done", "again", "later", "failed", "gave up"; nil: nobody asks

	// Begin is told of every run before its work: try attempt of the queue's job id, which answers the generation want. The run goes on in the context that
	// it gives, and ended is called with the result that Done gets. Nil: nobody asks.
	Begin func(ctx context.Context, k store.Key, want, id int64, attempt int) (run context.Context, ended func(result string))
}

// The window of an installation, for each worker and at least: enough that none is idle, also in a second process and a third, and so few that others need
// not wait long behind them.
const (
	windowOf  = 4
	minWindow = 8
)

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
	client queue
	cancel context.CancelFunc
	sweeps sync.WaitGroup
	absent map[string]time.Time // processes that have running jobs and were not there, and since when
}

type prSync struct {
	RepoID int64 `json:"repo_id" river:"unique"`
	Number int   `json:"number" river:"unique"`
	// Again counts the jobs of the pull request that came before this one without a break, because more happened while they ran.
	Again int `json:"again,omitempty"`
}

// hurries is how often a pull request is looked at again at once. Where more goes on happening, it waits for the poll each time: a storm of events
// must not spend the quota of its installation.
const hurries = 3

// Kind is the name of the job in the queue.
func (prSync) Kind() string { return "pr_sync" }

// findPulls is a search as a job. An installation's is not unique: one that came while another runs may know of more repositories.
type findPulls struct {
	Installation int64 `json:"installation"`
	RepoID       int64 `json:"repo_id"`
	All          bool  `json:"all"`
}

// Kind is the name of the job in the queue.
func (findPulls) Kind() string { return "find_pulls" }

// The priorities. River takes the lowest number first.
const (
	urgent      = 1 // somebody waits for this pull request
	many        = 2 // an event that concerns many pull requests, and the search for repositories
	maintenance = 3 // what nobody waits for
)

// unfinished are the states in which a pull request has a job. Completed is not among them: it gets a new one.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateScheduled, rivertype.JobStateRetryable,
}

// New migrates the queue's tables, gives back what a killed process left running, and makes a queue that is not started yet.
func New(ctx context.Context, st *store.Store, opt Options) (*Jobs, error) {
	if opt.Work == nil || opt.GiveUp == nil || opt.Find == nil {
		return nil, errors.New("jobs: Work, GiveUp and Find are required")
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Workers == 0 {
		opt.Workers = 4
	}
	if opt.Window == 0 {
		opt.Window = max(windowOf*opt.Workers, minWindow)
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
	if opt.Poll == 0 {
		opt.Poll = 200 * time.Millisecond
	}
	if opt.Stop == 0 {
		opt.Stop = 30 * time.Second
	}
	if opt.Sweep == 0 {
		opt.Sweep = 5 * time.Minute
	}
	if opt.Dead == 0 {
		opt.Dead = 15 * time.Second // one whose connection broke is back before that
	}
	j := &Jobs{store: st, opt: opt, absent: map[string]time.Time{}}
	workers := river.NewWorkers()
	if err := errors.Join(river.AddWorkerSafely(workers, &worker{jobs: j}), river.AddWorkerSafely(workers, &finder{jobs: j}), river.AddWorkerSafely(workers, &waker{jobs: j})); err != nil {
		return nil, fmt.Errorf("preparing the queue: %w", err)
	}
	cfg := &river.Config{
		ID:                   st.Replica(),
		FetchCooldown:        5 * time.Millisecond,
		FetchPollInterval:    opt.Poll,
		JobTimeout:           opt.Timeout,
		Logger:               opt.Log,
		MaxAttempts:          opt.Tries,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: opt.Workers}},
		RescueStuckJobsAfter: opt.Timeout + 2*time.Minute,
		RetryPolicy:          policy{opt.Pause},
		SoftStopTimeout:      opt.Stop,
		Workers:              workers,
	}
	if opt.Workers < 0 { // this process only puts jobs in
		cfg.Queues, cfg.Workers = nil, nil
	}
	var err error
	if j.client, err = openQueue(ctx, st, cfg); err != nil {
		return nil, err
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
	if j.opt.Workers > 0 {
		if err := j.client.Start(ctx); err != nil {
			return fmt.Errorf("starting the queue: %w", err)
		}
	}
	ctx, j.cancel = context.WithCancel(ctx)
	j.sweeps.Add(1)
	go j.sweep(ctx)
	return nil
}

func (j *Jobs) sweep(ctx context.Context) {
	defer j.sweeps.Done()
	tick, look := time.NewTicker(j.opt.Sweep), time.NewTicker(j.opt.Dead/3)
	defer tick.Stop()
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if err := j.inherit(ctx, time.Now()); err != nil && ctx.Err() == nil {
				j.opt.Log.Error("looking for processes that are gone", "error", err)
			}
			if err := j.bury(ctx); err != nil && ctx.Err() == nil {
				j.opt.Log.Error("keeping jobs that gave up", "error", err)
			}
		case <-tick.C:
			if err := j.Sweep(ctx); err != nil && ctx.Err() == nil {
				j.opt.Log.Error("looking for lost jobs", "error", err)
			}
		}
	}
}

// inherit gives the jobs of processes that died back to the queue. The queue itself would wait for the time of the longest job.
func (j *Jobs) inherit(ctx context.Context, now time.Time) error {
	names, err := j.store.Absent(ctx)
	if err != nil {
		return err
	}
	maps.DeleteFunc(j.absent, func(name string, _ time.Time) bool { return !slices.Contains(names, name) })
	for _, name := range names {
		since, known := j.absent[name]
		if !known {
			j.absent[name] = now
			continue
		}
		if now.Sub(since) < j.opt.Dead {
			continue
		}
		n, err := j.store.GiveBack(ctx, name)
		if err != nil {
			return err
		}
		j.opt.Log.Warn("a process is gone; its jobs begin again", "replica", name, "jobs", n)
	}
	return nil
}

// Stop takes no more jobs, lets the running ones finish for Options.Stop, then interrupts them; they start again next time.
func (j *Jobs) Stop(ctx context.Context) error {
	if j.cancel == nil {
		return nil
	}
	j.cancel()
	j.sweeps.Wait()
	if j.opt.Workers < 0 {
		return nil
	}
	if err := j.client.Stop(ctx); err != nil {
		return fmt.Errorf("stopping the queue: %w", err)
	}
	return nil
}

// Enqueue inserts a job for each pull request, in the caller's transaction. One that has a job already keeps that one.
func (j *Jobs) Enqueue(ctx context.Context, tx *store.Tx, keys []store.Key) error {
	// What concerns many pull requests at once (a push to the default branch) does not hold up somebody who waits for one.
	if len(keys) > 1 {
		return j.insert(ctx, tx, keys, many, 0)
	}
	return j.insert(ctx, tx, keys, urgent, 0)
}

// EnqueueFound is Enqueue for pull requests that nobody waits for.
func (j *Jobs) EnqueueFound(ctx context.Context, tx *store.Tx, keys []store.Key) error {
	return j.insert(ctx, tx, keys, maintenance, 0)
}

func (j *Jobs) insert(ctx context.Context, tx *store.Tx, keys []store.Key, priority, again int) error {
	keys, err := tx.TakeTurns(ctx, keys, priority, j.opt.Window)
	if err != nil {
		return err
	}
	return j.put(ctx, tx, keys, priority, again)
}

// letIn puts those into the queue whose turn it is.
func (j *Jobs) letIn(ctx context.Context, tx *store.Tx, next []store.Turn) error {
	for _, t := range next {
		if err := j.put(ctx, tx, []store.Key{t.Key}, t.Priority, 0); err != nil {
			return err
		}
	}
	return nil
}

// next lets in who stands first in the line of the pull request's installation.
func (j *Jobs) next(ctx context.Context, tx *store.Tx, k store.Key) error {
	next, err := tx.NextTurns(ctx, k, j.opt.Window)
	if err != nil {
		return err
	}
	return j.letIn(ctx, tx, next)
}

// put puts pull requests into the queue that have a place there.
func (j *Jobs) put(ctx context.Context, tx *store.Tx, keys []store.Key, priority, again int) error {
	if len(keys) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(keys))
	for i, k := range keys {
		params[i] = river.InsertManyParams{
			Args:       prSync{RepoID: k.RepoID, Number: k.Number, Again: again},
			InsertOpts: &river.InsertOpts{Priority: priority, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}},
		}
	}
	results, err := j.client.insert(ctx, tx, params)
	if err != nil {
		return fmt.Errorf("inserting %d jobs: %w", len(keys), err)
	}
	if again <= hurries && slices.ContainsFunc(results, func(r *rivertype.JobInsertResult) bool {
		// A job that is there was announced, or is one that must not hurry; one that failed is hastened below.
		return !r.UniqueSkippedAsDuplicate || r.Job.State == rivertype.JobStateRetryable
	}) {
		if err := j.client.announce(ctx, tx); err != nil {
			return err
		}
	}
	if priority > urgent {
		return nil
	}
	for _, r := range results {
		// The job that it has may stand behind hundreds, or wait after a failure: what happened now is a reason to look now.
		if r.UniqueSkippedAsDuplicate {
			if err := tx.Hasten(ctx, r.Job.ID, priority); err != nil {
				return err
			}
		}
	}
	return nil
}

// Search inserts a job for each search, in the caller's transaction.
func (j *Jobs) Search(ctx context.Context, tx *store.Tx, searches ...Search) error {
	if len(searches) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(searches))
	for i, s := range searches {
		opt := &river.InsertOpts{Priority: many}
		if s.RepoID != 0 {
			opt.Priority = maintenance
		}
		if s.RepoID != 0 || s.Installation == 0 {
			opt.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: unfinished}
		}
		params[i] = river.InsertManyParams{Args: findPulls(s), InsertOpts: opt}
	}
	if _, err := j.client.insert(ctx, tx, params); err != nil {
		return fmt.Errorf("inserting %d searches: %w", len(searches), err)
	}
	return j.client.announce(ctx, tx)
}

// Sweep gives a job to every pull request whose newest generation was not answered.
func (j *Jobs) Sweep(ctx context.Context) error {
	keys, err := j.store.Behind(ctx)
	if err != nil || len(keys) == 0 {
		return err
	}
	return j.store.Tx(ctx, func(tx *store.Tx) error {
		next, err := tx.TidyTurns(ctx, j.opt.Window)
		if err != nil {
			return err
		}
		if err := j.letIn(ctx, tx, next); err != nil {
			return err
		}
		return j.Enqueue(ctx, tx, keys)
	})
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

type finder struct {
	river.WorkerDefaults[findPulls]
	jobs *Jobs
}

// Work runs one search.
func (f *finder) Work(ctx context.Context, job *river.Job[findPulls]) error {
	err := caught(func() error { return f.jobs.opt.Find(ctx, Search(job.Args)) })
	if err == nil {
		return f.jobs.store.Tx(ctx, func(tx *store.Tx) error { return tx.Revived(ctx, job.Args.Kind(), args(job.Args)) })
	}
	if wait, ok := later(ctx, err); ok {
		return river.JobSnooze(wait)
	}
	f.jobs.opt.Log.Error("searching for open pull requests", "installation", job.Args.Installation, "repo_id", job.Args.RepoID, "attempt", job.Attempt, "error", err)
	return err
}

// later says that an error is no failure of the job, and when it is to run again: we are being stopped, or a rate limit is in force.
func later(ctx context.Context, err error) (wait time.Duration, ok bool) {
	var limited interface{ RetryAfter() time.Duration }
	switch {
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return 0, true
	case errors.As(err, &limited):
		return max(limited.RetryAfter(), time.Second), true
	}
	return 0, false
}

func (j *Jobs) run(ctx context.Context, k store.Key, job *river.Job[prSync]) (result string, err error) {
	// The generation is read before anything is looked at: what is raised later is not answered by this run.
	p, err := j.store.Pull(ctx, k)
	if errors.Is(err, store.ErrNotFound) {
		return "done", errors.Join(j.leave(ctx, k, (*store.Tx).EndTurn), river.JobCancel(err))
	}
	if err != nil {
		return "failed", err
	}
	if ok, err := j.regain(ctx, k, job); err != nil || !ok {
		return "later", err
	}
	cause := "" // why it gave up
	if j.opt.Begin != nil {
		run, ended := j.opt.Begin(ctx, k, p.Want, job.ID, job.Attempt)
		ctx = run
		defer func() { ended(result) }()
	}
	if err := caught(func() error { return j.opt.Work(ctx, k, p.Want) }); err != nil {
		if wait, ok := later(ctx, err); ok {
			j.opt.Log.WarnContext(ctx, "putting a job off", "pull", k.String(), "for", wait.String(), "error", err)
			if ctx.Err() == nil {
				if err := j.leave(ctx, k, (*store.Tx).PauseTurn); err != nil {
					return "failed", err
				}
			}
			return "later", river.JobSnooze(wait)
		}
		if job.Attempt < job.MaxAttempts {
			j.opt.Log.WarnContext(ctx, "a job failed; it is tried again", "pull", k.String(), "attempt", job.Attempt, "error", err)
			return "failed", errors.Join(err, j.leave(context.WithoutCancel(ctx), k, (*store.Tx).PauseTurn))
		}
		j.opt.Log.ErrorContext(ctx, "giving up", "pull", k.String(), "attempt", job.Attempt, "error", err)
		// The job's own time may be what ran out.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if told := j.opt.GiveUp(last, k, p.Want, err); told != nil {
			return "failed", errors.Join(err, fmt.Errorf("telling that there is no answer: %w", told), j.leave(last, k, (*store.Tx).PauseTurn))
		}
		result, ctx, cause = "gave up", last, err.Error()
	}
	again := false
	err = j.store.Tx(ctx, func(tx *store.Tx) error {
		var err error
		if result == "" {
			err = tx.Revived(ctx, job.Args.Kind(), args(job.Args))
		} else {
			err = tx.Died(ctx, died(job.Args, job.Attempt, cause))
		}
		if err != nil {
			return err
		}
		if again, err = tx.Finish(ctx, k, p.Want); err != nil {
			return err
		}
		if err := j.client.complete(ctx, tx, job); err != nil {
			return fmt.Errorf("completing the job: %w", err)
		}
		if !again {
			if err := tx.EndTurn(ctx, k); err != nil {
				return err
			}
			return j.next(ctx, tx, k)
		}
		// More came in meanwhile, and somebody may wait for it: a new job begins, at once as a rule. Putting this one back would cost a poll.
		priority := urgent
		if k.Number == store.SweepNumber {
			priority = job.Priority
		}
		return j.insert(ctx, tx, []store.Key{k}, priority, job.Args.Again+1)
	})
	switch {
	case err != nil:
		return "failed", err
	case again:
		return "again", nil
	case result == "":
		result = "done"
	}
	return result, nil
}

// leave gives the place of a pull request to the next one of its installation.
func (j *Jobs) leave(ctx context.Context, k store.Key, how func(*store.Tx, context.Context, store.Key) error) error {
	return j.store.Tx(ctx, func(tx *store.Tx) error {
		if err := how(tx, ctx, k); err != nil {
			return err
		}
		return j.next(ctx, tx, k)
	})
}

// regain takes the place again that a job gave back while it waited. Where there is none the job ends, and the pull request waits in line for another one.
func (j *Jobs) regain(ctx context.Context, k store.Key, job *river.Job[prSync]) (ok bool, err error) {
	paused, err := j.store.TurnPaused(ctx, k)
	if err != nil || !paused {
		return err == nil, err
	}
	err = j.store.Tx(ctx, func(tx *store.Tx) error {
		if ok, err = tx.RegainTurn(ctx, k, j.opt.Window); err != nil || ok {
			return err
		}
		return j.client.complete(ctx, tx, job)
	})
	return ok, err
}

// caught turns a panic into an error, so that the last try's panic is told too.
func caught(work func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the job panicked: %v\n%s", r, debug.Stack())
		}
	}()
	return work()
}
