package trace

import (
	"context"

	"github.com/rs/zerolog"
)

// A Cause is why a job runs.
type Cause struct {
	Delivery string // GitHub's id of the delivery; "": none, such as for a sweep
	Parent   string // the span that put the job in, as a W3C traceparent; "": none
}

// A job is what the log says of the job that a context belongs to.
type job struct {
	id      int64
	attempt int
}

type (
	causeKey struct{}
	jobKey   struct{}
)

// WithCause gives what happens in a context a cause. What is put into the queue there gets it too.
func WithCause(ctx context.Context, c Cause) context.Context {
	return context.WithValue(ctx, causeKey{}, c)
}

// CauseOf is the cause of what happens in a context; the zero Cause: nothing is known.
func CauseOf(ctx context.Context) Cause {
	c, _ := ctx.Value(causeKey{}).(Cause)
	return c
}

// WithJob notes which try of which job of the queue a context belongs to.
func WithJob(ctx context.Context, id int64, attempt int) context.Context {
	return context.WithValue(ctx, jobKey{}, job{id, attempt})
}

// Hook adds to a line of the log what its context knows: trace_id, delivery_id, job_id and attempt.
type Hook struct{}

// Run adds the fields.
func (Hook) Run(e *zerolog.Event, _ zerolog.Level, _ string) {
	ctx := e.GetCtx()
	if id := IDOf(ctx); id != "" {
		e.Str("trace_id", id)
	}
	if c := CauseOf(ctx); c.Delivery != "" {
		e.Str("delivery_id", c.Delivery)
	}
	if j, ok := ctx.Value(jobKey{}).(job); ok {
		e.Int64("job_id", j.id).Int("attempt", j.attempt)
	}
}
