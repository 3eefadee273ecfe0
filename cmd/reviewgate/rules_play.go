package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	playground "github.com/reviewgate-app/reviewgate/app/play"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
)

func rulesPlayCommand() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "play [DIR]",
		Short: "Try rules in the browser, on this machine only",
		Long: `Print an address to open in a browser: a rule on the left, code on the right, the matches marked while you type, with the reason of
every line, the tree of the code and its test. What you save goes below DIR (this folder if none is named) and nowhere else.

The page listens on this machine only. The address works once, in one browser; the work is done in the sandboxed worker, and nothing
asks the network. Ctrl-C ends it.`,
		Example: "  reviewgate rules play\n  reviewgate rules play .github/reviewgate/rules",
		Args:    oneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return servePlay(cmd.Context(), cmd.OutOrStdout(), dir, listen)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "`ADDRESS` of this machine to listen on; port 0: one that is free")
	_ = cmd.RegisterFlagCompletionFunc("listen", cobra.NoFileCompletions)
	return cmd
}

func servePlay(ctx context.Context, out io.Writer, dir, listen string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", dir, reason(err)), "name a folder for the rules")
	}
	defer func() { _ = root.Close() }() // of what was only opened
	ask := func(ctx context.Context, q *playground.Question) (*playground.Answer, error) {
		return playground.Ask(ctx, q, sandbox.Auto)
	}
	err = playground.Serve(ctx, listen, playground.Options{Root: root, Ask: ask}, func(address string) error {
		_, err := fmt.Fprintf(out, "open %s\nIt works once, in one browser. Rules are opened in, and saved to, %s. Ctrl-C ends.\n", address, dir)
		return err
	})
	switch {
	case errors.Is(err, playground.ErrListen):
		return usage(fmt.Errorf("--listen: %w", err), "")
	case err != nil:
		return unsure(err)
	}
	return nil
}
