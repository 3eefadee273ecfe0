package taint

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// call runs a call whose parts are prepared and gives its value.
func (m *machine) call(id language.ID) value {
	if m.sanitized(id) {
		return value{}
	}
	t := m.t
	n := &t.Nodes[id]
	var args []argument
	var all taints
	if list := t.Child(id, language.SlotArgs); list != language.None {
		for c := range t.Children(list) {
			v := m.result(c)
			v.taints = m.typed(v.taints, c)
			m.keep(c, v)
			args = append(args, argument{c, v})
			all = union(all, v.all())
		}
	}
	callee := m.called(id)
	out := value{taints: all}
	only := m.in.Options.OnlyThroughAssignments
	switch {
	case callee == language.None:
	case n.Flags&language.New != 0:
		if m.sums != nil {
			if v, ok := m.sums.construct(m, callee, args); ok {
				out = v
			}
		}
		if only {
			out = value{}
		}
	default:
		out = m.callee(id, callee, args, all)
	}
	if v, ok := m.element(id); ok {
		out = v
	}
	out = m.finish(id, out)
	m.thrown, m.throws = m.thrown.merge(m.env), true
	return out
}

// called is the expression that a call calls; the f of Solidity's f{value: 1}(x).
func (m *machine) called(id language.ID) language.ID {
	callee := m.t.Child(id, language.SlotCallee)
	if callee != language.None && m.t.Nodes[callee].Kind == language.Dict && m.t.Spec.Name == "solidity" {
		if f := m.t.Child(callee, language.SlotType); f != language.None {
			return f
		}
	}
	return callee
}

type argument struct {
	node  language.ID
	value value
}

// callee runs a call by the expression that is called: f(x), o.f(x).
func (m *machine) callee(id, callee language.ID, args []argument, all taints) value {
	t := m.t
	var own, object taints
	var fields []field
	method := false
	switch t.Nodes[callee].Kind {
	case language.Dot, language.Index:
		if _, ok := m.tmp[callee]; !ok {
			method = true
			l := m.lval(callee)
			own, object = m.typed(union(l.fresh, l.known), callee), l.of
			m.sink(m.roles[callee], own)
		}
	}
	if n := &t.Nodes[callee]; !method && !(t.Spec.PartialDict && n.Kind == language.Name && (n.Value == "require" || n.Value == "eval")) { // words of JavaScript
		own = m.result(callee).taints
	}
	// A sink f(...) without a focus means that every argument is one.
	if r := m.roles[id]; r != nil {
		for _, s := range r.sinks {
			if spec := &m.rule.Sinks[m.in.Sinks[s.match].Spec]; (!spec.Exact || !spec.Focused) && m.best(r, s) {
				m.report(int(s.match), all)
			}
		}
	}
	if m.sums != nil {
		if v, ok := m.sums.call(m, callee, args); ok {
			return v
		}
	}
	if method {
		m.put(callee, all)
		m.concat(callee, all)
	}
	passes := !m.in.Options.AssumeSafeFunctions && !m.in.Options.OnlyThroughAssignments
	var through taints
	if passes {
		through = all
	}
	got, accessor := m.accessor(callee, args, all)
	switch {
	case accessor:
		through = union(through, got)
	case passes && method:
		through = union(through, object)
	}
	if m.in.Options.OnlyThroughAssignments {
		own = nil
	}
	return value{taints: m.typed(union(own, through), callee), fields: fields}
}

// concat is Ruby's x.concat(y), which changes x.
func (m *machine) concat(callee language.ID, all taints) {
	t := m.t
	operand, name := t.Child(callee, language.SlotOperand), t.Child(callee, language.SlotName)
	if t.Spec.Name == "ruby" && operand != language.None && name != language.None && t.Nodes[name].Value == "concat" && !m.in.Options.OnlyThroughAssignments {
		m.mark(operand, all, nil)
	}
}

// accessor reads Java's o.getX() as o.x and o.setX(v) as o.x = v, where o is a variable.
func (m *machine) accessor(callee language.ID, args []argument, all taints) (taints, bool) {
	t := m.t
	if t.Spec.Name != "java" || t.Nodes[callee].Kind != language.Dot {
		return nil, false
	}
	operand, name := t.Child(callee, language.SlotOperand), t.Child(callee, language.SlotName)
	if operand == language.None || name == language.None || t.Nodes[operand].Kind != language.Name || m.this(operand) {
		return nil, false
	}
	method := t.Nodes[name].Value
	if len(method) <= 3 {
		return nil, false
	}
	property := m.name(strings.ToLower(method[3:4]) + method[4:])
	key := uint32(m.key(operand))
	c := m.env.vars.get(key)
	switch {
	case strings.HasPrefix(method, "get") && len(args) == 0:
		if c == nil {
			return nil, true
		}
		if p := c.field(property); p != nil && p.state != unknown {
			return p.taints, true
		}
		return c.taints, true
	case strings.HasPrefix(method, "set") && len(args) == 1:
		if len(all) > 0 {
			m.env.vars = m.env.vars.set(key, c.add([]int32{property}, all.passing(callee), nil))
		}
		return nil, true
	}
	return nil, false
}

