package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/server"
)

func dbCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "db",
		Short: "Back up, restore, check and move the server's database",
		Long: `Back up, restore, check and move the database of ` + "`reviewgate serve`" + `. Which one it is comes from the same settings: --config FILE,
or the variables REVIEWGATE_DATABASE and REVIEWGATE_DATABASE_FILE. A backup is one file, whatever the database is, and can be restored into either kind.

Exit codes: 0 done, or in order; 1 the check found something wrong; 2 wrong usage or configuration; 3 it failed.`,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(dbBackupCommand(), dbRestoreCommand(), dbCheckCommand(), dbMoveCommand())
	return cmd
}

// configured adds the flag --config, and gives the name of the database that is configured.
func configured(cmd *cobra.Command) func() (string, error) {
	var file string
	cmd.Flags().StringVar(&file, "config", "", "settings `FILE` (YAML) of the server")
	return func() (string, error) {
		name, err := server.LoadDatabase(file, os.Environ())
		if err != nil {
			return "", usage(err, "")
		}
		return name, nil
	}
}

func dbBackupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "backup FILE",
		Short:   "Write a backup of the database, while the server runs",
		Long:    "Write a backup of the configured database into a new file that only you can read. The server may go on: the backup holds one moment.",
		Example: "  reviewgate db backup --config server.yml /backup/reviewgate-$(date +%F).db",
		Args:    cobra.ExactArgs(1),
	}
	database := configured(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := database()
		if err != nil {
			return err
		}
		b, err := server.Backup(cmd.Context(), name, args[0])
		if err != nil {
			return unsure(err)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rows in %d tables, schema version %d; read back and found whole\n", args[0], b.Rows, b.Tables, b.Schema)
		return nil
	}
	return cmd
}

func dbRestoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Fill a new, empty database from a backup",
		Long: `Fill the configured database from a backup. It must be new or empty, and no server may be using it: nothing is ever overwritten. A backup of an older
version is brought up to date on the way. The next start looks at every open pull request anew.`,
		Example: "  reviewgate db restore --config server.yml /backup/reviewgate-2026-11-02.db",
		Args:    cobra.ExactArgs(1),
	}
	database := configured(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := database()
		if err != nil {
			return err
		}
		b, err := server.Restore(cmd.Context(), args[0], name)
		if err != nil {
			return unsure(err)
		}
		tellCopied(cmd, "restored from the backup of "+b.Made.UTC().Format(time.RFC3339), b)
		return nil
	}
	return cmd
}

func dbMoveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "move SQLITE-FILE",
		Short: "Fill a new PostgreSQL database from the SQLite file of a server",
		Long: `Fill the configured database, an empty one of a PostgreSQL server, from the SQLite file of a server that is stopped. Every table is read back and compared.
The file stays as it is. If it fails, nothing was written, and it can be begun again.`,
		Example: "  REVIEWGATE_DATABASE_FILE=/etc/reviewgate/database reviewgate db move /var/lib/reviewgate/reviewgate.db",
		Args:    cobra.ExactArgs(1),
	}
	database := configured(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := database()
		if err != nil {
			return err
		}
		if !server.SharedDatabase(name) {
			return usage(fmt.Errorf("the configured database is not on a PostgreSQL server"), "set REVIEWGATE_DATABASE_FILE to a file that holds postgres://USER:PASSWORD@HOST/DATABASE")
		}
		b, err := server.Move(cmd.Context(), args[0], name)
		if err != nil {
			return unsure(err)
		}
		tellCopied(cmd, "moved", b)
		return nil
	}
	return cmd
}

func tellCopied(cmd *cobra.Command, what string, b server.Copied) {
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rows in %d tables, read back and equal\n", what, b.Rows, b.Tables)
	if b.Changed > 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "%d texts held bytes that PostgreSQL cannot hold; U+FFFD stands in their place\n", b.Changed)
	}
}

func dbCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Say whether the database, or a backup, is in order",
		Long: `Read all of the configured database, or of a backup, and say whether it is in order: the file itself, the version of its schema, the chain of the audit
log, rows that belong to nothing, the queue and what is to be done on GitHub. The server may go on meanwhile.`,
		Args: cobra.MaximumNArgs(1),
	}
	database := configured(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var name string
		var err error
		if len(args) == 1 {
			name = args[0]
		} else if name, err = database(); err != nil {
			return err
		}
		lines, ok, err := server.CheckDatabase(cmd.Context(), name)
		if err != nil {
			return unsure(err)
		}
		for _, l := range lines {
			fmt.Fprintln(cmd.OutOrStdout(), l)
		}
		if !ok {
			return &exitError{code: exitBlocked}
		}
		fmt.Fprintln(cmd.OutOrStdout(), "in order")
		return nil
	}
	return cmd
}
