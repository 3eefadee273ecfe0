package sample

import (
	"net/http"
	"strconv"
)

func hits(w http.ResponseWriter, body []byte) {
	w.Header().Set("Transfer-Encoding", "chunked")
	// ruleid: go-two-body-lengths
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func otherOrder(w http.ResponseWriter, body []byte) {
	// ruleid: go-two-body-lengths
	w.Header().Set("Content-Length", "100")
	w.Header().Set("Transfer-Encoding", "chunked")
}

func named(w http.ResponseWriter, body []byte) {
	header := w.Header()
	header.Set("transfer-encoding", "chunked")
	w.WriteHeader(http.StatusOK)
	// ruleid: go-two-body-lengths
	header.Set("content-length", "50")
}

func silences(w http.ResponseWriter, in, out *http.Request) {
	// ok: go-two-body-lengths
	w.Header().Set("Content-Length", "100")
	// ok: go-two-body-lengths
	w.Header().Set("Content-Type", "text/plain")
}

func chunked(w http.ResponseWriter, in, out *http.Request) {
	// ok: go-two-body-lengths
	w.Header().Set("Transfer-Encoding", "chunked")
	// ok: go-two-body-lengths
	in.Header.Set("Content-Length", "5")
}
