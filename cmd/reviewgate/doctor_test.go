package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/report"
)

// TestDoctor runs the command against the contract-checked GitHub: testdata/doctor/*.txt. Each script has a GitHub of its own, where nothing
// is wrong until the script says so:
//
//	settings WORD...   changes something, as an administrator does on GitHub's pages (see the method)
//	doctor ARG...      runs `reviewgate doctor`, and writes what it prints to the file "out", with addresses and numbers made the same
//	                   for every run; the exit code goes to the file "code"
func TestDoctor(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/doctor",
		RequireExplicitExec: true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			w, err := newClinic(env)
			env.Values["clinic"] = w
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"settings": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, word := range args {
					ts.Check(ts.Value("clinic").(*clinic).change(word))
				}
			},
			"doctor": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Value("clinic").(*clinic).doctor(ts, args)
			},
		},
	})
}

// A clinic is a GitHub with one repository and our App.
type clinic struct {
	gh         *githubtest.GitHub
	repo       *githubtest.Repo
	app        *githubtest.App
	inst       *githubtest.Installation
	alice, bob *githubtest.User // administers; writes
	team       *githubtest.Team
	pull       *githubtest.Pull
	actions    *githubtest.App
	main       githubtest.Protection
}

const clinicPolicy = `version: 1
mode: enforce
governed_branches: ["~default", "release/*"]
guard:
  - {name: payments, paths: ["pay/**"], approvals: 2, from: ["@acme/payments"]}
`

func newClinic(env *testscript.Env) (*clinic, error) {
	gh := githubtest.Start(env.T().(githubtest.TB), githubtest.Options{})
	w := &clinic{gh: gh, alice: gh.User("alice"), bob: gh.User("bob")}
	acme := gh.Org("acme")
	acme.AddMember(w.alice, "admin")
	w.team = acme.Team("payments", w.alice, w.bob)
	var err error
	if w.repo, err = gh.NewRepo(acme, "shop", githubtest.RepoOptions{}); err != nil {
		return w, err
	}
	w.repo.SetRole(w.bob, "write")
	for _, c := range []githubtest.Commit{
		{Author: w.alice, Branch: "main", Files: map[string]string{".github/reviewgate.yml": clinicPolicy, "pay/a.go": "package pay\n"}},
		{Author: w.bob, Branch: "change", Parents: []string{"main"}, Files: map[string]string{"a.go": "package a\n"}},
	} {
		if _, err := w.repo.Commit(c); err != nil {
			return w, err
		}
	}
	if w.app, err = gh.NewApp(githubtest.AppOptions{Slug: "reviewgate", Owner: acme, Permissions: github.Permissions(github.ManifestOptions{Audit: true}), Events: github.Events(github.ManifestOptions{Audit: true})}); err != nil {
		return w, err
	}
	w.inst = w.app.Install(acme, w.alice)
	if w.actions, err = gh.NewApp(githubtest.AppOptions{Slug: "github-actions", Owner: acme, Permissions: map[string]string{"checks": "write", "contents": "read"}}); err != nil {
		return w, err
	}
	if w.pull, err = w.repo.OpenPull(w.bob, githubtest.PullOptions{Title: "Change", Head: "change"}); err != nil {
		return w, err
	}
	w.main = githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "reviewgate", App: w.app}}, EnforceAdmins: true, ViaRuleset: true,
		Ruleset: githubtest.RulesetLook{Name: "the gate", Include: []string{"~DEFAULT_BRANCH"}}}
	w.repo.Protect("main", w.main)
	if err := w.post(w.app, w.inst, "action_required"); err != nil {
		return w, err
	}
	key := filepath.Join(env.WorkDir, "app.pem")
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("KEY", key)
	env.Setenv("APP", strconv.FormatInt(w.app.ID, 10))
	env.Setenv("ADMIN", gh.UserToken(w.alice))
	env.Setenv("WRITER", gh.UserToken(w.bob))
	env.Setenv("REVIEWGATE_GITHUB_URL", gh.URL())
	for _, name := range []string{"GITHUB_TOKEN", "GH_TOKEN", "GITHUB_REPOSITORY", "REVIEWGATE_APP_ID", "REVIEWGATE_PRIVATE_KEY_FILE"} {
		env.Setenv(name, "")
	}
	return w, os.WriteFile(key, w.app.PrivateKeyPEM(), 0o600)
}

