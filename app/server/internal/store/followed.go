package store

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/reviewgate-app/reviewgate/app/quality"
)

// A Following is a branch onto which changes came that are still followed.
type Following struct {
	Repo    Repo
	Branch  string
	Changes []Followed // the earliest first
}

// A Followed is one of those changes.
type Followed struct {
	Number int
	Merge  string   // SHA
	Heads  []string // that it had, as far as they are known
	Merged time.Time
}

// ToFollow lists the branches with a change that was merged since the first time, or since then and before its time of following was over, at which nobody has
// looked since the second. All changes of the branch in that time are listed. Repositories that are no longer ours to see are left out.
func (s *Store) ToFollow(ctx context.Context, merged, looked time.Time) ([]Following, error) {
	const doing = "looking for changes to follow"
	type row struct {
		repo quality.Outcome
		of   Repo
		due  bool
	}
	var rows []row
	err := each(ctx, s.read, doing, func(scan func(...any) error) error {
		var r row
		var text string
		if err := scan(&text, &r.of.ID, &r.of.Installation, &r.of.Owner, &r.of.Name, &r.of.DefaultBranch); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(text), &r.repo)
		r.due = r.repo.Followed.Before(looked) && !r.repo.Seen(quality.FollowDays)
		rows = append(rows, r)
		return err
	}, `SELECT o.data, r.id, r.installation, r.owner, r.name, r.default_branch FROM outcomes o JOIN repos r ON r.id = o.repo_id
		WHERE o.state = 'merged' AND o.source = 'gate' AND o.merged >= $1 AND r.installation <> 0 ORDER BY o.repo_id, o.merged`, millis(merged))
	if err != nil {
		return nil, err
	}
	var out []Following
	for _, r := range rows {
		number, err := strconv.Atoi(strings.TrimPrefix(r.repo.Change, "#"))
		if err != nil || r.repo.Merge == "" || r.repo.Base == "" {
			continue
		}
		i := slices.IndexFunc(out, func(f Following) bool { return f.Repo.ID == r.of.ID && f.Branch == r.repo.Base })
		if i < 0 {
			i = len(out)
			out = append(out, Following{Repo: r.of, Branch: r.repo.Base})
		}
		c := Followed{Number: number, Merge: r.repo.Merge, Merged: r.repo.Merged}
		for _, step := range r.repo.Path {
			if step.Head != "" && !slices.Contains(c.Heads, step.Head) {
				c.Heads = append(c.Heads, step.Head)
			}
		}
		out[i].Changes = append(out[i].Changes, c)
	}
	return slices.DeleteFunc(out, func(f Following) bool {
		return !slices.ContainsFunc(rows, func(r row) bool { return r.due && r.of.ID == f.Repo.ID && r.repo.Base == f.Branch })
	}), nil
}
