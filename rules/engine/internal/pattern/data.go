package pattern

import (
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// Configuration languages have no statements, and each has comments and strings of its own: their patterns are read here.

// data reads the whole pattern of such a language; ok is false for all others.
func (p *prepared) data() (ok bool) {
	switch p.spec.Name {
	case "yaml":
		p.yaml()
	case "json":
		p.json()
	case "terraform":
		p.hcl()
	case "bash", "dockerfile":
		p.shell()
	case "html":
		p.html()
	default:
		return false
	}
	return true
}

// metavariableAt reads `$X`, `$_` or `$...X` at the start of s and returns its stand-in, without the language's prefix, and its length.
func metavariableAt(s string) (name string, length int) {
	switch {
	case strings.HasPrefix(s, "$...") && metavar(s[4:]) > 0:
		n := metavar(s[4:])
		return metaEllipsisWord + s[4:4+n], 4 + n
	case strings.HasPrefix(s, "$") && metavar(s[1:]) > 0:
		n := metavar(s[1:])
		return s[1 : 1+n], 1 + n
	}
	return "", 0
}

// quoted returns the length of the string in quotes at the start of s.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if s[0] == '"' {
				i++
			}
		case s[0]:
			return i + 1
		}
	}
	return len(s)
}

// lineEnd returns the length of the line at the start of s, without its end.
func lineEnd(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}

// significant returns the byte before the white space at the end of s, or 0.
func significant(s string) byte {
	if s = strings.TrimRight(s, " \t\r\n"); s != "" {
		return s[len(s)-1]
	}
	return 0
}

// yaml marks ellipses: a plain scalar that begins with the prefix is one, alone or as a member. Metavariables already are plain scalars.
func (p *prepared) yaml() {
	s := p.source
	e := p.spec.Metavar + ellipsisWord
	start := 0
	copied := func(to int) {
		p.emit(start, s[start:to])
		start = to
	}
	var flow []byte // open brackets
	for i := 0; i < len(s); {
		rest := s[i:]
		before := byte('\n')
		if i > 0 {
			before = s[i-1]
		}
		token := strings.IndexByte(" \t\n[{,", before) >= 0
		switch c := s[i]; {
		case c == '#' && strings.IndexByte(" \t\n", before) >= 0:
			copied(i)
			i += lineEnd(rest)
			start = i
		case (c == '"' || c == '\'') && token:
			for end := i + quoted(rest); i < end; i++ {
				if c == '"' && s[i] == '\\' && i+1 < end {
					if strings.IndexByte("0abtnvfre \"/\\N_LPxuU\n", s[i+1]) < 0 {
						copied(i)
						p.emit(i, "\\") // of an expression, no escape
					}
					i++
				}
			}
		case (c == '|' || c == '>') && token && strings.Trim(rest[1:lineEnd(rest)], "+-0123456789 \r") == "" && significant(s[:i]) == ':':
			// A block scalar reaches as far as its lines are indented.
			line := strings.LastIndexByte(s[:i], '\n') + 1
			indent := len(s[line:]) - len(strings.TrimLeft(s[line:], " -"))
			i += lineEnd(rest)
			for i < len(s) {
				next := s[i+1:]
				text := strings.TrimLeft(next, " ")
				if text != "" && text[0] != '\n' && len(next)-len(text) <= indent {
					break
				}
				if i += 1 + lineEnd(next); i >= len(s) {
					i = len(s)
				}
			}
		case strings.HasPrefix(rest, "$...") && metavar(rest[4:]) > 0 && token:
			copied(i)
			name, n := metavariableAt(rest)
			p.yamlEllipsis(i, p.spec.Metavar+name, s[:i], flow)
			i += n
			start = i
		case strings.HasPrefix(rest, "...") && token:
			copied(i)
			p.yamlEllipsis(i, e, s[:i], flow)
			i += 3
			start = i
		case c == '[' || c == '{':
			flow = append(flow, c)
			i++
		case (c == ']' || c == '}') && len(flow) > 0:
			flow = flow[:len(flow)-1]
			i++
		default:
			i++
		}
	}
	copied(len(s))
}

func (p *prepared) yamlEllipsis(at int, e, before string, flow []byte) {
	line := before[strings.LastIndexByte(before, '\n')+1:]
	switch {
	case len(flow) > 0 && flow[len(flow)-1] == '{' && significant(before) != ':':
		p.hole(at, e+": "+e)
	case len(flow) > 0 || strings.TrimSpace(line) != "":
		p.hole(at, e, e+": "+e)
	case p.amongItems(at, len(line)):
		p.hole(at, "- "+e, e+": "+e, e)
	default:
		p.hole(at, e+": "+e, "- "+e, e)
	}
}

