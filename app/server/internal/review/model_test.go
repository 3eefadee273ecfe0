package review_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/model"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

// dice lets rapid throw. Bits, because they are all alike and shrink to 0.
type dice struct{ t *rapid.T }

var bit = rapid.Bool()

func (d dice) Int(what string, max int) int {
	if max == 0 {
		return 0
	}
	n, bits := 0, 2
	for m := max; m > 0; m >>= 1 {
		bits++
	}
	for range bits {
		n *= 2
		if bit.Draw(d.t, what) {
			n++
		}
	}
	return n % (max + 1)
}

var (
	drawHistory = rapid.Custom(func(t *rapid.T) *model.History { return model.Draw(dice{t}) })
	drawSteps   = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) model.Step { return model.DrawStep(dice{t}) }), 0, 25)
)

// draw makes a history: of several short lists, because rapid makes none that is long.
func draw(t *rapid.T) *model.History {
	h := drawHistory.Draw(t, "history")
	for range 5 {
		h.Steps = append(h.Steps, drawSteps.Draw(t, "steps")...)
	}
	return h
}

// TestModel plays random histories against the reducers of the server: everything that gathers facts, decides and tells is the real code; GitHub,
// git, the store and the outbox are maps. After each step the oracle of package model is asked. -rapid.checks says how many histories each of the
// two halves plays.
func TestModel(t *testing.T) {
	t.Parallel()
	// rapid's own number is meant for smaller things.
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := flag.Set("rapid.checks", "150"); err != nil {
			t.Fatal(err)
		}
	}
	seen := model.NewSeen()
	var mu sync.Mutex
	total := 0
	t.Run("halves", func(t *testing.T) {
		for half := range 2 {
			t.Run(strconv.Itoa(half), func(t *testing.T) {
				t.Parallel()
				n := 0
				rapid.Check(t, func(t *rapid.T) {
					p := newPlay(draw(t))
					if wrong := p.run(t.Context()); len(wrong) > 0 {
						t.Fatalf("after %d histories:\n%s\n\n%s", n, strings.Join(wrong, "\n"), p.told())
					}
					mu.Lock()
					defer mu.Unlock()
					n++
					total++
					for what := range p.w.Seen.N {
						seen.Add(what)
					}
				})
			})
		}
	})
	if t.Failed() {
		return
	}
	for _, what := range slices.Sorted(maps.Keys(seen.N)) {
		t.Logf("%7d of %d histories: %s", seen.N[what], total, what)
	}
	for _, what := range model.Reachable() {
		if seen.N[what] == 0 && total >= enough {
			t.Errorf("no history of %d reached: %s", total, what)
		}
	}
}

// enough histories reach everything that there is.
const enough = 4000

// A play is one history against the server's reducers.
type play struct {
	w     *model.World
	h     *model.History
	story strings.Builder
	wrong []string

	// What may happen in the middle of a job.
	calls  int
	failAt int
	midAt  int
	mid    *model.Step

	looked map[int]bool // in this try of a job: pull requests that were read again, and stood still since

	late  []model.Hook
	blind bool
	todo  map[int]bool

	// The server's memory.
	standing map[int]github.Standing
	entries  map[int][]review.Entry
	pushers  map[int][]gate.Person
	moved    map[int][][2]string // the pushes to each pull request, as their webhooks came
	groups   []review.Group
	cache    map[string][]byte
	newest   map[string]review.Mark
	wrote    map[string]map[int]bool // by slot: which pull requests ever wrote there
	last     map[string]int          // by slot: which wrote last
	equal    map[string]string       // by slot: the newest payload
	done     map[string]bool
	pending  []review.Deed
	reviewer *review.Reviewer
}

func newPlay(h *model.History) *play {
	p := &play{w: model.NewWorld(h), h: h, todo: map[int]bool{}, looked: map[int]bool{}, standing: map[int]github.Standing{}, entries: map[int][]review.Entry{}, pushers: map[int][]gate.Person{}, moved: map[int][][2]string{},
		cache: map[string][]byte{}, newest: map[string]review.Mark{}, wrote: map[string]map[int]bool{}, last: map[string]int{}, equal: map[string]string{}, done: map[string]bool{}}
	p.w.Tell = func(format string, args ...any) { p.tell(format, args...) }
	p.w.Merged = p.merged
	for i := range h.Policies {
		p.tell("policy %d:\n%s", i, h.Policies[i].Text(i == h.Floor))
	}
	p.tell("floor: %d, owners: %v", h.Floor, h.Owners)
	p.w.Rest()
	p.reviewer = review.New(review.Options{GitHub: func(int64) review.GitHub { return p }, Fetch: p.fetch, Scan: p.scan, Store: p, Outbox: p, Tool: report.Tool{Name: "reviewgate", Version: "test"}, Log: zerolog.Nop()})
	return p
}

