package github

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// Bounds of lists of an installation, in pages of 100.
const (
	maxPullPages = 100
	maxRepoPages = 100
)

// An OpenPull is one open pull request, as a list shows it.
type OpenPull struct {
	Number  int
	Head    string // SHA
	BaseRef string
	Draft   bool
	Updated time.Time
}

// Open lists the open pull requests, oldest first.
func (c *Client) Open(ctx context.Context, owner, repo string) ([]OpenPull, error) {
	op := "listing the open pull requests of " + owner + "/" + repo
	if err := checkRepo(owner, repo); err != nil {
		return nil, fmt.Errorf("listing open pull requests: %w", err)
	}
	list, complete, err := pages(maxPullPages, func(o *gh.ListOptions) ([]*gh.PullRequest, *gh.Response, error) {
		return c.gh.PullRequests.List(ctx, owner, repo, &gh.PullRequestListOptions{State: "open", Sort: "created", Direction: "asc", ListOptions: *o})
	})
	if err != nil {
		return nil, fail(op, err)
	}
	if !complete {
		return nil, fmt.Errorf("%s: there are more than %d", op, maxPullPages*100)
	}
	seen := map[int]bool{}
	var out []OpenPull
	for _, p := range list {
		if seen[p.GetNumber()] {
			continue // the pages moved
		}
		seen[p.GetNumber()] = true
		out = append(out, OpenPull{Number: p.GetNumber(), Head: p.GetHead().GetSHA(), BaseRef: p.GetBase().GetRef(), Draft: p.GetDraft(), Updated: p.GetUpdatedAt().Time})
	}
	return out, nil
}

// OpenPulls lists the numbers of the open pull requests, oldest first.
func (c *Client) OpenPulls(ctx context.Context, owner, repo string) ([]int, error) {
	list, err := c.Open(ctx, owner, repo)
	var out []int
	for _, p := range list {
		out = append(out, p.Number)
	}
	return out, err
}

// PullsForHead lists the open pull requests whose head is the commit. It reads the list of all open ones, because GitHub's own index of commits
// does not know those of forks.
func (c *Client) PullsForHead(ctx context.Context, owner, repo, sha string) ([]OpenPull, error) {
	list, err := c.Open(ctx, owner, repo)
	var out []OpenPull
	for _, p := range list {
		if p.Head == sha {
			out = append(out, p)
		}
	}
	return out, err
}

// Repository reads one repository.
func (c *Client) Repository(ctx context.Context, owner, repo string) (Repository, error) {
	if err := checkRepo(owner, repo); err != nil {
		return Repository{}, fmt.Errorf("reading a repository: %w", err)
	}
	r, _, err := c.gh.Repositories.Get(ctx, owner, repo)
	if err != nil {
		return Repository{}, fail("reading repository "+owner+"/"+repo, err)
	}
	return repository(r), nil
}

// Tips says where branches of a repository stand: its default branch and those that are named. One that does not exist is not in the map.
func (c *Client) Tips(ctx context.Context, owner, repo string, branches ...string) (Repository, map[string]string, error) {
	op := "reading the branches of " + owner + "/" + repo
	r, err := c.Repository(ctx, owner, repo)
	if err != nil {
		return r, nil, err
	}
	tips := map[string]string{}
	for _, b := range append([]string{r.DefaultBranch}, branches...) {
		if b == "" || tips[b] != "" {
			continue
		}
		sha, err := c.tip(ctx, r.Owner, r.Name, b)
		if err := fail(op, err); errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return r, nil, err
		}
		tips[b] = sha
	}
	return r, tips, nil
}

