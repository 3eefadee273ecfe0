package rules

import (
	"fmt"
	"strings"
)

// Problems are rules that do not run, as an error beside a result that is good without them. errors.As tells it from a failure.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, 0, len(ps))
	for _, p := range ps {
		lines = append(lines, p.String())
	}
	return fmt.Sprintf("%d rules do not run: %s", len(ps), strings.Join(lines, "; "))
}

// Err is ps as an error: nil if there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}
