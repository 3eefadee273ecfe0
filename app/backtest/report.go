package backtest

import (
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// Version is that of the Report's JSON form.
const Version = 1

// A Report is what a run says.
type Report struct {
	Version int    `json:"version"`
	Tool    string `json:"tool"`   // with its version
	Digest  string `json:"digest"` // of the rules and the configuration: equal digests and tools were judged alike
	Policy  string `json:"policy,omitempty"`
	Since   string `json:"since,omitempty"` // the day, as 2006-01-02
	Limit   int    `json:"limit,omitempty"` // changes of each repository
	// Only lists the rules that were asked for; empty: all.
	Only         []string     `json:"only,omitempty"`
	Repositories []Repository `json:"repositories"`
	Changes      []Change     `json:"changes"` // by repository in the order given, newest first
	Total        Totals       `json:"total"`
	ByAuthor     []Totals     `json:"by_author"` // agent, bot, unmarked; those that occur
	ByAgent      []Totals     `json:"by_agent"`  // by name of the tool; a change of two tools counts for both
	ByRepository []Totals     `json:"by_repository"`
	ByRule       []RuleTotals `json:"by_rule"` // sorted by id; every rule that ran
	ByGuard      []Guard      `json:"by_guard,omitempty"`
	Failed       []Failed     `json:"failed,omitempty"` // why changes could not be scanned, most frequent first
	Timing       Timing       `json:"timing"`
	Problems     []string     `json:"problems,omitempty"` // rules that cannot run
	// Stopped says that the run was interrupted: what is here is what was done by then.
	Stopped bool `json:"stopped,omitempty"`
}

// A Repository is one of those that were replayed.
type Repository struct {
	Name    string `json:"name"`
	Branch  string `json:"branch"`
	Head    string `json:"head"`
	Changes int    `json:"changes"`           // found
	Shallow bool   `json:"shallow,omitempty"` // its history is cut off
	Newest  string `json:"newest,omitempty"`  // the day of the newest change looked at or left out
}

// An Author is the kind of author of a change, as far as marks in its commits say.
type Author string

// The kinds. Marks can be left out, so Unmarked is no proof of a person.
const (
	Agent    Author = "agent"
	Bot      Author = "bot" // an account of a program that nobody sets to work by describing a change
	Unmarked Author = "unmarked"
)

// A Change is one that was merged.
type Change struct {
	Repository string    `json:"repository"`
	Commit     string    `json:"commit"`
	Parent     string    `json:"parent,omitempty"` // "": there is none
	At         time.Time `json:"at"`               // the committer's clock
	Merge      bool      `json:"merge,omitempty"`
	Outcome
}

// An Outcome is what is kept of a change in the cache.
type Outcome struct {
	Author  Author   `json:"author,omitempty"`
	Agents  []string `json:"agents,omitempty"` // names of tools, sorted
	Files   int      `json:"files"`
	Lines   int      `json:"lines"`             // added
	Seconds float64  `json:"seconds,omitempty"` // that reading and scanning took
	// Unscanned counts the files and regions that could not be judged; the change counts all the same.
	Unscanned int       `json:"unscanned,omitempty"`
	Error     string    `json:"error,omitempty"` // why the change could not be scanned
	Findings  []Finding `json:"findings"`        // what the change introduced, most severe first
	More      int       `json:"more,omitempty"`  // findings beyond maxFindings
	Asked     []Asked   `json:"asked,omitempty"` // with a policy: the guards that the change met
}

// maxFindings bounds what is kept of one change.
const maxFindings = 1000

// A Finding is one that a change introduced.
type Finding struct {
	Rule        string             `json:"rule"`
	Severity    checks.Severity    `json:"severity"`
	Confidence  checks.Confidence  `json:"confidence"`
	Path        string             `json:"path"`
	Side        checks.Side        `json:"side"`
	Line        int                `json:"line"`
	Message     string             `json:"message"`
	Excerpt     string             `json:"excerpt,omitempty"`
	Fingerprint checks.Fingerprint `json:"fingerprint"`
	Comment     bool               `json:"comment,omitempty"`    // it would have been told inline
	Blocking    bool               `json:"blocking,omitempty"`   // it would have blocked
	Suppressed  bool               `json:"suppressed,omitempty"` // a comment in the source silenced it: it is counted as that alone
	Approval    bool               `json:"approval,omitempty"`   // an approval would have cleared it: it asks, and does not block
}

// An Asked is a guard that a change met, as far as git tells.
type Asked struct {
	Guard     string   `json:"guard"`
	Origin    string   `json:"origin"`
	Approvals int      `json:"approvals"` // that it asks for; whether they were given is not known
	From      []string `json:"from,omitempty"`
	Files     int      `json:"files"`
	// Unless is set where git does not tell whether the guard applied: what it depends on.
	Unless string `json:"unless,omitempty"`
}

func asked(a *gate.GuardAnswer, maybe bool) Asked {
	out := Asked{Guard: a.Name, Origin: a.Origin, Approvals: a.Needed, From: a.May, Files: len(a.Files)}
	if maybe {
		out.Unless = a.Because
		for _, word := range []string{", but only when: ", ", unless "} {
			if _, on, ok := strings.Cut(a.Because, word); ok {
				out.Unless = strings.TrimPrefix(word, ", but ") + on
			}
		}
		out.Unless = strings.TrimPrefix(out.Unless, ", ")
	}
	return out
}

// Totals add up changes of one group.
type Totals struct {
	Name      string `json:"name"`
	Changes   int    `json:"changes"` // that were scanned
	Failed    int    `json:"failed"`  // that could not be scanned; they are in none of the other numbers
	Lines     int    `json:"lines"`   // added
	Findings  int    `json:"findings"`
	Comments  int    `json:"comments"`
	Blocking  int    `json:"blocking"` // findings
	With      int    `json:"changes_with_findings"`
	Commented int    `json:"changes_commented"`
	Blocked   int    `json:"changes_blocked"`
	// Approval counts the changes of which a guard or a finding surely asked for an approval; MayApproval those where git does not tell.
	Approval    int `json:"changes_asked_approval,omitempty"`
	MayApproval int `json:"changes_may_be_asked,omitempty"`
}

// RuleTotals add up the findings of one rule.
type RuleTotals struct {
	Rule       string         `json:"rule"`
	Rollout    checks.Rollout `json:"rollout"` // that it was judged by
	Findings   int            `json:"findings"`
	Comments   int            `json:"comments"`
	Blocking   int            `json:"blocking"`
	Suppressed int            `json:"suppressed,omitempty"`
	Changes    int            `json:"changes"` // with a finding
	Blocked    int            `json:"changes_blocked"`
	ByAuthor   map[Author]int `json:"by_author,omitempty"`     // findings
	ByRepo     map[string]int `json:"by_repository,omitempty"` // findings
	Judged     *Precision     `json:"judged,omitempty"`
}

// A Guard adds up how often one of the policy's guards was met.
type Guard struct {
	Guard   string `json:"guard"`
	Origin  string `json:"origin"`
	Changes int    `json:"changes"`           // that it surely asked for an approval
	Maybe   int    `json:"changes_may_be"`    // where git does not tell
	Most    int    `json:"approvals"`         // the most that it asked for
	Because string `json:"unknown,omitempty"` // what git does not tell
}

// Failed is a reason why changes could not be scanned.
type Failed struct {
	Why     string   `json:"why"`
	Changes int      `json:"changes"`
	Commits []string `json:"commits"` // some of them
}

// Timing is how long changes took, of those that were scanned in this run or an earlier one.
type Timing struct {
	P50    float64 `json:"p50_seconds"`
	P95    float64 `json:"p95_seconds"`
	Most   float64 `json:"most_seconds"`
	Cached int     `json:"cached"` // changes that an earlier run had scanned
}
