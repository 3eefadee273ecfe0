package github

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// Bounds of the lists of one pull request, in pages of 100. What is longer is unknown, never cut in silence.
const (
	maxReviewPages  = 50
	maxEventPages   = 50
	maxCommitPages  = 100
	maxCommentPages = 50
	maxLookups      = 20 // e-mail addresses of co-authors that are looked up
	readsOfPull     = 3  // tries to read a pull request that does not change meanwhile
)

// PullFacts are all that the endpoints of one pull request say.
type PullFacts struct {
	// Facts holds Repo, Number, State, Draft, Head, BaseRef, Base (the tip of the base branch now), Default, Title, Body, HeadRef, Fork, FirstTime
	// (nil where GitHub's mark of the author does not say it: see Contributed), Labels, Author, ViaApp, Commits, Requested, Reviews with their
	// dismissals, and Unknown. The rest (merge base, files, pushers, siblings, ledger, comments, people, scan) comes from elsewhere. Commits are
	// GitHub's view, for their accounts and signatures: git decides which commits there are.
	Facts gate.Facts

	Repository Repository
	URL        string // of its page
	HeadRepo   string // "owner/name"; "" if it was deleted
	Fork       bool   // the head is in another repository, or in none any more
	BaseAtOpen string // base SHA as the pull request's own record has it: older than Facts.Base if the base branch moved
	DefaultSHA string // tip of the default branch now; "" and a line in Facts.Unknown if it could not be read
	MergedBy   string // login of who merged it; "": nobody, or GitHub does not say
	MergedAt   time.Time
	MergeSHA   string // of the merge that GitHub tries out; "": it has not
	AutoMerge  bool   // GitHub will merge it as soon as it may
	Remarks    int    // comments of its conversation, as GitHub counts them: Talk lists them
	// Updated is GitHub's own mark of the last change to the pull request, as it was before anything else was read.
	Updated time.Time
	Created time.Time
	Ended   time.Time // when it was merged or closed; zero while it is open

	Assignments []Assignment // everybody who was ever assigned, and by whom, in order
	// Told holds the keys of our own markers in our reviews' bodies; Fingerprints the findings told there. Inline comments
	// are listed by Comments.
	Told         map[string]bool
	Fingerprints map[string]bool
}

// A Repository is what GitHub says about one.
type Repository struct {
	ID            int64
	Owner, Name   string
	OwnerType     string // "Organization", "User"
	Private       bool
	Archived      bool
	DefaultBranch string
}

// An Assignment says who set whom to work.
type Assignment struct {
	Assigner gate.Person
	Assignee gate.Person
}

// Pull reads a pull request: whole lists, checked against GitHub's own counts, and read again if its head or base moved meanwhile.
func (c *Client) Pull(ctx context.Context, owner, repo string, number int) (*PullFacts, error) {
	op := fmt.Sprintf("reading pull request %s/%s#%d", owner, repo, number)
	if err := checkRepo(owner, repo); err != nil {
		return nil, fmt.Errorf("reading pull request: %w", err)
	}
	before, _, err := c.gh.PullRequests.Get(ctx, owner, repo, number)
	if err != nil {
		return nil, fail(op, err)
	}
	for range readsOfPull {
		p, err := c.pull(ctx, owner, repo, before)
		if err != nil {
			return nil, fail(op, err)
		}
		after, _, err := c.gh.PullRequests.Get(ctx, owner, repo, number)
		if err != nil {
			return nil, fail(op, err)
		}
		if identity(before) == identity(after) {
			return p, nil
		}
		before = after
	}
	return nil, fmt.Errorf("%s: %w", op, &Temporary{Reason: "it changed each time while it was being read"})
}

// A Standing is where a pull request stands now: if it is the same before and after a judgement, the judgement is about what is there.
type Standing struct {
	State   string // "open", "closed", "merged"
	Draft   bool
	Head    string // SHA
	BaseRef string
	Base    string // SHA of the base branch's tip, as in Facts.Base
}

// Standing reads where a pull request stands, in two requests.
func (c *Client) Standing(ctx context.Context, owner, repo string, number int) (Standing, error) {
	op := fmt.Sprintf("reading where pull request %s/%s#%d stands", owner, repo, number)
	if err := checkRepo(owner, repo); err != nil {
		return Standing{}, fmt.Errorf("reading where a pull request stands: %w", err)
	}
	pr, _, err := c.gh.PullRequests.Get(ctx, owner, repo, number)
	if err != nil {
		return Standing{}, fail(op, err)
	}
	s := Standing{State: state(pr), Draft: pr.GetDraft(), Head: pr.GetHead().GetSHA(), BaseRef: pr.GetBase().GetRef()}
	if !shaForm.MatchString(s.Head) || s.BaseRef == "" {
		return Standing{}, fmt.Errorf("%s: %w", op, &Temporary{Reason: "GitHub's answer lacks the head or base of the pull request"})
	}
	s.Base, err = c.baseTip(ctx, owner, repo, s.BaseRef, s.State, pr.GetBase().GetSHA())
	return s, fail(op, err)
}

