package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
)

// actionsApp is GitHub Actions as a source of checks on github.com. Every workflow with checks: write speaks as it.
const actionsApp = 15368

// seeMore is what lets doctor read branch protection.
const seeMore = "Grant Administration: read to the App, or run doctor with an administrator's token in GITHUB_TOKEN"

// A holder is a ruleset, or branch protection, that requires our check on a branch.
type holder struct {
	what    string          // "ruleset \"main\"", "branch protection"
	ruleset *github.Ruleset // nil: branch protection, or a ruleset that could not be read
	classic *github.Classic
	check   github.RequiredCheck
	url     string
}

// branch judges one branch.
func (x *exam) branch(b *github.BranchSettings) Branch {
	out := Branch{Name: b.Name, Check: gate.CheckName(x.Default, b.Name), By: []string{}}
	if x.NoProtection {
		x.held[b.Name], out.Held = "no", "no"
		x.add(Finding{ID: "no-protection", Level: Hole, Branch: b.Name, Title: "this account's plan has no rulesets and no branch protection for this repository",
			Effect: "nothing can be required: everybody with write access merges and pushes whatever the check says",
			Remedy: "Upgrade the plan, or make the repository public"})
		return out
	}
	var ours, anybody, others []holder
	var wrong []string // names like ours that are required, and are not this branch's
	for _, h := range x.required(b) {
		switch {
		case h.check.Name != out.Check:
			if github.OurName(h.check.Name) {
				wrong = append(wrong, h.check.Name)
			}
		case h.check.App == 0:
			anybody = append(anybody, h)
		case h.check.App == x.App.ID:
			ours = append(ours, h)
		default:
			others = append(others, h)
		}
	}
	unread := x.unread(github.PartRules, b.Name)
	if b.Classic == nil && unread == "" {
		unread = x.unread(github.PartProtection, b.Name)
	}
	state := "no"
	switch {
	case len(ours) > 0:
		state = "yes"
		for _, h := range ours {
			out.By = append(out.By, h.what)
		}
		x.bypass(b, ours)
	case len(others) > 0 && x.App.ID == 0:
		state = "unknown"
		x.add(Finding{ID: "app-not-known", Level: Unknown, Branch: b.Name, Title: fmt.Sprintf("%s requires %q from App %d, and doctor does not know which App is yours", others[0].what, out.Check, others[0].check.App),
			Effect: "another App may answer in its place", Remedy: "Say the App's number with --app (or REVIEWGATE_APP_ID); the App's settings page shows it", URL: others[0].url})
	case len(others) > 0 && others[0].check.App == actionsApp:
		x.add(Finding{ID: "check-from-actions", Level: Hole, Branch: b.Name, Title: fmt.Sprintf("%s takes the check %q from GitHub Actions", others[0].what, out.Check),
			Effect: "whoever can push a workflow with checks: write can set it to success, and nobody's approval is judged" + x.forgers(), Remedy: x.bind(others[0], out.Check), URL: others[0].url})
	case len(others) > 0:
		x.add(Finding{ID: "check-from-other", Level: Hole, Branch: b.Name, Title: fmt.Sprintf("%s takes the check %q from App %d, which is not %s", others[0].what, out.Check, others[0].check.App, x.our()),
			Effect: "that App decides instead, or nothing merges", Remedy: x.bind(others[0], out.Check), URL: others[0].url})
	case len(anybody) > 0:
		x.add(Finding{ID: "check-from-anybody", Level: Hole, Branch: b.Name, Title: fmt.Sprintf("%s requires %q from any source", anybody[0].what, out.Check),
			Effect: "every person, workflow or App that can write a commit status or a check run can answer with success" + x.forgers(), Remedy: x.bind(anybody[0], out.Check), URL: anybody[0].url})
	case unread != "":
		state = "unknown"
		x.add(Finding{ID: "unread-rules", Level: Unknown, Branch: b.Name, Title: "what this branch requires could not be read: " + unread,
			Effect: fmt.Sprintf("the check %q may not be required", out.Check), Remedy: seeMore})
	default:
		x.missing(b, out.Check, wrong)
	}
	x.held[b.Name], out.Held = state, state
	if state == "yes" && len(wrong) > 0 {
		x.add(Finding{ID: "check-never-comes", Level: Warning, Branch: b.Name, Title: fmt.Sprintf("it also requires %s, which pull requests into this branch never get", quoted(wrong)),
			Effect: "nothing merges here", Remedy: fmt.Sprintf("Remove it under \"Require status checks to pass\"; this branch's own check is %q", out.Check), URL: x.rulesPage()})
	}
	x.pushes(b, state)
	if state == "yes" {
		x.upToDate(b)
		x.inactive(b, out.Check)
		x.literal(b, ours)
	}
	x.queue(b)
	return out
}

