package language

import (
	"strings"

	grammarswift "github.com/alexaandru/go-sitter-forest/swift"
)

func swift() *Spec {
	g := newGrammar(grammarswift.GetLanguage(), swiftRules())
	return &Spec{
		Name:       "swift",
		Extensions: []string{".swift"},
		Metavar:    "$", // as in $0, and the values of property wrappers
		Wrappers: []Wrapper{
			{},
			{"func f() {\n", "\n}"},
			{"class C {\n", "\n}"},
			{"class C {\n", " {}\n}"},
			{"let x = ", ""},
			{"", " {}"},
			{"func f() { do {} ", " }"},
			{"func f() { switch x {\n", "\n} }"},
			{"protocol P {\n", "\n}"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

// swiftRules says what the nodes mean. A name in single quotes is that of a keyword.
func swiftRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	nothing := func(*lowerer, int32, Slot) {}
	first := func(l *lowerer, r int32, slot Slot) { l.lower(l.child(r, 0), slot) }
	return map[string]lowerFunc{
		"source_file":   swiftStatements,
		"statements":    swiftStatements,
		"function_body": swiftBody,
		"class_body":    swiftBody,
		"protocol_body": swiftBody,
		"shebang_line":  nothing,
		"directive":     nothing,
		"diagnostic":    nothing,

		"simple_identifier":         word(Name),
		"type_identifier":           word(Name),
		"identifier":                func(l *lowerer, r int32, slot Slot) { dotted(l, r, l.count(r)-1, slot) },
		"self_expression":           word(Name),
		"super_expression":          word(Name),
		"wildcard_pattern":          word(Name),
		"bang":                      nothing,
		"integer_literal":           number,
		"hex_literal":               number,
		"oct_literal":               number,
		"bin_literal":               number,
		"real_literal":              number,
		"boolean_literal":           word(Bool),
		"'nil'":                     func(l *lowerer, r int32, slot Slot) { l.leaf(Null, slot, r, "") },
		"line_string_literal":       swiftString,
		"multi_line_string_literal": swiftString,
		"raw_string_literal":        swiftString,
		"raw_str_interpolation":     swiftInterpolation,
		"interpolated_expression":   func(l *lowerer, r int32, slot Slot) { l.lower(l.field(r, fValue), slot) },
		"regex_literal":             func(l *lowerer, r int32, slot Slot) { l.leaf(Regex, slot, r, strings.Trim(l.text(r), "#/\n")) },
		"array_literal":             swiftList,
		"dictionary_literal":        swiftDictionary,
		"tuple_expression":          swiftTuple,
		"key_path_expression":       lowerOther,

		"type_annotation":           first,
		"user_type":                 swiftType,
		"optional_type":             typed,
		"array_type":                typed,
		"dictionary_type":           typed,
		"function_type":             typed,
		"tuple_type":                typed,
		"metatype":                  typed,
		"opaque_type":               typed,
		"existential_type":          typed,
		"protocol_composition_type": typed,
		"type_modifiers":            nothing,
		"type_parameters":           nothing,
		"type_constraints":          nothing,

		"import_declaration": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Import, slot, r)
			if m := l.kid(r, "identifier"); m >= 0 {
				l.leaf(Name, SlotModule, m, squeeze(l.text(m)))
			}
			l.close(id)
		},
		"class_declaration":    swiftClass,
		"protocol_declaration": swiftClass,
		"enum_class_body":      swiftBody,
		"enum_entry":           swiftEntry,
		"inheritance_specifier": func(l *lowerer, r int32, slot Slot) {
			l.lower(l.child(r, 0), slot)
		},
		"attribute":                     swiftAttribute,
		"function_declaration":          swiftFunc,
		"protocol_function_declaration": swiftFunc,
		"init_declaration":              swiftFunc,
		"deinit_declaration":            swiftFunc,
		"subscript_declaration":         swiftFunc,
		"property_declaration":          swiftProperty,
		"protocol_property_declaration": swiftProperty,
		"computed_getter":               swiftAccessor,
		"computed_setter":               swiftAccessor,
		"computed_modify":               swiftAccessor,
		"willset_clause":                swiftAccessor,
		"didset_clause":                 swiftAccessor,
		"pattern":                       swiftPattern,
		"switch_pattern":                first,
		"value_binding_pattern":         nothing,
		"parameter":                     func(l *lowerer, r int32, slot Slot) { swiftParam(l, r, -1) },
		"lambda_parameter":              func(l *lowerer, r int32, slot Slot) { swiftParam(l, r, -1) },

		"assignment": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Value = l.operator(r)
			l.lower(l.field(r, fTarget), SlotTarget)
			l.lower(l.field(r, fResult), SlotValue)
			l.close(id)
		},
		"directly_assignable_expression": through,
		"navigation_expression":          swiftPostfix,
		"call_expression":                swiftPostfix,
		"constructor_expression":         swiftPostfix,
		"value_argument":                 swiftArgument,
		"lambda_literal":                 swiftLambda,
		"ternary_expression":             ternary,
		"multiplicative_expression":      binaryOperator,
		"additive_expression":            binaryOperator,
		"comparison_expression":          binaryOperator,
		"equality_expression":            binaryOperator,
		"conjunction_expression":         binaryOperator,
		"disjunction_expression":         binaryOperator,
		"bitwise_operation":              binaryOperator,
		"infix_expression": func(l *lowerer, r int32, slot Slot) {
			if op := l.field(r, fOperator); op >= 0 {
				l.binary(r, slot, l.field(r, fLeft), l.field(r, fRight), l.text(op))
			}
		},
		"nil_coalescing_expression": func(l *lowerer, r int32, slot Slot) {
			l.binary(r, slot, l.field(r, fValue), l.field(r, fAlternative), "??")
		},
		"range_expression": func(l *lowerer, r int32, slot Slot) {
			l.binary(r, slot, l.field(r, fStart), l.field(r, fEnd), l.operator(r))
		},
		"open_start_range_expression": func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.field(r, fEnd), "...") },
		"open_end_range_expression":   func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.field(r, fStart), "...") },
		"check_expression": func(l *lowerer, r int32, slot Slot) {
			l.binary(r, slot, l.field(r, fTarget), l.child(r, l.count(r)-1), "is")
		},
		"as_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			l.lower(l.child(r, l.count(r)-1), SlotType)
			l.lower(l.field(r, fExpression), SlotOperand)
			l.close(id)
		},
		"prefix_expression": func(l *lowerer, r int32, slot Slot) {
			op := ""
			if o := l.field(r, fOperator); o >= 0 {
				op = l.text(o)
			}
			l.unary(r, slot, l.field(r, fTarget), op)
		},
		"postfix_expression": func(l *lowerer, r int32, slot Slot) {
			target := l.field(r, fTarget)
			if o := l.field(r, fOperator); o >= 0 && l.text(o) != "!" {
				l.unary(r, slot, target, l.text(o))
				return
			}
			id := l.open(Defer, slot, r)
			l.nodes[id].Value = "!"
			l.lower(target, SlotOperand)
			l.close(id)
		},
		"try_expression":   func(l *lowerer, r int32, slot Slot) { swiftOperation(l, r, slot, "try") },
		"await_expression": func(l *lowerer, r int32, slot Slot) { swiftOperation(l, r, slot, "await") },

		"if_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(If, slot, r)
			swiftConditions(l, r, SlotCond)
			swiftBlocks(l, r, SlotThen, SlotElse)
			l.close(id)
		},
		"guard_statement": func(l *lowerer, r int32, slot Slot) { // unless
			id := l.open(If, slot, r)
			not := l.open(Unary, SlotCond, r)
			l.nodes[not].Value = "!"
			swiftConditions(l, r, SlotOperand)
			l.close(not)
			swiftBlocks(l, r, SlotThen, SlotElse)
			l.close(id)
		},
		"while_statement":        func(l *lowerer, r int32, slot Slot) { swiftLoop(l, r, slot, "") },
		"repeat_while_statement": func(l *lowerer, r int32, slot Slot) { swiftLoop(l, r, slot, "do") },
		"for_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(ForEach, slot, r)
			l.nodes[id].Flags = Declares
			l.lower(l.field(r, fItem), SlotTarget)
			l.lower(l.field(r, fCollection), SlotValue)
			swiftBlocks(l, r, SlotBody, SlotElse)
			l.close(id)
		},
		"switch_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Switch, slot, r)
			l.lower(l.field(r, fExpression), SlotOperand)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.is(c, "switch_entry") {
					l.lower(c, Item)
				}
			}
			l.close(id)
		},
		"switch_entry": swiftCase,
		"do_statement": func(l *lowerer, r int32, slot Slot) {
			if l.kid(r, "catch_block") < 0 {
				swiftBlocks(l, r, slot, slot)
				return
			}
			id := l.open(Try, slot, r)
			swiftBlocks(l, r, SlotBody, SlotElse)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.is(c, "catch_block") {
					k := l.open(Catch, SlotCatch, c)
					l.lower(l.field(c, fError), SlotTarget)
					swiftBlocks(l, c, SlotBody, SlotElse)
					l.close(k)
				}
			}
			l.close(id)
		},
		"statement_label": nothing,
		"control_transfer_statement": func(l *lowerer, r int32, slot Slot) {
			result := l.field(r, fResult)
			switch {
			case l.kid(r, "throw_keyword") >= 0:
				id := l.open(Throw, slot, r)
				l.lower(l.child(r, 1), SlotOperand)
				l.close(id)
			case l.has(r, "return"):
				id := l.open(Return, slot, r)
				l.lower(result, SlotOperand)
				l.close(id)
			case l.has(r, "yield"):
				id := l.open(Defer, slot, r)
				l.nodes[id].Value = "yield"
				l.lower(result, SlotOperand)
				l.close(id)
			default:
				id := l.open(Jump, slot, r)
				l.nodes[id].Value = "break"
				if l.has(r, "continue") {
					l.nodes[id].Value = "continue"
				}
				l.lower(result, SlotOperand)
				l.close(id)
			}
		},
		"throw_keyword":   nothing,
		"default_keyword": nothing,
		"where_keyword":   nothing,
		"catch_keyword":   nothing,
		"else":            nothing,
	}
}

