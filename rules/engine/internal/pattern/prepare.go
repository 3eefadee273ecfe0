package pattern

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A hole is a place of the pattern where the grammar gets a stand-in.
type hole struct {
	at       int      // byte offset in the pattern's text
	spelling []string // what may be written there, most likely first
	choice   int
}

// A piece of the prepared text: literal code, or a hole.
type piece struct {
	text string
	at   int // offset in the pattern's text
	hole int // index into holes, or -1
}

// prepared is a pattern's text with its holes marked.
type prepared struct {
	spec   *language.Spec
	source string
	pieces []piece
	holes  []hole
	typed  []typed // typed metavariables, by number
	first  string  // first token
	second string
	open   []opened // brackets
	deep   []int    // offsets of <... that are open, by the number of brackets around them
	depths []int
	prev   []string // the last tokens, newest last
	// closedMade says that the last closing bracket was that of new T(...): a brace behind it begins a class.
	closedMade bool
	err        *Error
}

type typed struct{ name, typ string }

type opened struct {
	bracket byte
	made    bool   // the parentheses of new T(...)
	role    string // "params", "args", "for", "block", "members", "object", "switch", "import", ...
	at      int
}

// The words that stand in for what the grammar does not know. Each follows the language's Metavar prefix; metavariables themselves are
// upper case, so they cannot be mistaken for these.
const (
	ellipsisWord     = "el__"
	deepWord         = "deep__"
	metaEllipsisWord = "me__"
	typedWord        = "tm__"
)

