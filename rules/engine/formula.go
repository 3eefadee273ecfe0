package engine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/compare"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/generic"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/prefilter"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A node is one operator of a rule, compiled for one language.
type node struct {
	op       rules.Op
	from     *rules.Formula // what it was compiled from
	children []*node
	search   int              // Pattern: index into Set.searches
	regex    *regex           // Regex, NotRegex, MetavariableRegex
	vars     []string         // MetavariableRegex: one; Focus: those of which the union is meant
	words    []prefilter.Word // Pattern: all of these must be in a file with a match; Regex, MetavariableRegex: one of them, if there are any

	key []prefilter.Word // of a whole formula: a file with a match holds one of them; none: that cannot be told

	unread   *unread           // Pattern: it is code of another language of the rule; until settle
	generic  *generic.Pattern  // Pattern of language generic; search is not used then
	compare  *compare.Expr     // MetavariableComparison
	strip    bool              // MetavariableComparison: values are turned into numbers
	constant bool              // MetavariableRegex: a constant counts as its value
	analyze  func(string) bool // MetavariableAnalysis
	types    []string          // MetavariableType
	text     bool              // MetavariablePattern: the rule reads text, not a tree
	nested   *language.Spec    // MetavariablePattern: the language of the content; nil: that of the file
	taint    *taintNode        // a whole taint rule; the rest is not used then
}

// possible says whether a file with these words can have a match.
func (n *node) possible(words *prefilter.Set) bool {
	if n.taint != nil {
		return n.taint.possible(words)
	}
	switch n.op {
	case rules.Pattern:
		return words.HasAll(n.words)
	case rules.Regex, rules.MetavariableRegex:
		return words.HasAny(n.words)
	case rules.And:
		for _, c := range n.children {
			if !c.possible(words) {
				return false
			}
		}
	case rules.Or:
		return slices.ContainsFunc(n.children, func(c *node) bool { return c.possible(words) })
	case rules.Inside:
		return n.children[0].possible(words)
	}
	return true // exclusions and focus ask for nothing
}

// maxKey bounds how many words one rule is looked up by.
const maxKey = 200

// needs gives words of which every file with a match holds one; none if that cannot be told. Where several would do, those are taken that cost
// least to look for.
func (n *node) needs(d *prefilter.Dictionary) []prefilter.Word {
	var best []prefilter.Word
	offer := func(ws []prefilter.Word) {
		if len(ws) > 0 && (len(best) == 0 || cost(d, ws) < cost(d, best)) {
			best = ws
		}
	}
	if n.taint != nil {
		offer(oneOf(d, n.taint.sources))
		offer(oneOf(d, n.taint.sinks))
		return best
	}
	switch n.op {
	case rules.Pattern:
		for i := range n.words {
			offer(n.words[len(n.words)-1-i:][:1]) // the last says most: join in os.path.join
		}
	case rules.Regex, rules.MetavariableRegex:
		return n.words
	case rules.Inside:
		return n.children[0].needs(d)
	case rules.Or:
		return oneOf(d, n.children)
	case rules.And:
		for _, c := range n.children {
			offer(c.needs(d))
		}
	}
	return best
}

