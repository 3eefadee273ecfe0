package githubtest

import (
	"html"
	"regexp"
	"strconv"
	"strings"
)

// markdownHTML renders the part of GitHub's Markdown that programs write: headings, paragraphs, lists, task lists, tables, code
// fences, quotes, rules, <details>, inline code, bold, italic, struck text and links. All other HTML is shown as text, comments
// are dropped, links go to http, https and mailto only, and images become links: nothing is loaded from anywhere.
func markdownHTML(s string) string {
	var b strings.Builder
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\t", "    ")
	s = dropComments(s)
	blocks(&b, strings.Split(s, "\n"), 0)
	return b.String()
}

// dropComments removes HTML comments outside of fences. An unfinished one hides the rest, as on GitHub.
func dropComments(s string) string {
	var b strings.Builder
	fence := ""
	in := false
	for line := range strings.Lines(s) {
		if !in {
			switch f := fenceOf(line); {
			case fence == "" && f != "":
				fence = f
			case fence != "" && strings.HasPrefix(strings.TrimSpace(line), fence) && strings.Trim(strings.TrimSpace(line), fence[:1]) == "":
				fence = ""
				b.WriteString(line)
				continue
			}
			if fence != "" {
				b.WriteString(line)
				continue
			}
		}
		rest := line
		for rest != "" {
			if in {
				_, after, closed := strings.Cut(rest, "-->")
				if !closed {
					rest = ""
					break
				}
				in, rest = false, after
				continue
			}
			before, after, opened := strings.Cut(rest, "<!--")
			b.WriteString(before)
			in, rest = opened, after
		}
	}
	return b.String()
}

// maxDepth bounds the nesting of quotes and lists.
const maxDepth = 12

var (
	headingLine = regexp.MustCompile(`^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*$`)
	ruleLine    = regexp.MustCompile(`^ {0,3}((\* *){3,}|(- *){3,}|(_ *){3,})$`)
	itemLine    = regexp.MustCompile(`^( *)([-*+]|\d{1,9}[.)])( +)(.*)$`)
	tableRule   = regexp.MustCompile(`^ *\|? *:?-+:? *(\| *:?-+:? *)*\|? *$`)
	summaryTag  = regexp.MustCompile(`(?i)^\s*<summary>(.*?)</summary>\s*$`)
	alertLine   = regexp.MustCompile(`^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]$`)
)

func fenceOf(line string) string {
	t := strings.TrimSpace(line)
	for _, c := range []string{"`", "~"} {
		n := len(t) - len(strings.TrimLeft(t, c))
		if n >= 3 && (c == "~" || !strings.Contains(t[n:], "`")) {
			return strings.Repeat(c, n)
		}
	}
	return ""
}

