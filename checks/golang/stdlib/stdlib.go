// Package stdlib knows the types of Go's standard library without a Go toolchain.
//
// stdlib.zip holds the export data of every public package, one entry each (x/tools' indexed format), as Go 1.26 on linux/amd64 has it. The
// data of a package are complete in themselves; reading further packages into one Importer shares what they have in common.
package stdlib

//go:generate go run gen.go

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"sync"

	"golang.org/x/tools/go/gcexportdata"
)

//go:embed stdlib.zip
var archive []byte

// versionEntry is the entry of stdlib.zip that says which Go the data are from: "go1.26".
const versionEntry = "VERSION"

// ErrUnknown says that a package is not of the standard library, or newer than the data.
var ErrUnknown = errors.New("not a package of the standard library that is known here")

var index = sync.OnceValues(func() (map[string]*zip.File, error) {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, fmt.Errorf("reading the embedded standard library: %w", err)
	}
	files := make(map[string]*zip.File, len(r.File))
	for _, f := range r.File {
		files[f.Name] = f
	}
	return files, nil
})

// Version gives the Go version that the data are from, such as "go1.26".
func Version() (string, error) {
	data, err := read(versionEntry)
	return string(data), err
}

// An Importer gives packages of the standard library to a type checker. The packages of one Importer belong together; they grow when further ones
// are imported, so neither it nor they may be used by two goroutines at once.
type Importer struct {
	known map[string]*types.Package
}

// New gives an Importer that has read nothing yet.
func New() *Importer { return &Importer{known: map[string]*types.Package{}} }

// Import gives a package, read on first use. It fails with ErrUnknown for any other path.
func (i *Importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if p := i.known[path]; p != nil && p.Complete() {
		return p, nil
	}
	if path == versionEntry {
		return nil, fmt.Errorf("import %q: %w", path, ErrUnknown)
	}
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("import %q: %w", path, err)
	}
	// Positions in the standard library interest nobody: they go into a file set of their own.
	p, err := gcexportdata.Read(bytes.NewReader(data), token.NewFileSet(), i.known, path)
	if err != nil {
		return nil, fmt.Errorf("import %q: %w", path, err)
	}
	return p, nil
}

func read(name string) ([]byte, error) {
	files, err := index()
	if err != nil {
		return nil, err
	}
	f := files[name]
	if f == nil {
		return nil, ErrUnknown
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
