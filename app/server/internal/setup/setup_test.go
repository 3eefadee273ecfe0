package setup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// A stage is a GitHub, a set-up of a server, and the operator's browser.
type stage struct {
	t     *testing.T
	hub   *githubtest.GitHub
	setup *Setup
	site  *httptest.Server
	me    *browser
	dir   string
	log   bytes.Buffer
	ahead atomic.Int64 // of the set-up's clock
	known atomic.Bool  // the database belongs to an App
	o     Options
}

func newStage(t *testing.T, change func(*Options)) *stage {
	t.Helper()
	t.Parallel()
	s := &stage{t: t, hub: githubtest.Start(t, githubtest.Options{}), dir: filepath.Join(t.TempDir(), "etc")}
	alice := s.hub.User("alice")
	s.hub.Org("acme").AddMember(alice, "admin")
	s.hub.SignInAs(alice)
	s.o = Options{
		Loopback: true, GitHub: github.Options{APIURL: s.hub.APIURL(), WebURL: s.hub.URL(), Pace: &github.Pace{}}, Dir: s.dir, Settings: "reviewgate.yml",
		Known: func(context.Context) error {
			if s.known.Load() {
				return errors.New("the database knows an installation")
			}
			return nil
		},
		Render:  func(m Made) ([]byte, error) { return []byte("public_url: " + m.PublicURL + "\n"), nil },
		Webhook: func(Made) (http.Handler, error) { return http.NotFoundHandler(), nil },
		Test: func(context.Context, Made) []Step {
			return []Step{{"clock", "wrong", "it is late", "Wind it"}}
		},
		Log: zerolog.New(&s.log), Hide: func([]byte) {}, Now: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
	}
	if change != nil {
		change(&s.o)
	}
	var err error
	if s.setup, err = New(t.Context(), s.o); err != nil {
		t.Fatal(err)
	}
	s.setup.timeout = func(time.Duration, func()) {}
	s.site = httptest.NewServer(s.setup)
	t.Cleanup(s.site.Close)
	s.me = s.browser()
	return s
}

// A browser keeps cookies, and follows no redirect by itself.
type browser struct {
	s *stage
	c *http.Client
}

func (s *stage) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// A reply is an answer, read.
type reply struct {
	status   int
	body     string
	location string
	header   http.Header
}

func (b *browser) do(method, path string, form url.Values, change ...func(*http.Request)) reply {
	b.s.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = b.s.site.URL + path
	}
	r, err := http.NewRequestWithContext(b.s.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, c := range change {
		c(r)
	}
	resp, err := b.c.Do(r)
	if err != nil {
		b.s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return reply{resp.StatusCode, string(body), resp.Header.Get("Location"), resp.Header}
}

func (b *browser) get(path string) reply { return b.do(http.MethodGet, path, nil) }

func (b *browser) enter(code string) reply {
	return b.do(http.MethodPost, "/setup/code", url.Values{"code": {code}})
}

var answers = url.Values{"owner": {"organization"}, "org": {"acme"}, "public": {"https://gate.example.com"}, "name": {"reviewgate acme"}}

var (
	actionForm   = regexp.MustCompile(`<form method="post" action="([^"]+)">\n<input type="hidden" name="manifest" value="([^"]+)">`)
	unescapeHTML = strings.NewReplacer("&#34;", `"`, "&#43;", "+", "&amp;", "&", "&lt;", "<", "&gt;", ">", "&#39;", "'")
)

// began fills the form in, and gives where its page would send the browser, with what.
func (b *browser) began() (action, manifest string) {
	b.s.t.Helper()
	r := b.do(http.MethodPost, "/setup/app", answers)
	m := actionForm.FindStringSubmatch(r.body)
	if r.status != http.StatusOK || m == nil {
		b.s.t.Fatalf("%d\n%s", r.status, r.body)
	}
	return unescapeHTML.Replace(m[1]), unescapeHTML.Replace(m[2])
}

// confirmed plays GitHub's page, and gives the path with which it sends the browser back.
func (b *browser) confirmed(action, manifest string) string {
	b.s.t.Helper()
	at, err := url.Parse(action)
	if err != nil {
		b.s.t.Fatal(err)
	}
	if r := b.do(http.MethodPost, action, url.Values{"manifest": {manifest}}); r.status != http.StatusOK {
		b.s.t.Fatalf("GitHub's page: %d %s", r.status, r.body)
	}
	r := b.do(http.MethodPost, b.s.hub.URL()+"/settings/apps/manifest", url.Values{"manifest": {manifest}, "state": {at.Query().Get("state")}, "owner": {"acme"}, "name": {"reviewgate acme"}})
	back, err := url.Parse(r.location)
	if err != nil || !strings.HasPrefix(r.location, b.s.site.URL+"/setup/created?") {
		b.s.t.Fatalf("sent back to %q: %v", r.location, err)
	}
	return back.RequestURI()
}

// untouched asserts that nothing was written and nobody asked GitHub for an App.
func (s *stage) untouched() {
	s.t.Helper()
	list, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) || len(list) > 0 {
		s.t.Errorf("in the folder: %v, %v", list, err)
	}
	for _, r := range s.hub.Requests() {
		if r.Operation == "apps/create-from-manifest" {
			s.t.Error("a code was exchanged")
		}
	}
}

