package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// TestActionImports: reports that other steps left are judged with the change, wherever the workspace lies; one that is missing is no pass.
func TestActionImports(t *testing.T) {
	t.Parallel()
	f := newForge(t, true, map[string]string{"app.py": sound})
	f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": sound + "\n\nX = 1\n"}}, githubtest.PullOptions{Title: "Count"})
	last := strings.Count(sound+"\n\nX = 1\n", "\n")
	workspace := t.TempDir()
	report := func(tool, uri string) string {
		path := filepath.Join(t.TempDir(), tool+".sarif")
		text := `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"` + tool + `"}},"results":[{"ruleId":"r","level":"error","message":{"text":"@octocat <b>"},"properties":{"precision":"high"},
			"locations":[{"physicalLocation":{"artifactLocation":{"uri":"` + uri + `"},"region":{"startLine":` + string(rune('0'+last%10)) + `}}}]}]}]}`
		if last > 9 {
			t.Fatal("the test counts lines with one digit")
		}
		f.must(os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	run := func(flags *actionFlags) (int, string, *step) {
		s := newStep(t, "pull_request", string(f.event("pull_request")))
		s.env["GITHUB_SERVER_URL"], s.env["REVIEWGATE_TOKEN"], s.env["GITHUB_WORKSPACE"] = f.URL(), f.token(), workspace
		code, out := s.run(flags)
		return code, out, s
	}
	both := "\n  " + report("one", "app.py") + "\n" + report("two", "file://"+filepath.ToSlash(workspace)+"/app.py") + "\n\n"
	code, out, s := run(&actionFlags{imports: []string{both}})
	if code != 0 || !strings.Contains(s.file("output"), "findings=2\nblocking=0\n") || !strings.Contains(out, "one/r") || !strings.Contains(out, "two/r") {
		t.Errorf("exit code %d, outputs %q:\n%s", code, s.file("output"), out)
	}
	if strings.Contains(s.file("summary"), "@octocat <b>") {
		t.Errorf("the report's text is markup:\n%s", s.file("summary"))
	}
	if code, _, s = run(&actionFlags{imports: []string{both}, failOn: "high"}); code != 1 || !strings.Contains(s.file("output"), "blocking=2\n") {
		t.Errorf("exit code %d, outputs %q", code, s.file("output"))
	}
	for _, flags := range []*actionFlags{{imports: []string{both + "gone.sarif"}}, {imports: []string{both}, importBases: []string{"gone.sarif"}}} {
		if code, out, s = run(flags); code != exitUsage || !strings.Contains(out, "gone.sarif: no such file or directory") || s.file("output") != "" {
			t.Errorf("exit code %d, outputs %q:\n%s", code, s.file("output"), out)
		}
	}
}
