package hallucinatedmember

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// scriptIdioms are names of other languages.
var scriptIdioms = map[string]string{
	"array.append": "push", "array.add": "push", "array.len": "length", "array.size": "length", "array.count": "length", "array.contains": "includes", "array.remove": "splice", "array.extend": "push(...)",
	"array.insert": "splice", "array.index": "indexOf", "array.addAll": "push(...)", "array.isEmpty": "length === 0", "array.first": "at(0)", "array.last": "at(-1)", "array.each": "forEach",
	"string.contains": "includes", "string.len": "length", "string.size": "length", "string.upper": "toUpperCase", "string.lower": "toLowerCase", "string.strip": "trim", "string.startswith": "startsWith",
	"string.endswith": "endsWith", "string.isEmpty": "length === 0", "string.equals": "===", "string.find": "indexOf", "string.reverse": "[...s].reverse().join('')",
}

var scriptTypes = map[language.Kind]string{language.List: "array", language.Str: "string"}

// scriptGlobals are objects of the language that are judged wherever the file does not use their names for something else. Reflect is not among them: a
// package that many use adds to it.
var scriptGlobals = []string{"Array", "Date", "JSON", "Math", "Number", "Object", "Promise", "String", "BigInt", "Atomics"}

func script(f *file) {
	bound := f.bindings()
	tree := f.Tree
	modules := map[string]string{} // what a name stands for, as the table calls it
	for i := range tree.Nodes {
		id := language.ID(i)
		n := &tree.Nodes[i]
		if n.Kind != language.Import && n.Kind != language.ImportFrom {
			continue
		}
		m := tree.Child(id, language.SlotModule)
		if m == language.None {
			continue
		}
		module := strings.TrimPrefix(tree.Nodes[m].Value, "node:")
		if _, known := f.tables.node.members(module); !known || strings.HasPrefix(module, "global ") || strings.HasPrefix(module, "type ") {
			continue
		}
		if n.Kind == language.Import {
			if alias := tree.Child(id, language.SlotAlias); alias != language.None && bound[tree.Nodes[alias].Value] == 1 {
				modules[tree.Nodes[alias].Value] = module
			}
			continue
		}
		for c := range tree.Children(id) {
			if tree.Nodes[c].Kind != language.ImportName {
				continue
			}
			name := tree.Nodes[tree.Child(c, language.SlotName)].Value
			local := name
			if alias := tree.Child(c, language.SlotAlias); alias != language.None {
				local = tree.Nodes[alias].Value
			}
			if has, _ := f.tables.node.has(module, name); !has && small(name) && f.calls(local) && bound[local] == 1 {
				members, _ := f.tables.node.members(module)
				f.report(c, "Node's %s has no `%s`%s", module, name, similar(members, name))
			}
		}
	}
	for _, g := range scriptGlobals {
		if bound[g] == 0 {
			modules[g] = "global " + g
		}
	}
	asked := f.asked()
	variables := f.values(bound, func(n *language.Node) bool { return n.Flags&language.Const != 0 })
	module := len(modules) > len(scriptGlobals) || strings.Contains(tree.Source, "import ") || strings.Contains(tree.Source, "require(")
	for i := range tree.Nodes {
		id := language.ID(i)
		switch {
		case tree.Nodes[i].Kind == language.Dot && called(tree, id):
			scriptMember(f, id, modules, asked)
			scriptMethod(f, id, variables, asked)
		case tree.Nodes[i].Kind == language.Call && module && bound["len"] == 0:
			callee := tree.Child(id, language.SlotCallee)
			if callee != language.None && tree.Nodes[callee].Kind == language.Name && tree.Nodes[callee].Value == "len" && !strings.Contains(tree.Source, "global") {
				f.report(id, "JavaScript has no function `len`; write `.length`")
			}
		}
	}
}

// small tells a name that begins with a small letter: what begins with a large one may be a type only.
func small(name string) bool {
	return name != "" && name[0] >= 'a' && name[0] <= 'z' && name != "default"
}

// calls tells a name that the file calls as a function.
func (f *file) calls(name string) bool {
	for i := range f.Tree.Nodes {
		if n := &f.Tree.Nodes[i]; n.Kind == language.Name && n.Value == name && called(f.Tree, language.ID(i)) {
			return true
		}
	}
	return false
}

// asked lists the members that the file looks at without calling them, or assigns: it knows that they may be missing, or puts them there.
func (f *file) asked() map[string]bool {
	out := map[string]bool{}
	for i := range f.Tree.Nodes {
		n := &f.Tree.Nodes[i]
		if n.Kind != language.Dot || called(f.Tree, language.ID(i)) && n.Flags&language.Optional == 0 {
			continue
		}
		operand, name := f.Tree.Child(language.ID(i), language.SlotOperand), f.Tree.Child(language.ID(i), language.SlotName)
		if operand != language.None && name != language.None && f.Tree.Nodes[operand].Kind == language.Name {
			out[f.Tree.Nodes[operand].Value+"."+f.Tree.Nodes[name].Value] = true
		}
	}
	return out
}

func scriptMember(f *file, id language.ID, modules map[string]string, asked map[string]bool) {
	tree := f.Tree
	operand, n := tree.Child(id, language.SlotOperand), tree.Child(id, language.SlotName)
	if tree.Nodes[operand].Kind != language.Name || n == language.None {
		return
	}
	owner, name := tree.Nodes[operand].Value, tree.Nodes[n].Value
	module := modules[owner]
	if module == "" || !small(name) || asked[owner+"."+name] || guarded(tree, id) {
		return
	}
	if has, _ := f.tables.node.has(module, name); has {
		return
	}
	members, _ := f.tables.node.members(module)
	what := "Node's " + module
	if g, ok := strings.CutPrefix(module, "global "); ok {
		what = "JavaScript's " + g
	}
	f.report(id, "%s has no `%s`%s", what, name, similar(members, name))
}

// scriptMethod judges the methods of what is an array or text for certain.
func scriptMethod(f *file, id language.ID, variables map[string]value, asked map[string]bool) {
	tree := f.Tree
	operand, n := tree.Child(id, language.SlotOperand), tree.Child(id, language.SlotName)
	if n == language.None {
		return
	}
	name := tree.Nodes[n].Value
	kind := tree.Nodes[operand].Kind
	if kind == language.Name {
		v, ok := variables[tree.Nodes[operand].Value]
		if !ok || !v.sure(tree, id) || asked[tree.Nodes[operand].Value+"."+name] && name != "length" {
			return
		}
		kind = v.kind
	}
	owner, ok := scriptTypes[kind]
	if !ok || guarded(tree, id) {
		return
	}
	if name == "length" {
		f.report(id, "`length` of a JavaScript %s is no function; write it without brackets", owner)
		return
	}
	if has, _ := f.tables.node.has("type "+owner, name); has || scriptIdioms[owner+"."+name] == "" {
		return // an unknown name may have been added to the prototype elsewhere; a name of another language hardly
	}
	f.report(id, "a JavaScript %s has no method `%s`%s", owner, name, hint(scriptIdioms, owner, name))
}
