package review_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

var (
	alice = gate.Person{ID: 1, Login: "alice", Type: "User"} // the author
	bob   = gate.Person{ID: 2, Login: "bob", Type: "User"}
	eve   = gate.Person{ID: 3, Login: "eve", Type: "User"}
)

const payPolicy = `version: 1
guard:
  - {name: payments, paths: ["src/pay/**"], approvals: 1, from: ["@bob"]}
`

// world is GitHub, git, the worker, the store and the outbox, as far as a review sees them. log says what was asked and done, in order.
type world struct {
	t   *testing.T
	log []string

	pulls   map[int]*github.PullFacts
	files   map[string]map[string]string // by SHA: path -> content, for configuration
	changed []*checks.File
	commits map[string][]source.Commit // by head
	floor   github.Floor
	people  gate.People
	unknown []gate.Unknown // of people
	result  scan.Result
	moved   func() // runs after the scan, before the second reading

	pullErr, fetchErr, floorErr, scanErr, peopleErr, ledgerErr error

	talk     map[int][]github.Remark
	talkCut  bool
	links    map[string]map[string][]byte // by SHA and path
	linksErr error
	mentions []gate.Mention
	talkErr  error
	said     map[int][]review.Said
	heads    []review.Head
	answers  []review.Answer

	tips   map[string]string // of branches
	groups []review.Group

	standing map[int]github.Standing
	entries  map[int][]review.Entry
	pushers  map[int][]gate.Person
	cache    map[string][]byte // changed paths, configurations, scans, settings
	newest   map[string]review.Mark
	owner    map[string]int  // of a slot: the pull request that wrote it last
	equal    map[string]bool // payloads that stand
	done     map[string]bool // names of reviews
	pending  []review.Deed
	posted   map[checks.Fingerprint]bool
	comments []github.PostedComment
	listed   int // how often the comments were listed
	listErr  error
	edits    map[string]review.Edit
	again    time.Time // of the last outcome
	ask      func(context.Context, *scan.Input) ([]checks.Package, error)
	lookUp   func(context.Context, []checks.Package, []string) checks.Facts
	decision []*gate.Decision
	facts    *gate.Facts
}

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, files: map[string]map[string]string{"m0": {".github/reviewgate.yml": payPolicy}}, standing: map[int]github.Standing{}, entries: map[int][]review.Entry{},
		pushers: map[int][]gate.Person{}, cache: map[string][]byte{}, newest: map[string]review.Mark{}, owner: map[string]int{}, equal: map[string]bool{}, done: map[string]bool{},
		posted: map[checks.Fingerprint]bool{}, edits: map[string]review.Edit{}, floor: github.Floor{State: github.FloorAbsent}, commits: map[string][]source.Commit{},
		people: gate.People{Roles: map[int64]gate.Role{1: gate.RoleWrite, 2: gate.RoleWrite, 3: gate.RoleWrite}, Users: map[string]gate.Person{"bob": bob}, Teams: map[string]gate.Team{}},
		result: scan.Result{Findings: []checks.Finding{}, Rules: []checks.RuleInfo{}, Checks: []scan.CheckResult{{Name: "x", Status: scan.Ran}}},
	}
	w.changed = []*checks.File{{Path: "src/pay/card.go", Status: checks.Modified, OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "old", Blob: "new"}}
	w.pulls = map[int]*github.PullFacts{1: w.pull(1, "h1", alice)}
	return w
}

func (w *world) pull(number int, head string, author gate.Person) *github.PullFacts {
	w.commits[head] = []source.Commit{{SHA: head, Parents: []string{"m0"}, AuthorEmail: "a@example.com", CommitterEmail: "a@example.com", Message: "change"}}
	return &github.PullFacts{
		Repository: github.Repository{ID: 7, Owner: "acme", Name: "shop", OwnerType: "Organization", DefaultBranch: "main"}, DefaultSHA: "m0",
		Facts: gate.Facts{Repo: "acme/shop", Number: number, State: "open", Head: head, BaseRef: "main", Base: "m0", Default: "main", Author: author,
			Commits: []gate.Commit{{SHA: head, Author: &alice, Committer: &alice}}},
	}
}

