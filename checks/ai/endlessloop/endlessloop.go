package endlessloop

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

const ruleID = "endless-loop"

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/endless-loop",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "Loop that never ends",
		Why:        "Once it is entered it keeps its thread for good; a few requests that reach it stop the service.",
		Remedy:     "Change what the condition compares in every turn, or loop over a range or the collection itself.",
		Severity:   checks.Medium,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-835"},
		References: []string{"https://cwe.mitre.org/data/definitions/835.html"},
		Tags:       []string{"correctness"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutComment,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	return code.Each(ctx, pass, pass.Side, code.Product, func(f code.File) {
		for i := range f.Tree.Nodes {
			id := language.ID(i)
			if f.Tree.Nodes[i].Kind != language.For {
				continue
			}
			if names := fixed(f.Tree, id); len(names) > 0 {
				cond := f.Tree.Child(id, language.SlotCond)
				pass.Report(checks.Finding{
					RuleID: ruleID, Location: f.Head(id), Key: code.Fold(f.Tree.Text(cond)),
					Message: fmt.Sprintf("This loop goes on while `%s`, and no turn changes %s: it never ends. Change it in every turn, or loop over a range",
						code.Shorten(f.Tree.Text(cond)), strings.Join(names, " or ")),
				})
			}
		}
	})
}

// fixed gives the names in a loop's condition, each in backquotes, if nothing in the loop can change what the condition says or leave the loop.
func fixed(tree *language.Tree, loop language.ID) []string {
	cond := tree.Child(loop, language.SlotCond)
	body := tree.Child(loop, language.SlotBody)
	fn := code.Enclosing(tree, loop)
	if cond == language.None || body == language.None || fn == language.None || leaves(tree, loop) {
		return nil
	}
	var names []string
	compares, counts := false, false
	for id := cond; id < tree.Nodes[cond].Next; id++ {
		n := &tree.Nodes[id]
		switch n.Kind {
		case language.Binary:
			switch n.Value {
			case "<", "<=", ">", ">=", "!=", "!==":
				compares = true
			case "&&", "||", "+", "-", "*", "/", "==", "===":
			default:
				return nil
			}
		case language.Num, language.Str, language.Bool, language.Null:
		case language.Name:
			if constant(n.Value) {
				continue
			}
			if !local(tree, fn, n.Value) || changes(tree, fn, loop, n.Value, false) || !number(tree, fn, n.Value) && used(tree, loop, n.Value) {
				return nil
			}
			names, counts = append(names, "`"+n.Value+"`"), true
		default:
			of, ok := length(tree, id)
			if !ok || !local(tree, fn, of) || changes(tree, fn, loop, of, true) || handed(tree, loop, of) {
				return nil
			}
			id = n.Next - 1
		}
	}
	if !compares || !counts {
		return nil
	}
	return names
}

// ends are the last words of calls that do not come back.
var ends = map[string]bool{"exit": true, "_exit": true, "abort": true, "fail": true, "panic": true, "Fatal": true, "Fatalf": true, "Exit": true, "Goexit": true, "execv": true, "execl": true}

// leaves tells a loop that can end other than by its condition.
func leaves(tree *language.Tree, loop language.ID) bool {
	for id := loop; id < tree.Nodes[loop].Next; id++ {
		switch n := &tree.Nodes[id]; n.Kind {
		case language.Return, language.Throw, language.Defer:
			return true
		case language.Jump:
			if n.Value == "break" || n.Value == "goto" || tree.Child(id, language.SlotOperand) != language.None {
				return true
			}
		case language.Call:
			if ends[code.Last(tree, tree.Child(id, language.SlotCallee))] {
				return true
			}
		case language.Switch:
			if n.Value == "select" {
				return true
			}
		}
	}
	return false
}

// constant tells the name of a constant: MAX_SIZE.
func constant(name string) bool {
	return strings.ToUpper(name) == name && strings.ToLower(name) != name && len(name) > 1
}

// length gives the variable whose length an expression is: len(x), x.length, x.size().
func length(tree *language.Tree, id language.ID) (of string, ok bool) {
	n := &tree.Nodes[id]
	if n.Kind == language.Call {
		args := code.Args(tree, id)
		callee := tree.Child(id, language.SlotCallee)
		switch {
		case callee == language.None:
			return "", false
		case tree.Nodes[callee].Kind == language.Name && tree.Nodes[callee].Value == "len" && len(args) == 1:
			return tree.Nodes[args[0]].Value, tree.Nodes[args[0]].Kind == language.Name
		case len(args) != 0:
			return "", false
		}
		id = callee
	}
	if tree.Nodes[id].Kind != language.Dot {
		return "", false
	}
	switch code.Last(tree, id) {
	case "length", "size":
		operand := tree.Child(id, language.SlotOperand)
		return tree.Nodes[operand].Value, tree.Nodes[operand].Kind == language.Name
	}
	return "", false
}

