package githubtest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"path"
	"sort"
	"strings"
)

// Handlers for repositories, their git objects, people and protection.

func getRepo(c *call) (*answer, *apiError) { return ok(c.repo.fullJSON(c.actor.user())), nil }

func (r *Repo) branches() ([]string, map[string]string, *apiError) {
	refs, err := r.git.refs("refs/heads/")
	if err != nil {
		return nil, nil, serverError(err)
	}
	heads := map[string]string{}
	for ref, sha := range refs {
		heads[strings.TrimPrefix(ref, "refs/heads/")] = sha
	}
	return sortedKeys(heads), heads, nil
}

func listBranches(c *call) (*answer, *apiError) {
	names, heads, e := c.repo.branches()
	if e != nil {
		return nil, e
	}
	return ok(mapped(page(c, names), func(n string) obj {
		return obj{"name": n, "commit": obj{"sha": heads[n], "url": c.repo.api() + "/commits/" + heads[n]}, "protected": c.repo.protections[n] != nil}
	})), nil
}

func getBranch(c *call) (*answer, *apiError) {
	name := c.params["branch"]
	sha := c.repo.git.resolve("heads/" + name)
	if sha == "" {
		return nil, &apiError{status: 404, message: "Branch not found"}
	}
	commit, err := c.repo.git.commit(sha)
	if err != nil {
		return nil, serverError(err)
	}
	api := c.repo.api() + "/branches/" + name
	p := c.repo.protections[name]
	classic := p != nil && !p.ViaRuleset
	checks := obj{"enforcement_level": "off", "contexts": []any{}, "checks": []any{}}
	if classic && len(p.Checks) > 0 {
		j := p.checksJSON("")
		checks = obj{"enforcement_level": "non_admins", "contexts": j["contexts"], "checks": j["checks"]}
	}
	return ok(obj{"name": name, "commit": c.repo.commitJSON(commit), "_links": obj{"self": api, "html": c.g.url + "/" + c.repo.FullName() + "/tree/" + name}, "protected": p != nil,
		"protection": obj{"enabled": classic, "required_status_checks": checks}, "protection_url": api + "/protection"}), nil
}

// classic is the protection of the path's branch, unless it is a ruleset.
func (c *call) classic() (*Protection, string, *apiError) {
	name := c.params["branch"]
	if c.repo.git.resolve("heads/"+name) == "" {
		return nil, "", &apiError{status: 404, message: "Branch not found"}
	}
	p := c.repo.protections[name]
	if p == nil || p.ViaRuleset {
		return nil, "", &apiError{status: 404, message: "Branch not protected"}
	}
	return p, c.repo.api() + "/branches/" + name + "/protection", nil
}

// checksJSON lists the required checks; with an address as one object of classic protection.
func (p *Protection) checksJSON(at string) obj {
	contexts, checks := []any{}, []any{}
	for _, ch := range p.Checks {
		var app any
		if ch.App != nil {
			app = ch.App.ID
		}
		contexts = append(contexts, ch.Context)
		checks = append(checks, obj{"context": ch.Context, "app_id": app})
	}
	o := obj{"contexts": contexts, "checks": checks}
	if at != "" {
		o["url"], o["contexts_url"], o["strict"] = at+"/required_status_checks", at+"/required_status_checks/contexts", p.Strict
	}
	return o
}

func getProtection(c *call) (*answer, *apiError) {
	p, at, e := c.classic()
	if e != nil {
		return nil, e
	}
	off := obj{"enabled": false}
	o := obj{"url": at, "required_signatures": obj{"url": at + "/required_signatures", "enabled": false}, "enforce_admins": obj{"url": at + "/enforce_admins", "enabled": p.EnforceAdmins},
		"required_linear_history": off, "allow_force_pushes": obj{"enabled": p.ForcePushes}, "allow_deletions": obj{"enabled": p.Deletions}, "block_creations": off, "required_conversation_resolution": off, "lock_branch": off, "allow_fork_syncing": off}
	if len(p.Checks) > 0 || p.Strict {
		o["required_status_checks"] = p.checksJSON(at)
	}
	if p.Approvals > 0 || p.CodeOwners || p.DismissStale || p.LastPush {
		o["required_pull_request_reviews"] = obj{"url": at + "/required_pull_request_reviews", "dismiss_stale_reviews": p.DismissStale, "require_code_owner_reviews": p.CodeOwners,
			"required_approving_review_count": p.Approvals, "require_last_push_approval": p.LastPush}
	}
	return ok(o), nil
}

