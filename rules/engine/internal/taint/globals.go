package taint

import (
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// globals works out what every function sees: the variables of the file that are given one value, once. As with Semgrep that is what JavaScript
// and Python never assign again, what Java declares final, and Go's constants; fields of JavaScript's classes count. Of members nothing is kept.
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
		if r := m.roles[target]; r != nil && len(r.sources) > 0 {
			m.mark(target, m.born(target, r.sources, nil), nil)
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
	case "go":
		return n.Flags&language.Const != 0 && n.Parent == 0
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

// A declaration is where a variable is first named.
type declaration struct {
	start uint32
	fn    language.ID
	v     names.Var
}

// maxDeclarations is how many variables of one name are told apart where a name stands outside of their blocks.
const maxDeclarations = 200

// declared gives the variable that JavaScript's name stands for outside of the block that declares it: as in Semgrep, the last one of the
// name that the function declared before. 0: none.
func (f *File) declared(table *names.Table, id language.ID) names.Var {
	t := f.t
	if f.byName == nil {
		f.byName = map[string][]declaration{}
		seen := make([]bool, len(table.Vars))
		for i := range t.Nodes {
			if n := &t.Nodes[i]; n.Kind == language.Name {
				if v := table.Of(language.ID(i)); v > 0 && !seen[v] && len(f.byName[n.Value]) < maxDeclarations {
					seen[v] = true
					f.byName[n.Value] = append(f.byName[n.Value], declaration{n.Start, f.function(language.ID(i)), v})
				}
			}
		}
		f.loose = map[language.ID]names.Var{}
	}
	if v, ok := f.loose[id]; ok {
		return v
	}
	n := &t.Nodes[id]
	var found names.Var
	if list := f.byName[n.Value]; len(list) > 0 && n.Slot != language.SlotName && n.Slot != language.SlotKey {
		fn := f.function(id)
		for _, d := range list {
			if d.fn == fn && d.start < n.Start {
				found = d.v
			}
		}
	}
	f.loose[id] = found
	return found
}

// function gives the function that a node lies in; 0 for none.
func (f *File) function(id language.ID) language.ID {
	for id = f.t.Nodes[id].Parent; id > 0 && f.t.Nodes[id].Kind != language.Func; id = f.t.Nodes[id].Parent {
	}
	return max(id, 0)
}