// swiftIsStatement says whether a node is no expression that would need a node of its own to stand as a statement.
func swiftIsStatement(l *lowerer, r int32) bool {
	switch name := l.name(r); name {
	case "assignment", "computed_getter", "computed_setter", "computed_modify", "willset_clause", "didset_clause", "enum_entry", "ERROR", "shebang_line", "directive",
		"diagnostic", "statement_label", "throw_keyword":
		return true
	default:
		return strings.HasSuffix(name, "_declaration") || strings.HasSuffix(name, "_statement")
	}
}

func swiftStatements(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !l.code(c):
		case l.is(c, "statements"):
			swiftStatements(l, c, slot)
		case l.is(c, "throw_keyword"): // at the top of a file it has no node of its own
			if e := l.next(r, c); e >= 0 {
				id := l.open(Throw, slot, c)
				l.nodes[id].End = l.recs[e].end
				l.lower(e, SlotOperand)
				l.close(id)
				c = e
			}
		case swiftIsStatement(l, c):
			l.lower(c, slot)
		default:
			l.statement(c, c, slot)
		}
	}
}

// swiftBody writes a node whose braces hold statements or members.
func swiftBody(l *lowerer, r int32, slot Slot) {
	id := l.open(Block, slot, r)
	swiftStatements(l, r, Item)
	l.close(id)
}

