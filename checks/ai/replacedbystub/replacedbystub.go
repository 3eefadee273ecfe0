package replacedbystub

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
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

const ruleID = "real-code-replaced-by-stub"

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/replaced-by-stub",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "A function lost its work and kept its shell",
		Why:        "Callers go on as if the work were done. Nothing fails, and nothing happens.",
		Remedy:     "Put the work back. If the function is to go, take it out together with its callers, or let it fail with a message that says what to use instead.",
		Severity:   checks.High,
		Confidence: checks.Certain,
		References: []string{"https://arxiv.org/abs/2510.20270"},
		Tags:       []string{"correctness"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

const (
	leastLines = 4 // of a body that did work
	leastCalls = 2
)

func run(ctx context.Context, pass *checks.Pass) error {
	base := map[*checks.File]code.File{}
	if err := code.Each(ctx, pass, checks.Base, code.Product, func(f code.File) { base[f.File] = f }); err != nil {
		return err
	}
	var head []code.File
	if err := code.Each(ctx, pass, checks.Head, code.Product, func(f code.File) { head = append(head, f) }); err != nil {
		return err
	}
	var added map[string]bool // the lines that the change adds anywhere
	for _, now := range head {
		old, ok := base[now.File]
		if !ok {
			continue
		}
		before, after := unique(old.Tree), unique(now.Tree)
		for _, symbol := range slices.Sorted(maps.Keys(after)) {
			fn := after[symbol]
			was, ok := before[symbol]
			if !ok || now.Tree.Nodes[fn.ID].Value == "constructor" || !now.Changed(fn.Body) && now.Tree.Text(fn.Body) == old.Tree.Text(was.Body) {
				continue
			}
			stub, ok := code.AsStub(now.Tree, fn)
			if !ok || excused(now.Tree, fn, stub) {
				continue
			}
			lines, calls := work(old.Tree, was)
			if _, already := code.AsStub(old.Tree, was); already || len(lines) < leastLines || calls < leastCalls {
				continue
			}
			if added == nil {
				added = addedLines(pass, head)
			}
			if moved(lines, added) {
				continue
			}
			report(pass, old, now, was, fn, stub, len(lines))
		}
	}
	return nil
}

// unique gives the functions of a tree by name; those that are declared more than once cannot be told apart and are left out.
func unique(tree *language.Tree) map[string]code.Func {
	out, count := map[string]code.Func{}, map[string]int{}
	for _, fn := range code.Funcs(tree) {
		symbol := fn.Symbol + signature(tree, fn)
		out[symbol] = fn
		count[symbol]++
	}
	maps.DeleteFunc(out, func(symbol string, _ code.Func) bool { return count[symbol] > 1 })
	return out
}

// signature tells Java's overloads apart; elsewhere a function stays the same when its parameters change.
func signature(tree *language.Tree, fn code.Func) string {
	params := tree.Child(fn.ID, language.SlotParams)
	if tree.Spec.Name != "java" || params == language.None {
		return ""
	}
	return code.Fold(tree.Text(params))
}

func report(pass *checks.Pass, old, now code.File, was, fn code.Func, stub code.Stub, lines int) {
	f := checks.Finding{
		RuleID: ruleID,
		Message: fmt.Sprintf("`%s` had %d lines of work and now %s, and the change does the work nowhere else. Put it back, or take the function out together with its callers",
			fn.Symbol, lines, stub.What),
		Location: now.Head(fn.ID),
		Related:  []checks.Related{{Location: old.Head(was.ID), Message: "the function that did the work"}},
		Key:      fn.Symbol,
	}
	if stub.Stmt != language.None {
		f.Location = now.Head(stub.Stmt)
	}
	if !stub.Declared && !success(now.Tree, stub) {
		f.Severity, f.Confidence = checks.Medium, checks.Likely
	}
	pass.Report(f)
}

var (
	claims = regexp.MustCompile(`(?i)["']?\b(ok|success|status|result|valid|verified|approved)\b["']?\s*:\s*["']?(true|ok|success|succeeded|done|approved|valid|200)\b`)
	yesNo  = map[string]bool{"is": true, "has": true, "have": true, "can": true, "should": true, "supports": true, "support": true, "needs": true, "use": true, "uses": true, "will": true, "allow": true, "allows": true, "enable": true,
		"enabled": true, "get": true, "test": true, "requires": true}
)

// success tells an answer that claims that work was done.
func success(tree *language.Tree, stub code.Stub) bool {
	return stub.Value != language.None && tree.Nodes[stub.Value].Kind == language.Dict && claims.MatchString(tree.Text(stub.Value))
}

// excused tells stubs that are what they should be.
func excused(tree *language.Tree, fn code.Func, stub code.Stub) bool {
	for _, d := range code.Decorators(tree, fn.ID) {
		switch code.Last(tree, d) {
		case "abstractmethod", "overload", "Deprecated", "deprecated", "abstractproperty":
			return true
		}
	}
	words := code.Words(fn.Short)
	if stub.Value != language.None && tree.Nodes[stub.Value].Kind == language.Bool && !stub.Declared && len(words) > 0 && yesNo[words[0]] {
		return true
	}
	text := strings.ToLower(tree.Text(fn.Body))
	return strings.Contains(text, "deprecat") || strings.Contains(text, "no longer") || strings.Contains(text, "removed in") || strings.Contains(text, "subclass") || strings.Contains(text, "override")
}

// work gives the lines of a body that are more than a bracket or a comment, and counts the calls.
func work(tree *language.Tree, fn code.Func) (lines []string, calls int) {
	skip := map[string]bool{}
	body := &tree.Nodes[fn.Body]
	for _, c := range code.Comments(tree, body.Start, body.End) {
		for line := range strings.Lines(tree.Source[c.Start:c.End]) {
			skip[strings.TrimSpace(line)] = true
		}
	}
	for line := range strings.Lines(tree.Text(fn.Body)) {
		if line = strings.TrimSpace(line); len(line) > 3 && !skip[line] {
			lines = append(lines, line)
		}
	}
	for id := fn.Body; id < body.Next; id++ {
		if tree.Nodes[id].Kind == language.Call {
			calls++
		}
	}
	return lines, calls
}

func addedLines(pass *checks.Pass, head []code.File) map[string]bool {
	out := map[string]bool{}
	for _, f := range head {
		for i, line := range strings.Split(f.Tree.Source, "\n") {
			if line = strings.TrimSpace(line); len(line) > 3 && (f.Status == checks.Added || f.Lines.Added(i+1)) {
				out[line] = true
			}
		}
	}
	return out
}

// moved tells whether a good part of the work stands among the added lines.
func moved(lines []string, added map[string]bool) bool {
	n := len(lines) - len(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return added[l] }))
	return 3*n >= len(lines)
}
