package source

import (
	"context"
	"crypto/sha1"
	"os"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// Folders compares two plain folders, with or without git in them (.git is left out, links are not followed). The caller closes the
// snapshot.
func Folders(ctx context.Context, baseDir, headDir string, lim Limits) (_ *Snapshot, err error) {
	s := &Snapshot{limits: lim.withDefaults(), work: true}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	var paths [2][]string
	for _, sd := range []checks.Side{checks.Base, checks.Head} {
		dir := headDir
		if sd == checks.Base {
			dir = baseDir
		}
		if dir, err = realDir(dir); err != nil {
			return nil, err
		}
		if s.roots[sd], err = os.OpenRoot(dir); err != nil {
			return nil, &Error{Kind: Usage, Op: "open the folder", Where: dir, What: reason(err), Err: err}
		}
		if paths[sd], err = walk(ctx, dir); err != nil {
			return nil, err
		}
		s.pathMemo[sd] = &paths[sd]
	}
	if err := s.checkCount(max(len(paths[0]), len(paths[1])), s.limits.Files*allFactor, "files in a folder"); err != nil {
		return nil, err
	}
	both := slices.Compact(slices.Sorted(slices.Values(slices.Concat(paths[0], paths[1]))))
	read := func(sd checks.Side, p string) side {
		w := &workReader{root: s.roots[sd], limit: s.limits.FileBytes, fileMode: true, newHash: sha1.New}
		return w.read(p, side{id: "hash it"}, 0) // ids serve only to compare
	}
	var entries []*entry
	var held int64
	for _, p := range both {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e := &entry{path: p, old: read(checks.Base, p), new: read(checks.Head, p)}
		if e.same() || !e.old.there() && !e.new.there() {
			continue
		}
		for _, sd := range []*side{&e.old, &e.new} {
			if held += int64(len(sd.raw)); held > s.limits.TotalBytes {
				sd.drop(s.limits.TotalBytes)
			}
		}
		entries = append(entries, e)
		if err := s.checkCount(len(entries), s.limits.Files, "changed files"); err != nil {
			return nil, err
		}
	}
	s.finish(entries, func(dir string) bool {
		st, err := s.roots[checks.Base].Lstat(strings.TrimSuffix(dir, "/"))
		return err == nil && st.IsDir()
	})
	return s, nil
}
