// Package lint checks rule files: what cannot be read, what cannot run, and what can hardly be meant.
package lint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
	"github.com/reviewgate-app/reviewgate/rules/ruletest"
)

// Sources checks rule files, as a set that runs together. It gives every Problem, in order of place: the loader's, the patterns and expressions that do
// not compile, ids that stand twice, metavariables that nothing binds, and for built-in rules what their catalogue entry lacks.
func Sources(sources []rules.Source) []rules.Problem {
	rs, problems := rules.ParseAll(sources)
	_, more := engine.Compile(rs)
	problems = append(problems, more...)
	for _, r := range rs {
		problems = append(problems, unbound(r)...)
		if r.Origin == rules.OriginBuiltin {
			problems = append(problems, catalogue(r)...)
		}
	}
	rules.SortProblems(problems)
	return problems
}

// Paths checks the rule files of files and folders, and that each rule has a fixture. skipped counts the YAML files in folders that hold
// no rules.
func Paths(paths []string, origin rules.Origin) (problems []rules.Problem, skipped int, err error) {
	var sources []rules.Source
	seen := map[string]bool{}
	for _, path := range paths {
		more, n, err := rules.LoadPath(path, origin)
		if err != nil {
			return nil, 0, err
		}
		skipped += n
		for _, src := range more {
			if !seen[src.Name] {
				seen[src.Name] = true
				sources = append(sources, src)
			}
		}
	}
	problems = Sources(sources)
	for _, src := range sources {
		rs, _ := rules.Parse(src)
		for _, r := range rs {
			fixtures, err := ruletest.Fixtures(src.Name, []string{r.ID.Value})
			if err != nil {
				return nil, 0, fmt.Errorf("lint rules: %w", err)
			}
			for _, l := range r.Languages {
				spec := language.ForName(l.Value)
				if spec == nil {
					continue
				}
				ext := ".txt"
				if !spec.AnyFile {
					ext = spec.Extensions[0]
				}
				if !slices.ContainsFunc(fixtures, func(f string) bool { return spec.AnyFile || language.ForPath(f) == spec }) {
					problems = append(problems, r.Problem(rules.Advice, l.Pos, "no fixture for %s: add %s with ruleid: and ok: comments, in testdata beside the rule", l.Value, r.ID.Value+ext))
				}
			}
		}
	}
	rules.SortProblems(problems)
	return problems, skipped, nil
}

var metavariable = regexp.MustCompile(`\$(?:\.\.\.)?[A-Z_][A-Z_0-9]*|\$[0-9]+`)

// unbound tells the metavariables that a rule uses and no pattern of it can bind. In a condition or a focus nothing comes through then, in a
// message the name stays as it is. One that an exclusion alone holds is not bound either.
func unbound(r *rules.Rule) []rules.Problem {
	var problems []rules.Problem
	bound := map[string]bool{}
	for _, f := range r.Formulas() {
		conditions(f, func(op rules.Op, v rules.Text) {
			problems = append(problems, r.Problem(rules.Broken, v.Pos, "%s uses %s, which no pattern beside it binds: nothing can ever fulfil it; name a metavariable of a pattern", op, v.Value))
		})
		binds(f, bound)
	}
	told := map[string]bool{}
	for _, text := range []*rules.Text{&r.Message, r.Fix} {
		if text == nil {
			continue
		}
		for _, name := range metavariable.FindAllString(text.Value, -1) {
			if name[1] >= '0' && name[1] <= '9' { // $1 is a group of an expression, and as often a sum or a placeholder
				continue
			}
			if !bound[name] && !told[name] {
				told[name] = true
				problems = append(problems, r.Problem(rules.Advice, text.Pos, "the text uses %s, which no pattern binds: it will stand there as it is", name))
			}
		}
	}
	return problems
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

// conditions calls fn for each metavariable of a condition or focus that the patterns list around it does not bind: what an exclusion
// or the patterns outside of it bind does not count there.
func conditions(f *rules.Formula, fn func(rules.Op, rules.Text)) {
	within(f, nil, fn)
}

// within does so for a formula that looks at what a metavariable stands for, with those that were bound around it.
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
	for _, name := range metavariable.FindAllString(f.Text.Value, -1) {
		out = append(out, rules.Text{Value: name, Pos: f.Text.Pos})
	}
	return out
}

// catalogue tells what a built-in rule lacks to be shown in the catalogue and in findings.
func catalogue(r *rules.Rule) []rules.Problem {
	var problems []rules.Problem
	m := r.Metadata
	for _, part := range []struct {
		missing bool
		name    string
	}{
		{len(m.CWE) == 0, "metadata.cwe"},
		{len(m.References) == 0, "metadata.references"},
		{m.Confidence == "", "metadata.confidence"},
		{m.Category == "", "metadata.category"},
		{m.Title == "", "metadata.reviewgate.title"},
		{m.Why == "", "metadata.reviewgate.why"},
		{m.Remedy == "", "metadata.reviewgate.remedy"},
	} {
		if part.missing {
			problems = append(problems, r.Problem(rules.Advice, r.Pos, "a built-in rule needs %s: add it", part.name))
		}
	}
	return problems
}
