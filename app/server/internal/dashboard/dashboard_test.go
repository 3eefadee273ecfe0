package dashboard

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestAssets: what was taken from elsewhere is what was taken.
func TestAssets(t *testing.T) {
	t.Parallel()
	sums, err := assetFiles.ReadFile("assets/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for lines := bufio.NewScanner(bytes.NewReader(sums)); lines.Scan(); {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		data, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			t.Error(err)
			continue
		}
		if is := sha256.Sum256(data); hex.EncodeToString(is[:]) != sum {
			t.Errorf("%s is not what its sum says", name)
		}
		listed[name] = true
	}
	ours := map[string]bool{"SHA256SUMS": true, "dashboard.js": true, "charts.js": true, "charts.css": true, "style.css": true, "icon.svg": true}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !listed[e.Name()] && !ours[e.Name()] {
			t.Errorf("assets/%s is neither ours nor in SHA256SUMS", e.Name())
		}
	}
	for name := range listed {
		if license := strings.TrimSuffix(strings.TrimSuffix(name, ".js"), ".min") + ".LICENSE"; strings.HasSuffix(name, ".js") && !listed[license] {
			t.Errorf("%s comes without its licence", name)
		}
	}
}

// fixed are facts that stay as they are.
type fixed struct {
	Facts
	overview Overview
}

func (f *fixed) Overview(context.Context) (*Overview, error) { return &f.overview, nil }

func newLoopback(t *testing.T, f Facts) *Dashboard {
	t.Helper()
	d, err := New(Options{Loopback: true, Facts: f, Version: "test", Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ask(d http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+path, nil)
	r.RemoteAddr = "127.0.0.1:5000"
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func TestLivePart(t *testing.T) {
	t.Parallel()
	f := &fixed{overview: Overview{Dead: 3, Deliveries: []Delivery{{ID: "1-2", Event: "push", State: "accepted", Repo: "acme/shop", RepoID: 7, Number: 2}}}}
	d := newLoopback(t, f)
	whole := ask(d, http.MethodGet, "/")
	if body := whole.Body.String(); whole.Code != 200 || !strings.Contains(body, "<!doctype html>") || !strings.Contains(body, `href="/repositories/7/pulls/2"`) || !strings.Contains(body, `hx-trigger="every 5s"`) {
		t.Fatalf("%d %s", whole.Code, body)
	}
	if csp := whole.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; script-src 'self';") {
		t.Error(csp)
	}
	part := ask(d, http.MethodGet, "/", "HX-Request", "true")
	if body := part.Body.String(); part.Code != 200 || strings.Contains(body, "<!doctype") || !strings.Contains(body, "acme/shop") {
		t.Fatalf("%d %s", part.Code, body)
	}
	tag := part.Header().Get("ETag")
	if same := ask(d, http.MethodGet, "/", "HX-Request", "true", "If-None-Match", tag); same.Code != http.StatusNotModified || same.Body.Len() > 0 {
		t.Errorf("%d %d bytes", same.Code, same.Body.Len())
	}
	f.overview.Dead = 4
	if other := ask(d, http.MethodGet, "/", "HX-Request", "true", "If-None-Match", tag); other.Code != http.StatusOK || !strings.Contains(other.Body.String(), `<span class="n">4</span> dead letters</a>`) {
		t.Errorf("%d %s", other.Code, other.Body)
	}
}

// TestLoopback: without sign-in, nobody from elsewhere gets in by way of a name or a proxy.
func TestLoopback(t *testing.T) {
	t.Parallel()
	d := newLoopback(t, &fixed{})
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"this machine":             {nil, 200},
		"by name":                  {[]string{"Host", "localhost:8080"}, 200},
		"version 6":                {[]string{"Host", "[::1]:8080"}, 200},
		"a name that resolves":     {[]string{"Host", "evil.example.com"}, 403},
		"a name that looks alike":  {[]string{"Host", "127.0.0.1.example.com:8080"}, 403},
		"a proxy":                  {[]string{"X-Forwarded-For", "203.0.113.9"}, 403},
		"a proxy with another way": {[]string{"Forwarded", "for=203.0.113.9"}, 403},
	} {
		if got := ask(d, http.MethodGet, "/", c.headers...).Code; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	for name, headers := range map[string][]string{"no origin": nil, "another origin": {"Origin", "http://evil.example.com"}, "none that is known": {"Origin", "null"},
		"another site": {"Origin", "http://127.0.0.1:8080", "Sec-Fetch-Site", "cross-site"}, "another port of the machine": {"Origin", "http://127.0.0.1:9999"}} {
		if got := ask(d, http.MethodPost, "/", headers...).Code; got != 403 {
			t.Errorf("%s: %d", name, got)
		}
	}
	if got := ask(d, http.MethodDelete, "/").Code; got != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", got)
	}
	if got := ask(d, http.MethodGet, "/nothing"); got.Code != 404 || !strings.Contains(got.Body.String(), "There is no such page") {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	if got := ask(d, http.MethodGet, "/assets/"); got.Code != 404 {
		t.Errorf("the assets are listed: %d", got.Code)
	}
}
