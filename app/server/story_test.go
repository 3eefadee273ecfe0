package server_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/simulate"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/all"
	"github.com/reviewgate-app/reviewgate/rules"
)

// stories holds the files of the bypass catalogue that `policy simulate` plays. The same files are played here on a GitHub, by the real
// server with real git.
const stories = "../../cmd/reviewgate/testdata/bypass/"

// notHere lists the files that do not pass here, each with its reason. One that is no file, or that passes, is an error.
var notHere = map[string]string{
	"B54_the_list_is_not_complete": "the server reads the changed files from git, which has no list that ends early",
}

// TestBypass plays every file of the catalogue, and the entries that no file can show, on the real server.
func TestBypass(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(stories + "B*.txtar")
	must(t, err)
	files = slices.DeleteFunc(files, func(file string) bool { // those are about GitHub's settings, and doctor plays them
		ar, err := txtar.ParseFile(file)
		must(t, err)
		return slices.ContainsFunc(ar.Files, func(f txtar.File) bool { return f.Name == "settings.yml" })
	})
	if len(files) == 0 {
		t.Fatal("there are no stories")
	}
	byID := map[string][]string{}
	left := maps.Clone(notHere)
	for _, file := range files {
		id := filepath.Base(file)[:3]
		byID[id] = append(byID[id], file)
		delete(left, nameOf(file))
	}
	for name, why := range left {
		t.Errorf("%s is not played because %s; it is no file of the catalogue", name, why)
	}
	for id := range inServer {
		byID[id] = append(byID[id], "")
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			for _, file := range byID[id] {
				if file == "" {
					continue
				}
				t.Run(nameOf(file)[4:], func(t *testing.T) {
					t.Parallel()
					wrong := playStory(t, file)
					switch why := notHere[nameOf(file)]; {
					case why != "" && wrong == nil:
						t.Errorf("it passes: take it out of the list of files that do not, where it says: %s", why)
					case why == "" && wrong != nil:
						t.Error(wrong)
					}
				})
			}
			for _, name := range slices.Sorted(maps.Keys(inServer[id])) {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					inServer[id][name](t)
				})
			}
		})
	}
	t.Logf("%d of %d files of the catalogue are played here", len(files)-len(notHere), len(files))
}

// TestStories plays the stories about keys of the policy, which have the form of the catalogue.
func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(stories + "../stories/*.txtar")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("there are no stories")
	}
	for _, file := range files {
		t.Run(nameOf(file), func(t *testing.T) {
			t.Parallel()
			if wrong := playStory(t, file); wrong != nil {
				t.Error(wrong)
			}
		})
	}
}

func nameOf(file string) string { return strings.TrimSuffix(filepath.Base(file), ".txtar") }

// playStory plays one file, and compares the check run after each event. It gives what is wrong.
func playStory(t *testing.T, file string) error {
	ar, err := txtar.ParseFile(file)
	must(t, err)
	parts := map[string][]byte{}
	for _, f := range ar.Files {
		parts[f.Name] = f.Data
	}
	p, problems := simulate.Parse("pull.yml", parts["pull.yml"])
	if len(problems) > 0 {
		t.Fatalf("%s: %v", file, problems)
	}
	return playPull(t, p, parts["policy.yml"], parts["floor.yml"], strings.Fields(string(parts["states"])), func(int, *stage) {})
}

// playPull plays a pull request, and has somebody look at it after each step.
func playPull(t *testing.T, p *simulate.Pull, policy, floor []byte, states []string, look func(step int, s *stage)) error {
	if len(states) != len(p.Events)+1 {
		t.Fatalf("%d states of %d steps", len(states), len(p.Events)+1)
	}
	w, s := newStage(t, p, policy, floor)
	must(t, s.open())
	w.pulls = append(w.pulls, s.pull)
	w.settle()
	wrong := []error{w.differs(s, s.pull.Head(), states[0])}
	for i := range p.Events {
		look(i, s)
		e := &p.Events[i]
		told := s.pull.Head() // the head that the server was told of
		direct := e.Push != nil && e.Push.To != "" && e.Push.Pull == 0
		if direct { // what is audited is what came since the last look
			w.sweep(s)
		}
		reports := w.reports()
		s.clock.forward(cmp.Or(time.Duration(e.After), 10*time.Minute))
		if e.Lost {
			w.hub.HookFault(githubtest.HookFault{Count: -1, Kind: githubtest.Vanished})
		}
		if err := s.play(e); err != nil && !errors.Is(err, errRefused) {
			return errors.Join(append(wrong, fmt.Errorf("event %d: %w", i+1, err))...)
		}
		switch {
		case e.Unreadable != nil || s.dark: // the server tries again and again
			must(t, s.again())
			w.until("the check is not green", func() bool { return w.run(s.pull, "reviewgate").Conclusion != "success" })
			if ok, _ := s.pull.Mergeability(nil); ok {
				wrong = append(wrong, fmt.Errorf("event %d: GitHub would merge it", i+1))
			}
			continue
		case e.Lost:
			must(t, w.hub.Settle(t.Context()))
			w.hub.ClearFaults()
		case e.Account != nil || e.Readable != nil || direct || e.Check != nil && strings.Contains(e.Check.Why, "sweep"): // GitHub tells nobody
			w.settle()
			w.sweep(s)
			told = s.pull.Head()
		default:
			w.settle()
			told = s.pull.Head()
		}
		if n := w.reports() - reports; (states[i+1] == "reported") != (n > 0) && (direct || e.Merge != nil) {
			wrong = append(wrong, fmt.Errorf("event %d: %d reports of what went around the gate, the story says %s", i+1, n, states[i+1]))
		}
		if states[i+1] == "reported" {
			continue
		}
		if err := w.differs(s, told, states[i+1]); err != nil {
			wrong = append(wrong, fmt.Errorf("event %d: %w", i+1, err))
		}
	}
	return errors.Join(wrong...)
}

