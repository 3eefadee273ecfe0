package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// post sends a signed webhook to the server, past GitHub.
func (w *world) post(event, guid string, body []byte) (status int, text string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, "http://"+w.srv.Addr()+"/webhook", bytes.NewReader(body))
	must(w.t, err)
	for name, value := range map[string]string{"Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": guid, "X-Hub-Signature-256": sign(w.app.WebhookSecret(), body)} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	must(w.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	must(w.t, err)
	return resp.StatusCode, string(answer)
}

// last is the newest webhook of an event and action that GitHub sent.
func (w *world) last(event, action string) []byte {
	w.t.Helper()
	var body []byte
	for _, d := range w.app.Deliveries() {
		if d.Event == event && d.Action == action {
			body = d.Payload
		}
	}
	if body == nil {
		w.t.Fatalf("there was no %s %s", event, action)
	}
	return body
}

// TestReplayed sends what was signed once again, under another delivery's id. Nothing is believed but what GitHub says now.
func TestReplayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	opened := w.last("pull_request", "opened")
	r := w.approve(p, w.bob)
	w.expect(p, "success")
	approved := w.last("pull_request_review", "submitted")
	must(t, p.Dismiss(w.alice, r.ID, "not yet"))
	w.expect(p, "action_required", "was dismissed")
	must(t, p.Close(w.alice))
	w.says(p.Head(), "cancelled")
	closed := w.last("pull_request", "closed")
	must(t, p.Reopen(w.alice))
	w.expect(p, "action_required")
	for i, c := range []struct {
		event string
		body  []byte
	}{{"pull_request_review", approved}, {"pull_request", opened}, {"pull_request", closed}} {
		if status, text := w.post(c.event, fmt.Sprint("replayed-", i), c.body); status != 202 || text != "accepted\n" {
			t.Errorf("%d %q", status, text)
		}
		must(t, w.srv.Idle(t.Context()))
		w.expect(p, "action_required", "was dismissed")
	}
	// What bob saw once does not count for what is there now, either.
	w.push("topic", map[string]string{"pay/card.go": "package pay // evil\n"})
	w.expect(p, "action_required")
	w.post("pull_request_review", "replayed-again", approved)
	must(t, w.srv.Idle(t.Context()))
	w.expect(p, "action_required")
}

// TestForeignInstallation: a signed webhook that names a repository, an installation or a pull request that is none of ours leads nowhere.
func TestForeignInstallation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	body := string(w.last("pull_request", "opened"))
	for i, change := range [][2]string{
		{`"full_name":"acme/shop"`, `"full_name":"../../etc/passwd"`}, {`"name":"shop"`, `"name":"../../../etc"`}, {`"login":"acme"`, `"login":"evil"`},
		{`"installation":{"id":`, `"installation":{"id":9`}, {`"number":1`, `"number":2147483647`},
	} {
		if !strings.Contains(body, change[0]) {
			t.Fatalf("the fixture has no %s", change[0])
		}
		if status, _ := w.post("pull_request", fmt.Sprint("foreign-", i), []byte(strings.ReplaceAll(body, change[0], change[1]))); status != 202 {
			t.Errorf("%s: %d", change[1], status)
		}
	}
	w.push("topic", map[string]string{"README.md": "more\n"}) // the queue has room for what is real
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	for _, r := range w.hub.Requests() {
		if strings.Contains(r.Path, "..") || strings.Contains(r.Path, "/evil/") && r.Method != http.MethodGet {
			t.Errorf("%s %s was asked", r.Method, r.Path)
		}
	}
}

// hosts notes which hosts are asked through a client.
type hosts struct {
	mu   sync.Mutex
	seen map[string]int
}

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.seen[r.URL.Host]++
	h.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// TestAddressesFromOutside names other addresses wherever a stranger can write one: in webhooks, in the policy, in files that tools take addresses from,
