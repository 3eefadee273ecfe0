package dashboard

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// Times of a session.
const (
	sessionLife = 8 * time.Hour   // from sign-in; GitHub's tokens live as long
	sessionIdle = 2 * time.Hour   // without a page that was opened; polls do not count
	askEvery    = 5 * time.Minute // between two questions what a person may see
	seenEvery   = time.Minute     // between two notes that a session is used
)

// A Session is somebody who is signed in. Its id is in their cookie and nowhere else.
type Session struct {
	Hash    string // SHA-256 of the id, in hex
	UserID  int64
	Login   string
	Created time.Time
	Seen    time.Time // when a page was last opened
	Ends    time.Time
	Token   string  // GitHub's, encrypted
	Repos   []int64 // that the person can read and the App covers, sorted
	Asked   time.Time
}

// Sessions keeps them.
type Sessions interface {
	// Session reads one; ok is false if there is none.
	Session(ctx context.Context, hash string) (s Session, ok bool, err error)
	// SaveSession writes one, new or known. One that was dropped meanwhile stays so: known says that it is not new.
	SaveSession(ctx context.Context, s Session, known bool) error
	DropSession(ctx context.Context, hash string) error
}

// GitHub signs people in, and says what they can read.
type GitHub interface {
	// AuthorizeURL is where the browser is sent. challenge is the SHA-256 of the verifier, in base64url.
	AuthorizeURL(state, challenge, redirect string) string
	Exchange(ctx context.Context, code, verifier, redirect string) (github.UserToken, error)
	Visible(ctx context.Context, token string) (github.Visible, error)
}

// A Viewer is who asks for a page.
type Viewer struct {
	ID    int64
	Login string
	Admin bool // sees and does everything
	Local bool // nobody signed in: the server is for its own machine
	repos []int64
}

// Sees says whether the viewer may see a repository.
func (v Viewer) Sees(repo int64) bool {
	_, ok := slices.BinarySearch(v.repos, repo)
	return ok || v.Admin
}

// Repos are the repositories that the viewer may see; all says that it is every one.
func (v Viewer) Repos() (ids []int64, all bool) { return v.repos, v.Admin }

// awayError says that GitHub could not be asked.
type awayError struct{ error }

func (e *awayError) Unwrap() error { return e.error }

func (d *Dashboard) cookie(name string) string {
	if d.secure {
		return "__Host-reviewgate-" + name // bound to this host, and to https
	}
	return "reviewgate-" + name
}

