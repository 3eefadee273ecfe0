package github

import (
	"strings"
	"unicode/utf8"
)

// GitHub's limits for texts. It counts characters; counting bytes is never less strict.
const (
	summaryLimit = 65_535
	bodyLimit    = 65_535
	titleLimit   = 255
	messageLimit = 64 << 10 // of an annotation
	cutNotice    = "\n\n_This text was cut: GitHub shows no more._\n"
)

// cut shortens Markdown to limit bytes. It ends after a whole line if it can, closes the code fence, HTML comment and <details> blocks that
// are open there, and says that it cut. limit must leave room for the notice and the closing (about 1,000 bytes).
func cut(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= limit {
		return text
	}
	var (
		open openBlocks
		end  int    // everything before it is kept
		tail string // what closes the blocks that are open at end
	)
	for start := 0; start < len(text); {
		next := len(text)
		if i := strings.IndexByte(text[start:], '\n'); i >= 0 {
			next = start + i + 1
		}
		line := text[start:next]
		after := open
		after.line(line)
		closing := after.close()
		if next+len(closing)+len(cutNotice) > limit {
			// A line that alone fills the text is cut at a character, rather than losing everything.
			room := limit - start - len(cutNotice) - len(open.close()) - 1
			if start < limit/2 && 0 < room && room < len(line) {
				for room > 0 && !utf8.RuneStart(line[room]) {
					room--
				}
				after := open
				if after.line(line[:room]); after == open {
					end, tail = start+room, "\n"+open.close()
				}
			}
			break
		}
		open, end, tail = after, next, closing
		start = next
	}
	return text[:end] + tail + cutNotice
}

// openBlocks follows the blocks of Markdown that would swallow what comes after a cut.
type openBlocks struct {
	fence   string // the characters that opened a code fence; "" outside
	comment bool   // inside <!-- -->
	details int    // <details> that are open
}

func (o *openBlocks) line(line string) {
	trimmed := strings.TrimLeft(strings.TrimRight(line, "\r\n"), " >")
	if o.fence != "" {
		run := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, o.fence[:1]))]
		if len(run) >= len(o.fence) && strings.TrimSpace(trimmed[len(run):]) == "" {
			o.fence = ""
		}
		return
	}
	if !o.comment {
		for _, mark := range []string{"`", "~"} {
			run := trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, mark))]
			if len(run) >= 3 && !(mark == "`" && strings.Contains(trimmed[len(run):], "`")) {
				o.fence = run
				return
			}
		}
	}
	for rest := line; rest != ""; {
		if o.comment {
			_, after, ok := strings.Cut(rest, "-->")
			if !ok {
				return
			}
			o.comment, rest = false, after
			continue
		}
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			return
		}
		rest = rest[i:]
		switch {
		case strings.HasPrefix(rest, "<!--"):
			o.comment, rest = true, rest[4:]
		case strings.HasPrefix(rest, "<details"):
			o.details, rest = o.details+1, rest[8:]
		case strings.HasPrefix(rest, "</details"):
			o.details, rest = max(o.details-1, 0), rest[9:]
		default:
			rest = rest[1:]
		}
	}
}

// close is what ends the open blocks, innermost first.
func (o *openBlocks) close() string {
	s := ""
	if o.fence != "" {
		s += o.fence + "\n"
	}
	if o.comment {
		s += "-->\n"
	}
	if o.details > 0 {
		s += "\n" + strings.Repeat("</details>\n", o.details)
	}
	return s
}
