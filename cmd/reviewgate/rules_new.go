package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/rules/scaffold"
)

func rulesNewCommand() *cobra.Command {
	rule := scaffold.Rule{}
	cmd := &cobra.Command{
		Use:   "new ID --language LANGUAGE [DIR]",
		Short: "Begin a new rule, with its fixture",
		Long: `Write DIR/ID.yaml and a fixture in DIR/testdata (DIR: this folder if none is named). Both pass "rules test" and "rules lint" as they
are: change the fixture to say what you want, see the test fail, and change the rule until it passes. No file is ever overwritten.`,
		Example: "  reviewgate rules new no-eval --language python\n  reviewgate rules new sql-from-request --language java --mode taint .github/reviewgate/rules",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || len(args) > 2 {
				return usage(errors.New("name the new rule, and the folder for it if it is not this one"), "reviewgate rules new no-eval --language python")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if rule.Language == "" {
				return usage(errors.New("--language is missing"), "reviewgate rules languages lists them")
			}
			dir := "."
			if len(args) == 2 {
				dir = args[1]
			}
			rule.ID = args[0]
			files, err := rule.Files()
			if err != nil {
				return usage(err, "")
			}
			if err := scaffold.Write(dir, files); err != nil {
				remedy := ""
				if errors.Is(err, fs.ErrExist) {
					remedy = "name another rule or folder: no file is overwritten"
				}
				return usage(err, remedy)
			}
			rule, fixture := filepath.Join(dir, filepath.FromSlash(files[0].Path)), filepath.Join(dir, filepath.FromSlash(files[1].Path))
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\nnext: reviewgate rules test --watch %s\n", rule, fixture, rule)
			if err != nil {
				return unsure(err)
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVar(&rule.Language, "language", "", "`LANGUAGE` of the rule, as `reviewgate rules languages` names it")
	cmd.Flags().StringVar(&rule.Mode, "mode", scaffold.Search, "`MODE` of the rule: search; taint: follow data from a source to a sink")
	_ = cmd.RegisterFlagCompletionFunc("language", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return scaffold.Languages(), cobra.ShellCompDirectiveNoFileComp
	})
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]cobra.Completion{scaffold.Search, scaffold.Taint}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
