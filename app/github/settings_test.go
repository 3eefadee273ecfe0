package github_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// canned answers requests by method-less path below the API, with a status and a body; what is not there is a 404.
type canned map[string]string

func (c canned) RoundTrip(req *http.Request) (*http.Response, error) {
	body, ok := c[strings.TrimPrefix(req.URL.EscapedPath(), "/api/v3/")]
	status := "404"
	if !ok {
		body = `{"message":"Not Found"}`
	} else {
		status, body, _ = strings.Cut(body, " ")
	}
	resp := &http.Response{StatusCode: map[string]int{"200": 200, "403": 403, "404": 404, "429": 429}[status], Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{"Content-Type": {"application/json"}}, Request: req}
	return resp, nil
}

func viewer(t *testing.T, c canned) *github.Client {
	t.Helper()
	client, err := github.WithToken(github.Options{APIURL: "https://github.example.com/api/v3", WebURL: "https://github.example.com", HTTP: &http.Client{Transport: c}, Pace: &github.Pace{}}, "ghp_x")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

const shopRepo = `200 {"id":1,"name":"shop","owner":{"login":"acme","type":"Organization"},"default_branch":"main"}`

func TestSettingsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	rest := canned{"repos/acme/shop/pulls": "200 []", "repos/acme/shop": shopRepo}
	with := func(more canned) canned {
		out := canned{}
		for _, m := range []canned{rest, more} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	settings := func(c canned) *github.Settings {
		t.Helper()
		s, err := viewer(t, c).Settings(t.Context(), "acme", "shop", github.AppState{ID: 77})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}

	const upgrade = `403 {"message":"Upgrade to GitHub Pro or make this repository public to enable this feature."}`
	s := settings(with(canned{"repos/acme/shop/rulesets": upgrade, "repos/acme/shop/rules/branches/main": upgrade, "repos/acme/shop/branches/main/protection": upgrade}))
	if !s.NoProtection || len(s.Unread) != 0 {
		t.Errorf("a plan without protection: %+v", s)
	}

	// A 404 that does not say "Branch not protected" is a refusal, and no answer.
	s = settings(with(canned{"repos/acme/shop/rulesets": "200 []", "repos/acme/shop/rules/branches/main": "200 []",
		"repos/acme/shop/branches/main": `200 {"name":"main","protection":{"enabled":true,"required_status_checks":{"checks":[{"context":"reviewgate","app_id":77},{"context":"x","app_id":-1},{"context":"y","app_id":null}]}}}`}))
	want := []github.BranchSettings{{Name: "main", Classic: &github.Classic{Partial: true, Checks: []github.RequiredCheck{{Name: "reviewgate", App: 77}, {Name: "x"}, {Name: "y"}}}}}
	if diff := cmp.Diff(want, s.Branches); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]github.Unread{{Part: github.PartProtection, Name: "main", Reason: "GitHub answered 404 Not Found"}}, s.Unread); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}

	s = settings(with(canned{"repos/acme/shop/rulesets": "200 []", "repos/acme/shop/rules/branches/main": "200 []", "repos/acme/shop/branches/main/protection": `404 {"message":"Branch not protected"}`}))
	if s.Branches[0].Classic != nil || len(s.Unread) != 0 {
		t.Errorf("a branch without protection: %+v", s)
	}

	// Where a list of bypass actors is missing it is hidden, and where it is empty nobody may.
	s = settings(with(canned{"repos/acme/shop/rulesets": `200 [{"id":1,"name":"a"},{"id":2,"name":"b"},{"id":3,"name":"tags","target":"tag"},{"id":4,"name":"c"}]`,
		"repos/acme/shop/rulesets/1":               `200 {"id":1,"name":"a","enforcement":"active"}`,
		"repos/acme/shop/rulesets/2":               `200 {"id":2,"name":"b","enforcement":"evaluate","bypass_actors":[],"conditions":null}`,
		"repos/acme/shop/rulesets/4":               `200 {"id":4,"name":"c","enforcement":"active","bypass_actors":[{"actor_id":null,"actor_type":"DeployKey"},{"actor_id":9,"actor_type":"Team","bypass_mode":"exempt"}]}`,
		"repos/acme/shop/rules/branches/main":      "200 []",
		"repos/acme/shop/branches/main/protection": `404 {"message":"Branch not protected"}`,
	}))
	if diff := cmp.Diff([]github.Ruleset{{ID: 1, Name: "a", Enforcement: "active", BypassHidden: true}, {ID: 2, Name: "b", Enforcement: "evaluate"},
		{ID: 4, Name: "c", Enforcement: "active", Bypass: []github.Bypass{{Type: "DeployKey", Mode: "always"}, {Type: "Team", ID: 9, Mode: "exempt"}}}}, s.Rulesets); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}

	// A rate limit ends it: half of an answer would look like a whole one.
	_, err := viewer(t, with(canned{"repos/acme/shop/rulesets": `429 {"message":"API rate limit exceeded"}`})).Settings(t.Context(), "acme", "shop", github.AppState{})
	var limited *github.RateLimited
	if !errors.As(err, &limited) {
		t.Errorf("a rate limit: %v", err)
	}
}

func TestTextOfAFile(t *testing.T) {
	t.Parallel()
	c := viewer(t, canned{
		"repos/acme/shop/contents/a.yml":        `200 {"type":"file","size":3,"encoding":"base64","content":"YWJj\n"}`,
		"repos/acme/shop/contents/folder":       `200 [{"type":"file","path":"folder/a"}]`,
		"repos/acme/shop/contents/link":         `200 {"type":"symlink","target":"a.yml"}`,
		"repos/acme/shop/contents/large":        `200 {"type":"file","size":99999999,"encoding":"none","content":""}`,
		"repos/acme/shop/contents/with%20space": `200 {"type":"file","size":0,"encoding":"base64","content":""}`,
	})
	for path, want := range map[string]struct {
		text  string
		found bool
		fails bool
	}{
		"a.yml": {"abc", true, false}, "folder": {"", false, false}, "link": {"", false, false}, "large": {"", false, true}, "none": {"", false, false}, "with space": {"", true, false},
	} {
		text, found, err := c.Text(t.Context(), "acme", "shop", path)
		if text != want.text || found != want.found || (err != nil) != want.fails {
			t.Errorf("%s: %q, %v, %v", path, text, found, err)
		}
	}
}

func TestWithToken(t *testing.T) {
	t.Parallel()
	for _, token := range []string{"", " ", "a b", "a\nb"} {
		if _, err := github.WithToken(github.Options{APIURL: "https://github.example.com", WebURL: "https://github.example.com"}, token); err == nil {
			t.Errorf("%q is taken for a token", token)
		}
	}
	// What only an App may ask ends in a refusal, not in a panic.
	if _, err := viewer(t, canned{}).Info(t.Context()); !errors.Is(err, github.ErrForbidden) {
		t.Errorf("a person asks for an installation: %v", err)
	}
}
