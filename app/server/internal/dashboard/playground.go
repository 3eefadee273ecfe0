package dashboard

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/reviewgate-app/reviewgate/app/play"
)

// Limits of the playground.
const (
	playPerMinute = 60 // questions of one person
	playAtOnce    = 2  // questions of all
)

// seats bound who plays how much.
type seats struct {
	mu   sync.Mutex
	used map[int64][]time.Time // by person: their questions of the last minute
	busy int
}

type viewerKey struct{}

var (
	errTooOften = errors.New("you asked very often: wait a moment")
	errFull     = errors.New("others are trying rules now: try again in a moment")
)

// take begins a question of a person.
func (s *seats) take(person int64, now time.Time) (done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, times := range s.used {
		for len(times) > 0 && now.Sub(times[0]) >= time.Minute {
			times = times[1:]
		}
		if s.used[id] = times; len(times) == 0 {
			delete(s.used, id)
		}
	}
	switch {
	case len(s.used[person]) >= playPerMinute:
		return nil, errTooOften
	case s.busy >= playAtOnce:
		return nil, errFull
	}
	s.used[person] = append(s.used[person], now)
	s.busy++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy--
	}, nil
}

// playground mounts the playground of rules for whoever is signed in. It keeps nothing; code and rule go to the sandboxed worker only.
func (d *Dashboard) playground() error {
	if d.opt.Ask == nil {
		return nil
	}
	h, err := play.Handler(play.Options{Prefix: "/play", Home: "/", Ask: func(ctx context.Context, q *play.Question) (*play.Answer, error) {
		v, _ := ctx.Value(viewerKey{}).(Viewer)
		done, err := d.seats.take(v.ID, d.opt.Now())
		if err != nil {
			return nil, err
		}
		defer done()
		return d.opt.Ask(ctx, q)
	}})
	if err != nil {
		return err
	}
	d.mux.HandleFunc("/play/", func(w http.ResponseWriter, r *http.Request) {
		v, _, ok := d.enter(w, r)
		if !ok {
			return
		}
		// A header of htmx cannot be sent from elsewhere: it is the token of this form, which changes nothing.
		if r.Method == http.MethodPost && r.Header.Get("HX-Request") != "true" {
			http.Error(w, "requests come from the page itself", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), viewerKey{}, v)))
	})
	return nil
}
