package language

import (
	"strings"

	grammarphp "github.com/tree-sitter/tree-sitter-php/bindings/go"
)

func php() *Spec {
	g := newGrammar(grammarphp.LanguagePHP(), phpRules())
	return &Spec{
		Name:       "php",
		Extensions: []string{".php", ".phtml", ".php5", ".inc"},
		Metavar:    "$", // a variable as it stands
		Others:     []string{"mv__"},
		KeyArgs:    true,
		Caseless:   true,
		Semicolon:  true,
		Wrappers: []Wrapper{
			{"<?php\n", ""},
			{"<?php\n", ";"},
			{"<?php class C {\n", "\n}"},
			{"<?php\n", " {}"},
			{"<?php class C {\n", ";\n}"},
			{"<?php f(", ");"},
			{"<?php [", "];"},
			{"<?php try {} ", ""},
			{"<?php switch ($x) {\n", "\n}"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func phpRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	nothing := func(*lowerer, int32, Slot) {}
	member := func(l *lowerer, r int32, slot Slot) {
		id := dot(l, r, slot, l.field(r, fObject), l.field(r, fName))
		if l.has(r, "?->") {
			l.nodes[id].Flags |= Optional
		}
	}
	scoped := func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fScope), l.field(r, fName)) }
	call := func(object field) lowerFunc {
		return func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			if o := l.field(r, object); o >= 0 {
				dot(l, r, SlotCallee, o, l.field(r, fName))
			} else {
				l.lower(l.field(r, fFunction), SlotCallee)
			}
			l.lower(l.field(r, fArguments), SlotArgs)
			l.close(id)
		}
	}
	return map[string]lowerFunc{
		"program":                  through,
		"php_tag":                  nothing,
		"php_end_tag":              nothing,
		"text":                     nothing,
		"text_interpolation":       nothing,
		"empty_statement":          nothing,
		"compound_statement":       func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "compound_statement") },
		"colon_block":              func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "colon_block") },
		"expression_statement":     phpStatement,
		"parenthesized_expression": paren,

		"name":              word(Name),
		"qualified_name":    phpName,
		"relative_name":     phpName,
		"namespace_name":    phpName,
		"variable_name":     word(Name),
		"relative_scope":    word(Name),
		"named_type":        through,
		"primitive_type":    word(Name),
		"cast_type":         word(Name),
		"bottom_type":       word(Name),
		"optional_type":     typed,
		"union_type":        typed,
		"intersection_type": typed,
		"type_list":         through,
		"integer":           number,
		"float":             number,
		"boolean":           func(l *lowerer, r int32, slot Slot) { l.leaf(Bool, slot, r, strings.ToLower(l.text(r))) },
		"null":              func(l *lowerer, r int32, slot Slot) { l.leaf(Null, slot, r, "") },
		"string":            func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, phpSingle(l.text(r))) },
		"encapsed_string":   phpString,
		"heredoc":           phpString,
		"nowdoc":            phpString,
		"shell_command_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Template, slot, r)
			l.nodes[id].Value = "`"
			l.pieces(r, "string_content", "escape_sequence")
			l.close(id)
		},
		"array_creation_expression": one(List, Item),
		"list_literal":              one(List, Item),
		"array_element_initializer": phpElement,
		"pair":                      phpElement,
		"variadic_unpacking":        valued(Spread, "...", SlotOperand),
		"by_ref":                    valued(Unary, "&", SlotOperand),

		"assignment_expression":             func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, "=") },
		"reference_assignment_expression":   func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, "=") },
		"augmented_assignment_expression":   func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, l.operator(r)) },
		"member_access_expression":          member,
		"nullsafe_member_access_expression": member,
		"scoped_property_access_expression": scoped,
		"class_constant_access_expression":  func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.child(r, 0), l.child(r, 1)) },
		"subscript_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.child(r, 0), SlotOperand)
			l.lower(l.child(r, 1), Item)
			l.close(id)
		},
		"function_call_expression":        call(noField),
		"member_call_expression":          call(fObject),
		"nullsafe_member_call_expression": call(fObject),
		"scoped_call_expression":          call(fScope),
		"arguments":                       one(Args, Item),
		"argument":                        argument,
		"object_creation_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.nodes[id].Flags = New
			args := l.kid(r, "arguments")
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && c != args {
					l.lower(c, SlotCallee)
				}
			}
			if args >= 0 {
				l.lower(args, SlotArgs)
			} else {
				l.emptyArgs(r)
			}
			l.close(id)
		},
		"echo_statement":               phpCall("echo", true),
		"unset_statement":              phpCall("unset", true),
		"exit_statement":               phpCall("exit", true),
		"print_intrinsic":              phpCall("print", false),
		"include_expression":           phpCall("include", false),
		"include_once_expression":      phpCall("include_once", false),
		"require_expression":           phpCall("require", false),
		"require_once_expression":      phpCall("require_once", false),
		"clone_expression":             phpCall("clone", false),
		"binary_expression":            binaryOperator,
		"unary_op_expression":          func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.child(r, 0), l.operator(r)) },
		"error_suppression_expression": func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.child(r, 0), "@") },
		"update_expression":            update,
		"conditional_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Ternary, slot, r)
			l.lower(l.field(r, fCondition), SlotCond)
			l.lower(l.field(r, fBody), SlotThen)
			l.lower(l.field(r, fAlternative), SlotElse)
			l.close(id)
		},
		"cast_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			l.lower(l.field(r, fType), SlotType)
			l.lower(l.field(r, fValue), SlotOperand)
			l.close(id)
		},

		"function_definition":          phpFunc,
		"method_declaration":           phpFunc,
		"anonymous_function":           phpFunc,
		"arrow_function":               phpFunc,
		"formal_parameters":            one(Params, Item),
		"simple_parameter":             phpParam(""),
		"property_promotion_parameter": phpParam(""),
		"variadic_parameter":           phpParam("..."),
		"class_declaration":            phpClass("class"),
		"anonymous_class":              phpClass("class"),
		"interface_declaration":        phpClass("interface"),
		"trait_declaration":            phpClass("trait"),
		"enum_declaration":             phpClass("enum"),
		"namespace_definition": func(l *lowerer, r int32, slot Slot) {
			b := l.field(r, fBody)
			if b < 0 {
				lowerOther(l, r, slot)
				return
			}
			id := l.open(Class, slot, r)
			l.nodes[id].Value = "namespace"
			l.lower(l.field(r, fName), SlotName)
			l.block(b, SlotBody, "compound_statement")
			l.close(id)
		},
		"declaration_list":      func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "declaration_list") },
		"enum_declaration_list": func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "enum_declaration_list") },
		"property_declaration":  phpProperty,
		"const_declaration": func(l *lowerer, r int32, slot Slot) {
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.is(c, "const_element") {
					id := l.open(Assign, slot, c)
					l.nodes[id].Flags, l.nodes[id].Value = Declares|Const, "="
					l.lower(l.child(c, 0), SlotTarget)
					l.lower(l.child(c, 1), SlotValue)
					l.close(id)
				}
			}
		},
		"enum_case": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares|Const|Static, "="
			l.lower(l.field(r, fName), SlotTarget)
			l.lower(l.field(r, fValue), SlotValue)
			l.close(id)
		},
		"static_variable_declaration": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares|Static, "="
			l.lower(l.field(r, fName), SlotTarget)
			l.lower(l.field(r, fValue), SlotValue)
			l.close(id)
		},
		"function_static_declaration": through,
		"attribute_list":              through,
		"attribute_group":             through,
		"attribute": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Decorator, slot, r)
			args := l.field(r, fParameters)
			if args >= 0 {
				c := l.open(Call, SlotOperand, r)
				l.lower(l.child(r, 0), SlotCallee)
				l.lower(args, SlotArgs)
				l.close(c)
			} else {
				l.children(r, SlotOperand)
			}
			l.close(id)
		},
		"namespace_use_declaration": func(l *lowerer, r int32, slot Slot) { phpUse(l, r, slot) },

		"if_statement":    func(l *lowerer, r int32, slot Slot) { phpIf(l, r, slot) },
		"while_statement": func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "", "compound_statement") },
		"do_statement":    func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "do", "compound_statement") },
		"for_statement":   forLoop(fInitialize, "compound_statement", "colon_block"),
		"foreach_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(ForEach, slot, r)
			l.nodes[id].Flags = Declares
			body := l.field(r, fBody)
			value, target := l.child(r, 0), l.child(r, 1)
			l.lower(target, SlotTarget)
			l.lower(value, SlotValue)
			l.block(body, SlotBody, "compound_statement", "colon_block")
			l.close(id)
		},
		"switch_statement":  switchOn(fCondition),
		"case_statement":    scriptCase,
		"default_statement": scriptCase,
		"try_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Try, slot, r)
			l.block(l.field(r, fBody), SlotBody, "compound_statement")
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				switch {
				case l.is(c, "catch_clause"):
					k := l.open(Catch, SlotCatch, c)
					l.lower(l.field(c, fType), SlotType)
					l.lower(l.field(c, fName), SlotTarget)
					l.block(l.field(c, fBody), SlotBody, "compound_statement")
					l.close(k)
				case l.is(c, "finally_clause"):
					l.block(l.field(c, fBody), SlotFinally, "compound_statement")
				}
			}
			l.close(id)
		},
		"return_statement":   one(Return, SlotOperand),
		"throw_expression":   one(Throw, SlotOperand),
		"break_statement":    valued(Jump, "break", SlotOperand),
		"continue_statement": valued(Jump, "continue", SlotOperand),
		"yield_expression":   valued(Defer, "yield", SlotOperand),
	}
}

