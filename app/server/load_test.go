package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store/storetest"
)

// What `make load` measured, and the page that is made of it.
const (
	loadFile = "../../docs/load.json"
	loadPage = "../../docs/load.md"
	loadImg  = "../../docs/img/"
)

// A loadRun is what was measured on one database. Times are milliseconds, memory is megabytes.
type loadRun struct {
	Burst, Steady loadPart
	Drain         float64      // from the last answer of the burst until no job was left
	Lost          int          // of all deliveries, those that are not in the database
	Behind        int          // pull requests whose newest generation was not answered in the end
	Memory        [][2]float64 // deliveries so far, resident memory of the server
	Reviews       []loadReviews
}

// A loadPart is many deliveries, so many at a time.
type loadPart struct {
	Deliveries, AtATime int
	Bytes               int // of one
	Seconds             float64
	P50, P95, P99, Max  float64
}

// loadReviews are pull requests that are opened at a time, each with ten changed files and a finding.
type loadReviews struct {
	Workers, Pulls int
	Seconds        float64
}

type loadResult struct {
	Measured string // day
	Machine  string
	Note     string
	Runs     map[string]loadRun
}

// TestLoad sends many deliveries to a server that works on what they cause, on each database: all of them are kept, and all is worked on in the end.
//
// REVIEWGATE_LOAD says how many, the first 10,000 of them as fast as they go; then reviews with all checks in the sandbox are measured too, and docs/load.json
// is written (`make load`).
func TestLoad(t *testing.T) {
	burst, steady := 300, 200
	text := os.Getenv("REVIEWGATE_LOAD")
	full := text != ""
	if full {
		all, err := strconv.Atoi(text)
		must(t, err)
		burst = min(10_000, all)
		steady = all - burst
	}
	result := loadResult{Measured: time.Now().UTC().Format(time.DateOnly), Machine: machine(), Note: os.Getenv("REVIEWGATE_LOAD_NOTE"), Runs: map[string]loadRun{}}
	if data, err := os.ReadFile(loadFile); err == nil { // what is not measured this time stays
		var was loadResult
		must(t, json.Unmarshal(data, &was))
		result.Runs = was.Runs
	}
	for _, kind := range storetest.Kinds {
		t.Run(kind, func(t *testing.T) {
			run := result.Runs[kind]
			t.Run("deliveries", func(t *testing.T) {
				reviewed := run.Reviews
				run = deliveries(t, kind, burst, steady)
				run.Reviews = reviewed
			})
			for _, workers := range []int{1, 2} {
				if !full {
					break
				}
				t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
					run.Reviews = slices.DeleteFunc(run.Reviews, func(r loadReviews) bool { return r.Workers == workers })
					run.Reviews = append(run.Reviews, reviews(t, kind, workers))
				})
			}
			slices.SortFunc(run.Reviews, func(a, b loadReviews) int { return a.Workers - b.Workers })
			t.Logf("%+v", run)
			result.Runs[kind] = run
		})
	}
	if full && !t.Failed() {
		data, err := json.MarshalIndent(result, "", " ")
		must(t, err)
		must(t, os.WriteFile(loadFile, append(data, '\n'), 0o644))
	}
}

func machine() string {
	name := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
			}
		}
	}
	return fmt.Sprintf("%d cores of %s, %s/%s", runtime.NumCPU(), name, runtime.GOOS, runtime.GOARCH)
}