func (w *world) say(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// GitHub

func (w *world) Pull(_ context.Context, _, _ string, number int) (*github.PullFacts, error) {
	w.say("pull %d", number)
	if w.pullErr != nil {
		return nil, w.pullErr
	}
	p := *w.pulls[number]
	return &p, nil
}

func (w *world) Standing(_ context.Context, _, _ string, number int) (github.Standing, error) {
	f := w.pulls[number].Facts
	return github.Standing{State: f.State, Draft: f.Draft, Head: f.Head, BaseRef: f.BaseRef, Base: f.Base}, nil
}

func (w *world) Tips(context.Context, string, string, ...string) (github.Repository, map[string]string, error) {
	return w.pulls[1].Repository, maps.Clone(w.tips), nil
}

func (w *world) Contains(_ context.Context, _, _, tip, sha string) (bool, error) {
	return tip == sha, nil
}

func (w *world) Floor(context.Context, string) (github.Floor, error) { return w.floor, w.floorErr }

func (w *world) People(context.Context, string, string, gate.Wants) (gate.People, []gate.Unknown, error) {
	w.say("people")
	return w.people, w.unknown, w.peopleErr
}

func (w *world) Token(context.Context, string, string) (string, error) { return "ghs_x", nil }
func (w *world) CloneURL(owner, repo string) string {
	return "https://example.com/" + owner + "/" + repo
}

// git

type tree struct {
	w    *world
	opt  source.FetchOptions
	data []source.Content
}

func (w *world) fetch(_ context.Context, repoID int64, opt source.FetchOptions) (*review.Fetched, error) {
	w.say("fetch %d %s..%s", repoID, opt.Base, opt.Head)
	if w.fetchErr != nil {
		return nil, w.fetchErr
	}
	if opt.Token == "" || opt.URL == "" {
		w.t.Errorf("fetched without token or address: %+v", opt)
	}
	return &review.Fetched{MergeBase: "m0", Files: w.changed, Git: &tree{w: w, opt: opt}}, nil
}

func (g *tree) Contents(context.Context) ([]source.Content, error) { return g.data, nil }
func (g *tree) Read(_ context.Context, side checks.Side, paths []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, p := range paths {
		out[p] = []byte(side.String() + " " + p)
	}
	return out, nil
}
func (g *tree) Search(context.Context, []checks.Want) (map[string][]byte, string, error) {
	return nil, "", nil
}
func (g *tree) Paths(context.Context, checks.Side) ([]string, error) {
	return []string{"go.mod", "src/pay/card.go"}, nil
}
func (g *tree) FilesAt(_ context.Context, rev string, match func(string) bool) (map[string][]byte, error) {
	out := map[string][]byte{}
	for path, data := range g.w.files[rev] {
		if match(path) {
			out[path] = []byte(data)
		}
	}
	return out, nil
}
func (g *tree) Commits(context.Context) ([]source.Commit, error) { return g.w.commits[g.opt.Head], nil }
func (g *tree) MergeBaseOf(_ context.Context, a, b string) (string, error) {
	g.w.say("merge base of %s and %s", a, b)
	return "m0", g.w.ledgerErr
}
func (g *tree) ChangedPaths(_ context.Context, from, to string) ([]*checks.File, error) {
	g.w.say("paths %s..%s", from, to)
	return g.w.changed, g.w.ledgerErr
}
func (g *tree) Close() error { return nil }

// the store

func (w *world) SaveStanding(ctx context.Context, ref review.Ref, s github.Standing, _ time.Time) error {
	was := w.standing[ref.Number]
	w.standing[ref.Number] = s
	if was.State == s.State && was.Head == s.Head && was.BaseRef == s.BaseRef {
		return nil
	}
	touched := map[int]bool{}
	for _, at := range []github.Standing{was, s} {
		others, err := w.Siblings(ctx, ref, at.Head, at.BaseRef)
		if err != nil {
			return err
		}
		for _, n := range others {
			touched[n] = true
		}
	}
	if len(touched) > 0 {
		w.say("touch %d", slices.Sorted(maps.Keys(touched)))
	}
	return nil
}

func (w *world) Groups(context.Context, review.Ref) ([]review.Group, error) {
	return slices.Clone(w.groups), nil
}

func (w *world) SaveMembers(_ context.Context, _ review.Ref, head string, numbers []int) error {
	for i := range w.groups {
		if w.groups[i].Head == head {
			w.groups[i].Members = numbers
		}
	}
	return nil
}

func (w *world) CloseGroup(_ context.Context, _ review.Ref, head string) error {
	w.say("close %s", head)
	w.groups = slices.DeleteFunc(w.groups, func(g review.Group) bool { return g.Head == head })
	return nil
}

func (w *world) Siblings(_ context.Context, ref review.Ref, head, baseRef string) (out []int, err error) {
	for _, n := range slices.Sorted(maps.Keys(w.standing)) {
		if s := w.standing[n]; n != ref.Number && s.State == "open" && s.Head == head && s.BaseRef == baseRef {
			out = append(out, n)
		}
	}
	return out, nil
}

func (w *world) Touch(_ context.Context, _ review.Ref, numbers []int) error {
	w.say("touch %d", numbers)
	return nil
}

func (w *world) Pushers(_ context.Context, ref review.Ref) ([]gate.Person, error) {
	return w.pushers[ref.Number], nil
}

func (w *world) Ledger(_ context.Context, ref review.Ref) ([]review.Entry, error) {
	return slices.Clone(w.entries[ref.Number]), nil
}

func (w *world) CompleteEntry(_ context.Context, ref review.Ref, e gate.LedgerEntry) error {
	for i := range w.entries[ref.Number] {
		if w.entries[ref.Number][i].ReviewID == e.ReviewID {
			w.entries[ref.Number][i].LedgerEntry = e
		}
	}
	return nil
}

func (w *world) ChangedPaths(_ context.Context, _ int64, base, head string) ([]byte, error) {
	return w.cache["paths "+base+head], nil
}

func (w *world) SaveChangedPaths(_ context.Context, _ int64, base, head string, facts []byte) error {
	w.cache["paths "+base+head] = facts
	return nil
}

func (w *world) Config(_ context.Context, key string) ([]byte, error) {
	return w.cache["config "+key], nil
}

func (w *world) SaveConfig(_ context.Context, key string, config []byte) error {
	w.cache["config "+key] = config
	return nil
}

func (w *world) Scan(_ context.Context, key string) (*scan.Result, error) {
	if data := w.cache["scan "+key]; data != nil {
		r := new(scan.Result)
		return r, json.Unmarshal(data, r)
	}
	return nil, nil
}

func (w *world) SaveScan(_ context.Context, key string, r *scan.Result) (err error) {
	w.cache["scan "+key], err = json.Marshal(r)
	return err
}

func (w *world) Setting(_ context.Context, key string) (string, error) {
	return string(w.cache["setting "+key]), nil
}

func (w *world) SetSetting(_ context.Context, key, value string) error {
	w.cache["setting "+key] = []byte(value)
	return nil
}

func (w *world) Posted(context.Context, review.Ref) (map[checks.Fingerprint]bool, error) {
	return maps.Clone(w.posted), nil
}

func (w *world) Says(_ context.Context, slot string) (string, error) { return w.newest[slot].Says, nil }

func (w *world) Marks(_ context.Context, ref review.Ref) (out []review.Mark, err error) {
	for _, slot := range slices.Sorted(maps.Keys(w.newest)) {
		if w.owner[slot] == ref.Number {
			m := w.newest[slot]
			m.Last = true
			out = append(out, m)
		}
	}
	return out, nil
}

func (w *world) Keep(_ context.Context, o review.Outcome) error {
	if o.Decision != nil {
		w.decision = append(w.decision, o.Decision)
		w.facts = o.Facts
		w.say("decided %s", o.Decision.State)
	}
	w.again = o.Again
	for _, slot := range o.Clear {
		if e, ok := w.edits[slot]; ok && !e.Done {
			e.Body = "" // taken back
			w.edits[slot] = e
			w.pending = slices.DeleteFunc(w.pending, func(d review.Deed) bool { return d.Slot == slot })
		}
	}
	for _, d := range o.Deeds {
		if d.GitHub.Kind == github.Edit {
			if w.edits[d.Slot].Body != d.GitHub.Body {
				w.pending = append(slices.DeleteFunc(w.pending, func(p review.Deed) bool { return p.Slot == d.Slot }), d)
				w.edits[d.Slot] = review.Edit{Body: d.GitHub.Body}
			}
			continue
		}
		if d.Name != "" {
			if !w.done[d.Name] {
				w.pending = append(w.pending, d)
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
		w.owner[d.Slot] = o.Ref.Number
		if w.newest[d.Slot] == m && w.equal[d.Slot+string(data)] {
			continue
		}
		for k := range w.equal {
			if strings.HasPrefix(k, d.Slot) {
				delete(w.equal, k)
			}
		}
		w.newest[d.Slot], w.equal[d.Slot+string(data)] = m, true
		w.pending = append(w.pending, d)
	}
	return nil
}

// the outbox

func (w *world) Settle(context.Context, review.Ref) error { return nil }

func (w *world) Deliver(context.Context, review.Ref) error {
	rest := []review.Deed{}
	for _, d := range w.pending {
		g := d.GitHub
		if g.Kind == github.Reply || g.Kind == github.React || g.Kind == github.Edit {
			rest = append(rest, d)
			continue
		}
		switch g.Kind {
		case github.SetCheck:
			says := g.Check.Status
			if g.Check.Conclusion != "" {
				says = g.Check.Conclusion
			}
			w.say("set %s on %s: %s", g.Check.Name, g.Head, says)
		case github.Cancel:
			w.say("set %s on %s: cancelled", g.Name, g.Head)
		case github.Post:
			w.done[d.Name] = true
			for _, c := range g.Review.Comments {
				w.posted[c.Fingerprint] = true
			}
			w.say("review of %s with %d comments", g.Head, len(g.Review.Comments))
		case github.Reply, github.React, github.Edit, github.Issue: // all but the last are done by Answer
		}
	}
	w.pending = rest
	return nil
}

func (w *world) reviewer(list ...*checks.Check) *review.Reviewer {
	return review.New(review.Options{
		GitHub: func(id int64) review.GitHub {
			if id != 3 {
				w.t.Errorf("installation %d", id)
			}
			return w
		},
		Fetch: w.fetch,
		Scan: func(_ context.Context, in *scan.Input) (*scan.Result, error) {
			w.say("scan")
			for _, c := range in.Contents {
				w.say("given %s", c.Data)
			}
			r := w.result
			r.Base, r.Head = in.Base, in.Head
			if w.moved != nil {
				w.moved()
			}
			return &r, w.scanErr
		},
		Ask: w.ask, LookUp: w.lookUp,
		Checks: list, Store: w, Outbox: w, Tool: report.Tool{Name: "reviewgate", Version: "test"}, Log: zerolog.Nop(),
	})
}

var ref = review.Ref{Installation: 3, RepoID: 7, Owner: "acme", Name: "shop", Number: 1, Generation: 1}

// run looks at pull request 1 and answers what happened since the last call.
func (w *world) run(number int) []string {
	w.t.Helper()
	r := ref
	r.Number = number
	if err := w.reviewer().Pull(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
	out := w.log
	w.log = nil
	return out
}

func (w *world) expect(number int, want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.run(number)); diff != "" {
		w.t.Errorf("(-want +got):\n%s", diff)
	}
}

func (w *world) approve(number int, who gate.Person, id int64, head string) {
	p := w.pulls[number]
	p.Facts.Reviews = append(p.Facts.Reviews, gate.Review{ID: id, Reviewer: who, State: "APPROVED", CommitID: head})
	w.entries[number] = append(w.entries[number], review.Entry{LedgerEntry: gate.Capture(id, who, head, head, "main", "m0")})
}

func finding(print string, blocking bool) checks.Finding {
	return checks.Finding{RuleID: "go-sql", Message: "SQL is built from a string.", Severity: checks.High, Confidence: checks.Certain, Fingerprint: checks.Fingerprint(print),
		Location: checks.Location{Path: "src/pay/card.go", StartLine: 3, EndLine: 3}, Introduced: true, Blocking: blocking, Comment: true}
}

func TestApprovalNeedsNoFetchAndNoScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.expect(1, "pull 1", "set reviewgate on h1: in_progress", "fetch 7 m0..h1", "people", "scan", "decided pending", "set reviewgate on h1: action_required")
	w.expect(1, "pull 1", "people", "decided pending") // nothing changed: nothing is told
	w.approve(1, bob, 11, "h1")
	w.expect(1, "pull 1", "people", "decided pass", "set reviewgate on h1: success")
	if e := w.entries[1][0]; !e.Complete || e.Seen["src/pay/card.go"].Blob != "new" {
		t.Errorf("the ledger was not completed: %+v", e)
	}
	w.pulls[1].Facts.Reviews[0].State = "DISMISSED"
	w.expect(1, "pull 1", "people", "decided pending", "set reviewgate on h1: action_required")
}

func TestAuthorAndPusherDoNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pushers[1] = []gate.Person{bob}
	w.approve(1, bob, 11, "h1")
	w.run(1)
	if d := w.decision[0]; d.State != gate.Pending {
		t.Errorf("an approval by somebody who pushed counts: %+v", d)
	}
}

func TestPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.run(1)
	w.pulls[1].Facts.Head = "h2"
	w.commits["h2"] = append(w.commits["h1"], source.Commit{SHA: "h2", Parents: []string{"h1"}, Message: "more"})
	w.pulls[1].Facts.Commits = append(w.pulls[1].Facts.Commits, gate.Commit{SHA: "h2", Author: &alice, Committer: &alice})
	w.changed = []*checks.File{{Path: "src/pay/card.go", Status: checks.Modified, OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "old", Blob: "newer"}}
	w.expect(1, "pull 1", "set reviewgate on h1: cancelled", "set reviewgate on h2: in_progress", "fetch 7 m0..h2", "people", "scan", "decided pending", "set reviewgate on h2: action_required")
	// A force-push back: the old head is judged afresh, from what is stored by its SHA.
	w.pulls[1].Facts.Head = "h1"
	w.pulls[1].Facts.Commits = w.pulls[1].Facts.Commits[:1]
	w.expect(1, "pull 1", "set reviewgate on h2: cancelled", "set reviewgate on h1: in_progress", "people", "decided pass", "set reviewgate on h1: success")
}

