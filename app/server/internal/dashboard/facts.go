package dashboard

import (
	"context"
	"time"
)

// Facts are what the pages show. What is not there is answered with ErrNotFound.
type Facts interface {
	Overview(ctx context.Context) (*Overview, error)
}

// An Overview is how the server is doing.
type Overview struct {
	Queue       map[string]int // jobs that are not finished, by state
	Behind      int            // pull requests that are to be looked at
	Dead        int            // dead letters
	Bypasses    int
	Deliveries  []Delivery // the newest first
	Processes   []Process  // that are alive
	GitHubRead  time.Time  // when GitHub's log of deliveries was last read
	SandboxMode string
}

// A Delivery is one webhook.
type Delivery struct {
	ID, Event, Action, State, Note string
	Received                       time.Time
	RepoID                         int64
	Repo                           string // "owner/name"; "": it was not about one that we know
	Number                         int
}

// A Process is one that serves the App.
type Process struct {
	Name, Version, Role string
	Started, Seen       time.Time
	// Held and Missing are the layers of its worker's sandbox; both empty where it takes no jobs.
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
