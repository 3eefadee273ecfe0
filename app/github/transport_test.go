package github

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A line is one way to GitHub under the test's control: its clock stands still unless somebody waits.
type line struct {
	*transport
	mu     sync.Mutex
	clock  time.Time
	waited []time.Duration
	sent   []string
	answer func(n int, req *http.Request) (*http.Response, error)
}

func newLine(answer func(n int, req *http.Request) (*http.Response, error)) *line {
	l := &line{clock: noon, answer: answer}
	now := func() time.Time {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.clock
	}
	l.transport = newTransport(l, Pace{Write: time.Second, Retry: time.Second}, now, zerolog.Nop())
	l.sleep = func(_ context.Context, d time.Duration) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.clock, l.waited = l.clock.Add(d), append(l.waited, d)
		return nil
	}
	return l
}

func (l *line) RoundTrip(req *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.sent = append(l.sent, req.Method+" "+req.URL.Path)
	n := len(l.sent)
	l.mu.Unlock()
	return l.answer(n, req)
}

func (l *line) do(t *testing.T, method string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://api.example.com/repos/acme/shop", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := l.transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), nil
}

func reply(status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func always(resp func() *http.Response) func(int, *http.Request) (*http.Response, error) {
	return func(int, *http.Request) (*http.Response, error) { return resp(), nil }
}

func TestLimits(t *testing.T) {
	t.Parallel()
	reset := "1772368200" // noon + 30 min
	for _, tt := range []struct {
		name      string
		resp      func() *http.Response
		wait      time.Duration // 0: a plain refusal
		secondary bool
	}{
		{"primary 403", func() *http.Response {
			return reply(403, `{"message":"API rate limit exceeded"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset)
		}, 30 * time.Minute, false},
		{"primary 429", func() *http.Response {
			return reply(429, `{}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset)
		}, 30 * time.Minute, false},
		{"secondary 403 with advice", func() *http.Response {
			return reply(403, `{"message":"You have exceeded a secondary rate limit"}`, "Retry-After", "90", "X-RateLimit-Remaining", "4000")
		}, 90 * time.Second, true},
		{"secondary 429 with a date", func() *http.Response {
			return reply(429, ``, "Retry-After", "Sun, 01 Mar 2026 12:02:00 GMT")
		}, 2 * time.Minute, true},
		{"secondary by its words only", func() *http.Response {
			return reply(403, `{"message":"slow down","documentation_url":"https://docs.example.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`)
		}, time.Minute, true},
		{"secondary while the hourly limit is spent too", func() *http.Response {
			return reply(403, `{"message":"You have exceeded a secondary rate limit"}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset)
		}, time.Minute, true},
		{"abuse", func() *http.Response {
			return reply(403, `{"message":"You have triggered an abuse detection mechanism"}`)
		}, time.Minute, true},
		{"429 that says nothing", func() *http.Response { return reply(429, `<html>`) }, time.Minute, true},
		{"a reset in the past", func() *http.Response {
			return reply(403, `{}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1000000000")
		}, time.Second, false},
		{"a reset in the far future", func() *http.Response {
			return reply(403, `{}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "9999999999")
		}, longestBlock, false},
		{"a plain 403", func() *http.Response {
			return reply(403, `{"message":"Resource not accessible by integration"}`, "X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", reset)
		}, 0, false},
		{"a plain 404", func() *http.Response {
			return reply(404, `{"message":"Not Found"}`, "X-RateLimit-Remaining", "0")
		}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLine(always(tt.resp))
			_, err := l.do(t, "GET")
			var limited *RateLimited
			if got := errors.As(err, &limited); got != (tt.wait > 0) {
				t.Fatalf("rate limited: %t (%v)", got, err)
			}
			if tt.wait == 0 {
				if err != nil {
					t.Fatalf("a refusal must reach the caller as an answer: %v", err)
				}
				return
			}
			if want := noon.Add(tt.wait); !limited.Until.Equal(want) || limited.Secondary != tt.secondary {
				t.Errorf("until %s, secondary %t; want %s, %t", limited.Until, limited.Secondary, want, tt.secondary)
			}
			// While the limit is in force nothing goes out, and afterwards it does.
			if _, err := l.do(t, "POST"); !errors.As(err, &limited) || len(l.sent) != 1 {
				t.Errorf("a request during the limit: %v, sent %v", err, l.sent)
			}
			l.clock = noon.Add(tt.wait)
			l.answer = always(func() *http.Response { return reply(200, `{}`) })
			if _, err := l.do(t, "GET"); err != nil {
				t.Errorf("after the limit: %v", err)
			}
		})
	}
}

func TestLimitsInARowWaitLonger(t *testing.T) {
	t.Parallel()
	l := newLine(always(func() *http.Response { return reply(429, ``) }))
	for _, minutes := range []int{1, 2, 4, 8, 16, 16} {
		want := time.Duration(minutes) * time.Minute
		start := l.clock
		_, err := l.do(t, "GET")
		var limited *RateLimited
		if !errors.As(err, &limited) {
			t.Fatal(err)
		}
		if got := limited.Until.Sub(start); got != want {
			t.Errorf("waits %s, want %s", got, want)
		}
		l.clock = limited.Until
	}
}

// brokenBody ends before its time.
type brokenBody struct{ io.Reader }

func (brokenBody) Close() error { return nil }

func TestFailuresOfAMoment(t *testing.T) {
	t.Parallel()
	cut := func() *http.Response {
		r := reply(200, ``)
		r.Body = brokenBody{io.MultiReader(strings.NewReader(`[{"id":1`), errReader{})}
		return r
	}
	for _, tt := range []struct {
		name   string
		fail   func(int, *http.Request) (*http.Response, error)
		reason string
	}{
		{"502 with a page", always(func() *http.Response { return reply(502, `<html>Unicorn!</html>`) }), "GitHub answered 502"},
		{"body cut on the way", always(cut), "GitHub's answer was cut short"},
		{"body ends in the middle", always(func() *http.Response { return reply(200, `[{"id":1},{"id"`) }), "GitHub's answer was cut short"},
		{"empty 200", always(func() *http.Response { return reply(200, ``) }), "GitHub's answer was cut short"},
		{"no connection", func(int, *http.Request) (*http.Response, error) {
			return nil, errors.New("dial tcp: refused, token ghs_16C7e42F292c6912E7710c838347Ae178B4a")
		}, "the connection to GitHub failed: dial tcp: refused, token [redacted]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// A read is tried again, and its failure says what went wrong.
			l := newLine(tt.fail)
			_, err := l.do(t, "GET")
			var temp *Temporary
			if !errors.As(err, &temp) || temp.Reason != tt.reason || temp.Sent {
				t.Errorf("read: %#v, want %q", err, tt.reason)
			}
			if len(l.sent) != readTries || len(l.waited) != readTries-1 || l.waited[1] != 2*l.waited[0] {
				t.Errorf("read was sent %d times with waits %v", len(l.sent), l.waited)
			}
			l = newLine(func(n int, req *http.Request) (*http.Response, error) {
				if n == 1 {
					return tt.fail(n, req)
				}
				return reply(200, `{"ok":true}`), nil
			})
			if body, err := l.do(t, "GET"); err != nil || body != `{"ok":true}` {
				t.Errorf("second try: %q, %v", body, err)
			}
			// A write is not: it may have been done.
			l = newLine(tt.fail)
			if _, err = l.do(t, "POST"); !errors.As(err, &temp) || !temp.Sent {
				t.Errorf("write: %#v", err)
			}
			if len(l.sent) != 1 {
				t.Errorf("write was sent %d times", len(l.sent))
			}
		})
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAnswersWithoutBodyPass(t *testing.T) {
	t.Parallel()
	l := newLine(always(func() *http.Response { return reply(204, ``) }))
	if _, err := l.do(t, "DELETE"); err != nil {
		t.Error(err)
	}
}

func TestEndlessAnswer(t *testing.T) {
	t.Parallel()
	l := newLine(always(func() *http.Response {
		r := reply(200, ``)
		r.Body = brokenBody{endless{}}
		return r
	}))
	_, err := l.do(t, "GET")
	var e *Error
	if !errors.As(err, &e) || len(l.sent) != 1 {
		t.Errorf("%v, sent %d times", err, len(l.sent))
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestSilence(t *testing.T) {
	t.Parallel()
	l := newLine(func(_ int, req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	})
	l.patience = time.Millisecond
	_, err := l.do(t, "POST")
	var temp *Temporary
	if !errors.As(err, &temp) || !temp.Sent || temp.Reason != "GitHub did not answer within 1ms" {
		t.Errorf("%#v", err)
	}
	// If the caller gave up, that is what is said.
	ctx, cancel := context.WithCancel(t.Context())
	l.patience = time.Hour
	l.answer = func(_ int, req *http.Request) (*http.Response, error) {
		cancel()
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	req, err := http.NewRequestWithContext(ctx, "GET", "https://api.example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.transport.RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestWritesAreSpacedAndBudgeted(t *testing.T) {
	t.Parallel()
	l := newLine(always(func() *http.Response { return reply(201, `{}`) }))
	for range 80 {
		if _, err := l.do(t, "POST"); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.waited) != 79 {
		t.Errorf("80 writes waited %d times", len(l.waited))
	}
	for _, d := range l.waited {
		if d != time.Second {
			t.Fatalf("waited %s between writes", d)
		}
	}
	l.waited = nil
	if _, err := l.do(t, "GET"); err != nil || l.waited != nil {
		t.Errorf("a read waited %v (%v)", l.waited, err)
	}
	// Without spacing the budget for content holds: 80 a minute, then what refills.
	l = newLine(always(func() *http.Response { return reply(201, `{}`) }))
	l.pace.Write = 0
	for range 81 {
		if _, err := l.do(t, "POST"); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.waited) != 1 || l.waited[0] != time.Minute/80 {
		t.Errorf("the 81st write waited %v", l.waited)
	}
	// 500 an hour: then the writer is told to come back, and nothing is sent.
	var err error
	for range 500 {
		if _, err = l.do(t, "POST"); err != nil {
			break
		}
	}
	var limited *RateLimited
	if !errors.As(err, &limited) || !limited.Until.After(l.clock.Add(longestWait)) {
		t.Errorf("%v", err)
	}
	if n := len(l.sent); n < 500 || n > 560 {
		t.Errorf("%d writes went out", n)
	}
}

func TestOneWriterAtATime(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	l := newLine(func(int, *http.Request) (*http.Response, error) {
		entered <- struct{}{}
		<-release
		return reply(201, `{}`), nil
	})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := l.do(t, "POST"); err != nil {
				t.Error(err)
			}
		})
	}
	<-entered
	if len(l.writing) != 1 {
		t.Error("the turn is not taken")
	}
	select {
	case <-entered:
		t.Error("two writes at once")
	default:
	}
	close(release)
	<-entered
	wg.Wait()
}
