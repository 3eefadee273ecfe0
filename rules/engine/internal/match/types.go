package match

import (
	"slices"
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
	if items := p.In(language.Item); m.t.Spec.Name == "solidity" && len(items) == 1 && items[0].IsEllipsis() && m.t.Child(id, language.Item) == language.None {
		return // T[...] has a length
	}
	m.slots(p, id, b, k)
}

// hasType says whether an expression is known to have a type.
func (m *matcher) hasType(id language.ID, want string) bool {
	n := &m.t.Nodes[id]
	switch n.Kind {
	case language.Str, language.Num, language.Bool:
		return m.kindIs(n.Kind, n.Value, want)
	}
	if typ := m.typeOf(id); typ != language.None {
		return m.typeIs(typ, want)
	}
	if n.Kind == language.Call && n.Flags&language.New == 0 && m.t.Spec.Name == "go" && goConversions[want] && m.value(m.t.Child(id, language.SlotCallee)) == want {
		return true
	}
	if worked := m.worksOut(id, 0); worked != unknown {
		return basic[want] == worked
	}
	if n.Kind == language.Name && n.Value == want && m.t.Spec.Name != "go" {
		return true // a class, say, of which a method is called
	}
	v, ok := m.constant(id)
	return ok && (n.Kind == language.Name || n.Kind == language.Dot) && m.kindIs(v.Kind, v.Text, want)
}

// kindIs says whether a literal has a type.
func (m *matcher) kindIs(kind language.Kind, value, want string) bool {
	switch kind {
	case language.Str:
		if m.t.Spec.Name == "c" || m.t.Spec.Name == "cpp" {
			return want == "char*" || want == "constchar*"
		}
		return want == "String" || want == "string" || want == "str" || want == "java.lang.String"
	case language.Num:
		float := strings.ContainsAny(value, ".") && !strings.HasPrefix(value, "0x") || m.t.Spec.PartialDict // JavaScript has no others
		switch want {
		case "int", "long", "short", "byte", "Integer", "Long", "Int":
			return !float
		case "float", "double", "Double", "Float":
			return float
		case "number":
			return true
		}
	case language.Bool:
		return want == "bool" && m.t.Spec.Name != "go" || want == "boolean" || want == "Boolean" || want == "Bool" // Go's are names like others
	}
	return false
}

// A basicType is what an expression amounts to by its operators alone.
type basicType uint8

const (
	unknown basicType = iota
	boolean
	integer
	text
)

var basic = map[string]basicType{
	"bool": boolean, "boolean": boolean, "Boolean": boolean, "int": integer, "long": integer, "short": integer, "byte": integer, "String": text, "string": text,
}

var goConversions = map[string]bool{
	"string": true, "bool": true, "int": true, "int8": true, "int16": true, "int32": true, "int64": true, "uint": true, "uint8": true, "uint16": true,
	"uint32": true, "uint64": true, "float32": true, "float64": true, "byte": true, "rune": true, "uintptr": true,
}

// javaBoxes are the types that Semgrep takes for one.
var javaBoxes = map[string]string{
	"int": "int", "Integer": "int", "boolean": "boolean", "Boolean": "boolean", "String": "String", "float": "float", "Float": "float", "double": "double", "Double": "double",
	"long": "long", "Long": "long", "short": "short", "Short": "short", "byte": "byte", "Byte": "byte", "char": "char", "Character": "char",
}

// javaMethods are those that give the same whatever they are called on.
var javaMethods = map[string]basicType{
	"equals": boolean, "isEmpty": boolean, "contains": boolean, "containsKey": boolean, "containsValue": boolean,
	"length": integer, "size": integer, "compareTo": integer,
}

// javaFunctions are those of classes.
var javaFunctions = map[string]basicType{
	"Boolean.parseBoolean": boolean, "Integer.parseInt": integer, "Integer.valueOf": integer, "Long.parseLong": integer,
}

// maxOperators bounds how deep operators are looked into for a type.
const maxOperators = 20

