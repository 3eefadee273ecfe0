package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// GitHub shows at most ten annotations of each level per step (docs: "Workflow commands"); the most severe come first in Findings, so
// those are the ones that it shows.
const annotationsPerLevel = 10

var annotations = &Format{
	Name: "github",
	Doc:  "workflow commands: GitHub Actions turns them into annotations of the changed lines",
	Write: func(w io.Writer, in *Input, _ Options) error {
		out := bufio.NewWriter(w)
		used, left := map[string]int{}, 0
		for _, failure := range in.Scan.Failures() { // more important than what the other checks found
			if used["error"]++; used["error"] > annotationsPerLevel {
				left++
				continue
			}
			fmt.Fprintf(out, "::error title=reviewgate could not tell::%s\n", commandData(failure))
		}
		for i := range in.Scan.Findings {
			f := &in.Scan.Findings[i]
			if !shown(f) || f.Severity <= checks.Info {
				continue
			}
			level := levels[f.Severity].workflow
			if f.Blocking {
				level = "error"
			}
			if used[level]++; used[level] > annotationsPerLevel {
				left++
				continue
			}
			fmt.Fprintf(out, "::%s %s::%s\n", level, commandPlace(&f.Location, f.RuleID), commandData(f.Message))
		}
		if left > 0 {
			fmt.Fprintf(out, "%s more; see the job summary\n", plural(left, "annotation", "annotations"))
		}
		return out.Flush()
	},
}

func commandPlace(l *checks.Location, title string) string {
	props := []string{"title=" + commandProperty("reviewgate: "+title)}
	if l.Side == checks.Head {
		props = append(props, "file="+commandProperty(l.Path))
		if l.StartLine > 0 {
			props = append(props, fmt.Sprintf("line=%d,endLine=%d", l.StartLine, max(l.EndLine, l.StartLine)))
		}
	}
	return strings.Join(props, ",")
}

// The runner decodes these escapes and nothing else; a line break left in would start a new command (actions/toolkit, command.ts).
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(visible(s, "\n"))
}

func commandProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(visible(s, ""))
}