// deliveries sends them about four pull requests, which are looked at again and again meanwhile.
func deliveries(t *testing.T, kind string, burst, steady int) (run loadRun) {
	s := &storm{world: newEmptyWorld(t), kind: kind}
	s.cfg.Database = storetest.Name(t, kind)
	s.cfg.Sweep = -1
	c := s.child(func(*childFile) {})
	s.app.SetWebhook("http://"+c.addr+"/webhook", "")
	s.inst = s.app.Install(s.org, s.alice)
	var bodies [][]byte
	for n := range 4 {
		p := s.world.open(fmt.Sprint("topic-", n), pay)
		s.expect(p, "action_required")
		bodies = append(bodies, s.last("pull_request", "opened"))
	}
	sent := 0
	send := func(count, atATime int) (part loadPart) {
		var next atomic.Int64
		took := make([]time.Duration, count)
		var senders sync.WaitGroup
		start := time.Now()
		for range atATime {
			senders.Go(func() {
				client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
				for {
					i := int(next.Add(1)) - 1
					if i >= count {
						return
					}
					took[i] = s.deliver(client, c.addr, fmt.Sprint("load-", sent+i), bodies[i%len(bodies)])
					if every := max((burst+steady)/100, 1); (sent+i)%every == 0 {
						s.mu.Lock()
						run.Memory = append(run.Memory, [2]float64{float64(sent + i), resident(c.cmd.Process.Pid)})
						s.mu.Unlock()
					}
				}
			})
		}
		senders.Wait()
		sent += count
		part = loadPart{Deliveries: count, AtATime: atATime, Bytes: len(bodies[0]), Seconds: time.Since(start).Seconds()}
		slices.Sort(took)
		at := func(p float64) float64 {
			return float64(took[min(int(p*float64(count)), count-1)].Microseconds()) / 1000
		}
		part.P50, part.P95, part.P99, part.Max = at(0.5), at(0.95), at(0.99), at(1)
		return part
	}
	quiet := func() {
		t.Helper()
		tick, end := time.NewTicker(50*time.Millisecond), time.After(10*time.Minute)
		defer tick.Stop()
		for s.ask(`SELECT count(*) FROM river_job WHERE kind = 'pr_sync' AND state NOT IN ('completed', 'cancelled', 'discarded')`) > 0 {
			select {
			case <-tick.C: // the server is another process, which tells nobody
			case <-end:
				t.Fatalf("there are jobs left: %s", c.tail())
			}
		}
	}
	run.Burst = send(burst, 32)
	start := time.Now()
	quiet()
	run.Drain = float64(time.Since(start).Milliseconds())
	run.Steady = send(steady, 4)
	quiet()
	run.Memory = append(run.Memory, [2]float64{float64(sent), resident(c.cmd.Process.Pid)})
	slices.SortFunc(run.Memory, func(a, b [2]float64) int { return int(a[0] - b[0]) })
	run.Lost = sent - s.ask(`SELECT count(*) FROM deliveries WHERE guid LIKE 'load-%' AND state = 'accepted'`)
	run.Behind = s.ask(`SELECT count(*) FROM pulls WHERE done < want`)
	if run.Lost != 0 || run.Behind != 0 {
		t.Errorf("%d deliveries are lost, %d pull requests are not answered", run.Lost, run.Behind)
	}
	for _, p := range s.pulls {
		s.expect(p, "action_required", "Needs 1 approval from @bob for payments")
	}
	return run
}

// deliver posts one webhook, and says how long the answer took.
func (s *storm) deliver(client *http.Client, addr, guid string, body []byte) time.Duration {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+addr+"/webhook", bytes.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return 0
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "X-GitHub-Event": "pull_request", "X-GitHub-Delivery": guid, "X-Hub-Signature-256": sign(s.app.WebhookSecret(), body)} {
		req.Header.Set(name, value)
	}
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		s.t.Error(err)
		return 0
	}
	text, err := io.ReadAll(resp.Body)
	took := time.Since(start)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusAccepted || string(text) != "accepted\n" {
		s.t.Errorf("%d %q, %v", resp.StatusCode, text, err)
	}
	return took
}

// resident is the memory of a process in megabytes; 0 where the system does not say.
func resident(pid int) float64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, _ := strconv.ParseFloat(f[1], 64)
			return math.Round(kb / 1024)
		}
	}
	return 0
}

// loadPulls stays below GitHub's limit of writes a minute, which the server keeps to: each of them takes four.
const loadPulls = 18

