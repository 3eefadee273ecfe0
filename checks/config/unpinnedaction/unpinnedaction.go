package unpinnedaction

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/config/internal/document"
	"github.com/reviewgate-app/reviewgate/checks/config/internal/workflow"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const ruleID = "workflow-action-unpinned"

// Check is the check.
var Check = &checks.Check{
	Name:  "config/unpinned-action",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "An action that can change after the review",
		Why:        "Whoever can move the tag or branch of the action decides what runs here, with the token and the secrets of the job.",
		Remedy:     "Pin the action to the full commit, with the version in a comment: `uses: owner/name@<40 hex digits> # v1.2.3`.",
		Severity:   checks.Medium,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-829"},
		References: []string{"https://docs.github.com/en/actions/security-for-github-actions/security-guides/security-hardening-for-github-actions#using-third-party-actions"},
		Tags:       []string{"security", "ci", "supply-chain"},
		Languages:  []string{"yaml"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Reads: func(paths []string) []string {
		var out []string
		for _, p := range paths {
			if workflow.IsWorkflow(p) {
				out = append(out, p)
			}
		}
		return out
	},
	Run: run,
}

// pin says how firmly a use names what it uses, firmest first.
type pin int

const (
	commit pin = iota
	tag
	branch
)

// A use is one `uses:` of somebody else's action.
type use struct {
	file  *workflow.File
	node  *yaml.Node
	name  string
	ref   string
	pin   pin
	whole bool // a reusable workflow
	known bool // GitHub's own
}

func run(ctx context.Context, pass *checks.Pass) error {
	before := map[string]pin{} // the loosest use at base, by name
	had := map[string]bool{}
	err := workflow.Each(ctx, pass, checks.Base, func(_ *checks.File, w *workflow.File) {
		for _, u := range uses(w) {
			before[u.name] = max(before[u.name], u.pin)
			had[u.name] = true
		}
	})
	if err != nil {
		return err
	}
	pinned, third, err := habits(pass)
	if err != nil {
		return err
	}
	return workflow.Each(ctx, pass, checks.Head, func(_ *checks.File, w *workflow.File) {
		for _, u := range uses(w) {
			if u.pin == commit || had[u.name] && before[u.name] >= u.pin {
				continue
			}
			loosened := had[u.name] && u.pin == tag
			had[u.name], before[u.name] = true, u.pin // one report for one action
			f := checks.Finding{RuleID: ruleID, Location: w.At(u.node), Key: u.name}
			switch {
			case u.whole || u.known:
				f.Severity = checks.Low
				f.Message = fmt.Sprintf("`%s` follows `%s`, which can be moved. Pin it to a commit", u.name, u.ref)
			case u.pin == branch:
				f.Message = fmt.Sprintf("`%s` follows the branch `%s`: whatever is pushed there runs here. Pin it to a commit, with the version in a comment", u.name, u.ref)
			case loosened:
				f.Message = fmt.Sprintf("`%s` was pinned to a commit and now follows the tag `%s`, which its owner can move. Keep the commit, with the version in a comment", u.name, u.ref)
			case 10*pinned >= 7*third && pinned >= 3:
				f.Confidence = checks.Likely
				f.Message = fmt.Sprintf("`%s` follows the tag `%s`, which its owner can move, while %d of the %d other actions from outside are pinned to a commit. Pin this one too", u.name, u.ref, pinned, third)
			default:
				f.Severity, f.Confidence = checks.Low, checks.Likely
				f.Message = fmt.Sprintf("`%s` follows the tag `%s`, which its owner can move. Pin it to a commit, with the version in a comment", u.name, u.ref)
			}
			pass.Report(f)
		}
	})
}

// habits counts the actions from outside as the base uses them, and those of them that are pinned to a commit. A workflow that the change
// leaves alone is read at head, where it is the same and was fetched.
func habits(pass *checks.Pass) (pinned, all int, err error) {
	changed := map[string]bool{}
	count := func(side checks.Side, name string) error {
		w, err := workflow.Read(pass.Change, side, name)
		if errors.Is(err, checks.ErrNotFetched) {
			return err
		}
		if err == nil && w != nil { // broken files are told where they are changed
			for _, u := range uses(w) {
				if !u.known && !u.whole {
					all++
					if u.pin == commit {
						pinned++
					}
				}
			}
		}
		return nil
	}
	for _, f := range pass.Change.Files {
		changed[f.Path] = true
		if name, ok := f.PathOn(checks.Base); ok && workflow.IsWorkflow(name) && f.Opaque == "" {
			if err := count(checks.Base, name); err != nil {
				return 0, 0, err
			}
		}
	}
	for _, name := range pass.Change.Head.Paths() {
		if workflow.IsWorkflow(name) && !changed[name] {
			if err := count(checks.Head, name); err != nil {
				return 0, 0, err
			}
		}
	}
	return pinned, all, nil
}

var (
	hash     = regexp.MustCompile(`^[0-9a-f]{40}$|^[0-9a-f]{64}$`)
	branches = regexp.MustCompile(`^(main|master|trunk|develop|dev|edge|nightly|HEAD)$`)
)

func uses(w *workflow.File) []use {
	var out []use
	add := func(n *yaml.Node, whole bool) {
		text := document.Text(n)
		name, ref, ok := strings.Cut(text, "@")
		if !ok || strings.HasPrefix(text, "./") || strings.HasPrefix(text, "docker://") || strings.Contains(ref, "${{") || !strings.Contains(name, "/") {
			return
		}
		parts := strings.SplitN(strings.ToLower(name), "/", 3) // several actions may live in one repository
		u := use{file: w, node: n, name: parts[0] + "/" + parts[1], ref: ref, pin: tag, whole: whole}
		switch {
		case hash.MatchString(ref):
			u.pin = commit
		case branches.MatchString(ref):
			u.pin = branch
		}
		u.known = strings.HasPrefix(u.name, "actions/") || strings.HasPrefix(u.name, "github/")
		out = append(out, u)
	}
	for _, job := range w.Jobs {
		if n := document.Get(job.Node, "uses"); n != nil {
			add(n, true)
		}
		for _, s := range job.Steps {
			if s.Uses != nil {
				add(s.Uses, false)
			}
		}
	}
	return out
}