// told is the whole story, with each pull request as a file for policy simulate.
func (p *play) told() string {
	p.tell("\nFor `reviewgate policy simulate --pull pull.yml`, with the floor in a file of its own:")
	if p.h.Floor >= 0 {
		p.tell("\n--- reviewgate-floor.yml\n%s", p.h.Policies[p.h.Floor].Text(true))
	}
	for _, q := range p.w.Pulls {
		text, exact := p.w.Story(q.Number)
		p.tell("\n--- pull.yml of #%d, complete: %v\n%s", q.Number, exact, text)
	}
	return p.story.String()
}

func (p *play) tell(format string, args ...any) {
	fmt.Fprintf(&p.story, format+"\n", args...)
}

func (p *play) run(ctx context.Context) []string {
	for i := 0; i < len(p.h.Steps) && len(p.wrong) == 0; i++ {
		s := p.h.Steps[i]
		p.tell("step %d: %v", i+1, s)
		if s.Fault >= 21 && i+1 < len(p.h.Steps) {
			i++
			p.mid, p.midAt = &p.h.Steps[i], p.calls+2*(s.Fault-20)
		} else if s.Fault > 0 {
			p.failAt = p.calls + s.Fault
		}
		p.act(s)
		p.settle(ctx)
		if p.mid != nil { // its moment did not come
			p.inTheMiddle()
			p.settle(ctx)
		}
		p.audit()
	}
	if len(p.wrong) > 0 {
		return p.wrong
	}
	p.tell("the end: everything is looked at")
	p.work(p.late)
	p.late = nil
	p.sweep()
	p.settle(ctx)
	p.audit()
	return p.wrong
}

// act does a step, and gives its webhooks their fate.
func (p *play) act(s model.Step) {
	mark := p.w.Hooks
	p.w.Hooks = nil
	clear(p.looked)
	done := p.w.Apply(s)
	hooks := p.w.Hooks
	p.w.Hooks = mark
	if s.Kind == model.Sweep && done {
		p.sweep()
	}
	switch {
	case len(hooks) == 0:
	case s.Fate == 11 || s.Fate == 12:
		p.tell("  its webhooks are lost")
		p.blind = true
		p.w.Seen.Add("lost")
	case s.Fate == 13:
		p.w.Hooks = append(append(p.w.Hooks, hooks...), hooks...)
		p.w.Seen.Add("twice")
	case s.Fate >= 14:
		p.tell("  its webhooks are late")
		p.w.Seen.Add("late")
		p.late = append(p.late, hooks...)
		return
	default:
		p.w.Hooks = append(p.w.Hooks, hooks...)
	}
	if s.Fate%2 == 1 { // what was late arrives now
		p.w.Hooks = append(p.w.Hooks, p.late...)
		p.late = nil
	}
	p.content("after a step")
}

func (p *play) sweep() {
	p.tell("  a sweep")
	for _, q := range p.w.Pulls {
		p.todo[q.Number] = true
	}
	p.todo[0] = true
	p.blind = false
}

func (p *play) inTheMiddle() {
	s := *p.mid
	p.mid, p.midAt = nil, 0
	p.tell("  in the middle: %v", s)
	p.act(s)
}

// settle answers webhooks and works until there is nothing left to do.
func (p *play) settle(ctx context.Context) {
	for round := 0; len(p.wrong) == 0; round++ {
		hooks := p.w.Hooks
		p.w.Hooks = nil
		p.work(hooks)
		if len(p.todo) == 0 && len(p.w.Hooks) == 0 {
			return
		}
		if round > 60 {
			p.wrong = append(p.wrong, "the server never comes to rest")
			return
		}
		for _, n := range slices.Sorted(maps.Keys(p.todo)) {
			delete(p.todo, n)
			ref := review.Ref{Installation: 3, RepoID: 7, Owner: "acme", Name: "shop", Number: n, Generation: int64(round)}
			var err error
			for range 8 {
				clear(p.looked)
				if n == 0 {
					err = p.reviewer.Queue(ctx, ref)
				} else {
					err = p.reviewer.Pull(ctx, ref)
				}
				if err == nil {
					break
				}
				p.tell("  the job for %d fails: %v", n, err)
			}
			if err != nil {
				p.wrong = append(p.wrong, fmt.Sprintf("the job for %d does not end: %v", n, err))
			}
		}
	}
}

