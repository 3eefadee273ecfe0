package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// What is done with the database past a server: backups, checks, and the audit log for those who are to read it elsewhere.

// LoadDatabase reads of the configuration only which database it is, in the same file and variables as LoadConfig.
func LoadDatabase(path string, env []string) (string, error) {
	var f file
	if path != "" {
		if err := f.read(path); err != nil {
			return "", err
		}
	}
	l := newLoader(path, env)
	l.env["REVIEWGATE_CACHE_DIR"] = "." // nothing is fetched
	var c Config
	l.database(&f, &c)
	if len(l.problems) > 0 {
		return "", fmt.Errorf("the configuration of the database is not complete:\n%w", errors.Join(l.problems...))
	}
	return c.Database, nil
}

// SharedDatabase says whether the name of a database is the address of a PostgreSQL server.
func SharedDatabase(name string) bool { return store.IsPostgres(name) }

// A Copied says what a backup, a restore or a move has taken.
type Copied struct {
	Tables  int
	Rows    int64
	Schema  int64     // version
	Made    time.Time // the backup
	Changed int       // texts with bytes that PostgreSQL cannot hold: U+FFFD stands in their place
}

func copied(b *store.Backup, err error) (Copied, error) {
	if err != nil {
		return Copied{}, err
	}
	return Copied{len(b.Tables), b.Rows(), b.Schema, b.Made, b.Changed}, nil
}

// Backup writes a backup of the database into a new file. A server may be using it meanwhile.
func Backup(ctx context.Context, database, to string) (Copied, error) {
	return copied(store.MakeBackup(ctx, database, to, time.Now()))
}

// Restore fills an empty database from a backup.
func Restore(ctx context.Context, from, database string) (Copied, error) {
	return copied(store.Restore(ctx, from, database, store.AuditRestored, time.Now()))
}

// Move fills an empty PostgreSQL database from an SQLite file.
func Move(ctx context.Context, from, database string) (Copied, error) {
	return copied(store.Move(ctx, from, database, time.Now()))
}

// CheckDatabase reads a whole database, or a backup, and says what it found, one line each. ok is false if something is wrong that does not come right by
// itself; those lines begin with "wrong: ".
func CheckDatabase(ctx context.Context, database string) (lines []string, ok bool, err error) {
	h, err := store.Check(ctx, database)
	if err != nil {
		return nil, false, err
	}
	lines = append(lines, fmt.Sprintf("schema: version %d of %d", h.Schema, h.Newest), fmt.Sprintf("rows: %d, all read", h.Rows))
	if h.Audit.Rows > 0 {
		lines = append(lines, fmt.Sprintf("audit log: rows %d to %s", h.Audit.First.Seq, h.Audit.Head))
	}
	for _, f := range h.Findings {
		if f.Wrong {
			lines = append(lines, "wrong: "+f.Text)
		} else {
			lines = append(lines, "note: "+f.Text)
		}
	}
	return lines, h.OK(), nil
}

// The forms of an exported audit log.
const (
	AuditJSON = "jsonl" // one row a line
	AuditCSV  = "csv"   // with a line of names
)

var auditNames = []string{"seq", "at", "actor", "kind", "repo_id", "repo", "number", "subject", "detail", "prev", "hash"}

// ExportAudit writes the audit log, oldest first, from the first row that is not older than since. head names the last row, "SEQ:HASH"; "": there is none.
func ExportAudit(ctx context.Context, database string, since time.Time, format string, to io.Writer) (rows int64, head string, err error) {
	s, err := store.OpenRead(ctx, database)
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	out := bufio.NewWriter(to)
	table := csv.NewWriter(out)
	if format == AuditCSV {
		if err := table.Write(auditNames); err != nil {
			return 0, "", err
		}
	}
	err = s.EachAudit(ctx, since, func(r store.AuditRow) error {
		rows, head = rows+1, store.AuditHead{Seq: r.Seq, Hash: r.Hash}.String()
		if format == AuditCSV {
			return table.Write([]string{strconv.FormatInt(r.Seq, 10), r.At, r.Actor, r.Kind, strconv.FormatInt(r.RepoID, 10), r.Repo, strconv.Itoa(r.Number), r.Subject, string(r.Detail), r.Prev, r.Hash})
		}
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		return enc.Encode(r)
	})
	table.Flush()
	return rows, head, errors.Join(err, table.Error(), out.Flush())
}

