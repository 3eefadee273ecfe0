package match

import (
	"slices"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// items matches lists in order; an ellipsis takes any number.
func (m *matcher) items(ps []*pattern.Node, ids []language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	if len(ps) == 0 {
		if len(ids) == 0 {
			k(b)
		}
		return
	}
	if p := ps[0]; p.IsEllipsis() {
		if len(ps) == 1 {
			m.run1(p, ids, b, k)
			return
		}
		for i := 0; i <= len(ids) && !m.over; i++ {
			m.run1(p, ids[:i], b, func(b Bindings) { m.items(ps[1:], ids[i:], b, k) })
		}
		return
	}
	if len(ids) > 0 {
		m.node(ps[0], ids[0], b, func(b Bindings) { m.items(ps[1:], ids[1:], b, k) })
	}
}

// run1 lets an ellipsis take a run of neighbours.
func (m *matcher) run1(p *pattern.Node, ids []language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	if p.Kind != language.MetaEllipsis {
		k(b)
		return
	}
	bound := Bound{Node: language.None}
	if len(ids) > 0 {
		bound.Start = m.t.Nodes[ids[0]].Start
		bound.End = m.t.Nodes[ids[len(ids)-1]].End
		bound.Text = m.t.Source[bound.Start:max(bound.Start, bound.End)]
		if len(ids) == 1 {
			bound.Node = ids[0]
		}
	}
	m.bindTo(p.Value, bound, b, k)
}

// unordered matches each node of the pattern with another one of the file, in any order. Unless partial, what is left over needs an
// ellipsis.
func (m *matcher) unordered(ps []*pattern.Node, ids []language.ID, partial bool, b Bindings, k next) {
	var plain []*pattern.Node
	rest := (*pattern.Node)(nil)
	for _, p := range ps {
		if p.IsEllipsis() {
			rest, partial = p, true
		} else {
			plain = append(plain, p)
		}
	}
	if len(plain) > len(ids) || !partial && len(plain) != len(ids) {
		return
	}
	m.choose(plain, rest, ids, nil, b, k)
}

func (m *matcher) choose(ps []*pattern.Node, rest *pattern.Node, ids, taken []language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	if len(ps) == 0 {
		if rest == nil || rest.Kind != language.MetaEllipsis {
			k(b)
			return
		}
		var left []language.ID
		for _, id := range ids {
			if !slices.Contains(taken, id) {
				left = append(left, id)
			}
		}
		m.run1(rest, left, b, k)
		return
	}
	for _, id := range m.candidates(ps[0], ids, b) {
		if m.over {
			return
		}
		if slices.Contains(taken, id) {
			continue
		}
		now := append(taken[:len(taken):len(taken)], id)
		m.member(ps[0], id, b, func(b Bindings) { m.choose(ps[1:], rest, ids, now, b, k) })
	}
}

// manyMembers is from how many members on those of a dictionary are looked up by their keys.
const manyMembers = 16

// candidates are the members of a dictionary that a pattern's member can be, by its key: `{..., $K: $A, ..., $K: $B, ...}` would else
// compare each with each.
func (m *matcher) candidates(p *pattern.Node, ids []language.ID, b Bindings) []language.ID {
	if p.Kind != language.Pair || len(ids) < manyMembers {
		return ids
	}
	key := p.Child(language.SlotKey)
	if key == nil {
		return ids
	}
	var hash uint64
	switch {
	case key.Kind == language.Metavar:
		bound, ok := b.Get(key.Value)
		if !ok || bound.Node == language.None {
			return ids
		}
		hash = m.hash(bound.Node)
	case key.Kind == language.Str && !key.AnyString && key.Regexp == nil && len(key.Kids) == 0, key.Kind == language.Name && m.t.Spec.PartialDict:
		hash = hashed(0, language.Str, key.Value)
	default:
		return ids
	}
	known := m.members(ids)
	if len(known.others) == 0 {
		return known.byKey[hash]
	}
	list := slices.Concat(known.byKey[hash], known.others)
	slices.Sort(list)
	return list
}

// members are the members of a dictionary by the hash of their key. It is worked out once for a dictionary.
func (f *file) members(ids []language.ID) *members {
	if known := f.keyed[ids[0]]; known != nil {
		return known
	}
	out := &members{byKey: map[uint64][]language.ID{}}
	for _, id := range ids {
		key := f.tree.Child(id, language.SlotKey)
		if key == language.None || f.tree.Nodes[key].Kind == language.Name && !f.tree.Spec.PartialDict {
			out.others = append(out.others, id) // a name may be equal to what it stands for
			continue
		}
		h := f.hash(key)
		out.byKey[h] = append(out.byKey[h], id)
	}
	f.keyed[ids[0]] = out
	return out
}

// hash is the same for equal code, and for keys with and without quotes where they are the same.
func (f *file) hash(id language.ID) uint64 {
	if n := &f.tree.Nodes[id]; n.Kind == language.Name && f.tree.Spec.PartialDict {
		return hashed(0, language.Str, n.Value)
	}
	h := uint64(0)
	for i := id; i < f.tree.Nodes[id].Next; i++ {
		h = hashed(h, f.tree.Nodes[i].Kind, f.tree.Nodes[i].Value)
	}
	return h
}

func hashed(h uint64, k language.Kind, value string) uint64 {
	const prime = 1099511628211
	h = (h ^ uint64(k)) * prime
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * prime
	}
	return h * prime
}

// args matches arguments in order. One given by name may stand anywhere among those that are left.
func (m *matcher) args(ps []*pattern.Node, ids []language.ID, b Bindings, k next) {
	if !m.step() {
		return
	}
	if len(ps) == 0 {
		if len(ids) == 0 {
			k(b)
		}
		return
	}
	switch p := ps[0]; {
	case p.IsEllipsis():
		if len(ps) == 1 {
			m.run1(p, ids, b, k)
			return
		}
		for i := 0; i <= len(ids) && !m.over; i++ {
			m.run1(p, ids[:i], b, func(b Bindings) { m.args(ps[1:], ids[i:], b, k) })
		}
	case p.Kind == language.KeyArg:
		for i, id := range ids {
			if m.t.Nodes[id].Kind != language.KeyArg || m.over {
				continue
			}
			m.node(p, id, b, func(b Bindings) { m.args(ps[1:], slices.Delete(slices.Clone(ids), i, i+1), b, k) })
		}
	case len(ids) > 0:
		m.node(p, ids[0], b, func(b Bindings) { m.args(ps[1:], ids[1:], b, k) })
	}
}
