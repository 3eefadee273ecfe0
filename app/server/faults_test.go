package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// A faultCall is one call of the server, and what has to happen so that it is made.
type faultCall struct {
	method, path string
	play         func(*faultCell) // nil: pull requests are opened and approved
	flaw         bool             // the pull request that must not be green has a flaw; else its approver is a co-author
}

// faultCalls are the calls to GitHub's API and to git that the server makes.
var faultCalls = []faultCall{
	{method: "GET", path: "/app", play: (*faultCell).restart},
	{method: "POST", path: "/app/installations/*/access_tokens", play: (*faultCell).restart},
	{method: "GET", path: "/app/installations/*", play: (*faultCell).restart},
	{method: "GET", path: "/app/hook/deliveries", play: (*faultCell).restart},
	{method: "POST", path: "/app/hook/deliveries/*/attempts", play: (*faultCell).restart},
	{method: "GET", path: "/installation/repositories", play: (*faultCell).restart},
	{method: "GET", path: "/repos/acme/shop/pulls", play: (*faultCell).restart},
	{method: "POST", path: "/graphql", play: (*faultCell).sweep},
	{method: "GET", path: "/repos/acme/shop/pulls/*"},
	{method: "GET", path: "/repos/acme/shop/pulls/*/reviews"},
	{method: "GET", path: "/repos/acme/shop/pulls/*/commits"},
	{method: "GET", path: "/repos/acme/shop/issues/*"},
	{method: "GET", path: "/repos/acme/shop/issues/*/events"},
	{method: "GET", path: "/repos/acme/shop/git/ref/heads/main"},
	{method: "GET", path: "/repos/acme/.github"},
	{method: "GET", path: "/repos/acme/shop/collaborators/*/permission"},
	{method: "GET", path: "/users/*"},
	{method: "GET", path: "/orgs/acme/teams/security"},
	{method: "GET", path: "/orgs/acme/teams/security/members"},
	{method: "GET", path: "/repos/acme/shop/commits/*/check-runs"},
	{method: "GET", path: "/repos/acme/shop/check-runs/*"},
	{method: "POST", path: "/repos/acme/shop/check-runs"},
	{method: "PATCH", path: "/repos/acme/shop/check-runs/*"},
	{method: "POST", path: "/repos/acme/shop/pulls/*/reviews", flaw: true},
	{method: "GET", path: "/repos/acme/shop/pulls/*/comments", flaw: true, play: (*faultCell).mend},
	{method: "PATCH", path: "/repos/acme/shop/pulls/comments/*", flaw: true, play: (*faultCell).mend},
	{method: "GET", path: "/acme/shop.git/info/refs", flaw: true},
	{method: "POST", path: "/acme/shop.git/git-upload-pack", flaw: true},
}

// faultKinds are the ways in which a call goes wrong, in the order of the table. The slow ones, which take a minute, are last.
var faultKinds = []githubtest.FaultKind{
	githubtest.BadGateway, githubtest.Unavailable, githubtest.Reset, githubtest.AnswerLost, githubtest.Cut, githubtest.Drip, githubtest.Empty, githubtest.Shape, githubtest.Stale,
	githubtest.Unauthorized, githubtest.Missing, githubtest.Unprocessable, githubtest.PrimaryLimit, githubtest.PrimaryLimit29, githubtest.SecondaryLimit, githubtest.Secondary29,
	githubtest.Timeout, githubtest.SecondaryBare,
}

// What becomes of a cell.
const (
	faultRight  = "right"       // the answer is right while it lasts: the call can be done without, or another try was enough
	faultWaits  = "waits"       // there is no answer while it lasts, and so no green one; the log says why, and the right answer comes by itself
	faultBlocks = "cannot tell" // the check is red and says what could not be read; the right answer comes with the next sweep
	faultRerun  = "re-run"      // the same, but somebody has to press "Re-run", as the check says
	faultDead   = "refused"     // GitHub refuses what is to be told, for good: it is kept for the operator; the right answer comes with the next event
	faultBehind = "behind"      // what was true before is told; the right answer comes with the next sweep
	faultRefuse = "no start"    // the server does not start, and says why
	faultUnused = "not asked"   // the call is not made in this way
)

