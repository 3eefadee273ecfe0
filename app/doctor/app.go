package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
)

// without says what fails when a permission is missing.
var without = map[string]string{
	"checks":        "the check cannot be posted: where it is required, nothing merges",
	"contents":      "the change itself cannot be read: nothing is judged",
	"issues":        "who assigned an agent is not known, and such changes wait",
	"members":       "nobody is known to be in a team: guards that name teams wait",
	"merge_queues":  "groups of a merge queue are not seen",
	"metadata":      "nothing can be read",
	"pull_requests": "pull requests cannot be read",
}

// tooMuch are the permissions with which an App could merge, push or change what holds it.
var tooMuch = []string{"actions", "administration", "contents", "members", "organization_administration", "workflows"}

// onlyAdvises is why the Action alone is no gate.
const onlyAdvises = "by itself it advises: its check belongs to GitHub Actions, so every workflow with checks: write can set it, nobody's approval is judged, and a review of a fork does not run it again"

// installation judges whether the App is there, and what it may do and hears.
func (x *exam) installation() {
	const events = "App's settings, \"Permissions & events\""
	page := x.account(fmt.Sprintf("/installations/%d", x.App.Installation))
	if why := x.unread(github.PartInstallation, ""); why != "" {
		x.add(Finding{ID: "unread-installation", Level: Unknown, Title: "the App's installation could not be read: " + why,
			Effect: "it may be suspended, or lack permissions and events", Remedy: "Run doctor with the App's own credentials, as `reviewgate serve` has them"})
		if runs := x.gateWorkflows(); len(runs) > 0 && x.App.ID == 0 {
			x.add(Finding{ID: "action-only", Level: Hole, Title: "the Action runs here (" + strings.Join(runs, ", ") + "), and doctor knows of no App", Effect: onlyAdvises,
				Remedy: "Install the App and require its check; if there is one, say its number with --app"})
		}
		x.neverSeen()
		return
	}
	if !x.App.Installed {
		f := Finding{ID: "app-not-installed", Level: Hole, Title: x.our() + " is not installed on this repository",
			Effect: "nothing new is judged, and what is green stays green, whatever is pushed, dismissed or revoked elsewhere", Remedy: "Install it: the App's page, \"Configure\", \"Repository access\""}
		if runs := x.gateWorkflows(); len(runs) > 0 {
			f.ID, f.Title = "action-only", "only the Action runs here ("+strings.Join(runs, ", ")+"), without the App"
			f.Effect = onlyAdvises
			f.Remedy = "Install the App, and require its check"
		}
		x.add(f)
		return
	}
	if x.App.Suspended {
		x.add(Finding{ID: "app-suspended", Level: Hole, Title: x.our() + "'s installation is suspended", URL: page,
			Effect: "nothing new is judged, and what is green stays green, although an approval is dismissed or its giver leaves the team", Remedy: "\"Unsuspend your installation\""})
	}
	want := github.Permissions(github.ManifestOptions{})
	for _, name := range sorted(want) {
		have := x.App.Permissions[name]
		if have == want[name] || have == "write" || have == "admin" {
			continue
		}
		x.add(Finding{ID: "permission-missing", Level: Warning, Title: fmt.Sprintf("the installation lacks the permission %s: %s", title(name), want[name]), URL: page,
			Effect: without[name], Remedy: events + ": grant it; then the account's owner accepts the request on the installation's page"})
	}
	for _, name := range tooMuch {
		if level := x.App.Permissions[name]; level == "write" || level == "admin" {
			x.add(Finding{ID: "permission-excess", Level: Warning, Title: fmt.Sprintf("the App holds the permission %s: %s, and never needs it", title(name), level), URL: page,
				Effect: "whoever gets hold of its key can do what the gate is there to prevent", Remedy: events + ": take it away"})
		}
	}
	if x.App.Permissions["statuses"] == "write" {
		x.statuses(events, page)
	}
	var missing []string
	for _, e := range github.Events(github.ManifestOptions{}) {
		// GitHub sends check suites and runs to every App with checks: write, and does not list them everywhere.
		if !slices.Contains(x.App.Events, e) && e != "check_run" && e != "check_suite" {
			missing = append(missing, e)
		}
	}
	if len(missing) > 0 {
		x.add(Finding{ID: "event-missing", Level: Warning, Title: "the App is not told of: " + strings.Join(missing, ", "), URL: page,
			Effect: "what changes is noticed late: a green check stays green until the server looks again by itself", Remedy: events + ", \"Subscribe to events\": tick them"})
	}
	x.neverSeen()
}

