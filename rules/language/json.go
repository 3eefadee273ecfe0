package language

import (
	grammarjson "github.com/tree-sitter/tree-sitter-json/bindings/go"
)

func json() *Spec {
	g := newGrammar(grammarjson.Language(), jsonRules())
	return &Spec{
		Name:       "json",
		Extensions: []string{".json"},
		Metavar:    "mv__", // inside of a string
		Wrappers: []Wrapper{
			{},
			{"{", "}"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func jsonRules() map[string]lowerFunc {
	return map[string]lowerFunc{
		"object": one(Dict, Item),
		"pair":   pair,
		"array":  one(List, Item),
		"string": func(l *lowerer, r int32, slot Slot) {
			text := l.text(r)
			l.leaf(Str, slot, r, unescape(text[min(1, len(text)):max(min(1, len(text)), len(text)-1)], true))
		},
		"number": word(Num),
		"true":   word(Bool),
		"false":  word(Bool),
		"null":   word(Null),
	}
}