// reviews opens pull requests at a time, and waits until all have their answer. All checks run, in the sandbox.
func reviews(t *testing.T, kind string, workers int) loadReviews {
	w := newEmptyWorld(t)
	w.cfg.Database, w.cfg.Sweep = storetest.Name(t, kind), -1
	archive, err := txtar.ParseFile("../../testdata/speed.txtar")
	must(t, err)
	code := map[string]string{}
	for _, f := range archive.Files {
		code[f.Name] = string(f.Data)
	}
	languages := []struct{ name, ext string }{{"go", "go"}, {"python", "py"}, {"javascript", "js"}, {"typescript", "ts"}, {"java", "java"}}
	path := func(i int) string { return fmt.Sprintf("src/b%02d/orders%d.%s", i/25, i, languages[i%5].ext) }
	text := func(i, units int, extra string) string {
		name := languages[i%5].name
		b := code[name+"/head"]
		for unit := range units {
			b += strings.ReplaceAll(code[name+"/unit"], "_N_", strconv.Itoa(10*i+unit))
		}
		return b + extra + code[name+"/tail"]
	}
	const files = 1000
	tree := map[string]string{}
	for i := range files {
		tree[path(i)] = text(i, 4+i%4, "")
	}
	w.commit(tree)
	c := w.child(func(f *childFile) { f.Real, f.Workers = true, workers })
	w.app.SetWebhook("http://"+c.addr+"/webhook", "")
	w.inst = w.app.Install(w.org, w.alice)
	for n := range loadPulls {
		changed := map[string]string{}
		for i := range 10 {
			flaw := ""
			if i == 1 { // Python
				flaw = "def orders_of(cursor, customer):\n    cursor.execute(f\"SELECT id FROM orders WHERE customer = '{customer}'\")\n\n\n"
			}
			at := (files/10*i + 10*n + i) % files
			changed[path(at)] = text(at, 5+at%4, flaw)
		}
		_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "Change ten files", Branch: fmt.Sprint("change-", n), Parents: []string{"main"}, Files: changed})
		must(t, err)
	}
	must(t, w.hub.Settle(t.Context()))
	start := time.Now()
	for n := range loadPulls {
		p, err := w.repo.OpenPull(w.alice, githubtest.PullOptions{Title: "Change ten files", Head: fmt.Sprint("change-", n), Base: "main"})
		must(t, err)
		w.pulls = append(w.pulls, p)
	}
	for _, p := range w.pulls {
		w.expect(p, "failure", "Blocked by 1 finding")
	}
	return loadReviews{Workers: workers, Pulls: loadPulls, Seconds: time.Since(start).Seconds()}
}

// TestLoadPage holds docs/load.md and its pictures to docs/load.json; -update writes them.
func TestLoadPage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(loadFile)
	must(t, err)
	var r loadResult
	must(t, json.Unmarshal(data, &r))
	pages := map[string]string{loadPage: loadText(r)}
	for _, kind := range storetest.Kinds {
		if len(r.Runs[kind].Memory) > 0 {
			pages[loadImg+"load-memory-"+kind+".svg"] = memoryPicture(kind, r.Runs[kind])
		}
	}
	for path, want := range pages {
		if *update {
			must(t, os.WriteFile(path, []byte(want), 0o644))
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s is not what docs/load.json says (%v); go test ./app/server -run TestLoadPage -update", path, err)
		}
	}
}

func loadText(r loadResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Under load\n\nMeasured on %s by `make load`: %s.", r.Measured, r.Machine)
	if r.Note != "" {
		fmt.Fprintf(&b, " %s", r.Note)
	}
	b.WriteString(" GitHub is the one of the tests, on the same machine: it computes everything\n" +
		"with git and checks every request, which takes about as much of the processor as the server. The databases are synced to disk.\n")
	if slices.ContainsFunc(storetest.Kinds, func(kind string) bool { return r.Runs[kind].Burst.Deliveries > 0 }) {
		deliveriesText(&b, r)
	}
	fmt.Fprintf(&b, "\n## Reviews\n\n%d pull requests that are opened at the same time in a repository of 1,000 files, ten changed files each, all checks in the sandboxed worker. GitHub takes 80 writes a minute of an\n"+
		"installation, and each review takes four: more than 20 a minute cannot be kept up for longer than one, however many workers there are.\n\n"+
		"| database | workers | pull requests | seconds | per minute |\n|---|---|---|---|---|\n", loadPulls)
	for _, kind := range storetest.Kinds {
		for _, v := range r.Runs[kind].Reviews {
			fmt.Fprintf(&b, "| %s | %d | %d | %.1f | %.0f |\n", kind, v.Workers, v.Pulls, v.Seconds, float64(v.Pulls)/v.Seconds*60)
		}
	}
	return b.String()
}

