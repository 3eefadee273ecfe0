package quality

import (
	"slices"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// Derivation is the version of what Derive makes of stored facts. A store that holds outcomes of another one derives them again.
const Derivation = 1

// An Outcome is what became of one change.
type Outcome struct {
	RepoID int64  `json:"repo_id"` // GitHub's number; below 0 for a repository that is known from git alone (see HistoryRepo)
	Repo   string `json:"repo"`    // "owner/name"
	Change string `json:"change"`  // "#12"; of a change that is known from git alone its SHA
	Source Source `json:"source"`

	Author Author `json:"author"`
	// Agent is the tool that took part, as marks say; "" where there is none, SeveralAgents where marks name more than one. Model is what the commits or
	// the text state, as they spell it; "" where they do not.
	Agent string `json:"agent,omitempty"`
	Model string `json:"model,omitempty"`

	Files int `json:"files"`
	Lines int `json:"lines"` // added or changed, as the scan counts them: the size of a change
	// Languages of the changed files, that with the most changed files first. Where changes are counted by language, the first counts.
	Languages []string `json:"languages,omitempty"`

	State  State     `json:"state"`
	Base   string    `json:"base,omitempty"`  // branch
	Head   string    `json:"head,omitempty"`  // SHA of the last head
	Merge  string    `json:"merge,omitempty"` // SHA of what came onto the branch; "": not merged, or not known
	Opened time.Time `json:"opened,omitzero"` // of a change from git alone: when it came onto the branch
	Ready  time.Time `json:"ready,omitzero"`  // when it was first ready for review; zero: it never was, or that is not known
	// Approved is when the last approval came that the decision counted; zero: there was none.
	Approved time.Time `json:"approved,omitzero"`
	Merged   time.Time `json:"merged,omitzero"`
	Closed   time.Time `json:"closed,omitzero"`

	// Pushes counts the heads that were judged, without the first. ToGreen counts those until the first that passed; nil: none has.
	Pushes  int  `json:"pushes"`
	ToGreen *int `json:"to_green,omitempty"`
	// FirstPass says that the first judged head passed as it was; nil: not known yet, or never (it was closed before).
	FirstPass *bool `json:"first_pass,omitempty"`
	// Blocked says that a finding blocked it at some time; of a change from git alone, that one would have.
	Blocked bool   `json:"blocked"`
	Path    []Step `json:"path,omitempty"` // the states of its decisions, without repetitions; at most MaxPath, the first and the last ones

	Findings []Finding `json:"findings,omitempty"` // introduced by any of its heads, each once; at most MaxFindings
	More     int       `json:"more,omitempty"`     // findings beyond those
	Verdicts Verdicts  `json:"verdicts,omitzero"`
	Waivers  int       `json:"waivers,omitempty"` // that counted, at any time

	// What came after the merge, as far as git was looked at. Followed is up to when; zero: nobody has looked.
	Followed time.Time `json:"followed,omitzero"`
	After    []After   `json:"after,omitempty"` // at most MaxAfter, the earliest first

	Cost Cost `json:"cost,omitzero"`
	// Judged names what the first head was judged by.
	Judged JudgedBy `json:"judged,omitzero"`
}

// Bounds of an outcome.
const (
	MaxPath     = 50
	MaxFindings = 200
	MaxAfter    = 20
)

// SeveralAgents is the Agent of a change in which more than one tool took part.
const SeveralAgents = "several"

// A Source says where an outcome is known from.
type Source string

// The sources. A change of the history was merged before anybody judged it: it has no path, verdicts or approvals, and Blocked is what would have been.
const (
	Gate    Source = "gate"
	History Source = "history"
)

// An Author is the kind of author of a change, as far as marks say.
type Author string

// The kinds. Marks can be left out: Unmarked is no proof of a person.
const (
	Agent    Author = "agent"
	Bot      Author = "bot"
	Unmarked Author = "unmarked"
)

// A State is that of a change.
type State string

// The states.
const (
	Open   State = "open"
	Merged State = "merged"
	Closed State = "closed"
)

// A Step of a decision path is a state and since when it held.
type Step struct {
	State gate.State `json:"state"`
	At    time.Time  `json:"at"`
	Head  string     `json:"head,omitempty"` // SHA
}

// A Fate is what became of a finding.
type Fate string

// The fates. A finding has the first that fits: somebody called it wrong; a comment in the source silences it; a waiver let the change pass in spite of it; a
// later head does not have it; the change was merged with it; or none of that yet, or the change was closed.
const (
	False      Fate = "false_positive"
	Suppressed Fate = "suppressed"
	Waived     Fate = "waived"
	Fixed      Fate = "fixed"
	Ignored    Fate = "ignored"
	Standing   Fate = "standing"
)

// Fates lists them, in the order in which they are looked for.
func Fates() []Fate { return []Fate{False, Suppressed, Waived, Fixed, Ignored, Standing} }

// A Finding is one that a change introduced at some time.
type Finding struct {
	Rule        string             `json:"rule"`
	Group       Group              `json:"group"`
	Severity    checks.Severity    `json:"severity"`
	Fingerprint checks.Fingerprint `json:"fingerprint"`
	Path        string             `json:"path,omitempty"`
	Line        int                `json:"line,omitempty"`
	First       bool               `json:"first,omitempty"`  // it was there on the first judged head
	Blocks      bool               `json:"blocks,omitempty"` // it blocked
	Told        bool               `json:"told,omitempty"`   // in a comment, or because it blocked; what was not told cannot be ignored
	Shadow      bool               `json:"shadow,omitempty"` // its rule is on trial
	Fate        Fate               `json:"fate"`
}

// Counts says whether the finding is counted in rates: those that a comment in the source silences are not.
func (f *Finding) Counts() bool { return f.Fate != Suppressed }

// A Group is a group of rules that are watched together.
type Group string

// The groups, by the tags of rules: see GroupOf.
const (
	Security    Group = "security"
	Tests       Group = "tests" // honesty of tests and of what holds the gate
	Supply      Group = "supply"
	Correctness Group = "correctness"
)

// Groups lists them.
func Groups() []Group { return []Group{Security, Tests, Supply, Correctness} }

// GroupOf gives the group of a rule by its tags.
func GroupOf(tags []string) Group {
	for _, by := range []struct {
		tag   string
		group Group
	}{{"test-integrity", Tests}, {"gate-integrity", Tests}, {"supply-chain", Supply}, {"agent-config", Supply}, {"ci", Supply}, {"security", Security}} {
		if slices.Contains(tags, by.tag) {
			return by.group
		}
	}
	return Correctness
}

// Verdicts count what reviewers said; nobody is named.
type Verdicts struct {
	Approvals int `json:"approvals,omitempty"`
	Changes   int `json:"changes_requested,omitempty"`
	Comments  int `json:"comments,omitempty"`
	Dismissed int `json:"dismissed,omitempty"`
	// Sheet is what reviewers scored the change by the rubric, by criterion; see Judgement.
	Sheet map[string]Judgement `json:"sheet,omitempty"`
}

// A Judgement adds up what people said of one criterion: how many, and the sum of their scores from 0 to 100.
type Judgement struct {
	People int `json:"people"`
	Sum    int `json:"sum"`
}

// A Kind says what came after a merge.
type Kind string

// The kinds.
const (
	Reverted Kind = "revert"
	Fix      Kind = "fix"
)

// An After is a commit that took the change back, or replaced lines of it and says that it fixes something.
type After struct {
	Kind    Kind      `json:"kind"`
	SHA     string    `json:"sha"`
	At      time.Time `json:"at"`
	Subject string    `json:"subject"`          // first line of its message, or that of the pull request; at most 120 bytes
	Because string    `json:"because"`          // the evidence in words: "This reverts commit 1a2b3c4"
	Lines   int       `json:"lines,omitempty"`  // of the change that it replaced
	Places  []Place   `json:"places,omitempty"` // where they stood when the change was merged; at most 10
}

// A Place is a range of lines of the merged version.
type Place struct {
	Path string `json:"path"`
	From int    `json:"from"`
	To   int    `json:"to"`
}

// Within says whether something of the kind came within so many days after the merge.
func (o *Outcome) Within(kind Kind, days int) bool {
	return slices.ContainsFunc(o.After, func(a After) bool { return a.Kind == kind && a.At.Sub(o.Merged) <= time.Duration(days)*24*time.Hour })
}

// Seen says whether git was looked at until so many days after the merge, or what they may bring has come already: only then do revert and fix count.
func (o *Outcome) Seen(days int) bool {
	return !o.Merged.IsZero() && !o.Followed.Before(o.Merged.Add(time.Duration(days)*24*time.Hour))
}

// A Cost is what a change cost, as far as it is known.
type Cost struct {
	Compute float64 `json:"compute_seconds,omitempty"` // of the gate's own scans
	// Stated by the change itself, where a configured pattern found it; 0: it states none.
	Tokens int64   `json:"tokens,omitempty"`
	Money  float64 `json:"money,omitempty"` // in Currency
	// Currency is an ISO 4217 code.
	Currency string `json:"currency,omitempty"`
}

// Review is the time from ready to the approval that counted; 0: there was none, or it is not known.
func (o *Outcome) Review() time.Duration {
	if o.Ready.IsZero() || o.Approved.Before(o.Ready) {
		return 0
	}
	return o.Approved.Sub(o.Ready)
}

// JudgedBy names what a change was judged by. Equal digests judge alike.
type JudgedBy struct {
	Tool   string `json:"tool,omitempty"`   // version of reviewgate
	Rules  string `json:"rules,omitempty"`  // digest of the rules, their rollouts, and Tool
	Policy string `json:"policy,omitempty"` // digest of the policy
}

// At is the time at which the change counts on time lines: when it was opened.
func (o *Outcome) At() time.Time { return o.Opened }

// Week is the Monday of the week of At, in UTC, as 2006-01-02.
func (o *Outcome) Week() string { return WeekOf(o.At()) }

// WeekOf gives the Monday of a time's week, in UTC, as 2006-01-02.
func WeekOf(t time.Time) string {
	t = t.UTC()
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7).Format(time.DateOnly)
}

// Language is the one that the change counts for.
func (o *Outcome) Language() string {
	if len(o.Languages) == 0 {
		return ""
	}
	return o.Languages[0]
}

// HistoryRepo is the RepoID of a repository that is known from git alone: below 0, and always the same for a name.
func HistoryRepo(name string) int64 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, c := range []byte(name) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return -int64(h>>1) - 1 //nolint:gosec // 63 bits fit
}
