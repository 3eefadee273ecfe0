package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
	"github.com/reviewgate-app/reviewgate/rules/lint"
)

func rulesLintCommand() *cobra.Command {
	var format string
	var strict bool
	cmd := &cobra.Command{
		Use:   "lint PATH...",
		Short: "Say what is wrong with rule files",
		Long: `Read the rules of files and folders and say what is wrong with them, with the place and what to do. Nothing is scanned.

  broken       a mistake: the rule does not run
  unsupported  valid Semgrep that does not run here yet: the rule does not run, and no condition of it is left out in silence
  advice       the rule runs, and part of it can hardly be meant: branches that never find anything, names that nothing binds,
               a rule that every file has to be searched for, no fixture, no CWE

Exit codes: 0 every rule runs, 1 a rule does not run (with --strict: there is anything to say), 2 wrong usage.`,
		Example: "  reviewgate rules lint my-rules/\n  reviewgate rules lint my-rules/ --strict                # for CI: advice fails too\n  reviewgate rules lint my-rules/ --format sarif > lint.sarif",
		Args:    somePaths("check", "lint"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(lintFormats, format) {
				return usage(fmt.Errorf("unknown format %q", format), "formats are "+strings.Join(lintFormats, ", "))
			}
			rep, err := lint.Paths(cmd.Context(), args, rules.OriginFlag)
			if err != nil {
				return usage(err, "")
			}
			if rep.Files == 0 {
				return noRules(args, "checked")
			}
			out := cmd.OutOrStdout()
			switch format {
			case "json":
				err = writeLint(out, rep)
			case "sarif":
				err = report.FormatNamed("sarif").Write(out, lintReport(rep), report.Options{})
			default:
				err = printLint(out, rep, newPaint(out))
			}
			if err != nil {
				return unsure(err)
			}
			if rep.Stops() || strict && len(rep.Problems) > 0 {
				return &exitError{code: exitBlocked}
			}
			return nil
		},
		ValidArgsFunction: ruleFiles,
	}
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the report: "+strings.Join(lintFormats, ", "))
	cmd.Flags().BoolVar(&strict, "strict", false, "fail on advice too")
	completeFormat(cmd, lintFormats...)
	return cmd
}

var lintFormats = []string{"text", "json", "sarif"}

// somePaths is the Args of a command that works on files and folders of rules.
func somePaths(verb, name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage(errors.New("there is nothing to "+verb), "name files or folders of rules: reviewgate rules "+name+" my-rules/")
		}
		return nil
	}
}

func noRules(args []string, done string) error {
	return usage(fmt.Errorf("there are no rules in %s: nothing was %s", strings.Join(args, ", "), done), "name files or folders that hold rules: *.yaml or *.yml with a top-level `rules:`")
}

// ruleFiles completes files of rules and folders.
func ruleFiles(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

func completeFormat(cmd *cobra.Command, formats ...string) {
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that does not exist
}

// printLint shows each problem with the line of the rule file that it is about. Folded and escaped texts have no column of their own: the mark stands
// under their beginning then.
func printLint(w io.Writer, rep *lint.Report, p paint) error {
	out := bufio.NewWriter(w)
	lines := map[string][]string{}
	for _, src := range rep.Sources {
		lines[src.Name] = nil
	}
	counts := map[rules.Kind]int{}
	for _, problem := range rep.Problems {
		counts[problem.Kind]++
		style := p.warn
		if problem.Stops() {
			style = p.bad
		}
		fmt.Fprintf(out, "%s %s\n", style(string(problem.Kind)+":"), report.OneLine(problem.String()))
		text, known := lines[problem.File]
		if known && text == nil {
			text = sourceLines(rep.Sources, problem.File)
			lines[problem.File] = text
		}
		if problem.Line > 0 && problem.Line <= len(text) {
			excerpt(out, p, text[problem.Line-1], problem.Line, problem.Column)
		}
	}
	var parts []string
	for _, kind := range []rules.Kind{rules.Broken, rules.Unsupported, rules.Advice} {
		if counts[kind] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[kind], kind))
		}
	}
	if parts == nil {
		parts = append(parts, "nothing to say")
	}
	fmt.Fprintf(out, "%s in %s: %s\n", count(rep.Rules, "rule"), count(rep.Files, "file"), strings.Join(parts, ", "))
	return out.Flush()
}

