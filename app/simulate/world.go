package simulate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

// world is GitHub, git, and what the server remembers of them.
type world struct {
	in       *Input
	pull     *Pull
	now      time.Time
	accounts map[string]*account // by lower-case login
	nextID   int64
	teams    map[string]*team // by lower-case name
	commits  graph
	branches map[string]string // name -> commit

	head, base  string // commit, branch
	state       string // "open", "closed", "merged"
	draft       bool
	title, body string
	labels      []string
	author      *account
	founder     *account
	requested   []*account
	others      []*other
	reviews     []*review
	comments    []*comment
	unknown     []gate.Unknown
	floor       []byte
	floorGone   string // why it cannot be read

	// What the server knows from webhooks alone.
	pushers  []*account
	pushed   map[int64][]string // what the pushes of an account moved
	ledger   []gate.LedgerEntry
	lastPush time.Time
	before   string // the head before the last push
	heard    string // the newest head that a webhook told of, and when
	heardAt  time.Time
	mentions []gate.Mention

	last     *gate.Decision // what was decided
	lastHead string
	checks   map[[2]string]string // name and SHA of the check runs
	scans    map[[2]string]*scan.Result
	warnings []gate.Problem
}

type account struct {
	gate.Person
	role gate.Role
}

type team struct {
	id      int64
	members []*account
}

type other struct {
	number int
	author *account
	viaApp string
}

type review struct {
	id     int64
	by     *account
	state  string
	commit string
	viaApp string
	was    string
	lifted *account
}

type comment struct {
	name    string
	id      int64
	by      *account
	sender  *account
	body    string
	viaApp  string
	at      time.Time
	edited  bool
	arrived bool // its webhook did
	saw     gate.LedgerEntry
}

// Well-known accounts, so that a story about them is about them.
var knownIDs = map[string]int64{"dependabot[bot]": 49699333, "renovate[bot]": 29139614, "web-flow": 19864447}

func newWorld(in *Input) (*world, error) {
	p := in.Pull
	w := &world{in: in, pull: p, now: p.Start, accounts: map[string]*account{}, nextID: 1001, teams: map[string]*team{}, commits: graph{}, branches: map[string]string{},
		base: p.Base, state: "open", draft: p.Draft, title: p.Title, body: p.Body, labels: slices.Clone(p.Labels), floor: in.Floor, checks: map[[2]string]string{}, scans: map[[2]string]*scan.Result{}, pushed: map[int64][]string{}}
	for _, login := range sortedKeys(p.People) {
		w.add(login, p.People[login])
	}
	for _, name := range sortedKeys(p.Teams) {
		t := &team{id: cmp.Or(p.Teams[name].ID, w.id())}
		for _, login := range p.Teams[name].Members {
			who, err := w.person(login)
			if err != nil {
				return nil, fmt.Errorf("teams: %s: %w", name, err)
			}
			t.members = append(t.members, who)
		}
		w.teams[strings.ToLower(name)] = t
	}
	tree, err := Tree{}.with(p.Files)
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	if in.Policy != nil {
		if tree, err = tree.with(map[string]*File{".github/reviewgate.yml": {Content: string(in.Policy)}}); err != nil {
			return nil, err
		}
	}
	root := tip(p.DefaultBranch)
	// Who made what the branches start with is no part of the story, but it is somebody.
	w.founder = &account{Person: gate.Person{ID: w.id(), Login: "octocat", Type: "User"}}
	w.commits[root] = &commit{name: root, tree: tree, author: w.founder, by: w.founder, facts: gate.Commit{SHA: root}}
	w.branches[p.DefaultBranch] = root
	for _, name := range sortedKeys(p.Branches) {
		if err := w.branch(name, p.Branches[name]); err != nil {
			return nil, fmt.Errorf("branches: %s: %w", name, err)
		}
	}
	if _, ok := w.branches[w.base]; !ok {
		return nil, fmt.Errorf("base: there is no branch %q", clip(w.base))
	}
	if w.author, err = w.person(p.Author); err != nil {
		return nil, fmt.Errorf("author: %w", err)
	}
	w.head = w.branches[w.base]
	for i := range p.Commits {
		if w.head, err = w.commit(&p.Commits[i], w.head, p.Author); err != nil {
			return nil, fmt.Errorf("commits %d: %w", i+1, err)
		}
	}
	w.heard, w.heardAt = w.head, w.now
	return w, nil
}

func (w *world) id() int64 { w.nextID++; return w.nextID - 1 }

