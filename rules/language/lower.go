package language

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A lowerFunc writes what the node at record r means as a child of the current node, in the given slot. It may write no node (a
// pass-through that had nothing in it), one, or several (the declarators of one declaration).
type lowerFunc func(l *lowerer, r int32, slot Slot)

// A lowerer walks the records of one file once and writes the normalised tree. Recursion follows the grammar's nesting, which the
// parse has bounded by MaxDepth.
type lowerer struct {
	g      *grammar
	recs   []record
	src    string
	nodes  []Node
	parent ID
	limit  int
	full   bool // more nodes than the limit: a declaration of many names repeats its type for each

	held       int32           // the operand that C#'s a?.b binds
	heredocs   map[int32]int32 // Ruby's here documents: beginning -> text; made when first asked for
	instead    map[int32]int32 // Solidity's operands: written in the place of the first is the second, once
	looked     int32           // Solidity: the records up to this one were looked at from outside
	decorators []int32         // those that stand before a member in a class body, until the member takes them
}

// parse reads a file by the code in read, which is src or has its length, with parts blanked that the grammar does not know.
func (s *Spec) parse(g *grammar, src, read []byte) (*Tree, error) {
	t := &Tree{Spec: s, Source: string(src), symbols: g}
	full := false
	err := g.parse(read, func(recs []record) {
		l := &lowerer{g: g, recs: recs, src: t.Source, parent: None, limit: min(MaxNodes, 4*len(recs)+10_000)}
		size := 8 // most named records become a node
		for i := range recs {
			r := &recs[i]
			size += int(r.flags & named)
			switch {
			case r.flags&(broken|missing) != 0, r.start == r.end && r.flags&named != 0 && l.name(int32(i)) == "identifier": // a part of it is missing
				if n := len(t.Errors); n == 0 || r.start >= t.Errors[n-1].End || r.start == r.end && r.start > t.Errors[n-1].Start {
					t.Errors = append(t.Errors, Span{r.start, r.end})
				}
			case r.flags&extra != 0 && l.isComment(int32(i)):
				t.Comments = append(t.Comments, Comment{r.start, r.end})
			}
		}
		l.nodes = make([]Node, 0, size)
		root := l.open(File, Item, 0)
		l.nodes[root].Start, l.nodes[root].End = 0, uint32(len(t.Source))
		if f := l.lowering(0); f != nil {
			f(l, 0, Item)
		} else {
			l.children(0, Item)
		}
		l.close(root)
		t.Nodes, full = l.nodes, l.full
	})
	if full {
		err = fmt.Errorf("the code declares too many names with a long type: %w", ErrLimit)
	}
	if err != nil {
		return nil, err
	}
	t.lines = NewLines(t.Source)
	return t, nil
}

// Reading records.

func (l *lowerer) name(r int32) string { return l.g.name(l.recs[r].symbol) }
func (l *lowerer) text(r int32) string { return l.src[l.recs[r].start:l.recs[r].end] }
func (l *lowerer) named(r int32) bool  { return l.recs[r].flags&named != 0 }

func (l *lowerer) is(r int32, name string) bool {
	return r >= 0 && l.recs[r].flags&named != 0 && l.name(r) == name
}

func (l *lowerer) isComment(r int32) bool {
	switch l.name(r) {
	case "comment", "line_comment", "block_comment", "html_comment", "multiline_comment":
		return true
	}
	return false
}

// next returns the child after c of parent r, or -1.
func (l *lowerer) next(r, c int32) int32 {
	n := l.recs[c].next
	if n >= l.recs[r].next {
		return -1
	}
	return int32(n)
}

// first returns the first child of r, or -1.
func (l *lowerer) first(r int32) int32 {
	if uint32(r)+1 >= l.recs[r].next {
		return -1
	}
	return r + 1
}

// field returns the first child of r that the grammar gives the role f, or -1.
func (l *lowerer) field(r int32, f field) int32 {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.g.fields[l.recs[c].field] == f && l.recs[c].flags&extra == 0 {
			return c
		}
	}
	return -1
}

func (l *lowerer) fieldOf(c int32) field { return l.g.fields[l.recs[c].field] }

// code says whether a child is a named node that is no comment.
func (l *lowerer) code(c int32) bool {
	f := l.recs[c].flags
	return f&named != 0 && (f&extra == 0 || !l.isComment(c))
}

// child returns the i-th named child of r that is no comment, or -1.
func (l *lowerer) child(r int32, i int) int32 {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) {
			if i == 0 {
				return c
			}
			i--
		}
	}
	return -1
}

// kid returns the first named child with the name, or -1.
func (l *lowerer) kid(r int32, name string) int32 {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.is(c, name) {
			return c
		}
	}
	return -1
}

// count returns how many children are code.
func (l *lowerer) count(r int32) int {
	n := 0
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) {
			n++
		}
	}
	return n
}

