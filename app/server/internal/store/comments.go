package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// maxCommands bounds the comments of one person on one pull request that are kept: anybody may write hundreds. Those beyond do not count.
const maxCommands = 50

// A Head is one that a pull request had.
type Head struct {
	Head, BaseRef, Base string
	At                  time.Time   // by GitHub's clock: from then on at the latest it was the head
	Was                 string      // the head before; "": none, or not known
	Opened              bool        // the pull request was opened with it
	By                  gate.Person // who pushed it or opened with it; nobody: a job found it
}

// saw writes down a head. What a job found is written if it is new; a push always, because only its webhook says whose it was.
func (t *Tx) saw(ctx context.Context, k Key, h Head) error {
	if h.At.IsZero() || h.Head == "" {
		return nil
	}
	_, err := t.tx.ExecContext(ctx, `INSERT INTO heads (repo_id, number, head, base_ref, base, at, was, opened, user_id, login, type)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 WHERE CAST($9 AS BIGINT) <> 0 OR NOT EXISTS (SELECT 1 FROM heads WHERE head = $3 AND base_ref = $4
			AND id = (SELECT id FROM heads WHERE repo_id = $1 AND number = $2 AND at <= $6 ORDER BY at DESC, id DESC LIMIT 1))`,
		k.RepoID, k.Number, h.Head, h.BaseRef, h.Base, millis(h.At), h.Was, h.Opened, h.By.ID, h.By.Login, h.By.Type)
	return wrap(err, "writing a head of "+k.String())
}

// movedFrom gives the heads before the pushes that came so shortly before a time that a page may still have shown one of them, oldest first, with
// spaces between. Their webhooks come in any order.
func (t *Tx) movedFrom(ctx context.Context, k Key, at time.Time, unseen time.Duration) (from string, err error) {
	doing := "reading the last pushes to " + k.String()
	rows, err := t.tx.QueryContext(ctx, `SELECT was FROM heads WHERE repo_id = $1 AND number = $2 AND was <> '' AND at > $3 AND at <= $4 GROUP BY was ORDER BY MIN(id)`,
		k.RepoID, k.Number, millis(at.Add(-unseen)), millis(at))
	if err != nil {
		return "", wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var heads []string
	for rows.Next() {
		var h string
		if err := rows.Scan(&h); err != nil {
			return "", wrap(err, doing)
		}
		heads = append(heads, h)
	}
	return strings.Join(heads, " "), wrap(rows.Err(), doing)
}

// Heads lists the heads that the pull request had, as far as we saw, oldest first.
func (s *Store) Heads(ctx context.Context, k Key) (out []Head, err error) {
	doing := "reading the heads of " + k.String()
	rows, err := s.read.QueryContext(ctx, `SELECT head, base_ref, base, at, was, opened, user_id, login, type FROM heads WHERE repo_id = $1 AND number = $2 ORDER BY at, id`, k.RepoID, k.Number)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var h Head
		var at int64
		if err := rows.Scan(&h.Head, &h.BaseRef, &h.Base, &at, &h.Was, &h.Opened, &h.By.ID, &h.By.Login, &h.By.Type); err != nil {
			return nil, wrap(err, doing)
		}
		h.At = time.UnixMilli(at)
		out = append(out, h)
	}
	return out, wrap(rows.Err(), doing)
}

// A Said is a comment that held a command when it was created. In its Entry, ReviewID is the comment's id, Reviewer its author, and Head is "" if no
// head of the pull request was known then: such a comment never counts.
type Said struct {
	Entry
	Sender   gate.Person
	Body     string // SHA-256 of what it said then
	Edited   bool   // a webhook said so
	Received time.Time
	Created  time.Time // by GitHub's clock; only of one that is received
}

// The ends of a comment.
const (
	Edited  = "edited"
	Deleted = "deleted"
)

// An Unsaid says that a comment is no longer what it was.
type Unsaid struct {
	Comment int64
	How     string
}

// A Call is a comment or review in which somebody called accounts by "@login".
type Call struct {
	Kind string // "comment", "review"
	ID   int64
	gate.Mention
	Created time.Time // where Head is not known: the last one before that counts
}

// maxCalls bounds what is kept of one person on one pull request.
const maxCalls = 100

