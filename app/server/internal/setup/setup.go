package setup

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// Bounds of the set-up.
const (
	maxTries    = 10        // wrong codes; after that a restart makes a new one
	sessionLife = time.Hour // of the browser that had the code
	flowLife    = time.Hour // of the way to GitHub and back; its code is good for as long
	idleStart   = 15 * time.Minute
	maxForm     = 64 << 10
	cookieName  = "reviewgate_setup"
)

// Made is the new App, and what the operator said of the server.
type Made struct {
	github.Registered
	PublicURL string
}

// A Step is one line of the self-test.
type Step struct{ Name, State, Says, Remedy string }

// Options of a set-up.
type Options struct {
	Loopback  bool   // it listens where only this machine reaches it
	PublicURL string // where people will reach the server, if the settings say it
	GitHub    github.Options
	Dir       string // folder of the files; it is made if it is not there
	Settings  string // name of the settings file in it
	// Known says why there must be no set-up: the database belongs to an App. It is asked at the start, and before anything is written.
	Known func(ctx context.Context) error
	// Render writes the settings file.
	Render func(Made) ([]byte, error)
	// Webhook answers signed deliveries for the self-test. It takes pings, and says of everything else that it cannot be kept yet.
	Webhook func(Made) (http.Handler, error)
	Test    func(ctx context.Context, m Made) []Step
	Log     zerolog.Logger
	Hide    func(secret []byte) // keeps a secret out of the log
	Now     func() time.Time
}

// A Setup is one set-up. It answers the pages.
type Setup struct {
	o       Options
	code    string // from the log
	mux     *http.ServeMux
	forms   *http.CrossOriginProtection
	done    chan struct{}
	finish  func()
	timeout func(d time.Duration, f func())

	mu      sync.Mutex
	tries   int
	used    bool // the code was entered
	session *session
	flow    *flow
	made    *Made
	hook    http.Handler // once the App is made
	failed  error        // of writing the files of an App that is made
	written bool
}

// A session is the browser that had the code.
type session struct {
	id   [sha256.Size]byte // hash of the cookie's value
	at   time.Time
	host string
}

// A flow is one way to GitHub and back.
type flow struct {
	state  string
	at     time.Time
	public string
}

// New checks that a set-up may begin. It listens to nobody.
func New(ctx context.Context, o Options) (*Setup, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := o.Known(ctx); err != nil {
		return nil, err
	}
	if err := checkFolder(o.Dir, o.Settings); err != nil {
		return nil, err
	}
	s := &Setup{o: o, code: grouped(rand.Text()), mux: http.NewServeMux(), forms: http.NewCrossOriginProtection(), done: make(chan struct{}),
		timeout: func(d time.Duration, f func()) { time.AfterFunc(d, f) }}
	s.finish = sync.OnceFunc(func() { close(s.done) })
	s.forms.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusForbidden, "This form was sent from another site.", "Nothing was done.")
	}))
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/setup", http.StatusSeeOther) })
	s.mux.HandleFunc("GET /setup", s.begin)
	s.mux.HandleFunc("POST /setup/code", s.enter)
	s.mux.HandleFunc("POST /setup/app", s.send)
	s.mux.HandleFunc("GET /setup/created", s.created)
	s.mux.HandleFunc("GET /setup/done", s.show)
	s.mux.HandleFunc("POST /setup/write", s.again)
	s.mux.HandleFunc("POST /setup/test", s.test)
	s.mux.HandleFunc("POST /setup/start", s.start)
	s.mux.HandleFunc("GET /setup/style.css", Style)
	s.mux.HandleFunc("GET /setup/installed", Installed)
	return s, nil
}

// grouped makes a code that a person can copy: 26 letters and digits, 130 bits.
func grouped(text string) string {
	var b strings.Builder
	for i, c := range text {
		if i > 0 && i%5 == 0 && i < 25 {
			b.WriteByte('-')
		}
		b.WriteRune(c)
	}
	return b.String()
}

func plain(code string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "", "\t", "", "\r", "", "\n", "").Replace(code))
}

// Code is what opens the pages. It belongs into the log, and nowhere else.
func (s *Setup) Code() string { return s.code }

// Done is closed when the files are written and the server is to go on with them.
func (s *Setup) Done() <-chan struct{} { return s.done }

