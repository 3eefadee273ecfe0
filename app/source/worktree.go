package source

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/reviewgate-app/reviewgate/checks"
)

// hashLimit is up to which size a file over the limit is hashed (in a stream) to learn whether it changed at all; a larger one whose
// times differ from the index's counts as changed.
const hashLimit = 512 << 20

// workEntries compares a tree with the work tree: what is staged (tree against index), what is not (index against files, by the index's
// times and sizes, so that only touched files are read), and what is untracked.
func (s *Snapshot) workEntries(ctx context.Context, r *repository, tree string) ([]*entry, error) {
	staged, unstaged, untracked, closed, err := s.workTables(ctx, tree)
	if err != nil {
		return nil, err
	}
	byPath := map[string]*entry{}
	inWork := map[string]bool{} // head is the file as it lies there, not what the index has
	for _, l := range staged {
		if l.status == 'U' { // unmerged: head is the file with its conflict marks
			inWork[l.path] = true
		}
		e := byPath[l.path]
		if e == nil {
			e = &entry{path: l.path}
			byPath[l.path] = e
		}
		if l.oldMode != 0 && l.oldID != "" {
			e.old = side{mode: l.oldMode, id: l.oldID, stored: true}
		}
		if l.newMode != 0 && l.newID != "" {
			e.new = side{mode: l.newMode, id: l.newID, stored: true}
		}
	}
	for _, l := range unstaged {
		inWork[l.path] = true
		if byPath[l.path] == nil { // base and index agree, so the index tells what base has
			e := &entry{path: l.path}
			if l.oldMode != 0 && l.oldID != "" && l.status != 'U' {
				e.old = side{mode: l.oldMode, id: l.oldID, stored: true}
			}
			byPath[l.path] = e
		}
		if e := byPath[l.path]; l.oldMode != 0 && e.new.mode == 0 {
			e.new.mode = l.oldMode // the index's mode, for file systems without an executable bit
		}
	}
	for _, p := range untracked {
		if name, nested := strings.CutSuffix(p, "/"); nested { // a repository of its own
			byPath[name] = &entry{path: name, new: side{mode: checks.ModeSubmodule, read: true, opaque: "submodule"}}
			continue
		}
		inWork[p] = true
		if byPath[p] == nil {
			byPath[p] = &entry{path: p}
		}
	}
	for _, c := range closed {
		byPath[c.path] = c.entry()
	}
	w := &workReader{root: s.roots[checks.Head], limit: s.limits.FileBytes, fileMode: r.last("core.filemode") != "false", newHash: s.view.newHash}
	entries := make([]*entry, 0, len(byPath))
	var lineEnds []*entry
	for _, e := range byPath {
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b *entry) int { return strings.Compare(a.path, b.path) })
	kept := entries[:0]
	var held int64
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if inWork[e.path] {
			e.new = w.read(e.path, e.old, e.new.mode)
		}
		if e.same() || !e.old.there() && !e.new.there() {
			continue
		}
		if held += int64(len(e.new.raw)); held > s.limits.TotalBytes {
			e.new.drop(s.limits.TotalBytes)
		}
		if inWork[e.path] && bytes.Contains(e.new.raw, []byte("\r\n")) {
			lineEnds = append(lineEnds, e)
		}
		kept = append(kept, e)
	}
	entries = kept
	storesLF, err := s.storesLF(ctx, r, lineEnds)
	if err != nil {
		return nil, err
	}
	for _, e := range lineEnds {
		if storesLF[e.path] == lfAlways {
			e.new.toLF(s.view.newHash)
		} else if storesLF[e.path] == lfUnlessCRLF {
			lf := e.new
			if lf.toLF(s.view.newHash); lf.id == e.old.id {
				e.new = lf
			}
		}
	}
	entries = slices.DeleteFunc(entries, func(e *entry) bool { return e.same() })
	if err := s.checkCount(len(entries), s.limits.Files, "changed files"); err != nil {
		return nil, err
	}
	var sides []*side
	for _, e := range entries {
		sides = append(sides, &e.old, &e.new)
	}
	if err := s.loadObjects(ctx, sides); err != nil {
		return nil, err
	}
	for _, e := range lineEnds {
		if storesLF[e.path] == lfUnlessCRLF && !bytes.Contains(e.old.raw, []byte("\r\n")) {
			e.new.toLF(s.view.newHash)
		}
	}
	return slices.DeleteFunc(entries, func(e *entry) bool {
		return isLFSPointer(e.old.raw) && s.isLFSObject(e.path, e.old.raw, &e.new)
	}), nil
}

