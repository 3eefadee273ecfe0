package gate

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
)

func TestGlobs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		patterns string // separated by spaces
		path     string
		want     bool
	}{
		{"src/auth/**", "src/auth/login.go", true},
		{"src/auth/**", "src/auth/a/b/c.go", true},
		{"src/auth/**", "src/auth", true}, // a link or submodule in the folder's place
		{"src/auth/**", "src/authority/x", false},
		{"src/auth/**", "x/src/auth/login.go", false},
		{"docs/*", "docs/a", true},
		{"docs/*", "docs/a/b", false},
		{"*.md", "README.md", true},
		{"*.md", "docs/README.md", false},
		{"**/*.md", "README.md", true},
		{"**/*.md", "a/b/README.md", true},
		{"package.json", "x/package.json", false},
		{"package.json", "package.json.sh", false},
		{"package.json", "packageXjson", false},
		{"a?c", "abc", true},
		{"a?c", "a/c", false},
		{"a?c", "aéc", true},
		{"**/{api,internal}/**", "x/api/y", true},
		{"**/{api,internal}/**", "x/apis/y", false},
		{"{a,b/c}/d", "b/c/d", true},
		{"{a,{b,c}}/d", "c/d", true},
		{"x[0-9].go", "x7.go", true},
		{"x[0-9].go", "xa.go", false},
		{"x[!0-9].go", "xa.go", true},
		{"**", "anything/at/all", true},
		{"**/a/**/b/**", "x/a/y/z/b/c", true},
		{"**/a/**/b/**", "x/b/y/a/c", false},
		{".github/**", ".github/workflows/ci.yml", true},
		{"SRC/*.Go", "src/x.gO", true},
		{"src/**  !src/gen/**", "src/gen/x", false},
		{"src/**  !src/gen/** src/gen/keep/**", "src/gen/keep/x", true},
		{"!src/gen/** src/**", "src/gen/x", true},
		{"src/** !SRC/GEN/**", "src/gen/x", true}, // exclusions do not fold
		{"straße/**", "STRASSE/x", true},
		{"\u212A/x", "k/x", true}, // the Kelvin sign folds to k
		{"a/é", "a/e\u0301", true},
		// Regular expressions match whole paths, and fold as globs do.
		{`re:src/(auth|pay)/.*\.py`, "src/pay/x/card.py", true},
		{`re:src/(auth|pay)/.*\.py`, "x/src/pay/card.py", false},
		{`re:src/(auth|pay)/.*\.py`, "src/pay/card.py.sh", false},
		{`re:src/(auth|pay)/.*\.py`, "SRC/Pay/card.PY", true},
		{`re:src/(auth|pay)/.*\.py`, "src/pay/a\nb.py", true}, // a name with a line break hides nothing
		{`re:^src$`, "src", true},
		{`re:a|b`, "a/b", false},
		{`re:(?m)docs/.*$`, "docs/a\nsrc/x", true},
		{`re:[^A-Z]+`, "abc", true},
		{`re:straße/.*`, "STRASSE/x", false}, // "(?i)" knows no folding of one letter to two: write a glob
		{`src/** !re:src/gen/.*`, "src/gen/x", false},
		{`src/** !re:src/gen/.*`, "src/GEN/x", true}, // exclusions do not fold
		{`re:a.*\xff`, "a\xff", false},
	} {
		if got := NewGlobs(strings.Fields(c.patterns)...).Match(c.path); got != c.want {
			t.Errorf("%s on %s: %v", c.patterns, c.path, got)
		}
	}
}

func TestValidGlob(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"src/**": "", "!src/**": "", "a/{b,c}/*.go": "", "[a-z]": "",
		"":                               "an empty pattern matches nothing",
		"!":                              "an empty pattern matches nothing",
		"!!a":                            `write a single "!" to exclude`,
		"/src/**":                        `patterns start at the root of the repository: leave out the leading "/"`,
		"src/":                           `the pattern names a folder and matches no file; write "src/**"`,
		`a\b`:                            `"\" is not supported; separate folders by "/"`,
		" a":                             "the pattern begins or ends with white space",
		"a//b":                           "the pattern has nothing between two slashes, or at an end",
		"./a":                            `"." is not a folder of the repository`,
		"../a":                           `".." is not a folder of the repository`,
		"a**/b":                          `"**" must stand alone between slashes; in "a**" write "*"`,
		`re:^src/(a|b)/.*\.go$`:          "",
		`!re:a`:                          "",
		"re:":                            "an empty pattern matches nothing",
		"re:a)|(b":                       `the regular expression cannot be read: unexpected ): "a)|(b"`,
		"re:(?=a)":                       `the regular expression cannot be read: invalid or unsupported Perl syntax: "(?="`,
		"re:((a{100}){100}){100}":        `the regular expression cannot be read: invalid repeat count: "{100}"`,
		"re:.{900}":                      "the regular expression is too large: repeat less, or write several",
		"re:\xff":                        "the pattern is not valid UTF-8",
		"a[b":                            "the pattern is not complete: a bracket or brace is not closed",
		"a{b":                            "the pattern is not complete: a bracket or brace is not closed",
		"a\xff":                          "the pattern is not valid UTF-8",
		"{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}": "the braces stand for more than 32 patterns; write several patterns",
		"{*,a}*":                         `a "*" beside "{" makes "**" of two stars; write the alternatives as patterns of their own`,
		"{a,/b}":                         "the pattern has nothing between two slashes, or at an end",
		"a/**/**":                        `"**/**" says no more than "**"`,
		"[z-a]":                          `a range in brackets runs backwards or begins with "-"`,
		"[]":                             "a pair of brackets is empty",
		"}{":                             "the pattern is not complete: a bracket or brace is not closed",
	} {
		got := ""
		if err := ValidGlob(pattern); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
}