// Path is the settings file.
func (s *Setup) Path() string { return filepath.Join(s.o.Dir, s.o.Settings) }

// ServeHTTP answers the pages, the probes of whoever watches the process, and the self-test's webhooks.
func (s *Setup) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz":
		text(w, http.StatusOK, "alive\n")
		return
	case "/readyz":
		text(w, http.StatusServiceUnavailable, "set-up: there is no App yet\n")
		return
	case "/webhook":
		s.mu.Lock()
		hook := s.hook
		s.mu.Unlock()
		if hook == nil {
			text(w, http.StatusServiceUnavailable, "set-up: there is no App yet\n")
			return
		}
		hook.ServeHTTP(w, r)
		return
	}
	if !s.hostOK(r.Host) {
		// A name of somebody else's that leads here, so that a page of theirs may read ours.
		text(w, http.StatusMisdirectedRequest, "set-up: this address is answered only under its own name\n")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	s.forms.Handler(s.mux).ServeHTTP(w, r)
}

// hostOK says whether a request was meant for this server. On the loopback address only its own names count, and the public one where a proxy stands
// in front. Elsewhere any name may lead here; what protects is the code.
func (s *Setup) hostOK(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if u, err := url.Parse(s.o.PublicURL); err == nil && s.o.PublicURL != "" && strings.EqualFold(host, u.Hostname()) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if s.o.Loopback {
		return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
	}
	return host != ""
}

// who gives the session of a request; nil: it has none. The lock is held.
func (s *Setup) who(r *http.Request) *session {
	c, err := r.Cookie(cookieName)
	if err != nil || s.session == nil {
		return nil
	}
	id := sha256.Sum256([]byte(c.Value))
	if subtle.ConstantTimeCompare(id[:], s.session.id[:]) != 1 || s.session.host != r.Host || s.o.Now().Sub(s.session.at) > sessionLife {
		return nil
	}
	return s.session
}

// admitted says whether a request comes from the browser that had the code, and answers it if not.
func (s *Setup) admitted(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	ok := s.who(r) != nil
	s.mu.Unlock()
	if !ok {
		s.refuse(w, r, http.StatusForbidden, "This browser did not enter the code from the server's log.", "Nothing was done. If you did enter it, an hour has passed, or the address was another one: restart the server for a new code.")
	}
	return ok
}

func (s *Setup) begin(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	known, used, locked, made := s.who(r) != nil, s.used, s.tries >= maxTries, s.made != nil
	s.mu.Unlock()
	switch {
	case known && made:
		http.Redirect(w, r, "/setup/done", http.StatusSeeOther)
	case known:
		s.form(w, r, http.StatusOK, form{Owner: "organization", Public: s.o.PublicURL, Name: "reviewgate"}, "")
	case locked:
		s.refuse(w, r, http.StatusForbidden, "Too many wrong codes were entered.", "Restart the server: it prints a new one. If it was not you, somebody else reaches this page: set it up on the loopback address.")
	case used:
		s.refuse(w, r, http.StatusForbidden, "The code was used already, in another browser.", "If that was not you, stop the server now. If it was, restart it for a new code.")
	default:
		s.page(w, r, http.StatusOK, "code", "Set up reviewgate", nil)
	}
}

// enter takes the code from the log.
func (s *Setup) enter(w http.ResponseWriter, r *http.Request) {
	given := plain(r.PostFormValue("code"))
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(plain(s.code)))
	s.mu.Lock()
	if s.used || s.tries >= maxTries {
		s.mu.Unlock()
		s.begin(w, r)
		return
	}
	if subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
		s.tries++
		left := maxTries - s.tries
		s.mu.Unlock()
		s.o.Log.Warn().Str("from", r.RemoteAddr).Int("left", left).Msg("set-up: a wrong code was entered")
		if left == 0 {
			s.begin(w, r)
			return
		}
		s.page(w, r, http.StatusForbidden, "code", "Set up reviewgate", map[string]any{"Problem": fmt.Sprintf("This is not the code in the log. %d more tries are left.", left)})
		return
	}
	cookie := rand.Text()
	s.used, s.session = true, &session{id: sha256.Sum256([]byte(cookie)), at: s.o.Now(), host: r.Host}
	s.mu.Unlock()
	s.o.Log.Info().Str("from", r.RemoteAddr).Msg("set-up: the code was entered; it counts no more")
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: cookie, Path: "/setup", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(sessionLife / time.Second),
		Secure: secure(r)})
	http.Redirect(w, r, "/setup", http.StatusSeeOther)
}

