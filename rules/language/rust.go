package language

import (
	"strings"

	grammarrust "github.com/tree-sitter/tree-sitter-rust/bindings/go"
)

func rust() *Spec {
	g := newGrammar(grammarrust.Language(), rustRules())
	return &Spec{
		Name:       "rust",
		Aliases:    []string{"rs"},
		Extensions: []string{".rs"},
		Metavar:    "mv__", // $x is a variable of macros only
		Semicolon:  true,
		Wrappers: []Wrapper{
			{},
			{"fn f() {\n", "\n}"},
			{"fn f() {\n", ";\n}"},
			{"impl T {\n", "\n}"},
			{"", " {}"},
			{"const X: T = ", ";"},
			{"struct S {\n", "\n}"},
			{"fn f() { match x {\n", "\n} }"},
			{"", "\nfn f() {}"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func rustRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	nothing := func(*lowerer, int32, Slot) {}
	scoped := func(l *lowerer, r int32, slot Slot) {
		if p := l.field(r, fPath); p >= 0 {
			dot(l, r, slot, p, l.field(r, fName))
		} else {
			l.lower(l.field(r, fName), slot)
		}
	}
	declared := func(l *lowerer, r int32, slot Slot) {
		id := l.open(Assign, slot, r)
		l.nodes[id].Flags, l.nodes[id].Value = Declares|Const, "="
		rustModifiers(l, r)
		l.lower(l.field(r, fName), SlotTarget)
		l.lower(l.field(r, fValue), SlotValue)
		l.lower(l.field(r, fType), SlotType)
		l.close(id)
	}
	return map[string]lowerFunc{
		"source_file":              rustStatements,
		"block":                    rustBlock,
		"declaration_list":         rustBlock,
		"field_declaration_list":   func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "field_declaration_list") },
		"enum_variant_list":        func(l *lowerer, r int32, slot Slot) { l.block(r, slot, "enum_variant_list") },
		"expression_statement":     func(l *lowerer, r int32, slot Slot) { rustStatement(l, r, l.child(r, 0), slot) },
		"empty_statement":          nothing,
		"parenthesized_expression": paren,
		"unsafe_block":             rustUnsafe,

		"identifier":                 word(Name),
		"type_identifier":            word(Name),
		"field_identifier":           word(Name),
		"shorthand_field_identifier": word(Name),
		"primitive_type":             word(Name),
		"self":                       word(Name),
		"super":                      word(Name),
		"crate":                      word(Name),
		"metavariable":               word(Name),
		"integer_literal":            number,
		"float_literal":              number,
		"boolean_literal":            word(Bool),
		"char_literal":               func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, unescape(inner(l.text(r), 1), false)) },
		"string_literal":             func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, cText(l.text(r))) },
		"raw_string_literal": func(l *lowerer, r int32, slot Slot) {
			text := ""
			if c := l.kid(r, "string_content"); c >= 0 {
				text = l.text(c)
			}
			l.leaf(Str, slot, r, text)
		},
		"scoped_identifier":           scoped,
		"scoped_type_identifier":      scoped,
		"generic_type":                typed,
		"generic_type_with_turbofish": typed,
		"type_arguments":              through,
		"reference_type":              typed,
		"pointer_type":                typed,
		"array_type":                  typed,
		"tuple_type":                  typed,
		"dynamic_type":                typed,
		"abstract_type":               typed,
		"array_expression":            one(List, Item),
		"tuple_expression":            one(Tuple, Item),
		"tuple_pattern":               one(Tuple, Item),
		"mut_pattern":                 rustMut,

		"use_declaration":         rustUse,
		"attribute_item":          nothing,
		"inner_attribute_item":    func(l *lowerer, r int32, slot Slot) { rustAttribute(l, r, slot) },
		"function_item":           rustFunc,
		"function_signature_item": rustFunc,
		"parameters":              rustParams,
		"closure_parameters":      rustParams,
		"closure_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Func, slot, r)
			l.nodes[id].Flags = Lambda
			l.lower(l.field(r, fParameters), SlotParams)
			l.lower(l.field(r, fReturnType), SlotReturns)
			if b := l.field(r, fBody); l.is(b, "block") {
				rustBlock(l, b, SlotBody)
			} else {
				l.lambdaBody(b, "block")
			}
			l.close(id)
		},
		"struct_item":       rustClass("struct"),
		"enum_item":         rustClass("enum"),
		"union_item":        rustClass("union"),
		"trait_item":        rustClass("trait"),
		"mod_item":          rustClass("mod"),
		"impl_item":         rustClass("impl"),
		"field_declaration": declared,
		"const_item":        declared,
		"static_item":       declared,
		"let_declaration": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
			l.lower(l.field(r, fPattern), SlotTarget)
			l.lower(l.field(r, fValue), SlotValue)
			l.lower(l.field(r, fType), SlotType)
			l.close(id)
		},

		"assignment_expression":    func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, "=") },
		"compound_assignment_expr": func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, l.operator(r)) },
		"field_expression":         func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fValue), l.field(r, fField)) },
		"index_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			l.lower(l.child(r, 0), SlotOperand)
			l.lower(l.child(r, 1), Item)
			l.close(id)
		},
		"call_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			fn := l.field(r, fFunction)
			if l.is(fn, "generic_function") {
				l.lower(l.field(fn, fFunction), SlotCallee)
				if t := l.field(fn, fTypeArguments); t >= 0 {
					l.children(t, SlotType)
				}
			} else {
				l.lower(fn, SlotCallee)
			}
			l.lower(l.field(r, fArguments), SlotArgs)
			l.close(id)
		},
		"arguments": one(Args, Item),
		"macro_invocation": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.nodes[id].Value = "!"
			l.lower(l.field(r, fMacro), SlotCallee)
			if t := l.kid(r, "token_tree"); t >= 0 {
				l.lower(t, SlotArgs)
			}
			l.close(id)
		},
		"token_tree": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Args, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) {
					l.lower(c, Item)
				}
			}
			l.close(id)
		},
		"struct_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Dict, slot, r)
			l.lower(l.field(r, fName), SlotType)
			if b := l.field(r, fBody); b >= 0 {
				l.children(b, Item)
			}
			l.close(id)
		},
		"field_initializer": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Pair, slot, r)
			l.lower(l.field(r, fField), SlotKey)
			l.lower(l.field(r, fValue), SlotOperand)
			l.close(id)
		},
		"shorthand_field_initializer": shorthand,
		"base_field_initializer":      valued(Spread, "..", SlotOperand),
		"binary_expression":           binaryOperator,
		"unary_expression": func(l *lowerer, r int32, slot Slot) {
			op := ""
			if o := l.first(r); o >= 0 && !l.named(o) {
				op = l.name(o)
			}
			l.unary(r, slot, l.child(r, 0), op)
		},
		"reference_expression": func(l *lowerer, r int32, slot Slot) {
			op := "&"
			if l.kid(r, "mutable_specifier") >= 0 {
				op = "&mut"
			}
			l.unary(r, slot, l.field(r, fValue), op)
		},
		"negative_literal": func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.child(r, 0), "-") },
		"try_expression":   func(l *lowerer, r int32, slot Slot) { l.unary(r, slot, l.child(r, 0), "?") },
		"await_expression": valued(Defer, "await", SlotOperand),
		"type_cast_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			l.lower(l.field(r, fType), SlotType)
			l.lower(l.field(r, fValue), SlotOperand)
			l.close(id)
		},
		"range_expression": func(l *lowerer, r int32, slot Slot) { l.binary(r, slot, l.child(r, 0), l.child(r, 1), "..") },

		"if_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(If, slot, r)
			l.lower(l.field(r, fCondition), SlotCond)
			rustBranch(l, l.field(r, fConsequence), SlotThen)
			if a := l.field(r, fAlternative); a >= 0 {
				rustBranch(l, l.child(a, 0), SlotElse)
			}
			l.close(id)
		},
		"while_expression": func(l *lowerer, r int32, slot Slot) { rustLoop(l, r, slot) },
		"loop_expression":  func(l *lowerer, r int32, slot Slot) { rustLoop(l, r, slot) },
		"for_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(ForEach, slot, r)
			l.nodes[id].Flags = Declares
			l.lower(l.field(r, fPattern), SlotTarget)
			l.lower(l.field(r, fValue), SlotValue)
			rustBranch(l, l.field(r, fBody), SlotBody)
			l.close(id)
		},
		"match_expression": switchOn(fValue),
		"match_arm": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Case, slot, r)
			if p := l.field(r, fPattern); p >= 0 {
				cond := l.field(p, fCondition)
				for c := l.first(p); c >= 0; c = l.next(p, c) {
					if l.code(c) && c != cond {
						l.lower(c, SlotOperand)
					}
				}
				l.lower(cond, SlotCond)
			}
			rustBranch(l, l.field(r, fValue), SlotBody)
			l.close(id)
		},
		"return_expression":   one(Return, SlotOperand),
		"break_expression":    valued(Jump, "break", SlotOperand),
		"continue_expression": valued(Jump, "continue", SlotOperand),
		"label":               through,
		"lifetime":            through,
	}
}

