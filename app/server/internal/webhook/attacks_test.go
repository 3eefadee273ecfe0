package webhook_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
)

// TestSignatureTricks: only the raw body under a secret in force is taken, in exactly one form.
func TestSignatureTricks(t *testing.T) {
	t.Parallel()
	good := pull("opened", nil)
	right, wrong := sign("new", good), sign("bad", good)
	set := func(values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["X-Hub-Signature-256"] = values }
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"a forged header before the right one": {set(wrong, right), 401},
		"the right header and a forged one":    {set(right, wrong), 401},
		"the right header twice":               {set(right, right), 401},
		"both in one header":                   {set(right + ", " + wrong), 401},
		"upper case":                           {set("sha256=" + strings.ToUpper(strings.TrimPrefix(right, "sha256="))), 401},
		"the algorithm in upper case":          {set("SHA256=" + strings.TrimPrefix(right, "sha256=")), 401},
		"a line break behind it":               {set(right + "\n"), 401},
		"a space before it":                    {set(" " + right), 401},
		"digits of another script":             {set("sha256=" + strings.Repeat("٠", 64)), 401},
		"nothing behind the sign":              {set("sha256="), 401},
		"a secret that was in force once":      {set(sign("older", good)), 401},
		"a parameter in the address": {func(r *http.Request) {
			r.Header.Del("X-Hub-Signature-256")
			r.URL.RawQuery = "X-Hub-Signature-256=" + right
		}, 401},
		"an underscore in the header's name": {func(r *http.Request) {
			r.Header.Del("X-Hub-Signature-256")
			r.Header["X_hub_signature_256"] = []string{right}
		}, 401},
		"the method in a header":                {func(r *http.Request) { r.Method = http.MethodGet; r.Header.Set("X-HTTP-Method-Override", "POST") }, 405},
		"two delivery ids":                      {func(r *http.Request) { r.Header.Add("X-GitHub-Delivery", "another") }, 400},
		"two events":                            {func(r *http.Request) { r.Header.Add("X-GitHub-Event", "installation") }, 400},
		"two content types":                     {func(r *http.Request) { r.Header.Add("Content-Type", "application/x-www-form-urlencoded") }, 415},
		"an event of another script":            {func(r *http.Request) { r.Header.Set("X-GitHub-Event", "pull_rеquest") }, 400},
		"a delivery id with a line break":       {func(r *http.Request) { r.Header.Set("X-GitHub-Delivery", "a\nb") }, 400},
		"a body of several parts":               {func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") }, 415},
		"a content type that cannot be read":    {func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset") }, 415},
		"one body, one header, the right form":  {nil, 202},
		"an old header beside the new, ignored": {func(r *http.Request) { r.Header.Set("X-Hub-Signature", "sha1="+strings.Repeat("0", 40)) }, 202},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, w := &memory{}, httptest.NewRecorder()
			handler(t, m, io.Discard, "new", "old").ServeHTTP(w, request(good, right, c.change))
			if w.Code != c.status || (len(m.got) == 1) != (c.status == 202) {
				t.Errorf("%d %q, %d kept; want %d", w.Code, w.Body, len(m.got), c.status)
			}
		})
	}
}

// TestCompressed: what is signed is what arrived. A body is never unpacked, so a small one cannot become a large one.
func TestCompressed(t *testing.T) {
	t.Parallel()
	pack := func(text []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	good := pull("opened", nil)
	bomb := pack(make([]byte, 64<<20))
	for name, c := range map[string]struct {
		body      []byte
		signature string
		says      string
	}{
		"a bomb":                        {bomb, sign("bad", bomb), "not that of the webhook secret"},
		"signed before it was packed":   {pack(good), sign("new", good), "not that of the webhook secret"},
		"signed after it was packed":    {pack(good), sign("new", pack(good)), "unreadable"},
		"a bomb of somebody with a key": {bomb, sign("new", bomb), "unreadable"},
	} {
		m, w := &memory{}, httptest.NewRecorder()
		handler(t, m, io.Discard, "new").ServeHTTP(w, request(c.body, c.signature, func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }))
		if !strings.Contains(w.Body.String(), c.says) || len(m.got[guid].Body) > len(c.body) || len(m.got[guid].Numbers) > 0 {
			t.Errorf("%s: %d %q, kept %d bytes", name, w.Code, w.Body, len(m.got[guid].Body))
		}
	}
}

