package main

import (
	"io"

	"github.com/fatih/color"

	"github.com/reviewgate-app/reviewgate/app/report"
)

// paint colours text where it is read at a terminal; everywhere else it leaves it as it is.
type paint struct{ bold, dim, good, bad, warn, path func(a ...any) string }

func newPaint(w io.Writer) paint {
	style := report.Painter(report.Terminal(w).Color)
	return paint{style(color.Bold), style(color.Faint), style(color.FgGreen, color.Bold), style(color.FgRed, color.Bold), style(color.FgYellow, color.Bold), style(color.FgCyan)}
}
