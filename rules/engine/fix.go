package engine

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

var valueOf = regexp.MustCompile(`value\((\$[A-Z_][A-Z_0-9]*)\)`)

// message is the rule's, with metavariables replaced; value($X) is the constant that $X stands for.
func (r *run) message(rule *rules.Rule, env []Binding) string {
	text := rule.Message.Value
	if strings.Contains(text, "value($") {
		text = valueOf.ReplaceAllStringFunc(text, func(use string) string {
			b := lookup(env, use[len("value("):len(use)-1])
			if b == nil {
				return use
			}
			if v, ok := r.constant(b); ok && (r.tree.Nodes[b.Node].Kind == language.Name || r.tree.Nodes[b.Node].Kind == language.Dot) {
				return v.Text
			}
			return b.Name
		})
	}
	return Interpolate(text, env, maxBound)
}

// fix is what a rule puts in place of a match; nil: nothing.
func (c *compiled) fix(source string, g region) *string {
	var out string
	switch r := c.rule; {
	case r.Fix != nil:
		out = Interpolate(strings.TrimSpace(r.Fix.Value), g.env, 0) // a block scalar ends in a line feed that nobody means
		if strings.Contains(out, "\n") {                            // further lines stand below the first
			column := utf8.RuneCountInString(source[strings.LastIndexByte(source[:g.start], '\n')+1 : g.start])
			out = strings.ReplaceAll(out, "\n", "\n"+strings.Repeat(" ", column))
		}
	case r.FixRegex != nil && c.fixRegex != nil:
		text := source[g.start:g.end]
		limit := -1
		if r.FixRegex.Count > 0 {
			limit = r.FixRegex.Count
		}
		spans, err := c.fixRegex.all(text, limit)
		if err != nil || len(spans) == 0 {
			return nil
		}
		at := 0
		for _, s := range spans {
			out += text[at:s.start] + expand(r.FixRegex.Replacement.Value, text, s)
			at = s.end
		}
		out += text[at:]
	default:
		return nil
	}
	return &out
}

var groupUse = regexp.MustCompile(`\\(?:g<(\w+)>|([1-9][0-9]?)|(.))`)

// expand writes a replacement in Python's form: \1, \g<1> and \g<name> are groups.
func expand(replacement, text string, s span) string {
	return groupUse.ReplaceAllStringFunc(replacement, func(use string) string {
		m := groupUse.FindStringSubmatch(use)
		name := m[1] + m[2]
		if name == "" {
			switch m[3] {
			case "n":
				return "\n"
			case "t":
				return "\t"
			case `\`:
				return `\`
			}
			return use
		}
		if n, err := strconv.Atoi(name); err == nil && n == 0 {
			return text[s.start:s.end]
		}
		for _, g := range s.groups {
			if g.name == "$"+name {
				return text[g.start:g.end]
			}
		}
		return ""
	})
}
