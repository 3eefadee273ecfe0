package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// The kinds of deeds.
const (
	KindCheck  = "check"  // a check run stands as the payload says; doing it twice changes nothing, making it twice would
	KindCancel = "cancel" // check runs are cancelled; doing it twice changes nothing
	KindReview = "review" // a review with comments was posted; doing it twice would be seen
	// Answers to comments, and changes of ours. They are done after everything else, and nothing waits for them.
	KindReply    = "reply"
	KindReaction = "reaction"
	KindEdit     = "comment" // a comment of ours says what the payload says; doing it twice changes nothing
	KindIssue    = "issue"   // done like them: an issue was opened; doing it twice would be seen
)

// The states of a deed.
const (
	Pending    = "pending"
	Done       = "done"
	Superseded = "superseded" // a newer deed took its place before it was done
	Refused    = "refused"    // GitHub will never take it; LastError says why
)

// A Deed is one thing to be done on GitHub, written down before it is done.
type Deed struct {
	ID   int64
	Name string // the same deed is done once; made from Slot where Every is set
	Slot string // of deeds in one slot only the newest is done
	Kind string
	Key
	Head    string
	Payload []byte
	Hash    string // of the payload: what is equal to the newest of the slot is not done again
	Marker  string // by which the deed is found on GitHub before a retry
	// Every gives the deed a number of its own in its slot: A, then B, then A again are three deeds.
	Every bool
	// Seq is the number of the judgement that the deed comes from; 0: none. In one slot a smaller one never takes the place of a larger one.
	Seq   int64
	Again int // how often it had to be done again, because an older one may have been done after it

	State      string
	Attempts   int
	ExternalID int64 // GitHub's id of what was made; 0: not known
	LastError  string
	// Before says what the slot's earlier deeds with the same marker came to: GitHub's id, and whether one was tried whose outcome is not known.
	Before struct {
		ExternalID int64
		Tried      bool
	}
}

// A Decision is one decision with all that it was made from.
type Decision struct {
	ID int64
	Key
	Generation          int64
	Seq                 int64 // of the judgement; 0: none. An older one is not stored over a newer one
	Head, BaseRef, Base string
	Made                time.Time
	ScanKey, ConfigKey  string
	Decision            *gate.Decision
	Facts               *gate.Facts
	// Then is run in the transaction that stores it.
	Then func(ctx context.Context, tx *Tx) error
}

// Decide stores a decision (nil: none was made; one that equals the last is not stored again) and the deeds that tell it, in one transaction. What is still pending in the slots of
// clear and is not among the deeds is taken back.
func (s *Store) Decide(ctx context.Context, d *Decision, deeds []Deed, clear []string, now time.Time) error {
	return s.Tx(ctx, func(tx *Tx) error {
		for _, slot := range clear {
			if _, err := tx.tx.ExecContext(ctx, `UPDATE outbox SET state = 'superseded', updated = $2 WHERE slot = $1 AND state = 'pending'`, slot, millis(now)); err != nil {
				return wrap(err, "taking deeds back")
			}
		}
		if d != nil {
			decision, err := json.Marshal(d.Decision)
			if err != nil {
				return fmt.Errorf("storing a decision: %w", err)
			}
			facts, err := json.Marshal(d.Facts)
			if err != nil {
				return fmt.Errorf("storing the facts of a decision: %w", err)
			}
			before, err := tx.lastDecided(ctx, d.Key)
			if err != nil {
				return err
			}
			// What is exactly as the last decision was is not written again.
			res, err := tx.tx.ExecContext(ctx, `INSERT INTO decisions (repo_id, number, generation, head, base_ref, base, made, scan_key, config_key, state, decision, facts, seq)
				SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 WHERE NOT EXISTS (SELECT 1 FROM decisions WHERE repo_id = $1 AND number = $2 AND seq > $13 AND $13 > 0) AND NOT EXISTS (SELECT 1 FROM decisions
					WHERE id = (SELECT MAX(id) FROM decisions WHERE repo_id = $1 AND number = $2) AND scan_key = $8 AND config_key = $9 AND decision = $11 AND facts = $12)`,
				d.RepoID, d.Number, d.Generation, d.Head, d.BaseRef, d.Base, millis(d.Made), d.ScanKey, d.ConfigKey, string(d.Decision.State), string(decision), string(facts), d.Seq)
			if err != nil {
				return wrap(err, "storing a decision")
			}
			switch n, err := res.RowsAffected(); {
			case err != nil:
				return wrap(err, "storing a decision")
			case n > 0:
				if err := tx.auditDecision(ctx, d, before, decision, facts); err != nil {
					return err
				}
			}
			// It may be the same as the last one, and is newer.
			if _, err := tx.tx.ExecContext(ctx, `UPDATE decisions SET seq = $3 WHERE id = (SELECT MAX(id) FROM decisions WHERE repo_id = $1 AND number = $2) AND seq < $3`, d.RepoID, d.Number, d.Seq); err != nil {
				return wrap(err, "storing a decision")
			}
			if err := tx.show(ctx, d); err != nil {
				return err
			}
			if d.Then != nil {
				if err := d.Then(ctx, tx); err != nil {
					return err
				}
			}
		}
		for _, deed := range deeds {
			if err := tx.put(ctx, deed, now); err != nil {
				return wrap(err, "storing the deed "+deed.Slot)
			}
		}
		return nil
	})
}

