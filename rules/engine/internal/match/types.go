package match

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

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
