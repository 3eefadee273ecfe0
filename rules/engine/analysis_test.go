package engine

import "testing"

func TestEntropyIsHigh(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"7b1e94c05da83f26":             true,
		"Qz81kVw0TgXr5Ymd":             true,
		"xkqvjzwpfhgtbn":               true,
		"84920175360284":               true,
		"9f8c/Ke+21Qx7ZpLw":            true,
		"":                             false,
		"password":                     false,
		"example_account_name":         false,
		"a sentence of common words":   false,
		"CustomerAccountService":       false,
		"https://example.com/a/guide":  false,
		"zzzzzzzzzzzzzzzzzzzzzzzz":     false,
		"Rzzzzzzzzzzzzzzz":             true,
		"----------------------------": false,
		"k3y":                          false,
	} {
		if got := entropyIsHigh(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestMayBacktrack(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]bool{
		`(x+)+$`:           true,
		`^(?:x*)*y`:        true,
		`(x+|y)*z`:         true,
		`([a-z]+-?)*[0-9]`: true,
		`((x)+)+y`:         true,
		`(x{2,})+y`:        true,
		`(?<name>x+)+?y`:   true,
		`(x+)+`:            false, // nothing has to follow
		`(x+)+|y`:          false,
		`(x|y)+z`:          false,
		`(x{2})+y`:         false,
		`(x+){2,3}y`:       false,
		`[(x+)+]y`:         false,
		`\(x+\)+y`:         false,
		`x+y+z+`:           false,
		`(x`:               false,
		`[`:                false,
		`(?`:               false,
	} {
		if got := mayBacktrack(expr); got != want {
			t.Errorf("%s: %v, want %v", expr, got, want)
		}
	}
}

func FuzzAnalysis(f *testing.F) {
	f.Add(`(?:a+[^\]]*)*b{2,}\d|(?<n>c)`)
	f.Fuzz(func(_ *testing.T, text string) {
		mayBacktrack(text)
		entropyIsHigh(text)
	})
}
