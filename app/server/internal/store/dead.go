package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"time"
)

// The kinds of dead letters.
const (
	DeadJob      = "job"      // it gave up after its last try
	DeadDeed     = "deed"     // GitHub refused it
	DeadDelivery = "delivery" // its body could not be read
)

// DeadKinds lists them.
var DeadKinds = []string{DeadJob, DeadDeed, DeadDelivery}

// Dropped is the state of a deed or delivery that a person has dropped from the dead letters.
const Dropped = "dropped"

// A DeadLetter is something that will not come right by itself. A job goes away when a later one answers, a deed when a newer one of its slot is done.
type DeadLetter struct {
	Kind         string
	ID           string // within its kind
	What         string // of a job: its name in the queue; of a deed: its kind; of a delivery: event and action
	Installation int64  // 0: not known
	RepoID       int64  // 0: none
	Repo         string // "owner/name"; "": not known
	Number       int    // of the pull request; QueueNumber, SweepNumber: the repository's merge queue or sweep
	At           time.Time
	Attempts     int
	LastError    string // may quote GitHub's answer: redact it before it is shown
	Means        string // one sentence
	Retry        bool   // it can be tried again
	Args         string // of a job, JSON
}

// A DeadLetterFilter picks dead letters. Its zero value picks the newest 100.
type DeadLetterFilter struct {
	Kind   string // "": all
	ID     string // "": all
	RepoID int64  // 0: all
	Limit  int    // 0: 100; at most 1000
}

// deadQueries give the columns of a DeadLetter, for each kind. $1 is the id, $2 the repository, $3 the limit.
var deadQueries = map[string]string{
	DeadJob: `SELECT CAST(d.id AS TEXT), d.kind, COALESCE(r.installation, d.installation), d.repo_id, COALESCE(r.owner || '/' || r.name, ''), d.number, d.died, d.attempts, d.error, 1, d.args
		FROM dead_jobs d LEFT JOIN repos r ON r.id = d.repo_id WHERE (CAST($1 AS BIGINT) = 0 OR d.id = $1) AND (CAST($2 AS BIGINT) = 0 OR d.repo_id = $2) ORDER BY d.died DESC, d.id DESC LIMIT $3`,
	DeadDeed: `SELECT CAST(o.id AS TEXT), o.kind, COALESCE(r.installation, 0), o.repo_id, COALESCE(r.owner || '/' || r.name, ''), o.number, o.updated, o.attempts, o.last_error, CASE WHEN o.payload = '{}' THEN 0 ELSE 1 END, ''
		FROM outbox o LEFT JOIN repos r ON r.id = o.repo_id WHERE o.state = 'refused' AND NOT EXISTS (SELECT 1 FROM outbox n WHERE n.slot = o.slot AND n.id > o.id AND n.state = 'done')
		AND (CAST($1 AS BIGINT) = 0 OR o.id = $1) AND (CAST($2 AS BIGINT) = 0 OR o.repo_id = $2) ORDER BY o.updated DESC, o.id DESC LIMIT $3`,
	DeadDelivery: `SELECT d.guid, CASE WHEN d.action = '' THEN d.event ELSE d.event || ' ' || d.action END, d.installation, d.repo_id, COALESCE(r.owner || '/' || r.name, ''), d.number, d.received, 1, d.note, CASE WHEN d.body IS NULL THEN 0 ELSE 1 END, ''
		FROM deliveries d LEFT JOIN repos r ON r.id = d.repo_id WHERE d.state = 'unreadable' AND ($1 = '' OR d.guid = $1) AND (CAST($2 AS BIGINT) = 0 OR d.repo_id = $2) ORDER BY d.received DESC, d.guid LIMIT $3`,
}

// DeadLetters lists dead letters, newest first.
func (s *Store) DeadLetters(ctx context.Context, f DeadLetterFilter) ([]DeadLetter, error) {
	return deadLetters(ctx, s.read, f)
}

func deadLetters(ctx context.Context, in session, f DeadLetterFilter) (out []DeadLetter, err error) {
	if f.Limit == 0 {
		f.Limit = 100
	}
	f.Limit = min(max(f.Limit, 1), maxPage)
	for _, kind := range DeadKinds {
		if f.Kind != "" && f.Kind != kind {
			continue
		}
		list, err := deadOf(ctx, in, kind, f)
		if err != nil {
			return nil, wrap(err, "reading the dead letters")
		}
		out = append(out, list...)
	}
	slices.SortStableFunc(out, func(a, b DeadLetter) int { return b.At.Compare(a.At) })
	return out[:min(len(out), f.Limit)], nil
}

