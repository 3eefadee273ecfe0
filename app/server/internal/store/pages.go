package store

import (
	"context"
	"errors"
	"time"
)

// What pages show is read here, in the order and the pieces that they show it in.

// A DeliveryShown is a delivery as pages show it.
type DeliveryShown struct {
	GUID, Event, Action, State, Note string
	Received                         time.Time
	RepoID                           int64
	Repo                             string // "owner/name"; "": it is not about one that we know
	Number                           int
	Want                             int64 // the generation of its pull request that it led to; 0: to none
}

const shownDelivery = `SELECT d.guid, d.event, d.action, d.state, d.note, d.received, d.repo_id, d.number, d.want, COALESCE(r.owner || '/' || r.name, '') FROM deliveries d LEFT JOIN repos r ON r.id = d.repo_id `

// NewestDeliveries lists the last deliveries, the newest first.
func (s *Store) NewestDeliveries(ctx context.Context, limit int) ([]DeliveryShown, error) {
	return s.shownDeliveries(ctx, shownDelivery+`ORDER BY d.received DESC, d.guid LIMIT $1`, limit)
}

// DeliveriesOf lists the last deliveries about a pull request, the newest first.
func (s *Store) DeliveriesOf(ctx context.Context, k Key, limit int) ([]DeliveryShown, error) {
	return s.shownDeliveries(ctx, shownDelivery+`WHERE d.repo_id = $1 AND d.number = $2 ORDER BY d.received DESC, d.guid LIMIT $3`, k.RepoID, k.Number, limit)
}

func (s *Store) shownDeliveries(ctx context.Context, query string, args ...any) (out []DeliveryShown, err error) {
	const doing = "reading deliveries"
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d DeliveryShown
		var received int64
		if err := rows.Scan(&d.GUID, &d.Event, &d.Action, &d.State, &d.Note, &received, &d.RepoID, &d.Number, &d.Want, &d.Repo); err != nil {
			return nil, wrap(err, doing)
		}
		d.Received = time.UnixMilli(received)
		out = append(out, d)
	}
	return out, wrap(rows.Err(), doing)
}

// CountBehind counts the open pull requests that are to be looked at.
func (s *Store) CountBehind(ctx context.Context) (n int, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM pulls WHERE want > done AND number > 0`).Scan(&n)
	return n, wrap(err, "counting unfinished pull requests")
}
