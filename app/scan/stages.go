package scan

import (
	"cmp"
	"maps"
	"slices"
	"sort"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/diff"
)

// A found is a finding on its way through the stages.
type found struct {
	checks.Finding
	rule    *checks.RuleInfo  // with the rollout that applies
	differs bool              // from a check that judges the difference
	byLines bool              // from another tool, without its report on base
	pattern bool              // from a rule written as a pattern
	asked   checks.Confidence // of the rule, before the policy's word
	own     string            // the identity without the ordinal: what is equal to it can only be told apart by position
	shape   string            // own without the symbol
	counts  bool              // it would block if nothing silenced it
	told    bool              // another finding of the same flaw on the same line is told instead
}

// state is what the stages work on.
type state struct {
	in      *Input
	sources *sources
	files   map[place]*checks.File // the changed files, by side and path there
	head    []*found               // by position; what becomes the result
	base    []*found               // by position; what PerSide checks found on the other side
}

// stages are what happens to findings after the checks, in this order:
//
//   - fit first, so that all that follow see places which exist, and fingerprint next, because introduced compares them
//   - introduced before suppress and block: old findings neither block nor need silencing
//   - suppress before block, which needs to know; it marks and never removes, so that block can overrule it
//   - block before dedupe and budget: nothing that could be crowded out by other findings decides over a merge (B77)
//   - dedupe before budget, so that doubles take nobody's place
//   - sort last
var stages = []struct {
	name string
	run  func(*state)
}{
	{"fit", fit},
	{"fingerprint", fingerprint},
	{"introduced", introduced},
	{"suppress", suppress},
	{"block", block},
	{"dedupe", dedupe},
	{"budget", budget},
	{"sort", order},
}

// fit puts every location inside its file and cuts what is too long to be carried.
func fit(s *state) {
	for _, f := range slices.Concat(s.head, s.base) {
		f.Location = s.fit(f.Location)
		f.Message = text(f.Message, maxMessage)
		f.Related = f.Related[:min(len(f.Related), maxRelated)]
		for i := range f.Related {
			f.Related[i].Location = s.fit(f.Related[i].Location)
			f.Related[i].Message = text(f.Related[i].Message, maxMessage)
		}
		f.Flow = f.Flow[:min(len(f.Flow), maxRelated)]
		for i := range f.Flow {
			f.Flow[i].Location = s.fit(f.Flow[i].Location)
			f.Flow[i].Message = text(f.Flow[i].Message, maxMessage)
		}
		if f.Fix != nil {
			f.Fix.Text = text(f.Fix.Text, maxMessage)
		}
		f.Severity = cmp.Or(f.Severity, f.rule.Severity)
		f.Confidence = cmp.Or(f.Confidence, f.asked, f.rule.Confidence)
		s.apply(f)
	}
	slices.SortStableFunc(s.head, foundByPosition)
	slices.SortStableFunc(s.base, foundByPosition)
}

func (s *state) fit(l checks.Location) checks.Location {
	if f := s.sources.at(l.Side, l.Path); f != nil {
		l = f.fit(l)
		l.Snippet = f.snippet(l)
	}
	return l
}

func foundByPosition(a, b *found) int { return byPosition(a.Finding, b.Finding) }

// fingerprint gives each finding its symbol and its identity. A finding in a renamed file has the new name on both sides.
func fingerprint(s *state) {
	for _, side := range [][]*found{s.head, s.base} {
		seen := map[string]int{}
		for _, f := range side {
			match := f.Key
			if src := s.sources.at(f.Location.Side, f.Location.Path); src != nil && f.Location.StartLine > 0 {
				if f.Symbol == "" {
					f.Symbol = text(src.symbolAt(src.offset(f.Location.StartLine, f.Location.StartColumn)), 500)
				}
				if match == "" {
					match = string(src.span(f.Location))
				}
			}
			path := f.Location.Path
			if file := s.files[place{f.Location.Side, path}]; file != nil {
				path = file.Path
			}
			f.own = string(checks.NewFingerprint(f.RuleID, path, match, f.Symbol, 0))
			f.shape = string(checks.NewFingerprint(f.RuleID, path, match, "", 0))
			f.Fingerprint = checks.NewFingerprint(f.RuleID, path, match, f.Symbol, seen[f.own])
			seen[f.own]++
		}
	}
}

