package match

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

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
			m.row(p, id, call, b, k)
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
	if target != nil && value != nil && target.Kind == language.Metavar && m.required(id) {
		m.row(p, id, m.t.Child(id, language.SlotValue), b, k)
	}
	source := m.t.Child(id, language.SlotValue)
	if (value == nil) != (source == language.None) {
		return // `T x;` is a declaration without a value
	}
	if value != nil && !m.may(value, source) {
		return
	}
	if own, more := m.only(id, language.SlotTarget); target != nil && own != language.None && !more && !m.may(target, own) {
		return
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

// row matches `x = e` in a row of statements with a declaration that takes apart what require gives; x is its keyword then.
func (m *matcher) row(p *pattern.Node, id, call language.ID, b Bindings, k next) {
	word := m.keyword(id)
	if len(m.p.Roots) > 1 && (p.Flags&language.Declares == 0 || word.Text == declaring(p)) {
		m.bindTo(p.Child(language.SlotTarget).Value, word, b, func(b Bindings) { m.node(p.Child(language.SlotValue), call, b, k) })
	}
}

// declaring is the keyword of a declaration of JavaScript.
func declaring(p *pattern.Node) string {
	switch {
	case p.Type != "lexical_declaration":
		return "var"
	case p.Flags&language.Const != 0:
		return "const"
	}
	return "let"
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