// headOf gives the head that a call was made at; "" if it is not known.
func (t *Tx) headOf(ctx context.Context, k Key, c *Call) (head string, err error) {
	if c.Head != "" {
		return c.Head, nil
	}
	row := t.tx.QueryRowContext(ctx, `SELECT COALESCE((SELECT head FROM heads WHERE repo_id = $1 AND number = $2 AND at <= $3 ORDER BY at DESC, id DESC LIMIT 1), '')`, k.RepoID, k.Number, millis(c.Created))
	return head, wrap(row.Scan(&head), "looking for the head of a call")
}

func (t *Tx) call(ctx context.Context, k Key, c *Call) error {
	head, err := t.headOf(ctx, k, c)
	if err != nil {
		return err
	}
	logins, err := json.Marshal(c.Logins)
	if err != nil {
		return fmt.Errorf("writing down a call: %w", err)
	}
	_, err = t.tx.ExecContext(ctx, `INSERT INTO mentions (repo_id, number, kind, id, user_id, login, type, logins, head) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
		WHERE (SELECT COUNT(*) FROM mentions WHERE repo_id = $1 AND number = $2 AND user_id = $5) < $10 ON CONFLICT DO NOTHING`,
		k.RepoID, k.Number, c.Kind, c.ID, c.By.ID, c.By.Login, c.By.Type, string(logins), head, maxCalls)
	return wrap(err, "writing down a call on "+k.String())
}

// Mentions lists who called whom on a pull request, without doubles, in the order of their ids.
func (s *Store) Mentions(ctx context.Context, k Key) (out []gate.Mention, err error) {
	doing := "reading the calls on " + k.String()
	rows, err := s.read.QueryContext(ctx, `SELECT user_id, login, type, logins, head FROM mentions WHERE repo_id = $1 AND number = $2 GROUP BY user_id, login, type, logins, head ORDER BY MIN(id)`, k.RepoID, k.Number)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m gate.Mention
		var logins string
		if err := rows.Scan(&m.By.ID, &m.By.Login, &m.By.Type, &logins, &m.Head); err != nil {
			return nil, wrap(err, doing)
		}
		if err := json.Unmarshal([]byte(logins), &m.Logins); err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		out = append(out, m)
	}
	return out, wrap(rows.Err(), doing)
}

// talk writes down what a delivery says of heads and comments. The payload of a comment does not name the head: it is the last one that we know to
// have been there when the comment was created. A later delivery cannot change that.
func (t *Tx) talk(ctx context.Context, k Key, d Delivery) error {
	if d.Seen != nil {
		if err := t.saw(ctx, k, *d.Seen); err != nil {
			return err
		}
	}
	if c := d.Said; c != nil {
		from, err := t.movedFrom(ctx, k, c.Created, d.Unseen)
		if err != nil {
			return err
		}
		if _, err := t.tx.ExecContext(ctx, `WITH h AS (SELECT head, base_ref, base FROM heads WHERE repo_id = $1 AND number = $3 AND at <= $9 ORDER BY at DESC, id DESC LIMIT 1)
			INSERT INTO commands (repo_id, comment_id, number, author, sender, sender_name, sender_type, body, edited, gone, head, base_ref, base, merge_base, complete, seen, moved_from, just_moved, guid, received)
			SELECT $1, $2, $3, $4, $5, $6, $7, $8, 0, 0, COALESCE((SELECT head FROM h), ''), COALESCE((SELECT base_ref FROM h), ''), COALESCE((SELECT base FROM h), ''), '', 0, '[]',
				$10, '[]', $11, $12
			WHERE (SELECT COUNT(*) FROM commands WHERE repo_id = $1 AND number = $3 AND author = $4) < $13
			ON CONFLICT (repo_id, comment_id) DO NOTHING`,
			k.RepoID, c.ReviewID, k.Number, c.Reviewer, c.Sender.ID, c.Sender.Login, c.Sender.Type, c.Body, millis(c.Created), from, d.GUID, millis(d.Received), maxCommands); err != nil {
			return wrap(err, "writing down a comment on "+k.String())
		}
	}
	if d.Call != nil {
		if err := t.call(ctx, k, d.Call); err != nil {
			return err
		}
	}
	if u := d.Unsaid; u != nil {
		for _, q := range []string{
			`UPDATE commands SET edited = 1, gone = CASE WHEN $3 = 'deleted' THEN 1 ELSE gone END WHERE repo_id = $1 AND comment_id = $2`,
			`DELETE FROM false_positives WHERE repo_id = $1 AND comment_id = $2 AND $3 <> ''`,
		} {
			if _, err := t.tx.ExecContext(ctx, q, k.RepoID, u.Comment, u.How); err != nil {
				return wrap(err, "taking back a comment on "+k.String())
			}
		}
	}
	return nil
}

