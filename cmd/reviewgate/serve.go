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
	var file string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the GitHub App: webhooks in, reviews and the required check out",
		Long: `Run the GitHub App. Settings come from a YAML file and from environment variables named REVIEWGATE_*, which win.
Secrets are read from files or from the environment, never from flags.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := server.LoadConfig(file, os.Environ())
			if err != nil {
				return usage(err, "")
			}
			cfg.Version = toolVersion()
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
	return cmd
}
