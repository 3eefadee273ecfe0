package match

import (
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// may says whether a node could match, by what is seen without binding anything: kinds, names, how many arguments there are. Most places at
// which a pattern is tried fail here, before anything is allocated. It errs only on the side of yes.
func (m *matcher) may(p *pattern.Node, id language.ID) bool {
	n := &m.t.Nodes[id]
	if n.Kind == language.Cast || m.options.Symbolic && n.Kind == language.Name {
		return true // what they stand for may match
	}
	switch p.Kind {
	case language.Metavar:
		return n.Kind != language.KeyArg
	case language.DeepEllipsis:
		return n.Kind != language.KeyArg
	case language.Str:
		if p.Type == "concatenated_string" {
			return true
		}
		if n.Kind == language.Str && plainString(p) {
			return n.Value == p.Value
		}
		return constantKind(n.Kind)
	case language.Num, language.Bool, language.Null:
		return constantKind(n.Kind)
	case language.Name:
		return m.mayName(p, id)
	case language.Dot:
		return m.mayDot(p, id)
	case language.Call:
		return m.mayCall(p, id)
	case language.Regex:
		return n.Kind == language.Regex || n.Kind == language.Name
	case language.Assign:
		return n.Kind == language.Assign && n.Value == p.Value || n.Kind == language.Import || n.Kind == language.ImportFrom
	case language.Func:
		return n.Kind == language.Func
	case language.Dict:
		return n.Kind == language.Dict || n.Kind == language.List || n.Kind == language.Call || n.Kind == language.Other
	case language.List:
		return n.Kind == language.List
	case language.Params:
		return n.Kind == language.Params && m.mayArgs(p.Kids, id)
	}
	return true
}

// plainString says whether a string of a pattern stands for its content only.
func plainString(p *pattern.Node) bool {
	return !p.AnyString && !p.Interpolated && p.Regexp == nil && len(p.Kids) == 0
}

// constantKind says whether a node of the kind can stand for a constant.
func constantKind(k language.Kind) bool {
	switch k {
	case language.Str, language.Num, language.Bool, language.Null, language.Name, language.Dot, language.Assign, language.Binary, language.Unary,
		language.Ternary, language.Template, language.Cast:
		return true
	}
	return false
}

func (m *matcher) mayName(p *pattern.Node, id language.ID) bool {
	switch n := &m.t.Nodes[id]; n.Kind {
	case language.Name:
		return m.sameName(n.Value, p.Value) || p.Path != nil && m.renamed(id)
	case language.Dot:
		return p.Path != nil && len(m.stars) > 0
	case language.Str, language.Type:
		return true
	}
	return false
}

// renamed says whether a name of the file may stand for another one: it was imported.
func (m *matcher) renamed(id language.ID) bool {
	return len(m.stars) > 0 || len(m.imports) > 0 && m.imports[m.variables().Of(id)] != nil
}

func (m *matcher) mayDot(p *pattern.Node, id language.ID) bool {
	name := p.Child(language.SlotName)
	if name != nil && name.IsEllipsis() {
		return true
	}
	switch n := &m.t.Nodes[id]; n.Kind {
	case language.Name:
		return m.renamed(id)
	case language.Dot:
		own := m.t.Child(id, language.SlotName)
		if own != language.None && name != nil && name.Kind == language.Name && m.t.Nodes[own].Kind == language.Name && !m.sameName(m.t.Nodes[own].Value, name.Value) {
			return false // whatever stands before it
		}
		operand, o := p.Child(language.SlotOperand), m.t.Child(id, language.SlotOperand)
		return p.Path != nil && len(m.imports)+len(m.stars) > 0 || operand == nil || o == language.None || m.may(operand, o)
	}
	return false
}

func (m *matcher) mayCall(p *pattern.Node, id language.ID) bool {
	n := &m.t.Nodes[id]
	if n.Kind != language.Call {
		return n.Kind == language.Name || n.Kind == language.Dot || n.Kind == language.Template // decorators, tagged templates
	}
	if (n.Flags^p.Flags)&compared != 0 {
		return false
	}
	for c := id + 1; c < n.Next; c = m.t.Nodes[c].Next {
		switch m.t.Nodes[c].Slot {
		case language.SlotCallee:
			if want := p.Child(language.SlotCallee); want != nil && !m.may(want, c) {
				return false
			}
		case language.SlotArgs:
			if want := p.Child(language.SlotArgs); want != nil && want.Kind == language.Args && m.t.Nodes[c].Kind == language.Args && !m.mayArgs(want.Kids, c) {
				return false
			}
		}
	}
	return true
}

// mayArgs says whether arguments or parameters could match: those before the first ellipsis or argument by name are compared one by one, the rest is counted.
func (m *matcher) mayArgs(ps []*pattern.Node, args language.ID) bool {
	if m.t.Spec.Name == "dockerfile" {
		return true
	}
	end := m.t.Nodes[args].Next
	c := args + 1
	for ; len(ps) > 0 && !ps[0].IsEllipsis() && ps[0].Kind != language.KeyArg; ps = ps[1:] {
		if c >= end || !m.may(ps[0], c) {
			return false
		}
		c = m.t.Nodes[c].Next
	}
	least, more := 0, false
	for _, p := range ps {
		if p.IsEllipsis() {
			more = true
		} else {
			least++
		}
	}
	for ; c < end && least > 0; c = m.t.Nodes[c].Next {
		least--
	}
	return least == 0 && (more || c >= end)
}
