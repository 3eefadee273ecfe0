package gate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxCodeowners is the size from which GitHub ignores a CODEOWNERS file.
const MaxCodeowners = 3 << 20

// Codeowners is a parsed CODEOWNERS file with GitHub's semantics: the last line whose pattern matches a path decides, and a line
// without owners takes ownership away. Patterns are gitignore's without "!", "[ ]" and escaped "#"; they are case sensitive.
type Codeowners struct {
	Rules []CodeownersRule
	// exact follows GitHub; folded finds the line that would decide on a file system that folds names.
	exact, folded walker
}

// A CodeownersRule is one line of the file.
type CodeownersRule struct {
	Line    int
	Pattern string
	Owners  []Owner // empty: nobody owns what it matches
}

// An Owner of a CODEOWNERS line. Exactly one field is set.
type Owner struct {
	User  string // login, as written
	Team  string // "org/slug", as written
	Email string // an e-mail address; it cannot be resolved to an account, so it never counts here
}

func (o Owner) String() string {
	switch {
	case o.User != "":
		return "@" + o.User
	case o.Team != "":
		return "@" + o.Team
	}
	return o.Email
}

var (
	ownerUser  = regexp.MustCompile(`^@[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?$`)
	ownerTeam  = regexp.MustCompile(`^@[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_-]+$`)
	ownerEmail = regexp.MustCompile(`^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$`)
)

// maxProblems bounds what is reported of one file.
const maxProblems = 20

// ParseCodeowners reads the file. GitHub skips a line that it cannot read, which silently leaves paths without an owner; here every
// such line is a Problem, and a policy that uses code owners is broken by it. path is only for the problems.
func ParseCodeowners(path string, src string) (*Codeowners, []Problem) {
	c := &Codeowners{}
	var problems []Problem
	problem := func(line, column int, message, remedy string) {
		if len(problems) < maxProblems {
			problems = append(problems, Problem{File: path, Line: line, Column: column, Message: message, Remedy: remedy})
		}
	}
	if len(src) >= MaxCodeowners {
		problem(0, 0, "the file is 3 MB or larger; GitHub does not load it", "Use fewer, wider patterns.")
		return c, problems
	}
	src = strings.TrimPrefix(src, "\ufeff")
	n := 0
	for line := range strings.Lines(src) {
		n++
		line = strings.TrimRight(line, "\r\n")
		pattern, rest, column := cutPattern(line)
		if pattern == "" {
			continue // blank or a comment
		}
		segs, err := ownersSegments(pattern)
		if err != "" {
			problem(n, column, fmt.Sprintf("the pattern %q %s", clip(pattern), err), "GitHub skips this line. Rewrite the pattern.")
			continue
		}
		rule := CodeownersRule{Line: n, Pattern: pattern}
		broken := false
		for at := 0; at < len(rest); {
			if rest[at] == ' ' || rest[at] == '\t' {
				at++
				continue
			}
			if rest[at] == '#' {
				break
			}
			end := at
			for end < len(rest) && rest[end] != ' ' && rest[end] != '\t' && rest[end] != '#' {
				end++
			}
			owner, ok := parseOwner(rest[at:end])
			if !ok {
				problem(n, len(line)-len(rest)+at+1, fmt.Sprintf("%q is not an owner", clip(rest[at:end])), "Write @user, @organisation/team or an e-mail address; write spaces in a pattern as \"\\ \".")
				broken = true
				break
			}
			rule.Owners = append(rule.Owners, owner)
			at = end
		}
		if broken {
			continue
		}
		id := int32(len(c.Rules))
		c.Rules = append(c.Rules, rule)
		c.exact.add(id, segs)
		folded, _ := ownersSegments(fold(pattern))
		c.folded.add(id, folded)
	}
	return c, problems
}

func parseOwner(s string) (Owner, bool) {
	switch {
	case ownerUser.MatchString(s):
		return Owner{User: s[1:]}, true
	case ownerTeam.MatchString(s):
		return Owner{Team: s[1:]}, true
	case ownerEmail.MatchString(s):
		return Owner{Email: s}, true
	}
	return Owner{}, false
}

// cutPattern splits a line at the first space that is not escaped. column is where the pattern begins, from 1.
func cutPattern(line string) (pattern, rest string, column int) {
	start := 0
	for start < len(line) && (line[start] == ' ' || line[start] == '\t') {
		start++
	}
	i := start
	for i < len(line) {
		switch line[i] {
		case '\\':
			// A backslash before "#" does not make it part of the pattern (GitHub's documented exception).
			if i+1 < len(line) && line[i+1] != '#' {
				i++
			}
		case ' ', '\t':
			return line[start:i], line[i:], start + 1
		case '#':
			return line[start:i], "", start + 1
		}
		i++
	}
	return line[start:min(i, len(line))], "", start + 1
}

