package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/reviewgate-app/reviewgate/app/scan"
)

// importedReports are the reports of other tools, as bytes: the worker reads them.
type importedReports struct {
	list  []scan.Import
	roots []string
}

// maxReport is the most that is read of one report; the worker has the same bound.
const maxReport = 64 << 20

// readImports reads the files of --import and --import-base. One that is named and missing is an error: a scanner that wrote nothing must not look like one
// that found nothing.
func (f *scanFlags) readImports(ctx context.Context, dir string) (*importedReports, error) {
	out := &importedReports{}
	for _, side := range []struct {
		flag  string
		paths []string
		base  bool
	}{{"--import", f.imports, false}, {"--import-base", f.importBases, true}} {
		for _, path := range side.paths {
			data, err := unlessStopped(ctx, func() ([]byte, error) { return readReport(path) })
			if errors.Is(err, context.Canceled) {
				return nil, unsure(err)
			}
			if err != nil {
				return nil, usage(fmt.Errorf("%s %s: %w", side.flag, path, reason(err)), "name the SARIF file that the tool wrote; a step that failed before may have left none")
			}
			out.list = append(out.list, scan.Import{Name: path, Base: side.base, Data: data})
		}
	}
	if len(out.list) == 0 {
		return out, nil
	}
	for _, root := range append([]string{dir, f.headDir, f.baseDir, repositoryRoot(dir)}, f.importRoots...) {
		if root == "" {
			continue
		}
		if abs, err := filepath.Abs(root); err == nil {
			out.roots = append(out.roots, filepath.ToSlash(abs))
			if real, err := filepath.EvalSymlinks(abs); err == nil && real != abs {
				out.roots = append(out.roots, filepath.ToSlash(real))
			}
		}
	}
	return out, nil
}

func readReport(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxReport+1))
	if err == nil && len(data) > maxReport {
		err = fmt.Errorf("it is over the limit of %d MB", maxReport>>20)
	}
	return data, err
}

// repositoryRoot is the folder of the work tree that dir lies in; "" where there is none.
func repositoryRoot(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Lstat(filepath.Join(abs, ".git")); err == nil {
			return abs
		}
		parent := filepath.Dir(abs)
		if parent == abs {
			return ""
		}
		abs = parent
	}
}

func (r *importedReports) into(in *scan.Input) { in.Imports, in.ImportRoots = r.list, r.roots }
