package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// spareFor is the longest time that a job waits for requests before it looks again whether there are some.
const spareFor = time.Minute

// errSpared says that a job waits, because the requests that are left are kept for what can take a green check away.
var errSpared = errors.New("less than a fifth of the hour's requests to GitHub is left, and this pull request is not green: it waits")

// spare puts a pull request's job off while few requests are left, unless something of it is green. What waits keeps the check that it has, and
// that is no green one.
func (s *Server) spare(ctx context.Context, ref review.Ref) error {
	q, now := s.app.Installation(ref.Installation).Quota(), s.cfg.Now()
	if !q.Low(now) {
		return nil
	}
	green, err := s.anyGreen(ctx, keyOf(ref))
	if err != nil || green {
		return err
	}
	return later{errSpared, min(q.Reset.Sub(now), spareFor)}
}

// anyGreen says whether a check run of ours on any head of the pull request is green, or may be because nobody knows what became of it.
func (s *Server) anyGreen(ctx context.Context, k store.Key) (bool, error) {
	p, err := s.store.Pull(ctx, k)
	if err != nil {
		return false, err
	}
	deeds, err := s.store.Slots(ctx, k, store.KindCheck)
	if err != nil {
		return false, err
	}
	// Pull requests with one head share a check run, whoever told it last.
	if p.Head != "" {
		ref := review.Ref{RepoID: k.RepoID}
		d, err := s.store.Newest(ctx, review.Slot(ref, p.Head, p.Repo.DefaultBranch, p.BaseRef))
		switch {
		case err == nil:
			deeds = append(deeds, d)
		case !errors.Is(err, store.ErrNotFound):
			return false, err
		}
	}
	for _, d := range deeds {
		m, err := mark(d)
		if err != nil {
			return false, fmt.Errorf("reading what our checks say: %w", err)
		}
		if m.Says == "success" {
			return true, nil
		}
	}
	return false, nil
}

// hold says whether a deed waits while few requests are left: what only informs does.
func (s *Server) hold(ctx context.Context, d store.Deed) bool {
	if d.Kind == store.KindCheck || d.Kind == store.KindCancel || strings.HasPrefix(d.Slot, bypassSlot) {
		return false
	}
	p, err := s.store.Pull(ctx, d.Key)
	return err == nil && s.app.Installation(p.Repo.Installation).Quota().Low(s.cfg.Now())
}
