//go:build allgrammars

package language

import (
	"strings"

	grammarcsharp "github.com/tree-sitter/tree-sitter-c-sharp/bindings/go"
)

func csharp() *Spec {
	g := newGrammar(grammarcsharp.Language(), csharpRules())
	return &Spec{
		Name:       "csharp",
		Aliases:    []string{"c#", "cs"},
		Extensions: []string{".cs", ".csx"},
		Metavar:    "mv__",
		KeyArgs:    true,
		Semicolon:  true,
		Wrappers: []Wrapper{
			{},
			{"", ";"},
			{"class C { void f() {\n", "\n} }"},
			{"class C {\n", "\n}"},
			{"class C { object x = ", "; }"},
			{"class C {\n", " {} }"},
			{"class C {\n", "; }"},
			{"", " class C {}"},
			{"class C { void f() { try {} ", " } }"},
			{"class C { void f() { switch (x) { ", " } } }"},
			{"", " {}"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func csharpRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	nothing := func(*lowerer, int32, Slot) {}
	block := func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "block") }
	ofType := func(name string) lowerFunc {
		return func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.leaf(Name, SlotCallee, l.first(r), name)
			a := l.open(Args, SlotArgs, r)
			l.lower(l.field(r, fType), Item)
			l.close(a)
			l.close(id)
		}
	}
	return map[string]lowerFunc{
		"compilation_unit":             through,
		"global_statement":             through,
		"empty_statement":              nothing,
		"preproc_region":               nothing,
		"preproc_endregion":            nothing,
		"preproc_line":                 nothing,
		"preproc_pragma":               nothing,
		"preproc_nullable":             nothing,
		"preproc_define":               nothing,
		"preproc_undef":                nothing,
		"preproc_if":                   csharpIf,
		"preproc_elif":                 csharpIf,
		"preproc_else":                 through,
		"block":                        block,
		"declaration_list":             func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "declaration_list") },
		"enum_member_declaration_list": func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "enum_member_declaration_list") },
		"expression_statement":         func(l *lowerer, r int32, slot Slot) { l.statement(r, l.child(r, 0), slot, "assignment_expression") },
		"parenthesized_expression":     paren,

		"identifier":         word(Name),
		"predefined_type":    word(Name),
		"implicit_type":      word(Name),
		"discard":            word(Name),
		"implicit_parameter": word(Name),
		"this":               word(Name),
		"base":               word(Name),
		"integer_literal":    number,
		"real_literal":       number,
		"boolean_literal":    word(Bool),
		"null_literal":       func(l *lowerer, r int32, slot Slot) { l.leaf(Null, slot, r, "") },
		"string_literal": func(l *lowerer, r int32, slot Slot) {
			l.leaf(Str, slot, r, unescape(inner(strings.TrimSuffix(l.text(r), "u8"), 1), false))
		},
		"character_literal": func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, unescape(inner(l.text(r), 1), false)) },
		"verbatim_string_literal": func(l *lowerer, r int32, slot Slot) {
			l.leaf(Str, slot, r, strings.ReplaceAll(inner(strings.TrimPrefix(l.text(r), "@"), 1), `""`, `"`))
		},
		"raw_string_literal":             func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, strings.Trim(l.text(r), `"`)) },
		"interpolated_string_expression": csharpInterpolated,
		"qualified_name":                 func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fQualifier), l.field(r, fName)) },
		"alias_qualified_name":           func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fAlias), l.field(r, fName)) },
		"generic_name":                   typed,
		"type_argument_list":             through,
		"array_type":                     typed,
		"array_rank_specifier":           nothing,
		"nullable_type":                  typed,
		"pointer_type":                   typed,
		"tuple_type":                     typed,
		"ref_type":                       typed,

		"using_directive": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Import, slot, r)
			name := l.field(r, fName)
			module := int32(-1)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && c != name {
					module = c
				}
			}
			if l.has(r, "static") {
				l.nodes[id].Flags = Static
			}
			if module < 0 {
				module, name = name, -1
			}
			if module >= 0 {
				m := l.leaf(Name, SlotModule, module, squeeze(l.text(module)))
				_ = m
			}
			l.lower(name, SlotAlias)
			l.close(id)
		},
		"namespace_declaration": csharpClass("namespace"),
		"class_declaration":     csharpClass("class"),
		"struct_declaration":    csharpClass("struct"),
		"record_declaration":    csharpClass("record"),
		"interface_declaration": csharpClass("interface"),
		"enum_declaration":      csharpClass("enum"),
		"attribute_list":        through,
		"attribute": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Decorator, slot, r)
			if a := l.kid(r, "attribute_argument_list"); a >= 0 {
				c := l.open(Call, SlotOperand, r)
				l.lower(l.field(r, fName), SlotCallee)
				l.lower(a, SlotArgs)
				l.close(c)
			} else {
				l.lower(l.field(r, fName), SlotOperand)
			}
			l.close(id)
		},
		"attribute_argument_list": one(Args, Item),
		"attribute_argument": func(l *lowerer, r int32, slot Slot) {
			if l.count(r) != 2 {
				l.children(r, slot)
				return
			}
			id := l.open(KeyArg, slot, r)
			l.lower(l.child(r, 0), SlotName)
			l.lower(l.child(r, 1), SlotOperand)
			l.close(id)
		},
		"method_declaration":              csharpFunc,
		"constructor_declaration":         csharpFunc,
		"destructor_declaration":          csharpFunc,
		"operator_declaration":            csharpFunc,
		"conversion_operator_declaration": csharpFunc,
		"local_function_statement":        csharpFunc,
		"delegate_declaration":            csharpFunc,
		"accessor_declaration":            csharpFunc,
		"parameter_list":                  csharpParams,
		"parameter": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Param, slot, r)
			csharpDecorators(l, r, id)
			name, typ := l.field(r, fName), l.field(r, fType)
			l.lower(name, SlotName)
			l.lower(typ, SlotType)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && c != name && c != typ && !l.is(c, "modifier") && !l.is(c, "attribute_list") {
					l.lower(c, SlotValue)
				}
			}
			l.close(id)
		},
		"property_declaration": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
			csharpDecorators(l, r, id)
			l.lower(l.field(r, fName), SlotTarget)
			if v := l.field(r, fValue); l.is(v, "arrow_expression_clause") {
				l.children(v, SlotValue)
			} else {
				l.lower(v, SlotValue)
			}
			l.lower(l.field(r, fType), SlotType)
			if a := l.field(r, fAccessors); a >= 0 {
				b := l.open(Block, SlotBody, a)
				l.children(a, Item)
				l.close(b)
			}
			l.close(id)
		},
		"field_declaration":           csharpDeclare,
		"event_field_declaration":     csharpDeclare,
		"local_declaration_statement": csharpDeclare,
		"variable_declaration":        csharpDeclare,
		"declaration_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
			l.lower(l.field(r, fName), SlotTarget)
			l.lower(l.field(r, fType), SlotType)
			l.close(id)
		},
		"enum_member_declaration": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares|Const|Static, "="
			l.lower(l.field(r, fName), SlotTarget)
			l.lower(l.field(r, fValue), SlotValue)
			l.close(id)
		},

		"assignment_expression": func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, l.operator(r)) },
		"member_access_expression": func(l *lowerer, r int32, slot Slot) {
			csharpMember(l, r, slot, l.field(r, fExpression), l.field(r, fName), 0)
		},
		"conditional_access_expression": csharpConditional,
		"member_binding_expression":     func(l *lowerer, r int32, slot Slot) { csharpMember(l, r, slot, l.held, l.field(r, fName), Optional) },
		"element_binding_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.nodes[id].Flags = Optional
			l.lower(l.held, SlotOperand)
			l.children(r, Item)
			l.close(id)
		},
		"element_access_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.field(r, fExpression), SlotOperand)
			if s := l.field(r, fSubscript); s >= 0 {
				l.children(s, Item)
			}
			l.close(id)
		},
		"invocation_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.lower(l.field(r, fFunction), SlotCallee)
			l.lower(l.field(r, fArguments), SlotArgs)
			l.close(id)
		},
		"argument_list": one(Args, Item),
		"argument":      argument,
		"object_creation_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.nodes[id].Flags = New
			l.lower(l.field(r, fType), SlotCallee)
			init := l.field(r, fInitializer)
			if a := l.field(r, fArguments); a >= 0 {
				l.lower(a, SlotArgs)
			} else {
				l.emptyArgs(r)
			}
			if init >= 0 {
				b := l.open(Block, SlotBody, init)
				l.children(init, Item)
				l.close(b)
			}
			l.close(id)
		},
		"implicit_object_creation_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.nodes[id].Flags = New
			if a := l.kid(r, "argument_list"); a >= 0 {
				l.lower(a, SlotArgs)
			}
			l.close(id)
		},
		"anonymous_object_creation_expression": one(Dict, Item),
		"array_creation_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(List, slot, r)
			l.nodes[id].Flags = New
			l.lower(l.field(r, fType), SlotType)
			if i := l.kid(r, "initializer_expression"); i >= 0 {
				l.children(i, Item)
			}
			l.close(id)
		},
		"implicit_array_creation_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(List, slot, r)
			l.nodes[id].Flags = New
			if i := l.kid(r, "initializer_expression"); i >= 0 {
				l.children(i, Item)
			}
			l.close(id)
		},
		"initializer_expression": one(List, Item),
		"tuple_expression":       one(Tuple, Item),
		"tuple_pattern":          one(Tuple, Item),
		"binary_expression":      binaryOperator,
		"is_expression":          func(l *lowerer, r int32, slot Slot) { l.binary(r, slot, l.field(r, fLeft), l.field(r, fRight), "is") },
		"is_pattern_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Binary, slot, r)
			l.nodes[id].Value = "is"
			l.lower(l.field(r, fExpression), SlotLeft)
			p := l.field(r, fPattern)
			if l.is(p, "declaration_pattern") {
				l.lower(l.field(p, fType), SlotRight)
				l.lower(l.field(p, fName), SlotTarget)
			} else {
				l.lower(p, SlotRight)
			}
			l.close(id)
		},
		"constant_pattern": through,
		"as_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			l.lower(l.field(r, fRight), SlotType)
			l.lower(l.field(r, fLeft), SlotOperand)
			l.close(id)
		},
		"cast_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			l.lower(l.field(r, fType), SlotType)
			l.lower(l.field(r, fValue), SlotOperand)
			l.close(id)
		},
		"prefix_unary_expression":  csharpUnary,
		"postfix_unary_expression": csharpUnary,
		"unary_expression":         csharpUnary,
		"conditional_expression":   ternary,
		"typeof_expression":        ofType("typeof"),
		"sizeof_expression":        ofType("sizeof"),
		"default_expression":       ofType("default"),
		"await_expression":         valued(Defer, "await", SlotOperand),
		"throw_expression":         one(Throw, SlotOperand),
		"lambda_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Func, slot, r)
			l.nodes[id].Flags = Lambda
			csharpDecorators(l, r, id)
			if p := l.field(r, fParameters); l.is(p, "implicit_parameter") || l.is(p, "identifier") {
				l.singleParam(p)
			} else {
				l.lower(p, SlotParams)
			}
			l.lambdaBody(l.field(r, fBody), "block")
			l.close(id)
		},
		"anonymous_method_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Func, slot, r)
			l.nodes[id].Flags = Lambda
			if p := l.field(r, fParameters); p >= 0 {
				l.lower(p, SlotParams)
			} else {
				l.emptyParams(r)
			}
			l.block(l.kid(r, "block"), SlotBody, "block")
			l.close(id)
		},

		"if_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(If, slot, r)
			l.lower(l.field(r, fCondition), SlotCond)
			l.block(l.field(r, fConsequence), SlotThen, "block")
			l.block(l.field(r, fAlternative), SlotElse, "block")
			l.close(id)
		},
		"while_statement":   func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "", "block") },
		"do_statement":      func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "do", "block") },
		"for_statement":     forLoop(fInitializer, "block"),
		"foreach_statement": forEach(fLeft, fRight),
		"switch_statement":  switchOn(fValue),
		"switch_section":    csharpCase,
		"try_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Try, slot, r)
			l.block(l.field(r, fBody), SlotBody, "block")
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				switch {
				case l.is(c, "catch_clause"):
					k := l.open(Catch, SlotCatch, c)
					if d := l.kid(c, "catch_declaration"); d >= 0 {
						l.lower(l.field(d, fType), SlotType)
						l.lower(l.field(d, fName), SlotTarget)
					}
					l.block(l.field(c, fBody), SlotBody, "block")
					l.close(k)
				case l.is(c, "finally_clause"):
					l.block(l.kid(c, "block"), SlotFinally, "block")
				}
			}
			l.close(id)
		},
		"using_statement":    csharpUsing,
		"fixed_statement":    csharpUsing,
		"lock_statement":     csharpUsing,
		"checked_statement":  through,
		"unsafe_statement":   through,
		"return_statement":   one(Return, SlotOperand),
		"throw_statement":    one(Throw, SlotOperand),
		"yield_statement":    valued(Defer, "yield", SlotOperand),
		"break_statement":    valued(Jump, "break", SlotOperand),
		"continue_statement": valued(Jump, "continue", SlotOperand),
		"goto_statement":     valued(Jump, "goto", SlotOperand),
	}
}

