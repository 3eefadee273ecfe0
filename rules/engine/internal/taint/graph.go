package taint

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// op is what a node of a flow graph does.
type op uint8

const (
	opNone   op = iota // a place where ways part or meet
	opEval             // evaluates an expression and drops the value
	opCond             // evaluates a condition
	opAssign           // an assignment or a declaration with a value
	opReturn
	opThrow
	opEach  // gives the target of a loop over a collection its next value
	opCase  // gives the target of a switch over types its value
	opLocal // a function declared inside another (JavaScript), which sees its variables
)

// A point is a node of a flow graph: a statement, or a part of one.
type point struct {
	op    op
	node  language.ID
	to    []int32
	throw int32 // where an exception goes; -1: out of the function
}

// A graph is the flow of control through one body of statements. Point 0 is the entry, point 1 the exit.
type graph struct {
	points []point
}

const (
	entry = 0
	exit  = 1
	none  = -1
)

// A builder makes the graph of one body, as Semgrep's does: a call inside of try may lead to the handlers, what is after the try is always
// reached, and finally is not passed by a return.
type builder struct {
	t      *language.Tree
	file   *File
	deep   bool // further than Semgrep, which lets every case of Java's switches fall through, and does not ask which way is never gone
	g      *graph
	at     int32 // the point that comes before what is built next; none: nothing leads there
	throw  int32
	jumps  []jump
	labels map[string]int32 // of goto
	gotos  []pendingGoto
	label  string // of the statement that comes next
}

type pendingGoto struct {
	label string
	from  int32
}

// A jump is what break and continue lead to.
type jump struct {
	label    string
	breakTo  int32
	nextTo   int32 // none for a switch
	exitOnly bool  // a labelled block: only a break with the label leads there
}

func newGraph(f *File, body []language.ID, deep bool) *graph {
	b := &builder{t: f.t, file: f, deep: deep, g: &graph{}, throw: none, labels: map[string]int32{}}
	b.g.points = []point{{throw: none}, {throw: none}}
	b.at = entry
	for _, id := range body {
		b.stmt(id)
	}
	b.edge(b.at, exit)
	for _, g := range b.gotos {
		if to, ok := b.labels[g.label]; ok {
			b.edge(g.from, to)
		}
	}
	return b.g
}

func (b *builder) point(o op, id language.ID) int32 {
	b.g.points = append(b.g.points, point{op: o, node: id, throw: b.throw})
	return int32(len(b.g.points) - 1)
}

func (b *builder) edge(from, to int32) {
	if from != none && to != none {
		b.g.points[from].to = append(b.g.points[from].to, to)
	}
}

// next puts a point after the last one.
func (b *builder) next(o op, id language.ID) int32 {
	p := b.point(o, id)
	b.edge(b.at, p)
	b.at = p
	return p
}

func (b *builder) children(id language.ID, slot language.Slot, do func(language.ID)) {
	for c := range b.t.Children(id) {
		if b.t.Nodes[c].Slot == slot {
			do(c)
		}
	}
}

func (b *builder) all(id language.ID) {
	if id == language.None {
		return
	}
	if k := b.t.Nodes[id].Kind; k != language.Block && k != language.File {
		b.stmt(id)
		return
	}
	for c := range b.t.Children(id) {
		b.stmt(c)
	}
}

func (b *builder) stmt(id language.ID) {
	t := b.t
	n := &t.Nodes[id]
	label := b.label
	b.label = ""
	switch n.Kind {
	case language.Block:
		b.all(id)
	case language.ExprStmt:
		operand := t.Child(id, language.SlotOperand)
		switch {
		case operand == language.None:
		case t.Nodes[n.Parent].Flags&language.Lambda != 0: // all of a lambda: what it returns
			b.next(opReturn, id)
			b.edge(b.at, exit)
			b.at = none
		default:
			b.expression(operand)
		}
	case language.Assign:
		b.next(opAssign, id)
	case language.Import, language.ImportFrom:
		if v := t.Child(id, language.SlotValue); v != language.None {
			b.next(opEval, v)
		}
	case language.Return:
		b.next(opReturn, id)
		b.edge(b.at, exit)
		b.at = none
	case language.Throw:
		before := b.at
		b.next(opThrow, id)
		b.edge(before, b.throw)
		b.at = none
	case language.If:
		b.children(id, language.SlotInit, b.stmt)
		cond := b.next(opCond, t.Child(id, language.SlotCond))
		outcome, known := b.truth(t.Child(id, language.SlotCond))
		if known && !outcome {
			b.at = none
		}
		b.all(t.Child(id, language.SlotThen))
		then := b.at
		if b.at = cond; known && outcome {
			b.at = none
		}
		b.all(t.Child(id, language.SlotElse))
		b.join(then)
	case language.For:
		b.loop(id, label)
	case language.ForEach:
		b.each(id, label)
	case language.Switch:
		b.choice(id, label)
	case language.Try:
		b.try(id)
	case language.With:
		b.children(id, language.SlotResource, func(r language.ID) {
			if t.Nodes[r].Kind == language.Assign {
				b.next(opAssign, r)
			} else {
				b.next(opEval, r)
			}
		})
		b.all(t.Child(id, language.SlotBody))
	case language.Jump:
		b.jump(id)
	case language.Func:
		if t.Spec.PartialDict && t.Child(id, language.SlotName) != language.None {
			b.next(opLocal, id)
		}
	case language.Defer:
		b.expression(id)
	case language.Class, language.Decorator:
	case language.Other:
		b.other(id)
	default:
		b.expression(id)
	}
}

