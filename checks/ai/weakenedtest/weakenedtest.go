package weakenedtest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/checks/syntax"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// The rules of this check.
const (
	deleted  = "test-deleted"
	disabled = "test-disabled"
	focused  = "test-focused"
	weakened = "test-weakened"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/weakened-test",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{
		rule(deleted, "A test was deleted", checks.Medium, checks.Likely,
			"What the test guarded can now break without anybody noticing, although the code that it tested stays.",
			"Keep the test and mend the code, or say in the pull request why the behaviour is no longer wanted."),
		rule(disabled, "A test was switched off", checks.Medium, checks.Certain,
			"A skipped test proves nothing, and skips tend to stay.",
			"Mend what makes it fail. If it has to wait, give the skip a reason with a link to an issue."),
		rule(focused, "Only some tests run", checks.High, checks.Certain,
			"A focus mark switches all other tests of the file or suite off, and the run stays green.",
			"Remove the focus mark before merging."),
		rule(weakened, "A test proves less than before", checks.Medium, checks.Likely,
			"The test still passes where it used to fail, so a regression can go through.",
			"Put the assertion back and mend the code, or say in the pull request why less is expected now."),
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title string, severity checks.Severity, confidence checks.Confidence, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: severity, Confidence: confidence, Why: why, Remedy: remedy,
		References: []string{"https://arxiv.org/abs/2510.20270"},
		Tags:       []string{"test-integrity"},
		Languages:  []string{"go", "java", "javascript", "python", "typescript"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func run(ctx context.Context, pass *checks.Pass) error {
	base, head, err := collect(ctx, pass)
	if err != nil {
		return err
	}
	gone := removed(base.names, head.names)
	pairs, missing, came := pair(base.tests, head.tests)
	for _, p := range pairs {
		compare(pass, p.base, p.head, gone, came)
	}
	unmentioned, files := removed(base.mentioned, head.mentioned), removed(base.files, head.files)
	missing = slices.DeleteFunc(missing, func(m *test) bool {
		return m.skip != nil || m.about(gone) || m.namedAfter(unmentioned, 2, 99) || m.namedAfter(files, 1, 6)
	})
	reportDeleted(pass, missing, &proof{base: base, head: head, came: came, grown: grown(pairs), testsOnly: testsOnly(pass.Change)})
	reportNew(pass, pairs, head.tests)
	return nil
}

// A side is what the changed files of one side hold.
type side struct {
	tests []*test
	// names of the functions, methods and classes of product code, which tests are about.
	names map[string]bool
	// bodies are the texts of the functions, by name: of those that are the only ones of theirs, and of methods only where the name says what they do.
	bodies map[string]string
	// comments are those of the changed files, by path, if they may hold tests.
	comments map[string]string
	// spoken are all words of the files that hold tests.
	spoken map[string]bool
	// mentioned are the names that product code mentions anywhere: options and fields, too.
	mentioned map[string]bool
	// files are the names of the files of product code, without folder and ending.
	files map[string]bool
}

func collect(ctx context.Context, pass *checks.Pass) (base, head side, err error) {
	for _, s := range []*side{&base, &head} {
		s.names, s.bodies, s.comments, s.spoken, s.mentioned, s.files = map[string]bool{}, map[string]string{}, map[string]string{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	for _, f := range pass.Change.Files {
		if f.Opaque != "" || f.Class == checks.ClassVendored || f.Class == checks.ClassGenerated {
			continue
		}
		if err := ctx.Err(); err != nil {
			return base, head, err
		}
		for _, s := range []struct {
			side checks.Side
			into *side
		}{{checks.Base, &base}, {checks.Head, &head}} {
			name, ok := f.PathOn(s.side)
			if !ok {
				continue
			}
			tree, err := syntax.Code(pass.Change, s.side, name)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syntax.ErrNoLanguage) {
				continue
			}
			if err != nil {
				pass.Unscanned(checks.Unscanned{Path: name, Side: s.side, Reason: err.Error()})
				continue
			}
			tests := findTests(tree, name, s.side)
			s.into.tests = append(s.into.tests, tests...)
			if len(tests) > 0 || f.Class == checks.ClassTest {
				s.into.comments[name] = commentsOf(tree)
				maps.Copy(s.into.spoken, words(tree.Source))
			}
			if len(tests) == 0 && f.Class != checks.ClassTest {
				definedNames(tree, s.into.names)
				for _, fn := range code.Funcs(tree) {
					if _, twice := s.into.bodies[fn.Short]; twice || code.Class(tree, fn.ID) != language.None && len(code.Words(fn.Short)) < 2 {
						s.into.bodies[fn.Short] = ""
						continue
					}
					s.into.bodies[fn.Short] = tree.Text(fn.Body)
				}
				for i := range tree.Nodes {
					if tree.Nodes[i].Kind == language.Name {
						s.into.mentioned[tree.Nodes[i].Value] = true
					}
				}
				s.into.files[strings.TrimSuffix(path.Base(name), path.Ext(name))] = true
			}
		}
	}
	return base, head, nil
}

func commentsOf(tree *language.Tree) string {
	var out strings.Builder
	for _, c := range tree.Comments {
		out.WriteString(tree.Source[c.Start:c.End])
		out.WriteByte('\n')
	}
	return out.String()
}

// removed are the names that the change takes out of product code: tests of those may go with them.
func removed(base, head map[string]bool) map[string]bool {
	gone := map[string]bool{}
	for name := range base {
		if !head[name] {
			gone[name] = true
		}
	}
	return gone
}

type pairOf struct{ base, head *test }

// pair matches tests by file and name, then by name alone, by body, and by what replaces them; what is left of base has been deleted, what is left of
// head came with the change. A pair of the last kind is two tests, not one: it is not compared any further.
func pair(base, head []*test) (pairs []pairOf, missing, came []*test) {
	taken := map[*test]bool{}
	left := base
	for _, same := range []func(b, h *test) bool{
		func(b, h *test) bool { return b.path == h.path && b.name == h.name },
		func(b, h *test) bool { return b.short == h.short && b.name == h.name },
		func(b, h *test) bool { return b.body != "" && b.body == h.body },
		func(b, h *test) bool { return b.short == h.short && similar(b, h) >= 0.4 },
		func(b, h *test) bool { return similar(b, h) >= 0.6 },
	} {
		var next []*test
		for _, b := range left {
			at := slices.IndexFunc(head, func(h *test) bool { return !taken[h] && same(b, h) })
			if at < 0 {
				next = append(next, b)
				continue
			}
			taken[head[at]] = true
			pairs = append(pairs, pairOf{b, head[at]})
		}
		left = next
	}
	for _, h := range head {
		if !taken[h] {
			came = append(came, h)
		}
	}
	for _, b := range left {
		at := slices.IndexFunc(head, func(h *test) bool { return !taken[h] && replaces(b, h) })
		if at < 0 {
			if !slices.ContainsFunc(head, func(h *test) bool { return tabled(b, h, base) }) {
				missing = append(missing, b)
			}
			continue
		}
		taken[head[at]] = true
	}
	missing = slices.DeleteFunc(missing, func(b *test) bool { // two tests became one
		return slices.ContainsFunc(pairs, func(p pairOf) bool {
			alike := similar(p.base, b)
			return p.base.path == b.path && (alike >= 0.5 && p.base.short == b.short || alike >= 0.95)
		})
	})
	return pairs, missing, came
}

var (
	tables   = regexp.MustCompile(`parametrize|\.each\b|subTest|ParameterizedTest|\brange\b|\.forEach\(`)
	callName = regexp.MustCompile(`(\w+)\(`)
)

// tabled tells whether a test that runs over a table now may hold what one that is gone asserted: it calls all that the other one did.
func tabled(b, h *test, base []*test) bool {
	if b.path != h.path || len(h.assertions) == 0 || slices.ContainsFunc(base, func(t *test) bool { return t.body == h.body }) {
		return false
	}
	const before = 1500 // bytes in which a table stands before the test's name
	source := h.tree.Source
	if !tables.MatchString(source[max(0, int(h.nameStart)-before):h.nameEnd]) && !tables.MatchString(h.body) {
		return false
	}
	for _, m := range callName.FindAllStringSubmatch(b.body, -1) {
		if !strings.Contains(h.body, m[1]+"(") {
			return false
		}
	}
	return true
}

// replaces tells whether a test that is new in the same file stands in for one that is gone: it speaks of the same things, and asserts as much.
func replaces(b, h *test) bool {
	if b.path != h.path || len(h.assertions) < max(len(b.assertions), 1) {
		return false
	}
	old, now := words(b.body), words(h.body)
	common := 0
	for w := range old {
		if now[w] {
			common++
		}
	}
	return 10*common >= 3*min(len(old), len(now))
}

func words(s string) map[string]bool {
	set := map[string]bool{}
	for _, w := range wordPattern.FindAllString(s, -1) {
		if len(w) > 2 {
			set[w] = true
		}
	}
	return set
}

// similar is the share of the lines of both bodies that they have in common.
func similar(a, b *test) float64 {
	if len(a.lines) == 0 || len(b.lines) == 0 {
		return 0
	}
	common := 0
	counts := map[string]int{}
	for _, l := range a.lines {
		counts[l]++
	}
	for _, l := range b.lines {
		if counts[l] > 0 {
			counts[l]--
			common++
		}
	}
	return 2 * float64(common) / float64(len(a.lines)+len(b.lines))
}

func compare(pass *checks.Pass, base, head *test, gone map[string]bool, came []*test) {
	if head.skip != nil && base.skip == nil && !head.skip.explained {
		pass.Report(checks.Finding{
			RuleID:   disabled,
			Message:  fmt.Sprintf("`%s` ran before this change and is skipped now. Mend what makes it fail, or give the skip a reason with a link to an issue", head.short),
			Location: head.at(head.skip.offset, head.skip.end),
		})
	}
	if f, ok := lostEquality(base, head); ok {
		f.Key = head.name + " " + f.Key
		pass.Report(f)
		return
	}
	lost := slices.DeleteFunc(lostAssertions(base, head, gone), func(a assertion) bool {
		return slices.ContainsFunc(came, func(t *test) bool { // the test was split
			return t.path == head.path && slices.ContainsFunc(t.assertions, func(now assertion) bool { return now.about(a.subjects) })
		})
	})
	if len(lost) == 0 || 2*len(lost) < len(base.assertions) {
		return
	}
	which := fmt.Sprintf("%d of its %d assertions", len(lost), len(base.assertions))
	switch {
	case len(base.assertions) == 1:
		which = "its only assertion"
	case len(lost) == len(base.assertions):
		which = fmt.Sprintf("all of its %d assertions", len(lost))
	}
	message := fmt.Sprintf("`%s` lost %s, with nothing instead. Put back what it proved and mend the code, or say why less is expected now", head.short, which)
	finding := checks.Finding{RuleID: weakened, Message: message, Location: base.at(lost[0].offset, lost[0].end), Key: head.name}
	finding.Related = []checks.Related{{Location: head.at(head.nameStart, head.nameEnd), Message: "the test as it is now"}}
	pass.Report(finding)
}

// lostEquality finds an equality of base whose subject head only checks loosely.
func lostEquality(base, head *test) (checks.Finding, bool) {
	for _, b := range base.assertions {
		if !b.equality || slices.ContainsFunc(head.assertions, func(h assertion) bool { return h.text == b.text || h.equality && h.about(b.subjects) }) {
			continue
		}
		var instead []assertion // what is new about the same thing, or about a part of it
		for _, h := range head.assertions {
			had := slices.ContainsFunc(base.assertions, func(old assertion) bool { return old.text == h.text })
			if !had && (h.about(b.subjects) || h.owns(b.subjects) || b.owns(h.subjects)) {
				instead = append(instead, h)
			}
		}
		// Two that ask different things of it are no "almost any": it is an error, and its text holds this.
		if len(instead) != 1 || !instead[0].weak || b.owns(instead[0].subjects) {
			continue
		}
		h := instead[0]
		if wasTrue.MatchString(b.text) && isTrue.MatchString(h.text) {
			continue
		}
		return checks.Finding{
			RuleID:   weakened,
			Message:  fmt.Sprintf("`%s` compared with an exact value before (`%s`) and now passes for almost any. Assert the exact value again", head.short, code.Shorten(b.text)),
			Location: head.at(h.offset, h.end),
			Related:  []checks.Related{{Location: base.at(b.offset, b.end), Message: "what it asserted before"}},
			Key:      b.text,
		}, true
	}
	return checks.Finding{}, false
}

// Equal(t, true, x) says no more than True(t, x).
var (
	wasTrue = regexp.MustCompile(`\b[Tt]rue\b`)
	isTrue  = regexp.MustCompile(`\b(assertTrue|True|isTrue)\(`)
)

// lostAssertions lists base's assertions that head lacks; empty if head asserts anything new, since that may well be as strong or stronger.
func lostAssertions(base, head *test, gone map[string]bool) []assertion {
	have := map[string]int{}
	for _, a := range head.assertions {
		have[a.text]++
	}
	var lost []assertion
	for _, a := range base.assertions {
		if have[a.text] > 0 {
			have[a.text]--
			continue
		}
		if a.mentions(gone) || a.presence && head.takesApart(a.subjects) || head.callsOnly(a) || head.getsNo(a, base) {
			continue
		}
		lost = append(lost, a)
	}
	for _, n := range have {
		if n > 0 {
			return nil
		}
	}
	// A helper that is new in the test may hold the assertions now.
	for call := range head.calls {
		if !base.calls[call] {
			return nil
		}
	}
	return lost
}

// reportNew reports what a test brings with it although it has no better self to be compared with: focus marks.
func reportNew(pass *checks.Pass, pairs []pairOf, head []*test) {
	was := map[*test]bool{}
	for _, p := range pairs {
		if p.base.focus != nil {
			was[p.head] = true
		}
	}
	for _, h := range head {
		if h.focus == nil || was[h] {
			continue
		}
		pass.Report(checks.Finding{
			RuleID:   focused,
			Message:  fmt.Sprintf("`%s` carries a focus mark: all other tests of its file or suite are switched off. Remove the mark", h.short),
			Location: h.at(h.focus.offset, h.focus.end),
		})
	}
}
