package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Taint is what a rule of `mode: taint` looks for: data that comes from a source and reaches a sink without passing a sanitizer.
type Taint struct {
	Sources     []TaintSource
	Sinks       []TaintSink
	Sanitizers  []TaintSanitizer
	Propagators []TaintPropagator
	Options     TaintOptions
}

// Formulas gives the rule's formula, or those of all sections of a taint rule.
func (r *Rule) Formulas() []*Formula {
	if r.Taint == nil {
		return []*Formula{r.Formula}
	}
	var out []*Formula
	for i := range r.Taint.Sources {
		out = append(out, r.Taint.Sources[i].Formula)
	}
	for i := range r.Taint.Sinks {
		out = append(out, r.Taint.Sinks[i].Formula)
	}
	for i := range r.Taint.Sanitizers {
		out = append(out, r.Taint.Sanitizers[i].Formula)
	}
	for i := range r.Taint.Propagators {
		out = append(out, r.Taint.Propagators[i].Formula)
	}
	return out
}

// TaintSource is one entry of pattern-sources.
type TaintSource struct {
	Formula    *Formula
	Label      string    // DefaultLabel if none is named
	Requires   *Requires // nil: nothing
	Exact      bool      // only the whole match is a source, not what is inside
	SideEffect SideEffect
	Control    bool // what runs after it is tainted, whatever data it handles
}

// TaintSink is one entry of pattern-sinks.
type TaintSink struct {
	Formula  *Formula
	Requires *Requires // nil: DefaultLabel
	Exact    bool      // the default
	Focused  bool      // the formula has a focus-metavariable
}

// TaintSanitizer is one entry of pattern-sanitizers.
type TaintSanitizer struct {
	Formula        *Formula
	Exact          bool
	SideEffect     bool // a variable that is the whole match stays clean
	NotConflicting bool // it does not count where a source or sink matches the same code
}

// TaintPropagator is one entry of pattern-propagators.
type TaintPropagator struct {
	Formula       *Formula
	From, To      string // metavariables
	SideEffect    bool   // the default: a variable that is the target stays tainted
	Label         string // what the data is labelled with from here on; empty: as before
	ReplaceLabels []string
	Replaces      bool      // ReplaceLabels was given: only these are replaced
	Requires      *Requires // nil: nothing
}

// SideEffect says whether a source taints the variable that it matches for what follows.
type SideEffect uint8

// The values of by-side-effect. With SideEffectOnly the place itself is no source.
const (
	NoSideEffect SideEffect = iota
	SideEffectToo
	SideEffectOnly
)

// TaintOptions are the options of a taint rule beside those of Options.
type TaintOptions struct {
	AtSource bool // taint_focus_on: source: the finding stands at the source
	// Intrafile follows data through the functions and methods of the file: taint_intrafile: true. A rule that does not ask for it is
	// run as Semgrep's free engine runs it: a call passes its arguments on, whatever the function does. Built-in rules have it unless
	// they say false.
	Intrafile bool
}

// DefaultLabel is the label of a source that names none.
const DefaultLabel = "__SOURCE__"

// Requires is a condition on the labels of data: labels with and, or, not and parentheses.
type Requires struct {
	Label string // of a leaf
	Op    string // "", "and", "or", "not", "true", "false"
	Args  []*Requires
}

// Holds evaluates the condition. A nil condition holds.
func (r *Requires) Holds(has func(label string) bool) bool {
	switch {
	case r == nil || r.Op == "true":
		return true
	case r.Op == "false":
		return false
	case r.Op == "not":
		return !r.Args[0].Holds(has)
	case r.Op == "and":
		return !slices.ContainsFunc(r.Args, func(a *Requires) bool { return !a.Holds(has) })
	case r.Op == "or":
		return slices.ContainsFunc(r.Args, func(a *Requires) bool { return a.Holds(has) })
	}
	return has(r.Label)
}

// maxRequires bounds the depth of a condition.
const maxRequires = 30

