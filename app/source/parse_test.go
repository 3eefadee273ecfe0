package source

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
)

var (
	idA = strings.Repeat("a", 40)
	idB = strings.Repeat("b", 40)
	id0 = strings.Repeat("0", 40)
)

func TestParseRaw(t *testing.T) {
	t.Parallel()
	lines, err := parseRaw([]byte(":100644 100755 " + idA + " " + idB + " M\x00a\nb\x00:000000 120000 " + id0 + " " + idA + " A\x00:odd name\x00"))
	want := []rawLine{{0o100644, 0o100755, idA, idB, 'M', "a\nb"}, {0, 0o120000, "", idA, 'A', ":odd name"}}
	if err != nil || !slices.Equal(lines, want) {
		t.Errorf("got %+v, %v", lines, err)
	}
	good := ":100644 100755 " + idA + " " + idB + " M"
	for _, bad := range []string{
		"x", good, good + "\x00", good + "\x00\x00", good + "\x00path", "\x00\x00",
		strings.Replace(good, ":", "", 1) + "\x00p\x00", strings.Replace(good, "100755", "10075", 1) + "\x00p\x00", strings.Replace(good, "100755", "10075x", 1) + "\x00p\x00",
		strings.Replace(good, idA, idA[1:], 1) + "\x00p\x00", strings.Replace(good, idB, idB+idB[:24], 1) + "\x00p\x00",
		strings.Replace(good, " M", " R100", 1) + "\x00p\x00q\x00", strings.Replace(good, " M", " X", 1) + "\x00p\x00", good + " \x00p\x00",
	} {
		if lines, err := parseRaw([]byte(bad)); err == nil {
			t.Errorf("%q gives %+v", bad, lines)
		}
	}
}

// FuzzRaw: whatever is accepted, written out again, is the input.
func FuzzRaw(f *testing.F) {
	f.Add([]byte(":100644 100755 " + idA + " " + idB + " M\x00a\nb\x00"))
	f.Add([]byte(":000000 120000 " + id0 + " " + idA + " A\x00p\x00:100644 000000 " + idA + " " + id0 + " D\x00q\x00"))
	f.Add([]byte(":160000 160000 " + strings.Repeat("c", 64) + " " + strings.Repeat("d", 64) + " T\x00dep\x00"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := parseRaw(data)
		if err != nil {
			return
		}
		var out bytes.Buffer
		rest := data
		for _, l := range lines {
			n := bytes.IndexByte(rest, 0) // the width of an id of zeros is not kept
			f := strings.Fields(string(rest[:n]))
			id := func(id, orig string) string {
				if id == "" {
					return strings.Repeat("0", len(orig))
				}
				return id
			}
			fmt.Fprintf(&out, ":%06o %06o %s %s %c\x00%s\x00", l.oldMode, l.newMode, id(l.oldID, f[2]), id(l.newID, f[3]), l.status, l.path)
			rest = rest[n+1+len(l.path)+1:]
		}
		if !bytes.Equal(out.Bytes(), data) {
			t.Errorf("%q was read as %q", data, out.Bytes())
		}
	})
}

// FuzzCommit: a commit object from a stranger never panics, and what is taken from it is text.
func FuzzCommit(f *testing.F) {
	f.Add([]byte("tree " + idA + "\nparent " + idB + "\nauthor Alice <alice@example.com> 1700000000 +0000\ncommitter Bob <bob@example.com> 1 +0000\nencoding latin1\ngpgsig -----BEGIN\n author Eve <eve@example.com>\n -----END\n\nsubject\n\nCo-authored-by: x\n"))
	f.Add([]byte("tree " + idA + "\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseCommit(idA, objectInfo{kind: "commit"}, data)
		if err != nil {
			return
		}
		for _, s := range append([]string{c.AuthorName, c.AuthorEmail, c.CommitterName, c.CommitterEmail, c.Message}, c.Parents...) {
			if strings.ToValidUTF8(s, "") != s {
				t.Errorf("%q is not UTF-8", s)
			}
		}
		if !isHash(c.tree) {
			t.Errorf("tree %q", c.tree)
		}
	})
}

// FuzzDecode: any content is given, decoded or Opaque, never both and never with a NUL near its start.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "text\n", "\xff\xfea\x00", "\xfe\xff\xd8\x3d\xde\x00", "\xff\xfe\x00\xd8", "a\x00b", "\xff\xfe\x00\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, encoding, opaque := decode(data)
		if opaque != "" && (text != nil || encoding != "") || opaque == "" && encoding == "" && !bytes.Equal(text, data) {
			t.Errorf("%q: %q %q %q", data, text, encoding, opaque)
		}
		if bytes.IndexByte(text[:min(len(text), sniff)], 0) >= 0 {
			t.Errorf("%q: NUL in text", data)
		}
	})
}

func TestParseCommit(t *testing.T) {
	t.Parallel()
	c, err := parseCommit(idA, objectInfo{kind: "commit"}, []byte("tree "+idA+"\nparent "+idB+"\nparent "+idA+"\nauthor J\xf6rg <j@example.com> 1700000000 +0000\ncommitter GitHub <noreply@github.com> 1 +0000\nencoding ISO-8859-1\ngpgsig x\n parent nonsense\n\nGr\xfc\xdfe\n"))
	if err != nil || c.AuthorName != "Jörg" || c.AuthorEmail != "j@example.com" || c.CommitterName != "GitHub" || c.Message != "Grüße\n" || len(c.Parents) != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := parseCommit(idA, objectInfo{kind: "blob"}, nil); err == nil {
		t.Error("a blob is no commit")
	}
	if _, err := parseCommit(idA, objectInfo{kind: "commit"}, []byte("parent x\n\n")); err == nil {
		t.Error("an odd parent is accepted")
	}
}

