package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
)

// Bounds of one sweep.
const (
	sweepPage     = 50  // pull requests of one query
	maxSweepPages = 200 // so many queries
	sweepReviews  = 100 // the last ones of a pull request
	sweepComments = 50
)

// A Sight is a repository with its open pull requests as one batch of queries shows them: little of each, and enough to see whether something
// happened that we were not told.
type Sight struct {
	Repository Repository // ID, Owner, Name, Archived and DefaultBranch
	DefaultSHA string     // tip of the default branch; "" if there is none
	Pulls      []Seen     // oldest first
	Queries    int        // that it took
}

// A Seen pull request is open.
type Seen struct {
	Number    int
	Head      string
	BaseRef   string
	Base      string // tip of the base branch; "" if there is none
	Draft     bool
	Updated   time.Time // GitHub's own mark of the last change
	Reviews   []SeenReview
	AllOf     bool // Reviews are all that there are
	Comments  []SeenComment
	Runs      []CheckRun // our own check runs on Head, the newest of each name; only ID, Name, Status, Conclusion and Key are set
	RunsKnown bool       // Runs are all that there are
	Foreign   []ForeignMark
}

// A SeenReview is one review: what can happen to it is that its state changes.
type SeenReview struct {
	ID    int64
	State string
}

// A SeenComment is one comment on the conversation.
type SeenComment struct {
	ID     int64
	Edited bool
}

// A ForeignMark bears the name of one of ours and is not ours.
type ForeignMark struct {
	Kind string // "check run", "status"
	Name string
	From string // slug of the App, or login
	Says string // "success"
}

const sweepQuery = `query($owner: String!, $name: String!, $after: String, $app: Int!, $check: String!, $pulls: Int!, $reviews: Int!, $comments: Int!) {
  rateLimit { cost limit remaining resetAt }
  repository(owner: $owner, name: $name, followRenames: false) {
    databaseId name isArchived owner { login }
    defaultBranchRef { name target { oid } }
    pullRequests(first: $pulls, after: $after, states: [OPEN], orderBy: {field: CREATED_AT, direction: ASC}) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes {
        number headRefOid baseRefName isDraft updatedAt
        baseRef { target { oid } }
        reviews(last: $reviews, states: [APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED]) { totalCount nodes { fullDatabaseId state } }
        comments(last: $comments) { nodes { fullDatabaseId lastEditedAt } }
        commits(last: 1) { nodes { commit { oid
          ours: checkSuites(first: 5, filterBy: {appId: $app}) { totalCount nodes { checkRuns(first: 20, filterBy: {checkType: LATEST}) { totalCount nodes { databaseId name status conclusion externalId } } } }
          named: checkSuites(first: 10, filterBy: {checkName: $check}) { nodes { app { databaseId slug } checkRuns(first: 5, filterBy: {checkName: $check, checkType: LATEST}) { nodes { name status conclusion } } } }
        } } }
      }
    }
  }
}`

type sweepOID struct {
	OID string `json:"oid"`
}

type sweepRef struct {
	Name   string    `json:"name"`
	Target *sweepOID `json:"target"`
}

func (r *sweepRef) tip() string {
	if r == nil || r.Target == nil || !shaForm.MatchString(r.Target.OID) {
		return ""
	}
	return r.Target.OID
}

type sweepRuns struct {
	Total int `json:"totalCount"`
	Nodes []struct {
		ID         int64  `json:"databaseId"`
		Name       string `json:"name"`
		Status     string `json:"status"`
		Conclusion string `json:"conclusion"`
		External   string `json:"externalId"`
	} `json:"nodes"`
}

type sweepSuites struct {
	Total int `json:"totalCount"`
	Nodes []struct {
		App *struct {
			ID   int64  `json:"databaseId"`
			Slug string `json:"slug"`
		} `json:"app"`
		Runs *sweepRuns `json:"checkRuns"`
	} `json:"nodes"`
}

type sweepPull struct {
	Number  int       `json:"number"`
	Head    string    `json:"headRefOid"`
	BaseRef string    `json:"baseRefName"`
	Base    *sweepRef `json:"baseRef"`
	Draft   bool      `json:"isDraft"`
	Updated time.Time `json:"updatedAt"`
	Reviews *struct {
		Total int `json:"totalCount"`
		Nodes []struct {
			ID    string `json:"fullDatabaseId"`
			State string `json:"state"`
		} `json:"nodes"`
	} `json:"reviews"`
	Comments *struct {
		Nodes []struct {
			ID     string  `json:"fullDatabaseId"`
			Edited *string `json:"lastEditedAt"`
		} `json:"nodes"`
	} `json:"comments"`
	Commits *struct {
		Nodes []struct {
			Commit *struct {
				OID   string       `json:"oid"`
				Ours  *sweepSuites `json:"ours"`
				Named *sweepSuites `json:"named"`
			} `json:"commit"`
		} `json:"nodes"`
	} `json:"commits"`
}

