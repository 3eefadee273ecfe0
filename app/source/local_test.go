package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
)

// wantError checks kind and text of an Error.
func wantError(t *testing.T, err error, kind Kind, parts ...string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *source.Error", err)
	}
	if e.Kind != kind {
		t.Errorf("kind %d, want %d: %v", e.Kind, kind, err)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%q does not say %q", err, p)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q is more than one line", err)
	}
}

func localError(opt LocalOptions) error {
	s, err := Local(context.Background(), opt)
	if err == nil {
		_ = s.Close()
	}
	return err
}

func TestDefaultBase(t *testing.T) {
	t.Parallel()
	up := newRepo(t)
	up.write("a", "1\n")
	first := up.commit("one")
	r := &testRepo{t: t, dir: filepath.Join(tempDir(t), "clone")}
	up.git("clone", "-q", up.dir, r.dir)

	s := r.local(LocalOptions{})
	want(t, s, "")
	if s.Against != "the upstream of main" || s.MergeBase != first {
		t.Errorf("on main: against %q, merge base %s", s.Against, s.MergeBase)
	}
	r.write("a", "2\n")
	r.commit("not pushed")
	r.write("b", "b\n")
	want(t, r.local(LocalOptions{}), "modified \"a\"\n  base \"1\\n\"\n  head \"2\\n\"\nadded \"b\"\n  head \"b\\n\"\n")

	r.remove("b")
	r.git("checkout", "-q", "-b", "topic")
	s = r.local(LocalOptions{})
	if s.Against != "origin/main" || len(s.Files) != 1 || s.Head != "" || s.Base != first {
		t.Errorf("on a branch: against %q, %d files", s.Against, len(s.Files))
	}
	r.git("checkout", "-q", "--detach")
	s = r.local(LocalOptions{})
	if s.Against != "origin/main" || len(s.Files) != 1 {
		t.Errorf("detached: against %q, %d files", s.Against, len(s.Files))
	}
	r.git("remote", "set-head", "origin", "--delete")
	if s = r.local(LocalOptions{}); s.Against != "origin/main" {
		t.Errorf("without origin/HEAD: against %q", s.Against)
	}
	r.git("remote", "rename", "origin", "upstream")
	if s = r.local(LocalOptions{}); s.Against != "upstream/main" {
		t.Errorf("upstream: against %q", s.Against)
	}
	r.git("remote", "remove", "upstream")
	if s = r.local(LocalOptions{}); s.Against != "main" {
		t.Errorf("local only: against %q", s.Against)
	}
	r.git("checkout", "-q", "main")
	r.write("a", "3\n")
	s = r.local(LocalOptions{})
	want(t, s, "modified \"a\"\n  base \"2\\n\"\n  head \"3\\n\"\n")
	if s.Against != "HEAD" || s.Doubt != "" {
		t.Errorf("on main, local only: against %q, doubt %q", s.Against, s.Doubt)
	}
	if s = r.local(LocalOptions{Head: "main"}); len(s.Files) != 0 || !strings.Contains(s.Doubt, "main is the default branch") {
		t.Errorf("main with itself: %d files, doubt %q", len(s.Files), s.Doubt)
	}
	r.git("branch", "-m", "main", "unusual")
	if s = r.local(LocalOptions{}); s.Against != "HEAD" || len(s.Files) != 1 || s.Doubt == "" {
		t.Errorf("no default branch: against %q, %d files, doubt %q", s.Against, len(s.Files), s.Doubt)
	}
	for _, branch := range strings.Fields(r.git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")) {
		if branch != "refs/heads/unusual" {
			r.git("update-ref", "-d", branch)
		}
	}
	if s = r.local(LocalOptions{}); s.Against != "HEAD" || s.Doubt != "" {
		t.Errorf("the only branch: against %q, doubt %q", s.Against, s.Doubt)
	}
	r.git("checkout", "-q", "--detach")
	if s = r.local(LocalOptions{}); s.Doubt == "" {
		t.Error("detached, and no default branch: no doubt")
	}
	r.git("checkout", "-q", "unusual")
	r.git("config", "init.defaultBranch", "trunk")
	r.git("branch", "trunk", "HEAD~1")
	if s = r.local(LocalOptions{}); s.Against != "trunk" {
		t.Errorf("init.defaultBranch: against %q", s.Against)
	}
}