func isIdent(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// metavar returns the length of a metavariable's name at the start of s, which follows the dollar, or 0.
func metavar(s string) int {
	if s == "" || s[0] != '_' && (s[0] < 'A' || s[0] > 'Z') {
		return 0
	}
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= 'A' && s[n] <= 'Z' || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	if n < len(s) && isIdent(s[n]) {
		return 0 // $Xy is an identifier
	}
	return n
}

func (p *prepared) fail(at int, message string) {
	if p.err == nil {
		line, column := position(p.source, at)
		p.err = &Error{Line: line, Column: column, Message: message}
	}
}

// position gives line and column of a byte offset, both from 1.
func position(s string, at int) (line, column int) {
	at = min(at, len(s))
	line = 1 + strings.Count(s[:at], "\n")
	return line, 1 + len([]rune(s[strings.LastIndexByte(s[:at], '\n')+1:at]))
}

func prepare(spec *language.Spec, source string) *prepared {
	p := &prepared{spec: spec, source: source}
	if !p.data() {
		p.scan(0, len(source))
	}
	if p.err == nil && len(p.deep) > 0 {
		p.fail(p.deep[len(p.deep)-1], "`<...` is not closed by `...>`")
	}
	if p.err == nil && len(p.holes) > maxHoles {
		p.fail(0, "the pattern has more than "+strconv.Itoa(maxHoles)+" metavariables and ellipses")
	}
	return p
}

func (p *prepared) emit(at int, text string) {
	if text != "" {
		p.pieces = append(p.pieces, piece{text: text, at: at, hole: -1})
	}
}

func (p *prepared) hole(at int, spelling ...string) {
	p.pieces = append(p.pieces, piece{at: at, hole: len(p.holes)})
	p.holes = append(p.holes, hole{at: at, spelling: spelling})
}

// declaring is a metavariable in the place of val or var.
var declaring = regexp.MustCompile(`^\$[A-Z_0-9]+ +\$[A-Z_0-9]+ *[=:]`)

// metavariable writes the stand-in of `$X`. A parameter of Java may be a name without its type, which is any then.
func (p *prepared) metavariable(at int, name string) {
	if n := len(p.open); p.lang("java") && n > 0 && p.open[n-1].role == "params" {
		p.hole(at, p.spec.Metavar+name, p.spec.Metavar+ellipsisWord+" "+p.spec.Metavar+name)
		return
	}
	if p.lang("scala") && declaring.MatchString(p.source[at:]) {
		p.hole(at, p.spec.Metavar+name, "val") // any way to declare
		return
	}
	if prev := p.last(0); p.script() && prev == "from" {
		p.hole(at, p.spec.Metavar+name, `"`+p.spec.Metavar+name+`"`)
		return
	} else if p.script() && prev == "=" {
		p.hole(at, p.spec.Metavar+name, "{"+p.spec.Metavar+name+"}")
		return
	}
	p.hole(at, p.stands(name)...)
}

func (p *prepared) token(t string) {
	switch {
	case p.first == "":
		p.first = t
	case p.second == "":
		p.second = t
	}
	p.prev = append(p.prev, t)
	if len(p.prev) > 8 {
		p.prev = p.prev[1:]
	}
}

// last returns the i-th token before the current one, from 0.
func (p *prepared) last(i int) string {
	if i < len(p.prev) {
		return p.prev[len(p.prev)-1-i]
	}
	return ""
}

func (p *prepared) script() bool          { return p.spec.PartialDict }
func (p *prepared) lang(name string) bool { return p.spec.Name == name }

// scan reads source[from:to] and writes the pieces.
func (p *prepared) scan(from, to int) {
	s := p.source[:to]
	for i := from; i < to && p.err == nil; {
		c := s[i]
		rest := s[i:]
		switch {
		case p.comment(i, rest) > 0:
			n := p.comment(i, rest)
			if rest[n-1] == '/' || rest[n-1] == ')' || rest[n-1] == '>' {
				p.emit(i, " ")
			}
			i += n
		case p.quoted(rest):
			i = p.str(i, to)
		case c == '/' && p.script() && p.regexAllowed():
			n := regexLiteral(rest)
			p.emit(i, rest[:n])
			p.token("/re/")
			i += n
		case strings.HasPrefix(rest, "<...") && !strings.HasPrefix(rest, "<...>") && !strings.HasPrefix(rest, "<...,"):
			p.deep = append(p.deep, i)
			p.depths = append(p.depths, len(p.open))
			p.hole(i, p.spec.Metavar+deepWord+"(")
			p.token("(")
			i += 4
		case strings.HasPrefix(rest, "...>") && len(p.deep) > 0 && p.depths[len(p.depths)-1] == len(p.open):
			p.deep, p.depths = p.deep[:len(p.deep)-1], p.depths[:len(p.depths)-1]
			p.hole(i, ")")
			p.token(")")
			i += 4
		case strings.HasPrefix(rest, "...") && !p.spread(i, to):
			p.ellipsis(i, ellipsisWord, 3, to)
			i += 3
		case strings.HasPrefix(rest, "..."):
			p.emit(i, "...")
			p.token("...")
			i += 3
		case strings.HasPrefix(rest, "$...") && metavar(rest[4:]) > 0:
			n := metavar(rest[4:])
			p.ellipsis(i, metaEllipsisWord+rest[4:4+n], 4+n, to)
			i += 4 + n
		case c == '$' && metavar(rest[1:]) > 0 && !p.own(rest[1:1+metavar(rest[1:])]):
			n := 1 + metavar(rest[1:])
			if m := p.typedAfter(i, i+n, to); m > 0 {
				i = m
				continue
			}
			p.metavariable(i, rest[1:n])
			p.token("$")
			i += n
		case c == '$' && !p.dollars() && !(p.lang("csharp") && i+1 < to && (s[i+1] == '"' || s[i+1] == '@')):
			p.fail(i, "a metavariable's name is upper case, as in $X")
			return
		case isIdent(c) || c == '$':
			n := 1
			for i+n < to && (isIdent(s[i+n]) || s[i+n] == '$') {
				n++
			}
			p.emit(i, rest[:n])
			p.token(rest[:n])
			i += n
		case strings.IndexByte("([{", c) >= 0:
			if c == '(' {
				if n := p.typedBefore(i, to); n > 0 {
					i = n
					continue
				}
			}
			p.open = append(p.open, opened{bracket: c, role: p.role(c), at: i, made: p.made()})
			p.emit(i, rest[:1])
			p.token(rest[:1])
			i++
		case strings.IndexByte(")]}", c) >= 0:
			p.closedMade = false
			if n := len(p.open); n > 0 {
				p.closedMade = p.open[n-1].made
				p.open = p.open[:n-1]
			}
			p.emit(i, rest[:1])
			p.token(rest[:1])
			i++
		default:
			p.emit(i, rest[:1])
			if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
				p.token(rest[:1])
			}
			i++
		}
	}
}

