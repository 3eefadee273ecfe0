package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// The pools of a process. A transaction never waits for a connection of another pool than its own, so none can starve the others.
const (
	writers    = 4  // transactions: one at a time works, the others wait for its lock
	holders    = 80 // named locks: at most one for each job, and one for each task
	queueConns = 12 // the queue's own, without those of its workers
)

// A postgres database is shared by the processes that serve one App. They write one after the other, as SQLite's one writer does: every
// transaction begins by taking one advisory lock. So what a method of this package reads and then writes holds on both databases, and two replicas
// never see half of each other's step. A transaction takes a millisecond or two; the work on pull requests is done outside.
//
// A process that dies loses its connections, and with them its locks.
type postgres struct {
	write, read, hold *sql.DB
	queue             *pgxpool.Pool
	here              presence
}

// The advisory locks, as two numbers: what it is for, and which one. Goose has one of its own.
const (
	lockWrite    = 0x7267_0001 // the one writer
	lockNamed    = 0x7267_0002 // hash of a name
	lockPresence = 0x7267_0003 // number of a process
)

// openPostgres opens the database at a URL, or with pgx's other form of settings, and brings its schema up to date.
func openPostgres(ctx context.Context, url string) (_ *postgres, err error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("reading the address of the database: %w", err) // pgx leaves the password out
	}
	for name, value := range map[string]string{
		"application_name": "reviewgate",
		// A process that hangs in a transaction must not keep the others from writing, nor one whose machine is gone.
		"idle_in_transaction_session_timeout": "30s",
		"statement_timeout":                   "60s",
		"tcp_keepalives_idle":                 "10",
		"tcp_keepalives_interval":             "5",
		"tcp_keepalives_count":                "3",
	} {
		if _, set := cfg.ConnConfig.RuntimeParams[name]; !set {
			cfg.ConnConfig.RuntimeParams[name] = value
		}
	}
	at := cfg.ConnConfig.Host + "/" + cfg.ConnConfig.Database
	p := &postgres{}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("opening the database %s: %w", at, err), p.close())
		}
	}()
	open := func(most int, params map[string]string) *sql.DB {
		c := cfg.ConnConfig.Copy()
		for name, value := range params {
			c.RuntimeParams[name] = value
		}
		db := stdlib.OpenDB(*c)
		db.SetMaxOpenConns(most)
		db.SetMaxIdleConns(min(most, readers))
		db.SetConnMaxIdleTime(time.Minute)
		return db
	}
	p.write = open(writers, nil)
	// A lock is held for as long as a request to GitHub takes, and that statement-less time is no hanging.
	p.hold = open(holders, map[string]string{"statement_timeout": "0"})
	p.read = open(readers, map[string]string{"default_transaction_read_only": "on"})
	if err := migrate(ctx, goose.DialectPostgres, "postgres", p.write); err != nil {
		return nil, err
	}
	queue := cfg.Copy()
	queue.MaxConns = queueConns
	if p.queue, err = pgxpool.NewWithConfig(ctx, queue); err != nil {
		return nil, err
	}
	if err := p.here.enter(ctx, p.hold); err != nil {
		return nil, err
	}
	return p, p.read.PingContext(ctx)
}

func (p *postgres) reader() session { return plain{p.read} }

func (p *postgres) begin(ctx context.Context) (_ transaction, err error) {
	conn, err := p.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	// The transaction is pgx's, because the queue needs one of that kind, and our statements go through the same connection.
	t := &postgresTx{plain: plain{conn}, conn: conn}
	err = conn.Raw(func(driver any) (err error) {
		t.tx, err = driver.(*stdlib.Conn).Conn().Begin(ctx) //nolint:forcetypeassert // it is ours
		return err
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1, 0)`, lockWrite); err != nil {
		return nil, errors.Join(err, t.rollback(ctx))
	}
	return t, nil
}

// lockName takes the lock of a name across all processes, and waits for it if it may.
func (p *postgres) lockName(ctx context.Context, name string, wait bool) (unlock func(), ok bool, err error) {
	conn, err := p.hold.Conn(ctx)
	if err != nil {
		return nil, false, err
	}
	h := fnv.New32a()
	h.Write([]byte(name))   //nolint:errcheck // a hash takes everything
	key := int32(h.Sum32()) //nolint:gosec // any number will do
	if wait {
		_, err = conn.ExecContext(ctx, `SELECT pg_advisory_lock($1, $2)`, lockNamed, key)
		ok = err == nil
	} else {
		err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1, $2)`, lockNamed, key).Scan(&ok)
	}
	if err != nil || !ok {
		return nil, false, errors.Join(err, conn.Close())
	}
	return func() {
		// If this fails the connection is gone, and the lock with it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1, $2)`, lockNamed, key)
		if err != nil {
			_ = conn.Raw(func(any) error { return errBroken })
		}
		_ = conn.Close()
	}, true, nil
}

func (p *postgres) close() error {
	var errs []error
	p.here.leave()
	if p.queue != nil {
		p.queue.Close()
	}
	for _, db := range []*sql.DB{p.read, p.hold, p.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

type postgresTx struct {
	plain
	conn *sql.Conn
	tx   pgx.Tx
}

func (t *postgresTx) commit(ctx context.Context) error { return t.tx.Commit(ctx) }

func (t *postgresTx) rollback(ctx context.Context) error {
	// It must not stay open because the caller's time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := t.tx.Rollback(ctx)
	if errors.Is(err, pgx.ErrTxClosed) || t.tx.Conn().IsClosed() {
		err = nil // what is closed is rolled back
	}
	if err != nil {
		_ = t.conn.Raw(func(any) error { return errBroken })
	}
	return errors.Join(err, t.conn.Close())
}

// plain gives PostgreSQL values as SQLite takes them: yes and no as 1 and 0, and texts of strangers without what a text cannot hold there.
type plain struct{ session }

func (p plain) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.session.ExecContext(ctx, query, plainly(args)...)
}

func (p plain) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.session.QueryContext(ctx, query, plainly(args)...)
}

func (p plain) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.session.QueryRowContext(ctx, query, plainly(args)...)
}

func plainly(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case bool:
			out[i] = 0
			if v {
				out[i] = 1
			}
		case string:
			out[i] = strings.ReplaceAll(strings.ToValidUTF8(v, "\ufffd"), "\x00", "\ufffd")
		default:
			out[i] = a
		}
	}
	return out
}