// and in what people say. None of them is ever asked: the server speaks with the host that its operator named, and with nobody else.
func TestAddressesFromOutside(t *testing.T) {
	t.Parallel()
	var asked []string
	var mu sync.Mutex
	trap := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.String())
	}))
	t.Cleanup(trap.Close)
	h := &hosts{seen: map[string]int{}}
	w := newEmptyWorld(t)
	w.cfg.HTTP = &http.Client{Transport: h}
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	w.commit(map[string]string{".github/reviewgate.yml": policy + "imports:\n  - {from: \"" + trap.URL + "\"}\n"}) // no such key: it is told, not asked
	p := w.open("topic", map[string]string{
		"pay/card.go": "package pay // " + trap.URL + "\n", ".gitmodules": "[submodule \"x\"]\n\tpath = x\n\turl = " + trap.URL + "/x.git\n", ".gitattributes": "* filter=lfs diff=lfs\n",
		".lfsconfig": "[lfs]\n\turl = " + trap.URL + "/lfs\n", ".npmrc": "registry=" + trap.URL + "\n", "package.json": `{"dependencies":{"x":"` + trap.URL + `/x.tgz"}}`,
		"go.mod": "module x\n\nreplace y => " + strings.TrimPrefix(trap.URL, "http://") + "/y v1.0.0\n", "requirements.txt": "--index-url " + trap.URL + "\nx\n",
		".github/CODEOWNERS": "* " + trap.URL + "\n",
	})
	w.expect(p, "action_required", "Broken policy")
	w.commit(map[string]string{".github/reviewgate.yml": policy})
	w.expect(p, "action_required", "@bob")
	_, err := p.Comment(w.bob, "/reviewgate explain "+trap.URL)
	must(t, err)

	var payload any
	must(t, json.Unmarshal(w.last("pull_request", "opened"), &payload))
	body, err := json.Marshal(redirected(payload, trap.URL))
	must(t, err)
	if n := bytes.Count(body, []byte(trap.URL)); n < 50 {
		t.Fatalf("only %d addresses in the webhook", n)
	}
	for i, event := range []string{"pull_request", "push", "check_run", "issue_comment", "installation"} {
		if status, _ := w.post(event, fmt.Sprint("elsewhere-", i), body); status != 202 {
			t.Errorf("%s: %d", event, status)
		}
	}
	w.push("topic", map[string]string{"README.md": "more\n"})
	w.expect(p, "action_required", "@bob")
	must(t, w.srv.Idle(t.Context()))
	mu.Lock()
	defer mu.Unlock()
	if len(asked) > 0 {
		t.Errorf("asked for: %q", asked)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for host := range h.seen {
		if host != strings.TrimPrefix(w.hub.URL(), "http://") {
			t.Errorf("%s was asked %d times", host, h.seen[host])
		}
	}
	if len(h.seen) == 0 {
		t.Error("nobody was asked at all")
	}
}

// redirected gives JSON in which every address is another one.
func redirected(v any, to string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = redirected(e, to)
		}
	case []any:
		for i, e := range v {
			v[i] = redirected(e, to)
		}
	case string:
		if strings.Contains(v, "://") || strings.HasPrefix(v, "git@") {
			return to + "/" + v
		}
	}
	return v
}

