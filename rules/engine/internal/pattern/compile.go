package pattern

import (
	"fmt"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules/language"
)

// Compile reads a pattern. Its error is an *Error with the place in src.
func Compile(spec *language.Spec, src string) (*Pattern, error) {
	if len(src) > MaxSource {
		return nil, &Error{1, 1, fmt.Sprintf("the pattern has %d bytes; the most is %d", len(src), MaxSource)}
	}
	text := strings.TrimRight(src, " \t\r\n")
	if strings.TrimSpace(text) == "" {
		return nil, &Error{1, 1, "the pattern is empty"}
	}
	if strings.IndexByte(text, 0) >= 0 {
		line, column := position(text, strings.IndexByte(text, 0))
		return nil, &Error{line, column, "the pattern holds a NUL byte"}
	}
	p := prepare(spec, text)
	if p.err != nil {
		return nil, p.err
	}
	r, err := p.read()
	if err != nil {
		return nil, err
	}
	out, err := p.convert(r)
	if err != nil {
		return nil, err
	}
	out.source = src
	out.words = words(out.Roots)
	for _, n := range out.Roots {
		n.collect()
	}
	return out, nil
}

// A reading is one way to parse the prepared text.
type reading struct {
	tree   *language.Tree
	wrap   language.Wrapper
	lo, hi uint32 // where the pattern lies in the parsed text
	errors int
	at     uint32 // of the first error, in the parsed text
}

// render writes the prepared text with the chosen spellings.
func (p *prepared) render() string {
	var b strings.Builder
	for _, x := range p.pieces {
		if x.hole >= 0 {
			h := p.holes[x.hole]
			b.WriteString(h.spelling[h.choice])
		} else {
			b.WriteString(x.text)
		}
	}
	return b.String()
}

// read finds a reading without errors, or fails with the best place to show.
func (p *prepared) read() (*reading, error) {
	parses, work := 0, 0
	spent := func() bool { return parses >= maxParses || parses > 0 && work >= maxWork }
	try := func() (*reading, error) {
		text := p.render()
		var best *reading
		var failed error
		for _, w := range p.wrappers() {
			if spent() {
				break
			}
			parses++
			work += len(text) + len(w.Before) + len(w.After)
			r, err := p.parse(text, w)
			if err != nil {
				failed = err // another one may be read
				continue
			}
			if best == nil || r.errors < best.errors {
				best = r
			}
			if best.errors == 0 {
				break
			}
		}
		if best == nil && failed != nil {
			return nil, failed
		}
		if best == nil {
			best = &reading{errors: 1 << 30}
		}
		return best, nil
	}
	best, err := try()
	if err != nil {
		return nil, err
	}
	// All ellipses may be the same thing: {..., $X, ...} is a set, not a dictionary.
	for c := 1; p.lang("python") && c < 3 && best.errors > 0 && len(p.holes) > 1; c++ {
		for i := range p.holes {
			p.holes[i].choice = min(c, len(p.holes[i].spelling)-1)
		}
		r, err := try()
		switch {
		case err != nil:
			return nil, err
		case r.errors == 0:
			best = r
		default:
			for i := range p.holes {
				p.holes[i].choice = 0
			}
		}
	}
	// Change one spelling at a time and keep what helps.
	for improved := true; improved && best.errors > 0; {
		improved = false
		for i := range p.holes {
			keep := p.holes[i].choice
			for c := range p.holes[i].spelling {
				if c == keep || best.errors == 0 || spent() {
					continue
				}
				p.holes[i].choice = c
				r, err := try()
				if err != nil {
					return nil, err
				}
				if r.errors < best.errors {
					best, keep, improved = r, c, true
				}
			}
			p.holes[i].choice = keep
		}
	}
	if best.errors > 0 {
		line, column := position(p.source, p.origin(best))
		return nil, &Error{line, column, fmt.Sprintf("the pattern is not code of %s: it cannot be read from here", p.spec.Name)}
	}
	return best, nil
}

