package model

import (
	"fmt"
	"strings"
)

// A Policy is a policy file as the oracle understands it.
type Policy struct {
	Guards   []Guard
	Default  *Need
	AnyPush  bool     // stale: any-push
	Agents   []string // logins
	Extra    int      // approvals on top when an agent took part
	Blocks   bool     // agents.unattributed: block
	Sponsors map[string]string
	Governs  bool // release/* too
	Broken   bool // the file is no policy
}

// A Guard is one entry.
type Guard struct {
	Name  string
	Paths []string
	Tier  string // "", "critical"
	Agent bool   // only when an agent took part
	Need
}

// A Need says how many approvals, from whom.
type Need struct {
	Approvals int
	From      []string // "@bob", "@acme/core", "@acme/core#11", "role:write", "codeowners"; empty: anyone with write
	// AnyOf takes the place of From: one list has to be complete, with another person for each entry.
	AnyOf    [][]string
	Distinct bool // the approvals come from different teams of From
}

// Text writes the policy as YAML, as a floor or as a repository's own.
func (p *Policy) Text(floor bool) string {
	if p.Broken {
		return "version: 1\nguards: []\n"
	}
	var b strings.Builder
	b.WriteString("version: 1\n")
	if floor {
		b.WriteString("floor: true\n")
	}
	if len(p.Guards) > 0 {
		b.WriteString("guard:\n")
	}
	for _, g := range p.Guards {
		fmt.Fprintf(&b, "  - {name: %s, paths: [%s]", g.Name, quoted(g.Paths))
		if g.Tier != "" {
			fmt.Fprintf(&b, ", tier: %s", g.Tier)
		} else {
			fmt.Fprintf(&b, ", approvals: %d", g.Approvals)
		}
		if g.Agent {
			b.WriteString(", when: {author: agent}")
		}
		b.WriteString(g.Need.text() + "}\n")
	}
	if d := p.Default; d != nil {
		fmt.Fprintf(&b, "default: {approvals: %d%s}\n", d.Approvals, d.text())
	}
	if p.AnyPush {
		b.WriteString("stale: any-push\n")
	}
	if len(p.Agents) > 0 || p.Extra > 0 || p.Blocks || len(p.Sponsors) > 0 {
		fmt.Fprintf(&b, "agents: {accounts: [%s], extra_approvals: %d", quoted(p.Agents), p.Extra)
		if p.Blocks {
			b.WriteString(", unattributed: block")
		}
		for agent, human := range p.Sponsors { // there is one at most
			fmt.Fprintf(&b, ", sponsors: {%s: %s}", agent, human)
		}
		b.WriteString("}\n")
	}
	if p.Governs {
		b.WriteString("governed_branches: [\"~default\", \"release/*\"]\n")
	}
	return b.String()
}

func (n Need) text() string {
	s := ""
	if n.Distinct {
		s = ", distinct_teams: true"
	}
	if len(n.AnyOf) > 0 {
		var lists []string
		for _, l := range n.AnyOf {
			lists = append(lists, "["+quoted(l)+"]")
		}
		return s + ", from: {any_of: [" + strings.Join(lists, ", ") + "]}"
	}
	if len(n.From) > 0 {
		s += ", from: [" + quoted(n.From) + "]"
	}
	return s
}

func quoted(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, `"`+s+`"`)
	}
	return strings.Join(out, ", ")
}

// count is how many approvals the guard asks for.
func (g *Guard) count() int {
	if g.Tier == "critical" {
		return 2
	}
	return g.Approvals
}

// An Owner is one line of CODEOWNERS.
type Owner struct{ Path, Who string }

func ownersText(lines []Owner) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimSpace(l.Path+" "+l.Who) + "\n")
	}
	return b.String()
}

// covers says whether a guard's paths mean a path: by its bytes or folded, and not taken out again.
func covers(globs []string, path string) bool {
	in := false
	for _, g := range globs {
		if out, not := strings.CutPrefix(g, "!"); not {
			in = in && !match(out, path)
		} else if match(g, path) || match(fold(g), fold(path)) {
			in = true
		}
	}
	return in
}

// match knows the few forms of globs that histories use.
func match(glob, path string) bool {
	switch {
	case glob == "**":
		return true
	case strings.HasSuffix(glob, "/**"):
		return strings.HasPrefix(path, strings.TrimSuffix(glob, "**"))
	case strings.HasPrefix(glob, "*"):
		return !strings.Contains(path, "/") && strings.HasSuffix(path, glob[1:])
	case strings.HasSuffix(glob, "/*"):
		rest, ok := strings.CutPrefix(path, strings.TrimSuffix(glob, "*"))
		return ok && !strings.Contains(rest, "/")
	}
	return glob == path
}

// control says whether the path steers the gate, the build or the agents, as far as histories have such paths.
func control(path string) bool {
	path = fold(path)
	return path == "codeowners" || path == "agents.md" || strings.HasPrefix(path, ".github/") || strings.HasSuffix(path, "/action.yml")
}
