package match

import (
	"slices"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// sequences matches runs of statements. What follows a run does not matter. With an ellipsis it may go on in statements nested in the block.
func (m *matcher) sequences() {
	ps := m.p.Roots
	m.begun = m.begin
	kinds := firstKinds(ps[0])
	if kinds == nil {
		for _, kind := range []language.Kind{language.File, language.Block} {
			for _, block := range m.ids(kind) {
				for _, id := range m.list(block) {
					m.sequence(id)
					if ps[0].IsEllipsis() {
						break // `...` at the front takes what later starts would skip
					}
				}
			}
		}
	}
	for _, kind := range kinds {
		for _, id := range m.ids(kind) {
			if n := &m.t.Nodes[id]; n.Slot == language.Item && id > 0 {
				if k := m.t.Nodes[n.Parent].Kind; k == language.File || k == language.Block {
					m.sequence(id)
				}
			}
		}
	}
	for _, id := range m.heads {
		m.headed(id)
	}
	if len(ps) == 1 && !ps[0].IsEllipsis() {
		for _, id := range m.labelled {
			m.sequenceAt([]language.ID{id}, 0)
		}
	}
}

// firstKinds are the kinds of the statements at which a run can begin; nil: any.
func firstKinds(p *pattern.Node) []language.Kind {
	switch p.Kind {
	case language.Assign:
		return []language.Kind{language.Assign, language.Import, language.ImportFrom, language.ExprStmt, language.Return, language.Other}
	case language.ExprStmt:
		if operand := p.Child(language.SlotOperand); operand == nil || operand.Kind == language.Metavar || operand.Kind == language.DeepEllipsis {
			return nil
		}
		return []language.Kind{language.ExprStmt, language.Assign, language.Return, language.Import, language.ImportFrom, language.Other}
	case language.Import, language.ImportFrom:
		return []language.Kind{language.Import, language.ImportFrom}
	case language.For:
		return []language.Kind{language.For, language.ForEach}
	case language.ForEach, language.If, language.Func, language.Class, language.With, language.Try, language.Switch, language.Throw, language.Return:
		return []language.Kind{p.Kind}
	}
	return nil
}

// sequence matches a run of statements that starts with one of a block's own.
func (m *matcher) sequence(first language.ID) {
	if m.over {
		return
	}
	ps := m.p.Roots
	block := m.t.Nodes[first].Parent
	if expr := m.t.Nodes[block].Flags&language.Lambda != 0 && !m.t.Spec.PartialDict; len(ps) > 1 && (expr || m.bare(block)) {
		return // no list of statements
	}
	if ps[0].IsEllipsis() {
		own := m.list(block)
		m.sequenceAt(own, 0)
		if nested := m.nested(block); len(ps) > 1 && len(nested) > len(own) {
			m.sequenceAt(nested, 0)
		}
		return
	}
	// The lists are made only once the first statement has matched: most do not.
	m.start = first
	m.first(ps[0], first, nil, m.begun)
}

// begin goes on with a run of statements whose first has matched.
func (m *matcher) begin(b Bindings) {
	ps, first := m.p.Roots, m.start
	if len(ps) == 1 {
		m.emit(first, m.t.Nodes[first].Start, m.t.Nodes[first].End, b)
		return
	}
	block := m.t.Nodes[first].Parent
	own := m.list(block)
	i, _ := slices.BinarySearch(own, first)
	alone := block == 0 && m.severalNames(first) // Semgrep has a block of its own there
	if alone {
		own, i = own[i:i+1], 0
	}
	rest := func(list []language.ID, at int) {
		m.stmts(ps[1:], list, at+1, b, func(b Bindings, taken int) { m.emitRun(list[at:taken], b) })
	}
	rest(own, i)
	if hasEllipsis(ps) && !alone {
		if nested := m.nested(block); len(nested) > len(own) {
			at, _ := slices.BinarySearch(nested, first)
			rest(nested, at)
		}
	}
}

// sequenceAt matches a run of statements that starts with one of a list.
func (m *matcher) sequenceAt(list []language.ID, at int) {
	if at < len(list) {
		m.stmts(m.p.Roots, list, at, nil, func(b Bindings, taken int) { m.emitRun(list[at:taken], b) })
	}
}

// emitRun gives a match of several statements.
func (m *matcher) emitRun(run []language.ID, b Bindings) {
	if len(run) == 0 {
		return
	}
	start, end := m.t.Nodes[run[0]].Start, m.t.Nodes[run[0]].End
	for _, id := range run {
		end = max(end, m.t.Nodes[id].End)
	}
	m.emit(run[0], start, end, b)
}

// headed matches a run of statements that starts in the head of one: in Go's `if x := f(); x`, x := f() stands before the if.
func (m *matcher) headed(id language.ID) {
	init := m.t.Child(id, language.SlotInit)
	if m.over || m.p.Roots[0].IsEllipsis() {
		return
	}
	left := []language.ID{init, id}
	if hasEllipsis(m.p.Roots) {
		for _, s := range m.nested(id) {
			if s > init {
				left = append(left, s)
			}
		}
	}
	m.sequenceAt(left, 0)
}

func hasEllipsis(ps []*pattern.Node) bool {
	for _, p := range ps {
		if p.IsEllipsis() {
			return true
		}
	}
	return false
}

// block matches the whole body of something. With an ellipsis in it, the statements may be nested in other statements, and what follows
// the last does not matter.
func (m *matcher) block(p *pattern.Node, id language.ID, b Bindings, k next) {
	if !hasEllipsis(p.Kids) {
		ids := m.withHeads(m.list(id))
		if v := p.Kids; p.Single && len(ids) != 1 && v[0].Kind == language.ExprStmt && len(v[0].Kids) == 1 && v[0].Kids[0].Kind == language.Metavar {
			m.bind(v[0].Kids[0].Value, id, b, k) // `if (x) $S` finds whatever is done
			return
		}
		m.stmts(p.Kids, ids, 0, b, func(b Bindings, taken int) {
			if taken == len(ids) {
				k(b)
			}
		})
		return
	}
	if len(p.Kids) == 1 && p.Kids[0].Kind == language.Ellipsis {
		k(b)
		return
	}
	if m.bare(id) {
		return
	}
	own := m.list(id)
	m.stmts(p.Kids, own, 0, b, func(b Bindings, _ int) { k(b) })
	if nested := m.nested(id); len(nested) > len(own) {
		m.stmts(p.Kids, nested, 0, b, func(b Bindings, _ int) { k(b) })
	}
}

// withHeads puts what stands in the head of an if or switch before it: Go's `if x := f(); x` is two statements.
func (m *matcher) withHeads(ids []language.ID) []language.ID {
	var out []language.ID
	for i, id := range ids {
		if k := m.t.Nodes[id].Kind; k == language.If || k == language.Switch {
			if init := m.t.Child(id, language.SlotInit); init != language.None {
				if out == nil {
					out = slices.Clone(ids[:i])
				}
				out = append(out, init)
			}
		}
		if out != nil {
			out = append(out, id)
		}
	}
	if out == nil {
		return ids
	}
	return out
}

// bare says whether a block is a single statement without braces, which is no list of statements.
func (m *matcher) bare(block language.ID) bool {
	n := &m.t.Nodes[block]
	return m.t.Spec.Semicolon && n.Kind == language.Block && n.Flags&language.Lambda == 0 && block+1 < n.Next &&
		m.t.Nodes[block+1].Symbol == n.Symbol && m.t.Nodes[block+1].Start == n.Start
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
		if word := m.word(ps[1].Vars, b); word != "" {
			for _, i := range m.holding(word, ids, at) {
				m.run1(p, ids[at:i], b, func(b Bindings) { m.stmts(ps[1:], ids, i, b, k) })
			}
			return
		}
		for i := at; i <= len(ids) && !m.over; i++ {
			m.run1(p, ids[at:i], b, func(b Bindings) { m.stmts(ps[1:], ids, i, b, k) })
		}
		return
	}
	if at >= len(ids) {
		return
	}
	m.first(p, ids[at], b, func(b Bindings) { m.stmts(ps[1:], ids, at+1, b, k) })
}

