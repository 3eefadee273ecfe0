package language

import (
	"strings"

	grammarruby "github.com/tree-sitter/tree-sitter-ruby/bindings/go"
)

func ruby() *Spec {
	g := newGrammar(grammarruby.Language(), rubyRules())
	return &Spec{
		Name:       "ruby",
		Aliases:    []string{"rb"},
		Extensions: []string{".rb", ".rake", ".gemspec", ".ru"},
		Metavar:    "$",                      // a global variable of Ruby, which is an expression and the name of a method
		Others:     []string{"mv__", "Mv__"}, // a parameter is an identifier, a class a constant
		KeyArgs:    true,
		Wrappers: []Wrapper{
			{},
			{"", "\nend"},
			{"begin\n", "\nend"},
			{"x = {", "}"},
			{"f(", ")"},
			{"case x\n", "\nend"},
		},
		grammar:  func(string) *grammar { return g },
		patterns: func() *grammar { return g },
	}
}

func rubyRules() map[string]lowerFunc {
	list := func(l *lowerer, r int32, slot Slot) { l.list(r, slot) }
	return map[string]lowerFunc{
		"program":                  rubyStatements,
		"body_statement":           rubyStatements,
		"block_body":               rubyStatements,
		"then":                     rubyStatements,
		"do":                       rubyStatements,
		"begin_block":              rubyBlock,
		"end_block":                rubyBlock,
		"empty_statement":          func(*lowerer, int32, Slot) {},
		"parenthesized_statements": rubyParen,

		"identifier":        word(Name),
		"constant":          word(Name),
		"global_variable":   word(Name),
		"instance_variable": word(Name),
		"class_variable":    word(Name),
		"operator":          word(Name),
		"setter":            word(Name),
		"self":              word(Name),
		"super":             word(Name),
		"file":              word(Name),
		"line":              word(Name),
		"integer":           number,
		"float":             number,
		"true":              word(Bool),
		"false":             word(Bool),
		"nil":               func(l *lowerer, r int32, slot Slot) { l.leaf(Null, slot, r, "") },
		"character":         func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, strings.TrimPrefix(l.text(r), "?")) },
		"hash_key_symbol":   word(Name),
		"string":            rubyString,
		"bare_string":       rubyString,
		"heredoc_body":      rubyString,
		"subshell":          func(l *lowerer, r int32, slot Slot) { rubySubshell(l, r, slot) },
		"chained_string": func(l *lowerer, r int32, slot Slot) {
			var parts []int32
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.is(c, "string") {
					parts = append(parts, c)
				}
			}
			rubyStrings(l, r, slot, parts)
		},
		"heredoc_beginning": rubyHeredoc,
		"regex": func(l *lowerer, r int32, slot Slot) {
			text := l.text(r)
			if i := strings.LastIndexByte(text, '/'); i > 0 && text[0] == '/' {
				text = text[1:i]
			}
			if l.kid(r, "interpolation") >= 0 {
				id := l.open(Template, slot, r)
				l.nodes[id].Value = "/"
				rubyPieces(l, r)
				l.close(id)
				return
			}
			l.leaf(Regex, slot, r, text)
		},
		"array":                        one(List, Item),
		"string_array":                 one(List, Item),
		"symbol_array":                 one(List, Item),
		"hash":                         one(Dict, Item),
		"pair":                         rubyPair,
		"splat_argument":               valued(Spread, "*", SlotOperand),
		"hash_splat_argument":          valued(Spread, "**", SlotOperand),
		"block_argument":               valued(Spread, "&", SlotOperand),
		"left_assignment_list":         one(Tuple, Item),
		"destructured_left_assignment": one(Tuple, Item),
		"rest_assignment":              valued(Spread, "*", SlotOperand),
		"right_assignment_list":        one(Tuple, Item),
		"in":                           through,

		"assignment": func(l *lowerer, r int32, slot Slot) { l.assign(r, slot, 0, "=") },
		"operator_assignment": func(l *lowerer, r int32, slot Slot) {
			switch op := l.operator(r); op {
			case "||=", "&&=":
				l.assign(r, slot, 0, "=")
			default:
				l.assign(r, slot, 0, op)
			}
		},
		"scope_resolution": func(l *lowerer, r int32, slot Slot) {
			if s := l.field(r, fScope); s >= 0 {
				dot(l, r, slot, s, l.field(r, fName))
			} else {
				l.lower(l.field(r, fName), slot)
			}
		},
		"element_reference": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Index, slot, r)
			object := l.field(r, fObject)
			l.lower(object, SlotOperand)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.code(c) && c != object {
					l.lower(c, Item)
				}
			}
			l.close(id)
		},
		"call":          rubyCall,
		"argument_list": one(Args, Item),
		"yield":         rubyKeywordCall("yield"),
		"binary":        binaryOperator,
		"unary": func(l *lowerer, r int32, slot Slot) {
			op := l.operator(r)
			if op == "not" {
				op = "!"
			}
			l.unary(r, slot, l.field(r, fOperand), op)
		},
		"conditional": ternary,

		"method":           rubyMethod,
		"singleton_method": rubyMethod,
		"lambda": func(l *lowerer, r int32, slot Slot) {
			body := l.field(r, fBody)
			rubyLambda(l, r, slot, l.field(r, fParameters), body)
		},
		"block":                func(l *lowerer, r int32, slot Slot) { rubyLambda(l, r, slot, l.field(r, fParameters), r) },
		"do_block":             func(l *lowerer, r int32, slot Slot) { rubyLambda(l, r, slot, l.field(r, fParameters), r) },
		"method_parameters":    rubyParams,
		"block_parameters":     rubyParams,
		"lambda_parameters":    rubyParams,
		"optional_parameter":   rubyParam(""),
		"keyword_parameter":    rubyParam(""),
		"splat_parameter":      rubyParam("*"),
		"hash_splat_parameter": rubyParam("**"),
		"block_parameter":      rubyParam("&"),
		"class":                rubyClass("class"),
		"module":               rubyClass("module"),
		"singleton_class": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Class, slot, r)
			l.nodes[id].Value = "class <<"
			l.lower(l.field(r, fValue), SlotBase)
			rubyBody(l, r, l.field(r, fBody), SlotBody)
			l.close(id)
		},

		"if":              func(l *lowerer, r int32, slot Slot) { rubyIf(l, r, slot, false) },
		"unless":          func(l *lowerer, r int32, slot Slot) { rubyIf(l, r, slot, true) },
		"elsif":           func(l *lowerer, r int32, slot Slot) { rubyIf(l, r, slot, false) },
		"if_modifier":     func(l *lowerer, r int32, slot Slot) { rubyModifier(l, r, slot, If, false) },
		"unless_modifier": func(l *lowerer, r int32, slot Slot) { rubyModifier(l, r, slot, If, true) },
		"while_modifier":  func(l *lowerer, r int32, slot Slot) { rubyModifier(l, r, slot, For, false) },
		"until_modifier":  func(l *lowerer, r int32, slot Slot) { rubyModifier(l, r, slot, For, true) },
		"while":           func(l *lowerer, r int32, slot Slot) { rubyWhile(l, r, slot, false) },
		"until":           func(l *lowerer, r int32, slot Slot) { rubyWhile(l, r, slot, true) },
		"for": func(l *lowerer, r int32, slot Slot) {
			id := l.open(ForEach, slot, r)
			l.nodes[id].Flags = Declares
			l.lower(l.field(r, fPattern), SlotTarget)
			l.lower(l.field(r, fValue), SlotValue)
			rubyBody(l, r, l.field(r, fBody), SlotBody)
			l.close(id)
		},
		"case": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Switch, slot, r)
			l.lower(l.field(r, fValue), SlotOperand)
			rubyCases(l, r)
			l.close(id)
		},
		"case_match": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Switch, slot, r)
			l.lower(l.field(r, fValue), SlotOperand)
			rubyCases(l, r)
			l.close(id)
		},
		"pattern": through,
		"begin":   rubyBegin,
		"rescue_modifier": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Try, slot, r)
			rubySingle(l, l.field(r, fBody), SlotBody)
			h := l.field(r, fHandler)
			c := l.open(Catch, SlotCatch, max(h, r))
			rubySingle(l, h, SlotBody)
			l.close(c)
			l.close(id)
		},
		"exception_variable": list,
		"return":             rubyJump(Return, ""),
		"break":              rubyJump(Jump, "break"),
		"next":               rubyJump(Jump, "continue"),
		"redo":               rubyJump(Jump, "redo"),
		"retry":              rubyJump(Jump, "retry"),
	}
}

