package githubtest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// refused fails the test unless an error is GitHub's, with this status and these words.
func refused(t *testing.T, err error, status int, words string) {
	t.Helper()
	var e *github.ErrorResponse
	if !errors.As(err, &e) || e.Response.StatusCode != status || !strings.Contains(e.Error(), words) {
		t.Errorf("got %v, want %d with %q", err, status, words)
	}
}

func TestMergeIsRefusedUntilTheAppsCheckSucceeds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	ctx := t.Context()
	bob, inst := w.as(w.bob), w.asInstallation()
	w.repo.Protect("main", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "reviewgate", App: w.app}}, Approvals: 1, DismissStale: true, EnforceAdmins: true})
	merge := func(sha string) error {
		_, _, err := bob.PullRequests.Merge(ctx, "acme", "shop", 1, "", &github.PullRequestOptions{SHA: sha})
		return err
	}
	post := func(status, conclusion string) {
		t.Helper()
		o := github.CreateCheckRunOptions{Name: "reviewgate", HeadSHA: w.pull.Head(), Status: &status}
		if conclusion != "" {
			o.Conclusion = &conclusion
		}
		step(inst.Checks.CreateCheckRun(ctx, "acme", "shop", o)).ok(t, "check run")
	}
	refused(t, merge(""), 405, `At least 1 approving review is required by reviewers with write access. Required status check "reviewgate" is expected.`)
	_, err := w.pull.Approve(w.carol)
	w.must(err)
	refused(t, merge(""), 405, `Required status check "reviewgate" is expected.`)

	// The same name from another source does not count.
	other, err := w.NewApp(githubtest.AppOptions{Slug: "impostor", Owner: w.acme, Permissions: map[string]string{"checks": "write", "statuses": "write"}})
	w.must(err)
	otherInst := other.Install(w.acme, w.alice)
	step(w.installation(other, otherInst).Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "reviewgate", HeadSHA: w.pull.Head(), Conclusion: github.String("success")})).ok(t, "impostor")
	step(bob.Repositories.CreateStatus(ctx, "acme", "shop", w.pull.Head(), &github.RepoStatus{Context: github.String("reviewgate"), State: github.String("success")})).ok(t, "status")
	refused(t, merge(""), 405, `Required status check "reviewgate" is expected.`)

	for conclusion, words := range map[string]string{"failure": "failing", "action_required": "failing", "cancelled": "failing", "timed_out": "failing"} {
		post("completed", conclusion)
		refused(t, merge(""), 405, `Required status check "reviewgate" is `+words)
	}
	post("in_progress", "")
	refused(t, merge(""), 405, `Required status check "reviewgate" is in progress.`)
	refused(t, merge(w.pull.Base()), 409, "Head branch was modified")
	for _, conclusion := range []string{"success", "neutral", "skipped"} {
		post("completed", conclusion)
		if yes, why := w.pull.Mergeability(w.bob); !yes {
			t.Errorf("%s: %v", conclusion, why)
		}
	}
	// A push takes the check and the approval away.
	w.commit(githubtest.Commit{Author: w.bob, Branch: "feature/x", Files: map[string]string{"new.txt": "newer\n"}})
	refused(t, merge(""), 405, `At least 1 approving review is required by reviewers with write access. Required status check "reviewgate" is expected.`)
	post("completed", "success")
	_, err = w.pull.Approve(w.carol)
	w.must(err)
	// A reader cannot merge, the App without contents:write neither.
	w.repo.SetRole(w.mall, "read")
	_, _, err = w.as(w.mall).PullRequests.Merge(ctx, "acme", "shop", 1, "", nil)
	refused(t, err, 403, "permission")
	_, _, err = inst.PullRequests.Merge(ctx, "acme", "shop", 1, "", nil)
	refused(t, err, 403, "Resource not accessible by integration")
	// Drafts cannot be merged.
	w.must(w.pull.SetDraft(w.bob, true))
	refused(t, merge(""), 405, "draft")
	w.must(w.pull.SetDraft(w.bob, false))
	if err := merge(w.pull.Head()); err != nil {
		t.Fatal(err)
	}
	if w.pull.State() != "merged" {
		t.Error(w.pull.State())
	}
	if text, err := w.repo.File("main", "new.txt"); err != nil || text != "newer\n" {
		t.Errorf("%q, %v", text, err)
	}
}

