package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"
)

// Bounds of one request.
const (
	maxAnswer      = 32 << 20         // bytes of an answer that are read
	maxReads       = 8                // reads of one installation at a time; GitHub allows 100 for everything
	requestTimeout = 30 * time.Second // from sending to the last byte
	readTries      = 3                // of a read that failed for a moment; a write is never repeated here
	longestWait    = 5 * time.Second  // a write that must wait longer is handed back as RateLimited, so that a job need not block
	writesAnHour   = 500              // what GitHub allows of content
	longestBlock   = 2 * time.Hour    // nothing GitHub says keeps us silent for longer
)

const userAgent = "reviewgate (+https://github.com/reviewgate-app/reviewgate)"

// Pace is how fast requests may follow each other. The zero Pace does not wait at all, for tests and demonstrations.
type Pace struct {
	Write time.Duration // between two writes of one installation; GitHub asks for at least one second
	Retry time.Duration // before a failed read is tried again; doubled for the next try
}

// A SharedPace is how the writes of one installation may follow each other, whichever process makes them.
type SharedPace struct {
	Gap     time.Duration // between two
	Hourly  int           // most in an hour
	Longest time.Duration // that a write may wait
}

// defaultPace is GitHub's own advice.
func defaultPace() Pace { return Pace{Write: time.Second, Retry: 500 * time.Millisecond} }

// A transport is the one way to GitHub of one installation. It reads whole answers within bounds, sorts failures by what a job can do about them,
// lets one write at a time through at a pace GitHub accepts, and stays silent while a rate limit is in force.
// It sits below ghinstallation, so requests for tokens go through it as well.
type transport struct {
	next     http.RoundTripper
	now      func() time.Time
	sleep    func(context.Context, time.Duration) error
	pace     Pace
	log      zerolog.Logger
	patience time.Duration // for one exchange, to the last byte

	share func(ctx context.Context, pace SharedPace) (wait time.Duration, ok bool, err error) // nil: no other process writes

	reading chan struct{} // one element per read under way
	writing chan struct{} // holds one element while a write is under way

	lastWrite time.Time     // guarded by writing
	perMinute *rate.Limiter // content-creating requests: GitHub allows 80 a minute
	perHour   *rate.Limiter // and 500 an hour

	mu        sync.Mutex
	until     time.Time // no request before this
	secondary bool
	strikes   int // secondary limits in a row without advice on how long to wait
	quotas    map[string]Quota
}

func newTransport(next http.RoundTripper, pace Pace, now func() time.Time, log zerolog.Logger) *transport {
	return &transport{
		next: next, now: now, sleep: sleep, pace: pace, log: log, patience: requestTimeout, quotas: map[string]Quota{},
		reading:   make(chan struct{}, maxReads),
		writing:   make(chan struct{}, 1),
		perMinute: rate.NewLimiter(rate.Every(time.Minute/80), 80),
		perHour:   rate.NewLimiter(rate.Every(time.Hour/writesAnHour), writesAnHour),
	}
}

// sleep waits for d or until the context ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// RoundTrip sends one request. The answer's body is already read; limits, 5xx and cut answers are errors.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	ctx := req.Context()
	write := req.Method != http.MethodGet && req.Method != http.MethodHead
	if err := t.blocked(); err != nil {
		return nil, err
	}
	// A new token creates nothing that anybody sees: it needs no turn among the writes, and may be asked for again.
	// A GraphQL query is a POST that only reads; we send no mutations.
	if write && !strings.HasSuffix(req.URL.Path, "/access_tokens") && !strings.HasSuffix(req.URL.Path, "/graphql") {
		return t.write(ctx, req)
	}
	select {
	case t.reading <- struct{}{}:
		defer func() { <-t.reading }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	wait := t.pace.Retry
	for try := 1; ; try++ {
		resp, err := t.send(ctx, req, false)
		var temp *Temporary
		if err == nil || write || try == readTries || !errors.As(err, &temp) {
			return resp, err
		}
		if err := t.sleep(ctx, wait); err != nil {
			return nil, err
		}
		wait *= 2
	}
}

