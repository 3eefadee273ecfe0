package source

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"path"
	"slices"
	"strings"
)

// findRenames joins deleted and added entries that are the same file under another name. Equal content always counts; among several
// candidates one with the same base name wins, then the first by path. Similar content (at least half of the larger file's bytes stand
// in lines that both have) counts while there are at most limit deleted and added files: the cost is their product. Empty, opaque and
// odd files only move with equal content, empty ones never. entries are sorted by path, and so is the result.
func findRenames(entries []*entry, limit int) []*entry {
	var gone, come []*entry
	for _, e := range entries {
		switch {
		case !e.new.there():
			gone = append(gone, e)
		case !e.old.there():
			come = append(come, e)
		}
	}
	if len(gone) == 0 || len(come) == 0 {
		return entries
	}
	used := map[*entry]bool{} // deletions that became part of a rename
	join := func(from, to *entry) {
		to.oldPath, to.old = from.path, from.old
		used[from] = true
	}

	// Equal content, by object id.
	byID := map[string][]*entry{}
	for _, e := range gone {
		if e.old.id != "" && e.old.size > 0 || e.old.id != "" && e.old.opaque != "" {
			byID[e.old.id] = append(byID[e.old.id], e)
		}
	}
	for _, sameName := range []bool{true, false} {
		for _, to := range come {
			if to.old.there() || to.new.id == "" {
				continue
			}
			for _, from := range byID[to.new.id] {
				if used[from] || kindOfMode(from.old.mode) != kindOfMode(to.new.mode) || sameName && path.Base(from.path) != path.Base(to.path) {
					continue
				}
				join(from, to)
				break
			}
		}
	}

	gone = slices.DeleteFunc(gone, func(e *entry) bool { return used[e] || len(e.old.text) == 0 })
	come = slices.DeleteFunc(come, func(e *entry) bool { return e.old.there() || len(e.new.text) == 0 })
	if len(gone) > 0 && len(come) > 0 && len(gone)+len(come) <= limit {
		joinSimilar(gone, come, join)
	}
	return slices.DeleteFunc(entries, func(e *entry) bool { return used[e] })
}

func kindOfMode(mode uint32) uint32 { return mode & 0o170000 }

// joinSimilar pairs files by similarity, best pair first.
func joinSimilar(gone, come []*entry, join func(from, to *entry)) {
	// The seed differs between runs, the result does not: only equality of hashes is used, and 64 bits do not collide by chance.
	seed := maphash.MakeSeed()
	olds, news := make([]lineBag, len(gone)), make([]lineBag, len(come))
	for i, e := range gone {
		olds[i] = bagOf(seed, e.old.text)
	}
	for i, e := range come {
		news[i] = bagOf(seed, e.new.text)
	}
	type pair struct {
		from, to, score int
		sameName        bool
	}
	var pairs []pair
	for i := range gone {
		for j := range come {
			if score := similarity(olds[i], news[j]); score >= 50 {
				pairs = append(pairs, pair{i, j, score, path.Base(gone[i].path) == path.Base(come[j].path)})
			}
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		names := 0
		if a.sameName != b.sameName {
			names = 1
			if a.sameName {
				names = -1
			}
		}
		return cmp.Or(cmp.Compare(b.score, a.score), names, strings.Compare(come[a.to].path, come[b.to].path), strings.Compare(gone[a.from].path, gone[b.from].path))
	})
	usedFrom, usedTo := make([]bool, len(gone)), make([]bool, len(come))
	for _, p := range pairs {
		if !usedFrom[p.from] && !usedTo[p.to] {
			usedFrom[p.from], usedTo[p.to] = true, true
			join(gone[p.from], come[p.to])
		}
	}
}

// A lineBag counts the bytes of a file by line, sorted by hash, so that two bags are compared in one pass.
type lineBag struct {
	size  int
	lines []lineBytes
}

type lineBytes struct {
	hash  uint64
	bytes int
}

func bagOf(seed maphash.Seed, text []byte) lineBag {
	bag := lineBag{size: len(text)}
	for line := range bytes.Lines(text) {
		bag.lines = append(bag.lines, lineBytes{maphash.Bytes(seed, bytes.TrimRight(line, "\r\n")), len(line)})
	}
	slices.SortFunc(bag.lines, func(a, b lineBytes) int { return cmp.Compare(a.hash, b.hash) })
	out := bag.lines[:0]
	for _, l := range bag.lines {
		if n := len(out); n > 0 && out[n-1].hash == l.hash {
			out[n-1].bytes += l.bytes
		} else {
			out = append(out, l)
		}
	}
	bag.lines = out
	return bag
}

// similarity is the share of the larger file's bytes that stand in lines of both, in percent.
func similarity(a, b lineBag) int {
	larger, smaller := max(a.size, b.size), min(a.size, b.size)
	if larger == 0 || smaller*100 < larger*50 {
		return 0
	}
	common := 0
	for i, j := 0, 0; i < len(a.lines) && j < len(b.lines); {
		switch x, y := a.lines[i], b.lines[j]; {
		case x.hash < y.hash:
			i++
		case x.hash > y.hash:
			j++
		default:
			common += min(x.bytes, y.bytes)
			i++
			j++
		}
	}
	return common * 100 / larger
}
