package weakenedgate

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/config/internal/document"
	"github.com/reviewgate-app/reviewgate/checks/config/internal/workflow"
)

//go:embed doc.go
var doc string

//go:embed examples.txtar
var examples string

// The rules of this check.
const (
	weakened = "ci-gate-weakened"
	removed  = "ci-gate-removed"
)

// Check is the check.
var Check = &checks.Check{
	Name:  "config/weakened-gate",
	Doc:   doc,
	Scope: checks.Difference,
	Rules: []checks.RuleInfo{
		rule(weakened, "A test, linter or scanner can no longer fail the build", checks.High, checks.Certain,
			"The run is green whatever it finds, so nobody learns of the next defect.",
			"Mend what fails and leave the gate as it was. If it has to wait, switch off the one test or rule, with a reason and a link to an issue."),
		rule(removed, "A test, linter or scanner no longer runs", checks.Medium, checks.Likely,
			"What it used to find goes through from now on.",
			"Put it back, or say in the pull request what does its work now."),
	},
	Examples: examples,
	Reads: func(paths []string) []string {
		return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !workflow.IsWorkflow(p) })
	},
	Run: run,
}

func rule(id, title string, severity checks.Severity, confidence checks.Confidence, why, remedy string) checks.RuleInfo {
	return checks.RuleInfo{
		ID: id, Title: title, Severity: severity, Confidence: confidence, Why: why, Remedy: remedy,
		References: []string{"https://docs.github.com/en/actions/writing-workflows/workflow-syntax-for-github-actions", "https://slsa.dev/spec/v1.0/threats"},
		Tags:       []string{"gate-integrity", "ci"},
		Rollout:    checks.RolloutBlock,
		Origin:     "builtin",
	}
}

