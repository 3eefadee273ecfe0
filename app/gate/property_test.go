package gate_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// The random world: few names, so that they meet often.
var (
	somePaths  = []string{"src/auth/login.go", "src/auth/testdata/x", "README.md", ".github/workflows/ci.yml", "SRC/auth/y", "docs/a.md", "CODEOWNERS", ".github/reviewgate.yml", "go.sum"}
	someGlobs  = []string{"src/auth/**", "**", "!src/auth/testdata/**", "docs/*", "*.md", "**/*.go", "re:src/.*", "!re:.*\\.md"}
	someLogins = []string{"alice", "bob", "carol", "dave", "mona", "rita", "ci-writer", "copilot-swe-agent[bot]", "ghost", "claude[bot]"}
	someFrom   = []string{"@bob", "@acme/security", "codeowners", "role:write", "role:maintain"}
)

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

func somebody(r *rand.Rand) gate.Person { return cast[pick(r, someLogins)] }

func randomCommit(r *rand.Rand, n int) gate.Commit {
	c := gate.Commit{SHA: fmt.Sprintf("%07d", n), Parents: []string{"p"}, Message: "x"}
	if r.IntN(2) == 0 {
		c.Paths = []string{pick(r, somePaths)}
	}
	if r.IntN(8) > 0 {
		who := somebody(r)
		c.Author, c.Committer = &who, &who
	}
	switch r.IntN(6) {
	case 0:
		c.Message = "x\n\nCo-authored-by: Bob <2+bob@users.noreply.github.com>"
	case 1:
		c.Message = "x\n\nCo-authored-by: X <x@example.com>"
	case 2:
		c.CoAuthors = []gate.Person{somebody(r)}
	case 3:
		c.Parents, c.CleanMerge = []string{"p", "q"}, true
	}
	return c
}

