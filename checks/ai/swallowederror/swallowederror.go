package swallowederror

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
	swallowed = "error-swallowed"
	disguised = "failure-as-success"
	lost      = "error-lost-in-finally"
	open      = "auth-fails-open"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/swallowed-error",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{
		rule(swallowed, "An error is caught and dropped", checks.Likely, []string{"CWE-390"},
			"The work was not done, nobody is told, and the program goes on as if it were.",
			"Let the error through. If one kind of error is expected, catch that one, and say in a comment why it does not matter."),
		rule(disguised, "A failure is answered with success", checks.Certain, []string{"CWE-390", "CWE-394"},
			"The caller, and whoever watches it, believes that the work was done.",
			"Return or raise the error, so that the caller can act on it."),
		rule(lost, "An error is lost in finally", checks.Certain, []string{"CWE-584"},
			"Leaving the finally block drops the error that is on its way, whatever it is.",
			"Leave after the try, and let finally only clean up."),
		{
			ID: open, Title: "A permission check that fails open", Severity: checks.High, Confidence: checks.Certain, CWE: []string{"CWE-636"},
			Why:        "An attacker only has to make the check fail: a token that cannot be parsed, a database that is too slow.",
			Remedy:     "Return false, or the error, when anything fails.",
			References: []string{"https://cheatsheetseries.owasp.org/cheatsheets/Authorization_Cheat_Sheet.html"},
			Tags:       []string{"security"},
			Languages:  []string{"go", "java", "javascript", "typescript"}, // Python: the rule python-auth-fails-open
			Rollout:    checks.RolloutBlock,
			Origin:     "builtin",
		},
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title string, confidence checks.Confidence, cwe []string, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: checks.Medium, Confidence: confidence, CWE: cwe, Why: why, Remedy: remedy,
		References: []string{"https://cwe.mitre.org/data/definitions/390.html"},
		Tags:       []string{"correctness"},
		Languages:  []string{"java", "javascript", "python", "typescript"}, // Go: checks/golang, with types
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func run(ctx context.Context, pass *checks.Pass) error {
	return code.Each(ctx, pass, pass.Side, code.Product, func(f code.File) {
		for i := range f.Tree.Nodes {
			switch f.Tree.Nodes[i].Kind {
			case language.Try:
				try(pass, f, language.ID(i))
			case language.Return:
				granted(pass, f, language.ID(i))
			}
		}
	})
}

func try(pass *checks.Pass, f code.File, id language.ID) {
	tree := f.Tree
	body := tree.Child(id, language.SlotBody)
	if body == language.None {
		return
	}
	if leaves := leavesFinally(tree, tree.Child(id, language.SlotFinally)); leaves != language.None {
		pass.Report(checks.Finding{
			RuleID: lost, Location: f.Head(leaves), Key: tree.SymbolAt(tree.Nodes[id].Start) + " " + code.Fold(tree.Text(leaves)),
			Message: fmt.Sprintf("`%s` leaves the finally block, which drops every error that is on its way. Leave after the try", code.Shorten(tree.Text(leaves))),
		})
	}
	for c := range tree.Children(id) {
		if tree.Nodes[c].Kind != language.Catch || !broad(tree, c) {
			continue
		}
		handler := tree.Child(c, language.SlotBody)
		if handler == language.None {
			continue
		}
		symbol := tree.SymbolAt(tree.Nodes[c].Start)
		value := claimed(tree, handler)
		if predicate(symbol) || value != language.None && tree.Nodes[value].Kind == language.Bool && answers(tree, body) {
			value = language.None
		}
		if value == language.None && !explained(tree, c, id) {
			value = answered(tree, handler)
		}
		if value != language.None {
			pass.Report(checks.Finding{
				RuleID: disguised, Location: f.Head(value), Key: symbol + " " + code.Fold(tree.Text(value)),
				Message: fmt.Sprintf("`%s` is the answer when anything fails here, and it claims success. Return or raise the error, so that the caller learns of it", code.Shorten(tree.Text(value))),
			})
			continue
		}
		if !empty(tree, handler) || explained(tree, c, id) {
			continue
		}
		if call := grave(tree, body); call != "" {
			pass.Report(checks.Finding{
				RuleID: swallowed, Location: f.Head(c), Key: symbol + " " + call,
				Message: fmt.Sprintf("when `%s` fails, nobody learns of it: everything is caught and dropped. Let the error through, or catch the one error that is expected and say why it does not matter", call),
			})
		}
	}
}

