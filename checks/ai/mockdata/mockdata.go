package mockdata

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const id = "mock-data-in-product"

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/mock-data",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID: id, Title: "Invented records are given out", Severity: checks.Medium, Confidence: checks.Likely,
		Why:        "It works in a demonstration. In production people see, and act on, data that does not exist.",
		Remedy:     "Read the data, or leave the function out until it can. Samples belong into tests and seeds.",
		References: []string{"https://cwe.mitre.org/data/definitions/489.html"},
		Tags:       []string{"correctness"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

var (
	elsewhere = regexp.MustCompile(`(?i)(^|[/._-])(mocks?|mocked|fakes?|fixtures?|seed(s|er|ers|ing)?|stor(y|ies)|samples?|examples?|demos?|docs?|schemas?|openapi|swagger|playground|faker|factor(y|ies)|stubs?|previews?|templates?|migrations?|populatedb|testing|e2e)([/._-]|$)`)
	invented  = regexp.MustCompile(`(?i)\b(john|jane|jim) (doe|smith)\b|\b(john|jane)[._]?doe\b|\b(alice|bob) (smith|johnson|jones|brown)\b|@example\.(com|org|net)\b|\blorem ipsum\b|\b555-\d{4}\b|^(sample|mock|dummy|fake) \w+( \d+)?$|\b123 main st`)
	inside    = regexp.MustCompile(`(?i)mock|fake|sample|example|demo|seed|stub|dummy|fixture|placeholder|preview|schema|story|default`)
)

func run(ctx context.Context, pass *checks.Pass) error {
	wanted := func(f *checks.File) bool { return code.Product(f) && !elsewhere.MatchString(f.Path) }
	return code.Each(ctx, pass, pass.Side, wanted, func(f code.File) {
		tree := f.Tree
		for i := range tree.Nodes {
			value := language.ID(i)
			if k := tree.Nodes[i].Kind; k != language.List && k != language.Dict || !given(tree, value) {
				continue
			}
			found := values(tree, value)
			if len(found) < 2 || inside.MatchString(tree.SymbolAt(tree.Nodes[i].Start)) {
				continue
			}
			pass.Report(checks.Finding{
				RuleID: id, Location: f.Head(value), Key: tree.SymbolAt(tree.Nodes[i].Start) + " " + found[0],
				Message: fmt.Sprintf("this gives out invented records (`%s`, `%s`). Read the data, or leave the function out until it can", found[0], found[1]),
			})
		}
	})
}

// given tells a literal that a function returns or answers with.
func given(tree *language.Tree, id language.ID) bool {
	for {
		n := &tree.Nodes[id]
		parent := n.Parent
		switch tree.Nodes[parent].Kind {
		case language.Return:
			return true
		case language.Func:
			return n.Slot == language.SlotBody // () => [...]
		case language.Args:
			call := tree.Nodes[parent].Parent
			if !answers[code.Callee(tree, call)] {
				return false
			}
			return true
		case language.Tuple: // return [...], nil
			id = parent
		default:
			return false
		}
	}
}

// answers are calls that send what they get.
var answers = map[string]bool{"json": true, "JSON": true, "jsonify": true, "send": true, "JsonResponse": true, "JSONResponse": true, "Response": true, "ok": true, "resolve": true, "IndentedJSON": true}

// values lists the invented values of a literal; at most three.
func values(tree *language.Tree, id language.ID) []string {
	var out []string
	for c := id; c < tree.Nodes[id].Next && len(out) < 3; c++ {
		n := &tree.Nodes[c]
		if n.Kind == language.Str && n.Slot != language.SlotKey && invented.MatchString(n.Value) {
			out = append(out, code.Shorten(n.Value))
		}
		if n.Kind == language.Func {
			c = n.Next - 1
		}
	}
	return out
}
