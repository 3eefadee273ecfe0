package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

type scanFlags struct {
	base, head       string
	baseDir, headDir string
	all              bool
	rules            []string
	config           string
	prText           string
	format, output   string
	failOn           string
	pack             string
	noBuiltin        bool
	profile          bool
}

func scanCommand() *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan [DIR]",
		Short: "Look at a change and say what is wrong with it",
		Long: `Look at a change and say what is wrong with it. Without flags the change is the work tree, staged and unstaged,
against the merge base with the default branch. Nothing of the repository is executed.

Only what the change introduces counts. The exit code is 1 when a finding blocks: by default one of high severity and high
confidence.`,
		Example: `  reviewgate scan                                   # the work tree against the default branch
  reviewgate scan --base v1.2.0                     # the work tree against another revision
  reviewgate scan --base main --head feature        # two revisions; the work tree is not read
  reviewgate scan --all --format sarif -o out.sarif # every finding of the tree`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return f.run(cmd.Context(), dir, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.base, "base", "", "compare with the merge base of this `REV` (default: the default branch)")
	fl.StringVar(&f.head, "head", "", "scan this `REV` instead of the work tree")
	fl.StringVar(&f.baseDir, "base-dir", "", "compare plain folders: the `DIR` before the change")
	fl.StringVar(&f.headDir, "head-dir", "", "compare plain folders: the `DIR` after the change")
	fl.BoolVar(&f.all, "all", false, "report every finding of the tree, not only what a change introduces")
	fl.StringArrayVar(&f.rules, "rules", nil, "add the Semgrep-syntax rules of this file or folder (`PATH`, repeatable)")
	fl.StringVar(&f.config, "config", "", "use this policy `FILE` instead of .github/reviewgate.yml of the base")
	fl.StringVar(&f.prText, "pr-text", "", "text of the pull request: title, blank line, body and trailers (`FILE`)")
	fl.StringVar(&f.format, "format", "text", "output format: "+strings.Join(formatNames(), ", "))
	fl.StringVarP(&f.output, "output", "o", "", "write the report to `FILE`")
	fl.StringVar(&f.failOn, "fail-on", "", "lowest severity that blocks: critical, high, medium, low, info (`LEVEL`)")
	fl.StringVar(&f.pack, "pack", "", "set of built-in rules: recommended (`NAME`)")
	fl.BoolVar(&f.noBuiltin, "no-builtin", false, "run only the rules of --rules and of the configuration")
	fl.BoolVar(&f.profile, "profile", false, "say on standard error how long each check took")
	return cmd
}

func formatNames() []string {
	var names []string
	for _, f := range report.Formats() {
		names = append(names, f.Name)
	}
	return names
}

