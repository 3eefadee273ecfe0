package server

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// Bounds of the recovery of missed deliveries.
const (
	redeliverFor = 3 * 24 * time.Hour // GitHub can send a delivery again for that long
	overlap      = 15 * time.Minute   // attempts may be logged a little late
	maxAgain     = 200                // deliveries that are sent again at a time
	deliveriesTo = "deliveries:seen"  // the setting that holds how far the log was read
)

// worthAgain lists what only a webhook says: what an approval or a command saw, who pushed, what a merge queue waits for, and where we are
// installed. Everything else is read afresh by a sweep.
var worthAgain = map[string][]string{
	"pull_request_review":       {"submitted"},
	"pull_request":              {"opened", "reopened", "synchronize", "closed"},
	"issue_comment":             {"created"},
	"merge_group":               nil,
	"installation":              nil,
	"installation_repositories": nil,
}

// recover reads GitHub's log of deliveries back to where it was read the last time, and has sent again what never arrived. A delivery keeps its id,
// so one that did arrive changes nothing.
func (s *Server) recover(ctx context.Context) error {
	now := s.cfg.Now()
	since := now.Add(-redeliverFor)
	text, err := s.store.Setting(ctx, deliveriesTo)
	if err != nil {
		return err
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil && at.Add(-overlap).After(since) {
		since = at.Add(-overlap)
	}
	list, complete, err := s.app.Attempts(ctx, since)
	if err != nil {
		return err
	}
	if !complete {
		s.cfg.Log.Error().Bool("alert", true).Msg("GitHub's log of deliveries is longer than is read at a time; what is older is made up for by sweeps only")
	}
	missed, err := s.missed(ctx, list)
	if err != nil {
		return err
	}
	again := missed[:min(len(missed), maxAgain)]
	for _, a := range again {
		if err := s.app.Redeliver(ctx, a.ID); err != nil {
			return err
		}
		s.cfg.Log.Info().Str("delivery_id", a.GUID).Str("event", a.Event).Str("action", a.Action).Time("at", a.At).Msg("a delivery was missed; GitHub sends it again")
	}
	upTo := now
	if len(again) < len(missed) {
		upTo = missed[len(again)].At // the rest the next time
	}
	if err := s.store.SetSetting(ctx, deliveriesTo, upTo.UTC().Format(time.RFC3339)); err != nil {
		return fmt.Errorf("remembering how far the log of deliveries was read: %w", err)
	}
	return nil
}

// missed picks, oldest first, one attempt of each delivery that is worth it and never arrived. One that was sent again and failed again within the
// overlap is left to the next time.
func (s *Server) missed(ctx context.Context, list []github.Attempt) ([]github.Attempt, error) {
	done := map[string]bool{}
	for _, a := range list {
		done[a.GUID] = done[a.GUID] || a.OK
	}
	var out []github.Attempt
	for _, a := range slices.Backward(list) {
		actions, ok := worthAgain[a.Event]
		if !ok || actions != nil && !slices.Contains(actions, a.Action) || done[a.GUID] {
			continue
		}
		done[a.GUID] = true
		has, err := s.store.HasDelivery(ctx, a.GUID)
		if err != nil {
			return nil, err
		}
		if !has {
			out = append(out, a)
		}
	}
	return out, nil
}
