package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/source"
)

const (
	zeros = "0000000000000000000000000000000000000000"
	ones  = "1111111111111111111111111111111111111111"
	twos  = "2222222222222222222222222222222222222222"

	threes = "3333333333333333333333333333333333333333" // what the runner runs for
)

// A step is what `reviewgate action` sees of its runner, without a runner.
type step struct {
	t   *testing.T
	env map[string]string
	dir string
}

func newStep(t *testing.T, name, event string) *step {
	t.Helper()
	s := &step{t: t, dir: t.TempDir()}
	s.env = map[string]string{
		"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": filepath.Join(s.dir, "event.json"), "GITHUB_REPOSITORY": "acme/shop", "GITHUB_SERVER_URL": "https://github.example.com",
		"GITHUB_OUTPUT": filepath.Join(s.dir, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(s.dir, "summary"), "RUNNER_TEMP": s.dir,
		"GITHUB_SHA": threes, "GITHUB_REF": "refs/heads/main",
	}
	if err := os.WriteFile(s.env["GITHUB_EVENT_PATH"], []byte(event), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// run gives the exit code and what was printed.
func (s *step) run(f *actionFlags) (int, string) {
	s.t.Helper()
	var out bytes.Buffer
	err := f.run(s.t.Context(), func(key string) string { return s.env[key] }, &out)
	var exit *exitError
	switch {
	case err == nil:
		return 0, out.String()
	case !errors.As(err, &exit) || exit.err != nil:
		s.t.Errorf("an error that main would print past the runner: %v", err)
		return -1, out.String()
	}
	return exit.code, out.String()
}

func (s *step) file(name string) string {
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return ""
	}
	return string(data)
}

func TestActionEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		title, name, event string
		base, head, fails  string
	}{
		{"pull request", "pull_request", `{"number":7,"pull_request":{"number":7,"title":"T","body":null,"base":{"sha":"` + ones + `"},"head":{"sha":"` + twos + `"}}}`, ones, twos, ""},
		{"pull request target", "pull_request_target", `{"pull_request":{"number":7,"base":{"sha":"` + ones + `"},"head":{"sha":"` + twos + `"}}}`, ones, twos, ""},
		{"merge group", "merge_group", `{"merge_group":{"base_sha":"` + ones + `","head_sha":"` + twos + `"}}`, ones, twos, ""},
		{"push", "push", `{"before":"` + ones + `","after":"` + twos + `","head_commit":{"id":"` + twos + `"}}`, ones, twos, ""},
		{"push that moves an annotated tag", "push", `{"before":"` + ones + `","after":"` + threes + `","head_commit":{"id":"` + twos + `"}}`, ones, twos, ""},
		{"sha256", "push", `{"before":"` + strings.Repeat("a", 64) + `","after":"` + strings.Repeat("b", 64) + `"}`, strings.Repeat("a", 64), strings.Repeat("b", 64), ""},
		{"review", "pull_request_review", `{"action":"submitted","pull_request":{"number":7,"base":{"sha":"` + ones + `"},"head":{"sha":"` + twos + `"}}}`, ones, twos, ""},
		{"push of a new branch", "push", `{"ref":"refs/heads/topic","before":"` + zeros + `","after":"` + twos + `","repository":{"default_branch":"main"}}`, "", twos, ""},
		{"push of a new branch, default branch unknown", "push", `{"ref":"refs/heads/topic","before":"` + zeros + `","after":"` + twos + `"}`, "", "", "names no two commits"},
		{"first push", "push", `{"ref":"refs/heads/main","before":"` + zeros + `","after":"` + twos + `","repository":{"default_branch":"main"}}`, "", twos, ""},
		{"schedule", "schedule", `{"schedule":"0 0 * * *"}`, "", threes, ""},
		{"by hand", "workflow_dispatch", `{"ref":"refs/heads/main","repository":{"default_branch":"main"}}`, "", threes, ""},
		{"push without commits", "push", `{}`, "", "", "names no two commits"},
		{"branch for a SHA", "pull_request", `{"pull_request":{"base":{"sha":"main"},"head":{"sha":"` + twos + `"}}}`, "", "", `names no two commits (base "main"`},
		{"option for a SHA", "pull_request", `{"pull_request":{"base":{"sha":"--upload-pack=x"},"head":{"sha":"` + twos + `"}}}`, "", "", "names no two commits"},
		{"SHA with a line break", "pull_request", `{"pull_request":{"base":{"sha":"` + ones + `\n"},"head":{"sha":"` + twos + `"}}}`, "", "", "names no two commits"},
		{"another event", "issues", `{}`, "", "", `the event "issues" has no change to look at`},
		{"list", "pull_request", `[]`, "", "", "reading the event"},
		{"cut off", "pull_request", `{"pull_request":`, "", "", "reading the event"},
		{"empty", "pull_request", ``, "", "", "reading the event"},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			s := newStep(t, c.name, c.event)
			e, err := readEvent(func(key string) string { return s.env[key] })
			if c.fails != "" {
				var exit *exitError
				if !errors.As(err, &exit) || exit.code != exitUsage || exit.remedy == "" || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("%v, want a usage error with a hint: %s", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if e.base != c.base || e.head != c.head || e.url != "https://github.example.com/acme/shop.git" {
				t.Errorf("%+v", e)
			}
		})
	}
}

