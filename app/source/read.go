package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// Paths lists all files of a side, sorted: the whole tree, whatever Prefix is (with All and for folders: what was listed). It costs time
// in the size of the repository; nothing else here does, except reading a whole tree.
func (s *Snapshot) Paths(ctx context.Context, on checks.Side) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.pathMemo[on]; m != nil {
		return *m, nil
	}
	paths, err := s.listPaths(ctx, on)
	if err != nil {
		return nil, s.explain(err, "list the files", s.at(on))
	}
	if err := s.checkCount(len(paths), s.limits.Files*allFactor, "files"); err != nil {
		return nil, err
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	s.pathMemo[on] = &paths
	return paths, nil
}

func (s *Snapshot) listPaths(ctx context.Context, on checks.Side) ([]string, error) {
	var paths []string
	if s.all {
		if on == checks.Base {
			return nil, nil
		}
		for _, f := range s.Files {
			paths = append(paths, f.Path)
		}
		return paths, nil
	}
	if on == checks.Head && s.work {
		out, err := s.view.run(ctx, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
		if err != nil {
			return nil, err
		}
		gone, err := s.view.run(ctx, "ls-files", "--deleted", "-z")
		if err != nil {
			return nil, err
		}
		deleted := map[string]bool{}
		for _, p := range splitZ(gone) {
			deleted[p] = true
		}
		for _, p := range splitZ(out) {
			if !deleted[p] && !strings.HasSuffix(p, "/") {
				paths = append(paths, p)
			}
		}
		return paths, nil
	}
	tree := s.at(on)
	if tree == "" {
		return nil, nil
	}
	list, err := s.view.list(ctx, tree, true)
	if err != nil {
		return nil, err
	}
	for _, t := range list {
		if t.mode != checks.ModeSubmodule {
			paths = append(paths, t.path)
		}
	}
	return paths, nil
}

// at is the commit of a side, "" if it has none.
func (s *Snapshot) at(on checks.Side) string {
	if on == checks.Base {
		return s.MergeBase
	}
	return s.Head
}

// Read gives files of a side by path, in one batch, decoded as Contents are. What does not exist, is no regular file, is binary or over a
// limit is absent from the map; Paths tells which of these exist.
func (s *Snapshot) Read(ctx context.Context, on checks.Side, paths []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	sides := map[string]*side{}
	paths = slices.Compact(slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !validPath(p) }))))
	var stored []treeEntry
	var err error
	if root := s.roots[on]; root != nil {
		w := &workReader{root: root, limit: s.limits.FileBytes}
		var total int64
		var absent []string
		for _, p := range paths {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			sd := w.read(p, side{}, 0)
			if !sd.there() {
				absent = append(absent, p)
				continue
			}
			if total += int64(len(sd.raw)); total > s.limits.TotalBytes {
				sd.drop(s.limits.TotalBytes)
			}
			sides[p] = &sd
		}
		stored, err = s.sparse(ctx, absent)
	} else if tree := s.at(on); tree != "" && len(paths) > 0 {
		stored, err = s.view.list(ctx, tree, false, paths...)
	}
	if err == nil {
		var load []*side
		for _, t := range stored {
			sd := &side{mode: t.mode, id: t.id, stored: true}
			sides[t.path] = sd
			load = append(load, sd)
		}
		err = s.loadObjects(ctx, load)
	}
	if err != nil {
		return nil, s.explain(err, "read files", s.at(on))
	}
	for p, sd := range sides {
		if sd.opaque == "" && sd.read {
			out[p] = nonNil(sd.text)
		}
	}
	return out, nil
}

// sparse finds files that the work tree leaves out on purpose (sparse checkout): the index has them.
func (s *Snapshot) sparse(ctx context.Context, paths []string) ([]treeEntry, error) {
	if s.view == nil || !s.work || len(paths) == 0 || s.repo.last("core.sparsecheckout") != "true" {
		return nil, nil
	}
	var found []treeEntry
	for part := range slices.Chunk(paths, 500) {
		out, err := s.view.run(ctx, append([]string{"ls-files", "--sparse", "-t", "-s", "-z", "--"}, part...)...)
		if err != nil {
			return nil, err
		}
		for _, line := range splitZ(out) { // "S 100644 <id> 0\t<path>"
			head, path, _ := strings.Cut(line, "\t")
			f := strings.Fields(head)
			if len(f) != 4 || f[0] != "S" || f[3] != "0" || !isHash(f[2]) {
				continue
			}
			var mode uint32
			if _, err := fmt.Sscanf(f[1], "%o", &mode); err == nil {
				found = append(found, treeEntry{mode: mode, id: f[2], path: path})
			}
		}
	}
	return found, nil
}

