package gate

import (
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// Facts are everything that a decision is made from, gathered before it and stored with it. What could not be read is in
// Unknown: the decision then is "cannot tell". Facts are plain data; the same facts give the same decision.
type Facts struct {
	Repo      string `json:"repo"` // "owner/name"
	Number    int    `json:"number"`
	State     string `json:"state"` // "open", "closed", "merged"
	Draft     bool   `json:"draft"`
	Head      string `json:"head"`       // SHA
	BaseRef   string `json:"base_ref"`   // branch name
	Base      string `json:"base"`       // SHA of the base branch
	MergeBase string `json:"merge_base"` // SHA
	// Default is the name of the default branch.
	Default string `json:"default_branch"`

	// Title, Body, HeadRef and Labels are under the author's control: they can only add requirements (marks of an agent).
	Title   string `json:"title,omitempty"`
	Body    string `json:"body,omitempty"`
	HeadRef string `json:"head_ref,omitempty"` // branch name of the head
	// Fork says that the head lives in another repository, FirstTime that the author never had a change merged in this one; nil: not known, and
	// then guards for either apply.
	Fork      *bool `json:"fork,omitempty"`
	FirstTime *bool `json:"first_time,omitempty"`

	Labels []string `json:"labels,omitempty"`

	Author  Person   `json:"author"`
	ViaApp  string   `json:"via_app,omitempty"` // slug, if the pull request was opened through an App on behalf of the author
	Commits []Commit `json:"commits"`           // reachable from head and not from base, over all parents
	Pushers []Person `json:"pushers"`           // senders of the pushes that we saw
	// Pushed lists by account id the paths that its pushes moved; an account of Pushers that is not in it may have moved anything.
	Pushed    map[int64][]string `json:"pushed,omitempty"`
	Requested []Person           `json:"requested,omitempty"` // humans who set an agent to work here, as GitHub's events say: assigners of an agent
	Siblings  []Sibling          `json:"siblings,omitempty"`  // the other open pull requests with the same head and base; Reviews and Ledger hold theirs too
	Files     []FileChange       `json:"files"`
	Links     []Link             `json:"links,omitempty"`   // the symbolic links of both trees
	Clashes   []Clash            `json:"clashes,omitempty"` // changed paths that another path of the head tree equals once folded; see Clashes
	Reviews   []Review           `json:"reviews"`           // in the order of their submission
	Ledger    []LedgerEntry      `json:"ledger"`
	Comments  []Comment          `json:"comments,omitempty"` // in the order of their creation; those of siblings too
	// Now is the caller's clock when the facts were gathered: waivers end. The zero time: nothing that ends counts.
	Now time.Time `json:"now,omitzero"`
	// Mentions are who called whom in comments and reviews, remembered from the webhooks: deleting a comment does not undo what an agent did.
	Mentions []Mention `json:"mentions,omitempty"`
	People   People    `json:"people"`
	Scan     ScanFacts `json:"scan"`
	// Codeowners is the CODEOWNERS file of the default branch; empty if there is none.
	Codeowners string    `json:"codeowners,omitempty"`
	Unknown    []Unknown `json:"unknown,omitempty"`
}

// A Mention is somebody who called accounts by "@login".
type Mention struct {
	By     Person   `json:"by"`
	Logins []string `json:"logins"` // as Mentions gives them
	Head   string   `json:"head"`   // of the pull request then; "": not known
}

// A Sibling is another open pull request with the same head and base. There is one decision per (head, base): whoever cannot approve
// one of them can approve none.
type Sibling struct {
	Number    int      `json:"number"`
	Author    Person   `json:"author"`
	ViaApp    string   `json:"via_app,omitempty"`
	Pushers   []Person `json:"pushers,omitempty"`
	Requested []Person `json:"requested,omitempty"`
	// What its author says of it and where it comes from, as in Facts: the same head must not need less because it was opened once more.
	Title     string   `json:"title,omitempty"`
	Body      string   `json:"body,omitempty"`
	HeadRef   string   `json:"head_ref,omitempty"`
	Labels    []string `json:"labels,omitempty"`
	Fork      *bool    `json:"fork,omitempty"`
	FirstTime *bool    `json:"first_time,omitempty"`
}

// Unknown is a fact that could not be read.
type Unknown struct {
	What   string `json:"what"`   // "the members of @acme/security"
	Reason string `json:"reason"` // "GitHub answered 502"
}

// A Person is an account. ID is GitHub's numeric id; 0 means that it is not known (a deleted account, an e-mail that maps to nobody).
type Person struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"` // "User", "Bot", "Organization", "Mannequin"
}

