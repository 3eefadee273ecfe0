package githubtest

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// Handlers for pull requests, reviews, comments and their events.

func listPulls(c *call) (*answer, *apiError) {
	state := c.query.Get("state")
	var list []*Pull
	for _, p := range c.repo.pulls {
		_, login, _ := p.headRepo.owner.account()
		head := c.query.Get("head")
		if (state != "all" && p.state != state && !(state == "" && p.state == "open")) || (c.query.Get("base") != "" && c.query.Get("base") != p.baseRef) ||
			(head != "" && head != login+":"+p.headRef && head != p.headRef) {
			continue
		}
		list = append(list, p)
	}
	up := c.query.Get("direction") == "asc"
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if !up {
			a, b = b, a
		}
		if c.query.Get("sort") == "updated" && !a.updated.Equal(b.updated) {
			return a.updated.Before(b.updated)
		}
		return a.Number < b.Number
	})
	return ok(mapped(page(c, list), func(p *Pull) obj { return p.json(false) })), nil
}

func createPull(c *call) (*answer, *apiError) {
	opt := PullOptions{Title: c.str("title"), Body: c.str("body"), Head: c.str("head"), Base: c.str("base")}
	opt.Draft, _ = c.body["draft"].(bool)
	if owner, branch, other := strings.Cut(opt.Head, ":"); other {
		opt.Head = branch
		for _, f := range c.g.repos {
			if _, login, _ := f.owner.account(); lower(login) == lower(owner) && (f.fork == c.repo || f == c.repo) {
				opt.HeadRepo = f
			}
		}
		if opt.HeadRepo == nil {
			return nil, invalid(fieldError("PullRequest", "head", "invalid", ""))
		}
	}
	p, e := c.repo.openPull(c.actor.user(), opt)
	if e != nil {
		return nil, e
	}
	return created(p.json(true)), nil
}

func getPull(c *call) (*answer, *apiError) { return ok(c.pull.json(true)), nil }

func updatePull(c *call) (*answer, *apiError) {
	by := c.actor.user()
	p := c.pull
	if by != p.author && !c.repo.can(by, "write") && c.actor.token.inst == nil {
		return nil, forbidden("Must have write rights to Repository.")
	}
	title, body := p.title, p.body
	if s := textOf(c.body, "title"); s != nil {
		title = *s
	}
	if s := textOf(c.body, "body"); s != nil {
		body = *s
	}
	p.edit(by, title, body)
	if base := c.str("base"); base != "" && base != p.baseRef {
		if e := p.retarget(by, base); e != nil {
			return nil, e
		}
	}
	switch state := c.str("state"); {
	case state == "closed" && p.state == "open":
		p.close(by)
	case state == "open" && p.state == "closed":
		if e := p.reopen(by); e != nil {
			return nil, e
		}
	}
	return ok(p.json(true)), nil
}

func listFiles(c *call) (*answer, *apiError) {
	files, err := c.pull.files()
	if err != nil {
		return nil, serverError(err)
	}
	return ok(mapped(page(c, files[:min(len(files), maxFiles)]), func(f *fileDiff) obj { return c.repo.fileJSON(f, c.pull.head) })), nil
}

func listPullCommits(c *call) (*answer, *apiError) {
	commits, err := c.pull.commits()
	if err != nil {
		return nil, serverError(err)
	}
	return ok(mapped(page(c, commits[:min(len(commits), maxCommits)]), c.repo.commitJSON)), nil
}

func checkMerged(c *call) (*answer, *apiError) {
	if c.pull.merged.IsZero() {
		return nil, notFound()
	}
	return noContent(), nil
}

func mergePull(c *call) (*answer, *apiError) {
	method := c.str("merge_method")
	if method == "" {
		method = "merge"
	}
	sha, e := c.pull.merge(c.actor.user(), method, c.str("sha"), c.str("commit_title"), c.str("commit_message"))
	if e != nil {
		return nil, e
	}
	return ok(obj{"sha": sha, "merged": true, "message": "Pull Request successfully merged"}), nil
}

