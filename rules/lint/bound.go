package lint

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/rules"
)

var metavariable = regexp.MustCompile(`\$(?:\.\.\.)?[A-Z_][A-Z_0-9]*|\$[0-9]+`)

// unbound tells the metavariables that a rule uses and no pattern of it can bind. In a condition or a focus nothing comes through then, in a
// message the name stays as it is. One that an exclusion alone holds is not bound either.
func unbound(r *rules.Rule) []rules.Problem {
	var problems []rules.Problem
	bound := map[string]bool{}
	for _, f := range r.Formulas() {
		within(f, nil, func(op rules.Op, v rules.Text) {
			p := r.Problem(rules.Broken, v.Pos, "%s uses %s, which no pattern beside it binds: nothing can ever fulfil it; name a metavariable of a pattern", op, v.Value)
			p.Code = UnboundMetavariable
			problems = append(problems, p)
		})
		problems = append(problems, dropped(r, f)...)
		binds(f, bound)
		captures(f, bound)
	}
	told := map[string]bool{}
	for _, text := range []struct {
		*rules.Text
		stays string
	}{{&r.Message, "it will stand there as it is"}, {r.Fix, "the fix would put it into the code as it is"}} {
		if text.Text == nil {
			continue
		}
		for _, at := range metavariable.FindAllStringIndex(text.Value, -1) {
			name := text.Value[at[0]:at[1]]
			if name[1] >= '0' && name[1] <= '9' { // $1 is a group of an expression, and as often a sum or a placeholder
				continue
			}
			if !bound[name] && !told[name] {
				told[name] = true
				problems = append(problems, advice(r, UnboundMetavariable, placeOf(text.Text, at[0]), "the text uses %s, which no pattern binds: %s", name, text.stays))
			}
		}
	}
	return problems
}

// placeOf is the place in the rule file of a byte of a text's value.
func placeOf(t *rules.Text, offset int) rules.Pos {
	before := t.Value[:offset]
	line := strings.Count(before, "\n") + 1
	return t.At(line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])+1)
}

var namedGroup = regexp.MustCompile(`\(\?P?<([A-Z_][A-Z_0-9]*)>`)

// binds collects the metavariables that the finding parts of a formula hold.
func binds(f *rules.Formula, bound map[string]bool) {
	switch f.Op {
	case rules.Pattern:
		for _, name := range metavariable.FindAllString(f.Text.Value, -1) {
			bound[name] = true
		}
	case rules.Regex:
		for i := range 10 { // groups are numbered; which exist is the expression's affair
			bound[fmt.Sprintf("$%d", i)] = true
		}
		for _, m := range namedGroup.FindAllStringSubmatch(f.Text.Value, -1) {
			bound["$"+m[1]] = true
		}
	default:
		if f.Op.Positive() || f.Op == rules.MetavariablePattern {
			for _, c := range f.Children {
				binds(c, bound)
			}
		}
	}
}

// captures collects the groups of metavariable-regex, which later conditions do not see and messages do.
func captures(f *rules.Formula, bound map[string]bool) {
	if f.Op == rules.MetavariableRegex {
		for _, m := range namedGroup.FindAllStringSubmatch(f.Text.Value, -1) {
			bound["$"+m[1]] = true
		}
	}
	for _, c := range f.Children {
		captures(c, bound)
	}
}

// within calls fn for each metavariable of a condition or focus that the patterns list around it does not bind: what an exclusion
// or the patterns outside of it bind does not count there. A formula that looks at what a metavariable stands for has those that were bound around it.
func within(f *rules.Formula, around map[string]bool, fn func(rules.Op, rules.Text)) {
	bound := maps.Clone(around)
	if bound == nil {
		bound = map[string]bool{}
	}
	binds(f, bound)
	for _, c := range f.Children {
		if c.Op.Condition() || c.Op == rules.Focus {
			for _, v := range used(c) {
				if !bound[v.Value] {
					fn(c.Op, v)
				}
			}
		}
		if c.Op == rules.MetavariablePattern {
			for _, inner := range c.Children {
				within(inner, bound, fn)
			}
			continue
		}
		within(c, around, fn)
	}
}

// used are the metavariables that a condition or focus asks about. A comparison may name others than it compares.
func used(f *rules.Formula) []rules.Text {
	if f.Op != rules.MetavariableComparison {
		return f.Metavariables
	}
	var out []rules.Text
	for _, at := range metavariable.FindAllStringIndex(f.Text.Value, -1) {
		out = append(out, rules.Text{Value: f.Text.Value[at[0]:at[1]], Pos: placeOf(&f.Text, at[0])})
	}
	return out
}

// dropped tells the branches of a pattern-either that never come through the conditions beside it: one that asks about a metavariable which they do
// not bind, and nothing else beside them does.
func dropped(r *rules.Rule, f *rules.Formula) []rules.Problem {
	var problems []rules.Problem
	if f.Op == rules.And {
		for i, either := range f.Children {
			if either.Op != rules.Or {
				continue
			}
			rest := map[string]bool{}
			for k, c := range f.Children {
				if k != i && (c.Op.Positive() || c.Op == rules.MetavariablePattern) {
					binds(c, rest)
				}
			}
			for _, branch := range either.Children {
				own := maps.Clone(rest)
				binds(branch, own)
				for _, c := range f.Children {
					if name := needs(c, own); name != "" {
						problems = append(problems, advice(r, UnreachableBranch, branch.Pos, "this branch binds no %s, which %s in line %d asks about: it never finds anything", name, c.Op, c.Pos.Line))
						break
					}
				}
			}
		}
	}
	for _, c := range f.Children {
		problems = append(problems, dropped(r, c)...)
	}
	return problems
}

// needs gives a metavariable without which nothing comes through a condition or focus, if it is not bound. A focus needs one of its own; a comparison may
// have an "or" in it.
func needs(c *rules.Formula, bound map[string]bool) string {
	if !c.Op.Condition() && c.Op != rules.Focus || c.Op == rules.MetavariableComparison {
		return ""
	}
	for _, v := range c.Metavariables {
		if bound[v.Value] {
			return ""
		}
	}
	if len(c.Metavariables) == 0 {
		return ""
	}
	return c.Metavariables[0].Value
}
