package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/trace"
	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
	"github.com/reviewgate-app/reviewgate/checks"
)

// The types below fit one internal package to what another asks for. They translate, and decide nothing.

// inbox keeps deliveries in the store, with their jobs.
type inbox struct {
	store  *store.Store
	jobs   *jobs.Jobs
	unseen time.Duration
}

func (in inbox) Receive(ctx context.Context, d webhook.Delivery) (fresh bool, err error) {
	return in.store.Receive(ctx, in.delivery(d), in.jobs.Enqueue)
}

func (in inbox) delivery(d webhook.Delivery) store.Delivery {
	ev := d.Payload
	out := store.Delivery{
		GUID: d.GUID, Event: d.Event, Action: d.Action, Received: d.Received, State: d.State, Note: d.Note, Body: d.Body, Installation: ev.Installation, Number: d.Number, Unseen: in.unseen,
		Touch: store.Touch{Numbers: d.Numbers, Head: d.Head, Base: d.Base, Repo: d.Repo, Installation: d.Installation, Sweep: d.Sweep, SweepAll: d.SweepAll, Force: d.Force, Explain: d.Explain, Gone: d.Gone},
	}
	if ev.RepoID != 0 && d.State == webhook.Accepted {
		out.Repo = &store.Repo{ID: ev.RepoID, Installation: ev.Installation, Owner: ev.Owner, Name: ev.Repo, DefaultBranch: ev.DefaultBranch}
	}
	if d.Pushed {
		out.Pusher = &ev.Sender
	}
	if d.Onto {
		b := store.Branch{Name: ev.Branch, Audited: ev.Before, Seen: ev.After, SeenAt: d.Received}
		if ev.Created {
			b.Audited = "" // what it was made from is where it begins
		}
		out.Onto = &b
	}
	switch d.Foreign {
	case "check run":
		says := ev.CheckRun.Conclusion
		if says == "" {
			says = ev.CheckRun.Status
		}
		out.Foreign = &store.ForeignMark{Kind: d.Foreign, Name: ev.CheckRun.Name, Source: ev.CheckRun.App, Says: says}
	case "status":
		out.Foreign = &store.ForeignMark{Kind: d.Foreign, Name: ev.Status.Context, Source: ev.Sender.Login, Says: ev.Status.State}
	}
	if d.Group {
		g := store.Group{Head: ev.HeadSHA, HeadRef: ev.HeadRef, BaseRef: ev.BaseRef, State: store.GroupOpen}
		switch {
		case ev.Action == "destroyed" && ev.Reason == "merged":
			g.State = store.GroupMerged
		case ev.Action == "destroyed":
			g.State = store.GroupDropped
		}
		out.Group = &g
	}
	if (d.Search || d.SearchAll) && ev.Installation != 0 {
		out.Then = func(ctx context.Context, tx *store.Tx) error {
			return in.jobs.Search(ctx, tx, jobs.Search{Installation: ev.Installation, All: d.SearchAll})
		}
	}
	if d.Revoked != 0 {
		out.Then = func(ctx context.Context, tx *store.Tx) error { return tx.DropSessionsOf(ctx, d.Revoked) }
	}
	if d.Approved {
		entry := gate.Capture(ev.Review.ID, ev.Review.Reviewer, ev.Review.CommitID, ev.HeadSHA, ev.BaseRef, ev.BaseSHA)
		out.Entry, out.Submitted = &entry, ev.Review.Submitted
	}
	talk(d, &out)
	return out
}

func keyOf(ref review.Ref) store.Key { return store.Key{RepoID: ref.RepoID, Number: ref.Number} }

// records is the store as the review sees it.
type records struct {
	*store.Store
	enqueue func(context.Context, *store.Tx, []store.Key) error
	now     func() time.Time
	wake    func(ctx context.Context, tx *store.Tx, k store.Key, at time.Time) error
	decided func(gate.State)
	costs   []quality.CostPattern
	tracer  *trace.Tracer
	sign    func(ctx context.Context, o review.Outcome, made time.Time) (func(context.Context, *store.Tx) error, error)
}

func (r records) Touch(ctx context.Context, ref review.Ref, numbers []int) error {
	var keys []store.Key
	for _, n := range numbers {
		keys = append(keys, store.Key{RepoID: ref.RepoID, Number: n})
	}
	return r.Store.Tx(ctx, func(tx *store.Tx) error {
		if err := tx.Raise(ctx, keys); err != nil {
			return err
		}
		return r.enqueue(ctx, tx, keys)
	})
}

func (r records) SaveStanding(ctx context.Context, ref review.Ref, s github.Standing, updated time.Time) error {
	read := updated
	if r.now().Sub(updated) < 2*time.Second {
		updated = time.Time{} // GitHub's mark counts seconds: more may happen within this one
	}
	return r.Store.SavePull(ctx, store.Pull{Key: keyOf(ref), State: s.State, Draft: s.Draft, Head: s.Head, BaseRef: s.BaseRef, Base: s.Base, Updated: updated, Read: read}, r.enqueue)
}

