package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	manual "github.com/spf13/cobra/doc"
)

func manualCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "manual DIR",
		Short: "Write the manual pages into a folder",
		Long: `Write a manual page for every command into DIR, which must be there: reviewgate.1, reviewgate-scan.1, reviewgate-rules-explain.1 and so
on. They say what --help says. SOURCE_DATE_EPOCH sets their date.`,
		Example: "  reviewgate manual ~/.local/share/man/man1 && man reviewgate-rules-explain",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("name one folder"), "reviewgate manual ~/.local/share/man/man1")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !isFolder(args[0]) {
				return usage(fmt.Errorf("%s is no folder", args[0]), "make it first: mkdir -p "+args[0])
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // the pages of one version are the same bytes
			if err := manual.GenManTree(root, &manual.GenManHeader{Section: "1", Source: "reviewgate " + toolVersion(), Manual: "reviewgate"}, args[0]); err != nil {
				return usage(fmt.Errorf("writing the manual pages: %w", err), "")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
}
