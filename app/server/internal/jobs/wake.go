package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// wakePull has a pull request looked at again at a time: something that its decision rests on ends then. It is a job of its own, because the pull
// request's one job must stay free for what happens before.
type wakePull struct {
	RepoID int64 `json:"repo_id" river:"unique"`
	Number int   `json:"number" river:"unique"`
	At     int64 `json:"at" river:"unique"` // seconds since 1970
}

// Kind is the name of the job in the queue.
func (wakePull) Kind() string { return "wake_pull" }

// Wake has the pull request looked at again after a time, in the caller's transaction. The same time asked for twice is one job. The queue looks
// for what is due every few seconds.
func (j *Jobs) Wake(ctx context.Context, tx *store.Tx, k store.Key, after time.Duration, at time.Time) error {
	opt := &river.InsertOpts{Priority: urgent, ScheduledAt: time.Now().Add(max(after, 0)).UTC(), UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished}}
	if _, err := j.client.insert(ctx, tx, []river.InsertManyParams{{Args: wakePull{k.RepoID, k.Number, at.Unix()}, InsertOpts: opt}}); err != nil {
		return fmt.Errorf("having %s looked at again later: %w", k, err)
	}
	return nil
}

type waker struct {
	river.WorkerDefaults[wakePull]
	jobs *Jobs
}

// Work raises the pull request's generation.
func (w *waker) Work(ctx context.Context, job *river.Job[wakePull]) error {
	keys := []store.Key{{RepoID: job.Args.RepoID, Number: job.Args.Number}}
	return w.jobs.store.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Raise(ctx, keys); err != nil {
			return err
		}
		return w.jobs.Enqueue(ctx, tx, keys)
	})
}