// Contains says whether a commit is a branch's tip or one of its ancestors. tip "" is no branch and contains nothing.
func (c *Client) Contains(ctx context.Context, owner, repo, tip, sha string) (bool, error) {
	op := "comparing commits of " + owner + "/" + repo
	if tip == "" {
		return false, nil
	}
	if err := checkRepo(owner, repo); err != nil || !shaForm.MatchString(tip) || !shaForm.MatchString(sha) {
		return false, fmt.Errorf("%s: not a repository and SHAs", op)
	}
	cmp, _, err := c.gh.Repositories.CompareCommits(ctx, owner, repo, tip, sha, &gh.ListOptions{PerPage: 1})
	if err := fail(op, err); errors.Is(err, ErrNotFound) {
		return false, nil // one of them is gone
	} else if err != nil {
		return false, err
	}
	return cmp.GetStatus() == "behind" || cmp.GetStatus() == "identical", nil
}

// Repositories lists every repository that the installation covers.
func (c *Client) Repositories(ctx context.Context) ([]Repository, error) {
	op := fmt.Sprintf("listing the repositories of installation %d", c.id)
	list, complete, err := pages(maxRepoPages, func(o *gh.ListOptions) ([]*gh.Repository, *gh.Response, error) {
		got, resp, err := c.gh.Apps.ListRepos(ctx, o)
		if err != nil {
			return nil, resp, err
		}
		return got.Repositories, resp, nil
	})
	if err != nil {
		return nil, fail(op, err)
	}
	if !complete {
		return nil, fmt.Errorf("%s: there are more than %d", op, maxRepoPages*100)
	}
	var out []Repository
	for _, r := range list {
		out = append(out, repository(r))
	}
	return out, nil
}

// FloorState says whether the organisation has a repository that may hold a floor.
type FloorState string

// The states of a floor repository. Unreadable is not absent: what cannot be told is Hidden or an error, never Absent.
const (
	FloorAbsent  FloorState = "absent"  // there is no repository OWNER/.github
	FloorPresent FloorState = "present" // there is one; git reads it
	FloorHidden  FloorState = "hidden"  // this installation covers selected repositories only and does not see one: there may be a private one
)

// A Floor is where the organisation's floor is read from.
type Floor struct {
	State         FloorState
	Repository    Repository
	DefaultSHA    string // tip of its default branch; "" if the repository is empty
	NeedsNewGrant string // for Hidden: what the organisation's owner has to do
}

// Floor looks for the repository OWNER/.github. Read it by git with CloneURL and a Token of its own.
func (c *Client) Floor(ctx context.Context, owner string) (Floor, error) {
	op := "looking for the floor repository " + owner + "/.github"
	if !validName(owner) {
		return Floor{}, fmt.Errorf("looking for the floor repository: %q is not the name of an account", clip(owner, 100))
	}
	r, _, err := c.gh.Repositories.Get(ctx, owner, ".github")
	switch refused := fail(op, err); {
	case errors.Is(refused, ErrNotFound):
		info, err := c.Info(ctx)
		if err != nil {
			return Floor{}, err
		}
		if !info.AllRepos {
			return Floor{State: FloorHidden, NeedsNewGrant: "add the repository " + owner + "/.github to the App's installation, if there is one"}, nil
		}
		return Floor{State: FloorAbsent}, nil
	case err != nil:
		return Floor{}, refused
	}
	f := Floor{State: FloorPresent, Repository: repository(r)}
	if !strings.EqualFold(f.Repository.Name, ".github") || !strings.EqualFold(f.Repository.Owner, owner) {
		return Floor{State: FloorAbsent}, nil // it was renamed or moved: GitHub leads on to what it is now
	}
	ref, _, err := c.gh.Git.GetRef(ctx, owner, ".github", "heads/"+f.Repository.DefaultBranch)
	var e *Error
	switch refused := fail(op+": reading its default branch", err); {
	case errors.As(refused, &e) && (e.Status == 409 || errors.Is(e, ErrNotFound)): // no commit yet
		return f, nil
	case err != nil:
		return Floor{}, refused
	}
	if f.DefaultSHA = ref.GetObject().GetSHA(); !shaForm.MatchString(f.DefaultSHA) {
		return Floor{}, fmt.Errorf("%s: %w", op, &Temporary{Reason: "GitHub's answer lacks the SHA of its default branch"})
	}
	return f, nil
}
