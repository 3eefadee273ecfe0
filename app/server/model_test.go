package server_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/model"
)

// TestModel plays the histories of package model against the whole server: real git, webhooks that are lost, sent twice or late, a database, stops
// in the middle of work. The model's world runs beside it and knows the truth; what the check runs say comes from here. REVIEWGATE_MODEL says how
// many histories are played, REVIEWGATE_MODEL_FROM which is the first.
func TestModel(t *testing.T) {
	t.Parallel()
	n, from := 3, 1
	for name, to := range map[string]*int{"REVIEWGATE_MODEL": &n, "REVIEWGATE_MODEL_FROM": &from} {
		if s := os.Getenv(name); s != "" {
			v, err := strconv.Atoi(s)
			must(t, err)
			*to = v
		}
	}
	var mu sync.Mutex
	seen := model.NewSeen()
	t.Run("histories", func(t *testing.T) {
		for i := from; i < from+n; i++ {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				s := newStack(t, uint64(i)) //nolint:gosec // a count
				s.play()
				mu.Lock()
				defer mu.Unlock()
				for what := range s.m.Seen.N {
					seen.Add(what)
				}
			})
		}
	})
	for _, what := range slices.Sorted(maps.Keys(seen.N)) {
		t.Logf("%6d of %d histories: %s", seen.N[what], n, what)
	}
	for _, what := range []string{"green", "merge", "stale approval", "revocation", "veto", "lost", "stopped"} {
		if seen.N[what] == 0 && n >= 300 {
			t.Errorf("no history of %d reached: %s", n, what)
		}
	}
}

type throws struct{ *rand.Rand }

func (d throws) Int(_ string, max int) int { return d.IntN(max + 1) }

// A stack is one history against the whole server.
type stack struct {
	*world
	m     *model.World
	h     *model.History
	story strings.Builder
	users map[*model.User]*githubtest.User
	teams map[string]*githubtest.Team
	sha   map[string]string // by the model's commit
	real  map[int]*githubtest.Pull
	ids   map[int64]int64 // of reviews
	floor *githubtest.Repo
	blind bool
}

// errUnlike says that GitHub does not let happen what the model's does: the history ends there, and proves nothing more.
var errUnlike = errors.New("GitHub does not let that happen")

func newStack(t *testing.T, seed uint64) *stack {
	d := throws{rand.New(rand.NewPCG(seed, 7))} //nolint:gosec // the same seed, the same history
	h := model.Draw(d)
	for range 12 + d.IntN(8) {
		h.Steps = append(h.Steps, model.DrawStep(d))
	}
	s := &stack{world: newBareWorld(t, "acme", "shop", githubtest.RepoOptions{}, nil), h: h, m: model.NewWorld(h), users: map[*model.User]*githubtest.User{}, teams: map[string]*githubtest.Team{}, sha: map[string]string{}, real: map[int]*githubtest.Pull{}, ids: map[int64]int64{}}
	s.cfg.Sweep, s.cfg.Settled = -1, -1
	s.m.Tell = s.tell
	s.org.SetBasePermission("none")
	for _, u := range s.m.Users {
		to, err := s.hub.AddUser(u.Login, u.Type, 0)
		must(t, err)
		s.users[u] = to
		s.repo.SetRole(to, u.Role)
	}
	host := s.users[s.m.Users[0]]
	s.org.AddMember(host, "admin")
	for _, team := range s.m.Teams {
		s.team(team)
	}
	if s.m.Floor != "" {
		var err error
		s.floor, err = s.hub.NewRepo(s.org, ".github", githubtest.RepoOptions{})
		must(t, err)
		s.setFloor()
	}
	must(t, s.commits())
	for _, b := range []string{model.Default, "release/1", "play"} {
		must(t, s.repo.Push(host, b, s.sha[s.m.Branches[b]], false))
	}
	s.guard()
	s.start()
	s.inst = s.app.Install(s.org, host)
	s.rest()
	return s
}

func (s *stack) tell(format string, args ...any) { fmt.Fprintf(&s.story, format+"\n", args...) }

