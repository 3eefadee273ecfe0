// Package diff maps the lines of two versions of a file onto each other. It is a leaf: it knows nothing of checks, git or findings.
//
// Lines end with "\n"; a "\r" before it belongs to the line end, so that a file whose line ends were converted has no changed lines.
// The last line counts whether or not it ends with "\n".
package diff

import (
	"bytes"
	"sort"
)

// A Map says which lines of head are new, which lines of base are gone, and which line became which. Lines count from 1.
// It does not know where the files end: a line beyond the end is mapped like one after the last hunk.
// A nil Map maps nothing: no line is added, and none has a counterpart.
type Map struct {
	Hunks []Hunk `json:"hunks"` // in order, not touching
}

// A Hunk replaces BaseCount lines from BaseStart by HeadCount lines from HeadStart. A count of 0 means that nothing stands on that side;
// the start then is the line before which the others stand.
type Hunk struct {
	BaseStart int `json:"base_start"`
	BaseCount int `json:"base_count"`
	HeadStart int `json:"head_start"`
	HeadCount int `json:"head_count"`
}

// Added says whether a line of head is new or changed.
func (m *Map) Added(headLine int) bool {
	if m == nil {
		return false
	}
	i := sort.Search(len(m.Hunks), func(i int) bool { h := m.Hunks[i]; return headLine < h.HeadStart+h.HeadCount })
	return i < len(m.Hunks) && headLine >= m.Hunks[i].HeadStart
}

// AddedIn says whether any line of head from from to to is new or changed.
func (m *Map) AddedIn(from, to int) bool {
	if m == nil {
		return false
	}
	i := sort.Search(len(m.Hunks), func(i int) bool { h := m.Hunks[i]; return from < h.HeadStart+h.HeadCount })
	for ; i < len(m.Hunks) && m.Hunks[i].HeadStart <= to; i++ {
		if m.Hunks[i].HeadCount > 0 {
			return true
		}
	}
	return false
}

// AddedLines counts the lines of head that are new or changed.
func (m *Map) AddedLines() int {
	n := 0
	if m != nil {
		for _, h := range m.Hunks {
			n += h.HeadCount
		}
	}
	return n
}

// HeadLine gives the line of head that a line of base became. For a line that is gone, ok is false and the line is where its
// replacement starts, or the line before which it stood.
func (m *Map) HeadLine(baseLine int) (headLine int, ok bool) {
	if m == nil {
		return 0, false
	}
	i := sort.Search(len(m.Hunks), func(i int) bool { h := m.Hunks[i]; return baseLine < h.BaseStart+h.BaseCount })
	if i < len(m.Hunks) && baseLine >= m.Hunks[i].BaseStart {
		return m.Hunks[i].HeadStart, false
	}
	if i == 0 {
		return baseLine, true
	}
	h := m.Hunks[i-1]
	return baseLine - (h.BaseStart + h.BaseCount) + (h.HeadStart + h.HeadCount), true
}

// BaseLine gives the line of base that a line of head was. For a line that is new, ok is false and the line is where what it
// replaced starts, or the line before which it was put.
func (m *Map) BaseLine(headLine int) (baseLine int, ok bool) {
	if m == nil {
		return 0, false
	}
	i := sort.Search(len(m.Hunks), func(i int) bool { h := m.Hunks[i]; return headLine < h.HeadStart+h.HeadCount })
	if i < len(m.Hunks) && headLine >= m.Hunks[i].HeadStart {
		return m.Hunks[i].BaseStart, false
	}
	if i == 0 {
		return headLine, true
	}
	h := m.Hunks[i-1]
	return headLine - (h.HeadStart + h.HeadCount) + (h.BaseStart + h.BaseCount), true
}

const (
	// maxLines bounds the middle part (what is left without the common start and end) that is compared line by line. Above it the
	// whole middle is one hunk: true, if coarse.
	maxLines = 1 << 20
	// maxCost bounds the search for the shortest edit between two points. Past it the best point found so far is taken: the hunks stay
	// true but may be larger than they need be. The whole comparison then costs at most some maxCost steps per line.
	maxCost = 256
)

