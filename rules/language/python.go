package language

import (
	"strings"

	grammarpython "github.com/tree-sitter/tree-sitter-python/bindings/go"
)

func python() *Spec {
	g := newGrammar(grammarpython.Language(), pythonRules())
	return &Spec{
		Name:       "python",
		Aliases:    []string{"py", "python3", "python2"},
		Extensions: []string{".py", ".pyi", ".pyw"},
		Metavar:    "mv__", // Python's identifiers have no dollar
		KeyArgs:    true,
		Wrappers: []Wrapper{
			{},
			{"class C:\n  def f():\n    ", ""},
			{"", "\n  pass"},
			{"try:\n  pass\n", ""},
			{"(", ")"},
			{"match x:\n  ", ""},
			{"", "\ndef f(): pass"}, // a decorator
			{"x = {", "}"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func pythonRules() map[string]lowerFunc {
	modules := func(l *lowerer, r int32, slot Slot) {
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.fieldOf(c) == fName {
				id := l.open(Import, slot, r)
				pythonAliased(l, c, SlotModule)
				l.close(id)
			}
		}
	}
	from := func(l *lowerer, r int32, slot Slot) {
		id := l.open(ImportFrom, slot, r)
		if m := l.field(r, fModuleName); m >= 0 {
			l.leaf(Name, SlotModule, m, squeeze(l.text(m)))
		} else {
			l.leaf(Name, SlotModule, r, "__future__")
		}
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			switch {
			case l.fieldOf(c) == fName:
				n := l.open(ImportName, Item, c)
				pythonAliased(l, c, SlotName)
				l.close(n)
			case l.is(c, "wildcard_import"):
				n := l.open(ImportName, Item, c)
				l.leaf(Name, SlotName, c, "*")
				l.close(n)
			}
			if l.code(c) {
				l.nodes[id].End = l.recs[c].end // without the parentheses that names may stand in
			}
		}
		l.close(id)
	}
	param := func(value string) lowerFunc {
		return func(l *lowerer, r int32, slot Slot) {
			id := l.open(Param, slot, r)
			l.nodes[id].Value = value
			l.children(r, SlotName)
			l.close(id)
		}
	}
	return map[string]lowerFunc{
		"module":                   through,
		"block":                    func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "block") },
		"expression_statement":     pythonStatement,
		"parenthesized_expression": wide,

		"identifier":         word(Name),
		"keyword_identifier": word(Name),
		"dotted_name":        func(l *lowerer, r int32, slot Slot) { dotted(l, r, l.count(r)-1, slot) },
		"integer":            number,
		"float":              number,
		"true":               func(l *lowerer, r int32, slot Slot) { l.leaf(Bool, slot, r, "true") },
		"false":              func(l *lowerer, r int32, slot Slot) { l.leaf(Bool, slot, r, "false") },
		"none":               func(l *lowerer, r int32, slot Slot) { l.leaf(Null, slot, r, "") },
		"string":             func(l *lowerer, r int32, slot Slot) { pythonStrings(l, r, slot, []int32{r}) },
		"concatenated_string": func(l *lowerer, r int32, slot Slot) {
			var parts []int32
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.is(c, "string") {
					parts = append(parts, c)
				}
			}
			pythonStrings(l, r, slot, parts)
		},
		"list":                     one(List, Item),
		"list_pattern":             one(List, Item),
		"tuple":                    one(Tuple, Item),
		"tuple_pattern":            one(Tuple, Item),
		"pattern_list":             one(Tuple, Item),
		"expression_list":          one(Tuple, Item),
		"dictionary":               one(Dict, Item),
		"pair":                     pair,
		"list_splat":               valued(Spread, "*", SlotOperand),
		"list_splat_pattern":       valued(Spread, "*", SlotOperand),
		"parenthesized_list_splat": through,
		"dictionary_splat":         valued(Spread, "**", SlotOperand),
		"dictionary_splat_pattern": valued(Spread, "**", SlotOperand),

		"assignment":           pythonAssign,
		"augmented_assignment": pythonAssign,
		"named_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Value = "="
			l.lower(l.field(r, fName), SlotTarget)
			l.lower(l.field(r, fValue), SlotValue)
			l.close(id)
		},
		"attribute": func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fObject), l.field(r, fAttribute)) },
		"subscript": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.field(r, fValue), SlotOperand)
			var items []int32
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.fieldOf(c) == fSubscript {
					items = append(items, c)
				}
			}
			if len(items) > 1 { // x[1, 2] is x[(1, 2)]
				t := l.open(Tuple, Item, items[0])
				l.span(t, items[0], items[len(items)-1])
				defer func() { l.close(t); l.close(id) }()
			} else {
				defer l.close(id)
			}
			for _, c := range items {
				l.lower(c, Item)
			}
		},
		"slice": slice,
		"call": func(l *lowerer, r int32, slot Slot) {
			fn := l.field(r, fFunction)
			if l.is(fn, "list_splat") || l.is(fn, "list_splat_pattern") {
				// The grammar reads [*f()] as a call of *f.
				s := l.open(Spread, slot, r)
				l.nodes[s].Value = "*"
				fn, slot = l.child(fn, 0), SlotOperand
				defer l.close(s)
			}
			id := l.open(Call, slot, r)
			l.lower(fn, SlotCallee)
			if a := l.field(r, fArguments); l.is(a, "argument_list") {
				l.lower(a, SlotArgs)
			} else {
				args := l.open(Args, SlotArgs, a)
				l.lower(a, Item)
				l.close(args)
			}
			l.close(id)
		},
		"argument_list": one(Args, Item),
		"keyword_argument": func(l *lowerer, r int32, slot Slot) {
			id := l.open(KeyArg, slot, r)
			l.lower(l.field(r, fName), SlotName)
			l.lower(l.field(r, fValue), SlotOperand)
			l.close(id)
		},
		"binary_operator":  binaryOperator,
		"boolean_operator": binaryOperator,
		"comparison_operator": func(l *lowerer, r int32, slot Slot) {
			pythonCompare(l, r, slot, l.count(r)-1)
		},
		"not_operator":   func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.field(r, fArgument), "!") },
		"unary_operator": func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.field(r, fArgument), l.operator(r)) },
		"conditional_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Ternary, slot, r)
			l.lower(l.child(r, 1), SlotCond)
			l.lower(l.child(r, 0), SlotThen)
			l.lower(l.child(r, 2), SlotElse)
			l.close(id)
		},
		"await": valued(Defer, "await", SlotOperand),
		"yield": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Defer, slot, r)
			l.nodes[id].Value = "yield"
			if l.has(r, "from") {
				l.nodes[id].Value = "yield from"
			}
			l.children(r, SlotOperand)
			l.close(id)
		},
		"lambda": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Func, slot, r)
			l.nodes[id].Flags = Lambda
			if p := l.field(r, fParameters); p >= 0 {
				l.lower(p, SlotParams)
			} else {
				l.emptyParams(r)
			}
			l.lambdaBody(l.field(r, fBody), "block")
			l.close(id)
		},
		"parameters":              pythonParams,
		"lambda_parameters":       pythonParams,
		"default_parameter":       func(l *lowerer, r int32, slot Slot) { pythonParam(l, r, slot) },
		"typed_default_parameter": func(l *lowerer, r int32, slot Slot) { pythonParam(l, r, slot) },
		"typed_parameter":         func(l *lowerer, r int32, slot Slot) { pythonParam(l, r, slot) },
		"keyword_separator":       param("*"),
		"positional_separator":    param("/"),
		"type":                    through,
		"generic_type": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.child(r, 0), SlotOperand)
			if p := l.kid(r, "type_parameter"); p >= 0 {
				l.children(p, Item)
			}
			l.close(id)
		},
		"union_type":  func(l *lowerer, r int32, slot Slot) { l.binary(r, slot, l.child(r, 0), l.child(r, 1), "|") },
		"member_type": func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.child(r, 0), l.child(r, 1)) },

		"function_definition": func(l *lowerer, r int32, slot Slot) { pythonFunc(l, r, r, slot) },
		"class_definition":    func(l *lowerer, r int32, slot Slot) { pythonClass(l, r, r, slot) },
		"decorated_definition": func(l *lowerer, r int32, slot Slot) {
			switch d := l.field(r, fDefinition); {
			case l.is(d, "class_definition"):
				pythonClass(l, r, d, slot)
			case d >= 0:
				pythonFunc(l, r, d, slot)
			default:
				lowerOther(l, r, slot)
			}
		},
		"decorator": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Decorator, slot, r)
			if c := l.child(r, 0); c >= 0 && strings.TrimSuffix(squeeze(l.text(c)), "()") == "staticmethod" {
				l.nodes[id].Value = "static" // a modifier, as in other languages
			} else {
				l.children(r, SlotOperand)
			}
			l.close(id)
		},

		"if_statement": func(l *lowerer, r int32, slot Slot) { pythonIf(l, r, slot) },
		"for_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(ForEach, slot, r)
			if l.has(r, "async") {
				l.nodes[id].Flags = Async
			}
			l.lower(l.field(r, fLeft), SlotTarget)
			l.lower(l.field(r, fRight), SlotValue)
			l.block(l.field(r, fBody), SlotBody, "block")
			pythonElse(l, l.field(r, fAlternative))
			l.close(id)
		},
		"while_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(For, slot, r)
			l.lower(l.field(r, fCondition), SlotCond)
			l.block(l.field(r, fBody), SlotBody, "block")
			pythonElse(l, l.field(r, fAlternative))
			l.close(id)
		},
		"try_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Try, slot, r)
			l.block(l.field(r, fBody), SlotBody, "block")
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				switch {
				case l.is(c, "except_clause"):
					pythonExcept(l, c)
				case l.is(c, "else_clause"):
					pythonElse(l, c)
				case l.is(c, "finally_clause"):
					l.block(l.kid(c, "block"), SlotFinally, "block")
				}
			}
			l.close(id)
		},
		"with_statement": pythonWith,
		"with_item":      through,
		"as_pattern": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Value = "="
			l.nodes[id].Flags = Declares
			l.lower(l.field(r, fAlias), SlotTarget)
			l.lower(l.child(r, 0), SlotValue)
			l.close(id)
		},
		"as_pattern_target": through,
		"match_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Switch, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.fieldOf(c) == fSubject {
					l.lower(c, SlotOperand)
				}
			}
			if b := l.field(r, fBody); b >= 0 {
				l.children(b, Item)
			}
			l.close(id)
		},
		"case_clause": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Case, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.is(c, "case_pattern") {
					l.lower(c, SlotOperand)
				}
			}
			if g := l.field(r, fGuard); g >= 0 {
				l.children(g, SlotCond)
			}
			l.block(l.field(r, fConsequence), SlotBody, "block")
			l.close(id)
		},
		"case_pattern": through,

		"return_statement":   one(Return, SlotOperand),
		"pass_statement":     valued(Jump, "pass", SlotOperand),
		"break_statement":    valued(Jump, "break", SlotOperand),
		"continue_statement": valued(Jump, "continue", SlotOperand),
		"raise_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Throw, slot, r)
			cause := l.field(r, fCause)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && c != cause {
					l.lower(c, SlotOperand)
				}
			}
			l.lower(cause, SlotValue)
			l.close(id)
		},
		"print_statement": func(l *lowerer, r int32, slot Slot) {
			// The statement of Python 2 means what the function of Python 3 does.
			s := l.open(ExprStmt, slot, r)
			id := l.open(Call, SlotOperand, r)
			l.leaf(Name, SlotCallee, l.first(r), "print")
			args := l.open(Args, SlotArgs, r)
			l.children(r, Item)
			l.close(args)
			l.close(id)
			l.close(s)
		},
		"import_statement":        modules,
		"import_from_statement":   from,
		"future_import_statement": from,
	}
}

