package githubtest_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// story plays a whole pull request, so that the page has everything to show.
func story(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, githubtest.Options{})
	ctx := t.Context()
	inst := w.asInstallation()
	agent := w.Bot("octo-agent")
	w.repo.SetRole(agent, "write")
	w.repo.Protect("main", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "reviewgate", App: w.app}}, Approvals: 1})
	w.must(w.pull.Label(w.alice, "agent"))
	head := w.pull.Head()
	step(inst.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "reviewgate", HeadSHA: head, Conclusion: github.String("failure"), Output: &github.CheckRunOutput{
		Title: github.String("1 finding blocks"), Summary: github.String("### What to do\n\n1. Fix `main.go`\n2. Ask @acme/security\n\n| Severity | Rule |\n|:--|--:|\n| **high** | `go-sql` |\n\n<details>\n<summary>Why</summary>\n\nBecause <script>alert(1)</script> [x](javascript:alert(1)).\n\n</details>\n<!-- marker -->"),
		Annotations: []*github.CheckRunAnnotation{{Path: github.String("main.go"), StartLine: github.Int(7), EndLine: github.Int(7), AnnotationLevel: github.String("failure"), Title: github.String("SQL built from input"), Message: github.String("Use a parameter.")}}}})).ok(t, "check run")
	step(inst.PullRequests.CreateReview(ctx, "acme", "shop", 1, &github.PullRequestReviewRequest{CommitID: &head, Body: github.String("One finding needs a look."), Event: github.String("COMMENT"),
		Comments: []*github.DraftReviewComment{{Path: github.String("main.go"), Side: github.String("RIGHT"), Line: github.Int(7), Body: github.String("**high** The value reaches the output.\n\n```suggestion\n\tfmt.Println(\"two\")\n```\n<!-- fp:1234 -->")}}})).ok(t, "review")
	_, err := w.pull.Approve(agent)
	w.must(err)
	_, err = w.pull.Comment(w.alice, "@bob please fix <img src=x onerror=alert(1)> this")
	w.must(err)
	return w
}

func (w *world) page(path string) string {
	w.t.Helper()
	resp, err := http.Get(w.URL() + path)
	w.must(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("GET %s: %s", path, resp.Status)
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		w.t.Errorf("policy %q", csp)
	}
	return string(readAll(w.t, resp.Body))
}

func TestPage(t *testing.T) {
	t.Parallel()
	w := story(t)
	page := w.page("/acme/shop/pull/1")
	for _, want := range []string{"Change main", "wants to merge 1 commit", "octo-agent", `<span class="badge">bot</span>`, "approved these changes", "1 finding blocks", "SQL built from input", "main.go:7",
		"Merging is blocked", "Required status check &#34;reviewgate&#34; is failing.", "The value reaches the output.", `<th align="right">Rule</th>`, "<summary>Why</summary>", "Files changed"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<script", "<img", `href="javascript`, "<!-- marker", "fp:1234", `src="http`, `href="http://fonts`} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if list := w.page("/"); !strings.Contains(list, "/acme/shop/pull/1") {
		t.Error("the list lacks the pull request")
	}
	head := w.pull.Head()
	step(w.asInstallation().Checks.CreateCheckRun(t.Context(), "acme", "shop", github.CreateCheckRunOptions{Name: "reviewgate", HeadSHA: head, Conclusion: github.String("success")})).ok(t, "check run")
	if page = w.page("/acme/shop/pull/1"); !strings.Contains(page, "Ready to merge") {
		t.Error("it should be ready to merge")
	}
	w.must(w.pull.Merge(w.bob))
	if page = w.page("/acme/shop/pull/1"); !strings.Contains(page, "merged this pull request as") || !strings.Contains(page, "state-merged") {
		t.Error("it should be merged")
	}
}

// The page fits a laptop and a phone, in both colour schemes: nothing makes it scroll sideways. With GITHUBTEST_SCREENSHOTS set to a
// folder the pictures are kept there, for eyes to judge.
func TestPageFitsTheScreen(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("REVIEWGATE_E2E") == "1" {
			t.Fatal("chromium is needed")
		}
		t.Skip("there is no chromium here; REVIEWGATE_E2E=1 makes this an error")
	}
	w := story(t)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox)...)
	defer cancel()
	ctx, stop := chromedp.NewContext(ctx)
	defer stop()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			var inner, scroll int64
			var picture []byte
			err := chromedp.Run(ctx, chromedp.EmulateViewport(width, 900, chromedp.EmulateScale(1)),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
				chromedp.Navigate(w.pull.HTMLURL()), chromedp.Evaluate(`window.innerWidth`, &inner), chromedp.Evaluate(`document.documentElement.scrollWidth`, &scroll),
				chromedp.FullScreenshot(&picture, 100))
			if err != nil {
				t.Fatal(err)
			}
			if inner != width || scroll > inner {
				t.Errorf("%s, %d wide: the page is %d wide in a window of %d", scheme, width, scroll, inner)
			}
			if dir := os.Getenv("GITHUBTEST_SCREENSHOTS"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("pull-%d-%s.png", width, scheme)), picture, 0o600); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
