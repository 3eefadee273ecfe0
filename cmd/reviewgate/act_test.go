package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"
	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// The workflows of docs/action.md, run by nektos/act on this machine as a runner would run them, against a GitHub of our own: real git over
// HTTP, tokens with permissions, the events that GitHub sends. No network and no container takes part.

const flawed = "import sqlite3\n\n\ndef load(cur, uid):\n    cur.execute(f\"SELECT * FROM users WHERE id = {uid}\")\n    return cur.fetchone()\n"
const sound = "import sqlite3\n\n\ndef load(cur, uid):\n    cur.execute(\"SELECT * FROM users WHERE id = ?\", (uid,))\n    return cur.fetchone()\n"

func TestAct(t *testing.T) {
	t.Parallel()
	a := newActKit(t)
	simple, scanning := a.documented[0], a.documented[1]

	t.Run("as documented, built from the action's own commit", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": sound})
		f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": flawed}}, githubtest.PullOptions{Title: "Load users"})
		r := a.run(f, simple, "pull_request", f.event("pull_request"), actOptions{action: a.source()})
		r.ends("failure", 1)
		r.outputs("block", "1", "1")
		r.annotated("::error title=reviewgate%3A python-sql-string-build,file=app.py,line=5,endLine=5::This SQL statement is put together from strings")
		r.summarised("### Blocked by 1 finding", "`app.py:5`")
		r.logged("--> app.py:5:17", "result: block")
	})

	t.Run("a blocking finding", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": sound, ".github/reviewgate.yml": "version: 1\nguard:\n  - name: database\n    paths: [\"app.py\"]\n    approvals: 1\n    from: [\"@alice\"]\n"})
		f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": flawed, ".github/reviewgate.yml": "version: 1\nchecks: {severity: critical}\n"}}, githubtest.PullOptions{Title: "Load users"})
		fork := f.repo.SHA("main")
		// Base has moved on, by a flaw of its own: that is not the pull request's.
		f.commit(githubtest.Commit{Author: f.alice, Branch: "main", Files: map[string]string{"other.py": flawed}})
		f.must(f.pr.Edit(f.bob, "Load users from the database", "")) // an event that names the base of now
		r := a.run(f, a.with(scanning, nil), "pull_request", f.event("pull_request"), actOptions{})
		r.ends("failure", 1)
		r.outputs("block", "1", "1")
		r.annotated("::error title=reviewgate%3A python-sql-string-build,file=app.py,line=5,endLine=5::")
		r.summarised("### Blocked by 1 finding", "**Guards of the policy**", "`database`") // base's policy, although head drops it
		var sarif struct {
			Version string `json:"version"`
			Runs    []struct {
				Results []struct {
					RuleID string `json:"ruleId"`
					Level  string `json:"level"`
				} `json:"results"`
			} `json:"runs"`
		}
		r.report("uploaded.sarif", &sarif) // the step after this one got it, although this one failed
		if sarif.Version != "2.1.0" || len(sarif.Runs) != 1 || len(sarif.Runs[0].Results) != 1 || sarif.Runs[0].Results[0].RuleID != "python-sql-string-build" || sarif.Runs[0].Results[0].Level != "error" {
			t.Errorf("SARIF: %+v", sarif)
		}
		var report struct {
			Repo   string `json:"repo"`
			Number int    `json:"number"`
			Scan   struct {
				Base string `json:"base"`
				Head string `json:"head"`
			} `json:"scan"`
		}
		r.report("reviewgate.json", &report)
		if report.Repo != "acme/shop" || report.Number != f.pr.Number || report.Scan.Head != f.pr.Head() || report.Scan.Base != fork {
			t.Errorf("JSON: %+v", report)
		}
	})

	t.Run("a clean change", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, false, map[string]string{"app.py": sound, "old.py": flawed})
		f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": sound + "\n\nX = 1\n", "old.py": flawed + "\n\nX = 1\n"}}, githubtest.PullOptions{Title: "Count"})
		r := a.run(f, a.with(simple, nil), "pull_request", f.event("pull_request"), actOptions{})
		r.ends("success", 0)
		r.outputs("pass", "0", "0")
		r.annotated()
		r.summarised("### Nothing found")
		r.logged("result: pass")
		r.report("reviewgate.sarif", new(any))
	})

	t.Run("a fork, with a token that can only read", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, false, map[string]string{"app.py": sound})
		fork, err := f.repo.Fork(f.User("mallory"))
		f.must(err)
		_, err = fork.Commit(githubtest.Commit{Author: f.User("mallory"), Branch: "change", Parents: []string{"main"}, Files: map[string]string{"app.py": flawed}})
		f.must(err)
		f.pr, err = f.repo.OpenPull(f.User("mallory"), githubtest.PullOptions{Title: "Load users", Head: "change", HeadRepo: fork})
		f.must(err)
		before := len(f.Requests())
		r := a.run(f, a.with(scanning, nil), "pull_request", f.event("pull_request"), actOptions{})
		r.ends("failure", 1)
		r.outputs("block", "1", "1")
		r.annotated("::error title=reviewgate%3A python-sql-string-build,file=app.py,line=5,endLine=5::")
		if _, err := os.Stat(filepath.Join(r.keep, "uploaded.sarif")); err == nil {
			t.Error("the upload to code scanning ran with a token that may not")
		}
		for _, q := range f.Requests()[before:] {
			if !strings.HasSuffix(q.Path, "/access_tokens") { // the test's own
				t.Errorf("the action asked GitHub's API: %s %s", q.Method, q.Path)
			}
		}
	})

	t.Run("a push", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": sound})
		f.commit(githubtest.Commit{Author: f.alice, Branch: "main", Files: map[string]string{"app.py": flawed}})
		r := a.run(f, a.with(scanning, map[string]string{"fail-on": "critical"}), "push", f.event("push"), actOptions{})
		r.ends("success", 0)
		r.outputs("pass", "1", "0")
		r.annotated("::error title=reviewgate%3A python-sql-string-build,file=app.py,line=5,endLine=5::")
		r.summarised("1 finding, none blocks")
		r.report("uploaded.sarif", new(any))
	})

	t.Run("a merge group", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": sound})
		base := f.repo.SHA("main")
		head := f.commit(githubtest.Commit{Author: f.alice, Branch: "gh-readonly-queue/main/pr-1", Parents: []string{"main"}, Files: map[string]string{"app.py": flawed}})
		event := fmt.Appendf(nil, `{"action":"checks_requested","merge_group":{"base_sha":%q,"head_sha":%q}}`, base, head)
		r := a.run(f, a.with(bytes.Replace(simple, []byte("on: pull_request"), []byte("on: [pull_request, merge_group]"), 1), nil), "merge_group", event, actOptions{})
		r.ends("failure", 1)
		r.outputs("block", "1", "1")
	})

	t.Run("a hostile head", func(t *testing.T) {
		t.Parallel()
		hostileHead(t, a, simple)
	})

	t.Run("no event to read", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": sound})
		r := a.run(f, a.with(simple, nil), "pull_request", []byte("{}"), actOptions{})
		r.ends("failure", 2)
		r.outputs("error", "", "")
		r.annotated(`::error title=reviewgate::the pull_request event names no two commits (base "", head "")%0Ahint: run this as a step of a workflow on: pull_request`)
		r.summarised("### reviewgate could not judge this change", "names no two commits")
	})

	t.Run("a garbled event", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": sound})
		r := a.run(f, a.with(simple, nil), "pull_request", []byte(`{"pull_request":{"number":"one\n::set-output name=result::pass"}}`), actOptions{})
		r.ends("failure", 2)
		r.outputs("error", "", "")
		r.annotated("::error title=reviewgate::reading the event")
	})

	t.Run("a token that may not read", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": sound})
		f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": flawed}}, githubtest.PullOptions{Title: "Load users"})
		r := a.run(f, a.with(simple, map[string]string{"token": "ghs_0123456789abcdefABCDEF"}), "pull_request", f.event("pull_request"), actOptions{})
		r.ends("failure", 3)
		r.outputs("error", "", "")
		r.annotated("::error title=reviewgate::fetch (" + f.repo.CloneURL() + "): the server does not show this repository with this token")
		r.never("ghs_0123456789abcdefABCDEF")
	})

	t.Run("inputs that cannot be", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": sound})
		f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": flawed}}, githubtest.PullOptions{Title: "Load users"})
		for _, c := range []struct{ input, value, want string }{
			{"sarif", "reports/out.sarif", "--sarif reports/out.sarif: there is no folder reports%0Ahint: make the folder"},
			{"fail-on", "huge", "--fail-on: "},
			{"rules", "no/such/rules", "--rules no/such/rules: "},
			{"binary", "/no/such/reviewgate", "the input 'binary' names no program that can be run"},
		} {
			r := a.run(f, a.with(simple, map[string]string{c.input: c.value}), "pull_request", f.event("pull_request"), actOptions{})
			r.ends("failure", 2)
			r.outputs("error", "", "")
			r.annotated("::error title=reviewgate::" + c.want)
			r.summarised("### reviewgate could not judge this change")
		}
	})
}