// pythonAliased writes `a.b` or `a.b as c`: the first in the given slot, the second as Alias.
func pythonAliased(l *lowerer, r int32, slot Slot) {
	name := r
	if l.is(r, "aliased_import") {
		name = l.field(r, fName)
		defer l.lower(l.field(r, fAlias), SlotAlias)
	}
	if name >= 0 {
		l.leaf(Name, slot, name, squeeze(l.text(name)))
	}
}

func pythonStatement(l *lowerer, r int32, slot Slot) {
	if l.count(r) == 1 {
		l.statement(r, l.child(r, 0), slot, "assignment", "augmented_assignment")
		return
	}
	id := l.open(ExprStmt, slot, r)
	t := l.open(Tuple, SlotOperand, r)
	l.children(r, Item)
	l.close(t)
	l.close(id)
}

func pythonAssign(l *lowerer, r int32, slot Slot) {
	id := l.open(Assign, slot, r)
	l.nodes[id].Value = "="
	if op := l.operator(r); op != "" {
		l.nodes[id].Value = op
	}
	right := l.field(r, fRight)
	if l.is(right, "assignment") && l.field(r, fType) < 0 { // a = b = c gives one value to several targets
		t := l.open(Tuple, SlotTarget, r)
		l.lower(l.field(r, fLeft), Item)
		for l.is(right, "assignment") {
			l.lower(l.field(right, fLeft), Item)
			right = l.field(right, fRight)
		}
		l.close(t)
	} else {
		l.lower(l.field(r, fLeft), SlotTarget)
	}
	l.lower(right, SlotValue)
	l.lower(l.field(r, fType), SlotType)
	l.close(id)
}

