package registry

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/reviewgate-app/reviewgate/checks"
)

const (
	maxRecord        = 16 << 20
	maxAdvisoryFiles = 2_000_000
	maxAdvisoryFile  = 2 << 30
)

// A record is what is taken of an advisory in OSV's form: whom it is about.
type record struct {
	ID        string     `json:"id"`
	Withdrawn string     `json:"withdrawn,omitempty"`
	Affected  []affected `json:"affected"`
}

type affected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Ranges []struct {
		Type   string              `json:"type"`
		Events []map[string]string `json:"events"`
	} `json:"ranges,omitempty"`
	Versions []string `json:"versions,omitempty"`
}

// of names the package as questions do.
func (a *affected) of() string {
	ecosystem, _, _ := strings.Cut(a.Package.Ecosystem, ":")
	if ecosystem == "PyPI" {
		return ecosystem + " " + pyName(a.Package.Name)
	}
	return ecosystem + " " + a.Package.Name
}

// marshal writes the records, sorted, with no more of them than speaks of the packages.
func marshal(records map[string]*record, asked []*checks.Answer) []byte {
	about := map[string]bool{}
	for _, a := range asked {
		about[a.Ecosystem+" "+a.Name] = true
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, id := range slices.Sorted(maps.Keys(records)) {
		one := *records[id]
		one.Affected = slices.DeleteFunc(slices.Clone(one.Affected), func(a affected) bool { return !about[a.of()] })
		if len(one.Affected) > 0 {
			_ = enc.Encode(one) // to memory, of plain types
		}
	}
	return out.Bytes()
}

// advisoryFiles is a file of advisories (JSON objects one after another, or arrays of them), a zip archive or a folder of such files: what OSV exports.
// Of an archive it is kept which entries speak of which package, until the file changes.
type advisoryFiles struct {
	file
	cacheDir string

	mu      sync.Mutex
	indexes map[string]*zipIndex
}

// about gives the advisories that speak of the packages. Nil packages: it only looks whether everything can be read.
func (f *advisoryFiles) about(ctx context.Context, packages map[string]bool) ([]*record, error) {
	var out []*record
	take := func(r *record) {
		if r.Withdrawn == "" && r.ID != "" && slices.ContainsFunc(r.Affected, func(a affected) bool { return packages[a.of()] }) {
			out = append(out, r)
		}
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		err := f.one(ctx, &f.file, info, packages, take)
		return out, err
	}
	files := 0
	err = filepath.WalkDir(f.path, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if ext := filepath.Ext(path); !d.Type().IsRegular() || ext != ".json" && ext != ".zip" {
			return nil
		}
		if files++; files > maxAdvisoryFiles {
			return fmt.Errorf("%s holds more than %d files", f.path, maxAdvisoryFiles)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return f.one(ctx, &file{path: path}, info, packages, take)
	})
	if err == nil && files == 0 {
		err = fmt.Errorf("%s: the folder holds no .json and no .zip", f.path)
	}
	return out, err
}

func (f *advisoryFiles) one(ctx context.Context, from *file, info fs.FileInfo, packages map[string]bool, take func(*record)) error {
	if filepath.Ext(from.path) == ".zip" {
		if err := f.archive(ctx, from.path, info, packages, take); err != nil {
			return fmt.Errorf("%s: %w", from.path, err)
		}
		return nil
	}
	in, err := from.open()
	if err != nil {
		return err
	}
	defer in.Close()
	if err := records(ctx, io.LimitReader(in, maxAdvisoryFile), take); err != nil {
		return fmt.Errorf("%s: %w", from.path, err)
	}
	return nil
}

// records reads objects one after another, or arrays of them.
func records(ctx context.Context, r io.Reader, take func(*record)) error {
	in := bufio.NewReaderSize(r, 64<<10)
	dec := json.NewDecoder(in)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("JSON: %w", err)
		}
		if raw[0] != '[' {
			raw = slices.Concat([]byte{'['}, raw, []byte{']'})
		}
		var list []*record
		if err := json.Unmarshal(raw, &list); err != nil {
			return fmt.Errorf("JSON: %w", err)
		}
		for _, one := range list {
			if one != nil {
				take(one)
			}
		}
	}
}

// A zipIndex says which entries of an archive speak of which package.
type zipIndex struct {
	Size     int64
	Modified int64
	Entries  map[string][]int32
}

func (f *advisoryFiles) archive(ctx context.Context, path string, info fs.FileInfo, packages map[string]bool, take func(*record)) error {
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer func() { _ = z.Close() }() // it was only read
	index, err := f.index(ctx, path, info, &z.Reader)
	if err != nil {
		return err
	}
	wanted := map[int32]bool{}
	for p := range packages {
		for _, i := range index.Entries[p] {
			wanted[i] = true
		}
	}
	for _, i := range slices.Sorted(maps.Keys(wanted)) {
		if int(i) >= len(z.File) {
			return errors.New("the archive changed while it was read")
		}
		if err := entry(ctx, z.File[i], take); err != nil {
			return err
		}
	}
	return nil
}

func entry(ctx context.Context, e *zip.File, take func(*record)) error {
	r, err := e.Open()
	if err != nil {
		return fmt.Errorf("%s: %w", e.Name, err)
	}
	defer r.Close()
	if e.UncompressedSize64 > maxRecord {
		return fmt.Errorf("%s: larger than %d MB", e.Name, maxRecord>>20)
	}
	if err := records(ctx, io.LimitReader(r, maxRecord), take); err != nil {
		return fmt.Errorf("%s: %w", e.Name, err)
	}
	return nil
}

// index reads an archive whole once; until its size or time changes that is kept, in memory and in the cache folder.
func (f *advisoryFiles) index(ctx context.Context, path string, info fs.FileInfo, z *zip.Reader) (*zipIndex, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fits := func(i *zipIndex) bool {
		return i != nil && i.Size == info.Size() && i.Modified == info.ModTime().UnixNano()
	}
	if i := f.indexes[path]; fits(i) {
		return i, nil
	}
	kept := cacheFile(f.cacheDir, "archive", path)
	i := &zipIndex{}
	if f.cacheDir != "" {
		if data, err := os.ReadFile(kept); err == nil && json.Unmarshal(data, i) == nil && fits(i) {
			f.keep(path, i)
			return i, nil
		}
	}
	if len(z.File) > maxAdvisoryFiles {
		return nil, fmt.Errorf("it holds more than %d files", maxAdvisoryFiles)
	}
	i = &zipIndex{Size: info.Size(), Modified: info.ModTime().UnixNano(), Entries: map[string][]int32{}}
	for n, e := range z.File {
		if !strings.HasSuffix(e.Name, ".json") {
			continue
		}
		err := entry(ctx, e, func(r *record) {
			for _, a := range r.Affected {
				if list := i.Entries[a.of()]; len(list) == 0 || list[len(list)-1] != int32(n) {
					i.Entries[a.of()] = append(list, int32(n))
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	f.keep(path, i)
	if f.cacheDir != "" {
		if data, err := json.Marshal(i); err == nil {
			_ = writeFile(kept, data) // what cannot be kept is made again
		}
	}
	return i, nil
}

func (f *advisoryFiles) keep(path string, i *zipIndex) {
	if f.indexes == nil {
		f.indexes = map[string]*zipIndex{}
	}
	f.indexes[path] = i
}
