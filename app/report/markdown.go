package report

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

// The markdown format stands alone: it is the job summary of the Action and the summary of the check run.
var markdown = &Format{
	Name: "markdown",
	Doc:  "a summary that stands alone, for a job summary or a comment",
	Write: func(w io.Writer, in *Input, _ Options) error {
		_, err := io.WriteString(w, summary(in, 1<<20)) // GitHub takes job summaries up to 1 MiB a step
		return err
	},
}

// A document is Markdown that never exceeds its limit: what does not fit is counted instead of cut in the middle.
type document struct {
	b     strings.Builder
	limit int
}

// room for the closing words that say what was left out.
const reserve = 400

func (d *document) line(format string, args ...any) bool {
	s := fmt.Sprintf(format, args...) + "\n"
	if d.b.Len()+len(s) > d.limit-reserve {
		return false
	}
	d.b.WriteString(s)
	return true
}

// end writes what closes something, for which there always is room.
func (d *document) end(s string) { d.b.WriteString(s + "\n") }

// rows writes lines until one does not fit, and then says how many are missing.
func (d *document) rows(n int, row func(i int) string, what string) {
	for i := range n {
		if !d.line("%s", row(i)) {
			d.b.WriteString("\n…and " + strconv.Itoa(n-i) + " more " + what + " that do not fit here.\n")
			return
		}
	}
}

// summary renders everything that a reader of the pull request needs, most urgent first.
func summary(in *Input, limit int) string {
	d := &document{limit: limit}
	if in.Decision != nil {
		d.line("### %s\n", prose(in.Decision.Title))
		explain(d, in.Decision)
	} else {
		d.line("### %s\n", prose(scanTitle(in.Scan)))
		willNeed(d, in.WillNeed)
	}
	if in.Scan != nil {
		findingsTable(d, in.Scan)
		notJudged(d, in.Scan)
	}
	if in.Decision != nil {
		people(d, in.Decision)
		if s := in.Decision.Sources; len(s) > 0 {
			d.line("\nJudged by %s.", codes(s, 3))
		}
	}
	return strings.TrimRight(d.b.String(), "\n") + "\n"
}

// scanTitle is the state in words where findings alone decide.
func scanTitle(r *scan.Result) string {
	c := countAll(r)
	switch {
	case len(r.Failures()) > 0:
		return "Could not tell: " + plural(len(r.Failures()), "check", "checks") + " did not run to the end"
	case c.blocking > 0:
		return "Blocked by " + plural(c.blocking, "finding", "findings")
	case c.shown > 0:
		return plural(c.shown, "finding", "findings") + ", none blocks"
	}
	return "Nothing found"
}

// explain is the one renderer of a decision: whatever shows one shows this.
func explain(d *document, dec *gate.Decision) {
	if dec.Advisory {
		d.line("_Advisory: nothing is blocked by this check._\n")
	}
	if len(dec.Next) > 0 {
		d.line("**What to do now**\n")
		for _, next := range dec.Next {
			d.line("- %s", prose(next))
		}
		d.line("")
	}
	if len(dec.Unknown) > 0 {
		d.line("**What could not be read**\n")
		d.rows(len(dec.Unknown), func(i int) string {
			return "- " + prose(dec.Unknown[i].What) + ": " + prose(dec.Unknown[i].Reason)
		}, "facts")
		d.line("")
	}
	if len(dec.Problems) > 0 {
		d.line("**Configuration**\n")
		d.rows(len(dec.Problems), func(i int) string { return "- " + problem(&dec.Problems[i]) }, "problems")
		d.line("")
	}
	guardTable(d, dec.Guards)
	waiverList(d, dec.Waivers)
	checklists(d, dec.Guards)
}

// waiverList shows every waiver, also those that do not count: whoever wrote one has to learn why.
func waiverList(d *document, waivers []gate.WaiverAnswer) {
	if len(waivers) == 0 {
		return
	}
	d.line("**Waivers**\n")
	d.rows(len(waivers), func(i int) string {
		w := &waivers[i]
		verdict := "does not count"
		if w.Counts {
			verdict = "counts"
		}
		return fmt.Sprintf("- %s waives %s (%s): %s: %s", code(cmp.Or(w.By.Login, "an unknown account")), code(cmp.Or(w.Rule, "nothing")), prose(cmp.Or(w.Reason, "no reason")), verdict, prose(w.Because))
	}, "waivers")
	d.line("")
}

// A checklistBlock is one checklist and the guards that wait for it, or hold because of it.
type checklistBlock struct {
	*gate.ChecklistAnswer
	guards []string
}

