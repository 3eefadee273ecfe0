package source

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// An objectInfo is what `cat-file --batch-check` says of one object.
type objectInfo struct {
	id   string
	kind string // "blob", "tree", "commit", "tag"; "" if it is missing
	size int64
}

// info asks for kind and size of objects, in the order given. One process for all. A name may be an id or an expression like
// "<id>^{tree}"; it must not hold a newline.
func (v *view) info(ctx context.Context, names []string) ([]objectInfo, error) {
	if len(names) == 0 {
		return nil, nil
	}
	c := v.command("cat-file", "--batch-check", "--buffer")
	c.stdin = strings.NewReader(strings.Join(names, "\n") + "\n")
	out, err := v.git.run(ctx, c)
	if err != nil {
		return nil, err
	}
	return parseInfo(out, len(names))
}

func parseInfo(out []byte, want int) ([]objectInfo, error) {
	infos := make([]objectInfo, 0, want)
	for line := range bytes.Lines(out) {
		info, err := parseInfoLine(string(bytes.TrimSuffix(line, []byte("\n"))))
		if err != nil {
			return nil, err
		}
		infos = append(infos, info)
	}
	if len(infos) != want {
		return nil, fmt.Errorf("git answered %d of %d questions about objects", len(infos), want)
	}
	return infos, nil
}

// parseInfoLine reads "<id> <type> <size>" or "<what was asked> missing" (or "ambiguous").
func parseInfoLine(line string) (objectInfo, error) {
	if strings.HasSuffix(line, " missing") || strings.HasSuffix(line, " ambiguous") {
		return objectInfo{}, nil
	}
	f := strings.Split(line, " ")
	if len(f) == 3 && isHash(f[0]) {
		if size, err := strconv.ParseInt(f[2], 10, 64); err == nil && size >= 0 {
			return objectInfo{id: f[0], kind: f[1], size: size}, nil
		}
	}
	return objectInfo{}, fmt.Errorf("git answered oddly about an object: %q", clip(line, 200))
}

// read hands each object to fn, in the order of ids: one `cat-file --batch` process for all. It is asked only for objects whose size
// is known to be acceptable; a missing object is an error.
func (v *view) read(ctx context.Context, ids []string, fn func(i int, info objectInfo, data []byte) error) (err error) {
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := v.command("cat-file", "--batch", "--buffer")
	c.stdin = strings.NewReader(strings.Join(ids, "\n") + "\n")
	r, w := io.Pipe()
	c.stdout = w
	done := make(chan error, 1)
	go func() {
		_, err := v.git.run(ctx, c)
		_ = w.CloseWithError(err) // nil: end of file
		done <- err
	}()
	err = readBatch(bufio.NewReaderSize(r, 256<<10), ids, fn)
	if err != nil {
		cancel()
		_ = r.CloseWithError(err)
		<-done //nolint:errcheck // the reason is err
		return err
	}
	return <-done
}

func readBatch(r *bufio.Reader, ids []string, fn func(i int, info objectInfo, data []byte) error) error {
	for i, id := range ids {
		line, err := r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("read object %s: %w", id, err)
		}
		info, err := parseInfoLine(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return err
		}
		if info.kind == "" {
			return fmt.Errorf("object %s is missing from the repository", id)
		}
		if info.size > 1<<30 {
			return fmt.Errorf("object %s has %s", id, megabytes(info.size))
		}
		data := make([]byte, info.size+1)
		if _, err := io.ReadFull(r, data); err != nil {
			return fmt.Errorf("read object %s: %w", id, err)
		}
		if data[info.size] != '\n' {
			return fmt.Errorf("read object %s: git's answer is out of step", id)
		}
		if err := fn(i, info, data[:info.size:info.size]); err != nil {
			return err
		}
	}
	return nil
}

// A treeEntry is one file of a tree.
type treeEntry struct {
	mode uint32
	id   string
	path string
}

// list lists the files of a tree or commit; with paths only those, and what lies below them. The order is git's.
func (v *view) list(ctx context.Context, tree string, recurse bool, paths ...string) ([]treeEntry, error) {
	var all []treeEntry
	run := func(paths []string) error {
		args := []string{"ls-tree", "-z", "--full-tree"}
		if recurse {
			args = append(args, "-r")
		}
		args = append(append(args, tree, "--"), paths...)
		out, err := v.run(ctx, args...)
		if err != nil {
			return err
		}
		entries, err := parseTree(out)
		all = append(all, entries...)
		return err
	}
	if len(paths) == 0 {
		return all, run(nil)
	}
	for part := range slices.Chunk(paths, 500) { // the length of a command line is limited
		if err := run(part); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// parseTree reads `ls-tree -z`: "<mode> <type> <id>\t<path>\0".
func parseTree(out []byte) ([]treeEntry, error) {
	var entries []treeEntry
	for len(out) > 0 {
		line, rest, ok := bytes.Cut(out, []byte{0})
		if !ok {
			return nil, errors.New("git's list of files is cut off")
		}
		out = rest
		head, path, ok := bytes.Cut(line, []byte{'\t'})
		f := strings.Fields(string(head))
		if !ok || len(f) != 3 || !isHash(f[2]) || len(path) == 0 {
			return nil, fmt.Errorf("git's list of files has an odd line: %q", clip(string(line), 200))
		}
		mode, err := strconv.ParseUint(f[0], 8, 32)
		if err != nil {
			return nil, fmt.Errorf("git's list of files has an odd line: %q", clip(string(line), 200))
		}
		entries = append(entries, treeEntry{mode: uint32(mode), id: f[2], path: string(path)})
	}
	return entries, nil
}
