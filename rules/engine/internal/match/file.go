package match

import (
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/consts"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// file is what is worked out once about a tree, for all patterns.
type file struct {
	tree    *language.Tree
	byKind  [256][]language.ID
	imports map[names.Var][]string   // imported variable -> qualified name
	stars   [][]string               // modules of Python of which all names are imported
	types   map[string][]declaration // name -> where it is declared with a type

	statements []language.ID // of all blocks, in preorder
	apart      []language.ID // nodes whose statements are their own only
	calls      []language.ID // what calls without being one: decorators without parentheses, tagged templates
	returns    []language.ID // the expressions that lambdas consist of
	labelled   []language.ID // those that stand in no list: behind a label, in the head of a try
	without    map[language.ID][]language.ID
	heads      []language.ID                 // ifs and switches with a statement in their head
	lists      map[language.ID][]language.ID // the statements of blocks
	byName     map[string][]language.ID      // identifiers by their text, made when first asked for
	keyed      map[language.ID]*members      // members of large dictionaries, by their first

	gives     map[names.Var][]given // where variables are given values, made when first asked for
	resolved  *names.Table          // made when first asked for
	constants *consts.Table
}

// variables tells which variable a name stands for.
func (f *file) variables() *names.Table {
	if f.resolved == nil {
		f.resolved = names.Resolve(f.tree)
	}
	return f.resolved
}

// constant returns the constant that an expression stands for.
func (f *file) constant(id language.ID) (consts.Value, bool) {
	if k := f.tree.Nodes[id].Kind; f.constants == nil {
		switch k {
		case language.Name, language.Dot, language.Binary, language.Unary, language.Ternary, language.Template, language.Cast:
			f.constants = consts.Find(f.tree, f.variables())
		case language.Str, language.Bool, language.Null, language.Num:
			return consts.Literal(&f.tree.Nodes[id], id), true
		default:
			return consts.Value{}, false
		}
	}
	return f.constants.Of(id)
}

// members are those of one dictionary, by the hash of their key.
type members struct {
	byKey  map[uint64][]language.ID
	others []language.ID
}

// A declaration gives a name a type, inside of a function or class.
type declaration struct{ scope, typ language.ID }

func newFile(t *language.Tree) *file {
	f := &file{tree: t, lists: map[language.ID][]language.ID{}, without: map[language.ID][]language.ID{}, keyed: map[language.ID]*members{}}
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
		if i > 0 && f.stands(language.ID(i)) {
			f.statements = append(f.statements, language.ID(i))
			if k := t.Nodes[n.Parent].Kind; k == language.Other || k == language.Try {
				f.labelled = append(f.labelled, language.ID(i))
			}
		}
		if n.Slot == language.SlotInit && (t.Nodes[n.Parent].Kind == language.If || t.Nodes[n.Parent].Kind == language.Switch) {
			f.heads = append(f.heads, n.Parent)
		}
		switch {
		case n.Kind == language.Template && n.Flags&language.Tagged != 0,
			(n.Kind == language.Name || n.Kind == language.Dot) && i > 0 && t.Nodes[n.Parent].Kind == language.Decorator:
			f.calls = append(f.calls, language.ID(i))
		case n.Kind == language.ExprStmt && t.Nodes[n.Parent].Flags&language.Lambda != 0:
			f.returns = append(f.returns, language.ID(i))
		}
		if apart(t, language.ID(i)) {
			f.apart = append(f.apart, language.ID(i))
		}
	}
	f.findImports()
	f.findTypes()
	return f
}

func (f *file) ids(k language.Kind) []language.ID { return f.byKind[k] }

// uses are the nodes of an identifier, in order.
func (f *file) uses(name string) []language.ID {
	if f.byName == nil {
		f.byName = map[string][]language.ID{}
		for _, id := range f.ids(language.Name) {
			v := f.tree.Nodes[id].Value
			f.byName[v] = append(f.byName[v], id)
		}
	}
	return f.byName[name]
}

func (f *file) value(id language.ID) string {
	if id == language.None {
		return ""
	}
	return f.tree.Nodes[id].Value
}

