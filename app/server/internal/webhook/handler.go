package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"github.com/reviewgate-app/reviewgate/app/github"
)

// MaxBody is the largest body that is read. GitHub sends up to 25 MiB; what is larger it does not send at all.
const MaxBody = 25<<20 + 64<<10

// Bounds against strangers, who can make us read before the signature is known.
const (
	inFlight  = 8 * MaxBody // bytes of bodies that are held at a time
	piece     = 64 << 10    // bytes of a body that are read at a time
	patience  = 5 * time.Second
	maxCounts = 500 // distinct names of events and actions that are counted apart
)

// An Inbox keeps deliveries.
type Inbox interface {
	// Receive keeps a delivery and everything that follows from it in one transaction. fresh is false if it was here before.
	Receive(ctx context.Context, d Delivery) (fresh bool, err error)
}

// A Handler answers POST /webhook. It answers 202 once the delivery is kept, together with the jobs that it causes: from then on
// nothing of it is lost. It answers 4xx to what GitHub did not send, and 503 if the delivery could not be kept.
type Handler struct {
	app    int64
	inbox  Inbox
	log    zerolog.Logger
	now    func() time.Time
	memory *semaphore.Weighted

	// Begin is told of every delivery that is GitHub's, before it is kept. It is kept in the context that Begin gives; id is the trace's for the log,
	// "" if there is none, and ended is called with what became of it. Nil: nobody asks. It is set before the first request.
	Begin func(ctx context.Context, d Delivery) (keep context.Context, id string, ended func(result string))

	mu      sync.Mutex
	secrets [][]byte // in force
	counts  map[Count]int64
}

// A Count is what deliveries are counted by.
type Count struct{ Event, Action, Result string }

// New makes a handler. Secrets are the webhook secrets that are in force: one, or two while they are changed. app is the id of our App.
func New(secrets [][]byte, app int64, inbox Inbox, log zerolog.Logger, now func() time.Time) (*Handler, error) {
	if len(secrets) == 0 || len(secrets) > 2 {
		return nil, errors.New("webhook: one or two secrets are needed")
	}
	for _, s := range secrets {
		if len(s) == 0 {
			return nil, errors.New("webhook: a secret is empty; anybody could sign for it")
		}
	}
	return &Handler{secrets: secrets, app: app, inbox: inbox, log: log, now: now, memory: semaphore.NewWeighted(inFlight), counts: map[Count]int64{}}, nil
}

// SetSecrets replaces the secrets, under the same conditions as New.
func (h *Handler) SetSecrets(secrets [][]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets = secrets
}

// The forms of headers. GitHub's delivery ids are UUIDs; an Enterprise Server's may differ in form, not in kind.
var (
	guidForm      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
	eventForm     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)
	signatureForm = regexp.MustCompile(`^sha256=[0-9a-f]{64}$`)
)

// ServeHTTP answers one delivery.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		h.refuse(w, r, http.StatusMethodNotAllowed, "only POST is answered here")
		return
	}
	guid, event := once(r, "X-GitHub-Delivery"), once(r, "X-GitHub-Event")
	signature := once(r, "X-Hub-Signature-256")
	media, _, err := mime.ParseMediaType(once(r, "Content-Type"))
	switch {
	case !guidForm.MatchString(guid):
		h.refuse(w, r, http.StatusBadRequest, "the header X-GitHub-Delivery is missing, malformed or there twice")
	case !eventForm.MatchString(event):
		h.refuse(w, r, http.StatusBadRequest, "the header X-GitHub-Event is missing, malformed or there twice")
	case err != nil || media != "application/json":
		h.refuse(w, r, http.StatusUnsupportedMediaType, "the content type is not application/json: choose it in the App's webhook settings")
	case !signatureForm.MatchString(signature):
		h.refuse(w, r, http.StatusUnauthorized, "the header X-Hub-Signature-256 is missing or malformed: set the webhook secret in the App's settings")
	case r.ContentLength > MaxBody:
		h.refuse(w, r, http.StatusRequestEntityTooLarge, "the body is too large")
	default:
		h.read(w, r, guid, event, signature)
	}
}

// once gives a header that is there once. What is said twice is not said: a proxy may have looked at the other one.
func once(r *http.Request, name string) string {
	if values := r.Header.Values(name); len(values) == 1 {
		return values[0]
	}
	return ""
}

func (h *Handler) read(w http.ResponseWriter, r *http.Request, guid, event, signature string) {
	body, release, err := h.body(w, r)
	defer release()
	if err != nil {
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			h.refuse(w, r, http.StatusRequestEntityTooLarge, "the body is too large")
		case errors.Is(err, errFull):
			h.refuse(w, r, http.StatusServiceUnavailable, "too many large deliveries at a time")
		default:
			h.refuse(w, r, http.StatusBadRequest, "the body could not be read")
		}
		return
	}
	if !h.signed(body, signature) {
		h.refuse(w, r, http.StatusUnauthorized, "the signature is not that of the webhook secret")
		return
	}
	h.take(w, r, guid, event, body)
}

