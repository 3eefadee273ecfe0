package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/backtest"
	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks/all"
	"github.com/reviewgate-app/reviewgate/rules"
)

func qualityCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quality",
		Short: "What became of changes: export, rebuild, import a history, check a rubric",
		Args:  onlyCommands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(qualityExportCommand(), qualityRebuildCommand(), qualityImportCommand(), qualityRubricCommand())
	return cmd
}

// databaseFlag adds --database, which the server's own variable stands in for.
func databaseFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "database", "", "the server's `DATABASE`: an SQLite file that no process has open, or the address of a PostgreSQL server (REVIEWGATE_DATABASE)")
}

// needDatabase fills in the variable's value. It is no default of the flag: help would print it, and it may hold a password.
func needDatabase(name *string) error {
	if *name == "" {
		*name = os.Getenv("REVIEWGATE_DATABASE")
	}
	if *name == "" {
		return usage(errors.New("no database is named"), "name it with --database, or set REVIEWGATE_DATABASE")
	}
	return nil
}

func qualityExportCommand() *cobra.Command {
	var database, format, since, output string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write every outcome as CSV or JSON",
		Long: `Write what became of every change, the oldest first: one line each as CSV, or one list as JSON with the findings and the evidence of what came after.
docs/quality.md explains the fields. No person is named in it.`,
		Example: "  reviewgate quality export --database reviewgate.db --format csv --since 2026-01-01 -o outcomes.csv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needDatabase(&database); err != nil {
				return err
			}
			if !slices.Contains(quality.Formats(), format) {
				return usage(fmt.Errorf("unknown format %q", format), "formats are "+strings.Join(quality.Formats(), ", "))
			}
			var f quality.Filter
			var err error
			if f.Since, err = sinceTime(since, time.Now()); err != nil {
				return err
			}
			return export(cmd.Context(), database, format, output, f, cmd.OutOrStdout())
		},
	}
	databaseFlag(cmd, &database)
	cmd.Flags().StringVar(&format, "format", "csv", "`FORMAT`: "+strings.Join(quality.Formats(), ", "))
	cmd.Flags().StringVar(&since, "since", "", "changes opened since `WHEN`, to whole weeks: a day (2026-01-31) or a time back (90d, 12w)")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write to this `FILE`")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(quality.Formats(), cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that does not exist
	return cmd
}

func export(ctx context.Context, database, format, output string, f quality.Filter, stdout io.Writer) (err error) {
	if output != "" {
		file, err := os.OpenFile(output, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) // it may be of private repositories
		if err != nil {
			return usage(err, "name a file that can be written")
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		stdout = file
	}
	w := bufio.NewWriter(stdout)
	e, err := quality.NewExporter(w, format)
	if err != nil {
		return unsure(err)
	}
	if err := server.EachOutcome(ctx, database, f, e.Write); err != nil {
		return unsure(fmt.Errorf("exporting: %w", err))
	}
	if err := errors.Join(e.Close(), w.Flush()); err != nil {
		return unsure(fmt.Errorf("exporting: %w", err))
	}
	return nil
}

func qualityRebuildCommand() *cobra.Command {
	var database string
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Derive every outcome from the stored facts again",
		Long: `Derive what became of every pull request again, from what is stored of decisions, reviews, comments and of what came after the merge. The same facts
give the same outcomes; the server does this by itself when a new version derives them differently. Imported changes stay as they are.`,
		Example: "  reviewgate quality rebuild --database reviewgate.db",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := needDatabase(&database); err != nil {
				return err
			}
			n, err := server.RebuildOutcomes(cmd.Context(), database)
			if err != nil {
				return unsure(fmt.Errorf("rebuilding: %w", err))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s derived again\n", count(n, "outcome"))
			return nil
		},
	}
	databaseFlag(cmd, &database)
	return cmd
}

