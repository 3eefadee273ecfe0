package gate

import "sort"

// latest reduces the reviews to one per person: the last decisive one (approved, changes requested, dismissed), else the last
// comment. A dismissed review leaves nothing: an older approval does not come back to life. Reviews come in the order of submission.
func latest(reviews []Review) []*Review {
	type key struct {
		id    int64
		login string
		n     int // keeps reviews of vanished accounts apart
	}
	last := map[key]*Review{}
	var order []key
	for i := range reviews {
		r := &reviews[i]
		k := key{id: r.Reviewer.ID}
		if k.id == 0 {
			k = key{login: fold(r.Reviewer.Login), n: i}
		}
		known, ok := last[k]
		if !ok {
			order = append(order, k)
		}
		if !ok || decisive(r.State) || !decisive(known.State) {
			last[k] = r
		}
	}
	out := make([]*Review, 0, len(order))
	for _, k := range order {
		out = append(out, last[k])
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].ID < out[j].ID })
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
	entry  *LedgerEntry
	answer int // index in Decision.Reviews
	// stale lists the changed files (by index) that are not what the approval saw; nil with all unset: none.
	stale []bool
	some  bool
	all   bool // the approval is for another head, and the policy does not keep it
	// dropped are paths that it saw changed and that are as on base again.
	dropped []string
	moved   map[string]bool // see LedgerEntry.JustMoved
}

// freshness compares what the approval saw with what is there now, on both sides. now is seen(f.Files).
func freshness(p *Policy, f *Facts, a *approval, now map[string]Seen) {
	e := a.entry
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
		return // the same two trees
	}
	a.stale = make([]bool, len(f.Files))
	same := 0
	for i := range f.Files {
		file := &f.Files[i]
		was, ok := e.Seen[file.Path]
		if !ok || was != now[file.Path] {
			a.stale[i], a.some = true, true
		}
		if file.OldPath != "" && file.OldPath != file.Path {
			if was, ok := e.Seen[file.OldPath]; !ok || was != now[file.OldPath] {
				a.stale[i], a.some = true, true
			}
		}
		if ok {
			same++
		}
	}
	if len(e.Seen) > same {
		for path := range e.Seen {
			if _, ok := now[path]; !ok {
				a.dropped = append(a.dropped, path)
			}
		}
		sort.Strings(a.dropped)
	}
}

// changedSince gives one path of the duty that the approval did not see as it is now; empty if there is none.
func (a *approval) changedSince(c *cover, d *duty) (path, because string) {
	if a.all {
		return "", "approved " + short(a.entry.Head) + "; the policy asks for a new approval after every push"
	}
	if a.some {
		for _, i := range d.files {
			if a.stale[i] {
				return c.files[i].Path, "saw " + short(a.entry.Head) + "; " + show(c.files[i].Path) + " changed since"
			}
		}
	}
	for _, path := range a.dropped {
		if c.covers(d, path, a.entry.Seen[path]) {
			return path, "saw " + short(a.entry.Head) + "; the change to " + show(path) + " is gone since"
		}
	}
	if a.moved != nil {
		for _, i := range d.files {
			if f := &c.files[i]; a.moved[f.Path] || f.OldPath != "" && a.moved[f.OldPath] {
				return f.Path, "came within a minute of a push to " + show(f.Path) + "; approve once more to confirm"
			}
		}
	}
	return "", ""
}
