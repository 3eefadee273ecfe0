package server

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// Two processes on one database judge the same head. The older judgement began first and saw an approval; the newer one saw its dismissal. Each
// writes down what it came to (keep), looks at what stands on GitHub (look), sets it (set), and writes down that it did (done). Whatever the
// order, GitHub shows the newer one in the end, and so does the database.
func TestRaces(t *testing.T) {
	t.Parallel()
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "gate.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	for i, order := range orders("", 4, 4) {
		r := &raceTrack{t: t, st: st, key: store.Key{RepoID: 7, Number: i + 1}}
		older, err := st.NextJudgement(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		newer, err := st.NextJudgement(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r.run(order, map[byte]int64{'o': older, 'n': newer})
		if r.says != "pending" {
			t.Errorf("%s: GitHub shows %q", order, r.says)
		}
		d, err := st.LastDecision(t.Context(), r.key)
		if err != nil || d.Decision.State != gate.Pending {
			t.Errorf("%s: the last decision is %+v, %v", order, d.Decision, err)
		}
		if left, err := st.PendingDeeds(t.Context(), r.key); err != nil || len(left) > 0 {
			t.Errorf("%s: left to do: %v, %v", order, left, err)
		}
	}
}

// orders lists every order of o steps of the older and n of the newer one.
func orders(so string, o, n int) []string {
	if o+n == 0 {
		return []string{so}
	}
	var out []string
	if o > 0 {
		out = append(out, orders(so+"o", o-1, n)...)
	}
	if n > 0 {
		out = append(out, orders(so+"n", o, n-1)...)
	}
	return out
}

// A raceTrack lets one runner at a time take one step.
type raceTrack struct {
	t   *testing.T
	st  *store.Store
	key store.Key

	mu   sync.Mutex
	says string // what GitHub shows
	seq  int64  // of the judgement that it tells
}

type runner struct {
	track *raceTrack
	seq   int64
	state gate.State
	turn  chan struct{} // a step may be taken
	rest  chan struct{} // it waits for its next turn, or has ended
	steps int           // that it still waits before
	ended bool
}

func (r *raceTrack) run(order string, seqs map[byte]int64) {
	runners := map[byte]*runner{}
	var all sync.WaitGroup
	for name, state := range map[byte]gate.State{'o': gate.Pass, 'n': gate.Pending} {
		x := &runner{track: r, seq: seqs[name], state: state, turn: make(chan struct{}), rest: make(chan struct{}), steps: 4}
		runners[name] = x
		all.Go(x.race)
		<-x.rest
	}
	for _, name := range []byte(order) {
		x := runners[name]
		if x.ended {
			continue
		}
		x.turn <- struct{}{}
		<-x.rest
	}
	all.Wait()
}

// wait ends a step and waits for the turn to take the next. What a runner does beyond its four steps it does at once.
func (x *runner) wait() {
	if x.steps == 0 {
		return
	}
	x.steps--
	x.rest <- struct{}{}
	<-x.turn
}

func (x *runner) race() {
	defer func() {
		x.ended = true
		x.rest <- struct{}{}
	}()
	ctx := x.track.t.Context()
	x.wait() // keep
	now := time.UnixMilli(1000)
	d := &store.Decision{Key: x.track.key, Seq: x.seq, Made: now, Decision: &gate.Decision{State: x.state}, Facts: &gate.Facts{}}
	deed := store.Deed{Slot: fmt.Sprint("check/", x.track.key), Every: true, Kind: store.KindCheck, Key: x.track.key, Payload: []byte(x.state), Hash: string(x.state), Marker: "m", Seq: x.seq}
	if err := x.track.st.Decide(ctx, d, []store.Deed{deed}, nil, now); err != nil {
		x.track.t.Error(err)
	}
	box := &jobs.Outbox{Store: x.track.st, Sender: x, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now },
		Reached: func(_ context.Context, point string, _ store.Deed) {
			if point == "accepted" {
				x.wait() // done
			}
		}}
	if err := box.Deliver(ctx, x.track.key); err != nil {
		x.track.t.Error(err)
	}
}

// Find is never asked: no try is cut off here.
func (x *runner) Find(context.Context, store.Deed) (jobs.Receipt, bool, error) {
	return jobs.Receipt{}, false, nil
}

// Send does what the client of GitHub does: it looks whether something newer stands there, and sets the check run.
func (x *runner) Send(_ context.Context, d store.Deed, _ int64) (jobs.Receipt, error) {
	x.wait() // look
	x.track.mu.Lock()
	stale := x.track.seq > d.Seq
	x.track.mu.Unlock()
	if stale {
		return jobs.Receipt{ID: 1, Stale: true}, nil
	}
	x.wait() // set
	x.track.mu.Lock()
	defer x.track.mu.Unlock()
	x.track.says, x.track.seq = string(d.Payload), d.Seq
	return jobs.Receipt{ID: 1}, nil
}
