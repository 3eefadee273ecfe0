package language

import (
	"math/rand"
	"strings"
	"testing"
	"unicode/utf8"
)

// Positions agree with counting from the start of the line, and offsets lead back.
func TestLines(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(1))
	pieces := []string{"a", "bc", "\n", "é", "日本", "\xff", "\xe6", "\r\n", "🙂", strings.Repeat("x", 700), strings.Repeat("ö", 700)}
	for range 20 {
		var b strings.Builder
		for range random.Intn(40) {
			b.WriteString(pieces[random.Intn(len(pieces))])
		}
		src := b.String()
		l := NewLines(src)
		for at := 0; at <= len(src); at += 1 + random.Intn(5) {
			start := strings.LastIndexByte(src[:at], '\n') + 1
			line, column := l.Position(uint32(at))
			if want := strings.Count(src[:at], "\n") + 1; line != want {
				t.Fatalf("%q: line of %d is %d, want %d", src, at, line, want)
			}
			if want := utf8.RuneCountInString(src[start:at]) + 1; column != want {
				t.Fatalf("%q: column of %d is %d, want %d", src, at, column, want)
			}
			if utf8.RuneStart(append([]byte(src), 'a')[at]) && utf8.ValidString(src) {
				if back := l.Offset(line, column); back != uint32(at) {
					t.Fatalf("%q: %d is %d:%d, which is %d", src, at, line, column, back)
				}
			}
		}
	}
}

func TestLinesOutside(t *testing.T) {
	t.Parallel()
	for _, src := range []string{"ab\ncd", "äb\ncd"} {
		l := NewLines(src)
		first := uint32(strings.IndexByte(src, '\n'))
		for _, c := range []struct {
			line, column int
			want         uint32
		}{{0, 5, 0}, {1, 0, 0}, {1, 99, first}, {2, 1, first + 1}, {2, 99, first + 3}, {3, 1, first + 3}} {
			if got := l.Offset(c.line, c.column); got != c.want {
				t.Errorf("%q: %d:%d is %d, want %d", src, c.line, c.column, got, c.want)
			}
		}
	}
}

// A long line costs no more for each position than a short one: this would take minutes.
func TestLinesLong(t *testing.T) {
	t.Parallel()
	src := strings.Repeat("xä", 1<<20)
	l := NewLines(src)
	for at := uint32(0); at < uint32(len(src)); at += 30 {
		if line, column := l.Position(at); line != 1 || column != int(at/3*2)+1 {
			t.Fatalf("%d is %d:%d", at, line, column)
		}
	}
}