// sweep has the server look at everything now.
func (w *world) sweep(s *stage) {
	w.t.Helper()
	s.clock.forward(time.Second) // what was swept in this very moment is not swept again
	must(w.t, w.srv.SweepNow(w.t.Context()))
	w.settle()
}

// settle waits until GitHub has told everything and the server has nothing left to do.
func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 60*time.Second)
	defer cancel()
	for told := -1; ; {
		must(w.t, w.hub.Settle(ctx))
		must(w.t, w.srv.Idle(ctx))
		now := len(w.app.Deliveries())
		if now == told {
			return
		}
		told = now
	}
}

// differs holds what GitHub shows, and would do, to what the story says. head is the newest that the server was told of.
func (w *world) differs(s *stage, head, want string) error {
	p := s.pull
	name := gate.CheckName(s.story.DefaultBranch, p.BaseRef())
	var run githubtest.CheckRunInfo
	var wrong []error
	for _, r := range w.repo.CheckRuns(head) {
		switch {
		case r.App != w.app.Slug:
		case r.Name == name:
			run = r
		case r.Conclusion != "cancelled":
			wrong = append(wrong, fmt.Errorf("%s is %s beside %s", r.Name, r.Conclusion, name))
		}
	}
	if got := cmp.Or(run.Conclusion, run.Status, "none"); got != want {
		wrong = append(wrong, fmt.Errorf("%s is %s, the story says %s: %s\n%s", name, got, want, run.Title, run.Summary))
	}
	if p.State() != "open" || want == "none" {
		return errors.Join(wrong...)
	}
	for _, g := range w.repo.Groups(p.BaseRef()) {
		for _, r := range w.repo.CheckRuns(g.Head) {
			if r.Name == name && (r.Conclusion == "success") != (want == "success") {
				wrong = append(wrong, fmt.Errorf("%s is %s on the merge group: %s\n%s", name, r.Conclusion, r.Title, r.Summary))
			}
		}
	}
	green := want == "success" && head == p.Head() // a head that nobody told us of has no check, and GitHub waits for it
	if ok, reasons := p.Mergeability(nil); ok && !green || green && !ok && reasons[0] != "Pull Request is not mergeable" {
		wrong = append(wrong, fmt.Errorf("the check is %s, and would GitHub merge it? %v %q", want, ok, reasons))
	}
	return errors.Join(wrong...)
}

// newStage makes the world of a story, with the server running and the App installed.
func newStage(t *testing.T, p *simulate.Pull, policy, floor []byte) (*world, *stage) {
	owner, name, _ := strings.Cut(p.Repo, "/")
	opt := githubtest.RepoOptions{DefaultBranch: p.DefaultBranch}
	for _, a := range p.People {
		opt.Private = opt.Private || a.Role == "none"
	}
	time := new(clock)
	w := newBareWorld(t, owner, name, opt, time.now)
	w.cfg.Confirm, w.cfg.Sweep, w.cfg.Settled = 0, -1, -1
	s := &stage{hub: w.hub, org: w.org, repo: w.repo, home: w.repo, app: w.app, clock: time, story: p}
	var look githubtest.RulesetLook
	if slices.ContainsFunc(p.Events, func(e simulate.Event) bool { return e.Queue != nil }) {
		look.Queue = "ALLGREEN"
	}
	s.protect = func(branch string) {
		if branch == p.DefaultBranch || governs(p, policy, branch) {
			w.repo.Protect(branch, githubtest.Protection{ViaRuleset: true, Ruleset: look, Checks: []githubtest.RequiredCheck{{Context: gate.CheckName(p.DefaultBranch, branch), App: w.app}}})
		}
	}
	must(t, s.build(policy, floor))
	s.protect(p.DefaultBranch)
	for branch := range p.Branches {
		s.protect(branch)
	}
	w.cfg.Checks = statedChecks(s)
	w.start()
	w.inst = w.app.Install(w.org, s.host)
	w.settle()
	return w, s
}

