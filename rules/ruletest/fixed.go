package ruletest

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/engine"
)

// fixedMark stands before the extension of the file that a fixture is once the fixes are made.
const fixedMark = ".fixed"

// judgeFixes makes the fixes of a rule and tells how the result differs from the fixture's .fixed file; "" if there is none, or no difference.
func judgeFixes(path string, data []byte, matches []engine.Match, id string) (string, error) {
	ext := filepath.Ext(path)
	want, err := readFixture(strings.TrimSuffix(path, ext) + fixedMark + ext)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	got := applyFixes(string(data), matches, id)
	if got == string(want) {
		return "", nil
	}
	a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(a), len(b)) {
		x, y := "nothing", "nothing"
		if i < len(a) {
			x = fmt.Sprintf("%q", a[i])
		}
		if i < len(b) {
			y = fmt.Sprintf("%q", b[i])
		}
		if x != y {
			return fmt.Sprintf("line %d of the fixed file: the fixes make %s, not %s", i+1, x, y), nil
		}
	}
	return "", nil
}

// applyFixes puts the fixes of a rule into a source, from the front. One that overlaps an earlier one is left out.
func applyFixes(source string, matches []engine.Match, id string) string {
	var out strings.Builder
	at := 0
	for _, m := range matches {
		if m.Rule.ID.Value != id || m.Fix == nil || int(m.Start) < at {
			continue
		}
		out.WriteString(source[at:m.Start])
		out.WriteString(*m.Fix)
		at = int(m.End)
	}
	out.WriteString(source[at:])
	return out.String()
}