func TestFindings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.result.Findings = []checks.Finding{finding("f1", true), finding("f2", false)}
	w.expect(1, "pull 1", "set reviewgate on h1: in_progress", "fetch 7 m0..h1", "people", "scan", "decided block", "review of h1 with 2 comments", "set reviewgate on h1: failure")
	w.expect(1, "pull 1", "people", "decided block")
	// The next head still has one of them: it is not told again.
	w.pulls[1] = w.pull(1, "h2", alice)
	w.result.Findings = []checks.Finding{finding("f2", false), finding("f3", true)}
	w.expect(1, "pull 1", "set reviewgate on h1: cancelled", "set reviewgate on h2: in_progress", "fetch 7 m0..h2", "people", "scan", "decided block", "review of h2 with 1 comments", "set reviewgate on h2: failure")
}

func TestScanWithFailureIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.result.Checks[0] = scan.CheckResult{Name: "x", Status: scan.Failed, Reason: "timed out"}
	w.expect(1, "pull 1", "set reviewgate on h1: in_progress", "fetch 7 m0..h1", "people", "scan", "decided error", "set reviewgate on h1: action_required")
	w.result.Checks[0].Status = scan.Ran
	w.expect(1, "pull 1", "people", "fetch 7 m0..h1", "scan", "decided pass", "set reviewgate on h1: success")
}

