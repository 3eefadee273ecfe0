package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/reviewgate-app/reviewgate/app/report"
)

// A Kind of deed.
type Kind string

// The kinds of deeds.
const (
	SetCheck Kind = "check_run" // a check run stands on Head as Check says; made if there is none
	Cancel   Kind = "cancel"    // our check runs named Name on Head are cancelled; none is made
	Post     Kind = "review"    // one review with comments was posted; never an approval
	Edit     Kind = "comment"   // our own inline comment CommentID says Body, unless somebody answered it
	Reply    Kind = "reply"     // a comment below the pull request says Body
	Issue    Kind = "issue"     // an issue of ours with the title Name says Body
	React    Kind = "reaction"  // the comment CommentID below the pull request has our reaction Body: "+1", "eyes"
)

// A Deed is one thing to be done on GitHub, as plain data that an outbox stores and does. Doing a check_run, cancel, comment or reaction
// deed twice changes nothing; a review or reply would be seen twice, so it is looked up (Find) before it is tried again.
type Deed struct {
	Kind        Kind
	Owner, Repo string
	Number      int    // of the pull request
	Head        string // SHA
	// Key names the deed among all deeds of the repository: the external_id of a check run, the hidden marker of a review. The same for every
	// deed that changes the same check run.
	Key string
	// Seq is the number of the judgement that a check run tells: one with a smaller number does not take its place. 0: none.
	Seq int64 `json:"-"`

	Check      *report.CheckRun `json:",omitempty"`
	CheckRunID int64            `json:",omitempty"` // GitHub's id of the check run, where known; 0: it is looked up by Key
	DetailsURL string           `json:",omitempty"` // the page that "Details" opens
	Name       string           `json:",omitempty"` // of the check runs to cancel; "": all of ours on Head
	Review     *report.Review   `json:",omitempty"`
	CommentID  int64            `json:",omitempty"`
	Body       string           `json:",omitempty"`
}

// A Receipt is what came of a deed.
type Receipt struct {
	ID  int64  // of the check run, review or comment; 0: there was nothing to do
	URL string // of its page
	// Fingerprints are the findings that the deed told, inline or in the review's body.
	Fingerprints []string
	// Moved counts the comments that stand in the review's body because GitHub shows no such line in the diff.
	Moved int
	// Stale says that nothing was done, because the pull request was closed or has another head by now, or because somebody answered the comment.
	Stale bool
}

// Deliver does a deed. After a failure whose *Temporary has Sent set, Find says whether it was done all the same.
func (c *Client) Deliver(ctx context.Context, d Deed) (Receipt, error) {
	op, err := d.check()
	if err != nil {
		return Receipt{}, err
	}
	var r Receipt
	switch d.Kind {
	case SetCheck:
		r, err = c.deliverCheck(ctx, &d)
	case Cancel:
		r, err = c.deliverCancel(ctx, &d)
	case Post:
		r, err = c.deliverReview(ctx, &d)
	case Edit:
		r, err = c.deliverComment(ctx, &d)
	case Reply:
		r, err = c.deliverReply(ctx, &d)
	case Issue:
		r, err = c.deliverIssue(ctx, &d)
	case React:
		r, err = c.deliverReaction(ctx, &d)
	}
	return r, fail(op, err)
}

// Find looks for what an earlier try of the deed made, among what our own App made. ok is false if there is nothing, or if it is not yet as the
// deed says.
func (c *Client) Find(ctx context.Context, d Deed) (r Receipt, ok bool, err error) {
	op, err := d.check()
	if err != nil {
		return Receipt{}, false, err
	}
	switch d.Kind {
	case SetCheck:
		r, ok, err = c.findCheck(ctx, &d)
	case Cancel:
		r, ok, err = c.findCancel(ctx, &d)
	case Post:
		r, ok, err = c.findReview(ctx, &d)
	case Edit:
		r, ok, err = c.findComment(ctx, &d)
	case Reply:
		r, ok, err = c.findReply(ctx, &d)
	case Issue:
		r, ok, err = c.findIssue(ctx, &d)
	case React: // it is sent again
	}
	return r, ok, fail("looking for an earlier try of "+op, err)
}

// check refuses a deed that makes no sense before a request is made, and says in words what the deed is.
func (d *Deed) check() (op string, err error) {
	bad := func(why string) (string, error) {
		return "", &Error{Op: "a deed of kind " + string(d.Kind), Status: http.StatusUnprocessableEntity, Message: "(not sent) " + why}
	}
	if err := checkRepo(d.Owner, d.Repo); err != nil {
		return bad(err.Error())
	}
	place := fmt.Sprintf("%s/%s#%d", d.Owner, d.Repo, d.Number)
	switch d.Kind {
	case SetCheck:
		switch {
		case d.Check == nil || d.Check.Name == "" || d.Key == "" || !shaForm.MatchString(d.Head):
			return bad("a check run needs a name, a key and a head SHA")
		case d.Check.Status == "in_progress" && d.Check.Conclusion == "":
		case d.Check.Status == "completed" && conclusions[d.Check.Conclusion]:
		default:
			return bad(fmt.Sprintf("status %q with conclusion %q is none of ours", d.Check.Status, d.Check.Conclusion))
		}
		return "setting check run " + d.Check.Name + " on " + d.Head, nil
	case Cancel:
		if !shaForm.MatchString(d.Head) {
			return bad("a head SHA is needed")
		}
		return "cancelling check runs on " + d.Head, nil
	case Post:
		if d.Review == nil || d.Key == "" || d.Number <= 0 || !shaForm.MatchString(d.Head) {
			return bad("a review needs a pull request, a key and a head SHA")
		}
		return "posting a review on " + place, nil
	case Edit:
		if d.CommentID <= 0 || d.Number <= 0 || d.Body == "" {
			return bad("a comment's pull request, id and body are needed")
		}
		return fmt.Sprintf("changing comment %d on %s", d.CommentID, place), nil
	case Reply:
		if d.Number <= 0 || d.Key == "" || d.Body == "" {
			return bad("a reply needs a pull request, a key and a body")
		}
		return "replying on " + place, nil
	case Issue:
		if d.Name == "" || d.Key == "" || d.Body == "" {
			return bad("an issue needs a title, a key and a body")
		}
		return "opening an issue in " + d.Owner + "/" + d.Repo, nil
	case React:
		if d.CommentID <= 0 || !reactions[d.Body] {
			return bad("a comment's id and a reaction are needed")
		}
		return fmt.Sprintf("reacting to comment %d on %s", d.CommentID, place), nil
	}
	return bad("there is no such kind")
}

// conclusions are the ones that we ever send. "neutral" and "skipped" would satisfy a required check.
var conclusions = map[string]bool{"success": true, "failure": true, "action_required": true, "cancelled": true}

// Refused reports whether GitHub will never take the request as it is. A missing permission may be granted, so it is not final.
func (e *Error) Refused() bool {
	return e.Status >= 400 && e.Status < 500 && !errors.Is(e, ErrForbidden) && e.Status != http.StatusConflict
}
