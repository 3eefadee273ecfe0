//go:build allgrammars

package language

import (
	"bytes"
	"regexp"
	"strings"

	grammarscala "github.com/tree-sitter/tree-sitter-scala/bindings/go"
)

func scala() *Spec {
	g := newGrammar(grammarscala.Language(), scalaRules())
	s := &Spec{
		Name:       "scala",
		Extensions: []string{".scala", ".sc"},
		Metavar:    "mv__",
		KeyArgs:    true,
		Wrappers: []Wrapper{
			{},
			{"object O {\n", "\n}"},
			{"class C {\n", " {}\n}"},
			{"val x = ", ""},
			{"", " class C"},
			{"x match {\n", "\n}"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
	s.own = s.parseScala
	return s
}

// A block that is a function of one parameter with a type. Its groups: what may become the parentheses, and the parameter.
var scalaTyped = regexp.MustCompile(`\{(\s+(?:implicit\s+)?)([A-Za-z_][A-Za-z_0-9$]*\s*:\s*[A-Za-z_][A-Za-z_0-9.$]*(?:\[[A-Za-z_0-9.,$\[\] ]*\])?)(\s+)=>`)

// The head of a class, whose body may begin with a type for itself in the same form.
var scalaHead = regexp.MustCompile(`(?:^|\s)(?:class|trait|object|enum|package|new|extends|with)\s[^={}]*$`)

// parseScala reads `{ implicit x: T => ... }`, which the grammar does not know, as `{ (x: T) => ... }` in the same number of bytes.
func (s *Spec) parseScala(g *grammar, src []byte) (*Tree, error) {
	var masked []byte
	for _, at := range scalaTyped.FindAllSubmatchIndex(src, -1) {
		if scalaHead.Match(src[max(0, at[0]-300):at[0]]) {
			continue
		}
		if masked == nil {
			masked = bytes.Clone(src)
		}
		if i := bytes.Index(masked[at[2]:at[3]], []byte("implicit")); i >= 0 {
			copy(masked[at[2]+i:], "        ")
		}
		masked[at[3]-1], masked[at[6]] = '(', ')'
	}
	if masked != nil {
		if t, err := s.parse(g, src, masked); err != nil || len(t.Errors) == 0 {
			return t, err
		}
	}
	t, err := s.parse(g, src, src)
	if err != nil || len(t.Errors) == 0 || masked == nil {
		return t, err
	}
	if u, err := s.parse(g, src, masked); err == nil && len(u.Errors) < len(t.Errors) {
		return u, nil
	}
	return t, nil
}

func scalaRules() map[string]lowerFunc {
	typed := func(l *lowerer, r int32, slot Slot) { l.typ(r, slot) }
	path := func(l *lowerer, r int32, slot Slot) { dotted(l, r, l.count(r)-1, slot) }
	return map[string]lowerFunc{
		"compilation_unit":         scalaStatements,
		"template_body":            scalaBlock,
		"with_template_body":       scalaBlock,
		"enum_body":                scalaBlock,
		"block":                    scalaBlock,
		"indented_block":           scalaBlock,
		"parenthesized_expression": paren,

		"identifier":                     word(Name),
		"operator_identifier":            word(Name),
		"type_identifier":                word(Name),
		"wildcard":                       word(Name),
		"package_identifier":             path,
		"stable_identifier":              path,
		"stable_type_identifier":         path,
		"integer_literal":                number,
		"floating_point_literal":         number,
		"boolean_literal":                word(Bool),
		"null_literal":                   func(l *lowerer, r int32, slot Slot) { l.leaf(Null, slot, r, "") },
		"character_literal":              func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, unescape(inner(l.text(r), 1), false)) },
		"string":                         func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, scalaText(l.text(r))) },
		"interpolated_string_expression": scalaInterpolated,
		"unit":                           one(Tuple, Item),
		"tuple_expression":               one(Tuple, Item),
		"tuple_pattern":                  one(Tuple, Item),
		"generic_type":                   typed,
		"type_arguments":                 through,
		"function_type":                  typed,
		"tuple_type":                     typed,
		"compound_type":                  typed,
		"infix_type":                     typed,
		"annotated_type":                 through,
		"lazy_parameter_type":            through,

		"package_clause": func(l *lowerer, r int32, slot Slot) {
			b := l.field(r, fBody)
			if b < 0 {
				lowerOther(l, r, slot)
				return
			}
			id := l.open(Class, slot, r)
			l.nodes[id].Value = "package"
			l.lower(l.field(r, fName), SlotName)
			l.lower(b, SlotBody)
			l.close(id)
		},
		"import_declaration": scalaImport,
		"class_definition":   scalaClass("class"),
		"object_definition":  scalaClass("object"),
		"trait_definition":   scalaClass("trait"),
		"enum_definition":    scalaClass("enum"),
		"package_object":     scalaClass("object"),
		"annotation": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Decorator, slot, r)
			if a := l.field(r, fArguments); a >= 0 {
				c := l.open(Call, SlotOperand, r)
				l.lower(l.field(r, fName), SlotCallee)
				l.lower(a, SlotArgs)
				l.close(c)
			} else {
				l.lower(l.field(r, fName), SlotOperand)
			}
			l.close(id)
		},
		"function_definition":  scalaFunc,
		"function_declaration": scalaFunc,
		"val_definition":       scalaValue,
		"var_definition":       scalaValue,
		"val_declaration":      scalaValue,
		"var_declaration":      scalaValue,
		"identifiers":          one(Tuple, Item),

		"assignment_expression": func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, "=") },
		"field_expression":      func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.field(r, fValue), l.field(r, fField)) },
		"generic_function":      func(l *lowerer, r int32, slot Slot) { l.lower(l.field(r, fFunction), slot) },
		"call_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			fn := l.field(r, fFunction)
			if l.is(fn, "instance_expression") && l.field(fn, fArguments) < 0 {
				l.nodes[id].Flags = New
				l.children(fn, SlotCallee)
			} else {
				l.lower(fn, SlotCallee)
				if l.is(fn, "generic_function") {
					if t := l.field(fn, fTypeArguments); t >= 0 {
						l.children(t, SlotType)
					}
				}
			}
			scalaArgs(l, l.field(r, fArguments))
			l.close(id)
		},
		"arguments": func(l *lowerer, r int32, slot Slot) { scalaArgs(l, r) },
		"instance_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Call, slot, r)
			l.nodes[id].Flags = New
			args := l.field(r, fArguments)
			body := l.kid(r, "template_body")
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && c != args && c != body {
					l.lower(c, SlotCallee)
				}
			}
			if args >= 0 {
				scalaArgs(l, args)
			} else {
				l.emptyArgs(r)
			}
			l.lower(body, SlotBody)
			l.close(id)
		},
		"infix_expression": scalaInfix,
		"prefix_expression": func(l *lowerer, r int32, slot Slot) {
			op := ""
			if o := l.first(r); o >= 0 && !l.named(o) {
				op = l.name(o)
			}
			l.unary(r, slot, l.child(r, 0), op)
		},
		"ascription_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Cast, slot, r)
			l.lower(l.child(r, 1), SlotType)
			l.lower(l.child(r, 0), SlotOperand)
			l.close(id)
		},
		"postfix_expression": func(l *lowerer, r int32, slot Slot) { dot(l, r, slot, l.child(r, 0), l.child(r, 1)) },
		"lambda_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Func, slot, r)
			l.nodes[id].Flags = Lambda
			p := l.field(r, fParameters)
			for p >= 0 && !l.named(p) { // behind the word implicit
				p = l.next(r, p)
			}
			if l.is(p, "bindings") {
				l.lower(p, SlotParams)
			} else if p >= 0 {
				l.singleParam(p)
			} else {
				l.emptyParams(r)
			}
			b := l.child(r, l.count(r)-1)
			scalaBody(l, b, SlotBody)
			l.close(id)
		},
		"bindings": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Params, slot, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.is(c, "binding") {
					p := l.open(Param, Item, c)
					l.lower(l.field(c, fName), SlotName)
					l.lower(l.field(c, fType), SlotType)
					l.close(p)
				}
			}
			l.close(id)
		},

		"if_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(If, slot, r)
			l.lower(l.field(r, fCondition), SlotCond)
			scalaBody(l, l.field(r, fConsequence), SlotThen)
			scalaBody(l, l.field(r, fAlternative), SlotElse)
			l.close(id)
		},
		"while_expression":    func(l *lowerer, r int32, slot Slot) { scalaLoop(l, r, slot, "") },
		"do_while_expression": func(l *lowerer, r int32, slot Slot) { scalaLoop(l, r, slot, "do") },
		"for_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(ForEach, slot, r)
			l.nodes[id].Flags = Declares
			if e := l.kid(r, "enumerators"); e >= 0 {
				first := true
				for c := l.first(e); c >= 0; c = l.next(e, c) {
					if !l.is(c, "enumerator") {
						continue
					}
					if first {
						l.lower(l.child(c, 0), SlotTarget)
						l.lower(l.child(c, 1), SlotValue)
					} else {
						l.lower(c, SlotInit)
					}
					first = false
				}
			}
			scalaBody(l, l.field(r, fBody), SlotBody)
			l.close(id)
		},
		"match_expression": switchOn(fValue),
		"case_block":       scalaCases,
		"indented_cases":   scalaCases,
		"case_clause": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Case, slot, r)
			l.lower(l.field(r, fPattern), SlotOperand)
			if g := l.kid(r, "guard"); g >= 0 {
				l.lower(l.field(g, fCondition), SlotCond)
			}
			b := l.open(Block, SlotBody, r)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.fieldOf(c) == fBody && l.code(c) {
					scalaStatement(l, c, Item)
				}
			}
			l.close(b)
			l.close(id)
		},
		"try_expression": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Try, slot, r)
			scalaBody(l, l.field(r, fBody), SlotBody)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				switch {
				case l.is(c, "catch_clause"):
					k := l.open(Catch, SlotCatch, c)
					b := l.open(Block, SlotBody, c)
					l.children(c, Item)
					l.close(b)
					l.close(k)
				case l.is(c, "finally_clause"):
					scalaBody(l, l.child(c, 0), SlotFinally)
				}
			}
			l.close(id)
		},
		"return_expression": one(Return, SlotOperand),
		"throw_expression":  one(Throw, SlotOperand),
	}
}

