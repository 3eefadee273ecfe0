package scan

import (
	"cmp"
	"slices"
	"time"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
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
	Imports   []ImportResult     `json:"imports,omitempty"`  // reports of other tools, sorted by file and tool
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
type Layers = sandbox.Layers

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

// Reusable says that the result may be stored and used again under its Key. One with a failure in it may not: it says what went wrong once.
func (r *Result) Reusable() bool { return len(r.Failures()) == 0 }

// Merge joins the results of scans of parts of one tree; maxComments is as in Config. Nil for none.
func Merge(results []*Result, maxComments int) *Result {
	var all *Result
	for _, r := range results {
		if all == nil {
			first := *r
			all = &first
			continue
		}
		all.add(r)
	}
	if all != nil {
		c := Config{MaxComments: maxComments}
		all.finish(c.maxComments())
	}
	return all
}

// add takes over another part of the tree; finish brings the whole into order.
func (r *Result) add(other *Result) {
	r.Findings = append(slices.Clip(r.Findings), other.Findings...)
	r.Unscanned = append(slices.Clip(r.Unscanned), other.Unscanned...)
	r.Files += other.Files
	r.Lines += other.Lines
	r.Duration += other.Duration
	// These few are joined at once, so that their number does not grow with the parts.
	r.Rules = joined(r.Rules, other.Rules, func(a, b checks.RuleInfo) int { return cmp.Compare(a.ID, b.ID) }, func(a, _ checks.RuleInfo) checks.RuleInfo { return a })
	r.Checks = joined(r.Checks, other.Checks, func(a, b CheckResult) int { return cmp.Compare(a.Name, b.Name) }, worse)
	r.Problems = joined(r.Problems, other.Problems, compareProblems, func(a, _ Problem) Problem { return a })
	r.Languages = joined(r.Languages, other.Languages, cmp.Compare[string], func(a, _ string) string { return a })
	r.Sandbox = sandbox.Weaker(r.Sandbox, other.Sandbox)
}

// joined merges two sorted lists; both makes one of two that are equal.
func joined[T any](a, b []T, compare func(a, b T) int, both func(a, b T) T) []T {
	out := slices.Concat(a, b)
	slices.SortStableFunc(out, compare)
	n := 0
	for i, x := range out {
		if i > 0 && compare(out[n-1], x) == 0 {
			out[n-1] = both(out[n-1], x)
			continue
		}
		out[n] = x
		n++
	}
	return out[:n]
}

// finish sorts, and keeps the comments within the budget: the parts have marked as many each.
func (r *Result) finish(maxComments int) {
	slices.SortStableFunc(r.Findings, compareFindings)
	slices.SortFunc(r.Unscanned, compareUnscanned)
	r.Unscanned = slices.Compact(r.Unscanned)
	marked := []*checks.Finding{}
	for i := range r.Findings {
		if r.Findings[i].Comment {
			marked = append(marked, &r.Findings[i])
		}
	}
	slices.SortStableFunc(marked, func(a, b *checks.Finding) int { return heavierFirst(&found{Finding: *a}, &found{Finding: *b}) })
	for _, f := range marked[min(maxComments, len(marked)):] {
		f.Comment = false
	}
}
