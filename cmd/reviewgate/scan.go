package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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
	lookUp           lookUpFlags
	format, output   string
	failOn           string
	pack             string
	noBuiltin        bool
	imports          []string
	importBases      []string
	importRoots      []string // where the tools saw the tree, beside DIR
	profile          bool
}

func scanCommand() *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan [DIR]",
		Short: "Look at a change and say what is wrong with it",
		Long: `Look at a change and say what is wrong with it. Without flags the change is the work tree, staged and unstaged, against
the merge base with the default branch; DIR restricts it to a folder. Nothing of the repository is executed.

Only what the change introduces counts. A finding blocks by default with high severity and high confidence. One that is wrong is
silenced in the source, with a reason:   run(x)  # reviewgate:ignore RULE-ID why it is fine

Exit codes: 0 nothing blocks, 1 a finding blocks, 2 wrong usage or configuration, 3 could not tell.`,
		Example: `  reviewgate scan                                   # the work tree against the default branch
  reviewgate scan --base v1.2.0                     # the work tree against another revision
  reviewgate scan --base main --head feature        # two revisions; the work tree is not read
  reviewgate scan --all --format sarif -o out.sarif # every finding of the tree
  reviewgate scan --rules rules/ --fail-on medium   # with rules of your own, which count like ours
  reviewgate scan --format agent                    # for a coding agent that is to mend what was found`,
		Args: oneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.given(cmd, args); err != nil {
				return err
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return f.run(cmd.Context(), dir, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false // what belongs together stands together
	fl.StringVar(&f.base, "base", "", "compare with the merge base of this `REV` (default: the default branch)")
	fl.StringVar(&f.head, "head", "", "scan this `REV` instead of the work tree")
	fl.StringVar(&f.baseDir, "base-dir", "", "compare plain folders: the `DIR` before the change")
	fl.StringVar(&f.headDir, "head-dir", "", "compare plain folders: the `DIR` after the change")
	fl.BoolVar(&f.all, "all", false, "report every finding of the tree, not only what a change introduces")
	fl.StringArrayVar(&f.rules, "rules", nil, "add the Semgrep-syntax rules of this `PATH`, a file or a folder (repeatable)")
	fl.BoolVar(&f.noBuiltin, "no-builtin", false, "leave out all that is built in: only the rules of --rules and of the configuration run")
	fl.StringVar(&f.pack, "pack", "", "`NAME` of a pack: recommended; strict: more rules, and medium severity blocks; advisory: nothing blocks (default: the policy's, or recommended)")
	fl.StringVar(&f.config, "config", "", "use this policy `FILE` instead of .github/reviewgate.yml of the base")
	fl.StringVar(&f.prText, "pr-text", "", "`FILE` with the text of the pull request: title, blank line, body, trailers")
	f.lookUp.add(fl)
	fl.StringArrayVar(&f.imports, "import", nil, "judge the findings of another tool too: its SARIF `FILE` about this change's head (repeatable)")
	fl.StringArrayVar(&f.importBases, "import-base", nil, "the SARIF `FILE` of the same tool about the base: what it has is old (repeatable; without one, changed lines decide)")
	fl.StringVar(&f.failOn, "fail-on", "", "lowest `LEVEL` of severity that blocks: critical, high, medium, low, info (default: the policy's, or high)")
	fl.StringVar(&f.format, "format", "text", "`FORMAT` of the report: "+strings.Join(formatNames(), ", "))
	fl.StringVarP(&f.output, "output", "o", "", "write the report to this `FILE`")
	fl.BoolVar(&f.profile, "profile", false, "say on standard error, and in the json format, what each rule and check cost")
	completeFlags(cmd)
	return cmd
}

func oneFolder(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(fmt.Errorf("%s takes one folder, not %d: %q", cmd.Name(), len(args), args), "name revisions with --base and --head, two folders with --base-dir and --head-dir")
	}
	return nil
}

// completeFlags teaches the shell the values of the flags.
func completeFlags(cmd *cobra.Command) {
	var formats []cobra.Completion
	for _, f := range report.Formats() {
		formats = append(formats, cobra.CompletionWithDesc(f.Name, f.Doc))
	}
	levels := []cobra.Completion{checks.Critical.String(), checks.High.String(), checks.Medium.String(), checks.Low.String(), checks.Info.String()}
	values := map[string]cobra.CompletionFunc{
		"format":  cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder),
		"fail-on": cobra.FixedCompletions(levels, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder),
		"pack":    cobra.FixedCompletions(checks.Packs(), cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder),
		"base":    cobra.NoFileCompletions,
		"head":    cobra.NoFileCompletions,
	}
	for name, complete := range values {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, complete) // fails for a flag that does not exist
		}
	}
	for _, name := range []string{"base-dir", "head-dir"} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.MarkFlagDirname(name)
		}
	}
}