func getProtectionChecks(c *call) (*answer, *apiError) {
	p, at, e := c.classic()
	if e != nil {
		return nil, e
	}
	if len(p.Checks) == 0 {
		return nil, &apiError{status: 404, message: "Required status checks not enabled"}
	}
	return ok(p.checksJSON(at)), nil
}

// rules are the rules that a protection shows as a ruleset.
func (p *Protection) rules() []obj {
	var list []obj
	if !p.Ruleset.NoPulls {
		list = p.pullRules()
	}
	if p.Ruleset.Queue != "" {
		list = append(list, queueRule(p.Ruleset.Queue))
	}
	return append(list, p.checkRules()...)
}

func (p *Protection) pullRules() []obj {
	return []obj{{"type": "deletion"}, {"type": "non_fast_forward"},
		{"type": "pull_request", "parameters": obj{"required_approving_review_count": p.Approvals, "dismiss_stale_reviews_on_push": p.DismissStale, "require_code_owner_review": p.CodeOwners,
			"require_last_push_approval": p.LastPush, "required_review_thread_resolution": false, "allowed_merge_methods": []any{"merge", "squash", "rebase"}}}}
}

func (p *Protection) checkRules() (list []obj) {
	if len(p.Checks) > 0 {
		var checks []any
		for _, ch := range p.Checks {
			o := obj{"context": ch.Context}
			if ch.App != nil {
				o["integration_id"] = ch.App.ID
			}
			checks = append(checks, o)
		}
		list = append(list, obj{"type": "required_status_checks", "parameters": obj{"strict_required_status_checks_policy": p.Strict, "required_status_checks": checks, "do_not_enforce_on_create": false}})
	}
	return list
}

func getBranchRules(c *call) (*answer, *apiError) {
	var list []obj
	name := c.params["branch"]
	if p := c.repo.protection(name); p != nil && p.ViaRuleset {
		for _, r := range p.rules() {
			r["ruleset_source_type"], r["ruleset_source"], r["ruleset_id"] = "Repository", c.repo.FullName(), c.repo.protectionIDs[name]
			list = append(list, r)
		}
	}
	return ok(mapped(page(c, list), func(o obj) obj { return o })), nil
}

func (r *Repo) rulesetJSON(branch string) obj {
	id, look := r.protectionIDs[branch], r.protections[branch].Ruleset
	return obj{"id": id, "name": cmp.Or(look.Name, "protect "+branch), "target": "branch", "source_type": "Repository", "source": r.FullName(), "enforcement": cmp.Or(look.Enforcement, "active"), "node_id": nodeID("RepositoryRuleset", id),
		"_links": obj{"self": obj{"href": fmt.Sprintf("%s/rulesets/%d", r.api(), id)}, "html": obj{"href": fmt.Sprintf("%s/%s/rules/%d", r.g.url, r.FullName(), id)}}, "created_at": stamp(r.created), "updated_at": stamp(r.created)}
}

func listRulesets(c *call) (*answer, *apiError) {
	var names []string
	for _, name := range sortedKeys(c.repo.protections) {
		if c.repo.protections[name].ViaRuleset {
			names = append(names, name)
		}
	}
	return ok(mapped(page(c, names), c.repo.rulesetJSON)), nil
}

func getRuleset(c *call) (*answer, *apiError) {
	for _, name := range sortedKeys(c.repo.protections) {
		p := c.repo.protections[name]
		if !p.ViaRuleset || c.repo.protectionIDs[name] != c.id("ruleset_id") {
			continue
		}
		o := c.repo.rulesetJSON(name)
		o["conditions"] = obj{"ref_name": obj{"include": p.targetsJSON(name), "exclude": []any{}}}
		o["rules"] = p.rules()
		// Only who may change the ruleset learns who may bypass it.
		if u := c.actor.user(); u != nil && c.repo.can(u, "admin") {
			o["current_user_can_bypass"], o["bypass_actors"] = "never", p.bypassJSON()
		}
		return ok(o), nil
	}
	return nil, notFound()
}