// emptyArgs writes the arguments of a call that has none written.
func (l *lowerer) emptyArgs(r int32) {
	id := l.open(Args, SlotArgs, r)
	l.nodes[id].Start = l.nodes[id].End
	l.close(id)
}

// pieces writes the texts and expressions of a string. A run of texts and escapes is one string.
func (l *lowerer) pieces(r int32, texts ...string) {
	var b strings.Builder
	run, end := int32(-1), uint32(0)
	flush := func() {
		if run >= 0 {
			s := l.leaf(Str, Item, run, b.String())
			l.nodes[s].End = end
		}
		b.Reset()
		run = -1
	}
next:
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		for _, t := range texts {
			if l.is(c, t) {
				if run < 0 {
					run = c
				}
				end = l.recs[c].end
				if t == "escape_sequence" {
					b.WriteString(unescape(l.text(c), false))
				} else {
					b.WriteString(l.text(c))
				}
				continue next
			}
		}
		if l.code(c) {
			flush()
			l.lower(c, Item)
		}
	}
	flush()
}

// plainText says whether a string holds nothing but text, and what it is.
func (l *lowerer) plainText(r int32, texts ...string) (string, bool) {
	var b strings.Builder
next:
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.code(c) {
			continue
		}
		for _, t := range texts {
			if l.is(c, t) {
				if t == "escape_sequence" {
					b.WriteString(unescape(l.text(c), false))
				} else {
					b.WriteString(l.text(c))
				}
				continue next
			}
		}
		return "", false
	}
	return b.String(), true
}

