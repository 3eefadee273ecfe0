package server_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	encodingpem "encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/record"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// recordKey makes a key of a kind, as PEM.
func recordKey(t *testing.T, kind string) []byte {
	t.Helper()
	var key any
	var err error
	if kind == "p256" {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	} else {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return encodingpem.EncodeToMemory(&encodingpem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// export gives all records of the world's server, which may run meanwhile.
func (w *world) export() (lines [][]byte) {
	w.t.Helper()
	env := []string{"REVIEWGATE_DATABASE=" + w.cfg.Database}
	must(w.t, server.ExportRecords(w.t.Context(), "", env, 0, func(e []byte) error {
		lines = append(lines, bytes.Clone(e))
		return nil
	}))
	return lines
}

// read checks records with the keys that the server publishes.
func (w *world) read(lines [][]byte) (out []*record.Record) {
	w.t.Helper()
	keys, err := record.ParsePublic([]byte(w.get("http://" + w.srv.Addr() + "/records/keys")))
	must(w.t, err)
	for _, line := range lines {
		r, err := record.Parse(line)
		must(w.t, err)
		_, err = r.Verify(keys)
		must(w.t, err)
		out = append(out, r)
	}
	for _, c := range record.Chains(out) {
		if len(c.Problems) > 0 || !strings.Contains(w.log.String(), c.Head) {
			w.t.Errorf("chain %d: %q, head in the log: %t", c.Installation, c.Problems, strings.Contains(w.log.String(), c.Head))
		}
	}
	return out
}

// TestRecords: a pull request is judged, approved and merged, another one goes around the gate, and the key changes on the way. REVIEWGATE_RECORDS_OUT names a
// folder for the records, where another implementation finds them.
func TestRecords(t *testing.T) {
	t.Parallel()
	for _, database := range storetest.Kinds {
		for _, kind := range []string{"ed25519", "p256"} {
			if kind == "p256" && database == "postgres" {
				continue // the kind of key and the kind of database know nothing of each other
			}
			t.Run(kind+"/"+database, func(t *testing.T) {
				t.Parallel()
				playRecords(t, kind)
			})
		}
	}
}

func playRecords(t *testing.T, kind string) {
	w := newEmptyWorld(t)
	w.cfg.RecordsKey, w.cfg.PublicURL = recordKey(t, kind), "https://gate.example.com"
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.approve(p, w.bob)
	w.expect(p, "success")
	w.mergeBy(p, w.bob, "squash")
	merges := func() int { return strings.Count(w.log.String(), `"kind":"merge"`) }
	squashed := w.repo.SHA("main")
	w.until("the merge is recorded", func() bool { return merges() == 1 })

	// Another key signs from here on.
	w.stop()
	w.cfg.RecordsOldKeys, w.cfg.RecordsKey = [][]byte{w.cfg.RecordsKey}, recordKey(t, kind)
	w.start()
	q := w.open("around", map[string]string{"pay/card.go": "package pay\n\n// worse\n"})
	w.expect(q, "action_required")
	w.repo.Unprotect("main")
	w.mergeBy(q, w.bob, "merge")
	w.until("the second merge is recorded", func() bool { return merges() == 2 })

	lines := w.export()
	records := w.read(lines)
	var told []string
	for _, r := range records {
		s := &r.Statement.Predicate
		told = append(told, s.Kind+" "+s.Decision.State)
	}
	if first, last := told[0], told[len(told)-1]; first != "decision pending" || last != "merge pending" || !slices.Contains(told, "decision pass") || !slices.Contains(told, "merge pass") {
		t.Errorf("records: %q", told)
	}
	i := slices.Index(told, "merge pass")
	m := &records[i].Statement.Predicate
	review := m.Reviews[0]
	switch {
	case m.Result != report.RecordPassed || m.Merge == nil || m.Merge.Commit != squashed || m.Merge.By != "bob" || m.Merge.At == nil || m.Merge.Bypass != "":
		t.Errorf("the merge: %+v", m.Merge)
	case review.Reviewer.Login != "bob" || !review.Counts || review.At == nil || review.Seen == nil || len(review.Seen.Files.Paths) != 1 || review.Seen.Files.Paths[0].Path != "pay/card.go":
		t.Errorf("the review: %+v", review)
	case m.Policy.Digest == nil || m.Policy.Rules == nil || m.Verifier.ID != "https://gate.example.com" || m.Change.Head != p.Head():
		t.Errorf("the record: %+v", m)
	}
	if around := records[len(records)-1].Statement.Predicate; around.Result != report.RecordFailed || around.Merge.Bypass == "" {
		t.Errorf("the merge around the gate: %+v", around.Merge)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+w.srv.Addr()+"/records/keys", nil)
	must(t, err)
	r.Header.Set("Accept", "application/json")
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	var published struct {
		Keys []struct {
			Keyid string
			Signs bool
		}
	}
	must(t, json.NewDecoder(answer.Body).Decode(&published))
	if k := published.Keys; len(k) != 2 || k[0].Signs || !k[1].Signs || k[0].Keyid == k[1].Keyid {
		t.Errorf("the keys: %+v", k)
	}
	if out := os.Getenv("REVIEWGATE_RECORDS_OUT"); out != "" && strings.HasSuffix(t.Name(), "sqlite") {
		must(t, os.WriteFile(filepath.Join(out, kind+".jsonl"), append(bytes.Join(lines, []byte("\n")), '\n'), 0o600))
		must(t, os.WriteFile(filepath.Join(out, kind+".pem"), []byte(w.get("http://"+w.srv.Addr()+"/records/keys")), 0o600))
	}
}

// TestNoRecords: without a key nothing is signed, and whoever asks for the keys is told.
func TestNoRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	if n := len(w.export()); n != 0 {
		t.Errorf("%d records", n)
	}
	if text := w.get("http://" + w.srv.Addr() + "/records/keys"); !strings.Contains(text, "not signed here") {
		t.Errorf("the keys: %q", text)
	}
}

func TestRecordsConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, old := recordKey(t, "ed25519"), recordKey(t, "p256")
	write(t, dir, "new.pem", string(key))
	write(t, dir, "old.pem", string(old))
	write(t, dir, "bad.pem", "nothing")
	for _, c := range []struct {
		file string
		env  []string
		keys int
		want string
	}{
		{"records:\n  key_file: new.pem\n  old_keys: [old.pem]\n", nil, 2, ""},
		{"records:\n  key_file: new.pem\n  old_keys: old.pem\n", nil, 2, ""},
		{"", []string{"REVIEWGATE_RECORDS_KEY=" + string(key), "REVIEWGATE_RECORDS_OLD_KEYS=" + filepath.Join(dir, "old.pem") + ", " + filepath.Join(dir, "new.pem")}, 3, ""},
		{"records:\n  key_file: bad.pem\n", nil, 0, "records.key_file (REVIEWGATE_RECORDS_KEY_FILE): it holds no key"},
		{"records:\n  old_keys: [gone.pem]\n", nil, 0, "records.old_keys (REVIEWGATE_RECORDS_OLD_KEYS)"},
	} {
		file := write(t, dir, "server.yml", c.file)
		keys, signs, err := server.RecordKeys(file, c.env)
		switch {
		case c.want != "":
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q: %v, want %q", c.file, err, c.want)
			}
		case err != nil || len(keys) != c.keys || !signs:
			t.Errorf("%q: %d keys, %v", c.file, len(keys), err)
		}
	}
}