func TestMovedWhileJudged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.moved = func() {
		w.moved = nil
		reviews := w.pulls[1].Facts.Reviews
		w.pulls[1] = w.pull(1, "h2", alice)
		w.pulls[1].Facts.Reviews = reviews
		w.changed = []*checks.File{{Path: "src/pay/card.go", Status: checks.Modified, OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "old", Blob: "newer"}}
	}
	got := w.run(1)
	if slices.Contains(got, "set reviewgate on h1: success") || got[len(got)-1] != "set reviewgate on h2: action_required" || !slices.Contains(got, "set reviewgate on h1: cancelled") {
		t.Errorf("%q", got)
	}
	// It moves each time: the job tries again later, and no result is told.
	w = newWorld(t)
	n := 0
	w.moved = func() {
		n++
		w.pulls[1] = w.pull(1, fmt.Sprint("g", n), alice)
	}
	if err := w.reviewer().Pull(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "moved") {
		t.Errorf("error: %v", err)
	}
	if len(w.decision) != 0 {
		t.Errorf("decided: %+v", w.decision)
	}
}

func TestDraftClosedMerged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.pulls[1].Facts.Draft = true
	w.expect(1, "pull 1", "set reviewgate on h1: in_progress", "fetch 7 m0..h1", "people", "scan", "decided pending", "set reviewgate on h1: action_required")
	w.pulls[1].Facts.Draft = false
	w.expect(1, "pull 1", "people", "decided pass", "set reviewgate on h1: success")
	w.pulls[1].Facts.State = "closed"
	w.expect(1, "pull 1", "set reviewgate on h1: cancelled")
	w.expect(1, "pull 1")
	w.pulls[1].Facts.State = "open"
	w.expect(1, "pull 1", "set reviewgate on h1: in_progress", "people", "decided pass", "set reviewgate on h1: success")
	w.pulls[1].Facts.State = "merged"
	w.expect(1, "pull 1")
	w.pulls[1].Facts.Head = "h2" // it was pushed to before the merge, and nobody told us
	w.expect(1, "pull 1", "set reviewgate on h1: cancelled")
	w.pullErr = &github.Error{Op: "reading", Status: 404}
	w.expect(1, "pull 1")
	if s := w.standing[1].State; s != "gone" {
		t.Errorf("a pull request that cannot be seen is %q", s)
	}
}

