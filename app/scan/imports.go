package scan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/reviewgate-app/reviewgate/checks"
)

// An Import is the report of another tool, as SARIF 2.1.0.
type Import struct {
	Name string // of the file, for people
	Base bool   // it is about the merge base: the results of the same tool are old where it has them
	Data []byte
}

// An ImportResult says what became of the report of one tool.
type ImportResult struct {
	File       string   `json:"file"`
	Base       bool     `json:"base,omitempty"` // the report is about the merge base
	Tool       string   `json:"tool"`           // as it stands before the ids of its rules
	Version    string   `json:"version,omitempty"`
	Results    int      `json:"results"`             // that were taken over
	Introduced int      `json:"introduced"`          // of them
	JudgedBy   JudgedBy `json:"judged_by,omitempty"` // of one about the head
	// Outside and Elsewhere count results that were not taken over: outside of the tree (or without a place), and in files that the head does not have.
	Outside   int      `json:"outside,omitempty"`
	Elsewhere int      `json:"elsewhere,omitempty"`
	Examples  []string `json:"examples,omitempty"` // of both
}

// JudgedBy says how the old findings of a report were told from the new ones.
type JudgedBy string

// The ways.
const (
	ByFingerprint JudgedBy = "fingerprint"   // there was a report on the base, and what it has is old
	ByLines       JudgedBy = "changed lines" // there was none: what stands on a changed line, or whose flow crosses one, is new
)

const maxExamples = 3

// String says it in one line.
func (r *ImportResult) String() string {
	s := r.Tool
	if r.Version != "" {
		s += " " + r.Version
	}
	if s += " (" + r.File + "): "; r.Base {
		s += fmt.Sprintf("%d results on the base", r.Results)
	} else {
		s += fmt.Sprintf("%d of %d results are introduced, judged by %s", r.Introduced, r.Results, r.JudgedBy)
	}
	if r.JudgedBy == ByLines {
		s += ", because there is no report of the tool on the base"
	}
	if r.Outside > 0 {
		s += fmt.Sprintf("; %d outside of the tree are left out", r.Outside)
	}
	if r.Elsewhere > 0 {
		s += fmt.Sprintf("; %d in files that the head does not have are left out", r.Elsewhere)
	}
	if len(r.Examples) > 0 {
		s += ", such as " + strings.Join(r.Examples, ", ")
	}
	return s
}

// imported is what all reports together give.
type imported struct {
	head, base []*found
	infos      []checks.RuleInfo
	results    []*ImportResult
	checks     []CheckResult
	of         map[*found]*ImportResult
}

// readImports reads the reports. One that cannot be read fails as a check does: what the tool found is not known.
func readImports(in *Input, change *checks.Change, files map[place]*checks.File) *imported {
	out := &imported{of: map[*found]*ImportResult{}}
	if len(in.Imports) == 0 {
		return out
	}
	r := &importReader{in: in, files: files, sources: newSources(change), out: out, known: map[ruleOn]checks.Confidence{}, tools: map[string]bool{}}
	if in.HeadPaths != nil {
		r.paths = make(map[string]bool, len(in.HeadPaths))
		for _, p := range in.HeadPaths {
			r.paths[p] = true
		}
	}
	names := map[string]int{}
	for _, base := range []bool{true, false} { // what base has decides how head is judged
		for i := range in.Imports {
			one := &in.Imports[i]
			if one.Base != base {
				continue
			}
			check := CheckResult{Name: "import/" + strings.ReplaceAll(text(one.Name, 200), "\n", " "), Status: Ran}
			if names[check.Name]++; names[check.Name] > 1 {
				check.Name += fmt.Sprintf("#%d", names[check.Name])
			}
			switch {
			case in.Config.Imports == checks.RolloutOff:
				check.Status, check.Reason = Skipped, "switched off by the configuration"
			default:
				if err := r.read(one); err != nil {
					check.Status, check.Reason = Failed, text(err.Error(), maxMessage)
				}
			}
			out.checks = append(out.checks, check)
		}
	}
	return out
}

// ruleOn is a rule that a report on one side has described.
type ruleOn struct {
	id   string
	side checks.Side
}

type importReader struct {
	in      *Input
	files   map[place]*checks.File
	sources *sources
	paths   map[string]bool // of head; nil: not listed
	out     *imported
	known   map[ruleOn]checks.Confidence // what the tool says of the rule, before the policy's word
	tools   map[string]bool              // of which there is a report on base
}

