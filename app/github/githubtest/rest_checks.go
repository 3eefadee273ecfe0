package githubtest

import (
	"encoding/json"
	"strconv"
	"time"
)

// Handlers for check runs and suites.

func listOf(raw []byte) []any {
	var list []any
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

func (c *call) time(name string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, c.str(name))
	return t.UTC(), err == nil
}

func createRun(c *call) (*answer, *apiError) {
	sha := c.str("head_sha")
	if !isHex(sha) || c.repo.git.resolve(sha) != sha {
		return nil, invalidText("No commit found for SHA: " + sha)
	}
	if c.actor.token == nil || c.actor.token.inst == nil {
		return nil, forbidden("You must authenticate via a GitHub App.")
	}
	app := c.actor.token.inst.App
	s := c.repo.suiteOf(app, sha)
	if s == nil {
		s = c.repo.newSuite(app, sha, "")
	}
	k := &run{ID: c.g.id(), suite: s, name: c.str("name"), status: "queued", started: c.g.now()}
	c.change(k)
	s.asked, s.updated = false, c.g.now()
	c.repo.runs = append(c.repo.runs, k)
	c.dropOldRuns(k)
	c.g.emit(c.repo, "check_run", "created", c.actor.user(), obj{"action": "created", "check_run": k.hookJSON()})
	if k.status == "completed" {
		k.completedNow(c.actor.user())
	}
	return created(k.json()), nil
}

// dropOldRuns keeps 1,000 runs of a name in a suite.
func (c *call) dropOldRuns(k *run) {
	same := 0
	for _, r := range c.repo.runs {
		if r.suite == k.suite && r.name == k.name {
			same++
		}
	}
	if same <= maxRunsPerName {
		return
	}
	for i, r := range c.repo.runs {
		if r.suite == k.suite && r.name == k.name {
			c.repo.runs = append(c.repo.runs[:i:i], c.repo.runs[i+1:]...)
			return
		}
	}
}

// change takes over what a create or update request says.
func (c *call) change(k *run) {
	if s := textOf(c.body, "name"); s != nil {
		k.name = *s
	}
	if s := textOf(c.body, "details_url"); s != nil {
		k.details = *s
	}
	if s := textOf(c.body, "external_id"); s != nil {
		k.external = *s
	}
	if s := c.str("status"); s != "" {
		k.status = s
		if s != "completed" {
			k.conclusion, k.completed = "", time.Time{}
		}
	}
	if t, given := c.time("started_at"); given {
		k.started = t
	}
	if s := c.str("conclusion"); s != "" {
		k.status, k.conclusion = "completed", s
		k.completed = c.g.now()
		if t, given := c.time("completed_at"); given {
			k.completed = t
		}
	}
	if out, given := c.body["output"].(obj); given {
		if s := textOf(out, "title"); s != nil {
			k.title = s
		}
		if s := textOf(out, "summary"); s != nil {
			k.summary = s
		}
		if s := textOf(out, "text"); s != nil {
			k.text = s
		}
		items, _ := out["annotations"].([]any)
		for _, i := range items { // updates add to what is there
			if a, isObject := i.(obj); isObject {
				k.annotations = append(k.annotations, a)
			}
		}
	}
	if actions, given := c.body["actions"].([]any); given {
		k.actions = actions
	}
}

func (c *call) run() (*run, *apiError) {
	k := c.repo.run(c.id("check_run_id"))
	if k == nil {
		return nil, notFound()
	}
	return k, nil
}

func getRun(c *call) (*answer, *apiError) {
	k, e := c.run()
	if e != nil {
		return nil, e
	}
	return ok(k.json()), nil
}

func updateRun(c *call) (*answer, *apiError) {
	k, e := c.run()
	if e != nil {
		return nil, e
	}
	if c.actor.token == nil || c.actor.token.inst == nil || c.actor.token.inst.App != k.suite.app {
		return nil, forbidden("Invalid app_id `" + strconv.FormatInt(k.suite.app.ID, 10) + "` - check run can only be modified by the GitHub App that created it.")
	}
	was := k.status
	c.change(k)
	k.suite.asked, k.suite.updated = false, c.g.now()
	if was != "completed" && k.status == "completed" {
		k.completedNow(c.actor.user())
	}
	return ok(k.json()), nil
}

