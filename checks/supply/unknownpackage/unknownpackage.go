package unknownpackage

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/supply/internal/manifest"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const unknown = "unknown-package"

// Check is the check.
var Check = &checks.Check{
	Name:  "supply/unknown-package",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         unknown,
		Title:      "A new dependency that is not on the list of known packages",
		Why:        "A name that does not exist breaks the build; whoever registers it later runs code here.",
		Remedy:     "Look the package up. Put it on the list if it exists and is wanted.",
		Severity:   checks.Medium,
		Confidence: checks.Likely,
		CWE:        []string{"CWE-1357"},
		References: []string{"https://arxiv.org/abs/2406.10279"},
		Tags:       []string{"security", "supply-chain"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Reads:    manifest.Reads,
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	steps, err := manifest.Steps(ctx, pass)
	if err != nil || len(steps) == 0 {
		return err
	}
	base, err := manifest.Load(pass.Change, checks.Base)
	if err != nil {
		return err
	}
	index := read(pass.Change.Facts.Packages)
	asked := false
	told := map[string]bool{}
	for _, s := range steps {
		e := s.Head.Ecosystem
		s.Changed(func(was *manifest.Dependency, d manifest.Dependency) {
			if was != nil || d.Name == "" || d.Source != "" || strings.Contains(d.Constraint, ":") || strings.Contains(d.Name, "$") || told[d.Name] || base.Has(e, d.Name) {
				return
			}
			switch d.Group {
			case "imports", "replace", "parent", "conda":
				return
			}
			asked = true
			if len(index[e]) == 0 || index[e][d.Name] {
				return
			}
			told[d.Name] = true
			pass.Report(checks.Finding{
				RuleID: unknown, Location: s.Head.At(checks.Head, d.Line), Key: d.Name,
				Message: fmt.Sprintf("`%s` is not among the known packages of %s. Look it up: put it on the list if it exists and is wanted, or use what the project has", d.Name, e),
			})
		})
	}
	if asked && len(index) == 0 {
		return fmt.Errorf("%w: no list of known packages is given (--known-packages), so new dependencies were not looked up", checks.ErrSkipped)
	}
	return nil
}

// read sorts the lines "npm lodash" by ecosystem.
func read(list []byte) map[manifest.Ecosystem]map[string]bool {
	out := map[manifest.Ecosystem]map[string]bool{}
	for line := range bytes.Lines(list) {
		ecosystem, name, ok := strings.Cut(strings.TrimSpace(string(line)), " ")
		if !ok || ecosystem[0] == '#' {
			continue
		}
		e := manifest.Ecosystem(ecosystem)
		if e == manifest.PyPI {
			name = manifest.PyName(name)
		}
		if out[e] == nil {
			out[e] = map[string]bool{}
		}
		out[e][strings.TrimSpace(name)] = true
	}
	return out
}