func (w *world) installation(app *githubtest.App, inst *githubtest.Installation) *github.Client {
	w.t.Helper()
	saved, savedInst := w.app, w.inst
	w.app, w.inst = app, inst
	defer func() { w.app, w.inst = saved, savedInst }()
	return w.asInstallation()
}

func TestReviewRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	ctx := t.Context()
	review := func(u *githubtest.User, event, body string, comments ...*github.DraftReviewComment) error {
		head := w.pull.Head()
		_, _, err := w.as(u).PullRequests.CreateReview(ctx, "acme", "shop", 1, &github.PullRequestReviewRequest{CommitID: &head, Event: &event, Body: &body, Comments: comments})
		return err
	}
	refused(t, review(w.bob, "APPROVE", ""), 422, "Can not approve your own pull request")
	at := func(path, side string, start, line int) *github.DraftReviewComment {
		c := &github.DraftReviewComment{Path: &path, Side: &side, Line: &line, Body: github.String("b")}
		if start > 0 {
			c.StartLine, c.StartSide = &start, &side
		}
		return c
	}
	refused(t, review(w.carol, "COMMENT", "", at("main.go", "RIGHT", 0, 100)), 422, "Line could not be resolved")
	refused(t, review(w.carol, "COMMENT", "", at("README.md", "RIGHT", 0, 1)), 422, "Path could not be resolved")
	refused(t, review(w.carol, "COMMENT", "", at("main.go", "RIGHT", 7, 8), at("main.go", "LEFT", 0, 50)), 422, "Line could not be resolved")
	if n := len(w.pull.ReviewComments()); n != 0 {
		t.Errorf("a refused review left %d comments", n)
	}
	if err := review(w.carol, "COMMENT", "", at("main.go", "LEFT", 0, 7), at("main.go", "RIGHT", 7, 8), at("main.go", "RIGHT", 0, 9)); err != nil {
		t.Fatal(err)
	}
	// Lines above move the comments; a changed line makes one outdated.
	w.commit(githubtest.Commit{Author: w.bob, Branch: "feature/x", Files: map[string]string{"main.go": strings.Replace(strings.Replace(headMain, "import", "// new\n\nimport", 1), `"four"`, `"4"`, 1)}})
	var got []string
	for _, c := range w.pull.ReviewComments() {
		got = append(got, fmt.Sprintf("%s %d-%d", c.Side, c.StartLine, c.Line))
	}
	if s := strings.Join(got, ", "); s != "LEFT 0-7, RIGHT 9-10, RIGHT 0-0" {
		t.Errorf("comments after the push: %s", s)
	}
	w.TakeViolations()
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{LongTokens: true})
	ctx := t.Context()
	inst := w.asInstallation()
	secret, err := w.NewRepo(w.mall, "secret", githubtest.RepoOptions{Private: true})
	w.must(err)
	_, _, err = inst.Repositories.Get(ctx, "mallory", secret.Name)
	refused(t, err, 404, "Not Found")
	public, err := w.NewRepo(w.mall, "public", githubtest.RepoOptions{})
	w.must(err)
	step(inst.Repositories.Get(ctx, "mallory", public.Name)).ok(t, "public repository")
	_, _, err = inst.Checks.CreateCheckRun(ctx, "mallory", "public", github.CreateCheckRunOptions{Name: "x", HeadSHA: w.pull.Head()})
	refused(t, err, 403, "Resource not accessible by integration")
	_, _, err = w.as(w.alice).Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "x", HeadSHA: w.pull.Head()})
	refused(t, err, 403, "GitHub App")
	_, _, err = w.as(w.mall).Repositories.Get(ctx, "acme", "shop")
	refused(t, err, 404, "Not Found")
	_, _, err = inst.Apps.Get(ctx, "")
	refused(t, err, 401, "JSON web token")

	// Every permission that is taken away closes its calls.
	for name, call := range map[string]func() error{
		"pull_requests": func() error {
			_, _, err := inst.PullRequests.Get(ctx, "acme", "shop", 1)
			return err
		},
		"checks": func() error {
			_, _, err := inst.Checks.ListCheckRunsForRef(ctx, "acme", "shop", "main", nil)
			return err
		},
		"contents": func() error {
			_, _, err := inst.Git.GetTree(ctx, "acme", "shop", "main", false)
			return err
		},
		"members": func() error {
			_, _, err := inst.Teams.ListTeamMembersBySlug(ctx, "acme", "security", nil)
			return err
		},
		"administration": func() error {
			_, _, err := inst.Repositories.GetBranchProtection(ctx, "acme", "shop", "main")
			return err
		},
	} {
		w.inst.SetPermission(name, "")
		refused(t, call(), 403, "Resource not accessible by integration")
		w.inst.SetPermission(name, appPermissions[name])
	}

	// Scoped tokens, expiry, suspension.
	app := w.asApp()
	_, _, err = app.Apps.CreateInstallationToken(ctx, w.inst.ID, &github.InstallationTokenOptions{Permissions: &github.InstallationPermissions{Contents: github.String("write")}})
	refused(t, err, 422, "not granted")
	_, _, err = app.Apps.CreateInstallationToken(ctx, w.inst.ID, &github.InstallationTokenOptions{Repositories: []string{"other"}})
	refused(t, err, 422, "does not exist")
	token := step(app.Apps.CreateInstallationToken(ctx, w.inst.ID, &github.InstallationTokenOptions{Permissions: &github.InstallationPermissions{Contents: github.String("read")}})).ok(t, "scoped token")
	if len(token.GetToken()) < 300 {
		t.Errorf("token of %d characters", len(token.GetToken()))
	}
	scoped := w.client(http.DefaultTransport).WithAuthToken(token.GetToken())
	step(scoped.Git.GetTree(ctx, "acme", "shop", "main", false)).ok(t, "tree")
	_, _, err = scoped.PullRequests.Get(ctx, "acme", "shop", 1)
	refused(t, err, 403, "Resource not accessible by integration")
	w.inst.Suspend(w.alice)
	_, _, err = scoped.Git.GetTree(ctx, "acme", "shop", "main", false)
	refused(t, err, 403, "suspended")
	w.inst.Unsuspend(w.alice)
	w.inst.Uninstall(w.alice)
	_, _, err = scoped.Git.GetTree(ctx, "acme", "shop", "main", false)
	refused(t, err, 401, "Bad credentials")
}

