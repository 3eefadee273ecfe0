package language

import (
	"strings"

	grammarjava "github.com/tree-sitter/tree-sitter-java/bindings/go"
)

func java() *Spec {
	g := newGrammar(grammarjava.Language(), javaRules())
	return &Spec{
		Name:       "java",
		Extensions: []string{".java"},
		Metavar:    "$", // Java's identifiers may hold dollars: a metavariable is one as it stands
		Semicolon:  true,
		Wrappers: []Wrapper{
			{},
			{"", ";"},
			{"class C { void f() {\n", "\n} }"},
			{"class C {\n", "\n}"},
			{"class C { Object x = ", "; }"},
			{"class C {\n", " {} }"},
			{"class C {\n", "; }"},
			{"", " class C {}"},
			{"class C { void f() { try {} ", " } }"},
			{"class C { void f() { switch (x) { ", " } } }"},
			{"", " {}"},
			{"class C { void f() { ", " finally {} } }"},
			{"class C { C() {\n", "; } }"},
			{"class C { C() {\n", "\n} }"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func javaRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	return map[string]lowerFunc{
		"program":                  through,
		"block":                    javaBlock,
		"constructor_body":         javaBlock,
		"expression_statement":     func(l *lowerer, r int32, slot Slot) { l.statement(r, l.child(r, 0), slot, "assignment_expression") },
		"parenthesized_expression": paren,

		"identifier":                     word(Name),
		"type_identifier":                word(Name),
		"underscore_pattern":             word(Name),
		"this":                           word(Name),
		"super":                          word(Name),
		"void_type":                      word(Name),
		"integral_type":                  word(Name),
		"floating_point_type":            word(Name),
		"boolean_type":                   word(Name),
		"decimal_integer_literal":        number,
		"hex_integer_literal":            number,
		"octal_integer_literal":          number,
		"binary_integer_literal":         number,
		"decimal_floating_point_literal": number,
		"hex_floating_point_literal":     number,
		"true":                           word(Bool),
		"false":                          word(Bool),
		"null_literal":                   func(l *lowerer, r int32, slot Slot) { l.leaf(Null, slot, r, "") },
		"string_literal":                 javaString,
		"scoped_identifier":              func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fScope), l.field(r, fName)) },
		"scoped_type_identifier": func(l *lowerer, r int32, slot Slot) {
			n := l.count(r)
			dot(l, r, slot, l.child(r, 0), l.child(r, n-1))
		},
		"generic_type":   typed,
		"array_type":     typed,
		"type_arguments": through,
		"wildcard":       typed,
		"annotated_type": typed,

		"import_declaration": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Import, slot, r)
			if l.has(r, "static") {
				l.nodes[id].Flags = Static
			}
			if m := l.child(r, 0); m >= 0 {
				name := squeeze(l.text(m))
				if l.kid(r, "asterisk") >= 0 {
					name += ".*"
				}
				l.leaf(Name, SlotModule, m, name)
			}
			l.close(id)
		},

		"class_declaration":           javaClass("class"),
		"interface_declaration":       javaClass("interface"),
		"enum_declaration":            javaClass("enum"),
		"record_declaration":          javaClass("record"),
		"annotation_type_declaration": javaClass("@interface"),
		"modifiers":                   javaModifiers,
		"annotation": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Decorator, slot, r)
			c := l.open(Call, SlotOperand, r)
			l.lower(l.field(r, fName), SlotCallee)
			l.lower(l.field(r, fArguments), SlotArgs)
			l.close(c)
			l.close(id)
		},
		"marker_annotation":        one(Decorator, SlotOperand),
		"annotation_argument_list": one(Args, Item),
		"element_value_pair": func(l *lowerer, r int32, slot Slot) {
			id := l.open(KeyArg, slot, r)
			l.lower(l.field(r, fKey), SlotName)
			l.lower(l.field(r, fValue), SlotOperand)
			l.close(id)
		},
		"element_value_array_initializer": one(List, Item),
		"static_initializer": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Block, slot, r)
			l.nodes[id].Flags = Static
			if b := l.kid(r, "block"); b >= 0 {
				l.children(b, Item)
			}
			l.close(id)
		},
		"method_declaration":                  javaFunc,
		"constructor_declaration":             javaFunc,
		"compact_constructor_declaration":     javaFunc,
		"annotation_type_element_declaration": javaFunc,
		"formal_parameters":                   one(Params, Item),
		"formal_parameter": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Param, slot, r)
			javaDecorators(l, r, id)
			l.lower(l.field(r, fName), SlotName)
			l.lower(l.field(r, fType), SlotType)
			l.close(id)
		},
		"spread_parameter": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Param, slot, r)
			l.nodes[id].Value = "..."
			javaDecorators(l, r, id)
			if d := l.kid(r, "variable_declarator"); d >= 0 {
				l.lower(l.field(d, fName), SlotName)
			}
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && !l.is(c, "modifiers") && !l.is(c, "variable_declarator") {
					l.lower(c, SlotType)
				}
			}
			l.close(id)
		},
		"inferred_parameters": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Params, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) {
					p := l.open(Param, Item, c)
					l.lower(c, SlotName)
					l.close(p)
				}
			}
			l.close(id)
		},
		"field_declaration":          javaDeclare,
		"local_variable_declaration": javaDeclare,
		"constant_declaration":       javaDeclare,
		"enum_constant": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares|Const|Static, "="
			l.lower(l.field(r, fName), SlotTarget)
			if a := l.field(r, fArguments); a >= 0 {
				c := l.open(Call, SlotValue, r)
				l.nodes[c].Flags = New
				l.lower(a, SlotArgs)
				l.close(c)
			}
			l.lower(l.field(r, fBody), SlotBody)
			l.close(id)
		},
		"class_body":             javaBlock,
		"interface_body":         javaBlock,
		"enum_body":              javaBlock,
		"enum_body_declarations": through,
		"annotation_type_body":   javaBlock,

		"assignment_expression": func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, l.operator(r)) },
		"field_access":          func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fObject), l.field(r, fField)) },
		"array_access": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.field(r, fArray), SlotOperand)
			l.lower(l.field(r, fIndex), Item)
			l.close(id)
		},
		"method_invocation": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			if o := l.field(r, fObject); o >= 0 {
				dot(l, r, SlotCallee, o, l.field(r, fName))
			} else {
				l.lower(l.field(r, fName), SlotCallee)
			}
			l.lower(l.field(r, fArguments), SlotArgs)
			l.close(id)
		},
		"argument_list": one(Args, Item),
		"object_creation_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.nodes[id].Flags = New
			l.lower(l.field(r, fType), SlotCallee)
			l.lower(l.field(r, fArguments), SlotArgs)
			l.lower(l.kid(r, "class_body"), SlotBody)
			l.close(id)
		},
		"explicit_constructor_invocation": func(l *lowerer, r int32, slot Slot) {
			s := l.open(ExprStmt, slot, r)
			id := l.open(Call, SlotOperand, r)
			l.lower(l.field(r, fConstructor), SlotCallee)
			l.lower(l.field(r, fArguments), SlotArgs)
			l.close(id)
			l.close(s)
		},
		"array_creation_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(List, slot, r)
			l.nodes[id].Flags = New
			l.lower(l.field(r, fType), SlotType)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.fieldOf(c) == fDimensions && l.is(c, "dimensions_expr") {
					l.children(c, SlotOperand)
				}
			}
			if v := l.field(r, fValue); v >= 0 {
				l.children(v, Item)
			}
			l.close(id)
		},
		"array_initializer": one(List, Item),
		"binary_expression": binaryOperator,
		"instanceof_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Binary, slot, r)
			l.nodes[id].Value = "instanceof"
			l.lower(l.field(r, fLeft), SlotLeft)
			l.lower(l.field(r, fRight), SlotRight)
			l.lower(l.field(r, fPattern), SlotRight)
			l.lower(l.field(r, fName), SlotTarget)
			l.close(id)
		},
		"unary_expression":   func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.field(r, fOperand), l.operator(r)) },
		"update_expression":  update,
		"ternary_expression": ternary,
		"cast_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			l.lower(l.field(r, fType), SlotType)
			l.lower(l.field(r, fValue), SlotOperand)
			l.close(id)
		},
		"lambda_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Func, slot, r)
			l.nodes[id].Flags = Lambda
			if p := l.field(r, fParameters); l.is(p, "identifier") {
				l.singleParam(p)
			} else {
				l.lower(p, SlotParams)
			}
			l.lambdaBody(l.field(r, fBody), "block")
			l.close(id)
		},

		"if_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(If, slot, r)
			l.lower(l.field(r, fCondition), SlotCond)
			l.block(l.field(r, fConsequence), SlotThen, "block")
			l.block(l.field(r, fAlternative), SlotElse, "block")
			l.close(id)
		},
		"while_statement":              func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "", "block") },
		"do_statement":                 func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "do", "block") },
		"for_statement":                forLoop(fInit, "block"),
		"enhanced_for_statement":       forEach(fName, fValue),
		"switch_expression":            switchOn(fCondition),
		"switch_block_statement_group": javaCase,
		"switch_rule":                  javaCase,
		"try_statement":                javaTry,
		"try_with_resources_statement": javaTry,
		"resource_specification":       through,
		"resource": func(l *lowerer, r int32, slot Slot) {
			if l.field(r, fValue) < 0 {
				l.children(r, slot)
				return
			}
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
			javaDecorators(l, r, id)
			l.lower(l.field(r, fName), SlotTarget)
			l.lower(l.field(r, fValue), SlotValue)
			l.lower(l.field(r, fType), SlotType)
			l.close(id)
		},
		"synchronized_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(With, slot, r)
			l.lower(l.kid(r, "parenthesized_expression"), SlotResource)
			l.block(l.field(r, fBody), SlotBody, "block")
			l.close(id)
		},
		"return_statement":   one(Return, SlotOperand),
		"throw_statement":    one(Throw, SlotOperand),
		"yield_statement":    valued(Jump, "yield", SlotOperand),
		"break_statement":    valued(Jump, "break", SlotOperand),
		"continue_statement": valued(Jump, "continue", SlotOperand),
	}
}

