package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// A Key names a pull request. The repository's number stays when it is renamed or transferred.
type Key struct {
	RepoID int64
	Number int
}

func (k Key) String() string { return fmt.Sprintf("%d#%d", k.RepoID, k.Number) }

// A Repo is one repository as the newest event described it.
type Repo struct {
	ID, Installation int64
	Owner, Name      string
	DefaultBranch    string // "" while no event has told it
}

// The states of a pull request.
const (
	PullOpen   = "open"
	PullClosed = "closed"
	PullMerged = "merged"
	PullGone   = "gone" // we can no longer see it; PullQueue is the state of number 0
)

// A Pull is what we know of a pull request: what the last job read, and the generation counters.
type Pull struct {
	Key
	Repo          Repo
	State         string
	Draft         bool
	Head, BaseRef string
	Base          string
	Updated       time.Time // GitHub's own mark of its last change
	Read          time.Time // to be saved only: the same mark, as it was when head and base were read
	Want, Done    int64
	// Forced is the Want of the last re-run that was asked for; while it is above Done, an unchanged result is told again.
	Forced int64
	// Asked is the Want of the last time that somebody asked for an explanation by a button, and Asker is who; while it is above Done, it is to be given.
	Asked int64
	Asker string
}

// Pull reads a pull request.
func (s *Store) Pull(ctx context.Context, k Key) (Pull, error) {
	p := Pull{Key: k}
	var updated int64
	err := s.read.QueryRowContext(ctx, `SELECT p.want, p.done, p.forced, p.asked, p.asker, p.state, p.draft, p.head, p.base_ref, p.base, p.updated, r.id, r.installation, r.owner, r.name, r.default_branch
		FROM pulls p JOIN repos r ON r.id = p.repo_id WHERE p.repo_id = $1 AND p.number = $2`, k.RepoID, k.Number).
		Scan(&p.Want, &p.Done, &p.Forced, &p.Asked, &p.Asker, &p.State, &p.Draft, &p.Head, &p.BaseRef, &p.Base, &updated, &p.Repo.ID, &p.Repo.Installation, &p.Repo.Owner, &p.Repo.Name, &p.Repo.DefaultBranch)
	p.Updated = time.UnixMilli(updated)
	return p, wrap(err, "reading pull request "+k.String())
}

// SavePull writes what was read from GitHub about a pull request; the counters and the repository are left alone. One decision covers all
// open pull requests with the same head and base branch: if this one's state, head or base branch is new, those with which it shares
// them, or did before, are raised and handed to enqueue, in the same transaction.
func (s *Store) SavePull(ctx context.Context, p Pull, enqueue func(context.Context, *Tx, []Key) error) error {
	err := s.Tx(ctx, func(tx *Tx) error {
		var was Pull
		row := tx.tx.QueryRowContext(ctx, `SELECT state, head, base_ref FROM pulls WHERE repo_id = $1 AND number = $2`, p.RepoID, p.Number)
		if err := row.Scan(&was.State, &was.Head, &was.BaseRef); errors.Is(err, sql.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := tx.tx.ExecContext(ctx, `UPDATE pulls SET state = $3, draft = $4, head = $5, base_ref = $6, base = $7, updated = $8 WHERE repo_id = $1 AND number = $2`,
			p.RepoID, p.Number, p.State, p.Draft, p.Head, p.BaseRef, p.Base, millis(p.Updated)); err != nil {
			return err
		}
		if p.State == PullOpen {
			seen := Head{Head: p.Head, BaseRef: p.BaseRef, Base: p.Base, At: p.Read}
			if was.Head != p.Head {
				seen.Was = was.Head
			}
			if err := tx.saw(ctx, p.Key, seen); err != nil {
				return err
			}
		}
		if was.State == p.State && was.Head == p.Head && was.BaseRef == p.BaseRef {
			return nil
		}
		others := map[Key]bool{}
		for _, at := range []Pull{was, p} {
			if at.Head == "" {
				continue
			}
			if err := tx.open(ctx, others, `repo_id = $1 AND head = $2 AND base_ref = $3 AND number <> $4`, p.RepoID, at.Head, at.BaseRef, p.Number); err != nil {
				return err
			}
		}
		keys := sortedKeys(others)
		if len(keys) == 0 {
			return nil
		}
		if err := tx.raise(ctx, keys, false); err != nil {
			return err
		}
		return enqueue(ctx, tx, keys)
	})
	return wrap(err, "writing pull request "+p.Key.String())
}

// Siblings lists the other open pull requests of the repository with the same head and base branch, sorted.
func (s *Store) Siblings(ctx context.Context, k Key, head, baseRef string) ([]int, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT repo_id, number FROM pulls WHERE repo_id = $1 AND head = $2 AND base_ref = $3 AND number <> $4 AND state = 'open' ORDER BY number`,
		k.RepoID, head, baseRef, k.Number)
	if err != nil {
		return nil, wrap(err, "looking for pull requests with the same head")
	}
	var out []int
	err = eachKey(rows, func(k Key) { out = append(out, k.Number) })
	return out, wrap(err, "looking for pull requests with the same head")
}

// Behind lists the pull requests of which a generation is not done, sorted. At start and from time to time they get a job again, so
// that nothing depends on the queue's rows alone.
func (s *Store) Behind(ctx context.Context) ([]Key, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT repo_id, number FROM pulls WHERE want > done ORDER BY repo_id, number`)
	if err != nil {
		return nil, wrap(err, "looking for unfinished pull requests")
	}
	var out []Key
	err = eachKey(rows, func(k Key) { out = append(out, k) })
	return out, wrap(err, "looking for unfinished pull requests")
}

// Raise raises the generation of pull requests outside a delivery.
func (t *Tx) Raise(ctx context.Context, keys []Key) error { return t.raise(ctx, keys, false) }

// Finish says that the generation want was answered. again is true if something raised it meanwhile: then the job has to run again.
// In the same transaction the job is completed, so that no webhook can come between.
func (t *Tx) Finish(ctx context.Context, k Key, want int64) (again bool, err error) {
	var now int64
	if err := t.tx.QueryRowContext(ctx, `SELECT want FROM pulls WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number).Scan(&now); err != nil {
		return false, wrap(err, "reading the generation of "+k.String())
	}
	if _, err := t.tx.ExecContext(ctx, `UPDATE pulls SET done = $3 WHERE repo_id = $1 AND number = $2 AND done < $3`, k.RepoID, k.Number, want); err != nil {
		return false, wrap(err, "writing the generation of "+k.String())
	}
	if err := t.answered(ctx, k, want); err != nil {
		return false, err
	}
	return now > want, nil
}

// Pushers lists who pushed to the pull request, as far as we saw it, sorted by number and login.
func (s *Store) Pushers(ctx context.Context, k Key) (out []gate.Person, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT user_id, login, type FROM pushers WHERE repo_id = $1 AND number = $2 ORDER BY user_id, login`, k.RepoID, k.Number)
	if err != nil {
		return nil, wrap(err, "reading the pushers of "+k.String())
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p gate.Person
		if err := rows.Scan(&p.ID, &p.Login, &p.Type); err != nil {
			return nil, wrap(err, "reading the pushers of "+k.String())
		}
		out = append(out, p)
	}
	return out, wrap(rows.Err(), "reading the pushers of "+k.String())
}

func eachKey(rows *sql.Rows, yield func(Key)) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var k Key
		if err := rows.Scan(&k.RepoID, &k.Number); err != nil {
			return err
		}
		yield(k)
	}
	return rows.Err()
}

func sortedKeys(set map[Key]bool) []Key {
	out := make([]Key, 0, len(set))
	for k := range set {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.RepoID, b.RepoID), cmp.Compare(a.Number, b.Number))
	})
	return out
}