// truth gives the outcome of a condition that is always the same.
func (b *builder) truth(cond language.ID) (outcome, known bool) {
	if !b.deep {
		return false, false
	}
	return b.file.truth(cond)
}

// expression builds an expression that stands as a statement.
func (b *builder) expression(id language.ID) {
	n := &b.t.Nodes[id]
	switch {
	case n.Kind == language.Assign:
		b.next(opAssign, id)
	case n.Kind == language.Defer && b.t.Spec.Name == "python" && strings.HasPrefix(n.Value, "yield"):
		// As Semgrep has it: a value that is yielded is one that is returned.
		b.next(opReturn, id)
		b.edge(b.at, exit)
		b.at = none
	case n.Kind == language.Defer && n.Value == "defer":
		// It runs when the function ends: Semgrep does not look at it.
	default:
		b.next(opEval, id)
	}
}

func (b *builder) other(id language.ID) {
	t := b.t
	switch t.Type(id) {
	case "labeled_statement":
		first := id + 1
		if first >= t.Nodes[id].Next {
			return
		}
		name := t.Nodes[first].Value
		p := b.next(opNone, id)
		b.labels[name] = p
		for c := range t.Children(id) {
			if c == first {
				continue
			}
			if k := t.Nodes[c].Kind; k == language.For || k == language.ForEach || k == language.Switch {
				b.label = name
				b.stmt(c)
				continue
			}
			after := b.point(opNone, id)
			b.jumps = append(b.jumps, jump{label: name, breakTo: after, nextTo: none, exitOnly: true})
			b.stmt(c)
			b.jumps = b.jumps[:len(b.jumps)-1]
			b.edge(b.at, after)
			b.at = after
		}
	case "export_statement", "expression_statement", "decorated_definition":
		for c := range t.Children(id) {
			b.stmt(c)
		}
	case "package_clause", "global_statement", "nonlocal_statement", "comment", "interface_declaration", "type_alias_declaration", "ERROR":
	default:
		for c := range t.Children(id) {
			switch k := t.Nodes[c].Kind; {
			case k == language.Block:
				b.all(c)
			case k == language.Type || t.Nodes[c].Slot == language.SlotType:
			case k == language.Other && t.Nodes[c].Next > c+1:
				b.stmt(c)
			case k == language.Func || k == language.Class:
				b.stmt(c)
			default:
				b.next(opEval, c)
			}
		}
	}
}

// join lets another way meet the present one.
func (b *builder) join(other int32) {
	switch {
	case b.at == none:
		b.at = other
	case other != none && other != b.at:
		p := b.point(opNone, language.None)
		b.edge(b.at, p)
		b.edge(other, p)
		b.at = p
	}
}

func (b *builder) loop(id language.ID, label string) {
	t := b.t
	b.children(id, language.SlotInit, b.stmt)
	body, cond := t.Child(id, language.SlotBody), t.Child(id, language.SlotCond)
	if t.Nodes[id].Value == "do" {
		head := b.next(opNone, id)
		test, after := b.point(opCond, cond), b.point(opNone, id)
		b.body(body, jump{label: label, breakTo: after, nextTo: test})
		b.edge(b.at, test)
		b.edge(test, head)
		b.edge(test, after)
		b.at = after
		return
	}
	var head int32
	if cond != language.None {
		head = b.next(opCond, cond)
	} else {
		head = b.next(opNone, id)
	}
	next, after := b.point(opNone, id), b.point(opNone, id)
	b.body(body, jump{label: label, breakTo: after, nextTo: next})
	b.edge(b.at, next)
	b.at = next
	b.children(id, language.SlotUpdate, b.stmt)
	b.edge(b.at, head)
	b.at = head
	b.all(t.Child(id, language.SlotElse))
	b.edge(b.at, after)
	b.at = after
}

func (b *builder) body(id language.ID, j jump) {
	b.jumps = append(b.jumps, j)
	b.all(id)
	b.jumps = b.jumps[:len(b.jumps)-1]
}

