package github

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// Bounds of what is read of a repository's settings.
const (
	maxBranchPages  = 20  // of the list of branches, in pages of 100
	maxRulesets     = 100 // that are read one by one
	maxRulePages    = 10
	maxRecentHeads  = 20 // open pull requests, newest first, on whose heads foreign checks are looked for
	maxWorkflows    = 50
	maxNamedTeams   = 5 // pages of an organisation's teams, to name those that may bypass
	maxSettingsFile = 1 << 20
)

// Settings are what GitHub would let through, as plain data: nothing in it is judged. What could not be read is in Unread, and never in its place.
type Settings struct {
	Repo      string   `json:"repo"` // "owner/name"
	OwnerType string   `json:"owner_type,omitempty"`
	Web       string   `json:"web,omitempty"` // address of the repository's page
	Default   string   `json:"default"`       // branch
	App       AppState `json:"app"`

	Branches  []BranchSettings `json:"branches"` // the default branch first
	Rulesets  []Ruleset        `json:"rulesets,omitempty"`
	Armed     []Armed          `json:"armed,omitempty"`
	Foreign   []Foreign        `json:"foreign,omitempty"`
	Seen      []string         `json:"seen,omitempty"`      // names of our own check runs on the tips and on recent heads
	Workflows []TextFile       `json:"workflows,omitempty"` // of the default branch
	// NoProtection says that the account's plan has neither rulesets nor branch protection for this repository.
	NoProtection bool     `json:"no_protection,omitempty"`
	Unread       []Unread `json:"unread,omitempty"`
}

// The parts of Settings that may be unread.
const (
	PartAll          = "all" // there are no eyes to read anything of the repository with
	PartInstallation = "installation"
	PartRulesets     = "rulesets"
	PartRuleset      = "ruleset"    // of one ruleset, named by Unread.Name: its conditions
	PartBypass       = "bypass"     // of one ruleset, named by Unread.Name
	PartRules        = "rules"      // of one branch
	PartProtection   = "protection" // of one branch
	PartBranches     = "branches"
	PartPulls        = "pulls"
	PartChecks       = "checks"
	PartStatuses     = "statuses"
	PartWorkflows    = "workflows"
	PartPolicy       = "policy"
	PartFloor        = "floor"
	PartPeople       = "people"
)

// An Unread part of the settings, and why.
type Unread struct {
	Part   string `json:"part"`
	Name   string `json:"name,omitempty"` // of the branch or ruleset, where the part is of one
	Reason string `json:"reason"`
}

// AppState is what is known of the App and of its installation on the repository.
type AppState struct {
	ID           int64             `json:"id,omitempty"` // 0: not known
	Slug         string            `json:"slug,omitempty"`
	Installed    bool              `json:"installed,omitempty"`
	Installation int64             `json:"installation,omitempty"`
	Suspended    bool              `json:"suspended,omitempty"`
	Permissions  map[string]string `json:"permissions,omitempty"` // granted: "checks" -> "write"
	Events       []string          `json:"events,omitempty"`
}

// BranchSettings are what binds one branch.
type BranchSettings struct {
	Name    string   `json:"name"`
	Rules   []Rule   `json:"rules,omitempty"`   // of active rulesets, wherever those are kept
	Classic *Classic `json:"classic,omitempty"` // branch protection; nil: none
}

// A Rule of a ruleset. The fields below Ruleset belong to some types only.
type Rule struct {
	Type      string          `json:"type"` // "required_status_checks", "pull_request", "merge_queue", "deletion", "non_fast_forward", ...
	Ruleset   int64           `json:"ruleset,omitempty"`
	Checks    []RequiredCheck `json:"checks,omitempty"`
	Strict    bool            `json:"strict,omitempty"`
	NotCreate bool            `json:"not_create,omitempty"` // the checks are not asked for when the branch is created
	Grouping  string          `json:"grouping,omitempty"`   // "ALLGREEN", "HEADGREEN"
	Workflows []string        `json:"workflows,omitempty"`  // paths
}

// A RequiredCheck must succeed before a merge.
type RequiredCheck struct {
	Name string `json:"name"`
	App  int64  `json:"app,omitempty"` // that it must come from; 0: anybody
}

