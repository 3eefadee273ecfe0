package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// readers is the number of reading connections.
const readers = 4

// An sqlite database is one file with one writer: a second connection that writes would only wait.
type sqlite struct {
	write, read *sql.DB // one connection that writes, several that cannot
	file        *os.File
}

// openSQLite opens the database file, makes it if it is not there, and takes the lock on path + ".lock" until it is closed.
func openSQLite(ctx context.Context, path string) (*sqlite, error) {
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
	file, err := lockFile(abs + ".lock")
	if err != nil {
		return nil, err
	}
	s := &sqlite{file: file}
	if err := s.open(ctx, abs); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database %s: %w", abs, err), s.close())
	}
	return s, nil
}

func (s *sqlite) open(ctx context.Context, path string) error {
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
	if err := migrate(ctx, goose.DialectSQLite3, "sqlite", s.write); err != nil {
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

func (s *sqlite) reader() session { return s.read }

func (s *sqlite) begin(ctx context.Context) (transaction, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return sqliteTx{tx}, nil
}

// lockName has nothing to do: one process has the database, and knows its own locks.
func (s *sqlite) lockName(context.Context, string, bool) (func(), bool, error) {
	return func() {}, true, nil
}

func (s *sqlite) close() error {
	var errs []error
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.file != nil {
		errs = append(errs, unlock(s.file))
		s.file = nil
	}
	return errors.Join(errs...)
}

type sqliteTx struct{ *sql.Tx }

func (t sqliteTx) commit(context.Context) error { return t.Commit() }

func (t sqliteTx) rollback(context.Context) error {
	if err := t.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}
