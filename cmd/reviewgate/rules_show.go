package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/checks/all"
)

func rulesListCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the built-in rules",
		Long: `List the built-in rules: severity, confidence, what becomes of a finding by default (blocks; comments; listed, without a comment; off, but for
the strict pack), and the title.`,
		Example: "  reviewgate rules list\n  reviewgate rules list --format json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			entries, err := all.Catalogue()
			if err != nil {
				return unsure(err)
			}
			switch format {
			case "json":
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				infos := make([]any, 0, len(entries))
				for _, e := range entries {
					infos = append(infos, e.RuleInfo)
				}
				err = enc.Encode(infos)
			case "text":
				out := bufio.NewWriter(cmd.OutOrStdout())
				w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
				for _, e := range entries {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", e.ID, e.Severity, e.Confidence, strings.TrimPrefix(e.Does(), "is "), e.Title)
				}
				_ = w.Flush() // its writer keeps the error
				err = out.Flush()
			default:
				return usage(fmt.Errorf("unknown format %q", format), "formats are text, json")
			}
			if err != nil {
				return unsure(err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the list: text, json")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]cobra.Completion{"json", "text"}, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that does not exist
	return cmd
}

func rulesShowCommand() *cobra.Command {
	var paths []string
	cmd := &cobra.Command{
		Use:     "show RULE",
		Short:   "Explain a rule: why, a wrong and a right example, what to do, and how often it was right",
		Example: "  reviewgate rules show python-ssrf\n  reviewgate rules show no-eval --rules my-rules/",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(errors.New("name one rule"), "reviewgate rules list prints them all")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(paths) > 0 {
				return showRule(cmd.OutOrStdout(), args[0], paths)
			}
			entries, err := all.Catalogue()
			if err != nil {
				return unsure(err)
			}
			for _, e := range entries {
				if e.ID == args[0] {
					page := e.Page()
					if m := e.Measured; m != nil && m.Read > 0 {
						page += "\n" + precisionLine(m.Read, m.Right) + "\n"
					}
					if _, err := fmt.Fprint(cmd.OutOrStdout(), page); err != nil {
						return unsure(err)
					}
					return nil
				}
			}
			return usage(fmt.Errorf("there is no built-in rule %q", args[0]), "reviewgate rules list prints them all")
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var ids []cobra.Completion
			if entries, err := all.Catalogue(); err == nil && len(args) == 0 {
				for _, e := range entries {
					ids = append(ids, cobra.CompletionWithDesc(e.ID, e.Title))
				}
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringArrayVar(&paths, "rules", nil, "show a rule of this `PATH`, a file or a folder (repeatable)")
	return cmd
}
