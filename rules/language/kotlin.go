//go:build allgrammars

package language

import (
	"strings"

	grammarkotlin "github.com/tree-sitter-grammars/tree-sitter-kotlin/bindings/go"
)

func kotlin() *Spec {
	g := newGrammar(grammarkotlin.Language(), kotlinRules())
	return &Spec{
		Name:       "kotlin",
		Aliases:    []string{"kt"},
		Extensions: []string{".kt", ".kts"},
		Metavar:    "mv__",
		KeyArgs:    true,
		Wrappers: []Wrapper{
			{},
			{"fun f() {\n", "\n}"},
			{"class C {\n", "\n}"},
			{"class C {\n", " {}\n}"},
			{"val x = ", ""},
			{"", " class C"},
			{"fun f() { try {} ", " }"},
			{"fun f() { when (x) {\n", "\n} }"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func kotlinRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	nothing := func(*lowerer, int32, Slot) {}
	return map[string]lowerFunc{
		"source_file":              kotlinStatements,
		"block":                    kotlinBlock,
		"class_body":               kotlinBlock,
		"enum_class_body":          kotlinBlock,
		"parenthesized_expression": paren,
		"shebang":                  nothing,
		"package_header":           lowerOther,

		"identifier":               word(Name),
		"this_expression":          word(Name),
		"super_expression":         word(Name),
		"qualified_identifier":     func(l *lowerer, r int32, slot Slot) { dotted(l, r, l.count(r)-1, slot) },
		"number_literal":           number,
		"float_literal":            number,
		"character_literal":        func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, unescape(inner(l.text(r), 1), false)) },
		"string_literal":           kotlinString,
		"multiline_string_literal": kotlinString,
		"interpolation":            through,
		"collection_literal":       one(List, Item),
		"user_type":                kotlinType,
		"nullable_type":            typed,
		"function_type":            typed,
		"parenthesized_type":       through,
		"type_arguments":           through,
		"type_projection":          through,

		"import": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Import, slot, r)
			if q := l.child(r, 0); q >= 0 {
				name := squeeze(l.text(q))
				if l.has(r, "*") {
					name += ".*"
				}
				l.leaf(Name, SlotModule, q, name)
			}
			l.lower(l.child(r, 1), SlotAlias)
			l.close(id)
		},
		"class_declaration":     kotlinClass,
		"object_declaration":    kotlinClass,
		"companion_object":      kotlinClass,
		"object_literal":        kotlinClass,
		"delegation_specifiers": through,
		"delegation_specifier":  through,
		"constructor_invocation": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.lower(l.child(r, 0), SlotCallee)
			l.lower(l.kid(r, "value_arguments"), SlotArgs)
			l.close(id)
		},
		"annotation": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Decorator, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && !l.is(c, "use_site_target") {
					l.lower(c, SlotOperand)
				}
			}
			l.close(id)
		},
		"file_annotation": nothing,
		"anonymous_initializer": func(l *lowerer, r int32, slot Slot) {
			if b := l.kid(r, "block"); b >= 0 {
				kotlinBlock(l, b, slot)
			}
		},
		"enum_entry": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares|Const|Static, "="
			l.lower(l.kid(r, "identifier"), SlotTarget)
			l.close(id)
		},
		"function_declaration":       kotlinFunc,
		"anonymous_function":         kotlinFunc,
		"secondary_constructor":      kotlinFunc,
		"getter":                     kotlinFunc,
		"setter":                     kotlinFunc,
		"function_value_parameters":  kotlinParams,
		"class_parameters":           kotlinParams,
		"lambda_parameters":          kotlinParams,
		"parameter":                  func(l *lowerer, r int32, slot Slot) { kotlinParam(l, r, -1) },
		"class_parameter":            func(l *lowerer, r int32, slot Slot) { kotlinParam(l, r, -1) },
		"property_declaration":       kotlinProperty,
		"variable_declaration":       func(l *lowerer, r int32, slot Slot) { l.lower(l.kid(r, "identifier"), slot) },
		"multi_variable_declaration": one(Tuple, Item),

		"assignment": func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, l.operator(r)) },
		"navigation_expression": func(l *lowerer, r int32, slot Slot) {
			n := l.count(r)
			id := dot(l, r, slot, l.child(r, 0), l.child(r, n-1))
			if l.has(r, "?.") {
				l.nodes[id].Flags |= Optional
			}
		},
		"index_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			s := SlotOperand
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) {
					l.lower(c, s)
					s = Item
				}
			}
			l.close(id)
		},
		"call_expression": kotlinCall,
		"value_arguments": one(Args, Item),
		"value_argument": func(l *lowerer, r int32, slot Slot) {
			if l.has(r, "=") && l.count(r) == 2 {
				id := l.open(KeyArg, slot, r)
				l.lower(l.child(r, 0), SlotName)
				l.lower(l.child(r, 1), SlotOperand)
				l.close(id)
				return
			}
			l.children(r, slot)
		},
		"spread_expression": valued(Spread, "*", SlotOperand),
		"binary_expression": binaryOperator,
		"in_expression":     func(l *lowerer, r int32, slot Slot) { l.binary(r, slot, l.field(r, fLeft), l.field(r, fRight), "in") },
		"is_expression":     func(l *lowerer, r int32, slot Slot) { l.binary(r, slot, l.field(r, fLeft), l.field(r, fRight), "is") },
		"as_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			l.lower(l.field(r, fRight), SlotType)
			l.lower(l.field(r, fLeft), SlotOperand)
			l.close(id)
		},
		"infix_expression": func(l *lowerer, r int32, slot Slot) {
			op := l.child(r, 1)
			if op < 0 {
				lowerOther(l, r, slot)
				return
			}
			l.binary(r, slot, l.child(r, 0), l.child(r, 2), l.text(op))
		},
		"range_expression": func(l *lowerer, r int32, slot Slot) { l.binary(r, slot, l.child(r, 0), l.child(r, 1), "..") },
		"unary_expression": func(l *lowerer, r int32, slot Slot) {
			op := l.operator(r)
			if op == "!!" { // it is there: nothing else changes
				l.lower(l.field(r, fArgument), slot)
				return
			}
			l.unary(r, slot, l.field(r, fArgument), op)
		},
		"lambda_literal":     kotlinLambda,
		"annotated_lambda":   through,
		"labeled_expression": through,
		"label":              nothing,

		"if_expression":      kotlinIf,
		"while_statement":    func(l *lowerer, r int32, slot Slot) { kotlinLoop(l, r, slot, "") },
		"do_while_statement": func(l *lowerer, r int32, slot Slot) { kotlinLoop(l, r, slot, "do") },
		"for_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(ForEach, slot, r)
			l.nodes[id].Flags = Declares
			s := SlotTarget
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				switch {
				case !l.code(c) || l.is(c, "annotation") || l.is(c, "label"):
				case s == SlotTarget:
					l.lower(c, s)
					s = SlotValue
				case s == SlotValue:
					l.lower(c, s)
					s = SlotBody
				default:
					kotlinBranch(l, c, SlotBody)
				}
			}
			l.close(id)
		},
		"when_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Switch, slot, r)
			if s := l.kid(r, "when_subject"); s >= 0 {
				l.children(s, SlotOperand)
			}
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.is(c, "when_entry") {
					l.lower(c, Item)
				}
			}
			l.close(id)
		},
		"when_entry": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Case, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && l.fieldOf(c) == fCondition {
					l.lower(c, SlotOperand)
				}
			}
			if b := l.child(r, l.count(r)-1); b >= 0 && l.fieldOf(b) != fCondition {
				kotlinBranch(l, b, SlotBody)
			}
			l.close(id)
		},
		"try_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Try, slot, r)
			kotlinBranch(l, l.kid(r, "block"), SlotBody)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				switch {
				case l.is(c, "catch_block"):
					k := l.open(Catch, SlotCatch, c)
					name := l.kid(c, "identifier")
					for t := l.first(c); t >= 0; t = l.next(c, t) {
						if l.code(t) && t != name && !l.is(t, "block") && !l.is(t, "annotation") {
							l.lower(t, SlotType)
						}
					}
					l.lower(name, SlotTarget)
					kotlinBranch(l, l.kid(c, "block"), SlotBody)
					l.close(k)
				case l.is(c, "finally_block"):
					kotlinBranch(l, l.kid(c, "block"), SlotFinally)
				}
			}
			l.close(id)
		},
		"return_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Return, slot, r)
			label := l.field(r, fLabel)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && c != label {
					l.lower(c, SlotOperand)
				}
			}
			l.close(id)
		},
		"throw_expression": one(Throw, SlotOperand),
	}
}

