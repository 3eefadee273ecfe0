package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/server"
)

const (
	benchWorlds     = 3    // one after another: the App keeps to GitHub's limit of 80 writes a minute, and a pull request here takes four
	benchPulls      = 18   // in each world, opened and approved one after another
	benchDeliveries = 1500 // posted one after another, in the last world
	benchFiles      = 1000 // of the repository, 5 to 10 kB each
)

// BenchmarkServer measures the whole App against githubtest, which runs in the same process, computes everything with git, and checks every
// request and answer: from the arrival of a webhook at the server to the check run that answers it, and to the HTTP answer. GitHub's advice
// to wait a second between two writes is not followed here, as in the demonstration.
func BenchmarkServer(b *testing.B) {
	var opened, approved, answered []time.Duration
	for i := range benchWorlds {
		w, door, leave := benchWorld(b)
		for number := range benchPulls {
			took, again := w.benchPull(b, door, number)
			opened, approved = append(opened, took), append(approved, again)
		}
		if i == benchWorlds-1 {
			payload := w.lastPayload("pull_request")
			for n := range benchDeliveries {
				answered = append(answered, door.post(b, payload, fmt.Sprintf("bench-%d", n)))
			}
		}
		leave()
	}
	for _, row := range []struct {
		name string
		took []time.Duration
	}{{"webhook-to-check-run", opened}, {"approval-to-check-run", approved}, {"webhook-to-answer", answered}} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(len(row.took)), "runs")
			b.ReportMetric(milliseconds(percentile(row.took, 0)), "min-ms")
			b.ReportMetric(milliseconds(percentile(row.took, 50)), "p50-ms")
			b.ReportMetric(milliseconds(percentile(row.took, 95)), "p95-ms")
			b.ReportMetric(milliseconds(percentile(row.took, 99)), "p99-ms")
		})
	}
}

// benchWorld makes a world with a repository of many files and the App's server, whose webhooks come through a meter. leave ends it.
func benchWorld(b *testing.B) (w *world, door *meter, leave func()) {
	b.Helper()
	w, err := newWorld(options{listen: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	leave = sync.OnceFunc(func() {
		if err := w.close(); err != nil {
			b.Error(err)
		}
	})
	b.Cleanup(leave)
	if err := w.benchRepository(); err != nil {
		b.Fatal(err)
	}
	srv, err := server.New(w.config())
	if err != nil {
		b.Fatal(err)
	}
	if err := srv.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	w.stop = srv.Stop
	door = &meter{target: "http://" + srv.Addr() + "/webhook", secret: []byte(w.app.WebhookSecret()), arrived: map[string]time.Time{}}
	front := httptest.NewServer(door)
	b.Cleanup(front.Close)
	if err := w.install(b.Context(), front.Listener.Addr().String()); err != nil {
		b.Fatal(err)
	}
	return w, door, leave
}

// benchPull opens a pull request, waits for the answer, approves it, and waits again. The times are from the webhook to the check run.
func (w *world) benchPull(b *testing.B, door *meter, number int) (opened, approved time.Duration) {
	b.Helper()
	spread(b, number)
	door.reset()
	var err error
	if w.pull, err = w.benchOpen(number); err != nil {
		b.Fatal(err)
	}
	w.benchWait(b, func(run githubtest.CheckRunInfo) bool { return run.Conclusion == "failure" })
	opened = time.Since(door.since("pull_request"))
	// The next step begins when nothing of this one is under way.
	if err := w.until(b.Context(), func() bool { return len(w.pull.ReviewComments()) == 1 }); err != nil {
		b.Fatal(err)
	}
	if err := w.hub.Settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	spread(b, number+benchPulls/2)
	door.reset()
	if err := approve(w.pull, w.bob); err != nil {
		b.Fatal(err)
	}
	w.benchWait(b, w.answered)
	approved = time.Since(door.since("pull_request_review"))
	if err := w.hub.Settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	return opened, approved
}

// spread waits for a part of a second, another one for each of benchPulls in a row: events come at any time, and not in step with the queue, which
// looks for work at intervals.
func spread(b *testing.B, number int) {
	b.Helper()
	select {
	case <-time.After(time.Duration(number*7%benchPulls) * time.Second / benchPulls):
	case <-b.Context().Done():
		b.Fatal(b.Context().Err())
	}
}

// percentile gives the value that p of a hundred do not exceed; 0 gives the least.
func percentile(all []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[max((len(sorted)*p+99)/100-1, 0)]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// A meter stands in front of the App's server and notes when webhooks arrive.
type meter struct {
	target string // the server's address for webhooks
	secret []byte

	mu      sync.Mutex
	arrived map[string]time.Time // the first of an event since reset
}

func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	event := r.Header.Get("X-GitHub-Event")
	m.mu.Lock()
	if _, ok := m.arrived[event]; !ok {
		m.arrived[event] = time.Now()
	}
	m.mu.Unlock()
	u, err := url.Parse(m.target)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: u.Scheme, Host: u.Host}) }}).ServeHTTP(w, r)
}

