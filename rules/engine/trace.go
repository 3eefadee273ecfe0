package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/compare"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/taint"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A tracer writes down what the operators of one rule do with a part of a file. An evaluation without one pays for a comparison with nil.
type tracer struct {
	from, to uint32 // the part of the file that is asked about; what begins or ends in it is of interest
	lines    *language.Lines
	open     *Step // the operator that is being evaluated
	labels   map[*node]string
	taint    *taint.Input // of a taint rule, once it is complete
}

// The most that is kept of one operator.
const (
	maxHere   = 5
	maxNested = 2
	maxBelow  = 400 // steps below one operator
)

// concerns says whether a region has to do with the part that is asked about: it begins in it, or lies across it without being what surrounds it.
func (t *tracer) concerns(r *region) bool { return r.start <= t.to && r.end >= t.from }

// begins says whether a region begins in the part: the line at which a match of it would be reported.
func (t *tracer) begins(r *region) bool { return t.from <= r.start && r.start <= t.to }

// traced is evaluate, written down.
func (e *evaluation) traced(n *node) ([]region, error) {
	t := e.trace
	above := t.open
	step := &Step{What: n.op.String(), node: n}
	if label := t.labels[n]; label != "" {
		step.Part = label
	}
	if n.from != nil {
		step.Line, step.Column = n.from.Pos.Line, n.from.Pos.Column
		step.Text = n.from.Text.Value
	}
	above.add(step)
	t.open = step
	rs, err := e.evaluate(n)
	t.open = above
	switch {
	case err != nil:
		step.Note = "given up: " + err.Error()
	case n.op.Positive() && !n.possible(e.run.words):
		if lacks := e.lacks(n); len(lacks) > 0 {
			step.Note = "not looked for: the file does not hold " + strings.Join(lacks, " or ")
		} else {
			step.Note = "not looked for: the file does not hold the names that it needs"
		}
	case n.op == rules.And:
		e.unfinished(n, step)
	}
	step.Found = len(rs)
	t.ranges(step, rs)
	step.collapse()
	return rs, err
}

// add hangs a step below another one, up to a bound.
func (s *Step) add(sub *Step) {
	if len(s.Steps) < maxBelow {
		s.Steps = append(s.Steps, sub)
	}
}

// ranges keeps those regions that concern the part that is asked about, those that begin in it first.
func (t *tracer) ranges(s *Step, rs []region) {
	s.Here = nil
	s.here = 0
	var around []region
	for i := range rs {
		switch {
		case t.begins(&rs[i]):
			s.here++
			if len(s.Here) < maxHere {
				s.Here = append(s.Here, t.place(&rs[i]))
			}
		case t.concerns(&rs[i]):
			around = append(around, rs[i])
		default:
			if line := t.lines.Line(rs[i].start); len(s.Elsewhere) < maxHere && !slices.Contains(s.Elsewhere, line) {
				s.Elsewhere = append(s.Elsewhere, line)
			}
		}
	}
	slices.Reverse(around) // the innermost first
	for i := range around {
		s.here++
		if len(s.Here) < maxHere {
			s.Here = append(s.Here, t.place(&around[i]))
		}
	}
}

// place describes a region.
func (t *tracer) place(r *region) Range {
	out := Range{Span: language.Span{Start: r.start, End: r.end}}
	out.Line, out.Column = t.lines.Position(r.start)
	out.EndLine, out.EndColumn = t.lines.Position(r.end)
	for _, b := range r.env {
		out.Bindings = append(out.Bindings, Bound{b.Name, clipTo(b.Text, maxShown)})
	}
	return out
}

// maxShown is how much of a piece of code an explanation repeats, in code points.
const maxShown = 80

func clipTo(s string, most int) string {
	s = strings.Join(strings.Fields(s[:min(len(s), 16*most)]), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most-1]) + "…"
	}
	return s
}

// lacks names what a file would have to hold.
func (e *evaluation) lacks(n *node) []string {
	var out []string
	quote := func(words []string) {
		for _, w := range words {
			if q := strconv.Quote(w); !slices.Contains(out, q) && len(out) < maxHere {
				out = append(out, q)
			}
		}
	}
	switch n.op {
	case rules.Pattern:
		words := []string{}
		if n.generic != nil {
			words = n.generic.Words()
		} else if n.search < len(e.run.set.searches) {
			words = e.run.set.searches[n.search].words
		}
		for i, w := range words {
			if i < len(n.words) && !e.run.words.Has(n.words[i]) {
				quote([]string{w})
			}
		}
	case rules.Regex, rules.MetavariableRegex:
		if n.from != nil && !e.run.words.HasAny(n.words) {
			for _, l := range needed(n.from.Text.Value) {
				quote([]string{l.text})
			}
		}
	default:
		for _, c := range n.children {
			if c.op.Positive() && !c.possible(e.run.words) {
				for _, w := range e.lacks(c) {
					if !slices.Contains(out, w) && len(out) < maxHere {
						out = append(out, w)
					}
				}
			}
		}
	}
	return out
}

