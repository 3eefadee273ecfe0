package prefilter

import "testing"

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
		for range 70 { // words beyond the first 64 use another element of the set
			d.Add("other" + string(rune('a'+d.count)))
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
