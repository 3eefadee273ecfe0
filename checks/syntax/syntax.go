// Package syntax shares parsed files between the checks of one change, so that a file is parsed once however many of them read it.
package syntax

import (
	"errors"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// ErrNoLanguage says that a path is of no language that is parsed.
var ErrNoLanguage = errors.New("no language for this file name")

// maxHeld is how many bytes of trees are kept for other checks. A change fits in; of a whole tree, the files that were read last are kept,
// and one that is asked for later is parsed again.
const maxHeld = 8 << 20

type (
	store struct{} // the key of a change's trees
	key   struct {
		side checks.Side
		path string
	}
)

// trees are those of one change.
type trees struct {
	mu    sync.Mutex
	known map[key]*parsed
	order []key // of known with a tree, the oldest first
	held  int   // bytes of the trees in order
}

type parsed struct {
	once sync.Once
	tree *language.Tree
	err  error
}

// Code is Tree for the checks that read programs themselves: five languages. A check that knows nothing of a language should neither parse it nor
// speak of it; rules are there for the others.
func Code(c *checks.Change, side checks.Side, path string) (*language.Tree, error) {
	if spec := language.ForPath(path); spec != nil {
		switch spec.Name {
		case "go", "java", "javascript", "python", "typescript":
			return Tree(c, side, path)
		}
	}
	return nil, fmt.Errorf("parse %s: %w", path, ErrNoLanguage)
}

// Tree parses a file of one side of the change, or gives the tree that another check had parsed already. It fails with ErrNoLanguage for a
// path that is not of a language we read, with the tree's own error for a file that cannot be opened, and for a file beyond the parser's
// limits. Broken syntax is not an error: it is in the tree's Errors. Safe for concurrent use.
func Tree(c *checks.Change, side checks.Side, path string) (*language.Tree, error) {
	all := c.Memo(store{}, func() any { return &trees{known: map[key]*parsed{}} }).(*trees)
	k := key{side, path}
	all.mu.Lock()
	p := all.known[k]
	if p == nil {
		p = &parsed{}
		all.known[k] = p
	}
	all.mu.Unlock()
	p.once.Do(func() {
		start := time.Now()
		if p.tree, p.err = parse(c, side, path); p.tree != nil {
			all.keep(k, size(p.tree))
		}
		if c.Meter != nil {
			c.Meter("", "parsing", time.Since(start), 0)
		}
	})
	return p.tree, p.err
}

// keep counts a tree that was parsed, and lets go of the oldest ones.
func (t *trees) keep(k key, bytes int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.order = append(t.order, k)
	t.held += bytes
	for t.held > maxHeld && len(t.order) > 1 {
		oldest := t.order[0]
		t.held -= size(t.known[oldest].tree)
		delete(t.known, oldest)
		t.order = t.order[1:]
	}
}

func size(t *language.Tree) int {
	return len(t.Source) + cap(t.Nodes)*int(unsafe.Sizeof(language.Node{}))
}

func parse(c *checks.Change, side checks.Side, path string) (*language.Tree, error) {
	spec := language.ForPath(path)
	if spec == nil {
		return nil, fmt.Errorf("parse %s: %w", path, ErrNoLanguage)
	}
	data, err := c.Tree(side).Open(path)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", path, err)
	}
	return spec.Parse(path, data)
}
