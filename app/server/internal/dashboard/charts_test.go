package dashboard

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

var (
	chartPictures = flag.String("chart-pictures", "", "write the pictures of the pages with charts into this folder")
	chartDatabase = flag.String("chart-database", "", "show this database instead of made-up changes")
)

// TestCharts opens the pages about quality in a real browser: wide and narrow, light and dark, by keyboard, with axe-core, and with no word against the policy for scripts.
func TestCharts(t *testing.T) {
	t.Parallel()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium on the PATH: .ci/run installs it")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, "axe-core@4.14.1").CombinedOutput(); err != nil {
		t.Fatalf("npm install axe-core: %v\n%s", err, out)
	}
	axe, err := os.ReadFile(filepath.Join(dir, "node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	p, _ := newPlace(t, "sqlite", 4000, nil)
	now, facts := p.now, p.opt.Quality
	if *chartDatabase != "" {
		st, err := store.OpenRead(t.Context(), *chartDatabase)
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		now, facts = time.Now(), st
	}
	d, err := New(Options{Loopback: true, Facts: &fixed{}, Quality: facts, Records: p.opt.Records, Rubric: p.opt.Rubric, Version: "test", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(d.ServeHTTP))
	defer server.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	allocator, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-quic", true))...)
	defer stop()
	tab, closeTab := chromedp.NewContext(allocator)
	defer closeTab()
	var mu sync.Mutex
	var complaints []string
	chromedp.ListenTarget(tab, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			complaints = append(complaints, e.Entry.Text)
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, e.ExceptionDetails.Error())
		}
	})
	do := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(tab, actions...); err != nil {
			t.Fatal(err)
		}
	}
	do(log.Enable(), runtime.Enable())
	for _, page := range []struct{ name, path string }{
		{"quality", "/quality?since=all"}, {"agents", "/agents?since=all"}, {"rules", "/rules?since=all"}, {"alarms", "/alarms"}, {"rubric", "/rubric?judge=1"}, {"cost", "/cost?since=all"}, {"records", "/records"}, {"nothing", "/quality?model=none"},
	} {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 390} {
				what := fmt.Sprintf("%s-%s-%d", page.name, scheme, width)
				do(chromedp.EmulateViewport(width, 900), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					chromedp.Navigate(server.URL+page.path), chromedp.WaitReady("main"), chromedp.Poll(`document.readyState === "complete"`, nil))
				var seen struct {
					Canvas, Figures, Overflow int
					Focus                     string
				}
				do(chromedp.Evaluate(`({Canvas: [...document.querySelectorAll("canvas")].filter((c) => c.width > 100 && new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer).some((v) => v)).length,
					Figures: document.querySelectorAll("figure.chart").length, Overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth, Focus: ""})`, &seen))
				if seen.Canvas != seen.Figures || (page.name == "quality" || page.name == "agents" || page.name == "rubric" || page.name == "cost") != (seen.Figures == 1) {
					t.Errorf("%s: %d of %d charts are drawn", what, seen.Canvas, seen.Figures)
				}
				if seen.Overflow > 0 {
					t.Errorf("%s: it is %d pixels wider than the window", what, seen.Overflow)
				}
				var found string
				do(chromedp.Evaluate(string(axe)+";0", nil), chromedp.Evaluate(`axe.run().then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.help, v.nodes.map((n) => n.html.slice(0, 160)).slice(0, 3)])))`, &found, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
				var violations [][]any
				if err := json.Unmarshal([]byte(found), &violations); err != nil {
					t.Fatal(err)
				}
				for _, v := range violations {
					t.Errorf("%s: %v", what, v)
				}
				if *chartPictures != "" {
					var picture []byte
					do(chromedp.FullScreenshot(&picture, 100))
					if err := os.WriteFile(filepath.Join(*chartPictures, what+".png"), picture, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	// By keyboard: from the top to the filter, another number chosen and shown; then the table behind the chart is unfolded.
	var at string
	do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(server.URL+"/quality?since=all"), chromedp.WaitReady("main"))
	press := func(key string, until string) {
		t.Helper()
		for range 60 {
			do(chromedp.KeyEvent(key), chromedp.Evaluate(`document.activeElement.id || document.activeElement.textContent.trim()`, &at))
			if at == until {
				return
			}
		}
		t.Fatalf("the keyboard does not reach %q; it is at %q", until, at)
	}
	press(kb.Tab, "metric")
	do(chromedp.KeyEvent("Blocked"))
	press(kb.Tab, "Show")
	if _, err := chromedp.RunResponse(tab, chromedp.KeyEvent(kb.Enter)); err != nil {
		t.Fatal(err)
	}
	do(chromedp.Poll(`location.search.includes("metric=blocked") && document.querySelector("h2")?.textContent.includes("Blocked")`, nil, chromedp.WithPollingTimeout(20*time.Second)))
	press(kb.Tab, "The same numbers as a table")
	do(chromedp.KeyEvent(kb.Enter), chromedp.Poll(`document.querySelector("#weeks").open`, nil, chromedp.WithPollingTimeout(20*time.Second)))
	mu.Lock()
	defer mu.Unlock()
	if len(complaints) > 0 {
		t.Errorf("the browser complains: %s", strings.Join(complaints, "\n"))
	}
}