// required lists every check that the branch requires, by what requires it.
func (x *exam) required(b *github.BranchSettings) []holder {
	var out []holder
	for _, r := range b.Rules {
		for _, c := range r.Checks {
			set := x.ruleset(r.Ruleset)
			h := holder{what: fmt.Sprintf("ruleset %d", r.Ruleset), ruleset: set, check: c, url: x.rulesetPage(set)}
			if set != nil {
				h.what = fmt.Sprintf("ruleset %q", set.Name)
			}
			out = append(out, h)
		}
	}
	if b.Classic != nil {
		for _, c := range b.Classic.Checks {
			out = append(out, holder{what: "branch protection", classic: b.Classic, check: c, url: x.page("/settings/branches")})
		}
	}
	return out
}

func (x *exam) ruleset(id int64) *github.Ruleset {
	for i := range x.Rulesets {
		if x.Rulesets[i].ID == id {
			return &x.Rulesets[i]
		}
	}
	return nil
}

// bind says how a check is bound to the App.
func (x *exam) bind(h holder, check string) string {
	s := fmt.Sprintf("\"Require status checks to pass\": remove %q, add it again and choose %s as its source", check, x.our())
	if h.classic != nil {
		s = fmt.Sprintf("\"Require status checks to pass before merging\": beside %q, choose %s instead of \"any source\"", check, x.our())
	}
	return s + x.offered()
}

// offered says what to do if GitHub does not offer the App as a source.
func (x *exam) offered() string {
	if x.App.Permissions != nil && x.App.Permissions["statuses"] != "write" {
		return ". If GitHub does not offer the App, grant it Commit statuses: write; it must have posted the check within the last seven days, too"
	}
	return ""
}

// missing tells why nothing requires the check, as near as the settings show it.
func (x *exam) missing(b *github.BranchSettings, check string, wrong []string) {
	f := Finding{ID: "check-not-required", Level: Hole, Branch: b.Name, Title: fmt.Sprintf("nothing requires the check %q", check),
		Effect: "everybody with write access can merge past a red check, or before it has answered", URL: x.rulesPage(),
		Remedy: fmt.Sprintf("New branch ruleset: Enforcement status \"Active\", Target branches %q, \"Require status checks to pass\" with %q from %s", x.target(b.Name), check, x.our()) + x.offered()}
	for i := range x.Rulesets {
		r := &x.Rulesets[i]
		if !x.asks(r, check) {
			continue
		}
		if r.Enforcement == "active" {
			f.ID, f.URL = "ruleset-misses-branch", x.rulesetPage(r)
			f.Title = fmt.Sprintf("ruleset %q requires the check %q, and does not apply to this branch (it targets %s)", r.Name, check, targets(r))
			f.Remedy = fmt.Sprintf("Target branches: add %q", x.target(b.Name))
			break
		}
		f.ID, f.URL = "ruleset-not-active", x.rulesetPage(r)
		f.Title = fmt.Sprintf("the ruleset %q, which requires the check %q, is %s", r.Name, check, map[string]string{"evaluate": "only evaluated", "disabled": "disabled"}[r.Enforcement])
		f.Remedy = "Enforcement status: \"Active\""
		break
	}
	if f.ID == "check-not-required" && len(wrong) > 0 {
		f.ID, f.Title = "check-wrong-name", fmt.Sprintf("it requires %s; the check of this branch is called %q", quoted(wrong), check)
		f.Remedy = fmt.Sprintf("\"Require status checks to pass\": replace it with %q from %s", check, x.our())
	}
	x.add(f)
}

// asks says whether a ruleset requires the check.
func (x *exam) asks(r *github.Ruleset, check string) bool {
	return slices.ContainsFunc(r.Rules, func(rule github.Rule) bool {
		return slices.ContainsFunc(rule.Checks, func(c github.RequiredCheck) bool { return c.Name == check })
	})
}

func (x *exam) target(branch string) string {
	if branch == x.Default {
		return "Include default branch"
	}
	return "Include by pattern: " + branch
}

