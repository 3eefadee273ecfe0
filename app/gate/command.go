package gate

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Comment below a pull request, as GitHub lists it now. One that is deleted is not listed, and with it goes what it said.
type Comment struct {
	ID     int64     `json:"id"`
	Author Person    `json:"author"`
	Sender Person    `json:"sender"`            // who created it, as the webhook said; a command of somebody else's comment is none
	ViaApp string    `json:"via_app,omitempty"` // slug of the App through which it was written
	Body   string    `json:"body"`
	At     time.Time `json:"at"`               // when it was created
	Edited bool      `json:"edited,omitempty"` // it is not what it was when it was created, whoever changed it
	// Saw is what its author had before them, captured and completed as for an approval, with the comment's id as ReviewID. Not complete: the
	// webhook of its creation never came, and no command in it counts.
	Saw LedgerEntry `json:"saw"`
}

// A Command is one line "/reviewgate ..." of a comment.
type Command struct {
	Name   string // "waive", "attest", "explain", "recheck", "false-positive"; anything else is none that exists
	Target string // of waive: a guard, a rule or a check; of attest: a checklist; of false-positive: a fingerprint
	Reason string
	For    time.Duration // of waive; 0: not said
	Line   int           // from 1
}

// Bounds of what is read of one comment.
const (
	maxComment  = 1 << 16
	maxCommands = 10
)

// hidden are HTML elements in which text is quoted or put out of sight.
var hidden = []string{"blockquote", "code", "details", "pre", "script", "style", "template", "textarea"}

// Commands reads the commands of a comment. A command stands on a line of its own, from its first character, outside of quotes, code, HTML comments
// and folded parts: nobody says anything by quoting somebody else.
func Commands(body string) []Command {
	if len(body) > maxComment || !utf8.ValidString(body) {
		return nil
	}
	var out []Command
	fence, quoted, comment, span := "", false, false, false
	open := map[string]int{}
	number := 0
	for line := range strings.Lines(strings.ReplaceAll(body, "\r\n", "\n")) {
		number++
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimLeft(line, " \t")
		if fence != "" {
			if strings.HasPrefix(trimmed, fence) && strings.Trim(trimmed, fence[:1]+" \t") == "" {
				fence = ""
			}
			continue
		}
		if mark := fenceMark(trimmed); mark != "" && !comment {
			fence = mark
			continue
		}
		switch {
		case trimmed == "":
			quoted, span = false, false
		case trimmed[0] == '>':
			quoted = true // and so is what follows without an empty line
		}
		before := comment || quoted || span
		for _, n := range open {
			before = before || n > 0
		}
		if !before && len(out) < maxCommands {
			if c, ok := parseCommand(line); ok {
				c.Line = number
				out = append(out, c)
			}
		}
		wasComment := comment
		comment = commented(line, comment)
		if !wasComment {
			span = span != (strings.Count(line, "`")%2 == 1) // inline code may go on in the next line
		}
		if !strings.Contains(line, "<") {
			continue // anybody may send thousands of lines
		}
		lower := strings.ToLower(line)
		for _, tag := range hidden {
			open[tag] = max(open[tag]+strings.Count(lower, "<"+tag)-strings.Count(lower, "</"+tag), 0)
		}
	}
	return out
}

// fenceMark gives the run of backticks or tildes that opens a code block.
func fenceMark(line string) string {
	for _, c := range []string{"`", "~"} {
		if n := len(line) - len(strings.TrimLeft(line, c)); n >= 3 {
			return line[:n]
		}
	}
	return ""
}

// commented says whether an HTML comment is open after the line.
func commented(line string, open bool) bool {
	for {
		mark := "<!--"
		if open {
			mark = "-->"
		}
		_, rest, ok := strings.Cut(line, mark)
		if !ok {
			return open
		}
		line, open = rest, !open
	}
}

var duration = regexp.MustCompile(`^([1-9][0-9]{0,3})([mhd])$`)

// parseCommand reads one line. Bytes are compared: a look-alike is no command.
func parseCommand(line string) (Command, bool) {
	rest, ok := strings.CutPrefix(line, "/reviewgate")
	if !ok || rest == "" || rest[0] != ' ' && rest[0] != '\t' {
		return Command{}, false
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(rest), " ")
	c := Command{Name: name}
	rest = strings.TrimSpace(rest)
	if quoted, ok := strings.CutPrefix(rest, `"`); ok {
		c.Target, rest, ok = strings.Cut(quoted, `"`)
		if !ok {
			c.Target = ""
			return c, true
		}
	} else {
		c.Target, rest, _ = strings.Cut(rest, " ")
	}
	words := strings.Fields(rest)
	if n := len(words); n >= 2 && words[n-2] == "for" {
		if m := duration.FindStringSubmatch(words[n-1]); m != nil {
			v, _ := strconv.Atoi(m[1]) // at most four digits
			c.For = time.Duration(v) * map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
			words = words[:n-2]
		}
	}
	c.Reason = cut(strings.Join(words, " "), 300)
	c.Target = strings.TrimSpace(c.Target)
	if strings.ContainsFunc(c.Target, unicode.IsControl) {
		c.Target = ""
	}
	return c, true
}

var mention = regexp.MustCompile(`(?:^|[^A-Za-z0-9_./@-])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}[A-Za-z0-9])?(?:\[bot\])?)`)

// maxMentions bounds what is kept of one comment.
const maxMentions = 20

// Mentions lists whom a comment or review calls, lower case, sorted. Whether GitHub shows it as a call does not matter: an agent may read it anyway.
func Mentions(body string) []string {
	if len(body) > maxComment {
		body = body[:maxComment]
	}
	var out []string
	for _, m := range mention.FindAllStringSubmatch(body, -1) {
		out = append(out, strings.ToLower(m[1]))
	}
	out = uniqueSorted(out)
	return out[:min(len(out), maxMentions)]
}
