package match

import (
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/consts"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// node matches one node of the pattern against one of the file and goes on with k for each way that it can.
func (m *matcher) node(p *pattern.Node, id language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	t := m.t
	n := &t.Nodes[id]
	if m.options.Symbolic && n.Kind == language.Name && id != m.root && (expression(p.Kind) || p.Kind == language.Metavar || p.Kind == language.TypedMetavar) {
		if value := m.symbolic(id); value != language.None {
			m.node(p, value, b, k)
		}
	}
	switch p.Kind {
	case language.Metavar:
		if n.Kind != language.KeyArg && m.sameText(p, id) {
			m.bind(p.Value, id, b, k)
		}
		return
	case language.Ellipsis:
		k(b)
		return
	case language.MetaEllipsis:
		m.bind(p.Value, id, b, k)
		return
	case language.TypedMetavar:
		if m.hasType(id, p.Type) {
			m.bind(p.Value, id, b, k)
		}
		return
	case language.DeepEllipsis:
		m.deep(p.Kids[0], id, b, k)
		return
	case language.Str:
		m.str(p, id, b, k)
		return
	case language.Name, language.Dot:
		if n.Kind == language.Cast {
			m.behindCast(p, id, b, k)
			return
		}
		m.name(p, id, b, k)
		return
	case language.Num, language.Bool, language.Null:
		if n.Kind == p.Kind && n.Value == p.Value {
			k(b)
		} else if t.Spec.Name == "go" && p.Kind != language.Num {
			return // true, false and nil are names like others
		} else if v, ok := m.constant(id); ok && v.Kind == p.Kind && v.Known && v.Equal(consts.Literal(&language.Node{Kind: p.Kind, Value: p.Value}, 0)) {
			k(b)
		}
		return
	case language.Regex:
		switch {
		case n.Kind != language.Regex:
		case len(p.Kids) == 1:
			text := m.t.Source[n.Start:n.End]
			bound := Bound{Start: n.Start, End: n.End, Node: language.None, Text: n.Value}
			if i := strings.Index(text, n.Value); i >= 0 {
				bound.Start, bound.End = n.Start+uint32(i), n.Start+uint32(i+len(n.Value))
			}
			m.bindTo(p.Kids[0].Value, bound, b, k)
		case p.Value == "..." || p.Value == n.Value:
			k(b)
		}
		return
	case language.Type:
		m.typ(p, id, b, k)
		return
	case language.Assign:
		m.assign(p, id, b, k)
		return
	case language.Func:
		m.function(p, id, b, k)
		return
	case language.Import, language.ImportFrom:
		m.importing(p, id, b, k)
		return
	case language.For:
		if anyHeader(p) {
			if (n.Kind == language.For || n.Kind == language.ForEach) && strings.Contains(t.Type(id), "for") {
				m.slot(p, id, language.SlotBody, b, k)
			}
			return
		}
	case language.ExprStmt:
		m.statement(p, id, b, k)
		return
	case language.Dict:
		if (n.Kind == language.List && p.Child(language.SlotType) != nil || n.Kind == language.Other && t.Type(id) == "set") && allEllipses(p.In(language.Item)) {
			m.slot(p, id, language.SlotType, b, k) // T{...}, and {...} for a set
			return
		}
	case language.Binary:
		if right := p.Child(language.SlotRight); right != nil && right.IsEllipsis() {
			m.sum(p, id, b, k)
			return
		}
	}
	if n.Kind != p.Kind {
		m.otherwise(p, id, b, k)
		return
	}
	switch p.Kind {
	case language.Other:
		switch {
		case t.Type(id) != p.Type && !(comprehends(p.Type) && comprehends(t.Type(id))) || n.Value != p.Value:
		case p.Type == "set":
			m.unordered(p.Kids, m.kids(id, nil), false, b, k)
		default:
			m.items(p.Kids, m.kids(id, nil), b, k)
		}
	case language.Block:
		m.block(p, id, b, k)
	case language.Class:
		m.class(p, id, b, k)
	case language.Args:
		m.args(p.Kids, m.kids(id, nil), b, k)
	case language.Dict:
		m.slot(p, id, language.SlotType, b, func(b Bindings) {
			m.unordered(p.In(language.Item), m.inSlot(id, language.Item), m.p.Spec.PartialDict, b, k)
		})
	case language.Pair:
		m.pair(p, id, b, k)
	case language.Decorator:
		m.decorator(p, id, b, k)
	case language.ImportName:
		m.importName(p, id, b, k)
	case language.Param:
		m.param(p, id, b, k)
	case language.Element:
		m.slot(p, id, language.SlotName, b, func(b Bindings) {
			m.unordered(p.In(language.Item), m.inSlot(id, language.Item), true, b, func(b Bindings) { m.inside(p, id, b, k) })
		})
	default:
		if n.Value != p.Value || (n.Flags^p.Flags)&compared != 0 || p.Flags&language.Async&^n.Flags != 0 {
			return
		}
		m.slots(p, id, b, k)
	}
}

// comprehends says whether a node of Python is a comprehension in braces: in a pattern, {... for x in y} is that of a set or a dictionary.
func comprehends(typ string) bool {
	return typ == "set_comprehension" || typ == "dictionary_comprehension"
}

// sameText says whether a metavariable inside a JSX element stands for the same as what it is tried on: text, or an expression in braces.
func (m *matcher) sameText(p *pattern.Node, id language.ID) bool {
	n := &m.t.Nodes[id]
	if n.Kind != language.Str && n.Kind != language.Element || m.t.Nodes[n.Parent].Kind != language.Block || n.Slot != language.Item {
		return p.Type != "jsx_text"
	}
	return (p.Type == "jsx_text") == (m.t.Type(id) == "jsx_text")
}

// otherwise matches what is written with a node of another kind.
func (m *matcher) otherwise(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	switch {
	case p.Kind == language.Call && m.t.Nodes[max(n.Parent, 0)].Kind == language.Decorator && (n.Kind == language.Name || n.Kind == language.Dot):
		m.plainDecorator(p, id, b, k)
	case p.Kind == language.Call && n.Kind == language.Template && n.Flags&language.Tagged != 0 && p.Flags&language.New == 0:
		// tag`text` calls tag.
		callee, args := p.Child(language.SlotCallee), p.Child(language.SlotArgs)
		if callee != nil && args != nil {
			m.tagged = id
			m.node(callee, m.t.Child(id, language.SlotCallee), b, func(b Bindings) { m.args(args.Kids, []language.ID{id}, b, k) })
		}
	case p.Kind == language.Dict && n.Kind == language.Call && m.t.Spec.Name == "go" && id == m.root:
		m.newZero(p, id, b, k)
	case p.Kind == language.Return && n.Kind == language.ExprStmt && m.returned(id):
		m.slot(p, id, language.SlotOperand, b, k)
	default:
		m.behindCast(p, id, b, k)
	}
}

// newZero matches T{} with Go's new(T); as a part of other code they differ.
func (m *matcher) newZero(p *pattern.Node, id language.ID, b Bindings, k next) {
	typ, callee, args := p.Child(language.SlotType), m.t.Child(id, language.SlotCallee), m.t.Child(id, language.SlotArgs)
	if typ == nil || m.value(callee) != "new" || args == language.None {
		return
	}
	if list := m.kids(args, nil); len(list) == 1 {
		m.node(typ, list[0], b, func(b Bindings) { m.items(p.In(language.Item), nil, b, k) })
	}
}

// returned says whether a node is the expression that a lambda consists of, which Semgrep takes for a return, but in Java.
func (m *matcher) returned(id language.ID) bool {
	if m.t.Nodes[m.t.Nodes[id].Parent].Flags&language.Lambda == 0 || m.t.Spec.Name == "java" {
		return false
	}
	body := m.t.Child(id, language.SlotOperand)
	return m.t.Spec.Name != "python" || body != language.None && m.t.Nodes[body].Kind != language.Ternary
}

// behindCast matches `e` with a cast of it: what a value is taken for does not change it.
func (m *matcher) behindCast(p *pattern.Node, id language.ID, b Bindings, k next) {
	if n := &m.t.Nodes[id]; n.Kind == language.Cast && n.Flags&language.Optional == 0 && expression(p.Kind) {
		if operand := m.t.Child(id, language.SlotOperand); operand != language.None {
			m.node(p, operand, b, k)
		}
	}
}

// expression says whether a node of the kind always is one.
func expression(k language.Kind) bool {
	switch k {
	case language.Name, language.Dot, language.Index, language.Call, language.Binary, language.Unary, language.Ternary, language.Str,
		language.Template, language.Num, language.Bool, language.Null, language.List, language.Dict:
		return true
	}
	return false
}

// deep matches an expression with one that holds it somewhere inside. The body of a function is no part of it, unless that is an
// expression (but JavaScript's, as in Semgrep); neither is a key that is worked out.
func (m *matcher) deep(p *pattern.Node, id language.ID, b Bindings, k next) {
	t := m.t
	if t.Nodes[id].Kind == language.KeyArg {
		return // an argument by name is not one by place
	}
	if word := m.word(p.Vars, b); word != "" {
		uses := inRange(m.uses(word), id, t.Nodes[id].Next)
		if p.Kind == language.Metavar && m.isName(p.Value, b) || len(uses) == 0 {
			for _, use := range uses {
				if m.reached(id, use) && !m.label(use) {
					m.node(p, use, b, k)
				}
			}
			return
		}
	}
	for i := id; i < t.Nodes[id].Next && !m.over; {
		if m.shut(i, id) {
			i = t.Nodes[i].Next
			continue
		}
		if !m.label(i) {
			m.node(p, i, b, k)
		}
		i++
	}
}

// isName says whether a metavariable stands for an identifier.
func (m *matcher) isName(name string, b Bindings) bool {
	bound, ok := b.Get(name)
	return ok && bound.Node != language.None && m.t.Nodes[bound.Node].Kind == language.Name
}

// shut says whether what a node holds is not looked through for an expression inside of another, root.
func (m *matcher) shut(id, root language.ID) bool {
	n := &m.t.Nodes[id]
	if n.Kind == language.Block {
		return m.t.Nodes[n.Parent].Kind != language.Element && (n.Flags&language.Lambda == 0 || m.t.Spec.PartialDict)
	}
	return n.Slot == language.SlotKey && m.t.Spec.PartialDict && id > root
}

// reached says whether nothing between root and a node in it is shut.
func (m *matcher) reached(root, id language.ID) bool {
	for ; id > root; id = m.t.Nodes[id].Parent {
		if !m.step() || m.shut(id, root) {
			return false
		}
	}
	return !m.shut(root, root)
}

// label says whether a name is no expression: that of a member, an argument, an import.
func (m *matcher) label(id language.ID) bool {
	n := &m.t.Nodes[id]
	switch n.Slot {
	case language.SlotName:
		switch m.t.Nodes[n.Parent].Kind {
		case language.Dot, language.KeyArg, language.ImportName, language.Element:
			return true
		}
	case language.SlotModule, language.SlotAlias:
		return true
	}
	return false
}

// anyHeader says whether a loop is `for (...)` or Go's `for ...`.
func anyHeader(p *pattern.Node) bool {
	head := p.Child(language.SlotInit)
	if head == nil {
		head = p.Child(language.SlotCond)
	}
	return p.Type == "for_statement" && head != nil && head.IsEllipsis()
}

func allEllipses(list []*pattern.Node) bool {
	for _, p := range list {
		if !p.IsEllipsis() {
			return false
		}
	}
	return len(list) > 0
}

// sum matches `e + ...`: the ellipsis stands for one or more operands.
func (m *matcher) sum(p *pattern.Node, id language.ID, b Bindings, k next) {
	left := p.Child(language.SlotLeft)
	for id != language.None && left != nil && m.step() {
		if n := &m.t.Nodes[id]; n.Kind != language.Binary || n.Value != p.Value {
			return
		}
		if id = m.t.Child(id, language.SlotLeft); id != language.None {
			m.node(left, id, b, k)
		}
	}
}

// kids returns the children of a node, optionally only those that keep wants.
func (m *matcher) kids(id language.ID, keep func(*language.Node) bool) []language.ID {
	var list []language.ID
	for c := range m.t.Children(id) {
		if keep == nil || keep(&m.t.Nodes[c]) {
			list = append(list, c)
		}
	}
	return list
}

func (m *matcher) inSlot(id language.ID, slot language.Slot) []language.ID {
	return m.kids(id, func(n *language.Node) bool { return n.Slot == slot })
}

// optional are the parts of a node that a pattern may leave out.
func optional(k language.Kind, s language.Slot) bool {
	switch s {
	case language.SlotElse, language.SlotResource, language.SlotDecorator, language.SlotReturns, language.SlotReceiver, language.SlotBase:
		return true
	case language.SlotType:
		return k != language.Cast && k != language.List && k != language.Dict && k != language.Catch
	case language.SlotBody:
		return k != language.Call // `new T()` is no anonymous class; other bodies were cut off with their wrapper
	case language.SlotInit:
		return k == language.If || k == language.Switch
	case language.SlotValue:
		return k == language.Throw // raise e from cause
	case language.SlotThen:
		return k == language.If
	case language.SlotAlias:
		return k == language.ImportName
	}
	return false
}

// slots matches the children of two nodes of the same kind, role by role.
func (m *matcher) slots(p *pattern.Node, id language.ID, b Bindings, k next) {
	// What the pattern has not must be absent or of no matter. That is asked first, because it costs least.
	last := -1
	for c := range m.t.Children(id) {
		s := m.t.Nodes[c].Slot
		if int(s) != last && !slices.Contains(p.Slots, s) && !optional(p.Kind, s) {
			return
		}
		last = int(s)
	}
	m.slotList(p, id, p.Slots, b, k)
}

func (m *matcher) slotList(p *pattern.Node, id language.ID, order []language.Slot, b Bindings, k next) {
	switch len(order) {
	case 0:
		k(b)
	case 1:
		m.slot(p, id, order[0], b, k)
	default:
		m.slot(p, id, order[0], b, func(b Bindings) { m.slotList(p, id, order[1:], b, k) })
	}
}

// slot matches what the two nodes have in one role.
func (m *matcher) slot(p *pattern.Node, id language.ID, s language.Slot, b Bindings, k next) {
	first, more := p.Only(s)
	own, others := m.only(id, s)
	switch {
	case first == nil && (own == language.None || optional(p.Kind, s)):
		k(b)
	case first == nil:
	case s == language.SlotBase && m.p.Spec.KeyArgs:
		// Python asks the bases in their order: those of the pattern come first.
		m.args(append(p.In(s), &pattern.Node{Kind: language.Ellipsis}), m.inSlot(id, s), b, k)
	case s == language.SlotDecorator || s == language.SlotBase || s == language.SlotCatch || s == language.SlotType && p.Kind == language.Func:
		m.unordered(p.In(s), m.inSlot(id, s), true, b, k)
	case s == language.SlotBody && p.Kind == language.Func && own == language.None:
		// A method that has no body yet has an empty one.
		if first.Kind != language.Block || len(first.Kids) == 0 || allEllipses(first.Kids) {
			k(b)
		}
	case s == language.SlotBody && first.Flags&language.Lambda != 0 && first.Kind == language.Block && own != language.None && m.t.Nodes[own].Flags&language.Lambda == 0:
		// `() => f()` is not `() => { f(); }`
	case !more && !others && own != language.None:
		m.node(first, own, b, k)
	default:
		m.items(p.In(s), m.inSlot(id, s), b, k)
	}
}

// only returns the first child in a slot and whether there are more.
func (m *matcher) only(id language.ID, s language.Slot) (first language.ID, more bool) {
	nodes := m.t.Nodes
	first = language.None
	for c := id + 1; c < nodes[id].Next; c = nodes[c].Next {
		if nodes[c].Slot == s {
			if first != language.None {
				return first, true
			}
			first = c
		}
	}
	return first, false
}

// items matches lists in order; an ellipsis takes any number.
func (m *matcher) items(ps []*pattern.Node, ids []language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	if len(ps) == 0 {
		if len(ids) == 0 {
			k(b)
		}
		return
	}
	if p := ps[0]; p.IsEllipsis() {
		if len(ps) == 1 {
			m.run1(p, ids, b, k)
			return
		}
		for i := 0; i <= len(ids) && !m.over; i++ {
			m.run1(p, ids[:i], b, func(b Bindings) { m.items(ps[1:], ids[i:], b, k) })
		}
		return
	}
	if len(ids) > 0 {
		m.node(ps[0], ids[0], b, func(b Bindings) { m.items(ps[1:], ids[1:], b, k) })
	}
}

// run1 lets an ellipsis take a run of neighbours.
func (m *matcher) run1(p *pattern.Node, ids []language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	if p.Kind != language.MetaEllipsis {
		k(b)
		return
	}
	bound := Bound{Node: language.None}
	if len(ids) > 0 {
		bound.Start = m.t.Nodes[ids[0]].Start
		bound.End = m.t.Nodes[ids[len(ids)-1]].End
		bound.Text = m.t.Source[bound.Start:max(bound.Start, bound.End)]
		if len(ids) == 1 {
			bound.Node = ids[0]
		}
	}
	m.bindTo(p.Value, bound, b, k)
}

// unordered matches each node of the pattern with another one of the file, in any order. Unless partial, what is left over needs an
// ellipsis.
func (m *matcher) unordered(ps []*pattern.Node, ids []language.ID, partial bool, b Bindings, k next) {
	var plain []*pattern.Node
	rest := (*pattern.Node)(nil)
	for _, p := range ps {
		if p.IsEllipsis() {
			rest, partial = p, true
		} else {
			plain = append(plain, p)
		}
	}
	if len(plain) > len(ids) || !partial && len(plain) != len(ids) {
		return
	}
	m.choose(plain, rest, ids, nil, b, k)
}

func (m *matcher) choose(ps []*pattern.Node, rest *pattern.Node, ids, taken []language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	if len(ps) == 0 {
		if rest == nil || rest.Kind != language.MetaEllipsis {
			k(b)
			return
		}
		var left []language.ID
		for _, id := range ids {
			if !slices.Contains(taken, id) {
				left = append(left, id)
			}
		}
		m.run1(rest, left, b, k)
		return
	}
	for _, id := range m.candidates(ps[0], ids, b) {
		if m.over {
			return
		}
		if slices.Contains(taken, id) {
			continue
		}
		now := append(taken[:len(taken):len(taken)], id)
		m.node(ps[0], id, b, func(b Bindings) { m.choose(ps[1:], rest, ids, now, b, k) })
	}
}

// manyMembers is from how many members on those of a dictionary are looked up by their keys.
const manyMembers = 16

// candidates are the members of a dictionary that a pattern's member can be, by its key: `{..., $K: $A, ..., $K: $B, ...}` would else
// compare each with each.
func (m *matcher) candidates(p *pattern.Node, ids []language.ID, b Bindings) []language.ID {
	if p.Kind != language.Pair || len(ids) < manyMembers {
		return ids
	}
	key := p.Child(language.SlotKey)
	if key == nil {
		return ids
	}
	var hash uint64
	switch {
	case key.Kind == language.Metavar:
		bound, ok := b.Get(key.Value)
		if !ok || bound.Node == language.None {
			return ids
		}
		hash = m.hash(bound.Node)
	case key.Kind == language.Str && !key.AnyString && key.Regexp == nil && len(key.Kids) == 0, key.Kind == language.Name && m.t.Spec.PartialDict:
		hash = hashed(0, language.Str, key.Value)
	default:
		return ids
	}
	known := m.members(ids)
	if len(known.others) == 0 {
		return known.byKey[hash]
	}
	list := slices.Concat(known.byKey[hash], known.others)
	slices.Sort(list)
	return list
}

// members are the members of a dictionary by the hash of their key. It is worked out once for a dictionary.
func (f *file) members(ids []language.ID) *members {
	if known := f.keyed[ids[0]]; known != nil {
		return known
	}
	out := &members{byKey: map[uint64][]language.ID{}}
	for _, id := range ids {
		key := f.tree.Child(id, language.SlotKey)
		if key == language.None || f.tree.Nodes[key].Kind == language.Name && !f.tree.Spec.PartialDict {
			out.others = append(out.others, id) // a name may be equal to what it stands for
			continue
		}
		h := f.hash(key)
		out.byKey[h] = append(out.byKey[h], id)
	}
	f.keyed[ids[0]] = out
	return out
}

// hash is the same for equal code, and for keys with and without quotes where they are the same.
func (f *file) hash(id language.ID) uint64 {
	if n := &f.tree.Nodes[id]; n.Kind == language.Name && f.tree.Spec.PartialDict {
		return hashed(0, language.Str, n.Value)
	}
	h := uint64(0)
	for i := id; i < f.tree.Nodes[id].Next; i++ {
		h = hashed(h, f.tree.Nodes[i].Kind, f.tree.Nodes[i].Value)
	}
	return h
}

func hashed(h uint64, k language.Kind, value string) uint64 {
	const prime = 1099511628211
	h = (h ^ uint64(k)) * prime
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * prime
	}
	return h * prime
}