// secure says whether the browser came by TLS. A proxy's word is enough: the worst that it can do is to keep the cookie from being used.
func secure(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// A form is what the operator is asked.
type form struct{ Owner, Org, Public, Name string }

var orgForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

// read takes the form in, and says what is wrong with it.
func (s *Setup) read(r *http.Request) (f form, problem string) {
	f = form{Owner: r.PostFormValue("owner"), Org: strings.TrimSpace(r.PostFormValue("org")), Public: strings.TrimRight(strings.TrimSpace(r.PostFormValue("public")), "/"), Name: strings.TrimSpace(r.PostFormValue("name"))}
	switch {
	case f.Owner != "organization" && f.Owner != "account":
		f.Owner = "organization"
		return f, "Choose who is to own the App."
	case f.Owner == "organization" && !orgForm.MatchString(f.Org):
		return f, "Write the organisation's name as it stands in its address on GitHub."
	case f.Name == "" || len([]rune(f.Name)) > 34:
		return f, "GitHub takes names of 1 to 34 characters."
	}
	return f, s.checkPublic(f.Public)
}

// checkPublic says what is wrong with the address at which GitHub and people are to reach the server.
func (s *Setup) checkPublic(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "":
		return "Write the server's address as https://HOST."
	case u.Path != "":
		return "The server's address has a path; it has to stand at the root of a host."
	}
	ip, notIP := netip.ParseAddr(u.Hostname())
	local := strings.EqualFold(u.Hostname(), "localhost") || strings.HasSuffix(strings.ToLower(u.Hostname()), ".localhost") || notIP == nil && ip.IsLoopback()
	hub, err := url.Parse(s.o.GitHub.WebURL)
	if err != nil {
		return "The address of GitHub in the settings cannot be read."
	}
	switch {
	case u.Scheme == "http" && local && hub.Scheme == "http": // a GitHub on this machine
		return ""
	case u.Scheme != "https":
		return "The server's address has to begin with https://: secrets and sign-ins go over it."
	case local || notIP == nil && (ip.IsUnspecified() || ip.IsLinkLocalUnicast()):
		return "GitHub cannot reach " + u.Hostname() + ". Write the address that it is to send webhooks to; a proxy or tunnel may pass them on."
	case strings.EqualFold(hub.Hostname(), "github.com") && notIP == nil && ip.IsPrivate():
		return "github.com cannot reach the private address " + u.Hostname() + ". Write the one that leads here from outside."
	}
	return ""
}

func (s *Setup) form(w http.ResponseWriter, r *http.Request, status int, f form, problem string) {
	s.page(w, r, status, "form", "Set up reviewgate", map[string]any{"Form": f, "Problem": problem, "GitHub": s.o.GitHub.WebURL, "Dir": shown(s.o.Dir)})
}

// send prepares the way to GitHub: a page whose one button posts the manifest there.
func (s *Setup) send(w http.ResponseWriter, r *http.Request) {
	if !s.admitted(w, r) {
		return
	}
	f, problem := s.read(r)
	if problem != "" {
		s.form(w, r, http.StatusUnprocessableEntity, f, problem)
		return
	}
	if err := s.blocked(r.Context()); err != nil {
		s.refuse(w, r, http.StatusConflict, "The set-up cannot go on.", err.Error())
		return
	}
	scheme := "http://"
	if secure(r) {
		scheme = "https://"
	}
	manifest, err := github.Manifest(github.ManifestOptions{Name: f.Name, URL: f.Public, Webhook: f.Public + "/webhook", Redirect: scheme + r.Host + "/setup/created",
		Callback: f.Public + "/login/callback", Installed: f.Public + "/setup/installed"})
	if err != nil {
		s.form(w, r, http.StatusUnprocessableEntity, f, err.Error())
		return
	}
	state := rand.Text()
	s.mu.Lock()
	if s.made != nil {
		s.mu.Unlock()
		s.refuse(w, r, http.StatusConflict, "The App was made already.", "Go on at /setup/done.")
		return
	}
	s.flow = &flow{state: state, at: s.o.Now(), public: f.Public} // one at a time: the one before counts no more
	s.mu.Unlock()
	path := "/settings/apps/new"
	if f.Owner == "organization" {
		path = "/organizations/" + url.PathEscape(f.Org) + path
	}
	need := github.ManifestOptions{}
	s.page(w, r, http.StatusOK, "send", "Make the App on GitHub", map[string]any{"Action": s.o.GitHub.WebURL + path + "?state=" + state, "Manifest": string(manifest), "Form": f,
		"GitHub": s.o.GitHub.WebURL, "Permissions": github.Permissions(need), "Events": github.Events(need)})
}