// identity is what must not change while the parts are read.
func identity(p *gh.PullRequest) string {
	return strings.Join([]string{
		p.GetHead().GetSHA(), p.GetBase().GetSHA(), p.GetBase().GetRef(), p.GetState(),
		fmt.Sprint(p.GetDraft(), p.GetMerged(), p.GetCommits()), p.GetTitle(), p.GetBody(),
	}, "\x00")
}

func (c *Client) pull(ctx context.Context, owner, repo string, pr *gh.PullRequest) (*PullFacts, error) {
	base, head := pr.GetBase(), pr.GetHead()
	if !shaForm.MatchString(head.GetSHA()) || base.GetRef() == "" || base.GetRepo() == nil {
		return nil, &Temporary{Reason: "GitHub's answer lacks the head or base of the pull request"}
	}
	p := &PullFacts{
		Repository: repository(base.GetRepo()),
		URL:        pr.GetHTMLURL(), BaseAtOpen: base.GetSHA(), MergedBy: pr.GetMergedBy().GetLogin(), MergedAt: pr.GetMergedAt().Time, MergeSHA: pr.GetMergeCommitSHA(), AutoMerge: pr.AutoMerge != nil, Remarks: pr.GetComments(), Updated: pr.GetUpdatedAt().Time,
		Told: map[string]bool{}, Fingerprints: map[string]bool{},
	}
	if r := head.GetRepo(); r != nil { // null once a fork was deleted
		p.HeadRepo = r.GetFullName()
	}
	p.Created, p.Ended = pr.GetCreatedAt().Time, pr.GetClosedAt().Time
	if pr.MergedAt != nil {
		p.Ended = pr.GetMergedAt().Time
	}
	p.Fork = head.GetRepo() == nil || head.GetRepo().GetID() != base.GetRepo().GetID()
	f := &p.Facts
	f.Repo, f.Number = p.Repository.Owner+"/"+p.Repository.Name, pr.GetNumber()
	f.Draft, f.Head, f.BaseRef, f.Default = pr.GetDraft(), head.GetSHA(), base.GetRef(), p.Repository.DefaultBranch
	f.Title, f.Body, f.HeadRef, f.Author = pr.GetTitle(), pr.GetBody(), head.GetRef(), person(pr.User)
	f.Fork, f.FirstTime = &p.Fork, firstTime(pr.GetAuthorAssociation())
	for _, l := range pr.Labels {
		f.Labels = append(f.Labels, l.GetName())
	}
	f.State = state(pr)
	// A part that GitHub refuses to show stays unknown; a failure of a moment ends it all, because another try may do better.
	part := func(what string, err error) error {
		if err == nil {
			return nil
		}
		if mustStop(err) || temporary(err) {
			return fail(what, err)
		}
		f.Unknown = append(f.Unknown, gate.Unknown{What: what, Reason: reason(fail(what, err))})
		return nil
	}
	// What does not rest on each other is asked for at the same time: somebody waits for the answer.
	var viaApp, tips, commits, reviews, events error
	ofCommits, ofReviews := *p, *p // what is listed side by side is put together afterwards
	var happened eventList
	var all sync.WaitGroup
	all.Go(func() { viaApp = c.viaApp(ctx, owner, repo, p) })
	all.Go(func() { tips = c.tips(ctx, owner, repo, p) })
	all.Go(func() { commits = c.commits(ctx, owner, repo, pr, &ofCommits) })
	all.Go(func() { reviews = c.reviews(ctx, owner, repo, &ofReviews) })
	all.Go(func() { happened, events = c.events(ctx, owner, repo, pr.GetNumber()) })
	all.Wait()
	f.Commits, f.Reviews = ofCommits.Facts.Commits, ofReviews.Facts.Reviews
	for _, of := range []struct {
		what string
		err  error
		more []gate.Unknown
	}{
		{"the App through which it was opened", viaApp, nil},
		{"the tips of the branches", tips, nil},
		{"the commits", commits, ofCommits.Facts.Unknown},
		{"the reviews", reviews, ofReviews.Facts.Unknown},
		{"who assigned whom and who dismissed what", events, happened.unknown()},
	} {
		f.Unknown = append(f.Unknown, of.more...)
		if err := part(of.what, of.err); err != nil {
			return nil, err
		}
	}
	happened.tell(p)
	if err := part("who set an agent to work on a linked issue", c.linked(ctx, owner, repo, p)); err != nil {
		return nil, err
	}
	return p, nil
}

