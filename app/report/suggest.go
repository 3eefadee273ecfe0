package report

import (
	"regexp"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// Bounds of a suggestion: GitHub puts it in the place of the line that the comment stands on.
const (
	maxSuggestion      = 2000 // bytes
	maxSuggestionLines = 10
)

// suggestion is the block that GitHub offers to commit with one click; "" where there is none that is safe. It is made only of a rule's own fix
// that stays within the one line on which the comment stands, if that line is here whole, so that nothing else of it changes, and if a reader sees
// every character of what would be committed.
func suggestion(f *checks.Finding) string {
	l := &f.Location
	if f.Fix == nil || l.Side != checks.Head || l.StartLine == 0 {
		return ""
	}
	at := &f.Fix.Location
	line, _, _ := strings.Cut(l.Snippet, "\n")
	line = strings.TrimSuffix(line, "\r")
	runes := []rune(line)
	from, to := at.StartColumn-1, at.EndColumn-1
	switch {
	case at.Path != l.Path, at.Side != l.Side, at.StartLine != l.StartLine, at.EndLine != l.StartLine, from < 0, to < from, to > len(runes):
		return ""
	case strings.HasSuffix(line, "…"): // cut by the scan
		return ""
	}
	after := string(runes[:from]) + f.Fix.Text + string(runes[to:])
	if strings.TrimSpace(after) == "" { // GitHub takes an empty suggestion for a deleted line
		after = ""
	}
	switch {
	case after == line, len(after) > maxSuggestion, strings.Count(after, "\n") >= maxSuggestionLines:
		return ""
	case visible(after, "\n\t") != after, strings.Contains(after, "<!--"), commandForm.MatchString(after):
		return ""
	}
	fence := strings.Repeat("`", max(3, longestRun(after, '`')+1))
	if after != "" {
		after += "\n"
	}
	return fence + "suggestion\n" + after + fence + "\n"
}

// commandForm is a line that bots which read comments may take for a command, also in code.
var commandForm = regexp.MustCompile(`(?m)^\s*/[0-9A-Za-z]`)

var suggestionForm = regexp.MustCompile("(?m)^(`{3,})suggestion$")

var closingForm = regexp.MustCompile(`(?m)^<sub>.*</sub>$`)

// withdrawn is a comment as what it was: it suggests nothing any more, and blocks nothing.
func withdrawn(body string) string {
	return closingForm.ReplaceAllString(suggestionForm.ReplaceAllString(body, "$1"), "")
}