// str copies a string literal and returns where it ends. Expressions inside of an f-string or a template literal are scanned.
func (p *prepared) str(i, to int) int {
	s := p.source
	quote := s[i : i+1]
	if t := s[i:to]; quote != "`" && len(t) >= 3 && t[1] == quote[0] && t[2] == quote[0] && p.threefold(quote) {
		quote = t[:3]
	}
	prefix := strings.ToLower(p.last(0))
	format := p.lang("python") && i > 0 && isIdent(s[i-1]) && strings.Contains(prefix, "f") && len(prefix) <= 2
	start, j := i, i+len(quote)
	hole := p.opensHole(i, quote[:1])
	nested := func(open string) {
		end := closing(s[:to], j+len(open))
		p.emit(start, s[start:j+len(open)])
		brackets := p.open
		p.open = nil
		p.token("{")
		p.scan(j+len(open), end)
		p.open = brackets
		start, j = end, end
	}
	for j < to {
		switch {
		case strings.HasPrefix(s[j:to], quote):
			j += len(quote)
			p.emit(start, s[start:j])
			p.token("str")
			return j
		case p.lang("swift") && strings.HasPrefix(s[j:to], hole):
			nested(hole)
		case s[j] == '\\' && !(quote == "`" && p.lang("go")):
			j += 2
		case quote == "`" && p.script() && strings.HasPrefix(s[j:to], "${"):
			nested("${")
		case format && strings.HasPrefix(s[j:to], "{{"):
			j += 2
		case format && s[j] == '{':
			nested("{")
		case hole != "" && strings.HasPrefix(s[j:to], hole):
			nested(hole)
		case s[j] == '\n' && len(quote) == 1 && quote != "`" && !p.lang("ruby") && !p.lang("php"):
			p.fail(i, "the string is not closed on its line")
			return to
		default:
			j++
		}
	}
	p.fail(i, "the string is not closed")
	return to
}

// closing returns the offset of the brace that closes the one before from, or the end.
func closing(s string, from int) int {
	depth := 0
	for i := from; i < len(s); i++ {
		switch s[i] {
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return len(s)
}

// regexAllowed says whether a slash begins a regular expression and does not divide.
func (p *prepared) regexAllowed() bool {
	switch t := p.last(0); t {
	case "", "(", "[", "{", "}", ",", ";", "=", ":", "?", "!", "&", "|", "return", ">":
		return true
	default:
		return false
	}
}

// regexLiteral returns the length of the literal at the start of s; 1 if it is none.
func regexLiteral(s string) int {
	class := false
	for i := 1; i < len(s) && s[i] != '\n'; i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return i + 1
			}
		}
	}
	return 1
}

// spread says whether the three dots at i are the language's own: f(...args), args..., String... args.
func (p *prepared) spread(i, to int) bool {
	if p.script() && p.last(0) == "function" {
		return false // any name
	}
	s := p.source
	after := byte(' ')
	if i+3 < to {
		after = s[i+3]
	}
	before := byte(' ')
	if i > 0 {
		before = s[i-1]
	}
	switch p.spec.Name {
	case "javascript", "typescript":
		return isIdent(after) || after == '$' || after == '[' || after == '{' || after == '('
	case "go":
		return isIdent(after) || after == '$' || after == '*' || after == '[' || isIdent(before) || before == ']' || before == ')'
	case "java":
		return isIdent(before) || before == ']' || before == '>'
	case "swift": // a range, a parameter of any number
		return isIdent(before) || before == ']' || before == ')' && isIdent(after)
	}
	return false
}

// made says whether a parenthesis that opens here is that of `new a.b.T(`.
func (p *prepared) made() bool {
	for i := range p.prev {
		switch t := p.last(i); {
		case t == "new":
			return i > 0
		case t == "." || t == "<" || t == ">" || t == "$" || t != "" && isIdent(t[0]):
		default:
			return false
		}
	}
	return false
}

