package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The audit log says what was done, decided and set, and by whom. Its rows are numbered from 1 without a gap and chained: each holds the hash of the
// one before it. The hash of a row is the SHA-256, in lower-case hexadecimal digits, of these fields, one after the other, each written as its length
// in bytes (decimal), ":", the bytes, and ",":
//
//	"reviewgate audit 1", seq, at, actor, kind, repo_id, repo, number, subject, detail, prev
//
// Numbers are decimal. at is the time in UTC with milliseconds, "2026-01-02T15:04:05.000Z". detail is JSON without insignificant white space. prev of
// the first row is 64 zeros.
//
// Who can write to the database can of course write another chain. Whoever has noted the number and hash of its newest row elsewhere finds that out.

// The actors that are nobody's login.
const (
	ByServer  = "reviewgate"
	ByCommand = "command line"
)

// The kinds of entries. There may be others: pages and commands bring their own.
const (
	AuditDecision      = "decision"
	AuditDone          = "deed done"
	AuditRefused       = "deed refused"
	AuditWaiver        = "waiver"
	AuditAttested      = "checklist attested"
	AuditFalsePositive = "false positive"
	AuditBypass        = "bypass"
	AuditSettings      = "settings"
	AuditRetried       = "dead letter retried"
	AuditDropped       = "dead letter dropped"
	AuditSignIn        = "sign-in"
	AuditSignOut       = "sign-out"
	AuditPruned        = "audit log pruned"
	AuditMoved         = "database moved"
	AuditRestored      = "database restored"
)

// An AuditEntry is something to be told in the audit log.
type AuditEntry struct {
	At      time.Time
	Actor   string // login, ByServer or ByCommand
	Kind    string
	RepoID  int64 // 0: none
	Number  int   // of the pull request; 0: none
	Subject string
	Detail  any // becomes JSON; nil: nothing
}

// An AuditRow is an entry in its place in the chain. Its JSON is one line of an export.
type AuditRow struct {
	Seq     int64           `json:"seq"`
	At      string          `json:"at"`
	Actor   string          `json:"actor"`
	Kind    string          `json:"kind"`
	RepoID  int64           `json:"repo_id"`
	Repo    string          `json:"repo"` // its name then, "owner/name"
	Number  int             `json:"number"`
	Subject string          `json:"subject"`
	Detail  json.RawMessage `json:"detail"`
	Prev    string          `json:"prev"`
	Hash    string          `json:"hash"`
}

const (
	auditTime = "2006-01-02T15:04:05.000Z"
	auditForm = "reviewgate audit 1"
	maxDetail = 16 << 10 // bytes of an entry's detail
	maxWords  = 500      // bytes of its other texts
)

// auditStart is what the first row follows.
var auditStart = strings.Repeat("0", sha256.Size*2)

