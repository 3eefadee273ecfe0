package language

import (
	grammarhtml "github.com/tree-sitter/tree-sitter-html/bindings/go"
)

func html() *Spec {
	g := newGrammar(grammarhtml.Language(), htmlRules())
	return &Spec{
		Name:       "html",
		Extensions: []string{".html", ".htm"},
		Metavar:    "mv-", // the name of an element has no underscore
		Wrappers: []Wrapper{
			{},
			{"<a ", ">"}, // an attribute
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func htmlRules() map[string]lowerFunc {
	return map[string]lowerFunc{
		"document":       through,
		"element":        htmlElement,
		"script_element": htmlElement,
		"style_element":  htmlElement,
		"doctype": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Element, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.name(c) == "doctype" {
					l.leaf(Name, SlotName, c, l.text(c))
				}
			}
			l.close(id)
		},
		"erroneous_end_tag": func(*lowerer, int32, Slot) {}, // closes nothing
		"text":              word(Str),
		"entity":            word(Str),
		"raw_text":          word(Str),
		"attribute": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Pair, slot, r)
			l.lower(l.kid(r, "attribute_name"), SlotKey)
			l.lower(l.child(r, 1), SlotOperand)
			l.close(id)
		},
		"tag_name":               word(Name),
		"attribute_name":         word(Name),
		"attribute_value":        word(Str),
		"quoted_attribute_value": func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, inner(l.text(r), 1)) },
	}
}

// htmlElement writes an element as JSX's are: name, attributes, and a body unless it closes itself.
func htmlElement(l *lowerer, r int32, slot Slot) {
	id := l.open(Element, slot, r)
	tag := l.kid(r, "start_tag")
	if tag < 0 {
		tag = l.kid(r, "self_closing_tag")
	}
	if tag >= 0 {
		l.lower(l.kid(tag, "tag_name"), SlotName)
		for c := l.first(tag); c >= 0; c = l.next(tag, c) {
			if l.is(c, "attribute") {
				l.lower(c, Item)
			}
		}
	}
	if !l.is(tag, "self_closing_tag") {
		b := l.open(Block, SlotBody, r)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.code(c) && c != tag && !l.is(c, "end_tag") {
				l.lower(c, Item)
			}
		}
		l.close(b)
	}
	l.close(id)
}

// ElementText says whether a node with the grammar's name typ, in the body of an element, is text: of JSX or HTML.
func ElementText(typ string) bool {
	return typ == "jsx_text" || typ == "text" || typ == "raw_text" || typ == "entity"
}
