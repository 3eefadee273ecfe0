package source

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// oddities are the kinds of change that a repository can hold. Each is seen as objects, staged, unstaged and fetched over HTTP, and must
// look the same every time.
var oddities = []struct {
	name string
	base func(r *testRepo)
	head func(r *testRepo)
	want string
}{
	{
		name: "modified, added, deleted",
		base: func(r *testRepo) { r.write("a.go", "1\n"); r.write("d/b.go", "b\n"); r.write("same.go", "s\n") },
		head: func(r *testRepo) { r.write("a.go", "2\n"); r.remove("d"); r.write("z/y/x.go", "x\n") },
		want: `
modified "a.go"
  base "1\n"
  head "2\n"
deleted "d/b.go"
  base "b\n"
added "z/y/x.go"
  head "x\n"
`,
	},
	{
		name: "renames",
		base: func(r *testRepo) {
			r.write("exact.go", "some content\n")
			r.write("similar.go", "1111111111\n2222222222\n3333333333\n")
			r.write("other.go", "1111111111\n2222222222\n3333333333\n4444444444\n")
			r.write("empty", "")
			r.write("dup/a.txt", "twice the same\n")
			r.write("dup/b.txt", "twice the same\n")
		},
		head: func(r *testRepo) {
			for _, p := range []string{"exact.go", "similar.go", "other.go", "empty", "dup"} {
				r.remove(p)
			}
			r.write("sub/exact.go", "some content\n")
			r.write("similar2.go", "1111111111\n2222222222\nchanged\n")
			r.write("unlike.go", "nothing in common with any\n")
			r.write("empty2", "")
			r.write("dup2/b.txt", "twice the same\n")
		},
		want: `
deleted "dup/a.txt"
  base "twice the same\n"
renamed "dup2/b.txt" from "dup/b.txt"
  base "twice the same\n"
  head "twice the same\n"
deleted "empty"
  base ""
added "empty2"
  head ""
deleted "other.go"
  base "1111111111\n2222222222\n3333333333\n4444444444\n"
renamed "similar2.go" from "similar.go"
  base "1111111111\n2222222222\n3333333333\n"
  head "1111111111\n2222222222\nchanged\n"
renamed "sub/exact.go" from "exact.go"
  base "some content\n"
  head "some content\n"
added "unlike.go"
  head "nothing in common with any\n"
`,
	},
	{
		name: "mode change",
		base: func(r *testRepo) { r.write("run.sh", "#!/bin/sh\n"); r.write("b.sh", "b\n") },
		head: func(r *testRepo) { r.chmod("run.sh", 0o755); r.write("b.sh", "c\n"); r.chmod("b.sh", 0o755) },
		want: `
modified "b.sh" 100644>100755
  base "b\n"
  head "c\n"
modified "run.sh" 100644>100755
  base "#!/bin/sh\n"
  head "#!/bin/sh\n"
`,
	},
	{
		name: "symbolic links are never followed",
		base: func(r *testRepo) {
			r.write("file", "text\n")
			r.symlink("a", "link")
			r.symlink("/etc/passwd", "was-link")
			r.write("dir/x", "x\n")
		},
		head: func(r *testRepo) {
			r.symlink("/etc/passwd", "file")
			r.symlink("b", "link")
			r.remove("was-link")
			r.write("was-link", "now a file\n")
			r.remove("dir")
			r.symlink("/etc", "dir")
			r.symlink("/etc/hostname", "new-link")
		},
		want: `
added "dir" 120000 opaque="symbolic link"
deleted "dir/x"
  base "x\n"
modified "file" 100644>120000 opaque="symbolic link"
modified "link" 120000 opaque="symbolic link"
added "new-link" 120000 opaque="symbolic link"
modified "was-link" 120000>100644 base-opaque="symbolic link"
  base ""
  head "now a file\n"
`,
	},
	{
		name: "binary, empty, line endings, encodings",
		base: func(r *testRepo) {
			r.write("bin", "a\x00b")
			r.write("to-bin", "text\n")
			r.write("from-bin", "a\x00b")
			r.write("empty", "")
			r.write("crlf", "a\nb\n")
			r.write("bad-utf8", "caf\xe9\n")
			r.write("utf16", "\xff\xfea\x00\n\x00")
		},
		head: func(r *testRepo) {
			r.write("bin", "a\x00c")
			r.write("to-bin", "te\x00xt\n")
			r.write("from-bin", "text now\n")
			r.write("empty", "full\n")
			r.write("crlf", "a\r\nb\r\n")
			r.write("bad-utf8", "caf\xe9\xff\n")
			r.write("late-nul", strings.Repeat("x", 8000)+"\x00")
			r.write("utf16", "\xff\xfeb\x00\x3d\xd8\x00\xde\n\x00")
			r.write("utf16be", "\xfe\xff\x00c\x00\r\x00\n")
			r.write("utf16-odd", "\xfe\xff\x00c\x00")
			r.write("utf32", "\xff\xfe\x00\x00a\x00\x00\x00")
			r.write("bom8", "\xef\xbb\xbfx\n")
		},
		want: `
modified "bad-utf8"
  base "caf\xe9\n"
  head "caf\xe9\xff\n"
modified "bin" opaque="binary"
added "bom8"
  head "\ufeffx\n"
modified "crlf"
  base "a\nb\n"
  head "a\r\nb\r\n"
modified "empty"
  base ""
  head "full\n"
modified "from-bin" base-opaque="binary"
  base ""
  head "text now\n"
added "late-nul"
  head "xxxxxxxx... (8001 bytes)"
modified "to-bin" opaque="binary"
modified "utf16" encoding=utf-16le
  base "a\n"
  head "b😀\n"
added "utf16-odd" opaque="binary"
added "utf16be" encoding=utf-16be
  head "c\r\n"
added "utf32" opaque="binary"
`,
	},
	{
		name: "large files",
		base: func(r *testRepo) { r.write("grows", "small\n"); r.write("shrinks", strings.Repeat("x", 2_400_000)) },
		head: func(r *testRepo) {
			r.write("grows", strings.Repeat("0123456789abcdef", 3_250_000))
			r.write("shrinks", "small\n")
			r.write("limit", strings.Repeat("y", 2_000_000))
		},
		want: `
modified "grows" opaque="52 MB, over the limit of 2 MB"
added "limit"
  head "yyyyyyyy... (2000000 bytes)"
modified "shrinks" base-opaque="2.4 MB, over the limit of 2 MB"
  base ""
  head "small\n"
`,
	},
	{
		name: "odd names",
		base: func(r *testRepo) { r.write("x", "1\n") },
		head: func(r *testRepo) {
			for _, p := range []string{"new\nline", "tab\there", `quo"te`, "-rf", "--output=x", "latin\xe9", "ünïcode/日本", " lead", "trail ", `back\slash`, ":(glob)*", "a*b", "café"} {
				r.write(p, "c\n")
			}
		},
		want: `
added " lead"
  head "c\n"
added "--output=x"
  head "c\n"
added "-rf"
  head "c\n"
added ":(glob)*"
  head "c\n"
added "a*b"
  head "c\n"
added "back\\slash"
  head "c\n"
added "café"
  head "c\n"
added "latin\xe9"
  head "c\n"
added "new\nline"
  head "c\n"
added "quo\"te"
  head "c\n"
added "tab\there"
  head "c\n"
added "trail "
  head "c\n"
added "ünïcode/日本"
  head "c\n"
`,
	},
	{
		name: "file becomes folder and back",
		base: func(r *testRepo) { r.write("a", "file\n"); r.write("b/c", "below\n") },
		head: func(r *testRepo) { r.remove("a"); r.write("a/x", "x\n"); r.remove("b"); r.write("b", "other\n") },
		want: `
deleted "a"
  base "file\n"
added "a/x"
  head "x\n"
added "b"
  head "other\n"
deleted "b/c"
  base "below\n"
`,
	},
	{
		name: "LFS pointer",
		base: func(r *testRepo) { r.write("x", "1\n") },
		head: func(r *testRepo) {
			r.write("m.psd", "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 5\n")
		},
		want: `
added "m.psd" opaque="Git LFS pointer"
`,
	},
	{
		name: "classes are judged by what base had",
		base: func(r *testRepo) {
			r.write("vendor/v.go", "v1\n")
			r.write("gen.go", "// Code generated by x. DO NOT EDIT.\npackage x // 1\n")
			r.write("hand.go", "package hand // written by hand, long\n// and one more line\n")
			r.write("api.pb.go", "1\n")
			r.write("tests/old.py", "1\n")
			r.write("lib/secret.go", "package lib // a line long enough\n")
		},
		head: func(r *testRepo) {
			r.write("vendor/v.go", "v2\n")
			r.write("vendor/added.go", "added\n")
			r.write("third_party/evil.go", "new folder\n")
			r.write("gen.go", "// Code generated by x. DO NOT EDIT.\npackage x // 2\n")
			r.write("hand.go", "// Code generated by x. DO NOT EDIT.\npackage hand // written by hand, long\n// and one more line\n")
			r.write("api.pb.go", "2\n")
			r.write("new.pb.go", "new\n")
			r.write("tests/util.py", "u\n")
			r.write("e2e/util.py", "new folder u2\n")
			r.write("a_test.go", "t\n")
			r.write("README.md", "r\n")
			r.write("AGENTS.md", "obey\n")
			r.write(".github/copilot.md", "obey too\n")
			r.remove("lib")
			r.write("tests/secret.go", "package lib // a line long enough\n")
		},
		want: `
added ".github/copilot.md"
  head "obey too\n"
added "AGENTS.md"
  head "obey\n"
added "README.md" class=docs
  head "r\n"
added "a_test.go" class=test
  head "t\n"
modified "api.pb.go" class=generated
  base "1\n"
  head "2\n"
added "e2e/util.py"
  head "new folder u2\n"
modified "gen.go" class=generated
  base "// Code generated by x. DO NOT EDIT.\npackage x // 1\n"
  head "// Code generated by x. DO NOT EDIT.\npackage x // 2\n"
modified "hand.go"
  base "package hand // written by hand, long\n// and one more line\n"
  head "// Code generated by x. DO NOT EDIT.\npackage hand // written by hand, long\n// and one more line\n"
added "new.pb.go"
  head "new\n"
renamed "tests/secret.go" from "lib/secret.go"
  base "package lib // a line long enough\n"
  head "package lib // a line long enough\n"
added "tests/util.py" class=test
  head "u\n"
added "third_party/evil.go"
  head "new folder\n"
added "vendor/added.go" class=vendored
  head "added\n"
modified "vendor/v.go" class=vendored
  base "v1\n"
  head "v2\n"
`,
	},
	{
		name: "nothing changed",
		base: func(r *testRepo) { r.write("a", "1\n") },
		head: func(r *testRepo) {},
		want: "",
	},
}

