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

// judgeFixes makes the fixes of a rule and tells how the result differs from the fixture's .fixed file, in a sentence and in lines; "" if there is
// none, or no difference.
func judgeFixes(path string, data []byte, matches []engine.Match, id string) (differs string, lines []string, err error) {
	ext := filepath.Ext(path)
	want, err := readFixture(strings.TrimSuffix(path, ext) + fixedMark + ext)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	got := applyFixes(string(data), matches, id)
	if got == string(want) {
		return "", nil, nil
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
			return fmt.Sprintf("line %d of the fixed file: the fixes make %s, not %s", i+1, x, y), differing(b, a), nil
		}
	}
	return "", nil, nil
}

// maxDiffer bounds how many lines of each side are shown.
const maxDiffer = 20

// differing gives what lies between the lines that two texts begin and end with alike: wanted ones after "-", those there are after "+".
func differing(want, got []string) []string {
	from := 0
	for from < len(want) && from < len(got) && want[from] == got[from] {
		from++
	}
	end := 0
	for end < len(want)-from && end < len(got)-from && want[len(want)-1-end] == got[len(got)-1-end] {
		end++
	}
	var out []string
	for _, side := range []struct {
		mark  string
		lines []string
	}{{"- ", want[from : len(want)-end]}, {"+ ", got[from : len(got)-end]}} {
		for i, line := range side.lines {
			if i == maxDiffer {
				out = append(out, fmt.Sprintf("%s(%d more lines)", side.mark, len(side.lines)-i))
				break
			}
			out = append(out, side.mark+line)
		}
	}
	return out
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