// introduced tells what the change brings in from what base had: as many findings of one identity as base has are old, and the rest is
// new. Which of several equal ones are the old ones, the line map says: those that stand on lines which did not change. It also
// finds a finding whose function was renamed around it.
func introduced(s *state) {
	// Old findings of base, by where their line is now. Each is used up by one of head.
	type spot struct {
		shape string
		line  int
	}
	unmoved := map[spot][]*found{}
	left := map[string]int{} // by identity
	for _, b := range s.base {
		left[b.own]++
		if file := s.files[place{checks.Base, b.Location.Path}]; file != nil {
			if line, ok := file.Lines.HeadLine(b.Location.StartLine); ok && b.Location.StartLine > 0 {
				unmoved[spot{b.shape, line}] = append(unmoved[spot{b.shape, line}], b)
			}
		}
	}
	var rest []*found
	for _, f := range s.head {
		f.Introduced = true
		if f.byLines {
			f.Introduced = s.inChange(f)
			continue
		}
		if f.differs {
			continue
		}
		at := spot{f.shape, f.Location.StartLine}
		if old := unmoved[at]; len(old) > 0 && s.unchanged(f) {
			unmoved[at] = old[1:]
			left[old[0].own]--
			f.Introduced = false
			continue
		}
		rest = append(rest, f)
	}
	for _, f := range rest {
		if left[f.own] > 0 {
			left[f.own]--
			f.Introduced = false
		}
	}
}

// unchanged says whether no line of a finding at head was changed.
func (s *state) unchanged(f *found) bool {
	file := s.files[place{checks.Head, f.Location.Path}]
	return file == nil || !file.Lines.AddedIn(f.Location.StartLine, f.Location.EndLine)
}

// suppress marks the findings that a comment asks to silence. The comment stands at head; for something that was removed it stands where
// the code was.
func suppress(s *state) {
	for _, f := range s.head {
		path, line := f.Location.Path, f.Location.StartLine
		file := s.files[place{f.Location.Side, path}]
		if f.Location.Side == checks.Base && file != nil && line > 0 {
			path = file.Path
			line, _ = file.Lines.HeadLine(line)
		}
		src := s.sources.at(checks.Head, path)
		if line == 0 || src == nil {
			continue
		}
		security := len(f.rule.CWE) > 0 || slices.Contains(f.rule.Tags, "security")
		for _, d := range covering(src.suppressions(), line) {
			if !d.silences(f.RuleID, f.rule.Same, f.pattern, security) {
				continue
			}
			// A comment that stands on base holds for what it stood by. Over code that the change brings in, or over the step from base
			// to head itself, it says as little as a new one: who wrote it had something else before their eyes (B73).
			added := !s.in.All && file != nil && (f.differs || f.Location.Side == checks.Base || file.Lines.Added(d.line) || !s.unchanged(f))
			f.Suppression = &checks.Suppression{Reason: d.reason, Line: d.line, Added: added}
			if d.reason != "" {
				break // one without a reason is only told if no other holds
			}
		}
	}
}

// block decides which findings count against the change. A policy or flag may lower the severity, never the confidence.
func block(s *state) {
	c := &s.in.Config
	for _, f := range s.head {
		severe := f.Severity >= c.BlocksFrom() || slices.Contains(c.BlockOn, f.RuleID) || slices.ContainsFunc(f.rule.Tags, func(tag string) bool { return slices.Contains(c.BlockOn, tag) })
		f.Shadow = f.rule.Rollout == checks.RolloutShadow
		f.counts = f.Introduced && f.rule.Rollout == checks.RolloutBlock && severe && f.Confidence == checks.Certain
		f.Blocking = f.counts && !(f.silent() && !f.Suppression.Added)
	}
}

// silent says that a suppression with a reason covers the finding. An added one does so too, unless the finding counts.
func (f *found) silent() bool { return f.Suppression != nil && f.Suppression.Reason != "" }

// dedupe drops a finding that overlaps one of the same rule, and marks one that says the same (by CWE) on the same line as a more severe one
// of another rule: it stays in the result and is not told inline. What weighs more is kept: what blocks, what is new.
func dedupe(s *state) {
	ordered := slices.Clone(s.head)
	slices.SortStableFunc(ordered, heavierFirst)
	type line struct {
		place
		rule string
		line int
	}
	type region struct {
		place
		rule string
	}
	kept := map[region][]checks.Location{} // in order, and apart
	told := map[line]bool{}
	drop := map[*found]bool{}
	for _, f := range ordered {
		at := place{f.Location.Side, f.Location.Path}
		if f.Location.StartLine > 0 {
			own := kept[region{at, f.RuleID}]
			i, _ := slices.BinarySearchFunc(own, f.Location, compareLocations)
			if i > 0 && overlap(own[i-1], f.Location) || i < len(own) && overlap(own[i], f.Location) {
				drop[f] = true
				continue
			}
			kept[region{at, f.RuleID}] = slices.Insert(own, i, f.Location)
		}
		for _, cwe := range f.rule.CWE {
			f.told = f.told || told[line{at, cwe, f.Location.StartLine}]
		}
		if f.tellable() && !f.told {
			for _, cwe := range f.rule.CWE {
				told[line{at, cwe, f.Location.StartLine}] = true
			}
		}
	}
	s.head = slices.DeleteFunc(s.head, func(f *found) bool { return drop[f] })
}