func (p *play) audit() {
	if len(p.late) > 0 || p.blind || len(p.wrong) > 0 {
		return
	}
	p.wrong = append(p.wrong, p.w.Audit()...)
	p.w.Rest()
}

func (p *play) content(when string) {
	for _, s := range p.w.AuditContent() {
		p.wrong = append(p.wrong, when+": "+s)
	}
}

// merged is asked before each merge.
func (p *play) merged(q *model.Pull, g *model.Group) {
	var miss []string
	if g != nil {
		miss = p.w.GroupUnread(g)
	} else {
		miss = p.w.Unread(q)
	}
	for _, s := range miss {
		p.wrong = append(p.wrong, "merged: "+s)
	}
}

// work does what the server's transaction does with webhooks.
func (p *play) work(hooks []model.Hook) {
	for _, h := range hooks {
		switch h.Kind {
		case "pull":
			p.todo[h.Number] = true
			if h.Action == "synchronize" {
				if who := known(h.Sender); !slices.Contains(p.pushers[h.Number], who) {
					p.pushers[h.Number] = append(p.pushers[h.Number], who)
				}
				p.moved[h.Number] = append(p.moved[h.Number], [2]string{h.Before, h.After})
			}
		case "review":
			p.todo[h.Number] = true
			if r := h.Review; h.Action == "submitted" && r.Given == "APPROVED" {
				e := review.Entry{LedgerEntry: gate.Capture(r.ID, known(r.By), h.Shows, h.Head, h.BaseRef, h.Base)}
				for _, m := range p.moved[h.Number] {
					if r.Hasty && m[1] == e.Head {
						e.MovedFrom = append(e.MovedFrom, m[0])
					}
				}
				// The store keeps the first alone; that the first counts is the gate's to know, too.
				p.entries[h.Number] = append(p.entries[h.Number], e)
			}
		case "push":
			p.touch(func(s github.Standing) bool { return h.Branch == model.Default || s.BaseRef == h.Branch })
		case "people", "floor":
			p.touch(func(github.Standing) bool { return true })
		case "group":
			g := review.Group{Head: h.Group.Head, HeadRef: h.Group.Ref, BaseRef: h.Group.Base}
			if h.Action != "checks_requested" {
				g.Ended = h.Action
			}
			i := slices.IndexFunc(p.groups, func(o review.Group) bool { return o.Head == g.Head })
			switch {
			case i < 0:
				p.groups = append(p.groups, g)
			case g.Ended != "":
				p.groups[i].Ended = g.Ended
			}
			p.todo[0] = true
		}
	}
}

func (p *play) touch(which func(github.Standing) bool) {
	for n, s := range p.standing {
		if s.State == "open" && which(s) {
			p.todo[n] = true
		}
	}
}

// ask is called before everything that a job asks or does.
func (p *play) ask(what string) error {
	p.calls++
	switch p.calls {
	case p.failAt:
		p.failAt = 0
		p.tell("  GitHub fails at: %s", what)
		p.w.Seen.Add("crash")
		return &github.Temporary{Status: 502, Reason: "GitHub answered 502"}
	case p.midAt:
		if p.mid != nil {
			p.w.Seen.Add("in the middle of a job")
			p.inTheMiddle()
		}
	}
	return nil
}

// known is what a webhook says of its sender.
func known(u *model.User) gate.Person {
	return gate.Person{ID: u.ID, Login: u.Login, Type: u.Type}
}

// person is what GitHub says now.
func person(u *model.User) gate.Person {
	if u.Gone {
		return gate.Person{}
	}
	return known(u)
}

func account(u *model.User) *gate.Person {
	if u == nil || u.Gone {
		return nil
	}
	who := known(u)
	return &who
}

// GitHub

var shop = github.Repository{ID: 7, Owner: "acme", Name: "shop", OwnerType: "Organization", DefaultBranch: model.Default}

