package github

import (
	"context"
	"errors"
	"slices"
	"strings"

	gh "github.com/google/go-github/v60/github"
)

// maxIssuePages bounds our own issues of a repository that are read, newest first, in pages of 100.
const maxIssuePages = 5

// issues is a client that may write issues of this one repository and nothing else. The App's ordinary token may not: an installation grants it only
// where a policy asks for issues.
func (c *Client) issues(repo string) (*gh.Client, error) {
	as, err := c.token(&gh.InstallationTokenOptions{Repositories: []string{repo}, Permissions: &gh.InstallationPermissions{Issues: gh.String("write"), Metadata: gh.String("read")}})
	if err != nil {
		return nil, err
	}
	return c.app.client(as), nil
}

// granted turns the refusal of the token into what its owner has to do.
func granted(err error) error {
	if refused := fail("", err); errors.Is(refused, ErrInvalid) {
		return &Error{Op: "opening an issue", Status: 403, Message: "the installation has not granted \"Issues: write\", which the policy's audit.bypass_alert needs"}
	}
	return err
}

func (c *Client) deliverIssue(ctx context.Context, d *Deed) (Receipt, error) {
	as, err := c.issues(d.Repo)
	if err != nil {
		return Receipt{}, err
	}
	marker := Marker{Key: d.Key}.String()
	body := strings.TrimRight(cut(disarm(d.Body), bodyLimit-len(marker)-2), "\n") + "\n\n" + marker
	got, _, err := as.Issues.Create(ctx, d.Owner, d.Repo, &gh.IssueRequest{Title: gh.String(clipTitle(d.Name)), Body: gh.String(body)})
	return Receipt{ID: got.GetID(), URL: got.GetHTMLURL()}, granted(err)
}

// findIssue looks for our own issue with the deed's marker.
func (c *Client) findIssue(ctx context.Context, d *Deed) (Receipt, bool, error) {
	bot, err := c.app.Bot(ctx)
	if err != nil {
		return Receipt{}, false, err
	}
	list, _, err := pages(maxIssuePages, func(o *gh.ListOptions) ([]*gh.Issue, *gh.Response, error) {
		return c.gh.Issues.ListByRepo(ctx, d.Owner, d.Repo, &gh.IssueListByRepoOptions{State: "all", Creator: bot, ListOptions: *o})
	})
	if err != nil {
		return Receipt{}, false, err
	}
	for _, i := range list {
		if by(i.User, bot) && slices.ContainsFunc(Markers(i.GetBody()), func(m Marker) bool { return m.Key == d.Key }) {
			return Receipt{ID: i.GetID(), URL: i.GetHTMLURL()}, true, nil
		}
	}
	return Receipt{}, false, nil
}