func (s *stage) want(r reply, status int, words string) {
	s.t.Helper()
	if r.status != status || !strings.Contains(unescapeHTML.Replace(r.body), words) {
		s.t.Errorf("%d, want %d with %q:\n%s", r.status, status, words, r.body)
	}
}

// secretsOf lists what may stand on no page and in no log.
func (s *stage) secretsOf() []string {
	app := s.hub.AppOf("reviewgate-acme")
	if app == nil {
		s.t.Fatal("there is no App")
	}
	client, err := os.ReadFile(filepath.Join(s.dir, ClientSecretFile))
	if err != nil {
		s.t.Fatal(err)
	}
	return []string{app.WebhookSecret(), strings.TrimSpace(string(client)), "PRIVATE KEY", strings.Split(string(app.PrivateKeyPEM()), "\n")[1]}
}

func TestWholeSetup(t *testing.T) {
	s := newStage(t, nil)
	var seen []reply
	look := func(r reply) reply { seen = append(seen, r); return r }
	if r := look(s.me.get("/")); r.location != "/setup" {
		t.Errorf("the root leads to %q", r.location)
	}
	s.want(look(s.me.get("/setup")), 200, "Code from the log")
	s.want(look(s.me.enter("wrong")), 403, "9 more tries are left")
	if r := look(s.me.enter(strings.ToLower(strings.ReplaceAll(s.setup.Code(), "-", " ")))); r.status != http.StatusSeeOther || !strings.Contains(r.header.Get("Set-Cookie"), "HttpOnly; SameSite=Lax") {
		t.Errorf("%d %v", r.status, r.header)
	}
	s.want(look(s.me.get("/setup")), 200, "Who owns the App?")
	look(s.me.do(http.MethodPost, "/setup/app", answers)) // and once more:
	action, manifest := s.me.began()
	for _, want := range []string{`"callback_urls": [` + "\n    \"https://gate.example.com/login/callback\"", `"setup_url": "https://gate.example.com/setup/installed"`, `"url": "https://gate.example.com/webhook"`, `"contents": "read"`} {
		if !strings.Contains(manifest, want) {
			t.Errorf("no %s in %s", want, manifest)
		}
	}
	if !strings.HasPrefix(action, s.hub.URL()+"/organizations/acme/settings/apps/new?state=") {
		t.Errorf("the form goes to %s", action)
	}
	back := s.me.confirmed(action, manifest)
	if r := look(s.me.get(back)); r.location != "/setup/done" {
		t.Fatalf("%d\n%s", r.status, r.body)
	}
	s.want(look(s.me.get("/setup/done")), 200, `href="`+s.hub.URL()+`/apps/reviewgate-acme/installations/new"`)
	s.want(look(s.me.do(http.MethodPost, "/setup/test", url.Values{})), 200, "it is late")
	if r := look(s.me.get("/setup")); r.location != "/setup/done" {
		t.Errorf("the beginning leads to %q", r.location)
	}
	select {
	case <-s.setup.Done():
		t.Error("it is over before anybody said so")
	default:
	}
	s.want(look(s.me.do(http.MethodPost, "/setup/start", url.Values{})), 200, "reviewgate serve --config "+filepath.Join(s.dir, "reviewgate.yml"))
	<-s.setup.Done()

	app := s.hub.AppOf("reviewgate-acme")
	for name, want := range map[string]string{KeyFile: string(app.PrivateKeyPEM()), WebhookSecretFile: app.WebhookSecret() + "\n", "reviewgate.yml": "public_url: https://gate.example.com\n"} {
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil || string(data) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	list, err := os.ReadDir(s.dir)
	if err != nil || len(list) != 4 {
		t.Errorf("in the folder: %v, %v", list, err)
	}
	for _, e := range list {
		if info, err := e.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(s.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	for _, secret := range append(s.secretsOf(), s.setup.Code()) {
		for _, r := range seen {
			if strings.Contains(r.body, secret) || strings.Contains(r.location, secret) {
				t.Errorf("a page holds a secret:\n%s", r.body)
			}
		}
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds a secret")
		}
	}
	for _, r := range seen {
		if r.status == http.StatusSeeOther {
			continue
		}
		csp := r.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'; form-action 'self' "+s.hub.URL()+";") || r.header.Get("Cache-Control") != "no-store" || strings.Contains(r.body, "<script") || strings.Contains(r.body, "style=") {
			t.Errorf("%v\n%s", r.header, r.body)
		}
	}
	for _, v := range s.hub.Violations() {
		t.Error(v)
	}
}

// TestTakeover tries to get hold of the App in every way that a stranger has. Each is refused, and leaves nothing behind.
func TestTakeover(t *testing.T) {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	for name, try := range map[string]func(s *stage){
		"no code": func(s *stage) {
			for _, path := range []string{"/setup/app", "/setup/write", "/setup/test", "/setup/start"} {
				s.want(s.me.do(http.MethodPost, path, answers), 403, "did not enter the code")
			}
			for _, path := range []string{"/setup/done", "/setup/created?code=abc&state="} {
				s.want(s.me.get(path), 403, "did not enter the code")
			}
		},
		"guessed codes": func(s *stage) {
			for range maxTries {
				s.me.enter("AAAAA-AAAAA-AAAAA-AAAAA-AAAAAA")
			}
			s.want(s.me.enter(s.setup.Code()), 403, "Too many wrong codes") // not even the right one now
			s.want(s.me.get("/setup"), 403, "Restart the server")
		},
		"no code at all": func(s *stage) {
			s.want(s.me.enter(""), 403, "This is not the code")
			s.want(s.me.enter("-"), 403, "This is not the code")
		},
		"a code in the address": func(s *stage) {
			s.want(s.me.do(http.MethodPost, "/setup/code?code="+s.setup.Code(), url.Values{"x": {"y"}}), 403, "This is not the code")
		},
		"a used code": func(s *stage) {
			s.me.enter(s.setup.Code())
			other := s.browser()
			s.want(other.enter(s.setup.Code()), 403, "The code was used already")
			s.want(other.get("/setup"), 403, "stop the server now")
			s.want(other.do(http.MethodPost, "/setup/app", answers), 403, "did not enter the code")
		},
		"a made-up cookie": func(s *stage) {
			s.me.enter(s.setup.Code())
			s.want(s.browser().do(http.MethodPost, "/setup/app", answers, header("Cookie", cookieName+"=AAAAAAAAAAAAAAAAAAAAAAAAAA")), 403, "did not enter the code")
			s.want(s.browser().do(http.MethodPost, "/setup/app", answers, header("Cookie", cookieName+"=")), 403, "did not enter the code")
		},
		"a form on another site": func(s *stage) {
			s.me.enter(s.setup.Code())
			s.want(s.me.do(http.MethodPost, "/setup/app", answers, header("Sec-Fetch-Site", "cross-site")), 403, "another site")
			s.want(s.me.do(http.MethodPost, "/setup/app", answers, func(r *http.Request) {
				r.Header.Del("Sec-Fetch-Site")
				r.Header.Set("Origin", "https://evil.example.com")
			}), 403, "another site")
		},
		"DNS rebinding": func(s *stage) {
			for _, name := range []string{"evil.example.com", "evil.example.com:8080", "127.0.0.1.evil.example.com", "localhost.evil.example.com", "", "0x7f000001", "10.0.0.1"} {
				if r := s.me.do(http.MethodGet, "/setup", nil, host(name)); name != "" && r.status != http.StatusMisdirectedRequest {
					s.t.Errorf("under the name %q: %d", name, r.status)
				}
				if r := s.me.do(http.MethodPost, "/setup/code", url.Values{"code": {s.setup.Code()}}, host(name)); name != "" && r.status != http.StatusMisdirectedRequest {
					s.t.Errorf("under the name %q: %d", name, r.status)
				}
			}
		},
		"another name after the code": func(s *stage) {
			s.me.enter(s.setup.Code())
			cookie := s.me.c.Jar.Cookies(&url.URL{Scheme: "http", Host: s.site.Listener.Addr().String(), Path: "/setup"})
			s.want(s.browser().do(http.MethodPost, "/setup/app", answers, host("localhost"), header("Cookie", cookie[0].String())), 403, "did not enter the code")
		},
		"an hour later": func(s *stage) {
			s.me.enter(s.setup.Code())
			s.ahead.Store(int64(sessionLife + time.Second))
			s.want(s.me.do(http.MethodPost, "/setup/app", answers), 403, "an hour has passed")
		},
		"no state": func(s *stage) {
			s.me.enter(s.setup.Code())
			s.want(s.me.get("/setup/created?code=abc"), 403, "does not belong")
			s.me.began()
			s.want(s.me.get("/setup/created?code=abc"), 403, "does not belong")
			s.want(s.me.get("/setup/created?code=abc&state="), 403, "does not belong")
		},
		"another state": func(s *stage) {
			s.me.enter(s.setup.Code())
			s.me.began()
			s.want(s.me.get("/setup/created?code=abc&state=AAAAAAAAAAAAAAAAAAAAAAAAAA"), 403, "does not belong")
		},
		"the state of an earlier flow": func(s *stage) {
			s.me.enter(s.setup.Code())
			action, manifest := s.me.began()
			back := s.me.confirmed(action, manifest)
			s.me.began()
			s.want(s.me.get(back), 403, "does not belong")
		},
		"somebody else's answer in my browser": func(s *stage) {
			s.me.enter(s.setup.Code())
			action, manifest := s.me.began()
			back := s.me.confirmed(action, manifest)
			s.want(s.browser().get(back), 403, "did not enter the code")
		},
		"a path for a code": func(s *stage) {
			s.me.enter(s.setup.Code())
			action, _ := s.me.began()
			state := action[strings.LastIndex(action, "=")+1:]
			s.want(s.me.get("/setup/created?code=..%2F..%2Fapp&state="+state), 502, "did not hand over")
		},
		"a database that belongs to an App": func(s *stage) {
			s.me.enter(s.setup.Code())
			action, manifest := s.me.began()
			back := s.me.confirmed(action, manifest)
			s.known.Store(true) // another process was quicker
			s.want(s.me.get(back), 409, "the database knows an installation")
			s.want(s.me.do(http.MethodPost, "/setup/app", answers), 409, "the database knows an installation")
		},
		"a webhook before there is an App": func(s *stage) {
			if r := s.me.do(http.MethodPost, "/webhook", url.Values{}); r.status != http.StatusServiceUnavailable {
				s.t.Errorf("%d", r.status)
			}
		},
		"a body without end": func(s *stage) {
			s.want(s.me.enter(strings.Repeat("A", 1<<20)), 403, "This is not the code")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			try(s)
			s.untouched()
		})
	}
}

