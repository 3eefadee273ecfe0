package language

import (
	"strings"

	grammarsolidity "github.com/alexaandru/go-sitter-forest/solidity"
)

func solidity() *Spec {
	g := newGrammar(grammarsolidity.GetLanguage(), solidityRules())
	return &Spec{
		Name:       "solidity",
		Aliases:    []string{"sol"},
		Extensions: []string{".sol"},
		Metavar:    "$", // identifiers may hold dollars
		Semicolon:  true,
		Wrappers: []Wrapper{
			{},
			{"function f() {\n", "\n}"},
			{"function f() {\n", ";\n}"},
			{"contract C {\n", "\n}"},
			{"contract C {\n", " {}\n}"},
			{"contract C {\n", ";\n}"},
			{"function f() { x = ", "; }"},
			{"", " {}"},
			{"function f() {\n", " {}\n}"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func solidityRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	nothing := func(*lowerer, int32, Slot) {}
	callable := func(callee field) lowerFunc {
		return func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			solidityCall(l, r, l.field(r, callee))
			l.close(id)
		}
	}
	statement := func(word string) lowerFunc {
		return func(l *lowerer, r int32, slot Slot) {
			id := l.open(Defer, slot, r)
			l.nodes[id].Value = word
			c := l.open(Call, SlotOperand, r)
			name := l.field(r, fName)
			if name < 0 {
				name = l.field(r, fError)
			}
			if a := l.kid(r, "revert_arguments"); a >= 0 {
				l.lower(name, SlotCallee)
				args := l.open(Args, SlotArgs, a)
				l.children(a, Item)
				l.close(args)
			} else {
				solidityCall(l, r, name)
			}
			l.close(c)
			l.close(id)
		}
	}
	return map[string]lowerFunc{
		"source_file":              through,
		"function_body":            func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "function_body") },
		"block_statement":          solidityPlainBlock,
		"contract_body":            func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "contract_body") },
		"struct_body":              func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "struct_body") },
		"enum_body":                func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "enum_body") },
		"unchecked":                nothing,
		"statement":                through,
		"expression":               through,
		"expression_statement":     solidityStatement,
		"parenthesized_expression": paren,
		"pragma_directive":         lowerOther,

		"identifier":             word(Name),
		"yul_identifier":         word(Name),
		"yul_evm_builtin":        word(Name),
		"enum_value":             word(Name),
		"primitive_type":         word(Name),
		"user_defined_type":      func(l *lowerer, r int32, slot Slot) { dotted(l, r, l.count(r)-1, slot) },
		"type_name":              solidityType,
		"number_literal":         func(l *lowerer, r int32, slot Slot) { l.leaf(Num, slot, r, strings.ReplaceAll(l.text(r), "_", "")) },
		"true":                   word(Bool),
		"false":                  word(Bool),
		"boolean_literal":        word(Bool),
		"string_literal":         soliditySingle,
		"string":                 func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, unescape(inner(l.text(r), 1), false)) },
		"hex_string_literal":     func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, cText(l.text(r))) },
		"unicode_string_literal": func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, cText(l.text(r))) },

		"import_directive": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Import, slot, r)
			if s := l.field(r, fSource); s >= 0 {
				l.leaf(Str, SlotModule, s, inner(l.text(s), 1))
			}
			l.close(id)
		},
		"contract_declaration":          solidityContract("contract"),
		"interface_declaration":         solidityContract("interface"),
		"library_declaration":           solidityContract("library"),
		"struct_declaration":            solidityContract("struct"),
		"enum_declaration":              solidityContract("enum"),
		"inheritance_specifier":         func(l *lowerer, r int32, slot Slot) { l.lower(l.field(r, fAncestor), slot) },
		"function_definition":           solidityFunc(""),
		"constructor_definition":        solidityFunc("constructor"),
		"modifier_definition":           solidityFunc("modifier"),
		"fallback_receive_definition":   solidityFunc("fallback"),
		"event_definition":              solidityFunc("event"),
		"error_declaration":             solidityFunc("error"),
		"parameter":                     solidityParam,
		"event_parameter":               solidityParam,
		"error_parameter":               solidityParam,
		"return_parameter":              solidityParam,
		"state_variable_declaration":    solidityVariable,
		"constant_variable_declaration": solidityVariable,
		"struct_member":                 solidityVariable,
		"variable_declaration":          solidityVariable,
		"variable_declaration_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
			typ := int32(-1)
			if d := l.kid(r, "variable_declaration"); d >= 0 {
				typ = l.field(d, fType)
				solidityLocation(l, d)
				l.lower(l.field(d, fName), SlotTarget)
			} else if d := l.kid(r, "variable_declaration_tuple"); d >= 0 {
				t := l.open(Tuple, SlotTarget, d)
				l.children(d, Item)
				l.close(t)
			}
			l.lower(l.field(r, fValue), SlotValue)
			l.lower(typ, SlotType)
			l.close(id)
		},
		"using_directive": lowerOther,

		"assignment_expression":           func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, "=") },
		"augmented_assignment_expression": func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, l.token(r, "=")) },
		"member_expression":               solidityPostfix(func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fObject), l.field(r, fProperty)) }),
		"array_access": solidityPostfix(func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.field(r, fBase), SlotOperand)
			l.lower(l.field(r, fIndex), Item)
			l.close(id)
		}),
		"slice_access": solidityPostfix(func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.field(r, fBase), SlotOperand)
			s := l.open(Slice, Item, r)
			l.lower(l.field(r, fFrom), SlotLeft)
			l.lower(l.field(r, fTo), SlotRight)
			l.close(s)
			l.close(id)
		}),
		"call_expression": solidityPostfix(callable(fFunction)),
		"call_argument": func(l *lowerer, r int32, slot Slot) {
			if l.kid(r, "call_struct_argument") >= 0 { // f({a: 1})
				d := l.open(Dict, slot, r)
				l.children(r, Item)
				l.close(d)
				return
			}
			l.children(r, slot)
		},
		"call_struct_argument":    solidityPair,
		"struct_field_assignment": solidityPair,
		"struct_expression": solidityPostfix(func(l *lowerer, r int32, slot Slot) { // f{value: 1}
			id := l.open(Dict, slot, r)
			typ := l.field(r, fType)
			l.lower(typ, SlotType)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && c != typ {
					l.lower(c, Item)
				}
			}
			l.close(id)
		}),
		"type_cast_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			solidityCall(l, r, l.kid(r, "primitive_type"))
			l.close(id)
		},
		"payable_conversion_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.leaf(Name, SlotCallee, max(l.first(r), r), "payable")
			solidityCall(l, r, -1)
			l.close(id)
		},
		"meta_type_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.leaf(Name, SlotCallee, max(l.first(r), r), "type")
			a := l.open(Args, SlotArgs, r)
			l.children(r, Item)
			l.close(a)
			l.close(id)
		},
		"new_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.nodes[id].Flags = New
			solidityCall(l, r, l.field(r, fName))
			l.close(id)
		},
		"inline_array_expression": one(List, Item),
		"tuple_expression":        one(Tuple, Item),
		"binary_expression":       binaryOperator,
		"unary_expression":        func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.field(r, fArgument), l.operator(r)) },
		"update_expression": func(l *lowerer, r int32, slot Slot) {
			at := len(l.nodes)
			update(l, r, slot)
			if at < len(l.nodes) && !l.named(l.first(r)) {
				l.nodes[at].Flags |= Before
			}
		},
		"ternary_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Ternary, slot, r)
			l.lower(l.child(r, 0), SlotCond)
			l.lower(l.child(r, 1), SlotThen)
			l.lower(l.child(r, 2), SlotElse)
			l.close(id)
		},
		"any_source_type": typed,

		"if_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(If, slot, r)
			l.lower(l.field(r, fCondition), SlotCond)
			branch := SlotThen
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.fieldOf(c) == fBody && l.code(c) {
					solidityBlock(l, c, branch)
					branch = SlotElse
				}
			}
			l.close(id)
		},
		"while_statement":    func(l *lowerer, r int32, slot Slot) { solidityLoop(l, r, slot, "") },
		"do_while_statement": func(l *lowerer, r int32, slot Slot) { solidityLoop(l, r, slot, "do") },
		"for_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(For, slot, r)
			if i := l.field(r, fInitial); i >= 0 && l.named(i) {
				l.lower(i, SlotInit)
			}
			if c := l.field(r, fCondition); c >= 0 && l.named(c) {
				if l.is(c, "expression_statement") {
					c = l.child(c, 0)
				}
				l.lower(c, SlotCond)
			}
			l.lower(l.field(r, fUpdate), SlotUpdate)
			solidityBlock(l, l.field(r, fBody), SlotBody)
			l.close(id)
		},
		"try_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Try, slot, r)
			l.lower(l.field(r, fAttempt), SlotResource)
			solidityBlock(l, l.field(r, fBody), SlotBody)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.is(c, "catch_clause") {
					k := l.open(Catch, SlotCatch, c)
					solidityBlock(l, l.field(c, fBody), SlotBody)
					l.close(k)
				}
			}
			l.close(id)
		},
		"emit_statement": statement("emit"),
		"revert_statement": func(l *lowerer, r int32, slot Slot) {
			if l.field(r, fError) >= 0 {
				statement("revert")(l, r, slot)
				return
			}
			s := l.open(ExprStmt, slot, r)
			c := l.open(Call, SlotOperand, r)
			l.leaf(Name, SlotCallee, max(l.first(r), r), "revert")
			args := l.open(Args, SlotArgs, r)
			if a := l.kid(r, "revert_arguments"); a >= 0 {
				l.children(a, Item)
			}
			l.close(args)
			l.close(c)
			l.close(s)
		},
		"return_statement":   one(Return, SlotOperand),
		"break_statement":    valued(Jump, "break", SlotOperand),
		"continue_statement": valued(Jump, "continue", SlotOperand),
	}
}

