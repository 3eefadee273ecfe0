package server

import (
	"context"
	"errors"
	"time"

	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// What the command line does with a database's outcomes. An SQLite database must not be in use.

// withStore opens a database for a moment.
func withStore(ctx context.Context, database string, do func(*store.Store) error) (err error) {
	st, err := store.Open(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return do(st)
}

// RebuildOutcomes derives all outcomes of pull requests from the stored facts again, and gives their number.
func RebuildOutcomes(ctx context.Context, database string) (n int, err error) {
	err = withStore(ctx, database, func(st *store.Store) error {
		n, err = st.RebuildOutcomes(ctx)
		return err
	})
	return n, err
}

// EachOutcome hands on the outcomes that the filter lets through, the oldest first.
func EachOutcome(ctx context.Context, database string, f quality.Filter, yield func(*quality.Outcome) error) error {
	return withStore(ctx, database, func(st *store.Store) error { return st.EachOutcome(ctx, f, yield) })
}

// importPart is how many outcomes are written in one transaction.
const importPart = 500

// ImportOutcomes writes outcomes of a history, in place of those of the same changes, and notes what the test for regressions says of them. Nobody is told of that.
func ImportOutcomes(ctx context.Context, database string, list []*quality.Outcome) error {
	return withStore(ctx, database, func(st *store.Store) error {
		for len(list) > 0 {
			part := list[:min(len(list), importPart)]
			list = list[len(part):]
			if err := st.Tx(ctx, func(tx *store.Tx) error {
				for _, o := range part {
					if err := tx.SaveOutcome(ctx, o); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return err
			}
		}
		agents, err := st.AlarmAgents(ctx, time.Time{})
		if err != nil {
			return err
		}
		for _, agent := range agents {
			all, err := st.Observations(ctx, agent, time.Time{}, quality.History)
			if err != nil {
				return err
			}
			for _, group := range quality.Groups() {
				alarms := quality.Watch(all[group], quality.DefaultTest)
				if len(alarms) == 0 {
					continue
				}
				known := func(*quality.Alarm) bool { return true }
				if err := st.Tx(ctx, func(tx *store.Tx) error {
					return tx.SaveAlarms(ctx, agent, group, alarms, time.Now(), known)
				}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
