package match

import (
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// imported matches `$M.f` and `m.$F` with a name f that was imported from a module m: the metavariable stands for the module's name in the
// import, or for the name.
func (m *matcher) imported(p *pattern.Node, id language.ID, b Bindings, k next) {
	operand, name := p.Child(language.SlotOperand), p.Child(language.SlotName)
	if len(m.imports) == 0 || operand == nil || name == nil {
		return
	}
	n := &m.t.Nodes[id]
	full := m.imports[m.variables().Of(id)]
	last := len(full) - 1
	switch {
	case last < 1:
	case name.Kind == language.Metavar && slices.Equal(operand.Path, full[:last]):
		bound := Bound{Start: n.Start, End: n.End, Node: language.None, Text: full[last]}
		if n.Value == full[last] {
			bound.Node = id
		}
		m.bindTo(name.Value, bound, b, k)
	case operand.Kind == language.Metavar && (name.Kind == language.Metavar || name.Kind == language.Name && name.Value == full[last]):
		if name.Kind == language.Metavar {
			k1 := k
			k = func(b Bindings) { m.bind(name.Value, id, b, k1) }
		}
		for _, f := range m.ids(language.ImportFrom) {
			mod := m.t.Child(f, language.SlotModule)
			if mod != language.None && slices.Equal(modulePath(m.t.Spec, m.t.Nodes[mod].Value), full[:last]) {
				m.bind(operand.Value, mod, b, k)
				return
			}
		}
	}
}

// importing matches imports. Names of the pattern must be among those of the file; an alias that the pattern leaves out does not matter.
func (m *matcher) importing(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	mod := p.Child(language.SlotModule)
	if p.Kind == language.Import && !m.p.Spec.PartialDict && m.t.Spec.Name != "go" && mod != nil && p.Child(language.SlotAlias) == nil &&
		(mod.Kind == language.Metavar || len(mod.Path) > 1) {
		for _, own := range m.loaded(id) {
			m.parts(pathOf(mod), own, b, k)
		}
		return
	}
	if p.Kind == language.ImportFrom && n.Kind == language.Import && m.p.Spec.KeyArgs {
		m.last(p, id, b, k)
		return
	}
	if p.Kind == language.Import && m.p.Spec.KeyArgs && p.Child(language.SlotAlias) == nil && mod != nil && mod.Kind == language.Name {
		if m.loads(id, mod.Value) {
			k(b)
		}
		return
	}
	if n.Kind != language.Import && n.Kind != language.ImportFrom {
		return
	}
	if m.p.Spec.PartialDict {
		m.module(p, id, b, func(b Bindings) { m.scriptImport(p, id, b, k) })
		return
	}
	if n.Kind != p.Kind || n.Value != p.Value {
		return
	}
	m.module(p, id, b, func(b Bindings) {
		if n.Kind == language.Import {
			m.alias(p, id, b, k)
			return
		}
		m.unordered(p.In(language.Item), m.inSlot(id, language.Item), true, b, k)
	})
}

// A part of a module's name, and where it is written.
type part struct {
	text       string
	start, end uint32
	node       language.ID
}

func pathOf(mod *pattern.Node) []string {
	if mod.Kind == language.Metavar {
		return []string{mod.Value}
	}
	return mod.Path
}

// loaded are the names of what an import of Python or Java loads, in their parts: `from a import b, c` loads a.b and a.c.
func (m *matcher) loaded(id language.ID) [][]part {
	mod := m.t.Child(id, language.SlotModule)
	if mod == language.None {
		return nil
	}
	own := moduleParts(m.t.Nodes[mod].Value, m.t.Nodes[mod].Start)
	if m.t.Nodes[id].Kind == language.Import {
		return [][]part{own}
	}
	var list [][]part
	for _, c := range m.inSlot(id, language.Item) {
		if name := m.t.Child(c, language.SlotName); name != language.None {
			n := &m.t.Nodes[name]
			all := own[:len(own):len(own)]
			if n.Value != "*" {
				all = append(all, part{n.Value, n.Start, n.End, name})
			}
			list = append(list, all)
		}
	}
	return list
}

// moduleParts takes a module's name apart. The dots at the front of Python's relative names are a part.
func moduleParts(name string, start uint32) []part {
	var list []part
	if dots := len(name) - len(strings.TrimLeft(name, ".")); dots > 0 {
		list = append(list, part{name[:dots], start, start + uint32(dots), language.None})
		name, start = name[dots:], start+uint32(dots)
	}
	for text := range strings.SplitSeq(name, ".") {
		if text != "" {
			list = append(list, part{text, start, start + uint32(len(text)), language.None})
		}
		start += uint32(len(text)) + 1
	}
	return list
}

// parts matches a module's name with that of the pattern, which may leave out what comes last. A metavariable that comes last stands for all
// that is left.
func (m *matcher) parts(ps []string, own []part, b Bindings, k next) {
	switch {
	case !m.step():
	case len(ps) == 0:
		k(b)
	case len(own) == 0:
	case strings.HasPrefix(ps[0], "$"):
		last := 1
		if len(ps) == 1 {
			last = len(own)
		}
		m.bindTo(ps[0], joined(own[:last]), b, func(b Bindings) { m.parts(ps[1:], own[last:], b, k) })
	case ps[0] == own[0].text:
		m.parts(ps[1:], own[1:], b, k)
	}
}

func joined(own []part) Bound {
	bound := Bound{Start: own[0].start, End: own[len(own)-1].end, Node: language.None}
	if len(own) == 1 {
		bound.Node = own[0].node
	}
	for i, p := range own {
		if i > 0 && strings.Trim(own[i-1].text, ".") != "" {
			bound.Text += "."
		}
		bound.Text += p.text
	}
	return bound
}

// last matches `from a import b` with Python's `import a.b`.
func (m *matcher) last(p *pattern.Node, id language.ID, b Bindings, k next) {
	mod, names := p.Child(language.SlotModule), p.In(language.Item)
	if mod == nil || len(names) != 1 || names[0].Kind != language.ImportName {
		return
	}
	name := names[0].Child(language.SlotName)
	loaded := m.loaded(id)
	if name == nil || names[0].Child(language.SlotAlias) != nil || len(loaded) != 1 || len(loaded[0]) < 2 {
		return
	}
	own := loaded[0]
	at := len(own) - 1
	want := name.Value
	if name.Kind != language.Name && name.Kind != language.Metavar {
		return
	}
	if mod.Kind == language.Metavar {
		m.bindTo(mod.Value, joined(own[:at]), b, func(b Bindings) { m.parts([]string{want}, own[at:], b, k) })
	} else if len(mod.Path) == at {
		m.parts(append(mod.Path[:at:at], want), own, b, k)
	}
}

// module matches the module of an import: that of the pattern, or one below it.
func (m *matcher) module(p *pattern.Node, id language.ID, b Bindings, k next) {
	mod, own := p.Child(language.SlotModule), m.t.Child(id, language.SlotModule)
	if mod == nil || own == language.None || mod.Kind != language.Str && mod.Kind != language.Name || len(mod.Kids) > 0 || mod.AnyString || mod.Regexp != nil {
		m.slot(p, id, language.SlotModule, b, k)
		return
	}
	separator := "/"
	if m.t.Nodes[own].Kind == language.Name {
		separator = "."
	}
	if m.p.Spec.KeyArgs && strings.HasPrefix(mod.Value, ".") { // a relative name of Python: as many dots
		a, b1 := moduleParts(mod.Value, 0), moduleParts(m.t.Nodes[own].Value, 0)
		for i := range a {
			if i >= len(b1) || a[i].text != b1[i].text {
				return
			}
		}
		k(b)
		return
	}
	rest, ok := strings.CutPrefix(m.t.Nodes[own].Value, mod.Value)
	if ok && (rest == "" || strings.HasPrefix(rest, separator) && rest != ".*" && m.t.Child(id, language.SlotValue) == language.None) {
		k(b)
	}
}

// alias matches the local name of an import.
func (m *matcher) alias(p *pattern.Node, id language.ID, b Bindings, k next) {
	alias, own := p.Child(language.SlotAlias), m.t.Child(id, language.SlotAlias)
	switch {
	case alias == nil:
		k(b)
	case own == language.None:
	case alias.Kind == language.Name: // as it stands: it is the name that is given here
		if m.t.Nodes[own].Value == alias.Value {
			k(b)
		}
	default:
		m.node(alias, own, b, k)
	}
}

// scriptImport matches the imports of JavaScript once the modules agree. A pattern with require is matched by such a declaration only, with
// the same keyword. `import x from "m"` brings the name "default".
func (m *matcher) scriptImport(p *pattern.Node, id language.ID, b Bindings, k next) {
	n := &m.t.Nodes[id]
	required := m.t.Child(id, language.SlotValue) != language.None
	names := p.In(language.Item)
	switch {
	case p.Child(language.SlotValue) != nil:
		if n.Kind != p.Kind || !required || !m.sameKeyword(p, id) {
			return
		}
		if p.Kind == language.Import {
			m.alias(p, id, b, k)
			return
		}
		for _, name := range names { // {a: b} is another thing than {a}
			if name.Kind == language.ImportName && name.Child(language.SlotAlias) == nil {
				m.plainNames(names, id, b, k)
				return
			}
		}
		m.unordered(names, m.inSlot(id, language.Item), true, b, k)
	case p.Kind == language.Import && p.Child(language.SlotAlias) == nil:
		k(b) // import "m": any import of it
	case p.Kind == language.Import && n.Kind == language.Import:
		if n.Value == p.Value && !required {
			m.alias(p, id, b, k)
		}
	case p.Kind == language.Import && p.Value == "":
		for _, c := range m.inSlot(id, language.Item) {
			if m.value(m.t.Child(c, language.SlotName)) == "default" {
				m.alias(p, c, b, k)
			}
		}
	case p.Kind == language.ImportFrom && n.Kind == language.ImportFrom:
		m.unordered(names, m.inSlot(id, language.Item), true, b, k)
	case p.Kind == language.ImportFrom && n.Value == "" && !required && m.t.Child(id, language.SlotAlias) != language.None:
		m.defaultName(names, id, b, k)
	}
}

// importName matches one name of an import. `const {a} = require("m")` gives a the alias a.
func (m *matcher) importName(p *pattern.Node, id language.ID, b Bindings, k next) {
	if m.value(m.t.Child(id, language.SlotName)) == "*" {
		if name := p.Child(language.SlotName); name == nil || name.Value != "*" {
			return // from m import * names nothing
		}
	}
	m.slot(p, id, language.SlotName, b, func(b Bindings) {
		alias := p.Child(language.SlotAlias)
		if alias != nil && m.t.Child(id, language.SlotAlias) == language.None && m.t.Child(m.t.Nodes[id].Parent, language.SlotValue) != language.None {
			m.node(alias, m.t.Child(id, language.SlotName), b, k)
			return
		}
		m.alias(p, id, b, k)
	})
}

// plainNames matches names without an alias.
func (m *matcher) plainNames(names []*pattern.Node, id language.ID, b Bindings, k next) {
	plain := m.kids(id, func(n *language.Node) bool { return n.Slot == language.Item })
	plain = slices.DeleteFunc(plain, func(c language.ID) bool { return m.t.Child(c, language.SlotAlias) != language.None })
	m.unordered(names, plain, true, b, k)
}

// defaultName matches { default as x } in a pattern with `import x from "m"`.
func (m *matcher) defaultName(names []*pattern.Node, id language.ID, b Bindings, k next) {
	var one *pattern.Node
	for _, name := range names {
		if !name.IsEllipsis() {
			if one != nil {
				return
			}
			one = name
		}
	}
	if one == nil {
		return
	}
	after := func(b Bindings) { m.alias(one, id, b, k) }
	switch name := one.Child(language.SlotName); {
	case name == nil:
	case name.Kind == language.Metavar:
		n := &m.t.Nodes[id]
		m.bindTo(name.Value, Bound{Start: n.Start, End: n.End, Node: language.None, Text: "default"}, b, after)
	case name.Value == "default":
		after(b)
	}
}

// names is what stands between the braces of an import.
func (m *matcher) names(id language.ID) Bound {
	n := &m.t.Nodes[id]
	bound := Bound{Start: n.Start, End: n.End, Node: language.None}
	for i, c := range m.inSlot(id, language.Item) {
		if i == 0 {
			bound.Start = m.t.Nodes[c].Start
		}
		bound.End = m.t.Nodes[c].End
	}
	bound.Text = "{" + m.t.Source[bound.Start:bound.End] + "} " // with a space, so that no other code is equal to it
	return bound
}

// loads says whether an import of Python loads a module: the module itself, one below it, or something from it.
func (m *matcher) loads(id language.ID, module string) bool {
	own := m.value(m.t.Child(id, language.SlotModule))
	below := func(s string) bool { return s == module || strings.HasPrefix(s, module+".") }
	if below(own) {
		return true
	}
	for c := range m.t.Children(id) {
		if m.t.Nodes[c].Kind == language.ImportName && below(own+"."+m.value(m.t.Child(c, language.SlotName))) {
			return true
		}
	}
	return false
}

// keyword is the other thing that the x of `x = require(...)` can be for `const {a} = require(...)`, in a row of statements: Semgrep takes the
// declaration for an import, which has no variable, and its keyword for the name. It is equal to whatever takes a value apart.
func (m *matcher) keyword(id language.ID) Bound {
	n := &m.t.Nodes[id]
	bound := Bound{Start: n.Start, End: n.Start, Node: id, Text: "const"}
	for _, word := range []string{"const", "let", "var"} {
		if strings.HasPrefix(m.t.Source[n.Start:], word) {
			bound.Text = word
			bound.End += uint32(len(word))
		}
	}
	return bound
}

// requires says whether a metavariable stands for the keyword of such a declaration.
func (f *file) requires(b Bound) bool {
	if b.Text != "const" && b.Text != "let" && b.Text != "var" {
		return false
	}
	n := &f.tree.Nodes[b.Node]
	return n.Kind == language.ImportFrom || n.Kind == language.Assign && n.Flags&language.Declares != 0
}

// takesApart says whether a node is the left side of `const {a} = e` or `const [a] = e`, or such a declaration itself.
func takesApart(n *language.Node) bool {
	switch n.Kind {
	case language.ImportFrom, language.Assign:
		return true
	case language.Dict, language.List:
		return n.Slot == language.SlotTarget
	}
	return false
}

// required says whether a declaration takes apart what require gives, in more than its members' names.
func (m *matcher) required(id language.ID) bool {
	if !m.t.Spec.PartialDict || m.t.Nodes[id].Flags&language.Declares == 0 {
		return false
	}
	target, value := m.t.Child(id, language.SlotTarget), m.t.Child(id, language.SlotValue)
	if target == language.None || value == language.None || m.t.Nodes[value].Kind != language.Call || !takesApart(&m.t.Nodes[target]) {
		return false
	}
	return m.value(m.t.Child(value, language.SlotCallee)) == "require"
}

// fromStar says whether a name or member access is that of path if it comes from one of the modules that the file imports all of.
func (m *matcher) fromStar(path []string, id language.ID) bool {
	for _, module := range m.stars {
		if len(module) < len(path) && slices.Equal(module, path[:len(module)]) && m.plainly(path[len(module):], id) {
			return true
		}
	}
	return false
}

// plainly says whether code is written as the path, with a first name that the file does not declare.
func (m *matcher) plainly(path []string, id language.ID) bool {
	for i := len(path) - 1; i > 0; i-- {
		if id == language.None || m.t.Nodes[id].Kind != language.Dot || m.value(m.t.Child(id, language.SlotName)) != path[i] {
			return false
		}
		id = m.t.Child(id, language.SlotOperand)
	}
	return id != language.None && m.t.Nodes[id].Kind == language.Name && m.t.Nodes[id].Value == path[0] && m.variables().Of(id) == 0
}