// blocks renders lines as blocks.
func blocks(b *strings.Builder, lines []string, depth int) {
	for i := 0; i < len(lines); {
		line := lines[i]
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "":
			i++
		case fenceOf(line) != "":
			i = fence(b, lines, i)
		case headingLine.MatchString(line):
			m := headingLine.FindStringSubmatch(line)
			n := strconv.Itoa(len(m[1]))
			b.WriteString("<h" + n + ">" + inline(m[2]) + "</h" + n + ">\n")
			i++
		case ruleLine.MatchString(line):
			b.WriteString("<hr>\n")
			i++
		case strings.EqualFold(trimmed, "<details>") || strings.EqualFold(trimmed, "<details open>"):
			i = details(b, lines, i, depth)
		case summaryTag.MatchString(line):
			b.WriteString("<p><strong>" + inline(summaryTag.FindStringSubmatch(line)[1]) + "</strong></p>\n")
			i++
		case strings.HasPrefix(trimmed, ">") && depth < maxDepth:
			i = quote(b, lines, i, depth)
		case itemLine.MatchString(line) && depth < maxDepth:
			i = list(b, lines, i, depth)
		case i+1 < len(lines) && strings.Contains(line, "|") && strings.Contains(lines[i+1], "-") && tableRule.MatchString(lines[i+1]) && len(cells(line)) == len(cells(lines[i+1])):
			i = table(b, lines, i)
		case strings.HasPrefix(line, "    "):
			b.WriteString("<pre><code>")
			for ; i < len(lines) && (strings.HasPrefix(lines[i], "    ") || strings.TrimSpace(lines[i]) == ""); i++ {
				b.WriteString(html.EscapeString(strings.TrimPrefix(lines[i], "    ")) + "\n")
			}
			b.WriteString("</code></pre>\n")
		default:
			var text []string
			for ; i < len(lines); i++ {
				t := strings.TrimSpace(lines[i])
				if t == "" || fenceOf(lines[i]) != "" || headingLine.MatchString(lines[i]) || strings.HasPrefix(t, "<details") || strings.EqualFold(t, "</details>") ||
					(len(text) > 0 && (itemLine.MatchString(lines[i]) || strings.HasPrefix(t, ">") || ruleLine.MatchString(lines[i]))) {
					break
				}
				text = append(text, t)
			}
			if len(text) == 0 { // a line that begins nothing, such as a stray </details>
				if !strings.EqualFold(trimmed, "</details>") {
					b.WriteString("<p>" + inline(trimmed) + "</p>\n")
				}
				i++
				continue
			}
			// In comments GitHub keeps line breaks.
			b.WriteString("<p>" + strings.ReplaceAll(inline(strings.Join(text, "\n")), "\n", "<br>\n") + "</p>\n")
		}
	}
}

func fence(b *strings.Builder, lines []string, i int) int {
	f := fenceOf(lines[i])
	info := strings.Fields(strings.TrimLeft(strings.TrimSpace(lines[i]), f[:1]))
	class := ""
	if len(info) > 0 {
		class = ` class="language-` + html.EscapeString(info[0]) + `"`
	}
	suggestion := len(info) > 0 && info[0] == "suggestion"
	if suggestion {
		b.WriteString(`<div class="suggestion"><div class="suggestion-head">Suggested change</div>`)
	}
	b.WriteString("<pre><code" + class + ">")
	for i++; i < len(lines); i++ {
		t := strings.TrimSpace(lines[i])
		if strings.HasPrefix(t, f) && strings.Trim(t, f[:1]) == "" {
			i++
			break
		}
		b.WriteString(html.EscapeString(lines[i]) + "\n")
	}
	b.WriteString("</code></pre>")
	if suggestion {
		b.WriteString("</div>")
	}
	b.WriteString("\n")
	return i
}

func details(b *strings.Builder, lines []string, i, depth int) int {
	open := ""
	if strings.Contains(strings.ToLower(lines[i]), "open") {
		open = " open"
	}
	var inner []string
	level := 1
	inFence := ""
	for i++; i < len(lines); i++ {
		t := strings.ToLower(strings.TrimSpace(lines[i]))
		if f := fenceOf(lines[i]); f != "" && inFence == "" {
			inFence = f
		} else if inFence != "" && strings.HasPrefix(t, inFence) && strings.Trim(t, inFence[:1]) == "" {
			inFence = ""
		}
		if inFence == "" && (t == "<details>" || t == "<details open>") {
			level++
		}
		if inFence == "" && t == "</details>" {
			if level--; level == 0 {
				i++
				break
			}
		}
		inner = append(inner, lines[i])
	}
	b.WriteString("<details" + open + ">")
	for j, line := range inner {
		if m := summaryTag.FindStringSubmatch(line); m != nil {
			b.WriteString("<summary>" + inline(m[1]) + "</summary>\n")
			inner = append(append([]string{}, inner[:j]...), inner[j+1:]...)
			break
		}
		if strings.TrimSpace(line) != "" {
			break
		}
	}
	if depth < maxDepth {
		blocks(b, inner, depth+1)
	} else {
		b.WriteString(html.EscapeString(strings.Join(inner, "\n")))
	}
	b.WriteString("</details>\n")
	return i
}