// kotlinIsStatement says whether a node is no expression that would need a node of its own to stand as a statement.
func kotlinIsStatement(l *lowerer, r int32) bool {
	switch l.name(r) {
	case "assignment", "property_declaration", "function_declaration", "class_declaration", "object_declaration", "companion_object", "secondary_constructor",
		"anonymous_initializer", "type_alias", "enum_entry", "import", "package_header", "for_statement", "while_statement", "do_while_statement",
		"if_expression", "when_expression", "try_expression", "return_expression", "throw_expression", "file_annotation", "shebang", "ERROR", "getter", "setter", "block":
		return true
	}
	return false
}

func kotlinStatements(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) {
			kotlinStatement(l, c, slot)
		}
	}
}

func kotlinStatement(l *lowerer, c int32, slot Slot) {
	switch word := l.text(c); {
	case l.is(c, "label"), l.is(c, "lambda_parameters"):
	case l.is(c, "identifier") && (word == "break" || word == "continue"):
		id := l.open(Jump, slot, c)
		l.nodes[id].Value = word
		l.close(id)
	case kotlinIsStatement(l, c):
		l.lower(c, slot)
	default:
		l.statement(c, c, slot)
	}
}

func kotlinBlock(l *lowerer, r int32, slot Slot) {
	id := l.open(Block, slot, r)
	kotlinStatements(l, r, Item)
	l.close(id)
}

