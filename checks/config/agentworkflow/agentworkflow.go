package agentworkflow

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
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

// The rules of this check.
const (
	untrusted = "workflow-agent-untrusted-prompt"
	unlimited = "workflow-agent-unlimited-tools"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "config/agent-workflow",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{
		rule(untrusted, "A coding agent takes its instructions from strangers", checks.High,
			"Whoever writes the text tells the agent what to do, with the token, the secrets and the tools of the job.",
			"Keep the prompt fixed and let the agent read the text as data. Give the job a token that can only read, and the agent only the commands it needs."),
		rule(unlimited, "A coding agent that strangers can start may run anything", checks.Medium,
			"One instruction hidden in an issue, a comment or a pull request is enough to run commands with the token and the secrets of the job.",
			"List the commands that the agent needs, keep its sandbox on, and give the job a token that can only read."),
	},
	Examples: examples,
	Run:      run,
}

func rule(id, title string, severity checks.Severity, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: severity, Confidence: checks.Certain, Why: why, Remedy: remedy,
		CWE:        []string{"CWE-1427"},
		References: []string{"https://cwe.mitre.org/data/definitions/1427.html", "https://genai.owasp.org/llmrisk/llm01-prompt-injection/"},
		Tags:       []string{"security", "ci", "agent-config"},
		Languages:  []string{"yaml"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

// agents are the actions that run a coding agent or a model, and what their names contain if they are forks.
var agents = regexp.MustCompile(`^(anthropics/claude-code(-base)?-action|actions/ai-inference|google-github-actions/run-gemini-cli|google-gemini/gemini-cli-action|openai/codex-action|` +
	`sst/opencode/github|anomalyco/opencode/github|warpdotdev/oz-agent-action|augmentcode/augment-agent|factory-ai/droid-action|openhands/.*|all-hands-ai/openhands.*)$`)

// prompts are the inputs that become instructions.
var prompts = []string{"prompt", "direct_prompt", "override_prompt", "custom_instructions", "system-prompt", "system_prompt", "append_system_prompt", "instructions", "task", "claude_args"}

// anything are settings that let an agent run every command.
var anything = regexp.MustCompile(`(?i)dangerously-skip-permissions|bypassPermissions|--yolo|"?approval-?mode"?\s*[:=]?\s*"?yolo|danger-full-access|dangerously-bypass|\bBash\(\s*(\*|:\*)\s*\)|\bBash(,|\s|"|'|$)|safety-strategy.{0,3}unsafe`)

// anyone are the events that a stranger can cause.
var anyone = []string{"issues", "issue_comment", "pull_request_target", "pull_request_review_comment", "pull_request_review", "discussion", "discussion_comment", "workflow_run"}

func run(ctx context.Context, pass *checks.Pass) error {
	return workflow.Each(ctx, pass, pass.Side, func(_ *checks.File, w *workflow.File) {
		for _, job := range w.Jobs {
			for _, step := range job.Steps {
				if agents.MatchString(step.Action()) {
					judge(pass, w, job, step)
				}
			}
		}
	})
}

func judge(pass *checks.Pass, w *workflow.File, job *workflow.Job, step *workflow.Step) {
	tools := broad(step)
	for k, v := range document.Pairs(step.With) {
		if v == nil || v.Kind != yaml.ScalarNode || !slices.Contains(prompts, strings.ToLower(k.Value)) {
			continue
		}
		for _, e := range workflow.Expressions(v.Value) {
			from := workflow.Untrusted(e.Text)
			if from == "" {
				continue
			}
			severity, confidence := checks.Medium, checks.Likely
			with := "Let it read the text as data, not as instructions"
			switch {
			case tools != nil:
				severity, confidence = checks.High, checks.Certain
				with = "It may also run any command. List those it needs, and let it read the text as data"
			case writes(w, job):
				severity, confidence = checks.High, checks.Certain
				with = "The job's token can also write. Give it one that can only read, and let it read the text as data"
			}
			pass.Report(checks.Finding{
				RuleID: untrusted, Severity: severity, Confidence: confidence,
				Message:  fmt.Sprintf("`%s` is part of the instructions of an agent (`%s`), so whoever writes it decides what the agent does. %s", from, step.Action(), with),
				Location: w.AtLine(v, e.Line, strings.Split(v.Value, "\n")[e.Line]),
				Key:      from + " " + k.Value,
			})
			return
		}
	}
	if tools == nil || guarded(job, step) {
		return
	}
	for _, event := range anyone {
		if w.Events()[event] != nil {
			pass.Report(checks.Finding{
				RuleID:   unlimited,
				Message:  fmt.Sprintf("the agent (`%s`) may run any command, and strangers can start it through `%s`. List the commands that it needs", step.Action(), event),
				Location: w.At(tools),
				Key:      step.Action(),
			})
			return
		}
	}
}

// broad gives the input that lets the agent run everything, or nil.
func broad(step *workflow.Step) *yaml.Node {
	for k, v := range document.Pairs(step.With) {
		name := strings.ToLower(k.Value)
		if v != nil && v.Kind == yaml.ScalarNode && !strings.Contains(name, "prompt") && !strings.Contains(name, "disallowed") && anything.MatchString(name+": "+v.Value) {
			return v
		}
	}
	return nil
}

// writes tells whether the job's token can write.
func writes(w *workflow.File, job *workflow.Job) bool {
	permissions := document.Get(job.Node, "permissions")
	if permissions == nil {
		permissions = document.Get(w.Root, "permissions")
	}
	if document.Text(permissions) == "write-all" {
		return true
	}
	for k, v := range document.Pairs(permissions) {
		if v != nil && v.Value == "write" && k.Value != "id-token" {
			return true
		}
	}
	return false
}

// guarded tells whether the job or the step asks who started it.
func guarded(job *workflow.Job, step *workflow.Step) bool {
	text := document.Text(document.Get(job.Node, "if")) + document.Text(document.Get(step.Node, "if"))
	return strings.Contains(text, "author_association") || strings.Contains(text, "github.actor") || strings.Contains(text, ".login") || strings.Contains(text, "full_name") ||
		document.Get(job.Node, "environment") != nil
}
