package server_test

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/reviewgate-app/reviewgate/app/simulate"
)

var update = flag.Bool("update", false, "take the pictures of docs/played again")

// conclusions are what a page of docs/played says of its steps, in their order.
var conclusions = regexp.MustCompile("(?m)^> \\*.*\\*: `(\\w+)`$")

// TestPlayed plays the pull requests of docs/played on a GitHub, by the real server, up to the merge. It looks at each in a browser at the
// step that the page has a picture of.
func TestPlayed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step  int // before which event the picture is taken
		shows []string
	}{
		"small-team":  {2, []string{"@bob", "payments", "Merging is blocked"}},
		"regulated":   {5, []string{"@acme/appsec", "identity", "Checklist", "Merging is blocked"}},
		"open-source": {0, []string{"TLS", "control files", "core", "Merging is blocked"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("../../docs/played", name)
			read := func(file string) []byte {
				data, err := os.ReadFile(filepath.Join(dir, file))
				if err != nil && (file != "floor.yml" || !os.IsNotExist(err)) {
					t.Fatal(err)
				}
				return data
			}
			p, problems := simulate.Parse("pull.yml", read("pull.yml"))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			var states []string
			for _, m := range conclusions.FindAllStringSubmatch(string(read("README.md")), -1) {
				states = append(states, m[1])
			}
			looked := false
			err := playPull(t, p, read("policy.yml"), read("floor.yml"), append(states, "success"), func(step int, s *stage) {
				if step == c.step {
					looked = true
					photograph(t, s.pull.HTMLURL(), name, c.shows)
				}
			})
			if err != nil || !looked {
				t.Error(err, looked)
			}
		})
	}
}

// photograph looks at a pull request at a laptop's and at a phone's width: what matters is there, and nothing sticks out.
func photograph(t *testing.T, address, name string, shows []string) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium on the PATH: .ci/run installs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	allocator, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-quic", true))...)
	defer stop()
	tab, closeTab := chromedp.NewContext(allocator)
	defer closeTab()
	for _, width := range []int64{1280, 390} {
		var sticksOut int
		var text string
		var page, check []byte
		err := chromedp.Run(tab,
			chromedp.EmulateViewport(width, 900),
			chromedp.Navigate(address),
			chromedp.Evaluate(`document.documentElement.scrollWidth - window.innerWidth`, &sticksOut),
			chromedp.Text("body", &text, chromedp.ByQuery),
			chromedp.FullScreenshot(&page, 100),
			chromedp.Screenshot(".check", &check, chromedp.ByQuery),
		)
		if err != nil {
			t.Fatal(err)
		}
		if sticksOut > 0 {
			t.Errorf("at %d pixels the page is %d too wide", width, sticksOut)
		}
		for _, want := range shows {
			if !strings.Contains(text, want) {
				t.Errorf("at %d pixels the page does not show %q", width, want)
			}
		}
		if *update && width == 1280 {
			must(t, os.WriteFile("../../docs/img/played-"+name+".png", page, 0o644))
			must(t, os.WriteFile("../../docs/img/played-"+name+"-check.png", check, 0o644))
		}
	}
}
