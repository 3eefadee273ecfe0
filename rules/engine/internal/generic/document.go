package generic

import (
	"strings"
	"unicode/utf8"
)

// A token is a word, a character, or in a pattern a metavariable or an ellipsis.
type token struct {
	kind       kind
	start, end int
	line       int
	indent     int // of its line, if it is the first of it; else -1
	pair       int // index of the bracket that this one pairs with; -1: none
}

// A document is a text with its blocks.
type document struct {
	tokens []token
	// indentEnd tells, for a token that begins an indented block, where the block ends; 0 for all others.
	indentEnd []int
	// inner tells, for each token, where the innermost block ends that it stands in. A bracket stands around its block.
	inner []int
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// metavariable returns the length of a metavariable's name at the start of s, behind the dollar, or 0.
func metavariable(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= 'A' && s[n] <= 'Z' || n > 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	if n < len(s) && isWord(s[n]) {
		return 0
	}
	return n
}

// scan reads a text, or a pattern with its ellipses and metavariables.
func scan(s string, pattern bool, o Options) []token {
	out := make([]token, 0, len(s)/4+4)
	line, first, indent := 0, true, 0
	add := func(k kind, start, end int) {
		t := token{kind: k, start: start, end: end, line: line, indent: -1, pair: -1}
		if first {
			t.indent, first = indent, false
		}
		out = append(out, t)
	}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\n':
			line, first, indent = line+1, true, 0
			i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			if first {
				indent++
			}
			i++
		case comment(s[i:], o) > 0:
			n := comment(s[i:], o)
			line += strings.Count(s[i:i+n], "\n")
			i += n
		case isWord(c):
			j := i + 1
			for j < len(s) && isWord(s[j]) {
				j++
			}
			add(atom, i, j)
			i = j
		case pattern && strings.HasPrefix(s[i:], "..."):
			add(dots, i, i+3)
			i += 3
		case pattern && strings.HasPrefix(s[i:], "$...") && metavariable(s[i+4:]) > 0:
			n := 4 + metavariable(s[i+4:])
			add(dots, i, i+n)
			i += n
		case pattern && c == '$' && metavariable(s[i+1:]) > 0:
			n := 1 + metavariable(s[i+1:])
			add(metavar, i, i+n)
			i += n
		default:
			_, n := utf8.DecodeRuneInString(s[i:])
			add(atom, i, i+n)
			i += n
		}
	}
	pairs(s, out)
	return out
}

// comment returns the length of a comment at the start of s, or 0.
func comment(s string, o Options) int {
	open, closing := "", "\n"
	switch o.Comments {
	case "shell":
		open = "#"
	case "c":
		open, closing = "/*", "*/"
	case "cpp":
		if open = "//"; strings.HasPrefix(s, "/*") {
			open, closing = "/*", "*/"
		}
	}
	if open == "" || !strings.HasPrefix(s, open) {
		return 0
	}
	end := strings.Index(s[len(open):], closing)
	switch {
	case end < 0:
		return len(s)
	case closing == "\n":
		return len(open) + end
	}
	return len(open) + end + len(closing)
}

// pairs finds the brackets that belong together. One that has no partner is a character like others.
func pairs(s string, tokens []token) {
	var open []int
	for i := range tokens {
		if tokens[i].kind != atom {
			continue
		}
		switch c := s[tokens[i].start]; c {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			for k := len(open) - 1; k >= 0 && k >= len(open)-64; k-- {
				if o := s[tokens[open[k]].start]; o == '(' && c == ')' || o == '[' && c == ']' || o == '{' && c == '}' {
					tokens[i].pair, tokens[open[k]].pair = open[k], i
					open = open[:k]
					break
				}
			}
		}
	}
}

// structure finds the blocks.
func structure(tokens []token) *document {
	d := &document{tokens: tokens, indentEnd: make([]int, len(tokens)), inner: make([]int, len(tokens))}
	type block struct {
		number, start, indent int
		bracket               bool
	}
	stack := []block{{}}
	ends := []int{0} // by number of block
	push := func(start, indent int, bracket bool) {
		stack = append(stack, block{len(ends), start, indent, bracket})
		ends = append(ends, 0)
	}
	pop := func(at int) {
		top := stack[len(stack)-1]
		ends[top.number] = at
		if !top.bracket && len(stack) > 1 {
			d.indentEnd[top.start] = at
		}
		stack = stack[:len(stack)-1]
	}
	owner := make([]int, len(tokens)) // the number of the block that a token stands in
	current := 0                      // indentation of the line
	for i := range tokens {
		t := &tokens[i]
		closes := t.pair >= 0 && t.pair < i
		if t.indent >= 0 {
			for top := stack[len(stack)-1]; !top.bracket && t.indent < top.indent; top = stack[len(stack)-1] {
				pop(i)
			}
			if !closes && t.indent > stack[len(stack)-1].indent && t.indent > current {
				push(i, t.indent, false)
			}
			current = t.indent
		}
		if closes {
			for !stack[len(stack)-1].bracket {
				pop(i) // so do the indented blocks in it
			}
			pop(i)
		}
		owner[i] = stack[len(stack)-1].number
		if t.pair > i {
			push(i, current, true)
		}
	}
	for len(stack) > 0 {
		pop(len(tokens))
	}
	for i := range tokens {
		d.inner[i] = ends[owner[i]]
	}
	return d
}
