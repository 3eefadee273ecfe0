package gate

import "github.com/reviewgate-app/reviewgate/checks"

// A Policy is what must hold before a merge: the effective one (floor and repository together) that Decide judges by.
// Package config reads it from YAML; every name in it has been validated there.
type Policy struct {
	Mode Mode `json:"mode"`
	// Floored says that an organisation's floor is part of it: then no waiver and no exemption of a repository's guard lifts what the change as a
	// whole needs on top.
	Floored bool    `json:"floored,omitempty"`
	Guards  []Guard `json:"guards"`  // of the floor first, then of the repository; all that match apply
	Default *Need   `json:"default"` // for files that no guard matched; nil: nothing
	// FloorDefault is the floor's default, for files that no guard of the floor matched: a guard of the repository does not switch it off.
	FloorDefault *Need    `json:"floor_default,omitempty"`
	Stale        Stale    `json:"stale"`
	ControlPlane Plane    `json:"control_plane,omitempty"`
	Agents       Agents   `json:"agents"`
	Checks       Blocking `json:"checks"`
	Waivers      *Waivers `json:"waivers,omitempty"` // nil: nobody may waive
	// RepoWaivers are those of a repository under a floor: they bind only what the repository itself asks for.
	RepoWaivers *Waivers `json:"repo_waivers,omitempty"`
	Exempt      []Exempt `json:"exempt,omitempty"` // the first that fits applies
	Governed    []string `json:"governed"`         // base branches, "~default" and globs; empty: the default branch
	Audit       Audit    `json:"audit,omitzero"`
	// Sources names the files and SHAs that the policy came from, as shown to users: ".github/reviewgate.yml@1a2b3c4".
	Sources []string `json:"sources"`
	// Broken is set when what applies could not be read: the decision is "cannot tell" unless the change repairs it.
	Broken []Problem `json:"broken,omitempty"`
	// HeadBroken lists what is wrong with the version of policy, rules or CODEOWNERS that the change itself brings: it must be valid too.
	HeadBroken []Problem `json:"head_broken,omitempty"`
	// HeadChecked says that the change's own version was read and validated; a change to those files without it is "cannot tell".
	HeadChecked bool `json:"head_checked,omitempty"`
	// FloorBroken is set when the organisation's floor could not be read: nothing in this repository repairs that.
	FloorBroken []Problem `json:"floor_broken,omitempty"`
}

// A Problem is one error in a policy or rule file, as told to its owner.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"` // what is wrong
	Remedy  string `json:"remedy"`  // what to do
	Warning bool   `json:"warning,omitempty"`
}

// Mode says whether the check can block.
type Mode string

// The modes.
const (
	Advisory Mode = "advisory"
	Enforce  Mode = "enforce"
)

// Stale says what a push does to an approval.
type Stale string

// The staleness rules.
const (
	StalePaths   Stale = "paths"    // the approval holds while every guarded path is what it saw
	StaleAnyPush Stale = "any-push" // the approval holds for the head it saw only
)

// Plane says when files that steer builds need an approval.
type Plane string

// When they do.
const (
	PlaneRequired Plane = ""       // always
	PlaneAgents   Plane = "agents" // if an agent took part, somebody is not known, or it comes from a fork
	PlaneOff      Plane = "off"
)

// holds says whether the files that steer builds need an approval in this change.
func (p Plane) holds(f *Facts, in *involved) bool {
	switch p {
	case PlaneOff:
		return false
	case PlaneAgents:
		return len(in.marks) > 0 || len(in.unattributed) > 0 || in.unsponsored || f.Fork == nil || *f.Fork
	default:
		return true
	}
}

// A Guard is one policy entry: paths, and who approves a change to them.
type Guard struct {
	Name   string   `json:"name"`
	Origin string   `json:"origin"` // "built-in", "floor", "repository"
	Paths  []string `json:"paths"`  // anchored globs; "!" excludes; files that match any and no later exclusion
	Tier   string   `json:"tier,omitempty"`
	When   *When    `json:"when,omitempty"` // nil: always
	// Unwaivable says that no waiver counts here.
	Unwaivable bool        `json:"unwaivable,omitempty"`
	Checklists []Checklist `json:"checklists,omitempty"` // all must be attested
	Need       Need        `json:"need"`
}

// Need is how many approvals, from whom.
type Need struct {
	Approvals int        `json:"approvals"`
	From      []Approver `json:"from"` // any of them; empty: anyone eligible with write
	UpToDate  bool       `json:"up_to_date,omitempty"`
	// ByPath lets somebody whose commits and pushes touch none of the guard's files approve here; otherwise whoever took part in the pull request
	// cannot approve any of it. Never true for tier critical.
	ByPath bool `json:"by_path,omitempty"`
	// AnyOf, if set, takes the place of From: one of the alternatives, with an approval of another person for each of its approvers.
	AnyOf [][]Approver `json:"any_of,omitempty"`
	// AllowReaders lets people who may only read the repository approve here, if From names them.
	AllowReaders bool `json:"allow_readers,omitempty"`
	// MinReview is how many seconds after the push that it is for an approval must come to count here; 0: any.
	MinReview int `json:"min_review,omitempty"`
	// DistinctTeams, if set, are the teams that the approvals must come from, each from another one.
	DistinctTeams []string `json:"distinct_teams,omitempty"`
}

// An Approver is a person or a group that may approve. Exactly one field is set.
type Approver struct {
	User       string `json:"user,omitempty"`    // login, without @
	Team       string `json:"team,omitempty"`    // "org/slug"
	TeamID     int64  `json:"team_id,omitempty"` // pins Team; not a choice of its own
	Role       Role   `json:"role,omitempty"`
	Codeowners bool   `json:"codeowners,omitempty"`
}

// Agents says which accounts are agents and what their changes need on top.
type Agents struct {
	Accounts       []string `json:"accounts,omitempty"` // logins, besides the built-in table
	ExtraApprovals int      `json:"extra_approvals"`
	// BlockUnattributed makes the change wait until everybody behind it is known; otherwise it costs an approval more.
	BlockUnattributed bool `json:"block_unattributed,omitempty"`
	// Disclosure makes the change wait until its text says that an agent helped, where there is evidence of one.
	Disclosure bool              `json:"disclosure,omitempty"`
	Sponsors   map[string]string `json:"sponsors,omitempty"` // agent login -> the human who sets it to work
	// RepoSponsors are those that a repository names beside a floor: they cannot approve, but they do not lift the approval
	// that an agent without a known sponsor needs, because a repository only adds.
	RepoSponsors map[string]string `json:"repo_sponsors,omitempty"`
}

// Blocking says which findings block.
type Blocking struct {
	Severity checks.Severity `json:"severity"`           // the lowest that blocks (with high confidence); zero: high
	BlockOn  []string        `json:"block_on,omitempty"` // rule ids that block whatever their severity
	Pack     string          `json:"pack,omitempty"`
	// Rollouts say by rule id how far a rule goes; of a rule that is not in it the rule's own file, or that it is built in, says it.
	Rollouts map[string]checks.Rollout `json:"rollouts,omitempty"`
}

// Audit says where a merge that went around the gate is told, beside the log.
type Audit struct {
	Issue   bool `json:"issue,omitempty"`   // in an issue of the repository
	Webhook bool `json:"webhook,omitempty"` // to the address that the operator has set
}
