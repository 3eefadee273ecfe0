package rules

import (
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// condition reads what is asked of a metavariable's value.
func (p *parser) condition(e entry, f *Formula, depth int) {
	var need []string
	switch e.key {
	case "metavariable-pattern":
		f.Op, need = MetavariablePattern, []string{"metavariable"}
	case "metavariable-comparison":
		f.Op, need = MetavariableComparison, []string{"comparison"}
	case "metavariable-analysis":
		f.Op, need = MetavariableAnalysis, []string{"metavariable", "analyzer"}
	case "metavariable-type":
		f.Op, need = MetavariableType, []string{"metavariable"}
	}
	seen := map[string]bool{}
	for _, part := range p.mapping(e.node, e.key) {
		seen[part.key] = true
		p.conditionPart(e, part, f, depth)
	}
	if e.node.Kind != yaml.MappingNode {
		return
	}
	for _, key := range need {
		if !seen[key] {
			p.broken(e.from, "%s has no %s: add it", e.key, key)
		}
	}
	switch {
	case f.Op == MetavariablePattern && len(f.Children) == 0:
		p.broken(e.from, "metavariable-pattern says nothing to find: add pattern, patterns, pattern-either or pattern-regex")
	case f.Op == MetavariablePattern && len(f.Children) > 1:
		p.broken(e.from, "metavariable-pattern holds two operators: put both under patterns (all must hold) or pattern-either (one must hold)")
	case f.Op == MetavariableType && len(f.Types) == 0:
		p.broken(e.from, "metavariable-type has no type: add it")
	}
}

var conditionKeys = map[Op][]string{
	MetavariablePattern:    {"metavariable", "language", "pattern", "patterns", "pattern-either", "pattern-regex"},
	MetavariableComparison: {"metavariable", "comparison", "strip", "base"},
	MetavariableAnalysis:   {"metavariable", "analyzer"},
	MetavariableType:       {"metavariable", "type", "types"},
}

// conditionPart reads one key of a condition.
func (p *parser) conditionPart(e, part entry, f *Formula, depth int) {
	if !slices.Contains(conditionKeys[f.Op], part.key) {
		p.broken(part.from, "unknown key %q in %s%s", clip(part.key), e.key, suggest(part.key, conditionKeys[f.Op]))
		return
	}
	switch part.key {
	case "metavariable":
		f.Metavariables = p.one(part, e.key)
	case "language":
		f.Language = p.text(part.node, "language")
	case "pattern", "patterns", "pattern-either", "pattern-regex":
		p.within++
		f.Children = append(f.Children, p.operator(part, depth+1))
		p.within--
	case "comparison":
		f.Text = p.text(part.node, "comparison")
	case "strip":
		f.Strip = p.boolean(part.node, "strip")
	case "base":
		// Semgrep reads the number as it is written, whatever the base.
		if n, err := strconv.Atoi(part.node.Value); err != nil || n < 2 || n > 36 {
			p.broken(part.node, "base must be a number from 2 to 36, not %s", describe(part.node))
		}
		f.Strip = true
	case "analyzer":
		if f.Text = p.text(part.node, "analyzer"); f.Text.Value != "entropy" && f.Text.Value != "redos" && f.Text.Value != "" {
			p.problem(Unsupported, part.node, "cannot run yet: analyzer %q; entropy and redos run", clip(f.Text.Value))
		}
	case "type", "types":
		f.Types = append(f.Types, p.texts(part.node, part.key)...)
	}
}

// one reads the one metavariable that a condition is about.
func (p *parser) one(part entry, what string) []Text {
	out := p.metavariables(part.node, "metavariable")
	if len(out) > 1 {
		p.broken(part.node, "%s takes one metavariable: write one entry for each", what)
	}
	return out
}

func (p *parser) metavariableRegex(e entry, f *Formula) {
	seen := map[string]bool{}
	for _, part := range p.mapping(e.node, e.key) {
		seen[part.key] = true
		switch part.key {
		case "metavariable":
			f.Metavariables = p.one(part, e.key)
		case "regex":
			f.Text = p.text(part.node, "regex")
		case "constant-propagation":
			f.Constant = p.boolean(part.node, part.key)
		default:
			p.broken(part.from, "unknown key %q in metavariable-regex%s", clip(part.key), suggest(part.key, []string{"metavariable", "regex"}))
		}
	}
	for _, key := range []string{"metavariable", "regex"} {
		if !seen[key] && e.node.Kind == yaml.MappingNode {
			p.broken(e.from, "metavariable-regex has no %s: add it", key)
		}
	}
}

func (p *parser) fixRegex(e entry) *FixRegex {
	f := &FixRegex{Pos: Pos{e.from.Line, e.from.Column}}
	seen := map[string]bool{}
	for _, part := range p.mapping(e.node, "fix-regex") {
		seen[part.key] = true
		switch part.key {
		case "regex":
			f.Regex = p.text(part.node, "fix-regex.regex")
		case "replacement":
			if part.node.Kind == yaml.ScalarNode && part.node.Tag == "!!str" { // an empty one deletes
				f.Replacement = p.place(part.node)
			} else {
				p.broken(part.node, "fix-regex.replacement must be text, not %s", describe(part.node))
			}
		case "count":
			n, err := strconv.Atoi(part.node.Value)
			if err != nil || n < 0 {
				p.broken(part.node, "fix-regex.count must be a number, not %s", describe(part.node))
			}
			f.Count = n
		default:
			p.broken(part.from, "unknown key %q in fix-regex%s", clip(part.key), suggest(part.key, []string{"regex", "replacement", "count"}))
		}
	}
	for _, key := range []string{"regex", "replacement"} {
		if !seen[key] && e.node.Kind == yaml.MappingNode {
			p.broken(e.from, "fix-regex has no %s: add it", key)
		}
	}
	return f
}