func deadOf(ctx context.Context, in session, kind string, f DeadLetterFilter) (out []DeadLetter, err error) {
	id, ok := deadID(kind, f.ID)
	if !ok {
		return nil, nil
	}
	rows, err := in.QueryContext(ctx, deadQueries[kind], id, f.RepoID, f.Limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		d := DeadLetter{Kind: kind}
		var at int64
		if err := rows.Scan(&d.ID, &d.What, &d.Installation, &d.RepoID, &d.Repo, &d.Number, &at, &d.Attempts, &d.LastError, &d.Retry, &d.Args); err != nil {
			return nil, err
		}
		d.At = time.UnixMilli(at)
		d.Means = d.means()
		out = append(out, d)
	}
	return out, rows.Err()
}

// deadID is an id as the queries of its kind take it. ok is false if there can be none such.
func deadID(kind, id string) (any, bool) {
	if kind == DeadDelivery {
		return id, true
	}
	if id == "" {
		return int64(0), true
	}
	n, err := strconv.ParseInt(id, 10, 64)
	return n, err == nil && n > 0
}

// means says in one sentence what follows from it.
func (d *DeadLetter) means() string {
	switch d.Kind {
	case DeadDelivery:
		return "A signed webhook could not be read, so what it tells was not taken in; sweeps make up for it, but not for what an approval or a command saw."
	case DeadDeed:
		switch d.What {
		case KindCheck, KindCancel:
			return "GitHub did not take what the check run was to say; it shows what it said before, or nothing."
		case KindReview:
			return "The review with its comments was not posted; the check run says the same in its summary."
		case KindReply, KindReaction:
			return "Somebody who wrote a command got no answer; the decision took it into account all the same."
		case KindEdit:
			return "A comment of ours still says what it said before."
		case KindIssue:
			return "The issue about a change that came past the gate was not opened; the log tells of it, too."
		}
	case DeadJob:
		switch {
		case d.What == "find_pulls":
			return "Open pull requests were not looked for; those that no webhook tells of have no check until the next start or search."
		case d.What == "wake_pull":
			return "Something that a decision rests on has ended, and the pull request was not looked at again for it; the next sweep or event does it."
		case d.Number == SweepNumber:
			return "The open pull requests of the repository were not compared with their decisions; the next sweep begins anew."
		case d.Number == QueueNumber:
			return "The groups of the merge queue have no answer, and the check says so."
		}
		return "The pull request has no answer: its check says that none could be found, and does not pass."
	}
	return "It was not done, and is not tried again."
}

// CountDead counts the dead letters by kind; every kind is in it.
func (s *Store) CountDead(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	for kind, query := range map[string]string{
		DeadJob:      `SELECT COUNT(*) FROM dead_jobs`,
		DeadDeed:     `SELECT COUNT(*) FROM outbox o WHERE o.state = 'refused' AND NOT EXISTS (SELECT 1 FROM outbox n WHERE n.slot = o.slot AND n.id > o.id AND n.state = 'done')`,
		DeadDelivery: `SELECT COUNT(*) FROM deliveries WHERE state = 'unreadable'`,
	} {
		var n int
		if err := s.read.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return nil, wrap(err, "counting the dead letters")
		}
		out[kind] = n
	}
	return out, nil
}

// maxError bounds what is kept of an error.
const maxError = 4000

// Died keeps a job that gave up. Args are JSON, the same for the same work.
func (t *Tx) Died(ctx context.Context, d DeadLetter) error {
	_, err := t.tx.ExecContext(ctx, `INSERT INTO dead_jobs (kind, args, installation, repo_id, number, died, attempts, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (kind, args) DO UPDATE SET died = excluded.died, attempts = excluded.attempts, error = excluded.error`,
		d.What, d.Args, d.Installation, d.RepoID, d.Number, millis(d.At), d.Attempts, plainText(d.LastError[:min(len(d.LastError), maxError)]))
	return wrap(err, "keeping a job that gave up")
}

// Revived forgets the job that gave up: the same work was done since.
func (t *Tx) Revived(ctx context.Context, what, args string) error {
	_, err := t.tx.ExecContext(ctx, `DELETE FROM dead_jobs WHERE kind = $1 AND args = $2`, what, args)
	return wrap(err, "forgetting a job that gave up")
}