// A code that was exchanged, and an App that was made, are not begun again.
func TestReplay(t *testing.T) {
	s := newStage(t, nil)
	s.me.enter(s.setup.Code())
	action, manifest := s.me.began()
	back := s.me.confirmed(action, manifest)
	s.me.get(back)
	before, err := os.ReadFile(filepath.Join(s.dir, KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	s.want(s.me.get(back), 403, "does not belong")
	s.want(s.me.do(http.MethodPost, "/setup/app", answers), 409, "made already")
	if after, err := os.ReadFile(filepath.Join(s.dir, KeyFile)); err != nil || !bytes.Equal(before, after) {
		t.Error("the key was written again")
	}
}

// GitHub is away for a moment: the same page, loaded again, goes on.
func TestGitHubIsDown(t *testing.T) {
	s := newStage(t, nil)
	s.me.enter(s.setup.Code())
	action, manifest := s.me.began()
	back := s.me.confirmed(action, manifest)
	s.hub.Fault(githubtest.Fault{Path: "/app-manifests/*/conversions", Kind: githubtest.BadGateway})
	s.want(s.me.get(back), 502, "Load this page again")
	if r := s.me.get(back); r.location != "/setup/done" {
		t.Errorf("%d\n%s", r.status, r.body)
	}
}

// Nothing is written over, and nothing through a link.
func TestFilesThatAreThere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		put  func(dir string) error
		want string
	}{
		"settings": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "reviewgate.yml"), nil, 0o600) }, "start with `reviewgate serve --config "},
		"a key":    {func(dir string) error { return os.WriteFile(filepath.Join(dir, KeyFile), nil, 0o600) }, "app.pem is there already"},
		"a link to elsewhere": {func(dir string) error {
			return os.Symlink(filepath.Join(dir, "..", "elsewhere"), filepath.Join(dir, KeyFile))
		}, "app.pem is there already"},
		"everybody's folder": {func(dir string) error { return os.Chmod(dir, 0o777) }, "everybody can write into the folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := c.put(dir); err != nil {
				t.Fatal(err)
			}
			_, err := New(t.Context(), Options{Dir: dir, Settings: "reviewgate.yml", Known: func(context.Context) error { return nil }})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("at the start: %v", err)
			}
			if name == "everybody's folder" {
				return
			}
			err = writeFiles(dir, []entry{{"other", []byte("x")}, {KeyFile, []byte("x")}, {"reviewgate.yml", []byte("x")}})
			if !errors.Is(err, fs.ErrExist) {
				t.Errorf("later: %v", err)
			}
			if _, err := os.Lstat(filepath.Join(dir, "other")); !errors.Is(err, fs.ErrNotExist) {
				t.Error("a part was written and left")
			}
			if _, err := os.Lstat(filepath.Join(dir, "..", "elsewhere")); !errors.Is(err, fs.ErrNotExist) {
				t.Error("the link was followed")
			}
		})
	}
}