// swiftBlocks writes the blocks of a statement, which have no node of their own: the first brace begins that of one slot, a later one, or
// an `else if`, that of the other.
func swiftBlocks(l *lowerer, r int32, slot, later Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !l.named(c) && l.name(c) == "{":
			id := l.open(Block, slot, c)
			for c = l.next(r, c); c >= 0 && l.name(c) != "}"; c = l.next(r, c) {
				if l.is(c, "statements") {
					swiftStatements(l, c, Item)
				}
			}
			if c >= 0 {
				l.nodes[id].End = l.recs[c].end
			} else {
				l.nodes[id].End = l.recs[r].end
			}
			l.close(id)
			slot = later
			if c < 0 {
				return
			}
		case l.is(c, "if_statement"):
			l.block(c, later)
		}
	}
}

// swiftConditions writes what stands between the keyword and the block; several are connected by &&. A binding is an assignment.
func swiftConditions(l *lowerer, r int32, slot Slot) {
	var from []int32 // where each begins
	keyword, begin := false, false
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch name := l.name(c); {
		case !keyword:
			keyword = name == "if" || name == "guard" || name == "while"
			begin = keyword
		case swiftEndsConditions(l, c):
			keyword, begin = false, false
		case name == ",":
			begin = true
		case begin:
			from = append(from, c)
			begin = false
		}
	}
	var open []ID
	for range len(from) - 1 {
		id := l.open(Binary, slot, r)
		l.nodes[id].Value = "&&"
		open = append(open, id)
		slot = SlotLeft
	}
	for i, c := range from {
		end := swiftCondition(l, r, c, slot)
		if i > 0 {
			id := open[len(open)-i]
			l.nodes[id].Start, l.nodes[id].End = l.recs[from[0]].start, l.recs[end].end
			l.close(id)
		}
		slot = SlotRight
	}
}

