package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

func open(t testing.TB, kind string) *store.Store {
	t.Helper()
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
}

// fill stores made-up outcomes.
func fill(ctx context.Context, st *store.Store, n int) (all []quality.Outcome, err error) {
	var part []*quality.Outcome
	save := func() error {
		defer func() { part = part[:0] }()
		return st.Tx(ctx, func(tx *store.Tx) error {
			for _, o := range part {
				if err := tx.SaveOutcome(ctx, o); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = storetest.Outcomes(n, func(o *quality.Outcome) error {
		if n <= 10_000 {
			all = append(all, *o)
		}
		if part = append(part, o); len(part) < 2000 {
			return nil
		}
		return save()
	})
	if err != nil {
		return nil, err
	}
	return all, save()
}

// filters are questions of all kinds.
var filters = []quality.Filter{
	{}, {Repos: []int64{}}, {Repos: []int64{3, 4, 7}}, {Repos: []int64{3, 4, 7}, Repo: 5}, {Agent: "Codex"}, {Agent: quality.AnyAgent}, {Agent: quality.NoAgent}, {Model: "name-4"}, {Language: "go"},
	{Rule: "test-weakened"}, {Group: quality.Security}, {Since: storetest.OutcomesFrom.AddDate(0, 6, 0)}, {Since: storetest.OutcomesFrom.AddDate(0, 6, 0), Until: storetest.OutcomesFrom.AddDate(1, 0, 3), Agent: "Claude Code", Rule: "sql-from-strings"},
}

// TestQualitySums holds the sums of the database to those that are made of the outcomes themselves, also after outcomes were changed and dropped.
func TestQualitySums(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		st := open(t, kind)
		all, err := fill(t.Context(), st, 1500)
		must(t, err)
		compare := func(when string) {
			t.Helper()
			for _, f := range filters {
				for _, by := range quality.Bys() {
					got, err := st.Quality(t.Context(), f, by)
					must(t, err)
					if d := cmp.Diff(quality.Grouped(all, f, by), got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(0, 1e-3)); d != "" {
						t.Fatalf("%s: %+v by %q: %s", when, f, by, d)
					}
				}
			}
		}
		compare("at first")
		must(t, st.Tx(t.Context(), func(tx *store.Tx) error {
			for i := range all[:100] {
				o := &all[i]
				o.Lines, o.Blocked, o.Findings, o.Model = o.Lines+7, !o.Blocked, append(o.Findings[:len(o.Findings):len(o.Findings)], quality.Finding{Rule: "test-weakened", Group: quality.Tests, Fate: quality.Ignored, Told: true}), "name-6"
				if err := tx.SaveOutcome(t.Context(), o); err != nil {
					return err
				}
			}
			return nil
		}))
		compare("after some were changed")
		n, err := st.DropOutcomes(t.Context(), all[700].At())
		must(t, err)
		if n != 700 {
			t.Errorf("%d were dropped, want 700", n)
		}
		all = all[700:]
		compare("after the oldest were dropped")
	})
}

func TestOutcomesListed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		st := open(t, kind)
		all, err := fill(t.Context(), st, 400)
		must(t, err)
		for _, f := range filters {
			var want, got []string
			for i := len(all) - 1; i >= 0; i-- {
				o := &all[i]
				has := f.Rule == "" && f.Group == ""
				for _, r := range o.RuleTallies() {
					has = has || f.Wants(&r) && r.Findings+r.Suppressed > 0
				}
				if f.Lets(o) && has {
					want = append(want, o.Change)
				}
			}
			for p := (store.Page{Limit: 70}); ; {
				list, err := st.Outcomes(t.Context(), f, p)
				must(t, err)
				for i := range list {
					got = append(got, list[i].Change)
				}
				if len(list) < p.Limit {
					break
				}
				last := &list[len(list)-1]
				p.Before, p.BeforeRepo, p.BeforeChange = last.At(), last.RepoID, last.Change
			}
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%+v: %s", f, d)
			}
		}
		n := 0
		must(t, st.EachOutcome(t.Context(), quality.Filter{}, func(o *quality.Outcome) error {
			if d := cmp.Diff(&all[n], o, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("outcome %d came back changed: %s", n, d)
			}
			n++
			return nil
		}))
		if n != len(all) {
			t.Errorf("%d outcomes, want %d", n, len(all))
		}
	})
}

