package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// SweepNumber is the number of the Key that stands for the sweep of a repository: like a pull request it has generations and one job.
const SweepNumber = -1

// PullSweep is the state of that row.
const PullSweep = "sweep"

// NextJudgement gives the number of a judgement that begins now: larger than that of every one that began before, in whatever process.
func (s *Store) NextJudgement(ctx context.Context) (n int64, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		return tx.tx.QueryRowContext(ctx, `UPDATE counters SET value = value + 1 WHERE name = 'judgement' RETURNING value`).Scan(&n)
	})
	return n, wrap(err, "numbering a judgement")
}

// A Standing pull request is an open one with what its last decision was made from.
type Standing struct {
	Pull
	Decision *Decision // nil: there is none
	Pending  bool      // something is still to be done on GitHub
	Sighting string    // the last difference for which a sweep had it judged again
	Sighted  time.Time
}

// Standing reads every open pull request of a repository, sorted by number, one at a time.
func (s *Store) Standing(ctx context.Context, repoID int64, yield func(Standing) error) error {
	const doing = "reading the open pull requests"
	var keys []Key
	rows, err := s.read.QueryContext(ctx, `SELECT repo_id, number FROM pulls WHERE repo_id = $1 AND state = 'open' ORDER BY number`, repoID)
	if err != nil {
		return wrap(err, doing)
	}
	if err := eachKey(rows, func(k Key) { keys = append(keys, k) }); err != nil {
		return wrap(err, doing)
	}
	for _, k := range keys {
		p, err := s.Pull(ctx, k)
		if err != nil {
			return err
		}
		at := Standing{Pull: p}
		var sighted int64
		if err := s.read.QueryRowContext(ctx, `SELECT sighting, sighted, EXISTS (SELECT 1 FROM outbox o WHERE o.repo_id = $1 AND o.number = $2 AND o.state = 'pending') FROM pulls WHERE repo_id = $1 AND number = $2`,
			k.RepoID, k.Number).Scan(&at.Sighting, &sighted, &at.Pending); err != nil {
			return wrap(err, doing)
		}
		at.Sighted = time.UnixMilli(sighted)
		d, err := s.LastDecision(ctx, k)
		switch {
		case err == nil:
			at.Decision = &d
		case !errors.Is(err, ErrNotFound):
			return err
		}
		if err := yield(at); err != nil {
			return err
		}
	}
	return nil
}

// A Raise has a pull request judged again.
type Raise struct {
	Number   int
	Force    bool   // what it comes to is told again, even if it is the same
	Sighting string // why
}

// A Verified pull request stands as its last decision says, with another tip of its base branch, or another mark of the last change.
type Verified struct {
	Number  int
	Base    string
	Updated time.Time
}

// Swept takes in what a sweep found, in one transaction. Open pull requests that are not known are made known.
func (s *Store) Swept(ctx context.Context, repoID int64, raise []Raise, same []Verified, now time.Time, enqueue func(context.Context, *Tx, []Key) error) error {
	err := s.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.tx.ExecContext(ctx, `UPDATE repos SET swept = $2 WHERE id = $1`, repoID, millis(now)); err != nil {
			return err
		}
		for _, v := range same {
			if _, err := tx.tx.ExecContext(ctx, `UPDATE pulls SET base = $3, updated = $4 WHERE repo_id = $1 AND number = $2 AND done = want`, repoID, v.Number, v.Base, millis(v.Updated)); err != nil {
				return err
			}
		}
		var keys []Key
		for _, r := range raise {
			k := Key{repoID, r.Number}
			if err := tx.raise(ctx, []Key{k}, r.Force); err != nil {
				return err
			}
			if _, err := tx.tx.ExecContext(ctx, `UPDATE pulls SET sighting = $3, sighted = $4 WHERE repo_id = $1 AND number = $2`, repoID, r.Number, r.Sighting, millis(now)); err != nil {
				return err
			}
			keys = append(keys, k)
		}
		if len(keys) == 0 {
			return nil
		}
		return enqueue(ctx, tx, keys)
	})
	return wrap(err, "writing what a sweep found")
}