// oneOf is needs of several formulas of which one has to match.
func oneOf(d *prefilter.Dictionary, list []*node) []prefilter.Word {
	var all []prefilter.Word
	for _, c := range list {
		ws := c.needs(d)
		if len(ws) == 0 || len(all)+len(ws) > maxKey {
			return nil
		}
		all = append(all, ws...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// cost is what it takes to look for words.
func cost(d *prefilter.Dictionary, ws []prefilter.Word) int {
	sum := 0
	for _, w := range ws {
		if sum++; d.Part(w) {
			sum += 100
		}
	}
	return sum
}

// A region is a range of the file that a formula matches, with what its metavariables stand for.
type region struct {
	start, end uint32
	inside     bool // found by pattern-inside: it may hold other regions, but is not itself what was looked for
	env        []Binding
}

// The limits of one rule on one file.
const (
	maxRegions = 100_000    // of one operator
	maxSteps   = 20_000_000 // comparisons of regions
)

var (
	errRegions = fmt.Errorf("more than %d matches of one operator", maxRegions)
	errSteps   = errors.New("too many matches to compare with each other")
)

// evaluation is one rule on one file, or the formula of a metavariable-pattern on what a metavariable stands for.
type evaluation struct {
	run   *run
	steps int

	trace   *tracer     // of an explanation; nil: nothing is written down
	context *region     // what a metavariable stands for, with all that is bound; nil: the whole file
	node    language.ID // the node of the context, if it is one
}

// bounds are the bytes of the source that are looked at.
func (e *evaluation) bounds() (from, to uint32) {
	if e.context != nil {
		return e.context.start, e.context.end
	}
	return 0, uint32(len(e.run.source))
}

// made is what a region that is made costs, in steps: it is allocated and sorted.
const made = 20

// textPerStep is how many bytes of a text are read for one step.
const textPerStep = 16

func (e *evaluation) step(n int) error {
	if e.steps += n; e.steps > maxSteps {
		return errSteps
	}
	return nil
}

// eval gives the regions of a positive operator, in order and without repetition.
func (e *evaluation) eval(n *node) ([]region, error) {
	if e.trace != nil {
		return e.traced(n)
	}
	return e.evaluate(n)
}

func (e *evaluation) evaluate(n *node) ([]region, error) {
	if n.op.Positive() && !n.possible(e.run.words) {
		return nil, nil
	}
	switch n.op {
	case rules.Pattern:
		return e.pattern(n)
	case rules.Regex, rules.NotRegex:
		return e.regex(n)
	case rules.Inside, rules.NotInside:
		inner, err := e.eval(n.children[0])
		if err != nil {
			return nil, err
		}
		out := slices.Clone(inner) // the pattern's own are shared
		for i := range out {
			out[i].inside = true
		}
		return out, nil
	case rules.Not:
		return e.eval(n.children[0])
	case rules.Or:
		var out []region
		for _, c := range n.children {
			rs, err := e.eval(c)
			if err != nil {
				return nil, err
			}
			out = append(out, rs...)
		}
		return tidy(out)
	}
	return e.and(n)
}

// pattern gives where a pattern matches, in the context if there is one.
func (e *evaluation) pattern(n *node) ([]region, error) {
	if n.generic != nil {
		return e.generic(n)
	}
	rs, err := e.run.find(n.search)
	if err != nil || e.context == nil {
		return rs, err
	}
	i, _ := slices.BinarySearchFunc(rs, e.context.start, func(r region, start uint32) int { return cmp.Compare(r.start, start) })
	var out []region
	for ; i < len(rs) && rs[i].start <= e.context.end; i++ {
		if err := e.step(1); err != nil {
			return nil, err
		}
		if rs[i].end <= e.context.end {
			if err := e.step(made); err != nil {
				return nil, err
			}
			out = append(out, rs[i])
		}
	}
	if e.node == language.None {
		return out, nil
	}
	// The node may stand where a search of the file does not look for expressions: a name that is declared, a type.
	more, err := e.run.findAt(n.search, e.node)
	if err != nil {
		return nil, err
	}
	return tidy(append(out, more...))
}

func (e *evaluation) regex(n *node) ([]region, error) {
	from, to := e.bounds()
	if e.context != nil { // the text is read once for each context
		if err := e.step(1 + int(to-from)/textPerStep); err != nil {
			return nil, err
		}
	}
	spans, err := e.search(n.regex, e.run.source[from:to], maxRegions+1)
	if err != nil {
		return nil, err
	}
	out := make([]region, 0, len(spans))
	for _, s := range spans {
		r := region{start: from + uint32(s.start), end: from + uint32(s.end)}
		for _, g := range s.groups {
			b := Binding{Name: g.name, Start: from + uint32(g.start), End: from + uint32(g.end), Node: language.None}
			b.Text = e.run.source[b.Start:b.End]
			r.env = append(r.env, b)
		}
		slices.SortFunc(r.env, func(a, b Binding) int { return strings.Compare(a.Name, b.Name) })
		out = append(out, r)
	}
	return tidy(out)
}

// and evaluates `patterns`: what all positive operands agree on, less the exclusions, under the conditions, narrowed to the focus.
func (e *evaluation) and(n *node) ([]region, error) {
	var sets, insides [][]region
	if e.context != nil {
		sets = append(sets, []region{*e.context})
	}
	for _, c := range n.children {
		if !c.op.Positive() {
			continue
		}
		rs, err := e.eval(c)
		if err != nil || len(rs) == 0 {
			return nil, err
		}
		// Enclosing regions come last: they only filter what the others found.
		if rs[0].inside {
			insides = append(insides, rs)
		} else {
			sets = append(sets, rs)
		}
	}
	if e.context != nil && len(sets) == 1 && len(insides) > 0 {
		sets[0] = slices.Clone(sets[0]) // nothing but pattern-inside: the context is one of them
		sets[0][0].inside = true
	}
	sets = append(sets, insides...)
	if len(sets) == 0 {
		return nil, nil // the loader accepts no list that finds nothing by itself
	}
	rs := sets[0]
	var err error
	for _, other := range sets[1:] {
		if rs, err = e.intersect(rs, other); err != nil {
			return nil, err
		}
		if len(rs) == 0 {
			break
		}
	}
	if e.trace != nil {
		e.trace.together(e, sets, rs)
	}
	for _, c := range n.children {
		if len(rs) == 0 {
			return nil, nil
		}
		switch c.op {
		case rules.Not, rules.NotInside, rules.NotRegex:
			excluded, err := e.eval(c)
			if err != nil {
				return nil, err
			}
			before := rs
			if rs, err = e.without(rs, excluded, c.op); err != nil {
				return nil, err
			}
			if e.trace != nil {
				e.trace.narrowed(e, c, before, rs)
			}
		}
	}
	if rs, err = e.conditions(rs, n.children); err != nil {
		return nil, err
	}
	out, err := e.focus(rs, n.children)
	if e.trace != nil && err == nil {
		e.trace.focused(e, n, rs, out)
	}
	return out, err
}

// intersect keeps the regions of either set that lie in one of the other and agree with it on the metavariables that both have.
func (e *evaluation) intersect(xs, ys []region) ([]region, error) {
	a, err := e.within(xs, ys)
	if err != nil {
		return nil, err
	}
	b, err := e.within(ys, xs)
	if err != nil {
		return nil, err
	}
	return tidy(append(a, b...))
}

// within gives the inner regions that lie in an outer one, with the metavariables of both.
func (e *evaluation) within(inner, outer []region) ([]region, error) {
	var out []region
	around := sweep{regions: outer}
	for i := range inner {
		x := &inner[i]
		for _, j := range around.to(x.start) {
			y := &outer[j]
			if err := e.step(1); err != nil {
				return nil, err
			}
			// What pattern-inside found cannot be narrowed by something that is merely around it.
			if y.end < x.end || x.inside && !y.inside || !e.agree(x.env, y.env) {
				continue
			}
			if err := e.step(made); err != nil {
				return nil, err
			}
			out = append(out, region{x.start, x.end, x.inside, join(x.env, y.env)})
			if len(out) > maxSteps/100 {
				return nil, errSteps
			}
		}
	}
	return out, nil
}

// A sweep goes through regions in order of their start and leaves those behind that ended.
type sweep struct {
	regions []region
	next    int
	open    []int
}

// to gives the regions that start at or before a place and do not end before it. Places must be asked for in order.
func (s *sweep) to(place uint32) []int {
	for s.next < len(s.regions) && s.regions[s.next].start <= place {
		s.open = append(s.open, s.next)
		s.next++
	}
	s.open = slices.DeleteFunc(s.open, func(j int) bool { return s.regions[j].end < place })
	return s.open
}

// without removes what the exclusions of one operator cover.
func (e *evaluation) without(rs, excluded []region, op rules.Op) ([]region, error) {
	var out []region
	around := sweep{regions: excluded}
	for i := range rs {
		x := &rs[i]
		gone := false
		try := func(y *region) error {
			xInY := y.start <= x.start && x.end <= y.end
			yInX := x.start <= y.start && y.end <= x.end
			switch op {
			case rules.Not:
				gone = xInY && (yInX || y.inside)
			case rules.NotInside:
				gone = xInY
			case rules.NotRegex:
				gone = xInY || yInX
			}
			gone = gone && e.agree(x.env, y.env)
			return e.step(1)
		}
		for _, j := range around.to(x.start) {
			if err := try(&excluded[j]); err != nil {
				return nil, err
			}
			if gone {
				break
			}
		}
		for j := around.next; op == rules.NotRegex && !gone && j < len(excluded) && excluded[j].start <= x.end; j++ {
			if err := try(&excluded[j]); err != nil {
				return nil, err
			}
		}
		if !gone {
			out = append(out, *x)
		}
	}
	return out, nil
}

// focus narrows regions to their metavariables: the union within one focus-metavariable, what all agree on between several.
func (e *evaluation) focus(rs []region, children []*node) ([]region, error) {
	focused := false
	var out []region
	for _, c := range children {
		focused = focused || c.op == rules.Focus
	}
	if !focused {
		return rs, nil
	}
	for _, r := range rs {
		part := []region{r}
		for _, c := range children {
			if c.op != rules.Focus {
				continue
			}
			var next []region
			for _, name := range c.vars {
				if b := lookup(r.env, name); b != nil {
					next = append(next, region{b.Start, b.End, r.inside, r.env})
				}
			}
			next, err := tidy(next)
			if err != nil {
				return nil, err
			}
			if part, err = e.intersect(part, next); err != nil {
				return nil, err
			}
		}
		out = append(out, part...)
	}
	return tidy(out)
}

// tidy orders regions by place and drops repetitions.
func tidy(rs []region) ([]region, error) {
	if len(rs) < 2 {
		return rs, nil
	}
	slices.SortStableFunc(rs, compareRegions)
	rs = slices.CompactFunc(rs, func(a, b region) bool { return compareRegions(a, b) == 0 })
	if len(rs) > maxRegions {
		return nil, errRegions
	}
	return rs, nil
}

func compareRegions(a, b region) int {
	if c := cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)); c != 0 {
		return c
	}
	if a.inside != b.inside {
		if a.inside {
			return 1
		}
		return -1
	}
	return slices.CompareFunc(a.env, b.env, func(a, b Binding) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), strings.Compare(a.Text, b.Text))
	})
}

// An environment is a list of bindings, sorted by name.

func lookup(env []Binding, name string) *Binding {
	for i := range env {
		if env[i].Name == name {
			return &env[i]
		}
	}
	return nil
}

// agree says whether two environments mean the same by every metavariable that both have.
func (e *evaluation) agree(a, b []Binding) bool {
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0].Name, b[0].Name); {
		case c < 0:
			a = a[1:]
		case c > 0:
			b = b[1:]
		default:
			if !isGroup(a[0].Name) && !e.run.same(&a[0], &b[0]) {
				return false
			}
			a, b = a[1:], b[1:]
		}
	}
	return true
}

// isGroup says whether a name is that of a group of an expression: each expression has its own $1.
func isGroup(name string) bool { return len(name) > 1 && name[1] >= '0' && name[1] <= '9' }

// join gives the bindings of both, a's where both have one.
func join(a, b []Binding) []Binding {
	if len(b) == 0 {
		return a
	}
	out := make([]Binding, 0, len(a)+len(b))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Name < b[0].Name:
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0].Name < a[0].Name:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return out
}