// collaborators are the people with more than a public reader's access.
func (r *Repo) collaborators() []*User {
	var list []*User
	for _, login := range sortedKeys(r.g.users) {
		u := r.g.users[login]
		role := r.role(u)
		if u.app == nil && (roleOrder[role] > 1 || role == "read" && r.private || r.roles[u.ID] != "") {
			list = append(list, u)
		}
	}
	return list
}

func listCollaborators(c *call) (*answer, *apiError) {
	return ok(mapped(page(c, c.repo.collaborators()), func(u *User) obj {
		o := c.g.userJSON(u).(obj)
		o["role_name"], o["permissions"] = c.repo.role(u), rolePermissions(c.repo.role(u))
		return o
	})), nil
}

func checkCollaborator(c *call) (*answer, *apiError) {
	for _, u := range c.repo.collaborators() {
		if lower(u.Login) == lower(c.params["username"]) {
			return noContent(), nil
		}
	}
	return nil, notFound()
}

func getPermission(c *call) (*answer, *apiError) {
	u := c.g.users[lower(c.params["username"])]
	if u == nil {
		return nil, &apiError{status: 404, message: c.params["username"] + " is not a user"}
	}
	role := c.repo.role(u)
	// The old field knows four words only.
	old := map[string]string{"maintain": "write", "triage": "read"}[role]
	if old == "" {
		old = role
	}
	o := c.g.userJSON(u).(obj)
	o["role_name"], o["permissions"] = role, rolePermissions(role)
	return ok(obj{"permission": old, "role_name": role, "user": o}), nil
}

// commit resolves a revision of the path or query.
func (c *call) commit(rev string) (*gitCommit, *apiError) {
	sha := c.repo.git.resolve(rev)
	if sha == "" {
		return nil, &apiError{status: 422, message: "No commit found for SHA: " + rev}
	}
	commit, err := c.repo.git.commit(sha)
	if err != nil {
		return nil, serverError(err)
	}
	return commit, nil
}

func listCommits(c *call) (*answer, *apiError) {
	rev := c.query.Get("sha")
	if rev == "" {
		rev = c.repo.defaultBranch
	}
	commit, e := c.commit(rev)
	if e != nil {
		return nil, notFound()
	}
	list, err := c.repo.git.commits("", commit.SHA)
	if err != nil {
		return nil, serverError(err)
	}
	newest := make([]*gitCommit, 0, len(list))
	author := c.query.Get("author") // a login or an e-mail address
	for i := len(list) - 1; i >= 0; i-- {
		if u := c.repo.g.userByEmail(list[i].AuthorEmail); author == "" || strings.EqualFold(author, list[i].AuthorEmail) || u != nil && strings.EqualFold(author, u.Login) {
			newest = append(newest, list[i])
		}
	}
	return ok(mapped(page(c, newest), c.repo.commitJSON)), nil
}

func getCommit(c *call) (*answer, *apiError) {
	commit, e := c.commit(c.params["ref"])
	if e != nil {
		return nil, e
	}
	o := c.repo.commitJSON(commit)
	base := ""
	if len(commit.Parents) > 0 {
		base = commit.Parents[0]
	}
	files, err := c.repo.git.diff(base, commit.SHA)
	if err != nil {
		return nil, serverError(err)
	}
	added, deleted := 0, 0
	for _, f := range files {
		added, deleted = added+f.Additions, deleted+f.Deleted
	}
	o["stats"] = obj{"total": added + deleted, "additions": added, "deletions": deleted}
	o["files"] = mapped(page(c, files[:min(len(files), maxFiles)]), func(f *fileDiff) obj { return c.repo.fileJSON(f, commit.SHA) })
	return ok(o), nil
}

func listCommitPulls(c *call) (*answer, *apiError) {
	commit, e := c.commit(c.params["commit_sha"])
	if e != nil {
		return nil, e
	}
	var list []*Pull
	for _, p := range c.repo.pulls {
		if p.mergeSHA == commit.SHA {
			list = append(list, p)
			continue
		}
		commits, err := p.commits()
		if err != nil {
			return nil, serverError(err)
		}
		for _, k := range commits {
			if k.SHA == commit.SHA {
				list = append(list, p)
				break
			}
		}
	}
	return ok(mapped(page(c, list), func(p *Pull) obj { return p.json(false) })), nil
}