// A Commit of the pull request. Author and Committer are nil where GitHub maps the e-mail to no account.
type Commit struct {
	SHA            string   `json:"sha"`
	Parents        []string `json:"parents"`
	Author         *Person  `json:"author"`
	Committer      *Person  `json:"committer"`
	AuthorEmail    string   `json:"author_email,omitempty"`
	CommitterEmail string   `json:"committer_email,omitempty"`
	Message        string   `json:"message"` // whole; trailers are read here
	// CoAuthors are the accounts of the Co-authored-by trailers that could be resolved.
	CoAuthors []Person `json:"co_authors,omitempty"`
	// CleanMerge says that it has two parents and its tree is what git computes for them: it adds nobody.
	CleanMerge bool `json:"clean_merge,omitempty"`
	// VerifiedApp is the slug of the App whose signature of the commit GitHub verified; empty: none, or somebody else's.
	VerifiedApp string `json:"verified_app,omitempty"`
	// Paths lists what the commit changes against each of its parents, both names of a rename; nil: not known, so anything.
	Paths []string `json:"paths,omitempty"`
}

// A FileChange is one changed path with both names of a rename, modes and blob ids (from git, never from the API).
type FileChange struct {
	Path    string `json:"path"`
	OldPath string `json:"old_path,omitempty"`
	OldMode uint32 `json:"old_mode,omitempty"`
	Mode    uint32 `json:"mode,omitempty"`
	OldBlob string `json:"old_blob,omitempty"`
	Blob    string `json:"blob,omitempty"`
}

// A Review as GitHub lists it now.
type Review struct {
	ID       int64  `json:"id"`
	Reviewer Person `json:"reviewer"`
	State    string `json:"state"`     // "APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"
	CommitID string `json:"commit_id"` // GitHub may re-bind it after a rebase: the ledger wins
	ViaApp   string `json:"via_app,omitempty"`
	// Dismissal says who dismissed the review and what it was before; nil where that is not known or it stands.
	Dismissal *Dismissal `json:"dismissal,omitempty"`
}

// A Dismissal of a review. Dismissing one's own request for changes lifts it; that of somebody else only if one may approve oneself.
type Dismissal struct {
	By  Person `json:"by"`
	Was string `json:"was"` // "APPROVED", "CHANGES_REQUESTED"
}

// A LedgerEntry is what one approval saw, captured when its webhook arrived and completed from the immutable SHAs.
type LedgerEntry struct {
	ReviewID  int64  `json:"review_id"`
	Reviewer  int64  `json:"reviewer"`
	Head      string `json:"head"`
	BaseRef   string `json:"base_ref"`
	Base      string `json:"base"`
	MergeBase string `json:"merge_base"`
	Complete  bool   `json:"complete"` // false: Seen could not be computed yet, and the approval does not count
	// Seen maps every changed path (both names of a rename) to what the reviewer saw.
	Seen map[string]Seen `json:"seen"`
	// JustMoved lists the paths that the last push before the approval changed, if the approval arrived within 60 s after that push:
	// the reviewer may not have seen it, and is asked to confirm where a guard covers one of them.
	JustMoved []string `json:"just_moved,omitempty"`
	// Seconds lie between the last change of the head, as the server heard of it, and the approval; nil: not known.
	Seconds *int `json:"seconds,omitempty"`
}

// Seen is the state of one path on both sides when an approval was given.
type Seen struct {
	Mode     uint32 `json:"mode"`
	Blob     string `json:"blob"`
	BaseMode uint32 `json:"base_mode"`
	BaseBlob string `json:"base_blob"`
}

// Role is a repository role, ordered.
type Role string

// The roles, least first.
const (
	RoleNone     Role = ""
	RoleRead     Role = "read"
	RoleTriage   Role = "triage"
	RoleWrite    Role = "write"
	RoleMaintain Role = "maintain"
	RoleAdmin    Role = "admin"
)

// People is what was asked about accounts, for exactly the names that policy, CODEOWNERS and reviews need.
type People struct {
	Roles map[int64]Role    `json:"roles"` // of every reviewer and named user
	Users map[string]Person `json:"users"` // by lower-case login, of every user that policy or CODEOWNERS names; absent: no such user
	Teams map[string]Team   `json:"teams"` // by lower-case "org/slug"; absent: no such team
}

// A Team and its active members.
type Team struct {
	ID      int64    `json:"id"`
	Members []Person `json:"members"`
}

// ScanFacts is what the scan of (head, merge base) found.
type ScanFacts struct {
	Done      bool               `json:"done"`     // false: it has not finished
	Failures  []string           `json:"failures"` // checks that failed at run time: they block, and say so
	Findings  []checks.Finding   `json:"findings"`
	Unscanned []checks.Unscanned `json:"unscanned,omitempty"`
	// NeedsHuman lists the ids of the rules whose findings one eligible approval clears (RuleInfo.NeedsHuman).
	NeedsHuman []string `json:"needs_human,omitempty"`
}
