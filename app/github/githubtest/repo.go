package githubtest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// A Repo is a repository: a bare git repository and what GitHub knows beside it.
type Repo struct {
	g             *GitHub
	ID            int64
	Name          string
	owner         Account
	git           *gitDir
	private       bool
	defaultBranch string
	fork          *Repo // what it was forked from
	created       time.Time
	pushed        time.Time
	ticks         int64            // commits so far, for their dates
	roles         map[int64]string // explicit roles of users
	teamRoles     map[int64]teamRole
	protections   map[string]*Protection
	protectionIDs map[string]int64
	numbers       int
	pulls         []*Pull
	issues        []*issue
	labels        map[string]int64
	suites        []*suite
	runs          []*run
	statuses      []*status
	deleted       bool
	queues        map[string]*queue // by branch
}

type teamRole struct {
	team *Team
	role string
}

// RepoOptions are the settings of a new repository.
type RepoOptions struct {
	Private       bool
	DefaultBranch string // empty: "main"
}

// A Commit for Repo.Commit.
type Commit struct {
	Author    *User  // needed
	Committer *User  // nil: the author
	Message   string // whole, with trailers; empty: "Change files"
	Files     map[string]string
	Delete    []string
	Modes     map[string]string // "100755", "120000" (content is the target), "160000" (content is a SHA)
	Branch    string            // the branch to push to; empty: only the object is made
	Parents   []string          // nil: the tip of Branch, if there is one
	Date      time.Time         // zero: the next minute of the repository's own calendar, so that SHAs do not depend on the clock
	Pusher    *User             // nil: the author
	Force     bool              // push although the branch holds other commits
	// AuthorEmail and AuthorName override what the author's account has: a commit can claim to be anybody's.
	AuthorName, AuthorEmail string
	// CommitterEmail does the same for who committed.
	CommitterEmail string
	// Merge begins with what git computes for the two parents, as the button "Update branch" does, instead of the first one's tree. A
	// conflict is an error.
	Merge bool
	// Signed says that an App made the commit through the API: GitHub is the committer, signs it, and shows it as verified.
	Signed bool

	root string // tree to begin with
}

type identity struct{ name, email string }

// calendar is where the dates of commits start.
var calendar = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// NewRepo makes an empty repository.
func (g *GitHub) NewRepo(owner Account, name string, opt RepoOptions) (*Repo, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.newRepo(owner, name, opt)
}

func (g *GitHub) newRepo(owner Account, name string, opt RepoOptions) (*Repo, error) {
	_, login, _ := owner.account()
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "" || name == "." || name == ".." {
		return nil, fmt.Errorf("make repository %q: the name may hold letters, digits, '.', '_' and '-'", name)
	}
	key := lower(login + "/" + name)
	if g.repos[key] != nil {
		return nil, fmt.Errorf("make repository %s/%s: it exists already", login, name)
	}
	if opt.DefaultBranch == "" {
		opt.DefaultBranch = "main"
	}
	git, err := initGit(g.closing, filepath.Join(g.dir, lower(login), name+".git"), opt.DefaultBranch)
	if err != nil {
		return nil, fmt.Errorf("make repository %s/%s: %w", login, name, err)
	}
	r := &Repo{g: g, ID: g.id(), Name: name, owner: owner, git: git, private: opt.Private, defaultBranch: opt.DefaultBranch, created: g.now(), pushed: g.now(),
		roles: map[int64]string{}, teamRoles: map[int64]teamRole{}, protections: map[string]*Protection{}, protectionIDs: map[string]int64{}, labels: map[string]int64{}, queues: map[string]*queue{}}
	g.repos[key] = r
	return r, nil
}

// Fork copies a repository to another account. Pull requests can be opened from it.
func (r *Repo) Fork(owner Account) (*Repo, error) {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	f, err := r.g.newRepo(owner, r.Name, RepoOptions{Private: r.private, DefaultBranch: r.defaultBranch})
	if err != nil {
		return nil, err
	}
	f.fork, f.ticks = r, r.ticks
	// Forks on GitHub share one object store.
	alternates := filepath.Join(f.git.dir, "objects", "info", "alternates")
	if err := os.WriteFile(alternates, []byte(filepath.Join(r.git.dir, "objects")+"\n"), 0o644); err != nil {
		return nil, fmt.Errorf("fork %s: %w", r.FullName(), err)
	}
	heads, err := r.git.refs("refs/heads/")
	if err != nil {
		return nil, fmt.Errorf("fork %s: %w", r.FullName(), err)
	}
	for ref, sha := range heads {
		if err := f.git.setRef(ref, sha); err != nil {
			return nil, fmt.Errorf("fork %s: %w", r.FullName(), err)
		}
	}
	return f, nil
}

// Delete removes the repository. Pull requests from it stay as they are; their commits are kept where they would be merged into.
func (r *Repo) Delete() {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	r.delete()
}

func (r *Repo) delete() {
	delete(r.g.repos, lower(r.FullName()))
	r.deleted = true
}