// wrappers gives the surroundings to try, those first that the pattern's first tokens speak for.
func (p *prepared) wrappers() []language.Wrapper {
	all := p.spec.Wrappers
	prefer := ""
	switch {
	case p.first == "catch" || p.first == "except" || p.first == "finally":
		prefer = "try"
	case p.lang("ruby") && strings.Contains(p.source, "=>") && (p.first == ":" || p.first == "str" || p.second == "="):
		prefer = "x = {" // a member, not a match
	case p.lang("html") && p.first == "=":
		prefer = "<a " // an attribute, not a text
	case p.script() && p.first == "{":
		prefer = "(" // an object, not a block
	case p.lang("go") && p.second == ":":
		prefer = "var x = T{" // an element, not a label
	case p.script() && p.second == ":" && !strings.HasSuffix(p.source, ";"):
		prefer = "x = {" // a member, not a label
	}
	if prefer == "" {
		return all
	}
	var list []language.Wrapper
	for _, w := range all {
		if w.Before == prefer || prefer == "try" && strings.Contains(w.Before, prefer) {
			list = append(list, w)
		}
	}
	return append(list, all...)
}

func (p *prepared) parse(text string, w language.Wrapper) (*reading, error) {
	before, body := w.Before, text
	if strings.Contains(before, "    ") {
		body = strings.ReplaceAll(text, "\n", "\n    ") // Python: the wrapper indents
	} else if strings.HasSuffix(before, ":\n  ") {
		body = strings.ReplaceAll(text, "\n", "\n  ")
	}
	full := before + body + w.After
	tree, err := p.spec.ParsePattern([]byte(full))
	if err != nil {
		return nil, &Error{1, 1, "the pattern is too large or nested too deeply"}
	}
	r := &reading{tree: tree, wrap: w, lo: uint32(len(before)), hi: uint32(len(before) + len(body))}
	for i := range tree.Nodes { // read as a name where the language has none
		n := &tree.Nodes[i]
		if n.Kind != language.Name || n.Start < r.lo || n.Start >= r.hi || n.Slot == language.SlotKey {
			continue
		}
		function := n.Slot == language.SlotName && tree.Nodes[n.Parent].Kind == language.Func
		if (n.Slot != language.SlotName || function) && p.reserved(n.Value, function) {
			r.errors++
		}
	}
	for i, e := range tree.Errors {
		if i == 0 {
			r.at = e.Start
		}
		r.errors += 1 + int(e.End-e.Start)
	}
	return r, nil
}

// reserved says whether a word begins a statement and is never a name.
func (p *prepared) reserved(word string, function bool) bool {
	switch word {
	case "if", "for", "while", "do", "switch", "try", "return", "else":
		return !p.lang("python")
	case "super", "this":
		return p.lang("java") && function
	}
	return false
}

// origin brings the place of a reading's first error back to the pattern's text.
func (p *prepared) origin(r *reading) int {
	at := 0
	if r.at > r.lo {
		at = int(r.at - r.lo)
	}
	pos := 0
	for _, x := range p.pieces {
		n := len(x.text)
		if x.hole >= 0 {
			n = len(p.holes[x.hole].spelling[p.holes[x.hole].choice])
		}
		if at < pos+n {
			if x.hole >= 0 {
				return x.at
			}
			return x.at + at - pos
		}
		pos += n
	}
	return len(p.source)
}

// words collects the identifiers that a match must hold.
func words(roots []*Node) []string {
	seen := map[string]bool{}
	var list []string
	add := func(text string) {
		for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r < 0x80 && !isIdent(byte(r)) && r != '$' }) {
			if !seen[w] {
				seen[w] = true
				list = append(list, w)
			}
		}
	}
	var walk func(n *Node)
	walk = func(n *Node) {
		switch n.Kind {
		case language.Name:
			add(n.Value)
			return
		case language.TypedMetavar, language.Null:
			return // the type may be known from a literal or a declaration elsewhere
		}
		for _, k := range n.Kids {
			// The call of require may be an import in the source.
			if k.Slot == language.SlotValue && (n.Kind == language.Import || n.Kind == language.ImportFrom) {
				continue
			}
			walk(k)
		}
	}
	for _, r := range roots {
		walk(r)
	}
	return list
}
