package consts

import (
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A walker follows the constants through the statements of a file. What a branch changes is written down, so that it can be taken back
// and compared with the other branch: the work grows with the changes, not with what is known.
type walker struct {
	*Table
	env   map[names.Var]Value
	trail []change
	// called is the length of the trail at the first call since a try began; -1: none yet. The trail may have been taken back behind it.
	called int
}

// A change is what a variable stood for before.
type change struct {
	v   names.Var
	old Value // of kind Other: nothing known
}

func (w *walker) set(v names.Var, value Value) {
	old, had := w.env[v]
	if v == 0 || old == value || !had && (value.Kind == language.Other || len(w.env) >= maxVars) {
		return
	}
	w.trail = append(w.trail, change{v, old})
	if value.Kind == language.Other {
		delete(w.env, v)
	} else {
		w.env[v] = value
	}
}

func (w *walker) forgetAll() {
	known := make([]names.Var, 0, len(w.env))
	for v := range w.env {
		known = append(known, v)
	}
	slices.Sort(known)
	for _, v := range known {
		w.set(v, none)
	}
}

// back takes back what was changed since a mark and returns what the variables stood for.
func (w *walker) back(mark int) []change {
	if mark == len(w.trail) {
		return nil
	}
	var out []change
	seen := map[names.Var]bool{}
	for i := len(w.trail) - 1; i >= mark; i-- {
		c := w.trail[i]
		if !seen[c.v] {
			seen[c.v] = true
			out = append(out, change{c.v, w.env[c.v]})
		}
		if c.old.Kind == language.Other {
			delete(w.env, c.v)
		} else {
			w.env[c.v] = c.old
		}
	}
	w.trail = w.trail[:mark]
	return out
}

// A branch is what one way through a statement changes; a dead one does not come out of it.
type branch struct {
	changes []change
	dead    bool
}

// merge lets the ways come together; it returns whether none comes out.
func (w *walker) merge(branches ...branch) (dead bool) {
	type seen struct {
		value Value
		count int
	}
	alive, changes := 0, 0
	for _, b := range branches {
		changes += len(b.changes)
		if !b.dead {
			alive++
		}
	}
	if changes == 0 {
		return alive == 0
	}
	all := map[names.Var]*seen{}
	var order []names.Var
	for _, b := range branches {
		if b.dead {
			continue
		}
		for _, c := range b.changes {
			s := all[c.v]
			if s == nil {
				s = &seen{value: c.old}
				all[c.v] = s
				order = append(order, c.v)
			} else {
				s.value = join(s.value, c.old)
			}
			s.count++
		}
	}
	for _, v := range order {
		s := all[v]
		if s.count < alive {
			s.value = join(s.value, w.env[v]) // some way leaves it as it was
		}
		w.set(v, s.value)
	}
	return alive == 0
}

// way follows one branch and takes its changes back.
func (w *walker) way(ids ...language.ID) branch {
	mark := len(w.trail)
	b := branch{}
	for _, id := range ids {
		if id != language.None {
			b.dead = w.walk(id) || b.dead
		}
	}
	b.changes = w.back(mark)
	return b
}

func (w *walker) in(id language.ID, slot language.Slot) []language.ID {
	var out []language.ID
	for c := range w.t.Children(id) {
		if w.t.Nodes[c].Slot == slot {
			out = append(out, c)
		}
	}
	return out
}

func (w *walker) walkAll(id language.ID, slots ...language.Slot) {
	for c := range w.t.Children(id) {
		if slices.Contains(slots, w.t.Nodes[c].Slot) {
			w.walk(c)
		}
	}
}

// walk follows a statement or expression. It returns whether what comes after it is not reached.
func (w *walker) walk(id language.ID) (dead bool) {
	n := &w.t.Nodes[id]
	switch n.Kind {
	case language.Name:
		if v, ok := w.env[w.names.Of(id)]; ok {
			w.at[id] = v
		}
		return false
	case language.File, language.Block:
		for c := range w.t.Children(id) {
			dead = w.walk(c) || dead
		}
		return dead
	case language.Assign:
		w.assign(id)
		return false
	case language.Call:
		w.children(id)
		if w.called < 0 {
			w.called = len(w.trail)
		}
		return false
	case language.ExprStmt:
		w.children(id)
		w.receiver(w.t.Child(id, language.SlotOperand))
		return false
	case language.Unary:
		w.children(id)
		if n.Value == "++" || n.Value == "--" {
			w.forget(w.t.Child(id, language.SlotOperand))
		}
		return false
	case language.Func:
		w.function(id)
		return false
	case language.If:
		w.walkAll(id, language.SlotInit, language.SlotCond)
		return w.merge(w.way(w.t.Child(id, language.SlotThen)), w.way(w.t.Child(id, language.SlotElse)))
	case language.For, language.ForEach:
		w.loop(id)
		return false
	case language.Switch:
		return w.choice(id)
	case language.Try:
		return w.try(id)
	case language.Return, language.Throw:
		w.children(id)
		return true
	case language.Jump:
		w.children(id)
		return n.Value != "pass"
	case language.Defer:
		w.children(id)
		if strings.HasPrefix(n.Value, "yield") {
			w.forgetAll() // what goes on meanwhile is not known
		}
		return false
	case language.Other:
		switch w.t.Type(id) {
		case "labeled_statement":
			w.forgetAll() // it may be reached from elsewhere
		case "list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression":
			w.forgetAll() // a loop
			w.children(id)
			w.forgetAll()
			return false
		}
	}
	w.children(id)
	return false
}

func (w *walker) children(id language.ID) {
	for c := range w.t.Children(id) {
		w.walk(c)
	}
}

// forget drops what is known of the variable that an expression begins with: x, x.y, x[0].
func (w *walker) forget(id language.ID) {
	for id != language.None {
		switch w.t.Nodes[id].Kind {
		case language.Name:
			w.set(w.names.Of(id), none)
			return
		case language.Dot, language.Index:
			id = w.t.Child(id, language.SlotOperand)
		default:
			return
		}
	}
}

// receiver forgets the x of a statement x.f(): the method may change it.
func (w *walker) receiver(id language.ID) {
	if id == language.None || w.t.Nodes[id].Kind != language.Call {
		return
	}
	callee := w.t.Child(id, language.SlotCallee)
	if callee == language.None || w.t.Nodes[callee].Kind != language.Dot {
		return
	}
	if x := w.t.Child(callee, language.SlotOperand); x != language.None && w.t.Nodes[x].Kind == language.Name {
		w.set(w.names.Of(x), none)
	}
}

func (w *walker) assign(id language.ID) {
	n := &w.t.Nodes[id]
	target, value := w.t.Child(id, language.SlotTarget), w.t.Child(id, language.SlotValue)
	for c := range w.t.Children(id) {
		if c != target {
			w.walk(c)
		}
	}
	if target == language.None {
		return
	}
	switch w.t.Nodes[target].Kind {
	case language.Name:
		v := w.names.Of(target)
		switch {
		case value == language.None, w.t.Spec.Name == "python" && w.t.Nodes[n.Parent].Kind == language.Assign && n.Slot == language.SlotValue:
			w.set(v, none)
		case w.t.Spec.Name == "python" && w.names.Vars[v].Member:
		case n.Value == "=":
			w.set(v, w.assigned(value))
		case n.Value == "+=":
			w.set(v, w.binary("+", w.env[v], w.value(value)))
		default:
			w.set(v, none)
		}
	case language.Dot, language.Index:
		w.children(target)
		w.forget(target)
	default:
		w.forgetNames(target)
	}
}

func (w *walker) forgetNames(target language.ID) {
	for i := target; i < w.t.Nodes[target].Next; i++ {
		if w.t.Nodes[i].Kind == language.Name {
			w.set(w.names.Of(i), none)
		}
	}
}

// assigned is the constant that a variable is given. An operator on two strings gives some string.
func (w *walker) assigned(value language.ID) Value {
	if v := w.value(value); v.Kind != language.Other {
		return v
	}
	if w.t.Nodes[value].Kind == language.Binary {
		switch w.t.Nodes[value].Value {
		case "%", "||", "&&", "??":
			if w.child(value, language.SlotLeft).IsString() && w.child(value, language.SlotRight).IsString() {
				return Value{Kind: language.Str}
			}
		}
	}
	return w.pick(value)
}

// function follows the body of a function. A lambda sees what is known where it is made, and so does a function of an object; a declared
// function is called elsewhere.
func (w *walker) function(id language.ID) {
	if n := &w.t.Nodes[id]; n.Flags&language.Lambda == 0 && w.t.Nodes[max(n.Parent, 0)].Kind != language.Dict {
		env, trail, called := w.env, w.trail, w.called
		w.env, w.trail, w.called = map[names.Var]Value{}, nil, 0
		w.children(id)
		w.env, w.trail, w.called = env, trail, called
		return
	}
	mark := len(w.trail)
	w.children(id)
	for _, c := range w.back(mark) {
		w.set(c.v, none) // it may run at any time from now on
	}
}

// loop follows a loop. What was known before it is uncertain in it and after it, but for one that never comes back to its start.
func (w *walker) loop(id language.ID) {
	n := &w.t.Nodes[id]
	w.walkAll(id, language.SlotInit, language.SlotValue)
	body := w.t.Child(id, language.SlotBody)
	if n.Kind == language.For && body != language.None && w.once(body) {
		w.walkAll(id, language.SlotCond)
		b := w.way(body)
		b.dead = false
		w.merge(b)
		w.walkAll(id, language.SlotElse)
		return
	}
	if n.Value != "do" {
		if cond := w.t.Child(id, language.SlotCond); n.Kind == language.For && cond != language.None {
			w.callsIn(cond)
		}
		w.forgetAll()
	}
	if target := w.t.Child(id, language.SlotTarget); target != language.None {
		w.forgetNames(target)
	}
	w.walkAll(id, language.SlotBody, language.SlotUpdate)
	w.forgetAll()
	w.walkAll(id, language.SlotElse)
}

// callsIn follows the calls of a condition, which are made once before the loop begins.
func (w *walker) callsIn(cond language.ID) {
	for id := cond; id < w.t.Nodes[cond].Next; {
		if w.t.Nodes[id].Kind == language.Call {
			w.walk(id)
			id = w.t.Nodes[id].Next
		} else {
			id++
		}
	}
}

// once says whether a loop's body ends by leaving the loop.
func (w *walker) once(body language.ID) bool {
	last := w.last(body)
	if last == language.None {
		return false
	}
	switch n := &w.t.Nodes[last]; {
	case n.Kind == language.Return, n.Kind == language.Throw, n.Kind == language.Jump && n.Value == "break":
		return !w.jumpsIn(body, w.t.Nodes[body].Next, "continue")
	}
	return false
}

func (w *walker) last(block language.ID) language.ID {
	last := language.None
	for c := range w.t.Children(block) {
		last = c
	}
	return last
}

// choice follows a switch: each case, and those that a case falls through to.
func (w *walker) choice(id language.ID) (dead bool) {
	w.walkAll(id, language.SlotInit, language.SlotOperand)
	falls := w.t.Spec.Semicolon // JavaScript and Java
	var out []branch
	open := false
	complete := false
	mark := len(w.trail)
	var before []change // what the case before did, if it falls through
	for _, c := range w.in(id, language.Item) {
		complete = complete || w.t.Child(c, language.SlotOperand) == language.None
		if open {
			w.merge(branch{changes: before}, branch{})
		}
		var b branch
		for k := range w.t.Children(c) {
			b.dead = w.walk(k) || b.dead
		}
		b.changes = w.back(mark)
		body := w.t.Child(c, language.SlotBody)
		leaves := false
		if body != language.None {
			last := w.last(body)
			leaves = last != language.None && w.t.Nodes[last].Kind == language.Jump && w.t.Nodes[last].Value == "break"
			if w.jumpsIn(body, w.t.Nodes[body].Next, "break") && (!leaves || w.jumpsIn(body, last, "break")) {
				for i := range b.changes {
					b.changes[i].old = none // it may be left halfway
				}
			}
		}
		open = falls && !b.dead && w.t.Type(c) != "switch_rule"
		before = b.changes
		if leaves {
			b.dead = false
		}
		if !open {
			out = append(out, b)
		}
	}
	if open {
		out = append(out, branch{changes: before})
	}
	if !complete || len(out) == 0 {
		out = append(out, branch{})
	}
	return w.merge(out...)
}

// try follows a try statement. A handler is reached from the calls in the body, so it knows what holds at all of them; if nothing is called,
// it is not reached.
func (w *walker) try(id language.ID) (dead bool) {
	w.walkAll(id, language.SlotResource)
	body := w.t.Child(id, language.SlotBody)
	mark := len(w.trail)
	outer := w.called
	w.called = -1
	b := branch{}
	if body != language.None {
		b.dead = w.walk(body)
	}
	calls := w.called >= 0
	late := map[names.Var]bool{} // changed after the first call
	if calls {
		for _, c := range w.trail[min(w.called, len(w.trail)):] {
			late[c.v] = true
		}
		if outer < 0 {
			outer = w.called
		}
	}
	w.called = outer
	b.changes = w.back(mark)
	out := []branch{b}
	reached := make([]change, len(b.changes)) // what a handler knows
	for i, c := range b.changes {
		if reached[i] = c; late[c.v] {
			reached[i].old = none
		}
		w.set(c.v, reached[i].old)
	}
	for _, c := range w.in(id, language.SlotCatch) {
		if target := w.t.Child(c, language.SlotTarget); target != language.None {
			w.forgetNames(target)
		}
		h := w.way(w.t.Child(c, language.SlotBody))
		if !calls && !b.dead {
			continue
		}
		// Changes are told against what was known before the try.
		given := make(map[names.Var]bool, len(h.changes))
		for _, x := range h.changes {
			given[x.v] = true
		}
		for _, x := range reached {
			if !given[x.v] {
				h.changes = append(h.changes, x)
			}
		}
		out = append(out, h)
	}
	w.back(mark)
	dead = w.merge(out...)
	w.walkAll(id, language.SlotElse, language.SlotFinally)
	return dead
}