func TestJWTAndExpiry(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, githubtest.Options{Now: func() time.Time { return now }})
	ctx := t.Context()
	key, err := jwt.ParseRSAPrivateKeyFromPEM(w.app.PrivateKeyPEM())
	w.must(err)
	sign := func(iss string, iat, exp time.Time) *github.Client {
		text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{Issuer: iss, IssuedAt: jwt.NewNumericDate(iat), ExpiresAt: jwt.NewNumericDate(exp)}).SignedString(key)
		w.must(err)
		return w.client(http.DefaultTransport).WithAuthToken(text)
	}
	iss := fmt.Sprint(w.app.ID)
	step(sign(iss, now, now.Add(9*time.Minute)).Apps.Get(ctx, "")).ok(t, "good JWT")
	for _, tt := range []struct {
		iss      string
		iat, exp time.Time
		words    string
	}{
		{"1", now, now.Add(time.Minute), "Integration must generate a public key"},
		{iss, now, now.Add(20 * time.Minute), "too far in the future"},
		{iss, now.Add(-time.Hour), now.Add(-time.Minute), "'exp'"},
		{iss, now.Add(5 * time.Minute), now.Add(9 * time.Minute), "'iat'"},
	} {
		_, _, err := sign(tt.iss, tt.iat, tt.exp).Apps.Get(ctx, "")
		refused(t, err, 401, tt.words)
	}
	hmacToken, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{Issuer: iss, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute))}).SignedString([]byte("x"))
	w.must(err)
	_, _, err = w.client(http.DefaultTransport).WithAuthToken(hmacToken).Apps.Get(ctx, "")
	refused(t, err, 401, "")

	token := step(sign(iss, now, now.Add(time.Minute)).Apps.CreateInstallationToken(ctx, w.inst.ID, &github.InstallationTokenOptions{})).ok(t, "token")
	client := w.client(http.DefaultTransport).WithAuthToken(token.GetToken())
	step(client.Repositories.Get(ctx, "acme", "shop")).ok(t, "fresh token")
	now = now.Add(time.Hour)
	_, _, err = client.Repositories.Get(ctx, "acme", "shop")
	refused(t, err, 401, "Bad credentials")
}

