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
		{"push that moves an annotated tag", "push", `{"before":"` + ones + `","after":"3333333333333333333333333333333333333333","head_commit":{"id":"` + twos + `"}}`, ones, twos, ""},
		{"sha256", "push", `{"before":"` + strings.Repeat("a", 64) + `","after":"` + strings.Repeat("b", 64) + `"}`, strings.Repeat("a", 64), strings.Repeat("b", 64), ""},
		{"push of a new branch", "push", `{"before":"` + zeros + `","after":"` + twos + `"}`, "", "", "this push made a new branch or tag"},
		{"push without commits", "push", `{}`, "", "", "names no two commits"},
		{"branch for a SHA", "pull_request", `{"pull_request":{"base":{"sha":"main"},"head":{"sha":"` + twos + `"}}}`, "", "", `names no two commits (base "main"`},
		{"option for a SHA", "pull_request", `{"pull_request":{"base":{"sha":"--upload-pack=x"},"head":{"sha":"` + twos + `"}}}`, "", "", "names no two commits"},
		{"SHA with a line break", "pull_request", `{"pull_request":{"base":{"sha":"` + ones + `\n"},"head":{"sha":"` + twos + `"}}}`, "", "", "names no two commits"},
		{"another event", "workflow_dispatch", `{}`, "", "", `the event "workflow_dispatch" has no change to look at`},
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
