package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/compare"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/consts"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// conditions keeps the regions that fulfil the conditions of a patterns list. A metavariable that is not bound fulfils none. A condition may
// bind further metavariables, which the other conditions do not see; a region can become several then.
func (e *evaluation) conditions(rs []region, children []*node) ([]region, error) {
	for _, c := range children { // what costs least first
		if !c.op.Condition() || c.op == rules.MetavariablePattern || c.binds() {
			continue
		}
		var kept []region
		for _, r := range rs {
			if err := e.step(1); err != nil {
				return nil, err
			}
			ok, err := e.fulfils(r.env, c)
			if err != nil {
				return nil, err
			}
			if ok {
				kept = append(kept, r)
			}
		}
		if e.trace != nil {
			e.trace.narrowed(e, c, rs, kept)
		}
		rs = kept
	}
	if !slices.ContainsFunc(children, func(c *node) bool { return c.op == rules.MetavariablePattern || c.binds() }) {
		return rs, nil
	}
	var out []region
	for _, r := range rs {
		more, err := e.binding(r, children)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return tidy(out)
}

// binds says whether a metavariable-regex binds its groups.
func (n *node) binds() bool { return n.op == rules.MetavariableRegex && n.regex.groups() > 0 }

// binding tries the conditions that may bind metavariables on a region.
func (e *evaluation) binding(r region, children []*node) ([]region, error) {
	out := []region{r}
	for _, c := range children {
		var more [][]Binding
		var err error
		switch {
		case c.op == rules.MetavariablePattern:
			more, err = e.inContext(r, c)
		case c.binds():
			more, err = e.captures(r, c)
		default:
			continue
		}
		if e.trace != nil && err == nil {
			e.trace.tried(e, c, r, more)
		}
		if err != nil || len(more) == 0 {
			return nil, err
		}
		var next []region
		for _, x := range out {
			for _, added := range more {
				if err := e.step(made); err != nil {
					return nil, err
				}
				y := x
				y.env = join(x.env, added)
				next = append(next, y)
			}
		}
		out = next
	}
	return out, nil
}

// captures matches a regular expression whose groups become metavariables.
func (e *evaluation) captures(r region, c *node) ([][]Binding, error) {
	b := lookup(r.env, c.vars[0])
	if b == nil {
		return nil, nil
	}
	text := b.Text
	if c.constant {
		if v, ok := e.run.constant(b); ok {
			text = v.Text
		}
	}
	if err := e.step(1 + len(text)/textPerStep); err != nil {
		return nil, err
	}
	spans, err := e.search(c.regex, text, 1)
	if err != nil || len(spans) == 0 {
		return nil, err
	}
	var added []Binding
	for _, g := range spans[0].groups {
		x := Binding{Name: g.name, Start: b.Start, End: b.End, Node: language.None, Text: text[g.start:g.end]}
		if strings.HasPrefix(e.run.source[b.Start:], text) {
			x.Start, x.End = b.Start+uint32(g.start), b.Start+uint32(g.end)
		}
		if lookup(r.env, x.Name) == nil {
			added = append(added, x)
		}
	}
	slices.SortFunc(added, func(a, b Binding) int { return strings.Compare(a.Name, b.Name) })
	return [][]Binding{added}, nil
}

func (e *evaluation) fulfils(env []Binding, c *node) (bool, error) {
	if c.op == rules.MetavariableComparison {
		for i := range env {
			if err := e.step(1 + len(env[i].Text)/textPerStep); err != nil {
				return false, err
			}
		}
		return c.compare.Holds(func(name string) (compare.Value, bool) {
			b := lookup(env, name)
			if b == nil {
				return compare.Value{}, false
			}
			v := e.run.value(b)
			if c.strip {
				v = v.Integer()
			}
			return v, v.Kind != compare.Unknown
		}), nil
	}
	b := lookup(env, c.vars[0])
	if b == nil {
		return false, nil
	}
	switch c.op {
	case rules.MetavariableRegex:
		text := b.Text
		if c.constant {
			if v, ok := e.run.constant(b); ok {
				text = v.Text
			}
		}
		return e.matches(c.regex, text)
	case rules.MetavariableAnalysis:
		text, ok := e.run.literal(b)
		if !ok {
			return false, nil
		}
		if err := e.step(1 + len(text)/textPerStep); err != nil {
			return false, err
		}
		return c.analyze(text), nil
	case rules.MetavariableType:
		return b.Node != language.None && e.run.tree != nil && slices.ContainsFunc(c.types, func(want string) bool {
			return e.run.budget.HasType(e.run.tree, b.Node, want)
		}), nil
	}
	return false, fmt.Errorf("internal error: %s is no condition", c.op)
}

// constant gives what code stands for.
func (r *run) constant(b *Binding) (consts.Value, bool) {
	if b.Node == language.None || r.tree == nil || strings.HasPrefix(b.Name, "$...") {
		return consts.Value{}, false
	}
	v, ok := r.budget.Constant(r.tree, b.Node)
	return v, ok && v.Known
}

// literal gives the content of a string literal, or of a part of one.
func (r *run) literal(b *Binding) (string, bool) {
	if b.Node == language.None {
		return b.Text, true
	}
	if r.tree == nil || r.tree.Nodes[b.Node].Kind != language.Str {
		return "", false
	}
	return r.tree.Nodes[b.Node].Value, true
}

// value gives what a metavariable stands for in a comparison.
func (r *run) value(b *Binding) compare.Value {
	if b.Node == language.None && !strings.HasPrefix(b.Name, "$...") {
		return compare.Value{Kind: compare.String, Text: b.Text}
	}
	v, ok := r.constant(b)
	if !ok {
		return compare.Value{Kind: compare.Code, Text: b.Text}
	}
	switch v.Kind {
	case language.Bool:
		return compare.Value{Kind: compare.Bool, Bool: v.Text == "true"}
	case language.Str:
		return compare.Value{Kind: compare.String, Text: v.Text}
	case language.Num:
		digits := strings.TrimRight(strings.ReplaceAll(v.Text, "_", ""), "lLnuU")
		if i, err := strconv.ParseInt(digits, 0, 64); err == nil {
			return compare.Value{Kind: compare.Int, Int: i}
		}
		if i, err := strconv.ParseInt(digits, 8, 64); err == nil { // Java's and C's 0644 is told apart by ParseInt; Python 2 wrote it so too
			return compare.Value{Kind: compare.Int, Int: i}
		}
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			return compare.Value{Kind: compare.Float, Float: f}
		}
	}
	return compare.Value{Kind: compare.Code, Text: b.Text}
}

