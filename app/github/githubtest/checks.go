package githubtest

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// A suite holds the check runs of one App on one commit.
type suite struct {
	ID      int64
	repo    *Repo
	app     *App
	sha     string
	branch  string
	before  string
	created time.Time
	updated time.Time
	asked   bool // rerequested since its last run ended
}

// A run is one check run.
type run struct {
	ID                   int64
	suite                *suite
	name                 string
	status, conclusion   string
	started, completed   time.Time
	details, external    string
	title, summary, text *string
	annotations          []obj
	actions              []any
}

// A status is one commit status.
type status struct {
	ID                  int64
	sha, context, state string
	description, target *string
	creator             *User
	created             time.Time
}

// A CheckRunInfo is what a check run is now, for tests and programs to read.
type CheckRunInfo struct {
	ID                   int64
	App, Name, HeadSHA   string
	Status, Conclusion   string
	Title, Summary, Text string
	ExternalID           string
	DetailsURL           string
	Annotations          int
}

func passes(conclusion string) bool {
	return conclusion == "success" || conclusion == "neutral" || conclusion == "skipped"
}

// openSuites makes the suite of every App with checks:write for a new head, and asks those Apps for checks.
func (r *Repo) openSuites(branch, before, sha string, by *User) {
	for _, a := range r.g.apps {
		i := a.installationOn(r)
		if i == nil || !i.suspended.IsZero() || levels[i.permissions["checks"]] < levels["write"] || r.suiteOf(a, sha) != nil {
			continue
		}
		s := r.newSuite(a, sha, branch)
		s.before = before
		r.g.emitTo(a, r, "check_suite", "requested", by, obj{"action": "requested", "check_suite": s.hookJSON()})
	}
}

func (r *Repo) suiteOf(a *App, sha string) *suite {
	for _, s := range r.suites {
		if s.app == a && s.sha == sha {
			return s
		}
	}
	return nil
}

func (r *Repo) newSuite(a *App, sha, branch string) *suite {
	s := &suite{ID: r.g.id(), repo: r, app: a, sha: sha, branch: branch, created: r.g.now(), updated: r.g.now()}
	if branch == "" {
		for _, p := range r.pulls {
			if p.head == sha && p.headRepo == r {
				s.branch = p.headRef
			}
		}
	}
	r.suites = append(r.suites, s)
	return s
}

// latestRuns returns, per App and name, the newest run on a commit.
func (r *Repo) latestRuns(sha string) []*run {
	newest := map[string]*run{}
	for _, c := range r.runs {
		if c.suite.sha == sha {
			newest[fmt.Sprint(c.suite.app.ID, " ", c.name)] = c
		}
	}
	return sortRuns(newest)
}

func sortRuns(m map[string]*run) []*run {
	list := make([]*run, 0, len(m))
	for _, c := range m {
		list = append(list, c)
	}
	sort.Slice(list, func(a, b int) bool { return list[a].ID < list[b].ID })
	return list
}

// checkState says how a required check stands: "success", or what GitHub's message says of it.
func (r *Repo) checkState(sha string, want RequiredCheck) string {
	state := "expected"
	worse := func(s string) {
		order := map[string]int{"expected": 0, "success": 1, "queued": 2, "pending": 2, "in progress": 3, "failing": 4}
		if order[s] > order[state] {
			state = s
		}
	}
	for _, c := range r.latestRuns(sha) {
		if c.name != want.Context || (want.App != nil && c.suite.app != want.App) {
			continue
		}
		switch {
		case c.status == "completed" && passes(c.conclusion):
			worse("success")
		case c.status == "completed":
			worse("failing")
		case c.status == "queued":
			worse("queued")
		default:
			worse("in progress")
		}
	}
	if want.App == nil {
		latest := map[string]*status{}
		for _, s := range r.statuses {
			if s.sha == sha {
				latest[s.context] = s
			}
		}
		if s := latest[want.Context]; s != nil {
			switch s.state {
			case "success":
				worse("success")
			case "pending":
				worse("pending")
			default:
				worse("failing")
			}
		}
	}
	return state
}

// completedNow tells the world that a run ended, and that its suite ended if this was the last one.
func (c *run) completedNow(by *User) {
	r := c.suite.repo
	r.g.emit(r, "check_run", "completed", by, obj{"action": "completed", "check_run": c.hookJSON()})
	if status, _ := c.suite.state(); status == "completed" {
		r.g.emit(r, "check_suite", "completed", by, obj{"action": "completed", "check_suite": c.suite.hookJSON()})
	}
	r.record("merging what is ready", r.ready())
}