// csharpMember writes a member access. A generic method keeps its type arguments: a.F<T>.
func csharpMember(l *lowerer, r int32, slot Slot, operand, name int32, f Flags) {
	if !l.is(name, "generic_name") {
		id := dot(l, r, slot, operand, name)
		l.nodes[id].Flags |= f
		return
	}
	id := l.open(Dot, slot, r)
	l.nodes[id].Flags |= f
	l.lower(operand, SlotOperand)
	if n := l.child(name, 0); n >= 0 {
		l.leaf(Name, SlotName, n, l.text(n))
	}
	if a := l.kid(name, "type_argument_list"); a >= 0 {
		l.children(a, SlotType)
	}
	l.close(id)
}

// csharpConditional writes a?.b as a.b: the operand stands in front of the access that binds it.
func csharpConditional(l *lowerer, r int32, slot Slot) {
	outer := l.held
	cond := l.field(r, fCondition)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && c != cond {
			l.held = cond
			l.lower(c, slot)
		}
	}
	l.held = outer
}

func csharpUnary(l *lowerer, r int32, slot Slot) {
	op := ""
	for c := l.first(r); c >= 0 && op == ""; c = l.next(r, c) {
		if !l.named(c) {
			op = l.name(c)
		}
	}
	l.unary(r, slot, l.child(r, 0), op)
}

