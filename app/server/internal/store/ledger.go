package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// A seenRow is one path of an entry. Paths are any bytes, and a JSON text would change those that are not UTF-8: they are stored as base64.
type seenRow struct {
	Path []byte
	Seen gate.Seen
}

// An Entry is a ledger entry and the heads before the pushes that came shortly before it.
type Entry struct {
	gate.LedgerEntry
	MovedFrom []string
}

// Ledger reads what each approval of the pull request saw, in the order of their ids.
func (s *Store) Ledger(ctx context.Context, k Key) (out []Entry, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT review_id, reviewer, head, base_ref, base, merge_base, complete, seen, just_moved, moved_from, seconds FROM ledger WHERE repo_id = $1 AND number = $2 ORDER BY review_id`, k.RepoID, k.Number)
	if err != nil {
		return nil, wrap(err, "reading the ledger of "+k.String())
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e Entry
		var seen, from, moved string
		if err := rows.Scan(&e.ReviewID, &e.Reviewer, &e.Head, &e.BaseRef, &e.Base, &e.MergeBase, &e.Complete, &seen, &moved, &from, &e.Seconds); err != nil {
			return nil, wrap(err, "reading the ledger of "+k.String())
		}
		if err := e.unpack(seen, from, moved); err != nil {
			return nil, fmt.Errorf("reading the ledger of %s: review %d: %w", k, e.ReviewID, err)
		}
		out = append(out, e)
	}
	return out, wrap(rows.Err(), "reading the ledger of "+k.String())
}

// CompleteEntry writes merge base, seen and just moved paths of an entry, once: a completed entry never changes.
func (s *Store) CompleteEntry(ctx context.Context, k Key, e gate.LedgerEntry) error {
	seen, moved, err := pack(e)
	if err != nil {
		return fmt.Errorf("writing the ledger of %s: %w", k, err)
	}
	err = s.exec(ctx, `UPDATE ledger SET merge_base = $3, seen = $4, just_moved = $5, complete = 1 WHERE repo_id = $1 AND review_id = $2 AND complete = 0`,
		k.RepoID, e.ReviewID, e.MergeBase, seen, moved)
	return wrap(err, "completing the ledger of "+k.String())
}

// unpack reads what an entry saw from its row.
func (e *Entry) unpack(seen, from, moved string) (err error) {
	var rows []seenRow
	if err := json.Unmarshal([]byte(seen), &rows); err != nil {
		return err
	}
	e.Seen = make(map[string]gate.Seen, len(rows))
	for _, r := range rows {
		e.Seen[string(r.Path)] = r.Seen
	}
	e.MovedFrom = strings.Fields(from)
	e.JustMoved, err = unpackPaths(moved)
	return err
}

func pack(e gate.LedgerEntry) (seen, moved string, err error) {
	rows := make([]seenRow, 0, len(e.Seen))
	for path, seen := range e.Seen {
		rows = append(rows, seenRow{[]byte(path), seen})
	}
	slices.SortFunc(rows, func(a, b seenRow) int { return bytes.Compare(a.Path, b.Path) })
	data, err := json.Marshal(rows)
	if err != nil {
		return "", "", err
	}
	moved, err = packPaths(e.JustMoved)
	return string(data), moved, err
}
