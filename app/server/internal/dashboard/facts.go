package dashboard

import (
	"context"
	"encoding/json"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// Facts are what the pages show. What is not there is answered with ErrNotFound.
type Facts interface {
	Overview(ctx context.Context) (*Overview, error)
	// Pulls lists pull requests, those that were decided last first.
	Pulls(ctx context.Context, f PullFilter) ([]PullRow, error)
	// Repos lists the repositories that the App covers, by name.
	Repos(ctx context.Context, f RepoFilter) ([]RepoRow, error)
	Repo(ctx context.Context, id int64) (*Repo, error)
	Pull(ctx context.Context, repo int64, number int) (*Pull, error)
}

// DeadLetters are what will not come right by itself.
type DeadLetters interface {
	// List gives the newest first; kind "": all.
	List(ctx context.Context, kind string, limit int) ([]DeadLetter, error)
	// Retry and Drop act in the name of a person. They answer false if there is no such dead letter any more.
	Retry(ctx context.Context, kind, id, who string) (bool, error)
	Drop(ctx context.Context, kind, id, who string) (bool, error)
}

// AuditLog tells who did what.
type AuditLog interface {
	// Page gives entries, the newest first. cursor is 0 for the first page; a next of 0 says that there are no more.
	Page(ctx context.Context, f AuditFilter, cursor int64, limit int) (out []AuditEntry, next int64, err error)
	// SignedIn and SignedOut write an entry.
	SignedIn(ctx context.Context, who string, admin bool) error
	SignedOut(ctx context.Context, who string) error
}

// An Overview is how the server is doing.
type Overview struct {
	Queue      map[string]int // jobs that are not finished, by state
	Behind     int            // pull requests that are to be looked at
	Dead       int            // dead letters
	Bypasses   int
	Deliveries []Delivery // the newest first
	Processes  []Process  // that are alive
	GitHubRead time.Time  // when GitHub's log of deliveries was last read
}

// A Delivery is one webhook.
type Delivery struct {
	ID, Event, Action, State, Note string
	Received                       time.Time
	RepoID                         int64
	Repo                           string // "owner/name"; "": it was not about one that we know
	Number                         int
	Want                           int64 // the generation of its pull request that it led to; 0: to none
}

// A Process is one that serves the App.
type Process struct {
	Name, Version, Role string
	Started, Seen       time.Time
	// Held and Missing are the layers of its worker's sandbox; all three are empty where it takes no jobs.
	Sandbox       string
	Held, Missing []string
	Quotas        []Quota
}

// A Quota is what is left of an installation's requests to GitHub in this hour, as one process heard last.
type Quota struct {
	Installation     int64
	Account          string
	Remaining, Limit int
	Reset            time.Time
}

// A PullFilter picks pull requests.
type PullFilter struct {
	Repos    []int64 // only those of these repositories, unless All is set
	All      bool
	Repo     int64  // 0: any
	State    string // "open", "closed", "merged"; "": any
	Decision string // "pass", "block", "pending", "error", "none"; "": any
	Number   int    // 0: any
	Words    string // in the title or the author's login
	After    Place  // the last one of the part before
	Limit    int
}

// A Place is where a list goes on.
type Place struct {
	At   int64 // milliseconds
	Repo int64
	N    int
}

// A PullRow is a pull request in a list.
type PullRow struct {
	RepoID         int64
	Repo           string
	Number         int
	Title, Author  string // "" until the first decision
	State          string // open, closed, merged, gone
	Draft          bool
	Head, BaseRef  string
	Decision, Says string // "": none yet
	Advisory       bool
	Decided        time.Time // zero: not yet
	Working        bool      // it is to be looked at, or is being
	Place          Place
}

// A RepoFilter picks repositories.
type RepoFilter struct {
	Repos []int64
	All   bool
	Words string
	After string // "owner/name" of the last one of the part before
	Limit int
}

// A RepoRow is a repository in a list.
type RepoRow struct {
	ID                     int64
	Name                   string // "owner/name"
	DefaultBranch          string
	Installation           int64
	Swept                  time.Time // zero: not yet
	Open, Blocked, Waiting int       // pull requests; Blocked and Waiting are open ones
	Policy                 *gate.Policy
}

// A Repo is a repository with what applies there.
type Repo struct {
	RepoRow
	PolicyAt time.Time // when it was last used
	Bypasses []Bypass
}

// A Bypass is something that came past the gate.
type Bypass struct {
	Number                   int
	Branch, SHA, Reason, Who string
	Made                     time.Time
}

// A Pull is a pull request with everything that is known of it.
type Pull struct {
	PullRow
	Last       *Decided    // nil: there is no decision yet
	Facts      *gate.Facts // of the last decision
	Policy     string      // key of the configuration that it was made by
	History    []Decided   // with the last one; the newest first
	Deliveries []Delivery  // the newest first
	Deeds      []Deed      // the newest first
	Want, Done int64
}

// A Decided is one decision.
type Decided struct {
	ID         int64
	Generation int64 // of the pull request that it answers
	Judgement  int64 // the number that its deeds carry; 0: none
	Head       string
	BaseRef    string
	Made       time.Time
	Config     string // key of the configuration
	*gate.Decision
}

// A Deed is one thing to be done on GitHub.
type Deed struct {
	ID               int64
	Kind, Slot, Head string
	State            string // pending, done, superseded, refused
	Attempts         int
	Judgement        int64
	LastError        string
	Created, Updated time.Time
}

// A DeadLetter is something that will not come right by itself.
type DeadLetter struct {
	Kind, ID, What, Repo, LastError, Means string
	RepoID                                 int64
	Number, Attempts                       int
	At                                     time.Time
	Retry                                  bool // it can be tried again
}

// An AuditFilter picks entries of the audit log.
type AuditFilter struct {
	Kind, Actor string
	RepoID      int64
	Number      int
}

// An AuditEntry says who did what.
type AuditEntry struct {
	Seq                              int64
	At                               time.Time
	Actor, Kind, Repo, Subject, Hash string
	RepoID                           int64
	Number                           int
	Detail                           json.RawMessage
}