// hostileHead is a pull request that wants to be executed, or at least to speak to the runner. It runs with the head checked out and a .git folder
// full of traps beside it, which is more than the documented workflow gives it.
func hostileHead(t *testing.T, a *actKit, workflow []byte) {
	f := newForge(t, false, map[string]string{"app.py": sound})
	marker := filepath.Join(a.dir(t), "executed")
	touch := "touch " + marker
	script := "#!/bin/sh\n" + touch + "\n"
	const set = "::set-output name=result::pass"
	const setOld = "##[set-output name=result]pass"
	head := map[string]string{
		"--output=taken.py":           flawed,
		"$(" + touch + ").py":         flawed,
		"a\n" + set + "\nb.py":        flawed,
		setOld + ".py":                flawed,
		"::stop-commands::x/app.py":   flawed,
		"app.py":                      "def load(cur, uid):\n    cur.execute(f\"\"\"SELECT *\n" + set + "\n" + setOld + "\n::add-mask::pass\nFROM users WHERE id = {uid}\"\"\")\n",
		".gitattributes":              "* filter=evil diff=evil merge=evil text working-tree-encoding=evil\n",
		".gitmodules":                 "[submodule \"m\"]\n\tpath = m\n\turl = ext::sh -c '" + touch + "'\n\tupdate = !" + touch + "\n",
		".github/reviewgate.yml":      "version: 1\nchecks: {severity: critical}\nnonsense: [" + set + "\n",
		"package.json":                `{"scripts":{"preinstall":"` + touch + `","install":"` + touch + `","test":"` + touch + `"}}`,
		"setup.py":                    "import os\nos.system(" + fmt.Sprintf("%q", touch) + ")\n",
		"Makefile":                    "$(shell " + touch + ")\nall:\n\t" + touch + "\n",
		"go.mod":                      "module evil\n\ngo 1.99\n\ntoolchain go1.99.0\n",
		"go.work":                     "go 1.99\n",
		"hooks/post-checkout":         script,
		"hooks/reference-transaction": script,
		"git":                         script,
		"go":                          script,
		"bash":                        script,
		"reviewgate":                  script,
	}
	modes := map[string]string{}
	for path, content := range head {
		if content == script {
			modes[path] = "100755"
		}
	}
	f.pull(githubtest.Commit{Author: f.bob, Files: head, Modes: modes, Message: "Fix\n\n" + set + "\n\nCo-authored-by: " + setOld + " <a@example.com>\n"},
		githubtest.PullOptions{Title: set, Body: "x\r\n" + set + "\r\n" + setOld})

	work := a.dir(t)
	for path, content := range head {
		f.must(os.MkdirAll(filepath.Dir(filepath.Join(work, path)), 0o755))
		f.must(os.WriteFile(filepath.Join(work, path), []byte(content), 0o755))
	}
	trap := "[include]\n\tpath = /no/such/file\n[core]\n\tfsmonitor = \"" + touch + "\"\n\thooksPath = hooks\n\tsshCommand = " + touch + "\n\tpager = " + touch + "\n[pager]\n\tversion = " + touch +
		"\n[credential]\n\thelper = \"!" + touch + "\"\n[filter \"evil\"]\n\tclean = " + touch + "\n\tsmudge = " + touch + "\n\trequired = true\n" +
		"[url \"http://127.0.0.1:1/\"]\n\tinsteadOf = " + f.URL() + "/\n"
	rule := filepath.Join(a.dir(t), "rule.yaml") // repeats the author's code in its message
	f.must(os.WriteFile(rule, []byte("rules:\n  - id: repeats\n    languages: [python]\n    severity: WARNING\n    message: |\n      You wrote $X\n      and nothing else\n    pattern: $C.execute($X)\n"), 0o600))

	workflow = a.with(workflow, map[string]string{"rules": rule})
	workflow = bytes.Replace(workflow, []byte("steps:\n"), []byte("steps:\n      - uses: actions/checkout@v4\n"), 1)
	r := a.run(f, workflow, "pull_request", f.event("pull_request"), actOptions{work: work, trap: trap})
	r.ends("failure", 1)
	r.outputs("block", "", "")
	var report struct {
		Scan struct {
			Findings []struct {
				RuleID   string `json:"rule_id"`
				Location struct {
					Path string `json:"path"`
				} `json:"location"`
			} `json:"findings"`
		} `json:"scan"`
	}
	r.report("reviewgate.json", &report)
	found := map[string]bool{}
	repeated := false
	for _, x := range report.Scan.Findings {
		found[x.Location.Path] = true
		repeated = repeated || strings.HasSuffix(x.RuleID, "repeats") && x.Location.Path == "app.py"
	}
	for path, content := range head {
		if (content == flawed || path == "app.py") && !found[path] {
			t.Errorf("nothing was found in %q", path)
		}
	}
	if !repeated {
		t.Error("the rule that repeats the author's code found nothing")
	}
	for _, c := range r.commands() {
		if !slices.Contains([]string{"stop-commands", "error", "warning", "notice"}, c.name) {
			t.Errorf("the runner would execute %q", c.line)
		}
		if c.name == "error" && !strings.HasPrefix(c.line, "::error title=reviewgate%3A ") {
			t.Errorf("an annotation that is not ours: %q", c.line)
		}
	}
	if !strings.Contains(strings.Join(r.raw, ""), setOld) {
		t.Error("the log shows none of the author's commands: this test tests nothing")
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("something of the head was executed")
	}
	// The traps are live: whoever uses that folder without care steps into one.
	cmd := exec.Command("git", "status")
	cmd.Dir, cmd.Env = work, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + a.dir(t)}
	_ = cmd.Run() // fails or not: it has asked the file system monitor
	if _, err := os.Stat(marker); err != nil {
		t.Error("the traps do not work: this test tests nothing")
	}
}

