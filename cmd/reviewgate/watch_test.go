package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

func TestWatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rule := filepath.Join(dir, "r.yaml")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(rule, "a")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 100) // an editor's save may be several changes
	ended := make(chan error, 1)
	go func() { ended <- watch(ctx, []string{rule}, func() error { done <- struct{}{}; return nil }) }()
	<-done // at once
	write(rule, "b")
	<-done // at a change
	if err := os.Mkdir(filepath.Join(dir, "testdata"), 0o700); err != nil {
		t.Fatal(err)
	}
	<-done // a folder that is new
	write(filepath.Join(dir, "testdata", "r.py"), "c")
	<-done // is watched too
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := watch(t.Context(), []string{filepath.Join(dir, "missing")}, func() error { return nil }); err == nil {
		t.Error("a path that is not there is no error")
	}
}
