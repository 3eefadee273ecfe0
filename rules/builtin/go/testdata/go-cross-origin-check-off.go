package sample

import "net/http"

func hits() {
	var cop http.CrossOriginProtection
	// ruleid: go-cross-origin-check-off
	cop.AddInsecureBypassPattern("/")
	// ruleid: go-cross-origin-check-off
	cop.AddInsecureBypassPattern("/{rest...}")
	// ruleid: go-cross-origin-check-off
	cop.AddInsecureBypassPattern("POST /")
}

func silences() {
	cop := http.NewCrossOriginProtection()
	// ok: go-cross-origin-check-off
	cop.AddInsecureBypassPattern("/healthz")
	// ok: go-cross-origin-check-off
	cop.AddInsecureBypassPattern("POST /hooks/{name}")
	// ok: go-cross-origin-check-off
	cop.AddTrustedOrigin("https://example.com")
}
