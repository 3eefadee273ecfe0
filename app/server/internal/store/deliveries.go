package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// The states of a delivery.
const (
	Accepted   = "accepted"   // it concerned something that we keep
	Ignored    = "ignored"    // an event or action that we do nothing with
	Unreadable = "unreadable" // the body could not be read: it is kept for whoever looks at the alert
)

// A Delivery is one webhook POST and what it changes here.
type Delivery struct {
	GUID          string // GitHub's id: the same one is taken once
	Event, Action string
	Received      time.Time
	State, Note   string
	Body          []byte
	Installation  int64
	Repo          *Repo // nil: the event is not about one repository
	Number        int   // the pull request that the event is about; 0: none
	Touch
	// Pusher is who pushed to pull request Number.
	Pusher *gate.Person
	// Unseen is the time after a push within which an approval may have been meant for what was there before; 0: none.
	Unseen time.Duration
	// Group is the merge group that the event is about.
	Group *Group
	// Onto is the branch that was pushed to, for the audit: Audited is where it stood before.
	Onto *Branch
	// Foreign is a check with our name that is not ours, on Touch.Head.
	Foreign *ForeignMark
	// Then is run in the transaction of a delivery that is fresh.
	Then func(ctx context.Context, tx *Tx) error
	// Entry is the approval that was given on pull request Number, incomplete.
	Entry *gate.LedgerEntry
	// Submitted is when that was, by GitHub's clock; zero: it did not say.
	Submitted time.Time
	Seen      *Head   // of pull request Number
	Said      *Said   // a comment with a command was created there
	Unsaid    *Unsaid // or changed
	Call      *Call   // somebody called accounts there
}

// Touch says which pull requests must be looked at again. What is set adds up.
type Touch struct {
	Numbers      []int  // of Repo; made known if they were not
	Head         string // the open ones of Repo with this head
	Base         string // if there are open ones of Repo into this branch, Repo is swept
	Repo         bool   // all open ones of Repo
	Installation bool   // all open ones of Installation
	Sweep        bool   // Repo is swept: what differs from the last decision is looked at again
	SweepAll     bool   // so is every repository of Installation
	Force        bool   // tell the result again even if it is the same: a re-run was asked for
	Explain      string // login of somebody who wants the result explained; "": nobody
	Gone         bool   // the installation was removed: forget its pull requests instead
}

