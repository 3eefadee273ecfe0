package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// QueueNumber is the number of the Key that stands for all merge groups of a repository: they have one job, and their deeds, together.
const QueueNumber = 0

// PullQueue is the state of that row.
const PullQueue = "queue"

// The states of a merge group.
const (
	GroupOpen    = "open"
	GroupDropped = "dropped" // GitHub gave it up: nothing may shine on it
	GroupMerged  = "merged"
	GroupClosed  = "closed" // nothing more to do
)

// A Group is one merge group: a commit that a merge queue wants to put on a branch.
type Group struct {
	Head             string // SHA
	HeadRef, BaseRef string // branches
	State            string
	Members          []int // pull requests that it is made of, as far as we found out
}

// saveGroup takes in what an event says of a group. An end that was told stays, however late the beginning arrives.
func (t *Tx) saveGroup(ctx context.Context, repoID int64, g Group, now time.Time) error {
	_, err := t.tx.ExecContext(ctx, `INSERT INTO merge_groups (repo_id, head, head_ref, base_ref, state, members, received) VALUES ($1, $2, $3, $4, $5, '[]', $6)
		ON CONFLICT (repo_id, head) DO UPDATE SET state = excluded.state WHERE merge_groups.state = 'open'`, repoID, g.Head, g.HeadRef, g.BaseRef, g.State, millis(now))
	return wrap(err, "writing a merge group")
}

// Groups lists the merge groups of a repository that are not closed, oldest first.
func (s *Store) Groups(ctx context.Context, repoID int64) (out []Group, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT head, head_ref, base_ref, state, members FROM merge_groups WHERE repo_id = $1 AND state <> 'closed' ORDER BY received, head`, repoID)
	if err != nil {
		return nil, wrap(err, "reading the merge groups")
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var g Group
		var members string
		if err := rows.Scan(&g.Head, &g.HeadRef, &g.BaseRef, &g.State, &members); err != nil {
			return nil, wrap(err, "reading the merge groups")
		}
		if err := json.Unmarshal([]byte(members), &g.Members); err != nil {
			return nil, fmt.Errorf("reading the merge group %s: %w", g.Head, err)
		}
		out = append(out, g)
	}
	return out, wrap(rows.Err(), "reading the merge groups")
}

// SaveMembers writes what a group is made of.
func (s *Store) SaveMembers(ctx context.Context, repoID int64, head string, members []int) error {
	if members == nil {
		members = []int{}
	}
	text, err := json.Marshal(members)
	if err != nil {
		return fmt.Errorf("writing a merge group: %w", err)
	}
	err = s.exec(ctx, `UPDATE merge_groups SET members = $3 WHERE repo_id = $1 AND head = $2`, repoID, head, string(text))
	return wrap(err, "writing a merge group")
}

// CloseGroup says that nothing more is to be done for a group.
func (s *Store) CloseGroup(ctx context.Context, repoID int64, head string) error {
	err := s.exec(ctx, `UPDATE merge_groups SET state = 'closed' WHERE repo_id = $1 AND head = $2`, repoID, head)
	return wrap(err, "closing a merge group")
}
