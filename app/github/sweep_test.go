package github

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func TestGraphQLURL(t *testing.T) {
	t.Parallel()
	for api, want := range map[string]string{"https://api.github.com": "https://api.github.com/graphql", "https://ghe.example.com/api/v3": "https://ghe.example.com/api/graphql"} {
		u, err := url.Parse(api)
		if err != nil {
			t.Fatal(err)
		}
		if got := graphqlURL(u); got != want {
			t.Errorf("%s: %s", api, got)
		}
	}
}

func TestExternalID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id, key string
		seq     int64
		digest  string
	}{
		{"check-abc", "check-abc", 0, ""}, {"check-abc~00ff", "check-abc", 0, "00ff"}, {"check-abc:7", "check-abc", 7, ""}, {"check-abc:7~00ff", "check-abc", 7, "00ff"},
		{"check:x", "check:x", 0, ""}, {"check:-1", "check:-1", 0, ""}, {"", "", 0, ""},
	} {
		key, seq, digest := splitExternalID(c.id)
		if key != c.key || seq != c.seq || digest != c.digest {
			t.Errorf("%q: %q %d %q", c.id, key, seq, digest)
		}
		if got := externalID(key, seq, digest); got != c.id {
			t.Errorf("%q became %q", c.id, got)
		}
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	now := time.Unix(10_000, 0)
	tr := newTransport(nil, Pace{}, func() time.Time { return now }, zerolog.Nop())
	answer := func(resource string, limit, left int, reset int64) {
		tr.note(http.Header{"X-Ratelimit-Limit": {strconv.Itoa(limit)}, "X-Ratelimit-Remaining": {strconv.Itoa(left)}, "X-Ratelimit-Reset": {strconv.FormatInt(reset, 10)}, "X-Ratelimit-Resource": {resource}})
	}
	expect := func(what string, low, half bool) {
		t.Helper()
		if q := tr.quota("core"); q.Low(now) != low || q.Half(now) != half {
			t.Errorf("%s: %+v", what, q)
		}
	}
	expect("nothing is known", false, false)
	answer("core", 5000, 2500, 11_000)
	expect("a half", false, false)
	answer("core", 5000, 1000, 11_000)
	expect("a fifth", false, true)
	answer("core", 5000, 999, 11_000)
	answer("core", 5000, 1200, 11_000) // an older answer
	answer("search", 30, 0, 11_000)
	expect("less", true, true)
	answer("core", 0, 0, 11_000)
	answer("core", 5000, -1, 11_000)
	expect("nonsense", true, true)
	answer("core", 5000, 4999, 14_600)
	expect("the next hour", false, false)
	answer("core", 5000, 10, 14_600)
	now = time.Unix(14_600, 0)
	expect("its end", false, false)
}
