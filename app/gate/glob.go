package gate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxGlob bounds the length of one glob, in bytes.
const MaxGlob = 1000

// ValidGlob says whether a policy may use the pattern, with an error that says what to write instead. Globs are anchored at the
// root of the repository: "*" and "?" never cross "/", "**" stands for any number of folders, "{a,b}" and "[a-z]" for alternatives.
// "re:" begins a regular expression that must match the whole path. A leading "!" excludes.
func ValidGlob(pattern string) error {
	pattern = strings.TrimPrefix(pattern, "!")
	if expr, ok := strings.CutPrefix(pattern, "re:"); ok {
		_, err := newExpression(expr)
		return err
	}
	_, err := parseGlob(pattern)
	return err
}

// parseGlob compiles a pattern without its "!".
func parseGlob(p string) ([][]segment, error) {
	switch {
	case p == "":
		return nil, errors.New("an empty pattern matches nothing")
	case len(p) > MaxGlob:
		return nil, fmt.Errorf("the pattern is longer than %d bytes", MaxGlob)
	case !utf8.ValidString(p):
		return nil, errors.New("the pattern is not valid UTF-8")
	case strings.HasPrefix(p, "!"):
		return nil, errors.New(`write a single "!" to exclude`)
	case strings.HasPrefix(p, "/"):
		return nil, errors.New(`patterns start at the root of the repository: leave out the leading "/"`)
	case strings.HasSuffix(p, "/"):
		return nil, fmt.Errorf("the pattern names a folder and matches no file; write %q", p+"**")
	case strings.Contains(p, `\`):
		return nil, errors.New(`"\" is not supported; separate folders by "/"`)
	case strings.TrimSpace(p) != p:
		return nil, errors.New("the pattern begins or ends with white space")
	}
	return compile(p)
}

// compile writes out the braces of a pattern and compiles each alternative.
func compile(pattern string) ([][]segment, error) {
	alternatives, err := expand(pattern)
	if err != nil {
		return nil, err
	}
	var out [][]segment
	for _, a := range alternatives {
		if strings.Count(a, "**") > strings.Count(pattern, "**") {
			return nil, errors.New(`a "*" beside "{" makes "**" of two stars; write the alternatives as patterns of their own`)
		}
		segs, err := globSegments(a)
		if err != nil {
			return nil, err
		}
		out = append(out, segs)
	}
	return out, nil
}

// Globs is a compiled list of patterns with exclusions; the last pattern that matches a path decides.
type Globs struct{ m *globMatcher }

// NewGlobs compiles the patterns. A pattern that ValidGlob refuses matches nothing.
func NewGlobs(patterns ...string) *Globs { return &Globs{newGlobMatcher([][]string{patterns})} }

// Match says whether the path is meant. Not safe for concurrent use.
func (g *Globs) Match(path string) bool { return len(g.m.match(path)) > 0 }

// A globMatcher finds, for a path, which of several pattern lists match it. Fifty guards on thousands of files must not take
// fifty times thousands of glob matches, so all patterns walk the path together, folder by folder, and the states after a
// folder are kept for the next path in it.
type globMatcher struct {
	entries []globEntry
	// folded has the inclusions, folded, for folded paths. For ASCII paths that loses no match, so exact, the inclusions as they are, is
	// asked for other paths only, where NFC may change how many runes a "?" has to match. always has what is asked as it is for every
	// path: exclusions, because folding may only add matches, and inclusions with a class, because folding one may lose members.
	folded, exact, always walker
	exprs                 []matchExpr
	last                  []int32 // per list: 1 + the last entry that matched; 0: none
	hits                  []int32 // scratch
	lists                 []int32 // scratch: what match returns
}

type matchExpr struct {
	id int32
	*expression
}

type globEntry struct {
	list    int32
	exclude bool
}

func newGlobMatcher(lists [][]string) *globMatcher {
	m := &globMatcher{}
	m.addLists(lists)
	return m
}

// clone gives a matcher that can grow and match on its own; what is compiled is shared.
func (m *globMatcher) clone() *globMatcher {
	return &globMatcher{entries: slices.Clip(m.entries), folded: m.folded.clone(), exact: m.exact.clone(), always: m.always.clone(), exprs: slices.Clip(m.exprs), last: make([]int32, len(m.last))}
}

// addLists compiles more pattern lists; they are numbered on from those that are there. A pattern that does not compile matches nothing.
func (m *globMatcher) addLists(lists [][]string) {
	from := len(m.last)
	m.last = append(m.last, make([]int32, len(lists))...)
	for i, patterns := range lists {
		for _, p := range patterns {
			pattern, exclude := strings.CutPrefix(p, "!")
			if expr, ok := strings.CutPrefix(pattern, "re:"); ok {
				if e, err := newExpression(expr); err == nil {
					m.exprs = append(m.exprs, matchExpr{int32(len(m.entries)), e})
					m.entries = append(m.entries, globEntry{list: int32(from + i), exclude: exclude})
				}
				continue
			}
			alternatives, err := parseGlob(pattern)
			if err != nil {
				continue
			}
			id := int32(len(m.entries))
			m.entries = append(m.entries, globEntry{list: int32(from + i), exclude: exclude})
			class := strings.Contains(pattern, "[")
			for _, segs := range alternatives {
				if exclude || class {
					m.always.add(id, segs)
				} else {
					m.exact.add(id, segs)
				}
			}
			if exclude {
				continue
			}
			if lower := fold(pattern); lower != pattern {
				alternatives, err = compile(lower)
			}
			if err != nil {
				continue // "[Z-a]" is no range any more once folded
			}
			for _, segs := range alternatives {
				m.folded.add(id, segs)
			}
		}
	}
}

// match returns the lists that match the path, in no particular order. The slice is valid until the next call.
func (m *globMatcher) match(path string) []int32 { return m.matchSeen(path, lookAt(path)) }

// matchSeen is match for a path that was looked at.
func (m *globMatcher) matchSeen(path string, seen look) []int32 {
	hits := m.folded.match(m.hits[:0], seen.folded)
	hits = m.always.match(hits, path)
	if !seen.ascii {
		hits = m.exact.match(hits, path)
	}
	for i := range m.exprs {
		if e := &m.exprs[i]; e.match(path) || !m.entries[e.id].exclude && e.matchFolded(seen.folded) {
			hits = append(hits, e.id)
		}
	}
	m.hits = hits
	out := m.lists[:0]
	for _, id := range hits {
		l := m.entries[id].list
		if m.last[l] == 0 {
			out = append(out, l)
		}
		m.last[l] = max(m.last[l], id+1)
	}
	kept := out[:0]
	for _, l := range out {
		if !m.entries[m.last[l]-1].exclude {
			kept = append(kept, l)
		}
		m.last[l] = 0
	}
	m.lists = out
	return kept
}

// maxAlternatives bounds what the braces of one pattern expand to.
const maxAlternatives = 32

var errUnclosed = errors.New("the pattern is not complete: a bracket or brace is not closed")

// expand writes out the braces of a pattern, also nested ones.
func expand(pattern string) ([]string, error) {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		if strings.Contains(pattern, "}") {
			return nil, errUnclosed
		}
		return []string{pattern}, nil
	}
	if strings.Contains(pattern[:open], "}") {
		return nil, errUnclosed
	}
	depth, start := 0, open+1
	var choices []string
	for i := open; i < len(pattern); i++ {
		switch pattern[i] {
		case '{':
			if depth++; depth > 4 {
				return nil, errors.New("braces are nested deeper than 4 levels; write several patterns")
			}
		case ',':
			if depth == 1 {
				choices = append(choices, pattern[start:i])
				start = i + 1
			}
		case '}':
			if depth--; depth > 0 {
				continue
			}
			choices = append(choices, pattern[start:i])
			var out []string
			for _, c := range choices {
				more, err := expand(c + pattern[i+1:])
				if err != nil {
					return nil, err
				}
				for _, m := range more {
					out = append(out, pattern[:open]+m)
				}
				if len(out) > maxAlternatives {
					return nil, fmt.Errorf("the braces stand for more than %d patterns; write several patterns", maxAlternatives)
				}
			}
			return out, nil
		}
	}
	return nil, errUnclosed
}