// state is the suite's status and conclusion, made from its runs.
func (s *suite) state() (status, conclusion string) {
	newest := map[string]*run{}
	for _, c := range s.repo.runs {
		if c.suite == s {
			newest[c.name] = c
		}
	}
	if len(newest) == 0 || s.asked {
		return "queued", ""
	}
	worst := "success"
	order := map[string]int{"success": 0, "skipped": 1, "neutral": 2, "stale": 3, "cancelled": 4, "timed_out": 5, "action_required": 6, "failure": 7}
	for _, c := range newest {
		if c.status != "completed" {
			return "in_progress", ""
		}
		if order[c.conclusion] > order[worst] {
			worst = c.conclusion
		}
	}
	return "completed", worst
}

// Rerequest asks the App to run a check again, as the button on the page does. The run itself stays as it was.
func (r *Repo) Rerequest(by *User, runID int64) error {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	c := r.run(runID)
	if c == nil {
		return fmt.Errorf("rerequest: no check run %d in %s", runID, r.FullName())
	}
	r.rerequest(by, c)
	return nil
}

func (r *Repo) rerequest(by *User, c *run) {
	c.suite.asked = true
	r.g.emitTo(c.suite.app, r, "check_run", "rerequested", by, obj{"action": "rerequested", "check_run": c.hookJSON()})
}

// RerequestSuite asks for all runs of a suite again. The suite is that of the given run.
func (r *Repo) RerequestSuite(by *User, runID int64) error {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	c := r.run(runID)
	if c == nil {
		return fmt.Errorf("rerequest: no check run %d in %s", runID, r.FullName())
	}
	r.rerequestSuite(by, c.suite)
	return nil
}

func (r *Repo) rerequestSuite(by *User, s *suite) {
	s.asked = true
	r.g.emitTo(s.app, r, "check_suite", "rerequested", by, obj{"action": "rerequested", "check_suite": s.hookJSON()})
}

// RequestAction presses a button that a check run offers.
func (r *Repo) RequestAction(by *User, runID int64, identifier string) error {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	c := r.run(runID)
	if c == nil {
		return fmt.Errorf("request action: no check run %d in %s", runID, r.FullName())
	}
	r.g.emitTo(c.suite.app, r, "check_run", "requested_action", by, obj{"action": "requested_action", "check_run": c.hookJSON(), "requested_action": obj{"identifier": identifier}})
	return nil
}

