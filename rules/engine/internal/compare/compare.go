// Package compare reads and evaluates the expressions of metavariable-comparison: Python's, as far as Semgrep takes them.
//
// What can be written: numbers, strings, True and False, lists, metavariables, the arithmetic, bit, comparison and logical operators of
// Python, `in` and `not in`, and the functions int(), str() and re.match(). An expression whose value is not known (a metavariable that
// stands for code without a constant value, a number compared with a list) is no truth: Holds answers false, also behind a `not`.
package compare

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// The limits of one expression.
const (
	maxLength = 4 << 10 // bytes
	maxDepth  = 60
)

// Kind is what a Value is.
type Kind uint8

// The kinds. Code is a piece of source that is no constant: it can be turned into a string, and nothing else.
const (
	Unknown Kind = iota
	Bool
	Int
	Float
	String
	Code
	list
)

// A Value is what an expression amounts to.
type Value struct {
	Kind  Kind
	Bool  bool
	Int   int64
	Float float64
	Text  string // of a String, or Code
	list  []Value
}

// An Expr is a parsed expression. It is immutable and safe for concurrent use.
type Expr struct {
	root *node
	vars []string
}

// Metavariables are those that the expression uses, each once, in the order of their first use.
func (e *Expr) Metavariables() []string { return e.vars }

// Holds says whether the expression is true. lookup gives what a metavariable stands for.
func (e *Expr) Holds(lookup func(name string) (Value, bool)) bool {
	v := e.root.eval(lookup)
	return v.Kind == Bool && v.Bool
}

// node is an operator or function with its operands, a literal, a metavariable or a list.
type node struct {
	op    string // "", "$", "[", "int", "str", "re.match", an operator; "u-", "u+", "u~" and "not" have one operand
	value Value
	name  string
	kids  []*node
	regex *regexp.Regexp // of re.match with a literal
}

var unknown = Value{}

func truth(b bool) Value { return Value{Kind: Bool, Bool: b} }

func (n *node) eval(lookup func(string) (Value, bool)) Value {
	switch n.op {
	case "":
		return n.value
	case "$":
		if v, ok := lookup(n.name); ok {
			return v
		}
		return unknown
	case "and", "or":
		a := n.kids[0].eval(lookup)
		if a.Kind != Bool || a.Bool == (n.op == "or") {
			return a
		}
		return n.kids[1].eval(lookup)
	}
	args := make([]Value, len(n.kids))
	for i, k := range n.kids {
		args[i] = k.eval(lookup)
		if args[i].Kind == Unknown {
			return unknown
		}
	}
	switch n.op {
	case "[":
		return Value{Kind: list, list: args}
	case "int":
		return integer(args[0])
	case "str":
		return text(args[0])
	case "re.match":
		if n.regex == nil || args[1].Kind != String {
			return unknown
		}
		return truth(n.regex.MatchString(args[1].Text))
	case "not":
		if args[0].Kind != Bool {
			return unknown
		}
		return truth(!args[0].Bool)
	case "u-", "u+", "u~":
		return unary(n.op, args[0])
	}
	return binary(n.op, args[0], args[1])
}

// Integer turns a value into a number, as int() does.
func (v Value) Integer() Value { return integer(v) }

func integer(v Value) Value {
	switch v.Kind {
	case Int:
		return v
	case Float:
		if math.Abs(v.Float) < 1<<62 {
			return Value{Kind: Int, Int: int64(v.Float)}
		}
	case String, Code:
		s := strings.TrimSpace(v.Text)
		if len(s) > 1 && s[0] == '0' && strings.Trim(s, "0123456789") == "" {
			s = strings.TrimLeft(s, "0") // no octal number
			if s == "" {
				s = "0"
			}
		}
		if i, err := strconv.ParseInt(s, 0, 64); err == nil {
			return Value{Kind: Int, Int: i}
		}
	case Unknown, Bool, list:
	}
	return unknown
}

func text(v Value) Value {
	switch v.Kind {
	case String, Code:
		return Value{Kind: String, Text: v.Text}
	case Bool:
		return Value{Kind: String, Text: strconv.FormatBool(v.Bool)}
	case Int:
		return Value{Kind: String, Text: strconv.FormatInt(v.Int, 10)}
	case Float:
		return Value{Kind: String, Text: strconv.FormatFloat(v.Float, 'g', -1, 64)}
	case Unknown, list:
	}
	return unknown
}

