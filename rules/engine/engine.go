// Package engine compiles rules and runs them on files.
//
// A rule is a formula of patterns. Each pattern gives the ranges of the file that it matches, with what its metavariables stand for; the
// operators combine those ranges as Semgrep means them. A file is parsed only if the words that it holds leave some rule a chance, a
// pattern that several rules share is looked for once, and every rule has a bound on its work: what was given up is returned as an
// Overrun, never left out in silence.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/match"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/prefilter"
	"github.com/reviewgate-app/reviewgate/rules/engine/internal/taint"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// A Set is compiled rules. It is immutable and safe for concurrent use.
type Set struct {
	rules    []*compiled
	searches []search
	words    prefilter.Dictionary
}

// compiled is one rule, with its formula for each of its languages.
type compiled struct {
	rule     *rules.Rule
	formulas map[*language.Spec]*node
	text     *node // of a language that reads files of every kind as text
	include  []string
	exclude  []string
	fixRegex *regex // of fix-regex
}

// A File is what rules are run on.
type File struct {
	// Path is slash-separated and relative to the root of the repository. It says the language, and `paths` of a rule is compared with it.
	Path   string
	Source []byte
	// Tree gives the file's tree, which the caller may keep for others; nil: the engine parses. It is asked at most once, and not at all if
	// no rule can match.
	Tree func(*language.Spec) (*language.Tree, error)
	// Meter is told what each rule that may match took, and its matches; nil: nobody asks. What rules share is not in it: the words of the file, its
	// tree, and what data flow through it.
	Meter func(r *rules.Rule, took time.Duration, matches int)
}

// A Result is what one Run found.
type Result struct {
	Matches  []Match        // in order of start, end and rule; a rule has one match for a range
	Overruns []Overrun      // what was not looked at to the end
	Tree     *language.Tree // nil if the file did not have to be parsed
}

// A Match is a range of bytes of the source that a rule found.
type Match struct {
	Rule       *rules.Rule
	Start, End uint32
	Bindings   []Binding // sorted by name
	Message    string    // the rule's, metavariables replaced
	Fix        *string   // what to put in place of the range; nil: the rule offers none
	// Way is how the data of a taint rule came from source to sink, both included; nil for a search rule.
	Way []language.Span
}

// A Binding is what a metavariable stands for in one match.
type Binding struct {
	Name       string // "$X", "$...ARGS", "$1"
	Start, End uint32
	Node       language.ID // None if it stands for no single node
	Text       string
}

// An Overrun says that a rule, or every rule that had to read the file's tree (RuleID empty), was given up on a file.
type Overrun struct {
	RuleID string
	Path   string
	Reason string
}

// Compile prepares rules. A rule that cannot run is left out, with a Problem at the place in its file; so is a rule whose id an earlier
// rule has.
func Compile(rs []*rules.Rule) (*Set, []rules.Problem) {
	c := &compiler{set: &Set{}, known: map[searchKey]int{}, read: readPatterns(rs)}
	ids := map[string]*rules.Rule{}
	for _, r := range rs {
		if other := ids[r.ID.Value]; other != nil {
			c.problems = append(c.problems, r.Problem(rules.Broken, r.ID.Pos, "the id is taken by the rule at %s:%d: give this one another id", other.File, other.ID.Pos.Line))
			continue
		}
		ids[r.ID.Value] = r
		if r.Idle {
			c.set.rules = append(c.set.rules, &compiled{rule: r})
			continue
		}
		c.rule(r)
	}
	rules.SortProblems(c.problems)
	return c.set, slices.Compact(c.problems) // a pattern may fail the same way in two languages
}

type searchKey struct {
	spec       *language.Spec
	text       string
	conditions string
	options    match.Options
}

type compiler struct {
	set      *Set
	problems []rules.Problem
	known    map[searchKey]int
	read     map[patternKey]*readPattern
	r        *rules.Rule
	stopped  bool
	root     *rules.Formula // what node is in
	plain    bool           // patterns are searched for without the conditions around them, so that it can be told which one took what out
}

func (c *compiler) problem(kind rules.Kind, at rules.Pos, format string, args ...any) {
	c.stopped = c.stopped || kind != rules.Advice
	c.problems = append(c.problems, c.r.Problem(kind, at, format, args...))
}

