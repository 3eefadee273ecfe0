package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// A Remark is one comment of a pull request's conversation as it stands now. A deleted one is not listed.
type Remark struct {
	ID      int64
	Author  gate.Person
	ViaApp  string // slug of the App through which it was written
	Body    string
	Created time.Time
	Updated time.Time
}

// Talk lists the conversation of a pull request, oldest first. complete is false if it is longer than what is read.
func (c *Client) Talk(ctx context.Context, owner, repo string, number int) (list []Remark, complete bool, err error) {
	op := fmt.Sprintf("listing the conversation of %s/%s#%d", owner, repo, number)
	if err := checkRepo(owner, repo); err != nil {
		return nil, false, fmt.Errorf("listing a conversation: %w", err)
	}
	got, complete, err := c.talk(ctx, owner, repo, number)
	if err != nil {
		return nil, false, fail(op, err)
	}
	seen := map[int64]bool{}
	for _, r := range got {
		if r.ID <= 0 || seen[r.ID] {
			continue // listed twice because the pages moved
		}
		seen[r.ID] = true
		m := Remark{ID: r.ID, Author: person(r.User), Body: r.Body, Created: r.CreatedAt, Updated: r.UpdatedAt}
		if r.App != nil {
			m.ViaApp = r.App.Slug
			if m.ViaApp == "" {
				m.ViaApp = "unknown"
			}
		}
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(a, b Remark) int { return a.Created.Compare(b.Created) })
	return list, complete, nil
}

// A remark as GitHub writes it. go-github's own type lacks the App.
type remark struct {
	ID        int64     `json:"id"`
	URL       string    `json:"html_url"`
	User      *gh.User  `json:"user"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	App       *struct {
		Slug string `json:"slug"`
	} `json:"performed_via_github_app"`
}

func (c *Client) talk(ctx context.Context, owner, repo string, number int) ([]remark, bool, error) {
	return pages(maxCommentPages, func(o *gh.ListOptions) ([]remark, *gh.Response, error) {
		return get[[]remark](ctx, c.gh, fmt.Sprintf("repos/%s/%s/issues/%d/comments", owner, repo, number), o)
	})
}

// deliverReply writes one comment below a pull request.
func (c *Client) deliverReply(ctx context.Context, d *Deed) (Receipt, error) {
	marker := Marker{Key: d.Key}.String()
	body := strings.TrimRight(cut(disarm(d.Body), bodyLimit-len(marker)-2), "\n") + "\n\n" + marker
	got, _, err := c.gh.Issues.CreateComment(ctx, d.Owner, d.Repo, d.Number, &gh.IssueComment{Body: gh.String(body)})
	return Receipt{ID: got.GetID(), URL: got.GetHTMLURL()}, err
}

// findReply looks for our own comment with the deed's marker.
func (c *Client) findReply(ctx context.Context, d *Deed) (Receipt, bool, error) {
	bot, err := c.app.Bot(ctx)
	if err != nil {
		return Receipt{}, false, err
	}
	list, complete, err := c.talk(ctx, d.Owner, d.Repo, d.Number)
	if err != nil {
		return Receipt{}, false, err
	}
	for _, r := range list {
		if by(r.User, bot) && slices.ContainsFunc(Markers(r.Body), func(m Marker) bool { return m.Key == d.Key }) {
			return Receipt{ID: r.ID, URL: r.URL}, true, nil
		}
	}
	if !complete {
		return Receipt{}, false, fmt.Errorf("there are more than %d comments", maxCommentPages*100)
	}
	return Receipt{}, false, nil
}

// reactions are those that we ever give.
var reactions = map[string]bool{"+1": true, "eyes": true}

// deliverReaction reacts to a comment. GitHub takes the same reaction once, however often it is sent.
func (c *Client) deliverReaction(ctx context.Context, d *Deed) (Receipt, error) {
	got, _, err := c.gh.Reactions.CreateIssueCommentReaction(ctx, d.Owner, d.Repo, d.CommentID, d.Body)
	return Receipt{ID: got.GetID()}, err
}

// firstTime reads from GitHub's mark of an author whether they ever had a change merged here. What an owner, a member or a collaborator has
// contributed the mark does not say: nil.
func firstTime(association string) *bool {
	switch association {
	case "CONTRIBUTOR":
		return new(false)
	case "FIRST_TIME_CONTRIBUTOR", "FIRST_TIMER", "NONE", "MANNEQUIN":
		return new(true)
	}
	return nil
}

// Contributed says whether a commit on the default branch belongs to the account. It is for those of whom GitHub's mark of an author does not say it.
func (c *Client) Contributed(ctx context.Context, owner, repo string, who gate.Person) (bool, error) {
	op := "looking for commits of an account in " + owner + "/" + repo
	if err := checkRepo(owner, repo); err != nil || !loginForm.MatchString(who.Login) {
		return false, fmt.Errorf("%s: not a repository and login", op)
	}
	list, _, err := get[[]*gh.RepositoryCommit](ctx, c.gh, fmt.Sprintf("repos/%s/%s/commits?author=%s", owner, repo, url.QueryEscape(who.Login)), &gh.ListOptions{PerPage: 1})
	if err := fail(op, err); errors.Is(err, ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return slices.ContainsFunc(list, func(rc *gh.RepositoryCommit) bool { return rc.GetAuthor().GetID() == who.ID && who.ID != 0 }), nil
}

// webFlow is the account under which GitHub itself commits and signs.
const webFlow = "web-flow"

// verifiedApp gives the App whose signature GitHub verified. Apps have no keys: GitHub signs for them, with its own, what they commit through its API
// without naming somebody else. "Verified" is about the committer alone, whoever the author claims to be, so GitHub must be the committer; and
// then it has set the author itself. It also signs what people merge with its buttons, in the name of whoever opened the pull request: who pushed
// the commit has to be known as well before it counts as the App's.
func verifiedApp(rc *gh.RepositoryCommit) string {
	v := rc.GetCommit().GetVerification()
	author, committer := person(rc.Author), person(rc.Committer)
	if !v.GetVerified() || v.GetReason() != "valid" || author.ID == 0 || author.Type != "Bot" || committer.ID == 0 {
		return ""
	}
	if committer.ID != author.ID && !(strings.EqualFold(committer.Login, webFlow) && committer.Type == "User") {
		return ""
	}
	slug, _ := strings.CutSuffix(author.Login, "[bot]")
	if slug == author.Login {
		return ""
	}
	return slug
}
