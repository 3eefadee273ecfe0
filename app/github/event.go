package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/report"
)

// The buttons of our check runs, by their identifiers.
const (
	ButtonRecheck = report.ActionRecheck
	ButtonExplain = report.ActionExplain
)

// An Event is what one webhook delivery says, as far as we use it. It is a hint: facts are read afresh.
type Event struct {
	Kind   string // GitHub's name: "pull_request"
	Action string // "synchronize"; "" for events without
	// Ignored says that nothing follows from the event, and Why says why. An event or action that we do not know is ignored, not an error.
	Ignored bool
	Why     string

	Installation  int64
	Owner, Repo   string // "" for events of an organisation or installation
	RepoID        int64
	DefaultBranch string
	Account       string // login of the organisation or of the installation's account
	Sender        gate.Person

	Number  int   // of the pull request that the event is about; 0: none
	Numbers []int // pull requests that GitHub names beside it; never those of forks
	State   string
	Draft   bool
	Merged  bool

	HeadSHA, HeadRef string
	BaseSHA, BaseRef string
	Before, After    string    // of a push or synchronize
	Ref              string    // of a push: "refs/heads/main"
	Branch           string    // of a push: "main"; "" for a tag
	Reason           string    // of a destroyed merge group: "merged", "invalidated", "dequeued"
	Created, Deleted bool      // of a push
	OldBaseRef       string    // of an edited pull request that was retargeted
	TextEdited       bool      // its title or body changed
	Updated          time.Time `json:",omitzero"` // GitHub's mark of the pull request's last change, by its own clock; zero: it did not say

	Review   EventReview
	Comment  EventComment
	Assignee gate.Person
	CheckRun EventCheckRun
	Suite    EventSuite
	Status   EventStatus
	Team     EventTeam
	Member   gate.Person // whose membership changed

	// Added and Removed are the repositories of an installation event.
	Added, Removed []EventRepo
}

// An EventReview is the review of a pull_request_review event.
type EventReview struct {
	ID       int64
	Reviewer gate.Person
	State    string // "APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"
	CommitID string
	Mentions []string // accounts that its text calls
	// Submitted is by GitHub's clock; zero: it did not say.
	Submitted time.Time `json:",omitzero"`
}

// An EventComment is the comment of an issue_comment event about a pull request. GitHub does not say which head the pull request had.
type EventComment struct {
	ID       int64
	Author   gate.Person
	ViaApp   string // slug of the App through which it was written
	Body     string
	Command  bool      // its body holds a command, or did before it was edited
	Mentions []string  // accounts that it calls
	Created  time.Time `json:",omitzero"`
}

// An EventCheckRun is the check run of a check_run event.
type EventCheckRun struct {
	ID         int64
	Name       string
	ExternalID string // as we gave it
	Key        string // the deed's key in it
	AppID      int64  // of whoever made it: only our own runs are ours to run again
	App        string // its slug; "an unknown App" where GitHub does not say
	Status     string
	Conclusion string
	Button     string // identifier of the button that somebody pressed; "" for other events
}

// An EventSuite is the check suite of a check_suite event.
type EventSuite struct {
	ID    int64
	AppID int64
}

// An EventStatus is the commit status of a status event. We never set one.
type EventStatus struct {
	Context string // the name that a required check may be satisfied by
	State   string
}

// An EventTeam is the team of a team or membership event.
type EventTeam struct {
	ID   int64
	Slug string
}

// An EventRepo is a repository of an installation event.
type EventRepo struct {
	ID          int64
	Owner, Name string
}

