package match

import (
	"path"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// file is what is worked out once about a tree, for all patterns.
type file struct {
	tree    *language.Tree
	byKind  [256][]language.ID
	imports map[string][]string      // local name -> qualified name
	consts  map[string]language.ID   // name with one assignment in the file, of a literal -> the literal
	types   map[string][]declaration // name -> where it is declared with a type

	statements []language.ID // of all blocks, in preorder
}

// A declaration gives a name a type, inside of a function or class.
type declaration struct{ scope, typ language.ID }

func newFile(t *language.Tree) *file {
	f := &file{tree: t}
	var counts [256]int
	for i := range t.Nodes {
		counts[t.Nodes[i].Kind]++
	}
	for k, n := range counts {
		if n > 0 {
			f.byKind[k] = make([]language.ID, 0, n)
		}
	}
	for i := range t.Nodes {
		n := &t.Nodes[i]
		f.byKind[n.Kind] = append(f.byKind[n.Kind], language.ID(i))
		if n.Slot == language.Item && i > 0 && (t.Nodes[n.Parent].Kind == language.Block || t.Nodes[n.Parent].Kind == language.File) {
			f.statements = append(f.statements, language.ID(i))
		}
	}
	f.findImports()
	f.findConstants()
	f.findTypes()
	return f
}

func (f *file) ids(k language.Kind) []language.ID { return f.byKind[k] }

func (f *file) value(id language.ID) string {
	if id == language.None {
		return ""
	}
	return f.tree.Nodes[id].Value
}

// findImports maps local names to what they were imported as.
func (f *file) findImports() {
	f.imports = map[string][]string{}
	t := f.tree
	for _, id := range f.ids(language.Import) {
		mod, alias := t.Child(id, language.SlotModule), t.Child(id, language.SlotAlias)
		name := f.value(mod)
		if name == "" {
			continue
		}
		switch t.Spec.Name {
		case "go":
			last := goPackage(name)
			if a := f.value(alias); a != "" && a != "_" && a != "." {
				f.imports[a] = []string{last}
			}
		case "java":
			parts := strings.Split(name, ".")
			f.imports[parts[len(parts)-1]] = parts
		default:
			if a := f.value(alias); a != "" {
				f.imports[a] = modulePath(t.Spec, name)
			}
		}
	}
	for _, id := range f.ids(language.ImportFrom) {
		mod := modulePath(t.Spec, f.value(t.Child(id, language.SlotModule)))
		for c := range t.Children(id) {
			if t.Nodes[c].Kind != language.ImportName {
				continue
			}
			name := f.value(t.Child(c, language.SlotName))
			local := f.value(t.Child(c, language.SlotAlias))
			if local == "" {
				local = name
			}
			if name != "" && name != "*" {
				f.imports[local] = append(mod[:len(mod):len(mod)], name)
			}
		}
	}
}

func modulePath(s *language.Spec, name string) []string {
	if s.Name == "python" {
		return strings.Split(name, ".")
	}
	return []string{name}
}

// goPackage guesses the name of a package from its path: the last element, without a version.
func goPackage(p string) string {
	last := path.Base(p)
	if isVersion(last) && path.Dir(p) != "." {
		last = path.Base(path.Dir(p))
	}
	if i := strings.LastIndex(last, "."); i > 0 && isVersion(last[i+1:]) {
		last = last[:i]
	}
	return strings.TrimPrefix(last, "go-")
}

func isVersion(s string) bool {
	return len(s) > 1 && s[0] == 'v' && strings.Trim(s[1:], "0123456789") == ""
}

// qualified returns the full name of nested member accesses between plain names whose first name was imported; nil for all else.
func (f *file) qualified(id language.ID) []string {
	t := f.tree
	var tail []string
	for {
		n := &t.Nodes[id]
		switch n.Kind {
		case language.Name:
			root := f.imports[n.Value]
			if root == nil {
				return nil
			}
			full := append(root[:len(root):len(root)], tail...)
			// tail was collected from the end.
			for i, j := len(root), len(full)-1; i < j; i, j = i+1, j-1 {
				full[i], full[j] = full[j], full[i]
			}
			return full
		case language.Dot:
			if len(tail) > 32 {
				return nil
			}
			tail = append(tail, f.value(t.Child(id, language.SlotName)))
			if id = t.Child(id, language.SlotOperand); id == language.None {
				return nil
			}
		default:
			return nil
		}
	}
}

// findConstants finds the names that stand for one literal wherever they stand: assigned once in the whole file, and never a parameter, a loop
// variable or anything else that takes a value.
func (f *file) findConstants() {
	t := f.tree
	f.consts = map[string]language.ID{}
	given := map[string]int{}
	count := func(id language.ID) {
		if id == language.None {
			return
		}
		// All names in a target count: tuples, patterns, x[i] (which changes x).
		for i := id; i < t.Nodes[id].Next; i++ {
			if n := &t.Nodes[i]; n.Kind == language.Name {
				given[n.Value]++
			}
		}
	}
	for _, id := range f.ids(language.Assign) {
		n := &t.Nodes[id]
		target, value := t.Child(id, language.SlotTarget), t.Child(id, language.SlotValue)
		if target == language.None || n.Flags&language.Declares != 0 && value == language.None && t.Spec.Name == "java" {
			// `String s;` and its one assignment later are one value, but which branch runs is not known here.
			count(target)
			continue
		}
		count(target)
		if n.Value == "=" && t.Nodes[target].Kind == language.Name && value != language.None && literal(t.Nodes[value].Kind) {
			f.consts[t.Nodes[target].Value] = value
		}
	}
	for _, k := range []language.Kind{language.Param, language.Func, language.Class} {
		for _, id := range f.ids(k) {
			count(t.Child(id, language.SlotName))
		}
	}
	for _, k := range []language.Kind{language.ForEach, language.Catch, language.Switch} {
		for _, id := range f.ids(k) {
			count(t.Child(id, language.SlotTarget))
		}
	}
	for _, id := range f.ids(language.Unary) {
		if v := t.Nodes[id].Value; v == "++" || v == "--" || v == "&" && t.Spec.Name == "go" {
			count(t.Child(id, language.SlotOperand))
		}
	}
	for name := range f.imports {
		given[name]++
	}
	for name := range f.consts {
		if given[name] != 1 {
			delete(f.consts, name)
		}
	}
}

func literal(k language.Kind) bool {
	return k == language.Str || k == language.Num || k == language.Bool || k == language.Null
}

// constant returns the literal that a name stands for, or None. this.x and self.x stand for what x does.
func (f *file) constant(id language.ID) language.ID {
	n := &f.tree.Nodes[id]
	name := ""
	switch n.Kind {
	case language.Name:
		name = n.Value
	case language.Dot:
		if o := f.value(f.tree.Child(id, language.SlotOperand)); o == "this" || o == "self" {
			name = f.value(f.tree.Child(id, language.SlotName))
		}
	}
	if v, ok := f.consts[name]; ok && name != "" && v != id {
		return v
	}
	return language.None
}

// maxPieces is how many strings added together are still seen as one.
const maxPieces = 100

// text returns the content of a string that is known: a literal, a constant, or a sum of them.
func (f *file) text(id language.ID) (string, bool) {
	t := f.tree
	n := &t.Nodes[id]
	switch n.Kind {
	case language.Str:
		return n.Value, true
	case language.Name, language.Dot:
		if v := f.constant(id); v != language.None && t.Nodes[v].Kind == language.Str {
			return t.Nodes[v].Value, true
		}
		return "", false
	case language.Binary:
	default:
		return "", false
	}
	var b strings.Builder
	pieces := 0
	for i := id; i < n.Next; pieces++ {
		if pieces > maxPieces {
			return "", false
		}
		c := &t.Nodes[i]
		if c.Kind == language.Binary {
			if c.Value != "+" {
				return "", false
			}
			i++
			continue
		}
		s, ok := f.text(i)
		if !ok {
			return "", false
		}
		b.WriteString(s)
		i = c.Next
	}
	return b.String(), true
}

// findTypes finds declared types, for typed metavariables.
func (f *file) findTypes() {
	t := f.tree
	f.types = map[string][]declaration{}
	add := func(name, typ, at language.ID) {
		if name == language.None || typ == language.None || t.Nodes[name].Kind != language.Name {
			return
		}
		n := t.Nodes[name].Value
		f.types[n] = append(f.types[n], declaration{f.scope(at), typ})
	}
	for _, id := range f.ids(language.Param) {
		add(t.Child(id, language.SlotName), t.Child(id, language.SlotType), id)
	}
	for _, id := range f.ids(language.Assign) {
		target, typ := t.Child(id, language.SlotTarget), t.Child(id, language.SlotType)
		if typ == language.None || f.value(typ) == "var" {
			typ = f.made(t.Child(id, language.SlotValue))
		}
		add(target, typ, id)
	}
	for _, id := range f.ids(language.ForEach) {
		add(t.Child(id, language.SlotTarget), t.Child(id, language.SlotType), id)
	}
	for _, id := range f.ids(language.Catch) {
		add(t.Child(id, language.SlotTarget), t.Child(id, language.SlotType), id)
	}
}

// made returns the type that an expression names itself: new T(), T{}, &T{}, (T) x; None if it does not.
func (f *file) made(id language.ID) language.ID {
	if id == language.None {
		return language.None
	}
	t := f.tree
	switch n := &t.Nodes[id]; {
	case n.Kind == language.Call && n.Flags&language.New != 0:
		return t.Child(id, language.SlotCallee)
	case n.Kind == language.Dict || n.Kind == language.Cast:
		return t.Child(id, language.SlotType)
	case n.Kind == language.Unary && n.Value == "&":
		return f.made(t.Child(id, language.SlotOperand))
	}
	return language.None
}

// scope is the innermost function or class that holds a node; the root if none does.
func (f *file) scope(id language.ID) language.ID {
	for id = f.tree.Nodes[id].Parent; id > 0; id = f.tree.Nodes[id].Parent {
		if k := f.tree.Nodes[id].Kind; k == language.Func || k == language.Class {
			return id
		}
	}
	return 0
}

// typeOf returns the node of the declared type of an expression, or None.
func (f *file) typeOf(id language.ID) language.ID {
	t := f.tree
	if m := f.made(id); m != language.None {
		return m
	}
	name := ""
	switch n := &t.Nodes[id]; n.Kind {
	case language.Name:
		name = n.Value
	case language.Dot:
		if o := f.value(t.Child(id, language.SlotOperand)); o == "this" || o == "self" {
			name = f.value(t.Child(id, language.SlotName))
		}
	}
	best, typ := language.None, language.None
	for _, d := range f.types[name] {
		if d.scope >= best && d.scope <= id && (d.scope == 0 || id < t.Nodes[d.scope].Next) {
			best, typ = d.scope, d.typ
		}
	}
	return typ
}

// nested returns the statements of a block with those nested in them, outermost first, as `...` sees them: it enters other statements,
// and the functions and classes that stand in them. In preorder they are neighbours.
func (f *file) nested(block language.ID) []language.ID {
	from, _ := slices.BinarySearch(f.statements, block+1)
	to, _ := slices.BinarySearch(f.statements, f.tree.Nodes[block].Next)
	return f.statements[from:to]
}
