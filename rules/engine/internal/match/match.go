// Package match finds a pattern in a file's tree: unification of the two normalised trees, with metavariables.
//
// The matcher walks the pattern, never the file: its recursion is as deep as the pattern (which pattern.Compile bounds), and lists,
// nested expressions and nested statements of the file are loops. What a choice leads to is a continuation, so that every way to
// match is found. Each comparison costs a step of the Budget; a pattern that runs out of steps is an error, never a silence.
package match

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/consts"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// ErrBudget is what an error of Find wraps: the pattern was not looked for to the end.
var ErrBudget = errors.New("the pattern takes too many steps on this file")

// DefaultSteps is enough for patterns that people write on files that people write, and is spent in about a second.
const DefaultSteps = 5_000_000

// textPerStep is how many bytes of what is bound a condition reads for one step.
const textPerStep = 64

// maxMatches is the most matches of one pattern in one file.
const maxMatches = 100_000

// A Budget bounds the work of one file and keeps what has been worked out about its tree between the patterns. It belongs to one
// goroutine. Use one per file.
type Budget struct {
	Steps int // for each pattern; 0: DefaultSteps
	// Accept refuses bindings that the caller would discard later, so that the search goes no further with them. Nil: none. It may be
	// set anew before each Find.
	Accept func(name string, bound Bound) bool
	// Options hold for the next Find.
	Options Options

	tree *language.Tree
	file *file
}

// Options change what a pattern matches. The zero value is Semgrep's default.
type Options struct {
	NoConstants bool // constants are not what they stand for
	Symbolic    bool // a variable also is the expression that it was given
	NoDeepExpr  bool // `f();` finds no `x = f();`
	NoVardef    bool // `x = 1` finds no declaration

	NoAC            bool // operators in a row are matched as they are grouped
	CommutativeBool bool // && and || take their operands in any order
	SymmetricEq     bool // so do == and !=
}

// A Match is one way that the pattern fits.
type Match struct {
	Start, End uint32      // bytes of the source
	Node       language.ID // the matched node; the first one for a run of statements
	Bindings   Bindings
}

// Bindings are what the metavariables stand for, sorted by name. They are never changed once made.
type Bindings []Binding

// A Binding is a metavariable, "$X" or "$...X", and what it stands for.
type Binding struct {
	Name string
	Bound
}

// Bound is the code that a metavariable stands for.
type Bound struct {
	Start, End uint32
	Node       language.ID // None: a part of a string, or several nodes
	Text       string
}

// Get returns what a metavariable stands for.
func (b Bindings) Get(name string) (Bound, bool) {
	for i := range b {
		if b[i].Name == name {
			return b[i].Bound, true
		}
	}
	return Bound{}, false
}

func (b Bindings) with(name string, bound Bound) Bindings {
	i, _ := slices.BinarySearchFunc(b, name, func(e Binding, name string) int { return cmp.Compare(e.Name, name) })
	out := make(Bindings, 0, len(b)+1)
	out = append(out, b[:i]...)
	out = append(out, Binding{name, bound})
	return append(out, b[i:]...)
}

// Find returns where the pattern fits in the tree, in the order of their starts, the longer first. Matches with the same range and the same
// bindings are given once. The error wraps ErrBudget.
func Find(p *pattern.Pattern, t *language.Tree, b *Budget) ([]Match, error) {
	m := newMatcher(p, t, b)
	m.run()
	return m.matches()
}

// FindAt is Find at one node, also where an expression is not looked for: a name that is declared, a type.
func FindAt(p *pattern.Pattern, t *language.Tree, b *Budget, id language.ID) ([]Match, error) {
	m := newMatcher(p, t, b)
	n := &t.Nodes[id]
	if root := p.Roots[0]; len(p.Roots) == 1 && root.Kind == language.Ellipsis {
		m.emit(id, n.Start, n.End, nil)
	} else if !p.Sequence {
		m.node(p.Roots[0], id, nil, func(b Bindings) { m.emit(id, n.Start, n.End, b) })
	}
	return m.matches()
}

func newMatcher(p *pattern.Pattern, t *language.Tree, b *Budget) *matcher {
	m := &matcher{file: b.of(t), t: t, p: p, steps: b.Steps, accept: b.Accept, options: b.Options}
	if m.steps <= 0 {
		m.steps = DefaultSteps
	}
	return m
}

