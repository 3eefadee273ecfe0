package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// maxDead bounds the jobs that are taken over at a time.
const maxDead = 100

// args is what a job is known by among the dead letters: the same for the same work.
func args(of river.JobArgs) string {
	if p, ok := of.(prSync); ok {
		p.Again = 0
		of = p
	}
	data, _ := json.Marshal(of) // numbers and a flag: it cannot fail
	return string(data)
}

// died is the dead letter of a job.
func died(of river.JobArgs, attempts int, cause string) store.DeadLetter {
	d := store.DeadLetter{What: of.Kind(), Args: args(of), At: time.Now(), Attempts: attempts, LastError: cause}
	switch a := of.(type) {
	case prSync:
		d.RepoID, d.Number = a.RepoID, a.Number
	case wakePull:
		d.RepoID, d.Number = a.RepoID, a.Number
	case findPulls:
		d.RepoID, d.Installation = a.RepoID, a.Installation
	}
	return d
}

// bury takes what the queue gave up over into the dead letters, where it stays until somebody has seen to it.
func (j *Jobs) bury(ctx context.Context) error {
	for {
		has, err := j.store.HasDiscarded(ctx)
		if err != nil || !has {
			return err
		}
		n := 0
		err = j.store.Tx(ctx, func(tx *store.Tx) error {
			list, err := j.client.discarded(ctx, tx, maxDead)
			if err != nil {
				return fmt.Errorf("listing jobs that gave up: %w", err)
			}
			n = len(list)
			for _, row := range list {
				if err := j.buryOne(ctx, tx, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n < maxDead {
			return err
		}
	}
}

func (j *Jobs) buryOne(ctx context.Context, tx *store.Tx, row *rivertype.JobRow) error {
	if err := j.client.remove(ctx, tx, row.ID); err != nil {
		return fmt.Errorf("taking a job that gave up out of the queue: %w", err)
	}
	of, err := decode(row.Kind, row.EncodedArgs)
	if err != nil {
		return err
	}
	cause := ""
	if n := len(row.Errors); n > 0 {
		cause = row.Errors[n-1].Error
	}
	d := died(of, row.Attempt, cause)
	if row.FinalizedAt != nil {
		d.At = *row.FinalizedAt
	}
	if row.Kind == (prSync{}).Kind() {
		answered, err := tx.Answered(ctx, store.Key{RepoID: d.RepoID, Number: d.Number})
		if err != nil || answered {
			return err // another job has done it meanwhile
		}
	}
	return tx.Died(ctx, d)
}

func decode(kind string, encoded []byte) (river.JobArgs, error) {
	var err error
	switch kind {
	case (prSync{}).Kind():
		var a prSync
		err = json.Unmarshal(encoded, &a)
		return a, err
	case (findPulls{}).Kind():
		var a findPulls
		err = json.Unmarshal(encoded, &a)
		return a, err
	case (wakePull{}).Kind():
		var a wakePull
		err = json.Unmarshal(encoded, &a)
		return a, err
	}
	return nil, fmt.Errorf("a job of the kind %q is not one of ours", kind)
}

// Again puts the work of a dead letter, a job or a deed, into the queue anew, in the caller's transaction.
func (j *Jobs) Again(ctx context.Context, tx *store.Tx, d store.DeadLetter) error {
	if d.Kind == store.DeadJob {
		of, err := decode(d.What, []byte(d.Args))
		if err != nil {
			return err
		}
		if a, ok := of.(findPulls); ok {
			return j.Search(ctx, tx, Search(a))
		}
	}
	keys := []store.Key{{RepoID: d.RepoID, Number: d.Number}}
	if err := tx.Raise(ctx, keys); err != nil {
		return err
	}
	return j.Enqueue(ctx, tx, keys)
}
