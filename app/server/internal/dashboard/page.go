package dashboard

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/report"
)

// ErrNotFound is answered for what does not exist, and for what the viewer may not see: the two cannot be told apart.
var ErrNotFound = errors.New("there is no such page")

// A Refusal is an error that the person caused and can mend; Message is shown to them.
type Refusal struct{ Message string }

func (r *Refusal) Error() string { return r.Message }

// A Page is one address that is answered with HTML.
type Page struct {
	Path     string // a pattern of http.ServeMux without its method: "/repositories/{repo}"
	Title    string // Load may set another one
	Nav      string // the word in the navigation; "": it is not there
	Template string // the file in templates
	Admin    bool   // for administrators only
	// Load reads what the page shows.
	Load func(*Request) (any, error)
	// Act does what a form of the page asks for, and answers the address to go to then; nil: the page changes nothing.
	Act func(*Request) (to string, err error)
	// below says that the navigation shows the page that stands at this path as the current one.
	below string
}

// A Crumb is a step on the way to a page.
type Crumb struct{ Title, Path string }

// A Request is one request of a person for a page.
type Request struct {
	*http.Request
	Viewer Viewer
	Title  string  // of the page
	Crumbs []Crumb // the pages above it
	Step   string  // what the page is called below them; "": Title
	Next   string  // the address of the next part of a list; "": there is none

	token string // against forged forms
}

// Get is a value in the address, shortened to what a filter can sensibly have.
func (r *Request) Get(name string) string {
	return clip(strings.TrimSpace(r.URL.Query().Get(name)), 200)
}

// With is the address of the page with one value in it changed; "" takes it out.
func (r *Request) With(name, value string) string {
	q := r.URL.Query()
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	return address(r.URL.Path, q)
}

func address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// A View is what templates see.
type View struct {
	Title   string
	Crumbs  []Crumb
	Step    string
	Nav     []navigation
	Viewer  Viewer
	Token   string // of the forms
	Here    string // the address of the page
	Next    string
	First   string // the address of the first part of a list; "": this is it
	Version string
	Bare    bool // nobody is signed in: no navigation
	Live    bool // the page has a part that follows what happens
	Data    any
}

type navigation struct {
	Title, Path string
	Here        bool
}

//go:embed templates
var templateFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// parse reads the template of a page with the layout around it. live says whether it has a part that follows what happens.
func parse(name string) (t *template.Template, live bool, err error) {
	t, err = template.New("layout.html").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/numbers.html", "templates/"+name)
	if err != nil {
		return nil, false, fmt.Errorf("the template %s: %w", name, err)
	}
	return t, t.Lookup("live") != nil && t.Lookup("live").Tree != nil && len(t.Lookup("live").Tree.Root.Nodes) > 0, nil
}

// render writes a whole page, or its live part.
func render(t *template.Template, part string, v *View) ([]byte, error) {
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, part, v); err != nil {
		return nil, fmt.Errorf("showing the page: %w", err)
	}
	// Templates hold no characters that are not seen or are taken for others, so all of those are strangers'.
	return []byte(report.Visible(buf.String(), "\n\t")), nil
}

func tagOf(b []byte) string {
	sum := sha256.Sum256(b)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// serve answers a page.
func (d *Dashboard) serve(p *Page) http.Handler {
	t, live, err := parse(p.Template)
	if err != nil {
		panic(err) // the templates are part of the program; TestTemplates reads each of them
	}
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		viewer, token, ok := d.enter(w, hr)
		if !ok {
			return
		}
		r := &Request{Request: hr, Viewer: viewer, Title: p.Title, token: token}
		if p.Path == "/" && !viewer.Admin && hr.Method != http.MethodPost {
			http.Redirect(w, hr, "/pulls", http.StatusSeeOther)
			return
		}
		if p.Admin && !viewer.Admin {
			d.fail(w, r, ErrNotFound)
			return
		}
		if hr.Method == http.MethodPost {
			d.act(w, r, p)
			return
		}
		data, err := p.Load(r)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		part := "layout.html"
		if live && hr.Header.Get("HX-Request") == "true" {
			part = "live"
		}
		body, err := render(t, part, d.view(r, p, live, data))
		if err != nil {
			d.fail(w, r, err)
			return
		}
		tag := tagOf(body)
		w.Header().Set("ETag", tag)
		w.Header().Set("Vary", "HX-Request")
		if hr.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		d.write(w, http.StatusOK, body)
	})
}

func (d *Dashboard) act(w http.ResponseWriter, r *Request, p *Page) {
	if p.Act == nil {
		d.fail(w, r, ErrNotFound)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		d.fail(w, r, &Refusal{"The form cannot be read."})
		return
	}
	if !same(r.PostForm.Get("token"), r.token) {
		d.fail(w, r, &Refusal{"The form is too old, or was not made by this page. Go back, load the page again, and repeat it."})
		return
	}
	to, err := p.Act(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	http.Redirect(w, r.Request, to, http.StatusSeeOther)
}

func (d *Dashboard) view(r *Request, p *Page, live bool, data any) *View {
	v := &View{Title: r.Title, Crumbs: r.Crumbs, Step: cmp.Or(r.Step, r.Title), Viewer: r.Viewer, Token: r.token, Here: r.URL.RequestURI(), Next: r.Next, Version: d.opt.Version, Live: live, Data: data}
	if r.URL.Query().Has("after") {
		v.First = r.With("after", "")
	}
	for i := range d.pages {
		n := &d.pages[i]
		if n.Nav != "" && (!n.Admin || r.Viewer.Admin) {
			v.Nav = append(v.Nav, navigation{n.Nav, n.Path, p != nil && (n.Path == p.Path || n.Path == p.below)})
		}
	}
	if d.opt.Ask != nil {
		v.Nav = append(v.Nav, navigation{"Try a rule", "/play/", false})
	}
	return v
}

func (d *Dashboard) write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever asked is gone then
}

// A failure is what the page of an error shows.
type failure struct{ Heading, Text string }

// fail answers with the page of an error. What went wrong inside is logged and not shown.
func (d *Dashboard) fail(w http.ResponseWriter, r *Request, err error) {
	var refusal *Refusal
	var away *awayError
	status, f := http.StatusInternalServerError, failure{"Something went wrong", "The page cannot be shown. The server's log says why."}
	switch {
	case errors.Is(err, ErrNotFound):
		status, f = http.StatusNotFound, failure{"There is no such page", "It does not exist, or GitHub does not let you see what it is about."}
	case errors.As(err, &refusal):
		status, f = http.StatusBadRequest, failure{"That did not work", refusal.Message}
	case errors.As(err, &away):
		status, f = http.StatusServiceUnavailable, failure{"GitHub does not answer", "What you may see is known from GitHub, and it cannot be asked now. Try again in a moment."}
		d.opt.Log.Warn().Err(err).Msg("asking GitHub what a person may see")
	case r.Context().Err() != nil: // nobody waits any more
	default:
		d.opt.Log.Error().Err(err).Str("path", clip(r.URL.Path, 200)).Msg("a page cannot be shown")
	}
	r.Title, r.Crumbs, r.Next = f.Heading, nil, ""
	v := d.view(r, nil, false, f)
	v.Here, v.First, v.Bare = "", "", r.Viewer.Login == ""
	body, err := render(d.errorPage, "layout.html", v)
	if err != nil {
		d.opt.Log.Error().Err(err).Msg("the page of an error cannot be shown")
	}
	w.Header().Del("ETag")
	d.write(w, status, body)
}
