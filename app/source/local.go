package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/reviewgate-app/reviewgate/checks"
)

// LocalOptions say what to look at. See the package's documentation for the comparisons.
type LocalOptions struct {
	Dir    string // a folder of a repository, a bare repository, or with All any folder
	Base   string // revision, or ""
	Head   string // revision, or "" for the work tree
	All    bool   // everything is Added; no Base then
	Limits Limits
}

// Local reads a change, or with All a whole tree, from this machine. The caller closes the snapshot.
func Local(ctx context.Context, opt LocalOptions) (_ *Snapshot, err error) {
	dir, err := realDir(opt.Dir)
	if err != nil {
		return nil, err
	}
	if opt.All && opt.Base != "" {
		return nil, &Error{Kind: Usage, Op: "read the change", Where: opt.Base, What: "a base makes no sense where everything is looked at", Remedy: "leave out --all or --base"}
	}
	s := &Snapshot{limits: opt.Limits.withDefaults(), all: opt.All, work: opt.Head == ""}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	if opt.All && opt.Head == "" && !hasRepository(dir) {
		if err := s.folder(ctx, dir); err != nil {
			return nil, err
		}
		return s, nil
	}
	r, err := openRepository(ctx, dir)
	if err != nil {
		return nil, err
	}
	if s.work && r.bare {
		if !opt.All && opt.Base == "" {
			return nil, &Error{Kind: Usage, Op: "read the change", Where: dir, What: "a bare repository has no work tree", Remedy: "name the change with --base and --head"}
		}
		s.work, opt.Head = false, "HEAD"
	}
	top := ""
	if s.work {
		top = r.top
	}
	s.Prefix, s.repo = r.prefix, r
	s.view, err = viewOf(r.git, r.common, r.gitDir, top, r.sha256, r.storageConfig())
	if err != nil {
		return nil, err
	}
	s.remote = r.promisor(s.view)
	if s.work {
		if s.roots[checks.Head], err = os.OpenRoot(r.top); err != nil {
			return nil, &Error{Kind: Usage, Op: "read the work tree", Where: r.top, What: reason(err), Err: err}
		}
	}
	if opt.All {
		if err := s.wholeTree(ctx, r, opt.Head); err != nil {
			return nil, err
		}
		return s, nil
	}
	if err := s.choose(ctx, r, opt); err != nil {
		return nil, err
	}
	from := s.MergeBase
	if from == "" {
		from = s.view.emptyTree()
	} else if err := s.fetchTrees(ctx, from, s.Head); err != nil {
		return nil, err
	}
	var entries []*entry
	if s.work {
		entries, err = s.workEntries(ctx, r, from)
	} else {
		entries, err = s.treeEntries(ctx, from, s.Head)
	}
	if err != nil {
		return nil, s.explain(err, "compare with "+s.Against, dir)
	}
	dirs, err := s.baseDirs(ctx, s.MergeBase, entries)
	if err != nil {
		return nil, s.explain(err, "compare with "+s.Against, dir)
	}
	s.finish(entries, dirs)
	return s, nil
}

// realDir resolves links and says clearly what is wrong with a folder.
func realDir(dir string) (string, error) {
	if dir == "" {
		dir = "."
	}
	fail := func(err error) error {
		remedy := "name a folder that exists and can be read"
		return &Error{Kind: Usage, Op: "open the folder", Where: dir, What: reason(err), Remedy: remedy, Err: err}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fail(err)
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return "", fail(err)
	}
	st, err := os.Stat(abs)
	if err != nil {
		return "", fail(err)
	}
	if !st.IsDir() {
		return "", fail(errors.New("it is a file, not a folder"))
	}
	f, err := os.Open(abs)
	if err != nil {
		return "", fail(err)
	}
	return abs, f.Close()
}

