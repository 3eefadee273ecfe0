package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// collect is an enqueue that remembers the keys.
func collect(into *[]store.Key) func(context.Context, *store.Tx, []store.Key) error {
	return func(_ context.Context, _ *store.Tx, keys []store.Key) error {
		*into = append(*into, keys...)
		return nil
	}
}

func sweeps(t *testing.T, st *store.Store) {
	ctx := t.Context()
	receive(t, st, opened("a", 1))
	must(t, st.SavePull(ctx, store.Pull{Key: k1, State: store.PullOpen, Draft: true, Head: "h1", BaseRef: "main", Base: "b1", Updated: now, Read: now}, nobody))
	var keys []store.Key
	n, err := st.RaiseSweeps(ctx, 3, now, collect(&keys))
	must(t, err)
	sweep := store.Key{RepoID: 7, Number: store.SweepNumber}
	if n != 1 || !cmp.Equal(keys, []store.Key{sweep}) {
		t.Fatalf("raised %d: %v", n, keys)
	}
	if n, err := st.RaiseSweeps(ctx, 3, now, nobody); n != 0 || err != nil {
		t.Errorf("while one is to be done: %d, %v", n, err)
	}
	must(t, st.Tx(ctx, func(tx *store.Tx) error { _, err := tx.Finish(ctx, sweep, 1); return err }))
	keys = nil
	must(t, st.Swept(ctx, 7, []store.Raise{{Number: 1, Force: true, Sighting: "its base moved"}, {Number: 2}}, []store.Verified{{Number: 1, Base: "b2", Updated: now.Add(time.Second)}}, now, collect(&keys)))
	if !cmp.Equal(keys, []store.Key{k1, k2}) {
		t.Errorf("raised by the sweep: %v", keys)
	}
	if n, err := st.RaiseSweeps(ctx, 3, now.Add(-time.Second), nobody); n != 0 || err != nil {
		t.Errorf("just swept: %d, %v", n, err)
	}
	var seen []store.Standing
	must(t, st.Standing(ctx, 7, func(s store.Standing) error { seen = append(seen, s); return nil }))
	if len(seen) != 2 || seen[0].Number != 1 || seen[0].Sighting != "its base moved" || !seen[0].Sighted.Equal(now) || !seen[0].Draft || seen[0].Forced != seen[0].Want || seen[0].Base != "b1" || seen[0].Decision != nil || seen[0].Pending {
		t.Errorf("standing: %+v", seen)
	}
	if has, err := st.HasDelivery(ctx, "a"); !has || err != nil {
		t.Errorf("delivery a: %t, %v", has, err)
	}
	if has, err := st.HasDelivery(ctx, "b"); has || err != nil {
		t.Errorf("delivery b: %t, %v", has, err)
	}
}

func audits(t *testing.T, st *store.Store) {
	ctx := t.Context()
	d := opened("a", 1)
	d.Onto = &store.Branch{Name: "main", Audited: "s0", Seen: "s1", SeenAt: now}
	receive(t, st, d)
	d = opened("b", 1)
	d.Onto = &store.Branch{Name: "main", Audited: "s1", Seen: "s2", SeenAt: now.Add(time.Second)}
	receive(t, st, d)
	must(t, st.SaveBranch(ctx, 7, store.Branch{Name: "Zeta", Audited: "z", Seen: "z", SeenAt: now}))
	must(t, st.SaveBranch(ctx, 7, store.Branch{Name: "gone", Audited: "z", Seen: "z", SeenAt: now}))
	must(t, st.DropBranch(ctx, 7, "gone"))
	branches, err := st.Branches(ctx, 7)
	must(t, err)
	want := []store.Branch{{Name: "Zeta", Audited: "z", Seen: "z", SeenAt: now}, {Name: "main", Audited: "s0", Seen: "s2", SeenAt: now.Add(time.Second)}}
	if diff := cmp.Diff(want, branches, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("branches, sorted by bytes, audited up to where the first push began:\n%s", diff)
	}
	b := store.Bypass{Number: 1, Branch: "main", SHA: "s2", Reason: "merged\x00 without an approval \xff", Who: "mallory", Made: now}
	deed := store.Deed{Name: "issue/s2", Slot: "issue/s2", Kind: store.KindIssue, Key: k1, Payload: []byte("{}"), Hash: "x"}
	if fresh, err := st.SaveBypass(ctx, 7, b, []store.Deed{deed}); !fresh || err != nil {
		t.Fatalf("first: %t, %v", fresh, err)
	}
	if fresh, err := st.SaveBypass(ctx, 7, b, []store.Deed{deed}); fresh || err != nil {
		t.Errorf("second: %t, %v", fresh, err)
	}
	if n, err := st.CountBypasses(ctx); n != 1 || err != nil {
		t.Errorf("counted %d, %v", n, err)
	}
	list, err := st.Bypasses(ctx, 7, 10)
	must(t, err)
	if len(list) != 1 || list[0].Who != "mallory" || list[0].ID == 0 || !list[0].Made.Equal(now) {
		t.Errorf("bypasses: %+v", list)
	}
	if deeds, err := st.PendingDeeds(ctx, k1); len(deeds) != 1 || err != nil {
		t.Errorf("deeds: %+v, %v", deeds, err)
	}
}