func quote(b *strings.Builder, lines []string, i, depth int) int {
	var inner []string
	for ; i < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[i]), ">"); i++ {
		inner = append(inner, strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(lines[i]), ">"), " "))
	}
	if m := alertLine.FindStringSubmatch(strings.TrimSpace(inner[0])); m != nil {
		kind := lower(m[1])
		b.WriteString(`<div class="alert alert-` + kind + `"><p class="alert-title">` + strings.ToUpper(kind[:1]) + kind[1:] + "</p>\n")
		blocks(b, inner[1:], depth+1)
		b.WriteString("</div>\n")
		return i
	}
	b.WriteString("<blockquote>\n")
	blocks(b, inner, depth+1)
	b.WriteString("</blockquote>\n")
	return i
}

func list(b *strings.Builder, lines []string, i, depth int) int {
	first := itemLine.FindStringSubmatch(lines[i])
	indent := len(first[1])
	ordered := first[2][0] >= '0' && first[2][0] <= '9'
	tag, start := "ul", ""
	if ordered {
		tag = "ol"
		if n := strings.TrimRight(first[2], ".)"); n != "1" {
			start = ` start="` + n + `"`
		}
	}
	b.WriteString("<" + tag + start + ">\n")
	for i < len(lines) {
		m := itemLine.FindStringSubmatch(lines[i])
		if m == nil || len(m[1]) < indent || len(m[1]) > indent+3 || (m[2][0] >= '0' && m[2][0] <= '9') != ordered {
			break
		}
		width := len(m[1]) + len(m[2]) + min(len(m[3]), 4)
		inner := []string{m[4]}
		loose := false
		for i++; i < len(lines); i++ {
			t := strings.TrimSpace(lines[i])
			lead := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
			if t == "" {
				if i+1 < len(lines) && len(lines[i+1])-len(strings.TrimLeft(lines[i+1], " ")) >= width && strings.TrimSpace(lines[i+1]) != "" {
					inner, loose = append(inner, ""), true
					continue
				}
				break
			}
			if lead < width {
				if itemLine.MatchString(lines[i]) || lead <= indent && (fenceOf(lines[i]) != "" || headingLine.MatchString(lines[i]) || strings.HasPrefix(t, "<") || strings.HasPrefix(t, ">")) {
					break
				}
				inner = append(inner, t) // a lazy continuation
				continue
			}
			inner = append(inner, lines[i][width:])
		}
		b.WriteString("<li>")
		box := ""
		if rest, isTask := strings.CutPrefix(inner[0], "[ ] "); isTask {
			box, inner[0] = `<input type="checkbox" disabled> `, rest
		} else if rest, isTask := strings.CutPrefix(lower(inner[0][:min(4, len(inner[0]))]), "[x] "); isTask {
			box, inner[0] = `<input type="checkbox" checked disabled> `, rest+inner[0][4:]
		}
		var body strings.Builder
		blocks(&body, inner, depth+1)
		text := body.String()
		// A tight item shows its first paragraph without one.
		if rest, isParagraph := strings.CutPrefix(text, "<p>"); isParagraph && !loose {
			text = strings.Replace(rest, "</p>\n", "\n", 1)
			b.WriteString(box + text)
		} else if isParagraph {
			b.WriteString("<p>" + box + rest)
		} else {
			b.WriteString(box + text)
		}
		b.WriteString("</li>\n")
		// One blank line may stand between items.
		if i+1 < len(lines) && strings.TrimSpace(lines[i]) == "" && itemLine.MatchString(lines[i+1]) {
			if n := itemLine.FindStringSubmatch(lines[i+1]); len(n[1]) >= indent && len(n[1]) <= indent+3 {
				i++
			}
		}
	}
	b.WriteString("</" + tag + ">\n")
	return i
}