func phpStatement(l *lowerer, r int32, slot Slot) {
	switch e := l.child(r, 0); {
	case l.is(e, "throw_expression"):
		l.lower(e, slot)
	default:
		l.statement(r, e, slot, "assignment_expression", "augmented_assignment_expression", "reference_assignment_expression")
	}
}

// phpName writes a\b as it is spelt, without the first backslash.
func phpName(l *lowerer, r int32, slot Slot) {
	l.leaf(Name, slot, r, strings.TrimPrefix(squeeze(l.text(r)), `\`))
}

func phpSingle(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(inner(strings.TrimLeft(s, "bB"), 1))
}

func phpString(l *lowerer, r int32, slot Slot) {
	body := r
	if v := l.field(r, fValue); v >= 0 {
		body = v
	}
	texts := []string{"string_content", "escape_sequence", "nowdoc_string", "heredoc_start", "heredoc_end"}
	if l.is(r, "encapsed_string") {
		texts = texts[:2]
	}
	if text, plain := l.plainText(body, texts...); plain {
		l.leaf(Str, slot, r, text)
		return
	}
	id := l.open(Template, slot, r)
	l.pieces(body, "string_content", "escape_sequence", "nowdoc_string")
	l.close(id)
}

// phpElement writes an element of an array, with its key if it has one.
func phpElement(l *lowerer, r int32, slot Slot) {
	if l.count(r) != 2 {
		l.children(r, slot)
		return
	}
	id := l.open(Pair, slot, r)
	l.lower(l.child(r, 0), SlotKey)
	l.lower(l.child(r, 1), SlotOperand)
	l.close(id)
}

// phpCall writes what looks like a statement or an operator as the call that it is.
func phpCall(name string, statement bool) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		outer := None
		if statement {
			outer, slot = l.open(ExprStmt, slot, r), SlotOperand
		}
		id := l.open(Call, slot, r)
		word := name
		if t := l.first(r); t >= 0 && !l.named(t) {
			if strings.EqualFold(l.text(t), "die") {
				word = "die"
			}
			l.leaf(Name, SlotCallee, t, word)
		} else {
			l.leaf(Name, SlotCallee, r, word)
		}
		if statement && strings.HasSuffix(l.text(r), ";") {
			l.nodes[id].End--
		}
		args := l.open(Args, SlotArgs, r)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			switch {
			case !l.code(c):
			case l.is(c, "sequence_expression"), l.is(c, "parenthesized_expression"):
				l.children(c, Item)
			default:
				l.lower(c, Item)
			}
		}
		l.close(args)
		l.close(id)
		if statement {
			l.close(outer)
		}
	}
}

// phpModifiers writes the attributes and modifiers of a declaration.
func phpModifiers(l *lowerer, r int32, id ID) {
	l.lower(l.field(r, fAttributes), SlotDecorator)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch t := l.name(c); t {
		case "static_modifier", "abstract_modifier", "final_modifier", "readonly_modifier", "visibility_modifier":
			if l.named(c) {
				if t == "static_modifier" {
					l.nodes[id].Flags |= Static
				}
				l.leaf(Decorator, SlotDecorator, c, strings.ToLower(l.text(c)))
			}
		}
	}
}

func phpFunc(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	if l.is(r, "anonymous_function") || l.is(r, "arrow_function") {
		l.nodes[id].Flags |= Lambda
	}
	phpModifiers(l, r, id)
	l.lower(l.field(r, fName), SlotName)
	l.lower(l.field(r, fParameters), SlotParams)
	l.lower(l.field(r, fReturnType), SlotReturns)
	l.lambdaBody(l.field(r, fBody), "compound_statement")
	l.close(id)
}

func phpParam(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Param, slot, r)
		l.nodes[id].Value = value
		l.lower(l.field(r, fAttributes), SlotDecorator)
		l.lower(l.field(r, fName), SlotName)
		l.lower(l.field(r, fType), SlotType)
		l.lower(l.field(r, fDefaultValue), SlotValue)
		l.close(id)
	}
}

func phpClass(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Class, slot, r)
		l.nodes[id].Value = value
		phpModifiers(l, r, id)
		l.lower(l.field(r, fName), SlotName)
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.is(c, "base_clause") || l.is(c, "class_interface_clause") {
				l.children(c, SlotBase)
			}
		}
		l.lower(l.field(r, fBody), SlotBody)
		l.close(id)
	}
}

func phpProperty(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.is(c, "property_element") {
			continue
		}
		id := l.open(Assign, slot, r)
		l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
		phpModifiers(l, r, id)
		l.lower(l.field(c, fName), SlotTarget)
		l.lower(l.field(c, fDefaultValue), SlotValue)
		l.lower(l.field(r, fType), SlotType)
		l.close(id)
	}
}

// phpUse writes each imported name.
func phpUse(l *lowerer, r int32, slot Slot) {
	prefix := ""
	if n := l.kid(r, "namespace_name"); n >= 0 {
		prefix = squeeze(l.text(n)) + `\`
	}
	write := func(c int32) {
		id := l.open(Import, slot, c)
		if l.count(r) == 1 {
			l.span(id, r, r)
		}
		if name := l.child(c, 0); name >= 0 {
			l.leaf(Name, SlotModule, name, strings.TrimPrefix(prefix+squeeze(l.text(name)), `\`))
		}
		l.lower(l.field(c, fAlias), SlotAlias)
		l.close(id)
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "namespace_use_clause"):
			write(c)
		case l.is(c, "namespace_use_group"):
			for g := l.first(c); g >= 0; g = l.next(c, g) {
				if l.is(g, "namespace_use_clause") {
					write(g)
				}
			}
		}
	}
}

// phpIf writes an if with its elseif clauses, which are siblings in the grammar and nested here: a loop, not a recursion.
func phpIf(l *lowerer, r int32, slot Slot) {
	blocks := []string{"compound_statement", "colon_block"}
	open := []ID{l.open(If, slot, r)}
	l.lower(l.field(r, fCondition), SlotCond)
	l.block(l.field(r, fBody), SlotThen, blocks...)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "else_if_clause"):
			b := l.open(Block, SlotElse, c)
			i := l.open(If, Item, c)
			open = append(open, b, i)
			l.nodes[b].End, l.nodes[i].End = l.recs[r].end, l.recs[r].end
			l.lower(l.field(c, fCondition), SlotCond)
			l.block(l.field(c, fBody), SlotThen, blocks...)
		case l.is(c, "else_clause"):
			l.block(l.field(c, fBody), SlotElse, blocks...)
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		l.close(open[i])
	}
}
