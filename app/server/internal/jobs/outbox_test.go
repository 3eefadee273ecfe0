package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

var k1 = store.Key{RepoID: 7, Number: 1}

// fakeGitHub takes deeds. Each entry of faults decides about one Send: "lost" takes the deed and loses the answer, "down" does not take
// it, "refused" never will, "stale" has no use for it, "" answers.
type fakeGitHub struct {
	mu     sync.Mutex
	faults []string
	made   []string // markers, in order; a check run that is changed in place is not made again
	says   map[string]string
	asked  int // Finds
	during func(d store.Deed)
}

func (g *fakeGitHub) Find(_ context.Context, d store.Deed) (jobs.Receipt, bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	for i, m := range g.made {
		if m == d.Marker && (d.Kind == store.KindReview || g.says[m] == d.Hash) {
			return jobs.Receipt{ID: int64(i + 1), Fingerprints: []string{"f"}}, true, nil
		}
	}
	return jobs.Receipt{}, false, nil
}

func (g *fakeGitHub) Send(_ context.Context, d store.Deed, known int64) (jobs.Receipt, error) {
	if g.during != nil {
		g.during(d)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	fault := ""
	if len(g.faults) > 0 {
		fault, g.faults = g.faults[0], g.faults[1:]
	}
	switch fault {
	case "down":
		return jobs.Receipt{}, errors.New("503")
	case "refused":
		return jobs.Receipt{}, refused{}
	case "stale":
		return jobs.Receipt{Stale: true}, nil
	}
	id := known
	if d.Kind == store.KindCheck && known == 0 { // a check run is looked up by its marker
		for i, m := range g.made {
			if m == d.Marker {
				id = int64(i + 1)
			}
		}
	}
	if id == 0 {
		g.made = append(g.made, d.Marker)
		id = int64(len(g.made))
	}
	if g.says == nil {
		g.says = map[string]string{}
	}
	g.says[d.Marker] = d.Hash
	if fault == "lost" {
		return jobs.Receipt{}, errors.New("connection reset")
	}
	return jobs.Receipt{ID: id, Fingerprints: []string{"f"}}, nil
}

type refused struct{}

func (refused) Error() string { return "422 no" }
func (refused) Refused() bool { return true }

func box(t *testing.T, g *fakeGitHub) (*jobs.Outbox, *store.Store) {
	st := openStore(t, filepath.Join(t.TempDir(), "db"))
	return &jobs.Outbox{Store: st, Sender: g, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(1, 0) }}, st
}

func checkDeed(k store.Key, hash string) store.Deed {
	return store.Deed{Slot: "check/7/h/reviewgate", Kind: store.KindCheck, Key: k, Head: "h", Payload: []byte(`{}`), Hash: hash, Marker: "run", Every: true}
}

func states(t *testing.T, st *store.Store, k store.Key) (out []string) {
	t.Helper()
	ds, err := st.Deeds(t.Context(), k)
	must(t, err)
	for _, d := range ds {
		out = append(out, fmt.Sprintf("%s %s %d", d.Hash, d.State, d.Attempts))
	}
	return out
}

func TestOutboxOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deed   store.Deed
		faults []string
		tries  int // calls of Deliver; all but the last fail
		made   int
		asked  int // GitHub is asked only where a try may have been taken
		state  string
	}{
		"a review":                              {reviewDeed(k1, "a"), nil, 1, 1, 0, "a done 1"},
		"a review whose answer is lost":         {reviewDeed(k1, "a"), []string{"lost"}, 2, 1, 1, "a done 2"},
		"a review while GitHub is down":         {reviewDeed(k1, "a"), []string{"down", "down"}, 3, 1, 2, "a done 3"},
		"a review that is down, then lost":      {reviewDeed(k1, "a"), []string{"down", "lost"}, 3, 1, 2, "a done 3"},
		"a review that GitHub will never take":  {reviewDeed(k1, "a"), []string{"refused"}, 1, 0, 0, "a refused 1"},
		"a review that is no longer wanted":     {reviewDeed(k1, "a"), []string{"stale"}, 1, 0, 0, "a superseded 1"},
		"a check run":                           {checkDeed(k1, "a"), nil, 1, 1, 0, "a done 1"},
		"a check run whose answer is lost":      {checkDeed(k1, "a"), []string{"lost"}, 2, 1, 1, "a done 2"},
		"a check run that GitHub does not take": {checkDeed(k1, "a"), []string{"refused"}, 1, 0, 0, "a refused 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &fakeGitHub{faults: c.faults}
			o, st := box(t, g)
			must(t, st.Decide(t.Context(), nil, []store.Deed{c.deed}, nil, time.Unix(1, 0)))
			for i := range c.tries {
				if err := o.Deliver(t.Context(), k1); (err == nil) != (i == c.tries-1) {
					t.Fatalf("try %d: %v", i+1, err)
				}
			}
			must(t, o.Deliver(t.Context(), k1)) // nothing is left
			if len(g.made) != c.made || g.asked != c.asked {
				t.Errorf("GitHub made %v and was asked %d times", g.made, g.asked)
			}
			if diff := cmp.Diff([]string{c.state}, states(t, st, k1)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			posted, err := st.Posted(t.Context(), k1)
			must(t, err)
			if posted["f"] != (c.made == 1) {
				t.Errorf("posted: %v", posted)
			}
		})
	}
}