// args matches arguments in order. One given by name may stand anywhere among those that are left.
func (m *matcher) args(ps []*pattern.Node, ids []language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	if len(ps) == 0 {
		if len(ids) == 0 {
			k(b)
		}
		return
	}
	switch p := ps[0]; {
	case p.IsEllipsis():
		if len(ps) == 1 {
			m.run1(p, ids, b, k)
			return
		}
		for i := 0; i <= len(ids) && !m.over; i++ {
			m.run1(p, ids[:i], b, func(b Bindings) { m.args(ps[1:], ids[i:], b, k) })
		}
	case p.Kind == language.KeyArg:
		for i, id := range ids {
			if m.t.Nodes[id].Kind != language.KeyArg || m.over {
				continue
			}
			m.node(p, id, b, func(b Bindings) { m.args(ps[1:], slices.Delete(slices.Clone(ids), i, i+1), b, k) })
		}
	case len(ids) > 0:
		m.node(p, ids[0], b, func(b Bindings) { m.args(ps[1:], ids[1:], b, k) })
	}
}

// str matches a string: "...", "$X", "=~/re/" or its content. Constants and sums of strings count as what they amount to.
func (m *matcher) str(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	if p.Type == "concatenated_string" && p.AnyString { // "..." "..."
		if m.t.Type(id) == p.Type {
			k(b)
		}
		return
	}
	if p.Interpolated {
		// f"..." and `...` stand for strings of that form only.
		if n.Kind == language.Template && n.Flags&language.Tagged == 0 && m.t.Type(id) != "concatenated_string" || n.Kind == language.Str && (m.t.Type(id) == "template_string" || m.t.Type(id) == "string" && strings.ContainsAny(m.prefix(id), "fF")) {
			k(b)
		}
		return
	}
	var value string
	at := id // the literal
	if n.Kind == language.Template && id == m.tagged && n.Flags&language.Tagged != 0 {
		for _, c := range m.inSlot(id, language.Item) {
			v, ok := m.constant(c)
			if !ok || !v.IsString() || !v.Known {
				return
			}
			value += v.Text
		}
	} else if n.Kind == language.Name && m.p.Spec.PartialDict && n.Slot == language.SlotKey {
		value = n.Value // { a: 1 } and { "a": 1 } are the same
	} else {
		v, ok := m.constant(id)
		if !ok || !v.IsString() || !v.Known && !p.AnyString {
			return
		}
		value = v.Text
		if v.At > 0 {
			at = v.At
		}
	}
	switch {
	case p.AnyString:
		k(b)
	case p.Regexp != nil:
		if p.Regexp.MatchString(value) {
			k(b)
		}
	case len(p.Kids) == 1:
		lit := &m.t.Nodes[at] // that of a constant is elsewhere
		bound := Bound{Start: lit.Start, End: lit.End, Node: language.None, Text: value}
		if lit.Kind == language.Str {
			// The range of the content, when the literal is written as it is.
			if i := strings.Index(m.t.Source[lit.Start:lit.End], value); i >= 0 {
				bound.Start = lit.Start + uint32(i)
				bound.End = bound.Start + uint32(len(value))
			}
		}
		m.bindTo(p.Kids[0].Value, bound, b, k)
	case value == p.Value:
		k(b)
	}
}

