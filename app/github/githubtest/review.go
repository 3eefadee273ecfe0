package githubtest

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Review of a pull request.
type Review struct {
	ID        int64
	pull      *Pull
	author    *User
	state     string // "APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"
	body      string
	commit    string
	submitted time.Time
	updated   time.Time
}

// A ReviewComment stands on a line of the diff.
type ReviewComment struct {
	ID                int64
	pull              *Pull
	review            *Review
	author            *User
	body              string
	path              string
	side, startSide   string
	line, start       int // 0: outdated; start 0: a single line
	origLine, origSta int
	commit, origin    string // SHAs
	originBase        string // merge base when it was made
	hunk              string
	position, origPos int
	replyTo           int64
	fileLevel         bool
	created, updated  time.Time
	deleted           bool
}

// An IssueComment is a comment on the conversation.
type IssueComment struct {
	ID               int64
	pull             *Pull
	author           *User
	body             string
	created, updated time.Time
	deleted          bool
	via              *App
	reactions        []reaction
}

// ReviewOptions for Pull.Review.
type ReviewOptions struct {
	State    string // "APPROVED", "CHANGES_REQUESTED", "COMMENTED"
	Body     string
	CommitID string // empty: the head
	Comments []CommentOptions
}

// CommentOptions place a review comment.
type CommentOptions struct {
	Path      string
	Side      string // "RIGHT" (empty) or "LEFT"
	Line      int
	StartLine int // 0: a single line
	Body      string
}

// A ReviewInfo is what a review is now, for tests to read.
type ReviewInfo struct {
	ID             int64
	Author         string
	State          string
	Body, CommitID string
}

// A CommentInfo is what a comment is now, for tests to read. Path and line are empty for comments on the conversation.
type CommentInfo struct {
	ID              int64
	Author          string
	Body            string
	Path, Side      string
	Line, StartLine int // 0: outdated; 0: a single line
	ReviewID        int64
	ReplyTo         int64 // the comment on a line that it answers; 0: none
}

// reviewEvents maps the API's events to the states that they give.
var reviewEvents = map[string]string{"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED", "": "PENDING"}

// Review submits a review.
func (p *Pull) Review(by *User, opt ReviewOptions) (ReviewInfo, error) {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	var drafts []commentDraft
	for _, c := range opt.Comments {
		drafts = append(drafts, commentDraft{path: c.Path, side: c.Side, startSide: c.Side, line: c.Line, start: c.StartLine, body: c.Body})
	}
	r, e := p.review(by, opt.State, opt.Body, opt.CommitID, drafts)
	if e != nil {
		return ReviewInfo{}, fmt.Errorf("review #%d: %w", p.Number, e)
	}
	return r.info(), nil
}

// Approve is Review with the state APPROVED.
func (p *Pull) Approve(by *User) (ReviewInfo, error) {
	return p.Review(by, ReviewOptions{State: "APPROVED"})
}

type commentDraft struct {
	path, side, startSide, body string
	line, start, position       int
	file                        bool
}

func (p *Pull) review(by *User, state, body, commit string, drafts []commentDraft) (*Review, *apiError) {
	if commit == "" {
		commit = p.head
	}
	if e := p.mayReview(by, state, body, len(drafts)); e != nil {
		return nil, e
	}
	if p.repo.git.resolve(commit) != commit || !p.repo.git.isAncestor(commit, p.head) && !p.hadHead(commit) {
		return nil, invalidText("Unprocessable Entity", "The commit_id is not part of the pull request")
	}
	if e := limited("body", body); e != nil {
		return nil, e
	}
	r := &Review{ID: p.g.id(), pull: p, author: by, state: state, body: body, commit: commit, submitted: p.g.now(), updated: p.g.now()}
	var placed []*ReviewComment
	for _, d := range drafts {
		c, e := p.place(by, r, commit, d)
		if e != nil {
			return nil, e // one comment that does not fit refuses the whole review
		}
		placed = append(placed, c)
	}
	p.reviews = append(p.reviews, r)
	p.comments = append(p.comments, placed...)
	p.touch()
	if state != "PENDING" {
		p.submitted(r, by)
	}
	return r, nil
}

