package trace

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope is who makes the spans.
const scope = "github.com/reviewgate-app/reviewgate"

// An Exporter takes finished spans.
type Exporter = sdk.SpanExporter

// OTLP exports over HTTP to where the standard variables of OpenTelemetry say (OTEL_EXPORTER_OTLP_ENDPOINT and its kin).
func OTLP(ctx context.Context) (Exporter, error) {
	e, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("preparing the export of traces: %w", err)
	}
	return e, nil
}

// A Tracer makes spans. A nil one makes none.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New makes a Tracer. What cannot be exported is logged and dropped: no job waits for it, and none fails.
func New(ctx context.Context, to Exporter, version string, log zerolog.Logger) (*Tracer, error) {
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "reviewgate"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv()) // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last and win
	if err != nil {
		return nil, fmt.Errorf("preparing traces: %w", err)
	}
	// The sampler is the standard one: OTEL_TRACES_SAMPLER, or everything.
	p := sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithBatcher(told{to, log}))
	return &Tracer{provider: p, tracer: p.Tracer(scope)}, nil
}

// told logs what could not be exported. The SDK would hand that to a handler that the whole process shares.
type told struct {
	sdk.SpanExporter
	log zerolog.Logger
}

// ExportSpans exports.
func (t told) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if err := t.SpanExporter.ExportSpans(ctx, spans); err != nil {
		t.log.Warn().Err(err).Int("spans", len(spans)).Msg("traces could not be exported; these spans are lost")
	}
	return nil
}

// Flush exports what has ended.
func (t *Tracer) Flush(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.ForceFlush(ctx)
}

// Stop exports what has ended, and makes no more spans.
func (t *Tracer) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("exporting the last traces: %w", err)
	}
	return nil
}

// The kinds of spans.
const (
	Internal = trace.SpanKindInternal
	Server   = trace.SpanKindServer   // somebody asked us
	Client   = trace.SpanKindClient   // we ask GitHub
	Consumer = trace.SpanKindConsumer // a job of the queue
)

// An Attr is an attribute of a span.
type Attr = attribute.KeyValue

// Str, Int and Bool make attributes.
func Str(key, value string) Attr { return attribute.String(key, value) }

// Int makes an attribute.
func Int[N int | int64](key string, value N) Attr { return attribute.Int64(key, int64(value)) }

// Bool makes an attribute.
func Bool(key string, value bool) Attr { return attribute.Bool(key, value) }

// A Span is a piece of work. The zero Span is none.
type Span struct{ span trace.Span }

// Begin begins a span below the one of the context.
func (t *Tracer) Begin(ctx context.Context, name string, kind trace.SpanKind, attrs ...Attr) (context.Context, Span) {
	return t.begin(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attrs...))
}

// BeginRoot begins a trace. since is when the work began.
func (t *Tracer) BeginRoot(ctx context.Context, name string, kind trace.SpanKind, since time.Time, attrs ...Attr) (context.Context, Span) {
	return t.begin(ctx, name, trace.WithNewRoot(), trace.WithSpanKind(kind), trace.WithTimestamp(since), trace.WithAttributes(attrs...))
}

// BeginCaused begins a span in the trace of the first cause that has one, which is linked to those of the others: one job may answer several events.
func (t *Tracer) BeginCaused(ctx context.Context, name string, kind trace.SpanKind, causes []Cause, attrs ...Attr) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	opt := []trace.SpanStartOption{trace.WithSpanKind(kind), trace.WithAttributes(attrs...)}
	var parent trace.SpanContext
	for _, c := range causes {
		sc := decode(ctx, c.Parent)
		switch {
		case !sc.IsValid():
		case !parent.IsValid():
			parent = sc
		default:
			opt = append(opt, trace.WithLinks(trace.Link{SpanContext: sc, Attributes: []Attr{Str("reviewgate.delivery.id", c.Delivery)}}))
		}
	}
	return t.begin(trace.ContextWithRemoteSpanContext(ctx, parent), name, opt...)
}

func (t *Tracer) begin(ctx context.Context, name string, opt ...trace.SpanStartOption) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx, s := t.tracer.Start(ctx, name, opt...)
	return ctx, Span{s}
}

// Set adds attributes.
func (s Span) Set(attrs ...Attr) {
	if s.span != nil {
		s.span.SetAttributes(attrs...)
	}
}

// Fail marks the span as failed. kind is a word of ours, never an error's text.
func (s Span) Fail(kind string) {
	if s.span != nil {
		s.span.SetStatus(codes.Error, "")
		s.span.SetAttributes(attribute.String("error.type", kind))
	}
}

// End ends the span.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}

// IDOf is the id of the trace that a context is in, 32 hexadecimal digits; "": in none.
func IDOf(ctx context.Context) string {
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		return sc.TraceID().String()
	}
	return ""
}

// ParentOf is the span of a context as a W3C traceparent, for whoever goes on with it in another process; "": there is none.
func ParentOf(ctx context.Context) string {
	to := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, to)
	return to["traceparent"]
}

func decode(ctx context.Context, parent string) trace.SpanContext {
	if parent == "" {
		return trace.SpanContext{}
	}
	none := trace.ContextWithSpanContext(ctx, trace.SpanContext{}) // what cannot be read leaves the context as it is
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(none, propagation.MapCarrier{"traceparent": parent}))
}

// Transport makes a span of every request that belongs to one. It sends nobody the ids, and the span says what was asked for by a word of the
// address ("pulls", "check-runs"), because the whole address names branches and people.
func Transport(next http.RoundTripper) http.RoundTripper { return transport{next} }

type transport struct{ next http.RoundTripper }

// RoundTrip sends the request.
func (tr transport) RoundTrip(req *http.Request) (*http.Response, error) {
	parent := trace.SpanFromContext(req.Context())
	if !parent.IsRecording() {
		return tr.next.RoundTrip(req)
	}
	t := Tracer{tracer: parent.TracerProvider().Tracer(scope)}
	ctx, span := t.Begin(req.Context(), "github "+strings.ToLower(req.Method)+" "+about(req.URL.Path), Client,
		Str("http.request.method", req.Method), Str("server.address", req.URL.Hostname()))
	defer span.End()
	resp, err := tr.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		span.Fail("connection")
		return resp, err
	}
	span.Set(Int("http.response.status_code", resp.StatusCode))
	if resp.StatusCode >= http.StatusBadRequest {
		span.Fail(fmt.Sprint(resp.StatusCode))
	}
	return resp, nil
}

// words are what requests are about. Nothing else of an address is shown.
var words = []string{"access_tokens", "graphql", "check-runs", "check-suites", "reviews", "comments", "commits", "contents", "branches", "rulesets", "rules", "memberships",
	"members", "teams", "collaborators", "pulls", "issues", "reactions", "compare", "git", "deliveries", "installations", "repositories", "users", "orgs", "app", "repos"}

// about finds the word for an address: the last known one that does not stand where GitHub puts a name.
func about(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) > 2 && parts[0] == "api" && parts[1] == "v3" { // an Enterprise Server's
		parts = parts[2:]
	}
	best := "other"
	for i := 0; i < len(parts); i++ {
		for _, w := range words {
			if parts[i] == w {
				best = w
			}
		}
		switch parts[i] {
		case "repos":
			i += 2 // owner and name
		case "orgs", "users", "teams", "members", "memberships", "collaborators", "branches", "installations":
			i++ // a name or a number
		case "contents", "compare", "git":
			return best // what follows is a path or a branch
		}
	}
	return best
}
