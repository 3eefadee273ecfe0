package scan

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/checks"
)

func TestParseDirective(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		line string
		want *directive
	}{
		{"// reviewgate:ignore sql-injection input is a constant", &directive{ours: true, rules: []string{"sql-injection"}, reason: "input is a constant"}},
		{"# reviewgate:ignore a,b, c because", &directive{ours: true, rules: []string{"a", "b", "c"}, reason: "because"}},
		{"/* reviewgate:ignore a because */", &directive{ours: true, rules: []string{"a"}, reason: "because"}},
		{"<!-- reviewgate:ignore a because -->", &directive{ours: true, rules: []string{"a"}, reason: "because"}},
		{"// reviewgate:ignore a -- because", &directive{ours: true, rules: []string{"a"}, reason: "because"}},
		{"// reviewgate:ignore a: because", &directive{ours: true, rules: []string{"a"}, reason: "because"}},
		{"// reviewgate:ignore a", &directive{ours: true, rules: []string{"a"}}},
		{"/* reviewgate:ignore a */", &directive{ours: true, rules: []string{"a"}}},
		{"// nolint:x // reviewgate:ignore a because", &directive{ours: true, rules: []string{"a"}, reason: "because"}},
		{"// reviewgate:ignore", nil},
		{"// reviewgate:ignore-everything a because", nil},
		{"// reviewgate: ignore a because", nil},
		{"// notreviewgate:ignore a because", nil},
		{"// nosemgrep", &directive{reason: "nosemgrep"}},
		{"# nosem", &directive{reason: "nosemgrep"}},
		{"# nosemgrep: go.lang.x, y", &directive{rules: []string{"go.lang.x", "y"}, reason: "nosemgrep"}},
		{"# nosemgrep: x checked by hand", &directive{rules: []string{"x"}, reason: "checked by hand"}},
		{"/* nosemgrep */", &directive{reason: "nosemgrep"}},
		{"// nosemantics", nil},
		{"#nosec", &directive{secure: true, reason: "nosec"}},
		{"// #nosec -- checked by hand", &directive{secure: true, reason: "checked by hand"}},
		{"# nosec B608", &directive{secure: true, codes: []string{"B608"}, reason: "nosec"}},
		{"# nosec: B608,B303 checked by hand", &directive{secure: true, codes: []string{"B608", "B303"}, reason: "checked by hand"}},
		{"// #nosec G304 -- path is ours", &directive{secure: true, codes: []string{"G304"}, reason: "path is ours"}},
		{"//gosec:disable G304 - path is ours", &directive{secure: true, codes: []string{"G304"}, reason: "path is ours"}},
		{"// nosection", nil},
		{"", nil},
	} {
		d, ok := parseDirective(test.line)
		var got *directive
		if ok {
			got = &d
		}
		if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(directive{})); diff != "" {
			t.Errorf("%q: %s", test.line, diff)
		}
	}
}

func FuzzDirective(f *testing.F) {
	for _, seed := range []string{"// reviewgate:ignore a,b because", "/* nosemgrep: x */", "# nosec", "x = 1 # reviewgate:ignore a,,. \xff", "\n\n// reviewgate:ignore a b\r\n{/* nosem */}"} {
		f.Add([]byte(seed), "a.py")
		f.Add([]byte(seed), "a.jsx")
		f.Add([]byte(seed), "a.conf")
	}
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		change, _ := newChange(&Input{Files: []*checks.File{{Path: path, Status: checks.Added}}, Contents: []Content{{checks.Head, path, data}}})
		src := newSources(change).at(checks.Head, path)
		lines := strings.Count(string(data), "\n") + 1
		for _, d := range src.suppressions() {
			if d.line < 1 || d.line > lines {
				t.Errorf("line %d of %d", d.line, lines)
			}
			if !utf8.ValidString(d.reason) || len(d.reason) > 510 {
				t.Errorf("reason %q", d.reason)
			}
			if d.ours && len(d.rules) == 0 {
				// "reviewgate:ignore ." names nothing, and so must silence nothing.
				if d.silences("a", []string{"B608"}, true, true) {
					t.Error("a directive without a rule silences")
				}
			}
			if len(covering(src.directives, d.line)) == 0 {
				t.Error("a directive does not cover its own line")
			}
		}
	})
}
