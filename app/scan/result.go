package scan

import (
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A Result is all that a scan says. Its JSON form is complete: every output can be made from it.
type Result struct {
	Base      string             `json:"base,omitempty"` // SHA of the merge base, "" for plain folders and --all
	Head      string             `json:"head,omitempty"` // SHA, or "" for the work tree
	Findings  []checks.Finding   `json:"findings"`       // sorted: introduced first, then severity, path, line, rule; suppressed and old ones are kept and marked
	Rules     []checks.RuleInfo  `json:"rules"`          // every rule that ran, sorted by id
	Checks    []CheckResult      `json:"checks"`         // every check, sorted by name
	Unscanned []checks.Unscanned `json:"unscanned,omitempty"`
	Problems  []Problem          `json:"problems,omitempty"` // rules that could not run, and why
	Files     int                `json:"files"`              // changed files
	Lines     int                `json:"lines"`              // added lines
	Languages []string           `json:"languages,omitempty"`
	Sandbox   Layers             `json:"sandbox"`
	Duration  time.Duration      `json:"-"` // not part of the stored result: the same scan gives the same bytes
}

// CheckResult says what became of one check. "Did not run" is a result of its own.
type CheckResult struct {
	Name   string        `json:"name"`
	Status CheckStatus   `json:"status"`
	Reason string        `json:"reason,omitempty"` // for skipped and failed
	Took   time.Duration `json:"-"`
}

// CheckStatus says whether a check ran.
type CheckStatus string

// The statuses.
const (
	Ran     CheckStatus = "ran"
	Skipped CheckStatus = "skipped"
	Failed  CheckStatus = "failed"
)

// A Problem is a rule that cannot run, as told to whoever owns it.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	RuleID  string `json:"rule_id,omitempty"`
	Message string `json:"message"`
	Blocks  bool   `json:"blocks,omitempty"` // its rollout is block: the scan cannot tell
}

// Layers says which layers of the sandbox held while the scan ran.
type Layers struct {
	Mode    string   `json:"mode"`              // "require", "auto", "off"
	Held    []string `json:"held,omitempty"`    // "rlimits", "landlock", "seccomp"
	Missing []string `json:"missing,omitempty"` // with the reason: "landlock: not supported by this kernel"
}

// Failures lists the checks that failed at run time, as sentences; empty if all ran.
func (r *Result) Failures() []string {
	var out []string
	for _, c := range r.Checks {
		if c.Status == Failed {
			out = append(out, c.Name+": "+c.Reason)
		}
	}
	for _, p := range r.Problems {
		if p.Blocks {
			out = append(out, p.File+": "+p.Message)
		}
	}
	return out
}

// Blocking counts the findings that block.
func (r *Result) Blocking() int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Blocking {
			n++
		}
	}
	return n
}