func run(ctx context.Context, pass *checks.Pass) error {
	var files []*gate
	able := map[string]int{} // tools that can fail, head minus base, over the whole change: a command may move
	for _, f := range pass.Change.Files {
		if f.Opaque != "" || f.Class == checks.ClassVendored || f.Class == checks.ClassTest || f.Class == checks.ClassExample || f.Class == checks.ClassGenerated {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		g, err := read(pass, f)
		if err != nil {
			return err
		}
		if g == nil {
			continue
		}
		files = append(files, g)
		for _, c := range g.base.commands {
			if c.silencer == "" {
				able[c.tool]--
			}
		}
		for _, c := range g.head.commands {
			if c.silencer == "" {
				able[c.tool]++
			}
		}
	}
	for _, g := range files {
		g.silenced(pass, able)
		g.limits(pass)
	}
	if err := steps(ctx, pass); err != nil {
		return err
	}
	return missing(ctx, pass)
}

// A gate is one changed file that says what is tested.
type gate struct {
	file       *checks.File
	base, head side
}

type side struct {
	path     string
	text     string
	lines    []string
	commands []runs
}

// runs is one line that runs a tool.
type runs struct {
	line     int // from 1
	tool     string
	silencer string
}

func read(pass *checks.Pass, f *checks.File) (*gate, error) {
	g := &gate{file: f}
	any := false
	for _, s := range []struct {
		side checks.Side
		into *side
	}{{checks.Base, &g.base}, {checks.Head, &g.head}} {
		name, ok := f.PathOn(s.side)
		if !ok || !isGate(name) {
			continue
		}
		data, err := pass.Change.Tree(s.side).Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		any = true
		*s.into = side{path: name, text: string(data), lines: strings.Split(string(data), "\n")}
		for i, line := range s.into.lines {
			if tool, _, _ := toolOf(line); tool != "" {
				s.into.commands = append(s.into.commands, runs{i + 1, tool, silencer(line)})
			}
		}
	}
	if !any {
		return nil, nil
	}
	return g, nil
}

// silenced reports commands that could fail at base and cannot at head.
func (g *gate) silenced(pass *checks.Pass, able map[string]int) {
	if g.file.Lines == nil {
		return
	}
	for _, h := range g.file.Lines.Hunks {
		for _, c := range g.head.commands {
			if c.silencer == "" || c.line < h.HeadStart || c.line >= h.HeadStart+h.HeadCount || able[c.tool] >= 0 {
				continue
			}
			i := slices.IndexFunc(g.base.commands, func(b runs) bool {
				return b.tool == c.tool && b.silencer == "" && b.line >= h.BaseStart && b.line < h.BaseStart+h.BaseCount
			})
			if i < 0 {
				continue
			}
			old := g.base.commands[i]
			if g.succeeded(old) {
				continue
			}
			able[c.tool]++
			pass.Report(checks.Finding{
				RuleID: weakened,
				Message: fmt.Sprintf("`%s` makes this command succeed whatever it finds, and it could fail before. Mend what fails and take `%s` out again",
					c.silencer, c.silencer),
				Location: g.at(checks.Head, c.line),
				Related:  []checks.Related{{Location: g.at(checks.Base, old.line), Message: "the command that could fail"}},
				Key:      c.tool + " " + c.silencer,
			})
		}
	}
}

// succeeded tells whether a new line of the file runs nearly the same as an old one, and can fail: a build that skips the tests came before the tests.
func (g *gate) succeeded(old runs) bool {
	before := strings.Fields(g.base.lines[old.line-1])
	return slices.ContainsFunc(g.head.commands, func(c runs) bool {
		if c.tool != old.tool || c.silencer != "" || !g.file.Lines.Added(c.line) {
			return false
		}
		now := strings.Fields(g.head.lines[c.line-1])
		common := 0
		for _, w := range now {
			if slices.Contains(before, w) {
				common++
			}
		}
		return 3*common >= 2*max(len(before), len(now))
	})
}

func (g *gate) at(s checks.Side, line int) checks.Location {
	from := &g.head
	if s == checks.Base {
		from = &g.base
	}
	text := strings.TrimRight(from.lines[line-1], "\r")
	start := 1 + utf8.RuneCountInString(text) - utf8.RuneCountInString(strings.TrimLeft(text, " \t"))
	return checks.Location{Path: from.path, Side: s, StartLine: line, StartColumn: start, EndLine: line, EndColumn: 1 + utf8.RuneCountInString(text)}
}

// limits reports limits that were lowered or taken away.
func (g *gate) limits(pass *checks.Pass) {
	if g.file.Lines == nil || g.file.Status == checks.Added || g.head.path == "" || g.base.path == "" {
		return
	}
	for _, h := range g.file.Lines.Hunks {
		used := map[int]bool{}
		for line := h.BaseStart; line < h.BaseStart+h.BaseCount && line <= len(g.base.lines); line++ {
			old, ok := limitOf(g.base.path, g.base.text, g.base.lines[line-1])
			if !ok {
				continue
			}
			found := false
			for now := h.HeadStart; now < h.HeadStart+h.HeadCount && now <= len(g.head.lines) && !found; now++ {
				l, ok := limitOf(g.head.path, g.head.text, g.head.lines[now-1])
				if !ok || l.key != old.key || used[now] {
					continue
				}
				found, used[now] = true, true
				if l.rank < old.rank {
					pass.Report(checks.Finding{
						RuleID:   weakened,
						Message:  fmt.Sprintf("`%s` goes from %s to %s, so less has to be right for the build to pass. Put it back and mend what falls short", l.key, old.value, l.value),
						Location: g.at(checks.Head, now),
						Related:  []checks.Related{{Location: g.at(checks.Base, line), Message: "the limit before"}},
						Key:      l.key + " " + l.value,
					})
				}
			}
			if !found && old.firm && old.rank > 0 && !strings.Contains(strings.ToLower(g.head.text), strings.TrimLeft(old.key, "-")) {
				pass.Report(checks.Finding{
					RuleID: weakened, Confidence: checks.Likely, Severity: checks.Medium,
					Message:  fmt.Sprintf("the limit `%s` (%s) is gone. Keep it, or say in the pull request what holds the line now", old.key, old.value),
					Location: g.at(checks.Base, line),
					Key:      old.key,
				})
			}
		}
	}
}

// A gateStep is a step of a workflow that can fail for a defect.
type gateStep struct {
	step  *workflow.Step
	file  *workflow.File
	what  string // the tool's name: what is compared
	shown string // as the workflow writes it
	kind  string
}

func gateSteps(w *workflow.File) []gateStep {
	var out []gateStep
	for _, job := range w.Jobs {
		for _, s := range job.Steps {
			if name, kind := actionOf(s.Action()); name != "" {
				out = append(out, gateStep{s, w, name, name, kind})
				continue
			}
			if s.Run == nil {
				continue
			}
			for line := range strings.Lines(s.Run.Value) {
				if name, kind, shown := toolOf(line); name != "" {
					out = append(out, gateStep{s, w, name, shown, kind})
				}
			}
		}
	}
	return out
}

// steps reports steps and jobs that are told to go on when they fail, or never to run.
func steps(ctx context.Context, pass *checks.Pass) error {
	base := map[string]*workflow.File{}
	if err := workflow.Each(ctx, pass, checks.Base, func(f *checks.File, w *workflow.File) { base[f.Path] = w }); err != nil {
		return err
	}
	return workflow.Each(ctx, pass, checks.Head, func(f *checks.File, w *workflow.File) {
		old := base[f.Path]
		if old == nil {
			return
		}
		before := gateSteps(old)
		told := map[*yaml.Node]bool{}
		for _, g := range gateSteps(w) {
			i := slices.IndexFunc(before, func(b gateStep) bool {
				return b.what == g.what && b.step.Job.ID == g.step.Job.ID && b.step.Name == g.step.Name
			})
			if i < 0 {
				i = slices.IndexFunc(before, func(b gateStep) bool { return b.what == g.what && b.step.Job.ID == g.step.Job.ID })
			}
			if i < 0 {
				continue
			}
			b := before[i]
			for _, level := range []struct{ old, now *yaml.Node }{{b.step.Node, g.step.Node}, {b.step.Job.Node, g.step.Job.Node}} {
				n := document.Get(level.now, "continue-on-error")
				if document.Text(n) == "true" && document.Text(document.Get(level.old, "continue-on-error")) != "true" && !told[n] {
					told[n] = true
					pass.Report(checks.Finding{
						RuleID: weakened, Key: g.step.Job.ID + g.what + " continue-on-error", Location: w.At(n),
						Message: fmt.Sprintf("`continue-on-error` lets the build pass when `%s` fails, which it did not before. Mend what fails and take it out again", g.shown),
					})
				}
				cond, was := document.Get(level.now, "if"), document.Text(document.Get(level.old, "if"))
				if never(document.Text(cond)) && !never(was) && !told[cond] {
					told[cond] = true
					pass.Report(checks.Finding{
						RuleID: weakened, Key: g.step.Job.ID + g.what + " if", Location: w.At(cond),
						Message: fmt.Sprintf("`%s` never runs any more (`if: %s`). Mend what fails and take the condition out again", g.shown, document.Text(cond)),
					})
				}
			}
		}
	})
}

// never tells conditions that hold never.
func never(condition string) bool {
	condition = strings.TrimSpace(condition)
	condition = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(condition, "${{"), "}}"))
	return condition == "false" || strings.HasPrefix(condition, "false &&") || condition == "0"
}

