// Package syntax shares parsed files between the checks of one change, so that a file is parsed once however many of them read it.
package syntax

import (
	"errors"
	"fmt"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// ErrNoLanguage says that a path is of no language that is parsed.
var ErrNoLanguage = errors.New("no language for this file name")

// Reviewed says whether a path is of one of the languages whose code the checks themselves read. Others are read for rules only: a check that
// knows nothing of a language should neither parse it nor speak of it.
func Reviewed(path string) bool {
	spec := language.ForPath(path)
	if spec == nil {
		return false
	}
	switch spec.Name {
	case "go", "java", "javascript", "python", "typescript":
		return true
	}
	return false
}

type key struct {
	side checks.Side
	path string
}

type result struct {
	tree *language.Tree
	err  error
}

// Tree parses a file of one side of the change, or gives the tree that another check had parsed already. It fails with ErrNoLanguage for a
// path that is not of a language we read, with the tree's own error for a file that cannot be opened, and for a file beyond the parser's
// limits. Broken syntax is not an error: it is in the tree's Errors. Safe for concurrent use.
func Tree(c *checks.Change, side checks.Side, path string) (*language.Tree, error) {
	r := c.Memo(key{side, path}, func() any {
		spec := language.ForPath(path)
		if spec == nil {
			return result{err: fmt.Errorf("parse %s: %w", path, ErrNoLanguage)}
		}
		data, err := c.Tree(side).Open(path)
		if err != nil {
			return result{err: fmt.Errorf("parse %s: %w", path, err)}
		}
		tree, err := spec.Parse(path, data)
		if err != nil {
			return result{err: fmt.Errorf("parse %s: %w", path, err)}
		}
		return result{tree: tree}
	}).(result)
	return r.tree, r.err
}
