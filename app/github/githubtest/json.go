package githubtest

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// obj is a JSON object that is being built. All builders here are called under the lock.
type obj = map[string]any

const labelColor = "ededed"

// urls makes {"base_url": at+"/base"} for each name, as GitHub's objects carry them.
func urls(o obj, at string, pairs ...string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		o[pairs[i]+"_url"] = at + pairs[i+1]
	}
}

func (g *GitHub) userJSON(u *User) any {
	if u == nil || u.gone {
		return nil
	}
	api := g.APIURL() + "/users/" + url.PathEscape(u.Login)
	o := obj{"login": u.Login, "id": u.ID, "node_id": nodeID(u.Type, u.ID), "avatar_url": fmt.Sprintf("%s/avatars/u/%d", g.url, u.ID), "gravatar_id": "", "url": api,
		"html_url": g.url + "/" + url.PathEscape(u.Login), "type": u.Type, "site_admin": false}
	if u.app != nil {
		o["html_url"] = g.url + "/apps/" + u.app.Slug
	}
	urls(o, api, "followers", "/followers", "following", "/following{/other_user}", "gists", "/gists{/gist_id}", "starred", "/starred{/owner}{/repo}",
		"subscriptions", "/subscriptions", "organizations", "/orgs", "repos", "/repos", "events", "/events{/privacy}", "received_events", "/received_events")
	return o
}

// fullUserJSON is the profile. Own adds what only the person sees.
func (g *GitHub) fullUserJSON(u *User) obj {
	o := g.userJSON(u).(obj)
	for k, v := range (obj{"name": u.Name, "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil, "public_repos": 0, "public_gists": 0,
		"followers": 0, "following": 0, "created_at": stamp(calendar), "updated_at": stamp(calendar), "user_view_type": "public"}) {
		o[k] = v
	}
	return o
}

func (o *Org) simpleUser() obj {
	u := &User{g: o.g, ID: o.ID, Login: o.Login, Type: "Organization"}
	return o.g.userJSON(u).(obj)
}

// ownerJSON shows an account as a user, as GitHub does.
func (g *GitHub) ownerJSON(a Account) any {
	if o, ok := a.(*Org); ok {
		return o.simpleUser()
	}
	u, _ := a.(*User)
	return g.userJSON(u)
}

// hookJSON is the organisation as webhooks and memberships show it.
func (o *Org) hookJSON() obj {
	api := o.g.APIURL() + "/orgs/" + o.Login
	j := obj{"login": o.Login, "id": o.ID, "node_id": nodeID("Organization", o.ID), "url": api, "avatar_url": fmt.Sprintf("%s/avatars/u/%d", o.g.url, o.ID), "description": ""}
	urls(j, api, "repos", "/repos", "events", "/events", "hooks", "/hooks", "issues", "/issues", "members", "/members{/member}", "public_members", "/public_members{/member}")
	return j
}

func (o *Org) fullJSON() obj {
	j := o.hookJSON()
	for k, v := range (obj{"html_url": o.g.url + "/" + o.Login, "name": o.Login, "has_organization_projects": true, "has_repository_projects": true, "public_repos": 0,
		"public_gists": 0, "followers": 0, "following": 0, "created_at": stamp(calendar), "updated_at": stamp(calendar), "archived_at": nil, "type": "Organization"}) {
		j[k] = v
	}
	return j
}

// json is the team as webhooks show it and as the base of all other forms.
func (t *Team) json() obj {
	api := fmt.Sprintf("%s/organizations/%d/team/%d", t.g.APIURL(), t.Org.ID, t.ID)
	o := obj{"name": t.Slug, "id": t.ID, "node_id": nodeID("Team", t.ID), "slug": t.Slug, "description": "", "privacy": "closed", "permission": "pull", "url": api,
		"html_url": fmt.Sprintf("%s/orgs/%s/teams/%s", t.g.url, t.Org.Login, t.Slug)}
	urls(o, api, "members", "/members{/member}", "repositories", "/repos")
	return o
}

func (t *Team) simpleJSON() obj {
	o := t.json()
	o["type"], o["notification_setting"] = "organization", "notifications_enabled"
	o["organization_id"] = t.Org.ID
	return o
}

func (t *Team) listJSON() obj {
	o := t.simpleJSON()
	o["parent"] = nil
	if t.parent != nil {
		o["parent"] = t.parent.simpleJSON()
	}
	return o
}

