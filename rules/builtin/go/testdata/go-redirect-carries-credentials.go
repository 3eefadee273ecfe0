package sample

import (
	"errors"
	"net/http"
)

func hits(token string) *http.Client {
	return &http.Client{
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			// ruleid: go-redirect-carries-credentials
			req.Header = via[len(via)-1].Header.Clone()
			return nil
		},
	}
}

func set(token string) *http.Client {
	client := &http.Client{}
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		// ruleid: go-redirect-carries-credentials
		req.Header.Set("Authorization", "Bearer "+token)
		// ruleid: go-redirect-carries-credentials
		req.Header.Add("Cookie", "session=1")
		return nil
	}
	return client
}

func silences(token string) *http.Client {
	return &http.Client{
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > 5 {
				return errors.New("too many redirects")
			}
			// ok: go-redirect-carries-credentials
			req.Header.Set("X-Trace-Id", "123")
			if req.URL.Host == via[0].URL.Host {
				// ok: go-redirect-carries-credentials
				req.Header.Set("Authorization", "Bearer "+token)
			}
			return nil
		},
	}
}

func call(req *http.Request, token string) {
	// ok: go-redirect-carries-credentials
	req.Header.Set("Authorization", "Bearer "+token)
}
