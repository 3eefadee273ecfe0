// Package consts works out which constant an expression stands for, as far as the file says.
//
// Two sources are put together. A variable that is given one constant and never anything else stands for it wherever it is seen (JavaScript's
// variables, Python's module variables, Go's constants, Java's final or private fields). All others are followed from
// statement to statement through the body of each function: branches are joined, a loop makes all that was known before it
// uncertain, and what a call may change is forgotten.
package consts

import (
	"math/big"
	"slices"
	"strconv"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A Value is a constant. Kind is Str, Num, Bool or Null; Other for none. A string whose content is not known (one of two literals, say) has
// Known unset.
type Value struct {
	Kind  language.Kind
	Known bool
	Text  string      // content of a string, digits of a number
	At    language.ID // the literal; 0 if the value is put together
}

// Equal says whether two values are the same constant.
func (v Value) Equal(w Value) bool { return v.Kind == w.Kind && v.Known == w.Known && v.Text == w.Text }

// IsString says whether the value is a string, known or not.
func (v Value) IsString() bool { return v.Kind == language.Str }

// The limits of what is followed. What goes beyond is not constant.
const (
	maxText = 4 << 10 // bytes of a string that is put together
	maxVars = 2_000   // constants known at one place
)

// A Table holds the constants of one file. It belongs to one goroutine.
type Table struct {
	t      *language.Tree
	names  *names.Table
	at     map[language.ID]Value // what a name stands for where it is read
	always map[names.Var]Value   // what a variable stands for everywhere
	fields map[fieldName]field   // what this.x stands for
	memo   map[language.ID]Value // of expressions with parts
	jumps  []language.ID         // break and continue, in order
}

type fieldName struct {
	class language.ID
	name  string
}

// A field is what this.x stands for, from a node on.
type field struct {
	value Value
	from  language.ID
}

// Find works out the constants of a file.
func Find(t *language.Tree, n *names.Table) *Table {
	c := &Table{
		t: t, names: n, at: map[language.ID]Value{}, always: map[names.Var]Value{}, fields: map[fieldName]field{},
		memo: map[language.ID]Value{},
	}
	c.findAlways()
	clear(c.memo) // filled while less was known
	w := &walker{Table: c, env: map[names.Var]Value{}}
	w.walk(0)
	clear(c.memo)
	return c
}

// Of returns the constant that an expression stands for.
func (c *Table) Of(id language.ID) (Value, bool) {
	v := c.value(id)
	return v, v.Kind != language.Other
}

var none = Value{}

// Literal is the constant that a literal is.
func Literal(n *language.Node, at language.ID) Value {
	if n.Kind == language.Num {
		return Value{n.Kind, true, normal(n.Value), at}
	}
	return Value{n.Kind, true, n.Value, at}
}

func number(i *big.Int) Value { return Value{Kind: language.Num, Known: true, Text: i.String()} }

func truth(b bool) Value { return Value{Kind: language.Bool, Known: true, Text: strconv.FormatBool(b)} }

func (c *Table) value(id language.ID) Value {
	if id == language.None {
		return none
	}
	n := &c.t.Nodes[id]
	switch n.Kind {
	case language.Bool, language.Null:
		if c.t.Spec.Name == "go" {
			return none // names like others
		}
		return Literal(n, id)
	case language.Str, language.Num:
		return Literal(n, id)
	case language.Name:
		if n.Slot == language.SlotTarget {
			return none // it is given a value here
		}
		if v, ok := c.at[id]; ok {
			return v
		}
		return c.always[c.names.Of(id)]
	case language.Dot:
		return c.field(id)
	case language.Assign: // x = y = "a"
		if n.Value == "=" && c.t.Spec.Name != "python" {
			return c.child(id, language.SlotValue)
		}
	case language.Binary, language.Unary, language.Ternary, language.Template, language.Cast:
		if v, ok := c.memo[id]; ok {
			return v
		}
		v := c.compound(id, n)
		c.memo[id] = v
		return v
	}
	return none
}

// pick is a character of a constant string: s[1], s.charAt(1).
func (c *Table) pick(id language.ID) Value {
	n := &c.t.Nodes[id]
	text, at := c.t.Child(id, language.SlotOperand), language.None
	if n.Kind == language.Call {
		callee, args := c.t.Child(id, language.SlotCallee), c.t.Child(id, language.SlotArgs)
		if callee == language.None || args == language.None || c.t.Nodes[callee].Kind != language.Dot {
			return none
		}
		if name := c.t.Child(callee, language.SlotName); name == language.None || c.t.Nodes[name].Value != "charAt" {
			return none
		}
		text, id = c.t.Child(callee, language.SlotOperand), args
	} else if n.Kind != language.Index || c.t.Spec.Name == "go" { // where it is a byte
		return none
	}
	for k := range c.t.Children(id) {
		if k != text {
			at = k
		}
	}
	if text == language.None || at == language.None || c.t.Nodes[text].Kind != language.Name && c.t.Nodes[text].Kind != language.Str {
		return none
	}
	s, i := c.value(text), c.value(at)
	if !s.IsString() || !s.Known || i.Kind != language.Num || !i.Known {
		return none
	}
	if k, err := strconv.Atoi(i.Text); err == nil && k >= 0 && k < len(s.Text) && s.Text[k] < 0x80 {
		return Value{Kind: language.Str, Known: true, Text: s.Text[k : k+1]}
	}
	return none
}

// normal brings integers to one spelling.
func normal(digits string) string {
	if len(digits) < 2 {
		return digits
	}
	if i, ok := new(big.Int).SetString(digits, 0); ok && len(digits) < 64 {
		return i.String()
	}
	return digits
}

func (c *Table) child(id language.ID, slot language.Slot) Value { return c.value(c.t.Child(id, slot)) }

func (c *Table) compound(id language.ID, n *language.Node) Value {
	switch n.Kind {
	case language.Cast:
		if n.Flags&language.Optional == 0 {
			return c.child(id, language.SlotOperand)
		}
	case language.Unary:
		switch v := c.child(id, language.SlotOperand); {
		case v.Kind == language.Bool && n.Value == "!":
			return truth(v.Text == "false")
		case v.Kind != language.Num || !v.Known:
		case n.Value == "+":
			return v
		case n.Value == "-":
			return Value{Kind: language.Num, Known: true, Text: normal("-" + v.Text)}
		}
	case language.Ternary:
		return join(c.child(id, language.SlotThen), c.child(id, language.SlotElse))
	case language.Binary:
		return c.binary(n.Value, c.child(id, language.SlotLeft), c.child(id, language.SlotRight))
	case language.Template:
		if n.Flags&language.Tagged == 0 {
			return c.template(id)
		}
	}
	return none
}

func (c *Table) binary(op string, a, b Value) Value {
	switch {
	case a.Kind == language.Str && op == "+":
		switch {
		case b.Kind == language.Str, b.Kind == language.Num && (c.t.Spec.PartialDict || c.t.Spec.Name == "java"):
			return together(a, b)
		}
	case a.Kind == language.Str && op == "*" && b.Kind == language.Num:
		return Value{Kind: language.Str}
	case a.Kind == language.Num && b.Kind == language.Num && a.Known && b.Known:
		return arithmetic(op, a.Text, b.Text)
	case a.Kind == language.Bool && b.Kind == language.Bool && op == "&&":
		return truth(a.Text == "true" && b.Text == "true")
	case a.Kind == language.Bool && b.Kind == language.Bool && op == "||":
		return truth(a.Text == "true" || b.Text == "true")
	}
	return none
}

func arithmetic(op, a, b string) Value {
	x, okx := new(big.Int).SetString(a, 10)
	y, oky := new(big.Int).SetString(b, 10)
	if !okx || !oky || len(a)+len(b) > 60 {
		return none
	}
	switch op {
	case "+":
		return number(x.Add(x, y))
	case "-":
		return number(x.Sub(x, y))
	case "*":
		return number(x.Mul(x, y))
	case "==", "===":
		return truth(x.Cmp(y) == 0)
	case "!=", "!==":
		return truth(x.Cmp(y) != 0)
	case "<":
		return truth(x.Cmp(y) < 0)
	case "<=":
		return truth(x.Cmp(y) <= 0)
	case ">":
		return truth(x.Cmp(y) > 0)
	case ">=":
		return truth(x.Cmp(y) >= 0)
	}
	return none
}

// together appends a constant to a string.
func together(a, b Value) Value {
	if !a.Known || !b.Known || len(a.Text)+len(b.Text) > maxText {
		return Value{Kind: language.Str}
	}
	return Value{Kind: language.Str, Known: true, Text: a.Text + b.Text}
}

func (c *Table) template(id language.ID) Value {
	if c.t.Type(id) == "concatenated_string" {
		return none
	}
	out := Value{Kind: language.Str, Known: true}
	n := 0
	for k := range c.t.Children(id) {
		part := c.value(k)
		if part.Kind != language.Str && (part.Kind != language.Num || c.t.Spec.PartialDict) {
			return none
		}
		out = together(out, part)
		n++
	}
	if n == 0 {
		return none
	}
	return out
}

// join is what an expression stands for that is one thing or the other.
func join(a, b Value) Value {
	switch {
	case a.Equal(b):
		if a.At != b.At {
			a.At = 0
		}
		return a
	case a.Kind == language.Str && b.Kind == language.Str:
		return Value{Kind: language.Str}
	}
	return none
}

// field returns what this.x stands for.
func (c *Table) field(id language.ID) Value {
	if len(c.fields) == 0 {
		return none
	}
	operand, name := c.t.Child(id, language.SlotOperand), c.t.Child(id, language.SlotName)
	if operand == language.None || name == language.None || c.t.Nodes[operand].Kind != language.Name || c.t.Nodes[operand].Value != "this" {
		return none
	}
	if f := c.fields[fieldName{c.class(id), c.t.Nodes[name].Value}]; f.from <= id {
		return f.value
	}
	return none
}

// class is the innermost class that holds a node.
func (c *Table) class(id language.ID) language.ID {
	for id > 0 && c.t.Nodes[id].Kind != language.Class {
		id = c.t.Nodes[id].Parent
	}
	return id
}

// findAlways finds the variables and fields that are given one constant and nothing else.
func (c *Table) findAlways() {
	t := c.t
	script, java, python, ruby := t.Spec.PartialDict, t.Spec.Name == "java", t.Spec.Name == "python", t.Spec.Name == "ruby"
	given := make([]uint8, len(c.names.Vars)) // how often, up to 2
	fields := map[fieldName]int{}
	private := map[names.Var]fieldName{} // declared so, without a value
	declared := map[fieldName]names.Var{}
	empty := map[fieldName]bool{} // fields of JavaScript's classes that are declared without a value
	give := func(id language.ID) {
		if v := c.names.Of(id); v > 0 && given[v] < 2 {
			given[v]++
		}
	}
	giveAll := func(target language.ID) {
		for id := target; target != language.None && id < t.Nodes[target].Next; id++ {
			if t.Nodes[id].Kind == language.Name {
				give(id)
			}
		}
	}
	type candidate struct {
		v     names.Var
		field fieldName
		value language.ID
		given uint8 // how often v is given a value if it is constant, field by field below
		set   int
		from  language.ID // where it begins to hold
	}
	var candidates []candidate
	for i := range t.Nodes {
		id := language.ID(i)
		n := &t.Nodes[i]
		switch n.Kind {
		case language.Assign:
			target, value := t.Child(id, language.SlotTarget), t.Child(id, language.SlotValue)
			if target == language.None {
				continue
			}
			declares := n.Flags&language.Declares != 0
			member := declares && n.Parent > 0 && t.Nodes[t.Nodes[n.Parent].Parent].Kind == language.Class
			if tn := &t.Nodes[target]; tn.Kind == language.Dot {
				if o := t.Child(target, language.SlotOperand); o != language.None && t.Nodes[o].Value == "this" {
					f := fieldName{c.class(id), t.Nodes[t.Child(target, language.SlotName)].Value}
					fields[f]++
					if java && value != language.None && n.Value == "=" && c.initialises(id) {
						candidates = append(candidates, candidate{field: f, value: value, set: 1})
					}
					if script && value != language.None && n.Value == "=" && empty[f] {
						candidates = append(candidates, candidate{field: f, value: value, set: 1, from: n.Next})
					}
				}
			} else if tn.Kind == language.Name {
				if value == language.None {
					if script {
						give(target)
						if member {
							empty[fieldName{c.class(id), tn.Value}] = true
						}
					} // `String s;` gives nothing yet
					if java && member && c.private(id) {
						f := fieldName{c.class(id), tn.Value}
						private[c.names.Of(target)], declared[f] = f, c.names.Of(target)
					}
					continue
				}
				give(target)
				v := c.names.Of(target)
				ok := false
				field, set := fieldName{}, 0
				if member {
					field, set = fieldName{c.class(id), tn.Value}, 1
				}
				switch {
				case n.Value != "=":
				case script:
					ok = v > 0 || member
				case java:
					ok = n.Flags&language.Const != 0 || member && c.private(id)
					if f, known := private[v]; known && !member && c.initialises(id) {
						ok, field = true, f
					}
				case python, ruby:
					ok = v > 0 && c.names.Vars[v].Global
				default:
					ok = n.Flags&language.Const != 0
				}
				if ok {
					candidates = append(candidates, candidate{v: v, field: field, value: value, given: 1, set: set})
					fields[field] += set
				}
			} else {
				giveAll(target)
			}
		case language.Param, language.Func, language.Class:
			if name := t.Child(id, language.SlotName); n.Kind == language.Param {
				giveAll(name)
			} else if name != language.None {
				give(name)
			}
		case language.ForEach, language.Catch, language.Switch:
			giveAll(t.Child(id, language.SlotTarget))
		case language.Import, language.ImportName:
			if python && n.Kind == language.Import && t.Child(id, language.SlotAlias) == language.None {
				continue // `a = None` where `import a` failed
			}
			giveAll(t.Child(id, language.SlotAlias))
			give(t.Child(id, language.SlotName))
			give(t.Child(id, language.SlotModule))
		case language.Unary:
			if n.Value == "++" || n.Value == "--" {
				give(t.Child(id, language.SlotOperand))
			}
		case language.Jump:
			if n.Value == "break" || n.Value == "continue" {
				c.jumps = append(c.jumps, id)
			}
		case language.Other:
			if t.Type(id) == "for_in_clause" && id+1 < n.Next {
				giveAll(id + 1)
			}
		}
	}
	// In order, so that a constant may be made of earlier ones.
	for _, x := range candidates {
		if v := c.value(x.value); v.Kind != language.Other {
			if x.given == 0 && java {
				if x.v = declared[x.field]; x.v == 0 {
					continue // this.x = 1, but x is not a private field of the class
				}
			}
			if x.v > 0 && given[x.v] != x.given || x.field.name != "" && fields[x.field] != x.set {
				continue
			}
			if x.v > 0 {
				c.always[x.v] = v
			}
			if x.field.name != "" {
				c.fields[x.field] = field{v, x.from}
			}
		}
	}
}

// initialises says whether an assignment is always gone through before others see the object: in a static block, or in the only constructor.
func (c *Table) initialises(id language.ID) bool {
	t := c.t
	for id = t.Nodes[id].Parent; id > 0; id = t.Nodes[id].Parent {
		switch n := &t.Nodes[id]; {
		case n.Kind == language.Block && n.Flags&language.Static != 0:
			return true
		case n.Kind == language.Func && n.Value == "constructor":
			constructors := 0
			for k := range t.Children(n.Parent) {
				if t.Nodes[k].Kind == language.Func && t.Nodes[k].Value == "constructor" {
					constructors++
				}
			}
			return constructors == 1
		case n.Kind == language.Func || n.Kind == language.Class:
			return false
		}
	}
	return false
}

// private says whether a declaration of Java has the modifier.
func (c *Table) private(id language.ID) bool {
	for k := range c.t.Children(id) {
		if n := &c.t.Nodes[k]; n.Slot == language.SlotDecorator && n.Value == "private" {
			return true
		}
	}
	return false
}

// jumpsIn says whether a break or continue lies in a range of nodes.
func (c *Table) jumpsIn(from, to language.ID, word string) bool {
	i, _ := slices.BinarySearch(c.jumps, from)
	for ; i < len(c.jumps) && c.jumps[i] < to; i++ {
		if c.t.Nodes[c.jumps[i]].Value == word {
			return true
		}
	}
	return false
}
