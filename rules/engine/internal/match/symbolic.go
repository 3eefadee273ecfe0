package match

import (
	"cmp"
	"slices"

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
	all := f.gives[v]
	everywhere := f.tree.Spec.PartialDict || f.tree.Spec.KeyArgs && f.variables().Vars[v].Global // JavaScript; Python's module variables
	if everywhere && len(all) == 1 && f.tree.Nodes[all[0].at].Next <= id {
		return all[0].value
	}
	last, _ := slices.BinarySearchFunc(all, id, func(g given, id language.ID) int { return cmp.Compare(g.at, id) })
	for last--; last >= 0 && f.tree.Nodes[all[last].at].Next > id; last-- {
		// the assignment that the use is in gives nothing yet
	}
	if last < 0 || all[last].value == language.None {
		return language.None
	}
	g := all[last]
	// A loop between the two makes uncertain what was known before it.
	if len(inRange(f.ids(language.For), g.at, id)) > 0 || len(inRange(f.ids(language.ForEach), g.at, id)) > 0 {
		return language.None
	}
	// The statement that gives it stands in a block around the use, or in one that is always gone through.
	block := f.tree.Nodes[g.at].Parent
	for k := f.tree.Nodes[block].Kind; k == language.Block || k == language.File; k = f.tree.Nodes[block].Kind {
		if id < f.tree.Nodes[block].Next {
			break
		}
		outer := f.tree.Nodes[block].Parent
		if f.tree.Nodes[outer].Kind != language.With && !(f.tree.Nodes[outer].Kind == language.Try && f.tree.Nodes[block].Slot == language.SlotBody) {
			return language.None
		}
		block = f.tree.Nodes[outer].Parent
	}
	if id >= f.tree.Nodes[block].Next {
		return language.None
	}
	for at := f.tree.Nodes[id].Parent; at > block; at = f.tree.Nodes[at].Parent {
		// When a function runs is not known.
		if n := &f.tree.Nodes[at]; n.Kind == language.Func && (n.Flags&language.Lambda == 0 || last+1 < len(all)) {
			return language.None
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
