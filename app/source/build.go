package source

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A side is one version of a path: its mode and id from git, or what was read from a work tree or folder.
type side struct {
	mode     uint32 // 0: no such file
	id       string // object id; for a work tree the id that the content would have, "" if it was not computed
	stored   bool   // the object store has it under id
	read     bool   // text is set, or opaque
	size     int64
	raw      []byte // as stored; kept until renames are found
	text     []byte
	encoding string
	opaque   string
}

func (s *side) there() bool { return s.mode != 0 }

// take sets the content.
func (s *side) take(raw []byte) {
	s.read, s.raw, s.size = true, raw, int64(len(raw))
	s.text, s.encoding, s.opaque = decode(raw)
}

// drop gives the content up because the change as a whole is too large.
func (s *side) drop(limit int64) {
	s.read, s.raw, s.text, s.encoding = true, nil, nil, ""
	s.opaque = overTotal(limit)
}

func overTotal(limit int64) string {
	return "the change as a whole is over the limit of " + megabytes(limit)
}

// typeOpaque says why the content of such a mode is never given.
func typeOpaque(mode uint32) string {
	switch mode & 0o170000 {
	case checks.ModeSymlink & 0o170000:
		return "symbolic link"
	case checks.ModeSubmodule & 0o170000:
		return "submodule"
	case 0o100000, 0:
		return ""
	}
	return fmt.Sprintf("file of an unknown kind (mode %o)", mode)
}

// An entry is one changed path before renames are found. oldPath is set when they are.
type entry struct {
	path     string
	oldPath  string
	old, new side
}

func (e *entry) same() bool {
	return e.old.mode == e.new.mode && e.old.id == e.new.id && e.old.id != ""
}

// fromRaw turns git's table into entries. A path that comes twice (a malformed tree) is refused: one of the two would be lost.
func fromRaw(lines []rawLine) ([]*entry, error) {
	entries := make([]*entry, 0, len(lines))
	for _, l := range lines {
		if l.status == 'U' {
			return nil, fmt.Errorf("%q is unmerged", clip(l.path, 200))
		}
		e := &entry{path: l.path}
		if l.oldMode != 0 {
			e.old = side{mode: l.oldMode, id: l.oldID, stored: true}
		}
		if l.newMode != 0 {
			e.new = side{mode: l.newMode, id: l.newID, stored: true}
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b *entry) int { return strings.Compare(a.path, b.path) })
	for i := 1; i < len(entries); i++ {
		if entries[i].path == entries[i-1].path {
			return nil, fmt.Errorf("the tree lists %q twice", clip(entries[i].path, 200))
		}
	}
	return entries, nil
}

// checkCount is the first limit, before anything is read.
func (s *Snapshot) checkCount(n, limit int, what string) error {
	if n > limit {
		return &Error{Kind: Limit, Op: "list the changed files", Where: s.Against, What: fmt.Sprintf("%d %s, over the limit of %d", n, what, limit), Remedy: "split the change, or look at one folder of it at a time"}
	}
	return nil
}

// loadObjects reads every stored side that was not read yet: fetches what is missing in one batch, asks for all sizes at once, and
// reads what is within the limits, once per object.
func (s *Snapshot) loadObjects(ctx context.Context, sides []*side) error {
	byID := map[string][]*side{}
	var ids []string
	for _, sd := range sides {
		if !sd.there() || sd.read || !sd.stored {
			continue
		}
		if sd.opaque = typeOpaque(sd.mode); sd.opaque != "" {
			sd.read = true
			continue
		}
		if byID[sd.id] == nil {
			ids = append(ids, sd.id)
		}
		byID[sd.id] = append(byID[sd.id], sd)
	}
	infos, err := s.infoFetched(ctx, ids)
	if err != nil {
		return err
	}
	var total int64
	var wanted []string
	setOpaque := func(id, why string) {
		for _, sd := range byID[id] {
			sd.read, sd.opaque = true, why
		}
	}
	for i, info := range infos {
		id := ids[i]
		for _, sd := range byID[id] {
			sd.size = info.size
		}
		switch {
		case info.kind == "":
			setOpaque(id, "over the limit of "+megabytes(s.limits.FetchBytes)+" for a download")
		case info.kind != "blob":
			return fmt.Errorf("object %s is a %s where a file should be", id, info.kind)
		case info.size > s.limits.FileBytes:
			setOpaque(id, tooLarge(info.size, s.limits.FileBytes))
		case total+info.size > s.limits.TotalBytes:
			setOpaque(id, overTotal(s.limits.TotalBytes))
		default:
			total += info.size
			wanted = append(wanted, id)
		}
	}
	return s.view.read(ctx, wanted, func(i int, info objectInfo, data []byte) error {
		for _, sd := range byID[wanted[i]] {
			sd.take(data)
		}
		return nil
	})
}