// role tells what an opening bracket begins, from the tokens before it. It is a guess that only orders the spellings to be tried.
func (p *prepared) role(c byte) string {
	t, t1, t2 := p.last(0), p.last(1), p.last(2)
	word := func(s string) bool { return s != "" && (isIdent(s[0]) || s[0] == '$') }
	switch c {
	case '(':
		switch {
		case t == "for" && !p.lang("python"):
			return "for"
		case t == "import":
			return "import"
		case t == "catch":
			return "params"
		case t == "def" || t1 == "def", t == "function" || t1 == "function" || t2 == "function":
			return "params"
		case p.lang("go") && (t == "func" || t1 == "func" || t1 == ")" && word(t)):
			return "params"
		case p.lang("swift") && (t1 == "func" || t == "init"):
			return "params"
		case t1 == "fun" || t1 == "fn" || p.lang("kotlin") && t1 == "class" || t == "lambda":
			return "params"
		case p.typeFirst() && word(t) && (word(t1) && t1 != "new" && t1 != "return" && t1 != "throw" && t1 != "else" && t1 != "assert" || t1 == "]" || t1 == ">") && t1 != "@":
			return "params"
		}
		return "args"
	case '{':
		if p.lang("java") && t == ")" && p.closedMade {
			return "members"
		}
	header:
		for i := range p.prev {
			switch p.last(i) {
			case "class", "interface", "enum", "struct", "trait", "impl", "contract", "library", "object":
				return "members"
			case "extension", "protocol":
				if p.lang("swift") {
					return "members"
				}
			case "switch", "select", "match", "when":
				return "switch"
			case "{", "}", ";", "=":
				break header
			}
		}
		switch {
		case p.lang("ruby"):
			if word(t) || t == ")" {
				return "block"
			}
			return "object"
		case p.lang("python"), p.script() && t == "":
			return "object" // first of all, the pattern {...} is that
		case t == "" || t == ")" || t == ";" || t == "{" || t == "}" || t == "else" || t == "try" || t == "finally" || t == "do" || t == "static",
			t == ">" && (t1 == "=" || t1 == "-"):
			return "block"
		case p.script() && (t == "import" || t == "export"):
			return "import"
		case p.script() && !word(t), t == "return":
			return "object"
		}
		return "block"
	}
	return "index"
}

// ellipsis writes the stand-in of `...` or `$...X`.
func (p *prepared) ellipsis(at int, name string, length, to int) {
	e := p.spec.Metavar + name
	rest := strings.TrimLeft(p.source[at+length:to], " \t")
	role := ""
	if n := len(p.open); n > 0 {
		role = p.open[n-1].role
	}
	prev := p.last(0)
	statement := prev == "" || prev == "{" || prev == "}" || prev == ";" || strings.HasPrefix(rest, "\n") || rest == ""
	spell := p.further(name, role, statement)
	switch {
	case spell != nil:
	case prev == ".":
		spell = []string{e}
	case p.lang("python"):
		switch role {
		case "object":
			spell = []string{e + ": " + e, e}
		case "params", "args", "index":
			spell = []string{e}
		default:
			spell = []string{e, e + ": " + e, "@" + e}
		}
	case role == "params" && p.script():
		spell = []string{e}
	case role == "params":
		spell = []string{e + " " + e, e, "(" + e + " " + e + ")"}
	case role == "for" && (prev != "(" || !strings.HasPrefix(rest, ")")):
		spell = []string{e, e + "; " + e + "; " + e, "var " + e}
	case role == "for":
		spell = []string{e + "; " + e + "; " + e, e, "var " + e}
	case role == "members" && p.lang("java"):
		spell = []string{e + " " + e + ";", e + ";", e + ","}
	case role == "members" && p.script():
		spell = []string{e + ";", e, e + ","}
	case prev == "case":
		spell = []string{e + ":", e}
	case role == "switch" && prev != "{":
		spell = []string{e + ";", e, "case " + e + ":"}
	case role == "switch":
		spell = []string{"case " + e + ":", e + ";", e}
	case role == "import" && p.lang("go"):
		spell = []string{`"` + e + `"`, e}
	case role == "object" || role == "import":
		spell = []string{e, e + ": " + e, e + ";"}
	case role == "args":
		spell = []string{e, e + " = " + e, e + " " + e, "Object " + e}
	case role == "block" || role == "":
		if p.lang("go") {
			spell = []string{e, e + ";", e + " " + e, "case " + e + ":"}
		} else if statement {
			spell = []string{e + ";", e, e + " " + e + ";", e + ": " + e, "case " + e + ":"}
		} else {
			spell = []string{e, e + ";", e + " " + e, "{" + e + "}"}
		}
	default:
		spell = []string{e, e + ";"}
	}
	p.hole(at, spell...)
	if p.typeFirst() && (strings.HasPrefix(rest, "\n") || strings.HasPrefix(rest, "(") && statement && role != "args") {
		p.token(";") // a statement or member of its own: what follows on the next line is not its declared name
		return
	}
	p.token("$")
}

