package promise

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// The rules of this check.
const (
	unawaited = "promise-not-awaited"
	forEach   = "async-in-for-each"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "quality/promise",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{
		rule(unawaited, "Nobody waits for an async function",
			"What follows runs before the work is done, and its error is an unhandled rejection, which ends a Node process.",
			"Write await. If the work is meant to run on its own, write void and catch its error."),
		rule(forEach, "forEach does not wait",
			"forEach drops the promises: what follows runs before the work is done, all calls run at once, and an error is an unhandled rejection.",
			"Use for (const x of list) { await ... }, or await Promise.all(list.map(...))."),
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: checks.Medium, Confidence: checks.Likely, CWE: []string{"CWE-252"}, Why: why, Remedy: remedy,
		References: []string{"https://developer.mozilla.org/en-US/docs/Web/JavaScript/Guide/Using_promises"},
		Tags:       []string{"correctness"},
		Languages:  []string{"javascript", "typescript"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func run(ctx context.Context, pass *checks.Pass) error {
	return code.Each(ctx, pass, pass.Side, code.Shipped, func(f code.File) {
		tree := f.Tree
		if tree.Spec.Name != "javascript" && tree.Spec.Name != "typescript" {
			return
		}
		async := asyncFuncs(tree)
		for i := range tree.Nodes {
			id := language.ID(i)
			if tree.Nodes[i].Kind != language.Call {
				continue
			}
			if code.Callee(tree, id) == "forEach" {
				each(pass, f, id)
			}
			if stmt := tree.Nodes[i].Parent; tree.Nodes[stmt].Kind == language.ExprStmt && !code.Given(tree, stmt) {
				dropped(pass, f, id, async)
			}
		}
	})
}

// asyncFuncs are the async functions and methods of a file that wait for something; a name that is taken twice is left out.
func asyncFuncs(tree *language.Tree) map[string]code.Func {
	out, taken := map[string]code.Func{}, map[string]bool{}
	for _, fn := range code.Funcs(tree) {
		if taken[fn.Short] {
			delete(out, fn.Short)
			continue
		}
		taken[fn.Short] = true
		if tree.Nodes[fn.ID].Flags&language.Async != 0 && waits(tree, fn.Body) && !careful(tree, fn.Body) {
			out[fn.Short] = fn
		}
	}
	return out
}

// waits tells a body that awaits something itself.
func waits(tree *language.Tree, body language.ID) bool {
	for id := body; id < tree.Nodes[body].Next; id++ {
		switch n := &tree.Nodes[id]; n.Kind {
		case language.Func:
			id = n.Next - 1
		case language.Defer:
			if n.Value == "await" {
				return true
			}
		}
	}
	return false
}

// careful tells a body that is one try with a handler: no error leaves it.
func careful(tree *language.Tree, body language.ID) bool {
	for _, s := range code.Statements(tree, body) {
		if tree.Nodes[s].Kind == language.Try && tree.Child(s, language.SlotCatch) != language.None {
			return true
		}
	}
	return false
}

func each(pass *checks.Pass, f code.File, call language.ID) {
	tree := f.Tree
	args := code.Args(tree, call)
	if len(args) == 0 || tree.Nodes[tree.Nodes[call].Parent].Kind != language.ExprStmt {
		return
	}
	fn := args[0]
	if tree.Nodes[fn].Kind != language.Func || tree.Nodes[fn].Flags&language.Async == 0 {
		return
	}
	body := tree.Child(fn, language.SlotBody)
	if body == language.None || !waits(tree, body) || careful(tree, body) {
		return
	}
	pass.Report(checks.Finding{
		RuleID: forEach, Location: f.Head(call), Key: tree.SymbolAt(tree.Nodes[call].Start) + " " + code.Fold(tree.Text(tree.Child(call, language.SlotCallee))),
		Message: "forEach does not wait for the async function that it calls: what follows runs before, and an error reaches nobody. Use for (const x of list) with await, or await Promise.all(list.map(...))",
	})
}

func dropped(pass *checks.Pass, f code.File, call language.ID, async map[string]code.Func) {
	tree := f.Tree
	callee := tree.Child(call, language.SlotCallee)
	if callee == language.None {
		return
	}
	name := code.Callee(tree, call)
	fn, ok := async[name]
	if !ok {
		return
	}
	method := code.Class(tree, fn.ID) != language.None
	switch tree.Nodes[callee].Kind {
	case language.Name:
		if method {
			return
		}
	case language.Dot:
		owner := tree.Child(callee, language.SlotOperand)
		if !method || owner == language.None || tree.Nodes[owner].Kind != language.Name || tree.Nodes[owner].Value != "this" || code.Class(tree, fn.ID) != code.Class(tree, call) {
			return
		}
	default:
		return
	}
	around := code.Enclosing(tree, call)
	// Nobody waits for a callback either.
	if around == language.None || tree.Nodes[tree.Nodes[around].Parent].Kind == language.Args || tree.Nodes[around].Flags&language.Async == 0 || around == fn.ID || hides(tree, call, name, fn) {
		return
	}
	pass.Report(checks.Finding{
		RuleID: unawaited, Location: f.At(call), Key: tree.SymbolAt(tree.Nodes[call].Start) + " " + name,
		Message: fmt.Sprintf("`%s` is async and nobody waits for it: what follows runs before it is done, and its error reaches nobody. Write await, or void and a catch if it is meant to run on its own", name),
	})
}

// hides tells a name that a parameter or variable between the call and the file takes for something else.
func hides(tree *language.Tree, call language.ID, name string, fn code.Func) bool {
	for p := tree.Nodes[call].Parent; p > 0; p = tree.Nodes[p].Parent {
		if tree.Nodes[p].Kind != language.Func {
			continue
		}
		for id := p + 1; id < tree.Nodes[p].Next; id++ {
			n := &tree.Nodes[id]
			if n.Kind == language.Param && code.Last(tree, max(tree.Child(id, language.SlotName), 0)) == name {
				return true
			}
			if n.Kind == language.Assign && n.Flags&language.Declares != 0 {
				if t := tree.Child(id, language.SlotTarget); t != language.None && code.Last(tree, t) == name && tree.Child(id, language.SlotValue) != fn.ID {
					return true
				}
			}
		}
	}
	return false
}
