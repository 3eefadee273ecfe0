package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settleTime is how long nothing has to change before something is done: an editor saves in several steps.
	settleTime = 150 * time.Millisecond
	// maxWatched bounds the folders that are watched.
	maxWatched = 5000
)

// watch does something, and again whenever a file below the paths changes. It ends without an error when ctx does.
func watch(ctx context.Context, paths []string, do func() error) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return unsure(fmt.Errorf("watching for changes: %w", err))
	}
	defer func() { _ = w.Close() }()
	if err := watchFolders(w, paths); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	settled := time.NewTimer(settleTime)
	settled.Stop()
	defer settled.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			return unsure(fmt.Errorf("watching for changes: %w", err))
		case e := <-w.Events:
			if name := filepath.Base(e.Name); e.Op == fsnotify.Chmod || strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
				continue // reading a file changes its times, and editors keep files of their own
			}
			settled.Reset(settleTime)
		case <-settled.C:
			if err := watchFolders(w, paths); err != nil { // there may be new ones
				return err
			}
			if err := do(); err != nil {
				return err
			}
		}
	}
}

// watchFolders watches the folders of the paths and all below them. A file is watched through its folder, since editors put a new file in its place, and so
// is the testdata beside it.
func watchFolders(w *fsnotify.Watcher, paths []string) error {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return usage(fmt.Errorf("watching %s: %w", path, reason(err)), "")
		}
		folders := []string{path}
		if !info.IsDir() {
			folders = []string{filepath.Dir(path)}
			if beside := filepath.Join(folders[0], "testdata"); isFolder(beside) {
				folders = append(folders, beside)
			}
		}
		for _, folder := range folders {
			err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
				switch {
				case err != nil:
					return nil //nolint:nilerr // gone meanwhile, or not ours to read: the tests say so
				case !d.IsDir():
					return nil
				case name != folder && (!info.IsDir() || d.Name() == ".git"):
					return filepath.SkipDir
				case len(w.WatchList()) >= maxWatched:
					return usage(fmt.Errorf("%s has more than %d folders", path, maxWatched), "watch the folder of the rules only")
				}
				return w.Add(name)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
