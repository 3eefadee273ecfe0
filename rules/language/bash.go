package language

import (
	"strings"

	grammarbash "github.com/tree-sitter/tree-sitter-bash/bindings/go"
)

func bash(g *grammar) *Spec {
	return &Spec{
		Name:       "bash",
		Aliases:    []string{"sh"},
		Extensions: []string{".sh", ".bash"},
		Metavar:    "mv__", // a dollar begins a variable
		Wrappers:   []Wrapper{{}},
		grammar:    func(string) *grammar { return g },
		patterns:   func() *grammar { return g },
	}
}

func bashGrammar() *grammar { return newGrammar(grammarbash.Language(), bashRules()) }

// pipe is the operator of pipelines. It has a name of its own because | puts bits together elsewhere.
const pipe = "pipe"

// bashRules bring a command to a call without a callee: its words, the first included, are the arguments. Redirections are left out.
func bashRules() map[string]lowerFunc {
	return map[string]lowerFunc{
		"command":               bashCommand,
		"command_name":          through,
		"word":                  word(Name),
		"number":                word(Name),
		"variable_name":         word(Name),
		"special_variable_name": word(Name),
		"redirected_statement":  func(l *lowerer, r int32, slot Slot) { l.lower(l.field(r, fBody), slot) },
		"pipeline":              bashChain(pipe),
		"list": func(l *lowerer, r int32, slot Slot) {
			op := "&&"
			if l.has(r, "||") {
				op = "||"
			}
			l.binary(r, slot, l.child(r, 0), l.child(r, 1), op)
		},
		"string":               bashString,
		"concatenation":        one(Template, Item),
		"raw_string":           func(l *lowerer, r int32, slot Slot) { l.leaf(Str, slot, r, strings.Trim(l.text(r), "'")) },
		"simple_expansion":     bashExpansion,
		"expansion":            bashExpansion,
		"command_substitution": bashNested("$"),
		"process_substitution": bashNested("<"),
		"variable_assignment": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Assign, slot, r)
			l.nodes[id].Value = "="
			l.lower(l.field(r, fName), SlotTarget)
			if v := l.field(r, fValue); v >= 0 {
				l.lower(v, SlotValue)
			} else {
				v := l.leaf(Str, SlotValue, r, "")
				l.nodes[v].Start = l.nodes[v].End
			}
			l.close(id)
		},
		"for_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(ForEach, slot, r)
			l.lower(l.kid(r, "variable_name"), SlotTarget)
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				if l.fieldOf(c) == fValue {
					l.lower(c, SlotValue)
				}
			}
			l.block(l.field(r, fBody), SlotBody, "do_group", "compound_statement")
			l.close(id)
		},
		"while_statement": func(l *lowerer, r int32, slot Slot) { loop(l, r, slot, "", "do_group") },
		"if_statement": func(l *lowerer, r int32, slot Slot) {
			id := l.open(If, slot, r)
			then := None
			for c := l.first(r); c >= 0; c = l.next(r, c) {
				switch {
				case !l.code(c):
					if l.name(c) == "then" {
						then = l.open(Block, SlotThen, c)
						l.nodes[then].End = l.recs[r].end
					}
				case l.is(c, "elif_clause"), l.is(c, "else_clause"):
					if then != None {
						l.nodes[then].End = l.recs[c].start
						l.close(then)
						then = None
					}
					b := l.open(Block, SlotElse, c)
					l.children(c, Item)
					l.close(b)
				case then == None:
					l.lower(c, SlotCond)
				default:
					l.lower(c, Item)
				}
			}
			if then != None {
				l.close(then)
			}
			l.close(id)
		},
		"function_definition": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Func, slot, r)
			l.lower(l.field(r, fName), SlotName)
			l.emptyParams(r)
			l.block(l.field(r, fBody), SlotBody, "compound_statement")
			l.close(id)
		},
	}
}

func bashCommand(l *lowerer, r int32, slot Slot) {
	id := l.open(Call, slot, r)
	args := l.open(Args, SlotArgs, r)
	l.children(r, Item)
	l.close(args)
	l.close(id)
}

// bashChain writes `a | b | c` as ((a | b) | c).
func bashChain(op string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		var parts []int32
		for c := l.first(r); c >= 0; c = l.next(r, c) {
			if l.code(c) {
				parts = append(parts, c)
			}
		}
		var open []ID
		for i := len(parts) - 1; i > 0; i-- {
			id := l.open(Binary, slot, r)
			l.nodes[id].Value, l.nodes[id].End = op, l.recs[parts[i]].end
			open = append(open, id)
			slot = SlotLeft
		}
		for i, c := range parts {
			if i == 0 {
				l.lower(c, slot)
				continue
			}
			l.lower(c, SlotRight)
			l.close(open[len(open)-i])
		}
	}
}

func bashString(l *lowerer, r int32, slot Slot) {
	if n := l.count(r); n == 0 || n == 1 && l.is(l.child(r, 0), "string_content") {
		text := l.text(r)
		l.leaf(Str, slot, r, strings.Trim(text, `"`))
		return
	}
	id := l.open(Template, slot, r)
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, "string_content") {
			l.leaf(Str, Item, c, l.text(c))
		} else if l.code(c) {
			l.lower(c, Item)
		}
	}
	l.close(id)
}

// bashExpansion writes $x and ${x}.
func bashExpansion(l *lowerer, r int32, slot Slot) {
	if l.count(r) != 1 {
		lowerOther(l, r, slot)
		return
	}
	l.unary(r, slot, l.child(r, 0), "$x")
}

func bashNested(op string) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(Unary, slot, r)
		l.nodes[id].Value = op
		b := l.open(Block, SlotOperand, r)
		l.children(r, Item)
		l.close(b)
		l.close(id)
	}
}