// Lines compares two versions of a file. Either may be nil.
func Lines(base, head []byte) *Map {
	ids := map[string]int32{}
	a, b := number(base, ids), number(head, ids)

	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	middleA, middleB := a[start:len(a)-end], b[start:len(b)-end]

	gone, added := make([]bool, len(middleA)), make([]bool, len(middleB))
	if len(middleA) > maxLines || len(middleB) > maxLines {
		mark(gone, 0, len(gone))
		mark(added, 0, len(added))
	} else {
		compare(middleA, middleB, len(ids), gone, added)
	}
	hunks := collect(gone, added, start)
	slide(hunks, a, b)
	return &Map{Hunks: hunks}
}

// number splits content into lines and gives equal lines the same number.
func number(content []byte, ids map[string]int32) []int32 {
	lines := make([]int32, 0, bytes.Count(content, []byte{'\n'})+1)
	for len(content) > 0 {
		line, rest, _ := bytes.Cut(content, []byte{'\n'})
		content = rest
		line = bytes.TrimSuffix(line, []byte{'\r'})
		id, ok := ids[string(line)]
		if !ok {
			id = int32(len(ids))
			ids[string(line)] = id
		}
		lines = append(lines, id)
	}
	return lines
}

func mark(flags []bool, from, to int) {
	for i := from; i < to; i++ {
		flags[i] = true
	}
}

// collect turns the marks into hunks. What is not marked on either side pairs up in order.
func collect(gone, added []bool, start int) []Hunk {
	var hunks []Hunk
	for i, j := 0, 0; i < len(gone) || j < len(added); {
		if i < len(gone) && !gone[i] && j < len(added) && !added[j] {
			i++
			j++
			continue
		}
		h := Hunk{BaseStart: start + i + 1, HeadStart: start + j + 1}
		for i < len(gone) && gone[i] {
			i++
			h.BaseCount++
		}
		for j < len(added) && added[j] {
			j++
			h.HeadCount++
		}
		hunks = append(hunks, h)
	}
	return hunks
}

// slide moves pure insertions and deletions down as far as equal lines allow, as git shows them: where a block is put after
// another that ends with the same line, it is the later one that is new.
func slide(hunks []Hunk, a, b []int32) {
	for i := range hunks {
		h := &hunks[i]
		lines, from, count := b, h.HeadStart, h.HeadCount
		switch {
		case h.HeadCount == 0:
			lines, from, count = a, h.BaseStart, h.BaseCount
		case h.BaseCount != 0:
			continue
		}
		room := len(lines) - (from + count - 1)
		if i+1 < len(hunks) { // one line between hunks must stay, or they would touch
			room = hunks[i+1].BaseStart - (h.BaseStart + h.BaseCount) - 1
		}
		by := 0
		for by < room && lines[from-1+by] == lines[from-1+by+count] {
			by++
		}
		h.BaseStart += by
		h.HeadStart += by
	}
}

// compare marks what is not common to a and b.
func compare(a, b []int32, ids int, gone, added []bool) {
	// A line that the other side lacks altogether is changed for certain. Taking these out first makes the rest short and the
	// result better, because they cannot lead the search astray.
	inA, inB := make([]bool, ids), make([]bool, ids)
	for _, id := range a {
		inA[id] = true
	}
	for _, id := range b {
		inB[id] = true
	}
	d := &differ{}
	d.a, d.atA = keep(a, inB, gone)
	d.b, d.atB = keep(b, inA, added)
	d.gone, d.added = gone, added
	d.forward, d.backward = make([]int, len(d.a)+len(d.b)+3), make([]int, len(d.a)+len(d.b)+3)
	d.between(0, len(d.a), 0, len(d.b))
}

// keep returns the lines that the other side has too, with their places, and marks the others.
func keep(lines []int32, other, changed []bool) (kept []int32, at []int) {
	for i, id := range lines {
		if other[id] {
			kept, at = append(kept, id), append(at, i)
		} else {
			changed[i] = true
		}
	}
	return kept, at
}

// differ is Myers' O(ND) comparison in its linear-space form, with a bound on the cost of each search.
type differ struct {
	a, b              []int32
	atA, atB          []int // where the lines stand in the full sequences
	gone, added       []bool
	forward, backward []int // furthest x per diagonal, see split
}