// The folder breaks between GitHub's answer and the files: what GitHub gives only once waits in memory until somebody mended it.
func TestFilesCannotBeWritten(t *testing.T) {
	broken := errors.New("the disk is full")
	render := broken
	s := newStage(t, func(o *Options) {
		o.Render = func(Made) ([]byte, error) { return []byte("x\n"), render }
	})
	s.me.enter(s.setup.Code())
	action, manifest := s.me.began()
	s.me.get(s.me.confirmed(action, manifest))
	s.want(s.me.get("/setup/done"), 200, "the disk is full")
	if r := s.me.do(http.MethodPost, "/setup/start", url.Values{}); r.location != "/setup/done" {
		t.Errorf("it starts without files: %d", r.status)
	}
	s.me.do(http.MethodPost, "/setup/write", url.Values{})
	s.want(s.me.get("/setup/done"), 200, "the disk is full")
	render = nil
	s.me.do(http.MethodPost, "/setup/write", url.Values{})
	s.want(s.me.get("/setup/done"), 200, "Install the App")
	if list, err := os.ReadDir(s.dir); err != nil || len(list) != 4 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestForm(t *testing.T) {
	s := newStage(t, nil)
	s.me.enter(s.setup.Code())
	s.setup.o.GitHub.WebURL = "https://github.com"
	for name, c := range map[string]struct{ key, value, want string }{
		"nobody":                {"owner", "", "Choose who is to own"},
		"a path for a name":     {"org", "acme/../../x", "as it stands in its address"},
		"an address for a name": {"org", "https://github.com/acme", "as it stands in its address"},
		"no name":               {"name", "  ", "1 to 34 characters"},
		"a long name":           {"name", strings.Repeat("é", 35), "1 to 34 characters"},
		"no address":            {"public", "", "Write the server's address as https://HOST"},
		"in the clear":          {"public", "http://gate.example.com", "has to begin with https://"},
		"another scheme":        {"public", "ftp://gate.example.com", "has to begin with https://"},
		"a script":              {"public", "javascript:alert(1)", "Write the server's address"},
		"with a path":           {"public", "https://example.com/gate", "has a path"},
		"with a password":       {"public", "https://a:b@example.com", "Write the server's address"},
		"with a query":          {"public", "https://example.com?x=1", "Write the server's address"},
		"this machine":          {"public", "https://localhost:8080", "GitHub cannot reach localhost"},
		"this machine's number": {"public", "https://127.0.0.1", "GitHub cannot reach 127.0.0.1"},
		"the cloud's own":       {"public", "https://169.254.169.254", "GitHub cannot reach"},
		"a private address":     {"public", "https://10.1.2.3", "github.com cannot reach the private address"},
	} {
		form := url.Values{}
		for k, v := range answers {
			form[k] = v
		}
		form.Set(c.key, c.value)
		r := s.me.do(http.MethodPost, "/setup/app", form)
		if r.status != http.StatusUnprocessableEntity || !strings.Contains(unescapeHTML.Replace(r.body), c.want) {
			t.Errorf("%s: %d\n%s", name, r.status, r.body)
		}
	}
	s.untouched()
}

// An Enterprise Server may have its pages and its API at different names: each is used for what it is.
func TestEnterpriseServer(t *testing.T) {
	s := newStage(t, func(o *Options) {
		o.GitHub.WebURL = strings.Replace(o.GitHub.WebURL, "127.0.0.1", "localhost", 1)
	})
	s.me.enter(s.setup.Code())
	action, manifest := s.me.began()
	if !strings.HasPrefix(action, s.o.GitHub.WebURL+"/organizations/acme/settings/apps/new?state=") || !strings.HasPrefix(action, "http://localhost:") {
		t.Errorf("the form goes to %s", action)
	}
	s.me.get(s.me.confirmed(action, manifest))
	r := s.me.get("/setup/done")
	s.want(r, 200, `href="`+s.o.GitHub.WebURL+`/apps/reviewgate-acme/installations/new"`)
	if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' "+s.o.GitHub.WebURL+";") || strings.Contains(r.body, "github.com") {
		t.Errorf("%s\n%s", csp, r.body)
	}
}

func FuzzPublic(f *testing.F) {
	for _, s := range []string{"https://gate.example.com", "http://127.0.0.1", "https://[::1]:8080", "https://a b", "//x", "https://gate.example.com:99999", "https://\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		s := &Setup{o: Options{GitHub: github.Options{WebURL: "https://github.com"}}}
		if s.checkPublic(address) != "" {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "" || u.User != nil {
			t.Errorf("%q is taken", address)
		}
		if _, err := github.Manifest(github.ManifestOptions{Name: "x", URL: address, Webhook: address + "/webhook", Redirect: address + "/setup/created"}); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	})
}