// first matches one statement of a list.
func (m *matcher) first(p *pattern.Node, id language.ID, b Bindings, k next) {
	m.node(p, id, b, k)
	if p.Kind == language.Assign && p.Flags&language.Declares == 0 {
		m.within(p, id, b, k) // an assignment is an expression
	}
}

// holding are the indexes, from at on, of the statements that hold an identifier.
func (m *matcher) holding(word string, ids []language.ID, at int) []int {
	if at >= len(ids) {
		return nil
	}
	last := ids[len(ids)-1]
	for m.t.Nodes[last].Parent >= ids[0] {
		last = m.t.Nodes[last].Parent
	}
	var out []int
	seen := language.None // the statements around the last use are known
	for _, use := range inRange(m.uses(word), ids[at], m.t.Nodes[last].Next) {
		for id := use; id >= ids[at] && id > seen; id = m.t.Nodes[id].Parent {
			if i, ok := slices.BinarySearch(ids[at:], id); ok {
				out = append(out, at+i)
			}
			m.steps--
		}
		seen = use
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// statement matches an expression that stands as a statement: with such a statement, or with one that holds the expression somewhere
// inside (`f()` in `x = f()`).
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
	if operand.Kind == language.DeepEllipsis {
		m.anywhere(operand, id, b, k)
		return
	}
	if m.options.NoDeepExpr {
		if n.Kind == language.ExprStmt {
			m.slot(p, id, language.SlotOperand, b, k)
		}
		return
	}
	m.within(operand, id, b, k)
}

// anywhere matches `<... e ...>` as a statement: with any statement that holds the expression, in its head if it has a body.
func (m *matcher) anywhere(p *pattern.Node, id language.ID, b Bindings, k next) {
	switch n := &m.t.Nodes[id]; n.Kind {
	case language.If, language.For, language.ForEach, language.Switch, language.Throw, language.With, language.Defer:
		for c := range m.t.Children(id) {
			if k := &m.t.Nodes[c]; k.Slot == language.SlotResource && k.Kind == language.Assign {
				continue // `with f() as x`, as in Semgrep
			}
			switch m.t.Nodes[c].Slot {
			case language.SlotCond, language.SlotOperand, language.SlotValue, language.SlotInit, language.SlotUpdate, language.SlotResource:
				m.node(p, c, b, k)
			}
		}
	case language.Other:
		switch m.t.Type(id) {
		case "assert_statement", "delete_statement", "export_statement":
			for c := range m.t.Children(id) {
				m.node(p, c, b, k)
			}
		}
	default:
		m.within(p, id, b, k)
	}
}

// within matches an expression that a statement holds somewhere inside: one that is an expression, an assignment, an import by require or a
// return. What it is looked for in is what Semgrep looks at.
func (m *matcher) within(p *pattern.Node, id language.ID, b Bindings, k next) {
	t := m.t
	n := &t.Nodes[id]
	if word := m.word(p.Vars, b); word != "" && len(inRange(m.uses(word), id, n.Next)) == 0 {
		return
	}
	switch n.Kind {
	case language.ExprStmt, language.Assign, language.Return, language.Import, language.ImportFrom:
	case language.Other:
		if t.Type(id) != "export_statement" {
			return
		}
	default:
		return
	}
	if n.Kind == language.Return { // looked through more thoroughly, as a declaration is
		for c := range t.Children(id) {
			m.deep(p, c, b, k)
		}
		return
	}
	if value := t.Child(id, language.SlotValue); n.Kind == language.Assign && n.Flags&language.Declares != 0 && t.Spec.Semicolon && value != language.None {
		m.deep(p, value, b, k)
		return
	}
	for i := id + 1; i < n.Next && !m.over; {
		m.node(p, i, b, k)
		if m.closed(i) {
			i = t.Nodes[i].Next
		} else {
			i++
		}
	}
}

// closed says whether what a node holds is not looked through for the expression of a statement.
func (m *matcher) closed(id language.ID) bool {
	n := &m.t.Nodes[id]
	switch n.Kind {
	case language.Block, language.Index, language.Ternary, language.Element, language.Class, language.Func, language.Params, language.Type,
		language.Decorator, language.Switch, language.Slice:
		return true
	case language.Call:
		return n.Flags&language.New != 0
	case language.List, language.Dict:
		return m.t.Child(id, language.SlotType) != language.None
	case language.Unary:
		return n.Value == "&" || n.Value == "*" || n.Value == "<-"
	case language.Binary:
		return n.Value == "<-"
	case language.Other:
		switch m.t.Type(id) {
		case "list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression", "sequence_expression", "method_reference":
			return true
		}
	}
	return n.Slot == language.SlotKey && m.t.Spec.PartialDict
}