// leavesFinally gives the statement by which a finally block is left, or None.
func leavesFinally(tree *language.Tree, block language.ID) language.ID {
	if block == language.None {
		return language.None
	}
	loops := 0 // the end of the loop or switch that is being read: what it is left by stays inside
	for id := block; id < tree.Nodes[block].Next; id++ {
		switch n := &tree.Nodes[id]; n.Kind {
		case language.Func, language.Class, language.Try:
			id = n.Next - 1
		case language.For, language.ForEach, language.Switch:
			loops = max(loops, int(n.Next))
		case language.Return:
			return id
		case language.Jump:
			if (n.Value == "break" || n.Value == "continue") && int(id) >= loops {
				return id
			}
		}
	}
	return language.None
}

// asksPermission are names of functions whose "true" lets somebody in.
var asksPermission = regexp.MustCompile(`(?i)^_?(is|has|can|may|check|verify|validate|authenticate|authorize|authorise|allow)_?\w*(allow|auth|permi|admin|access|token|signature|password|login|credential|owner|role)\w*$`)

// granted reports "true" as the answer of a permission check in a handler, or in Go where there is an error.
func granted(pass *checks.Pass, f code.File, ret language.ID) {
	tree := f.Tree
	value := tree.Child(ret, language.SlotOperand)
	if tree.Spec.Name == "python" || value == language.None || tree.Nodes[value].Kind != language.Bool || tree.Nodes[value].Value != "true" {
		return
	}
	block := tree.Nodes[ret].Parent
	failed := tree.Nodes[block].Parent
	switch {
	case tree.Nodes[failed].Kind == language.Catch && broad(tree, failed):
	case tree.Nodes[failed].Kind == language.If && tree.Nodes[block].Slot == language.SlotThen && strings.HasPrefix(code.Fold(tree.Text(failed)), "if err != nil {"):
	default:
		return
	}
	symbol := tree.SymbolAt(tree.Nodes[ret].Start)
	name := symbol[strings.LastIndexByte(symbol, '.')+1:]
	if !asksPermission.MatchString(name) || inverse.MatchString(name) {
		return
	}
	pass.Report(checks.Finding{
		RuleID: open, Location: f.Head(ret), Key: symbol,
		Message: fmt.Sprintf("when anything fails here, `%s` says yes. Return false, or the error", name),
	})
}

// inverse are names of functions whose "true" keeps somebody out.
var inverse = regexp.MustCompile(`(?i)error|fail|stale|changed|dirty|pending|logged_?out|logout|anonymous|public|enabled|expired|invalid|denied|blocked|revoked|missing|required|needs?|locked|banned|disabled|unauth|empty|without|author$|authors$`)

// broad tells a handler that catches everything.
func broad(tree *language.Tree, catch language.ID) bool {
	typed := false
	for c := range tree.Children(catch) {
		if tree.Nodes[c].Slot != language.SlotType {
			continue
		}
		typed = true
		switch code.Last(tree, c) {
		case "Exception", "BaseException", "Throwable", "RuntimeException", "StandardError", "any", "unknown", "Error":
			return true
		}
	}
	return !typed
}

// empty tells a handler that does nothing: no statement, or only pass and continue.
func empty(tree *language.Tree, handler language.ID) bool {
	for _, s := range code.Statements(tree, handler) {
		switch n := &tree.Nodes[s]; {
		case n.Kind == language.Jump && (n.Value == "pass" || n.Value == "continue"):
		case tree.Text(s) == "..." || tree.Text(s) == ";":
		default:
			return false
		}
	}
	return true
}

