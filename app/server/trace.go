package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/trace"
	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
	"github.com/reviewgate-app/reviewgate/app/source"
)

// The spans of one event, of which docs/operator.md tells whoever looks at them:
//
//	delivery                the webhook, from its signature to its place on disk
//	  job                   in whatever process takes it; linked to the other deliveries that it answers
//	    github ...          each request
//	    fetch               git
//	    scan                the sandboxed worker
//	    decision            written down, with what is to be told
//	    find, deed          looked up on GitHub, and done there

// startTraces begins to make spans, if anybody wants them.
func (s *Server) startTraces(ctx context.Context) (err error) {
	to := s.cfg.Exporter
	if to == nil && s.cfg.Traces == OTLP {
		if to, err = trace.OTLP(ctx); err != nil {
			return err
		}
	}
	if to == nil {
		return nil
	}
	s.tracer, err = trace.New(ctx, to, s.cfg.Version, s.cfg.Log)
	return err
}

// traced makes spans of requests to GitHub.
func traced(c *http.Client) *http.Client {
	var out http.Client
	if c != nil {
		out = *c
	}
	if out.Transport == nil {
		out.Transport = http.DefaultTransport
	}
	out.Transport = trace.Transport(out.Transport)
	return &out
}

// repoAttrs names a repository. Names are in spans, and nothing that is in the repository.
func repoAttrs(owner, name string, number int) []trace.Attr {
	attrs := []trace.Attr{trace.Str("vcs.owner.name", owner), trace.Str("vcs.repository.name", name)}
	if number > 0 {
		attrs = append(attrs, trace.Int("vcs.change.id", number))
	}
	return attrs
}

// traceDelivery begins the trace of a delivery.
func (s *Server) traceDelivery(ctx context.Context, d webhook.Delivery) (keep context.Context, id string, ended func(result string)) {
	ctx, span := s.tracer.BeginRoot(ctx, "delivery", trace.Server, d.Received,
		trace.Str("reviewgate.delivery.id", d.GUID), trace.Str("github.event", d.Event), trace.Str("github.action", d.Action))
	if ev := d.Payload; ev.RepoID != 0 {
		span.Set(repoAttrs(ev.Owner, ev.Repo, d.Number)...)
	}
	ctx = trace.WithCause(ctx, trace.Cause{Delivery: d.GUID, Parent: trace.ParentOf(ctx)})
	return ctx, trace.IDOf(ctx), func(result string) {
		span.Set(trace.Str("reviewgate.result", result))
		if result == "failed" {
			span.Fail("database")
		}
		span.End()
	}
}

// traceJob begins the span of a job, in the trace of the event that put it in.
func (s *Server) traceJob(ctx context.Context, k store.Key, want, id int64, attempt int) (run context.Context, ended func(result string)) {
	ctx = trace.WithJob(ctx, id, attempt)
	causes, err := s.store.Causes(ctx, k, want)
	if err != nil { // the job is done all the same
		s.cfg.Log.Warn().Ctx(ctx).Err(err).Msg("what caused a job cannot be read; its trace begins anew")
	}
	ctx, span := s.tracer.BeginCaused(ctx, "job", trace.Consumer, causes, trace.Str("reviewgate.job.kind", kindOf(k)), trace.Int("reviewgate.job.id", id), trace.Int("reviewgate.job.attempt", attempt))
	if s.tracer != nil {
		if p, err := s.store.Pull(ctx, k); err == nil {
			span.Set(repoAttrs(p.Repo.Owner, p.Repo.Name, k.Number)...)
		}
	}
	cause := trace.Cause{Parent: trace.ParentOf(ctx)} // of what this job puts into the queue
	if len(causes) > 0 {
		cause.Delivery = causes[0].Delivery
	}
	return trace.WithCause(ctx, cause), func(result string) {
		span.Set(trace.Str("reviewgate.result", result))
		if result == "failed" || result == "gave up" {
			span.Fail(result)
		}
		span.End()
	}
}

func (s *Server) traceScan(ctx context.Context, in *scan.Input, run func(context.Context) (*scan.Result, error)) (*scan.Result, error) {
	ctx, span := s.tracer.Begin(ctx, "scan", trace.Internal, trace.Int("reviewgate.files", len(in.Files)), trace.Str("vcs.ref.head.revision", in.Head))
	defer span.End()
	r, err := run(ctx)
	if err != nil {
		span.Fail(failure(err))
		return r, err
	}
	span.Set(trace.Int("reviewgate.findings", len(r.Findings)), trace.Int("reviewgate.failures", len(r.Failures())))
	return r, nil
}

// A tracedSender makes spans of what is looked up and done on GitHub.
type tracedSender struct {
	jobs.Sender
	tracer *trace.Tracer
}

// Find looks for what an earlier try made.
func (t tracedSender) Find(ctx context.Context, d store.Deed) (jobs.Receipt, bool, error) {
	ctx, span := t.tracer.Begin(ctx, "find", trace.Internal, trace.Str("reviewgate.deed.kind", d.Kind))
	defer span.End()
	r, ok, err := t.Sender.Find(ctx, d)
	if err != nil {
		span.Fail(failure(err))
	}
	span.Set(trace.Bool("reviewgate.deed.found", ok))
	return r, ok, err
}

// Send does a deed.
func (t tracedSender) Send(ctx context.Context, d store.Deed, known int64) (jobs.Receipt, error) {
	ctx, span := t.tracer.Begin(ctx, "deed", trace.Internal, trace.Str("reviewgate.deed.kind", d.Kind), trace.Int("reviewgate.deed.attempt", d.Attempts+1), trace.Str("vcs.ref.head.revision", d.Head))
	defer span.End()
	r, err := t.Sender.Send(ctx, d, known)
	if err != nil {
		span.Fail(failure(err))
	}
	span.Set(trace.Bool("reviewgate.deed.stale", r.Stale))
	return r, err
}

// failure is a word for an error. Its text may quote what is nobody's business; it is in the log.
func failure(err error) string {
	var limited *github.RateLimited
	var soon *github.Temporary
	var refused *github.Error
	var git *source.Error
	var worker *sandbox.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(err, &limited):
		return "rate_limit"
	case errors.As(err, &soon):
		return "github_unavailable"
	case errors.As(err, &refused):
		return "github_refused"
	case errors.As(err, &git):
		return "git"
	case errors.As(err, &worker):
		return "sandbox"
	}
	return "other"
}
