package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/backtest"
	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/all"
	"github.com/reviewgate-app/reviewgate/rules"
)

type backtestFlags struct {
	rules      []string
	builtin    bool
	only       []string
	as         string
	pack       string
	failOn     string
	config     string
	floor      string
	since      string
	limit      int
	branch     string
	format     string
	output     string
	sample     int
	sampleFile string
	noCache    bool
	jobs       int
}

func rulesBacktestCommand() *cobra.Command {
	var f backtestFlags
	cmd := &cobra.Command{
		Use:   "backtest --rules PATH|--builtin [REPO...]",
		Short: "Replay rules over the history of repositories",
		Long: `Replay rules over the history of local repositories (the current folder, if none is named; bare ones too), change by change along the default
branch: what they would have commented and blocked, by rule, kind of author, agent and repository. Objects are read; nothing is executed.

Rules of --rules are judged as if they were to block, unless they say how far they go themselves; built-in ones as the pack says. --as judges
all of them by one rollout. Results are kept in the user's cache folder, so that a run that was interrupted goes on, and a second one is quick.

--sample N writes findings to judge into a file. "backtest judge" asks for verdicts and keeps the precision beside the rules.`,
		Example: `  reviewgate rules backtest --rules my-rules/ --since 90d
  reviewgate rules backtest --rules my-rules/ --rule no-eval --sample 40 ~/src/shop ~/src/api
  reviewgate rules backtest --builtin --limit 300 --format markdown ~/src/shop
  reviewgate rules backtest judge sample.yaml --keep my-rules/`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringArrayVar(&f.rules, "rules", nil, "replay the rules of this `PATH`, a file or a folder (repeatable)")
	fl.BoolVar(&f.builtin, "builtin", false, "replay all that is built in")
	fl.StringArrayVar(&f.only, "rule", nil, "only the rule with this `ID` (repeatable)")
	fl.StringVar(&f.as, "as", "", "judge every rule as if its rollout were `ROLLOUT`: shadow, comment, block")
	f.common(cmd)
	fl.IntVar(&f.sample, "sample", 0, "write a sample of `N` findings to judge")
	fl.StringVar(&f.sampleFile, "sample-file", "sample.yaml", "the `FILE` of --sample; verdicts that stand in it are kept")
	_ = cmd.RegisterFlagCompletionFunc("as", cobra.FixedCompletions([]cobra.Completion{"shadow", "comment", "block"}, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that does not exist
	cmd.AddCommand(backtestJudgeCommand())
	return cmd
}

func policyBacktestCommand() *cobra.Command {
	var f backtestFlags
	cmd := &cobra.Command{
		Use:   "backtest --config FILE [REPO...]",
		Short: "Replay a policy over the history of repositories",
		Long: `Replay a whole policy over the history of local repositories: which changes its findings would have blocked, and of which its guards would have
asked for approvals. What git does not tell (who approved, forks, first-time authors, labels) is said to be unknown and never guessed.

The built-in rules run as the policy says. --rules adds rule files as they would lie in .github/reviewgate/rules.`,
		Example: `  reviewgate policy backtest --config draft.yml --since 90d
  reviewgate policy backtest --config draft.yml --floor floor.yml --limit 200 ~/src/shop`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.config == "" {
				return usage(errors.New("there is no policy to replay"), "name one with --config FILE")
			}
			f.builtin = true
			return f.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.config, "config", "", "the policy `FILE`, as .github/reviewgate.yml would be")
	fl.StringVar(&f.floor, "floor", "", "the organisation's floor `FILE`")
	fl.StringArrayVar(&f.rules, "rules", nil, "add the rules of this `PATH`, a file or a folder (repeatable)")
	f.common(cmd)
	return cmd
}

// common are the flags of both commands.
func (f *backtestFlags) common(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.since, "since", "", "changes merged since `WHEN`: a day (2026-01-31) or a time back (90d, 12w); default 90d, or without a bound with --limit")
	fl.IntVar(&f.limit, "limit", 0, "the newest `N` changes of each repository")
	fl.StringVar(&f.branch, "branch", "", "replay the history of `REV` instead of the default branch")
	if fl.Lookup("config") == nil {
		fl.StringVar(&f.pack, "pack", "", "`NAME` of a pack: recommended, strict, advisory (default recommended)")
		fl.StringVar(&f.failOn, "fail-on", "", "lowest `LEVEL` of severity that blocks: critical, high, medium, low, info (default high)")
	}
	fl.StringVar(&f.format, "format", "text", "`FORMAT` of the report: "+strings.Join(backtest.Formats(), ", "))
	fl.StringVarP(&f.output, "output", "o", "", "write the report to this `FILE`")
	fl.IntVar(&f.jobs, "jobs", 0, "scan `N` changes at a time (default: one for each processor)")
	fl.BoolVar(&f.noCache, "no-cache", false, "neither read nor keep results in the user's cache folder")
	completeFlags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(completions(backtest.Formats()), cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that does not exist
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
}

func completions(words []string) []cobra.Completion {
	out := make([]cobra.Completion, len(words))
	copy(out, words)
	return out
}

func (f *backtestFlags) run(ctx context.Context, repos []string, stdout, stderr io.Writer) error {
	opt, err := f.options(ctx, repos, stderr)
	if err != nil {
		return err
	}
	out, err := (&scanFlags{output: f.output}).destination(ctx)
	if err != nil {
		return err
	}
	line := newProgress(stderr)
	defer line.end()
	line.after(time.Second, "reading the history")
	opt.Progress = line.replayed
	rep, err := backtest.Run(ctx, opt)
	line.end()
	if err != nil {
		return sourceError(err)
	}
	if f.config == "" {
		if err := addMeasured(rep, f.rules); err != nil {
			return err
		}
	}
	var buf bytes.Buffer
	if err := backtest.Write(&buf, rep, f.format); err != nil {
		return unsure(err)
	}
	if out != nil {
		err = out.write(buf.Bytes())
	} else {
		_, err = stdout.Write(buf.Bytes())
	}
	if err != nil {
		return unsure(fmt.Errorf("writing the report: %w", reason(err)))
	}
	if rep.Stopped {
		return unsure(context.Canceled)
	}
	if f.sample > 0 {
		if err := writeSample(rep, f.sample, f.sampleFile, stderr); err != nil {
			return err
		}
	}
	if rep.Total.Changes == 0 && rep.Total.Failed > 0 {
		return unsure(errors.New("no change could be scanned"))
	}
	return nil
}

// options gathers what is replayed.
func (f *backtestFlags) options(ctx context.Context, repos []string, stderr io.Writer) (*backtest.Options, error) {
	switch {
	case !slices.Contains(backtest.Formats(), f.format):
		return nil, usage(fmt.Errorf("unknown format %q", f.format), "formats are "+strings.Join(backtest.Formats(), ", "))
	case !f.builtin && len(f.rules) == 0:
		return nil, usage(errors.New("there are no rules to replay"), "name them with --rules PATH, or take --builtin")
	case f.limit < 0 || f.sample < 0 || f.jobs < 0:
		return nil, usage(errors.New("--limit, --sample and --jobs are numbers above 0"), "")
	}
	if err := (&scanFlags{failOn: f.failOn, pack: f.pack}).validate(); err != nil {
		return nil, err
	}
	since, err := sinceTime(f.since, time.Now())
	if err != nil {
		return nil, err
	}
	if f.since == "" && f.limit == 0 {
		since = time.Now().AddDate(0, 0, -90)
	}
	if len(repos) == 0 {
		repos = []string{"."}
	}
	opt := &backtest.Options{Tool: "reviewgate " + builtVersion(), Repos: repos, Branch: f.branch, Since: since, Limit: f.limit, Parallel: f.jobs, Scan: scanOne}
	in := &opt.Template
	in.NoBuiltin = !f.builtin
	origin := rules.OriginFlag
	if f.config != "" {
		origin = rules.OriginRepository
	}
	var own []rules.Source
	for _, path := range f.rules {
		sources, skipped, err := rules.LoadPath(path, origin)
		if err != nil {
			return nil, rulesError(path, err)
		}
		if skipped > 0 {
			fmt.Fprintf(stderr, "note: %s below %s without a top-level `rules:` skipped\n", count(skipped, "YAML file"), path)
		}
		if len(sources) == 0 {
			return nil, usage(fmt.Errorf("--rules %s: there is no rule file (*.yaml or *.yml with a top-level `rules:`) below it", path), "name a file or folder that holds rules")
		}
		own = append(own, sources...)
	}
	if f.config != "" {
		if err := f.policy(ctx, opt, own, stderr); err != nil {
			return nil, err
		}
	} else {
		in.Rules = own
		in.Config = scan.Config{Pack: f.pack, FailOnCountsRules: true}
		if f.failOn != "" {
			in.Config.FailOn, _ = checks.ParseSeverity(f.failOn) // validate has read it
		}
		if opt.Only, err = f.chosen(in); err != nil {
			return nil, err
		}
	}
	if !f.noCache {
		if dir, err := os.UserCacheDir(); err == nil {
			opt.Cache = filepath.Join(dir, "reviewgate")
		} else {
			fmt.Fprintf(stderr, "note: nothing is kept for the next run: %v\n", err)
		}
	}
	return opt, nil
}

// chosen applies --rule and --as: what was not asked for does not run.
func (f *backtestFlags) chosen(in *scan.Input) ([]string, error) {
	as := checks.Rollout(f.as)
	switch as {
	case "", checks.RolloutShadow, checks.RolloutComment, checks.RolloutBlock:
	default:
		return nil, usage(fmt.Errorf("--as: unknown rollout %q", f.as), "rollouts are shadow, comment, block")
	}
	if len(f.only) == 0 && as == "" {
		return nil, nil
	}
	known, err := ruleIDs(in)
	if err != nil {
		return nil, unsure(err)
	}
	for _, id := range f.only {
		if !slices.Contains(known, id) {
			return nil, usage(fmt.Errorf("there is no rule %q among those that are replayed", id), "reviewgate rules list prints the built-in ones")
		}
	}
	in.Config.Rollouts = map[string]checks.Rollout{}
	for _, id := range known {
		switch {
		case len(f.only) > 0 && !slices.Contains(f.only, id):
			in.Config.Rollouts[id] = checks.RolloutOff
		case as != "":
			in.Config.Rollouts[id] = as
		}
	}
	return f.only, nil
}

// ruleIDs gives the ids of all rules that an input has.
func ruleIDs(in *scan.Input) ([]string, error) {
	sources := slices.Clone(in.Rules)
	if !in.NoBuiltin {
		sources = append(rules.Builtin(), sources...)
	}
	parsed, _ := rules.ParseAll(sources) // what is wrong with them the report tells
	list, err := all.Checks(parsed)
	var unfit rules.CannotRun
	if err != nil && !errors.As(err, &unfit) {
		return nil, err
	}
	var ids []string
	for _, c := range list {
		for _, r := range c.Rules {
			if !in.NoBuiltin || r.Origin != string(rules.OriginBuiltin) {
				ids = append(ids, r.ID)
			}
		}
	}
	return ids, nil
}

// policy reads the policy that is replayed.
func (f *backtestFlags) policy(ctx context.Context, opt *backtest.Options, own []rules.Source, stderr io.Writer) error {
	data, err := readFile(ctx, f.config)
	if err != nil {
		return usage(fmt.Errorf("--config %s: %w", f.config, err), "name a policy file that can be read")
	}
	load := config.Input{Repo: &config.Layer{Policy: append([]byte{}, data...), PolicyPath: f.config, Rules: own}}
	opt.Source = filepath.Base(f.config)
	if f.floor != "" {
		floor, err := readFile(ctx, f.floor)
		if err != nil {
			return usage(fmt.Errorf("--floor %s: %w", f.floor, err), "name a floor that can be read")
		}
		load.Floor = &config.Layer{Policy: append([]byte{}, floor...), PolicyPath: f.floor}
		opt.Source += " under " + filepath.Base(f.floor)
	}
	eff := config.Load(load)
	var broken []string
	for _, p := range slices.Concat(eff.Policy.FloorBroken, eff.Policy.Broken) {
		broken = append(broken, configProblem(p))
	}
	if len(broken) > 0 {
		return usage(errors.New(strings.Join(broken, "\n  ")), "`reviewgate policy check FILE` says more")
	}
	for _, w := range eff.Warnings {
		fmt.Fprintf(stderr, "warning: %s\n", configProblem(w))
	}
	opt.Policy, opt.Template.Rules, opt.Template.Config = eff.Policy, eff.Rules, eff.Scan
	opt.Policy.Sources = nil // where it lay has no influence
	return nil
}

// scanOne is backtest.Scanner.
func scanOne(ctx context.Context, snap *source.Snapshot, in *scan.Input, wholeTree bool) (*scan.Result, error) {
	return runScan(ctx, snap, in, scan.Options{Sandbox: sandbox.Auto}, wholeTree, nil) // history is judged without a registry of today
}

var backPattern = regexp.MustCompile(`^([1-9][0-9]{0,4})(d|w|m|y)$`)

// sinceTime reads a day or a time back.
func sinceTime(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if m := backPattern.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1]) // the pattern has read it
		switch m[2] {
		case "d":
			return now.AddDate(0, 0, -n), nil
		case "w":
			return now.AddDate(0, 0, -7*n), nil
		case "m":
			return now.AddDate(0, -n, 0), nil
		default:
			return now.AddDate(-n, 0, 0), nil
		}
	}
	if day, err := time.Parse(time.DateOnly, s); err == nil {
		return day, nil
	}
	return time.Time{}, usage(fmt.Errorf("--since %q is neither a day nor a time back", s), "write a day as 2026-01-31, or a time back as 90d, 12w, 6m or 2y")
}

// builtVersion is the tool's version, which for a build that is no release says also which build it is: results of one must not pass for those of another.
func builtVersion() string {
	if version != "" {
		return version
	}
	name, err := os.Executable()
	if err != nil {
		return toolVersion()
	}
	file, err := os.Open(name)
	if err != nil {
		return toolVersion()
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return toolVersion()
	}
	return toolVersion() + "." + hex.EncodeToString(h.Sum(nil)[:6])
}
