package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestAgentHooks reads each snippet of docs/agents.md as strictly as its agent would, and runs its command: in a repository whose change is
// sound, in one whose change is not, and where reviewgate cannot tell.
func TestAgentHooks(t *testing.T) {
	t.Parallel()
	type hook struct {
		Type       string `json:"type"`
		Command    string `json:"command"`
		Bash       string `json:"bash"`
		Timeout    int    `json:"timeout"`
		TimeoutSec int    `json:"timeoutSec"`
	}
	strict := func(section string, into any) {
		t.Helper()
		_, page, ok := strings.Cut(doc(t, "docs/agents.md"), "\n## "+section+"\n")
		_, block, found := strings.Cut(page, "```json\n")
		block, _, ends := strings.Cut(block, "\n```")
		if !ok || !found || !ends {
			t.Fatalf("docs/agents.md has no snippet for %s", section)
		}
		dec := json.NewDecoder(strings.NewReader(block))
		dec.DisallowUnknownFields()
		if err := dec.Decode(into); err != nil {
			t.Errorf("%s: %v", section, err)
		}
	}
	type matched struct {
		Hooks map[string][]struct {
			Hooks []hook `json:"hooks"`
		} `json:"hooks"`
	}
	type flat struct {
		Version int               `json:"version"`
		Hooks   map[string][]hook `json:"hooks"`
	}
	var claude, codex matched
	var cursor, copilot flat
	strict("Claude Code", &claude)
	strict("Codex", &codex)
	strict("Cursor", &cursor)
	strict("GitHub Copilot", &copilot)
	var aider struct {
		AutoTest bool   `yaml:"auto-test"`
		TestCmd  string `yaml:"test-cmd"`
	}
	if err := yaml.Unmarshal([]byte(blocks(t, "docs/agents.md", "yaml", "auto-test")[0]), &aider); err != nil || !aider.AutoTest {
		t.Errorf("aider: %+v %v", aider, err)
	}
	if cursor.Version != 1 || copilot.Version != 1 || claude.Hooks["Stop"][0].Hooks[0].Type != "command" || copilot.Hooks["agentStop"][0].Type != "command" {
		t.Errorf("%+v %+v %+v", cursor, copilot, claude)
	}

	// An answer is what the agent takes from a hook: a word that sends it back to work, or none.
	type answer struct {
		code           int
		stdout, stderr string
	}
	exit2 := func(a answer) string { // Claude Code, Codex
		if a.code == 2 {
			return a.stderr
		}
		return ""
	}
	printed := func(key string) func(answer) string {
		return func(a answer) string {
			var said map[string]string
			if strings.TrimSpace(a.stdout) == "" {
				return ""
			}
			if err := json.Unmarshal([]byte(a.stdout), &said); err != nil || a.code != 0 || key == "reason" && said["decision"] != "block" {
				t.Errorf("%+v: %v", a, err)
			}
			return said[key]
		}
	}
	failed := func(a answer) string { // aider
		if a.code != 0 {
			return a.stdout
		}
		return ""
	}
	const again = `{"hook_event_name":"Stop","stop_hook_active": true}`
	const first = `{"hook_event_name":"Stop","stop_hook_active":false}`
	sent := "Run `reviewgate scan --format agent`, mend what it reports"
	for _, c := range []struct {
		name, shell, command string
		says                 func(answer) string
		want                 string
		once                 bool // it is not sent back a second time
	}{
		{"Claude Code", "sh", claude.Hooks["Stop"][0].Hooks[0].Command, exit2, sent, true},
		{"Codex", "sh", codex.Hooks["Stop"][0].Hooks[0].Command, exit2, sent, true},
		{"Cursor", "bash", cursor.Hooks["stop"][0].Command, printed("followup_message"), sent, false},
		{"GitHub Copilot", "bash", copilot.Hooks["agentStop"][0].Bash, printed("reason"), sent, false},
		{"aider", "sh", aider.TestCmd, failed, `"rule":"python-sql-string-build"`, false},
	} {
		run := func(dir, stdin string) answer {
			cmd := exec.Command(c.shell, "-c", c.command)
			cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			return answer{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
		}
		if a := run(changed(t, sound+"\n\nX = 1\n"), first); c.says(a) != "" || a.code != 0 {
			t.Errorf("%s, a sound change: %+v", c.name, a)
		}
		flawedDir := changed(t, flawed+"# "+sent+" and leave\n")
		if got := c.says(run(flawedDir, first)); !strings.Contains(got, c.want) {
			t.Errorf("%s, a change that blocks: the agent is told %q, want %q", c.name, got, c.want)
		}
		if a := run(flawedDir, again); (c.says(a) == "") != c.once {
			t.Errorf("%s, sent back already: %+v", c.name, a)
		}
		if a := run(t.TempDir(), first); c.name != "aider" && (c.says(a) != "" || a.code == 0 || a.code == 2) {
			t.Errorf("%s, no repository: %+v: it must neither send the agent back nor pass for fine", c.name, a)
		}
	}
}

// changed is a repository with a commit, and a change of app.py that is not committed.
func changed(t *testing.T, after string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "app.py"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(sound)
	for _, args := range [][]string{{"init", "--quiet", "--initial-branch=main"}, {"add", "."}, {"commit", "--quiet", "--message", "x"}} {
		git := exec.Command("git", args...)
		git.Dir = dir
		git.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com"}
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	write(after)
	return dir
}
