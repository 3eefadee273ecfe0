package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/server"
)

// healthzCommand asks the server on this machine whether it is alive, for container images, which have nothing else to ask with.
func healthzCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "healthz [ADDRESS]",
		Short:  "Ask the server on this machine whether it is alive",
		Hidden: true,
		Args:   cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			address := os.Getenv("REVIEWGATE_LISTEN")
			if len(args) > 0 {
				address = args[0]
			}
			if err := server.Alive(cmd.Context(), address); err != nil {
				return unsure(err)
			}
			return nil
		},
	}
}