func (t *Tx) put(ctx context.Context, d Deed, now time.Time) error {
	var count, seq int64
	var hash, state string
	err := t.tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM outbox WHERE slot = $1), (SELECT MAX(seq) FROM outbox WHERE slot = $1), hash, state FROM outbox WHERE slot = $1 ORDER BY id DESC LIMIT 1`, d.Slot).
		Scan(&count, &seq, &hash, &state)
	if err = wrap(err, "reading the slot"); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	if d.Seq > 0 && d.Seq < seq {
		return nil // a newer judgement was told
	}
	name := d.Name
	if d.Every {
		if hash == d.Hash && (state == Pending || state == Done) {
			_, err := t.tx.ExecContext(ctx, `UPDATE outbox SET seq = $2 WHERE id = (SELECT MAX(id) FROM outbox WHERE slot = $1) AND seq < $2`, d.Slot, d.Seq)
			return err
		}
		name = fmt.Sprintf("%s/%d", d.Slot, count+1)
	}
	res, err := t.tx.ExecContext(ctx, `INSERT INTO outbox (deed, slot, kind, repo_id, number, head, payload, hash, marker, state, attempts, external_id, last_error, created, updated, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'pending', 0, 0, '', $10, $10, $11)
		ON CONFLICT (deed) DO UPDATE SET state = 'pending', updated = excluded.updated WHERE outbox.state = 'superseded'`,
		name, d.Slot, d.Kind, d.RepoID, d.Number, d.Head, string(d.Payload), d.Hash, d.Marker, millis(now), d.Seq)
	if err != nil {
		return err
	}
	id, err := res.RowsAffected()
	if err != nil || id == 0 {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `UPDATE outbox SET state = 'superseded', updated = $3 WHERE slot = $1 AND state = 'pending' AND deed <> $2`, d.Slot, name, millis(now))
	return err
}

const deedColumns = `id, deed, slot, kind, repo_id, number, head, payload, hash, marker, state, attempts, external_id, last_error, seq, again`

func scanDeed(row interface{ Scan(...any) error }) (Deed, error) {
	var d Deed
	var payload string
	err := row.Scan(&d.ID, &d.Name, &d.Slot, &d.Kind, &d.RepoID, &d.Number, &d.Head, &payload, &d.Hash, &d.Marker, &d.State, &d.Attempts, &d.ExternalID, &d.LastError, &d.Seq, &d.Again)
	d.Payload = []byte(payload)
	return d, err
}

// PendingDeeds lists what is to be done for a pull request, oldest first.
func (s *Store) PendingDeeds(ctx context.Context, k Key) ([]Deed, error) {
	return s.deeds(ctx, `SELECT `+deedColumns+` FROM outbox WHERE repo_id = $1 AND number = $2 AND state = 'pending' ORDER BY id`, k.RepoID, k.Number)
}

// Deeds lists everything that was ever to be done for a pull request, oldest first.
func (s *Store) Deeds(ctx context.Context, k Key) ([]Deed, error) {
	return s.deeds(ctx, `SELECT `+deedColumns+` FROM outbox WHERE repo_id = $1 AND number = $2 ORDER BY id`, k.RepoID, k.Number)
}

// Slots lists the newest deeds of all slots into which the pull request ever put one, where they are of the kind, oldest first: for check runs,
// every head that we marked and did not cancel. The newest may be another's, if both had the same head.
func (s *Store) Slots(ctx context.Context, k Key, kind string) ([]Deed, error) {
	return s.deeds(ctx, `SELECT `+deedColumns+` FROM outbox o WHERE o.repo_id = $1 AND o.kind = $3 AND o.slot IN (SELECT m.slot FROM outbox m WHERE m.repo_id = $1 AND m.number = $2 AND m.kind = $3)
		AND o.id = (SELECT MAX(n.id) FROM outbox n WHERE n.slot = o.slot) ORDER BY o.id`, k.RepoID, k.Number, kind)
}

func (s *Store) deeds(ctx context.Context, query string, args ...any) (out []Deed, err error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrap(err, "reading the outbox")
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		d, err := scanDeed(rows)
		if err != nil {
			return nil, wrap(err, "reading the outbox")
		}
		out = append(out, d)
	}
	return out, wrap(rows.Err(), "reading the outbox")
}

// Newest reads the newest deed of a slot, whoever put it there; ErrNotFound if there is none.
func (s *Store) Newest(ctx context.Context, slot string) (Deed, error) {
	d, err := scanDeed(s.read.QueryRowContext(ctx, `SELECT `+deedColumns+` FROM outbox WHERE slot = $1 ORDER BY id DESC LIMIT 1`, slot))
	return d, wrap(err, "reading the outbox")
}

// Begin logs that a deed is about to be tried, and answers it as it stands before this try, with what is known of its slot.
// ok is false if it is no longer to be done.
func (s *Store) Begin(ctx context.Context, id int64, now time.Time) (d Deed, ok bool, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		if d, err = scanDeed(tx.tx.QueryRowContext(ctx, `SELECT `+deedColumns+` FROM outbox WHERE id = $1`, id)); err != nil {
			return err
		}
		if ok = d.State == Pending; !ok {
			return nil
		}
		// A deed that was superseded after a try may have been done all the same.
		if err := tx.tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(external_id), 0), COALESCE(MAX(CASE WHEN attempts > 0 AND state <> 'done' THEN 1 ELSE 0 END), 0)
			FROM outbox WHERE slot = $1 AND marker = $2`, d.Slot, d.Marker).Scan(&d.Before.ExternalID, &d.Before.Tried); err != nil {
			return err
		}
		_, err := tx.tx.ExecContext(ctx, `UPDATE outbox SET attempts = attempts + 1, updated = $2 WHERE id = $1`, id, millis(now))
		return err
	})
	return d, ok, wrap(err, "logging a try in the outbox")
}

