// Package taint follows data from sources to sinks through the functions of a file.
//
// The analysis is the one that Semgrep documents for its taint mode: a forward may-analysis over the flow graph of each function, with the
// state of every variable and of its members (x.a.b) at each point. What a pattern matched is a range of the file, and a piece of code has
// the role of every match that it lies in. Calls pass the taint of their arguments on, assignments of clean data clean, branches are
// joined, loops are repeated until nothing changes. Lambdas are run where they stand with what is known there. The state is kept in
// persistent trees, so that a function of ten thousand statements costs what its changes cost.
//
// With Intrafile, functions and methods of the file are summed up first: which parameters reach the result, which reach a sink, which
// sources come back, and which members of the object are tainted. A call of one then means its summary.
package taint

import (
	"cmp"
	"slices"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// Input is one rule on one file: what its patterns matched.
type Input struct {
	Names *names.Table
	Rule  *rules.Taint
	// Options are those of the rule.
	Options rules.Options

	Sources, Sinks, Sanitizers []Region
	Propagators                []Channel

	Steps int // 0: DefaultSteps
	// Agree says whether the metavariables of a source and a sink allow a finding (taint_unify_mvars); nil: always.
	Agree func(source, sink int) bool
}

// DefaultSteps is enough for functions that people write, and is spent in about a second.
const DefaultSteps = 3_000_000

// A Finding is data of a source in a sink.
type Finding struct {
	Source int // index into Input.Sources
	Sink   int // index into Input.Sinks
	Way    []language.Span
}

// Find follows the data. The findings are in order of sinks, one for each sink; with AtSource one for each source. The error is that of the
// limit of steps.
func (f *File) Find(in *Input) ([]Finding, error) {
	if len(in.Sources) == 0 || len(in.Sinks) == 0 {
		return nil, nil
	}
	m := newMachine(f, in)
	if err := m.assign(); err != nil {
		return nil, err
	}
	m.run()
	if m.steps <= 0 {
		return nil, errSteps
	}
	out := make([]Finding, 0, len(m.found))
	for _, x := range m.found {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b Finding) int { return cmp.Or(cmp.Compare(a.Sink, b.Sink), cmp.Compare(a.Source, b.Source)) })
	return out, nil
}

// run analyses every body of the file: the file itself, its classes and its functions.
func (m *machine) run() {
	m.globals()
	all := m.file.bodies()
	for range m.passes() {
		for _, id := range all {
			if m.steps <= 0 {
				return
			}
			m.body(id)
		}
	}
}

// passes is how often the bodies are gone through: with Intrafile a second time, when the members of objects are known.
func (m *machine) passes() int {
	if m.in.Rule.Options.Intrafile {
		return 2
	}
	return 1
}

// bodies lists what is analysed by itself: the file (0), classes and functions. A lambda is among them for the case that the code around it
// is not reached.
func (f *File) bodies() []language.ID {
	out := []language.ID{0}
	for i := range f.t.Nodes {
		switch f.t.Nodes[i].Kind {
		case language.Class, language.Func:
			out = append(out, language.ID(i))
		case language.Block:
			if p := f.t.Nodes[i].Parent; f.t.Nodes[i].Slot == language.SlotBody && f.t.Nodes[p].Kind == language.Call {
				out = append(out, language.ID(i)) // a class without a name
			}
		}
	}
	return out
}

// graph gives the flow graph of a body, made once.
func (f *File) graph(id language.ID, deep bool) *graph {
	key := graphKey{id, deep}
	if g := f.graphs[key]; g != nil {
		return g
	}
	t := f.t
	var stmts []language.ID
	block := id
	if k := t.Nodes[id].Kind; k == language.Func || k == language.Class {
		block = t.Child(id, language.SlotBody)
	}
	if block != language.None {
		for c := range t.Children(block) {
			n := &t.Nodes[c]
			if k := t.Nodes[id].Kind; n.Kind == language.Func && (k == language.Class || k == language.Block || k == language.File) {
				continue // methods and functions are bodies of their own
			}
			if n.Kind == language.Block && n.Flags&language.Static != 0 {
				continue
			}
			stmts = append(stmts, c)
		}
	}
	g := newGraph(f, stmts, deep)
	f.graphs[key] = g
	return g
}
