package store

import (
	"context"
	"database/sql"
	"errors"
)

// An installation that brings thousands of jobs must not keep the others waiting. So of each installation only so many pull requests (the window) have a job in
// the queue at a time. The others wait in a line of their installation, and each job that ends lets the next one in. The queue itself serves by priority and
// age, as it always did: what another installation brings stands behind at most one window.
//
// A job that waits for its next try, or for requests to GitHub, holds no place: it must not keep from its turn what can be done, such as taking a green check
// away. When it runs again it needs a place again, or goes back into the line.

// The states of a turn.
const (
	turnWaits  = 0
	turnHeld   = 1
	turnPaused = 2
)

// A Turn is a pull request that may have its job now.
type Turn struct {
	Key
	Priority int
}

// TakeTurns gives those of the pull requests that have a job already, or may have one now. The others wait in line. One that is asked for with a better priority
// than before has that from now on.
func (t *Tx) TakeTurns(ctx context.Context, keys []Key, priority, window int) (out []Key, err error) {
	const doing = "taking turns"
	type line struct{ held int }
	lines, installations := map[int64]*line{}, map[int64]int64{}
	for _, k := range keys {
		at, known := installations[k.RepoID]
		if !known {
			err := t.tx.QueryRowContext(ctx, `SELECT installation FROM repos WHERE id = $1`, k.RepoID).Scan(&at)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return nil, wrap(err, doing)
			}
			installations[k.RepoID] = at
		}
		var held, had int
		err := t.tx.QueryRowContext(ctx, `SELECT held, priority FROM turns WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number).Scan(&held, &had)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			had = priority
		case err != nil:
			return nil, wrap(err, doing)
		case held != turnWaits:
			if priority < had {
				if _, err := t.tx.ExecContext(ctx, `UPDATE turns SET priority = $3 WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number, priority); err != nil {
					return nil, wrap(err, doing)
				}
			}
			out = append(out, k)
			continue
		}
		l := lines[at]
		if l == nil {
			l = new(line)
			if l.held, err = t.held(ctx, at, min(priority, had)); err != nil {
				return nil, wrap(err, doing)
			}
			lines[at] = l
		}
		held = turnWaits
		if l.held < window {
			held = turnHeld
			l.held++
			out = append(out, k)
		}
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO turns (repo_id, number, installation, priority, held) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (repo_id, number) DO UPDATE SET priority = excluded.priority, held = excluded.held`, k.RepoID, k.Number, at, min(priority, had), held); err != nil {
			return nil, wrap(err, doing)
		}
	}
	return out, nil
}

// held counts the places of an installation that are taken by what is not less urgent.
func (t *Tx) held(ctx context.Context, installation int64, priority int) (n int, err error) {
	err = t.tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM turns WHERE installation = $1 AND held = 1 AND priority <= $2`, installation, priority).Scan(&n)
	return n, err
}

// EndTurn gives the place of a pull request back, whose job is done.
func (t *Tx) EndTurn(ctx context.Context, k Key) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM turns WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number)
	return wrap(err, "ending a turn")
}

// PauseTurn gives it back for as long as the job waits.
func (t *Tx) PauseTurn(ctx context.Context, k Key) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE turns SET held = 2 WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number)
	return wrap(err, "pausing a turn")
}

// TurnPaused says whether a pull request's job gave its place back and needs one again.
func (s *Store) TurnPaused(ctx context.Context, k Key) (paused bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM turns WHERE repo_id = $1 AND number = $2 AND held = 2)`, k.RepoID, k.Number).Scan(&paused)
	return paused, wrap(err, "reading a turn")
}

// RegainTurn takes a place again for a job that has waited. If there is none, the pull request goes back into the line, and ok is false.
func (t *Tx) RegainTurn(ctx context.Context, k Key, window int) (ok bool, err error) {
	const doing = "taking a turn again"
	var installation int64
	var priority int
	err = t.tx.QueryRowContext(ctx, `SELECT installation, priority FROM turns WHERE repo_id = $1 AND number = $2 AND held = 2`, k.RepoID, k.Number).Scan(&installation, &priority)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, wrap(err, doing)
	}
	n, err := t.held(ctx, installation, priority)
	if err != nil {
		return false, wrap(err, doing)
	}
	held := turnWaits
	if n < window {
		held = turnHeld
	}
	_, err = t.tx.ExecContext(ctx, `UPDATE turns SET held = $3 WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number, held)
	return held == turnHeld, wrap(err, doing)
}

// NextTurns lets those in that stand first in the line of the pull request's installation, while there is room.
func (t *Tx) NextTurns(ctx context.Context, k Key, window int) ([]Turn, error) {
	var installation int64
	err := t.tx.QueryRowContext(ctx, `SELECT installation FROM repos WHERE id = $1`, k.RepoID).Scan(&installation)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, wrap(err, "looking for who is next")
	}
	return t.nextTurns(ctx, installation, window)
}

func (t *Tx) nextTurns(ctx context.Context, installation int64, window int) (out []Turn, err error) {
	const doing = "looking for who is next"
	for {
		var next Turn
		var id int64
		err := t.tx.QueryRowContext(ctx, `SELECT id, repo_id, number, priority FROM turns WHERE installation = $1 AND held = 0 ORDER BY priority, id LIMIT 1`, installation).
			Scan(&id, &next.RepoID, &next.Number, &next.Priority)
		if errors.Is(err, sql.ErrNoRows) {
			return out, nil
		}
		if err != nil {
			return nil, wrap(err, doing)
		}
		n, err := t.held(ctx, installation, next.Priority)
		if err != nil {
			return nil, wrap(err, doing)
		}
		if n >= window {
			return out, nil
		}
		// What nobody asks for any more (the repository is gone) leaves the line.
		answered, err := t.Answered(ctx, next.Key)
		if err != nil {
			return nil, err
		}
		if answered {
			if err := t.EndTurn(ctx, next.Key); err != nil {
				return nil, err
			}
			continue
		}
		if _, err := t.tx.ExecContext(ctx, `UPDATE turns SET held = 1 WHERE id = $1`, id); err != nil {
			return nil, wrap(err, doing)
		}
		out = append(out, next)
	}
}

// TidyTurns forgets turns for which nobody asks any more, and lets in who can come in anywhere.
func (t *Tx) TidyTurns(ctx context.Context, window int) (out []Turn, err error) {
	const doing = "tidying the lines"
	if _, err := t.tx.ExecContext(ctx, `DELETE FROM turns WHERE NOT EXISTS (SELECT 1 FROM pulls p WHERE p.repo_id = turns.repo_id AND p.number = turns.number AND p.want > p.done)`); err != nil {
		return nil, wrap(err, doing)
	}
	rows, err := t.tx.QueryContext(ctx, `SELECT DISTINCT installation, 0 FROM turns WHERE held = 0 ORDER BY installation`)
	if err != nil {
		return nil, wrap(err, doing)
	}
	var lines []int64
	if err := eachKey(rows, func(k Key) { lines = append(lines, k.RepoID) }); err != nil {
		return nil, wrap(err, doing)
	}
	for _, installation := range lines {
		next, err := t.nextTurns(ctx, installation, window)
		if err != nil {
			return nil, err
		}
		out = append(out, next...)
	}
	return out, nil
}
