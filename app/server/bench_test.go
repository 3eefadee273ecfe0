package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/server/internal/jobs"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
	"github.com/reviewgate-app/reviewgate/app/server/internal/webhook"
)

// BenchmarkWebhook measures from the request to the answer: signature, parsing, and the transaction with delivery, generation and job
// on disk (synchronous=FULL), for a payload of 25 kB. p99-ms is what GitHub would have to wait in one case of a hundred.
func BenchmarkWebhook(b *testing.B) {
	st, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "gate.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			b.Error(err)
		}
	}()
	q, err := jobs.New(b.Context(), st, jobs.Options{
		Work:   func(context.Context, store.Key, int64) error { return nil },
		GiveUp: func(context.Context, store.Key, int64, error) error { return nil },
		Find:   func(context.Context, jobs.Search) error { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	secret := []byte("0123456789abcdef")
	h, err := webhook.New([][]byte{secret}, 1, inbox{st, q, time.Minute}, zerolog.Nop(), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	const sha = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		body := fmt.Appendf(nil, `{"action":"synchronize","number":%d,"installation":{"id":3},"repository":{"id":7,"name":"shop","full_name":"acme/shop","default_branch":"main","owner":{"login":"acme"}},
			"sender":{"id":5,"login":"alice","type":"User"},"before":"%s","after":"%s","pull_request":{"number":%d,"state":"open","head":{"ref":"t","sha":"%s"},"base":{"ref":"main","sha":"%s"},"body":"%s"}}`,
			i%50+1, sha, sha, i%50+1, sha, sha, strings.Repeat("x", 25_000))
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-GitHub-Delivery", fmt.Sprint("bench-", i))
		r.Header.Set("X-GitHub-Event", "pull_request")
		r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
		w := httptest.NewRecorder()
		start := time.Now()
		h.ServeHTTP(w, r)
		took = append(took, time.Since(start))
		if w.Code != http.StatusAccepted || w.Body.String() != "accepted\n" {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[0].Microseconds())/1000, "min-ms")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