func qualityImportCommand() *cobra.Command {
	var database, from string
	cmd := &cobra.Command{
		Use:   "import --from-backtest FILE REPO...",
		Short: "Take the outcomes of a history over",
		Long: `Take over what a backtest says of changes that were merged before the gate was there, so that there is something to compare with. FILE is the JSON report of
"reviewgate rules backtest" or "policy backtest", and REPO are the repositories that it replayed, in the same order: from them is read who made the changes, and what came after
(reverts, and fixes that replaced lines of them). Objects are read; nothing is executed.

Imported changes have no reviews and no decisions: "blocked" is what would have been. They never raise an alarm that somebody is told of.`,
		Example: "  reviewgate rules backtest --builtin --limit 500 --format json -o report.json ~/src/shop\n  reviewgate quality import --database reviewgate.db --from-backtest report.json ~/src/shop",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needDatabase(&database); err != nil {
				return err
			}
			data, err := os.ReadFile(from)
			if err != nil {
				return usage(err, "name the report with --from-backtest")
			}
			var rep backtest.Report
			if err := json.Unmarshal(data, &rep); err != nil || rep.Version != backtest.Version {
				return usage(fmt.Errorf("%s is not the JSON report of a backtest of this version: %w", from, err), "make it with: reviewgate rules backtest --format json")
			}
			if len(args) != len(rep.Repositories) {
				return usage(fmt.Errorf("repositories: the report has %d, and %d are named", len(rep.Repositories), len(args)), "name those that were replayed, in the same order")
			}
			var list []*quality.Outcome
			for i, dir := range args {
				more, err := history(cmd.Context(), &rep, i, dir)
				if err != nil {
					return sourceError(err)
				}
				list = append(list, more...)
			}
			if err := server.ImportOutcomes(cmd.Context(), database, list); err != nil {
				return unsure(fmt.Errorf("importing: %w", err))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s imported\n", count(len(list), "outcome"))
			return nil
		},
	}
	databaseFlag(cmd, &database)
	cmd.Flags().StringVar(&from, "from-backtest", "", "the JSON report `FILE`")
	return cmd
}

// history makes the outcomes of one repository of a report.
func history(ctx context.Context, rep *backtest.Report, at int, dir string) (out []*quality.Outcome, err error) {
	repo := &rep.Repositories[at]
	changes := map[string]*backtest.Change{}
	var oldest *backtest.Change
	for i := range rep.Changes {
		if c := &rep.Changes[i]; c.Repository == repo.Name {
			changes[c.Commit] = c
			oldest = c // they are listed newest first
		}
	}
	if oldest == nil {
		return nil, nil
	}
	groups, err := ruleGroups()
	if err != nil {
		return nil, err
	}
	snap, err := source.Local(ctx, source.LocalOptions{Dir: dir, Base: repo.Head, Head: repo.Head})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	by := quality.JudgedBy{Tool: strings.TrimPrefix(rep.Tool, "reviewgate "), Rules: rep.Digest[:min(len(rep.Digest), 16)]}
	bySHA := map[string]*quality.Outcome{}
	tracker := quality.NewTracker(func(l *quality.Landed) *quality.Tracked {
		if bySHA[l.SHA] == nil {
			return nil
		}
		return &quality.Tracked{SHA: l.SHA, Number: quality.PullNumber(l.Message), Merged: l.At}
	})
	err = snap.Walk(ctx, source.WalkOptions{Tip: repo.Head, After: oldest.Parent, Want: quality.Counted}, func(step *source.WalkStep) error {
		if c := changes[step.SHA]; c != nil && c.Error == "" {
			o := quality.OfHistory(repo.Name, repo.Branch, replayed(c, step, groups), commitsOf(step), by, nil)
			bySHA[step.SHA] = o
			out = append(out, o)
		}
		tracker.Step(server.Landed(step))
		return nil
	})
	for _, c := range tracker.Followed() {
		bySHA[c.SHA].After = c.After
	}
	for _, o := range out {
		o.Followed = tracker.Newest()
	}
	return out, err
}