// post posts a check run of our name on the pull request, as an App.
func (w *clinic) post(app *githubtest.App, inst *githubtest.Installation, conclusion string) error {
	a, err := github.New(github.Options{AppID: app.ID, PrivateKey: app.PrivateKeyPEM(), APIURL: w.gh.APIURL(), WebURL: w.gh.URL(), Pace: &github.Pace{}})
	if err != nil {
		return err
	}
	_, err = a.Installation(inst.ID).Deliver(context.Background(), github.Deed{Kind: github.SetCheck, Owner: "acme", Repo: "shop", Number: w.pull.Number, Head: w.pull.Head(), Key: "check-1",
		Check: &report.CheckRun{Name: "reviewgate", Status: "completed", Conclusion: conclusion, Title: "Waiting", Summary: "Somebody has to approve."}})
	return err
}

// change does what the word says.
func (w *clinic) change(word string) error {
	p := w.main
	switch word {
	case "unprotected":
		w.repo.Unprotect("main")
		return nil
	case "any-source":
		p.Checks = []githubtest.RequiredCheck{{Context: "reviewgate"}}
	case "evaluated":
		p.Ruleset.Enforcement = "evaluate"
	case "bypass":
		p.Ruleset.Bypass = []githubtest.BypassActor{{Type: "OrganizationAdmin", ID: 1, Mode: "always"}, {Type: "Team", ID: w.team.ID, Mode: "pull_request"}, {Type: "DeployKey", Mode: "always"}, {Type: "User", ID: w.bob.ID, Mode: "exempt"}}
	case "queue":
		p.Ruleset.Queue = "HEADGREEN"
	case "classic":
		p.ViaRuleset, p.EnforceAdmins, p.ForcePushes, p.Approvals = false, false, true, 1
	case "release":
		_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Branch: "release/1", Parents: []string{"main"}, Files: map[string]string{"r": "1\n"}})
		return err
	case "arm":
		return w.pull.ArmAutoMerge(w.bob)
	case "status":
		return w.repo.SetStatus(w.bob, "change", "reviewgate", "success")
	case "imitate":
		return w.post(w.actions, w.actions.Install(w.gh.Org("acme"), w.alice), "success")
	case "suspend":
		w.inst.Suspend(w.alice)
		return nil
	case "uninstall":
		w.inst.Uninstall(w.alice)
		return nil
	case "no-administration":
		w.inst.SetPermission("administration", "")
		return nil
	case "no-members":
		w.inst.SetPermission("members", "")
		return nil
	case "action":
		_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Branch: "main", Force: true, Files: map[string]string{".github/workflows/gate.yml": "on: pull_request\njobs: {reviewgate: {steps: [{uses: reviewgate-app/reviewgate@v1}]}}\n"}})
		return err
	case "reader":
		w.repo.SetRole(w.bob, "read")
		return nil
	case "bad-gateway":
		w.gh.Fault(githubtest.Fault{Method: "GET", Path: "/repos/acme/shop/rules/branches/*", Kind: githubtest.BadGateway, Count: -1})
		return nil
	default:
		return fmt.Errorf("no such setting: %s", word)
	}
	w.main = p
	w.repo.Protect("main", p)
	return nil
}

func (w *clinic) doctor(ts *testscript.TestScript, args []string) {
	err := ts.Exec("reviewgate", append([]string{"doctor"}, args...)...)
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	out := strings.ReplaceAll(ts.ReadFile("stdout")+ts.ReadFile("stderr"), w.gh.URL(), "https://github.example.com")
	out = strings.ReplaceAll(out, "App "+strconv.FormatInt(w.app.ID, 10), "App 77")
	out = regexp.MustCompile(`(settings/rules|settings/installations)/\d+`).ReplaceAllString(out, "$1/1")
	out = regexp.MustCompile(`\(installation \d+\)`).ReplaceAllString(out, "(installation 7)")
	ts.Check(os.WriteFile(ts.MkAbs("out"), []byte(out), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("code"), []byte(code+"\n"), 0o600))
}