// blocked says why nothing may be written (any more).
func (s *Setup) blocked(ctx context.Context) error {
	s.mu.Lock()
	made := s.made != nil
	s.mu.Unlock()
	if made {
		return errors.New("the App was made already; go on at /setup/done")
	}
	if err := s.o.Known(ctx); err != nil {
		return err
	}
	return checkFolder(s.o.Dir, s.o.Settings)
}

// created is where GitHub sends the browser back.
func (s *Setup) created(w http.ResponseWriter, r *http.Request) {
	if !s.admitted(w, r) {
		return
	}
	code, state := r.URL.Query().Get("code"), r.URL.Query().Get("state")
	s.mu.Lock()
	f := s.flow
	ok := f != nil && subtle.ConstantTimeCompare([]byte(state), []byte(f.state)) == 1 && s.o.Now().Sub(f.at) <= flowLife
	if ok {
		s.flow = nil // it counts once
	}
	s.mu.Unlock()
	if !ok {
		s.refuse(w, r, http.StatusForbidden, "GitHub's answer does not belong to what this browser began.", "Nothing was done. It may be older than an hour, or was used already. Begin again at /setup; delete an App that was made and is not used.")
		return
	}
	if err := s.blocked(r.Context()); err != nil {
		s.refuse(w, r, http.StatusConflict, "The set-up cannot go on.", err.Error())
		return
	}
	app, err := github.Register(r.Context(), s.o.GitHub, code)
	if err != nil {
		s.o.Log.Error().Err(err).Msg("set-up: GitHub did not hand over the App")
		var moment *github.Temporary
		var limited *github.RateLimited
		if errors.As(err, &moment) || errors.As(err, &limited) {
			s.mu.Lock()
			if s.flow == nil && s.made == nil {
				s.flow = f // the code is good for an hour
			}
			s.mu.Unlock()
			s.refuse(w, r, http.StatusBadGateway, "GitHub could not be asked for the App's credentials.", err.Error()+". Load this page again: its code is good for an hour.")
			return
		}
		s.refuse(w, r, http.StatusBadGateway, "GitHub did not hand over the App's credentials.", err.Error()+". Begin again at /setup, and delete the App that was made.")
		return
	}
	s.keep(Made{Registered: app, PublicURL: f.public})
	http.Redirect(w, r, "/setup/done", http.StatusSeeOther) // so that the code does not stay in the address
}

// keep takes the new App in, and writes its files.
func (s *Setup) keep(m Made) {
	for _, secret := range []string{m.ClientSecret, m.WebhookSecret} {
		s.o.Hide([]byte(secret))
	}
	hook, err := s.o.Webhook(m)
	if err != nil {
		s.o.Log.Error().Err(err).Msg("set-up: preparing the self-test")
	}
	s.mu.Lock()
	s.made, s.hook = &m, hook
	s.mu.Unlock()
	s.o.Log.Info().Int64("app", m.ID).Str("slug", m.Slug).Str("owner", m.Owner).Msg("set-up: GitHub made the App")
	s.write(m)
}

func (s *Setup) write(m Made) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.written {
		return
	}
	settings, err := s.o.Render(m)
	if err == nil {
		err = writeFiles(s.o.Dir, []entry{{KeyFile, m.PrivateKey}, {WebhookSecretFile, []byte(m.WebhookSecret + "\n")}, {ClientSecretFile, []byte(m.ClientSecret + "\n")}, {s.o.Settings, settings}})
	}
	if s.failed = err; err != nil {
		s.o.Log.Error().Err(err).Msg("set-up: the App's files could not be written; its credentials are kept in memory until they are")
		return
	}
	s.written = true
	s.o.Log.Info().Str("settings", s.Path()).Msg("set-up: the files are written")
	s.timeout(idleStart, s.finish) // nobody needs to come back to the page
}

