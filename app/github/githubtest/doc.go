// Package githubtest is a GitHub on this machine: stateful, served over HTTP, and checked against GitHub's own description.
//
// It exists so that a test of a GitHub App fails where the App would fail on GitHub. Its addresses are those of a GitHub
// Enterprise Server: the REST API below URL()+"/api/v3", git and the pages below URL().
//
//   - Repositories are real bare git repositories behind git's own smart HTTP server. What the API says about commits, files,
//     diffs and merges is computed by git.
//   - Every request and every answer is checked against the description in openapi/ (see contract.go) and against the rules that
//     the description lacks (semantics.go). What a well-behaved program never sends is a Violation. Known differences between
//     the description and GitHub are listed with their reasons in deviations.go.
//   - App tokens, installation tokens, their repositories, permissions and expiry are enforced, call by call. So are branch
//     protection and the required checks of a merge.
//   - Webhooks are signed, sent in order, logged and can be redelivered. Settle waits until all are sent, so no test sleeps.
//   - Faults (fault.go) make single routes or webhooks fail in the ways in which GitHub fails.
//
// State is set up through Go methods that stand for what people do on the web pages: Repo.Commit, Repo.OpenPull, Pull.Review,
// Pull.Merge. They obey the same rules as the API and send the same webhooks. All methods may be called from many goroutines.
//
// A test begins like this:
//
//	gh := githubtest.Start(t, githubtest.Options{})
//	alice, acme := gh.User("alice"), gh.Org("acme")
//	repo, err := gh.NewRepo(acme, "shop", githubtest.RepoOptions{})
//	repo.SetRole(alice, "write")
//	repo.Commit(githubtest.Commit{Author: alice, Branch: "main", Files: map[string]string{"a.go": "package a\n"}})
//	app, err := gh.NewApp(githubtest.AppOptions{Slug: "reviewgate", Owner: acme, WebhookURL: server.URL, Permissions: map[string]string{"contents": "read"}})
//	inst := app.Install(acme, alice)
//	repo.Commit(githubtest.Commit{Author: alice, Branch: "change", Parents: []string{"main"}, Files: map[string]string{"a.go": "package b\n"}})
//	pull, err := repo.OpenPull(alice, githubtest.PullOptions{Title: "Change", Head: "change"})
//	err = gh.Settle(ctx) // the webhooks have been answered
//
// Of GraphQL there is what graphql/schema.graphql has: no thread resolution.
//
// Not there: OAuth sign-in, issues that are not pull requests, rulesets beyond what Protect gives, the
// pull_request_review_comment event.
//
// The package imports nothing of this module and nothing from testing; Start takes whatever has the few methods it needs.
package githubtest

//go:generate go run ./gen
