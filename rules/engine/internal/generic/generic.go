// Package generic matches patterns on text of any kind, as Semgrep's generic mode does.
//
// A text is read as words (letters, digits and underscores), and single characters for all else; white space only separates. Brackets that
// pair, and lines that are indented more than the line before them, make blocks. A pattern is read the same way, with `...`
// for anything within a few lines, $X for a word and $...X for what `...` would take. A block of the pattern stands for a
// whole block of the text; a match does not leave the innermost block that it begins in.
package generic

import (
	"errors"
	"slices"
	"strings"
)

// ErrBudget says that a pattern was not looked for to the end.
var ErrBudget = errors.New("the pattern takes too many steps on this text")

const (
	maxSteps   = 5_000_000
	maxMatches = 100_000
	maxSpan    = 10   // lines that an ellipsis may go on for
	maxPattern = 2000 // tokens
	maxNesting = 100  // blocks of a pattern
)

// Options change how patterns match. The zero value is Semgrep's default.
type Options struct {
	Span     int    // generic_ellipsis_max_span: lines that an ellipsis may go on for; 0: 10
	SameLine bool   // the span is 0 lines
	Caseless bool   // generic_caseless
	Comments string // generic_comment_style: "", "c", "cpp" or "shell"
}

func (o Options) span() int {
	switch {
	case o.SameLine:
		return 0
	case o.Span > 0:
		return o.Span
	}
	return maxSpan
}

type kind uint8

const (
	atom     kind = iota
	metavar       // $X
	dots          // ... and $...X
	brackets      // a block between brackets
	indented      // a block by indentation
)

type node struct {
	kind kind
	text string // of an atom; name of a metavariable; the opening and the closing bracket
	kids []node
}

// A Pattern is ready to be matched. It is immutable and safe for concurrent use.
type Pattern struct {
	nodes   []node
	options Options
	words   []string
}

// Words are texts that every text with a match holds, in capitals or not if the pattern is caseless.
func (p *Pattern) Words() []string { return p.words }

// A Match is where a pattern fits.
type Match struct {
	Start, End int
	Bindings   []Binding // in order of their first use
}

// A Binding is what a metavariable stands for.
type Binding struct {
	Name       string
	Start, End int
}

// Compile reads a pattern.
func Compile(source string, o Options) (*Pattern, error) {
	tokens := scan(source, true, o)
	if len(tokens) == 0 {
		return nil, errors.New("the pattern is empty")
	}
	if len(tokens) > maxPattern {
		return nil, errors.New("the pattern is too long")
	}
	p := &Pattern{options: o}
	d := structure(tokens)
	var deep bool
	p.nodes = build(d, source, 0, len(tokens), false, 0, &deep)
	if deep {
		return nil, errors.New("the pattern is nested too deeply")
	}
	for i := range tokens {
		if t := &tokens[i]; t.kind == atom && isWord(source[t.start]) {
			p.words = append(p.words, source[t.start:t.end])
		}
	}
	return p, nil
}

// build makes the nodes of a pattern's tokens from..to. Inside of brackets indentation does not count.
func build(d *document, source string, from, to int, inBrackets bool, depth int, deep *bool) []node {
	if depth > maxNesting {
		*deep = true
		return nil
	}
	var out []node
	for i := from; i < to; {
		t := &d.tokens[i]
		switch {
		case !inBrackets && d.indentEnd[i] > 0 && i > from && d.indentEnd[i] <= to:
			end := d.indentEnd[i]
			out = append(out, node{kind: indented, kids: build(d, source, i, end, false, depth+1, deep)})
			i = end
			continue
		case t.pair > i && t.pair < to:
			out = append(out, node{kind: brackets, text: source[t.start:t.end], kids: build(d, source, i+1, t.pair, true, depth+1, deep)})
			i = t.pair + 1
			continue
		case t.kind == dots && len(out) > 0 && out[len(out)-1].kind == dots && out[len(out)-1].text == "" && source[t.start:t.end] == "...":
			i++ // `... ...` is one
			continue
		}
		text := source[t.start:t.end]
		if t.kind == dots && text == "..." {
			text = ""
		}
		out = append(out, node{kind: t.kind, text: text})
		i++
	}
	return out
}

