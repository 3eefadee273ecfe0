package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// at is a time by GitHub's clock.
func at(minute int) time.Time { return time.Date(2026, 1, 1, 12, minute, 0, 0, time.UTC) }

func pushed(minute int, was, head string, by gate.Person) *store.Head {
	return &store.Head{Head: head, BaseRef: "main", Base: "base", At: at(minute), Was: was, Opened: was == "" && by.ID != 0, By: by}
}

func said(id int64, minute int, by gate.Person) *store.Said {
	c := &store.Said{Sender: by, Body: "hash", Created: at(minute)}
	c.ReviewID, c.Reviewer = id, by.ID
	return c
}

// headOfComment: the payload of a comment does not name the head. It is the last one that was there before, by GitHub's clock, in whatever order
// we hear of things.
func headOfComment(t *testing.T, st *store.Store) {
	who := gate.Person{ID: 2, Login: "bob", Type: "User"}
	n := 0
	deliver := func(d store.Delivery) {
		t.Helper()
		n++
		d.GUID, d.Installation, d.Repo, d.Number, d.Unseen, d.Received = fmt.Sprint("c", n), 3, repo, 1, time.Minute, at(50)
		d.Numbers = []int{1}
		receive(t, st, d)
	}
	deliver(store.Delivery{Said: said(100, 5, who)})                        // before anything was known
	deliver(store.Delivery{Seen: pushed(20, "h1", "h2", who)})              // this arrives first
	deliver(store.Delivery{Seen: pushed(10, "", "h1", who)})                // than what was before
	deliver(store.Delivery{Seen: pushed(30, "", "h2", gate.Person{})})      // nothing new
	deliver(store.Delivery{Said: said(101, 9, who)})                        // too early
	deliver(store.Delivery{Said: said(102, 15, who)})                       // late by far
	deliver(store.Delivery{Said: said(103, 20, who)})                       // right after the push
	deliver(store.Delivery{Said: said(104, 45, who)})                       // in time
	deliver(store.Delivery{Said: said(104, 15, who)})                       // a replay
	deliver(store.Delivery{Seen: &store.Head{Head: "h9", BaseRef: "main"}}) // without a time it is of no use
	k := store.Key{RepoID: repo.ID, Number: 1}
	list, err := st.Said(t.Context(), k)
	must(t, err)
	got := map[int64]string{}
	for _, c := range list {
		got[c.ReviewID] = c.Head + " " + strings.Join(c.MovedFrom, " ")
	}
	if diff := cmp.Diff(map[int64]string{100: " ", 101: " ", 102: "h1 ", 103: "h2 h1", 104: "h2 "}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	heads, err := st.Heads(t.Context(), k)
	must(t, err)
	if len(heads) != 2 || heads[0].Head != "h1" || !heads[0].Opened || heads[1].Was != "h1" || heads[1].By != who {
		t.Errorf("heads: %+v", heads)
	}
}

func commands(t *testing.T, st *store.Store) {
	bob, eve := gate.Person{ID: 2, Login: "bob", Type: "User"}, gate.Person{ID: 9, Login: "eve", Type: "User"}
	k := store.Key{RepoID: repo.ID, Number: 1}
	receive(t, st, store.Delivery{GUID: "a", Installation: 3, Repo: repo, Number: 1, Seen: pushed(1, "", "h1", bob), Touch: store.Touch{Numbers: []int{1}}})
	for i := range 60 {
		receive(t, st, store.Delivery{GUID: fmt.Sprint("e", i), Installation: 3, Repo: repo, Number: 1, Said: said(int64(1000+i), 2, eve)})
	}
	receive(t, st, store.Delivery{GUID: "b", Installation: 3, Repo: repo, Number: 1, Said: said(5, 2, bob)})
	list, err := st.Said(t.Context(), k)
	must(t, err)
	if len(list) != 51 || list[0].ReviewID != 5 || list[0].Sender != bob || list[0].Complete || list[0].Edited {
		t.Errorf("%d comments, first %+v", len(list), list[0])
	}
	// What it saw is written once.
	e := list[0].LedgerEntry
	e.MergeBase, e.Seen, e.JustMoved, e.Complete = "m", map[string]gate.Seen{"a\xff": {Blob: "1"}}, []string{"b\xfe"}, true
	must(t, st.CompleteSaid(t.Context(), k, e))
	e2 := e
	e2.MergeBase = "other"
	must(t, st.CompleteSaid(t.Context(), k, e2))
	list, err = st.Said(t.Context(), k)
	must(t, err)
	if diff := cmp.Diff(e, list[0].LedgerEntry); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// A change of a comment that held a command has the pull request looked at again, whatever it holds now; that of another has not.
	mark := store.FalsePositive{Key: k, Comment: 5, Fingerprint: "f", Rule: "r", Head: "h1", By: gate.Person{ID: 2, Login: "bob"}, Reason: "it is not", Made: at(3)}
	must(t, st.Tx(t.Context(), func(tx *store.Tx) error { return tx.MarkFalse(t.Context(), mark) }))
	must(t, st.Tx(t.Context(), func(tx *store.Tx) error { return tx.MarkFalse(t.Context(), mark) }))
	marks, err := st.FalsePositives(t.Context(), "r")
	must(t, err)
	if len(marks) != 1 || !marks[0].Made.Equal(mark.Made) || marks[0].Reason != "it is not" || marks[0].Key != k {
		t.Errorf("marks: %+v", marks)
	}
	for _, c := range []struct {
		comment int64
		how     string
		keys    int
	}{{77, store.Deleted, 0}, {5, store.Edited, 1}, {5, store.Deleted, 1}} {
		keys, _ := receive(t, st, store.Delivery{GUID: fmt.Sprint("u", c.comment, c.how), Installation: 3, Repo: repo, Number: 1, Unsaid: &store.Unsaid{Comment: c.comment, How: c.how}})
		if len(keys) != c.keys {
			t.Errorf("%s %d: %v", c.how, c.comment, keys)
		}
		list, err := st.Said(t.Context(), k)
		must(t, err)
		if edited := list[0].ReviewID == 5 && list[0].Edited; edited != (c.comment == 5 && c.how == store.Edited) {
			t.Errorf("%s %d: %+v", c.how, c.comment, list[0])
		}
	}
	if marks, err = st.FalsePositives(t.Context(), "r"); err != nil || len(marks) != 0 {
		t.Errorf("marks after the comment is gone: %+v %v", marks, err)
	}
}

func steps(t *testing.T, st *store.Store) {
	if _, known, err := st.Step(t.Context(), 7, "a", "b"); err != nil || known {
		t.Errorf("%v %v", known, err)
	}
	must(t, st.SaveStep(t.Context(), 7, "a", "b", []string{"x\xff"}, at(1)))
	must(t, st.SaveStep(t.Context(), 7, "b", "c", nil, at(1)))
	paths, known, err := st.Step(t.Context(), 7, "a", "b")
	if err != nil || !known || len(paths) != 1 || paths[0] != "x\xff" {
		t.Errorf("%q %v %v", paths, known, err)
	}
	if paths, known, err = st.Step(t.Context(), 7, "b", "c"); err != nil || !known || len(paths) != 0 {
		t.Errorf("%q %v %v", paths, known, err)
	}
	must(t, st.Prune(t.Context(), all(at(2))))
	if _, known, err := st.Step(t.Context(), 7, "a", "b"); err != nil || known {
		t.Errorf("after it was dropped: %v %v", known, err)
	}
}

// seconds: how long a review took is known only where the head that it is for was the newest.
func seconds(t *testing.T, st *store.Store) {
	bob := gate.Person{ID: 2, Login: "bob", Type: "User"}
	k := store.Key{RepoID: repo.ID, Number: 1}
	receive(t, st, store.Delivery{GUID: "a", Installation: 3, Repo: repo, Number: 1, Seen: pushed(1, "", "h1", bob), Touch: store.Touch{Numbers: []int{1}}})
	receive(t, st, store.Delivery{GUID: "b", Installation: 3, Repo: repo, Number: 1, Seen: pushed(5, "h1", "h2", bob)})
	for i, c := range []struct {
		head      string
		submitted time.Time
	}{{"h2", at(7)}, {"h1", at(7)}, {"h2", time.Time{}}, {"h1", at(4)}, {"h1", at(0)}} {
		entry := gate.Capture(int64(i+1), bob, c.head, c.head, "main", "base")
		receive(t, st, store.Delivery{GUID: fmt.Sprint("r", i), Installation: 3, Repo: repo, Number: 1, Entry: &entry, Submitted: c.submitted})
	}
	list, err := st.Ledger(t.Context(), k)
	must(t, err)
	var got []string
	for _, e := range list {
		if e.Seconds == nil {
			got = append(got, "?")
		} else {
			got = append(got, fmt.Sprint(*e.Seconds))
		}
	}
	if diff := cmp.Diff([]string{"120", "?", "?", "180", "?"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// calls: what somebody asked an agent for does not go away with the comment, and counts for the head at which it was asked.
func calls(t *testing.T, st *store.Store) {
	bob := gate.Person{ID: 2, Login: "bob", Type: "User"}
	k := store.Key{RepoID: repo.ID, Number: 1}
	receive(t, st, store.Delivery{GUID: "a", Installation: 3, Repo: repo, Number: 1, Seen: pushed(1, "", "h1", bob), Touch: store.Touch{Numbers: []int{1}}})
	must(t, st.SavePull(t.Context(), store.Pull{Key: k, State: store.PullOpen, Head: "h1", BaseRef: "main"}, nil))
	call := func(guid string, id int64, minute int) int {
		keys, _ := receive(t, st, store.Delivery{GUID: guid, Installation: 3, Repo: repo, Number: 1, Call: &store.Call{Kind: "comment", ID: id, Mention: gate.Mention{By: bob, Logins: []string{"copilot"}}, Created: at(minute)}})
		return len(keys)
	}
	if n := call("b", 10, 2); n != 0 {
		t.Errorf("a call has %d pull requests looked at", n)
	}
	call("b2", 11, 3)
	receive(t, st, store.Delivery{GUID: "c", Installation: 3, Repo: repo, Number: 1, Seen: pushed(5, "h1", "h2", bob)})
	must(t, st.SavePull(t.Context(), store.Pull{Key: k, State: store.PullOpen, Head: "h2", BaseRef: "main"}, nil))
	if n := call("d", 12, 4); n != 1 {
		t.Errorf("a late call has %d pull requests looked at", n)
	}
	receive(t, st, store.Delivery{GUID: "e", Installation: 3, Repo: repo, Number: 1, Call: &store.Call{Kind: "review", ID: 12, Mention: gate.Mention{By: bob, Logins: []string{"claude"}, Head: "h2"}}})
	list, err := st.Mentions(t.Context(), k)
	must(t, err)
	if diff := cmp.Diff([]gate.Mention{{By: bob, Logins: []string{"copilot"}, Head: "h1"}, {By: bob, Logins: []string{"claude"}, Head: "h2"}}, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