// guard makes the checks required.
func (s *stack) guard() {
	for _, b := range []string{model.Default, "release/1"} {
		s.repo.Protect(b, githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: model.CheckName(b), App: s.app}}})
	}
}

func (s *stack) play() {
	for i, step := range s.h.Steps {
		s.tell("step %d: %v", i+1, step)
		switch err := s.do(step); {
		case errors.Is(err, errUnlike):
			s.m.Seen.Add("cut short")
			s.tell("%v", err)
			return
		case err != nil:
			s.t.Fatalf("%v\n%s", err, s.story.String())
		}
		if s.t.Failed() {
			s.t.Fatal(s.story.String())
		}
	}
	s.sweep()
	s.audit()
	if s.t.Failed() {
		s.t.Fatal(s.story.String())
	}
}

// do does a step in both worlds.
func (s *stack) do(step model.Step) error {
	switch step.Kind {
	case model.Enqueue, model.Tamper, model.Arm, model.Ghost, model.Replay, model.Cut:
		return nil // the reducers' driver plays these
	case model.Open, model.Twin:
		if who := s.m.Users[1+step.Who%(len(s.m.Users)-1)]; who.Role != "write" && who.Role != "maintain" {
			return nil // as a fork
		}
	case model.MergePull:
		step.A = 0 // no squash
	case model.Sweep:
		s.sweep()
		return s.audit()
	case model.Reviews, model.Everybody:
		step.B |= 1 // nobody is hasty
	default:
	}
	stop := step.Fault >= 1 && step.Fault <= 8
	lost := step.Fate == 11 || step.Fate == 12
	if stop && !lost {
		step.Fate = 11 // whether its webhooks arrive, nobody can tell
	}
	if !s.m.Apply(step) {
		return nil
	}
	hooks := s.m.Hooks
	s.m.Hooks = nil
	if lost {
		s.vanish("")
		s.blind = true
		s.m.Seen.Add("lost")
	}
	switch step.Fate {
	case 13:
		s.hub.HookFault(githubtest.HookFault{Kind: githubtest.Doubled})
	case 14, 15:
		s.hub.HookFault(githubtest.HookFault{Kind: githubtest.Held})
	}
	if err := s.commits(); err != nil {
		return err
	}
	for _, h := range hooks {
		if err := s.mirror(h); err != nil {
			return err
		}
	}
	for n, p := range s.real {
		if p.State() != s.m.Pull(n).State {
			return fmt.Errorf("%w: #%d is %s, not %s", errUnlike, n, p.State(), s.m.Pull(n).State)
		}
	}
	s.look()
	for _, wrong := range s.m.AuditContent() {
		s.t.Error("before the webhooks are answered: " + wrong)
	}
	if stop { // in the middle of whatever it does
		s.m.Seen.Add("stopped")
		s.tell("  the server stops and starts")
		s.stop()
		s.start()
		s.blind = true
	}
	s.rest()
	s.hub.ClearFaults()
	return s.audit()
}

// rest waits until GitHub has told everything and the server has nothing left to do.
func (s *stack) rest() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 3*time.Minute)
	defer cancel()
	for told := -1; ; {
		if err := errors.Join(s.hub.Settle(ctx), s.srv.Idle(ctx)); err != nil {
			s.t.Fatalf("%v\n%s", err, s.story.String())
		}
		now := len(s.app.Deliveries())
		if now == told {
			return
		}
		told = now
	}
}

// wrote says whether an account has written a commit that one rests on: only by those GitHub tells whose an address is.
func (s *stack) wrote(u *model.User, c *model.Commit) bool {
	for at := []*model.Commit{c}; len(at) > 0; at = at[1:] {
		if at[0].Author == u {
			return true
		}
		for _, p := range at[0].Parents {
			at = append(at, s.m.Commits[p])
		}
	}
	return false
}

// audit holds the oracle against what GitHub shows.
func (s *stack) audit() error {
	s.look()
	wrong := s.m.AuditContent()
	if !s.blind {
		wrong = append(wrong, s.m.Audit()...)
		s.m.Rest()
	}
	for _, w := range wrong {
		s.t.Error(w)
	}
	return nil
}