// again writes the files once more, after a failure that somebody mended.
func (s *Setup) again(w http.ResponseWriter, r *http.Request) {
	if !s.admitted(w, r) {
		return
	}
	s.mu.Lock()
	m := s.made
	s.mu.Unlock()
	if m != nil {
		s.write(*m)
	}
	http.Redirect(w, r, "/setup/done", http.StatusSeeOther)
}

func (s *Setup) show(w http.ResponseWriter, r *http.Request) { s.result(w, r, nil) }

func (s *Setup) test(w http.ResponseWriter, r *http.Request) {
	if !s.admitted(w, r) {
		return
	}
	s.mu.Lock()
	m := s.made
	s.mu.Unlock()
	if m == nil {
		http.Redirect(w, r, "/setup", http.StatusSeeOther)
		return
	}
	s.result(w, r, s.o.Test(r.Context(), *m))
}

// result is the page after the App was made.
func (s *Setup) result(w http.ResponseWriter, r *http.Request, steps []Step) {
	if !s.admitted(w, r) {
		return
	}
	s.mu.Lock()
	m, failed, written := s.made, s.failed, s.written
	s.mu.Unlock()
	if m == nil {
		http.Redirect(w, r, "/setup", http.StatusSeeOther)
		return
	}
	data := map[string]any{"Made": m, "Install": s.install(m), "Written": written, "Path": shown(s.Path()), "Steps": steps, "Dir": shown(s.o.Dir),
		"Files": []string{s.o.Settings, KeyFile, WebhookSecretFile, ClientSecretFile}}
	if failed != nil {
		data["Problem"] = failed.Error()
	}
	s.page(w, r, http.StatusOK, "done", "The App is made", data)
}

// install is where the App is installed. Its page is GitHub's own word if that leads to the GitHub that we asked.
func (s *Setup) install(m *Made) string {
	if strings.HasPrefix(m.URL, s.o.GitHub.WebURL+"/") {
		return m.URL + "/installations/new"
	}
	return s.o.GitHub.WebURL + "/apps/" + url.PathEscape(m.Slug) + "/installations/new"
}

func (s *Setup) start(w http.ResponseWriter, r *http.Request) {
	if !s.admitted(w, r) {
		return
	}
	s.mu.Lock()
	m, written := s.made, s.written
	s.mu.Unlock()
	if !written {
		http.Redirect(w, r, "/setup/done", http.StatusSeeOther)
		return
	}
	s.page(w, r, http.StatusOK, "started", "The server starts", map[string]any{"Install": s.install(m), "Path": shown(s.Path())})
	s.finish()
}

func (s *Setup) refuse(w http.ResponseWriter, r *http.Request, status int, what, then string) {
	s.page(w, r, status, "refused", what, map[string]any{"Then": then})
}

//go:embed page/setup.html
var pageSource string

//go:embed page/style.css
var styleSource []byte

var pages = template.Must(template.New("").Parse(pageSource))

// page answers with one of the pages. Forms may go to us and to GitHub, and nowhere else.
func (s *Setup) page(w http.ResponseWriter, r *http.Request, status int, name, title string, data map[string]any) {
	write(w, r, status, name, title, data, "'self' "+origin(s.o.GitHub.WebURL))
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func write(w http.ResponseWriter, _ *http.Request, status int, name, title string, data map[string]any, forms string) {
	if data == nil {
		data = map[string]any{}
	}
	data["Title"] = title
	var b strings.Builder
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		text(w, http.StatusInternalServerError, "set-up: the page could not be made\n")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action "+forms+"; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "strict-origin") // GitHub's page is sent where the form comes from, and nobody the path
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	common(h)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String())) // a reader who has gone
}

func common(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
}

func text(w http.ResponseWriter, status int, s string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	common(w.Header())
	w.WriteHeader(status)
	_, _ = w.Write([]byte(s)) // a reader who has gone
}

// Style is the pages' style sheet.
func Style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	common(w.Header())
	_, _ = w.Write(styleSource) // a reader who has gone
}

// Installed is the page to which GitHub sends a browser once the App is installed somewhere. What the address says of it is not believed, and not shown.
func Installed(w http.ResponseWriter, r *http.Request) {
	write(w, r, http.StatusOK, "installed", "reviewgate is installed", nil, "'none'")
}
