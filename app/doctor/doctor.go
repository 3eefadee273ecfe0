// Package doctor says what GitHub's settings still let through, although the gate says no: a check that nobody requires, people whom no rule
// binds, merges that are armed. Read gathers the settings; Examine judges them and asks nobody, so every hole is a case in testdata.
//
// What could not be read is never taken for fine. It is a finding of its own, with what would let doctor see it.
package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
)

// Settings are all that Examine looks at.
type Settings struct {
	github.Settings
	Policy *gate.Policy `json:"policy,omitempty"` // that applies; nil: there is none
	// People are the accounts and teams that the policy names, as GitHub knows them.
	People Names `json:"people"`
	Floor  Floor `json:"floor"`
}

// Names are what is known of the names in a policy, by name in lower case. One that GitHub does not know is not there.
type Names struct {
	Users map[string]string `json:"users,omitempty"` // login -> role in the repository: "write", "read", "none"
	Teams map[string]Team   `json:"teams,omitempty"` // "acme/security"
}

// A Team of a policy.
type Team struct {
	Members int `json:"members"`
	Writers int `json:"writers"` // active members with write access to the repository
}

// Floor is what is known of the organisation's floor.
type Floor struct {
	Present bool   `json:"present,omitempty"` // there is one
	Setting string `json:"setting,omitempty"` // of the server: "required", "optional"; "": not known
}

// Level says how much a finding matters.
type Level string

// The levels, the worst first.
const (
	Hole    Level = "hole"            // something gets past the gate
	Unknown Level = "could_not_check" // it may be a hole
	Warning Level = "warning"         // weaker than it looks, or something will not work
	Note    Level = "note"            // good to know
)

var order = map[Level]int{Hole: 0, Unknown: 1, Warning: 2, Note: 3}

// A Finding is one thing that the settings let through, or that could not be told.
type Finding struct {
	ID     string `json:"id"` // of docs/doctor.md: "check-not-required"
	Level  Level  `json:"level"`
	Branch string `json:"branch,omitempty"` // "": the whole repository
	Title  string `json:"title"`            // what is wrong
	Effect string `json:"effect"`           // what follows from it
	Remedy string `json:"remedy"`           // what to do, with the names of GitHub's settings
	URL    string `json:"url,omitempty"`    // of the page to do it on
}

// A Report is what doctor says of one repository.
type Report struct {
	Repo     string    `json:"repository"`
	Views    []string  `json:"read_as"` // "the App reviewgate (installation 7)", "@alice"
	Default  string    `json:"default_branch"`
	Branches []Branch  `json:"branches"`
	Findings []Finding `json:"findings"` // the worst first, then the default branch first
	Counts   Counts    `json:"counts"`
}

// A Branch is how a governed branch is held.
type Branch struct {
	Name  string `json:"name"`
	Check string `json:"check"` // the name of our check run on its pull requests
	// By names what requires the check from our App: "ruleset main", "branch protection". Empty: nothing does.
	By   []string `json:"required_by"`
	Held string   `json:"held"` // "yes", "no", "unknown"
}

// Counts are the numbers of findings.
type Counts struct {
	Holes    int `json:"holes"`
	Unknown  int `json:"could_not_check"`
	Warnings int `json:"warnings"`
	Notes    int `json:"notes"`
}

// Examine judges settings.
func Examine(s *Settings) *Report {
	x := &exam{Settings: s, held: map[string]string{}, flows: parsed(s.Workflows)}
	r := &Report{Repo: s.Repo, Default: s.Default, Branches: []Branch{}, Findings: []Finding{}}
	for i := range s.Branches {
		r.Branches = append(r.Branches, x.branch(&s.Branches[i]))
	}
	x.unreadParts()
	x.armed()
	x.foreign()
	x.installation()
	x.workflows()
	x.policy()
	x.people()
	place := func(branch string) int {
		if branch == "" {
			return len(s.Branches)
		}
		return slices.IndexFunc(s.Branches, func(b github.BranchSettings) bool { return b.Name == branch })
	}
	slices.SortStableFunc(x.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(order[a.Level], order[b.Level]), cmp.Compare(place(a.Branch), place(b.Branch)))
	})
	r.Findings = append(r.Findings, x.findings...)
	for _, f := range r.Findings {
		switch f.Level {
		case Hole:
			r.Counts.Holes++
		case Unknown:
			r.Counts.Unknown++
		case Warning:
			r.Counts.Warnings++
		case Note:
			r.Counts.Notes++
		}
	}
	return r
}

