package report

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// GitHub's limits for a check run (REST description, checks/create): characters of summary and of an annotation's message.
const (
	summaryLimit    = 65_535
	annotationLimit = 2_000 // GitHub takes 64 KB; nobody reads more than this on a line
	titleLimit      = 255
)

// RenderCheckRun renders the check run of a decided pull request. in.Decision must be set.
func RenderCheckRun(in *Input, name string) *CheckRun {
	run := &CheckRun{
		Name:       name,
		Status:     "completed",
		Conclusion: in.Decision.Conclusion(),
		Title:      cut(oneLine(in.Decision.Title), titleLimit),
		Summary:    summary(in, summaryLimit),
		Actions: []Action{
			{ActionRecheck, "Look again", "Look at this pull request afresh"},
			{ActionExplain, "Explain", "Explain the result in a comment"},
		},
	}
	if in.Scan != nil {
		run.Annotations = renderAnnotations(in)
	}
	return run
}

// renderAnnotations marks the lines of head that a shown finding is about, most severe first.
func renderAnnotations(in *Input) []Annotation {
	titles := map[string]string{}
	for _, r := range in.Scan.Rules {
		titles[r.ID] = r.Title
	}
	var out []Annotation
	for i := range in.Scan.Findings {
		f := &in.Scan.Findings[i]
		// A line of the old tree has no place in GitHub's view of head; the summary has it.
		if !shown(f) || f.Severity <= checks.Info || f.Location.Side == checks.Base {
			continue
		}
		level := levels[f.Severity].annotation
		if f.Blocking {
			level = "failure"
		}
		out = append(out, Annotation{
			Path:      f.Location.Path,
			StartLine: max(f.Location.StartLine, 1),
			EndLine:   max(f.Location.EndLine, f.Location.StartLine, 1),
			Level:     level,
			Title:     cut(oneLine(strings.TrimSpace(titles[f.RuleID]+" ("+f.RuleID+")")), titleLimit),
			Message:   cut(visible(f.Message, "\n"), annotationLimit),
		})
	}
	return out
}

// cut shortens to at most most bytes, at a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most-len("…")], "") + "…"
}