// Classic branch protection.
type Classic struct {
	// Partial says that only Checks could be read: the rest is shown to those who may administer the repository.
	Partial       bool            `json:"partial,omitempty"`
	Checks        []RequiredCheck `json:"checks,omitempty"`
	Strict        bool            `json:"strict,omitempty"`
	EnforceAdmins bool            `json:"enforce_admins,omitempty"`
	PullRequests  bool            `json:"pull_requests,omitempty"` // changes must come by pull request
	ForcePushes   bool            `json:"force_pushes,omitempty"`
	Deletions     bool            `json:"deletions,omitempty"`
	Restricted    bool            `json:"restricted,omitempty"` // only Pushers may push
	Pushers       []string        `json:"pushers,omitempty"`    // "@alice", "team acme/ops", "App deployer"
}

// A Ruleset of the repository, or of its organisation or enterprise.
type Ruleset struct {
	ID           int64    `json:"id"`
	Name         string   `json:"name"`
	Source       string   `json:"source"`      // "acme/widgets", "acme"
	SourceType   string   `json:"source_type"` // "Repository", "Organization", "Enterprise"
	Enforcement  string   `json:"enforcement"` // "active", "evaluate", "disabled"
	Include      []string `json:"include,omitempty"`
	Exclude      []string `json:"exclude,omitempty"`
	Rules        []Rule   `json:"rules,omitempty"`
	Bypass       []Bypass `json:"bypass,omitempty"`
	BypassHidden bool     `json:"bypass_hidden,omitempty"` // GitHub shows them only to those who may change the ruleset
}

// A Bypass is somebody whom a ruleset does not bind.
type Bypass struct {
	Type string `json:"type"` // "OrganizationAdmin", "RepositoryRole", "Team", "Integration", "DeployKey", "User"
	ID   int64  `json:"id,omitempty"`
	Name string `json:"name,omitempty"` // of a team or user, if it could be found out
	Mode string `json:"mode"`           // "always", "pull_request", "exempt"
}

// An Armed pull request is merged by GitHub as soon as nothing that it requires is missing.
type Armed struct {
	Number int    `json:"number"`
	Base   string `json:"base"`
	Head   string `json:"head,omitempty"`
	By     string `json:"by"`
	Check  string `json:"check,omitempty"` // what our check run on its head says: conclusion or status; "": there is none
}

// A Foreign check run or commit status has a name of ours and was made by somebody else.
type Foreign struct {
	Kind string `json:"kind"` // "check run", "commit status"
	Name string `json:"name"`
	By   string `json:"by"` // "App github-actions", "@mallory"
	On   string `json:"on"` // "main", "#7"
}

