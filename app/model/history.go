package model

// Dice draws a number from 0 to max, all alike.
type Dice interface {
	Int(what string, max int) int
}

// Cast are the accounts of every history, and the roles in which they begin.
var Cast = []User{
	{Login: "octocat", Type: "User", Role: "admin"}, // only ever does what a person in charge does
	{Login: "alice", Type: "User", Role: "write"},
	{Login: "bob", Type: "User", Role: "write"},
	{Login: "carol", Type: "User", Role: "write"},
	{Login: "mona", Type: "User", Role: "maintain"},
	{Login: "rita", Type: "User", Role: "read"},
	{Login: "eve", Type: "User", Role: "none"},
	{Login: "ci-writer", Type: "User", Role: "write"},
	{Login: "helper[bot]", Type: "Bot", Role: "write"},
	{Login: "copilot-swe-agent[bot]", Type: "Bot", Role: "write"},
}

// agentLogin is in every table of coding agents.
const agentLogin = "copilot-swe-agent[bot]"

var (
	startPaths = []string{"README.md", "pay/card.go", "pay/rate.go", "lib/util.go", "infra/net.tf"}
	editPaths  = []string{"pay/card.go", "README.md", "lib/util.go", "pay/rate.go", "infra/net.tf", "AGENTS.md", ".github/workflows/ci.yml", "PAY/new.go", "docs/a.md"}
	texts      = []string{"one", "two", "three", "FLAW"}
	bases      = []string{Default, Default, Default, "release/1", "release/1", "play", Default, Default}
	roles      = []string{"read", "write", "none", "maintain"}
	froms      = [][]string{{"@bob"}, nil, {"@acme/core"}, {"@acme/security"}, {"role:maintain"}, {"codeowners"}, {"@acme/security#12"}, {"@alice", "@carol"}, {"@acme/security", "@bob"}}
)

// A Kind is what happens in a step.
type Kind int

// The kinds of steps.
const (
	Open Kind = iota
	Push
	Reviews
	Everybody
	MergePull
	Pusher    // a commit that is not what it seems: other authors, other committers, trailers
	Odd       // a file that is not what it seems: renamed, a link, a submodule, another mode, gone
	UpdateTo  // a merge into the head: clean, evil, backwards
	Force     // the head jumps: back, to another's head, rebased
	Dismiss   //
	Enqueue   //
	Tamper    // the merge group that is built next holds more than its pull requests
	Arm       // auto-merge
	Retarget  //
	Ready     // draft and back
	CloseOpen //
	Twin      // another pull request with the same head
	Assign    // an agent is set to work
	Mark      // the text says, or no longer says, that an agent made it
	RoleNow   //
	TeamNow   // a member comes or goes, the team is deleted or replaced
	PolicyNow // the policy of the default branch changes
	PolicyIn  // a pull request changes the policy
	OwnersNow //
	FloorNow  //
	BaseNow   // somebody pushes to the base
	Replay    // GitHub sends an old approval's webhook once more
	Ghost     // an account is deleted
	Cut       // GitHub leaves a commit out of its lists, until it does no more
	Sweep     // the server looks at everything again
	Kinds
)

var kindNames = [Kinds]string{"open", "push", "review", "everybody approves", "merge", "push with odd people", "push of an odd file", "merge into the head", "force-push", "dismissal", "enqueue", "tampered group", "auto-merge",
	"retarget", "draft", "close", "twin", "assign", "mark", "role", "team", "policy", "policy in a pull request", "code owners", "floor", "push to the base", "replay", "ghost", "list cut short", "sweep"}

func (k Kind) String() string { return kindNames[k] }

// often says how likely a kind is, beside the others.
var often = [Kinds]int{Open: 6, Push: 6, Reviews: 10, Everybody: 8, MergePull: 6, Pusher: 5, Odd: 4, UpdateTo: 4, Force: 5, Dismiss: 5, Enqueue: 6, Tamper: 2, Arm: 2, Retarget: 3, Ready: 2, CloseOpen: 3, Twin: 3,
	Assign: 1, Mark: 2, RoleNow: 3, TeamNow: 3, PolicyNow: 2, PolicyIn: 2, OwnersNow: 1, FloorNow: 1, BaseNow: 3, Replay: 4, Ghost: 1, Cut: 1, Sweep: 1}

// A Step is one thing that somebody does. Numbers are taken modulo what is there, so that every step means something in every world.
type Step struct {
	Kind Kind
	Who  int // of Cast
	On   int // pull request
	A, B int // what exactly
	// Fate of the webhooks: 0 to 10 arrive, 11 and 12 are lost, 13 arrives twice, 14 and 15 are late.
	Fate int
	// Fault meets the server as it deals with the step: 1 to 20: its nth question to the world fails; 21 to 32: the next step happens in
	// the middle, before its (n-20)th question.
	Fault int
}

// A History is what happens, and the files that it chooses from.
type History struct {
	Policies []Policy // the first is the repository's at the start
	Floor    int      // of Policies; -1: none
	Owners   [][]Owner
	Steps    []Step
}

