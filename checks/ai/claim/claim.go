package claim

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/internal/code"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const id = "claim-not-kept"

// Check is the check.
var Check = &checks.Check{
	Name:  "ai/claim",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID: id, Title: "Tests are claimed, and there are none", Severity: checks.Medium, Confidence: checks.Likely,
		Why:        "Whoever reads the description takes the change for tested, and looks less closely.",
		Remedy:     "Add the tests that the description speaks of, or take the line out of it.",
		References: []string{"https://arxiv.org/abs/2510.20270"},
		Tags:       []string{"test-integrity"},
		Languages:  code.Languages,
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

var (
	// claims are lines that say that tests were added, and nothing else. An open box of a check list is none.
	claims = regexp.MustCompile(`(?im)^[ \t]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?(?:\[x\][ \t]+)?(?:(?:also|and|I|we)[ \t]+)?(?:add(?:s|ed)?|wrote|writes?)[ \t]+` +
		`(?:(?:some|new|more|missing|the|unit|regression|integration|end-to-end|e2e|a|an|few)[ \t]+)*tests?(?:[ \t]+cases?)?(?:[ \t]+(?:for|of|that|covering)\b[^\n]*)?[.!]?[ \t]*\r?$`)
	// tests are paths of tests by any custom, and of what runs them.
	tests = regexp.MustCompile(`(?i)test|spec|e2e|cypress|snap|bench|fixture|^\.github/workflows/|travis|jenkinsfile|azure-pipelines|gitlab-ci|circleci|(^|/)ci/`)
	word  = regexp.MustCompile(`(?i)test`)
)

func run(ctx context.Context, pass *checks.Pass) error {
	c := pass.Change
	line := strings.TrimSpace(claims.FindString(c.Text.Title + "\n" + c.Text.Body))
	if line == "" {
		return nil
	}
	var first *checks.File
	for _, f := range c.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.Class == checks.ClassTest || tests.MatchString(f.Path) || f.Opaque != "" {
			return nil
		}
		if f.Status == checks.Deleted {
			continue
		}
		text, err := c.Head.Open(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.Path, err)
		}
		if speaks(f, string(text)) {
			return nil
		}
		if first == nil && code.Product(f) && code.Read(f.Path) && f.Lines != nil && len(f.Lines.Hunks) > 0 {
			first = f
		}
	}
	if first == nil {
		return nil
	}
	at := max(first.Lines.Hunks[0].HeadStart, 1)
	pass.Report(checks.Finding{
		RuleID: id, Key: line, Location: checks.Location{Path: first.Path, Side: checks.Head, StartLine: at, StartColumn: 1, EndLine: at, EndColumn: 1},
		Message: fmt.Sprintf("the description says `%s`, and no file of this change is a test. Add them, or take the line out", code.Shorten(strings.TrimLeft(line, "-*+ \t"))),
	})
	return nil
}

// speaks tells whether any line that the change adds to a file holds the word: tests live beside the code in some languages, and in its comments in others.
func speaks(f *checks.File, text string) bool {
	if f.Lines == nil {
		return word.MatchString(text)
	}
	lines := strings.Split(text, "\n")
	for _, h := range f.Lines.Hunks {
		for n := h.HeadStart; n < h.HeadStart+h.HeadCount && n <= len(lines); n++ {
			if n > 0 && word.MatchString(lines[n-1]) {
				return true
			}
		}
	}
	return false
}
