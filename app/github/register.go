package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/rs/zerolog"
)

// A Registered App is what GitHub says once, and never again, of an App that was made from a manifest.
type Registered struct {
	ID    int64
	Slug  string
	Owner string // login of the organisation or user
	URL   string // its page on GitHub

	ClientID                    string
	ClientSecret, WebhookSecret string
	PrivateKey                  []byte // PEM
}

// codeForm is what GitHub's codes look like. They go into a path.
var codeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)

// Register exchanges the code with which GitHub sends a browser back, once an App was made from a manifest. A code is good for an hour, and once.
// o.AppID and o.PrivateKey are not needed. A *Temporary error means that the code may still be good. Nothing of it is logged.
func Register(ctx context.Context, o Options, code string) (Registered, error) {
	const op = "exchanging GitHub's code for the new App"
	if !codeForm.MatchString(code) {
		return Registered{}, &Error{Op: op, Status: http.StatusNotFound, Message: "(in effect) this is not a code of GitHub's"}
	}
	a := &App{base: http.DefaultTransport, pace: defaultPace(), now: o.Now, clients: map[int64]*Client{}}
	var err error
	if a.api, err = address("API URL", o.APIURL); err != nil {
		return Registered{}, err
	}
	if o.HTTP != nil && o.HTTP.Transport != nil {
		a.base = o.HTTP.Transport
	}
	if a.now == nil {
		a.now = time.Now
	}
	if o.Pace != nil {
		a.pace = *o.Pace
	}
	client := a.client(newTransport(a.base, a.pace, a.now, zerolog.Nop())) // the path holds the code
	req, err := client.NewRequest(http.MethodPost, "app-manifests/"+url.PathEscape(code)+"/conversions", nil)
	if err != nil {
		return Registered{}, errors.New(op + ": the request could not be made")
	}
	var said struct {
		ID            int64                  `json:"id"`
		Slug          string                 `json:"slug"`
		Owner         struct{ Login string } `json:"owner"`
		URL           string                 `json:"html_url"`
		ClientID      string                 `json:"client_id"`
		ClientSecret  string                 `json:"client_secret"`
		WebhookSecret string                 `json:"webhook_secret"`
		PEM           string                 `json:"pem"`
	}
	if _, err := client.Do(ctx, req, &said); err != nil {
		return Registered{}, without(fail(op, err), code)
	}
	r := Registered{ID: said.ID, Slug: said.Slug, Owner: said.Owner.Login, URL: said.URL, ClientID: said.ClientID,
		ClientSecret: said.ClientSecret, WebhookSecret: said.WebhookSecret, PrivateKey: []byte(said.PEM)}
	var missing []string
	for _, f := range []struct{ name, value string }{{"slug", r.Slug}, {"client_id", r.ClientID}, {"client_secret", r.ClientSecret}, {"webhook_secret", r.WebhookSecret}, {"pem", said.PEM}} {
		if f.value == "" {
			missing = append(missing, f.name)
		}
	}
	if r.ID <= 0 {
		missing = append(missing, "id")
	}
	if len(missing) > 0 {
		return Registered{}, fmt.Errorf("%s: GitHub's answer lacks %s", op, strings.Join(missing, ", "))
	}
	if err := CheckKey(r.PrivateKey); err != nil {
		return Registered{}, fmt.Errorf("%s: %w", op, err)
	}
	return r, nil
}

// without removes a secret from an error that may quote it. What kind of error it is stays.
func without(err error, secret string) error {
	if err == nil || !strings.Contains(err.Error(), secret) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), secret, "[redacted]"))
}

// errKey says nothing of the key: the parser's own words may quote it.
var errKey = errors.New("GitHub App private key: it is not an RSA key in PEM form (download one from the App's settings page)")

// CheckKey says whether a private key can be read.
func CheckKey(pem []byte) error {
	if _, err := ghinstallation.NewAppsTransport(http.DefaultTransport, 1, pem); err != nil {
		return errKey
	}
	return nil
}

