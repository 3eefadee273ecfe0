package server

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/sandbox"
	"github.com/reviewgate-app/reviewgate/app/server/internal/review"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/checks"
	"github.com/reviewgate-app/reviewgate/rules"
)

// benchPulls is how many pull requests BenchmarkSweep has: three pages of the query. Each has to be judged once before, which takes most of the time.
const benchPulls = 120

// BenchmarkSweep measures a sweep of a repository with green pull requests in which nothing happened: the requests that it makes, and how
// long it takes on a GitHub on this machine. After it a push to the default branch is swept, which changes no policy.
func BenchmarkSweep(b *testing.B) {
	s, hub, made := greenServer(b, benchPulls)
	list, err := s.store.Installations(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	repo := hub.repo
	ref := review.Ref{Installation: list[0], RepoID: repo.ID, Owner: "acme", Name: "shop", Number: store.SweepNumber}
	sweep := func() (requests int64, took time.Duration) {
		before, start := made.Load(), time.Now()
		if err := s.sweep(b.Context(), ref); err != nil {
			b.Fatal(err)
		}
		return made.Load() - before, time.Since(start)
	}
	sweep() // what was judged within two seconds of its making is judged again
	if err := s.queue.Idle(b.Context()); err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	var requests int64
	for b.Loop() {
		n, d := sweep()
		requests, took = n, append(took, d)
	}
	slices.Sort(took)
	b.ReportMetric(float64(requests), "requests")
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	if _, err := repo.Commit(githubtest.Commit{Author: hub.alice, Branch: "main", Files: map[string]string{"moved.txt": "x\n"}}); err != nil {
		b.Fatal(err)
	}
	if err := hub.Settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	before := made.Load()
	if err := s.queue.Idle(b.Context()); err != nil {
		b.Fatal(err)
	}
	n, d := sweep()
	b.ReportMetric(float64(made.Load()-before), "push-requests")
	b.Logf("%d pull requests: %d requests and %s for a sweep; after a push to the default branch %d requests, of which %d in %s for the sweep after that", benchPulls, requests, took[len(took)/2], made.Load()-before, n, d)
}

type benchHub struct {
	*githubtest.GitHub
	repo  *githubtest.Repo
	alice *githubtest.User
}

// greenServer starts a server for a repository with so many green pull requests, and waits until all are decided.
func greenServer(b *testing.B, pulls int) (*Server, *benchHub, *atomic.Int64) {
	b.Helper()
	made := new(atomic.Int64)
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	hub := &benchHub{GitHub: githubtest.Start(b, githubtest.Options{Log: func(string) { made.Add(1) }})}
	hub.Spend(-1 << 20) // to judge so many for the first time takes more than an hour's requests: the last ones would wait for the next hour
	hub.alice = hub.User("alice")
	org := hub.Org("acme")
	var err error
	hub.repo, err = hub.NewRepo(org, "shop", githubtest.RepoOptions{})
	must(err)
	hub.repo.SetRole(hub.alice, "write")
	org.Team("security", hub.alice)
	_, err = hub.repo.Commit(githubtest.Commit{Author: hub.alice, Branch: "main", Files: map[string]string{
		".github/reviewgate.yml": "version: 1\nguard:\n  - {name: payments, paths: [\"pay/**\"], approvals: 1, from: [\"@acme/security\"]}\n", "README.md": "shop\n"}})
	must(err)
	for i := range pulls {
		branch := "topic-" + strconv.Itoa(i)
		_, err := hub.repo.Commit(githubtest.Commit{Author: hub.alice, Branch: branch, Parents: []string{"main"}, Files: map[string]string{fmt.Sprintf("docs/%d.md", i): "text\n"}})
		must(err)
		_, err = hub.repo.OpenPull(hub.alice, githubtest.PullOptions{Title: branch, Head: branch})
		must(err)
	}
	app, err := hub.NewApp(githubtest.AppOptions{Slug: "reviewgate", Owner: org, Permissions: github.Permissions(github.ManifestOptions{})})
	must(err)
	dir := b.TempDir()
	s, err := New(Config{
		Listen: "127.0.0.1:0", AppID: app.ID, PrivateKey: app.PrivateKeyPEM(), WebhookSecrets: [][]byte{[]byte(app.WebhookSecret())}, GitHubURL: hub.URL(), APIURL: hub.APIURL(),
		Database: filepath.Join(dir, "gate.db"), CacheDir: filepath.Join(dir, "cache"), Sandbox: sandbox.Off, Workers: 4, Sweep: -1, Pace: &github.Pace{}, Log: zerolog.Nop(),
		Checks: func([]*rules.Rule) ([]*checks.Check, error) { return nil, nil },
	})
	must(err)
	must(s.Start(b.Context()))
	b.Cleanup(func() {
		if err := s.Stop(); err != nil {
			b.Error(err)
		}
	})
	app.SetWebhook("http://"+s.Addr()+"/webhook", "")
	app.Install(org, hub.alice)
	must(hub.Settle(b.Context()))
	must(s.queue.Idle(b.Context()))
	green := 0
	must(s.store.Standing(context.WithoutCancel(b.Context()), hub.repo.ID, func(st store.Standing) error {
		if st.Decision != nil && st.Decision.Decision.Conclusion() == "success" {
			green++
		}
		return nil
	}))
	if green != pulls {
		b.Fatalf("%d of %d are green", green, pulls)
	}
	return s, hub, made
}
