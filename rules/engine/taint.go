package engine

import (
	"slices"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/consts"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/prefilter"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/taint"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A taintNode is a taint rule, compiled for one language: the formulas of its sections, in the order of the rule.
type taintNode struct {
	sources, sinks, sanitizers, propagators []*node
}

// taint compiles a taint rule.
func (c *compiler) taint(t *rules.Taint, spec *language.Spec) *node {
	if spec.AnyFile {
		c.problem(rules.Unsupported, c.r.Pos, "cannot run yet: mode: taint in language %q; use a language with variables", spec.Name)
	}
	n := &taintNode{}
	for i := range t.Sources {
		n.sources = append(n.sources, c.formula(t.Sources[i].Formula, spec))
	}
	for i := range t.Sinks {
		n.sinks = append(n.sinks, c.formula(t.Sinks[i].Formula, spec))
	}
	for i := range t.Sanitizers {
		n.sanitizers = append(n.sanitizers, c.formula(t.Sanitizers[i].Formula, spec))
	}
	for i := range t.Propagators {
		n.propagators = append(n.propagators, c.formula(t.Propagators[i].Formula, spec))
	}
	return &node{op: rules.Or, taint: n}
}

// possible says whether a file with these words can hold both a source and a sink.
func (n *taintNode) possible(words *prefilter.Set) bool {
	some := func(list []*node) bool {
		return slices.ContainsFunc(list, func(c *node) bool { return c.possible(words) })
	}
	return some(n.sources) && some(n.sinks)
}

// taint finds data of sources in sinks. The regions are those of the sinks, with the metavariables of both; those of the sink come first
// where both have one. ways is the way of each region.
func (e *evaluation) taint(n *taintNode, rule *rules.Rule) (out []region, ways [][]language.Span, err error) {
	if !n.possible(e.run.words) {
		return nil, nil, nil
	}
	section := func(list []*node) (found []region, at []taint.Region, err error) {
		for i, c := range list {
			rs, err := e.eval(c)
			if err != nil {
				return nil, nil, err
			}
			for _, r := range rs {
				if e.steps++; e.steps > maxSteps || len(found) > maxRegions {
					return nil, nil, errSteps
				}
				found, at = append(found, r), append(at, taint.Region{Start: r.start, End: r.end, Spec: i})
			}
		}
		return found, at, nil
	}
	in := taint.Input{Rule: rule.Taint, Options: rule.Options}
	var sources, sinks []region
	// Sinks are the rarer ones.
	if sinks, in.Sinks, err = section(n.sinks); err != nil || len(sinks) == 0 {
		return nil, nil, err
	}
	if sources, in.Sources, err = section(n.sources); err != nil || len(sources) == 0 {
		return nil, nil, err
	}
	if _, in.Sanitizers, err = section(n.sanitizers); err != nil {
		return nil, nil, err
	}
	in.Sanitizers = slices.DeleteFunc(in.Sanitizers, func(g taint.Region) bool {
		same := func(o taint.Region) bool { return o.Start == g.Start && o.End == g.End }
		return rule.Taint.Sanitizers[g.Spec].NotConflicting && (slices.ContainsFunc(in.Sinks, same) || slices.ContainsFunc(in.Sources, same))
	})
	for i, c := range n.propagators {
		rs, err := e.eval(c)
		if err != nil {
			return nil, nil, err
		}
		spec := &rule.Taint.Propagators[i]
		for _, r := range rs {
			from, to := lookup(r.env, spec.From), lookup(r.env, spec.To)
			if from != nil && to != nil {
				in.Propagators = append(in.Propagators, taint.Channel{
					Spec: i, From: taint.Region{Start: from.Start, End: from.End}, To: taint.Region{Start: to.Start, End: to.End},
				})
			}
		}
	}
	tree, err := e.run.parse()
	if err != nil {
		return nil, nil, err
	}
	in.Names = e.run.budget.Names(tree)
	if rule.Options.UnifyMetavariables {
		in.Agree = func(source, sink int) bool { return e.agree(sources[source].env, sinks[sink].env) }
	}
	if e.run.flows == nil {
		e.run.flows = taint.NewFile(tree, in.Names, func(id language.ID) (consts.Value, bool) { return e.run.budget.Constant(tree, id) })
	}
	if e.trace != nil {
		e.trace.taint = &in
	}
	found, err := e.run.flows.Find(&in)
	if err != nil {
		return nil, nil, err
	}
	type place struct {
		region
		way []language.Span
	}
	places := make([]place, 0, len(found))
	for _, f := range found {
		at := sinks[f.Sink]
		if rule.Taint.Options.AtSource {
			at = sources[f.Source]
		}
		places = append(places, place{region{start: at.start, end: at.end, env: join(sinks[f.Sink].env, sources[f.Source].env)}, f.Way})
	}
	slices.SortStableFunc(places, func(a, b place) int { return compareRegions(a.region, b.region) })
	var open []place
	for _, p := range places {
		open = slices.DeleteFunc(open, func(o place) bool { return o.end < p.start })
		if !slices.ContainsFunc(open, func(o place) bool { return e.covers(o.region, p.region) }) {
			out, ways = append(out, p.region), append(ways, p.way)
			open = append(open, p)
		}
	}
	return out, ways, nil
}

// covers says whether a finding is told by another one: it lies inside of it, with the same metavariables.
func (e *evaluation) covers(outer, inner region) bool {
	return outer.start <= inner.start && inner.end <= outer.end && (outer.start != inner.start || outer.end != inner.end) &&
		slices.EqualFunc(outer.env, inner.env, func(a, b Binding) bool { return a.Name == b.Name && e.run.same(&a, &b) })
}