func compare(c *call) (*answer, *apiError) {
	left, right, found := strings.Cut(c.params["basehead"], "...")
	if !found {
		return nil, notFound()
	}
	resolve := func(rev string) *gitCommit {
		r := c.repo
		if owner, branch, other := strings.Cut(rev, ":"); other {
			rev = branch
			for _, f := range c.g.repos {
				if _, login, _ := f.owner.account(); lower(login) == lower(owner) && (f.fork == c.repo || f == c.repo) {
					r = f
				}
			}
		}
		sha := r.git.resolve(rev)
		if sha == "" || c.repo.take(r, sha) != nil {
			return nil
		}
		k, err := c.repo.git.commit(sha)
		if err != nil {
			return nil
		}
		return k
	}
	base, head := resolve(left), resolve(right)
	if base == nil || head == nil {
		return nil, notFound()
	}
	mb := c.repo.git.mergeBase(base.SHA, head.SHA)
	if mb == "" {
		return nil, &apiError{status: 404, message: "No common ancestor between " + left + " and " + right + "."}
	}
	ahead, err := c.repo.git.commits(base.SHA, head.SHA)
	if err != nil {
		return nil, serverError(err)
	}
	behind, err := c.repo.git.commits(head.SHA, base.SHA)
	if err != nil {
		return nil, serverError(err)
	}
	mergeBase, err := c.repo.git.commit(mb)
	if err != nil {
		return nil, serverError(err)
	}
	files, err := c.repo.git.diff(mb, head.SHA)
	if err != nil {
		return nil, serverError(err)
	}
	state := "identical"
	switch {
	case len(ahead) > 0 && len(behind) > 0:
		state = "diverged"
	case len(ahead) > 0:
		state = "ahead"
	case len(behind) > 0:
		state = "behind"
	}
	html := c.g.url + "/" + c.repo.FullName() + "/compare/" + left + "..." + right
	o := obj{"url": c.repo.api() + "/compare/" + left + "..." + right, "html_url": html, "permalink_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch", "base_commit": c.repo.commitJSON(base),
		"merge_base_commit": c.repo.commitJSON(mergeBase), "status": state, "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead),
		"commits": mapped(page(c, ahead), c.repo.commitJSON)}
	o["files"] = []any{}
	if at := c.query.Get("page"); at == "" || at == "1" {
		o["files"] = mapped(files[:min(len(files), maxCompare)], func(f *fileDiff) obj { return c.repo.fileJSON(f, head.SHA) })
	}
	return ok(o), nil
}

// maxContent is the size above which contents are only served raw.
const maxContent = 1 << 20

func getContent(c *call) (*answer, *apiError) {
	ref := c.query.Get("ref")
	shown := ref
	if ref == "" {
		ref = c.repo.defaultBranch
		shown = ref
	}
	sha := c.repo.git.resolve(ref)
	if sha == "" {
		return nil, &apiError{status: 404, message: "No commit found for the ref " + ref}
	}
	at := strings.Trim(path.Clean("/"+c.params["path"]), "/")
	if at == "" {
		return c.directory(sha, "", shown)
	}
	entries, err := c.repo.git.tree(sha+":"+parentOf(at), false)
	if err != nil {
		return nil, notFound() // the folder is none
	}
	for _, e := range entries {
		if e.Path != path.Base(at) {
			continue
		}
		if e.Type == "tree" {
			return c.directory(sha, at, shown)
		}
		o := c.repo.entryJSON(e, at, shown)
		if e.Type == "commit" {
			o["submodule_git_url"] = ""
			return ok(o), nil
		}
		data, err := c.repo.git.run(nil, "cat-file", "blob", e.SHA)
		if err != nil {
			return nil, serverError(err)
		}
		if accept := c.req.Header.Get("Accept"); strings.Contains(accept, ".raw") {
			return &answer{status: 200, raw: data, typ: "application/vnd.github.raw; charset=utf-8"}, nil
		}
		if e.Mode == "120000" {
			o["target"] = string(data)
			return ok(o), nil
		}
		o["content"], o["encoding"] = wrap64(data), "base64"
		if len(data) > maxContent {
			o["content"], o["encoding"] = "", "none"
		}
		return ok(o), nil
	}
	return nil, notFound()
}