func targets(r *github.Ruleset) string {
	var list []string
	for _, p := range r.Include {
		list = append(list, strings.TrimPrefix(p, "refs/heads/"))
	}
	s := strings.Join(list, ", ")
	if s == "" {
		s = "no branch"
	}
	var not []string
	for _, p := range r.Exclude {
		not = append(not, strings.TrimPrefix(p, "refs/heads/"))
	}
	if len(not) > 0 {
		s += ", but not " + strings.Join(not, ", ")
	}
	return s
}

// inactive notes rulesets that ask for the check and do not bind, where another one holds.
func (x *exam) inactive(b *github.BranchSettings, check string) {
	for i := range x.Rulesets {
		if r := &x.Rulesets[i]; r.Enforcement != "active" && x.asks(r, check) {
			x.add(Finding{ID: "ruleset-idle", Level: Note, Branch: b.Name, Title: fmt.Sprintf("the ruleset %q asks for the check too, and is not active", r.Name),
				Effect: "it adds nothing", Remedy: "Enforcement status: \"Active\", or delete it", URL: x.rulesetPage(r)})
		}
	}
}

// literal notes rulesets that bind the default branch by its name: they stay behind when another branch becomes the default.
func (x *exam) literal(b *github.BranchSettings, ours []holder) {
	if b.Name != x.Default {
		return
	}
	var sets []*github.Ruleset
	for _, h := range ours {
		if h.ruleset == nil || slices.Contains(h.ruleset.Include, "~DEFAULT_BRANCH") || slices.Contains(h.ruleset.Include, "~ALL") || !slices.Contains(h.ruleset.Include, "refs/heads/"+b.Name) {
			return // branch protection moves along with a renamed branch
		}
		sets = append(sets, h.ruleset)
	}
	for _, r := range sets {
		x.add(Finding{ID: "ruleset-literal", Level: Warning, Branch: b.Name, Title: fmt.Sprintf("ruleset %q binds this branch by its name", r.Name),
			Effect: "when another branch becomes the default, that one is not held", Remedy: "Target branches: \"Include default branch\"", URL: x.rulesetPage(r)})
	}
}

// bypass tells who is not bound. Rules add up: whoever wants to get past must be able to bypass everything that requires the check.
func (x *exam) bypass(b *github.BranchSettings, ours []holder) {
	var open []Finding
	firm := "" // what holds everybody
	for _, h := range ours {
		list := x.spared(b, h)
		if len(list) == 0 {
			firm = h.what
		}
		open = append(open, list...)
	}
	for _, f := range open {
		f.Branch = b.Name
		if firm != "" {
			if f.Level == Unknown {
				continue
			}
			// No hole, but somebody may rely on this one alone one day.
			f = Finding{ID: "bypass-held", Level: Note, Branch: b.Name, Title: f.Title + "; " + firm + " holds them all the same",
				Effect: "nothing gets through as long as both are there", Remedy: f.Remedy, URL: f.URL}
		}
		x.add(f)
	}
}

// spared lists those whom one holder does not bind.
func (x *exam) spared(b *github.BranchSettings, h holder) []Finding {
	switch {
	case h.classic != nil && h.classic.Partial:
		return []Finding{{ID: "unread-protection", Level: Unknown, Title: "whether branch protection binds administrators could not be read: " + x.unread(github.PartProtection, b.Name),
			Effect: "administrators may merge and push past a red check", Remedy: seeMore, URL: h.url}}
	case h.classic != nil && !h.classic.EnforceAdmins:
		return []Finding{{ID: "admins-not-bound", Level: Hole, Title: "branch protection does not bind administrators",
			Effect: "administrators of the repository merge and push past a red check", Remedy: "Switch on \"Do not allow bypassing the above settings\"", URL: h.url}}
	case h.classic != nil:
		return nil
	case h.ruleset == nil || h.ruleset.BypassHidden:
		return []Finding{{ID: "unread-bypass", Level: Unknown, Title: "who may bypass " + h.what + " could not be read: GitHub shows it to those who may change the ruleset",
			Effect: "somebody may merge past a red check", Remedy: "Run doctor with the token of such an administrator in GITHUB_TOKEN", URL: h.url}}
	}
	return x.actors(h)
}

