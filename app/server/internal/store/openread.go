package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// A reading database is one that is only read, beside whoever has it open.
type reading struct {
	db       *sql.DB
	in       session
	postgres bool
}

// errReading is the answer to whoever wants to write.
var errReading = errors.New("the database was opened for reading only")

func (r *reading) reader() session                            { return r.in }
func (r *reading) begin(context.Context) (transaction, error) { return nil, errReading }
func (r *reading) close() error                               { return r.db.Close() }
func (r *reading) lockName(context.Context, string, bool) (func(), bool, error) {
	return nil, false, errReading
}

// OpenRead opens a database for reading only, while a server may have it open. It changes nothing: its schema may be an older one, as Schema says.
func OpenRead(ctx context.Context, name string) (*Store, error) {
	r := &reading{postgres: IsPostgres(name)}
	if r.postgres {
		cfg, err := pgx.ParseConfig(name)
		if err != nil {
			return nil, fmt.Errorf("reading the address of the database: %w", err) // pgx leaves the password out
		}
		cfg.RuntimeParams["application_name"], cfg.RuntimeParams["default_transaction_read_only"] = "reviewgate", "on"
		r.db = stdlib.OpenDB(*cfg)
		r.in = plain{r.db}
	} else {
		file, err := existing(name)
		if err != nil {
			return nil, err
		}
		if r.db, err = sql.Open("sqlite", dsn(file, "mode=ro", "_pragma=busy_timeout(5000)")); err != nil {
			return nil, fmt.Errorf("opening the database %s: %w", file, err)
		}
		r.in = r.db
	}
	s := &Store{read: r.in, db: r}
	if _, _, err := s.Schema(ctx); err != nil {
		return nil, errors.Join(err, r.db.Close())
	}
	return s, nil
}

// existing is the whole path of a file that is there. An empty one is no database: SQLite would take it for one.
func existing(file string) (string, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("opening the database %s: %w", file, err)
	}
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		return "", fmt.Errorf("opening the database: %w", err)
	case info.IsDir() || info.Size() == 0:
		return "", fmt.Errorf("opening the database %s: it is no database of reviewgate", abs)
	}
	return abs, nil
}

// Schema gives the version of a database's schema, and the newest one that this program knows.
func (s *Store) Schema(ctx context.Context) (has, newest int64, err error) {
	if has, err = schemaOf(ctx, s.read); err != nil {
		return 0, 0, err
	}
	newest, err = newestSchema()
	return has, newest, err
}

func schemaOf(ctx context.Context, in session) (has int64, err error) {
	if err := in.QueryRowContext(ctx, `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`).Scan(&has); err != nil {
		return 0, fmt.Errorf("reading the version of the schema; is it a database of reviewgate? %w", err)
	}
	return has, nil
}

// newestSchema is the number of the last migration; both databases have the same.
func newestSchema() (newest int64, err error) {
	names, err := fs.Glob(migrations, "migrations/sqlite/*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		number, _, _ := strings.Cut(path.Base(name), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the migrations: %w", err)
		}
		newest = max(newest, n)
	}
	return newest, nil
}

// tooNew is the error about a schema that this program does not know.
func tooNew(has, newest int64) error {
	return fmt.Errorf("its schema is version %d, and this program knows up to %d: it was written by a newer reviewgate; use that one", has, newest)
}