// inContext evaluates the formula of a metavariable-pattern inside of what the metavariable stands for. It gives what each way to match binds
// anew.
func (e *evaluation) inContext(r region, c *node) ([][]Binding, error) {
	b := lookup(r.env, c.vars[0])
	if b == nil {
		return nil, nil
	}
	if c.nested != nil {
		return e.elsewhere(r, b, c)
	}
	if strings.HasPrefix(b.Name, "$...") && !c.text {
		return nil, nil // several arguments are no code of their own
	}
	inner := &evaluation{run: e.run, steps: e.steps, context: &region{start: b.Start, end: b.End, env: r.env}, node: b.Node}
	found, err := inner.eval(c.children[0])
	e.steps = inner.steps
	if err != nil {
		return nil, err
	}
	return e.added(r.env, r.env, found, func(b Binding) Binding { return b }), nil
}

// elsewhere evaluates a formula on the content of a string, read in another language. Language generic reads all code.
func (e *evaluation) elsewhere(r region, b *Binding, c *node) ([][]Binding, error) {
	content, at := b.Text, b.Start
	text, isString := e.run.literal(b)
	switch {
	case isString && (c.text || !strings.HasPrefix(b.Name, "$...") || e.run.spec.Name == "html"): // what a script holds is one text
		content = text
		if i := strings.Index(e.run.source[b.Start:b.End], content); i >= 0 {
			at = b.Start + uint32(i)
		}
	case c.nested.Name != "generic":
		return nil, nil
	}
	if err := e.step(20 + len(content)/8); err != nil {
		return nil, err
	}
	sub := &run{set: e.run.set, spec: c.nested, source: content, found: map[int]finds{}, file: File{Path: e.run.file.Path, Source: []byte(content)}, backtracked: e.run.backtracked}
	defer func() { e.run.backtracked = sub.backtracked }()
	sub.words = e.run.set.words.Scan(content)
	// What was bound outside is known by its text only: it is code of another tree.
	env := slices.Clone(r.env)
	for i := range env {
		if text, ok := e.run.literal(&env[i]); ok {
			env[i].Text = text
		}
		env[i].Node = language.None
	}
	inner := &evaluation{run: sub, steps: e.steps, context: &region{end: uint32(len(content)), env: env}, node: language.None}
	found, err := inner.eval(c.children[0])
	e.steps = inner.steps
	if err != nil {
		return nil, err
	}
	verbatim := strings.HasPrefix(e.run.source[at:], content)
	return inner.added(r.env, env, found, func(x Binding) Binding {
		x.Node = language.None
		if verbatim {
			x.Start, x.End = x.Start+at, x.End+at
		} else {
			x.Start, x.End = b.Start, b.End
		}
		return x
	}), nil
}

