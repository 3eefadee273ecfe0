package sample

import (
	"compress/gzip"
	"io"
	"net/http"
	"time"
)

func hits(w io.Writer, r io.Reader) {
	// ruleid: go-no-limit
	http.ListenAndServe(":8080", nil)
	// ruleid: go-no-limit
	s := &http.Server{Addr: ":8080"}
	zr, err := gzip.NewReader(r)
	// ruleid: go-no-limit
	io.Copy(w, zr)
}

func silences(w io.Writer, r io.Reader) {
	// ok: go-no-limit
	s := &http.Server{Addr: ":8080", ReadHeaderTimeout: time.Second}
	zr, err := gzip.NewReader(r)
	// ok: go-no-limit
	io.Copy(w, io.LimitReader(zr, 1024))
	// ok: go-no-limit
	io.CopyN(w, zr, 1024)
}