// talked adds the pull request of a comment that held a command and was changed, or of a call that we hear of after the head has moved on.
func (t *Tx) talked(ctx context.Context, into map[Key]bool, k Key, d Delivery) error {
	if d.Number <= 0 {
		return nil
	}
	if d.Unsaid != nil {
		var held bool
		if err := t.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM commands WHERE repo_id = $1 AND comment_id = $2)`, k.RepoID, d.Unsaid.Comment).Scan(&held); err != nil {
			return wrap(err, "looking for a comment")
		}
		if held {
			into[k] = true
		}
	}
	if d.Call != nil {
		head, err := t.headOf(ctx, k, d.Call)
		if err != nil {
			return err
		}
		var late bool
		if err := t.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pulls WHERE repo_id = $1 AND number = $2 AND head <> '' AND head <> $3)`, k.RepoID, k.Number, head).Scan(&late); err != nil {
			return wrap(err, "looking for the head of a call")
		}
		if late {
			into[k] = true
		}
	}
	return nil
}

// Said lists the comments with commands on a pull request that nobody deleted as far as we know, in the order of their ids.
func (s *Store) Said(ctx context.Context, k Key) (out []Said, err error) {
	doing := "reading the commands on " + k.String()
	rows, err := s.read.QueryContext(ctx, `SELECT comment_id, author, sender, sender_name, sender_type, body, edited, received, head, base_ref, base, merge_base, complete, seen, moved_from, just_moved
		FROM commands WHERE repo_id = $1 AND number = $2 AND gone = 0 ORDER BY comment_id`, k.RepoID, k.Number)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c Said
		var seen, from, moved string
		var received int64
		if err := rows.Scan(&c.ReviewID, &c.Reviewer, &c.Sender.ID, &c.Sender.Login, &c.Sender.Type, &c.Body, &c.Edited, &received, &c.Head, &c.BaseRef, &c.Base, &c.MergeBase, &c.Complete, &seen, &from, &moved); err != nil {
			return nil, wrap(err, doing)
		}
		c.Received = time.UnixMilli(received)
		if err := c.unpack(seen, from, moved); err != nil {
			return nil, fmt.Errorf("%s: comment %d: %w", doing, c.ReviewID, err)
		}
		out = append(out, c)
	}
	return out, wrap(rows.Err(), doing)
}

// CompleteSaid writes what the author of a comment had before them, once.
func (s *Store) CompleteSaid(ctx context.Context, k Key, e gate.LedgerEntry) error {
	seen, moved, err := pack(e)
	if err != nil {
		return fmt.Errorf("writing what a comment on %s saw: %w", k, err)
	}
	err = s.exec(ctx, `UPDATE commands SET merge_base = $3, seen = $4, just_moved = $5, complete = 1 WHERE repo_id = $1 AND comment_id = $2 AND complete = 0`,
		k.RepoID, e.ReviewID, e.MergeBase, seen, moved)
	return wrap(err, "writing what a comment on "+k.String()+" saw")
}

// A FalsePositive says that somebody called a finding wrong.
type FalsePositive struct {
	Key
	Comment     int64
	Fingerprint string
	Rule        string
	Head        string
	By          gate.Person // without a type
	Reason      string
	Made        time.Time
}