func TestRetarget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.files["m0"][".github/reviewgate.yml"] = payPolicy + "governed_branches: [\"~default\", \"release/*\"]\n"
	w.pulls[1].Facts.BaseRef = "release/1"
	w.expect(1, "pull 1", "fetch 7 m0..h1", "set reviewgate: release/1 on h1: in_progress", "people", "scan", "decided pass", "set reviewgate: release/1 on h1: success")
	w.pulls[1].Facts.BaseRef = "main"
	w.expect(1, "pull 1", "set reviewgate: release/1 on h1: cancelled", "set reviewgate on h1: in_progress", "people", "decided pass", "set reviewgate on h1: success")
}

func TestUngovernedBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.result.Findings = []checks.Finding{finding("f1", true)}
	w.pulls[1].Facts.BaseRef = "play"
	w.expect(1, "pull 1", "fetch 7 m0..h1", "people", "scan", "decided block", "review of h1 with 1 comments")
}

func TestRerun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(1)
	r := ref
	r.Forced = true
	if err := w.reviewer().Pull(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"pull 1", "set reviewgate on h1: in_progress", "people", "decided pending", "set reviewgate on h1: action_required"}, w.log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  func(w *world)
		told string // in the decision; "": the error is for another try
	}{
		"the network": {func(w *world) { w.fetchErr = &source.Error{Kind: source.Network, What: "cut off"} }, ""},
		"too many files": {func(w *world) {
			w.fetchErr = &source.Error{Kind: source.Limit, Op: "list", What: "60000 files, over the limit of 50000"}
		}, "over the limit of 50000"},
		"a commit that vanished": {func(w *world) { w.fetchErr = &source.Error{Kind: source.NotFound, What: "no such commit"} }, ""},
		"the worker":             {func(w *world) { w.scanErr = errors.New("the sandboxed worker crashed") }, ""},
		"GitHub refuses":         {func(w *world) { w.peopleErr = &github.Error{Op: "asking", Status: 403, Message: "not allowed"} }, "not allowed"},
		"GitHub is down":         {func(w *world) { w.peopleErr = &github.Temporary{Reason: "502"} }, ""},
		"a rate limit":           {func(w *world) { w.peopleErr = &github.RateLimited{} }, ""},
		"no tip of the branch": {func(w *world) {
			w.pulls[1].DefaultSHA = ""
			w.pulls[1].Facts.Unknown = []gate.Unknown{{What: "the tips of the branches", Reason: "GitHub answered 404"}}
		}, "GitHub answered 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.set(w)
			err := w.reviewer().Pull(t.Context(), ref)
			if (err == nil) != (c.told != "") {
				t.Fatalf("error: %v", err)
			}
			last := w.log[len(w.log)-1]
			if c.told == "" {
				if says := w.newest["check/7/h1/reviewgate"].Says; says != "in_progress" || len(w.decision) != 0 {
					t.Errorf("meanwhile the check run says %q", says)
				}
				if err := w.reviewer().GiveUp(t.Context(), ref, fmt.Errorf("all tries: %w, ghs_secret", err)); err != nil {
					t.Fatal(err)
				}
				last = w.log[len(w.log)-1]
				c.told = "all tries"
			}
			d := w.decision[0]
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			if d.State != gate.Error || last != "set reviewgate on h1: action_required" || !strings.Contains(string(text), c.told) || strings.Contains(string(text), "ghs_secret") {
				t.Errorf("%s, decision %s", last, text)
			}
		})
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// An approval of an earlier head, whose objects are gone: it does not count.
	w.approve(1, bob, 11, "h0")
	w.ledgerErr = &source.Error{Kind: source.NotFound, What: "gone"}
	w.expect(1, "pull 1", "set reviewgate on h1: in_progress", "fetch 7 m0..h1", "merge base of m0 and h0", "people", "scan", "decided pending", "set reviewgate on h1: action_required")
	// They are back: what was approved is what stands.
	w.ledgerErr = nil
	w.expect(1, "pull 1", "fetch 7 m0..h1", "merge base of m0 and h0", "paths m0..h0", "people", "decided pass", "set reviewgate on h1: success")
	// The network: nothing is concluded from it.
	w.approve(1, eve, 12, "hx")
	w.ledgerErr = &source.Error{Kind: source.Network, What: "cut off"}
	if err := w.reviewer().Pull(t.Context(), ref); err == nil {
		t.Error("no error")
	}
}

func TestApprovalRightAfterPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.entries[1][0].MovedFrom = []string{"h0"}
	got := w.run(1)
	if !slices.Contains(got, "paths h0..h1") || got[len(got)-1] != "set reviewgate on h1: action_required" {
		t.Errorf("%q", got)
	}
	if moved := w.entries[1][0].JustMoved; !slices.Equal(moved, []string{"src/pay/card.go"}) {
		t.Errorf("just moved: %q", moved)
	}
}