func TestBaseAloneUsesMergeBase(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n")
	fork := r.commit("fork")
	r.git("checkout", "-q", "-b", "topic")
	r.write("t", "t\n")
	r.commit("topic")
	r.git("checkout", "-q", "main")
	r.write("a", "moved on\n")
	main := r.commit("main moves on")
	r.git("tag", "-a", "v1", "-m", "annotated")
	r.git("checkout", "-q", "topic")
	r.write("w", "w\n")
	s := r.local(LocalOptions{Base: "v1"})
	want(t, s, "added \"t\"\n  head \"t\\n\"\nadded \"w\"\n  head \"w\\n\"\n")
	if s.Base != main || s.MergeBase != fork {
		t.Errorf("base %s, merge base %s", s.Base, s.MergeBase)
	}
	commits, err := s.Commits(context.Background())
	if err != nil || len(commits) != 1 || commits[0].Message != "topic\n" || commits[0].AuthorEmail != "alice@example.com" || commits[0].CommitterName != "Bob" {
		t.Errorf("commits %+v, %v", commits, err)
	}
	// The work tree is not looked at with a head.
	want(t, r.local(LocalOptions{Base: "v1", Head: "HEAD"}), "added \"t\"\n  head \"t\\n\"\n")
}

func TestWorkTreeStates(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(".gitignore", "ignored\n*.log\n")
	for _, p := range []string{"both", "staged-only", "removed-cached", "staged-then-gone", "touched", "reverted"} {
		r.write(p, "1\n")
	}
	r.commit("base")
	r.write("ignored", "secret\n")
	r.write("x.log", "log\n")
	r.write("both", "2\n")
	r.git("add", "both")
	r.write("both", "3\n")
	r.write("staged-only", "2\n")
	r.git("add", "staged-only")
	r.git("rm", "-q", "--cached", "removed-cached") // the file stays: nothing has changed for who reads the tree
	r.write("staged-then-gone", "2\n")
	r.git("add", "staged-then-gone")
	r.remove("staged-then-gone")
	r.write("reverted", "2\n")
	r.git("add", "reverted")
	r.write("reverted", "1\n") // staged a change, took it back in the work tree
	r.write("new-then-gone", "x\n")
	r.git("add", "new-then-gone")
	r.remove("new-then-gone")
	r.write("intent", "i\n")
	r.git("add", "-N", "intent")
	r.write("touched", "1\n")
	want(t, r.local(LocalOptions{}), `
modified "both"
  base "1\n"
  head "3\n"
added "intent"
  head "i\n"
modified "staged-only"
  base "1\n"
  head "2\n"
deleted "staged-then-gone"
  base "1\n"
`)
	s := r.local(LocalOptions{})
	paths, err := s.Paths(context.Background(), checks.Head)
	if got := strings.Join(paths, " "); err != nil || got != ".gitignore both intent removed-cached reverted staged-only touched" {
		t.Errorf("paths at head: %s, %v", got, err)
	}
	files, err := s.Read(context.Background(), checks.Head, []string{"both", "touched", "nope", "../x", "", "staged-then-gone"})
	if err != nil || texts(files) != `both="3\n" touched="1\n"` {
		t.Errorf("read: %s, %v", texts(files), err)
	}
	files, err = s.Read(context.Background(), checks.Base, []string{"both", "staged-then-gone", "intent"})
	if err != nil || texts(files) != `both="1\n" staged-then-gone="1\n"` {
		t.Errorf("read at base: %s, %v", texts(files), err)
	}
}

func TestConflict(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n")
	r.write("deleted-by-us", "1\n")
	r.commit("base")
	r.git("checkout", "-q", "-b", "topic")
	r.write("a", "topic\n")
	r.write("deleted-by-us", "2\n")
	r.commit("topic")
	r.git("checkout", "-q", "main")
	r.write("a", "main\n")
	r.remove("deleted-by-us")
	r.commit("main")
	if _, err := r.try("merge", "topic"); err == nil {
		t.Fatal("the fixture has no conflict")
	}
	want(t, r.local(LocalOptions{}), `
modified "a"
  base "main\n"
  head "<<<<<<< HEAD\nmain\n=======\ntopic\n>>>>>>> topic\n"
added "deleted-by-us"
  head "2\n"
`)
}

