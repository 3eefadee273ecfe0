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
	if (p.Kind == language.Call || p.Kind == language.Dot || p.Kind == language.Name) && !m.may(p, id) {
		return
	}
	switch p.Kind {
	case language.Metavar:
		if n.Kind != language.KeyArg && m.sameText(p, id) && (id == m.root || !m.fragment(id)) {
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
		if n.Kind == language.Name && !m.options.NoConstants { // a constant like others
			if value := m.symbolic(id); value != language.None && t.Nodes[value].Kind == language.Regex {
				m.node(p, value, b, k)
			}
			return
		}
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
		if m.binary(p, id, b, k) {
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
		case p.Type == "simple_symbol" && len(p.Kids) == 1:
			if t.Type(id) == p.Type && n.Start+1 < n.End {
				m.bindTo(p.Kids[0].Value, Bound{Start: n.Start + 1, End: n.End, Node: language.None, Text: strings.TrimPrefix(n.Value, ":")}, b, k)
			}
		case t.Type(id) != p.Type && !(comprehends(p.Type) && comprehends(t.Type(id))) && !(p.Type == "list_comprehension" && m.onlyGenerator(id)) || n.Value != p.Value:
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
		if t.Spec.Name == "dockerfile" {
			m.shell(p, id, b, k)
			return
		}
		m.args(p.Kids, m.kids(id, nil), b, k)
	case language.Dict:
		m.slot(p, id, language.SlotType, b, func(b Bindings) {
			m.unordered(p.In(language.Item), m.inSlot(id, language.Item), m.p.Spec.PartialDict || m.p.Spec.PartialMembers, b, k)
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
	case language.Try:
		if m.p.Header && id == m.root {
			m.slotList(p, id, []language.Slot{language.SlotResource, language.SlotBody}, b, k)
			return
		}
		m.slots(p, id, b, k)
	case language.Switch:
		if n.Value != p.Value {
			return
		}
		if p.Child(language.Item) == nil { // without cases: any
			m.slotList(p, id, []language.Slot{language.SlotInit, language.SlotTarget, language.SlotOperand}, b, k)
			return
		}
		m.slots(p, id, b, k)
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

// onlyGenerator says whether a node is the f(x) for x in y of a call's own parentheses, which is a list like [f(x) for x in y].
func (m *matcher) onlyGenerator(id language.ID) bool {
	n := &m.t.Nodes[id]
	p := &m.t.Nodes[n.Parent]
	return m.t.Type(id) == "generator_expression" && p.Kind == language.Args && p.Start == n.Start
}

// fragment says whether a node is the text between the expressions of a template: `a${b}` has one expression, not two.
func (m *matcher) fragment(id language.ID) bool {
	n := &m.t.Nodes[id]
	if n.Kind != language.Str || n.Slot != language.Item || m.t.Nodes[n.Parent].Kind != language.Template || m.t.Nodes[n.Parent].Flags&language.Tagged != 0 {
		return false
	}
	if m.t.Spec.Name == "php" {
		return false // a string with variables is a call of its pieces
	}
	typ := m.t.Type(id)
	return typ == "string_fragment" || typ == "escape_sequence" || typ == "string_content"
}

// sameText says whether a metavariable inside a JSX element stands for the same as what it is tried on: text, or an expression in braces.
func (m *matcher) sameText(p *pattern.Node, id language.ID) bool {
	n := &m.t.Nodes[id]
	if n.Kind != language.Str && n.Kind != language.Element || m.t.Nodes[n.Parent].Kind != language.Block || n.Slot != language.Item {
		return !language.ElementText(p.Type)
	}
	return language.ElementText(p.Type) == language.ElementText(m.t.Type(id))
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
	case p.Kind == language.Tuple && n.Kind == language.Pair && m.p.Spec.KeyArgs:
		m.items(p.Kids, m.kids(id, nil), b, k)
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
		if m.t.Nodes[n.Parent].Kind == language.Unary { // $(...) of a shell
			return false
		}
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
	case language.SlotElse:
		return k != language.Try
	case language.SlotResource, language.SlotDecorator, language.SlotReturns, language.SlotReceiver, language.SlotBase:
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
	for len(order) > 0 && p.Child(order[0]) == nil {
		if m.t.Child(id, order[0]) != language.None && !optional(p.Kind, order[0]) {
			return
		}
		order = order[1:]
	}
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
	case s == language.SlotTarget && p.Kind == language.Catch && own == language.None && first.Kind == language.Metavar && m.p.Spec.PartialDict:
		k(b) // catch { ... }
	case s == language.SlotBase && m.p.Spec.KeyArgs:
		// Python asks the bases in their order: those of the pattern come first.
		m.args(append(p.In(s), &pattern.Node{Kind: language.Ellipsis}), m.inSlot(id, s), b, k)
	case s == language.SlotType && p.Kind == language.Catch && m.p.Spec.KeyArgs && others && !more && first.Kind == language.Metavar && p.Child(language.SlotTarget) != nil:
		types := m.inSlot(id, s) // except (A, B)
		bound := Bound{Start: m.t.Nodes[own].Start, End: m.t.Nodes[types[len(types)-1]].End, Node: language.None}
		bound.Text = m.t.Source[bound.Start:max(bound.Start, bound.End)]
		m.bindTo(first.Value, bound, b, k)
	case s == language.SlotBase:
		m.bases(p.In(s), m.inSlot(id, s), b, k)
	case s == language.SlotDecorator || s == language.SlotCatch || s == language.SlotType && p.Kind == language.Func:
		m.unordered(p.In(s), m.inSlot(id, s), true, b, k)
	case s == language.SlotBody && p.Kind == language.Func && own == language.None:
		// A method of a Java class that has no body yet has an empty one.
		if m.t.Spec.Name == "java" && !m.inInterface(id) && (first.Kind != language.Block || len(first.Kids) == 0 || allEllipses(first.Kids)) {
			k(b)
		}
	case s == language.SlotType && p.Kind == language.Class && own == language.None: // class C<...> has type parameters
	case s == language.SlotBody && first.Flags&language.Lambda != 0 && first.Kind == language.Block && own != language.None && m.t.Nodes[own].Flags&language.Lambda == 0:
		// `() => f()` is not `() => { f(); }`
	case !more && !others && own != language.None:
		m.node(first, own, b, k)
	default:
		m.items(p.In(s), m.inSlot(id, s), b, k)
	}
}

// bases matches what a class extends and what it implements, each in any order.
func (m *matcher) bases(ps []*pattern.Node, ids []language.ID, b Bindings, k next) {
	var extends, implements []*pattern.Node
	for _, p := range ps {
		if p.Flags&language.Implements != 0 {
			implements = append(implements, p)
		} else {
			extends = append(extends, p)
		}
	}
	if len(implements) == 0 && len(extends) == 1 && extends[0].IsEllipsis() {
		m.unordered(ps, ids, true, b, k)
		return
	}
	var supers, interfaces []language.ID
	for _, id := range ids {
		if m.t.Nodes[id].Flags&language.Implements != 0 {
			interfaces = append(interfaces, id)
		} else {
			supers = append(supers, id)
		}
	}
	m.unordered(extends, supers, true, b, func(b Bindings) { m.unordered(implements, interfaces, true, b, k) })
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

// name matches names and member accesses: as they stand, or by the qualified name that the file's imports give them.
func (m *matcher) name(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	if p.Kind == language.Name {
		switch {
		case n.Kind == language.Name && m.sameName(n.Value, p.Value),
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
		if full := m.qualified(id); slices.EqualFunc(full, p.Path, m.sameName) || len(full) == 1 && p.Kind == language.Name && full[0] == p.Value || full == nil && m.fromStar(p.Path, id) {
			k(b)
		}
		return
	}
	if n.Kind == language.Name && p.Kind == language.Dot {
		m.imported(p, id, b, k)
	}
}

// sameName says whether two names are one.
func (m *matcher) sameName(a, b string) bool {
	return a == b || m.t.Spec.Caseless && !strings.HasPrefix(a, "$") && strings.EqualFold(a, b)
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
		if len(ids) > 0 && len(ps) == 0 && p.Type != "element" { // HTML's may leave out what it holds
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