// typedAfter reads `$X: T` where it is a typed metavariable (Go, Python, TypeScript) and returns where it ends, or 0.
func (p *prepared) typedAfter(at, end, to int) int {
	if !p.typeLast() || p.lang("java") || len(p.open) == 0 || p.open[len(p.open)-1].bracket != '(' || p.open[len(p.open)-1].role == "params" {
		return 0
	}
	i := end
	for i < to && p.source[i] == ' ' {
		i++
	}
	if i >= to || p.source[i] != ':' || i+1 < to && (p.source[i+1] == '=' || p.source[i+1] == ':') {
		return 0
	}
	i++
	from, depth := i, 0
	for ; i < to; i++ {
		c := p.source[i]
		if strings.IndexByte("([{<", c) >= 0 {
			depth++
		} else if strings.IndexByte(")]}>", c) >= 0 {
			if depth == 0 {
				break
			}
			depth--
		} else if c == ',' && depth == 0 {
			break
		}
	}
	if i >= to {
		return 0
	}
	if end := closing(p.source[:to], i); p.script() && end < to {
		if after := strings.TrimLeft(p.source[end+1:to], " \n"); strings.HasPrefix(after, "=>") || strings.HasPrefix(after, "{") || strings.HasPrefix(after, ":") {
			return 0 // the parameter of a function
		}
	}
	typ := strings.TrimSpace(p.source[from:i])
	if typ == "" || strings.ContainsAny(typ, "\n=\"'") {
		return 0
	}
	p.addTyped(at, p.source[at:end], typ)
	return i
}

// typedBefore reads Java's `(T $X)` at an opening parenthesis and returns where the metavariable ends, or 0. The parentheses stay.
func (p *prepared) typedBefore(at, to int) int {
	if !p.typeFirst() {
		return 0
	}
	switch t := p.last(0); {
	case t == "return" || t == "throw":
	case t != "" && (isIdent(t[0]) || t[0] == '$' || t == ">" || t == ")" || t == "]"):
		return 0 // a call, a declaration, a catch
	}
	end := strings.IndexByte(p.source[at:to], ')')
	if end < 0 {
		return 0
	}
	end += at
	inside := strings.TrimSpace(p.source[at+1 : end])
	cut := strings.LastIndexByte(inside, ' ')
	if cut < 0 {
		return 0
	}
	name, typ := inside[cut+1:], strings.TrimSpace(inside[:cut])
	for strings.HasPrefix(name, "*") { // (char *$X)
		name, typ = name[1:], typ+"*"
	}
	if len(name) < 2 || name[0] != '$' || metavar(name[1:]) != len(name)-1 || typ == "" || strings.ContainsAny(typ, "()=\"'+;") || strings.Contains(typ, ", $") {
		return 0
	}
	if after := strings.TrimLeft(p.source[end+1:to], " "); strings.HasPrefix(after, "->") {
		return 0
	}
	if after := strings.TrimLeft(p.source[end+1:to], " "); strings.HasPrefix(after, "=") && !strings.HasPrefix(after, "==") {
		p.addTyped(at, name, typ) // assigned to: no parentheses
		return end + 1
	}
	p.open = append(p.open, opened{bracket: '(', role: "args", at: at})
	p.emit(at, "(")
	p.token("(")
	p.addTyped(end-len(name), name, typ)
	return end
}

func (p *prepared) addTyped(at int, name, typ string) {
	p.hole(at, p.spec.Metavar+typedWord+strconv.Itoa(len(p.typed)))
	p.typed = append(p.typed, typed{name: name, typ: typ})
	p.token("$")
}
