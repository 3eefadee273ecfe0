package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// TestAlarmHook: an agent becomes worse. The address is told once, signed, after a refusal again; a redirect is not followed; and when it is well again, once more.
func TestAlarmHook(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	var got []string
	answers := []int{http.StatusInternalServerError, http.StatusFound}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	secret := []byte("0123456789abcdef")
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.Header.Get("X-Reviewgate-Signature-256") != signAlarm(secret, r.Header.Get("X-Reviewgate-Timestamp"), body) || r.Header.Get("X-Reviewgate-Timestamp") != fmt.Sprint(now.Unix()) {
			t.Errorf("the signature is wrong: %v", r.Header)
		}
		got = append(got, r.Header.Get("X-Reviewgate-Delivery"))
		if !strings.Contains(string(body), `"agent":"Codex"`) {
			t.Errorf("%s", body)
		}
		if len(answers) > 0 {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(answers[0])
			answers = answers[1:]
		}
	}))
	defer hook.Close()
	st, err := store.Open(t.Context(), storetest.Name(t, "sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { check(t, st.Close()) }()
	s := &Server{store: st, cfg: Config{Log: zerolog.Nop(), Now: func() time.Time { return now }, Learning: Learning{Alarms: AlarmHook{URL: hook.URL, Secret: secret}}}}
	n := 0
	changes := func(days int, found func(i int) bool) {
		t.Helper()
		check(t, st.Tx(t.Context(), func(tx *store.Tx) error {
			for range days {
				now = now.Add(24 * time.Hour)
				for range 10 {
					n++
					o := &quality.Outcome{RepoID: 1, Repo: "acme/shop", Change: fmt.Sprint("#", n), Source: quality.Gate, Agent: "Codex", Lines: 10, Opened: now, Judged: quality.JudgedBy{Rules: "r"}}
					if found(n) {
						o.Findings = []quality.Finding{{Rule: "test-weakened", Group: quality.Tests, Fate: quality.Ignored}}
					}
					if err := tx.SaveOutcome(t.Context(), o); err != nil {
						return err
					}
				}
			}
			return nil
		}))
	}
	watch := func(want ...string) {
		t.Helper()
		got = nil
		check(t, s.watch(t.Context()))
		if !slices.Equal(got, want) {
			t.Errorf("posted: %q, want %q", got, want)
		}
	}
	seldom, often := func(i int) bool { return i%20 == 0 }, func(i int) bool { return i%3 == 0 }
	changes(30, seldom)
	watch()
	changes(6, often)
	watch("alarm-1-opened")
	watch() // it is put off
	now = now.Add(hookPause(0))
	watch("alarm-1-opened")
	now = now.Add(hookPause(1))
	watch("alarm-1-opened")
	watch()
	alarms, err := st.Alarms(t.Context(), 10)
	check(t, err)
	if len(alarms) != 1 || alarms[0].Group != quality.Tests || !alarms[0].Ended.IsZero() || len(alarms[0].Shown) != 10 || alarms[0].Low < 1.5 {
		t.Fatalf("%+v", alarms)
	}
	changes(20, seldom)
	watch("alarm-1-ended")
	watch()
	open, ended, err := st.CountAlarms(t.Context())
	check(t, err)
	if open != 0 || ended != 1 {
		t.Errorf("%d open, %d ended", open, ended)
	}
	if _, err := st.Alarm(t.Context(), 99); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