// actors tells who may bypass a ruleset, one finding for each way.
func (x *exam) actors(h holder) []Finding {
	who := map[string][]string{}
	for _, a := range h.ruleset.Bypass {
		id := "bypass-always"
		switch {
		case a.Type == "DeployKey":
			id = "bypass-deploy-key"
		case a.Mode == "exempt":
			id = "bypass-exempt"
		case a.Mode == "pull_request":
			id = "bypass-pull-request"
		}
		who[id] = append(who[id], x.bypasser(a))
	}
	const less = "Bypass list: remove the entry, or set it to \"For pull requests only\", which leaves a trace on the pull request"
	var out []Finding
	for _, f := range []Finding{
		{ID: "bypass-always", Level: Hole, Title: "%s may bypass %s", Effect: "they merge past a red check, and push without a pull request", Remedy: less},
		{ID: "bypass-exempt", Level: Hole, Title: "%s: exempt from %s", Effect: "the ruleset is not run for them, and GitHub writes down no bypass", Remedy: less},
		{ID: "bypass-deploy-key", Level: Hole, Title: "%s may bypass %s", Effect: "whoever holds one pushes whatever they like, and no person is named for it", Remedy: "Bypass list: remove \"Deploy keys\""},
		{ID: "bypass-pull-request", Level: Warning, Title: "%s may bypass %s on pull requests",
			Effect: "they can merge past a red check; GitHub marks it on the pull request, and the server reports it after the merge", Remedy: "Bypass list: keep it for emergencies, and keep it short"},
	} {
		if names := who[f.ID]; len(names) > 0 {
			f.Title, f.URL = fmt.Sprintf(f.Title, strings.Join(names, ", "), h.what), h.url
			out = append(out, f)
		}
	}
	return out
}

// bypasser names who is meant. The numbers of built-in roles are GitHub's.
func (x *exam) bypasser(a github.Bypass) string {
	named := func(prefix, plain string) string {
		if a.Name != "" {
			return prefix + a.Name
		}
		return fmt.Sprintf("%s %d", plain, a.ID)
	}
	switch a.Type {
	case "OrganizationAdmin":
		return "owners of the organisation"
	case "DeployKey":
		return "deploy keys"
	case "RepositoryRole":
		if role := map[int64]string{2: "maintain", 4: "write", 5: "admin"}[a.ID]; role != "" {
			return "everybody with the role " + role
		}
		return fmt.Sprintf("everybody with the custom role %d", a.ID)
	case "Integration":
		switch a.ID {
		case actionsApp:
			return "every workflow (GitHub Actions)"
		case x.App.ID:
			return x.our() + " (which never needs it)"
		}
		return fmt.Sprintf("App %d", a.ID)
	case "Team":
		return named("team @", "team")
	case "User":
		return named("@", "user")
	}
	return fmt.Sprintf("%s %d", a.Type, a.ID)
}

func hasRule(b *github.BranchSettings, kind string) bool {
	return slices.ContainsFunc(b.Rules, func(r github.Rule) bool { return r.Type == kind })
}

// pushes tells who gets to the branch without a pull request, and what they can do to it.
func (x *exam) pushes(b *github.BranchSettings, state string) {
	c := b.Classic
	if x.unread(github.PartRules, b.Name) != "" || x.unread(github.PartProtection, b.Name) != "" && (c == nil || c.Partial) {
		if state == "yes" { // otherwise it has been said that the branch cannot be read
			x.forceUnknown(b)
		}
		return
	}
	pulls := hasRule(b, "pull_request") || hasRule(b, "merge_queue") || hasRule(b, "update") || c != nil && c.PullRequests
	switch {
	case pulls:
	case c != nil && c.Restricted:
		who := "nobody"
		if len(c.Pushers) > 0 {
			who = strings.Join(c.Pushers, ", ")
		}
		level := Warning
		if state == "yes" {
			level = Note
		}
		x.add(Finding{ID: "push-restricted", Level: level, Branch: b.Name, Title: "changes need no pull request; those who may push: " + who,
			Effect: "they can push a commit once our check on it is green, or any commit where the check is not required", Remedy: "Switch on \"Require a pull request before merging\"", URL: x.page("/settings/branches")})
	case state == "yes":
		x.add(Finding{ID: "push-green", Level: Note, Branch: b.Name, Title: "changes need no pull request",
			Effect: "a commit whose check is green may be pushed instead of merged; the server reports such pushes", Remedy: "Add the rule \"Require a pull request before merging\"", URL: x.rulesPage()})
	default:
		x.add(Finding{ID: "push-direct", Level: Hole, Branch: b.Name, Title: "changes need no pull request",
			Effect: "everybody with write access pushes whatever they like", Remedy: "Add the rule \"Require a pull request before merging\"", URL: x.rulesPage()})
	}
	if !hasRule(b, "non_fast_forward") && (c == nil || c.ForcePushes) {
		f := Finding{ID: "force-push", Level: Warning, Branch: b.Name, Title: "force pushes are allowed", Effect: "reviewed commits can be taken off the branch again, a fix among them",
			Remedy: "Add the rule \"Block force pushes\"", URL: x.rulesPage()}
		if c != nil {
			f.Remedy, f.URL = "Switch off \"Allow force pushes\"", x.page("/settings/branches")
		}
		x.add(f)
	}
	if b.Name == x.Default || hasRule(b, "deletion") || c != nil && !c.Deletions {
		return // GitHub refuses to delete the default branch
	}
	f := Finding{ID: "deletion", Level: Warning, Branch: b.Name, Title: "the branch may be deleted", Effect: "open pull requests are retargeted or closed, and what held the branch may not hold the next one of its name",
		Remedy: "Add the rule \"Restrict deletions\"", URL: x.rulesPage()}
	if slices.ContainsFunc(b.Rules, func(r github.Rule) bool { return r.NotCreate }) {
		f.ID, f.Level, f.Title = "deletion-recreate", Hole, "the branch may be deleted, and made again without the check"
		f.Effect = "everybody with write access deletes it and pushes it anew with whatever they like"
		f.Remedy = "Add the rule \"Restrict deletions\", and switch off \"Do not require status checks on creation\""
	}
	x.add(f)
}