func (f *scanFlags) run(ctx context.Context, dir string, stdout, stderr io.Writer) (err error) {
	format := report.FormatNamed(f.format)
	if format == nil {
		return usage(fmt.Errorf("unknown format %q", f.format), "formats are "+strings.Join(formatNames(), ", "))
	}
	if err := f.validate(); err != nil {
		return err
	}
	snap, err := f.open(ctx, dir)
	if err != nil {
		return sourceError(err)
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	in, willNeed, err := f.input(ctx, snap, stderr)
	if err != nil {
		return err
	}
	result, err := runScan(ctx, snap, in, scan.Options{Sandbox: sandbox.Auto, Progress: progress(stderr)}, f.all)
	if err != nil {
		return unsure(err)
	}
	if f.profile {
		printProfile(stderr, result)
	}
	rep := &report.Input{
		Tool:     report.Tool{Name: "reviewgate", Version: toolVersion()},
		FailOn:   in.Config.FailOn,
		Scan:     result,
		WillNeed: willNeed,
	}
	if err := f.write(format, rep, stdout); err != nil {
		return err
	}
	return outcome(result)
}

// printProfile lists the time of each check, longest first. Checks run side by side, so the times add up to more than the scan took.
func printProfile(w io.Writer, r *scan.Result) {
	list := slices.Clone(r.Checks)
	slices.SortStableFunc(list, func(a, b scan.CheckResult) int { return cmp.Compare(b.Took, a.Took) })
	for _, c := range list {
		fmt.Fprintf(w, "profile: %8.1f ms  %s\n", float64(c.Took.Microseconds())/1000, c.Name)
	}
	fmt.Fprintf(w, "profile: %8.1f ms  the whole scan\n", float64(r.Duration.Microseconds())/1000)
}

// outcome turns a result into an exit code: what could not be told outweighs what was found.
func outcome(r *scan.Result) error {
	switch {
	case len(r.Failures()) > 0:
		return &exitError{code: exitUnsure}
	case r.Blocking() > 0:
		return &exitError{code: exitBlocked}
	}
	return nil
}

func (f *scanFlags) validate() error {
	folders := f.baseDir != "" || f.headDir != ""
	switch {
	case (f.baseDir == "") != (f.headDir == ""):
		return usage(errors.New("--base-dir and --head-dir go together"), "give both folders")
	case folders && (f.base != "" || f.head != ""):
		return usage(errors.New("--base-dir and --head-dir compare plain folders and take no revisions"), "drop --base and --head")
	case f.all && (folders || f.base != ""):
		return usage(errors.New("--all reports every finding and has no base"), "drop --all, or the base")
	}
	if f.failOn != "" {
		if _, err := checks.ParseSeverity(f.failOn); err != nil {
			return usage(fmt.Errorf("--fail-on: %w", err), "")
		}
	}
	if f.pack != "" && f.pack != "recommended" {
		return usage(fmt.Errorf("unknown pack %q", f.pack), "packs are recommended")
	}
	return nil
}

func (f *scanFlags) open(ctx context.Context, dir string) (*source.Snapshot, error) {
	if f.baseDir != "" {
		return source.Folders(ctx, f.baseDir, f.headDir, source.Limits{})
	}
	return source.Local(ctx, source.LocalOptions{Dir: dir, Base: f.base, Head: f.head, All: f.all})
}

// input gathers what the scan is a function of: configuration, rules, the pull request's text.
func (f *scanFlags) input(ctx context.Context, snap *source.Snapshot, stderr io.Writer) (*scan.Input, []gate.GuardAnswer, error) {
	eff, err := f.configuration(ctx, snap)
	if err != nil {
		return nil, nil, err
	}
	for _, w := range eff.Warnings {
		fmt.Fprintf(stderr, "warning: %s\n", configProblem(w))
	}
	in := &scan.Input{Base: snap.MergeBase, Head: snap.Head, Files: snap.Files, Rules: eff.Rules, NoBuiltin: f.noBuiltin, Config: eff.Scan}
	if f.failOn != "" {
		in.Config.FailOn, _ = checks.ParseSeverity(f.failOn) // validate has read it
		in.Config.FailOnCountsRules = true
	}
	if f.pack != "" {
		in.Config.Pack = f.pack
	}
	for _, path := range f.rules {
		srcs, skipped, err := rules.LoadPath(path, rules.OriginFlag)
		if err != nil {
			return nil, nil, usage(fmt.Errorf("--rules %s: %w", path, err), "")
		}
		if skipped > 0 {
			fmt.Fprintf(stderr, "note: %d YAML files below %s have no top-level `rules:` and were skipped\n", skipped, path)
		}
		in.Rules = append(in.Rules, srcs...)
	}
	if f.prText != "" {
		text, err := os.ReadFile(f.prText)
		if err != nil {
			return nil, nil, usage(fmt.Errorf("--pr-text: %w", err), "")
		}
		in.Text = parsePRText(string(text))
	}
	if f.all {
		return in, nil, nil
	}
	return in, gate.WillNeed(eff.Policy, fileChanges(snap.Files)), nil
}

// configFolders hold all that config.Paths accepts, so that the rest of a large tree need not be listed.
var configFolders = []string{".github", "CODEOWNERS", "docs/CODEOWNERS"}

// configuration is read from the base side, so that a change cannot weaken the rules that it is judged by; without a base, from the tree.
func (f *scanFlags) configuration(ctx context.Context, snap *source.Snapshot) (*config.Effective, error) {
	files, err := snap.FilesIn(ctx, "", configFolders, config.Paths)
	if err != nil {
		return nil, sourceError(err)
	}
	layer := config.NewLayer("", snap.MergeBase, files)
	if f.config != "" {
		layer.PolicyPath = f.config
		if layer.Policy, err = os.ReadFile(f.config); err != nil {
			return nil, usage(fmt.Errorf("--config: %w", err), "name a policy file that can be read")
		}
	}
	eff := config.Load(config.Input{Repo: layer})
	if len(eff.Policy.Broken) > 0 {
		var lines []string
		for _, p := range eff.Policy.Broken {
			lines = append(lines, configProblem(p))
		}
		return nil, usage(errors.New(strings.Join(lines, "\n  ")), "")
	}
	return eff, nil
}

func configProblem(p gate.Problem) string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d:%d", p.Line, max(p.Column, 1))
	}
	s += ": " + p.Message
	if p.Remedy != "" {
		s += " (" + p.Remedy + ")"
	}
	return s
}