// An exam is one examination.
type exam struct {
	*Settings
	findings []Finding
	held     map[string]string // by branch: "yes", "no", or "unknown": whether a merge needs our check
	flows    []*workflow
}

func (x *exam) add(f Finding) { x.findings = append(x.findings, f) }

// unread gives the reason why a part is missing; "" if it was read.
func (x *exam) unread(part, name string) string {
	for _, u := range x.Unread {
		if u.Part == part && (name == "" || u.Name == name) {
			return u.Reason
		}
	}
	return ""
}

// Addresses of GitHub's settings.

func (x *exam) rulesPage() string { return x.page("/settings/rules") }

func (x *exam) page(path string) string {
	if x.Web == "" {
		return ""
	}
	return x.Web + path
}

// account gives a page of the owner's settings.
func (x *exam) account(path string) string {
	host := strings.TrimSuffix(x.Web, "/"+x.Repo)
	if x.OwnerType == "" || host == x.Web {
		return ""
	}
	if x.OwnerType == "Organization" {
		owner, _, _ := strings.Cut(x.Repo, "/")
		return host + "/organizations/" + owner + "/settings" + path
	}
	return host + "/settings" + path
}

func (x *exam) rulesetPage(r *github.Ruleset) string {
	switch {
	case r == nil:
		return x.rulesPage()
	case r.SourceType == "Organization":
		return x.account(fmt.Sprintf("/rules/%d", r.ID))
	case r.SourceType == "Repository":
		return x.page(fmt.Sprintf("/settings/rules/%d", r.ID))
	}
	return "" // an enterprise's page has the enterprise's name, which is not told
}

// our names the App.
func (x *exam) our() string {
	if x.App.Slug != "" {
		return "the App " + x.App.Slug
	}
	return "the reviewgate App"
}

// unreadParts tells of what could not be read and is not told of where it matters.
func (x *exam) unreadParts() {
	type part struct{ what, effect, remedy string }
	parts := map[string]part{
		github.PartAll:      {"everything else", "nothing is known of what holds the branches, and of who may bypass it", "Run doctor with an administrator's token in GITHUB_TOKEN"},
		github.PartBranches: {"the list of branches", "a branch that the policy governs may be without its check", "Grant Contents: read, or run doctor again"},
		github.PartRulesets: {"the rulesets", "who may bypass them, and which ones are not active, is not known", "Run doctor with an administrator's token in GITHUB_TOKEN"},
		github.PartRuleset:  {"the ruleset", "who may bypass it is not known", "Run doctor with an administrator's token in GITHUB_TOKEN"},
		github.PartPulls:    {"the open pull requests", "a pull request may be armed to merge by itself", "Grant Pull requests: read"},
		github.PartChecks:   {"the check runs on recent commits", "another App may set a check of our name", "Grant Checks: read"},
		github.PartWorkflows: {"the workflow files", "a workflow may run the gate in a way that its own pull request can change",
			"Grant Contents: read"},
	}
	for _, u := range x.Unread {
		p, ok := parts[u.Part]
		if !ok {
			continue
		}
		if u.Name != "" {
			p.what += " " + u.Name
		}
		x.add(Finding{ID: "unread-" + u.Part, Level: Unknown, Title: p.what + " could not be read: " + u.Reason, Effect: p.effect, Remedy: p.remedy})
	}
	// Who may set a status matters only where a status could stand for the check.
	if why := x.unread(github.PartStatuses, ""); why != "" {
		for _, b := range x.Branches {
			if x.held[b.Name] != "yes" {
				x.add(Finding{ID: "unread-statuses", Level: Unknown, Title: "the commit statuses could not be read: " + why,
					Effect: "a commit status of our name may stand where our check should", Remedy: "Run doctor with an administrator's token in GITHUB_TOKEN"})
				break
			}
		}
	}
}

// Held says whether a merge into one branch needs our check ("yes", "no", or "unknown"), and the holes by which it does not. It is for a server
// that knows no more than what binds the branch.
func Held(defaultBranch string, b github.BranchSettings, unread []github.Unread, app int64) (string, []Finding) {
	x := &exam{Settings: &Settings{Settings: github.Settings{Default: defaultBranch, App: github.AppState{ID: app}, Unread: unread}}, held: map[string]string{}}
	x.branch(&b)
	var holes []Finding
	for _, f := range x.findings {
		if f.Level == Hole {
			holes = append(holes, f)
		}
	}
	return x.held[b.Name], holes
}
