package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/server"
)

func recordsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "records",
		Short: "The signed records of decisions: their keys, and all of them as a file",
		Long: `A server that has a key (records.key_file) signs a record of every decision. These commands are for whoever runs the server;
` + "`reviewgate verify`" + ` checks records, and needs neither server nor network.`,
		Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(recordsKeysCommand(), recordsExportCommand())
	return cmd
}

func recordsKeysCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "keys",
		Short:   "Print the public keys of the configuration, the one that signs first",
		Example: "  reviewgate records keys --config server.yml > records-keys.pem",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, signs, err := server.RecordKeys(file, os.Environ())
			if err != nil {
				return usage(err, "")
			}
			if len(keys) == 0 {
				return usage(errors.New("no key is set: decisions are not signed"), "set records.key_file; make a key with: openssl genpkey -algorithm ed25519 -out records.pem")
			}
			signing := ""
			if signs {
				signing = keys[0].ID
			}
			if _, err := cmd.OutOrStdout().Write(server.KeysText(keys, signing)); err != nil {
				return unsure(fmt.Errorf("writing the keys: %w", err))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "settings `FILE` of the server (YAML)")
	return cmd
}

func recordsExportCommand() *cobra.Command {
	var file string
	var installation int64
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write all records, one per line, in the order of their chains",
		Long: `Write all records to standard output, one DSSE envelope per line, in the order of their chains. The server may run meanwhile.
They hold names of repositories, paths and people of everything that the App is installed on: whoever gets the file can read that.`,
		Example: "  reviewgate records export --config server.yml > records.jsonl\n  reviewgate verify records.jsonl --key records-keys.pem --chain",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := bufio.NewWriterSize(cmd.OutOrStdout(), 1<<16)
			n := 0
			err := server.ExportRecords(cmd.Context(), file, os.Environ(), installation, func(envelope []byte) error {
				n++
				_, err := out.Write(append(envelope, '\n'))
				return err
			})
			if err == nil {
				err = out.Flush()
			}
			if err != nil {
				return unsure(err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d records\n", n)
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "settings `FILE` of the server (YAML)")
	cmd.Flags().Int64Var(&installation, "installation", 0, "only the chain of this installation (`ID`)")
	return cmd
}
