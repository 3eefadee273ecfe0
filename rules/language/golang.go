package language

import (
	"strings"

	grammargo "github.com/tree-sitter/tree-sitter-go/bindings/go"
)

func golang() *Spec {
	g := newGrammar(grammargo.Language(), goRules())
	return &Spec{
		Name:       "go",
		Aliases:    []string{"golang"},
		Extensions: []string{".go"},
		Metavar:    "mv__", // Go's identifiers have no dollar
		Wrappers: []Wrapper{
			{},
			{"func f() {\n", "\n}"},
			{"func f() { x := ", "\n}"},
			{"func f() { switch x {\n", "\n} }"},
			{"func f() { select {\n", "\n} }"},
			{"func f() {\n", " {} }"},
			{"type T struct {\n", "\n}"},
			{"var x ", ""},
			{"var x = T{", "}"},
			{"", " {}"},
			{"func f() { if true {}\n", "\n}"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func goRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	return map[string]lowerFunc{
		"source_file":              through,
		"statement_list":           through,
		"block":                    goBlock,
		"expression_statement":     func(l *lowerer, r int32, slot Slot) { l.statement(r, l.child(r, 0), slot) },
		"parenthesized_expression": paren,
		"parenthesized_type":       through,
		"expression_list":          func(l *lowerer, r int32, slot Slot) { l.list(r, slot) },
		"empty_statement":          through,

		"identifier":         word(Name),
		"field_identifier":   word(Name),
		"package_identifier": word(Name),
		"type_identifier":    word(Name),
		"label_name":         word(Name),
		"blank_identifier":   word(Name),
		"dot":                word(Name),
		"iota":               word(Name),
		"int_literal":        number,
		"float_literal":      number,
		"imaginary_literal":  number,
		"true":               word(Bool),
		"false":              word(Bool),
		"nil":                func(l *lowerer, r int32, slot Slot) { l.leaf(Null, slot, r, "") },
		"raw_string_literal": func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, strings.Trim(l.text(r), "`")) },
		"interpreted_string_literal": func(l *lowerer, r int32, slot Slot) {
			l.leaf(Str, slot, r, unescape(inner(l.text(r), 1), false))
		},

		"import_declaration": through,
		"import_spec_list":   through,
		"import_spec": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Import, slot, r)
			l.nodes[id].Start = l.recs[goImport(l, r)].start
			l.lower(l.field(r, fPath), SlotModule)
			l.lower(l.field(r, fName), SlotAlias)
			l.close(id)
		},

		"function_declaration": goFunc,
		"method_declaration":   goFunc,
		"method_elem":          goFunc,
		"func_literal":         goFunc,
		"parameter_list":       one(Params, Item),
		"parameter_declaration": func(l *lowerer, r int32, slot Slot) {
			typ := l.field(r, fType)
			goNamed(l, r, func(name int32) {
				id := l.open(Param, slot, r)
				l.lower(name, SlotName)
				l.lower(typ, SlotType)
				l.close(id)
			})
		},
		"variadic_parameter_declaration": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Param, slot, r)
			l.nodes[id].Value = "..."
			l.lower(l.field(r, fName), SlotName)
			l.lower(l.field(r, fType), SlotType)
			l.close(id)
		},

		"var_declaration":   through,
		"var_spec_list":     through,
		"const_declaration": through,
		"var_spec":          func(l *lowerer, r int32, slot Slot) { goDeclare(l, r, slot, Declares) },
		"const_spec":        func(l *lowerer, r int32, slot Slot) { goDeclare(l, r, slot, Declares|Const) },
		"short_var_declaration": func(l *lowerer, r int32, slot Slot) {
			l.assign(r, slot, Declares, "=")
		},
		"assignment_statement": func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, l.operator(r)) },
		"inc_statement":        func(l *lowerer, r int32, slot Slot) { goStep(l, r, slot, "++") },
		"dec_statement":        func(l *lowerer, r int32, slot Slot) { goStep(l, r, slot, "--") },
		"send_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(ExprStmt, slot, r)
			l.binary(r, SlotOperand, l.field(r, fChannel), l.field(r, fValue), "<-")
			l.close(id)
		},
		"receive_statement": func(l *lowerer, r int32, slot Slot) {
			if l.field(r, fLeft) < 0 {
				l.lower(l.field(r, fRight), slot)
				return
			}
			var f Flags
			if l.has(r, ":=") {
				f = Declares
			}
			l.assign(r, slot, f, "=")
		},

		"selector_expression": func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fOperand), l.field(r, fField)) },
		"qualified_type":      func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fPackage), l.field(r, fName)) },
		"index_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.field(r, fOperand), SlotOperand)
			l.lower(l.field(r, fIndex), Item)
			l.close(id)
		},
		"slice_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.field(r, fOperand), SlotOperand)
			s := l.open(Slice, Item, r)
			l.lower(l.field(r, fStart), SlotLeft)
			l.lower(l.field(r, fEnd), SlotRight)
			l.lower(l.field(r, fCapacity), SlotUpdate)
			l.close(s)
			l.close(id)
		},
		"call_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.lower(l.field(r, fFunction), SlotCallee)
			l.lower(l.field(r, fArguments), SlotArgs)
			l.close(id)
		},
		"argument_list":              one(Args, Item),
		"variadic_argument":          valued(Spread, "...", SlotOperand),
		"type_conversion_expression": goCast,
		"type_assertion_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			l.nodes[id].Flags = Optional
			l.lower(l.field(r, fType), SlotType)
			l.lower(l.field(r, fOperand), SlotOperand)
			l.close(id)
		},
		"composite_literal": func(l *lowerer, r int32, slot Slot) { goComposite(l, r, slot, l.field(r, fType), l.field(r, fBody)) },
		"literal_value":     func(l *lowerer, r int32, slot Slot) { goComposite(l, r, slot, -1, r) },
		"literal_element":   through,
		"keyed_element": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Pair, slot, r)
			l.lower(l.field(r, fKey), SlotKey)
			l.lower(l.field(r, fValue), SlotOperand)
			l.close(id)
		},
		"binary_expression": binaryOperator,
		"unary_expression":  func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.field(r, fOperand), l.operator(r)) },

		"if_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(If, slot, r)
			l.lower(l.field(r, fInitializer), SlotInit)
			l.lower(l.field(r, fCondition), SlotCond)
			l.block(l.field(r, fConsequence), SlotThen, "block")
			l.block(l.field(r, fAlternative), SlotElse, "block")
			l.close(id)
		},
		"for_statement":               goFor,
		"expression_switch_statement": goSwitch,
		"type_switch_statement":       goSwitch,
		"select_statement":            valued(Switch, "select", Item),
		"expression_case":             goCase,
		"type_case":                   goCase,
		"communication_case":          goCase,
		"default_case":                goCase,

		"defer_statement":       valued(Defer, "defer", SlotOperand),
		"go_statement":          valued(Defer, "go", SlotOperand),
		"return_statement":      one(Return, SlotOperand),
		"break_statement":       valued(Jump, "break", SlotOperand),
		"continue_statement":    valued(Jump, "continue", SlotOperand),
		"goto_statement":        valued(Jump, "goto", SlotOperand),
		"fallthrough_statement": valued(Jump, "fallthrough", SlotOperand),

		"type_declaration": through,
		"type_spec":        goType,

		"pointer_type":               typed,
		"slice_type":                 typed,
		"array_type":                 typed,
		"map_type":                   typed,
		"channel_type":               typed,
		"function_type":              typed,
		"generic_type":               typed,
		"type_arguments":             through,
		"type_elem":                  through,
		"implicit_length_array_type": typed,
	}
}

