package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// A Branch is one whose pushes are audited.
type Branch struct {
	Name    string
	Audited string // tip up to which it is audited; "": not yet
	Seen    string // tip that was seen last
	SeenAt  time.Time
}

// Branches lists the branches of a repository that are audited, sorted.
func (s *Store) Branches(ctx context.Context, repoID int64) (out []Branch, err error) {
	const doing = "reading the audited branches"
	rows, err := s.read.QueryContext(ctx, `SELECT name, audited, seen, seen_at FROM branches WHERE repo_id = $1 ORDER BY name`, repoID)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b Branch
		var at int64
		if err := rows.Scan(&b.Name, &b.Audited, &b.Seen, &at); err != nil {
			return nil, wrap(err, doing)
		}
		b.SeenAt = time.UnixMilli(at)
		out = append(out, b)
	}
	return out, wrap(rows.Err(), doing)
}

// SaveBranch writes how far a branch is audited.
func (s *Store) SaveBranch(ctx context.Context, repoID int64, b Branch) error {
	err := s.exec(ctx, `INSERT INTO branches (repo_id, name, audited, seen, seen_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (repo_id, name) DO UPDATE SET audited = excluded.audited, seen = excluded.seen, seen_at = excluded.seen_at`, repoID, b.Name, b.Audited, b.Seen, millis(b.SeenAt))
	return wrap(err, "writing an audited branch")
}

// DropBranch forgets a branch that is gone or not governed.
func (s *Store) DropBranch(ctx context.Context, repoID int64, name string) error {
	err := s.exec(ctx, `DELETE FROM branches WHERE repo_id = $1 AND name = $2`, repoID, name)
	return wrap(err, "forgetting a branch")
}

// maxBranches bounds the branches of a repository that pushes tell of.
const maxBranches = 200

// pushedTo remembers a push to a branch that may be governed: where it stood before is how far it is audited, if nothing else is known.
func (t *Tx) pushedTo(ctx context.Context, repoID int64, b Branch) error {
	_, err := t.tx.ExecContext(ctx, `INSERT INTO branches (repo_id, name, audited, seen, seen_at)
		SELECT $1, $2, $3, $4, $5 WHERE (SELECT COUNT(*) FROM branches WHERE repo_id = $1) < $6
		ON CONFLICT (repo_id, name) DO UPDATE SET seen = excluded.seen, seen_at = excluded.seen_at`, repoID, b.Name, b.Audited, b.Seen, millis(b.SeenAt), maxBranches)
	return wrap(err, "writing a push")
}

// A Bypass is something that went around the gate.
type Bypass struct {
	ID     int64
	Number int    // of the pull request; 0: a push without one
	Branch string // that it came onto
	SHA    string
	Reason string
	Who    string // login; "": not known
	Made   time.Time
}

// SaveBypass remembers what went around the gate, and the deeds that tell it, in one transaction. fresh is false if it was known: then nothing is done.
func (s *Store) SaveBypass(ctx context.Context, repoID int64, b Bypass, deeds []Deed) (fresh bool, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		err := tx.tx.QueryRowContext(ctx, `INSERT INTO bypasses (repo_id, number, branch, sha, reason, who, made) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id`,
			repoID, b.Number, b.Branch, b.SHA, b.Reason, b.Who, millis(b.Made)).Scan(&b.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		fresh = true
		who := b.Who
		if who == "" {
			who = ByServer // nobody is known
		}
		if err := tx.Audit(ctx, AuditEntry{At: b.Made, Actor: who, Kind: AuditBypass, RepoID: repoID, Number: b.Number, Subject: b.Branch, Detail: map[string]any{"sha": b.SHA, "reason": b.Reason}}); err != nil {
			return err
		}
		for _, d := range deeds {
			if err := tx.put(ctx, d, b.Made); err != nil {
				return err
			}
		}
		return nil
	})
	return fresh, wrap(err, "writing what went around the gate")
}

// Bypasses lists what went around the gate in a repository, newest first; at most limit.
func (s *Store) Bypasses(ctx context.Context, repoID int64, limit int) (out []Bypass, err error) {
	const doing = "reading what went around the gate"
	rows, err := s.read.QueryContext(ctx, `SELECT id, number, branch, sha, reason, who, made FROM bypasses WHERE repo_id = $1 ORDER BY id DESC LIMIT $2`, repoID, limit)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b Bypass
		var at int64
		if err := rows.Scan(&b.ID, &b.Number, &b.Branch, &b.SHA, &b.Reason, &b.Who, &at); err != nil {
			return nil, wrap(err, doing)
		}
		b.Made = time.UnixMilli(at)
		out = append(out, b)
	}
	return out, wrap(rows.Err(), doing)
}

// CountBypasses counts what ever went around the gate.
func (s *Store) CountBypasses(ctx context.Context) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM bypasses`).Scan(&n)
	return n, wrap(err, "counting what went around the gate")
}
