package jobs

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// A queue is River's client, whatever the database: its type differs with the type of a transaction.
type queue interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Subscribe(kinds ...river.EventKind) (<-chan *river.Event, func())
	insert(ctx context.Context, tx *store.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error)
	complete(ctx context.Context, tx *store.Tx, job *river.Job[prSync]) error
}

// openQueue migrates the queue's tables and makes the client. ring announces jobs within this process, where the database does not.
func openQueue(ctx context.Context, st *store.Store, cfg *river.Config) (q queue, ring bell, err error) {
	pool := st.Postgres()
	if pool == nil {
		ring = newBell()
		d := newDriver(st.SQLite(), ring)
		if err := migrateQueue(ctx, d, cfg); err != nil {
			return nil, nil, err
		}
		// What a killed process left running: nobody else has the database.
		if err := st.ResetQueue(ctx); err != nil {
			return nil, nil, err
		}
		q, err = newClient[driver](d, cfg, (*store.Tx).SQLite)
		return q, ring, err
	}
	// Several processes may start at once.
	unlock, err := st.Alone(ctx, "migrating the queue")
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	d := riverpgxv5.New(pool)
	if err := migrateQueue(ctx, d, cfg); err != nil {
		return nil, nil, err
	}
	q, err = newClient[*riverpgxv5.Driver](d, cfg, func(tx *store.Tx) pgx.Tx { return tx.Postgres() })
	return announced{q}, nil, err
}

// announced tells every process of every insert. River itself tells of one only while it cools down: the job of a second event would wait for the
// poll.
type announced struct{ queue }

func (a announced) insert(ctx context.Context, tx *store.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	results, err := a.queue.insert(ctx, tx, params)
	if err != nil {
		return nil, err
	}
	// It goes out with the commit, and the same word twice in a transaction is one.
	if _, err := tx.Postgres().Exec(ctx, `SELECT pg_notify(current_schema() || '.' || $1, $2)`, insertTopic, inserted); err != nil {
		return nil, fmt.Errorf("announcing the jobs: %w", err)
	}
	return results, nil
}

func migrateQueue[T any](ctx context.Context, d riverdriver.Driver[T], cfg *river.Config) error {
	migrator, err := rivermigrate.New(d, &rivermigrate.Config{Logger: cfg.Logger})
	if err != nil {
		return fmt.Errorf("preparing the queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrating the queue's tables: %w", err)
	}
	return nil
}

// A client is River's for a driver D whose transactions are T.
type client[D riverdriver.Driver[T], T any] struct {
	*river.Client[T]
	tx func(*store.Tx) T
}

func newClient[D riverdriver.Driver[T], T any](d D, cfg *river.Config, tx func(*store.Tx) T) (queue, error) {
	c, err := river.NewClient(d, cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the queue: %w", err)
	}
	return client[D, T]{c, tx}, nil
}

func (c client[D, T]) insert(ctx context.Context, tx *store.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	return c.InsertManyTx(ctx, c.tx(tx), params)
}

func (c client[D, T]) complete(ctx context.Context, tx *store.Tx, job *river.Job[prSync]) error {
	_, err := river.JobCompleteTx[D](ctx, c.tx(tx), job)
	return err
}
