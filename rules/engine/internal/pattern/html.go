package pattern

import "strings"

// html reads a pattern of HTML: elements, or one attribute. Only whole names, whole attributes and whole texts stand for others; the value
// of an attribute is a string, with quotes or without.
func (p *prepared) html() {
	s := p.source
	if !strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"), "<") {
		if !strings.Contains(s, "=") {
			p.fail(0, "a pattern of html is an element, as in <a ...>...</a>, or an attribute, as in href=\"$X\"")
			return
		}
		p.token("=")
		p.htmlTag(0)
		return
	}
	for i := 0; i < len(s) && p.err == nil; {
		rest := s[i:]
		switch {
		case strings.HasPrefix(rest, "<!--"):
			n := strings.Index(rest, "-->")
			if n < 0 {
				p.fail(i, "the comment is not closed")
				return
			}
			i += n + 3
		case strings.HasPrefix(rest, "<!"):
			n := strings.IndexByte(rest, '>') + 1
			if n == 0 {
				n = len(rest)
			}
			p.emit(i, rest[:n])
			i += n
		case rest[0] == '<':
			n := 1
			if strings.HasPrefix(rest, "</") {
				n = 2
			}
			p.emit(i, rest[:n])
			i = p.htmlTag(p.htmlName(i + n))
		case rest[0] == '&': // an entity is a text of its own
			n := strings.IndexAny(rest, "; \t\r\n<")
			if n < 0 {
				n = len(rest)
			}
			n = max(n, 1)
			p.emit(i, rest[:n])
			i += n
		default:
			n := 1 + strings.IndexAny(rest[1:], "<&")
			if n == 0 {
				n = len(rest)
			}
			if !p.htmlStandIn(i, strings.TrimSpace(rest[:n])) {
				p.emit(i, rest[:n])
			}
			i += n
		}
	}
}

// htmlName reads the name of an element and returns where it ends.
func (p *prepared) htmlName(at int) int {
	rest := p.source[at:]
	if n := metavarLength(rest); n > 0 {
		p.hole(at, p.spec.Metavar+strings.ReplaceAll(rest[1:n], "_", ":")) // stand turns it back
		return at + n
	}
	n := strings.IndexAny(rest, " \t\r\n/>")
	if n < 0 {
		n = len(rest)
	}
	p.emit(at, rest[:n])
	return at + n
}

func metavarLength(s string) int {
	if strings.HasPrefix(s, "$") && metavar(s[1:]) > 0 {
		return 1 + metavar(s[1:])
	}
	return 0
}

// htmlTag reads attributes, to the end of the tag, and returns where it ends.
func (p *prepared) htmlTag(at int) int {
	s := p.source
	value := false // what comes next is the value of an attribute
	for i := at; i < len(s); {
		rest := s[i:]
		switch c := s[i]; {
		case c == '>':
			p.emit(i, ">")
			return i + 1
		case (c == '"' || c == '\'') && value:
			n := 1 + strings.IndexByte(rest[1:], c) + 1
			if n < 2 {
				p.fail(i, "the string is not closed")
				return len(s)
			}
			p.emit(i, rest[:n])
			value = false
			i += n
		case c == '=':
			p.emit(i, "=")
			value = true
			i++
		case strings.IndexByte(" \t\r\n/\"'<", c) >= 0:
			p.emit(i, rest[:1])
			i++
		default:
			end := " \t\r\n\"'<>="
			if !value {
				end += "/"
			}
			n := strings.IndexAny(rest, end)
			if n < 0 {
				n = len(rest)
			}
			if value || !p.htmlStandIn(i, rest[:n]) {
				p.emit(i, rest[:n])
			}
			value = false
			i += n
		}
	}
	return len(s)
}

// htmlStandIn writes a word that stands for something else as a whole.
func (p *prepared) htmlStandIn(at int, word string) bool {
	if word == "..." {
		p.hole(at, p.spec.Metavar+ellipsisWord)
		return true
	}
	if name, n := metavariableAt(word); n > 0 && n == len(word) {
		p.hole(at, p.spec.Metavar+name)
		return true
	}
	return false
}