// deliveriesText writes what the deliveries showed, on the databases on which it was measured.
func deliveriesText(b *strings.Builder, r loadResult) {
	b.WriteString("\n## Deliveries\n\nEach is signed, parsed, and on disk together with its job before it is answered. They are about four pull requests, which are looked at again meanwhile.\n\n" +
		"| database | deliveries | at a time | bytes each | answered per second | p50 | p95 | p99 | slowest |\n|---|---|---|---|---|---|---|---|---|\n")
	var kept, memory strings.Builder
	for _, kind := range storetest.Kinds {
		run := r.Runs[kind]
		if run.Burst.Deliveries == 0 {
			continue
		}
		for _, p := range []loadPart{run.Burst, run.Steady} {
			fmt.Fprintf(b, "| %s | %d | %d | %d | %.0f | %.1f ms | %.1f ms | %.1f ms | %.0f ms |\n", kind, p.Deliveries, p.AtATime, p.Bytes, float64(p.Deliveries)/p.Seconds, p.P50, p.P95, p.P99, p.Max)
		}
		fmt.Fprintf(&kept, "| %s | %d | %d | %.1f s |\n", kind, run.Lost, run.Behind, run.Drain/1000)
		low, high := memoryRange(run)
		fmt.Fprintf(&memory, "\n![%s: between %.0f and %.0f MB](img/load-memory-%s.svg)\n", kind, low, high, kind)
	}
	b.WriteString("\n| database | lost | not worked on in the end | from the last answer of the burst until all was worked on |\n|---|---|---|---|\n" + kept.String() +
		"\n## Memory\n\nOf the server process, over all deliveries of one run: many in a short time, not the hour that they would come in.\n" + memory.String())
}

// memoryRange is the least and the most after the first tenth, when everything has been touched once.
func memoryRange(run loadRun) (low, high float64) {
	for _, m := range run.Memory[len(run.Memory)/10:] {
		if low == 0 || m[1] < low {
			low = m[1]
		}
		high = max(high, m[1])
	}
	return low, high
}

// memoryPicture draws memory over deliveries.
func memoryPicture(kind string, run loadRun) string {
	const width, height, left, bottom = 760, 260, 60, 40
	var most, top float64
	for _, m := range run.Memory {
		most, top = max(most, m[0]), max(top, m[1])
	}
	top = math.Ceil(top/50) * 50
	x := func(n float64) float64 { return left + n/max(most, 1)*(width-left-20) }
	y := func(mb float64) float64 { return height - bottom - mb/max(top, 1)*(height-bottom-20) }
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\">\n<title>Memory of the server on %s</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
		width, height, kind, width, height)
	for i := range 6 {
		mb := top / 5 * float64(i)
		fmt.Fprintf(&b, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" fill=\"#444\">%.0f MB</text>\n", left, width-20, y(mb), y(mb), left-6, y(mb)+4, mb)
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#444\">%.0f</text>\n", x(most/5*float64(i)), height-bottom+16, most/5*float64(i))
	}
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"#444\">deliveries (%s)</text>\n<polyline fill=\"none\" stroke=\"#0969da\" stroke-width=\"1.5\" points=\"", (left+width)/2, height-6, kind)
	for _, m := range run.Memory {
		fmt.Fprintf(&b, "%.1f,%.1f ", x(m[0]), y(m[1]))
	}
	b.WriteString("\"/>\n</svg>\n")
	return b.String()
}
