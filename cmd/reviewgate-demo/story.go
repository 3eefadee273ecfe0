package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github/githubtest"
)

// A step is one thing that happened and what it led to, as the story's JSON has it.
type step struct {
	Step       string   `json:"step"`
	What       string   `json:"what"`
	Head       string   `json:"head"`
	Conclusion string   `json:"conclusion"` // of the check run, as GitHub spells it
	Title      string   `json:"title"`      // of the check run
	Comments   []string `json:"comments"`   // the App's inline comments so far: "path:line rule"
	Mergeable  bool     `json:"mergeable"`
	Merge      string   `json:"merge"` // what GitHub answers to the merge button: "merged", or its refusal
	Millis     int64    `json:"milliseconds"`
}

// A scene is one act of somebody, and what it has to lead to.
type scene struct {
	name, what string
	act        func() error
	conclusion string // of the check run
	merge      bool   // this is where it can be merged
}

func (w *world) scenes() []scene {
	return []scene{
		{"opened", "copilot-swe-agent[bot] opens a pull request. alice set it to work.", w.openFirst, "failure", false},
		{"bot-approves", "review-helper[bot] approves.", func() error { return approve(w.pull, w.helper) }, "failure", false},
		{"fixed", "The agent pushes a fix: a bound parameter, and the assertion is back.", w.pushFix, "action_required", false},
		{"sponsor-approves", "alice approves.", func() error { return approve(w.pull, w.alice) }, "action_required", false},
		{"human-approves", "bob of @acme/security approves.", func() error { return approve(w.pull, w.bob) }, "success", true},
	}
}

// tell lets the story happen, prints it as it happens, and returns its steps.
func tell(ctx context.Context, w *world, out io.Writer) ([]step, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var steps []step
	for _, s := range w.scenes() {
		fmt.Fprintf(out, "%s\n", s.what)
		start := time.Now()
		before := len(w.deliveries())
		if err := s.act(); err != nil {
			return steps, fmt.Errorf("%s: %w", s.name, err)
		}
		if err := w.settled(ctx, s.conclusion); err != nil {
			return steps, fmt.Errorf("%s: %w", s.name, err)
		}
		took := time.Since(start)
		for _, d := range w.deliveries()[before:] {
			fmt.Fprintf(out, "  webhook   %s -> %d\n", strings.TrimSuffix(d.Event+"."+d.Action, "."), d.Code)
		}
		step := w.observe(s.name, s.what)
		step.Millis = took.Milliseconds()
		if err := w.tryMerge(&step, s.merge); err != nil {
			return steps, fmt.Errorf("%s: %w", s.name, err)
		}
		printStep(out, step, steps)
		steps = append(steps, step)
	}
	return steps, nil
}

func (w *world) openFirst() (err error) {
	w.pull, err = w.open("copilot/find-orders")
	return err
}

func (w *world) pushFix() error {
	_, err := w.repo.Commit(githubtest.Commit{Author: w.agent, Message: "Bind the parameter, assert the total", Branch: "copilot/find-orders", Files: w.files["fix"]})
	return err
}

func approve(p *githubtest.Pull, by *githubtest.User) error {
	_, err := p.Approve(by)
	return err
}

func (w *world) deliveries() []githubtest.DeliveryInfo { return w.app.Deliveries() }

// settled waits until the webhooks are answered and the check run on the head says what the step leads to.
func (w *world) settled(ctx context.Context, conclusion string) error {
	if err := w.hub.Settle(ctx); err != nil {
		return err
	}
	err := w.until(ctx, func() bool {
		run, ok := w.check(w.pull.Head())
		return ok && run.Status == "completed" && run.Conclusion == conclusion && w.answered(run)
	})
	if err != nil {
		run, _ := w.check(w.pull.Head())
		return fmt.Errorf("the check says %q %q, expected %q: %w", run.Conclusion, run.Title, conclusion, err)
	}
	return nil
}

// answered tells whether the check run's summary says of every approval whether it counts, so that a scene is not taken for done because
// the one before it led to the same conclusion.
func (w *world) answered(run githubtest.CheckRunInfo) bool {
	for _, r := range w.pull.Reviews() {
		if r.State == "APPROVED" && !strings.Contains(run.Summary, "`"+r.Author+"` approved") {
			return false
		}
	}
	return true
}

func (w *world) observe(name, what string) step {
	run, _ := w.check(w.pull.Head())
	s := step{Step: name, What: what, Head: w.pull.Head(), Conclusion: run.Conclusion, Title: run.Title, Comments: []string{}}
	for _, c := range w.pull.ReviewComments() {
		if c.Author == w.app.Bot.Login {
			s.Comments = append(s.Comments, fmt.Sprintf("%s:%d %s", c.Path, c.Line, firstLine(c.Body)))
		}
	}
	return s
}

// tryMerge presses the merge button. Until the end of the story GitHub has to refuse.
func (w *world) tryMerge(s *step, allowed bool) error {
	s.Mergeable, _ = w.pull.Mergeability(w.bob)
	err := w.pull.Merge(w.bob)
	switch {
	case err == nil && allowed:
		s.Merge = "merged"
	case err == nil:
		return fmt.Errorf("GitHub merged, and should have refused")
	case allowed:
		return fmt.Errorf("GitHub refused to merge: %w", err)
	default:
		s.Merge = err.Error()
	}
	return nil
}

func printStep(out io.Writer, s step, before []step) {
	fmt.Fprintf(out, "  check     reviewgate: %s: %s  (%d ms)\n", s.Conclusion, s.Title, s.Millis)
	known := 0
	if len(before) > 0 {
		known = len(before[len(before)-1].Comments)
	}
	for _, c := range s.Comments[min(known, len(s.Comments)):] {
		fmt.Fprintf(out, "  comment   %s\n", c)
	}
	fmt.Fprintf(out, "  merge     %s\n\n", s.Merge)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
