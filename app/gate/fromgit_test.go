package gate

import (
	"slices"
	"strings"
	"testing"
)

// TestFromGit: what a merged change shows of who made it, without accounts, labels or a description.
func TestFromGit(t *testing.T) {
	t.Parallel()
	alice := Commit{AuthorEmail: "alice@example.com", CommitterEmail: "noreply@github.com", Message: "Add a thing"}
	with := func(c Commit, change func(*Commit)) Commit { change(&c); return c }
	merge := Commit{AuthorEmail: "bob@example.com", Parents: []string{"a", "b"}, CleanMerge: true}
	for name, test := range map[string]struct {
		commits []Commit
		agents  string
		bot     bool
	}{
		"a person, as far as it shows": {[]Commit{alice}, "", false},
		"a trailer":                    {[]Commit{with(alice, func(c *Commit) { c.Message += "\n\nCo-authored-by: Claude <noreply@anthropic.com>" })}, "Claude Code", false},
		"a disclosure":                 {[]Commit{with(alice, func(c *Commit) { c.Message += "\n\nAssisted-by: a tool" })}, "an agent", false},
		"an agent's account":           {[]Commit{with(alice, func(c *Commit) { c.AuthorEmail = "198982749+copilot-swe-agent[bot]@users.noreply.github.com" })}, "Copilot", false},
		"a bot that renews dependencies": {
			[]Commit{with(alice, func(c *Commit) { c.AuthorEmail = "49699333+dependabot[bot]@users.noreply.github.com" })}, "", true,
		},
		"another bot": {[]Commit{with(alice, func(c *Commit) { c.AuthorEmail = "1+release[bot]@users.noreply.github.com" })}, "", true},
		"a bot and a person": {
			[]Commit{with(alice, func(c *Commit) { c.AuthorEmail = "1+release[bot]@users.noreply.github.com" }), alice}, "", false,
		},
		"a branch of an agent": {
			[]Commit{with(merge, func(c *Commit) { c.Message = "Merge pull request #12 from octocat/claude/fix-it\n\nFix it" }), alice}, "Claude Code", false,
		},
		"a branch, merged by hand": {[]Commit{with(merge, func(c *Commit) { c.Message = "Merge branch 'devin/123' into main" }), alice}, "Devin", false},
		"two of them": {
			[]Commit{with(merge, func(c *Commit) { c.Message = "Merge branch 'codex/x'" }), with(alice, func(c *Commit) { c.Message += "\n\nCo-authored-by: Cursor <cursoragent@cursor.com>" })},
			"Codex, Cursor", false,
		},
		"nothing": {nil, "", false},
	} {
		agents, bot := AgentsIn(&Policy{}, FromGit(test.commits, nil, nil))
		if got := strings.Join(agents, ", "); got != test.agents || bot != test.bot {
			t.Errorf("%s: %q, bot %v; want %q, %v", name, got, bot, test.agents, test.bot)
		}
	}
}

// TestAskedFromGit: what rests on facts that git does not have is said to be open, and never counted as asked.
func TestAskedFromGit(t *testing.T) {
	t.Parallel()
	one := Need{Approvals: 1}
	guard := func(name string, when *When) Guard {
		return Guard{Name: name, Origin: "repository", Paths: []string{"**/*.go"}, When: when, Need: one}
	}
	p := &Policy{ControlPlane: PlaneOff, Agents: Agents{ExtraApprovals: 1}, Guards: []Guard{
		guard("always", nil), guard("any", &When{Author: AuthorAny}), guard("agent", &When{Author: AuthorAgent}), guard("fork", &When{Fork: true}),
		guard("agent of a fork", &When{Author: AuthorAgent, Fork: true}), guard("first", &When{Author: AuthorFirstTime}), guard("hidden", &When{Author: AuthorUnattributed}),
		{Name: "elsewhere", Origin: "repository", Paths: []string{"docs/**"}, Need: one},
	}}
	names := func(list []GuardAnswer) string {
		var out []string
		for _, a := range list {
			out = append(out, a.Name)
		}
		slices.Sort(out)
		return strings.Join(out, ", ")
	}
	files := []FileChange{{Path: "a/b.go", Blob: "1", Mode: 0o100644}}
	sure, maybe := AskedFromGit(p, FromGit([]Commit{{Message: "x"}}, files, nil))
	if s, m := names(sure), names(maybe); s != "always, any" || m != "agent, agent of a fork, first, fork, hidden" {
		t.Errorf("sure %s; maybe %s", s, m)
	}
	sure, maybe = AskedFromGit(p, FromGit([]Commit{{Message: "x\n\nCo-authored-by: Claude <noreply@anthropic.com>"}}, files, nil))
	if s, m := names(sure), names(maybe); s != "agent, always, any" || m != "agent of a fork, first, fork, hidden" {
		t.Errorf("of an agent: sure %s; maybe %s", s, m)
	}
	for _, a := range sure {
		if a.Needed != 2 || a.Extra != 1 {
			t.Errorf("%s asks for %d, %d of them because of the agent", a.Name, a.Needed, a.Extra)
		}
	}
	p.Exempt = []Exempt{{Origin: "repository", App: "renovate", Paths: []string{"**/*.go"}, MaxFiles: 3}}
	if sure, maybe = AskedFromGit(p, FromGit([]Commit{{Message: "x"}}, files, nil)); len(sure) > 0 || !strings.Contains(maybe[0].Because, "unless exempt: only **/*.go, by the App renovate") {
		t.Errorf("exempt: %+v; %+v", sure, maybe)
	}
}