// An actKit is act, a binary of reviewgate and the workflows of the documentation.
type actKit struct {
	act        string
	root       string
	binary     string
	documented [][]byte
	action     string // a copy of action.yml alone
	stub       string // in the place of github/codeql-action/upload-sarif
	source     func() string
	bash       string // a folder with a bash that keeps what the action's step prints
}

func newActKit(t *testing.T) *actKit {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	act, err := exec.LookPath("act")
	if err != nil {
		t.Fatal("act is not on PATH: run make tools, and put dist/tools on PATH")
	}
	root, err := filepath.Abs("../..")
	must(err)
	a := &actKit{act: act, root: root, documented: documentedWorkflows(t)}
	if len(a.documented) != 2 {
		t.Fatalf("docs/action.md holds %d workflows, want 2", len(a.documented))
	}
	a.binary = filepath.Join(a.dir(t), "reviewgate")
	build := exec.Command("go", "build", "-trimpath", "-o", a.binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	yml, err := os.ReadFile(filepath.Join(root, "action.yml"))
	must(err)
	a.action = a.dir(t)
	must(os.WriteFile(filepath.Join(a.action, "action.yml"), yml, 0o600))
	a.stub = a.dir(t)
	must(os.MkdirAll(filepath.Join(a.stub, "upload-sarif"), 0o755))
	must(os.WriteFile(filepath.Join(a.stub, "upload-sarif", "action.yml"), []byte("name: stub\ninputs:\n  sarif_file: {required: true}\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      env: {FILE: \"${{ inputs.sarif_file }}\"}\n      run: cp \"$FILE\" \"$KEEP/uploaded.sarif\"\n"), 0o600))
	// act does not wait for the last lines of a step that fails, so the step's own shell keeps them.
	bash, err := exec.LookPath("bash")
	must(err)
	a.bash = a.dir(t)
	must(os.WriteFile(filepath.Join(a.bash, "bash"), fmt.Appendf(nil, "#!/bin/sh\n[ -n \"$ACTION_PATH\" ] || exec %[1]s \"$@\"\n%[1]s \"$@\" >\"$KEEP/output\" 2>&1\ncode=$?\ncat \"$KEEP/output\"\nexit $code\n", bash), 0o700)) //nolint:gosec // a program
	// The tree as a runner has it: no .git folder, no build output.
	source := a.dir(t)
	a.source = func() string {
		for _, dir := range []string{"app", "checks", "cmd", "rules"} {
			must(os.CopyFS(filepath.Join(source, dir), os.DirFS(filepath.Join(root, dir))))
		}
		for _, file := range []string{"action.yml", "go.mod", "go.sum"} {
			data, err := os.ReadFile(filepath.Join(root, file))
			must(err)
			must(os.WriteFile(filepath.Join(source, file), data, 0o600))
		}
		return source
	}
	return a
}

// documentedWorkflows are the code blocks of docs/action.md that are whole workflows.
func documentedWorkflows(t *testing.T) [][]byte {
	t.Helper()
	page, err := os.ReadFile("../../docs/action.md")
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1) {
		if bytes.Contains(block[1], []byte("\njobs:\n")) {
			out = append(out, block[1])
		}
	}
	return out
}

