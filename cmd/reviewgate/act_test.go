package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"
	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v3"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// The workflows of docs/workflows, run by nektos/act on this machine as a runner would run them, against a GitHub of our own: real git over
// HTTP, tokens with permissions, the events that GitHub sends. No network and no container takes part.

const flawed = "import sqlite3\n\n\ndef load(cur, uid):\n    cur.execute(f\"SELECT * FROM users WHERE id = {uid}\")\n    return cur.fetchone()\n"
const sound = "import sqlite3\n\n\ndef load(cur, uid):\n    cur.execute(\"SELECT * FROM users WHERE id = ?\", (uid,))\n    return cur.fetchone()\n"

func TestAct(t *testing.T) {
	t.Parallel()
	a := newActKit(t)
	simple, scanning := a.documented["pull-request"], a.documented["code-scanning"]

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
		r := a.run(f, a.with(a.documented["merge-queue"], nil), "merge_group", event, actOptions{})
		r.ends("failure", 1)
		r.outputs("block", "1", "1")
	})

	t.Run("a new branch", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": sound, "old.py": flawed})
		f.commit(githubtest.Commit{Author: f.bob, Branch: "topic", Parents: []string{"main"}, Files: map[string]string{"app.py": flawed}})
		r := a.run(f, a.with(a.documented["push"], nil), "push", f.event("push"), actOptions{})
		r.ends("failure", 1)
		r.outputs("block", "1", "1")
	})

	t.Run("the whole tree, on a schedule", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": flawed, "lib/db.py": flawed})
		r := a.run(f, a.with(a.documented["whole-tree"], nil), "schedule", []byte(`{"schedule":"30 4 * * 1"}`), actOptions{work: f.shallow(a.dir(t)), cloned: true})
		r.ends("success", 0)
		r.outputs("pass", "2", "0")
		r.summarised("This is the whole tree at", "2 findings, none blocks", "`lib/db.py:5`")
		r.report("uploaded.sarif", new(any))
	})

	t.Run("guards, judged from the reviews", func(t *testing.T) {
		t.Parallel()
		f := newForge(t, true, map[string]string{"app.py": sound, ".github/reviewgate.yml": guarded})
		carol := f.User("carol")
		f.repo.SetRole(carol, "write")
		f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": sound + "\n\nX = 1\n"}}, githubtest.PullOptions{Title: "Count"})
		// The runner has a checkout of depth 1, as actions/checkout makes it; the action does not need it.
		opt := actOptions{work: f.shallow(a.dir(t)), cloned: true, token: f.reader()}
		r := a.run(f, a.with(a.documented["gate"], nil), "pull_request", f.event("pull_request"), opt)
		r.ends("failure", 1)
		r.outputs("pending", "0", "0")
		r.summarised("An Action has no memory", "### Needs 1 approval from", "`database`")
		r.logged("guard database waits: ", "Needs 1 approval from @alice or @carol for database")
		_, err := f.pr.Approve(carol)
		f.must(err)
		r = a.run(f, a.with(a.documented["gate"], nil), "pull_request_review", f.event("pull_request_review"), actOptions{token: f.reader()})
		r.ends("success", 0)
		r.outputs("pass", "0", "0")
		r.summarised("1 of 1: `carol`")
		// A fork's token, or one of a job without the permission, is no reason to say that all is well.
		r = a.run(f, a.with(a.documented["gate"], nil), "pull_request_review", f.event("pull_request_review"), actOptions{})
		r.ends("failure", 3)
		r.outputs("error", "", "")
		r.annotated("::error title=reviewgate::reading pull request acme/shop#1")
	})

	t.Run("a release", func(t *testing.T) {
		t.Parallel()
		takesRelease(t, a, simple)
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
			{"gate", "yes", "the input 'gate' is true or false"},
			{"advisories", "no/such/file", "--advisories no/such/file: "},
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
	documented map[string][]byte // by the name of the file, without .workflow.yml
	action     string            // a copy of action.yml alone
	stub       string            // in the place of github/codeql-action/upload-sarif
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

// takesRelease: what release.sums names is downloaded, and run only if it is what release.sums says.
func takesRelease(t *testing.T, a *actKit, workflow []byte) {
	f := newForge(t, true, map[string]string{"app.py": sound})
	f.pull(githubtest.Commit{Author: f.bob, Files: map[string]string{"app.py": flawed}}, githubtest.PullOptions{Title: "Load users"})
	data, err := os.ReadFile(a.binary)
	f.must(err)
	var asked []string
	var mu sync.Mutex
	serve := func(data []byte) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, r.URL.Path)
			_, _ = w.Write(data)
		}))
		t.Cleanup(s.Close)
		return s
	}
	name := map[string]string{"amd64": "reviewgate_linux_amd64", "arm64": "reviewgate_linux_arm64"}[runtime.GOARCH]
	action := a.dir(t)
	f.must(os.CopyFS(action, os.DirFS(a.action)))
	f.must(os.WriteFile(filepath.Join(action, "release.sums"), fmt.Appendf(nil, "release v1.2.3\n%x  %s\n%064d  another\n", sha256.Sum256(data), name, 0), 0o600))
	r := a.run(f, workflow, "pull_request", f.event("pull_request"), actOptions{action: action, env: "REVIEWGATE_RELEASES=" + serve(data).URL})
	r.ends("failure", 1)
	r.outputs("block", "1", "1")
	if want := "/v1.2.3/" + name; !slices.Equal(asked, []string{want}) {
		t.Errorf("asked for %q, want %s", asked, want)
	}
	marker := filepath.Join(a.dir(t), "executed")
	r = a.run(f, workflow, "pull_request", f.event("pull_request"), actOptions{action: action, env: "REVIEWGATE_RELEASES=" + serve([]byte("#!/bin/sh\ntouch "+marker+"\n")).URL})
	r.ends("failure", 3)
	r.outputs("error", "", "")
	r.annotated("::error title=reviewgate::what was downloaded from http://127.0.0.1")
	if _, err := os.Stat(marker); err == nil {
		t.Error("what was downloaded was executed")
	}
}