// reason gives an error without the path that the message names anyway.
func reason(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// treeEntries compares two commits or trees, limits first, and reads both sides.
func (s *Snapshot) treeEntries(ctx context.Context, from, to string) ([]*entry, error) {
	entries, err := s.diffTrees(ctx, from, to, s.Prefix)
	if err != nil {
		return nil, err
	}
	if err := s.checkCount(len(entries), s.limits.Files, "changed files"); err != nil {
		return nil, err
	}
	var sides []*side
	for _, e := range entries {
		sides = append(sides, &e.old, &e.new)
	}
	return entries, s.loadObjects(ctx, sides)
}

// diffTrees is git's table of two trees, without renames. It does not read file contents.
func (s *Snapshot) diffTrees(ctx context.Context, from, to, only string) ([]*entry, error) {
	args := []string{"diff-tree", "-r", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", from, to, "--"}
	if only != "" {
		args = append(args, only)
	}
	out, err := s.view.run(ctx, args...)
	if err != nil {
		return nil, err
	}
	lines, err := parseRaw(out)
	if err != nil {
		return nil, err
	}
	return fromRaw(lines)
}

// choose finds what is compared with what: Base, Head, MergeBase and Against.
func (s *Snapshot) choose(ctx context.Context, r *repository, opt LocalOptions) error {
	head := opt.Head
	if head == "" {
		head = "HEAD"
	}
	var base string
	var baseErr error
	var named sync.WaitGroup
	if opt.Base != "" { // at the same time, because the user waits for every git process
		named.Go(func() { base, baseErr = r.commit(ctx, opt.Base) })
	}
	headID, err := r.commit(ctx, head)
	named.Wait()
	if err != nil && (head != "HEAD" || !r.unborn(ctx)) {
		return err
	}
	if headID == "" { // a repository without commits
		if !s.work {
			return &Error{Kind: Usage, Op: "read the change", Where: r.dir, What: "the repository has no commits yet", Remedy: "commit something, or scan a work tree"}
		}
		if opt.Base != "" {
			return unknownRevision(opt.Base, r.dir)
		}
		s.Against = "an empty tree (no commits yet)"
		return nil
	}
	if !s.work {
		s.Head = headID
	}
	s.headRev = headID
	if opt.Base != "" {
		s.Against = opt.Base
		s.Base, err = base, baseErr
	} else {
		s.Base, s.Against, err = r.defaultBase(ctx, opt.Head, headID)
	}
	if err != nil {
		return err
	}
	if err := s.doubts(ctx, r, opt, headID); err != nil {
		return err
	}
	s.MergeBase, err = s.MergeBaseOf(ctx, s.Base, headID)
	return err
}

// doubts says what a user must know where no base was named and none could be found: a comparison of a commit with itself looks like a clean one.
func (s *Snapshot) doubts(ctx context.Context, r *repository, opt LocalOptions, headID string) error {
	found := s.Against != ""
	if !found {
		s.Against = "HEAD"
	}
	switch {
	case opt.Base != "":
	case !found && !s.work:
		return &Error{Kind: Usage, Op: "find the default branch", Where: r.dir, What: noDefault, Remedy: "name what to compare with: --base REV"}
	case !found && !r.onlyBranch(ctx):
		s.Doubt = noDefault
	case s.Against == "HEAD" && opt.Head != "" && s.Base == headID:
		s.Doubt = printable(opt.Head) + " is the default branch, and nothing is known to compare it with"
	}
	return ctx.Err()
}

const noDefault = "there is no default branch to compare with (looked for origin/HEAD, origin/main, origin/master, the same of upstream, main, master)"

// onlyBranch says whether the branch of HEAD is the only one that the repository knows, and therefore its default whatever its name.
func (r *repository) onlyBranch(ctx context.Context) bool {
	branch := r.symbolic(ctx, "HEAD")
	out, err := r.git.run(ctx, command{dir: r.dir, args: []string{"for-each-ref", "--count=2", "--format=%(refname)", "refs/heads", "refs/remotes"}})
	return err == nil && branch != "" && strings.TrimSpace(string(out)) == branch
}

// MergeBaseOf gives git's first merge base of two commits; it depends on the commits only. No common history is an Error, and so is a
// shallow clone that may hide the right answer.
func (s *Snapshot) MergeBaseOf(ctx context.Context, a, b string) (string, error) {
	if s.view == nil {
		return "", &Error{Kind: Usage, Op: "find the merge base", What: "plain folders have no history"}
	}
	if err := s.fetchCommits(ctx, a, b); err != nil {
		return "", err
	}
	if a == b {
		return a, nil
	}
	where := short(a) + " and " + short(b)
	cut, err := s.view.shallow()
	if err != nil {
		return "", err
	}
	out, err := s.view.run(ctx, "merge-base", a, b)
	id := strings.TrimSpace(string(out))
	var re *runError
	switch {
	case errors.As(err, &re) && re.code == 1 && len(cut) > 0:
		return "", shallowError(where, "the history that joins them is missing from this shallow clone")
	case errors.As(err, &re) && re.code == 1:
		return "", &Error{Kind: Usage, Op: "find the merge base", Where: where, What: "they have no common history", Remedy: "name another base, or compare folders with --base-dir and --head-dir"}
	case err != nil:
		return "", s.explain(err, "find the merge base", where)
	case !isHash(id):
		return "", fmt.Errorf("find the merge base: git answered %q", clip(id, 100))
	}
	if len(cut) > 0 {
		// A commit at the cut between the merge base and the two tips may hide a better one behind it.
		out, err := s.view.run(ctx, "rev-list", a, b, "^"+id)
		if err != nil {
			return "", s.explain(err, "find the merge base", where)
		}
		for line := range strings.Lines(string(out)) {
			if cut[strings.TrimSpace(line)] {
				return "", shallowError(where, "this shallow clone is cut so near that the merge base cannot be told")
			}
		}
	}
	return id, nil
}

func shallowError(where, what string) error {
	return &Error{Kind: Usage, Op: "find the merge base", Where: where, What: what,
		Remedy: "fetch the history with `git fetch --unshallow`, or `fetch-depth: 0` in actions/checkout"}
}

func short(id string) string {
	if isHash(id) {
		return id[:12]
	}
	return id
}

// shallow lists the commits whose parents a shallow clone has cut off.
func (v *view) shallow() (map[string]bool, error) {
	data, err := readSmall(filepath.Join(v.dir, "shallow"), 64<<20)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	cut := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		cut[strings.TrimSpace(line)] = true
	}
	return cut, err
}

// explain turns a failed command into an Error that names the place; Errors and cancellations pass.
func (s *Snapshot) explain(err error, op, where string) error {
	var e *Error
	if err == nil || errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	out := &Error{Op: op, Where: where, What: err.Error(), Err: err}
	if text := err.Error(); strings.Contains(text, "missing") || strings.Contains(text, "unable to read") || strings.Contains(text, "could not") || strings.Contains(text, "bad object") {
		out.Remedy = "the repository may be damaged or a partial clone: try `git fsck`, or fetch what is missing with `git fetch --refetch`"
	}
	return out
}

// A repository is what discovery says of a folder.
type repository struct {
	git    *git
	dir    string // the folder asked for
	gitDir string
	common string // where objects lie: gitDir, but for a linked worktree its main repository's
	top    string // root of the work tree; "" if bare
	prefix string // dir below top, "sub/"
	bare   bool
	sha256 bool
	config map[string][]string // effective configuration: system, user's, repository's; keys lower-cased as git lists them
}

// hasRepository looks for .git (or a bare repository) upwards without git, so that plain folders need no git at all.
func hasRepository(dir string) bool {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		head, err1 := os.Lstat(filepath.Join(dir, "HEAD"))
		objects, err2 := os.Stat(filepath.Join(dir, "objects"))
		refs, err3 := os.Stat(filepath.Join(dir, "refs"))
		if err1 == nil && err2 == nil && err3 == nil && !head.IsDir() && objects.IsDir() && refs.IsDir() {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}

// openRepository asks git about a folder. Only commands that run nothing read the repository's own configuration: rev-parse, config
// --list, symbolic-ref and cat-file --batch-check.
func openRepository(ctx context.Context, dir string) (*repository, error) {
	g, err := newGit(ctx)
	if err != nil {
		return nil, err
	}
	r := &repository{git: g, dir: dir, config: map[string][]string{}}
	var flags, top, list []byte
	var topErr, listErr error
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		flags, err = g.run(gctx, command{dir: dir, args: []string{"rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--show-object-format", "--absolute-git-dir"}})
		return err
	})
	group.Go(func() error {
		top, topErr = g.run(gctx, command{dir: dir, args: []string{"rev-parse", "--show-toplevel"}})
		return nil
	})
	group.Go(func() error {
		list, listErr = g.run(gctx, command{dir: dir, args: []string{"config", "--list", "-z"}})
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, discoveryError(ctx, dir, err)
	}
	f := strings.SplitN(string(flags), "\n", 4)
	if len(f) != 4 {
		return nil, &Error{Op: "open the repository", Where: dir, What: "git describes it oddly"}
	}
	r.bare = f[0] == "true"
	r.sha256 = f[2] == "sha256"
	r.gitDir = strings.TrimSuffix(f[3], "\n")
	if !r.bare {
		if f[1] != "true" {
			return nil, &Error{Kind: Usage, Op: "open the repository", Where: dir, What: "this is the inside of a .git folder", Remedy: "name the work tree's folder"}
		}
		if topErr != nil {
			return nil, discoveryError(ctx, dir, topErr)
		}
		r.top = strings.TrimSuffix(string(top), "\n")
		rel, err := filepath.Rel(r.top, dir)
		if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
			return nil, &Error{Op: "open the repository", Where: dir, What: "git says that its work tree is " + printable(r.top), Remedy: "check core.worktree"}
		}
		if rel != "." {
			r.prefix = filepath.ToSlash(rel) + "/"
		}
	}
	if listErr != nil {
		return nil, discoveryError(ctx, dir, listErr)
	}
	for entry := range strings.SplitSeq(string(list), "\x00") {
		if key, value, ok := strings.Cut(entry, "\n"); ok {
			r.config[key] = append(r.config[key], value)
		} else if key != "" {
			r.config[key] = append(r.config[key], "true") // "key" without "=" is true
		}
	}
	r.common = r.gitDir
	if data, err := readSmall(filepath.Join(r.gitDir, "commondir"), 64<<10); err == nil {
		r.common = strings.TrimSuffix(string(data), "\n")
		if !filepath.IsAbs(r.common) {
			r.common = filepath.Join(r.gitDir, r.common)
		}
	}
	return r, nil
}