func commitsOf(step *source.WalkStep) []gate.Commit {
	own := gate.Commit{SHA: step.SHA, Message: step.Message, AuthorEmail: step.AuthorEmail, CommitterEmail: step.CommitterEmail}
	if step.Parent != "" {
		own.Parents = []string{step.Parent}
	}
	out := []gate.Commit{own}
	for i := range step.Inner {
		c := &step.Inner[i]
		out = append(out, gate.Commit{SHA: c.SHA, Parents: c.Parents, Message: c.Message, AuthorEmail: c.AuthorEmail, CommitterEmail: c.CommitterEmail})
	}
	return out
}

func replayed(c *backtest.Change, step *source.WalkStep, groups map[string]quality.Group) *quality.Replayed {
	r := &quality.Replayed{SHA: c.Commit, At: c.At, Files: c.Files, Lines: c.Lines, More: c.More, Seconds: c.Seconds}
	var paths []string
	for i := range step.Files {
		paths = append(paths, step.Files[i].Path)
	}
	r.Languages = quality.LanguagesOf(paths)
	for i := range c.Findings {
		f := &c.Findings[i]
		one := quality.Finding{Rule: f.Rule, Group: groups[f.Rule], Severity: f.Severity, Fingerprint: f.Fingerprint, Path: f.Path, Line: f.Line, Blocks: f.Blocking && !f.Approval}
		if one.Group == "" {
			one.Group = quality.Correctness
		}
		if f.Suppressed {
			one.Fate = quality.Suppressed
		}
		r.Findings = append(r.Findings, one)
	}
	return r
}

// ruleGroups says to which group every built-in rule belongs.
func ruleGroups() (map[string]quality.Group, error) {
	parsed, _ := rules.ParseAll(rules.Builtin())
	list, err := all.Checks(parsed)
	var unfit rules.CannotRun
	if err != nil && !errors.As(err, &unfit) {
		return nil, unsure(err)
	}
	out := map[string]quality.Group{}
	for _, c := range list {
		for i := range c.Rules {
			out[c.Rules[i].ID] = quality.GroupOf(c.Rules[i].Tags)
		}
	}
	return out, nil
}

func qualityRubricCommand() *cobra.Command {
	var format string
	var show bool
	cmd := &cobra.Command{
		Use:   "rubric [FILE]",
		Short: "Say what is wrong with a rubric",
		Long: `Say what is wrong with a rubric, offline. FILE is ` + quality.RubricFile + ` if it is not named. The exit code is 2 when there is an error.
docs/rubric.md explains the facts; --builtin prints the rubric that holds where nobody has written one.`,
		Example: "  reviewgate quality rubric\n  reviewgate quality rubric --builtin > .github/reviewgate/rubric.yml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := textOrJSON(format); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if show {
				fmt.Fprint(out, builtinRubric())
				return nil
			}
			file := quality.RubricFile
			if len(args) == 1 {
				file = args[0]
			}
			data, err := os.ReadFile(file)
			if err != nil {
				return usage(err, "name a rubric file that can be read")
			}
			_, problems := config.Rubric(file, data)
			rep := &config.Report{Problems: append([]gate.Problem{}, problems...), Users: []string{}, Teams: []string{}}
			if format == "json" {
				err = writeJSON(out, rep)
			} else {
				err = printPolicyCheck(out, rep)
			}
			if err != nil {
				return unsure(err)
			}
			if rep.Errors() > 0 {
				return &exitError{code: exitUsage}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "output format: text, json")
	cmd.Flags().BoolVar(&show, "builtin", false, "print the built-in rubric as a file")
	return cmd
}

// builtinRubric writes the built-in rubric as one would write it.
func builtinRubric() string {
	var b strings.Builder
	r := quality.DefaultRubric()
	fmt.Fprintf(&b, "version: 1\nname: %s\ncriteria:\n", r.Name)
	for _, c := range r.Criteria {
		fmt.Fprintf(&b, "  - {name: %s, weight: %d, fact: %s, full: %g, none: %g}\n", c.Name, c.Weight, c.Fact, c.Full, c.None)
	}
	return b.String()
}