// faultClass puts outcomes together that differ by which of two jobs met the fault first, or by whether another event came after it.
func faultClass(outcome string) string {
	switch outcome {
	case faultRight, faultWaits, faultBehind, faultDead, faultUnused:
		return "needs nobody"
	case faultBlocks, faultRerun:
		return "red, and says why"
	}
	return outcome
}

// TestFaultMatrix makes every call go wrong in every way while one pull request has to become green and another must not. Whatever goes wrong: the
// second is never green, nothing is silent, and once it is over both have the right answer. docs/faults.md is the table of all cells.
//
// REVIEWGATE_FAULTS=all plays all of them, and -update writes the table (`make faults`); "missing" those that the table has not yet. Otherwise three of each
// call but those about comments are played, and compared with it.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	which := os.Getenv("REVIEWGATE_FAULTS")
	want := readFaults(t)
	got := maps.Clone(want)
	var mu sync.Mutex
	t.Run("calls", func(t *testing.T) {
		for i, c := range faultCalls {
			t.Run(strings.ReplaceAll(c.method+" "+c.path, "/", "|"), func(t *testing.T) {
				t.Parallel()
				if which == "" && strings.Contains(c.path, "comments") {
					return // what becomes of those depends on which of several jobs meets the fault: `make faults` plays them
				}
				w := newFaultWorld(t)
				for n, kind := range faultKinds {
					key := c.method + " " + c.path + " " + string(kind)
					if quick := len(faultKinds) - 2; which == "" && (n >= quick || (n-i)%5 != 0) || which == "missing" && want[key] != "" {
						continue
					}
					x := &faultCell{faultWorld: w, call: c, kind: kind, n: n}
					start := time.Now()
					outcome := x.run()
					t.Logf("%s: %s (%s)", kind, outcome, time.Since(start).Round(100*time.Millisecond))
					if !*update && want[key] != "" && faultClass(want[key]) != faultClass(outcome) {
						t.Errorf("%s: %s, the table says %q", kind, outcome, want[key])
					}
					mu.Lock()
					got[key] = outcome
					if *update { // at once: the whole takes minutes
						must(t, os.WriteFile(faultsPage, []byte(faultTable(got)), 0o644))
					}
					mu.Unlock()
				}
			})
		}
	})
}

// A faultWorld is a world for one call.
type faultWorld struct {
	*world
	carol *githubtest.User
}

func newFaultWorld(t *testing.T) *faultWorld {
	clk := new(clock)
	w := newBareWorld(t, "acme", "shop", githubtest.RepoOptions{}, clk.now)
	w.clock = clk
	w.alice, w.bob = w.hub.User("alice"), w.hub.User("bob")
	x := &faultWorld{world: w, carol: w.hub.User("carol")}
	for _, u := range []*githubtest.User{w.alice, w.bob, x.carol} {
		w.repo.SetRole(u, "write")
	}
	w.org.Team("security", w.bob, x.carol)
	_, err := w.repo.Commit(githubtest.Commit{Author: w.alice, Message: "begin", Branch: "main", Files: map[string]string{
		".github/reviewgate.yml": strings.Replace(policy, `"@bob"`, `"@acme/security", "@bob"`, 1), "pay/card.go": "package pay\n", "README.md": "shop\n"}})
	must(t, err)
	_, err = w.repo.Commit(githubtest.Commit{Author: x.carol, Branch: "main", Files: map[string]string{"x": "y"}}) // so that GitHub knows whose address it is
	must(t, err)
	w.protect()
	// Ours gives up after half a minute; a test has no time for that.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 2 * time.Second
	w.cfg.HTTP, w.cfg.LogLevel, w.cfg.Sweep = &http.Client{Transport: transport}, zerolog.WarnLevel, -1
	w.start()
	w.inst = w.app.Install(w.org, w.alice)
	must(t, w.hub.Settle(t.Context()))
	must(t, w.srv.Idle(t.Context()))
	return x
}

// A faultCell is one call that goes wrong in one way.
type faultCell struct {
	*faultWorld
	call       faultCall
	kind       githubtest.FaultKind
	n          int
	fault      *githubtest.Fault
	red, green *githubtest.Pull
	wantsRed   string
	wantsGreen string
	from       int  // where the log stood
	idle       bool // nothing is left to do
	rounds     int
	noStart    bool
}