func (w *world) add(login string, a Account) *account {
	who := &account{Person: gate.Person{ID: a.ID, Login: login, Type: a.Type}, role: gate.Role(or(a.Role, "write"))}
	if who.role == "none" {
		who.role = gate.RoleNone
	}
	if who.ID == 0 {
		if who.ID = knownIDs[strings.ToLower(login)]; who.ID == 0 {
			who.ID = w.id()
		}
	}
	if who.Type == "" {
		if who.Type = "User"; strings.HasSuffix(login, "[bot]") {
			who.Type = "Bot"
		}
	}
	w.accounts[strings.ToLower(login)] = who
	return who
}

// person finds an account that the file declares; "-" is one that is gone.
func (w *world) person(login string) (*account, error) {
	if login == "-" {
		return &account{}, nil
	}
	if who, ok := w.accounts[strings.ToLower(login)]; ok {
		return who, nil
	}
	if login == "" {
		return nil, errors.New("a login is missing")
	}
	return nil, fmt.Errorf("nobody is called %q: add it to people", clip(login))
}

func (w *world) branch(name string, b Branch) error {
	from, ok := w.branches[or(b.From, w.pull.DefaultBranch)]
	if !ok {
		return fmt.Errorf("there is no branch %q to start from", clip(b.From))
	}
	tree, err := w.commits[from].tree.with(b.Files)
	if err != nil {
		return err
	}
	sha := from
	if len(b.Files) > 0 {
		sha = tip(name)
		if _, twice := w.commits[sha]; twice {
			return fmt.Errorf("there is a commit %q already", sha)
		}
		w.commits[sha] = &commit{name: sha, parents: []string{from}, tree: tree, n: len(w.commits), author: w.founder, by: w.founder, facts: gate.Commit{SHA: sha, Parents: []string{from}}}
	}
	w.branches[name] = sha
	return nil
}

// commit makes a commit on top of the one before, and gives its name.
func (w *world) commit(c *Commit, before, by string) (string, error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("commit %q: %w", clip(c.SHA), err) }
	if !shaName.MatchString(c.SHA) {
		return "", fmt.Errorf("%q is no name of a commit: write sha: c1", clip(c.SHA))
	}
	if _, twice := w.commits[c.SHA]; twice {
		return fail(errors.New("there is one of that name already"))
	}
	k := &commit{name: c.SHA, n: len(w.commits), scan: c.Scan}
	var people []*account
	author := or(c.Author, by)
	for _, login := range append([]string{author, or(c.Committer, author)}, c.CoAuthors...) {
		who, err := w.person(login)
		if err != nil {
			return fail(err)
		}
		people = append(people, who)
	}
	k.author, k.by, k.co = people[0], people[1], people[2:]
	for _, parent := range c.Parents {
		if sha, ok := w.branches[parent]; ok {
			parent = sha
		}
		if w.commits[parent] == nil {
			return fail(fmt.Errorf("its parent %q is neither a commit nor a branch", clip(parent)))
		}
		k.parents = append(k.parents, parent)
	}
	if len(k.parents) == 0 {
		k.parents = []string{before}
	}
	tree := w.commits[k.parents[0]].tree
	clean := false
	if len(k.parents) == 2 {
		merged, conflict := w.commits.merge(k.parents[0], k.parents[1])
		if conflict == nil {
			tree, clean = merged, true
		}
	}
	var err error
	if k.tree, err = tree.with(c.Files); err != nil {
		return fail(err)
	}
	if m := c.Many; m != nil {
		if m.Files < 0 || m.Files > maxTree {
			return fail(fmt.Errorf("many: %d files, over the limit of %d", m.Files, maxTree))
		}
		crowd := make(map[string]*File, m.Files)
		for i := range m.Files {
			crowd[fmt.Sprintf("%s/%06d.txt", or(m.Under, "many"), i)] = &File{Content: or(m.Content, "x\n")}
		}
		if k.tree, err = k.tree.with(crowd); err != nil {
			return fail(err)
		}
	}
	clean = clean && len(diff(tree, k.tree)) == 0
	k.facts = gate.Commit{SHA: c.SHA, Parents: k.parents, AuthorEmail: c.Email, CommitterEmail: c.CommitterEmail, VerifiedApp: c.VerifiedApp, Message: or(c.Message, "change"), CleanMerge: clean}
	for _, parent := range k.parents {
		k.facts.Paths = append(k.facts.Paths, names(diff(w.commits[parent].tree, k.tree))...)
	}
	w.commits[c.SHA] = k
	return c.SHA, nil
}

