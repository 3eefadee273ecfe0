package githubtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// gitTimeout bounds one git process. Repositories here are small; a process that takes longer hangs.
const gitTimeout = time.Minute

// gitDir runs git on bare repositories, away from the settings of this machine. Results that are named by SHAs are kept.
type gitDir struct {
	ctx   context.Context // ends with the server: set-up methods have no context of their own
	dir   string
	cache map[string]any
	known map[string]string // all refs, nil until first asked for: only this package and a push over HTTP move them
}

func gitEnv(extra ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "TZ=UTC", "GIT_AUTHOR_NAME=GitHub", "GIT_AUTHOR_EMAIL=noreply@example.com",
		"GIT_COMMITTER_NAME=GitHub", "GIT_COMMITTER_EMAIL=noreply@example.com"}, extra...)
}

func (d *gitDir) run(stdin []byte, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(d.ctx, gitTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.quotePath=false", "-c", "gc.auto=0", "-c", "core.hooksPath=" + os.DevNull}, args...)...)
	cmd.Dir = d.dir
	cmd.Env = gitEnv()
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(errOut.String()))
	}
	return out.Bytes(), nil
}

func (d *gitDir) line(args ...string) (string, error) {
	out, err := d.run(nil, args...)
	return strings.TrimSpace(string(out)), err
}

// cached keeps what only depends on the key. Errors are not kept.
func cached[T any](d *gitDir, key string, make func() (T, error)) (T, error) {
	if v, ok := d.cache[key]; ok {
		return v.(T), nil
	}
	v, err := make()
	if err == nil {
		d.cache[key] = v
	}
	return v, err
}

