package match

import (
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/names"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// Names tells which variables the names of a tree stand for, worked out once for all patterns.
func (b *Budget) Names(t *language.Tree) *names.Table { return b.of(t).variables() }