// token returns the first keyword or operator among the children that ends in a suffix.
func (l *lowerer) token(r int32, suffix string) string {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.named(c) && strings.HasSuffix(l.name(c), suffix) {
			return l.name(c)
		}
	}
	return ""
}

func solidityStatement(l *lowerer, r int32, slot Slot) {
	e := l.child(r, 0)
	if l.is(e, "expression") {
		e = l.child(e, 0)
	}
	if e >= 0 {
		l.statement(r, e, slot, "assignment_expression", "augmented_assignment_expression")
	}
}

// soliditySingle writes a string; pieces side by side are one.
func soliditySingle(l *lowerer, r int32, slot Slot) {
	var b strings.Builder
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "string") {
			b.WriteString(unescape(inner(l.text(c), 1), false))
		}
	}
	l.leaf(Str, slot, r, b.String())
}

// solidityCall writes callee and arguments, which have no node of their own.
func solidityCall(l *lowerer, r, callee int32) {
	l.lower(callee, SlotCallee)
	a := l.open(Args, SlotArgs, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "call_argument") {
			l.lower(c, Item)
		}
	}
	l.close(a)
}

func solidityPair(l *lowerer, r int32, slot Slot) {
	id := l.open(Pair, slot, r)
	l.lower(l.field(r, fName), SlotKey)
	l.lower(l.field(r, fValue), SlotOperand)
	l.close(id)
}

