package trace_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/reviewgate-app/reviewgate/app/server/internal/trace"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestOff shows that nothing is made, and nothing breaks, where nobody wants spans.
func TestOff(t *testing.T) {
	t.Parallel()
	var none *trace.Tracer
	ctx, span := none.Begin(t.Context(), "scan", trace.Internal)
	span.Set(trace.Str("a", "b"))
	span.Fail("other")
	span.End()
	if id, parent := trace.IDOf(ctx), trace.ParentOf(ctx); id != "" || parent != "" {
		t.Errorf("id %q, parent %q", id, parent)
	}
	if ctx, _ := none.BeginCaused(t.Context(), "job", trace.Consumer, []trace.Cause{{Parent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}); trace.IDOf(ctx) != "" {
		t.Error("a trace goes on although none is made")
	}
	must(t, none.Flush(t.Context()))
	must(t, none.Stop(t.Context()))
}

// TestCauses: a job is in the trace of the first event that it answers, and linked to the others.
func TestCauses(t *testing.T) {
	t.Parallel()
	out := tracetest.NewInMemoryExporter()
	tracer, err := trace.New(t.Context(), out, "1", zerolog.Nop())
	must(t, err)
	var causes []trace.Cause
	for _, guid := range []string{"one", "two"} {
		ctx, span := tracer.BeginRoot(t.Context(), "delivery", trace.Server, time.Now())
		causes = append(causes, trace.Cause{Delivery: guid, Parent: trace.ParentOf(ctx)})
		span.End()
	}
	all := append([]trace.Cause{{Delivery: "zero"}, {Delivery: "broken", Parent: "00-xx"}}, causes...)
	ctx, span := tracer.BeginCaused(t.Context(), "job", trace.Consumer, all)
	if want := strings.Split(causes[0].Parent, "-")[1]; trace.IDOf(ctx) != want {
		t.Errorf("the job is in the trace %s, not in %s", trace.IDOf(ctx), want)
	}
	span.End()
	must(t, tracer.Flush(t.Context()))
	spans := out.GetSpans()
	if len(spans) != 3 {
		t.Fatalf("%d spans", len(spans))
	}
	job := spans[2]
	if len(job.Links) != 1 || job.Links[0].SpanContext.TraceID().String() != strings.Split(causes[1].Parent, "-")[1] || job.Links[0].Attributes[0].Value.AsString() != "two" {
		t.Errorf("links: %+v", job.Links)
	}
	must(t, tracer.Stop(t.Context()))
}

// TestHook reads the lines of a log.
func TestHook(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := zerolog.New(&out).Hook(trace.Hook{})
	log.Info().Msg("nothing is known")
	ctx := trace.WithJob(trace.WithCause(t.Context(), trace.Cause{Delivery: "guid"}), 7, 2)
	log.Info().Ctx(ctx).Msg("in a job")
	want := `{"level":"info","message":"nothing is known"}
{"level":"info","delivery_id":"guid","job_id":7,"attempt":2,"message":"in a job"}
`
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}

// TestTransport names requests by a word, and never by what is in their address.
func TestTransport(t *testing.T) {
	t.Parallel()
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("traceparent") != "" {
			t.Error("our ids were sent to GitHub")
		}
		if strings.HasSuffix(r.URL.Path, "/missing") {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer hub.Close()
	out := tracetest.NewInMemoryExporter()
	tracer, err := trace.New(t.Context(), out, "1", zerolog.Nop())
	must(t, err)
	c := &http.Client{Transport: trace.Transport(http.DefaultTransport)}
	get := func(ctx context.Context, path string) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, hub.URL+path, http.NoBody)
		must(t, err)
		r, err := c.Do(req)
		must(t, err)
		must(t, r.Body.Close())
	}
	get(t.Context(), "/repos/acme/shop") // belongs to nothing
	ctx, span := tracer.Begin(t.Context(), "job", trace.Consumer)
	paths := map[string]string{
		"/repos/acme/shop":                               "repos",
		"/repos/pulls/graphql/pulls/7/reviews":           "reviews",
		"/api/v3/repos/acme/shop/commits/abc/check-runs": "check-runs",
		"/repos/acme/shop/contents/secret/pulls":         "contents",
		"/orgs/acme/teams/issues/members":                "members",
		"/repos/acme/shop/branches/graphql/missing":      "branches",
		"/graphql":                           "graphql",
		"/app/installations/7/access_tokens": "access_tokens",
		"/secret":                            "other",
	}
	for path := range paths {
		get(ctx, path)
	}
	span.End()
	must(t, tracer.Flush(t.Context()))
	want, got := map[string]int{"job": 1}, map[string]int{}
	for _, word := range paths {
		want["github get "+word]++
	}
	for _, s := range out.GetSpans() {
		got[s.Name]++
		text, err := json.Marshal(s)
		must(t, err)
		if strings.Contains(string(text), "secret") || strings.Contains(string(text), "acme") {
			t.Errorf("a span says too much: %s", text)
		}
	}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s: %d, want %d", name, got[name], n)
		}
	}
	must(t, tracer.Stop(t.Context()))
}

// TestOTLP exports to a collector that the standard variables name, and goes on where it refuses.
func TestOTLP(t *testing.T) {
	var mu sync.Mutex
	var got []string
	refuse := false
	c := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if refuse {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			body = z
		}
		data, err := io.ReadAll(body)
		var req collector.ExportTraceServiceRequest
		if err != nil || proto.Unmarshal(data, &req) != nil {
			t.Errorf("the export cannot be read: %v", err)
		}
		for _, rs := range req.ResourceSpans {
			name := ""
			for _, a := range rs.Resource.Attributes {
				if a.Key == "service.name" || a.Key == "service.version" {
					name += a.Key + "=" + a.Value.GetStringValue() + " "
				}
			}
			for _, ss := range rs.ScopeSpans {
				for _, s := range ss.Spans {
					got = append(got, r.URL.Path+" "+name+s.Name)
				}
			}
		}
	}))
	defer c.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	t.Setenv("OTEL_SERVICE_NAME", "gate")
	to, err := trace.OTLP(t.Context())
	must(t, err)
	var log bytes.Buffer
	tracer, err := trace.New(t.Context(), to, "1.2.3", zerolog.New(&log))
	must(t, err)
	_, span := tracer.Begin(t.Context(), "scan", trace.Internal)
	span.End()
	must(t, tracer.Flush(t.Context()))
	mu.Lock()
	refuse = true
	if len(got) != 1 || got[0] != "/v1/traces service.name=gate service.version=1.2.3 scan" {
		t.Errorf("exported: %q", got)
	}
	mu.Unlock()
	_, span = tracer.Begin(t.Context(), "scan", trace.Internal)
	span.End()
	must(t, tracer.Stop(t.Context()))
	if !strings.Contains(log.String(), "traces could not be exported") {
		t.Errorf("the log does not tell: %s", log.String())
	}
}
