package match

import (
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A given is a place where a variable is given a value; value is None if it is not known what.
type given struct{ at, value language.ID }

// symbolic returns the expression that a variable was given last before a use: on every way to the use, and known from the statements of the
// same function. It is None if there is no such expression.
func (f *file) symbolic(id language.ID) language.ID {
	n := &f.tree.Nodes[id]
	switch n.Slot {
	case language.SlotName, language.SlotTarget, language.SlotKey, language.SlotModule, language.SlotAlias, language.SlotType, language.SlotBase:
		return language.None
	}
	v := f.variables().Of(id)
	if v == 0 {
		return language.None
	}
	if f.gives == nil {
		f.findGives()
	}
	last := -1
	all := f.gives[v]
	for i, g := range all {
		if f.tree.Nodes[g.at].Next > id {
			break
		}
		last = i
	}
	if last < 0 || all[last].value == language.None {
		return language.None
	}
	// The statement that gives it stands in a block around the use.
	g := all[last]
	block := f.tree.Nodes[g.at].Parent
	if f.tree.Nodes[block].Kind != language.Block && f.tree.Nodes[block].Kind != language.File || id >= f.tree.Nodes[block].Next && block != 0 {
		return language.None
	}
	for at := f.tree.Nodes[id].Parent; at > block; at = f.tree.Nodes[at].Parent {
		switch f.tree.Nodes[at].Kind {
		case language.For, language.ForEach, language.Func:
			// What is given later in the loop may be there the next time round; when a function runs is not known.
			for _, later := range all[last+1:] {
				if f.tree.Nodes[at].Kind == language.Func || later.at < f.tree.Nodes[at].Next {
					return language.None
				}
			}
		}
	}
	return g.value
}

// findGives finds where each variable is given a value, in order.
func (f *file) findGives() {
	t, vars := f.tree, f.variables()
	f.gives = map[names.Var][]given{}
	all := func(at, target language.ID) {
		for id := target; target != language.None && id < t.Nodes[target].Next; id++ {
			if v := vars.Of(id); t.Nodes[id].Kind == language.Name && v > 0 {
				f.gives[v] = append(f.gives[v], given{at, language.None})
			}
		}
	}
	for i := range t.Nodes {
		id := language.ID(i)
		switch n := &t.Nodes[i]; n.Kind {
		case language.Assign:
			target, value := t.Child(id, language.SlotTarget), t.Child(id, language.SlotValue)
			if target == language.None || value == language.None {
				continue
			}
			if v := vars.Of(target); t.Nodes[target].Kind == language.Name && v > 0 && n.Value == "=" {
				f.gives[v] = append(f.gives[v], given{id, value})
			} else if t.Nodes[target].Kind != language.Dot && t.Nodes[target].Kind != language.Index {
				all(id, target)
			}
		case language.Param, language.Func, language.Class, language.ImportName:
			all(id, t.Child(id, language.SlotName))
		case language.ForEach, language.Catch, language.Switch:
			all(id, t.Child(id, language.SlotTarget))
		case language.Unary:
			if n.Value == "++" || n.Value == "--" {
				all(id, t.Child(id, language.SlotOperand))
			}
		}
	}
}
