package removedcontrol

import (
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A control is one thing in the code that keeps something out.
type control struct {
	name       string // what it is compared by: the last name of a call or decorator, or the folded condition of a refusal
	shown      string // as a reader sees it
	does       string // "checks access", for the message
	symbol     string // the function that it stands in
	start, end uint32
	confidence checks.Confidence
	whole      bool     // handed to a router or an application as a whole: it covers every route
	args       string   // what a call is given, folded
	refuses    string   // what a refusal does, folded
	literals   []string // the texts in a refusal's condition: "user_suspended"
	// quiet is a refusal whose condition does not say what it is about: nobody misses it, and it stands for another one that did the same.
	quiet bool
}

// known are controls of common libraries, by the last name of the call, decorator or argument.
var known = map[string]string{
	"login_required": "requires a login", "permission_required": "requires a permission", "user_passes_test": "requires a permission",
	"requires_auth": "requires a login", "auth_required": "requires a login", "jwt_required": "requires a token", "roles_required": "requires a role",
	"roles_accepted": "requires a role", "csrf_protect": "checks the CSRF token", "ensure_csrf_cookie": "checks the CSRF token", "CSRFProtect": "checks the CSRF token", "csurf": "checks the CSRF token",
	"permission_classes": "requires a permission", "PreAuthorize": "requires a permission", "Secured": "requires a role", "RolesAllowed": "requires a role",
	"UseGuards": "requires what its guards require", "compare_digest": "compares in constant time", "ConstantTimeCompare": "compares in constant time", "timingSafeEqual": "compares in constant time",
	"shlex.quote": "quotes shell arguments", "escapeHtml": "escapes HTML", "escapeHTML": "escapes HTML", "EscapeString": "escapes HTML", "HTMLEscapeString": "escapes HTML", "bleach.clean": "sanitises HTML", "nh3.clean": "sanitises HTML", "html.escape": "escapes HTML", "markupsafe.escape": "escapes HTML",
	"DOMPurify.sanitize": "sanitises HTML", "IsLocal": "keeps paths inside of a folder", "is_relative_to": "keeps paths inside of a folder", "secure_filename": "keeps paths inside of a folder",
	"url_has_allowed_host_and_scheme": "checks where a redirect goes", "helmet": "sets security headers", "rateLimit": "limits the rate", "rate_limit": "limits the rate",
	"MaxBytesReader": "limits the size of a request", "ValidatePayload": "checks the signature", "ParseWithClaims": "verifies the token",
}

// extended are controls that programs make subclasses of, which are named after them: CSRFProtectPerRequest.
var extended = map[string]string{"CSRFProtect": "checks the CSRF token"}

// Words of names such as requireAdmin, verify_signature, checkPermission: an action and something worth protecting.
var (
	actions = []string{"verify", "validate", "check", "require", "requires", "required", "ensure", "assert", "authorize", "authorise", "authenticate", "restrict", "enforce", "guard", "deny", "protect"}
	assets  = []string{"auth", "authenticated", "authentication", "authorization", "authorized", "login", "permission", "permissions", "perm", "perms", "role", "roles", "admin", "owner", "ownership", "access",
		"csrf", "xsrf", "token", "jwt", "signature", "hmac", "origin", "tenant", "acl", "session"}
	alone = []string{"authorize", "authorise", "authenticate", "sanitize", "sanitise"}
	// What is escaped to be shown: escapeText, escape_attribute. Patterns and paths are escaped for other reasons.
	marked = []string{"html", "text", "xml", "attr", "attribute", "markup", "value"}
)

// refusals are what a condition leads to when it keeps somebody out.
var refusals = regexp.MustCompile(`(?i)\b40[13]\b|forbidden|unauthori[sz]ed|security_?exception|permission_?(denied|error)|access_?denied|not_?authori[sz]ed|authentication_?(error|failed)`)

// decisive are the words of a condition that decides about access.
var decisive = regexp.MustCompile(`(?i)(auth|admin|role|owner|permission|perm\b|csrf|token|signature|session|user|scope|tenant|allow|access|origin|secret|credential|login)`)

// contained are conditions on a path that leaves its folder; failing is what they lead to.
var (
	contained = regexp.MustCompile(`^(!|not )[\w.()]*\.?(startsWith|startswith|HasPrefix)\([^()]*(?i:root|base|dir|folder)[^()]*(\(\))?[^()]*\)`)
	failing   = regexp.MustCompile(`(?i)\b(throw|raise|abort|return|fail)`)
)

// findControls lists the controls of a tree in the order of their position.
func findControls(tree *language.Tree) []control {
	var out []control
	add := func(c control, at language.ID) {
		n := &tree.Nodes[at]
		c.start, c.end = n.Start, n.End
		if c.symbol == "" {
			c.symbol = tree.SymbolAt(n.Start)
		}
		out = append(out, c)
	}
	for i := range tree.Nodes {
		id := language.ID(i)
		n := &tree.Nodes[id]
		switch n.Kind {
		case language.Decorator:
			if operand := tree.Child(id, language.SlotOperand); operand != language.None {
				if c, ok := named(tree, operand, true); ok {
					c.symbol = decorated(tree, id)
					add(c, id)
				}
			}
		case language.Call:
			if tree.Nodes[n.Parent].Kind == language.Decorator {
				continue
			}
			if callee := tree.Child(id, language.SlotCallee); callee != language.None {
				if c, ok := named(tree, callee, false); ok {
					c.args = given(tree, id)
					add(c, id)
				}
			}
		case language.Name, language.Dot:
			// A guard handed over: router.post("/x", requireAuth, handler).
			// Or in the options of a route: { preHandler: requireAuth }.
			handed, option := tree.Nodes[n.Parent].Kind == language.Args, tree.Nodes[n.Parent].Kind == language.Pair && hook(tree, n.Parent)
			if handed || option {
				c, ok := named(tree, id, false)
				ok = ok && !value.MatchString(c.name)
				if full := dotted(tree, id); option && !ok && guards.MatchString(full) { // requireEditor: of whatever
					c, ok = control{name: full[strings.LastIndexByte(full, '.')+1:], shown: full, does: "calls " + full}, true
				}
				if ok {
					c.whole = handed && mounted(tree, tree.Nodes[n.Parent].Parent)
					if option {
						c.confidence = checks.Certain // nothing else is a hook of that name for
					}
					add(c, id)
				}
			}
		case language.If:
			if c, ok := refusal(tree, id); ok {
				add(c, tree.Child(id, language.SlotCond))
			}
		}
	}
	return out
}

// value is the name of something that is no function: authenticateHeader.
var value = regexp.MustCompile(`(?i)(header|headers|url|uri|response|request|result|data|params?|options|opts|config|error|message|value|text|type|state|challenge)$`)

// guards are names of hooks that keep somebody out.
var guards = regexp.MustCompile(`(?i)(^|\.)(require|ensure|verify|check|restrict|protect|only|authori[sz]e|authenticate)`)

// hook tells an option of a route that names what runs before it.
func hook(tree *language.Tree, pair language.ID) bool {
	key := tree.Child(pair, language.SlotKey)
	if key == language.None {
		return false
	}
	switch strings.Trim(tree.Text(key), `"'`) {
	case "preHandler", "onRequest", "preValidation", "beforeHandler", "middleware", "middlewares":
		return true
	}
	return false
}

// mounted tells router.use(guard), app.addHook("onRequest", guard) and their like.
func mounted(tree *language.Tree, call language.ID) bool {
	switch code.Callee(tree, call) {
	case "use", "Use", "addHook", "add_middleware", "addMiddleware", "before_request", "addFilter", "addInterceptor":
		return true
	}
	return false
}

// decorated is the symbol of what a decorator stands on.
func decorated(tree *language.Tree, decorator language.ID) string {
	owner := tree.Nodes[decorator].Parent
	if name := tree.Child(owner, language.SlotName); name != language.None {
		return tree.SymbolAt(tree.Nodes[name].Start)
	}
	return tree.SymbolAt(tree.Nodes[decorator].End)
}

// named reads a call's callee, a decorator or an argument as a control, by its name.
func named(tree *language.Tree, id language.ID, decorator bool) (control, bool) {
	full := dotted(tree, id)
	if full == "" {
		return control{}, false
	}
	if full == "escape" && tree.Spec.Name == "python" { // of html, markupsafe or Django; re.escape has its owner before it
		return control{name: full, shown: full, does: "escapes HTML", confidence: checks.Certain}, true
	}
	last := full[strings.LastIndex(full, ".")+1:]
	for _, name := range []string{full, lastTwo(full), last} {
		if does, ok := known[name]; ok {
			return control{name: last, shown: full, does: does, confidence: checks.Certain}, true
		}
	}
	for name, does := range extended {
		if strings.HasPrefix(last, name) {
			return control{name: name, shown: full, does: does, confidence: checks.Certain}, true
		}
	}
	if does, ok := byWords(last); ok {
		confidence := checks.Likely
		if decorator {
			confidence = checks.Certain // nothing else is a decorator of that name for
		}
		return control{name: last, shown: full, does: does, confidence: confidence}, true
	}
	return control{}, false
}

func byWords(name string) (does string, ok bool) {
	words := code.Words(name)
	if len(words) == 0 {
		return "", false
	}
	// The action comes first: get_required_permissions, createToken, isAdmin and sanitizedValue are no controls.
	if slices.Contains(alone, words[0]) {
		return "calls " + name, true
	}
	if words[0] == "escape" && len(words) > 1 && slices.Contains(marked, words[1]) {
		return "calls " + name, true
	}
	about := slices.ContainsFunc(words[1:], func(w string) bool { return slices.Contains(assets, w) })
	if slices.Contains(actions, words[0]) && about {
		return "calls " + name, true
	}
	return "", false
}

// refusal reads a condition that keeps somebody out: `if not user.is_admin: abort(403)`.
func refusal(tree *language.Tree, id language.ID) (control, bool) {
	cond, then := tree.Child(id, language.SlotCond), tree.Child(id, language.SlotThen)
	if cond == language.None || then == language.None {
		return control{}, false
	}
	text, body := code.Fold(tree.Text(cond)), tree.Text(then)
	if len(body) > 400 {
		return control{}, false
	}
	if contained.MatchString(text) && failing.MatchString(body) {
		return control{name: "if " + text, shown: text, does: "keeps paths inside of a folder", confidence: checks.Certain}, true
	}
	quiet := !decisive.MatchString(text)
	if !refusals.MatchString(body) || quiet && !asks(tree, cond) {
		return control{}, false
	}
	shown := text
	if r := []rune(shown); len(r) > 60 {
		shown = string(r[:57]) + "..."
	}
	return control{name: "if " + text, shown: shown, does: "refuses access under a condition", confidence: checks.Certain, refuses: code.Fold(body), literals: literals(tree, cond), quiet: quiet}, true
}

// given is the text of a call's arguments.
func given(tree *language.Tree, call language.ID) string {
	args := tree.Child(call, language.SlotArgs)
	if args == language.None {
		return ""
	}
	return code.Fold(tree.Text(args))
}

// timesGiven counts the calls of a tree that are given some text.
func timesGiven(tree *language.Tree, args string) int {
	n := 0
	for i := range tree.Nodes {
		if tree.Nodes[i].Kind == language.Call && given(tree, language.ID(i)) == args {
			n++
		}
	}
	return n
}

// literals lists the texts of a condition.
func literals(tree *language.Tree, cond language.ID) []string {
	var out []string
	for id := cond; id < tree.Nodes[cond].Next; id++ {
		if n := &tree.Nodes[id]; n.Kind == language.Str && len(n.Value) > 3 {
			out = append(out, n.Value)
		}
	}
	return out
}

// compared counts how often each text stands in a condition, or in a case of a switch.
func compared(tree *language.Tree) map[string]int {
	out := map[string]int{}
	for i := range tree.Nodes {
		id := language.ID(i)
		switch tree.Nodes[i].Kind {
		case language.If:
			if cond := tree.Child(id, language.SlotCond); cond != language.None {
				for _, s := range literals(tree, cond) {
					out[s]++
				}
			}
		case language.Case:
			if operand := tree.Child(id, language.SlotOperand); operand != language.None {
				for _, s := range literals(tree, operand) {
					out[s]++
				}
			}
		}
	}
	return out
}

// asks tells a condition that depends on something.
func asks(tree *language.Tree, cond language.ID) bool {
	for id := cond; id < tree.Nodes[cond].Next; id++ {
		if tree.Nodes[id].Kind == language.Name {
			return true
		}
	}
	return false
}

// dotted is the text of a plain chain of names, "" for anything else.
func dotted(tree *language.Tree, id language.ID) string {
	switch tree.Nodes[id].Kind {
	case language.Name:
		return tree.Nodes[id].Value
	case language.Dot:
		name := tree.Child(id, language.SlotName)
		operand := tree.Child(id, language.SlotOperand)
		if name == language.None || operand == language.None {
			return ""
		}
		if before := dotted(tree, operand); before != "" {
			return before + "." + tree.Nodes[name].Value
		}
		return tree.Nodes[name].Value
	case language.Call:
		return dotted(tree, tree.Child(id, language.SlotCallee))
	}
	return ""
}

func lastTwo(full string) string {
	parts := strings.Split(full, ".")
	return strings.Join(parts[max(0, len(parts)-2):], ".")
}