// goImport is the declaration of an import, which may bring others too: as in Semgrep, each begins with it.
func goImport(l *lowerer, r int32) int32 {
	for p := int32(l.recs[r].parent); p > 0; p = int32(l.recs[p].parent) {
		if l.is(p, "import_declaration") {
			return p
		}
	}
	return r
}

// typ writes a type that is more than a name: the text for comparing, the named types in it as children.
func (l *lowerer) typ(r int32, slot Slot) {
	id := l.open(Type, slot, r)
	l.nodes[id].Value = squeeze(l.text(r))
	s := SlotOperand
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) {
			l.lower(c, s)
			s = Item
		}
	}
	l.close(id)
}

// inner cuts n bytes off both ends: the quotes of a literal, which may be missing in broken code.
func inner(s string, n int) string {
	if len(s) < 2*n {
		return ""
	}
	return s[n : len(s)-n]
}

// assign writes the roles left and right of r.
func (l *lowerer) assign(r int32, slot Slot, f Flags, op string) {
	id := l.open(Assign, slot, r)
	l.nodes[id].Flags, l.nodes[id].Value = f, op
	l.lower(l.field(r, fLeft), SlotTarget)
	l.lower(l.field(r, fRight), SlotValue)
	l.close(id)
}

func goBlock(l *lowerer, r int32, slot Slot) { l.block(r, slot, "block") }

