package server

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/source"
)

// What the gate learns from the changes that it judged. Nothing here decides anything, and what fails is logged and tried again the next time.

// Learning are the settings of that.
type Learning struct {
	// Costs find tokens and money that changes state (quality.costs); none: nothing is read.
	Costs []quality.CostPattern
	// KeepOutcomes is how long outcomes are kept (quality.keep); 0: for ever.
	KeepOutcomes time.Duration
	Alarms       AlarmHook
}

// Times of learning.
const (
	learnEvery  = time.Hour
	followAgain = 20 * time.Hour // between two looks at what came after the merges of a branch
	followSteps = 20_000         // commits of a branch within the time that changes are followed
)

// judged keeps what a decision says of the change.
func (r records) judged(ctx context.Context, tx *store.Tx, o review.Outcome) error {
	if o.Decision == nil || o.Facts == nil || o.Facts.Head == "" || o.Ref.Number <= 0 {
		return nil
	}
	was, err := tx.Judged(ctx, keyOf(o.Ref), o.Facts.Head)
	if err != nil {
		return err
	}
	return tx.SaveJudged(ctx, keyOf(o.Ref), quality.Judge(was, r.now().UTC(), o.Policy, o.Decision, o.Facts, measure(o), r.costs), r.now())
}

// measure is what the scan says; nil: there was none.
func measure(o review.Outcome) *quality.Measure {
	if o.Scan == nil {
		return nil
	}
	var paths []string
	for i := range o.Facts.Files {
		paths = append(paths, o.Facts.Files[i].Path)
	}
	m := &quality.Measure{Files: o.Scan.Files, Lines: o.Scan.Lines, Languages: quality.LanguagesOf(paths), Findings: o.Scan.Findings, Groups: map[string]quality.Group{}, Seconds: o.Scan.Duration.Seconds(), By: o.By}
	for i := range o.Scan.Rules {
		m.Groups[o.Scan.Rules[i].ID] = quality.GroupOf(o.Scan.Rules[i].Tags)
	}
	return m
}

// seen keeps when a pull request was opened and ended.
func (s *Server) seen(ctx context.Context, ref review.Ref, live *github.PullFacts) error {
	at := store.Times{Opened: live.Created, Ended: live.Ended, Draft: live.Facts.Draft, Now: s.cfg.Now()}
	if live.Facts.State == string(quality.Merged) {
		at.Merge = live.MergeSHA
	}
	return s.store.Tx(ctx, func(tx *store.Tx) error { return tx.SaveTimes(ctx, keyOf(ref), at) })
}

// learn follows merged changes, watches for agents whose output becomes worse, and tells of it, at the start and every hour.
func (s *Server) learn() {
	tick := time.NewTicker(learnEvery)
	defer tick.Stop()
	for {
		if err := s.learnOnce(s.ctx); err != nil && s.ctx.Err() == nil {
			s.cfg.Log.Error().Str("error", github.Redact(err.Error())).Msg("learning from outcomes")
		}
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// derivation is the setting that says by which version the stored outcomes were derived.
const derivation = "quality/derivation"

func (s *Server) learnOnce(ctx context.Context) error {
	unlock, alone, err := s.store.AloneNow(ctx, "quality")
	if err != nil || !alone {
		return err
	}
	defer unlock()
	if err := s.rederive(ctx); err != nil {
		return err
	}
	errs := []error{s.follow(ctx)}
	if s.cfg.KeepOutcomes > 0 {
		_, err := s.store.DropOutcomes(ctx, s.cfg.Now().Add(-s.cfg.KeepOutcomes))
		errs = append(errs, err)
	}
	errs = append(errs, s.watch(ctx))
	return errors.Join(errs...)
}

// rederive derives all outcomes anew where another version had derived them.
func (s *Server) rederive(ctx context.Context) error {
	now := strconv.Itoa(quality.Derivation)
	has, err := s.store.Setting(ctx, derivation)
	if err != nil || has == now {
		return err
	}
	n, err := s.store.RebuildOutcomes(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		s.cfg.Log.Info().Int("outcomes", n).Msg("outcomes were derived again")
	}
	return s.store.SetSetting(ctx, derivation, now)
}

// follow looks at what came after the merges of the last days, branch by branch.
func (s *Server) follow(ctx context.Context) error {
	now := s.cfg.Now()
	list, err := s.store.ToFollow(ctx, now.AddDate(0, 0, -quality.FollowDays-1), now.Add(-followAgain))
	if err != nil {
		return err
	}
	var errs []error
	for _, b := range list {
		if err := s.followBranch(ctx, &b, now); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			errs = append(errs, fmt.Errorf("following the changes of %s/%s on %s: %w", b.Repo.Owner, b.Repo.Name, b.Branch, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Server) followBranch(ctx context.Context, b *store.Following, now time.Time) error {
	gh := s.app.Installation(b.Repo.Installation)
	_, tips, err := gh.Tips(ctx, b.Repo.Owner, b.Repo.Name, b.Branch)
	if err != nil {
		return err
	}
	tip := tips[b.Branch]
	if tip == "" {
		return nil // the branch is gone, and what came after is not known
	}
	token, err := gh.Token(ctx, b.Repo.Owner, b.Repo.Name)
	if err != nil {
		return err
	}
	changes := map[string]*store.Followed{}
	for i := range b.Changes {
		changes[b.Changes[i].Merge] = &b.Changes[i]
	}
	opt := source.FetchOptions{URL: gh.CloneURL(b.Repo.Owner, b.Repo.Name), Token: token, Base: tip, Head: tip}
	snap, err := s.fetch(ctx, b.Repo.ID, opt)
	if err != nil {
		return err
	}
	tracker := quality.NewTracker(func(l *quality.Landed) *quality.Tracked {
		c := changes[l.SHA]
		if c == nil {
			return nil
		}
		return &quality.Tracked{SHA: l.SHA, Number: c.Number, Inner: c.Heads, Merged: c.Merged}
	})
	walker, ok := snap.Git.(*source.Snapshot)
	if !ok {
		return errors.Join(errors.New("the fetched repository has no history"), snap.Close())
	}
	err = walker.Walk(ctx, source.WalkOptions{Tip: tip, After: b.Changes[0].Merge + "^1", Most: followSteps, Want: quality.Counted}, func(step *source.WalkStep) error {
		tracker.Step(Landed(step))
		return nil
	})
	if err := errors.Join(err, snap.Close()); err != nil {
		return err
	}
	return s.store.Tx(ctx, func(tx *store.Tx) error {
		for _, c := range tracker.Followed() {
			k := store.Key{RepoID: b.Repo.ID, Number: c.Number}
			if err := tx.SaveFollowed(ctx, k, now, c.After); err != nil {
				return err
			}
		}
		return nil
	})
}

// Landed is a step of a history as outcomes take it.
func Landed(step *source.WalkStep) *quality.Landed {
	l := &quality.Landed{SHA: step.SHA, At: step.At, Message: step.Message}
	for i := range step.Inner {
		l.Inner = append(l.Inner, step.Inner[i].SHA)
	}
	for i := range step.Files {
		l.Files = append(l.Files, quality.LandedFile(step.Files[i]))
	}
	return l
}
