package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// furnish writes something into every kind of column.
func furnish(t *testing.T, st *store.Store) {
	t.Helper()
	for n := 1; n <= 3; n++ {
		d := opened(fmt.Sprint("d", n), n)
		d.Body = [][]byte{{0, 255, 'x'}, {}, nil}[n-1]
		d.Entry = &gate.LedgerEntry{ReviewID: int64(n) << 40, Head: "h", BaseRef: "main"}
		receive(t, st, d)
	}
	for i, text := range []string{"é", "", "odd \xff", "nul \x00", "quote ' \" \\"} {
		must(t, st.SetSetting(t.Context(), fmt.Sprint("s", i), text))
	}
	dec := &store.Decision{Key: k1, Head: "h", Made: now, Facts: &gate.Facts{}, Decision: &gate.Decision{State: gate.Pass}}
	must(t, st.Decide(t.Context(), dec, []store.Deed{checkDeed("1")}, nil, now))
	must(t, st.SavePull(t.Context(), store.Pull{Key: k2, State: store.PullClosed, Head: "h2", BaseRef: "main"}, nobody))
	for n := 1; n <= 3; n++ {
		must(t, st.Tx(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Finish(t.Context(), store.Key{RepoID: 7, Number: n}, 1)
			return err
		}))
	}
}

// TestBackup: a backup of either database is restored into either, is whole, and is refused where it would do harm.
func TestBackup(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		ctx := t.Context()
		name := storetest.Name(t, kind)
		st, err := store.Open(ctx, name)
		must(t, err)
		furnish(t, st)
		dir := t.TempDir()
		file := filepath.Join(dir, "a.backup")
		b, err := store.MakeBackup(ctx, name, file, now) // while the database is open
		must(t, err)
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if left, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || left != nil {
			t.Errorf("left: %v, %v", left, err)
		}
		if _, err := store.MakeBackup(ctx, name, file, now); err == nil || !strings.Contains(err.Error(), "is there already") {
			t.Errorf("over another: %v", err)
		}
		if _, err := store.Restore(ctx, file, name, store.AuditRestored, now); err == nil {
			t.Error("restored over a database in use")
		}
		must(t, st.Close())
		if _, err := store.Restore(ctx, file, name, store.AuditRestored, now); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("restored over another: %v", err)
		}
		for _, into := range storetest.Kinds {
			to := storetest.Name(t, into)
			r, err := store.Restore(ctx, file, to, store.AuditRestored, now)
			must(t, err)
			if want := map[string]int{"sqlite postgres": 2}[kind+" "+into]; r.Changed != want || r.Rows() != b.Rows() {
				t.Errorf("into %s: %d rows of %d, %d changed", into, r.Rows(), b.Rows(), r.Changed)
			}
			if r.Changed == 0 && !cmp.Equal(r.Tables, b.Tables) {
				t.Errorf("into %s: %s", into, cmp.Diff(b.Tables, r.Tables))
			}
			restored(t, to)
		}
	})
}

// restored looks at a database that furnish filled and that was restored.
func restored(t *testing.T, name string) {
	t.Helper()
	ctx := t.Context()
	st, err := store.Open(ctx, name)
	must(t, err)
	defer func() { must(t, st.Close()) }()
	behind, err := st.Behind(ctx)
	must(t, err)
	if want := []store.Key{k1, {RepoID: 7, Number: 3}}; !cmp.Equal(behind, want) { // the open ones; 2 is closed
		t.Errorf("to be looked at: %v", behind)
	}
	rows := chain(t, st)
	if last := rows[len(rows)-1]; last.Kind != store.AuditRestored && last.Kind != store.AuditMoved || len(rows) != 2 {
		t.Errorf("%+v", rows)
	}
	for guid, size := range map[string]int{"d1": 3, "d2": 0, "d3": 0} {
		if d, err := st.Delivery(ctx, guid); err != nil || d.BodySize != size {
			t.Errorf("%+v, %v", d, err)
		}
	}
	// What is numbered goes on.
	put := checkDeed("2")
	must(t, st.Decide(ctx, nil, []store.Deed{put}, nil, now))
	if d, err := st.Newest(ctx, put.Slot); err != nil || d.ID != 2 {
		t.Errorf("%+v, %v", d, err)
	}
	h, err := store.Check(ctx, name)
	must(t, err)
	if !h.OK() || h.Rows == 0 || h.Audit.Rows != 2 {
		t.Errorf("%+v", h)
	}
}

// TestMove moves a file into PostgreSQL and leaves it as it was.
func TestMove(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	file, to := storetest.Name(t, "sqlite"), storetest.Postgres(t)
	st, err := store.Open(ctx, file)
	must(t, err)
	furnish(t, st)
	if _, err := store.Move(ctx, file, to, now); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("while a server has it: %v", err)
	}
	must(t, st.Close())
	before, err := os.ReadFile(file)
	must(t, err)
	stop, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := store.Move(stop, file, to, now); err == nil {
		t.Error("moved all the same")
	}
	if _, err := store.Move(ctx, to, file, now); err == nil {
		t.Error("moved the other way")
	}
	b, err := store.Move(ctx, file, to, now)
	must(t, err)
	if b.Changed != 2 {
		t.Errorf("%+v", b)
	}
	restored(t, to)
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := store.Move(ctx, file, to, now); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a second time: %v", err)
	}
}