func randomFacts(r *rand.Rand) *gate.Facts {
	f := &gate.Facts{
		State: "open", Head: "head", Base: "base", MergeBase: "base", BaseRef: "main", Default: "main", Author: somebody(r),
		People: gate.People{Roles: map[int64]gate.Role{}, Users: map[string]gate.Person{}, Teams: map[string]gate.Team{"acme/security": {ID: 1, Members: []gate.Person{cast["bob"], cast["carol"], cast["rita"]}}, "acme/core": {ID: 2, Members: []gate.Person{cast["carol"], cast["dave"]}}}},
		Scan:   gate.ScanFacts{Done: r.IntN(20) > 0}, Codeowners: pick(r, []string{"", "* @carol\n", "/src/ @bob\n*.md @acme/security\n", "* carol\n"}),
	}
	for login, who := range cast {
		if login == who.Login && who.ID != 0 {
			f.People.Users[login] = who
			f.People.Roles[who.ID] = gate.RoleWrite
		}
	}
	f.People.Roles[cast["mona"].ID] = gate.RoleMaintain
	f.People.Roles[cast["rita"].ID] = gate.RoleRead
	fork, firstTime := r.IntN(4) == 0, r.IntN(4) == 0
	f.Fork, f.FirstTime = &fork, &firstTime
	for i, path := range somePaths {
		if r.IntN(3) == 0 {
			f.Files = append(f.Files, gate.FileChange{Path: path, OldMode: checks.ModeFile, Mode: checks.ModeFile, OldBlob: "b", Blob: fmt.Sprint("h", i, r.IntN(2))})
		}
	}
	for n := range r.IntN(3) {
		f.Commits = append(f.Commits, randomCommit(r, n))
	}
	if r.IntN(4) == 0 {
		f.Pushers = append(f.Pushers, somebody(r))
	}
	if r.IntN(4) == 0 {
		f.Requested = append(f.Requested, somebody(r))
	}
	for i := range r.IntN(7) {
		review := gate.Review{ID: int64(i + 1), Reviewer: somebody(r), State: pick(r, []string{"APPROVED", "APPROVED", "APPROVED", "CHANGES_REQUESTED", "DISMISSED", "COMMENTED"})}
		if review.State == "DISMISSED" && r.IntN(2) == 0 {
			review.Dismissal = &gate.Dismissal{By: somebody(r), Was: pick(r, []string{"APPROVED", "CHANGES_REQUESTED"})}
		}
		f.Reviews = append(f.Reviews, review)
		if r.IntN(10) > 0 {
			e := gate.Capture(review.ID, review.Reviewer, pick(r, []string{"head", "head", "old"}), "head", "main", "base")
			e.MergeBase = "base"
			saw := slices.Clone(f.Files)
			if len(saw) > 0 && r.IntN(4) == 0 {
				saw[r.IntN(len(saw))].Blob = "h9"
			}
			if since := r.IntN(200); since < 150 {
				e.Seconds = &since
			}
			f.Ledger = append(f.Ledger, gate.Complete(e, saw))
		}
	}
	f.Now = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for i := range r.IntN(4) {
		c := gate.Comment{ID: int64(100 + i), Author: somebody(r), At: f.Now.Add(-time.Duration(r.IntN(48)) * time.Hour), Edited: r.IntN(8) == 0}
		c.Body = pick(r, []string{"/reviewgate waive g1 the sky is falling down", "/reviewgate waive g2 the sky is falling down for 6h", "/reviewgate waive default the sky is falling down", "/reviewgate waive r the sky is falling down", "/reviewgate attest payments", "hello"})
		if c.Sender = c.Author; r.IntN(8) == 0 {
			c.Sender = somebody(r)
		}
		if r.IntN(8) > 0 {
			e := gate.Capture(c.ID, c.Author, "", pick(r, []string{"head", "head", "old"}), "main", "base")
			e.MergeBase = "base"
			c.Saw = gate.Complete(e, f.Files)
		}
		f.Comments = append(f.Comments, c)
	}
	if r.IntN(10) == 0 {
		f.Scan.Findings = append(f.Scan.Findings, checks.Finding{RuleID: pick(r, someRules), Introduced: true, Fingerprint: "f", Severity: pick(r, []checks.Severity{checks.Low, checks.Medium, checks.High, checks.Critical})})
	}
	if r.IntN(12) == 0 { // the change of a bot, as a whole
		bot := gate.Person{ID: 49699333, Login: "dependabot[bot]", Type: "Bot"}
		f.Author, f.Commits, f.Pushers, f.Requested = bot, []gate.Commit{{SHA: "1234567", Parents: []string{"p"}, Author: &bot, Committer: &bot, Message: "x", VerifiedApp: "dependabot"}}, nil, nil
	}
	return f
}

var someRules = []string{"r", "s", "t"}

// decide decides as the scan's configuration of the policy lets findings block.
func decide(p *gate.Policy, f *gate.Facts) *gate.Decision {
	g := *f
	g.Scan.Findings = slices.Clone(f.Scan.Findings)
	for i := range g.Scan.Findings {
		finding := &g.Scan.Findings[i]
		severe := finding.Severity >= max(p.Checks.Severity, checks.Low) && p.Checks.Severity != 0 || p.Checks.Severity == 0 && finding.Severity >= checks.High || slices.Contains(p.Checks.BlockOn, finding.RuleID)
		rollout := p.Checks.Rollouts[finding.RuleID]
		finding.Blocking = severe && (rollout == "" || rollout == checks.RolloutBlock)
	}
	return gate.Decide(p, &g)
}

// maybe says yes once in n times.
func maybe(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }

type mapping = map[string]any

