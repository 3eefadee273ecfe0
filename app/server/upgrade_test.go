package server_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// TestUpgrade starts the server on a database as its first version left it when it was killed: testdata/upgrade/sqlite.sql by the first version at
// all, postgres.sql by the first one that ran on PostgreSQL. Both hold four pull requests: two are decided; one was decided and its check run about to be
// sent; one waits. Names in braces stand for what depends on the run.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		w := newEmptyWorld(t)
		w.start() // only for its address: the first version saw to everything until here
		w.inst = w.app.Install(w.org, w.alice)
		w.idle()
		w.stop()
		w.srv = nil
		one := w.open("one", map[string]string{"pay/card.go": "package pay\n\nvar one = 1\n"})
		two := w.open("two", map[string]string{"README.md": "two\n"})
		three := w.open("three", map[string]string{"pay/card.go": "package pay\n\nvar three = 3\n"})
		four := w.open("four", map[string]string{"README.md": "four\n"})
		must(t, w.hub.Settle(t.Context())) // nobody takes them

		w.cfg.Database = storetest.Name(t, kind)
		if w.repo.ID != 1002 || w.inst.ID != 1009 {
			t.Fatalf("the repository is %d and the installation %d; the database was made for 1002 and 1009", w.repo.ID, w.inst.ID)
		}
		dump, err := os.ReadFile(filepath.Join("testdata", "upgrade", kind+".sql"))
		must(t, err)
		text := strings.NewReplacer("{{hub}}", w.hub.URL(), "{{one}}", one.Head(), "{{two}}", two.Head(), "{{three}}", three.Head(), "{{four}}", four.Head(), "{{base}}", one.Base()).Replace(string(dump))
		db, err := sql.Open(map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[kind], w.cfg.Database)
		must(t, err)
		_, err = db.ExecContext(t.Context(), text)
		must(t, err)
		must(t, db.Close())

		w.start()
		w.expect(three, "action_required")
		w.expect(four, "success")
		w.idle()
		w.expect(two, "success")
		// What was decided then is decided anew with what happens now.
		_, err = one.Approve(w.bob)
		must(t, err)
		w.expect(one, "success")
		w.idle()
		if n := w.told(`"level":"error"`); n > 0 {
			t.Errorf("the log tells of %d errors", n)
		}
		// And it is the schema of this version: the next start finds nothing to do.
		w.stop()
		w.start()
		w.idle()
	})
}