type sweepAnswer struct {
	Repository *struct {
		ID       int64  `json:"databaseId"`
		Name     string `json:"name"`
		Archived bool   `json:"isArchived"`
		Owner    struct {
			Login string `json:"login"`
		} `json:"owner"`
		Default *sweepRef `json:"defaultBranchRef"`
		Pulls   *struct {
			Page struct {
				More bool   `json:"hasNextPage"`
				End  string `json:"endCursor"`
			} `json:"pageInfo"`
			Nodes []sweepPull `json:"nodes"`
		} `json:"pullRequests"`
	} `json:"repository"`
}

// Sight looks at all open pull requests of a repository. An error that is ErrInvalid means that this GitHub does not understand the question (an
// old Enterprise Server): ask in another way.
func (c *Client) Sight(ctx context.Context, owner, repo string) (*Sight, error) {
	op := "looking at the open pull requests of " + owner + "/" + repo
	if err := checkRepo(owner, repo); err != nil {
		return nil, fmt.Errorf("looking at open pull requests: %w", err)
	}
	vars := map[string]any{"owner": owner, "name": repo, "after": nil, "app": c.app.id, "check": gate.CheckName("", ""), "pulls": sweepPage, "reviews": sweepReviews, "comments": sweepComments}
	out := new(Sight)
	seen := map[int]bool{}
	for range maxSweepPages {
		var a sweepAnswer
		if err := c.query(ctx, sweepQuery, vars, &a); err != nil {
			return nil, fail(op, err)
		}
		out.Queries++
		r := a.Repository
		if r == nil || r.Pulls == nil {
			return nil, &Error{Op: op, Status: http.StatusNotFound, Message: "(in effect) there is no such repository"}
		}
		out.Repository = Repository{ID: r.ID, Owner: r.Owner.Login, Name: r.Name, Archived: r.Archived}
		if r.Default != nil {
			out.Repository.DefaultBranch, out.DefaultSHA = r.Default.Name, r.Default.tip()
		}
		for i := range r.Pulls.Nodes {
			p, err := c.seen(&r.Pulls.Nodes[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", op, err)
			}
			if !seen[p.Number] { // the pages may move
				seen[p.Number] = true
				out.Pulls = append(out.Pulls, p)
			}
		}
		if !r.Pulls.Page.More {
			return out, nil
		}
		vars["after"] = r.Pulls.Page.End
	}
	return nil, fmt.Errorf("%s: there are more than %d", op, maxSweepPages*sweepPage)
}

func (c *Client) seen(in *sweepPull) (Seen, error) {
	lacks := func(what string) (Seen, error) {
		return Seen{}, &Temporary{Reason: fmt.Sprintf("GitHub's answer lacks %s of #%d", what, in.Number)}
	}
	if in.Number <= 0 || !shaForm.MatchString(in.Head) || in.BaseRef == "" {
		return lacks("the head or base")
	}
	if in.Reviews == nil || in.Comments == nil || in.Commits == nil {
		return lacks("the reviews, comments or commits")
	}
	out := Seen{Number: in.Number, Head: in.Head, BaseRef: in.BaseRef, Base: in.Base.tip(), Draft: in.Draft, Updated: in.Updated, AllOf: len(in.Reviews.Nodes) == in.Reviews.Total}
	for _, r := range in.Reviews.Nodes {
		id, err := strconv.ParseInt(r.ID, 10, 64)
		if err != nil {
			return lacks("the number of a review")
		}
		out.Reviews = append(out.Reviews, SeenReview{id, r.State})
	}
	for _, r := range in.Comments.Nodes {
		id, err := strconv.ParseInt(r.ID, 10, 64)
		if err != nil {
			return lacks("the number of a comment")
		}
		out.Comments = append(out.Comments, SeenComment{id, r.Edited != nil})
	}
	if len(in.Commits.Nodes) == 1 && in.Commits.Nodes[0].Commit != nil && in.Commits.Nodes[0].Commit.OID == in.Head {
		c.marks(&out, in.Commits.Nodes[0].Commit.Ours, in.Commits.Nodes[0].Commit.Named)
	}
	return out, nil
}

// marks reads the check runs on the head.
func (c *Client) marks(out *Seen, ours, named *sweepSuites) {
	if ours != nil {
		out.RunsKnown = len(ours.Nodes) == ours.Total
		for _, s := range ours.Nodes {
			if s.Runs == nil {
				out.RunsKnown = false
				continue
			}
			out.RunsKnown = out.RunsKnown && len(s.Runs.Nodes) == s.Runs.Total
			for _, r := range s.Runs.Nodes {
				run := CheckRun{ID: r.ID, Name: r.Name, Head: out.Head, Status: strings.ToLower(r.Status), Conclusion: strings.ToLower(r.Conclusion)}
				run.Key, run.Seq, run.digest = splitExternalID(r.External)
				out.Runs = append(out.Runs, run)
			}
		}
	}
	if named == nil {
		return
	}
	for _, s := range named.Nodes {
		if s.App != nil && s.App.ID == c.app.id || s.Runs == nil {
			continue
		}
		from := "an unknown App"
		if s.App != nil {
			from = s.App.Slug
		}
		for _, r := range s.Runs.Nodes {
			says := strings.ToLower(r.Conclusion)
			if says == "" {
				says = strings.ToLower(r.Status)
			}
			out.Foreign = append(out.Foreign, ForeignMark{Kind: "check run", Name: r.Name, From: from, Says: says})
		}
	}
}

// A Landed commit is one on a branch's own line (its first parents).
type Landed struct {
	SHA    string
	Author string // login; "" if GitHub knows none
	Pulls  []int  // merged pull requests into the branch that it belongs to
}

// Landing lists what came onto a branch between two of its tips, newest first: commits of the branch's own line and the pull requests that
// brought them. forced says that the old tip is no longer in the branch. At most limit commits are asked about; more says how many were not.
func (c *Client) Landing(ctx context.Context, owner, repo, branch, from, to string, limit int) (list []Landed, forced bool, more int, err error) {
	op := "looking at what came onto " + branch + " of " + owner + "/" + repo
	if err := checkRepo(owner, repo); err != nil || !shaForm.MatchString(from) || !shaForm.MatchString(to) {
		return nil, false, 0, fmt.Errorf("%s: not a repository and SHAs", op)
	}
	type row struct {
		parents []string
		author  string
	}
	rows := map[string]row{}
	for page := 1; page <= maxCommitPages; page++ {
		got, resp, err := get[struct {
			Status  string `json:"status"`
			Commits []struct {
				SHA    string `json:"sha"`
				Author *struct {
					Login string `json:"login"`
				} `json:"author"`
				Parents []struct {
					SHA string `json:"sha"`
				} `json:"parents"`
			} `json:"commits"`
		}](ctx, c.gh, fmt.Sprintf("repos/%s/%s/compare/%s...%s?per_page=100&page=%d", owner, repo, from, to, page), nil)
		switch refused := fail(op, err); {
		case errors.Is(refused, ErrNotFound):
			return nil, true, 0, nil // the old tip is gone
		case refused != nil:
			return nil, false, 0, refused
		}
		forced = got.Status != "ahead" && got.Status != "identical"
		for _, rc := range got.Commits {
			r := row{}
			for _, p := range rc.Parents {
				r.parents = append(r.parents, p.SHA)
			}
			if rc.Author != nil {
				r.author = rc.Author.Login
			}
			rows[rc.SHA] = r
		}
		if resp.NextPage <= page {
			break
		}
	}
	for at := to; ; {
		r, ok := rows[at]
		if !ok {
			return list, forced, more, nil
		}
		if len(list) == limit {
			more++
		} else {
			numbers, err := c.mergedWith(ctx, owner, repo, branch, at)
			if err != nil {
				return nil, forced, 0, fail(op, err)
			}
			list = append(list, Landed{SHA: at, Author: r.author, Pulls: numbers})
		}
		if len(r.parents) == 0 {
			return list, forced, more, nil
		}
		at = r.parents[0]
	}
}

// mergedWith lists the merged pull requests into the branch that a commit belongs to.
func (c *Client) mergedWith(ctx context.Context, owner, repo, branch, sha string) ([]int, error) {
	got, _, err := get[[]struct {
		Number   int     `json:"number"`
		MergedAt *string `json:"merged_at"`
		Base     struct {
			Ref string `json:"ref"`
		} `json:"base"`
	}](ctx, c.gh, fmt.Sprintf("repos/%s/%s/commits/%s/pulls?per_page=100", owner, repo, sha), nil)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, p := range got {
		if p.MergedAt != nil && p.Base.Ref == branch {
			out = append(out, p.Number)
		}
	}
	return out, nil
}