func repository(r *gh.Repository) Repository {
	return Repository{
		ID: r.GetID(), Owner: r.GetOwner().GetLogin(), Name: r.GetName(), OwnerType: r.GetOwner().GetType(),
		Private: r.GetPrivate(), Archived: r.GetArchived(), DefaultBranch: r.GetDefaultBranch(),
	}
}

// viaApp reads the mark of an App that acted for a person. Only the issue side of a pull request carries it.
func (c *Client) viaApp(ctx context.Context, owner, repo string, p *PullFacts) error {
	issue, _, err := get[struct {
		App *struct {
			Slug string `json:"slug"`
		} `json:"performed_via_github_app"`
	}](ctx, c.gh, fmt.Sprintf("repos/%s/%s/issues/%d", owner, repo, p.Facts.Number), nil)
	if err == nil && issue.App != nil {
		p.Facts.ViaApp = issue.App.Slug
	}
	return err
}

func state(pr *gh.PullRequest) string {
	if pr.GetMerged() || pr.MergedAt != nil {
		return "merged"
	}
	return pr.GetState()
}

// tips reads where base and default branch stand now. The pull request's own record of its base may be old.
func (c *Client) tips(ctx context.Context, owner, repo string, p *PullFacts) error {
	var err error
	if p.Facts.Base, err = c.baseTip(ctx, owner, repo, p.Facts.BaseRef, p.Facts.State, p.BaseAtOpen); err != nil {
		return err
	}
	if p.Facts.BaseRef == p.Facts.Default {
		p.DefaultSHA = p.Facts.Base
		return nil
	}
	p.DefaultSHA, err = c.tip(ctx, owner, repo, p.Facts.Default)
	return err
}

func (c *Client) tip(ctx context.Context, owner, repo, branch string) (string, error) {
	ref, _, err := c.gh.Git.GetRef(ctx, owner, repo, "heads/"+branch)
	if err != nil {
		return "", err
	}
	if sha := ref.GetObject().GetSHA(); shaForm.MatchString(sha) {
		return sha, nil
	}
	return "", &Temporary{Reason: "GitHub's answer lacks the SHA of branch " + clip(branch, 200)}
}

// baseTip is the tip of the base branch. That of a closed pull request may be gone: then it is what the pull request remembers.
func (c *Client) baseTip(ctx context.Context, owner, repo, branch, state, remembered string) (string, error) {
	sha, err := c.tip(ctx, owner, repo, branch)
	if state != "open" && errors.Is(fail("", err), ErrNotFound) {
		return remembered, nil
	}
	return sha, err
}

// commits reads every commit with its accounts, by whichever endpoint gives as many as the pull request says it has.
func (c *Client) commits(ctx context.Context, owner, repo string, pr *gh.PullRequest, p *PullFacts) error {
	want := pr.GetCommits()
	list, complete, err := pages(maxCommitPages, func(o *gh.ListOptions) ([]*gh.RepositoryCommit, *gh.Response, error) {
		return c.gh.PullRequests.ListCommits(ctx, owner, repo, pr.GetNumber(), o)
	})
	if err != nil {
		return err
	}
	list = distinct(list)
	if !complete || len(list) != want { // this endpoint ends at 250
		list, complete, err = pages(maxCommitPages, func(o *gh.ListOptions) ([]*gh.RepositoryCommit, *gh.Response, error) {
			cmp, resp, err := c.gh.Repositories.CompareCommits(ctx, owner, repo, pr.GetBase().GetSHA(), pr.GetHead().GetSHA(), o)
			if err != nil {
				return nil, resp, err
			}
			return cmp.Commits, resp, nil
		})
		if err != nil {
			return err
		}
		list = distinct(list)
	}
	for _, rc := range list {
		p.Facts.Commits = append(p.Facts.Commits, commit(rc))
	}
	if !complete || len(list) != want {
		p.Facts.Unknown = append(p.Facts.Unknown, gate.Unknown{
			What: "the commits", Reason: fmt.Sprintf("the pull request has %d, GitHub listed %d", want, len(list)),
		})
	}
	return c.coAuthors(ctx, owner, repo, p)
}

func distinct(list []*gh.RepositoryCommit) []*gh.RepositoryCommit {
	seen := map[string]bool{}
	var out []*gh.RepositoryCommit
	for _, rc := range list {
		if sha := rc.GetSHA(); !seen[sha] {
			seen[sha] = true
			out = append(out, rc)
		}
	}
	return out
}