func TestPagination(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	ctx := t.Context()
	for i := range 105 {
		_, err := w.pull.Comment(w.alice, fmt.Sprintf("comment %d", i))
		w.must(err)
	}
	inst := w.asInstallation()
	opt := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 50}}
	total, pages := 0, 0
	for {
		list, resp, err := inst.Issues.ListComments(ctx, "acme", "shop", 1, opt)
		w.must(err)
		total, pages = total+len(list), pages+1
		if pages == 1 && resp.LastPage != 3 {
			t.Errorf("last page %d", resp.LastPage)
		}
		if resp.NextPage == 0 {
			break
		}
		opt.Page = resp.NextPage
	}
	if total != 105 || pages != 3 {
		t.Errorf("%d comments on %d pages", total, pages)
	}
	list, _, err := inst.Issues.ListComments(ctx, "acme", "shop", 1, &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 1000}})
	if err != nil || len(list) != 100 {
		t.Errorf("per_page 1000 gives %d, %v", len(list), err)
	}
	w.settle()
	app := w.asApp()
	seen := map[int64]bool{}
	cursor := &github.ListCursorOptions{PerPage: 40}
	for {
		list, resp, err := app.Apps.ListHookDeliveries(ctx, cursor)
		w.must(err)
		for _, d := range list {
			if seen[d.GetID()] {
				t.Errorf("delivery %d twice", d.GetID())
			}
			seen[d.GetID()] = true
		}
		if resp.Cursor == "" {
			break
		}
		cursor.Cursor = resp.Cursor
	}
	if len(seen) != len(w.app.Deliveries()) {
		t.Errorf("%d of %d deliveries", len(seen), len(w.app.Deliveries()))
	}
}

