package sample

import (
	"encoding/json"
	"log"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
)

func hits(r *http.Request) {
	user := r.URL.Query().Get("user")
	// ruleid: go-log-injection
	log.Printf("logged in: %s", user)
	// ruleid: go-log-injection
	log.Println("failed for", r.FormValue("name"))
	// ruleid: go-log-injection
	slog.Warn("no such page: " + r.URL.Path)
}

func silences(r *http.Request) {
	user := r.URL.Query().Get("user")
	// ok: go-log-injection
	log.Printf("logged in: %q", user)
	// ok: go-log-injection
	slog.Warn("no such user", "user", user)
	id, _ := strconv.Atoi(r.FormValue("id"))
	// ok: go-log-injection
	log.Println("order", id)
	data, _ := json.Marshal(user)
	// ok: go-log-injection
	log.Printf("got %s", data)
	// ok: go-log-injection
	log.Println(r.Method, r.RemoteAddr, r.UserAgent())
	// ok: go-log-injection
	log.Println(strings.ReplaceAll(user, "\n", ""))
}