// findImports finds what the imported names stand for.
func (f *file) findImports() {
	f.imports = map[names.Var][]string{}
	t := f.tree
	if len(f.ids(language.Import))+len(f.ids(language.ImportFrom)) == 0 {
		return
	}
	vars := f.variables()
	set := func(at language.ID, path []string) {
		if v := vars.Of(at); v > 0 {
			f.imports[v] = path
		}
	}
	for _, id := range f.ids(language.Import) {
		mod, alias := t.Child(id, language.SlotModule), t.Child(id, language.SlotAlias)
		name := f.value(mod)
		if name == "" {
			continue
		}
		local := alias
		if alias == language.None {
			local = mod
		}
		switch t.Spec.Name {
		case "go":
			set(local, []string{names.GoPackage(name)})
		case "java":
			set(local, strings.Split(name, "."))
		case "python":
			path := strings.Split(name, ".")
			if alias == language.None {
				path = path[:1]
			}
			set(local, path)
		default:
			path := []string{name}
			if !t.Spec.PartialDict {
				path = strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '\\' || r == ':' })
			} else if t.Nodes[id].Value == "" && t.Child(id, language.SlotValue) == language.None {
				path = append(path, "default") // import a from "m"
			}
			set(local, path)
		}
	}
	for _, id := range f.ids(language.ImportFrom) {
		mod := modulePath(t.Spec, f.value(t.Child(id, language.SlotModule)))
		for c := range t.Children(id) {
			if t.Nodes[c].Kind != language.ImportName {
				continue
			}
			name := t.Child(c, language.SlotName)
			if t.Spec.Name == "python" && f.value(name) == "*" {
				f.stars = append(f.stars, mod)
				continue
			}
			local := t.Child(c, language.SlotAlias)
			if local == language.None {
				local = name
			}
			set(local, append(mod[:len(mod):len(mod)], f.value(name)))
		}
	}
}

func modulePath(s *language.Spec, name string) []string {
	switch s.Name {
	case "python":
		return strings.Split(name, ".")
	case "rust":
		return strings.Split(name, "::")
	}
	return []string{name}
}

