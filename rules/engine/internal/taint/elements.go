package taint

import (
	"slices"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// The elements of collections are told apart where that takes no guessing: a list or map that is made in a block, filled by its statements
// with constant keys, and read with a constant key. As soon as anything else is done with it, it counts as a whole.

// elements says what lies where.
type elements struct {
	at   map[language.ID]language.ID // what a read finds: the expression that was put there; None: nothing, or a constant
	kept map[language.ID]bool        // expressions that are put somewhere: their values are kept
	made map[names.Var]bool          // variables that hold a collection, or something else that text is put into
}

// elements works out what the collections of the file hold, once.
func (f *File) collections() *elements {
	if f.elements != nil {
		return f.elements
	}
	e := &elements{at: map[language.ID]language.ID{}, kept: map[language.ID]bool{}, made: map[names.Var]bool{}}
	f.elements = e
	for i := range f.t.Nodes {
		id := language.ID(i)
		n := &f.t.Nodes[i]
		if n.Kind != language.Assign || n.Value != "=" && n.Value != ":=" {
			continue
		}
		target, value := f.t.Child(id, language.SlotTarget), f.t.Child(id, language.SlotValue)
		if target == language.None || value == language.None || f.t.Nodes[target].Kind != language.Name || f.names.Of(target) == 0 || !f.makes(value) {
			continue
		}
		e.made[f.names.Of(target)] = true
		if k := f.t.Nodes[n.Parent].Kind; k == language.Block || k == language.File {
			f.follow(id, target, value)
		}
	}
	return e
}

// makes says whether an expression makes a collection or a builder.
func (f *File) makes(value language.ID) bool {
	t := f.t
	switch n := &t.Nodes[value]; n.Kind {
	case language.List, language.Dict:
		return true
	case language.Call:
		if n.Flags&language.New != 0 {
			return true
		}
		callee := t.Child(value, language.SlotCallee)
		if callee == language.None {
			return false
		}
		name := callee
		if t.Nodes[callee].Kind == language.Dot {
			name = t.Child(callee, language.SlotName)
		}
		return name != language.None && slices.Contains(makers, t.Nodes[name].Value)
	}
	return false
}

var makers = []string{"ConfigParser", "OrderedDict", "RawConfigParser", "StringIO", "defaultdict", "deque", "dict", "list", "make", "set"}

// puts are the methods that put what they are given into the object.
var puts = []string{"add", "addAll", "addFirst", "addLast", "append", "extend", "insert", "offer", "push", "put", "putAll", "putIfAbsent", "set", "setProperty",
	"setdefault", "unshift", "update", "write"}

// A shelf is what a followed collection holds.
type shelf struct {
	list []language.ID
	keys map[string]language.ID
}

// follow reads the statements of the block after the one that makes a collection.
func (f *File) follow(made, target, value language.ID) {
	t, v := f.t, f.names.Of(target)
	s := &shelf{keys: map[string]language.ID{}}
	n := &t.Nodes[value]
	switch {
	case n.Kind == language.List:
		for c := range t.Children(value) {
			if k := t.Nodes[c].Kind; k == language.Spread || t.Nodes[c].Slot == language.SlotType {
				return
			}
			s.list = append(s.list, c)
		}
	case n.Kind == language.Dict:
		for c := range t.Children(value) {
			key, operand := t.Child(c, language.SlotKey), t.Child(c, language.SlotOperand)
			if t.Nodes[c].Slot == language.SlotType {
				continue
			}
			if t.Nodes[c].Kind != language.Pair || key == language.None || operand == language.None {
				return
			}
			if text, ok := f.text(key); ok {
				s.keys[text+"\x00"] = operand
			} else {
				return
			}
		}
	case n.Kind == language.Call:
		if args := t.Child(value, language.SlotArgs); args != language.None && t.Nodes[args].Next > args+1 && n.Flags&language.New != 0 {
			return // made from another one
		}
	}
	for c := t.Nodes[made].Next; c < t.Nodes[t.Nodes[made].Parent].Next; c = t.Nodes[c].Next {
		if !f.shelve(s, v, c) {
			return
		}
	}
}

// shelve runs one statement on a followed collection; false: from here on it cannot be followed.
func (f *File) shelve(s *shelf, v names.Var, stmt language.ID) bool {
	t := f.t
	written := language.None
	switch n := &t.Nodes[stmt]; n.Kind {
	case language.ExprStmt:
		written = t.Child(stmt, language.SlotOperand)
	case language.Assign:
		written = t.Child(stmt, language.SlotTarget)
	case language.Func, language.Class:
		return false
	}
	var reads [][2]language.ID
	own := language.None // the name in what is written
	if written != language.None {
		own = f.holder(written)
	}
	for i := stmt; i < t.Nodes[stmt].Next; i++ {
		if t.Nodes[i].Kind == language.Func {
			for k := i; k < t.Nodes[i].Next; k++ {
				if f.names.Of(k) == v {
					return false // run at any time
				}
			}
		}
		if t.Nodes[i].Kind != language.Name || f.names.Of(i) != v || i == own {
			continue
		}
		read, ok := f.reading(i)
		if !ok {
			return false
		}
		if read != language.None {
			reads = append(reads, [2]language.ID{read, i})
		}
	}
	for _, r := range reads {
		if element, ok := f.lookup(s, r[0]); ok {
			f.elements.at[r[0]] = element
		}
	}
	if own == language.None || f.names.Of(own) != v {
		return true
	}
	if t.Nodes[stmt].Kind == language.Assign {
		return f.assigns(s, stmt, written)
	}
	return f.calls(s, written)
}

// holder gives the name of the collection that x.f(...) or x[...] is about.
func (f *File) holder(id language.ID) language.ID {
	t := f.t
	if t.Nodes[id].Kind == language.Call {
		if id = t.Child(id, language.SlotCallee); id == language.None || t.Nodes[id].Kind != language.Dot {
			return language.None
		}
	} else if t.Nodes[id].Kind != language.Index {
		return language.None
	}
	if id = t.Child(id, language.SlotOperand); id == language.None || t.Nodes[id].Kind != language.Name {
		return language.None
	}
	return id
}

// reading says whether a use of a collection only reads it, and gives the read if it asks for one element.
func (f *File) reading(name language.ID) (read language.ID, ok bool) {
	t := f.t
	p := t.Nodes[name].Parent
	switch n := &t.Nodes[p]; n.Kind {
	case language.Index:
		if t.Nodes[name].Slot == language.SlotOperand && n.Slot != language.SlotTarget {
			return p, true
		}
	case language.ForEach:
		return language.None, t.Nodes[name].Slot != language.SlotTarget
	case language.Dot:
		method, call := t.Child(p, language.SlotName), n.Parent
		if method == language.None || n.Slot != language.SlotCallee {
			return language.None, false
		}
		switch t.Nodes[method].Value {
		case "get", "getProperty":
			return call, true
		case "size", "length", "isEmpty", "contains", "containsKey", "has", "keys", "values", "items", "keySet", "entrySet", "toString", "add_section":
			return language.None, true
		}
	}
	return language.None, false
}

// text gives a constant key.
func (f *File) text(id language.ID) (string, bool) {
	v, ok := f.constant(id)
	if !ok && f.t.Nodes[id].Kind == language.Name && f.t.Spec.PartialDict && f.t.Nodes[id].Slot == language.SlotKey {
		return f.t.Nodes[id].Value, true
	}
	if !ok || !v.Known || v.Kind != language.Str && v.Kind != language.Num {
		return "", false
	}
	return v.Text, true
}

// key joins the constant arguments of a call; get("section", "name") has two.
func (f *File) key(args []language.ID) (string, bool) {
	out := ""
	for _, a := range args {
		text, ok := f.text(a)
		if !ok {
			return "", false
		}
		out += text + "\x00"
	}
	return out, len(args) > 0
}

func (f *File) args(call language.ID) []language.ID {
	var out []language.ID
	if list := f.t.Child(call, language.SlotArgs); list != language.None {
		for c := range f.t.Children(list) {
			out = append(out, c)
		}
	}
	return out
}

// lookup gives the element that a read asks for.
func (f *File) lookup(s *shelf, read language.ID) (language.ID, bool) {
	var args []language.ID
	if f.t.Nodes[read].Kind == language.Index {
		for c := range f.t.Children(read) {
			if f.t.Nodes[c].Slot != language.SlotOperand {
				args = append(args, c)
			}
		}
	} else {
		args = f.args(read)
	}
	if len(args) == 0 || len(args) > 2 {
		return language.None, false
	}
	if len(s.list) > 0 {
		i, ok := f.index(args[0], len(s.list))
		if !ok || len(args) != 1 {
			return language.None, false
		}
		f.elements.kept[s.list[i]] = true
		return s.list[i], true
	}
	key, ok := f.key(args)
	if !ok || len(s.keys) == 0 {
		return language.None, false
	}
	element, ok := s.keys[key]
	if !ok {
		return language.None, false
	}
	f.elements.kept[element] = true
	return element, true
}

func (f *File) index(id language.ID, size int) (int, bool) {
	text, ok := f.text(id)
	if !ok || len(text) == 0 || len(text) > 3 {
		return 0, false
	}
	i := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		i = i*10 + int(c-'0')
	}
	return i, i < size
}