func sourceLines(sources []rules.Source, name string) []string {
	for _, src := range sources {
		if src.Name == name {
			return strings.Split(string(src.Data), "\n")
		}
	}
	return nil
}

// maxExcerpt is how much of a line is shown, in code points.
const maxExcerpt = 150

// excerpt prints a line of a file with a mark under a column (0: no mark).
func excerpt(out io.Writer, p paint, text string, line, column int) {
	runes := []rune(report.Visible(strings.TrimRight(strings.ReplaceAll(text, "\t", " "), "\r"), "\n"))
	if column > maxExcerpt || len(runes) > 4*maxExcerpt {
		return // the place has been named; a line that long shows nothing
	}
	if len(runes) > maxExcerpt {
		runes = append(runes[:maxExcerpt-1], '…')
	}
	fmt.Fprintf(out, "%s %s\n", p.dim(fmt.Sprintf("%6d |", line)), string(runes))
	if column > 0 {
		fmt.Fprintf(out, "%s %s%s\n", p.dim("       |"), strings.Repeat(" ", column-1), p.bad("^"))
	}
}

func writeLint(w io.Writer, rep *lint.Report) error {
	doc := struct {
		Problems []rules.Problem    `json:"problems"`
		Totals   map[rules.Kind]int `json:"totals"`
		Rules    int                `json:"rules"`
		Files    int                `json:"files"`
		Skipped  int                `json:"skipped_files"`
	}{[]rules.Problem{}, map[rules.Kind]int{rules.Broken: 0, rules.Unsupported: 0, rules.Advice: 0}, rep.Rules, rep.Files, rep.Skipped}
	for _, p := range rep.Problems {
		doc.Problems = append(doc.Problems, p)
		doc.Totals[p.Kind]++
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

// lintReport puts the problems as findings, so that they are written as those of a scan are.
func lintReport(rep *lint.Report) *report.Input {
	severities := map[rules.Kind]checks.Severity{rules.Broken: checks.High, rules.Unsupported: checks.Medium, rules.Advice: checks.Low}
	result := &scan.Result{Findings: []checks.Finding{}, Rules: []checks.RuleInfo{}, Checks: []scan.CheckResult{}, Files: rep.Files}
	infos := map[string]checks.RuleInfo{
		"rule-" + string(rules.Broken):      {Title: "The rule has a mistake and does not run", Severity: checks.High},
		"rule-" + string(rules.Unsupported): {Title: "The rule does not run here yet", Severity: checks.Medium},
	}
	for code, title := range lint.Codes() {
		infos[code] = checks.RuleInfo{Title: title, Severity: checks.Low}
	}
	used := map[string]bool{}
	seen := map[string]int{}
	for _, p := range rep.Problems {
		code := p.Code
		if code == "" {
			code = "rule-" + string(p.Kind)
		}
		if info, known := infos[code]; !used[code] {
			if !known { // the loader's advice
				info = checks.RuleInfo{Title: "Something that the rule's owner should know", Severity: checks.Low}
			}
			used[code] = true
			info.ID = code
			result.Rules = append(result.Rules, info)
		}
		match := p.RuleID + "\x00" + p.Message
		one := checks.Finding{RuleID: code, Message: p.Message, Introduced: true, Severity: severities[p.Kind], Confidence: checks.Certain, Blocking: p.Stops(),
			Location:    checks.Location{Path: p.File, StartLine: p.Line, StartColumn: p.Column, EndLine: p.Line, EndColumn: p.Column},
			Fingerprint: checks.NewFingerprint(code, p.File, match, "", seen[p.File+"\x00"+match])}
		if p.RuleID != "" {
			one.Message = p.RuleID + ": " + p.Message
		}
		seen[p.File+"\x00"+match]++
		result.Findings = append(result.Findings, one)
	}
	slices.SortFunc(result.Rules, func(a, b checks.RuleInfo) int { return strings.Compare(a.ID, b.ID) })
	return &report.Input{Tool: report.Tool{Name: "reviewgate", Version: toolVersion()}, FailOn: checks.High, Scan: result}
}
