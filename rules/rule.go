// Package rules holds what security leads write: the rule type, its loader with positions, and the embedded library.
package rules

// A Source is one rule file, not yet parsed. Rule files cross to the worker as sources, because a compiled rule cannot.
type Source struct {
	Name   string // where the user finds it: a path, or "builtin/python/sql-string-build.yaml"
	Origin Origin
	Data   []byte
}

// Origin says whose rule it is; it decides the default rollout and who is told when it cannot run.
type Origin string

// The origins.
const (
	OriginBuiltin    Origin = "builtin"
	OriginFlag       Origin = "flag"       // scan --rules
	OriginRepository Origin = "repository" // .github/reviewgate/rules
	OriginFloor      Origin = "floor"      // reviewgate-rules in the organisation's .github repository
)
