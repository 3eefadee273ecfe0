package scan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

func asking(text string) *Input {
	return &Input{
		Files:     []*checks.File{{Path: "a.go", Status: checks.Added}, {Path: "packages.txt", Status: checks.Added}},
		Contents:  []Content{{checks.Head, "a.go", []byte("not-asked-for")}, {checks.Head, "packages.txt", []byte(text)}, {checks.Head, "sub/packages.txt", []byte("old")}},
		HeadPaths: []string{"a.go", "packages.txt", "sub/packages.txt"},
	}
}

// TestAsk: the worker says the same as this process; sorted, each once, and nothing that could not be a name.
func TestAsk(t *testing.T) {
	t.Parallel()
	in := asking("b\na\nb\n\n" + strings.Repeat("x", maxAskedName+1) + "\n")
	for _, mode := range []sandbox.Mode{sandbox.Off, sandbox.Auto} {
		asked, err := Ask(t.Context(), in, fakes, Options{Sandbox: mode})
		if err != nil || fmt.Sprint(asked) != "[{npm a } {npm b }]" {
			t.Errorf("%s: %v %v", mode, asked, err)
		}
	}
	if in.AskOnly || len(in.Files) != 2 {
		t.Error("the caller's input was changed")
	}
}

// TestAskBounds: too many names are cut, and what fails is an error.
func TestAskBounds(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range maxAsked + 10 {
		fmt.Fprintf(&many, "p%06d\n", i)
	}
	for _, mode := range []sandbox.Mode{sandbox.Off, sandbox.Auto} {
		if asked, err := Ask(t.Context(), asking(many.String()), fakes, Options{Sandbox: mode}); err != nil || len(asked) != maxAsked {
			t.Errorf("%s: %d names, %v", mode, len(asked), err)
		}
		in := asking("a")
		in.Text.Title = "cannot ask"
		if _, err := Ask(t.Context(), in, fakes, Options{Sandbox: mode}); err == nil || !strings.Contains(err.Error(), "fake/moods: it cannot ask") {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// TestAskNothing: where no changed file is looked at, no worker is started.
func TestAskNothing(t *testing.T) {
	t.Parallel()
	none := func([]*rules.Rule) ([]*checks.Check, error) {
		list, err := fakes(nil)
		for _, c := range list {
			c.Asks = nil
		}
		return list, err
	}
	unchanged, off := asking("a"), asking("a")
	unchanged.Files = unchanged.Files[:1]
	off.NoBuiltin = true
	for name, c := range map[string]struct {
		in   *Input
		list Lister
	}{"no check asks": {asking("a"), none}, "nothing changed": {unchanged, fakes}, "no built-in checks": {off, fakes}} {
		// A mode that does not exist would be refused by whoever starts a worker.
		if asked, err := Ask(t.Context(), c.in, c.list, Options{Sandbox: "none such"}); err != nil || asked != nil {
			t.Errorf("%s: %v %v", name, asked, err)
		}
	}
}
