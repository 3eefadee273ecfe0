package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	gh "github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/checks"
)

// maxInline bounds the comments of one review: large batches are refused as spam. The others move to the body.
const maxInline = 20

// maxFilePages is how far GitHub lists the files of a pull request (3,000).
const maxFilePages = 30

// deliverReview posts one review with event COMMENT. A line that GitHub does not show in its diff makes it refuse the whole review: then the
// comments on such lines move to the review's body, and if it still refuses, all do. Nothing is lost.
func (c *Client) deliverReview(ctx context.Context, d *Deed) (Receipt, error) {
	pr, _, err := c.gh.PullRequests.Get(ctx, d.Owner, d.Repo, d.Number)
	if err != nil {
		return Receipt{}, err
	}
	if pr.GetHead().GetSHA() != d.Head || pr.GetState() != "open" {
		return Receipt{Stale: true}, nil
	}
	inline := d.Review.Comments
	var moved []report.Comment
	if len(inline) > maxInline {
		inline, moved = inline[:maxInline], slices.Clone(inline[maxInline:])
	}
	r, err := c.postReview(ctx, d, inline, moved)
	if len(inline) == 0 || !errors.Is(fail("", err), ErrInvalid) {
		return r, err
	}
	c.app.log.Info().Str("repo", d.Owner+"/"+d.Repo).Int("pull", d.Number).Err(fail("", err)).Msg("GitHub refused a review with comments; those on lines outside its diff move to the body")
	shown, err := c.shownLines(ctx, d)
	if err != nil {
		return Receipt{}, err
	}
	var keep []report.Comment
	for _, cm := range inline {
		if shown.has(&cm) {
			keep = append(keep, cm)
		} else {
			moved = append(moved, cm)
		}
	}
	if len(keep) > 0 && len(keep) < len(inline) {
		r, err = c.postReview(ctx, d, keep, moved)
		if !errors.Is(fail("", err), ErrInvalid) {
			return r, err
		}
	}
	rest := slices.Clone(inline)
	if len(d.Review.Comments) > maxInline {
		rest = append(rest, d.Review.Comments[maxInline:]...)
	}
	return c.postReview(ctx, d, nil, rest)
}

func (c *Client) postReview(ctx context.Context, d *Deed, inline, moved []report.Comment) (Receipt, error) {
	r := Receipt{Moved: len(moved)}
	req := &gh.PullRequestReviewRequest{
		CommitID: gh.String(d.Head), Event: gh.String("COMMENT"), Body: gh.String(reviewBody(d, inline, moved)),
	}
	for i := range inline {
		cm := &inline[i]
		draft := &gh.DraftReviewComment{Path: gh.String(cm.Path), Line: gh.Int(cm.Line), Side: gh.String(side(cm)), Body: gh.String(commentBody(cm, bodyLimit))}
		if cm.StartLine > 0 && cm.StartLine < cm.Line {
			draft.StartLine, draft.StartSide = gh.Int(cm.StartLine), gh.String(side(cm))
		}
		req.Comments = append(req.Comments, draft)
	}
	for _, cm := range d.Review.Comments {
		if cm.Fingerprint != "" {
			r.Fingerprints = append(r.Fingerprints, string(cm.Fingerprint))
		}
	}
	got, _, err := c.gh.PullRequests.CreateReview(ctx, d.Owner, d.Repo, d.Number, req)
	if err != nil {
		return Receipt{}, err
	}
	r.ID, r.URL = got.GetID(), got.GetHTMLURL()
	return r, nil
}

// side is GitHub's name of a side.
func side(cm *report.Comment) string {
	if cm.Side.String() == "base" {
		return "LEFT"
	}
	return "RIGHT"
}

func commentBody(cm *report.Comment, limit int) string {
	marker := ""
	if cm.Fingerprint != "" {
		marker = "\n" + Marker{Fingerprint: string(cm.Fingerprint), Trace: cm.Trace}.String()
	}
	return strings.TrimRight(cut(disarm(cm.Body), limit-len(marker)), "\n") + "\n" + strings.TrimPrefix(marker, "\n")
}