// assignment runs x = v, wherever it stands.
func (m *machine) assignment(id language.ID) {
	t := m.t
	n := &t.Nodes[id]
	target, val := t.Child(id, language.SlotTarget), t.Child(id, language.SlotValue)
	if val == language.None {
		return
	}
	watch, hit := m.watch, m.hit
	m.watch, m.hit = 0, false
	if target != language.None {
		if base, _, ok := m.path(target); ok {
			m.watch = base
		}
	}
	m.prepare(val)
	m.prepareTarget(target)
	v := m.result(val)
	v.taints = m.typed(v.taints, val)
	m.keep(val, v)
	if target != language.None && n.Value != "=" && n.Value != ":=" {
		v = value{taints: union(m.result(target).all(), v.all())}
		if m.in.Options.OnlyThroughAssignments {
			v = value{}
		}
	}
	if m.sanitized(id) {
		v = value{}
	} else {
		v = m.finish(id, v)
	}
	if target != language.None {
		if t.Nodes[target].Kind == language.Name && t.Nodes[val].Kind == language.Func {
			m.lambdas[m.key(target)] = val
		}
		m.give(id, target, val, v)
	}
	m.watch, m.hit = watch, hit
}

// prepareTarget runs the calls inside of a target: f().x = v.
func (m *machine) prepareTarget(id language.ID) {
	if id == language.None {
		return
	}
	switch m.t.Nodes[id].Kind {
	case language.Dot, language.Index, language.Unary:
		for c := range m.t.Children(id) {
			if m.t.Nodes[c].Slot != language.SlotName {
				m.prepare(c)
			}
		}
	}
}

// give assigns a value to a target: a place, or a pattern that takes the value apart.
func (m *machine) give(id, target, val language.ID, v value) {
	t := m.t
	switch n := &t.Nodes[target]; n.Kind {
	case language.Name, language.Dot, language.Index:
		m.set(id, target, v)
	case language.Unary:
		if n.Value == "*" {
			m.set(id, target, v)
		}
	case language.Tuple, language.List:
		element := value{taints: v.taints}
		if len(v.fields) > 0 {
			var c *cell
			for _, f := range v.fields {
				c = merge(c, f.cell)
			}
			element = value{taints: union(v.taints, c.taints), fields: c.fields}
		}
		for c := range t.Children(target) {
			m.unwatched(func() { m.give(id, c, val, element) })
		}
	case language.Dict:
		for c := range t.Children(target) {
			if t.Nodes[c].Kind != language.Pair {
				continue
			}
			key, operand := t.Child(c, language.SlotKey), t.Child(c, language.SlotOperand)
			if key == language.None || operand == language.None || t.Nodes[key].Kind != language.Name {
				continue
			}
			if k := t.Nodes[operand].Kind; k != language.Name && k != language.Dict {
				continue
			}
			part := value{taints: v.taints}
			if f := (&cell{fields: v.fields}).field(m.name(t.Nodes[key].Value)); f != nil {
				part.fields = f.fields
				if f.state != unknown {
					part.taints = f.taints
				}
			}
			m.unwatched(func() { m.give(id, operand, val, part) })
		}
	}
}

// unwatched assigns a part of a pattern by itself.
func (m *machine) unwatched(do func()) {
	watch, hit := m.watch, m.hit
	m.watch, m.hit = 0, false
	do()
	m.watch, m.hit = watch, hit
}

// set assigns a place. A clean value cleans it, unless the statement marked or cleaned the variable by the way.
func (m *machine) set(id, target language.ID, v value) {
	v.taints = m.typed(v.taints, target)
	base, names, ok := m.path(target)
	if ok && m.watch == 0 {
		m.watch = base
	}
	l := m.lval(target)
	if r := m.roles[target]; r != nil && len(r.sinks) > 0 {
		arrives := union(l.fresh, l.known)
		if m.t.Nodes[target].Kind != language.Name { // a member or an element that is a sink gets what is put there
			arrives = union(arrives, v.all())
		}
		m.sink(r, arrives)
		m.sink(m.roles[id], l.value().all())
	}
	if !ok {
		return
	}
	if !v.empty() {
		fields := passing(flat(v.fields, max(1, maxDepth-len(names))), target)
		m.env.vars = m.env.vars.set(uint32(base), m.env.vars.get(uint32(base)).add(names, v.taints.passing(target), fields))
		return
	}
	if m.hit || m.deep() && m.t.Nodes[target].Kind == language.Index { // the other elements are as before
		return
	}
	m.clean(target)
}