// parsePRText reads a title line, a blank line, and the body; trailers stand in the last paragraph.
func parsePRText(s string) checks.PRText {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	title, body, _ := strings.Cut(s, "\n")
	text := checks.PRText{Title: strings.TrimSpace(title), Body: strings.TrimSpace(body)}
	paragraphs := strings.Split(text.Body, "\n\n")
	for line := range strings.SplitSeq(paragraphs[len(paragraphs)-1], "\n") {
		if key, value, ok := strings.Cut(line, ": "); ok && value != "" && !strings.ContainsAny(key, " \t") {
			text.Trailers = append(text.Trailers, strings.TrimSpace(line))
		}
	}
	return text
}

func fileChanges(files []*checks.File) []gate.FileChange {
	out := make([]gate.FileChange, 0, len(files))
	for _, f := range files {
		out = append(out, gate.FileChange{Path: f.Path, OldPath: f.OldPath, OldMode: f.OldMode, Mode: f.Mode, OldBlob: f.OldBlob, Blob: f.Blob})
	}
	return out
}

// sourceError gives the source's own words an exit code: what the user can mend is usage, the rest is "could not tell".
func sourceError(err error) error {
	var se *source.Error
	if errors.As(err, &se) && se.Usage() {
		return &exitError{code: exitUsage, err: err}
	}
	return unsure(err)
}

// write renders into memory first, so that a report is whole or absent; a device or pipe is written directly, a file by rename.
func (f *scanFlags) write(format *report.Format, in *report.Input, stdout io.Writer) error {
	var buf bytes.Buffer
	if err := format.Write(&buf, in, f.device(stdout)); err != nil {
		return unsure(fmt.Errorf("writing the %s report: %w", format.Name, err))
	}
	if f.output == "" {
		_, err := stdout.Write(buf.Bytes())
		return err
	}
	if err := writeFile(f.output, buf.Bytes()); err != nil {
		return usage(fmt.Errorf("--output: %w", err), "name a file in a folder that exists and can be written")
	}
	return nil
}

func writeFile(path string, data []byte) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, data, 0) // a device or a pipe: the mode is not used
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".reviewgate-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails, as it should, once it has been renamed
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// device says what the reader's terminal can show; https://no-color.org is honoured.
func (f *scanFlags) device(stdout io.Writer) report.Options {
	file, ok := stdout.(*os.File)
	if f.output != "" || !ok || !term.IsTerminal(int(file.Fd())) {
		return report.Options{}
	}
	opt := report.Options{Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil {
		opt.Width = min(width, 120)
	}
	return opt
}

// progress tells a person at a terminal how far a long scan is; a short one, and a log, stay quiet.
func progress(stderr io.Writer) func(done, total int) {
	file, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	start, last := time.Now(), time.Time{}
	return func(done, total int) {
		now := time.Now()
		switch {
		case done >= total:
			if !last.IsZero() {
				fmt.Fprint(file, "\r\x1b[K")
			}
		case now.Sub(start) > time.Second && now.Sub(last) > 100*time.Millisecond:
			last = now
			fmt.Fprintf(file, "\r\x1b[Kscanning: %d of %d files", done, total)
		}
	}
}
