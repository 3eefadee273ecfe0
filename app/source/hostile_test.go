package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// hostile turns a repository into one that runs a program, which leaves a file in marker, at every place where git lets a repository
// name one.
func hostile(r *testRepo, marker string) {
	r.t.Helper()
	evil := filepath.Join(r.dir, ".git", "evil")
	writeFile(r.t, evil, "#!/bin/sh\necho \"$@\" >> '"+marker+"'\nexit 1\n")
	if err := os.Chmod(evil, 0o755); err != nil {
		r.t.Fatal(err)
	}
	for _, hook := range []string{"post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc", "fsmonitor-watchman", "post-merge", "pre-commit", "query-watchman"} {
		writeFile(r.t, filepath.Join(r.dir, ".git", "hooks", hook), "#!/bin/sh\necho "+hook+" >> '"+marker+"'\n")
		if err := os.Chmod(filepath.Join(r.dir, ".git", "hooks", hook), 0o755); err != nil {
			r.t.Fatal(err)
		}
	}
	config := `
[core]
	fsmonitor = EVIL
	untrackedCache = true
	pager = EVIL
	sshCommand = EVIL
	askPass = EVIL
	editor = EVIL
	gitProxy = EVIL
	alternateRefsCommand = EVIL
[diff]
	external = EVIL
[diff "evil"]
	command = EVIL
	textconv = EVIL
[filter "evil"]
	clean = EVIL
	smudge = EVIL
	required = true
[merge "evil"]
	driver = EVIL
[credential]
	helper = EVIL
[gpg]
	program = EVIL
[log]
	showSignature = true
[alias]
	rev-parse = !EVIL
	diff-files = !EVIL
	cat-file = !EVIL
[pager]
	rev-parse = EVIL
	config = EVIL
	diff-index = EVIL
[protocol]
	allow = always
[protocol "ext"]
	allow = always
[remote "origin"]
	url = "ext::EVIL"
	uploadpack = EVIL
	promisor = true
	partialclonefilter = blob:none
	fetch = +refs/heads/*:refs/remotes/origin/*
[uploadpack]
	packObjectsHook = EVIL
[extensions]
	partialClone = origin
`
	f, err := os.OpenFile(filepath.Join(r.dir, ".git", "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(strings.ReplaceAll(config, "EVIL", evil)); err != nil {
		r.t.Fatal(err)
	}
	writeFile(r.t, filepath.Join(r.dir, ".git", "info", "attributes"), "* filter=evil diff=evil merge=evil\n")
}

func TestHostileRepositoryRunsNothing(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(".gitattributes", "* filter=evil diff=evil merge=evil text=auto\n")
	r.write("a", "1\n2\n3\n4\n5\n")
	r.write("crlf", "1\n")
	r.write("gone", "a file that is deleted at head\n")
	base := r.commit("base")
	r.git("checkout", "-q", "-b", "topic")
	r.write("a", "one\n2\n3\n4\n5\n")
	r.remove("gone")
	r.commit("topic")
	r.git("checkout", "-q", "main")
	r.write("a", "1\n2\n3\n4\nfive\n")
	r.commit("main")
	r.git("checkout", "-q", "topic")
	r.git("merge", "-q", "-m", "merge", "main")
	head := r.git("rev-parse", "HEAD")
	r.write("crlf", "1\r\nx\r\n")
	r.write("untracked", "u\r\n")
	marker := filepath.Join(tempDir(t), "marker")
	hostile(r, marker)

	// The fixture is alive: git itself runs what it names.
	racy := func() { // an index whose times do not prove that the files are unchanged makes git read them, through filters
		now := time.Now()
		for _, p := range []string{"a", ".git/index"} {
			if err := os.Chtimes(filepath.Join(r.dir, p), now, now); err != nil {
				t.Fatal(err)
			}
		}
	}
	racy()
	_, _ = r.try("diff", "--stat")
	if _, err := os.Stat(marker); err != nil {
		t.Fatal("the fixture runs nothing even under plain git diff")
	}
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}

	ctx := context.Background()
	for _, opt := range []LocalOptions{
		{}, {Base: base}, {Base: "main"}, {Head: "topic"}, {Base: base, Head: head}, {All: true}, {All: true, Head: "main"}, {Base: ":a"}, {Base: "HEAD^{/topic}"},
	} {
		racy()
		opt.Dir = r.dir
		s, err := Local(ctx, opt)
		if err != nil {
			if kindOf(err) != Usage {
				t.Errorf("%+v: %v", opt, err)
			}
			continue
		}
		if _, err := s.Contents(ctx); err != nil {
			t.Error(err)
		}
		if _, err := s.Commits(ctx); err != nil {
			t.Error(err)
		}
		for _, on := range []checks.Side{checks.Base, checks.Head} {
			paths, err := s.Paths(ctx, on)
			if err != nil {
				t.Error(err)
			}
			if _, err := s.Read(ctx, on, paths); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.FilesAt(ctx, "", func(string) bool { return true }); err != nil {
			t.Error(err)
		}
		closed(t, s)
	}
	if _, err := os.Stat(marker); err == nil {
		text, _ := os.ReadFile(marker)
		t.Errorf("something of the repository ran:\n%s", text)
	}
}

func TestHostileLazyFetchRunsNothing(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n")
	base := r.commit("base")
	old := r.git("rev-parse", "HEAD:a")
	r.write("a", "2\n")
	head := r.commit("head")
	r.remove(filepath.Join(".git", "objects", old[:2], old[2:]))
	marker := filepath.Join(tempDir(t), "marker")
	hostile(r, marker)
	_, _ = r.try("cat-file", "-p", old)
	if _, err := os.Stat(marker); err != nil {
		t.Fatal("the fixture runs nothing even under plain git")
	}
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}
	for _, opt := range []LocalOptions{{Dir: r.dir, Base: base, Head: head}, {Dir: r.dir, Base: base}, {Dir: r.dir, Base: old}, {Dir: r.dir, Head: old}} {
		err := localError(opt)
		if err == nil {
			t.Errorf("%+v: no error although an object is missing", opt)
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%+v: %v is no Error", opt, err)
		}
	}
	wantError(t, localError(LocalOptions{Dir: r.dir, Base: base, Head: head}), Failed, "partial clone", "git diff")
	if text, err := os.ReadFile(marker); err == nil {
		t.Errorf("something of the repository ran:\n%s", text)
	}
}

