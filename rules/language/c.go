package language

import (
	"strings"

	grammarc "github.com/tree-sitter/tree-sitter-c/bindings/go"
)

func c() *Spec {
	g := newGrammar(grammarc.Language(), cRules())
	return &Spec{
		Name:       "c",
		Extensions: []string{".c", ".h"},
		Metavar:    "$", // compilers take dollars in identifiers, and so does the grammar
		Semicolon:  true,
		Wrappers:   cWrappers,
		grammar:    func(string) *grammar { return g },
		patterns:   func() *grammar { return g },
	}
}

var cWrappers = []Wrapper{
	{},
	{"", ";"},
	{"void f() {\n", "\n}"},
	{"void f() {\n", ";\n}"},
	{"int x = ", ";"},
	{"", " {}"},
	{"struct S {\n", "\n};"},
	{"void f() { switch (x) {\n", "\n} }"},
	{"void f() { try {} ", " }"},
}

func cRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	nothing := func(*lowerer, int32, Slot) {}
	cond := func(l *lowerer, r int32, slot Slot) {
		fields := l.field(r, fCondition)
		name := l.field(r, fName)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.code(c) && c != fields && c != name {
				l.lower(c, slot)
			}
		}
	}
	return map[string]lowerFunc{
		"translation_unit":         through,
		"compound_statement":       func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "compound_statement") },
		"declaration_list":         func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "declaration_list") },
		"field_declaration_list":   func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "field_declaration_list") },
		"enumerator_list":          func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "enumerator_list") },
		"expression_statement":     cStatement,
		"parenthesized_expression": paren,
		"linkage_specification":    func(l *lowerer, r int32, slot Slot) { cLinkage(l, r, slot) },
		"preproc_if":               cond,
		"preproc_ifdef":            cond,
		"preproc_elif":             cond,
		"preproc_elifdef":          cond,
		"preproc_else":             through,
		"preproc_call":             nothing,
		"preproc_include": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Import, slot, r)
			if p := l.field(r, fPath); p >= 0 {
				l.leaf(Name, SlotModule, p, strings.Trim(l.text(p), `"<>`))
			}
			l.close(id)
		},

		"identifier":           word(Name),
		"field_identifier":     word(Name),
		"type_identifier":      word(Name),
		"statement_identifier": word(Name),
		"primitive_type":       word(Name),
		"sized_type_specifier": func(l *lowerer, r int32, slot Slot) {
			l.leaf(Name, slot, r, strings.Join(strings.Fields(l.text(r)), " "))
		},
		"type_descriptor": cTypeDescriptor,
		"number_literal":  number,
		"true":            word(Bool),
		"false":           word(Bool),
		"null":            func(l *lowerer, r int32, slot Slot) { l.leaf(Null, slot, r, "") },
		"string_literal":  func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, cText(l.text(r))) },
		"char_literal":    func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, cText(l.text(r))) },
		"concatenated_string": func(l *lowerer, r int32, slot Slot) {
			var b strings.Builder
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				switch {
				case l.is(c, "string_literal"), l.is(c, "raw_string_literal"):
					b.WriteString(cText(l.text(c)))
				case l.code(c): // a macro in between
					lowerOther(l, r, slot)
					return
				}
			}
			l.leaf(Str, slot, r, b.String())
		},
		"initializer_list": one(List, Item),
		"initializer_pair": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Pair, slot, r)
			if d := l.field(r, fDesignator); l.is(d, "field_designator") {
				l.children(d, SlotKey)
			} else {
				l.lower(d, SlotKey)
			}
			l.lower(l.field(r, fValue), SlotOperand)
			l.close(id)
		},
		"compound_literal_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(List, slot, r)
			l.lower(l.field(r, fType), SlotType)
			if v := l.field(r, fValue); v >= 0 {
				l.children(v, Item)
			}
			l.close(id)
		},

		"declaration":           cDeclare,
		"field_declaration":     cDeclare,
		"function_definition":   cFunc,
		"parameter_list":        one(Params, Item),
		"parameter_declaration": cParam,
		"variadic_parameter": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Param, slot, r)
			l.nodes[id].Value = "..."
			l.close(id)
		},
		"struct_specifier": cStruct("struct"),
		"union_specifier":  cStruct("union"),
		"enum_specifier":   cStruct("enum"),
		"enumerator": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares|Const|Static, "="
			l.lower(l.field(r, fName), SlotTarget)
			l.lower(l.field(r, fValue), SlotValue)
			l.close(id)
		},

		"assignment_expression": func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, l.operator(r)) },
		"field_expression":      cField,
		"subscript_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.field(r, fArgument), SlotOperand)
			if i := l.field(r, fIndex); i >= 0 {
				l.lower(i, Item)
			} else if i := l.kid(r, "subscript_argument_list"); i >= 0 {
				l.children(i, Item)
			}
			l.close(id)
		},
		"call_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.lower(l.field(r, fFunction), SlotCallee)
			l.lower(l.field(r, fArguments), SlotArgs)
			l.close(id)
		},
		"argument_list":          one(Args, Item),
		"binary_expression":      binaryOperator,
		"unary_expression":       func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.field(r, fArgument), l.operator(r)) },
		"pointer_expression":     func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.field(r, fArgument), l.operator(r)) },
		"update_expression":      update,
		"conditional_expression": ternary,
		"cast_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			l.lower(l.field(r, fType), SlotType)
			l.lower(l.field(r, fValue), SlotOperand)
			l.close(id)
		},
		"sizeof_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.leaf(Name, SlotCallee, l.first(r), "sizeof")
			a := l.open(Args, SlotArgs, r)
			l.lower(l.field(r, fType), Item)
			l.lower(l.field(r, fValue), Item)
			l.close(a)
			l.close(id)
		},
		"array_declarator":            typed,
		"abstract_pointer_declarator": typed,

		"if_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(If, slot, r)
			l.lower(l.field(r, fCondition), SlotCond)
			l.block(l.field(r, fConsequence), SlotThen, "compound_statement")
			if a := l.field(r, fAlternative); a >= 0 {
				if l.is(a, "else_clause") {
					a = l.child(a, 0)
				}
				l.block(a, SlotElse, "compound_statement")
			}
			l.close(id)
		},
		"while_statement":    func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "", "compound_statement") },
		"do_statement":       func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "do", "compound_statement") },
		"for_statement":      forLoop(fInitializer, "compound_statement"),
		"switch_statement":   switchOn(fCondition),
		"case_statement":     scriptCase,
		"return_statement":   one(Return, SlotOperand),
		"break_statement":    valued(Jump, "break", SlotOperand),
		"continue_statement": valued(Jump, "continue", SlotOperand),
		"goto_statement":     valued(Jump, "goto", SlotOperand),
	}
}