// cells splits a table row at the bars that are neither escaped nor in code.
func cells(line string) []string {
	t := strings.TrimSpace(line)
	t = strings.TrimPrefix(t, "|")
	if strings.HasSuffix(t, "|") && !strings.HasSuffix(t, `\|`) {
		t = strings.TrimSuffix(t, "|")
	}
	var list []string
	var cell strings.Builder
	for i := 0; i < len(t); i++ {
		switch {
		case t[i] == '\\' && i+1 < len(t) && t[i+1] == '|':
			cell.WriteByte('|')
			i++
		case t[i] == '|':
			list = append(list, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			cell.WriteByte(t[i])
		}
	}
	return append(list, strings.TrimSpace(cell.String()))
}

func table(b *strings.Builder, lines []string, i int) int {
	head, rule := cells(lines[i]), cells(lines[i+1])
	align := make([]string, len(rule))
	for j, r := range rule {
		switch {
		case strings.HasPrefix(r, ":") && strings.HasSuffix(r, ":"):
			align[j] = ` class="center"`
		case strings.HasSuffix(r, ":"):
			align[j] = ` class="right"`
		}
	}
	row := func(tag string, values []string) {
		b.WriteString("<tr>")
		for j := range head {
			v := ""
			if j < len(values) {
				v = values[j]
			}
			b.WriteString("<" + tag + align[j] + ">" + inline(v) + "</" + tag + ">")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString(`<div class="table"><table><thead>` + "\n")
	row("th", head)
	b.WriteString("</thead><tbody>\n")
	for i += 2; i < len(lines) && strings.Contains(lines[i], "|") && strings.TrimSpace(lines[i]) != ""; i++ {
		row("td", cells(lines[i]))
	}
	b.WriteString("</tbody></table></div>\n")
	return i
}

var (
	linkText = regexp.MustCompile(`^!?\[((?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]\(<?([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\)`)
	autoLink = regexp.MustCompile(`^https?://[^\s<>"'` + "`" + `]*[^\s<>"'` + "`" + `.,;:!?)\]*_]`)
	entity   = regexp.MustCompile(`^&(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});`)
	simple   = regexp.MustCompile(`(?i)^</?(sub|sup|kbd|b|i|strong|em|code|ins|del)>|^<br ?/?>`)
	mention  = regexp.MustCompile(`^@[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9_.-]+)?(?:\[bot\])?`)
	shaText  = regexp.MustCompile(`^[0-9a-f]{40}\b`)
)

// safeURL says whether a link may be one.
func safeURL(u string) bool {
	l := lower(u)
	return strings.HasPrefix(l, "http://") || strings.HasPrefix(l, "https://") || strings.HasPrefix(l, "mailto:") || strings.HasPrefix(u, "#") || (strings.HasPrefix(u, "/") && !strings.HasPrefix(u, "//"))
}

// inline renders the text of one block.
func inline(s string) string {
	var b strings.Builder
	var open []string // marks that are open, innermost last
	tags := map[string]string{"**": "strong", "__": "strong", "*": "em", "_": "em", "~~": "del"}
	word := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
	}
	for i := 0; i < len(s); {
		rest := s[i:]
		before := byte(' ')
		if i > 0 {
			before = s[i-1]
		}
		switch c := rest[0]; {
		case c == '\\' && len(rest) > 1 && strings.IndexByte("\\`*_{}[]()#+-.!|<>~\"'&$%,/:;=?@^", rest[1]) >= 0:
			b.WriteString(html.EscapeString(rest[1:2]))
			i += 2
		case c == '`':
			n := len(rest) - len(strings.TrimLeft(rest, "`"))
			end := codeEnd(rest[n:], n)
			if end < 0 {
				b.WriteString(rest[:n])
				i += n
				continue
			}
			code := strings.ReplaceAll(rest[n:n+end], "\n", " ")
			if len(code) > 2 && code[0] == ' ' && code[len(code)-1] == ' ' && strings.TrimSpace(code) != "" {
				code = code[1 : len(code)-1]
			}
			b.WriteString("<code>" + html.EscapeString(code) + "</code>")
			i += n + end + n
		case c == '[' || c == '!' && strings.HasPrefix(rest, "!["):
			m := linkText.FindStringSubmatch(rest)
			if m == nil || !safeURL(html.UnescapeString(m[2])) {
				b.WriteString(html.EscapeString(rest[:1]))
				i++
				continue
			}
			b.WriteString(`<a href="` + html.EscapeString(html.UnescapeString(m[2])) + `" rel="nofollow">` + inline(m[1]) + "</a>")
			i += len(m[0])
		case c == 'h' && !word(before) && autoLink.MatchString(rest):
			u := autoLink.FindString(rest)
			b.WriteString(`<a href="` + html.EscapeString(u) + `" rel="nofollow">` + html.EscapeString(u) + "</a>")
			i += len(u)
		case c == '@' && !word(before) && before != '/' && before != '.' && mention.MatchString(rest):
			m := mention.FindString(rest)
			b.WriteString(`<span class="mention">` + html.EscapeString(m) + "</span>")
			i += len(m)
		case c == '&':
			if m := entity.FindString(rest); m != "" {
				b.WriteString(html.EscapeString(html.UnescapeString(m)))
				i += len(m)
				continue
			}
			b.WriteString("&amp;")
			i++
		case c == '<':
			if m := simple.FindString(rest); m != "" {
				if l := lower(m); strings.HasPrefix(l, "<br") {
					b.WriteString("<br>")
				} else if name := strings.Trim(l, "</>"); strings.HasPrefix(l, "</") {
					if n := len(open); n > 0 && open[n-1] == "<"+name {
						open = open[:n-1]
						b.WriteString(l)
					}
				} else {
					open = append(open, "<"+name)
					b.WriteString(l)
				}
				i += len(m)
				continue
			}
			b.WriteString("&lt;")
			i++
		case c == '*' || c == '_' || c == '~':
			mark := rest[:1]
			if len(rest) > 1 && rest[1] == c {
				mark = rest[:2]
			}
			after := byte(' ')
			if len(rest) > len(mark) {
				after = rest[len(mark)]
			}
			n := len(open)
			switch {
			case tags[mark] == "":
				b.WriteString(mark)
			case n > 0 && open[n-1] == mark && before != ' ' && before != '\n' && (c != '_' || !word(after)):
				open = open[:n-1]
				b.WriteString("</" + tags[mark] + ">")
			case after != ' ' && after != '\n' && (c != '_' || !word(before)) && closes(rest[len(mark):], mark):
				open = append(open, mark)
				b.WriteString("<" + tags[mark] + ">")
			default:
				b.WriteString(mark)
			}
			i += len(mark)
		case !word(before) && shaText.MatchString(rest):
			b.WriteString(`<code class="sha">` + rest[:7] + "</code>")
			i += 40
		default:
			b.WriteString(html.EscapeString(rest[:1]))
			i++
		}
	}
	for j := len(open) - 1; j >= 0; j-- { // what was not closed; marks always are, by closes
		if name, isTag := strings.CutPrefix(open[j], "<"); isTag {
			b.WriteString("</" + name + ">")
		} else {
			b.WriteString("</" + tags[open[j]] + ">")
		}
	}
	return b.String()
}

// codeEnd finds the run of exactly n backticks that ends a piece of code.
func codeEnd(s string, n int) int {
	for i := 0; i < len(s); {
		if s[i] != '`' {
			i++
			continue
		}
		run := len(s[i:]) - len(strings.TrimLeft(s[i:], "`"))
		if run == n {
			return i
		}
		i += run
	}
	return -1
}

// closes says whether a mark is closed later on.
func closes(s, mark string) bool {
	for i := 1; i+len(mark) <= len(s); i++ {
		if s[i:i+len(mark)] != mark || s[i-1] == ' ' || s[i-1] == '\\' {
			continue
		}
		if len(mark) == 1 && (s[i-1] == mark[0] || i+1 < len(s) && s[i+1] == mark[0]) {
			continue
		}
		return true
	}
	return false
}
