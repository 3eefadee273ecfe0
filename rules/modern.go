package rules

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

var (
	modernKeys = []string{"pattern", "regex", "all", "any", "not", "inside"}
	whereKeys  = []string{"metavariable", "comparison", "focus", "type", "types", "analyzer", "language", "strip", "base"}
)

// modern reads a pattern of the newer syntax, as it stands under `match`: a text, or a mapping with one of pattern, regex, all, any, not and
// inside, and with `where`. all says that exclusions may stand here.
func (p *parser) modern(n *yaml.Node, from *yaml.Node, all bool, depth int) *Formula {
	f := &Formula{Pos: Pos{from.Line, from.Column}}
	if depth > maxDepth {
		p.broken(from, "operators are nested more than %d deep: flatten the rule", maxDepth)
		return f
	}
	if n.Kind == yaml.ScalarNode {
		f.Op, f.Text = Pattern, p.text(n, "a pattern")
		return f
	}
	var where *entry
	found := 0
	for _, e := range p.mapping(n, "a pattern") {
		switch {
		case e.key == "where":
			where = &e
		case slices.Contains(modernKeys, e.key):
			if found++; found > 1 {
				p.broken(e.from, "%s stands beside another operator: put both under all (all must hold) or any (one must hold)", e.key)
				continue
			}
			f = p.modernOperator(e, all, depth)
		case slices.Contains([]string{"anywhere", "taint"}, e.key):
			p.problem(Unsupported, e.from, "cannot run yet: %s under match; express the condition with inside, or remove the rule", e.key)
		default:
			p.broken(e.from, "unknown key %q in a pattern%s", clip(e.key), suggest(e.key, append(slices.Clone(modernKeys), "where")))
		}
	}
	if found == 0 && !p.stopped {
		p.broken(n, "the pattern says nothing to find: use one of pattern, regex, all, any, not and inside")
	}
	if where == nil {
		return f
	}
	if !f.Op.Positive() && !p.stopped {
		p.broken(where.from, "where stands beside %s: conditions are asked of what is found, so put it beside the list around it", f.Op)
	}
	list := &Formula{Op: And, Pos: f.Pos, Children: []*Formula{f}}
	if f.Op == And {
		list = f
	}
	for _, c := range p.list(where.node, "where", false) {
		list.Children = append(list.Children, p.where(c, depth+1))
	}
	return list
}

func (p *parser) modernOperator(e entry, all bool, depth int) *Formula {
	f := &Formula{Pos: Pos{e.from.Line, e.from.Column}}
	switch e.key {
	case "pattern":
		f.Op, f.Text = Pattern, p.text(e.node, e.key)
	case "regex":
		f.Op, f.Text = Regex, p.text(e.node, e.key)
	case "all", "any":
		if f.Op = And; e.key == "any" {
			f.Op = Or
		}
		for _, n := range p.list(e.node, e.key, false) {
			f.Children = append(f.Children, p.modern(n, n, f.Op == And, depth+1))
		}
		if len(f.Children) == 0 && !p.stopped {
			p.broken(e.node, "%s is empty: add at least one pattern", e.key)
		}
		if f.Op == And && p.within == 0 && !p.stopped && !slices.ContainsFunc(f.Children, func(c *Formula) bool { return c.Op.Positive() }) {
			p.broken(e.from, "all holds only exclusions: add what to find")
		}
	case "inside":
		f.Op, f.Children = Inside, []*Formula{p.modern(e.node, e.from, false, depth+1)}
	case "not":
		if !all {
			p.broken(e.from, "not may stand only under all: put an all list around it that says what to find")
		}
		inner := p.modern(e.node, e.from, false, depth+1)
		switch inner.Op {
		case Inside:
			f.Op, f.Children = NotInside, inner.Children
		case Regex:
			f.Op, f.Text = NotRegex, inner.Text
		default:
			f.Op, f.Children = Not, []*Formula{inner}
		}
	}
	return f
}

// where reads one condition.
func (p *parser) where(n *yaml.Node, depth int) *Formula {
	f := &Formula{Pos: Pos{n.Line, n.Column}, Op: MetavariablePattern}
	var rest []*yaml.Node // the pattern that the metavariable has to match
	for _, part := range p.mapping(n, "an entry of where") {
		switch part.key {
		case "focus":
			f.Op, f.Metavariables = Focus, p.metavariables(part.node, "focus")
		case "comparison":
			f.Op, f.Text = MetavariableComparison, p.text(part.node, part.key)
		case "type", "types":
			f.Op = MetavariableType
			f.Types = append(f.Types, p.texts(part.node, part.key)...)
		case "analyzer":
			f.Op = MetavariableAnalysis
			p.conditionPart(entry{key: "where"}, part, f, depth)
		case "metavariable":
			f.Metavariables = p.one(part, "where")
		case "language":
			f.Language = p.text(part.node, "language")
		case "strip", "base":
			f.Op = MetavariableComparison
			p.conditionPart(entry{key: "where"}, part, f, depth)
		default:
			if slices.Contains(modernKeys, part.key) || part.key == "where" {
				rest = append(rest, part.from, part.node)
				continue
			}
			p.broken(part.from, "unknown key %q in where%s", clip(part.key), suggest(part.key, slices.Concat(whereKeys, modernKeys)))
		}
	}
	if f.Op != Focus && f.Op != MetavariableComparison && len(f.Metavariables) == 0 && !p.stopped {
		p.broken(n, "the condition names no metavariable: add metavariable, comparison or focus")
	}
	switch {
	case len(rest) > 0 && f.Op != MetavariablePattern:
		p.broken(n, "a pattern stands beside another condition: write one entry for each")
	case len(rest) == 2 && rest[0].Value == "regex" && f.Language.Value == "":
		f.Op, f.Text = MetavariableRegex, p.text(rest[1], "regex")
	case len(rest) > 0:
		p.within++
		f.Children = []*Formula{p.modern(&yaml.Node{Kind: yaml.MappingNode, Content: rest, Line: n.Line, Column: n.Column}, n, false, depth)}
		p.within--
	case f.Op == MetavariablePattern && !p.stopped:
		p.broken(n, "the condition says nothing of the metavariable: add a pattern, a comparison, a type or an analyzer")
	}
	return f
}
