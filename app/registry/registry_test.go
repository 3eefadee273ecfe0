package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/reviewgate-app/reviewgate/checks"
)

// now is when the stories of these tests happen.
var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// A page is one answer of a registry.
type page struct {
	status int
	kind   string
	body   string
	header http.Header
}

// A world serves pages by path, as it came over the wire ("GET /@acme%2fkit"), and remembers who asked for what.
type world struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]page
	asked []string
	more  func(w http.ResponseWriter, r *http.Request) bool
}

func newWorld(t *testing.T, pages map[string]page) *world {
	t.Helper()
	w := &world{pages: pages}
	w.Server = httptest.NewTLSServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	key := r.Method + " " + r.RequestURI
	w.mu.Lock()
	w.asked = append(w.asked, strings.TrimSpace(key+" "+string(body)))
	p, ok := w.pages[key]
	w.mu.Unlock()
	if r.Header.Get("Cookie") != "" {
		http.Error(out, "a cookie came back", http.StatusTeapot)
		return
	}
	out.Header().Set("Set-Cookie", "who=me; Path=/")
	if w.more != nil && w.more(out, r) {
		return
	}
	if !ok {
		http.Error(out, `{"error":"Not found"}`, http.StatusNotFound)
		return
	}
	for k, v := range p.header {
		out.Header()[k] = v
	}
	out.Header().Set("Content-Type", cmp.Or(p.kind, "application/json"))
	out.WriteHeader(cmp.Or(p.status, http.StatusOK))
	_, _ = io.WriteString(out, p.body) // the client may have gone
}

func (w *world) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asked)
}

