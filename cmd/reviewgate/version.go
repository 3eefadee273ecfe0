package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the release build (-ldflags "-X main.version=1.2.3").
var version = ""

// toolVersion is the release's version, or "0.0.0-dev" with the commit where the build knows it.
func toolVersion() string {
	if version != "" {
		return version
	}
	v := "0.0.0-dev"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				v += "+" + s.Value[:12]
			}
		}
	}
	return v
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := io.WriteString(cmd.OutOrStdout(), versionLine()); err != nil {
				return unsure(fmt.Errorf("writing the version: %w", err))
			}
			return nil
		},
	}
}

func versionLine() string {
	return fmt.Sprintf("reviewgate %s %s/%s %s\n", toolVersion(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}