// missing reports tools that no workflow runs any more, and workflows that no longer look at pull requests.
func missing(ctx context.Context, pass *checks.Pass) error {
	have, kinds := map[string]int{}, map[string]int{} // at head, in all workflows; kinds: steps at head minus base, in changed ones
	before, fresh := map[string]bool{}, map[string]bool{}
	var old, now []*workflow.File
	if err := workflow.Each(ctx, pass, checks.Base, func(_ *checks.File, w *workflow.File) { old = append(old, w) }); err != nil || len(old) == 0 {
		return err
	}
	if err := workflow.Each(ctx, pass, checks.Head, func(_ *checks.File, w *workflow.File) { now = append(now, w) }); err != nil {
		return err
	}
	for _, w := range now {
		for _, g := range gateSteps(w) {
			have[g.what]++
			kinds[g.kind]++
		}
	}
	changed := map[string]bool{}
	for _, f := range pass.Change.Files {
		changed[f.Path] = true
	}
	for _, name := range pass.Change.Head.Paths() {
		if !workflow.IsWorkflow(name) || changed[name] {
			continue
		}
		w, err := workflow.Read(pass.Change, checks.Head, name)
		if errors.Is(err, checks.ErrNotFetched) {
			return err
		}
		if err != nil || w == nil {
			continue // broken files are told where they are changed
		}
		for _, g := range gateSteps(w) {
			have[g.what]++
		}
	}
	own, whole := 0, 0 // steps that do something of their own, and workflows that are called as a whole, at head minus base
	for _, w := range old {
		steps, called := ownSteps(w)
		own, whole = own-steps, whole-called
		for _, g := range gateSteps(w) {
			kinds[g.kind]--
			before[g.what] = true
		}
	}
	for _, w := range now {
		steps, called := ownSteps(w)
		own, whole = own+steps, whole+called
		for _, g := range gateSteps(w) {
			fresh[g.kind] = fresh[g.kind] || !before[g.what] // another tool of its kind
		}
	}
	told := map[string]bool{}
	for _, w := range old {
		for _, g := range gateSteps(w) {
			if have[g.what] > 0 || kinds[g.kind] >= 0 || fresh[g.kind] || own >= 0 || whole > 0 || told[g.what] {
				continue
			}
			told[g.what] = true
			at := g.step.Uses
			if at == nil {
				at = g.step.Run
			}
			pass.Report(checks.Finding{
				RuleID: removed, Key: g.what, Location: w.At(at),
				Message: fmt.Sprintf("`%s` no longer runs in any workflow here, and nothing of its kind (%s) comes instead. Put it back, or say in the pull request what does its work now", g.shown, g.kind),
			})
		}
	}
	for _, w := range now {
		i := slices.IndexFunc(old, func(o *workflow.File) bool { return o.Path == w.Path })
		if i < 0 || len(gateSteps(w)) == 0 || w.Action {
			continue
		}
		before, after := old[i].Events(), w.Events()
		if before["pull_request"] != nil && after["pull_request"] == nil && after["pull_request_target"] == nil && after["workflow_call"] == nil && after["merge_group"] == nil {
			pass.Report(checks.Finding{
				RuleID: removed, Key: "pull_request", Location: old[i].At(before["pull_request"]),
				Message: "this workflow no longer runs on pull requests, so what it tests is found out after the merge. Keep `pull_request` among its triggers",
			})
		}
	}
	return nil
}

// ownSteps counts the steps that are more than preparation, and the workflows that are called: what comes instead of a tool need not be one
// that we know.
func ownSteps(w *workflow.File) (steps, called int) {
	for _, job := range w.Jobs {
		if document.Get(job.Node, "uses") != nil {
			called++
		}
		for _, s := range job.Steps {
			if s.Run != nil || s.Uses != nil && !strings.HasPrefix(s.Action(), "actions/") {
				steps++
			}
		}
	}
	return steps, called
}
