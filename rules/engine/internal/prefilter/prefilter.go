// Package prefilter tells which words a source text holds, so that a file is parsed only if a rule can match in it.
//
// All words that any rule needs are collected once. A text is then read once: each of its words is looked up, and what was found is kept as
// a set of bits. A part of a word, or what is no word at all, is searched for when it is first asked for.
package prefilter

import (
	"strings"
	"unicode"
)

// A Dictionary numbers the texts that rules need. Fill it before the first Scan; Scan is safe for concurrent use.
type Dictionary struct {
	words map[string]Word // whole words
	parts map[part]Word
	list  []part // by number; the zero part for a whole word
}

type part struct {
	text string
	fold bool
}

// Word is the number of a text in its Dictionary.
type Word int32

// Add numbers a word, which a source holds only as a whole: "eval" is not in "retrieval".
func (d *Dictionary) Add(word string) Word {
	if strings.IndexFunc(word, func(r rune) bool { return r < 0x80 && !isWord(byte(r)) }) >= 0 {
		return d.AddPart(word, false)
	}
	if d.words == nil {
		d.words = map[string]Word{}
	}
	id, ok := d.words[word]
	if !ok {
		id = Word(len(d.list))
		d.list = append(d.list, part{})
		d.words[word] = id
	}
	return id
}

// AddPart numbers a text that may stand anywhere in a source; with fold, in capitals or not.
func (d *Dictionary) AddPart(text string, fold bool) Word {
	if d.parts == nil {
		d.parts = map[part]Word{}
	}
	if fold {
		text = strings.Map(unicode.ToLower, text)
	}
	p := part{text, fold}
	id, ok := d.parts[p]
	if !ok {
		id = Word(len(d.list))
		d.list = append(d.list, p)
		d.parts[p] = id
	}
	return id
}

// Part says whether a number is that of a part, which costs more to look for than a word.
func (d *Dictionary) Part(w Word) bool { return d.list[w].text != "" }

// A Set is what a text holds of a Dictionary. It belongs to one goroutine.
type Set struct {
	list  []part
	text  string
	lower string // text in lower case, once a part has asked for it
	found []uint64
	known []uint64
}

// Scan reads a text.
func (d *Dictionary) Scan(text string) *Set {
	n := (len(d.list) + 63) / 64
	bits := make([]uint64, 2*n)
	s := &Set{list: d.list, text: text, found: bits[:n], known: bits[n:]}
	for i := 0; i < len(text); {
		if !isWord(text[i]) {
			i++
			continue
		}
		start := i
		for i < len(text) && isWord(text[i]) {
			i++
		}
		if w, ok := d.words[text[start:i]]; ok {
			s.found[w/64] |= 1 << (w % 64)
		}
	}
	return s
}

// Has says whether the text holds the word or part.
func (s *Set) Has(w Word) bool {
	bit := uint64(1) << (w % 64)
	if p := s.list[w]; p.text != "" && s.known[w/64]&bit == 0 {
		s.known[w/64] |= bit
		if s.holds(p) {
			s.found[w/64] |= bit
		}
	}
	return s.found[w/64]&bit != 0
}

func (s *Set) holds(p part) bool {
	if !p.fold {
		return strings.Contains(s.text, p.text)
	}
	if s.lower == "" {
		// Besides its capital, two letters have a third form; a text with one of those is never ruled out.
		if strings.Contains(s.text, "\u017f") || strings.Contains(s.text, "\u212a") {
			return true
		}
		s.lower = strings.ToLower(s.text)
	}
	return strings.Contains(s.lower, p.text)
}

// HasAll says whether the text holds every one of the words.
func (s *Set) HasAll(ws []Word) bool {
	for _, w := range ws {
		if !s.Has(w) {
			return false
		}
	}
	return true
}

// HasAny says whether the text holds one of the words. It says so of no words at all: nothing is asked for then.
func (s *Set) HasAny(ws []Word) bool {
	for _, w := range ws {
		if s.Has(w) {
			return true
		}
	}
	return len(ws) == 0
}

// isWord says which bytes make words: what identifiers of all five languages are made of, and every byte beyond ASCII.
func isWord(b byte) bool {
	return b >= 0x80 || b == '_' || b == '$' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}
