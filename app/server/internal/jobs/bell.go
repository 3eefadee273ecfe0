package jobs

import (
	"context"
	"database/sql"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// A bell tells the queue of this process at once that there is a job. River's own way on SQLite is a table that is looked through every 50 ms with
// the one writing connection, and it tells of one insert only while it cools down: the job of a second event would wait for the poll. The database
// belongs to one process, so nobody else has to be told. On PostgreSQL the database tells (notify). A ring that got lost costs no more than the wait for the poll.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

// ring wakes the queue. Rings that nobody has heard yet are one.
func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// after rings once the transaction is committed: before, the queue would not see the job.
func (b bell) after(_ context.Context, tx *store.Tx) error {
	tx.AfterCommit(b.ring)
	return nil
}

// A driver is River's for SQLite with the bell in the place of its table.
type driver struct {
	*riversqlite.Driver
	bell bell
}

func newDriver(db *sql.DB, b bell) driver { return driver{riversqlite.New(db), b} }

// GetListener hears the bell.
func (d driver) GetListener(p *riverdriver.GetListenenerParams) riverdriver.Listener {
	return listener{d.bell, p.Schema}
}

// SupportsListenNotify keeps River from writing what nobody would read.
func (driver) SupportsListenNotify() bool { return false }

// A listener gives River each ring as the word that there is a job. There is no connection, and only one topic is ever spoken of.
type listener struct {
	bell   bell
	schema string
}

func (listener) Close(context.Context) error            { return nil }
func (listener) Connect(context.Context) error          { return nil }
func (listener) Listen(context.Context, string) error   { return nil }
func (listener) Unlisten(context.Context, string) error { return nil }
func (listener) Ping(context.Context) error             { return nil }
func (l listener) Schema() string                       { return l.schema }
func (listener) SetAfterConnectExec(string)             {}

// WaitForNotification waits for a ring.
func (l listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case <-l.bell:
		return &riverdriver.Notification{Topic: insertTopic, Payload: inserted}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// insertTopic is what River calls the news of inserted jobs.
const insertTopic = "river_insert"

// inserted is how River says that the default queue has a new job.
const inserted = `{"queue": "` + river.QueueDefault + `"}`