// A check run whose making may or may not have been accepted is superseded by a newer state: there is one check run in the end, and it
// says the newest.
func TestCheckSupersededAfterLostAnswer(t *testing.T) {
	t.Parallel()
	g := &fakeGitHub{faults: []string{"lost"}}
	o, st := box(t, g)
	must(t, st.Decide(t.Context(), nil, []store.Deed{checkDeed(k1, "progress")}, nil, time.Unix(1, 0)))
	if err := o.Deliver(t.Context(), k1); err == nil {
		t.Fatal("the lost answer was taken for one")
	}
	must(t, st.Decide(t.Context(), nil, []store.Deed{checkDeed(k1, "success")}, nil, time.Unix(1, 0)))
	must(t, o.Deliver(t.Context(), k1))
	if len(g.made) != 1 || g.says["run"] != "success" {
		t.Errorf("made %v, says %v", g.made, g.says)
	}
	if diff := cmp.Diff([]string{"progress superseded 1", "success done 1"}, states(t, st, k1)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A review that was cut off is settled before anything new is planned.
func TestSettle(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"lost", "down"} {
		g := &fakeGitHub{faults: []string{fault}}
		o, st := box(t, g)
		must(t, st.Decide(t.Context(), nil, []store.Deed{reviewDeed(k1, "a"), checkDeed(k1, "c")}, nil, time.Unix(1, 0)))
		if err := o.Deliver(t.Context(), k1); err == nil {
			t.Fatal("no error")
		}
		must(t, o.Settle(t.Context(), k1))
		want := map[string]string{"lost": "a done 1", "down": "a pending 1"}[fault]
		if got := states(t, st, k1); got[0] != want {
			t.Errorf("%s: %s, want %s", fault, got[0], want)
		}
	}
}

// A comment is changed once whatever becomes of the answers, and nothing that somebody waits for waits for it.
func TestOutboxEdit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults []string
		tries  int // calls of Answer; all but the last fail
		made   int
		state  string
	}{
		"at once":               {nil, 1, 1, "folded done 1"},
		"the answer is lost":    {[]string{"lost"}, 2, 1, "folded done 2"},
		"GitHub is down":        {[]string{"down", "down"}, 3, 1, "folded done 3"},
		"it is gone":            {[]string{"refused"}, 1, 0, "folded refused 1"},
		"somebody answered":     {[]string{"stale"}, 1, 0, "folded superseded 1"},
		"GitHub never takes it": {[]string{"down", "down", "down", "down"}, 4, 0, "folded refused 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &fakeGitHub{}
			o, st := box(t, g)
			must(t, st.Decide(t.Context(), nil, []store.Deed{editDeed(k1, "folded"), checkDeed(k1, "check")}, nil, time.Unix(1, 0)))
			must(t, o.Deliver(t.Context(), k1))
			if g.says["run"] != "check" || len(g.made) != 1 {
				t.Errorf("made %v, says %v", g.made, g.says)
			}
			g.made, g.faults = nil, c.faults
			for i := range c.tries {
				if err := o.Answer(t.Context(), k1); (err == nil) != (i == c.tries-1) {
					t.Fatalf("try %d: %v", i+1, err)
				}
			}
			must(t, o.Answer(t.Context(), k1)) // nothing is left
			if got := states(t, st, k1); len(g.made) != c.made || got[0] != c.state {
				t.Errorf("made %v: %v", g.made, got)
			}
			// What is as it was last told is not told again; another text is.
			if c.made == 0 {
				return
			}
			must(t, st.Decide(t.Context(), nil, []store.Deed{editDeed(k1, "folded")}, nil, time.Unix(1, 0)))
			must(t, st.Decide(t.Context(), nil, []store.Deed{editDeed(k1, "back")}, nil, time.Unix(1, 0)))
			must(t, o.Answer(t.Context(), k1))
			if got := states(t, st, k1); len(got) != 3 || got[2] != "back done 1" || g.says["edit"] != "back" {
				t.Errorf("%v, %v", got, g.says)
			}
		})
	}
}

// Two pull requests with one head share a check run. While the older state is on its way, the newer waits; it is never overtaken.
func TestSharedSlotInOrder(t *testing.T) {
	t.Parallel()
	k2 := store.Key{RepoID: 7, Number: 2}
	g := &fakeGitHub{}
	o, st := box(t, g)
	second := make(chan error, 1)
	g.during = func(d store.Deed) {
		if d.Hash != "old" {
			return
		}
		// The older state has been taken from the outbox. Now a newer one is decided and delivered by the other pull request's job.
		if err := st.Decide(t.Context(), nil, []store.Deed{checkDeed(k2, "new")}, nil, time.Unix(1, 0)); err != nil {
			t.Error(err)
		}
		go func() { second <- o.Deliver(t.Context(), k2) }()
	}
	must(t, st.Decide(t.Context(), nil, []store.Deed{checkDeed(k1, "old")}, nil, time.Unix(1, 0)))
	must(t, o.Deliver(t.Context(), k1))
	must(t, wait(t, second))
	if len(g.made) != 1 || g.says["run"] != "new" {
		t.Errorf("made %v, says %v", g.made, g.says)
	}
}

func TestDeliverErrorNamesTheDeed(t *testing.T) {
	t.Parallel()
	o, st := box(t, &fakeGitHub{faults: []string{"down"}})
	must(t, st.Decide(t.Context(), nil, []store.Deed{reviewDeed(k1, "a")}, nil, time.Unix(1, 0)))
	err := o.Deliver(t.Context(), k1)
	if err == nil || !strings.Contains(err.Error(), "review/7/1/a") || !strings.Contains(err.Error(), "503") {
		t.Errorf("error: %v", err)
	}
	ds, err := st.PendingDeeds(t.Context(), k1)
	must(t, err)
	if len(ds) != 1 || !strings.Contains(ds[0].LastError, "503") {
		t.Errorf("the outbox does not say why: %+v", ds)
	}
}