func scalaIsStatement(l *lowerer, r int32) bool {
	switch n := l.name(r); n {
	case "assignment_expression", "if_expression", "while_expression", "do_while_expression", "for_expression", "match_expression", "try_expression",
		"return_expression", "throw_expression", "package_clause", "package_object", "import_declaration", "ERROR", "case_clause":
		return true
	default:
		return strings.HasSuffix(n, "_definition") || strings.HasSuffix(n, "_declaration")
	}
}

func scalaStatements(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) {
			scalaStatement(l, c, slot)
		}
	}
}

func scalaStatement(l *lowerer, c int32, slot Slot) {
	if scalaIsStatement(l, c) {
		l.lower(c, slot)
		return
	}
	l.statement(c, c, slot)
}

func scalaBlock(l *lowerer, r int32, slot Slot) {
	id := l.open(Block, slot, r)
	scalaStatements(l, r, Item)
	l.close(id)
}

// scalaBody writes a body: a block, or one expression.
func scalaBody(l *lowerer, r int32, slot Slot) {
	switch {
	case r < 0:
	case l.is(r, "block"), l.is(r, "indented_block"), l.is(r, "template_body"):
		scalaBlock(l, r, slot)
	default:
		id := l.open(Block, slot, r)
		scalaStatement(l, r, Item)
		l.close(id)
	}
}