// unfinished says of a patterns list why its later entries were not looked at.
func (e *evaluation) unfinished(n *node, step *Step) {
	positive := 0
	for _, c := range n.children {
		if c.op.Positive() {
			positive++
		}
	}
	seen := 0
	for _, s := range step.Steps {
		if s.node != nil && s.node.op.Positive() {
			seen++
		}
	}
	if seen < positive && seen > 0 {
		step.Note = "the rest is not looked at: nothing in the file is left"
	}
}

// together writes down what the positive entries of a patterns list agree on.
func (t *tracer) together(e *evaluation, sets [][]region, left []region) {
	if len(sets) < 2 {
		return
	}
	step := &Step{What: togetherStep, Found: len(left), Narrows: true}
	t.ranges(step, left)
	if len(step.Here) == 0 {
		step.Note = t.disagreement(e, sets)
	}
	t.open.add(step)
}

// disagreement says why sets of regions that concern the part have none in common there.
func (t *tracer) disagreement(e *evaluation, sets [][]region) string {
	why := "no range of one lies inside a range of the other here"
	for i, xs := range sets {
		for _, ys := range sets[i+1:] {
			for k := range xs {
				for l := range ys {
					x, y := &xs[k], &ys[l]
					if e.steps++; e.steps > maxSteps {
						return why
					}
					if !t.concerns(x) || !t.concerns(y) || !(y.start <= x.start && x.end <= y.end || x.start <= y.start && y.end <= x.end) {
						continue
					}
					for _, b := range x.env {
						if o := lookup(y.env, b.Name); o != nil && !e.run.same(&b, o) {
							return fmt.Sprintf("%s would have to be `%s` in line %d and `%s` in line %d", b.Name,
								clipTo(b.Text, maxShown), t.lines.Line(b.Start), clipTo(o.Text, maxShown), t.lines.Line(o.Start))
						}
					}
				}
			}
		}
	}
	return why
}

// narrowed writes down what an exclusion, a condition or a focus left of the regions before it.
func (t *tracer) narrowed(e *evaluation, c *node, before, after []region) {
	step := t.stepOf(c)
	step.Found = len(after)
	step.Narrows = true
	for i := range before {
		x := &before[i]
		if !t.concerns(x) || slices.ContainsFunc(after, func(y region) bool { return y.start == x.start && y.end == x.end }) {
			continue
		}
		if len(step.Gone) < maxHere {
			step.Gone = append(step.Gone, Gone{Range: t.place(x), Why: e.why(c, x)})
			if c.op == rules.MetavariablePattern && c.nested == nil && len(step.Gone) <= maxNested {
				e.nested(c, x, step)
			}
		}
	}
	t.ranges(step, after)
}

// focused writes down where the focus of a patterns list moved its ranges. A range without any of the metavariables is gone.
func (t *tracer) focused(e *evaluation, n *node, before, after []region) {
	for _, c := range n.children {
		if c.op != rules.Focus {
			continue
		}
		step := t.stepOf(c)
		step.Found, step.Narrows = len(after), true
		for i := range before {
			if x := &before[i]; t.concerns(x) && len(step.Gone) < maxHere && !slices.ContainsFunc(c.vars, func(v string) bool { return lookup(x.env, v) != nil }) {
				step.Gone = append(step.Gone, Gone{Range: t.place(x), Why: strings.Join(c.vars, " and ") + " not bound"})
			}
		}
		t.ranges(step, after)
	}
}

// stepOf finds the step of an operator below the open one, or begins it.
func (t *tracer) stepOf(c *node) *Step {
	for i := len(t.open.Steps) - 1; i >= 0; i-- {
		if t.open.Steps[i].node == c {
			return t.open.Steps[i]
		}
	}
	step := &Step{What: c.op.String(), node: c}
	if c.from != nil {
		step.Line, step.Column = c.from.Pos.Line, c.from.Pos.Column
		step.Text = c.from.Text.Value
		if len(c.vars) > 0 {
			step.Text = strings.TrimSpace(strings.Join(c.vars, ", ") + " " + step.Text)
		}
		if len(c.types) > 0 {
			step.Text += " " + strings.Join(c.types, " or ")
		}
		if c.op == rules.MetavariablePattern && len(c.from.Children) == 1 {
			step.Text = strings.TrimSpace(step.Text + " " + c.from.Children[0].Text.Value)
		}
	}
	t.open.add(step)
	return step
}

// tried writes down what a condition that may bind metavariables says to one region.
func (t *tracer) tried(e *evaluation, c *node, r region, more [][]Binding) {
	step := t.stepOf(c)
	step.Narrows = true
	if len(more) > 0 {
		step.Found++
		if t.concerns(&r) && len(step.Here) < maxHere {
			r.env = join(r.env, more[0])
			step.Here = append(step.Here, t.place(&r))
			step.here++
		}
		return
	}
	if !t.concerns(&r) {
		return
	}
	if len(step.Gone) < maxHere {
		step.Gone = append(step.Gone, Gone{Range: t.place(&r), Why: e.why(c, &r)})
		if c.op == rules.MetavariablePattern && c.nested == nil && len(step.Gone) <= maxNested {
			e.nested(c, &r, step)
		}
	}
}

