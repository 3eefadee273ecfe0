package deadcode

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strings"

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
	unreachable = "unreachable-code"
	constant    = "condition-always-same"
	branches    = "branches-are-same"
	unthrown    = "error-not-thrown"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "quality/dead-code",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{
		rule(unreachable, "Code that cannot run", []string{"CWE-561"},
			"Whoever reads or mends it believes that it does something. Often it is what should have run.",
			"Remove it, or remove what leaves before it."),
		rule(constant, "A condition that decides nothing", []string{"CWE-570", "CWE-571"},
			"One of the two ways is never taken, whatever the condition reads like.",
			"Say the condition in full (x == \"a\" or x == \"b\"), or remove it with the way that is never taken."),
		rule(branches, "Both branches do the same", []string{"CWE-561"},
			"The condition has no effect. One of the branches was meant to do something else.",
			"Write what the other branch should do, or remove the condition."),
		rule(unthrown, "An error is made and not thrown", []string{"CWE-390"},
			"The program goes on as if nothing was wrong.",
			"Throw it, or remove the line."),
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title string, cwe []string, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: checks.Medium, Confidence: checks.Certain, CWE: cwe, Why: why, Remedy: remedy,
		References: []string{"https://cwe.mitre.org/data/definitions/" + strings.TrimPrefix(cwe[0], "CWE-") + ".html"},
		Tags:       []string{"correctness"},
		Languages:  []string{"java", "javascript", "python", "typescript"}, // Go: checks/golang, with types
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func wanted(f *checks.File) bool { return code.Shipped(f) || code.Tests(f) }

func run(ctx context.Context, pass *checks.Pass) error {
	return code.Each(ctx, pass, pass.Side, wanted, func(f code.File) {
		if f.Tree.Spec.Name == "go" {
			return
		}
		for i := range f.Tree.Nodes {
			id := language.ID(i)
			switch f.Tree.Nodes[i].Kind {
			case language.Block, language.Case:
				after(pass, f, id)
			case language.If, language.Ternary:
				choice(pass, f, id)
			case language.Binary:
				twice(pass, f, id)
			case language.ExprStmt:
				made(pass, f, id)
			}
		}
	})
}

// after reports the first statement of a block that cannot be reached.
func after(pass *checks.Pass, f code.File, block language.ID) {
	tree := f.Tree
	leaves := language.None
	for s := range tree.Children(block) {
		n := &tree.Nodes[s]
		if n.Slot != language.Item {
			continue // what a case compares with
		}
		if leaves == language.None {
			if n.Kind == language.Return || n.Kind == language.Throw || n.Kind == language.Jump && (n.Value == "break" || n.Value == "continue") {
				leaves = s
			}
			continue
		}
		if lifted(tree, s) {
			continue
		}
		if notYet.MatchString(tree.Text(leaves)) || n.Kind == language.Jump && n.Value == "break" || broken(tree, tree.Nodes[leaves].Start, n.End) || yields(tree, s) {
			return
		}
		line, _ := tree.Position(tree.Nodes[leaves].Start)
		severity := checks.Severity(0) // the rule's
		if code.Tests(f.File) {
			severity = checks.Low // what a test throws is followed by what gives it a type
		}
		pass.Report(checks.Finding{
			RuleID: unreachable, Location: f.Head(s), Severity: severity,
			Message: fmt.Sprintf("this cannot run: `%s` in line %d leaves before it. Remove it, or what leaves", code.Shorten(firstLine(tree.Text(leaves))), line),
		})
		return
	}
}

// notYet tells an error in front of code that is being written.
var notYet = regexp.MustCompile(`(?i)not[ _-]?(yet[ _-])?implemented`)

// lifted tells declarations that hold wherever they stand.
func lifted(tree *language.Tree, s language.ID) bool {
	switch n := &tree.Nodes[s]; n.Kind {
	case language.Func:
		return tree.Spec.Name != "python"
	case language.Class:
		return tree.Nodes[s].Value != "class"
	case language.Assign:
		return tree.Child(s, language.SlotValue) == language.None
	case language.Other:
		return tree.Spec.Name == "typescript" || tree.Type(s) == "empty_statement"
	case language.Jump:
		return n.Value == "pass"
	}
	return strings.Trim(tree.Text(s), "; \n") == ""
}

// broken tells a region that the parser could not read in whole.
func broken(tree *language.Tree, start, end uint32) bool {
	for _, e := range tree.Errors {
		if e.Start < end && e.End >= start {
			return true
		}
	}
	return false
}

func yields(tree *language.Tree, id language.ID) bool {
	return strings.Contains(tree.Text(id), "yield")
}

func choice(pass *checks.Pass, f code.File, id language.ID) {
	tree := f.Tree
	cond := tree.Child(id, language.SlotCond)
	if cond == language.None || broken(tree, tree.Nodes[id].Start, tree.Nodes[id].End) {
		return
	}
	then, other := tree.Child(id, language.SlotThen), tree.Child(id, language.SlotElse)
	switch n := &tree.Nodes[cond]; n.Kind {
	case language.Bool, language.Num, language.Str:
		if then != language.None && !yields(tree, then) {
			report(pass, f, cond, "`%s` is the same every time, so that one way is never taken. Remove the condition with the way that is not taken", tree.Text(cond))
		}
	default:
		if text := lone(tree, cond); text != language.None {
			report(pass, f, text, "`%s` stands alone here and counts as true, so that the condition always holds. Compare it: `x == a or x == b`", tree.Text(text))
		}
	}
	if then == language.None || other == language.None {
		return
	}
	alike := code.Fold(tree.Text(then)) == code.Fold(tree.Text(other))
	// An else that repeats the last of several branches lists the cases on purpose.
	if alike && code.Shipped(f.File) && tree.Nodes[tree.Nodes[id].Parent].Slot != language.SlotElse && tree.Nodes[then].Next > then+1 && len(code.Comments(tree, tree.Nodes[then].Start, tree.Nodes[id].End)) == 0 {
		pass.Report(checks.Finding{
			RuleID: branches, Location: f.Head(id), Key: code.Fold(tree.Text(cond)),
			Message: fmt.Sprintf("whether `%s` holds or not, the same is done. Write what the other branch should do, or remove the condition", code.Shorten(tree.Text(cond))),
		})
	}
	again(pass, f, id, cond, other)
}

// lone finds, in a condition that is joined by "or", an operand that is a text or number beside a comparison: role == "admin" or "owner".
func lone(tree *language.Tree, cond language.ID) language.ID {
	n := &tree.Nodes[cond]
	if n.Kind != language.Binary || n.Value != "||" {
		return language.None
	}
	left, right := tree.Child(cond, language.SlotLeft), tree.Child(cond, language.SlotRight)
	if left == language.None || right == language.None {
		return language.None
	}
	if k := tree.Nodes[right].Kind; (k == language.Str || k == language.Num) && tree.Nodes[right].Value != "" && tree.Nodes[right].Value != "0" && compares(tree, left) {
		return right
	}
	return lone(tree, left)
}

func compares(tree *language.Tree, id language.ID) bool {
	n := &tree.Nodes[id]
	if n.Kind != language.Binary {
		return n.Kind == language.Str || n.Kind == language.Num
	}
	switch n.Value {
	case "==", "===", "!=", "!==", "in", "is":
		return true
	case "||":
		return compares(tree, tree.Child(id, language.SlotLeft))
	}
	return false
}

// again reports a condition that an earlier branch of the same if had.
func again(pass *checks.Pass, f code.File, first, cond, other language.ID) {
	tree := f.Tree
	if !pure(tree, cond) || tree.Nodes[first].Kind != language.If {
		return
	}
	text := code.Fold(tree.Text(cond))
	for range 100 {
		next := other + 1
		if next >= tree.Nodes[other].Next || tree.Nodes[next].Kind != language.If || tree.Nodes[next].Next != tree.Nodes[other].Next {
			return
		}
		c := tree.Child(next, language.SlotCond)
		if c != language.None && code.Fold(tree.Text(c)) == text {
			report(pass, f, c, "`%s` was asked in an earlier branch already, so that this one is never taken. Write the condition that was meant, or remove the branch", tree.Text(c))
			return
		}
		if other = tree.Child(next, language.SlotElse); other == language.None {
			return
		}
	}
}

// twice reports "a and a".
func twice(pass *checks.Pass, f code.File, id language.ID) {
	tree := f.Tree
	n := &tree.Nodes[id]
	if n.Value != "&&" && n.Value != "||" || tree.Spec.Name != "java" && !decides(tree, id) {
		return
	}
	left, right := tree.Child(id, language.SlotLeft), tree.Child(id, language.SlotRight)
	if left == language.None || right == language.None || !pure(tree, right) || broken(tree, n.Start, n.End) {
		return
	}
	// a and b and a: the left side is a chain of the same operator.
	for {
		last := left
		chain := tree.Nodes[left].Kind == language.Binary && tree.Nodes[left].Value == n.Value
		if chain {
			last = tree.Child(left, language.SlotRight)
		}
		if last != language.None && code.Fold(tree.Text(last)) == code.Fold(tree.Text(right)) {
			report(pass, f, right, "`%s` is asked twice in this condition. Write the one that was meant, or remove it", tree.Text(right))
			return
		}
		if !chain {
			return
		}
		if left = tree.Child(left, language.SlotLeft); left == language.None {
			return
		}
	}
}

// decides tells an expression that is only asked whether it holds. Elsewhere "a and a.b and a" has a value: a.
func decides(tree *language.Tree, id language.ID) bool {
	for {
		n := &tree.Nodes[id]
		parent := &tree.Nodes[n.Parent]
		switch {
		case n.Slot == language.SlotCond:
			return true
		case parent.Kind == language.Unary && parent.Value == "!", parent.Kind == language.Binary && (parent.Value == "&&" || parent.Value == "||"):
			id = n.Parent
		default:
			return false
		}
	}
}

// pure tells an expression that gives the same each time: no calls, nothing assigned.
func pure(tree *language.Tree, id language.ID) bool {
	for c := id; c < tree.Nodes[id].Next; c++ {
		switch tree.Nodes[c].Kind {
		case language.Call, language.Assign, language.Defer, language.Other, language.Func:
			return false
		case language.Unary:
			if v := tree.Nodes[c].Value; v == "++" || v == "--" {
				return false
			}
		}
	}
	return true
}

// made reports an error that is created as a statement of its own: new IllegalStateException("no tax");
func made(pass *checks.Pass, f code.File, stmt language.ID) {
	tree := f.Tree
	call := tree.Child(stmt, language.SlotOperand)
	if call == language.None || tree.Nodes[call].Kind != language.Call {
		return
	}
	callee := tree.Child(call, language.SlotCallee)
	if callee == language.None || code.Given(tree, stmt) || tree.Nodes[callee].Kind != language.Name || tree.Spec.Name != "python" && tree.Nodes[call].Flags&language.New == 0 {
		return
	}
	if name := tree.Nodes[callee].Value; errorName.MatchString(name) {
		pass.Report(checks.Finding{
			RuleID: unthrown, Location: f.At(call), Key: tree.SymbolAt(tree.Nodes[call].Start) + " " + code.Fold(tree.Text(call)),
			Message: fmt.Sprintf("this `%s` is made and not thrown, so that the program goes on. Throw it, or remove the line", name),
		})
	}
}

// errorName are names of exceptions; a Python function is not written like that.
var errorName = regexp.MustCompile(`^[A-Z]\w*(Error|Exception)$`)

func report(pass *checks.Pass, f code.File, at language.ID, format, text string) {
	pass.Report(checks.Finding{RuleID: constant, Location: f.At(at), Key: f.Tree.SymbolAt(f.Tree.Nodes[at].Start) + " " + code.Fold(text), Message: fmt.Sprintf(format, code.Shorten(text))})
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