// A TextFile of the default branch.
type TextFile struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// On says whether and how the App is installed on a repository.
func (a *App) On(ctx context.Context, owner, repo string) (AppState, error) {
	s := AppState{ID: a.id}
	if err := checkRepo(owner, repo); err != nil {
		return s, fmt.Errorf("looking for the installation: %w", err)
	}
	var err error
	if s.Slug, err = a.Slug(ctx); err != nil {
		return s, err
	}
	in, _, err := get[struct {
		installation
		Events []string `json:"events"`
	}](ctx, a.jwt, "repos/"+owner+"/"+repo+"/installation", nil)
	err = fail("looking for the App's installation on "+owner+"/"+repo, err)
	if errors.Is(err, ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.Installed, s.Installation, s.Suspended, s.Permissions, s.Events = true, in.ID, in.SuspendedAt != nil, in.Permissions, in.Events
	return s, nil
}

// Reader gives a client whose tokens may read whatever the installation was granted, and write nothing. It is for doctor: the settings need
// permissions that the App does without in its daily work.
func (a *App) Reader(s AppState) *Client {
	p := &gh.InstallationPermissions{}
	for name, field := range map[string]**string{
		"metadata": &p.Metadata, "contents": &p.Contents, "pull_requests": &p.PullRequests, "checks": &p.Checks, "members": &p.Members,
		"administration": &p.Administration, "statuses": &p.Statuses,
	} {
		if s.Permissions[name] != "" {
			*field = gh.String("read")
		}
	}
	c := &Client{app: a, id: s.Installation, wants: p, git: map[string]gitToken{},
		way: newTransport(a.base, a.pace, a.now, a.log.With().Int64("installation", s.Installation).Logger())}
	c.gh = a.client(&session{client: c})
	return c
}

// Branches lists the names of a repository's branches, sorted.
func (c *Client) Branches(ctx context.Context, owner, repo string) ([]string, error) {
	op := "listing the branches of " + owner + "/" + repo
	if err := checkRepo(owner, repo); err != nil {
		return nil, fmt.Errorf("listing branches: %w", err)
	}
	list, complete, err := pages(maxBranchPages, func(o *gh.ListOptions) ([]*gh.Branch, *gh.Response, error) {
		return c.gh.Repositories.ListBranches(ctx, owner, repo, &gh.BranchListOptions{ListOptions: *o})
	})
	if err != nil {
		return nil, fail(op, err)
	}
	var out []string
	for _, b := range list {
		out = append(out, b.GetName())
	}
	slices.Sort(out)
	if !complete {
		return out, fmt.Errorf("%s: there are more than %d", op, maxBranchPages*100)
	}
	return out, nil
}

// Text reads a file at the tip of the default branch. found is false if there is none.
func (c *Client) Text(ctx context.Context, owner, repo, path string) (text string, found bool, err error) {
	op := "reading " + path + " of " + owner + "/" + repo
	if err := checkRepo(owner, repo); err != nil {
		return "", false, fmt.Errorf("reading a file: %w", err)
	}
	got, _, err := get[struct {
		Type     string `json:"type"`
		Size     int64  `json:"size"`
		Encoding string `json:"encoding"`
		Content  string `json:"content"`
	}](ctx, c.gh, contentsPath(owner, repo, path), nil)
	var shape *Temporary
	switch err = fail(op, err); {
	case errors.Is(err, ErrNotFound):
		return "", false, nil
	case errors.As(err, &shape) && strings.Contains(shape.Reason, "array"): // a folder
		return "", false, nil
	case err != nil:
		return "", false, err
	case got.Type != "file":
		return "", false, nil
	case got.Size > maxSettingsFile || got.Encoding != "base64":
		return "", false, fmt.Errorf("%s: it is larger than %d bytes", op, maxSettingsFile)
	}
	data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(got.Content, "\n", ""))
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", op, &Temporary{Reason: "GitHub's answer is not what its description says"})
	}
	return string(data), true, nil
}

func contentsPath(owner, repo, path string) string {
	return "repos/" + owner + "/" + repo + "/contents/" + (&url.URL{Path: path}).EscapedPath()
}