// TestDoors knocks at every address with methods and paths that have opened other servers. Nothing but what is meant for everybody is answered.
func TestDoors(t *testing.T) {
	t.Parallel()
	w := newEmptyWorld(t)
	w.cfg.Metrics = "127.0.0.1:0"
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	p := w.open("topic", pay)
	w.expect(p, "action_required")
	secrets := []string{"root:", "PRIVATE KEY", w.app.WebhookSecret(), "acme", "shop", w.cfg.Database, "goroutine ", "/usr/"}
	knock := func(addr, request string) (status int, body string) {
		t.Helper()
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		must(t, err)
		defer conn.Close()
		must(t, conn.SetDeadline(time.Now().Add(time.Minute)))
		_, err = io.WriteString(conn, request)
		must(t, err)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0, "" // hung up
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		if err != nil {
			text = nil
		}
		return resp.StatusCode, string(text)
	}
	closed := func(addr, line, more string) {
		t.Helper()
		status, body := knock(addr, line+"\r\nHost: x\r\nConnection: close\r\n"+more+"\r\n")
		if (status < 300 || status >= 500) && (status != 200 || body != "") { // OPTIONS of the server as a whole has an empty answer
			t.Errorf("%q: %d %.100q", line, status, body)
		}
		for _, s := range secrets {
			if strings.Contains(body, s) {
				t.Errorf("%q: the answer holds %q", line, s)
			}
		}
	}
	addr := w.srv.Addr()
	for _, path := range []string{
		"/../../../../etc/passwd", "/webhook/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "/%c0%ae%c0%ae/etc/passwd", "/....//....//etc/passwd", "/webhook%00.txt",
		"/healthz/../metrics", "//metrics", "/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/.env", "/.git/config", "/server-status", "/actuator/env", "/api/v3/app",
		"/webhook/", "/WEBHOOK", "/webhook;x=y", "/healthz/", "/readyz/x", "/" + strings.Repeat("a/", 8000), "/?file=/etc/passwd", "/%",
	} {
		closed(addr, "GET "+path+" HTTP/1.1", "")
	}
	for _, method := range []string{"TRACE", "CONNECT", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND", "webhook", "POST"} {
		for _, path := range []string{"/webhook", "/healthz", "/readyz", "*", "http://169.254.169.254/latest/meta-data/", "x:80"} {
			closed(addr, method+" "+path+" HTTP/1.1", "")
		}
	}
	sent := "Content-Type: application/json\r\n"
	for name, more := range map[string]string{
		"two lengths":                "Content-Length: 5\r\nContent-Length: 6\r\n",
		"a length and chunks":        sent + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
		"chunks in other words":      "Transfer-Encoding: xchunked\r\n",
		"a chunk that is too large":  sent + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
		"a header without end":       "X: " + strings.Repeat("a", 64<<10) + "\r\n",
		"ten thousand headers":       strings.Repeat("X: y\r\n", 10_000),
		"a folded header":            "X: y\r\n z\r\n",
		"a space before the colon":   "X : y\r\n",
		"a null in a header":         "X: \x00\r\n",
		"a host with a path":         "Host: a/b\r\n",
		"asked to upgrade":           "Upgrade: websocket\r\nConnection: Upgrade\r\n",
		"a path in another header":   "X-Original-URL: /metrics\r\nX-Rewrite-URL: /metrics\r\nX-Forwarded-Host: evil.example.com\r\n",
		"a method in another header": "X-HTTP-Method-Override: POST\r\nX-Method-Override: POST\r\n",
	} {
		status, body := knock(addr, "POST /webhook HTTP/1.1\r\nHost: x\r\n"+more+"\r\n")
		if status != 0 && (status < 400 || status >= 500 && status != http.StatusNotImplemented) {
			t.Errorf("%s: %d %.100q", name, status, body)
		}
	}
	// What everybody may see tells nothing; what is for the operator has an address of its own, and names nobody.
	for _, path := range []string{"/healthz", "/readyz"} {
		if _, body := knock(addr, "GET "+path+" HTTP/1.0\r\n\r\n"); body != "alive\n" && body != "ready\n" {
			t.Errorf("%s: %q", path, body)
		}
	}
	for _, path := range []string{"/", "/healthz", "/webhook", "/debug/pprof/", "/metrics/../webhook"} {
		closed(w.srv.MetricsAddr(), "GET "+path+" HTTP/1.1", "")
	}
	status, body := knock(w.srv.MetricsAddr(), "GET /metrics HTTP/1.0\r\n\r\n")
	if status != 200 || !strings.Contains(body, "reviewgate_jobs") {
		t.Errorf("%d %.100q", status, body)
	}
	for _, s := range append(secrets, p.Head(), "alice", "topic") {
		if s != "goroutine " && strings.Contains(body, s) {
			t.Errorf("the metrics hold %q", s)
		}
	}
	w.approve(p, w.bob) // and it still works
	w.expect(p, "success")
}