// RetryDead has a dead letter tried again, in the name of who, and says so in the audit log. again puts the work into the queue, and takes in a delivery anew.
// It answers false if there is no such dead letter: it was retried or dropped, or came right.
func (s *Store) RetryDead(ctx context.Context, kind, id, who string, now time.Time, again func(ctx context.Context, tx *Tx, d DeadLetter) error) (bool, error) {
	return s.settleDead(ctx, kind, id, AuditRetried, who, now, func(tx *Tx, d DeadLetter) error {
		if !d.Retry {
			return errors.New("nothing is left of it to be tried again: it is older than what is kept")
		}
		at, _ := deadID(kind, id) // it was found by it
		var err error
		switch kind {
		case DeadJob:
			_, err = tx.tx.ExecContext(ctx, `DELETE FROM dead_jobs WHERE id = $1`, at)
		case DeadDeed:
			// What a newer one of its slot has replaced is not done: its pull request's job tells what holds now.
			_, err = tx.tx.ExecContext(ctx, `UPDATE outbox SET state = CASE WHEN id = (SELECT MAX(n.id) FROM outbox n WHERE n.slot = outbox.slot) THEN 'pending' ELSE 'superseded' END, updated = $2 WHERE id = $1`, at, millis(now))
		case DeadDelivery:
			_, err = tx.tx.ExecContext(ctx, `DELETE FROM deliveries WHERE guid = $1`, at) // and taken in as if it came now
		}
		if err != nil {
			return err
		}
		return again(ctx, tx, d)
	})
}

// DropDead takes a dead letter off the list, in the name of who, and says so in the audit log. It answers false if there is no such one.
func (s *Store) DropDead(ctx context.Context, kind, id, who string, now time.Time) (bool, error) {
	return s.settleDead(ctx, kind, id, AuditDropped, who, now, func(tx *Tx, _ DeadLetter) error {
		query := map[string]string{
			DeadJob:      `DELETE FROM dead_jobs WHERE id = $1`,
			DeadDeed:     `UPDATE outbox SET state = 'dropped' WHERE id = $1`,
			DeadDelivery: `UPDATE deliveries SET state = 'dropped' WHERE guid = $1`,
		}[kind]
		at, _ := deadID(kind, id)
		_, err := tx.tx.ExecContext(ctx, query, at)
		return err
	})
}

func (s *Store) settleDead(ctx context.Context, kind, id, how, who string, now time.Time, settle func(*Tx, DeadLetter) error) (found bool, err error) {
	if !slices.Contains(DeadKinds, kind) || id == "" {
		return false, nil
	}
	err = s.Tx(ctx, func(tx *Tx) error {
		list, err := deadOf(ctx, tx.tx, kind, DeadLetterFilter{ID: id, Limit: 1})
		if err != nil || len(list) == 0 {
			return err
		}
		d := list[0]
		if err := settle(tx, d); err != nil {
			return err
		}
		found = true
		return tx.Audit(ctx, AuditEntry{At: now, Actor: who, Kind: how, RepoID: d.RepoID, Number: d.Number, Subject: kind + " " + d.ID, Detail: map[string]any{"what": d.What, "attempts": d.Attempts, "since": d.At.UTC().Format(auditTime)}})
	})
	if err != nil {
		return false, wrap(err, how+": "+kind+" "+strconv.Quote(id))
	}
	return found, nil
}

// KeptBody reads a delivery that could not be read. body is nil if it is no longer kept.
func (s *Store) KeptBody(ctx context.Context, guid string) (event string, received time.Time, body []byte, err error) {
	var at int64
	err = s.read.QueryRowContext(ctx, `SELECT event, received, body FROM deliveries WHERE guid = $1 AND state = 'unreadable'`, guid).Scan(&event, &at, &body)
	return event, time.UnixMilli(at), body, wrap(err, "reading the delivery "+guid)
}

// HasDiscarded says whether the queue holds jobs of ours that it gave up.
func (s *Store) HasDiscarded(ctx context.Context) (has bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM river_job WHERE state = 'discarded')`).Scan(&has)
	return has, wrap(err, "looking for jobs that gave up")
}

// Answered says whether the newest generation of a pull request was answered.
func (t *Tx) Answered(ctx context.Context, k Key) (bool, error) {
	var ok bool
	err := t.tx.QueryRowContext(ctx, `SELECT done >= want FROM pulls WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number).Scan(&ok)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return ok, wrap(err, "reading the generation of "+k.String())
}