func TestNoCommits(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	want(t, r.local(LocalOptions{}), "")
	r.write("staged", "s\n")
	r.git("add", "staged")
	r.write("untracked", "u\n")
	s := r.local(LocalOptions{})
	want(t, s, "added \"staged\"\n  head \"s\\n\"\nadded \"untracked\"\n  head \"u\\n\"\n")
	if s.Base != "" || s.MergeBase != "" || s.Head != "" {
		t.Errorf("%+v", s)
	}
	if c, err := s.Commits(context.Background()); c != nil || err != nil {
		t.Errorf("commits %v, %v", c, err)
	}
	if p, err := s.Paths(context.Background(), checks.Base); len(p) != 0 || err != nil {
		t.Errorf("paths %v, %v", p, err)
	}
	files, err := s.FilesAt(context.Background(), "", func(p string) bool { return p == "staged" })
	if err != nil || texts(files) != `staged="s\n"` {
		t.Errorf("files: %s, %v", texts(files), err)
	}
	wantError(t, localError(LocalOptions{Dir: r.dir, Base: "main"}), Usage, "main", "no such")
	wantError(t, localError(LocalOptions{Dir: r.dir, Head: "HEAD"}), Usage, "no commits yet")
}

func TestWorktreeAndSubfolder(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("testdata/app/src/a.go", "1\n")
	r.write("other.go", "1\n")
	r.commit("base")
	linked := &testRepo{t: t, dir: filepath.Join(tempDir(t), "linked")}
	r.git("worktree", "add", "-q", "-b", "topic", linked.dir)
	linked.write("testdata/app/src/a.go", "2\n")
	linked.write("testdata/app/tests/b.py", "b\n")
	linked.write("other.go", "2\n")
	linked.write("testdata/app/src/new.go", "n\n")
	all := `
modified "other.go"
  base "1\n"
  head "2\n"
modified "testdata/app/src/a.go" class=test
  base "1\n"
  head "2\n"
added "testdata/app/src/new.go" class=test
  head "n\n"
added "testdata/app/tests/b.py" class=test
  head "b\n"
`
	want(t, linked.local(LocalOptions{}), all)
	want(t, r.local(LocalOptions{}), "")
	// Classes are relative to the folder: what lies in testdata/ is not test code for who scans testdata/app.
	sub := linked.local(LocalOptions{Dir: filepath.Join(linked.dir, "testdata/app")})
	want(t, sub, `
modified "testdata/app/src/a.go"
  base "1\n"
  head "2\n"
added "testdata/app/src/new.go"
  head "n\n"
added "testdata/app/tests/b.py"
  head "b\n"
`)
	if sub.Prefix != "testdata/app/" {
		t.Errorf("prefix %q", sub.Prefix)
	}
	linked.commit("topic")
	if s := linked.local(LocalOptions{Dir: filepath.Join(linked.dir, "testdata"), Head: "topic", Base: "main"}); len(s.Files) != 3 {
		t.Errorf("%d files below testdata", len(s.Files))
	}
	// Through a symbolic link to the folder.
	link := filepath.Join(tempDir(t), "link")
	if err := os.Symlink(filepath.Join(linked.dir, "testdata"), link); err != nil {
		t.Fatal(err)
	}
	if s := linked.local(LocalOptions{Dir: link}); s.Prefix != "testdata/" {
		t.Errorf("prefix through a link: %q", s.Prefix)
	}
}

