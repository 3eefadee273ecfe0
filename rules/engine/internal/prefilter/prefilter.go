// Package prefilter tells which words a source text holds, so that a file is parsed only if a rule can match in it.
//
// All words that any rule needs are collected once. A text is then read once: each of its words is looked up, and what was found is kept as
// a set of bits. A needed "word" that holds other characters (a piece of a string, say) is searched for as it is.
package prefilter

import "strings"

// A Dictionary numbers the words that rules need. Fill it before the first Scan; Scan is safe for concurrent use.
type Dictionary struct {
	words   map[string]Word // of word characters only
	phrases map[string]Word // all others
	count   Word
}

// Word is the number of a word in its Dictionary.
type Word int32

// Add numbers a word.
func (d *Dictionary) Add(word string) Word {
	m := &d.words
	if strings.IndexFunc(word, func(r rune) bool { return r < 0x80 && !isWord(byte(r)) }) >= 0 {
		m = &d.phrases
	}
	if *m == nil {
		*m = map[string]Word{}
	}
	id, ok := (*m)[word]
	if !ok {
		id = d.count
		d.count++
		(*m)[word] = id
	}
	return id
}

// A Set is the words of a Dictionary that a text holds.
type Set struct{ bits []uint64 }

// Has says whether the text holds the word.
func (s Set) Has(w Word) bool { return s.bits[w/64]&(1<<(w%64)) != 0 }

// HasAll says whether the text holds every one of the words.
func (s Set) HasAll(ws []Word) bool {
	for _, w := range ws {
		if !s.Has(w) {
			return false
		}
	}
	return true
}

// Scan reads a text.
func (d *Dictionary) Scan(text string) Set {
	s := Set{bits: make([]uint64, (d.count+63)/64)}
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
			s.bits[w/64] |= 1 << (w % 64)
		}
	}
	for phrase, w := range d.phrases {
		if strings.Contains(text, phrase) {
			s.bits[w/64] |= 1 << (w % 64)
		}
	}
	return s
}

// isWord says which bytes make words: what identifiers of all five languages are made of, and every byte beyond ASCII.
func isWord(b byte) bool {
	return b >= 0x80 || b == '_' || b == '$' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}
