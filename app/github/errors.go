package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v60/github"
)

// RateLimited says that GitHub asked us to wait. No request goes out before Until.
type RateLimited struct {
	Until     time.Time
	Secondary bool // the limit on bursts, not the hourly one
}

func (e *RateLimited) Error() string {
	kind := "the hourly limit of requests"
	if e.Secondary {
		kind = "the limit on bursts of requests"
	}
	return fmt.Sprintf("GitHub's rate limit: %s is used up until %s", kind, e.Until.UTC().Format(time.RFC3339))
}

// Temporary is a failure that another try may not meet: a connection that broke, a 5xx, an answer cut short.
type Temporary struct {
	Status int    // HTTP status; 0 if there was no answer
	Reason string // "GitHub answered 502", "the answer was cut short"
	// Sent says that the request was a write that may have taken effect: look it up before it is tried again.
	Sent bool
}

func (e *Temporary) Error() string { return e.Reason }

// Error is GitHub's refusal. Trying again changes nothing until somebody changes something there.
type Error struct {
	Op      string // what was being done
	Status  int
	Message string   // GitHub's own, with secrets removed
	Details []string // GitHub's list of errors, if it gave one
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: GitHub answered %d", e.Op, e.Status)
	if e.Message != "" {
		s += " " + e.Message
	}
	if len(e.Details) > 0 {
		s += " (" + strings.Join(e.Details, "; ") + ")"
	}
	return s
}

// The refusals that callers tell apart, for errors.Is. GitHub answers "not found" for what the App may not see, too.
var (
	ErrNotFound  = errors.New("not found")
	ErrForbidden = errors.New("forbidden")
	ErrInvalid   = errors.New("invalid")
)

// Is reports whether target is the named refusal for the status.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.Status == http.StatusNotFound || e.Status == http.StatusGone
	case ErrForbidden:
		return e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized || e.Status == http.StatusUnavailableForLegalReasons
	case ErrInvalid:
		return e.Status == http.StatusUnprocessableEntity
	}
	return false
}

// secrets matches GitHub tokens of every kind (they have no fixed length) and JSON Web Tokens.
var secrets = regexp.MustCompile(`gh[a-z]_[A-Za-z0-9_.\-]+|github_pat_[A-Za-z0-9_]+|eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_.\-]+`)

// Redact removes tokens from text that is about to be shown or logged.
func Redact(s string) string { return secrets.ReplaceAllString(s, "[redacted]") }

// fail says what was being done, and turns whatever the layers below returned into one of the package's kinds.
func fail(op string, err error) error {
	var (
		limited   *RateLimited
		temporary *Temporary
		ours      *Error
		primary   *gh.RateLimitError
		abuse     *gh.AbuseRateLimitError
		answer    *gh.ErrorResponse
		token     *ghinstallation.HTTPError
		syntax    *json.SyntaxError
		shape     *json.UnmarshalTypeError
	)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w", op, err)
	case errors.As(err, &limited):
		return fmt.Errorf("%s: %w", op, limited)
	case errors.As(err, &temporary):
		return fmt.Errorf("%s: %w", op, temporary)
	case errors.As(err, &ours):
		return err
	case errors.As(err, &primary): // go-github refuses by itself once it has seen "remaining: 0"
		return fmt.Errorf("%s: %w", op, &RateLimited{Until: primary.Rate.Reset.Time})
	case errors.As(err, &abuse):
		wait := time.Minute
		if abuse.RetryAfter != nil {
			wait = *abuse.RetryAfter
		}
		return fmt.Errorf("%s: %w", op, &RateLimited{Until: time.Now().Add(wait), Secondary: true})
	case errors.As(err, &answer) && answer.Response != nil:
		e := &Error{Op: op, Status: answer.Response.StatusCode, Message: Redact(clip(answer.Message, 500))}
		for _, d := range answer.Errors {
			if len(e.Details) == 20 {
				break
			}
			e.Details = append(e.Details, Redact(clip(detail(d), 300)))
		}
		return e
	case errors.As(err, &token) && token.Response != nil:
		return &Error{Op: op + ": getting an installation token", Status: token.Response.StatusCode, Message: tokenMessage(token.Response)}
	case errors.As(err, &syntax), errors.As(err, &shape):
		return fmt.Errorf("%s: %w", op, &Temporary{Reason: "GitHub's answer is not what its description says: " + Redact(clip(err.Error(), 300))})
	}
	return fmt.Errorf("%s: %s", op, Redact(clip(err.Error(), 500)))
}

func detail(d gh.Error) string {
	if d.Message != "" {
		return d.Message
	}
	return strings.TrimSpace(d.Resource + " " + d.Field + " " + d.Code)
}

// tokenMessage reads GitHub's message from the answer that ghinstallation hands back unread.
func tokenMessage(resp *http.Response) string {
	if resp.Body == nil {
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return ""
	}
	var said struct{ Message string }
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	return Redact(clip(said.Message, 500))
}

// temporary reports whether another try may succeed.
func temporary(err error) bool {
	var t *Temporary
	return errors.As(err, &t)
}

// mustStop reports whether nothing more can be asked now: the context ended or a rate limit is in force.
func mustStop(err error) bool {
	var limited *RateLimited
	return errors.As(err, &limited) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// reason is why a fact could not be read, for gate.Unknown.
func reason(err error) string {
	var t *Temporary
	var e *Error
	switch {
	case errors.As(err, &t):
		return t.Reason
	case errors.As(err, &e) && e.Status == http.StatusForbidden:
		return "GitHub answered 403: the App may not read it (" + e.Message + ")"
	case errors.As(err, &e):
		return strings.TrimSpace(fmt.Sprintf("GitHub answered %d %s", e.Status, e.Message))
	}
	return err.Error()
}

// clip cuts text for an error message at a character.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return strings.ToValidUTF8(s, "?")
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
