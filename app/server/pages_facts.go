package server

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/server/internal/dashboard"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// How much of a pull request's past its page shows.
const (
	shownDecisions  = 30
	shownDeliveries = 60
	shownDeeds      = 100
	shownBypasses   = 20
)

func (f shown) Pulls(ctx context.Context, q dashboard.PullFilter) (out []dashboard.PullRow, err error) {
	list, err := f.s.store.PullsShown(ctx, store.PullFilter{Those: store.Those{All: q.All, IDs: q.Repos}, Repo: q.Repo, State: q.State, Decision: q.Decision, Number: q.Number, Words: q.Words,
		After: store.PullPlace{At: q.After.At, Key: store.Key{RepoID: q.After.Repo, Number: q.After.N}}, Limit: q.Limit})
	for _, p := range list {
		out = append(out, pullRow(p))
	}
	return out, err
}

func pullRow(p store.PullShown) dashboard.PullRow {
	return dashboard.PullRow{RepoID: p.RepoID, Repo: p.Repo, Number: p.Number, Title: p.Title, Author: p.Author, State: p.State, Draft: p.Draft, Head: p.Head, BaseRef: p.BaseRef, Decision: p.Decision,
		Says: p.Says, Advisory: p.Advisory, Decided: p.Decided, Working: p.Working, Place: dashboard.Place{At: p.Place.At, Repo: p.RepoID, N: p.Number}}
}

func (f shown) Repos(ctx context.Context, q dashboard.RepoFilter) (out []dashboard.RepoRow, err error) {
	list, err := f.s.store.ReposShown(ctx, store.RepoFilter{Those: store.Those{All: q.All, IDs: q.Repos}, Words: q.Words, After: q.After, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	policies := map[string]*gate.Policy{} // many share one
	for _, r := range list {
		row, err := f.repoRow(ctx, r, policies)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

func (f shown) repoRow(ctx context.Context, r store.RepoShown, policies map[string]*gate.Policy) (dashboard.RepoRow, error) {
	row := dashboard.RepoRow{ID: r.ID, Name: r.Owner + "/" + r.Name, DefaultBranch: r.DefaultBranch, Installation: r.Installation, Swept: r.Swept, Open: r.Open, Blocked: r.Blocked, Waiting: r.Waiting}
	if r.ConfigKey == "" {
		return row, nil
	}
	policy, known := policies[r.ConfigKey]
	if !known {
		data, err := f.s.store.Config(ctx, r.ConfigKey)
		if err != nil {
			return row, err
		}
		var e config.Effective
		if data != nil && json.Unmarshal(data, &e) == nil { // what is no longer kept, or was written by another version, is not shown
			policy = e.Policy
		}
		policies[r.ConfigKey] = policy
	}
	row.Policy = policy
	return row, nil
}

func (f shown) Repo(ctx context.Context, id int64) (*dashboard.Repo, error) {
	list, err := f.s.store.ReposShown(ctx, store.RepoFilter{Those: store.Those{All: true}, ID: id, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, dashboard.ErrNotFound
	}
	row, err := f.repoRow(ctx, list[0], map[string]*gate.Policy{})
	if err != nil {
		return nil, err
	}
	out := &dashboard.Repo{RepoRow: row, PolicyAt: list[0].ConfigAt}
	bypasses, err := f.s.store.Bypasses(ctx, id, shownBypasses)
	for _, b := range bypasses {
		out.Bypasses = append(out.Bypasses, dashboard.Bypass{Number: b.Number, Branch: b.Branch, SHA: b.SHA, Reason: b.Reason, Who: b.Who, Made: b.Made})
	}
	return out, err
}

func (f shown) Pull(ctx context.Context, repo int64, number int) (*dashboard.Pull, error) {
	st, k := f.s.store, store.Key{RepoID: repo, Number: number}
	p, err := st.PullShown(ctx, k)
	if err != nil {
		return nil, absent(err)
	}
	out := &dashboard.Pull{PullRow: pullRow(p), Want: p.Want, Done: p.Done}
	history, err := st.DecisionsOf(ctx, k, shownDecisions)
	if err != nil {
		return nil, err
	}
	for _, d := range history {
		out.History = append(out.History, dashboard.Decided{ID: d.ID, Generation: d.Generation, Judgement: d.Seq, Head: d.Head, BaseRef: d.BaseRef, Made: d.Made, Config: d.ConfigKey, Decision: d.Decision})
	}
	if len(out.History) > 0 {
		out.Last, out.Policy = &out.History[0], out.History[0].Config
		last, err := st.LastDecision(ctx, k)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		out.Facts = last.Facts
	}
	deliveries, err := st.DeliveriesOf(ctx, k, shownDeliveries)
	if err != nil {
		return nil, err
	}
	out.Deliveries = deliveriesShown(deliveries)
	deeds, err := st.DeedsShown(ctx, k, shownDeeds)
	for _, d := range deeds {
		out.Deeds = append(out.Deeds, dashboard.Deed{ID: d.ID, Kind: d.Kind, Slot: d.Slot, Head: d.Head, State: d.State, LastError: d.LastError, Attempts: d.Attempts, Judgement: d.Seq, Created: d.Created, Updated: d.Updated})
	}
	return out, err
}
