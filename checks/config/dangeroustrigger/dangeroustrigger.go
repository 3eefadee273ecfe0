package dangeroustrigger

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/config/internal/document"
	"github.com/reviewgate-app/reviewgate/checks/config/internal/workflow"
	"github.com/reviewgate-app/reviewgate/checks/internal/regexp"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

const ruleID = "workflow-dangerous-trigger"

// Check is the check.
var Check = &checks.Check{
	Name:  "config/dangerous-trigger",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "A pull request's code runs with the repository's rights",
		Why:        "Anybody who can open a pull request can put commands into its build files, and they run where the secrets and a token that can write are.",
		Remedy:     "Build and test on `pull_request`. What needs secrets goes into a second workflow that takes the result of the first one and runs none of the pull request's code.",
		Severity:   checks.High,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-829", "CWE-94"},
		References: []string{"https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/"},
		Tags:       []string{"security", "ci"},
		Languages:  []string{"yaml"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

// privileged are the events that run in the base repository although a stranger can cause them.
var privileged = []string{"pull_request_target", "workflow_run", "issue_comment"}

var (
	// headRef are the ways to name the head of a pull request.
	headRef = regexp.MustCompile(`(?i)github\.head_ref|pull_request\.head\.(sha|ref)|workflow_run\.head_(sha|branch)|workflow_run\.head_commit\.id|refs/pull/|pull_request\.merge_commit_sha`)
	// fetched are the commands that do the same.
	fetched = regexp.MustCompile(`gh pr checkout|git (fetch|pull) [^\n]*\bpull/|git checkout [^\n]*(FETCH_HEAD|head\.(sha|ref)|head_ref)`)
	ownHead = regexp.MustCompile(`(?i)head\.repo\.full_name\s*==|==\s*github\.event\.pull_request\.head\.repo\.full_name|head\.repo\.fork\s*(==\s*false|!=\s*true)|!\s*github\.event\.pull_request\.head\.repo\.fork|head_repository\.full_name\s*==|pull_request\.merged`)
	asked   = regexp.MustCompile(`(?i)label|author_association|github\.actor|sender\.|user\.login|has_permission|outputs\.`)
)

func run(ctx context.Context, pass *checks.Pass) error {
	return workflow.Each(ctx, pass, pass.Side, func(_ *checks.File, w *workflow.File) {
		event := ""
		events := w.Events()
		for _, e := range privileged {
			if events[e] != nil && event == "" {
				event = e
			}
		}
		if event == "" {
			return
		}
		for _, job := range w.Jobs {
			judge(pass, w, job, event, events["pull_request"] != nil)
		}
	})
}

func judge(pass *checks.Pass, w *workflow.File, job *workflow.Job, event string, alsoPlain bool) {
	condition := document.Text(document.Get(job.Node, "if"))
	for i, step := range job.Steps {
		at, what := checkout(step)
		if at == nil {
			continue
		}
		all := condition + " " + document.Text(document.Get(step.Node, "if"))
		if ownHead.MatchString(all) || alsoPlain && strings.Contains(all, "'pull_request'") {
			continue
		}
		severity, confidence := checks.High, checks.Certain
		consequence := "what is run after it runs with this repository's secrets and token"
		if !runsAfter(job.Steps[i+1:], step) {
			severity, confidence = checks.Medium, checks.Likely
			consequence = "it must never be run here, where the secrets and the token are"
		} else if asked.MatchString(all) || document.Get(job.Node, "environment") != nil || job.Node != nil && document.Get(job.Node, "needs") != nil {
			severity, confidence = checks.Medium, checks.Likely
		}
		location := w.At(at)
		if at == step.Run {
			location = w.AtLine(at, strings.Count(at.Value[:strings.Index(at.Value, what)], "\n"), what)
		}
		pass.Report(checks.Finding{
			RuleID: ruleID, Severity: severity, Confidence: confidence,
			Message:  fmt.Sprintf("`%s` fetches the pull request's code (`%s`) in a workflow that starts on `%s`; %s. Do this on `pull_request`", label(job), checks.Shorten(what, 60), event, consequence),
			Location: location,
			Key:      job.ID + " " + what,
		})
		return // one per job is enough
	}
}

func label(job *workflow.Job) string {
	if job.ID == "" {
		return "the action"
	}
	return job.ID
}

// checkout tells a step that fetches the head of a pull request, with the node and the text that say so.
func checkout(step *workflow.Step) (at *yaml.Node, what string) {
	if step.Action() == "actions/checkout" {
		for _, input := range []string{"ref", "repository"} {
			v := document.Get(step.With, input)
			if text := document.Text(v); headRef.MatchString(text) || input == "repository" && strings.Contains(text, "head.repo") {
				return v, text
			}
		}
	}
	if step.Run != nil {
		if m := fetched.FindString(step.Run.Value); m != "" {
			return step.Run, m
		}
	}
	return nil, ""
}

// harmless are commands that read what lies there and run none of it.
var harmless = regexp.MustCompile(`^\s*(#|echo\b|git (diff|log|show|fetch|rev-parse|config|merge-base|status)\b|gh (pr|issue|api|label)\b|cat\b|ls\b|jq\b|[A-Z_]+=|if\b|then\b|fi\b|else\b|set\b|exit\b|$)`)

// runsAfter tells whether a later step, or the rest of the script itself, runs something of what was fetched.
func runsAfter(later []*workflow.Step, step *workflow.Step) bool {
	scripts := ""
	if step.Run != nil {
		scripts = step.Run.Value
		if m := fetched.FindStringIndex(scripts); m != nil {
			_, scripts, _ = strings.Cut(scripts[m[1]:], "\n")
		}
	}
	for _, s := range later {
		if strings.HasPrefix(s.Action(), "./") {
			return true
		}
		if s.Run != nil {
			scripts += "\n" + s.Run.Value
		}
	}
	for line := range strings.Lines(scripts) {
		if !harmless.MatchString(line) {
			return true
		}
	}
	return false
}