func (b *builder) each(id language.ID, label string) {
	t := b.t
	head := b.next(opEach, id)
	after := b.point(opNone, id)
	b.body(t.Child(id, language.SlotBody), jump{label: label, breakTo: after, nextTo: head})
	b.edge(b.at, head)
	b.at = head
	b.all(t.Child(id, language.SlotElse))
	b.edge(b.at, after)
	b.at = after
}

// choice builds a switch: the tests one after the other, each leading to its body or to the next.
func (b *builder) choice(id language.ID, label string) {
	t := b.t
	python := t.Spec.Name == "python" // whose cases hold patterns, not expressions
	b.children(id, language.SlotInit, b.stmt)
	b.next(opCase, id)
	after := b.point(opNone, id)
	b.jumps = append(b.jumps, jump{label: label, breakTo: after, nextTo: none})
	test := b.at
	fallen, standard := int32(none), int32(none)
	subject, known := b.file.subject(id)
	known = known && b.deep
	for c := range t.Children(id) {
		if t.Nodes[c].Kind != language.Case {
			continue
		}
		start := b.point(opNone, c)
		asked, choice := false, never
		b.at = test
		b.children(c, language.SlotOperand, func(o language.ID) {
			asked = true
			if c := b.file.choose(subject, o); choice != always && c != never {
				choice = c
			}
			if python {
				return
			}
			if t.Nodes[o].Kind == language.Assign {
				b.next(opAssign, o)
			} else if t.Nodes[id].Value != "type" {
				b.next(opCond, o)
			}
		})
		b.children(c, language.SlotCond, func(o language.ID) {
			b.next(opCond, o)
			choice = perhaps
		})
		if asked {
			if test = b.at; !known || choice != never {
				b.edge(test, start)
			}
			if known && choice == always {
				test = none
			}
		} else {
			standard = start
		}
		b.edge(fallen, start)
		b.at = start
		body := t.Child(c, language.SlotBody)
		b.all(body)
		fallen = none
		switch {
		case t.Type(c) == "switch_rule" && b.deep || python || t.Spec.Name == "go":
			b.edge(b.at, after)
			if t.Spec.Name == "go" && body != language.None && b.falls(body) {
				fallen = b.at
			}
		default:
			fallen = b.at
		}
	}
	b.edge(fallen, after)
	if standard != none {
		b.edge(test, standard)
	} else {
		b.edge(test, after)
	}
	b.jumps = b.jumps[:len(b.jumps)-1]
	b.at = after
}

// falls says whether the body of a case ends with Go's fallthrough.
func (b *builder) falls(body language.ID) bool {
	last := language.None
	for c := range b.t.Children(body) {
		last = c
	}
	return last != language.None && b.t.Nodes[last].Kind == language.Jump && b.t.Nodes[last].Value == "fallthrough"
}

func (b *builder) try(id language.ID) {
	t := b.t
	b.children(id, language.SlotResource, func(r language.ID) {
		if t.Nodes[r].Kind == language.Assign {
			b.next(opAssign, r)
		} else {
			b.next(opEval, r)
		}
	})
	outer := b.throw
	handlers, finally := b.point(opNone, id), b.point(opNone, id)
	b.throw = handlers
	b.all(t.Child(id, language.SlotBody))
	last := t.Child(id, language.SlotFinally)
	if last != language.None {
		b.throw = finally
	} else {
		b.throw = outer
	}
	b.all(t.Child(id, language.SlotElse))
	b.edge(b.at, finally)
	if b.throw != none {
		b.edge(handlers, b.throw)
	}
	b.children(id, language.SlotCatch, func(c language.ID) {
		b.at = handlers
		b.all(t.Child(c, language.SlotBody))
		b.edge(b.at, finally)
	})
	b.throw = outer
	b.at = finally
	b.all(last)
	b.edge(b.at, outer)
}

func (b *builder) jump(id language.ID) {
	n := &b.t.Nodes[id]
	name := ""
	if l := b.t.Child(id, language.SlotOperand); l != language.None {
		name = b.t.Nodes[l].Value
	}
	switch n.Value {
	case "break", "continue":
		for i := len(b.jumps) - 1; i >= 0; i-- {
			j := b.jumps[i]
			if name != "" && j.label != name || name == "" && (j.exitOnly || n.Value == "continue" && j.nextTo == none) {
				continue
			}
			if n.Value == "break" {
				b.edge(b.at, j.breakTo)
			} else {
				b.edge(b.at, j.nextTo)
			}
			break
		}
		b.at = none
	case "goto":
		if b.at != none {
			b.gotos = append(b.gotos, pendingGoto{name, b.at})
		}
		b.at = none
	case "yield": // Java's: the value of a switch, which is not followed
		b.at = none
	}
}