func TestShallow(t *testing.T) {
	t.Parallel()
	up := newRepo(t)
	up.write("a", "1\n")
	up.commit("one")
	fork := up.commit("fork")
	up.git("checkout", "-q", "-b", "topic")
	up.write("t", "1\n")
	up.commit("t1")
	up.write("t", "2\n")
	topic := up.commit("t2")
	up.git("checkout", "-q", "main")
	up.write("a", "2\n")
	up.commit("m1")
	up.write("a", "3\n")
	up.commit("m2")

	clone := func(depth string) *testRepo {
		r := &testRepo{t: t, dir: filepath.Join(tempDir(t), "clone")}
		up.git("clone", "-q", "--depth="+depth, "--no-single-branch", "file://"+up.dir, r.dir)
		return r
	}
	r := clone("1")
	err := localError(LocalOptions{Dir: r.dir, Base: "origin/main", Head: "origin/topic"})
	wantError(t, err, Usage, "shallow clone", "git fetch --unshallow", "fetch-depth: 0")
	want(t, r.local(LocalOptions{}), "") // on main against its upstream: one commit is enough
	r = clone("3")
	s := r.local(LocalOptions{Base: "origin/main", Head: "origin/topic"})
	want(t, s, "added \"t\"\n  head \"2\\n\"\n")
	if s.MergeBase != fork || s.Head != topic {
		t.Errorf("merge base %s", s.MergeBase)
	}
}

// A shallow clone can show a merge base that is not the best one, because the path to the best one is cut.
func TestShallowHidesTheBestMergeBase(t *testing.T) {
	t.Parallel()
	up := newRepo(t)
	up.write("a", "1\n")
	up.commit("old base")
	up.git("branch", "side")
	up.write("a", "2\n")
	up.commit("best base")
	up.git("checkout", "-q", "-b", "topic")
	up.write("t", "1\n")
	cut := up.commit("topic 1")
	up.git("checkout", "-q", "side")
	up.write("s", "1\n")
	up.commit("side")
	up.git("checkout", "-q", "topic")
	up.git("merge", "-q", "--no-ff", "-m", "merge side", "side")
	up.git("checkout", "-q", "main")
	up.write("m", "1\n")
	up.commit("main")
	writeFile(t, filepath.Join(up.dir, ".git", "shallow"), cut+"\n")
	if got := up.git("log", "-1", "--format=%s", up.git("merge-base", "main", "topic")); got != "old base" {
		t.Fatalf("the fixture is wrong: merge base is %q", got)
	}
	wantError(t, localError(LocalOptions{Dir: up.dir, Base: "main", Head: "topic"}), Usage, "cut", "--unshallow")
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n")
	r.commit("one")
	r.git("checkout", "-q", "--orphan", "orphan")
	r.commit("unrelated")
	blob := r.git("rev-parse", "HEAD:a")
	bare := filepath.Join(tempDir(t), "bare.git")
	r.git("clone", "-q", "--bare", r.dir, bare)
	plain := tempDir(t)
	lone := newRepo(t)
	lone.git("checkout", "-q", "-b", "unusual")
	lone.commit("one")
	writeFile(t, filepath.Join(plain, "file"), "x")
	writeFile(t, filepath.Join(plain, "broken", ".git"), "gitdir: /nowhere\n")
	for _, c := range []struct {
		name  string
		opt   LocalOptions
		parts []string
	}{
		{"no repository", LocalOptions{Dir: plain}, []string{plain, "no git repository", "--all"}},
		{"no folder", LocalOptions{Dir: filepath.Join(plain, "nope")}, []string{"nope", "no such file"}},
		{"a file", LocalOptions{Dir: filepath.Join(plain, "file")}, []string{"file", "not a folder"}},
		{"broken .git", LocalOptions{Dir: filepath.Join(plain, "broken")}, []string{"its .git file points to /nowhere", "git worktree repair"}},
		{"head without a default branch", LocalOptions{Dir: lone.dir, Head: "HEAD"}, []string{"no default branch", "origin/main", "--base REV"}},
		{"inside .git", LocalOptions{Dir: filepath.Join(r.dir, ".git", "refs")}, []string{"inside of a .git folder"}},
		{"unknown base", LocalOptions{Dir: r.dir, Base: "nope"}, []string{"nope", "no such branch"}},
		{"unknown head", LocalOptions{Dir: r.dir, Head: "nope"}, []string{"nope"}},
		{"a range", LocalOptions{Dir: r.dir, Base: "main..orphan"}, []string{"main..orphan"}},
		{"an option", LocalOptions{Dir: r.dir, Base: "--output=x"}, []string{"--output=x"}},
		{"a file's id", LocalOptions{Dir: r.dir, Base: blob}, []string{blob}},
		{"a commit that is not here", LocalOptions{Dir: r.dir, Base: strings.Repeat("1", 40)}, []string{"git fetch origin 1111"}},
		{"a newline", LocalOptions{Dir: r.dir, Base: "a\nb"}, []string{`"a\nb"`}},
		{"unrelated", LocalOptions{Dir: r.dir, Base: "main", Head: "orphan"}, []string{"no common history"}},
		{"bare without base", LocalOptions{Dir: bare}, []string{"no work tree", "--base"}},
		{"base and all", LocalOptions{Dir: r.dir, Base: "main", All: true}, []string{"--all"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantError(t, localError(c.opt), Usage, c.parts...)
		})
	}
}

