package match

import (
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// swapped matches `a | b` with `b | a`: bits are put together in any order.
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

// restOfChain matches `a and $X` with `a and b and c`: $X stands for all operands but the first.
func (m *matcher) restOfChain(p, right *pattern.Node, id language.ID, b Bindings, k next) {
	left := p.Child(language.SlotLeft)
	front := m.t.Child(id, language.SlotLeft)
	if left == nil || front == language.None || m.t.Nodes[id].Kind != language.Binary || m.t.Nodes[id].Value != p.Value || !m.inChain(front) {
		return
	}
	second := language.None
	for m.step() && m.inChain(front) {
		second = m.t.Child(front, language.SlotRight)
		front = m.t.Child(front, language.SlotLeft)
	}
	if front == language.None || second == language.None {
		return
	}
	bound := Bound{Start: m.t.Nodes[second].Start, End: m.t.Nodes[id].End, Node: language.None}
	bound.Text = m.t.Source[bound.Start:bound.End]
	m.node(left, front, b, func(b Bindings) { m.bindTo(right.Value, bound, b, k) })
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