func csharpInterpolated(l *lowerer, r int32, slot Slot) {
	id := l.open(Template, slot, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "string_content"):
			l.leaf(Str, Item, c, unescape(strings.NewReplacer("{{", "{", "}}", "}").Replace(l.text(c)), false))
		case l.is(c, "escape_sequence"):
			l.leaf(Str, Item, c, unescape(l.text(c), false))
		case l.is(c, "interpolation"):
			for e := l.first(c); e >= 0; e = l.next(c, e) {
				if l.code(e) && !l.is(e, "interpolation_brace") && !l.is(e, "interpolation_format_clause") && !l.is(e, "interpolation_alignment_clause") {
					l.lower(e, Item)
				}
			}
		}
	}
	l.close(id)
}

// csharpDecorators writes attributes and modifiers, and marks the node with those that are flags too.
func csharpDecorators(l *lowerer, r int32, id ID) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "attribute_list"):
			l.lower(c, SlotDecorator)
		case l.is(c, "modifier"):
			word := l.text(c)
			switch {
			case word == "static":
				l.nodes[id].Flags |= Static
			case word == "async":
				l.nodes[id].Flags |= Async
			case (word == "const" || word == "readonly") && l.nodes[id].Kind == Assign:
				l.nodes[id].Flags |= Const
			}
			l.leaf(Decorator, SlotDecorator, c, word)
		}
	}
}