// reviewBody is the review's own text, the comments that could not stand on their lines, and the markers.
func reviewBody(d *Deed, inline, moved []report.Comment) string {
	marker := Marker{Key: d.Key}.String()
	text := strings.TrimRight(cut(disarm(d.Review.Body), bodyLimit/2), "\n")
	markers := []string{marker}
	room := bodyLimit - len(text) - len(marker) - 400
	if len(moved) > 0 {
		text += "\n\n**On lines that GitHub does not show in the diff:**\n"
		for i := range moved {
			cm := &moved[i]
			finding := ""
			if cm.Fingerprint != "" {
				finding = Marker{Fingerprint: string(cm.Fingerprint)}.String()
			}
			share := room/(len(moved)-i) - len(finding) // an even share of what is left
			entry := fmt.Sprintf("\n---\n\n%s\n\n%s", cm.Place(), "")
			if body := share - len(entry); body > 2_000 || body > len(cm.Body)+200 {
				entry += strings.TrimSpace(cut(disarm(cm.Body), body-200)) + "\n"
			} else {
				entry = "\n" + cm.Place() + ": see the details of the check.\n"
			}
			room -= len(entry) + len(finding) + 1
			if room < 0 { // thousands of comments: the check run has them all
				break
			}
			text += entry
			if finding != "" {
				markers = append(markers, finding)
			}
		}
	}
	if strings.TrimSpace(text) == "" {
		text = fmt.Sprintf("%d comments.", len(inline))
	}
	return text + "\n\n" + strings.Join(markers, "\n") + "\n"
}

// shownLines are the lines that GitHub's diff of the pull request shows, by path, for LEFT and RIGHT.
type shownLines map[string]map[string][]span

type span struct{ first, last int }

func (s shownLines) has(cm *report.Comment) bool {
	first := cm.Line
	if cm.StartLine > 0 {
		first = min(cm.StartLine, cm.Line)
	}
	return slices.ContainsFunc(s[cm.Path][side(cm)], func(h span) bool { return h.first <= first && cm.Line <= h.last })
}

// shownLines reads GitHub's diff. It says where comments may stand and nothing else: what changed comes from git.
func (c *Client) shownLines(ctx context.Context, d *Deed) (shownLines, error) {
	files, _, err := pages(maxFilePages, func(o *gh.ListOptions) ([]*gh.CommitFile, *gh.Response, error) {
		return c.gh.PullRequests.ListFiles(ctx, d.Owner, d.Repo, d.Number, o)
	})
	if err != nil {
		return nil, err
	}
	out := shownLines{}
	for _, f := range files {
		sides := map[string][]span{}
		for line := range strings.Lines(f.GetPatch()) {
			if left, right, ok := hunk(line); ok {
				sides["LEFT"] = append(sides["LEFT"], left)
				sides["RIGHT"] = append(sides["RIGHT"], right)
			}
		}
		out[f.GetFilename()] = sides
	}
	return out, nil
}

// hunk reads "@@ -a,b +c,d @@". An empty side gives a span without lines.
func hunk(line string) (left, right span, ok bool) {
	rest, ok := strings.CutPrefix(line, "@@ -")
	if !ok {
		return
	}
	ranges, _, ok := strings.Cut(rest, " @@")
	if !ok {
		return
	}
	a, b, ok := strings.Cut(ranges, " +")
	if !ok {
		return
	}
	if left, ok = parseSpan(a); !ok {
		return
	}
	right, ok = parseSpan(b)
	return
}

func parseSpan(s string) (span, bool) {
	start, count, counted := strings.Cut(s, ",")
	first, err := strconv.Atoi(start)
	if err != nil || first < 0 {
		return span{}, false
	}
	n := 1
	if counted {
		if n, err = strconv.Atoi(count); err != nil || n < 0 {
			return span{}, false
		}
	}
	return span{first, first + n - 1}, true
}

// findReview looks for our own review with the deed's marker.
func (c *Client) findReview(ctx context.Context, d *Deed) (Receipt, bool, error) {
	bot, err := c.app.Bot(ctx)
	if err != nil {
		return Receipt{}, false, err
	}
	list, complete, err := pages(maxReviewPages, func(o *gh.ListOptions) ([]*gh.PullRequestReview, *gh.Response, error) {
		return c.gh.PullRequests.ListReviews(ctx, d.Owner, d.Repo, d.Number, o)
	})
	if err != nil {
		return Receipt{}, false, err
	}
	for _, r := range list {
		if !by(r.User, bot) || !slices.ContainsFunc(Markers(r.GetBody()), func(m Marker) bool { return m.Key == d.Key }) {
			continue
		}
		got := Receipt{ID: r.GetID(), URL: r.GetHTMLURL()}
		for _, m := range Markers(r.GetBody()) {
			if m.Fingerprint != "" {
				got.Moved++
			}
		}
		for _, cm := range d.Review.Comments {
			if cm.Fingerprint != "" {
				got.Fingerprints = append(got.Fingerprints, string(cm.Fingerprint))
			}
		}
		return got, true, nil
	}
	if !complete {
		return Receipt{}, false, fmt.Errorf("there are more than %d reviews", maxReviewPages*100)
	}
	return Receipt{}, false, nil
}

// A PostedComment is one inline comment of ours as it stands on GitHub.
type PostedComment struct {
	ID          int64
	ReviewID    int64
	Path        string
	Side        checks.Side
	Line        int    // 0: outdated
	Body        string // as GitHub has it
	Text        string // Body without our markers
	Fingerprint string // of the finding; "" if it carries no marker
	Trace       string // report.Trace of the finding; "" if it carries none
	Answered    bool   // somebody else replied to it
}

