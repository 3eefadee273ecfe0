package engine

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// regexTimeout bounds one search by the backtracking engine, which has no other limit. Hitting it is an overrun.
const regexTimeout = 500 * time.Millisecond

// maxBacktracking bounds all searches of one rule in one file.
const maxBacktracking = 3 * time.Second

// search is all, and matches is matches, of which the work of the rule's expressions is bounded as a whole: each may be asked of very many texts.
func (e *evaluation) search(re *regex, text string, limit int) ([]span, error) {
	done, err := e.begin(re, text)
	if err != nil {
		return nil, err
	}
	defer done()
	return re.all(text, limit)
}

func (e *evaluation) matches(re *regex, text string) (bool, error) {
	if err := e.step(1 + len(text)/textPerStep); err != nil {
		return false, err
	}
	done, err := e.begin(re, text)
	if err != nil {
		return false, err
	}
	defer done()
	return re.matches(text)
}

func (e *evaluation) begin(re *regex, text string) (done func(), err error) {
	if re.back == nil {
		return func() {}, nil
	}
	if e.run.backtracked > maxBacktracking {
		return nil, fmt.Errorf("its regular expressions took longer than %s", maxBacktracking)
	}
	start := time.Now()
	return func() { e.run.backtracked += time.Since(start) }, nil
}

// maxBacktracked bounds the text that the backtracking engine is given: it works on runes, four bytes each.
const maxBacktracked = 4 << 20

// A regex is a regular expression as rules write them, for PCRE. Go's own linear engine runs all but those that look around or back.
type regex struct {
	linear *regexp.Regexp
	back   *regexp2.Regexp
}

// groups is how many groups the expression has.
func (re *regex) groups() int {
	if re.linear != nil {
		return re.linear.NumSubexp()
	}
	return len(re.back.GetGroupNumbers()) - 1
}

// A span is where an expression matched, with its groups; a group that took no part is missing.
type span struct {
	start, end int
	groups     []group
}

type group struct {
	name       string // "$1", and "$NAME" too for a named one
	start, end int
}

// newRegex compiles an expression. prefix is put before it, grouped apart.
func newRegex(expr, prefix string) (*regex, error) {
	whole := prefix + "(?:" + zToEnd(expr) + ")"
	linear, err := regexp.Compile(whole)
	if err == nil {
		return &regex{linear: linear}, nil
	}
	back, err2 := regexp2.Compile(nameGroups(whole), regexp2.RE2)
	if err2 != nil {
		return nil, fault(err, err2, whole)
	}
	back.MatchTimeout = regexTimeout
	return &regex{back: back}, nil
}

// fault words why an expression cannot be read. The linear engine does it better, unless it is the one that lacks the construct.
func fault(linear, back error, whole string) error {
	var e *syntax.Error
	if !errors.As(linear, &e) || e.Code == syntax.ErrInvalidPerlOp || e.Code == syntax.ErrInvalidEscape {
		return back
	}
	if e.Expr == whole { // with our own brackets around it
		return errors.New(e.Code.String())
	}
	return fmt.Errorf("%s: `%s`", e.Code, e.Expr)
}

// zToEnd writes \Z as \z: Go knows only the latter, and the two differ only before a final line feed.
func zToEnd(expr string) string {
	if !strings.Contains(expr, `\Z`) {
		return expr
	}
	var b strings.Builder
	for i := 0; i < len(expr); i++ {
		if expr[i] == '\\' && i+1 < len(expr) {
			i++
			b.WriteByte('\\')
			if expr[i] == 'Z' {
				b.WriteByte('z')
				continue
			}
		}
		b.WriteByte(expr[i])
	}
	return b.String()
}

const unnamed = "reviewgate_group_" // begins the name of a group that has none of its own

// nameGroups names every group of an expression that names some: the backtracking engine numbers the named ones after the others, and
// rules count them as they stand.
func nameGroups(expr string) string {
	if !strings.Contains(expr, "(?P<") && !strings.Contains(expr, "(?<") {
		return expr
	}
	var b strings.Builder
	class := -1 // where a bracket was opened
	for i := 0; i < len(expr); i++ {
		b.WriteByte(expr[i])
		switch {
		case expr[i] == '\\' && i+1 < len(expr):
			i++
			b.WriteByte(expr[i])
		case class >= 0:
			// A closing bracket that comes first is one of the class.
			if expr[i] == ']' && strings.TrimPrefix(expr[class+1:i], "^") != "" {
				class = -1
			}
		case expr[i] == '[':
			class = i
		case expr[i] == '(' && i+1 < len(expr) && expr[i+1] != '?':
			fmt.Fprintf(&b, "?<%s%d>", unnamed, i)
		}
	}
	return b.String()
}

