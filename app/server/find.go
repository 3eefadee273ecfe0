package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// helloTime bounds the first question to GitHub: the server starts without an answer, too.
const helloTime = 10 * time.Second

// hello asks GitHub for the first time, and has the searches made that tell what happened while we were away. A GitHub that cannot be
// reached now is no reason not to start; one that does not know the App is.
func (s *Server) hello(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	count, err := s.app.Count(asking)
	var refused *github.Error
	switch {
	case errors.As(err, &refused):
		return fmt.Errorf("GitHub does not accept the App's id or private key (REVIEWGATE_APP_ID, REVIEWGATE_PRIVATE_KEY_FILE), or this machine's clock is wrong: %w", err)
	case err != nil:
		s.cfg.Log.Error().Str("error", github.Redact(err.Error())).Msg("GitHub cannot be reached; starting all the same")
	}
	known, dbErr := s.store.Installations(ctx)
	if dbErr != nil {
		return dbErr
	}
	var searches []jobs.Search
	for _, id := range known {
		searches = append(searches, jobs.Search{Installation: id, All: true})
	}
	if err != nil || count > len(known) {
		searches = []jobs.Search{{}} // some that we do not know
	}
	return s.store.Tx(ctx, func(tx *store.Tx) error { return s.queue.Search(ctx, tx, searches...) })
}

// find looks for open pull requests that no event has told us of. It goes down one level at a time, each a job of its own: the App's
// installations, an installation's repositories, a repository's open pull requests (one list, paged). What is found and not as the
// last job left it gets its job, behind everything that somebody waits for.
func (s *Server) find(ctx context.Context, what jobs.Search) error {
	switch {
	case what.Installation == 0:
		return s.findInstallations(ctx)
	case what.RepoID == 0:
		return s.findRepos(ctx, what)
	}
	return s.findPulls(ctx, what)
}

func (s *Server) findInstallations(ctx context.Context) error {
	list, err := s.app.Installations(ctx)
	if err != nil {
		return err
	}
	var next []jobs.Search
	for _, in := range list {
		if !in.Suspended {
			next = append(next, jobs.Search{Installation: in.ID, All: true})
		}
	}
	return s.store.Tx(ctx, func(tx *store.Tx) error { return s.queue.Search(ctx, tx, next...) })
}

func (s *Server) findRepos(ctx context.Context, what jobs.Search) error {
	list, err := s.app.Installation(what.Installation).Repositories(ctx)
	switch {
	case errors.Is(err, github.ErrNotFound): // it was removed: it covers nothing
	case errors.Is(err, github.ErrForbidden):
		s.cfg.Log.Info().Ctx(ctx).Int64("installation", what.Installation).Err(err).Msg("the installation cannot be read; if it was suspended, an event will tell when it is back")
		return nil
	case err != nil:
		return err
	}
	var repos []store.Repo
	archived := map[int64]bool{} // nothing can happen there
	for _, r := range list {
		repos = append(repos, store.Repo{ID: r.ID, Installation: what.Installation, Owner: r.Owner, Name: r.Name, DefaultBranch: r.DefaultBranch})
		archived[r.ID] = r.Archived
	}
	return s.store.Covered(ctx, what.Installation, repos, what.All, func(ctx context.Context, tx *store.Tx, todo []store.Repo) error {
		var next []jobs.Search
		for _, r := range todo {
			if !archived[r.ID] {
				next = append(next, jobs.Search{Installation: what.Installation, RepoID: r.ID})
			}
		}
		return s.queue.Search(ctx, tx, next...)
	})
}

func (s *Server) findPulls(ctx context.Context, what jobs.Search) error {
	repo, err := s.store.Repo(ctx, what.RepoID)
	if err != nil {
		return err
	}
	if repo.Installation != what.Installation {
		return nil // it was taken away meanwhile
	}
	return s.listPulls(ctx, repo)
}

func (s *Server) listPulls(ctx context.Context, repo store.Repo) error {
	began := s.cfg.Now()
	open, err := s.app.Installation(repo.Installation).Open(ctx, repo.Owner, repo.Name)
	if errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrForbidden) {
		s.cfg.Log.Info().Ctx(ctx).Str("repo", repo.Owner+"/"+repo.Name).Err(err).Msg("the open pull requests cannot be read")
		return nil
	}
	if err != nil {
		return err
	}
	var list []store.Listed
	for _, p := range open {
		list = append(list, store.Listed{Number: p.Number, Head: p.Head, BaseRef: p.BaseRef, Draft: p.Draft, Updated: p.Updated})
	}
	raised, err := s.store.Found(ctx, repo, list, began, s.queue.EnqueueFound)
	if err != nil {
		return fmt.Errorf("after listing %d open pull requests: %w", len(list), err)
	}
	s.cfg.Log.Info().Ctx(ctx).Str("repo", repo.Owner+"/"+repo.Name).Int("open", len(list)).Int("raised", raised).Msg("listed the open pull requests")
	return nil
}