func (p *play) Pull(_ context.Context, _, _ string, number int) (*github.PullFacts, error) {
	if err := p.ask("pull"); err != nil {
		return nil, err
	}
	q := p.w.Pull(number)
	fork, first := q.Fork, false
	f := gate.Facts{Repo: "acme/shop", Number: number, State: q.State, Draft: q.Draft, Head: q.Head, BaseRef: q.Base, Base: p.w.Branches[q.Base], Default: model.Default, Title: "Change", HeadRef: q.Branch, Fork: &fork, FirstTime: &first, Author: person(q.Author)}
	if q.Marked {
		f.Body = "Generated with Claude Code"
	}
	for _, u := range q.Set {
		f.Requested = append(f.Requested, person(u))
	}
	commits := p.w.Between(f.Base, q.Head)
	if p.w.Cut && len(commits) > 0 {
		commits = commits[1:]
	}
	for _, c := range commits {
		to := gate.Commit{SHA: c.ID, Author: account(c.Author), Committer: account(c.Committer)}
		if u := account(c.CoAuthor); u != nil && !c.Private {
			to.CoAuthors = append(to.CoAuthors, *u)
		}
		f.Commits = append(f.Commits, to)
	}
	for _, r := range q.Reviews {
		to := gate.Review{ID: r.ID, Reviewer: person(r.By), State: r.State(), CommitID: r.Shows}
		if r.DismissedBy != nil {
			to.Dismissal = &gate.Dismissal{By: person(r.DismissedBy), Was: r.Given}
		}
		f.Reviews = append(f.Reviews, to)
	}
	return &github.PullFacts{Repository: shop, DefaultSHA: p.w.Branches[model.Default], Facts: f}, nil
}

func (p *play) Standing(_ context.Context, _, _ string, number int) (github.Standing, error) {
	if err := p.ask("standing"); err != nil {
		return github.Standing{}, err
	}
	q := p.w.Pull(number)
	p.looked[number] = true
	return github.Standing{State: q.State, Draft: q.Draft, Head: q.Head, BaseRef: q.Base, Base: p.w.Branches[q.Base]}, nil
}

func (p *play) Tips(_ context.Context, _, _ string, branches ...string) (github.Repository, map[string]string, error) {
	if err := p.ask("tips"); err != nil {
		return shop, nil, err
	}
	out := map[string]string{}
	for _, b := range append(branches, model.Default) {
		if at, ok := p.w.Branches[b]; ok {
			out[b] = at
		}
	}
	return shop, out, nil
}

func (p *play) Contains(_ context.Context, _, _, tip, sha string) (bool, error) {
	return p.w.Reach(tip)[sha], p.ask("contains")
}

func (p *play) Floor(context.Context, string) (github.Floor, error) {
	if p.w.Floor == "" {
		return github.Floor{State: github.FloorAbsent}, p.ask("floor")
	}
	return github.Floor{State: github.FloorPresent, Repository: github.Repository{ID: 9, Owner: "acme", Name: ".github"}, DefaultSHA: "floor:" + p.w.Floor}, p.ask("floor")
}

func (p *play) People(_ context.Context, _, _ string, wants gate.Wants) (gate.People, []gate.Unknown, error) {
	out := gate.People{Roles: map[int64]gate.Role{}, Users: map[string]gate.Person{}, Teams: map[string]gate.Team{}}
	role := func(u *model.User) gate.Role {
		if u.Role == "none" {
			return gate.RoleNone
		}
		return gate.Role(u.Role)
	}
	for _, u := range p.w.Users {
		if !u.Gone && slices.Contains(wants.Users, strings.ToLower(u.Login)) {
			out.Users[strings.ToLower(u.Login)] = known(u)
			out.Roles[u.ID] = role(u)
		}
		if slices.ContainsFunc(wants.Roles, func(o gate.Person) bool { return o.ID == u.ID }) {
			out.Roles[u.ID] = role(u)
		}
	}
	for _, t := range p.w.Teams {
		if t.Gone || !slices.Contains(wants.Teams, t.Name) {
			continue
		}
		to := gate.Team{ID: t.ID}
		for _, u := range p.w.Users {
			if t.Members[u.ID] {
				to.Members = append(to.Members, known(u))
			}
		}
		out.Teams[t.Name] = to
	}
	return out, nil, p.ask("people")
}

func (p *play) Token(context.Context, string, string) (string, error) { return "t", p.ask("token") }
func (p *play) CloneURL(owner, repo string) string {
	return "https://example.com/" + owner + "/" + repo
}