// registry makes one that asks the world; where names paths of it: "npm=/npm".
func (w *world) registry(t *testing.T, cfg Config, where ...string) *Registry {
	t.Helper()
	for _, one := range where {
		kind, path, _ := strings.Cut(one, "=")
		if err := cfg.Add(kind+"="+w.URL+path, Machine{}); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Now = cmpNow(cfg.Now)
	cfg.Transport = w.Client().Transport
	return New(cfg)
}

func cmpNow(f func() time.Time) func() time.Time {
	if f != nil {
		return f
	}
	return func() time.Time { return now }
}

func npm(name string) checks.Package  { return checks.Package{Ecosystem: "npm", Name: name} }
func pypi(name string) checks.Package { return checks.Package{Ecosystem: "PyPI", Name: name} }
func golang(name string) checks.Package {
	return checks.Package{Ecosystem: "Go", Name: name}
}
func maven(name string) checks.Package { return checks.Package{Ecosystem: "Maven", Name: name} }

const (
	lodash   = `{"name":"lodash","versions":{"4.17.21":{"dist":{}}},"time":{"created":"2012-04-23T16:37:11.912Z","modified":"2025-01-01T00:00:00.000Z","4.17.21":"2021-02-20T15:42:16.891Z"}}`
	simple   = "application/vnd.pypi.simple.v1+json"
	requests = `{"meta":{"api-version":"1.1"},"name":"requests","versions":["2.0"],"files":[{"filename":"requests-2.0.tar.gz","url":"u","hashes":{},"upload-time":"2013-09-24T00:00:00.000000Z","yanked":false}]}`
)

// TestProtocols: what the ecosystems' own documents say that registries answer, and what it means.
func TestProtocols(t *testing.T) {
	t.Parallel()
	pages := map[string]page{
		"GET /npm/lodash": {body: lodash},
		"GET /npm/young":  {body: `{"_id":"young","name":"young","versions":{"1.0.0":{"name":"young","a":[1,{"b":"}"}]},"1.0.1":{}},"readme":"{\"name\":\"x\"}","time":{"created":"2014-01-01T00:00:00Z","0.0.1":"2014-01-01T00:00:00Z","1.0.0":"2026-11-10T08:00:00.000Z","1.0.1":"2026-11-11T08:00:00.000Z"}}`},
		// One request line: the slash of a scope is escaped.
		"GET /npm/@acme%2fkit":   {body: `{"name":"@acme/kit","versions":{"2.0.0":{}},"time":{"2.0.0":"2020-02-29T00:00:00Z"}}`},
		"GET /npm/held":          {body: `{"name":"held","versions":{"0.0.1-security":{}},"time":{"0.0.1-security":"2026-11-01T00:00:00Z"}}`},
		"GET /npm/unpublished":   {body: `{"name":"unpublished","time":{"created":"2020-01-01T00:00:00Z","unpublished":{"time":"2021-01-01T00:00:00Z","versions":["1.0.0"]}}}`},
		"GET /npm/portal":        {kind: "application/json", body: `<html><title>Sign in</title></html>`},
		"GET /npm/other":         {body: lodash},
		"GET /npm/cut":           {body: `{"name":"cut","versions":{"1.0.0":{}},"time":{"1.0.0":"2020-`},
		"GET /npm/forbidden":     {status: 403, body: "{}"},
		"GET /npm/broken":        {status: 503, body: "{}"},
		"GET /npm/here":          {status: 302, header: http.Header{"Location": {"/npm/lodash"}}},
		"GET /simple/requests/":  {kind: simple, body: requests},
		"GET /simple/zope-event": {status: 301, header: http.Header{"Location": {"/simple/zope-event/"}}},
		"GET /simple/zope-event/": {kind: simple, body: `{"meta":{"api-version":"1.1"},"name":"Zope.Event","versions":["1.0","2.0"],"files":[
			{"filename":"b","upload-time":"2026-11-15T00:00:00.1Z","yanked":"too old"},{"filename":"a","upload-time":"2026-11-01T00:00:00Z","yanked":false}]}`},
		"GET /simple/yanked/":      {kind: simple, body: `{"meta":{"api-version":"1.0"},"name":"yanked","files":[{"filename":"a","yanked":"malware"},{"filename":"b","yanked":true}]}`},
		"GET /simple/quarantined/": {kind: simple, body: `{"meta":{"api-version":"1.4"},"name":"quarantined","project-status":{"status":"quarantined"},"files":[{"filename":"a"}]}`},
		"GET /simple/empty/":       {kind: simple, body: `{"meta":{"api-version":"1.0"},"name":"empty","files":[]}`},
		"GET /simple/old/":         {kind: "text/html", body: "<!DOCTYPE html><body>\n<a href=\"../../old-1.0.tar.gz#sha256=00\">old-1.0.tar.gz</a>\n<a data-yanked=\"\" href=\"x\">Old-2.0-py3-none-any.whl</a>"},
		"GET /pypi/old/json":       {body: `{"info":{"name":"old"},"releases":{"1.0":[{"upload_time_iso_8601":"2010-01-02T03:04:05.000000Z"}],"2.0":[]},"urls":[]}`},
		"GET /simple/plain/":       {kind: "text/html", body: `<a href="plain-1.0.tar.gz">plain-1.0.tar.gz</a>`},
		"GET /simple/error/":       {kind: "text/html", body: `<html><a href="/login">Sign in</a></html>`},
		"GET /simple/liar/":        {kind: simple, body: `<a href="liar-1.0.tar.gz">liar-1.0.tar.gz</a>`},

		"GET /go/golang.org/x/text/@v/list":                                    {kind: "text/plain", body: "v0.1.0\n"},
		"GET /go/github.com/!burnt!sushi/toml/@v/list":                         {kind: "text/plain", body: "v1.2.0\nv0.3.0\nv0.3.1\n"},
		"GET /go/github.com/!burnt!sushi/toml/@v/v0.3.0.info":                  {body: `{"Version":"v0.3.0","Time":"2017-03-28T06:15:53Z"}`},
		"GET /go/example.com/untagged/@v/list":                                 {kind: "text/plain", body: ""},
		"GET /go/example.com/untagged/@latest":                                 {body: `{"Version":"v0.0.0-20260101000000-0123456789ab","Time":"2026-01-01T00:00:00Z"}`},
		"GET /go/example.com/gone/@v/list":                                     {status: 410, body: "not found: module example.com/gone"},
		"GET /go/example.com/refused/@v/list":                                  {status: 403},
		"GET /go/example.com/refused/@latest":                                  {body: `{"Version":"v1.0.0","Time":"2026-01-01T00:00:00Z"}`},
		"GET /go/example.com/html/@v/list":                                     {body: "<html>hello</html>"},
		"GET /go/example.com/html/@latest":                                     {body: "<html>hello</html>"},
		"GET /maven/junit/junit/maven-metadata.xml":                            {kind: "text/xml", body: metadata("junit", "4.13")},
		"GET /maven/com/acme/kit-core/maven-metadata.xml":                      {kind: "text/xml", body: metadata("kit-core", "1.0", "1.1")},
		"HEAD /maven/com/acme/kit-core/1.0/kit-core-1.0.pom":                   {header: http.Header{"Last-Modified": {"Wed, 18 Nov 2026 10:00:00 GMT"}}},
		"GET /maven/com/acme/strange/maven-metadata.xml":                       {kind: "text/xml", body: metadata("another", "1.0")},
		"GET /maven/com/acme/bomb/maven-metadata.xml":                          {kind: "text/xml", body: `<!DOCTYPE x [<!ENTITY a "aaaa">]><metadata><artifactId>&a;</artifactId></metadata>`},
		"GET /maven/org/apache/commons/commons-lang3/maven-metadata.xml":       {kind: "text/xml", body: metadata("commons-lang3", "3.0")},
		"HEAD /maven/org/apache/commons/commons-lang3/3.0/commons-lang3-3.0.p": {},
	}
	exists := func(p checks.Package, first string, releases int, young bool) checks.Answer {
		return checks.Answer{Package: p, State: checks.Exists, First: first, Releases: releases, Young: young}
	}
	removed := func(p checks.Package, why string) checks.Answer {
		return checks.Answer{Package: p, State: checks.Removed, Why: why}
	}
	unknown := func(p checks.Package, why string) checks.Answer {
		return checks.Answer{Package: p, State: checks.Unknown, Why: why}
	}
	absent := func(p checks.Package) checks.Answer { return checks.Answer{Package: p, State: checks.Absent} }
	want := []checks.Answer{
		exists(npm("young"), "2026-11-10", 2, true),
		exists(npm("@acme/kit"), "2020-02-29", 1, false),
		exists(npm("lodash"), "2021-02-20", 1, false),
		removed(npm("held"), "only a placeholder is left of it"),
		removed(npm("unpublished"), "it was unpublished"),
		unknown(npm("portal"), "the registry of npm: its answer is not a document of npm"),
		unknown(npm("other"), "the registry of npm: its answer is not a document of npm"),
		unknown(npm("cut"), "the registry of npm: its answer is not a document of npm"),
		unknown(npm("forbidden"), "the registry of npm: it refused to answer (403)"),
		unknown(npm("broken"), "the registry of npm: it answered 503"),
		unknown(npm("here"), "the registry of npm: its answer is not a document of npm"),
		unknown(npm("../../admin"), "it is no name of a package"),
		unknown(npm("a?b"), "it is no name of a package"),
		absent(npm("made-up")),
		absent(npm("@made/up")),
		exists(pypi("requests"), "2013-09-24", 1, false),
		exists(pypi("zope-event"), "2026-11-01", 2, true),
		removed(pypi("yanked"), "all of its files are yanked"),
		removed(pypi("quarantined"), "it is in quarantine"),
		removed(pypi("empty"), "it has no files"),
		exists(pypi("old"), "2010-01-02", 2, false),
		exists(pypi("plain"), "", 0, false),
		unknown(pypi("error"), "the registry of PyPI: its answer is not a page of a package index"),
		unknown(pypi("liar"), "the registry of PyPI: its answer is not a page of a package index"),
		unknown(pypi("Not_Normal"), "it is no name of a package"),
		absent(pypi("made-up")),
		exists(golang("github.com/BurntSushi/toml"), "2017-03-28", 3, false),
		exists(golang("example.com/untagged"), "", 0, false),
		exists(golang("example.com/refused"), "", 0, false),
		absent(golang("example.com/gone")),
		unknown(golang("example.com/html"), "the registry of Go: its answer is not a list of versions"),
		unknown(golang("example.com/../x"), "it is no name of a package"),
		exists(maven("com.acme:kit-core"), "2026-11-18", 2, true),
		exists(maven("org.apache.commons:commons-lang3"), "", 1, false),
		unknown(maven("com.acme:strange"), "the registry of Maven: its answer is not metadata of Maven"),
		unknown(maven("com.acme:bomb"), "the registry of Maven: its answer is not metadata of Maven"),
		unknown(maven("com.acme"), "it is no name of a package"),
		absent(maven("com.acme:made-up")),
		unknown(checks.Package{Ecosystem: "Cargo", Name: "serde"}, "it is no name of a package"),
	}
	w := newWorld(t, pages)
	r := w.registry(t, Config{}, "npm=/npm/", "pypi=/simple", "go=/go", "maven=/maven")
	var asked []checks.Package
	for _, a := range want {
		asked = append(asked, a.Package)
	}
	facts := r.Facts(t.Context(), asked)
	for _, a := range want {
		if got, ok := facts.Answer(a.Package); !ok || fmt.Sprint(got) != fmt.Sprint(a) {
			t.Errorf("%s: got %+v, want %+v", a.Name, got, a)
		}
	}
	if len(facts.Answers) != len(want) {
		t.Errorf("%d answers to %d questions", len(facts.Answers), len(want))
	}
	again := w.registry(t, Config{}, "npm=/npm/", "pypi=/simple", "go=/go", "maven=/maven").Facts(t.Context(), asked)
	if fmt.Sprint(again) != fmt.Sprint(facts) {
		t.Errorf("the same answers give other facts:\n%v\n%v", again, facts)
	}
}

func metadata(artifact string, versions ...string) string {
	return `<?xml version="1.0"?><metadata><groupId>g</groupId><artifactId>` + artifact + `</artifactId><versioning><latest>x</latest><versions><version>` +
		strings.Join(versions, "</version><version>") + `</version></versions><lastUpdated>20261118100000</lastUpdated></versioning></metadata>`
}

// TestPrivate: a name that the operator calls private never leaves, in whatever way the pattern is written.
func TestPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]page{"GET /npm/lodash": {body: lodash}})
	r := w.registry(t, Config{Private: []string{"@acme/*", "npm secret", "com.acme", "corp.example.com/*/tools", "Acme_Internal*"}}, "npm=/npm", "pypi=/simple", "go=/go", "maven=/maven", "osv=/osv")
	private := []checks.Package{npm("@acme/kit"), npm("secret"), {Ecosystem: "npm", Name: "secret", Version: "1.0.0"}, maven("com.acme:kit"), maven("com.acme.sub:kit"), golang("corp.example.com/a/tools/x"), pypi("acme-internal-kit")}
	public := []checks.Package{npm("@acme-labs/kit"), pypi("secret"), maven("com.acmeco:kit"), golang("corp.example.com/a")}
	facts := r.Facts(t.Context(), slices.Concat(private, public))
	for _, p := range private {
		if a, _ := facts.Answer(p); a.State != checks.Private {
			t.Errorf("%v: %+v", p, a)
		}
	}
	for _, p := range public {
		if a, _ := facts.Answer(p); a.State == checks.Private {
			t.Errorf("%v is private", p)
		}
	}
	for _, sent := range w.requests() {
		for _, word := range []string{"kit-core", "@acme%2f", "/npm/secret", "com/acme/", "a/tools", "acme-internal"} {
			if strings.Contains(sent, word) {
				t.Errorf("%q was sent", sent)
			}
		}
	}
}