func TestViolations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	ctx := t.Context()
	inst := w.asInstallation()
	send := func(method, path string, body any) int {
		t.Helper()
		r, err := inst.NewRequest(method, path, body)
		w.must(err)
		resp, err := inst.Do(ctx, r, nil)
		if resp == nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	for _, tt := range []struct {
		method, path string
		body         any
		status       int
		words        string
	}{
		{"GET", "repos/acme/shop/no-such-thing", nil, 404, "the description has no such operation"},
		{"GET", "repos/acme/shop/pulls?stat=open", nil, 422, "query parameter stat"},
		{"GET", "repos/acme/shop/pulls?state=green", nil, 422, "state"},
		{"POST", "repos/acme/shop/check-runs", map[string]any{"name": "x", "head_sha": w.pull.Head(), "status": "completed"}, 422, "conclusion: required"},
		{"POST", "repos/acme/shop/check-runs", map[string]any{"name": "x", "head_sha": w.pull.Head(), "conclusion": "great"}, 422, "conclusion"},
		{"POST", "repos/acme/shop/issues/1/comments", map[string]any{"text": "x"}, 422, "body"},
		{"POST", fmt.Sprintf("app/installations/%d/access_tokens", w.inst.ID), nil, 401, ""},
	} {
		if got := send(tt.method, tt.path, tt.body); got != tt.status {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, got, tt.status)
		}
		var all []string
		for _, v := range w.TakeViolations() {
			all = append(all, v.String())
		}
		if tt.words == "" && len(all) > 0 || tt.words != "" && !strings.Contains(strings.Join(all, "\n"), tt.words) {
			t.Errorf("%s %s: violations %q, want %q", tt.method, tt.path, all, tt.words)
		}
	}
	many := make([]*github.CheckRunAnnotation, 51)
	for i := range many {
		many[i] = &github.CheckRunAnnotation{Path: github.String("a"), StartLine: github.Int(1), EndLine: github.Int(1), AnnotationLevel: github.String("notice"), Message: github.String("m")}
	}
	_, _, err := inst.Checks.CreateCheckRun(ctx, "acme", "shop", github.CreateCheckRunOptions{Name: "x", HeadSHA: w.pull.Head(), Output: &github.CheckRunOutput{Title: github.String("t"), Summary: github.String("s"), Annotations: many}})
	refused(t, err, 422, "annotations")
	if len(w.TakeViolations()) == 0 {
		t.Error("51 annotations are no violation")
	}
	// What Start does at the end of a test: a violation fails it.
	fake := &recorder{}
	g := githubtest.Start(fake, githubtest.Options{})
	resp, err := http.Get(g.APIURL() + "/nothing")
	w.must(err)
	resp.Body.Close()
	for _, f := range fake.cleanups {
		f()
	}
	if len(fake.errors) != 1 || !strings.Contains(fake.errors[0], "the description has no such operation") {
		t.Errorf("reported: %q", fake.errors)
	}
}

// A recorder stands for a *testing.T.
type recorder struct {
	errors   []string
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, a ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, a...))
}
func (r *recorder) Fatalf(format string, a ...any) { r.Errorf(format, a...) }

func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	ctx := t.Context()
	client := w.as(w.alice)
	get := func() (*github.Response, error) {
		_, resp, err := client.PullRequests.Get(ctx, "acme", "shop", 1)
		return resp, err
	}
	const path = "/repos/*/*/pulls/*"
	w.Fault(githubtest.Fault{Method: "GET", Path: path, Nth: 2, Kind: githubtest.BadGateway})
	for i, want := range []int{200, 502, 200} {
		resp, err := get()
		if resp == nil || resp.StatusCode != want {
			t.Errorf("request %d: %v", i+1, err)
		}
	}
	w.Fault(githubtest.Fault{Path: path, Kind: githubtest.PrimaryLimit, Delay: time.Second})
	var primary *github.RateLimitError
	if _, err := get(); !errors.As(err, &primary) {
		t.Errorf("primary limit: %v", err)
	}
	client = w.as(w.alice) // go-github remembers the limit
	w.Fault(githubtest.Fault{Path: path, Kind: githubtest.SecondaryLimit, Delay: 7 * time.Second})
	var secondary *github.AbuseRateLimitError
	if _, err := get(); !errors.As(err, &secondary) || *secondary.RetryAfter != 7*time.Second {
		t.Errorf("secondary limit: %v", err)
	}
	client = w.as(w.alice)
	for _, kind := range []githubtest.FaultKind{githubtest.PrimaryLimit29, githubtest.Secondary29} {
		w.Fault(githubtest.Fault{Path: path, Kind: kind})
		if resp, _ := get(); resp == nil || resp.StatusCode != 429 {
			t.Errorf("%s: %v", kind, resp)
		}
		client = w.as(w.alice)
	}
	w.Fault(githubtest.Fault{Path: path, Kind: githubtest.Cut})
	if _, err := get(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut: %v", err)
	}
	w.Fault(githubtest.Fault{Path: path, Kind: githubtest.Timeout})
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	if _, _, err := client.PullRequests.Get(short, "acme", "shop", 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("timeout: %v", err)
	}
	cancel()

	// Accepted, and the answer lost: the state has changed. (net/http does not repeat a POST.)
	lost := w.Fault(githubtest.Fault{Method: "POST", Path: "/repos/*/*/issues/*/comments", Kind: githubtest.AnswerLost})
	if _, _, err := client.Issues.CreateComment(ctx, "acme", "shop", 1, &github.IssueComment{Body: github.String("once")}); err == nil {
		t.Error("the answer came")
	}
	<-lost.Hit()
	if n := len(w.pull.Comments()); n != 1 {
		t.Errorf("%d comments", n)
	}
	// Held until released.
	held := w.Fault(githubtest.Fault{Method: "POST", Path: "/repos/*/*/issues/*/comments", Kind: githubtest.HoldAfter})
	result := make(chan error, 1)
	go func() {
		_, _, err := client.Issues.CreateComment(ctx, "acme", "shop", 1, &github.IssueComment{Body: github.String("twice")})
		result <- err
	}()
	<-held.Hit()
	if n := len(w.pull.Comments()); n != 2 {
		t.Errorf("%d comments while the answer is held", n)
	}
	held.Release()
	if err := <-result; err != nil {
		t.Error(err)
	}
}

func TestHookFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{Manual: true})
	ctx := t.Context()
	events := func() string {
		t.Helper()
		var list []string
		for _, h := range w.received() {
			list = append(list, h.header.Get("X-Github-Event"))
		}
		return strings.Join(list, " ")
	}
	if got := events(); !strings.HasPrefix(got, "installation push check_suite pull_request") {
		t.Errorf("at first: %s", got)
	}
	talk := func(n int) {
		for i := range n {
			_, err := w.pull.Comment(w.alice, fmt.Sprint("c", i))
			w.must(err)
		}
	}
	w.HookFault(githubtest.HookFault{Event: "issue_comment", Kind: githubtest.Doubled})
	talk(1)
	if n, err := w.Deliver(ctx); n != 2 || err != nil {
		t.Errorf("doubled: %d, %v", n, err)
	}
	if got := events(); got != "issue_comment issue_comment" {
		t.Errorf("doubled: %s", got)
	}
	w.HookFault(githubtest.HookFault{Event: "issue_comment", Kind: githubtest.Held})
	talk(1)
	w.must(w.pull.Label(w.alice, "x"))
	if got := events(); got != "pull_request issue_comment" {
		t.Errorf("held: %s", got)
	}
	w.HookFault(githubtest.HookFault{Event: "issue_comment", Kind: githubtest.Lost})
	w.HookFault(githubtest.HookFault{Event: "issue_comment", Kind: githubtest.Vanished})
	before := len(w.app.Deliveries())
	talk(2)
	if got := events(); got != "" {
		t.Errorf("lost: %s", got)
	}
	log := w.app.Deliveries()
	if len(log) != before+1 || log[before].Code != 0 || log[before].Status == "OK" {
		t.Errorf("log: %+v", log[before:])
	}
	if _, _, err := w.asApp().Apps.RedeliverHookDelivery(ctx, log[before].ID); err != nil && !errors.As(err, new(*github.AcceptedError)) {
		t.Error(err)
	}
	again := w.received()
	if len(again) != 1 || again[0].header.Get("X-Github-Delivery") != log[before].GUID {
		t.Errorf("redelivered: %v", again)
	}
}

func TestETag(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	get := func(token, tag string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.APIURL()+"/repos/acme/shop/pulls/1", nil)
		w.must(err)
		r.Header.Set("Authorization", "Bearer "+token)
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		resp, err := http.DefaultClient.Do(r)
		w.must(err)
		resp.Body.Close()
		return resp
	}
	one, two := w.UserToken(w.alice), w.UserToken(w.alice)
	tag := get(one, "").Header.Get("ETag")
	if got := get(one, tag).StatusCode; got != http.StatusNotModified {
		t.Errorf("same token: %d", got)
	}
	if got := get(two, tag).StatusCode; got != http.StatusOK {
		t.Errorf("another token: %d", got)
	}
}