// worksOut tells the type that comparisons and arithmetic give, as far as Semgrep knows it: a sum of strings is none.
func (m *matcher) worksOut(id language.ID, depth int) basicType {
	if id == language.None || depth > maxOperators || !m.step() {
		return unknown
	}
	t := m.t
	operand := func(s language.Slot) basicType { return m.worksOut(t.Child(id, s), depth+1) }
	switch n := &t.Nodes[id]; n.Kind {
	case language.Bool:
		return boolean
	case language.Num:
		if !strings.Contains(n.Value, ".") {
			return integer
		}
	case language.Str:
		return text
	case language.Name:
		if typ := m.typeOf(id); typ != language.None {
			if t.Nodes[typ].Kind == language.Name || t.Nodes[typ].Kind == language.Type {
				return basic[t.Text(typ)]
			}
			return m.worksOut(typ, depth+1) // a literal
		}
	case language.Unary:
		if n.Value == "!" {
			return boolean
		}
	case language.Binary:
		switch n.Value {
		case "==", "!=", "===", "!==", "<", "<=", ">", ">=", "in":
			return boolean
		case "&&", "||":
			if t.Spec.Name == "java" {
				return boolean
			}
		case "&", "|", "^":
			if t.Spec.Name == "java" && operand(language.SlotLeft) == boolean {
				return boolean
			}
		case "+", "-", "*", "%":
			if operand(language.SlotLeft) == integer && operand(language.SlotRight) == integer {
				return integer
			}
		}
	case language.Ternary:
		if then := operand(language.SlotThen); then == operand(language.SlotElse) {
			return then
		}
	case language.Dot:
		if t.Spec.Name == "java" && m.value(t.Child(id, language.SlotName)) == "length" {
			return integer
		}
	case language.Call:
		callee := t.Child(id, language.SlotCallee)
		if t.Spec.Name == "java" && callee != language.None && t.Nodes[callee].Kind == language.Dot {
			name := m.value(t.Child(callee, language.SlotName))
			if known, ok := javaFunctions[m.value(t.Child(callee, language.SlotOperand))+"."+name]; ok {
				return known
			}
			return javaMethods[name]
		}
	}
	return unknown
}

// typeIs compares a type as written with the one wanted: the text, the text without type arguments, or the qualified name. Type arguments
// must be there if they are asked for, and be the same but for metavariables.
func (m *matcher) typeIs(typ language.ID, want string) bool {
	t := m.t
	n := &t.Nodes[typ]
	switch n.Kind {
	case language.Str, language.Num, language.Bool:
		return m.kindIs(n.Kind, n.Value, want)
	}
	if n.Kind == language.Type && t.Type(typ) == "generic_type" {
		name, args, generic := strings.Cut(want, "<")
		if o := t.Child(typ, language.SlotOperand); o != language.None && (!generic || sameArguments(t.Source[t.Nodes[o].End:n.End], "<"+args)) {
			return m.typeIs(o, name)
		}
	}
	if strings.HasPrefix(want, "$") {
		return true // ($T $X): any declared type
	}
	if text := squeeze(t.Text(typ)); text == want {
		return true
	} else if boxed := javaBoxes[strings.TrimPrefix(want, "java.lang.")]; t.Spec.Name == "java" && boxed != "" {
		return boxed == javaBoxes[strings.TrimPrefix(text, "java.lang.")] && !strings.HasPrefix(want, "java.lang.")
	} else if i := strings.LastIndexByte(want, '.'); t.Spec.Name == "java" && i >= 0 && text == want[i+1:] && m.starImport(want[:i]) {
		return true // a simple name may be the last part of the qualified one
	}
	full := m.qualified(typ)
	return full != nil && strings.Join(full, ".") == want
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// sameArguments compares type arguments with those wanted, in which metavariables stand for any.
func sameArguments(own, want string) bool {
	got, wanted := typeArguments(own), typeArguments(want)
	return len(got) == len(wanted) && !slices.ContainsFunc(wanted, func(w string) bool {
		g := got[0]
		got = got[1:]
		return w != g && !strings.HasPrefix(w, "$") && w != "..."
	})
}

// typeArguments are those of `<A, B<C, D>>`, without the white space.
func typeArguments(s string) []string {
	s = squeeze(s)
	s = strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">")
	var list []string
	depth, from := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '<':
			depth++
		case '>':
			depth--
		case ',':
			if depth == 0 {
				list = append(list, s[from:i])
				from = i + 1
			}
		}
	}
	return append(list, s[from:])
}

// starImport says whether the file imports all of a package.
func (m *matcher) starImport(pkg string) bool {
	for _, id := range m.ids(language.Import) {
		if m.value(m.t.Child(id, language.SlotModule)) == pkg+".*" {
			return true
		}
	}
	return false
}
