package report

import (
	"io"
	"os"

	"github.com/fatih/color"
	"golang.org/x/term"
)

// Terminal says what a writer's reader can see: no colour and no width where it is no terminal. https://no-color.org is honoured.
func Terminal(w io.Writer) Options {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return Options{}
	}
	opt := Options{Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil {
		opt.Width = width
	}
	return opt
}

// Painter gives what colours text; where colour is not on, it leaves it as it is.
func Painter(on bool) func(attrs ...color.Attribute) func(a ...any) string {
	return func(attrs ...color.Attribute) func(...any) string {
		c := color.New(attrs...)
		if on {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.SprintFunc()
	}
}

// OneLine is visible on one line.
func OneLine(s string) string { return oneLine(s) }
