package weakenedtest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A proof is what the two sides say of deleted tests.
type proof struct {
	base, head side
	came       []*test // of head: those that are none of base's
	grown      []*test // of head: those that assert more than before
	testsOnly  bool
}

// why tells what proves that the code under a deleted test is still there and less tested than before. It is empty where nothing does: most tests that go
// have lost their subject, or are told by others now, and whoever reads the difference knows better.
func (p *proof) why(t *test) string {
	if p.head.commentedOut(t) {
		return "it stands in a comment now"
	}
	if slices.ContainsFunc(slices.Concat(p.came, p.grown), func(h *test) bool { return (h.path == t.path || p.testsOnly) && standsIn(h, t) }) {
		return "" // where only tests change, they move
	}
	if p.testsOnly {
		return "the change leaves the product as it is"
	}
	for _, name := range slices.Sorted(maps.Keys(t.reached())) {
		before, now := p.base.bodies[name], p.head.bodies[name]
		if before == "" || now == "" || !t.namedAfter(map[string]bool{name: true}, 1, 4) {
			continue
		}
		if !p.head.spoken[name] {
			return fmt.Sprintf("`%s` stays, which no other test of these files calls", name)
		}
		if before != now && strings.Count(now, "\n") >= strings.Count(before, "\n") && !slices.ContainsFunc(p.came, func(h *test) bool { return h.reached()[name] }) {
			return fmt.Sprintf("`%s`, which it tests, changes and stays", name)
		}
	}
	return ""
}

// commentedOut tells whether most lines of a test stand in comments of the side's files: it did not have to go, it had to be quiet.
func (s *side) commentedOut(t *test) bool {
	held, long := 0, 0
	for _, line := range t.lines {
		if len(line) < 12 {
			continue
		}
		long++
		if strings.Contains(s.comments[t.path], line) {
			held++
		}
	}
	return held > 0 && 2*held > long
}

// standsIn tells whether a test that is new, or asserts more, may say what one that is gone did: it calls something of the same.
func standsIn(h, gone *test) bool {
	called, before := h.reached(), gone.reached()
	for name := range before {
		if called[name] && !slices.Contains(everywhere, name) {
			return true
		}
	}
	return len(before) == 0
}

// everywhere are what tests call whatever they test.
var everywhere = []string{"len", "make", "append", "new", "str", "int", "list", "dict", "set", "tuple", "range", "sorted", "String", "Sprintf", "close", "Close", "Cleanup", "Helper", "Parallel", "Run", "of"}

// grown lists the tests that assert more than before.
func grown(pairs []pairOf) []*test {
	var out []*test
	for _, p := range pairs {
		if len(p.head.assertions) > len(p.base.assertions) {
			out = append(out, p.head)
		}
	}
	return out
}

// testsOnly tells a change of tests and documentation alone.
func testsOnly(c *checks.Change) bool {
	return !slices.ContainsFunc(c.Files, func(f *checks.File) bool { return f.Class != checks.ClassTest && f.Class != checks.ClassDocs })
}

// fewFiles is the number of files up to which each is told of its deleted tests; of more there is one finding.
const fewFiles = 2

// reportDeleted reports the deleted tests: first those of which there is a proof, then the others, which are listed and not commented on. Those of one file
// are told together, and so are those of many files.
func reportDeleted(pass *checks.Pass, missing []*test, p *proof) {
	var proven, others []*test
	why := map[*test]string{}
	for _, m := range missing {
		if why[m] = p.why(m); why[m] != "" {
			proven = append(proven, m)
		} else {
			others = append(others, m)
		}
	}
	back := reverts(pass.Change)
	for _, missing := range [][]*test{proven, others} {
		for _, tests := range byFile(missing) {
			what := fmt.Sprintf("`%s` was deleted", tests[0].short)
			if n := len(tests); n > 1 {
				names := fmt.Sprintf("`%s`, `%s`", tests[0].short, tests[1].short)
				if n > 2 {
					names += "..."
				}
				files := map[string]bool{}
				for _, t := range tests {
					files[t.path] = true
				}
				where := ""
				if len(files) > 1 {
					where = fmt.Sprintf(" in %d files", len(files))
				}
				what = fmt.Sprintf("%d tests were deleted%s (%s)", n, where, names)
			}
			message := what + ". Keep what guards code that stays, or say in the pull request why the behaviour is no longer wanted"
			if w := why[tests[0]]; w != "" {
				message = what + ", and " + w + ". Keep it, or say in the pull request why the behaviour is no longer wanted"
			}
			finding := checks.Finding{RuleID: deleted, Message: message, Location: tests[0].at(tests[0].nameStart, tests[0].nameEnd)}
			for _, more := range tests[1:min(len(tests), 6)] {
				finding.Related = append(finding.Related, checks.Related{Location: more.at(more.nameStart, more.nameEnd), Message: "`" + more.short + "` was deleted too"})
			}
			switch {
			case back:
				finding.Severity = checks.Info
			case why[tests[0]] == "":
				finding.Severity = checks.Low
			}
			pass.Report(finding)
		}
	}
}

// byFile groups tests by their file, or makes one group of those of many files.
func byFile(tests []*test) [][]*test {
	var groups [][]*test
	at := map[string]int{}
	for _, t := range tests {
		i, ok := at[t.path]
		if !ok {
			i = len(groups)
			at[t.path] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], t)
	}
	if len(groups) > fewFiles {
		return [][]*test{slices.Concat(groups...)}
	}
	return groups
}

// reverts tells a change that is named as one that takes another back, and whose product code gets shorter: the tests of what it takes back go with it.
func reverts(c *checks.Change) bool {
	if !revertTitle.MatchString(c.Text.Title) {
		return false
	}
	more := 0
	for _, f := range c.Files {
		if f.Class == checks.ClassProduct && f.Lines != nil {
			for _, h := range f.Lines.Hunks {
				more += h.HeadCount - h.BaseCount
			}
		}
	}
	return more < 0
}

// revertTitle is what git and GitHub write, also behind the name of a part: `listeners: Revert "..."`.
var revertTitle = regexp.MustCompile(`^([\w./-]+: )?[Rr]evert\b`)
