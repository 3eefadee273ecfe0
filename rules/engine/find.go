package engine

import (
	"errors"
	"sync"

	"github.com/reviewgate-app/reviewgate/rules/engine/internal/match"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A search is one pattern with the conditions that its metavariables will have to fulfil. Conditions are tried as soon as a metavariable
// is bound: `$Q = $SQL; ...; $DB.query($Q)` looks through the rest of the block only for the few assignments that can be meant.
type search struct {
	pattern    func() (*pattern.Pattern, error) // read when it is first looked for
	words      []string                         // all of these are in a file with a match
	conditions []condition
	options    match.Options
}

// newSearch is for a pattern that was read before, so that it can be read.
func newSearch(spec *language.Spec, text string, words []string, conditions []condition, options match.Options) search {
	read := sync.OnceValues(func() (*pattern.Pattern, error) { return pattern.Compile(spec, text) })
	return search{read, words, conditions, options}
}

type condition struct {
	name  string
	regex *regex
}

// accepts says whether a binding fulfils the conditions. What a backtracking expression says is left for later.
func (s *search) accepts(name string, bound match.Bound) bool {
	for _, c := range s.conditions {
		if c.name == name && !c.regex.linear.MatchString(bound.Text) {
			return false
		}
	}
	return true
}

// find gives the regions of a search, made once for all rules. They are shared: callers must not change them.
func (r *run) find(index int) ([]region, error) {
	if f, ok := r.found[index]; ok {
		return f.regions, f.err
	}
	var f finds
	f.regions, f.err = r.search(&r.set.searches[index])
	r.found[index] = f
	return f.regions, f.err
}

func (r *run) search(s *search) ([]region, error) {
	tree, err := r.parse()
	if err != nil {
		return nil, err
	}
	p, err := s.pattern()
	if err != nil {
		return nil, err
	}
	r.budget.Options = s.options
	if r.budget.Accept = nil; len(s.conditions) > 0 {
		r.budget.Accept = s.accepts
	}
	matches, err := match.Find(p, tree, &r.budget)
	if err != nil {
		return nil, err
	}
	return found(matches)
}

// findAt gives the matches of a search at one node, wherever it stands.
func (r *run) findAt(index int, node language.ID) ([]region, error) {
	s := &r.set.searches[index]
	tree, err := r.parse()
	if err != nil {
		return nil, err
	}
	p, err := s.pattern()
	if err != nil {
		return nil, err
	}
	r.budget.Accept, r.budget.Options = nil, s.options
	matches, err := match.FindAt(p, tree, &r.budget, node)
	if err != nil {
		return nil, err
	}
	return found(matches)
}

func found(matches []match.Match) ([]region, error) {
	regions := make([]region, len(matches))
	for i, m := range matches {
		regions[i] = region{start: m.Start, end: m.End}
		if len(m.Bindings) > 0 {
			regions[i].env = make([]Binding, len(m.Bindings))
			for k, b := range m.Bindings {
				regions[i].env[k] = Binding{b.Name, b.Start, b.End, b.Node, b.Text}
			}
		}
	}
	return tidy(regions)
}

// place reads the line and column out of a pattern's error.
func place(err error) (line, column int, message string) {
	var pe *pattern.Error
	if errors.As(err, &pe) {
		return pe.Line, pe.Column, pe.Message
	}
	return 0, 0, err.Error()
}

// same says whether two bindings of one metavariable, made by two patterns, stand for the same code: equal but for white space and comments.
func (r *run) same(a, b *Binding) bool {
	if r.tree == nil {
		return a.Text == b.Text
	}
	bound := func(b *Binding) match.Bound {
		return match.Bound{Start: b.Start, End: b.End, Node: b.Node, Text: b.Text}
	}
	return r.budget.Same(r.tree, bound(a), bound(b))
}
