package jobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// dead: a job that gave up is a dead letter, whether its pull request could be told or not, until it is tried again and works.
func dead(t *testing.T, kind string) {
	ctx := t.Context()
	st := openStore(t, storetest.Name(t, kind))
	fail := make(chan bool, 20) // of each run
	told := make(chan error, 2)
	ends := make(chan string, 20)
	q := start(t, st, jobs.Options{
		Tries: 2, Dead: 30 * time.Millisecond, Sweep: time.Hour,
		Work: func(context.Context, store.Key, int64) error {
			if <-fail {
				return errors.New("git is away")
			}
			return nil
		},
		GiveUp: func(context.Context, store.Key, int64, error) error { return <-told },
		Find:   func(context.Context, jobs.Search) error { return errors.New("GitHub is away") },
		Done:   func(_ store.Key, result string) { ends <- result },
	})
	letters := func(n int) []store.DeadLetter {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; {
			list, err := st.DeadLetters(ctx, store.DeadLetterFilter{})
			must(t, err)
			if len(list) == n {
				return list
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d dead letters, want %d: %+v", len(list), n, list)
			}
			<-time.After(5 * time.Millisecond) // the queue gives no other sign
		}
	}
	for range 2 {
		fail <- true
	}
	told <- nil
	must(t, push(ctx, st, q, "a", 1))
	if a, b := wait(t, ends), wait(t, ends); a != "failed" || b != "gave up" {
		t.Fatal(a, b)
	}
	d := letters(1)[0]
	if d.What != "pr_sync" || d.Number != 1 || d.Attempts != 2 || d.LastError != "git is away" {
		t.Errorf("%+v", d)
	}
	// Tried again, it works.
	fail <- false
	found, err := st.RetryDead(ctx, d.Kind, d.ID, "alice", time.Now(), q.Again)
	if err != nil || !found || wait(t, ends) != "done" {
		t.Fatal(found, err)
	}
	letters(0)

	// The pull request could not be told either: the queue discards the job, and the letter stays until another job answers.
	for range 2 {
		fail <- true
	}
	told <- errors.New("GitHub is away")
	must(t, push(ctx, st, q, "b", 1))
	if a, b := wait(t, ends), wait(t, ends); a != "failed" || b != "failed" {
		t.Fatal(a, b)
	}
	if d := letters(1)[0]; d.Attempts != 2 || d.Repo != "acme/shop" {
		t.Errorf("%+v", d)
	}
	fail <- false
	must(t, q.Sweep(ctx))
	if end := wait(t, ends); end != "done" {
		t.Fatal(end)
	}
	letters(0)

	// A search.
	must(t, st.Tx(ctx, func(tx *store.Tx) error { return q.Search(ctx, tx, jobs.Search{Installation: 3, RepoID: 7}) }))
	if d := letters(1)[0]; d.What != "find_pulls" || d.Installation != 3 || d.RepoID != 7 || d.LastError != "GitHub is away" {
		t.Errorf("%+v", d)
	} else if found, err := st.DropDead(ctx, d.Kind, d.ID, "alice", time.Now()); err != nil || !found {
		t.Fatal(found, err)
	}
	letters(0)
}
