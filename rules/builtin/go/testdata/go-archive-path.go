package sample

import (
	"archive/tar"
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func unzip(r *zip.ReadCloser, dir string) {
	for _, f := range r.File {
		to := filepath.Join(dir, f.Name)
		// ruleid: go-archive-path
		out, _ := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, f.Mode())
		out.Close()
	}
}

func one(h *tar.Header, dir string) error {
	// ruleid: go-archive-path
	f, err := os.Create(filepath.Join(dir, h.Name))
	if err != nil {
		return err
	}
	return f.Close()
}

func untar(tr *tar.Reader, dir string) error {
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		// ruleid: go-archive-path
		os.MkdirAll(filepath.Join(dir, h.Name), 0o750)
	}
}

func checked(r *zip.ReadCloser, dir string) error {
	for _, f := range r.File {
		if !filepath.IsLocal(f.Name) {
			return fmt.Errorf("%q leaves the folder", f.Name)
		}
		// ok: go-archive-path
		os.Create(filepath.Join(dir, f.Name))
	}
	return nil
}

func prefixed(r *zip.ReadCloser, dir string) error {
	for _, f := range r.File {
		to := filepath.Join(dir, f.Name)
		if !strings.HasPrefix(to, filepath.Clean(dir)+string(os.PathSeparator)) {
			return fmt.Errorf("%q leaves the folder", f.Name)
		}
		// ok: go-archive-path
		os.Create(to)
	}
	return nil
}

func flat(r *zip.ReadCloser, dir string) {
	for _, f := range r.File {
		// ok: go-archive-path
		os.Create(filepath.Join(dir, filepath.Base(f.Name)))
	}
}
