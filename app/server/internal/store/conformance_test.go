package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
	"github.com/reviewgate-app/reviewgate/checks"
)

var (
	now  = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	repo = &store.Repo{ID: 7, Installation: 3, Owner: "acme", Name: "shop", DefaultBranch: "main"}
	k1   = store.Key{RepoID: 7, Number: 1}
	k2   = store.Key{RepoID: 7, Number: 2}
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		Conformance(t, func(t *testing.T) *store.Store {
			st, err := store.Open(t.Context(), storetest.Name(t, kind))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := st.Close(); err != nil {
					t.Error(err)
				}
			})
			return st
		})
	})
}

// Conformance is what a database must do to carry the server. open gives an empty one.
func Conformance(t *testing.T, open func(t *testing.T) *store.Store) {
	for name, test := range map[string]func(t *testing.T, st *store.Store){
		"a delivery is taken once":                           deliveryOnce,
		"a failed insert of the job takes the delivery back": deliveryAtomic,
		"events touch the pull requests they concern":        touches,
		"a generation raised meanwhile asks for another run": generations,
		"the ledger is append only":                          ledger,
		"an approval right after a push":                     justMoved,
		"what is remembered of a pull request":               pulls,
		"only scans without a failure are kept":              scans,
		"stored facts come back, and old ones are dropped":   caches,
		"a check run's deeds":                                checkDeeds,
		"a review's deeds":                                   reviewDeeds,
		"a decision and its deeds are stored together":       decisions,
		"what a search found":                                searches,
		"merge groups":                                       groups,
		"settings":                                           settings,
		"the head that a comment is for":                     headOfComment,
		"comments with commands":                             commands,
		"the paths between two commits":                      steps,
		"how long a review took":                             seconds,
		"who called whom":                                    calls,
		"sweeps":                                             sweeps,
		"what came past the gate":                            audits,
		"checks that are not ours":                           foreignMarks,
		"answers to comments, and deeds done again":          talkDeeds,
		"what is old is dropped in steps":                    pruned,
		"dead letters":                                       deadLetters,
		"the audit log":                                      auditLog,
		"an audit log that was pruned":                       auditPruned,
		"what the audit log tells":                           auditTold,
		"what came right is no dead letter":                  deadHealed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// nobody expects that nothing is to be enqueued.
func nobody(context.Context, *store.Tx, []store.Key) error {
	return errors.New("nothing was to be enqueued")
}

// receive takes a delivery and answers the keys that were to be enqueued.
func receive(t *testing.T, st *store.Store, d store.Delivery) (keys []store.Key, fresh bool) {
	t.Helper()
	if d.State == "" {
		d.State = store.Accepted
	}
	d.Received = now
	fresh, err := st.Receive(t.Context(), d, func(_ context.Context, _ *store.Tx, ks []store.Key) error {
		keys = ks
		return nil
	})
	must(t, err)
	return keys, fresh
}

func opened(guid string, number int) store.Delivery {
	return store.Delivery{GUID: guid, Event: "pull_request", Action: "opened", Installation: 3, Repo: repo, Number: number,
		Body: []byte("{}"), Touch: store.Touch{Numbers: []int{number}}}
}

func deliveryOnce(t *testing.T, st *store.Store) {
	keys, fresh := receive(t, st, opened("a", 1))
	if !fresh || !cmp.Equal(keys, []store.Key{k1}) {
		t.Fatalf("first: fresh %v, keys %v", fresh, keys)
	}
	keys, fresh = receive(t, st, opened("a", 1))
	if fresh || keys != nil {
		t.Fatalf("second: fresh %v, keys %v", fresh, keys)
	}
	p, err := st.Pull(t.Context(), k1)
	must(t, err)
	if p.Want != 1 || p.Done != 0 {
		t.Errorf("want %d done %d after one delivery taken twice", p.Want, p.Done)
	}
	d, err := st.Delivery(t.Context(), "a")
	must(t, err)
	if d.State != store.Accepted || d.BodySize != 2 || !d.Received.Equal(now) {
		t.Errorf("the delivery as kept: %+v", d)
	}
	if _, err := st.Delivery(t.Context(), "b"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown delivery: %v", err)
	}
}

func deliveryAtomic(t *testing.T, st *store.Store) {
	d := opened("a", 1)
	d.State, d.Received = store.Accepted, now
	d.Pusher = &gate.Person{ID: 1, Login: "alice", Type: "User"}
	d.Entry = &gate.LedgerEntry{ReviewID: 1, Reviewer: 2, Head: "h"}
	_, err := st.Receive(t.Context(), d, func(context.Context, *store.Tx, []store.Key) error { return errors.New("the queue is broken") })
	if err == nil || !strings.Contains(err.Error(), "the queue is broken") {
		t.Fatalf("error: %v", err)
	}
	if _, err := st.Delivery(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the delivery stayed: %v", err)
	}
	if _, err := st.Pull(t.Context(), k1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the pull request stayed: %v", err)
	}
	if l, err := st.Ledger(t.Context(), k1); err != nil || len(l) != 0 {
		t.Errorf("the ledger stayed: %v, %v", l, err)
	}
	if _, fresh := receive(t, st, opened("a", 1)); !fresh {
		t.Error("the redelivery was taken for a duplicate")
	}
}

func touches(t *testing.T, st *store.Store) {
	other := &store.Repo{ID: 8, Installation: 3, Owner: "acme", Name: "tools"}
	stranger := &store.Repo{ID: 9, Installation: 4, Owner: "bob", Name: "site"}
	receive(t, st, opened("1", 1))
	receive(t, st, opened("2", 2))
	receive(t, st, opened("3", 3))
	receive(t, st, store.Delivery{GUID: "4", Installation: 3, Repo: other, Number: 1, Touch: store.Touch{Numbers: []int{1}}})
	receive(t, st, store.Delivery{GUID: "5", Installation: 4, Repo: stranger, Number: 1, Touch: store.Touch{Numbers: []int{1}}})
	must(t, st.SavePull(t.Context(), store.Pull{Key: k1, State: store.PullOpen, Head: "h1", BaseRef: "main"}, nobody))
	must(t, st.SavePull(t.Context(), store.Pull{Key: k2, State: store.PullOpen, Head: "h2", BaseRef: "release/1"}, nobody))
	must(t, st.SavePull(t.Context(), store.Pull{Key: store.Key{RepoID: 7, Number: 3}, State: store.PullMerged, Head: "h9", BaseRef: "main"}, nobody))
	other1, stranger1 := store.Key{RepoID: 8, Number: 1}, store.Key{RepoID: 9, Number: 1}

	for i, c := range []struct {
		name  string
		repo  *store.Repo
		touch store.Touch
		want  []store.Key
	}{
		{"nothing", repo, store.Touch{}, nil},
		{"a closed one by its number", repo, store.Touch{Numbers: []int{3}}, []store.Key{{RepoID: 7, Number: 3}}},
		{"the open ones with a head", repo, store.Touch{Head: "h1"}, []store.Key{k1}},
		{"a branch that open ones go into", repo, store.Touch{Base: "release/1"}, []store.Key{{RepoID: 7, Number: store.SweepNumber}}},
		{"a branch that none goes into", repo, store.Touch{Base: "topic"}, nil},
		{"head and number, each once", repo, store.Touch{Head: "h1", Numbers: []int{2, 1, 0, -4}}, []store.Key{k1, k2}},
		{"all open ones of a repository", repo, store.Touch{Repo: true}, []store.Key{k1, k2}},
		{"all open ones of an installation", nil, store.Touch{Installation: true}, []store.Key{k1, k2, other1}},
		{"a head that only a merged one has", repo, store.Touch{Head: "h9"}, nil},
	} {
		installation := int64(3)
		keys, _ := receive(t, st, store.Delivery{GUID: "t" + string(rune('a'+i)), Installation: installation, Repo: c.repo, Touch: c.touch})
		if diff := cmp.Diff(c.want, keys); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	receive(t, st, store.Delivery{GUID: "gone", Installation: 3, Touch: store.Touch{Gone: true}})
	behind, err := st.Behind(t.Context())
	must(t, err)
	// Number 3 was merged, so the removal leaves it alone; its generation is still to be answered.
	if diff := cmp.Diff([]store.Key{{RepoID: 7, Number: 3}, stranger1}, behind); diff != "" {
		t.Errorf("unanswered after the installation was removed (-want +got):\n%s", diff)
	}
}

func generations(t *testing.T, st *store.Store) {
	receive(t, st, opened("1", 1))
	finish := func(want int64) (again bool) {
		must(t, st.Tx(t.Context(), func(tx *store.Tx) (err error) { again, err = tx.Finish(t.Context(), k1, want); return err }))
		return again
	}
	receive(t, st, opened("2", 1)) // a push while the job for generation 1 runs
	if !finish(1) {
		t.Error("generation 2 was lost")
	}
	if b, err := st.Behind(t.Context()); err != nil || len(b) != 1 {
		t.Errorf("behind: %v, %v", b, err)
	}
	if finish(2) {
		t.Error("asked to run again for nothing")
	}
	if b, err := st.Behind(t.Context()); err != nil || len(b) != 0 {
		t.Errorf("behind: %v, %v", b, err)
	}
	must(t, st.Tx(t.Context(), func(tx *store.Tx) error { return tx.Raise(t.Context(), []store.Key{k1}) }))
	d := opened("3", 1)
	d.Force = true
	receive(t, st, d)
	p, err := st.Pull(t.Context(), k1)
	must(t, err)
	if p.Want != 4 || p.Done != 2 || p.Forced != 4 {
		t.Errorf("want %d done %d forced %d", p.Want, p.Done, p.Forced)
	}
	receive(t, st, opened("4", 1))
	if p, err = st.Pull(t.Context(), k1); err != nil || p.Forced != 4 {
		t.Errorf("an ordinary event changed forced to %d (%v)", p.Forced, err)
	}
	if finish(1) != true {
		t.Error("an old generation hid newer ones")
	}
	if p, err = st.Pull(t.Context(), k1); err != nil || p.Done != 2 {
		t.Errorf("done went back to %d (%v)", p.Done, err)
	}
}

func ledger(t *testing.T, st *store.Store) {
	d := opened("1", 1)
	d.Entry = &gate.LedgerEntry{ReviewID: 11, Reviewer: 5, Head: "h1", BaseRef: "main", Base: "b1"}
	receive(t, st, d)
	replayed := opened("2", 1)
	replayed.Entry = &gate.LedgerEntry{ReviewID: 11, Reviewer: 5, Head: "h2", BaseRef: "main", Base: "b2"}
	receive(t, st, replayed)
	want := []store.Entry{{LedgerEntry: gate.LedgerEntry{ReviewID: 11, Reviewer: 5, Head: "h1", BaseRef: "main", Base: "b1", Seen: map[string]gate.Seen{}}}}
	got, err := st.Ledger(t.Context(), k1)
	must(t, err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("after a replay (-want +got):\n%s", diff)
	}
	full := want[0].LedgerEntry
	full.JustMoved = []string{"src/\xfe"}
	full.MergeBase, full.Complete, full.Seen = "m1", true, map[string]gate.Seen{"src/\xff": {Mode: 0o100644, Blob: "x"}, "b": {BaseBlob: "y"}}
	must(t, st.CompleteEntry(t.Context(), k1, full))
	second := full
	second.MergeBase, second.Seen = "m2", nil
	must(t, st.CompleteEntry(t.Context(), k1, second))
	got, err = st.Ledger(t.Context(), k1)
	must(t, err)
	if diff := cmp.Diff([]store.Entry{{LedgerEntry: full}}, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("after it was completed twice (-want +got):\n%s", diff)
	}
}

func justMoved(t *testing.T, st *store.Store) {
	who := gate.Person{ID: 2, Login: "alice", Type: "User"}
	for i, h := range []store.Head{
		{Head: "h3", Was: "h2", BaseRef: "main", At: now.Add(10 * time.Second), By: who},
		{Head: "h2", Was: "h1", BaseRef: "main", At: now, By: who}, // its webhook comes late
	} {
		pushed := opened(fmt.Sprint("p", i), 1)
		pushed.Seen = &h
		receive(t, st, pushed)
	}
	for i, c := range []struct {
		after  time.Duration
		unseen time.Duration
		want   []string
	}{
		{59 * time.Second, time.Minute, []string{"h2", "h1"}},
		{60 * time.Second, time.Minute, []string{"h2"}},
		{70 * time.Second, time.Minute, nil},
		{5 * time.Second, time.Minute, []string{"h1"}}, // before the second push
		{11 * time.Second, 0, nil},
	} {
		d := opened(fmt.Sprint("a", i), 1)
		d.State, d.Received, d.Submitted, d.Unseen = store.Accepted, now.Add(time.Hour), now.Add(c.after), c.unseen
		d.Entry = &gate.LedgerEntry{ReviewID: int64(i + 1), Reviewer: 5, Head: "h3"}
		_, err := st.Receive(t.Context(), d, func(context.Context, *store.Tx, []store.Key) error { return nil })
		must(t, err)
		l, err := st.Ledger(t.Context(), k1)
		must(t, err)
		if diff := cmp.Diff(c.want, l[len(l)-1].MovedFrom, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("an approval %s after the first push (-want +got):\n%s", c.after, diff)
		}
	}
}

func pulls(t *testing.T, st *store.Store) {
	d := opened("1", 1)
	d.Pusher = &gate.Person{ID: 2, Login: "bob", Type: "User"}
	receive(t, st, d)
	d = opened("2", 1)
	d.Pusher = &gate.Person{ID: 1, Login: "alice", Type: "User"}
	receive(t, st, d)
	d.GUID = "3"
	receive(t, st, d)
	got, err := st.Pushers(t.Context(), k1)
	must(t, err)
	if diff := cmp.Diff([]gate.Person{{ID: 1, Login: "alice", Type: "User"}, {ID: 2, Login: "bob", Type: "User"}}, got); diff != "" {
		t.Errorf("pushers (-want +got):\n%s", diff)
	}
	receive(t, st, opened("4", 2))
	same := store.Pull{State: store.PullOpen, Draft: true, Head: "h", BaseRef: "main", Base: "b", Updated: now}
	same.Key = k1
	must(t, st.SavePull(t.Context(), same, nobody))
	same.Key = k2
	// The decision on number 1 was made without number 2: it is looked at again, once.
	must(t, st.SavePull(t.Context(), same, expect(t, k1)))
	must(t, st.SavePull(t.Context(), same, nobody))
	if before, err := st.Pull(t.Context(), k1); err != nil || before.Want != 4 {
		t.Errorf("generation %d, %v", before.Want, err)
	}
	s, err := st.Siblings(t.Context(), k1, "h", "main")
	must(t, err)
	if diff := cmp.Diff([]int{2}, s); diff != "" {
		t.Errorf("siblings (-want +got):\n%s", diff)
	}
	if s, err = st.Siblings(t.Context(), k1, "h", "release"); err != nil || len(s) != 0 {
		t.Errorf("siblings with another base: %v, %v", s, err)
	}
	renamed := *repo
	renamed.Name, renamed.DefaultBranch, renamed.Installation = "store", "", 0
	d = opened("5", 1)
	d.Repo = &renamed
	receive(t, st, d)
	p, err := st.Pull(t.Context(), k1)
	must(t, err)
	want := store.Pull{Key: k1, Repo: store.Repo{ID: 7, Installation: 3, Owner: "acme", Name: "store", DefaultBranch: "main"},
		State: "open", Draft: true, Head: "h", BaseRef: "main", Base: "b", Want: 5}
	if !p.Updated.Equal(now) {
		t.Errorf("updated %s", p.Updated)
	}
	p.Updated = time.Time{}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("after a rename (-want +got):\n%s", diff)
	}
	// Number 2 goes on to another head: what was decided with it is looked at again.
	same.Head = "h2"
	must(t, st.SavePull(t.Context(), same, expect(t, k1)))
	same.State = store.PullClosed
	must(t, st.SavePull(t.Context(), same, nobody))
}

// expect expects that exactly the keys are to be enqueued.
func expect(t *testing.T, want ...store.Key) func(context.Context, *store.Tx, []store.Key) error {
	t.Helper()
	return func(_ context.Context, _ *store.Tx, got []store.Key) error {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("enqueued (-want +got):\n%s", diff)
		}
		return nil
	}
}

func searches(t *testing.T, st *store.Store) {
	ctx := t.Context()
	receive(t, st, opened("1", 1))
	receive(t, st, opened("2", 2))
	receive(t, st, opened("3", 3))
	open := func(n int, head string) store.Pull {
		return store.Pull{Key: store.Key{RepoID: 7, Number: n}, State: store.PullOpen, Head: head, BaseRef: "main", Updated: now}
	}
	must(t, st.SavePull(ctx, open(1, "h1"), nobody))
	must(t, st.SavePull(ctx, open(2, "h2"), nobody))
	must(t, st.SavePull(ctx, open(3, "h3"), nobody))
	listed := func(n int, head string, updated time.Time) store.Listed {
		return store.Listed{Number: n, Head: head, BaseRef: "main", Updated: updated}
	}
	// 1 is as it was, 2 had a review, 3 was closed, 4 is new.
	list := []store.Listed{listed(1, "h1", now), listed(2, "h2", now.Add(time.Second)), listed(4, "h4", now)}
	k3, k4 := store.Key{RepoID: 7, Number: 3}, store.Key{RepoID: 7, Number: 4}
	if n, err := st.Found(ctx, *repo, list, now, expect(t, k2, k3, k4)); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	p, err := st.Pull(ctx, k4)
	must(t, err)
	if p.State != store.PullOpen || p.Want != 1 {
		t.Errorf("number 4: %+v", p)
	}

	// The installation covers another repository, too; the first one was looked through.
	tools := store.Repo{ID: 8, Installation: 3, Owner: "acme", Name: "tools"}
	todo := func(want ...store.Repo) func(context.Context, *store.Tx, []store.Repo) error {
		return func(_ context.Context, _ *store.Tx, got []store.Repo) error {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("to be searched (-want +got):\n%s", diff)
			}
			return nil
		}
	}
	must(t, st.Covered(ctx, 3, []store.Repo{*repo, tools}, false, todo(tools)))
	must(t, st.Covered(ctx, 3, []store.Repo{*repo, tools}, true, todo(*repo, tools)))
	// It loses the first one, and gets it back.
	must(t, st.Covered(ctx, 3, []store.Repo{tools}, false, todo(tools)))
	if p, err = st.Pull(ctx, k1); err != nil || p.State != store.PullGone || p.Want != p.Done {
		t.Errorf("a pull request of a repository that was taken away: %+v, %v", p, err)
	}
	if r, err := st.Repo(ctx, 7); err != nil || r.Installation != 0 {
		t.Errorf("the repository that was taken away: %+v, %v", r, err)
	}
	must(t, st.Covered(ctx, 3, []store.Repo{*repo, tools}, false, todo(*repo, tools)))
	if _, err := st.Found(ctx, *repo, list[:1], now, expect(t, k1)); err != nil {
		t.Error(err)
	}
	if in, err := st.Installations(ctx); err != nil || len(in) != 1 || in[0] != 3 {
		t.Errorf("installations: %v, %v", in, err)
	}
	if _, err := st.Repo(ctx, 99); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown repository: %v", err)
	}
}

