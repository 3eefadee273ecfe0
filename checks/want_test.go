package checks_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/checks"
)

// TestSearch: a file is found by its ending and all words of one want, each as a whole word, and by nothing that an earlier file had.
func TestSearch(t *testing.T) {
	t.Parallel()
	s := checks.NewSearch([]checks.Want{
		{Endings: []string{".go"}, Words: []string{"slugify", "größe"}},
		{Endings: []string{".js", ".ts"}, Words: []string{"$el"}},
		{Endings: []string{".py"}},
	})
	for _, c := range []struct {
		path, text string
		looks      bool
		finds      bool
	}{
		{"a.go", "x := slugify(größe)", true, true},
		{"b.go", "x := slugify(y)", true, false},
		{"c.go", "größe", true, false},
		{"d.go", "slugify2 _größe größen", true, false},
		{"e.rs", "slugify(größe)", false, false},
		{"f.ts", "$el", true, true},
		{"g.ts", "$element.slugify(größe)", true, false},
		{"h.py", "anything", false, false}, // a want without words is for nothing
		{"i.go", "", true, false},
		{"j.go", "slugify\xffgröße", true, false}, // what is not ASCII is part of a word
	} {
		if got := s.Looks(c.path); got != c.looks {
			t.Errorf("%s: looks %v", c.path, got)
		}
		if got := s.Finds(c.path, []byte(c.text)); got != c.finds {
			t.Errorf("%s %q: finds %v", c.path, c.text, got)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	text := make([]byte, 0, 1<<20)
	for len(text) < 1<<20 {
		text = append(text, "\tif err := store.Save(ctx, order.ID, total); err != nil {\n\t\treturn fmt.Errorf(\"saving: %w\", err)\n"...)
	}
	s := checks.NewSearch([]checks.Want{{Endings: []string{".go"}, Words: []string{"DelegatingSecurityManager", "normalize"}}})
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.Finds("a.go", text)
	}
}

// FuzzSearch holds the search to what it says: all words, cut at whatever is no part of one.
func FuzzSearch(f *testing.F) {
	f.Add("slugify", "$größe", "slugify($größe)")
	f.Fuzz(func(t *testing.T, a, b, text string) {
		if !checks.IsWord(a) || !checks.IsWord(b) || !utf8.ValidString(a+b+text) {
			return
		}
		words := strings.FieldsFunc(text, func(r rune) bool { return r < 0x80 && !checks.IsWord(string(r)) })
		want := slices.Contains(words, a) && slices.Contains(words, b)
		s := checks.NewSearch([]checks.Want{{Endings: []string{""}, Words: []string{a, b}}})
		if got := s.Finds("x", []byte(text)); got != want {
			t.Errorf("%q, %q in %q: %v", a, b, text, got)
		}
	})
}
