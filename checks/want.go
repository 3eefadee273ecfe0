package checks

import "strings"

// A Want asks for files of head that the change leaves alone, by what is in them: product code whose path has one of the endings and that holds every one
// of the words. It finds the few files that matter among all of a tree, which nobody has to read into memory or parse for it.
type Want struct {
	Endings []string `json:"endings"` // ".go"
	Words   []string `json:"words"`   // as Words cuts them; at least one
}

// MaxFound bounds the files that are handed over for all wants of a change.
const MaxFound = 200

// Found is what the wants of all checks brought: files of head that did not change. Their content is in the change's Head.
type Found struct {
	Paths []string // sorted
	// Lacks says why not all files of the tree could be looked through, as a clause for people; "": they all were.
	Lacks string
}

// A Search looks for what checks want. Its zero value is not usable.
type Search struct {
	wants []Want
	seen  map[string]int // a word of any want -> the last text that it was seen in
	texts int
	// What most words of a text are not: of the length of a wanted one, with its first byte.
	lengths [maxWordLength + 1]bool
	firsts  [256]bool
}

// maxWordLength bounds the words that are looked for; longer ones are no words of a program.
const maxWordLength = 255

// NewSearch begins a search.
func NewSearch(wants []Want) *Search {
	s := &Search{wants: wants, seen: map[string]int{}}
	for _, w := range wants {
		for _, word := range w.Words {
			if IsWord(word) {
				s.seen[word] = 0
				s.lengths[len(word)], s.firsts[word[0]] = true, true
			}
		}
	}
	return s
}

// Looks tells whether any want is for a path.
func (s *Search) Looks(path string) bool {
	for _, w := range s.wants {
		if w.looks(path) {
			return true
		}
	}
	return false
}

// Finds tells whether a file is what a want asks for. Its time depends on the text alone, however many wants there are.
func (s *Search) Finds(path string, text []byte) bool {
	s.texts++
	for start := 0; start < len(text); {
		if !wordByte[text[start]] {
			start++
			continue
		}
		end := start + 1
		for end < len(text) && wordByte[text[end]] {
			end++
		}
		if n := end - start; n <= maxWordLength && s.lengths[n] && s.firsts[text[start]] {
			if _, ok := s.seen[string(text[start:end])]; ok { // looking up allocates nothing
				s.seen[string(text[start:end])] = s.texts
			}
		}
		start = end
	}
	for _, w := range s.wants {
		if w.looks(path) && w.held(s.seen, s.texts) {
			return true
		}
	}
	return false
}

func (w *Want) looks(path string) bool {
	for _, ending := range w.Endings {
		if strings.HasSuffix(path, ending) {
			return len(w.Words) > 0
		}
	}
	return false
}

func (w *Want) held(seen map[string]int, text int) bool {
	for _, word := range w.Words {
		if seen[word] != text {
			return false
		}
	}
	return true
}

// wordByte are the bytes of words: letters, digits, _ and $, and all that is not ASCII.
var wordByte = func() (is [256]bool) {
	for b := range is {
		is[b] = b >= 0x80 || b == '_' || b == '$' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
	}
	return is
}()

// IsWord tells whether a text is one word to a Search, and not too long for it.
func IsWord(text string) bool {
	for i := range len(text) {
		if !wordByte[text[i]] {
			return false
		}
	}
	return text != "" && len(text) <= maxWordLength
}