// rubyIsStatement says whether a node is no expression that would need a node of its own to stand as a statement.
func rubyIsStatement(l *lowerer, r int32) bool {
	switch l.name(r) {
	case "assignment", "operator_assignment", "method", "singleton_method", "class", "module", "singleton_class", "if", "unless", "if_modifier", "unless_modifier",
		"while", "until", "while_modifier", "until_modifier", "for", "case", "case_match", "begin", "return", "break", "next", "redo", "retry", "alias", "undef",
		"begin_block", "end_block", "empty_statement", "rescue_modifier", "uninterpreted", "ERROR":
		return true
	}
	return false
}

// rubyStatements writes the statements of a list. Its rescue, else and ensure make a try of it.
func rubyStatements(l *lowerer, r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "rescue") || l.is(c, "ensure") {
			rubyTry(l, r, slot)
			return
		}
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) {
			rubyStatement(l, c, slot)
		}
	}
}

func rubyStatement(l *lowerer, c int32, slot Slot) {
	switch {
	case l.is(c, "block_parameters"), l.is(c, "heredoc_body"), l.is(c, "heredoc_end"):
	case l.is(c, "block_body"), l.is(c, "body_statement"):
		rubyStatements(l, c, slot)
	case rubyIsStatement(l, c):
		l.lower(c, slot)
	default:
		l.statement(c, c, slot)
	}
}

