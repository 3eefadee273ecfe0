package engine

import (
	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A rule of several languages may hold patterns that are code of one of them only: `VOLUME $X` for dockerfile beside `volumes: ...` for yaml.
// Such a pattern finds nothing in the other language, and the rule runs. An exclusion that cannot be read is another matter: without it the
// rule would find too much.

// An unread is a pattern that is not code of the language that it is compiled for.
type unread struct {
	at      rules.Pos
	message string
}

// unreadable says why a pattern cannot be read as one language although it can as another one of the rule's; nil if it can, or in none.
func (c *compiler) unreadable(text rules.Text, spec *language.Spec) *unread {
	p := c.read[patternKey{spec, text.Value}]
	if p == nil || p.err == nil {
		return nil
	}
	for _, l := range c.r.Languages {
		if q := c.read[patternKey{language.ForName(l.Value), text.Value}]; q != nil && q.err == nil {
			line, column, message := place(p.err)
			return &unread{text.At(line, column), message}
		}
	}
	return nil
}

// settle makes operators that wait for an unread pattern find nothing, and says whether n is one.
func (c *compiler) settle(n *node, spec *language.Spec) (never bool) {
	if t := n.taint; t != nil {
		for _, list := range [][]*node{t.sources, t.sinks, t.propagators} {
			for _, f := range list {
				c.settle(f, spec)
			}
		}
		for _, f := range t.sanitizers {
			c.whole(f, spec)
		}
		return false
	}
	switch n.op {
	case rules.Pattern:
		if never = n.unread != nil; never {
			c.problem(rules.Advice, n.unread.at, "the pattern cannot be read as %s: %s: it finds nothing there", spec.Name, n.unread.message)
		}
	case rules.Inside, rules.MetavariablePattern:
		never = len(n.children) > 0 && c.settle(n.children[0], spec)
	case rules.Or:
		never = len(n.children) > 0
		for _, child := range n.children {
			never = c.settle(child, spec) && never
		}
	case rules.And:
		for _, child := range n.children {
			if child.op.Positive() || child.op == rules.MetavariablePattern {
				never = c.settle(child, spec) || never
			}
		}
		for _, child := range n.children {
			if !never && !child.op.Positive() && !child.op.Condition() {
				c.whole(child, spec)
			}
		}
	}
	if never {
		*n = node{op: rules.Or}
	}
	return never
}

// whole demands that all of a formula that excludes can be read.
func (c *compiler) whole(n *node, spec *language.Spec) {
	if n.unread != nil {
		c.problem(rules.Broken, n.unread.at, "the pattern cannot be read as %s: %s", spec.Name, n.unread.message)
	}
	for _, child := range n.children {
		c.whole(child, spec)
	}
}