func TestDubiousOwnership(t *testing.T) {
	t.Parallel()
	err := discoveryError(context.Background(), "/src", &runError{verb: "rev-parse", code: 128, stderr: "fatal: detected dubious ownership in repository at '/src'\nTo add an exception for this directory, call:\n"})
	wantError(t, err, Setup, "/src", "another user", "safe.directory '/src'")
	err = discoveryError(context.Background(), "/src/sub", &runError{verb: "rev-parse", code: 128, stderr: "fatal: detected dubious ownership in repository at '/src'\nTo add an exception for this directory, call:\n"})
	wantError(t, err, Setup, "safe.directory '/src'") // git asks for the root
}

func TestClosedFolders(t *testing.T) {
	t.Parallel()
	got := closedFolders("warning: could not open directory 'a b/c': d/': Permission denied\nwarning: something else\nwarning: could not open directory 'x/': Input/output error\n")
	want := []closedFolder{{"a b/c': d", "permission denied"}, {"x", "input/output error"}}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestGitMissingOrOld(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "plain", "a.go"), "a\n")
	bin := filepath.Join(dir, "bin")
	t.Setenv("PATH", bin)
	wantError(t, localError(LocalOptions{Dir: dir}), Setup, "no git program", "2.31")
	// --all of a plain folder needs no git.
	s, err := Local(context.Background(), LocalOptions{Dir: filepath.Join(dir, "plain"), All: true})
	if err != nil {
		t.Fatal(err)
	}
	want(t, s, "added \"a.go\"\n  head \"a\\n\"\n")
	closed(t, s)
	writeFile(t, filepath.Join(bin, "git"), "#!/bin/sh\necho git version 2.17.1\n")
	if err := os.Chmod(filepath.Join(bin, "git"), 0o755); err != nil {
		t.Fatal(err)
	}
	wantError(t, localError(LocalOptions{Dir: dir}), Setup, "2.17.1 is too old", "2.31")
}