// known lists the events and actions that something follows from. nil: the event has no actions.
var known = map[string][]string{
	"pull_request": {
		"opened", "reopened", "synchronize", "edited", "closed", "ready_for_review", "converted_to_draft", "assigned", "unassigned", "labeled", "unlabeled",
		"auto_merge_enabled", "auto_merge_disabled", "enqueued", "dequeued",
	},
	"pull_request_review":       {"submitted", "edited", "dismissed"},
	"issue_comment":             {"created", "edited", "deleted"},
	"check_run":                 {"rerequested", "requested_action", "created", "completed"},
	"check_suite":               {"rerequested"},
	"status":                    nil,
	"push":                      nil,
	"merge_group":               {"checks_requested", "destroyed"},
	"membership":                {"added", "removed"},
	"organization":              {"member_added", "member_removed", "renamed", "deleted"},
	"member":                    {"added", "removed", "edited"},
	"team":                      {"created", "deleted", "edited", "added_to_repository", "removed_from_repository"},
	"repository":                {"edited", "renamed", "transferred", "deleted", "archived", "unarchived", "publicized", "privatized"},
	"branch_protection_rule":    {"created", "edited", "deleted"},
	"repository_ruleset":        {"created", "edited", "deleted"},
	"installation":              {"created", "deleted", "suspend", "unsuspend", "new_permissions_accepted"},
	"installation_repositories": {"added", "removed"},
	"github_app_authorization":  {"revoked"},
}

// The parts of GitHub's payloads that we read. Our own, because go-github's reject real deliveries for fields that we never use.
type payload struct {
	Action       string `json:"action"`
	Number       int    `json:"number"`
	Installation *struct {
		ID      int64        `json:"id"`
		Account *userPayload `json:"account"`
	} `json:"installation"`
	Repository   *repoPayload `json:"repository"`
	Organization *struct {
		Login string `json:"login"`
	} `json:"organization"`
	Sender      *userPayload `json:"sender"`
	PullRequest *struct {
		Number  int        `json:"number"`
		State   string     `json:"state"`
		Draft   bool       `json:"draft"`
		Merged  bool       `json:"merged"`
		Head    *tipObject `json:"head"`
		Base    *tipObject `json:"base"`
		Updated time.Time  `json:"updated_at"`
	} `json:"pull_request"`
	Issue *struct {
		Number int             `json:"number"`
		Pull   json.RawMessage `json:"pull_request"` // absent for an issue that is none
	} `json:"issue"`
	Comment *struct {
		ID      int64        `json:"id"`
		User    *userPayload `json:"user"`
		Body    string       `json:"body"`
		Created time.Time    `json:"created_at"`
		App     *struct {
			Slug string `json:"slug"`
		} `json:"performed_via_github_app"`
	} `json:"comment"`
	Reason   string       `json:"reason"`
	SHA      string       `json:"sha"`     // of a status
	Context  string       `json:"context"` // of a status
	State    string       `json:"state"`   // of a status
	Before   string       `json:"before"`
	After    string       `json:"after"`
	Ref      string       `json:"ref"`
	Created  bool         `json:"created"`
	Deleted  bool         `json:"deleted"`
	Assignee *userPayload `json:"assignee"`
	Changes  *struct {
		Base *struct {
			Ref *struct {
				From string `json:"from"`
			} `json:"ref"`
		} `json:"base"`
		Title json.RawMessage `json:"title"`
		Body  *struct {
			From string `json:"from"`
		} `json:"body"`
	} `json:"changes"`
	Review *struct {
		ID        int64        `json:"id"`
		User      *userPayload `json:"user"`
		State     string       `json:"state"`
		CommitID  string       `json:"commit_id"`
		Submitted time.Time    `json:"submitted_at"`
		Body      string       `json:"body"`
	} `json:"review"`
	CheckRun *struct {
		ID           int64         `json:"id"`
		Name         string        `json:"name"`
		HeadSHA      string        `json:"head_sha"`
		ExternalID   string        `json:"external_id"`
		Status       string        `json:"status"`
		Conclusion   string        `json:"conclusion"`
		App          *idPayload    `json:"app"`
		PullRequests []pullPayload `json:"pull_requests"`
	} `json:"check_run"`
	RequestedAction *struct {
		Identifier string `json:"identifier"`
	} `json:"requested_action"`
	CheckSuite *struct {
		ID           int64         `json:"id"`
		HeadSHA      string        `json:"head_sha"`
		HeadBranch   string        `json:"head_branch"`
		App          *idPayload    `json:"app"`
		PullRequests []pullPayload `json:"pull_requests"`
	} `json:"check_suite"`
	MergeGroup *struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
	Member     *userPayload `json:"member"`
	Membership *struct {
		User *userPayload `json:"user"`
	} `json:"membership"`
	Team *struct {
		ID   int64  `json:"id"`
		Slug string `json:"slug"`
	} `json:"team"`
	Repositories        []repoPayload `json:"repositories"`
	RepositoriesAdded   []repoPayload `json:"repositories_added"`
	RepositoriesRemoved []repoPayload `json:"repositories_removed"`
}

