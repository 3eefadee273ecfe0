package dashboard

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/play"
)

// maxForm bounds what a form of ours sends.
const maxForm = 64 << 10

// Options are what the pages are made of.
type Options struct {
	// PublicURL is where people reach the server, "https://gate.example.com"; needed for sign-in.
	PublicURL string
	// GitHubURL is where the repositories are, for links.
	GitHubURL string
	// SignIn signs people in; nil: nobody can, and Loopback must be set.
	SignIn GitHub
	// Secret gives the client secret of the App, which may change while the server runs. The keys of cookies and of stored tokens are made from it.
	Secret func() []byte
	// Admins are the logins that may see and do everything.
	Admins []string
	// Loopback serves everything to whoever reaches the server by a loopback address. Only for one that listens on nothing else.
	Loopback bool
	Sessions Sessions
	Facts    Facts
	Dead     DeadLetters // nil: there is no page of them
	Audit    AuditLog    // nil: there is no page of it, and nothing is written
	// Quality has what the pages about quality show, and Records the signed records; nil: there are no such pages.
	Quality Outcomes
	Records Records
	// Ask answers questions of the rule playground.
	Ask     func(context.Context, *play.Question) (*play.Answer, error)
	Version string
	Now     func() time.Time
	Log     zerolog.Logger
}

// A Dashboard answers requests for pages. It is an http.Handler.
type Dashboard struct {
	opt       Options
	mux       *http.ServeMux
	pages     []Page
	errorPage *template.Template
	loginPage *template.Template
	secure    bool           // cookies go over https only
	origin    string         // of the pages, "https://gate.example.com"
	local     string         // the token of forms where nobody signs in
	asking    [64]sync.Mutex // one session's rights are asked for once at a time
	exchanges chan struct{}  // bounds what strangers can make us ask GitHub
	seats     seats
}

// New puts the pages together.
func New(o Options) (*Dashboard, error) {
	if o.SignIn == nil && !o.Loopback {
		return nil, errors.New("dashboard: nobody could open the pages")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &Dashboard{opt: o, mux: http.NewServeMux(), local: rand.Text(), exchanges: make(chan struct{}, 8), seats: seats{used: map[int64][]time.Time{}}}
	if o.SignIn != nil {
		u, err := url.Parse(o.PublicURL)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("dashboard: %q is not where people reach the server", o.PublicURL)
		}
		d.origin, d.secure = u.Scheme+"://"+u.Host, u.Scheme == "https"
	}
	var err error
	if d.errorPage, _, err = parse("error.html"); err != nil {
		return nil, fmt.Errorf("dashboard: %w", err)
	}
	if d.loginPage, _, err = parse("login.html"); err != nil {
		return nil, fmt.Errorf("dashboard: %w", err)
	}
	d.pages = d.list()
	for i := range d.pages {
		p := &d.pages[i]
		path := p.Path
		if path == "/" {
			path = "/{$}"
		}
		d.mux.Handle(path, d.serve(p))
	}
	assets, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		return nil, fmt.Errorf("dashboard: %w", err)
	}
	d.mux.Handle("GET /assets/", http.StripPrefix("/assets/", d.assets(assets)))
	d.downloads()
	if err := d.playground(); err != nil {
		return nil, fmt.Errorf("dashboard: %w", err)
	}
	if o.SignIn != nil {
		d.mux.HandleFunc("GET /login", d.login)
		d.mux.HandleFunc("GET /login/github", d.toGitHub)
		d.mux.HandleFunc("GET /login/callback", d.callback)
		d.mux.HandleFunc("POST /logout", d.logout)
	}
	d.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if viewer, token, ok := d.enter(w, r); ok {
			d.fail(w, &Request{Request: r, Viewer: viewer, token: token}, ErrNotFound)
		}
	})
	return d, nil
}

// assets are public: they say nothing.
func (d *Dashboard) assets(files fs.FS) http.Handler {
	serve := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" || strings.HasSuffix(r.URL.Path, "/") { // no listing
			http.NotFound(w, r)
			return
		}
		// Addresses carry the version; what is asked for without one is asked for again.
		w.Header().Set("Cache-Control", "public, max-age=3600")
		serve.ServeHTTP(w, r)
	})
}

// ServeHTTP keeps the pages to themselves, and answers.
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	if d.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if !d.here(r) {
		http.Error(w, "requests come from the pages themselves", http.StatusForbidden)
		return
	}
	if d.opt.Loopback && !local(r) {
		http.Error(w, "without sign-in the pages are for this machine alone: open them at its loopback address, without a proxy", http.StatusForbidden)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		h.Set("Allow", "GET, HEAD, POST")
		http.Error(w, "only GET and POST", http.StatusMethodNotAllowed)
		return
	}
	d.mux.ServeHTTP(w, r)
}

// here says whether a request that may change something comes from our own pages.
func (d *Dashboard) here(r *http.Request) bool {
	own := d.origin
	if d.opt.Loopback {
		own = "http://" + r.Host
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Method != http.MethodPost || r.Header.Get("Origin") == own && (site == "" || site == "same-origin")
}

// local says whether a request was made on this machine, by a name of this machine: a page from elsewhere that has its own name resolve here has
// another Host. A proxy that says so is not this machine.
func local(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return LoopbackAddress(r.Host) && LoopbackAddress(r.RemoteAddr)
}

// LoopbackAddress says whether "host:port" or "host" is a name or address of this machine alone.
func LoopbackAddress(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// bare shows a page for somebody who is not signed in.
func (d *Dashboard) bare(w http.ResponseWriter, status int, t *template.Template, title string, data any) {
	body, err := render(t, "layout.html", &View{Title: title, Bare: true, Version: d.opt.Version, Data: data})
	if err != nil {
		d.opt.Log.Error().Err(err).Msg("a page cannot be shown")
		status = http.StatusInternalServerError
	}
	d.write(w, status, body)
}
