package specialcase

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

// The rules of this check.
const (
	special = "special-cased-input"
	sniffed = "test-run-detected"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/special-case",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{
		rule(special, "The answer of a test stands in the product",
			"The test passes for the one input that it asks for, and says nothing about any other.",
			"Solve the general case. If the input is special by nature, say in a comment why."),
		rule(sniffed, "The product behaves differently when it is tested",
			"What the tests prove is not what runs in production.",
			"Take the condition out, and give the test what it needs from outside: a parameter, a setting, a double."),
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: checks.Medium, Confidence: checks.Likely, Why: why, Remedy: remedy,
		References: []string{"https://arxiv.org/abs/2510.20270"},
		Tags:       []string{"test-integrity"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func run(ctx context.Context, pass *checks.Pass) error {
	var tests []line
	if err := code.Each(ctx, pass, checks.Head, code.Tests, func(f code.File) {
		for i, text := range strings.Split(f.Tree.Source, "\n") {
			if len(text) < 1000 {
				tests = append(tests, line{f.Name, i + 1, text})
			}
		}
	}); err != nil {
		return err
	}
	return code.Each(ctx, pass, checks.Head, code.Product, func(f code.File) {
		for i := range f.Tree.Nodes {
			id := language.ID(i)
			if f.Tree.Nodes[i].Kind == language.If && f.Changed(id) {
				judge(pass, f, id, tests)
			}
		}
	})
}

// A line of a test.
type line struct {
	path string
	at   int
	text string
}

var runner = regexp.MustCompile(`PYTEST_CURRENT_TEST|["']pytest["']\s+in\s+sys\.modules|["']unittest["']\s+in\s+sys\.modules|JEST_WORKER_ID|process\.env\.VITEST\b|NODE_ENV\s*={2,3}\s*["']test["']|\btesting\.Testing\(\)|flag\.Lookup\("test\.v"\)`)

func judge(pass *checks.Pass, f code.File, id language.ID, tests []line) {
	tree := f.Tree
	cond, then := tree.Child(id, language.SlotCond), tree.Child(id, language.SlotThen)
	if cond == language.None || then == language.None || !f.Changed(cond) {
		return
	}
	answer, ok := only(tree, then)
	if !ok {
		return
	}
	if m := runner.FindString(tree.Text(cond)); m != "" {
		pass.Report(checks.Finding{
			RuleID: sniffed, Location: f.At(cond), Key: code.Fold(tree.Text(cond)),
			Message: fmt.Sprintf("this asks whether a test is running (`%s`) and then does something else. Take it out, and give the test what it needs from outside", m),
		})
		return
	}
	if answer == language.None || !telling(tree, answer) {
		return
	}
	input := compared(tree, id, cond)
	if input == language.None || !telling(tree, input) {
		return
	}
	asked, given := word(tree, input), word(tree, answer)
	i := slices.IndexFunc(tests, func(l line) bool {
		return asked.MatchString(l.text) && given.MatchString(asked.ReplaceAllLiteralString(l.text, " "))
	})
	if i < 0 {
		return
	}
	l := tests[i]
	pass.Report(checks.Finding{
		RuleID: special, Location: f.At(cond), Key: code.Fold(tree.Text(cond)),
		Message: fmt.Sprintf("`%s` is answered with `%s`, which is exactly what a test asks for (%s:%d). Solve the general case", code.Shorten(tree.Text(cond)), code.Shorten(tree.Text(answer)), l.path, l.at),
		Related: []checks.Related{{
			Location: checks.Location{Path: l.path, Side: checks.Head, StartLine: l.at, StartColumn: 1, EndLine: l.at, EndColumn: 1 + len([]rune(strings.TrimRight(l.text, "\r")))},
			Message:  "the test that asks for it",
		}},
	})
}

// only gives what a block returns where it does nothing else: a literal, or None for a bare return.
func only(tree *language.Tree, block language.ID) (language.ID, bool) {
	stmts := code.Statements(tree, block)
	if len(stmts) != 1 || tree.Nodes[stmts[0]].Kind != language.Return {
		return language.None, false
	}
	value := tree.Child(stmts[0], language.SlotOperand)
	if value == language.None {
		return language.None, true
	}
	return value, code.Literal(tree, value)
}

// compared gives the literal that a parameter of the function around is compared with.
func compared(tree *language.Tree, at, cond language.ID) language.ID {
	n := &tree.Nodes[cond]
	if n.Kind != language.Binary || n.Value != "==" && n.Value != "===" {
		return language.None
	}
	left, right := tree.Child(cond, language.SlotLeft), tree.Child(cond, language.SlotRight)
	if left == language.None || right == language.None {
		return language.None
	}
	if code.Literal(tree, left) {
		left, right = right, left
	}
	if tree.Nodes[left].Kind != language.Name || !code.Literal(tree, right) || !parameter(tree, at, tree.Nodes[left].Value) {
		return language.None
	}
	return right
}

func parameter(tree *language.Tree, at language.ID, name string) bool {
	for p := tree.Nodes[at].Parent; p > 0; p = tree.Nodes[p].Parent {
		if tree.Nodes[p].Kind != language.Func {
			continue
		}
		params := tree.Child(p, language.SlotParams)
		if params == language.None {
			return false
		}
		for c := range tree.Children(params) {
			if code.Last(tree, tree.Child(c, language.SlotName)) == name {
				return true
			}
		}
		return false
	}
	return false
}

// telling tells a literal that nobody writes twice by accident. Names of kinds and states ("draft", "GET") are texts too, so a text has to hold
// more than one word or a digit.
func telling(tree *language.Tree, id language.ID) bool {
	switch n := &tree.Nodes[id]; n.Kind {
	case language.Num:
		return len(n.Value) >= 2 && strings.Trim(n.Value, "0") != "1" && !slices.Contains([]string{"10", "16", "24", "32", "60", "64", "100", "128", "200", "201", "204", "255", "256", "400", "401", "403", "404", "409", "422", "500", "502", "503", "1000", "1024"}, n.Value)
	case language.Str:
		return len(n.Value) >= 4 && (strings.ContainsAny(n.Value, " 0123456789@") || len(n.Value) >= 12)
	case language.List, language.Tuple, language.Dict:
		return len(tree.Text(id)) >= 6
	}
	return false
}

// word finds a literal as a whole in a line.
func word(tree *language.Tree, id language.ID) *regexp.Regexp {
	if tree.Nodes[id].Kind == language.Str {
		return regexp.MustCompile("[\"'`]" + regexp.QuoteMeta(tree.Nodes[id].Value) + "[\"'`]")
	}
	text := regexp.QuoteMeta(tree.Text(id))
	if tree.Nodes[id].Kind == language.Num {
		text = `(?:^|[^\w.])` + text + `(?:$|[^\w.])`
	}
	return regexp.MustCompile(text)
}
