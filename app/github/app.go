package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v60/github"
	"github.com/rs/zerolog"
)

// Options say which App on which GitHub.
type Options struct {
	AppID      int64
	PrivateKey []byte // PEM, RSA
	APIURL     string // "https://api.github.com", or "https://HOST/api/v3" of an Enterprise Server
	WebURL     string // "https://github.com", or "https://HOST"; also where git fetches from
	HTTP       *http.Client
	Now        func() time.Time // nil: time.Now
	Pace       *Pace            // nil: as GitHub asks; &Pace{}: no waiting, for tests and demonstrations
	// Share gives a write of an installation its moment among those of all processes that write for it; nil: there is no other process.
	Share func(ctx context.Context, installation int64, pace SharedPace) (wait time.Duration, ok bool, err error)
	Log   zerolog.Logger
}

// An App is one GitHub App. It is safe for concurrent use; keep one for the life of the program, because the rate limits of each
// installation are remembered in it.
type App struct {
	id       int64
	api, web *url.URL
	base     http.RoundTripper
	now      func() time.Time
	pace     Pace
	share    func(ctx context.Context, installation int64, pace SharedPace) (wait time.Duration, ok bool, err error)
	log      zerolog.Logger
	jwt      *gh.Client // speaks as the App itself

	mu      sync.Mutex
	key     []byte                        // in force, PEM
	as      *ghinstallation.AppsTransport // signs with it
	clients map[int64]*Client
	slug    string
	slugAt  time.Time
}

// slugLife is how long the App's slug is believed: an owner can rename the App at any time.
const slugLife = time.Hour

// New checks the options. It makes no request.
func New(o Options) (*App, error) {
	if o.AppID <= 0 {
		return nil, fmt.Errorf("GitHub App id %d: it must be a positive number (the App's settings page shows it)", o.AppID)
	}
	api, err := address("API URL", o.APIURL)
	if err != nil {
		return nil, err
	}
	web, err := address("web URL", o.WebURL)
	if err != nil {
		return nil, err
	}
	a := &App{
		id: o.AppID, api: api, web: web, now: o.Now, log: o.Log, share: o.Share,
		base: http.DefaultTransport, pace: defaultPace(), clients: map[int64]*Client{},
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
	if err := a.SetKey(o.PrivateKey); err != nil {
		return nil, err
	}
	a.jwt = a.client(speaker{a})
	return a, nil
}

// address reads an absolute http or https URL and gives it without a slash at its end.
func address(what, s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(s, "/"))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("GitHub %s %q: it must look like https://host or https://host/path", what, Redact(s))
	}
	return u, nil
}

// client is go-github over a transport that authenticates.
func (a *App) client(as http.RoundTripper) *gh.Client {
	c := gh.NewClient(&http.Client{Transport: as, CheckRedirect: a.redirect})
	c.BaseURL = a.api.JoinPath("/")
	c.UserAgent = userAgent
	return c
}

// redirect follows GitHub's redirects (a renamed repository), but never to another host, because the token goes along, and never from a
// write to a read, because that would take an answer to another question for success.
func (a *App) redirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > 3:
		return errors.New("GitHub redirected more than three times")
	case req.URL.Host != a.api.Host || req.URL.Scheme != a.api.Scheme:
		return fmt.Errorf("GitHub redirected to another host, %s", req.URL.Host)
	case req.Method != via[0].Method:
		return errors.New("GitHub redirected a write to a read")
	}
	return nil
}

// ID is the App's numeric id: our check runs carry it.
func (a *App) ID() int64 { return a.id }

// Slug is the App's name in URLs. Its bot account is Slug + "[bot]".
func (a *App) Slug(ctx context.Context) (string, error) {
	a.mu.Lock()
	slug, fresh := a.slug, a.now().Sub(a.slugAt) < slugLife
	a.mu.Unlock()
	if slug != "" && fresh {
		return slug, nil
	}
	app, err := a.self(ctx)
	if err != nil {
		if slug != "" && temporary(err) {
			return slug, nil // an hour-old name is better than none
		}
		return "", err
	}
	return app.GetSlug(), nil
}

// Count is the number of the App's installations, suspended ones included. It is the smallest request that shows whether GitHub takes
// the App's id and key.
func (a *App) Count(ctx context.Context) (int, error) {
	app, err := a.self(ctx)
	return app.GetInstallationsCount(), err
}