func discoveryError(ctx context.Context, dir string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	text := err.Error()
	var re *runError
	if errors.As(err, &re) {
		text = re.stderr
	}
	switch {
	case strings.Contains(text, "dubious ownership"), strings.Contains(text, "unsafe repository"):
		// git looks at the root of the work tree, not at the folder that was named.
		owned := dir
		if _, after, ok := strings.Cut(text, "repository at '"); ok {
			if root, _, ok := strings.Cut(after, "'\n"); ok && filepath.IsAbs(root) {
				owned = root
			}
		}
		return &Error{Kind: Setup, Op: "open the repository", Where: owned, What: "it belongs to another user, and git refuses to read it",
			Remedy: "if you trust it: git config --global --add safe.directory '" + printable(owned) + "'", Err: err}
	case strings.Contains(text, "not a git repository: "):
		_, at, _ := strings.Cut(lastLine(text), "not a git repository: ")
		return &Error{Kind: Usage, Op: "open the repository", Where: dir, What: "its .git file points to " + at + ", which is no repository",
			Remedy: "repair the link with `git worktree repair` or `git submodule update`, or compare folders with --base-dir and --head-dir", Err: err}
	case strings.Contains(text, "not a git repository"):
		return &Error{Kind: Usage, Op: "open the repository", Where: dir, What: "there is no git repository here or above",
			Remedy: "name a folder of a repository, or use --all or --base-dir and --head-dir, which need none", Err: err}
	}
	return &Error{Kind: Usage, Op: "open the repository", Where: dir, What: err.Error(), Err: err}
}