// pythonCompare writes `a < b < c` as ((a < b) < c), which keeps operands and operators in order.
func pythonCompare(l *lowerer, r int32, slot Slot, last int) {
	if last < 1 {
		l.children(r, slot)
		return
	}
	// A chain is as wide as the file allows, so the nodes are opened in a loop, outermost first.
	var ops []string
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.fieldOf(c) == fOperators {
			ops = append(ops, l.name(c))
		}
	}
	var open []ID
	for i := last; i > 0; i-- {
		id := l.open(Binary, slot, r)
		if i <= len(ops) {
			l.nodes[id].Value = ops[i-1]
		}
		open = append(open, id)
		slot = SlotLeft
	}
	for c, i := l.first(r), 0; c >= 0; c = l.next(r, c) {
		if !l.code(c) {
			continue
		}
		if i == 0 {
			l.lower(c, SlotLeft)
		} else {
			l.lower(c, SlotRight)
			id := open[len(open)-1]
			open = open[:len(open)-1]
			l.nodes[id].End = l.recs[c].end
			l.close(id)
		}
		i++
	}
}

func pythonParams(l *lowerer, r int32, slot Slot) {
	id := l.open(Params, slot, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.code(c) {
			continue
		}
		switch l.name(c) {
		case "identifier", "tuple_pattern", "list_splat_pattern", "dictionary_splat_pattern":
			pythonParam(l, c, Item)
		default:
			l.lower(c, Item)
		}
	}
	l.close(id)
}