// local tells a variable that only the function itself can change: a parameter, or one that it makes.
func local(tree *language.Tree, fn language.ID, name string) bool {
	found := false
	for id := fn; id < tree.Nodes[fn].Next; id++ {
		n := &tree.Nodes[id]
		switch n.Kind {
		case language.Param:
			found = found || code.Enclosing(tree, id) == fn && code.Last(tree, tree.Child(id, language.SlotName)) == name
		case language.Assign:
			if target := tree.Child(id, language.SlotTarget); code.Enclosing(tree, id) == fn && (n.Flags&language.Declares != 0 || tree.Spec.Name == "python") && target != language.None {
				for t := target; t < tree.Nodes[target].Next; t++ {
					found = found || tree.Nodes[t].Kind == language.Name && tree.Nodes[t].Value == name
				}
			}
		case language.Other: // global and nonlocal
			if strings.Contains(tree.Type(id), "global") || strings.Contains(tree.Type(id), "nonlocal") {
				return false
			}
		}
	}
	return found
}

// changes tells a variable, or its length, that a turn of the loop, or a function within fn, can change.
func changes(tree *language.Tree, fn, loop language.ID, name string, length bool) bool {
	turns := tree.Child(loop, language.SlotCond)         // what comes before it happens once
	grows := strings.HasSuffix(tree.Spec.Name, "script") // a[a.length] = x
	for id := fn; id < tree.Nodes[fn].Next; id++ {
		n := &tree.Nodes[id]
		if n.Kind != language.Name || n.Value != name || !written(tree, id) {
			continue
		}
		if length && !grows && n.Slot == language.SlotOperand && tree.Nodes[n.Parent].Kind == language.Index {
			continue // a member is written
		}
		if turns <= id && id < tree.Nodes[loop].Next || code.Enclosing(tree, id) != fn {
			return true
		}
		// The address of a variable lets anybody change it.
		if p := &tree.Nodes[n.Parent]; p.Kind == language.Unary && p.Value == "&" {
			return true
		}
	}
	return false
}

// written tells a name that stands where it is assigned, incremented, or has its address taken. In a[i] = x it is a that is written.
func written(tree *language.Tree, id language.ID) bool {
	for at := id; at > 0; at = tree.Nodes[at].Parent {
		n := &tree.Nodes[at]
		p := &tree.Nodes[n.Parent]
		switch {
		case n.Slot == language.SlotTarget || n.Slot == language.SlotAlias || n.Slot == language.SlotResource:
			return true
		case p.Kind == language.Unary && (p.Value == "++" || p.Value == "--" || p.Value == "&" || p.Value == "delete"):
			return true
		case p.Kind == language.Index && n.Slot == language.Item, p.Kind == language.Block, p.Kind == language.Args:
			return false
		}
	}
	return false
}

// number tells a variable that begins as a number: whoever is given it gets a copy.
func number(tree *language.Tree, fn language.ID, name string) bool {
	for id := fn; id < tree.Nodes[fn].Next; id++ {
		if tree.Nodes[id].Kind != language.Assign || code.Last(tree, tree.Child(id, language.SlotTarget)) != name {
			continue
		}
		value := tree.Child(id, language.SlotValue)
		return value != language.None && tree.Nodes[value].Kind == language.Num
	}
	return false
}

// used tells a variable that may be an object which a turn changes: dates are compared by < too.
func used(tree *language.Tree, loop language.ID, name string) bool {
	for id := loop; id < tree.Nodes[loop].Next; id++ {
		n := &tree.Nodes[id]
		if n.Kind != language.Name || n.Value != name {
			continue
		}
		if p := tree.Nodes[n.Parent].Kind; p == language.Args || p == language.Dot && n.Slot == language.SlotOperand {
			return true
		}
	}
	return false
}

// handed tells a collection that a turn may grow or shrink: it is used other than by x[i].
func handed(tree *language.Tree, loop language.ID, name string) bool {
	cond := tree.Child(loop, language.SlotCond)
	for id := loop; id < tree.Nodes[loop].Next; id++ {
		n := &tree.Nodes[id]
		if id >= cond && id < tree.Nodes[cond].Next || n.Kind != language.Name || n.Value != name {
			continue
		}
		if p := &tree.Nodes[n.Parent]; p.Kind != language.Index || n.Slot != language.SlotOperand {
			return true
		}
	}
	return false
}
