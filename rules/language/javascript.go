package language

import (
	"strings"

	grammarjavascript "github.com/tree-sitter/tree-sitter-javascript/bindings/go"
)

// javascript is read with the grammar that knows types, as in Semgrep: projects write them in .js files too, and all other code reads the same.
// Where that fails and the grammar without types does not, what the latter says counts.
func javascript(typed *grammar) *Spec {
	plain := newGrammar(grammarjavascript.Language(), scriptRules())
	return &Spec{
		Name:        "javascript",
		Aliases:     []string{"js", "jsx"},
		Extensions:  []string{".js", ".jsx", ".mjs", ".cjs"},
		Metavar:     "$", // JavaScript's identifiers may hold dollars: a metavariable is one as it stands
		PartialDict: true,
		Semicolon:   true,
		Wrappers:    scriptWrappers,
		grammar:     func(string) *grammar { return typed },
		second:      plain,
		mask:        maskScript,
		patterns:    func() *grammar { return typed },
	}
}

var scriptWrappers = []Wrapper{
	{},
	{"(", ")"},
	{"class C {\n", "\n}"},
	{"class C {\n", " {} }"},
	{"try {} ", ""},
	{"switch (x) { ", " }"},
	{"x = {", "}"},
	{"", " {}"},
	{"", " class C {}"},
}

