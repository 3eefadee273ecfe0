package engine

import (
	"regexp/syntax"
	"slices"
	"strings"

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
// looks around or back, and it repeats a repetition with nothing between the two, so that there are many ways to part the same text. An expression that
// cannot be read does not.
func Backtracks(expr string) bool {
	re, err := newRegex(expr, "")
	if err != nil || re.back == nil {
		return false
	}
	return slices.ContainsFunc(withoutLooks(expr, 0), func(part string) bool {
		// Groups that catch nothing are read as if they were not there: ((?:a+)+) as (a+).
		tree, err := syntax.Parse(strings.ReplaceAll(part, "(?:", "("), syntax.Perl)
		return err == nil && repeatsRepetition(tree)
	})
}

// withoutLooks parts an expression into itself without what looks around, and the expressions that look around.
func withoutLooks(expr string, depth int) []string {
	if depth > 20 {
		return nil
	}
	var rest strings.Builder
	var parts []string
	for i := 0; i < len(expr); i++ {
		start := ""
		for _, s := range []string{"(?=", "(?!", "(?<=", "(?<!"} {
			if strings.HasPrefix(expr[i:], s) {
				start = s
			}
		}
		switch {
		case expr[i] == '\\' && i+1 < len(expr):
			rest.WriteString(expr[i : i+2])
			i++
		case expr[i] == '[':
			end := classEnd(expr, i)
			rest.WriteString(expr[i:end])
			i = end - 1
		case start != "":
			end := groupEnd(expr, i)
			parts = append(parts, withoutLooks(expr[min(i+len(start), end):end], depth+1)...)
			i = end
		default:
			rest.WriteByte(expr[i])
		}
	}
	return append(parts, rest.String())
}

// classEnd is behind the bracket that ends a class.
func classEnd(expr string, at int) int {
	i := at + 1
	if i < len(expr) && expr[i] == '^' {
		i++
	}
	for first := i; i < len(expr); i++ {
		switch {
		case expr[i] == '\\':
			i++
		case expr[i] == ']' && i > first:
			return i + 1
		}
	}
	return len(expr)
}

// groupEnd is at the parenthesis that ends a group.
func groupEnd(expr string, at int) int {
	depth := 0
	for i := at; i < len(expr); i++ {
		switch expr[i] {
		case '\\':
			i++
		case '[':
			i = classEnd(expr, i) - 1
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(expr)
}

func repeatsRepetition(re *syntax.Regexp) bool {
	return endless(re) && loose(re.Sub[0]) || slices.ContainsFunc(re.Sub, repeatsRepetition)
}

func endless(re *syntax.Regexp) bool {
	return re.Op == syntax.OpStar || re.Op == syntax.OpPlus || re.Op == syntax.OpRepeat && re.Max < 0
}

// loose says whether an expression can be no more than a repetition without end.
func loose(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpCapture:
		return loose(re.Sub[0])
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, loose)
	case syntax.OpConcat:
		for i, sub := range re.Sub {
			rest := slices.Concat(re.Sub[:i], re.Sub[i+1:])
			if loose(sub) && !slices.ContainsFunc(rest, func(r *syntax.Regexp) bool { return !mayBeEmpty(r) }) {
				return true
			}
		}
		return false
	}
	return endless(re)
}

func mayBeEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpStar, syntax.OpQuest, syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return true
	case syntax.OpCapture, syntax.OpPlus:
		return mayBeEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || mayBeEmpty(re.Sub[0])
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(r *syntax.Regexp) bool { return !mayBeEmpty(r) })
	case syntax.OpAlternate:
		return slices.ContainsFunc(re.Sub, mayBeEmpty)
	}
	return false
}