// matches gives what was found.
func (m *matcher) matches() ([]Match, error) {
	if m.over {
		return nil, fmt.Errorf("find %q: %w", short(m.p.String()), ErrBudget)
	}
	slices.SortStableFunc(m.found, func(a, b Match) int {
		if c := cmp.Compare(a.Start, b.Start); c != 0 {
			return c
		}
		if c := cmp.Compare(b.End, a.End); c != 0 {
			return c
		}
		return compareBindings(a.Bindings, b.Bindings)
	})
	return slices.CompactFunc(m.found, func(a, b Match) bool {
		return a.Start == b.Start && a.End == b.End && compareBindings(a.Bindings, b.Bindings) == 0
	}), nil
}

func (b *Budget) of(t *language.Tree) *file {
	if b.tree != t {
		b.tree, b.file = t, newFile(t)
	}
	return b.file
}

func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "..."
	}
	return s
}

func compareBindings(a, b Bindings) int {
	return slices.CompareFunc(a, b, func(x, y Binding) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End))
	})
}

type matcher struct {
	*file
	t     *language.Tree
	p     *pattern.Pattern
	steps int
	over  bool
	found []Match

	accept  func(name string, bound Bound) bool
	options Options
	root    language.ID // that the pattern is tried at
	start   language.ID // the statement that a run of them is tried from
	begun   next        // begin, made once
	tagged  language.ID // the template that is the argument of its tag
}

// constant returns the constant that an expression stands for, as far as the options let it.
func (m *matcher) constant(id language.ID) (consts.Value, bool) {
	if m.options.NoConstants && !literal(m.t.Nodes[id].Kind) {
		return consts.Value{}, false
	}
	return m.file.constant(id)
}

// next is a continuation: what is left to match once a part has matched.
type next func(Bindings)

// step spends one step and says whether there was one.
func (m *matcher) step() bool {
	if m.steps <= 0 {
		m.over = true
		return false
	}
	m.steps--
	return true
}

func (m *matcher) emit(id language.ID, start, end uint32, b Bindings) {
	if len(m.found) >= maxMatches {
		m.over = true
		m.steps = 0
		return
	}
	m.found = append(m.found, Match{Start: start, End: end, Node: id, Bindings: b})
}

// run tries the pattern at every place where it could begin.
func (m *matcher) run() {
	if m.p.Sequence {
		m.sequences()
		return
	}
	root := m.p.Roots[0]
	for _, kind := range rootKinds(root) {
		m.roots(root, m.ids(kind))
	}
	switch root.Kind {
	case language.Call:
		m.roots(root, m.calls)
	case language.Return:
		m.roots(root, m.returns)
	}
}

func (m *matcher) roots(root *pattern.Node, ids []language.ID) {
	found := func(b Bindings) {
		n := &m.t.Nodes[m.root]
		end := n.End
		if m.p.Header {
			end = m.header(m.root)
		}
		m.emit(m.root, n.Start, end, b)
	}
	for _, id := range ids {
		if m.over {
			return
		}
		if !m.may(root, id) || !m.rootAllowed(root, id) {
			continue
		}
		m.root, m.tagged = id, language.None
		m.node(root, id, nil, found)
	}
}

// header is where the head of a statement or declaration ends; that of a try is its first block.
func (m *matcher) header(id language.ID) uint32 {
	n := &m.t.Nodes[id]
	if n.Kind == language.Try {
		if body := m.t.Child(id, language.SlotBody); body != language.None && m.t.Spec.Name == "java" {
			return m.t.Nodes[body].End
		}
		return n.End
	}
	for c := range m.t.Children(id) {
		if k := &m.t.Nodes[c]; k.Slot == language.SlotBody || k.Slot == language.SlotThen {
			return n.Start + uint32(len(strings.TrimRight(m.t.Source[n.Start:max(n.Start, k.Start)], " \t\r\n")))
		}
	}
	return n.End
}

// expressions are the kinds that a lone metavariable finds.
var expressions = []language.Kind{
	language.Name, language.Dot, language.Index, language.Call, language.Binary, language.Unary, language.Ternary, language.Cast,
	language.Str, language.Template, language.Num, language.Bool, language.Null, language.Regex, language.List, language.Tuple,
	language.Dict, language.Func, language.Assign, language.Defer, language.Element, language.Other,
}