// MarkFalse writes down that a finding was called wrong, once for a comment and finding.
func (t *Tx) MarkFalse(ctx context.Context, m FalsePositive) error {
	const doing = "writing down a false positive"
	res, err := t.tx.ExecContext(ctx, `INSERT INTO false_positives (repo_id, comment_id, fingerprint, number, rule, head, user_id, login, reason, made)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		m.RepoID, m.Comment, m.Fingerprint, m.Number, m.Rule, m.Head, m.By.ID, m.By.Login, m.Reason, millis(m.Made))
	if err != nil {
		return wrap(err, doing)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return wrap(err, doing)
	}
	return t.Audit(ctx, AuditEntry{At: m.Made, Actor: m.By.Login, Kind: AuditFalsePositive, RepoID: m.RepoID, Number: m.Number, Subject: m.Rule,
		Detail: map[string]any{"comment_id": m.Comment, "fingerprint": m.Fingerprint, "head": m.Head, "reason": m.Reason, "user_id": m.By.ID}})
}

// Unmark takes back what a comment called wrong.
func (t *Tx) Unmark(ctx context.Context, repoID, comment int64) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM false_positives WHERE repo_id = $1 AND comment_id = $2`, repoID, comment)
	return wrap(err, "taking back a false positive")
}

// FalsePositives lists the findings of a rule that were called wrong, oldest first.
func (s *Store) FalsePositives(ctx context.Context, rule string) (out []FalsePositive, err error) {
	const doing = "reading the false positives of a rule"
	rows, err := s.read.QueryContext(ctx, `SELECT repo_id, number, comment_id, fingerprint, rule, head, user_id, login, reason, made FROM false_positives WHERE rule = $1 ORDER BY made, comment_id, fingerprint`, rule)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var m FalsePositive
		var made int64
		if err := rows.Scan(&m.RepoID, &m.Number, &m.Comment, &m.Fingerprint, &m.Rule, &m.Head, &m.By.ID, &m.By.Login, &m.Reason, &made); err != nil {
			return nil, wrap(err, doing)
		}
		m.Made = time.UnixMilli(made)
		out = append(out, m)
	}
	return out, wrap(rows.Err(), doing)
}

// An Answer is one reply or reaction to a comment that was planned.
type Answer struct {
	Number int
	Name   string // of the deed
}

// Answers lists the replies and reactions in a repository that were planned since the time.
func (s *Store) Answers(ctx context.Context, repoID int64, since time.Time) (out []Answer, err error) {
	const doing = "reading the answers to comments"
	rows, err := s.read.QueryContext(ctx, `SELECT number, deed FROM outbox WHERE repo_id = $1 AND created >= $2 AND kind IN ('reply', 'reaction') ORDER BY id`, repoID, millis(since))
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var a Answer
		if err := rows.Scan(&a.Number, &a.Name); err != nil {
			return nil, wrap(err, doing)
		}
		out = append(out, a)
	}
	return out, wrap(rows.Err(), doing)
}

// Step reads the paths that differ between two commits; known is false if nobody has looked yet.
func (s *Store) Step(ctx context.Context, repoID int64, from, to string) (paths []string, known bool, err error) {
	const doing = "reading the paths between two commits"
	var text string
	err = wrap(s.read.QueryRowContext(ctx, `SELECT paths FROM steps WHERE repo_id = $1 AND from_head = $2 AND to_head = $3`, repoID, from, to).Scan(&text), doing)
	if errors.Is(err, ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	paths, err = unpackPaths(text)
	return paths, err == nil, wrap(err, doing)
}

// SaveStep writes the paths that differ between two commits.
func (s *Store) SaveStep(ctx context.Context, repoID int64, from, to string, paths []string, now time.Time) error {
	text, err := packPaths(paths)
	if err != nil {
		return fmt.Errorf("writing the paths between two commits: %w", err)
	}
	err = s.exec(ctx, `INSERT INTO steps (repo_id, from_head, to_head, created, paths) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (repo_id, from_head, to_head) DO UPDATE SET created = excluded.created, paths = excluded.paths`, repoID, from, to, millis(now), text)
	return wrap(err, "writing the paths between two commits")
}

// Paths are any bytes, and a JSON text would change those that are not UTF-8: they are stored as base64.
func packPaths(list []string) (string, error) {
	rows := make([][]byte, 0, len(list))
	for _, p := range list {
		rows = append(rows, []byte(p))
	}
	data, err := json.Marshal(rows)
	return string(data), err
}

func unpackPaths(text string) ([]string, error) {
	var rows [][]byte
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, err
	}
	var out []string
	for _, p := range rows {
		out = append(out, string(p))
	}
	return out, nil
}
