package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
)

const (
	guid   = "0f7d2c7a-9a3e-11ef-8b1e-2b0a6c1f0001"
	ourApp = 42
	shaA   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	shaB   = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	shaC   = "cccccccccccccccccccccccccccccccccccccccc"
)

// memory keeps deliveries as the store does.
type memory struct {
	mu   sync.Mutex
	got  map[string]webhook.Delivery
	fail error
}

func (m *memory) Receive(_ context.Context, d webhook.Delivery) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return false, m.fail
	}
	if _, ok := m.got[d.GUID]; ok {
		return false, nil
	}
	if m.got == nil {
		m.got = map[string]webhook.Delivery{}
	}
	m.got[d.GUID] = d
	return true, nil
}

func handler(t testing.TB, in webhook.Inbox, log io.Writer, secrets ...string) *webhook.Handler {
	t.Helper()
	var keys [][]byte
	for _, s := range secrets {
		keys = append(keys, []byte(s))
	}
	h, err := webhook.New(keys, ourApp, in, zerolog.New(log), func() time.Time { return time.Unix(1, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func request(body []byte, signature string, change func(*http.Request)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Delivery", guid)
	r.Header.Set("X-GitHub-Event", "pull_request")
	r.Header.Set("X-Hub-Signature-256", signature)
	if change != nil {
		change(r)
	}
	return r
}

// event makes a payload of acme/shop; more replaces or adds fields.
func event(more map[string]any) []byte {
	p := map[string]any{
		"installation": map[string]any{"id": 3},
		"repository": map[string]any{"id": 7, "name": "shop", "full_name": "acme/shop", "default_branch": "main",
			"owner": map[string]any{"id": 1, "login": "acme", "type": "Organization"}},
		"sender": map[string]any{"id": 5, "login": "alice", "type": "User"},
	}
	for k, v := range more {
		p[k] = v
	}
	out, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return out
}

func pull(action string, more map[string]any) []byte {
	p := map[string]any{"action": action, "number": 9, "pull_request": map[string]any{"number": 9, "state": "open",
		"head": map[string]any{"ref": "topic", "sha": shaA}, "base": map[string]any{"ref": "main", "sha": shaB}}}
	for k, v := range more {
		p[k] = v
	}
	return event(p)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	good := pull("opened", nil)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	sha1Only := func(r *http.Request) {
		mac := hmac.New(sha1.New, []byte("new"))
		mac.Write(good)
		r.Header.Del("X-Hub-Signature-256")
		r.Header.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(mac.Sum(nil)))
	}
	huge := append(append([]byte(`{"a":"`), bytes.Repeat([]byte("x"), webhook.MaxBody)...), `"}`...)
	largest := append(append([]byte(`{"action":"`), bytes.Repeat([]byte("x"), 25<<20-14)...), `"}`...)
	form := []byte("payload=%7B%7D")
	for name, c := range map[string]struct {
		request *http.Request
		status  int
		says    string
		state   string // "": it must not be kept
	}{
		"the new secret":                {request(good, sign("new", good), nil), 202, "accepted", webhook.Accepted},
		"the old secret":                {request(good, sign("old", good), nil), 202, "accepted", webhook.Accepted},
		"content type with charset":     {request(good, sign("new", good), header("Content-Type", "application/json; charset=utf-8")), 202, "accepted", webhook.Accepted},
		"another secret":                {request(good, sign("bad", good), nil), 401, "not that of the webhook secret", ""},
		"a signature of something else": {request(good, sign("new", good[1:]), nil), 401, "not that of the webhook secret", ""},
		"an empty secret's signature":   {request(good, sign("", good), nil), 401, "not that of the webhook secret", ""},
		"no signature":                  {request(good, "", nil), 401, "X-Hub-Signature-256 is missing", ""},
		"a short signature":             {request(good, sign("new", good)[:70], nil), 401, "malformed", ""},
		"SHA-1 only":                    {request(good, "", sha1Only), 401, "X-Hub-Signature-256 is missing", ""},
		"SHA-1 in the place of SHA-256": {request(good, "sha1="+strings.Repeat("0", 40), nil), 401, "malformed", ""},
		"no delivery id":                {request(good, sign("new", good), header("X-GitHub-Delivery", "")), 400, "X-GitHub-Delivery", ""},
		"a delivery id of odd letters":  {request(good, sign("new", good), header("X-GitHub-Delivery", "a\"b")), 400, "X-GitHub-Delivery", ""},
		"a long delivery id":            {request(good, sign("new", good), header("X-GitHub-Delivery", strings.Repeat("a", 101))), 400, "X-GitHub-Delivery", ""},
		"no event":                      {request(good, sign("new", good), header("X-GitHub-Event", "")), 400, "X-GitHub-Event", ""},
		"an event of odd letters":       {request(good, sign("new", good), header("X-GitHub-Event", "a b")), 400, "X-GitHub-Event", ""},
		"a form":                        {request(form, sign("new", form), header("Content-Type", "application/x-www-form-urlencoded")), 415, "application/json", ""},
		"GET":                           {request(good, sign("new", good), func(r *http.Request) { r.Method = http.MethodGet }), 405, "POST", ""},
		"too large":                     {request(huge, sign("new", huge), nil), 413, "too large", ""},
		"too large, length not told":    {request(huge, sign("new", huge), func(r *http.Request) { r.ContentLength = -1 }), 413, "too large", ""},
		"too large, length lied about":  {request(huge, sign("new", huge), func(r *http.Request) { r.ContentLength = 10 }), 413, "too large", ""},
		"the largest that GitHub sends": {request(largest, sign("new", largest), nil), 202, "ignored", webhook.Ignored},
		"bad JSON":                      {request([]byte("{"), sign("new", []byte("{")), nil), 202, "unreadable", webhook.Unreadable},
		"JSON of another shape":         {request([]byte("[1]"), sign("new", []byte("[1]")), nil), 202, "unreadable", webhook.Unreadable},
		"an empty body":                 {request(nil, sign("new", nil), nil), 202, "unreadable", webhook.Unreadable},
		"an unknown action":             {request(pull("frobnicated", nil), sign("new", pull("frobnicated", nil)), nil), 202, "ignored", webhook.Ignored},
		"an unknown event":              {request(good, sign("new", good), header("X-GitHub-Event", "sponsorship")), 202, "ignored", webhook.Ignored},
		"an unknown event, bad JSON":    {request([]byte("{"), sign("new", []byte("{")), header("X-GitHub-Event", "sponsorship")), 202, "ignored", webhook.Ignored},
		"ping":                          {request(good, sign("new", good), header("X-GitHub-Event", "ping")), 202, "ignored", webhook.Ignored},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, w := &memory{}, httptest.NewRecorder()
			handler(t, m, io.Discard, "new", "old").ServeHTTP(w, c.request)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, c.status, c.says)
			}
			d, kept := m.got[guid]
			if kept != (c.state != "") || d.State != c.state {
				t.Errorf("kept %v as %q, want %q", kept, d.State, c.state)
			}
			if (len(d.Body) > 0) != (c.state == webhook.Accepted || c.state == webhook.Unreadable && name != "an empty body") {
				t.Errorf("%d bytes of the body were kept", len(d.Body))
			}
		})
	}
}

