package play

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/sandbox"
)

func newHandler(t *testing.T, dir string) http.Handler {
	t.Helper()
	o := Options{Ask: func(ctx context.Context, q *Question) (*Answer, error) { return Ask(ctx, q, sandbox.Off) }}
	if dir != "" {
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = root.Close() })
		o.Root = root
	}
	h, err := Handler(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func send(h http.Handler, method, target string, form url.Values, change func(*http.Request)) *http.Response {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, target, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestPage(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "")
	r := send(h, "GET", "/", nil, nil)
	page := text(t, r)
	for _, want := range []string{"<title>reviewgate: try a rule</title>", "1 match; the test passes", "<mark>eval(request.args[&#34;q&#34;])</mark>", "it matches here"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not hold %s", want)
		}
	}
	if strings.Contains(page, "Save both") {
		t.Error("a playground without a folder offers to save")
	}
	csp := r.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self'; style-src 'self'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	for _, asset := range []string{"htmx.min.js", "play.js", "play.css", "icon.svg"} {
		if !strings.Contains(page, "/assets/"+asset) {
			t.Errorf("the page does not use %s", asset)
		}
		if r := send(h, "GET", "/assets/"+asset, nil, nil); r.StatusCode != http.StatusOK || r.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %s", asset, r.Status)
		}
	}
	for _, target := range []string{"/nowhere", "/page.html", "/assets/../page.go"} {
		if r := send(h, "GET", target, nil, nil); r.StatusCode == http.StatusOK {
			t.Errorf("%s is there", target)
		}
	}
	if r := send(h, "POST", "/save", url.Values{"rule": {"x"}}, nil); r.StatusCode != http.StatusForbidden {
		t.Errorf("saving without a folder: %s", r.Status)
	}
}

// What is typed is code of anybody: it stands in the page as text.
func TestRunEscapes(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "")
	const hostile = `</pre></textarea><script>alert(1)</script><img src=x onerror=alert(1)>`
	rule := strings.Replace(sampleRule, "eval of $X", `"`+hostile+` $X"`, 1)
	page := text(t, send(h, "POST", "/run", url.Values{"rule": {rule}, "code": {"eval(" + hostile + ")\r\neval('" + hostile + hostile + "'+a)\r\n"}, "path": {hostile + ".py"}, "line": {"2"}}, nil))
	if strings.Contains(page, "<script") || strings.Contains(page, "<img") || strings.Contains(page, "</textarea>") {
		t.Errorf("the page holds what was typed as HTML:\n%s", page)
	}
	if !strings.Contains(page, "&lt;script&gt;") {
		t.Errorf("the page does not show what was typed:\n%s", page)
	}
	broken := text(t, send(h, "POST", "/run", url.Values{"rule": {"rules: <b>"}, "code": {"x"}, "path": {""}, "line": {"-1"}}, nil))
	if !strings.Contains(broken, "the rule does not run") || strings.Contains(broken, "<b>") {
		t.Errorf("%s", broken)
	}
	if r := send(h, "POST", "/run", url.Values{"rule": {strings.Repeat("x", maxRule+1)}}, nil); r.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a large rule: %s", r.Status)
	}
	if r := send(h, "POST", "/run", url.Values{"rule": {strings.Repeat("x", 2*maxForm)}}, nil); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a larger one: %s", r.Status)
	}
}

