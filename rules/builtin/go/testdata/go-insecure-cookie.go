package sample

import "net/http"

func hits(w http.ResponseWriter, id string) {
	http.SetCookie(w,
		// ruleid: go-insecure-cookie
		&http.Cookie{Name: "session", Value: id})
	// ruleid: go-insecure-cookie
	c := http.Cookie{Name: "auth_token", Value: id, Secure: false, HttpOnly: true}
	http.SetCookie(w, &c)
	// ruleid: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "sessionid", Value: id, Secure: true})
}

func silences(w http.ResponseWriter, r *http.Request, id string, production bool) {
	// ok: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "session", Value: id, Secure: true, HttpOnly: true})
	// ok: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "session", Value: id, Secure: production, HttpOnly: true})
	// ok: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark"})
	// ok: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "csrf_token", Value: id, Secure: true})
	// ok: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "", MaxAge: -1})
	// ok: go-insecure-cookie
	r.AddCookie(&http.Cookie{Name: "session", Value: id})
	// ok: go-insecure-cookie
	c := &http.Cookie{Name: "session", Value: id, HttpOnly: true}
	c.Secure = production
	http.SetCookie(w, c)
}
