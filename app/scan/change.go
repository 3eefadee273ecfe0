package scan

import (
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/diff"
)

// newChange builds what the checks see, with the line maps. What could not be given is told as unscanned.
func newChange(in *Input) (*checks.Change, []checks.Unscanned) {
	s := newSides(in)
	change := &checks.Change{Base: &tree{s, checks.Base}, Head: &tree{s, checks.Head}, Text: in.Text, Facts: in.Facts}
	var unscanned []checks.Unscanned
	for _, given := range in.Files {
		f := *given // the caller's is not changed
		side := checks.Head
		if f.Status == checks.Deleted {
			side = checks.Base
		}
		path, _ := f.PathOn(side)
		if f.Opaque == "" {
			if reason := s.lacks(&f); reason != "" {
				f.Opaque = reason
			} else {
				f.Lines = diff.Lines(s.of(&f, checks.Base), s.of(&f, checks.Head))
			}
		}
		// A file that was moved or whose mode was changed brings no content that nobody looked at before.
		if moved := f.Blob != "" && f.Blob == f.OldBlob; f.Opaque != "" && !moved {
			unscanned = append(unscanned, checks.Unscanned{Path: path, Side: side, Reason: f.Opaque})
		}
		if path, ok := f.PathOn(checks.Base); ok && f.Opaque == "" && f.BaseOpaque != "" {
			// What the change takes out of it cannot be seen.
			unscanned = append(unscanned, checks.Unscanned{Path: path, Side: checks.Base, Reason: f.BaseOpaque})
		}
		change.Files = append(change.Files, &f)
	}
	return change, unscanned
}

// sides holds the contents of both trees, and knows of every path whether it exists.
type sides struct {
	contents [2]map[string][]byte // by checks.Side
	changed  [2]map[string]bool   // the paths of the changed files that exist on the side
	head     []string             // all paths of head, sorted; nil: not listed
	listed   map[string]bool
	all      bool
	base     func() []string
}

func newSides(in *Input) *sides {
	s := &sides{all: in.All}
	for side := range s.contents {
		s.contents[side] = map[string][]byte{}
		s.changed[side] = map[string]bool{}
	}
	for _, c := range in.Contents {
		if c.Side == checks.Base || c.Side == checks.Head {
			s.contents[c.Side][c.Path] = c.Data
		}
	}
	for _, f := range in.Files {
		for _, side := range []checks.Side{checks.Head, checks.Base} {
			if path, ok := f.PathOn(side); ok {
				s.changed[side][path] = true
			}
		}
	}
	if in.HeadPaths != nil {
		s.head = slices.Compact(slices.Sorted(slices.Values(in.HeadPaths)))
		s.listed = make(map[string]bool, len(s.head))
		for _, p := range s.head {
			s.listed[p] = true
		}
	}
	s.base = sync.OnceValue(s.basePaths)
	return s
}

// basePaths derives the listing of base from that of head: what did not change is on both.
func (s *sides) basePaths() []string {
	if s.head == nil {
		return nil
	}
	paths := []string{}
	if s.all {
		return paths
	}
	for _, p := range s.head {
		if !s.changed[checks.Head][p] {
			paths = append(paths, p)
		}
	}
	for p := range s.changed[checks.Base] {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// lacks says why the content of a changed file is not there; "" if it is.
func (s *sides) lacks(f *checks.File) string {
	if path, ok := f.PathOn(checks.Head); ok {
		if _, ok := s.contents[checks.Head][path]; !ok {
			return "its content was not read"
		}
	}
	if path, ok := f.PathOn(checks.Base); ok && f.BaseOpaque == "" {
		if _, ok := s.contents[checks.Base][path]; !ok {
			return "its content before the change was not read"
		}
	}
	return ""
}

// of gives the content of a changed file; nil where it does not exist or is opaque.
func (s *sides) of(f *checks.File, side checks.Side) []byte {
	if path, ok := f.PathOn(side); ok {
		return s.contents[side][path]
	}
	return nil
}

// open answers for both trees: the bytes, ErrNotFetched, or fs.ErrNotExist. What is not known to be absent was not fetched.
func (s *sides) open(side checks.Side, path string) ([]byte, error) {
	if data, ok := s.contents[side][path]; ok {
		return data, nil
	}
	missing := func(err error) ([]byte, error) { return nil, fmt.Errorf("open %s at %s: %w", path, side, err) }
	other := checks.Base
	if side == checks.Base {
		other = checks.Head
	}
	switch {
	case s.changed[side][path]:
		return missing(checks.ErrNotFetched)
	case side == checks.Base && s.all:
		return missing(fs.ErrNotExist)
	case s.changed[other][path]: // added, deleted, or renamed: it is on the other side only
		return missing(fs.ErrNotExist)
	}
	// It did not change, so that either side's content is that of both.
	if data, ok := s.contents[other][path]; ok {
		return data, nil
	}
	if s.head != nil && !s.listed[path] {
		return missing(fs.ErrNotExist)
	}
	return missing(checks.ErrNotFetched)
}

// tree is one side, as checks see it.
type tree struct {
	sides *sides
	side  checks.Side
}

func (t *tree) Open(path string) ([]byte, error) { return t.sides.open(t.side, path) }

func (t *tree) Paths() []string {
	if t.side == checks.Base {
		return slices.Clone(t.sides.base())
	}
	return slices.Clone(t.sides.head)
}