func cStatement(l *lowerer, r int32, slot Slot) {
	if e := l.child(r, 0); e >= 0 { // else a lone semicolon
		l.statement(r, e, slot, "assignment_expression")
	}
}

func cLinkage(l *lowerer, r int32, slot Slot) {
	if b := l.field(r, fBody); l.is(b, "declaration_list") {
		l.children(b, slot)
	} else {
		l.lower(b, slot)
	}
}

// cText is the content of a string or character literal, with its prefix and quotes.
func cText(s string) string {
	i := strings.IndexAny(s, `"'`)
	if i < 0 {
		return s
	}
	if i > 0 && s[i-1] == 'R' { // R"x(...)x"
		from, to := strings.IndexByte(s, '('), strings.LastIndexByte(s, ')')
		if from < 0 || to < from {
			return ""
		}
		return s[from+1 : to]
	}
	return unescape(inner(s[i:], 1), false)
}

// cField writes a.b, and a->b as the (*a).b that it is short for.
func cField(l *lowerer, r int32, slot Slot) {
	operand, name := l.field(r, fArgument), l.field(r, fField)
	if o := l.field(r, fOperator); o < 0 || l.text(o) != "->" {
		dot(l, r, slot, operand, name)
		return
	}
	id := l.open(Dot, slot, r)
	if operand >= 0 {
		d := l.open(Unary, SlotOperand, operand)
		l.nodes[d].Value = "*"
		l.lower(operand, SlotOperand)
		l.close(d)
	}
	if name >= 0 {
		l.leaf(Name, SlotName, name, l.text(name))
	}
	l.close(id)
}

// A cDeclarator is what is declared, below the pointers, arrays and parameters around it.
type cDeclarator struct {
	name, params, value int32
	pointers            int // how many * and &
	array               int32
}

func (l *lowerer) declarator(r int32) cDeclarator {
	d := cDeclarator{name: -1, params: -1, value: -1, array: -1}
	for r >= 0 {
		switch l.name(r) {
		case "init_declarator":
			d.value = l.field(r, fValue)
			r = l.field(r, fDeclarator)
		case "pointer_declarator", "abstract_pointer_declarator":
			d.pointers++
			r = l.field(r, fDeclarator)
		case "reference_declarator", "abstract_reference_declarator", "parenthesized_declarator", "variadic_declarator", "attributed_declarator":
			inner := int32(-1)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if n := l.name(c); l.code(c) && (strings.HasSuffix(n, "declarator") || strings.HasSuffix(n, "identifier")) {
					inner = c
				}
			}
			r = inner
		case "array_declarator", "abstract_array_declarator":
			if d.array < 0 {
				d.array = r
			}
			r = l.field(r, fDeclarator)
		case "function_declarator", "abstract_function_declarator":
			if d.params < 0 {
				d.params = l.field(r, fParameters)
			}
			r = l.field(r, fDeclarator)
		default:
			d.name = r
			return d
		}
	}
	return d
}

