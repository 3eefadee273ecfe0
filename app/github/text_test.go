package github

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/app/report"
)

func TestCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a line of text\n", 200)
	for _, tt := range []struct{ name, text, end string }{
		{"plain lines", long, "a line of text\n" + cutNotice},
		{"inside a fence", "```go\n" + long, "a line of text\n```\n" + cutNotice},
		{"inside a longer fence", "````\n```\n" + long, "a line of text\n````\n" + cutNotice},
		{"a fence that was closed", "```\nx\n```\n" + long, "a line of text\n" + cutNotice},
		{"inside details", "<details><summary>x</summary>\n\n<details>\n" + long, "a line of text\n\n</details>\n</details>\n" + cutNotice},
		{"details in a fence are text", "```\n<details>\n" + long, "a line of text\n```\n" + cutNotice},
		{"inside a comment", "<!-- hidden\n" + long, "a line of text\n-->\n" + cutNotice},
		{"one line without end", strings.Repeat("ä", 3000), "ä\n" + cutNotice},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := cut(tt.text, 1500)
			if len(got) > 1500 || len(got) < 1300 || !utf8.ValidString(got) {
				t.Errorf("%d bytes", len(got))
			}
			if !strings.HasSuffix(got, tt.end) {
				t.Errorf("ends in %q, want %q", got[len(got)-120:], tt.end)
			}
		})
	}
	if got := cut("short", 1500); got != "short" {
		t.Errorf("%q", got)
	}
}

func FuzzCut(f *testing.F) {
	f.Add("```\n<details>\n<!--\n~~~~\n", 30)
	f.Add("<details><details>", 200)
	f.Fuzz(func(t *testing.T, text string, times int) {
		text = strings.Repeat(text, 1+min(max(times, 0), 300))
		if len(text) > 50_000 {
			return
		}
		const limit = 4_000
		got := cut(text, limit)
		if !utf8.ValidString(got) {
			t.Error("not UTF-8")
		}
		// The blocks that close a cut text can be many; what is kept shrinks for them, down to nothing.
		if len(got) > limit {
			t.Errorf("%d bytes", len(got))
		}
		if got == strings.ToValidUTF8(text, "\uFFFD") {
			return
		}
		var open openBlocks
		for line := range strings.Lines(got) {
			open.line(line)
		}
		if open.fence != "" || open.details > 0 {
			t.Errorf("left open: %+v in %q", open, got)
		}
	})
}

func TestMarkers(t *testing.T) {
	t.Parallel()
	for _, m := range []Marker{{Key: "review/7/9/abc"}, {Fingerprint: "00ff"}, {Key: "a b --> <!-- c=d", Fingerprint: "\n%"}} {
		got := Markers("before " + m.String() + " after " + Marker{Key: "other"}.String())
		if len(got) != 2 || got[0] != m || got[1].Key != "other" {
			t.Errorf("%q: %+v", m.String(), got)
		}
		if strings.Count(m.String(), "-->") != 1 {
			t.Errorf("%q ends more than once", m.String())
		}
	}
	for _, text := range []string{
		"", "<!-- reviewgate:v1 key=x", "<!-- reviewgate:v2 key=x -->", "<!-- reviewgate:v1  -->", "<!-- reviewgate:v1 key=%zz -->",
		"<!-- reviewgate:v1 key=" + strings.Repeat("x", 3000) + " -->",
		disarm(Marker{Key: "forged"}.String()),
	} {
		if got := Markers(text); got != nil {
			t.Errorf("%.60q: %+v", text, got)
		}
	}
}

func FuzzMarkers(f *testing.F) {
	f.Add("key", "finding", "<!-- reviewgate:v1 key=x -->")
	f.Add("a-->b", "%", "<!-- reviewgate:v1 ")
	f.Fuzz(func(t *testing.T, key, finding, noise string) {
		if len(key)+len(finding) > 300 {
			return
		}
		m := Marker{Key: key, Fingerprint: finding}
		// Whatever stands before it, quoted text adds no marker of its own and hides none of ours.
		got := Markers(disarm(noise) + "\n" + m.String())
		if m == (Marker{}) {
			if len(got) != 0 {
				t.Errorf("%+v", got)
			}
			return
		}
		if len(got) != 1 || got[0] != m {
			t.Errorf("%+v, want %+v", got, m)
		}
		Markers(noise)
	})
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{
		"ghs_16C7e42F292c6912E7710c838347Ae178B4a", "ghs_12345_eyJhbGciOi.eyJpc3Mi.c2ln-_x", "ghp_abc", "github_pat_11ABC_def", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI3In0.c2lnbmF0dXJl",
	} {
		if got := Redact("Authorization: token " + secret + " end"); got != "Authorization: token [redacted] end" {
			t.Errorf("%q", got)
		}
	}
}

func TestReviewBody(t *testing.T) {
	t.Parallel()
	d := &Deed{Key: "review/7/9", Review: &report.Review{Body: "Two comments. " + Marker{Key: "forged"}.String()}}
	var moved []report.Comment
	for range 300 {
		moved = append(moved, report.Comment{Path: "a`b\nc.go", Line: 3, Body: strings.Repeat("words ", 300), Fingerprint: "00ff"})
	}
	for _, n := range []int{0, 1, 20, 300} {
		body := reviewBody(d, nil, moved[:n])
		if len(body) > bodyLimit {
			t.Errorf("%d moved: %d bytes", n, len(body))
		}
		keys, findings := 0, 0
		for _, m := range Markers(body) {
			if m.Key == "forged" {
				t.Error("a quoted marker counts")
			}
			if m.Key == "review/7/9" {
				keys++
			}
			if m.Fingerprint != "" {
				findings++
			}
		}
		if keys != 1 || findings != n {
			t.Errorf("%d moved: %d markers of the deed, %d of findings", n, keys, findings)
		}
		if got := strings.Count(body, "``a`b\\x0ac.go:3``"); got != n {
			t.Errorf("%d moved: %d places", n, got)
		}
	}
}

func TestHunk(t *testing.T) {
	t.Parallel()
	shown := shownLines{"a.go": {}}
	for _, line := range []string{"@@ -1,3 +1,4 @@ func main()", "@@ -10 +20,0 @@", "@@ -x +1 @@", "@@ 1 2 @@", "-@@ -50 +50 @@"} {
		if l, r, ok := hunk(line); ok {
			shown["a.go"]["LEFT"] = append(shown["a.go"]["LEFT"], l)
			shown["a.go"]["RIGHT"] = append(shown["a.go"]["RIGHT"], r)
		}
	}
	for _, tt := range []struct {
		side        string
		start, line int
		want        bool
	}{{"RIGHT", 0, 1, true}, {"RIGHT", 0, 4, true}, {"RIGHT", 0, 5, false}, {"RIGHT", 2, 4, true}, {"RIGHT", 3, 6, false}, {"RIGHT", 0, 20, false}, {"RIGHT", 0, 50, false}, {"LEFT", 0, 10, true}, {"LEFT", 0, 4, false}} {
		cm := report.Comment{Path: "a.go", StartLine: tt.start, Line: tt.line}
		if tt.side == "LEFT" {
			if err := cm.Side.UnmarshalText([]byte("base")); err != nil {
				t.Fatal(err)
			}
		}
		if got := shown.has(&cm); got != tt.want {
			t.Errorf("%+v: %t", tt, got)
		}
	}
}