func listRequested(c *call) (*answer, *apiError) {
	o := obj{}
	c.pull.people(o)
	return ok(obj{"users": o["requested_reviewers"], "teams": []any{}}), nil
}

func requestReviewers(c *call) (*answer, *apiError) {
	names, _ := c.body["reviewers"].([]any)
	for _, n := range names {
		u := c.g.users[lower(fmt.Sprint(n))]
		switch {
		case u == nil || !c.repo.can(u, "read"):
			return nil, invalidText("Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the " + c.repo.FullName() + " repository.")
		case u == c.pull.author:
			return nil, invalidText("Review cannot be requested from pull request author.")
		}
		known := false
		for _, have := range c.pull.requested {
			known = known || have == u
		}
		if !known {
			by := c.actor.user()
			c.pull.requested = append(c.pull.requested, u)
			c.pull.note("review_requested", by, "", obj{"review_requester": c.g.userJSON(by), "requested_reviewer": c.g.userJSON(u)})
			c.pull.emit("review_requested", by, obj{"requested_reviewer": c.g.userJSON(u)})
		}
	}
	return created(c.pull.json(false)), nil
}

// visible says whether the actor may see a review: pending ones are their author's alone.
func (c *call) visible(r *Review) bool { return r.state != "PENDING" || r.author == c.actor.user() }

func listReviews(c *call) (*answer, *apiError) {
	var list []*Review
	for _, r := range c.pull.reviews {
		if c.visible(r) {
			list = append(list, r)
		}
	}
	return ok(mapped(page(c, list), (*Review).json)), nil
}

func drafts(body obj) []commentDraft {
	var list []commentDraft
	items, _ := body["comments"].([]any)
	for _, i := range items {
		if m, isObject := i.(obj); isObject {
			list = append(list, draftOf(m))
		}
	}
	return list
}

func draftOf(m obj) commentDraft {
	str := func(k string) string { s, _ := m[k].(string); return s }
	return commentDraft{path: str("path"), side: str("side"), startSide: str("start_side"), body: str("body"), line: number(m, "line"), start: number(m, "start_line"), position: number(m, "position"),
		file: str("subject_type") == "file"}
}

func createReview(c *call) (*answer, *apiError) {
	r, e := c.pull.review(c.actor.user(), reviewEvents[c.str("event")], c.str("body"), c.str("commit_id"), drafts(c.body))
	if e != nil {
		return nil, e
	}
	return ok(r.json()), nil
}

func (c *call) review() (*Review, *apiError) {
	r := c.pull.findReview(c.id("review_id"))
	if r == nil || !c.visible(r) {
		return nil, notFound()
	}
	return r, nil
}

func getReview(c *call) (*answer, *apiError) {
	r, e := c.review()
	if e != nil {
		return nil, e
	}
	return ok(r.json()), nil
}

// ownReview is for what only the author of a review may do.
func (c *call) ownReview() (*Review, *apiError) {
	r, e := c.review()
	if e == nil && r.author != c.actor.user() {
		return nil, forbidden("Only the author of a review may change it.")
	}
	return r, e
}

func updateReview(c *call) (*answer, *apiError) {
	r, e := c.ownReview()
	if e != nil {
		return nil, e
	}
	before := r.body
	r.body, r.updated = c.str("body"), c.g.now()
	if r.state != "PENDING" {
		c.g.emit(c.repo, "pull_request_review", "edited", c.actor.user(), obj{"action": "edited", "review": r.hookJSON(), "pull_request": c.pull.json(false), "changes": obj{"body": obj{"from": before}}})
	}
	return ok(r.json()), nil
}

