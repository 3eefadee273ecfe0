package review

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/github"
	"github.com/reviewgate-app/reviewgate/app/report"
	"github.com/reviewgate-app/reviewgate/app/scan"
	"github.com/reviewgate-app/reviewgate/checks"
)

// Our comments follow their findings: one whose finding is gone is folded, and unfolded if it returns. Only a scan says so, and what it cannot say
// changes nothing.

// maxEdits bounds the comments that one judgement changes. The others wait for another look.
const maxEdits = 10

// lookAgain is the time before comments that could not be listed, or were too many, are looked at again.
const lookAgain = 5 * time.Minute

// An Edit is the newest change of a comment of ours, as it was given to the outbox.
type Edit struct {
	Body string
	Done bool // GitHub has taken it
}

func editSlot(ref Ref, f checks.Fingerprint) string {
	return fmt.Sprintf("comment/%d/%d/%s", ref.RepoID, ref.Number, f)
}

// edits plans what our comments are to say now. clear lists the slots whose pending changes are not wanted any more.
func (j *judgement) edits(ctx context.Context) (deeds []Deed, clear []string, err error) {
	if j.scan == nil || len(j.scan.Failures()) > 0 {
		return nil, nil, nil
	}
	posted, err := j.opt.Store.Posted(ctx, j.ref)
	if err != nil || len(posted) == 0 {
		return nil, nil, err
	}
	found := map[checks.Fingerprint]*checks.Finding{}
	for i := range j.scan.Findings {
		found[j.scan.Findings[i].Fingerprint] = &j.scan.Findings[i]
	}
	told, err := j.opt.Store.Edits(ctx, j.ref)
	if err != nil {
		return nil, nil, err
	}
	unsure := map[checks.Fingerprint]bool{} // comments that may not say what they should
	for f := range posted {
		slot := editSlot(j.ref, f)
		edit, ever := told[slot]
		if ever && !edit.Done {
			clear = append(clear, slot)
		}
		here := found[f]
		if here != nil && here.Suppressed() {
			continue // a comment in the source asks for silence: that mends nothing
		}
		if folded := report.Folded(edit.Body); folded == (here != nil && here.Introduced) || ever && !edit.Done {
			unsure[f] = true
		}
	}
	if len(unsure) == 0 {
		return nil, clear, nil
	}
	live, err := j.gh.Comments(ctx, j.ref.Owner, j.ref.Name, j.ref.Number)
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, err
		}
		// The decision does not wait for this.
		j.log(ctx).Warn().Str("error", github.Redact(err.Error())).Msg("our comments could not be listed; they are looked at again")
		j.soon = lookAgain
		return nil, clear, nil
	}
	for i := range live {
		c := &live[i]
		f := checks.Fingerprint(c.Fingerprint)
		if !unsure[f] {
			continue
		}
		delete(unsure, f) // one comment is enough
		body := j.follows(c, found[f], live)
		if body == "" {
			continue
		}
		if len(deeds) == maxEdits {
			j.soon = lookAgain
			break
		}
		slot := editSlot(j.ref, f)
		deeds = append(deeds, Deed{Slot: slot, GitHub: github.Deed{Kind: github.Edit, Owner: j.ref.Owner, Repo: j.ref.Name, Number: j.ref.Number, Head: j.stand.Head,
			CommentID: c.ID, Body: body, Key: "comment-" + key(slot)[:24]}})
		clear = slices.DeleteFunc(clear, func(s string) bool { return s == slot }) // the new one takes its place, and an equal one stays
	}
	slices.Sort(clear)
	return deeds, clear, nil
}

// follows is what a comment is to say; "": what it says. f is its finding at head; nil: there is none.
func (j *judgement) follows(c *github.PostedComment, f *checks.Finding, live []github.PostedComment) string {
	folded := report.Folded(c.Text)
	switch {
	case c.Answered, folded != (f != nil && f.Introduced):
		return ""
	case folded:
		return report.RenderBack(j.scan, f, j.stand.Head)
	case f != nil: // base has it by now
		return report.RenderGone(c.Text, j.stand.Head)
	case !j.looked(c) || j.elsewhere(c, live):
		return ""
	case j.changes(c.Path):
		return report.RenderFixed(c.Text, j.stand.Head)
	}
	return report.RenderGone(c.Text, j.stand.Head)
}

// changes says whether a file is one of the change's, and still there.
func (j *judgement) changes(path string) bool {
	for i := range j.facts.Files {
		if f := &j.facts.Files[i]; f.Path == path && f.Blob != "" {
			return true
		}
	}
	return false
}

// looked says whether the scan would have shown the finding of a comment if it were there: its rule ran, and over everything nearby. Where its
// file went is not known, so then nothing at all may be missing.
func (j *judgement) looked(c *github.PostedComment) bool {
	rule := report.TraceRule(c.Trace)
	if !slices.ContainsFunc(j.scan.Rules, func(r checks.RuleInfo) bool { return r.ID == rule }) || strings.ContainsRune(c.Path, '\uFFFD') {
		return false
	}
	for i := range j.scan.Problems {
		if id := j.scan.Problems[i].RuleID; id == "" || id == rule {
			return false
		}
	}
	for _, k := range j.opt.Checks { // those that may lack something, and skip themselves
		of := slices.ContainsFunc(k.Rules, func(r checks.RuleInfo) bool { return r.ID == rule })
		if of && !slices.ContainsFunc(j.scan.Checks, func(r scan.CheckResult) bool { return r.Name == k.Name && r.Status == scan.Ran }) {
			return false
		}
	}
	stays := j.changes(c.Path)
	return !slices.ContainsFunc(j.scan.Unscanned, func(u checks.Unscanned) bool { return !stays || path.Dir(u.Path) == path.Dir(c.Path) })
}

// elsewhere says whether the finding of a comment may be one that the scan shows under another name, because code moved: it stands on the very line of
// the comment, or came after it and is alike.
func (j *judgement) elsewhere(c *github.PostedComment, live []github.PostedComment) bool {
	since := map[string]int64{} // the reviews that told findings
	for i := range live {
		if f := live[i].Fingerprint; since[f] == 0 {
			since[f] = live[i].ReviewID
		}
	}
	stays := j.changes(c.Path)
	for i := range j.scan.Findings {
		f := &j.scan.Findings[i]
		if f.RuleID != report.TraceRule(c.Trace) || !f.Introduced {
			continue
		}
		if f.Location.Path == c.Path && f.Location.Side == c.Side && max(f.Location.StartLine, 1) == c.Line {
			return true
		}
		told := since[string(f.Fingerprint)]
		if (told == 0 || told > c.ReviewID) && (!stays || report.Trace(f) == c.Trace) {
			return true
		}
	}
	return false
}
