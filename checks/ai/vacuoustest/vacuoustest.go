package vacuoustest

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// The rules of this check.
const (
	nothing  = "test-without-assertion"
	constant = "test-asserts-constant"
	ownMock  = "test-asserts-own-mock"
	cannot   = "test-cannot-fail"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/vacuous-test",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{
		rule(nothing, "A new test asserts nothing",
			"The test is green whatever the code answers. It counts as coverage and guards nothing.",
			"Assert what the call returns or changes. If it is enough that nothing is thrown, say so in the name or in a comment."),
		rule(constant, "A new test compares constants",
			"The assertion is true before any code runs, so the test cannot fail.",
			"Assert what the code under test gives."),
		rule(ownMock, "A new test only calls its own mock",
			"The test sets up a mock, calls it, and asserts what it set up. No code of the product runs.",
			"Call the code under test and hand it the mock."),
		rule(cannot, "A new test swallows its own failure",
			"The handler around the assertions catches what they throw, so the test is green when they fail.",
			"Take the assertions out of the try, or let the handler fail the test. For an expected error use the runner's own assertion."),
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
	old := map[string]bool{} // what base had is ai/weakened-test's, under whatever path
	err := code.Each(ctx, pass, checks.Base, code.Tests, func(f code.File) {
		for _, t := range code.FindTests(f.Tree) {
			old[t.Name] = true
		}
	})
	if err != nil {
		return err
	}
	return code.Each(ctx, pass, checks.Head, code.Tests, func(f code.File) {
		if measures.MatchString(f.Name) {
			return
		}
		var r *reader
		for _, t := range code.FindTests(f.Tree) {
			if old[t.Name] || !f.Changed(t.At) {
				continue
			}
			if r == nil {
				r = newReader(f.Tree)
			}
			judge(pass, f, r, t)
		}
	})
}

// measures are the files whose tests only run something.
var measures = regexp.MustCompile(`(?i)(^|[/._-])(bench(mark)?s?|perf(ormance)?|load|stress|smoke|fixtures?|e2e)([/._-]|$)`)

func judge(pass *checks.Pass, f code.File, r *reader, t code.Test) {
	report := func(rule, format string, args ...any) {
		pass.Report(checks.Finding{RuleID: rule, Location: f.At(t.At), Key: t.Symbol + " " + t.Name, Message: fmt.Sprintf(format, args...)})
	}
	if a, waits := expected(f.Tree, r, t); a != language.None {
		report(cannot, "when `%s` fails in `%s`, `%s` takes that for the error that it waits for, and the test is green. Take the assertion out of it, or name the one error that is expected",
			code.Shorten(f.Tree.Text(a)), t.Name, code.Shorten(f.Tree.Text(waits)))
		return
	}
	if excused(f.Tree, t) {
		return
	}
	sum := r.read(t)
	switch {
	case mocksOnly(f.Tree, t) != "":
		report(ownMock, "`%s` calls nothing but `%s`, which it made itself: no code of the product runs. Call the code under test and hand it the mock", t.Name, mocksOnly(f.Tree, t))
	case sum.unsure:
	case len(sum.assertions) == 0 && sum.stranger:
	case len(sum.assertions) == 0:
		report(nothing, "`%s` asserts nothing, so it is green whatever the code answers. Assert what the call returns or changes, or say in the name or a comment that it is enough that nothing is thrown", t.Name)
	case !slices.ContainsFunc(sum.assertions, func(a language.ID) bool { return !always(f.Tree, a) }):
		finding := checks.Finding{
			RuleID: constant, Location: f.At(t.At), Key: t.Symbol + " " + t.Name,
			Message: fmt.Sprintf("`%s` is all that `%s` asserts, and it holds before any code runs. Assert what the code under test gives", code.Shorten(f.Tree.Text(sum.assertions[0])), t.Name),
		}
		if reasoned(f.Tree, t) {
			finding.Severity = checks.Low
		}
		pass.Report(finding)
	case !slices.ContainsFunc(sum.assertions, func(a language.ID) bool { return !swallowed(f.Tree, r, t, a) }):
		report(cannot, "what `%s` asserts throws into a handler that drops it, so the test is green when it fails. Take the assertions out of the try", t.Name)
	}
}

