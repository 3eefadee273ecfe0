package backtest

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Formats are the names of the outputs.
func Formats() []string { return []string{"text", "json", "markdown"} }

// Write renders a report in one of the formats.
func Write(w io.Writer, r *Report, format string) error {
	switch format {
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	case "markdown":
		return r.write(w, markdownTable)
	case "text":
		return r.write(w, textTable)
	}
	return fmt.Errorf("unknown format %q", format)
}

// A table writes rows below a title; cells of the first row name the columns.
type table func(w io.Writer, title string, rows [][]string)

func textTable(w io.Writer, title string, rows [][]string) {
	fmt.Fprintf(w, "\n%s\n", title)
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(tab, "  %s\n", strings.Join(row, "\t"))
	}
	_ = tab.Flush() // its writer keeps the error
}

func markdownTable(w io.Writer, title string, rows [][]string) {
	fmt.Fprintf(w, "\n### %s\n\n", strings.ToUpper(title[:1])+title[1:])
	escape := strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'", "\n", " ", "@", "&#64;", "[", `\[`)
	for i, row := range rows {
		cells := make([]string, len(row))
		for k, cell := range row {
			cells[k] = escape.Replace(cell)
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|---|%s\n", strings.Repeat("--:|", len(row)-1))
		}
	}
}

// maxFailedShown bounds the reasons that are listed for people; JSON has them all.
const maxFailedShown = 10

func (r *Report) write(w io.Writer, t table) error {
	out := bufio.NewWriter(w)
	what := count(r.Total.Changes, "change", "changes") + " of " + count(len(r.Repositories), "repository", "repositories")
	if r.Policy != "" {
		what += ", judged by " + printable(r.Policy)
	}
	fmt.Fprintf(out, "%s\n", what)
	if r.Total.Changes > 0 {
		fmt.Fprintf(out, "with a finding: %s; with a comment: %s; blocked by a finding: %s\n", r.share(r.Total.With), r.share(r.Total.Commented), r.share(r.Total.Blocked))
		if r.Policy != "" {
			fmt.Fprintf(out, "asked for an approval: %s; git does not tell: %s\n", r.share(r.Total.Approval), r.share(r.Total.MayApproval))
		}
		fmt.Fprintf(out, "%s, %s, %s\n", count(r.Total.Findings, "finding", "findings"), count(r.Total.Comments, "comment", "comments"), count(r.Total.Blocking, "that blocks", "that block"))
		fmt.Fprintf(out, "time for a change: p50 %.2f s, p95 %.2f s, the longest %.2f s (%d from an earlier run)\n", r.Timing.P50, r.Timing.P95, r.Timing.Most, r.Timing.Cached)
	}
	for _, repo := range r.Repositories {
		name := printable(repo.Name)
		switch {
		case repo.Changes == 0 && r.Since != "":
			fmt.Fprintf(out, "note: %s has no change since %s on %s; the newest is of %s\n", name, r.Since, printable(repo.Branch), cmp.Or(repo.Newest, "no known day"))
		case repo.Shallow:
			fmt.Fprintf(out, "note: %s is a shallow clone: what came before it is not to be seen\n", name)
		}
	}
	if r.Stopped {
		fmt.Fprintf(out, "note: interrupted; run it again to go on from here\n")
	}
	if n := r.Total.Failed; n > 0 {
		fmt.Fprintf(out, "note: %s could not be scanned and %s in none of the figures\n", count(n, "change", "changes"), map[bool]string{true: "is", false: "are"}[n == 1])
	}
	for _, p := range r.Problems {
		fmt.Fprintf(out, "note: a rule does not run: %s\n", printable(p))
	}
	r.tables(out, t)
	return out.Flush()
}

// share writes a number of changes with its share of all.
func (r *Report) share(n int) string {
	return fmt.Sprintf("%d (%.1f %%)", n, 100*float64(n)/float64(r.Total.Changes))
}

func (r *Report) tables(out io.Writer, t table) {
	number := func(n int) string { return fmt.Sprint(n) }
	rows := [][]string{{"rule", "findings", "comments", "block", "changes", "blocked", "agents", "bots", "unmarked", "judged right"}}
	silent := 0
	list := slices.Clone(r.ByRule)
	slices.SortStableFunc(list, func(a, b RuleTotals) int { return cmp.Compare(b.Findings, a.Findings) })
	for _, rule := range list {
		if rule.Findings+rule.Suppressed == 0 && len(r.Only) == 0 {
			silent++
			continue
		}
		rows = append(rows, []string{
			printable(rule.Rule), number(rule.Findings), number(rule.Comments), number(rule.Blocking), number(rule.Changes), number(rule.Blocked),
			number(rule.ByAuthor[Agent]), number(rule.ByAuthor[Bot]), number(rule.ByAuthor[Unmarked]), rule.Judged.String(),
		})
	}
	title := "findings by rule"
	if silent > 0 {
		title += fmt.Sprintf(" (%s found nothing)", count(silent, "other rule", "other rules"))
	}
	switch {
	case len(rows) > 1:
		t(out, title, rows)
	case silent > 0:
		fmt.Fprintf(out, "\nno finding by %s\n", count(silent, "rule", "rules"))
	}
	group := func(title string, totals []Totals) {
		if len(totals) == 0 {
			return
		}
		rows := [][]string{{"", "changes", "lines", "findings", "per 1,000 lines", "commented", "blocked", "not scanned"}}
		for _, g := range totals {
			per := "-"
			if g.Lines > 0 {
				per = fmt.Sprintf("%.2f", 1000*float64(g.Findings)/float64(g.Lines))
			}
			rows = append(rows, []string{printable(g.Name), number(g.Changes), number(g.Lines), number(g.Findings), per, number(g.Commented), number(g.Blocked), number(g.Failed)})
		}
		t(out, title, rows)
	}
	group("changes by author (a mark can be left out: unmarked is no proof of a person)", r.ByAuthor)
	group("changes by agent", r.ByAgent)
	if len(r.ByRepository) > 1 {
		group("changes by repository", r.ByRepository)
	}
	if len(r.ByGuard) > 0 {
		rows := [][]string{{"guard", "of", "changes", "may be", "approvals", "git does not tell"}}
		for _, g := range r.ByGuard {
			rows = append(rows, []string{printable(g.Guard), g.Origin, number(g.Changes), number(g.Maybe), number(g.Most), printable(g.Because)})
		}
		t(out, "approvals asked for by guard (whether they were given is not known)", rows)
	}
	if len(r.Failed) > 0 {
		rows := [][]string{{"why", "changes", "one of them"}}
		for _, f := range r.Failed[:min(len(r.Failed), maxFailedShown)] {
			rows = append(rows, []string{printable(f.Why), number(f.Changes), printable(f.Commits[0])})
		}
		t(out, "changes that could not be scanned", rows)
	}
}