func swiftEndsConditions(l *lowerer, c int32) bool { return l.name(c) == "{" || l.name(c) == "else" }

// swiftCondition writes the condition that begins at a child of r and returns where it ends.
func swiftCondition(l *lowerer, r, from int32, slot Slot) int32 {
	isCase := l.name(from) == "case"
	if !l.is(from, "value_binding_pattern") && !isCase {
		l.lower(from, slot)
		return from
	}
	id := l.open(Assign, slot, from)
	l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
	if l.text(from) == "let" {
		l.nodes[id].Flags |= Const
	}
	var target []int32
	value, typ, end := int32(-1), int32(-1), from
	after := false
	for c := l.next(r, from); c >= 0 && l.name(c) != "," && !swiftEndsConditions(l, c); c = l.next(r, c) {
		end = c
		switch {
		case l.is(c, "where_clause"):
		case l.is(c, "type_annotation"):
			typ = c
		case l.name(c) == "=":
			after = true
		case after:
			value = c
		case l.code(c):
			target = append(target, c)
		}
	}
	l.nodes[id].End = l.recs[end].end
	switch {
	case len(target) == 1:
		l.lower(target[0], SlotTarget)
		if value < 0 {
			value = target[0] // if let x
		}
	case len(target) > 1: // case .some(let x) = y
		t := l.open(Other, SlotTarget, from)
		l.span(t, from, target[len(target)-1])
		for _, c := range target {
			l.lower(c, Item)
		}
		l.close(t)
	}
	l.lower(value, SlotValue)
	l.lower(typ, SlotType)
	l.close(id)
	return end
}

func swiftLoop(l *lowerer, r int32, slot Slot, value string) {
	id := l.open(For, slot, r)
	l.nodes[id].Value = value
	swiftConditions(l, r, SlotCond)
	swiftBlocks(l, r, SlotBody, SlotElse)
	l.close(id)
}

func swiftCase(l *lowerer, r int32, slot Slot) {
	id := l.open(Case, slot, r)
	where := false
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "switch_pattern"):
			l.lower(c, SlotOperand)
		case l.is(c, "where_keyword"):
			where = true
		case l.is(c, "statements"):
			b := l.open(Block, SlotBody, c)
			swiftStatements(l, c, Item)
			l.close(b)
		case where && l.code(c):
			l.lower(c, SlotCond)
			where = false
		}
	}
	l.close(id)
}

// swiftString writes a string. The lines of one in three quotes begin where the closing ones stand.
func swiftString(l *lowerer, r int32, slot Slot) {
	plain := true
	var b strings.Builder
	run, end := int32(-1), uint32(0)
	id := l.open(Template, slot, r)
	flush := func() {
		if run >= 0 {
			s := l.leaf(Str, Item, run, b.String())
			l.nodes[s].End = end
		}
		b.Reset()
		run = -1
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		var text string
		switch l.name(c) {
		case "line_str_text", "multi_line_str_text", "raw_str_part", "raw_str_end_part":
			text = l.text(c)
		case "str_escaped_char":
			text = unescape(l.text(c), false)
		case "interpolated_expression", "raw_str_interpolation":
			flush()
			l.lower(c, Item)
			plain = false
			continue
		default:
			continue
		}
		if run < 0 {
			run = c
		}
		end = l.recs[c].end
		b.WriteString(text)
	}
	if !plain {
		flush()
		l.close(id)
		return
	}
	text := b.String()
	switch l.name(r) {
	case "multi_line_string_literal":
		text = strings.TrimPrefix(text, "\n")
		if i := strings.LastIndexByte(text, '\n'); i >= 0 && strings.TrimSpace(text[i:]) == "" {
			indent := text[i:]
			text = strings.ReplaceAll(strings.TrimPrefix(text[:i], indent[1:]), indent, "\n")
		}
	case "raw_string_literal":
		hashes := len(text) - len(strings.TrimLeft(text, "#"))
		text = inner(text, hashes)
		text = inner(text, 1)
	}
	l.nodes[id].Kind, l.nodes[id].Value = Str, text
	l.close(id)
}