func javaBlock(l *lowerer, r int32, slot Slot) {
	id := l.open(Block, slot, r)
	l.children(r, Item)
	l.close(id)
}

func javaString(l *lowerer, r int32, slot Slot) {
	text := l.text(r)
	if l.kid(r, "string_interpolation") >= 0 {
		id := l.open(Template, slot, r)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			switch {
			case l.is(c, "string_interpolation"):
				l.children(c, Item)
			case l.code(c):
				l.leaf(Str, Item, c, unescape(l.text(c), false))
			}
		}
		l.close(id)
		return
	}
	if strings.HasPrefix(text, `"""`) {
		text = inner(text, 3)
	} else {
		text = inner(text, 1)
	}
	l.leaf(Str, slot, r, unescape(text, false))
}

func javaClass(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Class, slot, r)
		l.nodes[id].Value = value
		javaDecorators(l, r, id)
		l.lower(l.field(r, fName), SlotName)
		if list := l.kid(r, "type_parameters"); list >= 0 {
			for c := l.first(list); c >= 0; c = l.next(list, c) {
				if l.is(c, "type_parameter") {
					l.lower(l.child(c, 0), SlotType)
				}
			}
		}
		l.lower(l.field(r, fParameters), SlotParams)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			switch l.name(c) {
			case "superclass":
				l.children(c, SlotBase)
			case "super_interfaces":
				l.implements(l.kid(c, "type_list"))
			case "extends_interfaces":
				if list := l.kid(c, "type_list"); list >= 0 {
					l.children(list, SlotBase)
				}
			}
		}
		l.lower(l.field(r, fBody), SlotBody)
		l.close(id)
	}
}

