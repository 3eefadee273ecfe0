package scan

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/syntax"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

const (
	maxMessage = 4096 // bytes of a message or reason
	maxLine    = 2000 // bytes of one line of a snippet
	maxRelated = 50
)

// sources gives the text of files that findings stand in, each read once, and parsed only if no check has done so.
type sources struct {
	change *checks.Change
	files  map[place]*file
}

type place struct {
	side checks.Side
	path string
}

// file is one file on one side.
type file struct {
	change     *checks.Change
	place      place
	data       []byte
	starts     []int          // offsets of line starts
	tree       *language.Tree // nil: no language for the path, or not parsed yet
	directives []directive    // suppressions, in order of line
	parsed     bool
	read       bool
	cursor     cursor
}

// cursor remembers where a place was found. Findings are asked for in order, and one line may be megabytes long: to count from its start
// for each of them would take for ever.
type cursor struct{ line, column, offset int }

func newSources(change *checks.Change) *sources {
	return &sources{change: change, files: map[place]*file{}}
}

// at gives a file, or nil if it is not there.
func (s *sources) at(side checks.Side, path string) *file {
	key := place{side, path}
	f, ok := s.files[key]
	if !ok {
		if data, err := s.change.Tree(side).Open(path); err == nil {
			f = &file{change: s.change, place: key, data: data, starts: lineStarts(data)}
		}
		s.files[key] = f
	}
	return f
}

func lineStarts(data []byte) []int {
	starts := make([]int, 0, bytes.Count(data, []byte{'\n'})+1)
	for i := 0; i < len(data); {
		starts = append(starts, i)
		next := bytes.IndexByte(data[i:], '\n')
		if next < 0 {
			break
		}
		i += next + 1
	}
	return starts
}

// parse gives the syntax tree; nil if the language is not known or the file is over the parser's limits.
func (f *file) parse() *language.Tree {
	if !f.parsed {
		f.parsed = true
		// An error is a limit, which the checks that parse tell themselves, or a path of no language.
		f.tree, _ = syntax.Tree(f.change, f.place.side, f.place.path)
	}
	return f.tree
}

// suppressions gives the directives of the file's comments.
func (f *file) suppressions() []directive {
	if !f.read {
		f.read = true
		// Few files have one: the cheap question first saves the parsing.
		if mayHaveDirective(f.data) {
			if t := f.parse(); t != nil {
				f.directives = directivesInComments(f, t)
			} else {
				f.directives = directivesInLines(f)
			}
		}
	}
	return f.directives
}

func (f *file) symbolAt(offset int) string {
	if t := f.parse(); t != nil && offset <= len(t.Source) {
		return t.SymbolAt(uint32(offset))
	}
	return ""
}

// line gives a line (from 1) without its end; nil beyond the file.
func (f *file) line(n int) []byte {
	if n < 1 || n > len(f.starts) {
		return nil
	}
	end := len(f.data)
	if n < len(f.starts) {
		end = f.starts[n]
	}
	line := bytes.TrimSuffix(f.data[f.starts[n-1]:end], []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// lineAt gives the line (from 1) of an offset.
func (f *file) lineAt(offset int) int {
	i, found := slices.BinarySearch(f.starts, offset)
	if found {
		return i + 1
	}
	return max(i, 1)
}

// offset gives the byte offset of a line and column; columns count code points. Beyond the line or the file it is their end.
func (f *file) offset(line, column int) int {
	if line < 1 {
		return 0
	}
	if line > len(f.starts) {
		return len(f.data)
	}
	c := cursor{line, 1, f.starts[line-1]}
	if f.cursor.line == line && f.cursor.column <= column {
		c = f.cursor
	}
	end := f.starts[line-1] + len(f.line(line))
	for ; c.column < column && c.offset < end; c.column++ {
		_, size := utf8.DecodeRune(f.data[c.offset:end])
		c.offset += size
	}
	f.cursor = c
	return c.offset
}

// span gives the text of a location.
func (f *file) span(l checks.Location) []byte {
	if l.StartLine == 0 {
		return nil
	}
	start := f.offset(l.StartLine, l.StartColumn)
	here := f.cursor
	end := f.offset(l.EndLine, l.EndColumn)
	f.cursor = here // the next finding may begin before this one ends
	return f.data[start:max(start, end)]
}

// snippet gives the lines of a location for display, bounded.
func (f *file) snippet(l checks.Location) string {
	if l.StartLine == 0 {
		return ""
	}
	var lines []string
	for n := l.StartLine; n <= min(l.EndLine, l.StartLine+checks.MaxSnippetLines-1, len(f.starts)); n++ {
		line := f.line(n)
		lines = append(lines, text(string(line[:min(len(line), maxLine+utf8.UTFMax)]), maxLine))
	}
	return strings.Join(lines, "\n")
}

// fit makes a location one that the file has: positive, in order, not beyond the end. An end at column 1 of the next line becomes the end of
// the line before, so that it does not count as touching it.
func (f *file) fit(l checks.Location) checks.Location {
	if l.StartLine <= 0 {
		return checks.Location{Path: l.Path, Side: l.Side}
	}
	last := max(len(f.starts), 1)
	l.StartLine = min(l.StartLine, last)
	l.EndLine = min(max(l.EndLine, l.StartLine), last)
	if l.EndLine > l.StartLine && l.EndColumn == 1 {
		l.EndLine--
		l.EndColumn = utf8.RuneCount(f.line(l.EndLine)) + 1
	}
	l.StartColumn = max(l.StartColumn, 1)
	l.EndColumn = max(l.EndColumn, 1)
	if l.EndLine == l.StartLine {
		l.EndColumn = max(l.EndColumn, l.StartColumn)
	}
	return l
}

// text makes a string one that every output can carry: valid UTF-8, not too long.
func text(s string, most int) string {
	if !utf8.ValidString(s) {
		s = string([]rune(s)) // each invalid byte for itself: columns count it as one
	}
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
