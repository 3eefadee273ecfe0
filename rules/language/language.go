// Package language turns source text into the one normalised tree that rules, checks and indexes read.
//
// One file per language holds all that the rest of the program knows about it: grammar, extensions, how a metavariable is spelt
// where the grammar refuses a dollar, and the lowering from the grammar's nodes to the kinds of Kind. Parsing is one C call that
// returns the whole tree flat; nothing after it crosses into C. This is the only importer of tree-sitter.
package language

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

// Spec is all the engine knows about a language.
type Spec struct {
	Name       string   // as rules name it, and as messages show it: "python"
	Aliases    []string // other names that rules use: "py"
	Extensions []string // with the dot, lower case
	Names      []string // of files without such an extension: "Dockerfile"; also the part before a dot (Dockerfile.prod)

	// Metavar is what a pattern's "$X" is spelt with in place of the dollar before the grammar reads it: a prefix that makes the
	// whole an identifier of the language. A pattern that uses the prefix itself would be misread, so it is an unlikely one.
	Metavar string
	// Others are further prefixes, for the places where the grammar takes no identifier as the first one makes it.
	Others []string

	// PartialDict says that a dictionary or object literal in a pattern may leave out members without "...".
	PartialDict bool
	// PartialMembers says the same, and nothing else of what JavaScript means by an object.
	PartialMembers bool
	// Caseless says that names match without regard to case, but for those that begin with a dollar.
	Caseless bool
	// KeyArgs says that arguments may be given by name, in any order.
	KeyArgs bool
	// Semicolon says that an expression becomes a statement only by a semicolon: a pattern without one is an expression.
	Semicolon bool

	// AnyFile says that rules of the language read text: they look at every file, whatever its name, and there is no tree.
	AnyFile bool

	// Wrappers are the surroundings that make a fragment of code a file, in the order to be tried. The first is the empty one, unless code
	// needs an opening mark (PHP).
	Wrappers []Wrapper

	grammar  func(path string) *grammar
	patterns func() *grammar
	own      func(*grammar, []byte) (*Tree, error) // reads a language that has no grammar of its own; nil: the grammar does
	second   *grammar                              // tried where the first reads a text with errors, if there is one
	mask     func([]byte) []byte                   // what the grammar does not know, blanked; nil: there is nothing to blank
}

// A Wrapper is text before and after a pattern that makes it a file of the language.
type Wrapper struct{ Before, After string }

var all = sync.OnceValue(func() []*Spec {
	elements, shell := tsx(), bashGrammar()
	list := append(tagged(), bash(shell), c(), cpp(), dockerfile(shell), golang(), hcl(), html(), java(), javascript(elements), json(), php(), python(), ruby(), rust(), solidity(), swift(), typescript(elements), yaml())
	slices.SortFunc(list, func(a, b *Spec) int { return cmp.Compare(a.Name, b.Name) })
	return list
})

var anyFile = sync.OnceValue(texts)

// All returns the languages that have a grammar, sorted by name.
func All() []*Spec { return all() }

// ForName returns the language that a rule names, or nil. It may be one of those that are not in All: generic and regex.
func ForName(name string) *Spec {
	name = strings.ToLower(name)
	for _, s := range slices.Concat(all(), anyFile()) {
		if s.Name == name {
			return s
		}
		for _, a := range s.Aliases {
			if a == name {
				return s
			}
		}
	}
	return nil
}

// elsewhere are the languages, with their other names, that are read only by a build with the tag: their parsers take long to compile.
var elsewhere = []string{"csharp", "c#", "cs", "kotlin", "kt", "scala"}

// Absent says whether a name is that of a language that this build leaves out.
func Absent(name string) bool {
	return ForName(name) == nil && slices.Contains(elsewhere, strings.ToLower(name))
}

// NotBuilt is what to tell of an absent language.
const NotBuilt = "not in this build (build with -tags allgrammars)"

// ForPath returns the language of a file by its extension or name, or nil.
func ForPath(p string) *Spec {
	base := path.Base(p)
	ext := strings.ToLower(path.Ext(base))
	stem, _, _ := strings.Cut(base, ".")
	for _, s := range all() {
		if ext != "" && slices.Contains(s.Extensions, ext) {
			return s
		}
	}
	for _, s := range all() {
		if stem != "" && slices.Contains(s.Names, stem) {
			return s
		}
	}
	return nil
}

// Files gives what the names of the language's files are: "*.py", "Dockerfile".
func (s *Spec) Files() []string {
	var list []string
	for _, e := range s.Extensions {
		list = append(list, "*"+e)
	}
	return append(list, s.Names...)
}

// Parse reads a file. Whatever the bytes are there is a tree, with what could not be understood in Tree.Errors; the only errors are
// the limits (MaxSource, MaxDepth, MaxNodes and the parser's steps), which wrap ErrLimit and name the path.
func (s *Spec) Parse(path string, src []byte) (*Tree, error) {
	t, err := s.read(s.grammar(path), src)
	if err != nil {
		return nil, fmt.Errorf("parse %s as %s: %w", path, s.Name, err)
	}
	return t, nil
}

// ParsePattern reads the text of a pattern that has been made code of the language. It differs from Parse in the dialect: a
// TypeScript pattern may hold JSX.
func (s *Spec) ParsePattern(src []byte) (*Tree, error) {
	t, err := s.read(s.patterns(), src)
	if err != nil {
		return nil, fmt.Errorf("parse pattern as %s: %w", s.Name, err)
	}
	return t, nil
}

func (s *Spec) read(g *grammar, src []byte) (*Tree, error) {
	if s.own != nil {
		return s.own(g, src)
	}
	t, err := s.parse(g, src, src)
	if err != nil || len(t.Errors) == 0 {
		return t, err
	}
	if s.mask != nil {
		if masked := s.mask(src); masked != nil {
			if u, err := s.parse(g, src, masked); err == nil && len(u.Errors) < len(t.Errors) {
				t = u
			}
		}
	}
	if len(t.Errors) == 0 || s.second == nil {
		return t, nil
	}
	if u, err := s.parse(s.second, src, src); err == nil && len(u.Errors) == 0 {
		return u, nil
	}
	return t, nil
}
