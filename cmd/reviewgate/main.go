// Command reviewgate reviews changes before they are merged: as a command line, as a GitHub Action and as a GitHub App.
//
// This package only connects: each file is one command, which reads flags, calls the rooms in order, and turns the outcome into an exit code.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
)

func main() {
	// The scan runs in a child process of this same binary, which has to know itself before anything else happens.
	if sandbox.IsWorker() {
		os.Exit(sandbox.Serve(work))
	}
	os.Exit(run())
}

// The exit codes, the same for every command.
const (
	exitPass    = 0 // nothing blocks
	exitBlocked = 1 // a finding blocks, or a test failed
	exitUsage   = 2 // wrong flags, arguments, or configuration
	exitUnsure  = 3 // could not tell: something failed on the way
)

func run() int {
	ctx, stopped := untilSignal()
	err := rootCommand().ExecuteContext(ctx)
	if err == nil {
		return exitPass
	}
	if sig := stopped(); sig != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "reviewgate: interrupted")
		return endBy(sig)
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{code: exitUsage, err: err} // cobra's own
	}
	if exit.err != nil {
		fmt.Fprintf(os.Stderr, "reviewgate: %v\n", exit.err)
		if exit.remedy != "" {
			fmt.Fprintf(os.Stderr, "  hint: %s\n", exit.remedy)
		}
	}
	return exit.code
}

// An exitError carries the exit code; err is nil where the output has said it all.
type exitError struct {
	code   int
	err    error
	remedy string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error, remedy string) error {
	return &exitError{code: exitUsage, err: err, remedy: remedy}
}

func unsure(err error) error { return &exitError{code: exitUnsure, err: err} }

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "reviewgate",
		Short: "The review gate between coding agents and your main branch",
		Long: `reviewgate reviews a change before it is merged: it looks for the flaws that coding agents tend to
introduce, and as a GitHub App it blocks the merge until they are fixed and the right people have approved.

Exit codes: 0 nothing blocks, 1 something blocks, 2 wrong usage or configuration, 3 could not tell.`,
		Version:       toolVersion(),
		Args:          onlyCommands,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate(versionLine())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(err, "`"+cmd.CommandPath()+" --help` lists the flags")
	})
	root.AddCommand(scanCommand(), actionCommand(), rulesCommand(), policyCommand(), doctorCommand(), serveCommand(), dbCommand(), auditCommand(), qualityCommand(), recordsCommand(), verifyCommand(), manualCommand(), versionCommand())
	return root
}

// onlyCommands is the Args of a command that only groups others.
func onlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	cmd.SuggestionsMinimumDistance = 2
	remedy := "`" + cmd.CommandPath() + " --help` lists the commands"
	if meant := cmd.SuggestionsFor(args[0]); len(meant) > 0 {
		remedy = "did you mean `" + cmd.CommandPath() + " " + strings.Join(meant, "` or `"+cmd.CommandPath()+" ") + "`?"
	}
	return usage(fmt.Errorf("unknown command %q", args[0]), remedy)
}
