package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// TestConformancePages is about what the pages read.
func TestConformancePages(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		ctx := t.Context()
		st, err := store.Open(ctx, storetest.Name(t, kind))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		at := time.UnixMilli(1_700_000_000_000)
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		const many = 30
		for repo := range int64(2) {
			for n := range many {
				_, err := st.Receive(ctx, store.Delivery{GUID: fmt.Sprint(repo, "-", n), Event: "pull_request", State: store.Accepted, Received: at.Add(time.Duration(n) * time.Second), Number: n + 1,
					Repo: &store.Repo{ID: repo + 1, Installation: 5, Owner: "acme", Name: []string{"shop", "Till"}[repo], DefaultBranch: "main"}, Touch: store.Touch{Numbers: []int{n + 1}}}, func(context.Context, *store.Tx, []store.Key) error { return nil })
				ok(err)
			}
		}
		// Half of them are decided, several at one moment.
		decide := func(repo int64, n int, seq int64, state gate.State, title string, made time.Time) {
			ok(st.Decide(ctx, &store.Decision{Key: store.Key{RepoID: repo, Number: n}, Generation: 1, Seq: seq, Head: "h", Made: made, ConfigKey: "c",
				Decision: &gate.Decision{State: state, Title: "it " + string(state)}, Facts: &gate.Facts{Title: title, Author: gate.Person{Login: "alice"}}}, nil, nil, made))
		}
		for n := 1; n <= many/2; n++ {
			decide(1, n, int64(n), gate.Block, fmt.Sprintf("Title_%d 100%%", n), at.Add(time.Duration(n/4)*time.Minute))
		}
		all := store.Those{All: true}
		read := func(f store.PullFilter) (out []string) {
			t.Helper()
			f.Limit = 7
			for range 20 {
				list, err := st.PullsShown(ctx, f)
				ok(err)
				for _, p := range list {
					out = append(out, p.Key.String())
					f.After = p.Place
				}
				if len(list) < f.Limit {
					return out
				}
			}
			t.Fatal("the list does not end")
			return nil
		}
		seen := map[string]bool{}
		list := read(store.PullFilter{Those: all})
		for _, k := range list {
			seen[k] = true
		}
		if len(list) != 2*many || len(seen) != 2*many || list[0] != "2#30" || list[len(list)-1] != "1#1" {
			t.Errorf("%d, %d apart: %v", len(list), len(seen), list)
		}
		for name, c := range map[string]struct {
			f    store.PullFilter
			want int
		}{
			"none of them":         {store.PullFilter{}, 0},
			"one repository":       {store.PullFilter{Those: store.Those{IDs: []int64{2, 7}}}, many},
			"of one":               {store.PullFilter{Those: all, Repo: 1}, many},
			"blocked":              {store.PullFilter{Those: all, Decision: "block"}, many / 2},
			"not decided":          {store.PullFilter{Those: all, Decision: "none"}, 2*many - many/2},
			"by number":            {store.PullFilter{Those: all, Number: 3}, 2},
			"by words":             {store.PullFilter{Those: all, Words: "TITLE_3 100%"}, 1},
			"an underscore":        {store.PullFilter{Those: all, Words: "title 3"}, 0},
			"by author":            {store.PullFilter{Those: all, Words: "alic"}, many / 2},
			"closed":               {store.PullFilter{Those: all, State: "closed"}, 0},
			"a text with a quote":  {store.PullFilter{Those: all, Words: `' OR 1=1 --\`}, 0},
			"of one that is not 1": {store.PullFilter{Those: store.Those{IDs: []int64{2}}, Repo: 1}, 0},
		} {
			if got := read(c.f); len(got) != c.want {
				t.Errorf("%s: %d, want %d", name, len(got), c.want)
			}
		}
		// An older judgement changes nothing.
		decide(1, 1, 50, gate.Pass, "new", at.Add(time.Hour))
		decide(1, 1, 40, gate.Block, "old", at.Add(2*time.Hour))
		p, err := st.PullShown(ctx, store.Key{RepoID: 1, Number: 1})
		ok(err)
		if p.Title != "new" || p.Decision != "pass" || !p.Decided.Equal(at.Add(time.Hour)) || p.Says != "it pass" || !p.Working {
			t.Errorf("%+v", p)
		}
		if _, err := st.PullShown(ctx, store.Key{RepoID: 9, Number: 1}); err == nil {
			t.Error("a pull request that is not there")
		}
		history, err := st.DecisionsOf(ctx, store.Key{RepoID: 1, Number: 1}, 10)
		ok(err)
		if len(history) != 2 || history[0].Seq != 50 || history[1].Decision.State != gate.Block {
			t.Errorf("%+v", history)
		}
		deliveries, err := st.DeliveriesOf(ctx, store.Key{RepoID: 1, Number: 1}, 10)
		ok(err)
		if len(deliveries) != 1 || deliveries[0].Want != 1 || deliveries[0].Repo != "acme/shop" {
			t.Errorf("%+v", deliveries)
		}
		repos, err := st.ReposShown(ctx, store.RepoFilter{Those: all, Limit: 10})
		ok(err)
		if len(repos) != 2 || repos[0].Name != "shop" || repos[0].Open != many || repos[0].Blocked != many/2-1 || repos[0].ConfigKey != "c" || repos[1].ConfigKey != "" {
			t.Errorf("%+v", repos)
		}
		repos, err = st.ReposShown(ctx, store.RepoFilter{Those: all, After: "acme/shop", Limit: 10})
		ok(err)
		if len(repos) != 1 || repos[0].Name != "Till" {
			t.Errorf("%+v", repos)
		}
		n, err := st.CountBehind(ctx)
		ok(err)
		if n != 2*many {
			t.Errorf("%d are behind", n)
		}
	})
}

// TestConformanceSessions is about who is signed in.
func TestConformanceSessions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		ctx := t.Context()
		st, err := store.Open(ctx, storetest.Name(t, kind))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		at := time.UnixMilli(1_700_000_000_000)
		s := store.Session{Hash: "a", UserID: 7, Login: "alice", Created: at, Seen: at, Ends: at.Add(time.Hour), Token: "t", Repos: []int64{1, 2}, Asked: at}
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		is := func(hash, want string) {
			t.Helper()
			s, found, err := st.Session(ctx, hash)
			ok(err)
			got := fmt.Sprint(found, " ", s.UserID, " ", s.Login, " ", s.Repos)
			if found {
				got += fmt.Sprint(" ", s.Seen.Sub(at), " ", s.Asked.Sub(at))
			}
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		is("a", "false 0  []")
		ok(st.SaveSession(ctx, s, false))
		is("a", "true 7 alice [1 2] 0s 0s")
		// Two requests at a time: each knows one thing later than the other.
		seen, asked := s, s
		seen.Seen = at.Add(2 * time.Minute)
		asked.Asked, asked.Repos, asked.Login = at.Add(6*time.Minute), []int64{2}, "alicia"
		ok(st.SaveSession(ctx, asked, true))
		ok(st.SaveSession(ctx, seen, true))
		is("a", "true 7 alicia [2] 2m0s 6m0s")
		ok(st.DropSession(ctx, "a"))
		ok(st.SaveSession(ctx, seen, true)) // it was dropped meanwhile
		is("a", "false 0  []")
		ok(st.SaveSession(ctx, s, false))
		other := s
		other.Hash, other.UserID = "b", 8
		ok(st.SaveSession(ctx, other, false))
		ok(st.Tx(ctx, func(tx *store.Tx) error { return tx.DropSessionsOf(ctx, 7) }))
		is("a", "false 0  []")
		is("b", "true 8 alice [1 2] 0s 0s")
		late := s
		late.Created = at.Add(2 * time.Hour)
		ok(st.SaveSession(ctx, late, false)) // what has ended goes
		if _, found, err := st.Session(ctx, "b"); err != nil || found {
			t.Error("an old session is kept")
		}
		ok(st.Beat(ctx, store.Process{Name: "p", Version: "1", Role: "all", Started: at, Seen: at, Says: store.ProcessSays{Sandbox: "auto", Quotas: []store.Quota{{Installation: 5, Remaining: 3, Limit: 9, Reset: at}}}}))
		ok(st.Beat(ctx, store.Process{Name: "q", Seen: at.Add(time.Minute), Started: at.Add(time.Minute)}))
		list, err := st.Processes(ctx, at)
		ok(err)
		if len(list) != 2 || list[0].Name != "p" || list[0].Says.Quotas[0].Remaining != 3 {
			t.Errorf("%+v", list)
		}
		ok(st.Gone(ctx, "q"))
		if list, err = st.Processes(ctx, at.Add(time.Second)); err != nil || len(list) != 0 {
			t.Errorf("%+v %v", list, err)
		}
	})
}
