package server_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// TestMoveServes is the year: a server on an SQLite file is stopped, moved to PostgreSQL, and goes on there; what happened meanwhile is made up for. Then it is
// backed up while it runs, and restored into a file.
func TestMoveServes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newEmptyWorld(t)
	w.cfg.Database = filepath.Join(t.TempDir(), "reviewgate.db")
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	p := w.open("topic", pay)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	w.approve(p, w.bob)
	w.expect(p, "success")
	w.idle()
	w.stop()

	old, shared := w.cfg.Database, storetest.Postgres(t)
	moved, err := server.Move(ctx, old, shared)
	must(t, err)
	w.push("topic", map[string]string{"pay/card.go": "package pay // rewritten\n"}) // nobody hears it
	w.cfg.Database = shared
	w.start()
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	w.approve(p, w.bob)
	w.expect(p, "success")
	w.idle()

	backup := filepath.Join(t.TempDir(), "backup.db")
	b, err := server.Backup(ctx, shared, backup)
	must(t, err)
	w.stop()
	again := filepath.Join(t.TempDir(), "again.db")
	restored, err := server.Restore(ctx, backup, again)
	must(t, err)
	if restored.Rows != b.Rows || b.Rows <= moved.Rows || moved.Rows < 20 {
		t.Errorf("%d rows moved, %d backed up, %d restored", moved.Rows, b.Rows, restored.Rows)
	}
	w.cfg.Database = again
	w.start()
	w.idle()
	w.expect(p, "success") // nothing is told anew
	w.push("topic", map[string]string{"pay/card.go": "package pay // again\n"})
	w.expect(p, "action_required")
	w.stop()
	for _, name := range []string{old, shared, backup, again} {
		lines, ok, err := server.CheckDatabase(ctx, name)
		if err != nil || !ok {
			t.Errorf("%s: %v\n%s", name, err, strings.Join(lines, "\n"))
		}
		if _, err := server.VerifyAudit(ctx, name, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAuditExport: an export holds against the log that it was made of, in both forms, and what was done to it is found.
func TestAuditExport(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newEmptyWorld(t)
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.approve(p, w.bob)
	w.expect(p, "success")
	w.idle()
	w.stop()
	w.start() // with the same settings: they are told once
	w.stop()
	for _, format := range []string{server.AuditJSON, server.AuditCSV} {
		var out bytes.Buffer
		rows, head, err := server.ExportAudit(ctx, w.cfg.Database, time.Time{}, format, &out)
		must(t, err)
		text := out.String()
		for _, kind := range []string{"settings", "decision", "deed done"} {
			if !strings.Contains(text, kind) {
				t.Errorf("no %s in\n%s", kind, text)
			}
		}
		if n := strings.Count(text, `settings"`); format == server.AuditJSON && n != 2 { // the kind, and the name in the detail
			t.Errorf("settings: %d", n)
		}
		if strings.Contains(text, w.app.WebhookSecret()) || strings.Contains(text, "PRIVATE KEY") {
			t.Error("the log tells a secret")
		}
		proof, err := server.VerifyAuditFile(strings.NewReader(text), head)
		if err != nil || proof.Rows != rows || !proof.Whole || proof.Head != head || rows < 5 {
			t.Errorf("%s: %+v, %v", format, proof, err)
		}
		lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
		cut := strings.Join(lines[:len(lines)-1], "")
		if proof, err := server.VerifyAuditFile(strings.NewReader(cut), ""); err != nil || proof.Rows != rows-1 {
			t.Errorf("%s, cut, without a head: %+v, %v", format, proof, err)
		}
		for what, changed := range map[string]string{
			"cut":     cut,
			"changed": strings.Replace(text, "action_required", "success", 1),
			"missing": strings.Join(append(append([]string{}, lines[:2]...), lines[3:]...), ""),
		} {
			if _, err := server.VerifyAuditFile(strings.NewReader(changed), head); !server.Broken(err) {
				t.Errorf("%s, %s: %v", format, what, err)
			}
		}
		if _, err := server.VerifyAuditFile(strings.NewReader(text+"x\n"), head); err == nil || server.Broken(err) {
			t.Errorf("%s, something else: %v", format, err)
		}
		if _, err := server.VerifyAudit(ctx, w.cfg.Database, head); err != nil {
			t.Error(err)
		}
	}
	if _, err := server.VerifyAudit(ctx, w.cfg.Database, "5:abc"); !server.Broken(err) {
		t.Errorf("%v", err)
	}
}

// FuzzVerifyAuditFile: an export may come from anybody.
func FuzzVerifyAuditFile(f *testing.F) {
	f.Add(`{"seq":1,"at":"","actor":"","kind":"","repo_id":0,"repo":"","number":0,"subject":"","detail":{},"prev":"","hash":""}` + "\n")
	f.Add("seq,at,actor,kind,repo_id,repo,number,subject,detail,prev,hash\n1,,,,0,,0,,{},,\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := server.VerifyAuditFile(strings.NewReader(text), "")
		if err == nil && p.Rows > int64(strings.Count(text, "\n"))+1 {
			t.Errorf("%d rows in %q", p.Rows, text)
		}
	})
}