func (r *testRepo) chmod(path string, mode os.FileMode) {
	r.t.Helper()
	if err := os.Chmod(filepath.Join(r.dir, path), mode); err != nil {
		r.t.Fatal(err)
	}
}

func TestOddities(t *testing.T) {
	t.Parallel()
	for _, o := range oddities {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			o.base(r)
			base := r.commit("base")
			r.git("checkout", "-q", "-b", "topic")

			o.head(r)
			want(t, r.local(LocalOptions{}), o.want) // unstaged and untracked
			r.git("add", "--all")
			want(t, r.local(LocalOptions{}), o.want) // staged

			head := r.commit("head")
			want(t, r.local(LocalOptions{}), o.want) // committed, clean work tree
			want(t, r.local(LocalOptions{Base: base, Head: head}), o.want)
			want(t, r.local(LocalOptions{Head: "topic"}), o.want)

			srv := serve(t, r)
			s, err := Fetch(context.Background(), FetchOptions{Dir: t.TempDir(), URL: srv.url(), Base: base, Head: head})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { closed(t, s) })
			want(t, s, o.want)

			bare := &testRepo{t: t, dir: filepath.Join(tempDir(t), "bare.git")}
			r.git("clone", "-q", "--bare", r.dir, bare.dir)
			want(t, bare.local(LocalOptions{Base: "main", Head: "topic"}), o.want)
			want(t, bare.local(LocalOptions{Base: "main"}), o.want) // HEAD is topic
		})
	}
}