func submitReview(c *call) (*answer, *apiError) {
	r, e := c.ownReview()
	if e != nil {
		return nil, e
	}
	if r.state != "PENDING" {
		return nil, invalidText("Unprocessable Entity", "Could not submit a review that is not pending")
	}
	body := r.body
	if s := c.str("body"); s != "" {
		body = s
	}
	comments := 0
	for _, k := range c.pull.comments {
		if k.review == r {
			comments++
		}
	}
	r.state = "SUBMITTING" // so that it does not stand in its own way
	state := reviewEvents[c.str("event")]
	if e := c.pull.mayReview(r.author, state, body, comments); e != nil {
		r.state = "PENDING"
		return nil, e
	}
	r.state, r.body, r.submitted, r.updated = state, body, c.g.now(), c.g.now()
	c.pull.touch()
	c.pull.submitted(r, r.author)
	return ok(r.json()), nil
}

func deleteReview(c *call) (*answer, *apiError) {
	r, e := c.ownReview()
	if e != nil {
		return nil, e
	}
	if r.state != "PENDING" {
		return nil, invalidText("Can not delete a non-pending pull request review")
	}
	p := c.pull
	for i, x := range p.reviews {
		if x == r {
			p.reviews = append(p.reviews[:i:i], p.reviews[i+1:]...)
			break
		}
	}
	var kept []*ReviewComment
	for _, k := range p.comments {
		if k.review != r {
			kept = append(kept, k)
		}
	}
	p.comments = kept
	return ok(r.json()), nil
}

func dismissReview(c *call) (*answer, *apiError) {
	r, e := c.review()
	if e != nil {
		return nil, e
	}
	if r.state != "APPROVED" && r.state != "CHANGES_REQUESTED" {
		return nil, invalidText("Can not dismiss a commented pull request review")
	}
	c.pull.dismiss(c.actor.user(), r, c.str("message"))
	return ok(r.json()), nil
}

// comments lists the comments that the actor may see.
func (c *call) comments(want func(*ReviewComment) bool) []*ReviewComment {
	var list []*ReviewComment
	for _, p := range c.repo.pulls {
		if c.pull != nil && p != c.pull {
			continue
		}
		for _, k := range p.comments {
			if !k.deleted && c.visible(k.review) && want(k) {
				list = append(list, k)
			}
		}
	}
	return list
}

func listCommentsOfReview(c *call) (*answer, *apiError) {
	r, e := c.review()
	if e != nil {
		return nil, e
	}
	return ok(mapped(page(c, c.comments(func(k *ReviewComment) bool { return k.review == r })), func(k *ReviewComment) obj { return k.json(true) })), nil
}

func listReviewComments(c *call) (*answer, *apiError) {
	since, _ := time.Parse(time.RFC3339, c.query.Get("since")) // an empty or odd value means the beginning
	list := c.comments(func(k *ReviewComment) bool { return k.review.state != "PENDING" && !k.updated.Before(since) })
	if c.query.Get("direction") == "desc" {
		sort.SliceStable(list, func(i, j int) bool { return list[i].ID > list[j].ID })
	}
	return ok(mapped(page(c, list), func(k *ReviewComment) obj { return k.json(false) })), nil
}

func createReviewComment(c *call) (*answer, *apiError) {
	if parent := number(c.body, "in_reply_to"); parent != 0 {
		return c.reply(int64(parent))
	}
	by, commit := c.actor.user(), c.str("commit_id")
	if c.repo.git.resolve(commit) != commit || !c.repo.git.isAncestor(commit, c.pull.head) && !c.pull.hadHead(commit) {
		return nil, invalid(fieldError("PullRequestReviewComment", "commit_id", "custom", "commit_id is not part of the pull request"))
	}
	r := &Review{ID: c.g.id(), pull: c.pull, author: by, state: "COMMENTED", commit: commit, submitted: c.g.now(), updated: c.g.now()}
	k, e := c.pull.place(by, r, commit, draftOf(c.body))
	if e != nil {
		field := "pull_request_review_thread.line"
		if strings.Contains(e.Error(), "Path") {
			field = "pull_request_review_thread.path"
		}
		return nil, invalid(fieldError("PullRequestReviewComment", field, "custom", field+" must be part of the diff"))
	}
	c.pull.reviews = append(c.pull.reviews, r)
	c.pull.comments = append(c.pull.comments, k)
	c.pull.touch()
	c.pull.submitted(r, by)
	return created(k.json(false)), nil
}