// amongItems says whether the lines next to an ellipsis, of the same indentation, are items of a list.
func (p *prepared) amongItems(at, indent int) bool {
	lines := strings.Split(p.source, "\n")
	own := strings.Count(p.source[:at], "\n")
	for _, step := range []int{1, -1} {
		for i := own + step; i >= 0 && i < len(lines); i += step {
			text := strings.TrimLeft(lines[i], " ")
			before := len(lines[i]) - len(text)
			if text == "" || before > indent || before == indent && strings.HasPrefix(text, "...") {
				continue
			}
			if before == indent && strings.HasPrefix(text, "-") {
				return true
			}
			break
		}
	}
	return false
}

// json writes metavariables and ellipses as strings, which convert knows by the prefix. A comma before a closing bracket or the end is left
// out.
func (p *prepared) json() {
	s := p.source
	quote := func(name string) string { return `"` + p.spec.Metavar + name + `"` }
	var open []byte
	for i := 0; i < len(s); {
		rest := s[i:]
		switch c := s[i]; {
		case c == '"':
			n := quoted(rest)
			for j := 0; j < n; j++ {
				if rest[j] == '\\' && j+1 < n {
					if strings.IndexByte("\"\\/bfnrtu", rest[j+1]) < 0 {
						p.emit(i+j, "\\") // of an expression, no escape
					}
					p.emit(i+j, rest[j:j+2])
					j++
					continue
				}
				p.emit(i+j, rest[j:j+1])
			}
			i += n
		case strings.HasPrefix(rest, "//"):
			i += lineEnd(rest)
		case strings.HasPrefix(rest, "..."), strings.HasPrefix(rest, "$..."):
			name, n := ellipsisWord, 3
			if c == '$' {
				if name, n = metavariableAt(rest); n == 0 {
					p.fail(i, "a metavariable's name is upper case, as in $...X")
					return
				}
			}
			if len(open) > 0 && open[len(open)-1] == '{' && significant(s[:i]) != ':' {
				p.hole(i, quote(name)+": "+quote(name))
			} else {
				p.hole(i, quote(name), quote(name)+": "+quote(name))
			}
			i += n
		case c == '$' && metavar(rest[1:]) > 0:
			name, n := metavariableAt(rest)
			p.hole(i, quote(name))
			i += n
		case c == ',':
			if after := strings.TrimLeft(rest[1:], " \t\r\n"); after != "" && after[0] != '}' && after[0] != ']' {
				p.emit(i, ",")
			}
			i++
		case strings.IndexByte("[{", c) >= 0:
			open = append(open, c)
			p.emit(i, rest[:1])
			i++
		case strings.IndexByte("]}", c) >= 0 && len(open) > 0:
			open = open[:len(open)-1]
			p.emit(i, rest[:1])
			i++
		case isIdent(c) && !(c >= '0' && c <= '9'):
			n := 1
			for n < len(rest) && isIdent(rest[n]) {
				n++
			}
			word := rest[:n]
			if strings.HasPrefix(strings.TrimLeft(rest[n:], " "), ":") {
				word = `"` + word + `"` // a key
			}
			p.emit(i, word)
			i += n
		default:
			p.emit(i, rest[:1])
			i++
		}
	}
}

// hcl writes an ellipsis among members as a member on a line of its own.
func (p *prepared) hcl() {
	s := p.source
	e := p.spec.Metavar + ellipsisWord
	var open []byte
	for i := 0; i < len(s); {
		rest := s[i:]
		switch c := s[i]; {
		case c == '#' || strings.HasPrefix(rest, "//"):
			i += lineEnd(rest)
		case c == '"':
			n := hclString(rest)
			p.emit(i, rest[:n])
			i += n
		case strings.HasPrefix(rest, "<...") && !strings.HasPrefix(rest, "<...>"):
			p.deep = append(p.deep, i)
			p.hole(i, p.spec.Metavar+deepWord+"(")
			i += 4
		case strings.HasPrefix(rest, "...>") && len(p.deep) > 0:
			p.deep = p.deep[:len(p.deep)-1]
			p.hole(i, ")")
			i += 4
		case strings.HasPrefix(rest, "..."), strings.HasPrefix(rest, "$...") && metavar(rest[4:]) > 0:
			name, n := e, 3
			if c == '$' {
				name, n = metavariableAt(rest)
				name = p.spec.Metavar + name
			}
			inside := byte('{') // the file is a list of members too
			if len(open) > 0 {
				inside = open[len(open)-1]
			}
			if before := significant(s[:i]); inside == '{' && before != '=' && before != ':' && (before != '.' || strings.HasSuffix(strings.TrimSpace(s[:i]), "...")) {
				p.hole(i, "\n"+name+" = "+name+"\n", name)
			} else {
				p.hole(i, name)
			}
			i += n
		case c == '$' && metavar(rest[1:]) > 0:
			name, n := metavariableAt(rest)
			p.hole(i, p.spec.Metavar+name)
			i += n
		case c == '$':
			p.fail(i, "a metavariable's name is upper case, as in $X")
			return
		default:
			if strings.IndexByte("([{", c) >= 0 {
				open = append(open, c)
			} else if strings.IndexByte(")]}", c) >= 0 && len(open) > 0 {
				open = open[:len(open)-1]
			}
			p.emit(i, rest[:1])
			i++
		}
	}
}

