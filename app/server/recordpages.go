package server

import (
	"context"
	"errors"

	"github.com/reviewgate-app/reviewgate/app/server/internal/dashboard"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// shownRecords are the signed records as the pages see them.
type shownRecords struct{ s *Server }

func (f shownRecords) Records(ctx context.Context, repos []int64, before int64, limit int) (out []dashboard.Record, err error) {
	list, err := f.s.store.NewestRecords(ctx, repos, before, limit)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, r := range list {
		if _, known := names[r.RepoID]; !known {
			p, err := f.s.store.Pull(ctx, r.Key)
			switch {
			case err == nil:
				names[r.RepoID] = p.Repo.Owner + "/" + p.Repo.Name
			case !errors.Is(err, store.ErrNotFound):
				return nil, err
			}
		}
		out = append(out, dashboard.Record{ID: r.ID, Sequence: r.Sequence, RepoID: r.RepoID, Repo: names[r.RepoID], Number: r.Number, Kind: r.Kind, State: r.State, Head: r.Head, Merged: r.Merged,
			Made: r.Made, Digest: r.Digest, Key: r.KeyID})
	}
	return out, nil
}

func (f shownRecords) RecordFile(ctx context.Context, id int64) (repo int64, envelope []byte, err error) {
	r, err := f.s.store.Record(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil, dashboard.ErrNotFound
	}
	return r.RepoID, r.Envelope, err
}

func (f shownRecords) Signing(ctx context.Context) (out dashboard.Signing, err error) {
	if k := f.s.notary.key; k != nil {
		out.Key, out.Algorithm = k.ID, k.Algorithm()
	}
	chains, err := f.s.store.RecordChains(ctx)
	for _, c := range chains {
		out.Chains = append(out.Chains, dashboard.RecordChain(c))
	}
	return out, err
}