// rootKinds are the kinds of nodes at which a pattern can match.
func rootKinds(p *pattern.Node) []language.Kind {
	switch p.Kind {
	case language.Metavar, language.TypedMetavar, language.DeepEllipsis, language.Ellipsis:
		return expressions
	case language.Dot, language.Name:
		if name := p.Child(language.SlotName); name != nil && name.IsEllipsis() {
			return []language.Kind{language.Dot, language.Name, language.Call} // f(). ...
		}
		return []language.Kind{language.Dot, language.Name}
	case language.Assign:
		return []language.Kind{language.Assign, language.Import, language.ImportFrom}
	case language.Import, language.ImportFrom:
		return []language.Kind{language.Import, language.ImportFrom}
	case language.Str, language.Num, language.Bool, language.Null:
		if p.Interpolated {
			return []language.Kind{language.Str, language.Template}
		}
		return []language.Kind{p.Kind, language.Name, language.Dot, language.Binary, language.Unary, language.Ternary, language.Template}
	case language.List, language.Dict:
		if p.Child(language.SlotType) != nil {
			return []language.Kind{language.List, language.Dict, language.Other, language.Call} // Go's new(T)
		}
		return []language.Kind{language.List, language.Dict, language.Other}
	case language.For:
		return []language.Kind{language.For, language.ForEach}
	case language.Tuple:
		return []language.Kind{language.Tuple, language.Pair} // (a, b) is a: b in a dictionary of Python
	}
	return []language.Kind{p.Kind}
}

// rootAllowed refuses names that are no expressions: the b of a.b, keys, the names of declarations; and the declarations in the head of
// a loop, which are no statements.
func (m *matcher) rootAllowed(p *pattern.Node, id language.ID) bool {
	n := &m.t.Nodes[id]
	switch n.Kind {
	case language.Func:
		return p.Kind == language.Func || !m.statementish(id) && m.t.Nodes[n.Parent].Kind != language.Dict // a declaration is no expression
	case language.Block:
		return (p.Slot == language.Item || p.Slot == n.Slot) && (p.Flags^n.Flags)&language.Static == 0 // finally {...}, static {...}
	case language.Tuple:
		return n.Slot != language.SlotTarget || m.t.Nodes[n.Parent].Kind != language.ForEach
	case language.Import:
		return p.Flags&^n.Flags&language.Static == 0
	}
	if n.Kind == language.Assign {
		return n.Slot != language.SlotInit || n.Flags&language.Declares == 0 || m.t.Nodes[n.Parent].Kind != language.For || m.t.Spec.Name == "go"
	}
	if n.Kind != language.Name && n.Kind != language.Str && n.Kind != language.Other {
		return true
	}
	switch n.Slot {
	case language.SlotName:
		// The name of a declared parameter or function is found by the pattern that is just that name, as in Semgrep.
		switch m.t.Nodes[n.Parent].Kind {
		case language.KeyArg, language.Dot, language.ImportName, language.Func, language.Class:
			return false
		}
		return p.Kind == language.Name && !m.t.Spec.KeyArgs
	case language.SlotModule, language.SlotAlias:
		return false
	case language.SlotKey, language.SlotType, language.SlotReturns, language.SlotBase:
		return p.Kind != language.Metavar && p.Kind != language.TypedMetavar && p.Kind != language.DeepEllipsis
	}
	if n.Kind == language.Name && m.t.Nodes[n.Parent].Kind == language.Other && m.t.Type(n.Parent) == "package_clause" {
		return p.Kind == language.Name
	}
	if n.Kind == language.Other && m.statementish(id) {
		return p.Kind == language.Other
	}
	return true
}

// statementish says whether a node stands in a list of statements.
func (m *matcher) statementish(id language.ID) bool {
	n := &m.t.Nodes[id]
	if n.Slot != language.Item || n.Parent == language.None {
		return false
	}
	k := m.t.Nodes[n.Parent].Kind
	return k == language.Block || k == language.File
}

// bind binds a metavariable to a node, or checks that the code is the same as that bound before.
func (m *matcher) bind(name string, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	m.bindTo(name, Bound{Start: n.Start, End: n.End, Node: id, Text: m.t.Source[n.Start:n.End]}, b, k)
}

func (m *matcher) bindTo(name string, bound Bound, b Bindings, k next) {
	if name == "$_" || name == "$..._" {
		k(b)
		return
	}
	if old, ok := b.Get(name); ok {
		// The comparison goes through one of the two at most.
		if old.Node != language.None {
			m.steps -= int(m.t.Nodes[old.Node].Next - old.Node)
		}
		if m.step() && m.same(old, bound) {
			k(b)
		}
		return
	}
	if m.accept != nil {
		if m.steps -= len(bound.Text) / textPerStep; !m.step() || !m.accept(name, bound) {
			return
		}
	}
	k(b.with(name, bound))
}