func solidityType(l *lowerer, r int32, slot Slot) {
	if l.count(r) == 1 && !l.has(r, "[") && !l.has(r, "mapping") && !l.has(r, "(") {
		l.children(r, slot)
		return
	}
	l.typ(r, slot)
}

func solidityContract(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Class, slot, r)
		l.nodes[id].Value = value
		if l.has(r, "abstract") {
			l.leaf(Decorator, SlotDecorator, l.first(r), "abstract")
		}
		l.lower(l.field(r, fName), SlotName)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.is(c, "inheritance_specifier") {
				l.lower(c, SlotBase)
			}
		}
		l.lower(l.field(r, fBody), SlotBody)
		l.close(id)
	}
}

func solidityFunc(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Func, slot, r)
		l.nodes[id].Value = value
		if value == "fallback" && l.has(r, "receive") {
			l.nodes[id].Value = "receive"
		}
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			switch l.name(c) {
			case "visibility", "state_mutability", "virtual", "override_specifier", "payable":
				if l.named(c) || value == "constructor" {
					l.leaf(Decorator, SlotDecorator, c, squeeze(l.text(c)))
				}
			case "modifier_invocation":
				d := l.open(Decorator, SlotDecorator, c)
				name := l.child(c, 0)
				if l.has(c, "(") {
					call := l.open(Call, SlotOperand, c)
					solidityCall(l, c, name)
					l.close(call)
				} else {
					l.lower(name, SlotOperand)
				}
				l.close(d)
			}
		}
		l.lower(l.field(r, fName), SlotName)
		ps := l.open(Params, SlotParams, r)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.is(c, "parameter") || l.is(c, "event_parameter") || l.is(c, "error_parameter") {
				l.lower(c, Item)
			}
		}
		l.close(ps)
		l.lower(l.field(r, fReturnType), SlotReturns)
		l.lower(l.field(r, fBody), SlotBody)
		l.close(id)
	}
}

