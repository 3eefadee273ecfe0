package dashboard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// loginTime is how long somebody may take at GitHub.
const loginTime = 10 * time.Minute

type loginData struct{ Problem, Start string }

func (d *Dashboard) start(to string) string {
	if to == "/" {
		return "/login/github"
	}
	return "/login/github?" + url.Values{"to": {to}}.Encode()
}

// within gives the address of one of our pages as it was asked for, and "/" for every other one.
func within(to string) string {
	u, err := url.Parse(to)
	if err != nil || len(to) > 1000 || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) || u.Path == "/login" || strings.HasPrefix(u.Path, "/login/") || u.Path == "/logout" {
		return "/"
	}
	return u.RequestURI()
}

func (d *Dashboard) login(w http.ResponseWriter, r *http.Request) {
	to := within(r.URL.Query().Get("to"))
	if _, _, err := d.signedIn(r); err == nil {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	d.bare(w, http.StatusOK, d.loginPage, "Sign in", loginData{Start: d.start(to)})
}

func (d *Dashboard) redirect() string { return d.origin + "/login/callback" }

// What a sign-in is bound to lies in a cookie: a nonce, when it began, and where to go then. The state that GitHub gives back and the verifier follow from it and from our
// secret, so that nothing is kept for people who never come back.
func (d *Dashboard) derived(what, cookie string) string {
	mac := hmac.New(sha256.New, d.key("sign-in "+what))
	mac.Write([]byte(cookie))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (d *Dashboard) toGitHub(w http.ResponseWriter, r *http.Request) {
	to := within(r.URL.Query().Get("to"))
	cookie := strings.Join([]string{newID(), strconv.FormatInt(d.opt.Now().Unix(), 10), base64.RawURLEncoding.EncodeToString([]byte(to))}, ".")
	d.setCookie(w, "login", cookie, loginTime)
	challenge := sha256.Sum256([]byte(d.derived("verifier", cookie)))
	http.Redirect(w, r, d.opt.SignIn.AuthorizeURL(d.derived("state", cookie), base64.RawURLEncoding.EncodeToString(challenge[:]), d.redirect()), http.StatusSeeOther)
}

// began reads the cookie of a sign-in that a state belongs to.
func (d *Dashboard) began(r *http.Request) (cookie, to string, ok bool) {
	c, err := r.Cookie(d.cookie("login"))
	if err != nil || len(c.Value) > 4000 || !same(r.URL.Query().Get("state"), d.derived("state", c.Value)) {
		return "", "", false
	}
	parts := strings.Split(c.Value, ".") // it is ours: the state was made from it
	if len(parts) != 3 {
		return "", "", false
	}
	at, err := strconv.ParseInt(parts[1], 10, 64)
	path, err2 := base64.RawURLEncoding.DecodeString(parts[2])
	age := d.opt.Now().Sub(time.Unix(at, 0))
	return c.Value, within(string(path)), err == nil && err2 == nil && age >= 0 && age <= loginTime
}

func (d *Dashboard) callback(w http.ResponseWriter, r *http.Request) {
	cookie, to, ok := d.began(r)
	d.setCookie(w, "login", "", 0)
	again := func(status int, problem string) {
		d.bare(w, status, d.loginPage, "Sign in", loginData{problem, d.start(to)})
	}
	if to == "" {
		to = "/"
	}
	q := r.URL.Query()
	switch {
	case !ok:
		again(http.StatusBadRequest, "This sign-in was not begun here, or too long ago. Begin again.")
		return
	case q.Get("error") == "access_denied":
		again(http.StatusOK, "GitHub was told not to sign you in.")
		return
	case q.Get("error") != "":
		d.opt.Log.Warn().Str("error", clip(q.Get("error"), 100)).Msg("GitHub refused a sign-in")
		again(http.StatusBadGateway, "GitHub refused the sign-in. Whoever runs this server finds the reason in its log.")
		return
	case q.Get("code") == "" || len(q.Get("code")) > 500:
		again(http.StatusBadRequest, "GitHub's answer holds no code. Begin again.")
		return
	}
	select {
	case d.exchanges <- struct{}{}:
		defer func() { <-d.exchanges }()
	case <-r.Context().Done():
		return
	}
	s, id, err := d.signIn(r, q.Get("code"), d.derived("verifier", cookie))
	var refused *github.Error
	switch {
	case errors.As(err, &refused):
		d.opt.Log.Warn().Err(err).Msg("signing somebody in")
		again(http.StatusBadRequest, "GitHub did not take the sign-in. Begin again.")
		return
	case err != nil:
		d.opt.Log.Error().Err(err).Msg("signing somebody in")
		again(http.StatusServiceUnavailable, "You cannot be signed in now. Try again in a moment.")
		return
	}
	if old, err := r.Cookie(d.cookie("session")); err == nil && len(old.Value) <= 100 { // whatever was in the browser ends
		if err := d.opt.Sessions.DropSession(r.Context(), hashOf(old.Value)); err != nil {
			d.opt.Log.Error().Err(err).Msg("ending an old session")
		}
	}
	d.opt.Log.Info().Str("login", s.Login).Int64("user", s.UserID).Int("repositories", len(s.Repos)).Bool("admin", d.admin(s.Login)).Msg("signed in")
	if d.opt.Audit != nil {
		if err := d.opt.Audit.SignedIn(r.Context(), s.Login, d.admin(s.Login)); err != nil {
			d.opt.Log.Error().Err(err).Msg("writing a sign-in to the audit log")
			again(http.StatusServiceUnavailable, "You cannot be signed in now. Try again in a moment.")
			return
		}
	}
	d.setCookie(w, "session", id, s.Ends.Sub(s.Created))
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// signIn gets a token for the code, asks whose it is and what they can read, and begins a session.
func (d *Dashboard) signIn(r *http.Request, code, verifier string) (s Session, id string, err error) {
	ctx := r.Context()
	token, err := d.opt.SignIn.Exchange(ctx, code, verifier, d.redirect())
	if err != nil {
		return s, "", err
	}
	seen, err := d.opt.SignIn.Visible(ctx, token.Token)
	if err != nil {
		return s, "", err
	}
	id = newID()
	now := d.opt.Now()
	s = Session{Hash: hashOf(id), UserID: seen.ID, Login: seen.Login, Created: now, Seen: now, Ends: now.Add(sessionLife), Repos: seen.Repos, Asked: now}
	if !token.Expires.IsZero() && token.Expires.Before(s.Ends) {
		s.Ends = token.Expires
	}
	slices.Sort(s.Repos)
	s.Token = d.seal(token.Token, s.Hash, s.UserID)
	return s, id, d.opt.Sessions.SaveSession(ctx, s, false)
}

func (d *Dashboard) logout(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	c, err := r.Cookie(d.cookie("session"))
	if err == nil && len(c.Value) <= 100 {
		if !same(r.PostFormValue("token"), formToken(c.Value)) {
			d.bare(w, http.StatusForbidden, d.errorPage, "Still signed in", failure{"Still signed in", "The form is too old. Load the page again, and sign out there."})
			return
		}
		s, known, err := d.opt.Sessions.Session(r.Context(), hashOf(c.Value))
		if err == nil && known && d.opt.Audit != nil {
			err = d.opt.Audit.SignedOut(r.Context(), s.Login)
		}
		if err = errors.Join(err, d.opt.Sessions.DropSession(r.Context(), hashOf(c.Value))); err != nil {
			d.fail(w, &Request{Request: r}, err)
			return
		}
	}
	d.setCookie(w, "session", "", 0)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
