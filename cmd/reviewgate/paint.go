package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/fatih/color"
	"golang.org/x/term"
)

// paint colours text where it is read at a terminal; everywhere else it leaves it as it is.
type paint struct{ bold, dim, good, bad, warn, path func(a ...any) string }

// newPaint is for a writer; https://no-color.org is honoured.
func newPaint(w io.Writer) paint {
	file, ok := w.(*os.File)
	on := ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	style := func(attrs ...color.Attribute) func(...any) string {
		c := color.New(attrs...)
		if on {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.SprintFunc()
	}
	return paint{style(color.Bold), style(color.Faint), style(color.FgGreen, color.Bold), style(color.FgRed, color.Bold), style(color.FgYellow, color.Bold), style(color.FgCyan)}
}

// visible writes out what a terminal would obey instead of show: rules and code come from strangers.
func visible(s string) string {
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, `\u{%x}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}

func oneLine(s string) string { return visible(strings.Join(strings.Fields(s), " ")) }
