package server

import (
	"context"
	"errors"

	"github.com/reviewgate-app/reviewgate/app/quality"
	"github.com/reviewgate-app/reviewgate/app/server/internal/dashboard"
	"github.com/reviewgate-app/reviewgate/app/server/internal/store"
)

// shownSheets is the store as the page of the rubric sees it.
type shownSheets struct{ *store.Store }

func (s shownSheets) Newest(ctx context.Context, f quality.Filter, limit int) ([]quality.Outcome, error) {
	return s.Outcomes(ctx, f, store.Page{Limit: limit})
}

func (s shownSheets) Outcome(ctx context.Context, repoID int64, change string) (quality.Outcome, error) {
	o, err := s.Store.Outcome(ctx, repoID, change)
	if errors.Is(err, store.ErrNotFound) {
		err = dashboard.ErrNotFound
	}
	return o, err
}

func (s shownSheets) Sheets(ctx context.Context, repos []int64, user int64, limit int) (out []dashboard.Sheet, err error) {
	list, err := s.Store.Sheets(ctx, repos, user, limit)
	for _, one := range list {
		out = append(out, dashboard.Sheet(one))
	}
	return out, err
}

// rubricShown is the built-in rubric as the pages see it: one for all repositories, so that agents can be compared with themselves across them.
func rubricShown(st *store.Store) *dashboard.Rubric {
	rubric := quality.DefaultRubric()
	out := &dashboard.Rubric{Sheets: shownSheets{st}, Measure: func(o *quality.Outcome) (map[string]int, int) {
		sheet, scores := rubric.Sheet(o), map[string]int{}
		for _, s := range sheet.Scores {
			if !s.Unknown {
				scores[s.Criterion] = s.Score
			}
		}
		return scores, sheet.Total
	}}
	for _, c := range rubric.Criteria {
		out.Criteria = append(out.Criteria, c.Name)
	}
	return out
}
