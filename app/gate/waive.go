package gate

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Waivers says who may let a change pass in spite of a guard, a finding or a check that failed. Such a waiver has a reason, ends, dies when what it was given
// for changes, and is always shown.
type Waivers struct {
	By      []Approver    `json:"by"`
	Expires time.Duration `json:"expires"`        // the longest, and what holds where a waiver says no time
	Self    bool          `json:"self,omitempty"` // also by somebody who took part in the change; shown as such
}

// Bounds of waivers.
const (
	MaxWaiver     = 7 * 24 * time.Hour
	DefaultWaiver = 72 * time.Hour
	minReason     = 15
	clockSkew     = 10 * time.Minute // of the caller's clock behind GitHub's
	twoPersons    = 2                // for what is critical
)

// A WaiverAnswer says why a waiver counts or does not.
type WaiverAnswer struct {
	CommentID int64     `json:"comment_id"`
	By        Person    `json:"by"`
	Rule      string    `json:"rule"` // the guard, rule or check
	Reason    string    `json:"reason"`
	Until     time.Time `json:"until,omitzero"`
	Self      bool      `json:"self,omitempty"` // by somebody who took part in the change
	Counts    bool      `json:"counts"`
	Because   string    `json:"because"`
}

// A ChecklistAnswer says whether a checklist of a guard is attested.
type ChecklistAnswer struct {
	Name    string   `json:"name"`
	Items   []string `json:"items"`
	By      string   `json:"by,omitempty"` // login; empty: nobody has attested it for the current content
	Because string   `json:"because"`
}

// given is a command that nothing speaks against but, perhaps, what has changed since.
type given struct {
	who    Person
	target string // folded
	view   *view
	why    string // of an attestation: what speaks against it
	answer int    // of a waiver: index in Decision.Waivers
	repo   bool   // of a waiver: it comes from the repository's list and binds only what the repository wrote
}

// commands reads the comments.
func (d *decider) commands() {
	now := &present{files: d.f.Files}
	for i := range d.f.Comments {
		c := &d.f.Comments[i]
		for _, cmd := range Commands(c.Body) {
			switch cmd.Name {
			case "waive":
				d.waiver(c, &cmd, now)
			case "attest":
				g := given{who: c.Author, target: fold(cmd.Target), why: d.spoken(c)}
				if g.why == "" {
					g.why = d.in.eligible(d.f, c.Author)
				}
				if g.why == "" {
					g.view = freshness(d.p, d.f, &c.Saw, now)
				}
				d.attests = append(d.attests, g)
			default: // asks for an answer or a new run, and decides nothing
			}
		}
	}
}

// spoken says why a comment is not the word of a person with write access about this change; empty if it is.
func (d *decider) spoken(c *Comment) string {
	switch {
	case c.ViaApp != "":
		return "was written through the App " + c.ViaApp + ", not by the person"
	case c.Sender.ID == 0 || c.Sender.ID != c.Author.ID:
		return "was not sent by the account that it belongs to"
	case c.Edited:
		return "was edited; write it again"
	}
	if why := d.in.human(c.Author); why != "" {
		return why
	}
	switch {
	case !d.f.People.Roles[c.Author.ID].AtLeast(RoleWrite):
		return noWrite
	case c.Saw.ReviewID != c.ID || c.Saw.Reviewer != c.Author.ID || !c.Saw.Complete:
		return "was written while reviewgate was not listening: what it saw is not known; write it again"
	}
	return ""
}

// waiver judges one waiver by itself; what it is for comes later.
func (d *decider) waiver(c *Comment, cmd *Command, now *present) {
	a := WaiverAnswer{CommentID: c.ID, By: c.Author, Rule: cmd.Target, Reason: cmd.Reason}
	a.Because = d.spoken(c)
	var by *Waivers
	repo := false
	if a.Because == "" {
		by, repo, a.Because = d.waivers(c.Author)
	}
	if a.Because == "" {
		a.Because = d.limits(c, cmd, by, &a)
	}
	if a.Because == "" {
		if why := d.in.why(c.Author); why != "" {
			if a.Self = by.Self; !by.Self {
				a.Because = why
			}
		}
	}
	d.out.Waivers = append(d.out.Waivers, a)
	if a.Because == "" {
		d.waived = append(d.waived, given{who: c.Author, target: fold(cmd.Target), view: freshness(d.p, d.f, &c.Saw, now), answer: len(d.out.Waivers) - 1, repo: repo})
	}
}