// A speaker signs requests as the App, with the key that is in force.
type speaker struct{ app *App }

func (s speaker) RoundTrip(req *http.Request) (*http.Response, error) {
	s.app.mu.Lock()
	as := s.app.as
	s.app.mu.Unlock()
	return as.RoundTrip(req)
}

// TryKey asks GitHub whether it takes a private key for this App. Nothing is changed. A *Temporary error or a *RateLimited says that it could not be asked.
func (a *App) TryKey(ctx context.Context, pem []byte) error {
	as, err := ghinstallation.NewAppsTransport(newTransport(a.base, a.pace, a.now, a.log), a.id, pem)
	if err != nil {
		return errKey
	}
	const op = "asking GitHub whether it takes the private key"
	app, _, err := a.client(as).Apps.Get(ctx, "")
	if err != nil {
		return fail(op, err)
	}
	if app.GetID() != a.id {
		return &Error{Op: op, Status: http.StatusUnauthorized, Message: fmt.Sprintf("(in effect) the key belongs to App %d %q, not to %d", app.GetID(), app.GetSlug(), a.id)}
	}
	return nil
}

// SetKey has everything from now on signed with another private key. Requests that are under way are not disturbed: a token that the key before
// asked for stays good.
func (a *App) SetKey(pem []byte) error {
	as, err := ghinstallation.NewAppsTransport(newTransport(a.base, a.pace, a.now, a.log), a.id, pem)
	if err != nil {
		return errKey
	}
	a.mu.Lock()
	a.as, a.key = as, pem
	clients := make([]*Client, 0, len(a.clients))
	for _, c := range a.clients {
		clients = append(clients, c)
	}
	a.mu.Unlock()
	for _, c := range clients {
		c.mu.Lock()
		c.as = nil // the next token is asked for with the new key
		clear(c.git)
		c.mu.Unlock()
	}
	return nil
}

// A Self is the App as GitHub has it.
type Self struct {
	ID          int64
	Slug        string
	Owner       string
	URL         string
	Permissions map[string]string
	Events      []string
	Count       int // of its installations
}

// Self reads what the App is allowed and told. ahead is by how much this machine's clock is ahead of GitHub's, to the second, and known also where
// GitHub refuses, because a clock that is wrong is a reason to.
func (a *App) Self(ctx context.Context) (s Self, ahead time.Duration, known bool, err error) {
	const op = "asking GitHub about the App itself"
	app, resp, err := get[struct {
		ID          int64                  `json:"id"`
		Slug        string                 `json:"slug"`
		Owner       struct{ Login string } `json:"owner"`
		URL         string                 `json:"html_url"`
		Permissions map[string]string      `json:"permissions"`
		Events      []string               `json:"events"`
		Count       int                    `json:"installations_count"`
	}](ctx, a.jwt, "app", nil)
	if resp != nil && resp.Response != nil {
		if at, e := http.ParseTime(resp.Header.Get("Date")); e == nil {
			ahead, known = a.now().Sub(at).Truncate(time.Second), true
		}
	}
	if err != nil {
		return Self{}, ahead, known, fail(op, err)
	}
	return Self{app.ID, app.Slug, app.Owner.Login, app.URL, app.Permissions, app.Events, app.Count}, ahead, known, nil
}

// A Hook is where and how GitHub delivers the App's webhooks.
type Hook struct {
	URL      string
	Type     string // "json", "form"
	Insecure bool   // GitHub does not check the receiver's certificate
}

// Hook reads the App's webhook settings.
func (a *App) Hook(ctx context.Context) (Hook, error) {
	h, _, err := a.jwt.Apps.GetHookConfig(ctx)
	if err != nil {
		return Hook{}, fail("reading the App's webhook settings", err)
	}
	return Hook{URL: h.GetURL(), Type: h.GetContentType(), Insecure: h.GetInsecureSSL() == "1"}, nil
}