// Finished writes down that a deed was done, what GitHub calls it, and which findings now have a comment. One that has to be done again since it was
// begun stays to be done.
func (s *Store) Finished(ctx context.Context, d Deed, externalID int64, fingerprints []string, now time.Time) error {
	err := s.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.tx.ExecContext(ctx, `UPDATE outbox SET state = CASE again WHEN $4 THEN 'done' ELSE state END, external_id = $2, last_error = '', updated = $3 WHERE id = $1`, d.ID, externalID, millis(now), d.Again); err != nil {
			return err
		}
		for _, f := range fingerprints {
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO comments (repo_id, number, fingerprint, review_id, posted) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
				d.RepoID, d.Number, f, externalID, millis(now)); err != nil {
				return err
			}
		}
		return tx.auditDeed(ctx, d, AuditDone, externalID, "", now)
	})
	return wrap(err, "writing that a deed was done")
}

// Failed writes why a try failed. With final set the deed is not tried again.
func (s *Store) Failed(ctx context.Context, id int64, reason string, final bool, now time.Time) error {
	state := Pending
	if final {
		state = Refused
	}
	err := s.Tx(ctx, func(tx *Tx) error {
		d, err := scanDeed(tx.tx.QueryRowContext(ctx, `UPDATE outbox SET state = $2, last_error = $3, updated = $4 WHERE id = $1 AND state = 'pending' RETURNING `+deedColumns, id, state, reason, millis(now)))
		if errors.Is(err, sql.ErrNoRows) || err == nil && !final {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.auditDeed(ctx, d, AuditRefused, 0, reason, now)
	})
	return wrap(err, "writing why a deed failed")
}

// Drop takes back a deed that was not done and no longer should be.
func (s *Store) Drop(ctx context.Context, id int64, now time.Time) error {
	err := s.exec(ctx, `UPDATE outbox SET state = 'superseded', updated = $2 WHERE id = $1 AND state = 'pending'`, id, millis(now))
	return wrap(err, "taking a deed back")
}

// Posted lists the fingerprints of the findings that have a comment on the pull request.
func (s *Store) Posted(ctx context.Context, k Key) (out map[string]bool, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT fingerprint FROM comments WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number)
	if err != nil {
		return nil, wrap(err, "reading the posted comments")
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[string]bool{}
	for rows.Next() {
		var f string
		if err := rows.Scan(&f); err != nil {
			return nil, wrap(err, "reading the posted comments")
		}
		out[f] = true
	}
	return out, wrap(rows.Err(), "reading the posted comments")
}

// LastDecision reads the newest decision on a pull request, with its facts; ErrNotFound if there is none.
func (s *Store) LastDecision(ctx context.Context, k Key) (Decision, error) {
	d := Decision{Key: k, Decision: new(gate.Decision), Facts: new(gate.Facts)}
	var made int64
	var decision, facts string
	err := s.read.QueryRowContext(ctx, `SELECT id, generation, head, base_ref, base, made, scan_key, config_key, decision, facts FROM decisions WHERE repo_id = $1 AND number = $2 ORDER BY id DESC LIMIT 1`,
		k.RepoID, k.Number).Scan(&d.ID, &d.Generation, &d.Head, &d.BaseRef, &d.Base, &made, &d.ScanKey, &d.ConfigKey, &decision, &facts)
	if err != nil {
		return Decision{}, wrap(err, "reading the last decision")
	}
	d.Made = time.UnixMilli(made)
	if err := json.Unmarshal([]byte(decision), d.Decision); err != nil {
		return Decision{}, fmt.Errorf("reading the last decision: %w", err)
	}
	if err := json.Unmarshal([]byte(facts), d.Facts); err != nil {
		return Decision{}, fmt.Errorf("reading the facts of the last decision: %w", err)
	}
	return d, nil
}
