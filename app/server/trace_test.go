package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// tree draws a trace, children in the order in which they began. Requests to GitHub are left out; they are counted.
func tree(spans tracetest.SpanStubs, id string) (text string, requests int) {
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var b strings.Builder
	var draw func(parent, indent string)
	draw = func(parent, indent string) {
		for _, s := range spans {
			up := ""
			if s.Parent.IsValid() {
				up = s.Parent.SpanID().String()
			}
			if s.SpanContext.TraceID().String() != id || up != parent {
				continue
			}
			if strings.HasPrefix(s.Name, "github ") {
				requests++
				continue
			}
			fmt.Fprintf(&b, "%s%s", indent, s.Name)
			for _, a := range s.Attributes {
				switch string(a.Key) {
				case "github.event", "github.action", "reviewgate.result", "reviewgate.job.kind", "reviewgate.deed.kind", "reviewgate.decision.state", "reviewgate.findings", "vcs.repository.name", "vcs.change.id":
					said := a.Value.String()
					if said == "again" {
						said = "done" // and our own review, of which a webhook came meanwhile, is looked at next
					}
					fmt.Fprintf(&b, " %s", said)
				}
			}
			if len(s.Links) > 0 {
				fmt.Fprintf(&b, " (and %d more deliveries)", len(s.Links))
			}
			b.WriteString("\n")
			draw(s.SpanContext.SpanID().String(), indent+"  ")
		}
	}
	draw("", "")
	return b.String(), requests
}

// traceOf finds the trace of a delivery, by its action.
func traceOf(t *testing.T, spans tracetest.SpanStubs, action string) (id, guid string) {
	t.Helper()
	for _, s := range spans {
		var is bool
		for _, a := range s.Attributes {
			is = is || string(a.Key) == "github.action" && a.Value.String() == action
			if string(a.Key) == "reviewgate.delivery.id" {
				guid = a.Value.String()
			}
		}
		if s.Name == "delivery" && is {
			return s.SpanContext.TraceID().String(), guid
		}
	}
	t.Fatalf("no delivery with the action %s", action)
	return "", ""
}

// logged lists the messages with a value in a field, and fails if one of them lacks one of the others.
func logged(t *testing.T, log, field, value string, others ...string) (out []string) {
	t.Helper()
	for lines := bufio.NewScanner(strings.NewReader(log)); lines.Scan(); {
		var line map[string]any
		must(t, json.Unmarshal(lines.Bytes(), &line))
		if line[field] != value {
			continue
		}
		out = append(out, fmt.Sprint(line["message"]))
		for _, o := range others {
			if line[o] == nil {
				t.Errorf("no %s in %s", o, lines.Text())
			}
		}
	}
	return out
}

const openedTrace = `delivery pull_request opened shop 1 accepted
  job pull shop 1 done
    deed check
    fetch
    scan 1
    decision block
    deed review
    deed check
`

// TestTrace follows one webhook to the check run.
func TestTrace(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	out := tracetest.NewInMemoryExporter()
	w.cfg.Exporter, w.cfg.Sweep = out, -1
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	w.idle()
	p := w.open("topic", map[string]string{"a.go": "package a // FLAW secret-word\n"})
	w.expect(p, "failure")
	w.idle()
	must(t, w.srv.FlushTraces(t.Context()))
	spans := out.GetSpans()
	id, guid := traceOf(t, spans, "opened")
	text, requests := tree(spans, id)
	if diff := cmp.Diff(openedTrace, text); diff != "" {
		t.Errorf("the trace (-want +got):\n%s", diff)
	}
	if requests < 5 {
		t.Errorf("only %d requests to GitHub are in the job's trace", requests)
	}
	for _, field := range []struct{ name, value, other string }{{"trace_id", id, "delivery_id"}, {"delivery_id", guid, "trace_id"}} {
		messages := logged(t, w.log.String(), field.name, field.value, field.other)
		for _, want := range []string{"webhook", "decided"} {
			if !slices.Contains(messages, want) {
				t.Errorf("no line %q with the %s of the delivery: %q", want, field.name, messages)
			}
		}
	}
	// What is in the repository, and who is who, is nobody's business who reads traces.
	all, err := json.Marshal(spans)
	must(t, err)
	for _, word := range []string{"secret-word", "a.go", "There is a flaw", "topic", "alice"} {
		if strings.Contains(string(all), word) {
			t.Errorf("a span says %q", word)
		}
	}
}

// TestTraceOff: without traces the delivery's id alone goes through the log.
func TestTraceOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	w.idle()
	guid := ""
	for lines := bufio.NewScanner(strings.NewReader(w.log.String())); lines.Scan(); {
		var line map[string]any
		must(t, json.Unmarshal(lines.Bytes(), &line))
		if line["action"] == "opened" {
			guid = fmt.Sprint(line["delivery_id"])
		}
	}
	if got := logged(t, w.log.String(), "delivery_id", guid); !slices.Contains(got, "webhook") || !slices.Contains(got, "decided") {
		t.Errorf("the delivery %q: %q", guid, got)
	}
	if strings.Contains(w.log.String(), "trace_id") {
		t.Error("there are traces that nobody asked for")
	}
}

// TestTraceAcrossReplicas: one process takes the webhooks, another one the jobs; the traces go through the database.
func TestTraceAcrossReplicas(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	web, worker := tracetest.NewInMemoryExporter(), tracetest.NewInMemoryExporter()
	w.cfg.Database, w.cfg.Sweep, w.cfg.Role, w.cfg.Exporter = storetest.Postgres(t), -1, server.Web, web
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	w.open("topic", map[string]string{"a.go": "package a // FLAW\n"})
	w.push("topic", map[string]string{"b.go": "package b\n"})
	w.until("the push is written down", func() bool { return strings.Count(w.log.String(), `"action":"synchronize"`) > 0 })

	cfg := w.cfg
	cfg.Role, cfg.CacheDir, cfg.Exporter = server.Worker, t.TempDir(), worker
	srv, err := server.New(cfg)
	must(t, err)
	must(t, srv.Start(t.Context()))
	w.expect(w.pulls[0], "failure")
	must(t, srv.Idle(t.Context()))
	must(t, srv.FlushTraces(t.Context()))
	must(t, w.srv.FlushTraces(t.Context()))
	spans := append(web.GetSpans(), worker.GetSpans()...)
	id, guid := traceOf(t, spans, "opened")
	text, _ := tree(spans, id)
	want := strings.Replace(openedTrace, "1 done", "1 done (and 1 more deliveries)", 1)
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("the trace (-want +got):\n%s", diff)
	}
	if got := logged(t, w.log.String(), "delivery_id", guid, "trace_id"); !slices.Contains(got, "webhook") || !slices.Contains(got, "decided") {
		t.Errorf("the log of the delivery: %q", got)
	}
	must(t, srv.Stop())
}