func scalaText(s string) string {
	if strings.HasPrefix(s, `"""`) {
		return inner(s, 3)
	}
	return unescape(inner(s, 1), false)
}

// scalaInterpolated writes s"a${b}c". The text between the expressions has no nodes in the grammar.
func scalaInterpolated(l *lowerer, r int32, slot Slot) {
	id := l.open(Template, slot, r)
	tag := l.field(r, fInterpolator)
	if tag >= 0 {
		l.nodes[id].Value = l.text(tag)
	}
	if s := l.kid(r, "interpolated_string"); s >= 0 {
		quotes := uint32(1)
		if strings.HasPrefix(l.text(s), `"""`) {
			quotes = 3
		}
		at := l.recs[s].start + quotes
		end := max(at, l.recs[s].end-min(quotes, l.recs[s].end))
		write := func(from, to uint32) {
			if from < to {
				n := l.leaf(Str, Item, s, l.src[from:to])
				l.nodes[n].Start, l.nodes[n].End = from, to
			}
		}
		for c := l.first(s); c >= 0; c = l.next(s, c) {
			if l.is(c, "interpolation") {
				write(at, l.recs[c].start)
				for e := l.first(c); e >= 0; e = l.next(c, e) {
					switch {
					case l.is(e, "block"):
						l.children(e, Item)
					case l.code(e):
						l.lower(e, Item)
					}
				}
				at = l.recs[c].end
			}
		}
		write(at, end)
	}
	l.close(id)
}