// Receive keeps a delivery, raises the generation of every pull request that it touches, and hands their keys to enqueue, all in one
// transaction: when it answers nil, nothing of it can be lost. fresh is false if the delivery was here before; then nothing changes.
func (s *Store) Receive(ctx context.Context, d Delivery, enqueue func(context.Context, *Tx, []Key) error) (fresh bool, err error) {
	err = s.Tx(ctx, func(tx *Tx) error {
		fresh, err = tx.Receive(ctx, d, enqueue)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keeping the delivery %s: %w", d.GUID, err)
	}
	return fresh, nil
}

// Receive does it in a transaction that has begun.
func (t *Tx) Receive(ctx context.Context, d Delivery, enqueue func(context.Context, *Tx, []Key) error) (fresh bool, err error) {
	repoID := int64(0)
	if d.Repo != nil {
		repoID = d.Repo.ID
	}
	res, err := t.tx.ExecContext(ctx, `INSERT INTO deliveries (guid, event, action, received, state, note, installation, repo_id, number, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (guid) DO NOTHING`,
		d.GUID, d.Event, d.Action, millis(d.Received), d.State, d.Note, d.Installation, repoID, d.Number, d.Body)
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	if d.Repo != nil {
		if err := t.saveRepo(ctx, *d.Repo); err != nil {
			return false, err
		}
	}
	if d.Group != nil && repoID != 0 {
		if err := t.saveGroup(ctx, repoID, *d.Group, d.Received); err != nil {
			return false, err
		}
	}
	if d.Onto != nil && repoID != 0 {
		if err := t.pushedTo(ctx, repoID, *d.Onto); err != nil {
			return false, err
		}
	}
	if d.Foreign != nil && repoID != 0 && d.Head != "" {
		if _, err := t.saveForeign(ctx, repoID, d.Head, *d.Foreign, d.Received); err != nil {
			return false, err
		}
	}
	if d.Then != nil {
		if err := d.Then(ctx, t); err != nil {
			return false, err
		}
	}
	keys, err := t.touch(ctx, repoID, d)
	if err != nil {
		return false, err
	}
	if d.Number > 0 && repoID != 0 {
		if err := t.remember(ctx, repoID, d); err != nil {
			return false, err
		}
		if slices.Contains(keys, Key{repoID, d.Number}) {
			if _, err := t.tx.ExecContext(ctx, `UPDATE deliveries SET want = (SELECT want FROM pulls WHERE repo_id = $2 AND number = $3) WHERE guid = $1`, d.GUID, repoID, d.Number); err != nil {
				return false, err
			}
		}
	}
	if len(keys) == 0 {
		return true, nil
	}
	return true, enqueue(ctx, t, keys)
}

func (t *Tx) saveRepo(ctx context.Context, r Repo) error {
	// An event without the default branch must not erase the one that we know.
	_, err := t.tx.ExecContext(ctx, `INSERT INTO repos (id, installation, owner, name, default_branch) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, name = excluded.name,
			installation = CASE WHEN excluded.installation = 0 THEN repos.installation ELSE excluded.installation END,
			default_branch = CASE WHEN excluded.default_branch = '' THEN repos.default_branch ELSE excluded.default_branch END`,
		r.ID, r.Installation, r.Owner, r.Name, r.DefaultBranch)
	return err
}

func (t *Tx) remember(ctx context.Context, repoID int64, d Delivery) error {
	if p := d.Pusher; p != nil {
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO pushers (repo_id, number, user_id, login, type) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			repoID, d.Number, p.ID, p.Login, p.Type); err != nil {
			return err
		}
	}
	if e := d.Entry; e != nil {
		given := d.Submitted
		if given.IsZero() {
			given = d.Received
		}
		from, err := t.movedFrom(ctx, Key{repoID, d.Number}, given, d.Unseen)
		if err != nil {
			return err
		}
		// The first word counts: a replayed or edited event cannot change what an approval saw.
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO ledger (repo_id, review_id, number, reviewer, head, base_ref, base, merge_base, complete, seen, guid, received, just_moved, moved_from, seconds)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0, '[]', $8, $9, '[]',
				$10,
				(SELECT ($11 - at) / 1000 FROM heads WHERE head = $5 AND id = (SELECT id FROM heads WHERE repo_id = $1 AND number = $3 AND at <= $11 ORDER BY at DESC, id DESC LIMIT 1)))
			ON CONFLICT (repo_id, review_id) DO NOTHING`,
			repoID, e.ReviewID, d.Number, e.Reviewer, e.Head, e.BaseRef, e.Base, d.GUID, millis(d.Received), from, millis(d.Submitted)); err != nil {
			return err
		}
	}
	return t.talk(ctx, Key{repoID, d.Number}, d)
}

// touch raises the generations and answers the keys, each once, sorted.
func (t *Tx) touch(ctx context.Context, repoID int64, d Delivery) ([]Key, error) {
	if d.Gone {
		return nil, t.forget(ctx, `installation = $1`, d.Installation)
	}
	seen := map[Key]bool{}
	if repoID != 0 {
		for _, n := range d.Numbers {
			if n > 0 {
				seen[Key{repoID, n}] = true
			}
		}
		if d.Group != nil {
			seen[Key{repoID, QueueNumber}] = true
		}
		if err := t.talked(ctx, seen, Key{repoID, d.Number}, d); err != nil {
			return nil, err
		}
		if d.Head != "" {
			if err := t.groupsOn(ctx, seen, repoID, d.Head); err != nil {
				return nil, err
			}
		}
		switch {
		case d.Touch.Repo:
			if err := t.open(ctx, seen, `repo_id = $1`, repoID); err != nil {
				return nil, err
			}
		default:
			if d.Head != "" {
				if err := t.open(ctx, seen, `repo_id = $1 AND head = $2`, repoID, d.Head); err != nil {
					return nil, err
				}
			}
			if d.Base != "" {
				if err := t.sweeps(ctx, seen, `id = $1 AND EXISTS (SELECT 1 FROM pulls p WHERE p.repo_id = $1 AND p.state = 'open' AND p.base_ref = $2)`, repoID, d.Base); err != nil {
					return nil, err
				}
			}
		}
	}
	if d.Sweep && repoID != 0 {
		seen[Key{repoID, SweepNumber}] = true
	}
	if d.SweepAll && d.Installation != 0 {
		if err := t.sweeps(ctx, seen, `installation = $1`, d.Installation); err != nil {
			return nil, err
		}
	}
	if d.Touch.Installation && d.Installation != 0 {
		if err := t.open(ctx, seen, `repo_id IN (SELECT id FROM repos WHERE installation = $1)`, d.Installation); err != nil {
			return nil, err
		}
	}
	keys := sortedKeys(seen)
	if err := t.raise(ctx, keys, d.Force); err != nil || d.Explain == "" {
		return keys, err
	}
	for _, k := range keys {
		if _, err := t.tx.ExecContext(ctx, `UPDATE pulls SET asked = want, asker = $3 WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number, d.Explain); err != nil {
			return nil, fmt.Errorf("noting that %s is to be explained: %w", k, err)
		}
	}
	return keys, nil
}