func (*actKit) dir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// with gives the step of the action inputs: those given, and the binary. A step is added that keeps the reports.
func (a *actKit) with(workflow []byte, inputs map[string]string) []byte {
	const uses = "uses: reviewgate-app/reviewgate@v1\n"
	all := map[string]string{"binary": a.binary}
	maps.Copy(all, inputs)
	text, err := yaml.Marshal(all)
	if err != nil {
		panic(err) // a map of strings
	}
	step := uses + "        with:\n          " + strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n          ") + "\n"
	edited := bytes.Replace(workflow, []byte(uses), []byte(step), 1)
	return append(edited, "      - if: always()\n        run: cp \"$RUNNER_TEMP\"/reviewgate.* \"$KEEP\" || true\n"...)
}

type actOptions struct {
	action string // where reviewgate-app/reviewgate@v1 is; empty: action.yml alone, which is enough with a binary
	work   string // what actions/checkout gives, if the workflow has such a step
	trap   string // added to the configuration of that folder's repository
}

// run runs a workflow with an event and returns its log.
func (a *actKit) run(f *forge, workflow []byte, name string, event []byte, opt actOptions) *actRun {
	t := f.t
	t.Helper()
	dir, token := a.dir(t), f.token()
	if opt.work == "" {
		opt.work = a.dir(t)
	}
	if opt.action == "" {
		opt.action = a.action
	}
	r := &actRun{t: t, keep: a.dir(t)}
	write := func(path string, data []byte) string {
		t.Helper()
		f.must(os.WriteFile(path, data, 0o600))
		return path
	}
	// act learns the repository's name from the origin, and wants a commit.
	for _, args := range [][]string{{"init", "--quiet"}, {"remote", "add", "origin", "https://github.com/" + f.repo.FullName() + ".git"}, {"commit", "--quiet", "--allow-empty", "--message", "x"}} {
		git := exec.Command("git", args...)
		git.Dir = opt.work
		git.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com"}
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	config, err := os.OpenFile(filepath.Join(opt.work, ".git", "config"), os.O_APPEND|os.O_WRONLY, 0)
	f.must(err)
	_, err = config.WriteString(opt.trap)
	f.must(errors.Join(err, config.Close()))
	goEnv, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	f.must(err)
	caches := strings.Fields(string(goEnv))

	cmd := exec.CommandContext(t.Context(), a.act, name, "--json", "--strict", "--workflows", write(filepath.Join(dir, "workflow.yml"), workflow), "--eventpath", write(filepath.Join(dir, "event.json"), event),
		"--platform", "ubuntu-latest=-self-hosted", "--no-cache-server", "--secret-file", write(filepath.Join(dir, "secrets"), []byte("GITHUB_TOKEN="+token+"\n")),
		"--insecure-secrets", // act would put *** for the token that we want to see if it is printed
		"--env", "GITHUB_SERVER_URL="+f.URL(), "--local-repository", "reviewgate-app/reviewgate@v1="+opt.action, "--local-repository", "github/codeql-action@v4="+a.stub)
	cmd.Dir = opt.work
	cmd.Env = []string{"PATH=" + a.bash + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir, "XDG_CACHE_HOME=" + filepath.Join(dir, "cache"), "KEEP=" + r.keep,
		"https_proxy=http://127.0.0.1:1", "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOTOOLCHAIN=local", "GOCACHE=" + caches[0], "GOMODCACHE=" + caches[1]} // no network
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("act: %v", err)
	}
	printed, rerr := os.ReadFile(filepath.Join(r.keep, "output"))
	f.must(rerr)
	r.read(out, printed)
	if (err != nil) != (r.result == "failure") {
		t.Errorf("act: %v, but the job's result is %q", err, r.result)
	}
	r.never(token)
	if os.Getenv("REVIEWGATE_ACT_LOG") != "" { // for whoever wants to see what a reader of the run sees
		t.Log("\n" + strings.Join(r.raw, "") + "summary:\n" + r.summary)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("act's log:\n%s", out)
		}
	})
	return r
}