// FullName is "owner/name".
func (r *Repo) FullName() string {
	_, login, _ := r.owner.account()
	return login + "/" + r.Name
}

// CloneURL is the address for git.
func (r *Repo) CloneURL() string { return r.g.url + "/" + r.FullName() + ".git" }

// SHA resolves a branch, tag or SHA; "" if there is none.
func (r *Repo) SHA(rev string) string {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	return r.git.resolve(rev)
}

// File returns the content of a file at a revision.
func (r *Repo) File(rev, path string) (string, error) {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	sha := r.git.resolve(rev)
	if sha == "" {
		return "", fmt.Errorf("no revision %q in %s", rev, r.FullName())
	}
	out, err := r.git.run(nil, "cat-file", "blob", sha+":"+path)
	return string(out), err
}

// SetRole gives somebody a role ("read", "triage", "write", "maintain", "admin"); an empty one takes it away.
func (r *Repo) SetRole(u *User, role string) {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	if role == "" {
		delete(r.roles, u.ID)
		return
	}
	r.roles[u.ID] = role
}

// SetTeamRole gives a team a role; an empty one takes it away.
func (r *Repo) SetTeamRole(t *Team, role string) {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	if role == "" {
		delete(r.teamRoles, t.ID)
		return
	}
	r.teamRoles[t.ID] = teamRole{t, role}
}

var roleOrder = map[string]int{"none": 0, "": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}

// role is the highest role that somebody has, however they got it. Everybody can read a public repository.
func (r *Repo) role(u *User) string {
	best := "none"
	raise := func(role string) {
		if roleOrder[role] > roleOrder[best] {
			best = role
		}
	}
	if u == nil {
		return best
	}
	if !r.private {
		raise("read")
	}
	raise(r.roles[u.ID])
	if id, _, _ := r.owner.account(); id == u.ID {
		raise("admin")
	}
	if o, ok := r.owner.(*Org); ok {
		if m := o.members[u.ID]; m != nil && m.state == "active" {
			raise(cmp.Or(o.base, "read"))
			if m.role == "admin" {
				raise("admin")
			}
		}
	}
	for _, tr := range r.teamRoles {
		for _, m := range tr.team.all() {
			if m.user == u && m.state == "active" {
				raise(tr.role)
			}
		}
	}
	// An App acts with what its installation may do.
	if u.app != nil {
		if i := u.app.installationOn(r); i != nil && i.suspended.IsZero() {
			if levels[i.permissions["contents"]] >= levels["write"] {
				raise("write")
			} else if levels[i.permissions["metadata"]] > 0 {
				raise("read")
			}
		}
	}
	return best
}

func (r *Repo) can(u *User, role string) bool { return roleOrder[r.role(u)] >= roleOrder[role] }

// Commit makes a commit and, if it names a branch, pushes it there with the events of a push. It returns the SHA.
func (r *Repo) Commit(c Commit) (string, error) {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	if c.Author == nil {
		return "", errors.New("commit: an author is needed")
	}
	if c.Message == "" {
		c.Message = "Change files"
	}
	tip := ""
	if c.Branch != "" {
		tip = r.git.resolve("heads/" + c.Branch)
	}
	parents := []string{}
	for _, p := range c.Parents {
		sha := r.git.resolve(p)
		if sha == "" {
			return "", fmt.Errorf("commit: no parent %q in %s", p, r.FullName())
		}
		parents = append(parents, sha)
	}
	if c.Parents == nil && tip != "" {
		parents = append(parents, tip)
	}
	at := c.Date
	if at.IsZero() {
		at = calendar.Add(time.Duration(r.ticks) * time.Minute)
		r.ticks++
	}
	author := identity{c.Author.Name, c.Author.Email}
	if c.AuthorName != "" {
		author.name = c.AuthorName
	}
	if c.AuthorEmail != "" {
		author.email = c.AuthorEmail
	}
	committer := author
	if c.Committer != nil {
		committer = identity{c.Committer.Name, c.Committer.Email}
	}
	if c.CommitterEmail != "" {
		committer.email = c.CommitterEmail
	}
	if c.Signed {
		committer = identity{"GitHub", r.g.webFlow().Email}
	}
	if c.Merge {
		if len(parents) != 2 {
			return "", fmt.Errorf("commit to %s: a merge has two parents, not %d", r.FullName(), len(parents))
		}
		tree, conflict, err := r.git.mergeTree(parents[0], parents[1])
		if err != nil || conflict {
			return "", errors.Join(fmt.Errorf("commit to %s: the parents cannot be merged", r.FullName()), err)
		}
		c.root = tree
	}
	sha, err := r.git.write(&c, author, committer, at, parents)
	if err != nil {
		return "", fmt.Errorf("commit to %s: %w", r.FullName(), err)
	}
	if c.Signed {
		r.g.signed[sha] = true
	}
	if c.Branch == "" {
		return sha, nil
	}
	by := c.Pusher
	if by == nil {
		by = c.Author
	}
	return sha, r.push(by, c.Branch, sha, c.Force)
}