// workTables asks git, at the same time, for the three tables.
func (s *Snapshot) workTables(ctx context.Context, tree string) (staged, unstaged []rawLine, untracked []string, closed []closedFolder, err error) {
	var paths []string
	if s.Prefix != "" {
		paths = []string{s.Prefix}
	}
	raw := []string{"--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty"}
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		args := append(append([]string{"diff-index", "--cached"}, raw...), tree, "--")
		out, err := s.view.run(gctx, append(args, paths...)...)
		if err == nil {
			staged, err = parseRaw(out)
		}
		return err
	})
	group.Go(func() error {
		args := append(append([]string{"diff-files"}, raw...), "--")
		out, err := s.view.run(gctx, append(args, paths...)...)
		if err == nil {
			unstaged, err = parseRaw(out)
		}
		return err
	})
	group.Go(func() (err error) {
		args := append([]string{"--others", "--exclude-standard", "-z", "--"}, paths...)
		untracked, closed, err = s.view.work(gctx, args...)
		return err
	})
	err = group.Wait()
	return staged, unstaged, untracked, closed, err
}

// entry makes a folder that cannot be read a part of the change: what lies in it is not known, and must not be missing without a word.
func (c closedFolder) entry() *entry {
	return &entry{path: c.path, new: side{mode: checks.ModeFile, read: true, opaque: "a folder that cannot be read: " + c.reason}}
}