// A second pull request with the same head and base shares the check run and the decision: it neither grants nor removes anything.
func TestSiblings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.expect(1, "pull 1", "set reviewgate on h1: in_progress", "fetch 7 m0..h1", "people", "scan", "decided pass", "set reviewgate on h1: success")
	w.pulls[2] = w.pull(2, "h1", eve)
	got := w.run(2)
	if diff := cmp.Diff([]string{"pull 2", "touch [1]", "pull 1", "people", "decided pass"}, got[:5]); diff != "" {
		t.Errorf("the stranger's (-want +got):\n%s", diff)
	}
	if n := len(w.facts.Siblings); n != 1 || w.facts.Siblings[0].Author != alice || len(w.facts.Reviews) != 1 {
		t.Errorf("facts: %d siblings, %d reviews", n, len(w.facts.Reviews))
	}
	// The stranger closes theirs: the head belongs to the first one still.
	w.pulls[2].Facts.State = "closed"
	w.expect(2, "pull 2", "touch [1]")
	// Its author cannot approve through the other.
	w.pulls[2] = w.pull(2, "h1", bob)
	w.standing[2] = github.Standing{State: "open", Head: "h1", BaseRef: "main"}
	w.run(1)
	if d := w.decision[len(w.decision)-1]; d.State != gate.Pending {
		t.Errorf("the author of a sibling approved: %+v", d)
	}
}

func TestFloor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changed = []*checks.File{{Path: "README.md", Status: checks.Modified, OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "a", Blob: "b"}}
	w.floor = github.Floor{State: github.FloorPresent, DefaultSHA: "f0", Repository: github.Repository{ID: 8, Owner: "acme", Name: ".github"}}
	w.files["f0"] = map[string]string{"reviewgate-floor.yml": "version: 1\nfloor: true\nguard:\n  - {name: docs, paths: [\"*.md\"], approvals: 1, from: [\"@bob\"]}\n"}
	w.expect(1, "pull 1", "set reviewgate on h1: in_progress", "fetch 7 m0..h1", "fetch 8 f0..f0", "people", "scan", "decided pending", "set reviewgate on h1: action_required")
	w.expect(1, "pull 1", "people", "decided pending")
	w.approve(1, bob, 11, "h1")
	w.expect(1, "pull 1", "people", "decided pass", "set reviewgate on h1: success")
	for name, gone := range map[string]func(){
		"deleted":    func() { w.floor = github.Floor{State: github.FloorAbsent} },
		"hidden":     func() { w.floor = github.Floor{State: github.FloorHidden, NeedsNewGrant: "grant it"} },
		"unreadable": func() { w.floorErr = &github.Error{Op: "floor", Status: 403} },
		"emptied": func() {
			w.floor = github.Floor{State: github.FloorPresent, DefaultSHA: "f1", Repository: github.Repository{ID: 8, Owner: "acme", Name: ".github"}}
			w.floorErr = nil
		},
	} {
		gone()
		w.run(1)
		if d := w.decision[len(w.decision)-1]; d.State != gate.Error {
			t.Errorf("a floor that was seen before is %s: %s", name, d.State)
		}
		w.floorErr = nil
	}
	fresh := newWorld(t)
	fresh.approve(1, bob, 11, "h1")
	fresh.floor = github.Floor{State: github.FloorHidden}
	fresh.run(1)
	if d := fresh.decision[0]; d.State != gate.Pass {
		t.Errorf("a floor that was never seen and is not required is asked for: %+v", d)
	}
}

func TestChangeOfPolicyIsValidated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changed = []*checks.File{{Path: ".github/reviewgate.yml", Status: checks.Modified, OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "a", Blob: "b"}}
	w.files["h1"] = map[string]string{".github/reviewgate.yml": "version: 1\nguards: []\n"}
	w.run(1)
	d := w.decision[0]
	if d.State != gate.Error || len(d.Problems) == 0 || d.Problems[0].File != ".github/reviewgate.yml" {
		t.Errorf("a broken policy in the change: %+v", d)
	}
}

func TestUnlistedCommits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.commits["h1"] = append(w.commits["h1"], source.Commit{SHA: "hidden", Message: "x"})
	w.run(1)
	if d := w.decision[0]; d.State != gate.Error {
		t.Errorf("a commit whose accounts GitHub did not list: %+v", d)
	}
}

func TestChecksRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reads := &checks.Check{Name: "supply/x", Reads: func(paths []string) []string { return []string{"go.mod", "go.mod"} }}
	if err := w.reviewer(reads).Pull(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	var given []string
	for _, l := range w.log {
		if strings.HasPrefix(l, "given") {
			given = append(given, l)
		}
	}
	if diff := cmp.Diff([]string{"given base go.mod", "given head go.mod"}, given); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Something happened, and GitHub does not show what: a green check is taken back until it does.
func TestDoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.run(1)
	w.pullErr = &github.Temporary{Reason: "502"}
	for range 2 {
		if err := w.reviewer().Pull(t.Context(), ref); err == nil {
			t.Error("no error")
		}
	}
	if diff := cmp.Diff([]string{"pull 1", "set reviewgate on h1: in_progress", "pull 1"}, w.log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.log, w.pullErr = nil, nil
	w.expect(1, "pull 1", "people", "decided pass", "set reviewgate on h1: success")
	// What is not green stays as it is.
	w.pulls[1].Facts.Reviews[0].State = "DISMISSED"
	w.expect(1, "pull 1", "people", "decided pending", "set reviewgate on h1: action_required")
	w.pullErr = &github.Temporary{Reason: "502"}
	if err := w.reviewer().Pull(t.Context(), ref); err == nil || len(w.log) != 1 {
		t.Errorf("%v, %q", err, w.log)
	}
}

// What people's facts lack for a moment is told at once and asked for again.
func TestPeopleUnknownForAMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.run(1)
	w.unknown, w.peopleErr = []gate.Unknown{{What: "the team @acme/security", Reason: "GitHub answered 502"}}, &github.Temporary{Reason: "GitHub answered 502"}
	if err := w.reviewer().Pull(t.Context(), ref); !errors.Is(err, w.peopleErr) {
		t.Errorf("error: %v", err)
	}
	if diff := cmp.Diff([]string{"pull 1", "people", "decided error", "set reviewgate on h1: action_required"}, w.log); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.log, w.unknown, w.peopleErr = nil, nil, nil
	w.expect(1, "pull 1", "people", "decided pass", "set reviewgate on h1: success")
}

