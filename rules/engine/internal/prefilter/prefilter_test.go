package prefilter

import (
	"strings"
	"testing"
)

func TestScan(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, word string
		want       bool
	}{
		{"eval(x)", "eval", true},
		{"retrieval(x)", "eval", false},
		{"_eval(x)", "eval", false},
		{"$el.innerHTML = x", "innerHTML", true},
		{"größe = 1", "größe", true},
		{"größer = 1", "größe", false},
		{`f("application/json")`, "application/json", true},
		{`f("xapplication/jsonx")`, "application/json", true}, // a piece of a string may stand anywhere
		{`f("application-json")`, "application/json", false},
		{"", "eval", false},
		{"eval", "eval", true},
	}
	for _, test := range tests {
		var d Dictionary
		for i := range 70 { // words beyond the first 64 use another element of the set
			d.Add("other" + strings.Repeat("x", i))
		}
		w := d.Add(test.word)
		if again := d.Add(test.word); again != w {
			t.Errorf("Add(%q) gave %d, then %d", test.word, w, again)
		}
		if got := d.Scan(test.text).Has(w); got != test.want {
			t.Errorf("Scan(%q) has %q: %v, want %v", test.text, test.word, got, test.want)
		}
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, part string
		fold, want bool
	}{
		{"retrieval(x)", "eval", false, true},
		{"EVAL(x)", "eval", false, false},
		{"EVAL(x)", "eval", true, true},
		{"eval(x)", "EVAL", true, true},
		{"\"\u017felect\"", "select", true, true},
		{"run(x)", "select", true, false},
		{"größe", "GRÖSSE", true, false},
		{"GRÖßE", "größe", true, true},
	}
	for _, test := range tests {
		var d Dictionary
		d.Add("eval")
		w := d.AddPart(test.part, test.fold)
		if again := d.AddPart(test.part, test.fold); again != w {
			t.Errorf("AddPart(%q) gave %d, then %d", test.part, w, again)
		}
		s := d.Scan(test.text)
		if first, second := s.Has(w), s.Has(w); first != test.want || second != test.want {
			t.Errorf("%q has %q: %v, then %v, want %v", test.text, test.part, first, second, test.want)
		}
		if !s.HasAny(nil) || s.HasAny([]Word{w}) != test.want || s.HasAll([]Word{w}) != test.want {
			t.Errorf("%q: HasAny and HasAll disagree with Has", test.text)
		}
	}
}