func (r *importReader) read(one *Import) error {
	log, err := readSARIF(one.Data)
	if err != nil {
		return err
	}
	for i := range log.Runs {
		run := &log.Runs[i]
		driver := &run.Tool.Driver
		res := &ImportResult{File: text(one.Name, 500), Base: one.Base, Tool: toolSlug(driver.Name), Version: text(cmp.Or(driver.SemanticVersion, driver.Version), 60)}
		r.out.results = append(r.out.results, res)
		switch {
		case one.Base:
			r.tools[res.Tool] = true
		case r.tools[res.Tool]:
			res.JudgedBy = ByFingerprint
		default:
			res.JudgedBy = ByLines
		}
		paths := newPaths(run, r.in.ImportRoots)
		for k := range *run.Results {
			r.take(run, &(*run.Results)[k], one.Base, paths, res)
		}
		// Results without a place or outside of the tree may be what the policy asks to block.
		if !one.Base && res.Outside > 0 && r.in.Config.Imports == checks.RolloutBlock {
			return fmt.Errorf("%d of its results are outside of the tree, so that they cannot be judged (such as %s)", res.Outside, strings.Join(res.Examples, ", "))
		}
	}
	return nil
}

// take makes a finding of one result.
func (r *importReader) take(run *sarifRun, one *sarifResult, base bool, paths *sarifPaths, res *ImportResult) {
	if one.Kind == "pass" || one.Kind == "notApplicable" || one.Baseline == "absent" {
		return
	}
	id, rule := run.ruleOf(one)
	name := ruleName(res.Tool, id)
	side := checks.Head
	if base {
		side = checks.Base
	}
	leave := func(count *int, what string) {
		if *count++; len(res.Examples) < maxExamples {
			res.Examples = append(res.Examples, text(strings.Join(strings.Fields(what), " "), 200))
		}
	}
	if len(one.Locations) == 0 {
		leave(&res.Outside, name+" without a place")
		return
	}
	primary := &one.Locations[0]
	location, ok := r.location(primary, side, run, paths)
	if !ok {
		leave(&res.Outside, cmp.Or(primary.Physical.Artifact.URI, name+" without a file"))
		return
	}
	if !r.there(side, location.Path) {
		leave(&res.Elsewhere, location.Path)
		return
	}
	f := &found{Finding: checks.Finding{
		RuleID: name, Message: one.Message.say(rule, run), Severity: one.severity(rule), Confidence: one.confidence(rule), Location: location,
	}}
	f.Message = cmp.Or(f.Message, name)
	if f.Location.StartLine == 0 || r.sources.at(side, location.Path) == nil {
		// There is no text to know the finding by: its file did not change, or it is about the file as a whole.
		f.Key = fmt.Sprintf("%d:%d-%d:%d %s", location.StartLine, location.StartColumn, location.EndLine, location.EndColumn, f.Message)
	}
	if len(one.CodeFlows) > 0 && len(one.CodeFlows[0].ThreadFlows) > 0 {
		for i := range one.CodeFlows[0].ThreadFlows[0].Locations {
			step := &one.CodeFlows[0].ThreadFlows[0].Locations[i].Location
			if l, ok := r.location(step, side, run, paths); ok && l.StartLine > 0 && len(f.Flow) < maxRelated {
				f.Flow = append(f.Flow, checks.Related{Location: l, Message: step.Message.say(rule, run)})
			}
		}
	}
	if len(f.Flow) < 2 {
		f.Flow = nil // zizmor writes every place as a flow of one step
	}
	for _, s := range one.Suppressions {
		// Whoever made the file wrote it, and it is not known when: it counts as one that the change adds, and does not silence what blocks.
		if state := cmp.Or(s.Status, s.State); state == "" || state == "accepted" {
			reason := "suppressed in the report of " + res.Tool
			if s.Justification != "" {
				reason += ": " + s.Justification
			}
			f.Suppression = &checks.Suppression{Reason: text(strings.Join(strings.Fields(reason), " "), 500), Line: f.Location.StartLine, Added: true}
			break
		}
	}
	on := ruleOn{name, side}
	if _, ok := r.known[on]; !ok {
		info := run.info(name, res.Tool, rule, one)
		r.known[on] = info.Confidence
		r.out.infos = append(r.out.infos, info) // those of base come first, and those of head take their place
	}
	f.asked = r.known[on]
	res.Results++
	if base {
		r.out.base = append(r.out.base, f)
		return
	}
	f.byLines = res.JudgedBy == ByLines
	r.out.of[f] = res
	r.out.head = append(r.out.head, f)
}