func (t *Team) fullJSON() obj {
	o := t.listJSON()
	for k, v := range (obj{"members_count": len(t.all()), "repos_count": 0, "created_at": stamp(calendar), "updated_at": stamp(calendar), "organization": t.Org.fullJSON()}) {
		o[k] = v
	}
	return o
}

// minimalJSON holds what every form of a repository has.
func (r *Repo) minimalJSON() obj {
	api, page := r.api(), r.g.url+"/"+r.FullName()
	host := strings.TrimPrefix(r.g.url, "http://")
	visibility := "public"
	if r.private {
		visibility = "private"
	}
	o := obj{"id": r.ID, "node_id": nodeID("Repository", r.ID), "name": r.Name, "full_name": r.FullName(), "private": r.private, "owner": r.g.ownerJSON(r.owner), "html_url": page, "description": nil,
		"fork": r.fork != nil, "url": api, "created_at": stamp(r.created), "updated_at": stamp(r.pushed), "pushed_at": stamp(r.pushed), "git_url": "git://" + host + "/" + r.FullName() + ".git",
		"ssh_url": "git@" + host + ":" + r.FullName() + ".git", "clone_url": page + ".git", "svn_url": page, "homepage": nil, "size": 1, "stargazers_count": 0, "watchers_count": 0, "language": nil,
		"has_issues": true, "has_projects": false, "has_downloads": true, "has_wiki": false, "has_pages": false, "has_discussions": false, "forks_count": 0, "mirror_url": nil, "archived": false,
		"disabled": false, "open_issues_count": r.open(), "license": nil, "allow_forking": true, "is_template": false, "web_commit_signoff_required": false, "topics": []any{},
		"visibility": visibility, "forks": 0, "open_issues": r.open(), "watchers": 0, "default_branch": r.defaultBranch}
	urls(o, api, "forks", "/forks", "keys", "/keys{/key_id}", "collaborators", "/collaborators{/collaborator}", "teams", "/teams", "hooks", "/hooks", "issue_events", "/issues/events{/number}", "events", "/events",
		"assignees", "/assignees{/user}", "branches", "/branches{/branch}", "tags", "/tags", "blobs", "/git/blobs{/sha}", "git_tags", "/git/tags{/sha}", "git_refs", "/git/refs{/sha}", "trees", "/git/trees{/sha}",
		"statuses", "/statuses/{sha}", "languages", "/languages", "stargazers", "/stargazers", "contributors", "/contributors", "subscribers", "/subscribers", "subscription", "/subscription", "commits", "/commits{/sha}",
		"git_commits", "/git/commits{/sha}", "comments", "/comments{/number}", "issue_comment", "/issues/comments{/number}", "contents", "/contents/{+path}", "compare", "/compare/{base}...{head}", "merges", "/merges",
		"archive", "/{archive_format}{/ref}", "downloads", "/downloads", "issues", "/issues{/number}", "pulls", "/pulls{/number}", "milestones", "/milestones{/number}",
		"notifications", "/notifications{?since,all,participating}", "labels", "/labels{/name}", "releases", "/releases{/id}", "deployments", "/deployments")
	return o
}

// inPull is a repository as the head or base of a pull request shows it.
func (r *Repo) inPull() obj {
	o := r.minimalJSON()
	for k, v := range (obj{"allow_squash_merge": true, "allow_merge_commit": true, "allow_rebase_merge": true, "allow_auto_merge": false, "delete_branch_on_merge": false, "allow_update_branch": false,
		"use_squash_pr_title_as_default": false, "squash_merge_commit_message": "COMMIT_MESSAGES", "squash_merge_commit_title": "COMMIT_OR_PR_TITLE", "merge_commit_message": "PR_TITLE",
		"merge_commit_title": "MERGE_MESSAGE"}) {
		o[k] = v
	}
	return o
}

func (r *Repo) fullJSON(u *User) obj {
	o := r.inPull()
	o["network_count"], o["subscribers_count"] = 0, 0
	role := r.role(u)
	o["permissions"] = rolePermissions(role)
	if org, ok := r.owner.(*Org); ok {
		o["organization"] = org.simpleUser()
	}
	if r.fork != nil {
		o["parent"], o["source"] = r.fork.inPull(), r.fork.inPull()
	}
	return o
}