// TestJSONTricks: what is no plain event is kept for a person to look at, or means what GitHub would mean by it. Nothing is guessed.
func TestJSONTricks(t *testing.T) {
	t.Parallel()
	inside := func(text string) []byte {
		return bytes.Replace(pull("opened", nil), []byte(`"number":9`), []byte(text), 1)
	}
	for name, c := range map[string]struct {
		body  []byte
		state string
	}{
		"deep nesting":            {[]byte(`{"a":` + strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000) + "}"), webhook.Unreadable},
		"deep nesting, cut":       {[]byte(strings.Repeat(`{"a":`, 1_000_000)), webhook.Unreadable},
		"a number without end":    {inside(`"number":1` + strings.Repeat("0", 400)), webhook.Unreadable},
		"an exponent":             {inside(`"number":1e400`), webhook.Unreadable},
		"a fraction":              {inside(`"number":9.5`), webhook.Unreadable},
		"a negative number":       {inside(`"number":-9`), webhook.Unreadable},
		"a number as text":        {inside(`"number":"9"`), webhook.Unreadable},
		"not a number":            {inside(`"number":NaN`), webhook.Unreadable},
		"text behind it":          {append(pull("opened", nil), `{"action":"closed"}`...), webhook.Unreadable},
		"a byte order mark":       {append([]byte("\xef\xbb\xbf"), pull("opened", nil)...), webhook.Unreadable},
		"UTF-16":                  {[]byte("{\x00}\x00"), webhook.Unreadable},
		"bytes that are no UTF-8": {bytes.Replace(pull("opened", nil), []byte("topic"), []byte("to\xff\xfec"), 1), webhook.Accepted},
		"null":                    {[]byte("null"), webhook.Ignored},
		"many keys":               {[]byte("{" + strings.Repeat(`"k":1,`, 500_000) + `"action":"opened"}`), webhook.Unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, w, start := &memory{}, httptest.NewRecorder(), time.Now()
			handler(t, m, io.Discard, "new").ServeHTTP(w, request(c.body, sign("new", c.body), nil))
			d := m.got[guid]
			if w.Code != 202 || d.State != c.state || time.Since(start) > 20*time.Second {
				t.Errorf("%d %q, kept as %q (%s); want %q", w.Code, w.Body, d.State, d.Note, c.state)
			}
			if c.state != webhook.Accepted && (len(d.Numbers) > 0 || d.Approved || d.Force) {
				t.Errorf("something follows from it: %+v", d.Effect)
			}
			if len(d.Note) > 1000 {
				t.Errorf("a note of %d bytes", len(d.Note))
			}
		})
	}
}

// TestDuplicateKeys: of two equal keys one is taken, the same by everything that reads the body.
func TestDuplicateKeys(t *testing.T) {
	t.Parallel()
	body := bytes.Replace(pull("opened", nil), []byte(`"number":9`), []byte(`"number":1,"number":9`), -1)
	m := &memory{}
	handler(t, m, io.Discard, "new").ServeHTTP(httptest.NewRecorder(), request(body, sign("new", body), nil))
	d := m.got[guid]
	if d.Number != 9 || fmt.Sprint(d.Numbers) != "[9]" {
		t.Errorf("number %d, touched %v", d.Number, d.Numbers)
	}
}

