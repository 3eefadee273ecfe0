package match

import (
	"slices"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// sequence matches a run of statements that starts at one of a block's own. What follows the run does not matter. With an ellipsis the
// run may go on in statements nested in the block.
func (m *matcher) sequence(block language.ID) {
	ps := m.p.Roots
	own := m.kids(block, func(n *language.Node) bool { return n.Slot == language.Item })
	deep := hasEllipsis(ps)
	nested := m.nested(block)
	for i, first := range own {
		if m.over {
			return
		}
		left := own[i:]
		if deep {
			at, _ := slices.BinarySearch(nested, first)
			left = nested[at:]
		}
		start := m.t.Nodes[first].Start
		m.stmts(ps, left, 0, nil, func(b Bindings, taken int) {
			if taken == 0 {
				return
			}
			end := start
			for _, id := range left[:taken] {
				end = max(end, m.t.Nodes[id].End)
			}
			m.emit(first, start, end, b)
		})
		if ps[0].IsEllipsis() {
			return // `...` at the front takes what later starts would skip
		}
	}
}

func hasEllipsis(ps []*pattern.Node) bool {
	for _, p := range ps {
		if p.IsEllipsis() {
			return true
		}
	}
	return false
}

// block matches the whole body of something. With an ellipsis in it, the statements may be nested in other statements.
func (m *matcher) block(p *pattern.Node, id language.ID, b Bindings, k next) {
	var ids []language.ID
	if hasEllipsis(p.Kids) {
		if len(p.Kids) == 1 && p.Kids[0].Kind == language.Ellipsis {
			k(b)
			return
		}
		ids = m.nested(id)
	} else {
		ids = m.kids(id, nil)
	}
	m.stmts(p.Kids, ids, 0, b, func(b Bindings, taken int) {
		if taken == len(ids) {
			k(b)
		}
	})
}

// stmts matches statements in order against ids[at:] and tells how many of ids were taken.
func (m *matcher) stmts(ps []*pattern.Node, ids []language.ID, at int, b Bindings, k func(Bindings, int)) {
	if !m.step() {
		return
	}
	if len(ps) == 0 {
		k(b, at)
		return
	}
	p := ps[0]
	if p.IsEllipsis() {
		if len(ps) == 1 {
			m.run1(p, ids[at:], b, func(b Bindings) { k(b, len(ids)) })
			return
		}
		for i := at; i <= len(ids) && !m.over; i++ {
			m.run1(p, ids[at:i], b, func(b Bindings) { m.stmts(ps[1:], ids, i, b, k) })
		}
		return
	}
	if at < len(ids) {
		m.node(p, ids[at], b, func(b Bindings) { m.stmts(ps[1:], ids, at+1, b, k) })
	}
}

// statement matches an expression that stands as a statement: with such a statement, or with one that holds the expression somewhere
// inside (`f()` in `x = f()`), but not in a function inside of it.
func (m *matcher) statement(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	operand := p.Child(language.SlotOperand)
	if operand == nil {
		return
	}
	if operand.Kind == language.Metavar {
		if n.Kind == language.ExprStmt {
			id = m.t.Child(id, language.SlotOperand)
		}
		if id != language.None {
			m.bind(operand.Value, id, b, k)
		}
		return
	}
	switch n.Kind {
	case language.ExprStmt, language.Assign, language.Return, language.Throw:
	default:
		return
	}
	for i := id; i < n.Next && !m.over; {
		c := &m.t.Nodes[i]
		if c.Kind == language.Block {
			i = c.Next
			continue
		}
		if i != id || n.Kind != language.ExprStmt {
			m.node(operand, i, b, k)
		}
		i++
	}
}