func rolePermissions(role string) obj {
	n := roleOrder[role]
	return obj{"pull": n >= 1, "triage": n >= 2, "push": n >= 3, "maintain": n >= 4, "admin": n >= 5}
}

func (r *Repo) api() string { return r.g.APIURL() + "/repos/" + r.FullName() }

func (r *Repo) open() int {
	n := 0
	for _, p := range r.pulls {
		if p.state == "open" {
			n++
		}
	}
	return n
}

func (r *Repo) labelJSON(name string) obj {
	if r.labels[name] == 0 {
		r.labels[name] = r.g.id()
	}
	return obj{"id": r.labels[name], "node_id": nodeID("Label", r.labels[name]), "url": r.api() + "/labels/" + url.PathEscape(name), "name": name, "color": labelColor, "default": false, "description": ""}
}

// association is how GitHub marks an author; it never says more than the public may know.
func (r *Repo) association(u *User) string {
	if u == nil {
		return "NONE"
	}
	if id, _, _ := r.owner.account(); id == u.ID {
		return "OWNER"
	}
	if o, ok := r.owner.(*Org); ok && o.members[u.ID] != nil && o.members[u.ID].state == "active" {
		return "MEMBER"
	}
	if r.roles[u.ID] != "" {
		return "COLLABORATOR"
	}
	for _, p := range r.pulls {
		if p.author == u && !p.merged.IsZero() {
			return "CONTRIBUTOR"
		}
	}
	return "NONE"
}

func (p *Pull) api() string { return fmt.Sprintf("%s/pulls/%d", p.repo.api(), p.Number) }

func (p *Pull) side(r *Repo, ref, sha string) obj {
	_, login, _ := r.owner.account()
	o := obj{"label": login + ":" + ref, "ref": ref, "sha": sha, "user": p.g.ownerJSON(r.owner), "repo": nil}
	if !r.deleted {
		o["repo"] = r.inPull()
	}
	return o
}

// json is the pull request as lists show it; full adds the counts and the mergeability.
func (p *Pull) json(full bool) obj {
	api, page, issue := p.api(), fmt.Sprintf("%s/%s/pull/%d", p.g.url, p.repo.FullName(), p.Number), fmt.Sprintf("%s/issues/%d", p.repo.api(), p.Number)
	statuses := p.repo.api() + "/statuses/" + p.head
	link := func(s string) obj { return obj{"href": s} }
	var body any = p.body
	if p.body == "" {
		body = nil
	}
	o := obj{"url": api, "id": p.ID, "node_id": nodeID("PullRequest", p.ID), "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch", "issue_url": issue, "number": p.Number, "state": p.state,
		"locked": false, "title": p.title, "user": p.g.authorJSON(p.author), "body": body, "created_at": stamp(p.created), "updated_at": stamp(p.updated), "closed_at": stamp(p.closed), "merged_at": stamp(p.merged),
		"merge_commit_sha": p.testMerge(), "assignee": nil, "assignees": []any{}, "requested_reviewers": []any{}, "requested_teams": []any{}, "labels": []any{}, "milestone": nil, "draft": p.draft,
		"commits_url": api + "/commits", "review_comments_url": api + "/comments", "review_comment_url": p.repo.api() + "/pulls/comments{/number}", "comments_url": issue + "/comments",
		"statuses_url": statuses, "head": p.side(p.headRepo, p.headRef, p.head), "base": p.side(p.repo, p.baseRef, p.base),
		"_links": obj{"self": link(api), "html": link(page), "issue": link(issue), "comments": link(issue + "/comments"), "review_comments": link(api + "/comments"),
			"review_comment": link(p.repo.api() + "/pulls/comments{/number}"), "commits": link(api + "/commits"), "statuses": link(statuses)},
		"author_association": p.repo.association(p.author), "auto_merge": p.autoMergeJSON(), "active_lock_reason": nil}
	p.people(o)
	if !full {
		return o
	}
	files, filesErr := p.files()
	commits, commitsErr := p.commits()
	added, deleted := 0, 0
	for _, f := range files {
		added, deleted = added+f.Additions, deleted+f.Deleted
	}
	_, conflict, mergeErr := p.repo.git.mergeTree(p.base, p.head)
	var mergeable, rebaseable any
	if filesErr == nil && commitsErr == nil && mergeErr == nil && p.state == "open" {
		mergeable, rebaseable = !conflict, !conflict
	}
	for k, v := range (obj{"merged": !p.merged.IsZero(), "mergeable": mergeable, "rebaseable": rebaseable, "mergeable_state": p.mergeableState(), "merged_by": p.g.userJSON(p.mergedBy),
		"comments": p.countTalk(), "review_comments": p.countComments(), "maintainer_can_modify": p.headRepo != p.repo, "commits": len(commits), "additions": added, "deletions": deleted,
		"changed_files": len(files)}) {
		o[k] = v
	}
	return o
}