// TestActionDeletedBranch: a push that deletes a branch has no change in it, and does not fail.
func TestActionDeletedBranch(t *testing.T) {
	t.Parallel()
	s := newStep(t, "push", `{"before":"`+ones+`","after":"`+zeros+`","deleted":true,"head_commit":null}`)
	if code, out := s.run(&actionFlags{}); code != 0 || !strings.Contains(out, "there is no change to look at") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if got := s.file("output"); got != "result=pass\nfindings=0\nblocking=0\n" {
		t.Errorf("outputs: %q", got)
	}
	if got := s.file("summary"); !strings.Contains(got, "was deleted") {
		t.Errorf("summary: %q", got)
	}
}

// TestActionInputErrors: what cannot work is told before anything is fetched, in a shape that the runner takes for one annotation.
func TestActionInputErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		flags actionFlags
		unset string
		want  string
	}{
		{actionFlags{sarif: filepath.Join(dir, "none", "a.sarif")}, "", "there is no folder " + filepath.Join(dir, "none")},
		{actionFlags{json: dir}, "", "this is a folder"},
		{actionFlags{json: "a\nresult=pass"}, "", `--json "a\nresult=pass": a path must not hold line breaks`},
		{actionFlags{json: filepath.Join(dir, "x"), sarif: dir + "/./x"}, "", "both name"},
		{actionFlags{markdown: filepath.Join(dir, "x"), json: dir + "/./x"}, "", "--json and --markdown both name"},
		{actionFlags{gate: true}, "", "--gate judges the reviews of a pull request"},
		{actionFlags{failOn: "huge\n::set-output name=result::pass"}, "", "--fail-on: "},
		{actionFlags{pack: "all"}, "", `unknown pack "all"`},
		{actionFlags{}, "RUNNER_TEMP", "RUNNER_TEMP is not set"},
		{actionFlags{}, "GITHUB_EVENT_PATH", "GITHUB_EVENT_PATH is not set"},
		{actionFlags{}, "GITHUB_SERVER_URL", "GITHUB_SERVER_URL and GITHUB_REPOSITORY are not both set"},
	} {
		s := newStep(t, "push", `{"before":"`+ones+`","after":"`+twos+`"}`)
		delete(s.env, c.unset)
		code, out := s.run(&c.flags)
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		last := lines[len(lines)-1]
		if code != exitUsage || !strings.HasPrefix(last, "::error title=reviewgate::") || !strings.Contains(last, c.want) {
			t.Errorf("%+v without %q: exit code %d, want an annotation with %q:\n%s", c.flags, c.unset, code, c.want, out)
		}
		if !strings.Contains(s.file("summary"), "### reviewgate could not judge this change") {
			t.Errorf("%+v: summary %q", c.flags, s.file("summary"))
		}
		if got := s.file("output"); got != "" {
			t.Errorf("%+v: outputs %q; action.yml has said result=error already", c.flags, got)
		}
	}
}