// between compares a[aLo:aHi] with b[bLo:bHi]. It recurses into the smaller part only, so the stack is logarithmic.
func (d *differ) between(aLo, aHi, bLo, bHi int) {
	for {
		for aLo < aHi && bLo < bHi && d.a[aLo] == d.b[bLo] {
			aLo++
			bLo++
		}
		for aLo < aHi && bLo < bHi && d.a[aHi-1] == d.b[bHi-1] {
			aHi--
			bHi--
		}
		if aLo == aHi || bLo == bHi {
			d.change(aLo, aHi, bLo, bHi)
			return
		}
		x, y := d.split(d.a[aLo:aHi], d.b[bLo:bHi])
		x, y = aLo+x, bLo+y
		if (x-aLo)+(y-bLo) < (aHi-x)+(bHi-y) {
			d.between(aLo, x, bLo, y)
			aLo, bLo = x, y
		} else {
			d.between(x, aHi, y, bHi)
			aHi, bHi = x, y
		}
	}
}

func (d *differ) change(aLo, aHi, bLo, bHi int) {
	for i := aLo; i < aHi; i++ {
		d.gone[d.atA[i]] = true
	}
	for j := bLo; j < bHi; j++ {
		d.added[d.atB[j]] = true
	}
}

// split finds a point on a shortest path from (0,0) to (len(a),len(b)), searching from both ends until the two meet. Neither a's and b's
// first nor their last lines are equal, and both are non-empty, so the point is never one of the corners (0,0) and (n,m).
func (d *differ) split(a, b []int32) (int, int) {
	n, m := len(a), len(b)
	delta := n - m
	odd := delta&1 != 0
	const none = -1
	beyond := n + 1
	// Diagonal k holds the points with x-y = k, from -m to n; both arrays have one place more at either end.
	f, r := d.forward[:n+m+3], d.backward[:n+m+3]
	o := m + 1
	fMin, fMax, rMin, rMax := 0, 0, delta, delta
	f[o], r[o+delta] = 0, n
	for cost := 1; ; cost++ {
		if fMin > -m {
			fMin--
			f[o+fMin-1] = none
		} else {
			fMin++
		}
		if fMax < n {
			fMax++
			f[o+fMax+1] = none
		} else {
			fMax--
		}
		for k := fMax; k >= fMin; k -= 2 {
			x := f[o+k+1]
			if f[o+k-1] >= x {
				x = f[o+k-1] + 1
			}
			for x < n && x-k < m && a[x] == b[x-k] {
				x++
			}
			f[o+k] = x
			if odd && k >= rMin && k <= rMax && r[o+k] <= x && x <= n && x-k <= m {
				return x, x - k
			}
		}
		if rMin > -m {
			rMin--
			r[o+rMin-1] = beyond
		} else {
			rMin++
		}
		if rMax < n {
			rMax++
			r[o+rMax+1] = beyond
		} else {
			rMax--
		}
		for k := rMax; k >= rMin; k -= 2 {
			x := r[o+k-1]
			if r[o+k+1] <= x {
				x = r[o+k+1] - 1
			}
			for x > 0 && x-k > 0 && a[x-1] == b[x-k-1] {
				x--
			}
			r[o+k] = x
			if !odd && k >= fMin && k <= fMax && x <= f[o+k] && x >= 0 && x-k >= 0 {
				return x, x - k
			}
		}
		if cost >= maxCost {
			return furthest(f, r, o, n, m, fMin, fMax, rMin, rMax)
		}
	}
}

// furthest gives the point that either search got furthest to.
func furthest(f, r []int, o, n, m, fMin, fMax, rMin, rMax int) (int, int) {
	bestX, bestY, best := 0, 0, 0
	for k := fMin; k <= fMax; k += 2 {
		if x := f[o+k]; x >= 0 && x <= n && x-k >= 0 && x-k <= m && x+x-k > best {
			bestX, bestY, best = x, x-k, x+x-k
		}
	}
	for k := rMin; k <= rMax; k += 2 {
		if x := r[o+k]; x >= 0 && x <= n && x-k >= 0 && x-k <= m && n-x+m-(x-k) > best {
			bestX, bestY, best = x, x-k, n-x+m-(x-k)
		}
	}
	return bestX, bestY
}