func (x *faultCell) arm() {
	x.from = len(x.log.String())
	delay := time.Second
	if x.kind == githubtest.Drip {
		delay = 300 * time.Millisecond
	}
	x.fault = x.hub.Fault(githubtest.Fault{Method: x.call.method, Path: x.call.path, Kind: x.kind, Count: -1, Delay: delay})
}

// open opens the two pull requests, and has them approved.
func (x *faultCell) open() {
	x.t.Helper()
	red := githubtest.Commit{Branch: fmt.Sprintf("red-%d", x.n), Message: "change\n\nCo-authored-by: Carol <" + x.carol.Email + ">\n", Files: map[string]string{"pay/card.go": fmt.Sprintf("package pay // red %d\n", x.n)}}
	x.wantsRed, x.wantsGreen = "action_required", "success"
	if x.call.flaw {
		red.Message, red.Files, x.wantsRed = "change", map[string]string{fmt.Sprintf("flaw-%d.txt", x.n): "FLAW\n"}, "failure"
	}
	x.red = x.openCommit(red, githubtest.PullOptions{})
	x.green = x.world.open(fmt.Sprintf("green-%d", x.n), map[string]string{"pay/card.go": fmt.Sprintf("package pay // green %d\n", x.n)})
	x.approve(x.red, x.carol)
	x.approve(x.green, x.bob)
}

func (x *faultCell) run() (outcome string) {
	x.t.Helper()
	play := x.call.play
	if play == nil {
		play = func(x *faultCell) { x.arm(); x.open() }
	}
	play(x)
	x.watch()
	x.until(fmt.Sprintf("%s: something is told", x.kind), func() bool {
		return x.noStart || x.told(x.red, x.wantsRed) && x.told(x.green, x.wantsGreen)
	})
	outcome = x.outcome()
	x.never()
	// It is over. What waited for a limit goes on, and what could not be read is read at the next sweep.
	x.hub.ClearFaults()
	x.clock.forward(2 * time.Minute)
	if x.noStart {
		x.noStart = false
		x.start()
	}
	if outcome != faultRight && outcome != faultWaits || x.call.play != nil {
		must(x.t, x.srv.SweepNow(x.t.Context()))
	}
	x.watch()
	right := func() bool { return x.is(x.red, x.wantsRed) && x.is(x.green, x.wantsGreen) }
	x.until(fmt.Sprintf("%s: an end", x.kind), func() bool { return right() || x.quiet() })
	if !right() {
		outcome = x.nudge()
		x.until(fmt.Sprintf("%s: #%d %s and #%d %s", x.kind, x.red.Number, x.wantsRed, x.green.Number, x.wantsGreen), right)
	}
	x.never()
	for _, p := range []*githubtest.Pull{x.red, x.green} {
		x.nothingTwice(p)
	}
	return outcome
}

// watch finds out when nothing is left to do.
func (x *faultCell) watch() {
	x.mu.Lock()
	x.idle = false
	x.rounds++
	round := x.rounds
	x.mu.Unlock()
	srv := x.srv
	go func() {
		if x.noStart || x.hub.Settle(x.t.Context()) != nil || srv.Idle(x.t.Context()) != nil {
			return
		}
		x.mu.Lock()
		x.idle = x.idle || round == x.rounds
		x.mu.Unlock()
		x.signal()
	}()
}

func (x *faultCell) quiet() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.idle
}

// nudge does what a person can do about a check that is not right: press its button; or, where there is none, anything else.
func (x *faultCell) nudge() (outcome string) {
	x.t.Helper()
	outcome = faultRerun
	for p, conclusion := range map[*githubtest.Pull]string{x.red: x.wantsRed, x.green: x.wantsGreen} {
		if x.is(p, conclusion) {
			continue
		}
		if r := x.world.run(p, "reviewgate"); r.Status == "completed" {
			must(x.t, x.repo.Rerequest(x.alice, r.ID))
			continue
		}
		outcome = faultDead
		must(x.t, p.Edit(x.alice, "Change it", "once more"))
	}
	return outcome
}

