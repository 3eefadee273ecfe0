package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Before says of what is kept for a time before which moment it is dropped. The zero time drops nothing.
type Before struct {
	Deliveries time.Time // bodies of webhooks; their ids stay, so that a replay is still known
	Scans      time.Time // scans, configurations and paths: they can be made again
	Decisions  time.Time // facts of decisions that a newer one has followed
	Deeds      time.Time // content of deeds that a newer one of their slot has followed
}

// pruneBatch is how many rows are dropped in one transaction. Webhooks come in between: transactions take turns.
const pruneBatch = 200

// prunes says what is dropped and how. at is the column that is compared, when a further condition, set what becomes of a row ("": it is deleted). What is
// dropped must no longer be found.
var prunes = []struct {
	before      func(Before) time.Time
	table, keys string
	at, when    string
	set         string
}{
	{func(b Before) time.Time { return b.Deliveries }, "deliveries", "guid", "received", "body IS NOT NULL", "body = NULL"},
	{func(b Before) time.Time { return b.Scans }, "scans", "key", "created", "", ""},
	{func(b Before) time.Time { return b.Scans }, "configs", "key", "created", "", ""},
	{func(b Before) time.Time { return b.Scans }, "changed_paths", "repo_id, base, head", "created", "", ""},
	{func(b Before) time.Time { return b.Scans }, "steps", "repo_id, from_head, to_head", "created", "", ""},
	{func(b Before) time.Time { return b.Decisions }, "decisions", "id", "made",
		"facts <> '{}' AND EXISTS (SELECT 1 FROM decisions n WHERE n.repo_id = decisions.repo_id AND n.number = decisions.number AND n.id > decisions.id)", "facts = '{}'"},
	{func(b Before) time.Time { return b.Deeds }, "outbox", "id", "updated",
		"payload <> '{}' AND state <> 'pending' AND EXISTS (SELECT 1 FROM outbox n WHERE n.slot = outbox.slot AND n.id > outbox.id)", "payload = '{}'"},
}

// Prune drops what is from before its time, a few rows at a time. The ledger, what people said, and the last decision on every pull request stay whole.
func (s *Store) Prune(ctx context.Context, b Before) error {
	for _, p := range prunes {
		before := p.before(b)
		if before.IsZero() {
			continue
		}
		keys := strings.Split(p.keys, ", ")
		where := make([]string, len(keys))
		for i, k := range keys {
			where[i] = fmt.Sprintf("%s = $%d", k, i+1)
		}
		more := ""
		if p.when != "" {
			more = " AND " + p.when
		}
		drop := `DELETE FROM ` + p.table
		if p.set != "" {
			drop = `UPDATE ` + p.table + ` SET ` + p.set
		}
		drop += ` WHERE ` + strings.Join(where, " AND ") + more
		// From where the last batch ended: what stays is not looked at again and again.
		find := `SELECT ` + p.at + `, ` + p.keys + ` FROM ` + p.table + ` WHERE ` + p.at + ` < $1 AND ` + p.at + ` >= $2` + more + ` ORDER BY ` + p.at + ` LIMIT $3`
		for from := int64(0); ; {
			rows, err := s.old(ctx, find, len(keys), millis(before), from, pruneBatch)
			if err != nil {
				return fmt.Errorf("looking for old rows of %s: %w", p.table, err)
			}
			if len(rows) == 0 {
				break
			}
			if err := s.Tx(ctx, func(tx *Tx) error {
				for _, r := range rows {
					if _, err := tx.tx.ExecContext(ctx, drop, r[1:]...); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return fmt.Errorf("dropping old rows of %s: %w", p.table, err)
			}
			if len(rows) < pruneBatch {
				break
			}
			from, _ = rows[len(rows)-1][0].(int64)
		}
	}
	return nil
}

// old reads rows of a time and keys.
func (s *Store) old(ctx context.Context, query string, keys int, args ...any) (out [][]any, err error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		values, at := make([]any, keys+1), make([]any, keys+1)
		for i := range values {
			at[i] = &values[i]
		}
		if err := rows.Scan(at...); err != nil {
			return nil, err
		}
		out = append(out, values)
	}
	return out, rows.Err()
}
