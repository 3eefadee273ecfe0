package server_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
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
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

var pictures = flag.String("pictures", "", "write the pictures of the pages into this folder")

// axe gives the script that finds what people without sight, colours or a mouse cannot use. It is no part of the product: npm has it.
func axe(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "npm", "pack", "axe-core@4.14.1", "--silent", "--pack-destination", dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm pack axe-core: %v\n%s", err, out)
	}
	f, err := os.Open(filepath.Join(dir, "axe-core-4.14.1.tgz"))
	must(t, err)
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	must(t, err)
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			t.Fatal("axe-core has no script")
		}
		must(t, err)
		if h.Name == "package/axe.min.js" {
			script, err := io.ReadAll(r)
			must(t, err)
			return string(script)
		}
	}
}

// A browser is Chromium with one tab.
type browser struct {
	t    *testing.T
	tab  context.Context
	axe  string
	mu   sync.Mutex
	said []string // complaints of the browser: scripts that threw, content that the policy of the page forbids
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium on the PATH: .ci/run installs it")
	}
	b := &browser{t: t, axe: axe(t)}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	allocator, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-quic", true))...)
	t.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	b.tab = tab
	chromedp.ListenTarget(tab, func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			b.said = append(b.said, e.Entry.Text+" "+e.Entry.URL)
		case *runtime.EventExceptionThrown:
			b.said = append(b.said, e.ExceptionDetails.Error())
		}
	})
	b.do(log.Enable(), runtime.Enable(), chromedp.EmulateViewport(1440, 1000))
	return b
}

func (b *browser) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.tab, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) complaints() (out []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	out, b.said = b.said, nil
	return out
}

func (b *browser) says(want string) {
	b.t.Helper()
	var text string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		// While the tab goes to another page there is nothing to ask.
		if err := chromedp.Run(b.tab, chromedp.Poll(fmt.Sprintf(`document.body && document.body.textContent.includes(%q)`, want), nil, chromedp.WithPollingTimeout(2*time.Second))); err == nil {
			return
		}
	}
	b.do(chromedp.Text("body", &text, chromedp.ByQuery))
	b.t.Fatalf("the page does not say %q:\n%s", want, text)
}

// looks opens the page as it is in every size and light: nothing sticks out, axe-core and the browser have no complaint.
func (b *browser) looks(name, address string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(1440, 1000), chromedp.Navigate(address))
	for _, look := range []struct {
		name   string
		width  int64
		scheme string
	}{{"wide-light", 1440, "light"}, {"wide-dark", 1440, "dark"}, {"narrow-light", 390, "light"}, {"narrow-dark", 390, "dark"}} {
		var out int
		var picture []byte
		var found string
		b.do(chromedp.EmulateViewport(look.width, 1000),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}}),
			chromedp.Evaluate(`document.documentElement.scrollWidth - window.innerWidth`, &out),
			chromedp.Evaluate(b.axe+`;0`, nil),
			chromedp.Evaluate(`axe.run().then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.html + " " + n.failureSummary)])))`, &found,
				func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
			chromedp.FullScreenshot(&picture, 100))
		if out > 0 {
			b.t.Errorf("%s, %s: the page is %d too wide", name, look.name, out)
		}
		var violations []any
		if err := json.Unmarshal([]byte(found), &violations); err != nil || len(violations) > 0 {
			b.t.Errorf("%s, %s: %v %s", name, look.name, err, found)
		}
		if *pictures != "" {
			must(b.t, os.WriteFile(filepath.Join(*pictures, name+"-"+look.name+".png"), picture, 0o600))
		}
	}
	for _, s := range b.complaints() {
		b.t.Errorf("%s: the browser complains: %s", name, s)
	}
}

