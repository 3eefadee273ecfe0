package gate

// A State is the outcome of a decision.
type State string

// The states, and what the check run says for each (gate.md section 0): success, failure, action_required, action_required.
const (
	Pass    State = "pass"
	Block   State = "block"   // a blocking finding stands
	Pending State = "pending" // people have to act
	Error   State = "error"   // cannot tell, or a broken policy
)

// A Decision explains itself by value: every output (check run, JSON, page, simulate) renders this and nothing else.
type Decision struct {
	State        State          `json:"state"`
	Advisory     bool           `json:"advisory,omitempty"`   // the policy does not enforce: State is what it would be
	Ungoverned   bool           `json:"ungoverned,omitempty"` // the base branch is not governed: comments, no check run
	Title        string         `json:"title"`                // the state in words, for the check run's title; at most 80 characters
	Next         []string       `json:"next,omitempty"`       // what to do now, most important first: whole sentences
	Guards       []GuardAnswer  `json:"guards"`
	Reviews      []ReviewAnswer `json:"reviews"`
	Blocking     []string       `json:"blocking,omitempty"` // fingerprints of the findings that block
	Disqualified []Disqualified `json:"disqualified,omitempty"`
	Unknown      []Unknown      `json:"unknown,omitempty"`
	Problems     []Problem      `json:"problems,omitempty"`
	Waivers      []WaiverAnswer `json:"waivers,omitempty"`
	Agents       []AgentMark    `json:"agents,omitempty"` // evidence that an agent took part
	// Sources are what it was judged by: ".github/reviewgate.yml@1a2b3c4".
	Sources []string `json:"sources,omitempty"`
}

// A GuardAnswer says whether one guard holds and, if not, who can change that.
type GuardAnswer struct {
	Name     string   `json:"name"`
	Origin   string   `json:"origin"`
	Files    []string `json:"files"`           // the changed files that matched, sorted
	Needed   int      `json:"needed"`          // with Extra
	Extra    int      `json:"extra,omitempty"` // that many of Needed may come from anyone eligible with write: agents, unattributed commits
	Approved []string `json:"approved"`        // logins whose approval counts here
	May      []string `json:"may"`             // who may still approve: "@login", "@org/team", "anyone with write", "a maintainer"
	Holds    bool     `json:"holds"`
	// Waived lists who lets the change pass in spite of this guard.
	Waived     []string          `json:"waived,omitempty"`
	Checklists []ChecklistAnswer `json:"checklists,omitempty"`
	Because    string            `json:"because"` // "2 of 2 approvals", "needs 1 more approval from @acme/security"
}

// A ReviewAnswer says why one person's latest review counts or does not.
type ReviewAnswer struct {
	ReviewID int64  `json:"review_id"`
	Reviewer Person `json:"reviewer"`
	State    string `json:"state"`
	Counts   bool   `json:"counts"`
	Because  string `json:"because"` // "is an author of commit 1a2b3c4", "is a bot", "saw abc1234; src/auth/login.go changed since"
}

// Disqualified is a person who cannot approve this pull request, and why.
type Disqualified struct {
	Person  Person   `json:"person"`
	Because []string `json:"because"`
}

// An AgentMark is one piece of evidence that an agent took part. It only ever adds requirements.
type AgentMark struct {
	Agent    string `json:"agent"`
	Evidence string `json:"evidence"`
}
