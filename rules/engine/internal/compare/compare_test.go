package compare

import (
	"strings"
	"testing"
)

func TestHolds(t *testing.T) {
	t.Parallel()
	vars := map[string]Value{
		"$N": {Kind: Int, Int: 12}, "$NEG": {Kind: Int, Int: -5}, "$F": {Kind: Float, Float: 1.5}, "$S": {Kind: String, Text: "abc"},
		"$D": {Kind: String, Text: "12"}, "$T": {Kind: Bool, Bool: true}, "$C": {Kind: Code, Text: "abc"}, "$...A": {Kind: Code, Text: "a, b"}, "$1": {Kind: String, Text: "7"},
	}
	for expr, want := range map[string]bool{
		"$N > 5":                           true,
		"$N > 12":                          false,
		"$N >= 12 and $N <= 12":            true,
		"$N == 0o14 and $N == 0xc":         true,
		"$N * 2 + 1 == 25":                 true,
		"$N ** 2 == 144":                   true,
		"-$N < -11":                        true,
		"$N % 5 == 2":                      true,
		"$N / 5 == 2":                      true,
		"$N & 4 == 4":                      true, // as Python: & binds more than ==
		"($N | 1) == 13":                   true,
		"$N << 1 == 24":                    true,
		"$N > 1.2":                         true,
		"$F > 1":                           true,
		"$NEG < -1 or $NEG > 1":            true,
		"$S == \"abc\"":                    true,
		"$S == 'abd'":                      false,
		"$S != 12":                         true, // another kind
		"$C == 'abc'":                      false,
		"not ($C == 'abc')":                false, // not known is not false
		"not ($N == 3)":                    true,
		"str($C) == 'abc'":                 true,
		"str($N) == str($D)":               true,
		"int($D) == $N":                    true,
		"int($S) == 0 or not int($S) == 0": false,
		"int($1) == 7":                     true,
		"$N in [1, 12]":                    true,
		"$N not in [1, 12]":                false,
		"not $S in ['x', 'y']":             true,
		"'b' in $S":                        true,
		"str($...A) == 'a, b'":             true,
		"re.match('a.*', $S)":              true,
		"re.match('b', $S)":                false,
		"re.match(\".*\\\\d\", str($N))":   true,
		"$T":                               true,
		"$T == True":                       true,
		"$N":                               false,
		"$S < 'b'":                         false,
		"$MISSING == 1 or $N == 12":        false,
		"$N == 12 or $MISSING == 1":        true,
		"$N / 0 == 0":                      false,
		"not ($N % 0 == 0)":                false,
		"1 < 2":                            true,
	} {
		e, err := Parse(expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if got := e.Holds(func(name string) (Value, bool) { v, ok := vars[name]; return v, ok }); got != want {
			t.Errorf("%s: %v, want %v", expr, got, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		"":                            "the expression ends too early (at column 1)",
		"$N >":                        "the expression ends too early (at column 5)",
		"$N 5":                        `there is more than one expression: "5" is left over (at column 4)`,
		"today() > 5":                 `"today" cannot be used: expressions know numbers, strings, lists, metavariables, int(), str() and re.match() (at column 1)`,
		"($N == 1":                    `here ")" is missing (at column 9)`,
		"int($N, 2)":                  `"int" has another number of arguments (at column 11)`,
		"$N == 1 ; 2":                 "this cannot be read (at column 9)",
		"re.match($N, 'a')":           "re.match needs a regular expression as a string, without looking around or back (at column 18)",
		strings.Repeat("(", 100):      "the expression is too deep (at column 61)",
		strings.Repeat("not ", 100):   "the expression is too deep (at column 241)",
		strings.Repeat("1+", 2000):    "the expression is too deep (at column 121)",
		strings.Repeat("1 or ", 1000): "the expression is too long (at column 1)",
	} {
		if _, err := Parse(expr); err == nil || err.Error() != want {
			t.Errorf("%.40q: %v, want %s", expr, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("not str($A) in [\"x\", 1.5] or -$B ** 2 >= 0x1f")
	f.Add("re.match('a|b', $C) and ($1 & 3) << 2 != 4")
	f.Fuzz(func(t *testing.T, source string) {
		e, err := Parse(source)
		if err != nil {
			return
		}
		e.Holds(func(string) (Value, bool) { return Value{Kind: Int, Int: 3}, true })
		e.Holds(func(string) (Value, bool) { return Value{Kind: String, Text: source}, true })
	})
}