// git

type clone struct {
	*play
	repo       int64
	base, head string
}

func (p *play) fetch(_ context.Context, repoID int64, opt source.FetchOptions) (*review.Fetched, error) {
	if err := p.ask("fetch"); err != nil {
		return nil, err
	}
	c := &clone{p, repoID, opt.Base, opt.Head}
	out := &review.Fetched{Git: c}
	if repoID == 7 {
		out.MergeBase = p.w.MergeBase(opt.Base, opt.Head)
		out.Files = changed(p.w.Commits[out.MergeBase].Tree, p.w.Commits[opt.Head].Tree)
	}
	return out, nil
}

// changed lists what differs; a file that went and one that came with the same text is a rename.
func changed(from, to model.Tree) []*checks.File {
	var out []*checks.File
	gone := map[model.File]string{}
	for _, path := range model.Differ(from, to) {
		if _, there := to[path]; !there {
			gone[from[path]] = path
		}
	}
	old := map[string]bool{}
	for _, path := range model.Differ(from, to) {
		was, had := from[path]
		now, have := to[path]
		f := &checks.File{Path: path, Mode: now.Mode, OldMode: was.Mode, Status: checks.Modified}
		if had {
			f.OldBlob = "blob " + was.Text
		}
		if have {
			f.Blob = "blob " + now.Text
		}
		if from, ok := gone[now]; ok && have && !had {
			f.OldPath, f.OldMode, f.OldBlob, f.Status = from, now.Mode, f.Blob, checks.Renamed
			old[from] = true
			delete(gone, now)
		}
		out = append(out, f)
	}
	return slices.DeleteFunc(out, func(f *checks.File) bool { return f.Mode == 0 && old[f.Path] })
}

func (c *clone) Contents(context.Context) ([]source.Content, error) { return nil, c.ask("contents") }
func (c *clone) Read(context.Context, checks.Side, []string) (map[string][]byte, error) {
	return nil, nil
}

func (c *clone) Search(context.Context, []checks.Want) (map[string][]byte, string, error) {
	return nil, "", nil
}

func (c *clone) Paths(_ context.Context, side checks.Side) ([]string, error) {
	at := c.head
	if side == checks.Base {
		at = c.w.MergeBase(c.base, c.head)
	}
	return slices.Sorted(maps.Keys(c.w.Commits[at].Tree)), c.ask("paths")
}

func (c *clone) FilesAt(_ context.Context, rev string, match func(string) bool) (map[string][]byte, error) {
	out := map[string][]byte{}
	if floor, ok := strings.CutPrefix(rev, "floor:"); ok {
		out["reviewgate-floor.yml"] = []byte(floor)
		return out, c.ask("files of the floor")
	}
	for path, f := range c.w.Commits[rev].Tree {
		if match(path) {
			out[path] = []byte(f.Text)
		}
	}
	return out, c.ask("files")
}

func (c *clone) Commits(context.Context) ([]source.Commit, error) {
	var out []source.Commit
	email := func(u *model.User) string {
		if u == nil {
			return "nobody@example.com"
		}
		return u.Login + "@example.com"
	}
	for _, k := range c.w.Between(c.base, c.head) {
		out = append(out, source.Commit{SHA: k.ID, Parents: k.Parents, AuthorEmail: email(k.Author), CommitterEmail: email(k.Committer), Message: k.Message, CleanMerge: c.w.Clean(k)})
	}
	return out, c.ask("commits")
}

func (c *clone) MergeBaseOf(_ context.Context, a, b string) (string, error) {
	return c.w.MergeBase(a, b), c.ask("merge base")
}

func (c *clone) ChangedPaths(_ context.Context, from, to string) ([]*checks.File, error) {
	return changed(c.w.Commits[from].Tree, c.w.Commits[to].Tree), c.ask("changed paths")
}

func (c *clone) Close() error { return nil }

