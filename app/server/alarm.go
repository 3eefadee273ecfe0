package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// Alarms: the test of app/quality runs over the stored outcomes every hour, and what is new is told by page, metric and webhook.

// An AlarmHook is the address to which alarms are posted.
type AlarmHook struct {
	URL    string // alarms.webhook_url; "": nowhere
	Secret []byte // alarms.webhook_secret_file
}

// Times of alarms.
const (
	watchBack  = 2 * 365 * 24 * time.Hour // outcomes that the test looks at
	alarmAge   = 7 * 24 * time.Hour       // an alarm that is older when it is first seen is history, and nobody is told
	hookTime   = 15 * time.Second
	hookTries  = 12 // over about three days
	hookAnswer = 4 << 10
)

// watch runs the test for every agent and group of rules.
func (s *Server) watch(ctx context.Context) error {
	now := s.cfg.Now()
	agents, err := s.store.AlarmAgents(ctx, now.Add(-watchBack))
	if err != nil {
		return err
	}
	for _, agent := range agents {
		if agent == quality.SeveralAgents {
			continue // nobody in particular has become worse
		}
		all, err := s.store.Observations(ctx, agent, now.Add(-watchBack), quality.Gate)
		if err != nil {
			return err
		}
		for _, group := range quality.Groups() {
			list := quality.Watch(all[group], quality.DefaultTest)
			known := func(a *quality.Alarm) bool { return now.Sub(a.Opened) > alarmAge }
			if err := s.store.Tx(ctx, func(tx *store.Tx) error { return tx.SaveAlarms(ctx, agent, group, list, now, known) }); err != nil {
				return err
			}
		}
	}
	return s.tellAlarms(ctx)
}

// tellAlarms posts what nobody was told yet.
func (s *Server) tellAlarms(ctx context.Context) error {
	now := s.cfg.Now()
	list, err := s.store.AlarmsToTell(ctx, now)
	if err != nil {
		return err
	}
	for i := range list {
		r := &list[i]
		event, told := "opened", 1
		if r.Told == 1 || !r.Ended.IsZero() { // one that opened and ended while nobody could be told is told of once
			event, told = "ended", 2
		}
		s.cfg.Log.Warn().Str("agent", r.Agent).Str("group", string(r.Group)).Str("event", event).Str("says", r.String()).Msg("quality alarm")
		if s.cfg.Alarms.URL == "" {
			if err := s.store.AlarmTold(ctx, r.ID, told, 0, now); err != nil {
				return err
			}
			continue
		}
		err := s.postAlarm(ctx, event, &r.Alarm)
		switch {
		case err == nil:
			err = s.store.AlarmTold(ctx, r.ID, told, 0, now)
		case ctx.Err() != nil:
			return ctx.Err()
		case r.Tries+1 >= hookTries:
			s.cfg.Log.Error().Str("error", github.Redact(err.Error())).Int64("alarm", r.ID).Msg("an alarm could not be posted, and is not tried any more")
			err = s.store.AlarmTold(ctx, r.ID, told, r.Tries+1, now)
		default:
			s.cfg.Log.Warn().Str("error", github.Redact(err.Error())).Int64("alarm", r.ID).Int("tries", r.Tries+1).Msg("an alarm could not be posted; it is tried again")
			err = s.store.AlarmTold(ctx, r.ID, r.Told, r.Tries+1, now.Add(hookPause(r.Tries)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// hookPause is the time before the next try: a minute, two, four and so on, at most 12 hours.
func hookPause(failed int) time.Duration {
	return min(time.Minute<<min(failed, 20), 12*time.Hour)
}

// An alarmEvent is the body of the webhook.
type alarmEvent struct {
	Event string         `json:"event"` // opened, ended
	ID    string         `json:"id"`    // the same for every try
	Says  string         `json:"says"`
	Alarm *quality.Alarm `json:"alarm"`
}

// postAlarm posts an alarm. The signature is over the time and the body, so that neither can be changed, nor an old message sent again later:
// X-Reviewgate-Signature-256 is "sha256=" and the hex HMAC-SHA256 of the value of X-Reviewgate-Timestamp (seconds since 1970), a point, and the body.
func (s *Server) postAlarm(ctx context.Context, event string, a *quality.Alarm) (err error) {
	id := fmt.Sprintf("alarm-%d-%s", a.ID, event)
	body, err := json.Marshal(alarmEvent{event, id, a.String(), a})
	if err != nil {
		return fmt.Errorf("writing an alarm: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, hookTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.cfg.Alarms.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("posting an alarm: %w", err)
	}
	stamp := strconv.FormatInt(s.cfg.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "reviewgate/"+s.cfg.Version)
	req.Header.Set("X-Reviewgate-Delivery", id)
	req.Header.Set("X-Reviewgate-Timestamp", stamp)
	req.Header.Set("X-Reviewgate-Signature-256", signAlarm(s.cfg.Alarms.Secret, stamp, body))
	res, err := hookClient.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) { // its text has the whole address, in which there may be a secret
			err = ue.Err
		}
		return fmt.Errorf("posting an alarm: %w", err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	_, _ = io.CopyN(io.Discard, res.Body, hookAnswer) // so that the connection can be used again; what it says is nobody's
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("posting an alarm: the answer was %s", res.Status)
	}
	return nil
}

func signAlarm(secret []byte, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// hookClient follows no redirect: the address is the operator's, and the receiver must not be able to point us at another one, inside of the network perhaps.
var hookClient = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: hookTime}).DialContext, TLSHandshakeTimeout: hookTime, MaxIdleConns: 1, IdleConnTimeout: time.Minute,
		DisableCompression: true, ForceAttemptHTTP2: true},
}