// shell replaces metavariables and ellipses, also inside of words, and in strings where a command stands.
func (p *prepared) shell() {
	s := p.source
	string, commands := false, 0
	for i := 0; i < len(s); {
		rest := s[i:]
		code := !string || commands > 0
		switch c := s[i]; {
		case c == '\\' && len(rest) > 1:
			p.emit(i, rest[:2])
			i += 2
		case c == '#' && code && (i == 0 || strings.IndexByte(" \t\n", s[i-1]) >= 0):
			i += lineEnd(rest)
		case c == '\'' && code:
			n := quoted(rest)
			p.emit(i, rest[:n])
			i += n
		case c == '"' && code && strings.HasPrefix(rest[1:], "$") && metavar(rest[2:]) > 0 && strings.HasPrefix(rest[2+metavar(rest[2:]):], "\""):
			n := 3 + metavar(rest[2:])
			p.hole(i, "'"+rest[1:n-1]+"'") // the content of a string
			i += n
		case strings.HasPrefix(rest, "\"...\"") && code, strings.HasPrefix(rest, "\"=~/") && code:
			n := quoted(rest)
			p.emit(i, "'"+rest[1:n-1]+"'")
			i += n
		case c == '"':
			string = !string
			p.emit(i, rest[:1])
			i++
		case c == '(' && i > 0 && (s[i-1] == '$' || s[i-1] == '<') || c == '(' && commands > 0:
			commands++
			p.emit(i, rest[:1])
			i++
		case c == ')' && commands > 0:
			commands--
			p.emit(i, rest[:1])
			i++
		case code && strings.HasPrefix(rest, "<..."):
			p.deep = append(p.deep, i)
			p.hole(i, "<("+p.spec.Metavar+deepWord+" ")
			i += 4
		case code && strings.HasPrefix(rest, "...>") && len(p.deep) > 0:
			p.deep = p.deep[:len(p.deep)-1]
			p.hole(i, ")")
			i += 4
		case code && strings.HasPrefix(rest, "..."):
			p.hole(i, p.spec.Metavar+ellipsisWord)
			i += 3
		case strings.HasPrefix(rest, "$"):
			name, n := metavariableAt(rest)
			if n == 0 || !code && i > 0 && s[i-1] != '{' {
				p.emit(i, rest[:1])
				i++
				continue
			}
			p.hole(i, p.spec.Metavar+name)
			i += n
		default:
			p.emit(i, rest[:1])
			i++
		}
	}
}

// hclString returns the length of the string at the start of s, with the expressions in it.
func hclString(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], "${"):
			i = closing(s, i+2)
		case s[i] == '"':
			return i + 1
		}
	}
	return len(s)
}

// standIn says whether a node of a configuration language may be a stand-in although it is a string.
func (c *converter) standIn(n *Node) bool {
	return n.Kind == language.Str && (c.lang("json") || c.lang("yaml") && n.Type == "plain_scalar")
}

// command makes a word of a command that consists of it.
func command(root *Node) *Node {
	if root.Kind == language.Args && len(root.Kids) == 1 { // what RUN runs
		if word := command(root.Kids[0]); word.Kind != language.Call && word.Kind != language.Binary {
			return word
		}
		return root
	}
	if args := root.Child(language.SlotArgs); root.Kind == language.Call && root.Child(language.SlotCallee) == nil && args != nil && len(args.Kids) == 1 && args.Kids[0].Kind != language.Unary {
		root = args.Kids[0]
	}
	root.Slot = language.Item
	return root
}

// member takes the braces off a pattern with a single member: it is found in every mapping that holds it.
func (c *converter) member(root *Node) *Node {
	if c.lang("bash") || c.lang("dockerfile") {
		return command(root)
	}
	if !c.lang("json") && !c.lang("yaml") {
		return root
	}
	if items := root.Kids; root.Kind == language.List && len(items) == 1 && c.lang("yaml") && strings.HasPrefix(strings.TrimSpace(c.source), "-") && !items[0].IsEllipsis() {
		root = items[0]
	} else if root.Kind == language.Dict && len(items) == 1 && c.lang("yaml") && !items[0].IsEllipsis() {
		root = items[0]
	}
	root.Slot = language.Item
	return root
}