func (p *play) scan(_ context.Context, in *scan.Input) (*scan.Result, error) {
	r := &scan.Result{Base: in.Base, Head: in.Head, Findings: []checks.Finding{}, Rules: []checks.RuleInfo{}, Checks: []scan.CheckResult{{Name: "x", Status: scan.Ran}}}
	base, head := p.w.Commits[in.Base].Tree, p.w.Commits[in.Head].Tree
	for _, path := range model.Differ(base, head) {
		if strings.Contains(head[path].Text, "FLAW") && !strings.Contains(base[path].Text, "FLAW") {
			r.Findings = append(r.Findings, checks.Finding{RuleID: "flaw", Message: "a flaw", Severity: checks.High, Confidence: checks.Certain, Introduced: true, Blocking: true,
				Location: checks.Location{Path: path, StartLine: 1, Side: checks.Head}, Fingerprint: checks.Fingerprint(path)})
			p.w.Seen.Add("finding")
		}
	}
	return r, p.ask("scan")
}

// the store

func (p *play) SaveStanding(ctx context.Context, ref review.Ref, s github.Standing, _ time.Time) error {
	if err := p.ask("save standing"); err != nil {
		return err
	}
	was := p.standing[ref.Number]
	p.standing[ref.Number] = s
	if was.State == s.State && was.Head == s.Head && was.BaseRef == s.BaseRef {
		return nil
	}
	for _, at := range []github.Standing{was, s} {
		for _, n := range p.siblings(ref, at.Head, at.BaseRef) {
			p.todo[n] = true
		}
	}
	return nil
}

func (p *play) siblings(ref review.Ref, head, baseRef string) (out []int) {
	for _, n := range slices.Sorted(maps.Keys(p.standing)) {
		if s := p.standing[n]; n != ref.Number && s.State == "open" && s.Head == head && s.BaseRef == baseRef {
			out = append(out, n)
		}
	}
	return out
}

func (p *play) Siblings(_ context.Context, ref review.Ref, head, baseRef string) ([]int, error) {
	return p.siblings(ref, head, baseRef), p.ask("siblings")
}

func (p *play) Groups(context.Context, review.Ref) ([]review.Group, error) {
	return slices.Clone(p.groups), p.ask("groups")
}

func (p *play) SaveMembers(_ context.Context, _ review.Ref, head string, numbers []int) error {
	for i := range p.groups {
		if p.groups[i].Head == head {
			p.groups[i].Members = numbers
		}
	}
	return p.ask("save members")
}

func (p *play) CloseGroup(_ context.Context, _ review.Ref, head string) error {
	p.groups = slices.DeleteFunc(p.groups, func(g review.Group) bool { return g.Head == head })
	return p.ask("close group")
}

func (p *play) Touch(_ context.Context, _ review.Ref, numbers []int) error {
	for _, n := range numbers {
		p.todo[n] = true
	}
	return p.ask("touch")
}

func (p *play) Pushers(_ context.Context, ref review.Ref) ([]gate.Person, error) {
	return p.pushers[ref.Number], p.ask("pushers")
}

func (p *play) Ledger(_ context.Context, ref review.Ref) ([]review.Entry, error) {
	return slices.Clone(p.entries[ref.Number]), p.ask("ledger")
}

func (p *play) CompleteEntry(_ context.Context, ref review.Ref, e gate.LedgerEntry) error {
	for i := range p.entries[ref.Number] {
		if o := &p.entries[ref.Number][i]; o.ReviewID == e.ReviewID && o.Head == e.Head && o.BaseRef == e.BaseRef && o.Base == e.Base && !o.Complete {
			o.LedgerEntry = e
		}
	}
	return p.ask("complete")
}

func (p *play) ChangedPaths(_ context.Context, _ int64, base, head string) ([]byte, error) {
	return p.cache["paths "+base+head], p.ask("stored paths")
}

func (p *play) SaveChangedPaths(_ context.Context, _ int64, base, head string, facts []byte) error {
	p.cache["paths "+base+head] = facts
	return p.ask("save paths")
}

func (p *play) Config(_ context.Context, key string) ([]byte, error) {
	return p.cache["config "+key], p.ask("stored configuration")
}

func (p *play) SaveConfig(_ context.Context, key string, config []byte) error {
	p.cache["config "+key] = config
	return p.ask("save configuration")
}

func (p *play) Scan(_ context.Context, key string) (*scan.Result, error) {
	if data := p.cache["scan "+key]; data != nil {
		r := new(scan.Result)
		return r, json.Unmarshal(data, r)
	}
	return nil, p.ask("stored scan")
}

func (p *play) SaveScan(_ context.Context, key string, r *scan.Result) (err error) {
	if p.cache["scan "+key], err = json.Marshal(r); err != nil {
		return err
	}
	return p.ask("save scan")
}