// hadHead says whether somebody pushed over a commit that was the head once.
func (p *Pull) hadHead(sha string) bool {
	for _, e := range p.events {
		if before, _ := e.extras["before"].(string); e.kind == "head_ref_force_pushed" && before != "" && p.repo.git.isAncestor(sha, before) {
			return true
		}
	}
	return false
}

func (p *Pull) mayReview(by *User, state, body string, comments int) *apiError {
	switch {
	case !p.repo.can(by, "read"):
		return notFound()
	case state == "APPROVED" && by == p.author:
		return invalidText("Unprocessable Entity", "Can not approve your own pull request")
	case state == "CHANGES_REQUESTED" && by == p.author:
		return invalidText("Unprocessable Entity", "Can not request changes on your own pull request")
	case state == "CHANGES_REQUESTED" && body == "":
		return invalidText("Unprocessable Entity", "body can't be blank when changes are requested")
	case state == "COMMENTED" && body == "" && comments == 0:
		return invalidText("Unprocessable Entity", "body can't be blank")
	case state != "PENDING" && state != "APPROVED" && state != "CHANGES_REQUESTED" && state != "COMMENTED":
		return invalidText("Unprocessable Entity", "event is not one of APPROVE, REQUEST_CHANGES, COMMENT")
	}
	for _, r := range p.reviews {
		if r.author == by && r.state == "PENDING" {
			return invalidText("Unprocessable Entity", "User can only have one pending review per pull request")
		}
	}
	return nil
}

// submitted sends the events of a review: one for it, and nothing per comment, because no program here reads those.
func (p *Pull) submitted(r *Review, by *User) {
	p.g.emit(p.repo, "pull_request_review", "submitted", by, obj{"action": "submitted", "review": r.hookJSON(), "pull_request": p.json(false)})
	p.repo.record("merging what is ready", p.repo.ready())
}

// place finds a comment's line in the diff between the merge base and a commit.
func (p *Pull) place(by *User, r *Review, commit string, d commentDraft) (*ReviewComment, *apiError) {
	if d.side == "" {
		d.side = "RIGHT"
	}
	if d.startSide == "" {
		d.startSide = d.side
	}
	base := p.repo.git.mergeBase(p.base, commit)
	files, err := p.repo.git.diff(base, commit)
	if err != nil {
		return nil, serverError(err)
	}
	c := &ReviewComment{ID: p.g.id(), pull: p, review: r, author: by, body: d.body, path: d.path, side: d.side, startSide: d.startSide, line: d.line, start: d.start, origLine: d.line, origSta: d.start,
		commit: commit, origin: commit, originBase: base, fileLevel: d.file, created: p.g.now(), updated: p.g.now()}
	if e := limited("body", d.body); e != nil {
		return nil, e
	}
	if strings.TrimSpace(d.body) == "" {
		return nil, invalidText("Unprocessable Entity", "body can't be blank")
	}
	var file *fileDiff
	for _, f := range files {
		if f.Path == d.path {
			file = f
		}
	}
	if file == nil {
		return nil, invalidText("Unprocessable Entity", "Path could not be resolved")
	}
	if d.file {
		c.hunk = ""
		return c, nil
	}
	if d.position > 0 {
		for i := range file.hunks {
			h := &file.hunks[i]
			if at := d.position - h.position; at > 0 && at < len(h.lines) {
				c.side, c.line = "RIGHT", h.newAt[at]
				if c.line == 0 {
					c.side, c.line = "LEFT", h.oldAt[at]
				}
				c.origLine = c.line
			}
		}
	}
	h, at := file.find(c.side, c.line)
	if h == nil {
		return nil, invalidText("Unprocessable Entity", "Line could not be resolved")
	}
	if c.start != 0 {
		first, from := file.find(c.startSide, c.start)
		switch {
		case first == nil:
			return nil, invalidText("Unprocessable Entity", "Start line could not be resolved")
		case first != h:
			return nil, invalidText("Unprocessable Entity", "Start line must be part of the same hunk as the line")
		case from >= at:
			return nil, invalidText("Unprocessable Entity", "Start line must precede the end line")
		}
	}
	c.hunk = strings.Join(h.lines[:at+1], "\n")
	c.position, c.origPos = h.position+at, h.position+at
	return c, nil
}