// people fills assignees, reviewers and labels.
func (p *Pull) people(o obj) {
	list := func(users []*User) []any {
		l := []any{}
		for _, u := range users {
			l = append(l, p.g.userJSON(u))
		}
		return l
	}
	if len(p.assignees) > 0 {
		o["assignee"] = p.g.userJSON(p.assignees[0])
	}
	o["assignees"], o["requested_reviewers"] = list(p.assignees), list(p.requested)
	labels := []any{}
	for _, name := range p.labelNames() {
		labels = append(labels, p.repo.labelJSON(name))
	}
	o["labels"] = labels
}

// testMerge is the merge commit; null before the merge, where GitHub shows the commit of a test merge once it has made one.
func (p *Pull) testMerge() any {
	if p.mergeSHA != "" {
		return p.mergeSHA
	}
	return nil
}

func (p *Pull) countTalk() (n int) {
	for _, c := range p.talk {
		if !c.deleted {
			n++
		}
	}
	return n
}

func (p *Pull) countComments() (n int) {
	for _, c := range p.comments {
		if !c.deleted && c.review.state != "PENDING" {
			n++
		}
	}
	return n
}

// minimalJSON is how check runs and suites name a pull request.
func (p *Pull) minimalJSON() obj {
	side := func(r *Repo, ref, sha string) obj {
		return obj{"ref": ref, "sha": sha, "repo": obj{"id": r.ID, "url": r.api(), "name": r.Name}}
	}
	return obj{"url": p.api(), "id": p.ID, "number": p.Number, "head": side(p.headRepo, p.headRef, p.head), "base": side(p.repo, p.baseRef, p.base)}
}

// issueJSON is the pull request seen as an issue.
func (p *Pull) issueJSON() obj {
	api, page := fmt.Sprintf("%s/issues/%d", p.repo.api(), p.Number), fmt.Sprintf("%s/%s/pull/%d", p.g.url, p.repo.FullName(), p.Number)
	var body any = p.body
	if p.body == "" {
		body = nil
	}
	o := obj{"url": api, "repository_url": p.repo.api(), "labels_url": api + "/labels{/name}", "comments_url": api + "/comments", "events_url": api + "/events", "html_url": page, "id": p.ID,
		"node_id": nodeID("PullRequest", p.ID), "number": p.Number, "title": p.title, "user": p.g.authorJSON(p.author), "state": p.state, "locked": false, "assignee": nil, "milestone": nil,
		"comments": p.countTalk(), "created_at": stamp(p.created), "updated_at": stamp(p.updated), "closed_at": stamp(p.closed), "author_association": p.repo.association(p.author), "active_lock_reason": nil,
		"draft": p.draft, "body": body, "reactions": reactions(api), "timeline_url": api + "/timeline", "performed_via_github_app": p.via.orNull(), "state_reason": nil,
		"pull_request": obj{"url": p.api(), "html_url": page, "diff_url": page + ".diff", "patch_url": page + ".patch", "merged_at": stamp(p.merged)}}
	p.people(o)
	delete(o, "requested_reviewers")
	return o
}

