package github

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestSharedPace: a write waits for the moment that the processes together gave it, and for its own pace if that is later.
func TestSharedPace(t *testing.T) {
	t.Parallel()
	l := newLine(func(int, *http.Request) (*http.Response, error) { return reply(http.StatusOK, "{}"), nil })
	type moment struct {
		wait time.Duration
		ok   bool
		err  error
	}
	var next moment
	var asked []SharedPace
	l.share = func(_ context.Context, p SharedPace) (time.Duration, bool, error) {
		asked = append(asked, p)
		return next.wait, next.ok, next.err
	}
	for i, c := range []struct {
		moment
		waits   []time.Duration
		limited bool
	}{
		{moment{3 * time.Second, true, nil}, []time.Duration{3 * time.Second}, false},
		{moment{0, true, nil}, []time.Duration{time.Second}, false},                                 // our own pace
		{moment{0, false, errors.New("the database is away")}, []time.Duration{time.Second}, false}, // alone
		{moment{time.Minute, false, nil}, nil, true},
	} {
		next, l.waited = c.moment, nil
		_, err := l.do(t, http.MethodPost)
		var limited *RateLimited
		if errors.As(err, &limited) != c.limited || err != nil && !c.limited || !slices.Equal(l.waited, c.waits) {
			t.Errorf("%d: waited %v, %v", i, l.waited, err)
		}
	}
	if _, err := l.do(t, http.MethodGet); err != nil {
		t.Error(err)
	}
	if len(asked) != 4 || asked[0] != (SharedPace{Gap: time.Second, Hourly: 500, Longest: longestWait}) {
		t.Errorf("asked: %+v", asked)
	}
}
