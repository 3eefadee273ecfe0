package taint

import (
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// An expression is evaluated in two goes, as in Semgrep's intermediate language, where a call inside of an expression is a statement before it:
// prepare runs the calls, assignments and choices in it, innermost first, and keeps their values in tmp; result then gives the value of the
// expression that is left.

// prepare runs what an expression runs before it has a value.
func (m *machine) prepare(id language.ID) {
	if id == language.None || m.step() != nil {
		return
	}
	t := m.t
	n := &t.Nodes[id]
	switch n.Kind {
	case language.Name, language.Str, language.Num, language.Bool, language.Null, language.Type, language.Decorator, language.Class, language.Params, language.Block:
		return
	case language.Func:
		m.used = append(m.used, id)
		return
	case language.Call:
		used := m.used
		m.used = nil
		callee := m.called(id)
		if n.Flags&language.New == 0 {
			m.prepare(callee)
		} else if callee != language.None && t.Spec.Name == "php" && strings.HasPrefix(t.Nodes[callee].Value, "$") {
			m.sink(m.roles[callee], m.result(callee).all()) // new $class()
		}
		m.prepare(t.Child(id, language.SlotArgs))
		m.tmp[id] = m.call(id)
		m.runLambdas(true)
		m.used = used
		return
	case language.Assign:
		m.assignment(id)
		return
	case language.Ternary:
		m.ternary(id)
		return
	case language.Binary:
		if n.Value == "&&" || n.Value == "||" {
			m.lazy(id)
			return
		}
	case language.Switch:
		return // as an expression it has no value that Semgrep follows
	case language.Index:
		if m.sliced(id) && !m.deep() {
			m.tmp[id] = value{}
			return
		}
	case language.Unary: // $(...) of a shell: what its commands print
		if o := t.Child(id, language.SlotOperand); o != language.None && t.Nodes[o].Kind == language.Block && n.Value == "$" {
			for c := range t.Children(o) {
				m.prepare(c)
			}
			m.tmp[id] = m.special(id)
			return
		}
	case language.Other:
		switch t.Type(id) {
		case "list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression":
			m.comprehension(id)
			return
		case "method_reference":
			return
		}
	}
	for c := range t.Children(id) {
		if s := t.Nodes[c].Slot; s == language.SlotName && n.Kind != language.Param || s == language.SlotType || s == language.SlotKey && t.Nodes[c].Kind == language.Name && t.Spec.PartialDict {
			continue
		}
		m.prepare(c)
	}
	switch n.Kind {
	case language.Template, language.Element:
		m.tmp[id] = m.special(id)
	case language.Defer:
		switch {
		case n.Value == "await":
			m.tmp[id] = m.special(id)
		case strings.HasPrefix(n.Value, "yield"):
			m.special(id)
			m.tmp[id] = value{}
		}
	case language.Unary:
		if n.Value == "&" {
			m.tmp[id] = m.special(id)
		}
	}
}

// deep says whether the analysis goes further than Semgrep's.
func (m *machine) deep() bool { return m.rule.Options.Intrafile }

// sliced says whether a subscript has bounds: x[1:].
func (m *machine) sliced(id language.ID) bool {
	for c := range m.t.Children(id) {
		if m.t.Nodes[c].Kind == language.Slice {
			return true
		}
	}
	return false
}

// special is an operation of the language that passes its operands on: a template, await, an address.
func (m *machine) special(id language.ID) value {
	if m.sanitized(id) {
		return value{}
	}
	var all taints
	for c := range m.t.Children(id) {
		if s := m.t.Nodes[c].Slot; s == language.SlotName || s == language.SlotType {
			continue
		}
		all = union(all, m.typed(m.each(c), c))
	}
	if m.in.Options.OnlyThroughAssignments {
		all = nil
	}
	return m.finish(id, value{taints: all})
}

// each gives the marks of an expression, or of all that a list of them holds.
func (m *machine) each(id language.ID) taints {
	switch m.t.Nodes[id].Kind {
	case language.Block, language.Args:
		var all taints
		for c := range m.t.Children(id) {
			all = union(all, m.each(c))
		}
		return all
	case language.Pair:
		if o := m.t.Child(id, language.SlotOperand); o != language.None {
			return m.result(o).all()
		}
		return nil
	}
	return m.result(id).all()
}

func (m *machine) ternary(id language.ID) {
	t := m.t
	cond, then, other := t.Child(id, language.SlotCond), t.Child(id, language.SlotThen), t.Child(id, language.SlotElse)
	m.prepare(cond)
	if cond != language.None {
		m.result(cond)
	}
	before := m.env
	var v value
	if outcome, known := m.file.truth(cond); known && m.deep() {
		if !outcome {
			then = other
		}
		other = then
	}
	branch := func(c language.ID) env {
		m.env = before
		if c != language.None {
			m.prepare(c)
			r := m.result(c)
			v.taints = union(v.taints, r.taints)
			v.fields = mergeFields(v.fields, r.fields)
		}
		return m.env
	}
	a := branch(then)
	b := branch(other)
	m.env = a.merge(b)
	if m.sanitized(id) {
		v = value{}
	} else {
		m.sink(m.roles[id], v.all())
	}
	m.tmp[id] = v
}

// lazy prepares a && b: what b does happens or not.
func (m *machine) lazy(id language.ID) {
	left, right := m.t.Child(id, language.SlotLeft), m.t.Child(id, language.SlotRight)
	m.prepare(left)
	before := m.env
	m.prepare(right)
	m.env = before.merge(m.env)
}

// comprehension runs the clauses and then the element. As in Semgrep, a call in the element does not pass its value on.
func (m *machine) comprehension(id language.ID) {
	t := m.t
	element := language.None
	for c := range t.Children(id) {
		switch {
		case element == language.None:
			element = c
		case t.Type(c) == "for_in_clause":
			last := language.None
			for k := range t.Children(c) {
				last = k
			}
			if last == language.None || last == c+1 {
				continue
			}
			m.prepare(last)
			m.give(c, c+1, last, value{taints: m.result(last).all()})
		default:
			for k := range t.Children(c) {
				m.prepare(k)
				m.result(k)
			}
		}
	}
	if element == language.None {
		return
	}
	m.prepare(element)
	if !m.deep() {
		for i := element; i < t.Nodes[element].Next; i++ {
			if _, ok := m.tmp[i]; ok {
				m.tmp[i] = value{}
			}
		}
	}
	var all taints
	if t.Nodes[element].Kind != language.Pair || m.deep() {
		all = m.each(element)
	}
	m.tmp[id] = m.finish(id, collection(all))
}

// collection is a value with elements.
func collection(all taints) value {
	if len(all) == 0 {
		return value{}
	}
	return value{fields: []field{{anyField, &cell{state: tainted, taints: all}}}}
}

// finish does what is done for every expression and call that has got its value: it may be a source, an end of a propagator, a sink.
func (m *machine) finish(id language.ID, v value) value {
	r := m.roles[id]
	if r == nil {
		return v
	}
	v.taints = union(v.taints, m.born(id, m.chosen(r, false), v.taints))
	if len(r.from)+len(r.to) > 0 {
		v.taints = union(v.taints, m.propagate(id, r, v.all(), false))
	}
	m.sink(r, v.all())
	return v
}

// result gives the value of an expression that was prepared.
func (m *machine) result(id language.ID) value {
	if v, ok := m.tmp[id]; ok {
		return v
	}
	if m.step() != nil {
		return value{}
	}
	t := m.t
	n := &t.Nodes[id]
	switch n.Kind {
	case language.Assign:
		if target := t.Child(id, language.SlotTarget); target != language.None {
			return m.result(target)
		}
		return value{}
	case language.Name, language.Dot, language.Index:
		if t.Word(id) {
			return value{}
		}
		return m.fetch(id)
	case language.Unary:
		if n.Value == "*" {
			return m.fetch(id)
		}
	case language.KeyArg, language.Pair:
		if o := t.Child(id, language.SlotOperand); o != language.None {
			return m.result(o)
		}
		return value{}
	case language.Func, language.Slice, language.Type, language.Class, language.Switch, language.Block, language.Decorator, language.Params:
		return value{}
	}
	if m.sanitized(id) {
		return value{}
	}
	return m.finish(id, m.parts(id, n))
}

// parts gives the value that an expression has by its parts.
func (m *machine) parts(id language.ID, n *language.Node) value {
	t := m.t
	switch n.Kind {
	case language.Str, language.Num, language.Bool, language.Null, language.Regex:
		return value{}
	case language.Cast:
		if o := t.Child(id, language.SlotOperand); o != language.None {
			return m.result(o)
		}
		return value{}
	case language.Tuple, language.List:
		var all taints
		for c := range t.Children(id) {
			if t.Nodes[c].Slot != language.SlotType {
				all = union(all, m.result(c).all())
			}
		}
		if m.in.Options.OnlyThroughAssignments {
			all = nil
		}
		return collection(all)
	case language.Dict:
		return m.dict(id)
	case language.Other:
		if t.Type(id) == "sequence_expression" {
			var v value
			for c := range t.Children(id) {
				v = m.result(c)
			}
			return v
		}
	}
	var all taints
	for c := range t.Children(id) {
		if s := t.Nodes[c].Slot; s == language.SlotType || s == language.SlotTarget {
			continue
		}
		all = union(all, m.typed(m.result(c).all(), c))
	}
	if m.in.Options.OnlyThroughAssignments && n.Kind != language.Spread {
		return value{}
	}
	if n.Kind == language.Binary && comparison(n.Value) {
		left := t.Child(id, language.SlotLeft)
		chained := t.Spec.Name == "python" && left != language.None && t.Nodes[left].Kind == language.Binary && comparison(t.Nodes[left].Value) &&
			t.Nodes[left].Flags&language.Parenthesised == 0
		if m.in.Options.AssumeSafeComparisons || chained && !m.deep() {
			return value{}
		}
	}
	return value{taints: all}
}

func comparison(op string) bool {
	switch op {
	case "==", "!=", "===", "!==", "<", "<=", ">", ">=", "<=>", "in", "not in", "is", "is not", "=~":
		return true
	}
	return false
}

// dict is the value of a dictionary or an object: of objects, the members are told apart.
func (m *machine) dict(id language.ID) value {
	t := m.t
	var v value
	obj := &cell{}
	for c := range t.Children(id) {
		n := &t.Nodes[c]
		switch n.Kind {
		case language.Pair:
			key, operand := t.Child(c, language.SlotKey), t.Child(c, language.SlotOperand)
			if operand == language.None {
				continue
			}
			r := m.result(operand)
			name := int32(anyField)
			switch {
			case key == language.None:
			case t.Spec.PartialDict:
				if k := t.Nodes[key].Kind; k == language.Name || k == language.Str {
					name = m.name(t.Nodes[key].Value)
				}
			case t.Spec.Name == "go":
				v.taints = union(v.taints, r.all())
				continue
			default:
				v.taints = union(v.taints, m.result(key).all())
			}
			if name == anyField {
				r = value{taints: r.all()}
			}
			if !r.empty() {
				obj = obj.with(name, merge(obj.field(name), (*cell)(nil).add(nil, r.taints, flat(r.fields, maxDepth-1))))
			}
		case language.Spread:
			if o := t.Child(c, language.SlotOperand); o != language.None {
				r := m.result(o)
				v.taints = union(v.taints, r.taints)
				obj.fields = mergeFields(obj.fields, r.fields)
			}
		case language.Func:
		default:
			if n.Slot != language.SlotType {
				v.taints = union(v.taints, m.result(c).all())
			}
		}
	}
	v.fields = obj.fields
	if m.in.Options.OnlyThroughAssignments {
		v.taints = nil
	}
	return v
}

// fetch reads a variable or a member.
func (m *machine) fetch(id language.ID) value {
	if r := m.roles[id]; r != nil && len(r.sanitizers) > 0 {
		if s := m.cleaners(r); len(s) > 0 {
			m.wipe(id, s)
			return value{}
		}
	}
	l := m.lval(id)
	v := l.value()
	v.taints = m.typed(v.taints, id)
	m.sink(m.roles[id], v.all())
	return v
}

// An lval is a place that can be assigned, as far as it is known.
type lval struct {
	fresh taints // what comes with the expression itself: a source
	known taints // what the env says
	state state
	cell  *cell  // what the env says of it and its members
	safe  bool   // it is, or lies in, something sanitized
	of    taints // the marks of what it is a member of
}

func (l lval) value() value {
	v := value{taints: union(l.fresh, l.known)}
	if l.cell != nil && !l.safe {
		v.fields = l.cell.fields
	}
	return v
}

// lval looks a place up, what it is a member of first: x.a may be clean and x tainted.
func (m *machine) lval(id language.ID) lval {
	t := m.t
	n := &t.Nodes[id]
	r := m.roles[id]
	if r != nil && len(r.sanitizers) > 0 {
		if s := m.cleaners(r); len(s) > 0 {
			m.wipe(id, s)
			return lval{safe: true}
		}
	}
	var sub, l lval
	var offset taints
	member := func(operand language.ID) {
		if operand == language.None {
			return
		}
		switch t.Nodes[operand].Kind {
		case language.Name, language.Dot, language.Index:
			if _, ok := m.tmp[operand]; !ok {
				sub = m.lval(operand)
				return
			}
		case language.Unary:
			if t.Nodes[operand].Value == "*" {
				sub = m.lval(operand)
				return
			}
		}
		v := m.result(operand)
		sub = lval{fresh: v.taints, cell: &cell{fields: v.fields}}
	}
	switch n.Kind {
	case language.Name:
		m.name2lambda(id)
		if !m.this(id) {
			l.cell = m.env.vars.get(uint32(m.key(id)))
		}
	case language.Dot:
		operand, name := t.Child(id, language.SlotOperand), t.Child(id, language.SlotName)
		member(operand)
		switch {
		case name == language.None:
		case operand != language.None && t.Nodes[operand].Kind == language.Name && m.this(operand):
			l.cell = m.env.vars.get(uint32(m.member(t.Nodes[name].Value)))
		case sub.cell != nil:
			l.cell = sub.cell.field(m.name(t.Nodes[name].Value))
		}
	case language.Index:
		if v, ok := m.element(id); ok {
			sub = lval{fresh: v.taints, cell: &cell{fields: v.fields}}
			break
		}
		member(t.Child(id, language.SlotOperand))
		if sub.cell != nil {
			for _, f := range sub.cell.fields {
				l.cell = merge(l.cell, f.cell)
			}
		}
	case language.Unary:
		member(t.Child(id, language.SlotOperand))
		l.cell = sub.cell
	}
	if m.in.Options.OnlyThroughAssignments {
		sub.fresh, sub.known, sub.state = nil, nil, unknown
	}
	switch {
	case sub.safe:
		l.safe, l.cell = true, nil
	case l.cell != nil && l.cell.state != unknown:
		l.state, l.known = l.cell.state, l.cell.taints
	default:
		l.state, l.known = sub.state, sub.known
		if m.sums != nil && len(l.known) > 0 && n.Kind == language.Dot {
			l.known = m.sums.refine(m, l.known, id)
		}
	}
	l.of = union(sub.fresh, union(sub.known, sub.value().all()))
	l.fresh = sub.fresh
	if r != nil && len(r.sources) > 0 {
		l.fresh = union(l.fresh, m.sourcesAt(id, r, union(sub.fresh, l.known)))
	}
	if n.Kind == language.Index {
		for c := range t.Children(id) {
			if t.Nodes[c].Slot != language.SlotOperand {
				offset = union(offset, m.result(c).taints)
			}
		}
		if m.in.Options.AssumeSafeIndexes || m.in.Options.OnlyThroughAssignments {
			offset = nil
		}
		l.fresh = union(l.fresh, offset)
	}
	if r != nil {
		if len(r.from)+len(r.to) > 0 {
			all := union(l.fresh, l.known)
			if l.cell != nil {
				all = union(all, value{fields: l.cell.fields}.all())
			}
			l.fresh = union(l.fresh, m.propagate(id, r, all, true))
		}
		// A part of x.a is a sink only if it is the whole match: x is not, where x.a is.
		for _, s := range r.sinks {
			if s.exact && m.best(r, s) {
				m.report(int(s.match), union(l.fresh, l.known))
			}
		}
	}
	return l
}

// name2lambda notes that a statement names a variable that holds a function.
func (m *machine) name2lambda(id language.ID) {
	if len(m.lambdas) > 0 {
		if fn, ok := m.lambdas[m.key(id)]; ok && m.t.Nodes[id].Slot != language.SlotTarget {
			m.used = append(m.used, fn)
		}
	}
}

// cleaners gives the sanitizers that a node is.
func (m *machine) cleaners(r *roles) []role {
	var out []role
	for _, s := range r.sanitizers {
		if spec := &m.rule.Sanitizers[m.in.Sanitizers[s.match].Spec]; !spec.Exact || m.best(r, s) {
			out = append(out, s)
		}
	}
	return out
}

// sanitized says whether an expression is one: then it is not looked into.
func (m *machine) sanitized(id language.ID) bool {
	r := m.roles[id]
	return r != nil && len(r.sanitizers) > 0 && len(m.cleaners(r)) > 0
}

// wipe cleans a place for what follows, if a sanitizer says so.
func (m *machine) wipe(id language.ID, by []role) {
	for _, s := range by {
		if s.exact && m.rule.Sanitizers[m.in.Sanitizers[s.match].Spec].SideEffect {
			m.clean(id)
			return
		}
	}
}

// chosen gives the sources that count at a node.
func (m *machine) chosen(r *roles, place bool) []role {
	var out []role
	for _, s := range r.sources {
		spec := &m.rule.Sources[m.in.Sources[s.match].Spec]
		switch {
		case spec.SideEffect == rules.SideEffectOnly:
			if place && s.exact {
				out = append(out, s)
			}
		case !spec.Exact || m.best(r, s):
			out = append(out, s)
		}
	}
	return out
}

// sourcesAt marks a place that is a source, and, by side effect, the variable that it is.
func (m *machine) sourcesAt(id language.ID, r *roles, incoming taints) taints {
	var only, too, plain []role
	for _, s := range m.chosen(r, true) {
		switch spec := &m.rule.Sources[m.in.Sources[s.match].Spec]; {
		case spec.SideEffect == rules.SideEffectOnly:
			only = append(only, s)
		case spec.SideEffect == rules.SideEffectToo && s.exact:
			too = append(too, s)
		default:
			plain = append(plain, s)
		}
	}
	a, b := m.born(id, only, incoming), m.born(id, too, incoming)
	if effect := union(a, b); len(effect) > 0 {
		m.mark(id, effect, nil)
	}
	return union(b, m.born(id, plain, incoming))
}

// born gives the marks of sources, those whose condition on what comes in holds. Control sources taint what runs from here on.
func (m *machine) born(id language.ID, list []role, incoming taints) taints {
	var data taints
	for again := len(list) > 0; again; {
		again = false
		for _, s := range list {
			spec := &m.rule.Sources[m.in.Sources[s.match].Spec]
			mk := taints{{m.marks.of(mark{source: int(s.match), label: spec.Label}), &step{node: id, len: 1}}}
			into, seen := &data, union(incoming, data)
			if spec.Control {
				into, seen = &m.env.control, m.env.control
			}
			if !contains(*into, mk) && (spec.Requires == nil || m.marks.satisfies(spec.Requires, seen)) {
				*into = union(*into, mk)
				again = again || len(*into) < maxTaints
			}
		}
	}
	return data
}

// propagate hands the marks of a node to the channels that begin there, and gives those that arrive.
func (m *machine) propagate(id language.ID, r *roles, set taints, place bool) taints {
	for _, c := range r.from {
		spec := &m.rule.Propagators[m.in.Propagators[c].Spec]
		if len(set) == 0 || spec.Requires != nil && !m.marks.satisfies(spec.Requires, set) {
			continue
		}
		if to, ok := m.waiting[c]; ok { // the other end was there before: x << y
			delete(m.waiting, c)
			m.mark(to, m.relabelled(set, spec), nil)
			continue
		}
		m.env.sent = m.env.sent.set(uint32(c), &cell{state: tainted, taints: m.relabelled(set, spec)})
	}
	var out taints
	for _, c := range r.to {
		got := m.env.sent.get(uint32(c))
		if got == nil {
			if place && m.rule.Propagators[m.in.Propagators[c].Spec].SideEffect {
				m.waiting[c] = id
			}
			continue
		}
		m.env.sent = m.env.sent.set(uint32(c), nil)
		out = union(out, got.taints)
		if place && m.rule.Propagators[m.in.Propagators[c].Spec].SideEffect {
			m.mark(id, got.taints, nil)
		}
	}
	return out
}

func (m *machine) relabelled(set taints, spec *rules.TaintPropagator) taints {
	if spec.Label == "" {
		return set
	}
	var out taints
	for _, x := range set {
		k := m.marks.list[x.mark]
		if k.source >= 0 && (!spec.Replaces || slices.Contains(spec.ReplaceLabels, k.label)) {
			k.label = spec.Label
			x.mark = m.marks.of(k)
		}
		out = union(out, taints{x})
	}
	return out
}

// sink reports data that arrives at a node that is a sink. r may be nil.
func (m *machine) sink(r *roles, set taints) {
	if r == nil {
		return
	}
	for _, s := range r.sinks {
		if m.best(r, s) {
			m.report(int(s.match), set)
		}
	}
}

// report notes a finding if the labels are those that the sink asks for.
func (m *machine) report(match int, set taints) {
	if set = union(set, m.env.control); len(set) == 0 {
		return
	}
	spec := &m.rule.Sinks[m.in.Sinks[match].Spec]
	if m.sums != nil {
		m.sums.reached(m, match, set)
	}
	if spec.Requires != nil && !m.marks.satisfies(spec.Requires, set) {
		return
	}
	preferred := ""
	if spec.Requires != nil && spec.Requires.Op == "and" {
		preferred = spec.Requires.Args[0].Label
	}
	var best *one
	for i := range set {
		k := &m.marks.list[set[i].mark]
		if k.source < 0 || spec.Requires == nil && k.label != rules.DefaultLabel || m.in.Agree != nil && !m.in.Agree(k.source, match) {
			continue
		}
		if m.rule.Options.AtSource {
			m.note([2]int{k.source, -1}, match, set[i])
		}
		if best == nil || k.label == preferred && m.marks.list[best.mark].label != preferred {
			best = &set[i]
		}
	}
	if best != nil && !m.rule.Options.AtSource {
		m.note([2]int{-1, match}, match, *best)
	}
}

func (m *machine) note(key [2]int, sink int, x one) {
	if _, ok := m.found[key]; ok {
		return
	}
	source := m.marks.list[x.mark].source
	g := m.in.Sources[source]
	f := Finding{Source: source, Sink: sink}
	var nodes []language.ID
	for s := x.way; s != nil; s = s.back {
		nodes = append(nodes, s.node)
	}
	slices.Reverse(nodes)
	add := func(start, end uint32) {
		if n := len(f.Way); n == 0 || f.Way[n-1] != (language.Span{Start: start, End: end}) {
			f.Way = append(f.Way, language.Span{Start: start, End: end})
		}
	}
	add(g.Start, g.End)
	for i, n := range nodes {
		if i > 0 {
			add(m.t.Nodes[n].Start, m.t.Nodes[n].End)
		}
	}
	add(m.in.Sinks[sink].Start, m.in.Sinks[sink].End)
	m.found[key] = f
}
