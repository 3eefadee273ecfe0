package stub

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
	reachable = "stub-reachable"
	declared  = "self-declared-fake"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/stub",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{
		rule(reachable, "A function that is not implemented", checks.Likely,
			"Whoever calls it gets an error, or an answer that was made up, where the name promises work.",
			"Implement it, or leave it out and say in the pull request what is missing."),
		rule(declared, "Code that says it only imitates the real thing", checks.Likely,
			"It works in a demonstration and does not do what it says in production.",
			"Write the real thing, or leave it out and say in the pull request what is missing."),
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title string, confidence checks.Confidence, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: checks.Medium, Confidence: confidence, Why: why, Remedy: remedy,
		References: []string{"https://arxiv.org/abs/2508.21634"},
		Tags:       []string{"correctness"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func run(ctx context.Context, pass *checks.Pass) error {
	return code.Each(ctx, pass, pass.Side, code.Product, func(f code.File) {
		for _, fn := range code.Funcs(f.Tree) {
			s, ok := code.AsStub(f.Tree, fn)
			if !ok || !s.Declared || s.Stmt == language.None || open(f, fn, s) {
				continue
			}
			pass.Report(checks.Finding{
				RuleID: reachable, Location: f.Head(s.Stmt), Key: fn.Symbol,
				Message: fmt.Sprintf("`%s` %s. Implement it, or leave it out and say in the pull request what is missing", fn.Symbol, s.What),
			})
		}
		for _, c := range f.Tree.Comments {
			if m := imitation.FindString(code.Fold(code.Comment(f.Tree, c))); m != "" {
				pass.Report(checks.Finding{
					RuleID: declared, Location: f.Span(c.Start, c.End), Key: m,
					Message: fmt.Sprintf("the comment says that this is not the real thing (`%s`). Write the real thing, or leave it out and say in the pull request what is missing", code.Shorten(m)),
				})
			}
		}
	})
}

var (
	doubles = regexp.MustCompile(`(?i)abstract|base|mock|fake|stub|dummy|noop|no_op|null|unsupported|unimplemented|protocol|interface|mixin|template|empty|default`)
	shown   = regexp.MustCompile(`(?i)\bnot[ _-]?(yet[ _-])?implemented\b|\bto ?do\b|\bimplement me\b|\bunimplemented\b`)
)

// open tells a stub that somebody else fills in.
func open(f code.File, fn code.Func, s code.Stub) bool {
	tree := f.Tree
	for _, d := range code.Decorators(tree, fn.ID) {
		switch code.Last(tree, d) {
		case "abstractmethod", "overload", "abstractproperty", "Override", "override", "Deprecated", "deprecated":
			return true
		}
	}
	class := code.Class(tree, fn.ID)
	owner := code.ClassName(tree, class)
	if tree.Spec.Name == "go" {
		owner = strings.TrimSuffix(strings.TrimSuffix(fn.Symbol, fn.Short), ".")
	}
	if doubles.MatchString(owner) || doubles.MatchString(fn.Short) || strings.Contains(strings.ToLower(f.Name), "mock") || strings.HasSuffix(f.Name, ".d.ts") {
		return true
	}
	thrown := tree.Nodes[s.Stmt].Kind == language.Throw
	if class != language.None {
		n := &tree.Nodes[class]
		if n.Value == "interface" || tree.Child(class, language.SlotBase) != language.None && thrown || thrown && tree.Spec.Name == "python" {
			return true // a subclass, or the class below, says what it does
		}
		for c := range tree.Children(class) {
			if tree.Nodes[c].Kind == language.Decorator && tree.Nodes[c].Value == "abstract" {
				return true
			}
		}
		subclassed := regexp.MustCompile(`(?:extends|implements)\s[^{]*\b` + regexp.QuoteMeta(owner) + `\b`)
		if owner != "" && subclassed.MatchString(tree.Source) {
			return true
		}
	}
	if owner != "" && tree.Spec.Name == "go" && !shown.MatchString(tree.Text(s.Stmt)) {
		return true
	}
	text := strings.ToLower(tree.Text(fn.Body))
	return slices.ContainsFunc([]string{"subclass", "override", "must implement", "must be implemented", "should be implemented", "not supported", "unsupported", "deprecat", "on this platform", "reserved"},
		func(w string) bool { return strings.Contains(text, w) })
}

// imitation are comments that declare the code an imitation. Words alone ("placeholder", "for now", "simplified") are in good code too often.
var imitation = regexp.MustCompile(`(?i)\bin (?:a|the) real(?:[- ]world)?,? (?:implementation|application|app|system|project|scenario|environment|code)\b,?|` +
	`\bin (?:a )?(?:real )?production(?: (?:system|environment|app|application))?,? (?:this|we|you|it)(?: (?:would|should)|'d)\b|` +
	`\b(?:this is|using|use|return(?:s|ing)?|just) (?:a |an |some |only )?(?:mock(?:ed)?|dummy|fake|hard-?coded|simulated|placeholder) (?:data|response|result|implementation|logic|value|answer)s?(?: for now| until\b| here)?|` +
	`\b(?:mock|dummy|fake|placeholder) (?:data|response|implementation|logic)s? (?:for now|until)\b|` +
	`\bplaceholder implementation\b|\bsimulat(?:e|es|ing) (?:a |an |the )?(?:api|network|database|server|backend|payment|async|http)[ -]?(?:call|request|response|delay|latency|processing|operation|work)s?\b|` +
	`\breplace (?:this )?with (?:a |an |the |your )?(?:real|actual) (?:implementation|logic|api|code|data|call)\b|` +
	`\b(?:would|should) (?:normally )?(?:call|use|query|fetch from|connect to) (?:a |an |the )?real (?:api|database|service|backend|implementation)\b`)