// A segment is what a pattern says about one part of a path between slashes.
type segment struct {
	kind segmentKind
	text string  // of literal, prefix, suffix
	toks []token // of general
}

type segmentKind uint8

const (
	literalSegment segmentKind = iota
	deepSegment                // "**"
	anySegment                 // "*"
	prefixSegment              // "text*"
	suffixSegment              // "*text"
	generalSegment
)

// A token is one rune of a pattern, or a wildcard.
type token struct {
	r     rune // anyRunes, anyRune, oneOf, or itself
	class []rune
	not   bool // of a class: none of it
}

const (
	anyRunes rune = -1 // "*"
	anyRune  rune = -2 // "?"
	oneOf    rune = -3 // "[...]": class holds pairs, from and to
)

func (t *token) match(r rune) bool {
	if t.r != oneOf {
		return t.r == r || t.r == anyRune
	}
	for i := 0; i < len(t.class); i += 2 {
		if t.class[i] <= r && r <= t.class[i+1] {
			return !t.not
		}
	}
	return t.not
}

// globSegments compiles a pattern without braces.
func globSegments(pattern string) ([]segment, error) {
	out := make([]segment, 0, strings.Count(pattern, "/")+2)
	for s := range strings.SplitSeq(pattern, "/") {
		switch wild := strings.IndexAny(s, "*?["); {
		case s == "":
			return nil, errors.New(`the pattern has nothing between two slashes, or at an end`)
		case s == "." || s == "..":
			return nil, fmt.Errorf("%q is not a folder of the repository", s)
		case s == "**":
			if n := len(out); n > 0 && out[n-1].kind == deepSegment {
				return nil, errors.New(`"**/**" says no more than "**"`)
			}
			out = append(out, segment{kind: deepSegment})
		case strings.Contains(s, "**"):
			return nil, fmt.Errorf(`"**" must stand alone between slashes; in %q write "*"`, s)
		// Nearly all segments are plain, or a star at one end.
		case wild < 0:
			out = append(out, segment{kind: literalSegment, text: s})
		case s == "*":
			out = append(out, segment{kind: anySegment})
		case wild == 0 && s[0] == '*' && !strings.ContainsAny(s[1:], "*?["):
			out = append(out, segment{kind: suffixSegment, text: s[1:]})
		case wild == len(s)-1 && s[wild] == '*':
			out = append(out, segment{kind: prefixSegment, text: s[:wild]})
		default:
			toks, err := tokens(s)
			if err != nil {
				return nil, err
			}
			out = append(out, segment{kind: generalSegment, toks: toks})
		}
	}
	return out, nil
}

