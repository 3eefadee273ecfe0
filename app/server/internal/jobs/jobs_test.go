package jobs_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("REVIEWGATE_TEST_CHILD"); path != "" {
		if err := child(path, os.Getenv("REVIEWGATE_TEST_DIE")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	storetest.Main(m)
}

// TestConformance runs the queue on every kind of database.
func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		for name, test := range map[string]func(t *testing.T, kind string){
			"no update is lost":                      noLostUpdates,
			"retries":                                retries,
			"a sweep after giving up failed":         sweepAfterGivingUpFailed,
			"a stop interrupts":                      stopInterrupts,
			"somebody who waits is served first":     hasten,
			"an event ends the wait after a failure": eventEndsTheWaitAfterAFailure,
			"searches":                               search,
			"events need no poll":                    eventsNeedNoPoll,
			"what gave up":                           dead,
			"a flood of one installation":            fairness,
			"a flood ends":                           aFloodEnds,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, kind)
			})
		}
	})
}

// TestKilled kills the process on every kind of database.
func TestKilled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, killed)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openStore(t testing.TB, path string) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), path)
	must(t, err)
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func start(t testing.TB, st *store.Store, opt jobs.Options) *jobs.Jobs {
	t.Helper()
	if opt.GiveUp == nil {
		opt.GiveUp = func(_ context.Context, k store.Key, _ int64, cause error) error {
			t.Errorf("gave up on %s: %v", k, cause)
			return nil
		}
	}
	if opt.Find == nil {
		opt.Find = func(_ context.Context, what jobs.Search) error {
			t.Errorf("searched for %+v", what)
			return nil
		}
	}
	if opt.Pause == nil {
		opt.Pause = func(int) time.Duration { return time.Millisecond }
	}
	q, err := jobs.New(t.Context(), st, opt)
	must(t, err)
	must(t, q.Start(t.Context()))
	t.Cleanup(func() {
		if err := q.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return q
}

func push(ctx context.Context, st *store.Store, q *jobs.Jobs, guid string, number int) error {
	_, err := st.Receive(ctx, store.Delivery{GUID: guid, Event: "pull_request", Action: "synchronize", Received: time.Unix(1, 0), State: store.Accepted,
		Repo: &store.Repo{ID: 7, Installation: 3, Owner: "acme", Name: "shop"}, Number: number, Touch: store.Touch{Numbers: []int{number}}}, q.Enqueue)
	return err
}

// Every push is answered by a run that began after it, and no pull request is worked on by two runs at a time, however pushes and runs
// fall together. A unique job without the generation counter loses some of them.
func noLostUpdates(t *testing.T, kind string) {
	const pulls, pushes = 5, 60
	st := openStore(t, storetest.Name(t, kind))
	var (
		mu      sync.Mutex
		pushed  [pulls + 1]int64 // newest state of each pull request, as GitHub would show it
		seen    [pulls + 1]int64
		running [pulls + 1]bool
		runs    int
		settled = make(chan struct{}, 1)
	)
	q := start(t, st, jobs.Options{
		Workers: 4,
		Work: func(ctx context.Context, k store.Key, want int64) error {
			mu.Lock()
			if running[k.Number] {
				t.Errorf("two runs of pull request %d at a time", k.Number)
			}
			running[k.Number] = true
			state := pushed[k.Number]
			runs++
			mu.Unlock()
			if _, err := st.Setting(ctx, "some work"); err != nil { // something that takes a moment
				return err
			}
			mu.Lock()
			running[k.Number], seen[k.Number] = false, state
			mu.Unlock()
			return nil
		},
		Done: func(store.Key, string) {
			mu.Lock()
			defer mu.Unlock()
			for i := 1; i <= pulls; i++ {
				if seen[i] != pushes {
					return
				}
			}
			select {
			case settled <- struct{}{}:
			default:
			}
		},
	})
	var wg sync.WaitGroup
	for n := 1; n <= pulls; n++ {
		wg.Go(func() {
			for i := range pushes {
				mu.Lock()
				pushed[n]++
				mu.Unlock()
				if err := push(t.Context(), st, q, fmt.Sprint(n, "-", i), n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	wait(t, settled)
	mu.Lock()
	t.Logf("%d pushes, %d runs", pulls*pushes, runs)
	mu.Unlock()
}

func wait[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("nothing happened for 30 s")
		panic("unreachable")
	}
}

type later struct{}

func (later) Error() string             { return "rate limited" }
func (later) RetryAfter() time.Duration { return 0 } // at least a second is waited

func retries(t *testing.T, kind string) {
	for name, c := range map[string]struct {
		fail    []error // of each run; nil: it works
		results string
		gaveUp  string
	}{
		"works":                           {[]error{nil}, "done", ""},
		"works the second time":           {[]error{errors.New("502"), nil}, "failed done", ""},
		"never works":                     {[]error{errors.New("a"), errors.New("b"), errors.New("c")}, "failed failed gave up", "c"},
		"a rate limit is no failed try":   {[]error{errors.New("a"), later{}, errors.New("b"), nil}, "failed later failed done", ""},
		"a panic is a failed try":         {[]error{errPanic, errPanic, errPanic}, "failed failed gave up", "the job panicked: out of cheese"},
		"a wrapped rate limit is one too": {[]error{fmt.Errorf("reading: %w", later{}), nil}, "later done", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := openStore(t, storetest.Name(t, kind))
			var runs atomic.Int32
			gaveUp := ""
			results := make(chan string, 10)
			q := start(t, st, jobs.Options{
				Tries: 3,
				Work: func(context.Context, store.Key, int64) error {
					err := c.fail[runs.Add(1)-1]
					if errors.Is(err, errPanic) {
						panic("out of cheese")
					}
					return err
				},
				GiveUp: func(_ context.Context, _ store.Key, want int64, cause error) error {
					if want != 1 {
						t.Errorf("gave up on generation %d", want)
					}
					gaveUp = cause.Error()
					return nil
				},
				Done: func(_ store.Key, r string) { results <- r },
			})
			must(t, push(t.Context(), st, q, "1", 1))
			var got []string
			for range c.fail {
				got = append(got, wait(t, results))
			}
			if s := strings.Join(got, " "); s != c.results {
				t.Errorf("runs: %s, want %s", s, c.results)
			}
			if !strings.HasPrefix(gaveUp, c.gaveUp) || (c.gaveUp == "") != (gaveUp == "") {
				t.Errorf("gave up because of %q, want %q", gaveUp, c.gaveUp)
			}
			if b, err := st.Behind(t.Context()); err != nil || len(b) != 0 {
				t.Errorf("not answered: %v, %v", b, err)
			}
		})
	}
}

var errPanic = errors.New("panic")

// A job that is over gives way to the next event, also when it was given up and even telling so failed.
func sweepAfterGivingUpFailed(t *testing.T, kind string) {
	st := openStore(t, storetest.Name(t, kind))
	results := make(chan string, 10)
	var healthy atomic.Bool
	q := start(t, st, jobs.Options{
		Tries: 1,
		Work: func(context.Context, store.Key, int64) error {
			if healthy.Load() {
				return nil
			}
			return errors.New("GitHub is down")
		},
		GiveUp: func(context.Context, store.Key, int64, error) error { return errors.New("GitHub is still down") },
		Done:   func(_ store.Key, r string) { results <- r },
	})
	must(t, push(t.Context(), st, q, "1", 1))
	if r := wait(t, results); r != "failed" {
		t.Fatal(r)
	}
	healthy.Store(true)
	// River writes the end of the job a moment after the run: sweep until it took the new one.
	for range 1000 {
		must(t, q.Sweep(t.Context()))
		select {
		case r := <-results:
			if r != "done" {
				t.Fatal(r)
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatal("the sweep did not bring the pull request back")
}

func stopInterrupts(t *testing.T, kind string) {
	path := storetest.Name(t, kind)
	st := openStore(t, path)
	running := make(chan struct{})
	q, err := jobs.New(t.Context(), st, jobs.Options{
		Stop:   time.Millisecond,
		GiveUp: func(context.Context, store.Key, int64, error) error { return errors.New("must not happen") },
		Find:   func(context.Context, jobs.Search) error { return errors.New("must not happen") },
		Work: func(ctx context.Context, _ store.Key, _ int64) error {
			close(running)
			<-ctx.Done()
			return ctx.Err()
		},
	})
	must(t, err)
	must(t, q.Start(t.Context()))
	must(t, push(t.Context(), st, q, "1", 1))
	wait(t, running)
	must(t, q.Stop(t.Context()))
	results := make(chan string, 1)
	start(t, st, jobs.Options{Tries: 1, Work: func(context.Context, store.Key, int64) error { return nil }, Done: func(_ store.Key, r string) { results <- r }})
	if r := wait(t, results); r != "done" {
		t.Errorf("after a restart: %s", r)
	}
}

// The child works on pull request 1, posts one review and then changes one comment, and says at which point it is on its standard output. Told to die at a point, it
// stops there for ever, so that the parent can kill it.
func child(path, die string) error {
	ctx := context.Background()
	st, err := store.Open(ctx, path)
	if err != nil {
		return err
	}
	gh := fileGitHub(os.Getenv("REVIEWGATE_TEST_GITHUB"))
	at := func(point string) {
		fmt.Println(point)
		if point == die {
			select {}
		}
	}
	box := &jobs.Outbox{Store: st, Sender: gh, Log: slog.New(slog.DiscardHandler), Now: time.Now, Reached: func(_ context.Context, point string, d store.Deed) {
		if d.Kind == store.KindEdit {
			point += " a change"
		}
		at(point)
	}}
	done := make(chan string, 10)
	q, err := jobs.New(ctx, st, jobs.Options{
		Dead:   time.Second, // a process that was killed is missed soon
		Pause:  func(int) time.Duration { return time.Millisecond },
		GiveUp: func(context.Context, store.Key, int64, error) error { return errors.New("must not happen") },
		Find:   func(context.Context, jobs.Search) error { return errors.New("must not happen") },
		Done:   func(_ store.Key, r string) { done <- r },
		Work: func(ctx context.Context, k store.Key, want int64) error {
			if err := box.Settle(ctx, k); err != nil {
				return err
			}
			at("working")
			if err := st.Decide(ctx, nil, []store.Deed{reviewDeed(k, "h1"), editDeed(k, "folded")}, []string{"review/7/1"}, time.Now()); err != nil {
				return err
			}
			at("decided")
			if err := box.Deliver(ctx, k); err != nil {
				return err
			}
			at("delivered")
			return box.Answer(ctx, k)
		},
	})
	if err != nil {
		return err
	}
	if err := q.Start(ctx); err != nil {
		return err
	}
	if err := push(ctx, st, q, "the only one", 1); err != nil {
		return err
	}
	for r := range done {
		if r == "done" {
			break
		}
	}
	if err := q.Stop(ctx); err != nil {
		return err
	}
	fmt.Println("finished")
	return st.Close()
}

func reviewDeed(k store.Key, hash string) store.Deed {
	return store.Deed{Name: fmt.Sprintf("review/%d/%d/%s", k.RepoID, k.Number, hash), Slot: fmt.Sprintf("review/%d/%d", k.RepoID, k.Number), Kind: store.KindReview,
		Key: k, Head: "h", Payload: []byte("{}"), Hash: hash, Marker: "marker " + hash}
}

func editDeed(k store.Key, hash string) store.Deed {
	return store.Deed{Slot: fmt.Sprintf("comment/%d/%d/f1", k.RepoID, k.Number), Kind: store.KindEdit, Key: k, Head: "h", Payload: []byte("{}"), Hash: hash, Marker: "edit", Every: true}
}

// fileGitHub is a GitHub that outlives the process: one line per review, and per change of a comment.
type fileGitHub string

func (f fileGitHub) Find(_ context.Context, d store.Deed) (jobs.Receipt, bool, error) {
	data, err := os.ReadFile(string(f))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return jobs.Receipt{}, false, err
	}
	return told(d), strings.Contains(string(data), d.Marker), nil
}

func (f fileGitHub) Send(_ context.Context, d store.Deed, _ int64) (jobs.Receipt, error) {
	file, err := os.OpenFile(string(f), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return jobs.Receipt{}, err
	}
	_, err = fmt.Fprintln(file, d.Marker)
	return told(d), errors.Join(err, file.Close())
}

func told(d store.Deed) jobs.Receipt {
	if d.Kind == store.KindReview {
		return jobs.Receipt{ID: 1, Fingerprints: []string{"f1"}}
	}
	return jobs.Receipt{ID: 2}
}

// Killed at any point, the next process finishes the work, and the review is posted once, and the comment changed once.
func killed(t *testing.T, kind string) {
	for _, point := range []string{"working", "decided", "before-send", "accepted", "delivered", "before-send a change", "accepted a change"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			path, gh := storetest.Name(t, kind), filepath.Join(t.TempDir(), "github")
			run := func(die string) (points []string, err error) {
				cmd := exec.CommandContext(t.Context(), os.Args[0])
				cmd.Env = append(os.Environ(), "REVIEWGATE_TEST_CHILD="+path, "REVIEWGATE_TEST_GITHUB="+gh, "REVIEWGATE_TEST_DIE="+die)
				cmd.Stderr = os.Stderr
				out, err := cmd.StdoutPipe()
				must(t, err)
				must(t, cmd.Start())
				lines := bufio.NewScanner(out)
				for lines.Scan() {
					points = append(points, lines.Text())
					if lines.Text() == die {
						must(t, cmd.Process.Kill()) // SIGKILL
						break
					}
				}
				if _, err := io.Copy(io.Discard, out); err != nil {
					t.Log(err)
				}
				return points, cmd.Wait()
			}
			points, err := run(point)
			if err == nil || points[len(points)-1] != point {
				t.Fatalf("the child was not killed at %s: %v, %v", point, points, err)
			}
			points, err = run("")
			if err != nil || points[len(points)-1] != "finished" {
				t.Fatalf("the second run: %v, %v", points, err)
			}
			data, err := os.ReadFile(gh)
			must(t, err)
			if string(data) != "marker h1\nedit\n" {
				t.Errorf("GitHub has %q, want one review and one change", data)
			}
			st := openStore(t, path)
			posted, err := st.Posted(t.Context(), store.Key{RepoID: 7, Number: 1})
			must(t, err)
			if len(posted) != 1 || !posted["f1"] {
				t.Errorf("posted: %v", posted)
			}
			if b, err := st.Behind(t.Context()); err != nil || len(b) != 0 {
				t.Errorf("not answered: %v, %v", b, err)
			}
		})
	}
}

// Somebody who waits for one pull request is served before the hundreds that a maintenance search raised, this one among them.
func hasten(t *testing.T, kind string) {
	st := openStore(t, storetest.Name(t, kind))
	running, goOn := make(chan struct{}), make(chan struct{})
	order := make(chan int, 20)
	q := start(t, st, jobs.Options{Workers: 1, Work: func(_ context.Context, k store.Key, _ int64) error {
		if k.Number == 99 {
			close(running)
			<-goOn
		}
		order <- k.Number
		return nil
	}})
	must(t, push(t.Context(), st, q, "first", 99))
	wait(t, running)
	var list []store.Listed
	for n := 1; n <= 10; n++ {
		list = append(list, store.Listed{Number: n, Head: "h"})
	}
	if _, err := st.Found(t.Context(), store.Repo{ID: 7, Installation: 3, Owner: "acme", Name: "shop"}, list, time.Unix(1, 0), q.EnqueueFound); err != nil {
		t.Fatal(err)
	}
	must(t, push(t.Context(), st, q, "second", 8))
	close(goOn)
	if a, b := wait(t, order), wait(t, order); a != 99 || b != 8 {
		t.Errorf("order: %d, %d", a, b)
	}
}

// A pull request that waits after a failure is looked at at once when something happens to it.
func eventEndsTheWaitAfterAFailure(t *testing.T, kind string) {
	st := openStore(t, storetest.Name(t, kind))
	fail := make(chan error, 1)
	fail <- errors.New("GitHub is down")
	results := make(chan string, 10)
	q := start(t, st, jobs.Options{
		Pause: func(int) time.Duration { return time.Hour },
		Done:  func(_ store.Key, r string) { results <- r },
		Work: func(context.Context, store.Key, int64) error {
			select {
			case err := <-fail:
				return err
			default:
				return nil
			}
		},
	})
	must(t, push(t.Context(), st, q, "1", 1))
	if r := wait(t, results); r != "failed" {
		t.Fatal(r)
	}
	for i := 0; ; i++ { // the queue writes the failure down after the job ended
		must(t, push(t.Context(), st, q, fmt.Sprint("again ", i), 1))
		select {
		case r := <-results:
			if r != "done" && r != "again" { // on a slow machine another push comes during the run
				t.Fatal(r)
			}
			return
		case <-time.After(50 * time.Millisecond):
			if i > 200 {
				t.Fatal("it waits on")
			}
		}
	}
}

func search(t *testing.T, kind string) {
	st := openStore(t, storetest.Name(t, kind))
	asked := make(chan jobs.Search, 10)
	errs := make(chan error, 3)
	errs <- later{}
	errs <- errors.New("GitHub is down")
	q := start(t, st, jobs.Options{
		Work: func(context.Context, store.Key, int64) error { return nil },
		Find: func(_ context.Context, what jobs.Search) error {
			asked <- what
			select {
			case err := <-errs:
				return err
			default:
				return nil
			}
		},
	})
	search := func(what ...jobs.Search) {
		t.Helper()
		must(t, st.Tx(t.Context(), func(tx *store.Tx) error { return q.Search(t.Context(), tx, what...) }))
	}
	search()
	search(jobs.Search{Installation: 3, All: true})
	for range 3 { // put off, failed, done
		if got := wait(t, asked); got != (jobs.Search{Installation: 3, All: true}) {
			t.Errorf("searched for %+v", got)
		}
	}
	search(jobs.Search{Installation: 3, RepoID: 7}, jobs.Search{Installation: 3, RepoID: 8})
	if a, b := wait(t, asked), wait(t, asked); a.RepoID+b.RepoID != 15 {
		t.Errorf("searched for %+v and %+v", a, b)
	}
}
