package server_test

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // makes the SHA of a submodule out of any word
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/simulate"
)

// A stage is a GitHub on which a story of a pull request is played: what happens in the events of a pull file happens here, done by the
// people whom the file names. It knows nothing of the server, and waits for nothing.
type stage struct {
	hub   *githubtest.GitHub
	org   *githubtest.Org
	repo  *githubtest.Repo
	dot   *githubtest.Repo // the organisation's .github; nil: there is none
	app   *githubtest.App
	clock *clock

	story   *simulate.Pull
	people  map[string]*githubtest.User // by lower-case login as the story has it now
	teams   map[string]*githubtest.Team // by "organisation/slug"
	commits map[string]made             // by the story's name
	home    *githubtest.Repo            // of the head branch: the repository or a fork
	pull    *githubtest.Pull
	others  map[int]*githubtest.Pull
	talk    map[string]int64 // ids of comments
	head    string           // name of the head commit
	protect func(branch string)
	dark    bool             // GitHub fails to tell something
	host    *githubtest.User // owns the organisation; does what nobody in the story does

	mu sync.Mutex // of head and commits, which a scan reads
}

// made is a commit that exists.
type made struct {
	sha     string
	parents []string // by the story's names
	scan    *simulate.Scan
}

// clock is a time that a story can move on.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// wellKnown are accounts that a story is about when it names them.
var wellKnown = map[string]int64{"dependabot[bot]": 49699333, "renovate[bot]": 29139614}

// modes are git's for the story's words.
var modes = map[string]string{"": "", "file": "100644", "executable": "100755", "symlink": "120000", "submodule": "160000"}

// build makes everything that is there before the pull request is opened. The policy and the floor are files; nil: there is none.
func (s *stage) build(policy, floor []byte) error {
	p := s.story
	s.people, s.teams, s.commits = map[string]*githubtest.User{}, map[string]*githubtest.Team{}, map[string]made{}
	s.others, s.talk = map[int]*githubtest.Pull{}, map[string]int64{}
	s.host = s.hub.User("octocat")
	s.org.SetBasePermission("none") // everybody has the role that the story gives them
	s.org.AddMember(s.host, "admin")
	for _, login := range slices.Sorted(maps.Keys(p.People)) {
		if err := s.join(login, p.People[login]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Teams)) {
		if err := s.team(name, p.Teams[name].ID, p.Teams[name].Members); err != nil {
			return err
		}
	}
	files := maps.Clone(p.Files)
	if files == nil {
		files = map[string]*simulate.File{}
	}
	if policy != nil {
		files[".github/reviewgate.yml"] = &simulate.File{Content: string(policy)}
	}
	begin := githubtest.Commit{Author: s.host, Message: "begin", Branch: p.DefaultBranch}
	if err := s.put(&begin, "", files); err != nil {
		return err
	}
	if _, err := s.repo.Commit(begin); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(p.Branches)) {
		from := p.Branches[name].From
		if from == "" {
			from = p.DefaultBranch
		}
		if err := s.repo.Push(s.host, name, s.repo.SHA(from), false); err != nil {
			return err
		}
		if len(p.Branches[name].Files) == 0 {
			continue
		}
		c := githubtest.Commit{Author: s.host, Message: "begin " + name, Branch: name}
		if err := s.put(&c, name, p.Branches[name].Files); err != nil {
			return err
		}
		if _, err := s.repo.Commit(c); err != nil {
			return err
		}
	}
	if floor != nil {
		return s.floor(&simulate.FloorChange{Policy: string(floor)})
	}
	return nil
}

// join makes an account with its role.
func (s *stage) join(login string, a simulate.Account) error {
	kind, id := a.Type, a.ID
	if kind == "" {
		if kind = "User"; strings.HasSuffix(login, "[bot]") {
			kind = "Bot"
		}
	}
	if id == 0 {
		id = wellKnown[strings.ToLower(login)]
	}
	u, err := s.hub.AddUser(login, kind, id)
	if err != nil {
		return err
	}
	s.people[strings.ToLower(login)] = u
	s.repo.SetRole(u, roleOf(a.Role))
	return nil
}

func roleOf(word string) string {
	switch word {
	case "":
		return "write"
	case "none":
		return ""
	}
	return word
}