func csharpClass(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Class, slot, r)
		l.nodes[id].Value = value
		csharpDecorators(l, r, id)
		l.lower(l.field(r, fName), SlotName)
		l.lower(l.kid(r, "parameter_list"), SlotParams)
		if b := l.kid(r, "base_list"); b >= 0 {
			l.children(b, SlotBase)
		}
		l.lower(l.field(r, fBody), SlotBody)
		l.close(id)
	}
}

func csharpFunc(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	switch l.name(r) {
	case "constructor_declaration":
		l.nodes[id].Value = "constructor"
	case "accessor_declaration":
		if n := l.field(r, fName); n >= 0 {
			l.nodes[id].Value = l.text(n)
		}
	}
	csharpDecorators(l, r, id)
	if l.is(r, "accessor_declaration") {
		l.emptyParams(r)
	} else {
		l.lower(l.field(r, fName), SlotName)
		l.lower(l.field(r, fParameters), SlotParams)
		if t := l.field(r, fReturns); t >= 0 {
			l.lower(t, SlotReturns)
		} else {
			l.lower(l.field(r, fType), SlotReturns)
		}
	}
	if b := l.field(r, fBody); l.is(b, "arrow_expression_clause") {
		l.block(b, SlotBody)
	} else {
		l.block(b, SlotBody, "block")
	}
	l.close(id)
}

