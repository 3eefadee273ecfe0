// Package trace follows what happened on GitHub through the server: from the delivery that told of it through the jobs that it causes to what is
// told on GitHub.
//
// The cause of a job goes beside it through the queue, in the database: the id of the delivery, and where spans are made the context of the span
// that put the job in (W3C trace context). In a process both are in the context.Context, from where the log takes them (Hook), so that every line
// about one event holds the same ids.
//
// Spans are those of OpenTelemetry; this package is its only importer. A nil *Tracer makes none and costs nothing. Spans hold names, numbers,
// kinds and times; no code, no paths, no messages, no words of people, no errors' texts: those are in the log, under the same trace_id.
package trace
