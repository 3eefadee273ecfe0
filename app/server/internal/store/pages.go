package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
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

// Those says which repositories a list may be about. Its zero value: none.
type Those struct {
	All bool
	IDs []int64
}

// where is the condition on a column, for the ids that are ours to write into a statement: numbers only, and more of them than a statement takes parameters.
func (t Those) where(column string) string {
	if t.All {
		return `1 = 1`
	}
	if len(t.IDs) == 0 {
		return `1 = 0`
	}
	var b strings.Builder
	b.WriteString(column + ` IN (`)
	for i, id := range t.IDs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(id, 10))
	}
	return b.String() + `)`
}

// like makes a pattern of LIKE that finds a text anywhere, in lower case; \ escapes.
func like(text string) string {
	return `%` + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(text)) + `%`
}

// undecided is what stands in place of the time of a decision that there is not.
const undecided = 1<<53 - 1

// A PullShown is a pull request in a list.
type PullShown struct {
	Key
	Repo           string // "owner/name"
	Title, Author  string // "" until the first decision
	State          string
	Draft          bool
	Head, BaseRef  string
	Decision, Says string // "": none yet
	Advisory       bool
	Decided        time.Time // zero: not yet
	Working        bool
	Place          PullPlace
	Want, Done     int64
}

// A PullPlace is where a list of pull requests goes on.
type PullPlace struct {
	At int64
	Key
}

// A PullFilter picks pull requests.
type PullFilter struct {
	Those
	Repo     int64  // 0: any
	State    string // "": any
	Decision string // "": any; "none": those without
	Number   int    // 0: any
	Words    string // in title or author
	After    PullPlace
	Limit    int
}

const shownPull = `SELECT p.repo_id, p.number, r.owner || '/' || r.name, p.title, p.author, p.state, p.draft, p.head, p.base_ref, p.decision, p.says, p.advisory, p.decided, p.want, p.done FROM pulls p JOIN repos r ON r.id = p.repo_id `

// PullsShown lists pull requests, those that were decided last first, and before them those that were not decided yet.
func (s *Store) PullsShown(ctx context.Context, f PullFilter) (out []PullShown, err error) {
	const doing = "listing pull requests"
	// The comparison of rows means the same on both databases.
	query := shownPull + `WHERE p.number > 0 AND ` + f.where(`p.repo_id`) + ` AND (CAST($1 AS BIGINT) = 0 OR p.repo_id = $1) AND ($2 = '' OR p.state = $2) AND ($3 = '' OR p.decision = $3 OR ($3 = 'none' AND p.decision = ''))
		AND (CAST($4 AS BIGINT) = 0 OR p.number = $4) AND ($5 = '%%' OR LOWER(p.title) LIKE $5 ESCAPE '\' OR LOWER(p.author) LIKE $5 ESCAPE '\')
		AND (CAST($7 AS BIGINT) = 0 OR (p.decided, p.repo_id, p.number) < ($6, $7, $8)) ORDER BY p.decided DESC, p.repo_id DESC, p.number DESC LIMIT $9`
	rows, err := s.read.QueryContext(ctx, query, f.Repo, f.State, f.Decision, f.Number, like(f.Words), f.After.At, f.After.RepoID, f.After.Number, f.Limit)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		p, err := scanShown(rows)
		if err != nil {
			return nil, wrap(err, doing)
		}
		out = append(out, p)
	}
	return out, wrap(rows.Err(), doing)
}

// PullShown reads one pull request as a list shows it.
func (s *Store) PullShown(ctx context.Context, k Key) (PullShown, error) {
	p, err := scanShown(s.read.QueryRowContext(ctx, shownPull+`WHERE p.number > 0 AND p.repo_id = $1 AND p.number = $2`, k.RepoID, k.Number))
	return p, wrap(err, "reading pull request "+k.String())
}

func scanShown(row interface{ Scan(...any) error }) (p PullShown, err error) {
	err = row.Scan(&p.RepoID, &p.Number, &p.Repo, &p.Title, &p.Author, &p.State, &p.Draft, &p.Head, &p.BaseRef, &p.Decision, &p.Says, &p.Advisory, &p.Place.At, &p.Want, &p.Done)
	p.Working, p.Place.Key = p.Want > p.Done, p.Key
	if p.Place.At != undecided && p.Place.At > 0 {
		p.Decided = time.UnixMilli(p.Place.At)
	}
	return p, err
}

// show writes what the list of pull requests shows of a decision, unless a newer one was stored.
func (t *Tx) show(ctx context.Context, d *Decision) error {
	var title, author string
	if d.Facts != nil {
		title, author = d.Facts.Title, d.Facts.Author.Login
	}
	_, err := t.tx.ExecContext(ctx, `UPDATE pulls SET title = $3, author = $4, decision = $5, says = $6, advisory = $7, decided = (SELECT COALESCE(MAX(made), $8) FROM decisions WHERE repo_id = $1 AND number = $2)
		WHERE repo_id = $1 AND number = $2 AND NOT EXISTS (SELECT 1 FROM decisions WHERE repo_id = $1 AND number = $2 AND seq > $9 AND $9 > 0)`,
		d.RepoID, d.Number, title, author, string(d.Decision.State), d.Decision.Title, d.Decision.Advisory, millis(d.Made), d.Seq)
	return wrap(err, "noting a decision for the list")
}