func (c *compiler) rule(r *rules.Rule) {
	c.r, c.stopped = r, false
	out := &compiled{rule: r, formulas: map[*language.Spec]*node{}}
	var missing []rules.Text
	for _, l := range r.Languages {
		spec := language.ForName(l.Value)
		if spec == nil {
			missing = append(missing, l)
			continue
		}
		if out.formulas[spec] == nil {
			if r.Taint != nil {
				out.formulas[spec] = c.taint(r.Taint, spec)
			} else {
				out.formulas[spec] = c.formula(r.Formula, spec)
			}
			c.settle(out.formulas[spec], spec)
		}
		if spec.AnyFile {
			out.text = out.formulas[spec]
		}
	}
	for _, l := range missing {
		if language.Absent(l.Value) {
			kind := rules.Unsupported
			if len(out.formulas) > 0 {
				kind = rules.Advice
			}
			c.problem(kind, l.Pos, "language %q is %s", l.Value, language.NotBuilt)
		} else if len(out.formulas) > 0 {
			c.problem(rules.Advice, l.Pos, "cannot run yet for language %q: the rule runs for its other languages only", l.Value)
		} else {
			c.problem(rules.Unsupported, l.Pos, "cannot run yet: language %q; rules run for %s", l.Value, languageNames())
		}
	}
	out.include = c.globs(r.Paths.Include)
	out.exclude = c.globs(r.Paths.Exclude)
	if r.FixRegex != nil {
		out.fixRegex = c.regex(r.FixRegex.Regex, "")
	}
	for _, f := range out.formulas {
		f.key = f.needs(&c.set.words)
	}
	if !c.stopped && len(out.formulas) > 0 {
		c.set.rules = append(c.set.rules, out)
	}
}