// javaDecorators writes the modifiers and annotations of a declaration, and marks its node with those that are flags too.
func javaDecorators(l *lowerer, r int32, id ID) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "modifiers") {
			if l.has(c, "static") {
				l.nodes[id].Flags |= Static
			}
			if l.has(c, "final") && l.nodes[id].Kind == Assign {
				l.nodes[id].Flags |= Const
			}
			l.lower(c, SlotDecorator)
		}
	}
}

func javaModifiers(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.code(c):
			l.lower(c, slot)
		case l.recs[c].flags&(named|extra) == 0:
			l.leaf(Decorator, slot, c, l.name(c))
		}
	}
}

func javaFunc(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	if l.is(r, "constructor_declaration") || l.is(r, "compact_constructor_declaration") {
		l.nodes[id].Value = "constructor"
	}
	javaDecorators(l, r, id)
	l.lower(l.field(r, fName), SlotName)
	if p := l.field(r, fParameters); p >= 0 {
		l.lower(p, SlotParams)
	} else {
		l.emptyParams(r)
	}
	l.lower(l.field(r, fType), SlotReturns)
	if t := l.kid(r, "throws"); t >= 0 {
		l.children(t, SlotType)
	}
	l.lower(l.field(r, fBody), SlotBody)
	l.close(id)
}

