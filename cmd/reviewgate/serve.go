package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/checks/all"
)

func serveCommand() *cobra.Command {
	var file, role string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the GitHub App: webhooks in, reviews and the required check out",
		Long: `Run the GitHub App. Settings come from a YAML file and from environment variables named REVIEWGATE_*, which win.
Secrets are read from files or from the environment, never from flags.

On PostgreSQL any number of processes may share a database; a job of one that dies is taken over by another within a minute.`,
		Example: "  reviewgate serve --config server.yml\n  reviewgate serve --config server.yml --role web",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := server.LoadConfig(file, os.Environ())
			if err != nil {
				return usage(err, "")
			}
			cfg.Version, cfg.Role = toolVersion(), server.Role(role)
			cfg.Checks = all.Checks
			cfg.Log = zerolog.New(server.Redacting(cmd.ErrOrStderr())).With().Timestamp().Logger()
			srv, err := server.New(cfg)
			if err != nil {
				return usage(err, "")
			}
			if err := srv.Start(cmd.Context()); err != nil {
				return unsure(errors.Join(fmt.Errorf("starting the server: %w", err), srv.Stop()))
			}
			<-cmd.Context().Done()
			if err := srv.Stop(); err != nil {
				return unsure(fmt.Errorf("stopping the server: %w", err))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "settings `FILE` (YAML)")
	cmd.Flags().StringVar(&role, "role", "all", "what this process does: web takes webhooks, worker takes jobs, all does both (`ROLE`; on SQLite only all)")
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]cobra.Completion{"all", "web", "worker"}, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that does not exist
	return cmd
}