// waivers finds the list that names the person: the one that binds everything, or the repository's under a floor.
func (d *decider) waivers(who Person) (by *Waivers, repo bool, because string) {
	if d.p.Waivers == nil && d.p.RepoWaivers == nil {
		return nil, false, "the policy lets nobody waive"
	}
	for _, w := range []*Waivers{d.p.Waivers, d.p.RepoWaivers} {
		if w == nil {
			continue
		}
		d.known(w.By, "waivers.by")
		if d.fits(who, w.By) {
			return w, w == d.p.RepoWaivers, ""
		}
	}
	return nil, false, "is not among those who may waive"
}

func (d *decider) limits(c *Comment, cmd *Command, by *Waivers, a *WaiverAnswer) string {
	lasts := cmd.For
	if lasts == 0 {
		lasts = by.Expires
	}
	switch {
	case cmd.Target == "":
		return "does not say what it waives: a guard, a rule or a check"
	case utf8.RuneCountInString(cmd.Reason) < minReason:
		return fmt.Sprintf("gives no reason of %d characters or more", minReason)
	case lasts > by.Expires:
		return fmt.Sprintf("is for longer than the policy allows (%s)", hours(by.Expires))
	case d.f.Now.IsZero() || c.At.IsZero() || d.f.Now.Add(clockSkew).Before(c.At):
		return "cannot be dated"
	}
	if a.Until = c.At.Add(lasts).UTC(); !d.f.Now.Before(a.Until) {
		return "ended at " + stamp(a.Until)
	}
	return ""
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func hours(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}

// waive says who lets a target pass; empty if not enough people do. stale says why a waiver is not for what is there now.
func (d *decider) waive(target string, critical, ofRepo bool, stale func(v *view) string) (names []string) {
	var who []Person
	var counts []int
	for i := range d.waived {
		g := &d.waived[i]
		answer := &d.out.Waivers[g.answer]
		if g.target != fold(target) {
			continue
		}
		why := stale(g.view)
		if g.repo && !ofRepo {
			why = "the repository's own list does not bind what the floor asks for"
		}
		if why != "" {
			if !answer.Counts { // it may count for something else of that name
				answer.Because = why
			}
			continue
		}
		counts = append(counts, g.answer)
		if !slices.ContainsFunc(who, func(p Person) bool { return p.ID == g.who.ID }) {
			who = append(who, g.who)
		}
	}
	enough := 1
	if critical {
		enough = twoPersons
	}
	for _, n := range counts {
		answer := &d.out.Waivers[n]
		if len(who) < enough && !answer.Counts {
			answer.Because = "what is critical needs a second person to waive it"
		}
		if len(who) < enough {
			continue
		}
		answer.Counts = true
		answer.Because = "holds until " + stamp(answer.Until)
		if answer.Self {
			answer.Because += "; waived by somebody who took part in the change"
		}
	}
	if len(who) < enough {
		return nil
	}
	for _, p := range who {
		names = append(names, "@"+p.Login)
	}
	return uniqueSorted(names)
}

// unused tells waivers that found nothing to waive.
func (d *decider) unused() {
	for i := range d.waived {
		if a := &d.out.Waivers[d.waived[i].answer]; a.Because == "" {
			a.Because = "there is nothing of that name to waive"
		}
	}
}

// sameHead is for what cannot be pinned to a file.
func (d *decider) sameHead(v *view) string {
	if v.entry.Head != d.f.Head || v.entry.MergeBase != d.f.MergeBase {
		return "was for " + short(v.entry.Head) + "; the change has moved on"
	}
	if len(v.moved) > 0 {
		return "came within a minute of a push; write it again to confirm"
	}
	return ""
}

// sameFile is for a finding: its file must be what the waiver saw, on both sides.
func (d *decider) sameFile(path string) func(v *view) string {
	for i := range d.f.Files {
		if f := &d.f.Files[i]; f.Path == path {
			return func(v *view) string {
				if v.all || v.some && v.stale[i] {
					return "was for " + short(v.entry.Head) + "; " + show(path) + " changed since"
				}
				if v.moved[path] {
					return "came within a minute of a push to " + show(path) + "; write it again to confirm"
				}
				return ""
			}
		}
	}
	return d.sameHead
}

// checklists answers for the checklists of a duty.
func (d *decider) checklists(c *cover, du *duty) (out []ChecklistAnswer, missing []string) {
	for _, list := range du.guard.Checklists {
		a := ChecklistAnswer{Name: list.Name, Items: list.Items, Because: "nobody has attested it"}
		for i := range d.attests {
			g := &d.attests[i]
			if g.target != fold(list.Name) {
				continue
			}
			why := g.why
			if why == "" {
				why = g.view.changedSince(c, du)
			}
			if why != "" {
				a.Because = "@" + orUnknown(g.who.Login) + " " + why
				continue
			}
			a.By, a.Because = g.who.Login, "attested for what is there now"
			break
		}
		out = append(out, a)
		if a.By == "" {
			missing = append(missing, list.Name)
		}
	}
	return out, missing
}