// byDoublestar is what a list of patterns means, written down without any speed.
func byDoublestar(patterns []string, path string) bool {
	matched := false
	for _, p := range patterns {
		pattern, exclude := strings.CutPrefix(p, "!")
		if ValidGlob(pattern) != nil {
			continue
		}
		star := func(pattern, path string) bool {
			// doublestar lets "a/**" match "a", but not "a*/**"; we let both.
			self, below := strings.CutSuffix(pattern, "/**")
			return doublestar.MatchUnvalidated(pattern, path) || below && doublestar.MatchUnvalidated(self, path)
		}
		exact := star(pattern, path)
		if exclude {
			if exact {
				matched = false
			}
		} else if exact || star(fold(pattern), fold(path)) {
			matched = true
		}
	}
	return matched
}

// TestGlobsAgreeWithDoublestar compares the walk with one doublestar match after the other, on many paths in a row: what the walk
// remembers of a folder must not show in the next.
func TestGlobsAgreeWithDoublestar(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	parts := []string{"a", "b", "A", "ab", "*", "**", "?", "a*", "*b", "a*b", "{a,b}", "{a,*}", "[ab]", "é", "e\u0301"}
	names := []string{"a", "b", "A", "ab", "B", "aab", "é", "e\u0301", "É"}
	join := func(from []string) string {
		var out []string
		for range 1 + r.IntN(4) {
			out = append(out, from[r.IntN(len(from))])
		}
		return strings.Join(out, "/")
	}
	for range 3000 {
		var lists [][]string
		for range 3 {
			var patterns []string
			for range 1 + r.IntN(4) {
				p := join(parts)
				if r.IntN(4) == 0 {
					p = "!" + p
				}
				patterns = append(patterns, p)
			}
			lists = append(lists, patterns)
		}
		m := newGlobMatcher(lists[:1]).clone()
		m.addLists(lists[1:])
		for range 8 {
			path := join(names)
			got := map[int32]bool{}
			for _, l := range m.match(path) {
				got[l] = true
			}
			for i, patterns := range lists {
				if want := byDoublestar(patterns, path); got[int32(i)] != want {
					t.Fatalf("%q on %q: %v, doublestar says %v", patterns, path, got[int32(i)], want)
				}
			}
		}
	}
}

func FuzzGlobs(f *testing.F) {
	f.Add("src/**\n!src/a/*", "src/a/b")
	f.Add("{a,b}/[x-z]\n**/é?", "a/y")
	f.Add("re:(a|b)*/.{3}\n!re:a)|(b", "a/y")
	f.Add("**/a/**/a/**/a/**", strings.Repeat("a/", 200)+"b")
	f.Fuzz(func(t *testing.T, patterns, path string) {
		if strings.Contains(patterns, "re:") { // doublestar has none: they are asked for themselves
			NewGlobs(strings.Split(patterns, "\n")...).Match(path)
			return
		}
		if path == "" || path[0] == '/' || strings.Contains(path, "//") || strings.HasSuffix(path, "/") || len(path) > 500 || len(patterns) > 200 || strings.Count(patterns, "*") > 6 || len(path) > 60 || strings.Contains(patterns, "{") {
			return // git has no such paths; doublestar takes exponential time on many stars
		}
		list := strings.Split(patterns, "\n")
		g := NewGlobs(list...)
		got := g.Match(path)
		g.Match("other/" + path)
		if again := g.Match(path); again != got {
			t.Errorf("%q on %q: %v, then %v", list, path, got, again)
		}
		if want := byDoublestar(list, path); want != got {
			t.Errorf("%q on %q: %v, doublestar says %v", list, path, got, want)
		}
	})
}
