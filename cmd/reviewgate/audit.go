package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/server"
)

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Export the server's audit log, and verify that nobody changed it",
		Long: `Export and verify the audit log of ` + "`reviewgate serve`" + `: every deed on GitHub, decision, waiver and setting, each row with the hash of the one before it.
Note the head that an export prints somewhere else: with it, ` + "`audit verify --head`" + ` also finds out that the end of the log was cut off or written anew.`,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(auditExportCommand(), auditVerifyCommand())
	return cmd
}

func auditExportCommand() *cobra.Command {
	var since, format string
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "Write the audit log, oldest row first",
		Example: "  reviewgate audit export --config server.yml --since 2026-11-01 > audit.jsonl",
		Args:    cobra.NoArgs,
	}
	database := configured(cmd)
	cmd.Flags().StringVar(&since, "since", "", "leave out what is older: a `DATE` (2026-11-01) or time (2026-11-01T09:00:00Z), in UTC")
	cmd.Flags().StringVar(&format, "format", server.AuditJSON, "`FORMAT`: jsonl (one row a line) or csv")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]cobra.Completion{server.AuditJSON, server.AuditCSV}, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that does not exist
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if format != server.AuditJSON && format != server.AuditCSV {
			return usage(fmt.Errorf("there is no format %q", format), "write jsonl or csv")
		}
		from, err := auditSince(since)
		if err != nil {
			return err
		}
		name, err := database()
		if err != nil {
			return err
		}
		rows, head, err := server.ExportAudit(cmd.Context(), name, from, format, cmd.OutOrStdout())
		if err != nil {
			return unsure(err)
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%d rows, head %s\n", rows, head)
		return nil
	}
	return cmd
}

func auditSince(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(form, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usage(fmt.Errorf("--since %q is no time", text), "write 2026-11-01 or 2026-11-01T09:00:00Z")
}

func auditVerifyCommand() *cobra.Command {
	var head string
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Check the chain of the audit log, in the database or in an export",
		Long: `Check every row of the audit log of the configured database, or of an export (jsonl or csv): its content against its hash, and its place against the row before
it. The first row that is broken is named.

Exit codes: 0 whole, 1 it was changed, 2 wrong usage or configuration, 3 it could not be read.`,
		Example: "  reviewgate audit verify audit.jsonl --head 1482:5f2b...",
		Args:    cobra.MaximumNArgs(1),
	}
	database := configured(cmd)
	cmd.Flags().StringVar(&head, "head", "", "a `ROW` that was noted earlier, SEQ:HASH or HASH: it must be in the log")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := verifyAudit(cmd, args, database, head)
		if server.Broken(err) {
			return &exitError{code: exitBlocked, err: err}
		}
		if err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		if p.Rows == 0 {
			fmt.Fprintln(out, "whole: the log is empty")
			return nil
		}
		fmt.Fprintf(out, "whole: %d rows, %d to %d, head %s\n", p.Rows, p.First, p.Last, p.Head)
		switch {
		case p.Pruned > 0:
			fmt.Fprintf(out, "the rows up to %d were dropped after the time for which they are kept\n", p.Pruned)
		case !p.Whole:
			fmt.Fprintf(out, "it begins with row %d: what came before is not in this file\n", p.First)
		}
		return nil
	}
	return cmd
}

func verifyAudit(cmd *cobra.Command, args []string, database func() (string, error), head string) (p server.AuditProof, err error) {
	if len(args) == 1 {
		f, err := os.Open(args[0])
		if err != nil {
			return p, unsure(err)
		}
		defer f.Close()
		if p, err = server.VerifyAuditFile(f, head); err != nil {
			return p, unsure(err)
		}
		return p, nil
	}
	name, err := database()
	if err != nil {
		return p, err
	}
	if p, err = server.VerifyAudit(cmd.Context(), name, head); err != nil {
		return p, unsure(err)
	}
	return p, nil
}
