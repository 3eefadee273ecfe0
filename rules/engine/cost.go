package engine

import (
	"slices"

	"github.com/reviewgate-app/reviewgate/rules"
)

// Unfiltered gives the languages (as names of language.Spec, sorted) in which nothing tells a file that a rule can match in from one that it cannot:
// every file is parsed and searched for it. It is nil for a rule that the set does not run.
func (s *Set) Unfiltered(r *rules.Rule) []string {
	var out []string
	for _, c := range s.rules {
		if c.rule != r {
			continue
		}
		for spec, f := range c.formulas {
			if len(f.key) == 0 {
				out = append(out, spec.Name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Backtracks says whether a regular expression may take time that doubles with every further character: the linear engine cannot run it, since it
// looks around or back, and it repeats a repetition. An expression that cannot be read does not.
func Backtracks(expr string) bool {
	re, err := newRegex(expr, "")
	return err == nil && re.back != nil && mayBacktrack(expr)
}