func rubyTry(l *lowerer, r int32, slot Slot) {
	id := l.open(Try, slot, r)
	b := l.open(Block, SlotBody, r)
	c := l.first(r)
	for ; c >= 0 && !l.is(c, "rescue") && !l.is(c, "ensure") && !l.is(c, "else"); c = l.next(r, c) {
		if l.code(c) {
			rubyStatement(l, c, Item)
			l.nodes[b].End = l.recs[c].end
		}
	}
	l.close(b)
	for ; c >= 0; c = l.next(r, c) {
		switch l.name(c) {
		case "rescue":
			k := l.open(Catch, SlotCatch, c)
			if e := l.field(c, fExceptions); e >= 0 {
				l.children(e, SlotType)
			}
			if v := l.field(c, fVariable); v >= 0 {
				l.children(v, SlotTarget)
			}
			rubyBody(l, c, l.field(c, fBody), SlotBody)
			l.close(k)
		case "else":
			if l.named(c) {
				rubyBody(l, c, c, SlotElse)
			}
		case "ensure":
			if l.named(c) {
				rubyBody(l, c, c, SlotFinally)
			}
		}
	}
	l.close(id)
}

// rubyBegin writes a begin without rescue and ensure as the block it is.
func rubyBegin(l *lowerer, r int32, slot Slot) {
	if l.kid(r, "rescue") >= 0 || l.kid(r, "ensure") >= 0 {
		rubyTry(l, r, slot)
		return
	}
	rubyBlock(l, r, slot)
}

