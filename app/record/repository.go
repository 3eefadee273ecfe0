package record

import (
	"context"
	"fmt"

	"github.com/reviewgate-app/reviewgate/app/report"
)

// A Table is how the paths of two commits differ.
type Table struct {
	Digest string            // as report.TableDigest has it; "": a path is not UTF-8
	Blobs  map[string]string // what is at each path afterwards; "": it was removed
}

// A Repository is a git repository on this machine.
type Repository interface {
	Has(ctx context.Context, commit string) error
	Differ(ctx context.Context, from, to string) (Table, error)
}

// Compare compares a record with a repository: the commits are there, and the tables of the change and of what each approval saw are those that git
// makes of them. said tells what fits, wrong what does not. An error is one of the repository.
func (r *Record) Compare(ctx context.Context, in Repository) (said, wrong []string, err error) {
	p := &r.Statement.Predicate
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for _, s := range r.Statement.Subject {
		if err := in.Has(ctx, s.Digest.GitCommit); err != nil {
			bad("the %s commit %s is not in the repository: %v", s.Name, short(s.Digest.GitCommit), err)
			continue
		}
		said = append(said, fmt.Sprintf("the %s commit %s is in the repository", s.Name, short(s.Digest.GitCommit)))
	}
	if len(wrong) > 0 || ctx.Err() != nil {
		return said, wrong, ctx.Err()
	}
	check := func(what, from, to string, files report.RecordFiles) *Table {
		switch {
		case from == "":
			bad("%s: the record does not say what it was compared with", what)
			return nil
		case files.Digest == nil:
			said = append(said, what+": a path is not UTF-8, and the record has no digest to compare")
			return nil
		}
		t, err := in.Differ(ctx, from, to)
		switch {
		case err != nil:
			bad("%s cannot be read from the repository: %v", what, err)
			return nil
		case t.Digest != files.Digest.SHA256 || len(t.Blobs) != files.Count:
			bad("%s: git lists %d files with another digest than the %d of the record", what, len(t.Blobs), files.Count)
			return nil
		}
		said = append(said, fmt.Sprintf("%s: the %d files are those of git", what, files.Count))
		return &t
	}
	var change *Table
	if p.Change.MergeBase != "" {
		change = check("the change", p.Change.MergeBase, p.Change.Head, p.Change.Files)
	}
	for _, review := range p.Reviews {
		if review.Seen != nil && review.Counts {
			check("what @"+review.Reviewer.Login+" saw", review.Seen.MergeBase, review.Seen.Head, review.Seen.Files)
		}
	}
	if p.Merge != nil && change != nil {
		merged, err := in.Differ(ctx, p.Change.MergeBase, p.Merge.Commit)
		if err != nil {
			bad("the merge commit cannot be compared: %v", err)
			return said, wrong, nil
		}
		other := 0
		for path, blob := range change.Blobs {
			if now, ok := merged.Blobs[path]; !ok || now != blob {
				other++
			}
		}
		text := fmt.Sprintf("the merge commit holds all %d files as they were judged", len(change.Blobs))
		if other > 0 {
			text = fmt.Sprintf("the merge commit holds %d of %d files otherwise than they were judged: the base branch had changed them too", other, len(change.Blobs))
		}
		said = append(said, text)
	}
	return said, wrong, ctx.Err()
}

func short(commit string) string { return commit[:min(len(commit), 7)] }
