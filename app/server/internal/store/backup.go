package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// A backup is one SQLite file, whatever database it was made of: our tables in the schema of their time, without the queue's, and a table that holds for
// each of them how many rows it has and a digest of them. So one format can be restored into either database, and a move is a backup that is restored.
//
// The queue is not part of it: what a pull request waits for stands in our own tables, and every open one is looked at anew after a restore.

// momentary tables are ours and speak of this moment: the queue, who is there, who is signed in.
var momentary = map[string]bool{"turns": true, "paces": true, "processes": true, "sessions": true}

// A Table says what a table holds.
type Table struct {
	Name   string
	Rows   int64
	Digest string // SHA-256 over the names of the columns and all rows, in the order of the primary key
}

// A Backup says what a backup, a restore or a move has taken.
type Backup struct {
	Schema int64
	Made   time.Time
	Tables []Table
	// Changed counts texts that PostgreSQL cannot hold as they were (bytes that are no UTF-8, and NUL): they are there with U+FFFD in the place of those.
	Changed int
}

// Rows counts all rows.
func (b *Backup) Rows() (n int64) {
	for _, t := range b.Tables {
		n += t.Rows
	}
	return n
}

// MakeBackup writes a backup of a database, while a server may be using it, into a new file that nobody else can read.
func MakeBackup(ctx context.Context, name, to string, now time.Time) (_ *Backup, err error) {
	src, err := OpenRead(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	has, newest, err := src.Schema(ctx)
	if err != nil {
		return nil, err
	}
	if has > newest {
		return nil, tooNew(has, newest)
	}
	if _, err := os.Lstat(to); err == nil {
		return nil, fmt.Errorf("writing the backup: %s is there already; name a file that is not", to)
	}
	f, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".*") // 0600
	if err != nil {
		return nil, fmt.Errorf("writing the backup: %w", err)
	}
	temp := f.Name()
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("writing the backup: %w", err)
	}
	defer os.Remove(temp) // after a success it has another name
	b, err := src.backUp(ctx, temp, has, now)
	if err != nil {
		return nil, fmt.Errorf("writing the backup: %w", err)
	}
	// It is a backup only if it is whole.
	if read, err := readBackup(ctx, temp); err != nil || !slices.Equal(read.Tables, b.Tables) {
		return nil, errors.Join(errors.New("the backup that was just written is not what the database holds; is the disk in order?"), err)
	}
	if err := flush(temp); err != nil {
		return nil, fmt.Errorf("writing the backup: %w", err)
	}
	if err := os.Link(temp, to); err != nil { // never over something that came meanwhile
		return nil, fmt.Errorf("writing the backup: %w", err)
	}
	return b, flush(filepath.Dir(to))
}