// ownersSegments compiles one pattern; the second answer says what is wrong with it.
func ownersSegments(pattern string) ([]segment, string) {
	switch {
	case len(pattern) > MaxGlob:
		return nil, "is too long"
	case !utf8.ValidString(pattern):
		return nil, "is not valid UTF-8"
	case pattern[0] == '!':
		return nil, "begins with \"!\", which CODEOWNERS does not support"
	case pattern == "/" || strings.Contains(pattern, "//"):
		return nil, "has an empty part"
	case strings.Contains(pattern, "***"):
		return nil, "has more than two stars in a row"
	}
	body, folder := strings.CutSuffix(pattern, "/")
	body, rooted := strings.CutPrefix(body, "/")
	anchored := rooted || strings.Contains(body, "/")
	var segs []segment
	if !anchored {
		segs = append(segs, segment{kind: deepSegment})
	}
	var toks []token
	for i := 0; i <= len(body); {
		if i == len(body) || body[i] == '/' {
			if len(toks) == 0 {
				return nil, "has an empty part"
			}
			segs = append(segs, ownersSegment(toks))
			toks = nil
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(body[i:])
		switch r {
		case '[', ']':
			return nil, "uses \"[ ]\", which CODEOWNERS does not support"
		case '*':
			r = anyRunes
		case '?':
			r = anyRune
		case '\\':
			i += n
			if i == len(body) {
				return nil, "ends in a backslash"
			}
			r, n = utf8.DecodeRuneInString(body[i:])
			if r == '/' {
				return nil, "escapes a slash"
			}
		}
		toks = append(toks, token{r: r})
		i += n
	}
	last := segs[len(segs)-1]
	switch {
	case folder && last.kind == deepSegment:
		// Everything below a folder at any depth.
		segs = append(segs, segment{kind: anySegment}, segment{kind: deepSegment}, segment{kind: anySegment})
	case folder || last.kind == deepSegment:
		// Everything below the folder, but not a file of that name.
		segs = append(segs, segment{kind: deepSegment}, segment{kind: anySegment})
	case anchored && last.kind == anySegment:
		// "docs/*" means the files in docs and nothing deeper.
	default:
		// The file, or the folder with everything below.
		segs = append(segs, segment{kind: deepSegment})
	}
	return segs, ""
}

// ownersSegment picks the kind for the tokens. Two stars with anything beside them are one.
func ownersSegment(toks []token) segment {
	wild := 0
	text := make([]rune, 0, len(toks))
	for _, t := range toks {
		if t.r < 0 {
			wild++
			continue
		}
		text = append(text, t.r)
	}
	switch stars := toks[0].r == anyRunes; {
	case wild == 0:
		return segment{kind: literalSegment, text: string(text)}
	case len(toks) == 1 && stars:
		return segment{kind: anySegment}
	case len(toks) == 2 && stars && toks[1].r == anyRunes:
		return segment{kind: deepSegment}
	case wild == 1 && stars:
		return segment{kind: suffixSegment, text: string(text)}
	}
	return segment{kind: generalSegment, toks: slices.CompactFunc(toks, func(a, b token) bool { return a.r == anyRunes && b.r == anyRunes })}
}

// Owners gives the rule that decides on the path, as GitHub does; nil if none matches. Not safe for concurrent use.
func (c *Codeowners) Owners(path string) *CodeownersRule { return c.last(&c.exact, path) }

// owners gives the rules whose owners a gate should ask: GitHub's, and the one that would decide if names were folded, where that
// is another one with owners. Folding may only add.
func (c *Codeowners) owners(path string) []*CodeownersRule {
	exact := c.last(&c.exact, path)
	folded := c.last(&c.folded, fold(path))
	var out []*CodeownersRule
	if exact != nil {
		out = append(out, exact)
	}
	if folded != nil && folded != exact && len(folded.Owners) > 0 {
		out = append(out, folded)
	}
	return out
}

func (c *Codeowners) last(w *walker, path string) *CodeownersRule {
	var buf [16]int32
	best := int32(-1)
	for _, id := range w.match(buf[:0], path) {
		best = max(best, id)
	}
	if best < 0 {
		return nil
	}
	return &c.Rules[best]
}

// clip keeps a quoted text short.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}
