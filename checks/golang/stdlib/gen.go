//go:build ignore

// Command gen writes stdlib.zip from the Go that runs it. Its go.mod's minor version must be that Go's: the data then say what they are from.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"go/token"
	"io"
	"log"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/tools/go/gcexportdata"
	"golang.org/x/tools/go/packages"
)

func main() {
	var out bytes.Buffer
	if err := write(&out); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("stdlib.zip", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

func write(to io.Writer) error {
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedImports | packages.NeedTypes | packages.NeedExportFile | packages.NeedDeps,
		Env:  append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1", "GOFLAGS=", "GOWORK=off"),
	}, "std")
	if err != nil {
		return fmt.Errorf("loading the standard library: %w", err)
	}
	slices.SortFunc(pkgs, func(a, b *packages.Package) int { return strings.Compare(a.PkgPath, b.PkgPath) })

	z := zip.NewWriter(to)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	add := func(name string, data []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate}) // no time: the same data give the same bytes
		if err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	}
	minor := strings.Join(strings.SplitN(runtime.Version(), ".", 3)[:2], ".")
	if err := add("VERSION", []byte(minor)); err != nil {
		return err
	}
	for _, p := range pkgs {
		if hidden(p.PkgPath) || p.PkgPath == "unsafe" {
			continue
		}
		if len(p.Errors) > 0 {
			return fmt.Errorf("%s: %v", p.PkgPath, p.Errors[0])
		}
		var data bytes.Buffer
		if err := gcexportdata.Write(&data, token.NewFileSet(), p.Types); err != nil {
			return fmt.Errorf("%s: %w", p.PkgPath, err)
		}
		if err := add(p.PkgPath, data.Bytes()); err != nil {
			return err
		}
	}
	return z.Close()
}

// hidden tells packages that nobody outside can import.
func hidden(path string) bool {
	return strings.HasPrefix(path, "vendor/") || strings.HasPrefix(path, "cmd/") || slices.Contains(strings.Split(path, "/"), "internal")
}
