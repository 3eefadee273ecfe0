package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// A Pace is how writes of one installation follow each other, by all processes together.
type Pace struct {
	Gap     time.Duration // between two
	Hourly  int           // most in an hour
	Longest time.Duration // a write that would have to wait longer gets no moment
}

// NextWrite gives a write its moment: how long to wait for it. If that is longer than the pace allows, ok is false, and nobody else has to wait for it. The
// database's clock counts, so that those of the processes need not agree. Where one process has the database, it need not wait for others.
func (s *Store) NextWrite(ctx context.Context, installation int64, p Pace) (wait time.Duration, ok bool, err error) {
	if _, shared := s.db.(*postgres); !shared {
		return 0, true, nil
	}
	err = s.Tx(ctx, func(tx *Tx) error {
		var now, next, hour int64
		if err := tx.tx.QueryRowContext(ctx, `SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`).Scan(&now); err != nil {
			return err
		}
		if err := tx.tx.QueryRowContext(ctx, `SELECT next, hour FROM paces WHERE installation = $1`, installation).Scan(&next, &hour); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		at := max(next, now)
		hour = max(hour, now)
		if p.Hourly > 0 {
			hour += time.Hour.Milliseconds() / int64(p.Hourly)
			at = max(at, hour-time.Hour.Milliseconds())
		}
		wait = time.Duration(at-now) * time.Millisecond
		if ok = wait <= p.Longest; !ok {
			return nil
		}
		_, err := tx.tx.ExecContext(ctx, `INSERT INTO paces (installation, next, hour) VALUES ($1, $2, $3) ON CONFLICT (installation) DO UPDATE SET next = excluded.next, hour = excluded.hour`,
			installation, at+p.Gap.Milliseconds(), hour)
		return err
	})
	return wait, ok, wrap(err, "waiting for the turn to write to GitHub")
}