// governs says whether the story's policy wants a check on pull requests into a branch.
func governs(p *simulate.Pull, policy []byte, branch string) bool {
	in := config.Input{Repo: config.NewLayer(p.Repo, "", map[string][]byte{".github/reviewgate.yml": policy})}
	eff := config.Load(in)
	return eff.Policy != nil && eff.Policy.Governs(p.DefaultBranch, branch)
}

// statedChecks gives the checks of a story: the real ones where it states no scan, and one that says what is stated where it does.
func statedChecks(s *stage) func([]*rules.Rule) ([]*checks.Check, error) {
	var lists []*simulate.Scan
	for i := range s.story.Commits {
		lists = append(lists, s.story.Commits[i].Scan)
	}
	for i := range s.story.Events {
		if p := s.story.Events[i].Push; p != nil {
			for j := range p.Commits {
				lists = append(lists, p.Commits[j].Scan)
			}
		}
	}
	lists = slices.DeleteFunc(lists, func(l *simulate.Scan) bool { return l == nil })
	if len(lists) == 0 {
		return all.Checks
	}
	stated := &checks.Check{Name: "story/stated", Doc: "Says what the story states.", Scope: checks.PerSide}
	var failing []*checks.Check
	for _, l := range lists {
		for _, f := range l.Findings {
			if !slices.ContainsFunc(stated.Rules, func(r checks.RuleInfo) bool { return r.ID == f.Rule }) {
				severity, err := checks.ParseSeverity(cmp.Or(f.Severity, "high"))
				confidence, err2 := checks.ParseConfidence(cmp.Or(f.Confidence, "high"))
				if errors.Join(err, err2) != nil {
					panic(errors.Join(err, err2))
				}
				stated.Rules = append(stated.Rules, checks.RuleInfo{ID: f.Rule, Title: f.Rule, Severity: severity, Confidence: confidence, Rollout: checks.RolloutBlock, Origin: "builtin",
					NeedsHuman: slices.Contains(l.NeedsHuman, f.Rule)})
			}
		}
		for _, failure := range l.Failures {
			name, why, _ := strings.Cut(failure, ": ")
			failing = append(failing, &checks.Check{Name: name, Doc: "Fails.", Scope: checks.Difference, Rules: []checks.RuleInfo{{ID: strings.ReplaceAll(name, "/", "-"), Title: "A flaw",
				Severity: checks.High, Confidence: checks.Certain, Rollout: checks.RolloutBlock, Origin: "builtin"}},
				Run: func(context.Context, *checks.Pass) error {
					if slices.Contains(s.scan().Failures, failure) {
						return errors.New(why)
					}
					return nil
				}})
		}
	}
	if len(stated.Rules) == 0 { // a check has a rule
		stated.Rules = []checks.RuleInfo{{ID: "stated", Title: "Stated", Severity: checks.High, Confidence: checks.Certain, Rollout: checks.RolloutBlock, Origin: "builtin"}}
	}
	stated.Run = func(_ context.Context, pass *checks.Pass) error {
		scan := s.scan()
		for _, f := range scan.Findings {
			side := sideOf(f.Side)
			if pass.Side == side || f.Old {
				line := max(f.Line, 1)
				pass.Report(checks.Finding{RuleID: f.Rule, Message: cmp.Or(f.Message, "As the story says."), Location: checks.Location{Path: f.Path, Side: pass.Side, StartLine: line, StartColumn: 1, EndLine: line, EndColumn: 2}})
			}
		}
		for _, u := range scan.Unscanned {
			if pass.Side == sideOf(u.Side) {
				pass.Unscanned(checks.Unscanned{Path: u.Path, Side: pass.Side, Line: u.Line, Reason: cmp.Or(u.Reason, "it could not be read")})
			}
		}
		return nil
	}
	return func([]*rules.Rule) ([]*checks.Check, error) { return append([]*checks.Check{stated}, failing...), nil }
}

func sideOf(word string) checks.Side {
	if word == "base" {
		return checks.Base
	}
	return checks.Head
}

// scan is what the story states of the head: the newest statement along the first parents.
func (s *stage) scan() *simulate.Scan {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := s.head; ; {
		c, ok := s.commits[name]
		switch {
		case !ok:
			return &simulate.Scan{}
		case c.scan != nil:
			return c.scan
		}
		name = c.parents[0]
	}
}
