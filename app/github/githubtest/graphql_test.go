package githubtest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// graphql asks as a person and gives the answer.
func (w *world) graphql(query string, vars map[string]any) string {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	w.must(err)
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, strings.TrimSuffix(w.APIURL(), "/v3")+"/graphql", bytes.NewReader(body))
	w.must(err)
	r.Header.Set("Authorization", "Bearer "+w.UserToken(w.alice))
	resp, err := http.DefaultClient.Do(r)
	w.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	w.must(err)
	return string(text)
}

func TestGraphQL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.commit(githubtest.Commit{Author: w.bob, Branch: "other", Parents: []string{"main"}, Files: map[string]string{"x": "y"}})
	second, err := w.repo.OpenPull(w.bob, githubtest.PullOptions{Head: "other"})
	w.must(err)
	const page = `query($after: String) { repository(owner: "acme", name: "shop") { defaultBranchRef { name } pullRequests(first: 1, after: $after, states: [OPEN]) {
		totalCount pageInfo { hasNextPage endCursor } nodes { number headRefOid } } } }`
	want := `{"data":{"repository":{"defaultBranchRef":{"name":"main"},"pullRequests":{"nodes":[{"headRefOid":"` + w.pull.Head() + `","number":1}],"pageInfo":{"endCursor":"1","hasNextPage":true},"totalCount":2}}}}`
	if got := w.graphql(page, nil); got != want {
		t.Errorf("first page: %s\nwant %s", got, want)
	}
	want = `{"data":{"repository":{"defaultBranchRef":{"name":"main"},"pullRequests":{"nodes":[{"headRefOid":"` + second.Head() + `","number":2}],"pageInfo":{"endCursor":"2","hasNextPage":false},"totalCount":2}}}}`
	if got := w.graphql(page, map[string]any{"after": "1"}); got != want {
		t.Errorf("second page: %s\nwant %s", got, want)
	}
	if got := w.graphql(`{ repository(owner: "acme", name: "none") { name } }`, nil); !strings.Contains(got, `"type":"NOT_FOUND"`) || !strings.Contains(got, `"repository":null`) {
		t.Errorf("no repository: %s", got)
	}
	if v := w.TakeViolations(); len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
	for name, query := range map[string]string{
		"a field that is not there": `{ repository(owner: "acme", name: "shop") { color } }`,
		"a missing argument":        `{ repository(owner: "acme") { name } }`,
		"no page size":              `{ repository(owner: "acme", name: "shop") { pullRequests { totalCount } } }`,
		"too large a page":          `{ repository(owner: "acme", name: "shop") { pullRequests(first: 101) { totalCount } } }`,
		"a mutation":                `mutation { nothing }`,
	} {
		if got := w.graphql(query, nil); !strings.Contains(got, `"errors"`) {
			t.Errorf("%s: %s", name, got)
		}
		if v := w.TakeViolations(); len(v) != 1 {
			t.Errorf("%s: violations %v", name, v)
		}
	}
}
