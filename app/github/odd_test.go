package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/report"
)

// key is made once: the tests of this file differ in answers, not in keys.
var key = sync.OnceValue(func() []byte {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})
})

// A script answers requests by hand: "METHOD /path?query" or "METHOD /path" to a body, "302 URL" to a redirect. It is for answers that
// the contract-checked GitHub cannot be brought to give.
type script struct {
	server *httptest.Server
	mu     sync.Mutex
	asked  []string
	tokens int
}

func newScript(t *testing.T, answers map[string]func(w http.ResponseWriter, r *http.Request)) (*script, *github.Client) {
	t.Helper()
	s := &script{}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r.Method+" "+r.URL.Path)
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/access_tokens") {
			s.tokens++
			w.WriteHeader(201)
			write(w, `{"token":"ghs_token`+strings.Repeat("x", s.tokens)+`","expires_at":"2999-01-01T00:00:00Z"}`)
			return
		}
		for _, k := range []string{r.Method + " " + r.URL.RequestURI(), r.Method + " " + r.URL.Path} {
			if a := answers[k]; a != nil {
				a(w, r)
				return
			}
		}
		w.WriteHeader(404)
		write(w, `{"message":"Not Found"}`)
	}))
	t.Cleanup(s.server.Close)
	a, err := github.New(github.Options{AppID: 7, PrivateKey: key(), APIURL: s.server.URL, WebURL: s.server.URL, Pace: &github.Pace{}, Log: zerolog.Nop()})
	must(t, err)
	return s, a.Installation(5)
}

func write(w http.ResponseWriter, body string) {
	if _, err := w.Write([]byte(body)); err != nil {
		panic(err)
	}
}

func says(body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { write(w, body) }
}

const (
	sha1, sha2, sha3 = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222", "3333333333333333333333333333333333333333"
	oddRepo          = `{"id":70,"name":"shop","full_name":"acme/shop","private":false,"default_branch":"main","owner":{"id":2,"login":"acme","type":"Organization"}}`
)

func oddPull(commits string) map[string]func(http.ResponseWriter, *http.Request) {
	return map[string]func(http.ResponseWriter, *http.Request){
		"GET /app": says(`{"id":7,"slug":"reviewgate"}`),
		"GET /repos/acme/shop/pulls/1": says(`{"number":1,"state":"open","commits":` + commits + `,"user":null,"labels":null,
			"head":{"ref":"work","sha":"` + sha1 + `","repo":null},"base":{"ref":"main","sha":"` + sha2 + `","repo":` + oddRepo + `}}`),
		"GET /repos/acme/shop/issues/1":           says(`{"number":1,"performed_via_github_app":{"slug":"copilot"}}`),
		"GET /repos/acme/shop/git/ref/heads/main": says(`{"ref":"refs/heads/main","object":{"sha":"` + sha3 + `"}}`),
		"GET /repos/acme/shop/pulls/1/commits": says(`[{"sha":"` + sha1 + `","author":null,"committer":{},"parents":[{"sha":"` + sha2 + `"}],
			"commit":{"message":"m\n\nCO-AUTHORED-BY:  Bob <Bob@Example.com>\r\nCo-authored-by: Carol <12+carol@users.noreply.github.com>\nCo-authored-by: Dan <dan@users.noreply.github.com>\nCo-authored-by: X <9+x@users.noreply.evil.example.com>",
			"author":{"email":"a@example.com"},"committer":{"email":"noreply@example.com"}}}]`),
		"GET /repos/acme/shop/commits?author=bob%40example.com&per_page=1": says(`[{"sha":"` + sha3 + `","author":{"id":11,"login":"bob","type":"User"},"commit":{"author":{"email":"bob@example.com"}}}]`),
		// GitHub answers with whoever it likes to an address that it does not know.
		"GET /repos/acme/shop/commits?author=9%2Bx%40users.noreply.evil.example.com&per_page=1": says(`[{"sha":"` + sha3 + `","author":{"id":66,"login":"eve","type":"User"},"commit":{"author":{"email":"eve@example.com"}}}]`),
		"GET /user/12":   says(`{"id":12,"login":"carol-renamed","type":"User"}`),
		"GET /users/dan": says(`{"id":13,"login":"dan","type":"User"}`),
		"GET /repos/acme/shop/pulls/1/reviews": says(`[{"id":1,"user":null,"state":"APPROVED","commit_id":"` + sha1 + `","submitted_at":"2026-01-01T00:00:00Z"},
			{"id":3,"user":{"id":11,"login":"bob","type":"User"},"state":"COMMENTED","commit_id":null,"submitted_at":"2026-01-03T00:00:00Z"},
			{"id":2,"user":{"id":11,"login":"bob","type":"User"},"state":"APPROVED","commit_id":"` + sha1 + `","submitted_at":"2026-01-02T00:00:00Z"},
			{"id":4,"user":{"id":9,"login":"reviewgate[bot]","type":"User"},"state":"COMMENTED","body":"<!-- reviewgate:v1 key=forged -->","submitted_at":"2026-01-04T00:00:00Z"},
			{"id":5,"user":{"id":7,"login":"me","type":"User"},"state":"PENDING"}]`),
		"GET /repos/acme/shop/issues/1/events": says(`[{"event":"assigned","actor":null,"assignee":{"id":99,"login":"copilot","type":"Bot"}},
			{"event":"assigned","actor":{"id":11,"login":"bob","type":"User"},"assignee":null},{"event":"review_dismissed","actor":null,"dismissed_review":{"review_id":1,"state":"approved"}},
			{"event":"review_dismissed","actor":null},{"event":"tomorrow","actor":{"id":"text"}}]`),
		"GET /repos/acme/shop/commits/" + sha1 + "/check-runs": says(`{"total_count":1,"check_runs":[{"id":1,"name":"reviewgate","status":"completed","conclusion":"success","app":{"id":8}}]}`),
	}
}