// scriptRules lowers JavaScript and TypeScript, whose grammars share all that both have.
func scriptRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	second := func(l *lowerer, r int32, slot Slot) { // `x as T`, `x satisfies T`
		id := l.open(Cast, slot, r)
		if l.is(r, "satisfies_expression") {
			l.nodes[id].Flags = Optional
		}
		l.lower(l.child(r, 1), SlotType)
		l.lower(l.child(r, 0), SlotOperand)
		l.close(id)
	}
	null := func(l *lowerer, r int32, slot Slot) { l.leaf(Null, slot, r, l.text(r)) }
	return map[string]lowerFunc{
		"program":         through,
		"statement_block": func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "statement_block") },
		"expression_statement": func(l *lowerer, r int32, slot Slot) {
			l.statement(r, l.child(r, 0), slot, "assignment_expression", "augmented_assignment_expression")
		},
		"parenthesized_expression": func(l *lowerer, r int32, slot Slot) {
			at := len(l.nodes)
			l.lower(l.child(r, 0), slot) // what may follow is the type that a cast of Flow gives
			if at < len(l.nodes) {
				l.nodes[at].Flags |= Parenthesised
				switch l.name(int32(l.recs[r].parent)) {
				case "if_statement", "while_statement", "do_statement", "switch_statement", "with_statement":
				default:
					l.span(ID(at), r, r) // as in wide; those of a statement are no part of the expression
				}
			}
		},
		"empty_statement": through,
		"hash_bang_line":  func(*lowerer, int32, Slot) {},

		"identifier":                            word(Name),
		"property_identifier":                   word(Name),
		"private_property_identifier":           word(Name),
		"statement_identifier":                  word(Name),
		"type_identifier":                       word(Name),
		"predefined_type":                       word(Name),
		"this_type":                             word(Name),
		"shorthand_property_identifier":         shorthand,
		"shorthand_property_identifier_pattern": shorthand,
		"this":                                  word(Name),
		"super":                                 word(Name),
		"import":                                word(Name),
		"number":                                number,
		"true":                                  word(Bool),
		"false":                                 word(Bool),
		"null":                                  null,
		"undefined":                             null,
		"string":                                scriptString,
		"template_string":                       func(l *lowerer, r int32, slot Slot) { scriptTemplate(l, r, slot, -1, r) },
		"regex": func(l *lowerer, r int32, slot Slot) {
			value := ""
			if p := l.field(r, fPattern); p >= 0 {
				value = l.text(p)
			}
			l.leaf(Regex, slot, r, value)
		},
		"computed_property_name": func(l *lowerer, r int32, slot Slot) { l.children(r, slot) },

		"variable_declaration": func(l *lowerer, r int32, slot Slot) { scriptDeclare(l, r, slot, Declares) },
		"lexical_declaration": func(l *lowerer, r int32, slot Slot) {
			f := Declares
			if l.has(r, "const") {
				f |= Const
			}
			scriptDeclare(l, r, slot, f)
		},
		"using_declaration":               func(l *lowerer, r int32, slot Slot) { scriptDeclare(l, r, slot, Declares|Const) },
		"assignment_expression":           func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, "=") },
		"augmented_assignment_expression": scriptAugmented,

		"import_statement": scriptImport,
		"export_statement": scriptExport,

		"function_declaration":           scriptFunc,
		"function_expression":            scriptFunc,
		"generator_function":             scriptFunc,
		"generator_function_declaration": scriptFunc,
		"arrow_function":                 scriptFunc,
		"method_definition":              scriptFunc,
		"method_signature":               scriptFunc,
		"abstract_method_signature":      scriptFunc,
		"function_signature":             scriptFunc,
		"formal_parameters": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Params, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) {
					scriptParam(l, c)
				}
			}
			l.close(id)
		},
		"rest_pattern": valued(Spread, "...", SlotOperand),
		"assignment_pattern": func(l *lowerer, r int32, slot Slot) {
			l.assign(r, slot, 0, "=")
		},
		"object_assignment_pattern": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Pair, slot, r)
			left := l.field(r, fLeft)
			l.leaf(Name, SlotKey, left, l.text(left))
			a := l.open(Assign, SlotOperand, r)
			l.nodes[a].Value = "="
			l.leaf(Name, SlotTarget, left, l.text(left))
			l.lower(l.field(r, fRight), SlotValue)
			l.close(a)
			l.close(id)
		},

		"class_declaration":          scriptClass("class"),
		"class":                      scriptClass("class"),
		"abstract_class_declaration": scriptClass("class"),
		"interface_declaration":      scriptClass("interface"),
		"enum_declaration":           scriptClass("enum"),
		"internal_module":            scriptClass("namespace"),
		"module":                     scriptClass("namespace"),
		"class_body": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Block, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				switch {
				case l.is(c, "decorator"):
					l.decorators = append(l.decorators, c)
				case l.code(c):
					l.lower(c, Item)
					l.decorators = nil
				}
			}
			l.close(id)
		},
		"interface_body": javaBlock,
		"object_type":    typed,
		"enum_body": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Block, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) {
					a := l.open(Assign, Item, c)
					l.nodes[a].Flags, l.nodes[a].Value = Declares|Const, "="
					if l.is(c, "enum_assignment") {
						l.lower(l.field(c, fName), SlotTarget)
						l.lower(l.field(c, fValue), SlotValue)
					} else {
						l.lower(c, SlotTarget)
					}
					l.close(a)
				}
			}
			l.close(id)
		},
		"field_definition":        scriptField,
		"public_field_definition": scriptField,
		"property_signature":      scriptField,
		"class_static_block": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Block, slot, r)
			l.nodes[id].Flags = Static
			if b := l.field(r, fBody); b >= 0 {
				l.children(b, Item)
			}
			l.close(id)
		},
		"decorator":           one(Decorator, SlotOperand),
		"ambient_declaration": through,

		"member_expression": func(l *lowerer, r int32, slot Slot) {
			id := dot(l, r, slot, l.field(r, fObject), l.field(r, fProperty))
			if l.field(r, fOptionalChain) >= 0 {
				l.nodes[id].Flags |= Optional
			}
		},
		"nested_identifier":      func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fObject), l.field(r, fProperty)) },
		"nested_type_identifier": func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fModule), l.field(r, fName)) },
		"subscript_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			if l.field(r, fOptionalChain) >= 0 {
				l.nodes[id].Flags |= Optional
			}
			l.lower(l.field(r, fObject), SlotOperand)
			l.lower(l.field(r, fIndex), Item)
			l.close(id)
		},
		"call_expression": func(l *lowerer, r int32, slot Slot) {
			args := l.field(r, fArguments)
			if l.is(args, "template_string") {
				scriptTemplate(l, r, slot, l.field(r, fFunction), args)
				return
			}
			id := l.open(Call, slot, r)
			if l.kid(r, "optional_chain") >= 0 || l.has(r, "?.") {
				l.nodes[id].Flags |= Optional
			}
			l.lower(l.field(r, fFunction), SlotCallee)
			l.lower(l.field(r, fTypeArguments), SlotType)
			l.lower(args, SlotArgs)
			l.close(id)
		},
		"new_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.nodes[id].Flags = New
			l.lower(l.field(r, fConstructor), SlotCallee)
			if a := l.field(r, fArguments); a >= 0 {
				l.lower(a, SlotArgs)
			} else {
				a := l.open(Args, SlotArgs, r)
				l.nodes[a].Start = l.nodes[a].End
				l.close(a)
			}
			l.close(id)
		},
		"arguments":            one(Args, Item),
		"spread_element":       valued(Spread, "...", SlotOperand),
		"array":                one(List, Item),
		"array_pattern":        one(List, Item),
		"object":               one(Dict, Item),
		"object_pattern":       one(Dict, Item),
		"pair":                 scriptPair,
		"pair_pattern":         pair,
		"binary_expression":    binaryOperator,
		"unary_expression":     func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.field(r, fArgument), l.operator(r)) },
		"update_expression":    update,
		"await_expression":     valued(Defer, "await", SlotOperand),
		"yield_expression":     valued(Defer, "yield", SlotOperand),
		"ternary_expression":   ternary,
		"as_expression":        second,
		"satisfies_expression": second,
		"type_assertion": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			if t := l.child(r, 0); t >= 0 {
				l.children(t, SlotType)
			}
			l.lower(l.child(r, 1), SlotOperand)
			l.close(id)
		},
		"instantiation_expression": func(l *lowerer, r int32, slot Slot) { l.lower(l.child(r, 0), slot) },

		"type_annotation":    through,
		"generic_type":       typed,
		"type_arguments":     through,
		"array_type":         typed,
		"union_type":         typed,
		"intersection_type":  typed,
		"tuple_type":         typed,
		"function_type":      typed,
		"readonly_type":      typed,
		"parenthesized_type": through,
		"literal_type":       through,

		"if_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(If, slot, r)
			l.lower(l.field(r, fCondition), SlotCond)
			l.block(l.field(r, fConsequence), SlotThen, "statement_block")
			if e := l.field(r, fAlternative); e >= 0 {
				l.block(l.child(e, 0), SlotElse, "statement_block")
			}
			l.close(id)
		},
		"while_statement": func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "", "statement_block") },
		"do_statement":    func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "do", "statement_block") },
		"for_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(For, slot, r)
			unwrap := func(f field, s Slot) {
				c := l.field(r, f)
				if l.is(c, "expression_statement") {
					c = l.child(c, 0)
				}
				if c >= 0 && l.recs[c].flags&named != 0 {
					l.lower(c, s)
				}
			}
			unwrap(fInitializer, SlotInit)
			unwrap(fCondition, SlotCond)
			unwrap(fIncrement, SlotUpdate)
			l.block(l.field(r, fBody), SlotBody, "statement_block")
			l.close(id)
		},
		"for_in_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(ForEach, slot, r)
			n := &l.nodes[id]
			n.Value = l.operator(r)
			if l.field(r, fKind) >= 0 {
				n.Flags |= Declares
			}
			if l.has(r, "await") {
				n.Flags |= Async
			}
			l.lower(l.field(r, fLeft), SlotTarget)
			l.lower(l.field(r, fRight), SlotValue)
			l.block(l.field(r, fBody), SlotBody, "statement_block")
			l.close(id)
		},
		"switch_statement": switchOn(fValue),
		"switch_case":      scriptCase,
		"switch_default":   scriptCase,
		"try_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Try, slot, r)
			l.block(l.field(r, fBody), SlotBody, "statement_block")
			if h := l.field(r, fHandler); h >= 0 {
				c := l.open(Catch, SlotCatch, h)
				l.lower(l.field(h, fType), SlotType)
				l.lower(l.field(h, fParameter), SlotTarget)
				l.block(l.field(h, fBody), SlotBody, "statement_block")
				l.close(c)
			}
			if f := l.field(r, fFinalizer); f >= 0 {
				l.block(l.field(f, fBody), SlotFinally, "statement_block")
			}
			l.close(id)
		},
		"return_statement":   one(Return, SlotOperand),
		"throw_statement":    one(Throw, SlotOperand),
		"break_statement":    valued(Jump, "break", SlotOperand),
		"continue_statement": valued(Jump, "continue", SlotOperand),

		"jsx_element":              scriptElement,
		"jsx_self_closing_element": scriptElement,
		"jsx_expression":           through,
		"jsx_text": func(l *lowerer, r int32, slot Slot) {
			if text := strings.TrimSpace(l.text(r)); text != "" {
				l.leaf(Str, slot, r, text)
			}
		},
		"jsx_attribute": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Pair, slot, r)
			l.lower(l.child(r, 0), SlotKey)
			l.lower(l.child(r, 1), SlotOperand)
			l.close(id)
		},
	}
}

