package main

import (
	"context"
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

Without credentials of an App it begins with the set-up: its log names an address to open in a browser and a code to enter there. The App is made on
GitHub, the settings are written where --config says (or into setup_dir), and the server goes on with them.

On PostgreSQL any number of processes may share a database; a job of one that dies is taken over by another within a minute.`,
		Example: "  reviewgate serve --config server.yml\n  reviewgate serve --config server.yml --role web",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := server.Redacting(cmd.ErrOrStderr())
			log := zerolog.New(out).With().Timestamp().Logger()
			first, err := server.LoadSetup(file, os.Environ())
			if err != nil {
				return usage(err, "")
			}
			if first != nil && role != string(server.Worker) {
				first.Log, first.Hide = log, out.Hide
				if file, err = setUp(cmd.Context(), first); err != nil || file == "" {
					return err
				}
			}
			cfg, err := server.LoadConfig(file, os.Environ())
			if err != nil {
				return usage(err, "")
			}
			cfg.Version, cfg.Role = toolVersion(), server.Role(role)
			cfg.Checks = all.Checks
			cfg.Log, cfg.Hide = log, out.Hide
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

// setUp has the App made in a browser, and gives the settings file; "": the process was asked to stop before.
func setUp(ctx context.Context, c *server.SetupConfig) (string, error) {
	s, err := server.StartSetup(ctx, c)
	if err != nil {
		return "", usage(err, "")
	}
	file, err := s.Wait(ctx)
	if err != nil {
		return "", unsure(fmt.Errorf("ending the set-up: %w", err))
	}
	return file, nil
}
