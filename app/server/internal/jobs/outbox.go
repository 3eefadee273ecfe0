package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// A Receipt is what GitHub calls the thing that a deed made.
type Receipt struct {
	ID int64
	// Fingerprints are the findings that have a comment because of the deed.
	Fingerprints []string
	// Stale says that nothing was done, because the pull request has moved on.
	Stale bool
}

// A Sender does deeds on GitHub.
type Sender interface {
	// Find looks for what an earlier try of the deed made, by its marker, among what our own App made. ok is false if there is nothing,
	// or if it is not as the deed says.
	Find(ctx context.Context, d store.Deed) (r Receipt, ok bool, err error)
	// Send does the deed. known is GitHub's id of what stands there already, to be changed in place; 0: not known.
	//
	// An error with a method Refused() bool that answers true is final: GitHub will never take this deed.
	Send(ctx context.Context, d store.Deed, known int64) (Receipt, error)
}

// An Outbox does what was written down, each deed once.
type Outbox struct {
	Store  *store.Store
	Sender Sender
	Log    *slog.Logger
	Now    func() time.Time
	// Reached is called at named points, so that a test can end the process there: "before-send", "accepted" (GitHub took the deed and
	// we have not written that down). Nil: nobody listens.
	Reached func(ctx context.Context, point string, d store.Deed)
	// Hold says that a deed stays pending for now; nil: none does. A sweep finds it.
	Hold func(ctx context.Context, d store.Deed) bool

	mu    sync.Mutex
	slots map[string]*slot
}

// A slot keeps the deeds of one slot in a row; pull requests that share a head share its check run.
type slot struct {
	sync.Mutex
	users int
}

// lock takes a slot in this process, and then among all that share the database.
func (o *Outbox) lock(ctx context.Context, name string) (unlock func(), err error) {
	mine := o.lockHere(name)
	all, err := o.Store.Alone(ctx, "slot "+name)
	if err != nil {
		mine()
		return nil, err
	}
	return func() { all(); mine() }, nil
}

func (o *Outbox) lockHere(name string) (unlock func()) {
	o.mu.Lock()
	if o.slots == nil {
		o.slots = map[string]*slot{}
	}
	s := o.slots[name]
	if s == nil {
		s = new(slot)
		o.slots[name] = s
	}
	s.users++
	o.mu.Unlock()
	s.Lock()
	return func() {
		s.Unlock()
		o.mu.Lock()
		if s.users--; s.users == 0 {
			delete(o.slots, name)
		}
		o.mu.Unlock()
	}
}

// Deliver does every pending deed of a pull request but those that nothing waits for, oldest first. The first one that fails ends it; a refused one does
// not.
func (o *Outbox) Deliver(ctx context.Context, k store.Key) error {
	return o.deliver(ctx, k, func(d store.Deed) bool { return !answers(d) })
}

// answers says whether a deed is an answer to a comment, or changes one of ours.
func answers(d store.Deed) bool {
	return d.Kind == store.KindReply || d.Kind == store.KindReaction || d.Kind == store.KindEdit || d.Kind == store.KindIssue
}

func (o *Outbox) deliver(ctx context.Context, k store.Key, which func(store.Deed) bool) error {
	deeds, err := o.Store.PendingDeeds(ctx, k)
	if err != nil {
		return err
	}
	for _, d := range deeds {
		if !which(d) || o.Hold != nil && o.Hold(ctx, d) {
			continue
		}
		if err := o.do(ctx, d.ID, d.Slot); err != nil {
			return err
		}
	}
	return nil
}

// Answer does the pending answers to comments, and changes of ours. Nothing waits for them: after some tries one is given up.
func (o *Outbox) Answer(ctx context.Context, k store.Key) error { return o.deliver(ctx, k, answers) }

// answerTries bounds the tries of an answer.
const answerTries = 4