func shorthand(l *lowerer, r int32, slot Slot) {
	id := l.open(Pair, slot, r)
	l.leaf(Name, SlotKey, r, l.text(r))
	l.leaf(Name, SlotOperand, r, l.text(r))
	l.close(id)
}

func scriptString(l *lowerer, r int32, slot Slot) {
	l.leaf(Str, slot, r, unescape(inner(l.text(r), 1), false))
}

// scriptTemplate writes a template literal. Without holes it is a string.
func scriptTemplate(l *lowerer, outer int32, slot Slot, tag, r int32) {
	if tag < 0 && l.kid(r, "template_substitution") < 0 {
		l.leaf(Str, slot, outer, unescape(inner(l.text(r), 1), false))
		return
	}
	id := l.open(Template, slot, outer)
	if tag >= 0 {
		l.nodes[id].Flags = Tagged
		l.lower(tag, SlotCallee)
	}
	// Fragments and escapes alternate between the holes; a run of them is one string.
	run := int32(-1)
	flush := func(end uint32) {
		if run >= 0 {
			s := l.leaf(Str, Item, run, unescape(l.src[l.recs[run].start:end], false))
			l.nodes[s].End = end
		}
		run = -1
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "template_substitution"):
			flush(l.recs[c].start)
			l.children(c, Item)
		case l.code(c) && run < 0:
			run = c
		case l.name(c) == "`" && l.recs[c].start > l.recs[r].start:
			flush(l.recs[c].start)
		}
	}
	l.close(id)
}