// rustIsStatement says whether a node is no expression that would need a node of its own to stand as a statement.
func rustIsStatement(l *lowerer, r int32) bool {
	switch n := l.name(r); n {
	case "assignment_expression", "compound_assignment_expr", "if_expression", "while_expression", "loop_expression", "for_expression", "match_expression",
		"return_expression", "break_expression", "continue_expression", "unsafe_block", "expression_statement", "let_declaration", "block", "associated_type",
		"macro_definition", "empty_statement", "ERROR":
		return true
	default:
		return strings.HasSuffix(n, "_item") || strings.HasSuffix(n, "_declaration")
	}
}

func rustStatements(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && !l.is(c, "label") {
			rustStatement(l, c, c, slot)
		}
	}
}

func rustStatement(l *lowerer, r, expr int32, slot Slot) {
	if expr < 0 {
		return
	}
	if rustIsStatement(l, expr) {
		l.lower(expr, slot)
		return
	}
	id := l.open(ExprStmt, slot, r)
	l.lower(expr, SlotOperand)
	l.close(id)
}

func rustBlock(l *lowerer, r int32, slot Slot) {
	id := l.open(Block, slot, r)
	rustStatements(l, r, Item)
	l.close(id)
}

func rustBranch(l *lowerer, r int32, slot Slot) {
	switch {
	case r < 0:
	case l.is(r, "block"):
		rustBlock(l, r, slot)
	default:
		id := l.open(Block, slot, r)
		rustStatement(l, r, r, Item)
		l.close(id)
	}
}