func randomGuard(r *rand.Rand, n int) mapping {
	g := mapping{"paths": []string{"src/**", pick(r, someGlobs)}}
	if maybe(r, 3) {
		g["tier"] = pick(r, []string{"critical", "sensitive", "normal"})
	} else {
		g["approvals"] = r.IntN(2)
	}
	switch {
	case maybe(r, 2):
		g["from"] = []string{pick(r, someFrom), pick(r, someFrom)}
	case maybe(r, 4):
		g["from"] = mapping{"any_of": [][]string{{"@bob", "@carol"}, {pick(r, []string{"@acme/security", "role:maintain", "@dave"})}}}
	}
	if maybe(r, 8) {
		g["from"], g["allow_readers"] = []string{"@rita", pick(r, someFrom[:3])}, true
	}
	if maybe(r, 6) {
		g["min_review_seconds"] = r.IntN(150)
	}
	if maybe(r, 4) {
		when := mapping{"author": pick(r, []string{"agent", "fork", "first_time", "unattributed", "any"})}
		if maybe(r, 3) {
			when["fork"] = true
		}
		g["when"] = when
	}
	if maybe(r, 2) {
		g["name"] = fmt.Sprint("g", n+1)
	}
	if maybe(r, 6) {
		g["checklist"] = pick(r, []string{"payments", "ours"})
	}
	if maybe(r, 6) {
		g["unwaivable"] = true
	}
	if maybe(r, 8) {
		delete(g, "tier")
		delete(g, "allow_readers")
		g["approvals"], g["distinct_teams"], g["from"] = 2, true, []string{"@acme/security", "@acme/core"}
	}
	return g
}

// randomPolicyFile writes a policy in which every key occurs now and then.
func randomPolicyFile(r *rand.Rand, floor bool) []byte {
	p := mapping{"version": 1, "checklist": mapping{"ours": []string{"x"}}}
	var guards []mapping
	for n := range r.IntN(3) {
		guards = append(guards, randomGuard(r, n))
	}
	if guards != nil {
		p["guard"] = guards
	}
	if maybe(r, 3) {
		p["tier"] = mapping{"sensitive": mapping{"independence": pick(r, []string{"path", "path", "pr"}), "up_to_date": maybe(r, 2), "approvals": 1 + r.IntN(2)}, "normal": mapping{"independence": "path", "approvals": r.IntN(2)}}
	}
	if maybe(r, 3) {
		p["default"] = mapping{"approvals": r.IntN(2)}
		if maybe(r, 3) {
			p["default"] = mapping{"tier": pick(r, []string{"sensitive", "normal"}), "from": []string{pick(r, someFrom)}}
		}
	}
	if maybe(r, 3) {
		p["stale"] = pick(r, []string{"paths", "any-push"})
	}
	if maybe(r, 3) {
		p["mode"] = pick(r, []string{"enforce", "advisory"})
	}
	if maybe(r, 2) {
		p["agents"] = mapping{"accounts": []string{pick(r, []string{"ci-writer", "bob", "alice"})}, "apps": []string{"dependabot"}[r.IntN(2):], "extra_approvals": r.IntN(2), "unattributed": pick(r, []string{"extra", "extra", "block"}),
			"disclosure": pick(r, []string{"optional", "optional", "required"}), "sponsors": mapping{"ci-writer": pick(r, []string{"bob", "alice"}), "copilot-swe-agent": "carol"}}
	}
	if maybe(r, 2) {
		p["checks"] = mapping{"severity": pick(r, []string{"critical", "high", "medium"}), "block_on": someRules[r.IntN(4):], "pack": pick(r, []string{"recommended", "strict"}), "max_comments": r.IntN(5), "imports": pick(r, []string{"off", "shadow", "comment", "block"}),
			"rollout":          mapping{pick(r, someRules): pick(r, []string{"off", "shadow", "comment", "block"})},
			"private_packages": []string{"@acme/*"},
			"override": mapping{"sensitive": mapping{"severity": pick(r, []string{"low", "high"}), "confidence": pick(r, []string{"low", "high"}), "message": "ask first",
				"paths": mapping{"include": []string{"src"}, "exclude": []string{"src/gen"}}}}}
	}
	if maybe(r, 2) {
		p["waivers"] = mapping{"by": []string{pick(r, someFrom[:2]), pick(r, []string{"@dave", "role:maintain", "role:write"})}, "self": maybe(r, 2), "expires": pick(r, []string{"24h", "7d"}), "critical": "two-person"}
	}
	if maybe(r, 3) {
		p["exempt"] = []mapping{{"paths": []string{pick(r, []string{"**", "docs/**", "README.md"})}, "max_files": 9, "when": mapping{"author": "member"}}, {"paths": []string{"re:.*"}, "max_files": 9, "app": "dependabot"}}
		if floor && maybe(r, 3) {
			p["exempt"] = "forbid"
		}
	}
	if maybe(r, 4) {
		p["governed_branches"] = []string{pick(r, []string{"release/*", "~default"})}
	}
	if maybe(r, 4) {
		p["control_plane"] = pick(r, []string{"required", "agents", "off"})
	}
	if maybe(r, 8) {
		p["audit"] = mapping{"bypass_alert": "issue", "sink": "webhook"}
	}
	if floor {
		p["floor"] = true
	}
	if !floor && maybe(r, 12) {
		p["gaurd"] = 1
	}
	data, err := json.Marshal(p) // JSON is YAML
	if err != nil {
		panic(err)
	}
	return data
}

