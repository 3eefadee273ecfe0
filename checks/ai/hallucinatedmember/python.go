package hallucinatedmember

import (
	"path"
	"regexp"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

var (
	// asks are files that look where they run: members of modules that differ by platform are left alone in them.
	asks = regexp.MustCompile(`\bsys\.platform\b|\bos\.name\b|\bplatform\.system\b|["'](win32|nt|darwin|Windows)["']`)
	// old are files that are written for several versions.
	old = regexp.MustCompile(`version_info|\bPY[23]\b|\bPYTHON[23]\b|\bsix\b|__future__|ImportError|ModuleNotFoundError|hexversion|\bunicode\(|\bxrange\(`)
	// missing are exceptions that somebody expects who is not sure that a member is there.
	missing = regexp.MustCompile(`AttributeError|ImportError|ModuleNotFoundError|NameError|\bException\b`)
)

// differ are modules that have other members, above all constants, on other platforms.
var differ = map[string]bool{"os": true, "signal": true, "socket": true, "select": true, "time": true, "asyncio": true, "subprocess": true, "multiprocessing": true, "ssl": true, "resource": true, "locale": true,
	"logging": true} // levels of its own are added to it

// pythonIdioms are names of other languages.
var pythonIdioms = map[string]string{
	"list.push": "append", "list.add": "append", "list.length": "len(...)", "list.size": "len(...)", "list.forEach": "for ... in", "list.includes": "... in", "list.contains": "... in", "list.indexOf": "index",
	"list.join": "separator.join(...)", "list.concat": "+", "list.map": "[... for ... in ...]", "list.filter": "[... for ... in ... if ...]", "list.shift": "pop(0)", "list.addAll": "extend", "list.isEmpty": "not ...",
	"str.length": "len(...)", "str.size": "len(...)", "str.toUpperCase": "upper", "str.toLowerCase": "lower", "str.includes": "... in", "str.contains": "... in", "str.trim": "strip", "str.substring": "[a:b]",
	"str.indexOf": "find", "str.replaceAll": "replace", "str.charAt": "[i]", "str.isEmpty": "not ...", "str.startsWith": "startswith", "str.endsWith": "endswith",
	"dict.has_key": "... in", "dict.iteritems": "items", "dict.itervalues": "values", "dict.iterkeys": "keys", "dict.contains": "... in", "dict.length": "len(...)", "dict.size": "len(...)", "dict.put": "[key] = value",
	"dict.containsKey": "... in", "dict.hasOwnProperty": "... in", "dict.forEach": "for ... in ....items()", "dict.entries": "items", "dict.add": "[key] = value", "dict.merge": "update",
}

var pythonTypes = map[language.Kind]string{language.List: "list", language.Str: "str", language.Dict: "dict"}

func python(f *file) {
	bound := f.bindings()
	tree := f.Tree
	platforms := asks.MatchString(tree.Source)
	modules := map[string]string{} // by the name that the file has for them
	for i := range tree.Nodes {
		id := language.ID(i)
		switch tree.Nodes[i].Kind {
		case language.Import:
			module := tree.Nodes[tree.Child(id, language.SlotModule)].Value
			name, _, _ := strings.Cut(module, ".")
			full := name
			if alias := tree.Child(id, language.SlotAlias); alias != language.None {
				name, full = tree.Nodes[alias].Value, module
			}
			if _, known := f.tables.python.members(full); known && within(tree, id, language.Try) == language.None {
				modules[name] = full
			}
		case language.ImportFrom:
			fromImport(f, id, bound, modules, platforms)
		}
	}
	for name := range modules {
		// "import os" and "import os.path" are two imports of one name: all others of that name are of something else.
		if bound[name] > imports(f, name) || assigned(f, name) || shadowed(f, modules[name]) {
			delete(modules, name)
		}
	}
	variables := f.values(bound, func(*language.Node) bool { return true })
	for i := range tree.Nodes {
		id := language.ID(i)
		switch tree.Nodes[i].Kind {
		case language.Dot:
			pythonMember(f, id, modules, platforms)
			if called(tree, id) {
				pythonMethod(f, id, variables)
			}
		case language.Call:
			pythonKeywords(f, id, modules)
		}
	}
}

// imports counts the imports that give a name to one and the same top-level module.
func imports(f *file, name string) int {
	n := 0
	for i := range f.Tree.Nodes {
		if f.Tree.Nodes[i].Kind != language.Import {
			continue
		}
		module, alias := f.Tree.Child(language.ID(i), language.SlotModule), f.Tree.Child(language.ID(i), language.SlotAlias)
		if top, _, _ := strings.Cut(f.Tree.Nodes[module].Value, "."); alias == language.None && top == name && top == f.Tree.Nodes[module].Value ||
			alias != language.None && f.Tree.Nodes[alias].Value == name {
			n++
		}
	}
	if n > 1 && !same(f, name) {
		return 0
	}
	return n
}

// same tells whether all imports that give a name are of one module.
func same(f *file, name string) bool {
	first := ""
	for i := range f.Tree.Nodes {
		if f.Tree.Nodes[i].Kind != language.Import {
			continue
		}
		module := f.Tree.Nodes[f.Tree.Child(language.ID(i), language.SlotModule)].Value
		if alias := f.Tree.Child(language.ID(i), language.SlotAlias); alias != language.None && f.Tree.Nodes[alias].Value == name || alias == language.None && module == name {
			if first != "" && first != module {
				return false
			}
			first = module
		}
	}
	return true
}

// shadowed tells a module of whose name the change has a file beside this one: a script that is run finds that first.
func shadowed(f *file, module string) bool {
	top, _, _ := strings.Cut(module, ".")
	_, err := f.pass.Change.Tree(f.Side).Open(path.Join(path.Dir(f.Name), top+".py"))
	return err == nil
}

// assigned tells a module of which the file changes members.
func assigned(f *file, name string) bool {
	for i := range f.Tree.Nodes {
		n := &f.Tree.Nodes[i]
		if n.Kind == language.Dot && n.Slot == language.SlotTarget && f.Tree.Nodes[n.Parent].Kind == language.Assign {
			if top, _, _ := strings.Cut(dotted(f.Tree, language.ID(i)), "."); top == name {
				return true
			}
		}
	}
	return false
}

// fromImport judges `from json import parse`; a submodule or class that it brings is known under its own name.
func fromImport(f *file, id language.ID, bound map[string]int, modules map[string]string, platforms bool) {
	tree := f.Tree
	m := tree.Child(id, language.SlotModule)
	if m == language.None {
		return
	}
	module := tree.Nodes[m].Value
	if _, known := f.tables.python.members(module); !known {
		return
	}
	guarded := within(tree, id, language.Try) != language.None || within(tree, id, language.If) != language.None
	for c := range tree.Children(id) {
		if tree.Nodes[c].Kind != language.ImportName {
			continue
		}
		name := tree.Nodes[tree.Child(c, language.SlotName)].Value
		if !guarded && f.judge(c, module, name, platforms) {
			continue
		}
		local := name
		if alias := tree.Child(c, language.SlotAlias); alias != language.None {
			local = tree.Nodes[alias].Value
		}
		if _, known := f.tables.python.members(module + "." + name); known && !guarded && bound[local] == 1 {
			modules[local] = module + "." + name
		}
	}
}

// judge reports a member that a module does not have, or has no more.
func (f *file) judge(at language.ID, module, name string, platforms bool) bool {
	if strings.HasPrefix(name, "_") || platforms && differ[module] || differ[module] && name == strings.ToUpper(name) || name == "*" || name == "" {
		return false
	}
	has, since := f.tables.python.has(module, name)
	members, _ := f.tables.python.members(module)
	switch {
	case !has:
		if strings.Contains(f.Tree.Source, `"`+name+`"`) || strings.Contains(f.Tree.Source, `'`+name+`'`) {
			return false // hasattr, getattr
		}
		f.report(at, "Python's %s has no `%s`%s", module, name, similar(members, name))
		return true
	case since != "" && !old.MatchString(f.Tree.Source):
		f.report(at, "`%s.%s` was removed in Python %s. Use what its documentation names instead", module, name, since)
		return true
	}
	return false
}

func pythonMember(f *file, id language.ID, modules map[string]string, platforms bool) {
	tree := f.Tree
	operand, name := tree.Child(id, language.SlotOperand), tree.Child(id, language.SlotName)
	chain := dotted(tree, operand)
	if chain == "" || name == language.None || tree.Nodes[id].Slot == language.SlotTarget {
		return
	}
	top, rest, deeper := strings.Cut(chain, ".")
	module := modules[top]
	if module == "" {
		return
	}
	if deeper {
		module += "." + rest
	}
	if _, known := f.tables.python.members(module); !known || guarded(tree, id) || excused(tree, id) {
		return
	}
	f.judge(id, module, tree.Nodes[name].Value, platforms)
}

// guarded tells a place where somebody expects that a member may be missing.
func guarded(tree *language.Tree, id language.ID) bool {
	for t := within(tree, id, language.Try); t != language.None; t = within(tree, t, language.Try) {
		for c := range tree.Children(t) {
			if n := &tree.Nodes[c]; n.Kind == language.Catch {
				kind := tree.Child(c, language.SlotType)
				if kind == language.None || missing.MatchString(tree.Text(kind)) {
					return true
				}
			}
		}
	}
	return false
}

// excused tells a branch of a test for the version.
func excused(tree *language.Tree, id language.ID) bool {
	for p := within(tree, id, language.If); p != language.None; p = within(tree, p, language.If) {
		if cond := tree.Child(p, language.SlotCond); cond != language.None && strings.Contains(tree.Text(cond), "version") {
			return true
		}
	}
	if p := within(tree, id, language.Ternary); p != language.None && strings.Contains(tree.Text(p), "version") {
		return true
	}
	return false
}

// pythonMethod judges the methods of what is a list, text or dictionary for certain.
func pythonMethod(f *file, id language.ID, variables map[string]value) {
	tree := f.Tree
	operand, name := tree.Child(id, language.SlotOperand), tree.Nodes[tree.Child(id, language.SlotName)].Value
	kind := tree.Nodes[operand].Kind
	if kind == language.Name {
		v, ok := variables[tree.Nodes[operand].Value]
		if !ok || !v.sure(tree, id) {
			return
		}
		kind = v.kind
	}
	owner, ok := pythonTypes[kind]
	if !ok || strings.HasPrefix(name, "__") || guarded(tree, id) {
		return
	}
	if kind != language.Str && kind != tree.Nodes[operand].Kind && tree.Nodes[operand].Kind != language.Name {
		return
	}
	if has, _ := f.tables.python.has("type "+owner, name); has || kind == language.Str && strings.HasPrefix(tree.Text(operand), "b") {
		return
	}
	f.report(id, "a %s of Python has no method `%s`%s", owner, name, hint(pythonIdioms, owner, name))
}

// pythonKeywords judges the keyword arguments of a call of a module's function.
func pythonKeywords(f *file, id language.ID, modules map[string]string) {
	tree := f.Tree
	callee := tree.Child(id, language.SlotCallee)
	chain := dotted(tree, callee)
	top, rest, ok := strings.Cut(chain, ".")
	module := modules[top]
	if !ok || module == "" {
		return
	}
	known, ok := f.tables.python.members(module + "." + rest + "(")
	args := tree.Child(id, language.SlotArgs)
	if !ok || args == language.None || guarded(tree, id) || excused(tree, id) {
		return
	}
	allowed := " " + strings.Join(known, " ") + " "
	for a := range tree.Children(args) {
		if tree.Nodes[a].Kind != language.KeyArg {
			continue
		}
		name := tree.Nodes[tree.Child(a, language.SlotName)].Value
		if !strings.Contains(allowed, " "+name+" ") {
			f.report(a, "`%s.%s` takes no argument `%s`; it knows %s", module, rest, name, strings.Join(known, ", "))
		}
	}
}
