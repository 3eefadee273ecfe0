package jobs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// Nobody who waits for an answer waits for the queue's next look: where it looks once an hour, events are answered all the same. That holds for
// events that follow each other at once, and for those that come while the pull request's job runs.
func eventsNeedNoPoll(t *testing.T, kind string) {
	st := openStore(t, storetest.Name(t, kind))
	running, goOn, results := make(chan int, 10), make(chan struct{}), make(chan string, 10)
	q := start(t, st, jobs.Options{
		Poll: time.Hour,
		Done: func(_ store.Key, r string) { results <- r },
		Work: func(_ context.Context, k store.Key, _ int64) error {
			running <- k.Number
			<-goOn
			return nil
		},
	})
	for n := 1; n <= 3; n++ {
		must(t, push(t.Context(), st, q, fmt.Sprint("burst ", n), n))
	}
	for range 3 {
		wait(t, running)
	}
	must(t, push(t.Context(), st, q, "meanwhile", 2))
	close(goOn)
	got := map[string]int{}
	for range 4 {
		got[wait(t, results)]++
	}
	if n := wait(t, running); n != 2 || got["again"] != 1 || got["done"] != 3 {
		t.Errorf("#%d ran once more, and the results are %v", n, got)
	}
}