// RaiseSweeps has the repositories of an installation swept that were last swept before the time, and in which there is something to look at.
func (s *Store) RaiseSweeps(ctx context.Context, installation int64, before time.Time, enqueue func(context.Context, *Tx, []Key) error) (n int, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		rows, err := tx.tx.QueryContext(ctx, `SELECT id, CAST($2 AS BIGINT) FROM repos r WHERE installation = $3 AND swept <= $1
			AND NOT EXISTS (SELECT 1 FROM pulls p WHERE p.repo_id = r.id AND p.number = $2 AND p.want > p.done)
			AND (EXISTS (SELECT 1 FROM pulls p WHERE p.repo_id = r.id AND p.state = 'open') OR EXISTS (SELECT 1 FROM branches b WHERE b.repo_id = r.id)) ORDER BY id`, millis(before), SweepNumber, installation)
		if err != nil {
			return err
		}
		var keys []Key
		if err := eachKey(rows, func(k Key) { keys = append(keys, k) }); err != nil || len(keys) == 0 {
			return err
		}
		n = len(keys)
		if err := tx.raise(ctx, keys, false); err != nil {
			return err
		}
		return enqueue(ctx, tx, keys)
	})
	return n, wrap(err, "having repositories swept")
}

// sweeps adds the sweep of the repository where the condition holds.
func (t *Tx) sweeps(ctx context.Context, into map[Key]bool, condition string, args ...any) error {
	rows, err := t.tx.QueryContext(ctx, `SELECT id, -1 FROM repos WHERE `+condition, args...)
	if err != nil {
		return err
	}
	return eachKey(rows, func(k Key) { into[k] = true })
}

// HasDelivery says whether the delivery was received.
func (s *Store) HasDelivery(ctx context.Context, guid string) (has bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM deliveries WHERE guid = $1)`, guid).Scan(&has)
	return has, wrap(err, "looking for a delivery")
}

// A ForeignMark is a check run or status with a name of ours that is not ours.
type ForeignMark struct{ Kind, Name, Source, Says string }

// SaveForeign remembers a foreign mark. fresh is false if it was known and said the same.
func (s *Store) SaveForeign(ctx context.Context, repoID int64, sha string, m ForeignMark, now time.Time) (fresh bool, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		fresh, err = tx.saveForeign(ctx, repoID, sha, m, now)
		return err
	})
	return fresh, wrap(err, "writing a check that is not ours")
}

func (t *Tx) saveForeign(ctx context.Context, repoID int64, sha string, m ForeignMark, now time.Time) (fresh bool, err error) {
	res, err := t.tx.ExecContext(ctx, `INSERT INTO foreign_marks (repo_id, sha, kind, name, source, says, first) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (repo_id, sha, kind, name, source) DO UPDATE SET says = excluded.says WHERE foreign_marks.says <> excluded.says`, repoID, sha, m.Kind, m.Name, m.Source, m.Says, millis(now))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Foreign lists the foreign marks on a commit, sorted; at most 20.
func (s *Store) Foreign(ctx context.Context, repoID int64, sha string) (out []ForeignMark, err error) {
	const doing = "reading the checks that are not ours"
	rows, err := s.read.QueryContext(ctx, `SELECT kind, name, source, says FROM foreign_marks WHERE repo_id = $1 AND sha = $2 ORDER BY kind, name, source LIMIT 20`, repoID, sha)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m ForeignMark
		if err := rows.Scan(&m.Kind, &m.Name, &m.Source, &m.Says); err != nil {
			return nil, wrap(err, doing)
		}
		out = append(out, m)
	}
	return out, wrap(rows.Err(), doing)
}

// Reassert has the newest deed of a slot done (again), because an older one, id, may have been done after it. newest is 0 if there is none.
func (s *Store) Reassert(ctx context.Context, slot string, id int64, now time.Time) (newest int64, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		err := tx.tx.QueryRowContext(ctx, `UPDATE outbox SET state = 'pending', again = again + 1, updated = $3
			WHERE id = (SELECT MAX(id) FROM outbox WHERE slot = $1) AND id > $2 AND state IN ('pending', 'done') RETURNING id`, slot, id, millis(now)).Scan(&newest)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return newest, wrap(err, "having a deed done again")
}
