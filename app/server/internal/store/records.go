package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"
)

// A Record is one signed record and its place in the chain of its installation.
type Record struct {
	ID           int64
	Installation int64
	Sequence     int64
	Key
	Kind, State string
	Head        string
	Merged      string // the merge commit; "": none
	Made        time.Time
	Says        string // digest of what it says: one that says what the last of its pull request said is not written again
	Digest      string // of the payload
	KeyID       string
	Envelope    []byte // JSON
}

// A RecordChain is how far the records of an installation go.
type RecordChain struct {
	Installation, Sequence int64
	Digest                 string // of the last
}

// A RecordKey is a public key that signed records here, or may verify them.
type RecordKey struct {
	ID    string
	PEM   []byte
	First time.Time
}

// AppendRecord puts a record at the end of its installation's chain. seal is called with its place and writes digest, key and envelope. written is false,
// and nothing is done, if the pull request's last record of that kind says the same, if it has one about its merge already, or if it comes from
// a judgement (seq; 0: none) that is older than the last decision.
func (t *Tx) AppendRecord(ctx context.Context, r Record, seq int64, seal func(r *Record, previous string) error) (written bool, err error) {
	const doing = "writing a record"
	var newest int64
	if err := t.tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(seq), 0) FROM decisions WHERE repo_id = $1 AND number = $2`, r.RepoID, r.Number).Scan(&newest); err != nil {
		return false, wrap(err, doing)
	}
	if seq > 0 && seq < newest {
		return false, nil
	}
	var kind, says string
	err = t.tx.QueryRowContext(ctx, `SELECT kind, says FROM records WHERE repo_id = $1 AND number = $2 ORDER BY id DESC LIMIT 1`, r.RepoID, r.Number).Scan(&kind, &says)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return false, wrap(err, doing)
	case err == nil && (kind == "merge" || kind == r.Kind && says == r.Says):
		return false, nil
	}
	var previous string
	err = t.tx.QueryRowContext(ctx, `SELECT sequence, digest FROM record_chains WHERE installation = $1`, r.Installation).Scan(&r.Sequence, &previous)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, wrap(err, doing)
	}
	r.Sequence++
	if err := seal(&r, previous); err != nil {
		return false, err
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO records (installation, sequence, repo_id, number, kind, state, head, merged, made, says, digest, key_id, envelope)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.Installation, r.Sequence, r.RepoID, r.Number, r.Kind, r.State, r.Head, r.Merged, millis(r.Made), r.Says, r.Digest, r.KeyID, string(r.Envelope)); err != nil {
		return false, wrap(err, doing)
	}
	_, err = t.tx.ExecContext(ctx, `INSERT INTO record_chains (installation, sequence, digest) VALUES ($1, $2, $3) ON CONFLICT (installation) DO UPDATE SET sequence = excluded.sequence, digest = excluded.digest`,
		r.Installation, r.Sequence, r.Digest)
	return err == nil, wrap(err, doing)
}

const recordColumns = `id, installation, sequence, repo_id, number, kind, state, head, merged, made, says, digest, key_id`

func scanRecord(row interface{ Scan(...any) error }, more ...any) (Record, error) {
	var r Record
	var made int64
	err := row.Scan(append([]any{&r.ID, &r.Installation, &r.Sequence, &r.RepoID, &r.Number, &r.Kind, &r.State, &r.Head, &r.Merged, &made, &r.Says, &r.Digest, &r.KeyID}, more...)...)
	r.Made = time.UnixMilli(made)
	return r, err
}

// Record reads one record, with its envelope.
func (s *Store) Record(ctx context.Context, id int64) (Record, error) {
	var envelope string
	r, err := scanRecord(s.read.QueryRowContext(ctx, `SELECT `+recordColumns+`, envelope FROM records WHERE id = $1`, id), &envelope)
	r.Envelope = []byte(envelope)
	return r, wrap(err, fmt.Sprintf("reading record %d", id))
}

// NewestRecords lists the records of the repositories (nil: of all), the newest first, without their envelopes: those older than before (0: all), at most limit.
func (s *Store) NewestRecords(ctx context.Context, repos []int64, before int64, limit int) (out []Record, err error) {
	if repos != nil && len(repos) == 0 {
		return nil, nil
	}
	if before == 0 {
		before = math.MaxInt64
	}
	err = s.records(ctx, "listing the newest records", func(r Record) { out = append(out, r) },
		`SELECT `+recordColumns+` FROM records WHERE `+ofRepos(repos)+` AND id < $1 ORDER BY id DESC LIMIT $2`, before, limit)
	return out, err
}

func (s *Store) records(ctx context.Context, doing string, yield func(Record), query string, args ...any) (err error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return wrap(err, doing)
		}
		yield(r)
	}
	return wrap(rows.Err(), doing)
}

// exportPage is how many records are read at a time.
const exportPage = 500

// EachRecord gives the records of an installation (0: of all) with their envelopes, chain by chain, in order.
func (s *Store) EachRecord(ctx context.Context, installation int64, yield func(Record) error) error {
	chains, err := s.RecordChains(ctx)
	if err != nil {
		return err
	}
	for _, c := range chains {
		if installation != 0 && c.Installation != installation {
			continue
		}
		// What is added meanwhile belongs to the next export: this one ends where its chain ended.
		for from := int64(0); from < c.Sequence; from += exportPage {
			page, err := s.recordPage(ctx, c.Installation, from, min(from+exportPage, c.Sequence))
			if err != nil {
				return err
			}
			for _, r := range page {
				if err := yield(r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *Store) recordPage(ctx context.Context, installation, after, upTo int64) (out []Record, err error) {
	const doing = "reading the records"
	rows, err := s.read.QueryContext(ctx, `SELECT `+recordColumns+`, envelope FROM records WHERE installation = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence`, installation, after, upTo)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var envelope string
		r, err := scanRecord(rows, &envelope)
		if err != nil {
			return nil, wrap(err, doing)
		}
		r.Envelope = []byte(envelope)
		out = append(out, r)
	}
	return out, wrap(rows.Err(), doing)
}

// RecordChains lists the chains, sorted by installation.
func (s *Store) RecordChains(ctx context.Context) (out []RecordChain, err error) {
	const doing = "reading the chains of records"
	rows, err := s.read.QueryContext(ctx, `SELECT installation, sequence, digest FROM record_chains ORDER BY installation`)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c RecordChain
		if err := rows.Scan(&c.Installation, &c.Sequence, &c.Digest); err != nil {
			return nil, wrap(err, doing)
		}
		out = append(out, c)
	}
	return out, wrap(rows.Err(), doing)
}

// SaveRecordKey remembers a public key; one that is known stays as it is.
func (s *Store) SaveRecordKey(ctx context.Context, k RecordKey) error {
	err := s.exec(ctx, `INSERT INTO record_keys (id, pem, first) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`, k.ID, string(k.PEM), millis(k.First))
	return wrap(err, "writing a key of records")
}

// RecordKeys lists the public keys, the oldest first.
func (s *Store) RecordKeys(ctx context.Context) (out []RecordKey, err error) {
	const doing = "reading the keys of records"
	rows, err := s.read.QueryContext(ctx, `SELECT id, pem, first FROM record_keys ORDER BY first, id`)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var k RecordKey
		var pem string
		var first int64
		if err := rows.Scan(&k.ID, &pem, &first); err != nil {
			return nil, wrap(err, doing)
		}
		k.PEM, k.First = []byte(pem), time.UnixMilli(first)
		out = append(out, k)
	}
	return out, wrap(rows.Err(), doing)
}

// Approvals says when the webhook of each approval of these pull requests arrived, by the review's number.
func (s *Store) Approvals(ctx context.Context, repoID int64, numbers ...int) (map[int64]time.Time, error) {
	out := map[int64]time.Time{}
	for _, n := range numbers {
		if err := s.approvals(ctx, Key{repoID, n}, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) approvals(ctx context.Context, k Key, out map[int64]time.Time) (err error) {
	const doing = "reading when approvals came"
	rows, err := s.read.QueryContext(ctx, `SELECT review_id, received FROM ledger WHERE repo_id = $1 AND number = $2`, k.RepoID, k.Number)
	if err != nil {
		return wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id, at int64
		if err := rows.Scan(&id, &at); err != nil {
			return wrap(err, doing)
		}
		out[id] = time.UnixMilli(at)
	}
	return wrap(rows.Err(), doing)
}