func (x *faultCell) is(p *githubtest.Pull, conclusion string) bool {
	r := x.world.run(p, "reviewgate")
	return r.Status == "completed" && r.Conclusion == conclusion && !x.cannotTell(p)
}

func (x *faultCell) cannotTell(p *githubtest.Pull) bool {
	r := x.world.run(p, "reviewgate")
	return r.Status == "completed" && (strings.HasPrefix(r.Title, "Cannot tell") || strings.HasPrefix(r.Title, "Broken policy"))
}

// troubled says whether the log tells that the pull request's job, or a search or sweep that it depends on, met trouble.
func (x *faultCell) troubled(p *githubtest.Pull) bool {
	for line := range strings.Lines(x.log.String()[x.from:]) {
		for _, words := range []string{"a job failed; it is tried again", "putting a job off", "GitHub refused a deed"} {
			if strings.Contains(line, words) && (strings.Contains(line, fmt.Sprintf("#%d\"", p.Number)) || strings.Contains(line, fmt.Sprintf("/%d", p.Number)) || strings.Contains(line, "#-")) {
				return true
			}
		}
		if strings.Contains(line, "searching for open pull requests") {
			return true
		}
	}
	return false
}

// told says whether there is something to be seen: the answer, or that there is none and why.
func (x *faultCell) told(p *githubtest.Pull, conclusion string) bool {
	return x.quiet() || x.is(p, conclusion) || x.cannotTell(p) || x.troubled(p)
}

func (x *faultCell) outcome() string {
	struck := false
	select {
	case <-x.fault.Hit():
		struck = true
	default:
	}
	right := x.is(x.red, x.wantsRed) && x.is(x.green, x.wantsGreen)
	switch {
	case x.noStart:
		return faultRefuse
	case !struck && right:
		return faultUnused
	case right:
		return faultRight
	case x.cannotTell(x.red), x.cannotTell(x.green):
		return faultBlocks
	case x.troubled(x.red), x.troubled(x.green):
		return faultWaits
	}
	return faultBehind
}

// never asserts that the pull request that must not be green was not told to be, at any time.
func (x *faultCell) never() {
	x.t.Helper()
	for _, r := range x.repo.AllCheckRuns(x.red.Head()) {
		if r.Conclusion == "success" {
			x.t.Errorf("%s: #%d is green by mistake", x.kind, x.red.Number)
		}
		for _, sent := range x.hub.Requests() {
			if strings.HasSuffix(sent.Path, fmt.Sprint("/check-runs/", r.ID)) && strings.Contains(sent.Body, `"conclusion":"success"`) {
				x.t.Errorf("%s: #%d was told to be green", x.kind, x.red.Number)
			}
		}
	}
}

// restart has everything happen while no server runs, and starts one.
func (x *faultCell) restart() {
	x.t.Helper()
	must(x.t, x.srv.Idle(x.t.Context()))
	x.stop()
	x.open()
	must(x.t, x.hub.Settle(x.t.Context())) // nobody takes the webhooks
	x.arm()
	err := x.tryStart()
	if x.noStart = err != nil; x.noStart && !strings.Contains(err.Error(), "REVIEWGATE_APP_ID") {
		x.t.Errorf("it does not start, and does not say what to do: %v", err)
	}
	if !x.noStart {
		if err := x.srv.SweepNow(x.t.Context()); err != nil {
			x.t.Errorf("sweeping: %v", err)
		}
	}
}

// sweep dismisses an approval, and nobody tells: only the sweep can find out.
func (x *faultCell) sweep() {
	x.t.Helper()
	x.open()
	x.until("both are answered", func() bool { return x.is(x.red, x.wantsRed) && x.is(x.green, x.wantsGreen) })
	must(x.t, x.hub.Settle(x.t.Context()))
	must(x.t, x.srv.Idle(x.t.Context()))
	x.arm()
	x.hub.HookFault(githubtest.HookFault{Event: "pull_request_review", Kind: githubtest.Vanished, Count: -1})
	for _, r := range x.green.Reviews() {
		if r.State == "APPROVED" {
			must(x.t, x.green.Dismiss(x.alice, r.ID, "not yet"))
		}
	}
	x.wantsGreen = "action_required"
	x.clock.forward(time.Minute)
	must(x.t, x.srv.SweepNow(x.t.Context()))
}

