package server

import (
	"context"
	"errors"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
)

// What gave up is kept until a person has seen to it: jobs after their last try, deeds that GitHub refused, deliveries that could not be read.

// deadLetters lists them, without secrets that an error may quote.
func (s *Server) deadLetters(ctx context.Context, f store.DeadLetterFilter) ([]store.DeadLetter, error) {
	list, err := s.store.DeadLetters(ctx, f)
	for i := range list {
		list[i].LastError = github.Redact(list[i].LastError)
	}
	return list, err
}

// retryDead has one tried again, in the name of who. It answers false if it is no longer there.
func (s *Server) retryDead(ctx context.Context, kind, id, who string) (bool, error) {
	again := s.queue.Again
	if kind == store.DeadDelivery {
		event, received, body, err := s.store.KeptBody(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		d, err := webhook.Again(id, event, received, body, s.cfg.AppID)
		if err != nil {
			return false, err
		}
		again = func(ctx context.Context, tx *store.Tx, _ store.DeadLetter) error {
			_, err := tx.Receive(ctx, s.inbox().delivery(d), s.queue.Enqueue)
			return err
		}
	}
	return s.store.RetryDead(ctx, kind, id, who, s.cfg.Now(), again)
}

// dropDead takes one off the list, in the name of who. It answers false if it is no longer there.
func (s *Server) dropDead(ctx context.Context, kind, id, who string) (bool, error) {
	return s.store.DropDead(ctx, kind, id, who, s.cfg.Now())
}
