package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rs/zerolog"
	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/server"
	"github.com/reviewgate-app/reviewgate/checks/all"
)

//go:embed pull.txtar
var pullArchive []byte

// A world is everything that the story happens in: GitHub, the people, the repository, the App.
type world struct {
	hub                       *githubtest.GitHub
	app                       *githubtest.App
	repo                      *githubtest.Repo
	pull                      *githubtest.Pull
	alice, bob, agent, helper *githubtest.User
	stop                      func() error // ends the App's server; nil while there is none
	addr                      string       // of the App's server
	dir                       string
	files                     map[string]map[string]string // "base", "head", "fix": path to content

	mu      sync.Mutex
	changed chan struct{} // closed and made anew after each request to the API
}

// newWorld makes the world without the App's server.
func newWorld(opt options) (w *world, err error) {
	w = &world{changed: make(chan struct{}), files: map[string]map[string]string{}}
	for _, f := range txtar.Parse(pullArchive).Files {
		state, path, _ := strings.Cut(f.Name, "/")
		if w.files[state] == nil {
			w.files[state] = map[string]string{}
		}
		w.files[state][path] = string(f.Data)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.dir, err = os.MkdirTemp("", "reviewgate-demo-*"); err != nil {
		return w, err
	}
	if w.hub, err = githubtest.New(githubtest.Options{Addr: opt.listen, Log: func(string) { w.signal() }}); err != nil {
		return w, fmt.Errorf("starting GitHub: %w", err)
	}
	return w, w.people()
}

// people sets up the organisation: alice sets the agent to work, bob is in the security team, helper is a bot that likes to approve.
func (w *world) people() (err error) {
	w.alice, w.bob = w.hub.User("alice"), w.hub.User("bob")
	w.agent, w.helper = w.hub.Bot("copilot-swe-agent"), w.hub.Bot("review-helper")
	org := w.hub.Org("acme")
	org.AddMember(w.alice, "member")
	org.Team("security", w.bob)
	if w.repo, err = w.hub.NewRepo(org, "shop", githubtest.RepoOptions{}); err != nil {
		return err
	}
	for _, u := range []*githubtest.User{w.alice, w.bob, w.agent, w.helper} {
		w.repo.SetRole(u, "write")
	}
	if _, err = w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "The shop", Branch: "main", Files: w.files["base"]}); err != nil {
		return err
	}
	w.app, err = w.hub.NewApp(githubtest.AppOptions{Slug: "reviewgate", Owner: org, Permissions: github.Permissions(github.ManifestOptions{}), Events: nil})
	if err != nil {
		return err
	}
	w.protect()
	return nil
}

// protect makes our check required, bound to our App.
func (w *world) protect() {
	w.repo.Protect("main", githubtest.Protection{Checks: []githubtest.RequiredCheck{{Context: "reviewgate", App: w.app}}, EnforceAdmins: true})
}

// config is what the App's server has to know about this world.
func (w *world) config() server.Config {
	return server.Config{
		Listen: "127.0.0.1:0", AppID: w.app.ID, PrivateKey: w.app.PrivateKeyPEM(), WebhookSecrets: [][]byte{[]byte(w.app.WebhookSecret())},
		GitHubURL: w.hub.URL(), APIURL: w.hub.APIURL(), Database: filepath.Join(w.dir, "reviewgate.db"), CacheDir: filepath.Join(w.dir, "cache"),
		Sandbox: sandbox.Auto, Workers: 2, Version: "demo", Checks: all.Checks, Log: zerolog.Nop(), Pace: &github.Pace{}, Confirm: -1, LoopbackPages: true,
	}
}

// serve runs the App's server in this process and installs the App.
func (w *world) serve(ctx context.Context, opt options, stderr io.Writer) error {
	cfg := w.config()
	if opt.verbose {
		cfg.Log = zerolog.New(server.Redacting(stderr)).With().Timestamp().Logger()
	}
	srv, err := server.New(cfg)
	if err != nil {
		return err
	}
	if err := srv.Start(ctx); err != nil {
		return fmt.Errorf("starting the App's server: %w", err)
	}
	w.stop, w.addr = srv.Stop, srv.Addr()
	return w.install(ctx, srv.Addr())
}

// install points the App's webhooks at a server and installs the App.
func (w *world) install(ctx context.Context, addr string) error {
	w.app.SetWebhook("http://"+addr+"/webhook", "")
	w.app.Install(w.hub.Org("acme"), w.alice)
	return w.hub.Settle(ctx)
}

func (w *world) close() error {
	var errs []error
	if w.stop != nil {
		errs = append(errs, w.stop())
	}
	if w.hub != nil {
		for _, v := range w.hub.Violations() {
			errs = append(errs, fmt.Errorf("GitHub would not have taken this: %s", v))
		}
		errs = append(errs, w.hub.Close())
	}
	if w.dir != "" {
		errs = append(errs, os.RemoveAll(w.dir))
	}
	return errors.Join(errs...)
}

// signal wakes whoever waits for something to change on GitHub.
func (w *world) signal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
}

// until waits for a condition, looking again after each request that GitHub answered.
func (w *world) until(ctx context.Context, holds func() bool) error {
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if holds() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the App: %w", ctx.Err())
		}
	}
}

// check is our check run on a commit; ok is false while there is none.
func (w *world) check(sha string) (githubtest.CheckRunInfo, bool) {
	for _, run := range w.repo.CheckRuns(sha) {
		if run.App == w.app.Slug && run.Name == "reviewgate" {
			return run, true
		}
	}
	return githubtest.CheckRunInfo{}, false
}

// open opens the agent's pull request from a branch of its own.
func (w *world) open(branch string) (*githubtest.Pull, error) {
	_, err := w.repo.Commit(githubtest.Commit{
		Author: w.agent, Message: "Find the orders of a customer\n\nCo-authored-by: alice <" + w.alice.Email + ">\n",
		Branch: branch, Parents: []string{w.repo.SHA("main")}, Files: w.files["head"],
	})
	if err != nil {
		return nil, err
	}
	p, err := w.repo.OpenPull(w.agent, githubtest.PullOptions{
		Title: "Find the orders of a customer", Head: branch,
		Body: "Adds `find_orders`, keeps sessions alive for longer, and makes the tests pass.\n\nAsked for by @alice.",
	})
	if err != nil {
		return nil, err
	}
	return p, p.Assign(w.alice, w.agent)
}

// openAgain opens the change once more after the story, for people to look at while it is blocked.
func (w *world) openAgain(ctx context.Context) (*githubtest.Pull, error) {
	w.repo.Unprotect("main")
	_, err := w.repo.Commit(githubtest.Commit{Author: w.bob, Message: "Back to the start", Branch: "main", Files: w.files["base"]})
	w.protect()
	if err != nil {
		return nil, err
	}
	p, err := w.open("copilot/find-orders-again")
	if err != nil {
		return nil, err
	}
	return p, w.until(ctx, func() bool {
		run, ok := w.check(p.Head())
		return ok && run.Conclusion != ""
	})
}
