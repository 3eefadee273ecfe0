package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// bring has pull requests of an installation looked at, each by a webhook of its own: its repository has the same number.
func bring(ctx context.Context, st *store.Store, q *jobs.Jobs, installation int64, numbers ...int) error {
	return st.Tx(ctx, func(tx *store.Tx) error {
		for _, n := range numbers {
			if _, err := tx.Receive(ctx, store.Delivery{GUID: fmt.Sprint(installation, len(numbers), n), Event: "pull_request", Action: "synchronize", Received: time.Unix(1, 0), State: store.Accepted,
				Repo: &store.Repo{ID: installation, Installation: installation, Owner: "acme", Name: fmt.Sprint("r", installation)}, Touch: store.Touch{Numbers: []int{n}}}, q.Enqueue); err != nil {
				return err
			}
		}
		return nil
	})
}

func count(n int) (out []int) {
	for i := range n {
		out = append(out, i+1)
	}
	return out
}

// fairness: 2,000 pull requests of one installation do not hold up the 10 of another that come after them. Without lines (a window as large as the flood) they do.
func fairness(t *testing.T, kind string) {
	const flood, few, workers, work = 2000, 10, 4, 5 * time.Millisecond
	measure := func(flooded, window int) (p95 time.Duration, before int) {
		st := openStore(t, storetest.Name(t, kind))
		var mu sync.Mutex
		var ran [4]int
		came, waits := map[int]time.Time{}, []time.Duration{}
		begin, all := make(chan struct{}), make(chan struct{})
		q := start(t, st, jobs.Options{Workers: workers, Window: window, Work: func(_ context.Context, k store.Key, _ int64) error {
			<-begin
			mu.Lock()
			if k.RepoID == 3 {
				waits = append(waits, time.Since(came[k.Number]))
			}
			mu.Unlock()
			<-time.After(work)
			mu.Lock()
			defer mu.Unlock()
			if ran[k.RepoID]++; k.RepoID == 3 && ran[3] == few {
				before = ran[1]
				close(all)
			}
			return nil
		}})
		must(t, bring(t.Context(), st, q, 1, count(flooded)...))
		close(begin)
		for n := 1; n <= few; n++ {
			mu.Lock()
			came[n] = time.Now()
			mu.Unlock()
			must(t, bring(t.Context(), st, q, 3, n))
		}
		wait(t, all)
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(waits)
		return waits[len(waits)*95/100], before
	}
	alone, _ := measure(0, 0)
	lines, before := measure(flood, 0)
	t.Logf("%s: p95 of the wait of %d: %v alone, %v behind %d of another installation, of which %d were done by then", kind, few, alone, lines, flood, before)
	if before >= flood/4 {
		t.Errorf("%d of the flood were done before the others", before)
	}
	if kind == "sqlite" {
		without, before := measure(flood/10, flood)
		t.Logf("%s: %v without lines, behind %d, of which %d were done", kind, without, flood/10, before)
		if before < flood/20 {
			t.Error("the test does not tell lines from none")
		}
	}
}

// aFloodEnds: all of a flood is done, also where jobs fail, wait for requests, or are asked for again meanwhile.
func aFloodEnds(t *testing.T, kind string) {
	const flood = 150
	st := openStore(t, storetest.Name(t, kind))
	var mu sync.Mutex
	tries := map[int]int{}
	q := start(t, st, jobs.Options{Workers: 4, Window: 5, Work: func(_ context.Context, k store.Key, _ int64) error {
		mu.Lock()
		defer mu.Unlock()
		tries[k.Number]++
		switch {
		case k.Number%10 == 1 && tries[k.Number] == 1:
			return errors.New("not yet")
		case k.Number%50 == 2 && tries[k.Number] == 1:
			return later{}
		}
		return nil
	}})
	must(t, bring(t.Context(), st, q, 3, count(flood)...))
	must(t, q.Sweep(t.Context()))
	for n := 1; n <= flood; n += 7 { // somebody waits for these
		must(t, bring(t.Context(), st, q, 3, n))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, q.Idle(ctx))
	behind, err := st.Behind(t.Context())
	if err != nil || len(behind) != 0 {
		t.Errorf("not done: %v, %v", behind, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(tries) != flood {
		t.Errorf("%d of %d were looked at", len(tries), flood)
	}
}
