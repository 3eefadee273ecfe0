package language

import (
	"iter"
	"slices"
	"strings"
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
	lines    *Lines
	symbols  *grammar
}

// A Comment of the source, with its delimiters.
type Comment struct{ Start, End uint32 }

// A Span of bytes.
type Span struct{ Start, End uint32 }

// Type returns the grammar's name of a node: "identifier", "lambda". It is what tells nodes of kind Other apart.
func (t *Tree) Type(id ID) string { return t.symbols.name(t.Nodes[id].Symbol) }

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

// Word says whether a Name stands for itself, as the words of a shell do: they name a variable only behind a dollar and where it is given a
// value.
func (t *Tree) Word(id ID) bool {
	n := &t.Nodes[id]
	if t.Spec.Name != "bash" || n.Kind != Name {
		return false
	}
	return n.Slot != SlotTarget && t.Nodes[n.Parent].Kind != Unary
}

// Position gives line and column, from 1, of a byte offset; columns count code points.
func (t *Tree) Position(offset uint32) (line, column int) { return t.lines.Position(offset) }

// Offset is the reverse of Position: the byte offset of a line and column, both from 1. What lies outside is brought to the nearest
// place inside.
func (t *Tree) Offset(line, column int) uint32 { return t.lines.Offset(line, column) }

// SymbolAt names the innermost function or class that holds a byte offset, with what surrounds it: "Class.method", in Go
// "Type.Method". A function without a name counts as part of what surrounds it, unless it is the value of a declaration, which then
// names it. At the top of a file it is "".
func (t *Tree) SymbolAt(offset uint32) string {
	at := ID(0)
	for found := true; found; {
		found = false
		for c := range t.Children(at) {
			if n := &t.Nodes[c]; n.Start <= offset && offset < n.End {
				at, found = c, true
				break
			}
		}
	}
	var parts []string
	for ; at > 0; at = t.Nodes[at].Parent {
		switch t.Nodes[at].Kind {
		case Class:
			parts = appendNonEmpty(parts, t.valueOf(t.Child(at, SlotName)))
		case Func:
			name := t.valueOf(t.Child(at, SlotName))
			if name == "" {
				name = t.assignedName(at)
			}
			parts = appendNonEmpty(parts, name)
			if name != "" {
				parts = appendNonEmpty(parts, t.receiverType(at))
			}
		}
	}
	slices.Reverse(parts)
	return strings.Join(parts, ".")
}

func appendNonEmpty(list []string, s string) []string {
	if s == "" {
		return list
	}
	return append(list, s)
}

func (t *Tree) valueOf(id ID) string {
	if id == None {
		return ""
	}
	return t.Nodes[id].Value
}

// assignedName is the name under which a function without one is kept: const f = () => ..., { f: function() ... }.
func (t *Tree) assignedName(fn ID) string {
	p := t.Nodes[fn].Parent
	slot := t.Nodes[fn].Slot
	var target ID
	switch {
	case t.Nodes[p].Kind == Assign && slot == SlotValue:
		target = t.Child(p, SlotTarget)
	case t.Nodes[p].Kind == Pair && slot == SlotOperand:
		target = t.Child(p, SlotKey)
	default:
		return ""
	}
	switch {
	case target == None:
		return ""
	case t.Nodes[target].Kind == Name || t.Nodes[target].Kind == Str:
		return t.Nodes[target].Value
	case t.Nodes[target].Kind == Dot:
		return t.valueOf(t.Child(target, SlotName))
	}
	return ""
}

// receiverType is the type that a Go method belongs to.
func (t *Tree) receiverType(fn ID) string {
	r := t.Child(fn, SlotReceiver)
	if r == None {
		return ""
	}
	for id := r + 1; id < t.Nodes[r].Next; id++ {
		if n := &t.Nodes[id]; n.Kind == Name && n.Slot != SlotName {
			return n.Value
		}
	}
	return ""
}
