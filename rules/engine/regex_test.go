package engine

import (
	"fmt"
	"strings"
	"testing"
)

func TestNeeded(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string]string{
		`exec`:                             "exec",
		`(Query|QueryRow|Exec)(Context)?$`: "Query Exec",
		`(?i)select\s+.*from`:              "select/i",
		`a|bc`:                             "", // one character is everywhere
		`(foo|.*)`:                         "",
		`(foo)*`:                           "",
		`(foo)+bar`:                        "foo",
		`(foo){2,3}`:                       "foo",
		`(foo){0,3}`:                       "",
		`(aa|bb|cc)x*longer`:               "longer",
		`(?!x)foo`:                         "", // not for the linear engine
		`[fg]oo`:                           "oo",
		`foo\Z`:                            "foo",
		``:                                 "",
	} {
		var got []string
		for _, l := range needed(expr) {
			text := l.text
			if l.fold {
				text = strings.ToLower(text) + "/i"
			}
			got = append(got, text)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("needed(%q) gave %q, want %q", expr, s, want)
		}
	}
}

// Both engines give byte offsets and the same groups.
func TestRegexEngines(t *testing.T) {
	t.Parallel()
	const text = "größe = 12; höhe = 34; é"
	for _, expr := range []string{`(?P<NAME>\S+) = (\d+)`, `(1)(?P<A>2)|[](?<](?P<B>\d)\((4)`, `([^](]+)(?P<C> )=`, `é\Z`, `x*`} {
		linear, err := newRegex(expr, "(?m)")
		if err != nil || linear.linear == nil {
			t.Fatalf("%q: %v", expr, err)
		}
		back, err := newRegex(expr+`(?!zzz)`, "(?m)")
		if err != nil || back.back == nil {
			t.Fatalf("%q: %v", expr, err)
		}
		a, err1 := linear.all(text, 100)
		b, err2 := back.all(text, 100)
		if err1 != nil || err2 != nil || len(a) == 0 {
			t.Fatalf("%q: %v, %v", expr, err1, err2)
		}
		if x, y := show(text, a), show(text, b); x != y {
			t.Errorf("%q: linear %s, backtracking %s", expr, x, y)
		}
	}
}

func show(text string, spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		fmt.Fprintf(&b, "[%d %d", s.start, s.end)
		named := map[string]string{}
		for _, g := range s.groups {
			named[g.name] = text[g.start:g.end]
		}
		fmt.Fprintf(&b, " %v]", named) // maps print in order of their keys
	}
	return b.String()
}