type userPayload struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"`
}

type repoPayload struct {
	ID            int64        `json:"id"`
	Name          string       `json:"name"`
	FullName      string       `json:"full_name"`
	DefaultBranch string       `json:"default_branch"`
	Owner         *userPayload `json:"owner"`
}

type tipObject struct {
	Ref string `json:"ref"`
	SHA string `json:"sha"`
}

type idPayload struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"` // of an App
}

type pullPayload struct {
	Number int `json:"number"`
	Base   *struct {
		Repo *idPayload `json:"repo"`
	} `json:"base"`
}

func (u *userPayload) person() gate.Person {
	if u == nil || u.ID <= 0 {
		return gate.Person{}
	}
	return gate.Person{ID: u.ID, Login: u.Login, Type: u.Type}
}

// maxNumbers bounds the pull requests that one event names.
const maxNumbers = 1000

// ParseEvent reads a delivery: name is its X-GitHub-Event header, body its JSON. An error means that the body is not what GitHub describes for
// the event: keep it for whoever looks, there is nothing to act on.
func ParseEvent(name string, body []byte) (Event, error) {
	e := Event{Kind: clip(name, 100)}
	actions, ok := known[name]
	if !ok {
		return e.ignore("nothing follows from events of this kind"), nil
	}
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		return e, fmt.Errorf("reading a %s event: %w", name, err)
	}
	e.Action = clip(p.Action, 100)
	if actions != nil && !slices.Contains(actions, p.Action) {
		return e.ignore("nothing follows from this action"), nil
	}
	if err := e.fill(&p); err != nil {
		return Event{Kind: e.Kind, Action: e.Action}, fmt.Errorf("reading a %s event: %w", strings.TrimSuffix(name+"."+e.Action, "."), err)
	}
	switch {
	case e.Ignored:
	case e.Installation == 0 && name != "github_app_authorization": // that one is about a person
		return e.ignore("it comes from a webhook of the repository or organisation, not from the App"), nil
	case name == "push" && e.Branch == "":
		return e.ignore("it is a push to a tag"), nil
	}
	return e, nil
}

func (e Event) ignore(why string) Event {
	e.Ignored, e.Why = true, why
	return e
}

// ofRepository lists the events that are always about one repository.
var ofRepository = map[string]bool{
	"pull_request": true, "pull_request_review": true, "check_run": true, "check_suite": true, "push": true, "merge_group": true, "member": true, "repository": true,
	"status": true, "issue_comment": true,
}