func (m *meter) since(event string) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.arrived[event]
}

func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.arrived)
}

// post sends a webhook of its own to the server, past GitHub, and says how long the answer took.
func (m *meter) post(b *testing.B, payload []byte, guid string) time.Duration {
	b.Helper()
	mac := hmac.New(sha256.New, m.secret)
	mac.Write(payload)
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, m.target, bytes.NewReader(payload))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", "pull_request")
	req.Header.Set("X-GitHub-Delivery", guid)
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	start := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	took := time.Since(start)
	resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusAccepted {
		b.Fatalf("%d %s, %v; want 202", resp.StatusCode, body, err)
	}
	return took
}

// lastPayload is what GitHub sent last of an event.
func (w *world) lastPayload(event string) []byte {
	var last []byte
	for _, d := range w.deliveries() {
		if d.Event == event {
			last = d.Payload
		}
	}
	return last
}

// benchWait waits until the check run on the head of the pull request is completed and holds.
func (w *world) benchWait(b *testing.B, holds func(githubtest.CheckRunInfo) bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	var run githubtest.CheckRunInfo
	if err := w.until(ctx, func() (ok bool) {
		run, ok = w.check(w.pull.Head())
		return ok && run.Status == "completed" && holds(run)
	}); err != nil {
		b.Fatalf("the check says %q %q: %v", run.Conclusion, run.Title, err)
	}
}

// benchRepository makes a repository of many files with a guard, in the place of the story's.
func (w *world) benchRepository() (err error) {
	code, err := readCode()
	if err != nil {
		return err
	}
	org := w.hub.Org("acme")
	if w.repo, err = w.hub.NewRepo(org, "warehouse", githubtest.RepoOptions{}); err != nil {
		return err
	}
	for _, u := range []*githubtest.User{w.alice, w.bob} {
		w.repo.SetRole(u, "write")
	}
	files := map[string]string{".github/reviewgate.yml": "version: 1\nmode: enforce\nguard:\n  - name: orders\n    paths: [\"src/**\"]\n    approvals: 1\n    from: [\"@acme/security\"]\n"}
	for i := range benchFiles {
		files[code.path(i)] = code.file(i, 4+i%4, "")
	}
	_, err = w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "The warehouse", Branch: "main", Files: files})
	return err
}

// benchOpen opens a pull request that changes ten files, two of each language, and plants one flaw.
func (w *world) benchOpen(number int) (*githubtest.Pull, error) {
	code, err := readCode()
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for i := range 10 {
		flaw := ""
		if i == 1 { // Python
			flaw = "def orders_of(cursor, customer):\n    cursor.execute(f\"SELECT id FROM orders WHERE customer = '{customer}'\")\n\n\n"
		}
		n := (benchFiles/10*i + 10*number + i) % benchFiles
		files[code.path(n)] = code.file(n, 5+n%4, flaw)
	}
	branch := fmt.Sprintf("change-%d", number)
	if _, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "Change ten files", Branch: branch, Parents: []string{w.repo.SHA("main")}, Files: files}); err != nil {
		return nil, err
	}
	return w.repo.OpenPull(w.alice, githubtest.PullOptions{Title: "Change ten files", Head: branch})
}

// sampleCode makes files of the code in testdata/speed.txtar.
type sampleCode map[string]string

func readCode() (sampleCode, error) {
	archive, err := txtar.ParseFile("../../testdata/speed.txtar")
	if err != nil {
		return nil, err
	}
	code := sampleCode{}
	for _, f := range archive.Files {
		code[f.Name] = string(f.Data)
	}
	return code, nil
}

var sampleLanguages = []struct{ name, ext string }{{"go", "go"}, {"python", "py"}, {"javascript", "js"}, {"typescript", "ts"}, {"java", "java"}}

func (c sampleCode) path(i int) string {
	return fmt.Sprintf("src/b%02d/orders%d.%s", i/25, i, sampleLanguages[i%5].ext)
}

// file gives the text of file i. extra stands before the tail.
func (c sampleCode) file(i, units int, extra string) string {
	name := sampleLanguages[i%5].name
	text := c[name+"/head"]
	for unit := range units {
		text += strings.ReplaceAll(c[name+"/unit"], "_N_", strconv.Itoa(10*i+unit))
	}
	return text + extra + c[name+"/tail"]
}