// maxRepeated is how many nodes the left side of `x += e` may have to be written twice.
const maxRepeated = 32

// scriptAugmented writes `x += e` as `x = x + e`, and `x ||= e` as `x = e`, as Semgrep does for JavaScript. A left side that is long or assigns
// itself stays as it is written.
func scriptAugmented(l *lowerer, r int32, slot Slot) {
	target, value, op := l.field(r, fLeft), l.field(r, fRight), l.operator(r)
	if target < 0 || value < 0 || !l.plain(target) {
		l.assign(r, slot, 0, op)
		return
	}
	id := l.open(Assign, slot, r)
	l.nodes[id].Value = "="
	l.lower(target, SlotTarget)
	if op = strings.TrimSuffix(op, "="); op == "||" || op == "&&" || op == "??" {
		l.lower(value, SlotValue)
	} else {
		sum := l.open(Binary, SlotValue, r)
		l.nodes[sum].Value = op
		l.lower(target, SlotLeft)
		l.lower(value, SlotRight)
		l.close(sum)
	}
	l.close(id)
}

// plain says whether a node is short and holds no assignment: written twice at each level, nested ones would grow without end.
func (l *lowerer) plain(r int32) bool {
	next := int32(l.recs[r].next)
	if next-r > maxRepeated {
		return false
	}
	for c := r; c < next; c++ {
		if l.is(c, "augmented_assignment_expression") {
			return false
		}
	}
	return true
}

