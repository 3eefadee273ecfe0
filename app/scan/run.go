package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/reviewgate-app/reviewgate/checks"
)

// A pass is one run of one check on one side, and what came of it.
type pass struct {
	check     *checks.Check
	side      checks.Side
	grace     time.Duration // how long it may go on after its context has ended
	findings  []checks.Finding
	unscanned []checks.Unscanned
	err       error
	took      time.Duration
}

// runChecks runs every check: once if it judges the difference, on head and on base if it judges files. The passes come back in the order
// of the checks' names, head before base, each sorted. A check that fails, panics or takes too long fails alone. The error is the context's.
func runChecks(ctx context.Context, list []*checks.Check, change *checks.Change, withBase bool, limit time.Duration, costs *profile, done func(done, total int)) ([]*pass, error) {
	var passes []*pass
	for _, c := range list {
		passes = append(passes, &pass{check: c, side: checks.Head, grace: graceTime})
		if c.Scope == checks.PerSide && withBase {
			passes = append(passes, &pass{check: c, side: checks.Base, grace: graceTime})
		}
	}
	var mu sync.Mutex
	ended := 0
	group := errgroup.Group{}
	group.SetLimit(runtime.GOMAXPROCS(0))
	if costs != nil {
		group.SetLimit(1) // none waits for another
	}
	for _, p := range passes {
		group.Go(func() error {
			if ctx.Err() == nil {
				before := costs.inside(p.check.Name)
				p.run(ctx, change, limit)
				if costs != nil {
					costs.add(p.check.Name, "", p.took-(costs.inside(p.check.Name)-before), len(p.findings))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			ended++
			if done != nil {
				done(ended, len(passes))
			}
			return nil
		})
	}
	_ = group.Wait() // no pass returns an error: it keeps it
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	for _, p := range passes {
		slices.SortStableFunc(p.findings, byPosition)
		slices.SortFunc(p.unscanned, compareUnscanned)
	}
	return passes, nil
}

// graceTime is how long a check may go on after its context has ended. One that does not listen is left behind: its goroutine cannot be
// stopped, but what it reports then is not taken.
const graceTime = 5 * time.Second

var errTooMany = fmt.Errorf("it reports more than %d findings, so that they cannot be told apart from noise", maxFindings)

func (p *pass) run(ctx context.Context, change *checks.Change, limit time.Duration) {
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %s", limit))
	defer cancel()
	c := &collector{}
	ended := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				ended <- fmt.Errorf("internal error: %v (%s)", r, where(debug.Stack()))
			}
		}()
		ended <- p.check.Run(ctx, &checks.Pass{Change: change, Side: p.side, Report: c.report, Unscanned: c.cannot})
	}()
	select {
	case p.err = <-ended:
	case <-ctx.Done():
		timer := time.NewTimer(p.grace)
		defer timer.Stop()
		select {
		case p.err = <-ended:
		case <-timer.C:
			p.err = context.Cause(ctx)
		}
	}
	var full bool
	p.findings, p.unscanned, full = c.close()
	switch {
	case full:
		p.err = errTooMany
	case p.err != nil && errors.Is(p.err, ctx.Err()) && !errors.Is(p.err, checks.ErrSkipped):
		p.err = context.Cause(ctx) // "took longer than 30s" says more than "context deadline exceeded"
	}
	p.took = time.Since(start)
}

// where names the function that panicked, for the message; line numbers of the binary would say nothing to its user.
func where(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") {
			for _, line := range lines[i+1:] {
				if name, _, ok := strings.Cut(line, "("); ok && !strings.HasPrefix(line, "\t") && !strings.HasPrefix(line, "runtime.") && !strings.HasPrefix(line, "panic") {
					return "in " + name[strings.LastIndexByte(name, '/')+1:]
				}
			}
		}
	}
	return "no place known"
}

// collector takes what a check reports, from any goroutine, until it is closed.
type collector struct {
	mu        sync.Mutex
	findings  []checks.Finding
	unscanned []checks.Unscanned
	full      bool
	closed    bool
}

func (c *collector) report(f checks.Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
	case len(c.findings) == maxFindings:
		c.full = true
	default:
		c.findings = append(c.findings, f)
	}
}

func (c *collector) cannot(u checks.Unscanned) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
	case len(c.unscanned) == maxFindings:
		c.full = true
	default:
		c.unscanned = append(c.unscanned, u)
	}
}

func (c *collector) close() ([]checks.Finding, []checks.Unscanned, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.findings, c.unscanned, c.full
}

// byPosition orders the findings of one pass so that neither the order of reports nor of goroutines shows.
func byPosition(a, b checks.Finding) int {
	return cmp.Or(cmp.Compare(a.RuleID, b.RuleID), compareLocations(a.Location, b.Location), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Message, b.Message))
}

func compareLocations(a, b checks.Location) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Side, b.Side), cmp.Compare(a.StartLine, b.StartLine), cmp.Compare(a.StartColumn, b.StartColumn),
		cmp.Compare(a.EndLine, b.EndLine), cmp.Compare(a.EndColumn, b.EndColumn))
}

func compareUnscanned(a, b checks.Unscanned) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Side, b.Side), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Reason, b.Reason))
}

// checkResults says of every check what became of it, sorted by name. Head speaks before base.
func checkResults(passes []*pass) []CheckResult {
	var out []CheckResult
	for _, p := range passes {
		r := CheckResult{Name: p.check.Name, Status: Ran, Took: p.took}
		switch {
		case p.err == nil:
		case errors.Is(p.err, checks.ErrSkipped):
			r.Status, r.Reason = Skipped, text(p.err.Error(), maxMessage)
		default:
			r.Status, r.Reason = Failed, text(p.err.Error(), maxMessage)
		}
		if n := len(out); n > 0 && out[n-1].Name == r.Name {
			out[n-1] = worse(out[n-1], r)
		} else {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b CheckResult) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// worse joins the results of two runs of one check: failed outweighs skipped outweighs ran.
func worse(a, b CheckResult) CheckResult {
	rank := map[CheckStatus]int{Ran: 0, Skipped: 1, Failed: 2}
	out := a
	if rank[b.Status] > rank[a.Status] {
		out = b
	}
	out.Took = a.Took + b.Took
	return out
}