// TestNotBelieved: a registry that has nothing at all proves nothing, and neither does one that nobody reaches, that sends elsewhere, or that is too slow or too large.
func TestNotBelieved(t *testing.T) {
	t.Parallel()
	elsewhere := newWorld(t, map[string]page{"GET /lodash": {body: lodash}})
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	for name, c := range map[string]struct {
		more func(w http.ResponseWriter, r *http.Request) bool
		want string
	}{
		"empty": {nil, "it does not know lodash either"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, elsewhere.URL+"/lodash", http.StatusFound)
			return true
		}, "it sends on to another host"},
		"to http": {func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://"+r.Host+"/lodash", http.StatusFound)
			return true
		}, "it sends on to another host"},
		"for ever": {func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
			return true
		}, "it cannot be reached"},
		"slow": {func(_ http.ResponseWriter, r *http.Request) bool {
			select {
			case <-r.Context().Done():
			case <-silent:
			}
			return true
		}, "it did not answer in time"},
		"huge": {func(w http.ResponseWriter, _ *http.Request) bool {
			_, _ = io.WriteString(w, `{"readme":"`)
			chunk := strings.Repeat("a", 1<<20)
			for range maxBody>>20 + 1 {
				if _, err := io.WriteString(w, chunk); err != nil {
					break
				}
			}
			return true
		}, "its answer is larger than 64 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.more = c.more
			var told []string
			r := w.registry(t, Config{Tell: func(s string) { told = append(told, s) }}, "npm=")
			if name == "slow" {
				r.http.http.Timeout = time.Second
			}
			facts := r.Facts(t.Context(), []checks.Package{npm("made-up")})
			a := facts.Answers[0]
			if a.State != checks.Unknown || !strings.Contains(a.Why, c.want) {
				t.Errorf("got %+v, want %q", a, c.want)
			}
			host := strings.TrimPrefix(w.URL, "https://")
			if strings.Contains(a.Why, host) || strings.Contains(a.Why, "127.0.0.1") || len(told) > 1 {
				t.Errorf("the reason names the host: %q", a.Why)
			}
		})
	}
	t.Run("untrusted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, map[string]page{"GET /lodash": {body: lodash}})
		cfg := Config{}
		if err := cfg.Add("npm="+w.URL, Machine{}); err != nil {
			t.Fatal(err)
		}
		if a := New(cfg).Facts(t.Context(), []checks.Package{npm("x")}).Answers[0]; a.State != checks.Unknown || !strings.Contains(a.Why, "certificate is not trusted") {
			t.Errorf("%+v", a)
		}
	})
}