// requires returns the string node of `require('m')`, or -1.
func requires(l *lowerer, r int32) int32 {
	if !l.is(r, "call_expression") {
		return -1
	}
	f, a := l.field(r, fFunction), l.field(r, fArguments)
	if !l.is(f, "identifier") || l.text(f) != "require" || !l.is(a, "arguments") || l.count(a) != 1 {
		return -1
	}
	if s := l.child(a, 0); l.is(s, "string") || l.is(s, "template_string") && l.kid(s, "template_substitution") < 0 {
		return s
	}
	return -1
}

// scriptDeclare writes each declared variable. One that holds a module is written as the import that means the same, with the call
// of require as its Value.
func scriptDeclare(l *lowerer, r int32, slot Slot, f Flags) {
	single := l.count(r) == 1
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.is(c, "variable_declarator") {
			if l.code(c) {
				l.lower(c, slot)
			}
			continue
		}
		name, value := l.field(c, fName), l.field(c, fValue)
		at := func(id ID) {
			// The declaration's own node tells let and var apart; a single one reaches from its keyword.
			l.nodes[id].Flags, l.nodes[id].Symbol = f, l.recs[r].symbol
			if single {
				l.nodes[id].Start = l.recs[r].start
			}
		}
		module := requires(l, value)
		switch {
		case module >= 0 && l.is(name, "identifier"):
			id := l.open(Import, slot, c)
			at(id)
			l.lower(module, SlotModule)
			l.lower(name, SlotAlias)
			l.lower(value, SlotValue)
			l.close(id)
		case module >= 0 && l.is(name, "object_pattern") && plainNames(l, name):
			id := l.open(ImportFrom, slot, c)
			at(id)
			l.lower(module, SlotModule)
			for n := l.first(name); n >= 0; n = l.next(name, n) {
				if !l.code(n) {
					continue
				}
				i := l.open(ImportName, Item, n)
				if l.is(n, "pair_pattern") {
					l.lower(l.field(n, fKey), SlotName)
					l.lower(l.field(n, fValue), SlotAlias)
				} else {
					l.leaf(Name, SlotName, n, l.text(n))
				}
				l.close(i)
			}
			l.lower(value, SlotValue)
			l.close(id)
		default:
			id := l.open(Assign, slot, c)
			at(id)
			l.nodes[id].Value = "="
			l.lower(name, SlotTarget)
			l.lower(value, SlotValue)
			l.lower(l.field(c, fType), SlotType)
			l.close(id)
		}
	}
}

// plainNames says whether an object pattern only names members, as an import does: { a, b: c }.
func plainNames(l *lowerer, r int32) bool {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !l.code(c), l.is(c, "shorthand_property_identifier_pattern"):
		case l.is(c, "pair_pattern") && l.is(l.field(c, fKey), "property_identifier") && l.is(l.field(c, fValue), "identifier"):
		default:
			return false
		}
	}
	return true
}

func scriptImport(l *lowerer, r int32, slot Slot) {
	source := l.field(r, fSource)
	clause := l.kid(r, "import_clause")
	if q := l.kid(r, "import_require_clause"); q >= 0 {
		id := l.open(Import, slot, r)
		l.lower(l.field(q, fSource), SlotModule)
		l.lower(l.kid(q, "identifier"), SlotAlias)
		l.close(id)
		return
	}
	if clause < 0 {
		id := l.open(Import, slot, r)
		l.lower(source, SlotModule)
		l.close(id)
		return
	}
	for c := l.first(clause); c >= 0; c = l.next(clause, c) {
		switch {
		case l.is(c, "identifier"), l.is(c, "namespace_import"):
			id := l.open(Import, slot, r)
			l.lower(source, SlotModule)
			if l.is(c, "identifier") {
				l.lower(c, SlotAlias)
			} else {
				l.nodes[id].Value = "*"
				l.lower(l.child(c, 0), SlotAlias)
			}
			l.close(id)
		case l.is(c, "named_imports"):
			id := l.open(ImportFrom, slot, r)
			l.lower(source, SlotModule)
			for s := l.first(c); s >= 0; s = l.next(c, s) {
				if l.is(s, "import_specifier") {
					n := l.open(ImportName, Item, s)
					l.lower(l.field(s, fName), SlotName)
					l.lower(l.field(s, fAlias), SlotAlias)
					l.close(n)
				}
			}
			l.close(id)
		}
	}
}