// Push moves a branch to a commit of the repository, as `git push` by somebody does.
func (r *Repo) Push(by *User, branch, sha string, force bool) error {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	return r.push(by, branch, sha, force)
}

func (r *Repo) push(by *User, branch, sha string, force bool) error {
	old := r.git.resolve("heads/" + branch)
	if old == sha {
		return nil
	}
	if p := r.protection(branch); p != nil && old != "" {
		if err := r.mayPush(by, p); err != nil {
			return fmt.Errorf("push to %s of %s: %w", branch, r.FullName(), err)
		}
	}
	if old != "" && !force && !r.git.isAncestor(old, sha) {
		return fmt.Errorf("push to %s of %s: not a fast-forward", branch, r.FullName())
	}
	if err := r.git.setRef("refs/heads/"+branch, sha); err != nil {
		return err
	}
	return r.moved(by, branch, old, sha, force)
}

// mayPush says whether a push around pull requests is allowed on a protected branch.
func (r *Repo) mayPush(by *User, p *Protection) error {
	if r.spares(p, by, true) {
		return nil
	}
	return errors.New("GH006: Protected branch update failed: changes must be made through a pull request")
}

// DeleteBranch removes a branch; open pull requests from it are closed.
func (r *Repo) DeleteBranch(by *User, branch string) error {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	old := r.git.resolve("heads/" + branch)
	if old == "" {
		return fmt.Errorf("delete branch: no %s in %s", branch, r.FullName())
	}
	if err := r.git.setRef("refs/heads/"+branch, ""); err != nil {
		return err
	}
	return r.moved(by, branch, old, "", false)
}

const zeroSHA = "0000000000000000000000000000000000000000"

// moved is told after a branch moved, was made (old empty) or deleted (sha empty). It sends the push, updates the pull requests
// from this branch, then those into it.
func (r *Repo) moved(by *User, branch, old, sha string, forced bool) error {
	g := r.g
	r.pushed = g.now()
	payload, err := r.pushPayload(by, branch, old, sha, forced)
	if err != nil {
		return err
	}
	g.emit(r, "push", "", by, payload)
	if sha != "" {
		r.openSuites(branch, old, sha, by)
	}
	for _, base := range g.sortedRepos() {
		for _, p := range base.pulls {
			if p.state == "open" && p.headRepo == r && p.headRef == branch {
				if sha == "" {
					p.close(by)
					continue
				}
				if err := p.synchronize(by, sha); err != nil {
					return err
				}
			}
		}
	}
	if sha != "" {
		for _, p := range r.pulls {
			if p.state == "open" && p.baseRef == branch {
				if err := p.baseMoved(by, sha); err != nil {
					return err
				}
			}
		}
		return r.queueMoved(branch)
	}
	return r.baseGone(by, branch)
}

// baseGone is told after a branch was deleted. Pull requests into it go where the one that was merged from it went; where none was, they
// are closed.
func (r *Repo) baseGone(by *User, branch string) error {
	into := ""
	for _, p := range r.pulls {
		if p.headRepo == r && p.headRef == branch && !p.merged.IsZero() {
			into = p.baseRef
		}
	}
	for _, p := range r.pulls {
		switch {
		case p.state != "open" || p.baseRef != branch:
		case into == "":
			p.close(by)
		default:
			if e := p.retarget(by, into); e != nil {
				return e
			}
			p.note("automatic_base_change_succeeded", by, "", nil)
		}
	}
	return nil
}

func (g *GitHub) sortedRepos() []*Repo {
	list := make([]*Repo, 0, len(g.repos))
	for _, r := range g.repos {
		list = append(list, r)
	}
	sort.Slice(list, func(a, b int) bool { return list[a].ID < list[b].ID })
	return list
}

// A Protection of a branch.
type Protection struct {
	Checks        []RequiredCheck
	Strict        bool // the branch must be up to date before a merge
	Approvals     int  // required approving reviews
	DismissStale  bool // a push dismisses approvals
	LastPush      bool // the last pusher's approval does not count
	CodeOwners    bool // shown only: this package does not read CODEOWNERS
	EnforceAdmins bool
	// ViaRuleset shows it as a ruleset instead of classic branch protection. It means the same.
	ViaRuleset bool
	Ruleset    RulesetLook // with ViaRuleset
	// ForcePushes and Deletions are shown only, of classic protection.
	ForcePushes, Deletions bool
}

// A RequiredCheck is a status check that must succeed before a merge.
type RequiredCheck struct {
	Context string
	App     *App // only this App's check runs count; nil: any source
}

// Protect sets the protection of a branch.
func (r *Repo) Protect(branch string, p Protection) {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	p.Checks = append([]RequiredCheck(nil), p.Checks...)
	r.protections[branch] = &p
	if r.protectionIDs[branch] == 0 {
		r.protectionIDs[branch] = r.g.id()
	}
}

// Unprotect removes the protection.
func (r *Repo) Unprotect(branch string) {
	r.g.mu.Lock()
	defer r.g.mu.Unlock()
	delete(r.protections, branch)
}
