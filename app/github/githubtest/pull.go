package githubtest

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"
)

// A Pull is a pull request.
type Pull struct {
	g         *GitHub
	ID        int64
	Number    int
	repo      *Repo
	author    *User
	title     string
	body      string
	state     string // "open", "closed"
	draft     bool
	headRepo  *Repo
	headRef   string
	head      string // SHA
	baseRef   string
	base      string // SHA of the base branch's tip, frozen when the pull request ends
	created   time.Time
	updated   time.Time
	closed    time.Time
	merged    time.Time
	mergedBy  *User
	mergeSHA  string
	lastPush  *User
	labels    map[string]bool
	assignees []*User
	armed     *User // who enabled auto-merge
	requested []*User
	reviews   []*Review
	comments  []*ReviewComment
	talk      []*IssueComment
	events    []*event
	heads     []headMark
	via       *App
}

// An event of the timeline that is not a review, a comment or a commit.
type event struct {
	id     int64
	kind   string
	actor  *User
	at     time.Time
	sha    string
	extras obj
}

// A headMark remembers when a commit became the head.
type headMark struct {
	id  int64
	sha string
	at  time.Time
	by  *User
}

// PullOptions for Repo.OpenPull.
type PullOptions struct {
	Title, Body string
	Head        string // branch
	HeadRepo    *Repo  // a fork; nil: the repository itself
	Base        string // branch; empty: the default branch
	Draft       bool
	Via         *App // the App through which the person opens it, with a token of theirs
}

// OpenPull opens a pull request.
func (r *Repo) OpenPull(by *User, opt PullOptions) (*Pull, error) {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	p, e := r.openPull(by, opt)
	if e != nil {
		return nil, e
	}
	return p, nil
}

func (r *Repo) openPull(by *User, opt PullOptions) (*Pull, *apiError) {
	if opt.Base == "" {
		opt.Base = r.defaultBranch
	}
	if opt.HeadRepo == nil {
		opt.HeadRepo = r
	}
	if opt.Title == "" {
		opt.Title = opt.Head
	}
	head, base := opt.HeadRepo.git.resolve("heads/"+opt.Head), r.git.resolve("heads/"+opt.Base)
	switch {
	case head == "":
		return nil, invalid(fieldError("PullRequest", "head", "invalid", ""))
	case base == "":
		return nil, invalid(fieldError("PullRequest", "base", "invalid", ""))
	}
	for _, p := range r.pulls {
		if p.state == "open" && p.headRepo == opt.HeadRepo && p.headRef == opt.Head && p.baseRef == opt.Base {
			_, login, _ := opt.HeadRepo.owner.account()
			return nil, invalid(fieldError("PullRequest", "", "custom", "A pull request already exists for "+login+":"+opt.Head+"."))
		}
	}
	if err := r.take(opt.HeadRepo, head); err != nil {
		return nil, serverError(err)
	}
	if head == base || r.git.isAncestor(head, base) {
		return nil, invalid(fieldError("PullRequest", "", "custom", "No commits between "+opt.Base+" and "+opt.Head))
	}
	r.numbers++
	p := &Pull{g: r.g, ID: r.g.id(), Number: r.numbers, repo: r, author: by, title: opt.Title, body: opt.Body, state: "open", draft: opt.Draft, headRepo: opt.HeadRepo, headRef: opt.Head,
		head: head, baseRef: opt.Base, base: base, created: r.g.now(), updated: r.g.now(), lastPush: by, labels: map[string]bool{}, via: opt.Via}
	if err := p.setRefs(); err != nil {
		return nil, serverError(err)
	}
	r.pulls = append(r.pulls, p)
	p.heads = append(p.heads, headMark{r.g.id(), head, r.g.now(), by})
	p.emit("opened", by, nil)
	return p, nil
}