func tokens(s string) ([]token, error) {
	var toks []token
	for i := 0; i < len(s); {
		r, n := decode(s[i:])
		i += n
		switch r {
		case '*':
			toks = append(toks, token{r: anyRunes})
		case '?':
			toks = append(toks, token{r: anyRune})
		case '[':
			t := token{r: oneOf}
			if i < len(s) && (s[i] == '!' || s[i] == '^') {
				t.not = true
				i++
			}
			for closed := false; !closed; {
				if i >= len(s) {
					return nil, errUnclosed
				}
				from, n := decode(s[i:])
				i += n
				if from == ']' {
					closed = true
					continue
				}
				to := from
				if i+1 < len(s) && s[i] == '-' && s[i+1] != ']' {
					to, n = decode(s[i+1:])
					i += 1 + n
				}
				if from > to || from == '-' {
					return nil, errors.New("a range in brackets runs backwards or begins with \"-\"")
				}
				t.class = append(t.class, from, to)
			}
			if len(t.class) == 0 {
				return nil, errors.New("a pair of brackets is empty")
			}
			toks = append(toks, t)
		default:
			toks = append(toks, token{r: r})
		}
	}
	return toks, nil
}

// decode reads one rune; a byte that is not UTF-8 becomes a value of its own beyond Unicode, so that it only equals itself.
func decode(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return utf8.MaxRune + 1 + rune(s[0]), 1
	}
	return r, n
}

func (s *segment) match(name string) bool {
	switch s.kind {
	case literalSegment:
		return name == s.text
	case deepSegment, anySegment:
		return true
	case prefixSegment:
		return strings.HasPrefix(name, s.text)
	case suffixSegment:
		return strings.HasSuffix(name, s.text)
	case generalSegment:
	}
	// Backtracking to the last star only: linear in practice, quadratic at worst.
	i, p, star, mark := 0, 0, -1, 0
	for i < len(name) {
		r, n := decode(name[i:])
		switch {
		case p < len(s.toks) && s.toks[p].r == anyRunes:
			star, mark = p, i
			p++
		case p < len(s.toks) && s.toks[p].match(r):
			p++
			i += n
		case star >= 0:
			_, n := decode(name[mark:])
			mark += n
			i, p = mark, star+1
		default:
			return false
		}
	}
	for p < len(s.toks) && s.toks[p].r == anyRunes {
		p++
	}
	return p == len(s.toks)
}