// checklists shows what reviewers are asked to look at, each list once, with who says that they did.
func checklists(d *document, guards []gate.GuardAnswer) {
	var blocks []*checklistBlock
	byItems := map[string]*checklistBlock{}
	for i := range guards {
		for n := range guards[i].Checklists {
			a := &guards[i].Checklists[n]
			key := strings.Join(append([]string{a.Name, strconv.FormatBool(a.By != "")}, a.Items...), "\x00")
			b := byItems[key]
			if b == nil {
				b = &checklistBlock{ChecklistAnswer: a}
				byItems[key] = b
				blocks = append(blocks, b)
			}
			b.guards = append(b.guards, guards[i].Name)
		}
	}
	for _, b := range blocks {
		mark, box, says := "⏳", "☐", prose(b.Because)
		if b.By != "" {
			mark, box, says = "✅", "☑", "attested by "+code(b.By)
		}
		d.line("%s **Checklist** %s, for %s: %s\n", mark, code(b.Name), codes(b.guards, 5), says)
		d.rows(len(b.Items), func(i int) string { return "- " + box + " " + prose(b.Items[i]) }, "items")
		if b.By == "" {
			d.line("\nWhoever has looked at all of it, with write access and no part in the change, writes this in a comment: %s", code("/reviewgate attest "+b.Name))
		}
		d.line("")
	}
}

func problem(p *gate.Problem) string {
	at := p.File
	if p.Line > 0 {
		at += ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(max(p.Column, 1))
	}
	kind := "error"
	if p.Warning {
		kind = "warning"
	}
	s := kind + " in " + code(at) + ": " + prose(p.Message)
	if p.Remedy != "" {
		s += ". " + prose(p.Remedy)
	}
	return s
}

func guardTable(d *document, guards []gate.GuardAnswer) {
	if len(guards) == 0 {
		return
	}
	d.line("| | Guard | Files | Approvals | Who may approve |\n|---|---|---|---|---|")
	d.rows(len(guards), func(i int) string {
		g := &guards[i]
		mark := "⏳"
		if g.Holds {
			mark = "✅"
		}
		name := cell(g.Name)
		if g.Name == "default" {
			name += ": files without a guard"
		}
		return fmt.Sprintf("| %s | %s | %s | %s | %s |", mark, name, cells(g.Files, 3), approvals(g), whoMay(g))
	}, "guards")
	d.line("")
}

func approvals(g *gate.GuardAnswer) string {
	if len(g.Waived) > 0 {
		return "waived by " + cells(g.Waived, 5)
	}
	if g.Holds && len(g.Approved) < g.Needed { // exempt
		return tableProse(g.Because)
	}
	s := fmt.Sprintf("%d of %d", len(g.Approved), g.Needed)
	if len(g.Approved) > 0 {
		s += ": " + cells(g.Approved, 5)
	}
	return s
}

func whoMay(g *gate.GuardAnswer) string {
	if g.Holds {
		return ""
	}
	var lists []string
	for i := range g.Checklists {
		if g.Checklists[i].By == "" {
			lists = append(lists, g.Checklists[i].Name)
		}
	}
	switch {
	case len(g.May) > 0:
		return cells(g.May, 5)
	case len(lists) > 0 && len(g.Approved) >= g.Needed:
		return "checklist " + cells(lists, 3) + " is open"
	}
	return "**nobody who is eligible**"
}

// cells lists names in a cell of a table, codes anywhere else.
func cells(list []string, most int) string { return strings.ReplaceAll(codes(list, most), "|", `\|`) }

func codes(list []string, most int) string {
	out := make([]string, 0, most)
	for _, s := range list[:min(most, len(list))] {
		out = append(out, code(visible(s, "")))
	}
	s := strings.Join(out, ", ")
	if len(list) > most {
		s += fmt.Sprintf(" and %d more", len(list)-most)
	}
	return s
}

func willNeed(d *document, guards []gate.GuardAnswer) {
	if len(guards) == 0 {
		return
	}
	d.line("**Guards of the policy**\n")
	for i := range guards {
		d.line("- %s: %s (%s)", code(guards[i].Name), prose(guards[i].Because), codes(guards[i].Files, 3))
	}
	d.line("")
}

func findingsTable(d *document, r *scan.Result) {
	rules := map[string]*checks.RuleInfo{}
	for i := range r.Rules {
		rules[r.Rules[i].ID] = &r.Rules[i]
	}
	var show []*checks.Finding
	for i := range r.Findings {
		if shown(&r.Findings[i]) {
			show = append(show, &r.Findings[i])
		}
	}
	if len(show) > 0 {
		d.line("| | Finding | Where |\n|---|---|---|")
		d.rows(len(show), func(i int) string { return findingRow(show[i], rules[show[i].RuleID]) }, "findings")
		d.line("")
	}
	if s := countAll(r).sentence(len(r.Failures())); s != "" {
		d.line("%s\n", s)
	}
}

