package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
)

// errReading is what a database that was opened for reading says to whoever wants to write.
var errReading = errors.New("the database was opened for reading only")

// reading is a database beside which a server may run: no lock is taken, nothing is migrated, and nothing can be written.
type reading struct{ pool *sql.DB }

// OpenReading opens a database for reading, also while a server has it open. Its schema must be the one that this program knows.
func OpenReading(ctx context.Context, name string) (*Store, error) {
	r := reading{}
	if IsPostgres(name) {
		var err error
		if r.pool, err = sql.Open("pgx", name); err != nil {
			return nil, fmt.Errorf("reading the address of the database: %w", err)
		}
	} else {
		path, err := filepath.Abs(name)
		if err != nil {
			return nil, fmt.Errorf("opening the database %s: %w", name, err)
		}
		if r.pool, err = sql.Open("sqlite", dsn(path, "mode=ro", "_pragma=busy_timeout(5000)", "_pragma=query_only(1)")); err != nil {
			return nil, fmt.Errorf("opening the database %s: %w", path, err)
		}
	}
	r.pool.SetMaxOpenConns(readers)
	var version int64
	// The newest step that was made; an older program knows fewer tables, and a newer one may have changed them.
	if err := r.pool.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version WHERE version_id >= 30`).Scan(&version); err != nil {
		return nil, errors.Join(errors.New("opening the database for reading: its schema is older than this program; start `reviewgate serve` with it once"), err, r.close())
	}
	return &Store{read: r.reader(), db: r}, nil
}

func (r reading) reader() session                            { return r.pool }
func (r reading) begin(context.Context) (transaction, error) { return nil, errReading }
func (r reading) close() error                               { return r.pool.Close() }
func (r reading) lockName(context.Context, string, bool) (func(), bool, error) {
	return nil, false, errReading
}
