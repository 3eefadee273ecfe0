package server

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/reviewgate-app/reviewgate/app/doctor"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
)

// The hourly audit of what binds a branch: a check that GitHub does not require holds nothing, and whoever reads it has to know. It is read when
// a decision is told, at most once an hour for each branch, with the permissions that the App has anyway. `reviewgate doctor` sees more.

// Bounds of the audit of settings.
const (
	bindingLife  = time.Hour
	maxBindings  = 10_000 // branches that are remembered
	bindingReads = 10 * time.Second
)

// bindings remember what was read of each branch.
type bindings struct {
	mu   sync.Mutex
	seen map[string]binding // by "repository id/branch"
}

type binding struct {
	read time.Time
	note string
}

// unheld is a sentence for the check's summary where GitHub does not require the check from us; "" where it does, and where that cannot be told.
func (s *Server) unheld(ctx context.Context, ref review.Ref, defaultBranch, base string) string {
	key, now := fmt.Sprintf("%d/%s", ref.RepoID, base), s.cfg.Now()
	b := &s.bindings
	b.mu.Lock()
	old, known := b.seen[key]
	if known && now.Sub(old.read) < bindingLife {
		b.mu.Unlock()
		return old.note
	}
	if b.seen == nil || len(b.seen) >= maxBindings {
		b.seen = map[string]binding{}
	}
	b.seen[key] = binding{read: now, note: old.note} // nobody else asks meanwhile
	b.mu.Unlock()

	note := s.readBinding(ctx, ref, defaultBranch, base)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[key] = binding{read: now, note: note}
	return note
}

func (s *Server) readBinding(ctx context.Context, ref review.Ref, defaultBranch, base string) string {
	ctx, cancel := context.WithTimeout(ctx, bindingReads)
	defer cancel()
	log := s.cfg.Log.With().Ctx(ctx).Str("repo", ref.Owner+"/"+ref.Name).Str("branch", base).Logger()
	got, unread, err := s.app.Installation(ref.Installation).Binding(ctx, ref.Owner, ref.Name, base)
	if err != nil {
		log.Debug().Str("error", github.Redact(err.Error())).Msg("what binds the branch cannot be read")
		return ""
	}
	held, holes := doctor.Held(defaultBranch, got, unread, s.app.ID())
	for _, f := range holes {
		log.Warn().Str("hole", f.ID).Str("remedy", f.Remedy).Msg("GitHub's settings let through: " + f.Title)
	}
	if held != "no" {
		return ""
	}
	check := gate.CheckName(defaultBranch, base)
	return fmt.Sprintf("_GitHub does not require the check %s from this App on %s: `reviewgate doctor` says how._", code(check), code(base))
}

// code shows a name in Markdown, whatever it is made of.
func code(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == '`' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
	return "`" + s + "`"
}