// DecisionsOf lists the last decisions on a pull request, the newest first, without their facts.
func (s *Store) DecisionsOf(ctx context.Context, k Key, limit int) (out []Decision, err error) {
	const doing = "reading decisions"
	rows, err := s.read.QueryContext(ctx, `SELECT id, generation, seq, head, base_ref, base, made, scan_key, config_key, decision FROM decisions WHERE repo_id = $1 AND number = $2 ORDER BY id DESC LIMIT $3`, k.RepoID, k.Number, limit)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		d := Decision{Key: k, Decision: new(gate.Decision)}
		var made int64
		var text string
		if err := rows.Scan(&d.ID, &d.Generation, &d.Seq, &d.Head, &d.BaseRef, &d.Base, &made, &d.ScanKey, &d.ConfigKey, &text); err != nil {
			return nil, wrap(err, doing)
		}
		if err := json.Unmarshal([]byte(text), d.Decision); err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		d.Made = time.UnixMilli(made)
		out = append(out, d)
	}
	return out, wrap(rows.Err(), doing)
}

// A DeedShown is a deed as pages show it, without what it says.
type DeedShown struct {
	ID               int64
	Kind, Slot, Head string
	State, LastError string
	Attempts         int
	Seq              int64
	Created, Updated time.Time
}

// DeedsShown lists the last deeds of a pull request, the newest first.
func (s *Store) DeedsShown(ctx context.Context, k Key, limit int) (out []DeedShown, err error) {
	const doing = "reading the outbox"
	rows, err := s.read.QueryContext(ctx, `SELECT id, kind, slot, head, state, last_error, attempts, seq, created, updated FROM outbox WHERE repo_id = $1 AND number = $2 ORDER BY id DESC LIMIT $3`, k.RepoID, k.Number, limit)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d DeedShown
		var created, updated int64
		if err := rows.Scan(&d.ID, &d.Kind, &d.Slot, &d.Head, &d.State, &d.LastError, &d.Attempts, &d.Seq, &created, &updated); err != nil {
			return nil, wrap(err, doing)
		}
		d.Created, d.Updated = time.UnixMilli(created), time.UnixMilli(updated)
		out = append(out, d)
	}
	return out, wrap(rows.Err(), doing)
}

// A RepoFilter picks repositories that the App covers.
type RepoFilter struct {
	Those
	ID    int64 // 0: any
	Words string
	After string // "owner/name" in lower case, of the last one before
	Limit int
}

// A RepoShown is a repository with what is to be said of it in a list.
type RepoShown struct {
	Repo
	Swept                  time.Time // zero: not yet
	Open, Blocked, Waiting int
	ConfigKey              string // of the newest decision there; "": none
	ConfigAt               time.Time
}

// ReposShown lists repositories by name.
func (s *Store) ReposShown(ctx context.Context, f RepoFilter) (out []RepoShown, err error) {
	const doing = "listing repositories"
	query := `SELECT r.id, r.installation, r.owner, r.name, r.default_branch, r.swept,
			(SELECT COUNT(*) FROM pulls p WHERE p.repo_id = r.id AND p.state = 'open' AND p.number > 0),
			(SELECT COUNT(*) FROM pulls p WHERE p.repo_id = r.id AND p.state = 'open' AND p.number > 0 AND p.decision IN ('block', 'error')),
			(SELECT COUNT(*) FROM pulls p WHERE p.repo_id = r.id AND p.state = 'open' AND p.number > 0 AND p.decision = 'pending'),
			COALESCE(d.config_key, ''), COALESCE(d.made, 0)
		FROM repos r LEFT JOIN decisions d ON d.id = (SELECT MAX(m.id) FROM decisions m WHERE m.repo_id = r.id)
		WHERE r.installation <> 0 AND ` + f.where(`r.id`) + ` AND (CAST($1 AS BIGINT) = 0 OR r.id = $1) AND ($2 = '%%' OR LOWER(r.owner || '/' || r.name) LIKE $2 ESCAPE '\') AND LOWER(r.owner || '/' || r.name) > $3
		ORDER BY LOWER(r.owner || '/' || r.name), r.id LIMIT $4`
	rows, err := s.read.QueryContext(ctx, query, f.ID, like(f.Words), strings.ToLower(f.After), f.Limit)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r RepoShown
		var swept, at int64
		if err := rows.Scan(&r.ID, &r.Installation, &r.Owner, &r.Name, &r.DefaultBranch, &swept, &r.Open, &r.Blocked, &r.Waiting, &r.ConfigKey, &at); err != nil {
			return nil, wrap(err, doing)
		}
		if swept > 0 {
			r.Swept = time.UnixMilli(swept)
		}
		if at > 0 {
			r.ConfigAt = time.UnixMilli(at)
		}
		out = append(out, r)
	}
	return out, wrap(rows.Err(), doing)
}
