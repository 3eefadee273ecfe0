package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// chain reads the whole audit log and checks it from its start.
func chain(t *testing.T, st *store.Store) (rows []store.AuditRow) {
	t.Helper()
	start, err := st.AuditStart(t.Context())
	must(t, err)
	c := store.Chain{Start: &start}
	must(t, st.EachAudit(t.Context(), time.Time{}, func(r store.AuditRow) error {
		rows = append(rows, r)
		return c.Next(r)
	}))
	return rows
}

// auditLog: every row follows the one before it, and comes back as it was written.
func auditLog(t *testing.T, st *store.Store) {
	ctx := t.Context()
	receive(t, st, opened("a", 1))
	for i := range 5 {
		must(t, st.Audit(ctx, store.AuditEntry{At: now.Add(time.Duration(i) * time.Hour), Actor: []string{"alice", "bob"}[i%2], Kind: "test", RepoID: int64(i%2) * 7, Number: i,
			Subject: "odd \x00\xff <&>", Detail: map[string]any{"i": i, "b": "<é\x00>"}}))
	}
	rows := chain(t, st)
	if len(rows) != 5 || rows[0].Seq != 1 || rows[0].Prev != strings.Repeat("0", 64) || rows[4].Seq != 5 {
		t.Fatalf("%+v", rows)
	}
	if r := rows[1]; r.At != "2026-11-02T10:00:00.000Z" || r.Repo != "acme/shop" || r.Subject != "odd \ufffd\ufffd <&>" || string(r.Detail) != `{"b":"<é\u0000>","i":1}` {
		t.Errorf("%+v %s", r, r.Detail)
	}
	page, next, err := st.AuditPage(ctx, store.AuditFilter{}, 0, 3)
	if err != nil || len(page) != 3 || page[0].Seq != 5 || next != 3 {
		t.Errorf("%+v, %d, %v", page, next, err)
	}
	page, next, err = st.AuditPage(ctx, store.AuditFilter{}, next, 3)
	if err != nil || len(page) != 2 || page[1].Seq != 1 || next != 0 {
		t.Errorf("%+v, %d, %v", page, next, err)
	}
	page, _, err = st.AuditPage(ctx, store.AuditFilter{Kind: "test", Actor: "bob", RepoID: 7, Number: 3, Since: now.Add(3 * time.Hour), Until: now.Add(4 * time.Hour)}, 0, 3)
	if err != nil || len(page) != 1 || page[0].Seq != 4 {
		t.Errorf("%+v, %v", page, err)
	}
	n := 0
	must(t, st.EachAudit(ctx, now.Add(2*time.Hour), func(store.AuditRow) error { n++; return nil }))
	if n != 3 {
		t.Errorf("%d rows since then", n)
	}
	must(t, st.EachAudit(ctx, now.Add(24*time.Hour), func(store.AuditRow) error { return errors.New("there is none") }))
	// What failed is not told.
	if err := st.Tx(ctx, func(tx *store.Tx) error {
		must(t, tx.Audit(ctx, store.AuditEntry{At: now, Kind: "never"}))
		return errors.New("no")
	}); err == nil || len(chain(t, st)) != 5 {
		t.Error("a row of a transaction that failed is there")
	}
	// A long detail is told by its digest.
	must(t, st.Audit(ctx, store.AuditEntry{At: now, Kind: "test", Detail: strings.Repeat("x", 1<<20)}))
	if r := chain(t, st)[5]; len(r.Detail) > 200 || !json.Valid(r.Detail) {
		t.Errorf("%s", r.Detail)
	}
}

// auditPruned: a log whose oldest rows were dropped begins at a noted row.
func auditPruned(t *testing.T, st *store.Store) {
	ctx := t.Context()
	for i := range 5 {
		must(t, st.Audit(ctx, store.AuditEntry{At: now.Add(time.Duration(i) * time.Hour), Actor: "alice", Kind: "test"}))
	}
	for _, c := range []struct {
		before      time.Time
		dropped     int64
		first, last int64
	}{
		{now, 0, 1, 5},
		{now.Add(2 * time.Hour), 2, 3, 6},
		{now.Add(2 * time.Hour), 0, 3, 6},
		{now.Add(100 * time.Hour), 3, 6, 7}, // the newest row is never dropped
	} {
		n, err := st.PruneAudit(ctx, c.before, now)
		must(t, err)
		rows := chain(t, st)
		if n != c.dropped || rows[0].Seq != c.first || rows[len(rows)-1].Seq != c.last {
			t.Errorf("%v: %d dropped, %d to %d", c.before, n, rows[0].Seq, rows[len(rows)-1].Seq)
		}
	}
}