// validPath refuses what can be no path of a tree, before git sees it.
func validPath(p string) bool {
	if p == "" || strings.Contains(p, "\x00") {
		return false
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

// FilesAt gives the files of a commit whose path match accepts: policy, rules, CODEOWNERS. rev is a SHA, or for Local any revision; ""
// is the base side (with All, or without commits: the tree itself). Contents are raw but for UTF-16, and a symbolic link is its target, so
// that whoever parses them says what is wrong; a file over the limit is an error, because it must not count as absent.
// It lists the whole tree; FilesIn does not.
func (s *Snapshot) FilesAt(ctx context.Context, rev string, match func(path string) bool) (map[string][]byte, error) {
	return s.FilesIn(ctx, rev, nil, match)
}

// FilesIn is FilesAt for files at or below the given paths only; its time does not depend on the size of the rest of the tree.
func (s *Snapshot) FilesIn(ctx context.Context, rev string, under []string, match func(path string) bool) (map[string][]byte, error) {
	under = slices.DeleteFunc(slices.Clone(under), func(p string) bool { return !validPath(p) })
	if rev == "" {
		if rev = s.MergeBase; rev == "" {
			return s.filesOnDisk(ctx, under, match)
		}
	}
	if s.view == nil {
		return nil, &Error{Kind: Usage, Op: "find the revision", Where: rev, What: "plain folders have no revisions"}
	}
	if !isHash(rev) {
		if s.repo == nil {
			return nil, unknownRevision(rev, "the fetched repository")
		}
		var err error
		if rev, err = s.repo.commit(ctx, rev); err != nil {
			return nil, err
		}
	}
	if err := s.fetchCommits(ctx, rev); err != nil {
		return nil, err
	}
	if err := s.fetchTrees(ctx, rev); err != nil {
		return nil, err
	}
	list, err := s.view.list(ctx, rev, true, under...)
	if err != nil {
		return nil, s.explain(err, "list the files", rev)
	}
	list = slices.DeleteFunc(list, func(t treeEntry) bool { return t.mode == checks.ModeSubmodule || !match(t.path) })
	out, err := s.rawFiles(ctx, list)
	return out, s.explain(err, "read files", rev)
}

// rawFiles reads blobs without judging them.
func (s *Snapshot) rawFiles(ctx context.Context, list []treeEntry) (map[string][]byte, error) {
	ids := make([]string, len(list))
	for i, t := range list {
		ids[i] = t.id
	}
	infos, err := s.infoFetched(ctx, ids)
	if err != nil {
		return nil, err
	}
	var total int64
	for i, info := range infos {
		if total += info.size; info.kind != "blob" || info.size > s.limits.FileBytes || total > s.limits.TotalBytes {
			return nil, &Error{Kind: Limit, Op: "read a file of the configuration", Where: list[i].path, What: "it is " + tooLarge(info.size, s.limits.FileBytes), Remedy: "make it smaller"}
		}
	}
	out := map[string][]byte{}
	err = s.view.read(ctx, ids, func(i int, _ objectInfo, data []byte) error {
		out[list[i].path] = readable(data)
		return nil
	})
	return out, err
}

func readable(data []byte) []byte {
	if text, encoding, _ := decode(data); encoding != "" {
		return text
	}
	return data
}

// filesOnDisk is FilesIn for a tree that is no commit: the base folder of Folders, or the tree of All.
func (s *Snapshot) filesOnDisk(ctx context.Context, under []string, match func(path string) bool) (map[string][]byte, error) {
	on := checks.Head
	if s.view == nil && !s.all {
		on = checks.Base
	}
	if s.roots[on] == nil { // All of a commit
		return s.FilesIn(ctx, s.Head, under, match)
	}
	paths, err := s.configPaths(ctx, on, under)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	w := &workReader{root: s.roots[on]}
	for _, p := range paths {
		if !below(p, under) || !match(p) {
			continue
		}
		st, err := w.lstat(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var data []byte
		switch {
		case err != nil:
		case st.Mode()&fs.ModeSymlink != 0:
			var target string
			target, err = w.root.Readlink(p)
			data = []byte(target)
		default:
			data, err = readAtMost(w.root, p, s.limits.FileBytes)
		}
		if err != nil {
			return nil, &Error{Kind: Usage, Op: "read a file of the configuration", Where: p, What: reason(err), Remedy: "make it a readable file within the limit", Err: err}
		}
		out[p] = readable(data)
	}
	return out, ctx.Err()
}

// configPaths is Paths, but for All of a folder inside a repository: the configuration lies at the root, which All does not list then.
func (s *Snapshot) configPaths(ctx context.Context, on checks.Side, under []string) ([]string, error) {
	if !s.all || s.Prefix == "" {
		return s.Paths(ctx, on)
	}
	out, err := s.view.run(ctx, append([]string{"ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z", "--"}, under...)...)
	if err != nil {
		return nil, s.explain(err, "list the files", s.repo.dir)
	}
	return splitZ(out), nil
}

func below(p string, under []string) bool {
	return len(under) == 0 || slices.ContainsFunc(under, func(u string) bool { return p == u || strings.HasPrefix(p, u+"/") })
}

// ChangedPaths gives the table of any two commits: paths, modes and blob ids, for the ledger. It reads no contents: no renames (both names
// are listed), no classes, nothing Opaque.
func (s *Snapshot) ChangedPaths(ctx context.Context, mergeBase, head string) ([]*checks.File, error) {
	if s.view == nil || !isHash(mergeBase) || !isHash(head) {
		return nil, &Error{Kind: Usage, Op: "list changed paths", Where: short(mergeBase) + ".." + short(head), What: "two commit ids of a repository are needed"}
	}
	if err := s.fetchCommits(ctx, mergeBase, head); err != nil {
		return nil, err
	}
	if err := s.fetchTrees(ctx, mergeBase, head); err != nil {
		return nil, err
	}
	entries, err := s.diffTrees(ctx, mergeBase, head, "")
	if err == nil {
		err = s.checkCount(len(entries), s.limits.Files, "changed files")
	}
	if err != nil {
		return nil, s.explain(err, "list changed paths", short(mergeBase)+".."+short(head))
	}
	files := make([]*checks.File, len(entries))
	for i, e := range entries {
		files[i] = plainFile(e)
	}
	return files, nil
}

// infoFetched asks for sizes after fetching, in one go, what a partial clone lacks. What is too large to be fetched stays missing.
func (s *Snapshot) infoFetched(ctx context.Context, ids []string) ([]objectInfo, error) {
	infos, err := s.view.info(ctx, ids)
	if err != nil {
		return nil, err
	}
	var missing []string
	for i, info := range infos {
		if info.kind == "" {
			missing = append(missing, ids[i])
		}
	}
	if len(missing) == 0 {
		return infos, nil
	}
	if s.remote == nil {
		return nil, missingError(s.repo, len(missing))
	}
	if err := s.remote.objects(ctx, missing); err != nil {
		return nil, err
	}
	return s.view.info(ctx, ids)
}

func missingError(r *repository, n int) error {
	e := &Error{Op: "read the repository", What: fmt.Sprintf("%d objects are missing from it", n), Remedy: "check it with `git fsck`"}
	if r != nil {
		e.Where = r.dir
		if r.partial() {
			e.What = fmt.Sprintf("it is a partial clone, and %d objects that the change needs were not fetched yet", n)
			e.Remedy = "fetch them with your own git: run `git diff` for the same revisions, or `git fetch --refetch --filter=tree:-1`"
		}
	}
	return e
}

// fetchTrees makes sure that the trees of commits are here, in one fetch.
func (s *Snapshot) fetchTrees(ctx context.Context, commits ...string) error {
	if s.remote == nil {
		return nil
	}
	commits = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(commits))), func(c string) bool { return c == "" })
	var trees []string
	err := s.view.read(ctx, commits, func(i int, info objectInfo, data []byte) error {
		c, err := parseCommit(commits[i], info, data)
		trees = append(trees, c.tree)
		return err
	})
	if err != nil {
		return s.explain(err, "read a commit", strings.Join(commits, ", "))
	}
	infos, err := s.view.info(ctx, trees)
	if err != nil {
		return err
	}
	var missing []string
	for i, info := range infos {
		if info.kind == "" && trees[i] != s.view.emptyTree() {
			missing = append(missing, trees[i])
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return s.remote.trees(ctx, missing)
}

// firstLine is for messages.
func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return clip(string(line), 100)
}