// documentedWorkflows are the files of docs/workflows.
func documentedWorkflows(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../../docs/workflows/*.workflow.yml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d workflows in docs/workflows, %v", len(files), err)
	}
	out := map[string][]byte{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(name), ".workflow.yml")] = data
	}
	return out
}

// TestWorkflows: every workflow, of the documentation and our own, is what GitHub takes (actionlint), every one is on a page, and what a page
// shows is one of them.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/action.md")
	if err != nil {
		t.Fatal(err)
	}
	all := documentedWorkflows(t)
	for name := range all {
		if !bytes.Contains(page, []byte("(workflows/"+name+".workflow.yml)")) {
			t.Errorf("docs/action.md does not point to the workflow %s", name)
		}
	}
	shown := 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1) {
		if !bytes.Contains(block[1], []byte("\njobs:\n")) {
			continue
		}
		if shown++; !slices.ContainsFunc(slices.Collect(maps.Values(all)), func(w []byte) bool { return bytes.Equal(w, block[1]) }) {
			t.Errorf("docs/action.md shows a workflow that is no file of docs/workflows:\n%s", block[1])
		}
	}
	if shown < 2 {
		t.Errorf("docs/action.md shows %d workflows", shown)
	}
	own, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(own) == 0 {
		t.Fatalf("no workflows of our own: %v", err)
	}
	for _, name := range own {
		if all[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range all {
		linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
		if err != nil {
			t.Fatal(err)
		}
		problems, err := linter.Lint(name+".yml", text, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, p := range problems {
			t.Errorf("%s:%d:%d: %s [%s]", name, p.Line, p.Column, p.Message, p.Kind)
		}
	}
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
	if bytes.Contains(workflow, []byte(uses+"        with:\n")) { // its own inputs follow
		workflow = bytes.Replace(workflow, []byte(uses+"        with:\n"), []byte(uses), 1)
	}
	edited := bytes.Replace(workflow, []byte(uses), []byte(step), 1)
	return append(edited, "      - if: always()\n        run: cp \"$RUNNER_TEMP\"/reviewgate.* \"$KEEP\" || true\n"...)
}

type actOptions struct {
	action string // where reviewgate-app/reviewgate@v1 is; empty: action.yml alone, which is enough with a binary
	work   string // what actions/checkout gives, if the workflow has such a step
	cloned bool   // work is a clone already
	token  string // of the job; empty: one that may read contents and nothing else
	env    string // one more variable of the job, "NAME=value"
	trap   string // added to the configuration of that folder's repository
}

// run runs a workflow with an event and returns its log.
func (a *actKit) run(f *forge, workflow []byte, name string, event []byte, opt actOptions) *actRun {
	t := f.t
	t.Helper()
	dir, token := a.dir(t), opt.token
	if token == "" {
		token = f.token()
	}
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
	setUp := [][]string{{"init", "--quiet"}, {"remote", "add", "origin", "https://github.com/" + f.repo.FullName() + ".git"}, {"commit", "--quiet", "--allow-empty", "--message", "x"}}
	if opt.cloned {
		setUp = [][]string{{"remote", "set-url", "origin", "https://github.com/" + f.repo.FullName() + ".git"}}
	}
	for _, args := range setUp {
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
		"--env", "GITHUB_SERVER_URL="+f.URL(), "--env", "GITHUB_API_URL="+f.APIURL(), "--local-repository", "reviewgate-app/reviewgate@v1="+opt.action, "--local-repository", "github/codeql-action@v4="+a.stub)
	if opt.env != "" {
		cmd.Args = append(cmd.Args, "--env", opt.env)
	}
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

// reader is a token that may read pull requests too.
func (f *forge) reader() string {
	f.t.Helper()
	as, err := ghinstallation.New(http.DefaultTransport, f.app.ID, f.inst.ID, f.app.PrivateKeyPEM())
	f.must(err)
	as.BaseURL = f.APIURL()
	read := github.String("read")
	as.InstallationTokenOptions = &github.InstallationTokenOptions{Repositories: []string{f.repo.Name}, Permissions: &github.InstallationPermissions{Contents: read, PullRequests: read}}
	token, err := as.Token(f.t.Context())
	f.must(err)
	return token
}

// shallow clones the default branch with a depth of 1, over HTTP.
func (f *forge) shallow(dir string) string {
	f.t.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + f.token()))
	git := exec.Command("git", "-c", "http.extraHeader=Authorization: Basic "+auth, "clone", "--quiet", "--depth=1", f.repo.CloneURL(), dir)
	git.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.t.TempDir(), "GIT_CONFIG_NOSYSTEM=1"}
	if out, err := git.CombinedOutput(); err != nil {
		f.t.Fatalf("git clone: %v\n%s", err, out)
	}
	return dir
}

// step is one of this GitHub.
func (f *forge) step(name, event string) *step {
	f.t.Helper()
	s := newStep(f.t, name, event)
	s.env["GITHUB_SERVER_URL"], s.env["GITHUB_API_URL"], s.env["REVIEWGATE_TOKEN"] = f.URL(), f.APIURL(), f.reader()
	return s
}