// names lists both names of all files.
func names(files []gate.FileChange) []string {
	var out []string
	for _, f := range files {
		for _, path := range []string{f.Path, f.OldPath} {
			if path != "" {
				out = append(out, path)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// decide does what the server does for one event.
func (w *world) decide(ctx context.Context) (*Step, error) {
	f := w.facts()
	eff := w.config(f)
	if w.warnings == nil {
		w.warnings = eff.Warnings
	}
	f.Codeowners = eff.Codeowners
	result, err := w.scan(ctx, f, eff)
	if err != nil {
		return nil, err
	}
	f.People = w.people(gate.Needs(eff.Policy, f))
	d := gate.Decide(eff.Policy, f)
	step := &Step{At: w.now, Head: w.head, Base: w.base, Decision: d, Conclusion: d.Conclusion(), Scan: result, Facts: f, Policy: eff.Policy}
	if step.Conclusion != "" {
		step.Check = gate.CheckName(f.Default, f.BaseRef)
	}
	w.conclude(step)
	step.Checks = w.runs()
	w.last, w.lastHead = d, w.head
	return step, nil
}

// conclude moves the check runs: only the current head of an open pull request carries one that is not cancelled.
func (w *world) conclude(s *Step) {
	now := [2]string{s.Check, w.head}
	for at := range w.checks {
		if at != now || w.state == "closed" {
			w.checks[at] = "cancelled"
		}
	}
	if w.state == "closed" {
		s.Conclusion = "cancelled"
	}
	if s.Check != "" {
		w.checks[now] = s.Conclusion
	}
}

func (w *world) runs() []CheckRun {
	var out []CheckRun
	for at, conclusion := range w.checks {
		out = append(out, CheckRun{at[0], at[1], conclusion})
	}
	slices.SortFunc(out, func(a, b CheckRun) int { return cmp.Or(cmp.Compare(a.SHA, b.SHA), cmp.Compare(a.Name, b.Name)) })
	return out
}

func persons(list []*account) []gate.Person {
	var out []gate.Person
	for _, who := range list {
		if !slices.Contains(out, who.Person) {
			out = append(out, who.Person)
		}
	}
	return out
}

// facts states the pull request as GitHub, git and the server's memory tell it. People and Scan come later.
func (w *world) facts() *gate.Facts {
	p := w.pull
	baseSHA := w.branches[w.base]
	f := &gate.Facts{Repo: p.Repo, Number: p.Number, State: w.state, Draft: w.draft, Head: w.head, BaseRef: w.base, Base: baseSHA, MergeBase: w.commits.mergeBase(baseSHA, w.head), Default: p.DefaultBranch,
		Title: w.title, Body: w.body, HeadRef: p.Branch, Fork: &p.Fork, FirstTime: &p.FirstTime, Labels: slices.Clone(w.labels), Author: w.author.Person, ViaApp: p.ViaApp, Requested: persons(w.requested), Pushers: persons(w.pushers),
		Ledger: slices.Clone(w.ledger), Unknown: slices.Clone(w.unknown)}
	for _, k := range w.commits.between(baseSHA, w.head) {
		c := k.facts
		c.Author, c.Committer = attributed(k.author), attributed(k.by)
		for _, who := range k.co {
			if who := attributed(who); who != nil {
				c.CoAuthors = append(c.CoAuthors, *who)
			}
		}
		f.Commits = append(f.Commits, c)
	}
	f.Files = w.changed(f.MergeBase, w.head)
	f.Links = w.links(f.MergeBase, w.head)
	f.Clashes = gate.Clashes(f.Files, w.commits[w.head].tree.paths())
	for _, o := range w.others {
		f.Siblings = append(f.Siblings, gate.Sibling{Number: o.number, Author: o.author.Person, ViaApp: o.viaApp})
	}
	f.Pushed = w.pushed
	f.Mentions = slices.Clone(w.mentions)
	f.Now = w.now
	for _, c := range w.comments {
		seen := gate.Comment{ID: c.id, Author: c.by.Person, Sender: c.sender.Person, ViaApp: c.viaApp, Body: c.body, At: c.at, Edited: c.edited}
		if c.arrived {
			seen.Saw = c.saw
		}
		f.Comments = append(f.Comments, seen)
	}
	for _, r := range w.reviews {
		review := gate.Review{ID: r.id, Reviewer: r.by.Person, State: r.state, CommitID: r.commit, ViaApp: r.viaApp}
		if r.lifted != nil {
			review.Dismissal = &gate.Dismissal{By: r.lifted.Person, Was: r.was}
		}
		f.Reviews = append(f.Reviews, review)
	}
	return f
}

// attributed is what GitHub makes of a commit's e-mail address.
func attributed(who *account) *gate.Person {
	if who.ID == 0 {
		return nil
	}
	person := who.Person
	return &person
}

func (w *world) changed(base, head string) []gate.FileChange {
	old := Tree{}
	if base != "" {
		old = w.commits[base].tree
	}
	return diff(old, w.commits[head].tree)
}

// links lists the symbolic links of both trees.
func (w *world) links(shas ...string) []gate.Link {
	var out []gate.Link
	for _, sha := range shas {
		if sha == "" {
			continue
		}
		tree := w.commits[sha].tree
		for _, p := range tree.paths() {
			if e := tree[p]; e.Mode == checks.ModeSymlink {
				if target, ok := gate.LinkTarget(p, e.Content); ok && !slices.Contains(out, gate.Link{Path: p, Target: target}) {
					out = append(out, gate.Link{Path: p, Target: target})
				}
			}
		}
	}
	if len(out) > gate.MaxLinks {
		w.unknown = append(w.unknown, gate.Unknown{What: "where the symbolic links point to", Reason: fmt.Sprintf("there are more than %d", gate.MaxLinks)})
		out = nil
	}
	return out
}

// config reads the configuration from the trees, as the server does from commits.
func (w *world) config(f *gate.Facts) *config.Effective {
	repo := w.branches[w.pull.DefaultBranch]
	in := config.Input{Repo: w.layer(repo), FloorMissing: w.floorGone, Tree: w.commits[repo].tree.paths()}
	if w.floor != nil && w.floorGone == "" {
		owner, _, _ := strings.Cut(w.pull.Repo, "/")
		in.Floor = config.NewFloor(owner+"/.github", "", map[string][]byte{"reviewgate-floor.yml": w.floor})
	}
	if slices.ContainsFunc(f.Files, func(c gate.FileChange) bool { return config.Paths(c.Path) || config.Paths(c.OldPath) }) {
		in.Head = w.layer(w.head)
	}
	return config.Load(in)
}

func (w *world) layer(commit string) *config.Layer {
	files := map[string][]byte{}
	for p, e := range w.commits[commit].tree {
		if config.Paths(p) {
			files[p] = []byte(e.Content)
		}
	}
	return config.NewLayer(w.pull.Repo, commit, files)
}

// people answers what the gate asks, and nothing else.
func (w *world) people(wants gate.Wants) gate.People {
	out := gate.People{Roles: map[int64]gate.Role{}, Users: map[string]gate.Person{}, Teams: map[string]gate.Team{}}
	roles := map[int64]gate.Role{}
	for _, who := range w.accounts {
		roles[who.ID] = who.role
	}
	for _, login := range wants.Users {
		if who, ok := w.accounts[login]; ok {
			out.Users[login] = who.Person
			out.Roles[who.ID] = who.role
		}
	}
	for _, who := range wants.Roles {
		out.Roles[who.ID] = roles[who.ID]
	}
	for _, name := range wants.Teams {
		if t, ok := w.teams[name]; ok {
			out.Teams[name] = gate.Team{ID: t.id, Members: persons(t.members)}
		}
	}
	return out
}

// scan takes what the newest commit states, or runs one.
func (w *world) scan(ctx context.Context, f *gate.Facts, eff *config.Effective) (*scan.Result, error) {
	old := w.commits.ancestors(w.branches[w.base])
	for name := w.head; !old[name]; name = w.commits[name].parents[0] {
		if s := w.commits[name].scan; s != nil {
			f.Scan = s.facts(eff.Policy)
			return stated(&f.Scan), nil
		}
	}
	if w.in.Scan == nil || f.MergeBase == "" {
		f.Scan.Done = true
		return nil, nil
	}
	key := [2]string{f.MergeBase, f.Head + "\x00" + f.Title + "\x00" + f.Body + "\x00" + fmt.Sprint(eff.Scan, eff.Policy.Sources)}
	result := w.scans[key]
	if result == nil {
		in := &ScanInput{BaseSHA: f.MergeBase, HeadSHA: f.Head, Base: w.commits[f.MergeBase].tree, Head: w.commits[f.Head].tree, Config: eff, Text: checks.PRText{Title: f.Title, Body: f.Body}}
		for _, c := range f.Commits {
			in.Text.Trailers = append(in.Text.Trailers, lastTrailers(c.Message)...)
		}
		var err error
		if result, err = w.in.Scan(ctx, in); err != nil {
			return nil, fmt.Errorf("scanning %s: %w", f.Head, err)
		}
		w.scans[key] = result
	}
	f.Scan = gate.ScanFacts{Done: true, Failures: result.Failures(), Findings: result.Findings, Unscanned: result.Unscanned}
	for _, r := range result.Rules {
		if r.NeedsHuman {
			f.Scan.NeedsHuman = append(f.Scan.NeedsHuman, r.ID)
		}
	}
	return result, nil
}

// stated shows a scan that was stated as one that ran.
func stated(f *gate.ScanFacts) *scan.Result {
	r := &scan.Result{Findings: f.Findings, Unscanned: f.Unscanned, Rules: []checks.RuleInfo{}, Checks: []scan.CheckResult{}}
	for i := range f.Findings {
		id := f.Findings[i].RuleID
		if !slices.ContainsFunc(r.Rules, func(known checks.RuleInfo) bool { return known.ID == id }) {
			r.Rules = append(r.Rules, checks.RuleInfo{ID: id, Title: id, Severity: f.Findings[i].Severity, NeedsHuman: slices.Contains(f.NeedsHuman, id)})
		}
	}
	return r
}

// lastTrailers gives the lines like "Co-authored-by: ..." of a message's last paragraph.
func lastTrailers(message string) []string {
	message = strings.TrimSpace(strings.ReplaceAll(message, "\r\n", "\n"))
	i := strings.LastIndex(message, "\n\n")
	if i < 0 {
		return nil
	}
	var out []string
	for line := range strings.Lines(message[i+2:]) {
		line = strings.TrimSpace(line)
		if name, value, ok := strings.Cut(line, ":"); ok && name != "" && strings.TrimSpace(value) != "" && !strings.ContainsAny(name, " \t") {
			out = append(out, line)
		}
	}
	return out
}

// facts turns a stated scan into the gate's terms; what blocks is what the scan's own rule says: severe enough, or named, and certain.
func (s *Scan) facts(p *gate.Policy) gate.ScanFacts {
	out := gate.ScanFacts{Done: !s.Pending, Failures: s.Failures}
	side := func(name string) checks.Side {
		if name == "base" {
			return checks.Base
		}
		return checks.Head
	}
	advisory := p.Checks.Pack == string(checks.PackAdvisory)
	out.NeedsHuman = slices.DeleteFunc(slices.Clone(s.NeedsHuman), func(rule string) bool {
		said, named := p.Checks.Rollouts[rule]
		return said == checks.RolloutOff || said == checks.RolloutShadow || advisory && !named
	})
	for i, f := range s.Findings {
		if p.Checks.Rollouts[f.Rule] == checks.RolloutOff {
			continue
		}
		severity, err := checks.ParseSeverity(or(f.Severity, "high"))
		if err != nil {
			out.Failures = append(out.Failures, fmt.Sprintf("stated findings: %v", err))
		}
		confidence, err := checks.ParseConfidence(or(f.Confidence, "high"))
		if err != nil {
			out.Failures = append(out.Failures, fmt.Sprintf("stated findings: %v", err))
		}
		finding := checks.Finding{RuleID: f.Rule, Message: f.Message, Severity: severity, Confidence: confidence, Introduced: !f.Old,
			Location: checks.Location{Path: f.Path, StartLine: f.Line, Side: side(f.Side)}, Fingerprint: checks.NewFingerprint(f.Rule, f.Path, f.Message, "", i)}
		config := scan.Config{FailOn: p.Checks.Severity, Pack: p.Checks.Pack}
		severe := severity >= config.BlocksFrom() || slices.Contains(p.Checks.BlockOn, f.Rule)
		rollout := checks.RolloutBlock
		if advisory {
			rollout = checks.RolloutComment
		}
		rollout = cmp.Or(p.Checks.Rollouts[f.Rule], rollout)
		finding.Blocking = finding.Introduced && severe && confidence == checks.Certain && rollout == checks.RolloutBlock
		out.Findings = append(out.Findings, finding)
	}
	for _, u := range s.Unscanned {
		out.Unscanned = append(out.Unscanned, checks.Unscanned{Path: u.Path, Side: side(u.Side), Line: u.Line, Reason: or(u.Reason, "it could not be read")})
	}
	return out
}