// nested evaluates the formula of a metavariable-pattern once more, written down.
func (e *evaluation) nested(c *node, r *region, step *Step) {
	b := lookup(r.env, c.vars[0])
	if b == nil {
		return
	}
	t := &tracer{from: b.Start, to: b.End, lines: e.trace.lines, open: &Step{}}
	inner := &evaluation{run: e.run, steps: e.steps, context: &region{start: b.Start, end: b.End, env: r.env}, node: b.Node, trace: t}
	_, _ = inner.eval(c.children[0]) // what was wrong with it has been told when it counted
	e.steps = inner.steps
	for _, s := range t.open.Steps {
		step.add(s)
	}
}

// why says what took a region out.
func (e *evaluation) why(c *node, r *region) string {
	switch c.op {
	case rules.Not, rules.NotInside, rules.NotRegex:
		return e.excludedBy(c, r)
	}
	if len(c.vars) == 0 && c.op != rules.MetavariableComparison {
		return ""
	}
	var b *Binding
	if len(c.vars) > 0 {
		if b = lookup(r.env, c.vars[0]); b == nil && c.op != rules.MetavariableComparison {
			return c.vars[0] + " is not bound"
		}
	}
	text := func(b *Binding) string { return "`" + clipTo(b.Text, maxShown) + "`" }
	switch c.op {
	case rules.MetavariableRegex:
		shown := text(b)
		if v, ok := e.run.constant(b); c.constant && ok {
			shown += fmt.Sprintf(" (the constant %q)", clipTo(v.Text, maxShown))
		}
		return fmt.Sprintf("%s is %s, which the expression does not match from its beginning", b.Name, shown)
	case rules.MetavariableAnalysis:
		if _, ok := e.run.literal(b); !ok {
			return fmt.Sprintf("%s is %s, which is no string literal", b.Name, text(b))
		}
		if c.from != nil && c.from.Text.Value == "redos" {
			return fmt.Sprintf("%s is %s, an expression that cannot take for ever", b.Name, text(b))
		}
		return fmt.Sprintf("%s is %s, which does not look random", b.Name, text(b))
	case rules.MetavariableType:
		return fmt.Sprintf("%s is %s, whose type is not known to be %s", b.Name, text(b), strings.Join(c.types, " or "))
	case rules.MetavariablePattern:
		return fmt.Sprintf("%s is %s, in which nothing matches", b.Name, text(b))
	case rules.MetavariableComparison:
		var values []string
		for i := range r.env {
			if c.from == nil || !strings.Contains(c.from.Text.Value, r.env[i].Name) {
				continue
			}
			values = append(values, e.valueOf(&r.env[i], c.strip))
		}
		if values == nil {
			return "none of its metavariables is bound"
		}
		return "it does not hold: " + strings.Join(values, ", ")
	}
	return ""
}

// valueOf describes what a metavariable stands for in a comparison.
func (e *evaluation) valueOf(b *Binding, strip bool) string {
	v := e.run.value(b)
	if strip {
		v = v.Integer()
	}
	code := clipTo(b.Text, maxShown)
	var shown string
	switch v.Kind {
	case compare.Int:
		shown = strconv.FormatInt(v.Int, 10)
	case compare.Float:
		shown = strconv.FormatFloat(v.Float, 'g', -1, 64)
	case compare.String:
		shown = strconv.Quote(clipTo(v.Text, maxShown))
	case compare.Bool:
		shown = strconv.FormatBool(v.Bool)
	default:
		return fmt.Sprintf("%s is `%s`, of which no constant is known", b.Name, code)
	}
	if shown == code {
		return b.Name + " is " + shown
	}
	return fmt.Sprintf("%s is %s (`%s`)", b.Name, shown, code)
}

// excludedBy names a range of an exclusion that covers a region.
func (e *evaluation) excludedBy(c *node, r *region) string {
	quiet := &evaluation{run: e.run, steps: e.steps, context: e.context, node: e.node}
	excluded, err := quiet.eval(c)
	if err != nil {
		return ""
	}
	for i := range excluded {
		if left, err := quiet.without([]region{*r}, excluded[i:i+1], c.op); err == nil && len(left) == 0 {
			line, last := e.trace.lines.Line(excluded[i].start), e.trace.lines.Line(max(excluded[i].start, excluded[i].end-min(excluded[i].end, 1)))
			if line == last {
				return fmt.Sprintf("taken out by the match in line %d", line)
			}
			return fmt.Sprintf("taken out by the match in lines %d to %d", line, last)
		}
	}
	return ""
}

// collapse takes the only step below an exclusion or an inside that is a pattern into its operator, which it is written beside.
func (s *Step) collapse() {
	if len(s.Steps) != 1 || s.node == nil || s.node.op != rules.Not && s.node.op != rules.Inside && s.node.op != rules.NotInside {
		return
	}
	if inner := s.Steps[0]; inner.node != nil && inner.node.op == rules.Pattern {
		s.Text, s.Steps = inner.Text, nil
		if s.Note == "" {
			s.Note = inner.Note
		}
	}
}
