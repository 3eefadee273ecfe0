package github

import (
	"net/http"
	"strconv"
	"time"
)

// A Quota is what GitHub says is left of an hour's requests. The zero Quota: nothing is known, so nothing is short.
type Quota struct {
	Limit, Remaining int
	Reset            time.Time // when the hour begins anew
}

// Low says whether less than a fifth is left at a time. That fifth is kept for what can take a green check away.
func (q Quota) Low(now time.Time) bool {
	return q.Limit > 0 && now.Before(q.Reset) && q.Remaining < q.Limit/5
}

// Half says whether less than a half is left.
func (q Quota) Half(now time.Time) bool {
	return q.Limit > 0 && now.Before(q.Reset) && q.Remaining < q.Limit/2
}

// Quota is what is left of the installation's REST requests, as GitHub's last answer said.
func (c *Client) Quota() Quota { return c.way.quota("core") }

// note keeps what an answer says of the quota. Answers may come out of order: within one hour, the least counts.
func (t *transport) note(h http.Header) {
	limit, err := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	if err != nil || limit <= 0 {
		return
	}
	left, err := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	if err != nil || left < 0 {
		return
	}
	reset, ok := resetTime(h)
	resource := h.Get("X-RateLimit-Resource")
	if !ok || resource != "core" && resource != "graphql" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if was := t.quotas[resource]; was.Reset.Equal(reset) && was.Remaining < left {
		return
	}
	t.quotas[resource] = Quota{Limit: limit, Remaining: left, Reset: reset}
}

func (t *transport) quota(resource string) Quota {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.quotas[resource]
}