func heavierFirst(a, b *found) int {
	first := func(x, y bool) int {
		switch {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	}
	return cmp.Or(first(a.Blocking, b.Blocking), first(a.Introduced, b.Introduced), first(!a.silent(), !b.silent()), cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(b.Confidence, a.Confidence), foundByPosition(a, b))
}

// overlap says whether two regions of one file share a character. Two that are empty and equal do.
func overlap(a, b checks.Location) bool {
	before := func(line, column, line2, column2 int) bool { return line < line2 || line == line2 && column < column2 }
	if a.StartLine == b.StartLine && a.StartColumn == b.StartColumn {
		return true
	}
	return before(a.StartLine, a.StartColumn, b.EndLine, b.EndColumn) && before(b.StartLine, b.StartColumn, a.EndLine, a.EndColumn)
}

// tellable says whether a finding may be told inline at all, before the budget and its place are asked.
func (f *found) tellable() bool {
	return f.Introduced && (f.Blocking || !f.silent()) && f.Severity >= checks.Medium && !f.Shadow
}

// budget marks what may be told inline: the most severe first, on lines that the change's own diff shows.
func budget(s *state) {
	ordered := slices.Clone(s.head)
	slices.SortStableFunc(ordered, heavierFirst)
	most := s.in.Config.maxComments()
	for _, f := range ordered {
		if most > 0 && f.tellable() && !f.told && s.shown(f.Location) {
			f.Comment = true
			most--
		}
	}
}

// contextLines is how many unchanged lines a diff shows around a change; only what it shows can have a comment.
const contextLines = 3

// tooLong tells a line that nobody can read, as of code that was made small: what is there is listed.
func (s *state) tooLong(l checks.Location) bool {
	f := s.sources.at(l.Side, l.Path)
	return f != nil && len(f.line(l.StartLine)) > maxLine
}

func (s *state) shown(l checks.Location) bool {
	file := s.files[place{l.Side, l.Path}]
	if file == nil || file.Lines == nil || l.StartLine == 0 || s.tooLong(l) {
		return false
	}
	span := func(h diff.Hunk) (start, end int) {
		if l.Side == checks.Base {
			return h.BaseStart, h.BaseStart + h.BaseCount
		}
		return h.HeadStart, h.HeadStart + h.HeadCount
	}
	hunks := file.Lines.Hunks
	i := sort.Search(len(hunks), func(i int) bool { _, end := span(hunks[i]); return l.StartLine < end+contextLines })
	if i == len(hunks) {
		return false
	}
	start, _ := span(hunks[i])
	return l.StartLine >= start-contextLines
}

// order sorts as the result is read.
func order(s *state) {
	slices.SortStableFunc(s.head, func(a, b *found) int { return compareFindings(a.Finding, b.Finding) })
}

// compareFindings: introduced first, then severity, path, line, rule; then all that is left, so that no two orders are possible.
func compareFindings(a, b checks.Finding) int {
	if a.Introduced != b.Introduced {
		if a.Introduced {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Location.Path, b.Location.Path), cmp.Compare(a.Location.StartLine, b.Location.StartLine),
		cmp.Compare(a.RuleID, b.RuleID), compareLocations(a.Location, b.Location), cmp.Compare(a.Fingerprint, b.Fingerprint), cmp.Compare(a.Message, b.Message))
}

// rollouts gives every rule the rollout that applies: what the configuration says, else what the rule says, else block for built-in rules
// and comment for all others. Asking for a severity on the command line makes comment rules of others count. The pack has the last word over what
// the configuration does not name: it leaves rules out, or lets none block.
func rollouts(infos []checks.RuleInfo, c *Config) map[string]*checks.RuleInfo {
	out := make(map[string]*checks.RuleInfo, len(infos))
	for _, info := range infos {
		builtin := info.Origin == "" || info.Origin == "builtin"
		if said, ok := c.Rollouts[info.ID]; ok && said != "" {
			info.Rollout = said
		} else {
			if info.Origin == importOrigin {
				info.Rollout = c.Imports
			}
			if info.Rollout == "" {
				info.Rollout = checks.RolloutComment
				if builtin {
					info.Rollout = checks.RolloutBlock
				}
			}
			if info.Rollout == checks.RolloutComment && !builtin && c.FailOnCountsRules {
				info.Rollout = checks.RolloutBlock
			}
			switch {
			case c.outOfPack(info.Pack):
				info.Rollout = checks.RolloutOff
			case c.Pack == string(checks.PackAdvisory):
				info.NeedsHuman = false
				if info.Rollout == checks.RolloutBlock {
					info.Rollout = checks.RolloutComment
				}
			}
		}
		if info.Rollout == checks.RolloutShadow {
			info.NeedsHuman = false // who would be asked would be told
		}
		info = c.of(info)
		out[info.ID] = &info
	}
	return out
}

func sortedRules(all map[string]*checks.RuleInfo) []checks.RuleInfo {
	out := []checks.RuleInfo{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if all[id].Rollout != checks.RolloutOff {
			out = append(out, *all[id])
		}
	}
	return out
}
