package syntax_test

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/syntax"
)

// side is a tree in memory that counts how often a file is opened; a file whose content is "?" was not fetched.
type side struct {
	files  map[string]string
	opened atomic.Int32
}

func (s *side) Open(path string) ([]byte, error) {
	s.opened.Add(1)
	data, ok := s.files[path]
	switch {
	case !ok:
		return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
	case data == "?":
		return nil, checks.ErrNotFetched
	}
	return []byte(data), nil
}

func (s *side) Paths() []string { return nil }

func TestTree(t *testing.T) {
	t.Parallel()
	base := &side{files: map[string]string{"a.py": "x = 1\n"}}
	head := &side{files: map[string]string{"a.py": "eval(a)\n", "b.txt": "", "c.py": "?", "broken.py": "def f(:\n"}}
	change := &checks.Change{Base: base, Head: head}

	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if tree, err := syntax.Tree(change, checks.Head, "a.py"); err != nil || tree.Source != "eval(a)\n" {
				t.Errorf("head: %v", err)
			}
		})
	}
	group.Wait()
	if n := head.opened.Load(); n != 1 {
		t.Errorf("the file was opened %d times, want once", n)
	}
	if tree, err := syntax.Tree(change, checks.Base, "a.py"); err != nil || tree.Source != "x = 1\n" {
		t.Errorf("base: %v", err)
	}
	if tree, err := syntax.Tree(change, checks.Head, "broken.py"); err != nil || len(tree.Errors) == 0 {
		t.Errorf("broken syntax: %v", err)
	}
	for path, want := range map[string]error{"b.txt": syntax.ErrNoLanguage, "c.py": checks.ErrNotFetched, "d.py": fs.ErrNotExist} {
		if _, err := syntax.Tree(change, checks.Head, path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}
