package tokenpermissions

import (
	"context"
	_ "embed"
	"fmt"
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

const ruleID = "workflow-token-permissions"

// Check is the check.
var Check = &checks.Check{
	Name:  "config/token-permissions",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "A workflow's token gets more rights",
		Why:        "Every action and script of the job holds the token. The more it may do, the more a single bad dependency or injected line can do.",
		Remedy:     "Give the workflow `permissions: contents: read`, and the one job that needs more the one right that it needs.",
		Severity:   checks.Medium,
		Confidence: checks.Likely,
		CWE:        []string{"CWE-250"},
		References: []string{"https://docs.github.com/en/actions/security-for-github-actions/security-guides/automatic-token-authentication"},
		Tags:       []string{"security", "ci"},
		Languages:  []string{"yaml"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	base := map[string]*workflow.File{} // by path at head
	if err := workflow.Each(ctx, pass, checks.Base, func(f *checks.File, w *workflow.File) { base[f.Path] = w }); err != nil {
		return err
	}
	return workflow.Each(ctx, pass, checks.Head, func(f *checks.File, w *workflow.File) {
		if !w.Action {
			compare(pass, base[f.Path], w)
		}
	})
}

// privileged are the events that a stranger can cause and that run with the repository's rights.
var privileged = []string{"pull_request_target", "workflow_run", "issue_comment"}

func compare(pass *checks.Pass, old, now *workflow.File) {
	event := ""
	events := now.Events()
	for _, e := range privileged {
		if events[e] != nil && event == "" {
			event = e
		}
	}
	report := func(at *yaml.Node, key, format string, args ...any) {
		pass.Report(checks.Finding{RuleID: ruleID, Location: now.At(at), Key: key, Message: fmt.Sprintf(format, args...)})
	}
	all := func(n *yaml.Node) bool { return document.Text(n) == "write-all" }

	top, oldTop := rights(now.Root), (*yaml.Node)(nil)
	oldJobs := map[string]*workflow.Job{}
	if old != nil {
		oldTop = rights(old.Root)
		for _, j := range old.Jobs {
			oldJobs[j.ID] = j
		}
	}
	if all(top) && !all(oldTop) {
		report(top, "write-all", "`permissions: write-all` lets every action and script of this workflow push, release and approve. Name the rights that are needed, and only for the job that needs them")
		return
	}
	if top == nil && oldTop != nil && !all(oldTop) {
		for _, job := range now.Jobs {
			if rights(job.Node) == nil && oldJobs[job.ID] != nil {
				report(job.Key, "removed", "the workflow no longer limits the rights of its token, so `%s` gets the repository's default, which may be everything. Keep a `permissions` block", job.ID)
				return
			}
		}
	}
	if event != "" && old == nil && top == nil {
		for _, job := range now.Jobs {
			if rights(job.Node) == nil {
				report(events[event], "none", "this workflow starts on `%s`, which strangers can cause, and does not limit its token. Add `permissions` with what it needs", event)
				return
			}
		}
	}
	for _, job := range now.Jobs {
		was := oldJobs[job.ID]
		own := rights(job.Node)
		switch {
		case all(own) && (was == nil || !all(rights(was.Node))):
			report(own, job.ID+" write-all", "`permissions: write-all` lets every action and script of `%s` push, release and approve. Name the rights that it needs", job.ID)
		case was == nil || event == "":
		default:
			if own == nil {
				own = top
			}
			before := rights(was.Node)
			if before == nil {
				before = oldTop
			}
			if scopes := widened(before, own); len(scopes) > 0 {
				report(own, job.ID+strings.Join(scopes, " "), "`%s` may now write `%s` in a workflow that strangers can start through `%s`. Do what needs it in a workflow of its own", job.ID, strings.Join(scopes, "`, `"), event)
				return
			}
		}
	}
}

func rights(n *yaml.Node) *yaml.Node { return document.Get(n, "permissions") }

// widened lists the scopes that may be written now and could not before. Where there was no block, nothing is known.
func widened(before, now *yaml.Node) []string {
	if before == nil || document.Text(before) == "write-all" {
		return nil
	}
	var out []string
	for k, v := range document.Pairs(now) {
		if document.Text(v) == "write" && document.Text(document.Get(before, k.Value)) != "write" {
			out = append(out, k.Value)
		}
	}
	return out
}
