package quality_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

var day0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// A branch is told as steps; every step whose message has a number is followed.
type branch struct {
	tracker *quality.Tracker
	files   map[string]string
	day, n  int
}

func newBranch() *branch {
	return &branch{files: map[string]string{}, tracker: quality.NewTracker(func(l *quality.Landed) *quality.Tracked {
		n := quality.PullNumber(l.Message)
		if n == 0 {
			return nil
		}
		return &quality.Tracked{SHA: l.SHA, Number: n, Merged: l.At}
	})}
}

func (b *branch) step(message string, files map[string]string) string {
	b.n++
	l := &quality.Landed{SHA: fmt.Sprintf("%040x", b.n), At: day0.AddDate(0, 0, b.day), Message: message}
	for name, text := range files {
		f := quality.LandedFile{Path: name, Known: true, New: []byte(text)}
		if old, ok := b.files[name]; ok {
			f.Old = []byte(old)
		}
		b.files[name] = text
		l.Files = append(l.Files, f)
	}
	b.tracker.Step(l)
	return l.SHA
}

func (b *branch) told() string {
	var out strings.Builder
	for _, c := range b.tracker.Followed() {
		for _, a := range c.After {
			fmt.Fprintf(&out, "#%d %s after %d days by %q, %d lines %v\n", c.Number, a.Kind, int(a.At.Sub(c.Merged).Hours()/24), a.Subject, a.Lines, a.Places)
		}
	}
	return out.String()
}

func TestTracker(t *testing.T) {
	t.Parallel()
	b := newBranch()
	b.step("start", map[string]string{"a.go": "package a\n\nfunc one() {}\n"})
	b.step("feat: total (#1)", map[string]string{"a.go": "package a\n\nfunc one() {}\n\nfunc total(of []int) int {\n\treturn len(of)\n}\n", "a_test.go": "package a\n\nvar want = 3\n"})
	b.day = 3
	b.step("feat: before it (#2)", map[string]string{"a.go": "package a\n\nvar limit = 10\n\nfunc one() {}\n\nfunc total(of []int) int {\n\treturn len(of)\n}\n"})
	b.day = 9
	b.step("fix: total adds up (#3)", map[string]string{
		"a.go":      "package a\n\nvar limit = 10\n\nfunc one() {}\n\nfunc total(of []int) (n int) {\n\tfor _, i := range of {\n\t\tn += i\n\t}\n\treturn n\n}\n",
		"a_test.go": "package a\n\nvar want = 4\n"})
	b.step("fix typo in limit (#4)", map[string]string{"a.go": strings.Replace(b.files["a.go"], "limit", "limits", 1)})
	sha := b.step("feat: shout (#5)", map[string]string{"b.go": "package a\n\nfunc shout() {}\n"})
	b.day = 12
	b.step("Revert \"feat: shout (#5)\" (#6)\n\nThis reverts commit "+sha+".", map[string]string{"b.go": "package a\n"})
	b.step("Reapply shout (#7)\n\nThis reverts commit "+fmt.Sprintf("%040x", b.n)+".", map[string]string{"b.go": "package a\n\nfunc shout() {}\n"})
	b.day = 60
	b.step("fix: too late (#8)", map[string]string{"b.go": "package a\n\nfunc shout() { println() }\n"})
	want := `#1 fix after 9 days by "fix: total adds up (#3)", 2 lines [a.go:5-6]
#5 revert after 3 days by "Revert \"feat: shout (#5)\" (#6)", 0 lines []
#6 revert after 0 days by "Reapply shout (#7)", 0 lines []
`
	if d := cmp.Diff(want, b.told()); d != "" {
		t.Error(d)
	}
}

func TestSaysFix(t *testing.T) {
	t.Parallel()
	for subject, want := range map[string]bool{
		"fix: total": true, "Fix crash in reader (#3)": true, "hotfix(api): nil": true, "feat: prefix names": false, "fix typo": false, "fix(docs): wording": false,
		"chore: fix lint": false, "Revert \"fix: total\"": false, "Add fixtures": false, "fix(deps): update x": false,
	} {
		if got := quality.SaysFix(subject); got != want {
			t.Errorf("%q: %v", subject, got)
		}
	}
}

func TestSubject(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"a\n\nb": "a", "Merge pull request #12 from acme/fix\n\nFix the total\n": "Fix the total", "Merge pull request #12 from acme/fix": "Merge pull request #12 from acme/fix",
	} {
		if got := quality.Subject(message); got != want {
			t.Errorf("%q: %q", message, got)
		}
	}
	if n := quality.PullNumber("Merge pull request #12 from acme/fix\n\nx (#3)"); n != 12 {
		t.Error(n)
	}
}

func TestCounted(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"a.go": true, "src/a.ts": true, "a_test.go": false, "tests/a.py": false, "README.md": false, "package.json": false, "Makefile": false, "vendor/a.go": false} {
		if got := quality.Counted(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
