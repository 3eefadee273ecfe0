package taint

import (
	"slices"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A mark is where data came from: a source with the label that it carries now, or, while a function is summed up, one of its parameters.
// Marks are numbered, so that a set of them is a sorted list of small numbers.
type mark struct {
	source int // index into Input.Sources; -1: a parameter
	label  string
	param  path // of a parameter
}

// A step is a place that the data passed, linked back to the source. Steps are shared and never changed.
type step struct {
	node language.ID
	back *step
	len  int
}

// one is one mark in a set, with the way that it took first.
type one struct {
	mark int32
	way  *step
}

// taints is a set of marks, sorted. It is never changed once made.
type taints []one

// maxTaints is the most marks of one value. Data that came from more places than that is reported from the first ones.
const maxTaints = 64

func union(a, b taints) taints {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0 || contains(a, b):
		return a
	}
	out := make(taints, 0, min(len(a)+len(b), maxTaints))
	for (len(a) > 0 || len(b) > 0) && len(out) < maxTaints {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].mark < b[0].mark:
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0].mark < a[0].mark:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return out
}

// contains says whether every mark of b is in a.
func contains(a, b taints) bool {
	if len(b) > len(a) {
		return false
	}
	for _, x := range b {
		for len(a) > 0 && a[0].mark < x.mark {
			a = a[1:]
		}
		if len(a) == 0 || a[0].mark != x.mark {
			return false
		}
	}
	return true
}

func sameTaints(a, b taints) bool {
	return slices.EqualFunc(a, b, func(x, y one) bool { return x.mark == y.mark })
}

// maxSteps is the longest way that is kept of one mark: what lies in the middle of a longer one is left out.
const maxSteps = 40

// passing adds a place to the ways of all marks.
func (a taints) passing(node language.ID) taints {
	if len(a) == 0 {
		return a
	}
	out := make(taints, len(a))
	for i, x := range a {
		out[i] = one{x.mark, x.way.to(node)}
	}
	return out
}

func (s *step) to(node language.ID) *step {
	switch {
	case s == nil:
		return &step{node: node, len: 1}
	case s.node == node:
		return s
	case s.len >= maxSteps:
		return &step{node: node, back: s.back, len: s.len}
	}
	return &step{node: node, back: s, len: s.len + 1}
}

// marks numbers the marks of one run.
type marks struct {
	list  []mark
	known map[mark]int32
}

func (m *marks) of(k mark) int32 {
	id, ok := m.known[k]
	if !ok {
		if m.known == nil {
			m.known = map[mark]int32{}
		}
		id = int32(len(m.list))
		m.list = append(m.list, k)
		m.known[k] = id
	}
	return id
}

// satisfies says whether the labels of a set fulfil a condition. Marks of parameters have no label yet.
func (m *marks) satisfies(r *rules.Requires, set taints) bool {
	return r.Holds(func(label string) bool {
		return slices.ContainsFunc(set, func(x one) bool {
			k := &m.list[x.mark]
			return k.source >= 0 && k.label == label
		})
	})
}
