package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A Process is one that serves the App.
type Process struct {
	Name, Version, Role string
	Started, Seen       time.Time
	Says                ProcessSays
}

// ProcessSays is what a process tells of itself.
type ProcessSays struct {
	Sandbox string   `json:"sandbox"` // require, auto, off; "": it takes no jobs
	Held    []string `json:"held,omitempty"`
	Missing []string `json:"missing,omitempty"`
	Quotas  []Quota  `json:"quotas,omitempty"`
}

// A Quota is what is left of an installation's requests to GitHub.
type Quota struct {
	Installation int64     `json:"installation"`
	Remaining    int       `json:"remaining"`
	Limit        int       `json:"limit"`
	Reset        time.Time `json:"reset"`
}

// Beat tells that a process is alive. Those that were not heard of for a day are forgotten.
func (s *Store) Beat(ctx context.Context, p Process) error {
	says, err := json.Marshal(p.Says)
	if err != nil {
		return fmt.Errorf("telling that this process is alive: %w", err)
	}
	err = s.Tx(ctx, func(tx *Tx) error {
		if _, err := tx.tx.ExecContext(ctx, `INSERT INTO processes (name, version, role, started, seen, says) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (name) DO UPDATE SET version = excluded.version, role = excluded.role, started = excluded.started, seen = excluded.seen, says = excluded.says`,
			p.Name, p.Version, p.Role, millis(p.Started), millis(p.Seen), string(says)); err != nil {
			return err
		}
		_, err := tx.tx.ExecContext(ctx, `DELETE FROM processes WHERE seen < $1`, millis(p.Seen.Add(-24*time.Hour)))
		return err
	})
	return wrap(err, "telling that this process is alive")
}

// Gone tells that a process ends.
func (s *Store) Gone(ctx context.Context, name string) error {
	return wrap(s.exec(ctx, `DELETE FROM processes WHERE name = $1`, name), "telling that this process ends")
}

// Processes lists those that were heard of since the time, the oldest first.
func (s *Store) Processes(ctx context.Context, since time.Time) (out []Process, err error) {
	const doing = "reading the processes"
	rows, err := s.read.QueryContext(ctx, `SELECT name, version, role, started, seen, says FROM processes WHERE seen >= $1 ORDER BY started, name LIMIT 200`, millis(since))
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p Process
		var started, seen int64
		var says string
		if err := rows.Scan(&p.Name, &p.Version, &p.Role, &started, &seen, &says); err != nil {
			return nil, wrap(err, doing)
		}
		if err := json.Unmarshal([]byte(says), &p.Says); err != nil {
			return nil, fmt.Errorf("%s: %w", doing, err)
		}
		p.Started, p.Seen = time.UnixMilli(started), time.UnixMilli(seen)
		out = append(out, p)
	}
	return out, wrap(rows.Err(), doing)
}
