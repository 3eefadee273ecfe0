package language

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Lines tells the lines and columns of a text. Columns count code points, from 1, and an invalid byte as one. Each answer takes the same
// short time, however long the line: the code points are counted once.
type Lines struct {
	source string
	starts []uint32 // of the lines
	marks  []mark   // one for every few kilobytes; none if all bytes are ASCII
}

// A mark is a place in the text and how many code points are before it.
type mark struct{ offset, count uint32 }

// markEvery is the least distance of two marks.
const markEvery = 2 << 10

// NewLines reads a text.
func NewLines(source string) *Lines {
	l := &Lines{source: source, starts: make([]uint32, 1, strings.Count(source, "\n")+1)}
	for i := 0; ; {
		n := strings.IndexByte(source[i:], '\n')
		if n < 0 {
			break
		}
		i += n + 1
		l.starts = append(l.starts, uint32(i))
	}
	for i := 0; i < len(source); i++ {
		if source[i] >= utf8.RuneSelf {
			l.mark()
			break
		}
	}
	return l
}

func (l *Lines) mark() {
	last, count := 0, uint32(0)
	l.marks = append(l.marks, mark{})
	for i := range l.source {
		if i-last >= markEvery {
			l.marks = append(l.marks, mark{uint32(i), count})
			last = i
		}
		count++
	}
}

// before counts the code points before an offset.
func (l *Lines) before(offset uint32) int {
	if len(l.marks) == 0 {
		return int(offset)
	}
	m := l.marks[sort.Search(len(l.marks), func(i int) bool { return l.marks[i].offset > offset })-1]
	return int(m.count) + utf8.RuneCountInString(l.source[m.offset:offset])
}

// Line gives the line of a byte offset, from 1.
func (l *Lines) Line(offset uint32) int {
	return sort.Search(len(l.starts), func(i int) bool { return l.starts[i] > offset })
}

// Position gives line and column of a byte offset.
func (l *Lines) Position(offset uint32) (line, column int) {
	line = l.Line(offset)
	return line, l.before(offset) - l.before(l.starts[line-1]) + 1
}

// Offset is the reverse of Position: the byte offset of a line and column. What lies outside is brought to the nearest place inside.
func (l *Lines) Offset(line, column int) uint32 {
	if line < 1 {
		return 0
	}
	if line > len(l.starts) {
		return uint32(len(l.source))
	}
	start, end := l.starts[line-1], uint32(len(l.source))
	if line < len(l.starts) {
		end = l.starts[line] - 1
	}
	if len(l.marks) == 0 {
		return min(start+uint32(max(column, 1)-1), end)
	}
	want := l.before(start) + max(column, 1) - 1
	at := max(start, l.marks[max(0, sort.Search(len(l.marks), func(i int) bool { return int(l.marks[i].count) > want })-1)].offset)
	for n := want - l.before(at); n > 0 && at < end; n-- {
		_, size := utf8.DecodeRuneInString(l.source[at:end])
		at += uint32(size)
	}
	return min(at, end)
}
