package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/gate"
	"github.com/reviewgate-app/reviewgate/app/github"
)

// A Said is a comment that held a command when it was created, as its webhook said. In its Entry, ReviewID is the comment's id, Reviewer its author,
// and Head is "" if no head was known then: such a comment never counts.
type Said struct {
	Entry
	Sender   gate.Person
	Body     string // SHA-256 of what it said then
	Edited   bool   // a webhook said so
	Received time.Time
}

// Bounds of the comments that a decision is made from: anybody may write hundreds. What is left out does not count.
const (
	maxEach    = 20   // of one author, the newest
	maxAuthors = 100  // who wrote last
	maxLines   = 4000 // bytes of the commands of one
)

// heard is one comment of the pull request itself that is stored and still there.
type heard struct {
	gate.Comment
	received time.Time
}

// hear adds the comments with commands of one pull request. What was said counts by GitHub's list as it is now: who deleted a comment has taken it
// back, and one that does not say what its webhook said was edited. The time of the last change proves neither: hiding a comment moves it.
// The list costs a request per hundred comments, so it is read only where somebody gave a command, or might have and we did not hear it.
func (j *judgement) hear(ctx context.Context, f *gate.Facts, ref Ref, remarks int) error {
	calls, err := j.opt.Store.Mentions(ctx, ref)
	if err != nil {
		return err
	}
	f.Mentions = append(f.Mentions, calls...)
	said, err := j.opt.Store.Said(ctx, ref)
	if err != nil {
		return err
	}
	hears := j.config.Policy.Hears()
	if len(said) == 0 && (remarks == 0 || !hears) {
		return nil
	}
	list, complete, err := j.gh.Talk(ctx, ref.Owner, ref.Name, ref.Number)
	what := fmt.Sprintf("the comments of #%d", ref.Number)
	switch {
	case errors.Is(err, github.ErrForbidden):
		if hears {
			f.Unknown = append(f.Unknown, gate.Unknown{What: what, Reason: github.Redact(err.Error())})
		}
		return nil
	case err != nil:
		return err
	case !complete && hears:
		f.Unknown = append(f.Unknown, gate.Unknown{What: what, Reason: "there are more than can be read"})
	}
	stored := map[int64]Said{}
	for _, s := range said {
		stored[s.ReviewID] = s
	}
	each := map[int64]int{}
	var out []gate.Comment
	for _, r := range slices.Backward(list) {
		s, known := stored[r.ID]
		delete(stored, r.ID)
		sum := sha256.Sum256([]byte(r.Body))
		edited := known && (s.Edited || s.Body != hex.EncodeToString(sum[:]))
		if edited && ref == j.ref {
			j.unsaid = append(j.unsaid, r.ID)
		}
		if n := each[r.Author.ID]; n >= maxEach || n == 0 && len(each) >= maxAuthors || !strings.Contains(r.Body, "/reviewgate") {
			continue
		}
		each[r.Author.ID]++
		lines := commandLines(r.Body)
		if lines == "" {
			continue
		}
		// The list does not say who sent a comment. Without its webhook none counts, whoever it was.
		c := gate.Comment{ID: r.ID, Author: r.Author, Sender: r.Author, ViaApp: r.ViaApp, Body: lines, At: r.Created}
		if known && s.Reviewer == r.Author.ID {
			c.Sender, c.Edited, c.Saw = s.Sender, edited, s.LedgerEntry
			if !edited && !s.Complete && s.Head != "" && decides(lines) {
				if c.Saw, err = j.completeSaid(ctx, ref, s); err != nil {
					return err
				}
			}
			if ref == j.ref && !edited {
				j.heard = append(j.heard, heard{c, s.Received})
			}
		}
		out = append(out, c)
	}
	if complete && ref == j.ref {
		for id := range stored {
			j.unsaid = append(j.unsaid, id)
		}
		slices.Sort(j.unsaid)
	}
	slices.Reverse(j.heard)
	f.Comments = append(f.Comments, out...)
	return nil
}

// completeSaid finds out what the author of a comment had before them. What cannot be found out stays open, and the comment does not count.
func (j *judgement) completeSaid(ctx context.Context, ref Ref, s Said) (gate.LedgerEntry, error) {
	done, err := j.complete(ctx, s.Entry)
	switch {
	case err != nil && !lasting(err):
		return s.LedgerEntry, err
	case err != nil:
		j.log(ctx).Warn().Err(err).Int64("comment", s.ReviewID).Msg("what the author of a comment saw cannot be found out; it does not count")
		return s.LedgerEntry, nil
	}
	return done, j.opt.Store.CompleteSaid(ctx, ref, done)
}

// decides says whether a command asks for more than an answer.
func decides(lines string) bool {
	return slices.ContainsFunc(gate.Commands(lines), func(c gate.Command) bool { return c.Name == "waive" || c.Name == "attest" })
}

// commandLines leaves of a comment what the gate reads, so that nothing else of it is kept: its lines with commands, apart from each other.
func commandLines(body string) string {
	lines := strings.Split(strings.ReplaceAll(body, "\r\n", "\n"), "\n")
	var b strings.Builder
	for _, c := range gate.Commands(body) {
		line := lines[c.Line-1]
		if b.Len()+len(line) > maxLines {
			break
		}
		b.WriteString(line + "\n\n")
	}
	return strings.TrimSpace(b.String())
}
