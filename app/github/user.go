package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// WithToken gives a client that speaks with a person's token, for reading what an App is not shown. o.AppID and o.PrivateKey are not needed.
// What only an App may ask is refused.
func WithToken(o Options, token string) (*Client, error) {
	token = strings.TrimSpace(token)
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return nil, errors.New("the GitHub token is empty or holds white space")
	}
	api, err := address("API URL", o.APIURL)
	if err != nil {
		return nil, err
	}
	web, err := address("web URL", o.WebURL)
	if err != nil {
		return nil, err
	}
	a := &App{id: o.AppID, api: api, web: web, now: o.Now, log: o.Log, base: http.DefaultTransport, pace: defaultPace(), clients: map[int64]*Client{}}
	if o.HTTP != nil && o.HTTP.Transport != nil {
		a.base = o.HTTP.Transport
	}
	if a.now == nil {
		a.now = time.Now
	}
	if o.Pace != nil {
		a.pace = *o.Pace
	}
	a.jwt = a.client(noApp{})
	a.slug, a.slugAt = "-", a.now().Add(100*365*24*time.Hour) // no account can be called that: nothing on GitHub is ours
	c := &Client{app: a, way: newTransport(a.base, a.pace, a.now, a.log), git: map[string]gitToken{}}
	c.gh = a.client(bearer{c.way, token})
	return c, nil
}

// Viewer is the login of the person whose token the client has.
func (c *Client) Viewer(ctx context.Context) (string, error) {
	u, _, err := c.gh.Users.Get(ctx, "")
	if err != nil {
		return "", fail("asking whose token this is", err)
	}
	return u.GetLogin(), nil
}

// A bearer signs requests with a token that stays the same.
type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(out)
}

// noApp stands where the App would sign.
type noApp struct{}

func (noApp) RoundTrip(req *http.Request) (*http.Response, error) {
	return nil, &Error{Op: fmt.Sprintf("%s %s", req.Method, req.URL.Path), Status: http.StatusUnauthorized, Message: "(in effect) only an App may ask this, and this is a person's token"}
}
