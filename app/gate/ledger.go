package gate

import (
	"fmt"
	"maps"
	"slices"
)

// Capture begins the ledger entry of an approval as its webhook arrives: reviewCommit is review.commit_id of the payload, head
// and base are the pull request's SHAs in it. Where the first two differ, reviewCommit counts: it is what the reviewer's page
// showed, and the head can only have moved since. (GitHub re-binds commit_id after a rebase, but not before it has sent the webhook.)
func Capture(reviewID int64, reviewer Person, reviewCommit, head, baseRef, base string) LedgerEntry {
	if reviewCommit != "" {
		head = reviewCommit
	}
	return LedgerEntry{ReviewID: reviewID, Reviewer: reviewer.ID, Head: head, BaseRef: baseRef, Base: base}
}

// Complete fills in what the approval saw: files are all paths changed between the entry's MergeBase and Head, which the caller
// computes from those SHAs. It is done once: an entry that is complete is returned as it is, and so is one without its SHAs.
func Complete(entry LedgerEntry, files []FileChange) LedgerEntry {
	if entry.Complete || entry.Head == "" || entry.MergeBase == "" {
		return entry
	}
	entry.Seen = seen(files)
	entry.Complete = true
	return entry
}

// seen states every changed path on both sides.
func seen(files []FileChange) map[string]Seen {
	out := make(map[string]Seen, len(files))
	for i := range files {
		f := &files[i]
		if f.Mode != 0 {
			s := out[f.Path]
			s.Mode, s.Blob = f.Mode, f.Blob
			out[f.Path] = s
		}
		if f.OldMode != 0 {
			old := f.OldPath
			if old == "" {
				old = f.Path
			}
			s := out[old]
			s.BaseMode, s.BaseBlob = f.OldMode, f.OldBlob
			out[old] = s
		}
	}
	return out
}

// split gives the facts with every rename read as a deletion and an addition, so that no answer depends on whether git calls it a rename.
func split(f *Facts) *Facts {
	if !slices.ContainsFunc(f.Files, func(c FileChange) bool { return c.OldPath != "" }) {
		return f
	}
	facts := *f
	facts.Files = splitFiles(f.Files)
	return &facts
}

func splitFiles(files []FileChange) []FileChange {
	names := seen(files) // a name that one file leaves may be taken by another
	for i := range files {
		for _, path := range []string{files[i].Path, files[i].OldPath} {
			if _, ok := names[path]; !ok && path != "" {
				names[path] = Seen{} // nothing is known of it but the name, which a guard may mean
			}
		}
	}
	out := make([]FileChange, 0, len(names))
	for _, path := range slices.Sorted(maps.Keys(names)) {
		s := names[path]
		out = append(out, FileChange{Path: path, OldMode: s.BaseMode, OldBlob: s.BaseBlob, Mode: s.Mode, Blob: s.Blob})
	}
	return out
}

// ledger gives the entry that counts for each review: the first complete one, else the first. Entries are only ever appended, so a
// later one cannot move an approval to another head.
func ledger(entries []LedgerEntry) map[int64]*LedgerEntry {
	out := make(map[int64]*LedgerEntry, len(entries))
	for i := range entries {
		e := &entries[i]
		if known, ok := out[e.ReviewID]; !ok || e.Complete && !known.Complete {
			out[e.ReviewID] = e
		}
	}
	return out
}

// hasty says why an approval came too soon after the push that it is for; empty if it did not.
func (e *LedgerEntry) hasty(seconds int) string {
	switch {
	case seconds == 0:
		return ""
	case e.Seconds == nil:
		return fmt.Sprintf("approved nobody knows how long after the push, and %s are asked for: approve once more", plural(seconds, "second"))
	case *e.Seconds < seconds:
		return fmt.Sprintf("approved %s after the push, and %d are asked for: approve once more", plural(*e.Seconds, "second"), seconds)
	}
	return ""
}