// prefix is what stands before the quotes of a string of Python.
func (m *matcher) prefix(id language.ID) string {
	text := strings.TrimLeft(m.t.Text(id), "( \t\r\n")
	if i := strings.IndexAny(text, "\"'"); i >= 0 {
		return text[:i]
	}
	return ""
}

// name matches names and member accesses: as they stand, or by the qualified name that the file's imports give them.
func (m *matcher) name(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	if p.Kind == language.Name {
		switch {
		case n.Kind == language.Name && n.Value == p.Value,
			n.Kind == language.Str && n.Slot == language.SlotKey && m.p.Spec.PartialDict && n.Value == p.Value:
			k(b)
			return
		case n.Kind == language.Type && m.t.Type(id) == "generic_type":
			if o := m.t.Child(id, language.SlotOperand); o != language.None {
				m.node(p, o, b, k) // List finds List<String>
			}
			return
		}
	} else if name := p.Child(language.SlotName); name != nil && name.IsEllipsis() {
		m.chain(p.Child(language.SlotOperand), id, b, k)
		return
	} else if n.Kind == language.Dot && p.Flags&language.Optional&^n.Flags == 0 {
		done := false
		// The name first: a chain has many links, and most have another one.
		m.slotList(p, id, []language.Slot{language.SlotName, language.SlotOperand}, b, func(b Bindings) { done = true; k(b) })
		if done {
			return
		}
	}
	if p.Path != nil && (n.Kind == language.Name || n.Kind == language.Dot) {
		if full := m.qualified(id); slices.Equal(full, p.Path) || len(full) == 1 && p.Kind == language.Name && full[0] == p.Value {
			k(b)
		}
		return
	}
	if n.Kind == language.Name && p.Kind == language.Dot {
		m.imported(p, id, b, k)
	}
}