// javaDeclare writes one Assign for each declared variable.
func javaDeclare(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.fieldOf(c) != fDeclarator {
			continue
		}
		id := l.open(Assign, slot, r)
		l.nodes[id].End = l.recs[c].end
		l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
		javaDecorators(l, r, id)
		l.lower(l.field(c, fName), SlotTarget)
		l.lower(l.field(c, fValue), SlotValue)
		l.lower(l.field(r, fType), SlotType)
		l.close(id)
	}
}

func javaCase(l *lowerer, r int32, slot Slot) {
	id := l.open(Case, slot, r)
	first := int32(-1)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !l.code(c):
		case l.is(c, "switch_label"):
			for e := l.first(c); e >= 0; e = l.next(c, e) {
				switch {
				case l.is(e, "guard"):
					l.children(e, SlotCond)
				case l.code(e):
					l.lower(e, SlotOperand)
				}
			}
		case first < 0:
			first = c
		}
	}
	if first < 0 {
		first = r
	}
	b := l.open(Block, SlotBody, r)
	l.nodes[b].Start = l.recs[first].start
	if first == r {
		l.nodes[b].Start = l.nodes[b].End
	}
	for c := first; c >= 0 && first != r; c = l.next(r, c) {
		switch {
		case !l.code(c):
		case c == first && l.is(r, "switch_rule") && l.is(c, "block"):
			l.children(c, Item)
		default:
			l.lower(c, Item)
		}
	}
	l.close(b)
	l.close(id)
}

func javaTry(l *lowerer, r int32, slot Slot) {
	id := l.open(Try, slot, r)
	l.lower(l.field(r, fResources), SlotResource)
	l.block(l.field(r, fBody), SlotBody, "block")
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "catch_clause"):
			k := l.open(Catch, SlotCatch, c)
			if p := l.kid(c, "catch_formal_parameter"); p >= 0 {
				if t := l.kid(p, "catch_type"); t >= 0 {
					l.children(t, SlotType)
				}
				l.lower(l.field(p, fName), SlotTarget)
			}
			l.block(l.field(c, fBody), SlotBody, "block")
			l.close(k)
		case l.is(c, "finally_clause"):
			l.block(l.kid(c, "block"), SlotFinally, "block")
		}
	}
	l.close(id)
}