// rustUnsafe writes an unsafe block as the block of a statement of its own.
func rustUnsafe(l *lowerer, r int32, slot Slot) {
	id := l.open(With, slot, r)
	l.nodes[id].Value = "unsafe"
	rustBranch(l, l.kid(r, "block"), SlotBody)
	l.close(id)
}

func rustMut(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) && !l.is(c, "mutable_specifier") {
			l.lower(c, slot)
		}
	}
}

// rustUse writes each imported name: use a::{b, c as d}.
func rustUse(l *lowerer, r int32, slot Slot) { rustTree(l, r, l.field(r, fArgument), slot, "", 0) }

// maxUse is how deep the lists of a use may be nested.
const maxUse = 20

func rustTree(l *lowerer, outer, r int32, slot Slot, prefix string, depth int) {
	if r < 0 || depth > maxUse {
		return
	}
	alias := int32(-1)
	switch l.name(r) {
	case "scoped_use_list":
		if p := l.field(r, fPath); p >= 0 {
			prefix += squeeze(l.text(p)) + "::"
		}
		if list := l.field(r, fList); list >= 0 {
			rustTree(l, outer, list, slot, prefix, depth+1)
		}
		return
	case "use_list":
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.code(c) {
				rustTree(l, outer, c, slot, prefix, depth+1)
			}
		}
		return
	case "use_as_clause":
		r, alias = l.field(r, fPath), l.field(r, fAlias)
		if r < 0 {
			return
		}
	}
	path := prefix + squeeze(l.text(r))
	module, name := "", path
	if i := strings.LastIndex(path, "::"); i >= 0 {
		module, name = path[:i], path[i+2:]
	}
	id := l.open(ImportFrom, slot, outer)
	l.leaf(Name, SlotModule, r, module)
	n := l.open(ImportName, Item, r)
	l.leaf(Name, SlotName, r, name)
	l.lower(alias, SlotAlias)
	l.close(n)
	l.close(id)
}