// kotlinBranch writes a body that is a block or one statement.
func kotlinBranch(l *lowerer, r int32, slot Slot) {
	switch {
	case r < 0:
	case l.is(r, "block"):
		kotlinBlock(l, r, slot)
	default:
		id := l.open(Block, slot, r)
		kotlinStatement(l, r, Item)
		l.close(id)
	}
}

func kotlinString(l *lowerer, r int32, slot Slot) {
	if text, plain := l.plainText(r, "string_content", "escape_sequence"); plain {
		l.leaf(Str, slot, r, text)
		return
	}
	id := l.open(Template, slot, r)
	l.pieces(r, "string_content", "escape_sequence")
	l.close(id)
}

// kotlinType writes a.b.C<T>: names and, if it has them, the type arguments.
func kotlinType(l *lowerer, r int32, slot Slot) {
	args := l.kid(r, "type_arguments")
	n := 0
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "identifier") {
			n++
		}
	}
	outer := None
	if args >= 0 {
		outer = l.open(Type, slot, r)
		l.nodes[outer].Value = squeeze(l.text(r))
		slot = SlotOperand
	}
	var open []ID
	for range n - 1 {
		open = append(open, l.open(Dot, slot, r))
		slot = SlotOperand
	}
	i := 0
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.is(c, "identifier") {
			continue
		}
		if i == 0 {
			l.lower(c, slot)
		} else {
			l.leaf(Name, SlotName, c, l.text(c))
			id := open[len(open)-i]
			l.nodes[id].End = l.recs[c].end
			l.close(id)
		}
		i++
	}
	if args >= 0 {
		l.children(args, Item)
		l.close(outer)
	}
}

// kotlinModifiers writes annotations and modifiers.
func kotlinModifiers(l *lowerer, r int32, id ID) {
	m := l.kid(r, "modifiers")
	if m < 0 {
		return
	}
	for c := l.first(m); c >= 0; c = l.next(m, c) {
		switch {
		case l.is(c, "annotation"):
			l.lower(c, SlotDecorator)
		case l.code(c):
			l.leaf(Decorator, SlotDecorator, c, squeeze(l.text(c)))
			if l.text(c) == "const" && l.nodes[id].Kind == Assign {
				l.nodes[id].Flags |= Const
			}
		}
	}
}

func kotlinClass(l *lowerer, r int32, slot Slot) {
	id := l.open(Class, slot, r)
	l.nodes[id].Value = "class"
	if l.has(r, "interface") {
		l.nodes[id].Value = "interface"
	} else if l.has(r, "object") {
		l.nodes[id].Value = "object"
	}
	kotlinModifiers(l, r, id)
	l.lower(l.field(r, fName), SlotName)
	if p := l.kid(r, "primary_constructor"); p >= 0 {
		l.lower(l.kid(p, "class_parameters"), SlotParams)
	}
	if d := l.kid(r, "delegation_specifiers"); d >= 0 {
		l.children(d, SlotBase)
	}
	if b := l.kid(r, "class_body"); b >= 0 {
		kotlinBlock(l, b, SlotBody)
	} else if b := l.kid(r, "enum_class_body"); b >= 0 {
		kotlinBlock(l, b, SlotBody)
	}
	l.close(id)
}

func kotlinFunc(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	switch l.name(r) {
	case "secondary_constructor":
		l.nodes[id].Value = "constructor"
	case "getter":
		l.nodes[id].Value = "get"
	case "setter":
		l.nodes[id].Value = "set"
	case "anonymous_function":
		l.nodes[id].Flags |= Lambda
	}
	kotlinModifiers(l, r, id)
	l.lower(l.field(r, fName), SlotName)
	params := l.kid(r, "function_value_parameters")
	if params >= 0 {
		l.lower(params, SlotParams)
	} else {
		l.emptyParams(r)
	}
	after := false
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case c == params:
			after = true
		case after && l.code(c) && strings.HasSuffix(l.name(c), "_type"):
			l.lower(c, SlotReturns)
		}
	}
	body := l.kid(r, "function_body")
	if body < 0 {
		body = l.kid(r, "block")
		kotlinBranch(l, body, SlotBody)
	} else if b := l.child(body, 0); l.is(b, "block") {
		kotlinBranch(l, b, SlotBody)
	} else if b >= 0 {
		k := l.open(Block, SlotBody, b)
		s := l.open(Return, Item, b)
		l.lower(b, SlotOperand)
		l.close(s)
		l.close(k)
	}
	l.close(id)
}

