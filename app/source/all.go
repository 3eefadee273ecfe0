package source

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// allFactor is how many times Limits.Files a whole tree may have.
const allFactor = 20

// wholeTree lists a repository's files, all Added.
func (s *Snapshot) wholeTree(ctx context.Context, r *repository, head string) error {
	if !s.work {
		id, err := r.commit(ctx, head)
		if err != nil {
			return err
		}
		s.Head, s.headRev = id, id
		if err := s.fetchTrees(ctx, id); err != nil {
			return err
		}
		var only []string
		if s.Prefix != "" {
			only = []string{s.Prefix}
		}
		list, err := s.view.list(ctx, id, true, only...)
		if err != nil {
			return s.explain(err, "list the files", r.dir)
		}
		entries := make([]*entry, len(list))
		for i, t := range list {
			entries[i] = &entry{path: t.path, new: side{mode: t.mode, id: t.id, stored: true}}
		}
		return s.allFiles(entries)
	}
	s.headRev, _ = r.commit(ctx, "HEAD")
	args := []string{"--cached", "--others", "--exclude-standard", "--deduplicate", "-z", "--"}
	if s.Prefix != "" {
		args = append(args, s.Prefix)
	}
	paths, closed, err := s.view.work(ctx, args...)
	if err != nil {
		return s.explain(err, "list the files", r.dir)
	}
	slices.Sort(paths)
	return s.listed(ctx, slices.Compact(paths), closed)
}

// listed makes entries of paths in the work tree or folder; those that are not there (deleted, sparse) are left out.
func (s *Snapshot) listed(ctx context.Context, paths []string, closed []closedFolder) error {
	w := &workReader{root: s.roots[checks.Head]}
	var entries []*entry
	for _, c := range closed {
		entries = append(entries, c.entry())
	}
	for i, p := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, nested := strings.CutSuffix(p, "/")
		if nested {
			continue // an untracked repository of its own: not part of this tree
		}
		st, err := w.lstat(name)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) || isNotDir(err) {
				continue
			}
			entries = append(entries, &entry{path: name, new: side{mode: checks.ModeFile, read: true, opaque: "cannot be read: " + reason(err)}})
			continue
		}
		sd := side{mode: checks.ModeFile, size: st.Size()}
		switch {
		case st.Mode()&fs.ModeSymlink != 0:
			sd.mode = checks.ModeSymlink
		case st.IsDir() && holds(paths[i+1:], name):
			continue // a folder where a tracked file was; its files are listed
		case st.IsDir():
			sd.mode = checks.ModeSubmodule // git lists no other folders
		case !st.Mode().IsRegular():
			continue
		case st.Mode()&0o100 != 0:
			sd.mode = checks.ModeExecutable
		}
		entries = append(entries, &entry{path: name, new: sd})
	}
	return s.allFiles(entries)
}

// holds says whether one of the sorted paths lies below a folder.
func holds(paths []string, folder string) bool {
	i, _ := slices.BinarySearch(paths, folder+"/")
	return i < len(paths) && strings.HasPrefix(paths[i], folder+"/")
}

// allFiles makes Files; what needs the content waits for ContentsBatch.
func (s *Snapshot) allFiles(entries []*entry) error {
	if err := s.checkCount(len(entries), s.limits.Files*allFactor, "files"); err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b *entry) int { return strings.Compare(a.path, b.path) })
	s.sides = make(map[*checks.File]side, len(entries))
	for _, e := range entries {
		f := plainFile(e)
		// The tree stands for its own base: names of folders and files count.
		f.Class = classify(s.rel(e.path), func(string) bool { return true })
		if generatedName(e.path) && rank[f.Class] < rank[checks.ClassGenerated] {
			f.Class = checks.ClassGenerated
		}
		f.Opaque = e.new.opaque
		if f.Opaque == "" {
			f.Opaque = typeOpaque(e.new.mode)
		}
		if f.Opaque == "" && !e.new.stored && e.new.size > s.limits.FileBytes {
			f.Opaque = tooLarge(e.new.size, s.limits.FileBytes)
		}
		s.Files = append(s.Files, f)
		if f.Opaque == "" {
			s.sides[f] = e.new
		}
	}
	return nil
}

// allContents reads the files in parts.
func (s *Snapshot) allContents(ctx context.Context, maxBytes int64, fn func([]Content) error) error {
	var part []*checks.File
	var size int64
	flush := func() error {
		contents, err := s.readPart(ctx, part)
		if err != nil {
			return err
		}
		part, size = nil, 0
		if len(contents) == 0 {
			return ctx.Err()
		}
		return errors.Join(ctx.Err(), fn(contents))
	}
	for _, f := range s.Files {
		if f.Opaque != "" {
			continue
		}
		part = append(part, f)
		n := s.sides[f].size
		if s.sides[f].stored { // its size is not known yet
			n = 8 << 10
		}
		if size += n; size >= maxBytes || len(part) >= 5000 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (s *Snapshot) readPart(ctx context.Context, files []*checks.File) ([]Content, error) {
	read := make([]side, len(files))
	var stored []*side
	w := &workReader{root: s.roots[checks.Head], limit: s.limits.FileBytes, fileMode: true}
	for i, f := range files {
		read[i] = s.sides[f]
		if read[i].stored {
			stored = append(stored, &read[i])
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if read[i] = w.read(f.Path, side{}, 0); !read[i].there() {
			read[i].opaque = "it went away while it was to be read"
		} else if o := typeOpaque(read[i].mode); o != "" {
			read[i].opaque = o
		}
	}
	if len(stored) > 0 {
		if err := s.loadObjects(ctx, stored); err != nil {
			return nil, s.explain(err, "read the files", s.Head)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	contents := make([]Content, 0, len(files))
	for i, f := range files {
		f.Opaque, f.Encoding = read[i].opaque, read[i].encoding
		if f.Opaque != "" {
			continue
		}
		if generatedMark(read[i].text) && rank[f.Class] < rank[checks.ClassGenerated] {
			f.Class = checks.ClassGenerated
		}
		contents = append(contents, Content{Side: checks.Head, Path: f.Path, Data: nonNil(read[i].text)})
	}
	return contents, nil
}

// folder lists a plain folder, all Added.
func (s *Snapshot) folder(ctx context.Context, dir string) error {
	s.work = true
	var err error
	if s.roots[checks.Head], err = os.OpenRoot(dir); err != nil {
		return &Error{Kind: Usage, Op: "open the folder", Where: dir, What: reason(err), Err: err}
	}
	paths, err := walk(ctx, dir)
	if err != nil {
		return err
	}
	return s.listed(ctx, paths, nil)
}

// walk lists the files below a folder, sorted. Links are listed, not followed; .git is left out. A folder that cannot be read is an
// error: its files would be missing without a word.
func walk(ctx context.Context, dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return &Error{Kind: Usage, Op: "list the folder", Where: p, What: reason(err), Remedy: "make it readable", Err: err}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if d.Name() == ".git" && p != dir {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.IsDir() {
			rel, err := filepath.Rel(dir, p)
			if err != nil {
				return err
			}
			paths = append(paths, filepath.ToSlash(rel))
		}
		return nil
	})
	slices.Sort(paths)
	return paths, err
}