// last gives the effective value of a single-valued key.
func (r *repository) last(key string) string {
	if v := r.config[key]; len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

// storageConfig is the part of the configuration that says how files and index are stored and which untracked files are ignored. None of
// these can name a program.
func (r *repository) storageConfig() [][2]string {
	var out [][2]string
	for _, key := range []string{"core.filemode", "core.symlinks", "core.ignorecase", "core.precomposeunicode", "core.protecthfs", "core.protectntfs",
		"core.excludesfile", "core.trustctime", "core.checkstat", "core.autocrlf", "core.eol", "core.sparsecheckout", "core.sparsecheckoutcone", "index.sparse"} {
		v := r.last(key)
		if v == "" {
			continue
		}
		if key == "core.excludesfile" && !filepath.IsAbs(v) && !strings.HasPrefix(v, "~/") {
			continue // relative to nothing that git documents
		}
		out = append(out, [2]string{key, v})
	}
	return out
}

// commit resolves what a user names to a commit.
func (r *repository) commit(ctx context.Context, rev string) (string, error) {
	if rev == "" || strings.HasPrefix(rev, "-") || strings.ContainsAny(rev, "\x00\n") {
		return "", unknownRevision(rev, r.dir)
	}
	// In two steps, because "^{commit}" behind what a user wrote may be read as a part of it (":/some message"). An id needs only the second.
	out, err := []byte(rev), error(nil)
	if !isHash(rev) {
		out, err = r.git.run(ctx, command{dir: r.dir, args: []string{"rev-parse", "--verify", "--quiet", rev}})
	}
	if id := strings.TrimSpace(string(out)); err == nil && isHash(id) {
		out, err = r.git.run(ctx, command{dir: r.dir, args: []string{"rev-parse", "--verify", "--quiet", id + "^{commit}"}})
		if id = strings.TrimSpace(string(out)); err == nil && isHash(id) {
			return id, nil
		}
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	e := unknownRevision(rev, r.dir)
	if isHash(rev) {
		e.What = "this repository does not have that commit"
		e.Remedy = "fetch it first: git fetch origin " + rev
	}
	e.Err = err
	return "", e
}

func unknownRevision(rev, dir string) *Error {
	return &Error{Kind: Usage, Op: "find the revision", Where: rev, What: "no such branch, tag or commit in " + printable(dir),
		Remedy: "fetch it, or name one that `git rev-parse` knows"}
}

// unborn says whether HEAD names a branch that has no commit yet.
func (r *repository) unborn(ctx context.Context) bool {
	if r.symbolic(ctx, "HEAD") == "" {
		return false
	}
	_, err := r.git.run(ctx, command{dir: r.dir, args: []string{"rev-parse", "--verify", "--quiet", "HEAD"}})
	return err != nil && ctx.Err() == nil
}

// symbolic gives the ref that a symbolic ref names, or "".
func (r *repository) symbolic(ctx context.Context, name string) string {
	out, err := r.git.run(ctx, command{dir: r.dir, args: []string{"symbolic-ref", "-q", name}})
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(out), "\n")
}

// defaultBase chooses what to compare with when no base is named; see the package's documentation. headRev is what the user named as
// head, or "". No name: there is no default branch, and headID is given back.
func (r *repository) defaultBase(ctx context.Context, headRev, headID string) (id, name string, err error) {
	candidates := []string{
		"refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master",
		"refs/remotes/upstream/HEAD", "refs/remotes/upstream/main", "refs/remotes/upstream/master",
	}
	if b := r.last("init.defaultbranch"); b != "" && !strings.ContainsAny(b, "\n\x00 ") {
		candidates = append(candidates, "refs/heads/"+b)
	}
	candidates = append(candidates, "refs/heads/main", "refs/heads/master")
	branch := r.symbolic(ctx, "HEAD")
	if headRev != "" && headRev != "HEAD" {
		branch = ""
		if b := strings.TrimPrefix(headRev, "refs/heads/"); !strings.ContainsAny(b, "~^:@{} ") {
			branch = "refs/heads/" + b
		}
	}
	ids, err := r.resolve(ctx, candidates)
	if err != nil {
		return "", "", err
	}
	for i, ref := range candidates {
		if ids[i] == "" {
			continue
		}
		target := ref
		if strings.HasSuffix(ref, "/HEAD") {
			if t := r.symbolic(ctx, ref); t != "" {
				target = t
			}
		}
		if branch != "" && branchName(target) == branchName(branch) { // on the default branch itself
			// A branch without upstream makes rev-parse fail, which is no error here.
			if up, err := r.commit(ctx, branchName(branch)+"@{upstream}"); err == nil {
				return up, "the upstream of " + branchName(branch), nil
			}
			if target == branch {
				return headID, "HEAD", nil
			}
		}
		return ids[i], shortRef(target), nil
	}
	return headID, "", nil
}

// branchName takes "main" from refs/heads/main and refs/remotes/origin/main.
func branchName(ref string) string {
	if b, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		return b
	}
	if rest, ok := strings.CutPrefix(ref, "refs/remotes/"); ok {
		_, b, _ := strings.Cut(rest, "/")
		return b
	}
	return ref
}

func shortRef(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/remotes/")
}

// resolve turns names into commits in one process; unknown ones become "".
func (r *repository) resolve(ctx context.Context, names []string) ([]string, error) {
	var in strings.Builder
	for _, n := range names {
		in.WriteString(n + "^{commit}\n")
	}
	out, err := r.git.run(ctx, command{dir: r.dir, args: []string{"cat-file", "--batch-check"}, stdin: strings.NewReader(in.String())})
	if err != nil {
		return nil, &Error{Op: "find the default branch", Where: r.dir, What: err.Error(), Err: err}
	}
	infos, err := parseInfo(out, len(names))
	if err != nil {
		return nil, &Error{Op: "find the default branch", Where: r.dir, What: err.Error(), Err: err}
	}
	ids := make([]string, len(infos))
	for i, info := range infos {
		ids[i] = info.id
	}
	return ids, nil
}
