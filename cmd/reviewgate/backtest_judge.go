package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/backtest"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/checks/all"
	"github.com/reviewgate-app/reviewgate/rules"
)

func backtestJudgeCommand() *cobra.Command {
	var keep string
	cmd := &cobra.Command{
		Use:   "judge FILE",
		Short: "Judge a sample of findings, and keep the precision beside the rules",
		Long: `Show the findings of a sample that have no verdict yet, one after the other, and ask for one: r right, w wrong, a arguable, s skip, q quit. Each
verdict is written at once. A finding is right if a reviewer would want to be told; arguable counts as read and not as right.

--keep adds the figures as a run to measured.yaml beside the rules: a rule file, a folder of rules, or the measured.yaml itself.`,
		Example: "  reviewgate rules backtest judge sample.yaml\n  reviewgate rules backtest judge sample.yaml --keep my-rules/",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("name one sample to judge"), "`reviewgate rules backtest --sample 40` writes one")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := readJudging(args[0])
			if err != nil {
				return err
			}
			if err := judge(cmd.Context(), j, args[0], cmd.InOrStdin(), cmd.OutOrStdout()); err != nil {
				return err
			}
			if keep == "" {
				return nil
			}
			return keepMeasured(j, keep, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&keep, "keep", "", "add what was measured to measured.yaml beside the rules of `PATH`")
	return cmd
}

func readJudging(path string) (*backtest.Judging, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usage(fmt.Errorf("reading %s: %w", path, reason(err)), "name a sample that `reviewgate rules backtest --sample` wrote")
	}
	j, err := backtest.ReadJudging(data)
	if err != nil {
		return nil, usage(fmt.Errorf("reading %s: %w", path, err), "correct the verdict, or write the sample anew")
	}
	return j, nil
}

// judge asks for the verdicts that are missing, and says what they come to.
func judge(ctx context.Context, j *backtest.Judging, path string, stdin io.Reader, stdout io.Writer) error {
	in := bufio.NewScanner(stdin)
	left := 0
	for i := range j.Findings {
		if j.Findings[i].Verdict == backtest.Open {
			left++
		}
	}
	for i := range j.Findings {
		f := &j.Findings[i]
		if f.Verdict != backtest.Open {
			continue
		}
		// Sample has written them without characters that a terminal obeys, and an editor may have put none there but its user's own.
		fmt.Fprintf(stdout, "\n%s, %s at %s\n%s\n", f.Rule, f.Repository, f.Commit, f.Place)
		for line := range strings.Lines(f.Excerpt) {
			fmt.Fprintf(stdout, "    %s\n", strings.TrimRight(line, "\n"))
		}
		fmt.Fprintf(stdout, "%s\n", f.Message)
		verdict, quit, err := ask(ctx, in, stdout, left)
		if err != nil {
			return err
		}
		if quit {
			break
		}
		if left--; verdict == backtest.Open {
			continue
		}
		f.Verdict = verdict
		if err := writeJudging(j, path); err != nil {
			return err
		}
	}
	by := j.ByRule()
	fmt.Fprintln(stdout)
	for _, id := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintf(stdout, "%s: %s right, of %s in %s\n", id, by[id], count(j.Rules[id], "finding"), count(j.Changes, "change"))
	}
	return nil
}

// ask waits for one verdict; the end of the input quits.
func ask(ctx context.Context, in *bufio.Scanner, stdout io.Writer, left int) (v backtest.Verdict, quit bool, err error) {
	for {
		fmt.Fprintf(stdout, "%d left; right, wrong, arguable, skip, quit [r/w/a/s/q]? ", left)
		more, err := unlessStopped(ctx, func() (bool, error) { return in.Scan(), nil })
		if err != nil {
			return "", false, unsure(err)
		}
		if !more {
			fmt.Fprintln(stdout)
			return "", true, in.Err()
		}
		switch strings.ToLower(strings.TrimSpace(in.Text())) {
		case "r", "right":
			return backtest.Right, false, nil
		case "w", "wrong":
			return backtest.Wrong, false, nil
		case "a", "arguable":
			return backtest.Arguable, false, nil
		case "s", "skip":
			return backtest.Open, false, nil
		case "q", "quit":
			return backtest.Open, true, nil
		}
	}
}

func writeJudging(j *backtest.Judging, path string) error {
	data, err := j.Marshal()
	if err == nil {
		err = writeFile(path, data)
	}
	if err != nil {
		return usage(fmt.Errorf("writing %s: %w", path, reason(err)), "name a file that can be written")
	}
	return nil
}

// writeSample writes the sample; verdicts that a file of that name has already are taken over.
func writeSample(rep *backtest.Report, n int, path string, stderr io.Writer) error {
	j := backtest.Sample(rep, n)
	old := &backtest.Judging{}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		if old, err = readJudging(path); err != nil {
			return err
		}
	}
	kept := j.Take(old)
	if err := writeJudging(j, path); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%s to judge in %s", count(len(j.Findings), "finding"), path)
	if kept > 0 {
		fmt.Fprintf(stderr, ", %d of them judged before", kept)
	}
	if len(j.Findings) > 0 {
		fmt.Fprintf(stderr, "; judge them with: reviewgate rules backtest judge %s", path)
	}
	fmt.Fprintln(stderr)
	return nil
}