// Same says whether two pieces of a tree are equal but for white space and comments: the same names stand for the same variables, and
// a constant is equal to what it stands for.
func (b *Budget) Same(t *language.Tree, x, y Bound) bool {
	return b.of(t).same(x, y)
}

// Constant returns the constant that an expression stands for.
func (b *Budget) Constant(t *language.Tree, id language.ID) (consts.Value, bool) {
	return b.of(t).constant(id)
}

// HasType says whether an expression is known to have a type.
func (b *Budget) HasType(t *language.Tree, id language.ID, want string) bool {
	m := &matcher{file: b.of(t), t: t}
	return m.hasType(id, want)
}

func (f *file) same(a, b Bound) bool {
	a.Node, b.Node = f.uncast(a.Node), f.uncast(b.Node)
	if a.Node != language.None && b.Node != language.None {
		if a.Node == b.Node || f.equal(a.Node, b.Node) {
			return true
		}
		x, y := &f.tree.Nodes[a.Node], &f.tree.Nodes[b.Node]
		if f.requires(a) && takesApart(y) || f.requires(b) && takesApart(x) {
			return true
		}
		if literal(x.Kind) == literal(y.Kind) {
			return false
		}
		v, ok := f.constant(a.Node)
		w, ok2 := f.constant(b.Node)
		return ok && ok2 && v.Known && v.Equal(w)
	}
	return f.content(a) == f.content(b)
}

// uncast is what a cast is of: what a value is taken for does not change it.
func (f *file) uncast(id language.ID) language.ID {
	for id != language.None && f.tree.Nodes[id].Kind == language.Cast && f.tree.Nodes[id].Flags&language.Optional == 0 {
		operand := f.tree.Child(id, language.SlotOperand)
		if operand == language.None {
			break
		}
		id = operand
	}
	return id
}

func literal(k language.Kind) bool {
	return k == language.Str || k == language.Num || k == language.Bool || k == language.Null
}

// content is the text of a bound piece; that of a string is what is inside of the quotes.
func (f *file) content(a Bound) string {
	if a.Node != language.None && f.tree.Nodes[a.Node].Kind == language.Str {
		return f.tree.Nodes[a.Node].Value
	}
	return a.Text
}

// word is an identifier that code equal to what is bound to one of the metavariables holds. It is "" if none is known.
func (m *matcher) word(vars []string, b Bindings) string {
	for _, v := range vars {
		bound, ok := b.Get(v)
		if !ok || bound.Node == language.None {
			continue
		}
		if _, constant := m.constant(bound.Node); constant {
			continue // a literal may be equal to it
		}
		for i := bound.Node; i < m.t.Nodes[bound.Node].Next && i < bound.Node+16; i++ {
			if m.t.Nodes[i].Kind == language.Name {
				return m.t.Nodes[i].Value
			}
		}
	}
	return ""
}

// inRange returns those of a sorted list of nodes that lie in a range.
func inRange(list []language.ID, from, to language.ID) []language.ID {
	i, _ := slices.BinarySearch(list, from)
	j, _ := slices.BinarySearch(list[i:], to)
	return list[i : i+j]
}

const compared = language.New | language.Tagged | language.Before

// equal compares two subtrees node by node.
func (f *file) equal(a, b language.ID) bool {
	nodes := f.tree.Nodes
	size := nodes[a].Next - a
	if nodes[b].Next-b != size {
		return false
	}
	for i := range size {
		x, y := &nodes[a+i], &nodes[b+i]
		if x.Kind != y.Kind || x.Value != y.Value || x.Next-a != y.Next-b || (x.Flags^y.Flags)&compared != 0 {
			return false
		}
		if i > 0 && x.Slot != y.Slot || x.Kind == language.Other && x.Symbol != y.Symbol {
			return false
		}
		if x.Kind == language.Str && f.tree.Spec.Name == "python" && f.bytes(a+i) != f.bytes(b+i) {
			return false
		}
		if x.Kind == language.Name {
			if v, w := f.variables().Of(a+i), f.variables().Of(b+i); v != w && v > 0 && w > 0 {
				return false // two variables of one name
			}
		}
	}
	return true
}

// bytes says whether a string of Python is one of bytes.
func (f *file) bytes(id language.ID) bool {
	text := strings.TrimLeft(f.tree.Text(id), "( \t\r\n")
	quote := strings.IndexAny(text, "\"'")
	return quote > 0 && strings.ContainsAny(text[:quote], "bB")
}