// forceUnknown tells that the ways around pull requests could not be seen.
func (x *exam) forceUnknown(b *github.BranchSettings) {
	if hasRule(b, "non_fast_forward") && hasRule(b, "pull_request") {
		return // rules add up: branch protection cannot allow what these forbid
	}
	why := x.unread(github.PartRules, b.Name)
	if why == "" {
		why = x.unread(github.PartProtection, b.Name)
	}
	x.add(Finding{ID: "unread-pushes", Level: Unknown, Branch: b.Name, Title: "who may push to it, and with force, could not be read: " + why, Effect: "reviewed commits may be taken off the branch",
		Remedy: seeMore})
}

// upToDate: where a policy wants changes to be up to date, GitHub has to hold them, because the base can move after the check is green.
func (x *exam) upToDate(b *github.BranchSettings) {
	if x.Policy == nil || hasRule(b, "merge_queue") || b.Classic != nil && b.Classic.Strict && len(b.Classic.Checks) > 0 ||
		slices.ContainsFunc(b.Rules, func(r github.Rule) bool { return r.Strict && len(r.Checks) > 0 }) {
		return
	}
	var names []string
	for _, g := range x.Policy.Guards {
		if g.Need.UpToDate {
			names = append(names, g.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	if why := x.unread(github.PartProtection, b.Name); why != "" {
		x.add(Finding{ID: "unread-strict", Level: Unknown, Branch: b.Name, Title: "whether branch protection wants pull requests up to date could not be read: " + why,
			Effect: "the policy wants it for " + quoted(names) + ": a critical change may merge onto a base that nobody judged it with", Remedy: seeMore})
		return
	}
	x.add(Finding{ID: "not-up-to-date", Level: Hole, Branch: b.Name, Title: "pull requests need not be up to date, which the policy wants for " + quoted(names), URL: x.rulesPage(),
		Effect: "a critical change can merge onto a base that nobody judged it with, in the moment after the base moved",
		Remedy: "Switch on \"Require branches to be up to date before merging\", or use a merge queue"})
}

// queue judges the merge queue.
func (x *exam) queue(b *github.BranchSettings) {
	for _, r := range b.Rules {
		if r.Type != "merge_queue" {
			continue
		}
		if r.Grouping == "HEADGREEN" {
			x.add(Finding{ID: "queue-head-only", Level: Warning, Branch: b.Name, Title: "the merge queue asks for checks of the last entry of a group only",
				Effect: "an entry whose own commit fails is merged in the company of others; other checks than ours see the whole group at best",
				Remedy: "Switch on \"Require all queue entries to pass required checks\"", URL: x.rulesetPage(x.ruleset(r.Ruleset))})
		}
		if x.App.Installed && (x.App.Permissions["merge_queues"] == "" || !slices.Contains(x.App.Events, "merge_group")) {
			x.add(Finding{ID: "queue-unseen", Level: Warning, Branch: b.Name, Title: "there is a merge queue, and the App is not told of its groups",
				Effect: "the check never comes, and the queue takes every pull request out again", Remedy: "App's settings, \"Permissions & events\": Merge queues: read, and the event \"Merge group\""})
		}
		return
	}
}

func quoted(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return strings.Join(out, ", ")
}
