// Package ruletest runs rules on their fixtures.
//
// A fixture is a source file with comments that say what the next line of code means to a rule:
//
//	# ruleid: my-rule          the rule must report the next line (several ids: separated by commas)
//	# ok: my-rule              the rule must not report the next line
//	# todoruleid: my-rule      the rule should report it, and may fail to
//	# todook: my-rule          the rule should not report it, and may
//
// A rule passes if the lines at which its matches begin are exactly those that it must report, todo lines left aside. Fixtures have the
// name of the rule file or of the rule, with the extension of a language or with ".test" before it, and lie beside the rule file (as
// Semgrep lays them out) or in `testdata` next to it. Where a file with ".fixed" before the extension lies beside a fixture, the rule's fixes must
// make the one of the other. The rule's `paths` do not count: a fixture is never where the rule is meant for.
package ruletest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/engine"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

// Status is how a rule did.
type Status string

// The statuses.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped" // not tested: no fixture speaks of the rule, or it is valid Semgrep that the engine does not run yet
)

// A Report is the result of Run. Its JSON is what `reviewgate rules test --format json` prints.
type Report struct {
	Rules  []Result `json:"rules"` // in order of rule file and place in it
	Totals Totals   `json:"totals"`
	// Problems is what the rule files themselves have wrong, advice included.
	Problems []rules.Problem `json:"problems,omitempty"`
	// SkippedFiles counts the YAML files in folders that hold no rules.
	SkippedFiles int `json:"skipped_files,omitempty"`
}

// Totals counts rules.
type Totals struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// A Result is how one rule did on all of its fixtures.
type Result struct {
	ID       string    `json:"id"`
	File     string    `json:"file"` // of the rule
	Line     int       `json:"line"` // of the rule in it
	Status   Status    `json:"status"`
	Reason   string    `json:"reason,omitempty"` // why it was skipped, or could not run
	Expected []int     `json:"expected"`         // lines, fixture after fixture
	Reported []int     `json:"reported"`         // lines at which matches begin, todo lines left out
	Fixtures []Fixture `json:"fixtures,omitempty"`
}

// A Fixture is how one rule did on one file.
type Fixture struct {
	Path     string `json:"path"`
	Expected []int  `json:"expected"`
	Reported []int  `json:"reported"`
	Silent   []int  `json:"silent,omitempty"` // lines marked ok
	Missed   []int  `json:"missed,omitempty"` // expected and not reported
	Noise    []int  `json:"noise,omitempty"`  // reported and not expected
	Overrun  string `json:"overrun,omitempty"`
	Fix      string `json:"fix,omitempty"` // how the fixes differ from the .fixed file beside the fixture
	// FixDiff is the part in which they differ: lines of the .fixed file after "- ", those that the fixes make after "+ ".
	FixDiff []string `json:"fix_diff,omitempty"`
}

// maxFixture is the largest fixture that is read, in bytes.
const maxFixture = 4 << 20

