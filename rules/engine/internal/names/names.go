// Package names tells which variable an identifier stands for, so that two uses of one name are told apart when they are two variables.
//
// A file is read once, from its start to its end, as a reader does: a name stands for what was declared before it, in the innermost scope that
// has it. What is used before it is declared, or declared elsewhere, stands for no known variable. There is no second pass and no
// recursion, so the work is linear whatever the nesting.
package names

import (
	"path"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// Var is a variable: its number in Table.Vars. 0 is none that is known.
type Var int32

// Info is what is known of a variable.
type Info struct {
	Scope  language.ID // the function, class or block that it belongs to; 0 for the file
	Global bool        // it belongs to the file
	Member bool        // it belongs to a class
}

// A Table holds the variables of one file. It is immutable.
type Table struct {
	Vars []Info // by Var; the first is unused
	of   []Var  // by node
}

// Of returns the variable that a node names, 0 if it names none that is known. A declared name names its variable too.
func (t *Table) Of(id language.ID) Var {
	if id < 0 || int(id) >= len(t.of) {
		return 0
	}
	return t.of[id]
}

// Resolve reads a file.
func Resolve(t *language.Tree) *Table {
	r := &resolver{
		t: t, table: &Table{Vars: make([]Info, 1), of: make([]Var, len(t.Nodes))}, now: map[string]*entry{},
		python: t.Spec.Name == "python", script: t.Spec.PartialDict,
	}
	r.push(0, language.ID(len(t.Nodes)), fileScope)
	for id := language.ID(0); int(id) < len(t.Nodes); id++ {
		r.leave(id)
		r.enter(id)
	}
	r.leave(language.ID(len(t.Nodes)))
	return r.table
}

type scopeKind uint8

const (
	fileScope scopeKind = iota
	functionScope
	classScope
	blockScope
)

// An entry is what a name stands for, in front of what it stood for outside.
type entry struct {
	v        Var
	scope    int // index into scopes
	imported bool
	outer    *entry
}

type scope struct {
	node, end language.ID
	kind      scopeKind
	declared  []string // to be undone at the end
}

// place is where a declaration belongs.
type place uint8

const (
	inBlock    place = iota // the innermost scope
	inFunction              // the innermost that is no block
	inFile
)

// A pending declaration takes effect at a node: the value of `x = x` names the outer x.
type pending struct {
	at, target language.ID
	place      place
	again      bool // a variable of its own, whatever the scope has already
	depth      int  // how many scopes are open where it is made: those that its value opens end before
}

type resolver struct {
	t              *language.Tree
	table          *Table
	now            map[string]*entry
	scopes         []scope
	pending        []pending
	again          bool
	python, script bool
}

func (r *resolver) push(node, end language.ID, kind scopeKind) {
	r.scopes = append(r.scopes, scope{node: node, end: end, kind: kind})
}

// leave ends what ends before a node.
func (r *resolver) leave(id language.ID) {
	for {
		p, s := len(r.pending)-1, len(r.scopes)-1
		switch {
		case p >= 0 && r.pending[p].at <= id && (r.pending[p].at < r.scopes[s].end || r.pending[p].at == r.scopes[s].end && s < r.pending[p].depth):
			d := r.pending[p]
			r.pending = r.pending[:p]
			r.again = d.again
			r.declareAll(d.target, d.place)
			r.again = false
		case r.scopes[s].end <= id && s > 0:
			for _, name := range r.scopes[s].declared {
				if e := r.now[name]; e != nil && e.scope == s {
					r.now[name] = e.outer
				}
			}
			r.scopes = r.scopes[:s]
		default:
			return
		}
	}
}

func (r *resolver) enter(id language.ID) {
	n := &r.t.Nodes[id]
	switch n.Kind {
	case language.Name:
		if r.table.of[id] == 0 && !r.label(id) && !r.t.Word(id) {
			if e := r.look(n.Value); e != nil {
				r.table.of[id] = e.v
			}
		}
	case language.Func:
		if name := r.t.Child(id, language.SlotName); name != language.None && !r.member(id) {
			r.declareAll(name, inFunction)
		}
		r.push(id, n.Next, functionScope)
	case language.Param:
		if name := r.t.Child(id, language.SlotName); name != language.None {
			r.declareAll(name, inBlock)
		}
	case language.Class:
		if name := r.t.Child(id, language.SlotName); name != language.None {
			r.declareAll(name, inFunction)
		}
		r.push(id, n.Next, classScope)
	case language.Assign:
		r.assign(id)
	case language.Import:
		r.importing(id)
	case language.ImportName:
		local := r.t.Child(id, language.SlotAlias)
		if local == language.None {
			local = r.t.Child(id, language.SlotName)
		}
		r.imported(local, r.t.Nodes[max(local, 0)].Value)
	case language.Block, language.For, language.With, language.Case, language.Try, language.If:
		if !r.python && !(n.Kind == language.Block && r.owned(n.Parent)) {
			r.push(id, n.Next, blockScope)
		}
	case language.ForEach, language.Switch, language.Catch:
		if !r.python {
			r.push(id, n.Next, blockScope)
		}
		target := r.t.Child(id, language.SlotTarget)
		if target == language.None || n.Kind == language.ForEach && !r.python && n.Flags&language.Declares == 0 {
			return
		}
		// What is gone through or asked is read before.
		for c := range r.t.Children(id) {
			if k := &r.t.Nodes[c]; k.Slot == language.SlotValue || k.Slot == language.SlotOperand {
				r.pending = append(r.pending, pending{k.Next, target, r.local(), false, len(r.scopes)})
				return
			}
		}
		r.declareAll(target, r.local())
	case language.Binary: // Java's `x instanceof T t`
		if target := r.t.Child(id, language.SlotTarget); target != language.None {
			r.pending = append(r.pending, pending{n.Next, target, inBlock, false, len(r.scopes)})
		}
	case language.Other:
		r.other(id)
	}
}

// owned says whether a body has its scope already: that of its function or class.
func (r *resolver) owned(id language.ID) bool {
	k := r.t.Nodes[id].Kind
	return k == language.Func || k == language.Class
}

// member says whether a declaration is one of a class or an object, whose name is not a variable.
func (r *resolver) member(id language.ID) bool {
	p := r.t.Nodes[id].Parent
	return p > 0 && r.t.Nodes[p].Kind == language.Dict || p > 0 && r.t.Nodes[p].Kind == language.Block && r.t.Nodes[r.t.Nodes[p].Parent].Kind == language.Class
}

func (r *resolver) assign(id language.ID) {
	n := &r.t.Nodes[id]
	target := r.t.Child(id, language.SlotTarget)
	if target == language.None || n.Value != "=" {
		return
	}
	where := inFunction
	switch {
	case n.Flags&language.Declares == 0 && !r.python:
		if !r.unknown(target) {
			return
		}
		if r.script {
			where = inFile // JavaScript makes a variable of the file
		}
	case r.python:
	case r.script && r.member(id):
		return // a field is reached by this.x only
	case r.t.Type(id) != "variable_declaration": // JavaScript's var
		where = r.local()
	}
	if value := r.t.Child(id, language.SlotValue); value != language.None && r.t.Nodes[value].Kind == language.Func {
		r.declareAll(target, where) // a function may name itself
		return
	}
	// JavaScript and Java make a new variable of what is declared again, as Python does with a type; Go's := may take the old one.
	again := n.Flags&language.Declares != 0 && r.t.Spec.Semicolon || r.python && r.t.Child(id, language.SlotType) != language.None
	r.pending = append(r.pending, pending{n.Next, target, where, again, len(r.scopes)})
}

// local is where a declaration inside a block belongs.
func (r *resolver) local() place {
	if r.python {
		return inFunction
	}
	return inBlock
}

// unknown says whether an assignment names a variable that nothing declares: one of another file, or none yet.
func (r *resolver) unknown(target language.ID) bool {
	n := &r.t.Nodes[target]
	return n.Kind == language.Name && r.look(n.Value) == nil
}

func (r *resolver) importing(id language.ID) {
	if local := r.t.Child(id, language.SlotAlias); local != language.None {
		r.imported(local, r.t.Nodes[local].Value)
		return
	}
	mod := r.t.Child(id, language.SlotModule)
	if mod == language.None {
		return
	}
	switch name := r.t.Nodes[mod].Value; r.t.Spec.Name {
	case "python":
		first, _, _ := strings.Cut(name, ".")
		r.imported(mod, first)
	case "go":
		r.imported(mod, GoPackage(name))
	case "java":
		r.imported(mod, name[strings.LastIndexByte(name, '.')+1:])
	case "php":
		r.imported(mod, name[strings.LastIndexByte(name, '\\')+1:])
	}
}

// imported declares what an import brings. A second import of a name makes another variable of it.
func (r *resolver) imported(at language.ID, name string) {
	if at != language.None && name != "" && name != "*" {
		e := r.add(name, r.home(inFunction))
		e.imported = true
		r.table.of[at] = e.v
	}
}

// GoPackage guesses the name of a package of Go from its path: the last element, without a version.
func GoPackage(p string) string {
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

func (r *resolver) other(id language.ID) {
	n := &r.t.Nodes[id]
	switch r.t.Type(id) {
	case "list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression":
		r.push(id, n.Next, blockScope)
		for c := range r.t.Children(id) {
			if r.t.Type(c) == "for_in_clause" && c+1 < r.t.Nodes[c].Next {
				r.declareAll(c+1, inBlock)
			}
		}
	case "global_statement":
		for c := range r.t.Children(id) {
			e := r.look(r.t.Nodes[c].Value)
			for e != nil && e.scope > 0 {
				e = e.outer
			}
			if e == nil {
				e = r.add(r.t.Nodes[c].Value, 0)
			}
			r.put(r.t.Nodes[c].Value, e.v, r.home(inFunction))
			r.table.of[c] = e.v
		}
	case "nonlocal_statement":
		for c := range r.t.Children(id) {
			if e := r.look(r.t.Nodes[c].Value); e != nil {
				r.put(r.t.Nodes[c].Value, e.v, r.home(inFunction))
			}
		}
	}
}

// label says whether a name is no variable: a member, a key, a label.
func (r *resolver) label(id language.ID) bool {
	n := &r.t.Nodes[id]
	if n.Parent == language.None {
		return false
	}
	p := &r.t.Nodes[n.Parent]
	switch n.Slot {
	case language.SlotName:
		switch p.Kind {
		case language.Dot, language.KeyArg, language.Element, language.Func, language.ImportName:
			return true
		}
	case language.SlotModule:
		return true
	case language.SlotKey:
		return !r.python // the key of a dictionary is an expression
	case language.SlotTarget:
		return p.Kind == language.Assign && p.Flags&language.Declares != 0
	case language.SlotOperand:
		return p.Kind == language.Jump
	}
	return false
}

// look finds what a name stands for here. Python's methods do not see the names of their class.
func (r *resolver) look(name string) *entry {
	e := r.now[name]
	for e != nil && r.hidden(e) {
		e = e.outer
	}
	return e
}

func (r *resolver) hidden(e *entry) bool {
	if !r.python || r.scopes[e.scope].kind != classScope {
		return false
	}
	for i := len(r.scopes) - 1; i > e.scope; i-- {
		if r.scopes[i].kind == functionScope {
			return true
		}
		if r.scopes[i].kind == classScope {
			return true
		}
	}
	return false
}

// home is the scope of a place.
func (r *resolver) home(where place) int {
	i := len(r.scopes) - 1
	switch where {
	case inFile:
		return 0
	case inFunction:
		for i > 0 && r.scopes[i].kind == blockScope {
			i--
		}
	case inBlock:
	}
	return i
}

// declareAll declares the names in a target: a name, or a pattern that takes a value apart.
func (r *resolver) declareAll(target language.ID, where place) {
	t := r.t
	for id := target; id < t.Nodes[target].Next; {
		n := &t.Nodes[id]
		switch {
		case id != target && n.Slot == language.SlotValue:
			id = n.Next // a default is no target
		case n.Kind == language.Name:
			if id == target || n.Slot != language.SlotKey {
				r.table.of[id] = r.declare(n.Value, where)
			}
			id++
		case n.Kind == language.Dot, n.Kind == language.Index, n.Kind == language.Call:
			id = n.Next // x.y = ... declares nothing
		default:
			id++
		}
	}
}

func (r *resolver) declare(name string, where place) Var {
	home := r.home(where)
	if e := r.now[name]; e != nil && !r.again && (e.scope >= home || r.python && e.imported) {
		return e.v // declared again: the same variable; so is what Python assigns to an imported name
	}
	return r.add(name, home).v
}

// add makes a variable in a scope.
func (r *resolver) add(name string, home int) *entry {
	s := &r.scopes[home]
	v := Var(len(r.table.Vars))
	r.table.Vars = append(r.table.Vars, Info{Scope: s.node, Global: s.kind == fileScope, Member: s.kind == classScope})
	return r.put(name, v, home)
}

func (r *resolver) put(name string, v Var, home int) *entry {
	r.scopes[home].declared = append(r.scopes[home].declared, name)
	e := &entry{v: v, scope: home}
	// What inner scopes say of the name stays in front.
	if top := r.now[name]; top != nil && top.scope > home {
		for top.outer != nil && top.outer.scope > home {
			top = top.outer
		}
		e.outer, top.outer = top.outer, e
		return e
	}
	e.outer = r.now[name]
	r.now[name] = e
	return e
}