func swiftInterpolation(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "interpolated_expression") {
			l.lower(c, slot)
		}
	}
}

func swiftList(l *lowerer, r int32, slot Slot) {
	id := l.open(List, slot, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.fieldOf(c) == fElement {
			l.lower(c, Item)
		}
	}
	l.close(id)
}

func swiftDictionary(l *lowerer, r int32, slot Slot) {
	id := l.open(Dict, slot, r)
	key := int32(-1)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch f := l.fieldOf(c); {
		case f == fKey:
			key = c
		case f == fValue:
			if key >= 0 {
				p := l.open(Pair, Item, key)
				l.nodes[p].End = l.recs[c].end
				l.lower(key, SlotKey)
				l.lower(c, SlotOperand)
				l.close(p)
			}
			key = -1
		}
	}
	l.close(id)
}

// swiftTuple writes (a, b: c); one expression without a name is only in parentheses.
func swiftTuple(l *lowerer, r int32, slot Slot) {
	values, name := 0, int32(-1)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch f := l.fieldOf(c); {
		case f == fValue:
			values++
		case f == fName:
			name = c
		}
	}
	if values == 1 && name < 0 {
		at := len(l.nodes)
		if l.lower(l.field(r, fValue), slot); at < len(l.nodes) {
			l.nodes[at].Flags |= Parenthesised
		}
		return
	}
	id := l.open(Tuple, slot, r)
	name = -1
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch f := l.fieldOf(c); {
		case f == fName:
			name = c
		case f == fValue:
			swiftNamed(l, name, c, Item)
			name = -1
		}
	}
	l.close(id)
}

// swiftNamed writes a value with its label, if it has one.
func swiftNamed(l *lowerer, name, value int32, slot Slot) {
	if name < 0 {
		l.lower(value, slot)
		return
	}
	id := l.open(KeyArg, slot, name)
	l.nodes[id].End = l.recs[value].end
	l.leaf(Name, SlotName, name, l.text(name))
	l.lower(value, SlotOperand)
	l.close(id)
}

func swiftArgument(l *lowerer, r int32, slot Slot) {
	value := l.field(r, fValue)
	if value < 0 { // f(a:b:) is the name of a function
		lowerOther(l, r, slot)
		return
	}
	swiftNamed(l, l.field(r, fName), value, slot)
}

// swiftType writes a.b.C<T>: names and, if it has them, the type arguments.
func swiftType(l *lowerer, r int32, slot Slot) {
	n := 0
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "type_identifier") {
			n++
		}
	}
	if l.kid(r, "type_arguments") >= 0 || n != l.count(r) {
		id := l.open(Type, slot, r)
		l.nodes[id].Value = squeeze(l.text(r))
		s := SlotOperand
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.is(c, "type_identifier") {
				l.lower(c, s)
				s = Item
			} else if l.is(c, "type_arguments") {
				l.children(c, Item)
			}
		}
		l.close(id)
		return
	}
	dotted(l, r, n-1, slot)
}

func swiftAttribute(l *lowerer, r int32, slot Slot) {
	id := l.open(Decorator, slot, r)
	name := l.kid(r, "user_type")
	if !l.has(r, "(") {
		l.lower(name, SlotOperand)
		l.close(id)
		return
	}
	call := l.open(Call, SlotOperand, r)
	if name >= 0 {
		l.nodes[call].Start = l.recs[name].start
	}
	l.lower(name, SlotCallee)
	args := l.open(Args, SlotArgs, r)
	label := int32(-1)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if c == name || !l.code(c) {
			continue
		}
		if n := l.next(r, c); n >= 0 && l.name(n) == ":" && l.is(c, "simple_identifier") {
			if v := l.next(r, n); v >= 0 && l.code(v) {
				label = c
				continue
			}
		}
		swiftNamed(l, label, c, Item)
		label = -1
	}
	l.close(args)
	l.close(call)
	l.close(id)
}

