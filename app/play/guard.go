package play

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"sync"
)

// A Guard lets in whoever has the address that was printed, from one browser, and nobody else: other programs and other users of the machine do not know
// the token, and pages from elsewhere are told apart by Host and Origin, also when they have their name resolve to this machine.
type Guard struct {
	host    string // "127.0.0.1:8080"
	token   string
	session string
	mu      sync.Mutex
	used    bool
}

// NewGuard is for a listener's address.
func NewGuard(host string) *Guard {
	return &Guard{host: host, token: rand.Text(), session: rand.Text()}
}

// Address is what to open. It works once.
func (g *Guard) Address() string { return "http://" + g.host + "/?token=" + g.token }

// cookie is bound to the port by its name: cookies are shared between the ports of a machine.
func (g *Guard) cookie() string {
	name := "reviewgate-play-"
	for _, c := range g.host {
		if c >= '0' && c <= '9' {
			name += string(c)
		}
	}
	return name
}

// Wrap puts the guard in front of a handler.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	same := func(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
		writes := r.Method != http.MethodGet && r.Method != http.MethodHead
		switch {
		case r.Host != g.host:
			http.Error(w, "this is "+g.host+" and no other", http.StatusMisdirectedRequest)
			return
		case origin != "" && origin != "http://"+g.host, writes && origin == "", site == "cross-site", writes && site != "" && site != "same-origin":
			http.Error(w, "requests come from the page itself", http.StatusForbidden)
			return
		}
		if token := r.URL.Query().Get("token"); token != "" && r.Method == http.MethodGet && r.URL.Path == "/" {
			g.mu.Lock()
			ok := !g.used && same(token, g.token)
			g.used = g.used || ok
			g.mu.Unlock()
			if ok {
				http.SetCookie(w, &http.Cookie{Name: g.cookie(), Value: g.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
				w.Header().Set("Referrer-Policy", "no-referrer")
				w.Header().Set("Cache-Control", "no-store")
				http.Redirect(w, r, "/", http.StatusSeeOther)
				return
			}
		}
		if c, err := r.Cookie(g.cookie()); err != nil || !same(c.Value, g.session) {
			http.Error(w, "open the address that was printed where the playground was started; it works once, in one browser", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
