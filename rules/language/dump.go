package language

import (
	"fmt"
	"strings"
)

var kindNames = [kinds]string{
	"Other", "File", "Block", "ExprStmt", "Assign", "Func", "Params", "Param", "Class", "Decorator",
	"If", "For", "ForEach", "Switch", "Case", "Try", "Catch", "With", "Return", "Throw", "Jump", "Defer", "Import", "ImportFrom",
	"ImportName", "Name", "Dot", "Index", "Call", "Args", "KeyArg", "Spread", "Binary", "Unary", "Ternary", "Cast", "Str", "Template",
	"Num", "Bool", "Null", "Regex", "List", "Tuple", "Dict", "Pair", "Type", "Element", "Slice",
	"Ellipsis", "DeepEllipsis", "Metavar", "MetaEllipsis", "TypedMetavar",
}

var slotNames = [...]string{
	"", "name", "target", "value", "type", "operand", "callee", "args", "left", "right", "cond", "then", "else", "init", "update",
	"body", "params", "returns", "receiver", "decorator", "base", "key", "module", "alias", "catch", "finally", "resource",
}

var flagNames = []string{"declares", "optional", "new", "async", "static", "lambda", "tagged", "parenthesised", "const", "implements", "before"}

func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

func (s Slot) String() string {
	if int(s) < len(slotNames) {
		return slotNames[s]
	}
	return fmt.Sprintf("Slot(%d)", uint8(s))
}

// Dump writes the tree for people, one node per line, indented: slot, kind, grammar's name for Other, flags, Value.
func (t *Tree) Dump() string {
	var b strings.Builder
	var ends []ID
	for id := range t.Nodes {
		for len(ends) > 0 && ends[len(ends)-1] <= ID(id) {
			ends = ends[:len(ends)-1]
		}
		n := &t.Nodes[id]
		for range ends {
			b.WriteString("  ")
		}
		if n.Slot != Item {
			b.WriteString(n.Slot.String() + ": ")
		}
		b.WriteString(n.Kind.String())
		if n.Kind == Other {
			b.WriteString("<" + t.Type(ID(id)) + ">")
		}
		for i, f := range flagNames {
			if n.Flags&(1<<i) != 0 {
				b.WriteString(" " + f)
			}
		}
		if n.Value != "" {
			fmt.Fprintf(&b, " %q", n.Value)
		}
		b.WriteByte('\n')
		ends = append(ends, n.Next)
	}
	for _, e := range t.Errors {
		line, column := t.Position(e.Start)
		fmt.Fprintf(&b, "error at %d:%d, %d bytes\n", line, column, e.End-e.Start)
	}
	for _, c := range t.Comments {
		fmt.Fprintf(&b, "comment %q\n", t.Source[c.Start:c.End])
	}
	return b.String()
}
