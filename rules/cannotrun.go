package rules

import (
	"fmt"
	"strings"
)

// CannotRun is an error beside a result that is good without the rules it names. errors.As tells it from a failure.
type CannotRun []Problem

func (c CannotRun) Error() string {
	const most = 3
	lines := make([]string, 0, most+1)
	for _, p := range c[:min(most, len(c))] {
		lines = append(lines, p.String())
	}
	if len(c) > most {
		lines = append(lines, fmt.Sprintf("and %d more", len(c)-most))
	}
	return "rules that cannot run: " + strings.Join(lines, "; ")
}

// Problems lists what is wrong, for whoever knows the error only by this method.
func (c CannotRun) Problems() []Problem { return c }

// Err is c as an error: nil if every rule runs.
func (c CannotRun) Err() error {
	if len(c) == 0 {
		return nil
	}
	return c
}
