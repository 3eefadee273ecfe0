package suppression

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const ruleID = "blanket-suppression"

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/suppression",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "A comment switches a tool off",
		Why:        "What the tool would have said here, now and later, is never told.",
		Remedy:     "Mend what the tool found. If it is wrong, silence the one rule on the one line, and say why.",
		Severity:   checks.Medium,
		Confidence: checks.Certain,
		References: []string{"https://eslint.org/docs/latest/use/configure/rules#disabling-rules", "https://golangci-lint.run/usage/false-positives/"},
		Tags:       []string{"gate-integrity"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

// A kind of comment, what it does, and whether a reason after it excuses it.
type directive struct {
	find   *regexp.Regexp
	does   string
	reason bool
}

var directives = []directive{
	{regexp.MustCompile(`^eslint-disable\s*(--.*)?$`), "switches every rule of ESLint off for the rest of the file", false},
	{regexp.MustCompile(`^@ts-nocheck\b`), "switches the type checker off for the whole file", false},
	{regexp.MustCompile(`^biome-ignore-all\s+lint\s*:`), "switches every rule off for the whole file", false},
	{regexp.MustCompile(`^(?:flake8|ruff):\s*noqa\s*$`), "switches every rule off for the whole file", false},
	{regexp.MustCompile(`^mypy:\s*ignore-errors\b`), "switches the type checker off for the whole file", false},
	{regexp.MustCompile(`^type:\s*ignore\s*$`), "switches the type checker off for the whole file", false}, // on the first lines only
	{regexp.MustCompile(`^pylint:\s*(?:disable=all|skip-file)\b`), "switches every rule of Pylint off", false},
	{regexp.MustCompile(`^nolint(?::all)?(?:\s*$|\s*//)`), "switches every linter off for this code", true},
	{regexp.MustCompile(`^nosec\b\s*(?:[BG]\d+[,\s]*)*`), "silences a rule of security", true},
	{regexp.MustCompile(`^#nosec\b\s*(?:G\d+[,\s]*)*`), "silences a rule of security", true},
	{regexp.MustCompile(`^nosem(?:grep)?\b(?:\s*:\s*[\w.,-]+)?`), "silences a rule of security", true},
	{regexp.MustCompile(`^nolint:\s*(?:\w+,)*gosec(?:,\w+)*\b`), "silences a rule of security", true},
	{regexp.MustCompile(`^eslint-disable(?:-next-line|-line)?\s+(?:[\w@/-]+,\s*)*(?:security|no-unsanitized|no-secrets)/[\w-]+`), "silences a rule of security", true},
	{regexp.MustCompile(`^noqa:\s*(?:\w+,\s*)*S\d{3}\b`), "silences a rule of security", true},
	{regexp.MustCompile(`^lgtm\s*\[|^codeql\s*\[`), "silences a rule of security", true},
	{regexp.MustCompile(`^NOSONAR\b`), "switches every rule of Sonar off for this line", true},
	{regexp.MustCompile(`^gitleaks:allow\b|^pragma:\s*allowlist secret\b|^trufflehog:ignore\b`), "lets a credential pass", true},
}

func run(ctx context.Context, pass *checks.Pass) error {
	had := map[string]int{} // by text, over the whole change: a comment may move
	err := code.Each(ctx, pass, checks.Base, code.Product, func(f code.File) {
		each(f, func(c language.Comment, text string, _ directive) { had[text]++ })
	})
	if err != nil {
		return err
	}
	return code.Each(ctx, pass, checks.Head, code.Product, func(f code.File) {
		each(f, func(c language.Comment, text string, d directive) {
			if had[text] > 0 {
				had[text]--
				return
			}
			at := f.Span(c.Start, c.End)
			if !f.Lines.AddedIn(at.StartLine, at.EndLine) {
				return
			}
			ask := "Mend what it found, or silence one rule on one line, with the reason"
			if d.reason {
				ask = "Mend what it found, or name the rule and say why it does not hold here"
			}
			pass.Report(checks.Finding{
				RuleID: ruleID, Location: at, Key: text,
				Message: fmt.Sprintf("`%s` %s. %s", code.Shorten(text), d.does, ask),
			})
		})
		annotations(pass, f)
	})
}

// each calls use for every comment that is a directive without an excuse.
func each(f code.File, use func(c language.Comment, text string, d directive)) {
	for _, c := range f.Tree.Comments {
		raw := f.Tree.Source[c.Start:c.End]
		if len(raw) > 300 {
			continue
		}
		text := code.Comment(f.Tree, c)
		for _, d := range directives {
			m := d.find.FindString(text)
			if m == "" {
				continue
			}
			if line, _ := f.Tree.Position(c.Start); strings.HasPrefix(m, "type:") && line > 2 {
				continue
			}
			if d.reason && excused(f.Tree, c, text[len(m):]) || strings.HasPrefix(m, "eslint-disable") && !d.reason && (strings.Contains(f.Tree.Source[c.End:], "eslint-enable") || made(f.Tree)) {
				break // it says why, or ends again, or there is nothing for a linter
			}
			use(c, text, d)
			break
		}
	}
}

// made tells a file that nobody writes: it says so at its head, or has lines that nobody can read.
func made(tree *language.Tree) bool {
	const head, line = 500, 2000 // bytes
	return generated.MatchString(tree.Source[:min(len(tree.Source), head)]) ||
		slices.ContainsFunc(strings.SplitN(tree.Source, "\n", 20), func(s string) bool { return len(s) > line && !strings.Contains(s, "\n") })
}

var generated = regexp.MustCompile(`(?i)\bauto-?generated\b|\bdo not edit\b`)

// excused tells a directive that is followed by a reason, or stands right below a comment.
func excused(tree *language.Tree, c language.Comment, rest string) bool {
	if len(strings.Fields(strings.Trim(rest, " -–—:/#*"))) >= 3 {
		return true
	}
	line, _ := tree.Position(c.Start)
	before := code.Comments(tree, c.Start-min(c.Start, 400), c.Start)
	if len(before) == 0 {
		return false
	}
	last := before[len(before)-1]
	end, _ := tree.Position(last.End)
	return line-end <= 1 && len(strings.Fields(code.Comment(tree, last))) >= 3
}

// annotations reports Java's @SuppressWarnings("all").
func annotations(pass *checks.Pass, f code.File) {
	if f.Tree.Spec.Name != "java" {
		return
	}
	for i := range f.Tree.Nodes {
		id := language.ID(i)
		if f.Tree.Nodes[i].Kind != language.Decorator || !f.Changed(id) {
			continue
		}
		if text := code.Fold(f.Tree.Text(id)); text == `@SuppressWarnings("all")` || text == `@SuppressWarnings({"all"})` {
			pass.Report(checks.Finding{RuleID: ruleID, Location: f.At(id), Key: text, Message: "`" + text + "` switches every warning off for this code. Mend what they are about, or name the one that does not hold here"})
		}
	}
}