// statuses: the permission is for one thing only, to be offered as the source of a check.
func (x *exam) statuses(events, page string) {
	for _, b := range x.Branches {
		if x.held[b.Name] != "yes" {
			return // it may be needed to bind the check
		}
	}
	if len(x.Branches) == 0 {
		return
	}
	x.add(Finding{ID: "statuses-write", Level: Note, Title: "the App holds Commit statuses: write", URL: page,
		Effect: "it never posts one; GitHub asks for it before it offers the App as the source of a required check, and that is done here",
		Remedy: events + ": take it away once every repository requires the check from the App"})
}

// neverSeen: GitHub offers a check for a rule only after it ran in the repository.
func (x *exam) neverSeen() {
	if x.App.ID == 0 || len(x.Seen) > 0 || x.unread(github.PartChecks, "") != "" || x.unread(github.PartPulls, "") != "" || x.unread(github.PartAll, "") != "" || x.held[x.Default] == "yes" {
		return
	}
	x.add(Finding{ID: "check-never-seen", Level: Note, Branch: x.Default, Title: "the check has not been posted on this branch, nor on an open pull request",
		Effect: "GitHub offers a check in its settings only if it succeeded in the repository within the last seven days", Remedy: "Open a pull request and wait for the check; then require it"})
}

// armed tells of pull requests that GitHub merges by itself.
func (x *exam) armed() {
	for _, a := range x.Armed {
		held, governed := x.held[a.Base]
		if !governed {
			continue
		}
		f := Finding{ID: "armed-held", Level: Note, Branch: a.Base, URL: x.page(fmt.Sprintf("/pull/%d", a.Number)),
			Title: fmt.Sprintf("#%d merges by itself as soon as it may; @%s armed it", a.Number, a.By)}
		says := "has not answered yet"
		if a.Check != "" {
			says = "says " + strings.ReplaceAll(a.Check, "_", " ")
		}
		f.Effect, f.Remedy = "our check "+says+"; it holds the merge as long as it is required", "\"Disable auto-merge\" before a rule or the policy is relaxed"
		switch held {
		case "no":
			f.ID, f.Level = "armed-auto-merge", Hole
			f.Effect, f.Remedy = "our check does not hold it (it "+says+"): it merges once whatever else is required is there", "\"Disable auto-merge\", or require the check first"
		case "unknown":
			f.ID, f.Level = "armed-unknown", Unknown
			f.Effect, f.Remedy = "whether our check holds it is not known (it "+says+")", "\"Disable auto-merge\" until it is"
		}
		x.add(f)
	}
}

// foreign tells of check runs and statuses that bear our name.
func (x *exam) foreign() {
	type key struct{ kind, name, by string }
	on := map[key][]string{}
	var keys []key
	for _, f := range x.Foreign {
		k := key{f.Kind, f.Name, f.By}
		if on[k] == nil {
			keys = append(keys, k)
		}
		on[k] = append(on[k], f.On)
	}
	for _, k := range keys {
		if x.App.ID == 0 && k.kind == "check run" {
			continue // it may be ours: that has been said
		}
		// A name belongs to one branch; one that belongs to none stands for nothing.
		branch, held := "", "yes"
		for _, b := range x.Branches {
			if strings.EqualFold(strings.TrimSpace(k.name), gate.CheckName(x.Default, b.Name)) {
				branch, held = b.Name, x.held[b.Name]
			}
		}
		id, effect := "foreign-check", "it counts for nothing where the check is bound to the App; readers may take it for ours"
		remedy := "Give it another name (a workflow's job is its name); if nobody here made it, find out who did"
		if k.kind == "commit status" {
			id, effect = "foreign-status", "where a status and a check share a name GitHub wants both: a pending status holds every merge, a green one means nothing"
			remedy = "Find out who sets it, and have it use another name"
		}
		f := Finding{ID: id, Level: Warning, Branch: branch, Title: fmt.Sprintf("a %s named %q was set by %s on %s", k.kind, k.name, k.by, clipped(on[k])), Effect: effect, Remedy: remedy}
		if held != "yes" {
			f.Level = Hole
			f.Effect = "the check is not bound to the App here, and this one may stand in its place"
			f.Remedy += "; bind the check to " + x.our()
		}
		x.add(f)
	}
}

// clipped lists a few of many.
func clipped(list []string) string {
	const most = 5
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// title writes a permission as GitHub's settings do: "pull_requests" is "Pull requests".
func title(name string) string {
	if name == "statuses" {
		return "Commit statuses"
	}
	s := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}
