package model_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// A mutant is a txtar file in testdata/mutants: its comment says which invariant it breaks, in words; then come "file", the path from the root of
// the repository; "old", text that stands there once; and "new", what takes its place.
type mutant struct {
	breaks, file string
	old, new     []byte
}

func readMutant(t *testing.T, path string) mutant {
	t.Helper()
	a, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := mutant{breaks: strings.TrimSpace(string(a.Comment))}
	for _, f := range a.Files {
		switch f.Name {
		case "file":
			m.file = strings.TrimSpace(string(f.Data))
		case "old":
			m.old = f.Data
		case "new":
			m.new = f.Data
		default:
			t.Fatalf("%s: there is no part %q: write file, old, new", path, f.Name)
		}
	}
	if m.breaks == "" || m.file == "" || len(m.old) == 0 || bytes.Equal(m.old, m.new) {
		t.Fatalf("%s: it needs a sentence, file, old and new", path)
	}
	return m
}

const root = "../.."

// TestMutants asserts that every mutant can still be made of the code as it is. With REVIEWGATE_MUTANTS set it also makes each, in an overlay and
// never in the tree, and asserts that histories catch it; that takes minutes, and is what `make mutants` does.
func TestMutants(t *testing.T) {
	files, err := filepath.Glob("testdata/mutants/*.txtar")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d mutants: %v", len(files), err)
	}
	checks := os.Getenv("REVIEWGATE_MUTANTS")
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			m := readMutant(t, path)
			code, err := os.ReadFile(filepath.Join(root, m.file))
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(code, m.old); n != 1 {
				t.Fatalf("%s: the old text stands in %s %d times, not once: write the mutant anew", path, m.file, n)
			}
			if checks != "" {
				m.hunt(t, bytes.Replace(code, m.old, m.new, 1), checks)
			}
		})
	}
}

var caught = regexp.MustCompile(`\[rapid\] failed after (\d+) tests?: after \d+ histories:\n\s*(.*)`)

// hunt plays histories against the mutant until one catches it.
func (m *mutant) hunt(t *testing.T, code []byte, checks string) {
	t.Helper()
	dir := t.TempDir()
	at, err := filepath.Abs(filepath.Join(root, m.file))
	if err != nil {
		t.Fatal(err)
	}
	mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	list, err := json.Marshal(map[string]map[string]string{"Replace": {at: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{mutated: code, overlay: list} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "./app/server/internal/review", "-run", "^TestModel$", "-rapid.checks", checks, "-rapid.nofailfile", "-rapid.shrinktime", "1ms")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	by := caught.FindSubmatch(out)
	switch {
	case err == nil:
		t.Errorf("survived %s histories: %s", checks, m.breaks)
	case by == nil:
		t.Errorf("it does not compile, or fails otherwise:\n%s", out[:min(len(out), 3000)])
	default:
		t.Logf("caught by history %s: %s", by[1], by[2])
	}
}