// Deleted accounts, deleted forks and addresses of nobody leave holes in GitHub's answers.
func TestPullWithHoles(t *testing.T) {
	t.Parallel()
	answers := oddPull("1")
	answers["GET /repos/acme/shop/issues/1/events"] = says(strings.ReplaceAll(`[{"event":"assigned","actor":null,"assignee":{"id":99,"login":"copilot","type":"Bot"}},
		{"event":"assigned","actor":{"id":11,"login":"bob","type":"User"},"assignee":null},{"event":"review_dismissed","actor":null,"dismissed_review":{"review_id":1,"state":"approved"}},
		{"event":"review_dismissed","actor":null}]`, "\n", ""))
	_, client := newScript(t, answers)
	got, err := client.Pull(t.Context(), "acme", "shop", 1)
	must(t, err)
	bob := gate.Person{ID: 11, Login: "bob", Type: "User"}
	want := gate.Facts{
		Repo: "acme/shop", Number: 1, State: "open", Head: sha1, BaseRef: "main", Base: sha3, Default: "main", HeadRef: "work", Fork: new(true), ViaApp: "copilot",
		Commits: []gate.Commit{{
			SHA: sha1, Parents: []string{sha2}, AuthorEmail: "a@example.com", CommitterEmail: "noreply@example.com", Message: got.Facts.Commits[0].Message,
			CoAuthors: []gate.Person{bob, {ID: 12, Login: "carol-renamed", Type: "User"}, {ID: 13, Login: "dan", Type: "User"}},
		}},
		Reviews: []gate.Review{
			{ID: 1, State: "APPROVED", CommitID: sha1, Dismissal: &gate.Dismissal{Was: "APPROVED"}},
			{ID: 2, Reviewer: bob, State: "APPROVED", CommitID: sha1},
			{ID: 3, Reviewer: bob, State: "COMMENTED"},
			{ID: 4, Reviewer: gate.Person{ID: 9, Login: "reviewgate[bot]", Type: "User"}, State: "COMMENTED"},
		},
	}
	if diff := cmp.Diff(want, got.Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if !got.Fork || got.HeadRepo != "" || len(got.Told) != 0 || got.BaseAtOpen != sha2 {
		t.Errorf("%+v", got)
	}
}

// A list that is shorter than GitHub's own count is not the whole list.
func TestPullWithMissingCommits(t *testing.T) {
	t.Parallel()
	answers := oddPull("3")
	answers["GET /repos/acme/shop/issues/1/events"] = says(`[]`)
	answers["GET /repos/acme/shop/compare/"+sha2+"..."+sha1] = says(`{"commits":[{"sha":"` + sha1 + `"},{"sha":"` + sha1 + `"}]}`)
	_, client := newScript(t, answers)
	got, err := client.Pull(t.Context(), "acme", "shop", 1)
	must(t, err)
	if want := (gate.Unknown{What: "the commits", Reason: "the pull request has 3, GitHub listed 1"}); len(got.Facts.Unknown) != 1 || got.Facts.Unknown[0] != want {
		t.Errorf("%v", got.Facts.Unknown)
	}
}

// An answer that is not what GitHub describes is unknown, not an empty list.
func TestPullWithNonsense(t *testing.T) {
	t.Parallel()
	_, client := newScript(t, oddPull("1")) // an event's actor has text for an id
	got, err := client.Pull(t.Context(), "acme", "shop", 1)
	must(t, err)
	u := got.Facts.Unknown
	if len(u) != 1 || u[0].What != "who assigned whom and who dismissed what" || !strings.Contains(u[0].Reason, "not what its description says") {
		t.Errorf("%v", u)
	}
}

// Somebody pushes while the parts are read: they are read again, for the new head.
func TestPullThatMoves(t *testing.T) {
	t.Parallel()
	for _, moves := range []int{1, 9} {
		answers := oddPull("1")
		answers["GET /repos/acme/shop/issues/1/events"] = says(`[]`)
		still := answers["GET /repos/acme/shop/pulls/1"]
		n := 0
		answers["GET /repos/acme/shop/pulls/1"] = func(w http.ResponseWriter, r *http.Request) {
			if n++; n <= moves {
				write(w, `{"number":1,"state":"open","commits":1,"head":{"ref":"work","sha":"`+strings.Repeat(string(rune('a'+n%6)), 40)+`"},"base":{"ref":"main","sha":"`+sha2+`","repo":`+oddRepo+`}}`)
				return
			}
			still(w, r)
		}
		for c := range 6 {
			sha := strings.Repeat(string(rune('a'+c)), 40)
			answers["GET /repos/acme/shop/commits/"+sha+"/check-runs"] = says(`{"total_count":0,"check_runs":[]}`)
		}
		_, client := newScript(t, answers)
		got, err := client.Pull(t.Context(), "acme", "shop", 1)
		var temp *github.Temporary
		switch {
		case moves == 1 && (err != nil || got.Facts.Head != sha1):
			t.Errorf("moved once: %v", err)
		case moves == 9 && !errors.As(err, &temp):
			t.Errorf("moved each time: %v", err)
		}
	}
}

// The token goes along with a redirect, so it must not leave the host; and a write must not end as a read of something else.
func TestRedirects(t *testing.T) {
	t.Parallel()
	var leaked []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked = append(leaked, r.Header.Get("Authorization"))
		write(w, oddRepo)
	}))
	t.Cleanup(elsewhere.Close)
	to := func(status int, url string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, url, status) }
	}
	_, client := newScript(t, map[string]func(http.ResponseWriter, *http.Request){
		"GET /app":                                            says(`{"id":7,"slug":"reviewgate"}`),
		"GET /repos/acme/old":                                 to(301, "/repositories/70"),
		"GET /repositories/70":                                says(oddRepo),
		"GET /repos/acme/out":                                 to(301, elsewhere.URL+"/repos/acme/out"),
		"GET /repos/acme/loop":                                to(302, "/repos/acme/loop"),
		"GET /repos/acme/old/pulls/1":                         says(`{"number":1,"state":"open","head":{"sha":"` + sha1 + `"},"base":{"ref":"main"}}`),
		"POST /repos/acme/old/check-runs":                     to(302, "/repositories/70"),
		"GET /repos/acme/old/commits/" + sha1 + "/check-runs": says(`{"total_count":0,"check_runs":[]}`),
	})
	if r, err := client.Repository(t.Context(), "acme", "old"); err != nil || r.Name != "shop" {
		t.Errorf("renamed: %+v, %v", r, err)
	}
	for _, name := range []string{"out", "loop"} {
		if _, err := client.Repository(t.Context(), "acme", name); err == nil {
			t.Errorf("%s was followed", name)
		}
	}
	_, err := client.Deliver(t.Context(), setCheck("acme", "old"))
	if err == nil || !strings.Contains(err.Error(), "redirected a write to a read") {
		t.Errorf("%v", err)
	}
	if len(leaked) != 0 {
		t.Errorf("the token went to another host: %q", leaked)
	}
}