func listAnnotations(c *call) (*answer, *apiError) {
	k, e := c.run()
	if e != nil {
		return nil, e
	}
	return ok(mapped(page(c, k.annotations), func(a obj) obj {
		o := obj{"path": a["path"], "start_line": a["start_line"], "end_line": a["end_line"], "start_column": a["start_column"], "end_column": a["end_column"], "annotation_level": a["annotation_level"],
			"title": a["title"], "message": a["message"], "raw_details": a["raw_details"]}
		path, _ := a["path"].(string)
		o["blob_href"] = c.g.url + "/" + c.repo.FullName() + "/blob/" + k.suite.sha + "/" + path
		return o
	})), nil
}

// filtered applies the query of the lists of check runs.
func (c *call) filtered(all []*run) []*run {
	var list []*run
	newest := map[string]int64{}
	key := func(k *run) string { return strconv.FormatInt(k.suite.ID, 10) + " " + k.name }
	for _, k := range all {
		newest[key(k)] = max(newest[key(k)], k.ID)
	}
	for _, k := range all {
		q := c.query
		if (q.Get("filter") != "all" && newest[key(k)] != k.ID) || (q.Get("check_name") != "" && q.Get("check_name") != k.name) || (q.Get("status") != "" && q.Get("status") != k.status) ||
			(q.Get("app_id") != "" && q.Get("app_id") != strconv.FormatInt(k.suite.app.ID, 10)) {
			continue
		}
		list = append(list, k)
	}
	return list
}

func (c *call) runList(list []*run) (*answer, *apiError) {
	return ok(obj{"total_count": len(list), "check_runs": mapped(page(c, list), (*run).json)}), nil
}

func listRunsForRef(c *call) (*answer, *apiError) {
	commit, e := c.commit(c.params["ref"])
	if e != nil {
		return nil, e
	}
	var all []*run
	for i := len(c.repo.runs) - 1; i >= 0; i-- { // newest first
		if k := c.repo.runs[i]; k.suite.sha == commit.SHA {
			all = append(all, k)
		}
	}
	return c.runList(c.filtered(all))
}

func (c *call) suite() (*suite, *apiError) {
	for _, s := range c.repo.suites {
		if s.ID == c.id("check_suite_id") {
			return s, nil
		}
	}
	return nil, notFound()
}

func listRunsForSuite(c *call) (*answer, *apiError) {
	s, e := c.suite()
	if e != nil {
		return nil, e
	}
	var all []*run
	for i := len(c.repo.runs) - 1; i >= 0; i-- {
		if k := c.repo.runs[i]; k.suite == s {
			all = append(all, k)
		}
	}
	return c.runList(c.filtered(all))
}

func rerequestRun(c *call) (*answer, *apiError) {
	k, e := c.run()
	if e != nil {
		return nil, e
	}
	if inst := c.actor.token.inst; inst != nil && inst.App != k.suite.app {
		return nil, forbidden("This check run is not rerequestable")
	}
	c.repo.rerequest(c.actor.user(), k)
	return created(obj{}), nil
}

func rerequestCheckSuite(c *call) (*answer, *apiError) {
	s, e := c.suite()
	if e != nil {
		return nil, e
	}
	if inst := c.actor.token.inst; inst != nil && inst.App != s.app {
		return nil, forbidden("This check suite is not rerequestable")
	}
	c.repo.rerequestSuite(c.actor.user(), s)
	return created(obj{}), nil
}

func getSuite(c *call) (*answer, *apiError) {
	s, e := c.suite()
	if e != nil {
		return nil, e
	}
	return ok(s.json()), nil
}

func listSuites(c *call) (*answer, *apiError) {
	commit, e := c.commit(c.params["ref"])
	if e != nil {
		return nil, e
	}
	var list []*suite
	for _, s := range c.repo.suites {
		if s.sha == commit.SHA && (c.query.Get("app_id") == "" || c.query.Get("app_id") == strconv.FormatInt(s.app.ID, 10)) {
			list = append(list, s)
		}
	}
	return ok(obj{"total_count": len(list), "check_suites": mapped(page(c, list), (*suite).json)}), nil
}
