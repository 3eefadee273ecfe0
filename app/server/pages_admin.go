package server

import (
	"context"
	"errors"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/dashboard"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// deadShown are the dead letters as the pages see them.
type deadShown struct{ s *Server }

func (d deadShown) List(ctx context.Context, kind string, limit int) (out []dashboard.DeadLetter, err error) {
	list, err := d.s.deadLetters(ctx, store.DeadLetterFilter{Kind: kind, Limit: limit})
	for _, l := range list {
		out = append(out, dashboard.DeadLetter{Kind: l.Kind, ID: l.ID, What: l.What, Repo: l.Repo, LastError: l.LastError, Means: l.Means, RepoID: l.RepoID, Number: l.Number, Attempts: l.Attempts, At: l.At, Retry: l.Retry})
	}
	return out, err
}

func (d deadShown) Retry(ctx context.Context, kind, id, who string) (bool, error) {
	found, err := d.s.retryDead(ctx, kind, id, who)
	return found, refusal(err)
}

func (d deadShown) Drop(ctx context.Context, kind, id, who string) (bool, error) {
	found, err := d.s.dropDead(ctx, kind, id, who)
	return found, refusal(err)
}

// refusal shows an administrator why something was not done: it is theirs to mend.
func refusal(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return &dashboard.Refusal{Message: "It was not done: " + github.Redact(err.Error())}
}

// auditShown is the audit log as the pages see it.
type auditShown struct{ s *Server }

func (a auditShown) Page(ctx context.Context, f dashboard.AuditFilter, cursor int64, limit int) (out []dashboard.AuditEntry, next int64, err error) {
	list, next, err := a.s.store.AuditPage(ctx, store.AuditFilter{Kind: f.Kind, Actor: f.Actor, RepoID: f.RepoID, Number: f.Number}, cursor, limit)
	for _, r := range list {
		at, err := time.Parse(time.RFC3339, r.At)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, dashboard.AuditEntry{Seq: r.Seq, At: at, Actor: r.Actor, Kind: r.Kind, Repo: r.Repo, Subject: r.Subject, Hash: r.Hash, RepoID: r.RepoID, Number: r.Number, Detail: r.Detail})
	}
	return out, next, err
}

func (a auditShown) SignedIn(ctx context.Context, who string, admin bool) error {
	return a.s.store.Audit(ctx, store.AuditEntry{At: a.s.cfg.Now(), Actor: who, Kind: store.AuditSignIn, Detail: map[string]any{"admin": admin}})
}

func (a auditShown) SignedOut(ctx context.Context, who string) error {
	return a.s.store.Audit(ctx, store.AuditEntry{At: a.s.cfg.Now(), Actor: who, Kind: store.AuditSignOut})
}