func TestClasses(t *testing.T) {
	t.Parallel()
	always := func(string) bool { return true }
	for p, want := range map[string]checks.Class{
		"main.go": "", "a_test.go": "test", "testdata/x.go": "test", "contest/x.go": "", "pkg/testing/x.go": "",
		"test_a.py": "test", "a_test.py": "test", "conftest.py": "test", "testing.py": "", "tests/util.py": "test", "latest.py": "",
		"a.test.ts": "test", "a.spec.tsx": "test", "src/__tests__/a.js": "test", "test.js": "", "cypress/a.js": "test",
		"src/test/java/A.java": "test", "ATest.java": "test", "Latest.java": "", "Test.java": "", "UserIT.java": "test",
		"vendor/a/a_test.go": "vendored", "x/node_modules/y/index.js": "vendored", "Pods/a.m": "vendored", "examples/a.go": "example", "examples/a_test.go": "test",
		"README.md": "docs", "docs/conf.py": "", "docs/guide.rst": "docs", "LICENSE": "docs", "requirements.txt": "", "CHANGELOG.txt": "docs",
		"AGENTS.md": "", "sub/CLAUDE.md": "", ".github/x.md": "", "a/.claude/skills/b.md": "", "SKILL.md": "", "spec/a.rb": "test", "a_spec.rb": "test", "": "",
	} {
		if got := classify(p, always); got != want {
			t.Errorf("%s: %q, want %q", p, got, want)
		}
	}
	never := func(string) bool { return false }
	for _, p := range []string{"vendor/a.go", "tests/util.py", "examples/a.go"} {
		if got := classOf(p, "", false, never); got != "" {
			t.Errorf("%s in a new folder: %q", p, got)
		}
	}
	if got := classOf("a_test.go", "a.go", false, always); got != "" {
		t.Errorf("product code became a test by renaming: %q", got)
	}
	if got := classOf("new.go", "", true, always); got != "" {
		t.Errorf("an added file is generated: %q", got)
	}
}

func TestRenamesAreDeterministicAndBounded(t *testing.T) {
	t.Parallel()
	run := func(limit int) string {
		var entries []*entry
		for i := range 20 {
			text := []byte(strings.Repeat(fmt.Sprintf("line %d of the file\n", i%4), 10) + fmt.Sprintf("and %d\n", i))
			e := &entry{path: fmt.Sprintf("old%02d", i), old: side{mode: checks.ModeFile, id: fmt.Sprint("o", i), size: int64(len(text)), text: text}}
			n := &entry{path: fmt.Sprintf("new%02d", i), new: side{mode: checks.ModeFile, id: fmt.Sprint("n", i), size: int64(len(text)), text: bytes.ToUpper(text[:20])}}
			n.new.text = append(n.new.text, text[20:]...)
			entries = append(entries, e, n)
		}
		slices.SortFunc(entries, func(a, b *entry) int { return strings.Compare(a.path, b.path) })
		var b strings.Builder
		for _, e := range findRenames(entries, limit) {
			fmt.Fprintf(&b, "%s<%s ", e.path, e.oldPath)
		}
		return b.String()
	}
	first := run(100)
	if strings.Count(first, "<old") != 20 {
		t.Errorf("got %s", first)
	}
	for range 5 {
		if again := run(100); again != first {
			t.Errorf("%s\n%s", first, again)
		}
	}
	if over := run(39); strings.Contains(over, "<old") {
		t.Errorf("over the limit: %s", over)
	}
}

func TestMegabytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{7: "7 bytes", 1500: "1 kB", 2_000_000: "2 MB", 2_400_000: "2.4 MB", 52_000_000: "52 MB", 9_960_000: "10 MB"} {
		if got := megabytes(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for s, want := range map[string][2]int{
		"git version 2.39.5\n": {2, 39}, "git version 2.39.5 (Apple Git-154)": {2, 39}, "git version 2.43.0.windows.1": {2, 43}, "git version 3.0-rc1": {0, 0}, "": {0, 0}, "git version x.y": {0, 0},
	} {
		if a, b := parseVersion(s); [2]int{a, b} != want {
			t.Errorf("%q: %d.%d", s, a, b)
		}
	}
}

func TestQuoting(t *testing.T) {
	t.Parallel()
	if got := quoteAlternate("/a\n\"b\\é"); got != `"/a\012\"b\\\303\251"` {
		t.Error(got)
	}
	r := newRepo(t)
	odd := &testRepo{t: t, dir: r.dir + "-\n\"odd\\ [é:"}
	r.write("a", "1\n")
	r.commit("one")
	r.git("clone", "-q", r.dir, odd.dir)
	odd.write("a", "2\n")
	want(t, odd.local(LocalOptions{}), "modified \"a\"\n  base \"1\\n\"\n  head \"2\\n\"\n")
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	g, err := newGit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.write("a", strings.Repeat("x", 100_000))
	r.commit("one")
	g.maxOutput = 1000
	_, err = g.run(t.Context(), command{dir: r.dir, args: []string{"cat-file", "-p", "HEAD:a"}})
	wantError(t, err, Limit, "1 kB")
	quiet := capped{limit: 3, quiet: true}
	if _, err := fmt.Fprint(&quiet, "abcdef"); err != nil || quiet.buf.String() != "abc" {
		t.Errorf("%q, %v", quiet.buf.String(), err)
	}
}
