package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
)

// actionFlags are the inputs of action.yml; a test keeps the two equal.
type actionFlags struct {
	failOn   string
	pack     string
	gate     bool
	rules    []string
	lookUp   lookUpFlags
	sarif    string
	json     string
	markdown string

	imports     []string
	importBases []string
}

func actionCommand() *cobra.Command {
	var f actionFlags
	cmd := &cobra.Command{
		Use:   "action",
		Short: "Run as a step of GitHub Actions (used by action.yml)",
		Long: `Run as a step of GitHub Actions. Reads the event, fetches its two commits by SHA (no checkout step is needed, and nothing of
the change is executed), scans, and writes annotations, the job summary, SARIF, JSON and Markdown. The token is taken from
REVIEWGATE_TOKEN and needs no more than contents: read, with --gate also pull-requests: read.

A pull request, a merge group and a push are judged by what they introduce. On: schedule the whole tree is looked at, and so it is by
hand (workflow_dispatch) on the default branch: that blocks nothing unless --fail-on says from where on.

Exit codes: 0 nothing blocks, 1 a finding blocks or, with --gate, an approval is missing, 2 wrong usage or configuration, 3 could not tell.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.Context(), os.Getenv, cmd.OutOrStdout())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.failOn, "fail-on", "", "lowest severity that fails the step: critical, high, medium, low, info (`LEVEL`)")
	fl.StringVar(&f.pack, "pack", "", "pack of rules: recommended, strict, advisory (`NAME`)")
	fl.BoolVar(&f.gate, "gate", false, "judge the guards of the policy too, by the reviews of the pull request as they are now; without this they are listed as \"will need\"")
	fl.StringArrayVar(&f.rules, "rules", nil, "add the rules of this file or folder of the runner (`PATH`, repeatable)")
	f.lookUp.add(fl)
	fl.StringArrayVar(&f.imports, "import", nil, "judge the findings of another tool too: its SARIF `FILE` about the head (repeatable, or one a line)")
	fl.StringArrayVar(&f.importBases, "import-base", nil, "the SARIF `FILE` of the same tool about the base (repeatable, or one a line; without one, changed lines decide)")
	fl.StringVar(&f.sarif, "sarif", "", "write SARIF to `FILE` (default: in the runner's temporary folder)")
	fl.StringVar(&f.json, "json", "", "write the JSON report to `FILE` (default: in the runner's temporary folder)")
	fl.StringVar(&f.markdown, "markdown", "", "write the summary in Markdown to `FILE` (default: in the runner's temporary folder)")
	completeFlags(cmd)
	return cmd
}

// environment reads the variables that the runner documents.
type environment func(key string) string

// maxTrailers bounds what the checks are given of a change with very many commits.
const maxTrailers = 1000

// run prints two things. First what people read in the log, in which names and code of the judged change appear: the runner is told to
// execute no workflow commands in it, up to a token that nobody can know beforehand. Then the workflow commands, whose values are escaped.
func (f *actionFlags) run(ctx context.Context, env environment, stdout io.Writer) error {
	token := rand.Text()
	fmt.Fprintf(stdout, "::stop-commands::%s\n", token)
	commands, err := f.review(ctx, env, stdout)
	fmt.Fprintf(stdout, "\n::%s::\n", token)
	if _, werr := stdout.Write(commands); err == nil && werr != nil {
		err = unsure(fmt.Errorf("writing the annotations: %w", werr))
	}
	var exit *exitError
	if !errors.As(err, &exit) || exit.err == nil {
		return err
	}
	message := exit.err.Error()
	if exit.remedy != "" {
		message += "\nhint: " + exit.remedy
	}
	fmt.Fprintf(stdout, "::error title=reviewgate::%s\n", commandText(message))
	// Best effort: the annotation and the exit code have said it already.
	_ = appendFile(env("GITHUB_STEP_SUMMARY"), "### reviewgate could not judge this change\n\n<pre>\n"+html.EscapeString(message)+"\n</pre>\n")
	return &exitError{code: exit.code}
}

// commandText escapes the value of a workflow command: a line break would begin a new one.
func commandText(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// review does the work: event, commits, scan, reports. It returns the workflow commands that tell the findings.
func (f *actionFlags) review(ctx context.Context, env environment, log io.Writer) (commands []byte, err error) {
	event, err := readEvent(env)
	if err != nil {
		return nil, err
	}
	temp := env("RUNNER_TEMP")
	if temp == "" {
		return nil, usage(errors.New("RUNNER_TEMP is not set"), "run this as a step of a workflow")
	}
	scanFlags := scanFlags{failOn: f.failOn, pack: f.pack, rules: f.rules, format: "sarif", imports: lines(f.imports), importBases: lines(f.importBases)}
	if err := scanFlags.validate(); err != nil {
		return nil, err
	}
	files, err := f.reports(temp)
	if err != nil {
		return nil, err
	}
	if event.nothing != "" {
		fmt.Fprintf(log, "%s: there is no change to look at\n", event.nothing)
		return nil, tellNothing(env, event.nothing)
	}
	workspace := env("GITHUB_WORKSPACE")
	imports, err := scanFlags.readImports(ctx, workspace)
	if err != nil {
		return nil, err
	}
	cache, err := os.MkdirTemp(temp, "reviewgate-*")
	if err != nil {
		return nil, unsure(err)
	}
	defer os.RemoveAll(cache)
	at := source.FetchOptions{
		Dir: filepath.Join(cache, "repository"), URL: event.url, Token: env("REVIEWGATE_TOKEN"), Head: event.head,
		Limits: source.Limits{Merges: 1}, // who merged what cleanly is asked by the gate alone
	}
	pull, err := f.pull(ctx, env, event)
	if err != nil {
		return nil, err
	}
	if pull != nil {
		at.Limits.Merges, at.Extra = 0, []string{pull.DefaultSHA}
	}
	snap, err := event.open(ctx, at)
	if err != nil {
		return nil, sourceError(err)
	}
	defer func() { _ = snap.Close() }() // a temporary folder that stays behind does not change the result
	intro := ""
	if event.whole {
		fmt.Fprintf(log, "reviewgate %s: the whole tree of %s at %s\n", toolVersion(), event.repo, snap.Head)
		intro = fmt.Sprintf("_This is the whole tree at `%.7s`, not a change: what stands here may be old._\n\n", snap.Head)
	} else {
		fmt.Fprintf(log, "reviewgate %s: %s of %s against the merge base %s\n", toolVersion(), snap.Head, event.repo, snap.MergeBase)
	}
	scanFlags.all = event.whole
	in, eff, willNeed, err := scanFlags.input(ctx, snap, log)
	if err != nil {
		return nil, err
	}
	imports.into(in)
	in.Text = event.text
	if !event.whole {
		if in.Text.Trailers, err = commitTrailers(ctx, snap); err != nil {
			return nil, sourceError(err)
		}
	}
	reg, err := f.lookUp.registry(ctx, "", eff.Private, log)
	if err != nil {
		return nil, err
	}
	result, err := runScan(ctx, snap, in, scan.Options{Sandbox: sandbox.Auto}, event.whole, reg)
	if err != nil {
		return nil, unsure(err)
	}
	if event.whole && f.failOn == "" { // nobody's change is to blame
		for i := range result.Findings {
			result.Findings[i].Blocking = false
		}
	}
	rep := &report.Input{
		Tool: report.Tool{Name: "reviewgate", Version: toolVersion()}, Repo: event.repo, Number: event.number,
		FailOn: in.Config.BlocksFrom(), Scan: result, WillNeed: willNeed,
	}
	if pull != nil {
		if rep.Decision, err = decideLive(ctx, pull, snap, result); err != nil {
			return nil, err
		}
		rep.WillNeed = nil
		intro = liveLimits
	}
	commands, err = publish(env, files, rep, intro, log)
	if err != nil {
		return nil, unsure(err)
	}
	if rep.Decision != nil {
		return commands, verdict(rep.Decision)
	}
	return commands, outcome(result)
}

// lines parts what an input of the action lists one a line.
func lines(values []string) []string {
	var out []string
	for _, v := range values {
		for line := range strings.Lines(v) {
			if line = strings.TrimSpace(line); line != "" {
				out = append(out, line)
			}
		}
	}
	return out
}

// commitTrailers gives lines like "Co-authored-by: ..." of the change's commits.
func commitTrailers(ctx context.Context, snap *source.Snapshot) ([]string, error) {
	commits, err := snap.Commits(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range commits {
		out = append(out, parsePRText(commits[i].Message).Trailers...)
	}
	return out[:min(len(out), maxTrailers)], nil
}

// A reportFile is where a report goes; name is that of its input, its output and its format.
type reportFile struct{ name, path string }

// reports says where the reports go, and finds out before the work begins whether they can.
func (f *actionFlags) reports(temp string) ([]reportFile, error) {
	files := []reportFile{
		{"sarif", cmp.Or(f.sarif, filepath.Join(temp, "reviewgate.sarif"))}, {"json", cmp.Or(f.json, filepath.Join(temp, "reviewgate.json"))},
		{"markdown", cmp.Or(f.markdown, filepath.Join(temp, "reviewgate.md"))},
	}
	for i, file := range files {
		if strings.ContainsFunc(file.path, unicode.IsControl) { // the outputs are lines
			return nil, usage(fmt.Errorf("--%s %q: a path must not hold line breaks or other control characters", file.name, file.path), "name another file")
		}
		if info, err := os.Stat(file.path); err == nil && info.IsDir() {
			return nil, usage(fmt.Errorf("--%s %s: this is a folder", file.name, file.path), "name a file in it")
		}
		if info, err := os.Stat(filepath.Dir(file.path)); err != nil || !info.IsDir() {
			return nil, usage(fmt.Errorf("--%s %s: there is no folder %s", file.name, file.path, filepath.Dir(file.path)), "make the folder in a step before this one")
		}
		if other := slices.IndexFunc(files[:i], func(o reportFile) bool { return filepath.Clean(o.path) == filepath.Clean(file.path) }); other >= 0 {
			return nil, usage(fmt.Errorf("--%s and --%s both name %s", files[other].name, file.name, file.path), "name two files")
		}
	}
	return files, nil
}

// publish writes what later steps and people read, each from the same report, and returns the workflow commands. intro stands above the summary.
func publish(env environment, files []reportFile, rep *report.Input, intro string, log io.Writer) ([]byte, error) {
	result := "pass"
	switch {
	case rep.Decision != nil:
		result = string(rep.Decision.State)
	case len(rep.Scan.Failures()) > 0:
		result = "error"
	case rep.Scan.Blocking() > 0:
		result = "block"
	}
	introduced := 0
	for i := range rep.Scan.Findings {
		if f := &rep.Scan.Findings[i]; f.Introduced && !f.Shadow {
			introduced++
		}
	}
	summary, err := render("markdown", rep)
	if err != nil {
		return nil, err
	}
	summary = append([]byte(intro), summary...)
	outputs := fmt.Sprintf("result=%s\nfindings=%d\nblocking=%d\n", result, introduced, rep.Scan.Blocking())
	for _, file := range files {
		data := summary
		if file.name != "markdown" {
			if data, err = render(file.name, rep); err != nil {
				return nil, err
			}
		}
		if err := writeFile(file.path, data); err != nil {
			return nil, fmt.Errorf("writing the %s report: %w", file.name, err)
		}
		outputs += file.name + "=" + file.path + "\n"
	}
	if err := appendFile(env("GITHUB_STEP_SUMMARY"), string(summary)); err != nil {
		return nil, fmt.Errorf("writing the job summary: %w", err)
	}
	text, err := render("text", rep)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(log, "%sresult: %s\n", text, result)
	commands, err := render("github", rep)
	if err != nil {
		return nil, err
	}
	if err := appendFile(env("GITHUB_OUTPUT"), outputs); err != nil { // last: what is written here is true of all the others
		return nil, fmt.Errorf("writing the step's outputs: %w", err)
	}
	return commands, nil
}

func render(format string, rep *report.Input) ([]byte, error) {
	var buf bytes.Buffer
	if err := report.FormatNamed(format).Write(&buf, rep, report.Options{}); err != nil {
		return nil, fmt.Errorf("writing the %s report: %w", format, err)
	}
	return buf.Bytes(), nil
}

// tellNothing passes an event without a change. There are no reports of it.
func tellNothing(env environment, why string) error {
	err := appendFile(env("GITHUB_STEP_SUMMARY"), "### Nothing to look at\n\n"+why+".\n")
	if err = errors.Join(err, appendFile(env("GITHUB_OUTPUT"), "result=pass\nfindings=0\nblocking=0\n")); err != nil {
		return unsure(fmt.Errorf("telling that there is no change: %w", err))
	}
	return nil
}

// appendFile adds to a file of the runner; without a name (run by hand) there is nothing to add to.
func appendFile(path, text string) error {
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