// scriptExport writes an exported declaration as the declaration; the lists of `export { a }` stay what they are.
func scriptExport(l *lowerer, r int32, slot Slot) {
	d := l.field(r, fDeclaration)
	if d < 0 {
		lowerOther(l, r, slot)
		return
	}
	from := len(l.nodes)
	l.lower(d, slot)
	if from < len(l.nodes) {
		// A single declaration reaches from the keyword, and from the decorators that stand before it.
		if int(l.nodes[from].Next) == len(l.nodes) {
			l.nodes[from].Start = l.recs[r].start
		}
	}
}

// scriptPair writes a member of an object. One that holds a function without a name is a method of its key's name.
func scriptPair(l *lowerer, r int32, slot Slot) {
	if value := l.field(r, fValue); l.anonymous(value) {
		id := l.open(Func, slot, r)
		l.method(r, value, l.field(r, fKey))
		l.close(id)
		return
	}
	pair(l, r, slot)
}

// anonymous says whether a node is a function without a name.
func (l *lowerer) anonymous(r int32) bool {
	return l.is(r, "arrow_function") || (l.is(r, "function_expression") || l.is(r, "generator_function")) && l.field(r, fName) < 0
}

// method writes what stands below the Func of a method that is written as a member r, whose value is the function fn.
func (l *lowerer) method(r, fn, key int32) {
	id := l.parent
	if l.has(fn, "async") {
		l.nodes[id].Flags |= Async
	}
	if l.has(r, "static") {
		l.nodes[id].Flags |= Static
	}
	scriptDecorators(l, r)
	if l.is(key, "string") {
		l.leaf(Name, SlotName, key, unescape(inner(l.text(key), 1), false))
	} else {
		l.lower(key, SlotName)
	}
	l.signature(fn)
}

func scriptFunc(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	switch l.name(r) {
	case "arrow_function", "function_expression", "generator_function":
		l.nodes[id].Flags |= Lambda
	}
	if l.has(r, "async") {
		l.nodes[id].Flags |= Async
	}
	if l.has(r, "static") {
		l.nodes[id].Flags |= Static
	}
	if l.has(r, "get") {
		l.nodes[id].Value = "get"
	} else if l.has(r, "set") {
		l.nodes[id].Value = "set"
	}
	scriptDecorators(l, r)
	l.lower(l.field(r, fName), SlotName)
	l.signature(r)
	l.close(id)
}

// signature writes parameters, result and body of a function.
func (l *lowerer) signature(r int32) {
	switch p := l.field(r, fParameter); {
	case p >= 0:
		l.singleParam(p)
	case l.field(r, fParameters) >= 0:
		l.lower(l.field(r, fParameters), SlotParams)
	default:
		l.emptyParams(r)
	}
	l.lower(l.field(r, fReturnType), SlotReturns)
	l.lambdaBody(l.field(r, fBody), "statement_block")
}

// scriptDecorators writes decorators and modifiers. Those of a method stand before it in the class, those of an exported class
// before the export.
func scriptDecorators(l *lowerer, r int32) {
	write := func(c int32) { l.lower(c, SlotDecorator) }
	parent := int32(l.recs[r].parent)
	switch l.name(parent) {
	case "class_body":
		run := l.decorators
		l.decorators = nil
		if len(run) > 0 {
			l.nodes[l.parent].Start = l.recs[run[0]].start
		}
		for _, c := range run {
			write(c)
		}
	case "export_statement":
		for c := l.first(parent); c >= 0; c = l.next(parent, c) {
			if l.is(c, "decorator") {
				write(c)
			}
		}
		for c := l.first(parent); c >= 0; c = l.next(parent, c) {
			if t := l.name(c); !l.named(c) && (t == "export" || t == "default") {
				l.leaf(Decorator, SlotDecorator, c, t)
			}
		}
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch l.name(c) {
		case "decorator":
			if l.named(c) {
				write(c)
			}
		case "accessibility_modifier", "override_modifier":
			l.leaf(Decorator, SlotDecorator, c, l.text(c))
		case "static", "abstract", "readonly":
			if !l.named(c) {
				l.leaf(Decorator, SlotDecorator, c, l.name(c))
			}
		}
	}
}

