package githubtest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

// Options for New. The zero value is useful.
type Options struct {
	// Now is the clock of everything that GitHub stamps, and of token expiry; nil: time.Now. App JWTs are checked with it too, so a
	// clock far from the program's own refuses them, as GitHub would.
	Now func() time.Time
	// TokenNow is the clock of tokens and App JWTs alone; nil: Now. A program that signs by the real clock can so live through days.
	TokenNow func() time.Time
	// Addr is the address to listen on; empty: a free port on the loopback address.
	Addr string
	// Dir holds the repositories; empty: a temporary folder that Close removes.
	Dir string
	// Manual: webhooks wait until Deliver is called. Otherwise they are sent as they happen.
	Manual bool
	// LongTokens makes installation tokens as long as the stateless ones that GitHub introduced in 2026 (more than 300 characters).
	LongTokens bool
	// WebhookTimeout is how long a receiver may take to answer; 0: 10 s, as on GitHub.
	WebhookTimeout time.Duration
	// Log gets one line per API request; nil: none.
	Log func(line string)
}

// A GitHub is one running server. Make it with New, end it with Close.
type GitHub struct {
	opt      Options
	contract *contract
	dir      string
	ownDir   bool
	url      string
	server   *http.Server
	done     chan struct{} // closed when the server has ended

	closing context.Context
	cancel  context.CancelFunc

	mu          sync.Mutex
	ids         int64
	users       map[string]*User // by lower-case login
	orgs        map[string]*Org
	apps        []*App
	repos       map[string]*Repo // by lower-case "owner/name"
	tokens      map[string]*token
	spent       int             // requests of this hour that were made elsewhere; see Spend
	signed      map[string]bool // commits that GitHub signed
	visitor     *User           // who sits before every browser; see SignInAs
	grants      map[string]grant
	conversions map[string]conversion // by code
	violations  []Violation
	requests    []Request
	faults      []*Fault
	hooks       outbox
}

// A Violation is something that a well-behaved program never does, or an answer of this package that GitHub would not give.
type Violation struct {
	Method  string // of the request
	Path    string // below /api/v3, with the query
	Where   string // "request" or "answer"
	Message string
}

func (v Violation) String() string {
	return fmt.Sprintf("%s of %s %s: %s", v.Where, v.Method, v.Path, v.Message)
}

// A Request is one served API request.
type Request struct {
	Method    string
	Path      string // below /api/v3, without the query
	Query     string
	Operation string // operationId, "" if the description has none
	Actor     string // "app:slug", "installation:slug", a login, or ""
	Status    int    // 0 if the connection was cut
	Body      string
}

// New starts a GitHub without users, organisations and repositories.
func New(opt Options) (*GitHub, error) {
	c, err := loadContract()
	if err != nil {
		return nil, err
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.TokenNow == nil {
		opt.TokenNow = opt.Now
	}
	if opt.Addr == "" {
		opt.Addr = "127.0.0.1:0"
	}
	if opt.WebhookTimeout == 0 {
		opt.WebhookTimeout = 10 * time.Second
	}
	g := &GitHub{opt: opt, contract: c, dir: opt.Dir, done: make(chan struct{}), ids: 1000, users: map[string]*User{}, orgs: map[string]*Org{}, repos: map[string]*Repo{}, tokens: map[string]*token{}, signed: map[string]bool{}, grants: map[string]grant{}, conversions: map[string]conversion{}}
	if g.dir == "" {
		if g.dir, err = os.MkdirTemp("", "githubtest-"); err != nil {
			return nil, fmt.Errorf("make a folder for the repositories: %w", err)
		}
		g.ownDir = true
	}
	g.closing, g.cancel = context.WithCancel(context.Background()) //nolint:forbidigo // the server lives until Close, not as long as some caller
	var lc net.ListenConfig
	listener, err := lc.Listen(g.closing, "tcp", opt.Addr)
	if err != nil {
		g.cancel()
		return nil, errors.Join(fmt.Errorf("listen for API requests: %w", err), g.removeDir())
	}
	g.url = "http://" + listener.Addr().String()
	g.hooks.start(g)
	g.server = &http.Server{Handler: http.HandlerFunc(g.serve), ReadHeaderTimeout: 30 * time.Second}
	go func() {
		defer close(g.done)
		// The error is always ErrServerClosed: nothing but Close ends it.
		_ = g.server.Serve(listener)
	}()
	return g, nil
}

// Close ends the server and the sending of webhooks, and removes the repositories if New made their folder.
func (g *GitHub) Close() error {
	g.cancel()
	err := g.server.Close()
	<-g.done
	g.hooks.wait()
	return errors.Join(err, g.removeDir())
}

func (g *GitHub) removeDir() error {
	if !g.ownDir {
		return nil
	}
	// A git process that a cut connection left behind may still write for a moment; then the second try removes the rest.
	err := os.RemoveAll(g.dir)
	if err != nil {
		err = os.RemoveAll(g.dir)
	}
	return err
}

// URL is the address of the pages and of git: URL()+"/acme/shop.git".
func (g *GitHub) URL() string { return g.url }

// APIURL is the address of the REST API, without a slash at its end.
func (g *GitHub) APIURL() string { return g.url + "/api/v3" }

// Violations returns what was violated so far, in order.
func (g *GitHub) Violations() []Violation {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Violation(nil), g.violations...)
}

// TakeViolations returns them and forgets them, for a test that causes one on purpose.
func (g *GitHub) TakeViolations() []Violation {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := g.violations
	g.violations = nil
	return v
}

// Requests returns the API requests so far, in the order of their end; of a long run the last 10,000.
func (g *GitHub) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Request(nil), g.requests...)
}

// TB is what Start needs of a *testing.T.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Start is New and Close for a test: at its end every violation fails it.
func Start(t TB, opt Options) *GitHub {
	t.Helper()
	g, err := New(opt)
	if err != nil {
		t.Fatalf("githubtest: %v", err)
		return nil
	}
	t.Cleanup(func() {
		for _, v := range g.Violations() {
			t.Errorf("githubtest: %s", v)
		}
		if err := g.Close(); err != nil {
			t.Errorf("githubtest: close: %v", err)
		}
	})
	return g
}

func (g *GitHub) now() time.Time { return g.opt.Now().UTC().Truncate(time.Second) }

// id returns the next number. One counter serves all kinds, so that mixing up two ids never works by chance.
func (g *GitHub) id() int64 {
	g.ids++
	return g.ids
}

func nodeID(kind string, id int64) string {
	return base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("%03d:%s%d", len(kind), kind, id)))
}

func randomHex(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func lower(s string) string { return strings.ToLower(s) }