// keepMeasured adds the judgements to the file beside the rules.
func keepMeasured(j *backtest.Judging, path string, stdout io.Writer) error {
	var ids []string
	file := path
	if filepath.Base(path) != rules.MeasuredFile {
		sources, _, err := rules.LoadPath(path, rules.OriginFlag)
		if err != nil {
			return usage(fmt.Errorf("--keep %s: %w", path, reason(err)), "name a file or folder of rules")
		}
		parsed, _ := rules.ParseAll(sources)
		ids = []string{}
		for _, r := range parsed {
			ids = append(ids, r.ID.Value)
		}
		file = measuredBeside(path)
	}
	run, err := j.Run(ids)
	if err != nil {
		return usage(fmt.Errorf("--keep %s: %w", path, err), "judge some of their findings first")
	}
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usage(fmt.Errorf("reading %s: %w", file, reason(err)), "")
	}
	if data, err = backtest.AddRun(data, run); err == nil {
		err = writeFile(file, data)
	}
	if err != nil {
		return usage(fmt.Errorf("writing %s: %w", file, reason(err)), "correct the file, or remove it")
	}
	_, err = fmt.Fprintf(stdout, "%s: %s\n", file, count(len(run.Found)+len(run.Silent), "rule"))
	return err
}

// measuredBeside names the file of what was measured beside a file or folder of rules.
func measuredBeside(path string) string {
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		path = filepath.Dir(path)
	}
	return filepath.Join(path, rules.MeasuredFile)
}

// readMeasured reads the file beside rules; nil: there is none.
func readMeasured(path string) (*backtest.Measured, error) {
	file := measuredBeside(path)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // nothing was measured, and that is no error
	}
	if err != nil {
		return nil, usage(fmt.Errorf("reading %s: %w", file, reason(err)), "")
	}
	m, err := backtest.ReadMeasured(data)
	if err != nil {
		return nil, usage(fmt.Errorf("reading %s: %w", file, err), "correct the file, or remove it")
	}
	return m, nil
}

// addMeasured puts what was judged before beside the figures of each rule.
func addMeasured(rep *backtest.Report, paths []string) error {
	of := map[string]*backtest.Precision{}
	entries, err := all.Catalogue()
	if err != nil {
		return unsure(err)
	}
	for _, e := range entries {
		if m := e.Measured; m != nil && m.Read > 0 {
			of[e.ID] = backtest.PrecisionOf(m.Read, m.Right, 0)
		}
	}
	for _, path := range paths {
		m, err := readMeasured(path)
		if err != nil {
			return err
		}
		for i := range rep.ByRule {
			if m == nil {
				break
			}
			if _, n := m.Of(rep.ByRule[i].Rule); n != nil && n[1] > 0 {
				of[rep.ByRule[i].Rule] = backtest.PrecisionOf(n[1], n[2], 0)
			}
		}
	}
	for i := range rep.ByRule {
		rep.ByRule[i].Judged = of[rep.ByRule[i].Rule]
	}
	return nil
}

func precisionLine(read, right int) string {
	low, high := checks.Interval(right, read)
	return fmt.Sprintf("precision: %d of %d that were read are right: %.0f to %.0f %% with 95 %% confidence", right, read, 100*low, 100*high)
}

// showRule tells what a rule of somebody's own says, and what was measured of it.
func showRule(w io.Writer, id string, paths []string) error {
	for _, path := range paths {
		sources, _, err := rules.LoadPath(path, rules.OriginFlag)
		if err != nil {
			return rulesError(path, err)
		}
		parsed, _ := rules.ParseAll(sources)
		for _, r := range parsed {
			if r.ID.Value != id {
				continue
			}
			out := bufio.NewWriter(w)
			fmt.Fprintf(out, "%s (%s)\n\n%s\n", r.ID.Value, r.File, strings.TrimSpace(r.Message.Value))
			if len(r.Metadata.CWE) > 0 {
				fmt.Fprintf(out, "\nweakness: %s\n", strings.Join(r.Metadata.CWE, ", "))
			}
			m, err := readMeasured(path)
			if err != nil {
				return err
			}
			if m == nil {
				m = &backtest.Measured{}
			}
			switch run, n := m.Of(id); {
			case run == nil:
				fmt.Fprintf(out, "\nnot yet measured: reviewgate rules backtest --rules %s --rule %s --sample 40\n", path, id)
			default:
				fmt.Fprintf(out, "\nmeasured: %s in %s (%s, %s)\n", count(n[0], "finding"), count(run.Changes, "change"), run.Corpus, run.On)
				if n[1] > 0 {
					fmt.Fprintf(out, "%s\n", precisionLine(n[1], n[2]))
				}
			}
			return out.Flush()
		}
	}
	return usage(fmt.Errorf("there is no rule %q in %s", id, strings.Join(paths, ", ")), "`reviewgate rules lint PATH` says what cannot be read")
}