func replyToComment(c *call) (*answer, *apiError) { return c.reply(c.id("comment_id")) }

func (c *call) reply(to int64) (*answer, *apiError) {
	list := c.comments(func(k *ReviewComment) bool { return k.ID == to })
	if len(list) == 0 {
		return nil, notFound()
	}
	k, e := list[0].reply(c.actor.user(), c.str("body"))
	if e != nil {
		return nil, e
	}
	return created(k.json(false)), nil
}

func (c *call) reviewComment() (*ReviewComment, *apiError) {
	list := c.comments(func(k *ReviewComment) bool { return k.ID == c.id("comment_id") })
	if len(list) == 0 {
		return nil, notFound()
	}
	return list[0], nil
}

// mayEdit says whether the actor may change somebody's comment: its author, and people with write access. An App may only change
// its own.
func (c *call) mayEdit(author *User) *apiError {
	by := c.actor.user()
	if by == author || (c.actor.token.inst == nil && c.repo.can(by, "write")) {
		return nil
	}
	if c.actor.token.inst != nil {
		return noPermission(c.route.permission)
	}
	return forbidden("Must have write rights to Repository.")
}

func getReviewComment(c *call) (*answer, *apiError) {
	k, e := c.reviewComment()
	if e != nil {
		return nil, e
	}
	return ok(k.json(false)), nil
}

func updateReviewComment(c *call) (*answer, *apiError) {
	k, e := c.reviewComment()
	if e == nil {
		e = c.mayEdit(k.author)
	}
	if e != nil {
		return nil, e
	}
	k.body, k.updated = c.str("body"), c.g.now()
	return ok(k.json(false)), nil
}

func deleteReviewComment(c *call) (*answer, *apiError) {
	k, e := c.reviewComment()
	if e == nil {
		e = c.mayEdit(k.author)
	}
	if e != nil {
		return nil, e
	}
	k.deleted = true
	return noContent(), nil
}

func getIssue(c *call) (*answer, *apiError) {
	o := c.pull.issueJSON()
	o["closed_by"] = nil
	if c.pull.mergedBy != nil {
		o["closed_by"] = c.g.userJSON(c.pull.mergedBy)
	}
	return ok(o), nil
}

func listComments(c *call) (*answer, *apiError) {
	since, _ := time.Parse(time.RFC3339, c.query.Get("since")) // an empty or odd value means the beginning
	var list []*IssueComment
	for _, k := range c.pull.talk {
		if !k.deleted && !k.updated.Before(since) {
			list = append(list, k)
		}
	}
	return ok(mapped(page(c, list), (*IssueComment).json)), nil
}

func createComment(c *call) (*answer, *apiError) {
	k, e := c.pull.say(c.actor.user(), TalkOptions{Body: c.str("body")})
	if e != nil {
		return nil, e
	}
	return created(k.json()), nil
}

func (c *call) comment() (*IssueComment, *apiError) {
	for _, p := range c.repo.pulls {
		for _, k := range p.talk {
			if k.ID == c.id("comment_id") && !k.deleted {
				return k, nil
			}
		}
	}
	return nil, notFound()
}

func getComment(c *call) (*answer, *apiError) {
	k, e := c.comment()
	if e != nil {
		return nil, e
	}
	return ok(k.json()), nil
}

