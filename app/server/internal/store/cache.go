package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/reviewgate-app/reviewgate/app/scan"
)

// Scan reads the scan that was stored under the key; nil if there is none.
func (s *Store) Scan(ctx context.Context, key string) (*scan.Result, error) {
	var text string
	err := wrap(s.read.QueryRowContext(ctx, `SELECT result FROM scans WHERE key = $1`, key).Scan(&text), "reading a stored scan")
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := new(scan.Result)
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return nil, fmt.Errorf("reading a stored scan: %w", err)
	}
	return r, nil
}

// SaveScan stores a scan under its key. Only scans without a failure may be stored.
func (s *Store) SaveScan(ctx context.Context, key string, r *scan.Result, now time.Time) error {
	if f := r.Failures(); len(f) > 0 {
		return fmt.Errorf("storing a scan: it has a failure (%s) and must not be used again", f[0])
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("storing a scan: %w", err)
	}
	err = s.exec(ctx, `INSERT INTO scans (key, created, result) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET created = excluded.created, result = excluded.result`,
		key, millis(now), string(text))
	return wrap(err, "storing a scan")
}

// Config reads the configuration (JSON) that was stored under the key; nil if there is none.
func (s *Store) Config(ctx context.Context, key string) ([]byte, error) {
	var text string
	err := wrap(s.read.QueryRowContext(ctx, `SELECT config FROM configs WHERE key = $1`, key).Scan(&text), "reading a stored configuration")
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return []byte(text), err
}

// SaveConfig stores a configuration under its key.
func (s *Store) SaveConfig(ctx context.Context, key string, config []byte, now time.Time) error {
	err := s.exec(ctx, `INSERT INTO configs (key, created, config) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET created = excluded.created, config = excluded.config`,
		key, millis(now), string(config))
	return wrap(err, "storing a configuration")
}

// ChangedPaths reads what git said about the step from base to head (JSON); nil if it is not known.
func (s *Store) ChangedPaths(ctx context.Context, repoID int64, base, head string) ([]byte, error) {
	var text string
	err := wrap(s.read.QueryRowContext(ctx, `SELECT facts FROM changed_paths WHERE repo_id = $1 AND base = $2 AND head = $3`, repoID, base, head).Scan(&text), "reading stored paths")
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return []byte(text), err
}

// SaveChangedPaths stores what git said about the step from base to head.
func (s *Store) SaveChangedPaths(ctx context.Context, repoID int64, base, head string, facts []byte, now time.Time) error {
	err := s.exec(ctx, `INSERT INTO changed_paths (repo_id, base, head, created, facts) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (repo_id, base, head) DO UPDATE SET created = excluded.created, facts = excluded.facts`, repoID, base, head, millis(now), string(facts))
	return wrap(err, "storing changed paths")
}