// look reads the check runs.
func (s *stack) look() {
	now := map[[2]string]string{}
	for _, p := range s.m.Pulls {
		for _, head := range p.Heads {
			for _, r := range s.repo.CheckRuns(s.sha[head]) {
				if r.App != s.app.Slug {
					continue
				}
				at := [2]string{head, r.Name}
				now[at] = cmp.Or(r.Conclusion, r.Status)
				if strings.Contains(r.Summary, "changed since") {
					s.m.Seen.Add("stale approval")
				}
				if was := s.m.Checks[at]; was != now[at] {
					s.tell("  %s on %s: %s, %s", r.Name, head, now[at], r.Title)
					if was == "success" && now[at] == "action_required" {
						s.m.Seen.Add("revocation")
					}
				}
			}
		}
	}
	s.m.Checks = now
}

// sweep lets the server look at everything again, twice, because what one sweep finds may lead to more.
func (s *stack) sweep() {
	s.tell("  a sweep")
	s.stop()
	s.cfg.Sweep = 200 * time.Millisecond
	s.start()
	s.rest()
	s.afterSweeps(2)
	s.stop()
	s.cfg.Sweep = -1
	s.start()
	s.rest()
	s.blind = false
}

// commits makes the objects of the commits that are new.
func (s *stack) commits() error {
	var fresh []*model.Commit
	for id, c := range s.m.Commits {
		if s.sha[id] == "" {
			fresh = append(fresh, c)
		}
	}
	slices.SortFunc(fresh, func(a, b *model.Commit) int { return a.N - b.N })
	for _, c := range fresh {
		if strings.HasPrefix(c.Message, "Merge pull request ") {
			continue // GitHub makes it
		}
		to := githubtest.Commit{Author: s.users[s.m.Users[0]], Message: c.Message, Files: map[string]string{}, Modes: map[string]string{}, Parents: []string{}}
		if c.Author != nil {
			to.Author = s.users[c.Author]
		} else {
			to.AuthorEmail = "nobody@nowhere.example.com"
		}
		if c.Committer != nil {
			to.Committer = s.users[c.Committer]
		} else {
			to.CommitterEmail = "nobody@nowhere.example.com"
		}
		if u := c.CoAuthor; u != nil {
			by := s.users[u].Email
			if c.Private || !s.wrote(u, c) {
				by = fmt.Sprintf("%d+%s@users.noreply.github.com", s.users[u].ID, u.Login)
			}
			to.Message = strings.Replace(c.Message, c.Address(u), by, 1)
		}
		from := model.Tree{}
		for i, p := range c.Parents {
			to.Parents = append(to.Parents, s.sha[p])
			if i == 0 {
				from = s.m.Commits[p].Tree
			}
		}
		for _, path := range model.Differ(from, c.Tree) {
			f, there := c.Tree[path]
			if !there {
				to.Delete = append(to.Delete, path)
				continue
			}
			to.Files[path] = f.Text
			to.Modes[path] = strconv.FormatUint(uint64(f.Mode), 8)
		}
		sha, err := s.repo.Commit(to)
		if err != nil {
			return err
		}
		s.sha[c.ID] = sha
	}
	return nil
}