func updateComment(c *call) (*answer, *apiError) {
	k, e := c.comment()
	if e == nil {
		e = c.mayEdit(k.author)
	}
	if e != nil {
		return nil, e
	}
	if strings.TrimSpace(c.str("body")) == "" {
		return nil, invalid(fieldError("IssueComment", "data", "unprocessable", "Body cannot be blank"))
	}
	k.edit(c.actor.user(), c.str("body"))
	return ok(k.json()), nil
}

func deleteComment(c *call) (*answer, *apiError) {
	k, e := c.comment()
	if e == nil {
		e = c.mayEdit(k.author)
	}
	if e != nil {
		return nil, e
	}
	k.edit(c.actor.user(), "")
	return noContent(), nil
}

func (r *Repo) eventJSON(e *event) obj {
	var commit, address any
	if e.sha != "" {
		commit, address = e.sha, r.api()+"/commits/"+e.sha
	}
	o := obj{"id": e.id, "node_id": nodeID("Event", e.id), "url": fmt.Sprintf("%s/issues/events/%d", r.api(), e.id), "actor": r.g.userJSON(e.actor), "event": e.kind, "commit_id": commit,
		"commit_url": address, "created_at": stamp(e.at), "performed_via_github_app": nil}
	for k, v := range e.extras {
		if k != "before" { // kept for us: GitHub does not show it
			o[k] = v
		}
	}
	return o
}

func listEvents(c *call) (*answer, *apiError) {
	if c.issue != nil {
		return ok(mapped(page(c, c.issue.events), c.repo.eventJSON)), nil
	}
	return ok(mapped(page(c, c.pull.events), c.repo.eventJSON)), nil
}

// listTimeline mixes commits, reviews, comments and events in the order of time. Commits carry their own dates, so they come first.
func listTimeline(c *call) (*answer, *apiError) {
	p := c.pull
	commits, err := p.commits()
	if err != nil {
		return nil, serverError(err)
	}
	type entry struct {
		id   int64
		json obj
	}
	var list []entry
	for _, k := range commits {
		o := p.repo.gitCommitJSON(k)
		o["event"] = "committed"
		list = append(list, entry{0, o})
	}
	var rest []entry
	for _, r := range p.reviews {
		if r.state != "PENDING" {
			o := r.json()
			o["event"], o["state"] = "reviewed", lower(r.state)
			rest = append(rest, entry{r.ID, o})
		}
	}
	for _, k := range p.talk {
		if !k.deleted {
			o := k.json()
			o["event"], o["actor"] = "commented", o["user"]
			rest = append(rest, entry{k.ID, o})
		}
	}
	for _, e := range p.events {
		o := p.repo.eventJSON(e)
		delete(o, "assigner") // the timeline leaves it out
		rest = append(rest, entry{e.id, o})
	}
	sort.SliceStable(rest, func(i, j int) bool { return rest[i].id < rest[j].id })
	return ok(mapped(page(c, append(list, rest...)), func(e entry) obj { return e.json })), nil
}

func (c *call) labels() []any {
	return mapped(c.pull.labelNames(), c.repo.labelJSON)
}

func listLabels(c *call) (*answer, *apiError) {
	return ok(mapped(page(c, c.pull.labelNames()), c.repo.labelJSON)), nil
}

func addLabels(c *call) (*answer, *apiError) {
	var names []any
	if c.body != nil {
		names, _ = c.body["labels"].([]any)
	} else {
		names = listOf(c.raw)
	}
	for _, n := range names {
		name, _ := n.(string)
		if m, isObject := n.(obj); isObject {
			name, _ = m["name"].(string)
		}
		if name == "" || len(name) > 50 {
			return nil, invalid(fieldError("Label", "name", "invalid", ""))
		}
		c.pull.label(c.actor.user(), name)
	}
	return ok(c.labels()), nil
}

func removeLabel(c *call) (*answer, *apiError) {
	if !c.pull.labels[c.params["name"]] {
		return nil, &apiError{status: 404, message: "Label does not exist"}
	}
	c.pull.unlabel(c.actor.user(), c.params["name"])
	return ok(c.labels()), nil
}
