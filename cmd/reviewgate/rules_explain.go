package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	playground "github.com/reviewgate-app/reviewgate/app/play"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules/engine"
)

type explainFlags struct {
	scan   scanFlags
	rule   string
	format string
}

func rulesExplainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain FILE:LINE",
		Short: "Say step by step why a rule does, or does not, report a line",
		Long: `Run the rules on one file and say what becomes of a line (or of lines: FILE:12-14). Without --rules these are the built-in rules and
those of the repository, with --rules only the named ones. Of many rules only those are told that have to do with the line;
with --rule, or where there is one rule only, every step is shown:

  * what each operator finds in the file, and here         * for taint: sources, sinks, sanitizers, and the way or where it ends
  * what is left after it, and what took the rest out      * paths that leave the file out
  * what the metavariables stand for                       * what a scan makes of it: suppressed, old, comments or blocks

With --base the scan is that of a change, and says whether the finding is introduced by it.

Exit codes: 0 whatever the answer is, 2 wrong usage, 3 could not tell.`,
		Example: `  reviewgate rules explain app.py:12                                  # the rules that have to do with the line
  reviewgate rules explain app.py:12 --rules rules/ --rule no-eval    # one rule, step by step
  reviewgate rules explain app.py:12 --base main --format json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("name one file and a line of it"), "reviewgate rules explain app.py:12")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.format != "text" && f.format != "json" {
				return usage(fmt.Errorf("unknown format %q", f.format), "formats are text, json")
			}
			return f.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoSpace
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringArrayVar(&f.scan.rules, "rules", nil, "explain the rules of this `PATH`, a file or a folder, instead (repeatable)")
	fl.StringVar(&f.rule, "rule", "", "explain the rule with this `ID`, step by step")
	fl.StringVar(&f.scan.base, "base", "", "say what is introduced against the merge base of this `REV`")
	fl.StringVar(&f.format, "format", "text", "`FORMAT` of the answer: text, json")
	completeFormat(cmd, "json", "text")
	_ = cmd.RegisterFlagCompletionFunc("base", cobra.NoFileCompletions)
	return cmd
}

// An explained is the whole answer; its JSON is what --format json prints.
type explained struct {
	File string `json:"file"`
	From int    `json:"from"`
	To   int    `json:"to"`
	*playground.Answer
	// Scan is what a scan of the file makes of the lines.
	Scan     []checks.Finding `json:"scan"`
	ScanNote string           `json:"scan_note,omitempty"`
	silent   int              // rules that have nothing to do with the lines
	lines    []string         // of the file
}

func (f *explainFlags) run(ctx context.Context, arg string, stdout, stderr io.Writer) error {
	path, from, to, err := place(arg)
	if err != nil {
		return usage(err, "write FILE:LINE, as in app.py:12")
	}
	code, err := readFile(ctx, path)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", path, err), "name a file that can be read")
	}
	out := &explained{From: from, To: to, Scan: []checks.Finding{}, lines: strings.Split(string(code), "\n")}
	if from > len(out.lines) {
		return usage(fmt.Errorf("%s has %d lines, and no line %d", path, len(out.lines), from), "")
	}
	f.scan.all, f.scan.noBuiltin = f.scan.base == "", len(f.scan.rules) > 0
	dir, inside := ".", filepath.ToSlash(path)
	if !filepath.IsLocal(path) {
		dir, inside = filepath.Dir(path), filepath.Base(path)
	}
	snap, err := f.scan.open(ctx, dir)
	if err != nil {
		return sourceError(err)
	}
	defer func() { _ = snap.Close() }() // of what was only read
	out.File = snap.Prefix + filepath.ToSlash(filepath.Clean(inside))
	in, _, _, err := f.scan.input(ctx, snap, stderr)
	if err != nil {
		return err
	}
	question := &playground.Question{Sources: in.Rules, Builtin: !f.scan.noBuiltin, Overrides: in.Config.Overrides, Rule: f.rule, Path: out.File, Code: code, From: from, To: to}
	if out.Answer, err = playground.Ask(ctx, question, sandbox.Auto); err != nil {
		return unsure(err)
	}
	if f.rule != "" && len(out.Rules)+len(out.Problems) == 0 {
		return usage(fmt.Errorf("there is no rule %q", f.rule), "reviewgate rules list prints the built-in ones; --rules names files of others")
	}
	out.silent = len(out.Rules) - len(out.Explanations)

	snap.Files = slices.DeleteFunc(snap.Files, func(c *checks.File) bool { return c.Path != out.File })
	in.Files = snap.Files
	if len(in.Files) == 0 {
		out.ScanNote = "a scan does not look at the file: it is not one of the tree's files"
		if f.scan.base != "" {
			out.ScanNote = "the change does not touch the file, so nothing in it counts"
		}
	} else {
		result, err := runScan(ctx, snap, in, scan.Options{Sandbox: sandbox.Auto}, f.scan.all, nil) // rules ask no registry
		if err != nil {
			return unsure(err)
		}
		out.judged(result, f.rule)
	}
	if f.format == "json" {
		enc := json.NewEncoder(stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(out)
	} else {
		err = out.print(stdout, newPaint(stdout), f.rule != "")
	}
	if err != nil {
		return unsure(err)
	}
	return nil
}

// place reads FILE:LINE or FILE:LINE-LINE.
func place(arg string) (path string, from, to int, err error) {
	path, lines, ok := cutLast(arg, ":")
	if !ok || path == "" {
		return "", 0, 0, fmt.Errorf("%q names no line", arg)
	}
	first, last, span := strings.Cut(lines, "-")
	if from, err = strconv.Atoi(first); err != nil || from < 1 {
		return "", 0, 0, fmt.Errorf("%q is no line of a file", first)
	}
	if to = from; span {
		if to, err = strconv.Atoi(last); err != nil || to < from {
			return "", 0, 0, fmt.Errorf("%q are no lines of a file", lines)
		}
	}
	return path, from, to, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// judged adds what a scan of the file makes of the lines.
func (x *explained) judged(result *scan.Result, rule string) {
	for _, f := range result.Findings {
		if f.Location.Path == x.File && f.Location.StartLine <= x.To && max(f.Location.EndLine, f.Location.StartLine) >= x.From && (rule == "" || f.RuleID == rule) {
			x.Scan = append(x.Scan, f)
		}
	}
	runs := slices.ContainsFunc(result.Rules, func(r checks.RuleInfo) bool { return r.ID == rule })
	if rule != "" && !runs && slices.Contains(x.Rules, rule) {
		x.ScanNote = "a scan does not run the rule: its rollout is off, or it is in another pack"
	}
}

func (x *explained) print(w io.Writer, p paint, all bool) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s\n", p.path(fmt.Sprintf("%s:%d", report.Visible(x.File, "\n"), x.From)))
	for n := x.From; n <= min(x.To, x.From+9, len(x.lines)); n++ {
		fmt.Fprintf(out, "%s %s\n", p.dim(fmt.Sprintf("%6d |", n)), clipLine(x.lines[n-1]))
	}
	for _, problem := range x.Problems {
		fmt.Fprintf(out, "%s %s\n", p.warn(string(problem.Kind)+":"), report.OneLine(problem.String()))
	}
	for _, o := range x.Overruns {
		fmt.Fprintf(out, "%s %s\n", p.warn("not looked at to the end:"), report.OneLine(o))
	}
	steps := all || len(x.Explanations) == 1
	for _, e := range x.Explanations {
		verdict := p.bad("no")
		if e.Matched {
			verdict = p.good("yes")
		}
		fmt.Fprintf(out, "\n%s  %s: %s\n", verdict, p.bold(e.Rule), report.OneLine(e.Reason))
		if steps || e.Matched {
			printSteps(out, p, e, steps)
		}
	}
	if x.silent > 0 {
		fmt.Fprintf(out, "\n%s\n", p.dim(count(x.silent, "other rule")+" with nothing to do with it"))
	}
	if !steps && len(x.Explanations) > 0 {
		fmt.Fprintf(out, "%s\n", p.dim("every step of one: --rule ID"))
	}
	x.printScan(out, p)
	return out.Flush()
}

// printScan says what a scan makes of the lines.
func (x *explained) printScan(out io.Writer, p paint) {
	if len(x.Scan) > 0 || x.ScanNote != "" {
		fmt.Fprintf(out, "\n%s\n", p.bold("a scan"))
	}
	for i := range x.Scan {
		f := &x.Scan[i]
		what := "comments"
		switch {
		case !f.Introduced:
			what = "is silent: base has it already"
		case f.Suppressed():
			what = fmt.Sprintf("is silent: suppressed in line %d (%s)", f.Suppression.Line, f.Suppression.Reason)
		case f.Shadow:
			what = "is silent: the rule is in shadow, and only the JSON has it"
		case f.Blocking && f.Suppression != nil:
			what = "blocks: the suppression is new, and does not silence what blocks"
		case f.Blocking:
			what = "blocks"
		case f.Suppression != nil:
			what = "lists it: the suppression gives no reason"
		case !f.Comment:
			what = "lists it, without a comment of its own"
		}
		fmt.Fprintf(out, "  %d:%d %s, severity %s, confidence %s: %s\n", f.Location.StartLine, f.Location.StartColumn, report.Visible(f.RuleID, "\n"), f.Severity, f.Confidence, report.OneLine(what))
	}
	if x.ScanNote != "" {
		fmt.Fprintf(out, "  %s\n", x.ScanNote)
	}
}

// printSteps shows what the operators of a rule did, one to a line: the line in the rule, the operator, what it found or left, what that is here. Without
// all, those that have nothing to do with the lines are left out.
func printSteps(out io.Writer, p paint, x *engine.Explanation, all bool) {
	for _, note := range x.Notes {
		fmt.Fprintf(out, "     %s\n", report.OneLine(note))
	}
	var rows [][2]string
	var marks []string
	width := 0
	var walk func(steps []*engine.Step, indent string)
	walk = func(steps []*engine.Step, indent string) {
		for _, s := range steps {
			if !all && len(s.Here)+len(s.Gone) == 0 {
				continue
			}
			what := s.What
			if s.Part != "" && indent == "" {
				what = s.Part + ": " + what
			}
			if s.Text != "" {
				what += " " + firstLine(s.Text)
			}
			line := "      "
			if s.Line > 0 {
				line = fmt.Sprintf("%5d ", s.Line)
			}
			what = line + indent + oneWord(what)
			width = max(width, min(len([]rune(what)), 70))
			found := fmt.Sprintf("%d in the file", s.Found)
			if s.Narrows {
				found = fmt.Sprintf("%d left", s.Found)
			}
			mark := "-"
			switch {
			case s.Note != "" && s.Found == 0:
				found = s.Note
			case len(s.Here) > 0:
				mark = "+"
				found += ", here " + ranges(s.Here)
			case s.Narrows || s.Found == 0:
				found += ", none here"
			default:
				found += ", none here"
				if len(s.Elsewhere) > 0 {
					found += " (" + linesOf(s.Elsewhere, s.Found) + ")"
				}
			}
			if s.Note != "" && s.Found > 0 {
				found += ": " + s.Note
			}
			rows, marks = append(rows, [2]string{what, found}), append(marks, mark)
			for _, g := range s.Gone {
				rows, marks = append(rows, [2]string{"", fmt.Sprintf("  %d:%d %s", g.Line, g.Column, g.Why)}), append(marks, " ")
			}
			walk(s.Steps, indent+"  ")
		}
	}
	walk(x.Steps, "")
	for i, row := range rows {
		style := p.dim
		switch marks[i] {
		case "+":
			style = p.good
		case " ":
			style = p.warn
		}
		pad := strings.Repeat(" ", max(width-len([]rune(row[0])), 0))
		fmt.Fprintf(out, "%s%s  %s\n", report.Visible(row[0], "\n"), pad, style(marks[i]+" "+report.Visible(row[1], "\n")))
	}
	if f := x.Flow; f != nil {
		for _, part := range []struct {
			name string
			list []engine.Range
		}{{"sources", f.Sources}, {"sanitizers", f.Sanitizers}, {"sinks here", f.Sinks}} {
			if len(part.list) > 0 {
				fmt.Fprintf(out, "      %-12s %s\n", part.name, ranges(part.list))
			}
		}
		if len(f.Way) > 0 {
			var places []string
			for _, r := range f.Way {
				places = append(places, fmt.Sprintf("%d:%d", r.Line, r.Column))
			}
			fmt.Fprintf(out, "      %-12s %s\n", "way", p.good(strings.Join(slices.Compact(places), " -> ")))
		}
	}
	if len(x.Others) > 0 && !x.Matched {
		fmt.Fprintf(out, "      %s\n", p.dim("it matches elsewhere: "+linesOf(x.Others, len(x.Others))))
	}
}

func firstLine(s string) string {
	line, more, cut := strings.Cut(strings.TrimSpace(s), "\n")
	if r := []rune(line); len(r) > 50 {
		line, cut, more = string(r[:49]), true, "x"
	}
	if cut && more != "" {
		line += "…"
	}
	return line
}

// oneWord is a row's text with its indent kept.
func oneWord(s string) string { return strings.ReplaceAll(report.Visible(s, "\n"), "\n", " ") }

func linesOf(lines []int, total int) string {
	var parts []string
	for _, n := range lines {
		parts = append(parts, strconv.Itoa(n))
	}
	word := "line "
	if len(parts) > 1 {
		word = "lines "
	}
	s := word + strings.Join(parts, ", ")
	if total > len(lines) {
		s += ", …"
	}
	return s
}

// ranges lists places with what their metavariables stand for.
func ranges(list []engine.Range) string {
	var parts []string
	for _, r := range list {
		part := fmt.Sprintf("%d:%d", r.Line, r.Column)
		if r.EndLine > r.Line {
			part = fmt.Sprintf("%d-%d", r.Line, r.EndLine)
		}
		for _, b := range r.Bindings {
			part += fmt.Sprintf(" %s=%s", b.Name, firstLine(b.Text))
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}