// tail is the byte that every matching name ends in; 0 if there is none.
func (s *segment) tail() byte {
	switch s.kind {
	case literalSegment, suffixSegment:
		return s.text[len(s.text)-1]
	case generalSegment:
		return s.toks[len(s.toks)-1].plain()
	default:
		return 0
	}
}

// head is the byte that every matching name begins with; 0 if there is none.
func (s *segment) head() byte {
	switch s.kind {
	case literalSegment, prefixSegment:
		return s.text[0]
	case generalSegment:
		return s.toks[0].plain()
	default:
		return 0
	}
}

// plain is the byte that the token stands for; 0 if it is none or several.
func (t *token) plain() byte {
	if t.r > 0 && t.r < utf8.RuneSelf {
		return byte(t.r)
	}
	return 0
}

// A walker matches many patterns against paths at once. It remembers the states after each folder of the last path, so that
// paths in order cost little more than their last part.
type walker struct {
	base     []program // of the walker that this one is a clone of; never written to
	programs []program // its own; they are numbered on
	// Programs that begin with "**" and a plain name wait in every folder; they are found by that name, not by trying each.
	floating map[string][]int32
	shared   map[string][]int32 // floating of the walker that this one is a clone of; never written to
	may      [1024]bool         // by nameHash: one of their names may be this one
	names    []nameProgram
	anchored []int32 // the other programs

	dir    string       // folder of the last path, with its final slash
	levels []walkStates // levels[i]: the states after i folders of dir
}

type program struct {
	id   int32
	segs []segment
}

// A nameProgram is "**/*text" and the like: the folder does not matter.
type nameProgram struct {
	seg        segment
	head, tail byte // what a matching name begins and ends with; 0: anything
	id         int32
}

type walkStates struct {
	end    int         // length of the folder's prefix in dir
	active []walkState // grouped by program, in the order of programs
	last   []lastState // those of active that a file's name can satisfy
	all    []int32     // ids that match everything below
}

type lastState struct {
	walkState
	tail byte // what a matching name ends in; 0: anything. Most names are done with by that
}

type walkState struct{ program, pos int32 }

// floatAt is where a floating program begins: at the name after "**".
const floatAt = 1

func (w *walker) add(id int32, segs []segment) {
	// "**/**" says no more than "**".
	out := segs[:0]
	for i := range segs {
		if segs[i].kind != deepSegment || len(out) == 0 || out[len(out)-1].kind != deepSegment {
			out = append(out, segs[i])
		}
	}
	n := int32(len(w.base) + len(w.programs))
	w.programs = append(w.programs, program{id, out})
	switch floats := len(out) > floatAt && out[0].kind == deepSegment; {
	case floats && len(out) == floatAt+1 && out[floatAt].kind != literalSegment:
		w.names = append(w.names, nameProgram{out[floatAt], out[floatAt].head(), out[floatAt].tail(), id})
	case floats && out[floatAt].kind == literalSegment:
		if w.floating == nil {
			w.floating = map[string][]int32{}
		}
		name := out[floatAt].text
		w.floating[name] = append(w.floating[name], n)
		w.may[nameHash(name)] = true
	default:
		w.anchored = append(w.anchored, n)
	}
	w.levels = nil
}

// clone shares what is compiled.
func (w *walker) clone() walker {
	shared := w.floating
	if len(w.shared) > 0 {
		shared = maps.Clone(w.shared)
		for name, programs := range w.floating {
			shared[name] = slices.Concat(shared[name], programs)
		}
	}
	base := w.programs
	if len(w.base) > 0 {
		base = slices.Concat(w.base, w.programs)
	}
	return walker{base: base, shared: shared, may: w.may, names: slices.Clip(w.names), anchored: slices.Clip(w.anchored)}
}

// program gives a program by its number.
func (w *walker) program(n int32) *program {
	if int(n) < len(w.base) {
		return &w.base[n]
	}
	return &w.programs[int(n)-len(w.base)]
}

// nameHash keeps nearly all names from being looked up.
func nameHash(name string) int {
	return (int(name[0])*37 + int(name[len(name)-1])*101 + len(name)*17) & 1023
}

// floatingAt gives the floating programs that wait for the name.
func (w *walker) floatingAt(name string) []int32 {
	if name == "" || !w.may[nameHash(name)] {
		return nil
	}
	shared, own := w.shared[name], w.floating[name]
	switch {
	case len(own) == 0:
		return shared
	case len(shared) == 0:
		return own
	}
	return slices.Concat(shared, own) // in order: those of a clone come later
}

