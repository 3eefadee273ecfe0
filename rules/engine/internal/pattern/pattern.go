// Package pattern turns the text of a Semgrep pattern into a tree of the same normal form as source files have.
//
// The way there: the text is read once for what no grammar knows ($X, $...X, `...`, <... e ...>, typed metavariables), each of which
// is replaced by code that the grammar takes in that place (prepare.go). The result is parsed as it stands and inside the
// language's wrappers until one reads without error; where an ellipsis may be several things (a parameter, a member, a case) the
// next best spelling is tried (compile.go). Last, the stand-ins are turned back into nodes of their own (convert.go).
package pattern

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// The limits of one pattern. A person writes a few lines.
const (
	MaxSource = 64 << 10  // bytes
	MaxDepth  = 200       // nested nodes
	maxHoles  = 500       // metavariables and ellipses
	maxParses = 600       // attempts at a reading
	maxWork   = 256 << 10 // bytes parsed in all attempts
)

// A Pattern is ready to be matched. It is immutable and safe for concurrent use.
type Pattern struct {
	Spec *language.Spec
	// Roots is one expression or statement, or the statements that must follow each other in one block.
	Roots []*Node
	// Sequence says that the pattern matches a run of statements: it has several, or ends in a semicolon, or is an ellipsis.
	Sequence bool
	// Header says that the pattern is the head of something that has a body: a match ends where the body begins.
	Header bool

	source string
	words  []string
}

// A Node is a node of a pattern. Kind, Slot, Flags and Value mean what they mean in a language.Node.
type Node struct {
	Kind  language.Kind
	Slot  language.Slot
	Flags language.Flags
	Type  string // the grammar's name of the node, which tells nodes of kind Other apart
	Value string
	Kids  []*Node         // in slot order
	Slots []language.Slot // those that Kids have

	// Path is the qualified name of a Name or Dot that is made of plain names only: ["os", "path", "join"].
	Path []string
	// Single says of a block that it is one statement without braces; in Python, which has none, of each block with one statement.
	Single bool
	// Prefix is that of a string of Python in lower case: "b", "r".
	Prefix string
	// Regexp is what the content of a string must match: "=~/re/". The expression may match anywhere in the string.
	Regexp *regexp.Regexp
	// Vars are the metavariables of the node and what is below it, but for those in strings and of ellipses: each stands for code that a match
	// holds.
	Vars []string
	// AnyString is set on "..." ; Interpolated when it also stands for strings with expressions in them (f"...", `...`).
	AnyString, Interpolated bool
	// Anything is set on a block of Scala that begins with an ellipsis: it may have parameters.
	Anything bool
}

// Child returns the first child in a slot, or nil.
func (n *Node) Child(slot language.Slot) *Node {
	for _, k := range n.Kids {
		if k.Slot == slot {
			return k
		}
	}
	return nil
}

// Only returns the first child in a slot and whether there are more.
func (n *Node) Only(slot language.Slot) (first *Node, more bool) {
	for _, k := range n.Kids {
		if k.Slot == slot {
			if first != nil {
				return first, true
			}
			first = k
		}
	}
	return first, false
}

// In returns the children in a slot.
func (n *Node) In(slot language.Slot) []*Node {
	var list []*Node
	for _, k := range n.Kids {
		if k.Slot == slot {
			list = append(list, k)
		}
	}
	return list
}

// IsEllipsis says whether the node stands for any number of neighbours.
func (n *Node) IsEllipsis() bool {
	return n.Kind == language.Ellipsis || n.Kind == language.MetaEllipsis
}

// collect fills Slots and Vars.
func (n *Node) collect() {
	for _, k := range n.Kids {
		if !slices.Contains(n.Slots, k.Slot) {
			n.Slots = append(n.Slots, k.Slot)
		}
	}
	if (n.Kind == language.Metavar || n.Kind == language.TypedMetavar) && n.Value != "$_" {
		n.Vars = []string{n.Value}
	}
	for _, k := range n.Kids {
		if n.Kind == language.Str || n.Kind == language.Regex {
			break
		}
		k.collect()
		for _, v := range k.Vars {
			if !slices.Contains(n.Vars, v) {
				n.Vars = append(n.Vars, v)
			}
		}
	}
}

// Words are identifiers that every file with a match holds as they stand. Strings are not among them: a constant may be written with
// escapes or in pieces.
func (p *Pattern) Words() []string { return p.words }

// String returns the text of the pattern.
func (p *Pattern) String() string { return p.source }

// An Error says where in a pattern's text it cannot be read. Line and Column count from 1, columns in code points.
type Error struct {
	Line, Column int
	Message      string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }
