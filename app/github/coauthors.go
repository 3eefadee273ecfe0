package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	gh "github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// trailer is a Co-authored-by line as GitHub reads it, and a little more: a name that is found disqualifies, it never grants.
var trailer = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?im)^[ \t]*co-authored-by[ \t]*:[^<\r\n]{0,500}<[ \t]*([^<>\s]{3,320})[ \t]*>`)
})

// maxTrailers bounds how many trailers of one commit are read.
const maxTrailers = 100

func trailerEmails(message string) []string {
	var out []string
	for _, m := range trailer().FindAllStringSubmatch(message, maxTrailers) {
		out = append(out, strings.ToLower(m[1]))
	}
	return out
}

// noreply reads the private addresses of this GitHub: "12345+login@users.noreply.github.com" and the older "login@users.noreply.github.com".
// The same form at another domain is anybody's.
func (a *App) noreply(email string) (id int64, login string) {
	local, domain, ok := strings.Cut(email, "@")
	if !ok || domain != "users.noreply."+strings.ToLower(a.web.Hostname()) && domain != "users.noreply.github.com" {
		return 0, ""
	}
	number, _, ok := strings.Cut(local, "+")
	if !ok {
		return 0, local
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || id <= 0 {
		return 0, ""
	}
	return id, ""
}

// coAuthors finds the accounts behind the trailers: from GitHub's own addresses, from the other commits of the pull request, and from the
// repository's history, where GitHub has mapped the same address before.
func (c *Client) coAuthors(ctx context.Context, owner, repo string, p *PullFacts) error {
	known := map[string]gate.Person{}
	for i := range p.Facts.Commits {
		cm := &p.Facts.Commits[i]
		if cm.Author != nil {
			known[strings.ToLower(cm.AuthorEmail)] = *cm.Author
		}
		if cm.Committer != nil {
			known[strings.ToLower(cm.CommitterEmail)] = *cm.Committer
		}
	}
	lookups := 0
	for i := range p.Facts.Commits {
		cm := &p.Facts.Commits[i]
		have := map[int64]bool{}
		for _, email := range trailerEmails(cm.Message) {
			who, ok := known[email]
			if !ok && lookups < maxLookups {
				lookups++
				var err error
				if who, err = c.accountOf(ctx, owner, repo, email); err != nil {
					return err
				}
				known[email] = who
			}
			if who.ID != 0 && !have[who.ID] {
				have[who.ID] = true
				cm.CoAuthors = append(cm.CoAuthors, who)
			}
		}
	}
	return nil
}

// accountOf asks GitHub for the account of an address; nobody if it knows none.
func (c *Client) accountOf(ctx context.Context, owner, repo, email string) (gate.Person, error) {
	id, login := c.app.noreply(email)
	switch {
	case login != "":
		return c.user(ctx, login)
	case id != 0:
		u, _, err := c.gh.Users.GetByID(ctx, id)
		if errors.Is(fail("", err), ErrNotFound) {
			return gate.Person{}, nil
		}
		return person(u), err
	}
	list, _, err := get[[]*gh.RepositoryCommit](ctx, c.gh, fmt.Sprintf("repos/%s/%s/commits?author=%s", owner, repo, url.QueryEscape(email)), &gh.ListOptions{PerPage: 1})
	if err != nil {
		if mustStop(err) || temporary(err) {
			return gate.Person{}, err
		}
		return gate.Person{}, nil // an empty repository, or an address that GitHub does not search for: not resolved
	}
	for _, rc := range list {
		if strings.EqualFold(rc.GetCommit().GetAuthor().GetEmail(), email) {
			return person(rc.Author), nil
		}
	}
	return gate.Person{}, nil
}
