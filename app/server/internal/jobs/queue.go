package jobs

import (
	"context"
	"fmt"

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
	// announce tells every process that has jobs to take that there is one, once the transaction is committed.
	announce(ctx context.Context, tx *store.Tx) error
	complete(ctx context.Context, tx *store.Tx, job *river.Job[prSync]) error
	// discarded lists jobs that gave up; remove takes one out.
	discarded(ctx context.Context, tx *store.Tx, most int) ([]*rivertype.JobRow, error)
	remove(ctx context.Context, tx *store.Tx, id int64) error
}

// openQueue migrates the queue's tables and makes the client.
func openQueue(ctx context.Context, st *store.Store, cfg *river.Config) (queue, error) {
	pool := st.Postgres()
	if pool == nil {
		ring := newBell()
		d := newDriver(st.SQLite(), ring)
		if err := migrateQueue(ctx, d, cfg); err != nil {
			return nil, err
		}
		// What a killed process left running: nobody else has the database.
		if err := st.ResetQueue(ctx); err != nil {
			return nil, err
		}
		return newClient[driver](d, cfg, (*store.Tx).SQLite, ring.after)
	}
	// Several processes may start at once.
	unlock, err := st.Alone(ctx, "migrating the queue")
	if err != nil {
		return nil, err
	}
	defer unlock()
	d := postgresDriver{riverpgxv5.New(pool)}
	if err := migrateQueue(ctx, d, cfg); err != nil {
		return nil, err
	}
	return newClient[postgresDriver](d, cfg, (*store.Tx).Postgres, notify)
}

// A postgresDriver is River's, but for the news of inserted jobs: River tells of one only while it cools down, and the job of a second event would
// wait for the poll. We tell of each, as on SQLite, and of none that must not hurry.
type postgresDriver struct{ *riverpgxv5.Driver }

// SupportsListenNotify keeps River from telling of inserts itself. It listens all the same.
func (postgresDriver) SupportsListenNotify() bool { return false }

// notify has the database tell all processes with the commit. The same word twice in a transaction is one.
func notify(ctx context.Context, tx *store.Tx) error {
	if _, err := tx.Postgres().Exec(ctx, `SELECT pg_notify(current_schema() || '.' || $1, $2)`, insertTopic, inserted); err != nil {
		return fmt.Errorf("announcing jobs: %w", err)
	}
	return nil
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
	tx   func(*store.Tx) T
	tell func(ctx context.Context, tx *store.Tx) error
}

func newClient[D riverdriver.Driver[T], T any](d D, cfg *river.Config, tx func(*store.Tx) T, tell func(context.Context, *store.Tx) error) (queue, error) {
	c, err := river.NewClient(d, cfg)
	if err != nil {
		return nil, fmt.Errorf("preparing the queue: %w", err)
	}
	return client[D, T]{c, tx, tell}, nil
}

func (c client[D, T]) insert(ctx context.Context, tx *store.Tx, params []river.InsertManyParams) ([]*rivertype.JobInsertResult, error) {
	return c.InsertManyTx(ctx, c.tx(tx), params)
}

func (c client[D, T]) announce(ctx context.Context, tx *store.Tx) error { return c.tell(ctx, tx) }

func (c client[D, T]) complete(ctx context.Context, tx *store.Tx, job *river.Job[prSync]) error {
	_, err := river.JobCompleteTx[D](ctx, c.tx(tx), job)
	return err
}

func (c client[D, T]) discarded(ctx context.Context, tx *store.Tx, most int) ([]*rivertype.JobRow, error) {
	list, err := c.JobListTx(ctx, c.tx(tx), river.NewJobListParams().States(rivertype.JobStateDiscarded).First(most))
	if err != nil {
		return nil, err
	}
	return list.Jobs, nil
}

func (c client[D, T]) remove(ctx context.Context, tx *store.Tx, id int64) error {
	_, err := c.JobDeleteTx(ctx, c.tx(tx), id)
	return err
}
