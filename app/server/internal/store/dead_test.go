package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// kindsOf gives the kinds and ids of the dead letters.
func kindsOf(t *testing.T, st *store.Store, f store.DeadLetterFilter) (out []string) {
	t.Helper()
	list, err := st.DeadLetters(t.Context(), f)
	must(t, err)
	for _, d := range list {
		if d.Means == "" {
			t.Errorf("%s %s does not say what it means", d.Kind, d.What)
		}
		out = append(out, d.Kind+" "+d.What)
	}
	return out
}

// deadLetters: what gave up is listed with all that is known of it, and is retried or dropped once, with its name in the audit log.
func deadLetters(t *testing.T, st *store.Store) {
	ctx := t.Context()
	receive(t, st, opened("a", 1))
	receive(t, st, store.Delivery{GUID: "odd", Event: "pull_request", State: store.Unreadable, Note: "no number", Body: []byte("{")})
	deed := store.Deed{Name: "review/1", Slot: "review", Kind: store.KindReview, Key: k1, Head: "h", Payload: []byte(`{"a":1}`), Hash: "x", Marker: "m"}
	must(t, st.Decide(ctx, nil, []store.Deed{deed}, nil, now))
	list, err := st.PendingDeeds(ctx, k1)
	must(t, err)
	_, _, err = st.Begin(ctx, list[0].ID, now)
	must(t, err)
	must(t, st.Failed(ctx, list[0].ID, "422 no", true, now.Add(time.Minute)))
	gaveUp := store.DeadLetter{What: "pr_sync", Args: `{"repo_id":7,"number":2}`, RepoID: 7, Number: 2, At: now.Add(2 * time.Minute), Attempts: 10, LastError: "git is away"}
	for range 2 { // the same work gives up twice: one letter
		must(t, st.Tx(ctx, func(tx *store.Tx) error { return tx.Died(ctx, gaveUp) }))
	}
	if got, want := kindsOf(t, st, store.DeadLetterFilter{}), []string{"job pr_sync", "deed review", "delivery pull_request"}; !cmp.Equal(got, want) {
		t.Fatalf("dead: %v", got)
	}
	if got := kindsOf(t, st, store.DeadLetterFilter{Kind: store.DeadDeed, RepoID: 7}); len(got) != 1 {
		t.Errorf("deeds of 7: %v", got)
	}
	if got := kindsOf(t, st, store.DeadLetterFilter{RepoID: 1 << 40, Limit: 1}); got != nil {
		t.Errorf("of another repository: %v", got)
	}
	if got := kindsOf(t, st, store.DeadLetterFilter{Limit: 1}); !cmp.Equal(got, []string{"job pr_sync"}) {
		t.Errorf("the newest: %v", got)
	}
	all, err := st.DeadLetters(ctx, store.DeadLetterFilter{})
	must(t, err)
	if d := all[0]; d.Repo != "acme/shop" || d.Installation != 3 || d.Number != 2 || d.Attempts != 10 || d.LastError != "git is away" || !d.At.Equal(gaveUp.At) || !d.Retry || d.Args != gaveUp.Args {
		t.Errorf("job: %+v", d)
	}
	if d := all[1]; d.Attempts != 1 || d.LastError != "422 no" || d.Number != 1 {
		t.Errorf("deed: %+v", d)
	}
	counts, err := st.CountDead(ctx)
	must(t, err)
	if want := map[string]int{"job": 1, "deed": 1, "delivery": 1}; !cmp.Equal(counts, want) {
		t.Errorf("counts: %v", counts)
	}

	// A retry that fails changes nothing; one that works does so once.
	if _, err := st.RetryDead(ctx, store.DeadDeed, all[1].ID, "alice", now, func(context.Context, *store.Tx, store.DeadLetter) error { return errors.New("no queue") }); err == nil {
		t.Error("no error")
	}
	var again []string
	put := func(_ context.Context, _ *store.Tx, d store.DeadLetter) error {
		again = append(again, d.Kind)
		return nil
	}
	for i, d := range all {
		for try := range 2 {
			found, err := st.RetryDead(ctx, d.Kind, d.ID, "alice", now, put)
			if err != nil || found != (try == 0) {
				t.Errorf("%d, try %d: %v, %v", i, try, found, err)
			}
		}
	}
	if !cmp.Equal(again, []string{"job", "deed", "delivery"}) {
		t.Errorf("into the queue: %v", again)
	}
	if got := pending(t, st, k1); !cmp.Equal(got, []string{"review/1=x"}) {
		t.Errorf("pending: %v", got)
	}
	if got := kindsOf(t, st, store.DeadLetterFilter{}); got != nil {
		t.Errorf("left: %v", got)
	}

	// They die again, and are dropped.
	must(t, st.Tx(ctx, func(tx *store.Tx) error { return tx.Died(ctx, gaveUp) }))
	must(t, st.Failed(ctx, list[0].ID, "422 no", true, now))
	receive(t, st, store.Delivery{GUID: "odd2", Event: "push", State: store.Unreadable, Body: []byte("{")})
	all, err = st.DeadLetters(ctx, store.DeadLetterFilter{})
	must(t, err)
	for _, d := range append(all, store.DeadLetter{Kind: "job", ID: "x"}, store.DeadLetter{Kind: "what", ID: "1"}) {
		for try := range 2 {
			found, err := st.DropDead(ctx, d.Kind, d.ID, "bob", now)
			if err != nil || found != (try == 0 && len(d.ID) > 0 && d.What != "") {
				t.Errorf("%s, try %d: %v, %v", d.Kind, try, found, err)
			}
		}
	}
	if got := kindsOf(t, st, store.DeadLetterFilter{}); got != nil {
		t.Errorf("left: %v", got)
	}
	if _, fresh := receive(t, st, store.Delivery{GUID: "odd2", Event: "push", State: store.Unreadable, Body: []byte("{")}); fresh {
		t.Error("a dropped delivery is taken again")
	}
	rows, _, err := st.AuditPage(ctx, store.AuditFilter{Kind: store.AuditDropped, Actor: "bob"}, 0, 10)
	must(t, err)
	retried, _, err := st.AuditPage(ctx, store.AuditFilter{Kind: store.AuditRetried, Actor: "alice"}, 0, 10)
	must(t, err)
	if len(rows) != 3 || len(retried) != 3 || rows[0].Repo+rows[1].Repo+rows[2].Repo != "acme/shopacme/shop" {
		t.Errorf("audit: %+v, %+v", rows, retried)
	}
}