func languageNames() string {
	names := []string{"generic", "regex"}
	for _, s := range language.All() {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// formula compiles a whole formula.
func (c *compiler) formula(f *rules.Formula, spec *language.Spec) *node {
	c.root = f
	return c.node(f, spec, nil)
}

// node compiles an operator. conditions are those of the patterns lists around it, as far as they hold for what it finds.
func (c *compiler) node(f *rules.Formula, spec *language.Spec, conditions []condition) *node {
	n := &node{op: f.Op, from: f}
	for _, v := range f.Metavariables {
		n.vars = append(n.vars, v.Value)
	}
	switch f.Op {
	case rules.Pattern:
		switch {
		case spec.Name == "generic":
			c.generic(f.Text, n)
		case spec.AnyFile: // in language regex, patterns are expressions
			n.op, n.regex, n.words = rules.Regex, c.regex(f.Text, "(?m)"), c.needed(f.Text)
		default:
			if n.unread = c.unreadable(f.Text, spec); n.unread != nil {
				return n
			}
			n.search, n.words = c.search(f.Text, spec, conditions)
		}
	case rules.Regex:
		n.regex = c.regex(f.Text, "(?m)")
		n.words = c.needed(f.Text)
	case rules.NotRegex:
		n.regex = c.regex(f.Text, "(?m)")
	case rules.MetavariableRegex:
		n.regex, n.constant = c.regex(f.Text, `\A`), f.Constant
		// What is bound inside a string has its escapes resolved, so that the file may spell it otherwise.
		if len(n.vars) == 1 && !n.constant && !inString(c.root, n.vars[0]) {
			n.words = c.needed(f.Text)
		}
	case rules.MetavariablePattern, rules.MetavariableComparison, rules.MetavariableAnalysis, rules.MetavariableType:
		c.condition(f, n, spec)
		return n
	}
	// The conditions of this list come first: they hold for its other entries.
	compiled := make([]*node, len(f.Children))
	for i, child := range f.Children {
		if child.Op == rules.MetavariableRegex {
			compiled[i] = c.node(child, spec, nil)
			if re := compiled[i].regex; re != nil && re.linear != nil && len(compiled[i].vars) == 1 && !compiled[i].constant {
				conditions = append(slices.Clip(conditions), condition{compiled[i].vars[0], re})
			}
		}
	}
	for i, child := range f.Children {
		if compiled[i] != nil {
			continue
		}
		inherited := conditions
		if !f.Op.Positive() || !child.Op.Positive() {
			inherited = nil // what is excluded need not fulfil them
		}
		compiled[i] = c.node(child, spec, inherited)
	}
	n.children = compiled
	return n
}

func (c *compiler) search(text rules.Text, spec *language.Spec, conditions []condition) (int, []prefilter.Word) {
	key := searchKey{spec: spec, text: text.Value, options: matchOptions(c.r.Options)}
	var used []condition
	for _, cond := range conditions {
		if !c.plain && strings.Contains(text.Value, cond.name) {
			used = append(used, cond)
			key.conditions += cond.name + " " + cond.regex.linear.String() + "\x00"
		}
	}
	index, ok := c.known[key]
	if !ok {
		p := c.read[patternKey{spec, text.Value}]
		if p.err != nil {
			line, column, message := place(p.err)
			c.problem(rules.Broken, text.At(line, column), "the pattern cannot be read as %s: %s", spec.Name, message)
			return 0, nil
		}
		index = len(c.set.searches)
		c.set.searches = append(c.set.searches, newSearch(spec, text.Value, p.words, used, key.options))
		c.known[key] = index
	}
	var words []prefilter.Word
	for _, w := range c.set.searches[index].words {
		if spec.Caseless {
			words = append(words, c.set.words.AddPart(w, true))
		} else {
			words = append(words, c.set.words.Add(w))
		}
	}
	return index, words
}

func matchOptions(o rules.Options) match.Options {
	return match.Options{NoConstants: o.NoConstants, Symbolic: o.Symbolic, NoDeepExpr: o.NoDeepExpr, NoVardef: o.NoVardef, NoAC: o.NoAC, CommutativeBool: o.CommutativeBool,
		SymmetricEq: o.SymmetricEq, ExactMembers: o.ExactMembers, OrderedDecorators: o.OrderedDecorators, ArrowsApart: o.ArrowsApart, VarApart: o.VarApart,
		DecoratorsApart: o.DecoratorsApart, NoDeepStmt: o.NoDeepStmt}
}

func (c *compiler) regex(text rules.Text, prefix string) *regex {
	re, err := newRegex(text.Value, prefix)
	if err != nil {
		c.problem(rules.Broken, text.At(1, 1), "the regular expression cannot be read: %s", err)
	}
	return re
}

// needed gives the parts of which a file must hold one, if the expression is to match in it; none: any file will do.
func (c *compiler) needed(text rules.Text) []prefilter.Word {
	var words []prefilter.Word
	for _, l := range needed(text.Value) {
		words = append(words, c.set.words.AddPart(l.text, l.fold))
	}
	return words
}

// inString says whether a pattern of the formula may hold the metavariable inside a string.
func inString(f *rules.Formula, name string) bool {
	if f.Op == rules.Pattern {
		for line := range strings.SplitSeq(f.Text.Value, "\n") {
			if quote := strings.IndexAny(line, "\"'`"); quote >= 0 && strings.Contains(line[quote:], name) {
				return true
			}
		}
	}
	return slices.ContainsFunc(f.Children, func(c *rules.Formula) bool { return inString(c, name) })
}

func (c *compiler) globs(texts []rules.Text) []string {
	var out []string
	for _, t := range texts {
		glob := strings.TrimSuffix(strings.TrimPrefix(t.Value, "./"), "/")
		if rooted, ok := strings.CutPrefix(glob, "/"); ok {
			glob = rooted
		} else {
			glob = "**/" + glob
		}
		if !doublestar.ValidatePattern(glob) {
			c.problem(rules.Broken, t.Pos, "the glob %q cannot be read: close every [ and {", t.Value)
			continue
		}
		out = append(out, glob)
	}
	return out
}

// formula is the rule's for a language; nil spec: a file of no language that is known.
func (c *compiled) formula(spec *language.Spec) *node {
	if f := c.formulas[spec]; f != nil {
		return f
	}
	return c.text
}

// Wants says whether a rule of the set would look at a file.
func (s *Set) Wants(path string) bool {
	spec := language.ForPath(path)
	return slices.ContainsFunc(s.rules, func(c *compiled) bool { return c.formula(spec) != nil && c.applies(path) })
}

// applies says whether a rule's paths let it look at a file.
func (c *compiled) applies(path string) bool {
	return (len(c.include) == 0 || anyGlob(c.include, path)) && !anyGlob(c.exclude, path)
}

func anyGlob(globs []string, path string) bool {
	for _, g := range globs {
		// The globs were validated, so that matching cannot fail. One that names a folder means what is below it.
		if doublestar.MatchUnvalidated(g, path) || doublestar.MatchUnvalidated(g+"/**", path) {
			return true
		}
	}
	return false
}

// Rules gives the rules of the set, in order.
func (s *Set) Rules() []*rules.Rule {
	out := make([]*rules.Rule, len(s.rules))
	for i, c := range s.rules {
		out[i] = c.rule
	}
	return out
}

// Run runs every rule of the set that applies to the file. It never panics on the file's content, and gives the same result for the same
// file each time, overruns by the clock apart.
func (s *Set) Run(ctx context.Context, f File) Result {
	return s.run(ctx, f, func(*rules.Rule) bool { return true })
}

// RunSome is Run with the rules that choose accepts.
func (s *Set) RunSome(ctx context.Context, f File, choose func(*rules.Rule) bool) Result {
	return s.run(ctx, f, choose)
}

func (s *Set) run(ctx context.Context, f File, choose func(*rules.Rule) bool) Result {
	var res Result
	spec := language.ForPath(f.Path)
	r := &run{set: s, spec: spec, file: f, source: string(f.Source), found: map[int]finds{}}
	order := map[*rules.Rule]int{}
	for i, c := range s.rules {
		formula := c.formula(spec)
		if formula == nil || !c.applies(f.Path) || !choose(c.rule) {
			continue
		}
		if err := ctx.Err(); err != nil {
			res.Overruns = append(res.Overruns, Overrun{Path: f.Path, Reason: fmt.Sprintf("stopped: %v", err)})
			break
		}
		if r.words == nil {
			r.words = s.words.Scan(r.source)
		}
		if !r.words.HasAny(formula.key) {
			continue
		}
		e := &evaluation{run: r}
		r.backtracked = 0
		before := len(res.Matches)
		told := r.meter(c.rule)
		var ways [][]language.Span
		var regions []region
		var err error
		if formula.taint != nil {
			regions, ways, err = e.taint(formula.taint, c.rule)
		} else {
			regions, err = e.eval(formula)
		}
		if err != nil {
			if !errors.Is(err, r.treeErr) { // that one is told once, below
				res.Overruns = append(res.Overruns, Overrun{RuleID: c.rule.ID.Value, Path: f.Path, Reason: err.Error()})
			}
			told(0)
			continue
		}
		order[c.rule] = i
		fixes := 0
		for k, g := range regions {
			if k > 0 && regions[k-1].start == g.start && regions[k-1].end == g.end {
				continue // the same place with other bindings
			}
			m := Match{Rule: c.rule, Start: g.start, End: g.end, Bindings: g.env, Message: r.message(c.rule, g.env), Fix: c.fix(r.source, g)}
			if ways != nil {
				m.Way = ways[k]
			}
			if m.Fix != nil {
				if fixes += len(*m.Fix); fixes > maxFixes {
					res.Overruns = append(res.Overruns, Overrun{RuleID: c.rule.ID.Value, Path: f.Path, Reason: fmt.Sprintf("its fixes take more than %d MB", maxFixes>>20)})
					break
				}
			}
			res.Matches = append(res.Matches, m)
		}
		told(len(res.Matches) - before)
	}
	if r.treeErr != nil {
		res.Overruns = append(res.Overruns, Overrun{Path: f.Path, Reason: r.treeErr.Error()})
	}
	slices.SortStableFunc(res.Matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(order[a.Rule], order[b.Rule]))
	})
	res.Tree = r.tree
	return res
}