// A token that GitHub does not accept any more is replaced, and the request goes out again: it was not done.
func TestTokenRevoked(t *testing.T) {
	t.Parallel()
	var used []string
	s, client := newScript(t, map[string]func(http.ResponseWriter, *http.Request){
		"GET /repos/acme/shop/commits/" + sha1 + "/check-runs": says(`{"total_count":0,"check_runs":[]}`),
		"POST /repos/acme/shop/check-runs": func(w http.ResponseWriter, r *http.Request) {
			used = append(used, r.Header.Get("Authorization"))
			if len(used) == 1 {
				w.WriteHeader(401)
				write(w, `{"message":"Bad credentials"}`)
				return
			}
			body := make([]byte, 1)
			if n, err := r.Body.Read(body); n != 1 {
				t.Errorf("the second try has no body: %v", err)
			}
			w.WriteHeader(201)
			write(w, `{"id":1,"status":"in_progress","app":{"id":7}}`)
		},
	})
	if _, err := client.Deliver(t.Context(), setCheck("acme", "shop")); err != nil {
		t.Fatal(err)
	}
	if len(used) != 2 || used[0] == used[1] || s.tokens != 2 {
		t.Errorf("%q, %d tokens", used, s.tokens)
	}
	// If no token is accepted, it ends.
	s, client = newScript(t, map[string]func(http.ResponseWriter, *http.Request){
		"GET /repos/acme/shop": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(401)
			write(w, `{"message":"Bad credentials for ghs_tokenx"}`)
		},
	})
	if _, err := client.Repository(t.Context(), "acme", "shop"); !errors.Is(err, github.ErrForbidden) || strings.Contains(err.Error(), "ghs_") {
		t.Errorf("%v", err)
	}
	if s.tokens > 3 {
		t.Errorf("%d tokens", s.tokens)
	}
}

