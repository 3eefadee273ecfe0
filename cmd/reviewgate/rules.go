package main

import "github.com/spf13/cobra"

func rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Write, test and look up rules",
		Long: `Rules are Semgrep's YAML. The way of a new one:

  reviewgate rules new no-eval --language python    a rule and its fixture, which pass at once
  reviewgate rules test . --watch                   tested again at every save
  reviewgate rules explain app.py:12 --rules .      why it does, or does not, report a line
  reviewgate rules play .                           the same in the browser, on this machine only
  reviewgate rules lint .                           what is wrong with it, or can hardly be meant

A rule begins with "rollout: comment": it comments and does not block. The policy moves it: off, shadow, comment, block.`,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(rulesListCommand(), rulesShowCommand(), rulesNewCommand(), rulesLintCommand(), rulesTestCommand(), rulesExplainCommand(), rulesPlayCommand(),
		rulesLanguagesCommand(), rulesBacktestCommand())
	return cmd
}