// Find returns where a pattern fits, in order of the starts.
func (p *Pattern) Find(text string) ([]Match, error) {
	if !p.options.Caseless {
		for _, w := range p.words {
			if !strings.Contains(text, w) {
				return nil, nil
			}
		}
	}
	m := &matcher{p: p, text: text, doc: structure(scan(text, false, p.options)), span: p.options.span()}
	last := p.nodes[len(p.nodes)-1].kind == dots
	ends := map[int]int{} // end -> index of its match
	var out []Match
	skip := 0 // a leading ellipsis takes what later starts would take again
	for i := range m.doc.tokens {
		if i < skip {
			continue
		}
		m.line = m.doc.tokens[i].line
		end, bindings := -1, []Binding(nil)
		m.match(p.nodes, i, m.doc.inner[i], nil, func(at int, b []Binding) bool {
			end, bindings = at, b
			return true
		})
		if m.steps > maxSteps || len(out) > maxMatches {
			return nil, ErrBudget
		}
		if end <= i {
			continue
		}
		found := Match{m.doc.tokens[i].start, m.doc.tokens[end-1].end, bindings}
		switch at, known := ends[end]; {
		case known && last:
			continue // of those that end at the same place, the first: it holds the others
		case known:
			out[at].End = -1 // the shortest
		}
		ends[end] = len(out)
		out = append(out, found)
		if p.nodes[0].kind == dots {
			skip = end
		}
	}
	return slices.DeleteFunc(out, func(m Match) bool { return m.End < 0 }), nil
}

type matcher struct {
	p     *Pattern
	text  string
	doc   *document
	span  int
	line  int // of the last token that was matched
	steps int
}

func (m *matcher) get(b []Binding, name string) (Binding, bool) {
	for _, x := range b {
		if x.Name == name {
			return x, true
		}
	}
	return Binding{}, false
}

func (m *matcher) bind(b []Binding, name string, from, to int, space bool) ([]Binding, bool) {
	if name == "" || name == "$_" {
		return b, true
	}
	start, end := 0, 0
	if from < to {
		start, end = m.doc.tokens[from].start, m.doc.tokens[to-1].end
		if space && from > 0 {
			start = m.doc.tokens[from-1].end // with the white space before it
		}
	}
	if old, ok := m.get(b, name); ok {
		return b, m.equal(m.text[old.Start:old.End], m.text[start:end])
	}
	return append(b[:len(b):len(b)], Binding{name, start, end}), true
}

func (m *matcher) equal(a, b string) bool {
	return a == b || m.p.options.Caseless && strings.EqualFold(a, b)
}

// match fits nodes to the tokens from at on, below limit. done is told where it ended and says whether that will do.
func (m *matcher) match(nodes []node, at, limit int, b []Binding, done func(int, []Binding) bool) bool {
	if m.steps++; m.steps > maxSteps {
		return true
	}
	if len(nodes) == 0 {
		return done(at, b)
	}
	n, rest := &nodes[0], nodes[1:]
	if n.kind == dots {
		return m.ellipsis(n, rest, at, limit, b, done)
	}
	if at >= limit {
		return false
	}
	t := &m.doc.tokens[at]
	line := m.line
	defer func() { m.line = line }()
	m.line = t.line
	text := m.text[t.start:t.end]
	switch n.kind {
	case dots: // above
	case atom:
		return m.equal(text, n.text) && m.match(rest, at+1, limit, b, done)
	case metavar:
		if !isWord(text[0]) {
			return false
		}
		b, ok := m.bind(b, n.text, at, at+1, false)
		return ok && m.match(rest, at+1, limit, b, done)
	case brackets:
		if text != n.text || t.pair <= at || t.pair >= limit {
			return false
		}
		return m.match(n.kids, at+1, t.pair, b, func(end int, b []Binding) bool {
			if end != t.pair {
				return false
			}
			line := m.line
			defer func() { m.line = line }()
			m.line = m.doc.tokens[end].line
			return m.match(rest, end+1, limit, b, done)
		})
	case indented:
		to := m.doc.indentEnd[at]
		if to == 0 || to > limit {
			return false
		}
		return m.match(n.kids, at, to, b, func(end int, b []Binding) bool { return end == to && m.match(rest, end, limit, b, done) })
	}
	return false
}

// ellipsis takes as little as it can, at the end of a pattern as much.
func (m *matcher) ellipsis(n *node, rest []node, at, limit int, b []Binding, done func(int, []Binding) bool) bool {
	to := at
	for to < limit && m.doc.tokens[to].line <= m.line+m.span {
		if len(rest) > 0 {
			if b, ok := m.bind(b, n.text, at, to, true); ok && m.match(rest, to, limit, b, done) {
				return true
			}
			if m.steps++; m.steps > maxSteps {
				return true
			}
		}
		to++
	}
	if len(rest) > 0 && to < limit {
		return false // too far
	}
	b, ok := m.bind(b, n.text, at, to, true)
	return ok && m.match(rest, to, limit, b, done)
}
