package taint

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/consts"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A comparison of constants has one outcome, so that one of two ways is never gone. Only comparisons count: a plain flag such as DEBUG is a
// constant that somebody means to change.

// truth gives the outcome of a condition that is always the same.
func (f *File) truth(cond language.ID) (outcome, known bool) {
	if cond == language.None {
		return false, false
	}
	n := &f.t.Nodes[cond]
	switch n.Kind {
	case language.Unary:
		if n.Value == "!" || n.Value == "not" {
			outcome, known = f.truth(f.t.Child(cond, language.SlotOperand))
			return !outcome, known
		}
	case language.Binary:
		if v, ok := f.constant(cond); ok && v.Kind == language.Bool && v.Known && comparison(n.Value) {
			return v.Text == "true", true
		}
	}
	return false, false
}

// A chosen says whether a case of a switch is the one that runs.
type chosen uint8

const (
	perhaps chosen = iota
	never
	always
)

// choose compares a case's operand with the constant that the switch asks for.
func (f *File) choose(subject consts.Value, operand language.ID) chosen {
	t := f.t
	n := &t.Nodes[operand]
	text := n.Value
	switch {
	case n.Kind == language.Str, n.Kind == language.Num:
	case n.Kind == language.Other && t.Type(operand) == "character_literal":
		text = strings.Trim(t.Text(operand), "'")
		if strings.Contains(text, `\`) {
			return perhaps
		}
	case n.Kind == language.Other && t.Type(operand) == "union_pattern":
		out := never
		for c := range t.Children(operand) {
			switch f.choose(subject, c) {
			case always:
				return always
			case perhaps:
				out = perhaps
			case never:
			}
		}
		return out
	default:
		return perhaps
	}
	if text == subject.Text {
		return always
	}
	return never
}

// subject gives the constant that a switch asks for.
func (f *File) subject(id language.ID) (consts.Value, bool) {
	operand := f.t.Child(id, language.SlotOperand)
	if operand == language.None {
		return consts.Value{}, false
	}
	v, ok := f.constant(operand)
	return v, ok && v.Known && (v.Kind == language.Str || v.Kind == language.Num)
}