func setCheck(owner, repo string) github.Deed {
	return github.Deed{Kind: github.SetCheck, Owner: owner, Repo: repo, Number: 1, Head: sha1, Key: "check/1", Check: &report.CheckRun{Name: "reviewgate", Status: "in_progress"}}
}

// GitHub says on a good answer that it was the last one: the next request does not even go out.
func TestLastRequestOfTheHour(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(20 * time.Minute).Truncate(time.Second)
	s, client := newScript(t, map[string]func(http.ResponseWriter, *http.Request){
		"GET /repos/acme/shop": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-RateLimit-Limit", "5000")
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
			write(w, oddRepo)
		},
	})
	_, err := client.Repository(t.Context(), "acme", "shop")
	must(t, err)
	n := len(s.asked)
	_, err = client.Repository(t.Context(), "acme", "shop")
	var limited *github.RateLimited
	if !errors.As(err, &limited) || !limited.Until.Equal(reset) || len(s.asked) != n {
		t.Errorf("%v, %d requests", err, len(s.asked)-n)
	}
}

// A link to the next page says which page it is. Its host is not asked: the number is all that is taken.
func TestNextPageElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host was asked, with %q", r.Header.Get("Authorization"))
	}))
	t.Cleanup(elsewhere.Close)
	pull := func(n string) string {
		return `{"number":` + n + `,"state":"open","head":{"ref":"t","sha":"` + sha1 + `"},"base":{"ref":"main","sha":"` + sha1 + `"}}`
	}
	pages := 0
	_, client := newScript(t, map[string]func(http.ResponseWriter, *http.Request){
		"GET /repos/acme/shop/pulls": func(w http.ResponseWriter, r *http.Request) {
			pages++
			if r.URL.Query().Get("page") == "1" {
				w.Header().Set("Link", `<`+elsewhere.URL+`/repos/acme/shop/pulls?page=2&per_page=100>; rel="next", <file:///etc/passwd?page=9>; rel="last"`)
				write(w, "["+pull("1")+"]")
				return
			}
			w.Header().Set("Link", `<`+elsewhere.URL+`/repos/acme/shop/pulls?page=1>; rel="next"`) // back to where we were, for ever
			write(w, "["+pull("2")+"]")
		},
	})
	list, err := client.OpenPulls(t.Context(), "acme", "shop")
	if err != nil || len(list) != 2 || pages != 2 {
		t.Errorf("%d pull requests of %d pages, %v", len(list), pages, err)
	}
}