// swiftModifiers writes attributes and modifiers, which stand in a node of their own or directly before the declaration.
func swiftModifiers(l *lowerer, r int32, id ID) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "modifiers"):
			swiftModifiers(l, c, id)
		case l.is(c, "attribute"):
			l.lower(c, SlotDecorator)
		case l.named(c) && strings.HasSuffix(l.name(c), "_modifier"):
			l.leaf(Decorator, SlotDecorator, c, squeeze(l.text(c)))
			if l.text(c) == "static" {
				l.nodes[id].Flags |= Static
			}
		}
	}
}

func swiftClass(l *lowerer, r int32, slot Slot) {
	id := l.open(Class, slot, r)
	l.nodes[id].Value = "class" // Semgrep tells struct, enum, actor and extension not apart
	if l.is(r, "protocol_declaration") {
		l.nodes[id].Value = "interface"
	}
	swiftModifiers(l, r, id)
	l.lower(l.field(r, fName), SlotName)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "inheritance_specifier") {
			l.lower(c, SlotBase)
		}
	}
	l.lower(l.field(r, fBody), SlotBody)
	l.close(id)
}

func swiftEntry(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.is(c, "simple_identifier") || l.fieldOf(c) != fName {
			continue
		}
		id := l.open(Assign, slot, c)
		l.nodes[id].Flags, l.nodes[id].Value = Declares|Const|Static, "="
		l.lower(c, SlotTarget)
		if eq := l.next(r, c); eq >= 0 && l.name(eq) == "=" {
			if v := l.next(r, eq); v >= 0 {
				l.nodes[id].End = l.recs[v].end
				l.lower(v, SlotValue)
			}
		}
		l.close(id)
	}
}

func swiftFunc(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	if l.is(r, "init_declaration") {
		l.nodes[id].Value = "constructor"
	}
	if l.has(r, "async") {
		l.nodes[id].Flags |= Async
	}
	swiftModifiers(l, r, id)
	if name := l.field(r, fName); name >= 0 {
		l.leaf(Name, SlotName, name, l.text(name))
	} else if name := strings.TrimSuffix(l.name(r), "_declaration"); name == "deinit" || name == "subscript" {
		l.leaf(Name, SlotName, max(l.token1(r, name), r), name)
	}
	params := l.open(Params, SlotParams, r)
	returns := int32(-1)
	opened := false
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !opened && l.name(c) == "(":
			l.nodes[params].Start = l.recs[c].start
			opened = true
		case l.name(c) == ")" && !l.named(c):
			l.nodes[params].End = l.recs[c].end
		case l.is(c, "parameter"):
			value := int32(-1)
			if eq := l.next(r, c); eq >= 0 && l.name(eq) == "=" {
				value = l.next(r, eq)
			}
			swiftParam(l, c, value)
		case l.name(c) == "->":
			returns = l.next(r, c)
		}
	}
	if !opened {
		l.nodes[params].End = l.nodes[params].Start
	}
	l.close(params)
	l.lower(returns, SlotReturns)
	if b := l.field(r, fBody); b >= 0 {
		l.lower(b, SlotBody)
	} else if b := l.kid(r, "computed_property"); b >= 0 {
		swiftBody(l, b, SlotBody)
	}
	l.close(id)
}

// token1 returns the first keyword or operator with a name among the children, or -1.
func (l *lowerer) token1(r int32, name string) int32 {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.named(c) && l.name(c) == name {
			return c
		}
	}
	return -1
}

func swiftParam(l *lowerer, r, value int32) {
	id := l.open(Param, Item, r)
	if value >= 0 {
		l.nodes[id].End = l.recs[value].end
	}
	name, typ := int32(-1), int32(-1)
	colon := false
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.name(c) == ":" && !l.named(c):
			colon = true
		case l.name(c) == "..." && !l.named(c):
			l.nodes[id].Value = "..."
		case !l.code(c) || l.is(c, "parameter_modifiers") || l.is(c, "attribute"):
		case colon:
			typ = c
		default:
			name = c // behind the label, if there is one
		}
	}
	l.lower(name, SlotName)
	l.lower(typ, SlotType)
	l.lower(value, SlotValue)
	l.close(id)
}

