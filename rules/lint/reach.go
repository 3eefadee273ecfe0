package lint

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// unreachable tells the parts of a rule that find nothing. What a pattern finds is tried out: code is made of it, with names that no other pattern
// knows in place of its metavariables and none, one or two of them in place of an ellipsis, and the other patterns are run on that code. What is
// told is true of all the code that was tried; where none could be made, nothing is told.
func unreachable(ctx context.Context, r *rules.Rule) []rules.Problem {
	t := &trial{ctx: ctx, rule: r}
	for _, l := range r.Languages {
		if t.spec = language.ForName(l.Value); t.spec != nil {
			t.language = l
			break // what a rule means does not depend on which of its languages is read
		}
	}
	if t.spec == nil || t.spec.AnyFile {
		return nil
	}
	for _, f := range r.Formulas() {
		t.formula(f)
	}
	return t.problems
}

// trial is the trying out of one rule.
type trial struct {
	ctx      context.Context // of the call: a trial does not outlive it
	rule     *rules.Rule
	spec     *language.Spec
	language rules.Text
	problems []rules.Problem
	tries    int
}

// maxTries bounds the work for one rule: each try compiles two patterns or more.
const maxTries = 400

func (t *trial) formula(f *rules.Formula) {
	if f.Op == rules.MetavariablePattern { // its pattern is of what stands inside, which may be another language
		return
	}
	switch f.Op {
	case rules.And:
		t.exclusions(f)
		t.insides(f)
	case rules.Or:
		t.branches(f)
	}
	for _, c := range f.Children {
		t.formula(c)
	}
}

// finders are the patterns of a patterns list that say what is found: its only pattern, or the branches of its only pattern-either.
func finders(f *rules.Formula) []*rules.Formula {
	var out []*rules.Formula
	for _, c := range f.Children {
		switch {
		case c.Op == rules.Inside || !c.Op.Positive():
		case out != nil: // several narrow each other
			return nil
		case c.Op == rules.Pattern:
			out = []*rules.Formula{c}
		case c.Op == rules.Or:
			out = c.Children
		default:
			return nil
		}
	}
	return slices.DeleteFunc(slices.Clone(out), func(c *rules.Formula) bool { return c.Op != rules.Pattern })
}

// exclusions tells the patterns of which an exclusion beside them takes out all that they find.
func (t *trial) exclusions(f *rules.Formula) {
	found := finders(f)
	for _, out := range f.Children {
		if out.Op != rules.Not && out.Op != rules.NotInside || !plain(out.Children[0]) {
			continue
		}
		gone := 0
		for _, p := range found {
			both := &rules.Formula{Op: rules.And, Pos: p.Pos, Children: []*rules.Formula{p, out}}
			if t.always(p, func(got [][]engine.Match) bool {
				// What lies around the code of a trial is no part of the pattern: an exclusion has to be about the code itself.
				return len(got[1]) == 0 && slices.ContainsFunc(got[2], func(m engine.Match) bool { return m.Start >= got[0][0].Start && m.End <= got[0][0].End })
			}, both, out.Children[0]) {
				gone++
				if len(found) > 1 {
					t.tell(UnreachableBranch, p.Pos, "this branch finds only what %s in line %d takes out again: it never finds anything", out.Op, out.Pos.Line)
				}
			}
		}
		if gone > 0 && len(found) == 1 {
			t.tell(UnreachableBranch, out.Pos, "%s takes out all that the pattern in line %d finds: the rule finds nothing there; say what is to be left out", out.Op, found[0].Pos.Line)
		}
	}
}

// plain says whether a formula asks for nothing but shape.
func plain(f *rules.Formula) bool {
	return f.Op == rules.Pattern || f.Op == rules.Or && !slices.ContainsFunc(f.Children, func(c *rules.Formula) bool { return !plain(c) })
}

// insides tells the pattern-inside whose code is written out to the last name and does not hold what is to be found in it.
func (t *trial) insides(f *rules.Formula) {
	found := finders(f)
	for _, in := range f.Children {
		if in.Op != rules.Inside || len(found) == 0 || in.Children[0].Op != rules.Pattern {
			continue
		}
		text := in.Children[0].Text.Value
		if strings.ContainsAny(text, "$") || strings.Contains(text, "...") {
			continue
		}
		room := slices.ContainsFunc(found, func(p *rules.Formula) bool {
			return constant.MatchString(p.Text.Value) || t.holds(in.Children[0], text, p)
		})
		if !room {
			t.tell(UnreachableBranch, in.Pos, "nothing of what is to be found has room in this pattern-inside: it stands for no more than `%s`; write an ellipsis (...) where the code around may be anything", clip(text))
		}
	}
}