// Comments lists our own inline comments on a pull request, oldest first.
func (c *Client) Comments(ctx context.Context, owner, repo string, number int) ([]PostedComment, error) {
	op := fmt.Sprintf("listing our comments on %s/%s#%d", owner, repo, number)
	if err := checkRepo(owner, repo); err != nil {
		return nil, fmt.Errorf("listing our comments: %w", err)
	}
	ours, _, err := c.comments(ctx, owner, repo, number)
	return ours, fail(op, err)
}

// comments lists our own inline comments, and says of every one of the others that there is.
func (c *Client) comments(ctx context.Context, owner, repo string, number int) (ours []PostedComment, others map[int64]bool, err error) {
	bot, err := c.app.Bot(ctx)
	if err != nil {
		return nil, nil, err
	}
	list, complete, err := pages(maxCommentPages, func(o *gh.ListOptions) ([]*gh.PullRequestComment, *gh.Response, error) {
		return c.gh.PullRequests.ListComments(ctx, owner, repo, number, &gh.PullRequestListCommentsOptions{ListOptions: *o})
	})
	if err != nil {
		return nil, nil, err
	}
	if !complete {
		return nil, nil, fmt.Errorf("there are more than %d comments", maxCommentPages*100)
	}
	others, answered, seen := map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
	for _, cm := range list {
		if !by(cm.User, bot) {
			others[cm.GetID()] = true
			answered[cm.GetInReplyTo()] = true
		}
	}
	for _, cm := range list {
		if !by(cm.User, bot) || seen[cm.GetID()] { // listed twice because the pages moved
			continue
		}
		seen[cm.GetID()] = true
		p := PostedComment{ID: cm.GetID(), ReviewID: cm.GetPullRequestReviewID(), Path: cm.GetPath(), Line: cm.GetLine(), Body: cm.GetBody(), Answered: answered[cm.GetID()]}
		if cm.GetSide() == "LEFT" {
			p.Side = checks.Base
		}
		p.Text, _, _ = strings.Cut(p.Body, markerStart) // what we write holds no other: see disarm
		p.Text = strings.TrimSpace(p.Text)
		for _, m := range Markers(p.Body) {
			p.Fingerprint, p.Trace = m.Fingerprint, m.Trace
		}
		ours = append(ours, p)
	}
	return ours, others, nil
}

// deliverComment changes a comment that our own App made, and no other; nor one that somebody answered, because that would change what they answered to.
func (c *Client) deliverComment(ctx context.Context, d *Deed) (Receipt, error) {
	cm, err := c.comment(ctx, d)
	switch {
	case err != nil:
		return Receipt{}, err
	case cm.Answered:
		return Receipt{Stale: true}, nil
	case reads(cm, d):
		return Receipt{ID: cm.ID}, nil
	}
	got, _, err := c.gh.PullRequests.EditComment(ctx, d.Owner, d.Repo, d.CommentID, &gh.PullRequestComment{Body: gh.String(editedBody(d, cm))})
	return Receipt{ID: got.GetID(), URL: got.GetHTMLURL()}, err
}

func (c *Client) findComment(ctx context.Context, d *Deed) (Receipt, bool, error) {
	cm, err := c.comment(ctx, d)
	if err != nil {
		return Receipt{}, false, err
	}
	return Receipt{ID: cm.ID}, reads(cm, d), nil
}

// comment reads the comment of a deed. Only the list says who answered.
func (c *Client) comment(ctx context.Context, d *Deed) (*PostedComment, error) {
	ours, others, err := c.comments(ctx, d.Owner, d.Repo, d.Number)
	if err != nil {
		return nil, err
	}
	for i := range ours {
		if ours[i].ID == d.CommentID {
			return &ours[i], nil
		}
	}
	if others[d.CommentID] {
		return nil, &Error{Op: fmt.Sprintf("changing comment %d", d.CommentID), Status: http.StatusUnprocessableEntity, Message: "(not sent) it is not ours"}
	}
	return nil, &Error{Op: fmt.Sprintf("changing comment %d", d.CommentID), Status: http.StatusNotFound, Message: "(not sent) it is gone"}
}

// reads says whether a comment is as a deed wants it.
func reads(cm *PostedComment, d *Deed) bool {
	return strings.TrimSpace(cm.Body) == strings.TrimSpace(editedBody(d, cm))
}

// editedBody keeps the marker of the comment's finding.
func editedBody(d *Deed, cm *PostedComment) string {
	marker := ""
	if cm.Fingerprint != "" {
		marker = Marker{Fingerprint: cm.Fingerprint, Trace: cm.Trace}.String()
	}
	return strings.TrimRight(cut(disarm(d.Body), bodyLimit-len(marker)-2), "\n") + "\n" + marker
}