// A pull request with the same head that turns up during the judgement is a part of it.
func TestSiblingDuringTheJudgement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.moved = func() {
		w.moved = nil
		w.pulls[2] = w.pull(2, "h1", bob)
		w.standing[2] = github.Standing{State: "open", Head: "h1", BaseRef: "main", Base: "m0"}
	}
	got := w.run(1)
	if slices.Contains(got, "set reviewgate on h1: success") || got[len(got)-1] != "set reviewgate on h1: action_required" {
		t.Errorf("%q", got)
	}
}

// aGroup puts a merge group of pull request 1 into the world: g1 on m0, with pull request 1's change.
func (w *world) aGroup(parents []string, clean bool) {
	const name = "gh-readonly-queue/main/pr-1-0123456"
	w.groups = []review.Group{{Head: "g1", HeadRef: name, BaseRef: "main"}}
	w.tips = map[string]string{"main": "m0", name: "g1"}
	w.commits["g1"] = []source.Commit{{SHA: "g1", Parents: parents, Message: "Change", CleanMerge: clean}}
	if len(parents) > 1 {
		w.commits["g1"] = append(w.commits["g1"], w.commits[parents[1]]...)
	}
}

func (w *world) queue() []string {
	w.t.Helper()
	w.log = nil
	r := ref
	r.Number = 0
	if err := w.reviewer().Queue(w.t.Context(), r); err != nil {
		w.t.Fatal(err)
	}
	out := w.log
	w.log = nil
	return out
}

func TestMergeGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approve(1, bob, 11, "h1")
	w.run(1)
	w.aGroup([]string{"m0", "h1"}, true)
	want := []string{"set reviewgate on g1: in_progress", "fetch 7 m0..g1", "pull 1", "people", "scan", "decided pass", "set reviewgate on g1: success"}
	if diff := cmp.Diff(want, w.queue()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// What happens to a member is a reason to ask again.
	w.pulls[1].Facts.Reviews[0].State = "DISMISSED"
	w.expect(1, "pull 1", "people", "decided pending", "set reviewgate on h1: action_required", "touch [0]")
	if got := w.queue(); got[len(got)-1] != "set reviewgate on g1: action_required" {
		t.Errorf("%q", got)
	}
	// Green is taken back while it cannot be told whether it holds.
	w.pulls[1].Facts.Reviews[0].State = "APPROVED"
	if got := w.queue(); got[len(got)-1] != "set reviewgate on g1: success" {
		t.Errorf("%q", got)
	}
	w.pullErr = &github.Temporary{Reason: "502"}
	queue := ref
	queue.Number = 0
	if err := w.reviewer().Queue(t.Context(), queue); !errors.Is(err, w.pullErr) || w.log[len(w.log)-1] != "set reviewgate on g1: in_progress" {
		t.Errorf("%v, %q", err, w.log)
	}
	w.pullErr = nil
	// So is what happens to another pull request with the head of a member.
	w.pulls[2] = w.pull(2, "h1", eve)
	w.run(2)
	if got := w.run(2); got[len(got)-1] != "touch [0]" {
		t.Errorf("%q", got)
	}
	w.pulls[2].Facts.State = "closed"
	w.run(2)
	// The branch of the group is gone: nothing may shine on its commit.
	delete(w.tips, "gh-readonly-queue/main/pr-1-0123456")
	if diff := cmp.Diff([]string{"set reviewgate on g1: cancelled", "close g1"}, w.queue()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMergeGroupThatIsNotProved(t *testing.T) {
	t.Parallel()
	more := func(path string) *checks.File {
		return &checks.File{Path: path, Status: checks.Added, Mode: checks.ModeFile, Blob: "x"}
	}
	for name, c := range map[string]struct {
		set  func(w *world)
		says string
	}{
		"squashed, and just the pull request": {func(w *world) { w.aGroup([]string{"m0"}, false) }, "success"},
		"a file more": {func(w *world) {
			w.aGroup([]string{"m0", "h1"}, true)
			w.changed = append(w.changed, more("README.md"))
		}, "action_required"},
		"a guarded file with other content, cleanly merged": {func(w *world) {
			w.aGroup([]string{"m0", "h1"}, true)
			w.changed = []*checks.File{{Path: "src/pay/card.go", Status: checks.Modified, OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "old", Blob: "both"}}
		}, "action_required"},
		"a file that a guarded link leads to with other content, cleanly merged": {func(w *world) {
			w.files["m0"][".github/reviewgate.yml"] = strings.Replace(payPolicy, "src/pay/**", "conf/**", 1)
			w.cache = map[string][]byte{}
			w.run(1)
			w.aGroup([]string{"m0", "h1"}, true)
			w.links = map[string]map[string][]byte{"g1": {"conf/live": []byte("../src/pay/card.go")}}
			w.changed = []*checks.File{{Path: "src/pay/card.go", Status: checks.Modified, OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "old", Blob: "both"}}
		}, "action_required"},
		"a flaw of the whole": {func(w *world) {
			w.aGroup([]string{"m0", "h1"}, true)
			w.result.Findings = []checks.Finding{finding("f1", true)}
		}, "failure"},
		"a check that fails on the whole": {func(w *world) {
			w.aGroup([]string{"m0", "h1"}, true)
			w.result.Checks[0] = scan.CheckResult{Name: "x", Status: scan.Failed, Reason: "timed out"}
		}, "action_required"},
		"too large": {func(w *world) {
			w.aGroup([]string{"m0", "h1"}, true)
			w.fetchErr = &source.Error{Kind: source.Limit, What: "60000 files"}
		}, "action_required"},
		"closed": {func(w *world) {
			w.aGroup([]string{"m0", "h1"}, true)
			w.pulls[1].Facts.State = "closed"
		}, "action_required"},
		"advisory": {func(w *world) {
			w.files["m0"][".github/reviewgate.yml"] = payPolicy + "mode: advisory\n"
			w.cache = map[string][]byte{}
			w.aGroup([]string{"m0"}, false)
			w.changed = append(w.changed, more("README.md"))
		}, "success"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.approve(1, bob, 11, "h1")
			w.run(1)
			c.set(w)
			if got := w.queue(); got[len(got)-1] != "set reviewgate on g1: "+c.says {
				t.Errorf("%q", got)
			}
		})
	}
	// Nothing hangs: after the last try there is an answer.
	w := newWorld(t)
	w.aGroup([]string{"m0", "h1"}, true)
	w.fetchErr = &source.Error{Kind: source.Network, What: "cut off"}
	queue := ref
	queue.Number = 0
	err := w.reviewer().Queue(t.Context(), queue)
	if err == nil {
		t.Fatal("no error")
	}
	if err := w.reviewer().QueueGiveUp(t.Context(), queue, err); err != nil || w.log[len(w.log)-1] != "set reviewgate on g1: action_required" {
		t.Errorf("%v, %q", err, w.log)
	}
}

// A guard that asks for an up-to-date branch is content with the merge queue, which puts the change on top of the base.
func TestMergeGroupIsUpToDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.files["m1"] = map[string]string{".github/reviewgate.yml": "version: 1\ntier: {critical: {approvals: 2, up_to_date: true}}\nguard:\n  - {name: payments, paths: [\"src/pay/**\"], tier: critical, from: [\"@bob\", \"@eve\"]}\n"}
	w.pulls[1].DefaultSHA, w.pulls[1].Facts.Base = "m1", "m1"
	w.people.Users["eve"] = eve
	w.approve(1, bob, 11, "h1")
	w.approve(1, eve, 12, "h1")
	w.run(1)
	if d := w.decision[0]; d.State != gate.Pending || !strings.Contains(d.Title, "up to date") {
		t.Errorf("alone: %+v", d)
	}
	w.aGroup([]string{"m0", "h1"}, true)
	w.tips["main"] = "m1"
	if got := w.queue(); got[len(got)-1] != "set reviewgate on g1: success" {
		t.Errorf("%q", got)
	}
}