// imported matches `$M.f` and `m.$F` with a name f that was imported from a module m: the metavariable stands for the module's name in the
// import, or for the name.
func (m *matcher) imported(p *pattern.Node, id language.ID, b Bindings, k next) {
	operand, name := p.Child(language.SlotOperand), p.Child(language.SlotName)
	if len(m.imports) == 0 || operand == nil || name == nil {
		return
	}
	n := &m.t.Nodes[id]
	full := m.imports[m.variables().Of(id)]
	last := len(full) - 1
	switch {
	case last < 1:
	case name.Kind == language.Metavar && slices.Equal(operand.Path, full[:last]):
		bound := Bound{Start: n.Start, End: n.End, Node: language.None, Text: full[last]}
		if n.Value == full[last] {
			bound.Node = id
		}
		m.bindTo(name.Value, bound, b, k)
	case operand.Kind == language.Metavar && (name.Kind == language.Metavar || name.Kind == language.Name && name.Value == full[last]):
		if name.Kind == language.Metavar {
			k1 := k
			k = func(b Bindings) { m.bind(name.Value, id, b, k1) }
		}
		for _, f := range m.ids(language.ImportFrom) {
			mod := m.t.Child(f, language.SlotModule)
			if mod != language.None && slices.Equal(modulePath(m.t.Spec, m.t.Nodes[mod].Value), full[:last]) {
				m.bind(operand.Value, mod, b, k)
				return
			}
		}
	}
}

