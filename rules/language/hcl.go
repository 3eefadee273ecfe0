package language

import (
	"strings"

	grammarhcl "github.com/tree-sitter-grammars/tree-sitter-hcl/bindings/go"
)

func hcl() *Spec {
	g := newGrammar(grammarhcl.Language(), hclRules())
	return &Spec{
		Name:           "terraform",
		Aliases:        []string{"tf", "hcl"},
		Extensions:     []string{".tf", ".hcl", ".tfvars"},
		PartialMembers: true,
		Metavar:        "mv__", // HCL's identifiers have no dollar
		Wrappers: []Wrapper{
			{},
			{"x = ", ""},
			{"x = {", "}"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

// hclRules bring blocks to calls with a dictionary as the last argument, and attributes to its pairs: `a "b" { c = 1 }` is
// a("b", {c: 1}).
func hclRules() map[string]lowerFunc {
	return map[string]lowerFunc{
		"body":             through,
		"block":            hclBlock,
		"attribute":        hclPair,
		"object_elem":      hclPair,
		"expression":       hclExpression,
		"literal_value":    through,
		"template_expr":    through,
		"operation":        through,
		"collection_value": through,
		"for_expr":         through,
		"variable_expr":    through,
		"identifier":       word(Name),
		"numeric_lit":      word(Num),
		"bool_lit":         word(Bool),
		"null_lit":         word(Null),
		"string_lit":       hclTemplate,
		"quoted_template":  hclTemplate,
		"heredoc_template": hclTemplate,
		"tuple":            hclItems(List),
		"object":           hclItems(Dict),
		"function_call": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.lower(l.kid(r, "identifier"), SlotCallee)
			args := l.open(Args, SlotArgs, r)
			if a := l.kid(r, "function_arguments"); a >= 0 {
				for c := l.first(a); c >= 0; c = l.next(a, c) {
					if l.is(c, "expression") {
						l.lower(c, Item)
					}
				}
			}
			l.close(args)
			l.close(id)
		},
		"conditional": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Ternary, slot, r)
			for i, s := range []Slot{SlotCond, SlotThen, SlotElse} {
				l.lower(l.child(r, i), s)
			}
			l.close(id)
		},
		"binary_operation": func(l *lowerer, r int32, slot Slot) {
			left, op, right := hclOperands(l, r)
			id := l.open(Binary, slot, r)
			l.nodes[id].Value = op
			hclTerm(l, r, left, SlotLeft)
			hclTerm(l, r, right, SlotRight)
			l.close(id)
		},
		"unary_operation": func(l *lowerer, r int32, slot Slot) {
			_, op, operand := hclOperands(l, r)
			id := l.open(Unary, slot, r)
			l.nodes[id].Value = op
			hclTerm(l, r, operand, SlotOperand)
			l.close(id)
		},
	}
}

// hclOperands gives what stands before and behind an operator. The grammar gives the parts of a term, as of a.b, side by side.
func hclOperands(l *lowerer, r int32) (left []int32, op string, right []int32) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !l.named(c):
			if t := l.name(c); op == "" && t != "(" && t != ")" {
				op = t
			}
		case !l.code(c):
		case op == "":
			left = append(left, c)
		default:
			right = append(right, c)
		}
	}
	return left, op, right
}

func hclBlock(l *lowerer, r int32, slot Slot) {
	id := l.open(Call, slot, r)
	args := None
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case args == None && l.is(c, "identifier"):
			l.lower(c, SlotCallee)
			args = l.open(Args, SlotArgs, r)
		case l.is(c, "identifier"):
			l.lower(c, Item)
		case l.is(c, "string_lit"): // a label is what is inside of the quotes
			if t := l.kid(c, "template_literal"); t >= 0 {
				l.leaf(Str, Item, t, unescape(l.text(t), true))
			} else {
				l.leaf(Str, Item, c, "")
			}
		case l.is(c, "block_start") && args != None:
			d := l.open(Dict, Item, r)
			l.nodes[d].Start = l.recs[c].start
			if b := l.kid(r, "body"); b >= 0 {
				l.children(b, Item)
			}
			l.close(d)
		}
	}
	if args != None {
		l.close(args)
	}
	l.close(id)
}

func hclPair(l *lowerer, r int32, slot Slot) {
	id := l.open(Pair, slot, r)
	l.lower(l.child(r, 0), SlotKey)
	l.lower(l.child(r, 1), SlotOperand)
	l.close(id)
}

// hclItems leaves out the nodes that the grammar has for brackets.
func hclItems(k Kind) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(k, slot, r)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.is(c, "expression") || l.is(c, "object_elem") {
				l.lower(c, Item)
			}
		}
		l.close(id)
	}
}

func hclExpression(l *lowerer, r int32, slot Slot) {
	var parts []int32
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) {
			parts = append(parts, c)
		}
	}
	hclTerm(l, r, parts, slot)
}

// hclTerm writes a term and what follows it: .name and [index].
func hclTerm(l *lowerer, r int32, parts []int32, slot Slot) {
	if len(parts) == 0 {
		return
	}
	var open []ID
	for i := len(parts) - 1; i > 0; i-- {
		kind := Index
		if l.is(parts[i], "get_attr") {
			kind = Dot
		}
		id := l.open(kind, slot, r)
		l.nodes[id].Start, l.nodes[id].End = l.recs[parts[0]].start, l.recs[parts[i]].end
		open = append(open, id)
		slot = SlotOperand
	}
	at := len(l.nodes)
	l.lower(parts[0], slot)
	if len(parts) == 1 && at < len(l.nodes) && l.has(r, "(") {
		l.nodes[at].Flags |= Parenthesised
	}
	for i, p := range parts[1:] {
		switch {
		case l.is(p, "get_attr"):
			l.lower(l.kid(p, "identifier"), SlotName)
		case l.is(p, "index"):
			hclIndex(l, l.child(p, 0))
		default:
			l.lower(p, Item)
		}
		l.close(open[len(open)-1-i])
	}
}

func hclIndex(l *lowerer, r int32) {
	switch {
	case r < 0:
	case l.is(r, "new_index"):
		l.lower(l.kid(r, "expression"), Item)
	default:
		l.leaf(Num, Item, r, strings.TrimPrefix(l.text(r), "."))
	}
}

// hclTemplate writes strings and heredocs: Str, or Template if expressions stand in them.
func hclTemplate(l *lowerer, r int32, slot Slot) {
	holes := false
	var text strings.Builder
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "template_literal") && l.is(r, "heredoc_template"):
			text.WriteString(l.text(c))
		case l.is(c, "template_literal"):
			text.WriteString(unescape(l.text(c), true))
		case l.is(c, "template_interpolation"), l.is(c, "template_directive"):
			holes = true
		}
	}
	if !holes {
		l.leaf(Str, slot, r, text.String())
		return
	}
	id := l.open(Template, slot, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "template_literal"):
			l.leaf(Str, Item, c, l.text(c))
		case l.is(c, "template_interpolation"):
			l.lower(l.kid(c, "expression"), Item)
		case l.is(c, "template_directive"):
			l.lower(c, Item)
		}
	}
	l.close(id)
}
