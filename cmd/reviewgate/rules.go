package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/lint"
	"github.com/reviewgate-app/reviewgate/rules/ruletest"
)

func rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Work on rule files",
		Args:  onlyCommands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(rulesListCommand(), rulesShowCommand(), rulesLintCommand(), rulesTestCommand(), rulesLanguagesCommand(), rulesBacktestCommand())
	return cmd
}

func rulesLintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lint PATH...",
		Short: "Say what is wrong with rule files",
		Long: `Read the rules of files and folders and say what cannot be read, what cannot run (with the construct and its line), and what can
hardly be meant. Nothing is scanned. The exit code is 1 when a rule does not run.`,
		Example: "  reviewgate rules lint my-rules/",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			problems, _, err := lint.Paths(args, rules.OriginFlag)
			if err != nil {
				return usage(err, "")
			}
			stops := false
			for _, p := range problems {
				stops = stops || p.Stops()
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", p.Kind, p); err != nil {
					return unsure(err)
				}
			}
			if stops {
				return &exitError{code: exitBlocked}
			}
			return nil
		},
	}
}

func rulesTestCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "test PATH...",
		Short: "Run rules on their fixtures",
		Long: `Run the rules of files and folders on their fixtures: source files beside the rule, or in testdata/ next to it, in which
comments on the line before say what a rule must report (ruleid: ID), must not report (ok: ID), or will one day
(todoruleid: ID, todook: ID). A rule passes when it reports exactly the expected lines.`,
		Example: "  reviewgate rules test rules/builtin\n  reviewgate rules test my-rules/ --format json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(errors.New("there is nothing to test"), "name files or folders of rules: reviewgate rules test my-rules/")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usage(fmt.Errorf("unknown format %q", format), "formats are text, json")
			}
			rep, err := ruletest.Run(cmd.Context(), args)
			if err != nil {
				return usage(err, "")
			}
			if len(rep.Rules)+len(rep.Problems) == 0 {
				return usage(fmt.Errorf("there are no rules in %s: nothing was tested", strings.Join(args, ", ")), "name files or folders that hold rules: *.yaml or *.yml with a top-level `rules:`")
			}
			if format == "json" {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				err = enc.Encode(rep)
			} else {
				err = printRuleTests(cmd.OutOrStdout(), rep)
			}
			if err != nil {
				return unsure(err)
			}
			if rep.Totals.Failed > 0 {
				return &exitError{code: exitBlocked}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the report: text, json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]cobra.Completion{"json", "text"}, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that does not exist
	return cmd
}

func printRuleTests(w io.Writer, rep *ruletest.Report) error {
	out := bufio.NewWriter(w)
	for _, r := range rep.Rules {
		if r.Status == ruletest.Passed {
			continue
		}
		fmt.Fprintf(out, "%s %s (%s:%d)%s\n", strings.ToUpper(string(r.Status)), r.ID, r.File, r.Line, because(r.Reason))
		for _, f := range r.Fixtures {
			for _, line := range f.Missed {
				fmt.Fprintf(out, "  %s:%d: should be reported and is not\n", f.Path, line)
			}
			for _, line := range f.Noise {
				fmt.Fprintf(out, "  %s:%d: is reported and should not be\n", f.Path, line)
			}
			if f.Overrun != "" {
				fmt.Fprintf(out, "  %s: %s\n", f.Path, f.Overrun)
			}
		}
	}
	for _, p := range rep.Problems {
		fmt.Fprintf(out, "%s: %s\n", p.Kind, p)
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", rep.Totals.Passed, rep.Totals.Failed, rep.Totals.Skipped)
	return out.Flush()
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}
