package review

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/checks"
)

func checkSlot(ref Ref, head, name string) string {
	return fmt.Sprintf("check/%d/%s/%s", ref.RepoID, head, name)
}

func reviewSlot(ref Ref) string { return fmt.Sprintf("review/%d/%d", ref.RepoID, ref.Number) }

// checkKey is what a check run carries, so that it is known again. It is the same for all states of the check run; pull requests that
// share head and base share it.
func checkKey(ref Ref, head, name string) string {
	return "check-" + key(checkSlot(ref, head, name))[:24]
}

func (j *judgement) check(run *report.CheckRun) Deed {
	return setCheck(j.ref, j.slot, j.stand.Head, run)
}

func setCheck(ref Ref, slot, head string, run *report.CheckRun) Deed {
	return Deed{Slot: slot, GitHub: github.Deed{Kind: github.SetCheck, Owner: ref.Owner, Repo: ref.Name, Number: ref.Number, Head: head, Key: checkKey(ref, head, run.Name), Check: run}}
}

// progress sets the check run to "in progress" where it has no result yet, or a re-run was asked for.
func (j *judgement) progress(ctx context.Context) ([]Deed, error) {
	says, err := j.opt.Store.Says(ctx, j.slot)
	if err != nil {
		return nil, err
	}
	if says != "" && says != "cancelled" && !j.ref.Forced {
		return nil, nil
	}
	return []Deed{j.check(&report.CheckRun{Name: j.name, Status: "in_progress", Title: "Looking at the change", Summary: "The result will stand here in a moment."})}, nil
}

// cancels sets the check runs of this pull request to "cancelled" on every head and for every base that are no longer its own: only
// the current head may shine. head and name are the current ones, or what was merged; "" for a closed pull request. A head that another open pull
// request has, into the same base, is left to that one; it is looked at again, because they were decided together.
func (r *Reviewer) cancels(ctx context.Context, ref Ref, defaultBranch, head, name string) ([]Deed, error) {
	marks, err := r.opt.Store.Marks(ctx, ref)
	if err != nil {
		return nil, err
	}
	var out []Deed
	for _, m := range marks {
		if m.Says == "cancelled" || m.Head == head && m.Name == name {
			continue
		}
		base := defaultBranch
		if m.Name != gate.CheckName(defaultBranch, defaultBranch) {
			base = strings.TrimPrefix(m.Name, gate.CheckName(defaultBranch, defaultBranch)+": ")
		}
		others, err := r.opt.Store.Siblings(ctx, ref, m.Head, base)
		if err != nil {
			return nil, err
		}
		if len(others) > 0 {
			continue
		}
		out = append(out, cancel(ref, m.Slot, m.Head, m.Name))
	}
	return out, nil
}

func cancel(ref Ref, slot, head, name string) Deed {
	return Deed{Slot: slot, GitHub: github.Deed{Kind: github.Cancel, Owner: ref.Owner, Repo: ref.Name, Number: ref.Number, Head: head, Name: name, Key: checkKey(ref, head, name)}}
}

// tell keeps the decision and does what tells it.
func (j *judgement) tell(ctx context.Context) error {
	deeds, wrong, err := j.deeds(ctx)
	if err != nil {
		return err
	}
	edits, stale, err := j.edits(ctx)
	if err != nil {
		return err
	}
	// A review that an earlier run planned and that is not wanted any more is taken back.
	o := Outcome{Ref: j.ref, Standing: j.stand, ScanKey: j.scanKey, ConfigKey: j.configKey, Decision: j.decision, Facts: &j.facts, Deeds: append(deeds, edits...),
		Clear: append(stale, reviewSlot(j.ref)), Wrong: wrong, Unsaid: j.unsaid, Scan: j.scan, By: j.judgedBy(), Again: ends(j.decision)}
	if j.config != nil {
		o.Policy = j.config.Policy
	}
	if soon := j.opt.Now().Add(j.soon); j.soon > 0 && (o.Again.IsZero() || soon.Before(o.Again)) {
		o.Again = soon
	}
	if err := j.opt.Store.Keep(ctx, o); err != nil {
		return fmt.Errorf("keeping the decision: %w", err)
	}
	j.opt.Reached("decided")
	if err := j.opt.Outbox.Deliver(ctx, j.ref); err != nil {
		return err
	}
	return j.opt.Outbox.Answer(ctx, j.ref)
}

func (j *judgement) deeds(ctx context.Context) ([]Deed, []Wrong, error) {
	in := &report.Input{Tool: j.opt.Tool, Repo: j.ref.repo(), Number: j.ref.Number, Scan: j.scan, Decision: j.decision}
	if j.config != nil {
		in.FailOn = j.config.Scan.BlocksFrom()
	}
	out, wrong, err := j.answers(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	if j.scan != nil {
		already, err := j.opt.Store.Posted(ctx, j.ref)
		if err != nil {
			return nil, nil, err
		}
		for f := range j.live.Fingerprints {
			already[checks.Fingerprint(f)] = true
		}
		if review := report.RenderReview(in, already); review != nil {
			out = append(out, j.review(review))
		}
	}
	if j.decision.Conclusion() != "" {
		run := report.RenderCheckRun(in, j.name)
		if j.opt.Unheld != nil && !j.decision.Advisory { // who only advises need not be required
			if note := j.opt.Unheld(ctx, j.ref, j.live.Facts.Default, j.stand.BaseRef); note != "" {
				run.Summary += "\n" + note + "\n"
			}
		}
		if j.opt.Foreign != nil {
			note, err := j.opt.Foreign(ctx, j.ref, j.stand.Head, j.live.MergeSHA)
			if err != nil {
				return nil, nil, err
			}
			run.Summary += note
		}
		return append(out, j.check(run)), wrong, nil
	}
	// An ungoverned base has comments and no check run; one that was set while it was governed must not shine on.
	says, err := j.opt.Store.Says(ctx, j.slot)
	if err != nil {
		return nil, nil, err
	}
	if says != "" && says != "cancelled" {
		out = append(out, cancel(j.ref, j.slot, j.stand.Head, j.name))
	}
	return out, wrong, nil
}

// review is the deed that posts a review. Its name comes from the findings that it tells, so that a second run over the same head
// posts nothing new.
func (j *judgement) review(r *report.Review) Deed {
	var prints []string
	for _, c := range r.Comments {
		prints = append(prints, string(c.Fingerprint))
	}
	slices.Sort(prints)
	name := fmt.Sprintf("%s/%s/%s", reviewSlot(j.ref), j.stand.Head, key(prints...)[:24])
	return Deed{Slot: reviewSlot(j.ref), Name: name, GitHub: github.Deed{Kind: github.Post, Owner: j.ref.Owner, Repo: j.ref.Name, Number: j.ref.Number, Head: j.stand.Head,
		Key: "review-" + key(name)[:24], Review: r}}
}