// git runs the real git as a client, away from this machine's settings.
func (w *world) git(dir, token string, args ...string) (string, error) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
		"GIT_AUTHOR_NAME=bob", "GIT_AUTHOR_EMAIL=" + w.bob.Email, "GIT_COMMITTER_NAME=bob", "GIT_COMMITTER_EMAIL=" + w.bob.Email}
	if token != "" {
		cmd.Env = append(cmd.Env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=http.extraHeader", "GIT_CONFIG_VALUE_0=Authorization: Basic "+basic("x-access-token", token))
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err
}

func basic(user, password string) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
}

func TestGitOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.received()
	token, err := w.transport().Token(t.Context())
	w.must(err)
	dir := t.TempDir()
	for _, args := range [][]string{{"init", "--quiet", "--bare", "pr.git"}, {"-C", "pr.git", "remote", "add", "origin", w.repo.CloneURL()}, {"-C", "pr.git", "config", "remote.origin.promisor", "true"},
		{"-C", "pr.git", "config", "remote.origin.partialclonefilter", "blob:none"}} {
		if out, err := w.git(dir, token, args...); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	bare := filepath.Join(dir, "pr.git")
	// Partial, by SHA, shallow: as the product fetches.
	if out, err := w.git(bare, token, "fetch", "--quiet", "--depth=1", "--filter=blob:none", "--no-tags", "origin", w.pull.Head(), w.pull.Base()); err != nil {
		t.Fatalf("fetch: %v: %s", err, out)
	}
	if out, err := w.git(bare, token, "rev-list", "--objects", "--missing=print", "--no-object-names", w.pull.Head()); err != nil || !strings.Contains(out, "?") {
		t.Errorf("the clone is not partial: %v: %s", err, out)
	}
	if out, err := w.git(bare, token, "cat-file", "blob", w.pull.Head()+":main.go"); err != nil || !strings.Contains(out, `"four"`) {
		t.Errorf("lazy blob: %v: %s", err, out)
	}
	if out, err := w.git(bare, token, "fetch", "--quiet", "origin", "refs/pull/1/head:refs/heads/pr"); err != nil {
		t.Errorf("pull ref: %v: %s", err, out)
	}
	// Without a token, with a wrong one, without contents:read.
	if out, err := w.git(dir, "", "ls-remote", w.repo.CloneURL()); err == nil {
		t.Errorf("no token: %s", out)
	}
	if out, err := w.git(dir, "ghs_wrong", "ls-remote", w.repo.CloneURL()); err == nil {
		t.Errorf("wrong token: %s", out)
	}
	w.inst.SetPermission("contents", "")
	if out, err := w.git(dir, token, "ls-remote", w.repo.CloneURL()); err == nil || !strings.Contains(out, "403") {
		t.Errorf("no contents permission: %v %s", err, out)
	}
	w.inst.SetPermission("contents", "read")
	w.Fault(githubtest.Fault{Path: "/acme/shop.git/**", Kind: githubtest.Unavailable})
	if out, err := w.git(dir, token, "ls-remote", w.repo.CloneURL()); err == nil || !strings.Contains(out, "503") {
		t.Errorf("unavailable: %v %s", err, out)
	}

	// A push by a person updates the pull request; the App may not push.
	if out, err := w.git(dir, w.UserToken(w.bob), "clone", "--quiet", "--branch", "feature/x", w.repo.CloneURL(), "work"); err != nil {
		t.Fatalf("clone: %v: %s", err, out)
	}
	work := filepath.Join(dir, "work")
	w.must(os.WriteFile(filepath.Join(work, "pushed.txt"), []byte("pushed\n"), 0o600))
	for _, args := range [][]string{{"add", "."}, {"commit", "--quiet", "-m", "Pushed"}} {
		if out, err := w.git(work, "", args...); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	if out, err := w.git(work, token, "push", "origin", "feature/x"); err == nil || !strings.Contains(out, "403") {
		t.Errorf("the App pushed: %v %s", err, out)
	}
	if out, err := w.git(work, w.UserToken(w.bob), "push", "--quiet", "origin", "feature/x"); err != nil {
		t.Fatalf("push: %v: %s", err, out)
	}
	sha, err := w.git(work, "", "rev-parse", "HEAD")
	w.must(err)
	if w.pull.Head() != sha {
		t.Errorf("head %s, pushed %s", w.pull.Head(), sha)
	}
	var events []string
	for _, h := range w.received() {
		events = append(events, h.header.Get("X-Github-Event"))
	}
	if got := strings.Join(events, " "); got != "push check_suite pull_request" {
		t.Errorf("events of the push: %s", got)
	}
	w.repo.Protect("main", githubtest.Protection{EnforceAdmins: true})
	if out, err := w.git(work, w.UserToken(w.bob), "push", "origin", "HEAD:main"); err == nil {
		t.Errorf("pushed to a protected branch: %s", out)
	}
}

func TestForksAndForcePush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.repo.SetRole(w.mall, "read")
	fork, err := w.repo.Fork(w.mall)
	w.must(err)
	first, err := fork.Commit(githubtest.Commit{Author: w.mall, Branch: "patch", Parents: []string{"main"}, Files: map[string]string{"fork.txt": "1\n"}})
	w.must(err)
	pull, err := w.repo.OpenPull(w.mall, githubtest.PullOptions{Title: "From a fork", HeadRepo: fork, Head: "patch"})
	w.must(err)
	if w.repo.SHA("pull/2/head") != first {
		t.Errorf("refs/pull/2/head is %q, want %s", w.repo.SHA("pull/2/head"), first)
	}
	got := step(w.asInstallation().PullRequests.Get(t.Context(), "acme", "shop", 2)).ok(t, "pull")
	if got.GetHead().GetRepo().GetFullName() != "mallory/shop" || !got.GetHead().GetRepo().GetFork() || got.GetHead().GetLabel() != "mallory:patch" {
		t.Errorf("head: %v", got.GetHead())
	}
	if _, err := fork.Commit(githubtest.Commit{Author: w.mall, Branch: "patch", Parents: []string{"main"}, Files: map[string]string{"fork.txt": "2\n"}}); err == nil {
		t.Error("a push that is no fast-forward needs force")
	}
	second, err := fork.Commit(githubtest.Commit{Author: w.mall, Branch: "patch", Parents: []string{"main"}, Files: map[string]string{"fork.txt": "2\n"}, Force: true})
	w.must(err)
	if pull.Head() != second || w.repo.SHA("pull/2/head") != second {
		t.Errorf("head %s, want %s", pull.Head(), second)
	}
	w.must(fork.DeleteBranch(w.mall, "patch"))
	if pull.State() != "closed" {
		t.Errorf("state %s", pull.State())
	}
}

