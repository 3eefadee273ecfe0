package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
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
			return alive(cmd.Context(), address)
		},
	}
}

// alive asks /healthz at an address to listen on: one for every interface is asked on the loopback one.
func alive(ctx context.Context, listen string) error {
	if listen == "" {
		listen = ":8080"
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return usage(fmt.Errorf("%q is not an address", listen), "write host:port")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 4*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return usage(err, "write host:port")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return unsure(fmt.Errorf("asking whether the server is alive: %w", err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return unsure(fmt.Errorf("asking whether the server is alive: it answered %s", resp.Status))
	}
	return nil
}