// Draw makes a history of two steps; more of them follow.
func Draw(d Dice) *History {
	h := &History{Floor: -1}
	for range 2 + d.Int("policies", 2) {
		h.Policies = append(h.Policies, drawPolicy(d, len(h.Policies)))
	}
	if d.Int("floor", 3) == 3 {
		h.Floor = 1 + d.Int("which floor", len(h.Policies)-2)
		h.Policies[h.Floor].Broken = false
	}
	for range 1 + d.Int("owners", 1) {
		h.Owners = append(h.Owners, drawOwners(d))
	}
	for i := range 2 { // something is open from the start
		s := DrawStep(d)
		h.Steps = append(h.Steps, Step{Kind: Open, Who: i + s.Who, A: s.A, B: s.B})
	}
	return h
}

func drawPolicy(d Dice, n int) Policy {
	p := Policy{}
	if n > 0 && d.Int("broken", 7) == 7 {
		p.Broken = true
		return p
	}
	globs := [][]string{{"pay/**"}, {"pay/**", "!pay/rate.go"}, {"infra/**"}, {"**"}, {"lib/*"}, {"*.md"}, {"pay/card.go"}, {"docs/**", "lib/**"}}
	for i := range 1 + d.Int("guards", 2) {
		g := Guard{Name: []string{"one", "two", "three"}[i], Paths: globs[d.Int("paths", len(globs)-1)]}
		switch d.Int("approvals", 7) {
		case 0:
			g.Tier = "critical"
		case 1:
			g.Approvals = 2
		case 2:
			g.Approvals = 0
		default:
			g.Approvals = 1
		}
		if g.From = froms[d.Int("from", len(froms)-1)]; g.count() == 2 && len(g.From) == 1 && g.From[0] == "@bob" {
			g.From = nil // a policy that nobody can fulfil is none
		}
		switch d.Int("more", 7) {
		case 0:
			g.From, g.AnyOf = nil, [][]string{{"@bob", "@carol"}, {"role:maintain"}}
		case 1:
			if g.count() == 2 {
				g.From, g.Distinct = []string{"@acme/core", "@acme/security"}, true
			}
		case 2:
			g.Agent = true
		}
		p.Guards = append(p.Guards, g)
	}
	if d.Int("default", 2) == 0 {
		p.Default = &Need{Approvals: d.Int("default approvals", 1), From: froms[d.Int("default from", len(froms)-1)]}
	}
	p.AnyPush = d.Int("stale", 5) == 5
	if d.Int("agents", 1) == 0 {
		p.Agents = []string{"ci-writer"}
	}
	p.Extra = d.Int("extra", 3) / 3
	p.Blocks = d.Int("unattributed", 7) == 7
	if d.Int("sponsors", 3) == 3 {
		p.Sponsors = map[string]string{"copilot-swe-agent": "bob"}
	}
	p.Governs = d.Int("governs", 1) == 0
	return p
}

func drawOwners(d Dice) []Owner {
	all := []Owner{{"*", "@carol"}, {"/pay/", "@bob"}, {"/pay/card.go", "@acme/security"}, {"/infra/", "@mona"}, {"/lib/", "@alice"}, {"/pay/rate.go", ""}}
	var out []Owner
	for i := range all {
		if d.Int("owner", 1) == 0 {
			out = append(out, all[i])
		}
	}
	return out
}

// DrawStep makes one step.
func DrawStep(d Dice) Step {
	total := 0
	for _, n := range often {
		total += n
	}
	s := Step{}
	for n := d.Int("kind", total-1); n >= often[s.Kind]; s.Kind++ {
		n -= often[s.Kind]
	}
	s.Who, s.On, s.A, s.B = d.Int("who", 15), d.Int("on", 7), d.Int("a", 15), d.Int("b", 15)
	if d.Int("fate", 3) == 3 {
		s.Fate = d.Int("which fate", 15)
	}
	if d.Int("fault", 7) == 7 {
		s.Fault = d.Int("which fault", 32)
	}
	return s
}

// Seen counts what histories reached.
type Seen struct{ N map[string]int }

// NewSeen begins to count.
func NewSeen() *Seen { return &Seen{map[string]int{}} }

// Add counts one.
func (s *Seen) Add(what string) {
	if s != nil {
		s.N[what]++
	}
}

// Reachable lists what enough histories reach; what none of them reaches is not tested.
func Reachable() []string {
	out := []string{"tried to merge", "queue merge", "green", "revocation", "stale approval", "veto", "finding", "lost", "twice", "late", "crash", "in the middle of a job", "dismissed APPROVED", "dismissed CHANGES_REQUESTED"}
	for k := range Kinds {
		out = append(out, k.String())
	}
	for _, trick := range []string{"a push right before the approval", "author without an account", "behind the second parent", "co-author", "co-author by a private address", "committer without an account", "conflict settled", "deleted", "evil merge",
		"force-push back", "link", "merge that throws the other side away", "mode alone", "name that differs in case alone", "policy weakened in the pull request", "code owners changed in the pull request", "pushed somebody else's commit", "rebase that binds reviews anew",
		"renamed out of a guarded folder", "somebody else as committer", "somebody else's commit", "submodule", "tampered group", "the head of another pull request", "update of the branch"} {
		out = append(out, "trick: "+trick)
	}
	return out
}
