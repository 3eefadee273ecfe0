package store

import "context"

// ResetQueue gives the jobs of a process that died back to the queue, and ends its leadership, so that nobody waits for a time-out.
// Only for a database that the lock keeps to one process, and only before the queue is started.
func (s *Store) ResetQueue(ctx context.Context) error {
	return s.Tx(ctx, func(tx *Tx) error {
		for _, q := range []string{
			`UPDATE river_job SET state = 'available' WHERE state = 'running'`,
			`DELETE FROM river_leader`,
		} {
			if _, err := tx.tx.ExecContext(ctx, q); err != nil {
				return wrap(err, "giving back the jobs of the last run")
			}
		}
		return nil
	})
}

// Hasten gives a waiting job at least the priority (1 is the first), and lets one that waits after a failure run now.
func (t *Tx) Hasten(ctx context.Context, job int64, priority int) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE river_job SET priority = CASE WHEN priority > $2 THEN $2 ELSE priority END, scheduled_at = CASE state WHEN 'retryable' THEN created_at ELSE scheduled_at END,
		state = CASE state WHEN 'retryable' THEN 'available' ELSE state END WHERE id = $1 AND state IN ('available', 'retryable', 'scheduled')`, job, priority)
	return wrap(err, "hastening a job")
}

// QueueDepth counts the jobs that are not finished, by state; those that wait in the line of their installation are available, too. A pull request that is to be looked at again at a later time is none yet.
func (s *Store) QueueDepth(ctx context.Context) (map[string]int, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT state, COUNT(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded') AND NOT (kind = 'wake_pull' AND state = 'scheduled') GROUP BY state`)
	if err != nil {
		return nil, wrap(err, "counting jobs")
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, wrap(err, "counting jobs")
		}
		out[state] = n
	}
	if err := rows.Err(); err != nil {
		return nil, wrap(err, "counting jobs")
	}
	var waiting int
	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM turns WHERE held = 0`).Scan(&waiting); err != nil {
		return nil, wrap(err, "counting jobs")
	}
	if waiting > 0 {
		out["available"] += waiting
	}
	return out, nil
}