func reactions(at string) obj {
	return obj{"url": at + "/reactions", "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0, "heart": 0, "rocket": 0, "eyes": 0}
}

func (r *Review) json() obj {
	page := fmt.Sprintf("%s/%s/pull/%d#pullrequestreview-%d", r.pull.g.url, r.pull.repo.FullName(), r.pull.Number, r.ID)
	o := obj{"id": r.ID, "node_id": nodeID("PullRequestReview", r.ID), "user": r.pull.g.userJSON(r.author), "body": r.body, "state": r.state, "html_url": page, "pull_request_url": r.pull.api(),
		"author_association": r.pull.repo.association(r.author), "_links": obj{"html": obj{"href": page}, "pull_request": obj{"href": r.pull.api()}}, "commit_id": r.commit}
	if r.state != "PENDING" {
		o["submitted_at"] = stamp(r.submitted)
	}
	return o
}

// hookJSON is the review as webhooks show it: the state in lower case, an empty body as null.
func (r *Review) hookJSON() obj {
	o := r.json()
	o["state"] = lower(r.state)
	if r.body == "" {
		o["body"] = nil
	}
	return o
}

// json is the comment; the lists of one review use an older form.
func (c *ReviewComment) json(ofReview bool) obj {
	p := c.pull
	api := fmt.Sprintf("%s/pulls/comments/%d", p.repo.api(), c.ID)
	page := fmt.Sprintf("%s/%s/pull/%d#discussion_r%d", p.g.url, p.repo.FullName(), p.Number, c.ID)
	o := obj{"url": api, "pull_request_review_id": c.review.ID, "id": c.ID, "node_id": nodeID("PullRequestReviewComment", c.ID), "diff_hunk": c.hunk, "path": c.path, "commit_id": c.commit,
		"original_commit_id": c.origin, "user": p.g.authorJSON(c.author), "body": c.body, "created_at": stamp(c.created), "updated_at": stamp(c.updated), "html_url": page, "pull_request_url": p.api(),
		"author_association": p.repo.association(c.author), "_links": obj{"self": obj{"href": api}, "html": obj{"href": page}, "pull_request": obj{"href": p.api()}}, "reactions": reactions(api)}
	null := func(n int) any {
		if n == 0 {
			return nil
		}
		return n
	}
	o["position"], o["original_position"] = null(c.position), c.origPos
	if ofReview {
		return o
	}
	o["subject_type"] = "line"
	if c.fileLevel {
		o["subject_type"], o["position"], o["original_position"] = "file", 1, 1
		o["line"], o["original_line"] = nil, nil
	} else {
		o["line"], o["original_line"] = null(c.line), c.origLine
	}
	o["side"], o["start_line"], o["original_start_line"], o["start_side"] = c.side, null(c.start), null(c.origSta), nil
	if c.origSta != 0 {
		o["start_side"] = c.startSide
	}
	if c.replyTo != 0 {
		o["in_reply_to_id"] = c.replyTo
	}
	return o
}

func (c *IssueComment) json() obj {
	p := c.pull
	api := fmt.Sprintf("%s/issues/comments/%d", p.repo.api(), c.ID)
	via := c.via
	if via == nil {
		via = c.author.app
	}
	return obj{"url": api, "html_url": fmt.Sprintf("%s/%s/pull/%d#issuecomment-%d", p.g.url, p.repo.FullName(), p.Number, c.ID), "issue_url": fmt.Sprintf("%s/issues/%d", p.repo.api(), p.Number),
		"id": c.ID, "node_id": nodeID("IssueComment", c.ID), "user": p.g.authorJSON(c.author), "created_at": stamp(c.created), "updated_at": stamp(c.updated),
		"author_association": p.repo.association(c.author), "body": c.body, "reactions": reactions(api), "performed_via_github_app": via.orNull()}
}

func (a *App) orNull() any {
	if a == nil {
		return nil
	}
	return a.json()
}

func (a *App) json() obj {
	return obj{"id": a.ID, "slug": a.Slug, "node_id": nodeID("App", a.ID), "client_id": a.clientID, "owner": a.g.ownerJSON(a.owner), "name": a.Name, "description": "", "external_url": a.g.url,
		"html_url": a.g.url + "/apps/" + a.Slug, "created_at": stamp(a.created), "updated_at": stamp(a.created), "permissions": copyMap(a.permissions), "events": a.events}
}

func copyMap(m map[string]string) map[string]string {
	c := make(map[string]string, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

func (g *GitHub) installationJSON(i *Installation) obj {
	id, login, kind := i.account.account()
	page := fmt.Sprintf("%s/settings/installations/%d", g.url, i.ID)
	if kind == "Organization" {
		page = fmt.Sprintf("%s/organizations/%s/settings/installations/%d", g.url, login, i.ID)
	}
	return obj{"id": i.ID, "account": g.ownerJSON(i.account), "repository_selection": i.selection(), "access_tokens_url": fmt.Sprintf("%s/app/installations/%d/access_tokens", g.APIURL(), i.ID),
		"repositories_url": g.APIURL() + "/installation/repositories", "html_url": page, "app_id": i.App.ID, "app_slug": i.App.Slug, "target_id": id, "target_type": kind,
		"permissions": copyMap(i.permissions), "events": i.App.events, "created_at": stamp(i.created), "updated_at": stamp(i.created), "single_file_name": nil,
		"has_multiple_single_files": false, "single_file_paths": []any{}, "suspended_by": g.userJSON(i.suspendedBy), "suspended_at": stamp(i.suspended)}
}

func (r *Repo) gitUser(name, email string, at time.Time) obj {
	return obj{"name": name, "email": email, "date": stamp(at)}
}

// verification says whether GitHub knows the signature of a commit. Only those that it made itself are signed here.
func (g *GitHub) verification(c *gitCommit) obj {
	if g.signed[c.SHA] {
		return obj{"verified": true, "reason": "valid", "signature": "-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----", "payload": "tree " + c.Tree + "\n", "verified_at": stamp(c.CommitDate)}
	}
	return obj{"verified": false, "reason": "unsigned", "signature": nil, "payload": nil, "verified_at": nil}
}

func (r *Repo) commitJSON(c *gitCommit) obj {
	api, page := r.api()+"/commits/"+c.SHA, r.g.url+"/"+r.FullName()+"/commit/"+c.SHA
	parents := []any{}
	for _, p := range c.Parents {
		parents = append(parents, obj{"sha": p, "url": r.api() + "/commits/" + p, "html_url": r.g.url + "/" + r.FullName() + "/commit/" + p})
	}
	return obj{"sha": c.SHA, "node_id": nodeID("Commit", r.ID) + c.SHA[:8], "url": api, "html_url": page, "comments_url": api + "/comments",
		"author": r.g.userJSON(r.g.userByEmail(c.AuthorEmail)), "committer": r.g.userJSON(r.g.userByEmail(c.CommitterEml)), "parents": parents,
		"commit": obj{"author": r.gitUser(c.AuthorName, c.AuthorEmail, c.AuthorDate), "committer": r.gitUser(c.CommitterName, c.CommitterEml, c.CommitDate), "message": c.Message,
			"tree": obj{"sha": c.Tree, "url": r.api() + "/git/trees/" + c.Tree}, "url": r.api() + "/git/commits/" + c.SHA, "comment_count": 0, "verification": r.g.verification(c)}}
}

func (r *Repo) gitCommitJSON(c *gitCommit) obj {
	parents := []any{}
	for _, p := range c.Parents {
		parents = append(parents, obj{"sha": p, "url": r.api() + "/git/commits/" + p, "html_url": r.g.url + "/" + r.FullName() + "/commit/" + p})
	}
	return obj{"sha": c.SHA, "node_id": nodeID("Commit", r.ID) + c.SHA[:8], "url": r.api() + "/git/commits/" + c.SHA, "html_url": r.g.url + "/" + r.FullName() + "/commit/" + c.SHA,
		"author": r.gitUser(c.AuthorName, c.AuthorEmail, c.AuthorDate), "committer": r.gitUser(c.CommitterName, c.CommitterEml, c.CommitDate), "message": c.Message,
		"tree": obj{"sha": c.Tree, "url": r.api() + "/git/trees/" + c.Tree}, "parents": parents, "verification": r.g.verification(c)}
}

func (r *Repo) fileJSON(f *fileDiff, head string) obj {
	path := (&url.URL{Path: f.Path}).EscapedPath()
	o := obj{"sha": f.Blob, "filename": f.Path, "status": f.Status, "additions": f.Additions, "deletions": f.Deleted, "changes": f.Additions + f.Deleted,
		"blob_url": r.g.url + "/" + r.FullName() + "/blob/" + head + "/" + path, "raw_url": r.g.url + "/" + r.FullName() + "/raw/" + head + "/" + path,
		"contents_url": r.api() + "/contents/" + path + "?ref=" + head}
	if f.Patch != "" && len(f.Patch) <= 1<<20 {
		o["patch"] = f.Patch
	}
	if f.OldPath != "" {
		o["previous_filename"] = f.OldPath
	}
	return o
}