// reanchor follows the lines of all comments to the new head. A comment whose line was changed, or left the diff, is outdated.
func (p *Pull) reanchor() error {
	files, err := p.files()
	if err != nil {
		return err
	}
	base := p.mergeBase()
	for _, c := range p.comments {
		if c.fileLevel || c.deleted {
			continue
		}
		follow := func(side string, line int) int {
			if line == 0 {
				return 0
			}
			from, to := c.origin, p.head
			if side == "LEFT" {
				from, to = c.originBase, base
			}
			moved, moveErr := p.repo.git.moved(from, to, c.path, line)
			if moveErr != nil {
				err = errors.Join(err, moveErr)
			}
			return moved
		}
		c.line, c.start, c.position = follow(c.side, c.origLine), follow(c.startSide, c.origSta), 0
		var h *hunk
		at := 0
		for _, f := range files {
			if f.Path == c.path {
				h, at = f.find(c.side, c.line)
			}
		}
		if h == nil || c.line == 0 {
			c.line, c.start = 0, 0
			continue
		}
		c.commit, c.position = p.head, h.position+at
	}
	return err
}

// Dismiss dismisses a review.
func (p *Pull) Dismiss(by *User, review int64, message string) error {
	return p.do("dismiss a review of", func() error {
		r := p.findReview(review)
		if r == nil || (r.state != "APPROVED" && r.state != "CHANGES_REQUESTED") {
			return errors.New("there is no such review that can be dismissed")
		}
		p.dismiss(by, r, message)
		return nil
	})
}

func (p *Pull) dismiss(by *User, r *Review, message string) {
	was := lower(r.state)
	r.state, r.updated = "DISMISSED", p.g.now()
	p.touch()
	p.note("review_dismissed", by, "", obj{"dismissed_review": obj{"state": was, "review_id": r.ID, "dismissal_message": message}})
	p.g.emit(p.repo, "pull_request_review", "dismissed", by, obj{"action": "dismissed", "review": r.hookJSON(), "pull_request": p.json(false)})
}

func (p *Pull) findReview(id int64) *Review {
	for _, r := range p.reviews {
		if r.ID == id {
			return r
		}
	}
	return nil
}

func (r *Review) info() ReviewInfo {
	return ReviewInfo{ID: r.ID, Author: r.author.Login, State: r.state, Body: r.body, CommitID: r.commit}
}

// Reviews lists the reviews in the order of their submission.
func (p *Pull) Reviews() []ReviewInfo {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	var list []ReviewInfo
	for _, r := range p.reviews {
		list = append(list, r.info())
	}
	return list
}

// ReviewComments lists the comments on lines.
func (p *Pull) ReviewComments() []CommentInfo {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	var list []CommentInfo
	for _, c := range p.comments {
		if !c.deleted {
			list = append(list, CommentInfo{ID: c.ID, Author: c.author.Login, Body: c.body, Path: c.path, Side: c.side, Line: c.line, StartLine: c.start, ReviewID: c.review.ID, ReplyTo: c.replyTo})
		}
	}
	return list
}

// Reply answers a comment on a line and returns the answer's id.
func (p *Pull) Reply(by *User, comment int64, body string) (int64, error) {
	var id int64
	err := p.do("answer a comment of", func() error {
		for _, c := range p.comments {
			if c.ID == comment && !c.deleted {
				k, e := c.reply(by, body)
				if e != nil {
					return e
				}
				id = k.ID
				return nil
			}
		}
		return errors.New("there is no such comment")
	})
	return id, err
}

