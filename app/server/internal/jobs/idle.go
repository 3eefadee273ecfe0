package jobs

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"
)

// Idle waits until no job waits or runs. A job that failed and waits for its next try is one that waits.
func (j *Jobs) Idle(ctx context.Context) error {
	ends, cancel := j.client.Subscribe(river.EventKindJobCompleted, river.EventKindJobCancelled, river.EventKindJobFailed, river.EventKindJobSnoozed)
	defer cancel()
	for {
		depth, err := j.store.QueueDepth(ctx)
		if err != nil || len(depth) == 0 {
			return err
		}
		select {
		case <-ends:
		case <-ctx.Done():
			return fmt.Errorf("waiting for jobs %v: %w", depth, ctx.Err())
		}
	}
}
