package gate

import (
	"cmp"
	"slices"
)

// maxApprovals bounds the approvals of one person that are looked at.
const maxApprovals = 20

// A verdict is what one person says now: the last decisive review (approved, changes requested, dismissed), else the last comment.
type verdict struct {
	*Review
	// approvals are the approvals since the person last said otherwise, latest first: an approval of an older state does not undo a
	// newer one, nor the other way round, so the one that saw what is there now counts.
	approvals []*Review
}

// latest reduces the reviews to one verdict per person. A dismissed review leaves nothing: an older approval does not come back to
// life. Reviews come in the order of submission.
func latest(reviews []Review) []*verdict {
	type key struct {
		id    int64
		login string
		n     int // keeps reviews of vanished accounts apart
	}
	last := map[key]*verdict{}
	var out []*verdict
	for i := range reviews {
		r := &reviews[i]
		k := key{id: r.Reviewer.ID}
		if k.id == 0 {
			k = key{login: fold(r.Reviewer.Login), n: i}
		}
		v := last[k]
		if v == nil {
			v = &verdict{Review: r}
			last[k] = v
			out = append(out, v)
		}
		if decisive(r.State) || !decisive(v.State) {
			v.Review = r
		}
		switch {
		case r.State == "APPROVED":
			v.approvals = slices.Insert(v.approvals, 0, r)
			v.approvals = v.approvals[:min(len(v.approvals), maxApprovals)]
		case decisive(r.State):
			v.approvals = nil
		}
	}
	slices.SortStableFunc(out, func(a, b *verdict) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func decisive(state string) bool {
	return state == "APPROVED" || state == "CHANGES_REQUESTED" || state == "DISMISSED"
}

// standing gives the state that a review has for the gate: a request for changes that was dismissed by somebody who may not approve
// this change still stands.
func (in *involved) standing(f *Facts, r *Review) (state, because string) {
	d := r.Dismissal
	if r.State != "DISMISSED" || d == nil || d.Was != "CHANGES_REQUESTED" {
		return r.State, ""
	}
	if d.By.ID != 0 && d.By.ID == r.Reviewer.ID {
		return r.State, ""
	}
	if why := in.eligible(f, d.By); why != "" {
		return "CHANGES_REQUESTED", "asked for changes; @" + orUnknown(d.By.Login) + " dismissed that, but " + why
	}
	return r.State, ""
}

// An approval is one person's approval that nothing speaks against but, perhaps, what has changed since.
type approval struct {
	who    Person
	answer int    // index in Decision.Reviews
	part   string // how the person took part; then it counts only for guards by path whose files that person left alone
	reader bool   // the person may not write here; then it counts only for guards that allow readers
	views  []*view
}

// A view is what one of a person's approvals saw, compared with what is there now.
type view struct {
	entry *LedgerEntry
	// stale lists the changed files (by index) that are not what the approval saw; nil with all unset: none.
	stale []bool
	some  bool
	all   bool // the approval is for another head, and the policy does not keep it
	// dropped are paths that it saw changed and that are as on base again.
	dropped []string
	moved   map[string]bool // see LedgerEntry.JustMoved
}

// present is what is there now, in the form of the ledger. The map is made only where it is needed: it is the costly part.
type present struct {
	files []FileChange
	seen  map[string]Seen
}

func (p *present) all() map[string]Seen {
	if p.seen == nil {
		p.seen = seen(p.files)
	}
	return p.seen
}

// freshness compares what the approval saw with what is there now, on both sides.
func freshness(p *Policy, f *Facts, e *LedgerEntry, now *present) *view {
	a := &view{entry: e}
	if p.Stale == StaleAnyPush && (e.Head != f.Head || e.BaseRef != f.BaseRef) {
		a.all = true
	}
	for _, path := range e.JustMoved {
		if a.moved == nil {
			a.moved = map[string]bool{}
		}
		a.moved[path] = true
	}
	if e.Head == f.Head && e.MergeBase == f.MergeBase {
		return a // the same two trees
	}
	a.stale = make([]bool, len(f.Files))
	same := 0
	for i := range f.Files {
		file := &f.Files[i]
		was, ok := e.Seen[file.Path]
		if !ok || was != (Seen{file.Mode, file.Blob, file.OldMode, file.OldBlob}) {
			a.stale[i], a.some = true, true
		}
		if ok {
			same++
		}
	}
	if len(e.Seen) > same {
		for path := range e.Seen {
			if _, ok := now.all()[path]; !ok {
				a.dropped = append(a.dropped, path)
			}
		}
		slices.Sort(a.dropped)
	}
	return a
}

// changedSince says why none of the person's approvals saw what the duty covers as it is now; empty if one did.
func (a *approval) changedSince(c *cover, d *duty) (because string) {
	for i, v := range a.views {
		why := v.changedSince(c, d)
		if why == "" {
			why = v.entry.hasty(d.guard.Need.MinReview)
		}
		if why == "" {
			return ""
		}
		if i == 0 {
			because = why
		}
	}
	return because
}

func (a *view) changedSince(c *cover, d *duty) string {
	if a.all {
		return "approved " + short(a.entry.Head) + "; the policy asks for a new approval after every push"
	}
	if a.some {
		for _, i := range d.files {
			if a.stale[i] {
				return "saw " + short(a.entry.Head) + "; " + show(c.files[i].Path) + " changed since"
			}
		}
	}
	for _, path := range a.dropped {
		if c.covers(d, path, a.entry.Seen[path]) {
			return "saw " + short(a.entry.Head) + "; the change to " + show(path) + " is gone since"
		}
	}
	if a.moved != nil {
		for _, i := range d.files {
			if f := &c.files[i]; a.moved[f.Path] {
				return "came within a minute of a push to " + show(f.Path) + "; approve once more to confirm"
			}
		}
		// The push may have made it what it is on base, so that it is no part of the change any more.
		for _, path := range sortedKeys(a.moved) {
			if c.covers(d, path, a.entry.Seen[path]) {
				return "came within a minute of a push to " + show(path) + "; approve once more to confirm"
			}
		}
	}
	return ""
}
