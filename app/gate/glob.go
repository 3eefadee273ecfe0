package gate

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// MaxGlob bounds the length of one glob, in bytes.
const MaxGlob = 1000

// ValidGlob says whether a policy may use the pattern, with an error that says what to write instead. Globs are anchored at the
// root of the repository: "*" and "?" never cross "/", "**" stands for any number of folders, "{a,b}" and "[a-z]" for alternatives.
// A leading "!" excludes.
func ValidGlob(pattern string) error {
	p := strings.TrimPrefix(pattern, "!")
	switch {
	case p == "":
		return errors.New("an empty pattern matches nothing")
	case len(p) > MaxGlob:
		return fmt.Errorf("the pattern is longer than %d bytes", MaxGlob)
	case !utf8.ValidString(p):
		return errors.New("the pattern is not valid UTF-8")
	case strings.HasPrefix(p, "re:"):
		return errors.New("regular expressions are not supported by this version; write a glob")
	case strings.HasPrefix(p, "!"):
		return errors.New(`write a single "!" to exclude`)
	case strings.HasPrefix(p, "/"):
		return errors.New(`patterns start at the root of the repository: leave out the leading "/"`)
	case strings.HasSuffix(p, "/"):
		return fmt.Errorf("the pattern names a folder and matches no file; write %q", p+"**")
	case strings.Contains(p, `\`):
		return errors.New(`"\" is not supported; separate folders by "/"`)
	case strings.TrimSpace(p) != p:
		return errors.New("the pattern begins or ends with white space")
	}
	last := ""
	for seg := range strings.SplitSeq(p, "/") {
		switch {
		case seg == "**" && last == "**":
			return errors.New(`"**/**" says no more than "**"`)
		case seg == "":
			return errors.New(`the pattern contains "//"`)
		case seg == "." || seg == "..":
			return fmt.Errorf("%q is not a folder of the repository", seg)
		case seg != "**" && strings.Contains(seg, "**"):
			return fmt.Errorf(`"**" must stand alone between slashes; in %q write "*"`, seg)
		}
		last = seg
	}
	if strings.Count(p, "{") > 4 {
		return errors.New("more than 4 groups of alternatives in one pattern; write several patterns")
	}
	if !doublestar.ValidatePattern(p) {
		return errors.New("the pattern is not complete: a bracket or brace is not closed")
	}
	return nil
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
	// Inclusions, folded, decide for ASCII paths: folding both sides loses no match there. Other paths ask the exact ones too,
	// because NFC may change how many runes a "?" has to match. Exclusions are exact only: folding may only add matches.
	folded, exact, excluding walker
	slow                     []int32 // entries that only doublestar can judge (classes, nested alternatives)
	last                     []int32 // per list: 1 + the last entry that matched; 0: none
	hits                     []int32 // scratch
	lists                    []int32 // scratch: what match returns
}

type globEntry struct {
	list    int32
	exclude bool
	pattern string
	fold    string
}

func newGlobMatcher(lists [][]string) *globMatcher {
	m := &globMatcher{}
	m.addLists(lists)
	return m
}

// clone gives a matcher that can grow and match on its own; what is compiled is shared.
func (m *globMatcher) clone() *globMatcher {
	return &globMatcher{entries: slices.Clip(m.entries), folded: m.folded.clone(), exact: m.exact.clone(), excluding: m.excluding.clone(),
		slow: slices.Clip(m.slow), last: make([]int32, len(m.last))}
}

// addLists compiles more pattern lists; they are numbered on from those that are there.
func (m *globMatcher) addLists(lists [][]string) {
	from := len(m.last)
	m.last = append(m.last, make([]int32, len(lists))...)
	for i, patterns := range lists {
		list := from + i
		for _, p := range patterns {
			pattern, exclude := strings.CutPrefix(p, "!")
			if ValidGlob(pattern) != nil {
				continue
			}
			id := int32(len(m.entries))
			m.entries = append(m.entries, globEntry{list: int32(list), exclude: exclude, pattern: pattern, fold: fold(pattern)})
			alternatives, simple := expand(pattern)
			if !simple || !ascii(pattern) {
				m.slow = append(m.slow, id)
				continue
			}
			for _, a := range alternatives {
				if exclude {
					m.excluding.add(id, globSegments(a))
					continue
				}
				m.exact.add(id, globSegments(a))
				m.folded.add(id, globSegments(fold(a)))
			}
		}
	}
}

// match returns the lists that match the path, in no particular order. The slice is valid until the next call.
func (m *globMatcher) match(path string) []int32 {
	hits := m.folded.match(m.hits[:0], fold(path))
	hits = m.excluding.match(hits, path)
	if !ascii(path) {
		hits = m.exact.match(hits, path)
	}
	for _, id := range m.slow {
		e := &m.entries[id]
		if doublestar.MatchUnvalidated(e.pattern, path) || !e.exclude && doublestar.MatchUnvalidated(e.fold, fold(path)) {
			hits = append(hits, id)
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

// maxAlternatives bounds what one pattern's braces expand to; beyond it doublestar judges the pattern.
const maxAlternatives = 32

// expand writes out the braces of a pattern. It is not simple if it has classes or nested braces, or expands to too many.
func expand(pattern string) (out []string, simple bool) {
	if strings.ContainsAny(pattern, `[]\`) {
		return nil, false
	}
	out = []string{""}
	for rest := pattern; rest != ""; {
		open := strings.IndexAny(rest, "{}")
		if open < 0 {
			for i := range out {
				out[i] += rest
			}
			break
		}
		end := strings.IndexAny(rest[open+1:], "{}")
		if rest[open] != '{' || end < 0 || rest[open+1+end] != '}' {
			return nil, false
		}
		var next []string
		for _, prefix := range out {
			for a := range strings.SplitSeq(rest[open+1:open+1+end], ",") {
				next = append(next, prefix+rest[:open]+a)
			}
		}
		if len(next) > maxAlternatives {
			return nil, false
		}
		out, rest = next, rest[open+1+end+1:]
	}
	for _, p := range out {
		// An alternative may be empty or touch a star: what then stands between the slashes is not what ValidGlob looked at.
		if p == "" || strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/") || strings.Contains(p, "//") {
			return nil, false
		}
		last := ""
		for seg := range strings.SplitSeq(p, "/") {
			if seg != "**" && strings.Contains(seg, "**") || seg == "**" && last == "**" {
				return nil, false
			}
			last = seg
		}
	}
	return out, true
}

// A segment is what a pattern says about one part of a path between slashes.
type segment struct {
	kind segmentKind
	text string // of literal, prefix, suffix
	toks []rune // of general: runes, anyRunes, anyRune
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

const (
	anyRunes rune = -1 // "*"
	anyRune  rune = -2 // "?"
)

func globSegments(pattern string) []segment {
	var out []segment
	for s := range strings.SplitSeq(pattern, "/") {
		// Nearly all segments are plain, or a star at one end.
		switch wild := strings.IndexAny(s, "*?"); {
		case wild < 0:
			out = append(out, segment{kind: literalSegment, text: s})
			continue
		case s == "**":
			out = append(out, segment{kind: deepSegment})
			continue
		case s == "*":
			out = append(out, segment{kind: anySegment})
			continue
		case s[0] == '*' && !strings.ContainsAny(s[1:], "*?"):
			out = append(out, segment{kind: suffixSegment, text: s[1:]})
			continue
		case s[wild] == '*' && wild == len(s)-1:
			out = append(out, segment{kind: prefixSegment, text: s[:wild]})
			continue
		}
		toks := make([]rune, 0, len(s))
		for i := 0; i < len(s); {
			r, n := decode(s[i:])
			switch r {
			case '*':
				r = anyRunes
			case '?':
				r = anyRune
			}
			toks = append(toks, r)
			i += n
		}
		out = append(out, newSegment(toks))
	}
	return out
}

// newSegment picks the cheapest kind for the tokens.
func newSegment(toks []rune) segment {
	stars, wild := 0, 0
	for _, t := range toks {
		if t == anyRunes {
			stars++
		}
		if t < 0 {
			wild++
		}
	}
	n := len(toks)
	switch {
	case n == 2 && stars == 2:
		return segment{kind: deepSegment}
	case wild == 0:
		return segment{kind: literalSegment, text: encode(toks)}
	case n == 1 && stars == 1:
		return segment{kind: anySegment}
	case wild == 1 && toks[0] == anyRunes:
		return segment{kind: suffixSegment, text: encode(toks[1:])}
	case wild == 1 && toks[n-1] == anyRunes:
		return segment{kind: prefixSegment, text: encode(toks[:n-1])}
	}
	return segment{kind: generalSegment, toks: toks}
}

// decode reads one rune; a byte that is not UTF-8 becomes a value of its own beyond Unicode, so that it only equals itself.
func decode(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		return utf8.MaxRune + 1 + rune(s[0]), 1
	}
	return r, n
}

func encode(toks []rune) string {
	var b strings.Builder
	for _, r := range toks {
		if r > utf8.MaxRune {
			b.WriteByte(byte(r - utf8.MaxRune - 1))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
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
	}
	// Backtracking to the last star only: linear in practice, quadratic at worst.
	i, p, star, mark := 0, 0, -1, 0
	for i < len(name) {
		r, n := decode(name[i:])
		switch {
		case p < len(s.toks) && s.toks[p] == anyRunes:
			star, mark = p, i
			p++
		case p < len(s.toks) && (s.toks[p] == anyRune || s.toks[p] == r):
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
	for p < len(s.toks) && s.toks[p] == anyRunes {
		p++
	}
	return p == len(s.toks)
}

// A walker matches many patterns against paths at once. It remembers the states after each folder of the last path, so that
// paths in order cost little more than their last part.
type walker struct {
	programs []program
	// Programs that begin with "**" and a plain name wait in every folder; they are found by that name, not by trying each.
	floating map[string][]int32
	anchored []int32 // the other programs

	dir    string       // folder of the last path, with its final slash
	levels []walkStates // levels[i]: the states after i folders of dir
}

type program struct {
	id   int32
	segs []segment
}

type walkStates struct {
	end    int         // length of the folder's prefix in dir
	active []walkState // grouped by program, in the order of programs
	all    []int32     // ids that match everything below
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
	n := int32(len(w.programs))
	w.programs = append(w.programs, program{id, out})
	if len(out) > floatAt && out[0].kind == deepSegment && out[floatAt].kind == literalSegment {
		if w.floating == nil {
			w.floating = map[string][]int32{}
		}
		name := out[floatAt].text
		w.floating[name] = append(slices.Clip(w.floating[name]), n) // clones share the old slice
	} else {
		w.anchored = append(w.anchored, n)
	}
	w.levels = nil
}

// clone shares what is compiled.
func (w *walker) clone() walker {
	return walker{programs: slices.Clip(w.programs), floating: maps.Clone(w.floating), anchored: slices.Clip(w.anchored)}
}

// enter adds the state, and those that follow from a "**" that stands for nothing. from is where the states of the program begin.
func (w *walker) enter(l *walkStates, from int, s walkState) {
	segs := w.programs[s.program].segs
	for ; int(s.pos) < len(segs); s.pos++ {
		for _, known := range l.active[from:] {
			if known == s {
				return
			}
		}
		if segs[s.pos].kind == deepSegment && int(s.pos)+1 == len(segs) {
			l.all = append(l.all, w.programs[s.program].id)
			return
		}
		l.active = append(l.active, s)
		if segs[s.pos].kind != deepSegment {
			return
		}
	}
}

// match appends the ids of the patterns that match the path; an id may appear more than once.
func (w *walker) match(hits []int32, path string) []int32 {
	if len(w.programs) == 0 {
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
	for _, s := range l.active {
		p := &w.programs[s.program]
		// What a "**" leads to has a state of its own.
		if seg := &p.segs[s.pos]; seg.kind != deepSegment && seg.match(name) && ends(p.segs[s.pos+1:]) {
			hits = append(hits, p.id)
		}
	}
	for _, n := range w.floating[name] {
		if p := &w.programs[n]; ends(p.segs[floatAt+1:]) {
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
		below.end, below.active, below.all = end+1, below.active[:0], slices.Clip(above.all)
		w.step(above, below, name)
		at = end + 1
	}
}

// step goes from one folder into the next. Programs come in order on both sides, so that the states of one stay together: that is
// what keeps doubled states, and with them the time, from growing with the depth.
func (w *walker) step(above, below *walkStates, name string) {
	floating := w.floating[name]
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
			seg := &w.programs[n].segs[s.pos]
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
