package githubtest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// A world is one organisation with a private repository, people, an App and an open pull request.
type world struct {
	*githubtest.GitHub
	t                       *testing.T
	alice, bob, carol, mall *githubtest.User
	acme                    *githubtest.Org
	security                *githubtest.Team
	repo                    *githubtest.Repo
	app                     *githubtest.App
	inst                    *githubtest.Installation
	pull                    *githubtest.Pull
	hooks                   chan hook
}

type hook struct {
	header http.Header
	body   []byte
}

// appPermissions are those that the product asks for (design: least privilege).
var appPermissions = map[string]string{"contents": "read", "pull_requests": "write", "checks": "write", "issues": "write", "members": "read", "statuses": "write", "administration": "read"}

const baseMain = "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(\"one\")\n\tfmt.Println(\"two\")\n\tfmt.Println(\"three\")\n}\n"
const headMain = "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(\"one\")\n\tfmt.Println(\"2\")\n\tfmt.Println(\"three\")\n\tfmt.Println(\"four\")\n}\n"

func newWorld(t *testing.T, opt githubtest.Options) *world {
	t.Helper()
	w := &world{t: t, GitHub: githubtest.Start(t, opt), hooks: make(chan hook, 1000)}
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the test is over, and its server in the middle of a delivery
		}
		w.hooks <- hook{r.Header.Clone(), body}
		rw.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(receiver.Close)
	w.alice, w.bob, w.carol, w.mall = w.User("alice"), w.User("bob"), w.User("carol"), w.User("mallory")
	w.acme = w.Org("acme")
	w.acme.AddMember(w.alice, "admin")
	w.acme.AddMember(w.bob, "member")
	w.security = w.acme.Team("security", w.carol)
	var err error
	w.repo, err = w.NewRepo(w.acme, "shop", githubtest.RepoOptions{Private: true})
	w.must(err)
	w.repo.SetRole(w.bob, "write")
	w.repo.SetTeamRole(w.security, "maintain")
	w.commit(githubtest.Commit{Author: w.alice, Message: "First", Branch: "main", Files: map[string]string{"main.go": baseMain, "README.md": "# shop\n", "docs/a b.md": "text\n"}})
	w.app, err = w.NewApp(githubtest.AppOptions{Slug: "reviewgate", Owner: w.acme, WebhookURL: receiver.URL + "/webhook", WebhookSecret: "s3cret", Permissions: appPermissions})
	w.must(err)
	w.inst = w.app.Install(w.acme, w.alice)
	w.commit(githubtest.Commit{Author: w.bob, Message: "Change main\n\nCo-authored-by: Agent <agent@example.com>", Branch: "feature/x", Parents: []string{"main"}, Files: map[string]string{"main.go": headMain, "new.txt": "new\n"}})
	w.pull, err = w.repo.OpenPull(w.bob, githubtest.PullOptions{Title: "Change main", Body: "Please look.", Head: "feature/x"})
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) commit(c githubtest.Commit) string {
	w.t.Helper()
	sha, err := w.repo.Commit(c)
	w.must(err)
	return sha
}

// as is a go-github client with a person's token.
func (w *world) as(u *githubtest.User) *github.Client {
	return w.client(http.DefaultTransport).WithAuthToken(w.UserToken(u))
}

func (w *world) client(rt http.RoundTripper) *github.Client {
	w.t.Helper()
	c, err := clientOf(w.APIURL(), rt)
	w.must(err)
	return c
}

func clientOf(api string, rt http.RoundTripper) (*github.Client, error) {
	c := github.NewClient(&http.Client{Transport: rt})
	base, err := url.Parse(api + "/")
	c.BaseURL = base
	return c, err
}

// asApp is a client with the App's JWT.
func (w *world) asApp() *github.Client {
	w.t.Helper()
	rt, err := ghinstallation.NewAppsTransport(http.DefaultTransport, w.app.ID, w.app.PrivateKeyPEM())
	w.must(err)
	return w.client(rt)
}

// asInstallation is a client with an installation token that ghinstallation fetches.
func (w *world) asInstallation() *github.Client {
	w.t.Helper()
	return w.client(w.transport())
}

func (w *world) transport() *ghinstallation.Transport {
	w.t.Helper()
	rt, err := ghinstallation.New(http.DefaultTransport, w.app.ID, w.inst.ID, w.app.PrivateKeyPEM())
	w.must(err)
	rt.BaseURL = w.APIURL()
	rt.InstallationTokenOptions = &github.InstallationTokenOptions{} // without it the body is "null", which is no object
	return rt
}

func (w *world) settle() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	w.must(w.Settle(ctx))
}

// received empties what the App got so far and returns "event.action" of each.
func (w *world) received() []hook {
	w.t.Helper()
	w.settle()
	var list []hook
	for {
		select {
		case h := <-w.hooks:
			list = append(list, h)
		default:
			return list
		}
	}
}
