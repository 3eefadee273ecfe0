package workflowinjection

import (
	"context"
	_ "embed"
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

const ruleID = "workflow-template-injection"

// Check is the check.
var Check = &checks.Check{
	Name:  "config/workflow-injection",
	Doc:   doc,
	Scope: checks.PerSide,
	Rules: []checks.RuleInfo{{
		ID:         ruleID,
		Title:      "Text from outside is pasted into a workflow's script",
		Why:        "GitHub fills ${{ }} in before the shell reads the script, so whoever writes the text can run commands with the token and the secrets of the job.",
		Remedy:     "Put the value into `env:` and let the script read it as a quoted variable: \"$TITLE\" in a shell, process.env.TITLE in JavaScript.",
		Severity:   checks.High,
		Confidence: checks.Certain,
		CWE:        []string{"CWE-94", "CWE-78"},
		References: []string{"https://docs.github.com/en/actions/security-for-github-actions/security-guides/security-hardening-for-github-actions"},
		Tags:       []string{"security", "ci"},
		Languages:  []string{"yaml"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}},
	Examples: examples,
	Run:      run,
}

func run(ctx context.Context, pass *checks.Pass) error {
	return workflow.Each(ctx, pass, pass.Side, func(_ *checks.File, w *workflow.File) {
		inputs := map[string]bool{} // told: an input is pasted many times where it is pasted at all
		for _, job := range w.Jobs {
			for _, step := range job.Steps {
				tainted := environment(w, job, step)
				for _, script := range scripts(step) {
					judge(pass, w, script, tainted, inputs)
				}
			}
		}
	})
}

// scripts are the texts of a step that are run as a program.
func scripts(step *workflow.Step) []*yaml.Node {
	var out []*yaml.Node
	if step.Run != nil {
		out = append(out, step.Run)
	}
	for k, v := range document.Pairs(step.With) {
		name := strings.ToLower(k.Value)
		if v != nil && v.Kind == yaml.ScalarNode && (name == "script" || name == "inlinescript" || name == "command" && strings.HasSuffix(step.Action(), "/retry")) {
			out = append(out, v)
		}
	}
	return out
}

// environment gives the variables that hold text from outside, with where it comes from.
func environment(w *workflow.File, job *workflow.Job, step *workflow.Step) map[string]string {
	out := map[string]string{}
	for _, level := range []*yaml.Node{w.Root, job.Node, step.Node} {
		for k, v := range document.Pairs(document.Get(level, "env")) {
			delete(out, k.Value)
			for _, e := range workflow.Expressions(document.Text(v)) {
				if from := workflow.Untrusted(e.Text); from != "" {
					out[k.Value] = from
				}
			}
		}
	}
	return out
}

var variable = regexp.MustCompile(`\benv\.([A-Za-z_][\w-]*)`)

func judge(pass *checks.Pass, w *workflow.File, script *yaml.Node, tainted map[string]string, inputs map[string]bool) {
	lines := strings.Split(script.Value, "\n")
	seen := map[string]bool{}
	for _, e := range workflow.Expressions(script.Value) {
		from, severity, confidence := workflow.Untrusted(e.Text), checks.High, checks.Certain
		if from == "" {
			for _, m := range variable.FindAllStringSubmatch(workflow.Values(e.Text), -1) {
				if origin := tainted[m[1]]; origin != "" {
					from = origin + "` through `env." + m[1]
				}
			}
		}
		who, key := "whoever writes it", from+" "+strings.TrimSpace(lines[e.Line])
		if from == "" {
			from, severity, confidence = w.Input(e.Text), checks.Medium, checks.Likely
			who, key = "whoever sets it", from
			if inputs[from] {
				continue
			}
			inputs[from] = true
		}
		if from == "" || seen[from] {
			continue
		}
		seen[from] = true
		line := lines[e.Line]
		pass.Report(checks.Finding{
			RuleID: ruleID, Severity: severity, Confidence: confidence,
			Message:  fmt.Sprintf("`%s` is pasted into the script before it runs, so %s can run commands in this job. Put it into `env:` and let the script read the variable in quotes", from, who),
			Location: w.AtLine(script, e.Line, line),
			Key:      key,
		})
	}
}
