package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Finding is something that a check of a database has to say.
type Finding struct {
	Wrong bool // it does not come right by itself
	Text  string
}

// A Health is what a check found.
type Health struct {
	Schema, Newest int64
	Rows           int64
	Audit          Chain
	Findings       []Finding
}

// OK says whether nothing is wrong.
func (h *Health) OK() bool {
	for _, f := range h.Findings {
		if f.Wrong {
			return false
		}
	}
	return true
}

func (h *Health) wrong(text string, args ...any) {
	h.Findings = append(h.Findings, Finding{true, fmt.Sprintf(text, args...)})
}

func (h *Health) note(text string, args ...any) {
	h.Findings = append(h.Findings, Finding{false, fmt.Sprintf(text, args...)})
}

// Check reads a whole database, or a backup, while a server may be using it, and says what is wrong with it. It changes nothing.
func Check(ctx context.Context, name string) (_ *Health, err error) {
	s, err := OpenRead(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	h := new(Health)
	if h.Schema, h.Newest, err = s.Schema(ctx); err != nil {
		return nil, err
	}
	switch {
	case h.Schema > h.Newest:
		h.wrong("the schema is version %d, and this program knows up to %d: it was written by a newer reviewgate", h.Schema, h.Newest)
		return h, nil
	case h.Schema < h.Newest:
		h.note("the schema is version %d of %d: the next start brings it up to date; what follows from the newer ones is not checked", h.Schema, h.Newest)
	}
	if err := s.checkFiles(ctx, h); err != nil {
		return nil, err
	}
	if h.Schema < h.Newest {
		return h, nil
	}
	if err := s.checkAudit(ctx, h); err != nil {
		return nil, err
	}
	return h, s.checkRows(ctx, h)
}

// checkFiles has the database look at itself, and reads every row.
func (s *Store) checkFiles(ctx context.Context, h *Health) error {
	in := s.db.(*reading) //nolint:forcetypeassert // OpenRead made it
	if !in.postgres {
		wrong, err := integrity(ctx, in.in)
		if err != nil {
			return err
		}
		for _, w := range wrong {
			h.wrong("the file is damaged: %s", w)
		}
		if len(wrong) > 0 {
			return nil
		}
		sums, err := digests(ctx, in.in)
		if err != nil {
			h.wrong("reading all rows: %v", err)
		}
		for _, t := range sums {
			h.Rows += t.Rows
		}
		return nil
	}
	names, err := texts(ctx, in.in, `SELECT c.relname || '.' || k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = current_schema() AND NOT k.convalidated ORDER BY 1`)
	if err != nil {
		return err
	}
	for _, n := range names {
		h.wrong("the constraint %s was never checked", n)
	}
	if names, err = texts(ctx, in.in, `SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND NOT i.indisvalid ORDER BY 1`); err != nil {
		return err
	}
	for _, n := range names {
		h.wrong("the index %s is not valid: rebuild it with REINDEX", n)
	}
	if names, err = texts(ctx, in.in, `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT LIKE 'river\_%' AND tablename <> 'goose_db_version' ORDER BY 1`); err != nil {
		return err
	}
	for _, name := range names {
		// Every value is read, so that a page that cannot be read is found.
		var rows int64
		if err := in.in.QueryRowContext(ctx, `SELECT COUNT(CAST(t AS TEXT)) FROM `+quoted(name)+` t`).Scan(&rows); err != nil {
			h.wrong("reading the table %s: %v", name, err)
		}
		h.Rows += rows
	}
	return nil
}

func (s *Store) checkAudit(ctx context.Context, h *Health) error {
	start, err := s.AuditStart(ctx)
	if err != nil {
		return err
	}
	h.Audit.Start = &start
	err = s.EachAudit(ctx, time.Time{}, h.Audit.Next)
	var broken *ChainError
	if errors.As(err, &broken) {
		h.wrong("%s", broken.Error())
		return nil
	}
	return err
}

// healthChecks are questions whose answer should be 0.
var healthChecks = []struct {
	query string
	queue bool // it asks for the queue's tables, which a backup has not
	wrong bool
	text  string
}{
	{`SELECT COUNT(*) FROM pulls p WHERE NOT EXISTS (SELECT 1 FROM repos r WHERE r.id = p.repo_id)`, false, true, "%d pull requests are of a repository that is not there"},
	{`SELECT COUNT(*) FROM decisions d WHERE NOT EXISTS (SELECT 1 FROM pulls p WHERE p.repo_id = d.repo_id AND p.number = d.number)`, false, true, "%d decisions are on a pull request that is not there"},
	{`SELECT COUNT(*) FROM outbox o WHERE o.state = 'pending' AND NOT EXISTS (SELECT 1 FROM pulls p WHERE p.repo_id = o.repo_id AND p.number = o.number)`, false, true, "%d deeds wait for a pull request that is not there"},
	{`SELECT COUNT(*) FROM outbox WHERE state NOT IN ('pending', 'done', 'superseded', 'refused', 'dropped')`, false, true, "%d deeds are in a state that there is not"},
	{`SELECT COUNT(*) FROM deliveries WHERE state NOT IN ('accepted', 'ignored', 'unreadable', 'dropped')`, false, true, "%d deliveries are in a state that there is not"},
	{`SELECT COUNT(*) FROM pulls WHERE done > want`, false, true, "%d pull requests were answered before they were asked for"},
	{`SELECT COUNT(*) FROM (SELECT slot FROM outbox WHERE state = 'pending' GROUP BY slot HAVING COUNT(*) > 1) s`, false, true, "%d places on GitHub wait for more than one deed"},
	{`SELECT COUNT(*) FROM outbox o JOIN pulls p ON p.repo_id = o.repo_id AND p.number = o.number WHERE o.state = 'pending' AND p.want <= p.done AND p.state = 'open'`, false, false,
		"%d deeds are still to be done for open pull requests that have no work left: the next sweep does them"},
	{`SELECT COUNT(*) FROM pulls WHERE want > done`, false, false, "%d pull requests are to be looked at"},
	{`SELECT COUNT(*) FROM pulls p WHERE p.want > p.done AND NOT EXISTS (SELECT 1 FROM river_job j WHERE j.kind = 'pr_sync' AND j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled'))`, true, false,
		"%d pull requests are to be looked at, and the queue is empty: the next start or sweep gives them their jobs"},
	{`SELECT COUNT(*) FROM dead_jobs`, false, false, "%d jobs gave up and wait for somebody to see to them"},
	{`SELECT COUNT(*) FROM outbox WHERE state = 'refused'`, false, false, "%d deeds were refused by GitHub"},
	{`SELECT COUNT(*) FROM deliveries WHERE state = 'unreadable'`, false, false, "%d deliveries could not be read"},
}

func (s *Store) checkRows(ctx context.Context, h *Health) error {
	tables := `SELECT name FROM sqlite_master WHERE name = 'river_job'`
	if s.db.(*reading).postgres { //nolint:forcetypeassert // OpenRead made it
		tables = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'river_job'`
	}
	queue, err := texts(ctx, s.read, tables)
	if err != nil {
		return err
	}
	for _, c := range healthChecks {
		if c.queue && len(queue) == 0 {
			continue
		}
		var n int
		if err := s.read.QueryRowContext(ctx, c.query).Scan(&n); err != nil {
			return fmt.Errorf("checking the rows: %w", err)
		}
		if n == 0 {
			continue
		}
		h.Findings = append(h.Findings, Finding{c.wrong, fmt.Sprintf(c.text, n)})
	}
	return nil
}