// given holds the flags that the command line names to what they can mean. One that is empty is a variable that was not set, and leaving it out
// would compare with something else than was meant.
func (f *scanFlags) given(cmd *cobra.Command, args []string) error {
	empty := len(args) == 1 && args[0] == ""
	name := "the name of the folder"
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if list, ok := flag.Value.(pflag.SliceValue); flag.Value.String() == "" || ok && slices.Contains(list.GetSlice(), "") {
			empty, name = true, "--"+flag.Name
		}
	})
	if empty {
		return usage(errors.New(name+" is empty"), "give it a value, or leave it out")
	}
	if f.baseDir != "" && len(args) > 0 {
		return usage(fmt.Errorf("--base-dir and --head-dir name what is compared; the folder %q is one too many", args[0]), "drop it")
	}
	return nil
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
	out, err := f.destination(ctx)
	if err != nil {
		return err
	}
	imports, err := f.readImports(ctx, dir)
	if err != nil {
		return err
	}
	line := newProgress(stderr)
	defer line.end()
	line.after(time.Second, "reading the change")
	snap, err := f.open(ctx, dir)
	if err != nil {
		return sourceError(err)
	}
	defer func() { _ = snap.Close() }() // of what was only read
	line.end()
	in, eff, willNeed, err := f.input(ctx, snap, stderr)
	if err != nil {
		return err
	}
	imports.into(in)
	if f.noBuiltin && len(in.Rules)+len(in.Imports) == 0 {
		return usage(errors.New("--no-builtin leaves nothing to look with: there are no other rules"), "name rules with --rules")
	}
	if snap.Doubt != "" {
		const remedy = "name what to compare with: --base REV"
		if len(snap.Files) == 0 {
			return usage(errors.New(snap.Doubt+": nothing was looked at"), remedy)
		}
		fmt.Fprintf(stderr, "note: %s: only what is not committed is looked at; %s\n", snap.Doubt, remedy)
	}
	judged := dir
	if f.headDir != "" {
		judged = f.headDir
	}
	reg, err := f.lookUp.registry(ctx, judged, eff.Private, stderr)
	if err != nil {
		return err
	}
	result, err := runScan(ctx, snap, in, scan.Options{Sandbox: sandbox.Auto, Progress: line.scanned}, f.all, reg)
	line.end()
	if err != nil {
		return unsure(err)
	}
	if f.profile {
		printProfile(stderr, result)
	}
	rep := &report.Input{
		Tool:     report.Tool{Name: "reviewgate", Version: toolVersion()},
		Against:  snap.Against,
		FailOn:   in.Config.BlocksFrom(),
		Scan:     result,
		WillNeed: willNeed,
	}
	if err := f.write(ctx, format, rep, stdout, out); err != nil {
		return err
	}
	if said := report.Sentence(rep); out != nil && said != "" {
		fmt.Fprintf(stderr, "%s (%s)\n", said, f.output)
	}
	return outcome(result)
}

