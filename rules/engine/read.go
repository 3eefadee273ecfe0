package engine

import (
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/pattern"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

type patternKey struct {
	spec *language.Spec
	text string
}

// readPattern is what a pattern is known by until it is looked for: the words that a file with a match holds.
type readPattern struct {
	words []string
	err   error
}

// readPatterns reads all patterns of the rules that are to be compiled, each once, on all processors: that is most of the work. Only their words
// are kept. Most patterns are never looked for, since no file of a run holds their words, and they would take most of the memory.
func readPatterns(rs []*rules.Rule) map[patternKey]*readPattern {
	all := map[patternKey]*readPattern{}
	for _, r := range rs {
		for _, l := range r.Languages {
			if spec := language.ForName(l.Value); spec != nil && !r.Idle {
				for _, f := range formulas(r) {
					collect(all, f, spec)
				}
			}
		}
	}
	group := errgroup.Group{}
	group.SetLimit(runtime.GOMAXPROCS(0))
	for key, p := range all {
		group.Go(func() error {
			read, err := pattern.Compile(key.spec, key.text)
			if p.err = err; err == nil {
				for _, w := range read.Words() {
					p.words = append(p.words, strings.Clone(w)) // not the text that it is cut out of
				}
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are kept beside the patterns
	return all
}

// formulas are all of a rule.
func formulas(r *rules.Rule) []*rules.Formula {
	if r.Taint == nil {
		return []*rules.Formula{r.Formula}
	}
	var all []*rules.Formula
	for i := range r.Taint.Sources {
		all = append(all, r.Taint.Sources[i].Formula)
	}
	for i := range r.Taint.Sinks {
		all = append(all, r.Taint.Sinks[i].Formula)
	}
	for i := range r.Taint.Sanitizers {
		all = append(all, r.Taint.Sanitizers[i].Formula)
	}
	for i := range r.Taint.Propagators {
		all = append(all, r.Taint.Propagators[i].Formula)
	}
	return all
}

// collect adds the patterns of a formula that a grammar reads.
func collect(all map[patternKey]*readPattern, f *rules.Formula, spec *language.Spec) {
	if f.Op == rules.MetavariablePattern && f.Language.Value != "" {
		if spec = language.ForName(f.Language.Value); spec == nil {
			return
		}
	}
	if key := (patternKey{spec, f.Text.Value}); f.Op == rules.Pattern && !spec.AnyFile && all[key] == nil {
		all[key] = &readPattern{}
	}
	for _, c := range f.Children {
		collect(all, c, spec)
	}
}
