package missingguard

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// routes lists the routes of a file by the conventions of its language's frameworks.
func routes(tree *language.Tree) []*route {
	var out []*route
	add := func(r *route) {
		if r != nil {
			out = append(out, r)
		}
	}
	for i := range tree.Nodes {
		id := language.ID(i)
		switch tree.Nodes[i].Kind {
		case language.Func:
			switch tree.Spec.Name {
			case "python":
				for _, r := range decorated(tree, id) {
					add(r)
				}
			case "java", "typescript":
				add(annotated(tree, id))
			}
		case language.Class:
			if tree.Spec.Name == "python" {
				add(view(tree, id))
			}
		case language.Call:
			if tree.Spec.Name == "go" || tree.Spec.Name == "javascript" || tree.Spec.Name == "typescript" {
				add(called(tree, id))
			}
		}
	}
	return out
}

// subjects are the words of a guard's name; verbs make one of a word that is no subject by itself.
var (
	subjects = []string{"auth", "authn", "authz", "authed", "authenticated", "authentication", "authenticate", "authorization", "authorize", "authorise", "authorized", "authenticator", "login", "logged", "permission", "permissions",
		"perm", "perms", "role", "roles", "admin", "owner", "access", "acl", "jwt", "guard", "guards", "guarded", "protect", "protected", "secured", "preauthorize", "rbac", "scope", "scopes", "principal", "superuser", "staff", "member"}
	verbs  = []string{"require", "requires", "required", "ensure", "verify", "check", "validate", "current", "restrict", "enforce", "allow", "allowed", "only", "must"}
	things = []string{"user", "token", "key", "tenant", "organization", "organisation", "org", "account", "signature", "csrf", "session", "identity", "team", "project", "policy"}
)

