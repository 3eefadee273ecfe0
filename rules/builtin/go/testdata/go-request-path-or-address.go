package sample

import (
	"net/http"
	"os"
	"path/filepath"
)

func hits(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	// ruleid: go-request-path-or-address
	os.ReadFile("files/" + name)
	// ruleid: go-request-path-or-address
	os.Open(filepath.Join("files", name))
	// ruleid: go-request-path-or-address
	http.Get(r.FormValue("url"))
}

func silences(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	// ok: go-request-path-or-address
	os.ReadFile("files/" + filepath.Base(name))
	// ok: go-request-path-or-address
	http.Get("https://example.com")
	if !filepath.IsLocal(name) {
		return
	}
	// ok: go-request-path-or-address
	os.Open(filepath.Join("files", name))
}
