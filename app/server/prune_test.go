package server

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestPruneCache(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), time.Now()
	for name, used := range map[string]time.Time{"7": now, "8": now.Add(-40 * 24 * time.Hour)} {
		pack := filepath.Join(dir, name, "git", "objects", "pack")
		if err := os.MkdirAll(pack, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(pack, used, used); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "9"), 0o700); err != nil { // just made, nothing fetched yet
		t.Fatal(err)
	}
	if err := pruneCache(dir, defaultKeep.before(now).Scans); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 || left[0].Name() != "7" || left[1].Name() != "9" {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := pruneCache(filepath.Join(dir, "none"), now); err == nil {
		t.Error("no error for a folder that is not there")
	}
}
