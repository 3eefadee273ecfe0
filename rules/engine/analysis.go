package engine

import "strings"

// entropyIsHigh says whether a text looks as if it was made by chance, as keys and tokens are. Each character costs as many bits as it is
// unexpected after those before: little within words, more among digits, most in letters that no word has side by side.
func entropyIsHigh(s string) bool {
	const enough, each = 45.0, 3.0 // bits in all, and for each character
	if s == "" || strings.Trim(s, s[:1]) == "" {
		return false // one character over and over fills a place
	}
	total := 0.0
	var before, prev byte
	for i := range len(s) {
		total += unexpected(before, prev, s[i])
		before, prev = prev, s[i]
	}
	return total >= enough && total/float64(len(s)) >= each
}

// unexpected is the cost of a character after the two before it, in bits.
func unexpected(before, prev, c byte) float64 {
	switch {
	case c == prev && !letter(c) && !digit(c):
		return 0.5
	case digit(c):
		return 4.3
	case !letter(c):
		return 1.5
	case digit(prev):
		return 4.6
	case !letter(prev):
		return 2.5 // a word begins
	case c == prev && c == before:
		return 5
	case common[lower(prev)-'a'][lower(c)-'a']:
		if upper(c) && !upper(prev) {
			return 2.5 // so does one in the midst of a name
		}
		return 1.5
	case upper(c) != upper(prev):
		return 6.5
	}
	return 6
}

func digit(c byte) bool  { return '0' <= c && c <= '9' }
func upper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func letter(c byte) bool { return upper(c) || 'a' <= c && c <= 'z' }

func lower(c byte) byte {
	if upper(c) {
		return c + 'a' - 'A'
	}
	return c
}

// common are the pairs of letters that words are made of.
var common = func() (pairs [26][26]bool) {
	const after = "a:bcdgiklmnprstuvwy b:abeijlorsuy c:acehikloqrstu d:adeioruvs e:abcdefglmnoprstvwxy f:aefioru g:aeghilnoru h:aeiortu i:acdefglmnoprstvz " +
		"j:aeou k:eisy l:adefiklostuvy m:abeimopsu n:acdefgiknostuvy o:abcdfgiklmnoprstuvw p:aehiloprstu q:u r:abcdegiklmnorstuvy s:acehikmnopqrstuwy " +
		"t:aehilorstuwy u:abcdeglmnprst v:aeio w:aehino x:acept y:aeomps z:aeiy"
	for list := range strings.FieldsSeq(after) {
		for i := 2; i < len(list); i++ {
			pairs[list[0]-'a'][list[i]-'a'] = true
		}
	}
	return pairs
}()

// mayBacktrack says whether a regular expression can take exponential time in an engine that backtracks: something that repeats without end is
// repeated without end, and more has to follow.
func mayBacktrack(expr string) bool {
	s := &redosScan{expr: expr}
	s.alternatives(0)
	return s.found
}

// redosScan reads a regular expression as far as repetition goes.
type redosScan struct {
	expr  string
	at    int
	found bool
}

// alternatives reads up to a closing parenthesis or the end. It says whether something in it repeats without end.
func (s *redosScan) alternatives(depth int) (repeats bool) {
	pending := false // something that repeats a repetition stands before
	for s.at < len(s.expr) {
		c := s.expr[s.at]
		if c == ')' && depth > 0 {
			return repeats
		}
		s.found = s.found || pending && c != '|' && c != ')'
		s.at++
		inner := false
		switch c {
		case '|':
			pending = false
			continue
		case '\\':
			s.at++
		case '[':
			s.class()
		case '(':
			if depth > 200 {
				return repeats
			}
			s.at += len(groupStart(s.expr[s.at:]))
			inner = s.alternatives(depth + 1)
			s.at++
		}
		endless := s.quantifier()
		pending = endless && inner
		repeats = repeats || endless || inner
	}
	return repeats
}

// groupStart is what follows an opening parenthesis: ?:, ?=, ?<name>.
func groupStart(s string) string {
	switch {
	case !strings.HasPrefix(s, "?"):
		return ""
	case strings.HasPrefix(s, "?P<"), strings.HasPrefix(s, "?<") && !strings.HasPrefix(s, "?<=") && !strings.HasPrefix(s, "?<!"):
		return s[:strings.IndexByte(s, '>')+1]
	}
	return s[:min(2, len(s))]
}

// class passes over a bracket expression whose opening was read.
func (s *redosScan) class() {
	if s.at < len(s.expr) && s.expr[s.at] == '^' {
		s.at++
	}
	for first := true; s.at < len(s.expr); first = false {
		c := s.expr[s.at]
		s.at++
		switch {
		case c == '\\':
			s.at++
		case c == ']' && !first:
			return
		}
	}
}

// quantifier reads one, if there is one, and says whether it has no end.
func (s *redosScan) quantifier() (endless bool) {
	if s.at >= len(s.expr) {
		return false
	}
	switch s.expr[s.at] {
	case '*', '+':
		endless = true
		s.at++
	case '?':
		s.at++
	case '{':
		end := strings.IndexByte(s.expr[s.at:], '}')
		if end < 0 || strings.Trim(s.expr[s.at+1:s.at+end], "0123456789,") != "" {
			return false
		}
		endless = strings.HasSuffix(s.expr[s.at:s.at+end], ",")
		s.at += end + 1
	default:
		return false
	}
	if s.at < len(s.expr) && (s.expr[s.at] == '?' || s.expr[s.at] == '+') {
		s.at++
	}
	return endless
}
