package report

import (
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
)

func TestSuggestion(t *testing.T) {
	t.Parallel()
	fixed := func(line string, from, to int, text string) *checks.Finding {
		l := checks.Location{Path: "a.py", StartLine: 7, StartColumn: 1, EndLine: 7, EndColumn: 3, Snippet: line}
		return &checks.Finding{RuleID: "r", Message: "m", Severity: checks.High, Location: l, Introduced: true, Comment: true,
			Fix: &checks.Fix{Location: checks.Location{Path: "a.py", StartLine: 7, StartColumn: from, EndLine: 7, EndColumn: to}, Text: text}}
	}
	for name, c := range map[string]struct {
		finding *checks.Finding
		want    string
	}{
		"within a line":        {fixed("\tx = eval(y)  # why", 6, 10, "literal_eval"), "```suggestion\n\tx = literal_eval(y)  # why\n```\n"},
		"characters, no bytes": {fixed("漢字 = eval(y)", 6, 10, "safe"), "```suggestion\n漢字 = safe(y)\n```\n"},
		"two lines of one":     {fixed("f(x)", 1, 5, "g(x)\nh(x)"), "```suggestion\ng(x)\nh(x)\n```\n"},
		"a line goes":          {fixed("  debug()", 1, 10, ""), "```suggestion\n```\n"},
		"backticks":            {fixed("x = 1", 5, 6, "'```` @alice'"), "`````suggestion\nx = '```` @alice'\n`````\n"},
		"only the first line":  {fixed("f(x,\n  y)", 1, 2, "g"), "```suggestion\ng(x,\n```\n"},
		"carriage return":      {fixed("f(x)\r", 1, 2, "g"), "```suggestion\ng(x)\n```\n"},
		"nothing changes":      {fixed("f(x)", 1, 2, "f"), ""},
		"hidden in the fix":    {fixed("f(x)", 1, 2, "g\u202e"), ""},
		"hidden in the line":   {fixed("f(x) # \u200b", 1, 2, "g"), ""},
		"a letter that looks":  {fixed("f(x)", 1, 2, "p\u0430y"), ""},
		"a mark of ours":       {fixed("f(x)", 1, 2, "<!-- reviewgate:v1 key=x -->"), ""},
		"a command to a bot":   {fixed("x", 1, 2, "/lgtm"), ""},
		"cut by the scan":      {fixed("f(x)…", 1, 2, "g"), ""},
		"beyond the line":      {fixed("f(x)", 1, 9, "g"), ""},
		"backwards":            {fixed("f(x)", 3, 1, "g"), ""},
		"much":                 {fixed("f(x)", 1, 2, strings.Repeat("g\n", 20)), ""},
	} {
		if got := suggestion(c.finding); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	f := fixed("f(x)", 1, 2, "g")
	f.Fix.Location.StartLine, f.Fix.Location.EndLine = 8, 8
	elsewhere, removed, none := suggestion(f), fixed("f(x)", 1, 2, "g"), fixed("f(x)", 1, 2, "g")
	removed.Location.Side, removed.Fix.Location.Side, none.Fix = checks.Base, checks.Base, nil
	if elsewhere != "" || suggestion(removed) != "" || suggestion(none) != "" {
		t.Error("a suggestion for another line, for a removed one, or without a fix")
	}

	// Once the comment is folded nobody is offered what is done already.
	body := commentBody(fixed("f(x)", 1, 2, "g"), nil)
	if folded := RenderFixed(body, strings.Repeat("a", 40)); !strings.Contains(body, "```suggestion\ng(x)\n```") || strings.Contains(folded, "suggestion\n") || !strings.Contains(folded, "```\ng(x)\n```") {
		t.Errorf("%s\n%s", body, folded)
	}
}