func TestReplayAndFailure(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	m := &memory{fail: errors.New("disk full, token ghs_" + "secret123")}
	h := handler(t, m, &log, "new")
	body := pull("opened", nil)
	send := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(body, sign("new", body), nil))
		return w
	}
	if w := send(); w.Code != 503 || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("the store fails: %d %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "disk full") || strings.Contains(log.String(), "secret123") || !strings.Contains(log.String(), guid) {
		t.Errorf("log: %s", log.String())
	}
	m.fail = nil
	if w := send(); w.Code != 202 || w.Body.String() != "accepted\n" {
		t.Errorf("redelivered: %d %s", w.Code, w.Body)
	}
	if w := send(); w.Code != 202 || w.Body.String() != "duplicate\n" {
		t.Errorf("replayed: %d %s", w.Code, w.Body)
	}
	want := map[webhook.Count]int64{
		{Event: "pull_request", Action: "opened", Result: "failed"}: 1, {Event: "pull_request", Action: "opened", Result: "accepted"}: 1,
		{Event: "pull_request", Action: "opened", Result: "duplicate"}: 1,
	}
	if diff := cmp.Diff(want, h.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestCountsAreBounded(t *testing.T) {
	t.Parallel()
	h := handler(t, &memory{}, io.Discard, "new")
	for i := range 600 {
		h.ServeHTTP(httptest.NewRecorder(), request(nil, sign("new", nil), func(r *http.Request) {
			r.Header.Set("X-GitHub-Event", fmt.Sprintf("made_up_%d", i))
			r.Header.Set("X-GitHub-Delivery", fmt.Sprint(i))
		}))
	}
	counts := h.Counts()
	if n := counts[webhook.Count{Event: "other", Action: "other", Result: "ignored"}]; len(counts) > 501 || n == 0 {
		t.Errorf("%d counts, %d others", len(counts), n)
	}
}

func TestUnreadableAlert(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	m := &memory{}
	handler(t, m, &log, "new").ServeHTTP(httptest.NewRecorder(), request([]byte("{"), sign("new", []byte("{")), nil))
	if s := log.String(); !strings.Contains(s, `"alert":true`) || !strings.Contains(s, guid) {
		t.Errorf("log: %s", s)
	}
	if d := m.got[guid]; string(d.Body) != "{" || d.Note == "" {
		t.Errorf("kept: %+v", d)
	}
}

// Somebody else's check under our name is for the audit, once per delivery.
func TestForeignCheckIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := handler(t, &memory{}, &log, "new")
	body := event(map[string]any{"action": "completed", "check_run": map[string]any{"id": 1, "name": "reviewgate", "head_sha": shaA, "conclusion": "success", "app": map[string]any{"id": 15368}}})
	for range 2 {
		h.ServeHTTP(httptest.NewRecorder(), request(body, sign("new", body), func(r *http.Request) { r.Header.Set("X-GitHub-Event", "check_run") }))
	}
	if n := strings.Count(log.String(), `"audit":true`); n != 1 {
		t.Errorf("%d lines for the audit: %s", n, log.String())
	}
	for _, want := range []string{`"name":"reviewgate"`, `"app":15368`, `"says":"success"`, `"sender":"alice"`, shaA, `"repo":"acme/shop"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the line lacks %s: %s", want, log.String())
		}
	}
}

func TestNewRefusesSecrets(t *testing.T) {
	t.Parallel()
	for _, secrets := range [][][]byte{nil, {{}}, {[]byte("a"), {}}, {[]byte("a"), []byte("b"), []byte("c")}} {
		if _, err := webhook.New(secrets, ourApp, &memory{}, zerolog.Nop(), time.Now); err == nil {
			t.Errorf("%q was accepted", secrets)
		}
	}
}

func TestEffects(t *testing.T) {
	t.Parallel()
	review := func(action, state string) []byte {
		return pull(action, map[string]any{"number": 0, "review": map[string]any{"id": 11, "state": state, "commit_id": shaC, "user": map[string]any{"id": 6, "login": "bob", "type": "User"}}})
	}
	check := func(action string, app int64) []byte {
		return event(map[string]any{"action": action, "check_run": map[string]any{"id": 1, "name": "reviewgate", "head_sha": shaA, "app": map[string]any{"id": app},
			"pull_requests": []any{map[string]any{"number": 9}}}})
	}
	suite := func(app int64) []byte {
		return event(map[string]any{"action": "rerequested", "check_suite": map[string]any{"id": 1, "head_sha": shaA, "head_branch": "topic", "app": map[string]any{"id": app}}})
	}
	push := func(ref, repo string) []byte {
		return event(map[string]any{"ref": ref, "before": shaA, "after": shaB,
			"repository": map[string]any{"id": 7, "name": repo, "full_name": "acme/" + repo, "default_branch": "main", "owner": map[string]any{"id": 1, "login": "acme"}}})
	}
	status := func(context string) []byte {
		return event(map[string]any{"sha": shaA, "context": context, "state": "success"})
	}
	repos := func(action, name string) []byte {
		return event(map[string]any{"action": action, "repository": nil, "repositories_" + action: []any{map[string]any{"id": 8, "name": name, "full_name": "acme/" + name}}})
	}
	group := func(action string) []byte {
		return event(map[string]any{"action": action, "reason": "invalidated", "merge_group": map[string]any{"head_sha": shaA, "head_ref": "refs/heads/gh-readonly-queue/main/pr-9-" + shaB, "base_sha": shaB, "base_ref": "refs/heads/main"}})
	}
	installation := func(action string) []byte {
		return event(map[string]any{"action": action, "repository": nil, "repositories": []any{map[string]any{"id": 7, "name": "shop", "full_name": "acme/shop"}}})
	}
	comment := func(action, body, was, kind string, pull any) []byte {
		return event(map[string]any{"action": action, "issue": map[string]any{"number": 9, "pull_request": pull}, "changes": map[string]any{"body": map[string]any{"from": was}},
			"sender":  map[string]any{"id": 6, "login": "bob", "type": "User"},
			"comment": map[string]any{"id": 21, "body": body, "created_at": "2026-01-02T03:04:05Z", "user": map[string]any{"id": 6, "login": "bob", "type": kind}}})
	}
	said := func(action, body, was, kind string) []byte {
		return comment(action, body, was, kind, map[string]any{"url": "https://example.com"})
	}
	pressed := func(button string, app int64, kind string) []byte {
		var body map[string]any
		if err := json.Unmarshal(check("requested_action", app), &body); err != nil {
			t.Fatal(err)
		}
		body["requested_action"], body["sender"] = map[string]any{"identifier": button}, map[string]any{"id": 6, "login": "bob", "type": kind}
		return event(body)
	}
	type effect = webhook.Effect
	for name, c := range map[string]struct {
		event string
		body  []byte
		state string
		want  effect
	}{
		"opened":                    {"pull_request", pull("opened", nil), "accepted", effect{Numbers: []int{9}, Seen: true}},
		"pushed":                    {"pull_request", pull("synchronize", map[string]any{"before": shaC, "after": shaA}), "accepted", effect{Numbers: []int{9}, Pushed: true, Seen: true}},
		"closed":                    {"pull_request", pull("closed", nil), "accepted", effect{Numbers: []int{9}, Seen: true}},
		"retargeted":                {"pull_request", pull("edited", nil), "accepted", effect{Numbers: []int{9}, Seen: true}},
		"approved":                  {"pull_request_review", review("submitted", "approved"), "accepted", effect{Numbers: []int{9}, Approved: true}},
		"changes requested":         {"pull_request_review", review("submitted", "changes_requested"), "accepted", effect{Numbers: []int{9}}},
		"an approval's text edited": {"pull_request_review", review("edited", "approved"), "accepted", effect{Numbers: []int{9}}},
		"dismissed":                 {"pull_request_review", review("dismissed", "dismissed"), "accepted", effect{Numbers: []int{9}}},
		"our check again":           {"check_run", check("rerequested", ourApp), "accepted", effect{Numbers: []int{9}, Head: shaA, Force: true}},
		"another App's check again": {"check_run", check("rerequested", 1), "ignored", effect{}},
		"our check made":            {"check_run", check("created", ourApp), "ignored", effect{}},
		"look again":                {"check_run", pressed("recheck", ourApp, "User"), "accepted", effect{Numbers: []int{9}, Head: shaA, Force: true}},
		"explain":                   {"check_run", pressed("explain", ourApp, "User"), "accepted", effect{Numbers: []int{9}, Head: shaA, Explain: "bob"}},
		"explain, a machine":        {"check_run", pressed("explain", ourApp, "Bot"), "ignored", effect{}},
		"another button":            {"check_run", pressed("merge", ourApp, "User"), "ignored", effect{}},
		"a button of another App":   {"check_run", pressed("recheck", 1, "User"), "ignored", effect{}},
		"all checks again":          {"check_suite", suite(ourApp), "accepted", effect{Head: shaA, Force: true}},
		"another App's suite":       {"check_suite", suite(1), "ignored", effect{}},
		"push to the default":       {"push", push("refs/heads/main", "shop"), "accepted", effect{Base: "main", Sweep: true, Onto: true}},
		"push to a branch":          {"push", push("refs/heads/release/1", "shop"), "accepted", effect{Base: "release/1", Onto: true}},
		"push to a tag":             {"push", push("refs/tags/v1", "shop"), "ignored", effect{}},
		"push to the floor":         {"push", push("refs/heads/main", ".github"), "accepted", effect{Base: "main", Sweep: true, SweepAll: true, Onto: true}},
		"push beside the floor":     {"push", push("refs/heads/x", ".github"), "accepted", effect{Base: "x", Onto: true}},
		"team member left":          {"membership", event(map[string]any{"action": "removed", "member": map[string]any{"id": 6, "login": "bob"}, "team": map[string]any{"id": 1, "slug": "sec"}}), "accepted", effect{SweepAll: true}},
		"collaborator removed":      {"member", event(map[string]any{"action": "removed", "member": map[string]any{"id": 6, "login": "bob"}}), "accepted", effect{Sweep: true}},
		"team deleted":              {"team", event(map[string]any{"action": "deleted", "team": map[string]any{"id": 1, "slug": "sec"}}), "accepted", effect{SweepAll: true}},
		"renamed":                   {"repository", event(map[string]any{"action": "renamed"}), "accepted", effect{Repo: true}},
		"uninstalled":               {"installation", installation("deleted"), "accepted", effect{Gone: true}},
		"suspended":                 {"installation", installation("suspend"), "ignored", effect{}},
		"installed":                 {"installation", installation("created"), "accepted", effect{Installation: true, SearchAll: true}},
		"resumed":                   {"installation", installation("unsuspend"), "accepted", effect{Installation: true, SearchAll: true}},
		"new permissions":           {"installation", installation("new_permissions_accepted"), "accepted", effect{Installation: true}},
		"repositories added":        {"installation_repositories", repos("added", "shop"), "accepted", effect{Search: true}},
		"repositories removed":      {"installation_repositories", repos("removed", "shop"), "accepted", effect{Search: true}},
		"the floor's removed":       {"installation_repositories", repos("removed", ".github"), "accepted", effect{Search: true, Installation: true}},
		"unarchived":                {"repository", event(map[string]any{"action": "unarchived"}), "accepted", effect{Repo: true, Search: true}},
		"a merge group":             {"merge_group", group("checks_requested"), "accepted", effect{Group: true}},
		"a merge group's end":       {"merge_group", group("destroyed"), "accepted", effect{Group: true}},
		"a merge group of nothing":  {"merge_group", event(map[string]any{"action": "checks_requested", "merge_group": map[string]any{"head_sha": shaA}}), "unreadable", effect{}},
		"another's check, our name": {"check_run", check("completed", 1), "accepted", effect{Foreign: "check run", Head: shaA}},
		"a status with our name":    {"status", status("Reviewgate: release/1"), "accepted", effect{Foreign: "status", Head: shaA}},
		"a status":                  {"status", status("ci/build"), "ignored", effect{}},
		"a command":                 {"issue_comment", said("created", "Hello\n\n/reviewgate recheck", "", "User"), "accepted", effect{Numbers: []int{9}, Said: true}},
		"a comment without one":     {"issue_comment", said("created", "> /reviewgate recheck", "", "User"), "ignored", effect{}},
		"a call":                    {"issue_comment", said("created", "@copilot, please make it faster", "", "User"), "accepted", effect{Called: true}},
		"a bot's call":              {"issue_comment", said("created", "@copilot, please make it faster", "", "Bot"), "ignored", effect{}},
		"a bot's command":           {"issue_comment", said("created", "/reviewgate recheck", "", "Bot"), "ignored", effect{}},
		"a command on an issue":     {"issue_comment", comment("created", "/reviewgate recheck", "", "User", nil), "ignored", effect{}},
		"a command edited away":     {"issue_comment", said("edited", "never mind", "/reviewgate recheck", "User"), "accepted", effect{Numbers: []int{9}, Unsaid: true}},
		"a comment edited":          {"issue_comment", said("edited", "this", "that", "User"), "accepted", effect{Unsaid: true}},
		"a command deleted":         {"issue_comment", said("deleted", "/reviewgate recheck", "", "User"), "accepted", effect{Numbers: []int{9}, Unsaid: true}},
		"a comment of nobody":       {"issue_comment", event(map[string]any{"action": "created", "issue": map[string]any{"number": 9, "pull_request": map[string]any{}}}), "unreadable", effect{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, w := &memory{}, httptest.NewRecorder()
			handler(t, m, io.Discard, "new").ServeHTTP(w, request(c.body, sign("new", c.body), func(r *http.Request) { r.Header.Set("X-GitHub-Event", c.event) }))
			if w.Code != 202 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			d := m.got[guid]
			if d.State != c.state {
				t.Errorf("%s (%s), want %s", d.State, d.Note, c.state)
			}
			if diff := cmp.Diff(c.want, d.Effect, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c.event == "issue_comment" && c.state == "accepted" && d.Body != nil {
				t.Error("what people say is kept")
			}
			if d.State == "accepted" && d.Payload.Installation != 3 {
				t.Errorf("payload: %+v", d.Payload)
			}
		})
	}
}