func parentOf(p string) string {
	if d := path.Dir(p); d != "." {
		return d
	}
	return ""
}

// wrap64 is base64 in lines of 60 characters, as GitHub sends it.
func wrap64(data []byte) string {
	s := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(s) > 60 {
		b.WriteString(s[:60] + "\n")
		s = s[60:]
	}
	if s != "" {
		b.WriteString(s + "\n")
	}
	return b.String()
}

// directory lists a folder, at most 1,000 entries.
func (c *call) directory(sha, at, ref string) (*answer, *apiError) {
	entries, err := c.repo.git.tree(sha+":"+at, false)
	if err != nil {
		return nil, notFound()
	}
	list := []any{}
	for _, e := range entries[:min(len(entries), 1000)] {
		list = append(list, c.repo.entryJSON(e, path.Join(at, e.Path), ref))
	}
	return ok(list), nil
}

func (r *Repo) entryJSON(e treeEntry, at, ref string) obj {
	escaped := (&url.URL{Path: at}).EscapedPath()
	self := r.api() + "/contents/" + escaped + "?ref=" + url.QueryEscape(ref)
	typ, git, html := "file", r.api()+"/git/blobs/"+e.SHA, r.g.url+"/"+r.FullName()+"/blob/"+ref+"/"+escaped
	var download any = r.g.url + "/" + r.FullName() + "/raw/" + ref + "/" + escaped
	switch {
	case e.Type == "tree":
		typ, git, html, download = "dir", r.api()+"/git/trees/"+e.SHA, r.g.url+"/"+r.FullName()+"/tree/"+ref+"/"+escaped, nil
	case e.Type == "commit":
		typ, download = "submodule", nil
	case e.Mode == "120000":
		typ = "symlink"
	}
	return obj{"type": typ, "size": e.Size, "name": path.Base(at), "path": at, "sha": e.SHA, "url": self, "git_url": git, "html_url": html, "download_url": download,
		"_links": obj{"self": self, "git": git, "html": html}}
}

func (r *Repo) refJSON(ref, sha string) obj {
	return obj{"ref": ref, "node_id": nodeID("Ref", r.ID) + ref, "url": r.api() + "/git/" + ref, "object": obj{"type": "commit", "sha": sha, "url": r.api() + "/git/commits/" + sha}}
}

func getRef(c *call) (*answer, *apiError) {
	refs, err := c.repo.git.refs("refs/" + c.params["ref"])
	if err != nil {
		return nil, serverError(err)
	}
	name := "refs/" + c.params["ref"]
	if refs[name] == "" {
		return nil, notFound()
	}
	return ok(c.repo.refJSON(name, refs[name])), nil
}

func listRefs(c *call) (*answer, *apiError) {
	refs, err := c.repo.git.refs("refs/")
	if err != nil {
		return nil, serverError(err)
	}
	list := []any{}
	for _, name := range sortedKeys(refs) {
		if strings.HasPrefix(name, "refs/"+c.params["ref"]) {
			list = append(list, c.repo.refJSON(name, refs[name]))
		}
	}
	return ok(list), nil
}

func getGitCommit(c *call) (*answer, *apiError) {
	sha := c.params["commit_sha"]
	if !isHex(sha) || c.repo.git.resolve(sha) != sha {
		return nil, notFound()
	}
	commit, e := c.commit(sha)
	if e != nil {
		return nil, e
	}
	return ok(c.repo.gitCommitJSON(commit)), nil
}

