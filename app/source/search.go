package source

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/reviewgate-app/reviewgate/checks"
)

// The bounds of Search. They count files and bytes, never time, so that what is found depends on the tree alone.
const (
	searchFiles = 10_000
	searchBytes = 64 << 20 // of the files together
	foundBytes  = 8 << 20  // of those that are handed over
)

// Search looks through the product code of head that did not change, for what checks want, and gives the files that are asked for. Lacks says why not all
// of them could be looked at, "" if they were. Nothing is kept: to read all code of a language, in a large repository too, takes a few tenths of a second.
func (s *Snapshot) Search(ctx context.Context, wants []checks.Want) (found map[string][]byte, lacks string, err error) {
	h := &hunt{search: checks.NewSearch(wants), found: map[string][]byte{}}
	changed := make(map[string]bool, len(s.Files))
	for _, f := range s.Files {
		changed[f.Path] = true
	}
	looks := func(p string) bool {
		return !changed[p] && h.search.Looks(p) && !generatedName(p) && classify(s.rel(p), func(string) bool { return true }) == checks.ClassProduct
	}
	if s.roots[checks.Head] != nil {
		err = s.huntFiles(ctx, h, looks)
	} else {
		err = s.huntObjects(ctx, h, looks)
	}
	return h.found, h.lacks, s.explain(err, "search the files", s.at(checks.Head))
}

// A hunt is one Search on its way.
type hunt struct {
	search *checks.Search
	found  map[string][]byte
	kept   int64 // bytes of found
	lacks  string
}

func (h *hunt) tooMany(files int) bool {
	if files > searchFiles {
		h.lacks = fmt.Sprintf("the tree has %d files of the language, over the limit of %d", files, searchFiles)
	}
	return files > searchFiles
}

func (h *hunt) tooMuch(bytes int64) bool {
	if bytes > searchBytes {
		h.lacks = "the tree has more code of the language than the limit of " + megabytes(searchBytes)
	}
	return bytes > searchBytes
}

// take looks at one file. One that is no text, or that a generator wrote, is never wanted.
func (h *hunt) take(p string, sd *side) {
	if sd.opaque != "" || !h.search.Finds(p, sd.text) || generatedMark(sd.text) {
		return
	}
	if h.kept += int64(len(sd.text)); len(h.found) == checks.MaxFound || h.kept > foundBytes {
		h.lacks = cmp.Or(h.lacks, fmt.Sprintf("more than %d files are like what is new", len(h.found)))
		return
	}
	h.found[p] = nonNil(sd.text)
}

// huntObjects looks through the files of a commit. Those over the limit of a file are left out, as where they change.
func (s *Snapshot) huntObjects(ctx context.Context, h *hunt, looks func(path string) bool) error {
	list, err := s.view.list(ctx, s.at(checks.Head), true)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(t treeEntry) bool { return typeOpaque(t.mode) != "" || !looks(t.path) })
	if h.tooMany(len(list)) {
		return nil
	}
	ids := make([]string, len(list))
	for i, t := range list {
		ids[i] = t.id
	}
	sizes := s.view.info
	if s.remote != nil {
		sizes = s.infoFetched
	}
	infos, err := sizes(ctx, ids)
	if err != nil {
		return err
	}
	var wanted, paths []string
	var size int64
	for i, info := range infos {
		switch {
		case info.kind == "":
			h.lacks = "a part of the tree was never fetched"
			return nil
		case info.size <= s.limits.FileBytes:
			size += info.size
			wanted, paths = append(wanted, ids[i]), append(paths, list[i].path)
		}
	}
	if h.tooMuch(size) {
		return nil
	}
	return s.view.read(ctx, wanted, func(i int, _ objectInfo, data []byte) error {
		var sd side
		sd.take(data)
		h.take(paths[i], &sd)
		return nil
	})
}

// huntFiles looks through the files of a work tree or folder.
func (s *Snapshot) huntFiles(ctx context.Context, h *hunt, looks func(path string) bool) error {
	all, err := s.Paths(ctx, checks.Head)
	if err != nil {
		return err
	}
	paths := slices.DeleteFunc(slices.Clone(all), func(p string) bool { return !looks(p) })
	if h.tooMany(len(paths)) {
		return nil
	}
	w := &workReader{root: s.roots[checks.Head], limit: s.limits.FileBytes}
	var size int64
	for _, p := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		sd := w.read(p, side{}, 0)
		if !sd.there() {
			continue // a sparse checkout leaves it out, or it went away
		}
		if size += int64(len(sd.text)); h.tooMuch(size) {
			h.found = map[string][]byte{}
			return nil
		}
		h.take(p, &sd)
	}
	return nil
}
