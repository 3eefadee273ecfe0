package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// A SignIn signs people in with GitHub, by the web flow of an App, and asks what they can read. It is safe for concurrent use.
type SignIn struct {
	opt    Options
	web    *url.URL
	id     string
	secret func() []byte
	client *http.Client
}

// NewSignIn checks what sign-in needs. It makes no request. clientSecret gives the secret that is in force.
func NewSignIn(o Options, clientID string, clientSecret func() []byte) (*SignIn, error) {
	web, err := address("web URL", o.WebURL)
	if err != nil {
		return nil, err
	}
	if clientID == "" || len(clientSecret()) == 0 {
		return nil, errors.New("sign-in with GitHub needs the App's client id and client secret")
	}
	s := &SignIn{opt: o, web: web, id: clientID, secret: clientSecret, client: &http.Client{Timeout: 10 * time.Second}}
	if o.HTTP != nil {
		s.client.Transport = o.HTTP.Transport
	}
	// The code and the secret go to one host only.
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s, nil
}

// AuthorizeURL is where a browser is sent to sign in. challenge is the SHA-256 of the verifier in base64url, redirect where GitHub sends the browser then.
func (s *SignIn) AuthorizeURL(state, challenge, redirect string) string {
	u := s.web.JoinPath("login", "oauth", "authorize")
	u.RawQuery = url.Values{"client_id": {s.id}, "redirect_uri": {redirect}, "state": {state}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}.Encode()
	return u.String()
}

// A UserToken speaks for a person, within what the App may do.
type UserToken struct {
	Token   string
	Expires time.Time // zero: it does not
}

// Exchange gives the token for a code that GitHub gave a browser. A *Error says that GitHub does not take the code.
func (s *SignIn) Exchange(ctx context.Context, code, verifier, redirect string) (UserToken, error) {
	const op = "signing somebody in"
	form := url.Values{"client_id": {s.id}, "client_secret": {string(s.secret())}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.web.JoinPath("login", "oauth", "access_token").String(), strings.NewReader(form.Encode()))
	if err != nil {
		return UserToken{}, fmt.Errorf("%s: %w", op, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	resp, err := s.client.Do(req)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err // the address says nothing that the operation does not
		}
		return UserToken{}, fmt.Errorf("%s: %w", op, &Temporary{Reason: "GitHub does not answer: " + Redact(clip(err.Error(), 300))})
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	var out struct {
		Token   string `json:"access_token"`
		Type    string `json:"token_type"`
		Expires int64  `json:"expires_in"` // seconds; 0: never
		Error   string `json:"error"`
		Said    string `json:"error_description"`
	}
	switch {
	case err != nil:
		return UserToken{}, fmt.Errorf("%s: %w", op, &Temporary{Reason: "GitHub's answer was cut short"})
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return UserToken{}, fmt.Errorf("%s: %w", op, &Temporary{Status: resp.StatusCode, Reason: fmt.Sprintf("GitHub answered %d", resp.StatusCode)})
	case resp.StatusCode != http.StatusOK:
		return UserToken{}, &Error{Op: op, Status: resp.StatusCode}
	case json.Unmarshal(body, &out) != nil:
		return UserToken{}, fmt.Errorf("%s: %w", op, &Temporary{Reason: "GitHub's answer is not what its description says"})
	case out.Error != "" || out.Token == "" || !strings.EqualFold(out.Type, "bearer"):
		return UserToken{}, &Error{Op: op, Status: http.StatusUnprocessableEntity, Message: "(in effect) " + Redact(clip(out.Error+" "+out.Said, 300))} // errors come with status 200
	}
	t := UserToken{Token: out.Token}
	if out.Expires > 0 {
		now := time.Now
		if s.opt.Now != nil {
			now = s.opt.Now
		}
		t.Expires = now().Add(time.Duration(out.Expires) * time.Second)
	}
	return t, nil
}

// A Visible is a person, and the repositories that they can read and the App covers.
type Visible struct {
	ID    int64
	Login string
	Repos []int64 // sorted
}

// Bounds of what is asked about one person.
const (
	maxUserInstallations = 10  // pages of 100
	maxUserRepos         = 200 // pages of 100 in one installation
)

// Visible asks who a token speaks for, and what they can read. A *Error with the status 401 says that the token is worth nothing any more.
func (s *SignIn) Visible(ctx context.Context, token string) (Visible, error) {
	const op = "asking what somebody can read"
	c, err := WithToken(s.opt, token)
	if err != nil {
		return Visible{}, err
	}
	u, _, err := c.gh.Users.Get(ctx, "")
	if err != nil {
		return Visible{}, fail(op, err)
	}
	if u.GetID() <= 0 || u.GetLogin() == "" {
		return Visible{}, fmt.Errorf("%s: %w", op, &Temporary{Reason: "GitHub did not say who it is"})
	}
	type list struct {
		Installations []installation `json:"installations"`
		Repositories  []struct {
			ID int64 `json:"id"`
		} `json:"repositories"`
	}
	installations, complete, err := pages(maxUserInstallations, func(o *gh.ListOptions) ([]installation, *gh.Response, error) {
		l, resp, err := get[list](ctx, c.gh, "user/installations", o)
		return l.Installations, resp, err
	})
	if err != nil {
		return Visible{}, fail(op, err)
	}
	out := Visible{ID: u.GetID(), Login: u.GetLogin()}
	for _, in := range installations {
		if in.SuspendedAt != nil {
			continue // nothing can be read through it
		}
		ids, whole, err := pages(maxUserRepos, func(o *gh.ListOptions) ([]int64, *gh.Response, error) {
			l, resp, err := get[list](ctx, c.gh, fmt.Sprintf("user/installations/%d/repositories", in.ID), o)
			var ids []int64
			for _, r := range l.Repositories {
				ids = append(ids, r.ID)
			}
			return ids, resp, err
		})
		if err = fail(op, err); errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) && !unauthorized(err) {
			continue // removed or suspended since it was listed, or single sign-on is asked for
		}
		if err != nil {
			return Visible{}, err
		}
		complete = complete && whole
		out.Repos = append(out.Repos, ids...)
	}
	if !complete {
		s.opt.Log.Warn().Str("login", out.Login).Int("repositories", len(out.Repos)).Msg("somebody can read more repositories than are asked for; the rest is not shown to them")
	}
	slices.Sort(out.Repos)
	out.Repos = slices.Compact(out.Repos)
	return out, nil
}

func unauthorized(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusUnauthorized
}
