package play

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
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

	"github.com/reviewgate-app/reviewgate/app/sandbox"
)

var pictures = flag.String("pictures", "", "write the pictures of the page into this folder")

// axe gives the script that finds what people without sight, colours or a mouse cannot use. It is no part of the product: npm has it.
func axe(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("npm", "pack", "axe-core@4.14.1", "--silent", "--pack-destination", dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm pack axe-core: %v\n%s", err, out)
	}
	f, err := os.Open(filepath.Join(dir, "axe-core-4.14.1.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if err != nil {
			t.Fatalf("axe-core has no script: %v", err)
		}
		if h.Name == "package/axe.min.js" {
			script, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return string(script)
		}
	}
}

// TestBrowser uses the page in a real browser, with the keyboard alone, in light and dark, wide and narrow.
func TestBrowser(t *testing.T) {
	t.Parallel()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium on the PATH: .ci/run installs it")
	}
	script := axe(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	serving, stopServing := context.WithCancel(ctx)
	opened, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- Serve(serving, "127.0.0.1:0", Options{Root: root, Ask: func(ctx context.Context, q *Question) (*Answer, error) { return Ask(ctx, q, sandbox.Auto) }},
			func(address string) error { opened <- address; return nil })
	}()
	address := <-opened

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
	focused := func() (id string) {
		t.Helper()
		do(chromedp.Evaluate(`document.activeElement.id || document.activeElement.textContent.trim()`, &id))
		return id
	}
	says := func(selector, want string) {
		t.Helper()
		do(chromedp.Poll(fmt.Sprintf(`document.querySelector(%q)?.textContent.includes(%q)`, selector, want), nil, chromedp.WithPollingTimeout(20*time.Second)))
	}
	do(log.Enable(), runtime.Enable(), chromedp.EmulateViewport(1440, 1000), chromedp.Navigate(address), chromedp.WaitVisible("#result"))

	// From the top, tab by tab.
	var order []string
	for range 8 {
		do(chromedp.KeyEvent(kb.Tab))
		order = append(order, focused())
	}
	if got, want := strings.Join(order, ", "), "open, Open, file, rule, path, code, save, line 3"; got != want {
		t.Errorf("the keyboard goes %s, want %s", got, want)
	}
	do(chromedp.KeyEvent(kb.Enter)) // a match: it is gone to
	if id := focused(); id != "code" {
		t.Errorf("a match leads to %s", id)
	}
	says(".summary", "1 match; the test passes")
	do(chromedp.Evaluate(`document.getElementById("code").setSelectionRange(1e6, 1e6)`, nil), chromedp.KeyEvent("\n    eval(more)"))
	says(".summary", "2 matches; the test fails")
	says("#result", "my-rule should not report it")
	says("#result .why h2", "Line 7: yes")
	do(chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp))
	says("#result .why", "pattern-not in line 8 of the rule took it out")
	var marked string
	do(chromedp.Evaluate(`[...document.querySelectorAll("#marks mark")].map(m => m.textContent).join("|")`, &marked))
	if marked != `eval(request.args["q"])|eval(more)` {
		t.Errorf("marked: %s", marked)
	}
	do(chromedp.KeyEvent("s", chromedp.KeyModifiers(2))) // Ctrl
	says("#said", "saved my-rule.yaml and testdata/my-rule.py")
	if data, err := os.ReadFile(filepath.Join(dir, "testdata", "my-rule.py")); err != nil || !bytes.HasSuffix(data, []byte("\n    eval(more)")) {
		t.Errorf("%q %v", data, err)
	}
	var offered string
	do(chromedp.Evaluate(`[...document.querySelectorAll("#open option")].map(o => o.text + (o.selected ? "*" : "")).join("|")`, &offered))
	if offered != "my-rule.yaml*" {
		t.Errorf("offered to be opened after saving: %s", offered)
	}
	do(chromedp.Evaluate(`document.querySelector("#tree").open = true`, nil))

	for _, look := range []struct {
		name   string
		width  int64
		scheme string
	}{{"wide", 1440, "light"}, {"wide-dark", 1440, "dark"}, {"narrow", 390, "light"}, {"narrow-dark", 390, "dark"}} {
		var sticksOut int
		var picture []byte
		var found string
		do(chromedp.EmulateViewport(look.width, 1000),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}}),
			chromedp.Evaluate(`document.documentElement.scrollWidth - window.innerWidth`, &sticksOut),
			chromedp.Evaluate(script+`;0`, nil),
			chromedp.Evaluate(`axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.html + " " + n.failureSummary)])))`, &found,
				func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
			chromedp.FullScreenshot(&picture, 100))
		if sticksOut > 0 {
			t.Errorf("%s: the page is %d too wide", look.name, sticksOut)
		}
		var violations []any
		if err := json.Unmarshal([]byte(found), &violations); err != nil || len(violations) > 0 {
			t.Errorf("%s: %v %s", look.name, err, found)
		}
		if *pictures != "" {
			if err := os.WriteFile(filepath.Join(*pictures, "playground-"+look.name+".png"), picture, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	mu.Lock()
	if len(complaints) > 0 {
		t.Errorf("the browser complains: %q", complaints)
	}
	mu.Unlock()
	// Once it has ended, the page says so.
	stopServing()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	do(chromedp.Focus("#code"), chromedp.KeyEvent("x"))
	says(".summary", "The playground does not answer")
}