func (e *Event) fill(p *payload) error {
	e.Sender = p.Sender.person()
	if in := p.Installation; in != nil {
		if in.ID <= 0 {
			return errors.New("installation.id is not a positive number")
		}
		e.Installation = in.ID
		if in.Account != nil {
			e.Account = in.Account.Login
		}
	}
	if p.Organization != nil {
		e.Account = p.Organization.Login
	}
	if p.Repository != nil {
		r, err := p.Repository.ref()
		if err != nil {
			return err
		}
		e.Owner, e.Repo, e.RepoID, e.DefaultBranch = r.Owner, r.Name, r.ID, p.Repository.DefaultBranch
		if e.Account == "" {
			e.Account = r.Owner
		}
	} else if ofRepository[e.Kind] {
		return errors.New("there is no repository")
	}
	if e.Account != "" && !validName(e.Account) {
		return fmt.Errorf("%q is not the name of an account", clip(e.Account, 100))
	}
	e.Before, e.After, e.Ref, e.Created, e.Deleted = p.Before, p.After, p.Ref, p.Created, p.Deleted
	e.Assignee, e.Member = p.Assignee.person(), p.Member.person()
	if p.Membership != nil && e.Member.ID == 0 {
		e.Member = p.Membership.User.person()
	}
	if p.Team != nil {
		e.Team = EventTeam{ID: p.Team.ID, Slug: p.Team.Slug}
	}
	if c := p.Changes; c != nil {
		if c.Base != nil && c.Base.Ref != nil {
			e.OldBaseRef = c.Base.Ref.From
		}
		e.TextEdited = e.Kind == "pull_request" && (len(c.Title) > 0 || c.Body != nil)
	}
	switch e.Kind {
	case "pull_request", "pull_request_review":
		if err := e.pull(p); err != nil {
			return err
		}
	case "issue_comment":
		if err := e.comment(p); err != nil {
			return err
		}
	case "check_run":
		r := p.CheckRun
		if r == nil {
			return errors.New("there is no check_run")
		}
		e.HeadSHA, e.Numbers = r.HeadSHA, numbers(e.RepoID, r.PullRequests)
		e.CheckRun = EventCheckRun{ID: r.ID, Name: r.Name, ExternalID: r.ExternalID, Status: r.Status, Conclusion: r.Conclusion}
		e.CheckRun.Key, _, _ = splitExternalID(r.ExternalID)
		if p.RequestedAction != nil {
			e.CheckRun.Button = clip(p.RequestedAction.Identifier, 20)
		}
		if e.CheckRun.App = "an unknown App"; r.App != nil {
			e.CheckRun.AppID = r.App.ID
			if r.App.Slug != "" {
				e.CheckRun.App = clip(r.App.Slug, 100)
			}
		}
	case "check_suite":
		s := p.CheckSuite
		if s == nil {
			return errors.New("there is no check_suite")
		}
		e.HeadSHA, e.HeadRef, e.Numbers, e.Suite.ID = s.HeadSHA, s.HeadBranch, numbers(e.RepoID, s.PullRequests), s.ID
		if s.App != nil {
			e.Suite.AppID = s.App.ID
		}
	case "merge_group":
		g := p.MergeGroup
		if g == nil {
			return errors.New("there is no merge_group")
		}
		e.HeadSHA, e.HeadRef, e.BaseSHA, e.BaseRef = g.HeadSHA, strings.TrimPrefix(g.HeadRef, "refs/heads/"), g.BaseSHA, strings.TrimPrefix(g.BaseRef, "refs/heads/")
		if e.Reason = clip(p.Reason, 50); e.HeadSHA == "" || e.HeadRef == "" || e.BaseRef == "" {
			return errors.New("the merge group's head or base is not named")
		}
	case "status":
		if e.HeadSHA, e.Status = p.SHA, (EventStatus{Context: p.Context, State: clip(p.State, 50)}); p.SHA == "" || p.Context == "" {
			return errors.New("the status's sha or context is missing")
		}
	case "push":
		if e.Ref == "" || e.Before == "" || e.After == "" {
			return errors.New("ref, before or after is missing")
		}
		e.Branch, _ = strings.CutPrefix(e.Ref, "refs/heads/")
		if e.Branch == e.Ref {
			e.Branch = ""
		}
		e.HeadSHA = e.After
	case "installation", "installation_repositories":
		if e.Installation == 0 {
			return errors.New("there is no installation")
		}
		for _, list := range []struct {
			from []repoPayload
			to   *[]EventRepo
		}{{p.Repositories, &e.Added}, {p.RepositoriesAdded, &e.Added}, {p.RepositoriesRemoved, &e.Removed}} {
			for i := range list.from {
				r, err := list.from[i].ref()
				if err != nil {
					return err
				}
				*list.to = append(*list.to, r)
			}
		}
		if e.Action == "deleted" {
			e.Added, e.Removed = nil, e.Added
		}
	}
	for _, sha := range []string{e.HeadSHA, e.BaseSHA, e.Before, e.After, e.Review.CommitID} {
		if sha != "" && !shaForm.MatchString(sha) {
			return fmt.Errorf("%q is not a SHA", clip(sha, 100))
		}
	}
	return nil
}