// write lets one request at a time through, spaced and within the budget for content.
func (t *transport) write(ctx context.Context, req *http.Request) (*http.Response, error) {
	select {
	case t.writing <- struct{}{}:
		defer func() { <-t.writing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := t.blocked(); err != nil { // the write before this one may have met a limit
		return nil, err
	}
	now := t.now()
	wait := t.pace.Write - now.Sub(t.lastWrite)
	minute, hour := t.perMinute.ReserveN(now, 1), t.perHour.ReserveN(now, 1)
	for _, d := range []time.Duration{minute.DelayFrom(now), hour.DelayFrom(now)} {
		wait = max(wait, d)
	}
	if wait > longestWait {
		minute.CancelAt(now)
		hour.CancelAt(now)
		return nil, &RateLimited{Until: now.Add(wait), Secondary: true}
	}
	if t.share != nil && t.pace.Write > 0 {
		shared, ok, err := t.share(ctx, SharedPace{Gap: t.pace.Write, Hourly: writesAnHour, Longest: longestWait})
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil: // our own pace holds
			t.log.Warn().Err(err).Msg("the pace of the other processes is not known")
		case !ok:
			minute.CancelAt(now)
			hour.CancelAt(now)
			return nil, &RateLimited{Until: now.Add(shared), Secondary: true}
		default:
			wait = max(wait, shared)
		}
	}
	if wait > 0 {
		if err := t.sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
	defer func() { t.lastWrite = t.now() }()
	return t.send(ctx, req, true)
}

// send makes one exchange and reads the whole answer.
func (t *transport) send(ctx context.Context, req *http.Request, write bool) (*http.Response, error) {
	start := t.now()
	bounded, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	out := req.Clone(bounded)
	out.Header.Set("User-Agent", userAgent)
	if out.Header.Get("X-GitHub-Api-Version") == "" {
		out.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	}
	resp, err := t.next.RoundTrip(out)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
		resp.Body.Close()
	}
	event := t.log.Debug().Ctx(ctx).Str("method", req.Method).Str("path", req.URL.Path).Dur("took", t.now().Sub(start))
	if err != nil {
		reason := "the connection to GitHub failed: " + Redact(err.Error())
		switch {
		case ctx.Err() != nil:
			event.Msg("request to GitHub was given up")
			return nil, ctx.Err()
		case bounded.Err() != nil:
			reason = fmt.Sprintf("GitHub did not answer within %s", t.patience)
		case resp != nil:
			reason = "GitHub's answer was cut short"
		}
		event.Str("error", reason).Msg("request to GitHub failed")
		return nil, &Temporary{Reason: reason, Sent: write}
	}
	t.note(resp.Header)
	event.Int("status", resp.StatusCode).Str("remaining", resp.Header.Get("X-RateLimit-Remaining")).Msg("request to GitHub")
	return t.sort(req, resp, body, write)
}

// sort decides what an answer means. Refusals other than limits stay answers: go-github reads GitHub's reasons from them.
func (t *transport) sort(req *http.Request, resp *http.Response, body []byte, write bool) (*http.Response, error) {
	if len(body) > maxAnswer {
		return nil, &Error{Op: req.Method + " " + req.URL.Path, Status: resp.StatusCode, Message: fmt.Sprintf("with more than %d MiB", maxAnswer>>20)}
	}
	if limited := t.limit(resp, body); limited != nil {
		return nil, limited
	}
	switch {
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusRequestTimeout:
		return nil, &Temporary{Status: resp.StatusCode, Reason: fmt.Sprintf("GitHub answered %d", resp.StatusCode), Sent: write}
	case resp.StatusCode/100 == 2 && resp.StatusCode != http.StatusNoContent && resp.StatusCode != http.StatusAccepted && !json.Valid(body):
		// go-github takes an empty body for an empty answer, which would read as "no reviews".
		return nil, &Temporary{Status: resp.StatusCode, Reason: "GitHub's answer was cut short", Sent: write}
	}
	t.mu.Lock()
	t.strikes = 0
	t.mu.Unlock()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

// blocked says whether a limit is in force.
func (t *transport) blocked() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now().Before(t.until) {
		return &RateLimited{Until: t.until, Secondary: t.secondary}
	}
	return nil
}

// limit recognises a rate limit: 403 or 429, told apart from a plain refusal by headers or, where GitHub sends none, by its words.
func (t *transport) limit(resp *http.Response, body []byte) *RateLimited {
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		return nil
	}
	now := t.now()
	var said struct {
		Message string `json:"message"`
		URL     string `json:"documentation_url"`
	}
	_ = json.Unmarshal(body, &said) // an answer without JSON is judged by its headers
	words := strings.ToLower(said.Message + " " + said.URL)
	burst := strings.Contains(words, "secondary rate limit") || strings.Contains(words, "secondary-rate-limit") || strings.Contains(words, "abuse")

	after, advised := retryAfter(resp.Header.Get("Retry-After"), now)
	reset, known := resetTime(resp.Header)
	spent := resp.Header.Get("X-RateLimit-Remaining") == "0"

	t.mu.Lock()
	defer t.mu.Unlock()
	var until time.Time
	switch {
	case advised:
		until, burst = now.Add(after), burst || !spent
	case spent && known && !burst:
		until = reset
	case spent, burst, resp.StatusCode == http.StatusTooManyRequests, strings.Contains(words, "rate limit exceeded"):
		t.strikes++
		until = now.Add(time.Minute << min(t.strikes-1, 4))
		burst = burst || !spent
	default:
		return nil // a plain refusal
	}
	if until.Before(now.Add(time.Second)) {
		until = now.Add(time.Second) // clocks differ; never at once
	}
	if latest := now.Add(longestBlock); until.After(latest) {
		until = latest
	}
	if until.After(t.until) {
		t.until, t.secondary = until, burst
	}
	t.log.Warn().Time("until", until).Bool("secondary", burst).Int("status", resp.StatusCode).Msg("GitHub's rate limit met")
	return &RateLimited{Until: until, Secondary: burst}
}

// retryAfter reads seconds or a date.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return at.Sub(now), true
	}
	return 0, false
}

func resetTime(h http.Header) (time.Time, bool) {
	seconds, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || seconds <= 0 {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0), true
}