// Sum is the hash that the row must have.
func (r *AuditRow) Sum() string {
	var b bytes.Buffer
	for _, field := range []string{
		auditForm, strconv.FormatInt(r.Seq, 10), r.At, r.Actor, r.Kind, strconv.FormatInt(r.RepoID, 10), r.Repo, strconv.Itoa(r.Number), r.Subject, string(r.Detail), r.Prev,
	} {
		fmt.Fprintf(&b, "%d:%s,", len(field), field)
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

// plainText is a text that every database gives back as it was written.
func plainText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

func auditText(s string) string { return plainText(s[:min(len(s), maxWords)]) }

// Audit appends an entry to the audit log. Transactions take turns, so the chain has no forks.
func (t *Tx) Audit(ctx context.Context, e AuditEntry) error {
	const doing = "writing to the audit log"
	var detail bytes.Buffer
	if e.Detail == nil {
		e.Detail = struct{}{}
	}
	enc := json.NewEncoder(&detail)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e.Detail); err != nil {
		return wrap(err, doing)
	}
	if detail.Len() > maxDetail {
		sum := sha256.Sum256(detail.Bytes())
		cut := fmt.Sprintf(`{"left_out_bytes":%d,"sha256":"%x"}`, detail.Len(), sum)
		detail.Reset()
		detail.WriteString(cut)
	}
	r := AuditRow{At: e.At.UTC().Format(auditTime), Actor: auditText(e.Actor), Kind: auditText(e.Kind), RepoID: e.RepoID, Number: e.Number, Subject: auditText(e.Subject),
		Detail: json.RawMessage(bytes.TrimSpace(detail.Bytes())), Prev: auditStart}
	if err := t.tx.QueryRowContext(ctx, `SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`).Scan(&r.Seq, &r.Prev); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return wrap(err, doing)
	}
	if e.RepoID != 0 {
		if err := t.tx.QueryRowContext(ctx, `SELECT owner || '/' || name FROM repos WHERE id = $1`, e.RepoID).Scan(&r.Repo); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return wrap(err, doing)
		}
		r.Repo = plainText(r.Repo)
	}
	r.Seq++
	r.Hash = r.Sum()
	_, err := t.tx.ExecContext(ctx, `INSERT INTO audit (seq, at, actor, kind, repo_id, repo, number, subject, detail, prev, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.Seq, millis(e.At), r.Actor, r.Kind, r.RepoID, r.Repo, r.Number, r.Subject, string(r.Detail), r.Prev, r.Hash)
	return wrap(err, doing)
}

// Audit appends an entry in a transaction of its own.
func (s *Store) Audit(ctx context.Context, e AuditEntry) error {
	return s.Tx(ctx, func(tx *Tx) error { return tx.Audit(ctx, e) })
}

// An AuditFilter picks rows of the audit log. Its zero value picks all.
type AuditFilter struct {
	Kind, Actor  string
	RepoID       int64
	Number       int
	Since, Until time.Time // Until itself is not in it
}

const auditColumns = `seq, at, actor, kind, repo_id, repo, number, subject, detail, prev, hash`

// maxPage bounds the rows of a page.
const maxPage = 1000

// AuditPage lists rows that the filter picks, newest first, at most limit (1 to 1000). cursor is 0 for the first page, and else what the page before gave as
// next; a next of 0 says that there are no more.
func (s *Store) AuditPage(ctx context.Context, f AuditFilter, cursor int64, limit int) (out []AuditRow, next int64, err error) {
	limit = min(max(limit, 1), maxPage)
	where, args := []string{"1 = 1"}, []any{}
	add := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if f.Kind != "" {
		add("kind = $%d", f.Kind)
	}
	if f.Actor != "" {
		add("actor = $%d", f.Actor)
	}
	if f.RepoID != 0 {
		add("repo_id = $%d", f.RepoID)
	}
	if f.Number != 0 {
		add("number = $%d", f.Number)
	}
	if !f.Since.IsZero() {
		add("at >= $%d", millis(f.Since))
	}
	if !f.Until.IsZero() {
		add("at < $%d", millis(f.Until))
	}
	if cursor > 0 {
		add("seq < $%d", cursor)
	}
	args = append(args, limit+1)
	out, err = auditRows(ctx, s.read, `SELECT `+auditColumns+` FROM audit WHERE `+strings.Join(where, " AND ")+fmt.Sprintf(` ORDER BY seq DESC LIMIT $%d`, len(args)), args...)
	if len(out) > limit {
		out = out[:limit]
		next = out[limit-1].Seq
	}
	return out, next, err
}

func auditRows(ctx context.Context, from session, query string, args ...any) (out []AuditRow, err error) {
	const doing = "reading the audit log"
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, wrap(err, doing)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r AuditRow
		var at int64
		var detail string
		if err := rows.Scan(&r.Seq, &at, &r.Actor, &r.Kind, &r.RepoID, &r.Repo, &r.Number, &r.Subject, &detail, &r.Prev, &r.Hash); err != nil {
			return nil, wrap(err, doing)
		}
		r.At, r.Detail = time.UnixMilli(at).UTC().Format(auditTime), json.RawMessage(detail)
		out = append(out, r)
	}
	return out, wrap(rows.Err(), doing)
}

// EachAudit yields the rows of the audit log, oldest first, from the first one that is not older than the time; what is appended meanwhile comes too.
func (s *Store) EachAudit(ctx context.Context, since time.Time, yield func(AuditRow) error) error {
	var from int64
	if !since.IsZero() {
		if err := s.read.QueryRowContext(ctx, `SELECT COALESCE(MIN(seq), 0) - 1 FROM audit WHERE at >= $1`, millis(since)).Scan(&from); err != nil {
			return wrap(err, "reading the audit log")
		}
		if from < 0 {
			return nil // nothing is so new
		}
	}
	return eachAudit(ctx, s.read, from, yield)
}

func eachAudit(ctx context.Context, in session, after int64, yield func(AuditRow) error) error {
	for {
		page, err := auditRows(ctx, in, `SELECT `+auditColumns+` FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2`, after, maxPage)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := yield(r); err != nil {
				return err
			}
			after = r.Seq
		}
		if len(page) < maxPage {
			return nil
		}
	}
}

// An AuditHead names a row by its number and hash. Written as "SEQ:HASH".
type AuditHead struct {
	Seq  int64
	Hash string
}

func (h AuditHead) String() string { return fmt.Sprintf("%d:%s", h.Seq, h.Hash) }

// AuditStart is what the first row that is there follows: nothing, or the last one that was pruned.
func (s *Store) AuditStart(ctx context.Context) (AuditHead, error) { return auditAnchor(ctx, s.read) }

func auditAnchor(ctx context.Context, in session) (AuditHead, error) {
	h := AuditHead{Hash: auditStart}
	err := in.QueryRowContext(ctx, `SELECT seq, hash FROM audit_anchor`).Scan(&h.Seq, &h.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return h, wrap(err, "reading where the audit log begins")
}

// A ChainError says which row is the first that breaks the chain, and how.
type ChainError struct {
	Seq int64
	Why string
}

func (e *ChainError) Error() string { return fmt.Sprintf("row %d of the audit log: %s", e.Seq, e.Why) }

// A Chain checks rows one after the other. Its zero value takes any first row: what came before it is not there to be checked.
type Chain struct {
	Start *AuditHead // what the first row must follow; nil: anything
	First AuditRow
	Head  AuditHead // the last row so far
	Rows  int64
}

// Next checks the next row.
func (c *Chain) Next(r AuditRow) error {
	bad := func(why string, args ...any) error { return &ChainError{r.Seq, fmt.Sprintf(why, args...)} }
	var detail bytes.Buffer
	if err := json.Compact(&detail, r.Detail); err != nil {
		return bad("its detail is no JSON: %v", err)
	}
	r.Detail = detail.Bytes()
	before := c.Start
	if c.Rows > 0 {
		before = &c.Head
	}
	switch {
	case before != nil && r.Seq > before.Seq+1:
		return bad("the row before it is %d: %d are missing", before.Seq, r.Seq-before.Seq-1)
	case before != nil && r.Seq <= before.Seq:
		return bad("it stands after row %d: rows are doubled or in another order", before.Seq)
	case r.Seq == 1 && r.Prev != auditStart:
		return bad("it is the first, and names a row before it")
	case before != nil && r.Prev != before.Hash:
		return bad("it does not follow the row before it as that stands here: one of the two was changed")
	case r.Sum() != r.Hash:
		return bad("its content is not what its hash was made of: it was changed")
	}
	if c.Rows == 0 {
		c.First = r
	}
	c.Rows++
	c.Head = AuditHead{r.Seq, r.Hash}
	return nil
}

// auditBatch is how many rows of the log are dropped in one transaction.
const auditBatch = 1000

// PruneAudit drops the rows of the audit log from before the time, but for the newest row. The chain begins anew after the last one that is dropped,
// whose number and hash are kept, and that is told in the log itself.
func (s *Store) PruneAudit(ctx context.Context, before, now time.Time) (n int64, err error) {
	const doing = "dropping old rows of the audit log"
	var first, last int64 // to be dropped: what stands before the first row that is not old, or before the newest
	if err := s.read.QueryRowContext(ctx, `SELECT COALESCE((SELECT MIN(seq) FROM audit), 0), COALESCE((SELECT MIN(seq) FROM audit WHERE at >= $1), (SELECT MAX(seq) FROM audit), 0) - 1`, millis(before)).
		Scan(&first, &last); err != nil {
		return 0, wrap(err, doing)
	}
	for ; first > 0 && first <= last; first += auditBatch {
		h := AuditHead{Seq: min(first+auditBatch-1, last)}
		err := s.Tx(ctx, func(tx *Tx) error {
			if err := tx.tx.QueryRowContext(ctx, `SELECT hash FROM audit WHERE seq = $1`, h.Seq).Scan(&h.Hash); err != nil {
				return err
			}
			if _, err := tx.tx.ExecContext(ctx, `INSERT INTO audit_anchor (one, seq, hash) VALUES (1, $1, $2) ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`, h.Seq, h.Hash); err != nil {
				return err
			}
			if _, err := tx.tx.ExecContext(ctx, `DELETE FROM audit WHERE seq <= $1`, h.Seq); err != nil {
				return err
			}
			if n += h.Seq - first + 1; h.Seq < last {
				return nil
			}
			return tx.Audit(ctx, AuditEntry{At: now, Actor: ByServer, Kind: AuditPruned, Subject: h.String(), Detail: map[string]any{"rows": n, "before": before.UTC().Format(auditTime)}})
		})
		if errors.Is(err, sql.ErrNoRows) {
			return n, nil // another process is at it
		}
		if err != nil {
			return n, wrap(err, doing)
		}
	}
	return n, nil
}
