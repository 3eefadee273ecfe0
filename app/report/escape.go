package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible makes every character that a reader would not see, or that would change how its neighbours are shown (controls, bidirectional
// marks, zero-width and tag characters, invalid bytes), stand as an escape. Paths, code and messages of a judged change pass through it
// in every output.
func visible(s string, keep string) string {
	clean := true
	for _, r := range s {
		if hidden(r, keep) || r == utf8.RuneError {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hidden(r, keep):
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

// hidden tells the characters that visible escapes, but for those in keep. U+200D and U+FE0F stay: they join emoji and cannot reorder text.
func hidden(r rune, keep string) bool {
	if strings.ContainsRune(keep, r) {
		return false
	}
	switch {
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

// code wraps text as a Markdown code span that nothing in the text can leave. GitHub makes no mention, link or reference inside of one.
func code(s string) string {
	// Our own marks on GitHub are HTML comments; nobody else's text may hold the beginning of one, not even as code.
	s = strings.ReplaceAll(oneLine(s), "<!--", "<! --")
	if s == "" {
		return "` `"
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell is code for use in a table, where a bar would end the cell even inside of a code span.
func cell(s string) string { return strings.ReplaceAll(code(s), "|", `\|`) }

// prose makes text safe as running Markdown: balanced `code` stays code, everything else is shown as written. No mention, link, image,
// HTML, heading, list or reference of whoever wrote the text gets through.
func prose(s string) string {
	s = oneLine(s)
	parts := strings.Split(s, "`")
	var b strings.Builder
	if s != "" && strings.ContainsRune("#-+=>0123456789", rune(s[0])) {
		b.WriteString("<!-- -->") // nothing that starts a heading, list or quotation
	}
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

// escapeText is for running text: there are no attributes that a quotation mark could leave.
var escapeText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// plain escapes text for Markdown. The empty comments break what GitHub would link by itself: @mentions, #references, addresses. They are put in
// after the escaping, as HTML that renders to nothing.
func plain(s string) string {
	var b strings.Builder
	for _, r := range escapeText.Replace(s) {
		if strings.ContainsRune("\\`*_[]!|~$", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	out := b.String()
	for _, link := range []string{"@", "://", "www."} {
		out = strings.ReplaceAll(out, link, link[:1]+"<!-- -->"+link[1:])
	}
	return breakReferences(out)
}

// breakReferences keeps "#12" and "GH-12" from becoming links.
func breakReferences(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		digitNext := i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9'
		if digitNext && (s[i] == '#' || s[i] == '-' && i >= 2 && strings.EqualFold(s[i-2:i], "GH")) {
			b.WriteString("<!-- -->")
		}
	}
	return b.String()
}