func findingRow(f *checks.Finding, rule *checks.RuleInfo) string {
	mark := f.Severity.String()
	if f.Blocking {
		mark = "⛔ **" + mark + "**"
	}
	title, ids := "", cell(f.RuleID)
	if rule != nil {
		title = "**" + tableProse(rule.Title) + "**: "
		for _, cwe := range rule.CWE {
			ids += " " + strings.ReplaceAll(cweLink(cwe), "|", `\|`)
		}
	}
	return fmt.Sprintf("| %s | %s%s %s | %s |", mark, title, tableProse(f.Message), ids, cell(shortPlace(&f.Location)))
}

func shortPlace(l *checks.Location) string {
	s := visible(l.Path, "")
	if l.StartLine > 0 {
		s += ":" + strconv.Itoa(l.StartLine)
	}
	if l.Side == checks.Base {
		s += " (removed)"
	}
	return s
}

// cweLink links to MITRE's page; the id comes from a rule file, so anything but "CWE-<digits>" is shown as code.
func cweLink(id string) string {
	number, ok := strings.CutPrefix(id, "CWE-")
	if _, err := strconv.Atoi(number); !ok || err != nil {
		return code(id)
	}
	return "[" + id + "](https://cwe.mitre.org/data/definitions/" + number + ".html)"
}

// notJudged says what did not run and what could not be scanned.
func notJudged(d *document, r *scan.Result) {
	var lines []string
	for _, c := range r.Checks {
		switch c.Status {
		case scan.Failed:
			lines = append(lines, "could not tell: "+code(c.Name)+": "+prose(c.Reason))
		case scan.Skipped:
			lines = append(lines, "skipped: "+code(c.Name)+": "+prose(c.Reason))
		case scan.Ran:
		}
	}
	for _, p := range r.Problems {
		lines = append(lines, "rule did not run: "+problem(&gate.Problem{File: p.File, Line: p.Line, Column: p.Column, Message: p.Message}))
	}
	for i := range r.Imports {
		lines = append(lines, "imported: "+prose(r.Imports[i].String()))
	}
	for _, s := range unscannedLines(r.Unscanned, 10) {
		lines = append(lines, "not scanned: "+prose(s))
	}
	if len(r.Sandbox.Missing) > 0 {
		lines = append(lines, "the scan ran without these layers of its sandbox: "+prose(strings.Join(r.Sandbox.Missing, "; ")))
	}
	if len(lines) == 0 {
		return
	}
	d.line("<details><summary>What was not judged (%d)</summary>\n", len(lines))
	d.rows(len(lines), func(i int) string { return "- " + lines[i] }, "notes")
	d.end("\n</details>\n")
}

// people says for each review why it counts or does not, and who cannot approve.
func people(d *document, dec *gate.Decision) {
	if len(dec.Reviews)+len(dec.Disqualified)+len(dec.Agents) == 0 {
		return
	}
	d.line("<details><summary>Who counts, and why</summary>\n")
	d.rows(len(dec.Reviews), func(i int) string {
		r := &dec.Reviews[i]
		state := strings.ToLower(strings.ReplaceAll(visible(r.State, ""), "_", " "))
		rest, part := strings.CutPrefix(r.Because, "counts in part: ")
		switch {
		case part:
			rest = "counts in part: " + prose(rest)
		case r.Counts && strings.HasPrefix(r.Because, "approved "):
			rest = "counts, having seen " + prose(strings.TrimPrefix(r.Because, "approved "))
		case r.Counts:
			rest = "counts: " + prose(r.Because)
		default:
			rest = "does not count: " + prose(r.Because)
		}
		return fmt.Sprintf("- %s %s: %s", code(r.Reviewer.Login), prose(state), rest)
	}, "reviews")
	d.rows(len(dec.Disqualified), func(i int) string {
		who := &dec.Disqualified[i]
		return fmt.Sprintf("- %s cannot approve: %s", code(cmp.Or(who.Person.Login, "an unknown account")), prose(strings.Join(who.Because, "; ")))
	}, "people")
	agents := tookPart(dec.Agents)
	d.rows(len(agents), func(i int) string { return agents[i] }, "agents")
	d.end("\n</details>")
}

// tookPart has a line for each agent, with a few of its marks: what proves it once need not be read ten times.
func tookPart(marks []gate.AgentMark) []string {
	const enough = 3
	var lines []string
	for rest := marks; len(rest) > 0; { // sorted by agent
		n := 1
		for n < len(rest) && rest[n].Agent == rest[0].Agent {
			n++
		}
		var said []string
		for _, m := range rest[:min(n, enough)] {
			said = append(said, prose(m.Evidence))
		}
		if n > enough {
			said = append(said, fmt.Sprintf("and %d more", n-enough))
		}
		lines = append(lines, fmt.Sprintf("- an agent took part: %s: %s", code(rest[0].Agent), strings.Join(said, "; ")))
		rest = rest[n:]
	}
	return lines
}
