package diff

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func text(lines string) []byte {
	if lines == "" {
		return nil
	}
	return []byte(strings.ReplaceAll(lines, " ", "\n") + "\n")
}

func TestLines(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, base, head string
		want             []Hunk
	}{
		{"both empty", "", "", nil},
		{"equal", "a b c", "a b c", nil},
		{"new file", "", "a b", []Hunk{{1, 0, 1, 2}}},
		{"deleted file", "a b", "", []Hunk{{1, 2, 1, 0}}},
		{"insertion", "a b", "a x b", []Hunk{{2, 0, 2, 1}}},
		{"deletion", "a x b", "a b", []Hunk{{2, 1, 2, 0}}},
		{"replacement", "a x b", "a y z b", []Hunk{{2, 1, 2, 2}}},
		{"two hunks", "a b c d e", "x b c d y", []Hunk{{1, 1, 1, 1}, {5, 1, 5, 1}}},
		{"append after an equal end", "f( } ", "f( } g( }", []Hunk{{3, 0, 3, 2}}},
		{"the later of two equal lines is new", "a b", "a a b", []Hunk{{2, 0, 2, 1}}},
		{"the later of two equal lines is gone", "a a b", "a b", []Hunk{{2, 1, 2, 0}}},
		{"moved line", "a b c", "b c a", []Hunk{{1, 1, 1, 0}, {4, 0, 3, 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := Lines(text(strings.TrimSpace(test.base)), text(test.head))
			if d := cmp.Diff(test.want, m.Hunks); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLineEnds(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]string{
		"LF to CRLF":                   {"a\nb\nc\n", "a\r\nb\r\nc\r\n"},
		"final newline added":          {"a\nb", "a\nb\n"},
		"final newline taken":          {"a\r\nb\r\n", "a\nb"},
		"mixed":                        {"a\r\nb\nc", "a\nb\r\nc\r\n"},
		"a lone CR is no line end":     {"a\rb\n", "a\rb\r\n"},
		"an empty last line is a line": {"a\n\n", "a\r\n\r\n"},
	} {
		if m := Lines([]byte(pair[0]), []byte(pair[1])); len(m.Hunks) != 0 {
			t.Errorf("%s: got hunks %v, want none", name, m.Hunks)
		}
	}
	if m := Lines([]byte("a\n"), []byte("a\n\n")); m.AddedLines() != 1 || !m.Added(2) {
		t.Errorf("an appended empty line: got %v, want line 2 added", m.Hunks)
	}
}

func TestMapping(t *testing.T) {
	t.Parallel()
	// base: a b c d e    head: x a c D1 D2 e f
	m := Lines(text("a b c d e"), text("x a c D1 D2 e f"))
	type answer struct {
		Line int
		OK   bool
	}
	var head, base []answer
	var added []bool
	for l := 1; l <= 5; l++ {
		line, ok := m.HeadLine(l)
		head = append(head, answer{line, ok})
	}
	for l := 1; l <= 7; l++ {
		line, ok := m.BaseLine(l)
		base = append(base, answer{line, ok})
		added = append(added, m.Added(l))
	}
	if d := cmp.Diff([]answer{{2, true}, {3, false}, {3, true}, {4, false}, {6, true}}, head); d != "" {
		t.Errorf("HeadLine: %s", d)
	}
	if d := cmp.Diff([]answer{{1, false}, {1, true}, {3, true}, {4, false}, {4, false}, {5, true}, {6, false}}, base); d != "" {
		t.Errorf("BaseLine: %s", d)
	}
	if d := cmp.Diff([]bool{true, false, false, true, true, false, true}, added); d != "" {
		t.Errorf("Added: %s", d)
	}
	for _, test := range []struct {
		from, to int
		want     bool
	}{{1, 1, true}, {2, 3, false}, {2, 4, true}, {5, 9, true}, {6, 6, false}, {8, 9, false}, {3, 2, false}} {
		if got := m.AddedIn(test.from, test.to); got != test.want {
			t.Errorf("AddedIn(%d, %d) = %v", test.from, test.to, got)
		}
	}
	if removed := Lines(text("a b c"), text("a c")); removed.AddedIn(1, 2) {
		t.Error("a removal adds lines")
	}
	if m.AddedLines() != 4 {
		t.Errorf("AddedLines: got %d, want 4", m.AddedLines())
	}
}

func TestNilMapMapsNothing(t *testing.T) {
	t.Parallel()
	var m *Map
	if m.Added(1) || m.AddedIn(1, 9) || m.AddedLines() != 0 {
		t.Error("a nil map has added lines")
	}
	if _, ok := m.HeadLine(1); ok {
		t.Error("a nil map maps base to head")
	}
	if _, ok := m.BaseLine(1); ok {
		t.Error("a nil map maps head to base")
	}
}

// TestShortest compares the number of changed lines with the exact answer on small random inputs.
func TestShortest(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(1))
	for range 3000 {
		a, b := randomLines(random, 12, 4), randomLines(random, 12, 4)
		m := Lines(a, b)
		check(t, a, b, m)
		changed := 0
		for _, h := range m.Hunks {
			changed += h.BaseCount + h.HeadCount
		}
		if want := distance(split(a), split(b)); changed != want {
			t.Fatalf("base %q, head %q: %d changed lines, the shortest edit has %d (%v)", a, b, changed, want, m.Hunks)
		}
	}
}

// TestHuge holds the bounds: inputs made to be slow are compared in linear space and in bounded time, and the map stays true.
func TestHuge(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewSource(2))
	t.Run("few distinct lines", func(t *testing.T) {
		t.Parallel()
		a, b := randomLines(random, 60_000, 3), randomLines(random, 60_000, 3)
		check(t, a, b, Lines(a, b))
	})
	t.Run("reversed", func(t *testing.T) {
		t.Parallel()
		var a, b bytes.Buffer
		for i := range 60_000 {
			fmt.Fprintln(&a, i)
			fmt.Fprintln(&b, 60_000-i)
		}
		check(t, a.Bytes(), b.Bytes(), Lines(a.Bytes(), b.Bytes()))
	})
	t.Run("over the limit is one hunk", func(t *testing.T) {
		t.Parallel()
		a := append([]byte("same\n"), bytes.Repeat([]byte("a\n"), maxLines+1)...)
		b := append([]byte("same\n"), bytes.Repeat([]byte("b\na\n"), 10)...)
		b = append(b, "b\n"...)
		m := Lines(a, b)
		if d := cmp.Diff([]Hunk{{2, maxLines + 1, 2, 21}}, m.Hunks); d != "" {
			t.Error(d)
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\nc\n"), []byte("a\r\nx\r\nc"))
	f.Add([]byte(""), []byte("\n"))
	f.Add([]byte("a\na\na\nb\n"), []byte("b\na\na\n"))
	f.Add([]byte("\r\n\r"), []byte("\xff\x00\n"))
	f.Fuzz(func(t *testing.T, base, head []byte) {
		check(t, base, head, Lines(base, head))
	})
}

// check holds the properties of every map: applied to base it gives head; both directions agree; hunks are ordered and apart.
func check(t *testing.T, base, head []byte, m *Map) {
	t.Helper()
	a, b := split(base), split(head)
	var applied []string
	next, nextHead := 1, 1
	for i, h := range m.Hunks {
		if h.BaseCount < 0 || h.HeadCount < 0 || h.BaseCount+h.HeadCount == 0 {
			t.Fatalf("hunk %d replaces nothing: %+v", i, h)
		}
		if i > 0 && (h.BaseStart <= next || h.HeadStart <= nextHead) || h.BaseStart < next || h.HeadStart < nextHead {
			t.Fatalf("hunk %d touches the one before: %v", i, m.Hunks)
		}
		if h.BaseStart+h.BaseCount-1 > len(a) || h.HeadStart+h.HeadCount-1 > len(b) {
			t.Fatalf("hunk %d is outside of the files (%d and %d lines): %+v", i, len(a), len(b), h)
		}
		applied = append(applied, a[next-1:h.BaseStart-1]...)
		applied = append(applied, b[h.HeadStart-1:h.HeadStart-1+h.HeadCount]...)
		next, nextHead = h.BaseStart+h.BaseCount, h.HeadStart+h.HeadCount
	}
	applied = append(applied, a[next-1:]...)
	if strings.Join(applied, "\n") != strings.Join(b, "\n") || len(applied) != len(b) {
		t.Fatalf("the map %v applied to %q gives %q, want %q", m.Hunks, base, applied, b)
	}
	added := 0
	for line := 1; line <= len(b); line++ {
		baseLine, ok := m.BaseLine(line)
		if ok == m.Added(line) {
			t.Fatalf("line %d of head: Added %v and BaseLine %v disagree", line, m.Added(line), ok)
		}
		if !ok {
			added++
			continue
		}
		if a[baseLine-1] != b[line-1] {
			t.Fatalf("line %d of head %q is mapped to line %d of base %q", line, b[line-1], baseLine, a[baseLine-1])
		}
		if back, ok := m.HeadLine(baseLine); !ok || back != line {
			t.Fatalf("line %d of head is line %d of base, which is line %d of head", line, baseLine, back)
		}
	}
	if added != m.AddedLines() {
		t.Fatalf("AddedLines is %d, counted %d", m.AddedLines(), added)
	}
}

func split(content []byte) []string {
	if len(content) == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// distance is the length of the shortest edit script, by the textbook table.
func distance(a, b []string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		last := row[0]
		row[0] = i + 1
		for j := range b {
			above := row[j+1]
			if a[i] == b[j] {
				row[j+1] = last
			} else {
				row[j+1] = 1 + min(above, row[j])
			}
			last = above
		}
	}
	return row[len(b)]
}

func randomLines(random *rand.Rand, most, words int) []byte {
	var out bytes.Buffer
	for range random.Intn(most + 1) {
		out.WriteByte(byte('a' + random.Intn(words)))
		out.WriteByte('\n')
	}
	return out.Bytes()
}

func BenchmarkLines(b *testing.B) {
	random := rand.New(rand.NewSource(3))
	var base, head bytes.Buffer
	for i := range 5000 {
		fmt.Fprintf(&base, "line %d %d\n", i%700, i%13)
		if random.Intn(20) > 0 {
			fmt.Fprintf(&head, "line %d %d\n", i%700, i%13)
		}
	}
	b.SetBytes(int64(base.Len() + head.Len()))
	b.ReportAllocs()
	for b.Loop() {
		Lines(base.Bytes(), head.Bytes())
	}
}
