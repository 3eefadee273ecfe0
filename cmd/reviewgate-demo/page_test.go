package main

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "write the picture of the README again")

// TestPage looks at the pull request's page in a real browser, at a laptop's and a phone's width: what matters is there, and nothing sticks out.
func TestPage(t *testing.T) {
	t.Parallel()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium on the PATH: .ci/run installs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	w, err := newWorld(options{listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.serve(ctx, options{}, os.Stderr); err != nil {
		t.Fatal(err)
	}
	if err := w.openFirst(); err != nil {
		t.Fatal(err)
	}
	if err := w.settled(ctx, "failure"); err != nil {
		t.Fatal(err)
	}

	allocator, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-quic", true))...)
	defer stop()
	tab, closeTab := chromedp.NewContext(allocator)
	defer closeTab()
	for _, width := range []int64{1280, 390} {
		var sticksOut int
		var text string
		var picture []byte
		err := chromedp.Run(tab,
			chromedp.EmulateViewport(width, 900),
			chromedp.Navigate(w.pull.HTMLURL()),
			chromedp.Evaluate(`document.documentElement.scrollWidth - window.innerWidth`, &sticksOut),
			chromedp.Text("body", &text, chromedp.ByQuery),
			chromedp.FullScreenshot(&picture, 100),
		)
		if err != nil {
			t.Fatal(err)
		}
		if sticksOut > 0 {
			t.Errorf("at %d pixels the page is %d too wide", width, sticksOut)
		}
		for _, want := range []string{"SQL built from strings", "A test proves less than before", "Blocked by 1 finding", "Ask @acme/security", "Merging is blocked", "shop/auth/session.py"} {
			if !strings.Contains(text, want) {
				t.Errorf("at %d pixels the page does not show %q", width, want)
			}
		}
		if *update && width == 1280 {
			if err := os.WriteFile("../../docs/img/pull-request.png", picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