// chain matches the front of `$X. ... .f()`: what stands before the last link, or before any number of members and calls of members.
func (m *matcher) chain(front *pattern.Node, id language.ID, b Bindings, k next) {
	for id != language.None && m.step() {
		m.node(front, id, b, k)
		n := &m.t.Nodes[id]
		if n.Kind == language.Call {
			if id = m.t.Child(id, language.SlotCallee); id == language.None {
				return
			}
			n = &m.t.Nodes[id]
		}
		if n.Kind != language.Dot {
			return
		}
		id = m.t.Child(id, language.SlotOperand)
	}
}

// typ matches a type that is more than a name.
func (m *matcher) typ(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	if n.Kind != language.Type || m.t.Type(id) != p.Type {
		return
	}
	if len(p.Kids) == 0 {
		if n.Value == p.Value {
			k(b)
		}
		return
	}
	m.slots(p, id, b, k)
}

// hasType says whether an expression is known to have a type.
func (m *matcher) hasType(id language.ID, want string) bool {
	t := m.t
	n := &t.Nodes[id]
	switch n.Kind {
	case language.Str, language.Template, language.Num, language.Bool:
		return m.kindIs(n.Kind, n.Value, want)
	}
	typ := m.typeOf(id)
	if typ == language.None {
		if n.Kind == language.Binary && n.Value == "+" && (want == "String" || want == "string") {
			for c := range t.Children(id) {
				if k := t.Nodes[c].Kind; k == language.Str || k == language.Template {
					return true
				}
			}
		}
		v, ok := m.constant(id)
		return ok && (n.Kind == language.Name || n.Kind == language.Dot) && m.kindIs(v.Kind, v.Text, want)
	}
	return m.typeIs(typ, want)
}

// kindIs says whether a literal has a type.
func (m *matcher) kindIs(kind language.Kind, value, want string) bool {
	switch kind {
	case language.Str, language.Template:
		return want == "String" || want == "string" || want == "str" || want == "java.lang.String"
	case language.Num:
		float := strings.ContainsAny(value, ".") && !strings.HasPrefix(value, "0x") || m.t.Spec.PartialDict // JavaScript has no others
		switch want {
		case "int", "long", "short", "byte", "Integer", "Long":
			return !float
		case "float", "double", "float64", "Double", "Float":
			return float
		case "number":
			return true
		}
	case language.Bool:
		return want == "bool" || want == "boolean" || want == "Boolean"
	}
	return false
}