func rubyBlock(l *lowerer, r int32, slot Slot) {
	id := l.open(Block, slot, r)
	rubyStatements(l, r, Item)
	l.close(id)
}

// rubyBody writes the block of something; one that is empty or absent too.
func rubyBody(l *lowerer, outer, r int32, slot Slot) {
	if r < 0 {
		id := l.open(Block, slot, outer)
		l.nodes[id].Start = l.nodes[id].End
		l.close(id)
		return
	}
	rubyBlock(l, r, slot)
}

// rubySingle writes a block of one statement.
func rubySingle(l *lowerer, r int32, slot Slot) {
	if r < 0 {
		return
	}
	id := l.open(Block, slot, r)
	rubyStatement(l, r, Item)
	l.close(id)
}

// rubyParen writes the expression in parentheses, or the statements there.
func rubyParen(l *lowerer, r int32, slot Slot) {
	if l.count(r) == 1 {
		paren(l, r, slot)
		return
	}
	rubyBlock(l, r, slot)
}

func rubyString(l *lowerer, r int32, slot Slot) { rubyStrings(l, r, slot, []int32{r}) }

// rubyStrings writes string literals that stand side by side as one.
func rubyStrings(l *lowerer, r int32, slot Slot, parts []int32) {
	holes := false
	for _, p := range parts {
		holes = holes || l.kid(p, "interpolation") >= 0
	}
	if !holes {
		var b strings.Builder
		for _, p := range parts {
			rubyContent(l, p, &b)
		}
		l.leaf(Str, slot, r, b.String())
		return
	}
	id := l.open(Template, slot, r)
	for _, p := range parts {
		rubyPieces(l, p)
	}
	l.close(id)
}

func rubyContent(l *lowerer, r int32, b *strings.Builder) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch l.name(c) {
		case "string_content", "heredoc_content":
			b.WriteString(l.text(c))
		case "escape_sequence":
			b.WriteString(unescape(l.text(c), false))
		}
	}
}

// rubyPieces writes the texts and expressions of a string. A run of texts and escapes is one string.
func rubyPieces(l *lowerer, r int32) {
	var b strings.Builder
	run := int32(-1)
	end := uint32(0)
	flush := func() {
		if run >= 0 {
			s := l.leaf(Str, Item, run, b.String())
			l.nodes[s].End = end
		}
		b.Reset()
		run = -1
	}
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch l.name(c) {
		case "string_content", "heredoc_content", "escape_sequence":
			if run < 0 {
				run = c
			}
			end = l.recs[c].end
			if l.is(c, "escape_sequence") {
				b.WriteString(unescape(l.text(c), false))
			} else {
				b.WriteString(l.text(c))
			}
		case "interpolation":
			flush()
			l.children(c, Item)
		}
	}
	flush()
}

// rubySubshell writes `command` as a call, which it is.
func rubySubshell(l *lowerer, r int32, slot Slot) {
	id := l.open(Template, slot, r)
	l.nodes[id].Value = "`"
	rubyPieces(l, r)
	l.close(id)
}

// rubyHeredoc writes a here document where it begins; its text comes after the line.
func rubyHeredoc(l *lowerer, r int32, slot Slot) {
	body := l.heredoc(r)
	if body < 0 {
		l.leaf(Str, slot, r, "")
		return
	}
	if l.kid(body, "interpolation") < 0 {
		var b strings.Builder
		rubyContent(l, body, &b)
		l.leaf(Str, slot, r, b.String())
		return
	}
	id := l.open(Template, slot, r)
	rubyPieces(l, body)
	l.close(id)
}

// heredoc finds the text of a here document: the bodies come in the order of the beginnings.
func (l *lowerer) heredoc(r int32) int32 {
	if l.heredocs == nil {
		l.heredocs = map[int32]int32{}
		var open []int32
		for i := range l.recs {
			switch c := int32(i); {
			case l.is(c, "heredoc_beginning"):
				open = append(open, c)
			case l.is(c, "heredoc_body") && len(open) > 0:
				l.heredocs[open[0]] = c
				open = open[1:]
			}
		}
	}
	if body, ok := l.heredocs[r]; ok {
		return body
	}
	return -1
}

