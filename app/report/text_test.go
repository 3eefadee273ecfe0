package report

import (
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

// TestFrame: the caret stands under what is meant, whatever the line is made of, and the frame fits the terminal.
func TestFrame(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a = 1; ", 80)
	for name, c := range map[string]struct {
		line     string
		from, to int
		width    int
		want     string
	}{
		"plain":          {"x = eval(y)", 5, 12, 0, "7 | x = eval(y)\n  |     ^^^^^^^\n"},
		"tabs":           {"\t\teval(y)", 3, 10, 0, "7 |         eval(y)\n  |         ^^^^^^^\n"},
		"tab inside":     {"a\teval(\ty)", 3, 11, 0, "7 | a    eval(    y)\n  |      ^^^^^^^^^^^\n"},
		"crlf":           {"eval(y)\r", 1, 8, 0, "7 | eval(y)\n  | ^^^^^^^\n"},
		"wide":           {"漢字 = eval(字)", 6, 13, 0, "7 | 漢字 = eval(字)\n  |        ^^^^^^^^\n"},
		"combining":      {"e\u0301 = eval(y)", 6, 13, 0, "7 | e\u0301 = eval(y)\n  |     ^^^^^^^\n"},
		"hidden":         {"a\u202e = eval(y)", 6, 13, 0, "7 | a\\u{202e} = eval(y)\n  |             ^^^^^^^\n"},
		"invalid":        {"\ufffd\ufffd = eval(y)", 6, 13, 0, "7 | \ufffd\ufffd = eval(y)\n  |      ^^^^^^^\n"},
		"end of line":    {"x = (", 6, 6, 0, "7 | x = (\n  |      ^\n"},
		"beyond":         {"x", 9, 12, 0, "7 | (the line is too long to be shown)\n"},
		"long":           {long + "eval(y)" + long, 561, 568, 50, "7 | ... = 1; a = 1; eval(y)a = 1; a = 1; a = 1 ...\n  |                 ^^^^^^^\n"},
		"long, at start": {"eval(y)" + long, 1, 8, 40, "7 | eval(y)a = 1; a = 1; a = 1;  ...\n  | ^^^^^^^\n"},
		"long, at end":   {long + "eval(y)", 561, 568, 40, "7 | ...  1; a = 1; a = 1; a eval(y)\n  |                         ^^^^^^^\n"},
		"long region":    {"f(" + strings.Repeat("x", 300) + ")", 1, 303, 40, "7 | f(xxxxxxxxxxxxxxxxxxxxxxxxxx ...\n  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"},
	} {
		got := frame(&checks.Location{Path: "a.py", StartLine: 7, StartColumn: c.from, EndLine: 7, EndColumn: c.to, Snippet: c.line}, c.width)
		if name == "long, at end" { // exact to a character or two, as the context happens to begin
			lines := strings.Split(got, "\n")
			if caret := strings.Index(lines[1], "^^^^^^^"); caret != strings.Index(lines[0], "eval(y)") || len(lines[0]) > c.width {
				t.Errorf("%s:\n%s", name, got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, c.want)
		}
		for line := range strings.Lines(got) {
			if w := displayWidth(strings.TrimSuffix(line, "\n")); c.width > 0 && w > c.width {
				t.Errorf("%s: %d columns in a terminal of %d: %q", name, w, c.width, line)
			}
		}
	}
	got := frame(&checks.Location{Path: "a.py", StartLine: 9, StartColumn: 3, EndLine: 20, EndColumn: 2, Snippet: strings.Repeat("  x\n", 11) + "  x"}, 0)
	if want := " 9 |   x\n   |   ^\n10 |   x\n11 |   x\n12 |   x\n13 |   x\n14 |   x\n   | ... to line 20\n"; got != want {
		t.Errorf("many lines:\n%s\nwant:\n%s", got, want)
	}
}

func frame(l *checks.Location, width int) string {
	in := &Input{Scan: &scan.Result{Findings: []checks.Finding{{RuleID: "r", Message: "m", Location: *l, Introduced: true}}}}
	var b strings.Builder
	_ = text.Write(&b, in, Options{Width: width})
	_, rest, _ := strings.Cut(b.String(), "-->")
	_, rest, _ = strings.Cut(rest, "\n")
	code, _, _ := strings.Cut(rest, "  rule: ")
	return code
}

// TestSaidOnce: reason and remedy of a rule stand at its first finding, and the others say where that is.
func TestSaidOnce(t *testing.T) {
	t.Parallel()
	in := sample()
	again := in.Scan.Findings[0]
	again.Location.Path = "app/other.py"
	in.Scan.Findings = append(in.Scan.Findings[:1:1], again)
	got := render(t, text, in, Options{})
	if strings.Count(got, "Whoever controls the value controls the query.") != 1 || strings.Count(got, "do:   Pass values") != 1 {
		t.Errorf("said more than once:\n%s", got)
	}
	if !strings.Contains(got, "why:  above, at app/db.py:12:2, with what to do") {
		t.Errorf("the second one does not say where:\n%s", got)
	}
}

// TestPlaces: two files never look like one, and no name reaches the terminal as something else than characters.
func TestPlaces(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, path := range []string{"a b.py", "a\nb.py", "a\tb.py", " a b.py", "a  b.py", "a\u00a0b.py", "a\u200bb.py", "a\xffb.py", "a\xfeb.py"} {
		shown := place(&checks.Location{Path: path, StartLine: 1})
		if other, ok := seen[shown]; ok {
			t.Errorf("%q and %q both show as %q", path, other, shown)
		}
		seen[shown] = path
		if i := strings.IndexFunc(shown, func(r rune) bool { return hidden(r, "") }); i >= 0 {
			t.Errorf("%q shows as %q", path, shown)
		}
	}
}
