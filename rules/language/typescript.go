package language

import (
	"strings"

	grammartypescript "github.com/tree-sitter/tree-sitter-typescript/bindings/go"
)

// tsx is TypeScript with elements; JavaScript is read with it too.
func tsx() *grammar { return newGrammar(grammartypescript.LanguageTSX(), scriptRules()) }

func typescript(jsx *grammar) *Spec {
	plain := newGrammar(grammartypescript.LanguageTypescript(), scriptRules())
	return &Spec{
		Name:        "typescript",
		Aliases:     []string{"ts", "tsx"},
		Extensions:  []string{".ts", ".tsx", ".mts", ".cts"},
		Metavar:     "$", // as in JavaScript
		PartialDict: true,
		Semicolon:   true,
		Wrappers:    scriptWrappers,
		// `<T>x` is a cast in .ts and an element in .tsx.
		grammar: func(path string) *grammar {
			if strings.HasSuffix(strings.ToLower(path), ".tsx") {
				return jsx
			}
			return plain
		},
		mask:     maskScript,
		patterns: func() *grammar { return jsx },
	}
}
