package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// all has everything from before a time dropped.
func all(before time.Time) store.Before {
	return store.Before{Deliveries: before, Scans: before, Decisions: before, Deeds: before}
}

// pruned: much is dropped in steps between which webhooks are taken, and only what its own time is over for.
func pruned(t *testing.T, st *store.Store) {
	ctx := t.Context()
	const many = 1500
	must(t, st.Tx(ctx, func(tx *store.Tx) error {
		for i := range many {
			d := opened(fmt.Sprint("old", i), 1)
			d.State, d.Received = store.Accepted, now.Add(-time.Hour)
			if _, err := tx.Receive(ctx, d, func(context.Context, *store.Tx, []store.Key) error { return nil }); err != nil {
				return err
			}
		}
		return nil
	}))
	for i := range 3 {
		dec := &store.Decision{Key: k1, Head: fmt.Sprint(i), ScanKey: fmt.Sprint(i), Made: now.Add(-time.Hour), Facts: &gate.Facts{Head: "h"}, Decision: &gate.Decision{State: gate.Pass}}
		must(t, st.Decide(ctx, dec, []store.Deed{checkDeed(fmt.Sprint(i))}, nil, now.Add(-time.Hour)))
	}
	kept := func() (bodies, payloads int) {
		for i := range many {
			d, err := st.Delivery(ctx, fmt.Sprint("old", i))
			must(t, err)
			if d.BodySize > 0 {
				bodies++
			}
		}
		list, err := st.Deeds(ctx, k1)
		must(t, err)
		for _, d := range list {
			if string(d.Payload) != "{}" {
				payloads++
			}
		}
		return bodies, payloads
	}
	must(t, st.Prune(ctx, store.Before{}))
	must(t, st.Prune(ctx, store.Before{Scans: now}))
	if b, p := kept(); b != many || p != 3 {
		t.Errorf("%d bodies, %d payloads are left of what has time", b, p)
	}
	must(t, st.Prune(ctx, store.Before{Deeds: now}))
	if b, p := kept(); b != many || p != 1 {
		t.Errorf("%d bodies, %d payloads are left", b, p)
	}
	done := make(chan error, 1)
	go func() { done <- st.Prune(ctx, all(now)) }()
	between := 0
	for ended := false; !ended; {
		select {
		case err := <-done:
			must(t, err)
			ended = true
		default:
			receive(t, st, opened(fmt.Sprint("new", between), 2))
			between++
		}
	}
	if between < 3 {
		t.Errorf("only %d webhooks were taken meanwhile", between)
	}
	if b, p := kept(); b != 0 || p != 1 {
		t.Errorf("%d bodies, %d payloads are left", b, p)
	}
	if d, err := st.Delivery(ctx, "new0"); err != nil || d.BodySize == 0 {
		t.Errorf("a new body was dropped: %+v, %v", d, err)
	}
	if d, err := st.LastDecision(ctx, k1); err != nil || d.Facts.Head != "h" {
		t.Errorf("the last decision: %+v, %v", d, err)
	}
}