// reply makes an answer, which is a review of its own.
func (c *ReviewComment) reply(by *User, body string) (*ReviewComment, *apiError) {
	p := c.pull
	if c.replyTo != 0 {
		return nil, notFound() // replies to replies do not exist
	}
	if e := limited("body", body); e != nil {
		return nil, e
	}
	k := *c
	k.ID, k.author, k.body, k.replyTo, k.created, k.updated = p.g.id(), by, body, c.ID, p.g.now(), p.g.now()
	k.review = &Review{ID: p.g.id(), pull: p, author: by, state: "COMMENTED", commit: k.commit, submitted: p.g.now(), updated: p.g.now()}
	p.reviews = append(p.reviews, k.review)
	p.comments = append(p.comments, &k)
	p.touch()
	return &k, nil
}

// Comments lists the comments on the conversation.
func (p *Pull) Comments() []CommentInfo {
	p.g.mu.Lock()
	defer p.g.mu.Unlock()
	var list []CommentInfo
	for _, c := range p.talk {
		if !c.deleted {
			list = append(list, CommentInfo{ID: c.ID, Author: c.author.Login, Body: c.body})
		}
	}
	return list
}

// Comment writes on the conversation and returns the comment's id.
func (p *Pull) Comment(by *User, body string) (int64, error) {
	return p.Talk(by, TalkOptions{Body: body})
}

// TalkOptions for Pull.Talk.
type TalkOptions struct {
	Body   string
	Via    *App  // the App through which the person writes, with a token of theirs
	Sender *User // whom the webhook names as its sender; nil: the author, as GitHub always does
}

// Talk is Comment with more to say.
func (p *Pull) Talk(by *User, opt TalkOptions) (int64, error) {
	var id int64
	err := p.do("comment on", func() error {
		c, e := p.say(by, opt)
		if e != nil {
			return e
		}
		id = c.ID
		return nil
	})
	return id, err
}

func (p *Pull) say(by *User, opt TalkOptions) (*IssueComment, *apiError) {
	if !p.repo.can(by, "read") {
		return nil, notFound()
	}
	if e := limited("body", opt.Body); e != nil {
		return nil, e
	}
	if strings.TrimSpace(opt.Body) == "" {
		return nil, invalid(fieldError("IssueComment", "data", "unprocessable", "Body cannot be blank"))
	}
	c := &IssueComment{ID: p.g.id(), pull: p, author: by, via: opt.Via, body: opt.Body, created: p.g.now(), updated: p.g.now()}
	p.talk = append(p.talk, c)
	p.touch()
	sender := by
	if opt.Sender != nil {
		sender = opt.Sender
	}
	p.g.emit(p.repo, "issue_comment", "created", sender, obj{"action": "created", "issue": p.issueJSON(), "comment": c.json()})
	return c, nil
}

// EditComment changes a comment on the conversation; an empty body deletes it.
func (p *Pull) EditComment(by *User, id int64, body string) error {
	return p.do("edit a comment of", func() error {
		for _, c := range p.talk {
			if c.ID == id && !c.deleted {
				c.edit(by, body)
				return nil
			}
		}
		return errors.New("there is no such comment")
	})
}

func (c *IssueComment) edit(by *User, body string) {
	p := c.pull
	payload := obj{"action": "edited", "issue": p.issueJSON(), "changes": obj{"body": obj{"from": c.body}}}
	if body == "" {
		c.deleted = true
		payload = obj{"action": "deleted", "issue": p.issueJSON()}
	} else {
		c.body, c.updated = body, p.g.now()
	}
	p.touch()
	payload["comment"] = c.json()
	p.g.emit(p.repo, "issue_comment", payload["action"].(string), by, payload)
}
