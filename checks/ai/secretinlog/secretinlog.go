package secretinlog

import (
	"context"
	_ "embed"
	"fmt"
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

const id = "secret-in-log"

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/secret-in-log",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID: id, Title: "A secret is written to the log", Severity: checks.Medium, Confidence: checks.Likely, CWE: []string{"CWE-532"},
		Why:        "Logs are copied, kept and read by many people. Whoever reads the line can act as the user or the service.",
		Remedy:     "Leave the value out. To tell two of them apart, log an id, or the first characters of a hash.",
		References: []string{"https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html", "https://cwe.mitre.org/data/definitions/532.html"},
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
		for i := range f.Tree.Nodes {
			call := language.ID(i)
			if f.Tree.Nodes[i].Kind != language.Call || !logs(f.Tree, call) {
				continue
			}
			for _, a := range code.Args(f.Tree, call) {
				if secret := find(f.Tree, a); secret != language.None {
					text := code.Shorten(f.Tree.Text(secret))
					pass.Report(checks.Finding{
						RuleID: id, Location: f.At(secret), Key: f.Tree.SymbolAt(f.Tree.Nodes[i].Start) + " " + text,
						Message: fmt.Sprintf("`%s` goes into the log as it is, where many people and systems can read it. Leave it out, or log an id or a hash", text),
					})
					break
				}
			}
		}
	})
}

var (
	owners = map[string]bool{"log": true, "logger": true, "logging": true, "console": true, "slog": true, "zap": true, "logrus": true, "glog": true, "klog": true, "winston": true, "pino": true, "sugar": true}
	levels = map[string]bool{"log": true, "trace": true, "debug": true, "info": true, "warn": true, "warning": true, "error": true, "critical": true, "exception": true, "fatal": true, "severe": true, "fine": true, "print": true, "printf": true, "println": true,
		"debugf": true, "infof": true, "warnf": true, "errorf": true, "fatalf": true, "infow": true, "debugw": true, "errorw": true, "warnw": true}
)

// logs tells a call that writes a log line.
func logs(tree *language.Tree, call language.ID) bool {
	callee := tree.Child(call, language.SlotCallee)
	if callee == language.None {
		return false
	}
	switch tree.Nodes[callee].Kind {
	case language.Name:
		return tree.Spec.Name == "python" && tree.Nodes[callee].Value == "print"
	case language.Dot:
		if !levels[strings.ToLower(code.Last(tree, callee))] {
			return false
		}
		owner := code.Last(tree, tree.Child(callee, language.SlotOperand))
		if words := code.Words(owner); len(words) > 0 && owners[words[len(words)-1]] {
			return true
		}
		return code.Fold(tree.Text(tree.Child(callee, language.SlotOperand))) == "System.out"
	}
	return false
}

// find gives what in an argument is a secret as it is.
func find(tree *language.Tree, id language.ID) language.ID {
	switch n := &tree.Nodes[id]; n.Kind {
	case language.Name, language.Dot:
		if secret(tree, id) {
			return id
		}
	case language.Index: // form["password"]
		for c := range tree.Children(id) {
			if tree.Nodes[c].Slot == language.Item && tree.Nodes[c].Kind == language.Str && named(code.Words(tree.Nodes[c].Value)) {
				return id
			}
		}
	case language.Binary:
		if n.Value != "+" && n.Value != "%" {
			return language.None
		}
		return children(tree, id)
	case language.Pair, language.KeyArg:
		if v := tree.Child(id, language.SlotOperand); v != language.None {
			return find(tree, v)
		}
	case language.Template, language.List, language.Tuple, language.Dict:
		return children(tree, id)
	case language.Call: // "...".format(password)
		if callee := tree.Child(id, language.SlotCallee); callee != language.None && (code.Last(tree, callee) == "format" || code.Last(tree, callee) == "Sprintf") {
			for _, a := range code.Args(tree, id) {
				if s := find(tree, a); s != language.None {
					return s
				}
			}
		}
	}
	return language.None
}

func children(tree *language.Tree, id language.ID) language.ID {
	for c := range tree.Children(id) {
		if s := find(tree, c); s != language.None {
			return s
		}
	}
	return language.None
}

// secret tells a name or member that is a secret by its name.
func secret(tree *language.Tree, id language.ID) bool {
	words := code.Words(code.Last(tree, id))
	if named(words) {
		return true
	}
	if len(words) != 1 || words[0] != "token" && words[0] != "authorization" && words[0] != "jwt" || tree.Nodes[id].Kind != language.Dot {
		return false
	}
	owner := code.Words(code.Last(tree, tree.Child(id, language.SlotOperand)))
	return len(owner) > 0 && holders[owner[len(owner)-1]]
}

var (
	plain   = map[string]bool{"password": true, "passwd": true, "passphrase": true, "secret": true, "apikey": true}
	kinds   = map[string][]string{"key": {"api", "private", "secret", "encryption", "signing"}, "token": {"access", "refresh", "auth", "bearer", "session", "api", "reset", "id", "jwt"}, "secret": {"client", "app", "shared"}}
	holders = map[string]bool{"user": true, "session": true, "auth": true, "account": true, "req": true, "request": true, "headers": true, "credentials": true, "body": true, "query": true}
	// asks are the first words of switches: showPassword, hasSecret.
	asks = map[string]bool{"show": true, "has": true, "is": true, "use": true, "with": true, "need": true, "needs": true, "require": true, "requires": true, "allow": true, "change": true, "forgot": true, "no": true, "missing": true, "enable": true, "hide": true,
		"toggle": true, "set": true, "get": true, "public": true, "masked": true, "redacted": true, "hashed": true, "encrypted": true, "safe": true, "wrong": true, "invalid": true}
)

// named tells words that name a secret: password, clientSecret, api_key, accessToken.
func named(words []string) bool {
	if len(words) == 0 || asks[words[0]] {
		return false
	}
	last := words[len(words)-1]
	if plain[last] {
		return true
	}
	return len(words) > 1 && slices.Contains(kinds[last], words[len(words)-2])
}