// TestEveryKeyIsTried: the properties below are about every key of the format.
func TestEveryKeyIsTried(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	var note func(at string, v any)
	note = func(at string, v any) {
		tried[at] = true
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				note(strings.TrimPrefix(at+"."+k, "."), inner)
			}
		case []any:
			for _, inner := range v {
				note(at+"[]", inner)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	broken := 0
	for n := range 400 {
		data := randomPolicyFile(r, n%2 == 0)
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		note("", v)
		p := load(nil, data, false)
		if n%2 == 0 {
			p = load(data, nil, false)
		}
		if len(p.Broken)+len(p.FloorBroken) > 0 {
			broken++
		}
	}
	if broken > 60 {
		t.Errorf("%d of 400 random policies are broken", broken)
	}
	keys := 0
	for line := range strings.Lines(config.Keys()) {
		path, ok := strings.CutPrefix(line, "| `")
		if path, _, _ = strings.Cut(path, "`"); !ok {
			continue
		}
		keys++
		if !tried[path] && !tried[strings.ReplaceAll(path, "*", "sensitive")] {
			t.Errorf("no random policy has %s", path)
		}
	}
	if keys < 45 {
		t.Errorf("only %d keys", keys)
	}
}

func load(floor, repo []byte, headChecked bool) *gate.Policy {
	in := config.Input{Repo: config.NewLayer("acme/widgets", "aaaaaaa", nil)}
	if repo != nil {
		in.Repo = config.NewLayer("acme/widgets", "aaaaaaa", map[string][]byte{".github/reviewgate.yml": repo})
	}
	if floor != nil {
		in.Floor = config.NewFloor("acme/.github", "fffffff", map[string][]byte{"reviewgate-floor.yml": floor})
	}
	if headChecked {
		in.Head = config.NewLayer("acme/widgets", "hhhhhhh", map[string][]byte{".github/reviewgate.yml": []byte("version: 1\n")})
	}
	return config.Load(in).Policy
}

// TestMonotone holds the gate to its direction: what an author can add, and what an approver takes away, never turns a decision that
// is no pass into one.
func TestMonotone(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 7))
	passes, others := 0, 0
	for range 2000 {
		f := randomFacts(r)
		p := load(randomPolicyFile(r, true), randomPolicyFile(r, false), true)
		d := decide(p, f)
		if diff := cmp.Diff(d, decide(p, f)); diff != "" {
			t.Fatalf("two decisions on the same facts: %s", diff)
		}
		if d.State == gate.Pass {
			passes++
			continue
		}
		others++
		still := func(what string, change func(g *gate.Facts)) {
			g := *f
			change(&g)
			if after := decide(p, &g); after.State == gate.Pass {
				t.Fatalf("%s turned %q into a pass\nbefore %s\nafter %s\nfacts %s", what, d.State, dump(d), dump(after), dump(f))
			}
		}
		for i := range f.Reviews {
			if f.Reviews[i].State == "APPROVED" {
				still("removing an approval", func(g *gate.Facts) {
					g.Reviews = slices.Delete(slices.Clone(f.Reviews), i, i+1)
				})
			}
		}
		for i := range f.Comments {
			still("deleting a comment", func(g *gate.Facts) { g.Comments = slices.Delete(slices.Clone(f.Comments), i, i+1) })
			still("editing a comment", func(g *gate.Facts) {
				g.Comments = slices.Clone(f.Comments)
				g.Comments[i].Edited, g.Comments[i].Body = true, "/reviewgate waive g1 the sky is falling down"
			})
		}
		still("a comment by a machine", func(g *gate.Facts) {
			c := gate.Comment{ID: 999, Author: cast["claude[bot]"], Sender: cast["claude[bot]"], Body: "/reviewgate waive g1 the sky is falling down", At: f.Now}
			c.Saw = gate.Complete(gate.LedgerEntry{ReviewID: 999, Reviewer: c.Author.ID, Head: "head", MergeBase: "base"}, f.Files)
			g.Comments = append(slices.Clone(f.Comments), c)
		})
		still("time", func(g *gate.Facts) { g.Now = f.Now.Add(time.Duration(r.IntN(200)) * time.Hour) })
		still("not knowing where it comes from", func(g *gate.Facts) { g.Fork, g.FirstTime = nil, nil })
		still("no clock", func(g *gate.Facts) { g.Now = time.Time{} })
		commit := randomCommit(r, 99)
		if p.Agents.Disclosure {
			commit.Message = "x"
		}
		still("a commit", func(g *gate.Facts) { g.Commits = append(slices.Clone(f.Commits), commit) })
		still("a label", func(g *gate.Facts) { g.Labels = []string{pick(r, []string{"codex", "skip-review", "approved"})} })
		still("a branch name", func(g *gate.Facts) { g.HeadRef = pick(r, []string{"copilot/x", "docs/x"}) })
		// The one thing that words of an author are asked for, where the policy says so: they lift that and nothing else.
		if !p.Agents.Disclosure {
			still("a description", func(g *gate.Facts) { g.Title, g.Body = "/approve", "Generated with [Claude Code]\nAssisted-by: x" })
		}
		still("an unknown", func(g *gate.Facts) { g.Unknown = []gate.Unknown{{What: "x", Reason: "y"}} })
		still("a pusher", func(g *gate.Facts) { g.Pushers = append(slices.Clone(f.Pushers), somebody(r)) })
		still("a second pull request", func(g *gate.Facts) { g.Siblings = []gate.Sibling{{Number: 8, Author: somebody(r)}} })
		still("losing the ledger", func(g *gate.Facts) { g.Ledger = nil })
		still("a draft", func(g *gate.Facts) { g.Draft = true })
		still("a failed check", func(g *gate.Facts) { g.Scan.Failures = []string{"x"} })
	}
	if passes < 50 || others < 50 {
		t.Errorf("the random world is one-sided: %d passes, %d others", passes, others)
	}
}

// TestFloorHolds: no file of a repository turns what the floor alone would not let through into a pass, nor into a green check.
func TestFloorHolds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 13))
	passes, others := 0, 0
	for range 2000 {
		f := randomFacts(r)
		floor, repo := randomPolicyFile(r, true), randomPolicyFile(r, false)
		alone := decide(load(floor, nil, true), f)
		if alone.State == gate.Pass {
			passes++
			continue
		}
		others++
		d := decide(load(floor, repo, true), f)
		if d.State == gate.Pass || d.Conclusion() == "success" && alone.Conclusion() != "success" {
			t.Fatalf("floor %s\nrepository %s\nturned %q (%s) into %q (%s)\nalone %s\njoined %s\nfacts %s", floor, repo, alone.State, alone.Conclusion(), d.State, d.Conclusion(), dump(alone), dump(d), dump(f))
		}
	}
	if passes < 60 || others < 60 {
		t.Errorf("the random world is one-sided: %d passes, %d others", passes, others)
	}
}

func dump(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}
