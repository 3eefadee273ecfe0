// Command reviewgate-demo shows the whole product on one machine, without credentials: a GitHub made for tests, the App, and a pull request
// by a coding agent, from the webhook to the merge. It is a program of its own, so that the product does not carry the fake.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/reviewgate-app/reviewgate/app/play"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks/all"
)

func main() {
	if sandbox.IsWorker() {
		os.Exit(sandbox.Serve(func(in io.Reader, out io.Writer) error {
			return play.Work(in, out, func(in io.Reader, out io.Writer) error { return scan.Worker(in, out, all.Checks) })
		}))
	}
	var opt options
	flag.BoolVar(&opt.once, "once", false, "end after the story")
	flag.StringVar(&opt.output, "output", "", "write the story as JSON to this `file`, one entry per step")
	flag.StringVar(&opt.listen, "listen", "127.0.0.1:0", "`address` of the pages")
	flag.BoolVar(&opt.verbose, "verbose", false, "show the server's log")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, opt, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintf(os.Stderr, "reviewgate-demo: %v\n", err)
		os.Exit(1)
	}
}

type options struct {
	once, verbose  bool
	output, listen string
}

func run(ctx context.Context, opt options, stdout, stderr io.Writer) (err error) {
	w, err := newWorld(opt)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.serve(ctx, opt, stderr); err != nil {
		return err
	}

	fmt.Fprintf(stdout, "A GitHub for tests runs at %s, the App beside it. No request leaves this machine.\n\n", w.hub.URL())
	steps, err := tell(ctx, w, stdout)
	if err != nil {
		return err
	}
	if opt.output != "" {
		data, err := json.MarshalIndent(steps, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(opt.output, append(data, '\n'), 0o644); err != nil {
			return fmt.Errorf("writing the story: %w", err)
		}
	}
	if opt.once {
		return nil
	}
	waiting, err := w.openAgain(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nOpen in a browser:\n  %s   the pull request of the story, merged\n  %s   the same change once more, still blocked\n  http://%s/   the pages of the one who runs the App\n\nCtrl-C ends the demonstration.\n", w.pull.HTMLURL(), waiting.HTMLURL(), w.addr)
	<-ctx.Done()
	return nil
}