// An AuditProof says what a check of an audit log has shown.
type AuditProof struct {
	Rows        int64
	First, Last int64
	Head        string // "SEQ:HASH" of the last row
	// Whole says that nothing is missing before the first row: it is number 1, or follows the one at which the log was pruned. An export does not say so
	// of itself where it begins later.
	Whole bool
	// Pruned is the number of the last row that was dropped by the setting keep.audit; 0: none.
	Pruned int64
}

// VerifyAudit checks the chain of the log in a database. head is a row that was noted earlier, "SEQ:HASH" or "HASH"; "": none. An error that Broken knows says
// that the log is not what it was.
func VerifyAudit(ctx context.Context, database, head string) (p AuditProof, err error) {
	s, err := store.OpenRead(ctx, database)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	start, err := s.AuditStart(ctx)
	if err != nil {
		return p, err
	}
	v := verifier{chain: store.Chain{Start: &start}, head: head, pruned: start.Seq}
	if err := s.EachAudit(ctx, time.Time{}, v.next); err != nil {
		return p, err
	}
	return v.end()
}

// maxLine bounds a line of an export.
const maxLine = 1 << 20

// VerifyAuditFile checks an export, of either form.
func VerifyAuditFile(from io.Reader, head string) (AuditProof, error) {
	in := bufio.NewReader(from)
	v := verifier{head: head}
	start, err := in.Peek(len(auditNames[0]) + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return AuditProof{}, fmt.Errorf("reading the export: %w", err)
	}
	if string(start) == auditNames[0]+"," {
		err = v.readCSV(in)
	} else {
		err = v.readLines(in)
	}
	if err != nil {
		return AuditProof{}, err
	}
	return v.end()
}

// A verifier checks rows, and looks for a noted one among them.
type verifier struct {
	chain  store.Chain
	head   string
	found  bool
	pruned int64
}

func (v *verifier) next(r store.AuditRow) error {
	if err := v.chain.Next(r); err != nil {
		return err
	}
	v.found = v.found || v.head == r.Hash || v.head == v.chain.Head.String()
	return nil
}

// errHead is the answer where the noted row is not there.
var errHead = errors.New("the row that was noted is not in it: the end of the log was cut off, or it is another log")

func (v *verifier) end() (AuditProof, error) {
	c := &v.chain
	if v.head != "" && !v.found {
		return AuditProof{}, errHead
	}
	p := AuditProof{Rows: c.Rows, First: c.First.Seq, Last: c.Head.Seq, Head: c.Head.String(), Pruned: v.pruned, Whole: c.Rows == 0 || c.First.Seq == 1 || c.Start != nil}
	if c.Rows == 0 {
		p.Head = ""
	}
	return p, nil
}

// Broken says whether an error of a verification means that the log is not what it was, and not that it could not be read.
func Broken(err error) bool {
	var chain *store.ChainError
	return errors.As(err, &chain) || errors.Is(err, errHead)
}

func (v *verifier) readLines(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var r store.AuditRow
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			return fmt.Errorf("line %d of the export is no row of an audit log: %w", n, err)
		}
		if err := v.next(r); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the export: %w", err)
	}
	return nil
}

func (v *verifier) readCSV(in io.Reader) error {
	table := csv.NewReader(in)
	table.FieldsPerRecord = len(auditNames)
	for n := 1; ; n++ {
		fields, err := table.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading the export: %w", err)
		case n == 1:
			if got := strings.Join(fields, ","); got != strings.Join(auditNames, ",") {
				return fmt.Errorf("reading the export: its columns are %s", got)
			}
			continue
		}
		r := store.AuditRow{At: fields[1], Actor: fields[2], Kind: fields[3], Repo: fields[5], Subject: fields[7], Detail: json.RawMessage(fields[8]), Prev: fields[9], Hash: fields[10]}
		var err1, err2, err3 error
		r.Seq, err1 = strconv.ParseInt(fields[0], 10, 64)
		r.RepoID, err2 = strconv.ParseInt(fields[4], 10, 64)
		r.Number, err3 = strconv.Atoi(fields[6])
		if err := errors.Join(err1, err2, err3); err != nil {
			return fmt.Errorf("line %d of the export: %w", n, err)
		}
		if err := v.next(r); err != nil {
			return err
		}
	}
}