// goNamed calls f for each child in the role "name", or once with -1 when there is none.
func goNamed(l *lowerer, r int32, f func(name int32)) {
	found := false
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.fieldOf(c) == fName && l.recs[c].flags&named != 0 {
			found = true
			f(c)
		}
	}
	if !found {
		f(-1)
	}
}

// goDeclare writes one Assign for `var a T = x`, for `var a, b = f()` one with a tuple as target, for `var a, b = 1, 2` two.
func goDeclare(l *lowerer, r int32, slot Slot, f Flags) {
	typ, value := l.field(r, fType), l.field(r, fValue)
	names := 0
	goNamed(l, r, func(int32) { names++ })
	if value >= 0 && names > 1 && l.count(value) != names {
		id := l.open(Assign, slot, r)
		l.nodes[id].Flags, l.nodes[id].Value = f, "="
		t := l.open(Tuple, SlotTarget, r)
		goNamed(l, r, func(name int32) { l.lower(name, Item) })
		l.close(t)
		l.lower(value, SlotValue)
		l.lower(typ, SlotType)
		l.close(id)
		return
	}
	next := int32(-1)
	if value >= 0 {
		next = l.first(value)
	}
	goNamed(l, r, func(name int32) {
		id := l.open(Assign, slot, r)
		l.nodes[id].Flags, l.nodes[id].Value = f, "="
		l.lower(name, SlotTarget)
		for next >= 0 && !l.code(next) {
			next = l.next(value, next)
		}
		if next >= 0 {
			l.lower(next, SlotValue)
			next = l.next(value, next)
		}
		l.lower(typ, SlotType)
		l.close(id)
	})
}

func goStep(l *lowerer, r int32, slot Slot, op string) {
	id := l.open(ExprStmt, slot, r)
	l.unary(r, SlotOperand, l.child(r, 0), op)
	l.close(id)
}

func goFunc(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	if l.is(r, "func_literal") {
		l.nodes[id].Flags = Lambda
	}
	l.lower(l.field(r, fName), SlotName)
	l.lower(l.field(r, fReceiver), SlotReceiver)
	l.lower(l.field(r, fParameters), SlotParams)
	l.lower(l.field(r, fResult), SlotReturns)
	l.block(l.field(r, fBody), SlotBody, "block")
	l.close(id)
}

// goCast writes conversions. The grammar cannot tell T(x) from f(x) and takes either, by what is around it: with a plain or qualified
// name before the parenthesis it is always a call here.
func goCast(l *lowerer, r int32, slot Slot) {
	if typ := l.field(r, fType); l.is(typ, "type_identifier") || l.is(typ, "qualified_type") {
		id := l.open(Call, slot, r)
		l.lower(typ, SlotCallee)
		args := l.open(Args, SlotArgs, r)
		l.nodes[args].Start = l.recs[typ].end
		l.lower(l.field(r, fOperand), Item)
		l.close(args)
		l.close(id)
		return
	}
	id := l.open(Cast, slot, r)
	l.lower(l.field(r, fType), SlotType)
	l.lower(l.field(r, fOperand), SlotOperand)
	l.close(id)
}

// goComposite writes a literal with a type: List for arrays, slices and values without keys inside them, Dict for all else.
func goComposite(l *lowerer, r int32, slot Slot, typ, body int32) {
	kind := Dict
	switch {
	case l.is(typ, "slice_type"), l.is(typ, "array_type"), l.is(typ, "implicit_length_array_type"):
		kind = List
	case typ < 0 && body >= 0 && l.kid(body, "keyed_element") < 0:
		kind = List
	}
	id := l.open(kind, slot, r)
	l.lower(typ, SlotType)
	if body >= 0 {
		l.children(body, Item)
	}
	l.close(id)
}

