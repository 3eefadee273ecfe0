package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/play"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/server/internal/dashboard"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// Times of the pages.
const (
	beatEvery = 10 * time.Second // between two signs of life of a process
	aliveFor  = 45 * time.Second // a process is shown after its last one
)

// dashboard puts the pages together; nil: nobody could open them.
func (s *Server) dashboard() (http.Handler, error) {
	o := dashboard.Options{PublicURL: s.cfg.PublicURL, GitHubURL: s.cfg.GitHubURL, Secret: s.secrets.clientSecret, Admins: s.cfg.Admins, Loopback: s.cfg.LoopbackPages,
		Sessions: sessions{s.store}, Facts: shown{s}, Dead: deadShown{s}, Audit: auditShown{s}, Quality: s.store, Records: shownRecords{s}, Version: s.cfg.Version, Now: s.cfg.Now, Log: s.cfg.Log,
		Ask: func(ctx context.Context, q *play.Question) (*play.Answer, error) {
			return play.Ask(ctx, q, s.cfg.Sandbox)
		},
	}
	switch {
	case s.cfg.ClientID != "":
		in, err := github.NewSignIn(github.Options{APIURL: s.cfg.APIURL, WebURL: s.cfg.GitHubURL, HTTP: s.cfg.HTTP, Now: s.cfg.Now, Pace: s.cfg.Pace, Log: s.cfg.Log}, s.cfg.ClientID, s.secrets.clientSecret)
		if err != nil {
			return nil, err
		}
		o.SignIn = in
	case !s.cfg.LoopbackPages:
		return nil, nil
	}
	return dashboard.New(o)
}

// sessions are the store's sessions as the pages see them.
type sessions struct{ *store.Store }

func (s sessions) Session(ctx context.Context, hash string) (dashboard.Session, bool, error) {
	one, ok, err := s.Store.Session(ctx, hash)
	return dashboard.Session(one), ok, err
}

func (s sessions) SaveSession(ctx context.Context, one dashboard.Session, known bool) error {
	return s.Store.SaveSession(ctx, store.Session(one), known)
}

// beats tells the other processes, and the pages, that this one is alive, until it ends.
func (s *Server) beats() {
	p := store.Process{Name: s.store.Replica(), Version: s.cfg.Version, Role: string(s.cfg.Role), Started: s.cfg.Now()}
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		p.Seen, p.Says = s.cfg.Now(), store.ProcessSays{Quotas: s.quotas()}
		if s.cfg.Role != Web {
			p.Says.Sandbox, p.Says.Held, p.Says.Missing = modeName(s.cfg.Sandbox), s.layers.Held, s.layers.Missing
		}
		if err := s.store.Beat(s.ctx, p); err != nil && s.ctx.Err() == nil {
			s.cfg.Log.Warn().Err(err).Msg("telling that this process is alive")
		}
		select {
		case <-s.ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), closeTime)
			defer cancel()
			if err := s.store.Gone(ctx, p.Name); err != nil {
				s.cfg.Log.Warn().Err(err).Msg("telling that this process ends")
			}
			return
		case <-tick.C:
		}
	}
}

func modeName(m sandbox.Mode) string {
	switch m {
	case sandbox.Require:
		return "require"
	case sandbox.Auto:
		return "auto"
	default:
		return "off"
	}
}

// quotas is what this process heard of the requests that are left.
func (s *Server) quotas() (out []store.Quota) {
	list, err := s.store.Installations(s.ctx)
	if err != nil {
		return nil // the next beat tells
	}
	for _, id := range list {
		if q := s.app.Installation(id).Quota(); q.Limit > 0 {
			out = append(out, store.Quota{Installation: id, Remaining: q.Remaining, Limit: q.Limit, Reset: q.Reset})
		}
	}
	return out
}

// shown is what the store and the server know, as the pages see it.
type shown struct{ s *Server }

func (f shown) Overview(ctx context.Context) (*dashboard.Overview, error) {
	st := f.s.store
	var o dashboard.Overview
	var err error
	if o.Queue, err = st.QueueDepth(ctx); err != nil {
		return nil, err
	}
	if o.Behind, err = st.CountBehind(ctx); err != nil {
		return nil, err
	}
	if o.Bypasses, err = st.CountBypasses(ctx); err != nil {
		return nil, err
	}
	dead, err := st.CountDead(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range dead {
		o.Dead += n
	}
	deliveries, err := st.NewestDeliveries(ctx, 20)
	if err != nil {
		return nil, err
	}
	o.Deliveries = deliveriesShown(deliveries)
	processes, err := st.Processes(ctx, f.s.cfg.Now().Add(-aliveFor))
	if err != nil {
		return nil, err
	}
	for _, p := range processes {
		one := dashboard.Process{Name: p.Name, Version: p.Version, Role: p.Role, Started: p.Started, Seen: p.Seen, Sandbox: p.Says.Sandbox, Held: p.Says.Held, Missing: p.Says.Missing}
		for _, q := range p.Says.Quotas {
			one.Quotas = append(one.Quotas, dashboard.Quota{Installation: q.Installation, Remaining: q.Remaining, Limit: q.Limit, Reset: q.Reset})
		}
		o.Processes = append(o.Processes, one)
	}
	read, err := st.Setting(ctx, deliveriesTo)
	if err != nil {
		return nil, err
	}
	o.GitHubRead, _ = time.Parse(time.RFC3339, read) // the zero time: never
	return &o, nil
}

func deliveriesShown(list []store.DeliveryShown) (out []dashboard.Delivery) {
	for _, d := range list {
		out = append(out, dashboard.Delivery{ID: d.GUID, Event: d.Event, Action: d.Action, State: d.State, Note: d.Note, Received: d.Received, RepoID: d.RepoID, Repo: d.Repo, Number: d.Number, Want: d.Want})
	}
	return out
}

// absent turns what the store does not have into what the pages do not show.
func absent(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return dashboard.ErrNotFound
	}
	return err
}
