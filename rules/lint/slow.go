package lint

import (
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// slow tells what makes a rule cost more than its like: it gives no word to leave files out by, or an expression in it may take for ever.
func slow(r *rules.Rule, set *engine.Set) []rules.Problem {
	var problems []rules.Problem
	// What stands in JSON and YAML are strings, which can be written in many ways: they are never looked for as words.
	data := func(name string) bool { return name == "json" || name == "yaml" }
	// What built-in rules cost is measured.
	if names := slices.DeleteFunc(set.Unfiltered(r), data); len(names) > 0 && r.Origin != rules.OriginBuiltin {
		files := strings.Join(names, ", ") + " file is parsed and searched"
		if spec := language.ForName(names[0]); spec != nil && spec.AnyFile {
			files = "file is searched"
		}
		problems = append(problems, advice(r, SlowRule, r.Pos,
			"slow: no name or text of the rule has to stand in a file for a match, so every %s; name something if you can: a function, a module, a key", files))
	}
	var walk func(f *rules.Formula)
	walk = func(f *rules.Formula) {
		text := f.Op == rules.Regex || f.Op == rules.NotRegex || f.Op == rules.MetavariableRegex
		if text && engine.Backtracks(f.Text.Value) {
			problems = append(problems, advice(r, SlowRegex, f.Text.At(1, 1),
				"slow: the expression looks around and repeats a repetition with nothing between the two, so its time can double with every character; repeat one of the two only"))
		}
		for _, c := range f.Children {
			walk(c)
		}
	}
	for _, f := range r.Formulas() {
		walk(f)
	}
	return problems
}