// raise raises the generation of each pull request, and makes known those that were not.
func (t *Tx) raise(ctx context.Context, keys []Key, force bool) error {
	forced := 0
	if force {
		forced = 1
	}
	for _, k := range keys {
		state := PullOpen
		switch k.Number {
		case QueueNumber:
			state = PullQueue
		case SweepNumber:
			state = PullSweep
		}
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO pulls (repo_id, number, want, done, forced, state, draft, head, base_ref, base)
			VALUES ($1, $2, 1, 0, $3, $4, 0, '', '', '')
			ON CONFLICT (repo_id, number) DO UPDATE SET want = pulls.want + 1, forced = CASE WHEN $3 = 1 THEN pulls.want + 1 ELSE pulls.forced END`,
			k.RepoID, k.Number, forced, state); err != nil {
			return fmt.Errorf("raising the generation of %s: %w", k, err)
		}
		if err := t.cause(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// groupsOn adds the repository's merge queue if one of its groups stands on the commit.
func (t *Tx) groupsOn(ctx context.Context, into map[Key]bool, repoID int64, head string) error {
	var any bool
	if err := t.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM merge_groups WHERE repo_id = $1 AND head = $2 AND state = 'open')`, repoID, head).Scan(&any); err != nil {
		return err
	}
	if any {
		into[Key{repoID, QueueNumber}] = true
	}
	return nil
}

// open adds the open pull requests for which the condition holds.
func (t *Tx) open(ctx context.Context, into map[Key]bool, condition string, args ...any) error {
	rows, err := t.tx.QueryContext(ctx, `SELECT repo_id, number FROM pulls WHERE state = 'open' AND `+condition, args...)
	if err != nil {
		return err
	}
	return eachKey(rows, func(k Key) { into[k] = true })
}

// A DeliveryRow is what is known of a delivery afterwards.
type DeliveryRow struct {
	GUID, Event, Action, State, Note string
	Received                         time.Time
	BodySize                         int
}

// Delivery reads one delivery.
func (s *Store) Delivery(ctx context.Context, guid string) (DeliveryRow, error) {
	d := DeliveryRow{GUID: guid}
	var received int64
	err := s.read.QueryRowContext(ctx, `SELECT event, action, state, note, received, COALESCE(LENGTH(body), 0) FROM deliveries WHERE guid = $1`, guid).
		Scan(&d.Event, &d.Action, &d.State, &d.Note, &received, &d.BodySize)
	d.Received = time.UnixMilli(received)
	return d, wrap(err, "reading the delivery "+guid)
}