// scalaImport writes one Import for each name: import a.{b, c}.
func scalaImport(l *lowerer, r int32, slot Slot) {
	var parts []string
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.fieldOf(c) == fPath && l.code(c) {
			parts = append(parts, l.text(c))
		}
	}
	prefix := strings.Join(parts, ".")
	write := func(at int32, name string, alias int32) {
		id := l.open(Import, slot, r)
		l.leaf(Name, SlotModule, at, name)
		l.lower(alias, SlotAlias)
		l.close(id)
	}
	switch s := l.kid(r, "namespace_selectors"); {
	case s >= 0:
		for c := l.first(s); c >= 0; c = l.next(s, c) {
			switch {
			case !l.code(c):
			case strings.HasSuffix(l.name(c), "_renamed_identifier"):
				if n := l.field(c, fName); n >= 0 {
					write(c, prefix+"."+l.text(n), l.field(c, fAlias))
				}
			default:
				write(c, prefix+"."+l.text(c), -1)
			}
		}
	case l.kid(r, "namespace_wildcard") >= 0:
		write(r, prefix+".*", -1)
	default:
		write(r, prefix, -1)
	}
}

func scalaModifiers(l *lowerer, r int32, id ID) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "annotation"):
			l.lower(c, SlotDecorator)
		case l.is(c, "modifiers"):
			for _, w := range strings.Fields(l.text(c)) {
				l.leaf(Decorator, SlotDecorator, c, w)
			}
		}
	}
	if l.has(r, "case") {
		l.leaf(Decorator, SlotDecorator, r, "case")
	}
}

func scalaClass(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Class, slot, r)
		l.nodes[id].Value = value
		scalaModifiers(l, r, id)
		l.lower(l.field(r, fName), SlotName)
		if p := l.field(r, fClassParameters); p >= 0 {
			scalaParams(l, p)
		}
		if e := l.field(r, fExtend); e >= 0 {
			for c := l.first(e); c >= 0; c = l.next(e, c) {
				if l.code(c) && !l.is(c, "arguments") {
					l.lower(c, SlotBase)
				}
			}
		}
		if b := l.field(r, fBody); b >= 0 {
			scalaBlock(l, b, SlotBody)
		}
		l.close(id)
	}
}

func scalaParams(l *lowerer, r int32) {
	id := l.open(Params, SlotParams, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "parameter") || l.is(c, "class_parameter") {
			p := l.open(Param, Item, c)
			scalaModifiers(l, c, p)
			l.lower(l.field(c, fName), SlotName)
			l.lower(l.field(c, fType), SlotType)
			l.lower(l.field(c, fDefaultValue), SlotValue)
			l.close(p)
		}
	}
	l.close(id)
}