// typeIs compares a type as written with the one wanted: the text, the text without type arguments, or the qualified name.
func (m *matcher) typeIs(typ language.ID, want string) bool {
	t := m.t
	n := &t.Nodes[typ]
	text := strings.Join(strings.Fields(t.Text(typ)), "")
	if n.Kind == language.Type && t.Type(typ) == "generic_type" && !strings.Contains(want, "<") {
		if o := t.Child(typ, language.SlotOperand); o != language.None {
			return m.typeIs(o, want)
		}
	}
	if strings.HasPrefix(want, "$") {
		return true // ($T $X): any declared type
	}
	if text == want {
		return true
	}
	if full := m.qualified(typ); full != nil && strings.Join(full, ".") == want {
		return true
	}
	// A simple name in the source may be the last part of the qualified one that the pattern gives, and the reverse.
	if t.Spec.Name == "java" {
		if i := strings.LastIndexByte(want, '.'); i >= 0 && text == want[i+1:] {
			return m.starImport(want[:i])
		}
		return strings.HasSuffix(text, "."+want)
	}
	return false
}

// starImport says whether the file imports all of a package.
func (m *matcher) starImport(pkg string) bool {
	for _, id := range m.ids(language.Import) {
		if m.value(m.t.Child(id, language.SlotModule)) == pkg+".*" {
			return true
		}
	}
	return pkg == "java.lang"
}

// assign matches `x = e` with assignments and declarations, and with the imports that stand for `x = require(...)`.
func (m *matcher) assign(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	target, value := p.Child(language.SlotTarget), p.Child(language.SlotValue)
	switch {
	case n.Kind == language.Import && p.Value == "=" && target != nil && value != nil:
		alias, call := m.t.Child(id, language.SlotAlias), m.t.Child(id, language.SlotValue)
		if alias != language.None && call != language.None {
			m.node(target, alias, b, func(b Bindings) { m.node(value, call, b, k) })
		}
		return
	case n.Kind == language.ImportFrom && p.Value == "=" && target != nil && value != nil && target.Kind == language.Metavar:
		if call := m.t.Child(id, language.SlotValue); call != language.None {
			m.bindTo(target.Value, m.names(id), b, func(b Bindings) { m.node(value, call, b, k) })
		}
		return
	case n.Kind != language.Assign || n.Value != p.Value, (p.Type == "as_pattern") != (m.t.Type(id) == "as_pattern"):
		return
	case p.Flags&language.Declares&^n.Flags != 0, !m.sameKeyword(p, id), !m.sameTarget(p, target, id):
		return
	case m.severalNames(id) && p.Flags&language.Declares == 0 && target != nil && target.Kind == language.Tuple:
		return
	case m.options.NoVardef && p.Flags&language.Declares == 0 && n.Flags&language.Declares != 0:
		return
	}
	m.pairwise(p, id, b, k)
	source := m.t.Child(id, language.SlotValue)
	if (value == nil) != (source == language.None) {
		return // `T x;` is a declaration without a value
	}
	rest := func(b Bindings) { m.slotList(p, id, assignSlots, b, k) }
	switch {
	case value == nil:
		rest(b)
	case value.Kind == language.Metavar:
		m.slotList(p, id, assignSlots, b, func(b Bindings) { m.node(value, source, b, k) })
	default:
		m.node(value, source, b, rest) // the value first: it is what tells most assignments apart
	}
}

// severalNames says whether a declaration of Go gives one value to several variables: each is declared by itself then.
func (m *matcher) severalNames(id language.ID) bool {
	if m.t.Spec.Name != "go" || m.t.Nodes[id].Kind != language.Assign || m.t.Type(id) != "var_spec" {
		return false
	}
	target := m.t.Child(id, language.SlotTarget)
	return target != language.None && m.t.Nodes[target].Kind == language.Tuple
}

// pairwise matches `x = e` with one of the assignments in `a, b = c, d`.
func (m *matcher) pairwise(p *pattern.Node, id language.ID, b Bindings, k next) {
	target, value := p.Child(language.SlotTarget), p.Child(language.SlotValue)
	if target == nil || value == nil || p.Value != "=" || p.Flags&language.Declares != 0 || target.Kind == language.Tuple || value.Kind == language.Tuple ||
		target.IsEllipsis() || value.IsEllipsis() {
		return
	}
	targets, values := m.t.Child(id, language.SlotTarget), m.t.Child(id, language.SlotValue)
	if targets == language.None || values == language.None || m.t.Nodes[targets].Kind != language.Tuple {
		return
	}
	if m.severalNames(id) {
		for c := range m.t.Children(targets) {
			m.node(target, c, b, func(b Bindings) { m.node(value, values, b, k) })
		}
		return
	}
	if m.t.Nodes[values].Kind != language.Tuple {
		return
	}
	ts, vs := m.kids(targets, nil), m.kids(values, nil)
	for i := 0; i < len(ts) && len(ts) == len(vs) && !m.over; i++ {
		m.node(target, ts[i], b, func(b Bindings) { m.node(value, vs[i], b, k) })
	}
}

var assignSlots = []language.Slot{language.SlotDecorator, language.SlotType, language.SlotTarget, language.SlotBody}

// sameKeyword says whether a declaration is one of those that the pattern's keyword stands for: Go's := is not var, JavaScript's let is
// not const, and var is any of them.
func (m *matcher) sameKeyword(p *pattern.Node, id language.ID) bool {
	if p.Flags&language.Declares == 0 {
		return true
	}
	switch typ := m.t.Type(id); p.Type {
	case "short_var_declaration", "const_spec":
		return typ == p.Type
	case "var_spec":
		return typ == p.Type || typ == "const_spec"
	case "lexical_declaration":
		return typ == p.Type && (p.Flags^m.t.Nodes[id].Flags)&language.Const == 0
	}
	return true
}

// sameTarget says whether a declaration with a keyword in the pattern can be the one in the file: in JavaScript one that takes a value apart
// is not one that names it, and a field has no keyword.
func (m *matcher) sameTarget(p, target *pattern.Node, id language.ID) bool {
	if !m.t.Spec.PartialDict || p.Flags&language.Declares == 0 || target == nil {
		return true
	}
	if own := m.t.Child(id, language.SlotTarget); own != language.None && (target.Kind == language.Metavar || target.Kind == language.Name) &&
		m.t.Nodes[own].Kind != language.Name {
		return false
	}
	keyword := func(typ string) bool { return strings.HasSuffix(typ, "_declaration") }
	return keyword(p.Type) == keyword(m.t.Type(id))
}