func solidityLocation(l *lowerer, r int32) {
	if c := l.field(r, fLocation); c >= 0 && !l.named(c) {
		l.leaf(Decorator, SlotDecorator, c, l.name(c))
	}
}

func solidityParam(l *lowerer, r int32, slot Slot) {
	id := l.open(Param, slot, r)
	solidityLocation(l, r)
	l.lower(l.field(r, fName), SlotName)
	l.lower(l.field(r, fType), SlotType)
	l.close(id)
}

func solidityVariable(l *lowerer, r int32, slot Slot) {
	id := l.open(Assign, slot, r)
	l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch l.name(c) {
		case "visibility", "immutable", "constant", "state_location", "override_specifier":
			if l.text(c) == "constant" || l.text(c) == "immutable" {
				l.nodes[id].Flags |= Const
			}
			l.leaf(Decorator, SlotDecorator, c, l.text(c))
		}
	}
	solidityLocation(l, r)
	l.lower(l.field(r, fName), SlotTarget)
	l.lower(l.field(r, fValue), SlotValue)
	l.lower(l.field(r, fType), SlotType)
	l.close(id)
}

// solidityBlock writes a body, which may be a single statement.
func solidityBlock(l *lowerer, r int32, slot Slot) {
	if l.is(r, "statement") && l.is(l.child(r, 0), "block_statement") {
		r = l.child(r, 0)
	}
	l.block(r, slot, "block_statement", "function_body")
}

func solidityLoop(l *lowerer, r int32, slot Slot, value string) {
	id := l.open(For, slot, r)
	l.nodes[id].Value = value
	l.lower(l.field(r, fCondition), SlotCond)
	solidityBlock(l, l.field(r, fBody), SlotBody)
	l.close(id)
}

// solidityPlainBlock writes a block that stands as a statement; one that is unchecked is told apart.
func solidityPlainBlock(l *lowerer, r int32, slot Slot) {
	if l.kid(r, "unchecked") < 0 {
		l.block(r, slot, "block_statement")
		return
	}
	id := l.open(With, slot, r)
	l.nodes[id].Value = "unchecked"
	l.block(r, SlotBody, "block_statement")
	l.close(id)
}