// mirror does on GitHub what the model's world told of.
func (s *stack) mirror(h model.Hook) error {
	unlike := func(err error) error {
		if err != nil {
			return fmt.Errorf("%w: %w", errUnlike, err)
		}
		return nil
	}
	host := s.users[s.m.Users[0]]
	by := host
	if h.Sender != nil {
		by = s.users[h.Sender]
	}
	var p *githubtest.Pull
	var q *model.Pull
	if h.Number > 0 {
		p, q = s.real[h.Number], s.m.Pull(h.Number)
	}
	switch h.Kind + " " + h.Action {
	case "pull opened":
		if err := s.repo.Push(by, q.Branch, s.sha[q.Head], false); err != nil {
			return unlike(err)
		}
		p, err := s.repo.OpenPull(by, githubtest.PullOptions{Title: "Change", Head: q.Branch, Base: q.Base, Draft: q.Draft})
		if err != nil {
			return unlike(err)
		}
		s.real[h.Number] = p
		s.pulls = append(s.pulls, p)
	case "pull synchronize":
		return unlike(s.repo.Push(by, q.Branch, s.sha[h.After], true))
	case "pull edited":
		if p.BaseRef() != q.Base {
			return unlike(p.Retarget(by, q.Base))
		}
		body := ""
		if q.Marked {
			body = "Generated with Claude Code"
		}
		return unlike(p.Edit(s.users[q.Author], "Change", body))
	case "pull closed":
		if q.State == "merged" {
			return nil // with the push
		}
		return unlike(p.Close(host))
	case "pull reopened":
		return unlike(p.Reopen(host))
	case "pull converted_to_draft":
		return unlike(p.SetDraft(host, q.Draft))
	case "pull assigned":
		return unlike(p.Assign(by, s.agent()))
	case "review submitted":
		r, err := p.Review(by, githubtest.ReviewOptions{State: map[string]string{"APPROVED": "APPROVED", "CHANGES_REQUESTED": "CHANGES_REQUESTED", "COMMENTED": "COMMENTED"}[h.Review.Given], Body: "as I see it"})
		s.ids[h.Review.ID] = r.ID
		return unlike(err)
	case "review dismissed":
		return unlike(p.Dismiss(by, s.ids[h.Review.ID], "not any more"))
	case "push ":
		return s.moved(h.Branch, by)
	case "people ":
		s.people()
	case "floor ":
		s.setFloor()
	default:
		return fmt.Errorf("there is no %s %s on GitHub", h.Kind, h.Action)
	}
	return nil
}

func (s *stack) agent() *githubtest.User {
	for u, to := range s.users {
		if u.Login == "copilot-swe-agent[bot]" {
			return to
		}
	}
	return nil
}

// moved moves a branch of the repository: by the merge of a pull request, or by a push of somebody in charge.
func (s *stack) moved(branch string, by *githubtest.User) error {
	tip := s.m.Tip(branch)
	for n, p := range s.real {
		if strings.HasPrefix(tip.Message, fmt.Sprintf("Merge pull request #%d ", n)) && s.sha[tip.ID] == "" {
			if err := p.Merge(by); err != nil {
				return fmt.Errorf("%w: %w", errUnlike, err)
			}
			s.sha[tip.ID] = s.repo.SHA(branch)
			return nil
		}
	}
	s.repo.Unprotect(branch)
	defer s.guard()
	if err := s.repo.Push(by, branch, s.sha[tip.ID], false); err != nil {
		return fmt.Errorf("%w: %w", errUnlike, err)
	}
	return nil
}

// people brings roles and teams to where they are.
func (s *stack) people() {
	host := s.users[s.m.Users[0]]
	for u, to := range s.users {
		s.repo.ChangeRole(host, to, u.Role)
	}
	for _, t := range s.m.Teams {
		to := s.teams[t.Name]
		switch {
		case t.Gone && to != nil:
			must(s.t, to.Delete(host))
			delete(s.teams, t.Name)
		case t.Gone:
		case to == nil:
			s.team(t)
		default:
			for u, real := range s.users {
				if t.Members[u.ID] {
					to.Add(host, real, "active")
				} else {
					to.Remove(host, real)
				}
			}
		}
	}
}

func (s *stack) team(t *model.Team) {
	var members []*githubtest.User
	for u, to := range s.users {
		if t.Members[u.ID] {
			members = append(members, to)
		}
	}
	to, err := s.org.NewTeam(s.users[s.m.Users[0]], strings.TrimPrefix(t.Name, "acme/"), t.ID, members...)
	must(s.t, err)
	s.teams[t.Name] = to
}

func (s *stack) setFloor() {
	_, err := s.floor.Commit(githubtest.Commit{Author: s.users[s.m.Users[0]], Branch: "main", Files: map[string]string{"reviewgate-floor.yml": s.m.Floor}})
	must(s.t, err)
}