// rubyPair writes `key: value` of a call as an argument by name, `:key => value` too, and others as members of a hash.
func rubyPair(l *lowerer, r int32, slot Slot) {
	key := l.field(r, fKey)
	if l.is(int32(l.recs[r].parent), "argument_list") && key >= 0 && (l.is(key, "hash_key_symbol") || l.is(key, "simple_symbol") || l.is(key, "global_variable") || l.is(key, "identifier")) {
		id := l.open(KeyArg, slot, r)
		rubySymbol(l, key, SlotName)
		l.lower(l.field(r, fValue), SlotOperand)
		l.close(id)
		return
	}
	id := l.open(Pair, slot, r)
	if l.is(key, "simple_symbol") {
		rubySymbol(l, key, SlotKey)
	} else {
		l.lower(key, SlotKey)
	}
	l.lower(l.field(r, fValue), SlotOperand)
	l.close(id)
}

// rubyCall writes calls and, without arguments, members. A block is what the result of the call is called with, as in Semgrep: f(...) finds the
// f(1) of `f(1) { }`.
func rubyCall(l *lowerer, r int32, slot Slot) {
	receiver, method, args, block := l.field(r, fReceiver), l.field(r, fMethod), l.field(r, fArguments), l.field(r, fBlock)
	callee := func(slot Slot) {
		switch {
		case receiver < 0:
			l.lower(method, slot)
		case method < 0: // f.(x)
			l.lower(receiver, slot)
		default:
			id := dot(l, r, slot, receiver, method)
			if o := l.field(r, fOperator); o >= 0 && l.text(o) == "&." {
				l.nodes[id].Flags |= Optional
			}
		}
	}
	if args < 0 && block < 0 {
		callee(slot)
		return
	}
	id := l.open(Call, slot, r)
	inner := id
	if block >= 0 {
		inner = l.open(Call, SlotCallee, r)
	}
	callee(SlotCallee)
	last := args
	if last < 0 {
		last = max(method, receiver)
	}
	a := l.open(Args, SlotArgs, last)
	if args >= 0 {
		l.children(args, Item)
	} else {
		l.nodes[a].Start = l.nodes[a].End
	}
	l.close(a)
	if block >= 0 {
		l.nodes[inner].End = l.recs[last].end
		l.close(inner)
		b := l.open(Args, SlotArgs, block)
		l.lower(block, Item)
		l.close(b)
	}
	l.close(id)
}

func rubyKeywordCall(name string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Call, slot, r)
		c := l.leaf(Name, SlotCallee, r, name)
		l.nodes[c].End = min(l.nodes[c].Start+uint32(len(name)), l.nodes[c].End)
		if a := l.kid(r, "argument_list"); a >= 0 {
			l.lower(a, SlotArgs)
		}
		l.close(id)
	}
}

func rubyMethod(l *lowerer, r int32, slot Slot) {
	id := l.open(Func, slot, r)
	if l.is(r, "singleton_method") {
		l.nodes[id].Flags |= Static
	}
	l.lower(l.field(r, fName), SlotName)
	if p := l.field(r, fParameters); p >= 0 {
		l.lower(p, SlotParams)
	} else {
		l.emptyParams(r)
	}
	switch body := l.field(r, fBody); {
	case l.is(body, "body_statement"):
		rubyBlock(l, body, SlotBody)
	case body >= 0:
		rubySingle(l, body, SlotBody)
	default:
		rubyBody(l, r, -1, SlotBody)
	}
	l.close(id)
}

