package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/reviewgate-app/reviewgate/app/server"
)

func TestAlive(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	for _, listen := range []string{"127.0.0.1:" + port, "0.0.0.0:" + port, ":" + port, "localhost:" + port} {
		if err := server.Alive(t.Context(), listen); err != nil {
			t.Errorf("%s: %v", listen, err)
		}
	}
	status = http.StatusServiceUnavailable
	if err := server.Alive(t.Context(), ":"+port); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a server that is not alive: %v", err)
	}
	s.Close()
	if err := server.Alive(t.Context(), ":"+port); err == nil {
		t.Error("nobody there")
	}
	if err := server.Alive(t.Context(), "8080"); err == nil || !strings.Contains(err.Error(), "is not an address") {
		t.Errorf("no address: %v", err)
	}
}