// TestBounds: no more names than the bound are sent, nobody is hammered who does not answer, and the rest says so.
func TestBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]page{"GET /lodash": {body: lodash}})
	var asked []checks.Package
	for i := range maxNames + 5 {
		asked = append(asked, npm(fmt.Sprintf("made-up-%03d", i)))
	}
	facts := w.registry(t, Config{}, "npm=").Facts(t.Context(), asked)
	if a, b := facts.Answers[maxNames-1], facts.Answers[maxNames]; a.State != checks.Absent || b.State != checks.Unknown || !strings.Contains(b.Why, "more than 300") {
		t.Errorf("%+v, %+v", a, b)
	}
	if n := len(w.requests()); n < maxNames || n > maxNames+atATime {
		t.Errorf("%d requests", n)
	}
	down := newWorld(t, nil)
	r := down.registry(t, Config{}, "npm=")
	down.Server.Close()
	facts = r.Facts(t.Context(), asked[:100])
	left := 0
	for _, a := range facts.Answers {
		if strings.Contains(a.Why, "was not asked again") {
			left++
		}
	}
	if left < 100-maxFailures-atATime {
		t.Errorf("%d of 100 were left out", left)
	}
}

// TestCache: an answer is used for as long as it can be expected to hold; what is absent may come soon.
func TestCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]page{"GET /lodash": {body: lodash}})
	dir := filepath.Join(t.TempDir(), "cache")
	at := now
	asked := []checks.Package{npm("lodash"), npm("made-up")}
	ask := func() int {
		before := len(w.requests())
		w.registry(t, Config{CacheDir: dir, Now: func() time.Time { return at }}, "npm=").Facts(context.Background(), asked)
		return len(w.requests()) - before
	}
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 3}, {time.Minute, 0}, {2 * time.Hour, 2}, {30 * time.Hour, 3}} {
		at = now.Add(step.after)
		if got := ask(); got != step.want {
			t.Errorf("after %s: %d requests, want %d", step.after, got, step.want)
		}
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v %v", info.Mode(), err)
	}
}

