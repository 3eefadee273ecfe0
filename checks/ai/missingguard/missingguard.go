package missingguard

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"maps"
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

const ruleID = "route-guard-missing"

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/missing-guard",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "A new route without the guard of its siblings",
		Why:        "Anybody who can reach the server can call it, where the routes beside it ask who is calling and what they may do.",
		Remedy:     "Give the route the guard that its siblings have. If it is meant to be open, say so where a reader sees it: in its name, or on a router of its own.",
		Severity:   checks.High,
		Confidence: checks.Likely,
		CWE:        []string{"CWE-306", "CWE-862"},
		References: []string{"https://cwe.mitre.org/data/definitions/862.html", "https://owasp.org/Top10/A01_2021-Broken_Access_Control/"},
		Tags:       []string{"security"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

// A route is one endpoint that a file declares.
type route struct {
	at     language.ID // where a reader looks: the decorator or the call
	router string      // what it is a sibling by
	method string      // "POST"; "" if it is not said
	path   string
	name   string   // of the handler
	guards []string // names
	covers bool     // its router or class is guarded as a whole
}

// keys are what a route is recognised by on both sides: where it answers, or who answers. Either is enough: a route that is written in another
// way is not new.
func (r *route) keys() []string {
	var out []string
	if r.path != "" {
		out = append(out, "at "+r.method+" "+r.path)
	}
	if r.name != "" {
		out = append(out, "by "+r.name)
	}
	return out
}

func (r *route) writes() bool {
	switch r.method {
	case "POST", "PUT", "PATCH", "DELETE":
		return true
	}
	return false
}

func run(ctx context.Context, pass *checks.Pass) error {
	base := map[*checks.File]known{}
	err := code.Each(ctx, pass, checks.Base, code.Product, func(f code.File) {
		base[f.File] = known{}
		for _, r := range routes(f.Tree) {
			for _, k := range r.keys() {
				base[f.File][k] = true
			}
		}
	})
	if err != nil {
		return err
	}
	return code.Each(ctx, pass, checks.Head, code.Product, func(f code.File) { judge(pass, f, base[f.File]) })
}

// known are the keys of the routes that base had.
type known map[string]bool

func (k known) has(r *route) bool {
	return slices.ContainsFunc(r.keys(), func(key string) bool { return k[key] })
}

func judge(pass *checks.Pass, f code.File, base known) {
	byRouter := map[string][]*route{}
	for _, r := range routes(f.Tree) {
		byRouter[r.router] = append(byRouter[r.router], r)
	}
	for _, router := range slices.Sorted(maps.Keys(byRouter)) {
		list := byRouter[router]
		if slices.ContainsFunc(list, func(r *route) bool { return r.covers }) {
			continue
		}
		guarded, open := 0, 0
		names := map[string]int{}
		for _, r := range list {
			switch {
			case len(r.guards) > 0:
				guarded++
				for _, g := range slices.Compact(slices.Sorted(slices.Values(r.guards))) {
					names[g]++
				}
			case !public(r) && base.has(r):
				open++ // those that are new are judged, and are no evidence
			}
		}
		if guarded < 2 {
			continue
		}
		usual := usualOf(names)
		for _, r := range list {
			if len(r.guards) > 0 || base.has(r) || public(r) || !f.Changed(r.at) {
				continue
			}
			severity, confidence, ok := weigh(r, guarded, open)
			if !ok {
				continue
			}
			what := strings.TrimSpace(r.method + " " + r.path)
			if r.path == "" {
				what = r.name
			}
			finding := checks.Finding{
				RuleID: ruleID, Severity: severity, Confidence: confidence,
				Message: fmt.Sprintf("`%s` is new and has no guard, while %d of the %d other routes beside it have one (mostly `%s`). Give it the guard that it needs, or make plain that it is open",
					code.Shorten(what), guarded, guarded+open, usual),
				Location: f.Head(r.at), Key: r.method + " " + r.path + " " + r.name,
			}
			for _, s := range list {
				if slices.Contains(s.guards, usual) && len(finding.Related) < 2 {
					finding.Related = append(finding.Related, checks.Related{Location: f.Head(s.at), Message: "a route beside it, guarded by `" + usual + "`"})
				}
			}
			pass.Report(finding)
		}
	}
}

// weigh decides by what the route does and how much its siblings agree.
func weigh(r *route, guarded, open int) (checks.Severity, checks.Confidence, bool) {
	all := guarded + open
	switch {
	case r.writes() && guarded >= 3 && 5*guarded >= 4*all:
		return checks.High, checks.Likely, true
	case r.writes() && guarded >= 2 && 5*guarded >= 3*all:
		return checks.Medium, checks.Likely, true
	case guarded >= 4 && 10*guarded >= 9*all:
		return checks.Medium, checks.Likely, true
	}
	return 0, 0, false
}

func usualOf(names map[string]int) string {
	sorted := slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		return cmp.Or(cmp.Compare(names[b], names[a]), strings.Compare(a, b))
	})
	return sorted[0]
}

// openWords are those of routes that are meant for everybody.
var openWords = map[string]bool{
	"login": true, "logout": true, "signin": true, "signup": true, "register": true, "registration": true, "health": true, "healthz": true, "healthcheck": true, "ping": true, "ready": true, "readyz": true,
	"live": true, "livez": true, "liveness": true, "readiness": true, "metrics": true, "webhook": true, "webhooks": true, "hook": true, "hooks": true, "callback": true, "public": true, "csrf": true, "oauth": true, "oauth2": true,
	"sso": true, "saml": true, "oidc": true, "token": true, "tokens": true, "refresh": true, "forgot": true, "reset": true, "verify": true, "confirm": true, "activate": true, "invitation": true, "status": true, "version": true,
	"static": true, "assets": true, "favicon": true, "docs": true, "openapi": true, "swagger": true, "robots": true, "sitemap": true, "contact": true, "subscribe": true, "unsubscribe": true, "index": true, "home": true,
	"about": true, "terms": true, "privacy": true, "auth": true, "authenticate": true, "session": true, "sessions": true, "password": true, "known": true, "options": true, "error": true, "captcha": true, "anonymous": true,
	"guest": true, "share": true, "shared": true, "debug": true, "test": true,
}

func public(r *route) bool {
	if r.path == "*" || r.path == "/*" || r.path == "/" && !r.writes() {
		return true
	}
	words := append(code.Words(r.name), code.Words(strings.NewReplacer("/", "_", ":", "_", "{", "_", "}", "_", "<", "_", ">", "_", "*", "_").Replace(r.path))...)
	return slices.ContainsFunc(words, func(w string) bool { return openWords[w] })
}
