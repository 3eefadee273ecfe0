package webhook

import (
	"fmt"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// Again reads a delivery that was kept because it could not be read: a newer program may know how to. app is the id of our App.
func Again(guid, event string, received time.Time, body []byte, app int64) (Delivery, error) {
	ev, err := github.ParseEvent(event, body)
	if err != nil {
		return Delivery{}, fmt.Errorf("it still cannot be read: %s", github.Redact(err.Error()))
	}
	return taken(Delivery{GUID: guid, Event: event, Received: received}, ev, body, app), nil
}

// taken is the delivery with what follows from its event.
func taken(d Delivery, ev github.Event, body []byte, app int64) Delivery {
	d.fill(ev, app)
	if d.State == Accepted && d.Event != "issue_comment" { // what people say to each other is not ours to keep
		d.Body = body
	}
	return d
}