// auditTold: deeds, decisions and the words of people that count are in the log, each once.
func auditTold(t *testing.T, st *store.Store) {
	ctx := t.Context()
	receive(t, st, opened("a", 1))
	d := func(head string, waiver, attested bool) *store.Decision {
		out := &store.Decision{Key: k1, Head: head, BaseRef: "main", Base: "b", Made: now, ScanKey: "s", ConfigKey: "c", Facts: &gate.Facts{}, Decision: &gate.Decision{State: gate.Pass, Title: "Approved"}}
		if waiver {
			out.Decision.Waivers = []gate.WaiverAnswer{{CommentID: 9, By: gate.Person{ID: 2, Login: "bob"}, Rule: "payments", Reason: "it is urgent", Counts: true}, {CommentID: 10, Rule: "x"}}
		}
		if attested {
			out.Decision.Guards = []gate.GuardAnswer{{Name: "g", Checklists: []gate.ChecklistAnswer{{Name: "migration", By: "alice"}, {Name: "other"}}}}
		}
		return out
	}
	deed := checkDeed("1")
	deed.Payload = []byte(`{"Check":{"Name":"reviewgate","Status":"completed","Conclusion":"success"}}`)
	must(t, st.Decide(ctx, d("h1", false, false), []store.Deed{deed}, nil, now))
	must(t, st.Decide(ctx, d("h1", false, false), nil, nil, now)) // the same: not told
	must(t, st.Decide(ctx, d("h1", true, false), nil, nil, now))
	must(t, st.Decide(ctx, d("h2", true, true), nil, nil, now)) // the waiver is known
	list, err := st.PendingDeeds(ctx, k1)
	must(t, err)
	must(t, st.Finished(ctx, list[0], 77, nil, now))
	must(t, st.Tx(ctx, func(tx *store.Tx) error {
		for range 2 {
			if err := tx.MarkFalse(ctx, store.FalsePositive{Key: k1, Comment: 3, Fingerprint: "f", Rule: "r", By: gate.Person{Login: "carol"}, Made: now}); err != nil {
				return err
			}
		}
		return nil
	}))
	if _, err := st.SaveBypass(ctx, 7, store.Bypass{Branch: "main", SHA: "abc", Reason: "pushed", Who: "dave", Made: now}, nil); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range chain(t, st) {
		got = append(got, fmt.Sprintf("%s: %s %s", r.Actor, r.Kind, r.Subject))
	}
	want := `reviewgate: decision pass
reviewgate: decision pass
bob: waiver payments
reviewgate: decision pass
alice: checklist attested migration
reviewgate: deed done check/7/h/reviewgate/1
carol: false positive r
dave: bypass main`
	if strings.Join(got, "\n") != want {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	if r := chain(t, st)[5]; !strings.Contains(string(r.Detail), `"conclusion":"success"`) || !strings.Contains(string(r.Detail), `"github_id":77`) {
		t.Errorf("%s", r.Detail)
	}
}

// TestAuditConcurrent has many write at once, on PostgreSQL by two processes: the chain has no fork and no gap.
func TestAuditConcurrent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		name := storetest.Name(t, kind)
		open := func() *store.Store {
			st, err := store.Open(t.Context(), name)
			must(t, err)
			t.Cleanup(func() { must(t, st.Close()) })
			return st
		}
		processes := []*store.Store{open()}
		if kind == "postgres" {
			processes = append(processes, open())
		}
		const writers, each = 8, 25
		var all sync.WaitGroup
		for i := range writers {
			st := processes[i%len(processes)]
			all.Go(func() {
				for n := range each {
					err := st.Tx(t.Context(), func(tx *store.Tx) error {
						if err := tx.Audit(t.Context(), store.AuditEntry{At: now, Actor: fmt.Sprint(i), Kind: "test", Number: n}); err != nil {
							return err
						}
						if n%5 == 4 {
							return context.Canceled // rolled back: no gap
						}
						return nil
					})
					if err != nil && n%5 != 4 {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if rows := chain(t, processes[0]); len(rows) != writers*each*4/5 {
			t.Errorf("%d rows", len(rows))
		}
	})
}

// TestChain: whatever is done to a log is found, and where.
func TestChain(t *testing.T) {
	t.Parallel()
	fresh := func() []store.AuditRow {
		var out []store.AuditRow
		prev := strings.Repeat("0", 64)
		for i := range 5 {
			r := store.AuditRow{Seq: int64(i + 1), At: "2026-01-02T03:04:05.000Z", Actor: "alice", Kind: "test", Subject: fmt.Sprint(i), Detail: json.RawMessage(`{"a":1,"b":[]}`), Prev: prev}
			r.Hash = r.Sum()
			prev = r.Hash
			out = append(out, r)
		}
		return out
	}
	for name, c := range map[string]struct {
		change func(rows []store.AuditRow) []store.AuditRow
		seq    int64
		why    string
	}{
		"nothing": {func(r []store.AuditRow) []store.AuditRow { return r }, 0, ""},
		"white space": {func(r []store.AuditRow) []store.AuditRow {
			r[1].Detail = json.RawMessage(`{ "a": 1, "b": [] }`)
			return r
		}, 0, ""},
		"an actor": {func(r []store.AuditRow) []store.AuditRow { r[2].Actor = "bob"; return r }, 3, "it was changed"},
		"a detail": {func(r []store.AuditRow) []store.AuditRow { r[2].Detail = json.RawMessage(`{"a":2,"b":[]}`); return r }, 3, "it was changed"},
		"no JSON":  {func(r []store.AuditRow) []store.AuditRow { r[2].Detail = json.RawMessage(`{`); return r }, 3, "no JSON"},
		"a time":   {func(r []store.AuditRow) []store.AuditRow { r[0].At = "2026-01-02T03:04:06.000Z"; return r }, 1, "it was changed"},
		"a row with its hash": {func(r []store.AuditRow) []store.AuditRow {
			r[2].Actor = "bob"
			r[2].Hash = r[2].Sum()
			return r
		}, 4, "does not follow"},
		"one is missing":   {func(r []store.AuditRow) []store.AuditRow { return append(r[:2], r[3:]...) }, 4, "1 are missing"},
		"two have swapped": {func(r []store.AuditRow) []store.AuditRow { r[2], r[3] = r[3], r[2]; return r }, 4, "1 are missing"},
		"one is doubled":   {func(r []store.AuditRow) []store.AuditRow { return append(r, r[4]) }, 5, "doubled"},
		"the first is not": {func(r []store.AuditRow) []store.AuditRow { r[0].Prev = r[1].Prev; return r }, 1, "names a row before it"},
		"a new number": {func(r []store.AuditRow) []store.AuditRow {
			r[3].Seq = 7
			return r
		}, 7, "3 are missing"},
	} {
		var c2 store.Chain
		var err error
		for _, r := range c.change(fresh()) {
			if err = c2.Next(r); err != nil {
				break
			}
		}
		var broken *store.ChainError
		switch {
		case c.seq == 0 && err != nil, c.seq != 0 && (!errors.As(err, &broken) || broken.Seq != c.seq || !strings.Contains(err.Error(), c.why)):
			t.Errorf("%s: %v", name, err)
		}
	}
	// What the encoding is, as its description has it.
	r := store.AuditRow{Seq: 1, At: "2026-01-02T03:04:05.000Z", Actor: "é", Kind: "k", RepoID: 7, Repo: "a/b", Number: -1, Subject: "", Detail: json.RawMessage("{}"), Prev: "0"}
	if got := r.Sum(); got != "cbfdda8bea217ca448383958f02b9ea9b3297bcf8fa63bbbffdaa206b21398a2" {
		t.Error(got)
	}
}