func groups(t *testing.T, st *store.Store) {
	ctx := t.Context()
	group := func(guid, head, state string) store.Delivery {
		return store.Delivery{GUID: guid, Installation: 3, Repo: repo, Group: &store.Group{Head: head, HeadRef: "gh-readonly-queue/main/pr-1-" + head, BaseRef: "main", State: state}}
	}
	queue := store.Key{RepoID: 7, Number: store.QueueNumber}
	keys, _ := receive(t, st, group("1", "a", store.GroupOpen))
	if diff := cmp.Diff([]store.Key{queue}, keys); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	receive(t, st, group("2", "b", store.GroupDropped))
	receive(t, st, group("3", "b", store.GroupOpen)) // its beginning comes late
	must(t, st.SaveMembers(ctx, 7, "a", []int{1, 2}))
	got, err := st.Groups(ctx, 7)
	must(t, err)
	want := []store.Group{
		{Head: "a", HeadRef: "gh-readonly-queue/main/pr-1-a", BaseRef: "main", State: store.GroupOpen, Members: []int{1, 2}},
		{Head: "b", HeadRef: "gh-readonly-queue/main/pr-1-b", BaseRef: "main", State: store.GroupDropped, Members: []int{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// A re-run of the check on a group's head is about the group; the queue is no pull request.
	if keys, _ = receive(t, st, store.Delivery{GUID: "4", Installation: 3, Repo: repo, Touch: store.Touch{Head: "a", Repo: true, Installation: true}}); len(keys) != 1 || keys[0] != queue {
		t.Errorf("a re-run on a group: %v", keys)
	}
	p, err := st.Pull(ctx, queue)
	must(t, err)
	if p.State != store.PullQueue || p.Want != 4 {
		t.Errorf("the queue: %+v", p)
	}
	must(t, st.CloseGroup(ctx, 7, "a"))
	must(t, st.CloseGroup(ctx, 7, "b"))
	if got, err = st.Groups(ctx, 7); err != nil || len(got) != 0 {
		t.Errorf("closed groups: %v, %v", got, err)
	}
	receive(t, st, group("5", "a", store.GroupOpen)) // a replay changes nothing
	if got, err = st.Groups(ctx, 7); err != nil || len(got) != 0 {
		t.Errorf("a closed group came back: %v, %v", got, err)
	}
}

func scans(t *testing.T, st *store.Store) {
	r := &scan.Result{Base: "b", Head: "h", Findings: []checks.Finding{{RuleID: "x", Severity: checks.High, Fingerprint: "f"}}, Files: 2}
	if got, err := st.Scan(t.Context(), "k"); got != nil || err != nil {
		t.Errorf("an unknown key: %v, %v", got, err)
	}
	must(t, st.SaveScan(t.Context(), "k", r, now))
	must(t, st.SaveScan(t.Context(), "k", r, now))
	got, err := st.Scan(t.Context(), "k")
	must(t, err)
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.Checks = []scan.CheckResult{{Name: "slow", Status: scan.Failed, Reason: "timed out"}}
	if err := st.SaveScan(t.Context(), "k2", r, now); err == nil || !strings.Contains(err.Error(), "timed out") {
		t.Errorf("a scan with a failure: %v", err)
	}
	if got, err := st.Scan(t.Context(), "k2"); got != nil || err != nil {
		t.Errorf("a scan with a failure was kept: %v, %v", got, err)
	}
}

func caches(t *testing.T, st *store.Store) {
	receive(t, st, opened("1", 1))
	must(t, st.SaveConfig(t.Context(), "c", []byte(`{"a":1}`), now))
	must(t, st.SaveChangedPaths(t.Context(), 7, "b", "h", []byte(`[1]`), now))
	must(t, st.SaveScan(t.Context(), "s", &scan.Result{}, now))
	read := func() (out []string) {
		c, err := st.Config(t.Context(), "c")
		must(t, err)
		p, err := st.ChangedPaths(t.Context(), 7, "b", "h")
		must(t, err)
		s, err := st.Scan(t.Context(), "s")
		must(t, err)
		d, err := st.Delivery(t.Context(), "1")
		must(t, err)
		for _, b := range [][]byte{c, p} {
			out = append(out, string(b))
		}
		if s != nil {
			out = append(out, "scan")
		}
		if d.BodySize > 0 {
			out = append(out, "body")
		}
		return out
	}
	must(t, st.Prune(t.Context(), all(now.Add(-time.Hour))))
	if diff := cmp.Diff([]string{`{"a":1}`, `[1]`, "scan", "body"}, read()); diff != "" {
		t.Errorf("before their time (-want +got):\n%s", diff)
	}
	must(t, st.Prune(t.Context(), all(now.Add(time.Hour))))
	if diff := cmp.Diff([]string{"", ""}, read()); diff != "" {
		t.Errorf("after their time (-want +got):\n%s", diff)
	}
	if _, fresh := receive(t, st, opened("1", 1)); fresh {
		t.Error("a replay of an old delivery was taken")
	}
}

func checkDeed(hash string) store.Deed {
	return store.Deed{Slot: "check/7/h/reviewgate", Kind: store.KindCheck, Key: k1, Head: "h", Payload: []byte(`{"c":"` + hash + `"}`), Hash: hash, Marker: "m1", Every: true}
}

func pending(t *testing.T, st *store.Store, k store.Key) (out []string) {
	t.Helper()
	ds, err := st.PendingDeeds(t.Context(), k)
	must(t, err)
	for _, d := range ds {
		out = append(out, d.Name+"="+d.Hash)
	}
	return out
}

func checkDeeds(t *testing.T, st *store.Store) {
	put := func(d store.Deed) { must(t, st.Decide(t.Context(), nil, []store.Deed{d}, nil, now)) }
	put(checkDeed("progress"))
	put(checkDeed("progress"))
	if diff := cmp.Diff([]string{"check/7/h/reviewgate/1=progress"}, pending(t, st, k1)); diff != "" {
		t.Fatalf("the same state twice (-want +got):\n%s", diff)
	}
	d, err := st.Newest(t.Context(), "check/7/h/reviewgate")
	must(t, err)
	if _, ok, err := st.Begin(t.Context(), d.ID, now); !ok || err != nil {
		t.Fatal(ok, err)
	}
	// The process dies here. A newer state takes the place of the tried one: what became of it is not known.
	sibling := checkDeed("success")
	sibling.Key = k2
	put(sibling)
	if got := pending(t, st, k1); got != nil {
		t.Errorf("a superseded deed is still pending: %v", got)
	}
	d, err = st.Newest(t.Context(), "check/7/h/reviewgate")
	must(t, err)
	begun, ok, err := st.Begin(t.Context(), d.ID, now)
	must(t, err)
	if !ok || begun.Attempts != 0 || begun.Before.ExternalID != 0 || !begun.Before.Tried {
		t.Errorf("begun: ok %v, attempts %d, before %+v", ok, begun.Attempts, begun.Before)
	}
	must(t, st.Failed(t.Context(), d.ID, "502", false, now))
	begun, ok, err = st.Begin(t.Context(), d.ID, now)
	must(t, err)
	if !ok || begun.Attempts != 1 || begun.Before.ExternalID != 0 || begun.LastError != "502" {
		t.Errorf("begun again: ok %v, attempts %d, before %+v, error %q", ok, begun.Attempts, begun.Before, begun.LastError)
	}
	must(t, st.Finished(t.Context(), begun, 99, nil, now))
	if _, ok, err := st.Begin(t.Context(), d.ID, now); ok || err != nil {
		t.Errorf("a done deed was begun: %v", err)
	}
	put(checkDeed("success"))
	if got := pending(t, st, k1); got != nil {
		t.Errorf("an equal state was told again: %v", got)
	}
	put(checkDeed("failure"))
	newest, err := st.Newest(t.Context(), "check/7/h/reviewgate")
	must(t, err)
	if begun, ok, err = st.Begin(t.Context(), newest.ID, now); !ok || err != nil || begun.Before.ExternalID != 99 {
		t.Errorf("the slot's check run is not known: %+v, %v", begun.Before, err)
	}
	must(t, st.Drop(t.Context(), newest.ID, now))
	put(checkDeed("success"))
	if diff := cmp.Diff([]string{"check/7/h/reviewgate/4=success"}, pending(t, st, k1)); diff != "" {
		t.Errorf("success, failure, success (-want +got):\n%s", diff)
	}
	other := checkDeed("success")
	other.Slot, other.Head = "check/7/old/reviewgate", "old"
	put(other)
	slots, err := st.Slots(t.Context(), k1, store.KindCheck)
	must(t, err)
	var names []string
	for _, s := range slots {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"check/7/h/reviewgate/4", "check/7/old/reviewgate/1"}, names); diff != "" {
		t.Errorf("slots (-want +got):\n%s", diff)
	}
	newest, err = st.Newest(t.Context(), "check/7/h/reviewgate")
	must(t, err)
	must(t, st.Failed(t.Context(), newest.ID, "422 no", true, now))
	put(checkDeed("success"))
	if diff := cmp.Diff([]string{"check/7/old/reviewgate/1=success", "check/7/h/reviewgate/5=success"}, pending(t, st, k1)); diff != "" {
		t.Errorf("after a refusal (-want +got):\n%s", diff)
	}
	if _, err := st.Newest(t.Context(), "nothing"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an empty slot: %v", err)
	}
}

func reviewDeeds(t *testing.T, st *store.Store) {
	deed := func(hash string) store.Deed {
		return store.Deed{Name: "review/7/1/h/" + hash, Slot: "review/7/1", Kind: store.KindReview, Key: k1, Head: "h", Payload: []byte("{}"), Hash: hash, Marker: hash}
	}
	put := func(clear []string, ds ...store.Deed) { must(t, st.Decide(t.Context(), nil, ds, clear, now)) }
	put(nil, deed("a"))
	put(nil, deed("a"))
	put([]string{"review/7/1"})
	if got := pending(t, st, k1); got != nil {
		t.Errorf("cleared, but pending: %v", got)
	}
	put([]string{"review/7/1"}, deed("a"))
	if diff := cmp.Diff([]string{"review/7/1/h/a=a"}, pending(t, st, k1)); diff != "" {
		t.Errorf("taken back and wanted again (-want +got):\n%s", diff)
	}
	ds, err := st.PendingDeeds(t.Context(), k1)
	must(t, err)
	must(t, st.Finished(t.Context(), ds[0], 55, []string{"f1", "f2"}, now))
	put([]string{"review/7/1"}, deed("a"))
	if got := pending(t, st, k1); got != nil {
		t.Errorf("a posted review is to be posted again: %v", got)
	}
	posted, err := st.Posted(t.Context(), k1)
	must(t, err)
	if diff := cmp.Diff(map[string]bool{"f1": true, "f2": true}, posted); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
	put(nil, deed("b"))
	put(nil, deed("c"))
	if diff := cmp.Diff([]string{"review/7/1/h/c=c"}, pending(t, st, k1)); diff != "" {
		t.Errorf("the newest of the slot (-want +got):\n%s", diff)
	}
	all, err := st.Deeds(t.Context(), k1)
	must(t, err)
	var states []string
	for _, d := range all {
		states = append(states, d.Hash+" "+d.State)
	}
	if diff := cmp.Diff([]string{"a done", "b superseded", "c pending"}, states); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

func decisions(t *testing.T, st *store.Store) {
	if _, err := st.LastDecision(t.Context(), k1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no decision: %v", err)
	}
	d := &store.Decision{Key: k1, Generation: 3, Head: "h", BaseRef: "main", Base: "b", Made: now, ScanKey: "s", ConfigKey: "c",
		Decision: &gate.Decision{State: gate.Pending, Title: "1 approval needed"}, Facts: &gate.Facts{Repo: "acme/shop", Number: 1}}
	must(t, st.Decide(t.Context(), d, []store.Deed{checkDeed("x")}, nil, now))
	got, err := st.LastDecision(t.Context(), k1)
	must(t, err)
	if got.Decision.Title != d.Decision.Title || got.Facts.Repo != "acme/shop" || got.Generation != 3 || got.ScanKey != "s" || !got.Made.Equal(now) {
		t.Errorf("got %+v", got)
	}
	if n := len(pending(t, st, k1)); n != 1 {
		t.Errorf("%d deeds", n)
	}
	first := got.ID
	d.Generation = 4
	must(t, st.Decide(t.Context(), d, nil, nil, now))
	if got, err = st.LastDecision(t.Context(), k1); err != nil || got.ID != first {
		t.Errorf("the same decision was stored again: %v", err)
	}
	must(t, st.Prune(t.Context(), all(now.Add(time.Hour))))
	if got, err = st.LastDecision(t.Context(), k1); err != nil || got.Facts.Repo != "acme/shop" {
		t.Errorf("the last decision lost its facts: %v", err)
	}
	d.Decision = &gate.Decision{State: gate.Pass}
	must(t, st.Decide(t.Context(), d, []store.Deed{checkDeed("y")}, nil, now))
	must(t, st.Prune(t.Context(), all(now.Add(time.Hour))))
	if got, err = st.LastDecision(t.Context(), k1); err != nil || got.ID == first || got.Decision.State != gate.Pass || got.Facts.Repo != "acme/shop" {
		t.Errorf("the new decision: %+v, %v", got, err)
	}
	deeds, err := st.Deeds(t.Context(), k1)
	must(t, err)
	if string(deeds[0].Payload) != "{}" || string(deeds[1].Payload) == "{}" {
		t.Errorf("old and new payload: %s, %s", deeds[0].Payload, deeds[1].Payload)
	}
}

func settings(t *testing.T, st *store.Store) {
	if v, err := st.Setting(t.Context(), "floor"); v != "" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	must(t, st.SetSetting(t.Context(), "floor", "required"))
	must(t, st.SetSetting(t.Context(), "floor", "seen"))
	if v, err := st.Setting(t.Context(), "floor"); v != "seen" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	must(t, st.Ready(t.Context()))
}