// TestOutcomeOfMovedRule has a rule that changed its group between two heads of one change: the change is listed once for it.
func TestOutcomeOfMovedRule(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		st := open(t, kind)
		var o quality.Outcome
		must(t, storetest.Outcomes(1, func(one *quality.Outcome) error { o = *one; return nil }))
		o.Findings = []quality.Finding{{Rule: "moved", Group: quality.Security, Fingerprint: "a", Fate: quality.Standing}, {Rule: "moved", Group: quality.Tests, Fingerprint: "b", Fate: quality.Standing}}
		must(t, st.Tx(t.Context(), func(tx *store.Tx) error { return tx.SaveOutcome(t.Context(), &o) }))
		list, err := st.Outcomes(t.Context(), quality.Filter{Rule: "moved"}, store.Page{Limit: 10})
		must(t, err)
		if len(list) != 1 || len(list[0].Findings) != 2 {
			t.Errorf("%d outcomes: %+v", len(list), list)
		}
	})
}

// TestOutcomeOfFacts follows one pull request: everything that is stored of it goes into its outcome, and a rebuild gives the same.
func TestOutcomeOfFacts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, kind string) {
		st := open(t, kind)
		ctx := t.Context()
		at := func(hours int) time.Time { return now.Add(time.Duration(hours) * time.Hour) }
		_, err := st.Receive(ctx, store.Delivery{GUID: "1", Event: "pull_request", Action: "opened", Received: now, State: store.Accepted, Repo: repo, Number: 1, Touch: store.Touch{Numbers: []int{1}}}, func(context.Context, *store.Tx, []store.Key) error { return nil })
		must(t, err)
		judge := func(hours int, head string, state gate.State, by quality.JudgedBy, findings ...quality.Finding) {
			t.Helper()
			j := &quality.Judged{Head: head, First: at(hours), Author: quality.Agent, Agents: []string{"Codex"}, Models: []string{"name-5"}, Lines: 40, Languages: []string{"go"}, Findings: findings, Scanned: true, By: by}
			d := &store.Decision{Key: k1, Head: head, BaseRef: "main", Made: at(hours), Decision: &gate.Decision{State: state}, Facts: &gate.Facts{}, Then: func(ctx context.Context, tx *store.Tx) error { return tx.SaveJudged(ctx, k1, j, at(hours)) }}
			d.Seq = int64(hours) + 1
			must(t, st.Decide(ctx, d, nil, nil, at(hours)))
		}
		one := quality.Finding{Rule: "test-weakened", Group: quality.Tests, Fingerprint: "f1", Told: true, Blocks: true}
		two := quality.Finding{Rule: "error-swallowed", Group: quality.Correctness, Fingerprint: "f2", Told: true}
		old, newer := quality.JudgedBy{Tool: "1", Rules: "r", Policy: "p"}, quality.JudgedBy{Tool: "2", Rules: "r2", Policy: "p"}
		judge(0, "aa", gate.Block, old, one, two)
		judge(2, "bb", gate.Pass, newer, two)
		must(t, st.Tx(ctx, func(tx *store.Tx) error {
			return tx.MarkFalse(ctx, store.FalsePositive{Key: k1, Comment: 9, Fingerprint: "f2", Rule: "error-swallowed", Made: at(3)})
		}))
		must(t, st.SavePull(ctx, store.Pull{Key: k1, State: store.PullMerged, Head: "bb", BaseRef: "main"}, func(context.Context, *store.Tx, []store.Key) error { return nil }))
		must(t, st.Tx(ctx, func(tx *store.Tx) error {
			return tx.SaveTimes(ctx, k1, store.Times{Opened: at(-1), Ended: at(4), Now: at(5), Merge: "cc"})
		}))
		must(t, st.Tx(ctx, func(tx *store.Tx) error {
			return tx.SaveFollowed(ctx, k1, at(24*31), []quality.After{{Kind: quality.Reverted, SHA: "dd", At: at(30), Because: "its message says so"}})
		}))
		got, err := st.Outcome(ctx, 7, "#1")
		must(t, err)
		no, pushes := false, 1
		one.First, one.Fate = true, quality.Fixed
		two.First, two.Fate = true, quality.False
		want := quality.Outcome{RepoID: 7, Repo: "acme/shop", Change: "#1", Source: quality.Gate, Author: quality.Agent, Agent: "Codex", Model: "name-5", Lines: 40, Languages: []string{"go"}, State: quality.Merged, Base: "main", Head: "bb", Merge: "cc",
			Opened: at(-1), Ready: at(-1), Merged: at(4), Pushes: 1, ToGreen: &pushes, FirstPass: &no, Blocked: true,
			Path:     []quality.Step{{State: gate.Block, At: at(0), Head: "aa"}, {State: gate.Pass, At: at(2), Head: "bb"}},
			Findings: []quality.Finding{one, two}, Followed: at(24 * 31), After: []quality.After{{Kind: quality.Reverted, SHA: "dd", At: at(30), Because: "its message says so"}}, Judged: old}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		sums, err := st.Quality(ctx, quality.Filter{}, quality.ByAll)
		must(t, err)
		if len(sums) != 1 || sums[0].Reverted14 != 1 || sums[0].Changes != 1 || sums[0].False != 1 {
			t.Errorf("%+v", sums)
		}
		marks, err := st.QualityMarks(ctx, quality.Filter{})
		must(t, err)
		if d := cmp.Diff([]quality.Mark{{RepoID: 7, Repo: "acme/shop", At: at(2), What: "reviewgate 2 (was 1)"}}, marks); d != "" {
			t.Error(d)
		}
		n, err := st.RebuildOutcomes(ctx)
		must(t, err)
		again, err := st.Outcome(ctx, 7, "#1")
		must(t, err)
		if d := cmp.Diff(got, again); n != 1 || d != "" {
			t.Errorf("%d derived again: %s", n, d)
		}
		if _, err := st.Outcome(ctx, 8, "#1"); err == nil {
			t.Error("another repository has the outcome")
		}
	})
}