// swiftProperty writes let and var: for each name an assignment, or the function that computes its value.
func swiftProperty(l *lowerer, r int32, slot Slot) {
	binding := l.kid(r, "value_binding_pattern")
	constant := binding >= 0 && strings.HasPrefix(l.text(binding), "let")
	first := true
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.is(c, "pattern") || l.fieldOf(c) != fName && l.is(r, "property_declaration") {
			continue
		}
		typ, value, computed, end := int32(-1), int32(-1), int32(-1), c
		for d := l.next(r, c); d >= 0 && (l.named(d) || l.name(d) != ","); d = l.next(r, d) {
			end = d
			switch {
			case l.is(d, "type_annotation"):
				typ = d
			case l.is(d, "computed_property"):
				computed = d
			case l.fieldOf(d) == fValue:
				value = d
			}
		}
		from := r
		if !first {
			from = c
		}
		if computed >= 0 {
			swiftComputed(l, r, slot, c, typ, computed)
		} else {
			id := l.open(Assign, slot, from)
			l.nodes[id].End = l.recs[end].end
			l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
			if constant {
				l.nodes[id].Flags |= Const
			}
			swiftModifiers(l, r, id)
			if binding >= 0 { // a pattern that begins with let finds no var
				l.leaf(Decorator, SlotDecorator, binding, l.text(binding))
			}
			l.lower(c, SlotTarget)
			l.lower(value, SlotValue)
			l.lower(typ, SlotType)
			l.close(id)
		}
		if w := l.kid(r, "willset_didset_block"); w >= 0 && first {
			l.children(w, slot)
		}
		first = false
	}
}

// swiftComputed writes var x: T { ... } as a function without parameters.
func swiftComputed(l *lowerer, r int32, slot Slot, name, typ, body int32) {
	id := l.open(Func, slot, r)
	l.nodes[id].Value = "get"
	swiftModifiers(l, r, id)
	l.lower(name, SlotName)
	p := l.open(Params, SlotParams, body)
	l.nodes[p].End = l.nodes[p].Start
	l.close(p)
	l.lower(typ, SlotReturns)
	swiftBody(l, body, SlotBody)
	l.close(id)
}

func swiftAccessor(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	switch l.name(r) {
	case "computed_getter":
		l.nodes[id].Value = "get"
	case "computed_setter":
		l.nodes[id].Value = "set"
	}
	params := l.open(Params, SlotParams, r)
	if name := l.kid(r, "simple_identifier"); name >= 0 {
		l.span(params, name, name)
		p := l.open(Param, Item, name)
		l.lower(name, SlotName)
		l.close(p)
	} else {
		l.nodes[params].End = l.nodes[params].Start
	}
	l.close(params)
	swiftBlocks(l, r, SlotBody, SlotBody)
	l.close(id)
}

// swiftPattern writes what a declaration or a case binds: a name, a tuple, or a case with what it holds.
func swiftPattern(l *lowerer, r int32, slot Slot) {
	if l.has(r, ".") { // .some(let x)
		id := l.open(Other, slot, r)
		l.children(r, Item)
		l.close(id)
		return
	}
	if l.has(r, "(") {
		id := l.open(Tuple, slot, r)
		l.children(r, Item)
		l.close(id)
		return
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && !l.is(c, "value_binding_pattern") {
			l.lower(c, slot)
			return
		}
	}
	if c := l.first(r); c >= 0 {
		l.lower(c, slot) // nil
	}
}

// swiftOperands are those of an operator, left of which is absent for one that stands before its operand. The grammar lets a call or a member
// follow the whole of `a + f`; the language takes it with the last operand.
func swiftOperands(l *lowerer, r int32) (op string, left, right int32) {
	if r < 0 {
		return "", -1, -1
	}
	switch l.name(r) {
	case "multiplicative_expression", "additive_expression", "comparison_expression", "equality_expression", "conjunction_expression", "disjunction_expression",
		"bitwise_operation", "infix_expression":
		left, right = l.field(r, fLeft), l.field(r, fRight)
	case "nil_coalescing_expression":
		return "??", l.field(r, fValue), l.field(r, fAlternative)
	case "range_expression":
		left, right = l.field(r, fStart), l.field(r, fEnd)
	case "prefix_expression":
		left, right = -1, l.field(r, fTarget)
	default:
		return "", -1, -1
	}
	o := l.field(r, fOperator)
	if o < 0 || l.text(o) == "." || right < 0 {
		return "", -1, -1
	}
	return l.text(o), left, right
}

// swiftPostfix writes members, calls and subscripts one behind the other; if an operation stands before them, behind its last operand.
func swiftPostfix(l *lowerer, r int32, slot Slot) {
	base := r
	for base >= 0 && (l.is(base, "navigation_expression") || l.is(base, "call_expression") || l.is(base, "constructor_expression")) {
		base = l.child(base, 0)
	}
	swiftBehind(l, r, base, base, slot)
}

