package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/source"
	"github.com/reviewgate-app/reviewgate/checks"
)

func policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Check a policy, and try it on a pull request that is written down",
		Args:  onlyCommands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(policyCheckCommand(), policySimulateCommand(), policyBacktestCommand())
	return cmd
}

func policyCheckCommand() *cobra.Command {
	var format string
	var floor bool
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Say what is wrong with a policy, in the words of the server",
		Long: `Say what is wrong with a policy, offline and in the words of the server. Without FILE the configuration of the repository in the
current folder is checked: policy, rules, CODEOWNERS, and the organisation's floor where it is kept here.

Whether a team or a user exists only GitHub knows: those names are listed as not checked. The exit code is 2 when there is an error.`,
		Example: "  reviewgate policy check\n  reviewgate policy check draft.yml\n  reviewgate policy check --floor reviewgate-floor.yml --format json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := textOrJSON(format); err != nil {
				return err
			}
			var rep *config.Report
			var err error
			switch {
			case len(args) == 1:
				rep, err = checkFile(args[0], floor)
			case floor:
				return usage(errors.New("--floor says what FILE is"), "name the file")
			default:
				rep, err = checkRepository(cmd.Context(), ".")
			}
			if err != nil {
				return err
			}
			if format == "json" {
				err = writeJSON(cmd.OutOrStdout(), rep)
			} else {
				err = printPolicyCheck(cmd.OutOrStdout(), rep)
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
	cmd.Flags().BoolVar(&floor, "floor", false, "FILE is an organisation's floor, whatever its name")
	return cmd
}

func textOrJSON(format string) error {
	if format != "text" && format != "json" {
		return usage(fmt.Errorf("unknown format %q", format), "formats are text, json")
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func checkFile(path string, floor bool) (*config.Report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usage(err, "name a policy file that can be read")
	}
	name := filepath.Base(path)
	return config.Check(&config.Layer{Policy: append([]byte{}, data...), PolicyPath: path}, floor || config.FloorPaths(name), nil), nil
}

// floorFolders hold all that config.FloorPaths accepts.
var floorFolders = []string{"reviewgate-floor.yml", "reviewgate-floor.yaml", "reviewgate-rules"}

// checkRepository reads the folder as the server reads a commit.
func checkRepository(ctx context.Context, dir string) (rep *config.Report, err error) {
	snap, err := source.Local(ctx, source.LocalOptions{Dir: dir, All: true})
	if err != nil {
		return nil, sourceError(err)
	}
	defer func() { err = errors.Join(err, snap.Close()) }()
	files, err := snap.FilesIn(ctx, "", configFolders, config.Paths)
	if err != nil {
		return nil, sourceError(err)
	}
	floor, err := snap.FilesIn(ctx, "", floorFolders, config.FloorPaths)
	if err != nil {
		return nil, sourceError(err)
	}
	if len(files)+len(floor) == 0 {
		return nil, usage(errors.New("there is no policy, rule or CODEOWNERS in this folder"), `write .github/reviewgate.yml with the line "version: 1", or name a FILE`)
	}
	tree, err := snap.Paths(ctx, checks.Head)
	if err != nil {
		return nil, sourceError(err)
	}
	rep = config.Check(config.NewLayer("", "", files), false, tree)
	if len(floor) > 0 {
		more := config.Check(config.NewFloor("", "", floor), true, nil)
		rep.Problems = append(rep.Problems, more.Problems...)
		rep.Users, rep.Teams = append(rep.Users, more.Users...), append(rep.Teams, more.Teams...)
		slices.Sort(rep.Users)
		slices.Sort(rep.Teams)
		rep.Users, rep.Teams = slices.Compact(rep.Users), slices.Compact(rep.Teams)
	}
	return rep, nil
}

func printPolicyCheck(w io.Writer, rep *config.Report) error {
	out := bufio.NewWriter(w)
	for _, p := range rep.Problems {
		kind := "error"
		if p.Warning {
			kind = "warning"
		}
		fmt.Fprintf(out, "%s: %s: %s\n  fix: %s\n", p.Place(), kind, p.Message, p.Remedy)
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"teams", rep.Teams}, {"users", rep.Users}} {
		if len(list.names) > 0 {
			fmt.Fprintf(out, "not checked, because only GitHub knows: the %s %s\n", list.what, strings.Join(list.names, ", "))
		}
	}
	errors := rep.Errors()
	fmt.Fprintf(out, "%s, %s\n", count(errors, "error"), count(len(rep.Problems)-errors, "warning"))
	return out.Flush()
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