// initGit makes an empty bare repository that serves partial clones and any SHA.
func initGit(ctx context.Context, dir, defaultBranch string) (*gitDir, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	d := &gitDir{ctx: ctx, dir: dir, cache: map[string]any{}}
	if _, err := d.run(nil, "init", "--quiet", "--bare", "--initial-branch="+defaultBranch, "."); err != nil {
		return nil, err
	}
	config := `
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[http]
	receivepack = true
[transfer]
	hideRefs = refs/githubtest
[gc]
	auto = 0
[core]
	logAllRefUpdates = false
`
	f, err := os.OpenFile(filepath.Join(dir, "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(config)
	return d, errors.Join(err, f.Close())
}

// ownRef is where new commits are written first. Clients do not see it.
const ownRef = "refs/githubtest/new"

// reload reads all refs again, after a push over HTTP.
func (d *gitDir) reload() error {
	out, err := d.run(nil, "for-each-ref", "--format=%(objectname) %(refname)")
	if err != nil {
		return err
	}
	d.known = map[string]string{}
	for line := range strings.Lines(string(out)) {
		if sha, name, _ := strings.Cut(strings.TrimSpace(line), " "); name != ownRef {
			d.known[name] = sha
		}
	}
	return nil
}

// refs returns the refs below a prefix and their SHAs.
func (d *gitDir) refs(prefix string) (map[string]string, error) {
	if d.known == nil {
		if err := d.reload(); err != nil {
			return nil, err
		}
	}
	some := map[string]string{}
	for name, sha := range d.known {
		if strings.HasPrefix(name, prefix) {
			some[name] = sha
		}
	}
	return some, nil
}

func (d *gitDir) setRef(ref, sha string) error {
	if _, err := d.refs(ref); err != nil {
		return err
	}
	if sha == "" {
		_, err := d.run(nil, "update-ref", "-d", ref)
		if err == nil {
			delete(d.known, ref)
		}
		return err
	}
	_, err := d.run(nil, "update-ref", ref, sha)
	if err == nil {
		d.known[ref] = sha
	}
	return err
}

// resolve turns a SHA, branch or tag into a commit SHA; "" if there is none.
func (d *gitDir) resolve(rev string) string {
	if rev == "" || strings.HasPrefix(rev, "-") || strings.ContainsAny(rev, "^~:@{ ") {
		return ""
	}
	if isHex(rev) && len(rev) >= 7 {
		if _, ok := d.cache["commit "+rev]; ok && len(rev) == len(zeroSHA) {
			return rev
		}
		if sha := d.peel(rev); sha != "" {
			return sha
		}
	}
	if _, err := d.refs(""); err != nil {
		return ""
	}
	try := []string{"refs/heads/" + rev, "refs/tags/" + rev}
	if strings.HasPrefix(rev, "heads/") || strings.HasPrefix(rev, "tags/") || strings.HasPrefix(rev, "pull/") {
		try = append(try, "refs/"+rev)
	}
	for _, ref := range try {
		sha := d.known[ref]
		if sha != "" && strings.HasPrefix(ref, "refs/tags/") {
			sha = d.peel(ref)
		}
		if sha != "" {
			return sha
		}
	}
	return ""
}

// peel asks git for the commit that a name stands for.
func (d *gitDir) peel(name string) string {
	sha, err := d.line("rev-parse", "--quiet", "--verify", "--end-of-options", name+"^{commit}")
	if err != nil {
		return ""
	}
	return sha
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}

// mergeBase returns "" where the histories are unrelated.
func (d *gitDir) mergeBase(a, b string) string {
	sha, err := cached(d, "merge-base "+a+" "+b, func() (string, error) { return d.line("merge-base", a, b) })
	if err != nil {
		return ""
	}
	return sha
}

func (d *gitDir) isAncestor(a, b string) bool { return a == b || d.mergeBase(a, b) == a }

// A gitCommit is one parsed commit.
type gitCommit struct {
	SHA, Tree, Message          string
	Parents                     []string
	AuthorName, AuthorEmail     string
	AuthorDate, CommitDate      time.Time
	CommitterName, CommitterEml string
}

const logFormat = "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x00%x01"

func parseLog(out []byte) []*gitCommit {
	var all []*gitCommit
	for _, rec := range strings.Split(string(out), "\x00\x01") {
		f := strings.Split(strings.TrimLeft(rec, "\n"), "\x00")
		if len(f) < 10 {
			continue
		}
		at := func(s string) time.Time {
			n, _ := strconv.ParseInt(s, 10, 64)
			return time.Unix(n, 0).UTC()
		}
		all = append(all, &gitCommit{SHA: f[0], Tree: f[1], Parents: strings.Fields(f[2]), AuthorName: f[3], AuthorEmail: f[4], AuthorDate: at(f[5]),
			CommitterName: f[6], CommitterEml: f[7], CommitDate: at(f[8]), Message: strings.TrimRight(f[9], "\n")})
	}
	return all
}

func (d *gitDir) commit(sha string) (*gitCommit, error) {
	return cached(d, "commit "+sha, func() (*gitCommit, error) {
		out, err := d.run(nil, "log", "-1", logFormat, "--end-of-options", sha)
		if err != nil {
			return nil, err
		}
		all := parseLog(out)
		if len(all) != 1 {
			return nil, fmt.Errorf("no commit %s", sha)
		}
		return all[0], nil
	})
}

// commits lists what is reachable from head and not from base, oldest first; base may be empty.
func (d *gitDir) commits(base, head string) ([]*gitCommit, error) {
	return cached(d, "commits "+base+" "+head, func() ([]*gitCommit, error) {
		args := []string{"log", "--reverse", "--topo-order", logFormat, head}
		if base != "" {
			args = append(args, "^"+base)
		}
		out, err := d.run(nil, append(args, "--")...)
		if err != nil {
			return nil, err
		}
		all := parseLog(out)
		for _, c := range all {
			d.cache["commit "+c.SHA] = c
		}
		return all, nil
	})
}

// names lists what changed between two trees, without contents: status letter and paths.
func (d *gitDir) names(base, head string) ([][]string, error) {
	if base == "" {
		base = emptyTree
	}
	return cached(d, "names "+base+" "+head, func() ([][]string, error) {
		out, err := d.run(nil, "diff-tree", "-r", "-z", "--find-renames", "--no-commit-id", "--name-status", base, head, "--")
		if err != nil {
			return nil, err
		}
		fields := strings.Split(string(out), "\x00")
		var list [][]string
		for i := 0; i+1 < len(fields); {
			n := 2
			if fields[i][:1] == "R" {
				n = 3
			}
			if i+n > len(fields) {
				break
			}
			list = append(list, fields[i:i+n])
			i += n
		}
		return list, nil
	})
}

// A fileDiff is one changed file between two trees.
type fileDiff struct {
	Path, OldPath      string
	Status             string // "added", "removed", "modified", "renamed", "changed"
	Blob               string // of the new side; of the old side where removed
	Additions, Deleted int
	Binary             bool
	Patch              string // from the first hunk header on
	hunks              []hunk
}

type hunk struct {
	oldStart, oldLines, newStart, newLines int
	lines                                  []string // with the header first
	oldAt, newAt                           []int    // per line, 0 where the line is not on that side
	position                               int      // of the header in the file's patch
}

// emptyTree is the SHA of the tree without entries.
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

// diff compares two commits or trees with rename detection, as the pull request pages do.
func (d *gitDir) diff(base, head string) ([]*fileDiff, error) {
	if base == "" {
		base = emptyTree
	}
	return cached(d, "diff "+base+" "+head, func() ([]*fileDiff, error) {
		out, err := d.run(nil, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", "--no-abbrev", "-z", "--raw", "--numstat", "--patch", base, head, "--")
		if err != nil {
			return nil, err
		}
		// Raw records and counts end in NUL each; an empty one stands before the patches.
		listed, patches, _ := strings.Cut(string(out), "\x00\x00diff --git ")
		var fields []string
		if listed != "" {
			fields = strings.Split(strings.TrimRight(listed, "\x00"), "\x00")
		}
		var files []*fileDiff
		byPath := map[string]*fileDiff{}
		for i := 0; i < len(fields); i++ {
			if strings.HasPrefix(fields[i], ":") {
				meta := strings.Fields(fields[i]) // :100644 100644 old new M
				f := &fileDiff{Blob: meta[3]}
				i++
				f.Path = fields[i]
				switch meta[4][0] {
				case 'A':
					f.Status = "added"
				case 'D':
					f.Status, f.Blob = "removed", meta[2]
				case 'R', 'C':
					f.Status, f.OldPath = "renamed", f.Path
					i++
					f.Path = fields[i]
				case 'T':
					f.Status = "changed"
				default:
					f.Status = "modified"
				}
				files = append(files, f)
				byPath[f.Path] = f
				continue
			}
			add, rest, _ := strings.Cut(fields[i], "\t")
			del, path, _ := strings.Cut(rest, "\t")
			if path == "" && i+2 < len(fields) { // a rename: both names follow
				path = fields[i+2]
				i += 2
			}
			if f := byPath[path]; f != nil {
				f.Binary = add == "-"
				f.Additions, _ = strconv.Atoi(add)
				f.Deleted, _ = strconv.Atoi(del)
			}
		}
		// The patches come in the same order as the raw records, one "diff --git" each.
		parts := strings.Split(patches, "\ndiff --git ")
		if len(parts) == len(files) {
			for i, f := range files {
				if at := strings.Index(parts[i], "\n@@ "); at >= 0 && !f.Binary {
					f.Patch = strings.TrimSuffix(parts[i][at+1:], "\n")
					f.hunks = parseHunks(f.Patch)
				}
			}
		}
		return files, nil
	})
}

// parseHunks reads the hunks of one file's patch.
func parseHunks(patch string) []hunk {
	var hunks []hunk
	var h *hunk
	o, n := 0, 0
	for i, line := range strings.Split(patch, "\n") {
		if strings.HasPrefix(line, "@@ ") {
			hunks = append(hunks, hunk{position: i})
			h = &hunks[len(hunks)-1]
			f := strings.Fields(line)
			if len(f) < 3 {
				return hunks
			}
			h.oldStart, h.oldLines = hunkRange(f[1])
			h.newStart, h.newLines = hunkRange(f[2])
			o, n = h.oldStart, h.newStart
			h.lines, h.oldAt, h.newAt = []string{line}, []int{0}, []int{0}
			continue
		}
		if h == nil || line == "" {
			continue
		}
		oldAt, newAt := 0, 0
		switch line[0] {
		case ' ':
			oldAt, newAt = o, n
			o, n = o+1, n+1
		case '-':
			oldAt = o
			o++
		case '+':
			newAt = n
			n++
		}
		h.lines, h.oldAt, h.newAt = append(h.lines, line), append(h.oldAt, oldAt), append(h.newAt, newAt)
	}
	return hunks
}

func hunkRange(s string) (start, count int) {
	a, b, ok := strings.Cut(strings.TrimLeft(s, "+-"), ",")
	start, _ = strconv.Atoi(a)
	count = 1
	if ok {
		count, _ = strconv.Atoi(b)
	}
	return start, count
}

// find returns the hunk that shows a line and the line's place in it.
func (f *fileDiff) find(side string, line int) (h *hunk, at int) {
	for i := range f.hunks {
		lines := f.hunks[i].newAt
		if side == "LEFT" {
			lines = f.hunks[i].oldAt
		}
		for j, l := range lines {
			if l == line && j > 0 {
				return &f.hunks[i], j
			}
		}
	}
	return nil, 0
}

// moved says where a line of a file stands after a change from one commit to another; 0 if the change touched it.
func (d *gitDir) moved(from, to, path string, line int) (int, error) {
	if from == to {
		return line, nil
	}
	hunks, err := cached(d, "moved "+from+" "+to+" "+path, func() ([]hunk, error) {
		out, err := d.run(nil, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--unified=0", from, to, "--", path)
		if err != nil {
			return nil, err
		}
		text := string(out)
		if at := strings.Index(text, "\n@@ "); at >= 0 {
			return parseHunks(strings.TrimSuffix(text[at+1:], "\n")), nil
		}
		return nil, nil
	})
	if err != nil {
		return 0, err
	}
	shift := 0
	for _, h := range hunks {
		if h.oldLines == 0 && line <= h.oldStart || h.oldLines > 0 && line < h.oldStart {
			break
		}
		if h.oldLines > 0 && line < h.oldStart+h.oldLines {
			return 0, nil
		}
		shift = h.newStart + h.newLines - h.oldStart - h.oldLines
		if h.oldLines == 0 {
			shift = h.newStart + h.newLines - 1 - h.oldStart
		}
		if h.newLines == 0 {
			shift = h.newStart + 1 - h.oldStart - h.oldLines
		}
	}
	return line + shift, nil
}

// mergeTree returns the tree of merging head into base, or conflict.
func (d *gitDir) mergeTree(base, head string) (tree string, conflict bool, err error) {
	key := "merge-tree " + base + " " + head
	if v, ok := d.cache[key]; ok {
		tree = v.(string)
		return tree, tree == "", nil
	}
	out, err := d.run(nil, "merge-tree", "--write-tree", "--no-messages", base, head)
	first, _, _ := strings.Cut(string(out), "\n")
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 1 {
			d.cache[key] = ""
			return "", true, nil
		}
		return "", false, err
	}
	d.cache[key] = first
	return first, false, nil
}

// patchID names what a change does, wherever it stands; empty: nothing.
func (d *gitDir) patchID(base, head string) (string, error) {
	diff, err := d.run(nil, "diff-tree", "-r", "-p", "--no-renames", "--no-ext-diff", base, head)
	if err != nil {
		return "", err
	}
	out, err := d.run(diff, "patch-id", "--stable")
	id, _, _ := strings.Cut(string(out), " ")
	return id, err
}

// A treeEntry is one entry of a tree.
type treeEntry struct {
	Mode, Type, SHA, Path string
	Size                  int64
}

func (d *gitDir) tree(rev string, recursive bool) ([]treeEntry, error) {
	args := []string{"ls-tree", "-z", "--long"}
	if recursive {
		args = append(args, "-r", "-t")
	}
	out, err := d.run(nil, append(args, "--end-of-options", rev)...)
	if err != nil {
		return nil, err
	}
	var all []treeEntry
	for rec := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		meta, path, ok := strings.Cut(rec, "\t")
		f := strings.Fields(meta)
		if !ok || len(f) != 4 {
			continue
		}
		size, _ := strconv.ParseInt(f[3], 10, 64)
		all = append(all, treeEntry{Mode: f[0], Type: f[1], SHA: f[2], Path: path, Size: size})
	}
	return all, nil
}