// swiftBehind writes r with operand in the place of base.
func swiftBehind(l *lowerer, r, base, operand int32, slot Slot) {
	op, left, right := swiftOperands(l, operand)
	if op == "" {
		swiftSuffixes(l, r, base, operand, slot)
		return
	}
	kind := Binary
	if left < 0 {
		kind = Unary
	}
	id := l.open(kind, slot, operand)
	l.nodes[id].End, l.nodes[id].Value = l.recs[r].end, op
	if kind == Unary {
		swiftBehind(l, r, base, right, SlotOperand)
	} else {
		l.lower(left, SlotLeft)
		swiftBehind(l, r, base, right, SlotRight)
	}
	l.close(id)
}

func swiftSuffixes(l *lowerer, r, base, operand int32, slot Slot) {
	if r == base || r < 0 {
		l.lower(operand, slot)
		return
	}
	start := l.recs[r].start
	if operand >= 0 {
		start = l.recs[operand].start
	}
	if l.is(r, "navigation_expression") {
		id := l.open(Dot, slot, r)
		l.nodes[id].Start = start
		if l.has(r, "?") {
			l.nodes[id].Flags |= Optional
		}
		swiftSuffixes(l, l.child(r, 0), base, operand, SlotOperand)
		name := l.field(r, fSuffix)
		if name >= 0 {
			if s := l.field(name, fSuffix); s >= 0 {
				name = s
			}
			l.leaf(Name, SlotName, name, l.text(name))
		}
		l.close(id)
		return
	}
	callee, args := l.child(r, 0), int32(-1)
	suffix := l.kid(r, "call_suffix")
	if suffix < 0 {
		suffix = l.kid(r, "constructor_suffix")
	}
	if suffix >= 0 {
		args = l.kid(suffix, "value_arguments")
	}
	if args < 0 && l.is(callee, "call_expression") { // f(x) { } is one call
		if before := l.kid(callee, "call_suffix"); before >= 0 {
			if a := l.kid(before, "value_arguments"); a >= 0 && l.has(a, "(") && l.kid(before, "lambda_literal") < 0 {
				callee, args = l.child(callee, 0), a
			}
		}
	}
	if args >= 0 && l.has(args, "[") {
		id := l.open(Index, slot, r)
		l.nodes[id].Start = start
		swiftSuffixes(l, callee, base, operand, SlotOperand)
		l.children(args, Item)
		l.close(id)
		return
	}
	id := l.open(Call, slot, r)
	l.nodes[id].Start = start
	swiftSuffixes(l, callee, base, operand, SlotCallee)
	swiftArgs(l, r, args, suffix)
	l.close(id)
}

// swiftArgs writes the arguments of a call; closures behind it are the last ones.
func swiftArgs(l *lowerer, r, args, suffix int32) {
	a := l.open(Args, SlotArgs, max(suffix, r))
	if args >= 0 {
		l.nodes[a].Start = l.recs[args].start
		l.children(args, Item)
	}
	if suffix >= 0 {
		name := int32(-1)
		for c := l.first(suffix); c >= 0; c = l.next(suffix, c) {
			switch {
			case l.is(c, "simple_identifier"):
				name = c
			case l.is(c, "lambda_literal"):
				swiftNamed(l, name, c, Item)
				name = -1
			}
		}
	}
	l.close(a)
}

func swiftLambda(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	l.nodes[id].Flags = Lambda
	typ := l.kid(r, "lambda_function_type")
	if typ >= 0 {
		params := l.open(Params, SlotParams, typ)
		if p := l.kid(typ, "lambda_function_type_parameters"); p >= 0 {
			l.children(p, Item)
		}
		l.close(params)
	} else {
		l.emptyParams(r)
	}
	b := l.open(Block, SlotBody, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "statements") {
			swiftStatements(l, c, Item)
		}
	}
	l.close(b)
	l.close(id)
}

// swiftOperation writes try and await, of whatever form.
func swiftOperation(l *lowerer, r int32, slot Slot, value string) {
	id := l.open(Defer, slot, r)
	l.nodes[id].Value = value
	l.lower(l.field(r, fExpression), SlotOperand)
	l.close(id)
}