func kotlinParams(l *lowerer, r int32, slot Slot) {
	id := l.open(Params, slot, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "parameter"), l.is(c, "class_parameter"):
			value := int32(-1)
			if n := l.next(r, c); n >= 0 && l.name(n) == "=" {
				value = l.next(r, n)
			}
			kotlinParam(l, c, value)
		case l.is(c, "variable_declaration"), l.is(c, "multi_variable_declaration"):
			p := l.open(Param, Item, c)
			l.lower(c, SlotName)
			for t := l.first(c); t >= 0; t = l.next(c, t) {
				if l.is(c, "variable_declaration") && l.code(t) && strings.HasSuffix(l.name(t), "_type") {
					l.lower(t, SlotType)
				}
			}
			l.close(p)
		}
	}
	l.close(id)
}

func kotlinParam(l *lowerer, r, value int32) {
	id := l.open(Param, Item, r)
	kotlinModifiers(l, r, id)
	name := l.kid(r, "identifier")
	l.lower(name, SlotName)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !l.code(c) || c == name || l.is(c, "modifiers"):
		case strings.HasSuffix(l.name(c), "_type"):
			l.lower(c, SlotType)
		default:
			value = c
		}
	}
	l.lower(value, SlotValue)
	l.close(id)
}

// kotlinProperty writes val and var.
func kotlinProperty(l *lowerer, r int32, slot Slot) {
	id := l.open(Assign, slot, r)
	l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
	if l.has(r, "val") {
		l.nodes[id].Flags |= Const
	}
	kotlinModifiers(l, r, id)
	typ := int32(-1)
	after := false
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "variable_declaration"):
			l.lower(l.kid(c, "identifier"), SlotTarget)
			for t := l.first(c); t >= 0; t = l.next(c, t) {
				if l.code(t) && strings.HasSuffix(l.name(t), "_type") {
					typ = t
				}
			}
		case l.is(c, "multi_variable_declaration"):
			l.lower(c, SlotTarget)
		case !l.named(c) && l.name(c) == "=":
			after = true
		case l.is(c, "property_delegate"):
			l.children(c, SlotValue)
		case l.is(c, "getter"), l.is(c, "setter"):
		case after && l.code(c):
			l.lower(c, SlotValue)
			after = false
		}
	}
	l.lower(typ, SlotType)
	l.close(id)
}

// kotlinCall writes a call. A lambda behind it is the last argument.
func kotlinCall(l *lowerer, r int32, slot Slot) {
	id := l.open(Call, slot, r)
	l.lower(l.child(r, 0), SlotCallee)
	if t := l.kid(r, "type_arguments"); t >= 0 {
		l.children(t, SlotType)
	}
	args, lambda := l.kid(r, "value_arguments"), l.kid(r, "annotated_lambda")
	at := args
	if at < 0 {
		at = max(lambda, r)
	}
	a := l.open(Args, SlotArgs, at)
	if args >= 0 {
		l.children(args, Item)
	}
	if lambda >= 0 {
		l.nodes[a].End = l.recs[lambda].end
		l.lower(lambda, Item)
	}
	l.close(a)
	l.close(id)
}

func kotlinLambda(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	l.nodes[id].Flags = Lambda
	if p := l.kid(r, "lambda_parameters"); p >= 0 {
		l.lower(p, SlotParams)
	} else {
		l.emptyParams(r)
	}
	kotlinBlock(l, r, SlotBody)
	l.close(id)
}

func kotlinIf(l *lowerer, r int32, slot Slot) {
	id := l.open(If, slot, r)
	cond := l.field(r, fCondition)
	l.lower(cond, SlotCond)
	branch := SlotThen
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !l.named(c) && l.name(c) == "else":
			branch = SlotElse
		case l.code(c) && c != cond:
			kotlinBranch(l, c, branch)
		}
	}
	l.close(id)
}

func kotlinLoop(l *lowerer, r int32, slot Slot, value string) {
	id := l.open(For, slot, r)
	l.nodes[id].Value = value
	cond := l.field(r, fCondition)
	l.lower(cond, SlotCond)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && c != cond && !l.is(c, "label") {
			kotlinBranch(l, c, SlotBody)
		}
	}
	l.close(id)
}