// BenchmarkQuality answers what a page asks, over 100,000 changes: go test -run='^$' -bench=Quality -benchtime=5x ./app/server/internal/store
func BenchmarkQuality(b *testing.B) {
	for _, kind := range storetest.Kinds {
		st := open(b, kind)
		_, err := fill(b.Context(), st, 100_000)
		if err != nil {
			b.Fatal(err)
		}
		readable := quality.Filter{Repos: []int64{}}
		for id := range int64(storetest.OutcomeRepos) {
			readable.Repos = append(readable.Repos, id+1)
		}
		ask := func(name string, question func(f quality.Filter) error) {
			for who, f := range map[string]quality.Filter{"all": {}, "readable": readable} {
				b.Run(fmt.Sprintf("%s/%s/%s", kind, name, who), func(b *testing.B) {
					for b.Loop() {
						if err := question(f); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
		for _, by := range quality.Bys() {
			ask("by-"+string(by), func(f quality.Filter) error {
				_, err := st.Quality(b.Context(), f, by)
				return err
			})
		}
		ask("rules", func(f quality.Filter) error {
			_, err := st.RuleTallies(b.Context(), f)
			return err
		})
		ask("rule-weeks", func(f quality.Filter) error {
			f.Rule = "test-weakened"
			_, err := st.Quality(b.Context(), f, quality.ByWeek)
			return err
		})
		ask("list", func(f quality.Filter) error {
			_, err := st.Outcomes(b.Context(), f, store.Page{})
			return err
		})
		ask("list-of-rule", func(f quality.Filter) error {
			f.Rule = "test-weakened"
			_, err := st.Outcomes(b.Context(), f, store.Page{})
			return err
		})
		ask("facets", func(f quality.Filter) error {
			_, _, _, err := st.OutcomeFacets(b.Context(), f)
			return err
		})
	}
}