// there says whether a file exists on a side, as far as that is known.
func (r *importReader) there(side checks.Side, path string) bool {
	if r.files[place{side, path}] != nil {
		return true
	}
	other := checks.Base
	if side == checks.Base {
		other = checks.Head
	}
	if f := r.files[place{other, path}]; f != nil {
		_, on := f.PathOn(side)
		return on
	}
	return r.paths == nil || r.paths[path] // it did not change, so that head's listing holds for base
}

// location reads a place. Columns become code points, for which the text is needed.
func (r *importReader) location(l *sarifLocation, side checks.Side, run *sarifRun, paths *sarifPaths) (checks.Location, bool) {
	p, ok := paths.of(l.Physical.Artifact)
	if !ok {
		return checks.Location{}, false
	}
	out := checks.Location{Path: p, Side: side}
	region := &l.Physical.Region
	if region.StartLine <= 0 {
		return out, true
	}
	out.StartLine, out.EndLine = int(region.StartLine), int(max(region.EndLine, region.StartLine))
	src := r.sources.at(side, p)
	column := func(line int, c number) int {
		if src == nil || c <= 1 {
			return int(max(c, 1))
		}
		return codePoints(src.line(line), int(c), run.columns())
	}
	out.StartColumn = column(out.StartLine, region.StartColumn)
	out.EndColumn = column(out.EndLine, region.EndColumn)
	if empty := out.EndLine == out.StartLine && out.EndColumn <= out.StartColumn; src != nil && (region.EndColumn == 0 || empty) {
		out.EndColumn = utf8.RuneCount(src.line(out.EndLine)) + 1 // gosec names only where it starts: the line is what the finding is known by
	}
	return out, true
}

// A columnKind is what a tool's columns count.
type columnKind int

const (
	countsCodePoints columnKind = iota
	countsUTF16
	countsBytes
)

// columns says what the run's columns count. Where it does not say, they are taken for code points, but for Semgrep, which counts bytes.
func (run *sarifRun) columns() columnKind {
	switch {
	case run.ColumnKind == "utf16CodeUnits":
		return countsUTF16
	case run.ColumnKind == "" && toolSlug(run.Tool.Driver.Name) == "semgrep":
		return countsBytes
	}
	return countsCodePoints
}

// codePoints turns a column (from 1) into one that counts code points.
func codePoints(line []byte, column int, kind columnKind) int {
	if kind == countsCodePoints {
		return column
	}
	units, points := 1, 1
	for len(line) > 0 && units < column {
		r, size := utf8.DecodeRune(line)
		line = line[size:]
		points++
		switch {
		case kind == countsBytes:
			units += size
		case r > 0xffff:
			units += 2
		default:
			units++
		}
	}
	return points
}

// inChange says whether a finding that can only be judged by lines belongs to the change: it stands on a changed line, its data flows over one, or its file
// is new or cannot be compared.
func (s *state) inChange(f *found) bool {
	if s.in.All {
		return true
	}
	changed := func(l checks.Location) bool {
		file := s.files[place{l.Side, l.Path}]
		switch {
		case file == nil:
			return false
		case file.Status == checks.Added || file.Opaque != "" || file.Lines == nil:
			return file.Blob == "" || file.Blob != file.OldBlob
		}
		return l.StartLine > 0 && file.Lines.AddedIn(l.StartLine, l.EndLine)
	}
	return changed(f.Location) || slices.ContainsFunc(f.Flow, func(step checks.Related) bool { return changed(step.Location) })
}

// into hands the findings to the stages, with the rules as they apply.
func (m *imported) into(s *state, known map[string]*checks.RuleInfo) {
	for _, list := range [][]*found{m.head, m.base} {
		for _, f := range list {
			if f.rule = known[f.RuleID]; f.rule.Rollout == checks.RolloutOff || !s.in.Config.covers(f.RuleID, f.Location.Path) {
				continue
			}
			if f.Location.Side == checks.Base {
				s.base = append(s.base, f)
			} else {
				s.head = append(s.head, f)
			}
		}
	}
}

// told counts what is new, once the stages have said so.
func (m *imported) told() []ImportResult {
	for _, f := range m.head {
		if f.Introduced {
			m.of[f].Introduced++
		}
	}
	out := make([]ImportResult, 0, len(m.results))
	for _, r := range m.results {
		out = append(out, *r)
	}
	slices.SortStableFunc(out, func(a, b ImportResult) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Tool, b.Tool)) })
	return out
}
