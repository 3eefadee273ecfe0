package taint

import (
	"container/heap"
	"slices"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// An env is what is known at one point of a function.
type env struct {
	vars    *table
	sent    *table // by channel: what went into it and did not come out yet
	control taints
}

func (e env) merge(o env) env {
	return env{vars: e.vars.merge(o.vars), sent: e.sent.merge(o.sent), control: union(e.control, o.control)}
}

// A value is what is known of the result of an expression.
type value struct {
	taints taints
	fields []field
}

func (v value) empty() bool { return len(v.taints) == 0 && len(v.fields) == 0 }

// all gives the marks of the value and its members.
func (v value) all() taints {
	out := v.taints
	for _, f := range v.fields {
		out = union(out, f.cell.all())
	}
	return out
}

// machine is one rule on one file.
type machine struct {
	t     *language.Tree
	file  *File
	in    *Input
	rule  *rules.Taint
	steps int

	roles  map[language.ID]*roles
	marks  marks
	fields map[string]int32 // names of members, numbered from 1
	found  map[[2]int]Finding

	leads   []language.ID         // nodes that lead to a finding, in order: sinks, and the names of functions that hold one
	done    map[language.ID]bool  // functions that were run where they stand
	fixed   env                   // what every function sees: variables of the file that are given one value
	lambdas map[int32]language.ID // variables that hold a function

	// Of the function at hand.
	unit   language.ID // the body that is analysed by itself
	env    env
	tmp    map[language.ID]value // results of the calls in the present statement
	used   []language.ID         // functions that the present statement names
	thrown env                   // where a call of the present statement may have thrown
	throws bool
	watch  int32 // the variable that the present statement assigns
	hit    bool  // watch was marked or cleaned by the way
	inside []language.ID
	runs   map[language.ID]lambdaRun

	types map[int32]valueType   // made when first asked for
	held  map[language.ID]value // of what was put into collections
	// waiting are the ends of propagators at which nothing had arrived yet, by channel.
	waiting map[int32]language.ID
	sums    *summaries
}

type lambdaRun struct {
	in, out env
	whole   bool // out holds: the run did not end where nothing more can be found
}

// anyField stands for the elements of a collection.
const anyField = 0

func newMachine(f *File, in *Input) *machine {
	m := &machine{
		t: f.t, file: f, in: in, rule: in.Rule, steps: in.Steps, fields: map[string]int32{}, found: map[[2]int]Finding{},
		lambdas: map[int32]language.ID{}, tmp: map[language.ID]value{}, held: map[language.ID]value{}, waiting: map[int32]language.ID{}, runs: map[language.ID]lambdaRun{}, done: map[language.ID]bool{},
	}
	if m.steps <= 0 {
		m.steps = DefaultSteps
	}
	if in.Rule.Options.Intrafile {
		m.sums = newSummaries(m)
	}
	return m
}

func (m *machine) step() error {
	if m.steps--; m.steps <= 0 {
		return errSteps
	}
	return nil
}

func (m *machine) name(s string) int32 {
	id, ok := m.fields[s]
	if !ok {
		id = int32(len(m.fields)) + 1
		m.fields[s] = id
	}
	return id
}

// key numbers the variable that an identifier stands for. Names that no declaration explains, members of this and fields of the class are one
// variable for each name.
func (m *machine) key(id language.ID) int32 {
	v := m.in.Names.Of(id)
	if v == 0 && m.t.Spec.PartialDict {
		v = m.file.declared(m.in.Names, id)
	}
	if v > 0 && !m.in.Names.Vars[v].Member {
		return int32(v)
	}
	return m.member(m.t.Nodes[id].Value)
}

func (m *machine) member(name string) int32 { return int32(len(m.in.Names.Vars)) + m.name(name) }

// path gives the variable and members that an expression names; false if it is another expression.
func (m *machine) path(id language.ID) (base int32, names []int32, ok bool) {
	t := m.t
	for id != language.None {
		switch n := &t.Nodes[id]; n.Kind {
		case language.Name:
			if m.this(id) {
				if len(names) == 0 || names[len(names)-1] == anyField {
					return 0, nil, false
				}
				return int32(len(m.in.Names.Vars)) + names[len(names)-1], reversed(names[:len(names)-1]), true
			}
			return m.key(id), reversed(names), true
		case language.Dot:
			name := t.Child(id, language.SlotName)
			if name == language.None {
				return 0, nil, false
			}
			names = append(names, m.name(t.Nodes[name].Value))
			id = t.Child(id, language.SlotOperand)
		case language.Index:
			names = append(names, anyField)
			id = t.Child(id, language.SlotOperand)
		case language.Unary:
			if n.Value != "*" {
				return 0, nil, false
			}
			id = t.Child(id, language.SlotOperand)
		case language.Cast:
			id = t.Child(id, language.SlotOperand)
		default:
			return 0, nil, false
		}
	}
	return 0, nil, false
}

func reversed(names []int32) []int32 {
	slices.Reverse(names)
	if len(names) > maxDepth {
		names = names[:maxDepth]
	}
	return names
}

// this says whether a name is the object of a method.
func (m *machine) this(id language.ID) bool {
	switch m.t.Nodes[id].Value {
	case "this":
		return m.t.Spec.Name != "python" && m.t.Spec.Name != "go"
	case "self", "cls":
		return m.t.Spec.Name == "python"
	}
	return false
}

// mark adds marks to what an expression names.
func (m *machine) mark(id language.ID, set taints, fields []field) {
	base, names, ok := m.path(id)
	if !ok {
		return
	}
	if base == m.watch {
		m.hit = true
	}
	if len(set) == 0 && len(fields) == 0 {
		return
	}
	m.env.vars = m.env.vars.set(uint32(base), m.env.vars.get(uint32(base)).add(names, set.passing(id), passing(flat(fields, maxDepth-len(names)), id)))
}

// clean makes what an expression names clean.
func (m *machine) clean(id language.ID) {
	base, names, ok := m.path(id)
	if !ok {
		return
	}
	if base == m.watch {
		m.hit = true
	}
	if len(names) > 0 && names[len(names)-1] == anyField {
		names = names[:len(names)-1]
	}
	c := m.env.vars.get(uint32(base))
	if c == nil {
		return
	}
	m.env.vars = m.env.vars.set(uint32(base), c.clear(names))
}

// body analyses a function, class or file by itself.
func (m *machine) body(id language.ID) {
	n := &m.t.Nodes[id]
	if n.Kind == language.Func && m.done[id] {
		return // it was run where it stands
	}
	if !m.matters(id) {
		return
	}
	m.unit = id
	m.env = env{}
	clear(m.tmp)
	clear(m.runs)
	m.inside = m.inside[:0]
	if n.Kind == language.Func {
		m.env = m.fixed
		if m.sums != nil {
			m.env = m.env.merge(m.sums.object(m, id))
		}
		m.params(id, false)
	}
	out := m.fixpoint(id, m.env, !m.prunes())
	if m.sums != nil && n.Kind == language.Func {
		m.sums.leave(m, id, out)
	}
}

// params marks the parameters that are sources. Inside of another function, a parameter hides what had its name before.
func (m *machine) params(fn language.ID, lambda bool) {
	t := m.t
	for _, slot := range []language.Slot{language.SlotReceiver, language.SlotParams} {
		list := t.Child(fn, slot)
		if list == language.None {
			continue
		}
		for p := range t.Children(list) {
			if t.Nodes[p].Kind != language.Param {
				continue
			}
			name := t.Child(p, language.SlotName)
			if name == language.None {
				continue
			}
			if value := t.Child(p, language.SlotValue); value != language.None && t.Nodes[fn].Flags&language.Lambda == 0 {
				m.statement(value)
				v := m.result(value)
				m.mark(name, v.taints, v.fields)
			}
			for i := name; i < t.Nodes[name].Next; i++ {
				if t.Nodes[i].Kind != language.Name || t.Nodes[i].Slot == language.SlotKey {
					continue
				}
				if lambda {
					m.clean(i)
				}
				if r := m.roles[i]; r != nil && len(r.sources) > 0 {
					m.mark(i, m.born(i, r.sources, nil), nil)
				}
				if r := m.roles[i]; r != nil { // $X.forEach($Y => ...)
					for _, c := range r.to {
						if got := m.env.sent.get(uint32(c)); got != nil {
							m.mark(i, got.taints, nil)
						}
					}
				}
				if i == name && t.Nodes[i].Kind == language.Name {
					break
				}
			}
		}
	}
}

// statement runs what a statement's expression has to run before it has a value.
func (m *machine) statement(id language.ID) {
	clear(m.tmp)
	m.used = m.used[:0]
	m.prepare(id)
}

// A queue gives the points of a graph that are to be looked at, the first ones first, so that an inner loop comes to rest before what follows it.
type queue struct {
	heap []int32
	in   []bool
}

func (q *queue) Len() int           { return len(q.heap) }
func (q *queue) Less(i, j int) bool { return q.heap[i] < q.heap[j] }
func (q *queue) Swap(i, j int)      { q.heap[i], q.heap[j] = q.heap[j], q.heap[i] }
func (q *queue) Push(x any)         { q.heap = append(q.heap, x.(int32)) }
func (q *queue) Pop() any {
	x := q.heap[len(q.heap)-1]
	q.heap = q.heap[:len(q.heap)-1]
	return x
}

func (q *queue) add(p int32) {
	if !q.in[p] {
		q.in[p] = true
		heap.Push(q, p)
	}
}

// prunes says whether only what leads to a sink is followed. With summaries, what is outside of a function counts, too, and so does what propagators
// remember.
func (m *machine) prunes() bool { return m.sums == nil && len(m.in.Propagators) == 0 }

// matters says whether something can be found in a part of the file.
func (m *machine) matters(id language.ID) bool {
	if !m.prunes() {
		return true
	}
	i, _ := slices.BinarySearch(m.leads, id)
	return i < len(m.leads) && m.leads[i] < m.t.Nodes[id].Next
}

// lead notes the nodes that lead to a finding: the sinks, and the names of variables that hold a function with such a node.
func (m *machine) lead() {
	var open []language.ID
	for id, r := range m.roles {
		if len(r.sinks) > 0 {
			open = append(open, id)
		}
	}
	seen := map[language.ID]bool{}
	named := func(name language.ID) {
		if name != language.None && m.t.Nodes[name].Kind == language.Name {
			open = append(open, m.file.naming(m.t.Nodes[name].Value)...)
		}
	}
	for len(open) > 0 {
		id := open[len(open)-1]
		open = open[:len(open)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		m.leads = append(m.leads, id)
		for id = m.t.Nodes[id].Parent; id > 0 && !seen[id]; id = m.t.Nodes[id].Parent {
			if m.t.Nodes[id].Kind != language.Func {
				continue
			}
			seen[id] = true
			named(m.t.Child(id, language.SlotName))
			if p := m.t.Nodes[id].Parent; m.t.Nodes[p].Kind == language.Assign {
				named(m.t.Child(p, language.SlotTarget))
			}
		}
	}
	slices.Sort(m.leads)
}

// leading says from which points of a graph something can still be found.
func (m *machine) leading(g *graph) []bool {
	from := make([][]int32, len(g.points))
	leads := make([]bool, len(g.points))
	var open []int32
	for i := range g.points {
		p := &g.points[i]
		for _, to := range p.to {
			from[to] = append(from[to], int32(i))
		}
		if p.throw != none {
			from[p.throw] = append(from[p.throw], int32(i))
		}
		if p.op != opNone && p.node != language.None && m.matters(p.node) {
			leads[i] = true
			open = append(open, int32(i))
		}
	}
	for len(open) > 0 {
		p := open[len(open)-1]
		open = open[:len(open)-1]
		for _, q := range from[p] {
			if !leads[q] {
				leads[q] = true
				open = append(open, q)
			}
		}
	}
	return leads
}

// fixpoint runs the graph of a body until nothing changes and gives what is known at its exit, if the whole is wanted. Otherwise it ends where
// nothing more can be found.
func (m *machine) fixpoint(id language.ID, start env, whole bool) env {
	g := m.file.graph(id, m.deep())
	var leads []bool
	if !whole {
		leads = m.leading(g)
	}
	in := make([]env, len(g.points))
	seen := make([]bool, len(g.points))
	q := &queue{in: make([]bool, len(g.points))}
	in[entry], seen[entry] = start, true
	q.add(entry)
	arrive := func(p int32, e env) {
		if leads != nil && !leads[p] {
			return
		}
		if !seen[p] {
			in[p], seen[p] = e, true
			q.add(p)
			return
		}
		merged := in[p].merge(e)
		changed := merged.vars != in[p].vars || !sameTaints(merged.control, in[p].control)
		if in[p] = merged; changed {
			q.add(p)
		}
	}
	for q.Len() > 0 && m.steps > 0 {
		p := heap.Pop(q).(int32)
		q.in[p] = false
		m.steps--
		m.env = in[p]
		m.thrown, m.throws = env{}, false
		pt := &g.points[p]
		m.transfer(id, pt)
		out := m.env
		for _, to := range pt.to {
			arrive(to, out)
		}
		if pt.throw != none && m.throws {
			arrive(pt.throw, m.thrown)
		}
	}
	return in[exit]
}

// transfer is what one point does to the env.
func (m *machine) transfer(body language.ID, p *point) {
	t := m.t
	call := false
	clear(m.tmp)
	m.used = m.used[:0]
	switch p.op {
	case opNone:
	case opEval, opCond:
		if p.node == language.None {
			return
		}
		m.prepare(p.node)
		m.result(p.node)
		call = p.op == opEval && m.isCall(p.node)
	case opAssign:
		m.prepare(p.node)
		call = m.isCall(t.Child(p.node, language.SlotValue))
		if call && m.throws {
			m.thrown = m.env // the call and the assignment are one step
		}
	case opThrow:
		if o := t.Child(p.node, language.SlotOperand); o != language.None {
			m.prepare(o)
			m.result(o)
		}
	case opReturn:
		m.leave(p.node)
		call = t.Nodes[p.node].Kind == language.ExprStmt && m.isCall(p.node)
	case opEach:
		items := t.Child(p.node, language.SlotValue)
		if items == language.None {
			return
		}
		m.prepare(items)
		v := m.result(items)
		target := t.Child(p.node, language.SlotTarget)
		if target != language.None && (m.deep() || !t.Spec.PartialDict || t.Nodes[target].Kind != language.List && t.Nodes[target].Kind != language.Dict) {
			m.give(p.node, target, items, value{taints: v.all()}) // Semgrep does not take the elements of JavaScript's for apart
		}
	case opCase:
		operand := t.Child(p.node, language.SlotOperand)
		if operand == language.None {
			return
		}
		m.prepare(operand)
		v := m.result(operand)
		if target := t.Child(p.node, language.SlotTarget); target != language.None {
			m.give(p.node, target, language.None, v)
		}
	case opLocal:
		if name := t.Child(p.node, language.SlotName); name != language.None {
			m.lambdas[m.key(name)] = p.node
		}
		m.used = append(m.used, p.node)
	}
	m.runLambdas(call)
}

// leave is a return, or what counts as one.
func (m *machine) leave(id language.ID) {
	t := m.t
	operand := t.Child(id, language.SlotOperand)
	var v value
	if operand != language.None {
		m.prepare(operand)
		v = m.result(operand)
	}
	if t.Nodes[id].Kind == language.Return {
		v.taints = m.typed(v.taints, operand)
		// The word itself may be what a pattern for a return found.
		m.sink(m.roles[id], v.all())
	}
	if m.sums != nil {
		m.sums.result(m, v.all())
	}
}

// isCall says whether an expression is a call, so that the functions that it names run.
func (m *machine) isCall(id language.ID) bool {
	if id == language.None {
		return false
	}
	n := &m.t.Nodes[id]
	return n.Kind == language.Call || n.Kind == language.Defer && m.isCall(m.t.Child(id, language.SlotOperand)) ||
		n.Kind == language.ExprStmt && m.isCall(m.t.Child(id, language.SlotOperand))
}

// runLambdas runs the functions that a statement names, with what is known after it. If it is a call, what they do is seen afterwards.
func (m *machine) runLambdas(call bool) {
	if len(m.used) == 0 {
		return
	}
	used := slices.Clone(m.used)
	m.used = m.used[:0]
	before := m.env
	after := before
	for _, id := range used {
		if !call && !m.matters(id) {
			continue
		}
		out, ok := m.lambda(id, before, call)
		if ok && call {
			after = after.merge(out)
		}
	}
	m.env = after
}

// maxInside is how many lambdas are run inside each other.
const maxInside = 40

// lambda runs a function where it stands. What is known at its end is given if the whole is wanted.
func (m *machine) lambda(id language.ID, start env, whole bool) (env, bool) {
	whole = whole || !m.prunes()
	if slices.Contains(m.inside, id) || len(m.inside) >= maxInside {
		return env{}, false
	}
	if r, ok := m.runs[id]; ok && (r.whole || !whole) && r.in.vars.same(start.vars) && r.in.sent.same(start.sent) && sameTaints(r.in.control, start.control) {
		return r.out, true
	}
	m.done[id] = true
	tmp, used, thrown, throws, watch, hit := m.tmp, m.used, m.thrown, m.throws, m.watch, m.hit
	m.tmp, m.used, m.watch = map[language.ID]value{}, nil, 0
	m.inside = append(m.inside, id)
	m.env = start
	m.params(id, true)
	out := m.fixpoint(id, m.env, whole)
	m.inside = m.inside[:len(m.inside)-1]
	m.tmp, m.used, m.thrown, m.throws, m.watch, m.hit = tmp, used, thrown, throws, watch, hit
	m.runs[id] = lambdaRun{start, out, whole}
	return out, true
}