// function matches a function however it is written: a declaration, a method, a lambda.
func (m *matcher) function(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	name := p.Child(language.SlotName)
	if n.Kind != language.Func {
		return
	}
	if p.Flags&language.Lambda != 0 {
		name = nil // function f() {} as an expression: a name of its own
	}
	own := m.t.Child(id, language.SlotName)
	switch {
	case name == nil && own != language.None && n.Flags&language.Lambda == 0:
	case name == nil, name.Kind == language.Ellipsis: // function ...() has any name or none
		m.signature(p, id, b, k)
	case own != language.None && n.Flags&language.Lambda == 0:
		m.node(name, own, b, func(b Bindings) { m.signature(p, id, b, k) })
	}
}

func (m *matcher) signature(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	if p.Flags&language.Lambda == 0 && p.Flags&language.Async&^n.Flags != 0 || p.Value != "" && p.Value != n.Value {
		return
	}
	if p.Child(language.SlotReceiver) == nil && m.t.Child(id, language.SlotReceiver) != language.None {
		// The receiver of a Go method counts as its first parameter, as in Semgrep.
		if ps := p.Child(language.SlotParams); ps == nil || len(ps.Kids) == 0 || !ps.Kids[0].IsEllipsis() {
			return
		}
	}
	order := []language.Slot{language.SlotDecorator, language.SlotReceiver, language.SlotParams, language.SlotReturns, language.SlotType, language.SlotBody}
	m.slotList(p, id, order, b, k)
}

// param matches a parameter. A plain name fits whatever type and default the parameter has.
func (m *matcher) param(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	if n.Value != p.Value {
		return
	}
	order := []language.Slot{language.SlotDecorator, language.SlotName, language.SlotType}
	m.slotList(p, id, order, b, func(b Bindings) {
		value := p.Child(language.SlotValue)
		if value == nil {
			k(b)
			return
		}
		if v := m.t.Child(id, language.SlotValue); v != language.None {
			m.node(value, v, b, k)
		}
	})
}

// class matches a class: the bases and the members that the pattern names must be there, in any order.
func (m *matcher) class(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	if n.Value != p.Value {
		return
	}
	order := []language.Slot{language.SlotDecorator, language.SlotName, language.SlotBase, language.SlotParams}
	m.slotList(p, id, order, b, func(b Bindings) {
		body := p.Child(language.SlotBody)
		own := m.t.Child(id, language.SlotBody)
		if body == nil || own == language.None {
			k(b)
			return
		}
		m.unordered(body.Kids, m.kids(own, nil), true, b, k)
	})
}

// inside matches what a JSX element holds: what the pattern holds must come first.
func (m *matcher) inside(p *pattern.Node, id language.ID, b Bindings, k next) {
	body := p.Child(language.SlotBody)
	if body == nil {
		k(b)
		return
	}
	var ids []language.ID
	if own := m.t.Child(id, language.SlotBody); own != language.None {
		ids = m.kids(own, nil)
	}
	ps := slices.Clone(body.Kids)
	if len(ps) == 0 || !ps[len(ps)-1].IsEllipsis() {
		if len(ids) > 0 && len(ps) == 0 {
			return
		}
		ps = append(ps, &pattern.Node{Kind: language.Ellipsis})
	}
	m.items(ps, ids, b, k)
}

// pair matches key and value. Where keys may be written with or without quotes, that makes no difference.
func (m *matcher) pair(p *pattern.Node, id language.ID, b Bindings, k next) {
	if v := p.Child(language.SlotOperand); v != nil && v.Kind == language.Metavar && m.t.Child(id, language.SlotOperand) == language.None {
		m.slot(p, id, language.SlotKey, b, k) // <a b /> has a value of its own
		return
	}
	m.slot(p, id, language.SlotKey, b, func(b Bindings) { m.slot(p, id, language.SlotOperand, b, k) })
}

// decorator matches a decorator or modifier. One without parentheses is a call without arguments.
func (m *matcher) decorator(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	if n.Value != p.Value {
		return
	}
	want, own := p.Child(language.SlotOperand), m.t.Child(id, language.SlotOperand)
	if want == nil || own == language.None {
		if want == nil && own == language.None {
			k(b)
		}
		return
	}
	call := m.t.Nodes[own].Kind == language.Call
	switch {
	case want.Kind == language.Call && !call:
		m.plainDecorator(want, own, b, k)
	case (want.Kind == language.Name || want.Kind == language.Dot || want.Kind == language.Metavar) && call:
		if args := m.t.Child(own, language.SlotArgs); args == language.None || m.t.Nodes[args].Next == args+1 {
			m.node(want, m.t.Child(own, language.SlotCallee), b, k)
		}
	default:
		m.node(want, own, b, k)
	}
}

// plainDecorator matches the call `f(...)` with the f of a decorator without parentheses.
func (m *matcher) plainDecorator(call *pattern.Node, id language.ID, b Bindings, k next) {
	callee, args := call.Child(language.SlotCallee), call.Child(language.SlotArgs)
	if callee == nil {
		return
	}
	m.node(callee, id, b, func(b Bindings) {
		if args == nil {
			k(b)
			return
		}
		m.args(args.Kids, nil, b, k)
	})
}

// importing matches imports. Names of the pattern must be among those of the file; an alias that the pattern leaves out does not matter.
func (m *matcher) importing(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	mod := p.Child(language.SlotModule)
	if p.Kind == language.Import && m.p.Spec.KeyArgs && p.Child(language.SlotAlias) == nil && mod != nil && mod.Kind == language.Name {
		if m.loads(id, mod.Value) {
			k(b)
		}
		return
	}
	if n.Kind != language.Import && n.Kind != language.ImportFrom {
		return
	}
	if m.p.Spec.PartialDict {
		m.module(p, id, b, func(b Bindings) { m.scriptImport(p, id, b, k) })
		return
	}
	if n.Kind != p.Kind || n.Value != p.Value {
		return
	}
	m.module(p, id, b, func(b Bindings) {
		if n.Kind == language.Import {
			m.alias(p, id, b, k)
			return
		}
		m.unordered(p.In(language.Item), m.inSlot(id, language.Item), true, b, k)
	})
}

