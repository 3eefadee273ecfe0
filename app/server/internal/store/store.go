package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNotFound is what a read answers for a row that does not exist.
var ErrNotFound = errors.New("not in the database")

// A Store is one open database.
type Store struct {
	write *sql.DB // one connection
	read  *sql.DB // several; they cannot write
	lock  *os.File
}

// readers is the number of reading connections.
const readers = 4

// Open opens the database file, makes it if it is not there, and brings its schema up to date. It takes the lock on path + ".lock"
// and keeps it until Close; a database that another process has open is an error.
func Open(ctx context.Context, path string) (*Store, error) {
	if path == "" {
		return nil, errors.New("opening the database: no path was given")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the database: %w", err)
	}
	lock, err := lockFile(abs + ".lock")
	if err != nil {
		return nil, err
	}
	s := &Store{lock: lock}
	if err := s.open(ctx, abs); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database %s: %w", abs, err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) error {
	// The file holds webhook bodies of private repositories: it is made before SQLite would make it readable for everybody.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if s.write, err = sql.Open("sqlite", dsn(path, "_txlock=immediate",
		"_pragma=busy_timeout(5000)", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(1)")); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", dsn(path, "mode=ro", "_pragma=busy_timeout(5000)", "_pragma=query_only(1)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	return s.read.PingContext(ctx)
}

func dsn(path string, options ...string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	for i, o := range options {
		if i > 0 {
			u.RawQuery += "&"
		}
		u.RawQuery += o
	}
	return u.String()
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	has, newest, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading the version of the schema: %w", err)
	}
	if has > newest {
		return fmt.Errorf("its schema is version %d, and this program knows up to %d: it was written by a newer reviewgate; use that one, or restore a backup", has, newest)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrating the schema: %w", err)
	}
	return nil
}

// Close closes the database and gives up the lock.
func (s *Store) Close() error {
	var errs []error
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.lock != nil {
		errs = append(errs, unlock(s.lock))
		s.lock = nil
	}
	return errors.Join(errs...)
}

// Writer is the pool with the one writing connection, for the queue's driver. Nobody else writes past the methods of this package.
func (s *Store) Writer() *sql.DB { return s.write }

// A Tx is one writing transaction.
type Tx struct {
	tx    *sql.Tx
	after []func()
}

// AfterCommit has fn called once the transaction is committed; never, if it is not.
func (t *Tx) AfterCommit(fn func()) { t.after = append(t.after, fn) }

// SQL is the transaction for the queue, which inserts and completes its jobs in it.
func (t *Tx) SQL() *sql.Tx { return t.tx }

// Tx runs fn in one transaction and commits if it answers nil.
func (s *Store) Tx(ctx context.Context, fn func(*Tx) error) (err error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("starting a transaction: %w", err)
	}
	defer func() {
		// After a commit this does nothing; after an error or a panic it gives the connection back.
		if back := tx.Rollback(); back != nil && !errors.Is(back, sql.ErrTxDone) {
			err = errors.Join(err, back)
		}
	}()
	t := &Tx{tx: tx}
	if err := fn(t); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	for _, then := range t.after {
		then()
	}
	return nil
}

// Ready says whether the database can be written now.
func (s *Store) Ready(ctx context.Context) error {
	if _, err := s.write.ExecContext(ctx, `INSERT INTO settings (key, value) VALUES ('ready', '') ON CONFLICT (key) DO UPDATE SET value = excluded.value`); err != nil {
		return fmt.Errorf("writing to the database: %w", err)
	}
	return nil
}

// Setting reads a setting; "" if it was never set.
func (s *Store) Setting(ctx context.Context, key string) (string, error) {
	var v string
	err := s.read.QueryRowContext(ctx, `SELECT value FROM settings WHERE key = $1`, key).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return v, wrap(err, "reading the setting "+key)
}

// SetSetting writes a setting.
func (s *Store) SetSetting(ctx context.Context, key, value string) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return wrap(err, "writing the setting "+key)
}

// Prune drops what can be made again or is no longer needed, if it is from before the time: webhook bodies (their ids stay, so that
// a replay is still known), scans, configurations and changed paths; of decisions and deeds that a newer one has followed, the facts and
// the payload. The ledger, and the last decision on every pull request, stay whole.
func (s *Store) Prune(ctx context.Context, before time.Time) error {
	for _, q := range []string{
		`UPDATE deliveries SET body = NULL WHERE received < $1 AND body IS NOT NULL`,
		`DELETE FROM scans WHERE created < $1`,
		`DELETE FROM configs WHERE created < $1`,
		`DELETE FROM changed_paths WHERE created < $1`,
		`DELETE FROM steps WHERE created < $1`,
		`UPDATE decisions SET facts = '{}' WHERE made < $1 AND facts <> '{}' AND id NOT IN (SELECT MAX(id) FROM decisions GROUP BY repo_id, number)`,
		`UPDATE outbox SET payload = '{}' WHERE updated < $1 AND payload <> '{}' AND state <> 'pending' AND id NOT IN (SELECT MAX(id) FROM outbox GROUP BY slot)`,
	} {
		if _, err := s.write.ExecContext(ctx, q, millis(before)); err != nil {
			return fmt.Errorf("dropping old rows: %w", err)
		}
	}
	return nil
}

func millis(t time.Time) int64 { return t.UnixMilli() }

// wrap says what was being done, and turns "no rows" into ErrNotFound.
func wrap(err error, doing string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", doing, ErrNotFound)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
