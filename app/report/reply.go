package report

import (
	"regexp"
	"strings"
)

// replyLimit keeps an answer far below GitHub's 65,536 characters, and readable.
const replyLimit = 20_000

// A Result is what became of one command of a comment.
type Result struct {
	Command string // as it was written, "waive payments ..."
	Done    bool
	Because string // "holds until 2026-01-02 15:04 UTC", "gives no reason of 15 characters or more"
}

// RenderReply renders the answer to a comment: a line for each command, and the whole explanation of the decision if it was asked for.
func RenderReply(in *Input, to string, results []Result, explain bool) string {
	d := &document{limit: replyLimit}
	if len(results) > 0 {
		d.line("%s:\n", called(to))
		for _, r := range results {
			verdict := "❌ %s does not count: %s"
			if r.Done {
				verdict = "✅ %s: %s"
			}
			d.line("- "+verdict, code(cut(oneLine(r.Command), 200)), prose(cut(oneLine(r.Because), 600)))
		}
		d.line("")
	}
	if !explain || in.Decision == nil {
		return strings.TrimRight(d.b.String(), "\n") + "\n"
	}
	d.line("What the check says now:\n")
	return d.b.String() + summary(in, replyLimit)
}

// RenderRefusal is the one line for somebody whose commands are not acted on.
func RenderRefusal(to string) string {
	return called(to) + ", thank you, but commands count only from people with write access to this repository.\n"
}

var loginForm = regexp.MustCompile(`^[0-9A-Za-z](?:[0-9A-Za-z_-]{0,98}[0-9A-Za-z])?$`)

// called mentions an account. What is no name of one is only shown.
func called(login string) string {
	if !loginForm.MatchString(login) {
		return code(login)
	}
	return "@" + login
}