// Settings reads what binds the branches, who may go around it, and what is on its way to them. others are the branches beside the default
// one. It answers with an error only if nothing can be said at all; what could not be read is in Unread.
func (c *Client) Settings(ctx context.Context, owner, repo string, app AppState, others ...string) (*Settings, error) {
	r, err := c.Repository(ctx, owner, repo)
	if err != nil {
		return nil, err
	}
	s := &Settings{Repo: r.Owner + "/" + r.Name, OwnerType: r.OwnerType, Web: c.app.web.JoinPath(r.Owner, r.Name).String(), Default: r.DefaultBranch, App: app}
	in := &inspection{Client: c, s: s, owner: r.Owner, repo: r.Name}
	for _, read := range []func(context.Context) error{
		in.rulesets,
		func(ctx context.Context) error {
			for _, name := range append([]string{r.DefaultBranch}, others...) {
				if name == "" || name == r.DefaultBranch && len(s.Branches) > 0 {
					continue
				}
				if err := in.branch(ctx, name); err != nil {
					return err
				}
			}
			return nil
		},
		in.pulls,
		in.workflows,
	} {
		if err := read(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Binding reads no more than what binds one branch: the rules of active rulesets and branch protection. It is what a server asks again and
// again.
func (c *Client) Binding(ctx context.Context, owner, repo, branch string) (BranchSettings, []Unread, error) {
	if err := checkRepo(owner, repo); err != nil {
		return BranchSettings{}, nil, fmt.Errorf("reading what binds a branch: %w", err)
	}
	in := &inspection{Client: c, s: &Settings{}, owner: owner, repo: repo}
	if err := in.branch(ctx, branch); err != nil {
		return BranchSettings{}, nil, err
	}
	return in.s.Branches[0], in.s.Unread, nil
}

// An inspection is one reading of the settings.
type inspection struct {
	*Client
	s           *Settings
	owner, repo string
	teams       map[int64]string // "acme/ops"; nil: not asked for yet
}

func (in *inspection) path(format string, args ...any) string {
	return "repos/" + in.owner + "/" + in.repo + "/" + fmt.Sprintf(format, args...)
}

// unread notes why a part is missing. It answers with an error if nothing more can be asked now.
func (in *inspection) unread(part, name string, err error) error {
	if err == nil {
		return nil
	}
	what := part
	if name != "" {
		what += " of " + name
	}
	err = fail("reading the "+what+" of "+in.owner+"/"+in.repo, err)
	if mustStop(err) {
		return err
	}
	var e *Error
	if errors.As(err, &e) && (e.Status == http.StatusForbidden || e.Status == http.StatusNotFound) && strings.HasPrefix(e.Message, "Upgrade to ") {
		in.s.NoProtection = true // GitHub's words for a plan without these settings
		return nil
	}
	why := reason(err)
	if e != nil { // who may not read it, an App or a person, is known to whoever asked
		why = strings.TrimSpace(fmt.Sprintf("GitHub answered %d %s", e.Status, e.Message))
	}
	in.s.Unread = append(in.s.Unread, Unread{Part: part, Name: name, Reason: why})
	return nil
}

// A rule as GitHub writes it.
type wireRule struct {
	Type       string `json:"type"`
	Ruleset    int64  `json:"ruleset_id"`
	Parameters struct {
		Checks []struct {
			Context string `json:"context"`
			App     int64  `json:"integration_id"`
		} `json:"required_status_checks"`
		Strict    bool   `json:"strict_required_status_checks_policy"`
		NotCreate bool   `json:"do_not_enforce_on_create"`
		Grouping  string `json:"grouping_strategy"`
		Workflows []struct {
			Path string `json:"path"`
		} `json:"workflows"`
	} `json:"parameters"`
}

func (w wireRule) rule() Rule {
	r := Rule{Type: w.Type, Ruleset: w.Ruleset, Strict: w.Parameters.Strict, NotCreate: w.Parameters.NotCreate, Grouping: w.Parameters.Grouping}
	for _, c := range w.Parameters.Checks {
		r.Checks = append(r.Checks, RequiredCheck{c.Context, c.App})
	}
	for _, f := range w.Parameters.Workflows {
		r.Workflows = append(r.Workflows, f.Path)
	}
	return r
}

// rulesets reads every ruleset for branches, the inactive ones and those of the organisation too.
func (in *inspection) rulesets(ctx context.Context) error {
	type head struct {
		ID     int64  `json:"id"`
		Name   string `json:"name"`
		Target string `json:"target"`
	}
	list, complete, err := pages(maxRulePages, func(o *gh.ListOptions) ([]head, *gh.Response, error) {
		return get[[]head](ctx, in.gh, in.path("rulesets?includes_parents=true"), o)
	})
	if err == nil && (!complete || len(list) > maxRulesets) {
		err = fmt.Errorf("there are more than %d", maxRulesets)
	}
	if err := in.unread(PartRulesets, "", err); err != nil {
		return err
	}
	for _, h := range list[:min(len(list), maxRulesets)] {
		if h.Target != "" && h.Target != "branch" {
			continue
		}
		got, _, err := get[struct {
			ID          int64  `json:"id"`
			Name        string `json:"name"`
			Source      string `json:"source"`
			SourceType  string `json:"source_type"`
			Enforcement string `json:"enforcement"`
			Conditions  *struct {
				Ref *struct {
					Include []string `json:"include"`
					Exclude []string `json:"exclude"`
				} `json:"ref_name"`
			} `json:"conditions"`
			Rules  []wireRule `json:"rules"`
			Bypass *[]struct {
				ID   int64  `json:"actor_id"`
				Type string `json:"actor_type"`
				Mode string `json:"bypass_mode"`
			} `json:"bypass_actors"`
		}](ctx, in.gh, in.path("rulesets/%d?includes_parents=true", h.ID), nil)
		if err != nil {
			if err := in.unread(PartRuleset, h.Name, err); err != nil {
				return err
			}
			continue
		}
		r := Ruleset{ID: got.ID, Name: got.Name, Source: got.Source, SourceType: got.SourceType, Enforcement: got.Enforcement, BypassHidden: got.Bypass == nil}
		if got.Conditions != nil && got.Conditions.Ref != nil {
			r.Include, r.Exclude = got.Conditions.Ref.Include, got.Conditions.Ref.Exclude
		}
		for _, w := range got.Rules {
			r.Rules = append(r.Rules, w.rule())
		}
		if got.Bypass != nil {
			for _, b := range *got.Bypass {
				name, err := in.actor(ctx, b.Type, b.ID)
				if err != nil {
					return err
				}
				r.Bypass = append(r.Bypass, Bypass{Type: b.Type, ID: b.ID, Name: name, Mode: cmp.Or(b.Mode, "always")})
			}
		}
		in.s.Rulesets = append(in.s.Rulesets, r)
	}
	slices.SortStableFunc(in.s.Rulesets, func(a, b Ruleset) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

// actor finds the name of a team or user; "" if it cannot.
func (in *inspection) actor(ctx context.Context, kind string, id int64) (string, error) {
	switch kind {
	case "User":
		u, _, err := in.gh.Users.GetByID(ctx, id)
		if err := fail("asking who may bypass", err); mustStop(err) {
			return "", err
		}
		return u.GetLogin(), nil
	case "Team":
		if in.teams == nil {
			in.teams = map[int64]string{}
			list, _, err := pages(maxNamedTeams, func(o *gh.ListOptions) ([]*gh.Team, *gh.Response, error) {
				return in.gh.Teams.ListTeams(ctx, in.owner, o)
			})
			if err := fail("asking who may bypass", err); mustStop(err) {
				return "", err
			}
			for _, t := range list {
				in.teams[t.GetID()] = in.owner + "/" + t.GetSlug()
			}
		}
		return in.teams[id], nil
	}
	return "", nil
}

// branch reads what binds one branch.
func (in *inspection) branch(ctx context.Context, name string) error {
	b := BranchSettings{Name: name}
	escaped := url.PathEscape(name)
	list, complete, err := pages(maxRulePages, func(o *gh.ListOptions) ([]wireRule, *gh.Response, error) {
		return get[[]wireRule](ctx, in.gh, in.path("rules/branches/%s", escaped), o)
	})
	if err == nil && !complete {
		err = fmt.Errorf("there are more than %d", maxRulePages*100)
	}
	if err := in.unread(PartRules, name, err); err != nil {
		return err
	}
	for _, w := range list {
		b.Rules = append(b.Rules, w.rule())
	}
	if b.Classic, err = in.classic(ctx, escaped); err != nil {
		if err := in.partial(ctx, &b, escaped, err); err != nil {
			return err
		}
	}
	in.s.Branches = append(in.s.Branches, b)
	return nil
}

// A list of required checks as branch protection has it.
type wireChecks struct {
	Strict bool `json:"strict"`
	Checks []struct {
		Context string `json:"context"`
		App     *int64 `json:"app_id"`
	} `json:"checks"`
}

func (w *wireChecks) checks() []RequiredCheck {
	var out []RequiredCheck
	for _, c := range w.Checks {
		r := RequiredCheck{Name: c.Context}
		if c.App != nil && *c.App > 0 { // -1 is written for "any source" too
			r.App = *c.App
		}
		out = append(out, r)
	}
	return out
}

// classic reads branch protection; nil if there is none.
func (in *inspection) classic(ctx context.Context, branch string) (*Classic, error) {
	type toggle struct {
		Enabled bool `json:"enabled"`
	}
	got, _, err := get[struct {
		Checks        *wireChecks `json:"required_status_checks"`
		Reviews       *struct{}   `json:"required_pull_request_reviews"`
		EnforceAdmins toggle      `json:"enforce_admins"`
		ForcePushes   toggle      `json:"allow_force_pushes"`
		Deletions     toggle      `json:"allow_deletions"`
		Restrictions  *struct {
			Users []struct {
				Login string `json:"login"`
			} `json:"users"`
			Teams []struct {
				Slug string `json:"slug"`
			} `json:"teams"`
			Apps []struct {
				Slug string `json:"slug"`
			} `json:"apps"`
		} `json:"restrictions"`
	}](ctx, in.gh, in.path("branches/%s/protection", branch), nil)
	var e *Error
	if errors.As(fail("", err), &e) && e.Status == http.StatusNotFound && e.Message == "Branch not protected" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &Classic{PullRequests: got.Reviews != nil, EnforceAdmins: got.EnforceAdmins.Enabled, ForcePushes: got.ForcePushes.Enabled, Deletions: got.Deletions.Enabled}
	if got.Checks != nil {
		p.Checks, p.Strict = got.Checks.checks(), got.Checks.Strict
	}
	if r := got.Restrictions; r != nil {
		p.Restricted = true
		for _, u := range r.Users {
			p.Pushers = append(p.Pushers, "@"+u.Login)
		}
		for _, t := range r.Teams {
			p.Pushers = append(p.Pushers, "team "+in.owner+"/"+t.Slug)
		}
		for _, a := range r.Apps {
			p.Pushers = append(p.Pushers, "App "+a.Slug)
		}
	}
	return p, nil
}

// partial reads of branch protection what everybody with access to the branch may see: the required checks.
func (in *inspection) partial(ctx context.Context, b *BranchSettings, branch string, cause error) error {
	if err := in.unread(PartProtection, b.Name, cause); err != nil || in.s.NoProtection {
		return err
	}
	got, _, err := get[struct {
		Protection struct {
			Enabled bool       `json:"enabled"`
			Checks  wireChecks `json:"required_status_checks"`
		} `json:"protection"`
	}](ctx, in.gh, in.path("branches/%s", branch), nil)
	if err := fail("reading branch "+b.Name, err); mustStop(err) {
		return err
	}
	if err == nil && got.Protection.Enabled {
		b.Classic = &Classic{Partial: true, Checks: got.Protection.Checks.checks()}
	}
	return nil
}

// pulls reads the open pull requests: which are armed, and what stands on the newest heads and on the branches.
func (in *inspection) pulls(ctx context.Context) error {
	list, complete, err := pages(maxPullPages, func(o *gh.ListOptions) ([]*gh.PullRequest, *gh.Response, error) {
		return in.gh.PullRequests.List(ctx, in.owner, in.repo, &gh.PullRequestListOptions{State: "open", Sort: "created", Direction: "desc", ListOptions: *o})
	})
	if err == nil && !complete {
		err = fmt.Errorf("there are more than %d", maxPullPages*100)
	}
	if err := in.unread(PartPulls, "", err); err != nil {
		return err
	}
	heads := [][2]string{} // SHA, what to call it
	for _, b := range in.s.Branches {
		sha, err := in.tip(ctx, in.owner, in.repo, b.Name)
		if err := fail("reading branch "+b.Name, err); mustStop(err) {
			return err
		}
		if err == nil {
			heads = append(heads, [2]string{sha, b.Name})
		}
	}
	known := map[string]bool{}
	for _, p := range list {
		sha := p.GetHead().GetSHA()
		armed := p.AutoMerge != nil
		if armed {
			in.s.Armed = append(in.s.Armed, Armed{Number: p.GetNumber(), Base: p.GetBase().GetRef(), Head: sha, By: p.AutoMerge.GetEnabledBy().GetLogin()})
		}
		if (armed || len(known) < maxRecentHeads) && shaForm.MatchString(sha) && !known[sha] {
			known[sha] = true
			heads = append(heads, [2]string{sha, fmt.Sprintf("#%d", p.GetNumber())})
		}
	}
	slices.SortFunc(in.s.Armed, func(a, b Armed) int { return cmp.Compare(a.Number, b.Number) })
	return in.marks(ctx, heads)
}

// marks looks at the check runs and statuses with a name of ours.
func (in *inspection) marks(ctx context.Context, heads [][2]string) error {
	seen := map[string]bool{}
	statuses := true
	for _, h := range heads {
		sha, on := h[0], h[1]
		list, complete, err := pages(maxRunPages, func(o *gh.ListOptions) ([]*gh.CheckRun, *gh.Response, error) {
			res, resp, err := in.gh.Checks.ListCheckRunsForRef(ctx, in.owner, in.repo, sha, &gh.ListCheckRunsOptions{Filter: gh.String("latest"), ListOptions: *o})
			if err != nil {
				return nil, resp, err
			}
			return res.CheckRuns, resp, nil
		})
		if err == nil && !complete {
			err = fmt.Errorf("there are more than %d on %s", maxRunPages*100, on)
		}
		if err != nil {
			return in.unread(PartChecks, "", err)
		}
		for _, r := range list {
			switch {
			case !OurName(r.GetName()):
			case in.s.App.ID != 0 && r.GetApp().GetID() == in.s.App.ID:
				seen[r.GetName()] = true
				for i := range in.s.Armed {
					if a := &in.s.Armed[i]; a.Head == sha && gate.CheckName(in.s.Default, a.Base) == r.GetName() {
						a.Check = cmp.Or(r.GetConclusion(), r.GetStatus())
					}
				}
			default:
				in.s.Foreign = append(in.s.Foreign, Foreign{Kind: "check run", Name: r.GetName(), By: "App " + r.GetApp().GetSlug(), On: on})
			}
		}
		if !statuses {
			continue
		}
		list2, _, err := in.gh.Repositories.GetCombinedStatus(ctx, in.owner, in.repo, sha, &gh.ListOptions{PerPage: 100})
		if err != nil {
			statuses = false
			if err := in.unread(PartStatuses, "", err); err != nil {
				return err
			}
			continue
		}
		for _, st := range list2.Statuses {
			if OurName(st.GetContext()) {
				in.s.Foreign = append(in.s.Foreign, Foreign{Kind: "commit status", Name: st.GetContext(), By: in.creator(ctx, sha, st), On: on})
			}
		}
	}
	for name := range seen {
		in.s.Seen = append(in.s.Seen, name)
	}
	slices.Sort(in.s.Seen)
	return nil
}

// creator says who set a status; GitHub's summary of a commit does not.
func (in *inspection) creator(ctx context.Context, sha string, st *gh.RepoStatus) string {
	list, _, err := in.gh.Repositories.ListStatuses(ctx, in.owner, in.repo, sha, &gh.ListOptions{PerPage: 100})
	if err == nil {
		for _, s := range list {
			if s.GetID() == st.GetID() && s.GetCreator().GetLogin() != "" {
				return "@" + s.GetCreator().GetLogin()
			}
		}
	}
	return "somebody"
}

// workflows reads the workflow files of the default branch.
func (in *inspection) workflows(ctx context.Context) error {
	type entry struct {
		Type string `json:"type"`
		Path string `json:"path"`
	}
	list, _, err := get[[]entry](ctx, in.gh, contentsPath(in.owner, in.repo, ".github/workflows"), nil)
	if errors.Is(fail("", err), ErrNotFound) {
		return nil
	}
	if err == nil && len(list) > maxWorkflows {
		err = fmt.Errorf("there are %d, and %d are read", len(list), maxWorkflows)
	}
	if err := in.unread(PartWorkflows, "", err); err != nil {
		return err
	}
	for _, e := range list[:min(len(list), maxWorkflows)] {
		if e.Type != "file" || !strings.HasSuffix(e.Path, ".yml") && !strings.HasSuffix(e.Path, ".yaml") {
			continue
		}
		text, found, err := in.Text(ctx, in.owner, in.repo, e.Path)
		if err := in.unread(PartWorkflows, "", err); err != nil {
			return err
		}
		if found {
			in.s.Workflows = append(in.s.Workflows, TextFile{e.Path, text})
		}
	}
	return nil
}