func (e *Event) pull(p *payload) error {
	pr := p.PullRequest
	if pr == nil || pr.Head == nil || pr.Base == nil {
		return errors.New("there is no pull_request with head and base")
	}
	e.Number = pr.Number
	if e.Number <= 0 || p.Number != 0 && p.Number != e.Number {
		return fmt.Errorf("the pull request has the number %d and %d", p.Number, pr.Number)
	}
	if pr.Head.SHA == "" || pr.Base.SHA == "" || pr.Base.Ref == "" {
		return errors.New("the pull request's head or base is not named")
	}
	e.State, e.Draft, e.Merged, e.Updated = pr.State, pr.Draft, pr.Merged, pr.Updated
	e.HeadSHA, e.HeadRef, e.BaseSHA, e.BaseRef = pr.Head.SHA, pr.Head.Ref, pr.Base.SHA, pr.Base.Ref
	if e.Kind == "pull_request" {
		return nil
	}
	r := p.Review
	if r == nil || r.ID <= 0 {
		return errors.New("there is no review")
	}
	e.Review = EventReview{ID: r.ID, Reviewer: r.User.person(), State: strings.ToUpper(clip(r.State, 50)), CommitID: r.CommitID, Submitted: r.Submitted, Mentions: gate.Mentions(r.Body)}
	return nil
}

func (e *Event) comment(p *payload) error {
	c := p.Comment
	if p.Issue == nil || p.Issue.Number <= 0 || c == nil || c.ID <= 0 {
		return errors.New("there is no comment on an issue")
	}
	if len(p.Issue.Pull) == 0 || string(p.Issue.Pull) == "null" {
		*e = e.ignore("it is a comment on an issue, not on a pull request")
		return nil
	}
	e.Number = p.Issue.Number
	e.Comment = EventComment{ID: c.ID, Author: c.User.person(), Body: c.Body, Created: c.Created, Mentions: gate.Mentions(c.Body)}
	if c.App != nil {
		if e.Comment.ViaApp = clip(c.App.Slug, 100); e.Comment.ViaApp == "" {
			e.Comment.ViaApp = "unknown"
		}
	}
	e.Comment.Command = len(gate.Commands(c.Body)) > 0 || p.Changes != nil && p.Changes.Body != nil && len(gate.Commands(p.Changes.Body.From)) > 0
	return nil
}

// ref reads the name of a repository. Installation events give "owner/name" only.
func (r *repoPayload) ref() (EventRepo, error) {
	out := EventRepo{ID: r.ID, Name: r.Name}
	if r.Owner != nil {
		out.Owner = r.Owner.Login
	}
	if owner, name, ok := strings.Cut(r.FullName, "/"); ok && (out.Owner == "" || out.Name == "") {
		out.Owner, out.Name = owner, name
	}
	if out.ID <= 0 {
		return EventRepo{}, errors.New("the repository has no id")
	}
	return out, checkRepo(out.Owner, out.Name)
}

// numbers lists the pull requests of the repository: GitHub also names those into the repository that this one was forked from.
func numbers(repo int64, list []pullPayload) []int {
	var out []int
	for _, p := range list[:min(len(list), maxNumbers)] {
		if p.Base != nil && p.Base.Repo != nil && p.Base.Repo.ID != repo {
			continue
		}
		if p.Number > 0 && !slices.Contains(out, p.Number) {
			out = append(out, p.Number)
		}
	}
	return out
}