// cType writes the type of a declarator: that in front, and what the declarator makes of it.
func (l *lowerer) cType(typ int32, d cDeclarator, slot Slot) {
	if typ < 0 {
		return
	}
	var open []ID
	wrap := func(r int32) {
		id := l.open(Type, slot, r)
		l.nodes[id].Start, l.nodes[id].End = l.recs[typ].start, l.recs[typ].end
		if d.name >= 0 && l.recs[d.name].start > l.recs[typ].end {
			l.nodes[id].End = l.recs[d.name].start
		}
		slot = SlotOperand
		open = append(open, id)
	}
	suffix := ""
	if d.array >= 0 {
		wrap(d.array)
		suffix = "[]"
	}
	for range min(d.pointers, 16) {
		wrap(typ)
		suffix = "*" + suffix
	}
	l.lower(typ, slot)
	value := squeeze(l.text(typ)) + suffix
	if len(value) > 200 {
		value = value[:200]
	}
	for i, id := range open {
		if i == 0 {
			l.nodes[id].Value = value
		} else {
			l.nodes[id].Value = "*"
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		l.close(open[i])
	}
}

func cTypeDescriptor(l *lowerer, r int32, slot Slot) {
	l.cType(l.field(r, fType), l.declarator(l.field(r, fDeclarator)), slot)
}

// cModifiers writes static, const, virtual and the like.
func cModifiers(l *lowerer, r int32, id ID) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch l.name(c) {
		case "storage_class_specifier", "type_qualifier", "virtual", "explicit_function_specifier":
			word := l.text(c)
			switch {
			case word == "static":
				l.nodes[id].Flags |= Static
			case word == "const" && l.nodes[id].Kind == Assign:
				l.nodes[id].Flags |= Const
			}
			l.leaf(Decorator, SlotDecorator, c, word)
		}
	}
}

// cDeclare writes one Assign for each declared variable, a Func for a declared function, and the type if it only declares that.
func cDeclare(l *lowerer, r int32, slot Slot) {
	typ := l.field(r, fType)
	// `class X { ... } x;` declares the class too.
	if body := l.field(max(typ, 0), fBody); typ >= 0 && body >= 0 {
		l.lower(typ, slot)
	}
	count := 0
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.fieldOf(c) == fDeclarator {
			count++
		}
	}
	if count == 0 && typ >= 0 && l.field(typ, fBody) < 0 {
		lowerOther(l, r, slot)
		return
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.fieldOf(c) != fDeclarator || !l.code(c) {
			continue
		}
		d := l.declarator(c)
		if d.params >= 0 && d.value < 0 && d.pointers == 0 {
			id := l.open(Func, slot, r)
			cModifiers(l, r, id)
			l.lower(d.name, SlotName)
			l.lower(d.params, SlotParams)
			l.lower(typ, SlotReturns)
			l.close(id)
			continue
		}
		id := l.open(Assign, slot, r)
		if count > 1 {
			l.nodes[id].End = l.recs[c].end
		}
		l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
		cModifiers(l, r, id)
		l.lower(d.name, SlotTarget)
		if d.value < 0 {
			d.value = l.field(r, fDefaultValue)
		}
		if l.is(d.value, "argument_list") { // T x(1)
			k := l.open(Call, SlotValue, d.value)
			l.nodes[k].Flags = New
			l.lower(typ, SlotCallee)
			l.lower(d.value, SlotArgs)
			l.close(k)
		} else {
			l.lower(d.value, SlotValue)
		}
		l.cType(typ, d, SlotType)
		l.close(id)
	}
}

func cFunc(l *lowerer, r int32, slot Slot) {
	d := l.declarator(l.field(r, fDeclarator))
	id := l.open(Func, slot, r)
	cModifiers(l, r, id)
	typ := l.field(r, fType)
	if typ < 0 {
		l.nodes[id].Value = "constructor"
	}
	l.lower(d.name, SlotName)
	if d.params >= 0 {
		l.lower(d.params, SlotParams)
	} else {
		l.emptyParams(r)
	}
	pointed := d
	pointed.array = -1
	l.cType(typ, pointed, SlotReturns)
	l.block(l.field(r, fBody), SlotBody, "compound_statement")
	l.close(id)
}

func cParam(l *lowerer, r int32, slot Slot) {
	d := l.declarator(l.field(r, fDeclarator))
	id := l.open(Param, slot, r)
	cModifiers(l, r, id)
	l.lower(d.name, SlotName)
	l.cType(l.field(r, fType), d, SlotType)
	l.lower(l.field(r, fDefaultValue), SlotValue)
	l.close(id)
}

// cStruct writes the declaration of a type; without a body it is a type's name.
func cStruct(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		body := l.field(r, fBody)
		if body < 0 {
			l.typ(r, slot)
			return
		}
		if slot == SlotType { // written on its own by the declaration
			l.lower(l.field(r, fName), slot)
			return
		}
		id := l.open(Class, slot, r)
		l.nodes[id].Value = value
		l.lower(l.field(r, fName), SlotName)
		if b := l.kid(r, "base_class_clause"); b >= 0 {
			for c := l.first(b); c >= 0; c = l.next(b, c) {
				if l.code(c) && !l.is(c, "access_specifier") {
					l.lower(c, SlotBase)
				}
			}
		}
		l.lower(body, SlotBody)
		l.close(id)
	}
}