func TestUnusualEnvironmentIsIgnored(t *testing.T) {
	r := newRepo(t)
	r.write("a", "1\n")
	r.commit("one")
	r.write("a", "2\n")
	marker := filepath.Join(tempDir(t), "marker")
	for k, v := range map[string]string{
		"GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/", "GIT_INDEX_FILE": "/nowhere", "GIT_OBJECT_DIRECTORY": "/nowhere", "GIT_EXTERNAL_DIFF": "touch " + marker,
		"GIT_PAGER": "touch " + marker, "GIT_SSH_COMMAND": "touch " + marker, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": "touch " + marker,
		"GIT_NAMESPACE": "x", "GIT_CEILING_DIRECTORIES": r.dir, "GIT_TRACE": marker, "GIT_CONFIG_PARAMETERS": "'core.bare'='true'", "GIT_DIFF_OPTS": "-u0", "GIT_LITERAL_PATHSPECS": "0", "LANG": "de_DE.UTF-8",
		"GIT_DEFAULT_HASH": "sha256", "GIT_EXEC_PATH": "/nowhere",
	} {
		t.Setenv(k, v)
	}
	s, err := Local(context.Background(), LocalOptions{Dir: r.dir})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	want(t, s, "modified \"a\"\n  base \"1\\n\"\n  head \"2\\n\"\n")
	if _, err := os.Stat(marker); err == nil {
		t.Error("something ran")
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n")
	base := r.commit("one")
	r.git("checkout", "-q", "-b", "t")
	r.write("b", "1\n")
	r.commit("two")
	r.git("checkout", "-q", "main")
	r.write("c", "1\n")
	r.commit("three")
	r.git("merge", "-q", "-m", "merge", "t")
	r.write("a", "2\n")
	before := fingerprint(t, r.dir)
	s := r.local(LocalOptions{Base: base})
	commits, err := s.Commits(context.Background())
	if err != nil || len(commits) != 3 {
		t.Fatalf("%v, %v", commits, err)
	}
	if !commits[0].CleanMerge {
		t.Error("the merge was not recomputed")
	}
	if after := fingerprint(t, r.dir); after != before {
		t.Errorf("the repository changed:\n%s\n%s", before, after)
	}
}

// fingerprint lists every file of a folder with size, mode and time.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(p string, info os.FileInfo, err error) error {
		if err == nil {
			fmt.Fprintf(&b, "%s %d %s", p, info.Size(), info.Mode())
			if !strings.Contains(p, "/.git/objects/") { // git renews the times of objects that it would have written
				b.WriteString(" " + info.ModTime().String())
			}
			b.WriteByte('\n')
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLineEndings(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(".gitattributes", "*.txt text\n*.auto text=auto\n*.raw -text\n*.lf eol=lf\n")
	for _, p := range []string{"a.txt", "a.auto", "a.raw", "a.lf", "a.none"} {
		r.write(p, "1\n2\n")
	}
	r.commit("base")
	for _, p := range []string{"a.txt", "a.auto", "a.raw", "a.lf", "a.none"} {
		r.write(p, "1\r\n2\r\n")
	}
	want(t, r.local(LocalOptions{}), "modified \"a.none\"\n  base \"1\\n2\\n\"\n  head \"1\\r\\n2\\r\\n\"\nmodified \"a.raw\"\n  base \"1\\n2\\n\"\n  head \"1\\r\\n2\\r\\n\"\n")
	r.git("config", "core.autocrlf", "true")
	r.write("a.txt", "1\r\nnew\r\n")
	want(t, r.local(LocalOptions{}), "modified \"a.raw\"\n  base \"1\\n2\\n\"\n  head \"1\\r\\n2\\r\\n\"\nmodified \"a.txt\"\n  base \"1\\n2\\n\"\n  head \"1\\nnew\\n\"\n")
}

func TestSHA256AndSplitIndexAndSparse(t *testing.T) {
	t.Parallel()
	r := &testRepo{t: t, dir: filepath.Join(tempDir(t), "repo")}
	if err := os.Mkdir(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "-q", "--object-format=sha256")
	r.write("in/a", "1\n")
	r.write("out/b", "b\n")
	r.write("out/c", "c\n")
	r.commit("base")
	r.git("update-index", "--split-index")
	r.git("sparse-checkout", "set", "in")
	r.write("in/a", "2\n")
	r.git("add", "in/a")
	r.write("in/n", "n\n")
	s := r.local(LocalOptions{})
	want(t, s, "modified \"in/a\"\n  base \"1\\n\"\n  head \"2\\n\"\nadded \"in/n\"\n  head \"n\\n\"\n")
	files, err := s.Read(context.Background(), checks.Head, []string{"out/b", "in/n"})
	if err != nil || texts(files) != `in/n="n\n" out/b="b\n"` {
		t.Errorf("%s, %v", texts(files), err)
	}
	paths, err := s.Paths(context.Background(), checks.Head)
	if got := strings.Join(paths, " "); err != nil || got != "in/a in/n out/b out/c" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n")
	base := r.commit("base")
	for _, p := range []string{"b", "c", "d"} {
		r.write(p, "12345\n")
	}
	r.commit("more")
	wantError(t, localError(LocalOptions{Dir: r.dir, Base: base, Limits: Limits{Files: 2}}), Limit, "3 changed files", "limit of 2")
	wantError(t, localError(LocalOptions{Dir: r.dir, Base: base, Head: "HEAD", Limits: Limits{Files: 2}}), Limit, "3 changed files")
	s := r.local(LocalOptions{Base: base, Head: "HEAD", Limits: Limits{FileBytes: 5}})
	if s.Files[0].Opaque != "6 bytes, over the limit of 5 bytes" {
		t.Errorf("%+v", s.Files[0])
	}
	r.write("c", "other\n")
	r.write("d", "again\n")
	s = r.local(LocalOptions{Base: base, Limits: Limits{TotalBytes: 13}})
	if s.Files[0].Opaque != "" || s.Files[1].Opaque != "" || !strings.Contains(s.Files[2].Opaque, "as a whole is over the limit of 13 bytes") {
		t.Errorf("%+v", describe(t, s))
	}
	r.commit("one more")
	s = r.local(LocalOptions{Base: base, Limits: Limits{Commits: 1}})
	_, err := s.Commits(context.Background())
	wantError(t, err, Limit, "limit of 1")
}

func TestAll(t *testing.T) {
	t.Parallel()
	plain := &testRepo{t: t, dir: tempDir(t)}
	files := func(r *testRepo) {
		r.write("b/a.go", "a\n")
		r.write("bin", "\x00")
		r.write("vendor/v.go", "v\n")
		r.write("gen.go", "// Code generated by x. DO NOT EDIT.\n")
		r.write("big", strings.Repeat("x", 3_000_000))
		r.symlink("/etc", "etc")
		r.symlink("b", "to-b")
	}
	all := `
added "b/a.go"
  head "a\n"
added "big" opaque="3 MB, over the limit of 2 MB"
added "bin" opaque="binary"
added "etc" 120000 opaque="symbolic link"
added "gen.go" class=generated
  head "// Code generated by x. DO NOT EDIT.\n"
added "to-b" 120000 opaque="symbolic link"
added "vendor/v.go" class=vendored
  head "v\n"
`
	files(plain)
	plain.write("sub/.git/config", "not listed\n")
	want(t, plain.local(LocalOptions{All: true}), all)

	r := newRepo(t)
	files(r)
	r.git("add", "b", "vendor", "etc")
	r.write(".git/info/exclude", "ignored\n")
	r.write("ignored", "x\n")
	r.write("deleted", "x\n")
	r.git("add", "deleted")
	r.remove("deleted")
	want(t, r.local(LocalOptions{All: true}), all)
	r.write("deleted/now.go", "n\n") // a folder where a tracked file was is no submodule
	want(t, r.local(LocalOptions{All: true}), strings.Replace(all, "added \"etc\"", "added \"deleted/now.go\"\n  head \"n\\n\"\nadded \"etc\"", 1))
	r.remove("deleted/now.go")
	r.remove("deleted")
	r.commit("all")
	want(t, r.local(LocalOptions{All: true}), all)
	s := r.local(LocalOptions{All: true, Head: "HEAD"})
	want(t, s, all)
	paths, err := s.Paths(context.Background(), checks.Head)
	if err != nil || len(paths) != 7 {
		t.Errorf("%v, %v", paths, err)
	}
	if p, err := s.Paths(context.Background(), checks.Base); len(p) != 0 || err != nil {
		t.Errorf("%v, %v", p, err)
	}
	want(t, r.local(LocalOptions{Dir: filepath.Join(r.dir, "vendor"), All: true}), "added \"vendor/v.go\"\n  head \"v\\n\"\n")
	bare := &testRepo{t: t, dir: filepath.Join(tempDir(t), "bare.git")}
	r.git("clone", "-q", "--bare", r.dir, bare.dir)
	want(t, bare.local(LocalOptions{All: true}), all)

	var parts []int
	err = r.local(LocalOptions{All: true}).ContentsBatch(context.Background(), 1, func(c []Content) error {
		parts = append(parts, len(c))
		return nil
	})
	if err != nil || len(parts) != 3 {
		t.Errorf("parts %v, %v", parts, err)
	}
	stop := errors.New("stop")
	if err := r.local(LocalOptions{All: true}).ContentsBatch(context.Background(), 1, func([]Content) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
}

func TestContentsBatchKeepsSidesTogether(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	for _, p := range []string{"a", "b", "gone"} {
		r.write(p, "1\n")
	}
	r.commit("base")
	r.write("a", "2\n")
	r.write("b", "2\n")
	r.write("c", "2\n")
	r.remove("gone")
	var got []string
	err := r.local(LocalOptions{}).ContentsBatch(context.Background(), 1, func(part []Content) error {
		line := ""
		for _, c := range part {
			line += c.Side.String() + ":" + c.Path + " "
		}
		got = append(got, strings.TrimSpace(line))
		return nil
	})
	if want := "base:a head:a|base:b head:b|head:c|base:gone"; err != nil || strings.Join(got, "|") != want {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestFolders(t *testing.T) {
	t.Parallel()
	base, head := tempDir(t), tempDir(t)
	for p, text := range map[string]string{"a.go": "1\n", "same.go": "s\n", "old/x.go": "moved whole\n", "gone": "g\n", "vendor/v.go": "1\n", ".git/config": "1", "l": "file"} {
		writeFile(t, filepath.Join(base, p), text)
	}
	for p, text := range map[string]string{"a.go": "2\n", "same.go": "s\n", "new/x.go": "moved whole\n", "vendor/v.go": "2\n", "third_party/t.go": "t\n", ".git/config": "2"} {
		writeFile(t, filepath.Join(head, p), text)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(head, "l")); err != nil {
		t.Fatal(err)
	}
	s, err := Folders(context.Background(), base, head, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	want(t, s, `
modified "a.go"
  base "1\n"
  head "2\n"
deleted "gone"
  base "g\n"
modified "l" 100644>120000 opaque="symbolic link"
renamed "new/x.go" from "old/x.go"
  base "moved whole\n"
  head "moved whole\n"
added "third_party/t.go"
  head "t\n"
modified "vendor/v.go" class=vendored
  base "1\n"
  head "2\n"
`)
	files, err := s.FilesAt(context.Background(), "", func(p string) bool { return p == "a.go" })
	if err != nil || texts(files) != `a.go="1\n"` {
		t.Errorf("configuration comes from the base folder: %s, %v", texts(files), err)
	}
	read, err := s.Read(context.Background(), checks.Head, []string{"same.go", "l"})
	if err != nil || texts(read) != `same.go="s\n"` {
		t.Errorf("%s, %v", texts(read), err)
	}
	_, err = Folders(context.Background(), base, filepath.Join(head, "nope"), Limits{})
	wantError(t, err, Usage, "nope", "no such file")
}

func TestFilesAt(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(".github/reviewgate.yml", "version: 1\n")
	r.write(".github/reviewgate/rules/r.yaml", "rules: []\n")
	r.write("docs/CODEOWNERS", "* @alice\n")
	r.write("a.go", "a\n")
	base := r.commit("base")
	r.write(".github/reviewgate.yml", "version: 2\n")
	r.remove("docs")
	r.symlink("../x", ".github/CODEOWNERS")
	head := r.commit("head")
	s := r.local(LocalOptions{Base: base, Head: head})
	ctx := context.Background()
	match := func(p string) bool { return strings.HasPrefix(p, ".github/") || strings.HasSuffix(p, "CODEOWNERS") }
	for rev, wantText := range map[string]string{
		"":     `.github/reviewgate.yml="version: 1\n" .github/reviewgate/rules/r.yaml="rules: []\n" docs/CODEOWNERS="* @alice\n"`,
		"HEAD": `.github/CODEOWNERS="../x" .github/reviewgate.yml="version: 2\n" .github/reviewgate/rules/r.yaml="rules: []\n"`,
	} {
		files, err := s.FilesAt(ctx, rev, match)
		if err != nil || texts(files) != wantText {
			t.Errorf("%q: %s, %v", rev, texts(files), err)
		}
		files, err = s.FilesIn(ctx, rev, []string{".github", "docs", "CODEOWNERS"}, match)
		if err != nil || texts(files) != wantText {
			t.Errorf("in, %q: %s, %v", rev, texts(files), err)
		}
	}
	_, err := s.FilesAt(ctx, "nope", match)
	wantError(t, err, Usage, "nope")
	small := r.local(LocalOptions{Base: base, Head: head, Limits: Limits{FileBytes: 10}})
	_, err = small.FilesAt(ctx, "", match)
	wantError(t, err, Limit, "over the limit of 10 bytes")
	changed, err := s.ChangedPaths(ctx, base, head)
	if err != nil || len(changed) != 3 || changed[0].Path != ".github/CODEOWNERS" || changed[1].OldBlob == "" || changed[1].Blob == changed[1].OldBlob || changed[2].Status != checks.Deleted {
		t.Errorf("%+v, %v", changed, err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write("a", "1\n")
	r.commit("one")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Local(ctx, LocalOptions{Dir: r.dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