func getTree(c *call) (*answer, *apiError) {
	rev := c.params["tree_sha"]
	sha := c.repo.git.resolve(rev)
	if sha == "" && isHex(rev) {
		sha, _ = c.repo.git.line("rev-parse", "--quiet", "--verify", "--end-of-options", rev+"^{tree}") // an error leaves it empty
	}
	if sha == "" {
		return nil, notFound()
	}
	tree, err := c.repo.git.line("rev-parse", "--verify", "--end-of-options", sha+"^{tree}")
	if err != nil {
		return nil, serverError(err)
	}
	_, recursive := c.query["recursive"]
	entries, err := c.repo.git.tree(tree, recursive)
	if err != nil {
		return nil, serverError(err)
	}
	truncated := len(entries) > 100000
	list := mapped(entries[:min(len(entries), 100000)], func(e treeEntry) obj {
		o := obj{"path": e.Path, "mode": e.Mode, "type": e.Type, "sha": e.SHA}
		switch e.Type {
		case "blob":
			o["size"], o["url"] = e.Size, c.repo.api()+"/git/blobs/"+e.SHA
		case "tree":
			o["url"] = c.repo.api() + "/git/trees/" + e.SHA
		}
		return o
	})
	return ok(obj{"sha": tree, "url": c.repo.api() + "/git/trees/" + tree, "tree": list, "truncated": truncated}), nil
}

func getBlob(c *call) (*answer, *apiError) {
	sha := c.params["file_sha"]
	if !isHex(sha) || len(sha) != 40 {
		return nil, &apiError{status: 422, message: "The sha parameter must be exactly 40 characters and contain only [0-9a-f]."}
	}
	data, err := c.repo.git.run(nil, "cat-file", "blob", sha)
	if err != nil {
		return nil, notFound()
	}
	if strings.Contains(c.req.Header.Get("Accept"), ".raw") {
		return &answer{status: 200, raw: data, typ: "application/vnd.github.raw; charset=utf-8"}, nil
	}
	return ok(obj{"sha": sha, "node_id": nodeID("Blob", c.repo.ID) + sha[:8], "size": len(data), "url": c.repo.api() + "/git/blobs/" + sha, "content": wrap64(data), "encoding": "base64"}), nil
}

// statusesOf lists the statuses of a commit, newest first.
func (r *Repo) statusesOf(sha string) []*status {
	var list []*status
	for _, s := range r.statuses {
		if s.sha == sha {
			list = append(list, s)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID > list[j].ID })
	return list
}

func listStatuses(c *call) (*answer, *apiError) {
	commit, e := c.commit(c.params["ref"])
	if e != nil {
		return nil, notFound()
	}
	return ok(mapped(page(c, c.repo.statusesOf(commit.SHA)), func(s *status) obj { return c.repo.statusJSON(s, true) })), nil
}

func getCombinedStatus(c *call) (*answer, *apiError) {
	commit, e := c.commit(c.params["ref"])
	if e != nil {
		return nil, notFound()
	}
	var latest []*status
	seen := map[string]bool{}
	state := "success"
	for _, s := range c.repo.statusesOf(commit.SHA) {
		if seen[s.context] {
			continue
		}
		seen[s.context] = true
		latest = append(latest, s)
		switch {
		case s.state == "failure" || s.state == "error":
			state = "failure"
		case s.state == "pending" && state == "success":
			state = "pending"
		}
	}
	if len(latest) == 0 {
		state = "pending"
	}
	return ok(obj{"state": state, "statuses": mapped(page(c, latest), func(s *status) obj { return c.repo.statusJSON(s, false) }), "sha": commit.SHA, "total_count": len(latest),
		"repository": c.repo.minimalJSON(), "commit_url": c.repo.api() + "/commits/" + commit.SHA, "url": c.repo.api() + "/commits/" + commit.SHA + "/status"}), nil
}

func createStatus(c *call) (*answer, *apiError) {
	commit, e := c.commit(c.params["sha"])
	if e != nil || commit.SHA != c.params["sha"] {
		return nil, invalidText("No commit found for SHA: " + c.params["sha"])
	}
	name := c.str("context")
	if name == "" {
		name = "default"
	}
	n := 0
	for _, s := range c.repo.statuses {
		if s.sha == commit.SHA && s.context == name {
			n++
		}
	}
	if n >= maxStatuses {
		return nil, invalid(fieldError("Status", "", "custom", "This SHA and context has reached the maximum number of statuses."))
	}
	s := &status{ID: c.g.id(), sha: commit.SHA, context: name, state: c.str("state"), description: textOf(c.body, "description"), target: textOf(c.body, "target_url"), creator: c.actor.user(), created: c.g.now()}
	c.repo.addStatus(s)
	return created(c.repo.statusJSON(s, true)), nil
}