func commit(rc *gh.RepositoryCommit) gate.Commit {
	out := gate.Commit{
		SHA: rc.GetSHA(), AuthorEmail: rc.GetCommit().GetAuthor().GetEmail(), CommitterEmail: rc.GetCommit().GetCommitter().GetEmail(),
		Message: rc.GetCommit().GetMessage(), VerifiedApp: verifiedApp(rc),
	}
	for _, parent := range rc.Parents {
		out.Parents = append(out.Parents, parent.GetSHA())
	}
	if a := person(rc.Author); a.ID != 0 {
		out.Author = &a
	}
	if a := person(rc.Committer); a.ID != 0 {
		out.Committer = &a
	}
	return out
}

// reviews reads all reviews in the order of their submission, and the markers in our own.
func (c *Client) reviews(ctx context.Context, owner, repo string, p *PullFacts) error {
	bot, err := c.app.Bot(ctx)
	if err != nil {
		return err
	}
	list, complete, err := pages(maxReviewPages, func(o *gh.ListOptions) ([]*gh.PullRequestReview, *gh.Response, error) {
		return c.gh.PullRequests.ListReviews(ctx, owner, repo, p.Facts.Number, o)
	})
	if err != nil {
		return err
	}
	seen := map[int64]bool{}
	for _, r := range list {
		if r.GetState() == "PENDING" || seen[r.GetID()] {
			continue // not submitted, or listed twice because the pages moved
		}
		seen[r.GetID()] = true
		p.Facts.Reviews = append(p.Facts.Reviews, gate.Review{
			ID: r.GetID(), Reviewer: person(r.User), State: r.GetState(), CommitID: r.GetCommitID(),
		})
		if by(r.User, bot) {
			for _, m := range Markers(r.GetBody()) {
				p.Told[m.Key] = true
				if m.Fingerprint != "" {
					p.Fingerprints[m.Fingerprint] = true
				}
			}
		}
	}
	submitted := map[int64]time.Time{}
	for _, r := range list {
		submitted[r.GetID()] = r.GetSubmittedAt().Time
	}
	sort.SliceStable(p.Facts.Reviews, func(i, j int) bool {
		a, b := p.Facts.Reviews[i].ID, p.Facts.Reviews[j].ID
		if !submitted[a].Equal(submitted[b]) {
			return submitted[a].Before(submitted[b])
		}
		return a < b
	})
	if !complete {
		p.Facts.Unknown = append(p.Facts.Unknown, gate.Unknown{What: "the reviews", Reason: fmt.Sprintf("there are more than %d", maxReviewPages*100)})
	}
	return nil
}

// by reports whether an account is the App's own: its login ends in [bot], which no person can register.
func by(u *gh.User, bot string) bool {
	return u.GetType() == "Bot" && strings.EqualFold(u.GetLogin(), bot)
}

// An eventList is what happened to a pull request.
type eventList struct {
	list []*gh.IssueEvent
	cut  bool // there are more
}

// events reads what happened to a pull request.
func (c *Client) events(ctx context.Context, owner, repo string, number int) (eventList, error) {
	list, complete, err := pages(maxEventPages, func(o *gh.ListOptions) ([]*gh.IssueEvent, *gh.Response, error) {
		return c.gh.Issues.ListIssueEvents(ctx, owner, repo, number, o)
	})
	if err != nil {
		return eventList{}, err
	}
	return eventList{list, !complete}, nil
}

func (l eventList) unknown() []gate.Unknown {
	if !l.cut {
		return nil
	}
	return []gate.Unknown{{What: "who assigned whom and who dismissed what", Reason: fmt.Sprintf("there are more than %d events", maxEventPages*100)}}
}

// tell notes who assigned whom (a person who assigns an agent sets it to work) and who dismissed which review.
func (l eventList) tell(p *PullFacts) {
	asked := map[int64]bool{}
	for _, e := range l.list {
		switch e.GetEvent() {
		case "assigned":
			who, assignee := person(e.Assigner), person(e.Assignee)
			if who.ID == 0 {
				who = person(e.Actor)
			}
			p.Assignments = append(p.Assignments, Assignment{Assigner: who, Assignee: assignee})
			if assignee.Type == "Bot" && who.Type == "User" && !asked[who.ID] {
				asked[who.ID] = true
				p.Facts.Requested = append(p.Facts.Requested, who)
			}
		case "review_dismissed":
			for i := range p.Facts.Reviews {
				if r := &p.Facts.Reviews[i]; e.DismissedReview != nil && r.ID == e.DismissedReview.GetReviewID() {
					r.Dismissal = &gate.Dismissal{By: person(e.Actor), Was: strings.ToUpper(e.DismissedReview.GetState())}
				}
			}
		}
	}
}