// TestSlowSenders opens many connections that say a little and then nothing more. They keep nobody out, and are closed in the end.
func TestSlowSenders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func(text string) net.Conn {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", w.srv.Addr())
		must(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn, text)
		must(t, err)
		return conn
	}
	const many = 400
	heads := "POST /webhook HTTP/1.1\r\nHost: x\r\nX-GitHub-Delivery: a\r\nX-GitHub-Event: push\r\n"
	var inHeader, inBody net.Conn
	for range many {
		inHeader = open(heads)
		inBody = open(heads + "Content-Type: application/json\r\nX-Hub-Signature-256: sha256=" + strings.Repeat("0", 64) + "\r\nContent-Length: 26000000\r\n\r\n{")
	}
	start := time.Now()
	p := w.open("topic", pay)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	for _, d := range w.app.Deliveries() {
		if d.Code != http.StatusAccepted {
			t.Errorf("%s was answered %d", d.Event, d.Code)
		}
	}
	t.Logf("with %d slow senders a pull request was answered in %s", 2*many, time.Since(start).Round(time.Millisecond))
	hungUp := func(conn net.Conn, within time.Duration) {
		t.Helper()
		must(t, conn.SetReadDeadline(time.Now().Add(within)))
		if _, err := io.Copy(io.Discard, conn); os.IsTimeout(err) {
			t.Errorf("a slow sender was not hung up on within %s", within)
		}
	}
	hungUp(inHeader, 30*time.Second)
	hungUp(inBody, 90*time.Second)
}

// TestFlood sends many unsigned webhooks at a time. They are refused without a trace in the database, and what is signed is answered meanwhile.
func TestFlood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	var mu sync.Mutex
	refused := 0
	body := bytes.Repeat([]byte("x"), 1<<20)
	for n := range 8 {
		senders.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+w.srv.Addr()+"/webhook", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				for name, value := range map[string]string{"Content-Type": "application/json", "X-GitHub-Event": "push", "X-GitHub-Delivery": fmt.Sprint("flood-", n, "-", i), "X-Hub-Signature-256": sign("guess", body)} {
					req.Header.Set(name, value)
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					continue
				}
				_ = resp.Body.Close()
				mu.Lock()
				if refused++; resp.StatusCode != http.StatusUnauthorized {
					t.Errorf("answered %d", resp.StatusCode)
				}
				mu.Unlock()
			}
		})
	}
	p := w.open("topic", pay)
	w.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	stop()
	senders.Wait()
	dump, err := w.srv.Dump(t.Context())
	must(t, err)
	if refused == 0 || strings.Contains(dump, "flood-") {
		t.Errorf("%d refused; in the database: %v", refused, strings.Contains(dump, "flood-"))
	}
}

// TestHostileText opens a pull request whose every text wants to be more than text. The check says what it says of any other.
func TestHostileText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	evil := "</details><!-- reviewgate:check --><img src=https://evil.example.com/x.png onerror=alert(1)> @acme/everyone [ok](javascript:alert(1))\x1b[2J\u202e\n\n/reviewgate waive all"
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: evil, Branch: "topic", Parents: []string{"main"}, Files: map[string]string{"pay/<img src=x>`|@bob.go": "FLAW " + evil + "\n"}})
	must(t, err)
	p, err := w.repo.OpenPull(w.alice, githubtest.PullOptions{Head: "topic", Base: "main", Title: strings.ReplaceAll(evil, "\n", " "), Body: evil})
	must(t, err)
	w.pulls = append(w.pulls, p)
	w.expect(p, "failure")
	r := w.run(p, "reviewgate")
	for _, text := range []string{r.Title, r.Summary} {
		if strings.Contains(text, "evil.example.com") || strings.Contains(text, "javascript:") || strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("the check says: %s", text)
		}
	}
	for line := range strings.Lines(w.log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line that was not meant: %q", line)
		}
	}
}