func foreignMarks(t *testing.T, st *store.Store) {
	ctx := t.Context()
	d := opened("a", 1)
	d.Foreign, d.Head = &store.ForeignMark{Kind: "status", Name: "reviewgate", Source: "mallory", Says: "pending"}, "h1"
	receive(t, st, d)
	for _, step := range []struct {
		says  string
		fresh bool
	}{{"pending", false}, {"success", true}, {"success", false}} {
		fresh, err := st.SaveForeign(ctx, 7, "h1", store.ForeignMark{Kind: "status", Name: "reviewgate", Source: "mallory", Says: step.says}, now)
		if fresh != step.fresh || err != nil {
			t.Errorf("%s: fresh %t, %v", step.says, fresh, err)
		}
	}
	marks, err := st.Foreign(ctx, 7, "h1")
	must(t, err)
	if !cmp.Equal(marks, []store.ForeignMark{{Kind: "status", Name: "reviewgate", Source: "mallory", Says: "success"}}) {
		t.Errorf("marks: %+v", marks)
	}
}

func talkDeeds(t *testing.T, st *store.Store) {
	ctx := t.Context()
	reply := store.Deed{Name: "reply/1", Slot: "reply/1", Kind: store.KindReply, Key: k1, Payload: []byte("{}"), Hash: "x"}
	check := store.Deed{Slot: "check/h1", Kind: store.KindCheck, Key: k1, Payload: []byte(`{"a":1}`), Hash: "1", Marker: "m", Every: true, Seq: 1}
	must(t, st.Decide(ctx, nil, []store.Deed{reply, check}, nil, now))
	answers, err := st.Answers(ctx, 7, now)
	must(t, err)
	if !cmp.Equal(answers, []store.Answer{{Number: 1, Name: "reply/1"}}) {
		t.Errorf("answers: %+v", answers)
	}
	older, err := st.Newest(ctx, "check/h1")
	must(t, err)
	newer := check
	newer.Hash, newer.Payload, newer.Seq = "2", []byte(`{"a":2}`), 2
	must(t, st.Decide(ctx, nil, []store.Deed{newer}, nil, now))
	d, err := st.Newest(ctx, "check/h1")
	must(t, err)
	must(t, st.Finished(ctx, d, 5, nil, now))
	if n, err := st.Reassert(ctx, "check/h1", older.ID, now); n != d.ID || err != nil {
		t.Errorf("after an older one: %d, %v, want %d again", n, err, d.ID)
	}
	if n, err := st.Reassert(ctx, "check/h1", d.ID, now); n != 0 || err != nil {
		t.Errorf("after the newest: %d, %v", n, err)
	}
	must(t, st.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.MarkFalse(ctx, store.FalsePositive{Key: k1, Comment: 9, Fingerprint: "f", Rule: "r", Head: "h", By: gate.Person{ID: 1, Login: "alice"}, Made: now}); err != nil {
			return err
		}
		return tx.Unmark(ctx, 7, 9)
	}))
	if list, err := st.FalsePositives(ctx, "r"); len(list) != 0 || err != nil {
		t.Errorf("false positives: %+v, %v", list, err)
	}
}

// TestReplicaSteps has two processes write to one database at once. No step of one comes between those of a step of the other.
func TestReplicaSteps(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	const each = 40
	var (
		mu      sync.Mutex
		numbers = map[int64]bool{}
		fresh   int
		wg      sync.WaitGroup
	)
	for range 2 {
		st, err := store.Open(t.Context(), address) // both migrate at once
		must(t, err)
		t.Cleanup(func() { must(t, st.Close()) })
		for range 4 {
			wg.Go(func() {
				for i := range each {
					n, err := st.NextJudgement(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					d := opened(string(rune('A'+i)), 1)
					d.State, d.Received = store.Accepted, now
					is, err := st.Receive(t.Context(), d, func(context.Context, *store.Tx, []store.Key) error { return nil })
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					numbers[n] = true
					if is {
						fresh++
					}
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	if len(numbers) != 2*4*each || fresh != each {
		t.Errorf("%d different numbers and %d fresh deliveries, want %d and %d", len(numbers), fresh, 2*4*each, each)
	}
}

// TestReplicaLocks has two processes take locks by name.
func TestReplicaLocks(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	open := func() *store.Store {
		st, err := store.Open(t.Context(), address)
		must(t, err)
		return st
	}
	a, b := open(), open()
	t.Cleanup(func() { must(t, b.Close()) })
	unlock, err := a.Alone(t.Context(), "x")
	must(t, err)
	if _, ok, err := b.AloneNow(t.Context(), "x"); ok || err != nil {
		t.Errorf("the other has it: %t, %v", ok, err)
	}
	other, ok, err := b.AloneNow(t.Context(), "y")
	if !ok || err != nil {
		t.Errorf("another name: %t, %v", ok, err)
	}
	other()
	got := make(chan error, 1)
	go func() {
		free, err := b.Alone(t.Context(), "x")
		if err == nil {
			free()
		}
		got <- err
	}()
	unlock()
	must(t, <-got)
	ctx, cancel := context.WithCancel(t.Context())
	again, err := a.Alone(t.Context(), "x")
	must(t, err)
	cancel()
	if _, err := b.Alone(ctx, "x"); err == nil {
		t.Error("waited for although its time was over")
	}
	again()
	must(t, a.Close()) // whatever it held is free now
	free, err := b.Alone(t.Context(), "x")
	must(t, err)
	free()
}
