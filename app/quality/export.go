package quality

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// An Exporter writes outcomes one by one.
type Exporter interface {
	Write(o *Outcome) error
	Close() error // ends the text; the writer below stays open
}

// Formats lists the formats of exports.
func Formats() []string { return []string{"csv", "json"} }

// NewExporter makes one of a format. JSON is one list of outcomes, as in docs/quality.md; CSV has one line for each, with what fits into columns.
func NewExporter(w io.Writer, format string) (Exporter, error) {
	switch format {
	case "json":
		return &jsonExporter{w: w}, nil
	case "csv":
		e := &csvExporter{csv.NewWriter(w)}
		return e, e.w.Write(csvColumns)
	}
	return nil, fmt.Errorf("unknown format %q: formats are %s", format, strings.Join(Formats(), ", "))
}

type jsonExporter struct {
	w io.Writer
	n int
}

func (e *jsonExporter) Write(o *Outcome) error {
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	before := ",\n"
	if e.n++; e.n == 1 {
		before = "[\n"
	}
	_, err = io.WriteString(e.w, before+string(data))
	return err
}

func (e *jsonExporter) Close() error {
	end := "\n]\n"
	if e.n == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(e.w, end)
	return err
}

type csvExporter struct{ w *csv.Writer }

var csvColumns = []string{"repo", "change", "source", "author", "agent", "model", "language", "state", "files", "lines", "opened", "ready", "approved", "merged", "closed", "pushes", "pushes_to_green", "first_pass", "blocked",
	"findings", "false_positives", "waived", "fixed", "ignored", "suppressed", "approvals", "changes_requested", "comments", "reverted_14", "reverted_30", "fixed_14", "fixed_30", "followed", "review_seconds", "compute_seconds", "tokens", "money", "currency",
	"tool", "rules", "policy", "merge_sha"}

func (e *csvExporter) Write(o *Outcome) error {
	var all RuleTally
	for _, r := range o.RuleTallies() {
		if r.Rule == "" && r.Group == "" {
			all = r
		}
	}
	after := func(kind Kind, days int) string {
		if !o.Seen(days) {
			return "" // not known yet
		}
		return strconv.FormatBool(o.Within(kind, days))
	}
	number := func(n *int) string {
		if n == nil {
			return ""
		}
		return strconv.Itoa(*n)
	}
	first := ""
	if o.FirstPass != nil {
		first = strconv.FormatBool(*o.FirstPass)
	}
	row := []string{o.Repo, o.Change, string(o.Source), string(o.Author), o.Agent, o.Model, o.Language(), string(o.State), strconv.Itoa(o.Files), strconv.Itoa(o.Lines), stamp(o.Opened), stamp(o.Ready), stamp(o.Approved), stamp(o.Merged), stamp(o.Closed),
		strconv.Itoa(o.Pushes), number(o.ToGreen), first, strconv.FormatBool(o.Blocked),
		strconv.Itoa(all.Findings), strconv.Itoa(all.False), strconv.Itoa(all.Waived), strconv.Itoa(all.Fixed), strconv.Itoa(all.Ignored), strconv.Itoa(all.Suppressed), strconv.Itoa(o.Verdicts.Approvals), strconv.Itoa(o.Verdicts.Changes), strconv.Itoa(o.Verdicts.Comments),
		after(Reverted, 14), after(Reverted, 30), after(Fix, 14), after(Fix, 30), stamp(o.Followed), strconv.FormatFloat(o.Review().Seconds(), 'f', 0, 64), strconv.FormatFloat(o.Cost.Compute, 'f', 3, 64),
		strconv.FormatInt(o.Cost.Tokens, 10), strconv.FormatFloat(o.Cost.Money, 'f', -1, 64), o.Cost.Currency, o.Judged.Tool, o.Judged.Rules, o.Judged.Policy, o.Merge}
	for i, cell := range row {
		// A spreadsheet would take it for a formula; a model's name is what a stranger wrote.
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			row[i] = "'" + cell
		}
	}
	return e.w.Write(row)
}

func (e *csvExporter) Close() error {
	e.w.Flush()
	return errors.Join(e.w.Error())
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
