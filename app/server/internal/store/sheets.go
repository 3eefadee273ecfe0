package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A RubricSheet is what one person said of one change by the rubric. Who it was is not told.
type RubricSheet struct {
	RepoID int64
	Change string
	Mine   bool           // the person who asks said it
	Scores map[string]int // by criterion, 0 to 100
}

// SaveSheet writes what a person says of a change; what the person said before is replaced.
func (s *Store) SaveSheet(ctx context.Context, repoID int64, change string, user int64, scores map[string]int, now time.Time) error {
	data, err := json.Marshal(scores)
	if err != nil {
		return fmt.Errorf("writing a sheet: %w", err)
	}
	err = s.exec(ctx, `INSERT INTO rubric_sheets (repo_id, change, user_id, at, scores) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (repo_id, change, user_id) DO UPDATE SET at = excluded.at, scores = excluded.scores`, repoID, change, user, millis(now), string(data))
	return wrap(err, "writing a sheet")
}

// Sheets lists what people said of changes of the repositories (nil: of all), the newest first; at most limit.
func (s *Store) Sheets(ctx context.Context, repos []int64, user int64, limit int) (out []RubricSheet, err error) {
	if repos != nil && len(repos) == 0 {
		return nil, nil
	}
	err = each(ctx, s.read, "reading sheets", func(scan func(...any) error) error {
		var one RubricSheet
		var who int64
		var data string
		if err := scan(&one.RepoID, &one.Change, &who, &data); err != nil {
			return err
		}
		one.Mine = who == user
		err := json.Unmarshal([]byte(data), &one.Scores)
		out = append(out, one)
		return err
	}, `SELECT repo_id, change, user_id, scores FROM rubric_sheets WHERE `+ofRepos(repos)+` ORDER BY at DESC, repo_id, change, user_id LIMIT `+strconv.Itoa(max(limit, 0)))
	return out, err
}

// ofRepos is the condition that a row is of one of the repositories; nil: of any.
func ofRepos(repos []int64) string {
	if repos == nil {
		return "TRUE"
	}
	list := make([]string, 0, len(repos))
	for _, id := range repos {
		list = append(list, strconv.FormatInt(id, 10))
	}
	return "repo_id IN (" + strings.Join(list, ",") + ")"
}