// A work tree must not lead out of itself, whatever lies in it.
func TestHostileWorkTree(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("dir/passwd", "tracked\n")
	r.write("inside/x", "inside\n")
	r.commit("base")
	outside := tempDir(t)
	writeFile(t, filepath.Join(outside, "passwd"), "secret\n")
	r.remove("dir")
	r.symlink(outside, "dir")
	r.symlink("inside", "alias")
	r.symlink("loop", "loop")
	mkfifo(t, filepath.Join(r.dir, "pipe"))
	s := r.local(LocalOptions{})
	want(t, s, `
added "alias" 120000 opaque="symbolic link"
added "dir" 120000 opaque="symbolic link"
deleted "dir/passwd"
  base "tracked\n"
added "loop" 120000 opaque="symbolic link"
`)
	files, err := s.Read(context.Background(), checks.Head, []string{"dir/passwd", "alias/x", "inside/x", "pipe", "loop", "../repo/inside/x", "/etc/passwd"})
	if err != nil || texts(files) != `inside/x="inside\n"` {
		t.Errorf("%s, %v", texts(files), err)
	}
	all := r.local(LocalOptions{All: true})
	want(t, all, `
added "alias" 120000 opaque="symbolic link"
added "dir" 120000 opaque="symbolic link"
added "inside/x"
  head "inside\n"
added "loop" 120000 opaque="symbolic link"
`)
}

// Trees that git itself would not make.
func TestHostileTrees(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n")
	base := r.commit("base")
	blob := r.git("rev-parse", "HEAD:a")
	mktree := func(lines string) string {
		t.Helper()
		in := filepath.Join(r.dir, ".git", "in")
		writeFile(t, in, lines)
		out, err := r.shell("git mktree --missing < .git/in")
		if err != nil {
			t.Fatal(err)
		}
		return r.git("commit-tree", "-p", base, "-m", "hostile", out)
	}
	// Names that would be dangerous in a checkout are only names here.
	head := mktree("100644 blob " + blob + "\t..\n100644 blob " + blob + "\t.git\n120000 blob " + blob + "\tlink\n")
	want(t, r.local(LocalOptions{Base: base, Head: head}), "renamed \"..\" from \"a\"\n  base \"1\\n\"\n  head \"1\\n\"\nadded \".git\"\n  head \"1\\n\"\nadded \"link\" 120000 opaque=\"symbolic link\"\n")
	// A blob that is missing is an error, not an empty file.
	head = mktree("100644 blob " + strings.Repeat("1", 40) + "\ta\n")
	if err := localError(LocalOptions{Dir: r.dir, Base: base, Head: head}); err == nil {
		t.Error("no error although a blob is missing")
	} else {
		wantError(t, err, Failed, "missing")
	}
}
