package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	maxBody      = 64 << 20 // of one answer, unpacked
	maxRedirects = 5
	maxFailures  = 3 // in a row, until an address is left alone for the rest of the call
)

// A failure is why nothing can be told: public may be shown to everybody and holds no address, err is for the operator.
type failure struct {
	public string
	err    error
}

func (f failure) Error() string {
	if f.err == nil {
		return f.public
	}
	return f.public + ": " + f.err.Error()
}

func (f failure) Unwrap() error { return f.err }

// explain parts an error into what everybody may read and what the operator should.
func explain(err error) (public, private string) {
	var f failure
	if !errors.As(err, &f) {
		f = reason(err)
	}
	if f.err != nil {
		private = f.err.Error()
	}
	return f.public, private
}

// client asks over HTTP: with bounds, without cookies, and of the host that was named only.
type client struct {
	http  *http.Client
	agent string
	down  *failing
}

// failing counts the failures in a row of each host.
type failing struct {
	mu    sync.Mutex
	hosts map[string]int
	until map[string]time.Time
	now   func() time.Time
}

func newClient(cfg Config) client {
	var transport http.RoundTripper = &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		MaxConnsPerHost: atATime, MaxIdleConnsPerHost: atATime, IdleConnTimeout: 30 * time.Second,
	}
	if cfg.Transport != nil {
		transport = cfg.Transport
	}
	return client{
		http: &http.Client{Transport: transport, Timeout: requestTime, CheckRedirect: sameHost}, agent: strings.TrimSpace("reviewgate " + cfg.Version),
		down: &failing{hosts: map[string]int{}, until: map[string]time.Time{}, now: cfg.Now},
	}
}

var errElsewhere = errors.New("it sends on to another host")

// sameHost follows a redirect only where it stays with whom the operator named.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if req.URL.Scheme != first.Scheme || req.URL.Host != first.Host {
		return errElsewhere
	}
	if len(via) > maxRedirects {
		return fmt.Errorf("it sends on more than %d times", maxRedirects)
	}
	return nil
}

// A reply is an answer of which the status is known.
type reply struct {
	status int
	header http.Header
	body   io.Reader
}

// get asks for an address; read is given the answer if there is one to read: 200, 404 or 410.
func (c client) get(ctx context.Context, u *url.URL, accept string, read func(reply) error) error {
	return c.do(ctx, http.MethodGet, u, accept, "", read)
}

func (c client) do(ctx context.Context, method string, u *url.URL, accept, body string, read func(reply) error) error {
	if c.down.left(u.Host) {
		return failure{"it did not answer before, and was not asked again", nil}
	}
	err := c.once(ctx, method, u, accept, body, read)
	var f failure
	c.down.note(u.Host, err != nil && !errors.As(err, &f))
	if err != nil && !errors.As(err, &f) {
		return reason(err)
	}
	return err
}

func (c client) once(ctx context.Context, method string, u *url.URL, accept, body string, read func(reply) error) error {
	bare := *u
	bare.User = nil
	req, err := http.NewRequestWithContext(ctx, method, bare.String(), strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", accept)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if password, ok := u.User.Password(); ok {
		req.SetBasicAuth(u.User.Username(), password)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNotFound, http.StatusGone:
		return read(reply{resp.StatusCode, resp.Header, &bounded{r: resp.Body, left: maxBody}})
	case http.StatusUnauthorized, http.StatusForbidden:
		return failure{fmt.Sprintf("it refused to answer (%d)", resp.StatusCode), nil}
	}
	return failure{fmt.Sprintf("it answered %d", resp.StatusCode), nil}
}

// bounded fails where a LimitReader would end: half an answer must not be taken for a whole one.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, failure{fmt.Sprintf("its answer is larger than %d MB", maxBody>>20), nil}
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// reason words what went wrong on the way without naming the host.
func reason(err error) failure {
	var where *url.Error
	if errors.As(err, &where) {
		err = where.Err
	}
	var timeout net.Error
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case errors.Is(err, errElsewhere):
		return failure{errElsewhere.Error(), nil}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return failure{"it did not answer in time", err}
	case errors.As(err, &dns):
		return failure{"its host cannot be found", err}
	case errors.As(err, &cert), errors.As(err, &authority), errors.As(err, &name):
		return failure{"its certificate is not trusted", err}
	}
	return failure{"it cannot be reached", err}
}

// left tells a host that is not asked for a while, because it does not answer.
func (f *failing) left(host string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now().Before(f.until[host])
}

func (f *failing) note(host string, failed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !failed {
		f.hosts[host] = 0
		return
	}
	if f.hosts[host]++; f.hosts[host] >= maxFailures {
		f.hosts[host], f.until[host] = 0, f.now().Add(wholeTime)
	}
}

// strange is an answer that is not in the protocol's form, unless err says that it did not come whole.
func strange(what string, err error) error {
	var f failure
	var way net.Error
	if errors.As(err, &f) || errors.As(err, &way) || errors.Is(err, context.Canceled) {
		return err
	}
	return failure{"its answer is not " + what, err}
}