// TestBodyOfAnotherEvent sends every kind of body under the name of every other event: the name is not signed. Nothing becomes an approval, a
// re-run, a comment that commands, or the end of an installation, but by the event that says so.
func TestBodyOfAnotherEvent(t *testing.T) {
	t.Parallel()
	bodies := map[string][]byte{
		"pull_request":        pull("closed", nil),
		"pull_request_review": pull("submitted", map[string]any{"review": map[string]any{"id": 4, "state": "approved", "commit_id": shaA, "user": map[string]any{"id": 5, "login": "alice", "type": "User"}}}),
		"issue_comment": event(map[string]any{"action": "created", "issue": map[string]any{"number": 9, "pull_request": map[string]any{}},
			"comment": map[string]any{"id": 6, "body": "/reviewgate recheck", "user": map[string]any{"id": 5, "login": "alice", "type": "User"}}}),
		"check_run":    event(map[string]any{"action": "rerequested", "check_run": map[string]any{"id": 1, "name": "reviewgate", "head_sha": shaA, "app": map[string]any{"id": ourApp}}}),
		"installation": event(map[string]any{"action": "deleted"}),
		"push":         event(map[string]any{"ref": "refs/heads/main", "before": shaA, "after": shaB}),
		"merge_group":  event(map[string]any{"action": "checks_requested", "merge_group": map[string]any{"head_sha": shaA, "head_ref": "refs/heads/gh-readonly-queue/main/pr-9-" + shaB, "base_ref": "refs/heads/main", "base_sha": shaB}}),
	}
	for of, body := range bodies {
		for name := range bodies {
			if name == of {
				continue
			}
			m, w := &memory{}, httptest.NewRecorder()
			handler(t, m, io.Discard, "new").ServeHTTP(w, request(body, sign("new", body), func(r *http.Request) { r.Header.Set("X-GitHub-Event", name) }))
			d := m.got[guid]
			if w.Code != 202 {
				t.Errorf("a body of %s as %s: %d", of, name, w.Code)
			}
			if d.Approved || d.Force || d.Said || d.Group || d.Explain != "" || d.Gone && name != "installation" {
				t.Errorf("a body of %s as %s: %+v", of, name, d.Effect)
			}
		}
	}
}

// TestLogInjection: whatever a body holds stays inside of one field of one line.
func TestLogInjection(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	evil := "shop\"}\n{\"level\":\"info\",\"message\":\"forged\",\"x\":\"\x1b[2J\u202e\r\n"
	h := handler(t, &memory{}, &log, "new")
	for i, body := range [][]byte{
		pull("opened", map[string]any{"repository": map[string]any{"id": 7, "name": evil, "full_name": "acme/" + evil, "default_branch": evil, "owner": map[string]any{"login": evil}}}),
		event(map[string]any{"action": "completed", "check_run": map[string]any{"id": 1, "name": "reviewgate", "head_sha": shaA, "conclusion": evil, "app": map[string]any{"id": 1, "slug": evil}}, "sender": map[string]any{"id": 1, "login": evil}}),
		pull(evil, nil), []byte(evil),
	} {
		for _, name := range []string{"pull_request", "check_run"} {
			h.ServeHTTP(httptest.NewRecorder(), request(body, sign("new", body), func(r *http.Request) {
				r.Header.Set("X-GitHub-Delivery", fmt.Sprint(name, i))
				r.Header.Set("X-GitHub-Event", name)
			}))
		}
	}
	h.ServeHTTP(httptest.NewRecorder(), request(nil, evil, func(r *http.Request) { r.Header.Set("User-Agent", evil); r.URL.Path = "/" + evil }))
	for line := range bytes.Lines(log.Bytes()) {
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil || fields["message"] == "forged" {
			t.Errorf("a line that was not meant: %q, %v", line, err)
		}
		if bytes.ContainsAny(bytes.TrimSuffix(line, []byte("\n")), "\x1b\r\n") {
			t.Errorf("control characters: %q", line)
		}
	}
	if !bytes.Contains(log.Bytes(), []byte("forged")) {
		t.Error("the fixture was not logged at all")
	}
}