func (a *App) self(ctx context.Context) (*gh.App, error) {
	const op = "asking GitHub about the App itself"
	app, _, err := a.jwt.Apps.Get(ctx, "")
	if err != nil {
		return nil, fail(op, err)
	}
	if app.GetID() != a.id || app.GetSlug() == "" {
		return nil, &Error{Op: op, Status: http.StatusUnauthorized, Message: fmt.Sprintf("(in effect) the key belongs to App %d %q, not to %d", app.GetID(), app.GetSlug(), a.id)}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slug, a.slugAt = app.GetSlug(), a.now()
	return app, nil
}

// Bot is the login of the App's own account, the author of everything that it posts.
func (a *App) Bot(ctx context.Context) (string, error) {
	slug, err := a.Slug(ctx)
	if err != nil {
		return "", err
	}
	return slug + "[bot]", nil
}

// An InstallationInfo is one installation of the App.
type InstallationInfo struct {
	ID          int64
	Account     string // login of the organisation or user
	AccountType string // "Organization", "User"
	AllRepos    bool   // every repository of the account, not a selection
	Suspended   bool
	Permissions map[string]string // what was granted: "checks" -> "write"
}

// Installations lists every installation of the App.
func (a *App) Installations(ctx context.Context) ([]InstallationInfo, error) {
	list, complete, err := pages(100, func(o *gh.ListOptions) ([]installation, *gh.Response, error) {
		return get[[]installation](ctx, a.jwt, "app/installations", o)
	})
	if err != nil {
		return nil, fail("listing the App's installations", err)
	}
	if !complete {
		return nil, errors.New("listing the App's installations: there are more than 10,000")
	}
	var out []InstallationInfo
	for _, in := range list {
		out = append(out, in.info())
	}
	return out, nil
}

// An installation as GitHub writes it. go-github's own type lacks half of the permissions.
type installation struct {
	ID      int64 `json:"id"`
	Account *struct {
		Login string `json:"login"`
		Type  string `json:"type"`
	} `json:"account"`
	Selection   string            `json:"repository_selection"`
	SuspendedAt *string           `json:"suspended_at"`
	Permissions map[string]string `json:"permissions"`
}

func (in installation) info() InstallationInfo {
	out := InstallationInfo{ID: in.ID, AllRepos: in.Selection == "all", Suspended: in.SuspendedAt != nil, Permissions: in.Permissions}
	if in.Account != nil {
		out.Account, out.AccountType = in.Account.Login, in.Account.Type
	}
	return out
}

// Installation gives the client of one installation. It makes no request.
func (a *App) Installation(id int64) *Client {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.clients[id]; c != nil {
		return c
	}
	c := &Client{app: a, id: id, way: newTransport(a.base, a.pace, a.now, a.log.With().Int64("installation", id).Logger()), git: map[string]gitToken{}}
	if a.share != nil {
		c.way.share = func(ctx context.Context, pace SharedPace) (time.Duration, bool, error) {
			return a.share(ctx, id, pace)
		}
	}
	c.gh = a.client(&session{client: c})
	a.clients[id] = c
	return c
}

// A Client reads and writes as one installation. It is safe for concurrent use.
type Client struct {
	app *App
	id  int64
	way *transport
	gh  *gh.Client
	// wants is what a token for the API may do; nil: what wanted says.
	wants *gh.InstallationPermissions

	mu    sync.Mutex
	plain bool                      // GitHub refused our list of permissions: ask for what was granted
	as    *ghinstallation.Transport // the current token; nil: none yet
	git   map[string]gitToken       // by "owner/name"
}

// wanted is what a token for the API may do: the list of the manifest, so that a leaked token is worth as little as possible.
func wanted() *gh.InstallationPermissions {
	read, write := gh.String("read"), gh.String("write")
	return &gh.InstallationPermissions{
		Metadata: read, Contents: read, PullRequests: write, Checks: write, Issues: read, Members: read,
	}
}

// token makes a source of tokens with the given scope.
func (c *Client) token(o *gh.InstallationTokenOptions) (*ghinstallation.Transport, error) {
	c.app.mu.Lock()
	key := c.app.key
	c.app.mu.Unlock()
	as, err := ghinstallation.New(c.way, c.app.id, c.id, key)
	if err != nil {
		return nil, errKey
	}
	as.BaseURL = c.app.api.String()
	as.InstallationTokenOptions = o // never nil: the body would be "null", which GitHub's description does not allow
	return as, nil
}

// current gives the source of tokens that is in use.
func (c *Client) current() (*ghinstallation.Transport, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.as != nil {
		return c.as, nil
	}
	o := &gh.InstallationTokenOptions{}
	if !c.plain {
		if o.Permissions = c.wants; o.Permissions == nil {
			o.Permissions = wanted()
		}
	}
	as, err := c.token(o)
	c.as = as
	return as, err
}

// drop forgets a source of tokens that GitHub does not accept any more.
func (c *Client) drop(as *ghinstallation.Transport, plain bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plain = c.plain || plain
	if c.as == as {
		c.as = nil
	}
}

// A session signs requests with the installation's token. It asks for a new one when GitHub does not accept the old (401: nothing was
// done, so even a write may go out again), and for fewer permissions when the installation has not granted all.
type session struct{ client *Client }

func (s *session) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	for try := 1; ; try++ {
		as, err := s.client.current()
		if err != nil {
			return nil, err
		}
		out := req.Clone(req.Context())
		if req.GetBody != nil {
			if out.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
		resp, err := as.RoundTrip(out)
		again := req.GetBody != nil || req.Body == nil
		var refused *ghinstallation.HTTPError
		switch {
		case try == 3 || !again:
			return resp, err
		case errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode == http.StatusUnprocessableEntity && as.InstallationTokenOptions.Permissions != nil:
			s.client.app.log.Warn().Int64("installation", s.client.id).Msg("the installation has not granted every permission that the App asks for; some facts will be unknown until its owner approves them")
			s.client.drop(as, true)
		case err == nil && resp.StatusCode == http.StatusUnauthorized:
			s.client.drop(as, false)
		default:
			return resp, err
		}
	}
}

// A gitToken reads the contents of one repository.
type gitToken struct{ as *ghinstallation.Transport }

// Bounds of git tokens. A fetch may take minutes: a token that is about to end is not handed out.
const (
	gitTokens    = 256
	gitTokenLife = 15 * time.Minute
)

// CloneURL is where git fetches a repository from. It holds no secret.
func (c *Client) CloneURL(owner, repo string) string {
	return c.app.web.JoinPath(owner, repo+".git").String()
}

// Token is an installation token that can read the contents of this one repository and nothing else, for git (user "x-access-token").
// It is good for at least 15 minutes. A public repository that the installation does not cover is read without a token: "".
func (c *Client) Token(ctx context.Context, owner, repo string) (string, error) {
	op := "getting a token for git to read " + owner + "/" + repo
	if err := checkRepo(owner, repo); err != nil {
		return "", fmt.Errorf("%s: %w", op, err)
	}
	key := strings.ToLower(owner + "/" + repo)
	c.mu.Lock()
	held, ok := c.git[key]
	c.mu.Unlock()
	if ok {
		if expires, _, err := held.as.Expiry(); err == nil && expires.Sub(c.app.now()) > gitTokenLife {
			token, err := held.as.Token(ctx)
			return token, fail(op, err)
		}
	}
	as, err := c.token(&gh.InstallationTokenOptions{
		Repositories: []string{repo},
		Permissions:  &gh.InstallationPermissions{Contents: gh.String("read"), Metadata: gh.String("read")},
	})
	if err != nil {
		return "", err
	}
	token, err := as.Token(ctx)
	if err := fail(op, err); errors.Is(err, ErrInvalid) { // not one of the installation's
		if r, e := c.Repository(ctx, owner, repo); e == nil && !r.Private {
			return "", nil
		}
		return "", err
	} else if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.git) >= gitTokens {
		clear(c.git) // a new token costs one request
	}
	c.git[key] = gitToken{as: as}
	return token, nil
}

// Info describes the installation itself.
func (c *Client) Info(ctx context.Context) (InstallationInfo, error) {
	in, _, err := get[installation](ctx, c.app.jwt, fmt.Sprintf("app/installations/%d", c.id), nil)
	if err != nil {
		return InstallationInfo{}, fail(fmt.Sprintf("reading installation %d", c.id), err)
	}
	return in.info(), nil
}