// who finds somebody. "-" is somebody who is gone before anybody looks: made here, and ended by the caller.
func (s *stage) who(login string) (u *githubtest.User, gone bool, err error) {
	if login == "-" {
		u, err = s.hub.AddUser(fmt.Sprintf("gone-%d", len(s.hub.Requests())), "User", 0)
		if err == nil {
			s.repo.SetRole(u, "write")
		}
		return u, true, err
	}
	if u := s.people[strings.ToLower(login)]; u != nil {
		return u, false, nil
	}
	return nil, false, fmt.Errorf("nobody is called %q", login)
}

func (s *stage) team(name string, id int64, logins []string) error {
	org, slug, _ := strings.Cut(name, "/")
	var members []*githubtest.User
	for _, login := range logins {
		u, _, err := s.who(login)
		if err != nil {
			return err
		}
		members = append(members, u)
	}
	t, err := s.hub.Org(org).NewTeam(s.host, slug, id, members...)
	s.teams[strings.ToLower(name)] = t
	return err
}

// put fills in what a commit on top of a revision changes.
func (s *stage) put(c *githubtest.Commit, from string, files map[string]*simulate.File) error {
	if c.Files == nil {
		c.Files = map[string]string{}
	}
	if c.Modes == nil {
		c.Modes = map[string]string{}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		f := files[path]
		if f == nil {
			c.Delete = append(c.Delete, path)
			continue
		}
		content := f.Content
		if f.From != "" {
			c.Delete = append(c.Delete, f.From)
			if content == "" {
				var err error
				if content, err = s.home.File(from, f.From); err != nil {
					return err
				}
			}
		}
		if f.Mode == "submodule" {
			sum := sha1.Sum([]byte(content)) //nolint:gosec // as above
			content = hex.EncodeToString(sum[:])
		}
		c.Files[path] = content
		if m := modes[f.Mode]; m != "" {
			c.Modes[path] = m
		}
	}
	return nil
}

// rev finds a commit by the story's name of it, or of a branch.
func (s *stage) rev(name string) string {
	if c, ok := s.commits[name]; ok {
		return c.sha
	}
	return s.repo.SHA(name)
}