// TestPagesInABrowser signs in with the keyboard alone, looks at every page in each size and light, and sees one change by itself.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	w := newPageWorld(t)
	p := w.openTitled("topic", "Take the amount from the order", map[string]string{"pay/card.go": "package pay\n\n// FLAW\n", "pay/refund.go": "package pay\n\n// FLAW\n"})
	w.expect(p, "failure")
	w.push("topic", map[string]string{"pay/card.go": "package pay\n\n// fine\n"})
	w.expect(p, "failure")
	waits := w.openTitled("card", "Round amounts to whole cents", pay)
	w.expect(waits, "action_required")
	passes := w.openTitled("readme", "Say what the shop sells", map[string]string{"README.md": "The shop sells books.\n"})
	w.expect(passes, "success")
	hostile := w.openTitled("odd", `<script>alert(1)</script> "><img src=x> `+"\u202eevil\u202c "+strings.Repeat("W", 120), map[string]string{"pay/" + strings.Repeat("long-name-", 12) + "<b>.go": "FLAW\n"})
	w.expect(hostile, "failure")

	must(t, w.srv.KeepUnreadable(t.Context(), "0b2c8f6e-1111-4222-8333-444455556666", "pull_request", []byte("{<b>"))) // a dead letter
	b := newBrowser(t)
	b.looks("sign-in", w.base+"/login")
	w.hub.SignInAs(w.root)
	b.do(chromedp.EmulateViewport(1440, 1000), chromedp.Navigate(w.base+"/"))
	b.says("Sign in with GitHub")
	b.press("Sign in with GitHub")
	b.says("Signed in as root, administrator")
	b.complaints()

	b.looks("overview", w.base+"/")
	b.looks("pulls", w.base+"/pulls")
	b.looks("pulls-none", w.base+"/pulls?q=nothing+is+called+so")
	b.looks("repositories", w.base+"/repositories")
	b.looks("repository", fmt.Sprintf("%s/repositories/%d", w.base, w.repo.ID))
	b.looks("dead-letters", w.base+"/dead-letters")
	b.looks("audit", w.base+"/audit")
	b.looks("playground", w.base+"/play/")
	for name, q := range map[string]*githubtest.Pull{"pull-blocked": p, "pull-waits": waits, "pull-passes": passes, "pull-hostile": hostile} {
		b.looks(name, fmt.Sprintf("%s/repositories/%d/pulls/%d", w.base, w.repo.ID, q.Number))
	}
	b.do(chromedp.Navigate(w.base + "/nothing"))
	b.complaints() // that it was answered with 404
	b.looksHere("not-found")

	// A page that is open follows what happens, and what was unfolded stays unfolded.
	b.do(chromedp.EmulateViewport(1440, 1000), chromedp.Navigate(fmt.Sprintf("%s/repositories/%d/pulls/%d", w.base, w.repo.ID, waits.Number)))
	b.says("Needs 1 approval from @bob")
	b.do(chromedp.Evaluate(`document.querySelector(".timeline details").open = true`, nil))
	w.approve(waits, w.bob)
	b.says("waiting for people before, now passes")
	var open bool
	b.do(chromedp.Evaluate(`document.querySelectorAll(".timeline details[open]").length === 1`, &open))
	if !open {
		t.Error("what was unfolded is folded again")
	}
	// A poll that finds nothing new costs no page.
	var status int
	b.do(chromedp.Evaluate(`new Promise(done => document.addEventListener("htmx:afterRequest", e => e.detail.xhr.status === 304 && done(304)))`, &status,
		func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	for _, s := range b.complaints() {
		t.Errorf("the browser complains: %s", s)
	}

	// What cannot be undone asks first.
	b.do(chromedp.Navigate(w.base + "/dead-letters"))
	b.press("Drop delivery 0b2c8f6e-1111-4222-8333-444455556666")
	b.press("Yes, drop it: it is never done")
	b.says("It was dropped.")
	b.says("There are none.")

	// Without JavaScript everything is there, too.
	b.do(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(w.base+"/pulls?decision=block"))
	var text string
	b.do(emulation.SetScriptExecutionDisabled(false), chromedp.Text("main", &text, chromedp.ByQuery))
	if !strings.Contains(text, "Take the amount from the order") || strings.Contains(text, "Say what the shop sells") {
		t.Error(text)
	}
	// Signing out by the keyboard.
	b.do(chromedp.Navigate(w.base + "/pulls"))
	b.press("Sign out")
	b.says("Sign in with GitHub")
	if s := w.hub.Violations(); len(s) > 0 {
		t.Error(s)
	}
}

// press goes to a link or button with the Tab key and presses Enter.
func (b *browser) press(text string) {
	b.t.Helper()
	for range 60 {
		var at string
		var ring bool
		b.do(chromedp.KeyEvent(kb.Tab), chromedp.Evaluate(`document.activeElement.textContent.trim()`, &at),
			chromedp.Evaluate(`getComputedStyle(document.activeElement).outlineStyle !== "none"`, &ring))
		if !ring {
			b.t.Errorf("the focus on %q cannot be seen", at)
		}
		if at == text {
			b.do(chromedp.KeyEvent(kb.Enter))
			return
		}
	}
	b.t.Fatalf("%q cannot be reached with the keyboard", text)
}

// looksHere is looks of the page that is open.
func (b *browser) looksHere(name string) {
	b.t.Helper()
	var here string
	b.do(chromedp.Location(&here))
	b.do(page.Enable())
	b.looks(name, here+"#main") // the same document: it is not asked for again
}

func (w *pageWorld) openTitled(branch, title string, files map[string]string) *githubtest.Pull {
	w.t.Helper()
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "change", Branch: branch, Parents: []string{"main"}, Files: files})
	must(w.t, err)
	p, err := w.repo.OpenPull(w.alice, githubtest.PullOptions{Title: title, Head: branch, Base: "main"})
	must(w.t, err)
	w.pulls = append(w.pulls, p)
	return p
}