func (r records) Groups(ctx context.Context, ref review.Ref) ([]review.Group, error) {
	groups, err := r.Store.Groups(ctx, ref.RepoID)
	var out []review.Group
	for _, g := range groups {
		to := review.Group{Head: g.Head, HeadRef: g.HeadRef, BaseRef: g.BaseRef, Members: g.Members}
		if g.State != store.GroupOpen {
			to.Ended = g.State
		}
		out = append(out, to)
	}
	return out, err
}

func (r records) SaveMembers(ctx context.Context, ref review.Ref, head string, numbers []int) error {
	return r.Store.SaveMembers(ctx, ref.RepoID, head, numbers)
}

func (r records) CloseGroup(ctx context.Context, ref review.Ref, head string) error {
	return r.Store.CloseGroup(ctx, ref.RepoID, head)
}

func (r records) Siblings(ctx context.Context, ref review.Ref, head, baseRef string) ([]int, error) {
	return r.Store.Siblings(ctx, keyOf(ref), head, baseRef)
}

func (r records) Pushers(ctx context.Context, ref review.Ref) ([]gate.Person, error) {
	return r.Store.Pushers(ctx, keyOf(ref))
}

func (r records) Ledger(ctx context.Context, ref review.Ref) ([]review.Entry, error) {
	entries, err := r.Store.Ledger(ctx, keyOf(ref))
	var out []review.Entry
	for _, e := range entries {
		out = append(out, review.Entry(e))
	}
	return out, err
}

func (r records) CompleteEntry(ctx context.Context, ref review.Ref, e gate.LedgerEntry) error {
	return r.Store.CompleteEntry(ctx, keyOf(ref), e)
}

func (r records) SaveChangedPaths(ctx context.Context, repoID int64, base, head string, facts []byte) error {
	return r.Store.SaveChangedPaths(ctx, repoID, base, head, facts, r.now())
}

func (r records) SaveConfig(ctx context.Context, key string, config []byte) error {
	return r.Store.SaveConfig(ctx, key, config, r.now())
}

func (r records) SaveScan(ctx context.Context, key string, result *scan.Result) error {
	return r.Store.SaveScan(ctx, key, result, r.now())
}

func (r records) Marks(ctx context.Context, ref review.Ref) ([]review.Mark, error) {
	deeds, err := r.Store.Slots(ctx, keyOf(ref), store.KindCheck)
	if err != nil {
		return nil, err
	}
	var out []review.Mark
	for _, d := range deeds {
		m, err := mark(d)
		if err != nil {
			return nil, err
		}
		m.Last = d.Number == ref.Number
		out = append(out, m)
	}
	return out, nil
}

func (r records) Says(ctx context.Context, slot string) (string, error) {
	d, err := r.Store.Newest(ctx, slot)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	m, err := mark(d)
	return m.Says, err
}

func mark(d store.Deed) (review.Mark, error) {
	g, err := decode(d)
	m := review.Mark{Slot: d.Slot, Head: d.Head, Name: g.Name}
	switch {
	case g.Kind == github.Cancel:
		m.Says = "cancelled"
	case g.Check != nil && g.Check.Conclusion != "":
		m.Name, m.Says = g.Check.Name, g.Check.Conclusion
	case g.Check != nil:
		m.Name, m.Says = g.Check.Name, g.Check.Status
	}
	return m, err
}

func (r records) Posted(ctx context.Context, ref review.Ref) (map[checks.Fingerprint]bool, error) {
	posted, err := r.Store.Posted(ctx, keyOf(ref))
	out := make(map[checks.Fingerprint]bool, len(posted))
	for f := range posted {
		out[checks.Fingerprint(f)] = true
	}
	return out, err
}

func (r records) Edits(ctx context.Context, ref review.Ref) (map[string]review.Edit, error) {
	deeds, err := r.Store.Slots(ctx, keyOf(ref), store.KindEdit)
	out := map[string]review.Edit{}
	for _, d := range deeds {
		g, err := decode(d)
		if err != nil {
			return nil, err
		}
		out[d.Slot] = review.Edit{Body: g.Body, Done: d.State == store.Done}
	}
	return out, err
}

