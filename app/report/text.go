package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/fatih/color"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

var text = &Format{
	Name: "text",
	Doc:  "for people at a terminal: the code, why it matters, what to do; nothing at all when there is nothing to say",
	Write: func(w io.Writer, in *Input, opt Options) error {
		t := &textWriter{out: bufio.NewWriter(w), width: opt.Width, styles: newStyles(opt.Color), explained: map[string]string{}}
		t.report(in)
		return t.out.Flush()
	},
}

type textWriter struct {
	out    *bufio.Writer // keeps the first error until Flush
	width  int           // 0: do not fold
	styles styles
	// explained says by rule where its reason and remedy stand already: said once, they are read; said fifty times, they are noise.
	explained map[string]string
}

type styles struct{ bold, dim, path, severe, warn, note, help func(a ...any) string }

func newStyles(on bool) styles {
	style := Painter(on)
	return styles{
		bold: style(color.Bold), dim: style(color.Faint), path: style(color.FgCyan),
		severe: style(color.FgRed, color.Bold), warn: style(color.FgYellow, color.Bold), note: style(color.FgBlue, color.Bold),
		help: style(color.FgGreen, color.Bold),
	}
}

func (t *textWriter) report(in *Input) {
	r := in.Scan
	rules := map[string]*checks.RuleInfo{}
	for i := range r.Rules {
		rules[r.Rules[i].ID] = &r.Rules[i]
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; shown(f) {
			t.finding(f, rules[f.RuleID])
		}
	}
	t.notes(r)
	t.willNeed(in.WillNeed)
	t.decision(in.Decision)
	if sentence := Sentence(in); sentence != "" {
		if in.Against != "" {
			fmt.Fprintln(t.out, t.styles.dim("compared with "+oneLine(in.Against)))
		}
		fmt.Fprintln(t.out, t.styles.bold(sentence))
	}
}

// Sentence sums up what was found: "2 findings, 1 blocks". It is empty when there is nothing to say.
func Sentence(in *Input) string {
	return countAll(in.Scan).sentence(len(in.Scan.Failures()))
}

// shown says whether a finding is worth a reader's time: what base already had, and what is silenced, is counted and left out. What a rule on trial
// says is nobody's to read.
func shown(f *checks.Finding) bool {
	return f.Introduced && !f.Suppressed() && !f.Shadow
}

func (t *textWriter) finding(f *checks.Finding, rule *checks.RuleInfo) {
	if rule == nil {
		rule = &checks.RuleInfo{ID: f.RuleID}
	}
	paint := t.styles.note
	switch {
	case f.Severity >= checks.High:
		paint = t.styles.severe
	case f.Severity == checks.Medium:
		paint = t.styles.warn
	}
	fmt.Fprintf(t.out, "%s %s\n", paint(f.Severity.String()+"["+oneLine(f.RuleID)+"]:"), t.styles.bold(oneLine(cmp.Or(rule.Title, f.Message))))
	t.frame(&f.Location, paint)
	indent := "  "
	if rule.Title != "" {
		t.paragraph(indent, "what", f.Message)
	}
	for i := range f.Related {
		rel := &f.Related[i]
		fmt.Fprintf(t.out, "%s%s %s %s\n", indent, t.styles.help("see: "), t.styles.path(place(&rel.Location)), oneLine(rel.Message))
	}
	if way := flow(f.Flow); way != "" {
		fmt.Fprintf(t.out, "%s%s %s\n", indent, t.styles.help("flow:"), t.styles.path(way))
	}
	if where := t.explained[f.RuleID]; where != "" {
		t.paragraph(indent, "why", "above, at "+where+", with what to do")
	} else {
		t.paragraph(indent, "why", rule.Why)
		t.paragraph(indent, "do", rule.Remedy)
		if rule.Why != "" || rule.Remedy != "" {
			t.explained[f.RuleID] = place(&f.Location)
		}
	}
	t.paragraph(indent, "note", whyNotSuppressed(f))
	tail := append([]string{f.RuleID}, rule.CWE...)
	tail = append(tail, f.Confidence.String()+" confidence")
	if f.Blocking {
		tail = append(tail, "blocks")
	}
	t.paragraph(indent, "rule", strings.Join(tail, ", "))
	fmt.Fprintln(t.out)
}

