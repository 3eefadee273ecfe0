package sample

import (
	"database/sql"
	"fmt"
	"html"
	"net/http"
	"os/exec"
)

func hits(w http.ResponseWriter, r *http.Request, db *sql.DB) {
	name := r.FormValue("name")
	// ruleid: go-request-injection
	db.Query("SELECT * FROM users WHERE name = '" + name + "'")
	// ruleid: go-request-injection
	exec.Command("sh", "-c", "ping "+r.URL.Query().Get("host")).Run()
	// ruleid: go-request-injection
	fmt.Fprintf(w, "Hello %s", name)
}

func silences(w http.ResponseWriter, r *http.Request, db *sql.DB) {
	name := r.FormValue("name")
	// ok: go-request-injection
	db.Query("SELECT * FROM users WHERE name = $1", name)
	// ok: go-request-injection
	exec.Command("uptime").Run()
	// ok: go-request-injection
	fmt.Fprintf(w, "Hello %s", html.EscapeString(name))
}