// write makes a commit in a repository, on top of the one before, and gives its SHA. No branch moves.
func (s *stage) write(in *githubtest.Repo, c *simulate.Commit, before, by string) error {
	parents := c.Parents
	if len(parents) == 0 {
		parents = []string{before}
	}
	out := githubtest.Commit{Message: c.Message, AuthorEmail: c.Email, CommitterEmail: c.CommitterEmail, Signed: c.VerifiedApp != ""}
	for _, p := range parents {
		out.Parents = append(out.Parents, s.rev(p))
	}
	if out.Message == "" {
		out.Message = "change"
	}
	for i, login := range c.CoAuthors {
		u, _, err := s.who(login)
		if err != nil {
			return err
		}
		if i == 0 {
			out.Message = strings.TrimRight(out.Message, "\n") + "\n"
		}
		out.Message += fmt.Sprintf("\nCo-authored-by: %s <%d+%s@users.noreply.github.com>", u.Login, u.ID, u.Login)
	}
	author, committer := c.Author, c.Committer
	if author == "" {
		author = by
	}
	if committer == "" {
		committer = author
	}
	nobody := c.SHA + "@nowhere.example.com"
	if author == "-" {
		out.Author, out.AuthorEmail = s.host, nobody
	} else {
		u, _, err := s.who(author)
		if err != nil {
			return err
		}
		out.Author = u
	}
	if committer == "-" {
		out.Committer, out.CommitterEmail = s.host, nobody
	} else {
		u, _, err := s.who(committer)
		if err != nil {
			return err
		}
		out.Committer = u
	}
	if err := s.put(&out, out.Parents[0], c.Files); err != nil {
		return err
	}
	if c.Many != nil {
		content := c.Many.Content
		if content == "" {
			content = "x\n"
		}
		under := c.Many.Under
		if under == "" {
			under = "many"
		}
		for i := range c.Many.Files {
			out.Files[fmt.Sprintf("%s/%06d.txt", under, i)] = content
		}
	}
	out.Merge = len(parents) == 2
	sha, err := in.Commit(out)
	if err != nil && out.Merge { // a conflict: the story says what the merge holds
		out.Merge = false
		sha, err = in.Commit(out)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commits[c.SHA] = made{sha: sha, parents: parents, scan: c.Scan}
	return err
}

// open makes the head branch and opens the pull request.
func (s *stage) open() error {
	p := s.story
	author, gone, err := s.who(p.Author)
	if err != nil {
		return err
	}
	if p.Fork {
		if s.home, err = s.repo.Fork(author); err != nil {
			return err
		}
	}
	by := p.Author
	if gone {
		by = "octocat"
		s.people[by] = s.host
	}
	s.head = p.Base
	for i := range p.Commits {
		if err := s.write(s.home, &p.Commits[i], s.head, by); err != nil {
			return fmt.Errorf("commit %s: %w", p.Commits[i].SHA, err)
		}
		s.head = p.Commits[i].SHA
	}
	if err := s.home.Push(author, p.Branch, s.rev(s.head), false); err != nil {
		return err
	}
	opt := githubtest.PullOptions{Title: p.Title, Body: p.Body, Head: p.Branch, HeadRepo: s.home, Base: p.Base, Draft: p.Draft}
	if p.ViaApp != "" {
		if opt.Via, err = s.hub.NewApp(githubtest.AppOptions{Slug: p.ViaApp, Owner: s.org}); err != nil {
			return err
		}
	}
	if s.pull, err = s.repo.OpenPull(author, opt); err != nil {
		return err
	}
	for _, l := range p.Labels {
		if err := s.pull.Label(author, l); err != nil {
			return err
		}
	}
	if gone {
		author.Delete()
	}
	return nil
}

// play makes one event happen.
func (s *stage) play(e *simulate.Event) error {
	switch {
	case e.Push != nil && e.Push.To != "":
		return s.pushBase(e.Push)
	case e.Push != nil:
		return s.push(e.Push)
	case e.Review != nil:
		return s.review(e.Review)
	case e.Dismiss != nil:
		return s.dismiss(e.Dismiss.By, e.Dismiss.Of)
	case e.Comment != nil:
		return s.comment(e.Comment)
	case e.EditComment != nil:
		return s.by(e.EditComment.By, func(u *githubtest.User) error {
			return s.pull.EditComment(u, s.talk[e.EditComment.ID], e.EditComment.Body)
		})
	case e.DeleteComment != nil:
		return s.by(e.DeleteComment.By, func(u *githubtest.User) error {
			return s.pull.EditComment(u, s.talk[e.DeleteComment.ID], "")
		})
	case e.Team != nil:
		return s.changeTeam(e.Team)
	case e.Role != nil:
		return s.by(e.Role.Login, func(u *githubtest.User) error {
			s.repo.ChangeRole(s.host, u, roleOf(e.Role.Role))
			return nil
		})
	case e.Account != nil:
		return s.changeAccount(e.Account)
	case e.Retarget != nil:
		return s.by(e.Retarget.By, func(u *githubtest.User) error { return s.pull.Retarget(u, e.Retarget.Base) })
	case e.Label != nil:
		return s.by(e.Label.By, func(u *githubtest.User) error {
			var errs []error
			for _, l := range e.Label.Remove {
				errs = append(errs, s.pull.Unlabel(u, l))
			}
			for _, l := range e.Label.Add {
				errs = append(errs, s.pull.Label(u, l))
			}
			return errors.Join(errs...)
		})
	case e.Text != nil:
		return s.by(e.Text.By, func(u *githubtest.User) error { return s.pull.Edit(u, e.Text.Title, e.Text.Body) })
	case e.Draft != nil:
		return s.by(s.story.Author, func(u *githubtest.User) error { return s.pull.SetDraft(u, e.Draft.Is) })
	case e.Close != nil:
		return s.by(e.Close.By, s.pull.Close)
	case e.Reopen != nil:
		return s.by(e.Reopen.By, s.pull.Reopen)
	case e.Merge != nil:
		return s.by(e.Merge.By, s.pull.Merge)
	case e.Queue != nil:
		// It waits: what is done to a pull request that is queued is the story.
		if err := s.repo.HoldQueue(s.pull.BaseRef(), true); err != nil {
			return err
		}
		return s.by(e.Queue.By, s.pull.Enqueue)
	case e.Assign != nil:
		agent, _, err := s.who(e.Assign.Agent)
		if err != nil {
			return err
		}
		if e.Assign.Issue != 0 {
			return s.by(e.Assign.By, func(u *githubtest.User) error { return s.repo.AssignIssue(e.Assign.Issue, u, agent) })
		}
		return s.by(e.Assign.By, func(u *githubtest.User) error { return s.pull.Assign(u, agent) })
	case e.Other != nil:
		return s.other(e.Other)
	case e.Floor != nil:
		return s.floor(e.Floor)
	case e.Replay != nil:
		return s.replay(e.Replay.Of)
	case e.Check != nil && strings.Contains(e.Check.Why, "sweep"):
		return nil // which is the server's
	case e.Check != nil:
		return s.again()
	case e.Unreadable != nil:
		return s.darken(e.Unreadable.What)
	case e.Readable != nil:
		s.hub.ClearFaults()
		s.dark = false
		return nil
	}
	return errors.New("this event cannot be made to happen here")
}

// by does something as somebody.
func (s *stage) by(login string, do func(*githubtest.User) error) error {
	u, gone, err := s.who(login)
	if err != nil {
		return err
	}
	err = do(u)
	if gone {
		u.Delete()
	}
	return err
}

// push moves the head branch.
func (s *stage) push(p *simulate.Push) error {
	before := s.head
	for i := range p.Commits {
		if err := s.write(s.home, &p.Commits[i], s.head, p.By); err != nil {
			s.head = before
			return fmt.Errorf("commit %s: %w", p.Commits[i].SHA, err)
		}
		s.head = p.Commits[i].SHA
	}
	if p.Head != "" {
		s.head = p.Head
	}
	return s.by(p.By, func(u *githubtest.User) error { return s.home.Push(u, s.story.Branch, s.rev(s.head), true) })
}

// pushBase moves a branch of the repository. Where the story says that a pull request was merged, one is opened and merged, past the branch's
// protection: its own green is not what the story is about.
func (s *stage) pushBase(p *simulate.Push) error {
	before := p.To
	for i := range p.Commits {
		if err := s.write(s.repo, &p.Commits[i], before, p.By); err != nil {
			return fmt.Errorf("commit %s: %w", p.Commits[i].SHA, err)
		}
		before = p.Commits[i].SHA
	}
	if p.Head != "" {
		before = p.Head
	}
	s.repo.Unprotect(p.To)
	defer s.protect(p.To)
	return s.by(p.By, func(u *githubtest.User) error { return s.repo.Push(u, p.To, s.rev(before), true) })
}

var reviewStates = map[string]string{"approve": "APPROVED", "request_changes": "CHANGES_REQUESTED", "comment": "COMMENTED"}

// errRefused is what GitHub itself does not let somebody do: nothing happens.
var errRefused = errors.New("GitHub refuses it")

func (s *stage) review(r *simulate.Review) error {
	p := s.pull
	if r.Pull != 0 && r.Pull != p.Number {
		p = s.others[r.Pull]
	}
	opt := githubtest.ReviewOptions{State: reviewStates[r.State], Body: cmp.Or(r.Body, "I have read it.")}
	if r.Commit != "" {
		opt.CommitID = s.rev(r.Commit)
	}
	return s.by(r.By, func(u *githubtest.User) error {
		_, err := p.Review(u, opt)
		if err != nil && (strings.Contains(err.Error(), "your own pull request") || strings.Contains(err.Error(), "Not Found")) {
			return errRefused // authors, and those who cannot read the repository
		}
		return err
	})
}

func (s *stage) dismiss(by, of string) error {
	author, _, err := s.who(of)
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(s.pull.Reviews()) {
		if r.Author == author.Login && (r.State == "APPROVED" || r.State == "CHANGES_REQUESTED") {
			return s.by(by, func(u *githubtest.User) error { return s.pull.Dismiss(u, r.ID, "never mind") })
		}
	}
	return fmt.Errorf("there is no review of @%s to dismiss", of)
}

func (s *stage) comment(c *simulate.Comment) error {
	opt := githubtest.TalkOptions{Body: c.Body}
	var err error
	if c.Sender != "" {
		if opt.Sender, _, err = s.who(c.Sender); err != nil {
			return err
		}
	}
	if c.ViaApp != "" {
		if opt.Via, err = s.hub.NewApp(githubtest.AppOptions{Slug: c.ViaApp, Owner: s.org}); err != nil {
			return err
		}
	}
	return s.by(c.By, func(u *githubtest.User) error {
		id, err := s.pull.Talk(u, opt)
		if _, taken := s.talk[c.ID]; !taken {
			s.talk[c.ID] = id
		}
		return err
	})
}

func (s *stage) changeTeam(c *simulate.TeamChange) error {
	t := s.teams[strings.ToLower(c.Name)]
	if t == nil {
		return fmt.Errorf("there is no team %q", c.Name)
	}
	if c.Delete || c.ID != 0 {
		if err := t.Delete(s.host); err != nil || c.Delete {
			return err
		}
		if err := s.team(c.Name, c.ID, c.Members); err != nil {
			return err
		}
		t = s.teams[strings.ToLower(c.Name)]
	}
	for _, login := range c.Remove {
		if err := s.by(login, func(u *githubtest.User) error { t.Remove(s.host, u); return nil }); err != nil {
			return err
		}
	}
	for _, login := range c.Add {
		if err := s.by(login, func(u *githubtest.User) error { t.Add(s.host, u, "active"); return nil }); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) changeAccount(c *simulate.AccountChange) error {
	u, _, err := s.who(c.Login)
	if err != nil {
		return err
	}
	key := strings.ToLower(c.Login)
	delete(s.people, key)
	switch {
	case c.Delete:
		u.Delete()
		return nil
	case c.Rename != "":
		s.people[strings.ToLower(c.Rename)] = u
		return u.Rename(c.Rename)
	}
	s.people[key+"-before"] = u
	if err := u.Rename(u.Login + "-before"); err != nil {
		return err
	}
	return s.join(c.Login, simulate.Account{})
}

// other opens a pull request with the same head from another branch, or closes it.
func (s *stage) other(o *simulate.Other) error {
	return s.by(o.Author, func(u *githubtest.User) error {
		if o.Close {
			return s.others[o.Number].Close(u)
		}
		branch := fmt.Sprintf("other-%d", o.Number)
		if err := s.repo.Push(u, branch, s.pull.Head(), false); err != nil {
			return err
		}
		p, err := s.repo.OpenPull(u, githubtest.PullOptions{Title: "Other", Head: branch, Base: s.story.Base})
		if err != nil || p.Number != o.Number {
			return errors.Join(err, fmt.Errorf("pull request %d was opened, the story calls it %d", s.pull.Number+1, o.Number))
		}
		s.others[o.Number] = p
		return nil
	})
}

// floor writes the organisation's floor.
func (s *stage) floor(f *simulate.FloorChange) error {
	if f.Missing != "" {
		return errors.New("an unreadable floor cannot be made to happen here")
	}
	if s.dot == nil {
		var err error
		if s.dot, err = s.hub.NewRepo(s.org, ".github", githubtest.RepoOptions{Private: true}); err != nil {
			return err
		}
	}
	_, err := s.dot.Commit(githubtest.Commit{Author: s.host, Message: "floor", Branch: "main", Files: map[string]string{"reviewgate-floor.yml": f.Policy}})
	return err
}

// replay sends the webhook of somebody's latest review again, as the button on the App's page does.
func (s *stage) replay(of string) error {
	author, _, err := s.who(of)
	if err != nil {
		return err
	}
	for _, d := range slices.Backward(s.app.Deliveries()) {
		if d.Event == "pull_request_review" && d.Action == "submitted" && strings.Contains(string(d.Payload), fmt.Sprintf(`"login":%q`, author.Login)) {
			return s.app.Redeliver(d.ID)
		}
	}
	return fmt.Errorf("there is no webhook of a review by @%s", of)
}

// darken makes GitHub fail to tell something.
func (s *stage) darken(what string) error {
	path := ""
	if team, ok := strings.CutPrefix(what, "the members of @"); ok {
		org, slug, _ := strings.Cut(team, "/")
		path = "/orgs/" + org + "/teams/" + slug + "/members"
	}
	if what == "the pull request" {
		path = fmt.Sprintf("/repos/%s/pulls/%d", s.repo.FullName(), s.pull.Number)
	}
	if path == "" {
		return fmt.Errorf("%q cannot be made unreadable here", what)
	}
	s.dark = true
	s.hub.Fault(githubtest.Fault{Path: path, Kind: githubtest.BadGateway, Count: -1})
	return nil
}

// again presses the button "Re-run" of our check, on the head; where there is none, of any check of ours.
func (s *stage) again() error {
	for _, r := range s.repo.CheckRuns(s.pull.Head()) {
		if r.App == s.app.Slug {
			return s.repo.Rerequest(s.host, r.ID)
		}
	}
	return errors.New("there is no check run of ours on the head")
}