func (p *play) Setting(_ context.Context, key string) (string, error) {
	return string(p.cache["setting "+key]), p.ask("setting")
}

func (p *play) SetSetting(_ context.Context, key, value string) error {
	p.cache["setting "+key] = []byte(value)
	return p.ask("set setting")
}

func (p *play) Posted(context.Context, review.Ref) (map[checks.Fingerprint]bool, error) {
	return map[checks.Fingerprint]bool{}, p.ask("posted")
}

func (p *play) Says(_ context.Context, slot string) (string, error) {
	return p.newest[slot].Says, p.ask("says")
}

func (p *play) Marks(_ context.Context, ref review.Ref) (out []review.Mark, err error) {
	for _, slot := range slices.Sorted(maps.Keys(p.newest)) {
		if p.wrote[slot][ref.Number] {
			m := p.newest[slot]
			m.Last = p.last[slot] == ref.Number
			out = append(out, m)
		}
	}
	return out, p.ask("marks")
}

func (p *play) Edits(context.Context, review.Ref) (map[string]review.Edit, error) { return nil, nil }

func (p *play) Keep(_ context.Context, o review.Outcome) error {
	if err := p.ask("keep"); err != nil {
		return err
	}
	if d := o.Decision; d != nil {
		p.tell("  decision on %d at %s: %s, %s", o.Ref.Number, o.Standing.Head, d.State, d.Title)
		for _, r := range d.Reviews {
			if strings.Contains(r.Because, "changed since") {
				p.w.Seen.Add("stale approval")
			}
		}
	}
	for _, d := range o.Deeds {
		if d.Name != "" {
			if !p.done[d.Name] {
				p.done[d.Name] = true
				p.pending = append(p.pending, d)
			}
			continue
		}
		m := review.Mark{Slot: d.Slot, Head: d.GitHub.Head, Name: d.GitHub.Name, Says: "cancelled"}
		if c := d.GitHub.Check; c != nil {
			m.Name, m.Says = c.Name, c.Status
			if c.Conclusion != "" {
				m.Says = c.Conclusion
			}
		}
		data, err := json.Marshal(d.GitHub)
		if err != nil {
			return err
		}
		if p.wrote[d.Slot] == nil {
			p.wrote[d.Slot] = map[int]bool{}
		}
		p.wrote[d.Slot][o.Ref.Number] = true
		if p.equal[d.Slot] == string(data) {
			continue
		}
		p.newest[d.Slot], p.last[d.Slot], p.equal[d.Slot] = m, o.Ref.Number, string(data)
		p.pending = slices.DeleteFunc(p.pending, func(o review.Deed) bool { return o.Slot == d.Slot })
		p.pending = append(p.pending, d)
	}
	return nil
}

// the outbox

func (p *play) Settle(ctx context.Context, ref review.Ref) error { return p.Deliver(ctx, ref) }

func (p *play) Deliver(context.Context, review.Ref) error {
	for len(p.pending) > 0 {
		if err := p.ask("deliver"); err != nil {
			return err
		}
		if len(p.pending) == 0 {
			return nil
		}
		d := p.pending[0].GitHub
		p.pending = p.pending[1:]
		switch {
		case d.Kind == github.Cancel:
			p.set(d.Number, d.Head, d.Name, "cancelled")
		case d.Kind == github.SetCheck && d.Check.Conclusion != "":
			p.set(d.Number, d.Head, d.Check.Name, d.Check.Conclusion)
		case d.Kind == github.SetCheck:
			p.set(d.Number, d.Head, d.Check.Name, d.Check.Status)
		}
	}
	return nil
}

func (p *play) set(number int, head, name, says string) {
	was := p.w.Checks[[2]string{head, name}]
	if q := p.w.Pull(number); says == "success" && p.looked[number] && (q.State != "open" || q.Head != head || gate.CheckName(model.Default, q.Base) != name) {
		p.wrong = append(p.wrong, fmt.Sprintf("%s on %s is green for #%d, which is %s at %s into %s by the last reading", name, head, number, q.State, q.Head, q.Base)) // I11
	}
	if was == says {
		return
	}
	p.tell("  %s on %s: %s", name, head, says)
	if was == "success" && says != "cancelled" && says != "in_progress" {
		p.w.Seen.Add("revocation")
	}
	p.w.SetCheck(head, name, says)
	p.content("when " + name + " was set")
}