// has says whether r has the keyword or operator as a direct child.
func (l *lowerer) has(r int32, token string) bool {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.recs[c].flags&named == 0 && l.name(c) == token {
			return true
		}
	}
	return false
}

// Writing nodes.

func (l *lowerer) open(k Kind, slot Slot, r int32) ID {
	rec := &l.recs[r]
	id := ID(len(l.nodes))
	l.full = l.full || len(l.nodes) >= l.limit
	l.nodes = append(l.nodes, Node{Kind: k, Slot: slot, Symbol: rec.symbol, Start: rec.start, End: rec.end, Parent: l.parent})
	l.parent = id
	return id
}

func (l *lowerer) close(id ID) {
	l.nodes[id].Next = ID(len(l.nodes))
	l.parent = l.nodes[id].Parent
}

// span narrows or widens a node to what two records cover.
func (l *lowerer) span(id ID, from, to int32) {
	l.nodes[id].Start, l.nodes[id].End = l.recs[from].start, l.recs[to].end
}

func (l *lowerer) leaf(k Kind, slot Slot, r int32, value string) ID {
	id := l.open(k, slot, r)
	l.nodes[id].Value = value
	l.close(id)
	return id
}

// lower writes one record. A negative record, an absent one, writes nothing.
func (l *lowerer) lower(r int32, slot Slot) {
	if r < 0 || l.full {
		return
	}
	for len(l.instead) > 0 {
		to, ok := l.instead[r]
		if !ok {
			break
		}
		delete(l.instead, r)
		r = to
	}
	if f := l.lowering(r); f != nil {
		f(l, r, slot)
		return
	}
	lowerOther(l, r, slot)
}

// lowering is what the language says of a node, or nil.
func (l *lowerer) lowering(r int32) lowerFunc {
	if s := l.recs[r].symbol; int(s) < len(l.g.lower) {
		return l.g.lower[s]
	}
	return nil
}

// children lowers the named children of r.
func (l *lowerer) children(r int32, slot Slot) {
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		if l.code(c) {
			l.lower(c, slot)
		}
	}
}

// implements writes the interfaces of a class.
func (l *lowerer) implements(list int32) {
	for c := l.first(max(list, 0)); list >= 0 && c >= 0; c = l.next(list, c) {
		if l.code(c) {
			at := len(l.nodes)
			if l.lower(c, SlotBase); at < len(l.nodes) {
				l.nodes[at].Flags |= Implements
			}
		}
	}
}

// one writes a node of kind k whose only children are the named children of r, all in one slot.
func one(k Kind, inner Slot) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(k, slot, r)
		l.children(r, inner)
		l.close(id)
	}
}

// valued is one with a Value.
func valued(k Kind, value string, inner Slot) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) {
		id := l.open(k, slot, r)
		l.nodes[id].Value = value
		l.children(r, inner)
		l.close(id)
	}
}

// word writes a leaf whose Value is the text.
func word(k Kind) lowerFunc {
	return func(l *lowerer, r int32, slot Slot) { l.leaf(k, slot, r, l.text(r)) }
}

// through writes the children of r in its place.
func through(l *lowerer, r int32, slot Slot) { l.children(r, slot) }

// wide writes what the parentheses hold, which then reaches from the one to the other: findings begin and end where Semgrep has them.
func wide(l *lowerer, r int32, slot Slot) {
	at := len(l.nodes)
	paren(l, r, slot)
	if at < len(l.nodes) {
		l.span(ID(at), r, r)
	}
}

// paren writes what the parentheses hold and marks it.
func paren(l *lowerer, r int32, slot Slot) {
	at := len(l.nodes)
	l.children(r, slot)
	if at < len(l.nodes) {
		l.nodes[at].Flags |= Parenthesised
	}
}

// lowerOther keeps a node that has no kind of its own: grammar symbol, keywords and operators, and the named children. A leaf keeps
// its text.
func lowerOther(l *lowerer, r int32, slot Slot) {
	id := l.open(Other, slot, r)
	value, leaf := "", true
	for c := l.first(r); c >= 0; c = l.next(r, c) {
		leaf = false
		if l.recs[c].flags&named != 0 || len(value) > 200 {
			continue
		}
		if t := l.name(c); !strings.Contains("(){}[],;\n\"'`", t) {
			if value == "" {
				value = t
			} else {
				value += " " + t
			}
		}
	}
	if leaf {
		value = l.text(r)
	}
	l.nodes[id].Value = value
	l.children(r, Item)
	l.close(id)
}

// block writes statements: those of a block node, or the single statement that stands where a block may.
func (l *lowerer) block(r int32, slot Slot, blocks ...string) {
	if r < 0 {
		return
	}
	id := l.open(Block, slot, r)
	inside := false
	for _, b := range blocks {
		inside = inside || l.is(r, b)
	}
	if inside {
		l.children(r, Item)
	} else {
		l.lower(r, Item)
	}
	l.close(id)
}

