package language

import (
	grammarcpp "github.com/tree-sitter/tree-sitter-cpp/bindings/go"
)

func cpp() *Spec {
	g := newGrammar(grammarcpp.Language(), cppRules())
	return &Spec{
		Name:       "cpp",
		Aliases:    []string{"c++"},
		Extensions: []string{".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".pcc", ".tpp", ".ipp"},
		Metavar:    "$", // as in C
		Semicolon:  true,
		Wrappers:   cWrappers,
		grammar:    func(string) *grammar { return g },
		patterns:   func() *grammar { return g },
	}
}

// cppRules are those of C, and what C++ has besides.
func cppRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	nothing := func(*lowerer, int32, Slot) {}
	rules := cRules()
	more := map[string]lowerFunc{
		"namespace_identifier":       word(Name),
		"destructor_name":            word(Name),
		"operator_name":              func(l *lowerer, r int32, slot Slot) { l.leaf(Name, slot, r, squeeze(l.text(r))) },
		"this":                       word(Name),
		"auto":                       word(Name),
		"placeholder_type_specifier": word(Name),
		"raw_string_literal":         func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, cText(l.text(r))) },
		"qualified_identifier": func(l *lowerer, r int32, slot Slot) {
			name := l.field(r, fName)
			if s := l.field(r, fScope); s >= 0 && name >= 0 {
				cppQualified(l, r, slot)
			} else {
				l.lower(name, slot)
			}
		},
		"template_type":          typed,
		"template_function":      typed,
		"template_method":        func(l *lowerer, r int32, slot Slot) { l.lower(l.field(r, fName), slot) },
		"template_argument_list": through,
		"dependent_name":         through,
		"class_specifier":        cStruct("class"),
		"access_specifier":       nothing,
		"template_declaration": func(l *lowerer, r int32, slot Slot) {
			params := l.field(r, fParameters)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && c != params {
					l.lower(c, slot)
				}
			}
		},
		"namespace_definition": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Class, slot, r)
			l.nodes[id].Value = "namespace"
			l.lower(l.field(r, fName), SlotName)
			l.lower(l.field(r, fBody), SlotBody)
			l.close(id)
		},
		"using_declaration": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Import, slot, r)
			l.nodes[id].Value = "using"
			if n := l.child(r, 0); n >= 0 {
				l.leaf(Name, SlotModule, n, squeeze(l.text(n)))
			}
			l.close(id)
		},
		"optional_parameter_declaration": cParam,
		"variadic_parameter_declaration": cParam,
		"condition_clause": func(l *lowerer, r int32, slot Slot) {
			if v := l.field(r, fValue); v >= 0 {
				at := len(l.nodes)
				l.lower(v, slot)
				if at < len(l.nodes) {
					l.nodes[at].Flags |= Parenthesised
				}
			}
		},
		"new_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.nodes[id].Flags = New
			l.lower(l.field(r, fType), SlotCallee)
			switch a := l.field(r, fArguments); {
			case l.is(a, "argument_list"):
				l.lower(a, SlotArgs)
			case a >= 0:
				args := l.open(Args, SlotArgs, a)
				l.children(a, Item)
				l.close(args)
			default:
				l.emptyArgs(r)
			}
			l.lower(l.field(r, fDeclarator), SlotType)
			l.close(id)
		},
		"delete_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Unary, slot, r)
			l.nodes[id].Value = "delete"
			if l.has(r, "[") {
				l.nodes[id].Value = "delete[]"
			}
			l.children(r, SlotOperand)
			l.close(id)
		},
		"lambda_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Func, slot, r)
			l.nodes[id].Flags = Lambda
			params := int32(-1)
			if d := l.field(r, fDeclarator); d >= 0 {
				params = l.field(d, fParameters)
			}
			if params >= 0 {
				l.lower(params, SlotParams)
			} else {
				l.emptyParams(r)
			}
			l.block(l.field(r, fBody), SlotBody, "compound_statement")
			l.close(id)
		},
		"for_range_loop": func(l *lowerer, r int32, slot Slot) {
			d := l.declarator(l.field(r, fDeclarator))
			id := l.open(ForEach, slot, r)
			l.nodes[id].Flags = Declares
			l.lower(d.name, SlotTarget)
			l.cType(l.field(r, fType), d, SlotType)
			l.lower(l.field(r, fRight), SlotValue)
			l.block(l.field(r, fBody), SlotBody, "compound_statement")
			l.close(id)
		},
		"structured_binding_declarator": one(Tuple, Item),
		"try_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Try, slot, r)
			l.block(l.field(r, fBody), SlotBody, "compound_statement")
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if !l.is(c, "catch_clause") {
					continue
				}
				k := l.open(Catch, SlotCatch, c)
				if ps := l.field(c, fParameters); ps >= 0 {
					if p := l.kid(ps, "parameter_declaration"); p >= 0 {
						l.lower(l.field(p, fType), SlotType)
						l.lower(l.declarator(l.field(p, fDeclarator)).name, SlotTarget)
					}
				}
				l.block(l.field(c, fBody), SlotBody, "compound_statement")
				l.close(k)
			}
			l.close(id)
		},
		"throw_statement": one(Throw, SlotOperand),
	}
	for name, f := range more {
		rules[name] = f
	}
	return rules
}

// cppQualified writes a::b::c as ((a.b).c); the grammar nests it to the right.
func cppQualified(l *lowerer, r int32, slot Slot) {
	parts := []int32{}
	at := r
	for l.is(at, "qualified_identifier") {
		if s := l.field(at, fScope); s >= 0 {
			parts = append(parts, s)
		}
		next := l.field(at, fName)
		if next < 0 {
			break
		}
		at = next
	}
	parts = append(parts, at)
	var open []ID
	for range parts[1:] {
		open = append(open, l.open(Dot, slot, r))
		slot = SlotOperand
	}
	l.lower(parts[0], slot)
	for i, p := range parts[1:] {
		id := open[len(open)-1-i]
		switch l.name(p) {
		case "template_function", "template_type":
			if n := l.field(p, fName); n >= 0 {
				l.leaf(Name, SlotName, n, l.text(n))
			}
			if a := l.field(p, fArguments); a >= 0 {
				l.children(a, SlotType)
			}
		default:
			l.leaf(Name, SlotName, p, squeeze(l.text(p)))
		}
		l.nodes[id].End = l.recs[p].end
		l.close(id)
	}
}