// enter adds the state, and those that follow from a "**" that stands for nothing. from is where the states of the program begin.
func (w *walker) enter(l *walkStates, from int, s walkState) {
	segs := w.program(s.program).segs
	for ; int(s.pos) < len(segs); s.pos++ {
		for _, known := range l.active[from:] {
			if known == s {
				return
			}
		}
		if segs[s.pos].kind == deepSegment && int(s.pos)+1 == len(segs) {
			l.all = append(l.all, w.program(s.program).id)
			return
		}
		l.active = append(l.active, s)
		if segs[s.pos].kind != deepSegment {
			if ends(segs[s.pos+1:]) {
				l.last = append(l.last, lastState{s, segs[s.pos].tail()})
			}
			return
		}
	}
}

// match appends the ids of the patterns that match the path; an id may appear more than once.
func (w *walker) match(hits []int32, path string) []int32 {
	if len(w.base)+len(w.programs) == 0 {
		return hits
	}
	if w.levels == nil {
		w.levels = []walkStates{{}}
		w.dir = ""
		for _, n := range w.anchored {
			w.enter(&w.levels[0], len(w.levels[0].active), walkState{program: n})
		}
	}
	base := strings.LastIndexByte(path, '/') + 1
	dir, name := path[:base], path[base:]
	if dir != w.dir {
		w.descend(dir)
	}
	l := &w.levels[len(w.levels)-1]
	hits = append(hits, l.all...)
	head, tail := byte(0), byte(0)
	if name != "" {
		head, tail = name[0], name[len(name)-1]
	}
	for i := range l.last {
		s := l.last[i]
		if s.tail != 0 && s.tail != tail {
			continue
		}
		if p := w.program(s.program); p.segs[s.pos].match(name) {
			hits = append(hits, p.id)
		}
	}
	for i := range w.names {
		if p := &w.names[i]; (p.tail == 0 || p.tail == tail) && (p.head == 0 || p.head == head) && p.seg.match(name) {
			hits = append(hits, p.id)
		}
	}
	for _, n := range w.floatingAt(name) {
		if p := w.program(n); ends(p.segs[floatAt+1:]) {
			hits = append(hits, p.id)
		}
	}
	return hits
}

// ends says whether a pattern is satisfied with the path at its end.
func ends(rest []segment) bool {
	return len(rest) == 0 || len(rest) == 1 && rest[0].kind == deepSegment
}

// descend makes levels those of the folder.
func (w *walker) descend(dir string) {
	keep := len(w.levels)
	for keep > 1 && !(w.levels[keep-1].end <= len(dir) && w.dir[:w.levels[keep-1].end] == dir[:w.levels[keep-1].end]) {
		keep--
	}
	w.levels = w.levels[:keep]
	w.dir = dir
	for at := w.levels[keep-1].end; at < len(dir); {
		end := at + strings.IndexByte(dir[at:], '/')
		name := dir[at:end]
		if len(w.levels) < cap(w.levels) {
			w.levels = w.levels[:len(w.levels)+1] // keeps the memory of a folder left behind
		} else {
			w.levels = append(w.levels, walkStates{})
		}
		above, below := &w.levels[len(w.levels)-2], &w.levels[len(w.levels)-1]
		below.end, below.active, below.last, below.all = end+1, below.active[:0], below.last[:0], slices.Clip(above.all)
		w.step(above, below, name)
		at = end + 1
	}
}

// step goes from one folder into the next. Programs come in order on both sides, so that the states of one stay together: that is
// what keeps doubled states, and with them the time, from growing with the depth.
func (w *walker) step(above, below *walkStates, name string) {
	floating := w.floatingAt(name)
	for i := 0; i < len(above.active) || len(floating) > 0; {
		var n int32
		switch {
		case i == len(above.active):
			n = floating[0]
		case len(floating) == 0:
			n = above.active[i].program
		default:
			n = min(above.active[i].program, floating[0])
		}
		from := len(below.active)
		for ; i < len(above.active) && above.active[i].program == n; i++ {
			s := above.active[i]
			seg := &w.program(n).segs[s.pos]
			switch {
			case seg.kind == deepSegment:
				w.enter(below, from, s)
			case seg.match(name):
				w.enter(below, from, walkState{n, s.pos + 1})
			}
		}
		if len(floating) > 0 && floating[0] == n {
			w.enter(below, from, walkState{n, floatAt + 1})
			floating = floating[1:]
		}
	}
}