func (d *Dashboard) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	c := &http.Cookie{Name: d.cookie(name), Value: value, Path: "/", MaxAge: int(life.Seconds()), Secure: d.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func hashOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// formToken is what forms of a session carry.
func formToken(id string) string {
	mac := hmac.New(sha256.New, []byte(id))
	mac.Write([]byte("form"))
	return hex.EncodeToString(mac.Sum(nil))
}

// enter finds out who asks. If it is nobody, it answers, and ok is false.
func (d *Dashboard) enter(w http.ResponseWriter, r *http.Request) (v Viewer, token string, ok bool) {
	if d.opt.Loopback {
		return Viewer{Login: "this machine", Admin: true, Local: true}, d.local, true
	}
	v, token, err := d.signedIn(r)
	switch {
	case err == nil:
		return v, token, true
	case !errors.Is(err, errNobody):
		d.fail(w, &Request{Request: r}, err)
	case r.Header.Get("HX-Request") == "true":
		w.Header().Set("HX-Refresh", "true") // the whole page is asked for, and that leads to sign-in
		http.Error(w, "sign in again", http.StatusUnauthorized)
	case r.Method == http.MethodPost:
		d.bare(w, http.StatusUnauthorized, d.loginPage, "Sign in", loginData{"You are not signed in any more. Nothing was done.", d.start("/")})
	default:
		http.Redirect(w, r, "/login?"+url.Values{"to": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
	}
	return Viewer{}, "", false
}

// errNobody says that nobody is signed in.
var errNobody = errors.New("nobody is signed in")

func (d *Dashboard) signedIn(r *http.Request) (Viewer, string, error) {
	c, err := r.Cookie(d.cookie("session"))
	if err != nil || len(c.Value) > 100 {
		return Viewer{}, "", errNobody
	}
	ctx, now := r.Context(), d.opt.Now()
	hash := hashOf(c.Value)
	s, ok, err := d.opt.Sessions.Session(ctx, hash)
	if err != nil {
		return Viewer{}, "", err
	}
	if !ok || !now.Before(s.Ends) || now.Sub(s.Seen) > sessionIdle {
		return Viewer{}, "", errNobody
	}
	if now.Sub(s.Asked) >= askEvery {
		if s, err = d.askAgain(ctx, hash); err != nil {
			return Viewer{}, "", err
		}
	}
	if polls := r.Method == http.MethodGet && r.Header.Get("HX-Request") == "true"; !polls && now.Sub(s.Seen) >= seenEvery {
		s.Seen = now
		if err := d.opt.Sessions.SaveSession(ctx, s, true); err != nil {
			return Viewer{}, "", err
		}
	}
	return Viewer{ID: s.UserID, Login: s.Login, Admin: d.admin(s.Login), repos: s.Repos}, formToken(c.Value), nil
}

func (d *Dashboard) admin(login string) bool {
	return login != "" && slices.ContainsFunc(d.opt.Admins, func(a string) bool { return strings.EqualFold(a, login) })
}

// askAgain asks GitHub once more what the person may see. While GitHub cannot be asked, an administrator goes on, because what they see does not depend on it, for as
// long as the session lives; nobody else does.
func (d *Dashboard) askAgain(ctx context.Context, hash string) (Session, error) {
	turn := &d.asking[hash[0]%byte(len(d.asking))]
	turn.Lock()
	defer turn.Unlock()
	s, ok, err := d.opt.Sessions.Session(ctx, hash) // somebody else may have asked while we waited
	switch {
	case err != nil:
		return Session{}, err
	case !ok:
		return Session{}, errNobody
	case d.opt.Now().Sub(s.Asked) < askEvery:
		return s, nil
	}
	token, err := d.open(s)
	if err != nil { // the client secret was changed
		return Session{}, errors.Join(errNobody, d.opt.Sessions.DropSession(ctx, hash))
	}
	seen, err := d.opt.SignIn.Visible(ctx, token)
	var refused *github.Error
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusUnauthorized, err == nil && seen.ID != s.UserID:
		d.opt.Log.Info().Str("login", s.Login).Msg("GitHub takes the sign-in no more: signed out")
		if err := d.opt.Sessions.DropSession(ctx, hash); err != nil {
			return Session{}, err
		}
		return Session{}, errNobody
	case err != nil && d.admin(s.Login):
		d.opt.Log.Warn().Err(err).Str("login", s.Login).Msg("asking GitHub what an administrator may see")
		return s, nil
	case err != nil:
		return Session{}, &awayError{err}
	}
	s.Login, s.Repos, s.Asked = seen.Login, seen.Repos, d.opt.Now()
	return s, d.opt.Sessions.SaveSession(ctx, s, true)
}

// key derives a key from the client secret.
func (d *Dashboard) key(what string) []byte {
	k, err := hkdf.Key(sha256.New, d.opt.Secret(), nil, "reviewgate "+what, 32)
	if err != nil {
		panic(err) // 32 bytes are never too many
	}
	return k
}

func (d *Dashboard) box() cipher.AEAD {
	block, err := aes.NewCipher(d.key("session token"))
	if err != nil {
		panic(err) // the key has the right length
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES fits
	}
	return box
}

// seal encrypts a token for one session of one person.
func (d *Dashboard) seal(token, hash string, user int64) string {
	return base64.RawStdEncoding.EncodeToString(d.box().Seal(nil, nil, []byte(token), fmt.Appendf(nil, "%s %d", hash, user)))
}

func (d *Dashboard) open(s Session) (string, error) {
	data, err := base64.RawStdEncoding.DecodeString(s.Token)
	if err != nil {
		return "", err
	}
	token, err := d.box().Open(nil, nil, data, fmt.Appendf(nil, "%s %d", s.Hash, s.UserID))
	return string(token), err
}

// newID is a secret that cannot be guessed: 256 random bits.
func newID() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
