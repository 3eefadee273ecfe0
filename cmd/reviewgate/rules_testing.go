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

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/rules/ruletest"
)

func rulesTestCommand() *cobra.Command {
	var format string
	var watched bool
	cmd := &cobra.Command{
		Use:   "test PATH...",
		Short: "Run rules on their fixtures",
		Long: `Run the rules of files and folders on their fixtures: source files beside the rule, or in testdata/ next to it, that have the
name of the rule or of its file. Comments on the line before say what a rule does with a line of code:

  # ruleid: no-eval        the rule reports the next line (several ids: separated by commas)
  # ok: no-eval            it does not report the next line
  # todoruleid: no-eval    it should, and may fail to        # todook: no-eval    it should not, and may

A rule passes when it reports exactly the expected lines. Where x.fixed.py lies beside x.py, the rule's fixes must make the one of
the other. With --watch the tests run again at every save, until Ctrl-C.

Exit codes: 0 no rule failed, 1 a rule failed, 2 wrong usage.`,
		Example: "  reviewgate rules test rules/builtin\n  reviewgate rules test my-rules/ --watch\n  reviewgate rules test my-rules/ --format json",
		Args:    somePaths("test", "test"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usage(fmt.Errorf("unknown format %q", format), "formats are text, json")
			}
			out := cmd.OutOrStdout()
			if !watched {
				return testRules(cmd.Context(), out, args, format)
			}
			if format == "json" {
				return usage(errors.New("--watch is for people at a terminal and has no JSON"), "drop --format json, or --watch")
			}
			return watch(cmd.Context(), args, func() error {
				err := testRules(cmd.Context(), out, args, format)
				var exit *exitError
				if errors.As(err, &exit) && exit.err != nil { // a file that is half saved is no reason to stop
					fmt.Fprintf(out, "%v\n", exit.err)
				} else if err != nil && exit == nil {
					return err
				}
				_, err = fmt.Fprintln(out, "waiting for a change; Ctrl-C ends")
				return err
			})
		},
		ValidArgsFunction: ruleFiles,
	}
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the report: text, json")
	cmd.Flags().BoolVar(&watched, "watch", false, "test again whenever a file changes, until Ctrl-C")
	completeFormat(cmd, "json", "text")
	return cmd
}

// testRules tests once.
func testRules(ctx context.Context, out io.Writer, paths []string, format string) error {
	rep, err := ruletest.Run(ctx, paths)
	if err != nil {
		return usage(err, "")
	}
	if len(rep.Rules)+len(rep.Problems) == 0 {
		return noRules(paths, "tested")
	}
	if format == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		err = enc.Encode(rep)
	} else {
		err = printRuleTests(out, rep, newPaint(out))
	}
	if err != nil {
		return unsure(err)
	}
	if rep.Totals.Failed > 0 {
		return &exitError{code: exitBlocked}
	}
	return nil
}

func printRuleTests(w io.Writer, rep *ruletest.Report, p paint) error {
	out := bufio.NewWriter(w)
	for _, r := range rep.Rules {
		if r.Status == ruletest.Passed {
			continue
		}
		style := p.bad
		if r.Status == ruletest.Skipped {
			style = p.warn
		}
		fmt.Fprintf(out, "%s %s (%s:%d)%s\n", style(strings.ToUpper(string(r.Status))), p.bold(r.ID), r.File, r.Line, because(report.OneLine(r.Reason)))
		for _, f := range r.Fixtures {
			printFixture(out, f, p)
		}
	}
	for _, problem := range rep.Problems {
		fmt.Fprintf(out, "%s: %s\n", problem.Kind, report.OneLine(problem.String()))
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", rep.Totals.Passed, rep.Totals.Failed, rep.Totals.Skipped)
	return out.Flush()
}

// printFixture shows the lines on which a rule and its fixture do not agree: "-" is expected and missing, "+" is reported and not expected.
func printFixture(out io.Writer, f ruletest.Fixture, p paint) {
	differing := slices.Concat(f.Missed, f.Noise)
	slices.Sort(differing)
	var lines []string
	if len(differing) > 0 {
		if data, err := os.ReadFile(f.Path); err == nil { // it was read a moment ago; without it the numbers stand alone
			lines = strings.Split(string(data), "\n")
		}
	}
	last := 0
	for _, n := range differing {
		mark, what, style := "-", "should be reported and is not", p.bad
		if slices.Contains(f.Noise, n) {
			mark, what, style = "+", "is reported and should not be", p.warn
		}
		fmt.Fprintf(out, "  %s: %s\n", p.path(fmt.Sprintf("%s:%d", f.Path, n)), what)
		for k := max(n-1, last+1, 1); k <= min(n, len(lines)); k++ {
			line, show := " ", p.dim
			if k == n {
				line, show = mark, style
			}
			fmt.Fprintf(out, "  %s %s\n", p.dim(fmt.Sprintf("%6d |", k)), show(line+" "+clipLine(lines[k-1])))
		}
		last = n
	}
	if f.Overrun != "" {
		fmt.Fprintf(out, "  %s: %s\n", f.Path, f.Overrun)
	}
	for _, line := range f.FixDiff {
		style := p.bad
		if strings.HasPrefix(line, "+") {
			style = p.good
		}
		fmt.Fprintf(out, "         %s\n", style(clipLine(line)))
	}
}

// clipLine makes a line of a file one that can be shown.
func clipLine(s string) string {
	s = report.Visible(strings.TrimRight(strings.ReplaceAll(s, "\t", "    "), "\r"), "\n")
	if runes := []rune(s); len(runes) > maxExcerpt {
		s = string(runes[:maxExcerpt-1]) + "…"
	}
	return s
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}