// mend mends one flaw and makes another: what was said about the first one is changed.
func (x *faultCell) mend() {
	x.t.Helper()
	x.open()
	x.until("both are answered", func() bool { return x.is(x.red, x.wantsRed) && x.is(x.green, x.wantsGreen) })
	must(x.t, x.hub.Settle(x.t.Context()))
	x.world.idle()
	x.arm()
	x.push(fmt.Sprintf("red-%d", x.n), map[string]string{fmt.Sprintf("flaw-%d.txt", x.n): "mended\n", fmt.Sprintf("flaw-%d-again.txt", x.n): "FLAW\n"})
	must(x.t, x.hub.Settle(x.t.Context()))
	x.world.idle()
}

const faultsPage = "../../docs/faults.md"

var faultSigns = []struct{ outcome, sign, words string }{
	{faultRight, "✓", "the answer is right while it lasts: the call can be done without, or another try is enough"},
	{faultWaits, "…", "there is no answer while it lasts, and so no green one; the log says why, and the right answer comes by itself"},
	{faultBlocks, "✗", "the check is red, *Cannot tell*, and says what could not be read; the right answer comes with the next sweep"},
	{faultRerun, "✗!", "the same, but somebody has to press *Re-run*, as the check says: GitHub said that there is no such thing, and not that it could not say"},
	{faultDead, "†", "GitHub refuses what is to be told, for good: the log says so, the operator has it, and there is no green check; the right answer comes with the next event"},
	{faultBehind, "↺", "what was true before goes on being told; the right answer comes with the next sweep"},
	{faultRefuse, "■", "the server does not start, and says why"},
	{faultUnused, "·", "the call is not made then"},
}

func faultTable(got map[string]string) string {
	var b strings.Builder
	b.WriteString("# When GitHub fails\n\nEvery call that the server makes, and every way in which it can fail: what becomes of it while that lasts. In each cell one pull request has to become green, and\n" +
		"another must not: that one was never green, in none of the cells. Nothing was told twice, and once GitHub is well again both have the right answer.\n" +
		"`make faults` plays all cells and writes this page (an empty cell was not played to its end); `go test ./app/server -run TestFaultMatrix` plays some of each call and compares.\n\n")
	count := map[string]int{}
	for _, outcome := range got {
		count[outcome]++
	}
	b.WriteString("| sign | cells | meaning |\n|---|---|---|\n")
	for _, s := range faultSigns {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", s.sign, count[s.outcome], s.words)
	}
	b.WriteString("\n| call |")
	for _, k := range faultKinds {
		fmt.Fprintf(&b, " %s |", k)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(faultKinds)) + "\n")
	for _, c := range faultCalls {
		fmt.Fprintf(&b, "| `%s %s` |", c.method, c.path)
		for _, k := range faultKinds {
			outcome := got[c.method+" "+c.path+" "+string(k)]
			sign := ""
			if i := slices.IndexFunc(faultSigns, func(s struct{ outcome, sign, words string }) bool { return s.outcome == outcome }); i >= 0 {
				sign = faultSigns[i].sign
			}
			fmt.Fprintf(&b, " %s |", sign)
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n`primary` and `secondary` are GitHub's limits, as 403 and as 429; `bare` is one that does not say how long it lasts. `drip` is an answer in small pieces, `cut` one that ends in\n" +
		"the middle, `answer-lost` none although the request took effect, `shape` JSON that is something else, `stale` the first answer again and again.\n")
	return b.String()
}

// readFaults reads the table.
func readFaults(t *testing.T) map[string]string {
	t.Helper()
	want := map[string]string{}
	page, err := os.ReadFile(faultsPage)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		call, ok := strings.CutPrefix(cells[min(1, len(cells)-1)], " `")
		if !ok || len(cells) != len(faultKinds)+3 {
			continue
		}
		for i, k := range faultKinds {
			for _, s := range faultSigns {
				if strings.TrimSpace(cells[i+2]) == s.sign {
					want[strings.TrimSuffix(call, "` ")+" "+string(k)] = s.outcome
				}
			}
		}
	}
	return want
}