func (r *Repo) run(id int64) *run {
	for _, c := range r.runs {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// CheckRuns lists the newest run per App and name on a commit.
func (r *Repo) CheckRuns(rev string) []CheckRunInfo {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	var list []CheckRunInfo
	for _, c := range r.latestRuns(r.git.resolve(rev)) {
		list = append(list, c.info())
	}
	return list
}

// AllCheckRuns lists every run ever made on a commit, oldest first: a program that posts twice shows here.
func (r *Repo) AllCheckRuns(rev string) []CheckRunInfo {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	sha := r.git.resolve(rev)
	var list []CheckRunInfo
	for _, c := range r.runs {
		if c.suite.sha == sha {
			list = append(list, c.info())
		}
	}
	return list
}

func (c *run) info() CheckRunInfo {
	str := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	return CheckRunInfo{ID: c.ID, App: c.suite.app.Slug, Name: c.name, HeadSHA: c.suite.sha, Status: c.status, Conclusion: c.conclusion, Title: str(c.title), Summary: str(c.summary),
		Text: str(c.text), ExternalID: c.external, DetailsURL: c.details, Annotations: len(c.annotations)}
}

func text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (c *run) json() obj {
	r := c.suite.repo
	api := fmt.Sprintf("%s/check-runs/%d", r.api(), c.ID)
	page := fmt.Sprintf("%s/%s/runs/%d", r.g.url, r.FullName(), c.ID)
	details := c.details
	if details == "" {
		details = page
	}
	return obj{"id": c.ID, "name": c.name, "node_id": nodeID("CheckRun", c.ID), "head_sha": c.suite.sha, "external_id": c.external, "url": api, "html_url": page, "details_url": details,
		"status": c.status, "conclusion": orNull(c.conclusion), "started_at": stamp(c.started), "completed_at": stamp(c.completed),
		"output":      obj{"title": text(c.title), "summary": text(c.summary), "text": text(c.text), "annotations_count": len(c.annotations), "annotations_url": api + "/annotations"},
		"check_suite": obj{"id": c.suite.ID}, "app": c.suite.app.json(), "pull_requests": c.suite.pulls()}
}

// hookJSON is the run as webhooks show it: with its whole suite.
func (c *run) hookJSON() obj {
	o := c.json()
	s := c.suite.hookJSON()
	for _, k := range []string{"head_commit", "latest_check_runs_count", "check_runs_url", "rerequestable", "runs_rerequestable"} {
		delete(s, k)
	}
	o["check_suite"] = s
	return o
}

func (s *suite) pulls() []any {
	list := []any{}
	for _, p := range s.repo.pulls {
		// Pull requests from forks are not listed, as on GitHub.
		if p.state == "open" && p.head == s.sha && p.headRepo == s.repo {
			list = append(list, p.minimalJSON())
		}
	}
	return list
}

// hookJSON is the suite without its repository.
func (s *suite) hookJSON() obj {
	r := s.repo
	api := fmt.Sprintf("%s/check-suites/%d", r.api(), s.ID)
	status, conclusion := s.state()
	runs := map[string]bool{}
	for _, c := range r.runs {
		if c.suite == s {
			runs[c.name] = true
		}
	}
	before := s.before
	if before == "" {
		before = zeroSHA
	}
	return obj{"id": s.ID, "node_id": nodeID("CheckSuite", s.ID), "head_branch": orNull(s.branch), "head_sha": s.sha, "status": status, "conclusion": orNull(conclusion), "url": api, "before": before,
		"after": s.sha, "pull_requests": s.pulls(), "app": s.app.json(), "created_at": stamp(s.created), "updated_at": stamp(s.updated), "rerequestable": true, "runs_rerequestable": true,
		"latest_check_runs_count": len(runs), "check_runs_url": api + "/check-runs", "head_commit": r.simpleCommit(s.sha)}
}

func (s *suite) json() obj {
	o := s.hookJSON()
	o["repository"] = s.repo.minimalJSON()
	return o
}

// simpleCommit is the short form of a commit; nil if git cannot read it.
func (r *Repo) simpleCommit(sha string) any {
	c, err := r.git.commit(sha)
	if err != nil {
		return nil
	}
	return obj{"id": c.SHA, "tree_id": c.Tree, "message": c.Message, "timestamp": stamp(c.CommitDate), "author": obj{"name": c.AuthorName, "email": c.AuthorEmail},
		"committer": obj{"name": c.CommitterName, "email": c.CommitterEml}}
}

func (r *Repo) statusJSON(s *status, full bool) obj {
	o := obj{"id": s.ID, "node_id": nodeID("StatusContext", s.ID), "url": r.api() + "/statuses/" + s.sha, "state": s.state, "context": s.context, "description": text(s.description),
		"target_url": text(s.target), "created_at": stamp(s.created), "updated_at": stamp(s.created), "avatar_url": fmt.Sprintf("%s/avatars/u/%d", r.g.url, s.creator.ID)}
	if full {
		o["creator"] = r.g.userJSON(s.creator)
	}
	return o
}

// addStatus is told of a new commit status, whoever set it.
func (r *Repo) addStatus(s *status) {
	r.statuses = append(r.statuses, s)
	branches := []any{}
	heads, err := r.git.refs("refs/heads/")
	r.record("listing branches", err)
	for _, ref := range sortedKeys(heads) {
		if heads[ref] == s.sha {
			name := strings.TrimPrefix(ref, "refs/heads/")
			branches = append(branches, obj{"name": name, "commit": obj{"sha": s.sha, "url": r.api() + "/commits/" + s.sha}, "protected": r.protection(name) != nil})
		}
	}
	var commit any
	if c, err := r.git.commit(s.sha); err == nil {
		commit = r.commitJSON(c)
	}
	r.g.emit(r, "status", "", s.creator, obj{"id": s.ID, "sha": s.sha, "name": r.FullName(), "target_url": text(s.target), "context": s.context, "description": text(s.description), "state": s.state, "commit": commit,
		"branches": branches, "avatar_url": fmt.Sprintf("%s/avatars/u/%d", r.g.url, s.creator.ID), "created_at": stamp(s.created), "updated_at": stamp(s.created)})
	r.record("merging what is ready", r.ready())
}