// Run tests the rules of files and folders. It fails only if a path cannot be read or a named file is not a rule file; what is wrong with a
// single rule is in the Report.
func Run(ctx context.Context, paths []string) (*Report, error) {
	report := &Report{Rules: []Result{}}
	seen := map[string]bool{}
	for _, path := range paths {
		sources, skipped, err := rules.LoadPath(path, rules.OriginFlag)
		if err != nil {
			return nil, err
		}
		report.SkippedFiles += skipped
		for _, src := range sources {
			if seen[src.Name] {
				continue
			}
			seen[src.Name] = true
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("test rules: %w", err)
			}
			if err := report.source(ctx, src); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range report.Rules {
		switch r.Status {
		case Passed:
			report.Totals.Passed++
		case Failed:
			report.Totals.Failed++
		default:
			report.Totals.Skipped++
		}
	}
	return report, nil
}

// source tests the rules of one file. Each file is compiled by itself, so that equal ids in two files do not get in each other's way.
func (report *Report) source(ctx context.Context, src rules.Source) error {
	rs, problems := rules.Parse(src)
	for i, r := range rs {
		everywhere := *r
		everywhere.Paths = rules.Paths{}
		rs[i] = &everywhere
	}
	set, more := engine.Compile(rs)
	problems = append(problems, more...)
	rules.SortProblems(problems)
	report.Problems = append(report.Problems, problems...)

	results := map[string]*Result{}
	var ids []string
	for _, p := range problems { // the rules that do not run
		if !p.Stops() {
			continue
		}
		id := p.RuleID
		if r := results[id]; r != nil {
			if p.Kind == rules.Broken && r.Status == Skipped {
				r.Status, r.Reason = Failed, p.Message
			}
			continue
		}
		r := &Result{ID: id, File: src.Name, Line: p.Line, Status: Failed, Reason: p.Message, Expected: []int{}, Reported: []int{}}
		if p.Kind == rules.Unsupported {
			r.Status = Skipped
		}
		results[id], ids = r, append(ids, id)
	}
	runs := map[string]*rules.Rule{}
	for _, r := range set.Rules() {
		id := r.ID.Value
		if results[id] == nil { // else: the first of two rules with one id; the second is told
			results[id], ids = &Result{ID: id, File: src.Name, Line: r.Pos.Line, Expected: []int{}, Reported: []int{}}, append(ids, id)
			runs[id] = r
		}
	}
	paths, err := Fixtures(src.Name, ids)
	if err != nil {
		return err
	}
	for _, path := range paths {
		data, err := readFixture(path)
		if err != nil {
			return err
		}
		marks := parseMarks(data, ids)
		res := set.Run(ctx, engine.File{Path: filepath.ToSlash(path), Source: data})
		spec := language.ForPath(path)
		reported := map[string][]int{}
		lines := lineIndex(data)
		for _, m := range res.Matches {
			id := m.Rule.ID.Value
			reported[id] = append(reported[id], lines.at(m.Start))
		}
		for _, id := range ids {
			rule := runs[id]
			m := marks[id]
			if rule == nil || len(m) == 0 && len(reported[id]) == 0 || !speaks(rule, spec) {
				continue
			}
			f := judge(m, reported[id])
			f.Path = filepath.ToSlash(path)
			for _, o := range res.Overruns {
				if o.RuleID == id || o.RuleID == "" {
					f.Overrun = o.Reason
				}
			}
			if f.Fix, f.FixDiff, err = judgeFixes(path, data, res.Matches, id); err != nil {
				return err
			}
			results[id].Fixtures = append(results[id].Fixtures, f)
		}
	}
	var out []Result
	for _, id := range ids {
		r := results[id]
		if runs[id] != nil {
			r.finish()
		}
		out = append(out, *r)
	}
	slices.SortStableFunc(out, func(a, b Result) int { return cmp.Compare(a.Line, b.Line) })
	report.Rules = append(report.Rules, out...)
	return nil
}

// speaks says whether a rule is for a language.
func speaks(r *rules.Rule, spec *language.Spec) bool {
	return slices.ContainsFunc(r.Languages, func(l rules.Text) bool {
		named := language.ForName(l.Value)
		return named != nil && (named == spec || named.AnyFile)
	})
}

// finish sums up a rule's fixtures.
func (r *Result) finish() {
	marked := false
	r.Status = Passed
	for _, f := range r.Fixtures {
		r.Expected = append(r.Expected, f.Expected...)
		r.Reported = append(r.Reported, f.Reported...)
		marked = marked || len(f.Expected)+len(f.Silent) > 0
		if len(f.Missed)+len(f.Noise) > 0 || f.Overrun != "" {
			r.Status = Failed
		}
		if f.Fix != "" {
			r.Status, r.Reason = Failed, f.Fix
		}
		if f.Overrun != "" {
			r.Reason = f.Overrun
		}
	}
	if !marked && r.Status == Passed {
		r.Status, r.Reason = Skipped, "no fixture speaks of the rule: add one with ruleid: and ok: comments"
	}
}

// Judge holds the lines that a rule reports in a source to the source's marks; marked says whether it has any for the rule.
func Judge(source []byte, ruleID string, reported []int) (f Fixture, marked bool) {
	marks := parseMarks(source, []string{ruleID})[ruleID]
	return judge(marks, slices.Clone(reported)), len(marks) > 0
}

// judge compares what a rule reported in one fixture with the fixture's marks.
func judge(marks map[int]mark, reported []int) Fixture {
	f := Fixture{Expected: []int{}, Reported: []int{}}
	for line, m := range marks {
		switch m {
		case markRule:
			f.Expected = append(f.Expected, line)
		case markOK:
			f.Silent = append(f.Silent, line)
		case markTodo: // may be either
		}
	}
	slices.Sort(f.Expected)
	slices.Sort(f.Silent)
	slices.Sort(reported)
	for _, line := range slices.Compact(reported) {
		if marks[line] == markTodo {
			continue
		}
		f.Reported = append(f.Reported, line)
		if marks[line] != markRule {
			f.Noise = append(f.Noise, line)
		}
	}
	for _, line := range f.Expected {
		if !slices.Contains(f.Reported, line) {
			f.Missed = append(f.Missed, line)
		}
	}
	return f
}

// Fixtures lists the fixtures of a rule file that holds the given ids, in order of path.
func Fixtures(ruleFile string, ids []string) ([]string, error) {
	dir, name := filepath.Split(filepath.FromSlash(ruleFile))
	bases := append([]string{strings.TrimSuffix(name, filepath.Ext(name))}, ids...)
	var out []string
	for _, d := range []string{filepath.Clean(dir), filepath.Join(dir, "testdata")} {
		entries, err := os.ReadDir(d)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for fixtures: %w", err)
		}
		for _, e := range entries {
			ext := filepath.Ext(e.Name())
			base := strings.TrimSuffix(e.Name(), ext)
			// Rules that read text are tested on files of every kind, but a rule file is a fixture only if it says so.
			if !e.Type().IsRegular() || strings.HasSuffix(base, fixedMark) || (ext == ".yaml" || ext == ".yml") && !strings.HasSuffix(base, ".test") {
				continue
			}
			stem := strings.TrimSuffix(base, ".test")
			if i := max(slices.Index(bases, base), slices.Index(bases, stem)); i == 0 || i > 0 && !hasRuleFile(dir, stem) {
				out = append(out, filepath.Join(d, e.Name()))
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// hasRuleFile says whether a folder has a rule file of a name: fixtures of that name are its own, and of no rule elsewhere with such an id.
func hasRuleFile(dir, stem string) bool {
	for _, ext := range []string{".yaml", ".yml"} {
		if info, err := os.Stat(filepath.Join(dir, stem+ext)); err == nil && info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

func readFixture(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read fixture: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFixture+1))
	if err != nil {
		return nil, fmt.Errorf("read fixture: %w", err)
	}
	if len(data) > maxFixture {
		return nil, fmt.Errorf("read fixture: %s has more than %d MB", path, maxFixture>>20)
	}
	return data, nil
}

// A mark says what a line means to a rule.
type mark uint8

const (
	markRule mark = iota + 1
	markOK
	markTodo
)

var markForm = regexp.MustCompile(`(?:#|//|/\*|<!--|\(\*|--|\{\*)\s*(ruleid|ok|todoruleid|todook)\s*:\s*(?:deepok\s*:|deepruleid\s*:|prook\s*:|proruleid\s*:)?\s*([A-Za-z0-9._\-, \t]+)`)

// parseMarks reads the marks of a fixture: rule id, then line, then mark. A comment speaks of the first line after it that is not
// itself such a comment.
func parseMarks(data []byte, ids []string) map[string]map[int]mark {
	out := map[string]map[int]mark{}
	type pending struct {
		id   string
		mark mark
	}
	var waiting []pending
	for i, line := range strings.Split(string(data), "\n") {
		if m := markForm.FindStringSubmatch(line); m != nil {
			kind := map[string]mark{"ruleid": markRule, "ok": markOK}[m[1]]
			if kind == 0 {
				kind = markTodo
			}
			for id := range strings.SplitSeq(m[2], ",") {
				// Semgrep's own fixtures name a rule by its path at times: the last part is the id.
				if id = strings.Trim(strings.TrimSpace(id), "-"); !slices.Contains(ids, id) {
					id = id[strings.LastIndexByte(id, '.')+1:]
				}
				if fields := strings.Fields(id); len(fields) > 0 {
					waiting = append(waiting, pending{fields[0], kind})
				}
			}
			continue
		}
		for _, w := range waiting {
			if out[w.id] == nil {
				out[w.id] = map[int]mark{}
			}
			out[w.id][i+1] = w.mark
		}
		waiting = nil
	}
	return out
}

// lineIndex holds the offsets at which lines begin.
type lineStarts []uint32

func lineIndex(data []byte) lineStarts {
	starts := lineStarts{0}
	for i, b := range data {
		if b == '\n' {
			starts = append(starts, uint32(i+1))
		}
	}
	return starts
}

func (l lineStarts) at(offset uint32) int {
	i, found := slices.BinarySearch(l, offset)
	if found {
		return i + 1
	}
	return i
}