// An actRun is what a run of the workflow showed.
type actRun struct {
	t       *testing.T
	keep    string
	all     []byte
	result  string            // of the job: success, failure
	code    int               // of the step inside of the action
	out     map[string]string // outputs of the action
	summary string
	raw     []string // what the step printed, line by line
}

func (r *actRun) read(log, printed []byte) {
	r.t.Helper()
	r.all, r.out = slices.Concat(log, printed), map[string]string{}
	r.raw = strings.SplitAfter(string(printed), "\n")
	for line := range bytes.Lines(log) {
		var e struct {
			Level, Msg, Raw, Command, Name, Arg, Content, JobResult string
			StepID                                                  []string `json:"stepID"`
		}
		if json.Unmarshal(line, &e) != nil {
			continue // act's last words are no JSON
		}
		if e.JobResult != "" {
			r.result = e.JobResult
		}
		inside := len(e.StepID) == 2 && e.StepID[1] == "scan"
		switch {
		case e.Raw != "": // printed by the step: the shell kept it whole
		case inside && e.Command == "set-output": // from the file GITHUB_OUTPUT
			r.out[e.Name] = e.Arg
		case inside && e.Command == "summary":
			r.summary += e.Content
		case inside && e.Level == "error":
			if _, err := fmt.Sscanf(e.Msg, "exit status %d", &r.code); err != nil {
				r.t.Errorf("act: %s", e.Msg)
			}
		}
	}
}

