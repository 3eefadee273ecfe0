package taint

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/consts"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A Region is a place that a pattern of the rule matches.
type Region struct {
	Start, End uint32
	Spec       int // index of the entry in its section of the rule
}

// A Channel is a match of a propagator: what its two metavariables stand for.
type Channel struct {
	Spec     int
	From, To Region
}

// role says that a node is a source, sink or sanitizer: it is what a pattern matched, or lies inside.
type role struct {
	match int32
	exact bool // it is as good as the whole of the match
	part  bool // roles.around is inside of a match of the same pattern
}

// roles are what one node is to the rule.
type roles struct {
	around                     language.ID // the smallest expression around it, in its function; None if there is none
	sources, sinks, sanitizers []role
	from, to                   []int32 // channels
}

// assign works out the roles of all nodes. As with Semgrep, a role is a matter of ranges, since a pattern may match anything: what lies
// inside of a match has the role too. Where the rule wants an exact match, the largest expression inside of the match has it.
func (m *machine) assign() error {
	m.roles = map[language.ID]*roles{}
	sections := []struct {
		regions []Region
		list    func(*roles) *[]role
	}{
		{m.in.Sources, func(r *roles) *[]role { return &r.sources }},
		{m.in.Sinks, func(r *roles) *[]role { return &r.sinks }},
		{m.in.Sanitizers, func(r *roles) *[]role { return &r.sanitizers }},
	}
	for _, s := range sections {
		for i, g := range s.regions {
			for _, id := range m.file.within(g.Start, g.End) {
				if err := m.step(); err != nil {
					return err
				}
				n := &m.t.Nodes[id]
				list := s.list(m.role(id))
				*list = append(*list, role{match: int32(i), exact: float64(n.End-n.Start) > 0.99*float64(g.End-g.Start)})
			}
		}
	}
	for i, c := range m.in.Propagators {
		for _, end := range []struct {
			g    Region
			list func(*roles) *[]int32
		}{{c.From, func(r *roles) *[]int32 { return &r.from }}, {c.To, func(r *roles) *[]int32 { return &r.to }}} {
			for _, id := range m.file.within(end.g.Start, end.g.End) {
				if n := &m.t.Nodes[id]; n.Start == end.g.Start && n.End == end.g.End {
					list := end.list(m.role(id))
					*list = append(*list, int32(i))
				}
			}
		}
	}
	for id, r := range m.roles {
		r.around = m.file.around(id)
		above := m.roles[r.around]
		if above == nil {
			continue
		}
		for _, s := range sections {
			list := *s.list(r)
			for i := range list {
				spec := s.regions[list[i].match].Spec
				list[i].part = slices.ContainsFunc(*s.list(above), func(r role) bool { return s.regions[r.match].Spec == spec })
			}
		}
	}
	if m.prunes() {
		m.lead()
	}
	return nil
}

// best says whether a role is that of the largest expression inside of a match, in the body that is analysed.
func (m *machine) best(r *roles, s role) bool {
	return !s.part || r.around <= m.unit || r.around >= m.t.Nodes[m.unit].Next
}

func (m *machine) role(id language.ID) *roles {
	r := m.roles[id]
	if r == nil {
		r = &roles{}
		m.roles[id] = r
	}
	return r
}

// File is what is worked out once about a tree, for all taint rules.
type File struct {
	t       *language.Tree
	names   *names.Table
	of      func(language.ID) (consts.Value, bool) // which constant an expression stands for
	ordered []language.ID                          // nodes in order of their start, the longer first
	graphs  map[graphKey]*graph
	fixed   []language.ID // declarations of variables that are given one value: functions see it
	found   bool          // fixed was looked for

	elements *elements // made when first asked for

	spelled map[string][]language.ID // identifiers by what they say; made when first asked for
	byName  map[string][]declaration // made when first asked for
	loose   map[language.ID]names.Var
}

type graphKey struct {
	body language.ID
	deep bool
}

// NewFile prepares a tree. constant tells which constant an expression stands for; nil: none.
func NewFile(t *language.Tree, vars *names.Table, constant func(language.ID) (consts.Value, bool)) *File {
	f := &File{t: t, names: vars, of: constant, ordered: make([]language.ID, len(t.Nodes)), graphs: map[graphKey]*graph{}}
	for i := range f.ordered {
		f.ordered[i] = language.ID(i)
	}
	slices.SortStableFunc(f.ordered, func(a, b language.ID) int {
		x, y := &t.Nodes[a], &t.Nodes[b]
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(y.End, x.End))
	})
	return f
}

func (f *File) constant(id language.ID) (consts.Value, bool) {
	if f.of == nil || id == language.None {
		return consts.Value{}, false
	}
	return f.of(id)
}

// naming gives the identifiers that are a word.
func (f *File) naming(word string) []language.ID {
	if f.spelled == nil {
		f.spelled = map[string][]language.ID{}
		for i := range f.t.Nodes {
			if n := &f.t.Nodes[i]; n.Kind == language.Name {
				f.spelled[n.Value] = append(f.spelled[n.Value], language.ID(i))
			}
		}
	}
	return f.spelled[word]
}

// within gives the nodes that lie in a range.
func (f *File) within(start, end uint32) []language.ID {
	i, _ := slices.BinarySearchFunc(f.ordered, start, func(id language.ID, s uint32) int { return cmp.Compare(f.t.Nodes[id].Start, s) })
	var out []language.ID
	for ; i < len(f.ordered) && f.t.Nodes[f.ordered[i]].Start < max(end, start+1); i++ {
		if f.t.Nodes[f.ordered[i]].End <= end {
			out = append(out, f.ordered[i])
		}
	}
	return out
}

// around gives the smallest expression around a node, in its function; None if there is none.
func (f *File) around(id language.ID) language.ID {
	t := f.t
	for id > 0 {
		id = t.Nodes[id].Parent
		switch n := &t.Nodes[id]; n.Kind {
		case language.Name, language.Dot, language.Index, language.Call, language.Binary, language.Unary, language.Ternary, language.Cast,
			language.Template, language.List, language.Tuple, language.Dict, language.Element, language.Assign:
			return id
		case language.Defer:
			if n.Value == "await" {
				return id
			}
		case language.Func:
			if n.Flags&language.Lambda == 0 {
				return language.None
			}
			return id
		case language.Class, language.File:
			return language.None
		}
	}
	return language.None
}

// errSteps is what a rule that does not come to an end on a file fails with.
var errSteps = fmt.Errorf("following the data takes more than the limit of steps")
