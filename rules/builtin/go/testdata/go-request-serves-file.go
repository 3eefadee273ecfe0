package sample

import (
	"net/http"
	"path/filepath"

	"github.com/gin-gonic/gin"
)

func hits(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("file")
	// ruleid: go-request-serves-file
	http.ServeFile(w, r, name)
	// ruleid: go-request-serves-file
	http.ServeFile(w, r, filepath.Join("uploads", r.FormValue("name")))
}

func framework(c *gin.Context) {
	// ruleid: go-request-serves-file
	c.File("uploads/" + c.Query("name"))
}

func silences(w http.ResponseWriter, r *http.Request) {
	// ok: go-request-serves-file
	http.ServeFile(w, r, "static/index.html")
	// ok: go-request-serves-file
	http.ServeFile(w, r, filepath.Join("static", r.URL.Path))
	// ok: go-request-serves-file
	http.ServeFile(w, r, filepath.Join("uploads", filepath.Base(r.FormValue("name"))))
	name := r.FormValue("name")
	if !filepath.IsLocal(name) {
		return
	}
	// ok: go-request-serves-file
	http.ServeFile(w, r, filepath.Join("uploads", name))
}