// constant is a pattern that a name may stand for.
var constant = regexp.MustCompile(`^\s*(?:["'0-9]|\$[A-Z_0-9]+\s*$|\(\$|\.\.\.)`)

// holds says whether code holds a match of a pattern. Where that cannot be tried it says yes.
func (t *trial) holds(whole *rules.Formula, code string, p *rules.Formula) bool {
	for _, w := range t.spec.Wrappers {
		if got := t.run(w, code, whole, p); got != nil && len(got[0]) > 0 {
			return len(got[1]) > 0
		}
	}
	return true
}

// branches tells the branches of a pattern-either that find nothing which another one does not find, with the same metavariables.
func (t *trial) branches(f *rules.Formula) {
	var list []*rules.Formula
	for _, c := range f.Children {
		if c.Op == rules.Pattern {
			list = append(list, c)
		}
	}
	vars := make([]map[string]bool, len(list))
	for i, c := range list {
		vars[i] = map[string]bool{}
		binds(c, vars[i])
	}
	idle := map[int]bool{}
	for i, c := range list {
		for k, other := range list {
			if i == k || idle[k] || idle[i] {
				continue
			}
			if strings.TrimSpace(c.Text.Value) == strings.TrimSpace(other.Text.Value) {
				if i > k {
					idle[i] = true
					t.tell(DuplicateBranch, c.Pos, "this branch says the same as the one in line %d: remove it", other.Pos.Line)
				}
				continue
			}
			// Metavariables bind what stands there: a branch with others than its neighbour says more. A word of the one that the other lacks is cheap to see.
			if !subset(vars[i], vars[k]) || !subset(vars[k], vars[i]) || !subsetWords(other.Text.Value, c.Text.Value) {
				continue
			}
			if t.always(c, func(got [][]engine.Match) bool {
				return slices.ContainsFunc(got[1], func(m engine.Match) bool { return same(got[0][0], m) })
			}, other) {
				idle[i] = true
				t.tell(DuplicateBranch, c.Pos, "this branch finds nothing that the one in line %d does not find: remove it", other.Pos.Line)
			}
		}
	}
}

var word = regexp.MustCompile(`\$?(?:\.\.\.)?[A-Za-z_][A-Za-z_0-9]*`)

// subsetWords says whether every name of a pattern stands in another one.
func subsetWords(a, b string) bool {
	have := map[string]bool{}
	for _, w := range word.FindAllString(b, -1) {
		have[w] = true
	}
	for _, w := range word.FindAllString(a, -1) {
		if w[0] != '$' && !have[w] {
			return false
		}
	}
	return true
}

func subset(a, b map[string]bool) bool {
	for v := range a {
		if v != "$_" && !b[v] {
			return false
		}
	}
	return true
}

func (t *trial) tell(code string, at rules.Pos, format string, args ...any) {
	t.problems = append(t.problems, advice(t.rule, code, at, format, args...))
}

// same says whether two matches are one, with the same code for every metavariable: others may ask about it.
func same(a, b engine.Match) bool {
	return a.Start == b.Start && a.End == b.End && slices.EqualFunc(a.Bindings, b.Bindings, func(x, y engine.Binding) bool { return x.Name == y.Name && x.Text == y.Text })
}

// always says whether something holds for all that a pattern finds: got are its matches in a piece of code that is one, then those of the other
// formulas there.
func (t *trial) always(p *rules.Formula, holds func(got [][]engine.Match) bool, others ...*rules.Formula) bool {
	held := 0
	for _, code := range instances(p.Text.Value) {
		for _, w := range t.spec.Wrappers {
			got := t.run(w, code, append([]*rules.Formula{p}, others...)...)
			if got == nil || len(got[0]) == 0 {
				continue
			}
			if !holds(got) {
				return false
			}
			held++
			break
		}
	}
	least := 1
	if strings.Contains(p.Text.Value, "...") {
		least = 2
	}
	return held >= least
}

