package main

import (
	"io"

	playground "github.com/reviewgate-app/reviewgate/app/play"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks/all"
)

// work is what this program does as its own sandboxed worker: a scan, or a question of the playground and of `rules explain`.
func work(in io.Reader, out io.Writer) error {
	return playground.Work(in, out, func(in io.Reader, out io.Writer) error { return scan.Worker(in, out, all.Checks) })
}