// added gives what each of the regions found binds beyond what is bound already. Those that contradict it are left out.
func (e *evaluation) added(known, here []Binding, found []region, outside func(Binding) Binding) [][]Binding {
	var out [][]Binding
	for _, f := range found {
		if !e.agree(here, f.env) {
			continue
		}
		var added []Binding
		for _, b := range f.env {
			if lookup(known, b.Name) == nil {
				added = append(added, outside(b))
			}
		}
		if len(added) == 0 {
			return [][]Binding{nil}
		}
		e.steps += made
		out = append(out, added)
	}
	return out
}

// condition compiles what is asked of a metavariable's value.
func (c *compiler) condition(f *rules.Formula, n *node, spec *language.Spec) {
	switch f.Op {
	case rules.MetavariableComparison:
		expr, err := compare.Parse(f.Text.Value)
		if err != nil {
			c.problem(rules.Unsupported, f.Text.At(1, 1), "cannot run yet: the comparison cannot be read: %s", err)
			return
		}
		n.compare, n.strip = expr, f.Strip
	case rules.MetavariableAnalysis:
		n.analyze = entropyIsHigh
		if f.Text.Value == "redos" {
			n.analyze = mayBacktrack
		}
	case rules.MetavariableType:
		for _, t := range f.Types {
			n.types = append(n.types, strings.Join(strings.Fields(t.Value), ""))
		}
	case rules.MetavariablePattern:
		n.text = spec.AnyFile
		if f.Language.Value != "" {
			if n.nested = language.ForName(f.Language.Value); n.nested == nil {
				c.problem(rules.Unsupported, f.Language.Pos, "cannot run yet: metavariable-pattern in language %q; rules run for %s", f.Language.Value, languageNames())
				return
			}
			spec = n.nested
		}
		n.children = []*node{c.node(f.Children[0], spec, nil)}
	}
}

// generic compiles a pattern of language generic.
func (c *compiler) generic(text rules.Text, n *node) {
	o := c.r.Options.Generic
	p, err := compileGeneric(text.Value, o)
	if err != nil {
		c.problem(rules.Broken, text.At(1, 1), "the pattern cannot be read: %s", err)
		return
	}
	n.generic = p
	for _, w := range p.Words() {
		n.words = append(n.words, c.set.words.AddPart(w, o.Caseless))
	}
}
