package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A Session is somebody who is signed in.
type Session struct {
	Hash    string // SHA-256 of its id, in hex
	UserID  int64
	Login   string
	Created time.Time
	Seen    time.Time
	Ends    time.Time
	Token   string // GitHub's, encrypted
	Repos   []int64
	Asked   time.Time
}

// Session reads a session; ok is false if there is none.
func (s *Store) Session(ctx context.Context, hash string) (out Session, ok bool, err error) {
	const doing = "reading a session"
	var created, seen, ends, asked int64
	var repos string
	err = s.read.QueryRowContext(ctx, `SELECT user_id, login, created, seen, ends, token, repos, asked FROM sessions WHERE hash = $1`, hash).
		Scan(&out.UserID, &out.Login, &created, &seen, &ends, &out.Token, &repos, &asked)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, false, nil
	}
	if err != nil {
		return Session{}, false, wrap(err, doing)
	}
	if err := json.Unmarshal([]byte(repos), &out.Repos); err != nil {
		return Session{}, false, fmt.Errorf("%s: %w", doing, err)
	}
	out.Hash, out.Created, out.Seen, out.Ends, out.Asked = hash, time.UnixMilli(created), time.UnixMilli(seen), time.UnixMilli(ends), time.UnixMilli(asked)
	return out, true, nil
}

// SaveSession writes a session. With known set it must be there already: one that was dropped meanwhile stays dropped. What has ended is dropped with a new one.
func (s *Store) SaveSession(ctx context.Context, in Session, known bool) error {
	repos, err := json.Marshal(append([]int64{}, in.Repos...))
	if err != nil {
		return fmt.Errorf("writing a session: %w", err)
	}
	err = s.Tx(ctx, func(tx *Tx) error {
		if known {
			// The last question and the last page may have been noted by somebody else at the same time: the later one stays.
			_, err := tx.tx.ExecContext(ctx, `UPDATE sessions SET seen = CASE WHEN seen < $2 THEN $2 ELSE seen END, login = CASE WHEN asked <= $5 THEN $3 ELSE login END,
				repos = CASE WHEN asked <= $5 THEN $4 ELSE repos END, asked = CASE WHEN asked <= $5 THEN $5 ELSE asked END WHERE hash = $1`, in.Hash, millis(in.Seen), in.Login, string(repos), millis(in.Asked))
			return err
		}
		if _, err := tx.tx.ExecContext(ctx, `DELETE FROM sessions WHERE ends < $1`, millis(in.Created)); err != nil {
			return err
		}
		_, err := tx.tx.ExecContext(ctx, `INSERT INTO sessions (hash, user_id, login, created, seen, ends, token, repos, asked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			in.Hash, in.UserID, in.Login, millis(in.Created), millis(in.Seen), millis(in.Ends), in.Token, string(repos), millis(in.Asked))
		return err
	})
	return wrap(err, "writing a session")
}

// DropSession ends a session.
func (s *Store) DropSession(ctx context.Context, hash string) error {
	return wrap(s.exec(ctx, `DELETE FROM sessions WHERE hash = $1`, hash), "ending a session")
}

// DropSessionsOf ends every session of a person.
func (t *Tx) DropSessionsOf(ctx context.Context, user int64) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM sessions WHERE user_id = $1`, user)
	return wrap(err, "ending the sessions of a person")
}