// errFull says that no memory is left for another body.
var errFull = errors.New("too many bodies at a time")

// body reads the body piece by piece. Memory is taken for what has arrived, not for what the header promises: whoever announces much and
// sends nothing keeps nobody out.
func (h *Handler) body(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	var held int64
	var buf bytes.Buffer
	release = func() { h.memory.Release(held) }
	from := http.MaxBytesReader(w, r.Body, MaxBody)
	for {
		wait, cancel := context.WithTimeout(r.Context(), patience)
		err := h.memory.Acquire(wait, piece)
		cancel()
		if err != nil {
			return nil, release, errFull
		}
		held += piece
		_, err = io.CopyN(&buf, from, piece)
		switch {
		case errors.Is(err, io.EOF):
			return buf.Bytes(), release, nil
		case err != nil:
			return nil, release, fmt.Errorf("reading the body: %w", err)
		}
	}
}

// signed compares with every secret in constant time.
func (h *Handler) signed(body []byte, signature string) bool {
	given, err := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	if err != nil {
		return false
	}
	h.mu.Lock()
	secrets := h.secrets
	h.mu.Unlock()
	ok := false
	for _, s := range secrets {
		mac := hmac.New(sha256.New, s)
		mac.Write(body)
		ok = hmac.Equal(mac.Sum(nil), given) || ok
	}
	return ok
}

func (h *Handler) take(w http.ResponseWriter, r *http.Request, guid, event string, body []byte) {
	d := Delivery{GUID: guid, Event: event, Received: h.now()}
	log := h.log.With().Str("delivery_id", guid).Str("event", event).Logger()
	ev, err := github.ParseEvent(event, body)
	switch {
	case err != nil:
		// An answer of 4xx or 5xx would not make the body any better. It is kept, and somebody has to look.
		d.State, d.Note, d.Body = Unreadable, github.Redact(err.Error()), body
		log.Error().Bool("alert", true).Str("error", d.Note).Msg("a signed webhook body could not be read; it is kept in the table deliveries")
	default:
		d = taken(d, ev, body, h.app)
		with := log.With().Str("action", ev.Action).Int64("installation_id", ev.Installation)
		if ev.RepoID != 0 {
			with = with.Str("repo", ev.Owner+"/"+ev.Repo)
		}
		if d.Number != 0 {
			with = with.Int("pr", d.Number)
		}
		if ev.HeadSHA != "" {
			with = with.Str("head_sha", ev.HeadSHA)
		}
		log = with.Logger()
	}
	ctx, result := r.Context(), "failed"
	if h.Begin != nil {
		keep, id, ended := h.Begin(ctx, d)
		defer func() { ended(result) }()
		if ctx = keep; id != "" {
			log = log.With().Str("trace_id", id).Logger()
		}
	}
	fresh, err := h.inbox.Receive(ctx, d)
	if err != nil {
		h.count(d, result)
		log.Error().Bool("alert", true).Str("error", github.Redact(err.Error())).Msg("a delivery could not be kept; GitHub will show it as failed")
		http.Error(w, "the delivery could not be kept; redeliver it", http.StatusServiceUnavailable)
		return
	}
	if result = d.State; !fresh {
		result = "duplicate"
	}
	h.count(d, result)
	if d.Foreign != "" && fresh {
		log.Warn().Bool("audit", true).Str("what", d.Foreign).Str("name", ev.CheckRun.Name+ev.Status.Context).Int64("app", ev.CheckRun.AppID).Str("says", ev.CheckRun.Conclusion+ev.Status.State).
			Str("sender", ev.Sender.Login).Int64("sender_id", ev.Sender.ID).
			Msg("somebody else reports under the name of our check: bind the required check to this App in the ruleset, or a merge may be let through by it")
	}
	log.Info().Str("result", result).Msg("webhook")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusAccepted)
	if _, err := io.WriteString(w, result+"\n"); err != nil {
		log.Debug().Err(err).Msg("the answer was not taken; the delivery is kept")
	}
}

// refuse answers what is not kept. The headers may be anybody's, so they are not logged.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	h.count(Delivery{}, "refused")
	h.log.Warn().Int("status", status).Str("from", r.RemoteAddr).Str("why", why).Msg("a webhook request was refused")
	// Nothing more is read from this connection.
	w.Header().Set("Connection", "close")
	http.Error(w, why, status)
}

func (h *Handler) count(d Delivery, result string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := Count{d.Event, d.Action, result}
	if _, ok := h.counts[c]; !ok && len(h.counts) >= maxCounts {
		c = Count{"other", "other", result}
	}
	h.counts[c]++
}

// Counts says how many deliveries came to what, since the start.
func (h *Handler) Counts() map[Count]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make(map[Count]int64, len(h.counts))
	for c, n := range h.counts {
		out[c] = n
	}
	return out
}
