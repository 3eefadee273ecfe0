package match

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

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
	if want, own := p.Child(language.SlotParams), m.t.Child(id, language.SlotParams); want != nil && own != language.None && !m.may(want, own) {
		return
	}
	if p.Child(language.SlotReceiver) == nil && m.t.Child(id, language.SlotReceiver) != language.None {
		// The receiver of a Go method counts as its first parameter, as in Semgrep.
		if ps := p.Child(language.SlotParams); ps == nil || len(ps.Kids) == 0 || !ps.Kids[0].IsEllipsis() {
			return
		}
	}
	if m.t.Spec.Name == "java" && !m.p.Header && p.Flags&language.Lambda == 0 && p.Child(language.SlotBody) == nil {
		if body := m.t.Child(id, language.SlotBody); body != language.None && m.t.Nodes[body].Next > body+1 {
			return // f(); is a declaration without a body
		}
	}
	order := []language.Slot{language.SlotDecorator, language.SlotReceiver, language.SlotParams, language.SlotReturns, language.SlotType, language.SlotBody}
	if p.Anything {
		order = []language.Slot{language.SlotBody}
	}
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
	order := []language.Slot{language.SlotDecorator, language.SlotName, language.SlotType, language.SlotBase, language.SlotParams}
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

// inInterface says whether a method is one of an interface.
func (m *matcher) inInterface(id language.ID) bool {
	body := m.t.Nodes[id].Parent
	return body > 0 && strings.HasSuffix(m.t.Nodes[m.t.Nodes[body].Parent].Value, "interface")
}
