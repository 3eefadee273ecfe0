package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// TestReplicaNextWrite: writes that two processes want to make at once get moments one gap apart, and no more of them than an hour may have.
func TestReplicaNextWrite(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	name := storetest.Postgres(t)
	var processes []*store.Store
	for range 2 {
		st, err := store.Open(ctx, name)
		must(t, err)
		t.Cleanup(func() { must(t, st.Close()) })
		processes = append(processes, st)
	}
	// The gap is longer than the test, so that time that passes meanwhile does not count.
	p := store.Pace{Gap: time.Hour, Longest: 100 * time.Hour}
	var mu sync.Mutex
	var hours []int
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			wait, ok, err := processes[i%2].NextWrite(ctx, 3, p)
			if err != nil || !ok {
				t.Error(ok, err)
			}
			mu.Lock()
			defer mu.Unlock()
			hours = append(hours, int(wait.Round(time.Hour)/time.Hour))
		})
	}
	all.Wait()
	slices.Sort(hours)
	if !slices.Equal(hours, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("moments: %v", hours)
	}
	// Too long a wait takes no moment from anybody.
	for range 2 {
		if wait, ok, err := processes[0].NextWrite(ctx, 3, store.Pace{Gap: time.Hour, Longest: time.Hour}); err != nil || ok || wait.Round(time.Hour) != 10*time.Hour {
			t.Error(wait, ok, err)
		}
	}
	if wait, ok, err := processes[1].NextWrite(ctx, 4, p); err != nil || !ok || wait != 0 {
		t.Error("another installation:", wait, ok, err)
	}
	few := store.Pace{Hourly: 3, Longest: time.Second}
	for i := range 5 {
		if wait, ok, err := processes[i%2].NextWrite(ctx, 5, few); err != nil || ok != (i < 3) {
			t.Errorf("write %d of an hour of 3: %v %v %v", i+1, wait, ok, err)
		}
	}
	st, err := store.Open(ctx, storetest.Name(t, "sqlite"))
	must(t, err)
	defer func() { must(t, st.Close()) }()
	if wait, ok, err := st.NextWrite(ctx, 3, few); err != nil || !ok || wait != 0 {
		t.Error(wait, ok, err)
	}
}