func pythonParam(l *lowerer, r int32, slot Slot) {
	id := l.open(Param, slot, r)
	name := l.field(r, fName)
	typ, value := int32(-1), int32(-1)
	switch l.name(r) {
	case "default_parameter", "typed_default_parameter", "typed_parameter":
		typ, value = l.field(r, fType), l.field(r, fValue)
		if name < 0 {
			name = l.child(r, 0)
		}
	default:
		name = r
	}
	switch {
	case l.is(name, "list_splat_pattern"):
		l.nodes[id].Value = "*"
		name = l.child(name, 0)
	case l.is(name, "dictionary_splat_pattern"):
		l.nodes[id].Value = "**"
		name = l.child(name, 0)
	}
	l.lower(name, SlotName)
	l.lower(typ, SlotType)
	l.lower(value, SlotValue)
	l.close(id)
}

// pythonFunc writes the function r; outer is r itself or the definition with its decorators.
func pythonFunc(l *lowerer, outer, r int32, slot Slot) {
	id := l.open(Func, slot, outer)
	if l.has(r, "async") {
		l.nodes[id].Flags |= Async
	}
	pythonDecorators(l, outer, r)
	l.lower(l.field(r, fName), SlotName)
	l.lower(l.field(r, fParameters), SlotParams)
	l.lower(l.field(r, fReturnType), SlotReturns)
	l.block(l.field(r, fBody), SlotBody, "block")
	l.close(id)
}

func pythonDecorators(l *lowerer, outer, r int32) {
	for c := l.first(outer); outer != r && c >= 0; c = l.next(outer, c) {
		if l.is(c, "decorator") {
			l.lower(c, SlotDecorator)
		}
	}
}

func pythonClass(l *lowerer, outer, r int32, slot Slot) {
	id := l.open(Class, slot, outer)
	l.nodes[id].Value = "class"
	pythonDecorators(l, outer, r)
	l.lower(l.field(r, fName), SlotName)
	if b := l.field(r, fSuperclasses); b >= 0 {
		l.children(b, SlotBase)
	}
	l.block(l.field(r, fBody), SlotBody, "block")
	l.close(id)
}

// pythonIf writes an if with its elif clauses. They are siblings in the grammar and nested here, as many as the file has: a loop,
// not a recursion.
func pythonIf(l *lowerer, r int32, slot Slot) {
	open := []ID{l.open(If, slot, r)}
	l.lower(l.field(r, fCondition), SlotCond)
	l.block(l.field(r, fConsequence), SlotThen, "block")
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "elif_clause"):
			b := l.open(Block, SlotElse, c)
			i := l.open(If, Item, c)
			open = append(open, b, i)
			l.nodes[b].End, l.nodes[i].End = l.recs[r].end, l.recs[r].end
			l.lower(l.field(c, fCondition), SlotCond)
			l.block(l.field(c, fConsequence), SlotThen, "block")
		case l.is(c, "else_clause"):
			pythonElse(l, c)
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		l.close(open[i])
	}
}