// TestActionCannotTell: when a file of the runner cannot be written, no output says that all is well.
func TestActionCannotTell(t *testing.T) {
	t.Parallel()
	f := newForge(t, true, map[string]string{"app.py": sound})
	f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": sound + "\n\nX = 1\n"}}, githubtest.PullOptions{Title: "Count"})
	s := newStep(t, "pull_request", string(f.event("pull_request")))
	s.env["GITHUB_SERVER_URL"], s.env["REVIEWGATE_TOKEN"] = f.URL(), f.token()
	s.env["GITHUB_STEP_SUMMARY"] = filepath.Join(s.dir, "no", "such", "folder")
	code, out := s.run(&actionFlags{})
	if code != exitUnsure || !strings.Contains(out, "\n::error title=reviewgate::writing the job summary: ") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if got := s.file("output"); got != "" {
		t.Errorf("outputs: %q", got)
	}
	if left, err := filepath.Glob(filepath.Join(s.dir, "reviewgate-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestActionTrailers(t *testing.T) {
	t.Parallel()
	f := newForge(t, false, map[string]string{"app.py": sound})
	base := f.repo.SHA("main")
	messages := []string{"One\n\nText: not a trailer, because another paragraph follows\n\nCo-authored-by: Agent <agent@example.com>\nSigned-off-by: Bob <bob@example.com>", "Two", "Three\r\n\r\nAssisted-by: Agent\r\n"}
	parent := "main"
	for i, m := range messages {
		f.commit(githubtest.Commit{Author: f.bob, Branch: "change", Parents: []string{parent}, Message: m, Files: map[string]string{"x": fmt.Sprint(i)}})
		parent = "change"
	}
	snap, err := source.Fetch(t.Context(), source.FetchOptions{Dir: t.TempDir(), URL: f.repo.CloneURL(), Base: base, Head: f.repo.SHA("change")})
	f.must(err)
	got, err := commitTrailers(t.Context(), snap)
	f.must(errors.Join(err, snap.Close()))
	slices.Sort(got)
	if want := []string{"Assisted-by: Agent", "Co-authored-by: Agent <agent@example.com>", "Signed-off-by: Bob <bob@example.com>"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestActionNewBranch: a push that names nothing to compare with is judged against the default branch, and so is one whose old tip is gone.
func TestActionNewBranch(t *testing.T) {
	t.Parallel()
	f := newForge(t, true, map[string]string{"app.py": sound, "old.py": flawed})
	head := f.commit(githubtest.Commit{Author: f.bob, Branch: "topic", Parents: []string{"main"}, Files: map[string]string{"app.py": flawed}})
	f.commit(githubtest.Commit{Author: f.alice, Branch: "main", Files: map[string]string{"other.py": flawed}})
	for before, code := range map[string]int{zeros: exitBlocked, ones: exitBlocked} {
		s := f.step("push", fmt.Sprintf(`{"ref":"refs/heads/topic","before":%q,"after":%q,"repository":{"default_branch":"main"}}`, before, head))
		if got, out := s.run(&actionFlags{}); got != code || !strings.Contains(s.file("output"), "findings=1\nblocking=1\n") {
			t.Errorf("before %.7s: exit code %d, outputs %q:\n%s", before, got, s.file("output"), out)
		}
	}
	// To the default branch itself there is nothing else to compare with: what it held must be found.
	s := f.step("push", fmt.Sprintf(`{"ref":"refs/heads/main","before":%q,"after":%q,"repository":{"default_branch":"main"}}`, ones, f.repo.SHA("main")))
	if code, out := s.run(&actionFlags{}); code != exitUnsure {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	s = f.step("workflow_dispatch", `{"repository":{"default_branch":"main"}}`)
	s.env["GITHUB_SHA"], s.env["GITHUB_REF"] = head, "refs/heads/topic"
	if code, out := s.run(&actionFlags{}); code != exitBlocked || !strings.Contains(s.file("output"), "findings=1\n") {
		t.Errorf("by hand, on a branch: exit code %d, outputs %q:\n%s", code, s.file("output"), out)
	}
}

// TestActionWholeTree: on a schedule, by hand and at the first push of all the whole tree is looked at, and blocks nothing unless that is asked for.
func TestActionWholeTree(t *testing.T) {
	t.Parallel()
	f := newForge(t, true, map[string]string{"app.py": sound, "old.py": flawed, "lib/old.py": flawed})
	head := f.repo.SHA("main")
	for _, c := range []struct {
		name, event, failOn string
		code                int
	}{
		{"schedule", `{"schedule":"0 3 * * 1"}`, "", 0},
		{"schedule", `{"schedule":"0 3 * * 1"}`, "high", exitBlocked},
		{"workflow_dispatch", `{"repository":{"default_branch":"main"}}`, "", 0},
		{"push", fmt.Sprintf(`{"ref":"refs/heads/main","before":%q,"after":%q,"repository":{"default_branch":"main"}}`, zeros, head), "", 0},
	} {
		s := f.step(c.name, c.event)
		s.env["GITHUB_SHA"] = head
		code, out := s.run(&actionFlags{failOn: c.failOn})
		if code != c.code || !strings.Contains(s.file("output"), "\nfindings=2\n") || strings.Contains(s.file("output"), "\nblocking=0\n") != (c.code == 0) {
			t.Errorf("%s %q: exit code %d, outputs %q:\n%s", c.name, c.failOn, code, s.file("output"), out)
		}
		if !strings.Contains(s.file("summary"), "This is the whole tree at `"+head[:7]+"`") || !strings.Contains(s.file("summary"), "lib/old.py:5") {
			t.Errorf("%s: summary\n%s", c.name, s.file("summary"))
		}
	}
}

const guarded = "version: 1\nmode: enforce\nguard:\n  - name: database\n    paths: [\"app.py\"]\n    approvals: 1\n    from: [\"@alice\", \"@carol\"]\n"

// TestActionGate: guards are judged by the reviews that GitHub lists now, for this very head.
func TestActionGate(t *testing.T) {
	t.Parallel()
	f := newForge(t, true, map[string]string{"app.py": sound, ".github/reviewgate.yml": guarded})
	carol := f.User("carol")
	dave := f.User("dave")
	for _, u := range []*githubtest.User{f.bob, carol, dave} {
		f.repo.SetRole(u, "write")
	}
	f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": sound + "\n\nX = 1\n"}}, githubtest.PullOptions{Title: "Count"})
	opened := string(f.event("pull_request"))
	run := func(event, payload string, result string, code int, words ...string) {
		t.Helper()
		s := f.step(event, payload)
		got, out := s.run(&actionFlags{gate: true})
		if got != code || !strings.Contains(s.file("output"), "result="+result+"\n") {
			t.Errorf("exit code %d, want %d; outputs %q, want result=%s:\n%s", got, code, s.file("output"), result, out)
		}
		for _, w := range append(words, "An Action has no memory") {
			if !strings.Contains(s.file("summary"), w) {
				t.Errorf("the summary lacks %q:\n%s", w, s.file("summary"))
			}
		}
	}
	run("pull_request", opened, "pending", exitBlocked, "### Needs 1 approval from", "`@alice`", "`@carol`")

	approve := func(u *githubtest.User) {
		t.Helper()
		_, err := f.pr.Approve(u)
		f.must(err)
	}
	approve(dave)
	run("pull_request_review", string(f.event("pull_request_review")), "pending", exitBlocked)
	approve(carol)
	run("pull_request_review", string(f.event("pull_request_review")), "pass", 0, "1 of 1: `carol`")

	// The next push takes the approval away: it was for another head.
	f.commit(githubtest.Commit{Author: f.bob, Branch: "change", Files: map[string]string{"app.py": sound + "\n\nX = 2\n"}})
	run("pull_request", string(f.event("pull_request")), "pending", exitBlocked, "not for the head; approve once more")
	// And a run for the head before does not judge the one that is there now.
	s := f.step("pull_request", opened)
	if code, out := s.run(&actionFlags{gate: true}); code != exitUnsure || !strings.Contains(out, "has another head by now") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	// A change of the policy in the pull request changes nothing of what it is judged by.
	f.commit(githubtest.Commit{Author: f.bob, Branch: "change", Files: map[string]string{".github/reviewgate.yml": "version: 1\n"}})
	run("pull_request", string(f.event("pull_request")), "pending", exitBlocked, "`database`")
}

// TestActionGateToken: without the permission to read pull requests the answer is "could not tell", and says what to grant.
func TestActionGateToken(t *testing.T) {
	t.Parallel()
	f := newForge(t, true, map[string]string{"app.py": sound, ".github/reviewgate.yml": guarded})
	f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": sound + "\n\nX = 1\n"}}, githubtest.PullOptions{Title: "Count"})
	s := f.step("pull_request", string(f.event("pull_request")))
	s.env["REVIEWGATE_TOKEN"] = f.token()
	code, out := s.run(&actionFlags{gate: true})
	if code != exitUnsure || !strings.Contains(out, "hint: give the job these permissions: contents: read, pull-requests: read") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}
