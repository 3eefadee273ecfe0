package webhook

import (
	"slices"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// The states of a delivery.
const (
	Accepted   = "accepted"   // something follows from it
	Ignored    = "ignored"    // nothing does
	Unreadable = "unreadable" // the body is not what GitHub describes: it is kept for whoever looks at the alert
)

// A Delivery is one webhook POST as it is kept, and what follows from it.
type Delivery struct {
	GUID     string
	Event    string // X-GitHub-Event
	Action   string
	Received time.Time
	State    string
	Note     string       // why it is ignored or unreadable
	Body     []byte       // nil for what is ignored
	Number   int          // of the pull request that it is about; 0: none
	Payload  github.Event // zero if it is unreadable

	Effect
}

// An Effect says which pull requests have to be looked at again, and what only this event knows. What is set adds up.
type Effect struct {
	Numbers      []int  // of the repository; they need not be known yet
	Head         string // the open ones with this head
	Base         string // the open ones into this branch
	Repo         bool   // all open ones of the repository
	Installation bool   // all open ones of the installation
	Sweep        bool   // those of the repository that are not as their last decision took them
	SweepAll     bool   // so in every repository of the installation
	Onto         bool   // Payload.Branch moved from Payload.Before to Payload.After, for the audit
	Force        bool   // a re-run was asked for: the result is told again even if it is the same
	Explain      string // login of somebody who asked for an explanation by a button
	Gone         bool   // the installation was removed
	// Search asks for a search for open pull requests that nobody told us of; SearchAll, also in repositories that were looked through.
	Search, SearchAll bool
	Revoked           int64  // account that withdrew what it allowed the App: it is signed out
	Group             bool   // the merge group of Payload begins, or ends for Payload.Reason
	Foreign           string // somebody else's check run or status bears our name: what it is, for the audit
	Pushed            bool   // Payload.Sender pushed to the pull request: from Payload.Before to Payload.After
	Approved          bool   // Payload.Review is an approval
	Seen              bool   // Payload says which head and base the pull request has
	Said              bool   // Payload.Comment is a new one of a person, with a command
	Unsaid            bool   // Payload.Comment was edited or deleted: if it held a command, the pull request is looked at again
	Called            bool   // Payload.Comment or Payload.Review is a person's, and calls accounts
}

// fill sets what follows from the event. ours is the id of our App.
func (d *Delivery) fill(ev github.Event, ours int64) {
	d.Payload, d.Action, d.Number = ev, ev.Action, ev.Number
	if ev.Ignored {
		d.State, d.Note = Ignored, ev.Why
		return
	}
	d.State = Accepted
	d.Effect, d.Note = effect(ev, ours)
	if d.Note != "" {
		d.State = Ignored
	}
}

// effect says what follows from an event; why is set if nothing does.
func effect(ev github.Event, ours int64) (e Effect, why string) {
	switch ev.Kind {
	case "pull_request":
		e.Numbers = []int{ev.Number}
		e.Pushed = ev.Action == "synchronize" && ev.Sender.ID != 0
		e.Seen = true
	case "pull_request_review":
		e.Numbers = []int{ev.Number}
		e.Approved = ev.Action == "submitted" && ev.Review.State == "APPROVED"
		e.Called = ev.Action == "submitted" && ev.Review.Reviewer.Type == "User" && len(ev.Review.Mentions) > 0
	case "issue_comment":
		c := ev.Comment
		switch {
		case ev.Action != "created":
			e.Unsaid = true
		case !c.Command && len(c.Mentions) == 0:
			return e, "it holds no command, and calls nobody"
		case c.Author.Type != "User" || ev.Sender.Type != "User" || c.ViaApp != "":
			return e, "it was not written by a person: no command in it counts, and none is answered"
		default:
			e.Said, e.Called = c.Command, len(c.Mentions) > 0
		}
		if c.Command {
			e.Numbers = []int{ev.Number}
		}
	case "check_run", "check_suite":
		app := ev.CheckRun.AppID
		if ev.Kind == "check_suite" {
			app = ev.Suite.AppID
		}
		if app != ours {
			if (ev.Action == "created" || ev.Action == "completed") && github.OurName(ev.CheckRun.Name) {
				return Effect{Foreign: "check run", Head: ev.HeadSHA}, ""
			}
			return e, "it is about another App's checks"
		}
		// GitHub does not list the pull requests of forks: the head is looked up, too.
		e.Numbers, e.Head = ev.Numbers, ev.HeadSHA
		switch button := ev.CheckRun.Button; {
		case ev.Action == "rerequested", ev.Action == "requested_action" && button == github.ButtonRecheck:
			e.Force = true
		case ev.Action == "requested_action" && button == github.ButtonExplain && ev.Sender.Type == "User":
			e.Explain = ev.Sender.Login
		default:
			return Effect{}, "nothing follows from this action"
		}
	case "status":
		if !github.OurName(ev.Status.Context) {
			return e, "it is about another check"
		}
		return Effect{Foreign: "status", Head: ev.HeadSHA}, ""
	case "merge_group":
		e.Group = true
	case "push":
		// A push to a branch changes little of what is to be merged into it: the sweep finds what.
		e.Base, e.Onto = ev.Branch, !ev.Deleted
		if ev.Branch == ev.DefaultBranch {
			e.Sweep = true                    // policy, rules or CODEOWNERS may have changed
			e.SweepAll = ev.Repo == ".github" // and so may the organisation's floor
		}
	case "member":
		e.Sweep = true
	case "branch_protection_rule", "repository_ruleset":
		// What a merge needs changed. The decisions stay; that our check runs still stand as they were told is looked at.
		e.Sweep = true
	case "repository":
		e.Repo = true
		e.Search = ev.Action == "unarchived" || ev.Action == "transferred"
	case "membership", "organization", "team":
		e.SweepAll = true
	case "installation":
		switch ev.Action {
		case "deleted":
			e.Gone = true
		case "suspend":
			return e, "while it is suspended nothing can be read"
		case "created", "unsuspend": // nobody told us of what was there, or happened meanwhile
			e.Installation, e.SearchAll = true, true
		default:
			e.Installation = true
		}
	case "github_app_authorization":
		e.Revoked = ev.Sender.ID
	case "installation_repositories":
		e.Search = true
		// The organisation's floor may lie in one of them.
		e.Installation = slices.ContainsFunc(slices.Concat(ev.Added, ev.Removed), func(r github.EventRepo) bool { return r.Name == ".github" })
	default:
		return e, "nothing follows from events of this kind yet"
	}
	return e, ""
}