// run gives the matches of two formulas in a piece of code, those of the first as far as they are the whole piece; nil if that cannot be told.
func (t *trial) run(w language.Wrapper, code string, formulas ...*rules.Formula) [][]engine.Match {
	if t.tries++; t.tries > maxTries {
		return nil
	}
	var rs []*rules.Rule
	for i, f := range formulas {
		rs = append(rs, &rules.Rule{ID: rules.Text{Value: fmt.Sprint(i)}, Languages: []rules.Text{t.language}, Formula: f, Options: t.rule.Options})
	}
	set, problems := engine.Compile(rs)
	if len(problems) > 0 {
		return nil
	}
	source := w.Before + code + w.After
	name := "x"
	if len(t.spec.Extensions) > 0 {
		name += t.spec.Extensions[0]
	} else if len(t.spec.Names) > 0 {
		name = t.spec.Names[0]
	}
	res := set.Run(t.ctx, engine.File{Path: name, Source: []byte(source)})
	if t.ctx.Err() != nil || len(res.Overruns) > 0 || res.Tree == nil || len(res.Tree.Errors) > 0 {
		return nil
	}
	from, to := len(w.Before), len(w.Before)+len(strings.TrimRight(code, " \t\n;"))
	from += len(code) - len(strings.TrimLeft(code, " \t\n"))
	out := make([][]engine.Match, len(formulas))
	for _, m := range res.Matches {
		i := int(m.Rule.ID.Value[0] - '0')
		if i > 0 || int(m.Start) == from && int(m.End) >= to && int(m.End) <= to+1 {
			out[i] = append(out[i], m)
		}
	}
	return out
}

var (
	hole      = regexp.MustCompile(`\$\.\.\.[A-Z_][A-Z_0-9]*|\$[A-Z_][A-Z_0-9]*|\.\.\.`)
	beforeArg = regexp.MustCompile(`,\s*\x00|\x00\s*,|\x00`)
	untried   = regexp.MustCompile(`<\.\.\.|\.\.\.>|\.\s*\.\.\.\s*\.|["']\S*\$|=~/|\$[A-Z_0-9]+\s*:|\([A-Za-z_.<>\[\]]+\s+\$|\$[0-9]`)
)

// instances makes code of a pattern: every metavariable a name of its own, an ellipsis none, one or two. None for a pattern with parts of which it is not
// plain what code they are: deep and chained ellipses, types, strings that are matched in part.
func instances(pattern string) []string {
	text := strings.TrimSpace(pattern)
	if untried.MatchString(text) {
		return nil
	}
	text = strings.NewReplacer(`"..."`, `"rgtext"`, `'...'`, `'rgtext'`, "`...`", "`rgtext`").Replace(text)
	if !strings.Contains(text, "...") {
		return []string{named(text)}
	}
	var out []string
	for n := range 3 {
		code, fresh := "", 0
		for i, line := range strings.Split(text, "\n") {
			if i > 0 {
				code += "\n"
			}
			own := strings.TrimRight(strings.TrimSpace(line), ";")
			if own == "..." { // statements
				indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
				for k := range n {
					fresh++
					code += fmt.Sprintf("%srgstatement%d();", indent, fresh)
					if k+1 < n {
						code += "\n"
					}
				}
				continue
			}
			line = ellipsis.ReplaceAllStringFunc(line, func(string) string {
				if n == 0 {
					return "\x00"
				}
				var list []string
				for range n {
					fresh++
					list = append(list, fmt.Sprintf("rgvalue%d", fresh))
				}
				return strings.Join(list, ", ")
			})
			code += beforeArg.ReplaceAllString(line, "")
		}
		out = append(out, named(code))
	}
	return out
}

var ellipsis = regexp.MustCompile(`\$\.\.\.[A-Z_][A-Z_0-9]*|\.\.\.`)

// named puts a name in place of each metavariable; $_ is another one each time.
func named(text string) string {
	n := 0
	return hole.ReplaceAllStringFunc(text, func(v string) string {
		if v == "$_" {
			n++
			return fmt.Sprintf("rgany%d", n)
		}
		return "rg" + strings.ToLower(strings.TrimLeft(v, "$."))
	})
}

func clip(s string) string {
	line, more, cut := strings.Cut(strings.TrimSpace(s), "\n")
	if r := []rune(line); len(r) > 60 {
		line, cut = string(r[:57]), true
	}
	if cut && more != "" || cut {
		line += "…"
	}
	return line
}