func goFor(l *lowerer, r int32, slot Slot) {
	if c := l.kid(r, "range_clause"); c >= 0 {
		id := l.open(ForEach, slot, r)
		if l.has(c, ":=") {
			l.nodes[id].Flags = Declares
		}
		l.lower(l.field(c, fLeft), SlotTarget)
		l.lower(l.field(c, fRight), SlotValue)
		l.block(l.field(r, fBody), SlotBody, "block")
		l.close(id)
		return
	}
	id := l.open(For, slot, r)
	body := l.field(r, fBody)
	if c := l.kid(r, "for_clause"); c >= 0 {
		l.lower(l.field(c, fInitializer), SlotInit)
		l.lower(l.field(c, fCondition), SlotCond)
		l.lower(l.field(c, fUpdate), SlotUpdate)
	} else if c := l.child(r, 0); c != body {
		l.lower(c, SlotCond)
	}
	l.block(body, SlotBody, "block")
	l.close(id)
}

func goSwitch(l *lowerer, r int32, slot Slot) {
	id := l.open(Switch, slot, r)
	if l.is(r, "type_switch_statement") {
		l.nodes[id].Value = "type"
	}
	l.lower(l.field(r, fInitializer), SlotInit)
	l.lower(l.field(r, fAlias), SlotTarget)
	l.lower(l.field(r, fValue), SlotOperand)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && l.fieldOf(c) == noField {
			l.lower(c, Item)
		}
	}
	l.close(id)
}

func goCase(l *lowerer, r int32, slot Slot) {
	id := l.open(Case, slot, r)
	body := int32(-1)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "statement_list"):
			body = c
		case l.is(c, "expression_list"):
			l.children(c, SlotOperand)
		case l.code(c):
			l.lower(c, SlotOperand)
		}
	}
	if body >= 0 {
		l.block(body, SlotBody, "statement_list")
	} else {
		b := l.open(Block, SlotBody, r)
		l.nodes[b].Start = l.nodes[b].End
		l.close(b)
	}
	l.close(id)
}

// goType writes structs and interfaces as classes; their embedded types are the bases.
func goType(l *lowerer, r int32, slot Slot) {
	typ := l.field(r, fType)
	switch {
	case l.is(typ, "struct_type"):
		id := l.open(Class, slot, r)
		l.nodes[id].Value = "struct"
		l.lower(l.field(r, fName), SlotName)
		list := l.kid(typ, "field_declaration_list")
		if list < 0 {
			list = typ
		}
		for c := l.first(list); c >= 0; c = l.next(list, c) {
			if l.is(c, "field_declaration") && l.field(c, fName) < 0 {
				l.lower(l.field(c, fType), SlotBase)
			}
		}
		b := l.open(Block, SlotBody, list)
		for c := l.first(list); c >= 0; c = l.next(list, c) {
			switch {
			case !l.code(c):
			case !l.is(c, "field_declaration"):
				l.lower(c, Item)
			case l.field(c, fName) >= 0:
				typ := l.field(c, fType)
				goNamed(l, c, func(name int32) {
					f := l.open(Assign, Item, c)
					l.nodes[f].Flags, l.nodes[f].Value = Declares, "="
					l.lower(l.kid(c, "raw_string_literal"), SlotDecorator)
					l.lower(l.kid(c, "interpreted_string_literal"), SlotDecorator)
					l.lower(name, SlotTarget)
					l.lower(typ, SlotType)
					l.close(f)
				})
			}
		}
		l.close(b)
		l.close(id)
	case l.is(typ, "interface_type"):
		id := l.open(Class, slot, r)
		l.nodes[id].Value = "interface"
		l.lower(l.field(r, fName), SlotName)
		for c := l.first(typ); c >= 0; c = l.next(typ, c) {
			if l.is(c, "type_elem") {
				l.lower(c, SlotBase)
			}
		}
		b := l.open(Block, SlotBody, typ)
		for c := l.first(typ); c >= 0; c = l.next(typ, c) {
			if l.code(c) && !l.is(c, "type_elem") {
				l.lower(c, Item)
			}
		}
		l.close(b)
		l.close(id)
	default:
		lowerOther(l, r, slot)
	}
}