func (r records) Keep(ctx context.Context, o review.Outcome) error {
	k := keyOf(o.Ref)
	var deeds []store.Deed
	for _, d := range o.Deeds {
		payload, err := json.Marshal(d.GitHub)
		if err != nil {
			return fmt.Errorf("writing down a deed: %w", err)
		}
		sum := sha256.Sum256(payload)
		deed := store.Deed{Name: d.Name, Slot: d.Slot, Every: d.Name == "", Kind: store.KindCheck, Key: k, Head: d.GitHub.Head, Payload: payload, Hash: hex.EncodeToString(sum[:]), Marker: d.GitHub.Key, Seq: o.Ref.Seq}
		switch d.GitHub.Kind {
		case github.Post:
			deed.Kind = store.KindReview
		case github.Cancel:
			deed.Kind = store.KindCancel
		case github.Reply:
			deed.Kind = store.KindReply
		case github.React:
			deed.Kind = store.KindReaction
		case github.Edit:
			deed.Kind = store.KindEdit
		case github.SetCheck, github.Issue:
		}
		deeds = append(deeds, deed)
	}
	var decision *store.Decision
	if o.Decision != nil {
		made := r.now()
		record, err := r.sign(ctx, o, made)
		if err != nil {
			return err
		}
		more := r.then(o)
		then := func(ctx context.Context, tx *store.Tx) error {
			if err := more(ctx, tx); err != nil {
				return err
			}
			return record(ctx, tx)
		}
		decision = &store.Decision{Key: k, Generation: o.Ref.Generation, Seq: o.Ref.Seq, Head: o.Standing.Head, BaseRef: o.Standing.BaseRef, Base: o.Standing.Base, Made: made,
			ScanKey: o.ScanKey, ConfigKey: o.ConfigKey, Decision: o.Decision, Facts: o.Facts, Then: then}
	}
	if decision != nil {
		var span trace.Span
		ctx, span = r.tracer.Begin(ctx, "decision", trace.Internal, trace.Str("reviewgate.decision.state", string(o.Decision.State)), trace.Bool("reviewgate.decision.advisory", o.Decision.Advisory),
			trace.Int("reviewgate.decision.guards", len(o.Decision.Guards)), trace.Int("reviewgate.deeds", len(deeds)))
		defer span.End()
	}
	if err := r.Store.Decide(ctx, decision, deeds, o.Clear, r.now()); err != nil {
		return err
	}
	if decision != nil {
		r.decided(decision.Decision.State)
	}
	return nil
}

// outbox is the outbox as the review sees it.
type outbox struct {
	*jobs.Outbox
	wake func(ctx context.Context, tx *store.Tx, k store.Key, at time.Time) error
}

func (o outbox) Settle(ctx context.Context, ref review.Ref) error {
	return o.Outbox.Settle(ctx, keyOf(ref))
}
func (o outbox) Deliver(ctx context.Context, ref review.Ref) error {
	return o.Outbox.Deliver(ctx, keyOf(ref))
}

// sender does deeds through the client of the pull request's installation.
type sender struct {
	app   *github.App
	store *store.Store
	pages string // where people reach the pages; "": nowhere
}

func (s sender) client(ctx context.Context, d store.Deed) (*github.Client, github.Deed, error) {
	g, err := decode(d)
	if err != nil {
		return nil, g, err
	}
	p, err := s.store.Pull(ctx, d.Key)
	if err != nil {
		return nil, g, err
	}
	g.Owner, g.Repo = p.Repo.Owner, p.Repo.Name // as they are called now
	g.Seq = d.Seq
	return s.app.Installation(p.Repo.Installation), g, nil
}

func (s sender) Find(ctx context.Context, d store.Deed) (jobs.Receipt, bool, error) {
	c, g, err := s.client(ctx, d)
	if err != nil {
		return jobs.Receipt{}, false, err
	}
	r, ok, err := c.Find(ctx, g)
	return receipt(r), ok, err
}

func (s sender) Send(ctx context.Context, d store.Deed, known int64) (jobs.Receipt, error) {
	c, g, err := s.client(ctx, d)
	if err != nil {
		return jobs.Receipt{}, err
	}
	if g.Kind == github.SetCheck {
		g.CheckRunID = known
		if s.pages != "" && d.Number > 0 {
			g.DetailsURL = fmt.Sprintf("%s/repositories/%d/pulls/%d", s.pages, d.RepoID, d.Number)
		}
	}
	r, err := c.Deliver(ctx, g)
	return receipt(r), err
}

func receipt(r github.Receipt) jobs.Receipt {
	return jobs.Receipt{ID: r.ID, Fingerprints: r.Fingerprints, Stale: r.Stale}
}

func decode(d store.Deed) (g github.Deed, err error) {
	if err := json.Unmarshal(d.Payload, &g); err != nil {
		return g, fmt.Errorf("reading the deed %s: %w", d.Name, err)
	}
	return g, nil
}

// later is a rate limit as the queue understands it.
type later struct {
	error
	wait time.Duration
}

func (l later) RetryAfter() time.Duration { return l.wait }
func (l later) Unwrap() error             { return l.error }

func (s *Server) limits(err error) error {
	var limited *github.RateLimited
	if errors.As(err, &limited) {
		return later{err, limited.Until.Sub(s.cfg.Now())}
	}
	return err
}