// whyNotSuppressed tells the author of a suppression why the finding is shown all the same; empty where there is none.
func whyNotSuppressed(f *checks.Finding) string {
	switch s := f.Suppression; {
	case s == nil:
		return ""
	case s.Reason == "":
		return "the suppression comment gives no reason, so it does not hold"
	case s.Added:
		return "a suppression that comes with the change does not silence a finding that blocks; somebody who may has to waive it"
	}
	return "the suppression does not silence a finding that blocks"
}

// place is "path:line:column", with the side where it is not head.
func place(l *checks.Location) string {
	s := visible(l.Path, "")
	if l.StartLine > 0 {
		s += ":" + strconv.Itoa(l.StartLine) + ":" + strconv.Itoa(max(l.StartColumn, 1))
	}
	if l.Side == checks.Base {
		s += " (before the change)"
	}
	return s
}

// frame prints the place and the code with a caret line under what is meant.
func (t *textWriter) frame(l *checks.Location, paint func(...any) string) {
	fmt.Fprintf(t.out, "  %s %s\n", t.styles.dim("-->"), t.styles.path(place(l)))
	if l.Snippet == "" || l.StartLine == 0 {
		return
	}
	lines := strings.Split(l.Snippet, "\n")
	const most = 6
	cut := len(lines) > most
	if cut {
		lines = lines[:most]
	}
	margin := len(strconv.Itoa(l.StartLine + len(lines) - 1))
	bar := t.styles.dim(strings.Repeat(" ", margin) + " |")
	room := mostCode
	if t.width > 0 {
		room = max(min(room, t.width-margin-len(" | ")), leastCode)
	}
	for i, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		number := l.StartLine + i
		from, to := len([]rune(line))-len([]rune(strings.TrimLeft(line, " \t")))+1, len([]rune(line))+1
		if i == 0 {
			from = max(l.StartColumn, 1)
		}
		if number == l.EndLine && l.EndColumn > 0 {
			to = min(to, l.EndColumn)
		}
		if from > len([]rune(line))+1 || len(line) > mostLine { // scan keeps the beginning of a very long line only
			fmt.Fprintf(t.out, "%s %s\n", t.styles.dim(fmt.Sprintf("%*d |", margin, number)), t.styles.dim("(the line is too long to be shown)"))
			continue
		}
		shownLine, start, end := window(line, from, to, room)
		fmt.Fprintf(t.out, "%s %s\n", t.styles.dim(fmt.Sprintf("%*d |", margin, number)), shownLine)
		if i == 0 || len(lines) <= 2 && end > start {
			fmt.Fprintf(t.out, "%s %s%s\n", bar, strings.Repeat(" ", start), paint(strings.Repeat("^", max(end-start, 1))))
		}
	}
	if cut {
		fmt.Fprintf(t.out, "%s %s\n", bar, t.styles.dim(fmt.Sprintf("... to line %d", l.EndLine)))
	}
}

// Columns of code in a frame: never more, whatever the terminal, and never less.
const (
	mostCode  = 160
	leastCode = 30
	mostLine  = 16 << 10 // bytes of the line that they are a part of
)

// window renders one line of code for a terminal: tabs as four columns, hidden characters visible, and of a line that does not fit into room the
// part around the region [from, to) (code points, from 1). It returns the region's columns in what it rendered.
func window(line string, from, to, room int) (rendered string, start, end int) {
	runes := []rune(line)
	n := len(runes)
	from, to = min(from-1, n), min(to-1, n) // from 0 now
	pieces := make([]string, n)
	at := make([]int, n+1) // the column at which each begins
	for i, r := range runes {
		pieces[i] = visible(string(r), "\t")
		if r == '\t' {
			pieces[i] = "    "
		}
		at[i+1] = at[i] + displayWidth(pieces[i])
	}
	first, last := 0, n
	const more = "... "
	if at[n] > room {
		room -= 2 * len(more)
		for first = from; first > 0 && at[from]-at[first-1] <= room/3; {
			first--
		}
		for last = first; last < n && at[last+1]-at[first] <= room; {
			last++
		}
		for last == n && first > 0 && at[n]-at[first-1] <= room {
			first--
		}
	}
	rendered = strings.Join(pieces[first:last], "")
	before := 0
	if first > 0 {
		rendered, before = more+rendered, len(more)
	}
	if last < n {
		rendered += " ..."
	}
	return rendered, before + at[from] - at[first], before + at[max(from, min(to, last))] - at[first]
}

