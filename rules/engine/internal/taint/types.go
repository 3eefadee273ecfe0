package taint

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// typed drops the marks of a value whose type cannot carry an attack, where the rule says so.
func (m *machine) typed(set taints, id language.ID) taints {
	if len(set) == 0 || id == language.None || !m.in.Options.AssumeSafeBooleans && !m.in.Options.AssumeSafeNumbers {
		return set
	}
	switch m.typeOf(id) {
	case boolean:
		if m.in.Options.AssumeSafeBooleans {
			return nil
		}
	case number:
		if m.in.Options.AssumeSafeNumbers {
			return nil
		}
	case otherType:
	}
	return set
}

type valueType uint8

const (
	otherType valueType = iota
	boolean
	number
)

var typeNames = map[string]valueType{
	"boolean": boolean, "Boolean": boolean, "bool": boolean, "int": number, "long": number, "short": number, "byte": number, "float": number, "double": number,
	"Integer": number, "Long": number, "Short": number, "Float": number, "Double": number, "number": number, "int64": number, "int32": number,
	"uint": number, "float64": number, "float32": number,
}

// typeOf tells whether an expression is a truth value or a number, as far as the file says.
func (m *machine) typeOf(id language.ID) valueType {
	t := m.t
	switch n := &t.Nodes[id]; n.Kind {
	case language.Bool:
		return boolean
	case language.Num:
		return number
	case language.Binary:
		switch n.Value {
		case "==", "!=", "===", "!==", "<", "<=", ">", ">=", "instanceof", "in":
			return boolean
		case "&&", "||":
			if t.Spec.Semicolon && !t.Spec.PartialDict { // elsewhere the value is that of an operand
				return boolean
			}
		case "+":
			if m.step() != nil { // a long sum is asked for at each of its links
				return otherType
			}
			right := m.numeric(t.Child(id, language.SlotRight))
			if any := t.Spec.Name == "python"; right && any || right != any && m.numeric(t.Child(id, language.SlotLeft)) {
				return number
			}
		case "-", "*", "/", "%", "<<", ">>", "&", "|", "^":
			return number
		}
	case language.Unary:
		switch n.Value {
		case "!":
			return boolean
		case "-", "+", "~", "++", "--":
			return number
		}
	case language.Cast:
		return m.named(t.Child(id, language.SlotType))
	case language.Name:
		return m.declared()[m.key(id)]
	case language.Dot:
		if name := t.Child(id, language.SlotName); name != language.None {
			if o := t.Child(id, language.SlotOperand); o != language.None && t.Nodes[o].Kind == language.Name && m.this(o) {
				return m.declared()[m.member(t.Nodes[name].Value)]
			}
			if t.Spec.Name == "java" && t.Nodes[name].Value == "length" {
				return number // of an array
			}
		}
	case language.Call:
		return m.resultType(t.Child(id, language.SlotCallee))
	}
	return otherType
}

func (m *machine) numeric(id language.ID) bool { return id != language.None && m.typeOf(id) == number }

// resultType is the type of what a known function of Java gives.
func (m *machine) resultType(callee language.ID) valueType {
	if callee == language.None || m.t.Spec.Name != "java" {
		return otherType
	}
	name := callee
	if m.t.Nodes[callee].Kind == language.Dot {
		name = m.t.Child(callee, language.SlotName)
	}
	if name == language.None {
		return otherType
	}
	switch m.t.Nodes[name].Value {
	case "valueOf": // of Integer, Boolean, ...
		if o := m.t.Child(callee, language.SlotOperand); name != callee && o != language.None {
			return typeNames[m.t.Nodes[o].Value]
		}
	case "parseInt", "parseLong", "parseDouble", "parseFloat", "intValue", "longValue", "doubleValue", "floatValue", "length", "size", "indexOf", "lastIndexOf",
		"hashCode", "compareTo", "compareToIgnoreCase":
		return number
	case "equals", "equalsIgnoreCase", "isEmpty", "isBlank", "startsWith", "endsWith", "contains", "matches", "parseBoolean", "booleanValue",
		"containsKey", "containsValue":
		return boolean
	}
	return otherType
}

func (m *machine) named(typ language.ID) valueType {
	if typ == language.None {
		return otherType
	}
	n := &m.t.Nodes[typ]
	return typeNames[strings.TrimSpace(n.Value)]
}

// declared gives the types that variables are declared with.
func (m *machine) declared() map[int32]valueType {
	if m.types != nil {
		return m.types
	}
	m.types = map[int32]valueType{}
	t := m.t
	for i := range t.Nodes {
		id := language.ID(i)
		slot := language.SlotTarget
		switch t.Nodes[i].Kind {
		case language.Param:
			slot = language.SlotName
		case language.Assign, language.ForEach:
		default:
			continue
		}
		typ := m.named(t.Child(id, language.SlotType))
		if value := t.Child(id, language.SlotValue); typ == otherType && t.Nodes[i].Kind == language.Assign && t.Nodes[i].Flags&language.Declares != 0 && value != language.None {
			typ = m.typeOf(value) // var x = 1
		}
		if typ != otherType {
			if name := t.Child(id, slot); name != language.None && t.Nodes[name].Kind == language.Name {
				m.types[m.key(name)] = typ
			}
		}
	}
	return m.types
}
