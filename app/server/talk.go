package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
)

// What heads and comments are to the store and to the review. As in adapt.go, nothing is decided here.

// talk adds what an event says of heads and comments.
func talk(d webhook.Delivery, to *store.Delivery) {
	ev := d.Payload
	if d.Seen {
		to.Seen = &store.Head{Head: ev.HeadSHA, BaseRef: ev.BaseRef, Base: ev.BaseSHA, At: ev.Updated}
		switch {
		case d.Pushed:
			to.Seen.Head, to.Seen.Was, to.Seen.By = ev.After, ev.Before, ev.Sender
		case ev.Action == "opened":
			to.Seen.Opened, to.Seen.By = true, ev.Sender
		}
	}
	if d.Said {
		sum := sha256.Sum256([]byte(ev.Comment.Body))
		to.Said = &store.Said{Sender: ev.Sender, Body: hex.EncodeToString(sum[:]), Created: ev.Comment.Created}
		to.Said.ReviewID, to.Said.Reviewer = ev.Comment.ID, ev.Comment.Author.ID
	}
	switch {
	case d.Called && d.Payload.Kind == "pull_request_review":
		to.Call = &store.Call{Kind: "review", ID: ev.Review.ID, Mention: gate.Mention{By: ev.Review.Reviewer, Logins: ev.Review.Mentions, Head: ev.HeadSHA}}
	case d.Called:
		to.Call = &store.Call{Kind: "comment", ID: ev.Comment.ID, Mention: gate.Mention{By: ev.Comment.Author, Logins: ev.Comment.Mentions}, Created: ev.Comment.Created}
	}
	if d.Unsaid {
		to.Unsaid = &store.Unsaid{Comment: ev.Comment.ID, How: ev.Action}
	}
}

func (r records) Heads(ctx context.Context, ref review.Ref) ([]review.Head, error) {
	list, err := r.Store.Heads(ctx, keyOf(ref))
	var out []review.Head
	for _, h := range list {
		out = append(out, review.Head{SHA: h.Head, Was: h.Was, Opened: h.Opened, By: h.By})
	}
	return out, err
}

func (r records) Mentions(ctx context.Context, ref review.Ref) ([]gate.Mention, error) {
	return r.Store.Mentions(ctx, keyOf(ref))
}

func (r records) Said(ctx context.Context, ref review.Ref) ([]review.Said, error) {
	list, err := r.Store.Said(ctx, keyOf(ref))
	var out []review.Said
	for _, c := range list {
		out = append(out, review.Said{Entry: review.Entry(c.Entry), Sender: c.Sender, Body: c.Body, Edited: c.Edited, Received: c.Received})
	}
	return out, err
}

func (r records) CompleteSaid(ctx context.Context, ref review.Ref, e gate.LedgerEntry) error {
	return r.Store.CompleteSaid(ctx, keyOf(ref), e)
}

func (r records) SaveStep(ctx context.Context, repoID int64, from, to string, paths []string) error {
	return r.Store.SaveStep(ctx, repoID, from, to, paths, r.now())
}

// answersFor is how long an answer counts among those that bound further ones.
const answersFor = 24 * time.Hour

func (r records) Answers(ctx context.Context, ref review.Ref) ([]review.Answer, error) {
	list, err := r.Store.Answers(ctx, ref.RepoID, r.now().Add(-answersFor))
	var out []review.Answer
	for _, a := range list {
		out = append(out, review.Answer(a))
	}
	return out, err
}

// then is what is stored beside a decision.
func (r records) then(o review.Outcome) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		for _, comment := range o.Unsaid {
			if err := tx.Unmark(ctx, o.Ref.RepoID, comment); err != nil {
				return err
			}
		}
		for _, m := range o.Wrong {
			row := store.FalsePositive{Key: keyOf(o.Ref), Comment: m.Comment, Fingerprint: m.Fingerprint, Rule: m.Rule, Head: o.Standing.Head, By: m.By, Reason: m.Reason, Made: r.now()}
			if err := tx.MarkFalse(ctx, row); err != nil {
				return err
			}
		}
		if err := r.judged(ctx, tx, o); err != nil {
			return err
		}
		if o.Again.IsZero() {
			return nil
		}
		return r.wake(ctx, tx, keyOf(o.Ref), o.Again)
	}
}

// answerPause is the time before an answer that GitHub did not take is tried again.
const answerPause = 30 * time.Second

// Answer answers comments. What GitHub does not take now is tried again later: neither the decision nor its job waits for it.
func (o outbox) Answer(ctx context.Context, ref review.Ref) error {
	err := o.Outbox.Answer(ctx, keyOf(ref))
	if err == nil || ctx.Err() != nil {
		return err
	}
	pause := answerPause
	var limited *github.RateLimited
	if errors.As(err, &limited) {
		pause = max(limited.Until.Sub(o.Now()), pause)
	}
	o.Log.Warn("a comment could not be answered; it is tried again", "pull", keyOf(ref).String(), "error", github.Redact(err.Error()))
	return o.Store.Tx(ctx, func(tx *store.Tx) error { return o.wake(ctx, tx, keyOf(ref), o.Now().Add(pause)) })
}
