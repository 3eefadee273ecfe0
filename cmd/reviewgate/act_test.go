package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// A forge is a GitHub on this machine with the repository acme/shop, whose token of a workflow run may read contents and nothing else.
type forge struct {
	*githubtest.GitHub
	t          *testing.T
	alice, bob *githubtest.User
	repo       *githubtest.Repo
	app        *githubtest.App
	inst       *githubtest.Installation
}

func newForge(t *testing.T, private bool, base map[string]string) *forge {
	t.Helper()
	f := &forge{GitHub: githubtest.Start(t, githubtest.Options{}), t: t}
	f.alice, f.bob = f.User("alice"), f.User("bob")
	acme := f.Org("acme")
	acme.AddMember(f.alice, "admin")
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

func TestTry(t *testing.T) {
	f := newForge(t, true, map[string]string{"app.py": "x = 1\n"})
	f.commit(githubtest.Commit{Author: f.bob, Branch: "change", Parents: []string{"main"}, Pusher: f.alice, Files: map[string]string{"app.py": "def load(cur, uid):\n    cur.execute(f\"SELECT * FROM users WHERE id = {uid}\")\n"}})
	_, err := f.repo.OpenPull(f.alice, githubtest.PullOptions{Title: "x", Head: "change"})
	f.must(err)
	dir := t.TempDir()
	f.must(os.MkdirAll(filepath.Join(dir, "w/.github/workflows"), 0o755))
	ev := filepath.Join(dir, "event.json")
	f.must(os.WriteFile(ev, f.event("pull_request"), 0o644))
	wf := "on: pull_request\npermissions: {contents: read}\njobs:\n  reviewgate:\n    runs-on: ubuntu-latest\n    steps:\n      - id: gate\n        uses: reviewgate-app/reviewgate@v1\n        with:\n          binary: /tmp/action/reviewgate\n      - if: always()\n        run: ls; cat ${{ steps.gate.outputs.sarif }} | head -5; env | sort | cut -c1-100\n"
	f.must(os.WriteFile(filepath.Join(dir, "w/.github/workflows/x.yml"), []byte(wf), 0o644))
	f.must(os.WriteFile(filepath.Join(dir, "secrets"), []byte("GITHUB_TOKEN="+f.token()+"\n"), 0o644))
	for _, a := range [][]string{{"init", "-q"}, {"remote", "add", "origin", "https://github.com/acme/shop.git"}} {
		c := exec.Command("git", a...)
		c.Dir = filepath.Join(dir, "w")
		f.must(c.Run())
	}
	cmd := exec.CommandContext(context.Background(), "act", "pull_request", "-e", ev, "-P", "ubuntu-latest=-self-hosted", "--secret-file", filepath.Join(dir, "secrets"), "--insecure-secrets", "--no-cache-server",
		"--env", "GITHUB_SERVER_URL="+f.URL(), "--local-repository", "reviewgate-app/reviewgate@v1=/work/main", "--json")
	cmd.Dir = filepath.Join(dir, "w")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_CACHE_HOME=" + dir + "/cache", "https_proxy=http://127.0.0.1:1"}
	out, err := cmd.CombinedOutput()
	t.Logf("%v\n%s", err, out)
	_ = json.Valid
}