// qualified returns the full name of nested member accesses between plain names whose first name was imported; nil for all else.
func (f *file) qualified(id language.ID) []string {
	t := f.tree
	var tail []string
	for {
		n := &t.Nodes[id]
		switch n.Kind {
		case language.Name:
			if len(f.imports) == 0 {
				return nil
			}
			root := f.imports[f.variables().Of(id)]
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
		if t.Spec.Name == "go" && (t.Nodes[id].Value == "..." || t.Nodes[t.Nodes[id].Parent].Slot == language.SlotReturns) {
			continue // a slice of them; as with Semgrep, results are given no type
		}
		add(t.Child(id, language.SlotName), t.Child(id, language.SlotType), id)
	}
	seen := map[names.Var]bool{}
	for _, id := range f.ids(language.Assign) {
		target, typ := t.Child(id, language.SlotTarget), t.Child(id, language.SlotType)
		if t.Spec.Semicolon && !t.Spec.PartialDict && t.Nodes[id].Flags&language.Declares == 0 {
			continue // in Java a variable has the type that it is declared with
		}
		if typ == language.None || f.value(typ) == "var" {
			value := t.Child(id, language.SlotValue)
			first := f.makes(target, id, seen)
			if typ = f.made(value); typ == language.None && first {
				typ = f.begins(value)
			}
		}
		add(target, typ, id)
	}
	for _, id := range f.ids(language.ForEach) {
		add(t.Child(id, language.SlotTarget), t.Child(id, language.SlotType), id)
	}
	for _, id := range f.ids(language.Catch) {
		add(t.Child(id, language.SlotTarget), t.Child(id, language.SlotType), id)
	}
	if t.Spec.Name == "go" {
		f.findAnonymous()
	}
}

// findAnonymous adds the fields of structs without a name, each a scope of its own.
func (f *file) findAnonymous() {
	t := f.tree
	for _, id := range f.ids(language.Other) {
		if t.Type(id) != "field_declaration" {
			continue
		}
		var parts []language.ID // names, and their type
		for c := range t.Children(id) {
			if t.Nodes[c].Kind != language.Str { // a tag
				parts = append(parts, c)
			}
		}
		for _, name := range parts[:max(len(parts)-1, 0)] {
			if n := &t.Nodes[name]; n.Kind == language.Name {
				f.types[n.Value] = append(f.types[n.Value], declaration{id, parts[len(parts)-1]})
			}
		}
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

// makes says whether an assignment is what makes a variable. seen are the variables of Python that were assigned before.
func (f *file) makes(target, at language.ID, seen map[names.Var]bool) bool {
	t := f.tree
	switch {
	case target == language.None || t.Nodes[target].Kind != language.Name:
		return false
	case t.Nodes[at].Flags&language.Declares != 0:
		return true
	case t.Spec.Name != "python":
		return false
	}
	v := f.variables().Of(target)
	again := seen[v]
	seen[v] = true
	return v > 0 && !again
}

// begins returns what says the type of a variable that begins with a value: a literal itself, or what another variable was declared with.
func (f *file) begins(value language.ID) language.ID {
	if value == language.None {
		return language.None
	}
	switch f.tree.Nodes[value].Kind {
	case language.Str, language.Num, language.Bool:
		return value
	case language.Name:
		return f.typeOf(value)
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

// typeOf returns the node of the declared type of an expression, the literal that a variable began with, or None.
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
		if o := t.Child(id, language.SlotOperand); f.value(o) == "this" || f.value(o) == "self" {
			name = f.value(t.Child(id, language.SlotName))
		} else if t.Spec.Name == "go" {
			return f.fieldType(o, f.value(t.Child(id, language.SlotName)))
		}
	}
	best, typ := language.None, language.None
	for _, d := range f.types[name] {
		if t.Spec.Name == "go" && f.isStruct(d.scope) {
			continue // its fields are reached by a selector only
		}
		if d.scope >= best && d.scope <= id && (d.scope == 0 || id < t.Nodes[d.scope].Next) {
			best, typ = d.scope, d.typ
		}
	}
	return typ
}

// fieldType returns the type of a struct's field: of the struct that the operand is known to be. If that is none of this file, what all
// structs of the file that have such a field agree on.
func (f *file) fieldType(operand language.ID, name string) language.ID {
	t := f.tree
	owner := ""
	if operand != language.None && t.Nodes[operand].Kind == language.Name {
		if typ := f.typeOf(operand); typ != language.None {
			owner = strings.TrimPrefix(t.Text(typ), "*")
		}
	}
	found, agreed := language.None, true
	for _, d := range f.types[name] {
		if !f.isStruct(d.scope) {
			continue
		}
		if owner != "" && f.value(t.Child(d.scope, language.SlotName)) == owner {
			return d.typ
		}
		agreed = agreed && (found == language.None || t.Text(found) == t.Text(d.typ))
		found = d.typ
	}
	if !agreed {
		return language.None
	}
	return found
}

// isStruct says whether a scope is a struct, or a field of one without a name.
func (f *file) isStruct(scope language.ID) bool {
	k := f.tree.Nodes[scope].Kind
	return k == language.Class || k == language.Other
}

// list returns the statements of a block.
func (f *file) list(block language.ID) []language.ID {
	if ids, ok := f.lists[block]; ok {
		return ids
	}
	var ids []language.ID
	for c := range f.tree.Children(block) {
		if f.tree.Nodes[c].Slot == language.Item {
			ids = append(ids, c)
		}
	}
	f.lists[block] = ids
	return ids
}

// stands says whether a node is a statement: one of a block, or what Semgrep reads as one before the statement that it belongs to.
func (f *file) stands(id language.ID) bool {
	t := f.tree
	n := &t.Nodes[id]
	p := &t.Nodes[n.Parent]
	switch n.Slot {
	case language.Item:
		switch p.Kind {
		case language.File:
			return true
		case language.Block:
			return p.Flags&language.Lambda == 0 || t.Spec.PartialDict
		case language.Other:
			return n.Kind != language.Name && t.Type(n.Parent) == "labeled_statement"
		}
	case language.SlotInit: // Go's `if x := f(); x`
		return p.Kind == language.If || p.Kind == language.Switch
	case language.SlotResource: // Java's `try (T x = f())`
		return p.Kind == language.Try && n.Kind == language.Assign
	}
	return false
}

// apart says whether a node holds statements that no statement around it is looked through for: the methods of a class without a name and of
// an object literal.
func apart(t *language.Tree, id language.ID) bool {
	n := &t.Nodes[id]
	switch n.Kind {
	case language.Block:
		return n.Slot == language.SlotBody && t.Nodes[n.Parent].Kind == language.Call
	case language.Func:
		return n.Slot == language.Item && t.Nodes[n.Parent].Kind == language.Dict
	}
	return false
}

// nested returns the statements of a block with those nested in them, outermost first, as `...` sees them: it enters other statements,
// and the functions and classes that stand in them. In preorder they are neighbours.
func (f *file) nested(block language.ID) []language.ID {
	end := f.tree.Nodes[block].Next
	from, _ := slices.BinarySearch(f.statements, block+1)
	to, _ := slices.BinarySearch(f.statements, end)
	all := f.statements[from:to]
	i, _ := slices.BinarySearch(f.apart, block+1)
	if i == len(f.apart) || f.apart[i] >= end {
		return all
	}
	if list, ok := f.without[block]; ok {
		return list
	}
	var list []language.ID
	for _, id := range all {
		for i < len(f.apart) && f.tree.Nodes[f.apart[i]].Next <= id {
			i++
		}
		if i == len(f.apart) || id < f.apart[i] {
			list = append(list, id)
		}
	}
	f.without[block] = list
	return list
}
