package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// maxDeliveryPages bounds how far back the log of deliveries is read at a time, in pages of 100.
const maxDeliveryPages = 50

// An Attempt is one attempt of GitHub to deliver a webhook.
type Attempt struct {
	ID            int64
	GUID          string // the same for every attempt of one delivery
	Event, Action string
	At            time.Time
	OK            bool // the receiver answered 2xx
	Status        int  // what it answered; 0: nothing
	Redelivery    bool
}

// Attempts lists GitHub's attempts to deliver the App's webhooks, newest first, back to a time. complete is false if there are more than are read
// at a time.
func (a *App) Attempts(ctx context.Context, since time.Time) (out []Attempt, complete bool, err error) {
	o := &gh.ListCursorOptions{PerPage: 100}
	for range maxDeliveryPages {
		list, resp, err := a.jwt.Apps.ListHookDeliveries(ctx, o)
		if err != nil {
			return nil, false, fail("listing the deliveries of webhooks", err)
		}
		for _, d := range list {
			at := d.GetDeliveredAt().Time
			if at.Before(since) {
				return out, true, nil
			}
			out = append(out, Attempt{ID: d.GetID(), GUID: d.GetGUID(), Event: d.GetEvent(), Action: d.GetAction(), At: at, OK: d.GetStatusCode() >= 200 && d.GetStatusCode() <= 299, Status: d.GetStatusCode(), Redelivery: d.GetRedelivery()})
		}
		if resp.Cursor == "" || resp.Cursor == o.Cursor {
			return out, true, nil
		}
		o.Cursor = resp.Cursor
	}
	return out, false, nil
}

// Redeliver has GitHub send a delivery again, with its GUID. It can for three days.
func (a *App) Redeliver(ctx context.Context, attempt int64) error {
	_, _, err := a.jwt.Apps.RedeliverHookDelivery(ctx, attempt)
	var accepted *gh.AcceptedError // the correct answer, 202, is an error to go-github
	if errors.As(err, &accepted) {
		return nil
	}
	var answer *gh.ErrorResponse
	if errors.As(err, &answer) && answer.Response != nil && answer.Response.StatusCode == http.StatusAccepted {
		return nil
	}
	return fail(fmt.Sprintf("having delivery %d sent again", attempt), err)
}
