package taint

import (
	"encoding/binary"
	"slices"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A summary is what a call of a function means, worked out once: its body is run with a mark on each parameter, and what the marks reach is
// written down in terms of the parameters (Sharir and Pnueli's functional approach, without contexts).
type summary struct {
	fn     language.ID
	params []language.ID // the names of the parameters
	result taints        // of what is returned
	sinks  map[int]taints
	object *cell // the members of the object when the function ends
}

// summaries are those of one file for one rule.
type summaries struct {
	done    map[language.ID]*summary
	busy    []*summary
	byVar   map[int32]language.ID                  // functions by the variable that holds them
	byName  map[string]language.ID                 // functions of the file, None if there are two of the name
	methods map[language.ID]map[string]language.ID // by class; Go's are under class 0
	classes map[string]language.ID
	objects map[language.ID]*cell // by class: the members that some method taints
	goTypes map[string]*cell      // the same for Go, by the receiver's type
}

// maxCalls is how deep calls are followed. A deeper one, and a recursive one, passes its arguments on.
const maxCalls = 12

func newSummaries(m *machine) *summaries {
	s := &summaries{
		done: map[language.ID]*summary{}, byVar: map[int32]language.ID{}, byName: map[string]language.ID{}, methods: map[language.ID]map[string]language.ID{},
		classes: map[string]language.ID{}, objects: map[language.ID]*cell{}, goTypes: map[string]*cell{},
	}
	t := m.t
	for i := range t.Nodes {
		id := language.ID(i)
		switch n := &t.Nodes[i]; n.Kind {
		case language.Class:
			if name := t.Child(id, language.SlotName); name != language.None {
				s.classes[t.Nodes[name].Value] = id
			}
		case language.Func:
			name := t.Child(id, language.SlotName)
			if name == language.None {
				p := n.Parent
				if t.Nodes[p].Kind == language.Assign && n.Slot == language.SlotValue {
					if target := t.Child(p, language.SlotTarget); target != language.None && t.Nodes[target].Kind == language.Name && t.Nodes[p].Flags&language.Const != 0 {
						s.byVar[m.key(target)] = id
					}
				}
				continue
			}
			text := t.Nodes[name].Value
			class := m.class(id)
			if class == language.None && t.Child(id, language.SlotReceiver) != language.None {
				class = 0
			}
			if class != language.None {
				if s.methods[class] == nil {
					s.methods[class] = map[string]language.ID{}
				}
				s.methods[class][text] = only(s.methods[class], text, id)
				continue
			}
			s.byVar[m.key(name)] = id
			s.byName[text] = only(s.byName, text, id)
		}
	}
	return s
}

// only is id if it is the first of its name; what is overloaded is not followed.
func only(list map[string]language.ID, name string, id language.ID) language.ID {
	if _, twice := list[name]; twice {
		return language.None
	}
	return id
}

// class gives the class that a method belongs to.
func (m *machine) class(fn language.ID) language.ID {
	block := m.t.Nodes[fn].Parent
	if block <= 0 || m.t.Nodes[block].Kind != language.Block {
		return language.None
	}
	if p := m.t.Nodes[block].Parent; m.t.Nodes[p].Kind == language.Class {
		return p
	}
	return language.None
}

// classAround gives the class whose method a node lies in.
func (m *machine) classAround(id language.ID) language.ID {
	for ; id > 0; id = m.t.Nodes[id].Parent {
		if m.t.Nodes[id].Kind == language.Class {
			return id
		}
	}
	return language.None
}

// object gives what a method sees of its object: the members that other methods taint.
func (s *summaries) object(m *machine, fn language.ID) env {
	if class := m.class(fn); class != language.None {
		var e env
		if c := s.objects[class]; c != nil {
			for _, f := range c.fields {
				e.vars = e.vars.set(uint32(int32(len(m.in.Names.Vars))+f.name), f.cell)
			}
		}
		return e
	}
	if name, typ := m.receiver(fn); name != language.None && s.goTypes[typ] != nil {
		return env{vars: (*table)(nil).set(uint32(m.key(name)), s.goTypes[typ])}
	}
	return env{}
}

// leave notes which members of its object a method leaves tainted by a source.
func (s *summaries) leave(m *machine, fn language.ID, out env) {
	if class := m.class(fn); class != language.None {
		s.objects[class] = merge(s.objects[class], m.sourced(m.members(out)))
		return
	}
	if name, typ := m.receiver(fn); name != language.None {
		s.goTypes[typ] = merge(s.goTypes[typ], m.sourced(out.vars.get(uint32(m.key(name)))))
	}
}

// receiver gives the name and type of a Go method's receiver.
func (m *machine) receiver(fn language.ID) (name language.ID, typ string) {
	list := m.t.Child(fn, language.SlotReceiver)
	if list == language.None {
		return language.None, ""
	}
	name = language.None
	for i := list + 1; i < m.t.Nodes[list].Next; i++ {
		if n := &m.t.Nodes[i]; n.Kind == language.Name {
			if n.Slot == language.SlotName {
				name = i
			} else if typ == "" {
				typ = n.Value
			}
		}
	}
	return name, typ
}

// members gives the members of the object of a method: variables without a declaration, by name.
func (m *machine) members(e env) *cell {
	out := &cell{}
	first := uint32(len(m.in.Names.Vars))
	var walk func(t *table)
	walk = func(t *table) {
		switch {
		case t == nil:
		case t.bit == 0:
			if t.prefix > first && t.leaf != nil {
				out.fields = append(out.fields, field{int32(t.prefix - first), t.leaf})
			}
		default:
			walk(t.left)
			walk(t.right)
		}
	}
	walk(e.vars)
	slices.SortFunc(out.fields, func(a, b field) int { return int(a.name) - int(b.name) })
	return out
}

// sourced keeps what comes from sources; what comes from parameters is the caller's affair.
func (m *machine) sourced(c *cell) *cell {
	if c == nil {
		return nil
	}
	out := &cell{}
	for _, x := range c.taints {
		if m.marks.list[x.mark].source >= 0 {
			out.taints = append(out.taints, x)
		}
	}
	for _, f := range c.fields {
		if inner := m.sourced(f.cell); inner != nil {
			out.fields = append(out.fields, field{f.name, inner})
		}
	}
	if len(out.taints) > 0 {
		out.state = tainted
	}
	if len(out.taints) == 0 && len(out.fields) == 0 {
		return nil
	}
	return out
}

// of gives the summary of a function; nil if it is being made or too deep.
func (s *summaries) of(m *machine, fn language.ID) *summary {
	if sum := s.done[fn]; sum != nil {
		return sum
	}
	if len(s.busy) >= maxCalls || slices.ContainsFunc(s.busy, func(b *summary) bool { return b.fn == fn }) {
		return nil
	}
	sum := &summary{fn: fn, sinks: map[int]taints{}}
	start := m.fixed.merge(s.object(m, fn))
	if list := m.t.Child(fn, language.SlotParams); list != language.None {
		for p := range m.t.Children(list) {
			name := m.t.Child(p, language.SlotName)
			sum.params = append(sum.params, name)
			if name == language.None {
				continue
			}
			for i := name; i < m.t.Nodes[name].Next; i++ {
				if m.t.Nodes[i].Kind != language.Name || m.t.Nodes[i].Slot == language.SlotKey {
					continue
				}
				base := m.key(i)
				mk := taints{{m.marks.of(mark{source: -1, param: path{base: m.key2(name)}}), nil}}
				start.vars = start.vars.set(uint32(base), (*cell)(nil).add(nil, mk, nil))
			}
		}
	}
	saved := *m
	s.busy = append(s.busy, sum)
	m.tmp, m.used, m.runs, m.inside, m.watch, m.hit, m.unit = map[language.ID]value{}, nil, map[language.ID]lambdaRun{}, nil, 0, false, fn
	out := m.fixpoint(fn, start, true)
	s.busy = s.busy[:len(s.busy)-1]
	m.env, m.tmp, m.used, m.runs, m.inside, m.watch, m.hit, m.unit = saved.env, saved.tmp, saved.used, saved.runs, saved.inside, saved.watch, saved.hit, saved.unit
	m.thrown, m.throws = saved.thrown, saved.throws
	sum.object = m.members(out)
	s.done[fn] = sum
	return sum
}

// key2 numbers a parameter, which may be a pattern.
func (m *machine) key2(name language.ID) int32 {
	if m.t.Nodes[name].Kind == language.Name {
		return m.key(name)
	}
	return -int32(name)
}

// result notes what the function that is summed up returns.
func (s *summaries) result(m *machine, set taints) {
	if len(s.busy) > 0 && len(m.inside) == 0 {
		sum := s.busy[len(s.busy)-1]
		sum.result = union(sum.result, set)
	}
}

// reached notes that marks reach a sink in the function that is summed up.
func (s *summaries) reached(m *machine, sink int, set taints) {
	if len(s.busy) == 0 || !slices.ContainsFunc(set, func(x one) bool { return m.marks.list[x.mark].source < 0 }) {
		return
	}
	sum := s.busy[len(s.busy)-1]
	sum.sinks[sink] = union(sum.sinks[sink], set)
}

// refine narrows the mark of a parameter p to that of p.x where p.x is read.
func (s *summaries) refine(m *machine, set taints, id language.ID) taints {
	name := m.t.Child(id, language.SlotName)
	if name == language.None {
		return set
	}
	var out taints
	for _, x := range set {
		if k := m.marks.list[x.mark]; k.source < 0 && len(k.param.fields) < 4*maxDepth {
			field := m.name(m.t.Nodes[name].Value)
			k.param.fields += string(binary.BigEndian.AppendUint32(nil, uint32(field)))
			x.mark = m.marks.of(k)
		}
		out = union(out, taints{x})
	}
	return out
}

// callee gives the function of the file that an expression calls.
func (s *summaries) callee(m *machine, callee language.ID) (fn language.ID, method bool) {
	t := m.t
	switch n := &t.Nodes[callee]; n.Kind {
	case language.Name:
		if fn, ok := s.byVar[m.key(callee)]; ok {
			return fn, false
		}
		if class := m.classAround(callee); class != language.None && t.Spec.Name == "java" {
			if fn, ok := s.methods[class][n.Value]; ok {
				return fn, true
			}
		}
		if fn, ok := s.byName[n.Value]; ok && m.in.Names.Of(callee) == 0 {
			return fn, false
		}
	case language.Dot:
		operand, name := t.Child(callee, language.SlotOperand), t.Child(callee, language.SlotName)
		if operand == language.None || name == language.None {
			break
		}
		if class, ok := s.classes[m.made(operand)]; ok { // new X().f()
			if fn, ok := s.methods[class][t.Nodes[name].Value]; ok {
				return fn, false
			}
		}
		if t.Nodes[operand].Kind != language.Name {
			break
		}
		class := language.None
		switch {
		case m.this(operand):
			class = m.classAround(callee)
		case t.Spec.Name == "go":
			class = 0
		default:
			if c, ok := s.classes[t.Nodes[operand].Value]; ok {
				class = c
			}
		}
		if class != language.None {
			if fn, ok := s.methods[class][t.Nodes[name].Value]; ok {
				return fn, m.this(operand)
			}
		}
	}
	return language.None, false
}

// made gives the name of the class that an expression makes an object of; empty for another expression.
func (m *machine) made(id language.ID) string {
	t := m.t
	n := &t.Nodes[id]
	if n.Kind != language.Call || n.Flags&language.New == 0 && t.Spec.Name != "python" {
		return ""
	}
	callee := t.Child(id, language.SlotCallee)
	if callee == language.None || t.Nodes[callee].Kind != language.Name {
		return ""
	}
	return t.Nodes[callee].Value
}

// call gives the value of a call of a function of the file, and does what it does; false if the function is not known.
func (s *summaries) call(m *machine, callee language.ID, args []argument) (value, bool) {
	fn, method := s.callee(m, callee)
	if fn == language.None {
		if m.t.Nodes[callee].Kind == language.Name && m.t.Spec.Name == "python" {
			return s.construct(m, callee, args)
		}
		return value{}, false
	}
	sum := s.of(m, fn)
	if sum == nil {
		return value{}, false
	}
	a := s.bind(m, sum, args, method || m.t.Nodes[callee].Kind == language.Dot)
	s.arrive(m, sum, a)
	if method {
		for _, f := range sum.object.fields {
			if c := s.translated(m, f.cell, a); c != nil {
				key := uint32(int32(len(m.in.Names.Vars)) + f.name)
				m.env.vars = m.env.vars.set(key, merge(m.env.vars.get(key), c))
			}
		}
	}
	return value{taints: s.passed(m, sum.result, a)}, true
}

// construct gives the value of a new object of a class of the file.
func (s *summaries) construct(m *machine, callee language.ID, args []argument) (value, bool) {
	class, ok := s.classes[m.t.Nodes[callee].Value]
	if !ok || m.t.Nodes[callee].Kind != language.Name {
		return value{}, false
	}
	name := "constructor"
	switch m.t.Spec.Name {
	case "python":
		name = "__init__"
	case "java":
		name = m.t.Nodes[callee].Value
	}
	fn, ok := s.methods[class][name]
	if !ok || fn == language.None {
		return value{}, false
	}
	sum := s.of(m, fn)
	if sum == nil {
		return value{}, false
	}
	a := s.bind(m, sum, args, true)
	s.arrive(m, sum, a)
	var v value
	for _, f := range sum.object.fields {
		if c := s.translated(m, f.cell, a); c != nil {
			v.fields = append(v.fields, field{f.name, c})
		}
	}
	return v, true
}

// bind gives the value of each parameter.
func (s *summaries) bind(m *machine, sum *summary, args []argument, method bool) map[int32]value {
	t := m.t
	out := map[int32]value{}
	give := func(i int, v value) {
		if i < 0 || i >= len(sum.params) || sum.params[i] == language.None {
			return
		}
		k := m.key2(sum.params[i])
		out[k] = value{union(out[k].taints, v.taints), mergeFields(out[k].fields, v.fields)}
	}
	at := 0
	if t.Spec.Name == "python" && method && len(sum.params) > 0 && sum.params[0] != language.None && m.this(sum.params[0]) {
		at = 1
	}
	for _, arg := range args {
		switch n := &t.Nodes[arg.node]; n.Kind {
		case language.KeyArg:
			name := t.Child(arg.node, language.SlotName)
			for i, p := range sum.params {
				if p != language.None && name != language.None && t.Nodes[p].Value == t.Nodes[name].Value {
					give(i, arg.value)
				}
			}
		case language.Spread:
			for i := at; i < len(sum.params); i++ {
				give(i, value{taints: arg.value.all()})
			}
		default:
			i := at
			if last := len(sum.params) - 1; at > last && last >= 0 && sum.params[last] != language.None && t.Nodes[t.Nodes[sum.params[last]].Parent].Value != "" {
				i = last // it takes what is left over
			}
			give(i, arg.value)
			at++
		}
	}
	return out
}

// arrive reports what the arguments bring to the sinks inside of the function.
func (s *summaries) arrive(m *machine, sum *summary, args map[int32]value) {
	if len(sum.sinks) == 0 {
		return
	}
	list := make([]int, 0, len(sum.sinks))
	for sink := range sum.sinks {
		list = append(list, sink)
	}
	slices.Sort(list)
	for _, sink := range list {
		m.report(sink, s.passed(m, sum.sinks[sink], args))
	}
}

// passed puts the arguments in place of the parameters.
func (s *summaries) passed(m *machine, set taints, args map[int32]value) taints {
	var out taints
	for _, x := range set {
		k := m.marks.list[x.mark]
		if k.source >= 0 {
			out = union(out, taints{x})
			continue
		}
		v, ok := args[k.param.base]
		if !ok {
			continue
		}
		c := (*cell)(nil).add(nil, v.taints, v.fields)
		found, state := c, v.taints
		for at := 0; at+4 <= len(k.param.fields) && found != nil; at += 4 {
			found = found.field(int32(binary.BigEndian.Uint32([]byte(k.param.fields[at : at+4]))))
			if found != nil && found.state != unknown {
				state = found.taints
			}
		}
		if found != nil {
			state = union(state, found.all())
		}
		for _, y := range state {
			out = union(out, taints{{y.mark, after(y.way, x.way)}})
		}
	}
	return out
}

// after continues a way with the one that a mark took inside of a function.
func after(way, inner *step) *step {
	if inner == nil {
		return way
	}
	return after(way, inner.back).to(inner.node)
}

// translated puts the arguments in place of the parameters in what is known of a member.
func (s *summaries) translated(m *machine, c *cell, args map[int32]value) *cell {
	set := s.passed(m, c.taints, args)
	var fields []field
	for _, f := range c.fields {
		if inner := s.translated(m, f.cell, args); inner != nil {
			fields = append(fields, field{f.name, inner})
		}
	}
	return (*cell)(nil).add(nil, set, fields)
}
