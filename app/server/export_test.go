package server

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/setup"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// Idle waits until the server has no job left.
func (s *Server) Idle(ctx context.Context) error { return s.queue.Idle(ctx) }

// SweepNow has everything swept. Only where Config.Sweep is negative: else sweeps come by themselves.
func (s *Server) SweepNow(ctx context.Context) error { return s.turn(ctx, 1) }

// Reread reads the files of the secrets again, now.
func (s *Server) Reread(ctx context.Context) { s.secrets.reread(ctx) }

// ClientSecret is the client secret that is in force.
func (s *Server) ClientSecret() string { return string(s.secrets.clientSecret()) }

// FlushTraces exports the spans that have ended.
func (s *Server) FlushTraces(ctx context.Context) error { return s.tracer.Flush(ctx) }

// Rendered is the settings file that a set-up writes.
func (c *SetupConfig) Rendered(app github.Registered, public string) (string, error) {
	data, err := c.render(setup.Made{Registered: app, PublicURL: public})
	return string(data), err
}

// Dump is everything that the database holds, but for what the queue writes down about itself: one line per row.
func (s *Server) Dump(ctx context.Context) (string, error) {
	db, tables := s.store.SQLite(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'river_%' AND name NOT LIKE 'sqlite_%' ORDER BY name`
	if db == nil {
		tables = `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'river_%' ORDER BY 1`
		var err error
		if db, err = sql.Open("pgx", s.cfg.Database); err != nil {
			return "", err
		}
		defer db.Close()
	}
	names, err := column(ctx, db, tables)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, name := range names {
		if err := dumpTable(ctx, db, name, &out); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

func column(ctx context.Context, db *sql.DB, query string) (out []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

func dumpTable(ctx context.Context, db *sql.DB, name string, out *strings.Builder) error {
	rows, err := db.QueryContext(ctx, `SELECT * FROM "`+name+`" ORDER BY 1, 2`)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, at := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		at[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(at...); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s %q\n", name, values)
	}
	return rows.Err()
}

// KeepUnreadable keeps a delivery as one that an older program could not read.
func (s *Server) KeepUnreadable(ctx context.Context, guid, event string, body []byte) error {
	_, err := s.store.Receive(ctx, store.Delivery{GUID: guid, Event: event, Received: s.cfg.Now(), State: store.Unreadable, Body: body}, s.queue.Enqueue)
	return err
}

// DeadLetters, RetryDead and DropDead are what a page offers.
func (s *Server) DeadLetters(ctx context.Context) ([]store.DeadLetter, error) {
	return s.deadLetters(ctx, store.DeadLetterFilter{})
}

// RetryDead has one tried again.
func (s *Server) RetryDead(ctx context.Context, kind, id, who string) (bool, error) {
	return s.retryDead(ctx, kind, id, who)
}

// DropDead takes one off the list.
func (s *Server) DropDead(ctx context.Context, kind, id, who string) (bool, error) {
	return s.dropDead(ctx, kind, id, who)
}