var requiresToken = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_]*|[()])`)

// parseRequires reads a condition. The column of an error counts from 1.
func parseRequires(text string) (r *Requires, column int, err error) {
	type token struct {
		text   string
		column int
	}
	var tokens []token
	for rest, at := text, 0; strings.TrimSpace(rest) != ""; {
		m := requiresToken.FindStringSubmatchIndex(rest)
		if m == nil {
			return nil, at + 1, fmt.Errorf("%q is no label, and, or, not or parenthesis", clip(strings.TrimSpace(rest)))
		}
		tokens = append(tokens, token{rest[m[2]:m[3]], at + m[2] + 1})
		rest, at = rest[m[1]:], at+m[1]
	}
	tokens = append(tokens, token{"", len(text) + 1})
	i := 0
	var or func(depth int) *Requires
	fail := func(format string, args ...any) *Requires {
		if err == nil {
			column, err = tokens[i].column, fmt.Errorf(format, args...)
		}
		return &Requires{Op: "false"}
	}
	var unary func(depth int) *Requires
	unary = func(depth int) *Requires {
		if depth > maxRequires {
			return fail("nested more than %d deep", maxRequires)
		}
		t := tokens[i].text
		switch t {
		case "not":
			i++
			return &Requires{Op: "not", Args: []*Requires{unary(depth + 1)}}
		case "(":
			i++
			inner := or(depth + 1)
			if tokens[i].text != ")" {
				return fail("a parenthesis is not closed")
			}
			i++
			return inner
		case "True", "False":
			i++
			return &Requires{Op: strings.ToLower(t)}
		case "", ")", "and", "or":
			return fail("a label is missing")
		}
		i++
		return &Requires{Label: t}
	}
	list := func(op string, depth int, part func(int) *Requires) *Requires {
		args := []*Requires{part(depth)}
		for tokens[i].text == op && err == nil {
			i++
			args = append(args, part(depth))
		}
		if len(args) == 1 {
			return args[0]
		}
		return &Requires{Op: op, Args: args}
	}
	or = func(depth int) *Requires {
		return list("or", depth, func(d int) *Requires { return list("and", d, unary) })
	}
	r = or(0)
	if err == nil && tokens[i].text != "" {
		fail("%q stands where and, or or the end is expected", clip(tokens[i].text))
	}
	return r, column, err
}

func (p *parser) requires(n *yaml.Node, what string) *Requires {
	if n.Kind == yaml.SequenceNode {
		p.problem(Unsupported, n, "cannot run yet: %s with a list of conditions for single metavariables; write one condition", what)
		return nil
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!bool" {
		return &Requires{Op: fmt.Sprint(p.boolean(n, what))}
	}
	t := p.text(n, what)
	if strings.TrimSpace(t.Value) == "" {
		return nil
	}
	r, column, err := parseRequires(t.Value)
	if err != nil {
		at := t.At(1, column)
		p.broken(&yaml.Node{Line: at.Line, Column: at.Column}, "%s %q: %s: write labels with and, or, not and parentheses", what, clip(t.Value), err)
		return nil
	}
	return r
}

// taintSections are the parts of a taint rule: the keys of the older syntax and those under `taint:`.
var taintSections = map[string]string{
	"pattern-sources": "sources", "pattern-sinks": "sinks", "pattern-sanitizers": "sanitizers", "pattern-propagators": "propagators",
}

// taint reads the sections of a taint rule.
func (p *parser) taint(r *Rule, at *yaml.Node, entries []entry, options *yaml.Node) {
	out := &Taint{Options: p.taintOptions(options)}
	given := map[string]bool{}
	read := func(e entry, section string, modern bool) {
		given[section] = true
		items := p.list(e.node, e.key, false)
		if len(items) == 0 && e.node.Kind == yaml.SequenceNode && (section == "sources" || section == "sinks") {
			p.broken(e.node, "%s is empty: add at least one pattern", e.key)
		}
		for _, n := range items {
			p.taintSpec(n, e.key, section, modern, out)
		}
	}
	for _, e := range entries {
		if e.key != "taint" {
			read(e, taintSections[e.key], false)
			continue
		}
		for _, part := range p.mapping(e.node, "taint") {
			if !slices.Contains([]string{"sources", "sinks", "sanitizers", "propagators"}, part.key) {
				p.broken(part.from, "unknown key %q under taint%s", clip(part.key), suggest(part.key, []string{"sources", "sinks", "sanitizers", "propagators"}))
				continue
			}
			read(part, part.key, true)
		}
	}
	for _, section := range []string{"sources", "sinks"} {
		if !given[section] {
			p.broken(at, "a rule of mode: taint has no pattern-%s: add them", section)
		}
	}
	r.Taint = out
}

var specKeys = map[string][]string{
	"sources":     {"label", "requires", "exact", "by-side-effect", "control"},
	"sinks":       {"requires", "exact", "at-exit"},
	"sanitizers":  {"exact", "by-side-effect", "not_conflicting", "not-conflicting"},
	"propagators": {"from", "to", "label", "requires", "by-side-effect", "replace-labels"},
}

// taintSpec reads one entry of a section: an operator, and beside it what the section allows.
func (p *parser) taintSpec(n *yaml.Node, key, section string, modern bool, out *Taint) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" && modern {
		n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column,
			Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!str", Value: "pattern", Line: n.Line, Column: n.Column}, n}}
	}
	if n.Kind != yaml.MappingNode {
		p.broken(n, "an entry of %s must be a mapping, not %s: write \"pattern: ...\"", key, describe(n))
		return
	}
	operators := &yaml.Node{Kind: yaml.MappingNode, Tag: n.Tag, Line: n.Line, Column: n.Column}
	own := map[string]entry{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if slices.Contains(specKeys[section], k.Value) {
			if _, twice := own[k.Value]; twice {
				p.broken(k, "key %q stands twice: remove one", k.Value)
			}
			own[k.Value] = entry{k.Value, p.follow(n.Content[i+1]), k}
			continue
		}
		operators.Content = append(operators.Content, k, n.Content[i+1])
	}
	if len(operators.Content) == 0 {
		p.broken(n, "an entry of %s says nothing to find: add pattern, patterns, pattern-either or pattern-regex", key)
		return
	}
	var f *Formula
	if modern {
		f = p.modern(operators, n, false, 0)
	} else {
		f = p.single(operators, key, false, 0)
	}
	if f == nil {
		return
	}
	flag := func(key string, otherwise bool) bool {
		if e, ok := own[key]; ok {
			return p.boolean(e.node, key)
		}
		return otherwise
	}
	requires := func() *Requires {
		if e, ok := own["requires"]; ok {
			return p.requires(e.node, "requires")
		}
		return nil
	}
	switch section {
	case "sources":
		s := TaintSource{Formula: f, Label: p.label(own), Requires: requires(), Exact: flag("exact", false), Control: flag("control", false)}
		if s.Label == "" {
			s.Label = DefaultLabel
		}
		if e, ok := own["by-side-effect"]; ok {
			switch {
			case e.node.Kind == yaml.ScalarNode && e.node.Value == "only":
				s.SideEffect = SideEffectOnly
			case e.node.Kind != yaml.ScalarNode || e.node.Tag != "!!bool":
				p.broken(e.node, "by-side-effect must be true, false or only, not %s", describe(e.node))
			case p.boolean(e.node, "by-side-effect"):
				s.SideEffect = SideEffectToo
			}
		}
		out.Sources = append(out.Sources, s)
	case "sinks":
		if e, ok := own["at-exit"]; ok && p.boolean(e.node, "at-exit") {
			p.problem(Unsupported, e.from, "cannot run yet: at-exit of a sink; remove the rule or the option")
		}
		out.Sinks = append(out.Sinks, TaintSink{Formula: f, Requires: requires(), Exact: flag("exact", true), Focused: focused(f)})
	case "sanitizers":
		out.Sanitizers = append(out.Sanitizers, TaintSanitizer{
			Formula: f, Exact: flag("exact", false), SideEffect: flag("by-side-effect", false),
			NotConflicting: flag("not_conflicting", false) || flag("not-conflicting", false),
		})
	case "propagators":
		g := TaintPropagator{Formula: f, Label: p.label(own), Requires: requires(), SideEffect: flag("by-side-effect", true)}
		for name, to := range map[string]*string{"from": &g.From, "to": &g.To} {
			e, ok := own[name]
			if !ok {
				p.broken(n, "an entry of %s has no %s: name the metavariable", key, name)
				continue
			}
			if ms := p.metavariables(e.node, name); len(ms) == 1 {
				*to = ms[0].Value
			}
		}
		if e, ok := own["replace-labels"]; ok {
			g.Replaces = true
			for _, t := range p.texts(e.node, e.key) {
				g.ReplaceLabels = append(g.ReplaceLabels, t.Value)
			}
		}
		out.Propagators = append(out.Propagators, g)
	}
}

var labelForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p *parser) label(own map[string]entry) string {
	e, ok := own["label"]
	if !ok {
		return ""
	}
	t := p.text(e.node, "label")
	if t.Value != "" && (!labelForm.MatchString(t.Value) || slices.Contains([]string{"and", "or", "not", "True", "False"}, t.Value)) {
		p.broken(e.node, "label %q: use letters, digits and underscores", clip(t.Value))
	}
	return t.Value
}

func focused(f *Formula) bool {
	return f.Op == Focus || slices.ContainsFunc(f.Children, focused)
}

// taintOptions reads the options that are taint mode's own and no switches. What is wrong with options in general, options tells.
func (p *parser) taintOptions(n *yaml.Node) TaintOptions {
	o := TaintOptions{Intrafile: p.src.Origin == OriginBuiltin}
	if n == nil || n.Kind != yaml.MappingNode {
		return o
	}
	var known Options
	switches := known.switches()
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], p.follow(n.Content[i+1])
		switch {
		case key.Value == "taint_intrafile":
			o.Intrafile = p.boolean(value, "option "+key.Value)
		case key.Value == "taint_focus_on" || key.Value == "taint_match_on":
			switch t := p.text(value, "option "+key.Value); t.Value {
			case "source":
				o.AtSource = true
			case "sink", "":
			default:
				p.broken(value, "option %s %q: use source or sink", key.Value, clip(t.Value))
			}
		case strings.HasPrefix(key.Value, "taint_"):
			if _, ok := switches[key.Value]; !ok {
				p.problem(Unsupported, key, "cannot run yet: option %s; remove the option if the rule can do without", clip(key.Value))
			}
		}
	}
	return o
}