// explained tells a handler with a comment in it or right before it: somebody thought about it.
func explained(tree *language.Tree, catch, try language.ID) bool {
	for _, c := range code.Comments(tree, tree.Nodes[catch].Start, tree.Nodes[try].End) {
		if !marks.MatchString(code.Comment(tree, c)) {
			return true
		}
	}
	// Python's comment after "pass" may lie behind the block.
	end := min(int(tree.Nodes[try].End)+120, len(tree.Source))
	line, _ := tree.Position(tree.Nodes[try].End)
	for _, c := range code.Comments(tree, tree.Nodes[try].End, uint32(end)) {
		if at, _ := tree.Position(c.Start); at == line && !marks.MatchString(code.Comment(tree, c)) {
			return true
		}
	}
	return false
}

// marks are comments that say nothing about why.
var marks = regexp.MustCompile(`(?i)^(noqa|nosec|type: ignore|pylint|todo|fixme|eslint|nopmd|nosonar)`)

// graveWords are calls that change something outside, or decide something: those must not fail unseen.
var graveWords = map[string]bool{
	"commit": true, "save": true, "store": true, "insert": true, "update": true, "upsert": true, "persist": true, "publish": true, "charge": true, "pay": true, "refund": true, "transfer": true,
	"migrate": true, "backup": true, "restore": true, "authorize": true, "authenticate": true, "verify": true, "encrypt": true, "decrypt": true, "executemany": true, "bulk": true,
}

// graveCalls are whole names of the same kind whose words alone would say too little.
var graveCalls = map[string]bool{"commit": true, "sendMail": true, "send_mail": true, "sendmail": true, "send_email": true, "sendEmail": true, "executeUpdate": true, "writeFile": true, "write_text": true, "putObject": true, "put_object": true,
	"upload_file": true, "uploadFile": true, "send_message": true, "sendMessage": true}

// grave names the first call in a body that must not fail unseen, "" if there is none.
func grave(tree *language.Tree, body language.ID) string {
	for id := body; id < tree.Nodes[body].Next; id++ {
		switch tree.Nodes[id].Kind {
		case language.Func, language.Try: // what is in there has its own handlers, or runs later
			if id != body {
				id = tree.Nodes[id].Next - 1
			}
		case language.Call:
			name := code.Callee(tree, id)
			if words := code.Words(name); graveCalls[name] || len(words) > 0 && graveWords[words[0]] && !harmless(tree, id, name) {
				return code.Shorten(calleeText(tree, id))
			}
		}
	}
	return ""
}

// harmless tells calls of a grave name that change nothing outside: hash.update(x), dict.update(y), display.update().
func harmless(tree *language.Tree, call language.ID, name string) bool {
	if name != "update" && name != "insert" && name != "save" && name != "restore" && name != "verify" {
		return false
	}
	callee := tree.Child(call, language.SlotCallee)
	if tree.Nodes[callee].Kind != language.Dot {
		return true
	}
	owner := code.Last(tree, tree.Child(callee, language.SlotOperand))
	return !slices.ContainsFunc(code.Words(owner), func(w string) bool { return stores[w] }) && owner != ""
}

// stores are the owners by which a common name is meant in earnest.
var stores = map[string]bool{"db": true, "database": true, "session": true, "repo": true, "repository": true, "model": true, "objects": true, "collection": true, "table": true, "store": true, "dao": true, "order": true,
	"user": true, "account": true, "payment": true, "invoice": true, "prisma": true, "connection": true, "conn": true, "cursor": true, "tx": true, "transaction": true, "self": true, "instance": true, "record": true, "row": true}

func calleeText(tree *language.Tree, call language.ID) string {
	return tree.Text(tree.Child(call, language.SlotCallee))
}

var (
	success = regexp.MustCompile(`(?i)^\{[^{}]*["']?\b(ok|success|succeeded)\b["']?\s*:\s*true\b|^\{[^{}]*["']?\b(status|result|state)\b["']?\s*:\s*["'](ok|success|succeeded|completed|done|approved|paid|sent|healthy)["']`)
	asks    = []string{"is", "has", "have", "can", "should", "exists", "check", "supports", "matches", "contains", "needs", "allow", "allows", "skip", "ignore"}
)

