package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/taint"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// An Explanation says step by step why a rule reports some lines of a file, or why it does not.
type Explanation struct {
	Rule string `json:"rule"`
	// Matched says that a match of the rule begins in the lines, or lies across them.
	Matched bool `json:"matched"`
	// Reason is the short answer: "pattern-not in line 9 of the rule takes it out".
	Reason  string   `json:"reason"`
	Lines   []int    `json:"lines"`            // the first and the last that was asked about
	Matches []Range  `json:"matches"`          // those
	Others  []int    `json:"others,omitempty"` // lines at which other matches begin, the first few
	Steps   []*Step  `json:"steps"`
	Flow    *Flow    `json:"flow,omitempty"` // of a taint rule
	Overrun string   `json:"overrun,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

// A Step is what one operator of the rule did.
type Step struct {
	What   string `json:"what"`           // the operator's key in the rule file, or "all of these together"
	Part   string `json:"part,omitempty"` // of a taint rule: pattern-sources, pattern-sinks, ...
	Text   string `json:"text,omitempty"` // the pattern, expression or comparison
	Line   int    `json:"line,omitempty"` // in the rule file
	Column int    `json:"column,omitempty"`
	Found  int    `json:"found"` // ranges in the whole file: what it found, or left of those before it
	// Narrows says that Found is what the step left of the ranges before it.
	Narrows bool `json:"narrows,omitempty"`
	// Here are the ranges that begin in the lines that were asked about, then those around them; the first few.
	Here      []Range `json:"here,omitempty"`
	Elsewhere []int   `json:"elsewhere,omitempty"` // lines of the file where others begin, the first few
	Gone      []Gone  `json:"gone,omitempty"`      // what an exclusion or a condition took out here
	Note      string  `json:"note,omitempty"`
	Steps     []*Step `json:"steps,omitempty"` // of its operands, in the order in which they were looked at

	node *node
	here int // ranges here, those that are not kept included
}

// A Range is a part of the file. Lines and columns count from 1, columns in code points; the end is behind the last character.
type Range struct {
	Line      int           `json:"line"`
	Column    int           `json:"column"`
	EndLine   int           `json:"end_line"`
	EndColumn int           `json:"end_column"`
	Span      language.Span `json:"-"`
	Bindings  []Bound       `json:"bindings,omitempty"`
}

// A Bound is a metavariable and the code that it stands for, on one line and cut.
type Bound struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Gone is a range that a step took out.
type Gone struct {
	Range
	Why string `json:"why"`
}

// A Flow is where the data of a taint rule comes from, goes to and ends.
type Flow struct {
	Sources    []Range `json:"sources,omitempty"` // of the file, the first few
	Sinks      []Range `json:"sinks,omitempty"`   // that concern the lines
	Sanitizers []Range `json:"sanitizers,omitempty"`
	Way        []Range `json:"way,omitempty"`     // from a source to a sink here
	Reaches    []int   `json:"reaches,omitempty"` // the lines that data of the sources gets to, the first few
	Note       string  `json:"note,omitempty"`    // why it does not arrive
}

// Explain runs one rule on one file and says what becomes of the lines from to to (both from 1). A rule that cannot run is not explained: the problems
// say why.
func Explain(ctx context.Context, r *rules.Rule, f File, from, to int) (*Explanation, []rules.Problem) {
	c := &compiler{set: &Set{}, known: map[searchKey]int{}, read: readPatterns([]*rules.Rule{r}), plain: true}
	c.rule(r)
	if len(c.set.rules) == 0 {
		return nil, slices.Compact(c.problems)
	}
	rule := c.set.rules[0]
	spec := language.ForPath(f.Path)
	out := &Explanation{Rule: r.ID.Value, Lines: []int{from, to}, Matches: []Range{}, Steps: []*Step{}}
	formula := rule.formula(spec)
	if formula == nil {
		out.Reason = fmt.Sprintf("the rule is for %s, and %s", namesOf(r.Languages), fileIs(f.Path, spec))
		return out, nil
	}
	if !rule.applies(f.Path) {
		out.Notes = append(out.Notes, pathNote(rule, r, f.Path))
	}
	lines := language.NewLines(string(f.Source))
	e := &evaluation{run: &run{set: c.set, spec: spec, file: f, source: string(f.Source), found: map[int]finds{}}}
	e.run.words = c.set.words.Scan(e.run.source)
	top := &Step{}
	e.trace = &tracer{from: lines.Offset(from, 1), to: endOf(lines, len(f.Source), to), lines: lines, open: top, labels: map[*node]string{}}
	if err := ctx.Err(); err != nil {
		out.Overrun = err.Error()
		return out, nil
	}
	var regions []region
	var ways [][]language.Span
	var err error
	if n := formula.taint; n != nil {
		for label, list := range map[string][]*node{"pattern-sources": n.sources, "pattern-sinks": n.sinks, "pattern-sanitizers": n.sanitizers, "pattern-propagators": n.propagators} {
			for _, c := range list {
				e.trace.labels[c] = label
			}
		}
		regions, ways, err = e.taint(n, r)
		e.notLookedAt(n, top)
	} else {
		regions, err = e.eval(formula)
	}
	if err != nil {
		out.Overrun = err.Error()
	}
	out.Steps = append(out.Steps, top.Steps...)
	way := -1
	for i := range regions {
		switch g := &regions[i]; {
		case e.trace.concerns(g) && (len(out.Matches) == 0 || out.Matches[len(out.Matches)-1].Span != language.Span{Start: g.start, End: g.end}):
			out.Matches = append(out.Matches, e.trace.place(g))
			if way < 0 {
				way = i
			}
		case e.trace.concerns(g):
		default:
			if line := lines.Line(g.start); len(out.Others) < 2*maxHere && !slices.Contains(out.Others, line) {
				out.Others = append(out.Others, line)
			}
		}
	}
	if formula.taint != nil {
		out.Flow = e.flow()
		if way >= 0 && ways != nil {
			out.Flow.Way, out.Flow.Note = e.trace.spans(ways[way]), ""
		}
	}
	out.Matched = len(out.Matches) > 0 && rule.applies(f.Path)
	out.Reason = out.reason(rule.applies(f.Path), formula, e)
	return out, nil
}

// endOf is the offset of the last byte of a line.
func endOf(lines *language.Lines, size, line int) uint32 {
	end := lines.Offset(line+1, 1)
	if lines.Line(end) <= line { // the last line of the file
		return uint32(size)
	}
	return end - min(end, 1)
}

func namesOf(texts []rules.Text) string {
	var names []string
	for _, t := range texts {
		names = append(names, t.Value)
	}
	return strings.Join(names, ", ")
}

func fileIs(path string, spec *language.Spec) string {
	if spec == nil {
		return path + " is of no language that is known"
	}
	return path + " is " + spec.Name
}

func pathNote(c *compiled, r *rules.Rule, path string) string {
	for _, t := range r.Paths.Exclude {
		one := compiled{exclude: (&compiler{r: r}).globs([]rules.Text{t})}
		if !one.applies(path) {
			return fmt.Sprintf("paths.exclude %q leaves out %s", t.Value, path)
		}
	}
	if len(c.include) > 0 {
		return fmt.Sprintf("paths.include (%s) does not take in %s", namesOf(r.Paths.Include), path)
	}
	return "paths leaves out " + path
}

// notLookedAt says of a taint rule which of its parts were not asked for.
func (e *evaluation) notLookedAt(n *taintNode, top *Step) {
	seen := map[string]int{}
	for _, s := range top.Steps {
		seen[s.Part] += s.Found
	}
	note := ""
	switch {
	case !n.possible(e.run.words):
		for _, sink := range n.sinks { // whether there is a sink here is worth knowing all the same
			_, _ = e.eval(sink)
		}
		note = "the file does not hold the names that a source and a sink need"
	case seen["pattern-sinks"] == 0:
		note = "the file has no sink, so sources are not looked for"
	case seen["pattern-sources"] == 0:
		note = "the file has no source"
	}
	if note != "" {
		top.add(&Step{What: "taint", Note: note})
	}
}

func (t *tracer) spans(list []language.Span) []Range {
	var out []Range
	for _, s := range list {
		out = append(out, t.place(&region{start: s.Start, end: s.End}))
	}
	return out
}

func (t *tracer) regions(list []taint.Region, here bool) []Range {
	var out []Range
	for _, s := range list {
		g := region{start: s.Start, end: s.End}
		if len(out) < 2*maxHere && (!here || t.concerns(&g)) {
			out = append(out, t.place(&g))
		}
	}
	return out
}

// reason is the short answer.
func (x *Explanation) reason(applies bool, formula *node, e *evaluation) string {
	switch {
	case !applies:
		return x.Notes[len(x.Notes)-1]
	case x.Overrun != "":
		return "it was given up: " + x.Overrun
	case x.Matched:
		return "it matches here"
	case formula.taint != nil:
		return x.Flow.because(e.trace.taint)
	case len(formula.key) > 0 && !e.run.words.HasAny(formula.key):
		if lacks := e.lacks(formula); len(lacks) > 0 {
			return "the file does not hold " + strings.Join(lacks, " or ") + ", so it is not even parsed for the rule"
		}
	}
	if s := stopped(x.Steps); s != nil {
		switch {
		case s.What == togetherStep:
			return "its parts match here, and do not fit together: " + s.Note
		case len(s.Gone) > 0:
			return strings.TrimRight(fmt.Sprintf("%s in line %d of the rule took it out: %s", s.What, s.Line, s.Gone[0].Why), ": ")
		case s.Note != "":
			return fmt.Sprintf("%s in line %d of the rule: %s", s.What, s.Line, s.Note)
		case s.What == rules.Inside.String():
			return fmt.Sprintf("nothing that %s in line %d of the rule looks for is around this", s.What, s.Line)
		default:
			return fmt.Sprintf("%s in line %d of the rule matches nothing here", s.What, s.Line)
		}
	}
	return "nothing of it matches here"
}

// stopped finds the step after which nothing was left here: the last that took something out, or else the first that found nothing.
func stopped(steps []*Step) *Step {
	var first *Step
	for _, s := range steps {
		if s.What == rules.Or.String() && len(s.Here) == 0 || s.What == rules.And.String() && len(s.Here) == 0 {
			if inner := stopped(s.Steps); inner != nil && (len(s.Steps) == 1 || s.What == rules.And.String() || len(inner.Gone) > 0) {
				s = inner
			}
		}
		switch {
		case s.What != togetherStep && s.Narrows && len(s.Gone) > 0 && s.here == 0:
			return s
		case s.What == togetherStep && len(s.Here) == 0 && first == nil:
			return s
		case first == nil && !s.Narrows && len(s.Here) == 0 && (s.node == nil || s.node.op.Positive()):
			first = s
		}
	}
	return first
}

// togetherStep is the step in which what the entries of a patterns list found is put together.
const togetherStep = "all of these together"

// because says why no data arrives here.
func (f *Flow) because(in *taint.Input) string {
	switch {
	case len(f.Sinks) == 0:
		return "there is no sink here"
	case in == nil || len(in.Sources) == 0:
		return "there is a sink here, and no source in the file"
	case f.Note != "":
		return "there is a sink here, and " + f.Note
	}
	return "there is a sink here, and no data of a source gets to it"
}

// flow says what became of the data. Where it does not arrive, the same is tried without sanitizers, and through the functions of the file, and every
// place that it gets to is asked for.
func (e *evaluation) flow() *Flow {
	t := e.trace
	out := &Flow{}
	in := t.taint
	if in == nil {
		// The sinks alone may have been looked at.
		for _, s := range t.open.Steps {
			if s.Part == "pattern-sinks" {
				out.Sinks = append(out.Sinks, s.Here...)
			}
		}
		return out
	}
	out.Sources, out.Sinks, out.Sanitizers = t.regions(in.Sources, false), t.regions(in.Sinks, true), t.regions(in.Sanitizers, false)
	if len(out.Sinks) == 0 {
		return out
	}
	arrives := func(in taint.Input) bool {
		found, err := e.run.flows.Find(&in)
		return err == nil && slices.ContainsFunc(found, func(f taint.Finding) bool {
			s := in.Sinks[f.Sink]
			return t.concerns(&region{start: s.Start, end: s.End})
		})
	}
	if arrives(*in) { // another one tells it, or it stands at the source
		return out
	}
	free := *in
	if free.Sanitizers = nil; len(in.Sanitizers) > 0 && arrives(free) {
		out.Note = "a sanitizer stops the data"
		for i, s := range in.Sanitizers {
			if i >= maxHere*4 {
				break
			}
			without := *in
			without.Sanitizers = slices.Delete(slices.Clone(in.Sanitizers), i, i+1)
			if arrives(without) {
				out.Note = fmt.Sprintf("the sanitizer in line %d stops the data", t.lines.Line(s.Start))
				break
			}
		}
		return out
	}
	if !in.Rule.Options.Intrafile {
		whole := *in.Rule
		whole.Options.Intrafile = true
		through := *in
		if through.Rule = &whole; arrives(through) {
			out.Note = "the data comes from another function: options: {taint_intrafile: true} follows it there"
			return out
		}
	}
	out.Reaches = e.reached(in)
	out.Note = "no data of a source gets to it"
	if len(out.Reaches) > 0 {
		out.Note += fmt.Sprintf("; it gets to line %s", joinLines(out.Reaches))
	}
	return out
}

// maxAsked bounds the places of which it is asked whether data gets there.
const maxAsked = 3000

// reached gives the lines that data of the sources gets to.
func (e *evaluation) reached(in *taint.Input) []int {
	anywhere := *in.Rule
	anywhere.Sinks = []rules.TaintSink{{Formula: &rules.Formula{}, Requires: &rules.Requires{Op: "true"}}}
	ask := *in
	ask.Rule, ask.Sinks, ask.Agree = &anywhere, nil, nil
	tree, err := e.run.parse()
	if err != nil {
		return nil
	}
	for i := range tree.Nodes {
		if n := &tree.Nodes[i]; (n.Kind == language.Name || n.Kind == language.Call || n.Kind == language.Dot) && len(ask.Sinks) < maxAsked {
			ask.Sinks = append(ask.Sinks, taint.Region{Start: n.Start, End: n.End})
		}
	}
	found, err := e.run.flows.Find(&ask)
	if err != nil {
		return nil
	}
	var lines []int
	for _, f := range found {
		if line := e.trace.lines.Line(ask.Sinks[f.Sink].Start); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines[:min(len(lines), 4*maxHere)]
}

func joinLines(lines []int) string {
	var parts []string
	for _, n := range lines {
		parts = append(parts, fmt.Sprint(n))
	}
	if n := len(parts); n > 1 {
		return strings.Join(parts[:n-1], ", ") + " and " + parts[n-1]
	}
	return strings.Join(parts, "")
}