// maxFixes bounds the fixes of one rule in one file: matches lie inside of each other, and each repeats what it holds.
const maxFixes = 16 << 20

// run is what the rules share on one file.
type run struct {
	set    *Set
	spec   *language.Spec
	file   File
	source string
	words  *prefilter.Set

	tree    *language.Tree
	treeErr error
	budget  match.Budget
	found   map[int]finds // by search
	flows   *taint.File   // made by the first taint rule

	shared      time.Duration // what rules share took so far
	backtracked time.Duration // of one rule, in expressions that look around or back
}

type finds struct {
	regions []region
	err     error
}

// meter begins to measure a rule; the function that it gives ends that.
func (r *run) meter(rule *rules.Rule) func(matches int) {
	if r.file.Meter == nil {
		return func(int) {}
	}
	start, shared := time.Now(), r.shared
	return func(matches int) { r.file.Meter(rule, time.Since(start)-(r.shared-shared), matches) }
}

// sharing counts what all rules profit from.
func (r *run) sharing(start time.Time) { r.shared += time.Since(start) }

// parse gives the file's tree, made at the first call.
func (r *run) parse() (*language.Tree, error) {
	if r.tree == nil && r.treeErr == nil {
		defer r.sharing(time.Now())
		var err error
		if r.file.Tree != nil {
			r.tree, err = r.file.Tree(r.spec)
		} else {
			r.tree, err = r.spec.Parse(r.file.Path, r.file.Source)
		}
		if err != nil {
			r.tree, r.treeErr = nil, fmt.Errorf("the file was not parsed: %w", err)
		}
	}
	return r.tree, r.treeErr
}

// maxBound is how much of a metavariable's text a message shows, in code points.
const maxBound = 120

var metavariable = regexp.MustCompile(`\$(?:\.\.\.)?[A-Z_][A-Z_0-9]*|\$[0-9]+`)

// Interpolate replaces the metavariables of a text by what they stand for. With a limit above 0, what stands there is put on one line
// and cut to that many code points. A metavariable that is not bound stays as it is.
func Interpolate(text string, bindings []Binding, limit int) string {
	return metavariable.ReplaceAllStringFunc(text, func(name string) string {
		b := lookup(bindings, name)
		if b == nil {
			return name
		}
		if limit <= 0 {
			return b.Text
		}
		line := strings.Join(strings.Fields(b.Text[:min(len(b.Text), 64*limit)]), " ")
		if runes := []rune(line); len(runes) > limit {
			line = string(runes[:limit-1]) + "…"
		}
		return line
	})
}
