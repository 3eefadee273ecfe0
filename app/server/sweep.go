package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// A sweep looks at every open pull request of a repository in a few requests, and has those judged again that are not as their last decision took
// them: so that nothing depends on a webhook that may have been lost. It also answers the events that may concern every pull request (a push to
// the default branch, a change of a team), because few of them change for one of those.
//
// Nothing is decided here. What is green and would not be green by what the sweep saw is taken back at once ("in progress") and judged by its job.

// Times of sweeps.
const (
	sweepEvery = 5 * time.Minute // where the configuration does not say
	sweepTick  = 6               // a repository's turn comes within a sixth of the time between two sweeps
	sameAgain  = time.Hour       // the same difference is looked into that often
)

// sweeps has repositories swept in turn, and missed deliveries sent again, until the server stops.
func (s *Server) sweeps() {
	every := s.cfg.Sweep
	if every <= 0 {
		return
	}
	tick := time.NewTicker(max(every/sweepTick, time.Millisecond))
	defer tick.Stop()
	for {
		if err := s.turn(s.ctx, every); err != nil && s.ctx.Err() == nil {
			s.cfg.Log.Error().Str("error", github.Redact(err.Error())).Msg("sweeping")
		}
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// turn raises the sweeps that are due.
func (s *Server) turn(ctx context.Context, every time.Duration) error {
	// One process looks at a time: what the others would raise is raised already.
	unlock, alone, err := s.store.AloneNow(ctx, "sweeps")
	if err != nil || !alone {
		return err
	}
	defer unlock()
	if s.cfg.Now().Sub(s.recovered) >= every {
		s.recovered = s.cfg.Now()
		if err := s.recover(ctx); err != nil {
			// GitHub may be down: the sweep is tried all the same, and so is this the next time.
			s.cfg.Log.Warn().Str("error", github.Redact(err.Error())).Msg("looking for missed deliveries")
		}
	}
	list, err := s.store.Installations(ctx)
	if err != nil {
		return err
	}
	for _, id := range list {
		if _, err := s.store.RaiseSweeps(ctx, id, s.cfg.Now().Add(-s.between(id, every)), s.queue.EnqueueFound); err != nil {
			return err
		}
	}
	return nil
}

// between is the time between two sweeps of an installation's repositories: it follows what is left of the requests.
func (s *Server) between(installation int64, every time.Duration) time.Duration {
	q := s.app.Installation(installation).Quota()
	switch now := s.cfg.Now(); {
	case q.Low(now):
		return 4 * every
	case q.Half(now):
		return 2 * every
	}
	return every
}

// untold is the difference that needs no new telling, only that what waits is told.
const untold = "something is still to be told"

// unsure is the difference that goes away by itself, once a job has run in a later second.
const unsure = "more may have happened in the second in which it was last judged"

// A sweep in progress.
type sweeping struct {
	*Server
	ref   review.Ref
	gh    *github.Client
	sight *github.Sight
	cur   *review.Current // nil: the repository has no commit, or its configuration cannot be read
	now   time.Time

	people  gate.People
	unknown []gate.Unknown
	pushed  map[[2]string]map[string]bool // by old and new tip: the commits between them; nil: it cannot be told

	raise []store.Raise
	green map[int]bool // of raise: the check is green
	same  []store.Verified
	// Counts for the log.
	open, back int
}

// sweep sweeps one repository.
func (s *Server) sweep(ctx context.Context, ref review.Ref) error {
	start := s.cfg.Now()
	w := &sweeping{Server: s, ref: ref, gh: s.app.Installation(ref.Installation), now: start, pushed: map[[2]string]map[string]bool{}, green: map[int]bool{}}
	if ref.Installation == 0 {
		return nil // it was taken away
	}
	var err error
	w.sight, err = w.gh.Sight(ctx, ref.Owner, ref.Name)
	switch {
	case errors.Is(err, github.ErrInvalid) || errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrForbidden):
		// An old Enterprise Server, a permission that was not granted, or a repository that is gone: the list tells which.
		s.cfg.Log.Warn().Ctx(ctx).Str("repo", ref.Owner+"/"+ref.Name).Str("error", github.Redact(err.Error())).Msg("GitHub does not answer the sweep's question; the open pull requests are listed instead")
		return s.list(ctx, ref.RepoID)
	case err != nil:
		return err
	case w.sight.Repository.ID != ref.RepoID:
		return s.list(ctx, ref.RepoID) // it was renamed, and another has its name
	}
	w.ref.Owner, w.ref.Name = w.sight.Repository.Owner, w.sight.Repository.Name
	if err := w.read(ctx); err != nil {
		return err
	}
	if err := w.compare(ctx); err != nil {
		return err
	}
	if err := w.write(ctx); err != nil {
		return err
	}
	if err := w.audit(ctx); err != nil {
		return err
	}
	s.cfg.Log.Info().Ctx(ctx).Str("repo", w.ref.Owner+"/"+w.ref.Name).Int("open", w.open).Int("raised", len(w.raise)).Int("taken_back", w.back).Int("queries", w.sight.Queries).
		Dur("took", s.cfg.Now().Sub(start)).Msg("swept")
	return nil
}

// list is the sweep of a GitHub that cannot be asked in batches.
func (s *Server) list(ctx context.Context, repoID int64) error {
	repo, err := s.store.Repo(ctx, repoID)
	if err != nil {
		return err
	}
	if err := s.listPulls(ctx, repo); err != nil {
		return err
	}
	return s.store.Swept(ctx, repoID, nil, nil, s.cfg.Now(), s.queue.Enqueue)
}

// read reads the configuration that applies now, and every team and role that the open pull requests' decisions rest on, each once.
func (w *sweeping) read(ctx context.Context) error {
	if w.sight.DefaultSHA == "" {
		return nil
	}
	var err error
	if w.cur, err = w.reviewer.Current(ctx, w.ref, w.sight.Repository, w.sight.DefaultSHA); err != nil {
		if !review.Lasting(err) {
			return err
		}
		w.cfg.Log.Warn().Ctx(ctx).Str("repo", w.ref.Owner+"/"+w.ref.Name).Str("error", github.Redact(err.Error())).Msg("the configuration cannot be read; the open pull requests are judged again")
		return nil
	}
	var all gate.Wants
	err = w.store.Standing(ctx, w.ref.RepoID, func(st store.Standing) error {
		if st.Decision == nil {
			return nil
		}
		f := *st.Decision.Facts
		f.Codeowners = w.cur.Config.Codeowners
		wants := gate.Needs(w.cur.Config.Policy, &f)
		all.Users, all.Teams, all.Roles = append(all.Users, wants.Users...), append(all.Teams, wants.Teams...), append(all.Roles, wants.Roles...)
		return nil
	})
	if err != nil {
		return err
	}
	w.people, w.unknown, err = w.gh.People(ctx, w.ref.Owner, w.ref.Name, all)
	return err // what cannot be read for a moment is asked for again: the sweep is
}

// compare finds the pull requests that are not as their last decision took them.
func (w *sweeping) compare(ctx context.Context) error {
	seen := map[int]*github.Seen{}
	for i := range w.sight.Pulls {
		seen[w.sight.Pulls[i].Number] = &w.sight.Pulls[i]
	}
	low := w.gh.Quota().Low(w.cfg.Now())
	waiting := 0
	err := w.store.Standing(ctx, w.ref.RepoID, func(st store.Standing) error {
		w.open++
		p := seen[st.Number]
		delete(seen, st.Number)
		green, marks, err := w.told(ctx, &st, p)
		if err != nil {
			return err
		}
		if low && !green {
			waiting++
			return nil // what is not green cannot become worse
		}
		why, back, err := w.differs(ctx, &st, p)
		if err != nil {
			return err
		}
		force := false
		if marks != "" {
			why, force = append(why, marks), marks != untold
		}
		if len(why) == 0 {
			if st.Done == st.Want && (st.Base != p.Base || !st.Updated.Equal(p.Updated)) {
				w.same = append(w.same, store.Verified{Number: st.Number, Base: p.Base, Updated: p.Updated})
			}
			return nil
		}
		sighting, err := sightingOf(why, p, &st)
		if err != nil {
			return err
		}
		if sighting == st.Sighting && w.now.Sub(st.Sighted) < sameAgain && !(back && green) && !slices.Contains(why, unsure) {
			return nil // its job has seen that, and found nothing else
		}
		w.cfg.Log.Info().Ctx(ctx).Str("repo", w.ref.Owner+"/"+w.ref.Name).Int("pr", st.Number).Bool("green", green).Strs("why", why).Msg("a sweep found a difference")
		if back && green {
			if err := w.takeBack(ctx, &st, why[0]); err != nil {
				return err
			}
		}
		w.green[st.Number] = green
		w.raise = append(w.raise, store.Raise{Number: st.Number, Force: force, Sighting: sighting})
		return nil
	})
	for n := range seen { // sorted below
		w.raise = append(w.raise, store.Raise{Number: n})
	}
	slices.SortFunc(w.raise, func(a, b store.Raise) int { return a.Number - b.Number })
	if waiting > 0 {
		w.cfg.Log.Warn().Ctx(ctx).Str("repo", w.ref.Owner+"/"+w.ref.Name).Int("pull_requests", waiting).Msg("less than a fifth of the hour's requests is left: only green pull requests are looked at")
	}
	return err
}

// told compares our check run on the head with what we told last. differs is "" if it is as it should be.
func (w *sweeping) told(ctx context.Context, st *store.Standing, p *github.Seen) (green bool, differs string, err error) {
	head, baseRef := st.Head, st.BaseRef
	if p != nil {
		head, baseRef = p.Head, p.BaseRef
	}
	if head == "" {
		return false, "", nil
	}
	name := gate.CheckName(w.sight.Repository.DefaultBranch, baseRef)
	d, err := w.store.Newest(ctx, review.Slot(w.ref, head, w.sight.Repository.DefaultBranch, baseRef))
	if errors.Is(err, store.ErrNotFound) {
		return st.Head != head && w.wasGreen(ctx, st), "", nil
	}
	if err != nil {
		return false, "", err
	}
	m, err := mark(d)
	if err != nil {
		return false, "", err
	}
	green = m.Says == "success"
	if p == nil || st.Want != st.Done {
		return green, "", nil
	}
	var run *github.CheckRun
	for i := range p.Runs {
		if r := &p.Runs[i]; r.Name == name && (run == nil || r.ID > run.ID) {
			run = r
		}
	}
	switch {
	case run == nil && !p.RunsKnown, d.State == store.Refused:
		return green, "", nil
	case d.State == store.Pending || st.Pending:
		return green, untold, nil
	case run == nil && m.Says == "cancelled":
		return green, "", nil
	case run == nil:
		return green, "our check run is not there", nil
	case run.Conclusion == "success" && m.Says != "success":
		return true, "our check run is green and should not be", nil
	case m.Says == "in_progress":
		return green, "our check run stands in progress", nil
	case run.Status != "completed" || run.Conclusion != m.Says || run.Key != d.Marker:
		return green, "our check run is not as it was told", nil
	}
	return green, "", nil
}

// wasGreen says whether the head that we know, which is no longer the head, is green.
func (w *sweeping) wasGreen(ctx context.Context, st *store.Standing) bool {
	d, err := w.store.Newest(ctx, review.Slot(w.ref, st.Head, w.sight.Repository.DefaultBranch, st.BaseRef))
	if err != nil {
		return true // that it cannot be read is told by whoever reads it next
	}
	m, err := mark(d)
	return err != nil || m.Says == "success"
}

// differs says why a pull request has to be judged again; nothing if it stands as its last decision took it. back says that by what was seen it
// would not pass.
func (w *sweeping) differs(ctx context.Context, st *store.Standing, p *github.Seen) (why []string, back bool, err error) {
	switch {
	case p == nil:
		return []string{"it is not open any more"}, false, nil
	case st.Decision == nil && st.Want > st.Done:
		return nil, false, nil // its job is on the way
	case st.Decision == nil:
		return []string{"there is no decision"}, false, nil
	case w.cur == nil:
		return []string{"the configuration cannot be read"}, true, nil
	}
	for _, f := range p.Foreign {
		fresh, err := w.store.SaveForeign(ctx, w.ref.RepoID, p.Head, store.ForeignMark{Kind: f.Kind, Name: f.Name, Source: f.From, Says: f.Says}, w.now)
		if err != nil {
			return nil, false, err
		}
		if fresh {
			w.cfg.Log.Warn().Ctx(ctx).Bool("audit", true).Str("repo", w.ref.Owner+"/"+w.ref.Name).Int("pr", st.Number).Str("what", f.Kind).Str("name", f.Name).Str("from", f.From).Str("says", f.Says).Msg(foreignText)
			why = append(why, "a check that is not ours bears its name")
		}
	}
	f := st.Decision.Facts
	add := func(differs bool, reason string) {
		if differs {
			why = append(why, reason)
		}
	}
	add(p.Head != f.Head, "the head is another")
	add(p.BaseRef != f.BaseRef, "the base branch is another")
	add(f.State != "open", "it was closed")
	add(p.Draft != f.Draft, "it became a draft, or ready for review")
	add(reviewsDiffer(f, p), "a review is new, or is not what it was")
	add(commentsDiffer(f, p), "a comment was changed or deleted")
	switch {
	case st.Updated.Unix() <= 0:
		add(true, unsure)
	default:
		add(!st.Updated.Equal(p.Updated), "GitHub marks it as changed")
	}
	if p.Head != f.Head || p.BaseRef != f.BaseRef {
		return why, false, nil
	}
	more, back, err := w.rests(ctx, st, p)
	return append(why, more...), back, err
}

func reviewsDiffer(f *gate.Facts, p *github.Seen) bool {
	states := map[int64]string{}
	for _, r := range f.Reviews {
		states[r.ID] = r.State
	}
	return slices.ContainsFunc(p.Reviews, func(r github.SeenReview) bool { return states[r.ID] != r.State })
}

// commentsDiffer looks at the comments that a decision knows. New ones change GitHub's mark of the last change.
func commentsDiffer(f *gate.Facts, p *github.Seen) bool {
	if len(f.Siblings) > 0 {
		return false // some belong to another pull request
	}
	now := map[int64]github.SeenComment{}
	for _, c := range p.Comments {
		now[c.ID] = c
	}
	return slices.ContainsFunc(f.Comments, func(c gate.Comment) bool {
		seen, ok := now[c.ID]
		if !ok {
			return len(p.Comments) == 0 || c.ID > p.Comments[0].ID // older ones were not looked at
		}
		return seen.Edited && !c.Edited
	})
}

// rests compares what a decision rests on beside the pull request itself: the policy, the base branch, teams and roles. The facts that it was made
// from are judged again with those of now: where that comes to the same, nothing has to be asked.
func (w *sweeping) rests(ctx context.Context, st *store.Standing, p *github.Seen) (why []string, back bool, err error) {
	f := *st.Decision.Facts
	same, err := w.cur.Same(ctx, st.Decision.ConfigKey, &f)
	if err != nil {
		return nil, false, err
	}
	if !same {
		why = append(why, "the policy, rules or CODEOWNERS changed")
		if w.cur.Brings(&f) {
			return why, true, nil
		}
	}
	if p.Base != st.Base {
		touched, err := w.touched(ctx, st.Base, p.Base, &f)
		if err != nil {
			return nil, false, err
		}
		if touched {
			return append(why, "its base branch has some of its commits now, or was rewritten"), true, nil
		}
	}
	f.Base = p.Base
	f.Codeowners = w.cur.Config.Codeowners
	wants := gate.Needs(w.cur.Config.Policy, &f)
	f.People = w.peopleOf(wants)
	if len(w.unknown) > 0 && len(f.Unknown) == 0 && len(wants.Teams)+len(wants.Users)+len(wants.Roles) > 0 {
		f.Unknown = w.unknown
	}
	again := gate.Decide(w.cur.Config.Policy, &f)
	back = again.State != gate.Pass
	equal, err := sameDecision(again, st.Decision.Decision)
	if err != nil {
		return nil, false, err
	}
	if same && !equal {
		why = append(why, "a team, a role or the base branch changed")
	}
	return why, back && len(why) > 0, nil
}

// sameDecision compares decisions, apart from the commits that the same policy was read at.
func sameDecision(a, b *gate.Decision) (bool, error) {
	one, two := *a, *b
	one.Sources, two.Sources = nil, nil
	x, err := json.Marshal(one)
	if err != nil {
		return false, fmt.Errorf("comparing decisions: %w", err)
	}
	y, err := json.Marshal(two)
	if err != nil {
		return false, fmt.Errorf("comparing decisions: %w", err)
	}
	return bytes.Equal(x, y), nil
}

// peopleOf gives what a job would be told of the people that it wants.
func (w *sweeping) peopleOf(wants gate.Wants) gate.People {
	out := gate.People{Roles: map[int64]gate.Role{}, Users: map[string]gate.Person{}, Teams: map[string]gate.Team{}}
	role := func(id int64) {
		if r, ok := w.people.Roles[id]; ok {
			out.Roles[id] = r
		}
	}
	for _, name := range wants.Users {
		name = strings.ToLower(strings.TrimPrefix(name, "@"))
		if who, ok := w.people.Users[name]; ok {
			out.Users[name] = who
			role(who.ID)
		}
	}
	for _, name := range wants.Teams {
		if t, ok := w.people.Teams[strings.ToLower(name)]; ok {
			out.Teams[strings.ToLower(name)] = t
		}
	}
	for _, who := range wants.Roles {
		role(who.ID)
	}
	return out
}

// touched says whether what came onto a base branch can change what a pull request into it is: only if it brought some of the pull request's own
// commits. Otherwise the two have the same commits in common as before, so the merge base and the changed files are the same.
func (w *sweeping) touched(ctx context.Context, from, to string, f *gate.Facts) (bool, error) {
	if from == "" || to == "" {
		return true, nil
	}
	step := [2]string{from, to}
	commits, known := w.pushed[step]
	if !known {
		var err error
		commits, err = w.reviewer.Pushed(ctx, w.ref, w.sight.Repository, from, to)
		if err != nil && !review.Lasting(err) {
			return false, err
		}
		if err != nil {
			commits = nil
		}
		w.pushed[step] = commits
	}
	return commits == nil || slices.ContainsFunc(f.Commits, func(c gate.Commit) bool { return commits[c.SHA] }), nil
}

// takeBack takes a green check back before its job runs.
func (w *sweeping) takeBack(ctx context.Context, st *store.Standing, why string) error {
	ref := w.ref
	ref.Number = st.Number
	name := gate.CheckName(w.sight.Repository.DefaultBranch, st.BaseRef)
	if err := w.reviewer.TakeBack(ctx, ref, st.Head, name, "What this decision rested on has changed: "+why+"."); err != nil {
		return err
	}
	w.back++
	return nil
}

// sightingOf names a difference, so that it is recognised when it is seen again.
func sightingOf(why []string, p *github.Seen, st *store.Standing) (string, error) {
	var id int64
	if st.Decision != nil {
		id = st.Decision.ID
	}
	data, err := json.Marshal(struct {
		Why      []string
		Seen     *github.Seen
		Decision int64
	}{why, p, id})
	if err != nil {
		return "", fmt.Errorf("naming a difference: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12]), nil
}

// write has what differs judged again, green ones first.
func (w *sweeping) write(ctx context.Context) error {
	return w.store.Swept(ctx, w.ref.RepoID, w.raise, w.same, w.now, func(ctx context.Context, tx *store.Tx, keys []store.Key) error {
		var first, rest []store.Key
		for _, k := range keys {
			if w.green[k.Number] {
				first = append(first, k)
			} else {
				rest = append(rest, k)
			}
		}
		if err := w.queue.Enqueue(ctx, tx, first); err != nil {
			return err
		}
		return w.queue.Enqueue(ctx, tx, rest)
	})
}

// keysOf gives the names in either map, sorted.
func keysOf(tips map[string]string, known map[string]store.Branch) []string {
	var out []string
	for name := range tips {
		out = append(out, name)
	}
	for name := range known {
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
