package compare

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Parse reads an expression. Its error is an *Error.
func Parse(source string) (*Expr, error) {
	if len(source) > maxLength {
		return nil, &Error{1, "the expression is too long"}
	}
	p := &parser{source: source}
	p.next()
	root := p.binary(0)
	if p.err == nil && p.token != "" {
		p.fail("there is more than one expression: %q is left over", p.token)
	}
	if p.err != nil {
		return nil, p.err
	}
	return &Expr{root: root, vars: p.vars}, nil
}

type parser struct {
	source string
	at     int // behind the token
	start  int // of the token
	token  string
	depth  int
	vars   []string
	err    *Error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		message := format
		for _, a := range args {
			message = strings.Replace(message, "%q", strconv.Quote(a.(string)), 1)
		}
		p.err = &Error{p.start + 1, message}
	}
	p.token = ""
}

var tokens = regexp.MustCompile(`^(?:\$(?:\.\.\.)?[A-Z_][A-Z_0-9]*|\$[0-9]+|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+|` +
	`[rR]?"(?:[^"\\\n]|\\.)*"|[rR]?'(?:[^'\\\n]|\\.)*'|[A-Za-z_][A-Za-z_0-9.]*|\*\*|//|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>&|^~()\[\],!])`)

// next reads a token; "" is the end.
func (p *parser) next() {
	for p.at < len(p.source) && strings.IndexByte(" \t\r\n", p.source[p.at]) >= 0 {
		p.at++
	}
	p.start = p.at
	if p.at >= len(p.source) || p.err != nil {
		p.token = ""
		return
	}
	p.token = tokens.FindString(p.source[p.at:])
	if p.token == "" {
		p.fail("this cannot be read")
		return
	}
	p.at += len(p.token)
}

// levels are the operators, those that bind least first.
var levels = [][]string{
	{"or", "||"}, {"and", "&&"}, {"not"}, {"==", "!=", "<", "<=", ">", ">=", "in", "not in"}, {"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "//", "%"},
}

const notLevel, compareLevel = 2, 3

// binary reads operators of a level and those that bind more.
func (p *parser) binary(level int) *node {
	if level == len(levels) {
		return p.unary()
	}
	if level == notLevel {
		if p.token != "not" && p.token != "!" {
			return p.binary(level + 1)
		}
		if p.deeper(); p.err != nil {
			return &node{}
		}
		p.next()
		n := &node{op: "not", kids: []*node{p.binary(level)}}
		p.depth--
		return n
	}
	left := p.binary(level + 1)
	for p.err == nil {
		op := p.token
		if op == "not" && level == compareLevel { // not in
			keep, start := p.at, p.start
			if p.next(); p.token == "in" {
				op = "not in"
			} else {
				p.at, p.start, p.token = keep, start, "not"
			}
		}
		if !slices.Contains(levels[level], op) {
			break
		}
		p.next()
		switch op {
		case "&&":
			op = "and"
		case "||":
			op = "or"
		}
		if p.deeper(); p.err != nil {
			break
		}
		left = &node{op: op, kids: []*node{left, p.binary(level + 1)}}
	}
	return left
}

// deeper counts what may be nested; a chain of operators nests its left sides.
func (p *parser) deeper() {
	if p.depth++; p.depth > maxDepth {
		p.fail("the expression is too deep")
	}
}

func (p *parser) unary() *node {
	switch p.token {
	case "-", "+", "~":
		op := "u" + p.token
		if p.deeper(); p.err != nil {
			return &node{}
		}
		p.next()
		n := &node{op: op, kids: []*node{p.unary()}}
		p.depth--
		return n
	}
	n := p.primary()
	if p.token == "**" {
		p.next()
		if p.deeper(); p.err != nil {
			return n
		}
		n = &node{op: "**", kids: []*node{n, p.unary()}}
		p.depth--
	}
	return n
}

func (p *parser) primary() *node {
	if p.deeper(); p.err != nil {
		return &node{}
	}
	defer func() { p.depth-- }()
	switch t := p.token; {
	case t == "":
		p.fail("the expression ends too early")
	case t[0] == '$':
		if !slices.Contains(p.vars, t) {
			p.vars = append(p.vars, t)
		}
		p.next()
		return &node{op: "$", name: t}
	case t == "(":
		p.next()
		n := p.binary(0)
		p.expect(")")
		return n
	case t == "[":
		p.next()
		return &node{op: "[", kids: p.list("]")}
	case t[0] >= '0' && t[0] <= '9' || t[0] == '.':
		p.next()
		return p.number(t)
	case strings.ContainsAny(t[:1], `"'`) || len(t) > 1 && strings.ContainsAny(t[1:2], `"'`):
		p.next()
		return &node{value: Value{Kind: String, Text: unquote(t)}}
	case t == "True" || t == "true":
		p.next()
		return &node{value: truth(true)}
	case t == "False" || t == "false":
		p.next()
		return &node{value: truth(false)}
	case t == "int" || t == "str" || t == "re.match":
		return p.call(t)
	default:
		p.fail("%q cannot be used: expressions know numbers, strings, lists, metavariables, int(), str() and re.match()", t)
	}
	return &node{}
}

func (p *parser) expect(t string) {
	if p.err == nil && p.token != t {
		p.fail("here %q is missing", t)
		return
	}
	p.next()
}

func (p *parser) list(closing string) []*node {
	var out []*node
	for p.err == nil && p.token != closing {
		out = append(out, p.binary(0))
		if p.token != "," {
			break
		}
		p.next()
	}
	p.expect(closing)
	return out
}

func (p *parser) call(name string) *node {
	p.next()
	if p.token != "(" {
		p.fail("here %q is missing", "(")
		return &node{}
	}
	p.next()
	n := &node{op: name, kids: p.list(")")}
	want := 1
	if name == "re.match" {
		want = 2
	}
	if p.err == nil && len(n.kids) != want {
		p.fail("%q has another number of arguments", name)
		return &node{}
	}
	if name == "re.match" && p.err == nil {
		re, err := regexp.Compile(`\A(?:` + n.kids[0].value.Text + `)`)
		if n.kids[0].value.Kind != String || err != nil {
			p.fail("re.match needs a regular expression as a string, without looking around or back")
			return &node{}
		}
		n.regex = re
	}
	return n
}

func (p *parser) number(t string) *node {
	clean := strings.ReplaceAll(t, "_", "")
	if i, err := strconv.ParseInt(clean, 0, 64); err == nil {
		return &node{value: Value{Kind: Int, Int: i}}
	}
	if f, err := strconv.ParseFloat(clean, 64); err == nil {
		return &node{value: Value{Kind: Float, Float: f}}
	}
	p.fail("%q is no number that can be used", t)
	return &node{}
}

// unquote takes the quotes off a string and resolves the escapes that regular expressions do not have.
func unquote(t string) string {
	raw := t[0] == 'r' || t[0] == 'R'
	if raw {
		t = t[1:]
	}
	s := t[1 : len(t)-1]
	if raw {
		return s
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`, `\n`, "\n", `\t`, "\t").Replace(s)
}
