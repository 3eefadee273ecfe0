package language

import (
	"bytes"
	"strings"

	grammarbash "github.com/tree-sitter/tree-sitter-bash/bindings/go"
)

func bash(g *grammar) *Spec {
	s := &Spec{
		Name:       "bash",
		Aliases:    []string{"sh"},
		Extensions: []string{".sh", ".bash"},
		Metavar:    "mv__", // a dollar begins a variable
		Wrappers:   []Wrapper{{}},
		grammar:    func(string) *grammar { return g },
		patterns:   func() *grammar { return g },
	}
	s.own = s.parseBash
	return s
}

// parseBash reads a script. The grammar takes the line after a pipeline of three commands for a part of its last one at times: such lines are
// told apart and the script is read again.
func (s *Spec) parseBash(g *grammar, src []byte) (*Tree, error) {
	t, err := s.parse(g, src, src)
	var masked []byte
	for range 3 { // a command that was hidden may hide another one
		if err != nil {
			return nil, err
		}
		ends := runOn(t)
		if len(ends) == 0 {
			break
		}
		if masked == nil {
			masked = bytes.Clone(src)
		}
		for _, end := range ends {
			masked[end] = ';'
		}
		again, failed := s.parse(g, src, masked)
		if failed != nil || len(again.Errors) > len(t.Errors) {
			return t, nil //nolint:nilerr // the first reading stands
		}
		t = again
	}
	return t, nil
}

// runOn gives where the words of a command end that go on in the next line without a backslash.
func runOn(t *Tree) []uint32 {
	var ends []uint32
	for id := range t.Nodes {
		if t.Nodes[id].Kind != Args {
			continue
		}
		last := None
		for c := range t.Children(ID(id)) {
			if last != None && t.Nodes[last].End < t.Nodes[c].Start {
				between := t.Source[t.Nodes[last].End:t.Nodes[c].Start]
				if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(between, "\r", ""), "\\\n", ""), "\n") && strings.IndexByte(" \t\n", between[0]) >= 0 {
					ends = append(ends, t.Nodes[last].End)
				}
			}
			last = c
		}
	}
	return ends
}

func bashGrammar() *grammar { return newGrammar(grammarbash.Language(), bashRules()) }

// pipe is the operator of pipelines. It has a name of its own because | puts bits together elsewhere.
const pipe = "pipe"

// joined is the value of a word that is put together without quotes: a"b"$c.
const joined = "word"

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
		"string": bashString,
		"concatenation": func(l *lowerer, r int32, slot Slot) {
			id := l.open(Template, slot, r)
			l.nodes[id].Value = joined
			l.children(r, Item)
			l.close(id)
		},
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

// bashCommand writes the assignments in front of a command as resources: they hold for it only. Words without white space between them are one.
func bashCommand(l *lowerer, r int32, slot Slot) {
	id := l.open(Call, slot, r)
	var words []int32
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		switch {
		case !l.code(c):
		case l.is(c, "variable_assignment"):
			a := l.open(KeyArg, SlotResource, c)
			l.lower(l.field(c, fName), SlotName)
			l.lower(l.field(c, fValue), SlotOperand)
			l.close(a)
		default:
			words = append(words, c)
		}
	}
	args := l.open(Args, SlotArgs, r)
	for i := 0; i < len(words); {
		end := i + 1
		for end < len(words) && l.recs[words[end]].start == l.recs[words[end-1]].end {
			end++
		}
		if end == i+1 {
			l.lower(words[i], Item)
		} else {
			t := l.open(Template, Item, words[i])
			l.nodes[t].Value = joined
			l.nodes[t].End = l.recs[words[end-1]].end
			for _, c := range words[i:end] {
				if l.is(c, "concatenation") {
					l.children(c, Item)
				} else {
					l.lower(c, Item)
				}
			}
			l.close(t)
		}
		i = end
	}
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

// bashExpansion writes $x and ${x}. What is done to the value of x, as in ${x%.bar}, is of no matter to a pattern that does not say it.
func bashExpansion(l *lowerer, r int32, slot Slot) {
	name := l.child(r, 0)
	if l.count(r) == 0 || l.count(r) > 1 && !l.is(name, "variable_name") || strings.HasPrefix(l.text(r), "${#") || strings.HasPrefix(l.text(r), "${!") {
		lowerOther(l, r, slot)
		return
	}
	id := l.open(Unary, slot, r)
	l.nodes[id].Value = "$x"
	l.lower(name, SlotOperand)
	for c := l.next(r, name); c >= 0; c = l.next(r, c) {
		if l.code(c) {
			l.lower(c, SlotResource)
		}
	}
	l.close(id)
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
