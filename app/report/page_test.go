package report

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestPage shows comments and the summary of a check run in a browser, with the style sheet that GitHub publishes for its own Markdown: light and
// dark, wide and as narrow as a telephone. Nothing may stick out but tables, which scroll by themselves. With REVIEWGATE_PAGES the pictures are kept
// in that folder; with REVIEWGATE_AXE, the path of axe-core's axe.min.js, that has its say on each page, too. (Not on what is GitHub's own: the
// heading of its page, how a wide table scrolls, and whether links are underlined.)
func TestPage(t *testing.T) {
	t.Parallel()
	in := decided()
	in.Scan.Findings[0].Fix.Text = "connection"
	talked := &Input{Tool: in.Tool, Repo: in.Repo, Number: 7, Decision: talked()}
	long := decided()
	long.Scan.Findings[0].Location.Path = strings.Repeat("a/very/deep/folder/", 12) + "file.py"
	long.Scan.Findings[0].Message = "The query is put together from `" + strings.Repeat("a_very_long_name_", 15) + "`. Pass it as a parameter"
	review := RenderReview(in, nil)
	parts := map[string]string{
		"check":   RenderCheckRun(in, "reviewgate").Summary,
		"review":  review.Body + "\n\n" + review.Comments[0].Body + "\n---\n\n" + review.Comments[1].Body + "\n---\n\n" + RenderFixed(review.Comments[0].Body, strings.Repeat("ab", 20)),
		"talked":  RenderCheckRun(talked, "reviewgate").Summary + "\n---\n\n" + RenderReply(talked, "dave", []Result{{Command: "waive payments", Because: "is not among those who may waive"}, {Command: "attest release", Done: true, Because: "attested by @bob"}}, false),
		"long":    RenderCheckRun(long, "reviewgate").Summary,
		"hostile": RenderCheckRun(everywhere("@alice <b>|`x`"), "reviewgate").Summary,
	}
	style, err := os.ReadFile("testdata/github-markdown.css")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		if err := gfm.Convert([]byte(parts[strings.Trim(r.URL.Path, "/")]), &b); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><html lang=en><meta name=viewport content='width=device-width, initial-scale=1'><title>%s</title><style>%s\nbody{margin:0}.markdown-body{padding:16px;max-width:900px}</style><main class=markdown-body>%s</main>", r.URL.Path[1:], style, &b)
	}))
	t.Cleanup(server.Close)
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium on the PATH: .ci/run installs it")
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	allocator, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-quic", true))...)
	defer stop()
	tab, closeTab := chromedp.NewContext(allocator)
	defer closeTab()
	for name := range parts {
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{390, 1000} {
				var sticksOut []string
				var picture []byte
				err := chromedp.Run(tab,
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					chromedp.EmulateViewport(width, 900),
					chromedp.Navigate(server.URL+"/"+name),
					chromedp.Evaluate(`document.querySelectorAll('details').forEach(d => d.open = true);
						[...document.querySelectorAll('main *')].filter(e => !e.closest('table, pre') && e.getBoundingClientRect().right > window.innerWidth + 1).map(e => e.tagName + ' ' + e.textContent.slice(0, 60))`, &sticksOut),
					chromedp.FullScreenshot(&picture, 100),
				)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if len(sticksOut) > 0 {
					t.Errorf("%s, %d wide: these stick out: %q", name, width, sticksOut)
				}
				if path := os.Getenv("REVIEWGATE_AXE"); path != "" {
					axe, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					var problems []string
					err = chromedp.Run(tab, chromedp.Evaluate(string(axe), nil), chromedp.Evaluate(`axe.run({rules: Object.fromEntries(['page-has-heading-one', 'scrollable-region-focusable', 'link-in-text-block'].map(id => [id, {enabled: false}]))}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ').slice(0, 200)))`, &problems,
						func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
					if err != nil || len(problems) > 0 {
						t.Errorf("%s, %s, %d wide: axe: %q %v", name, scheme, width, problems, err)
					}
				}
				if dir := os.Getenv("REVIEWGATE_PAGES"); dir != "" {
					if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", name, scheme, width)), picture, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}
