package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible makes every character that a reader would not see, or would take for another one, or that would change how its neighbours are
// shown (controls, bidirectional marks, zero-width and tag characters, invalid bytes, foreign letters in the shape of Latin ones), stand as an
// escape. Paths, code and messages of a judged change pass through it in every output.
func visible(s string, keep string) string {
	clean := true
	for _, r := range s {
		if hidden(r, keep) || r == utf8.RuneError || r >= 0x80 && strings.ContainsRune(lookalikes, r) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	word, mixed := 0, false // where the word ends that i is in, and whether it has letters of two scripts
	for i := 0; i < len(s); {
		if i >= word {
			word, mixed = mixedWord(s, i)
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hidden(r, keep) || mixed && r >= 0x80 && strings.ContainsRune(lookalikes, r):
			if r < 0x80 {
				fmt.Fprintf(&b, `\x%02x`, r)
			} else {
				fmt.Fprintf(&b, `\u{%x}`, r)
			}
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// Visible is visible for outputs that are rendered elsewhere: of what is not seen, only the characters of keep stay as they are.
func Visible(s, keep string) string { return visible(s, keep) }

// lookalikes are the Cyrillic and Greek letters that most fonts draw as they draw a Latin one (Unicode's confusables, of these scripts only).
// Beside Latin letters in one word they are there to be taken for those; a word in one script is just a word.
const lookalikes = "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u0501\u051b\u051d\u0475\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408" +
	"\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03bd\u03b9"

// mixedWord says where the word at i ends (after i in any case), and whether it mixes Latin letters with lookalikes of them.
func mixedWord(s string, i int) (end int, mixed bool) {
	latin, foreign := false, false
	for end = i; end < len(s); {
		r, n := utf8.DecodeRuneInString(s[end:])
		if !unicode.IsLetter(r) {
			break
		}
		latin = latin || unicode.Is(unicode.Latin, r)
		foreign = foreign || strings.ContainsRune(lookalikes, r)
		end += n
	}
	return max(end, i+1), latin && foreign
}

// hidden tells the characters that visible escapes, but for those in keep. U+200D and U+FE0F stay: they join emoji and cannot reorder text.
func hidden(r rune, keep string) bool {
	switch {
	case ' ' <= r && r < 0x7f:
		return false
	case strings.ContainsRune(keep, r):
		return false
	case r == 0x200d || r == 0xfe0f:
		return false
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co):
		return true
	case r >= 0xfe00 && r <= 0xfe0e, r >= 0xe0100 && r <= 0xe01ef: // variation selectors can carry data
		return true
	}
	return false
}

// oneLine is visible with line breaks and tabs folded to spaces.
func oneLine(s string) string {
	return visible(strings.Join(strings.Fields(s), " "), "")
}

// Bounds of what one piece of text may take in Markdown, so that a single one cannot push the others out of a summary.
const (
	codeLimit  = 300  // bytes of a name or a place, before it is escaped
	proseLimit = 1500 // bytes of running text, as it is written
	ruleLimit  = 4000 // bytes of what a rule says of itself
)

// code wraps text as a Markdown code span that nothing in the text can leave. GitHub makes no mention, link or reference inside of one.
func code(s string) string {
	// Our own marks on GitHub are HTML comments; nobody else's text may hold the beginning of one, not even as code.
	s = strings.ReplaceAll(middle(oneLine(s), codeLimit), "<!--", "<! --")
	if s == "" {
		return "` `"
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// middle leaves out the middle of what is too long: the ends of a path say more.
func middle(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most/2], "") + "…" + strings.ToValidUTF8(s[len(s)-most/2:], "")
}

// longestRun counts the bytes of the longest run of one byte.
func longestRun(s string, of byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if run++; s[i] != of {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

// cell is code for use in a table, where a bar would end the cell even inside of a code span.
func cell(s string) string { return strings.ReplaceAll(code(s), "|", `\|`) }

// prose makes text safe as running Markdown: balanced `code` stays code, everything else is shown as written. No mention, link, image,
// HTML, heading, list, formula or reference of whoever wrote the text gets through, and no line begins as a command to another bot.
func prose(s string) string { return proseWithin(s, proseLimit) }

// tableProse is prose for a cell of a table.
func tableProse(s string) string { return bounded(s, proseLimit, cell) }

// proseWithin is prose of at most limit bytes; what is longer is cut, with everything in it closed.
func proseWithin(s string, limit int) string { return bounded(s, limit, code) }

func bounded(s string, limit int, code func(string) string) string {
	s = oneLine(s)
	for most := min(len(s), limit); ; most /= 2 {
		if out := wholeProse(cut(s, most), code); len(out) <= limit || most < 16 {
			return out
		}
	}
}

func wholeProse(s string, code func(string) string) string {
	var b strings.Builder
	// Nothing begins a heading, list, table or quotation. (A comment in front would do worse: it makes HTML of the whole line.)
	if s != "" && strings.ContainsRune("#-+=:/", rune(s[0])) {
		b.WriteByte('\\')
	} else if digits := s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]; digits != "" && len(digits) < 10 && strings.ContainsAny(s[len(digits):min(len(digits)+1, len(s))], ".)") {
		b.WriteString(digits + `\`)
		s = s[len(digits):]
	}
	parts := strings.Split(s, "`")
	for i, part := range parts {
		switch {
		case i%2 == 1 && i < len(parts)-1:
			b.WriteString(code(part))
		case i%2 == 1: // an opening backtick without its partner
			b.WriteString("\\`" + plain(part))
		default:
			b.WriteString(plain(part))
		}
	}
	return b.String()
}

// apart keeps two characters from being read as one thing: HTML that renders to nothing, and ends a text for everything that GitHub links by itself.
const apart = "<!-- -->"

// plain escapes text for Markdown, and breaks what GitHub would make something of by itself: @mentions, #references, addresses, commits, :emoji:.
func plain(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if sha := commitAt(s, i); sha != "" {
			for ; len(sha) > 6; sha = sha[6:] { // GitHub links seven digits or more
				b.WriteString(sha[:6] + apart)
				i += 6
			}
			b.WriteString(sha)
			i += len(sha)
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		rest := s[i:]
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '$': // GitHub's own way to write one that begins no formula
			b.WriteString("<span>$</span>")
		case strings.ContainsRune("\\`*_[]!|~", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '@', r == ':' && (strings.HasPrefix(rest, "://") || emojiForm.MatchString(rest)), len(rest) >= 4 && strings.EqualFold(rest[:4], "www."),
			r == '#' && len(rest) > 1 && isDigit(rest[1]), r == '-' && len(rest) > 1 && isDigit(rest[1]) && i >= 2 && strings.EqualFold(s[i-2:i], "GH"):
			b.WriteRune(r)
			b.WriteString(apart)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// commitAt gives the word at i if it could be the id of a commit.
func commitAt(s string, i int) string {
	if i > 0 && alphanumeric(s[i-1]) {
		return ""
	}
	sha := commitForm.FindString(s[i:])
	if end := i + len(sha); end < len(s) && alphanumeric(s[end]) {
		return ""
	}
	return sha
}

var (
	commitForm = regexp.MustCompile(`^[0-9a-fA-F]{7,64}`)
	emojiForm  = regexp.MustCompile(`^:[0-9A-Za-z_+-]+(:|$)`)
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func alphanumeric(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}