// take fetches a commit of a fork into the base repository.
func (r *Repo) take(from *Repo, sha string) error {
	if from == r {
		return nil
	}
	_, err := r.git.run(nil, "-c", "protocol.file.allow=always", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", from.git.dir, sha)
	return err
}

// setRefs makes refs/pull/N/head, which lives in the base repository also for forks.
func (p *Pull) setRefs() error {
	return p.repo.git.setRef(fmt.Sprintf("refs/pull/%d/head", p.Number), p.head)
}

func (p *Pull) mergeBase() string { return p.repo.git.mergeBase(p.base, p.head) }

func (p *Pull) files() ([]*fileDiff, error) { return p.repo.git.diff(p.mergeBase(), p.head) }

func (p *Pull) commits() ([]*gitCommit, error) { return p.repo.git.commits(p.base, p.head) }

// touch marks the pull request as changed now.
func (p *Pull) touch() { p.updated = p.g.now() }

func (p *Pull) note(kind string, by *User, sha string, extras obj) {
	p.events = append(p.events, &event{id: p.g.id(), kind: kind, actor: by, at: p.g.now(), sha: sha, extras: extras})
}

// emit sends a pull_request event.
func (p *Pull) emit(action string, by *User, extras obj) {
	payload := obj{"action": action, "number": p.Number, "pull_request": p.json(true)}
	for k, v := range extras {
		payload[k] = v
	}
	p.g.emit(p.repo, "pull_request", action, by, payload)
}

// synchronize takes over a new head.
func (p *Pull) synchronize(by *User, sha string) error {
	before, base := p.head, p.mergeBase()
	if err := p.leaveQueue(by, "BRANCH_PROTECTIONS"); err != nil {
		return err
	}
	if err := p.repo.take(p.headRepo, sha); err != nil {
		return err
	}
	if !p.repo.git.isAncestor(before, sha) {
		p.note("head_ref_force_pushed", by, sha, obj{"before": before})
	}
	p.head, p.lastPush = sha, by
	p.heads = append(p.heads, headMark{p.g.id(), sha, p.g.now(), by})
	p.touch()
	if err := p.setRefs(); err != nil {
		return err
	}
	if err := p.reanchor(); err != nil {
		return err
	}
	if err := p.rebind(base, before); err != nil {
		return err
	}
	p.emit("synchronize", by, obj{"before": before, "after": sha})
	if pr := p.repo.protection(p.baseRef); pr != nil && pr.DismissStale {
		for _, r := range p.reviews {
			if r.state == "APPROVED" {
				p.dismiss(by, r, "")
			}
		}
	}
	return nil
}

// rebind gives the reviews of the old head the new one, as GitHub does after a push that carries the same patch to another base. What they
// saw may differ all the same.
func (p *Pull) rebind(base, before string) error {
	if p.repo.git.isAncestor(before, p.head) {
		return nil
	}
	was, err := p.repo.git.patchID(base, before)
	if err != nil {
		return err
	}
	is, err := p.repo.git.patchID(p.mergeBase(), p.head)
	if err != nil || was == "" || was != is {
		return err
	}
	for _, r := range p.reviews {
		if r.commit == before {
			r.commit = p.head
		}
	}
	return nil
}

// baseMoved follows the base branch. A head that it now contains counts as merged.
func (p *Pull) baseMoved(by *User, sha string) error {
	if p.repo.git.isAncestor(p.head, sha) {
		p.finish(by, sha)
		return nil
	}
	p.base = sha
	return nil
}

// do runs a change of an open pull request under the lock.
func (p *Pull) do(what string, change func() error) error {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	if err := change(); err != nil {
		return fmt.Errorf("%s #%d: %w", what, p.Number, err)
	}
	return nil
}

// Retarget changes the base branch.
func (p *Pull) Retarget(by *User, base string) error {
	return p.do("retarget", func() error {
		if e := p.retarget(by, base); e != nil {
			return e
		}
		return nil
	})
}

func (p *Pull) retarget(by *User, base string) *apiError {
	sha := p.repo.git.resolve("heads/" + base)
	if sha == "" || p.state != "open" {
		return invalid(fieldError("PullRequest", "base", "invalid", ""))
	}
	if err := p.leaveQueue(by, "BRANCH_PROTECTIONS"); err != nil {
		return serverError(err)
	}
	old, oldSHA := p.baseRef, p.base
	p.baseRef, p.base = base, sha
	p.touch()
	p.note("base_ref_changed", by, "", nil)
	if err := p.reanchor(); err != nil {
		return serverError(err)
	}
	p.emit("edited", by, obj{"changes": obj{"base": obj{"ref": obj{"from": old}, "sha": obj{"from": oldSHA}}}})
	return nil
}

// Edit changes title and body.
func (p *Pull) Edit(by *User, title, body string) error {
	return p.do("edit", func() error { p.edit(by, title, body); return nil })
}

func (p *Pull) edit(by *User, title, body string) {
	changes := obj{}
	if title != p.title {
		changes["title"] = obj{"from": p.title}
		p.note("renamed", by, "", obj{"rename": obj{"from": p.title, "to": title}})
	}
	if body != p.body {
		changes["body"] = obj{"from": p.body}
	}
	if len(changes) == 0 {
		return
	}
	p.title, p.body = title, body
	p.touch()
	p.emit("edited", by, obj{"changes": changes})
}

// Close closes without merging.
func (p *Pull) Close(by *User) error {
	return p.do("close", func() error {
		if p.state != "open" {
			return errors.New("it is closed already")
		}
		p.close(by)
		return nil
	})
}

func (p *Pull) close(by *User) {
	p.repo.record("leaving the merge queue", p.leaveQueue(by, "MANUAL"))
	p.state, p.closed = "closed", p.g.now()
	p.touch()
	p.note("closed", by, "", nil)
	p.emit("closed", by, nil)
}

// Reopen opens a closed pull request again.
func (p *Pull) Reopen(by *User) error {
	return p.do("reopen", func() error {
		if e := p.reopen(by); e != nil {
			return e
		}
		return nil
	})
}

func (p *Pull) reopen(by *User) *apiError {
	head := ""
	if !p.headRepo.deleted {
		head = p.headRepo.git.resolve("heads/" + p.headRef)
	}
	base := p.repo.git.resolve("heads/" + p.baseRef)
	if p.state == "open" || !p.merged.IsZero() || head == "" || base == "" {
		return invalid(fieldError("PullRequest", "state", "invalid", ""))
	}
	if err := p.repo.take(p.headRepo, head); err != nil {
		return serverError(err)
	}
	p.state, p.closed, p.head, p.base = "open", time.Time{}, head, base
	p.touch()
	if err := p.setRefs(); err != nil {
		return serverError(err)
	}
	p.note("reopened", by, "", nil)
	p.emit("reopened", by, nil)
	return nil
}

// SetDraft converts to a draft or marks as ready for review.
func (p *Pull) SetDraft(by *User, draft bool) error {
	return p.do("set draft", func() error {
		if p.draft == draft {
			return nil
		}
		p.draft = draft
		p.touch()
		action, kind := "ready_for_review", "ready_for_review"
		if draft {
			action, kind = "converted_to_draft", "convert_to_draft"
		}
		p.note(kind, by, "", nil)
		p.emit(action, by, nil)
		return nil
	})
}

// Label adds a label, Unlabel removes it.
func (p *Pull) Label(by *User, name string) error {
	return p.do("label", func() error { p.label(by, name); return nil })
}

func (p *Pull) label(by *User, name string) {
	if p.labels[name] {
		return
	}
	p.labels[name] = true
	p.touch()
	p.note("labeled", by, "", obj{"label": obj{"name": name, "color": labelColor}})
	p.emit("labeled", by, obj{"label": p.repo.labelJSON(name)})
}

// Unlabel removes a label.
func (p *Pull) Unlabel(by *User, name string) error {
	return p.do("unlabel", func() error {
		if !p.labels[name] {
			return fmt.Errorf("it has no label %q", name)
		}
		p.unlabel(by, name)
		return nil
	})
}

func (p *Pull) unlabel(by *User, name string) {
	delete(p.labels, name)
	p.touch()
	p.note("unlabeled", by, "", obj{"label": obj{"name": name, "color": labelColor}})
	p.emit("unlabeled", by, obj{"label": p.repo.labelJSON(name)})
}

// Assign assigns somebody.
func (p *Pull) Assign(by, u *User) error {
	return p.do("assign", func() error {
		for _, a := range p.assignees {
			if a == u {
				return nil
			}
		}
		p.assignees = append(p.assignees, u)
		p.touch()
		p.note("assigned", by, "", obj{"assignee": p.g.userJSON(u), "assigner": p.g.userJSON(by)})
		p.emit("assigned", by, obj{"assignee": p.g.userJSON(u)})
		return nil
	})
}

// State is "open", "closed" or "merged".
func (p *Pull) State() string {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	return p.stateNow()
}

func (p *Pull) stateNow() string {
	if !p.merged.IsZero() {
		return "merged"
	}
	return p.state
}

// Head is the SHA of the head.
func (p *Pull) Head() string {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	return p.head
}

// Base is the SHA of the base branch's tip.
func (p *Pull) Base() string {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	return p.base
}

// BaseRef is the branch that it would be merged into.
func (p *Pull) BaseRef() string {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	return p.baseRef
}

// Repo is the repository that it would be merged into.
func (p *Pull) Repo() *Repo { return p.repo }

// HTMLURL is the address of the page.
func (p *Pull) HTMLURL() string {
	return fmt.Sprintf("%s/%s/pull/%d", p.g.url, p.repo.FullName(), p.Number)
}

// Mergeability says whether the pull request can be merged now and, if not, why: one sentence per reason.
func (p *Pull) Mergeability(by *User) (ok bool, reasons []string) {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	reasons = p.blockers(by)
	return len(reasons) == 0, reasons
}

// blockers lists why a merge by somebody would be refused, in GitHub's words.
func (p *Pull) blockers(by *User) []string {
	if p.state != "open" {
		return []string{"Pull Request is not mergeable"}
	}
	if p.draft {
		return []string{"Pull Request is still a draft"}
	}
	if _, conflict, err := p.repo.git.mergeTree(p.base, p.head); err != nil || conflict {
		return []string{"Pull Request is not mergeable"}
	}
	pr := p.repo.protection(p.baseRef)
	if pr == nil || p.repo.spares(pr, by, false) {
		return nil
	}
	return p.unmet(pr)
}

// unmet lists which rules of a protection do not hold, whoever asks.
func (p *Pull) unmet(pr *Protection) []string {
	var reasons []string
	if pr.Strict && !p.repo.git.isAncestor(p.base, p.head) {
		reasons = append(reasons, "Head branch is out of date")
	}
	approvals, changes := p.verdicts(pr)
	if changes > 0 && pr.Approvals > 0 {
		reasons = append(reasons, "Changes have been requested")
	}
	if approvals < pr.Approvals {
		noun := "review is"
		if pr.Approvals > 1 {
			noun = "reviews are"
		}
		reasons = append(reasons, fmt.Sprintf("At least %d approving %s required by reviewers with write access.", pr.Approvals, noun))
	}
	for _, c := range pr.Checks {
		if state := p.repo.checkState(p.head, c); state != "success" {
			reasons = append(reasons, fmt.Sprintf("Required status check %q is %s.", c.Context, state))
		}
	}
	return reasons
}

// verdicts counts who approves and who asks for changes: everybody's latest opinion, of people with write access.
func (p *Pull) verdicts(pr *Protection) (approvals, changes int) {
	latest := map[int64]*Review{}
	for _, r := range p.reviews {
		if r.state != "COMMENTED" && r.state != "PENDING" {
			latest[r.author.ID] = r
		}
	}
	for _, r := range latest {
		if !p.repo.can(r.author, "write") || (pr.LastPush && r.author == p.lastPush) {
			continue
		}
		switch r.state {
		case "APPROVED":
			approvals++
		case "CHANGES_REQUESTED":
			changes++
		}
	}
	return approvals, changes
}

// mergeableState is GitHub's one word.
func (p *Pull) mergeableState() string {
	if p.state != "open" {
		return "unknown"
	}
	if p.draft {
		return "draft"
	}
	if _, conflict, err := p.repo.git.mergeTree(p.base, p.head); err != nil || conflict {
		return "dirty"
	}
	if pr := p.repo.protection(p.baseRef); pr != nil {
		if reasons := p.unmet(pr); len(reasons) > 0 {
			if reasons[0] == "Head branch is out of date" {
				return "behind"
			}
			return "blocked"
		}
	}
	for _, c := range p.repo.latestRuns(p.head) {
		if c.status != "completed" || !passes(c.conclusion) {
			return "unstable"
		}
	}
	return "clean"
}

// Merge merges with a merge commit, as somebody on the page. The error carries GitHub's words.
func (p *Pull) Merge(by *User) error {
	return p.do("merge", func() error {
		if _, e := p.merge(by, "merge", "", "", ""); e != nil {
			return e
		}
		return nil
	})
}

func (p *Pull) merge(by *User, method, sha, title, message string) (string, *apiError) {
	switch {
	case !p.repo.can(by, "write"):
		return "", forbidden("You do not have permission to merge this pull request.")
	case sha != "" && sha != p.head:
		return "", &apiError{status: 409, message: "Head branch was modified. Review and try the merge again."}
	}
	if reasons := p.blockers(by); len(reasons) > 0 {
		if reasons[0] == "Head branch is out of date" {
			return "", &apiError{status: 409, message: "Head branch is out of date. Review and try the merge again."}
		}
		return "", &apiError{status: 405, message: strings.Join(reasons, " ")}
	}
	if p.repo.queue(p.baseRef) != nil && !p.repo.spares(p.repo.protection(p.baseRef), by, false) {
		return "", &apiError{status: 405, message: "Changes must be made through the merge queue"}
	}
	tree, _, err := p.repo.git.mergeTree(p.base, p.head)
	if err != nil {
		return "", serverError(err)
	}
	_, login, _ := p.headRepo.owner.account()
	if title == "" {
		title = fmt.Sprintf("Merge pull request #%d from %s/%s", p.Number, login, p.headRef)
		if message == "" {
			message = p.title
		}
		if method == "squash" {
			title, message = fmt.Sprintf("%s (#%d)", p.title, p.Number), ""
		}
	}
	if message != "" {
		title += "\n\n" + message
	}
	result := p.head
	if method != "rebase" || !p.repo.git.isAncestor(p.base, p.head) {
		args := []string{"commit-tree", tree, "-p", p.base, "-m", title}
		if method == "merge" {
			args = append(args, "-p", p.head)
		}
		if result, err = p.repo.git.line(args...); err != nil {
			return "", serverError(err)
		}
	}
	if err := p.repo.git.setRef("refs/heads/"+p.baseRef, result); err != nil {
		return "", serverError(err)
	}
	old := p.base
	p.finish(by, result)
	if err := p.repo.moved(by, p.baseRef, old, result, false); err != nil {
		return "", serverError(err)
	}
	return result, nil
}

// finish marks the pull request as merged.
func (p *Pull) finish(by *User, sha string) {
	p.state, p.closed, p.merged, p.mergedBy, p.mergeSHA = "closed", p.g.now(), p.g.now(), by, sha
	p.touch()
	p.note("merged", by, sha, nil)
	p.note("closed", by, "", nil)
	p.emit("closed", by, nil)
}

func (p *Pull) labelNames() []string {
	names := sortedKeys(p.labels)
	sort.Strings(names)
	return names
}
