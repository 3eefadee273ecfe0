package sample

import (
	"encoding/gob"
	"encoding/json"
	"net/http"
	"os"
	"strings"
)

func hits(w http.ResponseWriter, r *http.Request) {
	var order Order
	// ruleid: go-gob-from-request
	gob.NewDecoder(r.Body).Decode(&order)
	data := r.FormValue("data")
	// ruleid: go-gob-from-request
	dec := gob.NewDecoder(strings.NewReader(data))
	dec.Decode(&order)
	cookie, _ := r.Cookie("cart")
	// ruleid: go-gob-from-request
	gob.NewDecoder(strings.NewReader(cookie.Value)).Decode(&order)
}

func silences(w http.ResponseWriter, r *http.Request, f *os.File) {
	var order Order
	// ok: go-gob-from-request
	json.NewDecoder(r.Body).Decode(&order)
	// ok: go-gob-from-request
	gob.NewDecoder(f).Decode(&order)
	// ok: go-gob-from-request
	gob.NewEncoder(w).Encode(order)
}
