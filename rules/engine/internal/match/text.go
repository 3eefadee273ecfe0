package match

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// str matches a string: "...", "$X", "=~/re/" or its content. Constants and sums of strings count as what they amount to.
func (m *matcher) str(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	if p.Type == "concatenated_string" && p.AnyString { // "..." "..."
		if m.t.Type(id) == p.Type {
			k(b)
		}
		return
	}
	if p.AnyString && id != m.root && m.t.Spec.Name == "ruby" && m.fragment(id) {
		return // #{"..."} is no text between expressions
	}
	if p.Interpolated {
		// f"..." and `...` stand for strings of that form only.
		if n.Kind == language.Template && n.Flags&language.Tagged == 0 && m.t.Type(id) != "concatenated_string" || n.Kind == language.Str && (m.t.Type(id) == "template_string" || m.t.Type(id) == "string" && strings.ContainsAny(m.prefix(id), "fF")) {
			k(b)
		}
		return
	}
	if p.Prefix != "" && (n.Kind != language.Str || strings.Trim(strings.ToLower(m.prefix(id)), "fut") != p.Prefix) {
		return // b"..." and r"..." are strings written that way
	}
	if p.Value == "" && n.Kind == language.Null && n.Start == n.End && m.t.Spec.Name == "yaml" {
		k(b) // `key:` without a value
		return
	}
	var value string
	at := id // the literal
	if n.Kind == language.Template && id == m.tagged && n.Flags&language.Tagged != 0 {
		for _, c := range m.inSlot(id, language.Item) {
			v, ok := m.constant(c)
			if !ok || !v.IsString() || !v.Known {
				return
			}
			value += v.Text
		}
	} else if n.Kind == language.Name && m.p.Spec.PartialDict && n.Slot == language.SlotKey {
		value = n.Value // { a: 1 } and { "a": 1 } are the same
	} else {
		v, ok := m.constant(id)
		if !ok || !v.IsString() || !v.Known && !p.AnyString {
			return
		}
		value = v.Text
		if v.At > 0 {
			at = v.At
		}
	}
	switch {
	case p.AnyString:
		k(b)
	case p.Regexp != nil:
		if p.Regexp.MatchString(value) {
			k(b)
		}
	case len(p.Kids) == 1:
		lit := &m.t.Nodes[at] // that of a constant is elsewhere
		bound := Bound{Start: lit.Start, End: lit.End, Node: language.None, Text: value}
		if lit.Kind == language.Str {
			// The range of the content, when the literal is written as it is.
			if i := strings.Index(m.t.Source[lit.Start:lit.End], value); i >= 0 {
				bound.Start = lit.Start + uint32(i)
				bound.End = bound.Start + uint32(len(value))
			}
		}
		m.bindTo(p.Kids[0].Value, bound, b, k)
	case value == p.Value:
		k(b)
	}
}

// prefix is what stands before the quotes of a string of Python.
func (m *matcher) prefix(id language.ID) string {
	text := strings.TrimLeft(m.t.Text(id), "( \t\r\n")
	if i := strings.IndexAny(text, "\"'"); i >= 0 {
		return text[:i]
	}
	return ""
}
