package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// TestTwins: both databases have the same tables with the same columns, keys and indexes, by migrations of the same numbers.
func TestTwins(t *testing.T) {
	t.Parallel()
	shape := map[string][]string{}
	for _, kind := range storetest.Kinds {
		name := storetest.Name(t, kind)
		st, err := store.Open(t.Context(), name)
		must(t, err)
		must(t, st.Close())
		// A line for each column: its table and name, what it holds, whether it may be missing, and its place in the primary key. And one for each index.
		query, driver := `SELECT m.name || '.' || c.name || ' ' || CASE c.type WHEN 'INTEGER' THEN 'number' WHEN 'REAL' THEN 'fraction' WHEN 'TEXT' THEN 'text' WHEN 'BLOB' THEN 'bytes' ELSE c.type END
				|| CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN '' ELSE ' or none' END || ' ' || c.pk
			FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name <> 'goose_db_version'
			UNION ALL SELECT m.tbl_name || ': ' || m.name FROM sqlite_master m WHERE m.type = 'index' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'`, "sqlite"
		if kind == "postgres" {
			query, driver = `SELECT c.table_name || '.' || c.column_name || ' ' || CASE c.data_type WHEN 'bigint' THEN 'number' WHEN 'double precision' THEN 'fraction' WHEN 'text' THEN 'text' WHEN 'bytea' THEN 'bytes' ELSE c.data_type END
				|| CASE c.is_nullable WHEN 'NO' THEN '' ELSE ' or none' END || ' ' || COALESCE((SELECT k.ordinal_position FROM information_schema.key_column_usage k JOIN information_schema.table_constraints t ON t.constraint_name = k.constraint_name
					AND t.table_name = k.table_name WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name AND k.column_name = c.column_name), 0)
			FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name <> 'goose_db_version'
			UNION ALL SELECT tablename || ': ' || indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'goose_db_version' AND indexname NOT LIKE '%\_pkey' AND indexname NOT LIKE '%\_key'`, "pgx"
		}
		db, err := sql.Open(driver, name)
		must(t, err)
		rows, err := db.Query(query)
		must(t, err)
		for rows.Next() {
			var line string
			must(t, rows.Scan(&line))
			shape[kind] = append(shape[kind], line)
		}
		must(t, rows.Err())
		must(t, rows.Close()) //nolint:sqlclosecheck // the database is closed with the next line
		must(t, db.Close())
		slices.Sort(shape[kind])
	}
	if len(shape["sqlite"]) < 100 {
		t.Fatalf("only %d lines", len(shape["sqlite"]))
	}
	if diff := cmp.Diff(shape["sqlite"], shape["postgres"]); diff != "" {
		t.Errorf("-sqlite +postgres:\n%s", diff)
	}
	numbers := map[string]string{}
	for _, kind := range storetest.Kinds {
		files, err := filepath.Glob("migrations/" + kind + "/*.sql")
		must(t, err)
		for _, f := range files {
			number, rest, _ := strings.Cut(filepath.Base(f), "_")
			if number > "00004" { // up to there PostgreSQL has one
				numbers[kind] += fmt.Sprintln(number, rest)
			}
			data, err := os.ReadFile(f)
			must(t, err)
			if strings.Contains(string(data), "goose Down") {
				t.Errorf("%s goes back: a backup does", f)
			}
		}
	}
	if diff := cmp.Diff(numbers["sqlite"], numbers["postgres"]); diff != "" {
		t.Errorf("migrations, -sqlite +postgres:\n%s", diff)
	}
}
