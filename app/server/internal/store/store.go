package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// ErrNotFound is what a read answers for a row that does not exist.
var ErrNotFound = errors.New("not in the database")

// A Store is one open database.
type Store struct {
	read session // cannot write
	db   database
}

// A session runs statements.
type session interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// A transaction is one that writes. While it is open, no other of the same database is, in any process.
type transaction interface {
	session
	commit(ctx context.Context) error
	rollback(ctx context.Context) error // after a commit it only gives the connection back
}

// A database is what the two kinds of them do each in its own way.
type database interface {
	reader() session
	begin(ctx context.Context) (transaction, error)
	// lockName takes a lock that no other process has. ok is false if one has it and wait is false.
	lockName(ctx context.Context, name string, wait bool) (unlock func(), ok bool, err error)
	close() error
}

// IsPostgres says whether a database's name is the address of a PostgreSQL server: postgres://USER:PASSWORD@HOST:PORT/DATABASE.
func IsPostgres(name string) bool {
	return strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://")
}

// Open opens the database, and brings its schema up to date. name is the address of a PostgreSQL server, or the path of an SQLite file, which is made
// if it is not there; on path + ".lock" lies a lock until Close, and a file that another process has open is an error.
func Open(ctx context.Context, name string) (*Store, error) {
	if IsPostgres(name) {
		p, err := openPostgres(ctx, name)
		if err != nil {
			return nil, err
		}
		return &Store{read: p.reader(), db: p}, nil
	}
	s, err := openSQLite(ctx, name)
	if err != nil {
		return nil, err
	}
	return &Store{read: s.reader(), db: s}, nil
}

func migrate(ctx context.Context, dialect goose.Dialect, folder string, db *sql.DB) error {
	return migrateTo(ctx, dialect, folder, db, 0)
}

// migrateTo brings a schema up to a version; 0: the newest.
func migrateTo(ctx context.Context, dialect goose.Dialect, folder string, db *sql.DB, version int64) error {
	dir, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger())}
	if dialect == goose.DialectPostgres {
		// Several processes may start at once.
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return fmt.Errorf("preparing the migrations: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(dialect, db, dir, options...)
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
	if version == 0 {
		version = newest
	}
	if _, err := p.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrating the schema: %w", err)
	}
	return nil
}

// Close closes the database and gives up its locks.
func (s *Store) Close() error { return s.db.close() }

// SQLite is the pool with the one writing connection, for the queue's driver; nil on PostgreSQL. Nobody else writes past the methods of this package.
func (s *Store) SQLite() *sql.DB {
	if db, ok := s.db.(*sqlite); ok {
		return db.write
	}
	return nil
}

// Postgres is a pool for the queue's driver; nil on SQLite.
func (s *Store) Postgres() *pgxpool.Pool {
	if db, ok := s.db.(*postgres); ok {
		return db.queue
	}
	return nil
}

// Alone takes the lock of a name among all processes that share the database, and waits for it.
func (s *Store) Alone(ctx context.Context, name string) (unlock func(), err error) {
	unlock, _, err = s.db.lockName(ctx, name, true)
	return unlock, wrap(err, "waiting for the lock of "+name)
}

// AloneNow is Alone without waiting: ok is false if another process has the lock.
func (s *Store) AloneNow(ctx context.Context, name string) (unlock func(), ok bool, err error) {
	unlock, ok, err = s.db.lockName(ctx, name, false)
	return unlock, ok, wrap(err, "taking the lock of "+name)
}

// A Tx is one writing transaction.
type Tx struct {
	tx    transaction
	after []func()
}

// AfterCommit has fn called once the transaction is committed; never, if it is not.
func (t *Tx) AfterCommit(fn func()) { t.after = append(t.after, fn) }

// SQLite is the transaction for the queue, which inserts and completes its jobs in it; nil on PostgreSQL.
func (t *Tx) SQLite() *sql.Tx {
	if tx, ok := t.tx.(sqliteTx); ok {
		return tx.Tx
	}
	return nil
}

// Postgres is the same on PostgreSQL; nil on SQLite.
func (t *Tx) Postgres() pgx.Tx {
	if tx, ok := t.tx.(*postgresTx); ok {
		return tx.tx
	}
	return nil
}

// Tx runs fn in one transaction and commits if it answers nil.
func (s *Store) Tx(ctx context.Context, fn func(*Tx) error) (err error) {
	tx, err := s.db.begin(ctx)
	if err != nil {
		return fmt.Errorf("starting a transaction: %w", err)
	}
	defer func() {
		// After a commit this does nothing; after an error or a panic it gives the connection back.
		if back := tx.rollback(ctx); back != nil {
			err = errors.Join(err, back)
		}
	}()
	t := &Tx{tx: tx}
	if err := fn(t); err != nil {
		return err
	}
	if err := tx.commit(ctx); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	for _, then := range t.after {
		then()
	}
	return nil
}

// exec runs one statement that writes.
func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	return s.Tx(ctx, func(tx *Tx) error {
		_, err := tx.tx.ExecContext(ctx, query, args...)
		return err
	})
}

// Ready says whether the database can be written now.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.exec(ctx, `INSERT INTO settings (key, value) VALUES ('ready', '') ON CONFLICT (key) DO UPDATE SET value = excluded.value`); err != nil {
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
	return s.Tx(ctx, func(tx *Tx) error { return tx.SetSetting(ctx, key, value) })
}

// SetSetting writes a setting.
func (t *Tx) SetSetting(ctx context.Context, key, value string) error {
	_, err := t.tx.ExecContext(ctx, `INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return wrap(err, "writing the setting "+key)
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