// flush has a file or folder written to the disk.
func flush(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (s *Store) backUp(ctx context.Context, temp string, schema int64, now time.Time) (_ *Backup, err error) {
	src := s.db.(*reading) //nolint:forcetypeassert // OpenRead made it
	if !src.postgres {
		// The file as it is at this moment, whoever writes meanwhile.
		if _, err := src.db.ExecContext(ctx, `VACUUM INTO $1`, temp); err != nil {
			return nil, err
		}
	}
	db, err := sql.Open("sqlite", dsn(temp, "_txlock=immediate", "_pragma=synchronous(FULL)", "_pragma=journal_mode(DELETE)"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	b := &Backup{Schema: schema, Made: now}
	if src.postgres {
		if b.Tables, err = copyPostgres(ctx, src.db, db, schema); err != nil {
			return nil, err
		}
	} else if err := dropQueue(ctx, db); err != nil {
		return nil, err
	}
	in, err := digests(ctx, db)
	if err != nil {
		return nil, err
	}
	if src.postgres && !slices.Equal(in, b.Tables) {
		return nil, errors.New("what was written is not what was read")
	}
	b.Tables = in
	for _, q := range []string{`CREATE TABLE backup (made INTEGER NOT NULL, schema INTEGER NOT NULL)`, `CREATE TABLE backup_tables (name TEXT PRIMARY KEY, rows INTEGER NOT NULL, digest TEXT NOT NULL)`} {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return nil, err
		}
	}
	if _, err := db.ExecContext(ctx, `INSERT INTO backup (made, schema) VALUES ($1, $2)`, millis(now), schema); err != nil {
		return nil, err
	}
	for _, t := range b.Tables {
		if _, err := db.ExecContext(ctx, `INSERT INTO backup_tables (name, rows, digest) VALUES ($1, $2, $3)`, t.Name, t.Rows, t.Digest); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// dropQueue takes the queue's tables out of a copy, and what is of this moment.
func dropQueue(ctx context.Context, db *sql.DB) error {
	names, err := texts(ctx, db, `SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'river\_%' ESCAPE '\'`)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := db.ExecContext(ctx, `DROP TABLE `+quoted(name)); err != nil {
			return err
		}
	}
	names, err = texts(ctx, db, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !momentary[name] {
			continue
		}
		if _, err := db.ExecContext(ctx, `DELETE FROM `+quoted(name)); err != nil {
			return err
		}
	}
	return nil
}

// copyPostgres copies our tables as they are at one moment.
func copyPostgres(ctx context.Context, from, to *sql.DB, schema int64) (out []Table, err error) {
	if err := migrateTo(ctx, goose.DialectSQLite3, "sqlite", to, schema); err != nil {
		return nil, err
	}
	src, err := from.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer src.Rollback()
	if _, err := src.ExecContext(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
		return nil, err
	}
	dst, err := to.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer dst.Rollback()
	list, err := tables(ctx, dst)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		if _, err := dst.ExecContext(ctx, `DELETE FROM `+quoted(t.name)); err != nil { // what the migrations wrote
			return nil, err
		}
		put, done, err := inserter(ctx, dst, t)
		if err != nil {
			return nil, err
		}
		sum, err := eachRow(ctx, src, t, put)
		if err = errors.Join(err, done()); err != nil {
			return nil, fmt.Errorf("copying the table %s: %w", t.name, err)
		}
		out = append(out, sum)
	}
	return out, dst.Commit()
}

// A table is one of ours with its columns.
type table struct {
	name          string
	columns, keys []string
}

// tables lists our tables in an SQLite database, sorted. PostgreSQL has the same ones (TestTwins).
func tables(ctx context.Context, in session) (out []table, err error) {
	names, err := texts(ctx, in, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'river\_%' ESCAPE '\' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		AND name NOT IN ('goose_db_version', 'backup', 'backup_tables') ORDER BY name`)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if momentary[name] {
			continue
		}
		t := table{name: name}
		if t.columns, err = texts(ctx, in, `SELECT name FROM pragma_table_info($1) ORDER BY name`, name); err != nil {
			return nil, err
		}
		if t.keys, err = texts(ctx, in, `SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk`, name); err != nil {
			return nil, err
		}
		if len(t.keys) == 0 {
			return nil, fmt.Errorf("the table %s has no primary key", name)
		}
		out = append(out, t)
	}
	return out, nil
}

func texts(ctx context.Context, in session, query string, args ...any) (out []string, err error) {
	rows, err := in.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

func quoted(names ...string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = `"` + strings.ReplaceAll(n, `"`, `""`) + `"`
	}
	return strings.Join(out, ", ")
}

// eachRow yields the rows of a table, as values that both databases take, and says what they were.
func eachRow(ctx context.Context, in session, t table, yield func([]any) error) (out Table, err error) {
	rows, err := in.QueryContext(ctx, `SELECT `+quoted(t.columns...)+` FROM `+quoted(t.name)+` ORDER BY `+quoted(t.keys...))
	if err != nil {
		return Table{}, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	sum := sha256.New()
	for _, c := range t.columns {
		field(sum, 'c', []byte(c))
	}
	out.Name = t.name
	for rows.Next() {
		values, at := make([]any, len(t.columns)), make([]any, len(t.columns))
		for i := range values {
			at[i] = &values[i]
		}
		if err := rows.Scan(at...); err != nil {
			return Table{}, err
		}
		for i, v := range values {
			if data, ok := v.([]byte); ok && data == nil {
				values[i] = []byte{} // an empty one is not none
			}
		}
		if err := yield(values); err != nil {
			return Table{}, err
		}
		for _, v := range values { // as it was taken
			if err := value(sum, v); err != nil {
				return Table{}, fmt.Errorf("the table %s: %w", t.name, err)
			}
		}
		out.Rows++
	}
	out.Digest = hex.EncodeToString(sum.Sum(nil))
	return out, rows.Err()
}

func field(to hash.Hash, kind byte, data []byte) {
	fmt.Fprintf(to, "%c%d:", kind, len(data))
	to.Write(data)
}

func value(to hash.Hash, v any) error {
	switch v := v.(type) {
	case nil:
		field(to, 'n', nil)
	case int64:
		field(to, 'i', strconv.AppendInt(nil, v, 10))
	case float64:
		field(to, 'f', strconv.AppendUint(nil, math.Float64bits(v), 16))
	case string:
		field(to, 's', []byte(v))
	case []byte:
		field(to, 'b', v)
	default:
		return fmt.Errorf("a value of the type %T is not provided for", v)
	}
	return nil
}

func nothing([]any) error { return nil }

// digests says what the tables of an SQLite database hold.
func digests(ctx context.Context, in session) (out []Table, err error) {
	list, err := tables(ctx, in)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		sum, err := eachRow(ctx, in, t, nothing)
		if err != nil {
			return nil, err
		}
		out = append(out, sum)
	}
	return out, nil
}

// inserter gives a function that inserts a row into a table of an SQLite database, and one that ends it.
func inserter(ctx context.Context, tx *sql.Tx, t table) (put func([]any) error, done func() error, err error) {
	marks := make([]string, len(t.columns))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	stmt, err := tx.PrepareContext(ctx, `INSERT INTO `+quoted(t.name)+` (`+quoted(t.columns...)+`) VALUES (`+strings.Join(marks, ", ")+`)`) //nolint:sqlclosecheck // done closes it
	if err != nil {
		return nil, nil, err
	}
	return func(values []any) error {
		_, err := stmt.ExecContext(ctx, values...)
		return err
	}, stmt.Close, nil
}

// openBackup opens the file of a backup for reading.
func openBackup(path string) (*sql.DB, error) {
	file, err := existing(path)
	if err != nil {
		return nil, err
	}
	return sql.Open("sqlite", dsn(file, "mode=ro"))
}

// ReadBackup checks that a backup is whole, and says what it holds.
func ReadBackup(ctx context.Context, path string) (*Backup, error) {
	b, err := readBackup(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("the backup %s: %w", path, err)
	}
	return b, nil
}

func readBackup(ctx context.Context, path string) (_ *Backup, err error) {
	db, err := openBackup(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	b := new(Backup)
	var made int64
	if err := db.QueryRowContext(ctx, `SELECT made, schema FROM backup`).Scan(&made, &b.Schema); err != nil {
		return nil, fmt.Errorf("it is no backup that `reviewgate db backup` made: %w", err)
	}
	b.Made = time.UnixMilli(made)
	if wrong, err := integrity(ctx, db); err != nil || len(wrong) > 0 {
		return nil, errors.Join(err, fmt.Errorf("the file is damaged: %s", strings.Join(wrong, "; ")))
	}
	if b.Tables, err = digests(ctx, db); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT name, rows, digest FROM backup_tables ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for i := 0; ; i++ {
		if !rows.Next() {
			if i != len(b.Tables) {
				return nil, errors.New("it has another number of tables than when it was made")
			}
			return b, rows.Err()
		}
		var t Table
		if err := rows.Scan(&t.Name, &t.Rows, &t.Digest); err != nil {
			return nil, err
		}
		if i >= len(b.Tables) || t != b.Tables[i] {
			return nil, fmt.Errorf("the table %s is not as it was when the backup was made", t.Name)
		}
	}
}

// integrity asks SQLite whether its file is in order.
func integrity(ctx context.Context, in session) (wrong []string, err error) {
	list, err := texts(ctx, in, `PRAGMA integrity_check(20)`)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(s string) bool { return s == "ok" }), nil
}

// Restore fills an empty database from a backup, in one transaction, and reads back what it wrote. An older backup is brought up to date on the way.
// Then every open pull request is to be looked at anew. kind is what the audit log says of it.
func Restore(ctx context.Context, from, name, kind string, now time.Time) (_ *Backup, err error) {
	b, err := ReadBackup(ctx, from)
	if err != nil {
		return nil, err
	}
	newest, err := newestSchema()
	if err != nil {
		return nil, err
	}
	switch {
	case b.Schema > newest:
		return nil, fmt.Errorf("the backup %s: %w", from, tooNew(b.Schema, newest))
	case b.Schema < newest:
		old, dir, err := forward(ctx, from)
		defer os.RemoveAll(dir)
		if err != nil {
			return nil, fmt.Errorf("bringing the backup up to date: %w", err)
		}
		from = old
	}
	src, err := openBackup(from)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	list, err := tables(ctx, src)
	if err != nil {
		return nil, err
	}
	dst, err := Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if err := dst.alone(ctx); err != nil {
		return nil, err
	}
	out := &Backup{Schema: b.Schema, Made: b.Made}
	err = dst.Tx(ctx, func(tx *Tx) error {
		if err := tx.unlimited(ctx); err != nil {
			return err
		}
		if err := tx.empty(ctx, list); err != nil {
			return err
		}
		for _, t := range list {
			sum, changed, err := tx.fill(ctx, src, t)
			if err != nil {
				return fmt.Errorf("filling the table %s: %w", t.name, err)
			}
			got, err := eachRow(ctx, tx.tx, t, nothing)
			if err != nil {
				return fmt.Errorf("reading the table %s back: %w", t.name, err)
			}
			if got != sum {
				return fmt.Errorf("the table %s is not what was written: %d rows of %d, digest %s instead of %s", t.name, got.Rows, sum.Rows, got.Digest, sum.Digest)
			}
			out.Tables, out.Changed = append(out.Tables, sum), out.Changed+changed
		}
		if err := tx.numberOn(ctx, list); err != nil {
			return err
		}
		if err := tx.lookAnew(ctx); err != nil {
			return err
		}
		return tx.Audit(ctx, AuditEntry{At: now, Actor: ByCommand, Kind: kind, Detail: map[string]any{"schema": b.Schema, "made": b.Made.UTC().Format(auditTime), "rows": out.Rows()}})
	})
	if err != nil {
		return nil, fmt.Errorf("restoring the database; nothing was written: %w", err)
	}
	return out, nil
}

// forward copies an older backup and brings the copy's schema up to date.
func forward(ctx context.Context, from string) (path, dir string, err error) {
	if dir, err = os.MkdirTemp("", "reviewgate-restore-"); err != nil { // 0700
		return "", "", err
	}
	path = filepath.Join(dir, "backup.db")
	in, err := os.Open(from)
	if err != nil {
		return "", dir, err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", dir, err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return "", dir, err
	}
	db, err := sql.Open("sqlite", dsn(path, "_txlock=immediate"))
	if err != nil {
		return "", dir, err
	}
	db.SetMaxOpenConns(1)
	// The migrations speak of the queue's state, too: it begins empty.
	return path, dir, errors.Join(migrate(ctx, goose.DialectSQLite3, "sqlite", db), db.Close())
}

// alone says whether no server has the PostgreSQL database open; SQLite's lock says it for a file.
func (s *Store) alone(ctx context.Context) error {
	if _, ok := s.db.(*postgres); !ok {
		return nil
	}
	n, err := s.processes(ctx)
	if err == nil && n > 1 {
		err = fmt.Errorf("%d servers are using the database: stop them first", n-1)
	}
	return err
}

// empty says whether nothing of a server is in the database, and takes out what the migrations wrote.
func (t *Tx) empty(ctx context.Context, list []table) error {
	for _, one := range list {
		switch one.name {
		case "settings", "counters":
			if _, err := t.tx.ExecContext(ctx, `DELETE FROM `+quoted(one.name)); err != nil {
				return err
			}
			continue
		}
		var has bool
		if err := t.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+quoted(one.name)+`)`).Scan(&has); err != nil {
			return err
		}
		if has {
			return fmt.Errorf("the database is not empty (its table %s has rows): name a new one", one.name)
		}
	}
	return nil
}

