package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out) // no terminal
	p.start = time.Now().Add(-time.Minute)
	p.scanned(1, 2)
	if p.end(); out.Len() > 0 {
		t.Errorf("a log gets %q", out.String())
	}
	p.out = &out
	p.start = time.Now()
	p.scanned(1, 2)
	if out.Len() > 0 {
		t.Errorf("a scan that is short gets %q", out.String())
	}
	p.start = time.Now().Add(-time.Minute)
	p.scanned(1, 2)
	p.scanned(2, 2) // too soon to be told
	p.end()
	p.end()
	if want := "\r\x1b[Kscanning: 1 of 2 files\r\x1b[K"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestWholeTreeProgress: over all batches the count goes up to the number of files of the tree.
func TestWholeTreeProgress(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const files = 5003 // more than one batch
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	snap, err := source.Local(t.Context(), source.LocalOptions{Dir: dir, All: true})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	last, calls := 0, 0
	told := func(done, total int) {
		if calls++; total != files || done < last {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last = done
	}
	if _, err := runScan(t.Context(), snap, &scan.Input{}, scan.Options{Sandbox: sandbox.Off, Progress: told}, true, nil); err != nil {
		t.Fatal(err)
	}
	if last != files || calls < 2 {
		t.Errorf("%d calls, the last at %d", calls, last)
	}
}