func TestSubmodule(t *testing.T) {
	t.Parallel()
	sub := newRepo(t)
	sub.write("s.txt", "1\n")
	first := sub.commit("one")
	sub.write("s.txt", "2\n")
	second := sub.commit("two")
	r := newRepo(t)
	r.write("a", "a\n")
	r.git("submodule", "--quiet", "add", sub.dir, "dep")
	r.git("-C", "dep", "checkout", "-q", first)
	// A .gitmodules that asks to hide changes must not be obeyed.
	r.git("config", "-f", ".gitmodules", "submodule.dep.ignore", "all")
	base := r.commit("base")
	r.git("checkout", "-q", "-b", "topic")
	r.git("-C", "dep", "checkout", "-q", second)
	moved := "modified \"dep\" 160000 opaque=\"submodule\"\n"
	want(t, r.local(LocalOptions{}), moved)
	r.git("add", "-f", "dep")
	r.git("commit", "-q", "-m", "move")
	if got := r.git("ls-tree", "HEAD", "dep"); !strings.Contains(got, second) {
		t.Fatalf("the fixture did not move the submodule: %s", got)
	}
	s := r.local(LocalOptions{Base: base, Head: "HEAD"})
	want(t, s, moved)
	if s.Files[0].OldBlob != first || s.Files[0].Blob != second {
		t.Errorf("blobs %s %s", s.Files[0].OldBlob, s.Files[0].Blob)
	}
	// A scan of the submodule itself works: its .git is a file.
	(&testRepo{t: t, dir: filepath.Join(r.dir, "dep")}).local(LocalOptions{Base: first, Head: second})
	// An untracked repository inside the work tree is one opaque entry.
	r.git("clone", "-q", sub.dir, "nested")
	want(t, r.local(LocalOptions{Base: "HEAD"}), "added \"nested\" 160000 opaque=\"submodule\"\n")
}