func rubyLambda(l *lowerer, r int32, slot Slot, params, block int32) {
	id := l.open(Func, slot, r)
	l.nodes[id].Flags = Lambda
	if params < 0 && block >= 0 {
		params = l.field(block, fParameters)
	}
	if params >= 0 {
		l.lower(params, SlotParams)
	} else {
		l.emptyParams(r)
	}
	body := int32(-1)
	if block >= 0 {
		body = l.field(block, fBody)
	}
	rubyBody(l, r, body, SlotBody)
	l.close(id)
}

func rubyParams(l *lowerer, r int32, slot Slot) {
	id := l.open(Params, slot, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !l.code(c):
		case l.is(c, "identifier") || l.is(c, "destructured_parameter"):
			p := l.open(Param, Item, c)
			l.lower(c, SlotName)
			l.close(p)
		default:
			l.lower(c, Item)
		}
	}
	l.close(id)
}

func rubyParam(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Param, slot, r)
		l.nodes[id].Value = value
		l.lower(l.field(r, fName), SlotName)
		l.lower(l.field(r, fValue), SlotValue)
		l.close(id)
	}
}

func rubyClass(value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Class, slot, r)
		l.nodes[id].Value = value
		l.lower(l.field(r, fName), SlotName)
		if s := l.field(r, fSuperclass); s >= 0 {
			l.children(s, SlotBase)
		}
		rubyBody(l, r, l.field(r, fBody), SlotBody)
		l.close(id)
	}
}

// cond writes a condition, the opposite of it if not.
func rubyCond(l *lowerer, r int32, not bool) {
	if r >= 0 && not {
		l.unary(r, SlotCond, r, "!")
		return
	}
	l.lower(r, SlotCond)
}

func rubyIf(l *lowerer, r int32, slot Slot, not bool) {
	id := l.open(If, slot, r)
	rubyCond(l, l.field(r, fCondition), not)
	rubyBody(l, r, l.field(r, fConsequence), SlotThen)
	switch a := l.field(r, fAlternative); {
	case l.is(a, "elsif"):
		b := l.open(Block, SlotElse, a)
		l.lower(a, Item)
		l.close(b)
	case a >= 0:
		rubyBody(l, a, a, SlotElse)
	}
	l.close(id)
}

func rubyModifier(l *lowerer, r int32, slot Slot, kind Kind, not bool) {
	id := l.open(kind, slot, r)
	rubyCond(l, l.field(r, fCondition), not)
	body := SlotBody
	if kind == If {
		body = SlotThen
	}
	rubySingle(l, l.field(r, fBody), body)
	l.close(id)
}

func rubyWhile(l *lowerer, r int32, slot Slot, not bool) {
	id := l.open(For, slot, r)
	rubyCond(l, l.field(r, fCondition), not)
	rubyBody(l, r, l.field(r, fBody), SlotBody)
	l.close(id)
}

func rubyCases(l *lowerer, r int32) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case l.is(c, "when"), l.is(c, "in_clause"):
			k := l.open(Case, Item, c)
			for p := l.first(c); p >= 0; p = l.next(c, p) {
				if l.fieldOf(p) == fPattern && l.code(p) {
					l.lower(p, SlotOperand)
				}
			}
			rubyBody(l, c, l.field(c, fBody), SlotBody)
			l.close(k)
		case l.is(c, "else"):
			k := l.open(Case, Item, c)
			rubyBody(l, c, c, SlotBody)
			l.close(k)
		}
	}
}

func rubyJump(kind Kind, value string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(kind, slot, r)
		l.nodes[id].Value = value
		if a := l.kid(r, "argument_list"); a >= 0 {
			l.list(a, SlotOperand)
		}
		l.close(id)
	}
}

// rubySymbol writes a key as its name, without the colon in front.
func rubySymbol(l *lowerer, r int32, slot Slot) {
	text := l.text(r)
	id := l.leaf(Name, slot, r, strings.TrimPrefix(text, ":"))
	if strings.HasPrefix(text, ":") {
		l.nodes[id].Start++
	}
}
