package unused

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const id = "unused-function"

// Check is the check.
var Check = &checks.Check{
	Name:  "quality/unused",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID: id, Title: "A private function that nobody calls", Severity: checks.Medium, Confidence: checks.Certain, CWE: []string{"CWE-561"},
		Why:        "It has to be read and kept working for nothing. Sometimes the call is what was forgotten.",
		Remedy:     "Call it where it was meant to be called, or remove it.",
		References: []string{"https://cwe.mitre.org/data/definitions/561.html"},
		Tags:       []string{"maintainability"},
		Languages:  []string{"java", "javascript", "python", "typescript"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	return code.Each(ctx, pass, pass.Side, code.Shipped, func(f code.File) {
		if f.Tree.Spec.Name == "go" || len(f.Tree.Errors) > 0 {
			return // what cannot be read may use anything
		}
		module := isModule(f.Tree)
		var names index
		for _, fn := range code.Funcs(f.Tree) {
			if !private(f.Tree, fn, module) {
				continue
			}
			if names == nil {
				names = newIndex(f.Tree)
			}
			if names.used(f.Tree, fn) {
				continue
			}
			pass.Report(checks.Finding{
				RuleID: id, Location: f.Head(fn.ID), Key: fn.Symbol,
				Message: fmt.Sprintf("nothing calls `%s`, and nothing outside of this file can. Call it where it was meant to be called, or remove it", fn.Short),
			})
		}
	})
}

// isModule tells a file of JavaScript whose names are its own: one with import or export. Others are scripts, whose functions a page may call.
func isModule(tree *language.Tree) bool {
	for i := range tree.Nodes {
		n := &tree.Nodes[i]
		if n.Parent == 0 && (n.Kind == language.Import || n.Kind == language.ImportFrom) && n.Start < uint32(len(tree.Source)) && strings.HasPrefix(tree.Text(language.ID(i)), "import") {
			return true
		}
		if n.Kind == language.Decorator && n.Value == "export" || n.Kind == language.Other && tree.Type(language.ID(i)) == "export_statement" {
			return true
		}
	}
	return false
}

// private tells a function that nothing outside of the file can name.
func private(tree *language.Tree, fn code.Func, module bool) bool {
	if len(code.Decorators(tree, fn.ID)) > 0 || called[fn.Short] {
		return false
	}
	switch tree.Spec.Name {
	case "java":
		return modifier(tree, fn.ID, "private") && tree.Nodes[fn.ID].Value != "constructor"
	case "python":
		return inner(tree, fn) && fn.Name != language.None && !strings.HasPrefix(fn.Short, "_")
	}
	parent := tree.Nodes[fn.ID].Parent
	switch {
	case tree.Nodes[parent].Kind == language.Pair, tree.Nodes[fn.ID].Value == "constructor":
		return false
	case code.Class(tree, fn.ID) != language.None && tree.Nodes[fn.ID].Flags&language.Lambda == 0 && !inner(tree, fn):
		return !dynamic(tree) && (modifier(tree, fn.ID, "private") || strings.HasPrefix(fn.Short, "#"))
	case fn.Name != language.None && tree.Nodes[fn.ID].Flags&language.Lambda == 0:
		return (module || inner(tree, fn)) && tree.Nodes[parent].Kind != language.Dict && !modifier(tree, fn.ID, "export") && !modifier(tree, fn.ID, "default") && tree.Nodes[parent].Kind != language.Other
	case tree.Nodes[parent].Kind == language.Assign && tree.Nodes[parent].Flags&language.Declares != 0:
		target := tree.Child(parent, language.SlotTarget)
		return target != language.None && tree.Nodes[target].Kind == language.Name && (module || inner(tree, fn)) && code.Class(tree, fn.ID) == language.None &&
			!exported(tree, parent)
	}
	return false
}

var export = regexp.MustCompile(`(\bexport\s+(default\s+)?(const|let|var)?|,)\s*$`)

// exported tells a variable with an export before it. One of several in a row (a = 1, b = 2) counts as exported.
func exported(tree *language.Tree, assign language.ID) bool {
	start := tree.Nodes[assign].Start
	return export.MatchString(tree.Source[start-min(start, 40):start]) || strings.HasPrefix(tree.Text(assign), "export")
}

// dynamic tells a file that calls methods by a name which is computed: this[kind](item).
func dynamic(tree *language.Tree) bool {
	for i := range tree.Nodes {
		if n := &tree.Nodes[i]; n.Kind == language.Index && n.Slot == language.SlotCallee {
			return true
		}
	}
	return false
}

// called are methods that the runtime calls by name.
var called = map[string]bool{"readObject": true, "writeObject": true, "readResolve": true, "writeReplace": true, "readObjectNoData": true, "finalize": true}

func modifier(tree *language.Tree, id language.ID, word string) bool {
	for c := range tree.Children(id) {
		if tree.Nodes[c].Kind == language.Decorator && tree.Nodes[c].Value == word {
			return true
		}
	}
	return false
}

// inner tells a function inside of another function.
func inner(tree *language.Tree, fn code.Func) bool {
	for p := tree.Nodes[fn.ID].Parent; p > 0; p = tree.Nodes[p].Parent {
		switch tree.Nodes[p].Kind {
		case language.Func:
			return true
		case language.Class:
			return false
		}
	}
	return false
}

// An index knows where in a file a word stands, in code or in a text.
type index map[string][]uint32

var word = regexp.MustCompile(`[\w$]+`)

func newIndex(tree *language.Tree) index {
	names := index{}
	comments := tree.Comments
	for _, at := range word.FindAllStringIndex(tree.Source, -1) {
		start := uint32(at[0])
		for len(comments) > 0 && comments[0].End <= start {
			comments = comments[1:]
		}
		if len(comments) > 0 && comments[0].Start <= start {
			continue
		}
		w := tree.Source[at[0]:at[1]]
		names[w] = append(names[w], start)
	}
	return names
}

// used tells a name that stands anywhere but in the function itself.
func (names index) used(tree *language.Tree, fn code.Func) bool {
	outer := &tree.Nodes[fn.ID]
	if p := &tree.Nodes[outer.Parent]; p.Kind == language.Assign {
		outer = p
	}
	if len(names["eval"])+len(names["locals"])+len(names["globals"]) > 0 {
		return true
	}
	return slices.ContainsFunc(names[strings.TrimPrefix(fn.Short, "#")], func(at uint32) bool { return at < outer.Start || at >= outer.End })
}