func scalaFunc(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	scalaModifiers(l, r, id)
	l.lower(l.field(r, fName), SlotName)
	// The lists of a curried function count as one.
	ps := l.open(Params, SlotParams, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if !l.is(c, "parameters") {
			continue
		}
		for p := l.first(c); p >= 0; p = l.next(c, p) {
			if l.is(p, "parameter") {
				n := l.open(Param, Item, p)
				l.lower(l.field(p, fName), SlotName)
				l.lower(l.field(p, fType), SlotType)
				l.lower(l.field(p, fDefaultValue), SlotValue)
				l.close(n)
			}
		}
	}
	l.close(ps)
	l.lower(l.field(r, fReturnType), SlotReturns)
	scalaBody(l, l.field(r, fBody), SlotBody)
	l.close(id)
}

func scalaValue(l *lowerer, r int32, slot Slot) {
	id := l.open(Assign, slot, r)
	l.nodes[id].Flags, l.nodes[id].Value = Declares, "="
	if l.has(r, "val") {
		l.nodes[id].Flags |= Const
	}
	scalaModifiers(l, r, id)
	target := l.field(r, fPattern)
	if target < 0 {
		target = l.field(r, fName)
	}
	l.lower(target, SlotTarget)
	l.lower(l.field(r, fValue), SlotValue)
	l.lower(l.field(r, fType), SlotType)
	l.close(id)
}

// scalaArgs writes arguments: those in parentheses, or a block that is the only one.
func scalaArgs(l *lowerer, r int32) {
	if r < 0 {
		return
	}
	id := l.open(Args, SlotArgs, r)
	switch {
	case l.is(r, "arguments"):
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			switch {
			case !l.code(c):
			case l.is(c, "assignment_expression") && l.is(l.field(c, fLeft), "identifier"):
				k := l.open(KeyArg, Item, c)
				l.lower(l.field(c, fLeft), SlotName)
				l.lower(l.field(c, fRight), SlotOperand)
				l.close(k)
			default:
				l.lower(c, Item)
			}
		}
	case l.is(r, "block") && l.count(r) == 1 && l.is(l.child(r, 0), "lambda_expression"):
		l.lower(l.child(r, 0), Item)
	case l.is(r, "block"):
		f := l.open(Func, Item, r)
		l.nodes[f].Flags = Lambda
		l.emptyParams(r)
		scalaBlock(l, r, SlotBody)
		l.close(f)
	default:
		l.lower(r, Item)
	}
	l.close(id)
}

// scalaInfix writes operators, and `a f b` as a.f(b).
func scalaInfix(l *lowerer, r int32, slot Slot) {
	op := l.field(r, fOperator)
	left, right := l.field(r, fLeft), l.field(r, fRight)
	if op < 0 {
		lowerOther(l, r, slot)
		return
	}
	switch text := l.text(op); text {
	case "+=", "-=", "*=", "/=", "|=", "&=":
		id := l.open(Assign, slot, r)
		l.nodes[id].Value = text
		l.lower(left, SlotTarget)
		l.lower(right, SlotValue)
		l.close(id)
	default:
		if !l.is(op, "identifier") {
			l.binary(r, slot, left, right, text)
			return
		}
		id := l.open(Call, slot, r)
		dot(l, r, SlotCallee, left, op)
		a := l.open(Args, SlotArgs, max(right, op))
		l.lower(right, Item)
		l.close(a)
		l.close(id)
	}
}

func scalaCases(l *lowerer, r int32, slot Slot) {
	id := l.open(Switch, slot, r)
	l.children(r, Item)
	l.close(id)
}

func scalaLoop(l *lowerer, r int32, slot Slot, value string) {
	id := l.open(For, slot, r)
	l.nodes[id].Value = value
	l.lower(l.field(r, fCondition), SlotCond)
	scalaBody(l, l.field(r, fBody), SlotBody)
	l.close(id)
}