// finish makes Files and contents of entries that are wholly read: the total limit, renames, classes.
func (s *Snapshot) finish(entries []*entry, atBase func(dir string) bool) {
	slices.SortFunc(entries, func(a, b *entry) int { return strings.Compare(a.path, b.path) })
	var total int64
	for _, e := range entries {
		for _, sd := range []*side{&e.old, &e.new} {
			if sd.text == nil {
				continue
			}
			if total += int64(len(sd.text)); total > s.limits.TotalBytes {
				sd.drop(s.limits.TotalBytes)
			}
		}
	}
	entries = findRenames(entries, s.limits.RenameFiles)
	atBase = memo(atBase)
	for _, e := range entries {
		f := s.file(e, atBase)
		s.Files = append(s.Files, f)
		if f.Opaque != "" {
			continue
		}
		if p, ok := f.PathOn(checks.Base); ok {
			s.contents = append(s.contents, Content{Side: checks.Base, Path: p, Data: nonNil(e.old.text)})
		}
		if p, ok := f.PathOn(checks.Head); ok {
			s.contents = append(s.contents, Content{Side: checks.Head, Path: p, Data: nonNil(e.new.text)})
		}
	}
}

func (s *Snapshot) file(e *entry, atBase func(dir string) bool) *checks.File {
	f := plainFile(e)
	oldPath := ""
	if e.old.there() {
		oldPath = s.rel(e.path)
		if e.oldPath != "" {
			oldPath = s.rel(e.oldPath)
		}
	}
	f.Class = classOf(s.rel(e.path), oldPath, generatedMark(e.old.text), func(dir string) bool { return atBase(s.Prefix + dir) })
	main := e.new
	if !e.new.there() {
		main = e.old
	} else if e.old.there() {
		f.BaseOpaque = e.old.opaque
	}
	f.Opaque, f.Encoding = main.opaque, main.encoding
	if f.Opaque != "" {
		f.BaseOpaque = ""
	}
	return f
}

// plainFile fills in what git's table says.
func plainFile(e *entry) *checks.File {
	f := &checks.File{Path: e.path, OldPath: e.oldPath, OldMode: e.old.mode, Mode: e.new.mode}
	if e.old.stored {
		f.OldBlob = e.old.id
	}
	if e.new.stored {
		f.Blob = e.new.id
	}
	switch {
	case e.oldPath != "":
		f.Status = checks.Renamed
	case !e.old.there():
		f.Status = checks.Added
	case !e.new.there():
		f.Status = checks.Deleted
	default:
		f.Status = checks.Modified
	}
	return f
}

// rel gives a path relative to the folder that is scanned.
func (s *Snapshot) rel(p string) string { return strings.TrimPrefix(p, s.Prefix) }

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func memo(f func(string) bool) func(string) bool {
	known := map[string]bool{}
	return func(s string) bool {
		v, ok := known[s]
		if !ok {
			v = f(s)
			known[s] = v
		}
		return v
	}
}

// baseDirs says which of the folders that give a class were in the tree at base: one listing for all added files.
func (s *Snapshot) baseDirs(ctx context.Context, tree string, entries []*entry) (func(dir string) bool, error) {
	var ask []string
	seen := map[string]bool{}
	for _, e := range entries {
		dirs, _ := dirClasses(s.rel(e.path))
		if e.old.there() {
			for _, d := range dirs { // a file lay in it
				seen[s.Prefix+d] = true
			}
		}
	}
	found := seen
	asked := map[string]bool{}
	for _, e := range entries {
		dirs, _ := dirClasses(s.rel(e.path))
		for _, d := range dirs {
			if d = s.Prefix + d; !found[d] && !asked[d] {
				asked[d] = true
				ask = append(ask, d)
			}
		}
	}
	if len(ask) > 0 && tree != "" {
		list, err := s.view.list(ctx, tree, false, ask...)
		if err != nil {
			return nil, fmt.Errorf("list folders at base: %w", err)
		}
		for _, e := range list {
			if e.mode == 0o040000 {
				found[e.path] = true
			}
		}
	}
	return func(dir string) bool { return found[dir] }, nil
}
