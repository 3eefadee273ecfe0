package githubtest_test

import (
	"net/http"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// What one checked API request costs, so that a slow fake is not taken for a slow product.
func BenchmarkRequest(b *testing.B) {
	gh, err := githubtest.New(githubtest.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer gh.Close()
	alice := gh.User("alice")
	repo, err := gh.NewRepo(alice, "shop", githubtest.RepoOptions{})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := repo.Commit(githubtest.Commit{Author: alice, Branch: "main", Files: map[string]string{"a.txt": "a\n"}}); err != nil {
		b.Fatal(err)
	}
	if _, err := repo.Commit(githubtest.Commit{Author: alice, Branch: "topic", Parents: []string{"main"}, Files: map[string]string{"b.txt": "b\n"}}); err != nil {
		b.Fatal(err)
	}
	if _, err := repo.OpenPull(alice, githubtest.PullOptions{Head: "topic"}); err != nil {
		b.Fatal(err)
	}
	client, err := clientOf(gh.APIURL(), http.DefaultTransport)
	if err != nil {
		b.Fatal(err)
	}
	client = client.WithAuthToken(gh.UserToken(alice))
	for b.Loop() {
		if _, _, err := client.PullRequests.Get(b.Context(), "alice", "shop", 1); err != nil {
			b.Fatal(err)
		}
	}
	if v := gh.Violations(); len(v) > 0 {
		b.Error(v)
	}
}
