package gatefiles

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules/language"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// The rules of this check.
const (
	owners   = "owners-weakened"
	baseline = "scanner-baseline-grown"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "config/gate-files",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{
		rule(owners, "Code loses its owners in the change that touches it", checks.High, true,
			"From now on nobody who knows this code is asked, and this change itself may already pass without them.",
			"Keep the owners, or change them in a pull request of its own. One approval by somebody entitled clears this."),
		rule(baseline, "The list of what a scanner ignores has grown", checks.Medium, false,
			"What is on the list is never told again, whoever put it there and for whatever reason.",
			"Mend the finding. If it has to stay, put it on the list in a pull request of its own, with a reason and a date."),
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title string, severity checks.Severity, human bool, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: severity, Confidence: checks.Certain, Why: why, Remedy: remedy, NeedsHuman: human,
		References: []string{"https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners"},
		Tags:       []string{"gate-integrity"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func run(ctx context.Context, pass *checks.Pass) error {
	product := slices.ContainsFunc(pass.Change.Files, func(f *checks.File) bool { return f.Class == checks.ClassProduct && language.ForPath(f.Path) != nil })
	if !product {
		return nil
	}
	for _, f := range pass.Change.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, ok := f.PathOn(checks.Base)
		if f.Opaque != "" || f.Class == checks.ClassVendored || f.Class == checks.ClassTest {
			continue
		}
		switch {
		case ok && (name == "CODEOWNERS" || name == ".github/CODEOWNERS" || name == "docs/CODEOWNERS" || name == ".gitlab/CODEOWNERS"):
			if err := compareOwners(pass, f, name); err != nil {
				return err
			}
		case f.Status != checks.Deleted && ignores(f.Path):
			if err := compareList(pass, f); err != nil {
				return err
			}
		}
	}
	return nil
}

func open(c *checks.Change, side checks.Side, name string) (string, error) {
	data, err := c.Tree(side).Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", name, err)
	}
	return string(data), nil
}

// An owned is one rule of a CODEOWNERS file.
type owned struct {
	pattern string
	owners  []string
	line    int
	width   int
}

func parseOwners(text string) []owned {
	var out []owned
	for i, line := range strings.Split(text, "\n") {
		full := strings.TrimRight(line, "\r")
		line, _, _ = strings.Cut(full, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "[") {
			continue
		}
		out = append(out, owned{pattern: fields[0], owners: fields[1:], line: i + 1, width: len([]rune(full))})
	}
	return out
}

func compareOwners(pass *checks.Pass, f *checks.File, name string) error {
	old, err := open(pass.Change, checks.Base, name)
	if err != nil {
		return err
	}
	now := ""
	if p, ok := f.PathOn(checks.Head); ok {
		if now, err = open(pass.Change, checks.Head, p); err != nil {
			return err
		}
	}
	head := parseOwners(now)
	for _, o := range parseOwners(old) {
		if len(o.owners) == 0 {
			continue
		}
		i := slices.IndexFunc(head, func(h owned) bool { return normal(h.pattern) == normal(o.pattern) })
		lost := o.owners
		if i >= 0 {
			if len(head[i].owners) >= len(o.owners) {
				continue // others came instead
			}
			lost = slices.DeleteFunc(slices.Clone(o.owners), func(w string) bool { return slices.Contains(head[i].owners, w) })
		} else if slices.ContainsFunc(head, func(h owned) bool {
			return len(h.owners) > 0 && (covers(h.pattern, o.pattern) || covers(o.pattern, h.pattern))
		}) {
			continue // a wider rule covers it, or narrower ones share it out
		}
		if len(lost) == 0 || !touches(pass.Change, o.pattern) {
			continue
		}
		pass.Report(checks.Finding{
			RuleID: owners, Key: o.pattern,
			Message: fmt.Sprintf("`%s` loses its owners (`%s`), and this change touches what they own. Keep them, or change owners in a pull request of its own", o.pattern, strings.Join(lost, " ")),
			Location: checks.Location{
				Path: name, Side: checks.Base, StartLine: o.line, StartColumn: 1, EndLine: o.line, EndColumn: 1 + o.width,
			},
		})
	}
	return nil
}

func normal(pattern string) string {
	return strings.TrimSuffix(strings.TrimSuffix(strings.Trim(pattern, "/"), "**"), "/")
}

// covers tells whether a pattern takes in all of another one, as far as that is plain: everything, or a folder above.
func covers(wide, narrow string) bool {
	w, n := strings.TrimSuffix(normal(wide), "*"), normal(narrow)
	return w == "" || w == "*" || n == w || strings.HasPrefix(n, strings.TrimSuffix(w, "/")+"/")
}

// touches tells whether the change has a file that a pattern plainly means.
func touches(c *checks.Change, pattern string) bool {
	p := normal(pattern)
	return slices.ContainsFunc(c.Files, func(f *checks.File) bool {
		if f.Class == checks.ClassDocs || strings.HasSuffix(f.Path, "CODEOWNERS") {
			return false
		}
		switch {
		case p == "" || p == "*":
			return true
		case strings.HasPrefix(p, "*."):
			return strings.HasSuffix(f.Path, p[1:])
		case strings.ContainsAny(p, "*?"):
			ok, err := path.Match(p, f.Path)
			return err == nil && ok
		case strings.HasPrefix(pattern, "/") || strings.Contains(p, "/"):
			return f.Path == p || strings.HasPrefix(f.Path, p+"/")
		}
		return f.Path == p || strings.HasPrefix(f.Path, p+"/") || strings.Contains(f.Path, "/"+p+"/")
	})
}

// lists are the files in which scanners and linters keep what they are not to tell.
var lists = regexp.MustCompile(`^(\.gitleaksignore|\.trivyignore(\.ya?ml)?|\.semgrepignore|\.snyk|\.secrets\.baseline|\.nsprc|osv-scanner\.toml|eslint-suppressions\.json|\.eslint-todo\.\w+|` +
	`(phpstan|detekt|psalm|ktlint|lint|mypy|bandit|semgrep|reviewgate|gitleaks|checkstyle|spotbugs)[-._]baseline\.\w+|\.?baseline\.(json|xml|sarif)|dependency-check-suppressions?\.xml|owasp-suppressions?\.xml|` +
	`checkstyle-suppressions\.xml|spotbugs-exclude\.xml|\.grype\.ya?ml|audit-ci\.jsonc?|\.rubocop_todo\.yml|\.pip-audit-ignore|\.reviewgateignore)$`)

// ofTests tells an entry about a folder of tests: what a linter asks of the product is asked of them nowhere.
var ofTests = regexp.MustCompile(`(?i)[/\\\[\]"']tests?(fixtures|data|resources)?[/\\\[\]"'.*]`)

func ignores(name string) bool { return lists.MatchString(path.Base(name)) }

var nothing = regexp.MustCompile(`^\s*(#|//|<!--|\*|[{}\[\](),]*\s*$|"?(version|generated_at|line_number|hashed_secret|type|filename|is_verified|plugins_used|filters_used)"?\s*:)`)

func compareList(pass *checks.Pass, f *checks.File) error {
	text, err := open(pass.Change, checks.Head, f.Path)
	if err != nil || f.Lines == nil {
		return err
	}
	first, added, removed := 0, 0, 0
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if path.Base(f.Path) == ".snyk" && !strings.Contains(line, "SNYK-") && !strings.Contains(line, "npm:") {
			continue // it holds settings too
		}
		if f.Lines.Added(i+1) && strings.TrimSpace(line) != "" && !nothing.MatchString(line) && !ofTests.MatchString(line) {
			if added++; first == 0 {
				first = i + 1
			}
		}
	}
	for _, h := range f.Lines.Hunks {
		removed += h.BaseCount
	}
	if added == 0 || added <= removed {
		return nil // it has shrunk, or entries were renewed
	}
	if f.Status == checks.Added && added > 3 {
		return nil // a scanner is introduced, with what it finds today
	}
	pass.Report(checks.Finding{
		RuleID: baseline, Key: strings.TrimSpace(lines[first-1]),
		Message:  fmt.Sprintf("%d more of what a scanner finds is to be ignored, in the change that brings product code. Mend it, or put it on the list in a pull request of its own", added-removed),
		Location: checks.Location{Path: f.Path, Side: checks.Head, StartLine: first, StartColumn: 1, EndLine: first, EndColumn: 1 + len([]rune(strings.TrimRight(lines[first-1], "\r")))},
	})
	return nil
}