// module matches the module of an import: that of the pattern, or one below it.
func (m *matcher) module(p *pattern.Node, id language.ID, b Bindings, k next) {
	mod, own := p.Child(language.SlotModule), m.t.Child(id, language.SlotModule)
	if mod == nil || own == language.None || mod.Kind != language.Str && mod.Kind != language.Name || len(mod.Kids) > 0 || mod.AnyString || mod.Regexp != nil {
		m.slot(p, id, language.SlotModule, b, k)
		return
	}
	separator := "/"
	if m.t.Nodes[own].Kind == language.Name {
		separator = "."
	}
	rest, ok := strings.CutPrefix(m.t.Nodes[own].Value, mod.Value)
	if ok && (rest == "" || strings.HasPrefix(rest, separator) && rest != ".*" && m.t.Child(id, language.SlotValue) == language.None) {
		k(b)
	}
}

// alias matches the local name of an import.
func (m *matcher) alias(p *pattern.Node, id language.ID, b Bindings, k next) {
	alias, own := p.Child(language.SlotAlias), m.t.Child(id, language.SlotAlias)
	switch {
	case alias == nil:
		k(b)
	case own == language.None:
	case alias.Kind == language.Name: // as it stands: it is the name that is given here
		if m.t.Nodes[own].Value == alias.Value {
			k(b)
		}
	default:
		m.node(alias, own, b, k)
	}
}

// scriptImport matches the imports of JavaScript once the modules agree. A pattern with require is matched by such a declaration only, with
// the same keyword. `import x from "m"` brings the name "default".
func (m *matcher) scriptImport(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	required := m.t.Child(id, language.SlotValue) != language.None
	names := p.In(language.Item)
	switch {
	case p.Child(language.SlotValue) != nil:
		if n.Kind != p.Kind || !required || !m.sameKeyword(p, id) {
			return
		}
		if p.Kind == language.Import {
			m.alias(p, id, b, k)
			return
		}
		for _, name := range names { // {a: b} is another thing than {a}
			if name.Kind == language.ImportName && name.Child(language.SlotAlias) == nil {
				m.plainNames(names, id, b, k)
				return
			}
		}
		m.unordered(names, m.inSlot(id, language.Item), true, b, k)
	case p.Kind == language.Import && p.Child(language.SlotAlias) == nil:
		k(b) // import "m": any import of it
	case p.Kind == language.Import && n.Kind == language.Import:
		if n.Value == p.Value && !required {
			m.alias(p, id, b, k)
		}
	case p.Kind == language.Import && p.Value == "":
		for _, c := range m.inSlot(id, language.Item) {
			if m.value(m.t.Child(c, language.SlotName)) == "default" {
				m.alias(p, c, b, k)
			}
		}
	case p.Kind == language.ImportFrom && n.Kind == language.ImportFrom:
		m.unordered(names, m.inSlot(id, language.Item), true, b, k)
	case p.Kind == language.ImportFrom && n.Value == "" && !required && m.t.Child(id, language.SlotAlias) != language.None:
		m.defaultName(names, id, b, k)
	}
}

// importName matches one name of an import. `const {a} = require("m")` gives a the alias a.
func (m *matcher) importName(p *pattern.Node, id language.ID, b Bindings, k next) {
	if m.value(m.t.Child(id, language.SlotName)) == "*" {
		if name := p.Child(language.SlotName); name == nil || name.Value != "*" {
			return // from m import * names nothing
		}
	}
	m.slot(p, id, language.SlotName, b, func(b Bindings) {
		alias := p.Child(language.SlotAlias)
		if alias != nil && m.t.Child(id, language.SlotAlias) == language.None && m.t.Child(m.t.Nodes[id].Parent, language.SlotValue) != language.None {
			m.node(alias, m.t.Child(id, language.SlotName), b, k)
			return
		}
		m.alias(p, id, b, k)
	})
}

// plainNames matches names without an alias.
func (m *matcher) plainNames(names []*pattern.Node, id language.ID, b Bindings, k next) {
	plain := m.kids(id, func(n *language.Node) bool { return n.Slot == language.Item })
	plain = slices.DeleteFunc(plain, func(c language.ID) bool { return m.t.Child(c, language.SlotAlias) != language.None })
	m.unordered(names, plain, true, b, k)
}

// defaultName matches { default as x } in a pattern with `import x from "m"`.
func (m *matcher) defaultName(names []*pattern.Node, id language.ID, b Bindings, k next) {
	var one *pattern.Node
	for _, name := range names {
		if !name.IsEllipsis() {
			if one != nil {
				return
			}
			one = name
		}
	}
	if one == nil {
		return
	}
	after := func(b Bindings) { m.alias(one, id, b, k) }
	switch name := one.Child(language.SlotName); {
	case name == nil:
	case name.Kind == language.Metavar:
		n := &m.t.Nodes[id]
		m.bindTo(name.Value, Bound{Start: n.Start, End: n.End, Node: language.None, Text: "default"}, b, after)
	case name.Value == "default":
		after(b)
	}
}

// names is what stands between the braces of an import.
func (m *matcher) names(id language.ID) Bound {
	n := &m.t.Nodes[id]
	bound := Bound{Start: n.Start, End: n.End, Node: language.None}
	for i, c := range m.inSlot(id, language.Item) {
		if i == 0 {
			bound.Start = m.t.Nodes[c].Start
		}
		bound.End = m.t.Nodes[c].End
	}
	bound.Text = "{" + m.t.Source[bound.Start:bound.End] + "} " // with a space, so that no other code is equal to it
	return bound
}

// loads says whether an import of Python loads a module: the module itself, one below it, or something from it.
func (m *matcher) loads(id language.ID, module string) bool {
	own := m.value(m.t.Child(id, language.SlotModule))
	below := func(s string) bool { return s == module || strings.HasPrefix(s, module+".") }
	if below(own) {
		return true
	}
	for c := range m.t.Children(id) {
		if m.t.Nodes[c].Kind == language.ImportName && below(own+"."+m.value(m.t.Child(c, language.SlotName))) {
			return true
		}
	}
	return false
}
