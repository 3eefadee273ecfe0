package taint

import (
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// globals works out what every function sees: the variables of the file that are given one value, once. As with Semgrep that is what JavaScript
// and Python never assign again and what Java declares final; fields of JavaScript's classes count. Of members nothing is kept.
func (m *machine) globals() {
	for _, id := range m.file.constants(m.in.Names) {
		m.env = m.fixed
		clear(m.tmp)
		m.used = m.used[:0]
		m.inside = m.inside[:0]
		m.prepare(id)
		target := m.t.Child(id, language.SlotTarget)
		base, _, ok := m.path(target)
		if !ok {
			continue
		}
		if c := m.env.vars.get(uint32(base)); c != nil && c.state == tainted {
			m.fixed.vars = m.fixed.vars.set(uint32(base), &cell{state: tainted, taints: c.taints})
		}
	}
	m.env = env{}
}

// constants lists the assignments of variables that are given one value.
func (f *File) constants(table *names.Table) []language.ID {
	if f.found {
		return f.fixed
	}
	f.found = true
	t := f.t
	if t.Spec.Name == "go" {
		return nil
	}
	given := map[names.Var]int{}
	count := func(id language.ID) {
		for i := id; id != language.None && i < t.Nodes[id].Next; i++ {
			if t.Nodes[i].Kind == language.Name {
				if v := table.Of(i); v > 0 {
					given[v]++
				}
			}
		}
	}
	var candidates []language.ID
	for i := range t.Nodes {
		id := language.ID(i)
		switch n := &t.Nodes[i]; n.Kind {
		case language.Assign:
			target := t.Child(id, language.SlotTarget)
			if target == language.None {
				continue
			}
			count(target)
			if t.Nodes[target].Kind == language.Name && n.Value == "=" && t.Child(id, language.SlotValue) != language.None && f.shared(id, target, table) {
				candidates = append(candidates, id)
			}
		case language.ForEach, language.Catch:
			count(t.Child(id, language.SlotTarget))
		case language.Unary:
			if n.Value == "++" || n.Value == "--" {
				count(t.Child(id, language.SlotOperand))
			}
		}
	}
	for _, id := range candidates {
		if v := table.Of(t.Child(id, language.SlotTarget)); v == 0 || given[v] <= 1 {
			f.fixed = append(f.fixed, id)
		}
	}
	return f.fixed
}

// shared says whether an assignment declares something that functions see.
func (f *File) shared(id, target language.ID, table *names.Table) bool {
	t := f.t
	n := &t.Nodes[id]
	member := n.Parent > 0 && t.Nodes[n.Parent].Kind == language.Block && t.Nodes[t.Nodes[n.Parent].Parent].Kind == language.Class
	switch t.Spec.Name {
	case "java":
		if !member {
			return false
		}
		for c := range t.Children(id) {
			if k := &t.Nodes[c]; k.Slot == language.SlotDecorator && k.Value == "final" {
				return true
			}
		}
		return n.Flags&language.Const != 0
	case "python":
		v := table.Of(target)
		return v > 0 && table.Vars[v].Global
	}
	if member {
		return n.Flags&language.Static == 0
	}
	v := table.Of(target)
	return v > 0 && table.Vars[v].Global
}