func (r *actRun) ends(result string, code int) {
	r.t.Helper()
	if r.result != result || r.code != code {
		r.t.Errorf("the job ended as %q and the step with exit code %d, want %q and %d", r.result, r.code, result, code)
	}
}

// outputs compares the numbers where they are given.
func (r *actRun) outputs(result, findings, blocking string) {
	r.t.Helper()
	if r.out["result"] != result || findings != "" && r.out["findings"] != findings || blocking != "" && r.out["blocking"] != blocking {
		r.t.Errorf("outputs: %v, want result %s, findings %s, blocking %s", r.out, result, findings, blocking)
	}
	if reported := r.out["sarif"] != "" && r.out["json"] != ""; reported != (result != "error") {
		r.t.Errorf("outputs: %v: the paths of reports do not fit the result", r.out)
	}
}

// annotated compares the annotations by what they begin with.
func (r *actRun) annotated(want ...string) {
	r.t.Helper()
	var got []string
	for _, c := range r.commands() {
		if c.name == "error" || c.name == "warning" || c.name == "notice" {
			got = append(got, c.line)
		}
	}
	if len(got) != len(want) || !slices.EqualFunc(got, want, strings.HasPrefix) {
		r.t.Errorf("annotations:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (r *actRun) summarised(words ...string) {
	r.t.Helper()
	for _, w := range words {
		if !strings.Contains(r.summary, w) {
			r.t.Errorf("the job summary lacks %q:\n%s", w, r.summary)
		}
	}
}

func (r *actRun) logged(words ...string) {
	r.t.Helper()
	for _, w := range words {
		if !strings.Contains(strings.Join(r.raw, ""), w) {
			r.t.Errorf("the log lacks %q:\n%s", w, strings.Join(r.raw, ""))
		}
	}
}

func (r *actRun) never(secret string) {
	r.t.Helper()
	if bytes.Contains(r.all, []byte(secret)) {
		r.t.Error("the token is in the log")
	}
}

func (r *actRun) report(name string, into any) {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.keep, name))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		r.t.Errorf("the report %s: %v", name, err)
	}
}

type command struct{ name, line string }