// deadHealed: what came right by itself is no dead letter.
func deadHealed(t *testing.T, st *store.Store) {
	ctx := t.Context()
	receive(t, st, opened("a", 1))
	put := func(hash string) store.Deed {
		d := checkDeed(hash)
		must(t, st.Decide(ctx, nil, []store.Deed{d}, nil, now))
		list, err := st.PendingDeeds(ctx, k1)
		must(t, err)
		return list[0]
	}
	old := put("1")
	must(t, st.Failed(ctx, old.ID, "422 no", true, now))
	if got := kindsOf(t, st, store.DeadLetterFilter{}); len(got) != 1 {
		t.Fatalf("dead: %v", got)
	}
	newer := put("2")
	// Retried now, the older one must not take the place of the newer.
	found, err := st.RetryDead(ctx, store.DeadDeed, deadID(t, st), "alice", now, func(context.Context, *store.Tx, store.DeadLetter) error { return nil })
	if err != nil || !found {
		t.Fatal(found, err)
	}
	if list, err := st.PendingDeeds(ctx, k1); err != nil || len(list) != 1 || list[0].ID != newer.ID {
		t.Errorf("pending: %+v, %v", list, err)
	}
	must(t, st.Failed(ctx, newer.ID, "422 no", true, now))
	must(t, st.Finished(ctx, put("3"), 5, nil, now))
	if got := kindsOf(t, st, store.DeadLetterFilter{}); got != nil {
		t.Errorf("dead: %v", got)
	}
	job := store.DeadLetter{What: "pr_sync", Args: `{}`, RepoID: 7, Number: 1, At: now}
	must(t, st.Tx(ctx, func(tx *store.Tx) error { return tx.Died(ctx, job) }))
	must(t, st.Tx(ctx, func(tx *store.Tx) error { return tx.Revived(ctx, "pr_sync", `{}`) }))
	if got := kindsOf(t, st, store.DeadLetterFilter{}); got != nil {
		t.Errorf("dead: %v", got)
	}
}

func deadID(t *testing.T, st *store.Store) string {
	t.Helper()
	list, err := st.DeadLetters(t.Context(), store.DeadLetterFilter{})
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	return list[0].ID
}