// Settle finds out what became of one-time deeds whose try was cut off, before anything new is planned: those that GitHub took are
// written down. Whether the others are still wanted is for the plan to say. Check runs need no settling: they are set in place.
func (o *Outbox) Settle(ctx context.Context, k store.Key) error {
	deeds, err := o.Store.PendingDeeds(ctx, k)
	if err != nil {
		return err
	}
	for _, d := range deeds {
		if d.Kind != store.KindReview {
			continue
		}
		if err := o.settle(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (o *Outbox) settle(ctx context.Context, d store.Deed) error {
	unlock, err := o.lock(ctx, d.Slot)
	if err != nil {
		return err
	}
	defer unlock()
	if d.Attempts > 0 {
		r, ok, err := o.Sender.Find(ctx, d)
		if err != nil {
			return fmt.Errorf("looking for %s on GitHub: %w", d.Name, err)
		}
		if ok {
			return o.Store.Finished(ctx, d, r.ID, r.Fingerprints, o.Now())
		}
	}
	return nil
}

// repeats bounds how often one call does the newest deed of a slot again. What is left stays pending, and the pull request's next job does it.
const repeats = 3

// do does a deed. Processes that share a database may have their requests arrive in any order, so that an older deed may be done after a newer
// one: then the newer one is done again. In the end GitHub shows the newest, whatever the order was.
func (o *Outbox) do(ctx context.Context, id int64, slotName string) error {
	unlock, err := o.lock(ctx, slotName)
	if err != nil {
		return err
	}
	defer unlock()
	for range repeats {
		tried, err := o.once(ctx, id)
		if !tried {
			return err
		}
		newer, unread := o.Store.Reassert(context.WithoutCancel(ctx), slotName, id, o.Now())
		if err = errors.Join(err, unread); err != nil || newer == 0 {
			return err
		}
		id = newer
	}
	return nil
}

// once does a deed, if it is still to be done. tried says that something that stands in one place on GitHub may have been changed.
func (o *Outbox) once(ctx context.Context, id int64) (tried bool, err error) {
	// The row is read again under the lock: a newer deed may have taken its place. The try is logged before it is made.
	d, ok, err := o.Store.Begin(ctx, id, o.Now())
	if err != nil || !ok {
		return false, err
	}
	known := d.Before.ExternalID
	if known == 0 && (d.Attempts > 0 || d.Before.Tried) {
		r, found, err := o.Sender.Find(ctx, d)
		if err != nil {
			return false, o.failed(ctx, d, fmt.Errorf("looking for %s on GitHub: %w", d.Name, err))
		}
		if found {
			return false, o.Store.Finished(ctx, d, r.ID, r.Fingerprints, o.Now())
		}
	}
	o.reached(ctx, "before-send", d)
	tried = d.Kind == store.KindCheck || d.Kind == store.KindCancel || d.Kind == store.KindEdit
	r, err := o.Sender.Send(ctx, d, known)
	if err != nil {
		return tried, o.failed(ctx, d, fmt.Errorf("sending %s to GitHub: %w", d.Name, err))
	}
	o.reached(ctx, "accepted", d)
	if r.Stale {
		o.Log.InfoContext(ctx, "a deed is no longer wanted", "deed", d.Name)
		return false, o.Store.Drop(ctx, d.ID, o.Now())
	}
	return tried, o.Store.Finished(ctx, d, r.ID, r.Fingerprints, o.Now())
}

func (o *Outbox) failed(ctx context.Context, d store.Deed, cause error) error {
	var refused interface{ Refused() bool }
	final := errors.As(cause, &refused) && refused.Refused() || answers(d) && d.Attempts+1 >= answerTries
	// The reason is written even if the job's time is over.
	if err := o.Store.Failed(context.WithoutCancel(ctx), d.ID, cause.Error(), final, o.Now()); err != nil {
		return errors.Join(cause, err)
	}
	switch {
	case final && answers(d): // the comment may be gone, or the conversation locked
		o.Log.WarnContext(ctx, "a comment is not answered, or not changed", "deed", d.Name, "error", cause)
		return nil
	case final:
		o.Log.ErrorContext(ctx, "GitHub refused a deed; it will not be tried again", "deed", d.Name, "error", cause)
		return nil
	}
	return cause
}

func (o *Outbox) reached(ctx context.Context, point string, d store.Deed) {
	if o.Reached != nil {
		o.Reached(ctx, point, d)
	}
}