// csharpParams writes a parameter list. A variadic last parameter has no node of its own.
func csharpParams(l *lowerer, r int32, slot Slot) {
	id := l.open(Params, slot, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "parameter") {
			l.lower(c, Item)
		}
	}
	if n := l.field(r, fName); n >= 0 {
		p := l.open(Param, Item, n)
		l.nodes[p].Value = "..."
		l.lower(n, SlotName)
		l.lower(l.field(r, fType), SlotType)
		l.close(p)
	}
	l.close(id)
}

// csharpDeclare writes one Assign for each declared variable.
func csharpDeclare(l *lowerer, r int32, slot Slot) {
	list := r
	if v := l.kid(r, "variable_declaration"); v >= 0 {
		list = v
	}
	for c := l.first(list); c >= 0; c = l.next(list, c) {
		if !l.is(c, "variable_declarator") {
			continue
		}
		id := l.open(Assign, slot, r)
		l.nodes[id].End = max(l.recs[c].end, l.nodes[id].Start)
		if l.count(list) <= 2 {
			l.nodes[id].End = l.recs[r].end
		}
		l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
		csharpDecorators(l, r, id)
		name := l.field(c, fName)
		if name < 0 {
			name = l.kid(c, "tuple_pattern")
		}
		l.lower(name, SlotTarget)
		for v := l.first(c); v >= 0; v = l.next(c, v) {
			if l.code(v) && v != name && !l.is(v, "bracketed_argument_list") {
				l.lower(v, SlotValue)
			}
		}
		l.lower(l.field(list, fType), SlotType)
		l.close(id)
	}
}

func csharpCase(l *lowerer, r int32, slot Slot) {
	id := l.open(Case, slot, r)
	colon := false
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !l.named(c) && l.name(c) == ":":
			colon = true
			b := l.open(Block, SlotBody, c)
			l.nodes[b].End = l.recs[r].end
			for s := l.next(r, c); s >= 0; s = l.next(r, s) {
				if l.code(s) {
					l.lower(s, Item)
				}
			}
			l.close(b)
		case colon || !l.code(c):
		case l.is(c, "when_clause"):
			l.children(c, SlotCond)
		default:
			l.lower(c, SlotOperand)
		}
	}
	l.close(id)
}

// csharpUsing writes using, fixed and lock, whose body may be a single statement.
func csharpUsing(l *lowerer, r int32, slot Slot) {
	id := l.open(With, slot, r)
	body := l.field(r, fBody)
	if body < 0 {
		body = l.child(r, l.count(r)-1)
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && c != body {
			l.lower(c, SlotResource)
		}
	}
	l.block(body, SlotBody, "block")
	l.close(id)
}

// csharpIf writes what stands in a conditional part: all branches, without the condition.
func csharpIf(l *lowerer, r int32, slot Slot) {
	cond := l.field(r, fCondition)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && c != cond {
			l.lower(c, slot)
		}
	}
}