// pythonWith writes `with a, b:` as the two statements that it is short for.
func pythonWith(l *lowerer, r int32, slot Slot) {
	var open []ID
	clause := l.kid(r, "with_clause")
	for c := l.first(max(clause, 0)); clause >= 0 && c >= 0; c = l.next(clause, c) {
		if !l.is(c, "with_item") {
			continue
		}
		at := r
		if len(open) > 0 {
			at, slot = c, Item
			b := l.open(Block, SlotBody, c)
			l.nodes[b].End = l.recs[r].end
			open = append(open, b)
		}
		w := l.open(With, slot, at)
		l.nodes[w].End, l.nodes[w].Symbol = l.recs[r].end, l.recs[r].symbol
		if l.has(r, "async") {
			l.nodes[w].Flags = Async
		}
		open = append(open, w)
		l.lower(c, SlotResource)
	}
	if len(open) == 0 {
		lowerOther(l, r, slot)
		return
	}
	l.block(l.field(r, fBody), SlotBody, "block")
	for i := len(open) - 1; i >= 0; i-- {
		l.close(open[i])
	}
}

func pythonElse(l *lowerer, r int32) {
	if r >= 0 {
		l.block(l.field(r, fBody), SlotElse, "block")
	}
}

func pythonExcept(l *lowerer, r int32) {
	id := l.open(Catch, SlotCatch, r)
	if l.has(r, "*") {
		l.nodes[id].Value = "*"
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.fieldOf(c) != fValue || !l.code(c) {
			continue
		}
		typ := c
		if l.is(c, "as_pattern") {
			typ = l.child(c, 0)
		}
		if l.is(typ, "tuple") {
			l.children(typ, SlotType)
		} else {
			l.lower(typ, SlotType)
		}
		if typ != c {
			l.lower(l.field(c, fAlias), SlotTarget)
		}
	}
	l.lower(l.field(r, fAlias), SlotTarget)
	l.block(l.kid(r, "block"), SlotBody, "block")
	l.close(id)
}

// pythonStrings writes string literals that stand side by side as the one string they are: Str, or Template when one of them is an
// f-string with expressions.
func pythonStrings(l *lowerer, r int32, slot Slot, parts []int32) {
	holes := false
	for _, p := range parts {
		holes = holes || l.kid(p, "interpolation") >= 0
	}
	if !holes {
		var value string
		if len(parts) == 1 {
			value = pythonContent(l, parts[0])
		} else {
			var b strings.Builder
			for _, p := range parts {
				b.WriteString(pythonContent(l, p))
			}
			value = b.String()
		}
		l.leaf(Str, slot, r, value)
		return
	}
	id := l.open(Template, slot, r)
	for _, p := range parts {
		raw := pythonRaw(l, p)
		for c := l.first(p); c >= 0; c = l.next(p, c) {
			switch {
			case l.is(c, "string_content"):
				l.leaf(Str, Item, c, pythonText(l, c, raw))
			case l.is(c, "interpolation"):
				l.lower(l.field(c, fExpression), Item)
			}
		}
	}
	l.close(id)
}

func pythonRaw(l *lowerer, r int32) bool {
	s := l.kid(r, "string_start")
	return s >= 0 && strings.ContainsAny(l.text(s), "rR")
}

func pythonContent(l *lowerer, r int32) string {
	start, end := l.kid(r, "string_start"), l.kid(r, "string_end")
	if start < 0 || end < 0 || l.recs[end].start < l.recs[start].end {
		return ""
	}
	text := l.src[l.recs[start].end:l.recs[end].start]
	if pythonRaw(l, r) {
		return text
	}
	if strings.ContainsAny(l.text(start), "fFtT") {
		text = strings.NewReplacer("{{", "{", "}}", "}").Replace(text)
	}
	return unescape(text, true)
}

func pythonText(l *lowerer, r int32, raw bool) string {
	text := strings.NewReplacer("{{", "{", "}}", "}").Replace(l.text(r))
	if raw {
		return text
	}
	return unescape(text, true)
}