// A repository was renamed and another took its name: what is there is not our pull request.
func TestAnotherRepositoryUnderTheName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pulls[1].Repository.ID = 8
	w.expect(1, "pull 1")
	if s := w.standing[1].State; s != "gone" {
		t.Errorf("it is %q", s)
	}
}

// TestLookUp: the checks are asked once for a pair of trees, the registries each time; the scan is made again when they say something else.
func TestLookUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changed = []*checks.File{{Path: "package.json", Status: checks.Modified, OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "old", Blob: "new"}}
	w.files["m0"][".github/reviewgate.yml"] = "version: 1\nchecks: {private_packages: [\"@acme/*\"]}\n"
	kit := checks.Package{Ecosystem: "npm", Name: "kit"}
	w.ask = func(_ context.Context, in *scan.Input) ([]checks.Package, error) {
		w.say("ask with %d files and %d contents", len(in.Files), len(in.Contents))
		return []checks.Package{kit}, nil
	}
	state := checks.Absent
	w.lookUp = func(_ context.Context, asked []checks.Package, private []string) checks.Facts {
		w.say("look up %v but %v", asked, private)
		return checks.Facts{Answers: []checks.Answer{{Package: kit, State: state}}}
	}
	asking := &checks.Check{Name: "supply/x", Reads: func(paths []string) []string {
		return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return p != "package.json" })
	}, Asks: func(context.Context, *checks.Pass) ([]checks.Package, error) { return nil, nil }}
	run := func() []string {
		w.log = nil
		if err := w.reviewer(asking).Pull(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(w.log, func(line string) bool {
			return !strings.HasPrefix(line, "ask") && !strings.HasPrefix(line, "look up") && line != "scan"
		})
	}
	const asked, lookedUp = "ask with 1 files and 0 contents", "look up [{npm kit }] but [@acme/*]"
	for i, want := range [][]string{{asked, lookedUp, "scan"}, {lookedUp}, {lookedUp, "scan"}} {
		if i == 2 {
			state = checks.Exists
		}
		if diff := cmp.Diff(want, run()); diff != "" {
			t.Errorf("%d (-want +got):\n%s", i, diff)
		}
	}
	w.changed[0].Path = "src/a.go"
	w.cache = map[string][]byte{}
	if diff := cmp.Diff([]string{"scan"}, run()); diff != "" {
		t.Errorf("without a manifest (-want +got):\n%s", diff)
	}
}
