package generic

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// find gives the lines at which a pattern matches, each with its bindings.
func find(t *testing.T, pattern, text string, o Options) []string {
	t.Helper()
	p, err := Compile(pattern, o)
	if err != nil {
		t.Fatalf("%q: %v", pattern, err)
	}
	found, err := p.Find(text)
	if err != nil {
		t.Fatalf("%q: %v", pattern, err)
	}
	var out []string
	for _, m := range found {
		s := fmt.Sprint(1 + strings.Count(text[:m.Start], "\n"))
		for _, b := range m.Bindings {
			s += fmt.Sprintf(" %s=%s", b.Name, strings.Join(strings.Fields(text[b.Start:b.End]), " "))
		}
		out = append(out, s)
		for _, w := range p.Words() {
			if !o.Caseless && !strings.Contains(text, w) {
				t.Errorf("%q: the word %q is not in the text that matched", pattern, w)
			}
		}
	}
	return out
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, text string
		want          []string
	}{
		// Words are whole; white space and line ends only separate.
		{"set $X", "set host\nreset host\nset-host\nset\n  port\nsetx y", []string{"1 $X=host", "4 $X=port"}},
		{"ab-cd", "ab-cd\nab - cd\nabc-cd\nab\n-\ncd", []string{"1", "2", "4"}},
		{"key = $V;", "key = one;\nkey = a.b;\nkey = 'x';", []string{"1 $V=one"}},
		{"v$X", "vab v ab", []string{"1 $X=ab"}},
		{"$A = $A", "z = z\nz = y", []string{"1 $A=z"}},
		{"http://$HOST", "see http://example.com/", []string{"1 $HOST=example"}},
		{"é $X", "é hello", []string{"1 $X=hello"}},

		// An ellipsis goes on for ten lines and takes as little as it can; of those that end together the shortest counts.
		{"start ... stop", "start" + strings.Repeat("\nx", 9) + "\nstop", []string{"1"}},
		{"start ... stop", "start" + strings.Repeat("\nx", 10) + "\nstop", nil},
		{"start ... stop", "start a\nstart b stop", []string{"2"}},
		{"start $...X stop", "start a (b) stop", []string{"1 $...X=a (b)"}},
		{"start $...X", "start a\nb", []string{"1 $...X=a b"}},
		{"k ... ", "k a\nk b", []string{"1"}},
		{"... </$TAG", "a b </p", []string{"1 $TAG=p"}},

		// Brackets are blocks: what a pattern has between them is all that is there; a match does not leave the block that it begins in.
		{"f(...)", "f(1, 2)\nf (\n 1\n)\nf(a, (b) c)\nf(a", []string{"1", "2", "5"}},
		{"f(q)", "f(q)\nf(q, r)\nf q", []string{"1"}},
		{"f(q", "f(q)\nf(q, r)", []string{"1", "2"}},
		{"f(... q ...)", "f(q)\nf(a q b)\nf(a) q", []string{"1", "2"}},
		{"a ... c", "( a ) c", nil},
		{"a ... c)", "( a c )\na (b) c)", []string{"2"}},
		{"a ... c", "a ( c )", []string{"1"}},
		{"$SCHEME:// { ... }", "https://{}", []string{"1 $SCHEME=https"}},

		// So is what is indented.
		{"a\n  b", "a\n  b\na\nb\na b\n", []string{"1"}},
		{"a\n  b", "a\n  b\n  d", nil},
		{"a\n  b\n  ...", "a\n  b\n  d\nc", []string{"1"}},
		{"a\nb", "a\n  b\n", []string{"1"}},
		{"a\nb", "  a\nb\n", nil},
		{"<t> ... </t>", "<t> a </t>\n<t>\n  a\n</t>", []string{"1", "2"}},
	} {
		if got := find(t, test.pattern, test.text, Options{}); !slices.Equal(got, test.want) {
			t.Errorf("%q in %q: %q, want %q", test.pattern, test.text, got, test.want)
		}
	}
	if got := find(t, "a ... b", "a\nx\nb\na b", Options{Span: 1}); !slices.Equal(got, []string{"4"}) {
		t.Errorf("span 1: %q", got)
	}
	if got := find(t, "set $X", "SET Host", Options{Caseless: true}); !slices.Equal(got, []string{"1 $X=Host"}) {
		t.Errorf("caseless: %q", got)
	}
	if got := find(t, "a b", "a /* x */ b\na // y\nb\na # b", Options{Comments: "cpp"}); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("comments: %q", got)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	p, err := Compile("a ... a ... a ... a ... b", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Find("b " + strings.Repeat("a ", 100_000)); !errors.Is(err, ErrBudget) {
		t.Errorf("error %v, want %v", err, ErrBudget)
	}
	if p, err = Compile("f($X)", Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Find(strings.Repeat("f(", 200_000) + strings.Repeat("[)", 200_000)); err != nil {
		t.Error(err)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("a (... $X)\n  $...Y\nb", "a (b c)\n  d\n e\nb")
	f.Add("{ [ ( } ...", "{ [ ( }\n\n )]")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p, err := Compile(pattern, Options{Comments: "cpp"})
		if err != nil {
			return
		}
		found, err := p.Find(text)
		if err != nil {
			return
		}
		for _, m := range found {
			if m.Start >= m.End || m.End > len(text) {
				t.Fatalf("a match of %d..%d in %d bytes", m.Start, m.End, len(text))
			}
		}
	})
}
