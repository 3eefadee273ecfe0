package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/app/simulate"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

type simulateFlags struct{ policy, floor, pull, format string }

func policySimulateCommand() *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate --pull FILE [--policy FILE] [--floor FILE]",
		Short: "Play a pull request that is written down, and show the decision after each event",
		Long: `Play a pull request that is written down in a YAML or JSON file, and show the decision after each event: the same words as the
check run on GitHub, made by the same code. docs/simulate.md has the schema of the file.

The exit code is 0 whatever the decisions are, and 2 when a file cannot be read; a policy that is broken is part of the story.`,
		Example: "  reviewgate policy simulate --policy .github/reviewgate.yml --pull story.yml\n  reviewgate policy simulate --policy p.yml --floor floor.yml --pull story.yml --format json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	cmd.Flags().StringVar(&f.policy, "policy", "", "the repository's policy (`FILE`); without it the one in the pull request's base tree")
	cmd.Flags().StringVar(&f.floor, "floor", "", "the organisation's floor (`FILE`)")
	cmd.Flags().StringVar(&f.pull, "pull", "", "the pull request (`FILE`)")
	cmd.Flags().StringVar(&f.format, "format", "text", "output format: text, json")
	return cmd
}

func (f *simulateFlags) run(ctx context.Context, stdout io.Writer) error {
	if err := textOrJSON(f.format); err != nil {
		return err
	}
	if f.pull == "" {
		return usage(errors.New("--pull is missing"), "name the file that describes the pull request; docs/simulate.md has its schema")
	}
	in := &simulate.Input{File: f.pull, Scan: scanTrees}
	for _, file := range []struct {
		flag, name string
		to         *[]byte
	}{{"--policy", f.policy, &in.Policy}, {"--floor", f.floor, &in.Floor}} {
		if file.name == "" {
			continue
		}
		data, err := os.ReadFile(file.name)
		if err != nil {
			return usage(fmt.Errorf("%s: %w", file.flag, err), "name a policy file that can be read")
		}
		*file.to = append([]byte{}, data...)
	}
	data, err := os.ReadFile(f.pull)
	if err != nil {
		return usage(fmt.Errorf("--pull: %w", err), "name a file that can be read")
	}
	pull, problems := simulate.Parse(f.pull, data)
	if len(problems) > 0 {
		return usage(errors.New(problemLines(problems)), "")
	}
	in.Pull = pull
	result, err := simulate.Run(ctx, in)
	if err != nil {
		var wrong *simulate.Error
		if errors.As(err, &wrong) {
			return usage(errors.New(configProblem(wrong.Problem)), "")
		}
		return unsure(err)
	}
	if f.format == "json" {
		err = writeJSON(stdout, result)
	} else {
		err = printStory(stdout, result)
	}
	if err != nil {
		return unsure(err)
	}
	return nil
}

func problemLines(problems []gate.Problem) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, configProblem(p))
	}
	return strings.Join(lines, "\n  ")
}

// printStory shows every step as its check run's summary shows it.
func printStory(w io.Writer, r *simulate.Result) error {
	out := bufio.NewWriter(w)
	for _, p := range r.Warnings {
		fmt.Fprintf(out, "warning: %s\n", configProblem(p))
	}
	for i := range r.Steps {
		s := &r.Steps[i]
		check := "no check run"
		if s.Check != "" {
			check = s.Check + " " + s.Conclusion
		}
		fmt.Fprintf(out, "## %d. %s: %s\n\n", s.Event, s.Story, check)
		if s.Audit != "" {
			fmt.Fprintf(out, "**Reported: %s**\n\n", s.Audit)
		}
		if s.Lost {
			fmt.Fprint(out, "The webhook is lost; the check run stands as it was.\n\n")
			continue
		}
		if s.What == "merge" {
			continue
		}
		run := report.RenderCheckRun(&report.Input{Scan: s.Scan, Decision: s.Decision}, s.Check)
		fmt.Fprintf(out, "%s\n", plainly(run.Summary))
	}
	return out.Flush()
}

var (
	escaped = regexp.MustCompile("\\\\([\\\\`*_\\[\\]!|~$])")
	folded  = regexp.MustCompile(`<details><summary>(.*)</summary>`)
)

// plainly takes out of a check run's summary what is of no use to a reader of text: what keeps GitHub from notifying people, and from reading
// Markdown where there is none.
func plainly(summary string) string {
	s := strings.NewReplacer("<!-- -->", "", "</details>\n\n", "", "</details>\n", "").Replace(summary)
	s = folded.ReplaceAllString(s, "**$1**")
	return html.UnescapeString(escaped.ReplaceAllString(s, "$1"))
}

// scanTrees runs the real scan on two trees of a story: they are written to plain folders, which are then compared.
func scanTrees(ctx context.Context, in *simulate.ScanInput) (result *scan.Result, err error) {
	dir, err := os.MkdirTemp("", "reviewgate-simulate-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for name, tree := range map[string]simulate.Tree{"base": in.Base, "head": in.Head} {
		if err := writeTree(dir+"/"+name, tree); err != nil {
			return nil, fmt.Errorf("writing the files of the story: %w", err)
		}
	}
	snap, err := source.Folders(ctx, dir+"/base", dir+"/head", source.Limits{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	return runScan(ctx, snap, &scan.Input{Files: snap.Files, Rules: in.Config.Rules, Config: in.Config.Scan, Text: in.Text}, scan.Options{Sandbox: sandbox.Auto}, false, nil)
}

func writeTree(dir string, tree simulate.Tree) (err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // nothing of a story reaches beyond its folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for name, e := range tree {
		if e.Mode == checks.ModeSubmodule {
			continue
		}
		if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return err
		}
		if e.Mode == checks.ModeSymlink {
			err = root.Symlink(e.Content, name)
		} else {
			err = root.WriteFile(name, []byte(e.Content), 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
