package passthrough

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

const ruleID = "security-check-accepts-everything"

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/passthrough",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "A function named like a control accepts everything",
		Why:        "Its callers rely on the name and go on with input that nobody has checked.",
		Remedy:     "Write the check that the name promises, or remove the function, so that callers see that nothing is checked.",
		Severity:   checks.High,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-693", "CWE-20"},
		References: []string{"https://cwe.mitre.org/data/definitions/693.html"},
		Tags:       []string{"security"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	return code.Each(ctx, pass, pass.Side, code.Product, func(f code.File) {
		for _, fn := range code.Funcs(f.Tree) {
			grave, ok := control(fn.Short)
			if !ok || allowed(f, fn) {
				continue
			}
			at, what := accepts(f.Tree, fn)
			if at == language.None {
				continue
			}
			finding := checks.Finding{
				RuleID: ruleID, Location: f.Head(at), Key: fn.Symbol,
				Message: fmt.Sprintf("`%s` %s, so it accepts everything while its callers rely on its name. Write the check, or remove the function", fn.Symbol, what),
			}
			if !grave {
				finding.Severity, finding.Confidence = checks.Medium, checks.Likely
			}
			pass.Report(finding)
		}
	})
}

var (
	safe    = []string{"sanitize", "sanitise", "escape", "authorize", "authorise", "authenticate"}
	verbs   = []string{"verify", "validate", "check", "ensure", "require", "enforce"}
	secrets = []string{"signature", "hmac", "token", "jwt", "password", "passwd", "credential", "credentials", "permission", "permissions", "auth", "authorization", "authentication", "access", "admin", "role", "roles", "csrf",
		"origin", "certificate", "cert", "owner", "ownership", "otp", "mfa", "captcha", "webhook", "session"}
	inputs = []string{"input", "request", "url", "path", "file", "filename", "upload", "user", "email", "payload", "data", "html", "sql", "query", "order", "amount", "payment", "card"}
	asks   = [][2]string{{"is", "authorized"}, {"is", "authorised"}, {"is", "allowed"}, {"is", "admin"}, {"has", "permission"}, {"has", "permissions"}, {"has", "access"}, {"has", "role"}, {"can", "access"}, {"is", "owner"}}
)

// control tells a name that promises a check; grave says that what it protects leaves no doubt.
func control(name string) (grave, ok bool) {
	words := code.Words(name)
	if len(words) == 0 {
		return false, false
	}
	if slices.Contains(safe, words[0]) {
		return true, true
	}
	if len(words) >= 2 && slices.Contains(asks, [2]string{words[0], words[1]}) {
		return true, true
	}
	if !slices.Contains(verbs, words[0]) {
		return false, false
	}
	has := func(list []string) bool {
		return slices.ContainsFunc(words[1:], func(w string) bool { return slices.Contains(list, w) })
	}
	if has(secrets) {
		return true, true
	}
	return false, has(inputs)
}

// accepts gives the statement by which a function accepts everything, and how.
func accepts(tree *language.Tree, fn code.Func) (at language.ID, what string) {
	stub, ok := code.AsStub(tree, fn)
	if ok {
		if stub.Value != language.None && tree.Nodes[stub.Value].Kind == language.Bool && tree.Nodes[stub.Value].Value == "true" {
			return stub.Stmt, "always returns true"
		}
		return language.None, ""
	}
	// return x, where x is the only thing it is given to look at
	if stub.Stmt == language.None || tree.Nodes[stub.Stmt].Kind != language.Return {
		return language.None, ""
	}
	stmts := code.Statements(tree, fn.Body)
	value := tree.Child(stub.Stmt, language.SlotOperand)
	if len(stmts) != 1 || value == language.None || tree.Nodes[value].Kind != language.Name {
		return language.None, ""
	}
	if words := code.Words(fn.Short); !slices.Contains(safe[:3], words[0]) && words[0] != "validate" {
		return language.None, ""
	}
	if params := tree.Child(fn.ID, language.SlotParams); params != language.None {
		for p := range tree.Children(params) {
			if code.Last(tree, tree.Child(p, language.SlotName)) == tree.Nodes[value].Value {
				return stub.Stmt, "returns what it is given"
			}
		}
	}
	return language.None, ""
}

var permissive = regexp.MustCompile(`(?i)noop|no_op|null|mock|fake|stub|dummy|allow|permit|anonymous|public|base|abstract|default|always|trust|insecure|test|unsafe|passthrough|identity|open`)

// allowed tells functions that accept everything by design.
func allowed(f code.File, fn code.Func) bool {
	tree := f.Tree
	class := code.Class(tree, fn.ID)
	owner := strings.TrimSuffix(fn.Symbol, fn.Short)
	if permissive.MatchString(owner) || permissive.MatchString(fn.Short) || strings.HasSuffix(f.Name, ".d.ts") {
		return true
	}
	for _, d := range code.Decorators(tree, fn.ID) {
		switch code.Last(tree, d) {
		case "abstractmethod", "overload", "field_validator", "validator", "root_validator", "model_validator", "validates", "Deprecated", "deprecated":
			return true
		}
	}
	if class != language.None {
		if tree.Nodes[class].Value == "interface" || tree.Nodes[class].Value == "enum" {
			return true
		}
		// validate(self, attrs): return attrs is what serializers are asked to have; a class that extends nothing is asked for nothing
		if fn.Short == "validate" || fn.Short == "authenticate" || strings.HasPrefix(fn.Short, "validate_") && tree.Child(class, language.SlotBase) != language.None {
			return true
		}
	}
	return fn.Short == "escape" || fn.Short == "sanitize" && owner != "" || explained(tree, fn)
}

var unexplained = regexp.MustCompile(`(?i)todo|fixme|for now|stub|placeholder|implement|mock|simplif|temporar|later|demo`)

// explained tells a function in which a comment before the answer gives a reason, and does not put the work off.
func explained(tree *language.Tree, fn code.Func) bool {
	stmts := code.Statements(tree, fn.Body)
	if len(stmts) == 0 {
		return false
	}
	comments := code.Comments(tree, tree.Nodes[fn.ID].Start, tree.Nodes[stmts[len(stmts)-1]].Start)
	for _, c := range comments {
		if text := code.Comment(tree, c); unexplained.MatchString(text) || len(strings.Fields(text)) < 4 {
			return false
		}
	}
	return len(comments) > 0
}
