package sample

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
)

func hits(w http.ResponseWriter, r *http.Request) {
	next := r.URL.Query().Get("next")
	// ruleid: go-open-redirect
	http.Redirect(w, r, next, http.StatusFound)
	// ruleid: go-open-redirect
	http.Redirect(w, r, r.FormValue("to"), http.StatusSeeOther)
}

func framework(c *gin.Context) {
	// ruleid: go-open-redirect
	c.Redirect(302, c.Query("next"))
}

func silences(w http.ResponseWriter, r *http.Request) {
	// ok: go-open-redirect
	http.Redirect(w, r, "/login", http.StatusFound)
	// ok: go-open-redirect
	http.Redirect(w, r, "/users/"+r.FormValue("id"), http.StatusFound)
	next := r.FormValue("next")
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		next = "/"
	}
	// ok: go-open-redirect
	http.Redirect(w, r, next, http.StatusFound)
	to := r.FormValue("to")
	if u, err := url.Parse(to); err != nil || u.Host != "" {
		to = "/"
	}
	// ok: go-open-redirect
	http.Redirect(w, r, to, http.StatusFound)
	// ok: go-open-redirect
	http.Redirect(w, r, "https://"+r.Host+r.URL.Path, http.StatusMovedPermanently)
}
