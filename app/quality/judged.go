package quality

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/checks"
)

// A Judged head is what is kept of the decisions on one head of a pull request: what of their facts outlives them.
type Judged struct {
	Head      string    `json:"head"`
	First     time.Time `json:"first"` // when it was first judged
	Author    Author    `json:"author"`
	Agents    []string  `json:"agents,omitempty"` // names of tools
	Models    []string  `json:"models,omitempty"` // that the change states
	Files     int       `json:"files"`
	Lines     int       `json:"lines"`
	Languages []string  `json:"languages,omitempty"`
	Findings  []Finding `json:"findings,omitempty"` // without a fate, but for those that are suppressed; at most MaxFindings
	More      int       `json:"more,omitempty"`
	Waived    []string  `json:"waived,omitempty"`  // rules and checks that a waiver let pass, sorted
	Counted   []int64   `json:"counted,omitempty"` // reviews whose approval counted in the last decision
	Verdicts  Verdicts  `json:"verdicts,omitzero"`
	Cost      Cost      `json:"cost,omitzero"`
	By        JudgedBy  `json:"by,omitzero"`
	Scanned   bool      `json:"scanned"` // a scan was made: else nothing is known of size and findings
}

// A Measure is what a scan says of a head, as far as outcomes need it: plain data, because this package does not know scans.
type Measure struct {
	Files, Lines int
	Languages    []string
	Findings     []checks.Finding
	Groups       map[string]Group // of rules
	Seconds      float64          // that the scan took; 0: an earlier one was used again
	By           JudgedBy
}

// Judge makes a Judged of one decision and what it was made from. m may be nil: no scan was made. was is what an earlier decision on the same head left, or nil.
func Judge(was *Judged, at time.Time, policy *gate.Policy, d *gate.Decision, f *gate.Facts, m *Measure, costs []CostPattern) *Judged {
	j := &Judged{Head: f.Head, First: at}
	if was != nil {
		j.First, j.Waived, j.Cost.Compute = was.First, slices.Clone(was.Waived), was.Cost.Compute
		j.Files, j.Lines, j.Languages, j.Findings, j.More, j.By, j.Scanned = was.Files, was.Lines, was.Languages, was.Findings, was.More, was.By, was.Scanned
	}
	if policy == nil {
		policy = &gate.Policy{}
	}
	j.Author, j.Agents = Marked(policy, f)
	j.Models = gate.Models(f)
	stated := Stated(costs, f)
	stated.Compute = j.Cost.Compute
	j.Cost = stated
	for _, w := range d.Waivers {
		if name := strings.ToLower(w.Rule); w.Counts && !slices.Contains(j.Waived, name) {
			j.Waived = append(j.Waived, name)
		}
	}
	slices.Sort(j.Waived)
	for _, r := range d.Reviews {
		if r.Counts && r.State == "APPROVED" {
			j.Counted = append(j.Counted, r.ReviewID)
		}
	}
	for _, r := range f.Reviews {
		if r.Reviewer.Type != "User" {
			continue
		}
		switch r.State {
		case "APPROVED":
			j.Verdicts.Approvals++
		case "CHANGES_REQUESTED":
			j.Verdicts.Changes++
		case "COMMENTED":
			j.Verdicts.Comments++
		case "DISMISSED":
			j.Verdicts.Dismissed++
		}
	}
	if m != nil {
		j.measure(m, d)
	}
	return j
}

// Marked says who made a change, as far as marks in it say.
func Marked(policy *gate.Policy, f *gate.Facts) (Author, []string) {
	agents, bot := gate.AgentsIn(policy, f)
	switch {
	case len(agents) > 0:
		return Agent, agents
	case bot:
		return Bot, nil
	}
	return Unmarked, nil
}

func (j *Judged) measure(m *Measure, d *gate.Decision) {
	j.Scanned, j.Files, j.Lines, j.Languages, j.By = true, m.Files, m.Lines, m.Languages, m.By
	j.Cost.Compute += m.Seconds
	j.Findings, j.More = nil, 0
	for i := range m.Findings {
		f := &m.Findings[i]
		if !f.Introduced {
			continue
		}
		if len(j.Findings) == MaxFindings {
			j.More++
			continue
		}
		// The decision says what blocks: a policy that only advises blocks nothing, and neither does what an approval clears.
		blocks := slices.Contains(d.Blocking, string(f.Fingerprint))
		one := Finding{Rule: f.RuleID, Group: cmp.Or(m.Groups[f.RuleID], Correctness), Severity: f.Severity, Fingerprint: f.Fingerprint, Path: strings.ToValidUTF8(f.Location.Path, "\ufffd"), Line: f.Location.StartLine,
			Blocks: blocks, Told: f.Comment || blocks, Shadow: f.Shadow}
		if f.Suppressed() {
			one.Fate = Suppressed
		}
		j.Findings = append(j.Findings, one)
	}
}

// Facts are what is stored of one change that the gate has judged.
type Facts struct {
	RepoID                        int64
	Repo                          string
	Number                        int
	State                         State
	Base, Head, Merge             string
	Opened, Ready, Merged, Closed time.Time
	Decisions                     []Step              // all of them, oldest first
	Judged                        []Judged            // oldest first
	Approvals                     map[int64]time.Time // when reviews came in that approve
	False                         []checks.Fingerprint
	Followed                      time.Time
	After                         []After
	Sheet                         map[string]Judgement
}