// claimed gives what a handler returns where that claims success; a log line before it does not make it true.
func claimed(tree *language.Tree, handler language.ID) language.ID {
	for _, s := range code.Statements(tree, handler) {
		if code.IsLog(tree, s) {
			continue
		}
		if tree.Nodes[s].Kind != language.Return {
			return language.None
		}
		value := tree.Child(s, language.SlotOperand)
		if value == language.None {
			return language.None
		}
		for tree.Nodes[value].Kind == language.Call { // jsonify({...}), res.json({...}), Response(...)
			args := code.Args(tree, value)
			if len(args) == 0 {
				return language.None
			}
			value = args[0]
		}
		switch n := &tree.Nodes[value]; {
		case n.Kind == language.Dict && success.MatchString(code.Fold(tree.Text(value))):
			return value
		case n.Kind == language.Bool && n.Value == "true" && n.Parent == s:
			return value
		}
		return language.None
	}
	return language.None
}

// answered gives the answer to a request that a handler sends where it is that of success: res.sendStatus(200), return body, 200, ResponseEntity.ok().
// An answer that speaks of an error tells it.
func answered(tree *language.Tree, handler language.ID) language.ID {
	for _, s := range code.Statements(tree, handler) {
		if code.IsLog(tree, s) {
			continue
		}
		value := tree.Child(s, language.SlotOperand)
		if k := tree.Nodes[s].Kind; k != language.Return && k != language.ExprStmt || value == language.None || failing.MatchString(tree.Text(s)) {
			return language.None
		}
		text := code.Fold(tree.Text(value))
		switch {
		case tree.Nodes[value].Kind == language.Tuple && strings.HasSuffix(text, ", 200"), sends.MatchString(text):
			return value
		case tree.Nodes[s].Kind == language.Return && tree.Nodes[value].Kind == language.Str && done.MatchString(tree.Nodes[value].Value):
			return value
		}
		return language.None
	}
	return language.None
}

var (
	failing = regexp.MustCompile(`(?i)err|fail|exception|reason|problem|message|invalid|unable|cannot|fallback|default`)
	sends   = regexp.MustCompile(`(?i)^(res|response|reply|ctx)\.(sendStatus\(200\)|status\(200\)\.|(json|send)\(\{[^{}]*\b(ok|success)\b["']?\s*:\s*true)|^(ResponseEntity|Response)\.ok\(|^HttpResponse\(status=200\)$`)
	done    = regexp.MustCompile(`(?i)^(ok|success|succeeded|done|completed|sent|paid)$`)
)

// answers tells a block that returns what it compared: "true" is an answer there, too, and no claim.
func answers(tree *language.Tree, block language.ID) bool {
	for id := block; id < tree.Nodes[block].Next; id++ {
		if tree.Nodes[id].Kind != language.Return {
			continue
		}
		value := tree.Child(id, language.SlotOperand)
		if value == language.None {
			continue
		}
		switch n := &tree.Nodes[value]; {
		case n.Kind == language.Binary && comparisons[n.Value], n.Kind == language.Call && slices.Contains(answering, code.Callee(tree, value)):
			return true
		}
	}
	return false
}

var (
	comparisons = map[string]bool{"==": true, "!=": true, "===": true, "!==": true, "<": true, ">": true, "<=": true, ">=": true, "in": true, "not in": true, "is": true, "is not": true}
	answering   = []string{"bool", "Boolean", "isinstance", "issubclass", "any", "all", "equals", "Equal"}
)

// predicate tells functions whose "true" is an answer and no claim.
func predicate(symbol string) bool {
	words := code.Words(symbol)
	if len(words) == 0 {
		return true
	}
	words = code.Words(symbol[strings.LastIndexByte(symbol, '.')+1:])
	return len(words) > 0 && slices.Contains(asks, words[0])
}