func TestSave(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "rules")
	for name, data := range map[string]string{"old.yaml": sampleRule, "old.py": "eval(x)\n", "theirs.yaml": "rules: []\n", "../outside.yaml": "rules: []\n"} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(top, "outside.yaml"), filepath.Join(dir, "link.yaml")); err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, dir)
	save := func(file, path, opened string) string {
		t.Helper()
		return text(t, send(h, "POST", "/save", url.Values{"rule": {"rules: []\r\n"}, "code": {"new\n"}, "file": {file}, "path": {path}, "opened": {opened}}, nil))
	}
	if said := save("sub/new.yaml", "sub/testdata/new.py", ""); !strings.Contains(said, "saved sub/new.yaml and sub/testdata/new.py") || !strings.Contains(said, `id="opened" value="`+hash("rules: []\n", "new\n")) {
		t.Errorf("a new rule: %s", said)
	} else if !strings.Contains(said, `<select id="open" name="rule" hx-swap-oob="true"><option>old.yaml</option><option selected>sub/new.yaml</option>`) {
		t.Errorf("the list of rules does not have the new one: %s", said)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "sub", "new.yaml")); err != nil || string(data) != "rules: []\n" {
		t.Errorf("%q %v", data, err)
	}
	if said := save("sub/new.yaml", "sub/testdata/new.py", hash("rules: []\n", "new\n")); !strings.Contains(said, "saved") {
		t.Errorf("again: %s", said)
	}
	page := text(t, send(h, "GET", "/?rule=old.yaml", nil, nil))
	if !strings.Contains(page, `value="old.py"`) || !strings.Contains(page, hash(sampleRule, "eval(x)\n")) || !strings.Contains(page, "<option selected>old.yaml</option>") {
		t.Errorf("opened: %s", page)
	}
	for what, said := range map[string]string{
		"somebody else's rule":       save("theirs.yaml", "theirs.py", ""),
		"one that changed":           save("old.yaml", "old.py", hash(sampleRule, "other")),
		"outside":                    save("../outside.yaml", "x.py", hash("rules: []\n", "")),
		"outside, absolutely":        save(top+"/outside.yaml", "x.py", ""),
		"outside, through a link":    save("link.yaml", "x.py", hash("rules: []\n", "")),
		"a fixture outside":          save("x.yaml", "../x.py", ""),
		"a hidden folder":            save(".git/x.yaml", "x.py", ""),
		"no rule file":               save("x.sh", "x.py", ""),
		"a fixture that is a rule":   save("x.yaml", "y.yaml", ""),
		"no name":                    save("", "", ""),
		"a folder":                   save("sub", "x.py", ""),
		"a name with control marks":  save("a\nb.yaml", "x.py", ""),
		"a fixture over an old file": save("x.yaml", "old.py", ""),
	} {
		if !strings.Contains(said, "not saved: ") {
			t.Errorf("%s: %s", what, said)
		}
	}
	var names []string
	if err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, strings.TrimPrefix(path, top+"/"))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(names, " "), "outside.yaml rules/old.py rules/old.yaml rules/sub/new.yaml rules/sub/testdata/new.py rules/theirs.yaml"; got != want {
		t.Errorf("files %s, want %s", got, want)
	}
	if data, err := os.ReadFile(filepath.Join(top, "outside.yaml")); err != nil || string(data) != "rules: []\n" {
		t.Errorf("outside: %q %v", data, err)
	}
	for _, name := range []string{"../outside.yaml", "link.yaml", "missing.yaml", ".", ""} {
		if page := text(t, send(h, "GET", "/?rule="+url.QueryEscape(name), nil, nil)); name != "" && !strings.Contains(page, `class="bad"`) {
			t.Errorf("%s was opened", name)
		}
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	const host = "127.0.0.1:4711"
	g := NewGuard(host)
	h := g.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "in") }))
	address, err := url.Parse(g.Address())
	if err != nil || address.Host != host {
		t.Fatal(g.Address(), err)
	}
	at := func(change func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) {
			r.Host = host
			if change != nil {
				change(r)
			}
		}
	}
	if r := send(h, "GET", "/", nil, at(nil)); r.StatusCode != http.StatusForbidden {
		t.Errorf("without a token: %s", r.Status)
	}
	if r := send(h, "GET", "/?token=wrong", nil, at(nil)); r.StatusCode != http.StatusForbidden {
		t.Errorf("with another token: %s", r.Status)
	}
	r := send(h, "GET", address.RequestURI(), nil, at(nil))
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/" || len(r.Cookies()) != 1 {
		t.Fatalf("with the token: %s %v", r.Status, r.Header)
	}
	cookie := r.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || !strings.Contains(cookie.Name, "4711") || strings.Contains(g.Address(), cookie.Value) {
		t.Errorf("cookie %+v", cookie)
	}
	if r := send(h, "GET", address.RequestURI(), nil, at(nil)); r.StatusCode != http.StatusForbidden {
		t.Errorf("with the token again: %s", r.Status)
	}
	for name, test := range map[string]struct {
		method string
		change func(*http.Request)
		want   int
	}{
		"the page": {"GET", nil, http.StatusOK},
		"a form of the page": {"POST", func(r *http.Request) {
			r.Header.Set("Origin", "http://"+host)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}, http.StatusOK},
		"a form without an origin": {"POST", nil, http.StatusForbidden},
		"a form from elsewhere":    {"POST", func(r *http.Request) { r.Header.Set("Origin", "https://example.com") }, http.StatusForbidden},
		"a form of a frame":        {"POST", func(r *http.Request) { r.Header.Set("Origin", "null") }, http.StatusForbidden},
		"another port": {"POST", func(r *http.Request) {
			r.Header.Set("Origin", "http://127.0.0.1:80")
			r.Header.Set("Sec-Fetch-Site", "same-site")
		}, http.StatusForbidden},
		"a script from elsewhere":      {"GET", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		"a name that resolves to here": {"GET", func(r *http.Request) { r.Host = "rebound.example.com:4711" }, http.StatusMisdirectedRequest},
		"localhost by name":            {"GET", func(r *http.Request) { r.Host = "localhost:4711" }, http.StatusMisdirectedRequest},
		"another cookie":               {"GET", func(r *http.Request) { r.Header.Set("Cookie", cookie.Name+"=x") }, http.StatusForbidden},
	} {
		r := send(h, test.method, "/", nil, at(func(r *http.Request) {
			r.AddCookie(cookie)
			if test.change != nil {
				test.change(r)
			}
		}))
		if r.StatusCode != test.want {
			t.Errorf("%s: %s, want %d", name, r.Status, test.want)
		}
	}
}

func TestServeListensHereOnly(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{"0.0.0.0:0", "example.com:0", "localhost:0", "127.0.0.1", "[::]:0", "127.0.0.1:99999"} {
		if err := Serve(t.Context(), listen, Options{}, func(string) error { t.Errorf("%s is listened on", listen); return nil }); err == nil {
			t.Errorf("%s: no error", listen)
		}
	}
}

// What is vendored is what its authors released.
func TestVendored(t *testing.T) {
	t.Parallel()
	data, err := files.ReadFile("assets/htmx.min.js")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717" {
		t.Errorf("htmx 2.0.11 has the hash %x", sum)
	}
	if _, err := files.ReadFile("assets/htmx.LICENSE"); err != nil {
		t.Error(err)
	}
}