func unary(op string, v Value) Value {
	switch {
	case v.Kind == Int && op == "u-":
		return Value{Kind: Int, Int: -v.Int}
	case v.Kind == Int && op == "u~":
		return Value{Kind: Int, Int: ^v.Int}
	case v.Kind == Float && op == "u-":
		return Value{Kind: Float, Float: -v.Float}
	case op == "u+" && (v.Kind == Int || v.Kind == Float):
		return v
	}
	return unknown
}

func binary(op string, a, b Value) Value {
	switch op {
	case "in", "not in":
		in, ok := contains(a, b)
		if !ok {
			return unknown
		}
		return truth(in == (op == "in"))
	case "==", "!=":
		eq, ok := equal(a, b)
		if !ok {
			return unknown
		}
		return truth(eq == (op == "=="))
	}
	switch {
	case a.Kind == Int && b.Kind == Int:
		return integers(op, a.Int, b.Int)
	case (a.Kind == Int || a.Kind == Float) && (b.Kind == Int || b.Kind == Float):
		return floats(op, a.float(), b.float())
	}
	return unknown
}

func (v Value) float() float64 {
	if v.Kind == Int {
		return float64(v.Int)
	}
	return v.Float
}

// equal compares two values; those of different kinds are not equal. Code is not comparable.
func equal(a, b Value) (eq, ok bool) {
	switch {
	case a.Kind == Code || b.Kind == Code:
		return false, false
	case a.Kind == Float && b.Kind == Int, a.Kind == Int && b.Kind == Float:
		return a.float() == b.float(), true
	case a.Kind != b.Kind:
		return false, true
	}
	switch a.Kind {
	case Bool:
		return a.Bool == b.Bool, true
	case Int:
		return a.Int == b.Int, true
	case Float:
		return a.Float == b.Float, true
	case String:
		return a.Text == b.Text, true
	case list:
		if len(a.list) != len(b.list) {
			return false, true
		}
		for i := range a.list {
			if eq, ok := equal(a.list[i], b.list[i]); !eq || !ok {
				return false, ok
			}
		}
		return true, true
	case Unknown, Code:
	}
	return false, false
}

func contains(a, b Value) (in, ok bool) {
	switch {
	case b.Kind == list:
		for _, x := range b.list {
			eq, ok := equal(a, x)
			if !ok {
				return false, false
			}
			in = in || eq
		}
		return in, true
	case a.Kind == String && b.Kind == String:
		return strings.Contains(b.Text, a.Text), true
	}
	return false, false
}

func integers(op string, a, b int64) Value {
	i := func(v int64) Value { return Value{Kind: Int, Int: v} }
	switch op {
	case "<":
		return truth(a < b)
	case "<=":
		return truth(a <= b)
	case ">":
		return truth(a > b)
	case ">=":
		return truth(a >= b)
	case "+":
		return i(a + b)
	case "-":
		return i(a - b)
	case "*":
		return i(a * b)
	case "/", "//":
		if b == 0 {
			return unknown
		}
		return i(a / b)
	case "%":
		if b == 0 {
			return unknown
		}
		return i(a % b)
	case "**":
		if p := math.Pow(float64(a), float64(b)); b >= 0 && math.Abs(p) < 1<<53 {
			return i(int64(p))
		}
	case "&":
		return i(a & b)
	case "|":
		return i(a | b)
	case "^":
		return i(a ^ b)
	case "<<":
		if b >= 0 && b < 63 {
			return i(a << b)
		}
	case ">>":
		if b >= 0 && b < 64 {
			return i(a >> b)
		}
	}
	return unknown
}

func floats(op string, a, b float64) Value {
	f := func(v float64) Value { return Value{Kind: Float, Float: v} }
	switch op {
	case "<":
		return truth(a < b)
	case "<=":
		return truth(a <= b)
	case ">":
		return truth(a > b)
	case ">=":
		return truth(a >= b)
	case "+":
		return f(a + b)
	case "-":
		return f(a - b)
	case "*":
		return f(a * b)
	case "/":
		if b != 0 {
			return f(a / b)
		}
	case "**":
		return f(math.Pow(a, b))
	}
	return unknown
}

// An Error says where an expression cannot be read; Column counts bytes from 1.
type Error struct {
	Column  int
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%s (at column %d)", e.Message, e.Column) }
