package language

import (
	"iter"
	"sort"
	"unicode/utf8"
)

// ID is the index of a node in Tree.Nodes. The root is 0.
type ID int32

// None is the ID of no node.
const None ID = -1

// A Node of the normalised tree. Nodes lie in preorder: the children of n start at n+1, and Next jumps over a subtree.
type Node struct {
	Kind   Kind
	Slot   Slot // the role in the parent
	Flags  Flags
	Symbol uint16 // the grammar's symbol, told by Tree.Type; what compares nodes of kind Other
	Start  uint32 // byte offsets into Tree.Source
	End    uint32
	Parent ID
	Next   ID     // the first node after this subtree
	Value  string // identifier, operator, literal content without quotes and escapes resolved; see Kind
}

// A Tree is one file, parsed and lowered to the normal form that patterns, checks and indexes share.
// It is immutable and safe for concurrent use.
type Tree struct {
	Spec     *Spec
	Source   string
	Nodes    []Node
	Comments []Comment // in order of position; not part of Nodes
	Errors   []Span    // regions that the grammar could not read: unscanned, never clean
	lines    []uint32  // offsets of line starts
}

// A Comment of the source, with its delimiters.
type Comment struct{ Start, End uint32 }

// A Span of bytes.
type Span struct{ Start, End uint32 }

// Text returns the source text of a node.
func (t *Tree) Text(id ID) string { n := &t.Nodes[id]; return t.Source[n.Start:n.End] }

// Children yields the children of a node, in slot order.
func (t *Tree) Children(id ID) iter.Seq[ID] {
	return func(yield func(ID) bool) {
		end := t.Nodes[id].Next
		for c := id + 1; c < end; c = t.Nodes[c].Next {
			if !yield(c) {
				return
			}
		}
	}
}

// Child returns the first child in a slot, or None.
func (t *Tree) Child(id ID, slot Slot) ID {
	end := t.Nodes[id].Next
	for c := id + 1; c < end; c = t.Nodes[c].Next {
		if t.Nodes[c].Slot == slot {
			return c
		}
	}
	return None
}

// Position gives line and column, from 1, of a byte offset; columns count code points.
func (t *Tree) Position(offset uint32) (line, column int) {
	i := sort.Search(len(t.lines), func(i int) bool { return t.lines[i] > offset }) - 1
	return i + 1, utf8.RuneCountInString(t.Source[t.lines[i]:offset]) + 1
}
