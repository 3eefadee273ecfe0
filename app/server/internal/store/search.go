package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Listed pull request is an open one as GitHub's list shows it.
type Listed struct {
	Number  int
	Head    string
	BaseRef string
	Draft   bool
	Updated time.Time
}

// Installations lists the installations that we know of, sorted.
func (s *Store) Installations(ctx context.Context) (out []int64, err error) {
	const doing = "reading the installations"
	rows, err := s.read.QueryContext(ctx, `SELECT DISTINCT installation FROM repos WHERE installation <> 0 ORDER BY installation`)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, wrap(err, doing)
		}
		out = append(out, id)
	}
	return out, wrap(rows.Err(), doing)
}

// Covered takes in which repositories an installation covers now. Those that it covered at an earlier search and no longer does are
// forgotten: their pull requests are gone. todo answers those whose open pull requests were never listed; with all set, every one.
func (s *Store) Covered(ctx context.Context, installation int64, repos []Repo, all bool, enqueue func(ctx context.Context, tx *Tx, todo []Repo) error) error {
	err := s.Tx(ctx, func(tx *Tx) error {
		known, err := tx.searched(ctx, installation)
		if err != nil {
			return err
		}
		var todo []Repo
		for _, r := range repos {
			searched := known[r.ID]
			delete(known, r.ID)
			if err := tx.saveRepo(ctx, r); err != nil {
				return err
			}
			if all || !searched {
				todo = append(todo, r)
			}
		}
		for id, searched := range known { // in any order: each is its own rows
			if !searched {
				continue // an event may have told of it after the list was asked for
			}
			if err := tx.forget(ctx, `id = $1`, id); err != nil {
				return err
			}
		}
		if len(todo) == 0 {
			return nil
		}
		return enqueue(ctx, tx, todo)
	})
	return wrap(err, fmt.Sprintf("writing what installation %d covers", installation))
}

// searched says of each repository that the installation covered whether it was looked through.
func (t *Tx) searched(ctx context.Context, installation int64) (out map[int64]bool, err error) {
	rows, err := t.tx.QueryContext(ctx, `SELECT id, searched > 0 FROM repos WHERE installation = $1`, installation)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[int64]bool{}
	for rows.Next() {
		var id int64
		var done bool
		if err := rows.Scan(&id, &done); err != nil {
			return nil, err
		}
		out[id] = done
	}
	return out, rows.Err()
}

// forget says of repositories that we no longer see them.
func (t *Tx) forget(ctx context.Context, condition string, args ...any) error {
	for _, q := range []string{
		`UPDATE pulls SET state = 'gone', done = want WHERE state = 'open' AND repo_id IN (SELECT id FROM repos WHERE ` + condition + `)`,
		`UPDATE pulls SET done = want WHERE state = 'sweep' AND repo_id IN (SELECT id FROM repos WHERE ` + condition + `)`,
		`DELETE FROM causes WHERE repo_id IN (SELECT id FROM repos WHERE ` + condition + `)`,
		`UPDATE merge_groups SET state = 'closed' WHERE repo_id IN (SELECT id FROM repos WHERE ` + condition + `)`,
		`UPDATE repos SET searched = 0, installation = 0 WHERE ` + condition,
	} {
		if _, err := t.tx.ExecContext(ctx, q, args...); err != nil {
			return err
		}
	}
	return nil
}

// Found takes in the whole list of a repository's open pull requests. Those that we do not know, that changed since the last job read
// them, or that we take for open and are not in the list, are raised and handed to enqueue. began is when the list was
// asked for.
func (s *Store) Found(ctx context.Context, repo Repo, list []Listed, began time.Time, enqueue func(context.Context, *Tx, []Key) error) (raised int, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		if err := tx.saveRepo(ctx, repo); err != nil {
			return err
		}
		if _, err := tx.tx.ExecContext(ctx, `UPDATE repos SET searched = $2 WHERE id = $1`, repo.ID, millis(began)); err != nil {
			return err
		}
		todo := map[Key]bool{}
		if err := tx.open(ctx, todo, `repo_id = $1`, repo.ID); err != nil {
			return err
		}
		for _, p := range list {
			k := Key{repo.ID, p.Number}
			var same bool
			row := tx.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pulls WHERE repo_id = $1 AND number = $2 AND state = 'open' AND head = $3 AND base_ref = $4 AND draft = $5 AND updated = $6)`,
				k.RepoID, k.Number, p.Head, p.BaseRef, p.Draft, millis(p.Updated))
			if err := row.Scan(&same); err != nil {
				return err
			}
			if same {
				delete(todo, k)
			} else {
				todo[k] = true
			}
		}
		keys := sortedKeys(todo)
		if err := tx.raise(ctx, keys, false); err != nil {
			return err
		}
		if raised = len(keys); raised == 0 {
			return nil
		}
		return enqueue(ctx, tx, keys)
	})
	return raised, wrap(err, "writing the open pull requests of "+repo.Owner+"/"+repo.Name)
}

// Repo reads a repository.
func (s *Store) Repo(ctx context.Context, id int64) (Repo, error) {
	r := Repo{ID: id}
	err := s.read.QueryRowContext(ctx, `SELECT installation, owner, name, default_branch FROM repos WHERE id = $1`, id).Scan(&r.Installation, &r.Owner, &r.Name, &r.DefaultBranch)
	return r, wrap(err, fmt.Sprintf("reading repository %d", id))
}