// Dates are the repository's own, so the same set-up gives the same SHAs.
func TestSHAsAreStable(t *testing.T) {
	t.Parallel()
	one, two := newWorld(t, githubtest.Options{}), newWorld(t, githubtest.Options{})
	if one.pull.Head() != two.pull.Head() || one.pull.Base() != two.pull.Base() {
		t.Errorf("%s and %s", one.pull.Head(), two.pull.Head())
	}
}

func TestRetargetAndBaseMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.commit(githubtest.Commit{Author: w.alice, Branch: "release/1", Parents: []string{"main"}, Files: map[string]string{"r.txt": "r\n"}})
	w.must(w.pull.Retarget(w.bob, "release/1"))
	if w.pull.Base() != w.repo.SHA("release/1") {
		t.Error("the base did not follow")
	}
	tip := w.commit(githubtest.Commit{Author: w.alice, Branch: "release/1", Files: map[string]string{"main.go": "package main\n"}})
	if w.pull.Base() != tip {
		t.Error("the base did not move")
	}
	if yes, why := w.pull.Mergeability(w.bob); yes || why[0] != "Pull Request is not mergeable" {
		t.Errorf("a conflict: %v %v", yes, why)
	}
	if err := w.pull.Merge(w.bob); err == nil || !strings.Contains(err.Error(), "not mergeable") {
		t.Errorf("merge: %v", err)
	}
}