// lambdaBody writes the body of a function that is a block or one expression; the latter becomes a block with one statement and
// the flag Lambda.
func (l *lowerer) lambdaBody(r int32, block string) {
	if r < 0 {
		return
	}
	if l.is(r, block) {
		l.block(r, SlotBody, block)
		return
	}
	id := l.open(Block, SlotBody, r)
	l.nodes[id].Flags |= Lambda
	s := l.open(ExprStmt, Item, r)
	l.lower(r, SlotOperand)
	l.close(s)
	l.close(id)
}

// binary writes the two operands of an operator.
func (l *lowerer) binary(r int32, slot Slot, left, right int32, op string) {
	id := l.open(Binary, slot, r)
	l.nodes[id].Value = op
	l.lower(left, SlotLeft)
	l.lower(right, SlotRight)
	l.close(id)
}

func (l *lowerer) unary(r int32, slot Slot, operand int32, op string) {
	id := l.open(Unary, slot, r)
	l.nodes[id].Value = op
	l.lower(operand, SlotOperand)
	l.close(id)
}

// list writes one child directly and several as a tuple.
func (l *lowerer) list(r int32, slot Slot) {
	if r < 0 {
		return
	}
	if l.count(r) == 1 {
		l.children(r, slot)
		return
	}
	id := l.open(Tuple, slot, r)
	l.children(r, Item)
	l.close(id)
}

// statement writes an expression that stands as a statement. An assignment, which the caller names, is a statement by itself.
func (l *lowerer) statement(r, expr int32, slot Slot, assignments ...string) {
	for _, a := range assignments {
		if l.is(expr, a) {
			l.lower(expr, slot)
			return
		}
	}
	id := l.open(ExprStmt, slot, r)
	l.lower(expr, SlotOperand)
	l.close(id)
}

// operator returns the text of the field "operator".
func (l *lowerer) operator(r int32) string {
	if o := l.field(r, fOperator); o >= 0 {
		return l.g.name(l.recs[o].symbol)
	}
	return ""
}

// squeeze returns text without white space. A long text stays as it is: types nest, and a copy for each level would be quadratic.
func squeeze(s string) string {
	if len(s) > 1000 || !strings.ContainsAny(s, " \t\r\n") {
		return s
	}
	return strings.Join(strings.Fields(s), "")
}

// unescape resolves the escapes that the languages share. An unknown escape keeps its backslash when keep is set (Python) and loses
// it otherwise.
func unescape(s string, keep bool) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for {
		b.WriteString(s[:i])
		s = s[i+1:]
		if s == "" {
			b.WriteByte('\\')
			break
		}
		s = unescapeOne(&b, s, keep)
		if i = strings.IndexByte(s, '\\'); i < 0 {
			b.WriteString(s)
			break
		}
	}
	return b.String()
}

func unescapeOne(b *strings.Builder, s string, keep bool) (rest string) {
	c := s[0]
	if i := strings.IndexByte("abfnrtv", c); i >= 0 {
		b.WriteByte("\a\b\f\n\r\t\v"[i])
		return s[1:]
	}
	switch c {
	case '\n':
		return s[1:]
	case '\r':
		return strings.TrimPrefix(s[1:], "\n")
	case '\\', '\'', '"':
		b.WriteByte(c)
		return s[1:]
	case 'x':
		return codePoint(b, s, 2, keep)
	case 'u':
		if len(s) > 1 && s[1] == '{' {
			if end := strings.IndexByte(s, '}'); end > 0 {
				if v, n := digits(s[2:end], 16, 6); n > 0 && n == end-2 {
					b.WriteRune(rune(v))
					return s[end+1:]
				}
			}
		}
		return codePoint(b, s, 4, keep)
	case 'U':
		return codePoint(b, s, 8, keep)
	}
	if v, n := digits(s, 8, 3); n > 0 {
		b.WriteRune(rune(v))
		return s[n:]
	}
	if keep {
		b.WriteByte('\\')
	}
	_, size := utf8.DecodeRuneInString(s)
	b.WriteString(s[:size])
	return s[size:]
}

func codePoint(b *strings.Builder, s string, want int, keep bool) string {
	if v, n := digits(s[1:], 16, want); n == want {
		b.WriteRune(rune(v))
		return s[1+n:]
	}
	if keep {
		b.WriteByte('\\')
	}
	b.WriteByte(s[0])
	return s[1:]
}

// digits reads at most limit digits of a base and returns the value and how many there were.
func digits(s string, base, limit int) (value uint32, n int) {
	for n < len(s) && n < limit {
		d := strings.IndexByte("0123456789abcdef", s[n]|0x20)
		if s[n] >= '0' && s[n] <= '9' {
			d = int(s[n] - '0')
		}
		if d < 0 || d >= base {
			break
		}
		value = value*uint32(base) + uint32(d)
		n++
	}
	return value, n
}