// commands reads the step's output as GitHub's runner does (actions/runner, ActionCommand and ActionCommandManager), which is laxer than
// act: white space before "::" does not matter, and the old form "##[name]" counts anywhere in a line.
func (r *actRun) commands() []command {
	known := map[string]bool{}
	for _, name := range []string{"internal-set-repo-path", "set-env", "set-output", "save-state", "add-path", "add-mask", "add-matcher", "remove-matcher", "warning", "error", "notice",
		"debug", "group", "endgroup", "echo", "stop-commands"} {
		known[name] = true
	}
	parse := func(line string) (name, data string, ok bool) {
		if rest, is := strings.CutPrefix(strings.TrimSpace(line), "::"); is {
			if info, data, is := strings.Cut(rest, "::"); is {
				if name, _, _ := strings.Cut(info, " "); known[name] {
					return name, data, true
				}
			}
		}
		if _, rest, is := strings.Cut(line, "##["); is {
			if info, data, is := strings.Cut(rest, "]"); is {
				if name, _, _ := strings.Cut(info, " "); known[name] {
					return name, data, true
				}
			}
		}
		return "", "", false
	}
	var out []command
	stop := ""
	for _, line := range r.raw {
		line = strings.TrimRight(line, "\r\n")
		name, data, ok := parse(line)
		switch {
		case !ok:
		case stop != "" && name == stop:
			delete(known, stop)
			stop = ""
		case stop != "":
		case name == "stop-commands":
			stop, known[data] = data, true
			out = append(out, command{name, line})
		default:
			out = append(out, command{name, line})
		}
	}
	return out
}

// A forge is a GitHub on this machine with the repository acme/shop.
type forge struct {
	*githubtest.GitHub
	t          *testing.T
	alice, bob *githubtest.User
	repo       *githubtest.Repo
	app        *githubtest.App // stands for GitHub Actions, which is an App too: gets the events, has the tokens
	inst       *githubtest.Installation
	pr         *githubtest.Pull
}

func newForge(t *testing.T, private bool, base map[string]string) *forge {
	t.Helper()
	f := &forge{GitHub: githubtest.Start(t, githubtest.Options{}), t: t}
	f.alice, f.bob = f.User("alice"), f.User("bob")
	acme := f.Org("acme")
	acme.AddMember(f.alice, "admin")
	acme.AddMember(f.bob, "member")
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	t.Cleanup(receiver.Close)
	var err error
	f.repo, err = f.NewRepo(acme, "shop", githubtest.RepoOptions{Private: private})
	f.must(err)
	f.app, err = f.NewApp(githubtest.AppOptions{Slug: "actions", Owner: acme, WebhookURL: receiver.URL, Permissions: map[string]string{"contents": "read", "pull_requests": "read"}})
	f.must(err)
	f.inst = f.app.Install(acme, f.alice)
	f.commit(githubtest.Commit{Author: f.alice, Branch: "main", Message: "First", Files: base})
	return f
}

func (f *forge) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *forge) commit(c githubtest.Commit) string {
	f.t.Helper()
	sha, err := f.repo.Commit(c)
	f.must(err)
	return sha
}

// pull opens a pull request of one commit on the branch "change".
func (f *forge) pull(c githubtest.Commit, opt githubtest.PullOptions) {
	f.t.Helper()
	c.Branch, c.Parents, opt.Head = "change", []string{"main"}, "change"
	f.commit(c)
	var err error
	f.pr, err = f.repo.OpenPull(c.Author, opt)
	f.must(err)
}

// event is the newest webhook of a name: the runner gives a workflow the same JSON.
func (f *forge) event(name string) []byte {
	f.t.Helper()
	f.must(f.Settle(f.t.Context()))
	all := f.app.Deliveries()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Event == name {
			return all[i].Payload
		}
	}
	f.t.Fatalf("no event %q", name)
	return nil
}

// token is what a workflow run of a pull request from a fork gets: it may read contents, of this repository alone.
func (f *forge) token() string {
	f.t.Helper()
	as, err := ghinstallation.New(http.DefaultTransport, f.app.ID, f.inst.ID, f.app.PrivateKeyPEM())
	f.must(err)
	as.BaseURL = f.APIURL()
	as.InstallationTokenOptions = &github.InstallationTokenOptions{Repositories: []string{f.repo.Name}, Permissions: &github.InstallationPermissions{Contents: github.String("read")}}
	token, err := as.Token(f.t.Context())
	f.must(err)
	return token
}