// guardName tells whether a name speaks of access: require_admin, loginRequired, get_current_user.
func guardName(name string) bool {
	words := code.Words(name)
	has := func(list []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	if has([]string{"csrf", "cors", "exempt", "anonymous", "optional", "schema", "log", "logger", "logging"}) && !has([]string{"require", "required"}) {
		return false
	}
	return has(subjects) || has(verbs) && has(things)
}

var methods = map[string]string{"get": "GET", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE", "del": "DELETE", "route": "", "api_route": "", "websocket": "GET", "head": "GET"}

// decorated reads @router.post("/x") above a function of Python. Without such a decorator, a function of the module that takes the request
// first is a view of Django.
func decorated(tree *language.Tree, fn language.ID) []*route {
	name := tree.Child(fn, language.SlotName)
	if name == language.None {
		return nil
	}
	var out []*route
	var guards []string
	for _, d := range code.Decorators(tree, fn) {
		last := code.Last(tree, d)
		callee := d
		if tree.Nodes[d].Kind == language.Call {
			callee = tree.Child(d, language.SlotCallee)
		}
		method, ok := methods[last]
		if ok && tree.Nodes[d].Kind == language.Call && callee != language.None && tree.Nodes[callee].Kind == language.Dot {
			r := &route{at: d, router: tree.Text(tree.Child(callee, language.SlotOperand)), method: method, name: tree.Nodes[name].Value}
			for _, a := range code.Args(tree, d) {
				switch n := &tree.Nodes[a]; n.Kind {
				case language.Str:
					if r.path == "" {
						r.path = n.Value
					}
				case language.KeyArg:
					key := code.Last(tree, tree.Child(a, language.SlotName))
					if key == "methods" {
						r.method = strongest(strings.ToUpper(tree.Text(a)))
					} else {
						guards = append(guards, named(tree, a)...)
					}
				}
			}
			out = append(out, r)
			continue
		}
		if guardName(last) {
			guards = append(guards, last)
		}
	}
	params := tree.Child(fn, language.SlotParams)
	if len(out) == 0 {
		if tree.Nodes[fn].Parent != 0 || params == language.None || firstParam(tree, params) != "request" || strings.HasPrefix(tree.Nodes[name].Value, "_") {
			return nil
		}
		out = append(out, &route{at: fn, router: "views", name: tree.Nodes[name].Value})
	}
	if params != language.None {
		guards = append(guards, named(tree, params)...)
	}
	guards = append(guards, calledGuards(tree, tree.Child(fn, language.SlotBody))...)
	for _, r := range out {
		r.guards = guards
	}
	return out
}

func firstParam(tree *language.Tree, params language.ID) string {
	for p := range tree.Children(params) {
		return code.Last(tree, tree.Child(p, language.SlotName))
	}
	return ""
}

// strongest is the method of a list that changes most.
func strongest(list string) string {
	for _, m := range []string{"DELETE", "POST", "PUT", "PATCH", "GET"} {
		if strings.Contains(list, m) {
			return m
		}
	}
	return ""
}

// named lists the names below a node that speak of access: Depends(require_admin), preHandler: [auth].
func named(tree *language.Tree, id language.ID) []string {
	var out []string
	for i := id; i < tree.Nodes[id].Next; i++ {
		n := &tree.Nodes[i]
		if n.Kind != language.Name || n.Slot == language.SlotName && (tree.Nodes[n.Parent].Kind == language.Param || tree.Nodes[n.Parent].Kind == language.KeyArg) {
			continue
		}
		bare := n.Slot == language.SlotCallee && slices.Contains(bareVerbs, n.Value) // Depends(require("admin"))
		if guardName(n.Value) || bare {
			out = append(out, n.Value)
		}
	}
	return out
}

// bareVerbs make a guard without saying of what: their argument does.
var bareVerbs = []string{"require", "requires", "restrict", "enforce"}

// calledGuards lists the guards that a handler calls or asks before anything else: the first few statements of its body.
func calledGuards(tree *language.Tree, body language.ID) []string {
	if body == language.None || tree.Nodes[body].Kind != language.Block {
		return nil
	}
	var out []string
	for i, s := range code.Statements(tree, body) {
		if i == 5 {
			break
		}
		end := tree.Nodes[s].Next
		switch tree.Nodes[s].Kind {
		case language.If: // the condition, and what is refused
			cond := tree.Child(s, language.SlotCond)
			if cond != language.None && refusal.MatchString(tree.Text(s)) {
				if words := named(tree, cond); len(words) > 0 {
					out = append(out, words...)
				} else {
					out = append(out, "a refusal")
				}
			}
			if init := tree.Child(s, language.SlotInit); init != language.None {
				out = append(out, named(tree, init)...)
			}
		case language.ExprStmt, language.Assign, language.Return, language.Defer, language.With, language.Try:
			for id := s; id < end; id++ {
				if tree.Nodes[id].Kind == language.Call {
					if name := code.Callee(tree, id); guardName(name) && !strings.HasPrefix(name, "set") && !strings.HasPrefix(name, "create") {
						out = append(out, name)
					}
				}
			}
		}
	}
	return out
}

var refusal = regexp.MustCompile(`(?i)\b40[13]\b|forbidden|unauthori[sz]ed|denied|\bredirect\b`)

// view reads a class of views of Django or Django REST framework.
func view(tree *language.Tree, class language.ID) *route {
	isView := false
	r := &route{at: class, router: "classes", name: code.ClassName(tree, class)}
	for c := range tree.Children(class) {
		if tree.Nodes[c].Slot != language.SlotBase {
			continue
		}
		base := code.Last(tree, c)
		if strings.HasSuffix(base, "View") || strings.HasSuffix(base, "ViewSet") || strings.HasSuffix(base, "APIView") {
			isView = true
		}
		if strings.HasSuffix(base, "Mixin") && guardName(base) {
			r.guards = append(r.guards, base)
		}
	}
	if !isView {
		return nil
	}
	for _, d := range code.Decorators(tree, class) {
		r.guards = append(r.guards, named(tree, d)...)
	}
	body := tree.Child(class, language.SlotBody)
	if body == language.None {
		return nil
	}
	for s := range tree.Children(body) {
		switch tree.Nodes[s].Kind {
		case language.Assign:
			if target := code.Last(tree, tree.Child(s, language.SlotTarget)); target == "permission_classes" || target == "permission_required" || target == "authentication_classes" {
				r.guards = append(r.guards, target)
			}
		case language.Func:
			if name := code.Last(tree, tree.Child(s, language.SlotName)); name == "get_permissions" || name == "test_func" || name == "dispatch" || name == "has_permission" {
				r.guards = append(r.guards, name)
			} else if name == "post" || name == "create" || name == "destroy" || name == "delete" || name == "put" || name == "update" {
				r.method = "POST"
			}
		}
	}
	return r
}

var (
	mappings = map[string]string{"PostMapping": "POST", "PutMapping": "PUT", "PatchMapping": "PATCH", "DeleteMapping": "DELETE", "GetMapping": "GET", "RequestMapping": "", "POST": "POST", "PUT": "PUT", "PATCH": "PATCH", "DELETE": "DELETE", "GET": "GET",
		"Post": "POST", "Put": "PUT", "Patch": "PATCH", "Delete": "DELETE", "Get": "GET"}
	shields = []string{"PreAuthorize", "PostAuthorize", "Secured", "RolesAllowed", "UseGuards", "Roles", "Auth", "Authenticated", "RequiresPermissions", "RequiresRoles", "PermitAll", "Public", "DenyAll"}
)

// annotated reads a method with a mapping: Spring, JAX-RS, Nest.
func annotated(tree *language.Tree, fn language.ID) *route {
	class := code.Class(tree, fn)
	if class == language.None {
		return nil
	}
	var r *route
	var guards []string
	for _, d := range code.Decorators(tree, fn) {
		last := code.Last(tree, d)
		if method, ok := mappings[last]; ok && r == nil {
			r = &route{at: d, router: code.ClassName(tree, class), method: method, name: code.Last(tree, tree.Child(fn, language.SlotName))}
			for _, a := range code.Args(tree, d) {
				text := tree.Text(a)
				if tree.Nodes[a].Kind == language.Str {
					r.path = tree.Nodes[a].Value
				} else if m := strongest(text); m != "" && r.method == "" {
					r.method = m
				}
			}
			continue
		}
		if slices.Contains(shields, last) || guardName(last) {
			guards = append(guards, last)
		}
	}
	if r == nil {
		return nil
	}
	for _, d := range code.Decorators(tree, class) {
		last := code.Last(tree, d)
		if slices.Contains(shields, last) || guardName(last) {
			r.covers = true
		}
	}
	guards = append(guards, calledGuards(tree, tree.Child(fn, language.SlotBody))...)
	if params := tree.Child(fn, language.SlotParams); params != language.None {
		for _, name := range named(tree, params) {
			if strings.Contains(name, "Principal") || strings.Contains(name, "Authentication") {
				guards = append(guards, name)
			}
		}
	}
	r.guards = guards
	return r
}

// called reads router.post("/x", guard, handler) of Express and its kin, and r.Post("/x", handler) of Go.
func called(tree *language.Tree, call language.ID) *route {
	callee := tree.Child(call, language.SlotCallee)
	if callee == language.None || tree.Nodes[callee].Kind != language.Dot {
		return nil
	}
	verb := code.Last(tree, callee)
	method, ok := methods[strings.ToLower(verb)]
	if strings.EqualFold(verb, "handle") || strings.EqualFold(verb, "handlefunc") {
		method, ok = "", true
	}
	args := code.Args(tree, call)
	if !ok || len(args) < 2 || tree.Nodes[args[0]].Kind != language.Str || strings.EqualFold(verb, "route") {
		return nil
	}
	path := tree.Nodes[args[0]].Value
	if m, rest, ok := strings.Cut(path, " "); ok && tree.Spec.Name == "go" && strongest(m) == m {
		method, path = m, rest
	}
	if path != "" && !strings.HasPrefix(path, "/") {
		return nil
	}
	operand := tree.Child(callee, language.SlotOperand)
	r := &route{at: call, method: method, path: path}
	root := operand
	for root != language.None && tree.Nodes[root].Kind == language.Call { // r.With(auth).Post
		r.guards = append(r.guards, argumentGuards(tree, code.Args(tree, root))...)
		next := tree.Child(root, language.SlotCallee)
		if next == language.None || tree.Nodes[next].Kind != language.Dot {
			return nil
		}
		root = tree.Child(next, language.SlotOperand)
	}
	if root == language.None || tree.Nodes[root].Kind != language.Name && tree.Nodes[root].Kind != language.Dot {
		return nil
	}
	receiver := tree.Text(root)
	if client.MatchString(receiver) {
		return nil
	}
	scope := max(code.Enclosing(tree, call), 0) // or the file
	r.router = strconv.Itoa(ordinal(tree, scope)) + " " + receiver
	handler := args[len(args)-1]
	middle := args[1 : len(args)-1]
	if tree.Spec.Name == "go" && len(args) > 2 { // gin puts the handler last, echo and chi first: all that speaks of access counts
		middle = args[1:]
	}
	r.guards = append(r.guards, argumentGuards(tree, middle)...)
	switch tree.Nodes[handler].Kind {
	case language.Func:
		r.guards = append(r.guards, calledGuards(tree, tree.Child(handler, language.SlotBody))...)
	case language.Call: // requireAuth(handler)
		if name := code.Callee(tree, handler); guardName(name) {
			r.guards = append(r.guards, name)
		}
		r.guards = append(r.guards, argumentGuards(tree, code.Args(tree, handler))...)
	case language.Name, language.Dot:
		r.name = code.Last(tree, handler)
	default:
		return nil
	}
	r.covers = wholly(tree, scope, receiver)
	return r
}

// client are receivers that ask instead of answering: axios.get("/x", options).
var client = regexp.MustCompile(`(?i)client|axios|http$|request|supertest|agent|fetch|cache|store|\bapi$|\$http|redis|session|headers?$|params?$`)

// argumentGuards lists the guards among arguments: names, calls, lists, and options such as {preHandler: auth}.
func argumentGuards(tree *language.Tree, args []language.ID) []string {
	var out []string
	for _, a := range args {
		switch tree.Nodes[a].Kind {
		case language.Name, language.Dot:
			if name := code.Last(tree, a); guardName(name) {
				out = append(out, name)
			}
		case language.Call, language.List, language.Dict, language.Spread:
			out = append(out, named(tree, a)...)
		}
	}
	return out
}

// ordinal numbers the functions of a file, to keep routers of the same name in different functions apart.
func ordinal(tree *language.Tree, scope language.ID) int {
	n := 0
	for i := range scope {
		if tree.Nodes[i].Kind == language.Func && tree.Nodes[i].Flags&language.Lambda == 0 {
			n++
		}
	}
	return n
}

// wholly tells whether a router is guarded as a whole: router.use(requireAuth), in the same function or around it.
func wholly(tree *language.Tree, scope language.ID, receiver string) bool {
	for id := scope; id < tree.Nodes[scope].Next; id++ {
		if tree.Nodes[id].Kind != language.Call {
			continue
		}
		callee := tree.Child(id, language.SlotCallee)
		if callee == language.None || tree.Nodes[callee].Kind != language.Dot {
			continue
		}
		switch code.Last(tree, callee) {
		case "use", "Use", "addHook", "all", "before", "register":
			if tree.Text(tree.Child(callee, language.SlotOperand)) == receiver && len(argumentGuards(tree, code.Args(tree, id))) > 0 {
				return true
			}
		}
	}
	// group := r.Group("/admin", requireAdmin)
	for id := scope; id < tree.Nodes[scope].Next; id++ {
		if tree.Nodes[id].Kind != language.Assign {
			continue
		}
		target, value := tree.Child(id, language.SlotTarget), tree.Child(id, language.SlotValue)
		if target != language.None && value != language.None && tree.Text(target) == receiver && tree.Nodes[value].Kind == language.Call && len(argumentGuards(tree, code.Args(tree, value))) > 0 {
			return true
		}
	}
	return false
}