// displayWidth counts terminal columns: wide East Asian characters take two, combining marks none.
func displayWidth(s string) int {
	n := 0
	for _, r := range norm.NFC.String(s) {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me) || r == 0x200d || r == 0xfe0f:
		case width.LookupRune(r).Kind() == width.EastAsianWide || width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// mostText is how wide running text gets, whatever the terminal: longer lines are hard to read.
const mostText = 120

// paragraph prints a labelled text, folded to the terminal.
func (t *textWriter) paragraph(indent, label, s string) {
	if s = oneLine(s); s == "" {
		return
	}
	head := fmt.Sprintf("%-5s ", label+":")
	room := min(t.width, mostText) - len(indent) - len(head)
	if room < 20 {
		room = 1 << 20
	}
	lines := fold(s, room)
	fmt.Fprintf(t.out, "%s%s%s\n", indent, t.styles.help(head), lines[0])
	for _, line := range lines[1:] {
		fmt.Fprintf(t.out, "%s%s%s\n", indent, strings.Repeat(" ", len(head)), line)
	}
}

func fold(s string, room int) []string {
	var lines []string
	line, used := "", 0
	for word := range strings.SplitSeq(s, " ") {
		w := displayWidth(word)
		if used > 0 && used+1+w > room {
			lines, line, used = append(lines, line), "", 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+w
	}
	return append(lines, line)
}

// notes tells what did not run or could not be judged: that is a result too.
func (t *textWriter) notes(r *scan.Result) {
	said := false
	say := func(paint func(...any) string, label, s string) {
		fmt.Fprintf(t.out, "%s %s\n", paint(label+":"), oneLine(s))
		said = true
	}
	for _, c := range r.Checks {
		switch c.Status {
		case scan.Failed:
			say(t.styles.severe, "could not tell", c.Name+": "+c.Reason)
		case scan.Skipped:
			say(t.styles.note, "skipped", c.Name+": "+c.Reason)
		case scan.Ran:
		}
	}
	for _, p := range r.Problems {
		at := p.File
		if p.Line > 0 {
			at += ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(max(p.Column, 1))
		}
		say(t.styles.warn, "rule did not run", at+": "+p.Message)
	}
	for i := range r.Imports {
		say(t.styles.note, "imported", r.Imports[i].String())
	}
	for _, line := range unscannedLines(r.Unscanned, 5) {
		say(t.styles.note, "not scanned", line)
	}
	// Where a layer is missing it always is: it is told along with something else, so that a clean scan stays quiet.
	if len(r.Sandbox.Missing) > 0 && (said || slices.ContainsFunc(r.Findings, func(f checks.Finding) bool { return shown(&f) })) {
		say(t.styles.note, "sandbox", "the scan ran without "+strings.Join(r.Sandbox.Missing, "; "))
	}
	if said {
		fmt.Fprintln(t.out)
	}
}

// unscannedLines names what was not judged, folding many files with one reason into one line.
func unscannedLines(list []checks.Unscanned, most int) []string {
	byReason := map[string][]string{}
	var order []string
	for _, u := range list {
		at := visible(u.Path, "")
		if u.Line > 0 {
			at += ":" + strconv.Itoa(u.Line)
		}
		reason := u.Reason
		if size, limit, ok := strings.Cut(reason, ", over the limit of "); ok { // each has its size, all have one limit
			at, reason = at+" ("+size+")", "over the limit of "+limit
		}
		if len(byReason[reason]) == 0 {
			order = append(order, reason)
		}
		byReason[reason] = append(byReason[reason], at)
	}
	var out []string
	for i, reason := range order {
		if i == most && len(order) > most+1 { // one more line says more than "and 1 more"
			left := 0
			for _, reason := range order[i:] {
				left += len(byReason[reason])
			}
			return append(out, fmt.Sprintf("and %s more", plural(left, "place", "places")))
		}
		places := byReason[reason]
		line := strings.Join(places[:min(3, len(places))], ", ")
		if len(places) > 3 {
			line += fmt.Sprintf(" and %d more", len(places)-3)
		}
		out = append(out, line+": "+reason)
	}
	return out
}

func (t *textWriter) willNeed(guards []gate.GuardAnswer) {
	for _, g := range guards {
		fmt.Fprintf(t.out, "%s %s: %s %s\n", t.styles.note("guard"), oneLine(g.Name), oneLine(g.Because), t.styles.dim("("+oneLine(someOf(g.Files, 3))+")"))
	}
	if len(guards) > 0 {
		fmt.Fprintln(t.out)
	}
}

// decision says in a few lines what the summary says in many.
func (t *textWriter) decision(d *gate.Decision) {
	if d == nil {
		return
	}
	for i := range d.Guards {
		g := &d.Guards[i]
		state := "waits"
		if g.Holds {
			state = "holds"
		}
		fmt.Fprintf(t.out, "%s %s %s: %s %s\n", t.styles.note("guard"), oneLine(g.Name), state, oneLine(g.Because), t.styles.dim("("+oneLine(someOf(g.Files, 3))+")"))
	}
	for _, r := range d.Reviews {
		if !r.Counts && r.State == "APPROVED" {
			fmt.Fprintf(t.out, "%s the approval of %s does not count: %s\n", t.styles.note("review"), oneLine(cmp.Or(r.Reviewer.Login, "an unknown account")), oneLine(r.Because))
		}
	}
	for _, u := range d.Unknown {
		fmt.Fprintf(t.out, "%s %s: %s\n", t.styles.severe("not known:"), oneLine(u.What), oneLine(u.Reason))
	}
	fmt.Fprintln(t.out, t.styles.bold(oneLine(d.Title)))
	for _, next := range d.Next {
		t.paragraph("  ", "do", next)
	}
	fmt.Fprintln(t.out)
}

// counts are the numbers behind the closing sentence of every output.
type counts struct{ shown, blocking, suppressed, old int }

func (c *counts) add(f *checks.Finding) {
	switch {
	case f.Shadow:
	case !f.Introduced:
		c.old++
	case f.Suppressed():
		c.suppressed++
	default:
		c.shown++
		if f.Blocking {
			c.blocking++
		}
	}
}

func countAll(r *scan.Result) (c counts) {
	for i := range r.Findings {
		c.add(&r.Findings[i])
	}
	return c
}

// sentence sums up; empty when there is nothing to say.
func (c counts) sentence(failures int) string {
	if c.shown == 0 && c.suppressed == 0 && failures == 0 {
		return ""
	}
	s := plural(c.shown, "finding", "findings")
	if c.shown > 0 {
		switch c.blocking {
		case 0:
			s += ", none blocks"
		case 1:
			s += ", 1 blocks"
		default:
			s += fmt.Sprintf(", %d block", c.blocking)
		}
	}
	if c.suppressed > 0 {
		s += fmt.Sprintf("; %d suppressed", c.suppressed)
	}
	if failures > 0 {
		s += "; " + plural(failures, "check", "checks") + " could not tell"
	}
	return s
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func someOf(list []string, most int) string {
	var names []string
	for _, name := range list[:min(most, len(list))] {
		names = append(names, visible(name, ""))
	}
	s := strings.Join(names, ", ")
	if len(list) > most {
		s += fmt.Sprintf(" and %d more", len(list)-most)
	}
	return s
}

// flow writes the way of data on one line: the source, what it passed last, the sink.
func flow(way []checks.Related) string {
	const most = 5
	var places []string
	for i := range way {
		switch {
		case len(way) > most && i > 0 && i < len(way)-most+2:
			if i == 1 {
				places = append(places, "…")
			}
		default:
			if p := place(&way[i].Location); len(places) == 0 || places[len(places)-1] != p {
				places = append(places, p)
			}
		}
	}
	return strings.Join(places, " → ")
}