// raw opens a file past the store.
func raw(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// TestBackupDamaged: whatever happened to a backup is found before anything is written.
func TestBackupDamaged(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	name := storetest.Name(t, "sqlite")
	st, err := store.Open(ctx, name)
	must(t, err)
	furnish(t, st)
	must(t, st.Close())
	for what, c := range map[string]struct {
		change func(t *testing.T, file string)
		want   string
	}{
		"a row was changed": {func(t *testing.T, file string) {
			_, err := raw(t, file).Exec(`UPDATE decisions SET state = 'pass ' WHERE id = 1`)
			must(t, err)
		}, "the table decisions is not as it was"},
		"a row was deleted": {func(t *testing.T, file string) {
			_, err := raw(t, file).Exec(`DELETE FROM ledger WHERE number = 2`)
			must(t, err)
		}, "the table ledger is not as it was"},
		"a table was dropped": {func(t *testing.T, file string) {
			_, err := raw(t, file).Exec(`DROP TABLE steps`)
			must(t, err)
		}, "not as it was when the backup was made"},
		"it was cut": {func(t *testing.T, file string) {
			info, err := os.Stat(file)
			must(t, err)
			must(t, os.Truncate(file, info.Size()/2))
		}, ""},
		"it is none":      {func(t *testing.T, file string) { must(t, os.WriteFile(file, []byte("hello"), 0o600)) }, ""},
		"it is empty":     {func(t *testing.T, file string) { must(t, os.WriteFile(file, nil, 0o600)) }, "no database of reviewgate"},
		"it is not there": {func(t *testing.T, file string) { must(t, os.Remove(file)) }, "no such file"},
		"a newer one made it": {func(t *testing.T, file string) {
			_, err := raw(t, file).Exec(`UPDATE backup SET schema = 99999`)
			must(t, err)
		}, "written by a newer reviewgate"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "b")
			_, err := store.MakeBackup(ctx, name, file, now)
			must(t, err)
			c.change(t, file)
			to := storetest.Name(t, "sqlite")
			if _, err := store.Restore(ctx, file, to, store.AuditRestored, now); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
			if _, err := os.Stat(to); err == nil {
				t.Error("a database was made")
			}
		})
	}
	if _, err := store.Restore(ctx, name, storetest.Name(t, "sqlite"), store.AuditRestored, now); err == nil || !strings.Contains(err.Error(), "no backup") {
		t.Errorf("a database: %v", err)
	}
}

// TestCheck: what is wrong with a database is said, and where.
func TestCheck(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for what, c := range map[string]struct{ change, want string }{
		"nothing":         {`SELECT 1`, ""},
		"an orphan":       {`INSERT INTO pulls (repo_id, number, want, done, forced, state, draft, head, base_ref, base) VALUES (99, 1, 1, 1, 0, 'open', 0, '', '', '')`, "1 pull requests are of a repository that is not there"},
		"a strange state": {`UPDATE outbox SET state = 'perhaps'`, "1 deeds are in a state that there is not"},
		"an older schema": {`DELETE FROM goose_db_version WHERE version_id > 5`, ""},
		"a newer schema":  {`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`, "written by a newer reviewgate"},
		"the audit log":   {`DROP TRIGGER audit_stays; UPDATE audit SET actor = 'mallory' WHERE seq = 1`, "row 1 of the audit log: its content is not what its hash was made of"},
		"its end":         {`DROP TRIGGER audit_keeps; DELETE FROM audit WHERE seq = 1`, "row 2 of the audit log: the row before it is 0: 1 are missing"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			name := storetest.Name(t, "sqlite")
			st, err := store.Open(ctx, name)
			must(t, err)
			furnish(t, st)
			must(t, st.Audit(ctx, store.AuditEntry{At: now, Kind: "test"}))
			must(t, st.Close())
			_, err = raw(t, name).Exec(c.change)
			must(t, err)
			h, err := store.Check(ctx, name)
			must(t, err)
			if h.OK() != (c.want == "") || !strings.Contains(fmt.Sprint(h.Findings), c.want) {
				t.Errorf("%+v", h.Findings)
			}
		})
	}
	// The rows of the log cannot be changed without taking its guard away.
	storetest.Each(t, func(t *testing.T, kind string) {
		name := storetest.Name(t, kind)
		st, err := store.Open(ctx, name)
		must(t, err)
		must(t, st.Audit(ctx, store.AuditEntry{At: now, Kind: "test"}))
		must(t, st.Close())
		driver := map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[kind]
		db, err := sql.Open(driver, name)
		must(t, err)
		defer db.Close()
		for _, q := range []string{`UPDATE audit SET actor = 'mallory'`, `DELETE FROM audit`} {
			if _, err := db.Exec(q); err == nil || !strings.Contains(err.Error(), "append only") {
				t.Errorf("%s: %v", q, err)
			}
		}
	})
}
