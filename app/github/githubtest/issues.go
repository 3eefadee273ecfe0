package githubtest

import (
	"fmt"
	"slices"
)

// An issue that is no pull request.
type issue struct {
	ID     int64
	number int
	repo   *Repo
	author *User
	title  string
	body   string
	at     string
	events []*event
}

// An IssueInfo is an issue, for tests to read.
type IssueInfo struct {
	Number              int
	Author, Title, Body string
}

// Issues lists the issues that are no pull requests, oldest first.
func (r *Repo) Issues() []IssueInfo {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	var list []IssueInfo
	for _, i := range r.issues {
		list = append(list, IssueInfo{Number: i.number, Author: i.author.Login, Title: i.title, Body: i.body})
	}
	return list
}

// AssignIssue has somebody assign an account to an issue, which they open if there is none of that number.
func (r *Repo) AssignIssue(number int, by, u *User) error {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	for _, p := range r.pulls {
		if p.Number == number {
			return fmt.Errorf("#%d is a pull request", number)
		}
	}
	n := slices.IndexFunc(r.issues, func(i *issue) bool { return i.number == number })
	if n < 0 {
		r.numbers = max(r.numbers, number)
		n = len(r.issues)
		r.issues = append(r.issues, &issue{ID: r.g.id(), number: number, repo: r, author: by, title: "Something is to be done", at: stamp(r.g.now()).(string)})
	}
	r.issues[n].events = append(r.issues[n].events, &event{
		id: r.g.id(), kind: "assigned", actor: by, at: r.g.now(), extras: obj{"assignee": r.g.userJSON(u), "assigner": r.g.userJSON(by)},
	})
	return nil
}

func createIssue(c *call) (*answer, *apiError) {
	title := c.str("title")
	if title == "" {
		return nil, invalid(fieldError("Issue", "title", "missing_field", ""))
	}
	if e := limited("body", c.str("body")); e != nil {
		return nil, e
	}
	c.repo.numbers++
	i := &issue{ID: c.g.id(), number: c.repo.numbers, repo: c.repo, author: c.actor.user(), title: title, body: c.str("body"), at: stamp(c.g.now()).(string)}
	c.repo.issues = append(c.repo.issues, i)
	return created(i.json()), nil
}

// listIssues lists issues, newest first, of one creator if asked. Pull requests, which GitHub lists as well, are left out.
func listIssues(c *call) (*answer, *apiError) {
	var list []*issue
	for n := len(c.repo.issues) - 1; n >= 0; n-- {
		i := c.repo.issues[n]
		if by := c.query.Get("creator"); by == "" || lower(by) == lower(i.author.Login) {
			list = append(list, i)
		}
	}
	return ok(mapped(page(c, list), (*issue).json)), nil
}

func (i *issue) json() obj {
	api, page := fmt.Sprintf("%s/issues/%d", i.repo.api(), i.number), fmt.Sprintf("%s/%s/issues/%d", i.repo.g.url, i.repo.FullName(), i.number)
	var body any = i.body
	if i.body == "" {
		body = nil
	}
	return obj{"url": api, "repository_url": i.repo.api(), "labels_url": api + "/labels{/name}", "comments_url": api + "/comments", "events_url": api + "/events", "html_url": page, "id": i.ID,
		"node_id": nodeID("Issue", i.ID), "number": i.number, "title": i.title, "user": i.repo.g.userJSON(i.author), "state": "open", "locked": false, "assignee": nil, "assignees": []any{}, "milestone": nil,
		"labels": []any{}, "comments": 0, "created_at": i.at, "updated_at": i.at, "closed_at": nil, "author_association": i.repo.association(i.author), "active_lock_reason": nil, "body": body,
		"reactions": reactions(api), "timeline_url": api + "/timeline", "performed_via_github_app": nil, "state_reason": nil}
}
