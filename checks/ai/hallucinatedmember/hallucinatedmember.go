package hallucinatedmember

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const id = "unknown-member"

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/hallucinated-member",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID: id, Title: "The standard library has no such member", Severity: checks.Medium, Confidence: checks.Certain, CWE: []string{"CWE-477"},
		Why:        "The name was remembered wrongly, or comes from another language or version. The line fails when it runs for the first time, perhaps long after it was merged.",
		Remedy:     "Look the module up in its documentation and use what it has.",
		References: []string{"https://docs.python.org/3/library/", "https://nodejs.org/api/", "https://docs.oracle.com/en/java/javase/21/docs/api/java.base/module-summary.html"},
		Tags:       []string{"correctness"},
		Languages:  []string{"java", "javascript", "python", "typescript"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	tables := load()
	return code.Each(ctx, pass, pass.Side, code.Product, func(f code.File) {
		file := &file{File: f, pass: pass, tables: tables}
		switch f.Tree.Spec.Name {
		case "python":
			python(file)
		case "javascript", "typescript":
			script(file)
		case "java":
			java(file)
		}
	})
}

// A file is one that is judged.
type file struct {
	code.File
	pass   *checks.Pass
	tables *tables
}

func (f *file) report(at language.ID, format string, args ...any) {
	f.pass.Report(checks.Finding{RuleID: id, Location: f.At(at), Message: fmt.Sprintf(format, args...)})
}

// bindings counts how often each name of a file is given a meaning: assigned, declared, imported, taken as a parameter.
func (f *file) bindings() map[string]int {
	out := map[string]int{}
	nodes := f.Tree.Nodes
	for i := range nodes {
		n := &nodes[i]
		if n.Kind != language.Name || i == 0 {
			continue
		}
		if binds(f.Tree, language.ID(i)) {
			out[n.Value]++
		}
	}
	return out
}

// binds tells a name in a place that gives it a meaning. Places that are not known count too: who trusts a name must be sure.
func binds(tree *language.Tree, id language.ID) bool {
	n := &tree.Nodes[id]
	p := &tree.Nodes[n.Parent]
	switch p.Kind {
	case language.Dot, language.KeyArg:
		return false
	case language.Pair:
		return n.Slot != language.SlotKey && target(tree, n.Parent)
	case language.Import, language.ImportFrom:
		return n.Slot == language.SlotAlias || n.Slot == language.SlotModule && tree.Child(n.Parent, language.SlotAlias) == language.None && p.Kind == language.Import
	case language.ImportName:
		return n.Slot == language.SlotAlias || tree.Child(n.Parent, language.SlotAlias) == language.None
	case language.Func, language.Class, language.Param:
		return n.Slot == language.SlotName
	case language.Params:
		return true
	case language.Assign, language.ForEach, language.Catch:
		return n.Slot == language.SlotTarget
	case language.Other:
		switch tree.Type(n.Parent) {
		case "for_in_clause", "global_statement", "nonlocal_statement", "delete_statement", "as_pattern", "as_pattern_target", "case_pattern", "typed_parameter", "rest_pattern",
			"object_pattern", "array_pattern", "assignment_pattern", "enum_declaration", "internal_module", "module":
			return true
		}
	}
	return target(tree, id)
}

// target tells a node within a pattern that takes something apart.
func target(tree *language.Tree, id language.ID) bool {
	for id > 0 {
		n := &tree.Nodes[id]
		p := &tree.Nodes[n.Parent]
		switch p.Kind {
		case language.Tuple, language.List, language.Dict, language.Pair, language.Spread:
			id = n.Parent
			if s := tree.Nodes[id].Slot; s == language.SlotTarget || s == language.SlotName && tree.Nodes[tree.Nodes[id].Parent].Kind == language.Param {
				return true
			}
			continue
		}
		return false
	}
	return false
}

// dotted is the text of a chain of names: "os.path" of os.path; "" for anything else.
func dotted(tree *language.Tree, id language.ID) string {
	switch n := &tree.Nodes[id]; n.Kind {
	case language.Name:
		return n.Value
	case language.Dot:
		left := dotted(tree, tree.Child(id, language.SlotOperand))
		name := tree.Child(id, language.SlotName)
		if left == "" || name == language.None || tree.Nodes[id].Flags&language.Optional != 0 {
			return ""
		}
		return left + "." + tree.Nodes[name].Value
	}
	return ""
}

// within gives the nearest node of a kind around another, or None.
func within(tree *language.Tree, id language.ID, kind language.Kind) language.ID {
	for p := tree.Nodes[id].Parent; p > 0; p = tree.Nodes[p].Parent {
		if tree.Nodes[p].Kind == kind {
			return p
		}
	}
	return language.None
}

// called tells a node that a call calls.
func called(tree *language.Tree, id language.ID) bool {
	n := &tree.Nodes[id]
	return n.Slot == language.SlotCallee && tree.Nodes[n.Parent].Kind == language.Call
}

// A value is a variable that is a list, text or dictionary for certain: the file gives it a meaning once, by a literal.
type value struct {
	kind language.Kind
	fn   language.ID // the function that declares it, or None
}

// values finds the variables whose type is certain. only says which assignments count.
func (f *file) values(bound map[string]int, only func(assign *language.Node) bool) map[string]value {
	out := map[string]value{}
	for i := range f.Tree.Nodes {
		n := &f.Tree.Nodes[i]
		if n.Kind != language.Assign || n.Value != "=" || !only(n) {
			continue
		}
		target, literal := f.Tree.Child(language.ID(i), language.SlotTarget), f.Tree.Child(language.ID(i), language.SlotValue)
		if target == language.None || literal == language.None || f.Tree.Nodes[target].Kind != language.Name || bound[f.Tree.Nodes[target].Value] != 1 {
			continue
		}
		switch k := f.Tree.Nodes[literal].Kind; k {
		case language.List, language.Str, language.Dict:
			out[f.Tree.Nodes[target].Value] = value{k, within(f.Tree, language.ID(i), language.Func)}
		}
	}
	return out
}

// sure tells whether a use of a variable is in reach of its declaration.
func (v value) sure(tree *language.Tree, use language.ID) bool {
	return v.fn == language.None || use > v.fn && use < tree.Nodes[v.fn].Next
}

// idioms say what a wrong name means in the language at hand; by type and name.
func hint(table map[string]string, owner, name string) string {
	if h := table[owner+"."+name]; h != "" {
		return "; write `" + h + "`"
	}
	return ""
}

// similar finds the member that was probably meant: the same but for case and underscores, or one letter more or less. "" if there is none.
func similar(members []string, name string) string {
	plain := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }
	want := plain(name)
	for _, m := range members {
		if p := plain(m); p == want || p == want+"s" || p+"s" == want {
			return "; is `" + m + "` meant?"
		}
	}
	return ""
}