const (
	advisory = `{"id":"GHSA-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.21"}]}],"database_specific":{"x":1}},{"package":{"ecosystem":"npm","name":"other"}}],"details":"long"}`
	taken    = `{"id":"GHSA-2","modified":"2026-01-01T00:00:00Z","withdrawn":"2026-02-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"lodash"}}]}`
)

// TestOSV asks in OSV's protocol: a batch of versions, whose answer comes in pages, and then the advisories.
func TestOSV(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]page{"GET /osv/v1/vulns/GHSA-1": {body: advisory}, "GET /osv/v1/vulns/GHSA-2": {body: taken}})
	w.more = func(out http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		switch w.requests()[len(w.requests())-1] {
		case `POST /osv/v1/querybatch {"queries":[{"package":{"ecosystem":"PyPI","name":"flask"},"version":"3.0.0"},{"package":{"ecosystem":"npm","name":"lodash"},"version":"4.17.15"}]}`:
			_, _ = io.WriteString(out, `{"results":[{},{"vulns":[{"id":"GHSA-2","modified":"2026-01-01T00:00:00Z"},{"id":"../../admin"}],"next_page_token":"t"}]}`)
		case `POST /osv/v1/querybatch {"queries":[{"package":{"ecosystem":"npm","name":"lodash"},"version":"4.17.15","page_token":"t"}]}`:
			_, _ = io.WriteString(out, `{"results":[{"vulns":[{"id":"GHSA-1","modified":"2026-01-01T00:00:00Z"}]}]}`)
		default:
			http.Error(out, "unexpected", http.StatusBadRequest)
		}
		return true
	}
	r := w.registry(t, Config{}, "osv=/osv")
	asked := []checks.Package{{Ecosystem: "npm", Name: "lodash", Version: "4.17.15"}, {Ecosystem: "PyPI", Name: "flask", Version: "3.0.0"}}
	for range 2 {
		facts := r.Facts(t.Context(), asked)
		if a, _ := facts.Answer(asked[0]); a.State != checks.Exists || fmt.Sprint(a.IDs) != "[GHSA-1]" {
			t.Errorf("lodash: %+v", a)
		}
		if a, _ := facts.Answer(asked[1]); a.State != checks.Exists || len(a.IDs) != 0 {
			t.Errorf("flask: %+v", a)
		}
		const want = `{"id":"GHSA-1","affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.21"}]}]}]}` + "\n"
		if string(facts.Advisories) != want {
			t.Errorf("got %s", facts.Advisories)
		}
	}
	if n := len(w.requests()); n != 4 {
		t.Errorf("%d requests, want 4: the second time everything is known", n)
	}
	w.more = func(out http.ResponseWriter, _ *http.Request) bool {
		_, _ = io.WriteString(out, `{"results":[]}`)
		return true
	}
	facts := r.Facts(t.Context(), []checks.Package{{Ecosystem: "npm", Name: "x", Version: "1"}})
	if a := facts.Answers[0]; a.State != checks.Unknown || !strings.Contains(a.Why, "its answer is not one of OSV") {
		t.Errorf("%+v", a)
	}
}

// TestNothingGiven: who gives a registry of one kind only is told of the others.
func TestNothingGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]page{"GET /lodash": {body: lodash}})
	facts := w.registry(t, Config{}, "npm=").Facts(t.Context(), []checks.Package{npm("lodash"), pypi("x"), {Ecosystem: "npm", Name: "lodash", Version: "1.0.0"}})
	var got []string
	for _, a := range facts.Answers {
		got = append(got, string(a.State)+" "+a.Why)
	}
	if s := strings.Join(got, "; "); s != "exists ; unknown no advisories are given; unknown no registry of PyPI is given" && s != "unknown no registry of PyPI is given; exists ; unknown no advisories are given" {
		t.Errorf("got %s", s)
	}
	data, err := json.Marshal(facts)
	if err != nil || strings.Contains(string(data), "127.0.0.1") {
		t.Errorf("%s %v", data, err)
	}
}