// all finds every match, one after the other, at most limit.
func (re *regex) all(text string, limit int) ([]span, error) {
	if re.linear != nil {
		names := re.linear.SubexpNames()
		var out []span
		for _, m := range re.linear.FindAllStringSubmatchIndex(text, limit) {
			s := span{start: m[0], end: m[1]}
			for g := 1; g < len(m)/2; g++ {
				if m[2*g] < 0 {
					continue
				}
				s.groups = append(s.groups, group{"$" + strconv.Itoa(g), m[2*g], m[2*g+1]})
				if names[g] != "" {
					s.groups = append(s.groups, group{"$" + names[g], m[2*g], m[2*g+1]})
				}
			}
			out = append(out, s)
		}
		return out, nil
	}
	if len(text) > maxBacktracked {
		return nil, fmt.Errorf("a regular expression that looks around or back is not tried on more than %d MB", maxBacktracked>>20)
	}
	offsets := make([]int, 0, len(text)+1) // of runes, in bytes
	for i := range text {
		offsets = append(offsets, i)
	}
	offsets = append(offsets, len(text))
	var out []span
	start := time.Now()
	m, err := re.back.FindStringMatch(text)
	for ; m != nil && err == nil; m, err = re.back.FindNextMatch(m) {
		if time.Since(start) > maxBacktracking {
			return nil, fmt.Errorf("a regular expression took longer than %s", maxBacktracking)
		}
		s := span{start: offsets[m.Index], end: offsets[m.Index+m.Length]}
		for i, g := range m.Groups() {
			if i == 0 || len(g.Captures) == 0 {
				continue
			}
			start, end := offsets[g.Index], offsets[g.Index+g.Length]
			s.groups = append(s.groups, group{"$" + strconv.Itoa(i), start, end})
			if g.Name != strconv.Itoa(i) && !strings.HasPrefix(g.Name, unnamed) {
				s.groups = append(s.groups, group{"$" + g.Name, start, end})
			}
		}
		if out = append(out, s); len(out) == limit {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("a regular expression took longer than %s", regexTimeout)
	}
	return out, nil
}

// matches says whether the expression is found in the text.
func (re *regex) matches(text string) (bool, error) {
	if re.linear != nil {
		return re.linear.MatchString(text), nil
	}
	if len(text) > maxBacktracked {
		return false, fmt.Errorf("a regular expression that looks around or back is not tried on more than %d MB", maxBacktracked>>20)
	}
	ok, err := re.back.MatchString(text)
	if err != nil {
		return false, fmt.Errorf("a regular expression took longer than %s", regexTimeout)
	}
	return ok, nil
}

// A literal is a text that an expression asks for.
type literal struct {
	text string
	fold bool // in capitals or not
}

// maxLiterals bounds the choice between literals: a long one rules out few files.
const maxLiterals = 40

// needed gives literals of which any text that matches the expression holds one; none if that cannot be told.
func needed(expr string) []literal {
	re, err := syntax.Parse(zToEnd(expr), syntax.Perl)
	if err != nil {
		return nil // the backtracking engine's syntax
	}
	return literals(re)
}

func literals(re *syntax.Regexp) []literal {
	switch re.Op {
	case syntax.OpLiteral:
		if len(re.Rune) >= 2 { // one character is everywhere
			return []literal{{string(re.Rune), re.Flags&syntax.FoldCase != 0}}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return literals(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return literals(re.Sub[0])
		}
	case syntax.OpConcat: // one part will do: that with the least choice, then the longest
		var best []literal
		for _, sub := range re.Sub {
			ls := literals(sub)
			if len(ls) > 0 && (len(best) == 0 || len(ls) < len(best) || len(ls) == len(best) && len(ls[0].text) > len(best[0].text)) {
				best = ls
			}
		}
		return best
	case syntax.OpAlternate:
		var all []literal
		for _, sub := range re.Sub {
			ls := literals(sub)
			if len(ls) == 0 || len(all)+len(ls) > maxLiterals {
				return nil
			}
			all = append(all, ls...)
		}
		return all
	}
	return nil
}
