package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestOpenTwice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b", "gate?%41#.db") // a name that a careless data source name would misread
	st, err := store.Open(t.Context(), path)
	must(t, err)
	if _, err := store.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second process: %v", err)
	}
	must(t, st.SetSetting(t.Context(), "a", "b"))
	must(t, st.Close())
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the database is readable for others: %v", info.Mode())
	}
	st, err = store.Open(t.Context(), path)
	must(t, err)
	if v, err := st.Setting(t.Context(), "a"); v != "b" || err != nil {
		t.Errorf("after opening again: %q, %v", v, err)
	}
	must(t, st.Close())
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newer := filepath.Join(dir, "newer.db")
	st, err := store.Open(t.Context(), newer)
	must(t, err)
	must(t, st.Close())
	db, err := sql.Open("sqlite", newer)
	must(t, err)
	_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
	must(t, err)
	must(t, db.Close())
	garbage := filepath.Join(dir, "garbage.db")
	must(t, os.WriteFile(garbage, []byte(strings.Repeat("this is no database ", 100)), 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "folder.db"), 0o700))
	for path, want := range map[string]string{
		"":                                "no path",
		newer:                             "newer reviewgate",
		garbage:                           "not a database",
		filepath.Join(dir, "folder.db"):   "is a directory",
		filepath.Join(garbage, "in.file"): "not a directory",
	} {
		st, err := store.Open(t.Context(), path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v (want %q)", path, err, want)
		}
		if st != nil {
			must(t, st.Close())
		}
	}
	// A failed start gives the lock up.
	must(t, os.Remove(garbage))
	st, err = store.Open(t.Context(), garbage)
	must(t, err)
	must(t, st.Close())
}
