package match

import (
	"slices"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// maxFree is how many operands may be left over for the metavariables of `$X | $Y` to be tried in every order. It is Semgrep's number.
const maxFree = 3

// associates says whether it makes no difference how operands in a row are grouped.
func associates(op string) bool {
	switch op {
	case "&&", "||", "&", "|", "^":
		return true
	}
	return false
}

// commutes says whether the order of the operands makes no difference either.
func (m *matcher) commutes(op string) bool {
	return associates(op) && (op != "&&" && op != "||" || m.options.CommutativeBool)
}

// binary matches operators that have more equivalent spellings than one, and says whether that was all there is to match.
func (m *matcher) binary(p *pattern.Node, id language.ID, b Bindings, k next) (done bool) {
	n := &m.t.Nodes[id]
	right := p.Child(language.SlotRight)
	if !associates(p.Value) || m.options.NoAC {
		if right != nil && right.IsEllipsis() {
			m.sum(p, id, b, k)
			return true
		}
		if m.options.SymmetricEq && n.Kind == language.Binary && n.Value == p.Value && (n.Value == "==" || n.Value == "!=") {
			m.swapped(p, id, b, k)
		}
		return false
	}
	if n.Kind != language.Binary || n.Value != p.Value {
		return false
	}
	if m.inChain(id) {
		return true
	}
	ps, ids := patternOperands(p, p.Value, nil), m.operands(id, p.Value, nil)
	if m.commutes(p.Value) {
		m.anyOrder(ps, ids, b, k)
	} else {
		m.inOrder(ps, ids, b, k)
	}
	return true
}

func patternOperands(p *pattern.Node, op string, list []*pattern.Node) []*pattern.Node {
	if p.Kind != language.Binary || p.Value != op {
		return append(list, p)
	}
	for _, k := range p.Kids {
		list = patternOperands(k, op, list)
	}
	return list
}

// operands are those of operators of one kind in a row, however they are grouped.
func (m *matcher) operands(id language.ID, op string, list []language.ID) []language.ID {
	for i := id; i < m.t.Nodes[id].Next; {
		n := &m.t.Nodes[i]
		if n.Kind == language.Binary && n.Value == op {
			i++
			continue
		}
		list = append(list, i)
		i = n.Next
	}
	return list
}

// inOrder matches operands in their order. A metavariable stands for one or more of them, an ellipsis for any number.
func (m *matcher) inOrder(ps []*pattern.Node, ids []language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	if len(ps) == 0 {
		if len(ids) == 0 {
			k(b)
		}
		return
	}
	rest := func(n int) next { return func(b Bindings) { m.inOrder(ps[1:], ids[n:], b, k) } }
	switch p := ps[0]; {
	case p.IsEllipsis():
		for n := 0; n <= len(ids) && !m.over; n++ {
			m.run1(p, ids[:n], b, rest(n))
		}
	case p.Kind == language.Metavar:
		for n := 1; n <= len(ids)-len(ps)+1 && !m.over; n++ {
			m.group(p, ids[:n], b, rest(n))
		}
	case len(ids) > 0:
		m.node(p, ids[0], b, rest(1))
	}
}

// group matches a metavariable with one or more operands.
func (m *matcher) group(p *pattern.Node, ids []language.ID, b Bindings, k next) {
	if len(ids) == 1 {
		m.node(p, ids[0], b, k)
		return
	}
	bound := Bound{Start: m.t.Nodes[ids[0]].Start, End: m.t.Nodes[ids[len(ids)-1]].End, Node: m.whole(ids)}
	bound.Text = m.t.Source[bound.Start:max(bound.Start, bound.End)]
	m.bindTo(p.Value, bound, b, k)
}

// whole is the node that consists of a run of operands, or None: in `a && b && c` there is one of a and b only.
func (m *matcher) whole(ids []language.ID) language.ID {
	first, last := ids[0], ids[len(ids)-1]
	for id := m.t.Nodes[last].Parent; id > 0 && m.t.Nodes[id].Kind == language.Binary; id = m.t.Nodes[id].Parent {
		switch {
		case m.t.Nodes[id].Next != m.t.Nodes[last].Next:
			return language.None
		case id < first:
			if inner := m.operands(id, m.t.Nodes[id].Value, nil); slices.Equal(inner, ids) {
				return id
			}
			return language.None
		}
	}
	return language.None
}

// anyOrder matches operands in any order; those that the pattern does not name do not matter.
func (m *matcher) anyOrder(ps []*pattern.Node, ids []language.ID, b Bindings, k next) {
	var vars, plain []*pattern.Node
	for _, p := range ps {
		switch {
		case p.Kind == language.Metavar:
			vars = append(vars, p)
		case !p.IsEllipsis():
			plain = append(plain, p)
		}
	}
	m.place(plain, ids, b, func(left []language.ID, b Bindings) {
		switch {
		case len(vars) == 0:
			k(b)
		case len(left) > maxFree:
			m.items(append(slices.Clone(vars), &pattern.Node{Kind: language.Ellipsis}), left, b, k)
		default:
			m.share(vars, left, b, k)
		}
	})
}

// place matches each node of a pattern with an operand of its own.
func (m *matcher) place(ps []*pattern.Node, ids []language.ID, b Bindings, k func([]language.ID, Bindings)) {
	if !m.step() {
		return
	}
	if len(ps) == 0 {
		k(ids, b)
		return
	}
	for i := 0; i < len(ids) && !m.over; i++ {
		m.node(ps[0], ids[i], b, func(b Bindings) { m.place(ps[1:], slices.Delete(slices.Clone(ids), i, i+1), b, k) })
	}
}

// share lets each metavariable stand for some of the operands, few enough for all ways to be tried.
func (m *matcher) share(vars []*pattern.Node, ids []language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	if len(vars) == 0 {
		k(b)
		return
	}
	for set := 1; set < 1<<len(ids) && !m.over; set++ {
		var taken, left []language.ID
		for i, id := range ids {
			if set&(1<<i) != 0 {
				taken = append(taken, id)
			} else {
				left = append(left, id)
			}
		}
		m.group(vars[0], taken, b, func(b Bindings) { m.share(vars[1:], left, b, k) })
	}
}

// swapped matches `a == b` with `b == a`.
func (m *matcher) swapped(p *pattern.Node, id language.ID, b Bindings, k next) {
	left, right := p.Child(language.SlotLeft), p.Child(language.SlotRight)
	first, second := m.t.Child(id, language.SlotLeft), m.t.Child(id, language.SlotRight)
	if left != nil && right != nil && first != language.None && second != language.None {
		m.node(left, second, b, func(b Bindings) { m.node(right, first, b, k) })
	}
}

// inChain says whether `a and b` is the front of Python's `a and b and c`, which has three operands.
func (m *matcher) inChain(id language.ID) bool {
	n := &m.t.Nodes[id]
	if m.t.Spec.Name != "python" || n.Kind != language.Binary || n.Value != "&&" && n.Value != "||" {
		return false
	}
	p := &m.t.Nodes[n.Parent]
	return n.Slot == language.SlotLeft && p.Kind == language.Binary && p.Value == n.Value && n.Flags&language.Parenthesised == 0
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
