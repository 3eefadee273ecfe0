package githubtest_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
		"Merging is blocked", "Required status check &#34;reviewgate&#34; is failing.", "The value reaches the output.", "Suggested change", `<th class="right">Rule</th>`, "<summary>Why</summary>", "Files changed"} {
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

// With GITHUBTEST_SCREENSHOTS set to a folder, the page is drawn there in Chromium at a laptop's and a phone's width, for eyes to judge.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("GITHUBTEST_SCREENSHOTS")
	chromium, err := exec.LookPath("chromium")
	if dir == "" || err != nil {
		return
	}
	w := story(t)
	for _, size := range []string{"1280,2400", "500,3200"} {
		out := filepath.Join(dir, "pull-"+strings.ReplaceAll(size, ",", "x")+".png")
		cmd := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size="+size, "--screenshot="+out, fmt.Sprintf("%s/acme/shop/pull/1", w.URL()))
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, text)
		}
	}
}