// printProfile lists what each rule, each check and what they share cost, the largest first. What took less than a tenth of a millisecond is added up.
func printProfile(w io.Writer, r *scan.Result) {
	const least = 100 * time.Microsecond
	line := func(c scan.Cost, name string) {
		fmt.Fprintf(w, "profile: %9.1f ms %5.1f %%  %6d files %6d matches  %s\n", float64(c.Took.Microseconds())/1000, c.Share, c.Files, c.Matches, name)
	}
	var rest, sum scan.Cost
	others := 0
	for _, c := range r.Costs {
		sum.Took += c.Took
		if c.Took < least {
			rest.Took, rest.Share = rest.Took+c.Took, rest.Share+c.Share
			rest.Files, rest.Matches = rest.Files+c.Files, rest.Matches+c.Matches
			others++
			continue
		}
		name := c.Check
		switch {
		case c.Check == "":
			name = c.Part + ", which all checks share"
		case c.Part != "":
			name += ": " + c.Part
		}
		line(c, name)
	}
	if others > 0 {
		line(rest, fmt.Sprintf("%d others, each below 0.1 ms", others))
	}
	fmt.Fprintf(w, "profile: %9.1f ms of work; the scan took %.1f ms, and takes less without --profile\n", float64(sum.Took.Microseconds())/1000, float64(r.Duration.Microseconds())/1000)
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
	case f.all && len(f.imports) > 0:
		return usage(errors.New("--import judges what a change introduces, and --all has no change"), "drop one of them")
	case len(f.importBases) > 0 && len(f.imports) == 0:
		return usage(errors.New("--import-base says what was there before, and there is no --import"), "name the report on this change with --import FILE")
	case f.all && (folders || f.base != ""):
		return usage(errors.New("--all reports every finding and has no base"), "drop --all, or the base")
	}
	if f.failOn != "" {
		if _, err := checks.ParseSeverity(f.failOn); err != nil {
			return usage(fmt.Errorf("--fail-on: %w", err), "")
		}
	}
	if f.pack != "" && !slices.Contains(checks.Packs(), f.pack) {
		return usage(fmt.Errorf("unknown pack %q", f.pack), "packs are "+strings.Join(checks.Packs(), ", "))
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
func (f *scanFlags) input(ctx context.Context, snap *source.Snapshot, stderr io.Writer) (*scan.Input, *config.Effective, []gate.GuardAnswer, error) {
	eff, err := f.configuration(ctx, snap)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, w := range eff.Warnings {
		fmt.Fprintf(stderr, "warning: %s\n", configProblem(w))
	}
	in := &scan.Input{Base: snap.MergeBase, Head: snap.Head, Files: snap.Files, Rules: eff.Rules, NoBuiltin: f.noBuiltin, Profile: f.profile, Config: eff.Scan}
	if f.failOn != "" {
		in.Config.FailOn, _ = checks.ParseSeverity(f.failOn) // validate has read it
		in.Config.FailOnCountsRules = true
	}
	if f.pack != "" {
		in.Config.Pack = f.pack
	}
	for _, path := range f.rules {
		type loaded struct {
			sources []rules.Source
			skipped int
		}
		from, err := unlessStopped(ctx, func() (l loaded, err error) {
			l.sources, l.skipped, err = rules.LoadPath(path, rules.OriginFlag)
			return l, err
		})
		if err != nil {
			return nil, nil, nil, rulesError(path, err)
		}
		if from.skipped > 0 {
			fmt.Fprintf(stderr, "note: %d YAML files below %s have no top-level `rules:` and were skipped\n", from.skipped, path)
		}
		if len(from.sources) == 0 {
			return nil, nil, nil, usage(fmt.Errorf("--rules %s: there is no rule file (*.yaml or *.yml with a top-level `rules:`) below it", path), "name a file or folder that holds rules")
		}
		in.Rules = append(in.Rules, from.sources...)
	}
	if f.prText != "" {
		text, err := readFile(ctx, f.prText)
		if err != nil {
			return nil, nil, nil, usage(fmt.Errorf("--pr-text %s: %w", f.prText, err), "name a text file that can be read")
		}
		in.Text = parsePRText(string(text))
	}
	if f.all || len(eff.Policy.Sources) == 0 { // without a policy nothing is guarded
		return in, eff, nil, nil
	}
	return in, eff, gate.WillNeed(eff.Policy, fileChanges(snap.Files), nil), nil
}

// rulesError names the path once, as the user did.
func rulesError(path string, err error) error {
	what := strings.TrimPrefix(err.Error(), "load rules: ")
	var unreadable *fs.PathError
	switch {
	case errors.Is(err, context.Canceled):
		return unsure(err)
	case errors.As(err, &unreadable) && unreadable.Path == path:
		what = unreadable.Err.Error()
	case strings.HasPrefix(what, filepath.ToSlash(path)+":"): // with line and column, and what to write instead
		return usage(errors.New("--rules "+what), "")
	}
	return usage(fmt.Errorf("--rules %s: %s", path, what), "name a file or folder of rules that can be read")
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
		if layer.Policy, err = readFile(ctx, f.config); err != nil {
			return nil, usage(fmt.Errorf("--config %s: %w", f.config, err), "name a policy file that can be read")
		}
	}
	eff := config.Load(config.Input{Repo: layer})
	if broken := eff.Policy.Broken; len(broken) == 1 {
		remedy := broken[0].Remedy
		broken[0].Remedy = ""
		return nil, usage(errors.New(configProblem(broken[0])), remedy)
	} else if len(broken) > 1 {
		var lines []string
		for _, p := range broken {
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
	exit := &exitError{code: exitUnsure, err: err}
	var se *source.Error
	if !errors.As(err, &se) {
		return exit
	}
	if se.Usage() {
		exit.code = exitUsage
	}
	if err.Error() == se.Error() { // nothing is around it: the remedy gets a line of its own, as everywhere
		what := *se
		what.Remedy = ""
		exit.err, exit.remedy = &what, se.Remedy
	}
	return exit
}

// device says what the reader of the report can see.
func (f *scanFlags) device(stdout io.Writer) report.Options {
	if f.output != "" {
		return report.Options{}
	}
	return report.Terminal(stdout)
}