func rustAttribute(l *lowerer, r int32, slot Slot) {
	id := l.open(Decorator, slot, r)
	if a := l.kid(r, "attribute"); a >= 0 {
		name := l.child(a, 0)
		if t := l.field(a, fArguments); t >= 0 {
			c := l.open(Call, SlotOperand, a)
			l.lower(name, SlotCallee)
			l.lower(t, SlotArgs)
			l.close(c)
		} else {
			l.lower(name, SlotOperand)
		}
	}
	l.close(id)
}

// rustModifiers writes the attributes that stand before an item, and its modifiers.
func rustModifiers(l *lowerer, r int32) {
	parent := int32(l.recs[r].parent)
	if r == 0 {
		return
	}
	from := int32(-1)
	for c := l.first(parent); c >= 0 && c < r; c = l.next(parent, c) {
		switch {
		case l.is(c, "attribute_item"):
			if from < 0 {
				from = c
			}
		case l.code(c):
			from = -1
		}
	}
	for c := from; c >= 0 && c < r; c = l.next(parent, c) {
		if l.is(c, "attribute_item") {
			rustAttribute(l, c, SlotDecorator)
		}
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch l.name(c) {
		case "visibility_modifier", "function_modifiers":
			for _, word := range strings.Fields(l.text(c)) {
				l.leaf(Decorator, SlotDecorator, c, word)
			}
		}
	}
}

func rustFunc(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	rustModifiers(l, r)
	l.lower(l.field(r, fName), SlotName)
	l.lower(l.field(r, fParameters), SlotParams)
	l.lower(l.field(r, fReturnType), SlotReturns)
	if b := l.field(r, fBody); b >= 0 {
		rustBlock(l, b, SlotBody)
	}
	l.close(id)
}

func rustParams(l *lowerer, r int32, slot Slot) {
	id := l.open(Params, slot, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.code(c) || l.is(c, "attribute_item") {
			continue
		}
		p := l.open(Param, Item, c)
		switch {
		case l.is(c, "parameter"):
			l.lower(l.field(c, fPattern), SlotName)
			l.lower(l.field(c, fType), SlotType)
		case l.is(c, "self_parameter"):
			l.leaf(Name, SlotName, c, "self")
		default:
			l.lower(c, SlotName)
		}
		l.close(p)
	}
	l.close(id)
}

func rustClass(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Class, slot, r)
		l.nodes[id].Value = value
		rustModifiers(l, r)
		if value == "impl" {
			l.lower(l.field(r, fType), SlotName)
			l.lower(l.field(r, fTrait), SlotBase)
		} else {
			l.lower(l.field(r, fName), SlotName)
		}
		switch b := l.field(r, fBody); {
		case l.is(b, "declaration_list"):
			rustBlock(l, b, SlotBody)
		default:
			l.lower(b, SlotBody)
		}
		l.close(id)
	}
}

func rustLoop(l *lowerer, r int32, slot Slot) {
	id := l.open(For, slot, r)
	l.lower(l.field(r, fCondition), SlotCond)
	rustBranch(l, l.field(r, fBody), SlotBody)
	l.close(id)
}