// assigns runs x[key] = value.
func (f *File) assigns(s *shelf, stmt, target language.ID) bool {
	var args []language.ID
	for c := range f.t.Children(target) {
		if f.t.Nodes[c].Slot != language.SlotOperand {
			args = append(args, c)
		}
	}
	value := f.t.Child(stmt, language.SlotValue)
	key, ok := f.key(args)
	if !ok || value == language.None || len(s.list) > 0 {
		return false
	}
	s.keys[key] = value
	return true
}

// calls runs x.add(value), x.put(key, value), x.remove(0) and their like.
func (f *File) calls(s *shelf, call language.ID) bool {
	t := f.t
	args := f.args(call)
	method := t.Child(t.Child(call, language.SlotCallee), language.SlotName)
	if method == language.None {
		return false
	}
	switch name := t.Nodes[method].Value; name {
	case "add", "append", "push", "addLast":
		if len(args) != 1 || len(s.keys) > 0 {
			return false
		}
		s.list = append(s.list, args[0])
	case "put", "set", "setProperty":
		if len(args) < 2 || len(s.list) > 0 {
			return false
		}
		key, ok := f.key(args[:len(args)-1])
		if !ok {
			return false
		}
		s.keys[key] = args[len(args)-1]
	case "remove", "pop":
		if len(args) != 1 || len(s.keys) > 0 {
			return false
		}
		i, ok := f.index(args[0], len(s.list))
		if !ok {
			return false
		}
		s.list = slices.Delete(slices.Clone(s.list), i, i+1)
	case "add_section":
	default:
		return false
	}
	return true
}

// element gives the value of a read whose element is known.
func (m *machine) element(read language.ID) (value, bool) {
	if !m.deep() {
		return value{}, false
	}
	at, ok := m.file.collections().at[read]
	if !ok {
		return value{}, false
	}
	v, ok := m.held[at]
	return v, ok
}

// keep notes the value of an expression that is put into a collection.
func (m *machine) keep(id language.ID, v value) {
	if m.deep() && m.file.collections().kept[id] {
		m.held[id] = v
	}
}

// put marks a collection that is given marked data: list.add(x).
func (m *machine) put(callee language.ID, all taints) {
	t := m.t
	if !m.deep() || len(all) == 0 {
		return
	}
	operand, name := t.Child(callee, language.SlotOperand), t.Child(callee, language.SlotName)
	if operand == language.None || name == language.None || t.Nodes[operand].Kind != language.Name || !slices.Contains(puts, t.Nodes[name].Value) ||
		!m.file.collections().made[m.in.Names.Of(operand)] {
		return
	}
	key := uint32(m.key(operand))
	m.env.vars = m.env.vars.set(key, m.env.vars.get(key).add(nil, all.passing(callee), nil))
}