func splitZ(out []byte) []string {
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// How git stores the line endings of a file.
const (
	lfNever      = iota
	lfUnlessCRLF // text=auto or core.autocrlf: LF, unless the stored file already has CRLF
	lfAlways     // text or eol is set
)

// storesLF asks for the attributes of files with CRLF. The attributes files of the work tree are read by git; none can run anything.
func (s *Snapshot) storesLF(ctx context.Context, r *repository, files []*entry) (map[string]int, error) {
	if len(files) == 0 {
		return nil, nil
	}
	auto := lfNever
	if v := r.last("core.autocrlf"); v == "true" || v == "input" {
		auto = lfUnlessCRLF
	}
	c := s.view.command("check-attr", "-z", "--stdin", "text", "eol")
	var in strings.Builder
	for _, e := range files {
		in.WriteString(e.path + "\x00")
	}
	c.stdin = strings.NewReader(in.String())
	out, err := s.view.git.run(ctx, c)
	if err != nil {
		return nil, err
	}
	how := map[string]int{}
	text, eol := map[string]string{}, map[string]string{}
	f := splitZ(out)
	for ; len(f) >= 3; f = f[3:] {
		if f[1] == "text" {
			text[f[0]] = f[2]
		} else {
			eol[f[0]] = f[2]
		}
	}
	for _, e := range files {
		switch text[e.path] {
		case "unset":
			how[e.path] = lfNever
		case "set":
			how[e.path] = lfAlways
		case "auto":
			how[e.path] = lfUnlessCRLF
		default:
			how[e.path] = auto
			if v := eol[e.path]; v == "lf" || v == "crlf" {
				how[e.path] = lfAlways
			}
		}
	}
	return how, nil
}

// toLF turns CRLF into LF, as git would on storing the file.
func (s *side) toLF(newHash func() hash.Hash) {
	if s.raw == nil || s.opaque != "" || s.encoding != "" {
		return
	}
	mode := s.mode
	s.take(bytes.ReplaceAll(s.raw, []byte("\r\n"), []byte("\n")))
	s.mode, s.id = mode, blobID(newHash(), s.raw)
}

// isLFSObject says whether a work tree file is the object that the pointer at base names.
func (s *Snapshot) isLFSObject(path string, pointer []byte, now *side) bool {
	want, size := "", int64(-1)
	for line := range strings.Lines(string(pointer)) {
		line = strings.TrimSpace(line)
		if v, ok := strings.CutPrefix(line, "oid sha256:"); ok {
			want = v
		}
		if v, ok := strings.CutPrefix(line, "size "); ok {
			size, _ = strconv.ParseInt(v, 10, 64)
		}
	}
	if now.stored || size != now.size || size > hashLimit {
		return false
	}
	sum := sha256.New()
	if err := hashFile(s.roots[checks.Head], path, sum, size); err != nil {
		return false
	}
	if hex.EncodeToString(sum.Sum(nil)) == want {
		return true
	}
	return false
}

// newHash makes the repository's hash.
func (v *view) newHash() hash.Hash {
	if v.sha256 {
		return sha256.New()
	}
	return sha1.New()
}

func blobID(h hash.Hash, data []byte) string {
	fmt.Fprintf(h, "blob %d\x00", len(data))
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// A workReader reads single files of a work tree or folder. It never follows a symbolic link out of the root (os.Root), gives a link as
// a link, and opens nothing but regular files.
type workReader struct {
	root     *os.Root
	limit    int64
	fileMode bool             // the executable bit means something
	newHash  func() hash.Hash // nil: no ids
	dirs     map[string]bool  // folders known to be (true) or not to be real folders
}

// plain says whether every folder above a path is a real folder. os.Root would follow a link that stays inside the root, and show one
// file under two names; for git there is no file behind a link.
func (w *workReader) plain(path string) bool {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return true
	}
	dir := path[:i]
	ok, known := w.dirs[dir]
	if !known {
		if ok = w.plain(dir); ok {
			st, err := w.root.Lstat(dir)
			ok = err == nil && st.IsDir()
		}
		if w.dirs == nil {
			w.dirs = map[string]bool{}
		}
		w.dirs[dir] = ok
	}
	return ok
}

// lstat is Lstat for a path whose folders are real; any other path does not exist.
func (w *workReader) lstat(path string) (fs.FileInfo, error) {
	if !w.plain(path) {
		return nil, fs.ErrNotExist
	}
	return w.root.Lstat(path)
}

// read gives a path as it lies in the work tree. old is the side at base; it decides whether a file over the limit is worth hashing.
// indexMode is the mode that the index has, 0 if there is none.
func (w *workReader) read(path string, old side, indexMode uint32) side {
	unreadable := func(err error) side {
		return side{mode: checks.ModeFile, read: true, opaque: "cannot be read: " + reason(err)}
	}
	st, err := w.lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || isNotDir(err):
		return side{}
	case err != nil:
		return unreadable(err)
	}
	switch {
	case st.Mode()&fs.ModeSymlink != 0:
		sd := side{mode: checks.ModeSymlink, read: true, opaque: "symbolic link"}
		if target, err := w.root.Readlink(path); err == nil && w.newHash != nil {
			sd.id = blobID(w.newHash(), []byte(target))
		}
		return sd
	case st.IsDir():
		if indexMode == checks.ModeSubmodule || old.mode == checks.ModeSubmodule {
			return side{mode: checks.ModeSubmodule, read: true, opaque: "submodule"}
		}
		return side{} // a folder stands where the file was
	case !st.Mode().IsRegular():
		return side{} // a pipe, socket or device: git does not see it either
	}
	sd := side{mode: checks.ModeFile, read: true, size: st.Size()}
	if w.fileMode && st.Mode()&0o100 != 0 || !w.fileMode && indexMode == checks.ModeExecutable {
		sd.mode = checks.ModeExecutable
	}
	if st.Size() > w.limit {
		sd.opaque = tooLarge(st.Size(), w.limit)
		if old.id != "" && w.newHash != nil && st.Size() <= hashLimit {
			h := w.newHash()
			fmt.Fprintf(h, "blob %d\x00", st.Size())
			if hashFile(w.root, path, h, st.Size()) == nil {
				sd.id = hex.EncodeToString(h.Sum(nil))
			}
		}
		return sd
	}
	data, err := readAtMost(w.root, path, w.limit)
	if errors.Is(err, errGrew) {
		sd.opaque = "over the limit of " + megabytes(w.limit)
		return sd
	}
	if err != nil {
		return unreadable(err)
	}
	sd.take(data)
	if w.newHash != nil {
		sd.id = blobID(w.newHash(), data)
	}
	return sd
}

var errGrew = errors.New("the file is larger than the limit")

// openRegular opens a file below root and makes sure that it still is a regular one: a pipe or device put in its place would block.
func openRegular(root *os.Root, path string) (*os.File, error) {
	f, err := root.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func readAtMost(root *os.Root, path string, limit int64) ([]byte, error) {
	f, err := openRegular(root, path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Size() > limit {
		return nil, errGrew
	}
	buf := bytes.NewBuffer(make([]byte, 0, st.Size()+bytes.MinRead))
	if _, err := buf.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, err
	}
	if int64(buf.Len()) > limit {
		return nil, errGrew
	}
	return buf.Bytes(), nil
}

// hashFile streams exactly size bytes of a file into h.
func hashFile(root *os.Root, path string, h hash.Hash, size int64) error {
	f, err := openRegular(root, path)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(h, io.LimitReader(f, size+1))
	if err == nil && n != size {
		err = errGrew
	}
	return err
}