// unlimited lets the statements of this transaction take the time that they need.
func (t *Tx) unlimited(ctx context.Context) error {
	if t.Postgres() == nil {
		return nil
	}
	_, err := t.tx.ExecContext(ctx, `SET LOCAL statement_timeout = 0`)
	return err
}

// fill copies a table. changed counts the texts that the database cannot hold as they are.
func (t *Tx) fill(ctx context.Context, from *sql.DB, one table) (sum Table, changed int, err error) {
	if tx := t.SQLite(); tx != nil {
		put, done, err := inserter(ctx, tx, one)
		if err != nil {
			return Table{}, 0, err
		}
		sum, err = eachRow(ctx, from, one, put)
		return sum, 0, errors.Join(err, done())
	}
	// Rows go over as they are read.
	rows := make(chan []any)
	read := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(rows)
		var err error
		sum, err = eachRow(ctx, from, one, func(values []any) error {
			for i, v := range values {
				if text, ok := v.(string); ok {
					if values[i] = plainText(text); values[i] != text {
						changed++
					}
				}
			}
			select {
			case rows <- values:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		read <- err
	}()
	_, err = t.Postgres().CopyFrom(ctx, pgx.Identifier{one.name}, one.columns, pgx.CopyFromFunc(func() ([]any, error) {
		return <-rows, nil // nil: no more
	}))
	if err != nil {
		cancel()
	}
	return sum, changed, errors.Join(<-read, err)
}

// numberOn lets what is numbered go on behind the rows that were copied. SQLite does so by itself.
func (t *Tx) numberOn(ctx context.Context, list []table) error {
	if t.Postgres() == nil {
		return nil
	}
	for _, one := range list {
		columns, err := texts(ctx, t.tx, `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 AND is_identity = 'YES'`, one.name)
		if err != nil {
			return err
		}
		for _, c := range columns {
			if _, err := t.tx.ExecContext(ctx, `SELECT setval(pg_get_serial_sequence($1, $2), COALESCE((SELECT MAX(`+quoted(c)+`) FROM `+quoted(one.name)+`), 0) + 1, false)`, quoted(one.name), c); err != nil {
				return fmt.Errorf("numbering the table %s: %w", one.name, err)
			}
		}
	}
	return nil
}

// lookAnew has every open pull request, every merge queue with groups, and every pull request with something left to be done looked at anew: the next start
// gives each its job.
func (t *Tx) lookAnew(ctx context.Context) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE pulls SET want = want + 1 WHERE state = 'open' OR EXISTS (SELECT 1 FROM outbox o WHERE o.repo_id = pulls.repo_id AND o.number = pulls.number AND o.state = 'pending')
		OR (state = 'queue' AND EXISTS (SELECT 1 FROM merge_groups g WHERE g.repo_id = pulls.repo_id AND g.state <> 'closed'))`)
	return wrap(err, "having the open pull requests looked at anew")
}

// Move fills an empty PostgreSQL database from an SQLite file that no server has open. The file stays as it is. What fails can be begun again.
func Move(ctx context.Context, from, to string, now time.Time) (_ *Backup, err error) {
	if IsPostgres(from) || !IsPostgres(to) {
		return nil, errors.New("a move goes from an SQLite file into a PostgreSQL database; for everything else make a backup and restore it")
	}
	file, err := existing(from)
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(file + ".lock")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock(lock)) }()
	dir, err := os.MkdirTemp(filepath.Dir(file), ".reviewgate-move-") // 0700, where there is room for a second one
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	backup := filepath.Join(dir, "backup.db")
	b, err := MakeBackup(ctx, file, backup, now)
	if err != nil {
		return nil, err
	}
	// Nobody writes: the copy must be what the file holds.
	src, err := OpenRead(ctx, file)
	if err != nil {
		return nil, err
	}
	held, err := digests(ctx, src.read)
	if err = errors.Join(err, src.Close()); err != nil {
		return nil, err
	}
	if !slices.Equal(held, b.Tables) {
		return nil, errors.New("the copy is not what the file holds; is the disk in order?")
	}
	return Restore(ctx, backup, to, AuditMoved, now)
}