// taken is an import for what it does: it is the test, and somebody else looks at what comes of it.
var taken = regexp.MustCompile(`(?m)^import ["']\./`)

// reasoned tells a test with a comment of some words in it, why it is as it is and where else its work is asserted, or in a file that takes another one in
// for what it does. It is listed, for whoever looks.
func reasoned(tree *language.Tree, t code.Test) bool {
	if taken.MatchString(tree.Source) {
		return true
	}
	words := 0
	for _, c := range code.Comments(tree, tree.Nodes[t.Body].Start, tree.Nodes[t.Body].End) {
		words += len(strings.Fields(code.Comment(tree, c)))
	}
	return words > 7
}

// hints are what names and comments say when it is enough that the test comes to its end, or when something else than its body asserts.
var (
	hints = `crash|exception|errors?\b|panic|thr[eo]w|rais(e|ing)|fail|hang|(dead)?lock|leak|smoke|no[-_ ]?op\b|compil|sanity|benchmark|race|concurren|type|typing|infer|interface|implements` +
		`|ignor|silent|idempoten|graceful|cleanly|allow|accept|permit|toler|surviv|safe|without|even (if|when)|do(es)?(n.?t| not|_not)|should(n.?t| not|_not)|not (needed|required)|can be|can_be|able to|success|just work|context ?loads|regression|coverage` +
		`|assert|expect|time ?out|todo|helper|call|null|nil\b|none`
	named = regexp.MustCompile(`(?i)(^|[^a-z])(` + hints + `)`)
	said  = regexp.MustCompile(`(?i)(^|[^-\w.])(` + hints + `)`)
)

// excused tells a test that is switched off, or says what it is there for.
func excused(tree *language.Tree, t code.Test) bool {
	if typesOnly.MatchString(tree.Text(t.Body)) {
		return true
	}
	from := tree.Nodes[t.Func].Start
	for _, c := range code.Comments(tree, from-min(from, 400), tree.Nodes[t.Body].End+1) {
		if (c.Start >= from || strings.TrimSpace(tree.Source[c.End:from]) == "") && said.MatchString(tree.Source[c.Start:c.End]) {
			return true
		}
	}
	for id := t.Func; id < tree.Nodes[t.Func].Next; id++ {
		switch n := &tree.Nodes[id]; n.Kind {
		case language.Decorator:
			switch operand := tree.Child(id, language.SlotOperand); {
			case operand == language.None:
			case tree.Spec.Name == "java":
				if tree.Nodes[operand].Kind == language.Call && runners[code.Last(tree, operand)] && strings.ContainsAny(tree.Text(operand), "=") {
					return true // @Test(expected = ..., timeout = ...)
				}
				if code.Last(tree, operand) == "Disabled" || code.Last(tree, operand) == "Ignore" {
					return true
				}
			case !plainDecorator.MatchString(tree.Text(operand)):
				return true
			}
		case language.Call:
			switch code.Callee(tree, id) {
			case "skip", "Skip", "Skipf", "SkipNow", "skipTest", "xfail", "todo", "importorskip":
				return true
			}
		case language.Str: // a docstring or a message
			if n.Parent == t.Body+1 && said.MatchString(n.Value) {
				return true
			}
		}
	}
	return named.MatchString(strings.Join(code.Words(t.Name), " "))
}

var (
	// typesOnly are the ways of TypeScript and Go to have the compiler assert.
	typesOnly      = regexp.MustCompile(`\b(Expect|Equal|AssertType|IsExact)<|\bsatisfies\b|\bvar _ [\w.*]+ = `)
	runners        = map[string]bool{"Test": true, "ParameterizedTest": true}
	plainDecorator = regexp.MustCompile(`^(pytest\.mark\.(parametrize|usefixtures|asyncio|django_db|slow|integration|unit|anyio|ckan_config)\b|(mock\.|unittest\.mock\.|mocker\.)?patch\b|override_settings\b|staticmethod$)`)
)