// scriptParam writes one parameter: TypeScript has nodes for them, JavaScript only patterns.
func scriptParam(l *lowerer, r int32) {
	id := l.open(Param, Item, r)
	name, typ, value := r, int32(-1), int32(-1)
	switch l.name(r) {
	case "required_parameter", "optional_parameter":
		scriptDecorators(l, r)
		if name = l.field(r, fPattern); name < 0 {
			name = l.field(r, fName)
		}
		typ, value = l.field(r, fType), l.field(r, fValue)
		if l.is(r, "optional_parameter") {
			l.nodes[id].Flags |= Optional
		}
	case "assignment_pattern":
		name, value = l.field(r, fLeft), l.field(r, fRight)
	}
	if l.is(name, "rest_pattern") {
		l.nodes[id].Value = "..."
		name = l.child(name, 0)
	}
	l.lower(name, SlotName)
	l.lower(typ, SlotType)
	l.lower(value, SlotValue)
	l.close(id)
}

func scriptClass(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Class, slot, r)
		l.nodes[id].Value = value
		scriptDecorators(l, r)
		l.lower(l.field(r, fName), SlotName)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			switch l.name(c) {
			case "class_heritage":
				// JavaScript: the expression; TypeScript: clauses.
				for h := l.first(c); h >= 0; h = l.next(c, h) {
					switch {
					case l.is(h, "extends_clause"):
						l.lower(l.field(h, fValue), SlotBase)
					case l.is(h, "implements_clause"):
						l.implements(h)
					case l.code(h):
						l.lower(h, SlotBase)
					}
				}
			case "extends_type_clause":
				l.children(c, SlotBase)
			}
		}
		l.lower(l.field(r, fBody), SlotBody)
		l.close(id)
	}
}

// scriptField writes a field of a class. One that holds a function is a method.
func scriptField(l *lowerer, r int32, slot Slot) {
	if value := l.field(r, fValue); l.anonymous(value) {
		key := l.field(r, fProperty)
		if key < 0 {
			key = l.field(r, fName)
		}
		id := l.open(Func, slot, r)
		l.method(r, value, key)
		l.close(id)
		return
	}
	id := l.open(Assign, slot, r)
	l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
	if l.has(r, "static") {
		l.nodes[id].Flags |= Static
	}
	scriptDecorators(l, r)
	if p := l.field(r, fProperty); p >= 0 {
		l.lower(p, SlotTarget)
	} else {
		l.lower(l.field(r, fName), SlotTarget)
	}
	l.lower(l.field(r, fValue), SlotValue)
	l.lower(l.field(r, fType), SlotType)
	l.close(id)
}

func scriptCase(l *lowerer, r int32, slot Slot) {
	id := l.open(Case, slot, r)
	value := l.field(r, fValue)
	l.lower(value, SlotOperand)
	b := l.open(Block, SlotBody, r)
	first := true
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && c != value {
			if first {
				l.nodes[b].Start = l.recs[c].start
			}
			first = false
			l.lower(c, Item)
		}
	}
	if first {
		l.nodes[b].Start = l.nodes[b].End
	}
	l.close(b)
	l.close(id)
}

func scriptElement(l *lowerer, r int32, slot Slot) {
	id := l.open(Element, slot, r)
	tag := r
	if o := l.field(r, fOpenTag); o >= 0 {
		tag = o
	}
	l.lower(l.field(tag, fName), SlotName)
	for c := l.first(tag); c >= 0; c = l.next(tag, c) {
		if l.fieldOf(c) == fAttribute {
			l.lower(c, Item)
		}
	}
	if tag != r {
		b := l.open(Block, SlotBody, r)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.code(c) && l.fieldOf(c) == noField {
				l.lower(c, Item)
			}
		}
		l.close(b)
	}
	l.close(id)
}
