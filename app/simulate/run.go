package simulate

import (
	"context"
	"fmt"
	"time"

	"github.com/reviewgate-app/reviewgate/app/config"
	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

// An Input is what is played.
type Input struct {
	Policy []byte // .github/reviewgate.yml of the default branch; nil: what the pull file's tree has
	Floor  []byte // the organisation's reviewgate-floor.yml; nil: there is none
	Pull   *Pull
	File   string // the pull file's name, for messages
	Scan   Scanner
}

// A Scanner runs the real scan on two trees. It is asked once for each pair of trees.
type Scanner func(ctx context.Context, in *ScanInput) (*scan.Result, error)

// ScanInput is what a Scanner is given.
type ScanInput struct {
	BaseSHA, HeadSHA string
	Base, Head       Tree
	Text             checks.PRText
	Config           *config.Effective
}

// A Result is the story with its decisions.
type Result struct {
	Version  int            `json:"version"`
	Steps    []Step         `json:"steps"`
	Warnings []gate.Problem `json:"warnings,omitempty"` // of the configuration at the start
}

// A Step is one event and what the gate said after it.
type Step struct {
	Event      int            `json:"event"` // from 1; 0: the opening
	What       string         `json:"what"`  // "review", "push", ...
	Story      string         `json:"story"` // in words
	At         time.Time      `json:"at"`
	Head       string         `json:"head"`
	Base       string         `json:"base"`       // branch
	Check      string         `json:"check"`      // name of the check run; empty: there is none
	Conclusion string         `json:"conclusion"` // of the check run: "success", "failure", "action_required", "cancelled"; empty: there is none
	Lost       bool           `json:"lost,omitempty"`
	Decision   *gate.Decision `json:"decision"`
	Scan       *scan.Result   `json:"-"`
	Audit      string         `json:"audit,omitempty"`  // a merge or push that went around the gate, as it is reported
	Checks     []CheckRun     `json:"checks,omitempty"` // every check run that stands on the commits of the pull request
	Facts      *gate.Facts    `json:"-"`
	Policy     *gate.Policy   `json:"-"`
}

// A CheckRun is one that stands on a commit.
type CheckRun struct {
	Name       string `json:"name"`
	SHA        string `json:"sha"`
	Conclusion string `json:"conclusion"`
}

// An Error is what is wrong with the story, with its place.
type Error struct{ Problem gate.Problem }

func (e *Error) Error() string { return e.Problem.String() }

// Run plays the story. An error is an *Error, or comes from the scan.
func Run(ctx context.Context, in *Input) (*Result, error) {
	w, err := newWorld(in)
	if err != nil {
		return nil, &Error{gate.Problem{File: in.File, Message: err.Error(), Remedy: "See docs/simulate.md for what the file may say."}}
	}
	r := &Result{Version: 1}
	step, err := w.decide(ctx)
	if err != nil {
		return nil, err
	}
	step.What, step.Story = "open", "opened by "+at(in.Pull.Author)+" at "+w.head
	r.Warnings = w.warnings
	r.Steps = append(r.Steps, *step)
	for i := range in.Pull.Events {
		e := &in.Pull.Events[i]
		w.now = w.now.Add(or2(time.Duration(e.After), 10*time.Minute))
		story, audit, err := w.apply(e)
		if err != nil {
			return nil, &Error{gate.Problem{File: in.File, Line: in.Pull.lines[i], Message: fmt.Sprintf("event %d (%s): %v", i+1, e.kind(), err), Remedy: "See docs/simulate.md for what the file may say."}}
		}
		// A merge leaves everything as it was: what is audited is the decision that stood.
		next := &Step{Decision: step.Decision, Check: step.Check, Conclusion: step.Conclusion, Scan: step.Scan, Facts: step.Facts, Policy: step.Policy, Lost: e.Lost}
		if !e.Lost && w.state != "merged" {
			if next, err = w.decide(ctx); err != nil {
				return nil, err
			}
		}
		next.Event, next.What, next.Story, next.Audit = i+1, e.kind(), story, audit
		next.At, next.Head, next.Base, next.Checks = w.now, w.head, w.base, w.runs()
		step = next
		r.Steps = append(r.Steps, *step)
	}
	return r, nil
}

func or2(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

func at(login string) string {
	if login == "-" || login == "" {
		return "an account that is gone"
	}
	return "@" + login
}
