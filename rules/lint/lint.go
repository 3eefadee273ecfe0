// Package lint checks rule files: what cannot be read, what cannot run, and what can hardly be meant.
//
// The loader and the compiler say what keeps a rule from running. Beside that there is a file here for each question:
//
//	bound.go     metavariables that nothing binds, or only some of the branches
//	reach.go     branches that find nothing: exclusions that take all of it out again, branches that another one holds, an inside without room
//	slow.go      rules that every file has to be searched for, and regular expressions that can take for ever
//	complete.go  what a reader and a maintainer of the rule will miss: fixtures, a CWE, the entry in the catalogue
package lint

import (
	"context"
	"fmt"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
)

// The codes of what lint finds itself; what the loader and the compiler find has none.
const (
	UnboundMetavariable = "unbound-metavariable"
	UnreachableBranch   = "unreachable-branch"
	DuplicateBranch     = "duplicate-branch"
	SlowRule            = "slow-rule"
	SlowRegex           = "slow-regex"
	NoFixture           = "no-fixture"
	NoCWE               = "no-cwe"
	CatalogueEntry      = "catalogue-entry"
)

// Codes says of every code what it is about, in a few words.
func Codes() map[string]string {
	return map[string]string{
		UnboundMetavariable: "A metavariable is used that nothing binds",
		UnreachableBranch:   "A part of the rule can never find anything",
		DuplicateBranch:     "A branch finds nothing that another one does not find",
		SlowRule:            "Every file has to be searched for the rule",
		SlowRegex:           "A regular expression can take for ever",
		NoFixture:           "The rule is not tested",
		NoCWE:               "The rule names no weakness",
		CatalogueEntry:      "The rule's entry in the catalogue is not complete",
	}
}

// Sources checks rule files, as a set that runs together. It gives every Problem, in order of place: the loader's, the patterns and expressions that do
// not compile, ids that stand twice, and what the files of this package look for, fixtures aside.
func Sources(ctx context.Context, sources []rules.Source) []rules.Problem {
	problems, _ := sourcesOf(ctx, sources)
	return problems
}

func sourcesOf(ctx context.Context, sources []rules.Source) (problems []rules.Problem, rs []*rules.Rule) {
	rs, problems = rules.ParseAll(sources)
	set, more := engine.Compile(rs)
	problems = append(problems, more...)
	runs := map[*rules.Rule]bool{}
	for _, r := range set.Rules() {
		runs[r] = true
	}
	for _, r := range rs {
		if ctx.Err() != nil {
			break // nobody waits for the rest
		}
		problems = append(problems, unbound(r)...)
		if runs[r] { // what it finds can be asked only then
			problems = append(problems, unreachable(ctx, r)...)
			problems = append(problems, slow(r, set)...)
		}
		problems = append(problems, incomplete(r)...)
	}
	rules.SortProblems(problems)
	return problems, rs
}

// A Report is what Paths found.
type Report struct {
	Problems []rules.Problem // in order of place
	Rules    int             // that could be read
	Files    int             // that hold rules
	Skipped  int             // YAML files in folders that hold none
	Sources  []rules.Source  // what was read, to show places of it
}

// Stops says whether a rule does not run.
func (r *Report) Stops() bool {
	for _, p := range r.Problems {
		if p.Stops() {
			return true
		}
	}
	return false
}

// Paths checks the rule files of files and folders, and that each rule has a fixture.
func Paths(ctx context.Context, paths []string, origin rules.Origin) (*Report, error) {
	rep := &Report{}
	seen := map[string]bool{}
	for _, path := range paths {
		more, n, err := rules.LoadPath(path, origin)
		if err != nil {
			return nil, err
		}
		rep.Skipped += n
		for _, src := range more {
			if !seen[src.Name] {
				seen[src.Name] = true
				rep.Sources = append(rep.Sources, src)
			}
		}
	}
	rep.Files = len(rep.Sources)
	problems, rs := sourcesOf(ctx, rep.Sources)
	rep.Problems, rep.Rules = problems, len(rs)
	for _, src := range rep.Sources {
		more, err := untested(src)
		if err != nil {
			return nil, fmt.Errorf("lint rules: %w", err)
		}
		rep.Problems = append(rep.Problems, more...)
	}
	rules.SortProblems(rep.Problems)
	return rep, nil
}

func advice(r *rules.Rule, code string, at rules.Pos, format string, args ...any) rules.Problem {
	p := r.Problem(rules.Advice, at, format, args...)
	p.Code = code
	return p
}
